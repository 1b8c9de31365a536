#include "proa/json/splice.h"

#include "json_gen.h"
#include "proa_test.h"

enum { MAX_MEMBERS = 5, MAX_PIECES = PROA_JSON_PIECES(PROA_JSON_MAX_EDITS) };

static const struct proa_json_want wants[MAX_MEMBERS] = {{PROA_SLICE_INIT("k0"), 0},
                                                         {PROA_SLICE_INIT("k1"), 0},
                                                         {PROA_SLICE_INIT("k2"), 0},
                                                         {PROA_SLICE_INIT("k3"), 0},
                                                         {PROA_SLICE_INIT("k4"), 0}};
static const struct proa_json_scan_cfg cfg = {wants, MAX_MEMBERS, 0};

static enum proa_err splice(struct proa_slice text, const struct proa_json_info *info,
                            const struct proa_json_edit *edits, size_t n, struct proa_buf *out)
{
    struct proa_slice slices[MAX_PIECES];
    struct proa_json_pieces pieces = {.slices = slices, .max = PROA_JSON_PIECES(n)};
    enum proa_err err = proa_json_splice(text, info, edits, n, &pieces);
    proa_buf_clear(out);
    for (size_t i = 0; !err && i < pieces.n; i++) {
        assert_true(pieces.slices[i].len > 0);
        (void)proa_buf_append(out, pieces.slices[i]);
    }
    if (!err) {
        assert_int_equal(pieces.total_bytes, out->len);
    }
    return err;
}

struct edit_case {
    const char *text;
    const char *plan; /* one letter per edit: 0-4 remove, A-E replace by 9, f and l insert */
    const char *expected;
};

static size_t read_plan(const char *plan, const struct proa_json_member *m,
                        struct proa_json_edit *edits)
{
    size_t n = 0;
    for (; plan[n]; n++) {
        char c = plan[n];
        if (c >= '0' && c <= '4') {
            edits[n] = (struct proa_json_edit){PROA_JSON_REMOVE, m[c - '0'], PROA_SLICE_NONE};
        } else if (c >= 'A' && c <= 'E') {
            edits[n] = (struct proa_json_edit){PROA_JSON_REPLACE, m[c - 'A'], PROA_SLICE("9")};
        } else {
            edits[n] = (struct proa_json_edit){
                .kind = c == 'f' ? PROA_JSON_INSERT_FIRST : PROA_JSON_INSERT_LAST,
                .bytes = c == 'f' ? PROA_SLICE("\"f\":0") : PROA_SLICE("\"l\":0")};
        }
    }
    return n;
}

