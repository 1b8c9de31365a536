/*
 * Who is tried: a probe that is due, a turn of a degraded target, or by rank and strategy; else the
 * wait for a place or a limit, else the last resort.
 */
#include "state_priv.h"

#define PPM UINT32_C(1000000)

/* One pick on its way. */
struct choice {
    const struct proa_run *run;
    const struct pick_want *want;
    const struct survey *s;
    const struct picker *picker;
    const struct proa_route_seat *route;
    uint64_t now_ns;
};

static const struct proa_policy_cfg *policy_of(const struct choice *c)
{
    return c->run->route->policy;
}

static size_t lowest(uint64_t mask)
{
    return (size_t)__builtin_ctzll(mask);
}

/* Those of the lowest tier that has any. */
static uint64_t first_tier(const struct choice *c, uint64_t mask)
{
    return mask == 0 ? 0 : mask & c->route->tiers[c->run->route->candidates[lowest(mask)].tier];
}

static struct pick picked(const struct choice *c, size_t i, enum proa_reason reason)
{
    return (struct pick){.candidate = &c->run->route->candidates[i], .reason = reason};
}

/* ---- rank ------------------------------------------------------------------------------------ */

/* All candidates of the lowest tier in the mask and of those before it; 0 of an empty mask. */
static uint64_t up_to(const struct choice *c, uint64_t mask)
{
    if (mask == 0) {
        return 0;
    }
    const uint64_t tier = c->route->tiers[c->run->route->candidates[lowest(mask)].tier];
    return tier | (tier - 1); /* candidates are ordered by tier */
}

/* Healthy ones by tier, then degraded ones; but being degraded alone is no reason to cross into
 * another model: a healthy substitute below a degraded same model comes after it. */
static uint64_t by_rank(const struct choice *c, uint64_t among)
{
    const uint64_t healthy = c->s->healthy & among;
    const uint64_t degraded = c->s->degraded & among;
    const uint64_t substitutes = c->route->substitutes;
    const uint64_t kept = degraded & ~substitutes;
    const uint64_t before = kept ? up_to(c, kept) : UINT64_MAX;
    const uint64_t ranks[] = {healthy & (~substitutes | before), kept, healthy, degraded};
    for (size_t i = 0; i < PROA_ARRAY_LEN(ranks); i++) {
        if (ranks[i] != 0) {
            return first_tier(c, ranks[i]);
        }
    }
    return 0;
}

uint64_t proa_pick_ranked(const struct proa_run *run, const struct survey *s, uint64_t among)
{
    const struct choice c = {.run = run, .s = s, .route = proa_route_seat(run)};
    return by_rank(&c, among);
}

/* Healthy ones of the same model in the tiers behind these; none where the order is to be kept. */
static uint64_t behind(const struct choice *c, uint64_t tier)
{
    return c->run->route->strict
               ? 0
               : c->s->healthy & ~c->route->substitutes & ~c->want->avoid & ~up_to(c, tier);
}

/* ---- among equals ---------------------------------------------------------------------------- */

struct views {
    struct proa_balance_view of[PROA_ROUTE_TARGETS_MAX];
    int64_t credits[PROA_ROUTE_TARGETS_MAX]; /* copies, for a pick that changes nothing */
    size_t index[PROA_ROUTE_TARGETS_MAX];
    size_t n;
};

static void view(const struct choice *c, uint64_t mask, struct views *v)
{
    v->n = 0;
    for (; mask != 0; mask &= mask - 1) {
        const size_t i = lowest(mask);
        struct proa_balance_view *of = &v->of[v->n];
        *of = proa_pick_view(c->run, i, c->now_ns);
        if (c->picker->dry) {
            v->credits[v->n] = *of->credit;
            of->credit = &v->credits[v->n];
        }
        v->index[v->n++] = i;
    }
}

/* The mask without its k lowest. */
static uint64_t without(uint64_t mask, uint64_t k)
{
    for (; k > 0; k--) {
        mask &= mask - 1;
    }
    return mask;
}

/* Two of them at random, which is all that the power of two choices looks at. */
static uint64_t two_of(uint64_t mask, struct proa_prng *prng)
{
    const uint64_t n = (uint64_t)__builtin_popcountll(mask);
    const uint64_t first = UINT64_C(1) << lowest(without(mask, proa_prng_below(prng, n)));
    const uint64_t others = mask & ~first;
    return first | UINT64_C(1) << lowest(without(others, proa_prng_below(prng, n - 1)));
}

