/* Measures of records that were made by hand, so that every figure is known. */
#include <math.h>

#include "sim_fixture.h"

#define S  PROA_NS_PER_S
#define MS PROA_NS_PER_MS

/* Providers a (targets 0 and 1) and b (2 and 3); a is faulty from 100 s to 280 s. */
static const char scene[] =
    SIM_HEAD "duration: 400s\nwindow: {from: 100s, to: 300s}\n"
             "providers: {a: {limit: {rate: 0.5}}, b: {}}\n"
             "arrivals: {chat: {rate: 1, prefixes: 3}, bad: {rate: 1, poison: true}}\n"
             "faults: {out: {kind: error, on: a, from: 100s, to: 280s}}\n";

struct fixture {
    struct sim_fixture s;
    struct proa_sim *sim;
    struct proa_record records[2];
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    sim_fixture_read(&f->s, scene);
    f->sim = sim_fixture_create(&f->s, 0);
    assert_non_null(f->sim);
    proa_record_init(&f->records[0], 1);
    proa_record_init(&f->records[1], 2);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_record_deinit(&f->records[0]);
    proa_record_deinit(&f->records[1]);
    proa_sim_destroy(f->sim);
    sim_fixture_deinit(&f->s);
    proa_free(f);
    return 0;
}

static double value(const struct fixture *f, const char *name, size_t n_records)
{
    const struct proa_measured m = {f->sim, f->records, n_records};
    struct proa_slice of;
    assert_non_null(proa_measure_find(proa_slice_cstr(name), &of));
    return proa_measure_value(&m, proa_slice_cstr(name));
}

#define assert_value(f, name, n, expected)                                                         \
    PROA_TEST_CHECK(fabs(value((f), (name), (n)) - (expected)) < 1e-9, "%s is %f", (name),         \
                    value((f), (name), (n)))

static void add_request(struct fixture *f, size_t record, struct proa_sim_request r)
{
    *proa_record_add_request(&f->records[record]) = r;
}

static void add_call(struct fixture *f, size_t record, struct proa_sim_call c)
{
    *proa_record_add_call(&f->records[record]) = c;
}

static void add_change(struct fixture *f, uint64_t at_s, uint16_t target, enum proa_sim_state from,
                       enum proa_sim_state to)
{
    *proa_record_add_change(&f->records[0]) = (struct proa_sim_change){
        .at_ns = at_s * S, .target = target, .from = (uint8_t)from, .to = (uint8_t)to};
}

static void nothing_is_not_a_number(void **state)
{
    const struct fixture *f = *state;
    static const char *const names[] = {
        "success",    "amplification", "efficiency",  "ttft_p50",     "ttft_p99",
        "answer_p99", "share.a",       "fault_share", "rate_limited", "cold_sticky"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        PROA_TEST_CHECK(isnan(value(f, names[i], 1)), "%s", names[i]);
    }
    const struct proa_scenario_bound any = {.min_ppm = 0, .max_ppm = UINT32_MAX};
    assert_false(proa_measure_holds(&any, (double)NAN));
}

static void what_clients_got(void **state)
{
    struct fixture *f = *state;
    /* before the window, a poisonous one, one that left: these three do not count */
    add_request(f, 0,
                (struct proa_sim_request){.arrived_ns = 99 * S, .outcome = PROA_OUTCOME_ERROR});
    add_request(
        f, 0,
        (struct proa_sim_request){
            .arrived_ns = 150 * S, .arrivals = 1, .outcome = PROA_OUTCOME_ERROR, .n_calls = 3});
    add_request(
        f, 0, (struct proa_sim_request){.arrived_ns = 150 * S, .outcome = PROA_OUTCOME_CANCELLED});
    for (uint64_t i = 0; i < 8; i++) {
        add_request(
            f, i % 2,
            (struct proa_sim_request){.arrived_ns = 150 * S,
                                      .first_ns = 150 * S + (i + 1) * 100 * MS,
                                      .ended_ns = 160 * S,
                                      .n_calls = 1,
                                      .outcome = i < 4 ? PROA_OUTCOME_OK : PROA_OUTCOME_DEGRADED});
    }
    add_request(f, 1,
                (struct proa_sim_request){.arrived_ns = 200 * S,
                                          .ended_ns = 205 * S,
                                          .n_calls = 4,
                                          .outcome = PROA_OUTCOME_ERROR});
    add_request(f, 1,
                (struct proa_sim_request){.arrived_ns = 200 * S,
                                          .first_ns = 201 * S,
                                          .ended_ns = 202 * S,
                                          .n_calls = 1,
                                          .outcome = PROA_OUTCOME_ERROR,
                                          .fail = PROA_FAIL_INTERRUPTED});
    assert_value(f, "success", 2, 0.8);
    assert_value(f, "amplification", 2, 1.3);
    assert_value(f, "efficiency", 2, 8.0 / 13);
    assert_value(f, "interrupted", 2, 0.1);
    assert_value(f, "ttft_p50", 2, 0.5);
    assert_value(f, "answer_p99", 2, 1.0); /* of ten the ninth */
    assert_value(f, "calls_max", 2, 4);
    assert_value(f, "success", 1, 1);
}

