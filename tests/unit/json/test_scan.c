#include "proa/json/scan.h"

#include "json_gen.h"
#include "json_ref.h"
#include "proa_test.h"

/* Scans a copy of exactly the text's size, so that any read beyond it is caught. */
static enum proa_err scan_exact(struct proa_slice text, const struct proa_json_scan_cfg *cfg,
                                struct proa_json_member *members, struct proa_json_info *info)
{
    char *copy = proa_alloc(text.len);
    if (text.len) {
        memcpy(copy, text.ptr, text.len);
    }
    enum proa_err err = proa_json_scan(proa_slice_make(copy, text.len), cfg, members, info);
    proa_free(copy);
    return err;
}

static enum proa_err scan_only(struct proa_slice text, struct proa_json_info *info)
{
    static const struct proa_json_scan_cfg cfg = {NULL, 0, 0};
    return scan_exact(text, &cfg, NULL, info);
}

static void test_accepts(void **state)
{
    static const char *const cases[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "0.5",
        "-0.5e+10",
        "1E5",
        "1e-5",
        "123456789012345678901234567890",
        "1e400",
        "0e0",
        "\"\"",
        "\"a\"",
        " {} ",
        "\t\r\n [ ] \n",
        "{ }",
        "[[]]",
        "[{}]",
        "{\"a\":{}}",
        "{\"a\":[]}",
        "[1,2]",
        "[ 1 , 2 ]",
        "{\"a\":1,\"b\":2}",
        "{ \"a\" : 1 , \"b\" : 2 }",
        "{\"\":0}",
        "[null,true,false]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\uD83D\\uDE00\"",
        "\"\x7F\"",
        "\"\xC2\x80\"",
        "\"\xDF\xBF\"",
        "\"\xE0\xA0\x80\"",
        "\"\xED\x9F\xBF\"",
        "\"\xEE\x80\x80\"",
        "\"\xEF\xBF\xBF\"",
        "\"\xF0\x90\x80\x80\"",
        "\"\xF4\x8F\xBF\xBF\"",
        "\"\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87\"",
        "{\"a\":{\"x\":1,\"x\":2}}", /* deeper duplicates are not looked for */
        "[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]",
        "{\"a\":\"}\",\"b\":\"]\"}",
        "\"//\"",
        "[\"a\",\"\\\\\",\"\\\"\"]",
    };
    (void)state;
    PROA_TEST_ROWS(text, cases)
    {
        struct proa_json_info info;
        enum proa_err err = scan_only(proa_slice_cstr(*text), &info);
        PROA_TEST_CHECK(err == PROA_OK, "%s: %s at %zu", *text, info.fault.reason, info.fault.at);
        assert_null(info.fault.reason);
    }
}

struct reject {
    const char *text;
    enum proa_err err;
    size_t at;
};

