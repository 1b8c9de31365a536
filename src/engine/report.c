/*
 * What a verdict changes, each class at its own object only: breakers by the class's weights
 * (proa/resilience/attempt.h), credentials, masks, limits, bearings.
 */
#include "state_priv.h"

#define PPM UINT32_C(1000000)

enum {
    PACE_LEAST_TOKENS = 16, /* a shorter answer says nothing of the pace */
    SLOW_IN_NUMBERS = 5     /* one in so many */
};

/* Refusals that come closer than this are about one and the same load. */
static const uint64_t ONE_BURST_NS = 1 * PROA_NS_PER_S;

/* The attempt of a report, and everything around it. */
struct report {
    struct proa_run *run;
    struct proa_attempt_record *a;
    const struct seat *seat;
    const struct proa_policy_cfg *policy;
    uint64_t now_ns;
};

static struct report report_of(struct proa_run *run, uint8_t attempt, uint64_t now_ns)
{
    struct proa_attempt_record *a = &run->attempts[attempt];
    return (struct report){run, a, proa_seat_of(run, a->candidate), run->route->policy, now_ns};
}

static struct proa_prng *prng_of(const struct report *r)
{
    return &r->run->roster->engine->prng;
}

static struct trip_place place_of(const struct report *r, enum trip_level level)
{
    return (struct trip_place){r->run->roster, r->seat, level};
}

/* ---- breakers -------------------------------------------------------------------------------- */

/* Only targets are put behind others; what stands above them is in or out. */
static const struct proa_degraded_cfg *degraded_of(const struct report *r, enum trip_level level)
{
    static const struct proa_degraded_cfg never = {.enabled = false};
    return level == TRIP_TARGET ? &r->policy->degraded : &never;
}

static struct proa_breaker *breaker_of(const struct report *r, enum trip_level level)
{
    return &proa_trip_watched(r->seat, level)->breaker;
}

static uint32_t trip_score(const struct report *r, enum trip_level level)
{
    const struct proa_breaker_cfg *cfg = &r->policy->breaker;
    if (level == TRIP_POOL) {
        const struct pool_state *pool = r->seat->pool;
        return pool->spread || pool->n_targets <= 1 ? cfg->pool_score : UINT32_MAX;
    }
    return level == TRIP_TARGET ? cfg->score : cfg->endpoint_score;
}

static struct proa_breaker_report verdict(const struct report *r, enum trip_level level,
                                          uint32_t weight)
{
    return (struct proa_breaker_report){
        .started_ns = r->a->started_ns,
        .weight = weight,
        .trip_score = trip_score(r, level),
        .probe = (r->a->let_through & proa_let_probe(level)) != 0,
        .trickle = level == TRIP_TARGET && (r->a->let_through & LET_TRICKLE) != 0,
    };
}

static void noted(const struct report *r, enum trip_level level, struct proa_breaker_change change)
{
    r->a->let_through &= (uint16_t)~proa_let_probe(level);
    if (change.from != change.to) {
        const struct trip_place place = place_of(r, level);
        proa_trip_note(&place, change, r->now_ns);
    }
}

static void succeed(const struct report *r, enum trip_level level)
{
    const struct proa_breaker_report report = verdict(r, level, 0);
    noted(r, level,
          proa_breaker_success(breaker_of(r, level), proa_trip_cfg(r->run, level),
                               degraded_of(r, level), &report, r->now_ns));
}

static void succeed_at_all(const struct report *r)
{
    if (proa_trip_all_closed(r->seat)) { /* as nearly always: all that success can do then */
        const struct proa_breaker_cfg *above = proa_trip_cfg(r->run, TRIP_POOL);
        proa_breaker_well(breaker_of(r, TRIP_ENDPOINT), above, r->now_ns);
        proa_breaker_well(breaker_of(r, TRIP_POOL), above, r->now_ns);
        proa_breaker_well(breaker_of(r, TRIP_TARGET), &r->policy->breaker, r->now_ns);
        r->a->let_through &= (uint16_t)~LET_PROBES;
        return;
    }
    for (enum trip_level level = TRIP_LEVELS; level-- > TRIP_TARGET;) {
        succeed(r, level);
    }
}