static void where_calls_went(void **state)
{
    struct fixture *f = *state;
    add_request(f, 0, (struct proa_sim_request){.arrived_ns = 100 * S});
    for (uint64_t i = 0; i < 30; i++) { /* 3 to a in the first minute, then every 10 s */
        const bool first = i < 3;
        add_call(f, 0,
                 (struct proa_sim_call){.started_ns = (first ? 110 + i : 160 + (i - 3) * 10) * S,
                                        .target = i % 2,
                                        .faulty = first || i < 15,
                                        .class = i == 4             ? PROA_CLASS_AUTH
                                                 : i == 5 || i == 6 ? PROA_CLASS_RATE
                                                                    : PROA_CLASS_SERVER,
                                        .purpose = i == 7   ? PROA_PURPOSE_HEDGE
                                                   : i == 8 ? PROA_PURPOSE_EVACUATION
                                                            : PROA_PURPOSE_PRIMARY,
                                        .picodollars = 1000000000000,
                                        .excess = i == 9 ? 7 : 0});
    }
    add_call(f, 0, (struct proa_sim_call){.started_ns = 120 * S, .target = 3});
    /* 18 of them lie in the window: 3, 14 and the one to b */
    assert_value(f, "share.a", 1, 17.0 / 18);
    assert_value(f, "share.b", 1, 1.0 / 18);
    assert_value(f, "fault_share", 1, 15.0 / 18);
    assert_value(f, "fault_first_minute", 1, 3);
    assert_value(f, "fault_first_minute", 2, 1.5); /* of a run, on average */
    assert_value(f, "fault_per_minute", 1, 12.0 / 2);
    assert_value(f, "calls_per_second", 1, 18.0 / 200);
    assert_value(f, "refused_calls", 1, 1);
    assert_value(f, "rate_limited", 1, 2.0 / 18);
    assert_value(f, "utilisation", 1, 15.0 / (2 * 0.5 * 200));
    assert_value(f, "hedges", 1, 1);
    assert_value(f, "evacuations", 1, 1);
    assert_value(f, "inflight_excess", 1, 7);
    assert_value(f, "cost", 1, 30);
}

static void opens_of_one_pool_at_once_are_one(void **state)
{
    struct fixture *f = *state;
    add_change(f, 50, 0, PROA_SIM_CLOSED, PROA_SIM_OPEN); /* before the window */
    add_change(f, 110, 0, PROA_SIM_HALF_OPEN, PROA_SIM_OPEN);
    add_change(f, 110, 1, PROA_SIM_CLOSED, PROA_SIM_OPEN);
    add_change(f, 110, 2, PROA_SIM_CLOSED, PROA_SIM_OPEN);
    add_change(f, 120, 1, PROA_SIM_HALF_OPEN, PROA_SIM_OPEN);
    add_change(f, 130, 2, PROA_SIM_CLOSED, PROA_SIM_DEGRADED);
    assert_value(f, "opens", 1, 3);
    assert_value(f, "opens", 2, 1.5);
    assert_value(f, "opens_per_minute", 1, 0.9);
    assert_value(f, "degrades", 1, 1);
}

static void recovery_counts_from_the_end_of_the_fault(void **state)
{
    struct fixture *f = *state;
    assert_value(f, "recovery", 1, 0); /* it was never away */
    add_change(f, 110, 0, PROA_SIM_CLOSED, PROA_SIM_OPEN);
    add_change(f, 111, 1, PROA_SIM_CLOSED, PROA_SIM_OPEN);
    assert_true(isinf(value(f, "recovery", 1)));
    add_change(f, 279, 0, PROA_SIM_OPEN, PROA_SIM_HALF_OPEN);
    add_change(f, 290, 0, PROA_SIM_HALF_OPEN, PROA_SIM_RAMP);
    assert_value(f, "recovery", 1, 10);
    assert_true(isinf(value(f, "full_recovery", 1)));
    add_change(f, 320, 0, PROA_SIM_RAMP, PROA_SIM_CLOSED);
    add_change(f, 330, 1, PROA_SIM_OPEN, PROA_SIM_CLOSED);
    assert_value(f, "recovery", 1, 10);
    assert_value(f, "full_recovery", 1, 50);
}

