#include "proa/resilience/window.h"

#include <stdbool.h>

static uint32_t newest_epoch(const struct proa_window *w)
{
    uint32_t newest = 0;
    for (unsigned i = 0; i < PROA_WINDOW_SLOTS; i++) {
        newest = w->epoch[i] > newest ? w->epoch[i] : newest;
    }
    return newest;
}

static uint32_t epoch_of(const struct proa_window *w, uint64_t now_ns)
{
    return (uint32_t)(now_ns / w->slot_ns);
}

/* The span in force has not been said for its own length. */
static bool span_lapsed(const struct proa_window *w, uint64_t now_ns)
{
    return w->slot_ns == 0 || epoch_of(w, now_ns) >= w->said + PROA_WINDOW_SLOTS;
}

void proa_window_init(struct proa_window *w)
{
    *w = (struct proa_window){0};
}

/* The slot to count in, emptied when it stood for another time. */
static uint32_t find_slot(struct proa_window *w, uint64_t slot_ns, uint64_t now_ns)
{
    if (slot_ns != w->slot_ns && span_lapsed(w, now_ns)) {
        proa_window_init(w);
        w->slot_ns = slot_ns;
    }
    uint32_t epoch = epoch_of(w, now_ns);
    if (slot_ns == w->slot_ns && epoch > w->said) {
        w->said = epoch;
    }
    uint32_t slot = epoch % PROA_WINDOW_SLOTS;
    if (w->epoch[slot] != epoch) {
        uint32_t newest = newest_epoch(w);
        epoch = epoch > newest ? epoch : newest;
        slot = epoch % PROA_WINDOW_SLOTS;
        if (w->epoch[slot] != epoch) {
            w->epoch[slot] = epoch;
            for (unsigned i = 0; i < PROA_SAMPLES; i++) {
                w->count[slot][i] = 0;
            }
        }
    }
    return slot;
}

/* The slot that was counted in last is the one, as nearly always. */
static bool goes_on(const struct proa_window *w, uint64_t slot_ns, uint64_t now_ns)
{
    const uint64_t into_ns = now_ns - w->said * slot_ns; /* huge when it is from before */
    return slot_ns == w->slot_ns && into_ns < slot_ns && w->epoch[w->last] == w->said;
}

void proa_window_add(struct proa_window *w, uint64_t window_ns, uint64_t now_ns,
                     enum proa_sample sample)
{
    uint64_t slot_ns = window_ns / PROA_WINDOW_SLOTS;
    slot_ns = slot_ns ? slot_ns : 1;
    if (!goes_on(w, slot_ns, now_ns)) {
        w->last = find_slot(w, slot_ns, now_ns);
    }
    uint16_t *count = &w->count[w->last][sample];
    *count = (uint16_t)(*count + (*count < UINT16_MAX));
}

struct proa_counts proa_window_sum(const struct proa_window *w, uint64_t now_ns, unsigned slots)
{
    struct proa_counts sum = {{0}};
    if (w->slot_ns == 0) {
        return sum;
    }
    uint32_t newest = newest_epoch(w);
    uint32_t now = epoch_of(w, now_ns);
    now = now > newest ? now : newest;
    for (unsigned slot = 0; slot < PROA_WINDOW_SLOTS; slot++) {
        if (now - w->epoch[slot] < slots) {
            for (unsigned i = 0; i < PROA_SAMPLES; i++) {
                sum.of[i] += w->count[slot][i];
            }
        }
    }
    return sum;
}
