#include "state_priv.h"

struct filter_row {
    const char *text;
    const char *setting;
};

static const struct filter_row FILTERS[PROA_EXPLAIN_FILTERS] = {
#define ROW(name, text, setting) [PROA_EXPLAIN_##name] = {text, setting},
    PROA_EXPLAIN_TABLE(ROW)
#undef ROW
};

const char *proa_explain_text(enum proa_explain_filter filter)
{
    return (size_t)filter < PROA_ARRAY_LEN(FILTERS) ? FILTERS[filter].text : "unknown";
}

const char *proa_explain_setting(enum proa_explain_filter filter)
{
    return (size_t)filter < PROA_ARRAY_LEN(FILTERS) ? FILTERS[filter].setting : "";
}

const char *proa_explain_cause_text(enum proa_breaker_cause cause)
{
    static const char *const texts[PROA_BREAKER_CAUSES] = {
        [PROA_BREAKER_CAUSE_SCORE] = "it failed too often in sequence",
        [PROA_BREAKER_CAUSE_RATE] = "too many of its answers failed",
        [PROA_BREAKER_CAUSE_FAST_RATE] = "too many of its newest answers failed",
        [PROA_BREAKER_CAUSE_SLOW] = "it was slow",
        [PROA_BREAKER_CAUSE_STALL] = "it fell silent",
        [PROA_BREAKER_CAUSE_PROBE_FAILED] = "it failed again as it came back",
        [PROA_BREAKER_CAUSE_OPERATOR] = "an operator has ejected it",
    };
    const char *text = (size_t)cause < PROA_ARRAY_LEN(texts) ? texts[cause] : NULL;
    return text ? text : "why is not known";
}

/* The setting behind a pick, or behind there being none. */
static const char *setting_of(enum proa_reason reason)
{
    static const struct {
        enum proa_reason reason;
        const char *setting;
    } rows[] = {
        {PROA_REASON_STRATEGY, "balance.strategy"},
        {PROA_REASON_AFFINITY, "balance.affinity"},
        {PROA_REASON_PROBE, "breaker.half_open_successes"},
        {PROA_REASON_TRICKLE, "degraded.trickle"},
        {PROA_REASON_STANDBY, "balance.standby"},
        {PROA_REASON_PANIC, "panic.enabled"},
        {PROA_REASON_THROTTLED, "panic.k"},
        {PROA_REASON_QUEUED, "concurrency.target"},
        {PROA_REASON_RATE_LIMITED, "limiter.enabled"},
        {PROA_REASON_NO_TARGET, "tiers"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (rows[i].reason == reason) {
            return rows[i].setting;
        }
    }
    return "";
}

static enum proa_explain_filter filter_of(const struct survey *s, size_t i)
{
    if ((s->asked >> i & 1U) == 0) {
        return PROA_EXPLAIN_NO_WEIGHT;
    }
    for (size_t f = PROA_EXPLAIN_NONE + 1; f < PROA_EXPLAIN_FILTERS; f++) {
        if ((s->by[f] >> i & 1U) != 0) {
            return (enum proa_explain_filter)f;
        }
    }
    return PROA_EXPLAIN_NONE;
}

static void rank_all(const struct proa_run *run, const struct survey *s, struct proa_explain *out)
{
    uint64_t rest = UINT64_MAX;
    uint64_t ranked = 0;
    for (uint32_t rank = 0; (ranked = proa_pick_ranked(run, s, rest)) != 0; rank++) {
        rest &= ~ranked;
        for (size_t i = 0; i < out->n; i++) {
            if ((ranked >> i & 1U) != 0) {
                out->candidates[i].rank = rank;
            }
        }
    }
}

/* The breaker behind a filter, the highest of them. */
static struct proa_explain_breaker breaker_of(const struct proa_run *run, size_t i,
                                              enum proa_explain_filter filter, uint64_t now_ns)
{
    const struct seat *seat = proa_seat_of(run, &run->route->candidates[i]);
    const struct state *states[TRIP_LEVELS] = {
        [TRIP_TARGET] = &seat->target->state,
        [TRIP_POOL] = &seat->pool->state,
        [TRIP_ENDPOINT] = &seat->endpoint->state,
    };
    const bool is_out = filter >= PROA_EXPLAIN_ENDPOINT_OPEN && filter <= PROA_EXPLAIN_TARGET_OPEN;
    if (!is_out && filter != PROA_EXPLAIN_PROBING && filter != PROA_EXPLAIN_PROBE_DUE &&
        filter != PROA_EXPLAIN_DEGRADED) {
        return (struct proa_explain_breaker){.kind = PROA_STATUS_KINDS};
    }
    for (enum trip_level level = TRIP_LEVELS; level-- > TRIP_TARGET;) {
        const struct watched *w = proa_trip_watched(seat, level);
        if (filter == PROA_EXPLAIN_DEGRADED ? w->breaker.state == PROA_BREAKER_DEGRADED
                                            : proa_breaker_is_out(&w->breaker)) {
            struct proa_status_failure failed = w->failed;
            failed.at_ns = proa_clock_since(now_ns, failed.at_ns);
            return (struct proa_explain_breaker){
                .kind = (enum proa_status_kind)states[level]->kind,
                .identity = states[level]->identity,
                .cause = (enum proa_breaker_cause)w->began.cause,
                .since_ns = proa_clock_since(now_ns, w->began.at_ns),
                .failed = failed,
            };
        }
    }
    return (struct proa_explain_breaker){.kind = PROA_STATUS_KINDS};
}

static void describe(const struct proa_run *run, const struct survey *s, size_t i, uint64_t now_ns,
                     struct proa_explain_candidate *out)
{
    const struct proa_balance_view view = proa_pick_view(run, i, now_ns);
    const struct proa_candidate *candidate = &run->route->candidates[i];
    *out = (struct proa_explain_candidate){
        .candidate = candidate,
        .filter = filter_of(s, i),
        .breaker = breaker_of(run, i, filter_of(s, i), now_ns),
        .eta_ns = candidate->weight > 0 ? proa_pick_eta(run, i, now_ns) : PROA_NEVER,
        .rank = UINT32_MAX,
        .cost = proa_balance_cost(&view, &run->route->policy->balance),
        .share_ppm = proa_pick_share_ppm(run, i, now_ns),
        .latency_ppm = view.latency_ppm,
        .failure_ppm = view.failure_ppm,
        .inflight = view.inflight,
        .headroom_ppm =
            proa_limiter_headroom_ppm(&proa_seat_of(run, candidate)->limit->limiter, now_ns),
    };
}

void proa_explain(struct proa_roster *roster, const struct proa_route *route,
                  const struct proa_run_options *options, uint64_t now_ns, struct proa_explain *out)
{
    struct proa_run run;
    proa_run_init(&run, roster, route, options, now_ns);
    struct survey s;
    proa_pick_survey(&run, UINT64_MAX, now_ns, &s);
    memset(out, 0, sizeof *out); /* too large for a literal on the stack */
    out->n = route->n_candidates;
    for (size_t i = 0; i < out->n; i++) {
        describe(&run, &s, i, now_ns, &out->candidates[i]);
    }
    rank_all(&run, &s, out);
    struct proa_prng chance = roster->engine->prng;
    const struct picker picker = {.prng = &chance, .dry = true};
    const struct pick_want want = {.use = PICK_FIRST};
    const struct pick pick = proa_pick_choose(&run, &want, &s, &picker, now_ns);
    out->pick = pick.candidate;
    out->reason = pick.reason;
    out->setting = setting_of(pick.reason);
    out->eta_ns = pick.eta_ns;
}
