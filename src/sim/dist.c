#include "proa/sim/dist.h"

#include "proa/core/clock.h"
#include "proa/core/hash.h"
#include "proa/sim/curve.h"

#include <math.h>

static const double LONGEST_NS = 3600e9;

void proa_dist_stream(struct proa_prng *out, uint64_t seed, struct proa_slice name, uint64_t index)
{
    proa_prng_seed(out, proa_hash64(name, seed) + index);
}

double proa_dist_unit(struct proa_prng *p)
{
    /* 52 bits and a half step, so that both ends stay out of reach. */
    return ((double)(proa_prng_next(p) >> 12) + 0.5) * 0x1p-52;
}

bool proa_dist_chance(struct proa_prng *p, uint32_t ppm)
{
    return proa_prng_next(p) % 1000000 < ppm;
}

static uint64_t span_of(double ns)
{
    return ns < LONGEST_NS ? (uint64_t)ns : (uint64_t)LONGEST_NS;
}

uint64_t proa_dist_exponential(struct proa_prng *p, uint64_t mean_ns)
{
    return span_of(-proa_curve_log(proa_dist_unit(p)) * (double)mean_ns);
}

/* Box and Muller; the second of its two values is dropped, so that each draw takes two words. */
static double normal(struct proa_prng *p)
{
    const double radius = sqrt(-2.0 * proa_curve_log(proa_dist_unit(p)));
    return radius * proa_curve_cos_turn(proa_dist_unit(p));
}

uint64_t proa_dist_lognormal(struct proa_prng *p, uint64_t median_ns, uint32_t sigma_ppm)
{
    return span_of((double)median_ns * proa_curve_exp(normal(p) * sigma_ppm * 1e-6));
}
