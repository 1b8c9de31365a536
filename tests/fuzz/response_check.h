/*
 * What must hold of every stream of the Responses API, as its SDKs hold it against one: events are
 * numbered, an item begins before it is told and ends once, what is told in pieces is what is told
 * whole, and the last event repeats the items as they ended.
 */
#ifndef FUZZ_RESPONSE_CHECK_H
#define FUZZ_RESPONSE_CHECK_H

#include "proa/chat/text.h"
#include "proa/core/buf.h"
#include "proa/json/cursor.h"

enum { CHECKED_ITEMS_MAX = 1024 };

struct checked_item {
    struct proa_slice id;   /* token */
    struct proa_slice done; /* JSON; empty: it goes on */
    struct proa_buf told;   /* in pieces */
};

struct checked_stream {
    struct checked_item items[CHECKED_ITEMS_MAX];
    size_t n_items;
    uint64_t n_events;
    bool ended;
};

static inline void check_object(struct proa_slice json)
{
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    PROA_ASSERT(proa_json_scan(json, &any, NULL, &info) == PROA_OK);
    PROA_ASSERT(info.kind == PROA_JSON_OBJECT);
}

static inline struct proa_slice need(struct proa_slice object, const char *key,
                                     enum proa_json_kind kind)
{
    struct proa_slice value = PROA_SLICE_NONE;
    PROA_ASSERT(proa_json_get(object, proa_slice_cstr(key), &value) == kind);
    return value;
}

static inline uint64_t need_u64(struct proa_slice object, const char *key)
{
    uint64_t n = 0;
    PROA_ASSERT(proa_json_number_u64(need(object, key, PROA_JSON_NUMBER), &n) == PROA_OK);
    return n;
}

static inline bool is_type(struct proa_slice type, const char *name)
{
    return proa_slice_eq(type, proa_slice_cstr(name));
}

/* What every Response has that its SDKs' types ask for. */
static inline void check_response(struct proa_slice r)
{
    (void)need(r, "id", PROA_JSON_STRING);
    (void)need_u64(r, "created_at");
    (void)need(r, "model", PROA_JSON_STRING);
    (void)need(r, "output", PROA_JSON_ARRAY);
    (void)need(r, "status", PROA_JSON_STRING);
    (void)need(r, "error", PROA_JSON_NULL);
    PROA_ASSERT(is_type(need(r, "object", PROA_JSON_STRING), "\"response\""));
    static const char *const others[] = {"incomplete_details",
                                         "instructions",
                                         "metadata",
                                         "parallel_tool_calls",
                                         "temperature",
                                         "tool_choice",
                                         "tools",
                                         "top_p",
                                         "text",
                                         "reasoning",
                                         "truncation",
                                         "previous_response_id",
                                         "store",
                                         "usage"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        PROA_ASSERT(proa_json_get(r, proa_slice_cstr(others[i]), NULL) != PROA_JSON_ABSENT);
    }
}

static inline struct checked_item *checked_item_of(struct checked_stream *s, struct proa_slice data)
{
    const uint64_t at = need_u64(data, "output_index");
    PROA_ASSERT(at < s->n_items);
    return &s->items[at];
}

static inline void check_item_event(struct checked_stream *s, struct proa_slice type,
                                    struct proa_slice data)
{
    const struct proa_slice item = need(data, "item", PROA_JSON_OBJECT);
    const struct proa_slice id = need(item, "id", PROA_JSON_STRING);
    if (is_type(type, "response.output_item.added")) {
        PROA_ASSERT(need_u64(data, "output_index") == s->n_items);
        PROA_ASSERT(s->n_items < CHECKED_ITEMS_MAX && id.len > 2);
        for (size_t i = 0; i < s->n_items; i++) {
            PROA_ASSERT(!proa_slice_eq(s->items[i].id, id));
        }
        s->items[s->n_items] = (struct checked_item){.id = id};
        proa_buf_init(&s->items[s->n_items++].told, SIZE_MAX);
        return;
    }
    struct checked_item *known = checked_item_of(s, data);
    PROA_ASSERT(known->done.len == 0 && proa_slice_eq(known->id, id));
    known->done = item;
}

