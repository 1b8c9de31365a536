/*
 * What a provider says that the SDK shows nearly as it came: usage in its own words, and the tools
 * that it runs itself.
 */
#include "aisdk_write_priv.h"

#include "proa/json/cursor.h"
#include "proa/json/scan.h"

enum { USAGE_MAX = 16 * 1024 };

/* ---- usage ----------------------------------------------------------------------------------- */

void proa_aisdk_raw_usage_init(struct proa_aisdk_raw_usage *r)
{
    proa_buf_init(&r->first, USAGE_MAX);
    proa_buf_init(&r->last, USAGE_MAX);
}

void proa_aisdk_raw_usage_deinit(struct proa_aisdk_raw_usage *r)
{
    proa_buf_deinit(&r->first);
    proa_buf_deinit(&r->last);
}

void proa_aisdk_raw_usage_take(struct proa_aisdk_raw_usage *r, struct proa_slice object)
{
    struct proa_buf *to = r->first.len == 0 ? &r->first : &r->last;
    if (object.len > 0 && object.len <= USAGE_MAX) {
        proa_buf_clear(to);
        (void)proa_buf_append(to, object);
    }
}

static bool is_object(struct proa_slice json)
{
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    return proa_json_scan(json, &any, NULL, &info) == PROA_OK && info.kind == PROA_JSON_OBJECT;
}

static bool has_key(struct proa_slice object, struct proa_slice key)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    bool found = false;
    if (object.len > 0 && proa_json_cursor_init(&c, object) == PROA_OK) {
        while (!found && proa_json_cursor_next(&c, &m)) {
            found = proa_slice_eq(m.key, key);
        }
    }
    return found;
}

/* Those that the other one does not have. */
static void put_members(struct proa_buf *out, struct proa_slice object, struct proa_slice other)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (object.len == 0 || proa_json_cursor_init(&c, object) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &m)) {
        if (!has_key(other, m.key)) {
            (void)proa_buf_append_cstr(out, out->len > 1 ? "," : "");
            (void)proa_buf_append(out, m.key);
            PROA_BUF_LIT(out, ":");
            proa_aisdk_put_line(out, m.value);
        }
    }
}

struct proa_slice proa_aisdk_raw_usage_of(const struct proa_aisdk_raw_usage *r,
                                          struct proa_arena *arena)
{
    const struct proa_slice first =
        is_object(proa_buf_slice(&r->first)) ? proa_buf_slice(&r->first) : PROA_SLICE_NONE;
    const struct proa_slice last =
        is_object(proa_buf_slice(&r->last)) ? proa_buf_slice(&r->last) : PROA_SLICE_NONE;
    struct proa_buf all;
    if (first.len + last.len == 0) {
        return PROA_SLICE_NONE;
    }
    proa_buf_init(&all, 2 * USAGE_MAX + 16);
    PROA_BUF_LIT(&all, "{");
    put_members(&all, first, last);
    put_members(&all, last, PROA_SLICE_NONE);
    PROA_BUF_LIT(&all, "}");
    const struct proa_slice out =
        proa_buf_ok(&all) ? proa_arena_dup(arena, proa_buf_slice(&all)) : PROA_SLICE_NONE;
    proa_buf_deinit(&all);
    return out;
}

/* ---- names ----------------------------------------------------------------------------------- */

struct proa_aisdk_alias {
    struct proa_slice own;
    struct proa_slice name;
};

void proa_aisdk_aliases_of(const struct proa_chat_request *chat, struct proa_arena *arena,
                           struct proa_aisdk_aliases *out)
{
    *out = (struct proa_aisdk_aliases){
        .items = proa_arena_zero(arena, chat->n_tools, sizeof out->items[0])};
    for (size_t i = 0; i < chat->n_tools; i++) {
        const struct proa_chat_tool *t = &chat->tools[i];
        if (t->own_name.len > 0) {
            out->items[out->n++] = (struct proa_aisdk_alias){proa_arena_dup(arena, t->own_name),
                                                             proa_arena_dup(arena, t->name)};
        }
    }
}

struct proa_slice proa_aisdk_alias_of(const struct proa_aisdk_aliases *aliases,
                                      struct proa_slice own)
{
    for (size_t i = 0; i < aliases->n; i++) {
        if (proa_slice_eq(aliases->items[i].own, own)) {
            return aliases->items[i].name;
        }
    }
    return own;
}

/* ---- results --------------------------------------------------------------------------------- */

/* Members that the SDK calls otherwise than the API. */
static const struct {
    struct proa_slice key;
    struct proa_slice as;
} KEYS[] = {
    {PROA_SLICE_INIT("\"page_age\""), PROA_SLICE_INIT("\"pageAge\"")},
    {PROA_SLICE_INIT("\"encrypted_content\""), PROA_SLICE_INIT("\"encryptedContent\"")},
    {PROA_SLICE_INIT("\"error_code\""), PROA_SLICE_INIT("\"errorCode\"")},
    {PROA_SLICE_INIT("\"retrieved_at\""), PROA_SLICE_INIT("\"retrievedAt\"")},
    {PROA_SLICE_INIT("\"media_type\""), PROA_SLICE_INIT("\"mediaType\"")},
};

/* Behind the string that begins here. */
static size_t end_of_string(struct proa_slice json)
{
    size_t i = 1;
    while (i < json.len && json.ptr[i] != '"') {
        i += json.ptr[i] == '\\' ? 2U : 1U;
    }
    return i < json.len ? i + 1 : json.len;
}

static bool is_key(struct proa_slice behind)
{
    size_t i = 0;
    while (i < behind.len && (behind.ptr[i] == ' ' || behind.ptr[i] == '\n' ||
                              behind.ptr[i] == '\r' || behind.ptr[i] == '\t')) {
        i++;
    }
    return i < behind.len && behind.ptr[i] == ':';
}

static struct proa_slice name_of(struct proa_slice string, struct proa_slice behind)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(KEYS); i++) {
        if (proa_slice_eq(string, KEYS[i].key) && is_key(behind)) {
            return KEYS[i].as;
        }
    }
    return string;
}

void proa_aisdk_put_result(struct proa_buf *out, struct proa_slice json)
{
    struct proa_buf named;
    proa_buf_init(&named, json.len + 1); /* no name is longer than the other */
    while (json.len > 0) {
        const size_t at = proa_slice_find(json, '"');
        (void)proa_buf_append(&named, proa_slice_head(json, at));
        json = proa_slice_from(json, at);
        const size_t end = json.len > 0 ? end_of_string(json) : 0;
        const struct proa_slice behind = proa_slice_from(json, end);
        (void)proa_buf_append(&named, name_of(proa_slice_head(json, end), behind));
        json = behind;
    }
    proa_aisdk_put_line(out, proa_buf_slice(&named));
    proa_buf_deinit(&named);
}
