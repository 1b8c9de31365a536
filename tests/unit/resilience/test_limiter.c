/* What a limiter learns, when a request may go, what refusals do. The storm has a test of its own.
 */
#include "proa/resilience/limiter.h"

#include <inttypes.h>

#include "proa_test.h"

#define MS(n)      ((uint64_t)(n)*PROA_NS_PER_MS)
#define SECONDS(n) ((uint64_t)(n)*PROA_NS_PER_S)
#define START      SECONDS(1000)
#define UNKNOWN    PROA_RATE_UNKNOWN

static const struct proa_limiter_cfg CFG = {
    .enabled = true,
    .up_ppm = 1000,
    .down_ppm = 700000,
    .reserve_ppm = 100000,
    .batch_ppm = 700000,
    .reserve_output = PROA_RESERVE_OUTPUT_EWMA,
    .wait_max_ns = SECONDS(300),
};

static struct proa_limiter make(void)
{
    struct proa_limiter l;
    proa_limiter_init(&l);
    return l;
}

static void learn(struct proa_limiter *l, enum proa_rate_kind kind, uint64_t limit,
                  uint64_t remaining, uint64_t reset_ns, uint64_t now_ns)
{
    const struct proa_rate_signal signal = {
        .kind = kind, .limit = limit, .remaining = remaining, .reset_ns = reset_ns};
    proa_limiter_learn(l, &signal, 1, NULL, now_ns);
}

static struct proa_need need_of(uint64_t requests, uint64_t tokens)
{
    return (struct proa_need){.of = {[PROA_RATE_REQUESTS] = requests, [PROA_RATE_TOKENS] = tokens}};
}

static uint64_t eta_as(const struct proa_limiter *l, uint64_t requests, uint64_t tokens,
                       enum proa_priority priority, uint64_t now_ns)
{
    const struct proa_need need = need_of(requests, tokens);
    return proa_limiter_eta(l, &CFG, &need, priority, now_ns);
}

static uint64_t eta(const struct proa_limiter *l, uint64_t requests, uint64_t tokens,
                    uint64_t now_ns)
{
    return eta_as(l, requests, tokens, PROA_PRIORITY_CRITICAL, now_ns);
}

static void take(struct proa_limiter *l, uint64_t requests, uint64_t tokens, uint64_t now_ns)
{
    const struct proa_need need = need_of(requests, tokens);
    proa_limiter_take(l, &need, now_ns, NULL);
}

/* ---- what is learned ------------------------------------------------------------------------- */

static void nothing_known_holds_nothing_back(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(eta(&l, 1, UINT64_MAX - 1, START), 0);
        take(&l, 1, UINT64_MAX - 1, START);
    }
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 1000000);
}

static void useless_signals_are_ignored(void **state)
{
    (void)state;
    static const struct proa_rate_signal signals[] = {
        {.kind = PROA_RATE_REQUESTS, .limit = 0, .remaining = 0, .reset_ns = SECONDS(60)},
        {.kind = PROA_RATE_REQUESTS, .limit = UNKNOWN, .remaining = 0, .reset_ns = SECONDS(60)},
        {.kind = PROA_RATE_TOKENS, .limit = (uint64_t)-1, .remaining = (uint64_t)-1},
        {.kind = (enum proa_rate_kind)PROA_LIMIT_DIMENSIONS, .limit = 5, .remaining = 0},
    };
    struct proa_limiter l = make();
    proa_limiter_learn(&l, signals, PROA_ARRAY_LEN(signals), NULL, START);
    for (unsigned i = 0; i < PROA_LIMIT_DIMENSIONS; i++) {
        assert_true(l.bucket[i].limit == UNKNOWN);
    }
    assert_int_equal(eta(&l, 1, 1000, START), 0);
}

/* refill = (limit - remaining) / reset, so the wait for n is that of n, neither the whole reset nor
 * none; 0 = per minute. */