static void test_rejects(void **state)
{
    static const struct reject cases[] = {
        {"", PROA_ERR_TRUNCATED, 0},
        {"  ", PROA_ERR_TRUNCATED, 2},
        {"{", PROA_ERR_TRUNCATED, 1},
        {"[", PROA_ERR_TRUNCATED, 1},
        {"[1", PROA_ERR_TRUNCATED, 2},
        {"[1,", PROA_ERR_TRUNCATED, 3},
        {"{\"a", PROA_ERR_TRUNCATED, 3},
        {"{\"a\"", PROA_ERR_TRUNCATED, 4},
        {"{\"a\":", PROA_ERR_TRUNCATED, 5},
        {"{\"a\":1", PROA_ERR_TRUNCATED, 6},
        {"{\"a\":1,", PROA_ERR_TRUNCATED, 7},
        {"\"\\", PROA_ERR_TRUNCATED, 2},
        {"\"\\u00", PROA_ERR_TRUNCATED, 5},
        {"tru", PROA_ERR_TRUNCATED, 3},
        {"-", PROA_ERR_TRUNCATED, 1},
        {"1.", PROA_ERR_TRUNCATED, 2},
        {"1e", PROA_ERR_TRUNCATED, 2},
        {"1e+", PROA_ERR_TRUNCATED, 3},
        {"\xEF\xBB\xBF{}", PROA_ERR_SYNTAX, 0},
        {"]", PROA_ERR_SYNTAX, 0},
        {"}", PROA_ERR_SYNTAX, 0},
        {",", PROA_ERR_SYNTAX, 0},
        {"[1,]", PROA_ERR_SYNTAX, 3},
        {"[,1]", PROA_ERR_SYNTAX, 1},
        {"[1 2]", PROA_ERR_SYNTAX, 3},
        {"[1}", PROA_ERR_SYNTAX, 2},
        {"[1:2]", PROA_ERR_SYNTAX, 2},
        {"{\"a\":1,}", PROA_ERR_SYNTAX, 7},
        {"{,}", PROA_ERR_SYNTAX, 1},
        {"{\"a\":1]", PROA_ERR_SYNTAX, 6},
        {"{\"a\" 1}", PROA_ERR_SYNTAX, 5},
        {"{\"a\",1}", PROA_ERR_SYNTAX, 4},
        {"{\"a\"::1}", PROA_ERR_SYNTAX, 5},
        {"{\"a\":}", PROA_ERR_SYNTAX, 5},
        {"{\"a\":1 \"b\":2}", PROA_ERR_SYNTAX, 7},
        {"{a:1}", PROA_ERR_SYNTAX, 1},
        {"{'a':1}", PROA_ERR_SYNTAX, 1},
        {"{1:1}", PROA_ERR_SYNTAX, 1},
        {"{\"a\":{\"b\"}}", PROA_ERR_SYNTAX, 9},
        {"{\"a\":{b:1}}", PROA_ERR_SYNTAX, 6},
        {"{\"a\":{\"b\":1,}}", PROA_ERR_SYNTAX, 12},
        {"'a'", PROA_ERR_SYNTAX, 0},
        {"True", PROA_ERR_SYNTAX, 0},
        {"trux", PROA_ERR_SYNTAX, 3},
        {"nul1", PROA_ERR_SYNTAX, 3},
        {"falsy", PROA_ERR_SYNTAX, 4},
        {"NaN", PROA_ERR_SYNTAX, 0},
        {"Infinity", PROA_ERR_SYNTAX, 0},
        {"-Infinity", PROA_ERR_SYNTAX, 1},
        {"+1", PROA_ERR_SYNTAX, 0},
        {".5", PROA_ERR_SYNTAX, 0},
        {"01", PROA_ERR_SYNTAX, 1},
        {"-01", PROA_ERR_SYNTAX, 2},
        {"00", PROA_ERR_SYNTAX, 1},
        {"--1", PROA_ERR_SYNTAX, 1},
        {"[1.]", PROA_ERR_SYNTAX, 3},
        {"[1.e3]", PROA_ERR_SYNTAX, 3},
        {"[1e]", PROA_ERR_SYNTAX, 3},
        {"[1e+-1]", PROA_ERR_SYNTAX, 4},
        {"[1ee1]", PROA_ERR_SYNTAX, 3},
        {"[1.2.3]", PROA_ERR_SYNTAX, 4},
        {"[1_000]", PROA_ERR_SYNTAX, 2},
        {"0x10", PROA_ERR_TRAILING, 1},
        {"[\"\\x\"]", PROA_ERR_SYNTAX, 3},
        {"[\"\\'\"]", PROA_ERR_SYNTAX, 3},
        {"[\"\\U0041\"]", PROA_ERR_SYNTAX, 3},
        {"[\"\\u004\"]", PROA_ERR_SYNTAX, 7},
        {"[\"\\u00g1\"]", PROA_ERR_SYNTAX, 6},
        {"[\"\\uZZZZ\"]", PROA_ERR_SYNTAX, 4},
        {"\"a\nb\"", PROA_ERR_SYNTAX, 2},
        {"\"a\tb\"", PROA_ERR_SYNTAX, 2},
        {"\"\x1F\"", PROA_ERR_SYNTAX, 1},
        {"\"a longer text before it, then\x01...................\"", PROA_ERR_SYNTAX, 30},
        {"{}{}", PROA_ERR_TRAILING, 2},
        {"{} x", PROA_ERR_TRAILING, 3},
        {"1 2", PROA_ERR_TRAILING, 2},
        {"[]]", PROA_ERR_TRAILING, 2},
        {"\"a\"\"b\"", PROA_ERR_TRAILING, 3},
        {"\f[]", PROA_ERR_SYNTAX, 0},
        {"[]\v", PROA_ERR_TRAILING, 2},
        {"[\xC2\xA0]", PROA_ERR_SYNTAX, 1},
        {"/*c*/{}", PROA_ERR_SYNTAX, 0},
        {"{}//", PROA_ERR_TRAILING, 2},
        {"\"\x80\"", PROA_ERR_UTF8, 1},
        {"\"\xBF\"", PROA_ERR_UTF8, 1},
        {"\"\xC0\x80\"", PROA_ERR_UTF8, 1},
        {"\"\xC1\xBF\"", PROA_ERR_UTF8, 1},
        {"\"\xC3\"", PROA_ERR_UTF8, 1},
        {"\"\xC3(\"", PROA_ERR_UTF8, 1},
        {"\"\xE0\x9F\xBF\"", PROA_ERR_UTF8, 1},
        {"\"\xE4\xB8\"", PROA_ERR_UTF8, 1},
        {"\"\xE4\xB8\xADx\xED\xA0\x80\"", PROA_ERR_UTF8, 5},
        {"\"\xED\xBF\xBF\"", PROA_ERR_UTF8, 1},
        {"\"\xF0\x8F\xBF\xBF\"", PROA_ERR_UTF8, 1},
        {"\"\xF4\x90\x80\x80\"", PROA_ERR_UTF8, 1},
        {"\"\xF5\x80\x80\x80\"", PROA_ERR_UTF8, 1},
        {"\"\xF8\x88\x80\x80\x80\"", PROA_ERR_UTF8, 1},
        {"\"\xFE\"", PROA_ERR_UTF8, 1},
        {"\"ab\xFF\"", PROA_ERR_UTF8, 3},
        {"{\"a\":1,\"a\":2}", PROA_ERR_DUPLICATE, 7},
        {"{\"a\":1,\"b\":2, \"a\" :2}", PROA_ERR_DUPLICATE, 14},
        {"{\"model\":1,\"m\\u006fdel\":2}", PROA_ERR_DUPLICATE, 11},
        {"{\"m\\u006fdel\":1,\"model\":2}", PROA_ERR_DUPLICATE, 16},
        {"{\"\\u006d\":1,\"\\u006D\":2}", PROA_ERR_DUPLICATE, 12},
        {"{\"\":1,\"\":2}", PROA_ERR_DUPLICATE, 6},
        {"{\"/\":1,\"\\/\":2}", PROA_ERR_DUPLICATE, 7},
        {"{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}", PROA_ERR_DUPLICATE, 10},
        {"{\"a-key-of-more-than-16-bytes\":1,\"a-key-of-more-than-16-bytes\":2}",
         PROA_ERR_DUPLICATE, 33},
        {"{\"a\\u0000b\":1}", PROA_ERR_SYNTAX, 1},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_info info;
        enum proa_err err = scan_only(proa_slice_cstr(row->text), &info);
        PROA_TEST_CHECK(err == row->err, "%s: %s, expected %s", row->text, proa_err_name(err),
                        proa_err_name(row->err));
        PROA_TEST_CHECK(info.fault.at == row->at, "%s: at %zu, expected %zu (%s)", row->text,
                        info.fault.at, row->at, info.fault.reason);
        assert_non_null(info.fault.reason);
        assert_true(info.fault.reason[0] != '\0');
    }
}

