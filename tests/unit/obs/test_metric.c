#include "proa/obs/metric.h"

#include "proa_test.h"

#define S PROA_SLICE

static void table_follows_the_naming_rules(void **state)
{
    (void)state;
    for (int i = 0; i < PROA_METRIC_COUNT; i++) {
        const struct proa_metric_def *def = proa_metric_def((enum proa_metric)i);
        struct proa_slice name = def->name;
        const char *text = name.ptr;
        PROA_TEST_CHECK(name.len > 6, "metric %d", i);
        bool total = proa_slice_eq(proa_slice_from(name, name.len - 6), S("_total"));
        bool info = proa_slice_eq(proa_slice_from(name, name.len - 5), S("_info"));
        PROA_TEST_CHECK(total == (def->kind == PROA_METRIC_COUNTER), "%s", text);
        PROA_TEST_CHECK(info == (def->kind == PROA_METRIC_INFO), "%s", text);
        PROA_TEST_CHECK((def->scale != PROA_METRIC_SCALE_NONE) ==
                            (def->kind == PROA_METRIC_HISTOGRAM),
                        "%s", text);
        struct proa_slice stem = total ? proa_slice_head(name, name.len - 6) : name;
        if (def->unit == PROA_METRIC_UNIT_SECONDS) {
            assert_slice_lit(proa_slice_from(stem, stem.len - 8), "_seconds");
        } else if (def->unit == PROA_METRIC_UNIT_BYTES) {
            assert_slice_lit(proa_slice_from(stem, stem.len - 6), "_bytes");
        }
        PROA_TEST_CHECK(proa_slice_starts(name, S("proa_")) ||
                            proa_slice_starts(name, S("process_")) ||
                            proa_slice_starts(name, S("gen_ai_")),
                        "%s", text);
        /* Help goes out unescaped. */
        PROA_TEST_CHECK(def->help.len > 0, "%s", text);
        for (size_t k = 0; k < def->help.len; k++) {
            PROA_TEST_CHECK(strchr("\\\"\n", def->help.ptr[k]) == NULL, "%s", text);
        }
        for (int j = 0; j < i; j++) {
            assert_false(proa_slice_eq(proa_metric_def((enum proa_metric)j)->name, name));
        }
        for (uint32_t l = 0; l < proa_metric_n_labels(def); l++) {
            for (const char *c = def->labels[l]; *c; c++) {
                PROA_TEST_CHECK((*c >= 'a' && *c <= 'z') || *c == '_', "%s", def->labels[l]);
            }
        }
    }
}

static void label_counts_come_from_the_table(void **state)
{
    (void)state;
    static const struct {
        enum proa_metric metric;
        uint32_t n;
    } cases[] = {{PROA_METRIC_BUFFERED, 0}, {PROA_METRIC_RETRIES, 1},
                 {PROA_METRIC_REQUESTS, 2}, {PROA_METRIC_FALLBACKS, 3},
                 {PROA_METRIC_BUILD, 2},    {PROA_METRIC_GENAI_TOKENS, 4}};
    PROA_TEST_ROWS(row, cases)
    {
        assert_int_equal(proa_metric_n_labels(proa_metric_def(row->metric)), row->n);
    }
}

static void same_labels_same_series(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    struct proa_metric_series *a = proa_metric_series2(reg, PROA_METRIC_REQUESTS, S("r"), S("ok"));
    proa_metric_add(a, 3);
    char copy[] = {'r'};
    struct proa_slice again = proa_slice_make(copy, 1);
    assert_ptr_equal(proa_metric_series2(reg, PROA_METRIC_REQUESTS, again, S("ok")), a);
    copy[0] = 'x'; /* values are copied */
    assert_ptr_equal(proa_metric_series2(reg, PROA_METRIC_REQUESTS, S("r"), S("ok")), a);
    assert_ptr_not_equal(proa_metric_series2(reg, PROA_METRIC_REQUESTS, S("r"), S("error")), a);
    assert_ptr_not_equal(
        proa_metric_series2(reg, PROA_METRIC_STREAM_INTERRUPTIONS, S("r"), S("ok")), a);
    assert_int_equal(a->value, 3);
    assert_int_equal(proa_metric_reg_len(reg), 3);
    assert_slice_lit(a->labels, "route=\"r\",outcome=\"ok\"");
    proa_metric_reg_destroy(reg);
}

