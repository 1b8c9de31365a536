/*
 * Where calls went, and what became of targets.
 */
#include "measure_priv.h"

static const uint64_t MINUTE_NS = 60 * PROA_NS_PER_S;
static const uint64_t STEP_NS = 10 * PROA_NS_PER_S;
enum { STEPS = 9 };

/* Which calls of a record are meant, between two points of time. */
typedef bool call_is_fn(const struct proa_measured *m, const struct proa_sim_call *c,
                        size_t provider);

static double count(const struct proa_measured *m, uint64_t from_ns, uint64_t to_ns, call_is_fn *is,
                    size_t provider)
{
    double n = 0;
    for (size_t k = 0; k < m->n_records; k++) {
        for (size_t i = 0; i < m->records[k].calls.n; i++) {
            const struct proa_sim_call *c = proa_record_call(&m->records[k], i);
            n += c->started_ns >= from_ns && c->started_ns < to_ns && is(m, c, provider);
        }
    }
    return n;
}

static double count_window(const struct proa_measured *m, call_is_fn *is, size_t provider)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    return count(m, s->window.from_ns, proa_scenario_window_end(s), is, provider);
}

static double window_seconds(const struct proa_measured *m)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    return (double)(proa_scenario_window_end(s) - s->window.from_ns) * 1e-9;
}

static bool is_any(const struct proa_measured *m, const struct proa_sim_call *c, size_t provider)
{
    (void)m, (void)c, (void)provider;
    return true;
}

static bool is_there(const struct proa_measured *m, const struct proa_sim_call *c, size_t provider)
{
    return proa_sim_provider_of(m->sim, c->target) == provider;
}

static bool is_faulty(const struct proa_measured *m, const struct proa_sim_call *c, size_t provider)
{
    (void)m, (void)provider;
    return c->faulty;
}

static bool is_refused(const struct proa_measured *m, const struct proa_sim_call *c,
                       size_t provider)
{
    (void)m, (void)provider;
    return c->class == PROA_CLASS_AUTH || c->class == PROA_CLASS_QUOTA;
}

static bool is_limited(const struct proa_measured *m, const struct proa_sim_call *c,
                       size_t provider)
{
    (void)m, (void)provider;
    return c->class == PROA_CLASS_RATE;
}

static bool is_hedge(const struct proa_measured *m, const struct proa_sim_call *c, size_t provider)
{
    (void)m, (void)provider;
    return c->purpose == PROA_PURPOSE_HEDGE;
}

static bool is_evacuation(const struct proa_measured *m, const struct proa_sim_call *c,
                          size_t provider)
{
    (void)m, (void)provider;
    return c->purpose == PROA_PURPOSE_EVACUATION;
}

double proa_traffic_share(const struct proa_measured *m, size_t provider)
{
    return measure_ratio(count_window(m, is_there, provider), count_window(m, is_any, 0));
}

double proa_traffic_fault_share(const struct proa_measured *m, size_t provider)
{
    return measure_ratio(count_window(m, is_faulty, provider), count_window(m, is_any, 0));
}

double proa_traffic_fault_first_minute(const struct proa_measured *m, size_t provider)
{
    uint64_t from_ns = 0;
    uint64_t to_ns = 0;
    if (!proa_scenario_fault_span(proa_sim_scenario(m->sim), &from_ns, &to_ns)) {
        return (double)NAN;
    }
    return measure_ratio(count(m, from_ns, from_ns + MINUTE_NS, is_faulty, provider),
                         (double)m->n_records);
}

double proa_traffic_fault_per_minute(const struct proa_measured *m, size_t provider)
{
    uint64_t from_ns = 0;
    uint64_t to_ns = 0;
    if (!proa_scenario_fault_span(proa_sim_scenario(m->sim), &from_ns, &to_ns) ||
        to_ns <= from_ns + MINUTE_NS) {
        return (double)NAN;
    }
    const double minutes = (double)(to_ns - from_ns - MINUTE_NS) / (double)MINUTE_NS;
    return measure_ratio(count(m, from_ns + MINUTE_NS, to_ns, is_faulty, provider),
                         minutes * (double)m->n_records);
}

double proa_traffic_calls_per_second(const struct proa_measured *m, size_t provider)
{
    const double sidecars = proa_sim_scenario(m->sim)->sidecars;
    return measure_ratio(count_window(m, is_any, provider),
                         window_seconds(m) * sidecars * (double)m->n_records);
}

double proa_traffic_refused(const struct proa_measured *m, size_t provider)
{
    return measure_ratio(count_window(m, is_refused, provider), (double)m->n_records);
}

