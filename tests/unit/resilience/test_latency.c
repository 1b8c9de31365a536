/* Histograms against the sorted list they stand for, their forgetting, and how a target's bearing
 * moves with samples and drifts back with time. */
#include "proa/core/prng.h"
#include "proa/resilience/latency.h"

#include "proa_test.h"

#define PPM UINT32_C(1000000)
#define MS  PROA_NS_PER_MS
#define S   PROA_NS_PER_S

enum { TAU_S = 30 };
static const uint64_t TAU = TAU_S * S;

static void prompts_are_told_apart_by_size(void **state)
{
    (void)state;
    static const struct {
        uint32_t tokens;
        enum proa_latency_row row;
    } cases[] = {
        {0, PROA_LATENCY_1K},       {1024, PROA_LATENCY_1K},
        {1025, PROA_LATENCY_4K},    {4096, PROA_LATENCY_4K},
        {4097, PROA_LATENCY_16K},   {16384, PROA_LATENCY_16K},
        {16385, PROA_LATENCY_64K},  {65536, PROA_LATENCY_64K},
        {65537, PROA_LATENCY_MORE}, {UINT32_MAX, PROA_LATENCY_MORE},
    };
    PROA_TEST_ROWS(row, cases)
    {
        assert_int_equal(proa_latency_row_of(row->tokens), row->row);
    }
}

static void nothing_is_said_of_few_samples(void **state)
{
    (void)state;
    struct proa_latency l;
    proa_latency_init(&l, S);
    for (unsigned i = 1; i <= PROA_LATENCY_KNOWN; i++) {
        assert_int_equal(proa_latency_quantile(&l, PROA_LATENCY_1K, PPM / 2), 0);
        assert_int_equal(proa_latency_median(&l, PROA_LATENCY_1K), 0);
        proa_latency_add(&l, PROA_LATENCY_1K, 500 * MS, S);
        assert_int_equal(proa_latency_samples(&l, PROA_LATENCY_1K), i);
    }
    assert_true(proa_latency_median(&l, PROA_LATENCY_1K) > 0);
    assert_int_equal(proa_latency_median(&l, PROA_LATENCY_4K), 0);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Spans of every magnitude that occurs, spread over one. */
static void quantiles_are_close(void **state)
{
    (void)state;
    enum { N = 1000 };
    static const uint64_t least[] = {20 * MS, 100 * MS, 600 * MS, 3 * S, 20 * S, 100 * S};
    static const uint32_t quantiles[] = {100000, 500000, 900000, 950000, 990000};
    struct proa_prng prng;
    proa_prng_seed(&prng, 7);
    PROA_TEST_ROWS(from, least)
    {
        static uint64_t spans[N];
        struct proa_latency l;
        proa_latency_init(&l, 0);
        for (size_t i = 0; i < N; i++) {
            spans[i] = *from + proa_prng_below(&prng, 4 * *from);
            proa_latency_add(&l, PROA_LATENCY_16K, spans[i], S);
        }
        qsort(spans, N, sizeof(spans[0]), by_value);
        PROA_TEST_ROWS(q, quantiles)
        {
            const uint64_t exact = spans[(uint64_t)N * *q / PPM];
            const uint64_t got = proa_latency_quantile(&l, PROA_LATENCY_16K, *q);
            PROA_TEST_CHECK(got > exact - exact / 5 && got < exact + exact / 5,
                            "from %llu ms, quantile %u: %llu instead of %llu ms",
                            (unsigned long long)(*from / MS), *q, (unsigned long long)(got / MS),
                            (unsigned long long)(exact / MS));
        }
        assert_int_equal(proa_latency_median(&l, PROA_LATENCY_16K),
                         proa_latency_quantile(&l, PROA_LATENCY_16K, PPM / 2));
    }
}

static void quantiles_never_cross(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 8);
    struct proa_latency l;
    proa_latency_init(&l, 0);
    for (int i = 0; i < 2000; i++) {
        proa_latency_add(&l, PROA_LATENCY_PLAIN,
                         proa_prng_next(&prng) >> proa_prng_below(&prng, 60), S);
    }
    uint64_t last = 0;
    for (uint32_t q = 0; q <= PPM; q += 5000) {
        const uint64_t at = proa_latency_quantile(&l, PROA_LATENCY_PLAIN, q);
        assert_true(at >= last);
        last = at;
    }
    assert_int_equal(proa_latency_quantile(&l, PROA_LATENCY_PLAIN, UINT32_MAX), last);
}

