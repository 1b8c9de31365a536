#include "proa/engine/saved.h"

#include "state_priv.h"

#define PPM UINT32_C(1000000)

static uint64_t before(uint64_t now_ns, uint64_t span_ns)
{
    return now_ns > span_ns ? now_ns - span_ns : 0;
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

/* 0 of a span that is over. */
static uint64_t until(uint64_t span_ns, uint64_t now_ns)
{
    return span_ns == 0 ? 0 : proa_clock_after(now_ns, span_ns);
}

static void add(struct proa_window *w, uint64_t window_ns, uint64_t now_ns, enum proa_sample sample,
                uint32_t n)
{
    n = at_most(n, UINT16_MAX); /* where a slot saturates */
    for (; n > 0; n--) {
        proa_window_add(w, window_ns, now_ns, sample);
    }
}

/* The older part of the window as if it had come in its middle, the newest as if now. */
static void fill_window(struct proa_window *w, const struct proa_status_breaker *saved,
                        uint64_t window_ns, uint64_t now_ns)
{
    for (enum proa_sample s = PROA_SAMPLE_OK; s < PROA_SAMPLES; s++) {
        const uint32_t fast = saved->fast.of[s];
        add(w, window_ns, before(now_ns, window_ns / 2), s,
            saved->slow.of[s] > fast ? saved->slow.of[s] - fast : 0);
    }
    for (enum proa_sample s = PROA_SAMPLE_OK; s < PROA_SAMPLES; s++) {
        add(w, window_ns, now_ns, s, saved->fast.of[s]);
    }
}

/* When a ramp that has come so far began. */
static uint64_t ramp_began(const struct proa_breaker_cfg *cfg, uint32_t share_ppm, uint64_t now_ns)
{
    return before(now_ns, cfg->ramp_ns / PPM * at_most(share_ppm, PPM));
}

static void load(const struct object *object, enum trip_level level,
                 const struct proa_status_breaker *saved, uint64_t now_ns)
{
    struct watched *w = proa_trip_watched(object->seat, level);
    struct proa_breaker *b = &w->breaker;
    const struct proa_breaker_cfg *cfg = &object->seat->route->route->policy->breaker;
    const bool out = saved->state == PROA_BREAKER_OPEN || saved->state == PROA_BREAKER_HALF_OPEN;
    proa_breaker_init(b, now_ns);
    b->state = (uint8_t)at_most(saved->state, PROA_BREAKER_STATES - 1);
    b->exponent = (uint8_t)at_most(saved->exponent, UINT8_MAX);
    b->score = (uint16_t)at_most(saved->score, UINT16_MAX);
    b->probing = saved->state == PROA_BREAKER_HALF_OPEN && saved->probing;
    b->wary = saved->state == PROA_BREAKER_RAMP;
    b->probe_ns = b->probing ? now_ns : 0;
    b->opened_ns = out ? now_ns : 0;
    b->until_ns = out && !b->probing ? proa_clock_after(now_ns, saved->eta_ns) : 0;
    b->entered_ns =
        saved->state == PROA_BREAKER_RAMP ? ramp_began(cfg, saved->share_ppm, now_ns) : now_ns;
    fill_window(&b->window, saved, cfg->window_ns, now_ns);
    w->n_past = 0;
    w->began = (struct proa_status_transition){.at_ns = now_ns};
    for (size_t i = 0; i < saved->n_past && i < PROA_STATUS_TRANSITIONS; i++) {
        struct proa_status_transition past = saved->past[i];
        past.at_ns = before(now_ns, past.at_ns);
        proa_watched_keep(w, &past);
    }
    w->failed = saved->failed;
    w->failed.at_ns = before(now_ns, saved->failed.at_ns);
}

bool proa_saved_endpoint(struct proa_roster *roster, const struct proa_status_endpoint *saved,
                         uint64_t now_ns)
{
    const struct object *object = proa_roster_find(roster, PROA_STATUS_ENDPOINT, saved->identity);
    if (object) {
        load(object, TRIP_ENDPOINT, &saved->breaker, now_ns);
    }
    return object != NULL;
}

bool proa_saved_pool(struct proa_roster *roster, const struct proa_status_pool *saved,
                     uint64_t now_ns)
{
    const struct object *object = proa_roster_find(roster, PROA_STATUS_POOL, saved->identity);
    if (object) {
        load(object, TRIP_POOL, &saved->breaker, now_ns);
        object->seat->pool->missing_until_ns = until(saved->missing_ns, now_ns);
    }
    return object != NULL;
}

bool proa_saved_target(struct proa_roster *roster, const struct proa_status_target *saved,
                       uint64_t now_ns)
{
    const struct object *object = proa_roster_find(roster, PROA_STATUS_TARGET, saved->identity);
    if (!object) {
        return false;
    }
    struct target_state *t = object->seat->target;
    load(object, TRIP_TARGET, &saved->breaker, now_ns);
    t->bearing = (struct proa_bearing){
        .first_ppm = saved->latency_ppm,
        .pace_ppm = saved->latency_ppm,
        .failure_ppm = at_most(saved->failure_ppm, PPM),
        .at_ns = now_ns,
    };
    t->inflight = saved->inflight;
    t->concurrency.limit_ppm = (uint64_t)saved->cap * PPM;
    t->denied_until_ns = until(saved->denied_ns, now_ns);
    return true;
}

bool proa_saved_access(struct proa_roster *roster, enum proa_status_kind kind,
                       const struct proa_status_access *saved, uint64_t now_ns)
{
    const struct object *object = kind == PROA_STATUS_KEY || kind == PROA_STATUS_GROUP
                                      ? proa_roster_find(roster, kind, saved->identity)
                                      : NULL;
    if (!object) {
        return false;
    }
    struct access_state *a = kind == PROA_STATUS_KEY ? object->seat->key : object->seat->group;
    proa_credential_init(&a->credential);
    a->credential.state = saved->state;
    a->credential.times = saved->times;
    a->credential.out_ns = now_ns;
    a->credential.until_ns = proa_clock_after(now_ns, saved->out_ns);
    a->trial_until_ns = 0;
    return true;
}

bool proa_saved_limit(struct proa_roster *roster, const struct proa_status_limit *saved,
                      uint64_t now_ns)
{
    const struct object *object = proa_roster_find(roster, PROA_STATUS_LIMIT, saved->identity);
    if (!object) {
        return false;
    }
    struct proa_limiter *l = &object->seat->limit->limiter;
    object->seat->limit->speaks = true;
    proa_limiter_init(l);
    for (size_t kind = 0; kind < PROA_LIMIT_DIMENSIONS; kind++) {
        l->bucket[kind] = saved->bucket[kind];
        l->bucket[kind].at_ns = before(now_ns, saved->bucket[kind].at_ns);
    }
    l->blocked_until_ns = until(saved->blocked_ns, now_ns);
    l->pace_milli = saved->pace_milli;
    return true;
}
