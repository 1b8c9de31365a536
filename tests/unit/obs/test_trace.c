#include "proa/obs/trace.h"

#include "proa_test.h"

#define ID   "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

static void valid_headers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t flags;
    } cases[] = {
        {"00-" ID "-" SPAN "-00", 0}, {"00-" ID "-" SPAN "-01", 1},
        {"00-" ID "-" SPAN "-03", 3}, {"00-" ID "-" SPAN "-ff", 3}, /* unknown flags are dropped */
        {"01-" ID "-" SPAN "-01", 1}, {"cc-" ID "-" SPAN "-01-what-the-future-brings", 1},
        {"fe-" ID "-" SPAN "-01-", 1}};
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_trace t;
        PROA_TEST_CHECK(proa_trace_parse(proa_slice_cstr(row->text), &t) == PROA_OK, "%s",
                        row->text);
        assert_slice_lit(proa_trace_id(&t), ID);
        assert_slice_lit(proa_trace_span(&t), SPAN);
        assert_int_equal(t.flags, row->flags);
    }
}

static void invalid_headers(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "00",
        "ff-" ID "-" SPAN "-01",
        "00-" ID "-" SPAN "-01-",
        "00-" ID "-" SPAN "-01-extra",
        "00-" ID "-" SPAN "-011",
        "cc-" ID "-" SPAN "-01.extra",
        "00-" ID "-" SPAN "-0",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
        "00-" ID "-B7AD6B7169203331-01",
        "0A-" ID "-" SPAN "-01",
        "00-" ID "-" SPAN "-0A",
        "00_" ID "-" SPAN "-01",
        "00-" ID "_" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        " 00-" ID "-" SPAN "-01",
        "00-" ID "-" SPAN "-01 ",
    };
    PROA_TEST_ROWS(text, cases)
    {
        struct proa_trace t = {.flags = 77};
        PROA_TEST_CHECK(proa_trace_parse(proa_slice_cstr(*text), &t) == PROA_ERR_SYNTAX, "%s",
                        *text);
        assert_int_equal(t.flags, 77); /* untouched */
    }
}

/* Any byte replaced by any other: valid exactly when the grammar still holds. */
static void every_byte_everywhere(void **state)
{
    (void)state;
    static const char good[] = "00-" ID "-" SPAN "-01";
    for (size_t at = 0; at < PROA_TRACE_PARENT_LEN; at++) {
        for (unsigned c = 0; c < 256; c++) {
            char *text = malloc(PROA_TRACE_PARENT_LEN);
            assert_non_null(text);
            memcpy(text, good, PROA_TRACE_PARENT_LEN);
            text[at] = (char)(unsigned char)c;
            bool dash = at == 2 || at == 35 || at == 52;
            bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            struct proa_trace t;
            enum proa_err err = proa_trace_parse(proa_slice_make(text, PROA_TRACE_PARENT_LEN), &t);
            PROA_TEST_CHECK((err == PROA_OK) == (dash ? c == '-' : hex), "byte %zu is %02x", at, c);
            free(text);
        }
    }
    for (size_t len = 0; len < PROA_TRACE_PARENT_LEN; len++) {
        char *text = malloc(len ? len : 1);
        assert_non_null(text);
        memcpy(text, good, len);
        struct proa_trace t;
        assert_err(proa_trace_parse(proa_slice_make(text, len), &t), PROA_ERR_SYNTAX);
        free(text);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 7);
    for (int i = 0; i < 1000; i++) {
        struct proa_trace t;
        proa_trace_start(&t, i % 2 == 0, &prng);
        char text[PROA_TRACE_PARENT_LEN];
        proa_trace_format(&t, text);
        struct proa_trace back;
        assert_ok(proa_trace_parse(proa_slice_make(text, sizeof(text)), &back));
        assert_memory_equal(&back, &t, sizeof(t));
        assert_int_equal(t.flags, PROA_TRACE_RANDOM | (i % 2 == 0 ? PROA_TRACE_SAMPLED : 0));
    }
}

static void children_share_the_trace(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    struct proa_trace parent;
    assert_ok(proa_trace_parse(PROA_SLICE("00-" ID "-" SPAN "-01"), &parent));
    struct proa_trace a;
    struct proa_trace b;
    proa_trace_child(&parent, &a, &prng);
    proa_trace_child(&parent, &b, &prng);
    assert_slice_lit(proa_trace_id(&a), ID);
    assert_int_equal(a.flags, PROA_TRACE_SAMPLED);
    assert_false(proa_slice_eq(proa_trace_span(&a), proa_trace_span(&parent)));
    assert_false(proa_slice_eq(proa_trace_span(&a), proa_trace_span(&b)));
    proa_trace_child(&parent, &parent, &prng); /* in place */
    assert_slice_lit(proa_trace_id(&parent), ID);
    assert_false(proa_slice_eq(proa_trace_span(&parent), PROA_SLICE(SPAN)));
}

static void same_seed_same_ids(void **state)
{
    (void)state;
    struct proa_trace t[2];
    for (int i = 0; i < 2; i++) {
        struct proa_prng prng;
        proa_prng_seed(&prng, 42);
        proa_trace_start(&t[i], false, &prng);
    }
    assert_memory_equal(&t[0], &t[1], sizeof(t[0]));
}

static void ids_are_never_zero(void **state)
{
    (void)state;
    struct proa_prng stuck = {{0, 0, 0, 0}}; /* xoshiro's fixed point: zero for ever */
    struct proa_trace t;
    proa_trace_start(&t, false, &stuck);
    char text[PROA_TRACE_PARENT_LEN];
    proa_trace_format(&t, text);
    assert_ok(proa_trace_parse(proa_slice_make(text, sizeof(text)), &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_headers),
        cmocka_unit_test(invalid_headers),
        cmocka_unit_test(every_byte_everywhere),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(children_share_the_trace),
        cmocka_unit_test(same_seed_same_ids),
        cmocka_unit_test(ids_are_never_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
