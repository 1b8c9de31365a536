/*
 * A few exchanges of one route played by chance: the route, its policy and a sequence of events are
 * drawn from a source, either a seeded generator or the bytes of a fuzz input, and every step goes
 * through the witness. Attempts tell their events in the order that proa/engine/run.h has them in;
 * those that are over go on talking, which must have no effect.
 */
#ifndef PROA_SIM_PLAY_H
#define PROA_SIM_PLAY_H

#include "proa/core/prng.h"

#include "witness.h"

enum { SIM_RUNS_MAX = 6 };

struct sim_source {
    struct proa_prng *prng; /* NULL: from data; a source that is used up gives zeros */
    const uint8_t *data;
    size_t len;
};

/* What happened, for tests that the chance reaches what it should. */
struct sim_tally {
    uint64_t plays;
    uint64_t events;
    uint64_t outcomes[PROA_OUTCOME_CANCELLED + 1];
    uint64_t reasons[PROA_REASON_COUNT]; /* of all commands */
    uint64_t attempts[PROA_RUN_ATTEMPTS_MAX + 1];
};

static inline uint32_t sim_pick(struct sim_source *s, uint32_t n)
{
    if (s->prng) {
        return (uint32_t)proa_prng_below(s->prng, n);
    }
    if (s->len == 0) {
        return 0;
    }
    s->len--;
    return *s->data++ % n;
}

static inline bool sim_is_spent(const struct sim_source *s)
{
    return !s->prng && s->len == 0;
}

static inline void sim_draw_route(struct sim_source *s, struct fixture *f)
{
    static const char *const groups[] = {NULL, "red", "blue"};
    uint8_t endpoints[4];
    for (size_t i = 0; i < PROA_ARRAY_LEN(endpoints); i++) {
        endpoints[i] = (uint8_t)sim_pick(s, 3);
    }
    const uint32_t n = sim_pick(s, 16) == 0 ? sim_pick(s, 64) : 1 + sim_pick(s, 7);
    uint8_t tier = 0;
    for (uint32_t i = 0; i < n; i++) {
        tier = (uint8_t)(tier + (tier < PROA_ROUTE_TIERS_MAX - 1 && sim_pick(s, 4) == 0));
        const uint8_t provider = (uint8_t)sim_pick(s, 4);
        const uint8_t key = (uint8_t)sim_pick(s, 3);
        (void)fixture_add(f, (struct fixture_target){
                                 .endpoint = endpoints[provider],
                                 .provider = provider,
                                 .key = key,
                                 .model = (uint8_t)sim_pick(s, 2),
                                 .tier = tier,
                                 .weight = 1 + sim_pick(s, 5),
                                 .off = sim_pick(s, 10) == 0,
                                 .substitute = sim_pick(s, 6) == 1,
                                 .prefill = sim_pick(s, 3),
                                 .group = groups[(provider + key) % PROA_ARRAY_LEN(groups)],
                             });
    }
}

static inline uint64_t sim_draw_span(struct sim_source *s)
{
    static const uint64_t spans[] = {
        1,
        PROA_NS_PER_MS,
        20 * PROA_NS_PER_MS,
        PROA_NS_PER_S,
        5 * PROA_NS_PER_S,
        30 * PROA_NS_PER_S,
        0,
        PROA_NEVER,
    };
    return spans[sim_pick(s, PROA_ARRAY_LEN(spans))];
}

/* What a policy does about failing targets, silence, load and broken streams. */
static inline void sim_draw_care(struct sim_source *s, struct proa_policy_cfg *p)
{
    static const uint32_t per_pool[] = {2, 1, 3, 10};
    static const uint32_t places[] = {256, 1, 2, 3};
    static const uint64_t leases[] = {60 * PROA_NS_PER_S, 0, 1 * PROA_NS_PER_S};
    p->retry.per_pool = per_pool[sim_pick(s, PROA_ARRAY_LEN(per_pool))];
    p->retry.same_target = sim_pick(s, 6) == 1 ? 1 : 0;
    p->retry.move_jitter_ns = sim_pick(s, 3) == 1 ? 50 * PROA_NS_PER_MS : 0;
    p->retry.budget.start = sim_pick(s, 4) == 1 ? sim_pick(s, 3) : 10;
    p->breaker.score = sim_pick(s, 2) ? 2 : 5;
    p->breaker.pool_score = p->breaker.score;
    p->breaker.lease_ns = leases[sim_pick(s, PROA_ARRAY_LEN(leases))];
    p->degraded.enabled = sim_pick(s, 2) == 1;
    p->stall.enabled = sim_pick(s, 2) == 1;
    p->hedge.enabled = sim_pick(s, 3) == 1;
    p->hedge.min_samples = 1;
    p->panic.enabled = sim_pick(s, 4) != 1;
    p->concurrency.route = places[sim_pick(s, PROA_ARRAY_LEN(places))];
    p->concurrency.target = places[sim_pick(s, PROA_ARRAY_LEN(places))];
    p->concurrency.queue_wait_ns = sim_pick(s, 4) == 1 ? 0 : 5 * PROA_NS_PER_S;
    p->midstream = sim_pick(s, 2) ? PROA_MIDSTREAM_RESUME : PROA_MIDSTREAM_ERROR;
    p->balance.strategy = sim_pick(s, PROA_STRATEGIES);
    p->balance.standby_ppm = 20000;
}

