/*
 * Ten thousand exchanges of one route over one engine, on a virtual clock: arrivals by chance,
 * upstreams that answer by chance, and one provider that has a bad time in between. Every exchange
 * is under the witness.
 */
#ifndef PROA_SIM_FLEET_H
#define PROA_SIM_FLEET_H

#include "witness.h"

enum { FLEET_SLOTS = 512, FLEET_PROVIDERS = 3, FLEET_KEYS = 2 };

/* What befalls provider 0 in the second third of the time. */
enum fleet_fault {
    FLEET_HEALTHY = 0,
    FLEET_REFUSES,
    FLEET_ERRORS,
    FLEET_HANGS,
    FLEET_BROWN,   /* three in ten fail */
    FLEET_LIMITED, /* 429 */
    FLEET_DOWN,    /* and so do all the others */
    FLEET_FAULTS
};

struct fleet_cfg {
    uint64_t seed;
    uint32_t n_requests;
    uint32_t per_minute;
    enum fleet_fault fault;
};

struct fleet_result {
    uint64_t trace;
    uint64_t n_answered;
    uint64_t n_attempts;
    uint64_t n_faulty;        /* attempts that met the fault */
    uint64_t n_in_fault;      /* requests that came while it lasted, */
    uint64_t n_in_fault_good; /* and those of them that were answered */
    uint64_t longest_ns;      /* past its deadline, of any */
};

/* What an attempt will tell, one after the other; kind FAILED ends it. */
struct fleet_attempt {
    bool planned;
    uint8_t step;
    uint64_t next_ns; /* PROA_NEVER = nothing any more */
    uint64_t content_ns;
    uint64_t ended_ns;
    struct proa_event last;
};

struct fleet_slot {
    struct sim_witness w;
    struct fleet_attempt attempts[PROA_RUN_ATTEMPTS_MAX];
    bool used;
    bool in_fault;
};

struct fleet {
    struct fleet_cfg cfg;
    struct fixture fx;
    struct sim_world world;
    struct proa_prng arrivals; /* streams of their own: one more draw here moves nothing there */
    struct proa_prng upstream;
    struct fleet_slot slots[FLEET_SLOTS];
    uint64_t from_ns;
    uint64_t fault_ns;
    uint64_t well_ns;
    struct fleet_result result;
};

/* Exponential with this mean: geometric in steps of a sixteenth of it, which is near enough. The
 * chance to stop at each is 1 - exp(-1/16). */
static inline uint64_t fleet_exp(struct proa_prng *prng, uint64_t mean_ns)
{
    uint64_t steps = 0;
    while (proa_prng_below(prng, 1000000) >= 60587 && steps < 160) {
        steps++;
    }
    return mean_ns / 16 * steps + proa_prng_below(prng, mean_ns / 16 + 1);
}

static inline void fleet_policy(struct proa_policy_cfg *p)
{
    p->degraded.enabled = true;
    p->stall.enabled = true;
    p->retry.move_jitter_ns = 50 * PROA_NS_PER_MS;
    p->balance.strategy = PROA_STRATEGY_P2C_EWMA;
    p->balance.explore_ppm = 20000;
    p->balance.standby_ppm = 20000;
}

static inline struct proa_event fleet_failure(enum proa_class class, uint16_t status)
{
    return (struct proa_event){
        .kind = PROA_EV_FAILED, .class = class, .status = status, .fingerprint = 0};
}