static void test_nul_bytes_are_no_blanks(void **state)
{
    struct proa_json_info info;
    (void)state;
    assert_err(scan_only(PROA_SLICE("{}\0"), &info), PROA_ERR_TRAILING);
    assert_int_equal(info.fault.at, 2);
    assert_err(scan_only(PROA_SLICE("\0{}"), &info), PROA_ERR_SYNTAX);
    assert_err(scan_only(PROA_SLICE("[\"a\0b\"]"), &info), PROA_ERR_SYNTAX);
    assert_int_equal(info.fault.at, 3);
    assert_err(scan_only(PROA_SLICE_NONE, &info), PROA_ERR_TRUNCATED);
}

static const struct proa_json_want wants[] = {
    {PROA_SLICE_INIT("model"), PROA_JSON_TYPE(PROA_JSON_STRING)},
    {PROA_SLICE_INIT("stream"), PROA_JSON_TYPE_BOOL | PROA_JSON_TYPE(PROA_JSON_NULL)},
    {PROA_SLICE_INIT("messages"), PROA_JSON_TYPE(PROA_JSON_ARRAY)},
    {PROA_SLICE_INIT("max_tokens"), 0},
    {PROA_SLICE_INIT(""), 0},
};
enum { MODEL, STREAM, MESSAGES, MAX_TOKENS, EMPTY, N_WANTS };
static const struct proa_json_scan_cfg wants_cfg = {wants, N_WANTS, 0};

