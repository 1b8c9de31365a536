/*
 * Adaptive throttle for a route in panic, when no target is healthy: admits with probability
 * 1 - max(0, (requests - K * accepts) / (requests + 1)) over a window ("Handling Overload", Site
 * Reliability Engineering, chapter 21), and at least one call per `floor_ns`.
 *
 * Pure value type.
 */
#ifndef PROA_RESILIENCE_THROTTLE_H
#define PROA_RESILIENCE_THROTTLE_H

#include "proa/core/prng.h"
#include "proa/resilience/window.h"

#include <stdbool.h>

struct proa_panic_cfg {
    bool enabled;       /* off: no healthy target means no attempt */
    uint32_t k_ppm;     /* K, >= 1000000 */
    uint64_t window_ns; /* must stay the same for one throttle; 60 s */
    uint64_t floor_ns;  /* one call per this span gets through whatever the window says */
};

struct proa_throttle {
    struct proa_window window; /* OK: accepted by a backend; FAIL: asked */
    uint64_t last_admit_ns;
    bool admitted;
};

void proa_throttle_init(struct proa_throttle *t);
/* A request of this route asks, in panic or not. */
void proa_throttle_asked(struct proa_throttle *t, const struct proa_panic_cfg *cfg,
                         uint64_t now_ns);
/* An attempt of this route was answered well. */
void proa_throttle_accepted(struct proa_throttle *t, const struct proa_panic_cfg *cfg,
                            uint64_t now_ns);
/* In panic: may this attempt start? Admitting by the floor counts as its call. */
bool proa_throttle_admit(struct proa_throttle *t, const struct proa_panic_cfg *cfg, uint64_t now_ns,
                         struct proa_prng *prng);
/* Span until the floor admits the next call for certain; 0 = now. */
uint64_t proa_throttle_eta(const struct proa_throttle *t, const struct proa_panic_cfg *cfg,
                           uint64_t now_ns);

#endif