static void half_is_forgotten_every_ten_minutes(void **state)
{
    (void)state;
    struct proa_latency l;
    proa_latency_init(&l, 0);
    for (int i = 0; i < 640; i++) {
        proa_latency_add(&l, PROA_LATENCY_1K, 1 * S, 0);
    }
    static const struct {
        uint64_t at_s;
        uint32_t left; /* with the one that is added to look */
    } cases[] = {{599, 641}, {600, 321}, {601, 322}, {1200, 162}, {2400, 41}, {3 * 86400, 1}};
    PROA_TEST_ROWS(row, cases)
    {
        proa_latency_add(&l, PROA_LATENCY_1K, 1 * S, row->at_s * S);
        assert_int_equal(proa_latency_samples(&l, PROA_LATENCY_1K), row->left);
    }
    /* Backward time forgets nothing. */
    proa_latency_add(&l, PROA_LATENCY_1K, 1 * S, 0);
    assert_int_equal(proa_latency_samples(&l, PROA_LATENCY_1K), 2);
}

/* A new regime wins within two half-lives. */
static void the_median_follows(void **state)
{
    (void)state;
    struct proa_latency l;
    proa_latency_init(&l, 0);
    uint64_t now = 0;
    for (int i = 0; i < 1200; i++, now += S) {
        proa_latency_add(&l, PROA_LATENCY_1K, 500 * MS, now);
    }
    assert_true(proa_latency_median(&l, PROA_LATENCY_1K) < 600 * MS);
    for (int i = 0; i < 1200; i++, now += S) {
        proa_latency_add(&l, PROA_LATENCY_1K, 2 * S, now);
    }
    assert_true(proa_latency_median(&l, PROA_LATENCY_1K) > 1600 * MS);
}

static void add_n(struct proa_latency *l, int n, uint64_t span_ns, uint64_t now_ns)
{
    for (; n > 0; n--) {
        proa_latency_add(l, PROA_LATENCY_1K, span_ns, now_ns);
    }
}

/* Below the lowest span so far, and after all spans were forgotten. */
static void the_fastest_is_always_counted(void **state)
{
    (void)state;
    struct proa_latency l;
    proa_latency_init(&l, S);
    uint64_t now_ns = S;
    for (int life = 0; life < 3; life++) {
        add_n(&l, 20, 4 * S, now_ns);
        assert_true(proa_latency_quantile(&l, PROA_LATENCY_1K, 1) > 3 * S);
        add_n(&l, 20, 100 * MS, now_ns);
        assert_true(proa_latency_quantile(&l, PROA_LATENCY_1K, 1) < 120 * MS);
        add_n(&l, 20, 1 * MS, now_ns);
        assert_true(proa_latency_quantile(&l, PROA_LATENCY_1K, 1) < 5 * MS);
        now_ns += 20 * 600 * S;
    }
}

static void counts_do_not_overflow(void **state)
{
    (void)state;
    struct proa_latency l;
    proa_latency_init(&l, 0);
    for (int i = 0; i < 100000; i++) {
        proa_latency_add(&l, PROA_LATENCY_1K, i % 4 == 0 ? 8 * S : 1 * S, 0);
    }
    uint32_t total = 0;
    for (size_t i = 0; i < PROA_LATENCY_SLOTS; i++) {
        total += l.row[PROA_LATENCY_1K].count[i];
    }
    assert_int_equal(total, l.row[PROA_LATENCY_1K].total);
    /* The shape stays: a quarter of them is slow. */
    assert_true(proa_latency_quantile(&l, PROA_LATENCY_1K, 700000) < 2 * S);
    assert_true(proa_latency_quantile(&l, PROA_LATENCY_1K, 800000) > 6 * S);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    assert_true(sizeof(struct proa_latency) <= 1024);
    assert_true(sizeof(struct proa_bearing) <= 24);
}