static size_t balance(const struct choice *c, const struct proa_balance_cfg *cfg, uint64_t mask)
{
    PROA_DASSERT(mask != 0);
    if ((mask & (mask - 1)) == 0) {
        return lowest(mask);
    }
    if (cfg->strategy == PROA_STRATEGY_P2C_EWMA) {
        mask = two_of(mask, c->picker->prng);
    }
    struct views v PROA_UNINIT;
    view(c, mask, &v);
    return v.index[proa_balance_pick(cfg, v.of, v.n, c->picker->prng)];
}

/* A provider keeps prompts per organisation: that is, per quota group. */
struct domains {
    struct proa_affinity_domain of[PROA_ROUTE_TARGETS_MAX];
    uint64_t members[PROA_ROUTE_TARGETS_MAX];
    uint32_t latency_ppm[PROA_ROUTE_TARGETS_MAX]; /* of its best member */
    size_t n;
};

static void join(const struct choice *c, struct domains *d, size_t at, size_t i)
{
    const struct proa_balance_view v = proa_pick_view(c->run, i, c->now_ns);
    struct proa_affinity_domain *domain = &d->of[at];
    const uint64_t weight = (uint64_t)domain->weight + v.weight_milli;
    domain->weight = weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX;
    domain->inflight += v.inflight;
    d->members[at] |= UINT64_C(1) << i;
    d->latency_ppm[at] = v.latency_ppm < d->latency_ppm[at] ? v.latency_ppm : d->latency_ppm[at];
}

static void find_domains(const struct choice *c, uint64_t tier, struct domains *d)
{
    uint8_t at[PROA_ROUTE_TARGETS_MAX]; /* by the first candidate of the domain */
    uint64_t seen = 0;
    d->n = 0;
    for (uint64_t rest = tier; rest != 0; rest &= rest - 1) {
        const size_t i = lowest(rest);
        const uint8_t first = c->route->domain[i];
        if ((seen >> first & 1U) == 0) {
            seen |= UINT64_C(1) << first;
            at[first] = (uint8_t)d->n;
            d->of[d->n] = (struct proa_affinity_domain){
                .hash = proa_seat_of(c->run, &c->run->route->candidates[i])->group->domain};
            d->members[d->n] = 0;
            d->latency_ppm[d->n++] = UINT32_MAX;
        }
        join(c, d, at[first], i);
    }
    uint32_t best = UINT32_MAX;
    for (size_t i = 0; i < d->n; i++) {
        best = d->latency_ppm[i] < best ? d->latency_ppm[i] : best;
    }
    for (size_t i = 0; i < d->n; i++) {
        d->of[i].blocked = d->latency_ppm[i] / 2 > best;
    }
}

/* A beginning that is in flight more often than the average domain has calls fills one domain after
 * the other up to the bound, and would turn all others away. It stops at the average instead, so
 * that what is below the bound stays for them. */
static uint32_t bound_of(const struct choice *c, const struct domains *d)
{
    enum { CROWD = 16 }; /* fewer turn nobody away */
    const uint64_t own = *proa_route_prefix(c->run);
    uint64_t total = 0;
    for (size_t i = 0; i < d->n; i++) {
        total += d->of[i].inflight;
    }
    return own >= CROWD && own * d->n > total ? PPM : policy_of(c)->balance.affinity_bound_ppm;
}

/* Those of the tier that likely have this prompt at hand; 0 = it is all the same. */
static uint64_t favourites(const struct choice *c, uint64_t tier)
{
    const struct proa_balance_cfg *cfg = &policy_of(c)->balance;
    const struct proa_run_options *options = &c->run->options;
    if (options->affinity == 0 || cfg->affinity == PROA_AFFINITY_OFF ||
        options->input_tokens < cfg->affinity_min_tokens || (tier & c->s->degraded) != 0) {
        return 0;
    }
    struct domains d PROA_UNINIT;
    find_domains(c, tier, &d);
    if (d.n < 2) {
        return 0;
    }
    const size_t at = proa_affinity_pick(options->affinity, d.of, d.n, bound_of(c, &d));
    return at == PROA_AFFINITY_NONE ? 0 : d.members[at];
}

