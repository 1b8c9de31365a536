/*
 * generationConfig: sampling, limits, the answer's form, thinking; and the provider's own options,
 * which win over what is made of the client's.
 */
#include "gemini_priv.h"

#include "proa/core/check.h"

/* ---- the provider's own options -------------------------------------------------------------- */

enum place { PLACE_TOP, PLACE_CONFIG, PLACE_TOOLS, PLACE_NOT_SENT };

/* By the names of the API, which are those of the AI SDK's providers google and google-vertex, too.
 * What is not here is left out with a warning: Google refuses members that it does not know. */
static const struct option_row {
    struct proa_slice name;
    enum place place;
    uint8_t at; /* GEMINI_AT_* */
} OPTIONS[] = {
    {PROA_SLICE_INIT("safetySettings"), PLACE_TOP, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("cachedContent"), PLACE_TOP, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("serviceTier"), PLACE_TOP, GEMINI_AT_STUDIO},
    {PROA_SLICE_INIT("labels"), PLACE_TOP, GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("modelArmorConfig"), PLACE_TOP, GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("thinkingConfig"), PLACE_CONFIG, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("responseModalities"), PLACE_CONFIG, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("mediaResolution"), PLACE_CONFIG, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("speechConfig"), PLACE_CONFIG, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("imageConfig"), PLACE_CONFIG, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("audioTimestamp"), PLACE_CONFIG, GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("routingConfig"), PLACE_CONFIG, GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("retrievalConfig"), PLACE_TOOLS, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("structuredOutputs"), PLACE_NOT_SENT, GEMINI_AT_STUDIO | GEMINI_AT_VERTEX},
};

struct proa_slice proa_gemini_options(const struct proa_encode_in *in,
                                      const struct gemini_service *service)
{
    const struct proa_slice all = in->chat->provider_options;
    struct proa_slice found = PROA_SLICE_NONE;
    if (all.len == 0) {
        return PROA_SLICE_NONE;
    }
    if (proa_json_get(all, service->options, &found) != PROA_JSON_OBJECT &&
        proa_json_get(all, PROA_SLICE("google"), &found) != PROA_JSON_OBJECT) {
        return PROA_SLICE_NONE;
    }
    return found;
}

static const struct option_row *find_option(const struct gemini_writer *w,
                                            const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(OPTIONS); i++) {
        if ((OPTIONS[i].at & w->service->at) != 0 && proa_decode_key_is(item, OPTIONS[i].name)) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

/* How many there are for one place; written where `write` is set. */
static size_t put_options(struct gemini_writer *w, enum place place, bool write)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t n = 0;
    if (w->options.len == 0 || proa_json_cursor_init(&c, w->options) != PROA_OK) {
        return 0;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct option_row *row = find_option(w, &item);
        if (!row) {
            proa_chat_warn(w->in->warnings, "providerOptions",
                           "holds options that this provider does not have");
            continue;
        }
        if (row->place == place && item.kind != PROA_JSON_NULL) {
            n++;
            if (write) {
                proa_json_writer_key(&w->json, row->name);
                proa_json_writer_raw(&w->json, item.value);
            }
        }
    }
    return n;
}

bool proa_gemini_has_tool_options(struct gemini_writer *w)
{
    return put_options(w, PLACE_TOOLS, false) > 0;
}

void proa_gemini_put_tool_options(struct gemini_writer *w)
{
    (void)put_options(w, PLACE_TOOLS, true);
}

static bool option_is(const struct gemini_writer *w, struct proa_slice name,
                      enum proa_json_kind kind)
{
    return w->options.len > 0 && proa_json_get(w->options, name, NULL) == kind;
}

/* ---- thinking -------------------------------------------------------------------------------- */