static void reset_is_the_time_to_full(void **state)
{
    (void)state;
    static const struct {
        uint64_t limit;
        uint64_t remaining;
        uint64_t reset_ns;
        uint64_t wait_for_ten_ns;
    } rows[] = {
        {100, 0, SECONDS(100), SECONDS(10)},
        {100, 0, SECONDS(10), SECONDS(1)},
        {100, 5, SECONDS(95), SECONDS(5)},
        {100, 9, SECONDS(91), SECONDS(1)},
        {100, 10, SECONDS(90), 0},
        {100, 50, SECONDS(50), 0},
        {600, 0, 0, SECONDS(1)},
        {60, 4, 0, SECONDS(6)},
        {8640, 0, SECONDS(86400), SECONDS(100)},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_limiter l = make();
        learn(&l, PROA_RATE_REQUESTS, row->limit, row->remaining, row->reset_ns, START);
        uint64_t wait_ns = eta(&l, 10, 0, START);
        PROA_TEST_CHECK(wait_ns == row->wait_for_ten_ns, "row %td: %" PRIu64, row - rows, wait_ns);
        assert_int_equal(eta(&l, 10, 0, START + wait_ns), 0);
        assert_true(wait_ns == 0 || eta(&l, 10, 0, START + wait_ns - 1) > 0);
    }
}

/* The slowest of the dimensions that the request needs. */
static void wait_is_the_longest_of_all_dimensions(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 10, 0, SECONDS(10), START); /* 1 per s */
    learn(&l, PROA_RATE_TOKENS, 1000, 0, SECONDS(10), START); /* 100 per s */
    learn(&l, PROA_RATE_OUTPUT, 1000, 1000, 0, START);
    assert_int_equal(eta(&l, 1, 50, START), SECONDS(1));
    assert_int_equal(eta(&l, 1, 500, START), SECONDS(5));
    assert_int_equal(eta(&l, 0, 50, START), MS(500));
    assert_int_equal(eta(&l, 0, 0, START), 0);
    const struct proa_need output = {.of = {[PROA_RATE_OUTPUT] = 1000}};
    assert_int_equal(proa_limiter_eta(&l, &CFG, &output, PROA_PRIORITY_CRITICAL, START), 0);
}

/* An estimate above the limit may be wrong, and the limit may be: whoever is asked may know. */
static void what_never_fits_goes_when_all_is_there(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_TOKENS, 1000, 500, SECONDS(5), START);
    assert_int_equal(eta(&l, 1, 1000, START), SECONDS(5));
    assert_int_equal(eta(&l, 1, 1001, START), SECONDS(5));
    assert_int_equal(eta(&l, 1, UNKNOWN, START), SECONDS(5));
    assert_int_equal(eta(&l, 1, 1001, START + SECONDS(5)), 0);
    const struct proa_need need = {.of = {[PROA_RATE_TOKENS] = 4000}};
    proa_limiter_take(&l, &need, START + SECONDS(5), NULL);
    assert_int_equal(eta(&l, 1, 4000, START + SECONDS(5)), SECONDS(10));
    /* It was a tenth of that. */
    const struct proa_need used = {.of = {1, 400, UNKNOWN, UNKNOWN}};
    proa_limiter_settle(&l, &need, &used, START + SECONDS(5));
    assert_int_equal(eta(&l, 1, 600, START + SECONDS(5)), 0);
    assert_true(eta(&l, 1, 601, START + SECONDS(5)) > 0);
}

static void learn_marked(struct proa_limiter *l, uint64_t limit, uint64_t remaining,
                         uint64_t reset_ns, const struct proa_limiter_mark *mark, uint64_t now_ns)
{
    const struct proa_rate_signal signal = {PROA_RATE_REQUESTS, limit, remaining, reset_ns};
    proa_limiter_learn(l, &signal, 1, mark, now_ns);
}

static struct proa_limiter_mark take_marked(struct proa_limiter *l, uint64_t now_ns)
{
    const struct proa_need need = {.of = {[PROA_RATE_REQUESTS] = 1}};
    struct proa_limiter_mark mark;
    proa_limiter_take(l, &need, now_ns, &mark);
    return mark;
}

