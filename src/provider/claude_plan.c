#include "claude_priv.h"
#include "number_priv.h"

#include "proa/chat/text.h"

enum { BUDGET_MIN = 1024 };

/* What an effort is as a budget of tokens, and as a word where the model has all of them. */
static const struct effort_row {
    uint64_t budget;
    struct proa_slice word;
} EFFORTS[] = {
    [PROA_CHAT_EFFORT_UNSAID] = {2048, PROA_SLICE_INIT("")},
    [PROA_CHAT_EFFORT_NONE] = {1024, PROA_SLICE_INIT("low")}, /* where it cannot be switched off */
    [PROA_CHAT_EFFORT_MINIMAL] = {1024, PROA_SLICE_INIT("low")},
    [PROA_CHAT_EFFORT_LOW] = {1024, PROA_SLICE_INIT("low")},
    [PROA_CHAT_EFFORT_MEDIUM] = {2048, PROA_SLICE_INIT("medium")},
    [PROA_CHAT_EFFORT_HIGH] = {4096, PROA_SLICE_INIT("high")},
    [PROA_CHAT_EFFORT_XHIGH] = {8192, PROA_SLICE_INIT("xhigh")},
    [PROA_CHAT_EFFORT_MAX] = {16384, PROA_SLICE_INIT("max")},
};

struct proa_claude_wish proa_claude_wish_of(const struct proa_chat_request *chat)
{
    struct proa_claude_wish wish = {.effort = chat->effort, .show = chat->show_thinking};
    if (chat->thinking_tokens > 0) {
        wish.mode = CLAUDE_WISH_BUDGET;
        wish.budget = chat->thinking_tokens;
    } else if (chat->effort == PROA_CHAT_EFFORT_NONE) {
        wish.mode = CLAUDE_WISH_OFF;
    } else if (chat->effort != PROA_CHAT_EFFORT_UNSAID) {
        wish.mode = CLAUDE_WISH_ADAPTIVE;
    }
    return wish;
}

static void refuse(struct proa_claude_plan *plan, const char *feature, const char *reason)
{
    if (!plan->feature) {
        plan->feature = feature;
        plan->reason = reason;
    }
}

/* ---- the conversation -------------------------------------------------------------------------*/

/* The last message that is not the system's; NULL when there is none. */
static const struct proa_chat_message *last_of(const struct proa_chat_request *chat)
{
    for (size_t i = chat->n_messages; i > 0; i--) {
        if (chat->messages[i - 1].role != PROA_CHAT_SYSTEM) {
            return &chat->messages[i - 1];
        }
    }
    return NULL;
}