static void test_edits(void **state)
{
    static const struct edit_case cases[] = {
        {"{\"k0\":1,\"k1\":2}", "", "{\"k0\":1,\"k1\":2}"},
        {"{\"k0\":1,\"k1\":2}", "0", "{\"k1\":2}"},
        {"{\"k0\":1,\"k1\":2}", "1", "{\"k0\":1}"},
        {"{\"k0\":1,\"k1\":2}", "01", "{}"},
        {"{\"k0\":1,\"k1\":2}", "10", "{}"},
        {"{\"k0\":1,\"k1\":2,\"k2\":3}", "1", "{\"k0\":1,\"k2\":3}"},
        {"{\"k0\":1,\"k1\":2,\"k2\":3}", "02", "{\"k1\":2}"},
        {"{\"k0\":1,\"k1\":2,\"k2\":3}", "12", "{\"k0\":1}"},
        {" { \"k0\" : 1 , \"k1\" : 2 } ", "1", " { \"k0\" : 1  } "},
        {" { \"k0\" : 1 , \"k1\" : 2 } ", "0", " {  \"k1\" : 2 } "},
        {" { \"k0\" : 1 } ", "0", " {  } "},
        {"{\"k0\":1,\"k1\":2}", "A", "{\"k0\":9,\"k1\":2}"},
        {"{\"k0\":1,\"k1\":2}", "BA", "{\"k0\":9,\"k1\":9}"},
        {"{\"k0\":1,\"k1\":2}", "A1", "{\"k0\":9}"},
        {"{\"k0\":1,\"k1\":2}", "0B", "{\"k1\":9}"},
        {"{\"k0\":1}", "f", "{\"f\":0,\"k0\":1}"},
        {"{\"k0\":1}", "l", "{\"k0\":1,\"l\":0}"},
        {"{\"k0\":1}", "lf", "{\"f\":0,\"k0\":1,\"l\":0}"},
        {"{\"k0\":1}", "ff", "{\"f\":0,\"f\":0,\"k0\":1}"},
        {"{\"k0\":1}", "ll", "{\"k0\":1,\"l\":0,\"l\":0}"},
        {"{\"k0\":1}", "0f", "{\"f\":0}"},
        {"{\"k0\":1}", "0l", "{\"l\":0}"},
        {"{\"k0\":1}", "0fl", "{\"f\":0,\"l\":0}"},
        {"{}", "f", "{\"f\":0}"},
        {"{}", "l", "{\"l\":0}"},
        {"{}", "fl", "{\"f\":0,\"l\":0}"},
        {"{ }", "fl", "{\"f\":0, \"l\":0}"},
        {"{}", "3", "{}"},
        {"{\"x\":\"}\",\"k0\":1}", "0", "{\"x\":\"}\"}"},
        {"{\"x\":[1,2],\"k0\":{\"a\":[]},\"y\":0}", "0", "{\"x\":[1,2],\"y\":0}"},
    };
    struct proa_buf out;
    (void)state;
    proa_buf_init(&out, 1 << 16);
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_member m[MAX_MEMBERS];
        struct proa_json_info info;
        struct proa_json_edit edits[MAX_MEMBERS];
        struct proa_slice text = proa_slice_cstr(row->text);
        assert_ok(proa_json_scan(text, &cfg, m, &info));
        size_t n = read_plan(row->plan, m, edits);
        assert_ok(splice(text, &info, edits, n, &out));
        assert_slice_str(proa_buf_slice(&out), row->expected);
    }
    proa_buf_deinit(&out);
}

/* Checks that `result` is an object with exactly the members the edits leave. */
static void check_result(struct proa_slice result, struct proa_slice text,
                         const struct proa_json_member *before, const unsigned *fate,
                         size_t n_expected)
{
    struct proa_json_member after[MAX_MEMBERS];
    struct proa_json_info info;
    enum proa_err err = proa_json_scan(result, &cfg, after, &info);
    if (err || info.n_members != n_expected) {
        proa_test_print_slice("text", text);
        proa_test_print_slice("result", result);
    }
    assert_ok(err);
    assert_int_equal(info.n_members, n_expected);
    for (size_t k = 0; k < MAX_MEMBERS; k++) {
        struct proa_slice value = proa_json_member_value(result, &after[k]);
        if (fate[k] == 1) {
            assert_int_equal(after[k].kind, PROA_JSON_ABSENT);
        } else if (fate[k] == 2) {
            assert_slice_lit(value, "[\"new\"]");
        } else {
            assert_slice_equal(value, proa_json_member_value(text, &before[k]));
        }
    }
}

/* Each of 5 members kept, removed or replaced, with and without inserts at both ends, the edits
 * forwards and backwards, in three spellings of the same object and with 0 to 5 members. */
