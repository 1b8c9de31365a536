/*
 * Ending with an error: which of the failures the client is told, and when it should come back. The
 * most useful is told, which need not be the last.
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

/* A wait that nobody put a number on. */
static uint64_t throttle_wait(const struct proa_run *run)
{
    return run->route->policy->retry.throttle_base_ns;
}

/* Was its target asked again later? Then that answer counts. */
static bool is_superseded(const struct proa_run *run, uint8_t attempt)
{
    for (uint8_t i = (uint8_t)(attempt + 1); i < run->n_attempts; i++) {
        if (run->attempts[i].candidate == run->attempts[attempt].candidate) {
            return true;
        }
    }
    return false;
}

/* Span from now for which the target that gave this answer is to be left alone: what it said
 * itself, counted from its own failure, else what its limits say where these are `limited`. 0 =
 * nothing is known. */
static uint64_t asked_span(const struct proa_run *run, const struct proa_attempt_record *a,
                           bool limited, uint64_t now_ns)
{
    if (a->retry_after_ns == 0) {
        return limited ? proa_engine_limit_eta(run, a->candidate, now_ns) : 0;
    }
    const uint64_t at = proa_clock_after(a->ended_ns, a->retry_after_ns);
    const uint64_t span = at == PROA_NEVER ? PROA_NEVER : proa_clock_since(at, now_ns);
    return span == 0 && limited ? throttle_wait(run) : span;
}

/* Span from now to the soonest time that any of the targets may be asked again; 0 when none said
 * so. */
static uint64_t soonest_retry(const struct proa_run *run, bool limited, uint64_t now_ns)
{
    uint64_t soonest = PROA_NEVER;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        const uint64_t span = asked_span(run, &run->attempts[i], limited, now_ns);
        if (!is_superseded(run, i) && span > 0 && span < soonest) {
            soonest = span;
        }
    }
    return soonest == PROA_NEVER ? 0 : soonest;
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
    struct proa_terminal t = {.fail = PROA_FAIL_NO_TARGET};
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
        t.retry_after_ns = soonest_retry(run, t.should_retry, now_ns);
    }
    if (t.should_retry && t.retry_after_ns == 0) {
        t.retry_after_ns = throttle_wait(run);
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

/* A limit and a full queue pass by themselves, and waiting in the client costs nothing. An outage
 * is told alike to who has just looked and to who was not let try: a client that sends it all again
 * makes it worse. */
void proa_run_refuse(struct proa_run *run, enum proa_fail fail, uint64_t retry_after_ns,
                     enum proa_reason reason, struct proa_commands *out)
{
    const struct proa_terminal t = {.fail = fail,
                                    .should_retry = fail != PROA_FAIL_NO_TARGET,
                                    .retry_after_ns = retry_after_ns};
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