static void test_finds_members(void **state)
{
    struct proa_json_member m[N_WANTS];
    struct proa_json_info info;
    struct proa_slice text = PROA_SLICE(" { \"stream\" :true,\"other\":{\"model\":1},"
                                        "\"m\\u006fdel\": \"a/b\" ,\n\"messages\":[{}, 1]} ");
    (void)state;
    assert_ok(proa_json_scan(text, &wants_cfg, m, &info));
    assert_int_equal(info.kind, PROA_JSON_OBJECT);
    assert_int_equal(info.n_members, 4);
    assert_int_equal(info.value_at, 1);
    assert_int_equal(info.value_end, text.len - 1);
    assert_int_equal(m[STREAM].kind, PROA_JSON_TRUE);
    assert_int_equal(m[STREAM].key_at, 3);
    assert_slice_lit(proa_json_member_value(text, &m[STREAM]), "true");
    assert_int_equal(m[MODEL].kind, PROA_JSON_STRING);
    assert_slice_lit(proa_json_member_value(text, &m[MODEL]), "\"a/b\"");
    assert_int_equal(text.ptr[m[MODEL].key_at], '"');
    assert_int_equal(m[MESSAGES].kind, PROA_JSON_ARRAY);
    assert_slice_lit(proa_json_member_value(text, &m[MESSAGES]), "[{}, 1]");
    assert_int_equal(m[MAX_TOKENS].kind, PROA_JSON_ABSENT);
    assert_int_equal(proa_json_member_value(text, &m[MAX_TOKENS]).len, 0);
    assert_int_equal(m[EMPTY].kind, PROA_JSON_ABSENT);
}

static void test_tells_every_kind(void **state)
{
    static const struct {
        const char *text;
        enum proa_json_kind kind;
    } cases[] = {
        {"null", PROA_JSON_NULL},   {"false", PROA_JSON_FALSE}, {"true", PROA_JSON_TRUE},
        {"-1.5", PROA_JSON_NUMBER}, {"7", PROA_JSON_NUMBER},    {"\"x\"", PROA_JSON_STRING},
        {"{}", PROA_JSON_OBJECT},   {"[]", PROA_JSON_ARRAY},    {" [1]", PROA_JSON_ARRAY},
    };
    (void)state;
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_json_member m[N_WANTS];
        struct proa_json_info info;
        char text[64];
        (void)snprintf(text, sizeof text, "{\"max_tokens\":%s}", row->text);
        assert_ok(proa_json_scan(proa_slice_cstr(text), &wants_cfg, m, &info));
        assert_int_equal(m[MAX_TOKENS].kind, row->kind);
        assert_ok(proa_json_scan(proa_slice_cstr(row->text), &wants_cfg, m, &info));
        assert_int_equal(info.kind, row->kind);
        assert_int_equal(m[MAX_TOKENS].kind, PROA_JSON_ABSENT);
    }
}

