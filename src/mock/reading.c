#include "media_priv.h"

#include "proa/json/string.h"
#include "proa/tls/digest.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- refusals -------------------------------------------------------------------------------- */

bool proa_mock_refuse(struct mock_reading *r, uint16_t status, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const size_t len = n < 0 ? 0 : ((size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    *r->error =
        (struct mock_error){.status = status,
                            .type = proa_mock_error_type(r->style, status),
                            .message = proa_arena_dup(r->arena, proa_slice_make(text, len))};
    return false;
}

bool proa_mock_refuse_as(struct mock_reading *r, struct proa_slice name)
{
    *r->error = proa_mock_error_recorded(r->profile->id, name);
    PROA_DASSERT(r->error->status != 0); /* readers name what their profile has */
    return false;
}

/* ---- values ---------------------------------------------------------------------------------- */

bool proa_mock_read_object(struct mock_reading *r)
{
    const struct proa_json_scan_cfg cfg = {.n_wants = 0};
    struct proa_json_info info;
    if (proa_json_scan(r->body, &cfg, NULL, &info)) {
        return proa_mock_refuse(r, 400, "The request body is not valid JSON: %s at byte %zu",
                                info.fault.reason ? info.fault.reason : "refused", info.fault.at);
    }
    return info.kind == PROA_JSON_OBJECT ||
           proa_mock_refuse(r, 400, "The request body must be an object");
}

struct proa_slice proa_mock_member(struct proa_slice object, struct proa_slice key)
{
    struct proa_slice value = PROA_SLICE_NONE;
    const enum proa_json_kind kind = proa_json_get(object, key, &value);
    return kind == PROA_JSON_ABSENT || kind == PROA_JSON_NULL ? PROA_SLICE_NONE : value;
}

struct proa_slice proa_mock_decoded(struct mock_reading *r, struct proa_slice token)
{
    struct proa_slice out = PROA_SLICE_NONE;
    return token.len > 0 && proa_json_string_view(token, r->arena, &out) == PROA_OK
               ? out
               : PROA_SLICE_NONE;
}

struct proa_slice proa_mock_string(struct mock_reading *r, struct proa_slice object,
                                   struct proa_slice key)
{
    return proa_mock_decoded(r, proa_mock_member(object, key));
}

bool proa_mock_is(struct proa_slice value, enum proa_json_kind kind)
{
    return value.len > 0 && proa_json_kind_of(value) == kind;
}

bool proa_mock_number_in(struct proa_slice token, uint64_t least, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;
    if (token.len == 0 || proa_json_number_u64(token, &n) != PROA_OK || n < least || n > most) {
        return false;
    }
    *out = n;
    return true;
}

bool proa_mock_milli(struct proa_slice token, int64_t *out)
{
    struct proa_slice rest = token;
    const bool negative = rest.len > 0 && rest.ptr[0] == '-';
    rest = proa_slice_from(rest, negative);
    const size_t dot = proa_slice_find(rest, '.');
    const struct proa_slice decimals = proa_slice_from(rest, dot + 1);
    uint64_t whole = 0;
    if (proa_slice_to_u64(proa_slice_head(rest, dot), &whole) || whole > 1000000) {
        return false;
    }
    int64_t value = (int64_t)whole * 1000;
    for (size_t i = 0, weight = 100; i < decimals.len && i < 3; i++, weight /= 10) {
        if (decimals.ptr[i] < '0' || decimals.ptr[i] > '9') {
            return false;
        }
        value += (int64_t)weight * (decimals.ptr[i] - '0');
    }
    *out = negative ? -value : value;
    return true;
}

struct proa_slice proa_mock_stranger(struct mock_reading *r, struct proa_slice object,
                                     const struct proa_slice *known, size_t n)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (!mock_walk(&c, object) || !c.is_object) {
        return PROA_SLICE_NONE;
    }
    while (proa_json_cursor_next(&c, &item)) {
        size_t i = 0;
        while (i < n && !proa_json_string_eq(item.key, known[i])) {
            i++;
        }
        if (i == n) {
            return proa_mock_decoded(r, item.key);
        }
    }
    return PROA_SLICE_NONE;
}

size_t proa_mock_count(struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t n = 0;
    if (!mock_walk(&c, array) || c.is_object) {
        return 0;
    }
    while (proa_json_cursor_next(&c, &item)) {
        n++;
    }
    return n;
}

struct proa_slice proa_mock_joined(struct mock_reading *r, struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item part;
    struct proa_slice joined = PROA_SLICE_NONE;
    if (!mock_walk(&c, array) || c.is_object) {
        return joined;
    }
    char *out = proa_arena_alloc(r->arena, array.len); /* decoding never grows a text */
    while (proa_json_cursor_next(&c, &part)) {
        const struct proa_slice piece = proa_mock_string(r, part.value, PROA_SLICE("text"));
        if (piece.len > 0) {
            memcpy(out + joined.len, piece.ptr, piece.len);
            joined = proa_slice_make(out, joined.len + piece.len);
        }
    }
    return joined;
}

bool proa_mock_any_glob(const struct proa_slice *globs, size_t n, struct proa_slice name)
{
    for (size_t i = 0; i < n; i++) {
        if (proa_slice_glob(globs[i], name)) {
            return true;
        }
    }
    return false;
}

bool proa_mock_is_name(struct proa_slice s, size_t most)
{
    if (s.len == 0 || s.len > most) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

bool proa_mock_is_base64(struct mock_reading *r, struct proa_slice text)
{
    size_t n = 0;
    unsigned char *bytes = proa_arena_alloc(r->arena, PROA_BASE64_DECODED_MAX(text.len) + 1);
    return text.len > 0 && proa_base64_decode(PROA_BASE64, text, bytes, &n) == PROA_OK && n > 0;
}

/* ---- what is found --------------------------------------------------------------------------- */

void proa_mock_saw_media(struct mock_reading *r, struct proa_slice type)
{
    struct mock_request *out = r->out;
    if (out->n_media < MOCK_MAX_MEDIA) {
        out->media[out->n_media] = type.len > 0 ? type : PROA_SLICE("?");
    }
    out->n_media++;
}

bool proa_mock_saw_url(struct mock_reading *r, struct proa_slice url)
{
    const struct proa_slice data = PROA_SLICE("data:");
    if (!proa_slice_starts(url, data)) {
        proa_mock_saw_media(r, PROA_SLICE("url"));
        return true;
    }
    struct proa_slice content;
    const struct proa_slice head = proa_slice_split(proa_slice_from(url, data.len), ',', &content);
    struct proa_slice rest;
    proa_mock_saw_media(r, proa_slice_split(head, ';', &rest));
    return proa_slice_eq(rest, PROA_SLICE("base64")) && proa_mock_is_base64(r, content);
}

bool proa_mock_add_tool(struct mock_reading *r, struct proa_slice name, struct proa_slice schema)
{
    struct mock_request *out = r->out;
    if (!out->tools) {
        out->tools = proa_arena_zero(r->arena, MOCK_MAX_TOOLS, sizeof *out->tools);
    }
    if (out->n_tools == MOCK_MAX_TOOLS) {
        return false;
    }
    out->tools[out->n_tools++] = (struct mock_tool){name, schema};
    return true;
}

bool proa_mock_has_tool(const struct mock_request *req, struct proa_slice name)
{
    for (uint32_t i = 0; i < req->n_tools; i++) {
        if (proa_slice_eq(req->tools[i].name, name)) {
            return true;
        }
    }
    return false;
}

void proa_mock_call_open(struct mock_open_calls *o, struct proa_slice id, struct proa_slice name)
{
    if (o->n < MOCK_MAX_OPEN) {
        o->ids[o->n] = id;
        o->names[o->n++] = name;
    }
}

bool proa_mock_call_close(struct mock_open_calls *o, struct proa_slice id)
{
    for (size_t i = 0; i < o->n; i++) {
        if (proa_slice_eq(o->ids[i], id)) {
            for (o->n--; i < o->n; i++) {
                o->ids[i] = o->ids[i + 1];
                o->names[i] = o->names[i + 1];
            }
            return true;
        }
    }
    return false;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool (*reader_of(enum mock_dialect dialect))(struct mock_reading *)
{
    switch (dialect) {
    case MOCK_DIALECT_ANTHROPIC:
        return proa_mock_anthropic_read;
    case MOCK_DIALECT_GEMINI:
        return proa_mock_gemini_read;
    case MOCK_DIALECT_BEDROCK:
        return proa_mock_bedrock_read;
    case MOCK_DIALECT_COHERE:
        return proa_mock_cohere_read;
    case MOCK_DIALECT_RESPONSES:
        return proa_mock_responses_read;
    case MOCK_DIALECT_TOKEN:
        return proa_mock_token_read;
    case MOCK_DIALECT_MEDIA:
        return proa_mock_media_read;
    case MOCK_DIALECT_OPENAI:
        break;
    }
    return proa_mock_openai_read;
}

/* Any name is served, but one that says of itself that it is not. */
static bool is_known(struct mock_reading *r)
{
    const struct proa_slice unknown = PROA_SLICE("unknown");
    return r->path->profile == MOCK_PLAIN || !proa_slice_starts(r->out->model, unknown) ||
           r->out->endpoint == MOCK_TOKEN ||
           proa_mock_error_recorded(r->profile->id, PROA_SLICE("model")).status == 0 ||
           proa_mock_refuse_as(r, PROA_SLICE("model"));
}

bool proa_mock_request_parse(const struct mock_path *path, const struct mock_caller *caller,
                             struct proa_slice body, struct proa_arena *arena,
                             struct mock_request *out, struct mock_error *error)
{
    struct mock_reading r = {.path = path,
                             .profile = proa_mock_profile_of(path),
                             .style = proa_mock_style_of(path),
                             .head = caller ? caller->head : NULL,
                             .desk = caller ? caller->desk : NULL,
                             .body = body,
                             .arena = arena,
                             .out = out,
                             .error = error};
    const enum mock_dialect dialect = path->route ? path->route->dialect : MOCK_DIALECT_OPENAI;
    *out = (struct mock_request){.endpoint = path->endpoint,
                                 .profile = path->profile,
                                 .dialect = dialect,
                                 .variant = path->route ? path->route->variant : 0,
                                 .body = body,
                                 .n = 1,
                                 .max_tokens = UINT64_MAX,
                                 .top_n = UINT64_MAX};
    const bool ok = reader_of(dialect)(&r);
    if (out->model.len > 0) {
        out->recipe = proa_slice_from(out->model, proa_slice_find(out->model, '+') + 1);
    }
    return ok && is_known(&r);
}
