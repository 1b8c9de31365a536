/*
 * How fast answers come: what is usual for a pool, and how a target compares with the others now.
 *
 * `proa_latency` keeps the usual: per size of prompt a histogram of times to first content, and one
 * each of the pace of output and of whole plain answers. It forgets by half every ten minutes. Feed
 * it only while its object is well, or it learns the fault.
 *
 * `proa_bearing` is how a target bears itself of late, as the cost of a pick sees it: its times as
 * a ratio to what is usual in the route, and its failures. Both drift to neutral with time, not to
 * zero: a slow target that nobody asks must not look fast.
 *
 * Pure value types. Ratios and rates are ppm, 1000000 = like the others.
 */
#ifndef PROA_RESILIENCE_LATENCY_H
#define PROA_RESILIENCE_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

/* What is timed. Prompts of one size are compared with each other only. */
enum proa_latency_row {
    PROA_LATENCY_1K = 0, /* prompts of at most so many tokens: time to first content */
    PROA_LATENCY_4K,
    PROA_LATENCY_16K,
    PROA_LATENCY_64K,
    PROA_LATENCY_MORE,
    PROA_LATENCY_PACE, /* per PROA_LATENCY_PACE_TOKENS of output */
    PROA_LATENCY_PLAIN /* a whole answer that is not streamed */
};
enum {
    PROA_LATENCY_ROWS = PROA_LATENCY_PLAIN + 1,
    PROA_LATENCY_SLOTS = 64,
    PROA_LATENCY_PACE_TOKENS = 64,
    PROA_LATENCY_KNOWN = 10 /* samples below which nothing is said */
};

struct proa_histogram {
    uint16_t count[PROA_LATENCY_SLOTS]; /* 16 per sample, so that halving keeps single ones */
    uint32_t total;
    uint32_t lowest;    /* slot below which none was filled since there were none */
    uint64_t median_ns; /* 0 = too few */
};

struct proa_latency {
    struct proa_histogram row[PROA_LATENCY_ROWS];
    uint64_t aged_ns; /* up to when it was halved */
};

void proa_latency_init(struct proa_latency *l, uint64_t now_ns);
enum proa_latency_row proa_latency_row_of(uint32_t input_tokens);
void proa_latency_add(struct proa_latency *l, enum proa_latency_row row, uint64_t span_ns,
                      uint64_t now_ns);
/* Within a fifth of the true one; 0 = fewer than PROA_LATENCY_KNOWN samples. */
uint64_t proa_latency_quantile(const struct proa_latency *l, enum proa_latency_row row,
                               uint32_t quantile_ppm);
uint64_t proa_latency_median(const struct proa_latency *l, enum proa_latency_row row);
/* What is left of them after aging. */
uint32_t proa_latency_samples(const struct proa_latency *l, enum proa_latency_row row);

struct proa_bearing {
    uint32_t first_ppm; /* time to first content, or of the whole plain answer */
    uint32_t pace_ppm;
    uint32_t failure_ppm; /* share of recent attempts that failed */
    uint64_t at_ns;       /* when these held */
};

void proa_bearing_init(struct proa_bearing *b, uint64_t now_ns);
/* A sample beside what is usual. 0 for either tells nothing and changes nothing. A slower one moves
 * the ratio half-way up at once, a faster one three tenths down. */
void proa_bearing_first(struct proa_bearing *b, uint64_t span_ns, uint64_t usual_ns,
                        uint64_t tau_ns, uint64_t now_ns);
void proa_bearing_pace(struct proa_bearing *b, uint64_t span_ns, uint64_t usual_ns, uint64_t tau_ns,
                       uint64_t now_ns);
/* A verdict moves the rate of failures by a fifth. */
void proa_bearing_verdict(struct proa_bearing *b, bool failed, uint64_t tau_ns, uint64_t now_ns);
/* As they hold now: 0.7 x first + 0.3 x pace, and failures. */
uint32_t proa_bearing_latency_ppm(const struct proa_bearing *b, uint64_t tau_ns, uint64_t now_ns);
uint32_t proa_bearing_failure_ppm(const struct proa_bearing *b, uint64_t tau_ns, uint64_t now_ns);

/* e^(-span/tau) in ppm, within 0.5 %. tau 0 counts as no memory. */
uint32_t proa_latency_decay_ppm(uint64_t span_ns, uint64_t tau_ns);

#endif