static void test_checks_types(void **state)
{
    struct proa_json_member m[N_WANTS];
    struct proa_json_info info;
    (void)state;
    assert_err(proa_json_scan(PROA_SLICE("{\"x\":1,\"model\":7}"), &wants_cfg, m, &info),
               PROA_ERR_TYPE);
    assert_int_equal(info.fault_want, MODEL);
    assert_int_equal(info.fault.at, 15);
    assert_err(proa_json_scan(PROA_SLICE("{\"stream\":\"true\"}"), &wants_cfg, m, &info),
               PROA_ERR_TYPE);
    assert_int_equal(info.fault_want, STREAM);
    assert_ok(proa_json_scan(PROA_SLICE("{\"stream\":null}"), &wants_cfg, m, &info));
    assert_ok(proa_json_scan(PROA_SLICE("{\"stream\":false}"), &wants_cfg, m, &info));
    assert_true(info.fault_want == SIZE_MAX);
}

static void test_empty_key_is_a_key(void **state)
{
    struct proa_json_member m[N_WANTS];
    struct proa_json_info info;
    (void)state;
    assert_ok(proa_json_scan(PROA_SLICE("{\"\":5}"), &wants_cfg, m, &info));
    assert_int_equal(m[EMPTY].kind, PROA_JSON_NUMBER);
    assert_int_equal(m[EMPTY].key_at, 1);
}

/* As many wants as there may be, all found whatever bucket they share. */
static void test_many_wants(void **state)
{
    static char names[PROA_JSON_MAX_WANTS][8];
    struct proa_json_want many[PROA_JSON_MAX_WANTS];
    struct proa_json_member m[PROA_JSON_MAX_WANTS];
    struct proa_json_info info;
    struct proa_buf b;
    (void)state;
    proa_buf_init(&b, 1 << 16);
    (void)proa_buf_append_byte(&b, '{');
    for (size_t i = 0; i < PROA_JSON_MAX_WANTS; i++) {
        (void)snprintf(names[i], sizeof names[i], "k%zu", i);
        many[i] = (struct proa_json_want){proa_slice_cstr(names[i]), 0};
        (void)proa_buf_append_printf(&b, "%s\"%s\":%zu", i ? "," : "", names[i], i);
    }
    (void)proa_buf_append_byte(&b, '}');
    struct proa_json_scan_cfg cfg = {many, PROA_JSON_MAX_WANTS, 0};
    assert_ok(proa_json_scan(proa_buf_slice(&b), &cfg, m, &info));
    for (size_t i = 0; i < PROA_JSON_MAX_WANTS; i++) {
        char expected[8];
        (void)snprintf(expected, sizeof expected, "%zu", i);
        assert_slice_str(proa_json_member_value(proa_buf_slice(&b), &m[i]), expected);
    }
    proa_buf_deinit(&b);
}

static void fill_members(struct proa_buf *b, size_t n, size_t repeat)
{
    proa_buf_clear(b);
    (void)proa_buf_append_byte(b, '{');
    for (size_t i = 0; i < n; i++) {
        (void)proa_buf_append_printf(b, "%s\"%zu\":0", i ? "," : "", i == n - 1 ? repeat : i);
    }
    (void)proa_buf_append_byte(b, '}');
}

