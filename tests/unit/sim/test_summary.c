/* Text, tables, lines of bounds and JSON of real runs. */
#include "proa/sim/summary.h"

#include "sim_fixture.h"

static const char scene[] =
    SIM_HEAD "duration: 120s\nseeds: 2\n"
             "providers: {a: {}, b: {keys: 1}}\n"
             "arrivals: {chat: {rate: 2}}\n"
             "faults: {out: {kind: error, on: a, from: 30s, to: 90s}, "
             "flap: {kind: slow, on: b, down: 5s, up: 5s}}\n"
             "bounds: {success: {min: 0.9}, opens: {min: 1000}, share.b: {min: 0.1, max: 0.99}}\n";

struct fixture {
    struct sim_fixture s;
    struct proa_sim *sim;
    struct proa_record records[2];
    struct proa_measured m;
    struct proa_buf out;
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    sim_fixture_read(&f->s, scene);
    assert_ok(f->s.err);
    f->sim = sim_fixture_create(&f->s, 0);
    assert_non_null(f->sim);
    proa_sim_play(f->sim, PROA_DECIDER_ENGINE, 1, &f->records[0]);
    proa_sim_play(f->sim, PROA_DECIDER_ENGINE, 2, &f->records[1]);
    f->m = (struct proa_measured){f->sim, f->records, 2};
    proa_buf_init(&f->out, 1 << 20);
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
    proa_buf_deinit(&f->out);
    proa_free(f);
    return 0;
}

static bool has(const struct fixture *f, const char *text)
{
    const struct proa_slice all = proa_buf_slice(&f->out);
    return proa_slice_search(all, proa_slice_cstr(text)) < all.len;
}

static void text_names_what_is_known(void **state)
{
    struct fixture *f = *state;
    proa_summary_text(&f->m, "proa", &f->out);
    assert_true(has(f, "s: proa, ") && has(f, "requests in 2 runs, trace "));
    assert_true(has(f, "  success ") && has(f, "  share.a ") && has(f, "  share.b "));
    assert_false(has(f, "cold_sticky")); /* there are no prefixes */
    assert_false(has(f, " nan") || has(f, " inf "));
}

static void a_table_has_a_row_for_each(void **state)
{
    struct fixture *f = *state;
    proa_summary_table_head(proa_sim_scenario(f->sim), 2, &f->out);
    proa_summary_table_row(&f->m, "one", &f->out);
    proa_summary_table_row(&f->m, "two", &f->out);
    struct proa_slice rest = proa_buf_slice(&f->out);
    size_t width = 0;
    (void)proa_slice_split(rest, '\n', &rest); /* the title */
    for (int i = 0; i < 3; i++) {
        const struct proa_slice line = proa_slice_split(rest, '\n', &rest);
        assert_true(width == 0 || line.len == width);
        width = line.len;
    }
    assert_int_equal(rest.len, 0);
}

static void bounds_say_pass_or_fail(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(proa_summary_bounds(&f->m, &f->out), 1);
    assert_true(has(f, "PASS s success: ") && has(f, " >= 0.9\n"));
    assert_true(has(f, "FAIL s opens: ") && has(f, " >= 1000\n"));
    assert_true(has(f, "PASS s share.b: ") && has(f, " >= 0.1 <= 0.99\n"));
}

static void json_is_json(void **state)
{
    struct fixture *f = *state;
    struct proa_json_writer w;
    proa_json_writer_init(&w, &f->out);
    proa_summary_json(&f->m, "proa", &w);
    assert_true(proa_json_writer_ok(&w));
    assert_true(has(f, "\"scenario\":\"s\"") && has(f, "\"strategy\":\"proa\""));
    assert_true(has(f, "\"cold_sticky\":null") && has(f, "\"share\":{\"a\":"));
    assert_true(has(f, "{\"measure\":\"opens\",\"value\":") && has(f, "\"holds\":false"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_names_what_is_known),
        TEST(a_table_has_a_row_for_each),
        TEST(bounds_say_pass_or_fail),
        TEST(json_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
