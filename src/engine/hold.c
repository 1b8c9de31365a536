/* What an attempt holds while it is under way: its place, its share of the limits, the leases of
 * what it tries out; and giving all of it back. */
#include "state_priv.h"

/* So long nobody else tries what was out of use. */
static const uint64_t TRIAL_NS = 60 * PROA_NS_PER_S;

static bool try_access(struct access_state *a, uint64_t now_ns)
{
    if (a->credential.state == PROA_CREDENTIAL_ACTIVE) {
        return false;
    }
    a->trial_until_ns = proa_clock_after(now_ns, TRIAL_NS);
    return true;
}

/* A mask that has run out stays for the others while one looks whether it was right. */
static bool try_mask(uint64_t *until_ns, uint64_t now_ns)
{
    if (*until_ns == 0 || *until_ns > now_ns) {
        return false;
    }
    *until_ns = proa_clock_after(now_ns, TRIAL_NS);
    return true;
}

static uint8_t begin_trials(const struct seat *seat, uint64_t now_ns)
{
    uint8_t let = 0;
    let |= try_access(seat->key, now_ns) ? LET_TRY_KEY : 0;
    let |= try_access(seat->group, now_ns) ? LET_TRY_GROUP : 0;
    let |= try_mask(&seat->target->denied_until_ns, now_ns) ? LET_TRY_TARGET : 0;
    let |= try_mask(&seat->pool->missing_until_ns, now_ns) ? LET_TRY_POOL : 0;
    return let;
}

void proa_engine_reserve(struct proa_run *run, uint8_t attempt, const struct pick *pick,
                         uint64_t now_ns)
{
    struct proa_attempt_record *a = &run->attempts[attempt];
    const struct seat *seat = proa_seat_of(run, a->candidate);
    const struct proa_limiter_cfg *cfg = &run->route->policy->limiter;
    a->let_through = (uint16_t)((pick->probe_target ? LET_PROBE_TARGET : 0) |
                                (pick->probe_pool ? LET_PROBE_POOL : 0) |
                                (pick->probe_endpoint ? LET_PROBE_ENDPOINT : 0) |
                                (pick->trickle ? LET_TRICKLE : 0) | begin_trials(seat, now_ns));
    seat->target->inflight++;
    ++*proa_route_prefix(run);
    proa_list_push_back(&seat->pool->unanswered, &a->in_pool);
    proa_uplink_asked(run->roster->engine, seat->endpoint, now_ns);
    if (cfg->enabled) {
        a->reserved = proa_limiter_need(&seat->limit->limiter, cfg, run->options.input_tokens,
                                        run->options.max_output);
        proa_limiter_take(&seat->limit->limiter, &a->reserved, now_ns, &a->mark);
    }
}

/* ---- giving back ----------------------------------------------------------------------------- */

/* Whoever held the probe of this level without a verdict gives it back. */
static void free_probes(const struct seat *seat, const struct proa_attempt_record *a,
                        uint64_t now_ns)
{
    for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
        if ((a->let_through & proa_let_probe(level)) != 0) {
            proa_breaker_probe_release(&proa_trip_watched(seat, level)->breaker, a->started_ns, 0,
                                       now_ns);
        }
    }
}

static void free_trials(const struct seat *seat, const struct proa_attempt_record *a,
                        uint64_t now_ns)
{
    const struct {
        uint16_t bit;
        uint64_t *until_ns;
    } trials[] = {
        {LET_TRY_KEY, &seat->key->trial_until_ns},
        {LET_TRY_GROUP, &seat->group->trial_until_ns},
        {LET_TRY_TARGET, &seat->target->denied_until_ns},
        {LET_TRY_POOL, &seat->pool->missing_until_ns},
    };
    const uint64_t own_ns = proa_clock_after(a->started_ns, TRIAL_NS);
    for (size_t i = 0; i < PROA_ARRAY_LEN(trials); i++) {
        /* Else its time ran out, and what stands there now is another's. */
        if ((a->let_through & trials[i].bit) != 0 && *trials[i].until_ns == own_ns) {
            *trials[i].until_ns = now_ns;
        }
    }
}

static uint64_t used(const struct proa_usage *usage, enum proa_usage_field field)
{
    return proa_usage_has(usage, field) ? usage->count[field] : PROA_RATE_UNKNOWN;
}

static void settle(const struct proa_run *run, const struct proa_attempt_record *a,
                   const struct proa_usage *usage, uint64_t now_ns)
{
    if (!run->route->policy->limiter.enabled) {
        return;
    }
    struct proa_need need = {
        .of = {PROA_RATE_UNKNOWN, PROA_RATE_UNKNOWN, PROA_RATE_UNKNOWN, PROA_RATE_UNKNOWN}};
    if (usage) {
        const uint64_t input = used(usage, PROA_USAGE_INPUT);
        const uint64_t output = used(usage, PROA_USAGE_OUTPUT);
        need.of[PROA_RATE_INPUT] = input;
        need.of[PROA_RATE_OUTPUT] = output;
        need.of[PROA_RATE_TOKENS] = input == PROA_RATE_UNKNOWN || output == PROA_RATE_UNKNOWN
                                        ? PROA_RATE_UNKNOWN
                                        : input + output;
    }
    proa_limiter_settle(&proa_seat_of(run, a->candidate)->limit->limiter, &a->reserved, &need,
                        now_ns);
}

/* Another attempt that began after this one has its content at this moment. */
static bool has_lost_race(const struct proa_run *run, const struct proa_attempt_record *a,
                          uint64_t now_ns)
{
    if (a->class != PROA_CLASS_CANCELLED || run->winner >= run->n_attempts) {
        return false;
    }
    const struct proa_attempt_record *winner = &run->attempts[run->winner];
    return winner->content_ns == now_ns && winner->started_ns > a->started_ns;
}

void proa_engine_release(struct proa_run *run, uint8_t attempt, const struct proa_usage *usage,
                         uint64_t now_ns)
{
    struct proa_attempt_record *a = &run->attempts[attempt];
    const struct seat *seat = proa_seat_of(run, a->candidate);
    PROA_ASSERT(seat->target->inflight > 0);
    seat->target->inflight--;
    --*proa_route_prefix(run);
    proa_list_unlink(&a->in_pool);
    if (has_lost_race(run, a, now_ns)) {
        proa_report_lost(run, a, now_ns);
    }
    if (a->let_through != 0) {
        free_probes(seat, a, now_ns);
        free_trials(seat, a, now_ns);
        a->let_through = 0;
    }
    settle(run, a, usage, now_ns);
    if (usage) {
        proa_report_pace(run, a, usage, now_ns);
    }
}