static void fail(const struct report *r, enum trip_level level,
                 const struct proa_breaker_report *report)
{
    noted(r, level,
          proa_breaker_failure(breaker_of(r, level), proa_trip_cfg(r->run, level),
                               degraded_of(r, level), report, r->now_ns, prng_of(r)));
}

/* A pool is opened by failures of two targets in sequence, or of its only one. */
static void blame(const struct report *r)
{
    struct pool_state *pool = r->seat->pool;
    if (r->seat->own) { /* none of the configured targets had a part in it */
        pool->spread = true;
        return;
    }
    pool->spread = pool->spread || (pool->blame && pool->blame != r->seat->target);
    pool->blame = r->seat->target;
}

static void absolve(struct pool_state *pool)
{
    pool->spread = false;
    pool->blame = NULL;
}

static uint32_t fold(uint64_t fingerprint)
{
    const uint32_t folded = (uint32_t)(fingerprint ^ fingerprint >> 32);
    return folded == 0 && fingerprint != 0 ? 1 : folded;
}

/* What silence has scored already is taken off. */
static uint32_t left_of(const struct report *r, uint8_t weight)
{
    const bool counted = (r->a->let_through & LET_STALL_COUNTED) != 0;
    return counted && weight > 0 ? weight - 1U : weight;
}

/* Any answer proves the way there; only a good one brings back an endpoint that is out. */
static void note_answered(const struct report *r)
{
    const bool was_out = proa_breaker_is_out(&r->seat->endpoint->watched.breaker);
    proa_uplink_answered(r->run, r->seat->endpoint, r->now_ns);
    if (!was_out) {
        succeed(r, TRIP_ENDPOINT);
    }
}

/* Whoever refuses a connection has been reached: that tells of nobody's way but its own. */
static void note_way_out(const struct report *r, const struct proa_event *event)
{
    if (r->a->class == PROA_CLASS_CONNECT && event && event->err == PROA_ERR_REFUSED) {
        proa_uplink_answered(r->run, r->seat->endpoint, r->now_ns);
    } else if (proa_class_weight(r->a->class).endpoint > 0 &&
               proa_uplink_failed(r->run->roster->engine, r->seat->endpoint, r->a->started_ns,
                                  r->now_ns)) {
        r->a->class = PROA_CLASS_LOCAL;
    }
}

static void fail_breakers(const struct report *r, const struct proa_event *event)
{
    const struct proa_class_weight weight = proa_class_weight(r->a->class);
    const uint32_t weights[TRIP_LEVELS] = {left_of(r, weight.target), left_of(r, weight.pool),
                                           weight.endpoint};
    const bool told[TRIP_LEVELS] = {weight.target > 0, weight.pool > 0, weight.endpoint > 0};
    /* A way there that is broken cannot be the request's fault. */
    r->a->fingerprint = event && weight.endpoint == 0 ? fold(event->fingerprint) : 0;
    if (told[TRIP_POOL]) {
        blame(r);
    }
    /* From above: what recovers or falls with its parent must know the parent's state. */
    for (enum trip_level level = TRIP_LEVELS; level-- > TRIP_TARGET;) {
        if (told[level]) {
            struct proa_breaker_report report = verdict(r, level, weights[level]);
            report.fingerprint = level != TRIP_ENDPOINT ? r->a->fingerprint : 0;
            report.hint_ns =
                event && r->a->class == PROA_CLASS_OVERLOADED ? event->retry_after_ns : 0;
            proa_trip_watched(r->seat, level)->failed = (struct proa_status_failure){
                .at_ns = r->now_ns, .status = r->a->status, .class = (uint8_t)r->a->class};
            fail(r, level, &report);
        }
    }
    if (told[TRIP_TARGET]) {
        proa_bearing_verdict(&r->seat->target->bearing, true, r->policy->balance.tau_ns, r->now_ns);
    }
}

/* ---- latency --------------------------------------------------------------------------------- */

/* What is usual in the route: the median of its pools' medians, so that providers are compared with
 * each other and not with their own past. 0 = nothing is known. */
