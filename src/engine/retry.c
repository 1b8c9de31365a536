/*
 * After a failure: another target at once, the same pool after a wait, or the end.
 *
 * Move, do not repeat: targets that share the failed one's fault are tried again
 * only when no other is left, and then after a wait.
 */
#include "run_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/resilience/backoff.h"
#include "proa/resilience/budget.h"

static const uint64_t LOCAL_WAIT_NS = 100 * PROA_NS_PER_MS;
static const uint64_t WORTH_NS = 1 * PROA_NS_PER_S; /* less time is not worth an attempt */

/* ---- whose fault ----------------------------------------------------------------------------- */

static bool shares_fault(enum proa_scope scope, const struct proa_candidate *failed,
                         const struct proa_candidate *other)
{
    const struct proa_target *f = failed->target;
    const struct proa_target *o = other->target;
    switch (scope) {
    case PROA_SCOPE_TARGET:
        return f == o;
    case PROA_SCOPE_POOL:
        return proa_run_same_pool(failed, other);
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

/* It could not be put in this provider's words, so nothing was sent. */
static bool is_unsent(const struct proa_attempt_record *failed)
{
    return failed->class == PROA_CLASS_UNFIT && failed->connected_ns == 0;
}

/* Would the same thing fail in the same way a moment later? */
static bool is_lasting(const struct proa_attempt_record *failed)
{
    const enum proa_class class = failed->class;
    return is_unsent(failed) || failed->absent || class == PROA_CLASS_AUTH ||
           class == PROA_CLASS_PERMISSION || class == PROA_CLASS_NOT_FOUND ||
           class == PROA_CLASS_QUOTA || class == PROA_CLASS_REDIRECT || class == PROA_CLASS_TOKEN;
}

/* Never sent, or refused before anything was done with it. */
static bool is_unprocessed(const struct proa_attempt_record *failed)
{
    const enum proa_class class = failed->class;
    return is_unsent(failed) || failed->absent || class == PROA_CLASS_DNS ||
           class == PROA_CLASS_CONNECT || class == PROA_CLASS_CONNECT_TIMEOUT ||
           class == PROA_CLASS_TLS || class == PROA_CLASS_TOKEN;
}

/* Candidates that would probably fail for the same reason. */
static uint64_t of_fault(const struct proa_run *run, const struct proa_attempt_record *failed)
{
    enum proa_scope scope = proa_class_scope(failed->class);
    uint64_t of = 0;
    if (failed->absent ||
        (failed->class == PROA_CLASS_NOT_FOUND && failed->candidate->target->byok != 0)) {
        scope = PROA_SCOPE_TARGET; /* the account of this credential does not have it */
    }
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        of |= (uint64_t)shares_fault(scope, failed->candidate, &run->route->candidates[i]) << i;
    }
    return of;
}

/* Tokens that its model takes; 0 = not known. */
static uint32_t window_of(const struct proa_candidate *candidate)
{
    return candidate->target->offer ? candidate->target->offer->context : 0;
}

/* Candidates that are not known to take more than this one. */
static uint64_t not_larger(const struct proa_run *run, const struct proa_candidate *than)
{
    const uint32_t window = window_of(than);
    uint64_t of = 0;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        const bool larger = window > 0 && window_of(&run->route->candidates[i]) > window;
        of |= (uint64_t)!larger << i;
    }
    return of;
}

void proa_run_note_fault(struct proa_run *run, const struct proa_attempt_record *failed)
{
    const uint64_t of = of_fault(run, failed);
    run->avoid |= of;
    run->barred |= is_lasting(failed) ? of : 0;
    run->barred |= failed->too_long ? not_larger(run, failed->candidate) : 0;
}

/* ---- what is left ---------------------------------------------------------------------------- */

static uint32_t attempts_max(const struct proa_route *route)
{
    const uint32_t max = route->policy->retry.max_attempts;
    if (max == 0) {
        return 1; /* the first is none that is repeated */
    }
    return max < PROA_RUN_ATTEMPTS_MAX ? max : PROA_RUN_ATTEMPTS_MAX;
}