static void moved_label_borders_are_other_series(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    struct proa_metric_series *a = proa_metric_series2(reg, PROA_METRIC_REQUESTS, S("ab"), S("c"));
    struct proa_metric_series *b = proa_metric_series2(reg, PROA_METRIC_REQUESTS, S("a"), S("bc"));
    struct proa_metric_series *c = proa_metric_series2(reg, PROA_METRIC_REQUESTS, S(""), S("abc"));
    assert_ptr_not_equal(a, b);
    assert_ptr_not_equal(b, c);
    proa_metric_reg_destroy(reg);
}

static void series_of_a_metric_keep_their_order(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    static const char *const names[] = {"z", "a", "m", "b"};
    PROA_TEST_ROWS(name, names)
    {
        (void)proa_metric_series1(reg, PROA_METRIC_INFLIGHT, proa_slice_cstr(*name));
        (void)proa_metric_series1(reg, PROA_METRIC_SHED, proa_slice_cstr(*name));
    }
    const struct proa_metric_series *s = proa_metric_first(reg, PROA_METRIC_INFLIGHT);
    PROA_TEST_ROWS(name, names)
    {
        assert_non_null(s);
        assert_slice_equal(proa_slice_make(s->labels.ptr + 7, 1), proa_slice_cstr(*name));
        s = s->next;
    }
    assert_null(s);
    assert_null(proa_metric_first(reg, PROA_METRIC_REQUESTS));
    proa_metric_reg_destroy(reg);
}

static void label_values_are_cleaned(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice in;
        struct proa_slice out;
    } cases[] = {
        {PROA_SLICE_INIT("plain/model-1.5:x"), PROA_SLICE_INIT("plain/model-1.5:x")},
        {PROA_SLICE_INIT("a\"b\\c\nd"), PROA_SLICE_INIT("a\\\"b\\\\c\\nd")},
        {PROA_SLICE_INIT("a\0b\x1b[31m\r\t\x7f"), PROA_SLICE_INIT("a_b_[31m___")},
        {PROA_SLICE_INIT("gr\xc3\xbc\xc3\x9f\xf0\x9f\x9b\xb6"),
         PROA_SLICE_INIT("gr\xc3\xbc\xc3\x9f\xf0\x9f\x9b\xb6")},
        {PROA_SLICE_INIT("\xc2\x9b"), PROA_SLICE_INIT("__")},           /* C1 CSI */
        {PROA_SLICE_INIT("\xff\xc3"), PROA_SLICE_INIT("__")},           /* no UTF-8 */
        {PROA_SLICE_INIT("\xed\xa0\x80x"), PROA_SLICE_INIT("___x")},    /* surrogate */
        {PROA_SLICE_INIT("\xc0\xaf"), PROA_SLICE_INIT("__")},           /* overlong */
        {PROA_SLICE_INIT("\xf4\x90\x80\x80"), PROA_SLICE_INIT("____")}, /* beyond Unicode */
        {PROA_SLICE_INIT(""), PROA_SLICE_INIT("")},
    };
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_metric_series *s = proa_metric_series1(reg, PROA_METRIC_SHED, row->in);
        assert_slice_equal(proa_slice_make(s->labels.ptr + 8, s->labels.len - 9), row->out);
    }
    proa_metric_reg_destroy(reg);
}

static void long_label_values_are_cut_between_characters(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    char text[PROA_METRIC_LABEL_BYTES + 40];
    for (size_t i = 0; i < sizeof(text) - 1; i += 2) {
        memcpy(text + i, "\xc3\xbc", 2);
    }
    struct proa_metric_series *even =
        proa_metric_series1(reg, PROA_METRIC_SHED, proa_slice_make(text, sizeof(text)));
    assert_int_equal(even->labels.len, strlen("reason=\"\"") + PROA_METRIC_LABEL_BYTES);
    memmove(text + 1, text, sizeof(text) - 1);
    text[0] = 'x';
    struct proa_metric_series *odd =
        proa_metric_series1(reg, PROA_METRIC_SHED, proa_slice_make(text, sizeof(text)));
    assert_int_equal(odd->labels.len, strlen("reason=\"\"") + PROA_METRIC_LABEL_BYTES - 1);
    /* Worst case of all four labels: everything escaped. */
    memset(text, '"', sizeof(text));
    struct proa_slice quotes = proa_slice_make(text, sizeof(text));
    const struct proa_slice all[] = {quotes, quotes, quotes, quotes};
    assert_non_null(proa_metric_series(reg, PROA_METRIC_GENAI_TOKENS, all, 4));
    memset(text, 0x80, sizeof(text)); /* continuation bytes only: no place to cut at */
    assert_non_null(proa_metric_series1(reg, PROA_METRIC_SHED, quotes));
    proa_metric_reg_destroy(reg);
}