/* In tokens; what an effort has been worth at 2.5 since Google's compatible endpoint said so. */
static const uint32_t BUDGETS[] = {
    [PROA_CHAT_EFFORT_UNSAID] = 0,    [PROA_CHAT_EFFORT_NONE] = 0,
    [PROA_CHAT_EFFORT_MINIMAL] = 512, [PROA_CHAT_EFFORT_LOW] = 1024,
    [PROA_CHAT_EFFORT_MEDIUM] = 8192, [PROA_CHAT_EFFORT_HIGH] = 24576,
    [PROA_CHAT_EFFORT_XHIGH] = 32768, [PROA_CHAT_EFFORT_MAX] = 32768,
};

static const uint8_t LEVELS[] = {
    [PROA_CHAT_EFFORT_UNSAID] = 0,
    [PROA_CHAT_EFFORT_NONE] = GEMINI_LEVEL_MINIMAL,
    [PROA_CHAT_EFFORT_MINIMAL] = GEMINI_LEVEL_MINIMAL,
    [PROA_CHAT_EFFORT_LOW] = GEMINI_LEVEL_LOW,
    [PROA_CHAT_EFFORT_MEDIUM] = GEMINI_LEVEL_MEDIUM,
    [PROA_CHAT_EFFORT_HIGH] = GEMINI_LEVEL_HIGH,
    [PROA_CHAT_EFFORT_XHIGH] = GEMINI_LEVEL_HIGH,
    [PROA_CHAT_EFFORT_MAX] = GEMINI_LEVEL_HIGH,
};

/* The word for a level that the model has: the next above, if it has not this one. */
static struct proa_slice level_word(const struct gemini_model *model, unsigned level)
{
    while (level < GEMINI_LEVEL_HIGH && (model->levels & level) == 0) {
        level <<= 1;
    }
    return level == GEMINI_LEVEL_MINIMAL  ? PROA_SLICE("minimal")
           : level == GEMINI_LEVEL_LOW    ? PROA_SLICE("low")
           : level == GEMINI_LEVEL_MEDIUM ? PROA_SLICE("medium")
                                          : PROA_SLICE("high");
}

static unsigned level_of(const struct proa_chat_request *r)
{
    if (r->effort != PROA_CHAT_EFFORT_UNSAID || r->thinking_tokens == 0) {
        return LEVELS[r->effort];
    }
    return r->thinking_tokens <= BUDGETS[PROA_CHAT_EFFORT_LOW]      ? GEMINI_LEVEL_LOW
           : r->thinking_tokens <= BUDGETS[PROA_CHAT_EFFORT_MEDIUM] ? GEMINI_LEVEL_MEDIUM
                                                                    : GEMINI_LEVEL_HIGH;
}

static uint64_t budget_of(const struct gemini_model *model, const struct proa_chat_request *r)
{
    const uint64_t wanted = r->thinking_tokens > 0 ? r->thinking_tokens : BUDGETS[r->effort];
    if (wanted == 0 && model->can_rest) {
        return 0;
    }
    return wanted < model->budget_min   ? model->budget_min
           : wanted > model->budget_max ? model->budget_max
                                        : wanted;
}

/* Thoughts are shown to whoever asks for thinking, and does not say otherwise. */
static void put_thinking(struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    const bool asked = r->effort != PROA_CHAT_EFFORT_UNSAID || r->thinking_tokens > 0;
    const bool rests = r->effort == PROA_CHAT_EFFORT_NONE && r->thinking_tokens == 0;
    if (w->model->thinking == GEMINI_THINKING_NONE ||
        !(asked || r->show_thinking != PROA_CHAT_UNSAID) ||
        option_is(w, PROA_SLICE("thinkingConfig"), PROA_JSON_OBJECT)) {
        return;
    }
    proa_json_writer_key(&w->json, PROA_SLICE("thinkingConfig"));
    proa_json_writer_begin_object(&w->json);
    if (asked && w->model->thinking == GEMINI_THINKING_BUDGET) {
        proa_json_writer_member_u64(&w->json, "thinkingBudget", budget_of(w->model, r));
    } else if (asked) {
        proa_gemini_member_text(w, "thinkingLevel", level_word(w->model, level_of(r)));
    }
    if (!rests || r->show_thinking == PROA_CHAT_YES) {
        proa_json_writer_member_bool(&w->json, "includeThoughts", r->show_thinking != PROA_CHAT_NO);
    }
    proa_json_writer_end_object(&w->json);
}

