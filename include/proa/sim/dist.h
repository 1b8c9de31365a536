/*
 * Chance as the model of the simulator needs it: distributions over seeded streams.
 *
 * Pure. Floating point is used here and nowhere in a decision: these numbers are the weather, not
 * the helmsman. Every draw takes a fixed number of words from its stream, so that streams of equal
 * seeds stay in step whatever the parameters are.
 */
#ifndef PROA_SIM_DIST_H
#define PROA_SIM_DIST_H

#include "proa/core/prng.h"
#include "proa/core/slice.h"

#include <stdbool.h>

/* Seeds a stream of its own from the seed of the whole run and the stream's name: a draw added in
 * one stream shifts no other. `index` tells streams of one name apart. */
void proa_dist_stream(struct proa_prng *out, uint64_t seed, struct proa_slice name, uint64_t index);

/* Uniform in (0, 1), never an end. */
double proa_dist_unit(struct proa_prng *p);
/* True in `ppm` of a million draws. */
bool proa_dist_chance(struct proa_prng *p, uint32_t ppm);
/* Both in nanoseconds, at most an hour. */
uint64_t proa_dist_exponential(struct proa_prng *p, uint64_t mean_ns);
/* The median and the standard deviation of the logarithm, in millionths. */
uint64_t proa_dist_lognormal(struct proa_prng *p, uint64_t median_ns, uint32_t sigma_ppm);

#endif
