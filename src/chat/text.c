#include "proa/chat/text.h"

#include "proa/json/string.h"

#include <string.h>

struct proa_slice proa_chat_text(struct proa_slice token)
{
    return token.len >= 2 && token.ptr[0] == '"' && token.ptr[token.len - 1] == '"'
               ? proa_slice_make(token.ptr + 1, token.len - 2)
               : PROA_SLICE_NONE;
}

enum proa_err proa_chat_text_put(struct proa_buf *out, struct proa_slice text)
{
    char *at = proa_buf_reserve(out, text.len + 2);
    if (!at) {
        return PROA_ERR_LIMIT;
    }
    at[0] = '"';
    if (text.len > 0) {
        memcpy(at + 1, text.ptr, text.len);
    }
    at[text.len + 1] = '"';
    out->len += text.len + 2;
    return PROA_OK;
}

/* Visible ASCII that stands for itself: most names, ids and words of our own. */
static bool is_simple(struct proa_slice plain)
{
    for (size_t i = 0; i < plain.len; i++) {
        const unsigned char c = (unsigned char)plain.ptr[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

/* Escapes to six characters for a byte at the most. */
struct proa_slice proa_chat_text_of(struct proa_slice plain, struct proa_arena *arena)
{
    if (is_simple(plain)) {
        return plain;
    }
    const size_t room = 6 * plain.len;
    struct proa_buf text = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    (void)proa_json_string_escape(&text, plain);
    return proa_buf_slice(&text);
}

struct proa_slice proa_chat_text_plain(struct proa_slice text, struct proa_arena *arena)
{
    if (text.len == 0 || !memchr(text.ptr, '\\', text.len)) {
        return text;
    }
    /* The decoder wants the token, whose quotes need not stand around the text. */
    struct proa_buf token = {
        .ptr = proa_arena_alloc(arena, text.len + 2), .cap = text.len + 2, .max = text.len + 2};
    (void)proa_chat_text_put(&token, text);
    struct proa_slice plain = PROA_SLICE_NONE;
    return proa_json_string_view(proa_buf_slice(&token), arena, &plain) == PROA_OK
               ? plain
               : PROA_SLICE_NONE;
}

/* Texts to compare with are short: names and words. */
bool proa_chat_text_eq(struct proa_slice text, struct proa_slice plain)
{
    if (text.len == 0 || !memchr(text.ptr, '\\', text.len)) {
        return proa_slice_eq(text, plain);
    }
    char token[512];
    if (text.len + 2 > sizeof token) {
        return false;
    }
    token[0] = '"';
    memcpy(token + 1, text.ptr, text.len);
    token[text.len + 1] = '"';
    return proa_json_string_eq(proa_slice_make(token, text.len + 2), plain);
}

bool proa_chat_text_is_web_url(struct proa_slice text)
{
    return proa_slice_starts(text, PROA_SLICE("https:")) ||
           proa_slice_starts(text, PROA_SLICE("http:"));
}

/* The short escapes that stand for white space; \f and \b are none in JSON but are as invisible. A
 * blank as \u0020 is not looked for: nobody writes it so. */
bool proa_chat_text_is_blank(struct proa_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ' ') {
            continue;
        }
        if (text.ptr[i] != '\\' || i + 1 == text.len || !strchr("nrtfb", text.ptr[i + 1])) {
            return false;
        }
        i++;
    }
    return true;
}

struct proa_slice proa_chat_text_trim_end(struct proa_slice text)
{
    while (text.len > 0) {
        if (text.ptr[text.len - 1] == ' ') {
            text.len--;
            continue;
        }
        size_t slashes = 0;
        while (slashes + 1 < text.len && text.ptr[text.len - 2 - slashes] == '\\') {
            slashes++;
        }
        const char last = text.ptr[text.len - 1];
        if (slashes % 2 == 0 || (last != 'n' && last != 'r' && last != 't')) {
            break;
        }
        text.len -= 2;
    }
    return text;
}
