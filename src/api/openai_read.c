#include "kind_priv.h"
#include "openai_read_priv.h"

#include <string.h>

enum { PLACES_MAX = 16, WORD_SHOWN_MAX = 64 };

/* ---- what does not fit ----------------------------------------------------------------------- */

/* "messages[2].content[0].type" */
static struct proa_slice name_of(struct reading *r, const struct place *at)
{
    const struct place *way[PLACES_MAX];
    size_t n = 0;
    struct proa_buf out;
    for (; at && n < PLACES_MAX; at = at->up) {
        way[n++] = at;
    }
    proa_buf_init(&out, 1024);
    while (n > 0) {
        const struct place *p = way[--n];
        if (p->name.len > 0) {
            (void)proa_buf_append_cstr(&out, out.len > 0 ? "." : "");
            (void)proa_buf_append(&out, p->name);
        } else {
            PROA_BUF_LIT(&out, "[");
            (void)proa_buf_append_u64(&out, p->index);
            PROA_BUF_LIT(&out, "]");
        }
    }
    const struct proa_slice name = proa_arena_dup(r->arena, proa_buf_slice(&out));
    proa_buf_deinit(&out);
    return name;
}

/* Begins the message with the place. */
static void begin(struct reading *r, const struct place *at)
{
    proa_buf_clear(r->text);
    *r->error =
        (struct proa_api_error){.code = PROA_API_ERR_INVALID_REQUEST, .param = name_of(r, at)};
    PROA_BUF_LIT(r->text, "\"");
    (void)proa_buf_append(r->text, r->error->param);
    PROA_BUF_LIT(r->text, "\" ");
}

static enum proa_err finish(struct reading *r)
{
    r->error->message = proa_buf_slice(r->text);
    return PROA_ERR_TYPE;
}

enum proa_err proa_read_refuse(struct reading *r, const struct place *at, const char *what)
{
    begin(r, at);
    (void)proa_buf_append_cstr(r->text, what);
    return finish(r);
}

enum proa_err proa_read_unsupported(struct reading *r, const struct place *at, const char *what)
{
    const enum proa_err err = proa_read_refuse(r, at, what);
    return err == PROA_ERR_TYPE ? PROA_ERR_UNSUPPORTED : err;
}

enum proa_err proa_read_refuse_word(struct reading *r, const struct place *at,
                                    struct proa_slice given, const char *words)
{
    begin(r, at);
    PROA_BUF_LIT(r->text, "is \"");
    (void)proa_buf_append(r->text, proa_slice_head(given, WORD_SHOWN_MAX));
    PROA_BUF_LIT(r->text, "\", which is none of ");
    (void)proa_buf_append_cstr(r->text, words);
    PROA_BUF_LIT(r->text, ".");
    return finish(r);
}

enum proa_err proa_read_refuse_kind(struct reading *r, const struct place *at, const char *wanted,
                                    enum proa_json_kind kind)
{
    begin(r, at);
    PROA_BUF_LIT(r->text, "must be ");
    (void)proa_buf_append_cstr(r->text, wanted);
    PROA_BUF_LIT(r->text, ", not ");
    (void)proa_buf_append_cstr(r->text, proa_api_kind_text(kind));
    PROA_BUF_LIT(r->text, ".");
    return finish(r);
}

enum proa_err proa_read_refuse_json(struct reading *r)
{
    proa_buf_clear(r->text);
    PROA_BUF_LIT(r->text, "The request body is not acceptable JSON.");
    *r->error = (struct proa_api_error){.code = PROA_API_ERR_INVALID_JSON,
                                        .message = proa_buf_slice(r->text)};
    return PROA_ERR_SYNTAX;
}

/* ---- values ---------------------------------------------------------------------------------- */

enum proa_err proa_read_text(struct reading *r, const struct place *at,
                             const struct proa_json_item *item, struct proa_slice *out)
{
    if (item->kind != PROA_JSON_STRING) {
        return proa_read_is_null(item) ? PROA_OK
                                       : proa_read_refuse_kind(r, at, "a string", item->kind);
    }
    *out = proa_chat_text(item->value);
    return PROA_OK;
}

enum proa_err proa_read_number(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_slice *out)
{
    if (item->kind != PROA_JSON_NUMBER) {
        return proa_read_is_null(item) ? PROA_OK
                                       : proa_read_refuse_kind(r, at, "a number", item->kind);
    }
    *out = item->value;
    return PROA_OK;
}

enum proa_err proa_read_count(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, uint64_t *out)
{
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    if (item->kind != PROA_JSON_NUMBER) {
        return proa_read_refuse_kind(r, at, "a whole number", item->kind);
    }
    if (proa_json_number_u64(item->value, out) != PROA_OK) {
        return proa_read_refuse(r, at, "must be a whole number that is not negative.");
    }
    return PROA_OK;
}

enum proa_err proa_read_flag(struct reading *r, const struct place *at,
                             const struct proa_json_item *item, enum proa_chat_flag *out)
{
    if (item->kind == PROA_JSON_TRUE || item->kind == PROA_JSON_FALSE) {
        *out = item->kind == PROA_JSON_TRUE ? PROA_CHAT_YES : PROA_CHAT_NO;
        return PROA_OK;
    }
    return proa_read_is_null(item) ? PROA_OK
                                   : proa_read_refuse_kind(r, at, "true or false", item->kind);
}

enum proa_err proa_read_object(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_slice *out)
{
    if (item->kind != PROA_JSON_OBJECT) {
        return proa_read_is_null(item) ? PROA_OK
                                       : proa_read_refuse_kind(r, at, "an object", item->kind);
    }
    *out = item->value;
    return PROA_OK;
}

enum proa_err proa_read_enter(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, enum proa_json_kind wanted,
                              struct proa_json_cursor *c)
{
    if (item->kind != wanted || proa_json_cursor_init(c, item->value) != PROA_OK) {
        return proa_read_refuse_kind(r, at, proa_api_kind_text(wanted), item->kind);
    }
    return PROA_OK;
}

/* ---- tables and lists ------------------------------------------------------------------------ */

size_t proa_read_key(const struct proa_json_item *item, const struct proa_slice *keys, size_t n)
{
    size_t i = 0;
    while (i < n && !proa_json_key_is(item, keys[i])) {
        i++;
    }
    return i;
}

size_t proa_read_word(struct proa_slice text, const struct proa_slice *words, size_t n)
{
    size_t i = 0;
    while (i < n && !proa_chat_text_eq(text, words[i])) {
        i++;
    }
    return i;
}

void *proa_read_more(struct reading *r, void *items, size_t n, size_t bytes)
{
    const size_t least = 2; /* most messages have one part */
    if (n == 0) {
        return proa_arena_alloc(r->arena, least * bytes);
    }
    if (n < least || (n & (n - 1)) != 0) {
        return items;
    }
    void *larger = proa_arena_alloc(r->arena, 2 * n * bytes);
    memcpy(larger, items, n * bytes);
    return larger;
}

bool proa_read_is_cut(const struct proa_api_request *request, struct proa_slice body,
                      struct proa_slice key)
{
    const size_t at = (size_t)(key.ptr - body.ptr);
    for (size_t i = 0; i < request->n_cuts; i++) {
        if (request->cuts[i].member.key_at == at) {
            return true;
        }
    }
    return false;
}