static void series_beyond_the_cap_are_folded(void **state)
{
    (void)state;
    enum { CAP = 5 };
    struct proa_metric_reg *reg = proa_metric_reg_create(CAP);
    struct proa_metric_series *kept[CAP];
    for (uint32_t i = 0; i < CAP; i++) {
        char name[] = {(char)('a' + i)};
        kept[i] = proa_metric_series1(reg, PROA_METRIC_INFLIGHT, proa_slice_make(name, 1));
    }
    const struct proa_metric_series *folded = proa_metric_first(reg, PROA_METRIC_SERIES_FOLDED);
    assert_int_equal(folded->value, 0);
    struct proa_metric_series *x = proa_metric_series1(reg, PROA_METRIC_INFLIGHT, S("x"));
    struct proa_metric_series *y = proa_metric_series1(reg, PROA_METRIC_INFLIGHT, S("y"));
    struct proa_metric_series *z = proa_metric_series2(reg, PROA_METRIC_REQUESTS, S("x"), S("ok"));
    assert_ptr_equal(x, y);
    assert_ptr_not_equal(x, z);
    assert_slice_lit(x->labels, "route=\"other\"");
    assert_slice_lit(z->labels, "route=\"other\",outcome=\"other\"");
    assert_int_equal(folded->value, 3);
    assert_int_equal(proa_metric_reg_len(reg), CAP);
    /* Known ones still answer, and a metric without labels keeps its only series. */
    assert_ptr_equal(proa_metric_series1(reg, PROA_METRIC_INFLIGHT, S("c")), kept[2]);
    struct proa_metric_series *only = proa_metric_series0(reg, PROA_METRIC_BUFFERED);
    assert_int_equal(only->labels.len, 0);
    assert_ptr_equal(proa_metric_series0(reg, PROA_METRIC_BUFFERED), only);
    proa_metric_reg_destroy(reg);
}

static void a_configured_other_is_the_folded_one(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(1);
    struct proa_metric_series *other = proa_metric_series1(reg, PROA_METRIC_SHED, S("other"));
    assert_ptr_equal(proa_metric_series1(reg, PROA_METRIC_SHED, S("late")), other);
    assert_null(other->next);
    proa_metric_reg_destroy(reg);
}

static void default_cap_holds_a_large_configuration(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    for (uint32_t i = 0; i < PROA_METRIC_SERIES_MAX + 100; i++) {
        char name[4] = {(char)('a' + i / 676 % 26), (char)('a' + i / 26 % 26), (char)('a' + i % 26),
                        0};
        proa_metric_add(proa_metric_series1(reg, PROA_METRIC_INFLIGHT, proa_slice_cstr(name)), 1);
    }
    assert_int_equal(proa_metric_reg_len(reg), PROA_METRIC_SERIES_MAX);
    uint64_t sum = 0;
    uint32_t n = 0;
    for (const struct proa_metric_series *s = proa_metric_first(reg, PROA_METRIC_INFLIGHT); s;
         s = s->next) {
        sum += s->value;
        n++;
    }
    assert_int_equal(sum, PROA_METRIC_SERIES_MAX + 100); /* nothing is lost */
    assert_int_equal(n, PROA_METRIC_SERIES_MAX + 1);
    proa_metric_reg_destroy(reg);
}

/* The bucket that a linear search finds: the first whose bound is not below the value. */
static uint32_t bucket_of(const struct proa_metric_bounds *b, uint64_t value)
{
    uint32_t i = 0;
    while (i < b->n && value > b->at[i]) {
        i++;
    }
    return i;
}

static void check_observation(struct proa_metric_series *s, uint64_t value)
{
    uint32_t want = bucket_of(s->bounds, value);
    uint64_t before = s->buckets[want];
    uint64_t sum = s->value;
    proa_metric_observe(s, value);
    PROA_TEST_CHECK(s->buckets[want] == before + 1, "value %llu not in bucket %u",
                    (unsigned long long)value, want);
    assert_true(s->value == sum + value);
}

