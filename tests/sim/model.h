/*
 * What the witness (witness.h) thinks is going on: its own account of an exchange, written from the
 * contract in proa/engine/run.h and not from the engine.
 */
#ifndef PROA_SIM_MODEL_H
#define PROA_SIM_MODEL_H

#include <stdio.h>
#include <stdlib.h>

#include "../unit/engine_fixture.h"

enum { SIM_LATE_MS = 200, SIM_WORTH_MS = 1000, SIM_ACTIVE_MAX = 3 };

/* What the runs of one engine have in common. */
struct sim_world {
    struct fixture *fx;
    uint64_t now_ns;
    uint64_t began_ns;
    uint64_t n_deposits; /* requests that filled the budgets */
    uint64_t n_paid[2];  /* attempts paid from them: retries, hedges */
    uint32_t n_places;   /* exchanges that have started and are not over */
};

struct sim_attempt {
    enum proa_stage stage;
    size_t candidate;
    enum proa_purpose purpose;
    enum proa_class class; /* valid when stage is OVER */
    uint16_t status;
    bool too_long;        /* the request, for its model */
    bool absent;          /* what the request refers to, at this target */
    uint64_t retry_at_ns; /* when the provider wants to be asked again; 0 = it did not say */
    uint64_t started_ns;
    uint64_t connected_ns;
    uint64_t bytes_ns;
    uint64_t content_ns;
};

struct sim_witness {
    struct sim_world *world;
    const struct fixture *fx;
    struct proa_run run; /* under test */
    struct proa_run_options options;
    uint64_t now_ns;
    uint64_t arrived_ns;
    uint64_t deadline_ns;
    uint64_t armed_ns;
    uint64_t wait_ns; /* end of the wait that was told last; PROA_NEVER = none */
    enum proa_wait wait;
    struct sim_attempt attempts[PROA_RUN_ATTEMPTS_MAX];
    uint8_t n_attempts;
    uint8_t winner; /* PROA_RUN_ATTEMPTS_MAX = none */
    uint8_t broken; /* winner whose answer is being rescued; likewise */
    uint8_t failed; /* attempt that failed last */
    uint8_t n_evacuated;
    bool admitted;
    bool client_gone;
    bool waited; /* the event at hand ends a wait */
    bool finished;
    bool replied;
    struct proa_terminal terminal; /* valid when replied */
    enum proa_reason reply_reason; /* likewise */
    enum proa_outcome outcome;     /* valid when finished */
    struct proa_commands last;     /* of the newest event, and what it woke in this run */
    uint64_t n_events;
    uint64_t trace; /* digest of every command and its time */
};

#define SIM_MUST(cond) sim_must((cond), #cond, __LINE__)

static inline void sim_must(bool holds, const char *what, int line)
{
    if (!holds) {
        (void)fprintf(stderr, "witness.h:%d: promise broken: %s\n", line, what);
        abort();
    }
}

static inline void sim_open(struct sim_world *world, struct fixture *fx, uint64_t now_ns)
{
    *world = (struct sim_world){.fx = fx, .now_ns = now_ns, .began_ns = now_ns};
    fixture_bind(fx, now_ns);
}

static inline void sim_begin(struct sim_witness *w, struct sim_world *world,
                             const struct proa_run_options *options, uint64_t now_ns)
{
    memset(w, 0, sizeof(*w));
    w->world = world;
    w->fx = world->fx;
    w->options = *options;
    w->now_ns = now_ns;
    w->arrived_ns = now_ns;
    w->armed_ns = PROA_NEVER;
    w->wait_ns = PROA_NEVER;
    w->winner = PROA_RUN_ATTEMPTS_MAX;
    w->broken = PROA_RUN_ATTEMPTS_MAX;
    const struct proa_timeout_cfg *t = &w->fx->policy.timeouts;
    uint64_t total = options->stream ? t->total_stream_ns : t->total_ns;
    total = options->timeout_ns != 0 && options->timeout_ns < total ? options->timeout_ns : total;
    w->deadline_ns = proa_clock_after(now_ns, total);
    w->trace = UINT64_C(0xcbf29ce484222325);
    /* What an embedding struct leaves there must not matter. */
    memset(&w->run, 0xa5, sizeof(w->run));
    proa_run_init(&w->run, w->fx->roster, &w->fx->route, options, now_ns);
}

/* ---- the model ------------------------------------------------------------------------------- */

static inline bool sim_is_active(const struct sim_attempt *a)
{
    return a->stage != PROA_STAGE_UNUSED && a->stage != PROA_STAGE_OVER;
}

static inline size_t sim_n_active(const struct sim_witness *w)
{
    size_t n = 0;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        n += sim_is_active(&w->attempts[i]);
    }
    return n;
}

static inline uint64_t sim_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline bool sim_committed(const struct sim_witness *w)
{
    return w->winner < PROA_RUN_ATTEMPTS_MAX;
}

