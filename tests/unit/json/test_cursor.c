#include "proa/json/cursor.h"

#include "json_gen.h"
#include "proa_test.h"

static void test_walks_objects(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    (void)state;
    assert_ok(proa_json_cursor_init(
        &c, PROA_SLICE(" { \"a\" : 1 , \"b\\n\":\"x,y\" ,\"c\":[{}, 2],\"d\":{\"e\":null} } ")));
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.key, "\"a\"");
    assert_slice_lit(item.value, "1");
    assert_int_equal(item.kind, PROA_JSON_NUMBER);
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.key, "\"b\\n\"");
    assert_slice_lit(item.value, "\"x,y\"");
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.value, "[{}, 2]");
    assert_int_equal(item.kind, PROA_JSON_ARRAY);
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.value, "{\"e\":null}");
    assert_false(proa_json_cursor_next(&c, &item));
    assert_ok(c.err);
    assert_false(proa_json_cursor_next(&c, &item));
}

static void test_walks_arrays(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    (void)state;
    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("[true,[1,[2]],\"]\"]")));
    assert_true(proa_json_cursor_next(&c, &item));
    assert_int_equal(item.kind, PROA_JSON_TRUE);
    assert_int_equal(item.key.len, 0);
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.value, "[1,[2]]");
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.value, "\"]\"");
    assert_false(proa_json_cursor_next(&c, &item));
    assert_ok(c.err);
}

static void test_counts_are_members_of_the_plainest_kind(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    uint64_t value = 7;
    (void)state;
    const struct proa_slice text =
        PROA_SLICE("{\"first\": 12,\"second\":0, \"third\":999999999999999999,\"minus\":-1,"
                   "\"text\":\"3\",\"part\":1.5,\"odd\\u0041\":4,\"spread\":5 "
                   ",\"more\":null,\"last\":6}                  ");
    assert_ok(proa_json_cursor_init(&c, text));
    assert_true(proa_json_cursor_count(&c, &item, &value));
    assert_slice_lit(item.key, "\"first\"");
    assert_slice_lit(item.value, "12");
    assert_int_equal(item.kind, PROA_JSON_NUMBER);
    assert_int_equal(value, 12);
    assert_true(proa_json_cursor_count(&c, &item, &value));
    assert_int_equal(value, 0);
    assert_true(proa_json_cursor_count(&c, &item, &value));
    assert_true(value == UINT64_C(999999999999999999));
    const char *const others[] = {"\"minus\"",      "\"text\"",   "\"part\"",
                                  "\"odd\\u0041\"", "\"spread\"", "\"more\""};
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        assert_false(proa_json_cursor_count(&c, &item, &value));
        assert_true(proa_json_cursor_next(&c, &item)); /* nothing was done */
        assert_slice_equal(item.key, proa_slice_cstr(others[i]));
    }
    assert_true(proa_json_cursor_count(&c, &item, &value));
    assert_slice_lit(item.key, "\"last\"");
    assert_int_equal(value, 6);
    assert_false(proa_json_cursor_count(&c, &item, &value));
    assert_false(proa_json_cursor_next(&c, &item));
    assert_ok(c.err);
    assert_false(proa_json_cursor_count(&c, &item, &value));
}

/* One member on: what count() takes, next() takes for the same. */
static void step_both_ways(struct proa_json_cursor *c)
{
    struct proa_json_cursor other = *c;
    struct proa_json_item item;
    struct proa_json_item same;
    uint64_t value = 0;
    uint64_t expected = 0;
    if (!proa_json_cursor_count(c, &item, &value)) {
        assert_ptr_equal(c->p, other.p);
        assert_int_equal(c->started, other.started);
        (void)proa_json_cursor_next(c, &item);
        return;
    }
    assert_true(proa_json_cursor_next(&other, &same));
    assert_slice_equal(item.key, same.key);
    assert_slice_equal(item.value, same.value);
    assert_ok(proa_json_number_u64(same.value, &expected));
    assert_true(value == expected);
    assert_ptr_equal(c->p, other.p);
}

