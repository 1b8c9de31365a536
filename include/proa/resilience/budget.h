/*
 * What extra attempts are paid from: a bucket that every request fills a little, and time a little
 * too, so that load caused by failure shrinks as failure grows. One for retries, one for hedges,
 * per route.
 *
 * Pure value type. Levels are in thousandths of an attempt. A clock that goes backward adds
 * nothing.
 */
#ifndef PROA_RESILIENCE_BUDGET_H
#define PROA_RESILIENCE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct proa_budget_cfg {
    uint32_t ratio_ppm;      /* of an attempt that each request deposits */
    uint32_t cap;            /* attempts the bucket holds at most */
    uint32_t start;          /* attempts in it at first; at most cap */
    uint32_t per_second_ppm; /* of an attempt that each second deposits */
};

struct proa_budget {
    uint64_t level; /* thousandths of an attempt */
    uint64_t last_ns;
    bool started;
};

void proa_budget_init(struct proa_budget *b);
/* A request came that is no retry of an earlier one. */
void proa_budget_deposit(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns);
/* Takes one attempt; false, with nothing taken, when less than one is there. */
bool proa_budget_take(struct proa_budget *b, const struct proa_budget_cfg *cfg, uint64_t now_ns);
/* Thousandths of an attempt there now. */
uint64_t proa_budget_level(const struct proa_budget *b, const struct proa_budget_cfg *cfg,
                           uint64_t now_ns);

#endif
