#include "proa/core/prng.h"
#include "proa/core/slice.h"

#include "proa_test.h"

static void test_making(void **state)
{
    (void)state;
    static const struct proa_slice table[] = {PROA_SLICE_INIT("one"), PROA_SLICE_INIT("")};
    assert_int_equal(table[0].len, 3);
    assert_int_equal(table[1].len, 0);
    assert_int_equal(PROA_SLICE("a\0b").len, 3);
    assert_slice_lit(proa_slice_cstr("text"), "text");
    assert_null(proa_slice_cstr(NULL).ptr);
    assert_int_equal(proa_slice_cstr(NULL).len, 0);
    assert_slice_lit(proa_slice_make("abcdef", 3), "abc");

    char out[16];
    assert_int_equal(snprintf(out, sizeof(out), "[%" PROA_SLICE_FMT "]", PROA_SLICE_ARG(table[0])),
                     5);
    assert_string_equal(out, "[one]");
    assert_int_equal(
        snprintf(out, sizeof(out), "[%" PROA_SLICE_FMT "]", PROA_SLICE_ARG(PROA_SLICE_NONE)), 2);
}

static void test_eq(void **state)
{
    (void)state;
    assert_true(proa_slice_eq(PROA_SLICE("ab"), PROA_SLICE("ab")));
    assert_false(proa_slice_eq(PROA_SLICE("ab"), PROA_SLICE("aB")));
    assert_false(proa_slice_eq(PROA_SLICE("ab"), PROA_SLICE("abc")));
    assert_true(proa_slice_eq(PROA_SLICE_NONE, PROA_SLICE("")));
    assert_true(proa_slice_eq(PROA_SLICE("\0x"), PROA_SLICE("\0x")));
    assert_false(proa_slice_eq(PROA_SLICE("\0x"), PROA_SLICE("\0y")));
}

static void test_parts(void **state)
{
    (void)state;
    struct proa_slice s = PROA_SLICE("abcdef");
    assert_slice_lit(proa_slice_from(s, 0), "abcdef");
    assert_slice_lit(proa_slice_from(s, 4), "ef");
    assert_slice_lit(proa_slice_from(s, 6), "");
    assert_slice_lit(proa_slice_from(s, SIZE_MAX), "");
    assert_slice_lit(proa_slice_head(s, 0), "");
    assert_slice_lit(proa_slice_head(s, 2), "ab");
    assert_slice_lit(proa_slice_head(s, SIZE_MAX), "abcdef");
    assert_slice_lit(proa_slice_from(PROA_SLICE_NONE, 3), "");
    assert_slice_lit(proa_slice_head(PROA_SLICE_NONE, 3), "");

    assert_true(proa_slice_starts(s, PROA_SLICE("abc")));
    assert_true(proa_slice_starts(s, s));
    assert_true(proa_slice_starts(s, PROA_SLICE_NONE));
    assert_true(proa_slice_starts(PROA_SLICE_NONE, PROA_SLICE_NONE));
    assert_false(proa_slice_starts(s, PROA_SLICE("abd")));
    assert_false(proa_slice_starts(s, PROA_SLICE("abcdefg")));
}

static void test_eq_nocase(void **state)
{
    (void)state;
    assert_true(proa_slice_eq_nocase(PROA_SLICE("Content-TYPE"), PROA_SLICE("content-type")));
    assert_true(proa_slice_eq_nocase(PROA_SLICE("azAZ"), PROA_SLICE("AZaz")));
    assert_true(proa_slice_eq_nocase(PROA_SLICE_NONE, PROA_SLICE("")));
    assert_false(proa_slice_eq_nocase(PROA_SLICE("ab"), PROA_SLICE("abc")));
    assert_false(proa_slice_eq_nocase(PROA_SLICE("ab"), PROA_SLICE("ac")));
}

/* Exactly the 26 letters fold, whatever the locale: not "[" on "{", not "\xc4" on "\xe4". */
static void test_nocase_folds_letters_only(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char ca = (char)(unsigned char)a;
            char cb = (char)(unsigned char)b;
            unsigned low = a | 0x20;
            bool letter = low >= 'a' && low <= 'z';
            bool same = a == b || (letter && low == (b | 0x20));
            PROA_TEST_CHECK(
                proa_slice_eq_nocase(proa_slice_make(&ca, 1), proa_slice_make(&cb, 1)) == same,
                "%02x and %02x", a, b);
        }
    }
}

