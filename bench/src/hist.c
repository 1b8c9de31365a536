#include "hist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HIST_SUB = 1 << BENCH_HIST_BITS };

void bench_hist_init(struct bench_hist *h)
{
    memset(h, 0, sizeof(*h));
    h->min_ns = UINT64_MAX;
}

/* Values below 2^10 have a bucket each; above, the top ten bits behind the leading one choose. */
static size_t bucket_of(uint64_t ns)
{
    if (ns < HIST_SUB) {
        return (size_t)ns;
    }
    unsigned shift = 63U - (unsigned)__builtin_clzll(ns) - BENCH_HIST_BITS;
    return ((size_t)(shift + 1) << BENCH_HIST_BITS) + (size_t)((ns >> shift) - HIST_SUB);
}

/* The middle of the bucket. */
static uint64_t value_of(size_t bucket)
{
    if (bucket < HIST_SUB) {
        return bucket;
    }
    unsigned shift = (unsigned)(bucket >> BENCH_HIST_BITS) - 1;
    uint64_t low = (uint64_t)((bucket & (HIST_SUB - 1)) + HIST_SUB) << shift;
    return low + ((UINT64_C(1) << shift) >> 1);
}

void bench_hist_add(struct bench_hist *h, uint64_t ns)
{
    if (ns >> BENCH_HIST_TOP_BITS != 0) {
        ns = (UINT64_C(1) << BENCH_HIST_TOP_BITS) - 1;
    }
    h->count[bucket_of(ns)]++;
    h->total++;
    h->sum_ns += ns;
    h->min_ns = ns < h->min_ns ? ns : h->min_ns;
    h->max_ns = ns > h->max_ns ? ns : h->max_ns;
}

uint64_t bench_hist_quantile(const struct bench_hist *h, uint32_t ppm)
{
    if (h->total == 0) {
        return 0;
    }
    /* The rank rounds up: the p999 of ten values is their largest. */
    uint64_t rank = (h->total * ppm + 999999) / 1000000;
    uint64_t seen = 0;
    rank = rank == 0 ? 1 : rank;
    for (size_t i = 0; i < sizeof(h->count) / sizeof(h->count[0]); i++) {
        seen += h->count[i];
        if (seen >= rank) {
            uint64_t value = value_of(i);
            value = value > h->max_ns ? h->max_ns : value;
            return value < h->min_ns ? h->min_ns : value;
        }
    }
    return h->max_ns;
}

uint64_t bench_hist_mean(const struct bench_hist *h)
{
    return h->total == 0 ? 0 : h->sum_ns / h->total;
}

static void print_us(const char *name, uint64_t ns)
{
    printf(",\"%s\":%" PRIu64 ".%03" PRIu64, name, ns / 1000, ns % 1000);
}

void bench_hist_print_json(const struct bench_hist *h, const char *name)
{
    printf("\"%s\":{\"count\":%" PRIu64, name, h->total);
    print_us("mean", bench_hist_mean(h));
    print_us("p50", bench_hist_quantile(h, 500000));
    print_us("p90", bench_hist_quantile(h, 900000));
    print_us("p99", bench_hist_quantile(h, 990000));
    print_us("p999", bench_hist_quantile(h, 999000));
    print_us("max", h->max_ns);
    printf("}");
}