/* What an answer tells was so when its request was taken in. */
static void answers_tell_of_the_past(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 100, 50, SECONDS(50), START); /* 1 per s */
    const struct proa_limiter_mark mark = take_marked(&l, START);
    for (int i = 0; i < 10; i++) {
        (void)take_marked(&l, START + SECONDS(1));
    }
    /* 49 were left with it, 10 were taken since and 4 refilled: nothing new. */
    assert_int_equal(proa_limiter_headroom_ppm(&l, START + SECONDS(4)), 430000);
    learn_marked(&l, 100, 49, SECONDS(51), &mark, START + SECONDS(4));
    assert_int_equal(proa_limiter_headroom_ppm(&l, START + SECONDS(4)), 430000);
    learn_marked(&l, 100, 29, SECONDS(71), &mark, START + SECONDS(4)); /* others took some */
    assert_int_equal(proa_limiter_headroom_ppm(&l, START + SECONDS(4)), 230000);
    learn_marked(&l, 100, UNKNOWN, 0, &mark, START + SECONDS(4));
    assert_int_equal(proa_limiter_headroom_ppm(&l, START + SECONDS(4)), 230000);
    learn_marked(&l, 100, 5000, 0, NULL, START + SECONDS(4));
    assert_int_equal(proa_limiter_headroom_ppm(&l, START + SECONDS(4)), 1000000);
}

/* A refill that was misjudged cannot drain a bucket of which the provider says that it is full. */
static void a_full_bucket_stays_full(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    uint64_t now = START;
    /* 60 per s refill, but told in whole seconds: one missing, full in 1 s. */
    learn(&l, PROA_RATE_REQUESTS, 3600, 3599, SECONDS(1), now);
    for (int i = 0; i < 20000; i++) {
        now += MS(50); /* 20 per s */
        const struct proa_limiter_mark mark = take_marked(&l, now);
        assert_int_equal(eta(&l, 1, 0, now), 0);
        learn_marked(&l, 3600, 3599, SECONDS(1), &mark, now);
    }
    assert_true(proa_limiter_headroom_ppm(&l, now) > 990000);
}

/* What was given back after the request was taken does not make a number below zero. */
static void what_was_given_back_since(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    const struct proa_need big = {.of = {[PROA_RATE_REQUESTS] = 50}};
    const struct proa_need one = {.of = {[PROA_RATE_REQUESTS] = 1}};
    learn(&l, PROA_RATE_REQUESTS, 100, 100, 0, START);
    proa_limiter_take(&l, &big, START, NULL);
    const struct proa_limiter_mark mark = take_marked(&l, START);
    proa_limiter_settle(&l, &big, &one, START);
    learn_marked(&l, 100, 60, SECONDS(40), &mark, START);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 600000);
}

/* Another limit is another bucket. */
static void limit_may_change(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 100, 10, SECONDS(90), START);
    learn(&l, PROA_RATE_REQUESTS, 1000, 900, SECONDS(10), START);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 900000);
    learn(&l, PROA_RATE_REQUESTS, 50, UNKNOWN, 0, START);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 1000000);
    assert_int_equal(eta(&l, 51, 0, START), eta(&l, 50, 0, START));
}

/* A rate that is told from a nearly full bucket is rounding: the one from an emptier one stays. */
static void refill_of_a_nearly_full_bucket_is_not_believed(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 80, 40, SECONDS(40), START); /* 1 per s */
    learn(&l, PROA_RATE_REQUESTS, 80, 79, MS(1), START);       /* 1000 per s, it says */
    assert_int_equal(l.bucket[PROA_RATE_REQUESTS].refill_ppm, 1000000);
    learn(&l, PROA_RATE_REQUESTS, 80, 60, SECONDS(40), START); /* less: at once */
    assert_int_equal(l.bucket[PROA_RATE_REQUESTS].refill_ppm, 500000);
    learn(&l, PROA_RATE_REQUESTS, 80, 60, SECONDS(5), START); /* more: an eighth of it */
    assert_int_equal(l.bucket[PROA_RATE_REQUESTS].refill_ppm, 937500);
}

static void largest_numbers(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_TOKENS, UNKNOWN - 1, UNKNOWN - 1, 0, START);
    learn(&l, PROA_RATE_INPUT, UNKNOWN - 1, 0, 1, START);
    take(&l, 1, UNKNOWN - 1, START);
    assert_in_range(proa_limiter_headroom_ppm(&l, START + SECONDS(1)), 0, 1000000);
    assert_int_equal(eta(&l, 1, 1, PROA_NEVER), 0);
    const struct proa_need all = {.of = {UNKNOWN - 1, UNKNOWN - 1, UNKNOWN - 1, UNKNOWN - 1}};
    const struct proa_need none = {.of = {0, 0, 0, 0}};
    proa_limiter_take(&l, &all, START, NULL);
    proa_limiter_settle(&l, &all, &none, START);
    proa_limiter_settle(&l, &none, &all, START);
    assert_in_range(proa_limiter_headroom_ppm(&l, START), 0, 1000000);
}

