/*
 * Whole answers of the other operations as events: embeddings and rerankings.
 */
#include "openai_priv.h"

/* An element of `data` or `results`; which member holds what depends on the operation. */
static void take_element(struct proa_decoder *d, struct proa_slice object, uint64_t position,
                         struct proa_slice value_key, enum proa_chat_event_kind kind)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_chat_event event = {.kind = kind};
    uint64_t index = position;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("index"))) {
            index = proa_decode_u64(&item, position);
        } else if (proa_decode_key_is(&item, value_key)) {
            event.text = proa_decode_string(&item);
            event.raw = item.kind == PROA_JSON_ARRAY || item.kind == PROA_JSON_NUMBER
                            ? item.value
                            : PROA_SLICE_NONE;
        }
    }
    if ((event.text.len > 0 || event.raw.len > 0) && index <= UINT32_MAX) {
        event.index = (uint32_t)index;
        proa_decode_other(d, &event);
    }
}

static bool take_list(struct proa_decoder *d, struct proa_slice body, struct proa_slice list_key,
                      struct proa_slice value_key, enum proa_chat_event_kind kind)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice list = PROA_SLICE_NONE;
    bool failed = false;
    if (proa_json_cursor_init(&c, body) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, list_key)) {
            list = item.kind == PROA_JSON_ARRAY ? item.value : list;
        } else if (proa_decode_key_is(&item, PROA_SLICE("model"))) {
            proa_decode_start(d, PROA_SLICE_NONE, proa_decode_string(&item), 0);
        } else if (proa_decode_key_is(&item, PROA_SLICE("usage"))) {
            proa_openai_decode_usage(d, item.value);
        } else if (proa_decode_key_is(&item, PROA_SLICE("error"))) {
            failed = failed || proa_openai_is_filled(&item);
        }
    }
    if (c.err != PROA_OK) {
        return false;
    }
    if (failed) {
        proa_openai_decode_failure(d, body);
        return true;
    }
    if (list.len == 0 || proa_json_cursor_init(&c, list) != PROA_OK) {
        return false;
    }
    for (uint64_t i = 0; proa_json_cursor_next(&c, &item); i++) {
        take_element(d, item.value, i, value_key, kind);
    }
    return true;
}

bool proa_openai_decode_vectors(struct proa_decoder *d, struct proa_slice body)
{
    return take_list(d, body, PROA_SLICE("data"), PROA_SLICE("embedding"), PROA_CHAT_VECTOR);
}

bool proa_openai_decode_ranks(struct proa_decoder *d, struct proa_slice body)
{
    return take_list(d, body, PROA_SLICE("results"), PROA_SLICE("relevance_score"), PROA_CHAT_RANK);
}