static void histogram_bounds_are_inclusive(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    const struct proa_slice op[] = {S("chat"), S("openai"), S("m"), S("input")};
    struct proa_metric_series *all[] = {
        proa_metric_series1(reg, PROA_METRIC_REQUEST_DURATION, S("r")),
        proa_metric_series1(reg, PROA_METRIC_OVERHEAD, S("r")),
        proa_metric_series(reg, PROA_METRIC_GENAI_TOKENS, op, 4)};
    for (size_t k = 0; k < PROA_ARRAY_LEN(all); k++) {
        struct proa_metric_series *s = all[k];
        assert_true(s->bounds->n > 8 && s->bounds->n <= PROA_METRIC_BOUNDS_MAX);
        for (uint32_t i = 0; i < s->bounds->n; i++) {
            uint64_t at = s->bounds->at[i];
            assert_true(i == 0 || at > s->bounds->at[i - 1]);
            check_observation(s, at - 1);
            check_observation(s, at);
            check_observation(s, at + 1);
        }
        for (unsigned bit = 0; bit < 64; bit++) {
            check_observation(s, UINT64_C(1) << bit);
            check_observation(s, (UINT64_C(1) << bit) - 1);
        }
        check_observation(s, UINT64_MAX);
    }
    proa_metric_reg_destroy(reg);
}

static void genai_buckets_are_the_conventions(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    const struct proa_slice op[] = {S("chat"), S("openai"), S("m"), S("input")};
    const struct proa_metric_bounds *d =
        proa_metric_series(reg, PROA_METRIC_GENAI_DURATION, op, 3)->bounds;
    const struct proa_metric_bounds *t =
        proa_metric_series(reg, PROA_METRIC_GENAI_TOKENS, op, 4)->bounds;
    assert_int_equal(d->n, 14);
    assert_int_equal(t->n, 14);
    for (uint32_t i = 0; i < 14; i++) {
        assert_int_equal(d->at[i], (UINT64_C(10000000) << i));
        assert_int_equal(t->at[i], UINT64_C(1) << (2 * i));
    }
    proa_metric_reg_destroy(reg);
}

static void info_is_replaced_not_added(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    const struct proa_slice old[] = {S("aaaa"), S("1")};
    const struct proa_slice new[] = {S("bbbb"), S("2")};
    proa_metric_info(reg, PROA_METRIC_CONFIG, old, 2);
    for (int i = 0; i < 5000; i++) { /* reloads do not eat the cap */
        proa_metric_info(reg, PROA_METRIC_CONFIG, i % 2 ? new : old, 2);
    }
    const struct proa_metric_series *s = proa_metric_first(reg, PROA_METRIC_CONFIG);
    assert_slice_lit(s->labels, "hash=\"bbbb\",revision=\"2\"");
    assert_int_equal(s->value, 1);
    assert_null(s->next);
    assert_int_equal(proa_metric_reg_len(reg), 0);
    proa_metric_reg_destroy(reg);
}

static void wrong_label_count(void *ctx)
{
    (void)proa_metric_series1(ctx, PROA_METRIC_REQUESTS, S("r"));
}

static void info_as_series(void *ctx)
{
    (void)proa_metric_series2(ctx, PROA_METRIC_BUILD, S("1"), S("r"));
}

static void misuse_aborts(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    assert_true(proa_test_aborts(wrong_label_count, reg));
    assert_true(proa_test_aborts(info_as_series, reg));
    proa_metric_reg_destroy(reg);
    proa_metric_reg_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_follows_the_naming_rules),
        cmocka_unit_test(label_counts_come_from_the_table),
        cmocka_unit_test(same_labels_same_series),
        cmocka_unit_test(moved_label_borders_are_other_series),
        cmocka_unit_test(series_of_a_metric_keep_their_order),
        cmocka_unit_test(label_values_are_cleaned),
        cmocka_unit_test(long_label_values_are_cut_between_characters),
        cmocka_unit_test(series_beyond_the_cap_are_folded),
        cmocka_unit_test(a_configured_other_is_the_folded_one),
        cmocka_unit_test(default_cap_holds_a_large_configuration),
        cmocka_unit_test(histogram_bounds_are_inclusive),
        cmocka_unit_test(genai_buckets_are_the_conventions),
        cmocka_unit_test(info_is_replaced_not_added),
        cmocka_unit_test(misuse_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