static void test_member_cap(void **state)
{
    struct proa_json_info info;
    struct proa_buf b;
    (void)state;
    proa_buf_init(&b, 1 << 16);
    fill_members(&b, PROA_JSON_MAX_MEMBERS, 9999);
    assert_ok(scan_only(proa_buf_slice(&b), &info));
    assert_int_equal(info.n_members, PROA_JSON_MAX_MEMBERS);
    for (size_t i = 0; i < PROA_JSON_MAX_MEMBERS - 1; i++) {
        fill_members(&b, PROA_JSON_MAX_MEMBERS, i);
        assert_err(scan_only(proa_buf_slice(&b), &info), PROA_ERR_DUPLICATE);
    }
    fill_members(&b, PROA_JSON_MAX_MEMBERS + 1, 9999);
    assert_err(scan_only(proa_buf_slice(&b), &info), PROA_ERR_LIMIT);
    assert_int_equal(info.fault.at, b.len - 9);
    proa_buf_deinit(&b);
}

static void test_key_cap(void **state)
{
    static const char *const units[] = {"a",        "\\u0061", "\\n",
                                        "\xC3\xA9", "\\u00e9", "\\ud83d\\ude00"};
    static const size_t bytes[] = {1, 1, 1, 2, 2, 4};
    struct proa_json_info info;
    struct proa_buf b;
    (void)state;
    proa_buf_init(&b, 1 << 16);
    for (size_t u = 0; u < PROA_ARRAY_LEN(units); u++) {
        for (size_t extra = 0; extra < 2; extra++) {
            proa_buf_clear(&b);
            (void)proa_buf_append_cstr(&b, "{\"");
            for (size_t i = 0; i < PROA_JSON_MAX_KEY / bytes[u] + extra; i++) {
                (void)proa_buf_append_cstr(&b, units[u]);
            }
            (void)proa_buf_append_cstr(&b, "\":0}");
            assert_err(scan_only(proa_buf_slice(&b), &info), extra ? PROA_ERR_LIMIT : PROA_OK);
        }
    }
    proa_buf_deinit(&b);
}

static void test_depth(void **state)
{
    static const unsigned limits[] = {1, 2, 63, 64, 65, 127, 128, 0};
    struct proa_json_info info;
    struct proa_buf b;
    (void)state;
    proa_buf_init(&b, 1 << 16);
    PROA_TEST_ROWS(limit, limits)
    {
        size_t most = *limit ? *limit : PROA_JSON_MAX_DEPTH;
        for (size_t shape = 0; shape < 3; shape++) {
            for (size_t depth = most; depth <= most + 1; depth++) {
                size_t at = 0;
                proa_buf_clear(&b);
                for (size_t i = 0; i < depth; i++) {
                    bool object = shape == 1 || (shape == 2 && i % 2);
                    at = b.len;
                    (void)proa_buf_append_cstr(&b, object ? "{" : "[");
                    if (i + 1 < depth && object) {
                        (void)proa_buf_append_cstr(&b, "\"k\":");
                    }
                }
                for (size_t i = depth; i-- > 0;) {
                    bool object = shape == 1 || (shape == 2 && i % 2);
                    (void)proa_buf_append_cstr(&b, object ? "}" : "]");
                }
                struct proa_json_scan_cfg cfg = {NULL, 0, *limit};
                enum proa_err err = proa_json_scan(proa_buf_slice(&b), &cfg, NULL, &info);
                assert_err(err, depth > most ? PROA_ERR_DEPTH : PROA_OK);
                if (err) {
                    assert_int_equal(info.fault.at, at);
                }
            }
        }
    }
    /* Far more than any stack would take. */
    proa_buf_clear(&b);
    for (size_t i = 0; i < 60000; i++) {
        (void)proa_buf_append_byte(&b, '[');
    }
    assert_err(scan_only(proa_buf_slice(&b), &info), PROA_ERR_DEPTH);
    assert_int_equal(info.fault.at, PROA_JSON_MAX_DEPTH);
    proa_buf_deinit(&b);
}

