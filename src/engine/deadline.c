/*
 * Time: what is due when, and what it means when it has passed.
 *
 * An attempt that is silent passes three marks before it is given up: slow, when only its target's
 * account is charged; stalled, when its pool's is; hedged, when another attempt joins it. Each
 * counts from its start.
 */
#include "run_priv.h"

/* A timer that comes so late says as much about this process as about the provider. */
static const uint64_t LATE_NS = 200 * PROA_NS_PER_MS;

struct due {
    uint64_t at_ns;
    enum proa_class class; /* of the failure when it passes */
    bool asked;            /* it is the request's own */
};

static struct due earlier(struct due a, struct due b)
{
    return b.at_ns < a.at_ns ? b : a;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return b < a ? b : a;
}

/* What the policy says. */
static struct due usual_due(const struct proa_run *run, const struct proa_attempt_record *a)
{
    const struct proa_timeout_cfg *t = &run->route->policy->timeouts;
    struct due due = {.at_ns = PROA_NEVER, .class = PROA_CLASS_NONE};
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
            due = earlier(
                due, (struct due){.at_ns = proa_clock_after(a->connected_ns, a->first_content_ns),
                                  .class = PROA_CLASS_FIRST_CONTENT_TIMEOUT});
        }
        break;
    case PROA_STAGE_HEAD:
        due.at_ns = stream ? proa_clock_after(a->connected_ns, a->first_content_ns)
                           : proa_clock_after(a->last_bytes_ns, t->idle_bytes_ns);
        due.class = stream ? PROA_CLASS_FIRST_CONTENT_TIMEOUT : PROA_CLASS_IDLE_TIMEOUT;
        break;
    case PROA_STAGE_CONTENT:
        due.at_ns = proa_clock_after(a->last_bytes_ns, t->idle_bytes_ns);
        due.class = PROA_CLASS_IDLE_TIMEOUT;
        if (stream) {
            due =
                earlier(due, (struct due){.at_ns = proa_clock_after(a->last_content_ns, t->idle_ns),
                                          .class = PROA_CLASS_IDLE_TIMEOUT});
        }
        break;
    case PROA_STAGE_UNUSED:
    case PROA_STAGE_OVER:
        break;
    }
    return due;
}

/* How long the whole of it is given to begin with an answer. A plain one has begun with its head.
 */
static bool is_silent(const struct proa_run *run, const struct proa_attempt_record *a)
{
    return a->stage == PROA_STAGE_CONNECTING || a->stage == PROA_STAGE_SENT ||
           (a->stage == PROA_STAGE_HEAD && run->options.stream);
}

/* The span that the policy has it wait for a first sign at most. */
static uint64_t patience_of(const struct proa_run *run, const struct proa_attempt_record *a)
{
    return run->options.stream ? a->first_content_ns : run->route->policy->timeouts.total_ns;
}

static struct due attempt_due(const struct proa_run *run, const struct proa_attempt_record *a)
{
    const struct due due = usual_due(run, a);
    const struct proa_candidate_wish *wish = a->candidate->wish;
    if (PROA_LIKELY(!wish || wish->first_token_ns == 0) || !is_silent(run, a)) {
        return due;
    }
    return earlier(due, (struct due){
                            .at_ns = proa_clock_after(a->started_ns, wish->first_token_ns),
                            .class = PROA_CLASS_FIRST_CONTENT_TIMEOUT,
                            .asked = true,
                        });
}

static uint64_t earliest(const struct proa_run *run)
{
    uint64_t at = sooner(run->deadline_ns, run->wait_until_ns);
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        const struct proa_attempt_record *a = &run->attempts[i];
        if (proa_run_is_active(a)) {
            at = sooner(at, attempt_due(run, a).at_ns);
            at = sooner(at, sooner(a->slow_at_ns, sooner(a->stall_at_ns, a->hedge_at_ns)));
        }
    }
    return at;
}

