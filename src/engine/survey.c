/* Who may be tried now, and what keeps the others out. */
#include "state_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/usage/cost.h"

#define PPM UINT32_C(1000000)

/* A key, group or model that was out of use comes back by one attempt. */
static bool access_usable(const struct access_state *a, uint64_t now_ns)
{
    return a->credential.state == PROA_CREDENTIAL_ACTIVE ||
           (proa_credential_usable(&a->credential, now_ns) && a->trial_until_ns <= now_ns);
}

static uint64_t limit_eta(const struct proa_run *run, const struct seat *seat, uint64_t now_ns)
{
    const struct proa_policy_cfg *policy = run->route->policy;
    if (!policy->limiter.enabled || !seat->limit->speaks) {
        return 0;
    }
    const struct proa_limiter *limiter = &seat->limit->limiter;
    const struct proa_need need = proa_limiter_need(
        limiter, &policy->limiter, run->options.input_tokens, run->options.max_output);
    return proa_limiter_eta(limiter, &policy->limiter, &need, (enum proa_priority)policy->priority,
                            now_ns);
}

uint64_t proa_engine_limit_eta(const struct proa_run *run, const struct proa_candidate *candidate,
                               uint64_t now_ns)
{
    return limit_eta(run, proa_seat_of(run, candidate), now_ns);
}

static bool is_full(const struct proa_run *run, const struct seat *seat)
{
    return seat->target->inflight >=
           proa_concurrency_limit(&seat->target->concurrency, &run->route->policy->concurrency);
}

/* What a candidate's breakers say together. */
static enum proa_explain_filter breakers(const struct proa_run *run, const struct seat *seat,
                                         uint64_t now_ns)
{
    static const enum proa_explain_filter open[TRIP_LEVELS] = {
        [TRIP_TARGET] = PROA_EXPLAIN_TARGET_OPEN,
        [TRIP_POOL] = PROA_EXPLAIN_POOL_OPEN,
        [TRIP_ENDPOINT] = PROA_EXPLAIN_ENDPOINT_OPEN,
    };
    enum proa_explain_filter all = PROA_EXPLAIN_NONE;
    for (enum trip_level level = TRIP_LEVELS; level-- > TRIP_TARGET;) {
        const struct proa_breaker *b = &proa_trip_watched(seat, level)->breaker;
        const struct proa_breaker_cfg *cfg = proa_trip_cfg(run, level);
        switch (proa_breaker_state(b, cfg, now_ns)) {
        case PROA_BREAKER_CLOSED:
        case PROA_BREAKER_RAMP:
            break;
        case PROA_BREAKER_DEGRADED:
            all = all == PROA_EXPLAIN_NONE ? PROA_EXPLAIN_DEGRADED : all;
            break;
        case PROA_BREAKER_OPEN:
            return open[level];
        case PROA_BREAKER_HALF_OPEN:
            if (!proa_breaker_probe_due(b, cfg, now_ns)) {
                return PROA_EXPLAIN_PROBING;
            }
            all = PROA_EXPLAIN_PROBE_DUE;
            break;
        }
    }
    return all;
}

bool proa_pick_is_well(const struct proa_run *run, size_t i, uint64_t now_ns)
{
    const struct seat *seat = proa_seat_of(run, &run->route->candidates[i]);
    return proa_trip_all_closed(seat) && seat->key->credential.state == PROA_CREDENTIAL_ACTIVE &&
           seat->group->credential.state == PROA_CREDENTIAL_ACTIVE &&
           seat->target->denied_until_ns <= now_ns && seat->pool->missing_until_ns <= now_ns &&
           proa_uplink_eta(run->roster->engine, seat->endpoint, now_ns) == 0 &&
           (!seat->limit->speaks || limit_eta(run, seat, now_ns) == 0) && !is_full(run, seat);
}

/* What is the matter with one that is not simply well. */
static void look_at(const struct proa_run *run, size_t i, uint64_t now_ns, struct survey *out)
{
    const struct seat *seat = proa_seat_of(run, &run->route->candidates[i]);
    const struct proa_engine *engine = run->roster->engine;
    uint64_t *by = out->by;
    const uint64_t bit = UINT64_C(1) << i;
    by[breakers(run, seat, now_ns)] |= bit;
    by[PROA_EXPLAIN_KEY_REFUSED] |= access_usable(seat->key, now_ns) ? 0 : bit;
    by[PROA_EXPLAIN_QUOTA_SPENT] |= access_usable(seat->group, now_ns) ? 0 : bit;
    by[PROA_EXPLAIN_MODEL_DENIED] |= seat->target->denied_until_ns > now_ns ? bit : 0;
    by[PROA_EXPLAIN_MODEL_MISSING] |= seat->pool->missing_until_ns > now_ns ? bit : 0;
    by[PROA_EXPLAIN_UPLINK_DOWN] |= proa_uplink_eta(engine, seat->endpoint, now_ns) > 0 ? bit : 0;
    by[PROA_EXPLAIN_RATE_LIMITED] |= limit_eta(run, seat, now_ns) > 0 ? bit : 0;
    by[PROA_EXPLAIN_FULL] |= is_full(run, seat) ? bit : 0;
}

