/* The picture of a run is well-formed, complete, and the same for equal runs. */
#include "proa/sim/timeline.h"

#include "sim_fixture.h"

static const char scene[] = SIM_HEAD "duration: 120s\nseeds: 2\n"
                                     "providers: {a: {}, b: {keys: 1}}\n"
                                     "arrivals: {chat: {rate: 2}}\n"
                                     "faults: {out: {kind: error, on: a, from: 30s, to: 90s}, "
                                     "flap: {kind: slow, on: b, down: 5s, up: 5s}}\n";

struct fixture {
    struct sim_fixture s;
    struct proa_sim *sim;
    struct proa_record record;
    struct proa_buf out;
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    sim_fixture_read(&f->s, scene);
    assert_ok(f->s.err);
    f->sim = sim_fixture_create(&f->s, 0);
    assert_non_null(f->sim);
    proa_sim_play(f->sim, PROA_DECIDER_ENGINE, 1, &f->record);
    proa_buf_init(&f->out, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_record_deinit(&f->record);
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
    proa_timeline_svg(f->sim, &f->record, "a < b & c", &f->out);
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
    proa_timeline_svg(f->sim, &f->record, "proa", &f->out);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_picture_is_well_formed),
        TEST(equal_runs_give_equal_bytes),
        TEST(an_empty_run_is_drawn_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