/* As many attempts are recorded: those that are never sent are none of the policy's, and at most
 * one to each candidate that is not the last. */
size_t proa_run_records(const struct proa_route *route)
{
    const size_t others = route->n_candidates > 0 ? route->n_candidates - 1 : 0;
    const size_t n = attempts_max(route) + others;
    return n < PROA_RUN_ATTEMPTS_MAX ? n : PROA_RUN_ATTEMPTS_MAX;
}

static uint32_t n_unsent(const struct proa_run *run)
{
    uint32_t n = 0;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        n += run->attempts[i].stage == PROA_STAGE_OVER && is_unsent(&run->attempts[i]);
    }
    return n;
}

uint32_t proa_run_attempts_left(const struct proa_run *run)
{
    const uint32_t sent = run->n_attempts - n_unsent(run);
    const uint32_t max = attempts_max(run->route);
    const uint32_t room = (uint32_t)proa_run_records(run->route) - run->n_attempts;
    const uint32_t left = sent < max ? max - sent : 0;
    return left < room ? left : room;
}

size_t proa_run_bytes(const struct proa_route *route)
{
    return offsetof(struct proa_run, attempts) +
           proa_run_records(route) * sizeof(struct proa_attempt_record);
}

static uint32_t tries_of_pool(const struct proa_run *run, const struct proa_candidate *candidate)
{
    uint32_t n = 0;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        /* Each credential of a request has tries of its own, and the configured keys have theirs.
         */
        n += proa_run_same_pool(run->attempts[i].candidate, candidate) &&
             run->attempts[i].candidate->target->byok == candidate->target->byok;
    }
    return n;
}

uint64_t proa_run_excluded(const struct proa_run *run)
{
    uint64_t out = run->barred;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        const struct proa_candidate *c = &run->route->candidates[i];
        out |= (uint64_t)(tries_of_pool(run, c) >= run->route->policy->retry.per_pool) << i;
    }
    return out;
}

static uint64_t all_candidates(const struct proa_run *run)
{
    uint64_t all = 0;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        all |= (uint64_t)(run->route->candidates[i].weight > 0) << i;
    }
    return all;
}

bool proa_run_has_time(const struct proa_run *run, uint64_t now_ns)
{
    const uint64_t median = proa_engine_median_ns(run);
    return proa_run_remaining(run, now_ns) >= (median > WORTH_NS ? median : WORTH_NS);
}

/* What takes the place of an attempt that was never sent is no load beside it. */
static bool is_free(const struct proa_run *run)
{
    return is_unsent(&run->attempts[run->failed]);
}

static bool has_budget(const struct proa_run *run, uint64_t now_ns)
{
    return is_free(run) ||
           proa_budget_level(proa_engine_retry_budget(run), &run->route->policy->retry.budget,
                             now_ns) >= RUN_ONE_ATTEMPT;
}

/* Off a pool that has just been opened, to one that is well: that moves load instead of adding any,
 * so it is free, once for each request. */
static bool may_relocate(const struct proa_run *run, uint64_t now_ns)
{
    return !run->evacuated && run->route->policy->stall.evacuate &&
           proa_engine_is_out(run, run->attempts[run->failed].candidate, now_ns);
}

/* ---- starting -------------------------------------------------------------------------------- */

static enum proa_reason start_reason(const struct proa_run *run, const struct pick *pick)
{
    const struct proa_attempt_record *last = &run->attempts[run->n_attempts - 1];
    if (pick->probe_target || pick->probe_pool || pick->probe_endpoint || pick->trickle ||
        pick->panic) {
        return pick->reason;
    }
    if ((run->tried & proa_run_bit(run, pick->candidate)) != 0) {
        return PROA_REASON_SAME_TARGET;
    }
    return pick->candidate->tier > last->candidate->tier ? PROA_REASON_NEXT_TIER
                                                         : PROA_REASON_NEXT_TARGET;
}

