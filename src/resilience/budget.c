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

/* Nothing of the time is left over. */
static void fill_up(struct proa_budget *b, uint64_t cap, uint64_t now_ns)
{
    b->level = cap;
    b->last_ns = max_u64(b->last_ns, now_ns);
}

/* Brings the budget up to now. Time is taken in whole thousandths; the rest of it stays for the
 * next look, so that frequent looks lose nothing. */
static void settle(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns)
{
    uint64_t cap = cfg->cap * ATTEMPT;
    if (!b->started) {
        *b = (struct proa_budget){
            .level = min_u64(cfg->start * ATTEMPT, cap), .last_ns = now_ns, .started = true};
        return;
    }
    uint64_t gained =
        mul_div(proa_clock_since(now_ns, b->last_ns), cfg->per_second_ppm, PPM_NS_PER_UNIT);
    if (b->level >= cap || gained >= cap - b->level) {
        fill_up(b, cap, now_ns);
    } else if (cfg->per_second_ppm == 0) {
        b->last_ns = max_u64(b->last_ns, now_ns);
    } else {
        b->level += gained;
        b->last_ns += mul_div(gained, PPM_NS_PER_UNIT, cfg->per_second_ppm);
    }
}

void proa_budget_deposit(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns)
{
    const uint64_t cap = cfg->cap * ATTEMPT;
    if (b->started && b->level >= cap) { /* as it is while all goes well */
        fill_up(b, cap, now_ns);
        return;
    }
    settle(b, cfg, now_ns);
    b->level = min_u64(b->level + cfg->ratio_ppm * ATTEMPT / PPM_ONE, cap);
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
