/*
 * What an event of a stream brings the client, for who wants to go on with its answer.
 */
#include "openai_priv.h"

#include "proa/json/string.h"

static void read_message(struct proa_slice delta, struct proa_delta *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, delta) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("content")) && item.kind == PROA_JSON_STRING) {
            out->text = item.value;
        } else if (!proa_decode_key_is(&item, PROA_SLICE("role")) &&
                   !proa_decode_key_is(&item, PROA_SLICE("provider_metadata"))) { /* a gateway's */
            out->other = out->other || proa_openai_is_filled(&item);
        }
    }
}

/* What stands beside the text of a choice and belongs to it. The rest there are remarks of the
 * provider's, which come and go with it: filter results, its own finish reason, ... */
static bool goes_with_text(const struct proa_json_item *item)
{
    return proa_decode_key_is(item, PROA_SLICE("logprobs")) ||
           proa_decode_key_is(item, PROA_SLICE("message"));
}

static void read_choice(struct proa_slice choice, struct proa_delta *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    uint64_t index = 0;
    if (proa_json_cursor_init(&c, choice) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("delta"))) {
            read_message(item.value, out);
        } else if (proa_decode_key_is(&item, PROA_SLICE("finish_reason"))) {
            out->finished = out->finished || proa_openai_is_filled(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("index"))) {
            out->other =
                out->other || proa_json_number_u64(item.value, &index) != PROA_OK || index > 0;
        } else if (proa_decode_key_is(&item, PROA_SLICE("text")) && item.kind == PROA_JSON_STRING) {
            out->text = item.value;
        } else if (goes_with_text(&item)) {
            out->other = out->other || proa_openai_is_filled(&item);
        }
    }
}

static void read_choices(struct proa_slice choices, struct proa_delta *out)
{
    struct proa_json_cursor c;
    struct proa_json_item choice;
    if (proa_json_cursor_init(&c, choices) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &choice)) {
        read_choice(choice.value, out);
    }
}

void proa_openai_read_delta(struct proa_slice data, struct proa_delta *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *out = (struct proa_delta){.finished = false};
    if (proa_json_cursor_init(&c, data) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (item.kind == PROA_JSON_ARRAY && proa_decode_key_is(&item, PROA_SLICE("choices"))) {
            read_choices(item.value, out);
        } else if (item.kind == PROA_JSON_STRING && proa_decode_key_is(&item, PROA_SLICE("id"))) {
            out->id = item.value;
        } else if (item.kind == PROA_JSON_NUMBER &&
                   proa_decode_key_is(&item, PROA_SLICE("created"))) {
            out->created = item.value;
        }
    }
}
