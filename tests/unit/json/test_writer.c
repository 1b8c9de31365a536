#include "proa/core/prng.h"
#include "proa/json/scan.h"
#include "proa/json/writer.h"

#include "proa_test.h"

struct fixture {
    struct proa_buf buf;
    struct proa_json_writer w;
};

static void start(struct fixture *f, size_t max)
{
    proa_buf_init(&f->buf, max);
    proa_json_writer_init(&f->w, &f->buf);
}

static void finish(struct fixture *f, const char *expected)
{
    assert_true(proa_json_writer_ok(&f->w));
    assert_slice_str(proa_buf_slice(&f->buf), expected);
    proa_buf_deinit(&f->buf);
}

static void test_writes_everything(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 4096);
    proa_json_writer_begin_object(&f.w);
    proa_json_writer_member_string(&f.w, "s", PROA_SLICE("a\"\n"));
    proa_json_writer_member_u64(&f.w, "u", UINT64_MAX);
    proa_json_writer_key(&f.w, PROA_SLICE("i"));
    proa_json_writer_i64(&f.w, INT64_MIN);
    proa_json_writer_member_bool(&f.w, "yes", true);
    proa_json_writer_member_bool(&f.w, "no", false);
    proa_json_writer_key(&f.w, PROA_SLICE("n\"ull"));
    proa_json_writer_null(&f.w);
    proa_json_writer_key(&f.w, PROA_SLICE("list"));
    proa_json_writer_begin_array(&f.w);
    proa_json_writer_u64(&f.w, 0);
    proa_json_writer_raw(&f.w, PROA_SLICE("{\"raw\":1}"));
    proa_json_writer_begin_array(&f.w);
    proa_json_writer_end_array(&f.w);
    proa_json_writer_begin_object(&f.w);
    proa_json_writer_end_object(&f.w);
    proa_json_writer_i64(&f.w, -1);
    proa_json_writer_end_array(&f.w);
    assert_false(proa_json_writer_ok(&f.w));
    proa_json_writer_end_object(&f.w);
    finish(&f, "{\"s\":\"a\\\"\\n\",\"u\":18446744073709551615,\"i\":-9223372036854775808,"
               "\"yes\":true,\"no\":false,\"n\\\"ull\":null,"
               "\"list\":[0,{\"raw\":1},[],{},-1]}");
}

static void test_names_of_the_source(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 4096);
    proa_json_writer_begin_object(&f.w);
    PROA_JSON_KEY(&f.w, "first");
    proa_json_writer_u64(&f.w, 1);
    PROA_JSON_KEY(&f.w, "second");
    proa_json_writer_begin_object(&f.w);
    proa_json_writer_key_plain(&f.w, PROA_SLICE("inner"));
    proa_json_writer_u64(&f.w, 20);
    proa_json_writer_key_plain(&f.w, PROA_SLICE(""));
    proa_json_writer_null(&f.w);
    proa_json_writer_end_object(&f.w);
    proa_json_writer_end_object(&f.w);
    finish(&f, "{\"first\":1,\"second\":{\"inner\":20,\"\":null}}");
}

static void test_scalar_at_the_top(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 64);
    assert_false(proa_json_writer_ok(&f.w));
    proa_json_writer_string(&f.w, PROA_SLICE("x"));
    finish(&f, "\"x\"");
}

static void test_appends_to_the_buffer(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, 64);
    (void)proa_buf_append_cstr(&f.buf, "data: ");
    proa_json_writer_begin_array(&f.w);
    proa_json_writer_end_array(&f.w);
    finish(&f, "data: []");
}

static void test_micro(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "0.000001"},
        {-1, "-0.000001"},
        {100000, "0.1"},
        {1500000, "1.5"},
        {-1500000, "-1.5"},
        {1000000, "1"},
        {10000000, "10"},
        {1000001, "1.000001"},
        {123456789, "123.456789"},
        {120, "0.00012"},
        {INT64_MAX, "9223372036854.775807"},
        {INT64_MIN, "-9223372036854.775808"},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct fixture f;
        start(&f, 64);
        proa_json_writer_micro(&f.w, row->value);
        finish(&f, row->text);
    }
}

static void test_deepest_nesting(void **state)
{
    struct fixture f;
    struct proa_json_info info;
    struct proa_json_scan_cfg cfg = {NULL, 0, PROA_JSON_WRITER_DEPTH};
    (void)state;
    start(&f, 4096);
    for (unsigned i = 0; i < PROA_JSON_WRITER_DEPTH; i++) {
        if (i % 3) {
            proa_json_writer_begin_object(&f.w);
            proa_json_writer_key(&f.w, PROA_SLICE("k"));
        } else {
            proa_json_writer_begin_array(&f.w);
        }
        if (i % 3 && i + 1 == PROA_JSON_WRITER_DEPTH) {
            proa_json_writer_null(&f.w);
        }
    }
    for (unsigned i = PROA_JSON_WRITER_DEPTH; i-- > 0;) {
        if (i % 3) {
            proa_json_writer_end_object(&f.w);
        } else {
            proa_json_writer_end_array(&f.w);
        }
    }
    assert_true(proa_json_writer_ok(&f.w));
    assert_ok(proa_json_scan(proa_buf_slice(&f.buf), &cfg, NULL, &info));
    proa_buf_deinit(&f.buf);
}

static void test_full_buffer_shows_at_the_end(void **state)
{
    (void)state;
    for (size_t max = 0; max < 9; max++) {
        struct fixture f;
        start(&f, max);
        proa_json_writer_begin_object(&f.w);
        proa_json_writer_member_u64(&f.w, "k", 123);
        proa_json_writer_end_object(&f.w);
        assert_false(proa_json_writer_ok(&f.w));
        assert_true(f.buf.len <= max);
        proa_buf_deinit(&f.buf);
    }
}

