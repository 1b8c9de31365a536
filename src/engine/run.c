/*
 * One exchange, from admitted to finished.
 *
 * An attempt:   CONNECTING -> SENT -> HEAD -> CONTENT -> OVER, and from each stage straight to
 * OVER. The exchange: undecided -> committed (one attempt is the winner) -> finished, or undecided
 * -> finished with an error.
 */
#include "proa/engine/run.h"

#include "engine_priv.h"

static const char *const REASONS[PROA_REASON_COUNT] = {
#define ROW(name, text) [PROA_REASON_##name] = (text),
    PROA_REASON_TABLE(ROW)
#undef ROW
};

const char *proa_reason_text(enum proa_reason reason)
{
    return (size_t)reason < PROA_ARRAY_LEN(REASONS) ? REASONS[reason] : "unknown";
}

const char *proa_outcome_text(enum proa_outcome outcome)
{
    static const char *const texts[] = {"ok", "degraded", "client_error", "error", "cancelled"};
    return (size_t)outcome < PROA_ARRAY_LEN(texts) ? texts[outcome] : "unknown";
}

static struct proa_command *emit(struct proa_commands *out, enum proa_cmd kind,
                                 enum proa_reason reason)
{
    PROA_ASSERT(out->n < PROA_RUN_COMMANDS_MAX);
    struct proa_command *command = &out->items[out->n++];
    *command = (struct proa_command){.kind = kind, .reason = reason};
    return command;
}

static bool is_active(const struct proa_attempt_record *a)
{
    return a->stage != PROA_STAGE_UNUSED && a->stage != PROA_STAGE_OVER;
}

static void attempt_over(struct proa_attempt_record *a, uint64_t now_ns, enum proa_class class)
{
    a->stage = PROA_STAGE_OVER;
    a->class = class;
    a->ended_ns = now_ns;
}

static void cancel_active(struct proa_run *run, uint64_t now_ns, uint8_t except,
                          enum proa_reason reason, struct proa_commands *out)
{
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        if (i != except && is_active(&run->attempts[i])) {
            attempt_over(&run->attempts[i], now_ns, PROA_CLASS_CANCELLED);
            emit(out, PROA_CMD_CANCEL, reason)->attempt = i;
        }
    }
}

static void finish(struct proa_run *run, enum proa_outcome outcome, enum proa_reason reason,
                   struct proa_commands *out)
{
    run->finished = true;
    run->armed_ns = PROA_NEVER;
    emit(out, PROA_CMD_ARM, reason)->deadline_ns = PROA_NEVER;
    emit(out, PROA_CMD_FINISH, reason)->outcome = outcome;
}

/* ---- deadlines ------------------------------------------------------------------------------- */

struct due {
    uint64_t at_ns;
    enum proa_class class; /* of the failure when it passes */
};

static struct due earlier(struct due a, struct due b)
{
    return b.at_ns < a.at_ns ? b : a;
}

static struct due attempt_due(const struct proa_run *run, const struct proa_attempt_record *a)
{
    const struct proa_timeout_cfg *t = &run->route->policy->timeouts;
    struct due due = {PROA_NEVER, PROA_CLASS_NONE};
    const bool stream = run->options.stream;
    switch (a->stage) {
    case PROA_STAGE_CONNECTING:
        due.at_ns = proa_clock_after(proa_clock_after(a->started_ns, t->connect_ns), t->tls_ns);
        due.class = PROA_CLASS_CONNECT_TIMEOUT;
        break;
    case PROA_STAGE_SENT:
        if (stream) {
            due.at_ns = proa_clock_after(a->connected_ns, t->first_byte_ns);
            due.class = PROA_CLASS_FIRST_BYTE_TIMEOUT;
            due = earlier(due, (struct due){proa_clock_after(a->connected_ns, t->first_content_ns),
                                            PROA_CLASS_FIRST_CONTENT_TIMEOUT});
        }
        break;
    case PROA_STAGE_HEAD:
        due.at_ns = stream ? proa_clock_after(a->connected_ns, t->first_content_ns)
                           : proa_clock_after(a->last_bytes_ns, t->idle_bytes_ns);
        due.class = stream ? PROA_CLASS_FIRST_CONTENT_TIMEOUT : PROA_CLASS_IDLE_TIMEOUT;
        break;
    case PROA_STAGE_CONTENT:
        due.at_ns = proa_clock_after(a->last_bytes_ns, t->idle_bytes_ns);
        due.class = PROA_CLASS_IDLE_TIMEOUT;
        if (stream) {
            due = earlier(due, (struct due){proa_clock_after(a->last_content_ns, t->idle_ns),
                                            PROA_CLASS_IDLE_TIMEOUT});
        }
        break;
    case PROA_STAGE_UNUSED:
    case PROA_STAGE_OVER:
        break;
    }
    return due;
}

