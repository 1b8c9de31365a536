/*
 * A client's options for this provider: what Converse calls so goes along as it is; a few are
 * called as in Vercel's AI SDK, where clients have them from.
 */
#include "bedrock_priv.h"

#include "proa/chat/effort.h"
#include "proa/core/check.h"

struct proa_slice proa_bedrock_options(const struct proa_encode_in *in)
{
    static const struct proa_slice names[] = {PROA_SLICE_INIT("bedrock"),
                                              PROA_SLICE_INIT("amazonBedrock")};
    for (size_t i = 0; in->chat->provider_options.len > 0 && i < PROA_ARRAY_LEN(names); i++) {
        struct proa_slice value = PROA_SLICE_NONE;
        if (proa_json_get(in->chat->provider_options, names[i], &value) == PROA_JSON_OBJECT) {
            return value;
        }
    }
    return PROA_SLICE_NONE;
}

/* ---- reasoningConfig ------------------------------------------------------------------------- */

static const struct mode_row {
    struct proa_slice word;
    enum claude_wish_mode mode;
} MODES[] = {
    {PROA_SLICE_INIT("enabled"), CLAUDE_WISH_BUDGET},
    {PROA_SLICE_INIT("adaptive"), CLAUDE_WISH_ADAPTIVE},
    {PROA_SLICE_INIT("disabled"), CLAUDE_WISH_OFF},
};

static void take_reasoning(const struct proa_json_item *item, struct proa_claude_wish *wish)
{
    const struct proa_slice word = proa_decode_string(item);
    if (proa_decode_key_is(item, PROA_SLICE("budgetTokens"))) {
        wish->budget = proa_decode_u64(item, wish->budget);
    } else if (proa_decode_key_is(item, PROA_SLICE("display"))) {
        wish->show = proa_slice_eq(word, PROA_SLICE("omitted")) ? PROA_CHAT_NO : PROA_CHAT_YES;
    } else if (proa_decode_key_is(item, PROA_SLICE("type"))) {
        for (size_t i = 0; i < PROA_ARRAY_LEN(MODES); i++) {
            wish->mode = proa_slice_eq(MODES[i].word, word) ? MODES[i].mode : wish->mode;
        }
    } else if (proa_decode_key_is(item, PROA_SLICE("maxReasoningEffort"))) {
        enum proa_chat_effort effort = PROA_CHAT_EFFORT_UNSAID;
        const bool found = proa_chat_effort_find(word, &effort);
        wish->effort = found && effort >= PROA_CHAT_EFFORT_LOW ? effort : wish->effort;
    }
}

void proa_bedrock_take_wish(const struct bedrock_writer *w, struct proa_claude_wish *wish)
{
    struct proa_slice config = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (w->options.len == 0 ||
        proa_json_get(w->options, PROA_SLICE("reasoningConfig"), &config) != PROA_JSON_OBJECT ||
        proa_json_cursor_init(&c, config) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        take_reasoning(&item, wish);
    }
    if (wish->mode == CLAUDE_WISH_UNSAID && wish->effort > PROA_CHAT_EFFORT_NONE) {
        wish->mode = CLAUDE_WISH_ADAPTIVE;
    }
}

/* ---- fields of the model --------------------------------------------------------------------- */

static bool own_fields(const struct bedrock_writer *w, struct proa_slice *fields)
{
    return w->options.len > 0 &&
           proa_json_get(w->options, PROA_SLICE("additionalModelRequestFields"), fields) ==
               PROA_JSON_OBJECT;
}

bool proa_bedrock_has_field(const struct bedrock_writer *w, struct proa_slice key)
{
    struct proa_slice fields = PROA_SLICE_NONE;
    return own_fields(w, &fields) && proa_json_get(fields, key, NULL) != PROA_JSON_ABSENT;
}

