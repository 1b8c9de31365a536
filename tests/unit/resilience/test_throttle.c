/* The throttle of a route in panic: its formula, its floor, and the load it leaves on a dead
 * backend and on one that is half well. */
#include "proa/resilience/throttle.h"

#include "proa_test.h"

#define SECONDS(n) ((n)*PROA_NS_PER_S)
#define MS(n)      ((n)*PROA_NS_PER_MS)
#define START      SECONDS(1000)

static const struct proa_panic_cfg CFG = {
    .enabled = true, .k_ppm = 2000000, .window_ns = SECONDS(60), .floor_ns = SECONDS(2)};

/* A throttle that was asked and accepted so often just now, and whose floor is used up. */
static struct proa_throttle make(unsigned asked, unsigned accepted, struct proa_prng *prng)
{
    struct proa_throttle t;
    proa_throttle_init(&t);
    assert_true(proa_throttle_admit(&t, &CFG, START, prng));
    for (unsigned i = 0; i < asked; i++) {
        proa_throttle_asked(&t, &CFG, START);
    }
    for (unsigned i = 0; i < accepted; i++) {
        proa_throttle_accepted(&t, &CFG, START);
    }
    return t;
}

/* Admitted with probability 1 - max(0, (requests - K accepts) / (requests + 1)). */
static void admits_by_the_formula(void **state)
{
    (void)state;
    static const struct {
        unsigned asked;
        unsigned accepted;
        uint32_t k_ppm;
        unsigned permille;
    } rows[] = {
        {0, 0, 2000000, 1000},    {1, 1, 2000000, 1000},   {100, 100, 2000000, 1000},
        {100, 50, 2000000, 1000}, {1, 0, 2000000, 500},    {9, 0, 2000000, 100},
        {99, 25, 2000000, 510},   {999, 0, 2000000, 1},    {199, 40, 2000000, 405},
        {99, 25, 1100000, 285},   {99, 25, 4000000, 1000}, {99, 33, 3000000, 1000},
    };
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    PROA_TEST_ROWS(row, rows)
    {
        enum { DRAWS = 20000 };
        struct proa_throttle t = make(row->asked, row->accepted, &prng);
        struct proa_panic_cfg cfg = CFG;
        cfg.k_ppm = row->k_ppm;
        unsigned admitted = 0;
        for (unsigned i = 0; i < DRAWS; i++) {
            struct proa_throttle copy = t;
            admitted += proa_throttle_admit(&copy, &cfg, START + 1, &prng);
        }
        unsigned expected = row->permille * (DRAWS / 1000);
        PROA_TEST_CHECK(admitted + DRAWS / 60 >= expected && admitted <= expected + DRAWS / 60,
                        "row %td: %u of %u", row - rows, admitted, DRAWS);
        assert_true(row->permille != 1000 || admitted == DRAWS);
    }
}

static void floor_lets_one_through(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 2);
    struct proa_throttle t;
    proa_throttle_init(&t);
    for (unsigned i = 0; i < 5000; i++) { /* so many that chance admits nothing */
        proa_throttle_asked(&t, &CFG, START);
    }
    static const struct {
        uint64_t ms;
        uint64_t eta_ms;
        bool admitted;
    } rows[] = {
        {0, 0, true},        {1, 1999, false}, {1999, 1, false},  {2000, 0, true},
        {2001, 1999, false}, {9000, 0, true},  {10999, 1, false}, {11000, 0, true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t now_ns = START + MS(row->ms);
        assert_int_equal(proa_throttle_eta(&t, &CFG, now_ns), MS(row->eta_ms));
        PROA_TEST_CHECK(proa_throttle_admit(&t, &CFG, now_ns, &prng) == row->admitted, "row %td",
                        row - rows);
    }
}

/* One that chance let through is the floor's as well. */
static void admission_by_chance_uses_the_floor(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 3);
    struct proa_throttle t = make(10, 10, &prng);
    assert_true(proa_throttle_admit(&t, &CFG, START + MS(1500), &prng));
    assert_int_equal(proa_throttle_eta(&t, &CFG, START + MS(2000)), MS(1500));
}

static void backward_clock(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 4);
    struct proa_throttle t = make(5000, 0, &prng);
    assert_false(proa_throttle_admit(&t, &CFG, 0, &prng));
    t = make(10, 10, &prng);
    assert_true(proa_throttle_admit(&t, &CFG, 0, &prng));
    assert_int_equal(t.last_admit_ns, START);
}

static void the_past_is_forgotten(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 5);
    struct proa_throttle t = make(5000, 0, &prng);
    assert_false(proa_throttle_admit(&t, &CFG, START + SECONDS(1), &prng));
    t.last_admit_ns = START + SECONDS(61);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(proa_throttle_admit(&t, &CFG, START + SECONDS(61), &prng));
    }
}

/* Five requests a second for ten minutes to backends that take so many percent of what is tried;
 * returns attempts per 1000 requests and how many of them were taken. */
static void run_panic(unsigned good_percent, unsigned *permille, unsigned *taken_permille)
{
    struct proa_prng prng;
    proa_prng_seed(&prng, 6);
    struct proa_throttle t;
    proa_throttle_init(&t);
    unsigned asked = 0;
    unsigned tried = 0;
    unsigned taken = 0;
    for (uint64_t now_ns = START; now_ns < START + SECONDS(600); now_ns += MS(200)) {
        asked++;
        proa_throttle_asked(&t, &CFG, now_ns);
        if (proa_throttle_admit(&t, &CFG, now_ns, &prng)) {
            tried++;
            if (proa_prng_below(&prng, 100) < good_percent) {
                taken++;
                proa_throttle_accepted(&t, &CFG, now_ns);
            }
        }
    }
    *permille = tried * 1000 / asked;
    *taken_permille = taken * 1000 / asked;
}

static void load_on_the_dead_and_the_half_dead(void **state)
{
    (void)state;
    unsigned tried;
    unsigned taken;
    run_panic(0, &tried, &taken); /* 1 per 2 s by the floor, of 5 a second, and a few by chance */
    assert_in_range(tried, 100, 120);
    run_panic(60, &tried, &taken); /* above 1 / K it finds its way to all of them */
    assert_true(tried > 900);
    assert_true(taken > 540);
    run_panic(30, &tried, &taken); /* shrinks, as what is taken does */
    assert_in_range(tried, 110, 300);
    run_panic(100, &tried, &taken);
    assert_int_equal(taken, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admits_by_the_formula),
        cmocka_unit_test(floor_lets_one_through),
        cmocka_unit_test(admission_by_chance_uses_the_floor),
        cmocka_unit_test(backward_clock),
        cmocka_unit_test(the_past_is_forgotten),
        cmocka_unit_test(load_on_the_dead_and_the_half_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
