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

/* Within the slot that was filled last, as nearly always, without the division. */
static uint32_t epoch_of(const struct proa_window *w, uint64_t now_ns)
{
    const uint64_t into_ns = now_ns - w->said * w->slot_ns; /* from before it: a huge one */
    return into_ns < w->slot_ns ? w->said : (uint32_t)(now_ns / w->slot_ns);
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

void proa_window_add(struct proa_window *w, uint64_t window_ns, uint64_t now_ns,
                     enum proa_sample sample)
{
    uint64_t slot_ns = window_ns / PROA_WINDOW_SLOTS;
    slot_ns = slot_ns ? slot_ns : 1;
    if (slot_ns != w->slot_ns && span_lapsed(w, now_ns)) {
        proa_window_init(w);
        w->slot_ns = slot_ns;
    }
    uint32_t epoch = epoch_of(w, now_ns);
    if (slot_ns == w->slot_ns && epoch > w->said) {
        w->said = epoch;
    }
    unsigned slot = epoch % PROA_WINDOW_SLOTS;
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
    if (w->count[slot][sample] < UINT16_MAX) {
        w->count[slot][sample]++;
    }
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