static void backward_clock(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 100, 50, SECONDS(50), START);
    take(&l, 10, 0, 0);
    assert_int_equal(proa_limiter_headroom_ppm(&l, 0), 400000);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 400000);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START + SECONDS(10)), 500000);
}

/* ---- reservations ---------------------------------------------------------------------------- */

static void needs(void **state)
{
    (void)state;
    static const struct {
        enum proa_reserve_output mode;
        uint32_t learned;
        uint32_t max_output;
        uint64_t output;
    } rows[] = {
        {PROA_RESERVE_OUTPUT_EWMA, 0, 0, 0},         {PROA_RESERVE_OUTPUT_EWMA, 0, 900, 900},
        {PROA_RESERVE_OUTPUT_EWMA, 300, 0, 300},     {PROA_RESERVE_OUTPUT_EWMA, 300, 900, 300},
        {PROA_RESERVE_OUTPUT_EWMA, 300, 100, 100},   {PROA_RESERVE_OUTPUT_MAX_TOKENS, 300, 0, 300},
        {PROA_RESERVE_OUTPUT_MAX_TOKENS, 300, 9, 9}, {PROA_RESERVE_OUTPUT_MAX_TOKENS, 0, 900, 900},
        {PROA_RESERVE_OUTPUT_NONE, 300, 900, 0},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_limiter_cfg cfg = CFG;
        cfg.reserve_output = (uint32_t)row->mode;
        struct proa_limiter l = make();
        l.output_ewma = row->learned;
        struct proa_need need = proa_limiter_need(&l, &cfg, 1000, row->max_output);
        assert_int_equal(need.of[PROA_RATE_REQUESTS], 1);
        assert_int_equal(need.of[PROA_RATE_INPUT], 1000);
        PROA_TEST_CHECK(need.of[PROA_RATE_OUTPUT] == row->output, "row %td", row - rows);
        assert_int_equal(need.of[PROA_RATE_TOKENS], 1000 + row->output);
    }
}

static void usage_takes_the_place_of_the_reservation(void **state)
{
    (void)state;
    static const struct {
        uint64_t taken;
        uint64_t used;
        uint32_t headroom_ppm;
    } rows[] = {
        {400, 100, 900000}, {400, 400, 600000}, {400, 700, 300000},
        {400, 0, 1000000},  {400, 5000, 0},     {400, UNKNOWN, 600000},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_limiter l = make();
        learn(&l, PROA_RATE_TOKENS, 1000, 1000, 0, START);
        const struct proa_need taken = need_of(1, row->taken);
        const struct proa_need used = {.of = {UNKNOWN, row->used, UNKNOWN, UNKNOWN}};
        proa_limiter_take(&l, &taken, START, NULL);
        assert_int_equal(proa_limiter_headroom_ppm(&l, START), 600000);
        proa_limiter_settle(&l, &taken, &used, START);
        PROA_TEST_CHECK(proa_limiter_headroom_ppm(&l, START) == row->headroom_ppm, "row %td",
                        row - rows);
    }
}

/* Giving back never makes more of a bucket than there is. */
static void giving_back_ends_at_full(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_TOKENS, 1000, 1000, 0, START);
    const struct proa_need taken = need_of(1, 800);
    const struct proa_need used = {.of = {UNKNOWN, 0, UNKNOWN, UNKNOWN}};
    proa_limiter_take(&l, &taken, START, NULL);
    proa_limiter_settle(&l, &taken, &used, START + SECONDS(59));
    assert_int_equal(l.bucket[PROA_RATE_TOKENS].remaining_milli, 1000000);
}

