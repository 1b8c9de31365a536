/*
 * Ending with an error: which of the failures the client is told, and when it should come back.
 * `resilience.md` 6, terminal errors.
 */
#include "run_priv.h"

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

/* How useful an attempt's failure is to the client; higher wins, later wins ties. */
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
    t.fail = best >= 2                             ? PROA_FAIL_UPSTREAM
             : all_of_class(run, PROA_CLASS_UNFIT) ? PROA_FAIL_UNFIT
                                                   : PROA_FAIL_ALL_FAILED;
    t.should_retry = all_of_class(run, PROA_CLASS_RATE);
    if (t.should_retry || a->class == PROA_CLASS_OVERLOADED) {
        t.retry_after_ns = soonest_retry(run, now_ns);
    }
    return t;
}

void proa_run_reply(struct proa_run *run, const struct proa_terminal *terminal,
                    enum proa_reason reason, struct proa_commands *out)
{
    if (run->client_gone) {
        proa_run_finish(run, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
        return;
    }
    proa_run_emit(out, PROA_CMD_REPLY_ERROR, reason)->terminal = *terminal;
    const bool clients = terminal->class == PROA_CLASS_CLIENT || terminal->fail == PROA_FAIL_UNFIT;
    proa_run_finish(run, clients ? PROA_OUTCOME_CLIENT_ERROR : PROA_OUTCOME_ERROR, reason, out);
}

void proa_run_reply_useful(struct proa_run *run, uint64_t now_ns, enum proa_reason reason,
                           struct proa_commands *out)
{
    struct proa_terminal t = most_useful(run, now_ns);
    /* What the limits say of all targets knows more than the answers of those that were asked. */
    if (t.should_retry && run->eta_ns > 0 && run->eta_ns != PROA_NEVER) {
        t.retry_after_ns = run->eta_ns;
    }
    proa_run_reply(run, &t, reason, out);
}

void proa_run_refuse(struct proa_run *run, enum proa_fail fail, uint64_t retry_after_ns,
                     enum proa_reason reason, struct proa_commands *out)
{
    const struct proa_terminal t = {
        .fail = fail, .should_retry = true, .retry_after_ns = retry_after_ns};
    proa_run_reply(run, &t, reason, out);
}

void proa_run_give_up(struct proa_run *run, uint64_t now_ns, enum proa_fail fail,
                      enum proa_reason reason, struct proa_commands *out)
{
    struct proa_terminal t = {.fail = proa_run_committed(run) ? PROA_FAIL_INTERRUPTED : fail,
                              .class = PROA_CLASS_TOTAL_TIMEOUT,
                              .should_retry = fail == PROA_FAIL_DRAINING,
                              .attempt = run->n_attempts > 0 ? (uint8_t)(run->n_attempts - 1) : 0};
    if (fail == PROA_FAIL_DRAINING) {
        t.class = PROA_CLASS_CANCELLED;
    }
    proa_run_cancel(run, now_ns, PROA_RUN_ATTEMPTS_MAX, reason, out);
    proa_run_reply(run, &t, reason, out);
}