/* ---- bearing --------------------------------------------------------------------------------- */

static void decay_is_exponential(void **state)
{
    (void)state;
    static const struct {
        uint64_t percent_of_tau;
        uint32_t exact;
    } cases[] = {{0, 1000000},  {10, 904837},  {50, 606531}, {69, 501576}, {100, 367879},
                 {150, 223130}, {200, 135335}, {500, 6738},  {1000, 45},   {3000, 0}};
    static const uint64_t taus[] = {1 * S, 30 * S, 3600 * S};
    PROA_TEST_ROWS(tau, taus)
    {
        PROA_TEST_ROWS(row, cases)
        {
            const uint32_t got = proa_latency_decay_ppm(*tau / 100 * row->percent_of_tau, *tau);
            PROA_TEST_CHECK(got <= row->exact + 5000 && got + 5000 >= row->exact,
                            "%llu %% of tau: %u", (unsigned long long)row->percent_of_tau, got);
        }
    }
    assert_int_equal(proa_latency_decay_ppm(1, 0), 0);
    assert_int_equal(proa_latency_decay_ppm(0, 0), PPM);
    assert_int_equal(proa_latency_decay_ppm(UINT64_MAX, 30 * S), 0);
    assert_int_equal(proa_latency_decay_ppm(0, UINT64_MAX), PPM);
    assert_true(proa_latency_decay_ppm(S, UINT64_MAX / 4) > 999990);
}

static void decay_never_rises(void **state)
{
    (void)state;
    uint32_t last = PPM;
    for (uint64_t at = 0; at < 20 * TAU; at += TAU / 97) {
        const uint32_t decay = proa_latency_decay_ppm(at, TAU);
        assert_true(decay <= last);
        last = decay;
    }
}

static void a_slow_sample_moves_half_way_up_at_once(void **state)
{
    (void)state;
    struct proa_bearing b;
    proa_bearing_init(&b, S);
    proa_bearing_first(&b, 5 * S, 1 * S, TAU, S);
    PROA_TEST_CHECK(b.first_ppm > 2990000 && b.first_ppm < 3010000, "%u", b.first_ppm);
    proa_bearing_first(&b, 5 * S, 1 * S, TAU, S);
    PROA_TEST_CHECK(b.first_ppm > 3990000 && b.first_ppm < 4010000, "%u", b.first_ppm);
    /* 0.7 x 4 + 0.3 x 1 */
    assert_int_equal(proa_bearing_latency_ppm(&b, TAU, S) / 10000, 309);
}

static void a_fast_sample_moves_three_tenths_down(void **state)
{
    (void)state;
    struct proa_bearing b;
    proa_bearing_init(&b, S);
    b.first_ppm = 2 * PPM;
    proa_bearing_first(&b, 1 * S, 1 * S, TAU, S);
    PROA_TEST_CHECK(b.first_ppm > 1690000 && b.first_ppm < 1710000, "%u", b.first_ppm);
}

static void pace_counts_three_tenths(void **state)
{
    (void)state;
    struct proa_bearing b;
    proa_bearing_init(&b, S);
    proa_bearing_pace(&b, 3 * S, 1 * S, TAU, S);
    const uint32_t r = proa_bearing_latency_ppm(&b, TAU, S);
    PROA_TEST_CHECK(r > 1290000 && r < 1310000, "%u", r);
}

static void unknown_samples_change_nothing(void **state)
{
    (void)state;
    struct proa_bearing b;
    proa_bearing_init(&b, S);
    const struct proa_bearing before = b;
    proa_bearing_first(&b, 0, S, TAU, 9 * S);
    proa_bearing_first(&b, S, 0, TAU, 9 * S);
    proa_bearing_pace(&b, 0, S, TAU, 9 * S);
    proa_bearing_pace(&b, S, 0, TAU, 9 * S);
    assert_memory_equal(&b, &before, sizeof(b));
}

