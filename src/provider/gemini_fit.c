/*
 * What a request asks for and Google cannot do: a table that says for each whether the answer is
 * still an answer without it (dropped, with a warning) or another one (refused: another target may
 * do it).
 */
#include "gemini_priv.h"

#include "proa/core/check.h"

enum { STOPS_MAX = 5, ANSWERS_MAX = 8, LOGPROBS_MAX = 20 };

enum fit { FIT_DROP, FIT_REFUSE };

struct fit_row {
    bool (*asks)(const struct gemini_writer *w);
    enum fit fit;
    const char *feature; /* in OpenAI's words */
    const char *reason;
};

/* A penalty of nothing is none. */
static bool is_zero(struct proa_slice number)
{
    for (size_t i = 0; i < number.len; i++) {
        if (number.ptr[i] >= '1' && number.ptr[i] <= '9') {
            return false;
        }
    }
    return true;
}

bool proa_gemini_seed_fits(struct proa_slice seed)
{
    int64_t n = 0;
    return proa_json_number_i64(seed, &n) == PROA_OK && n >= INT32_MIN && n <= INT32_MAX;
}

bool proa_gemini_sends_penalties(const struct gemini_writer *w)
{
    return (w->model->penalties & w->service->at) != 0;
}

static bool many_stops(const struct gemini_writer *w)
{
    return w->in->chat->n_stop > STOPS_MAX;
}
static bool many_answers(const struct gemini_writer *w)
{
    return w->in->chat->n > ANSWERS_MAX;
}
static bool many_logprobs(const struct gemini_writer *w)
{
    return w->in->chat->top_logprobs > LOGPROBS_MAX;
}
static bool json_and_tools(const struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    return !w->model->json_and_tools && r->n_tools > 0 &&
           (r->format == PROA_CHAT_FORMAT_JSON || r->format == PROA_CHAT_FORMAT_SCHEMA);
}
static bool other_tools(const struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    for (size_t i = 0; i < r->n_tools; i++) {
        if (r->tools[i].own.len > 0 &&
            !proa_slice_eq(r->tools[i].own_dialect, PROA_SLICE("gemini"))) {
            return true;
        }
    }
    return false;
}
static bool frequency(const struct gemini_writer *w)
{
    return !proa_gemini_sends_penalties(w) && !is_zero(w->in->chat->frequency_penalty);
}
static bool presence(const struct gemini_writer *w)
{
    return !proa_gemini_sends_penalties(w) && !is_zero(w->in->chat->presence_penalty);
}
static bool strange_seed(const struct gemini_writer *w)
{
    return w->in->chat->seed.len > 0 && !proa_gemini_seed_fits(w->in->chat->seed);
}
static bool one_tool_at_a_time(const struct gemini_writer *w)
{
    return w->in->chat->n_tools > 0 && w->in->chat->parallel_tools == PROA_CHAT_NO;
}
static bool strict_tools(const struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    for (size_t i = 0; i < r->n_tools; i++) {
        if (r->tools[i].strict == PROA_CHAT_YES) {
            return true;
        }
    }
    return false;
}
static bool user(const struct gemini_writer *w)
{
    return w->in->chat->user.len > 0;
}
static bool service_tier(const struct gemini_writer *w)
{
    return w->in->chat->service_tier.len > 0 &&
           !proa_chat_text_eq(w->in->chat->service_tier, PROA_SLICE("auto")) &&
           !proa_chat_text_eq(w->in->chat->service_tier, PROA_SLICE("default"));
}
static bool thinking(const struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    return w->model->thinking == GEMINI_THINKING_NONE &&
           (r->effort > PROA_CHAT_EFFORT_NONE || r->thinking_tokens > 0);
}
static bool no_thinking(const struct gemini_writer *w)
{
    const struct gemini_model *m = w->model;
    return w->in->chat->effort == PROA_CHAT_EFFORT_NONE && m->thinking != GEMINI_THINKING_NONE &&
           !m->can_rest;
}

static const struct fit_row ROWS[] = {
    {many_stops, FIT_REFUSE, "stop", "more than 5 sequences are not taken"},
    {many_answers, FIT_REFUSE, "n", "more than 8 answers are not given"},
    {many_logprobs, FIT_REFUSE, "top_logprobs", "more than 20 are not given"},
    {json_and_tools, FIT_REFUSE, "response_format",
     "this model gives JSON only to requests without tools"},
    {other_tools, FIT_REFUSE, "tools", "a tool that only another provider runs"},
    {frequency, FIT_DROP, "frequency_penalty", "is not taken by this model"},
    {presence, FIT_DROP, "presence_penalty", "is not taken by this model"},
    {strange_seed, FIT_DROP, "seed", "is not a whole number of 32 bits"},
    {one_tool_at_a_time, FIT_DROP, "parallel_tool_calls", "has no equivalent at this provider"},
    {strict_tools, FIT_DROP, "strict", "has no equivalent at this provider"},
    {user, FIT_DROP, "user", "has no equivalent at this provider"},
    {service_tier, FIT_DROP, "service_tier", "has no equivalent at this provider"},
    {thinking, FIT_DROP, "reasoning_effort", "this model does not think"},
    {no_thinking, FIT_DROP, "reasoning_effort", "this model cannot but think: the least is asked"},
};

/* What a client of another dialect says besides, of which the answer does not depend. */
static const char *const SILENT[] = {"stream",   "stream_options",   "store",
                                     "metadata", "prompt_cache_key", "safety_identifier"};
/* The rest that is known by name: a warning points at static text. */
static const char *const LOUD[] = {"logit_bias", "modalities",         "audio",
                                   "prediction", "web_search_options", "verbosity",
                                   "functions",  "function_call"};

static bool is_one_of(struct proa_slice key, const char *const *names, size_t n, size_t *which)
{
    for (*which = 0; *which < n; *which += 1) {
        if (proa_json_string_eq(key, proa_slice_cstr(names[*which]))) {
            return true;
        }
    }
    return false;
}

static void warn_extras(const struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    for (size_t i = 0; i < r->n_extras; i++) {
        size_t at = 0;
        if (is_one_of(r->extras[i].key, SILENT, PROA_ARRAY_LEN(SILENT), &at)) {
            continue;
        }
        const bool known = is_one_of(r->extras[i].key, LOUD, PROA_ARRAY_LEN(LOUD), &at);
        proa_chat_warn(w->in->warnings, known ? LOUD[at] : "unknown fields",
                       known ? "has no equivalent at this provider" : "were left out");
    }
}

enum proa_err proa_gemini_fit(struct gemini_writer *w)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (!ROWS[i].asks(w)) {
            continue;
        }
        if (ROWS[i].fit == FIT_REFUSE) {
            return proa_gemini_refuse(w, ROWS[i].feature, ROWS[i].reason);
        }
        proa_chat_warn(w->in->warnings, ROWS[i].feature, ROWS[i].reason);
    }
    warn_extras(w);
    return PROA_OK;
}
