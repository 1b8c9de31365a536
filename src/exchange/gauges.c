/*
 * Gauges of what the engine knows. They are set when somebody asks for metrics: state that changes
 * by time alone, as breakers and budgets do, has no event to set them by.
 */
#include "proa/engine/status.h"
#include "proa/exchange/live.h"
#include "proa/resilience/breaker.h"

static void sample_route(struct proa_live *live, size_t i, uint64_t now_ns)
{
    struct proa_status_route status;
    proa_status_route(live->roster, i, now_ns, &status);
    const uint64_t cap_milli = (uint64_t)status.retries_cap * 1000;
    proa_metric_set(proa_metric_series1(live->metrics, PROA_METRIC_RETRY_BUDGET, status.identity),
                    cap_milli == 0 ? 0 : status.retries_milli * PROA_NS_PER_S / cap_milli);
    proa_metric_set(proa_metric_series1(live->metrics, PROA_METRIC_QUEUE_DEPTH, status.identity),
                    status.waiting);
}

static void set_breaker(struct proa_live *live, size_t i, uint64_t now_ns, bool in_force)
{
    struct proa_status_target status;
    proa_status_target(live->roster, i, now_ns, &status);
    for (int s = 0; s < PROA_BREAKER_STATES; s++) {
        const struct proa_slice name =
            proa_slice_cstr(proa_breaker_state_text((enum proa_breaker_state)s));
        proa_metric_set(
            proa_metric_series2(live->metrics, PROA_METRIC_BREAKER_STATE, status.identity, name),
            in_force && (int)status.breaker.state == s);
    }
}

void proa_live_sample(struct proa_live *live, uint64_t now_ns)
{
    for (size_t i = 0; i < proa_status_n(live->roster, PROA_STATUS_ROUTE); i++) {
        sample_route(live, i, now_ns);
    }
    for (size_t i = 0; i < proa_status_n(live->roster, PROA_STATUS_TARGET); i++) {
        set_breaker(live, i, now_ns, true);
    }
}

void proa_live_retire(struct proa_live *live)
{
    for (size_t i = 0; i < proa_status_n(live->roster, PROA_STATUS_TARGET); i++) {
        set_breaker(live, i, 0, false);
    }
}
