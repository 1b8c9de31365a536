#include "bytes_priv.h"
#include "head_priv.h"

/* Offset of the first byte at or behind `i` that a value may not hold: its CR, if all is well. */
static size_t value_end(struct proa_slice text, size_t i)
{
    while (i < text.len) {
        uint64_t w = proa_http_word(text.ptr + i);
        uint64_t mask = proa_http_word_below(w, 0x20) | proa_http_word_has(w, 0x7f);
        if (mask == 0) {
            i += 8;
            continue;
        }
        i += proa_http_word_first(mask);
        if (i >= text.len || text.ptr[i] != '\t') {
            break;
        }
        i++;
    }
    return i;
}

/* Offset of the colon at or behind `i`, or text.len. */
static size_t name_end(struct proa_slice text, size_t i)
{
    for (; i < text.len; i += 8) {
        uint64_t mask = proa_http_word_has(proa_http_word(text.ptr + i), ':');
        if (mask != 0) {
            i += proa_http_word_first(mask);
            break;
        }
    }
    return i < text.len ? i : text.len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

enum proa_http_fault proa_http_field_read(struct proa_slice text, size_t *at,
                                          struct proa_http_header *out)
{
    size_t start = *at;
    size_t colon = name_end(text, start);
    out->name = proa_slice_make(text.ptr + start, colon - start);
    enum proa_http_header_id id = proa_http_header_lookup(out->name);
    /* A known name is a token. Without a colon in this line, the name runs into the next one, and
     * its CR is no tchar. */
    if (id == PROA_HTTP_HEADER_OTHER && !proa_http_is_token(out->name)) {
        return PROA_HTTP_FAULT_HEADER_NAME;
    }
    size_t first = colon + 1;
    while (first < text.len && is_blank(text.ptr[first])) {
        first++;
    }
    size_t end = value_end(text, first);
    if (end + 1 >= text.len || text.ptr[end] != '\r' || text.ptr[end + 1] != '\n') {
        return PROA_HTTP_FAULT_HEADER_VALUE;
    }
    *at = end + 2;
    while (end > first && is_blank(text.ptr[end - 1])) {
        end--;
    }
    out->id = (uint16_t)id;
    out->value = proa_slice_make(text.ptr + first, end - first);
    return PROA_HTTP_FAULT_NONE;
}