static uint64_t earliest_due(const struct proa_run *run)
{
    uint64_t at = run->deadline_ns;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        const uint64_t due = attempt_due(run, &run->attempts[i]).at_ns;
        at = due < at ? due : at;
    }
    return at;
}

/* Arming only for what is sooner keeps a stream's every event from moving the timer. */
static void arm(struct proa_run *run, bool fired, struct proa_commands *out)
{
    if (run->finished) {
        return;
    }
    const uint64_t at = earliest_due(run);
    if (fired || at < run->armed_ns) {
        run->armed_ns = at;
        emit(out, PROA_CMD_ARM, PROA_REASON_DEADLINE)->deadline_ns = at;
    }
}

/* ---- ending with an error -------------------------------------------------------------------- */

static bool all_of_class(const struct proa_run *run, enum proa_class class)
{
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        if (run->attempts[i].class != class) {
            return false;
        }
    }
    return run->n_attempts > 0;
}

/* Span from now to the soonest time that any of the targets asked for; 0 when none did, or it has
 * passed. Each was counted from its own failure. */
static uint64_t soonest_retry(const struct proa_run *run, uint64_t now_ns)
{
    uint64_t soonest = PROA_NEVER;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        const struct proa_attempt_record *a = &run->attempts[i];
        const uint64_t at = proa_clock_after(a->ended_ns, a->retry_after_ns);
        if (a->retry_after_ns > 0 && at < soonest) {
            soonest = at;
        }
    }
    return soonest == PROA_NEVER ? 0 : proa_clock_since(soonest, now_ns);
}

/* How useful an attempt's failure is to the client, `resilience.md` 6; higher wins, later wins
 * ties. */
static int usefulness(const struct proa_attempt_record *a)
{
    if (a->class == PROA_CLASS_CLIENT) {
        return 4;
    }
    if (a->status >= 500) {
        return 3;
    }
    if (a->status >= 400) {
        return 2; /* a good status and then no answer is no more use than none */
    }
    return a->class == PROA_CLASS_CANCELLED ? 0 : 1;
}

static struct proa_terminal most_useful(const struct proa_run *run, uint64_t now_ns)
{
    struct proa_terminal t = {.fail = PROA_FAIL_NO_TARGET, .should_retry = true};
    int best = -1;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        const int useful = usefulness(&run->attempts[i]);
        if (useful >= best) {
            best = useful;
            t.attempt = i;
        }
    }
    if (best < 0) {
        return t;
    }
    const struct proa_attempt_record *a = &run->attempts[t.attempt];
    t.class = a->class;
    t.fail = best >= 2 ? PROA_FAIL_UPSTREAM : PROA_FAIL_ALL_FAILED;
    t.should_retry = all_of_class(run, PROA_CLASS_RATE);
    if (t.should_retry || a->class == PROA_CLASS_OVERLOADED) {
        t.retry_after_ns = soonest_retry(run, now_ns);
    }
    return t;
}

