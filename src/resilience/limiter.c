#include "proa/resilience/limiter.h"

#include "fixed_priv.h"

#include "proa/core/clock.h"
#include "proa/resilience/backoff.h"

#include <string.h>

#define MILLI UINT64_C(1000)

/* Between millionths per second and thousandths: x * ns / this. */
#define PPM_NS_PER_MILLI (PPM_ONE / MILLI * PROA_NS_PER_S)
/* Gap between requests at a pace of one thousandth per second. */
#define NS_AT_ONE_MILLI (MILLI * PROA_NS_PER_S)

#define PACE_LEAST_MILLI     UINT64_C(10) /* one request in 100 s still finds out */
#define PACE_LOWER_NS        PROA_NS_PER_S
#define OWN_RATE_LEAST_MILLI (MILLI / 4)
/* A pace begins at this many times the rate of requests so far: one refusal alone holds nobody
 * back, a few in sequence do. */
#define PACE_START UINT64_C(4)
/* It ends at this many times the rate at which it was last refused, and grows in steps that fit it:
 * that rate is what one of many knows of its share of the limit. */
#define PACE_END UINT64_C(8)
/* And in larger steps with each such span without a refusal: the limit, or what others take of it,
 * has changed then. */
#define PACE_PATIENCE_NS (60 * PROA_NS_PER_S)
/* So many requests may go at once, beside the one whose turn it is. */
#define PACE_BURST UINT64_C(2)

#define BACKOFF_BASE_NS PROA_NS_PER_S
#define BACKOFF_CAP_NS  (60 * PROA_NS_PER_S)

/* What one new value adds to an average: an eighth of the difference. */
#define AVERAGE_SHARE 8

/* A rate from a bucket that is nearly full is all rounding. */
#define REFILL_LEAST_SHARE 8

#define RATIO_LEAST_PPM (PPM_ONE / 10)
#define RATIO_MOST_PPM  (PPM_ONE * 10)

static uint64_t in_milli(uint64_t amount)
{
    return mul_div(amount, MILLI, 1);
}

static uint64_t average(uint64_t old, uint64_t value)
{
    return value > old ? old + (value - old) / AVERAGE_SHARE : old - (old - value) / AVERAGE_SHARE;
}

/* ---- buckets --------------------------------------------------------------------------------- */

static bool is_known(const struct proa_limit_bucket *b)
{
    return b->limit != PROA_RATE_UNKNOWN;
}

/* Limits are per minute until something else is known. */
static uint64_t refill_of(const struct proa_limit_bucket *b)
{
    return b->refill_ppm ? b->refill_ppm : mul_div(b->limit, PPM_ONE, 60);
}

static uint64_t level_milli(const struct proa_limit_bucket *b, uint64_t now_ns)
{
    uint64_t full = in_milli(b->limit);
    uint64_t gained = mul_div(proa_clock_since(now_ns, b->at_ns), refill_of(b), PPM_NS_PER_MILLI);
    return gained >= full || b->remaining_milli >= full - gained ? full
                                                                 : b->remaining_milli + gained;
}

static void set_level(struct proa_limit_bucket *b, uint64_t milli, uint64_t now_ns)
{
    b->remaining_milli = milli;
    b->at_ns = max_u64(b->at_ns, now_ns);
}

static uint32_t share_ppm(const struct proa_limit_bucket *b, uint64_t now_ns)
{
    return (uint32_t)mul_div(level_milli(b, now_ns), PPM_ONE, in_milli(b->limit));
}

/* The known bucket with the least share left; NULL when none is known. */
static struct proa_limit_bucket *scarcest(struct proa_limiter *l, uint64_t now_ns)
{
    struct proa_limit_bucket *least = NULL;
    for (unsigned i = 0; i < PROA_LIMIT_DIMENSIONS; i++) {
        struct proa_limit_bucket *b = &l->bucket[i];
        if (is_known(b) && (!least || share_ppm(b, now_ns) < share_ppm(least, now_ns))) {
            least = b;
        }
    }
    return least;
}

void proa_limiter_init(struct proa_limiter *l)
{
    *l = (struct proa_limiter){.input_ratio_ppm = (uint32_t)PPM_ONE};
    for (unsigned i = 0; i < PROA_LIMIT_DIMENSIONS; i++) {
        l->bucket[i].limit = PROA_RATE_UNKNOWN;
    }
}

/* (limit - remaining) / reset, the reset being the time to full. What remains is told rounded down,
 * which makes this too much: the least that was told is followed at once, more only slowly. */
