/*
 * The virtual clock: it moves only from one event to the next.
 *
 * Pure. Events of equal time happen in the order in which they were set. Value types; events are
 * embedded in what they belong to and must be cleared before that goes.
 */
#ifndef PROA_SIM_VCLOCK_H
#define PROA_SIM_VCLOCK_H

#include "proa/core/heap.h"

struct proa_vclock {
    struct proa_heap heap;
    uint64_t now_ns;
};

typedef void proa_vclock_fn(void *ctx, uint64_t now_ns);

struct proa_vclock_event {
    struct proa_heap_node node;
    proa_vclock_fn *fn;
    void *ctx;
};

void proa_vclock_init(struct proa_vclock *clock, uint64_t now_ns);
void proa_vclock_deinit(struct proa_vclock *clock);
void proa_vclock_event_init(struct proa_vclock_event *event, proa_vclock_fn *fn, void *ctx);
/* Sets or moves it; a time that has passed means now. PROA_NEVER clears it. */
void proa_vclock_set(struct proa_vclock *clock, struct proa_vclock_event *event, uint64_t at_ns);
void proa_vclock_clear(struct proa_vclock *clock, struct proa_vclock_event *event);
/* Moves to the next event and lets it happen; false when there is none. */
bool proa_vclock_step(struct proa_vclock *clock);

#endif
