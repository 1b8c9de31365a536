#include "proa/resilience/balance.h"

#include "fixed_priv.h"

#include "proa/core/check.h"
#include "proa/resilience/wrr.h"

#include <stdbool.h>

#define WEIGHT_ONE 1000U /* of weight_milli */
/* Prices up to this much above the least count as equally low. */
#define CHEAP_PPM UINT64_C(1100000)

/* Who is in question: views by index, in order. */
struct field {
    size_t n;
    uint8_t at[PROA_BALANCE_MAX];
    uint32_t weight[PROA_BALANCE_MAX]; /* of at[i] */
};

/* Those with a weight; when none has one, all as equals. */
static void field_fill(struct field *f, const struct proa_balance_view *views, size_t n)
{
    f->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (views[i].weight_milli > 0) {
            f->at[f->n] = (uint8_t)i;
            f->weight[f->n++] = views[i].weight_milli;
        }
    }
    for (size_t i = 0; f->n == 0 && i < n; i++) {
        f->at[i] = (uint8_t)i;
        f->weight[i] = WEIGHT_ONE;
    }
    f->n = f->n ? f->n : n;
}

static uint64_t cost_of(const struct proa_balance_view *v, uint32_t weight,
                        const struct proa_balance_cfg *cfg)
{
    if (weight == 0) {
        return UINT64_MAX;
    }
    uint64_t load_ppm = v->latency_ppm * ((uint64_t)v->inflight + 1);
    uint64_t failure_ppm = min_u64(v->failure_ppm, PPM_ONE) * cfg->failure_gain + PPM_ONE;
    return mul_div(mul_div(load_ppm, WEIGHT_ONE, weight), failure_ppm, PPM_ONE);
}

uint64_t proa_balance_cost(const struct proa_balance_view *v, const struct proa_balance_cfg *cfg)
{
    return cost_of(v, v->weight_milli, cfg);
}

/* ---- strategies: each returns a place in the field ------------------------------------------- */

/* The power of two choices (Mitzenmacher 1996): distinct ones, so that the worst never wins. What
 * is picked uniformly now and then keeps the others known. */
static size_t pick_p2c(const struct field *f, const struct proa_balance_view *views,
                       const struct proa_balance_cfg *cfg, struct proa_prng *prng)
{
    size_t a = (size_t)proa_prng_below(prng, f->n);
    if (f->n == 1 || proa_prng_below(prng, PPM_ONE) < cfg->explore_ppm) {
        return a;
    }
    size_t b = (size_t)proa_prng_below(prng, f->n - 1);
    b += b >= a;
    return cost_of(&views[f->at[b]], f->weight[b], cfg) <
                   cost_of(&views[f->at[a]], f->weight[a], cfg)
               ? b
               : a;
}

static size_t pick_in_turn(struct field *f, const struct proa_balance_view *views, bool weighted)
{
    int64_t *credit[PROA_BALANCE_MAX];
    for (size_t i = 0; i < f->n; i++) {
        credit[i] = views[f->at[i]].credit;
        f->weight[i] = weighted ? f->weight[i] : 1;
    }
    return proa_wrr_pick(credit, f->weight, f->n, UINT64_MAX);
}

static size_t pick_priority(const struct field *f, struct proa_prng *prng)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->weight[i] >= WEIGHT_ONE || proa_prng_below(prng, WEIGHT_ONE) < f->weight[i]) {
            return i;
        }
    }
    return 0;
}

/* The least (inflight + 1) / weight; equal ones have equal chances. */
static size_t pick_least_inflight(const struct field *f, const struct proa_balance_view *views,
                                  struct proa_prng *prng)
{
    size_t best = 0;
    uint64_t ties = 1;
    for (size_t i = 1; i < f->n; i++) {
        uint64_t mine = (views[f->at[i]].inflight + UINT64_C(1)) * f->weight[best];
        uint64_t its = (views[f->at[best]].inflight + UINT64_C(1)) * f->weight[i];
        if (mine < its) {
            best = i;
            ties = 1;
        } else if (mine == its && proa_prng_below(prng, ++ties) == 0) {
            best = i;
        }
    }
    return best;
}

/* Leaves only those that are cheap; all, when no price is known. */
static void keep_cheap(struct field *f, const struct proa_balance_view *views)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < f->n; i++) {
        uint64_t price = views[f->at[i]].price;
        least = price != 0 ? min_u64(least, price) : least;
    }
    if (least == UINT64_MAX) {
        return;
    }
    uint64_t cheap = mul_div(least, CHEAP_PPM, PPM_ONE);
    size_t kept = 0;
    for (size_t i = 0; i < f->n; i++) {
        uint64_t price = views[f->at[i]].price;
        if (price != 0 && price <= cheap) {
            f->at[kept] = f->at[i];
            f->weight[kept++] = f->weight[i];
        }
    }
    f->n = kept;
}

/* At random by share of the limit left, by weight when nobody has any: smooth, where the emptiest
 * first would draw everybody at once. */
static size_t pick_headroom(const struct field *f, const struct proa_balance_view *views,
                            struct proa_prng *prng)
{
    uint64_t share[PROA_BALANCE_MAX];
    uint64_t shares = 0;
    uint64_t weights = 0;
    for (size_t i = 0; i < f->n; i++) {
        share[i] = f->weight[i] * min_u64(views[f->at[i]].headroom_ppm, PPM_ONE);
        shares += share[i];
        weights += f->weight[i];
    }
    uint64_t drawn = proa_prng_below(prng, shares ? shares : weights);
    for (size_t i = 0; i + 1 < f->n; i++) {
        uint64_t part = shares ? share[i] : f->weight[i];
        if (drawn < part) {
            return i;
        }
        drawn -= part;
    }
    return f->n - 1;
}

size_t proa_balance_pick(const struct proa_balance_cfg *cfg, const struct proa_balance_view *views,
                         size_t n, struct proa_prng *prng)
{
    PROA_ASSERT(n >= 1 && n <= PROA_BALANCE_MAX);
    struct field f;
    field_fill(&f, views, n);
    switch ((enum proa_strategy)cfg->strategy) {
    case PROA_STRATEGY_WEIGHTED:
        return f.at[pick_in_turn(&f, views, true)];
    case PROA_STRATEGY_ROUND_ROBIN:
        return f.at[pick_in_turn(&f, views, false)];
    case PROA_STRATEGY_PRIORITY:
        return f.at[pick_priority(&f, prng)];
    case PROA_STRATEGY_LEAST_INFLIGHT:
        return f.at[pick_least_inflight(&f, views, prng)];
    case PROA_STRATEGY_HEADROOM:
        return f.at[pick_headroom(&f, views, prng)];
    case PROA_STRATEGY_LOWEST_COST:
        keep_cheap(&f, views);
        break;
    case PROA_STRATEGY_P2C_EWMA:
        break;
    }
    return f.at[pick_p2c(&f, views, cfg, prng)];
}