/* Random calls in an allowed order always make valid JSON. */
static void test_random_documents(void **state)
{
    static const struct proa_json_scan_cfg cfg = {NULL, 0, 0};
    struct proa_prng prng;
    (void)state;
    proa_prng_seed(&prng, 3);
    for (unsigned round = 0; round < 2000; round++) {
        struct fixture f;
        struct proa_json_info info;
        bool object[PROA_JSON_WRITER_DEPTH];
        unsigned depth = 0;
        unsigned n = 0;
        start(&f, 1 << 16);
        do {
            n++;
            uint64_t what = n > 100 ? 9 : proa_prng_below(&prng, 10);
            if (what == 9 && depth > 0) {
                depth--;
                if (object[depth]) {
                    proa_json_writer_end_object(&f.w);
                } else {
                    proa_json_writer_end_array(&f.w);
                }
                continue;
            }
            if (depth > 0 && object[depth - 1]) {
                char key[8];
                (void)snprintf(key, sizeof key, "%u", n);
                proa_json_writer_key(&f.w, proa_slice_cstr(key));
            }
            if (what < 4 && depth < PROA_JSON_WRITER_DEPTH) {
                object[depth] = what < 2;
                depth++;
                if (what < 2) {
                    proa_json_writer_begin_object(&f.w);
                } else {
                    proa_json_writer_begin_array(&f.w);
                }
            } else if (what < 6) {
                char text[4];
                uint64_t bits = proa_prng_next(&prng);
                memcpy(text, &bits, sizeof text);
                proa_json_writer_string(&f.w, proa_slice_make(text, sizeof text));
            } else {
                proa_json_writer_i64(&f.w, (int64_t)proa_prng_next(&prng));
            }
        } while (depth > 0);
        assert_true(proa_json_writer_ok(&f.w));
        assert_ok(proa_json_scan(proa_buf_slice(&f.buf), &cfg, NULL, &info));
        proa_buf_deinit(&f.buf);
    }
}

/* ---- Misuse: aborts in debug builds, shows in ok() in the others ---- */

static void value_without_key(struct proa_json_writer *w)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_null(w);
    proa_json_writer_end_object(w);
}

static void key_in_an_array(struct proa_json_writer *w)
{
    proa_json_writer_begin_array(w);
    proa_json_writer_key(w, PROA_SLICE("k"));
    proa_json_writer_end_array(w);
}

static void two_keys(struct proa_json_writer *w)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("k"));
    proa_json_writer_key(w, PROA_SLICE("l"));
    proa_json_writer_null(w);
    proa_json_writer_end_object(w);
}

static void wrong_end(struct proa_json_writer *w)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
}

static void key_before_end(struct proa_json_writer *w)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("k"));
    proa_json_writer_end_object(w);
    proa_json_writer_null(w);
    proa_json_writer_end_object(w);
}

static void two_values(struct proa_json_writer *w)
{
    proa_json_writer_null(w);
    proa_json_writer_null(w);
}

static void too_deep(struct proa_json_writer *w)
{
    for (unsigned i = 0; i <= PROA_JSON_WRITER_DEPTH; i++) {
        proa_json_writer_begin_array(w);
    }
    for (unsigned i = 0; i < PROA_JSON_WRITER_DEPTH; i++) {
        proa_json_writer_end_array(w);
    }
}

static void empty_raw(struct proa_json_writer *w)
{
    proa_json_writer_raw(w, PROA_SLICE_NONE);
    proa_json_writer_null(w);
}

struct misuse {
    void (*run)(struct proa_json_writer *w);
};

static void run_misuse(void *ctx)
{
    const struct misuse *m = ctx;
    struct fixture f;
    start(&f, 4096);
    m->run(&f.w);
    if (proa_json_writer_ok(&f.w)) {
        _exit(1);
    }
    proa_buf_deinit(&f.buf);
}

static void test_misuse_is_noticed(void **state)
{
    static void (*const cases[])(struct proa_json_writer *) = {
        value_without_key, key_in_an_array, two_keys, wrong_end,
        key_before_end,    two_values,      too_deep, empty_raw};
    (void)state;
    PROA_TEST_ROWS(run, cases)
    {
        struct misuse m = {*run};
#ifdef PROA_DEBUG
        assert_true(proa_test_aborts(run_misuse, &m));
#else
        run_misuse(&m);
#endif
    }
}

static void test_texts_and_keys_that_are_json_already(void **state)
{
    (void)state;
    struct proa_buf b;
    struct proa_json_writer w;
    proa_buf_init(&b, 256);
    proa_json_writer_init(&w, &b);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("a"));
    proa_json_writer_text(&w, PROA_SLICE("x\\n\\\"y"));
    proa_json_writer_key_token(&w, PROA_SLICE("\"b\\u0041\""));
    proa_json_writer_text(&w, PROA_SLICE_NONE);
    proa_json_writer_end_object(&w);
    assert_true(proa_json_writer_ok(&w));
    assert_slice_str(proa_buf_slice(&b), "{\"a\":\"x\\n\\\"y\",\"b\\u0041\":\"\"}");
    proa_buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_and_keys_that_are_json_already),
        cmocka_unit_test(test_writes_everything),
        cmocka_unit_test(test_names_of_the_source),
        cmocka_unit_test(test_scalar_at_the_top),
        cmocka_unit_test(test_appends_to_the_buffer),
        cmocka_unit_test(test_micro),
        cmocka_unit_test(test_deepest_nesting),
        cmocka_unit_test(test_full_buffer_shows_at_the_end),
        cmocka_unit_test(test_random_documents),
        cmocka_unit_test(test_misuse_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