/* A delta, or what was told in them, or where the part begins and ends. */
static inline void check_piece_event(struct checked_stream *s, struct proa_slice type,
                                     struct proa_slice data)
{
    static const char *const wholes[] = {"text", "arguments", "refusal"};
    struct checked_item *item = checked_item_of(s, data);
    PROA_ASSERT(item->done.len == 0);
    PROA_ASSERT(proa_slice_eq(item->id, need(data, "item_id", PROA_JSON_STRING)));
    struct proa_slice text = PROA_SLICE_NONE;
    if (proa_json_get(data, PROA_SLICE("delta"), &text) == PROA_JSON_STRING) {
        (void)proa_buf_append(&item->told, proa_chat_text(text));
        return;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(wholes); i++) {
        if (proa_json_get(data, proa_slice_cstr(wholes[i]), &text) == PROA_JSON_STRING) {
            PROA_ASSERT(proa_slice_eq(proa_chat_text(text), proa_buf_slice(&item->told)));
        }
    }
    (void)type;
}

static inline void check_end(struct checked_stream *s, struct proa_slice response)
{
    const struct proa_slice output = need(response, "output", PROA_JSON_ARRAY);
    for (size_t i = 0; i < s->n_items; i++) {
        struct proa_slice item = PROA_SLICE_NONE;
        PROA_ASSERT(proa_json_at(output, i, &item) == PROA_JSON_OBJECT);
        PROA_ASSERT(proa_slice_eq(item, s->items[i].done));
    }
    PROA_ASSERT(proa_json_at(output, s->n_items, NULL) == PROA_JSON_ABSENT);
    s->ended = true;
}

static inline void check_event(struct checked_stream *s, struct proa_slice name,
                               struct proa_slice data)
{
    check_object(data);
    const struct proa_slice type = proa_chat_text(need(data, "type", PROA_JSON_STRING));
    struct proa_slice response = PROA_SLICE_NONE;
    PROA_ASSERT(proa_slice_eq(type, name) && !s->ended);
    PROA_ASSERT(need_u64(data, "sequence_number") == s->n_events);
    if (proa_json_get(data, PROA_SLICE("response"), &response) == PROA_JSON_OBJECT) {
        check_response(response);
        PROA_ASSERT(is_type(type, "response.created") == (s->n_events == 0));
        PROA_ASSERT(is_type(type, "response.in_progress") == (s->n_events == 1));
        if (s->n_events > 1) {
            check_end(s, response);
        }
    } else if (proa_json_get(data, PROA_SLICE("item"), NULL) == PROA_JSON_OBJECT) {
        check_item_event(s, type, data);
    } else {
        check_piece_event(s, type, data);
    }
    s->n_events++;
}

/* All of it. */
static inline void check_response_stream(struct proa_slice all)
{
    struct checked_stream s = {.n_items = 0};
    while (all.len > 0) {
        static const struct proa_slice event = PROA_SLICE_INIT("event: ");
        static const struct proa_slice begin = PROA_SLICE_INIT("data: ");
        struct proa_slice rest;
        const struct proa_slice first = proa_slice_split(all, '\n', &rest);
        const struct proa_slice second = proa_slice_split(rest, '\n', &rest);
        PROA_ASSERT(proa_slice_starts(first, event) && proa_slice_starts(second, begin));
        PROA_ASSERT(rest.len > 0 && rest.ptr[0] == '\n');
        check_event(&s, proa_slice_from(first, event.len), proa_slice_from(second, begin.len));
        all = proa_slice_from(rest, 1);
    }
    PROA_ASSERT(s.ended);
    for (size_t i = 0; i < s.n_items; i++) {
        proa_buf_deinit(&s.items[i].told);
    }
}

#endif