/* Each special byte at each place of strings of each length, at each distance from the end. */
static void test_specials_at_every_place(void **state)
{
    static const char specials[] = {'"', '\\', '\x1F', '\x00', '\x80', '\xFF', '!', '#', '\x7F'};
    (void)state;
    for (size_t len = 1; len < 100; len++) {
        char text[128] = "\"";
        memset(text + 1, 'x', len);
        text[len + 1] = '"';
        for (size_t at = 1; at <= len; at++) {
            for (size_t s = 0; s < sizeof specials; s++) {
                char saved = text[at];
                struct proa_json_info info;
                text[at] = specials[s];
                enum proa_err err = scan_only(proa_slice_make(text, len + 2), &info);
                if (s < 6) {
                    assert_true(err != PROA_OK);
                    /* A backslash takes the closing quote if it stands before it. */
                    size_t expected = s == 1 && at == len ? len + 2 : s < 2 ? at + 1 : at;
                    assert_int_equal(info.fault.at, expected);
                } else {
                    assert_ok(err);
                }
                text[at] = saved;
            }
        }
    }
}

/* Escapes at each place of strings that are longer than any vector, alone and one behind the other;
 * what is no escape is refused where it stands. */
static void test_escapes_at_every_place(void **state)
{
    static const struct {
        const char *text;
        size_t fault; /* offset of the byte that is wrong, or SIZE_MAX */
    } rows[] = {
        {"\\n", SIZE_MAX},
        {"\\\"", SIZE_MAX},
        {"\\\\", SIZE_MAX},
        {"\\\\\\\"", SIZE_MAX},
        {"\\u00e4", SIZE_MAX},
        {"\\n\\u0041\\t", SIZE_MAX},
        {"\\\"\\\"\\\"", SIZE_MAX},
        {"\\b\\f\\r\\/", SIZE_MAX},
        {"\\n\xc3\xa4\\n", SIZE_MAX},
        {"\\x", 1},
        {"\\n\\a", 3},
        {"\\u00g0", 4},
        {"\\\\\\.", 3},
        {"\\\"\n", 2},
        {"\\r\xff", 2},
    };
    (void)state;
    PROA_TEST_ROWS(row, rows)
    {
        const size_t n = strlen(row->text);
        for (size_t before = 0; before < 150; before++) {
            for (size_t after = 0; after < 150; after += 37) {
                char text[400] = "\"";
                memset(text + 1, 'x', before);
                memcpy(text + 1 + before, row->text, n);
                memset(text + 1 + before + n, 'x', after);
                text[1 + before + n + after] = '"';
                struct proa_json_info info;
                const enum proa_err err =
                    scan_only(proa_slice_make(text, before + n + after + 2), &info);
                PROA_TEST_CHECK((err == PROA_OK) == (row->fault == SIZE_MAX), "%s at %zu",
                                row->text, before);
                if (err != PROA_OK) {
                    assert_int_equal(info.fault.at, 1 + before + row->fault);
                }
            }
        }
    }
}

/* Every prefix of an object is refused for being too short, exactly at its end. */
static void test_every_prefix_is_truncated(void **state)
{
    struct proa_slice text =
        PROA_SLICE("{\"model\" : \"a/b\",\"n\":[-1.5e+10,true,false,null,{\"x\":[]}],"
                   "\"t\":\"some text that is longer than a vector \\u0041\\n \\\\ and more\"}");
    struct proa_json_info info;
    (void)state;
    assert_ok(scan_only(text, &info));
    for (size_t n = 0; n < text.len; n++) {
        enum proa_err err = scan_only(proa_slice_head(text, n), &info);
        PROA_TEST_CHECK(err == PROA_ERR_TRUNCATED, "prefix %zu: %s", n, proa_err_name(err));
        assert_int_equal(info.fault.at, n);
    }
}

/* ---- Against the reference ---- */

static const struct proa_json_want key_wants[] = {{PROA_SLICE_INIT("k0"), 0},
                                                  {PROA_SLICE_INIT("k1"), 0},
                                                  {PROA_SLICE_INIT("k2"), 0},
                                                  {PROA_SLICE_INIT("k5"), 0},
                                                  {PROA_SLICE_INIT("model"), 0}};