/* While all of a tier ramp up, what they do not take yet goes on to the next one. */
static uint64_t after_ramp(const struct choice *c, uint64_t tier)
{
    const uint64_t next = behind(c, tier);
    uint32_t share = 0;
    for (uint64_t rest = tier; next != 0 && share < PPM && rest != 0; rest &= rest - 1) {
        const uint32_t of_this = proa_pick_share_ppm(c->run, lowest(rest), c->now_ns);
        share = of_this > share ? of_this : share;
    }
    const bool goes_on = next != 0 && share < PPM && proa_prng_below(c->picker->prng, PPM) >= share;
    return goes_on ? first_tier(c, next) : tier;
}

static struct pick from_tier(const struct choice *c, uint64_t ranked)
{
    const uint64_t tier = after_ramp(c, ranked);
    const uint64_t favoured = favourites(c, tier);
    return favoured ? picked(c, balance(c, &policy_of(c)->balance, favoured), PROA_REASON_AFFINITY)
                    : picked(c, balance(c, &policy_of(c)->balance, tier), PROA_REASON_STRATEGY);
}

/* ---- turns of a first attempt ---------------------------------------------------------------- */

/* Of another pool than candidate i's: who could join it. */
static bool has_company(const struct choice *c, size_t i)
{
    const struct pool_state *pool = proa_seat_of(c->run, &c->run->route->candidates[i])->pool;
    return (c->s->healthy & ~proa_pick_of_pool(c->run, pool)) != 0;
}

static struct pick turn(const struct choice *c, size_t i, enum proa_reason reason)
{
    struct pick pick = picked(c, i, reason);
    pick.trickle = reason == PROA_REASON_TRICKLE;
    pick.hedged = has_company(c, i);
    return pick;
}

static bool take_trickle(const struct choice *c, size_t i)
{
    struct proa_breaker *b =
        &proa_seat_of(c->run, &c->run->route->candidates[i])->target->watched.breaker;
    struct proa_breaker copy = *b;
    return proa_breaker_trickle(c->picker->dry ? &copy : b, &policy_of(c)->degraded, c->now_ns,
                                c->picker->prng);
}

/* A probe that is due, a turn of a degraded one, or now and then one that stands by: it must be
 * found out before the day that it is needed. Never at the price of another model. */
static bool take_turn(const struct choice *c, uint64_t ranked, struct pick *out)
{
    const uint64_t crossing = (ranked & ~c->route->substitutes) != 0 ? c->route->substitutes : 0;
    const uint64_t before = c->run->route->strict && ranked != 0 ? up_to(c, ranked) : UINT64_MAX;
    const uint64_t allowed = ~c->want->avoid & ~crossing & before;
    const uint64_t due = c->s->due & allowed;
    if (due != 0) {
        *out = turn(c, lowest(due), PROA_REASON_PROBE);
        return true;
    }
    if ((ranked & c->s->healthy) == 0) {
        return false;
    }
    for (uint64_t rest = c->s->degraded & allowed; rest != 0; rest &= rest - 1) {
        if (take_trickle(c, lowest(rest))) {
            *out = turn(c, lowest(rest), PROA_REASON_TRICKLE);
            return true;
        }
    }
    const uint64_t standby = behind(c, ranked);
    if (standby != 0 && proa_prng_below(c->picker->prng, PPM) < policy_of(c)->balance.standby_ppm) {
        struct proa_balance_cfg any = policy_of(c)->balance;
        any.strategy = PROA_STRATEGY_P2C_EWMA;
        any.explore_ppm = PPM;
        *out = picked(c, balance(c, &any, standby), PROA_REASON_STANDBY);
        return true;
    }
    return false;
}

/* ---- beside a running attempt ---------------------------------------------------------------- */

static bool has_headroom(const struct choice *c, size_t i)
{
    const struct seat *seat = proa_seat_of(c->run, &c->run->route->candidates[i]);
    const struct proa_policy_cfg *policy = policy_of(c);
    const uint64_t places =
        proa_concurrency_limit(&seat->target->concurrency, &policy->concurrency);
    const uint64_t left =
        places - (seat->target->inflight < places ? seat->target->inflight : places);
    return left * PPM >= places * policy->hedge.headroom_ppm &&
           (!policy->limiter.enabled ||
            proa_limiter_headroom_ppm(&seat->limit->limiter, c->now_ns) >=
                policy->hedge.headroom_ppm);
}