static void estimates_learn(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    for (unsigned i = 0; i < 60; i++) { /* half as many again as estimated, 250 out */
        struct proa_need taken = proa_limiter_need(&l, &CFG, 1000, 4000);
        const struct proa_need used = {.of = {UNKNOWN, 1750, 1500, 250}};
        proa_limiter_take(&l, &taken, START, NULL);
        proa_limiter_settle(&l, &taken, &used, START);
    }
    struct proa_need need = proa_limiter_need(&l, &CFG, 1000, 4000);
    assert_in_range(need.of[PROA_RATE_INPUT], 1480, 1500);
    assert_int_equal(need.of[PROA_RATE_OUTPUT], 250);
    /* unknown usage teaches nothing; absurd ones only so much */
    const struct proa_need unknown = {.of = {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}};
    proa_limiter_settle(&l, &need, &unknown, START);
    assert_int_equal(proa_limiter_need(&l, &CFG, 1000, 4000).of[PROA_RATE_TOKENS],
                     need.of[PROA_RATE_TOKENS]);
    const struct proa_need absurd = {.of = {UNKNOWN, UNKNOWN, UINT64_MAX - 1, UINT64_MAX - 1}};
    const struct proa_need nothing = {.of = {UNKNOWN, UNKNOWN, 0, 0}};
    for (unsigned i = 0; i < 200; i++) {
        proa_limiter_settle(&l, &need, &absurd, START);
    }
    assert_in_range(l.input_ratio_ppm, 1000000, 10000000);
    for (unsigned i = 0; i < 200; i++) {
        proa_limiter_settle(&l, &need, &nothing, START);
    }
    assert_in_range(l.input_ratio_ppm, 100000, 100010);
    assert_true(l.output_ewma < 10);
}

/* Critical ones use all, default ones leave a tenth, batch and sheddable ones three. */
static void priorities(void **state)
{
    (void)state;
    static const struct {
        enum proa_priority priority;
        uint64_t remaining;
        bool may;
    } rows[] = {
        {PROA_PRIORITY_CRITICAL, 1, true},   {PROA_PRIORITY_CRITICAL, 0, false},
        {PROA_PRIORITY_DEFAULT, 11, true},   {PROA_PRIORITY_DEFAULT, 10, false},
        {PROA_PRIORITY_BATCH, 31, true},     {PROA_PRIORITY_BATCH, 30, false},
        {PROA_PRIORITY_SHEDDABLE, 31, true}, {PROA_PRIORITY_SHEDDABLE, 30, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_limiter l = make();
        learn(&l, PROA_RATE_REQUESTS, 100, row->remaining, SECONDS(100) - 1, START);
        PROA_TEST_CHECK((eta_as(&l, 1, 0, row->priority, START) == 0) == row->may, "row %td",
                        row - rows);
    }
    /* What is kept for others is not kept from one that fits a full bucket only. */
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_TOKENS, 1000, 1000, 0, START);
    assert_int_equal(eta_as(&l, 1, 1000, PROA_PRIORITY_DEFAULT, START), 0);
    assert_int_equal(eta_as(&l, 1, 950, PROA_PRIORITY_BATCH, START), 0);
    take(&l, 1, 60, START);
    assert_true(eta_as(&l, 1, 950, PROA_PRIORITY_BATCH, START) > 0);
    assert_int_equal(eta_as(&l, 1, 800, PROA_PRIORITY_DEFAULT, START), 0);
}

static void headroom_is_the_least(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 100, 70, 0, START);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 700000);
    learn(&l, PROA_RATE_TOKENS, 30000, 3000, 0, START);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 100000);
    learn(&l, PROA_RATE_OUTPUT, 10, 10, 0, START);
    assert_int_equal(proa_limiter_headroom_ppm(&l, START), 100000);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static uint64_t blocked_for(uint64_t retry_after_ns, struct proa_prng *prng)
{
    struct proa_limiter l = make();
    proa_limiter_throttled(&l, &CFG, retry_after_ns, prng, START);
    assert_int_equal(eta(&l, 1, 0, START), l.blocked_until_ns - START);
    assert_int_equal(proa_limiter_headroom_ppm(&l, l.blocked_until_ns - 1), 0);
    assert_int_equal(proa_limiter_headroom_ppm(&l, l.blocked_until_ns), 1000000);
    return l.blocked_until_ns - START;
}

/* For what was asked and up to a quarter more, so that those who were refused together do not come
 * back together. */
static void block_lasts_as_asked(void **state)
{
    (void)state;
    static const struct {
        uint64_t asked_ns;
        uint64_t least_ns;
    } rows[] = {{MS(20), MS(20)}, {SECONDS(7), SECONDS(7)}, {SECONDS(86400), SECONDS(300)}};
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t sum = 0;
        for (unsigned i = 0; i < 2000; i++) {
            uint64_t ns = blocked_for(row->asked_ns, &prng);
            assert_in_range(ns, row->least_ns, row->least_ns + row->least_ns / 4);
            sum += ns;
        }
        assert_in_range(sum / 2000, row->least_ns * 110 / 100, row->least_ns * 115 / 100);
    }
}