static void reply_error(struct proa_run *run, struct proa_terminal terminal,
                        enum proa_reason reason, struct proa_commands *out)
{
    if (run->client_gone) {
        finish(run, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
        return;
    }
    emit(out, PROA_CMD_REPLY_ERROR, reason)->terminal = terminal;
    finish(run,
           terminal.class == PROA_CLASS_CLIENT ? PROA_OUTCOME_CLIENT_ERROR : PROA_OUTCOME_ERROR,
           reason, out);
}

/* The exchange ends now for a reason of our own, whatever the attempts do. */
static void give_up(struct proa_run *run, uint64_t now_ns, enum proa_fail fail,
                    enum proa_reason reason, struct proa_commands *out)
{
    struct proa_terminal t = {.fail = proa_run_committed(run) ? PROA_FAIL_INTERRUPTED : fail,
                              .class = PROA_CLASS_TOTAL_TIMEOUT,
                              .should_retry = fail == PROA_FAIL_DRAINING,
                              .attempt = run->n_attempts > 0 ? (uint8_t)(run->n_attempts - 1) : 0};
    if (fail == PROA_FAIL_DRAINING) {
        t.class = PROA_CLASS_CANCELLED;
    }
    cancel_active(run, now_ns, PROA_RUN_ATTEMPTS_MAX, reason, out);
    reply_error(run, t, reason, out);
}

/* ---- attempts -------------------------------------------------------------------------------- */

static size_t candidate_index(const struct proa_run *run, const struct proa_candidate *candidate)
{
    return (size_t)(candidate - run->route->candidates);
}

static bool shares_fault(enum proa_scope scope, const struct proa_candidate *failed,
                         const struct proa_candidate *other)
{
    const struct proa_target *f = failed->target;
    const struct proa_target *o = other->target;
    switch (scope) {
    case PROA_SCOPE_TARGET:
        return f->key == o->key && proa_slice_eq(f->model, o->model);
    case PROA_SCOPE_POOL:
        return f->provider == o->provider && proa_slice_eq(f->model, o->model);
    case PROA_SCOPE_ENDPOINT:
        return f->provider->endpoint == o->provider->endpoint;
    case PROA_SCOPE_QUOTA_GROUP:
        /* A key without a named group is a group of its own, whatever model is asked through it. */
        return f->key == o->key || (f->provider == o->provider && f->key->quota_group.len > 0 &&
                                    proa_slice_eq(f->key->quota_group, o->key->quota_group));
    case PROA_SCOPE_KEY:
        return f->key == o->key;
    case PROA_SCOPE_NONE:
    case PROA_SCOPE_REQUEST:
    case PROA_SCOPE_LOCAL:
        return false;
    }
    return false;
}

static void avoid_same_fault(struct proa_run *run, const struct proa_attempt_record *failed)
{
    const enum proa_scope scope = proa_class_scope(failed->class);
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        if (shares_fault(scope, failed->candidate, &run->route->candidates[i])) {
            run->avoid |= UINT64_C(1) << i;
        }
    }
}

static const struct proa_candidate *pick_next(struct proa_run *run)
{
    const struct proa_candidate *next =
        proa_engine_pick(run->engine, run->route, run->tried | run->avoid);
    return next ? next : proa_engine_pick(run->engine, run->route, run->tried);
}

static enum proa_reason start_reason(const struct proa_run *run,
                                     const struct proa_candidate *candidate)
{
    if (run->n_attempts == 0) {
        return PROA_REASON_FIRST_CHOICE;
    }
    return candidate->tier > run->attempts[run->n_attempts - 1].candidate->tier
               ? PROA_REASON_NEXT_TIER
               : PROA_REASON_NEXT_TARGET;
}

static void start(struct proa_run *run, uint64_t now_ns, const struct proa_candidate *candidate,
                  struct proa_commands *out)
{
    PROA_ASSERT(run->n_attempts < PROA_RUN_ATTEMPTS_MAX);
    const uint8_t n = run->n_attempts;
    const enum proa_reason reason = start_reason(run, candidate);
    run->attempts[n] = (struct proa_attempt_record){
        .candidate = candidate,
        .stage = PROA_STAGE_CONNECTING,
        .purpose = n == 0 ? PROA_PURPOSE_PRIMARY : PROA_PURPOSE_RETRY,
        .reason = reason,
        .started_ns = now_ns,
    };
    run->n_attempts = (uint8_t)(n + 1);
    run->tried |= UINT64_C(1) << candidate_index(run, candidate);
    struct proa_command *command = emit(out, PROA_CMD_START, reason);
    command->attempt = n;
    command->candidate = candidate;
    command->purpose = run->attempts[n].purpose;
}