static struct pick beside(const struct choice *c)
{
    uint64_t able = c->s->healthy & ~c->want->avoid;
    bool crosses = c->want->use == PICK_EVACUATE;
    for (uint8_t i = 0; i < c->run->n_attempts; i++) {
        const struct proa_attempt_record *a = &c->run->attempts[i];
        if (a->stage != PROA_STAGE_UNUSED && a->stage != PROA_STAGE_OVER) {
            able &= ~proa_pick_of_pool(c->run, proa_seat_of(c->run, a->candidate)->pool);
            /* For being slow alone, nobody is given another model. */
            crosses = crosses || a->candidate->substitute || (a->let_through & LET_PROBES) != 0;
        }
    }
    able &= crosses ? UINT64_MAX : ~c->route->substitutes;
    for (uint64_t rest = c->want->use == PICK_HEDGE ? able : 0; rest != 0; rest &= rest - 1) {
        able &= has_headroom(c, lowest(rest)) ? UINT64_MAX : ~(UINT64_C(1) << lowest(rest));
    }
    return able != 0 ? picked(c, balance(c, &policy_of(c)->balance, first_tier(c, able)),
                              PROA_REASON_STRATEGY)
                     : (struct pick){.reason = PROA_REASON_NO_TARGET, .eta_ns = PROA_NEVER};
}

/* ---- when nobody is fit ---------------------------------------------------------------------- */

static uint64_t soonest(const struct choice *c, uint64_t among)
{
    uint64_t soonest_ns = PROA_NEVER;
    for (; among != 0; among &= among - 1) {
        const uint64_t eta = proa_pick_eta(c->run, lowest(among), c->now_ns);
        soonest_ns = eta < soonest_ns ? eta : soonest_ns;
    }
    return soonest_ns;
}

static struct pick nobody(enum proa_reason reason, uint64_t eta_ns)
{
    return (struct pick){.reason = reason, .eta_ns = eta_ns};
}

static bool admits(const struct choice *c)
{
    struct proa_throttle *throttle = &c->route->state->throttle;
    struct proa_throttle copy = *throttle;
    return proa_throttle_admit(c->picker->dry ? &copy : throttle, &policy_of(c)->panic, c->now_ns,
                               c->picker->prng);
}

/* All that are not out for a reason of their own, broken or not: taking out the last ones would
 * turn a half-broken provider into one that is down. */
static struct pick panic(const struct choice *c, uint64_t among)
{
    if (!admits(c)) {
        return nobody(PROA_REASON_THROTTLED, proa_throttle_eta(&c->route->state->throttle,
                                                               &policy_of(c)->panic, c->now_ns));
    }
    struct proa_balance_cfg cfg = policy_of(c)->balance;
    cfg.strategy = PROA_STRATEGY_P2C_EWMA;
    const uint64_t fresh = among & ~c->want->avoid;
    struct pick pick = picked(c, balance(c, &cfg, fresh ? fresh : among), PROA_REASON_PANIC);
    pick.panic = true;
    return pick;
}

static struct pick last_resort(const struct choice *c)
{
    const uint64_t *by = c->s->by;
    const uint64_t refused = by[PROA_EXPLAIN_KEY_REFUSED] | by[PROA_EXPLAIN_QUOTA_SPENT];
    const uint64_t absent = by[PROA_EXPLAIN_MODEL_DENIED] | by[PROA_EXPLAIN_MODEL_MISSING];
    const uint64_t broken = by[PROA_EXPLAIN_ENDPOINT_OPEN] | by[PROA_EXPLAIN_POOL_OPEN] |
                            by[PROA_EXPLAIN_TARGET_OPEN] | by[PROA_EXPLAIN_PROBING];
    const uint64_t limited = by[PROA_EXPLAIN_RATE_LIMITED] & ~refused;
    const uint64_t full = by[PROA_EXPLAIN_FULL] & ~refused & ~limited;
    const uint64_t away = by[PROA_EXPLAIN_UPLINK_DOWN] & ~refused;
    /* Those that would be fit soon are waited for rather than asking the broken ones. */
    const uint64_t well = ~absent & ~broken;
    const uint64_t wait_ns = policy_of(c)->concurrency.queue_wait_ns;
    if ((full & well & ~away) != 0 && wait_ns > 0) {
        return nobody(PROA_REASON_QUEUED, soonest(c, (full | limited) & well));
    }
    const uint64_t soon = soonest(c, limited & well);
    if (soon <= wait_ns) {
        return nobody(PROA_REASON_RATE_LIMITED, soon);
    }
    const uint64_t rest = (broken | absent) & ~refused & ~limited & ~full & ~away;
    if (rest != 0 && policy_of(c)->panic.enabled) {
        return panic(c, rest);
    }
    return nobody(limited != 0 ? PROA_REASON_RATE_LIMITED
                  : full != 0  ? PROA_REASON_QUEUED
                               : PROA_REASON_NO_TARGET,
                  soonest(c, c->s->asked));
}