static bool agree(struct proa_slice text, struct ref_member *expected)
{
    struct proa_json_scan_cfg cfg = {key_wants, PROA_ARRAY_LEN(key_wants), 0};
    struct proa_json_member m[PROA_ARRAY_LEN(key_wants)];
    struct proa_json_info info;
    size_t n = 0;
    bool object = false;
    bool valid = ref_check(text, REF_DEPTH, expected, &n, &object);
    enum proa_err err = scan_exact(text, &cfg, m, &info);
    if (valid != (err == PROA_OK) || (err && info.fault.at > text.len)) {
        proa_test_print_slice("text", text);
        print_error("reference %d, scan %s: %s at %zu\n", valid, proa_err_name(err),
                    info.fault.reason, info.fault.at);
        return false;
    }
    if (!valid) {
        return true;
    }
    bool same = n == info.n_members && object == (info.kind == PROA_JSON_OBJECT);
    for (size_t w = 0; w < PROA_ARRAY_LEN(key_wants); w++) {
        const struct ref_member *found = NULL;
        for (size_t k = 0; k < n; k++) {
            struct proa_slice key = {expected[k].key, expected[k].key_len};
            found = proa_slice_eq(key, key_wants[w].key) ? &expected[k] : found;
        }
        same = same && (found != NULL) == (m[w].kind != PROA_JSON_ABSENT);
        if (found && same) {
            same = found->key_at == m[w].key_at && found->value_at == m[w].value_at &&
                   found->value_end == m[w].value_end;
        }
    }
    if (!same) {
        proa_test_print_slice("members differ", text);
    }
    return same;
}

static void test_every_byte_everywhere(void **state)
{
    char text[] =
        "{\"a\" "
        ":[1.5,-2e3,\"x\\u0041\\n\",true],\"k1\":{\"b\":null},\"\xC3\xA9\":\"\xE4\xB8\xAD\"}";
    struct ref_member *members = proa_alloc_zero(REF_MEMBERS, sizeof *members);
    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        char saved = text[i];
        for (unsigned c = 0; c < 256; c++) {
            text[i] = (char)c;
            assert_true(agree(proa_slice_make(text, sizeof text - 1), members));
        }
        text[i] = saved;
    }
    proa_free(members);
}

static void test_random_texts(void **state)
{
    struct ref_member *members = proa_alloc_zero(REF_MEMBERS, sizeof *members);
    struct proa_prng prng;
    struct proa_buf b;
    size_t n_valid = 0;
    enum { ROUNDS = 6000 };
    (void)state;
    proa_prng_seed(&prng, 20261123);
    proa_buf_init(&b, 1 << 20);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct proa_json_info info;
        proa_buf_clear(&b);
        gen_json(&b, &prng, (unsigned)gen_pick(&prng, 40), gen_pick(&prng, 3) > 0);
        assert_ok(scan_only(proa_buf_slice(&b), &info));
        assert_true(agree(proa_buf_slice(&b), members));
        gen_mutate(&b, &prng);
        assert_true(agree(proa_buf_slice(&b), members));
        n_valid += scan_only(proa_buf_slice(&b), &info) == PROA_OK;
    }
    /* Both outcomes must have been seen often, or the comparison says little. */
    assert_in_range(n_valid, ROUNDS / 50, ROUNDS / 2);
    proa_buf_deinit(&b);
    proa_free(members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_nul_bytes_are_no_blanks),
        cmocka_unit_test(test_finds_members),
        cmocka_unit_test(test_tells_every_kind),
        cmocka_unit_test(test_checks_types),
        cmocka_unit_test(test_empty_key_is_a_key),
        cmocka_unit_test(test_many_wants),
        cmocka_unit_test(test_member_cap),
        cmocka_unit_test(test_key_cap),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_specials_at_every_place),
        cmocka_unit_test(test_escapes_at_every_place),
        cmocka_unit_test(test_every_prefix_is_truncated),
        cmocka_unit_test(test_every_byte_everywhere),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