static void learn_refill(struct proa_limit_bucket *b, const struct proa_rate_signal *s)
{
    uint64_t missing = s->remaining < s->limit ? s->limit - s->remaining : 0;
    if (s->reset_ns == 0 || missing == 0 || missing < s->limit / REFILL_LEAST_SHARE) {
        return;
    }
    uint64_t told_ppm = mul_div(missing, PPM_ONE * PROA_NS_PER_S, s->reset_ns);
    bool is_more = b->refill_ppm != 0 && told_ppm > b->refill_ppm;
    b->refill_ppm = is_more ? average(b->refill_ppm, told_ppm) : told_ppm;
}

/* What was told held when the request was taken in; since then it was refilled, and others of ours
 * were taken. */
static uint64_t level_since(const struct proa_limit_bucket *b, uint64_t told, uint64_t taken_since,
                            uint64_t since_ns)
{
    uint64_t full = in_milli(b->limit);
    uint64_t gained = mul_div(since_ns, b->refill_ppm, PPM_NS_PER_MILLI);
    uint64_t level = in_milli(min_u64(told, b->limit));
    level += min_u64(gained, UINT64_MAX - level);
    return min_u64(level - min_u64(level, in_milli(taken_since)), full);
}

static void learn_one(struct proa_limit_bucket *b, const struct proa_rate_signal *s,
                      uint64_t taken_since, uint64_t since_ns, uint64_t now_ns)
{
    if (b->limit != s->limit) {
        *b = (struct proa_limit_bucket){
            .limit = s->limit, .remaining_milli = in_milli(s->limit), .at_ns = now_ns};
    }
    learn_refill(b, s);
    if (s->remaining != PROA_RATE_UNKNOWN) {
        set_level(b, level_since(b, s->remaining, taken_since, since_ns), now_ns);
    }
}

void proa_limiter_learn(struct proa_limiter *l, const struct proa_rate_signal *signals, size_t n,
                        const struct proa_limiter_mark *mark, uint64_t now_ns)
{
    const uint64_t since_ns = mark ? proa_clock_since(now_ns, mark->at_ns) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct proa_rate_signal *s = &signals[i];
        if ((size_t)s->kind < PROA_LIMIT_DIMENSIONS && s->limit != 0 &&
            s->limit != PROA_RATE_UNKNOWN) {
            /* What was given back since makes this a number below zero: nothing was taken. */
            const uint64_t taken = mark ? l->taken[s->kind] - mark->taken[s->kind] : 0;
            learn_one(&l->bucket[s->kind], s, taken > INT64_MAX ? 0 : taken, since_ns, now_ns);
        }
    }
}

/* ---- what a request needs -------------------------------------------------------------------- */

static uint64_t output_need(const struct proa_limiter *l, const struct proa_limiter_cfg *cfg,
                            uint32_t max_output)
{
    switch ((enum proa_reserve_output)cfg->reserve_output) {
    case PROA_RESERVE_OUTPUT_NONE:
        return 0;
    case PROA_RESERVE_OUTPUT_MAX_TOKENS:
        return max_output ? max_output : l->output_ewma;
    case PROA_RESERVE_OUTPUT_EWMA:
        break;
    }
    if (l->output_ewma == 0 || max_output == 0) {
        return l->output_ewma ? l->output_ewma : max_output;
    }
    return min_u64(l->output_ewma, max_output);
}

struct proa_need proa_limiter_need(const struct proa_limiter *l, const struct proa_limiter_cfg *cfg,
                                   uint32_t input, uint32_t max_output)
{
    uint64_t real_input = mul_div(input, l->input_ratio_ppm, PPM_ONE);
    uint64_t output = output_need(l, cfg, max_output);
    return (struct proa_need){.of = {[PROA_RATE_REQUESTS] = 1,
                                     [PROA_RATE_TOKENS] = real_input + output,
                                     [PROA_RATE_INPUT] = real_input,
                                     [PROA_RATE_OUTPUT] = output}};
}

static void learn_needs(struct proa_limiter *l, const struct proa_need *taken,
                        const struct proa_need *used)
{
    uint64_t input = used->of[PROA_RATE_INPUT];
    uint64_t output = used->of[PROA_RATE_OUTPUT];
    if (input != PROA_RATE_UNKNOWN && taken->of[PROA_RATE_INPUT] != 0) {
        uint64_t ratio = mul_div(l->input_ratio_ppm, input, taken->of[PROA_RATE_INPUT]);
        ratio = min_u64(max_u64(ratio, RATIO_LEAST_PPM), RATIO_MOST_PPM);
        l->input_ratio_ppm = (uint32_t)average(l->input_ratio_ppm, ratio);
    }
    if (output != PROA_RATE_UNKNOWN) {
        output = min_u64(output, UINT32_MAX);
        l->output_ewma = (uint32_t)(l->output_ewma ? average(l->output_ewma, output) : output);
    }
}

