/*
 * What each command promises, checked against the model. Which target is picked is the state's
 * business and has tests of its own; here it must only be one that may be picked at all.
 *
 * A broken promise prints what was promised and aborts, so that unit tests, the simulation and the
 * fuzz target can all use it.
 */
#ifndef PROA_SIM_PROMISES_H
#define PROA_SIM_PROMISES_H

#include "model.h"

/* ---- money ----------------------------------------------------------------------------------- */

/* No more is spent than was there at first, and came with requests and time. */
static inline void sim_pay(struct sim_witness *w, bool hedge)
{
    struct sim_world *world = w->world;
    const struct proa_budget_cfg *cfg =
        hedge ? &w->fx->policy.hedge.budget : &w->fx->policy.retry.budget;
    const uint64_t elapsed_ms = (w->now_ns - world->began_ns) / PROA_NS_PER_MS;
    const uint64_t milli = (uint64_t)cfg->start * 1000 + world->n_deposits * cfg->ratio_ppm / 1000 +
                           elapsed_ms * cfg->per_second_ppm / 1000000 + 1;
    world->n_paid[hedge]++;
    SIM_MUST(world->n_paid[hedge] * 1000 <= milli);
}

/* ---- commands -------------------------------------------------------------------------------- */

static inline bool sim_is_rescue(enum proa_purpose purpose)
{
    return purpose == PROA_PURPOSE_RESCUE_PREFILL || purpose == PROA_PURPOSE_RESCUE_SPLICE;
}

static inline void sim_check_rescue(struct sim_witness *w, const struct proa_command *c,
                                    size_t candidate)
{
    const struct proa_candidate *broken = sim_candidate(w, w->attempts[w->broken].candidate);
    SIM_MUST(w->fx->policy.midstream == PROA_MIDSTREAM_RESUME && w->options.stream);
    SIM_MUST(sim_n_active(w) == 0);
    const uint64_t total = proa_clock_since(w->deadline_ns, w->arrived_ns);
    SIM_MUST(sim_remaining(w) >= total / 100 * 25);
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        SIM_MUST(w->attempts[i].purpose != c->purpose || w->attempts[i].candidate != candidate);
    }
    if (c->purpose == PROA_PURPOSE_RESCUE_PREFILL) {
        SIM_MUST(c->candidate->target->provider->cfg->prefill != 0);
        SIM_MUST(c->candidate->substitute == broken->substitute);
    } else {
        SIM_MUST(c->candidate != broken);
    }
    sim_pay(w, false);
}

/* Nothing went out, so whoever takes its place is no load beside it. */
static inline bool sim_is_unsent(const struct sim_attempt *a)
{
    return a->class == PROA_CLASS_UNFIT && a->connected_ns == 0;
}

/* Attempts that the policy counts. */
static inline uint32_t sim_n_sent(const struct sim_witness *w)
{
    uint32_t n = 0;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        n += w->attempts[i].stage != PROA_STAGE_OVER || !sim_is_unsent(&w->attempts[i]);
    }
    return n;
}

/* Tokens that its model takes; 0 = not known. */
static inline uint32_t sim_window(const struct sim_witness *w, size_t candidate)
{
    const struct proa_catalogue_offer *offer = sim_candidate(w, candidate)->target->offer;
    return offer ? offer->context : 0;
}

/* After a failure, whoever pays for it. */
static inline void sim_check_next(struct sim_witness *w, size_t candidate)
{
    const struct sim_attempt *failed = &w->attempts[w->failed];
    SIM_MUST(sim_n_active(w) == 0);
    SIM_MUST(proa_class_movable(failed->class) || failed->too_long);
    /* Without a wait it moves; after one it may repeat. */
    SIM_MUST(w->waited || (!sim_avoided(w, candidate) && !sim_tried(w, candidate)));
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct sim_attempt *a = &w->attempts[i];
        SIM_MUST(a->candidate != candidate || w->now_ns >= a->retry_at_ns);
        SIM_MUST(!a->absent || a->candidate != candidate);
        SIM_MUST(!a->too_long || (sim_window(w, a->candidate) > 0 &&
                                  sim_window(w, candidate) > sim_window(w, a->candidate)));
        SIM_MUST(!w->options.effects || a->class == PROA_CLASS_DNS ||
                 a->class == PROA_CLASS_CONNECT || a->class == PROA_CLASS_CONNECT_TIMEOUT ||
                 a->class == PROA_CLASS_TLS || a->class == PROA_CLASS_TOKEN || sim_is_unsent(a));
    }
}