/* How the attempt will go, decided when it starts. */
static inline void fleet_plan(struct fleet *f, struct fleet_attempt *a, size_t provider,
                              uint64_t now_ns)
{
    const bool bad = f->cfg.fault != FLEET_HEALTHY && now_ns >= f->fault_ns &&
                     now_ns < f->well_ns && (provider == 0 || f->cfg.fault == FLEET_DOWN);
    const uint64_t ttft_ns = 150 * PROA_NS_PER_MS + fleet_exp(&f->upstream, 450 * PROA_NS_PER_MS);
    const uint64_t gen_ns = fleet_exp(&f->upstream, 3 * PROA_NS_PER_S);
    const bool fails = proa_prng_below(&f->upstream, 1000) < 2;
    const bool brown = proa_prng_below(&f->upstream, 10) < 3;
    *a = (struct fleet_attempt){.planned = true,
                                .next_ns = now_ns + 5 * PROA_NS_PER_MS,
                                .content_ns = now_ns + ttft_ns,
                                .ended_ns = now_ns + ttft_ns + gen_ns % (25 * PROA_NS_PER_S),
                                .last = {.kind = PROA_EV_ENDED}};
    f->result.n_faulty += bad;
    if (bad && f->cfg.fault == FLEET_REFUSES) {
        a->next_ns = now_ns + 20 * PROA_NS_PER_MS;
        a->step = 3;
        a->last = fleet_failure(PROA_CLASS_CONNECT, 0);
    } else if (bad && f->cfg.fault == FLEET_HANGS) {
        a->content_ns = PROA_NEVER;
    } else if (bad && f->cfg.fault == FLEET_LIMITED) {
        a->last = fleet_failure(PROA_CLASS_RATE, 429);
        a->last.retry_after_ns = 5 * PROA_NS_PER_S;
        a->step = 2;
    } else if (fails || (bad && (f->cfg.fault != FLEET_BROWN || brown))) {
        a->last = fleet_failure(PROA_CLASS_SERVER, 500);
        a->step = 2;
    }
}

/* Steps: 0 connected, 1 head and first content, 3 the end; 2 connected, then the failure. */
static inline struct proa_event fleet_next(struct fleet_attempt *a, uint64_t now_ns)
{
    switch (a->step) {
    case 0:
        a->step = 1;
        a->next_ns = a->content_ns;
        return (struct proa_event){.kind = PROA_EV_CONNECTED};
    case 1:
        a->step = 3;
        a->next_ns = a->ended_ns;
        return (struct proa_event){.kind = PROA_EV_FIRST_CONTENT};
    case 2:
        a->step = 3;
        a->next_ns = now_ns + 300 * PROA_NS_PER_MS;
        return (struct proa_event){.kind = PROA_EV_CONNECTED};
    default:
        a->next_ns = PROA_NEVER;
        return a->last;
    }
}

static inline void fleet_settle(struct fleet *f, struct fleet_slot *s)
{
    struct fleet_result *r = &f->result;
    const bool good = s->w.outcome == PROA_OUTCOME_OK || s->w.outcome == PROA_OUTCOME_DEGRADED;
    const uint64_t late_ns = proa_clock_since(s->w.now_ns, s->w.deadline_ns);
    r->trace = r->trace * 31 + s->w.trace;
    r->n_answered += good;
    r->n_attempts += s->w.n_attempts;
    r->n_in_fault += s->in_fault;
    r->n_in_fault_good += s->in_fault && good;
    r->longest_ns = late_ns > r->longest_ns ? late_ns : r->longest_ns;
    s->used = false;
}

/* Plans what has just started; settles what is over; no target has two probes under way, the last
 * resort apart: it asks whom it finds, and may hold a pool's probe beside its target's. */
static inline void fleet_look(struct fleet *f, uint64_t now_ns)
{
    uint8_t probes[FLEET_PROVIDERS * FLEET_KEYS] = {0};
    for (size_t i = 0; i < FLEET_SLOTS; i++) {
        struct fleet_slot *s = &f->slots[i];
        for (uint8_t k = 0; s->used && k < s->w.n_attempts; k++) {
            const struct sim_attempt *a = &s->w.attempts[k];
            if (!s->attempts[k].planned) {
                fleet_plan(f, &s->attempts[k], a->candidate / FLEET_KEYS, now_ns);
            }
            if (sim_is_active(a) && a->purpose == PROA_PURPOSE_PROBE &&
                s->w.run.attempts[k].reason != PROA_REASON_PANIC &&
                a->stage != PROA_STAGE_CONTENT) {
                SIM_MUST(++probes[a->candidate] <= 1);
            }
        }
        if (s->used && s->w.finished) {
            fleet_settle(f, s);
        }
    }
}