void proa_pick_survey(const struct proa_run *run, uint64_t asked, uint64_t now_ns,
                      struct survey *out)
{
    *out = (struct survey){.asked = asked & proa_route_seat(run)->weighted};
    for (uint64_t rest = out->asked; rest != 0; rest &= rest - 1) {
        const size_t i = (size_t)__builtin_ctzll(rest);
        if (proa_pick_is_well(run, i, now_ns)) {
            out->healthy |= rest & -rest;
        } else {
            look_at(run, i, now_ns, out);
        }
    }
    out->by[PROA_EXPLAIN_NONE] |= out->healthy;
    if (out->healthy == out->asked) {
        return;
    }
    uint64_t is_out = 0;
    for (size_t f = PROA_EXPLAIN_KEY_REFUSED; f <= PROA_EXPLAIN_FULL; f++) {
        is_out |= out->by[f];
    }
    out->degraded = out->by[PROA_EXPLAIN_DEGRADED] & ~is_out;
    out->due = out->by[PROA_EXPLAIN_PROBE_DUE] & ~is_out;
    out->healthy = out->by[PROA_EXPLAIN_NONE] & ~is_out;
}

bool proa_engine_is_out(const struct proa_run *run, const struct proa_candidate *candidate,
                        uint64_t now_ns)
{
    const enum proa_explain_filter broken = breakers(run, proa_seat_of(run, candidate), now_ns);
    return broken != PROA_EXPLAIN_NONE && broken != PROA_EXPLAIN_DEGRADED;
}

/* ---- one candidate --------------------------------------------------------------------------- */

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t access_eta(const struct access_state *a, uint64_t now_ns)
{
    return a->credential.state == PROA_CREDENTIAL_ACTIVE
               ? 0
               : later(proa_clock_since(a->credential.until_ns, now_ns),
                       proa_clock_since(a->trial_until_ns, now_ns));
}

uint64_t proa_pick_eta(const struct proa_run *run, size_t i, uint64_t now_ns)
{
    const struct seat *seat = proa_seat_of(run, &run->route->candidates[i]);
    if (is_full(run, seat)) {
        return PROA_NEVER;
    }
    uint64_t eta = limit_eta(run, seat, now_ns);
    eta = later(eta, access_eta(seat->key, now_ns));
    eta = later(eta, access_eta(seat->group, now_ns));
    eta = later(eta, proa_clock_since(seat->target->denied_until_ns, now_ns));
    eta = later(eta, proa_clock_since(seat->pool->missing_until_ns, now_ns));
    eta = later(eta, proa_uplink_eta(run->roster->engine, seat->endpoint, now_ns));
    for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
        eta = later(eta, proa_breaker_eta(&proa_trip_watched(seat, level)->breaker,
                                          proa_trip_cfg(run, level), now_ns));
    }
    return eta;
}

uint32_t proa_pick_share_ppm(const struct proa_run *run, size_t i, uint64_t now_ns)
{
    const struct seat *seat = proa_seat_of(run, &run->route->candidates[i]);
    uint32_t share = PPM;
    if (proa_trip_all_closed(seat)) {
        return share;
    }
    for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
        const uint32_t of_this = proa_breaker_share_ppm(&proa_trip_watched(seat, level)->breaker,
                                                        proa_trip_cfg(run, level), now_ns);
        share = of_this < share ? of_this : share;
    }
    return share;
}

uint64_t proa_pick_of_pool(const struct proa_run *run, const struct pool_state *pool)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        const bool same = proa_seat_of(run, &run->route->candidates[i])->pool == pool;
        mask |= same ? UINT64_C(1) << i : 0;
    }
    return mask;
}

/* 0: not known. */
static uint64_t price_of(const struct proa_run *run, const struct proa_target *target)
{
    return target->offer ? proa_cost_estimate(&target->offer->price, run->options.input_tokens,
                                              run->options.max_output)
                         : 0;
}

struct proa_balance_view proa_pick_view(const struct proa_run *run, size_t i, uint64_t now_ns)
{
    const struct proa_candidate *c = &run->route->candidates[i];
    const struct seat *seat = proa_seat_of(run, c);
    const struct proa_balance_cfg *cfg = &run->route->policy->balance;
    const uint64_t weight = (uint64_t)c->weight * proa_pick_share_ppm(run, i, now_ns) / 1000;
    return (struct proa_balance_view){
        .weight_milli = weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX,
        .inflight = seat->target->inflight,
        .latency_ppm = proa_bearing_latency_ppm(&seat->target->bearing, cfg->tau_ns, now_ns),
        .failure_ppm = proa_bearing_failure_ppm(&seat->target->bearing, cfg->tau_ns, now_ns),
        .headroom_ppm = cfg->strategy == PROA_STRATEGY_HEADROOM
                            ? proa_limiter_headroom_ppm(&seat->limit->limiter, now_ns)
                            : PPM,
        .price = cfg->strategy == PROA_STRATEGY_LOWEST_COST ? price_of(run, c->target) : 0,
        .credit = &seat->target->credit,
    };
}
