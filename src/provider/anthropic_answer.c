/*
 * What an answer tells besides its content: usage, model, errors in the clothes of a success.
 */
#include "anthropic_priv.h"

#include "proa/core/check.h"

bool proa_anthropic_members(struct proa_slice object, struct anthropic_member *members, size_t n)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        for (size_t i = 0; i < n; i++) {
            if (members[i].item.kind == PROA_JSON_ABSENT &&
                proa_decode_key_is(&item, members[i].key)) {
                members[i].item = item;
                break;
            }
        }
    }
    return c.err == PROA_OK;
}

/* ---- usage ----------------------------------------------------------------------------------- */

static const struct {
    struct proa_slice key;
    enum anthropic_input count;
} INPUTS[] = {
    {PROA_SLICE_INIT("input_tokens"), INPUT_PLAIN},
    {PROA_SLICE_INIT("cache_creation_input_tokens"), INPUT_WRITTEN},
    {PROA_SLICE_INIT("cache_read_input_tokens"), INPUT_READ},
};

static void take_input(struct anthropic_counts *c, const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(INPUTS); i++) {
        const uint64_t n = proa_decode_u64(item, UINT64_MAX);
        if (!proa_decode_key_is(item, INPUTS[i].key) || n > PROA_USAGE_SANE_MAX) {
            continue;
        }
        c->input[INPUTS[i].count] = n;
        if (INPUTS[i].count == INPUT_WRITTEN) {
            proa_usage_set(&c->usage, PROA_USAGE_CACHE_WRITE, n);
        } else if (INPUTS[i].count == INPUT_READ) {
            proa_usage_set(&c->usage, PROA_USAGE_CACHE_READ, n);
        }
        proa_usage_set(&c->usage, PROA_USAGE_INPUT,
                       c->input[INPUT_PLAIN] + c->input[INPUT_WRITTEN] + c->input[INPUT_READ]);
    }
}

void proa_anthropic_count(struct anthropic_counts *counts, struct proa_slice object)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_slice thinking = PROA_SLICE_NONE;
        uint64_t n = 0;
        take_input(counts, &item);
        if (proa_decode_key_is(&item, PROA_SLICE("output_tokens"))) {
            proa_usage_set(&counts->usage, PROA_USAGE_OUTPUT, proa_decode_u64(&item, UINT64_MAX));
        } else if (proa_decode_key_is(&item, PROA_SLICE("output_tokens_details")) &&
                   proa_json_get(item.value, PROA_SLICE("thinking_tokens"), &thinking) ==
                       PROA_JSON_NUMBER &&
                   proa_json_number_u64(thinking, &n) == PROA_OK) {
            proa_usage_set(&counts->usage, PROA_USAGE_REASONING, n);
        }
    }
}

/* ---- whole answers --------------------------------------------------------------------------- */

enum { TYPE = 0, ERROR, MODEL, USAGE, CONTENT, INPUT, MEMBERS };

static bool is_error(const struct anthropic_member *m)
{
    return proa_anthropic_is(&m[TYPE], PROA_SLICE("error")) ||
           m[ERROR].item.kind == PROA_JSON_OBJECT || m[ERROR].item.kind == PROA_JSON_STRING;
}

static bool is_answer(enum proa_operation op, const struct anthropic_member *m)
{
    return op == PROA_OP_COUNT_TOKENS ? m[INPUT].item.kind == PROA_JSON_NUMBER
                                      : m[CONTENT].item.kind == PROA_JSON_ARRAY;
}

bool proa_anthropic_read_plain(enum proa_operation op, const struct proa_answer_head *head,
                               struct proa_slice body, struct proa_usage *usage,
                               struct proa_slice *model, struct proa_failure *failure)
{
    struct anthropic_member m[MEMBERS] = {
        [TYPE] = {.key = PROA_SLICE("type")},       [ERROR] = {.key = PROA_SLICE("error")},
        [MODEL] = {.key = PROA_SLICE("model")},     [USAGE] = {.key = PROA_SLICE("usage")},
        [CONTENT] = {.key = PROA_SLICE("content")}, [INPUT] = {.key = PROA_SLICE("input_tokens")},
    };
    body = proa_slice_trim(body);
    if (body.len == 0) {
        *failure = (struct proa_failure){.class = PROA_CLASS_EMPTY};
        return false;
    }
    const bool whole = proa_anthropic_members(body, m, MEMBERS);
    if (is_error(m)) {
        proa_anthropic_classify_inband(head, body, failure);
        return false;
    }
    if (!whole || !is_answer(op, m)) {
        *failure = (struct proa_failure){.class = PROA_CLASS_MALFORMED};
        return false;
    }
    struct anthropic_counts counts = {.usage = {.known = 0}};
    proa_anthropic_count(&counts, m[USAGE].item.value);
    for (int i = 0; i < PROA_USAGE_FIELDS; i++) {
        const enum proa_usage_field field = (enum proa_usage_field)i;
        if (proa_usage_has(&counts.usage, field)) {
            proa_usage_set(usage, field, counts.usage.count[field]);
        }
    }
    if (proa_anthropic_text(&m[MODEL]).len > 0) {
        *model = proa_anthropic_text(&m[MODEL]);
    }
    return true;
}