/* Where nothing was asked: full jitter up to 1 s x 2^n, at most 60 s; n counts blocks, not
 * refusals. */
static void block_without_a_word(void **state)
{
    (void)state;
    static const unsigned most_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
    uint64_t longest[PROA_ARRAY_LEN(most_s)] = {0};
    struct proa_prng prng;
    proa_prng_seed(&prng, 2);
    for (unsigned round = 0; round < 500; round++) {
        struct proa_limiter l = make();
        uint64_t now_ns = START;
        for (size_t i = 0; i < PROA_ARRAY_LEN(most_s); i++) {
            proa_limiter_throttled(&l, &CFG, 0, &prng, now_ns);
            uint64_t ns = l.blocked_until_ns - now_ns;
            assert_true(ns <= SECONDS(most_s[i]));
            longest[i] = ns > longest[i] ? ns : longest[i];
            assert_int_equal(l.throttled, i + 1);
            now_ns = l.blocked_until_ns;
        }
        proa_limiter_ok(&l, &CFG, now_ns);
        assert_int_equal(l.throttled, 0);
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(most_s); i++) {
        assert_true(longest[i] > SECONDS(most_s[i]) * 95 / 100);
    }
}

static void refusals_of_one_moment_are_one(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 3);
    struct proa_limiter l = make();
    proa_limiter_throttled(&l, &CFG, SECONDS(2), &prng, START);
    const uint64_t pace = l.pace_milli;
    for (unsigned i = 0; i < 100; i++) {
        proa_limiter_throttled(&l, &CFG, 0, &prng, START + MS(9) * i);
    }
    assert_int_equal(l.throttled, 1);
    assert_int_equal(l.pace_milli, pace);
    /* nor does the late success of a request from before end the block or raise the pace */
    proa_limiter_ok(&l, &CFG, START + SECONDS(1));
    assert_int_equal(l.throttled, 1);
    assert_int_equal(l.pace_milli, pace);
}

/* T-A 1, T-C: the later deadline holds, whichever came first. */
static void deadlines_never_move_earlier(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 4);
    struct proa_limiter l = make();
    proa_limiter_throttled(&l, &CFG, SECONDS(1), &prng, START);
    proa_limiter_throttled(&l, &CFG, SECONDS(60), &prng, START);
    const uint64_t until_ns = l.blocked_until_ns;
    assert_true(until_ns >= START + SECONDS(60));
    proa_limiter_throttled(&l, &CFG, SECONDS(1), &prng, START + SECONDS(1));
    proa_limiter_throttled(&l, &CFG, 0, &prng, 0);
    assert_int_equal(l.blocked_until_ns, until_ns);
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t before_ns = l.blocked_until_ns;
        uint64_t now_ns = START + proa_prng_below(&prng, SECONDS(600));
        proa_limiter_throttled(&l, &CFG, proa_prng_below(&prng, SECONDS(60)), &prng, now_ns);
        proa_limiter_ok(&l, &CFG, now_ns);
        assert_true(l.blocked_until_ns >= before_ns);
    }
}

/* The scarcest bucket is taken for the reason; the next answer sets it right. */
static void refusal_empties_the_scarcest(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 5);
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 100, 90, 0, START);
    learn(&l, PROA_RATE_TOKENS, 1000, 300, 0, START);
    proa_limiter_throttled(&l, &CFG, MS(1), &prng, START);
    assert_int_equal(l.bucket[PROA_RATE_REQUESTS].remaining_milli, 90000);
    assert_int_equal(l.bucket[PROA_RATE_TOKENS].remaining_milli, 0);
    learn(&l, PROA_RATE_TOKENS, 1000, UNKNOWN, 0, START);
    assert_int_equal(l.bucket[PROA_RATE_TOKENS].remaining_milli, 0);
    learn(&l, PROA_RATE_TOKENS, 1000, 250, 0, START);
    assert_int_equal(l.bucket[PROA_RATE_TOKENS].remaining_milli, 250000);
}

/* ---- pace ------------------------------------------------------------------------------------ */