static void service_is_back_with_the_first_answer(void **state)
{
    struct fixture *f = *state;
    assert_true(isinf(value(f, "service_back", 1)));
    add_request(f, 0, (struct proa_sim_request){.arrived_ns = 0});
    add_call(f, 0, (struct proa_sim_call){.started_ns = 279 * S, .content_ns = 281 * S});
    add_call(f, 0, (struct proa_sim_call){.started_ns = 281 * S});
    add_call(f, 0, (struct proa_sim_call){.started_ns = 283 * S, .content_ns = 284 * S});
    assert_value(f, "service_back", 1, 3);
}

static void steps_after_the_fault(void **state)
{
    struct fixture *f = *state;
    static const unsigned per_step[] = {1, 2, 3, 6, 9, 10, 10, 10, 10, 10, 10, 10};
    add_request(f, 0, (struct proa_sim_request){.arrived_ns = 0});
    for (uint64_t i = 0; i < 100; i++) { /* ten in each ten seconds before it */
        add_call(f, 0, (struct proa_sim_call){.started_ns = i * S, .target = 1});
    }
    for (uint64_t step = 0; step < PROA_ARRAY_LEN(per_step); step++) { /* from 270 s on */
        for (unsigned i = 0; i < per_step[step]; i++) {
            add_call(f, 0,
                     (struct proa_sim_call){.started_ns = (270 + step * 10) * S, .target = 0});
        }
    }
    assert_value(f, "step_max", 1, 0.3);
    assert_value(f, "at_90s", 1, 1);
}

static void cold_prefixes_stay(void **state)
{
    struct fixture *f = *state;
    /* the hot one is everywhere; of the cold ones 1 stays with three of four, 2 with all two */
    static const struct {
        uint32_t prefix;
        uint16_t target;
    } calls[] = {{0, 0}, {0, 1}, {0, 2}, {1, 3}, {1, 3}, {1, 3}, {1, 0}, {2, 1}, {2, 1}};
    for (size_t i = 0; i < PROA_ARRAY_LEN(calls); i++) {
        add_request(f, 0,
                    (struct proa_sim_request){.arrived_ns = 150 * S, .prefix = calls[i].prefix});
        add_call(f, 0,
                 (struct proa_sim_call){
                     .started_ns = 150 * S, .request = (uint32_t)i, .target = calls[i].target});
    }
    assert_value(f, "cold_sticky", 1, 5.0 / 6);
}

static void bounds_include_their_ends(void **state)
{
    (void)state;
    const struct proa_scenario_bound b = {.min_ppm = 100000, .max_ppm = 1200000};
    assert_true(proa_measure_holds(&b, 0.1) && proa_measure_holds(&b, 1.2));
    assert_false(proa_measure_holds(&b, 0.099) || proa_measure_holds(&b, 1.201));
    const struct proa_scenario_bound open = {.min_ppm = 0, .max_ppm = UINT32_MAX};
    assert_true(proa_measure_holds(&open, 1e9));
    const struct proa_scenario_bound none = {.max_ppm = 0};
    assert_true(proa_measure_holds(&none, 0));
    assert_false(proa_measure_holds(&none, 1));
}

static void names(void **state)
{
    (void)state;
    struct proa_slice of;
    assert_non_null(proa_measure_find(PROA_SLICE("share.b"), &of));
    assert_slice_lit(of, "b");
    assert_null(proa_measure_find(PROA_SLICE("share"), &of));
    assert_null(proa_measure_find(PROA_SLICE("opens.a"), &of));
    assert_null(proa_measure_find(PROA_SLICE(""), &of));
    assert_string_equal(proa_measure_near(PROA_SLICE("opns")), "opens");
    assert_null(proa_measure_near(PROA_SLICE("something else")));
    for (const struct proa_measure *m = proa_measures; m->name; m++) {
        assert_true(m->compute && strlen(m->about) > 5);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_not_a_number),
        TEST(what_clients_got),
        TEST(where_calls_went),
        TEST(opens_of_one_pool_at_once_are_one),
        TEST(recovery_counts_from_the_end_of_the_fault),
        TEST(service_is_back_with_the_first_answer),
        TEST(steps_after_the_fault),
        TEST(cold_prefixes_stay),
        cmocka_unit_test(bounds_include_their_ends),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
