/*
 * What is left of a quota group's rates, learned from what its answers say, so that a request goes
 * where it will be taken instead of being refused.
 *
 * Per dimension a bucket {limit, remaining, refill, time}; admission needs every known one to hold
 * what the request reserves. Between answers it refills by itself. What an answer tells is what was
 * left when its request was taken in: what was refilled and taken since is counted on top, so that
 * a late answer neither raises nor lowers what is there now. Where headers tell nothing, or others
 * share the quota, the pace is found by additive increase and multiplicative decrease. A 429 never
 * says anything about health.
 *
 * Pure value type. Amounts are requests and tokens; a reset means the time until the bucket is
 * full; without one, limits are taken to be per minute. A clock that goes backward counts as not
 * moved.
 */
#ifndef PROA_RESILIENCE_LIMITER_H
#define PROA_RESILIENCE_LIMITER_H

#include "proa/core/prng.h"
#include "proa/resilience/rate.h"

#include <stdbool.h>
#include <stddef.h>

enum { PROA_LIMIT_DIMENSIONS = 4 }; /* as enum proa_rate_kind */

enum proa_priority {
    PROA_PRIORITY_DEFAULT = 0,
    PROA_PRIORITY_CRITICAL,
    PROA_PRIORITY_BATCH,
    PROA_PRIORITY_SHEDDABLE
};
enum { PROA_PRIORITIES = 4 };

/* What of a request's max_tokens is reserved before it is known what it uses. */
enum proa_reserve_output {
    PROA_RESERVE_OUTPUT_EWMA = 0,
    PROA_RESERVE_OUTPUT_MAX_TOKENS,
    PROA_RESERVE_OUTPUT_NONE
};

struct proa_limiter_cfg {
    bool enabled;
    uint32_t up_ppm;         /* of what the pace grows towards, added to it per success */
    uint32_t down_ppm;       /* factor per 429, at most once a second */
    uint32_t reserve_ppm;    /* of each bucket kept for critical requests */
    uint32_t batch_ppm;      /* of each bucket that batch and sheddable requests may use */
    uint32_t reserve_output; /* enum proa_reserve_output */
    uint64_t wait_max_ns;    /* longest Retry-After that is believed; quotas apart */
};

/* What a request needs, per kind. */
struct proa_need {
    uint64_t of[PROA_LIMIT_DIMENSIONS];
};

struct proa_limit_bucket {
    uint64_t limit; /* PROA_RATE_UNKNOWN until learned */
    uint64_t remaining_milli;
    uint64_t refill_ppm; /* amount per second, in millionths; 0 = not known: per minute */
    uint64_t at_ns;      /* when `remaining` held */
};

/* When a request was taken, by the clock and by what had been taken until then, itself included. */
struct proa_limiter_mark {
    uint64_t at_ns;
    uint64_t taken[PROA_LIMIT_DIMENSIONS];
};

struct proa_limiter {
    struct proa_limit_bucket bucket[PROA_LIMIT_DIMENSIONS];
    uint64_t taken[PROA_LIMIT_DIMENSIONS]; /* ever; wraps */
    uint64_t blocked_until_ns;             /* after a 429 */
    uint64_t lowered_ns;                   /* last decrease of the pace; 0 = never */
    uint64_t pace_milli;                   /* thousandths of a request per second; 0 = not paced */
    uint64_t pace_limit_milli; /* where pacing ends, unless the limit is lower; 0 = unknown */
    uint64_t pace_next_ns;     /* when the next request may go */
    uint64_t took_ns;          /* last request; 0 = never */
    uint64_t gap_ns;           /* average span between requests; 0 = not yet */
    uint32_t pace_part_ppm;    /* of the next thousandth of pace, gained so far */
    uint32_t throttled;        /* blocks by 429 in sequence */
    uint32_t input_ratio_ppm;  /* real input tokens per estimated one, learned */
    uint32_t output_ewma;      /* tokens of an answer, learned; 0 = not yet */
};

void proa_limiter_init(struct proa_limiter *l);
/* From any answer's headers; signals without a usable limit are ignored. `mark` is that of its
 * request; NULL counts as taken now. */
void proa_limiter_learn(struct proa_limiter *l, const struct proa_rate_signal *signals, size_t n,
                        const struct proa_limiter_mark *mark, uint64_t now_ns);
/* What to reserve for a request of about `input` tokens and at most `max_output` (0 = not said). */
struct proa_need proa_limiter_need(const struct proa_limiter *l, const struct proa_limiter_cfg *cfg,
                                   uint32_t input, uint32_t max_output);
/* Span until a request with this need may go: 0 = now. What is kept for others is not kept from a
 * request that would not fit otherwise, and one that never fits goes when all is there: needs are
 * estimates. */
uint64_t proa_limiter_eta(const struct proa_limiter *l, const struct proa_limiter_cfg *cfg,
                          const struct proa_need *need, enum proa_priority priority,
                          uint64_t now_ns);
/* *mark is for learning from its answer; may be NULL. */
void proa_limiter_take(struct proa_limiter *l, const struct proa_need *need, uint64_t now_ns,
                       struct proa_limiter_mark *mark);
/* Each taken need is settled once: the attempt is over, and what it used takes the place of what
 * was taken, and teaches what the next one needs. `used` of PROA_RATE_UNKNOWN keeps the
 * reservation. */
void proa_limiter_settle(struct proa_limiter *l, const struct proa_need *taken,
                         const struct proa_need *used, uint64_t now_ns);
/* Answered: the pace grows, unless the group is blocked, since the request was sent before. */
void proa_limiter_ok(struct proa_limiter *l, const struct proa_limiter_cfg *cfg, uint64_t now_ns);
/* A 429 with the span it asked for (0 = none): the bucket with the least left is empty, and the
 * group is blocked for that span and up to a quarter more, or with full jitter where none was
 * given. The deadline is max(old, new). At most once a second the pace falls; it begins well above
 * the rate of requests so far, so that only refusals that go on hold them back. */
void proa_limiter_throttled(struct proa_limiter *l, const struct proa_limiter_cfg *cfg,
                            uint64_t retry_after_ns, struct proa_prng *prng, uint64_t now_ns);
/* The smallest share left over all known dimensions; 1000000 when nothing is known, 0 while
 * blocked. */
uint32_t proa_limiter_headroom_ppm(const struct proa_limiter *l, uint64_t now_ns);

#endif