static inline void sim_draw_policy(struct sim_source *s, struct fixture *f,
                                   struct proa_run_options *options)
{
    static const uint32_t attempts[] = {3, 1, 2, 3, 4, 10, 100, 0};
    f->policy.retry.max_attempts = attempts[sim_pick(s, PROA_ARRAY_LEN(attempts))];
    f->policy.on_disconnect = sim_pick(s, 2) ? PROA_ON_DISCONNECT_DRAIN : PROA_ON_DISCONNECT_CANCEL;
    sim_draw_care(s, &f->policy);
    *options = (struct proa_run_options){
        .effects = sim_pick(s, 16) == 1,
        .stream = sim_pick(s, 3) > 0,
        .no_fallback = sim_pick(s, 8) == 1,
        .timeout_ns = sim_pick(s, 4) == 1 ? sim_draw_span(s) : 0,
        .sdk_retry = sim_pick(s, 3),
    };
    if (sim_pick(s, 4) == 1) {
        uint64_t *const spans[] = {
            &f->policy.timeouts.connect_ns,    &f->policy.timeouts.tls_ns,
            &f->policy.timeouts.first_byte_ns, &f->policy.timeouts.first_content_ns,
            &f->policy.timeouts.idle_ns,       &f->policy.timeouts.idle_bytes_ns,
            &f->policy.timeouts.total_ns,      &f->policy.timeouts.total_stream_ns,
        };
        for (size_t i = 0; i < PROA_ARRAY_LEN(spans); i++) {
            *spans[i] = sim_pick(s, 2) ? sim_draw_span(s) : *spans[i];
        }
    }
}

/* What an attempt at this stage may tell; chosen so that exchanges get somewhere. */
static inline enum proa_ev sim_draw_kind(struct sim_source *s, enum proa_stage stage)
{
    static const enum proa_ev sent[] = {PROA_EV_HEAD, PROA_EV_HEAD, PROA_EV_FAILED,
                                        PROA_EV_PROGRESS, PROA_EV_CONNECTED};
    static const enum proa_ev head[] = {PROA_EV_FIRST_CONTENT, PROA_EV_PROGRESS, PROA_EV_FAILED,
                                        PROA_EV_ENDED};
    static const enum proa_ev content[] = {PROA_EV_PROGRESS, PROA_EV_PROGRESS, PROA_EV_PROGRESS,
                                           PROA_EV_FAILED, PROA_EV_ENDED};
    switch (stage) {
    case PROA_STAGE_CONNECTING:
        return sim_pick(s, 3) == 0 ? PROA_EV_FAILED : PROA_EV_CONNECTED;
    case PROA_STAGE_SENT:
        return sent[sim_pick(s, PROA_ARRAY_LEN(sent))];
    case PROA_STAGE_HEAD:
        return head[sim_pick(s, PROA_ARRAY_LEN(head))];
    case PROA_STAGE_CONTENT:
        return content[sim_pick(s, PROA_ARRAY_LEN(content))];
    case PROA_STAGE_UNUSED:
    case PROA_STAGE_OVER:
        break;
    }
    return (enum proa_ev)(PROA_EV_CONNECTED + sim_pick(s, PROA_EV_FAILED - PROA_EV_CONNECTED + 1));
}

static inline struct proa_event sim_draw_attempt_event(struct sim_source *s,
                                                       const struct sim_witness *w)
{
    static const uint16_t statuses[] = {0, 200, 400, 401, 429, 500, 503, 529};
    /* Mostly the newest attempt speaks; at times one that is over, or that never was. */
    uint8_t attempt = w->n_attempts > 0 ? (uint8_t)(w->n_attempts - 1) : 0;
    if (sim_pick(s, 8) == 1) {
        attempt = (uint8_t)sim_pick(s, PROA_RUN_ATTEMPTS_MAX);
    }
    struct proa_event e = {
        .kind = sim_draw_kind(s, w->attempts[attempt].stage),
        .attempt = attempt,
        .content = sim_pick(s, 2) == 0,
        .resumable = sim_pick(s, 4) != 1,
    };
    if (e.kind == PROA_EV_HEAD) {
        e.status = 200;
    }
    if (e.kind == PROA_EV_FAILED) {
        e.class = sim_pick(s, 3) == 1
                      ? PROA_CLASS_RATE
                      : (enum proa_class)(PROA_CLASS_OK + 1 +
                                          sim_pick(s, PROA_CLASS_COUNT - PROA_CLASS_OK - 1));
        if (attempt == w->winner && sim_pick(s, 2) == 1) {
            e.class = PROA_CLASS_STREAM_BROKEN;
        }
        e.status = statuses[sim_pick(s, PROA_ARRAY_LEN(statuses))];
        e.retry_after_ns = sim_pick(s, 3) == 1 ? sim_draw_span(s) : 0;
    }
    return e;
}