static void test_trim(void **state)
{
    (void)state;
    assert_slice_lit(proa_slice_trim(PROA_SLICE(" \t a b\t ")), "a b");
    assert_slice_lit(proa_slice_trim(PROA_SLICE("a")), "a");
    assert_slice_lit(proa_slice_trim(PROA_SLICE(" \t ")), "");
    assert_slice_lit(proa_slice_trim(PROA_SLICE("")), "");
    assert_slice_lit(proa_slice_trim(PROA_SLICE_NONE), "");
    assert_slice_lit(proa_slice_trim(PROA_SLICE("\r\na\n")), "\r\na\n");
}

static void test_find(void **state)
{
    (void)state;
    struct proa_slice s = PROA_SLICE("a\0b:c:d\xff");
    assert_int_equal(proa_slice_find(s, ':'), 3);
    assert_int_equal(proa_slice_find(s, 'a'), 0);
    assert_int_equal(proa_slice_find(s, '\0'), 1);
    assert_int_equal(proa_slice_find(s, '\xff'), s.len - 1);
    assert_int_equal(proa_slice_find(s, 'x'), s.len);
    assert_int_equal(proa_slice_find(PROA_SLICE_NONE, 'x'), 0);
}

struct search {
    const char *text;
    const char *needle;
    size_t exact;
    size_t folded;
};

static void test_search(void **state)
{
    (void)state;
    static const struct search cases[] = {
        {"hello", "hello", 0, 0},
        {"hello", "lo", 3, 3},
        {"hello", "LO", 5, 3},
        {"hello", "hellos", 5, 5},
        {"aaab", "aab", 1, 1},
        {"aXaxAX", "ax", 2, 0},
        {"", "a", 0, 0},
        {"a", "b", 1, 1},
        {"mississippi", "issip", 4, 4},
        {"MISSissippi", "issIP", 11, 4},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_slice text = proa_slice_cstr(row->text);
        struct proa_slice needle = proa_slice_cstr(row->needle);
        PROA_TEST_CHECK(proa_slice_search(text, needle) == row->exact, "%s in %s", row->needle,
                        row->text);
        PROA_TEST_CHECK(proa_slice_search_nocase(text, needle) == row->folded, "%s in %s",
                        row->needle, row->text);
    }
    assert_int_equal(proa_slice_search(PROA_SLICE_NONE, PROA_SLICE("x")), 0);
    assert_int_equal(proa_slice_search_nocase(PROA_SLICE_NONE, PROA_SLICE("x")), 0);
    assert_int_equal(proa_slice_search(PROA_SLICE("a\0b"), PROA_SLICE("\0b")), 1);
}

static void test_split(void **state)
{
    (void)state;
    struct proa_slice rest = PROA_SLICE("a,,bc,");
    assert_slice_lit(proa_slice_split(rest, ',', &rest), "a");
    assert_slice_lit(rest, ",bc,");
    assert_slice_lit(proa_slice_split(rest, ',', &rest), "");
    assert_slice_lit(proa_slice_split(rest, ',', &rest), "bc");
    assert_slice_lit(rest, "");
    assert_slice_lit(proa_slice_split(rest, ',', &rest), "");
    assert_slice_lit(rest, "");

    assert_slice_lit(proa_slice_split(PROA_SLICE("whole"), ',', &rest), "whole");
    assert_slice_lit(rest, "");
    assert_slice_lit(proa_slice_split(PROA_SLICE_NONE, ',', &rest), "");
    assert_slice_lit(rest, "");
}

struct number {
    const char *text;
    enum proa_err err;
    uint64_t value;
};