double proa_traffic_rate_limited(const struct proa_measured *m, size_t provider)
{
    return measure_ratio(count_window(m, is_limited, provider), count_window(m, is_any, 0));
}

double proa_traffic_utilisation(const struct proa_measured *m, size_t provider)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    double allowed = 0;
    double taken = 0;
    (void)provider;
    for (size_t i = 0; i < s->providers.n; i++) {
        const struct proa_scenario_provider *p = proa_scenario_provider(s, i);
        const uint32_t groups = p->quota_groups > 0 ? p->quota_groups : p->keys;
        allowed += p->limit.rate_ppm * 1e-6 * groups;
        taken += p->limit.rate_ppm > 0 ? count_window(m, is_there, i) : 0;
    }
    return measure_ratio(taken - count_window(m, is_limited, 0),
                         allowed * window_seconds(m) * (double)m->n_records);
}

double proa_traffic_hedges(const struct proa_measured *m, size_t provider)
{
    return measure_ratio(count_window(m, is_hedge, provider), (double)m->n_records);
}

double proa_traffic_evacuations(const struct proa_measured *m, size_t provider)
{
    return measure_ratio(count_window(m, is_evacuation, provider), (double)m->n_records);
}

double proa_traffic_excess(const struct proa_measured *m, size_t provider)
{
    uint32_t most = 0;
    (void)provider;
    for (size_t k = 0; k < m->n_records; k++) {
        for (size_t i = 0; i < m->records[k].calls.n; i++) {
            const struct proa_sim_call *c = proa_record_call(&m->records[k], i);
            if (measure_in_window(m, c->started_ns) && c->excess > most) {
                most = c->excess;
            }
        }
    }
    return most;
}

/* ---- states ---------------------------------------------------------------------------------- */

/* Did another target of the same provider enter the same state at the same time, before in the
 * list? Then it is one event of the pool. */
static bool is_echo(const struct proa_measured *m, const struct proa_record *r, size_t i)
{
    const struct proa_sim_change *c = proa_record_change(r, i);
    for (size_t j = i; j > 0; j--) {
        const struct proa_sim_change *d = proa_record_change(r, j - 1);
        if (d->at_ns != c->at_ns) {
            return false;
        }
        if (d->sidecar == c->sidecar && d->to == c->to &&
            proa_sim_provider_of(m->sim, d->target) == proa_sim_provider_of(m->sim, c->target)) {
            return true;
        }
    }
    return false;
}

/* Of a run, on average. */
static double entries(const struct proa_measured *m, enum proa_sim_state state)
{
    double n = 0;
    for (size_t k = 0; k < m->n_records; k++) {
        for (size_t i = 0; i < m->records[k].changes.n; i++) {
            const struct proa_sim_change *c = proa_record_change(&m->records[k], i);
            n += c->to == state && measure_in_window(m, c->at_ns) && !is_echo(m, &m->records[k], i);
        }
    }
    return measure_ratio(n, (double)m->n_records);
}

double proa_traffic_opens(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return entries(m, PROA_SIM_OPEN);
}

double proa_traffic_opens_per_minute(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return measure_ratio(entries(m, PROA_SIM_OPEN) * 60, window_seconds(m));
}

double proa_traffic_degrades(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return entries(m, PROA_SIM_DEGRADED);
}

/* ---- recovery -------------------------------------------------------------------------------- */

static bool has_fault(const struct proa_sim *sim, size_t target)
{
    const struct proa_scenario *s = proa_sim_scenario(sim);
    const struct proa_scenario_provider *p =
        proa_scenario_provider(s, proa_sim_provider_of(sim, target));
    for (size_t i = 0; i < s->faults.n; i++) {
        if (proa_scenario_fault_is_on(proa_scenario_fault(s, i), p->name,
                                      proa_sim_key_of(sim, target))) {
            return true;
        }
    }
    return false;
}

static bool is_back(enum proa_sim_state state, bool full)
{
    return state == PROA_SIM_CLOSED || (state == PROA_SIM_RAMP && !full);
}

/* When one target is back for one sidecar, from the end of the fault; PROA_NEVER = not seen. */
static uint64_t target_back(const struct proa_record *r, uint16_t sidecar, uint16_t target,
                            uint64_t end_ns, bool full)
{
    enum proa_sim_state state = PROA_SIM_CLOSED;
    for (size_t i = 0; i < r->changes.n; i++) {
        const struct proa_sim_change *c = proa_record_change(r, i);
        if (c->sidecar != sidecar || c->target != target) {
            continue;
        }
        if (c->at_ns >= end_ns && is_back(state, full)) {
            return 0; /* it was back, or never away, when the fault ended */
        }
        state = (enum proa_sim_state)c->to;
        if (c->at_ns >= end_ns && is_back(state, full)) {
            return c->at_ns - end_ns;
        }
    }
    return is_back(state, full) ? 0 : PROA_NEVER;
}

