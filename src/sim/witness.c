/*
 * What must hold in every simulation of the engine, whatever the scenario: checked as it goes, so
 * that the first breach is told with its time. The other strategies promise nothing.
 */
#include "sim_priv.h"

#include "proa/resilience/budget.h"
#include "proa/resilience/credential.h"

static const uint64_t LATE_NS = 50 * PROA_NS_PER_MS;

static bool is_engine(const struct sim_world *w)
{
    return w->kind == PROA_DECIDER_ENGINE;
}

static double seconds(const struct sim_world *w)
{
    return (double)w->clock.now_ns * 1e-9;
}

#define BROKEN(w, fmt, ...)                                                                        \
    proa_record_violation((w)->record, "at %.3f s: " fmt, seconds(w), __VA_ARGS__)

static void check_probe(struct sim_exchange *x, struct sim_flight *f)
{
    struct sim_world *w = x->world;
    const uint64_t lease_ns = w->sim->route->policy->breaker.lease_ns;
    uint64_t *since = &x->sidecar->probe_ns[f->target];
    if (*since > 0 && w->clock.now_ns < *since + lease_ns) {
        BROKEN(w, "a second probe of target %u", (unsigned)f->target);
    }
    *since = w->clock.now_ns;
    f->probe = true;
}

static void end_probe(struct sim_exchange *x, struct sim_flight *f)
{
    if (f->probe) {
        f->probe = false;
        x->sidecar->probe_ns[f->target] = 0;
    }
}

static void count_purpose(struct sim_exchange *x, const struct proa_command *command)
{
    switch (command->purpose) {
    case PROA_PURPOSE_RETRY:
        x->sidecar->n_retries++;
        break;
    case PROA_PURPOSE_HEDGE:
        x->sidecar->n_hedges++;
        break;
    case PROA_PURPOSE_PROBE:
        x->sidecar->n_free_hedges++;
        break;
    case PROA_PURPOSE_PRIMARY:
        x->sidecar->n_free_hedges += command->reason == PROA_REASON_TRICKLE;
        break;
    case PROA_PURPOSE_EVACUATION:
    case PROA_PURPOSE_RESCUE_PREFILL:
    case PROA_PURPOSE_RESCUE_SPLICE:
        break;
    }
}

void proa_witness_start(struct sim_exchange *x, struct sim_flight *f,
                        const struct proa_command *command)
{
    struct sim_world *w = x->world;
    const struct proa_policy_cfg *policy = w->sim->route->policy;
    const bool rescue = command->purpose >= PROA_PURPOSE_RESCUE_PREFILL;
    x->sidecar->inflight[f->target]++;
    if (!is_engine(w)) {
        return;
    }
    if (x->n_flights > policy->retry.max_attempts) {
        BROKEN(w, "attempt %u of %u", (unsigned)x->n_flights, (unsigned)policy->retry.max_attempts);
    }
    if (x->committed < PROA_RUN_ATTEMPTS_MAX &&
        !(rescue && policy->midstream == PROA_MIDSTREAM_RESUME)) {
        BROKEN(w, "an attempt after content was sent, for request %zu", x->request);
    }
    if (w->clock.now_ns < x->sidecar->out_until_ns[f->target]) {
        BROKEN(w, "target %u is called although its key is out", (unsigned)f->target);
    }
    /* The last resort asks whom it finds, and may hold the probe of a pool beside a target's. */
    if (command->purpose == PROA_PURPOSE_PROBE && command->reason == PROA_REASON_PROBE) {
        check_probe(x, f);
    }
    count_purpose(x, command);
}

/* All that share what the verdict concerns: the key, or the quota of its group. */
static void put_out(struct sim_exchange *x, const struct sim_flight *f, enum proa_class class)
{
    const struct proa_sim *sim = x->world->sim;
    const struct proa_credential_cfg *cfg = &sim->route->policy->credential;
    const uint64_t span_ns = class == PROA_CLASS_AUTH ? cfg->disabled_ns : cfg->exhausted_ns;
    for (size_t t = 0; t < sim->route->n_candidates; t++) {
        if (t == f->target ||
            (class == PROA_CLASS_QUOTA && sim->group[t] == sim->group[f->target])) {
            x->sidecar->out_until_ns[t] = x->world->clock.now_ns + span_ns;
        }
    }
}

void proa_witness_verdict(struct sim_exchange *x, struct sim_flight *f, enum proa_class class)
{
    end_probe(x, f);
    if (class == PROA_CLASS_OK) { /* the target is back, whatever becomes of a probe of it */
        x->sidecar->probe_ns[f->target] = 0;
    }
    if (class == PROA_CLASS_AUTH || class == PROA_CLASS_QUOTA) {
        put_out(x, f, class);
    }
}

void proa_witness_over(struct sim_exchange *x, struct sim_flight *f)
{
    end_probe(x, f);
    uint32_t *inflight = &x->sidecar->inflight[f->target];
    PROA_ASSERT(*inflight > 0);
    --*inflight;
}

void proa_witness_finish(const struct sim_exchange *x)
{
    const struct sim_world *w = x->world;
    if (!is_engine(w)) {
        return;
    }
    if (w->clock.now_ns > proa_clock_after(x->deadline_ns, LATE_NS)) {
        BROKEN(w, "request %zu ends after its deadline", x->request);
    }
    for (uint8_t i = 0; i < x->n_flights; i++) {
        if (x->flights[i].stage != PROA_STAGE_OVER) {
            BROKEN(w, "request %zu ends with a call in flight", x->request);
        }
    }
}

/* The most that a bucket can have given out. */
static double allowed(const struct proa_budget_cfg *b, uint32_t n_requests, double s)
{
    return b->cap + b->ratio_ppm * 1e-6 * n_requests + b->per_second_ppm * 1e-6 * s;
}

void proa_witness_end(const struct sim_world *w)
{
    const struct proa_policy_cfg *policy = w->sim->route->policy;
    for (size_t i = 0; is_engine(w) && i < w->sim->scenario->sidecars; i++) {
        const struct sim_sidecar *s = &w->sidecars[i];
        if (s->n_retries > allowed(&policy->retry.budget, s->n_requests, seconds(w))) {
            BROKEN(w, "%u retries for %u requests", (unsigned)s->n_retries,
                   (unsigned)s->n_requests);
        }
        if (s->n_hedges >
            s->n_free_hedges + allowed(&policy->hedge.budget, s->n_requests, seconds(w))) {
            BROKEN(w, "%u hedges for %u requests", (unsigned)s->n_hedges, (unsigned)s->n_requests);
        }
    }
    if (w->n_live > 0) {
        BROKEN(w, "%zu requests never end", w->n_live);
    }
}