static void test_counts_agree_with_next(void **state)
{
    static const char *const texts[] = {"{\"a\":1,\"bc\": 23,\"d\":456}",
                                        "{\"a\":01,\"b\":2}",
                                        "{\"a\":1e3,\"b\":2}",
                                        "{\"a\":12345678901234567890,\"b\":2}",
                                        "{\"a\":1,\"a very long key, as it goes\":2}",
                                        "{\"a\":1,\"b\"  :2}",
                                        "[1,2,3,4,5,6,7,8,9,10,11,12]",
                                        "{\"a\":,\"b\":1,\"c\":2}"};
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        for (size_t len = strlen(texts[i]); len > 0; len--) {
            char *exact = malloc(len); /* a byte behind the end would be seen */
            memcpy(exact, texts[i], len);
            struct proa_json_cursor c;
            assert_ok(proa_json_cursor_init(&c, proa_slice_make(exact, len)));
            while (!c.done) {
                step_both_ways(&c);
            }
            free(exact);
        }
    }
}

static void test_key_and_value_in_two_steps(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    (void)state;
    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("{\"a\": [1] ,\"b\":2}")));
    assert_true(proa_json_cursor_key(&c, &item));
    assert_slice_lit(item.key, "\"a\"");
    assert_slice_lit(item.value, "[1] ,\"b\":2}");
    assert_int_equal(item.kind, PROA_JSON_ARRAY);
    assert_true(proa_json_cursor_value(&c, &item));
    assert_slice_lit(item.value, "[1]");
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.key, "\"b\"");
    assert_false(proa_json_cursor_key(&c, &item));
    assert_ok(c.err);
    assert_false(proa_json_cursor_value(&c, &item));

    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("{\"a\":")));
    assert_false(proa_json_cursor_key(&c, &item));
    assert_int_equal(c.err, PROA_ERR_TRUNCATED);
    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("{\"a\":x}")));
    assert_true(proa_json_cursor_key(&c, &item));
    assert_int_equal(item.kind, PROA_JSON_ABSENT);
    assert_false(proa_json_cursor_value(&c, &item));
    assert_int_equal(c.err, PROA_ERR_SYNTAX);
}

static void test_resumes_within_an_object(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    (void)state;
    proa_json_cursor_resume(&c, PROA_SLICE("\"b\":2,\"c\":3} "));
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.key, "\"b\"");
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.value, "3");
    assert_false(proa_json_cursor_next(&c, &item));
    assert_ok(c.err);
    proa_json_cursor_resume(&c, PROA_SLICE("\"b\":2}}"));
    assert_true(proa_json_cursor_next(&c, &item));
    assert_false(proa_json_cursor_next(&c, &item));
    assert_int_equal(c.err, PROA_ERR_TRAILING);
    proa_json_cursor_resume(&c, PROA_SLICE_NONE);
    assert_false(proa_json_cursor_next(&c, &item));
    assert_int_equal(c.err, PROA_ERR_TRUNCATED);
}

/* "a=1 b=[ =x =[ ] ] " of {"a":1,"b":["x",[]]}: every container entered, as deep as they go. */
static void tell_walk(struct proa_slice text, struct proa_buf *out, enum proa_err *err)
{
    struct proa_json_cursor stack[8];
    struct proa_json_item item;
    size_t n = 1;
    assert_ok(proa_json_cursor_init(&stack[0], text));
    while (n > 0) {
        struct proa_json_cursor *c = &stack[n - 1];
        if (!proa_json_cursor_key(c, &item)) {
            n--;
            PROA_BUF_LIT(out, "] ");
            if (n > 0) {
                (void)proa_json_cursor_leave(&stack[n - 1], c);
            }
            *err = c->err;
            continue;
        }
        (void)proa_buf_append(out, item.key);
        PROA_BUF_LIT(out, "=");
        if (n < PROA_ARRAY_LEN(stack) && proa_json_cursor_enter(c, &item, &stack[n])) {
            PROA_BUF_LIT(out, "[ ");
            n++;
        } else if (proa_json_cursor_value(c, &item)) {
            (void)proa_buf_append(out, item.value);
            PROA_BUF_LIT(out, " ");
        }
    }
}