static bool relocate(struct proa_run *run, uint64_t now_ns, uint64_t out_of,
                     struct proa_commands *out)
{
    const struct pick_want want = {.use = PICK_EVACUATE, .out = out_of};
    if (!may_relocate(run, now_ns)) {
        return false;
    }
    const struct pick pick = proa_engine_pick(run, &want, now_ns);
    if (!pick.candidate) {
        return false;
    }
    run->evacuated = true;
    proa_run_start(run, now_ns, &pick, PROA_PURPOSE_EVACUATION, start_reason(run, &pick), out);
    return true;
}

/* Picks among what `want` leaves; false when nothing may be started now. */
static bool try_start(struct proa_run *run, uint64_t now_ns, const struct pick_want *want,
                      struct proa_commands *out)
{
    const struct pick pick = proa_engine_pick(run, want, now_ns);
    if (!pick.candidate) {
        run->eta_ns = pick.eta_ns;
        run->why_none = pick.reason;
        return false;
    }
    const bool paid = is_free(run) || proa_budget_take(proa_engine_retry_budget(run),
                                                       &run->route->policy->retry.budget, now_ns);
    PROA_ASSERT(paid); /* has_budget() was asked at this very time */
    run->n_repeats = (uint8_t)(run->n_repeats + (tries_of_pool(run, pick.candidate) > 0));
    proa_run_start(run, now_ns, &pick, PROA_PURPOSE_RETRY, start_reason(run, &pick), out);
    return true;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* The longest wait that still makes sense within this request. */
static uint64_t patience(const struct proa_run *run, uint64_t now_ns)
{
    const uint64_t max = run->route->policy->retry.retry_after_max_ns;
    const uint64_t half = proa_run_remaining(run, now_ns) / 2;
    return max < half ? max : half;
}

static uint64_t backoff(const struct proa_run *run, const struct proa_attempt_record *failed)
{
    const struct proa_retry_cfg *cfg = &run->route->policy->retry;
    const bool unnamed = failed->class == PROA_CLASS_RATE && failed->retry_after_ns == 0;
    return proa_backoff_ns(unnamed ? cfg->throttle_base_ns : cfg->backoff_base_ns,
                           cfg->backoff_cap_ns, run->n_repeats, proa_engine_prng(run));
}

/* Span for which this candidate is to be left alone, as it or one that shares its fault has said.
 */
static uint64_t asked_span(const struct proa_run *run, uint64_t now_ns,
                           const struct proa_candidate *candidate)
{
    uint64_t longest = 0;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        const struct proa_attempt_record *a = &run->attempts[i];
        const uint64_t span =
            proa_clock_since(proa_clock_after(a->ended_ns, a->retry_after_ns), now_ns);
        const bool same = a->candidate == candidate ||
                          shares_fault(proa_class_scope(a->class), a->candidate, candidate);
        longest = same && span > longest ? span : longest;
    }
    return longest;
}

static uint64_t too_early(const struct proa_run *run, uint64_t now_ns)
{
    uint64_t early = 0;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        early |= (uint64_t)(asked_span(run, now_ns, &run->route->candidates[i]) > 0) << i;
    }
    return early;
}

/*
 * Span until the soonest of those that failed, or share the fault, may be asked: what they said
 * themselves is a minimum. PROA_NEVER when none may within this request.
 */
static uint64_t soonest_repeat(const struct proa_run *run, uint64_t now_ns, uint64_t excluded,
                               uint64_t backoff_ns)
{
    const uint64_t half = proa_run_remaining(run, now_ns) / 2;
    uint64_t among = (run->avoid | run->tried) & ~excluded & all_candidates(run);
    uint64_t soonest = PROA_NEVER;
    for (size_t i = 0; among != 0; i++, among >>= 1) {
        const uint64_t asked = asked_span(run, now_ns, &run->route->candidates[i]);
        const uint64_t wait = asked > backoff_ns ? asked : backoff_ns;
        if ((among & 1) != 0 && wait <= half && asked <= patience(run, now_ns) && wait < soonest) {
            soonest = wait;
        }
    }
    return soonest;
}

/* Did the last pick say that a limit or a full target will let it in before patience ends? An
 * outage is not waited for: the client learns at once when to come back. */
static bool is_soon_fit(const struct proa_run *run, uint64_t now_ns)
{
    return (run->why_none == PROA_REASON_RATE_LIMITED || run->why_none == PROA_REASON_QUEUED) &&
           run->eta_ns > 0 && run->eta_ns <= patience(run, now_ns);
}

