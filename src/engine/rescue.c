/*
 * Going on with an answer that broke off after the client had a part of it.
 *
 * Two ways. Prefill: a target that can be told how its answer begins goes on from there. Splice:
 * any other target answers anew, and what it says must begin with what the client has. Each is
 * tried at most once per target. The client sees a pause; when nothing helps, it is told of the
 * break that began it.
 */
#include "run_priv.h"

#include "proa/resilience/budget.h"

enum { TIME_LEFT_PERCENT = 25 };

static bool has_time_left(const struct proa_run *run, uint64_t now_ns)
{
    const uint64_t total = proa_clock_since(run->deadline_ns, run->arrived_ns);
    return proa_run_remaining(run, now_ns) >= total / 100 * TIME_LEFT_PERCENT &&
           proa_run_has_time(run, now_ns);
}

static bool may_rescue(const struct proa_run *run, uint64_t now_ns)
{
    const struct proa_policy_cfg *policy = run->route->policy;
    return policy->midstream == PROA_MIDSTREAM_RESUME && run->options.stream &&
           !run->options.no_fallback && !run->options.effects && proa_run_attempts_left(run) > 0 &&
           has_time_left(run, now_ns) &&
           proa_budget_level(proa_engine_retry_budget(run), &policy->retry.budget, now_ns) >=
               RUN_ONE_ATTEMPT;
}

static bool is_break(enum proa_class class)
{
    return class == PROA_CLASS_STREAM_BROKEN || class == PROA_CLASS_IDLE_TIMEOUT ||
           class == PROA_CLASS_RESET;
}

/* Candidates that a prefill may not go to: they cannot be told, or it was tried, or what they say
 * would be another model's. */
static uint64_t not_for_prefill(const struct proa_run *run)
{
    const struct proa_candidate *broken = run->attempts[run->broken].candidate;
    uint64_t out = run->prefilled;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        const struct proa_candidate *c = &run->route->candidates[i];
        const bool same_model =
            c->substitute == broken->substitute &&
            (!c->substitute || proa_slice_eq(c->target->model, broken->target->model));
        const bool able = !run->options.no_prefill && c->target->provider->cfg->prefill != 0;
        out |= (uint64_t)(!same_model || !able) << i;
    }
    return out;
}

static bool try_way(struct proa_run *run, uint64_t now_ns, enum proa_purpose way,
                    struct proa_commands *out)
{
    const struct proa_candidate *broken = run->attempts[run->broken].candidate;
    const uint64_t barred = way == PROA_PURPOSE_RESCUE_PREFILL
                                ? not_for_prefill(run)
                                : run->spliced | proa_run_bit(run, broken);
    const struct pick_want want = {.use = PICK_RESCUE,
                                   .out = barred | run->barred,
                                   .avoid = run->avoid | proa_run_bit(run, broken)};
    const struct pick pick = proa_engine_pick(run, &want, now_ns);
    if (!pick.candidate) {
        return false;
    }
    const bool paid =
        proa_budget_take(proa_engine_retry_budget(run), &run->route->policy->retry.budget, now_ns);
    PROA_ASSERT(paid);
    uint64_t *const tried = way == PROA_PURPOSE_RESCUE_PREFILL ? &run->prefilled : &run->spliced;
    *tried |= proa_run_bit(run, pick.candidate);
    proa_run_start(run, now_ns, &pick, way, PROA_REASON_RESCUE, out);
    return true;
}

static void tell_of_break(struct proa_run *run, struct proa_commands *out)
{
    const struct proa_terminal t = {.fail = PROA_FAIL_INTERRUPTED,
                                    .attempt = run->broken,
                                    .class = run->attempts[run->broken].class};
    proa_run_reply(run, &t, PROA_REASON_COMMITTED, out);
}

void proa_run_rescue(struct proa_run *run, uint64_t now_ns, uint8_t broken,
                     struct proa_commands *out)
{
    run->broken = broken;
    const struct proa_attempt_record *a = &run->attempts[broken];
    if (is_break(a->class) && run->resumable) {
        proa_run_rescue_next(run, now_ns, out);
    } else {
        tell_of_break(run, out);
    }
}

void proa_run_rescue_next(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    if (may_rescue(run, now_ns) && (try_way(run, now_ns, PROA_PURPOSE_RESCUE_PREFILL, out) ||
                                    try_way(run, now_ns, PROA_PURPOSE_RESCUE_SPLICE, out))) {
        return;
    }
    tell_of_break(run, out);
}