void proa_limiter_settle(struct proa_limiter *l, const struct proa_need *taken,
                         const struct proa_need *used, uint64_t now_ns)
{
    learn_needs(l, taken, used);
    for (unsigned i = 0; i < PROA_LIMIT_DIMENSIONS; i++) {
        struct proa_limit_bucket *b = &l->bucket[i];
        if (used->of[i] == PROA_RATE_UNKNOWN) {
            continue;
        }
        l->taken[i] += used->of[i] - taken->of[i];
        if (!is_known(b)) {
            continue;
        }
        uint64_t level = level_milli(b, now_ns);
        uint64_t took = min_u64(taken->of[i], b->limit); /* there was no more to take */
        uint64_t back = in_milli(took - min_u64(took, used->of[i]));
        uint64_t more = in_milli(used->of[i] - min_u64(took, used->of[i]));
        uint64_t full = in_milli(b->limit);
        level -= min_u64(level, more);
        set_level(b, level + min_u64(back, full - level), now_ns);
    }
}

/* ---- admission ------------------------------------------------------------------------------- */

/* What stays in a bucket for those of higher priority. */
static uint64_t kept_milli(const struct proa_limiter_cfg *cfg, enum proa_priority priority,
                           uint64_t full_milli)
{
    switch (priority) {
    case PROA_PRIORITY_CRITICAL:
        return 0;
    case PROA_PRIORITY_BATCH:
    case PROA_PRIORITY_SHEDDABLE:
        return full_milli - min_u64(full_milli, mul_div(full_milli, cfg->batch_ppm, PPM_ONE));
    case PROA_PRIORITY_DEFAULT:
        break;
    }
    return mul_div(full_milli, cfg->reserve_ppm, PPM_ONE);
}

static uint64_t bucket_eta(const struct proa_limit_bucket *b, const struct proa_limiter_cfg *cfg,
                           uint64_t need, enum proa_priority priority, uint64_t now_ns)
{
    if (!is_known(b)) {
        return 0;
    }
    uint64_t full = in_milli(b->limit);
    /* More than there ever is may be a bad estimate, as of an image by its bytes: the provider says
     * whether it takes it, once all is there. */
    uint64_t needed = in_milli(min_u64(need, b->limit));
    uint64_t kept = needed == 0 ? 0 : min_u64(kept_milli(cfg, priority, full), full - needed);
    uint64_t wanted = needed + kept;
    if (b->remaining_milli >= wanted) {
        return 0; /* as nearly always: whatever came in since, it is enough */
    }
    uint64_t level = level_milli(b, now_ns);
    return level >= wanted ? 0 : mul_div_up(wanted - level, PPM_NS_PER_MILLI, refill_of(b));
}

uint64_t proa_limiter_eta(const struct proa_limiter *l, const struct proa_limiter_cfg *cfg,
                          const struct proa_need *need, enum proa_priority priority,
                          uint64_t now_ns)
{
    uint64_t eta = proa_clock_since(l->blocked_until_ns, now_ns);
    if (l->pace_milli != 0) {
        eta = max_u64(eta, proa_clock_since(l->pace_next_ns, now_ns));
    }
    for (unsigned i = 0; i < PROA_LIMIT_DIMENSIONS; i++) {
        eta = max_u64(eta, bucket_eta(&l->bucket[i], cfg, need->of[i], priority, now_ns));
    }
    return eta;
}

void proa_limiter_take(struct proa_limiter *l, const struct proa_need *need, uint64_t now_ns,
                       struct proa_limiter_mark *mark)
{
    for (unsigned i = 0; i < PROA_LIMIT_DIMENSIONS; i++) {
        struct proa_limit_bucket *b = &l->bucket[i];
        l->taken[i] += need->of[i];
        if (is_known(b)) {
            uint64_t level = level_milli(b, now_ns);
            set_level(b, level - min_u64(level, in_milli(need->of[i])), now_ns);
        }
    }
    if (mark) {
        mark->at_ns = now_ns;
        memcpy(mark->taken, l->taken, sizeof(mark->taken));
    }
    if (l->took_ns != 0) {
        uint64_t gap_ns = proa_clock_since(now_ns, l->took_ns);
        l->gap_ns = l->gap_ns ? average(l->gap_ns, gap_ns) : gap_ns;
    }
    l->took_ns = max_u64(l->took_ns, now_ns);
    if (l->pace_milli != 0) {
        uint64_t gap_ns = NS_AT_ONE_MILLI / l->pace_milli;
        uint64_t burst_from_ns = now_ns - min_u64(now_ns, PACE_BURST * gap_ns);
        l->pace_next_ns = proa_clock_after(max_u64(l->pace_next_ns, burst_from_ns), gap_ns);
    }
}

