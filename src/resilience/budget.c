#include "proa/resilience/budget.h"

#include "fixed_priv.h"

#include "proa/core/clock.h"

#define ATTEMPT UINT64_C(1000) /* of level */

/* ppm x ns of one thousandth of an attempt. */
#define PPM_NS_PER_UNIT (PPM_ONE / ATTEMPT * PROA_NS_PER_S)

void proa_budget_init(struct proa_budget *b)
{
    *b = (struct proa_budget){0};
}

/* Brings the budget up to now. Time is taken in whole thousandths; the rest of it stays for the next
 * look, so that frequent looks lose nothing. */
static void settle(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns)
{
    uint64_t cap = cfg->cap * ATTEMPT;
    if (!b->started) {
        *b = (struct proa_budget){
            .level = min_u64(cfg->start * ATTEMPT, cap), .last_ns = now_ns, .started = true};
        return;
    }
    if (b->level >= cap) { /* as it is while all goes well */
        b->level = cap;
        b->last_ns = max_u64(b->last_ns, now_ns);
        return;
    }
    uint64_t gained =
        mul_div(proa_clock_since(now_ns, b->last_ns), cfg->per_second_ppm, PPM_NS_PER_UNIT);
    if (cfg->per_second_ppm == 0 || gained >= cap - b->level) {
        b->level = min_u64(b->level + min_u64(gained, cap), cap);
        b->last_ns = max_u64(b->last_ns, now_ns); /* nothing of the time is left over */
    } else {
        b->level += gained;
        b->last_ns += mul_div(gained, PPM_NS_PER_UNIT, cfg->per_second_ppm);
    }
}

void proa_budget_deposit(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns)
{
    settle(b, cfg, now_ns);
    b->level = min_u64(b->level + cfg->ratio_ppm * ATTEMPT / PPM_ONE, cfg->cap * ATTEMPT);
}

bool proa_budget_take(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns)
{
    settle(b, cfg, now_ns);
    if (b->level < ATTEMPT) {
        return false;
    }
    b->level -= ATTEMPT;
    return true;
}

uint64_t proa_budget_level(const struct proa_budget *b, const struct proa_budget_cfg *cfg,
                           uint64_t now_ns)
{
    struct proa_budget now = *b;
    settle(&now, cfg, now_ns);
    return now.level;
}
