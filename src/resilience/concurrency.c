#include "proa/resilience/concurrency.h"

#include "fixed_priv.h"

#include "proa/core/clock.h"

void proa_concurrency_init(struct proa_concurrency *c)
{
    *c = (struct proa_concurrency){0};
}

/* Between floor and target, whatever the configuration was when it was set. */
static uint64_t limit_ppm(const struct proa_concurrency *c, const struct proa_concurrency_cfg *cfg)
{
    uint64_t most = cfg->target * PPM_ONE;
    uint64_t least = min_u64(cfg->floor * PPM_ONE, most);
    return c->limit_ppm ? min_u64(max_u64(c->limit_ppm, least), most) : most;
}

uint32_t proa_concurrency_limit(const struct proa_concurrency *c,
                                const struct proa_concurrency_cfg *cfg)
{
    return (uint32_t)(limit_ppm(c, cfg) / PPM_ONE);
}

void proa_concurrency_congested(struct proa_concurrency *c, const struct proa_concurrency_cfg *cfg,
                                uint64_t p50_ns, uint64_t now_ns)
{
    if (c->lowered_ns != 0 && proa_clock_since(now_ns, c->lowered_ns) < p50_ns) {
        return;
    }
    uint64_t lowered = mul_div(limit_ppm(c, cfg), cfg->down_ppm, PPM_ONE);
    c->limit_ppm = min_u64(max_u64(lowered, cfg->floor * PPM_ONE), cfg->target * PPM_ONE);
    c->lowered_ns = now_ns;
}

void proa_concurrency_ok(struct proa_concurrency *c, const struct proa_concurrency_cfg *cfg,
                         uint32_t inflight)
{
    uint64_t limit = limit_ppm(c, cfg);
    if (c->limit_ppm == 0 || inflight * PPM_ONE < limit / 2) {
        return;
    }
    uint64_t raised = limit + mul_div(PPM_ONE, PPM_ONE, limit);
    c->limit_ppm = raised < cfg->target * PPM_ONE ? raised : 0;
}