static uint64_t usual(const struct proa_run *run, enum proa_latency_row row)
{
    PROA_UNINIT uint64_t medians[PROA_ROUTE_TARGETS_MAX]; /* in order */
    size_t n = 0;
    for (uint64_t rest = proa_route_seat(run)->pools; rest != 0; rest &= rest - 1) {
        const struct proa_candidate *first = &run->route->candidates[__builtin_ctzll(rest)];
        const uint64_t median = proa_latency_median(&proa_seat_of(run, first)->pool->latency, row);
        if (median != 0) {
            size_t at = n++;
            for (; at > 0 && medians[at - 1] > median; at--) {
                medians[at] = medians[at - 1];
            }
            medians[at] = median;
        }
    }
    return n == 0 ? 0 : medians[(n - 1) / 2];
}

/* A sibling that is degraded is likely slow, and they share the history. */
static bool has_degraded_sibling(const struct report *r)
{
    const struct proa_route *route = r->run->route;
    for (size_t i = 0; i < route->n_candidates; i++) {
        const struct seat *seat = proa_seat_of(r->run, &route->candidates[i]);
        if (seat->pool == r->seat->pool &&
            seat->target->watched.breaker.state == PROA_BREAKER_DEGRADED) {
            return true;
        }
    }
    return false;
}

static bool is_well(const struct report *r)
{
    for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
        const uint8_t state = breaker_of(r, level)->state;
        if (state != PROA_BREAKER_CLOSED && state != PROA_BREAKER_RAMP) {
            return false;
        }
    }
    return !has_degraded_sibling(r);
}

/* Now and then one is slow; several are the beginning of a fault. */
static bool is_slow_like_others(const struct report *r)
{
    if (!r->a->marked_slow) {
        return false;
    }
    const struct proa_counts lately =
        proa_window_sum(&breaker_of(r, TRIP_TARGET)->window, r->now_ns, PROA_WINDOW_FAST_SLOTS);
    const uint32_t verdicts = lately.of[PROA_SAMPLE_OK] + lately.of[PROA_SAMPLE_FAIL];
    return lately.of[PROA_SAMPLE_SLOW] * SLOW_IN_NUMBERS >= verdicts;
}

/* History is kept while all is well, or it would learn the fault; the bearing always. */
static void time_first(const struct report *r, bool was_well)
{
    const uint64_t span = proa_clock_since(r->now_ns, r->a->started_ns);
    const enum proa_latency_row row = proa_times_row(r->run);
    if (was_well && !is_slow_like_others(r)) {
        proa_latency_add(&r->seat->pool->latency, row, span, r->now_ns);
    }
    proa_bearing_first(&r->seat->target->bearing, span, usual(r->run, row),
                       r->policy->balance.tau_ns, r->now_ns);
}

void proa_report_pace(struct proa_run *run, const struct proa_attempt_record *a,
                      const struct proa_usage *usage, uint64_t now_ns)
{
    const uint64_t tokens =
        proa_usage_has(usage, PROA_USAGE_OUTPUT) ? usage->count[PROA_USAGE_OUTPUT] : 0;
    if (!run->options.stream || a->class != PROA_CLASS_OK || tokens < PACE_LEAST_TOKENS) {
        return;
    }
    const struct report r = report_of(run, a->index, now_ns);
    const uint64_t span =
        proa_clock_since(now_ns, a->content_ns) / tokens * PROA_LATENCY_PACE_TOKENS;
    if (is_well(&r)) {
        proa_latency_add(&r.seat->pool->latency, PROA_LATENCY_PACE, span, now_ns);
    }
    proa_bearing_pace(&r.seat->target->bearing, span, usual(run, PROA_LATENCY_PACE),
                      r.policy->balance.tau_ns, now_ns);
}

/* ---- success --------------------------------------------------------------------------------- */

static void clear_access(struct access_state *a, uint64_t started_ns)
{
    if (a->credential.state != PROA_CREDENTIAL_ACTIVE) {
        proa_credential_ok(&a->credential, started_ns);
        a->trial_until_ns = 0;
    }
}

static void clear_trials(const struct report *r)
{
    clear_access(r->seat->key, r->a->started_ns);
    clear_access(r->seat->group, r->a->started_ns);
    r->seat->target->denied_until_ns = 0;
    r->seat->pool->missing_until_ns = 0;
    r->a->let_through &= (uint16_t)~LET_TRIES;
}