/* So many requests, one per gap, all answered well. */
static uint64_t calls(struct proa_limiter *l, unsigned n, uint64_t gap_ns, uint64_t now_ns)
{
    for (unsigned i = 0; i < n; i++) {
        now_ns += gap_ns;
        take(l, 1, 0, now_ns);
        proa_limiter_ok(l, &CFG, now_ns);
    }
    return now_ns;
}

/* It begins at four times the rate so far, less the decrease; at what is known to be the limit, if
 * that is lower; at 1 per s, if the rate says little. */
static void where_the_pace_begins(void **state)
{
    (void)state;
    static const struct {
        uint64_t gap_ns;
        uint64_t per_minute; /* limit that is told; 0 = none */
        uint64_t pace_milli;
    } rows[] = {
        {MS(100), 0, 28000},   {SECONDS(1), 0, 2800},   {SECONDS(100), 0, 700},
        {MS(100), 600, 7000},  {SECONDS(1), 600, 2800}, {SECONDS(100), 600, 700},
        {SECONDS(1), 30, 350},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_prng prng;
        proa_prng_seed(&prng, 6);
        struct proa_limiter l = make();
        if (row->per_minute) {
            learn(&l, PROA_RATE_REQUESTS, row->per_minute, UNKNOWN, 0, START);
        }
        uint64_t now_ns = calls(&l, 20, row->gap_ns, START);
        assert_int_equal(l.pace_milli, 0);
        proa_limiter_throttled(&l, &CFG, MS(1), &prng, now_ns);
        PROA_TEST_CHECK(l.pace_milli == row->pace_milli, "row %td: %" PRIu64, row - rows,
                        l.pace_milli);
    }
    struct proa_prng prng;
    proa_prng_seed(&prng, 6);
    struct proa_limiter l = make();
    proa_limiter_throttled(&l, &CFG, MS(1), &prng, START); /* the very first request */
    assert_int_equal(l.pace_milli, 700);
}

static void pace_falls_once_a_second(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        uint64_t pace_milli;
    } rows[] = {{0, 700}, {0, 700}, {999, 700}, {1000, 490}, {1500, 490}, {2000, 343}, {3000, 240}};
    struct proa_prng prng;
    proa_prng_seed(&prng, 7);
    struct proa_limiter l = make();
    PROA_TEST_ROWS(row, rows)
    {
        proa_limiter_throttled(&l, &CFG, MS(1), &prng, START + MS(row->ms));
        assert_int_equal(l.pace_milli, row->pace_milli);
    }
    for (unsigned i = 4; i < 100; i++) {
        proa_limiter_throttled(&l, &CFG, MS(1), &prng, START + SECONDS(i));
    }
    assert_int_equal(l.pace_milli, 10); /* not to nothing */
}

/* The pace spaces requests out; three may go together after a rest. */
static void pace_spaces_requests(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    l.pace_milli = 500; /* one in 2 s */
    static const struct {
        uint64_t ms;
        uint64_t wait_ms;
    } rows[] = {{0, 0},       {0, 0},    {0, 0},    {0, 2000}, {1500, 500}, {2000, 0},
                {2000, 2000}, {9999, 0}, {9999, 0}, {9999, 0}, {9999, 2000}};
    PROA_TEST_ROWS(row, rows)
    {
        const uint64_t now_ns = START + MS(row->ms);
        uint64_t wait_ns = eta(&l, 1, 0, now_ns);
        PROA_TEST_CHECK(wait_ns == MS(row->wait_ms), "row %td: %" PRIu64, row - rows, wait_ns);
        if (wait_ns == 0) {
            take(&l, 1, 0, now_ns);
        }
    }
}

/* By up of what it grows towards per success, until that is reached; then it ends. */
static void pace_grows(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    learn(&l, PROA_RATE_REQUESTS, 600, UNKNOWN, 0, START);
    l.pace_milli = 7000;
    l.pace_limit_milli = 80000;
    l.lowered_ns = START;
    for (unsigned i = 1; i < 300; i++) {
        proa_limiter_ok(&l, &CFG, START + SECONDS(1));
        assert_int_equal(l.pace_milli, 7000 + i * 10); /* 0.1 % of 10 per s */
    }
    proa_limiter_ok(&l, &CFG, START + SECONDS(1));
    assert_int_equal(l.pace_milli, 0);
    proa_limiter_ok(&l, &CFG, START + SECONDS(1));
    assert_int_equal(l.pace_milli, 0);
}