static void test_all_combinations(void **state)
{
    static const char *const blanks[] = {"", " ", "\r\n\t  "};
    struct proa_buf text;
    struct proa_buf out;
    (void)state;
    proa_buf_init(&text, 4096);
    proa_buf_init(&out, 4096);
    for (size_t shape = 0; shape < 3 * (MAX_MEMBERS + 1); shape++) {
        const char *sp = blanks[shape % 3];
        size_t present = shape / 3;
        size_t n_plans = 4;
        proa_buf_clear(&text);
        (void)proa_buf_append_printf(&text, "%s{%s", sp, sp);
        for (size_t k = 0; k < present; k++) {
            (void)proa_buf_append_printf(&text, "%s\"k%zu\"%s:%s{\"v,\":[%zu,1]}%s", k ? "," : "",
                                         k, sp, sp, k, sp);
        }
        (void)proa_buf_append_printf(&text, "}%s", sp);
        for (size_t k = 0; k < present; k++) {
            n_plans *= 3;
        }
        struct proa_json_member m[MAX_MEMBERS];
        struct proa_json_info info;
        assert_ok(proa_json_scan(proa_buf_slice(&text), &cfg, m, &info));
        for (size_t plan = 0; plan < 2 * n_plans; plan++) {
            struct proa_json_edit edits[MAX_MEMBERS + 2];
            unsigned fate[MAX_MEMBERS] = {0};
            size_t rest = plan / 8;
            size_t n = 0;
            size_t left = present + (plan & 1) + (plan >> 1 & 1);
            if (plan & 1) {
                edits[n++] = (struct proa_json_edit){.kind = PROA_JSON_INSERT_FIRST,
                                                     .bytes = PROA_SLICE("\"a\":{}")};
            }
            if (plan & 2) {
                edits[n++] = (struct proa_json_edit){.kind = PROA_JSON_INSERT_LAST,
                                                     .bytes = PROA_SLICE("\"z\":[]")};
            }
            for (size_t k = 0; k < present; k++, rest /= 3) {
                fate[k] = (unsigned)(rest % 3);
                left -= fate[k] == 1;
            }
            for (size_t i = 0; i < present; i++) {
                size_t k = plan & 4 ? present - 1 - i : i;
                if (fate[k]) {
                    edits[n++] = (struct proa_json_edit){.kind = fate[k] == 1 ? PROA_JSON_REMOVE
                                                                              : PROA_JSON_REPLACE,
                                                         .member = m[k],
                                                         .bytes = PROA_SLICE("[\"new\"]")};
                }
            }
            assert_ok(splice(proa_buf_slice(&text), &info, edits, n, &out));
            check_result(proa_buf_slice(&out), proa_buf_slice(&text), m, fate, left);
        }
    }
    proa_buf_deinit(&text);
    proa_buf_deinit(&out);
}

static void test_random_objects(void **state)
{
    struct proa_prng prng;
    struct proa_buf text;
    struct proa_buf out;
    (void)state;
    proa_prng_seed(&prng, 7);
    proa_buf_init(&text, 1 << 20);
    proa_buf_init(&out, 1 << 20);
    for (unsigned round = 0; round < 4000; round++) {
        struct proa_json_member m[MAX_MEMBERS];
        struct proa_json_info info;
        struct proa_json_edit edits[MAX_MEMBERS];
        unsigned fate[MAX_MEMBERS] = {0};
        size_t n = 0;
        proa_buf_clear(&text);
        gen_json(&text, &prng, 1 + (unsigned)gen_pick(&prng, 20), true);
        assert_ok(proa_json_scan(proa_buf_slice(&text), &cfg, m, &info));
        size_t left = info.n_members;
        for (size_t k = 0; k < MAX_MEMBERS; k++) {
            fate[k] = m[k].kind == PROA_JSON_ABSENT ? 0 : (unsigned)gen_pick(&prng, 3);
            left -= fate[k] == 1;
            if (fate[k]) {
                edits[n++] =
                    (struct proa_json_edit){fate[k] == 1 ? PROA_JSON_REMOVE : PROA_JSON_REPLACE,
                                            m[k], PROA_SLICE("[\"new\"]")};
            }
        }
        assert_ok(splice(proa_buf_slice(&text), &info, edits, n, &out));
        check_result(proa_buf_slice(&out), proa_buf_slice(&text), m, fate, left);
    }
    proa_buf_deinit(&text);
    proa_buf_deinit(&out);
}