/* It is answered here: that it failed before was not its own fault, and where the same request
 * fails again that counts again. Else an application that always asks the same would never open
 * what is down, and pay for an attempt there each time. */
static void clear_request(const struct report *r)
{
    for (uint8_t i = 0; i < r->run->n_attempts; i++) {
        const struct proa_attempt_record *failed = &r->run->attempts[i];
        const struct seat *seat = proa_seat_of(r->run, failed->candidate);
        if (failed->fingerprint != 0) {
            proa_breaker_clear_request(&seat->target->watched.breaker, failed->fingerprint);
            proa_breaker_clear_request(&seat->pool->watched.breaker, failed->fingerprint);
        }
    }
}

void proa_engine_report_content(struct proa_run *run, uint8_t attempt, uint64_t now_ns)
{
    const struct report r = report_of(run, attempt, now_ns);
    const bool was_well = is_well(&r);
    r.seat->target->content_ns = now_ns;
    proa_list_unlink(&r.a->in_pool);
    proa_uplink_answered(run, r.seat->endpoint, now_ns);
    absolve(r.seat->pool);
    succeed_at_all(&r);
    clear_request(&r);
    time_first(&r, was_well);
    proa_bearing_verdict(&r.seat->target->bearing, false, r.policy->balance.tau_ns, now_ns);
    clear_trials(&r);
    if (r.policy->limiter.enabled) {
        proa_limiter_ok(&r.seat->limit->limiter, &r.policy->limiter, now_ns);
    }
    proa_concurrency_ok(&r.seat->target->concurrency, &r.policy->concurrency,
                        r.seat->target->inflight);
    proa_throttle_accepted(&proa_route_seat(run)->state->throttle, &r.policy->panic, now_ns);
}

/* ---- failure --------------------------------------------------------------------------------- */

static uint64_t until(uint64_t old_ns, uint64_t span_ns, uint64_t now_ns)
{
    const uint64_t new_ns = proa_clock_after(now_ns, span_ns);
    return new_ns > old_ns ? new_ns : old_ns;
}

/* Limits, credentials and masks. A model that the client may choose freely is not put aside for
 * all: another client's may be there. */
static void fail_access(const struct report *r, const struct proa_event *event)
{
    const struct proa_credential_cfg *cfg = &r->policy->credential;
    const uint64_t wait = event ? event->retry_after_ns : 0;
    const bool is_open = r->a->candidate->target->model.len == 0;
    const enum proa_class class = r->a->class;
    if (class == PROA_CLASS_RATE && r->policy->limiter.enabled) {
        r->seat->limit->speaks = true;
        proa_limiter_throttled(&r->seat->limit->limiter, &r->policy->limiter, wait, prng_of(r),
                               r->now_ns);
    } else if (class == PROA_CLASS_QUOTA) {
        proa_credential_exhausted(&r->seat->group->credential, cfg,
                                  event ? event->quota_reset_ns : 0, r->now_ns);
        r->a->let_through &= (uint16_t)~LET_TRY_GROUP;
    } else if (class == PROA_CLASS_AUTH) {
        proa_credential_refused(&r->seat->key->credential, cfg, r->now_ns);
        r->a->let_through &= (uint16_t)~LET_TRY_KEY;
    } else if (class == PROA_CLASS_PERMISSION && !is_open) {
        r->seat->target->denied_until_ns =
            until(r->seat->target->denied_until_ns, cfg->mask_ns, r->now_ns);
        r->a->let_through &= (uint16_t)~LET_TRY_TARGET;
    } else if (class == PROA_CLASS_NOT_FOUND && !is_open && !r->seat->own) {
        r->seat->pool->missing_until_ns =
            until(r->seat->pool->missing_until_ns, cfg->mask_ns, r->now_ns);
        r->a->let_through &= (uint16_t)~LET_TRY_POOL;
    }
}

/* A probe that was told to wait has no verdict, but the next one waits. */
static void defer_probes(const struct report *r, uint64_t wait_ns)
{
    for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
        if ((r->a->let_through & proa_let_probe(level)) != 0) {
            r->a->let_through &= (uint16_t)~proa_let_probe(level);
            proa_breaker_probe_release(breaker_of(r, level), r->a->started_ns, wait_ns, r->now_ns);
        }
    }
}