static inline struct fleet_slot *fleet_arrive(struct fleet *f, uint64_t now_ns)
{
    const struct proa_run_options options = {.stream = true, .input_tokens = 300};
    size_t i = 0;
    while (f->slots[i].used) {
        i++;
        SIM_MUST(i < FLEET_SLOTS);
    }
    struct fleet_slot *s = &f->slots[i];
    memset(s->attempts, 0, sizeof(s->attempts));
    s->used = true;
    s->in_fault = now_ns >= f->fault_ns && now_ns < f->well_ns;
    sim_begin(&s->w, &f->world, &options, now_ns);
    return s;
}

/* The next thing to happen but an arrival. */
static inline uint64_t fleet_find(struct fleet *f, struct fleet_slot **slot, int *attempt)
{
    uint64_t at = PROA_NEVER;
    for (size_t i = 0; i < FLEET_SLOTS; i++) {
        struct fleet_slot *s = &f->slots[i];
        for (uint8_t k = 0; s->used && k < s->w.n_attempts; k++) {
            if (sim_is_active(&s->w.attempts[k]) && s->attempts[k].next_ns < at) {
                at = s->attempts[k].next_ns;
                *slot = s;
                *attempt = k;
            }
        }
        if (s->used && s->w.armed_ns < at) {
            at = s->w.armed_ns;
            *slot = s;
            *attempt = -1;
        }
    }
    return at;
}

static inline void fleet_open(struct fleet *f, const struct fleet_cfg *cfg)
{
    struct proa_prng root;
    memset(f, 0, sizeof(*f));
    f->cfg = *cfg;
    proa_prng_seed(&root, cfg->seed);
    proa_prng_seed(&f->arrivals, proa_prng_next(&root));
    proa_prng_seed(&f->upstream, proa_prng_next(&root));
    fixture_init(&f->fx, proa_prng_next(&root));
    fleet_policy(&f->fx.policy);
    for (uint8_t i = 0; i < FLEET_PROVIDERS * FLEET_KEYS; i++) {
        (void)fixture_add(&f->fx, (struct fixture_target){.endpoint = (uint8_t)(i / FLEET_KEYS),
                                                          .provider = (uint8_t)(i / FLEET_KEYS),
                                                          .key = (uint8_t)(i % FLEET_KEYS)});
    }
    const uint64_t span_ns = (uint64_t)cfg->n_requests * 60 * PROA_NS_PER_S / cfg->per_minute;
    f->from_ns = 100 * PROA_NS_PER_S;
    f->fault_ns = f->from_ns + span_ns / 3;
    f->well_ns = f->from_ns + span_ns / 3 * 2;
    sim_open(&f->world, &f->fx, f->from_ns);
}

static inline struct fleet_result fleet_run(struct fleet *f, const struct fleet_cfg *cfg)
{
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    const struct proa_event deadline = {.kind = PROA_EV_DEADLINE};
    const uint64_t apart_ns = 60 * PROA_NS_PER_S / cfg->per_minute;
    uint32_t n_arrived = 0;
    fleet_open(f, cfg);
    uint64_t arrival_ns = f->from_ns;
    for (;;) {
        struct fleet_slot *s = NULL;
        int attempt = -1;
        const uint64_t at = fleet_find(f, &s, &attempt);
        if (n_arrived < cfg->n_requests && arrival_ns <= at) {
            s = fleet_arrive(f, arrival_ns);
            sim_feed(&s->w, arrival_ns, &admitted);
            fleet_look(f, arrival_ns);
            n_arrived++;
            arrival_ns += fleet_exp(&f->arrivals, apart_ns);
            continue;
        }
        if (!s) {
            break;
        }
        struct proa_event event = deadline;
        if (attempt >= 0) {
            event = fleet_next(&s->attempts[attempt], at);
            event.attempt = (uint8_t)attempt;
        }
        sim_feed(&s->w, at, &event);
        fleet_look(f, at);
    }
    sim_check_rest(&f->world);
    const struct fleet_result result = f->result;
    fixture_deinit(&f->fx);
    return result;
}

#endif
