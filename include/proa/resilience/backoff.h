/*
 * How long to wait before the next try: full jitter (AWS Architecture Blog, "Exponential Backoff
 * and Jitter"), uniform in [0, min(cap, base * 2^n)].
 *
 * Pure.
 */
#ifndef PROA_RESILIENCE_BACKOFF_H
#define PROA_RESILIENCE_BACKOFF_H

#include "proa/core/prng.h"

/* min(cap, base * 2^n): the longest wait of the n-th try, n from 0. Overflow counts as cap. */
uint64_t proa_backoff_max_ns(uint64_t base_ns, uint64_t cap_ns, uint32_t n);
/* The wait itself, at random up to that. */
uint64_t proa_backoff_ns(uint64_t base_ns, uint64_t cap_ns, uint32_t n, struct proa_prng *prng);

#endif
