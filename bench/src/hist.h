/*
 * A histogram of durations in the manner of HdrHistogram: buckets grow with the value, so that any
 * quantile is exact to one part in 1,024 from a nanosecond to 68 seconds, at a fixed size and with
 * no allocation and no loop when a value is recorded.
 *
 * Pure; about 220 KB, so keep it static or on the heap. Values are nanoseconds; longer ones than
 * the range count as its end.
 */
#ifndef PROA_BENCH_HIST_H
#define PROA_BENCH_HIST_H

#include <stddef.h>
#include <stdint.h>

enum {
    BENCH_HIST_BITS = 10,    /* mantissa bits: the relative error is below 2^-10 */
    BENCH_HIST_TOP_BITS = 36 /* values stay below 2^36 ns */
};

struct bench_hist {
    uint64_t total;
    uint64_t sum_ns;
    uint64_t min_ns;
    uint64_t max_ns;
    uint64_t count[(BENCH_HIST_TOP_BITS - BENCH_HIST_BITS + 1) << BENCH_HIST_BITS];
};

void bench_hist_init(struct bench_hist *h);
void bench_hist_add(struct bench_hist *h, uint64_t ns);
/* The value below which `ppm` millionths of all values lie; 0 when nothing was recorded. */
uint64_t bench_hist_quantile(const struct bench_hist *h, uint32_t ppm);
uint64_t bench_hist_mean(const struct bench_hist *h);
/* Writes "NAME":{"count":..,"mean":..,"p50":..,"p90":..,"p99":..,"p999":..,"max":..} with values
 * in microseconds to standard output. */
void bench_hist_print_json(const struct bench_hist *h, const char *name);

#endif