static void test_to_u64(void **state)
{
    (void)state;
    static const struct number cases[] = {
        {"0", PROA_OK, 0},
        {"7", PROA_OK, 7},
        {"000000000000000000000000042", PROA_OK, 42},
        {"18446744073709551615", PROA_OK, UINT64_MAX},
        {"18446744073709551614", PROA_OK, UINT64_MAX - 1},
        {"18446744073709551616", PROA_ERR_RANGE, 0},
        {"18446744073709551619", PROA_ERR_RANGE, 0},
        {"18446744073709551620", PROA_ERR_RANGE, 0},
        {"36893488147419103232", PROA_ERR_RANGE, 0},
        {"99999999999999999999", PROA_ERR_RANGE, 0},
        {"184467440737095516150", PROA_ERR_RANGE, 0},
        {"9223372036854775808", PROA_OK, UINT64_C(9223372036854775808)},
        {"", PROA_ERR_SYNTAX, 0},
        {"-1", PROA_ERR_SYNTAX, 0},
        {"+1", PROA_ERR_SYNTAX, 0},
        {" 1", PROA_ERR_SYNTAX, 0},
        {"1 ", PROA_ERR_SYNTAX, 0},
        {"1.0", PROA_ERR_SYNTAX, 0},
        {"0x10", PROA_ERR_SYNTAX, 0},
        {"1e3", PROA_ERR_SYNTAX, 0},
        {"/", PROA_ERR_SYNTAX, 0},
        {":", PROA_ERR_SYNTAX, 0},
        {"99999999999999999999x", PROA_ERR_SYNTAX, 0},
    };
    PROA_TEST_ROWS(row, cases)
    {
        uint64_t value = 12345; /* stays on failure */
        enum proa_err err = proa_slice_to_u64(proa_slice_cstr(row->text), &value);
        PROA_TEST_CHECK(err == row->err, "\"%s\" gives %s", row->text, proa_err_name(err));
        PROA_TEST_CHECK(value == (row->err ? 12345 : row->value), "\"%s\" gives %llu", row->text,
                        (unsigned long long)value);
    }
    uint64_t value = 0;
    assert_err(proa_slice_to_u64(PROA_SLICE("1\0"), &value), PROA_ERR_SYNTAX);
    assert_err(proa_slice_to_u64(PROA_SLICE_NONE, &value), PROA_ERR_SYNTAX);
}

struct glob {
    const char *pattern;
    const char *text;
    bool match;
};

static void test_glob_table(void **state)
{
    (void)state;
    static const struct glob cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"*", "", true},
        {"*", "anything/at all", true},
        {"***", "", true},
        {"***", "x", true},
        {"?", "", false},
        {"?", "x", true},
        {"?", "xy", false},
        {"*?", "", false},
        {"*?", "x", true},
        {"?*", "xyz", true},
        {"abc", "abc", true},
        {"abc", "abd", false},
        {"abc", "ab", false},
        {"abc", "abcd", false},
        {"abc", "ABC", false},
        {"a*c", "ac", true},
        {"a*c", "abbbc", true},
        {"a*c", "abcb", false},
        {"a*c*", "abcb", true},
        {"*b", "aab", true},
        {"*b", "aba", false},
        {"*ab", "aab", true},
        {"*a*b*", "xxaxxbxx", true},
        {"*a*b*", "xxbxxaxx", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"a??", "ab", false},
        {"openai/gpt-*", "openai/gpt-5.5", true},
        {"openai/*", "azure/openai", false},
        {"*/claude-*-?", "anthropic/claude-sonnet-5", true},
        {"*/claude-*-?", "anthropic/claude-sonnet-45", false},
        {"[a]", "a", false}, /* no classes */
        {"[a]", "[a]", true},
        {"\\*", "*", false}, /* no escapes */
        {"\\*", "\\anything", true},
        {"*aab", "aaaaaab", true},
        {"*aab*aab", "aabaab", true},
        {"*aab*aab", "aaab", false},
    };
    PROA_TEST_ROWS(row, cases)
    {
        PROA_TEST_CHECK(proa_slice_glob(proa_slice_cstr(row->pattern),
                                        proa_slice_cstr(row->text)) == row->match,
                        "%s on %s", row->pattern, row->text);
    }
    assert_true(proa_slice_glob(PROA_SLICE("a?b"), PROA_SLICE("a\0b")));
    assert_true(proa_slice_glob(PROA_SLICE_NONE, PROA_SLICE_NONE));
}