/* Waits until a failed pool, or one that is limited for less long, may be asked; false when that is
 * no use. */
static bool wait_to_repeat(struct proa_run *run, uint64_t now_ns, uint64_t excluded,
                           enum run_wait_for what, struct proa_commands *out)
{
    const uint64_t repeat =
        soonest_repeat(run, now_ns, excluded, backoff(run, &run->attempts[run->failed]));
    const bool sooner = is_soon_fit(run, now_ns) && run->eta_ns < repeat;
    if (!sooner && repeat == PROA_NEVER) {
        return false;
    }
    proa_run_wait(run, proa_clock_after(now_ns, sooner ? run->eta_ns : repeat), PROA_WAIT_BACKOFF,
                  what, sooner ? run->why_none : PROA_REASON_BACKOFF, out);
    return true;
}

static bool is_any_well(const struct proa_run *run, uint64_t among, uint64_t now_ns)
{
    among &= all_candidates(run);
    for (; among != 0; among &= among - 1) {
        const size_t i = (size_t)__builtin_ctzll(among);
        if (!proa_engine_is_out(run, &run->route->candidates[i], now_ns)) {
            return true;
        }
    }
    return false;
}

/* ---- the decision ---------------------------------------------------------------------------- */

static void stop(struct proa_run *run, uint64_t now_ns, enum proa_reason why,
                 struct proa_commands *out)
{
    if (now_ns >= run->deadline_ns && why == PROA_REASON_DEADLINE) {
        proa_run_give_up(run, now_ns, PROA_FAIL_DEADLINE, why, out);
    } else {
        proa_run_reply_useful(run, now_ns, why, out);
    }
}

static void move(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    const uint64_t excluded = proa_run_excluded(run);
    struct pick_want want = {.use = PICK_MOVE, .out = excluded | run->avoid | run->tried};
    run->eta_ns = 0;
    const bool any = (all_candidates(run) & ~want.out) != 0;
    if (any && relocate(run, now_ns, want.out, out)) {
        return;
    }
    if (!has_budget(run, now_ns)) {
        stop(run, now_ns, PROA_REASON_BUDGET_SPENT, out);
        return;
    }
    if (any && try_start(run, now_ns, &want, out)) {
        return;
    }
    /* One that is well and has failed once is a better bet than those that are out. */
    const bool well = is_any_well(run, (run->avoid | run->tried) & ~excluded, now_ns);
    if (well && wait_to_repeat(run, now_ns, excluded, RUN_WAIT_ANY, out)) {
        return;
    }
    want.use = PICK_RETRY;
    if (any && try_start(run, now_ns, &want, out)) {
        return;
    }
    if (well || !is_soon_fit(run, now_ns) ||
        !wait_to_repeat(run, now_ns, excluded, RUN_WAIT_ANY, out)) {
        proa_run_reply_useful(run, now_ns, PROA_REASON_TARGETS_SPENT, out);
    }
}

/* Strict order: the target that failed has tries of its own before another one's turn. */
static bool is_same_targets_turn(const struct proa_run *run,
                                 const struct proa_attempt_record *failed)
{
    uint32_t n = 0;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        n += run->attempts[i].candidate == failed->candidate;
    }
    return n <= run->route->policy->retry.same_target &&
           (proa_run_excluded(run) & proa_run_bit(run, failed->candidate)) == 0;
}

/* Why there is no further attempt; PROA_REASON_COUNT when there may be. */
static enum proa_reason why_stop(const struct proa_run *run, uint64_t now_ns,
                                 const struct proa_attempt_record *failed)
{
    /* What is too long for one model may fit a larger one. */
    const bool movable = proa_class_movable(failed->class) || failed->too_long;
    if (!movable || (run->options.effects && !is_unprocessed(failed))) {
        return PROA_REASON_NOT_MOVABLE;
    }
    if (run->options.no_fallback) {
        return PROA_REASON_NO_FALLBACK;
    }
    if (proa_run_attempts_left(run) == 0 ||
        (failed->class == PROA_CLASS_LOCAL && run->local_once)) {
        return PROA_REASON_ATTEMPTS_SPENT;
    }
    if ((all_candidates(run) & ~proa_run_excluded(run)) == 0) {
        return PROA_REASON_TARGETS_SPENT;
    }
    if (!proa_run_has_time(run, now_ns)) {
        return PROA_REASON_DEADLINE;
    }
    return has_budget(run, now_ns) || may_relocate(run, now_ns) ? PROA_REASON_COUNT
                                                                : PROA_REASON_BUDGET_SPENT;
}