/* Off what the failure has taken out: free, once. */
static inline void sim_check_relocation(struct sim_witness *w, size_t candidate)
{
    sim_check_next(w, candidate);
    SIM_MUST(!sim_tried(w, candidate) && !sim_avoided(w, candidate));
    SIM_MUST(w->n_evacuated++ == 0);
}

static inline void sim_check_beside(struct sim_witness *w, const struct proa_command *c,
                                    size_t candidate)
{
    SIM_MUST(sim_n_active(w) > 0 && !w->options.effects);
    SIM_MUST(!sim_tried(w, candidate) && !sim_avoided(w, candidate));
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        SIM_MUST(!sim_same_pool(w, w->attempts[i].candidate, candidate));
    }
    if (c->purpose == PROA_PURPOSE_HEDGE) {
        SIM_MUST(sim_n_active(w) == 1);
        const struct proa_attempt_record *first = NULL;
        for (uint8_t i = 0; i < w->n_attempts; i++) {
            first = sim_is_active(&w->attempts[i]) ? &w->run.attempts[i] : first;
        }
        SIM_MUST(first->must_hedge || w->fx->policy.hedge.enabled);
        sim_pay(w, !first->must_hedge);
    } else if (w->n_evacuated++ > 0) {
        sim_pay(w, false);
    }
}

static inline void sim_check_again(struct sim_witness *w, const struct proa_command *c,
                                   size_t candidate)
{
    uint32_t of_pool = 0;
    SIM_MUST(!w->options.no_fallback);
    SIM_MUST(sim_remaining(w) >= SIM_WORTH_MS * PROA_NS_PER_MS);
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct sim_attempt *a = &w->attempts[i];
        of_pool += sim_same_pool(w, a->candidate, candidate);
        SIM_MUST(a->stage != PROA_STAGE_OVER || !sim_lasts(a->class) ||
                 !sim_same_fault(w, a, candidate));
    }
    SIM_MUST(sim_committed(w) == sim_is_rescue(c->purpose));
    if (sim_is_rescue(c->purpose)) {
        sim_check_rescue(w, c, candidate);
        return;
    }
    SIM_MUST(of_pool < w->fx->policy.retry.per_pool);
    if (c->purpose == PROA_PURPOSE_RETRY) {
        sim_check_next(w, candidate);
        if (!sim_is_unsent(&w->attempts[w->failed])) {
            sim_pay(w, false);
        }
    } else if (c->purpose == PROA_PURPOSE_EVACUATION && sim_n_active(w) == 0) {
        sim_check_relocation(w, candidate);
    } else {
        SIM_MUST(c->purpose == PROA_PURPOSE_HEDGE || c->purpose == PROA_PURPOSE_EVACUATION);
        sim_check_beside(w, c, candidate);
    }
}

static inline void sim_on_start(struct sim_witness *w, const struct proa_command *c)
{
    SIM_MUST(w->admitted && !w->client_gone);
    SIM_MUST(w->now_ns < w->deadline_ns);
    SIM_MUST(sim_n_sent(w) < sim_attempts_max(w));
    SIM_MUST(w->n_attempts < sim_records_max(w));
    SIM_MUST(sim_n_active(w) < SIM_ACTIVE_MAX);
    SIM_MUST(c->attempt == w->n_attempts);
    SIM_MUST(c->candidate >= w->fx->candidates);
    const size_t candidate = fixture_index(w->fx, c->candidate);
    SIM_MUST(candidate < w->fx->route.n_candidates && c->candidate->weight > 0);
    if (w->n_attempts == 0) {
        SIM_MUST(c->purpose == PROA_PURPOSE_PRIMARY || c->purpose == PROA_PURPOSE_PROBE);
        w->world->n_places++;
        SIM_MUST(w->world->n_places <= w->fx->policy.concurrency.route);
    } else {
        sim_check_again(w, c, candidate);
    }
    w->wait = PROA_WAIT_NONE;
    w->wait_ns = PROA_NEVER;
    w->attempts[w->n_attempts++] = (struct sim_attempt){.stage = PROA_STAGE_CONNECTING,
                                                        .candidate = candidate,
                                                        .purpose = c->purpose,
                                                        .started_ns = w->now_ns};
}

