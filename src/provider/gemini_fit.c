/*
 * What a request asks for and Google cannot do: tables that say for each whether the answer is
 * still an answer without it (dropped, with a warning) or another one (refused: another target may
 * do it). What depends on the model or on how much is asked has its rows here; what Google has no
 * word for are gaps as every dialect has them.
 */
#include "gaps_priv.h"
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
static bool strange_seed(const struct gemini_writer *w)
{
    return w->in->chat->seed.len > 0 && !proa_gemini_seed_fits(w->in->chat->seed);
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
    {strange_seed, FIT_DROP, "seed", "is not a whole number of 32 bits"},
    {strict_tools, FIT_DROP, "strict", "has no equivalent at this provider"},
    {thinking, FIT_DROP, "reasoning_effort", "this model does not think"},
    {no_thinking, FIT_DROP, "reasoning_effort", "this model cannot but think: the least is asked"},
};

/* What has no word at all; the first two only where the model does not take them. */
enum { PENALTIES = 2 };
static const struct proa_gap_row GAPS[] = {
    {PROA_GAP_FREQUENCY_PENALTY, false, "is not taken by this model"},
    {PROA_GAP_PRESENCE_PENALTY, false, "is not taken by this model"},
    {PROA_GAP_PARALLEL, false, "has no equivalent at this provider"},
    {PROA_GAP_USER, false, "has no equivalent at this provider"},
    {PROA_GAP_SERVICE_TIER, false, "has no equivalent at this provider"},
};

enum proa_err proa_gemini_fit(struct gemini_writer *w)
{
    const size_t skipped = proa_gemini_sends_penalties(w) ? PENALTIES : 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (!ROWS[i].asks(w)) {
            continue;
        }
        if (ROWS[i].fit == FIT_REFUSE) {
            return proa_gemini_refuse(w, ROWS[i].feature, ROWS[i].reason);
        }
        proa_chat_warn(w->in->warnings, ROWS[i].feature, ROWS[i].reason);
    }
    return proa_gaps_pass(w->in->chat, GAPS + skipped, PROA_ARRAY_LEN(GAPS) - skipped,
                          PROA_SLICE("gemini"), w->in->warnings, w->out)
               ? PROA_OK
               : PROA_ERR_UNSUPPORTED;
}