static void test_refuses_misuse(void **state)
{
    struct proa_slice text = PROA_SLICE("{\"k0\":1,\"k1\":2}");
    struct proa_slice slices[MAX_PIECES];
    struct proa_json_pieces out = {.slices = slices, .max = MAX_PIECES};
    struct proa_json_member m[MAX_MEMBERS];
    struct proa_json_info info;
    struct proa_json_edit e[PROA_JSON_MAX_EDITS + 1] = {{.kind = PROA_JSON_REMOVE}};
    (void)state;
    assert_ok(proa_json_scan(text, &cfg, m, &info));

    assert_ok(proa_json_splice(text, &info, e, PROA_JSON_MAX_EDITS, &out));
    assert_err(proa_json_splice(text, &info, e, PROA_JSON_MAX_EDITS + 1, &out), PROA_ERR_ARG);
    e[0] = (struct proa_json_edit){PROA_JSON_REPLACE, m[3], PROA_SLICE("1")};
    assert_err(proa_json_splice(text, &info, e, 1, &out), PROA_ERR_ARG);
    e[0] = (struct proa_json_edit){PROA_JSON_REPLACE, m[0], PROA_SLICE_NONE};
    assert_err(proa_json_splice(text, &info, e, 1, &out), PROA_ERR_ARG);
    e[0] = (struct proa_json_edit){.kind = PROA_JSON_INSERT_LAST};
    assert_err(proa_json_splice(text, &info, e, 1, &out), PROA_ERR_ARG);
    e[0] = e[1] = (struct proa_json_edit){PROA_JSON_REMOVE, m[0], PROA_SLICE_NONE};
    assert_err(proa_json_splice(text, &info, e, 2, &out), PROA_ERR_ARG);
    e[1] = (struct proa_json_edit){PROA_JSON_REPLACE, m[0], PROA_SLICE("1")};
    assert_err(proa_json_splice(text, &info, e, 2, &out), PROA_ERR_ARG);
    e[0].member.value_end = text.len;
    assert_err(proa_json_splice(text, &info, e, 1, &out), PROA_ERR_ARG);
    e[0].member.value_end = SIZE_MAX;
    assert_err(proa_json_splice(text, &info, e, 1, &out), PROA_ERR_ARG);
    e[0].member.key_at = 0;
    assert_err(proa_json_splice(text, &info, e, 1, &out), PROA_ERR_ARG);
    e[0].member = m[0];
    assert_err(proa_json_splice(proa_slice_head(text, 5), &info, e, 1, &out), PROA_ERR_ARG);

    assert_ok(proa_json_scan(PROA_SLICE("[]"), &cfg, m, &info));
    assert_err(proa_json_splice(PROA_SLICE("[]"), &info, NULL, 0, &out), PROA_ERR_ARG);
}

static void test_reports_too_few_pieces(void **state)
{
    struct proa_slice text = PROA_SLICE("{\"k0\":1,\"k1\":2}");
    struct proa_slice slices[3];
    struct proa_json_member m[MAX_MEMBERS];
    struct proa_json_info info;
    (void)state;
    assert_ok(proa_json_scan(text, &cfg, m, &info));
    struct proa_json_edit e = {PROA_JSON_REPLACE, m[0], PROA_SLICE("1")};
    for (size_t max = 0; max <= 3; max++) {
        struct proa_json_pieces out = {.slices = slices, .max = max};
        assert_err(proa_json_splice(text, &info, &e, 1, &out), max < 3 ? PROA_ERR_LIMIT : PROA_OK);
        assert_true(out.n <= max);
    }
    assert_slice_lit(slices[0], "{\"k0\":");
    assert_slice_lit(slices[1], "1");
    assert_ptr_equal(slices[0].ptr, text.ptr); /* nothing was copied */
    assert_slice_lit(slices[2], ",\"k1\":2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_all_combinations),
        cmocka_unit_test(test_random_objects),
        cmocka_unit_test(test_refuses_misuse),
        cmocka_unit_test(test_reports_too_few_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