static inline void sim_on_cancel(struct sim_witness *w, const struct proa_command *c,
                                 enum proa_ev cause)
{
    SIM_MUST(c->attempt < w->n_attempts);
    struct sim_attempt *a = &w->attempts[c->attempt];
    SIM_MUST(sim_is_active(a));
    const enum proa_class class = w->run.attempts[c->attempt].class;
    if (c->reason == PROA_REASON_TIMED_OUT) {
        const uint64_t due = sim_due(w, c->attempt);
        SIM_MUST(cause == PROA_EV_DEADLINE && w->now_ns >= due);
        w->failed = c->attempt;
        SIM_MUST(class != PROA_CLASS_LOCAL || w->now_ns - due > SIM_LATE_MS * PROA_NS_PER_MS ||
                 proa_class_scope(class) == PROA_SCOPE_LOCAL);
    } else {
        /* Silent for so long that the end of time is a verdict. */
        const uint64_t patience = w->options.stream ? w->run.attempts[c->attempt].first_content_ns
                                                    : w->fx->policy.timeouts.total_ns;
        const bool charged = c->reason == PROA_REASON_DEADLINE && a->stage < PROA_STAGE_CONTENT &&
                             w->now_ns - w->deadline_ns <= SIM_LATE_MS * PROA_NS_PER_MS &&
                             w->now_ns - a->started_ns >= patience / 2;
        SIM_MUST(class == (charged ? PROA_CLASS_TOTAL_TIMEOUT : PROA_CLASS_CANCELLED));
        SIM_MUST(c->reason != PROA_REASON_DEADLINE || w->now_ns >= w->deadline_ns);
    }
    a->stage = PROA_STAGE_OVER;
    a->class = class;
    if (c->attempt == w->winner) {
        w->broken = w->winner;
    }
}

static inline void sim_on_commit(struct sim_witness *w, const struct proa_command *c,
                                 const struct proa_event *event)
{
    SIM_MUST(event->kind == PROA_EV_FIRST_CONTENT || event->kind == PROA_EV_ENDED);
    SIM_MUST(c->attempt == event->attempt && c->attempt < w->n_attempts);
    SIM_MUST(sim_committed(w) == sim_is_rescue(w->attempts[c->attempt].purpose));
    SIM_MUST(c->reason == (sim_committed(w) ? PROA_REASON_RESCUE : PROA_REASON_CONTENT));
    w->winner = c->attempt;
    w->broken = PROA_RUN_ATTEMPTS_MAX;
}

static inline void sim_on_wait(struct sim_witness *w, const struct proa_command *c)
{
    SIM_MUST(sim_n_active(w) == 0 && !sim_committed(w) && !w->client_gone);
    SIM_MUST(c->deadline_ns > w->now_ns && c->deadline_ns <= w->deadline_ns);
    if (c->wait == PROA_WAIT_QUEUE) {
        const uint64_t most = sim_min(w->fx->policy.concurrency.queue_wait_ns,
                                      proa_clock_since(w->deadline_ns, w->arrived_ns) / 4);
        SIM_MUST(w->n_attempts == 0 && c->deadline_ns - w->now_ns <= most);
    } else {
        SIM_MUST(c->wait == PROA_WAIT_BACKOFF && w->n_attempts > 0);
        SIM_MUST(c->deadline_ns - w->now_ns <= sim_remaining(w) / 2 ||
                 c->deadline_ns - w->now_ns <= 100 * PROA_NS_PER_MS);
    }
    w->wait = c->wait;
    w->wait_ns = c->deadline_ns;
}