/* The member as it stands; its key is decoded only to be written. */
static void put_member(struct bedrock_writer *w, const struct proa_json_item *item)
{
    proa_json_writer_key(&w->json, proa_chat_text_plain(proa_chat_text(item->key), w->arena));
    proa_json_writer_raw(&w->json, item->value);
}

void proa_bedrock_put_own_fields(struct bedrock_writer *w)
{
    struct proa_slice fields = PROA_SLICE_NONE;
    struct proa_slice beta = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (w->options.len > 0 &&
        proa_json_get(w->options, PROA_SLICE("anthropicBeta"), &beta) == PROA_JSON_ARRAY &&
        !proa_bedrock_has_field(w, PROA_SLICE("anthropic_beta"))) {
        proa_bedrock_open_fields(w);
        proa_bedrock_member_raw(w, "anthropic_beta", beta);
    }
    if (!own_fields(w, &fields) || proa_json_cursor_init(&c, fields) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        proa_bedrock_open_fields(w);
        put_member(w, &item);
    }
}

/* ---- beside the messages --------------------------------------------------------------------- */

/* What is written elsewhere, or is the request's own to say. */
static const struct proa_slice TAKEN[] = {
    PROA_SLICE_INIT("additionalModelRequestFields"),
    PROA_SLICE_INIT("reasoningConfig"),
    PROA_SLICE_INIT("anthropicBeta"),
    PROA_SLICE_INIT("serviceTier"),
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("system"),
    PROA_SLICE_INIT("inferenceConfig"),
    PROA_SLICE_INIT("toolConfig"),
    PROA_SLICE_INIT("modelId"),
};

static bool is_taken(const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(TAKEN); i++) {
        if (proa_decode_key_is(item, TAKEN[i])) {
            return true;
        }
    }
    return false;
}

/* OpenAI's words for tiers, and Bedrock's. */
static const struct tier_row {
    struct proa_slice said;
    struct proa_slice tier; /* empty: as if not said */
} TIERS[] = {
    {PROA_SLICE_INIT("auto"), PROA_SLICE_INIT("")},
    {PROA_SLICE_INIT("default"), PROA_SLICE_INIT("default")},
    {PROA_SLICE_INIT("standard_only"), PROA_SLICE_INIT("default")},
    {PROA_SLICE_INIT("flex"), PROA_SLICE_INIT("flex")},
    {PROA_SLICE_INIT("priority"), PROA_SLICE_INIT("priority")},
    {PROA_SLICE_INIT("reserved"), PROA_SLICE_INIT("reserved")},
};

static void put_tier(struct bedrock_writer *w, struct proa_slice tier)
{
    proa_json_writer_key(&w->json, PROA_SLICE("serviceTier"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "type", tier);
    proa_json_writer_end_object(&w->json);
}

/* The option goes before the request's field. */
static void put_service_tier(struct bedrock_writer *w)
{
    const struct proa_slice said = w->in->chat->service_tier;
    struct proa_slice own = PROA_SLICE_NONE;
    const enum proa_json_kind kind =
        w->options.len > 0 ? proa_json_get(w->options, PROA_SLICE("serviceTier"), &own)
                           : PROA_JSON_ABSENT;
    if (kind == PROA_JSON_OBJECT) {
        proa_bedrock_member_raw(w, "serviceTier", own);
        return;
    }
    if (kind == PROA_JSON_STRING) {
        put_tier(w, proa_chat_text(own));
        return;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(TIERS); i++) {
        if (proa_chat_text_eq(said, TIERS[i].said)) {
            if (TIERS[i].tier.len > 0) {
                put_tier(w, TIERS[i].tier);
            }
            return;
        }
    }
    if (said.len > 0) {
        proa_bedrock_warn(w, "service_tier", "is not known to this provider");
    }
}

void proa_bedrock_put_options(struct bedrock_writer *w)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    put_service_tier(w);
    if (w->options.len == 0 || proa_json_cursor_init(&c, w->options) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!is_taken(&item)) {
            put_member(w, &item);
        }
    }
}