/* ---- the answer's form ----------------------------------------------------------------------- */

static enum proa_err put_format(struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    const char *reason = NULL;
    if (r->format != PROA_CHAT_FORMAT_JSON && r->format != PROA_CHAT_FORMAT_SCHEMA) {
        return PROA_OK;
    }
    proa_gemini_member_text(w, "responseMimeType", PROA_SLICE("application/json"));
    if (r->format == PROA_CHAT_FORMAT_JSON || proa_gemini_schema_is_empty(r->format_schema) ||
        option_is(w, PROA_SLICE("structuredOutputs"), PROA_JSON_FALSE)) {
        return PROA_OK;
    }
    if (w->model->json_schema) {
        proa_gemini_member_raw(w, "responseJsonSchema", r->format_schema);
        return PROA_OK;
    }
    proa_json_writer_key(&w->json, PROA_SLICE("responseSchema"));
    const enum proa_err err = proa_gemini_schema(&w->json, r->format_schema, w->arena, &reason);
    return err == PROA_ERR_UNSUPPORTED ? proa_gemini_refuse(w, "response_format", reason) : err;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void put_number(struct gemini_writer *w, const char *key, struct proa_slice number)
{
    if (number.len > 0) {
        proa_gemini_member_raw(w, key, number);
    }
}

static void put_count(struct gemini_writer *w, const char *key, uint64_t count)
{
    if (count > 0) {
        proa_json_writer_member_u64(&w->json, key, count);
    }
}

static void put_sampling(struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    put_number(w, "temperature", r->temperature);
    put_number(w, "topP", r->top_p);
    put_number(w, "topK", r->top_k);
    put_number(w, "seed", proa_gemini_seed_fits(r->seed) ? r->seed : PROA_SLICE_NONE);
    if (proa_gemini_sends_penalties(w)) {
        put_number(w, "frequencyPenalty", r->frequency_penalty);
        put_number(w, "presencePenalty", r->presence_penalty);
    }
    put_count(w, "maxOutputTokens", r->max_tokens);
    put_count(w, "candidateCount", r->n);
    if (r->n_stop > 0) {
        proa_json_writer_key(&w->json, PROA_SLICE("stopSequences"));
        proa_json_writer_begin_array(&w->json);
        for (size_t i = 0; i < r->n_stop; i++) {
            proa_json_writer_text(&w->json, r->stop[i]);
        }
        proa_json_writer_end_array(&w->json);
    }
    if (r->logprobs == PROA_CHAT_YES) {
        proa_json_writer_member_bool(&w->json, "responseLogprobs", true);
        put_count(w, "logprobs", r->top_logprobs);
    }
}

enum proa_err proa_gemini_put_config(struct gemini_writer *w)
{
    const size_t at = w->out->body.len;
    const struct proa_json_writer before = w->json;
    proa_json_writer_key(&w->json, PROA_SLICE("generationConfig"));
    proa_json_writer_begin_object(&w->json);
    const size_t empty = w->out->body.len;
    put_sampling(w);
    const enum proa_err err = put_format(w);
    if (err != PROA_OK) {
        return err;
    }
    put_thinking(w);
    (void)put_options(w, PLACE_CONFIG, true);
    if (w->out->body.len == empty) { /* nothing was said */
        w->out->body.len = at;
        w->json = before;
    } else {
        proa_json_writer_end_object(&w->json);
    }
    (void)put_options(w, PLACE_TOP, true);
    return PROA_OK;
}