/* Parts of a thousandth add up. */
static void slow_pace_grows_too(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    l.pace_milli = 10;
    l.pace_limit_milli = 80;
    l.lowered_ns = START;
    for (unsigned i = 0; i < 100; i++) { /* 0.08 thousandths each */
        proa_limiter_ok(&l, &CFG, START);
    }
    assert_int_equal(l.pace_milli, 18);
}

/* In larger steps with each minute without a refusal. */
static void pace_grows_faster_in_peace(void **state)
{
    (void)state;
    static const struct {
        uint64_t after_s;
        uint64_t gain;
    } rows[] = {{0, 8}, {59, 8}, {60, 16}, {120, 24}, {600, 88}};
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_limiter l = make();
        l.pace_milli = 1000;
        l.pace_limit_milli = 8000;
        l.lowered_ns = START;
        proa_limiter_ok(&l, &CFG, START + SECONDS(row->after_s));
        assert_int_equal(l.pace_milli, 1000 + row->gain);
    }
}

/* A pace that was kept over a restart, without the rest, goes on from there. */
static void pace_from_before_a_restart(void **state)
{
    (void)state;
    struct proa_limiter l = make();
    l.pace_milli = 500;
    proa_limiter_ok(&l, &CFG, START);
    assert_int_equal(l.pace_milli, 504);
    assert_int_equal(l.pace_limit_milli, 4000);
    proa_limiter_ok(&l, &CFG, START + SECONDS(1));
    assert_int_equal(l.pace_milli, 508);
}

/* One refusal alone holds back nobody who goes on as before; ten in sequence do. */
static void a_stray_refusal_holds_nobody_back(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 8);
    struct proa_limiter l = make();
    uint64_t now_ns = calls(&l, 50, SECONDS(2), START);
    proa_limiter_throttled(&l, &CFG, MS(100), &prng, now_ns);
    for (unsigned i = 0; i < 20; i++) {
        now_ns += SECONDS(2);
        assert_int_equal(eta(&l, 1, 0, now_ns), 0);
        now_ns = calls(&l, 1, 0, now_ns);
    }
    for (unsigned i = 0; i < 10; i++) {
        now_ns += SECONDS(2);
        take(&l, 1, 0, now_ns);
        proa_limiter_throttled(&l, &CFG, MS(100), &prng, now_ns);
    }
    now_ns += SECONDS(2);
    assert_true(eta(&l, 1, 0, now_ns) > SECONDS(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_holds_nothing_back),
        cmocka_unit_test(useless_signals_are_ignored),
        cmocka_unit_test(reset_is_the_time_to_full),
        cmocka_unit_test(wait_is_the_longest_of_all_dimensions),
        cmocka_unit_test(what_never_fits_goes_when_all_is_there),
        cmocka_unit_test(answers_tell_of_the_past),
        cmocka_unit_test(a_full_bucket_stays_full),
        cmocka_unit_test(what_was_given_back_since),
        cmocka_unit_test(limit_may_change),
        cmocka_unit_test(refill_of_a_nearly_full_bucket_is_not_believed),
        cmocka_unit_test(largest_numbers),
        cmocka_unit_test(backward_clock),
        cmocka_unit_test(needs),
        cmocka_unit_test(usage_takes_the_place_of_the_reservation),
        cmocka_unit_test(giving_back_ends_at_full),
        cmocka_unit_test(estimates_learn),
        cmocka_unit_test(priorities),
        cmocka_unit_test(headroom_is_the_least),
        cmocka_unit_test(block_lasts_as_asked),
        cmocka_unit_test(block_without_a_word),
        cmocka_unit_test(refusals_of_one_moment_are_one),
        cmocka_unit_test(deadlines_never_move_earlier),
        cmocka_unit_test(refusal_empties_the_scarcest),
        cmocka_unit_test(where_the_pace_begins),
        cmocka_unit_test(pace_falls_once_a_second),
        cmocka_unit_test(pace_spaces_requests),
        cmocka_unit_test(pace_grows),
        cmocka_unit_test(slow_pace_grows_too),
        cmocka_unit_test(pace_grows_faster_in_peace),
        cmocka_unit_test(pace_from_before_a_restart),
        cmocka_unit_test(a_stray_refusal_holds_nobody_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
