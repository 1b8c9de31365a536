#include "proa/sim/vclock.h"

#include "proa/core/check.h"
#include "proa/core/clock.h"

void proa_vclock_init(struct proa_vclock *clock, uint64_t now_ns)
{
    proa_heap_init(&clock->heap);
    clock->now_ns = now_ns;
}

void proa_vclock_deinit(struct proa_vclock *clock)
{
    proa_heap_deinit(&clock->heap);
}

void proa_vclock_event_init(struct proa_vclock_event *event, proa_vclock_fn *fn, void *ctx)
{
    *event = (struct proa_vclock_event){.fn = fn, .ctx = ctx};
}

void proa_vclock_set(struct proa_vclock *clock, struct proa_vclock_event *event, uint64_t at_ns)
{
    if (at_ns == PROA_NEVER) {
        proa_vclock_clear(clock, event);
        return;
    }
    proa_heap_set(&clock->heap, &event->node, at_ns > clock->now_ns ? at_ns : clock->now_ns);
}

void proa_vclock_clear(struct proa_vclock *clock, struct proa_vclock_event *event)
{
    proa_heap_remove(&clock->heap, &event->node);
}

bool proa_vclock_step(struct proa_vclock *clock)
{
    struct proa_heap_node *node = proa_heap_first(&clock->heap);
    if (!node) {
        return false;
    }
    struct proa_vclock_event *event = PROA_CONTAINER_OF(node, struct proa_vclock_event, node);
    clock->now_ns = node->key;
    proa_heap_remove(&clock->heap, node);
    event->fn(event->ctx, clock->now_ns);
    return true;
}