static inline uint64_t sim_remaining(const struct sim_witness *w)
{
    return proa_clock_since(w->deadline_ns, w->now_ns);
}

static inline const struct proa_candidate *sim_candidate(const struct sim_witness *w, size_t i)
{
    return &w->fx->candidates[i];
}

/* When the attempt's own patience ends. The span to the first content follows what was seen of the
 * target: the record says which one is in force. */
static inline uint64_t sim_due(const struct sim_witness *w, uint8_t index)
{
    const struct proa_timeout_cfg *t = &w->fx->policy.timeouts;
    const struct sim_attempt *a = &w->attempts[index];
    const uint64_t first_content = w->run.attempts[index].first_content_ns;
    const bool stream = w->options.stream;
    switch (a->stage) {
    case PROA_STAGE_CONNECTING:
        return proa_clock_after(proa_clock_after(a->started_ns, t->connect_ns), t->tls_ns);
    case PROA_STAGE_SENT:
        return stream ? proa_clock_after(a->connected_ns, sim_min(t->first_byte_ns, first_content))
                      : PROA_NEVER;
    case PROA_STAGE_HEAD:
        return stream ? proa_clock_after(a->connected_ns, first_content)
                      : proa_clock_after(a->bytes_ns, t->idle_bytes_ns);
    case PROA_STAGE_CONTENT:
        return sim_min(proa_clock_after(a->bytes_ns, t->idle_bytes_ns),
                       stream ? proa_clock_after(a->content_ns, t->idle_ns) : PROA_NEVER);
    case PROA_STAGE_UNUSED:
    case PROA_STAGE_OVER:
        break;
    }
    return PROA_NEVER;
}

static inline uint64_t sim_earliest(const struct sim_witness *w)
{
    uint64_t at = sim_min(w->deadline_ns, w->wait_ns);
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        at = sim_min(at, sim_due(w, i));
    }
    return at;
}

static inline bool sim_same_pool(const struct sim_witness *w, size_t a, size_t b)
{
    const struct proa_target *x = sim_candidate(w, a)->target;
    const struct proa_target *y = sim_candidate(w, b)->target;
    return x->provider == y->provider && proa_slice_eq(x->model, y->model);
}

/* Would `other` probably fail for the reason that `failed` did? */
static inline bool sim_same_fault(const struct sim_witness *w, const struct sim_attempt *failed,
                                  size_t candidate)
{
    const struct proa_target *f = sim_candidate(w, failed->candidate)->target;
    const struct proa_target *o = sim_candidate(w, candidate)->target;
    switch (failed->absent ? PROA_SCOPE_TARGET : proa_class_scope(failed->class)) {
    case PROA_SCOPE_TARGET:
        return f == o;
    case PROA_SCOPE_KEY:
        return f->key == o->key;
    case PROA_SCOPE_QUOTA_GROUP:
        return f->key == o->key || (f->provider == o->provider && f->key->quota_group.len > 0 &&
                                    proa_slice_eq(f->key->quota_group, o->key->quota_group));
    case PROA_SCOPE_POOL:
        return sim_same_pool(w, failed->candidate, candidate);
    case PROA_SCOPE_ENDPOINT:
        return f->provider->endpoint == o->provider->endpoint;
    case PROA_SCOPE_NONE:
    case PROA_SCOPE_REQUEST:
    case PROA_SCOPE_LOCAL:
        break;
    }
    return false;
}

static inline bool sim_lasts(enum proa_class class)
{
    return class == PROA_CLASS_AUTH || class == PROA_CLASS_PERMISSION ||
           class == PROA_CLASS_NOT_FOUND || class == PROA_CLASS_QUOTA ||
           class == PROA_CLASS_REDIRECT;
}

static inline bool sim_tried(const struct sim_witness *w, size_t candidate)
{
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        if (w->attempts[i].candidate == candidate) {
            return true;
        }
    }
    return false;
}

static inline bool sim_avoided(const struct sim_witness *w, size_t candidate)
{
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        if (w->attempts[i].stage == PROA_STAGE_OVER &&
            sim_same_fault(w, &w->attempts[i], candidate)) {
            return true;
        }
    }
    return false;
}

static inline uint32_t sim_attempts_max(const struct sim_witness *w)
{
    const uint32_t max = w->fx->policy.retry.max_attempts;
    return max == 0 ? 1 : max < PROA_RUN_ATTEMPTS_MAX ? max : PROA_RUN_ATTEMPTS_MAX;
}

/* As many are recorded: with those that are never sent, at most one to each other candidate. */
static inline size_t sim_records_max(const struct sim_witness *w)
{
    const size_t n = sim_attempts_max(w) + w->fx->route.n_candidates - 1;
    return n < PROA_RUN_ATTEMPTS_MAX ? n : PROA_RUN_ATTEMPTS_MAX;
}

#endif
