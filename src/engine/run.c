/*
 * One exchange, from admitted to finished.
 *
 * An attempt:   CONNECTING -> SENT -> HEAD -> CONTENT -> OVER, and from each stage straight to
 * OVER. The exchange: queued -> undecided -> committed (one attempt is the winner) -> finished.
 * Undecided it may wait between two attempts, or have several under way; committed it may lose the
 * winner and look for one that goes on with its answer. Every state but the last ends in finished
 * when the deadline passes, the client leaves or the process must end.
 *
 * The order within a failure is fixed: the state is told before the next target is picked, or the
 * next attempt goes where the last one has just failed.
 */
#include "proa/engine/run.h"

#include "run_priv.h"

#include <string.h>

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

struct proa_command *proa_run_emit(struct proa_commands *out, enum proa_cmd kind,
                                   enum proa_reason reason)
{
    PROA_ASSERT(out->n < PROA_RUN_COMMANDS_MAX);
    struct proa_command *command = &out->items[out->n++];
    *command = (struct proa_command){.kind = kind, .reason = reason};
    return command;
}

unsigned proa_run_n_active(const struct proa_run *run)
{
    unsigned n = 0;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        n += proa_run_is_active(&run->attempts[i]);
    }
    return n;
}

void proa_run_wait(struct proa_run *run, uint64_t until_ns, enum proa_wait wait,
                   enum run_wait_for wait_for, enum proa_reason reason, struct proa_commands *out)
{
    run->wait_until_ns = until_ns;
    run->wait_for = (uint8_t)wait_for;
    struct proa_command *command = proa_run_emit(out, PROA_CMD_WAIT, reason);
    command->wait = wait;
    command->deadline_ns = until_ns;
}

void proa_run_finish(struct proa_run *run, enum proa_outcome outcome, enum proa_reason reason,
                     struct proa_commands *out)
{
    run->finished = true;
    run->armed_ns = PROA_NEVER;
    proa_run_leave(run);
    proa_list_unlink(&run->woken);
    proa_run_emit(out, PROA_CMD_ARM, reason)->deadline_ns = PROA_NEVER;
    proa_run_emit(out, PROA_CMD_FINISH, reason)->outcome = outcome;
}

/* ---- attempts -------------------------------------------------------------------------------- */

/* The one end of every attempt. */
static void attempt_over(struct proa_run *run, uint64_t now_ns, uint8_t index,
                         enum proa_class class, const struct proa_usage *usage)
{
    struct proa_attempt_record *a = &run->attempts[index];
    a->stage = PROA_STAGE_OVER;
    a->class = class;
    a->ended_ns = now_ns;
    proa_engine_release(run, index, usage, now_ns);
    proa_run_wake_next(run);
}

/* Its verdict and its end; returns the class, as the state knows when it is our own way out that is
 * down. */
static enum proa_class attempt_failed(struct proa_run *run, uint64_t now_ns, uint8_t index,
                                      enum proa_class class, const struct proa_event *event)
{
    struct proa_attempt_record *a = &run->attempts[index];
    a->class = class;
    a->too_long = event && event->too_long && class == PROA_CLASS_CLIENT;
    a->absent = event && event->absent && class == PROA_CLASS_UNFIT;
    if (!a->hurried) { /* whose client cannot wait has done no wrong */
        proa_engine_report_failure(run, index, event, now_ns);
    }
    class = a->class;
    attempt_over(run, now_ns, index, class, event ? event->usage : NULL);
    return class;
}

void proa_run_charge(struct proa_run *run, uint64_t now_ns, uint8_t index,
                     struct proa_commands *out)
{
    (void)attempt_failed(run, now_ns, index, PROA_CLASS_TOTAL_TIMEOUT, NULL);
    proa_run_emit(out, PROA_CMD_CANCEL, PROA_REASON_DEADLINE)->attempt = index;
}

void proa_run_cancel(struct proa_run *run, uint64_t now_ns, uint8_t except, enum proa_reason reason,
                     struct proa_commands *out)
{
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        if (i != except && proa_run_is_active(&run->attempts[i])) {
            attempt_over(run, now_ns, i, PROA_CLASS_CANCELLED, NULL);
            proa_run_emit(out, PROA_CMD_CANCEL, reason)->attempt = i;
        }
    }
}

void proa_run_start(struct proa_run *run, uint64_t now_ns, const struct pick *pick,
                    enum proa_purpose purpose, enum proa_reason reason, struct proa_commands *out)
{
    PROA_ASSERT(proa_run_attempts_left(run) > 0); /* no room for more */
    const uint8_t n = run->n_attempts;
    struct proa_attempt_record *a = &run->attempts[n];
    const struct attempt_times times = proa_engine_times(run, pick->candidate);
    *a = (struct proa_attempt_record){
        .candidate = pick->candidate,
        .stage = PROA_STAGE_CONNECTING,
        .purpose = purpose,
        .reason = reason,
        .started_ns = now_ns,
        .run = run,
        .index = n,
        .slow_at_ns = proa_clock_after(now_ns, times.slow_ns),
        .stall_at_ns = proa_clock_after(now_ns, times.stall_ns),
        .first_content_ns = times.first_content_ns,
    };
    proa_list_init(&a->in_pool);
    proa_run_plan_hedge(run, a, pick, &times);
    run->n_attempts = (uint8_t)(n + 1);
    run->tried |= proa_run_bit(run, pick->candidate);
    run->eta_ns = 0;
    proa_engine_reserve(run, n, pick, now_ns);
    struct proa_command *command = proa_run_emit(out, PROA_CMD_START, reason);
    command->attempt = n;
    command->candidate = pick->candidate;
    command->purpose = purpose;
}