/* An error that ends the exchange is said for a reason that is true. */
static inline void sim_check_reason(const struct sim_witness *w, enum proa_reason reason,
                                    enum proa_ev cause)
{
    unsigned n_local = 0;
    bool fatal = w->options.effects;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        n_local += w->attempts[i].class == PROA_CLASS_LOCAL;
        fatal = fatal || !proa_class_movable(w->attempts[i].class);
    }
    switch ((unsigned)reason) {
    case PROA_REASON_ATTEMPTS_SPENT:
        SIM_MUST(sim_n_sent(w) >= sim_attempts_max(w) || n_local > 1 ||
                 w->n_attempts == sim_records_max(w));
        break;
    case PROA_REASON_BUDGET_SPENT:
    case PROA_REASON_TARGETS_SPENT:
        SIM_MUST(w->n_attempts > 0);
        break;
    case PROA_REASON_NO_TARGET:
    case PROA_REASON_THROTTLED:
    case PROA_REASON_RATE_LIMITED:
    case PROA_REASON_QUEUED:
    case PROA_REASON_SHED:
        SIM_MUST(w->n_attempts == 0);
        break;
    case PROA_REASON_NOT_MOVABLE:
        SIM_MUST(fatal);
        break;
    case PROA_REASON_NO_FALLBACK:
        SIM_MUST(w->options.no_fallback && w->n_attempts == 1);
        break;
    case PROA_REASON_COMMITTED:
        SIM_MUST(sim_committed(w));
        break;
    case PROA_REASON_DEADLINE: /* or too little time is left to try anything */
        break;
    case PROA_REASON_DRAINING:
        SIM_MUST(cause == PROA_EV_DRAIN);
        break;
    default:
        SIM_MUST(!"a reason that an error has");
    }
}

/* Span until the soonest of the times that targets named and that are still to come. */
static inline uint64_t sim_soonest_retry(const struct sim_witness *w)
{
    uint64_t soonest = PROA_NEVER;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        bool again = false;
        for (uint8_t k = (uint8_t)(i + 1); k < w->n_attempts; k++) {
            again = again || w->attempts[k].candidate == w->attempts[i].candidate;
        }
        const uint64_t at = w->attempts[i].retry_at_ns;
        if (!again && at > w->now_ns && at != PROA_NEVER) {
            soonest = sim_min(soonest, at - w->now_ns);
        }
    }
    return soonest;
}

/* Of several failures the most useful is told: any CLIENT, else the last 5xx, else the last other
 * answer, else the last failure. */
static inline void sim_check_useful(const struct sim_witness *w, const struct proa_terminal *t)
{
    int best = -1;
    bool all_rate = true;
    bool all_unfit = true; /* none can do what is asked */
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct sim_attempt *a = &w->attempts[i];
        const int rank = a->class == PROA_CLASS_CLIENT ? 3
                         : a->status >= 500            ? 2
                         : a->status >= 400            ? 1
                                                       : 0;
        best = rank > best ? rank : best;
        all_rate = all_rate && a->class == PROA_CLASS_RATE;
        all_unfit = all_unfit && a->class == PROA_CLASS_UNFIT;
    }
    if (best < 0) {
        SIM_MUST(t->fail == PROA_FAIL_NO_TARGET || t->fail == PROA_FAIL_RATE_LIMITED ||
                 t->fail == PROA_FAIL_SHED);
        SIM_MUST(t->should_retry == (t->fail != PROA_FAIL_NO_TARGET));
        return;
    }
    SIM_MUST(t->attempt < w->n_attempts);
    const struct sim_attempt *told = &w->attempts[t->attempt];
    SIM_MUST(t->class == told->class);
    SIM_MUST((best == 3) == (told->class == PROA_CLASS_CLIENT));
    SIM_MUST(best != 2 || told->status >= 500);
    SIM_MUST(best != 1 || (told->status >= 400 && told->status < 500));
    SIM_MUST(t->fail == (best > 0    ? PROA_FAIL_UPSTREAM
                         : all_unfit ? PROA_FAIL_UNFIT
                                     : PROA_FAIL_ALL_FAILED));
    SIM_MUST(t->should_retry == all_rate);
    const uint64_t soonest = sim_soonest_retry(w);
    if (all_rate) { /* whoever was told to wait tells it, too, with or without a number */
        SIM_MUST(t->retry_after_ns > 0);
        SIM_MUST(t->retry_after_ns <= soonest || t->retry_after_ns == w->run.eta_ns);
    } else if (told->class == PROA_CLASS_OVERLOADED) {
        SIM_MUST(t->retry_after_ns <= soonest);
    } else {
        SIM_MUST(t->retry_after_ns == 0);
    }
}