/* Wait before another pool, so that what fails at once does not move at once. None where there is
 * no other, or nothing was sent. */
static uint64_t jitter_of(struct proa_run *run, const struct proa_attempt_record *failed)
{
    const uint64_t elsewhere = all_candidates(run) & ~(proa_run_excluded(run) | run->avoid);
    return elsewhere != 0 && !is_unsent(failed)
               ? proa_prng_below(proa_engine_prng(run), run->route->policy->retry.move_jitter_ns)
               : 0;
}

void proa_run_retry(struct proa_run *run, uint64_t now_ns, uint8_t index, struct proa_commands *out)
{
    const struct proa_attempt_record *failed = &run->attempts[index];
    run->failed = index;
    const enum proa_reason why = why_stop(run, now_ns, failed);
    run->eta_ns = 0;
    if (why != PROA_REASON_COUNT) {
        stop(run, now_ns, why, out);
        return;
    }
    if (failed->class == PROA_CLASS_LOCAL) {
        run->local_once = true;
        proa_run_wait(run, proa_clock_after(now_ns, LOCAL_WAIT_NS), PROA_WAIT_BACKOFF, RUN_WAIT_ANY,
                      PROA_REASON_BACKOFF, out);
        return;
    }
    if (is_same_targets_turn(run, failed) &&
        wait_to_repeat(run, now_ns, ~proa_run_bit(run, failed->candidate), RUN_WAIT_SAME, out)) {
        return;
    }
    const uint64_t jitter = jitter_of(run, failed);
    if (jitter > 0 && jitter <= proa_run_remaining(run, now_ns) / 2) {
        proa_run_wait(run, proa_clock_after(now_ns, jitter), PROA_WAIT_BACKOFF, RUN_WAIT_MOVE,
                      PROA_REASON_BACKOFF, out);
        return;
    }
    move(run, now_ns, out);
}

static void try_any(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    const struct pick_want want = {.use = PICK_RETRY,
                                   .out = proa_run_excluded(run) | too_early(run, now_ns),
                                   .avoid = run->avoid | run->tried};
    if (try_start(run, now_ns, &want, out)) {
        return;
    }
    if (is_soon_fit(run, now_ns)) {
        proa_run_wait(run, proa_clock_after(now_ns, run->eta_ns), PROA_WAIT_BACKOFF, RUN_WAIT_ANY,
                      run->why_none, out);
        return;
    }
    proa_run_reply_useful(run, now_ns, PROA_REASON_TARGETS_SPENT, out);
}

void proa_run_retry_now(struct proa_run *run, uint64_t now_ns, enum run_wait_for what,
                        struct proa_commands *out)
{
    const struct proa_attempt_record *failed = &run->attempts[run->failed];
    run->wait_until_ns = PROA_NEVER;
    run->wait_for = RUN_WAIT_NOTHING;
    if (!proa_run_has_time(run, now_ns)) {
        stop(run, now_ns, PROA_REASON_DEADLINE, out);
        return;
    }
    if (!has_budget(run, now_ns) && !(what == RUN_WAIT_MOVE && may_relocate(run, now_ns))) {
        stop(run, now_ns, PROA_REASON_BUDGET_SPENT, out);
        return;
    }
    const struct pick_want same = {.use = PICK_RETRY, .out = ~proa_run_bit(run, failed->candidate)};
    if (what == RUN_WAIT_SAME && try_start(run, now_ns, &same, out)) {
        return;
    }
    if (what == RUN_WAIT_ANY) {
        try_any(run, now_ns, out);
    } else {
        move(run, now_ns, out);
    }
}
