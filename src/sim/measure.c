#include "measure_priv.h"

#define MEASURE(text, kind, fn, help)                                                              \
    {                                                                                              \
        .name = (text), .unit = PROA_MEASURE_##kind, .compute = (fn), .about = (help)              \
    }

const struct proa_measure proa_measures[] = {
    MEASURE("success", RATIO, proa_quality_success, "requests answered in full"),
    MEASURE("amplification", RATIO, proa_quality_amplification, "calls per request"),
    MEASURE("efficiency", RATIO, proa_quality_efficiency, "success per call"),
    MEASURE("ttft_p50", SECONDS, proa_quality_ttft_p50, "time to first content, median"),
    MEASURE("ttft_p99", SECONDS, proa_quality_ttft_p99, "time to first content, 99th percentile"),
    MEASURE("answer_p99", SECONDS, proa_quality_answer_p99,
            "time to first content or error, 99th percentile"),
    MEASURE("interrupted", RATIO, proa_quality_interrupted, "answers that end in an error"),
    MEASURE("calls_max", COUNT, proa_quality_calls_max, "most calls of one request"),
    MEASURE("cold_sticky", RATIO, proa_quality_cold_sticky,
            "requests of each cold prefix that went to the quota group it mostly goes to"),
    MEASURE("cost", COUNT, proa_quality_cost, "dollars of a run, answers nobody saw included"),
    MEASURE("violations", COUNT, proa_quality_violations, "promises that were broken"),
    {.name = "share",
     .of_provider = true,
     .about = "calls that went to this provider",
     .compute = proa_traffic_share},
    MEASURE("fault_share", RATIO, proa_traffic_fault_share, "calls that went where a fault was"),
    MEASURE("fault_first_minute", COUNT, proa_traffic_fault_first_minute,
            "calls into the fault in its first minute"),
    MEASURE("fault_per_minute", COUNT, proa_traffic_fault_per_minute,
            "calls into the fault in each minute after that"),
    MEASURE("calls_per_second", COUNT, proa_traffic_calls_per_second,
            "calls of one sidecar in a second"),
    MEASURE("refused_calls", COUNT, proa_traffic_refused, "answers 401 and quota spent"),
    MEASURE("rate_limited", RATIO, proa_traffic_rate_limited, "calls answered with 429"),
    MEASURE("utilisation", RATIO, proa_traffic_utilisation, "calls taken, of those a limit allows"),
    MEASURE("hedges", COUNT, proa_traffic_hedges, "second attempts beside a silent one"),
    MEASURE("evacuations", COUNT, proa_traffic_evacuations, "attempts moved off an opened pool"),
    MEASURE("inflight_excess", COUNT, proa_traffic_excess,
            "calls in flight in one quota group above 1.25 times the average"),
    MEASURE("opens", COUNT, proa_traffic_opens,
            "breakers opened, those of one pool at once as one"),
    MEASURE("opens_per_minute", COUNT, proa_traffic_opens_per_minute, "likewise, in a minute"),
    MEASURE("degrades", COUNT, proa_traffic_degrades, "times that a target was demoted"),
    MEASURE("recovery", SECONDS, proa_traffic_recovery,
            "from the end of the fault until a target there is closed again"),
    MEASURE("full_recovery", SECONDS, proa_traffic_full_recovery,
            "likewise, until all are closed and take their full share"),
    MEASURE("service_back", SECONDS, proa_traffic_back,
            "from the end of the fault to the first call that is answered"),
    MEASURE("step_max", RATIO, proa_traffic_step_max,
            "largest growth of calls to the faulty providers from 10 s to the next after the "
            "fault, as part of the calls before it"),
    MEASURE("at_90s", RATIO, proa_traffic_at_90s,
            "calls to them 90 s after the fault, as part of those before it"),
    {.name = NULL},
};

const struct proa_measure *proa_measure_find(struct proa_slice name, struct proa_slice *of)
{
    const struct proa_slice first = proa_slice_split(name, '.', of);
    const bool dot = first.len < name.len;
    for (const struct proa_measure *m = proa_measures; m->name; m++) {
        if (proa_slice_eq(first, proa_slice_cstr(m->name)) && m->of_provider == dot) {
            return m;
        }
    }
    return NULL;
}

const char *proa_measure_near(struct proa_slice name)
{
    const char *best = NULL;
    size_t distance = 4;
    for (const struct proa_measure *m = proa_measures; m->name; m++) {
        const size_t d = proa_slice_distance(name, proa_slice_cstr(m->name));
        if (d < distance) {
            distance = d;
            best = m->name;
        }
    }
    return best;
}

double proa_measure_value(const struct proa_measured *m, struct proa_slice name)
{
    struct proa_slice of = PROA_SLICE_NONE;
    const struct proa_measure *measure = proa_measure_find(name, &of);
    const struct proa_scenario *s = proa_sim_scenario(m->sim);
    size_t provider = 0;
    PROA_ASSERT(measure != NULL);
    while (measure->of_provider && provider < s->providers.n &&
           !proa_slice_eq(proa_scenario_provider(s, provider)->name, of)) {
        provider++;
    }
    return measure->compute(m, provider);
}

bool proa_measure_holds(const struct proa_scenario_bound *bound, double value)
{
    /* Half a millionth: bounds are written with six decimals. */
    const double slack = 0.5e-6;
    return value >= bound->min_ppm * 1e-6 - slack &&
           (bound->max_ppm == UINT32_MAX || value <= bound->max_ppm * 1e-6 + slack);
}