static inline void sim_on_reply(struct sim_witness *w, const struct proa_command *c,
                                enum proa_ev cause)
{
    SIM_MUST(!w->replied && !w->client_gone);
    w->replied = true;
    w->terminal = c->terminal;
    w->reply_reason = c->reason;
    sim_check_reason(w, c->reason, cause);
    const struct proa_terminal *t = &c->terminal;
    SIM_MUST(w->n_attempts == 0 || t->attempt < w->n_attempts);
    if (sim_committed(w)) {
        SIM_MUST(t->fail == PROA_FAIL_INTERRUPTED);
        SIM_MUST(c->reason != PROA_REASON_COMMITTED || t->attempt == w->winner);
    } else if (t->fail == PROA_FAIL_DEADLINE) {
        SIM_MUST(c->reason == PROA_REASON_DEADLINE && w->now_ns >= w->deadline_ns);
        SIM_MUST(t->class == PROA_CLASS_TOTAL_TIMEOUT && !t->should_retry);
    } else if (c->reason == PROA_REASON_DRAINING) {
        SIM_MUST(t->fail == PROA_FAIL_DRAINING && t->should_retry);
    } else {
        sim_check_useful(w, t);
    }
}

static inline void sim_on_finish(struct sim_witness *w, const struct proa_command *c)
{
    w->finished = true;
    w->outcome = c->outcome;
    SIM_MUST(w->armed_ns == PROA_NEVER);
    SIM_MUST(sim_n_active(w) == 0);
    const bool answered = c->outcome == PROA_OUTCOME_OK || c->outcome == PROA_OUTCOME_DEGRADED;
    const bool failed = c->outcome == PROA_OUTCOME_ERROR || c->outcome == PROA_OUTCOME_CLIENT_ERROR;
    SIM_MUST(w->replied == failed);
    SIM_MUST(w->client_gone == (c->outcome == PROA_OUTCOME_CANCELLED));
    w->world->n_places -= w->n_attempts > 0;
    if (answered) {
        SIM_MUST(w->winner < w->n_attempts);
        const struct sim_attempt *a = &w->attempts[w->winner];
        SIM_MUST(a->class == PROA_CLASS_OK);
        const bool first = w->winner == 0 && sim_candidate(w, a->candidate)->tier == 0;
        SIM_MUST(first == (c->outcome == PROA_OUTCOME_OK));
    }
    if (failed) {
        SIM_MUST((w->terminal.class == PROA_CLASS_CLIENT || w->terminal.fail == PROA_FAIL_UNFIT) ==
                 (c->outcome == PROA_OUTCOME_CLIENT_ERROR));
    }
}

static inline void sim_mix(struct sim_witness *w, uint64_t value)
{
    w->trace = (w->trace ^ value) * UINT64_C(0x100000001b3);
    w->trace ^= w->trace >> 29;
}

static inline void sim_on_command(struct sim_witness *w, const struct proa_command *c,
                                  const struct proa_event *event)
{
    SIM_MUST(!w->finished);
    SIM_MUST(c->reason < PROA_REASON_COUNT);
    SIM_MUST(!w->replied || c->kind == PROA_CMD_ARM || c->kind == PROA_CMD_FINISH);
    switch (c->kind) {
    case PROA_CMD_START:
        sim_on_start(w, c);
        break;
    case PROA_CMD_CANCEL:
        sim_on_cancel(w, c, event->kind);
        break;
    case PROA_CMD_COMMIT:
        sim_on_commit(w, c, event);
        break;
    case PROA_CMD_REPLY_ERROR:
        sim_on_reply(w, c, event->kind);
        break;
    case PROA_CMD_WAIT:
        sim_on_wait(w, c);
        break;
    case PROA_CMD_ARM:
        w->armed_ns = c->deadline_ns;
        break;
    case PROA_CMD_FINISH:
        sim_on_finish(w, c);
        break;
    }
    sim_mix(w, w->now_ns);
    sim_mix(w, (uint64_t)c->kind << 32 | (uint64_t)c->reason << 8 | c->attempt);
    sim_mix(w, c->deadline_ns);
    sim_mix(w, c->candidate ? fixture_index(w->fx, c->candidate) : PROA_NEVER);
    sim_mix(w, (uint64_t)c->outcome << 32 | (uint64_t)c->terminal.fail << 16 | c->terminal.attempt);
    sim_mix(w, c->terminal.retry_after_ns);
}

#endif