static void test_enters_what_it_comes_to(void **state)
{
    static const struct {
        const char *text;
        const char *walk;
        enum proa_err err;
    } rows[] = {
        {"{\"a\":1,\"b\":[\"x\",[]]}", "\"a\"=1 \"b\"=[ =\"x\" =[ ] ] ] ", PROA_OK},
        {" { \"a\" : { } , \"b\" : [ { } ] } ", "\"a\"=[ ] \"b\"=[ =[ ] ] ] ", PROA_OK},
        {"[[[[1]],2]]", "=[ =[ =[ =1 ] ] =2 ] ] ", PROA_OK},
        {"{\"a\":{\"b\":1", "\"a\"=[ \"b\"=1 ] ] ", PROA_ERR_TRUNCATED},
        {"{\"a\":[1 2],\"b\":3}", "\"a\"=[ =1 ] ] ", PROA_ERR_SYNTAX},
        {"{\"a\":[1]]", "\"a\"=[ =1 ] ] ", PROA_ERR_SYNTAX},
        {"[{\"a\":1]", "=[ \"a\"=1 ] ] ", PROA_ERR_SYNTAX},
        {"[{}]x", "=[ ] ] ", PROA_ERR_TRAILING},
    };
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf walk;
        enum proa_err err = PROA_OK;
        proa_buf_init(&walk, 4096);
        tell_walk(proa_slice_cstr(row->text), &walk, &err);
        assert_slice_str(proa_buf_slice(&walk), row->walk);
        PROA_TEST_CHECK(err == row->err, "%s: %s", row->text, proa_err_name(err));
        proa_buf_deinit(&walk);
    }
}

/* What is left inside is walked over, and its faults are the outer walk's. */
static void test_leaves_early(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_cursor inner;
    struct proa_json_item item;
    (void)state;
    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("{\"a\":{\"x\":1,\"y\":[2]},\"b\":3}")));
    assert_true(proa_json_cursor_key(&c, &item));
    assert_true(proa_json_cursor_enter(&c, &item, &inner));
    assert_true(proa_json_cursor_next(&inner, &item));
    assert_slice_lit(item.key, "\"x\"");
    assert_true(proa_json_cursor_leave(&c, &inner));
    assert_true(proa_json_cursor_next(&c, &item));
    assert_slice_lit(item.key, "\"b\"");
    assert_false(proa_json_cursor_enter(&c, &item, &inner)); /* a number */

    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("{\"a\":{\"x\":1,\"y\":[2},\"b\":3}")));
    assert_true(proa_json_cursor_key(&c, &item));
    assert_true(proa_json_cursor_enter(&c, &item, &inner));
    assert_true(proa_json_cursor_next(&inner, &item));
    assert_false(proa_json_cursor_leave(&c, &inner));
    assert_err(c.err, PROA_ERR_SYNTAX);
    assert_false(proa_json_cursor_next(&c, &item));
}

static void test_tells_what_is_left(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    (void)state;
    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("{\"a\":1, \"b\":\"cut")));
    assert_slice_lit(proa_json_cursor_rest(&c), "\"a\":1, \"b\":\"cut");
    assert_true(proa_json_cursor_next(&c, &item));
    assert_false(proa_json_cursor_next(&c, &item));
    assert_err(c.err, PROA_ERR_TRUNCATED);
    assert_slice_lit(proa_json_cursor_rest(&c), ", \"b\":\"cut");
}

static void test_says_which_keys_are_escaped(void **state)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    (void)state;
    assert_ok(proa_json_cursor_init(&c, PROA_SLICE("{\"a\":\"\\n\",\"\\u0062\":1,\"c\":2}")));
    for (size_t i = 0; i < 3; i++) {
        assert_true(proa_json_cursor_next(&c, &item));
        assert_int_equal(item.key_escaped, i == 1);
    }
}

static void test_empty_containers(void **state)
{
    static const char *const cases[] = {"{}", "[]", " { } ", "[\n]"};
    (void)state;
    PROA_TEST_ROWS(text, cases)
    {
        struct proa_json_cursor c;
        struct proa_json_item item;
        assert_ok(proa_json_cursor_init(&c, proa_slice_cstr(*text)));
        assert_false(proa_json_cursor_next(&c, &item));
        assert_ok(c.err);
    }
}

