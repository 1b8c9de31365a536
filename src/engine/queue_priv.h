/*
 * The queue of a route: requests for which there is no place, or no target, just now.
 *
 * Value type, part of a route's state. Runs are in it by their `queued` node; they answer for their
 * own waits, the queue only says whose turn it is.
 */
#ifndef PROA_ENGINE_QUEUE_PRIV_H
#define PROA_ENGINE_QUEUE_PRIV_H

#include "proa/core/list.h"
#include "proa/resilience/limiter.h"

struct run_queue {
    struct proa_list waiting[PROA_PRIORITIES]; /* oldest first; by rank, 0 = served first */
    uint32_t n_waiting;
    uint32_t n_active; /* exchanges that have a place */
    uint32_t n_served; /* since the lowest class had its turn */
    /* The least wait of those that were served, over one span after the other: when it stays high,
     * the oldest are no longer worth serving first (CoDel, Nichols and Jacobson 2012). */
    bool newest_first;
    uint64_t span_began_ns;
    uint64_t span_least_ns; /* PROA_NEVER = nobody was served yet */
};

/* Nothing to release: the queue must be empty when it goes. */
void proa_queue_init(struct run_queue *q);

#endif
