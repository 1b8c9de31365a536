/*
 * What a request asks of a model beside its messages: how much it is to think, how it samples, how
 * it is held to JSON. For Claude the plan is made where all that serve it share it; for others
 * here.
 */
#include "bedrock_priv.h"
#include "number_priv.h"

/* ---- other models than Claude ---------------------------------------------------------------- */

static const struct effort_row {
    struct proa_slice flat; /* gpt-oss always thinks */
    struct proa_slice nested;
    struct proa_slice nova;
} EFFORTS[] = {
    [PROA_CHAT_EFFORT_UNSAID] = {PROA_SLICE_INIT(""), PROA_SLICE_INIT(""), PROA_SLICE_INIT("")},
    [PROA_CHAT_EFFORT_NONE] = {PROA_SLICE_INIT("low"), PROA_SLICE_INIT("none"),
                               PROA_SLICE_INIT("")},
    [PROA_CHAT_EFFORT_MINIMAL] = {PROA_SLICE_INIT("low"), PROA_SLICE_INIT("low"),
                                  PROA_SLICE_INIT("low")},
    [PROA_CHAT_EFFORT_LOW] = {PROA_SLICE_INIT("low"), PROA_SLICE_INIT("low"),
                              PROA_SLICE_INIT("low")},
    [PROA_CHAT_EFFORT_MEDIUM] = {PROA_SLICE_INIT("medium"), PROA_SLICE_INIT("medium"),
                                 PROA_SLICE_INIT("medium")},
    [PROA_CHAT_EFFORT_HIGH] = {PROA_SLICE_INIT("high"), PROA_SLICE_INIT("high"),
                               PROA_SLICE_INIT("high")},
    [PROA_CHAT_EFFORT_XHIGH] = {PROA_SLICE_INIT("high"), PROA_SLICE_INIT("xhigh"),
                                PROA_SLICE_INIT("high")},
    [PROA_CHAT_EFFORT_MAX] = {PROA_SLICE_INIT("high"), PROA_SLICE_INIT("xhigh"),
                              PROA_SLICE_INIT("high")},
};

static void drop(struct bedrock_writer *w, struct proa_slice *number, const char *feature,
                 const char *reason)
{
    if (number->len > 0) {
        proa_bedrock_warn(w, feature, reason);
        *number = PROA_SLICE_NONE;
    }
}

/* Nova takes no limits while it thinks its hardest. */
static void plan_nova(struct bedrock_writer *w, const struct proa_claude_wish *wish,
                      enum proa_chat_effort effort)
{
    static const char *const reason = "is not taken while this model thinks its hardest";
    w->rests = wish->mode == CLAUDE_WISH_OFF;
    w->nova_effort = w->rests ? PROA_SLICE_NONE : EFFORTS[effort].nova;
    if (!proa_slice_eq(w->nova_effort, PROA_SLICE("high"))) {
        return;
    }
    if (w->plan.max_tokens > 0) {
        proa_bedrock_warn(w, "max_tokens", reason);
        w->plan.max_tokens = 0;
    }
    drop(w, &w->plan.temperature, "temperature", reason);
    drop(w, &w->plan.top_p, "top_p", reason);
}

static void plan_effort(struct bedrock_writer *w)
{
    struct proa_claude_wish wish = proa_claude_wish_of(w->in->chat);
    proa_bedrock_take_wish(w, &wish);
    enum proa_chat_effort effort = wish.effort;
    const bool wanted = wish.mode == CLAUDE_WISH_BUDGET || wish.mode == CLAUDE_WISH_ADAPTIVE;
    if (wish.budget > 0 && w->model->thinking != BEDROCK_THINKING_NONE) {
        proa_bedrock_warn(w, "thinking.budget_tokens", "this model takes an effort instead");
    }
    if (wanted && effort == PROA_CHAT_EFFORT_UNSAID) {
        effort = PROA_CHAT_EFFORT_MEDIUM;
    }
    switch (w->model->thinking) {
    case BEDROCK_THINKING_NONE:
        if (wanted) {
            proa_bedrock_warn(w, "reasoning_effort", "this model cannot be told how much to think");
        }
        return;
    case BEDROCK_THINKING_FLAT:
        if (wish.mode == CLAUDE_WISH_OFF) {
            proa_bedrock_warn(w, "reasoning_effort", "this model always thinks");
        }
        w->effort = EFFORTS[effort].flat;
        return;
    case BEDROCK_THINKING_NESTED:
        w->effort = EFFORTS[effort].nested;
        return;
    case BEDROCK_THINKING_NOVA:
        plan_nova(w, &wish, effort);
        return;
    case BEDROCK_THINKING_CLAUDE:
        return;
    }
}

static void plan_sampling(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    w->plan.temperature = r->temperature;
    w->plan.top_p = r->top_p;
    w->plan.top_k = r->top_k;
    if ((w->model->flags & BEDROCK_NO_SAMPLING) != 0) {
        drop(w, &w->plan.temperature, "temperature", "is not taken by this model");
        drop(w, &w->plan.top_p, "top_p", "is not taken by this model");
    }
    if (!w->model->top_k) {
        drop(w, &w->plan.top_k, "top_k", "is not taken by this model");
    }
    if (w->plan.temperature.len > 0) {
        w->plan.temperature = proa_number_clamp_one(r->temperature);
        if (w->plan.temperature.ptr != r->temperature.ptr) {
            proa_bedrock_warn(w, "temperature", "is between 0 and 1 here");
        }
    }
}

