#include "proa/resilience/throttle.h"

#include "fixed_priv.h"

#include "proa/core/clock.h"

void proa_throttle_init(struct proa_throttle *t)
{
    *t = (struct proa_throttle){0};
}

void proa_throttle_asked(struct proa_throttle *t, const struct proa_panic_cfg *cfg, uint64_t now_ns)
{
    proa_window_add(&t->window, cfg->window_ns, now_ns, PROA_SAMPLE_FAIL);
}

void proa_throttle_accepted(struct proa_throttle *t, const struct proa_panic_cfg *cfg,
                            uint64_t now_ns)
{
    proa_window_add(&t->window, cfg->window_ns, now_ns, PROA_SAMPLE_OK);
}

/* With probability max(0, (requests - K * accepts) / (requests + 1)), both sides in ppm. */
static bool rejected(const struct proa_throttle *t, const struct proa_panic_cfg *cfg,
                     uint64_t now_ns, struct proa_prng *prng)
{
    struct proa_counts sum = proa_window_sum(&t->window, now_ns, PROA_WINDOW_SLOTS);
    uint64_t asked_ppm = sum.of[PROA_SAMPLE_FAIL] * PPM_ONE;
    uint64_t granted_ppm = (uint64_t)sum.of[PROA_SAMPLE_OK] * cfg->k_ppm;
    return granted_ppm < asked_ppm &&
           proa_prng_below(prng, asked_ppm + PPM_ONE) < asked_ppm - granted_ppm;
}

uint64_t proa_throttle_eta(const struct proa_throttle *t, const struct proa_panic_cfg *cfg,
                           uint64_t now_ns)
{
    if (!t->admitted) {
        return 0;
    }
    return proa_clock_since(proa_clock_after(t->last_admit_ns, cfg->floor_ns), now_ns);
}

bool proa_throttle_admit(struct proa_throttle *t, const struct proa_panic_cfg *cfg, uint64_t now_ns,
                         struct proa_prng *prng)
{
    if (proa_throttle_eta(t, cfg, now_ns) != 0 && rejected(t, cfg, now_ns, prng)) {
        return false;
    }
    t->admitted = true;
    t->last_admit_ns = max_u64(t->last_admit_ns, now_ns);
    return true;
}