/* The winner is over: another may go on with its answer, or the client is told. */
static void winner_failed(struct proa_run *run, uint64_t now_ns, uint8_t index,
                          struct proa_commands *out)
{
    if (run->client_gone) {
        proa_run_finish(run, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
    } else {
        proa_run_rescue(run, now_ns, index, out);
    }
}

void proa_run_fail(struct proa_run *run, uint64_t now_ns, uint8_t index, enum proa_class class,
                   const struct proa_event *event, struct proa_commands *out)
{
    class = attempt_failed(run, now_ns, index, class, event);
    proa_run_note_fault(run, &run->attempts[index]);
    if (index == run->winner) {
        winner_failed(run, now_ns, index, out);
        return;
    }
    if (proa_run_committed(run)) {
        proa_run_rescue_next(run, now_ns, out);
        return;
    }
    if (run->client_gone && proa_run_n_active(run) == 0) {
        proa_run_finish(run, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
    } else if (class == PROA_CLASS_CLIENT && !run->attempts[index].too_long) {
        /* The request is at fault: every other attempt will find that out too. */
        proa_run_cancel(run, now_ns, PROA_RUN_ATTEMPTS_MAX, PROA_REASON_NOT_MOVABLE, out);
        proa_run_reply_useful(run, now_ns, PROA_REASON_NOT_MOVABLE, out);
    } else if (proa_run_n_active(run) == 0) {
        proa_run_retry(run, now_ns, index, out);
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static void note_content(struct proa_run *run, uint64_t now_ns, uint8_t index)
{
    struct proa_attempt_record *a = &run->attempts[index];
    a->stage = PROA_STAGE_CONTENT;
    a->content_ns = now_ns;
    a->last_content_ns = now_ns;
    a->last_bytes_ns = now_ns;
    a->slow_at_ns = PROA_NEVER;
    a->stall_at_ns = PROA_NEVER;
    a->hedge_at_ns = PROA_NEVER;
    proa_engine_report_content(run, index, now_ns);
}

static void on_first_content(struct proa_run *run, uint64_t now_ns, uint8_t index,
                             struct proa_commands *out)
{
    const bool rescued = proa_run_committed(run);
    note_content(run, now_ns, index);
    run->winner = index;
    run->broken = PROA_RUN_ATTEMPTS_MAX;
    if (run->n_attempts > 1) {
        proa_run_cancel(run, now_ns, index, PROA_REASON_LOST_RACE, out);
    }
    proa_run_emit(out, PROA_CMD_COMMIT, rescued ? PROA_REASON_RESCUE : PROA_REASON_CONTENT)
        ->attempt = index;
}

static void on_ended(struct proa_run *run, uint64_t now_ns, uint8_t index,
                     const struct proa_usage *usage, struct proa_commands *out)
{
    if (index != run->winner) {
        on_first_content(run, now_ns, index, out);
    }
    attempt_over(run, now_ns, index, PROA_CLASS_OK, usage);
    const bool first_choice = index == 0 && run->attempts[0].candidate->tier == 0;
    proa_run_finish(run,
                    run->client_gone ? PROA_OUTCOME_CANCELLED
                    : first_choice   ? PROA_OUTCOME_OK
                                     : PROA_OUTCOME_DEGRADED,
                    PROA_REASON_COMPLETE, out);
}

static void on_client_gone(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    run->client_gone = true;
    const bool useful = run->broken == PROA_RUN_ATTEMPTS_MAX && proa_run_n_active(run) > 0;
    if (useful && run->route->policy->on_disconnect == PROA_ON_DISCONNECT_DRAIN) {
        return;
    }
    proa_run_cancel(run, now_ns, PROA_RUN_ATTEMPTS_MAX, PROA_REASON_CLIENT_GONE, out);
    proa_run_finish(run, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
}

static void on_woken(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    if (run->wait_for == RUN_WAIT_TURN) {
        proa_run_look(run, now_ns, out);
    } else {
        proa_run_evacuate(run, now_ns, out);
    }
}

static void on_failed(struct proa_run *run, uint64_t now_ns, const struct proa_event *event,
                      struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[event->attempt];
    a->err = event->err;
    a->status = event->status;
    a->retry_after_ns = event->retry_after_ns;
    run->resumable = event->resumable;
    if (event->n_rates > 0) {
        proa_engine_report_rates(run, event->attempt, event->rates, event->n_rates, now_ns);
    }
    proa_run_fail(run, now_ns, event->attempt, event->class, event, out);
}

static void on_connected(struct proa_attempt_record *a, uint64_t now_ns,
                         const struct proa_event *event)
{
    a->stage = PROA_STAGE_SENT;
    a->connected_ns = now_ns;
    a->reused_connection = event->reused_connection;
}

static void on_head(struct proa_run *run, uint64_t now_ns, const struct proa_event *event)
{
    struct proa_attempt_record *a = &run->attempts[event->attempt];
    a->stage = PROA_STAGE_HEAD;
    a->status = event->status;
    a->head_ns = now_ns;
    a->last_bytes_ns = now_ns;
    if (event->n_rates > 0) {
        proa_engine_report_rates(run, event->attempt, event->rates, event->n_rates, now_ns);
    }
}

static void on_progress(struct proa_run *run, uint64_t now_ns, const struct proa_event *event)
{
    struct proa_attempt_record *a = &run->attempts[event->attempt];
    a->last_bytes_ns = now_ns;
    if (event->content) {
        a->last_content_ns = now_ns;
    }
    run->resumable = event->resumable;
}

static void attempt_event(struct proa_run *run, uint64_t now_ns, const struct proa_event *event,
                          struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[event->attempt];
    switch (event->kind) {
    case PROA_EV_CONNECTED:
        on_connected(a, now_ns, event);
        break;
    case PROA_EV_HEAD:
        on_head(run, now_ns, event);
        break;
    case PROA_EV_FIRST_CONTENT:
        run->resumable = event->resumable;
        on_first_content(run, now_ns, event->attempt, out);
        break;
    case PROA_EV_ENDED:
        on_ended(run, now_ns, event->attempt, event->usage, out);
        break;
    case PROA_EV_FAILED:
        on_failed(run, now_ns, event, out);
        break;
    case PROA_EV_PROGRESS: /* only noted */
    case PROA_EV_ADMITTED:
    case PROA_EV_DEADLINE:
    case PROA_EV_WOKEN:
    case PROA_EV_CLIENT_GONE:
    case PROA_EV_DRAIN:
        break;
    }
}

static bool is_under_way(const struct proa_run *run, uint8_t attempt)
{
    PROA_ASSERT(attempt < PROA_RUN_ATTEMPTS_MAX);
    return attempt < run->n_attempts && proa_run_is_active(&run->attempts[attempt]);
}

bool proa_run_note(struct proa_run *run, uint64_t now_ns, const struct proa_event *event)
{
    const bool progress = event->kind == PROA_EV_PROGRESS;
    if (!progress && (event->kind != PROA_EV_CONNECTED || run->options.stream)) {
        return false;
    }
    if (!run->finished && is_under_way(run, event->attempt)) {
        if (progress) {
            on_progress(run, now_ns, event);
        } else {
            on_connected(&run->attempts[event->attempt], now_ns, event);
        }
    }
    return true;
}

void proa_run_init(struct proa_run *run, struct proa_roster *roster, const struct proa_route *route,
                   const struct proa_run_options *options, uint64_t now_ns)
{
    /* All but the records, which are set when an attempt starts. */
    memset(run, 0, offsetof(struct proa_run, attempts));
    run->seat = options->seat ? options->seat : proa_engine_seat(roster, route, now_ns);
    run->roster = roster;
    run->route = route;
    run->options = *options;
    run->arrived_ns = now_ns;
    run->armed_ns = PROA_NEVER;
    run->winner = PROA_RUN_ATTEMPTS_MAX;
    run->broken = PROA_RUN_ATTEMPTS_MAX;
    run->wait_until_ns = PROA_NEVER;
    proa_list_init(&run->woken);
    proa_list_init(&run->queued);
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
    if (run->finished || proa_run_note(run, now_ns, event)) {
        return;
    }
    switch (event->kind) {
    case PROA_EV_ADMITTED:
        proa_run_enter(run, now_ns, out);
        break;
    case PROA_EV_DEADLINE:
        proa_run_on_deadline(run, now_ns, out);
        break;
    case PROA_EV_CLIENT_GONE:
        on_client_gone(run, now_ns, out);
        break;
    case PROA_EV_DRAIN:
        proa_run_give_up(run, now_ns, PROA_FAIL_DRAINING, PROA_REASON_DRAINING, out);
        break;
    case PROA_EV_WOKEN:
        on_woken(run, now_ns, out);
        break;
    case PROA_EV_PROGRESS:
    case PROA_EV_CONNECTED:
    case PROA_EV_HEAD:
    case PROA_EV_FIRST_CONTENT:
    case PROA_EV_ENDED:
    case PROA_EV_FAILED:
        if (!is_under_way(run, event->attempt)) {
            return;
        }
        attempt_event(run, now_ns, event, out);
        break;
    }
    proa_run_arm(run, event->kind == PROA_EV_DEADLINE, out);
}
