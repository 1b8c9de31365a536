/*
 * Exact counts of verdicts over the recent past: a ring of slots, read as a slow window (all of
 * them) and a fast one (the newest two). No averages: a time-weighted one gives a tight burst of
 * failures almost no weight.
 *
 * Pure value type, 136 bytes. Slots are zeroed when they are next used, so that idle time costs
 * nothing; their borders are multiples of their span. A clock that goes backward counts into the
 * slot it names if that one still stands for that time, else into the newest. Counts saturate.
 *
 * Its span is the caller's to say at each add. Another one takes effect, with an empty window, once
 * the old one has not been said for its own length: so a reload changes it, while policies that
 * differ over one target do not keep emptying each other's counts.
 */
#ifndef PROA_RESILIENCE_WINDOW_H
#define PROA_RESILIENCE_WINDOW_H

#include <stdint.h>

enum { PROA_WINDOW_SLOTS = 12, PROA_WINDOW_FAST_SLOTS = 2 };

enum proa_sample {
    PROA_SAMPLE_OK = 0,
    PROA_SAMPLE_FAIL,
    PROA_SAMPLE_SLOW, /* a mark beside the verdict, not one of its own */
    PROA_SAMPLES
};

struct proa_window {
    uint64_t slot_ns; /* span of a slot; 0 = nothing was ever added */
    uint32_t said;    /* newest epoch in which the span was said */
    uint32_t last;    /* slot that was counted in last */
    uint32_t epoch[PROA_WINDOW_SLOTS];
    uint16_t count[PROA_WINDOW_SLOTS][PROA_SAMPLES];
};

struct proa_counts {
    uint32_t of[PROA_SAMPLES];
};

void proa_window_init(struct proa_window *w);
/* window_ns is the span of all slots together. */
void proa_window_add(struct proa_window *w, uint64_t window_ns, uint64_t now_ns,
                     enum proa_sample sample);
/* Sums the newest `slots` slots, the current one included. */
struct proa_counts proa_window_sum(const struct proa_window *w, uint64_t now_ns, unsigned slots);

#endif