/* ---- all of it ------------------------------------------------------------------------------- */

struct pick proa_pick_choose(const struct proa_run *run, const struct pick_want *want,
                             const struct survey *s, const struct picker *picker, uint64_t now_ns)
{
    const struct choice c = {run, want, s, picker, proa_route_seat(run), now_ns};
    if (want->use == PICK_HEDGE || want->use == PICK_EVACUATE) {
        return beside(&c);
    }
    const uint64_t among[] = {~want->avoid, UINT64_MAX};
    for (size_t i = 0; i < PROA_ARRAY_LEN(among); i++) {
        const uint64_t ranked = by_rank(&c, among[i]);
        struct pick pick = {0};
        if (want->use == PICK_FIRST && take_turn(&c, ranked, &pick)) {
            return pick;
        }
        if (ranked != 0) {
            return from_tier(&c, ranked);
        }
    }
    if (want->use == PICK_MOVE) {
        return nobody(PROA_REASON_NO_TARGET, soonest(&c, s->asked));
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(among); i++) {
        if ((s->due & among[i]) != 0) {
            return picked(&c, lowest(s->due & among[i]), PROA_REASON_PROBE);
        }
    }
    return last_resort(&c);
}

/* Takes the probes of those of its breakers that wait for one. */
static void take_probes(const struct proa_run *run, struct pick *pick, uint64_t now_ns)
{
    struct trip_place place = {run->roster, proa_seat_of(run, pick->candidate), TRIP_TARGET};
    bool *const held[TRIP_LEVELS] = {&pick->probe_target, &pick->probe_pool, &pick->probe_endpoint};
    for (; place.level < TRIP_LEVELS; place.level++) {
        struct proa_breaker *b = &proa_trip_watched(place.seat, place.level)->breaker;
        const struct proa_breaker_cfg *cfg = proa_trip_cfg(run, place.level);
        struct proa_breaker_change change = {0};
        if (proa_breaker_probe_due(b, cfg, now_ns)) {
            *held[place.level] = proa_breaker_probe_take(b, cfg, now_ns, &change);
            proa_trip_note(&place, change, now_ns);
        }
    }
}

static struct pick pick_among(const struct proa_run *run, const struct pick_want *want,
                              uint64_t asked, uint64_t now_ns)
{
    struct survey s;
    proa_pick_survey(run, asked, now_ns, &s);
    const struct picker picker = {.prng = &run->roster->engine->prng};
    struct pick pick = proa_pick_choose(run, want, &s, &picker, now_ns);
    if (pick.candidate && !proa_trip_all_closed(proa_seat_of(run, pick.candidate))) {
        take_probes(run, &pick, now_ns);
    }
    return pick;
}

/* There is but one, and it is well: nothing to weigh, and no turns to give. */
static bool is_only_choice(const struct proa_run *run, const struct pick_want *want, uint64_t asked,
                           uint64_t now_ns)
{
    return asked != 0 && (asked & (asked - 1)) == 0 && want->use != PICK_HEDGE &&
           want->use != PICK_EVACUATE && proa_pick_is_well(run, lowest(asked), now_ns);
}

struct pick proa_engine_pick(struct proa_run *run, const struct pick_want *want, uint64_t now_ns)
{
    const uint64_t asked = proa_route_seat(run)->weighted & ~want->out;
    if (is_only_choice(run, want, asked, now_ns)) {
        return (struct pick){.candidate = &run->route->candidates[lowest(asked)],
                             .reason = PROA_REASON_STRATEGY};
    }
    return pick_among(run, want, asked, now_ns);
}
