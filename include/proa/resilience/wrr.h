/*
 * Smooth weighted round robin, as nginx does it: each candidate gains its weight, the richest is
 * taken and pays the sum. Over sum(weights) picks every candidate comes up exactly weight times,
 * spread evenly, without bursts and without chance.
 *
 * Pure. The caller keeps one int64_t of credit per candidate.
 */
#ifndef PROA_RESILIENCE_WRR_H
#define PROA_RESILIENCE_WRR_H

#include <stddef.h>
#include <stdint.h>

#define PROA_WRR_NONE SIZE_MAX

/*
 * Picks among those of n candidates whose bit in `allowed` is set (n <= 64); PROA_WRR_NONE when
 * none is, or all their weights are 0. Ties go to the lowest index. credit[] and weight[] are
 * indexed by candidate; only allowed ones change.
 */
size_t proa_wrr_pick(int64_t *const credit[], const uint32_t weight[], size_t n, uint64_t allowed);

#endif
