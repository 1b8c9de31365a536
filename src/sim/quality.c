/*
 * What clients got, and what it took.
 */
#include "measure_priv.h"

#include "proa/core/alloc.h"

#include <stdlib.h>

/* Requests that count: in the window, not poisonous, and the client stayed. */
static bool counts(const struct proa_measured *m, const struct proa_sim_request *r)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    return measure_in_window(m, r->arrived_ns) && r->outcome != PROA_OUTCOME_CANCELLED &&
           !proa_scenario_arrivals(s, r->arrivals)->poison;
}

static bool is_answered(const struct proa_sim_request *r)
{
    return r->outcome == PROA_OUTCOME_OK || r->outcome == PROA_OUTCOME_DEGRADED;
}

struct tally {
    double requests;
    double answered;
    double interrupted;
    double calls;
};

static struct tally tally_of(const struct proa_measured *m)
{
    struct tally t = {0};
    for (size_t k = 0; k < m->n_records; k++) {
        for (size_t i = 0; i < m->records[k].requests.n; i++) {
            const struct proa_sim_request *r = proa_record_request(&m->records[k], i);
            if (counts(m, r)) {
                t.requests++;
                t.answered += is_answered(r);
                t.interrupted += r->fail == PROA_FAIL_INTERRUPTED;
                t.calls += r->n_calls;
            }
        }
    }
    return t;
}

double proa_quality_success(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    const struct tally t = tally_of(m);
    return measure_ratio(t.answered, t.requests);
}

double proa_quality_amplification(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    const struct tally t = tally_of(m);
    return measure_ratio(t.calls, t.requests);
}

double proa_quality_efficiency(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    const struct tally t = tally_of(m);
    return measure_ratio(t.answered, t.calls);
}

double proa_quality_interrupted(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    const struct tally t = tally_of(m);
    return measure_ratio(t.interrupted, t.requests);
}

/* ---- quantiles ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Of the times to first content; with `errors` those to an error count as well. */
static double quantile(const struct proa_measured *m, double q, bool errors)
{
    size_t room = 0;
    size_t n = 0;
    for (size_t k = 0; k < m->n_records; k++) {
        room += m->records[k].requests.n;
    }
    uint64_t *times = proa_alloc_zero(room + 1, sizeof(*times));
    for (size_t k = 0; k < m->n_records; k++) {
        for (size_t i = 0; i < m->records[k].requests.n; i++) {
            const struct proa_sim_request *r = proa_record_request(&m->records[k], i);
            if (counts(m, r) && (r->first_ns > 0 || errors)) {
                times[n++] = (r->first_ns > 0 ? r->first_ns : r->ended_ns) - r->arrived_ns;
            }
        }
    }
    qsort(times, n, sizeof(*times), compare);
    const double value = n > 0 ? (double)times[(size_t)(q * (double)(n - 1))] * 1e-9 : (double)NAN;
    proa_free(times);
    return value;
}

double proa_quality_ttft_p50(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return quantile(m, 0.5, false);
}

double proa_quality_ttft_p99(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return quantile(m, 0.99, false);
}

double proa_quality_answer_p99(const struct proa_measured *m, size_t provider)
{
    (void)provider;
    return quantile(m, 0.99, true);
}

/* ---- others ---------------------------------------------------------------------------------- */

double proa_quality_calls_max(const struct proa_measured *m, size_t provider)
{
    uint8_t most = 0;
    (void)provider;
    for (size_t k = 0; k < m->n_records; k++) {
        for (size_t i = 0; i < m->records[k].requests.n; i++) {
            const uint8_t n = proa_record_request(&m->records[k], i)->n_calls;
            most = n > most ? n : most;
        }
    }
    return most;
}

/* First calls of each prefix by target, as a table of counts. */
static void count_prefixes(const struct proa_measured *m, const struct proa_record *record,
                           uint32_t *counts_by_target)
{
    for (size_t i = 0; i < record->calls.n; i++) {
        const struct proa_sim_call *c = proa_record_call(record, i);
        const struct proa_sim_request *r = proa_record_request(record, c->request);
        if (c->purpose == PROA_PURPOSE_PRIMARY && measure_in_window(m, r->arrived_ns)) {
            const size_t domain = proa_sim_domain_of(m->sim, c->target);
            counts_by_target[(size_t)r->prefix * PROA_ROUTE_TARGETS_MAX + domain]++;
        }
    }
}

double proa_quality_cold_sticky(const struct proa_measured *m, size_t provider)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    uint32_t n_prefixes = 0;
    double all = 0;
    double sticky = 0;
    (void)provider;
    for (size_t i = 0; i < s->arrivals.n; i++) {
        const uint32_t n = proa_scenario_arrivals(s, i)->prefixes;
        n_prefixes = n > n_prefixes ? n : n_prefixes;
    }
    for (size_t k = 0; n_prefixes > 0 && k < m->n_records; k++) {
        uint32_t *table =
            proa_alloc_zero((size_t)n_prefixes * PROA_ROUTE_TARGETS_MAX, sizeof(*table));
        count_prefixes(m, &m->records[k], table);
        for (size_t p = 1; p < n_prefixes; p++) { /* the first is the hot one */
            uint32_t most = 0;
            for (size_t t = 0; t < PROA_ROUTE_TARGETS_MAX; t++) {
                const uint32_t n = table[p * PROA_ROUTE_TARGETS_MAX + t];
                most = n > most ? n : most;
                all += n;
            }
            sticky += most;
        }
        proa_free(table);
    }
    return measure_ratio(sticky, all);
}

double proa_quality_cost(const struct proa_measured *m, size_t provider)
{
    double picodollars = 0;
    (void)provider;
    for (size_t k = 0; k < m->n_records; k++) {
        for (size_t i = 0; i < m->records[k].calls.n; i++) {
            picodollars += (double)proa_record_call(&m->records[k], i)->picodollars;
        }
    }
    return measure_ratio(picodollars * 1e-12, (double)m->n_records);
}

double proa_quality_violations(const struct proa_measured *m, size_t provider)
{
    double n = 0;
    (void)provider;
    for (size_t k = 0; k < m->n_records; k++) {
        n += (double)m->records[k].violations;
    }
    return n;
}