static void test_refuses_scalars(void **state)
{
    static const char *const cases[] = {"", " ", "1", "\"a\"", "null", "}", "x", "\xFF"};
    (void)state;
    PROA_TEST_ROWS(text, cases)
    {
        struct proa_json_cursor c;
        assert_err(proa_json_cursor_init(&c, proa_slice_cstr(*text)), PROA_ERR_TYPE);
    }
}

static void test_broken_text_ends_with_an_error(void **state)
{
    static const struct {
        const char *text;
        size_t good;
        enum proa_err err;
    } cases[] = {
        {"{", 0, PROA_ERR_TRUNCATED},
        {"[", 0, PROA_ERR_TRUNCATED},
        {"[1", 1, PROA_ERR_TRUNCATED},
        {"[1,", 1, PROA_ERR_TRUNCATED},
        {"[1,]", 1, PROA_ERR_SYNTAX},
        {"[,", 0, PROA_ERR_SYNTAX},
        {"[1 2]", 1, PROA_ERR_SYNTAX},
        {"[1}", 1, PROA_ERR_SYNTAX},
        {"[]]", 0, PROA_ERR_TRAILING},
        {"[1]x", 1, PROA_ERR_TRAILING},
        {"{\"a\"", 0, PROA_ERR_TRUNCATED},
        {"{\"a\":", 0, PROA_ERR_TRUNCATED},
        {"{\"a\" 1}", 0, PROA_ERR_SYNTAX},
        {"{a:1}", 0, PROA_ERR_SYNTAX},
        {"{\"a\":1,}", 1, PROA_ERR_SYNTAX},
        {"{\"a\":1,\"b\":01}", 1, PROA_ERR_SYNTAX},
        {"{\"a\":\"\xFF\"}", 0, PROA_ERR_UTF8},
        {"{\"\xC0\x80\":1}", 0, PROA_ERR_UTF8},
        {"{\"a\":[1,{\"b\":[}]}]}", 0, PROA_ERR_SYNTAX},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_cursor c;
        struct proa_json_item item;
        size_t good = 0;
        assert_ok(proa_json_cursor_init(&c, proa_slice_cstr(row->text)));
        while (proa_json_cursor_next(&c, &item)) {
            good++;
        }
        PROA_TEST_CHECK(good == row->good && c.err == row->err, "%s: %zu items, %s", row->text,
                        good, proa_err_name(c.err));
        assert_false(proa_json_cursor_next(&c, &item));
        assert_err(c.err, row->err);
    }
}

static void test_depth_is_bounded(void **state)
{
    char text[PROA_JSON_MAX_DEPTH + 2];
    struct proa_json_cursor c;
    struct proa_json_item item;
    (void)state;
    memset(text, '[', sizeof text);
    assert_ok(proa_json_cursor_init(&c, proa_slice_make(text, sizeof text)));
    assert_false(proa_json_cursor_next(&c, &item));
    assert_err(c.err, PROA_ERR_DEPTH);

    /* The same, entered one by one: the last level is refused either way. */
    struct proa_json_cursor outer;
    size_t depth = 1;
    assert_ok(proa_json_cursor_init(&c, proa_slice_make(text, sizeof text)));
    while (proa_json_cursor_key(&c, &item) && proa_json_cursor_enter(&c, &item, &outer)) {
        c = outer;
        depth++;
    }
    assert_int_equal(depth, PROA_JSON_MAX_DEPTH);
    assert_false(proa_json_cursor_value(&c, &item));
    assert_err(c.err, PROA_ERR_DEPTH);
}