static void absurd_samples_saturate(void **state)
{
    (void)state;
    struct proa_bearing b;
    proa_bearing_init(&b, S);
    for (int i = 0; i < 60; i++) {
        proa_bearing_first(&b, UINT64_MAX, 1, TAU, S);
        proa_bearing_pace(&b, UINT64_MAX, 1, TAU, S);
    }
    assert_true(proa_bearing_latency_ppm(&b, TAU, S) <= 100 * PPM);
    assert_true(proa_bearing_latency_ppm(&b, TAU, S) > 90 * PPM);
    proa_bearing_first(&b, 1, UINT64_MAX, TAU, S);
    assert_true(b.first_ppm < 71 * PPM);
}

/* Towards neutral from both sides, and never through it: an idle target must not look fast. */
static void time_drifts_to_neutral(void **state)
{
    (void)state;
    static const uint32_t from[] = {5 * PPM, PPM / 2, PPM};
    PROA_TEST_ROWS(start, from)
    {
        struct proa_bearing b;
        proa_bearing_init(&b, 0);
        b.first_ppm = *start;
        b.pace_ppm = *start;
        uint32_t last = *start;
        for (uint64_t at = 0; at <= 20 * TAU; at += S) {
            const uint32_t r = proa_bearing_latency_ppm(&b, TAU, at);
            assert_true(*start >= PPM ? r >= PPM && r <= last : r <= PPM && r >= last);
            last = r;
        }
        assert_int_equal(last, PPM);
    }
    struct proa_bearing b;
    proa_bearing_init(&b, 0);
    b.first_ppm = 2 * PPM;
    b.pace_ppm = 2 * PPM;
    const uint32_t r = proa_bearing_latency_ppm(&b, TAU, TAU);
    PROA_TEST_CHECK(r > 1360000 && r < 1375000, "%u", r);
}

static void failures_raise_and_time_lowers_the_rate(void **state)
{
    (void)state;
    struct proa_bearing b;
    proa_bearing_init(&b, 0);
    assert_int_equal(proa_bearing_failure_ppm(&b, TAU, 0), 0);
    proa_bearing_verdict(&b, true, TAU, 0);
    assert_int_equal(b.failure_ppm, 200000);
    proa_bearing_verdict(&b, true, TAU, 0);
    assert_int_equal(b.failure_ppm, 360000);
    proa_bearing_verdict(&b, false, TAU, 0);
    assert_int_equal(b.failure_ppm, 288000);
    const uint32_t later = proa_bearing_failure_ppm(&b, TAU, TAU);
    PROA_TEST_CHECK(later > 104000 && later < 108000, "%u", later);
    for (int i = 0; i < 200; i++) {
        proa_bearing_verdict(&b, true, TAU, 0);
    }
    assert_true(b.failure_ppm > 999990 && b.failure_ppm <= PPM);
}

static void backward_time_drifts_nothing(void **state)
{
    (void)state;
    struct proa_bearing b;
    proa_bearing_init(&b, 100 * S);
    proa_bearing_verdict(&b, true, TAU, 100 * S);
    assert_int_equal(proa_bearing_failure_ppm(&b, TAU, 1 * S), 200000);
    proa_bearing_verdict(&b, false, TAU, 1 * S);
    assert_int_equal(b.at_ns, 100 * S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompts_are_told_apart_by_size),
        cmocka_unit_test(nothing_is_said_of_few_samples),
        cmocka_unit_test(quantiles_are_close),
        cmocka_unit_test(quantiles_never_cross),
        cmocka_unit_test(half_is_forgotten_every_ten_minutes),
        cmocka_unit_test(the_median_follows),
        cmocka_unit_test(the_fastest_is_always_counted),
        cmocka_unit_test(counts_do_not_overflow),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(decay_is_exponential),
        cmocka_unit_test(decay_never_rises),
        cmocka_unit_test(a_slow_sample_moves_half_way_up_at_once),
        cmocka_unit_test(a_fast_sample_moves_three_tenths_down),
        cmocka_unit_test(pace_counts_three_tenths),
        cmocka_unit_test(unknown_samples_change_nothing),
        cmocka_unit_test(absurd_samples_saturate),
        cmocka_unit_test(time_drifts_to_neutral),
        cmocka_unit_test(failures_raise_and_time_lowers_the_rate),
        cmocka_unit_test(backward_time_drifts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
