/*
 * Attempts beside one that is silent (Dean and Barroso, "The Tail at Scale", 2013).
 *
 * A hedge bets on the tail: it starts when the attempt has been silent for longer than nearly all
 * that came before it. What finds out about health (a probe, a trickle) is always hedged, so that
 * no user waits for that. An evacuation leaves a pool that was opened under a silent attempt.
 *
 * First content wins. An attempt that fails while it is alone is followed at once by a retry to
 * another pool, which is what firing its hedge early would have done.
 */
#include "run_priv.h"

#include "proa/resilience/budget.h"

enum { BESIDE_MAX = 3 }; /* attempts of an exchange up to which one more may join */

static bool is_worth_hedging(enum proa_priority priority)
{
    return priority == PROA_PRIORITY_DEFAULT || priority == PROA_PRIORITY_CRITICAL;
}

void proa_run_plan_hedge(const struct proa_run *run, struct proa_attempt_record *a,
                         const struct pick *pick, const struct attempt_times *times)
{
    const struct proa_policy_cfg *policy = run->route->policy;
    a->must_hedge = pick->hedged;
    a->hedge_at_ns = PROA_NEVER;
    if (pick->hedged) {
        a->hedge_at_ns = proa_clock_after(a->started_ns, proa_engine_probe_hedge_ns(run));
    } else if (policy->hedge.enabled && is_worth_hedging((enum proa_priority)policy->priority)) {
        a->hedge_at_ns = proa_clock_after(a->started_ns, times->hedge_ns);
    }
}

static bool may_join(const struct proa_run *run, uint64_t now_ns)
{
    return !proa_run_committed(run) && !run->client_gone && !run->options.no_fallback &&
           !run->options.effects && run->n_attempts < BESIDE_MAX &&
           proa_run_attempts_left(run) > 0 && proa_run_has_time(run, now_ns);
}

/* Another pool than any that was tried, and nothing that shares a fault. */
static uint64_t elsewhere(const struct proa_run *run)
{
    uint64_t out = proa_run_excluded(run) | run->avoid | run->tried;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        for (uint8_t k = 0; k < run->n_attempts; k++) {
            const bool same =
                proa_run_same_pool(run->attempts[k].candidate, &run->route->candidates[i]);
            out |= (uint64_t)same << i;
        }
    }
    return out;
}

struct price {
    struct proa_budget *budget; /* NULL: it costs nothing */
    const struct proa_budget_cfg *cfg;
};

static bool join(struct proa_run *run, uint64_t now_ns, enum pick_use use, struct price price,
                 struct proa_commands *out)
{
    const bool evacuates = use == PICK_EVACUATE;
    if (price.budget && proa_budget_level(price.budget, price.cfg, now_ns) < RUN_ONE_ATTEMPT) {
        return false;
    }
    const struct pick_want want = {.use = use, .out = elsewhere(run)};
    const struct pick pick = proa_engine_pick(run, &want, now_ns);
    if (!pick.candidate) {
        return false;
    }
    const bool paid = !price.budget || proa_budget_take(price.budget, price.cfg, now_ns);
    PROA_ASSERT(paid);
    proa_run_start(run, now_ns, &pick, evacuates ? PROA_PURPOSE_EVACUATION : PROA_PURPOSE_HEDGE,
                   evacuates ? PROA_REASON_EVACUATED : PROA_REASON_HEDGE, out);
    return true;
}

void proa_run_hedge(struct proa_run *run, uint64_t now_ns, uint8_t index, struct proa_commands *out)
{
    struct proa_attempt_record *a = &run->attempts[index];
    const struct proa_policy_cfg *policy = run->route->policy;
    a->hedge_at_ns = PROA_NEVER;
    if (!may_join(run, now_ns) || proa_run_n_active(run) != 1) {
        return;
    }
    /* Hedges that somebody asked for have a budget of their own; those of probes relocate load that
     * the retries would move a little later. */
    const struct price price =
        a->must_hedge ? (struct price){proa_engine_retry_budget(run), &policy->retry.budget}
                      : (struct price){proa_engine_hedge_budget(run), &policy->hedge.budget};
    (void)join(run, now_ns, PICK_HEDGE, price, out);
}

/* One of the attempts that should be left; the marks are taken off. */
static bool take_marks(struct proa_run *run)
{
    bool any = false;
    for (uint8_t i = 0; i < run->n_attempts; i++) {
        struct proa_attempt_record *a = &run->attempts[i];
        any = any || (a->evacuate && proa_run_is_active(a));
        a->evacuate = false;
    }
    return any;
}

void proa_run_evacuate(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    if (!take_marks(run) || !may_join(run, now_ns)) {
        return;
    }
    const struct price free_once =
        run->evacuated
            ? (struct price){proa_engine_retry_budget(run), &run->route->policy->retry.budget}
            : (struct price){NULL, NULL};
    if (join(run, now_ns, PICK_EVACUATE, free_once, out)) {
        run->evacuated = true;
    }
}