static void test_get(void **state)
{
    struct proa_slice text = PROA_SLICE("{\"a\":1,\"esc\\u0061pe\":2,\"a\":3,\"\":4,\"A\":5}");
    struct proa_slice value = PROA_SLICE("untouched");
    (void)state;
    assert_int_equal(proa_json_get(text, PROA_SLICE("b"), &value), PROA_JSON_ABSENT);
    assert_slice_lit(value, "untouched");
    assert_int_equal(proa_json_get(text, PROA_SLICE("a"), &value), PROA_JSON_NUMBER);
    assert_slice_lit(value, "1");
    assert_int_equal(proa_json_get(text, PROA_SLICE("escape"), &value), PROA_JSON_NUMBER);
    assert_slice_lit(value, "2");
    assert_int_equal(proa_json_get(text, PROA_SLICE(""), &value), PROA_JSON_NUMBER);
    assert_slice_lit(value, "4");
    assert_int_equal(proa_json_get(text, PROA_SLICE("A"), NULL), PROA_JSON_NUMBER);
    assert_int_equal(proa_json_get(text, PROA_SLICE("esc\\u0061pe"), NULL), PROA_JSON_ABSENT);
    assert_int_equal(proa_json_get(text, PROA_SLICE("escap"), NULL), PROA_JSON_ABSENT);
    assert_int_equal(proa_json_get(PROA_SLICE("[1]"), PROA_SLICE("a"), NULL), PROA_JSON_ABSENT);
    assert_int_equal(proa_json_get(PROA_SLICE("{\"x\":!,\"a\":1}"), PROA_SLICE("a"), NULL),
                     PROA_JSON_ABSENT);
}

static void test_at(void **state)
{
    struct proa_slice value = PROA_SLICE("untouched");
    (void)state;
    assert_int_equal(proa_json_at(PROA_SLICE("[]"), 0, &value), PROA_JSON_ABSENT);
    assert_int_equal(proa_json_at(PROA_SLICE("[1,\"b\"]"), 2, &value), PROA_JSON_ABSENT);
    assert_int_equal(proa_json_at(PROA_SLICE("{\"0\":1}"), 0, &value), PROA_JSON_ABSENT);
    assert_slice_lit(value, "untouched");
    assert_int_equal(proa_json_at(PROA_SLICE("[1,\"b\"]"), 1, &value), PROA_JSON_STRING);
    assert_slice_lit(value, "\"b\"");
}

static void test_path(void **state)
{
    static const struct proa_json_step content[] = {
        PROA_JSON_STEP_KEY("choices"), PROA_JSON_STEP_AT(0), PROA_JSON_STEP_KEY("delta"),
        PROA_JSON_STEP_KEY("content")};
    struct proa_slice event =
        PROA_SLICE("{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" hi\"}}]}");
    struct proa_slice value = PROA_SLICE_NONE;
    (void)state;
    assert_int_equal(proa_json_path(event, content, 4, &value), PROA_JSON_STRING);
    assert_slice_lit(value, "\" hi\"");
    assert_int_equal(proa_json_path(event, content, 2, &value), PROA_JSON_OBJECT);
    assert_int_equal(proa_json_path(event, content, 0, &value), PROA_JSON_OBJECT);
    assert_slice_equal(value, event);
    assert_int_equal(proa_json_path(PROA_SLICE("{\"choices\":[]}"), content, 4, &value),
                     PROA_JSON_ABSENT);
    assert_int_equal(proa_json_path(PROA_SLICE("{\"choices\":{\"0\":1}}"), content, 4, NULL),
                     PROA_JSON_ABSENT);
    assert_int_equal(proa_json_path(PROA_SLICE(""), content, 4, NULL), PROA_JSON_ABSENT);
    /* Absent from its own object, though the key stands in what follows. */
    assert_int_equal(proa_json_path(PROA_SLICE("{\"choices\":[{\"delta\":{},\"content\":1}],"
                                               "\"content\":2}"),
                                    content, 4, NULL),
                     PROA_JSON_ABSENT);
    assert_int_equal(
        proa_json_path(PROA_SLICE("{\"choices\":[],\"x\":[{\"delta\":{}}]}"), content, 3, NULL),
        PROA_JSON_ABSENT);
    /* Broken before the end of the value: not found; broken behind it: not looked at. */
    assert_int_equal(proa_json_path(PROA_SLICE("{\"choices\":[{\"delta\":{\"content\":[1,]}}]}"),
                                    content, 4, NULL),
                     PROA_JSON_ABSENT);
    assert_int_equal(
        proa_json_path(PROA_SLICE("{\"choices\":[{\"x\":!,\"delta\":{\"content\":1}}]}"), content,
                       4, NULL),
        PROA_JSON_ABSENT);
    assert_int_equal(
        proa_json_path(PROA_SLICE("{\"choices\":[{\"delta\":{\"content\":1"), content, 4, &value),
        PROA_JSON_NUMBER);
    assert_slice_lit(value, "1");
}