/* Held to a schema by a tool that must be called, where one can be forced. */
static void plan_format(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    const bool forces = w->model->choice != BEDROCK_CHOICE_AUTO;
    if (r->format == PROA_CHAT_FORMAT_SCHEMA && r->format_schema.len > 0 && forces) {
        w->plan.schema = CLAUDE_SCHEMA_TOOL;
    } else if (r->format == PROA_CHAT_FORMAT_SCHEMA || r->format == PROA_CHAT_FORMAT_JSON) {
        w->plan.schema = CLAUDE_SCHEMA_SYSTEM;
        if (r->format == PROA_CHAT_FORMAT_SCHEMA) {
            proa_bedrock_warn(w, "response_format", "is asked for in words at this model");
        }
    }
}

enum proa_err proa_bedrock_think(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    const bool is_claude = w->model->thinking == BEDROCK_THINKING_CLAUDE;
    w->one_call = is_claude && r->n_tools > 0 && r->parallel_tools == PROA_CHAT_NO;
    if (!is_claude) {
        w->plan.max_tokens = r->max_tokens;
        if (r->n_tools > 0 && r->parallel_tools == PROA_CHAT_NO) {
            proa_bedrock_warn(w, "parallel_tool_calls", "has no equivalent at this model");
        }
        plan_sampling(w);
        plan_format(w);
        plan_effort(w);
        return PROA_OK;
    }
    struct proa_claude_wish wish = proa_claude_wish_of(r);
    proa_bedrock_take_wish(w, &wish);
    proa_claude_plan(proa_claude_find(w->in->model), r, &wish,
                     (w->model->flags & BEDROCK_NO_SCHEMA) == 0, w->in->warnings, &w->plan);
    return w->plan.feature ? proa_bedrock_refuse(w, w->plan.feature, w->plan.reason) : PROA_OK;
}

/* ---- fields ---------------------------------------------------------------------------------- */

void proa_bedrock_open_fields(struct bedrock_writer *w)
{
    if (!w->has_fields) {
        proa_json_writer_key(&w->json, PROA_SLICE("additionalModelRequestFields"));
        proa_json_writer_begin_object(&w->json);
        w->has_fields = true;
    }
}

/* Is it for us to write? Then fields are open. */
static bool takes_field(struct bedrock_writer *w, bool wanted, const char *key)
{
    if (!wanted || proa_bedrock_has_field(w, proa_slice_cstr(key))) {
        return false;
    }
    proa_bedrock_open_fields(w);
    return true;
}

/* The choice of tools stands here instead of in toolConfig when it says more than that can. */
static void put_one_call(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    const bool named = r->choice == PROA_CHAT_CHOICE_NAMED;
    proa_json_writer_key(&w->json, PROA_SLICE("tool_choice"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "type",
                             w->plan.schema == CLAUDE_SCHEMA_TOOL ||
                                     r->choice == PROA_CHAT_CHOICE_REQUIRED
                                 ? PROA_SLICE("any")
                             : named ? PROA_SLICE("tool")
                                     : PROA_SLICE("auto"));
    if (named && w->plan.schema != CLAUDE_SCHEMA_TOOL) {
        proa_bedrock_member_text(w, "name", r->choice_name);
    }
    proa_json_writer_member_bool(&w->json, "disable_parallel_tool_use", true);
    proa_json_writer_end_object(&w->json);
}

static void put_nova(struct bedrock_writer *w)
{
    proa_json_writer_key(&w->json, PROA_SLICE("reasoningConfig"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "type", w->rests ? PROA_SLICE("disabled") : PROA_SLICE("enabled"));
    if (!w->rests) {
        proa_bedrock_member_text(w, "maxReasoningEffort", w->nova_effort);
    }
    proa_json_writer_end_object(&w->json);
}

static void put_effort(struct bedrock_writer *w)
{
    const bool flat = w->model->thinking == BEDROCK_THINKING_FLAT;
    if (!takes_field(w, w->effort.len > 0, flat ? "reasoning_effort" : "reasoning")) {
        return;
    }
    if (flat) {
        proa_bedrock_member_text(w, "reasoning_effort", w->effort);
        return;
    }
    proa_json_writer_key(&w->json, PROA_SLICE("reasoning"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "effort", w->effort);
    proa_json_writer_end_object(&w->json);
}

static void put_top_k(struct bedrock_writer *w)
{
    const char *in = w->model->top_k_in;
    if (!w->model->top_k || !takes_field(w, w->plan.top_k.len > 0, in ? in : w->model->top_k)) {
        return;
    }
    if (in) {
        proa_json_writer_key(&w->json, proa_slice_cstr(in));
        proa_json_writer_begin_object(&w->json);
    }
    proa_bedrock_member_raw(w, w->model->top_k, w->plan.top_k);
    if (in) {
        proa_json_writer_end_object(&w->json);
    }
}

void proa_bedrock_put_fields(struct bedrock_writer *w)
{
    const struct proa_claude_plan *plan = &w->plan;
    if (takes_field(w, plan->thinking != CLAUDE_WISH_UNSAID, "thinking")) {
        proa_claude_put_thinking(&w->json, plan);
    }
    if (takes_field(w, plan->effort.len > 0 || plan->schema == CLAUDE_SCHEMA_OWN,
                    "output_config")) {
        proa_claude_put_output(&w->json, plan, w->in->chat);
    }
    if (takes_field(w, w->one_call, "tool_choice")) {
        put_one_call(w);
    }
    if (takes_field(w, w->nova_effort.len > 0 || w->rests, "reasoningConfig")) {
        put_nova(w);
    }
    put_effort(w);
    put_top_k(w);
    proa_bedrock_put_own_fields(w);
    if (w->has_fields) {
        proa_json_writer_end_object(&w->json);
    }
}