static inline struct proa_event sim_draw_event(struct sim_source *s, struct sim_witness *w,
                                               uint64_t *now_ns)
{
    const uint32_t what = sim_pick(s, 32);
    if (what < 24) {
        return sim_draw_attempt_event(s, w);
    }
    if (what < 26) {
        return (struct proa_event){.kind = PROA_EV_DEADLINE}; /* too early, perhaps */
    }
    if (what < 30) {
        *now_ns = w->armed_ns != PROA_NEVER && w->armed_ns > *now_ns ? w->armed_ns : *now_ns;
        return (struct proa_event){.kind = PROA_EV_DEADLINE};
    }
    if (what == 30) {
        return (struct proa_event){.kind = PROA_EV_WOKEN};
    }
    return (struct proa_event){.kind = sim_pick(s, 2) ? PROA_EV_CLIENT_GONE : PROA_EV_DRAIN};
}

static inline void sim_count(struct sim_tally *tally, const struct sim_witness *w)
{
    for (size_t i = 0; tally && i < w->last.n; i++) {
        tally->reasons[w->last.items[i].reason]++;
    }
}

/* The exchanges of one play; they begin one after the other. */
struct sim_play {
    struct fixture fx;
    struct sim_world world;
    struct proa_run_options options;
    struct sim_witness w[SIM_RUNS_MAX];
    uint32_t n; /* so many there will be */
    uint32_t n_begun;
};

static inline void sim_play_begin(struct sim_play *p, struct sim_source *s, struct sim_tally *tally)
{
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    struct sim_witness *w = &p->w[p->n_begun++];
    sim_begin(w, &p->world, &p->options, p->world.now_ns);
    if (sim_pick(s, 16) != 1) {
        sim_feed(w, p->world.now_ns, &admitted);
        sim_count(tally, w);
    }
}

static inline void sim_play_step(struct sim_play *p, struct sim_source *s, struct sim_tally *tally)
{
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    if (p->n_begun < p->n && sim_pick(s, 8) == 1) {
        sim_play_begin(p, s, tally);
    }
    struct sim_witness *w = &p->w[sim_pick(s, p->n_begun)];
    const uint64_t span = sim_pick(s, 3) == 1 ? sim_draw_span(s) : PROA_NS_PER_MS;
    uint64_t now_ns =
        sim_min(proa_clock_after(p->world.now_ns, span == PROA_NEVER ? 0 : span), PROA_NEVER - 1);
    struct proa_event e = sim_draw_event(s, w, &now_ns);
    if (!w->admitted && !w->finished && sim_pick(s, 2) == 0) {
        e = admitted;
    }
    sim_feed(w, now_ns, &e);
    sim_count(tally, w);
}

/* Time goes on until all are over: no timer may hang, no waiter be forgotten. */
static inline void sim_play_out(struct sim_play *p, struct sim_tally *tally)
{
    const struct proa_event deadline = {.kind = PROA_EV_DEADLINE};
    const struct proa_event drain = {.kind = PROA_EV_DRAIN};
    for (;;) {
        struct sim_witness *next = NULL;
        for (uint32_t i = 0; i < p->n_begun; i++) {
            struct sim_witness *w = &p->w[i];
            if (!w->finished && (!next || w->armed_ns < next->armed_ns)) {
                next = w;
            }
        }
        if (!next) {
            return;
        }
        const bool stuck = next->armed_ns == PROA_NEVER;
        const uint64_t at =
            stuck || next->armed_ns < p->world.now_ns ? p->world.now_ns : next->armed_ns;
        sim_feed(next, at, stuck ? &drain : &deadline);
        sim_count(tally, next);
    }
}

/* Plays to the end; returns the digest of all commands. */
static inline uint64_t sim_play(struct sim_source *s, uint64_t seed, struct sim_tally *tally)
{
    struct sim_play p;
    uint64_t trace = 0;
    memset(&p, 0, sizeof(p));
    fixture_init(&p.fx, seed);
    sim_draw_route(s, &p.fx);
    sim_draw_policy(s, &p.fx, &p.options);
    p.n = 1 + (sim_pick(s, 2) ? sim_pick(s, SIM_RUNS_MAX) : 0);
    /* Near the end of time now and then, where sums overflow. */
    sim_open(&p.world, &p.fx,
             sim_pick(s, 32) == 1 ? PROA_NEVER - 5 * PROA_NS_PER_S : 7 * PROA_NS_PER_S);
    sim_play_begin(&p, s, tally);
    for (int i = 0; i < 200 && !sim_is_spent(s); i++) {
        sim_play_step(&p, s, tally);
    }
    sim_play_out(&p, tally);
    sim_check_rest(&p.world);
    for (uint32_t i = 0; i < p.n_begun; i++) {
        trace = trace * 31 + p.w[i].trace;
        if (tally) {
            tally->events += p.w[i].n_events;
            tally->outcomes[p.w[i].outcome]++;
            tally->attempts[p.w[i].n_attempts]++;
        }
    }
    if (tally) {
        tally->plays++;
    }
    fixture_deinit(&p.fx);
    return trace;
}

#endif
