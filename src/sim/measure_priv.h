/*
 * How measures are computed. Private to the module. `provider` matters to those of a provider only.
 */
#ifndef PROA_SIM_MEASURE_PRIV_H
#define PROA_SIM_MEASURE_PRIV_H

#include "proa/sim/measure.h"

#include <math.h>

/* ---- quality.c: what clients got, and what it took */
double proa_quality_success(const struct proa_measured *m, size_t provider);
double proa_quality_amplification(const struct proa_measured *m, size_t provider);
double proa_quality_efficiency(const struct proa_measured *m, size_t provider);
double proa_quality_ttft_p50(const struct proa_measured *m, size_t provider);
double proa_quality_ttft_p99(const struct proa_measured *m, size_t provider);
double proa_quality_answer_p99(const struct proa_measured *m, size_t provider);
double proa_quality_interrupted(const struct proa_measured *m, size_t provider);
double proa_quality_calls_max(const struct proa_measured *m, size_t provider);
double proa_quality_cold_sticky(const struct proa_measured *m, size_t provider);
double proa_quality_cost(const struct proa_measured *m, size_t provider);
double proa_quality_violations(const struct proa_measured *m, size_t provider);

/* ---- traffic.c: where calls went, and what became of targets */
double proa_traffic_share(const struct proa_measured *m, size_t provider);
double proa_traffic_fault_share(const struct proa_measured *m, size_t provider);
double proa_traffic_fault_first_minute(const struct proa_measured *m, size_t provider);
double proa_traffic_fault_per_minute(const struct proa_measured *m, size_t provider);
double proa_traffic_calls_per_second(const struct proa_measured *m, size_t provider);
double proa_traffic_refused(const struct proa_measured *m, size_t provider);
double proa_traffic_rate_limited(const struct proa_measured *m, size_t provider);
double proa_traffic_utilisation(const struct proa_measured *m, size_t provider);
double proa_traffic_hedges(const struct proa_measured *m, size_t provider);
double proa_traffic_evacuations(const struct proa_measured *m, size_t provider);
double proa_traffic_excess(const struct proa_measured *m, size_t provider);
double proa_traffic_opens(const struct proa_measured *m, size_t provider);
double proa_traffic_opens_per_minute(const struct proa_measured *m, size_t provider);
double proa_traffic_degrades(const struct proa_measured *m, size_t provider);
double proa_traffic_recovery(const struct proa_measured *m, size_t provider);
double proa_traffic_full_recovery(const struct proa_measured *m, size_t provider);
double proa_traffic_back(const struct proa_measured *m, size_t provider);
double proa_traffic_step_max(const struct proa_measured *m, size_t provider);
double proa_traffic_at_90s(const struct proa_measured *m, size_t provider);

/* Is this point of time measured? */
static inline bool measure_in_window(const struct proa_measured *m, uint64_t at_ns)
{
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    return at_ns >= s->window.from_ns && at_ns < proa_scenario_window_end(s);
}

static inline double measure_ratio(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

#endif