uint32_t proa_limiter_headroom_ppm(const struct proa_limiter *l, uint64_t now_ns)
{
    if (now_ns < l->blocked_until_ns) {
        return 0;
    }
    uint32_t least = (uint32_t)PPM_ONE;
    for (unsigned i = 0; i < PROA_LIMIT_DIMENSIONS; i++) {
        if (is_known(&l->bucket[i])) {
            least = (uint32_t)min_u64(least, share_ppm(&l->bucket[i], now_ns));
        }
    }
    return least;
}

/* ---- pace ------------------------------------------------------------------------------------ */

/* What the provider takes of requests per second, as far as it says so. */
static uint64_t request_limit_milli(const struct proa_limiter *l)
{
    const struct proa_limit_bucket *b = &l->bucket[PROA_RATE_REQUESTS];
    return is_known(b) ? refill_of(b) / MILLI : UINT64_MAX;
}

/* The rate of requests so far; of one that asks now and then it says little. */
static uint64_t own_rate_milli(const struct proa_limiter *l)
{
    return l->gap_ns ? max_u64(NS_AT_ONE_MILLI / l->gap_ns, OWN_RATE_LEAST_MILLI)
                     : OWN_RATE_LEAST_MILLI;
}

static void lower_pace(struct proa_limiter *l, const struct proa_limiter_cfg *cfg, uint64_t now_ns)
{
    if (l->lowered_ns != 0 && proa_clock_since(now_ns, l->lowered_ns) < PACE_LOWER_NS) {
        return;
    }
    uint64_t rate_milli = own_rate_milli(l);
    uint64_t pace_milli = min_u64(mul_div(rate_milli, PACE_START, 1), request_limit_milli(l));
    pace_milli = l->pace_milli ? min_u64(l->pace_milli, pace_milli) : pace_milli;
    l->pace_milli = max_u64(mul_div(pace_milli, cfg->down_ppm, PPM_ONE), PACE_LEAST_MILLI);
    l->pace_limit_milli = mul_div(rate_milli, PACE_END, 1);
    l->pace_part_ppm = 0;
    l->lowered_ns = now_ns;
}

void proa_limiter_ok(struct proa_limiter *l, const struct proa_limiter_cfg *cfg, uint64_t now_ns)
{
    if (now_ns < l->blocked_until_ns) {
        return; /* it was sent before */
    }
    l->throttled = 0;
    if (l->pace_milli == 0) {
        return;
    }
    if (l->pace_limit_milli == 0) { /* a pace from before a restart */
        l->pace_limit_milli = mul_div(l->pace_milli, PACE_END, 1);
        l->lowered_ns = now_ns;
    }
    uint64_t limit_milli = min_u64(l->pace_limit_milli, request_limit_milli(l));
    uint64_t steps = 1 + proa_clock_since(now_ns, l->lowered_ns) / PACE_PATIENCE_NS;
    uint64_t gained_ppm = mul_div(limit_milli, cfg->up_ppm * steps, 1) + l->pace_part_ppm;
    l->pace_milli += gained_ppm / PPM_ONE;
    l->pace_part_ppm = (uint32_t)(gained_ppm % PPM_ONE);
    if (l->pace_milli >= limit_milli) { /* the limit itself is not what holds it */
        l->pace_milli = 0;
    }
}

void proa_limiter_throttled(struct proa_limiter *l, const struct proa_limiter_cfg *cfg,
                            uint64_t retry_after_ns, struct proa_prng *prng, uint64_t now_ns)
{
    uint64_t span_ns = min_u64(retry_after_ns, cfg->wait_max_ns);
    span_ns = span_ns ? span_ns + proa_prng_below(prng, span_ns / 4 + 1)
                      : proa_backoff_ns(BACKOFF_BASE_NS, BACKOFF_CAP_NS, l->throttled, prng);
    /* Refusals of one moment are one. */
    if (now_ns >= l->blocked_until_ns && l->throttled < UINT32_MAX) {
        l->throttled++;
    }
    l->blocked_until_ns = max_u64(l->blocked_until_ns, proa_clock_after(now_ns, span_ns));
    struct proa_limit_bucket *empty = scarcest(l, now_ns);
    if (empty) {
        set_level(empty, 0, now_ns);
    }
    lower_pace(l, cfg, now_ns);
}