/* On damaged text a cursor never succeeds further than the scan would, never leaves the text, and
 * what a complete walk has seen is valid. */
static void test_random_damage(void **state)
{
    static const struct proa_json_scan_cfg cfg = {NULL, 0, 0};
    struct proa_prng prng;
    struct proa_buf b;
    (void)state;
    proa_prng_seed(&prng, 99);
    proa_buf_init(&b, 1 << 20);
    for (unsigned round = 0; round < 10000; round++) {
        struct proa_json_cursor c;
        struct proa_json_item item;
        struct proa_json_info info;
        size_t n = 0;
        proa_buf_clear(&b);
        gen_json(&b, &prng, (unsigned)gen_pick(&prng, 20), true);
        if (round % 2) {
            gen_mutate(&b, &prng);
        }
        char *copy = proa_alloc(b.len);
        memcpy(copy, b.len ? b.ptr : "", b.len);
        struct proa_slice text = {copy, b.len};
        enum proa_err err = proa_json_scan(text, &cfg, NULL, &info);
        if (proa_json_cursor_init(&c, text) == PROA_OK) {
            while (proa_json_cursor_next(&c, &item)) {
                assert_true(item.value.ptr >= copy);
                assert_true(item.value.ptr + item.value.len <= copy + b.len);
                assert_ok(proa_json_scan(item.value, &cfg, NULL, &info));
                n++;
            }
            bool whole = err == PROA_OK;
            /* The scan alone refuses a key that comes twice, and U+0000 in one. */
            PROA_TEST_CHECK(!whole || c.err == PROA_OK, "round %u", round);
            if (c.err == PROA_OK && !whole) {
                assert_true(err == PROA_ERR_DUPLICATE || err == PROA_ERR_SYNTAX);
            }
        } else {
            assert_true(err != PROA_OK || info.kind != PROA_JSON_OBJECT);
        }
        proa_free(copy);
    }
    proa_buf_deinit(&b);
}

/* Escapes that a writer would not choose are told, of the item at hand alone. */
static void test_odd_escapes(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":\"x\\n\\\"\",\"b\":\"\\/\",\"c\\u0041\":1,\"d\":\"\\u0001\",\"e\":[\"\\/\"],"
        "\"f\":\"0123456789012345678901234567890123456789012345678901234567890123456789\\n\","
        "\"g\":\"0123456789012345678901234567890123456789012345678901234567890123456789\\/"
        "0123456789012345678901234567890123456789012345678901234567890123456789\",\"h\":1}";
    static const bool odd[] = {false, true, true, true, true, false, true, false};
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t n = 0;
    assert_ok(proa_json_cursor_init(&c, proa_slice_cstr(text)));
    while (proa_json_cursor_next(&c, &item)) {
        PROA_TEST_CHECK(c.lex.odd == odd[n], "item %zu", n);
        n++;
    }
    assert_int_equal(n, PROA_ARRAY_LEN(odd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks_objects),
        cmocka_unit_test(test_walks_arrays),
        cmocka_unit_test(test_counts_are_members_of_the_plainest_kind),
        cmocka_unit_test(test_counts_agree_with_next),
        cmocka_unit_test(test_key_and_value_in_two_steps),
        cmocka_unit_test(test_resumes_within_an_object),
        cmocka_unit_test(test_enters_what_it_comes_to),
        cmocka_unit_test(test_leaves_early),
        cmocka_unit_test(test_tells_what_is_left),
        cmocka_unit_test(test_says_which_keys_are_escaped),
        cmocka_unit_test(test_empty_containers),
        cmocka_unit_test(test_refuses_scalars),
        cmocka_unit_test(test_broken_text_ends_with_an_error),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_at),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_random_damage),
        cmocka_unit_test(test_odd_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
