/* Spans by which silence is judged, from a pool's own history for prompts of that size. */
#include "state_priv.h"

enum {
    P95_PPM = 950000,
    P99_PPM = 990000,
    FIRST_CONTENT_FACTOR = 3 /* x p99 is when no content will come any more */
};

/* Before nothing more is known, a probe is hedged after this. */
static const uint64_t PROBE_HEDGE_NS = 1500 * PROA_NS_PER_MS;

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    value = value > least ? value : least;
    return value < most ? value : most;
}

static uint64_t times(uint64_t span_ns, uint64_t factor)
{
    uint64_t product = 0;
    return __builtin_mul_overflow(span_ns, factor, &product) ? PROA_NEVER : product;
}

/* Nothing is heard of a plain answer before it is complete: its row holds whole answers, and none
 * counts as late before the time that is allowed to an unknown stream. */
enum proa_latency_row proa_times_row(const struct proa_run *run)
{
    return run->options.stream ? proa_latency_row_of(run->options.input_tokens)
                               : PROA_LATENCY_PLAIN;
}

static uint64_t first_content(const struct proa_run *run, const struct proa_latency *latency)
{
    const struct proa_timeout_cfg *cfg = &run->route->policy->timeouts;
    const uint64_t p99 = proa_latency_quantile(latency, proa_times_row(run), P99_PPM);
    return p99 == 0 ? cfg->first_content_ns
                    : clamp(times(p99, FIRST_CONTENT_FACTOR), cfg->first_content_min_ns,
                            cfg->first_content_max_ns);
}

static uint64_t slow(const struct proa_run *run, const struct proa_latency *latency)
{
    const struct proa_stall_cfg *cfg = &run->route->policy->stall;
    const uint64_t median = proa_latency_median(latency, proa_times_row(run));
    const uint64_t least = run->options.stream || cfg->slow_min_ns > cfg->stall_cold_ns
                               ? cfg->slow_min_ns
                               : cfg->stall_cold_ns;
    return median == 0 ? PROA_NEVER : clamp(times(median, cfg->slow_factor), least, PROA_NEVER);
}

static uint64_t stall(const struct proa_run *run, const struct proa_latency *latency,
                      uint64_t patience_ns)
{
    const struct proa_stall_cfg *cfg = &run->route->policy->stall;
    const uint64_t p95 = proa_latency_quantile(latency, proa_times_row(run), P95_PPM);
    if (p95 == 0) {
        return run->options.stream ? clamp(cfg->stall_cold_ns, 0, patience_ns / 2) : PROA_NEVER;
    }
    return clamp(times(p95, cfg->stall_factor),
                 run->options.stream ? cfg->stall_min_ns : cfg->stall_cold_ns, patience_ns / 2);
}

static uint64_t hedge(const struct proa_run *run, const struct proa_latency *latency,
                      uint64_t patience_ns)
{
    const struct proa_hedge_cfg *cfg = &run->route->policy->hedge;
    const uint64_t usual = proa_latency_quantile(latency, proa_times_row(run), cfg->quantile_ppm);
    return usual == 0 || proa_latency_samples(latency, proa_times_row(run)) < cfg->min_samples
               ? PROA_NEVER
               : clamp(usual, cfg->min_ns, patience_ns / 2);
}

struct attempt_times proa_engine_times(const struct proa_run *run,
                                       const struct proa_candidate *candidate)
{
    const struct proa_latency *latency = &proa_seat_of(run, candidate)->pool->latency;
    const struct proa_policy_cfg *policy = run->route->policy;
    const uint64_t first_content_ns =
        run->options.stream ? first_content(run, latency) : policy->timeouts.first_content_ns;
    const uint64_t patience_ns = run->options.stream ? first_content_ns : policy->timeouts.total_ns;
    return (struct attempt_times){
        .slow_ns = policy->stall.enabled ? slow(run, latency) : PROA_NEVER,
        .stall_ns = policy->stall.enabled ? stall(run, latency, patience_ns) : PROA_NEVER,
        .hedge_ns = hedge(run, latency, patience_ns),
        .first_content_ns = first_content_ns,
    };
}

uint64_t proa_engine_probe_hedge_ns(const struct proa_run *run)
{
    uint64_t best = 0;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        const struct seat *seat = proa_seat_of(run, &run->route->candidates[i]);
        const uint64_t p95 =
            proa_latency_quantile(&seat->pool->latency, proa_times_row(run), P95_PPM);
        best = p95 > 0 && (best == 0 || p95 < best) ? p95 : best;
    }
    return best > PROBE_HEDGE_NS ? best : PROBE_HEDGE_NS;
}

uint64_t proa_engine_median_ns(const struct proa_run *run)
{
    uint64_t best = 0;
    for (size_t i = 0; i < run->route->n_candidates; i++) {
        const struct seat *seat = proa_seat_of(run, &run->route->candidates[i]);
        const uint64_t median = proa_latency_median(&seat->pool->latency, proa_times_row(run));
        best = median > 0 && (best == 0 || median < best) ? median : best;
    }
    return best;
}
