/* Text, tables, lines of bounds and JSON of real runs; the picture is well-formed. */
#include "proa/sim/summary.h"
#include "proa/sim/timeline.h"

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

/* ---- the picture ----------------------------------------------------------------------------- */

/* Every tag is closed, in order, and no text holds a bare < or &. */
static void assert_well_formed(struct proa_slice xml)
{
    enum { DEPTH = 16 };
    struct proa_slice open[DEPTH];
    size_t depth = 0;
    for (size_t i = 0; i < xml.len; i++) {
        if (xml.ptr[i] == '&') {
            const struct proa_slice rest = proa_slice_from(xml, i);
            assert_true(proa_slice_starts(rest, PROA_SLICE("&lt;")) ||
                        proa_slice_starts(rest, PROA_SLICE("&amp;")));
        }
        if (xml.ptr[i] != '<') {
            continue;
        }
        const struct proa_slice rest = proa_slice_from(xml, i + 1);
        const size_t end = proa_slice_find(rest, '>');
        assert_true(end < rest.len);
        const struct proa_slice tag = proa_slice_head(rest, end);
        struct proa_slice ignored;
        if (tag.ptr[0] == '/') {
            assert_true(depth > 0);
            assert_slice_equal(proa_slice_from(tag, 1), open[--depth]);
        } else if (tag.ptr[tag.len - 1] != '/') {
            assert_true(depth < DEPTH);
            open[depth++] = proa_slice_split(tag, ' ', &ignored);
        }
        i += end;
    }
    assert_int_equal(depth, 0);
}

static void the_picture_is_well_formed(void **state)
{
    struct fixture *f = *state;
    proa_timeline_svg(f->sim, &f->records[0], "a < b & c", &f->out);
    assert_true(proa_buf_ok(&f->out));
    assert_well_formed(proa_buf_slice(&f->out));
    assert_true(has(f, "s under a &lt; b &amp; c, seed 1"));
    assert_true(has(f, ">a/k1<") && has(f, ">a/k2<") && has(f, ">b/k1<") && has(f, ">flap<"));
    assert_true(has(f, "#c8453b")); /* something was open */
    assert_false(has(f, "nan") || has(f, "inf") || has(f, "\"-"));
}

static void equal_runs_give_equal_bytes(void **state)
{
    struct fixture *f = *state;
    struct proa_record again;
    struct proa_buf other;
    proa_buf_init(&other, 1 << 20);
    proa_sim_play(f->sim, PROA_DECIDER_ENGINE, 1, &again);
    proa_timeline_svg(f->sim, &f->records[0], "proa", &f->out);
    proa_timeline_svg(f->sim, &again, "proa", &other);
    assert_slice_equal(proa_buf_slice(&f->out), proa_buf_slice(&other));
    proa_buf_deinit(&other);
    proa_record_deinit(&again);
}

static void an_empty_run_is_drawn_too(void **state)
{
    struct fixture *f = *state;
    struct proa_record none;
    proa_record_init(&none, 9);
    proa_timeline_svg(f->sim, &none, "proa", &f->out);
    assert_well_formed(proa_buf_slice(&f->out));
    assert_false(has(f, "nan") || has(f, "inf"));
    proa_record_deinit(&none);
}

/* ---- records --------------------------------------------------------------------------------- */

static void the_first_violation_is_kept(void **state)
{
    (void)state;
    struct proa_record r;
    proa_record_init(&r, 1);
    proa_record_violation(&r, "one %d", 1);
    proa_record_violation(&r, "two");
    assert_int_equal(r.violations, 2);
    assert_string_equal(r.violation, "one 1");
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(proa_record_add_request(&r)->n_calls, 0);
        proa_record_request(&r, i)->prefix = i;
    }
    assert_int_equal(proa_record_request(&r, 999)->prefix, 999);
    proa_record_deinit(&r);
    for (int s = 0; s < PROA_SIM_STATES; s++) {
        assert_true(strlen(proa_sim_state_text((enum proa_sim_state)s)) > 2);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_names_what_is_known),   TEST(a_table_has_a_row_for_each),
        TEST(bounds_say_pass_or_fail),    TEST(json_is_json),
        TEST(the_picture_is_well_formed), TEST(equal_runs_give_equal_bytes),
        TEST(an_empty_run_is_drawn_too),  cmocka_unit_test(the_first_violation_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