/* The first attempt, or the next one after a failure, or the end. */
static void start_next(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    uint32_t max = run->route->policy->retry.max_attempts;
    max = max < PROA_RUN_ATTEMPTS_MAX ? max : PROA_RUN_ATTEMPTS_MAX;
    enum proa_reason spent = PROA_REASON_ATTEMPTS_SPENT;
    if (run->options.no_fallback && run->n_attempts > 0) {
        spent = PROA_REASON_NO_FALLBACK;
    } else if (run->n_attempts < max) {
        const struct proa_candidate *next = pick_next(run);
        if (next && now_ns >= run->deadline_ns) {
            /* The timer is late, or the request was: no money for an answer nobody may get. */
            give_up(run, now_ns, PROA_FAIL_DEADLINE, PROA_REASON_DEADLINE, out);
            return;
        }
        if (next) {
            start(run, now_ns, next, out);
            return;
        }
        spent = run->n_attempts > 0 ? PROA_REASON_TARGETS_SPENT : PROA_REASON_NO_TARGET;
    }
    reply_error(run, most_useful(run, now_ns), spent, out);
}

static void attempt_failed(struct proa_run *run, uint64_t now_ns, uint8_t index,
                           enum proa_class class, struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[index];
    attempt_over(a, now_ns, class);
    if (index == run->winner) {
        const struct proa_terminal t = {
            .fail = PROA_FAIL_INTERRUPTED, .attempt = index, .class = class};
        reply_error(run, t, PROA_REASON_COMMITTED, out);
        return;
    }
    avoid_same_fault(run, a);
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        if (is_active(&run->attempts[i])) {
            return; /* another attempt of this exchange is still on its way */
        }
    }
    if (run->client_gone) {
        finish(run, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
    } else if (!proa_class_movable(class)) {
        reply_error(run, most_useful(run, now_ns), PROA_REASON_NOT_MOVABLE, out);
    } else {
        start_next(run, now_ns, out);
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_first_content(struct proa_run *run, uint64_t now_ns, uint8_t index,
                             struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[index];
    a->stage = PROA_STAGE_CONTENT;
    a->content_ns = now_ns;
    a->last_content_ns = now_ns;
    a->last_bytes_ns = now_ns;
    if (!proa_run_committed(run)) {
        run->winner = index;
        cancel_active(run, now_ns, index, PROA_REASON_LOST_RACE, out);
        emit(out, PROA_CMD_COMMIT, PROA_REASON_CONTENT)->attempt = index;
    }
}

static void on_ended(struct proa_run *run, uint64_t now_ns, uint8_t index,
                     struct proa_commands *out)
{
    if (index != run->winner) {
        on_first_content(run, now_ns, index, out);
    }
    attempt_over(&run->attempts[index], now_ns, PROA_CLASS_OK);
    const bool first_choice = index == 0 && run->attempts[0].candidate->tier == 0;
    finish(run,
           run->client_gone ? PROA_OUTCOME_CANCELLED
           : first_choice   ? PROA_OUTCOME_OK
                            : PROA_OUTCOME_DEGRADED,
           PROA_REASON_COMPLETE, out);
}

static void on_deadline(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    if (now_ns >= run->deadline_ns) {
        give_up(run, now_ns, PROA_FAIL_DEADLINE, PROA_REASON_DEADLINE, out);
        return;
    }
    /* Attempts that this very loop starts are not due, so the bound is taken before. */
    const uint8_t n = run->n_attempts;
    for (uint8_t i = 0; i < n && !run->finished; i++) {
        const struct due due = attempt_due(run, &run->attempts[i]);
        if (due.at_ns <= now_ns) {
            emit(out, PROA_CMD_CANCEL, PROA_REASON_TIMED_OUT)->attempt = i;
            run->attempts[i].err = PROA_ERR_TIMEOUT;
            attempt_failed(run, now_ns, i, due.class, out);
        }
    }
}

static void on_client_gone(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    run->client_gone = true;
    if (run->route->policy->on_disconnect == PROA_ON_DISCONNECT_DRAIN && run->n_attempts > 0) {
        return;
    }
    cancel_active(run, now_ns, PROA_RUN_ATTEMPTS_MAX, PROA_REASON_CLIENT_GONE, out);
    finish(run, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
}

static void note_failure(struct proa_attempt_record *a, const struct proa_event *event)
{
    a->err = event->err;
    a->status = event->status;
    a->retry_after_ns = event->retry_after_ns;
}

static void attempt_event(struct proa_run *run, uint64_t now_ns, const struct proa_event *event,
                          struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[event->attempt];
    switch (event->kind) {
    case PROA_EV_CONNECTED:
        a->stage = PROA_STAGE_SENT;
        a->connected_ns = now_ns;
        a->reused_connection = event->reused_connection;
        break;
    case PROA_EV_HEAD:
        a->stage = PROA_STAGE_HEAD;
        a->status = event->status;
        a->head_ns = now_ns;
        a->last_bytes_ns = now_ns;
        break;
    case PROA_EV_FIRST_CONTENT:
        on_first_content(run, now_ns, event->attempt, out);
        break;
    case PROA_EV_ENDED:
        on_ended(run, now_ns, event->attempt, out);
        break;
    case PROA_EV_FAILED:
        note_failure(a, event);
        attempt_failed(run, now_ns, event->attempt, event->class, out);
        break;
    case PROA_EV_PROGRESS:
    case PROA_EV_ADMITTED:
    case PROA_EV_DEADLINE:
    case PROA_EV_WOKEN:
    case PROA_EV_CLIENT_GONE:
    case PROA_EV_DRAIN:
        break;
    }
}

void proa_run_init(struct proa_run *run, struct proa_engine *engine, const struct proa_route *route,
                   const struct proa_run_options *options, uint64_t now_ns)
{
    /* Only what is read before it is written: the records are set when an attempt starts. */
    run->engine = engine;
    run->route = route;
    run->options = *options;
    run->arrived_ns = now_ns;
    run->armed_ns = PROA_NEVER;
    run->tried = 0;
    run->avoid = 0;
    run->n_attempts = 0;
    run->winner = PROA_RUN_ATTEMPTS_MAX;
    run->client_gone = false;
    run->finished = false;
    const struct proa_timeout_cfg *t = &route->policy->timeouts;
    uint64_t total = options->stream ? t->total_stream_ns : t->total_ns;
    if (options->timeout_ns > 0 && options->timeout_ns < total) {
        total = options->timeout_ns;
    }
    run->deadline_ns = proa_clock_after(now_ns, total);
}

void proa_run_feed(struct proa_run *run, uint64_t now_ns, const struct proa_event *event,
                   struct proa_commands *out)
{
    if (run->finished) {
        return;
    }
    switch (event->kind) {
    case PROA_EV_ADMITTED:
        start_next(run, now_ns, out);
        break;
    case PROA_EV_DEADLINE:
        on_deadline(run, now_ns, out);
        break;
    case PROA_EV_CLIENT_GONE:
        on_client_gone(run, now_ns, out);
        break;
    case PROA_EV_DRAIN:
        give_up(run, now_ns, PROA_FAIL_DRAINING, PROA_REASON_DRAINING, out);
        break;
    case PROA_EV_WOKEN:
        break;
    case PROA_EV_PROGRESS:
    case PROA_EV_CONNECTED:
    case PROA_EV_HEAD:
    case PROA_EV_FIRST_CONTENT:
    case PROA_EV_ENDED:
    case PROA_EV_FAILED:
        PROA_ASSERT(event->attempt < PROA_RUN_ATTEMPTS_MAX);
        if (event->attempt >= run->n_attempts || !is_active(&run->attempts[event->attempt])) {
            return;
        }
        if (event->kind == PROA_EV_PROGRESS) {
            struct proa_attempt_record *a = &run->attempts[event->attempt];
            a->last_bytes_ns = now_ns;
            a->last_content_ns = event->content ? now_ns : a->last_content_ns;
            return;
        }
        attempt_event(run, now_ns, event, out);
        break;
    }
    arm(run, event->kind == PROA_EV_DEADLINE, out);
}