void proa_run_arm(struct proa_run *run, bool fired, struct proa_commands *out)
{
    if (run->finished) {
        return;
    }
    const uint64_t at = earliest(run);
    if (fired || at < run->armed_ns) {
        run->armed_ns = at;
        proa_run_emit(out, PROA_CMD_ARM, PROA_REASON_DEADLINE)->deadline_ns = at;
    }
}

static void time_out(struct proa_run *run, uint64_t now_ns, uint8_t index, struct due due,
                     struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[index];
    const bool late = proa_clock_since(now_ns, due.at_ns) > LATE_NS && !run->excused;
    run->excused = run->excused || late;
    if (late && index == run->winner) {
        /* What it has sent meanwhile may lie unread: an answer that has begun is not cut for our
         * own slowness. */
        a->last_bytes_ns = now_ns;
        a->last_content_ns = now_ns;
        return;
    }
    proa_run_emit(out, PROA_CMD_CANCEL, PROA_REASON_TIMED_OUT)->attempt = index;
    a->err = PROA_ERR_TIMEOUT;
    a->asked_deadline = due.asked;
    a->hurried = due.asked && proa_clock_since(now_ns, a->started_ns) < patience_of(run, a) / 2;
    proa_run_fail(run, now_ns, index, late ? PROA_CLASS_LOCAL : due.class, NULL, out);
}

/* Marks that passed while this process slept are dropped: nothing is known of that time. */
static bool passed(uint64_t *mark_ns, uint64_t now_ns)
{
    const uint64_t at = *mark_ns;
    if (at > now_ns) {
        return false;
    }
    *mark_ns = PROA_NEVER;
    return now_ns - at <= LATE_NS;
}

static void pass_marks(struct proa_run *run, uint64_t now_ns, uint8_t index,
                       struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[index];
    if (passed(&a->slow_at_ns, now_ns)) {
        proa_engine_report_slow(run, index, now_ns);
    }
    if (passed(&a->stall_at_ns, now_ns)) {
        proa_engine_report_stall(run, index, now_ns);
    }
    if (a->hedge_at_ns <= now_ns) {
        proa_run_hedge(run, now_ns, index, out);
    }
}

static void wait_is_over(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    const enum run_wait_for what = (enum run_wait_for)run->wait_for;
    if (what == RUN_WAIT_TURN) {
        proa_run_look(run, now_ns, out);
    } else {
        proa_run_retry_now(run, now_ns, what, out);
    }
}

/* Those that are silent for half of the time that the policy allows them, which is the most that
 * silence is given before it counts as a stall. The client may be in a hurry, or attempts before
 * have left too little: then the end of time says nothing. A plain answer has no timer of its own,
 * and no stall before its times are known: who never gives one is found out here. */
static void charge_silent(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        const struct proa_attempt_record *a = &run->attempts[i];
        if (proa_run_is_active(a) && a->content_ns == 0 &&
            proa_clock_since(now_ns, a->started_ns) >= patience_of(run, a) / 2) {
            proa_run_charge(run, now_ns, i, out);
        }
    }
}

void proa_run_on_deadline(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    if (now_ns >= run->deadline_ns) {
        if (now_ns - run->deadline_ns <= LATE_NS) {
            charge_silent(run, now_ns, out);
        }
        proa_run_give_up(run, now_ns, PROA_FAIL_DEADLINE, PROA_REASON_DEADLINE, out);
        return;
    }
    /* Attempts that this very loop starts are not due, so the bound is taken before. */
    const uint8_t n = run->n_attempts;
    for (uint8_t i = 0; i < n && !run->finished; i++) {
        if (proa_run_is_active(&run->attempts[i])) {
            const struct due due = attempt_due(run, &run->attempts[i]);
            if (due.at_ns <= now_ns) {
                time_out(run, now_ns, i, due, out);
            } else {
                pass_marks(run, now_ns, i, out);
            }
        }
    }
    if (!run->finished && run->wait_until_ns <= now_ns) {
        wait_is_over(run, now_ns, out);
    }
}
