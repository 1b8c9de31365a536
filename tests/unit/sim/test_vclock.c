/* Events in the order of their time, those of one time in the order they were set. */
#include "proa/core/prng.h"
#include "proa/sim/vclock.h"

#include "proa_test.h"

enum { EVENTS = 64 };

struct fixture {
    struct proa_vclock clock;
    struct proa_vclock_event events[EVENTS];
    size_t ids[EVENTS];
    size_t happened[4 * EVENTS];
    uint64_t at[4 * EVENTS];
    size_t n;
    struct proa_vclock_event *follow; /* set once more by the next event, this much later */
    uint64_t after_ns;
};

static struct fixture *fx;

static void happen(void *ctx, uint64_t now_ns)
{
    const size_t *id = ctx;
    assert_true(fx->n < 4 * EVENTS);
    assert_true(now_ns == fx->clock.now_ns);
    fx->happened[fx->n] = *id;
    fx->at[fx->n++] = now_ns;
    if (fx->follow) {
        proa_vclock_set(&fx->clock, fx->follow, now_ns + fx->after_ns);
        fx->follow = NULL;
    }
}

static int setup(void **state)
{
    (void)state;
    fx = PROA_NEW(struct fixture);
    proa_vclock_init(&fx->clock, 100);
    for (size_t i = 0; i < EVENTS; i++) {
        fx->ids[i] = i;
        proa_vclock_event_init(&fx->events[i], happen, &fx->ids[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    proa_vclock_deinit(&fx->clock);
    proa_free(fx);
    return 0;
}

static void run_all(void)
{
    while (proa_vclock_step(&fx->clock)) {
    }
}

static void nothing_happens(void **state)
{
    (void)state;
    assert_false(proa_vclock_step(&fx->clock));
    assert_true(fx->clock.now_ns == 100);
}

static void in_order(void **state)
{
    (void)state;
    proa_vclock_set(&fx->clock, &fx->events[0], 300);
    proa_vclock_set(&fx->clock, &fx->events[1], 200);
    proa_vclock_set(&fx->clock, &fx->events[2], 200);
    proa_vclock_set(&fx->clock, &fx->events[3], 250);
    run_all();
    static const size_t expected[] = {1, 2, 3, 0};
    assert_int_equal(fx->n, 4);
    assert_memory_equal(fx->happened, expected, sizeof(expected));
    assert_true(fx->clock.now_ns == 300);
}

static void the_past_is_now(void **state)
{
    (void)state;
    proa_vclock_set(&fx->clock, &fx->events[0], 5);
    run_all();
    assert_true(fx->at[0] == 100);
}

static void moved_and_cleared(void **state)
{
    (void)state;
    proa_vclock_set(&fx->clock, &fx->events[0], 200);
    proa_vclock_set(&fx->clock, &fx->events[1], 210);
    proa_vclock_set(&fx->clock, &fx->events[2], 220);
    proa_vclock_set(&fx->clock, &fx->events[3], 230);
    proa_vclock_set(&fx->clock, &fx->events[0], 400);
    proa_vclock_clear(&fx->clock, &fx->events[1]);
    proa_vclock_clear(&fx->clock, &fx->events[1]); /* harmless */
    proa_vclock_set(&fx->clock, &fx->events[2], UINT64_MAX);
    run_all();
    static const size_t expected[] = {3, 0};
    assert_int_equal(fx->n, 2);
    assert_memory_equal(fx->happened, expected, sizeof(expected));
}

static void an_event_may_set_itself_again(void **state)
{
    (void)state;
    fx->follow = &fx->events[0];
    fx->after_ns = 50;
    proa_vclock_set(&fx->clock, &fx->events[0], 100);
    run_all();
    assert_int_equal(fx->n, 2);
    assert_true(fx->at[1] == 150);
}

static void time_never_runs_backward(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 4);
    for (size_t i = 0; i < EVENTS; i++) {
        proa_vclock_set(&fx->clock, &fx->events[i], proa_prng_below(&p, 1000));
    }
    run_all();
    assert_int_equal(fx->n, EVENTS);
    for (size_t i = 1; i < fx->n; i++) {
        assert_true(fx->at[i - 1] <= fx->at[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_happens),          TEST(in_order),
        TEST(the_past_is_now),          TEST(moved_and_cleared),
        TEST(time_never_runs_backward), TEST(an_event_may_set_itself_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