/* The first of a sidecar's faulty targets, or with `full` the last of them. */
static uint64_t sidecar_back(const struct proa_measured *m, const struct proa_record *r,
                             uint16_t sidecar, uint64_t end_ns, bool full)
{
    uint64_t first = PROA_NEVER;
    uint64_t last = 0;
    for (uint16_t t = 0; t < proa_sim_route(m->sim)->n_candidates; t++) {
        if (has_fault(m->sim, t)) {
            const uint64_t at = target_back(r, sidecar, t, end_ns, full);
            first = at < first ? at : first;
            last = at > last ? at : last;
        }
    }
    return full ? last : first;
}

/* Of the worst sidecar and run. */
static double back(const struct proa_measured *m, bool full)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    uint64_t from_ns = 0;
    uint64_t end_ns = 0;
    uint64_t worst = 0;
    if (!proa_scenario_fault_span(s, &from_ns, &end_ns)) {
        return (double)NAN;
    }
    for (size_t k = 0; k < m->n_records; k++) {
        for (uint16_t sidecar = 0; sidecar < s->sidecars; sidecar++) {
            const uint64_t own = sidecar_back(m, &m->records[k], sidecar, end_ns, full);
            worst = own > worst ? own : worst;
        }
    }
    return worst == PROA_NEVER ? (double)INFINITY : (double)worst * 1e-9;
}

double proa_traffic_recovery(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return back(m, false);
}

double proa_traffic_full_recovery(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return back(m, true);
}

double proa_traffic_back(const struct proa_measured *m, size_t provider)
{
    uint64_t from_ns = 0;
    uint64_t end_ns = 0;
    uint64_t worst = 0;
    (void)provider;
    if (!proa_scenario_fault_span(proa_sim_scenario(m->sim), &from_ns, &end_ns)) {
        return (double)NAN;
    }
    for (size_t k = 0; k < m->n_records; k++) {
        uint64_t first = PROA_NEVER;
        for (size_t i = 0; i < m->records[k].calls.n; i++) {
            const struct proa_sim_call *c = proa_record_call(&m->records[k], i);
            const uint64_t at = c->started_ns;
            const bool good = c->content_ns > 0 && at >= end_ns;
            first = good && at - end_ns < first ? at - end_ns : first;
        }
        worst = first > worst ? first : worst;
    }
    return worst == PROA_NEVER ? (double)INFINITY : (double)worst * 1e-9;
}

static bool is_where_fault_was(const struct proa_measured *m, const struct proa_sim_call *c,
                               size_t provider)
{
    (void)provider;
    return has_fault(m->sim, c->target);
}

/* Calls in ten seconds, as part of those before the fault. */
static double step_of(const struct proa_measured *m, uint64_t from_ns, uint64_t at_ns)
{
    const double before =
        count(m, 0, from_ns, is_where_fault_was, 0) * (double)STEP_NS / (double)from_ns;
    return measure_ratio(count(m, at_ns, at_ns + STEP_NS, is_where_fault_was, 0), before);
}

double proa_traffic_step_max(const struct proa_measured *m, size_t provider)
{
    uint64_t from_ns = 0;
    uint64_t end_ns = 0;
    double largest = 0;
    (void)provider;
    if (!proa_scenario_fault_span(proa_sim_scenario(m->sim), &from_ns, &end_ns) ||
        end_ns < STEP_NS) {
        return (double)NAN;
    }
    double last = step_of(m, from_ns, end_ns - STEP_NS); /* probes */
    for (unsigned i = 0; i < STEPS; i++) {
        const double step = step_of(m, from_ns, end_ns + i * STEP_NS);
        largest = step - last > largest ? step - last : largest;
        last = step;
    }
    return largest;
}

double proa_traffic_at_90s(const struct proa_measured *m, size_t provider)
{
    uint64_t from_ns = 0;
    uint64_t end_ns = 0;
    (void)provider;
    return proa_scenario_fault_span(proa_sim_scenario(m->sim), &from_ns, &end_ns)
               ? step_of(m, from_ns, end_ns + STEPS * STEP_NS)
               : (double)NAN;
}
