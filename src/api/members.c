/*
 * What the readers of several surfaces have alike: members by a table, stop texts, efforts.
 */
#include "openai_read_priv.h"

#include "proa/chat/effort.h"

#include <string.h>

enum { STOPS_MAX = 64 };

enum proa_err proa_read_members(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, const struct proa_slice *keys,
                                size_t n, struct proa_json_item *said)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    memset(said, 0, n * sizeof said[0]);
    const enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, keys, n);
        if (key < n) {
            said[key] = m;
        }
    }
    return err;
}

enum proa_err proa_read_value(struct reading *r, const struct place *at, enum read_kind kind,
                              const struct proa_json_item *item, void *to)
{
    switch (kind) {
    case READ_TEXT:
        return proa_read_text(r, at, item, to);
    case READ_NUMBER:
        return proa_read_number(r, at, item, to);
    case READ_COUNT:
        return proa_read_count(r, at, item, to);
    case READ_FLAG:
        return proa_read_flag(r, at, item, to);
    case READ_OBJECT:
        return proa_read_object(r, at, item, to);
    case READ_SKIP:
    case READ_CALL:
        break;
    }
    return PROA_OK;
}

enum proa_err proa_read_stops(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, struct proa_chat_request *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    struct proa_slice *stops = proa_arena_alloc(r->arena, STOPS_MAX * sizeof stops[0]);
    out->stop = stops;
    if (item->kind == PROA_JSON_STRING) {
        stops[0] = proa_chat_text(item->value);
        out->n_stop = stops[0].len > 0;
        return PROA_OK;
    }
    if (item->kind != PROA_JSON_ARRAY) {
        return proa_read_refuse_kind(r, at, "a string or an array of strings", item->kind);
    }
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        if (i == STOPS_MAX) {
            return proa_read_refuse(r, at, "holds more than 64 texts.");
        }
        stops[i] = PROA_SLICE_NONE;
        err = proa_read_text(r, PLACE_AT(at, i), &m, &stops[i]);
        out->n_stop = i + 1;
    }
    return err;
}

bool proa_read_effort_word(struct proa_slice text, enum proa_chat_effort *out)
{
    /* Words of others for what is not said. */
    if (proa_chat_text_eq(text, PROA_SLICE("default")) ||
        proa_chat_text_eq(text, PROA_SLICE("provider-default"))) {
        *out = PROA_CHAT_EFFORT_UNSAID;
        return true;
    }
    return proa_chat_effort_find(text, out);
}

enum proa_err proa_read_effort(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_request *out)
{
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(r, at, item, &text);
    if (err != PROA_OK || text.len == 0 || proa_read_effort_word(text, &out->effort)) {
        return err;
    }
    return proa_read_refuse_word(r, at, text,
                                 "\"none\", \"minimal\", \"low\", \"medium\", \"high\", "
                                 "\"xhigh\", \"max\"");
}