static bool holds(const struct proa_chat_message *m, enum proa_chat_part_kind kind)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        if (m->parts[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Is there anything in it to go on with? */
static bool says_something(const struct proa_chat_message *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct proa_chat_part *p = &m->parts[i];
        if (p->kind == PROA_CHAT_PART_TOOL_CALL ||
            ((p->kind == PROA_CHAT_PART_TEXT || p->kind == PROA_CHAT_PART_REFUSAL) &&
             !proa_chat_text_is_blank(p->text))) {
            return true;
        }
    }
    return false;
}

static bool begins_thinking(const struct proa_chat_message *m)
{
    const struct proa_chat_part *p = m->parts;
    return m->n_parts > 0 && p->kind == PROA_CHAT_PART_REASONING &&
           proa_chat_part_is_sealed(p, PROA_SLICE(PROA_CHAT_SEALED_CLAUDE));
}

/*
 * A turn that called tools and is still going on must have begun with its thinking when thinking
 * has a budget; a client of another surface, or another provider before this one, did not keep it.
 */
static bool lacks_thinking(const struct proa_chat_request *chat)
{
    for (size_t i = chat->n_messages; i > 0; i--) {
        const struct proa_chat_message *m = &chat->messages[i - 1];
        if (m->role == PROA_CHAT_ASSISTANT) {
            return holds(m, PROA_CHAT_PART_TOOL_CALL) && !begins_thinking(m);
        }
        if (m->role == PROA_CHAT_USER && !holds(m, PROA_CHAT_PART_TOOL_RESULT)) {
            return false;
        }
    }
    return false;
}

/* ---- thinking -------------------------------------------------------------------------------- */

static bool is_forced(const struct proa_claude_plan *plan, const struct proa_chat_request *chat)
{
    return plan->schema == CLAUDE_SCHEMA_TOOL ||
           (chat->n_tools > 0 &&
            (chat->choice == PROA_CHAT_CHOICE_REQUIRED || chat->choice == PROA_CHAT_CHOICE_NAMED));
}

static void plan_budget(struct proa_claude_plan *plan, const struct proa_chat_request *chat,
                        const struct proa_claude_wish *wish, struct proa_chat_warnings *warnings)
{
    const char *reason = NULL;
    uint64_t budget = wish->budget > 0 ? wish->budget : EFFORTS[wish->effort].budget;
    budget = budget < BUDGET_MIN ? BUDGET_MIN : budget;
    budget = budget < plan->max_tokens ? budget : plan->max_tokens - 1;
    if (budget < BUDGET_MIN) {
        reason = "the limit of tokens leaves no room to think";
    } else if (is_forced(plan, chat)) {
        reason = "this model does not think when a tool is forced";
    } else if (plan->prefill) {
        reason = "this model does not think when its answer is begun for it";
    } else if (lacks_thinking(chat)) {
        reason = "the turn under way was begun without this model's thinking";
    }
    if (reason) {
        proa_chat_warn(warnings, "reasoning_effort", reason);
        return;
    }
    plan->thinking = CLAUDE_WISH_BUDGET;
    plan->budget = budget;
}

static struct proa_slice word_of(const struct proa_claude *model, enum proa_chat_effort effort)
{
    if (effort == PROA_CHAT_EFFORT_XHIGH && (model->can & CLAUDE_XHIGH) == 0) {
        effort = PROA_CHAT_EFFORT_HIGH;
    }
    return EFFORTS[effort].word;
}

/* The effort whose budget comes nearest from above. */
static enum proa_chat_effort effort_of(uint64_t budget)
{
    enum proa_chat_effort effort = PROA_CHAT_EFFORT_LOW;
    while (effort < PROA_CHAT_EFFORT_HIGH && EFFORTS[effort].budget < budget) {
        effort++;
    }
    return effort;
}

static void plan_adaptive(struct proa_claude_plan *plan, const struct proa_chat_request *chat,
                          const struct proa_claude_wish *wish, struct proa_chat_warnings *warnings)
{
    enum proa_chat_effort effort = wish->effort;
    if (wish->mode == CLAUDE_WISH_OFF && (plan->model->can & CLAUDE_OFF) != 0) {
        plan->thinking = CLAUDE_WISH_OFF;
        return;
    }
    if (wish->mode == CLAUDE_WISH_OFF) {
        proa_chat_warn(warnings, "reasoning_effort", "this model always thinks");
        plan->effort = EFFORTS[PROA_CHAT_EFFORT_LOW].word;
        return;
    }
    if (wish->mode == CLAUDE_WISH_BUDGET && (plan->model->can & CLAUDE_TOKENS) != 0) {
        plan_budget(plan, chat, wish, warnings);
    } else {
        if (wish->budget > 0) {
            proa_chat_warn(warnings, "thinking.budget_tokens",
                           "this model decides itself how much it thinks");
            effort = effort == PROA_CHAT_EFFORT_UNSAID ? effort_of(wish->budget) : effort;
        }
        plan->thinking = is_forced(plan, chat) ? CLAUDE_WISH_UNSAID : CLAUDE_WISH_ADAPTIVE;
    }
    plan->effort = word_of(plan->model, effort);
}

static void plan_thinking(struct proa_claude_plan *plan, const struct proa_chat_request *chat,
                          const struct proa_claude_wish *wish, struct proa_chat_warnings *warnings)
{
    const bool wanted = wish->mode == CLAUDE_WISH_BUDGET || wish->mode == CLAUDE_WISH_ADAPTIVE;
    switch (plan->model->thinking) {
    case CLAUDE_THINKING_NONE:
        if (wanted) {
            proa_chat_warn(warnings, "reasoning_effort", "this model does not reason");
        }
        return;
    case CLAUDE_THINKING_BUDGET: /* off unless asked for */
        if (wanted) {
            plan_budget(plan, chat, wish, warnings);
        }
        break;
    case CLAUDE_THINKING_ADAPTIVE:
        if (wish->mode != CLAUDE_WISH_UNSAID) {
            plan_adaptive(plan, chat, wish, warnings);
        } else {
            plan->effort = word_of(plan->model, wish->effort);
        }
        break;
    }
    const bool thinks =
        plan->thinking == CLAUDE_WISH_BUDGET || plan->thinking == CLAUDE_WISH_ADAPTIVE;
    if (thinks && (plan->model->can & CLAUDE_SHY) != 0) {
        plan->display =
            wish->show == PROA_CHAT_NO ? PROA_SLICE("omitted") : PROA_SLICE("summarized");
    }
}

/* ---- sampling -------------------------------------------------------------------------------- */

/* 1 is the default of both: to leave it out changes nothing. */
static void drop(struct proa_slice *number, const char *feature, const char *reason,
                 struct proa_chat_warnings *warnings)
{
    if (number->len > 0 && !proa_number_is_one(*number)) {
        proa_chat_warn(warnings, feature, reason);
    }
    *number = PROA_SLICE_NONE;
}

static void plan_sampling(struct proa_claude_plan *plan, const struct proa_chat_request *chat,
                          struct proa_chat_warnings *warnings)
{
    const char *reason = NULL;
    plan->temperature = chat->temperature;
    plan->top_p = chat->top_p;
    plan->top_k = chat->top_k;
    if (plan->model->sampling == CLAUDE_SAMPLING_NONE) {
        reason = "this model takes no sampling parameters";
    } else if (plan->thinking == CLAUDE_WISH_BUDGET || plan->thinking == CLAUDE_WISH_ADAPTIVE) {
        reason = "this model takes none while it thinks";
    }
    if (reason) {
        drop(&plan->temperature, "temperature", reason, warnings);
        drop(&plan->top_p, "top_p", reason, warnings);
        if (plan->top_k.len > 0) {
            proa_chat_warn(warnings, "top_k", reason);
        }
        plan->top_k = PROA_SLICE_NONE;
        return;
    }
    if (plan->model->sampling == CLAUDE_SAMPLING_ONE && plan->temperature.len > 0) {
        drop(&plan->top_p, "top_p", "this model takes temperature or top_p, not both", warnings);
    }
    if (plan->temperature.len > 0) {
        plan->temperature = proa_number_clamp_one(chat->temperature);
        if (plan->temperature.ptr != chat->temperature.ptr) {
            proa_chat_warn(warnings, "temperature", "is between 0 and 1 here");
        }
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void plan_schema(struct proa_claude_plan *plan, const struct proa_chat_request *chat,
                        const struct proa_claude_wish *wish, bool takes_schema)
{
    const unsigned can = plan->model->can;
    if (chat->format == PROA_CHAT_FORMAT_SCHEMA && chat->format_schema.len > 0) {
        const bool own = (can & CLAUDE_SCHEMA) != 0 && takes_schema && !wish->by_tool;
        plan->schema = own || (can & CLAUDE_FORCED) == 0 ? CLAUDE_SCHEMA_OWN : CLAUDE_SCHEMA_TOOL;
    } else if (chat->format == PROA_CHAT_FORMAT_JSON || chat->format == PROA_CHAT_FORMAT_SCHEMA) {
        plan->schema = CLAUDE_SCHEMA_SYSTEM;
    }
    plan->strict = (can & CLAUDE_SCHEMA) != 0 && takes_schema;
}

static void plan_tokens(struct proa_claude_plan *plan, const struct proa_chat_request *chat,
                        struct proa_chat_warnings *warnings)
{
    const uint64_t max = plan->model->max_tokens;
    plan->max_tokens = chat->max_tokens > 0 ? chat->max_tokens : max;
    if (plan->max_tokens > max && (plan->model->can & CLAUDE_KNOWN) != 0) {
        proa_chat_warn(warnings, "max_tokens", "is more than this model gives");
        plan->max_tokens = max;
    }
}

void proa_claude_plan(const struct proa_claude *model, const struct proa_chat_request *chat,
                      const struct proa_claude_wish *wish, bool takes_schema,
                      struct proa_chat_warnings *warnings, struct proa_claude_plan *out)
{
    const struct proa_chat_message *last = last_of(chat);
    *out = (struct proa_claude_plan){.model = model};
    out->prefill = last && last->role == PROA_CHAT_ASSISTANT && says_something(last);
    if (out->prefill && (model->can & CLAUDE_PREFILL) == 0) {
        refuse(out, "a last message of the assistant", "this model does not go on with one");
    }
    plan_tokens(out, chat, warnings);
    plan_schema(out, chat, wish, takes_schema);
    if (is_forced(out, chat) && (model->can & CLAUDE_FORCED) == 0) {
        refuse(out, "tool_choice", "this model cannot be made to call a tool");
    }
    plan_thinking(out, chat, wish, warnings);
    plan_sampling(out, chat, warnings);
}

/* ---- writing --------------------------------------------------------------------------------- */

void proa_claude_put_thinking(struct proa_json_writer *w, const struct proa_claude_plan *plan)
{
    static const struct proa_slice types[] = {
        [CLAUDE_WISH_UNSAID] = PROA_SLICE_INIT(""),
        [CLAUDE_WISH_OFF] = PROA_SLICE_INIT("disabled"),
        [CLAUDE_WISH_BUDGET] = PROA_SLICE_INIT("enabled"),
        [CLAUDE_WISH_ADAPTIVE] = PROA_SLICE_INIT("adaptive"),
    };
    if (plan->thinking == CLAUDE_WISH_UNSAID) {
        return;
    }
    proa_json_writer_key(w, PROA_SLICE("thinking"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", types[plan->thinking]);
    if (plan->thinking == CLAUDE_WISH_BUDGET) {
        proa_json_writer_member_u64(w, "budget_tokens", plan->budget);
    }
    if (plan->display.len > 0) {
        proa_json_writer_member_string(w, "display", plan->display);
    }
    proa_json_writer_end_object(w);
}

void proa_claude_put_output(struct proa_json_writer *w, const struct proa_claude_plan *plan,
                            const struct proa_chat_request *chat)
{
    if (plan->effort.len == 0 && plan->schema != CLAUDE_SCHEMA_OWN) {
        return;
    }
    proa_json_writer_key(w, PROA_SLICE("output_config"));
    proa_json_writer_begin_object(w);
    if (plan->effort.len > 0) {
        proa_json_writer_member_string(w, "effort", plan->effort);
    }
    if (plan->schema == CLAUDE_SCHEMA_OWN) {
        proa_json_writer_key(w, PROA_SLICE("format"));
        proa_json_writer_begin_object(w);
        proa_json_writer_member_string(w, "type", PROA_SLICE("json_schema"));
        proa_json_writer_key(w, PROA_SLICE("schema"));
        proa_json_writer_raw(w, chat->format_schema);
        proa_json_writer_end_object(w);
    }
    proa_json_writer_end_object(w);
}