/* The definition, as a table over all prefixes. */
static bool glob_by_table(struct proa_slice p, struct proa_slice t)
{
    bool match[17][17] = {{false}};
    match[0][0] = true;
    for (size_t i = 1; i <= p.len; i++) {
        match[i][0] = match[i - 1][0] && p.ptr[i - 1] == '*';
        for (size_t j = 1; j <= t.len; j++) {
            if (p.ptr[i - 1] == '*') {
                match[i][j] = match[i - 1][j] || match[i][j - 1];
            } else {
                match[i][j] =
                    match[i - 1][j - 1] && (p.ptr[i - 1] == '?' || p.ptr[i - 1] == t.ptr[j - 1]);
            }
        }
    }
    return match[p.len][t.len];
}

static void test_glob_random(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 7);
    unsigned matched = 0;
    for (unsigned round = 0; round < 20000; round++) {
        char p[8];
        char t[16];
        size_t np = proa_prng_below(&prng, sizeof(p) + 1);
        size_t nt = proa_prng_below(&prng, sizeof(t) + 1);
        for (size_t i = 0; i < np; i++) {
            p[i] = "ab*?*"[proa_prng_below(&prng, 5)];
        }
        for (size_t i = 0; i < nt; i++) {
            t[i] = "ab"[proa_prng_below(&prng, 2)];
        }
        struct proa_slice pattern = proa_slice_make(p, np);
        struct proa_slice text = proa_slice_make(t, nt);
        bool expected = glob_by_table(pattern, text);
        matched += expected;
        PROA_TEST_CHECK(proa_slice_glob(pattern, text) == expected,
                        "%" PROA_SLICE_FMT " on %" PROA_SLICE_FMT, PROA_SLICE_ARG(pattern),
                        PROA_SLICE_ARG(text));
    }
    assert_in_range(matched, 1000, 19000); /* both answers were tried */
}

/* What makes a backtracking matcher explode: many stars and a text that almost fits. */
static void test_glob_is_not_exponential(void **state)
{
    (void)state;
    char pattern[64];
    char text[4096];
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = i % 2 ? '*' : 'a';
    }
    pattern[62] = 'b';
    pattern[63] = 'b';
    memset(text, 'a', sizeof(text));
    assert_false(proa_slice_glob(proa_slice_make(pattern, sizeof(pattern)),
                                 proa_slice_make(text, sizeof(text))));
}

struct distance {
    const char *a;
    const char *b;
    size_t edits;
};

static void test_distance(void **state)
{
    (void)state;
    static const struct distance cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "abc", 0},
        {"kitten", "sitting", 3},
        {"flaw", "lawn", 2},
        {"ab", "ba", 2},
        {"timeout", "timeuot", 2},
        {"retries", "retry", 3},
        {"a", "b", 1},
        {"provider", "providers", 1},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_slice a = proa_slice_cstr(row->a);
        struct proa_slice b = proa_slice_cstr(row->b);
        PROA_TEST_CHECK(proa_slice_distance(a, b) == row->edits, "%s, %s", row->a, row->b);
        PROA_TEST_CHECK(proa_slice_distance(b, a) == row->edits, "%s, %s", row->b, row->a);
    }
}

static void test_distance_cuts_long_texts(void **state)
{
    (void)state;
    char a[1000];
    char b[1000];
    memset(a, 'x', sizeof(a));
    memset(b, 'x', sizeof(b));
    b[64] = 'y';
    struct proa_slice sa = proa_slice_make(a, sizeof(a));
    struct proa_slice sb = proa_slice_make(b, sizeof(b));
    assert_int_equal(proa_slice_distance(sa, sb), 0);
    b[63] = 'y';
    assert_int_equal(proa_slice_distance(sa, sb), 1);
    assert_int_equal(proa_slice_distance(sa, PROA_SLICE_NONE), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_making),
        cmocka_unit_test(test_eq),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_eq_nocase),
        cmocka_unit_test(test_nocase_folds_letters_only),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_to_u64),
        cmocka_unit_test(test_glob_table),
        cmocka_unit_test(test_glob_random),
        cmocka_unit_test(test_glob_is_not_exponential),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_distance_cuts_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