static bool is_congestion(enum proa_class class)
{
    return class == PROA_CLASS_OVERLOADED || class == PROA_CLASS_FIRST_BYTE_TIMEOUT ||
           class == PROA_CLASS_FIRST_CONTENT_TIMEOUT || class == PROA_CLASS_TOTAL_TIMEOUT;
}

void proa_engine_report_failure(struct proa_run *run, uint8_t attempt,
                                const struct proa_event *event, uint64_t now_ns)
{
    const struct report r = report_of(run, attempt, now_ns);
    proa_list_unlink(&r.a->in_pool);
    note_way_out(&r, event);
    if (r.a->status != 0 && r.a->content_ns == 0) {
        note_answered(&r);
    }
    fail_breakers(&r, event);
    fail_access(&r, event);
    if (r.a->class == PROA_CLASS_RATE && event) {
        defer_probes(&r, event->retry_after_ns);
    }
    if (is_congestion(r.a->class)) {
        const uint64_t median = proa_latency_median(&r.seat->pool->latency, proa_times_row(run));
        proa_concurrency_congested(&r.seat->target->concurrency, &r.policy->concurrency,
                                   median > ONE_BURST_NS ? median : ONE_BURST_NS, now_ns);
    }
}

/* ---- silence --------------------------------------------------------------------------------- */

void proa_engine_report_slow(struct proa_run *run, uint8_t attempt, uint64_t now_ns)
{
    const struct report r = report_of(run, attempt, now_ns);
    r.a->marked_slow = true;
    const struct trip_place place = place_of(&r, TRIP_TARGET);
    proa_trip_note(&place,
                   proa_breaker_slow(breaker_of(&r, TRIP_TARGET), proa_trip_cfg(run, TRIP_TARGET),
                                     &r.policy->degraded, now_ns),
                   now_ns);
    /* It will take at least so long. */
    proa_bearing_first(&r.seat->target->bearing, proa_clock_since(now_ns, r.a->started_ns),
                       usual(run, proa_times_row(run)), r.policy->balance.tau_ns, now_ns);
}

void proa_engine_report_stall(struct proa_run *run, uint8_t attempt, uint64_t now_ns)
{
    const struct report r = report_of(run, attempt, now_ns);
    if (r.seat->target->content_ns >= r.a->started_ns) {
        return; /* others are answered meanwhile: it is this request that takes long */
    }
    r.a->let_through |= LET_STALL_COUNTED;
    blame(&r);
    for (enum trip_level level = TRIP_POOL + 1; level-- > TRIP_TARGET;) {
        const struct trip_place place = place_of(&r, level);
        const struct proa_breaker_report report = verdict(&r, level, 1);
        proa_trip_note(&place,
                       proa_breaker_stalled(breaker_of(&r, level), proa_trip_cfg(run, level),
                                            &report, now_ns, prng_of(&r)),
                       now_ns);
    }
}

/* A probe that a later attempt has overtaken has shown what it was to show, and so has a trickle:
 * without a verdict, one would follow the other without end while users are served by the hedges.
 */
void proa_report_lost(struct proa_run *run, const struct proa_attempt_record *a, uint64_t now_ns)
{
    const struct report r = report_of(run, a->index, now_ns);
    for (enum trip_level level = TRIP_LEVELS; level-- > TRIP_TARGET;) {
        if ((a->let_through & proa_let_probe(level)) != 0) {
            const struct proa_breaker_report report = verdict(&r, level, 1);
            fail(&r, level, &report);
        }
    }
    if ((a->let_through & LET_TRICKLE) != 0 && !a->marked_slow) {
        proa_engine_report_slow(run, a->index, now_ns);
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

void proa_engine_report_rates(struct proa_run *run, uint8_t attempt,
                              const struct proa_rate_signal *signals, size_t n, uint64_t now_ns)
{
    const struct report r = report_of(run, attempt, now_ns);
    if (r.policy->limiter.enabled) {
        r.seat->limit->speaks = true;
        proa_limiter_learn(&r.seat->limit->limiter, signals, n, &run->attempts[attempt].mark,
                           now_ns);
    }
}
