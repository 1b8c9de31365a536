#include "hex_priv.h"
#include "line_priv.h"
#include "utf8_priv.h"

#include "proa_test.h"

#define S PROA_SLICE

/* What a value must look like, written down byte by byte. */
static size_t expected_byte(unsigned char c, char *out)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') {
        out[0] = '\\';
        out[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : (char)c;
        return 2;
    }
    if (c >= 0x80) { /* alone, it is no character */
        memcpy(out, "\\ufffd", 6);
        return 6;
    }
    if (c < 0x20 || c == 0x7f) {
        memcpy(out, "\\u00", 4);
        out[4] = hex[c >> 4];
        out[5] = hex[c & 15];
        return 6;
    }
    out[0] = (char)c;
    return 1;
}

/* Input and output on blocks of exactly their size, so that a stray access is seen. */
static void check_escape(struct proa_slice in, struct proa_slice expected)
{
    char *copy = malloc(in.len ? in.len : 1);
    size_t room = PROA_LINE_VALUE_MAX(in.len);
    char *out = malloc(room);
    assert_non_null(copy);
    assert_non_null(out);
    if (in.len) {
        memcpy(copy, in.ptr, in.len);
    }
    const char *end = proa_line_escape(out, proa_slice_make(copy, in.len));
    assert_slice_equal(proa_slice_make(out, (size_t)(end - out)), expected);
    free(out);
    free(copy);
}

static void every_byte_at_every_place(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 24, 25};
    PROA_TEST_ROWS(len, lengths)
    {
        for (size_t at = 0; at < *len; at++) {
            for (unsigned c = 0; c < 256; c++) {
                char in[32];
                memset(in, 'x', sizeof(in));
                in[at] = (char)(unsigned char)c;
                char expected[64];
                memset(expected, 'x', sizeof(expected));
                size_t n = expected_byte((unsigned char)c, expected + at);
                memset(expected + at + n, 'x', *len - at - 1);
                check_escape(proa_slice_make(in, *len), proa_slice_make(expected, *len - 1 + n));
            }
        }
    }
}

static void neighbours_do_not_hide_each_other(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a += 1) {
        for (unsigned b = 0; b < 0x80; b++) {
            if (a >= 0xc2) {
                continue; /* may begin a character */
            }
            char in[9] = {'x', 'x', 'x', (char)(unsigned char)a, (char)(unsigned char)b, 'x',
                          'x', 'x', 'x'};
            char expected[32] = "xxx";
            size_t n = 3;
            n += expected_byte((unsigned char)a, expected + n);
            n += expected_byte((unsigned char)b, expected + n);
            memcpy(expected + n, "xxxx", 4);
            check_escape(proa_slice_make(in, 9), proa_slice_make(expected, n + 4));
        }
    }
}

static void characters_beyond_ascii(void **state)
{
    (void)state;
    static const struct {
        struct proa_slice in;
        struct proa_slice out;
    } cases[] = {
        {PROA_SLICE_INIT("gr\xc3\xbcn"), PROA_SLICE_INIT("gr\xc3\xbcn")},
        {PROA_SLICE_INIT("\xe2\x82\xac"), PROA_SLICE_INIT("\xe2\x82\xac")},
        {PROA_SLICE_INIT("\xf0\x9f\x9b\xb6"), PROA_SLICE_INIT("\xf0\x9f\x9b\xb6")},
        {PROA_SLICE_INIT("\xc2\x80"), PROA_SLICE_INIT("\\u0080")},
        {PROA_SLICE_INIT("\xc2\x9b"), PROA_SLICE_INIT("\\u009b")}, /* CSI in one character */
        {PROA_SLICE_INIT("\xc2\xa0"), PROA_SLICE_INIT("\xc2\xa0")},
        {PROA_SLICE_INIT("\xe2\x80\xa7"), PROA_SLICE_INIT("\xe2\x80\xa7")},
        {PROA_SLICE_INIT("\xe2\x80\xa8"), PROA_SLICE_INIT("\\u2028")}, /* line separator */
        {PROA_SLICE_INIT("\xe2\x80\xae"), PROA_SLICE_INIT("\\u202e")}, /* right-to-left override */
        {PROA_SLICE_INIT("\xe2\x80\xaf"), PROA_SLICE_INIT("\xe2\x80\xaf")},
        {PROA_SLICE_INIT("\xe2\x81\xa6"), PROA_SLICE_INIT("\\u2066")},
        {PROA_SLICE_INIT("\xc3"), PROA_SLICE_INIT("\\ufffd")},
        {PROA_SLICE_INIT("\xe2\x82"), PROA_SLICE_INIT("\\ufffd\\ufffd")},
        {PROA_SLICE_INIT("\xc0\xaf"), PROA_SLICE_INIT("\\ufffd\\ufffd")},
        {PROA_SLICE_INIT("\xed\xa0\x80"), PROA_SLICE_INIT("\\ufffd\\ufffd\\ufffd")},
        {PROA_SLICE_INIT("\xc3\xbc\xc3(\xc3\xbc"), PROA_SLICE_INIT("\xc3\xbc\\ufffd(\xc3\xbc")},
        {PROA_SLICE_INIT(""), PROA_SLICE_INIT("")},
    };
    PROA_TEST_ROWS(row, cases)
    {
        check_escape(row->in, row->out);
        /* The same behind and before plain bytes, in the word-wise part. */
        char in[64] = "0123456789abcdefghi";
        char out[64] = "0123456789abcdefghi";
        memcpy(in + 19, row->in.ptr, row->in.len);
        memcpy(out + 19, row->out.ptr, row->out.len);
        memcpy(in + 19 + row->in.len, "0123456789", 10);
        memcpy(out + 19 + row->out.len, "0123456789", 10);
        check_escape(proa_slice_make(in, 29 + row->in.len),
                     proa_slice_make(out, 29 + row->out.len));
    }
}

static void long_values_are_cut(void **state)
{
    (void)state;
    enum { MORE = PROA_LOG_VALUE_BYTES + 100 };
    char in[MORE];
    char out[PROA_LINE_ESCAPE * PROA_LOG_VALUE_BYTES + 3];
    memset(in, 'x', sizeof(in));
    check_escape(proa_slice_make(in, PROA_LOG_VALUE_BYTES),
                 proa_slice_make(in, PROA_LOG_VALUE_BYTES));
    memset(out, 'x', PROA_LOG_VALUE_BYTES);
    memcpy(out + PROA_LOG_VALUE_BYTES, "...", 3);
    check_escape(proa_slice_make(in, PROA_LOG_VALUE_BYTES + 1),
                 proa_slice_make(out, PROA_LOG_VALUE_BYTES + 3));
    /* A character on the border goes as a whole. */
    memcpy(in + PROA_LOG_VALUE_BYTES - 2, "\xe2\x82\xac", 3);
    memcpy(out + PROA_LOG_VALUE_BYTES - 2, "...", 3);
    check_escape(proa_slice_make(in, MORE), proa_slice_make(out, PROA_LOG_VALUE_BYTES + 1));
    /* The longest output there is. */
    memset(in, 0xff, sizeof(in));
    for (size_t i = 0; i < PROA_LOG_VALUE_BYTES; i++) {
        memcpy(out + 6 * i, "\\ufffd", 6);
    }
    memcpy(out + sizeof(out) - 3, "...", 3);
    check_escape(proa_slice_make(in, MORE), proa_slice_make(out, sizeof(out)));
    /* Continuation bytes all the way: the search for a border must end. */
    memset(in, 0x80, sizeof(in));
    char *end = proa_line_escape(out, proa_slice_make(in, MORE));
    assert_true((size_t)(end - out) <= sizeof(out));
}

static void plain_values_are_quoted_when_needed(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {{"abc", "abc"},
                 {"/v1/chat/completions", "/v1/chat/completions"},
                 {"", "\"\""},
                 {"a b", "\"a b\""},
                 {"a=b", "\"a=b\""},
                 {"\"", "\"\\\"\""},
                 {"a\nlevel=error", "\"a\\nlevel=error\""},
                 {"\x1b[2J", "\"\\u001b[2J\""},
                 {"gr\xc3\xbcn", "\"gr\xc3\xbcn\""}};
    PROA_TEST_ROWS(row, cases)
    {
        char out[256];
        const char *end = proa_line_plain(out, proa_slice_cstr(row->in));
        assert_slice_str(proa_slice_make(out, (size_t)(end - out)), row->out);
    }
}

static void numbers_are_written_in_full(void **state)
{
    (void)state;
    char want[32];
    char out[PROA_LINE_NUMBER];
    for (uint64_t v = 0; v < 20000; v++) {
        int n = snprintf(want, sizeof(want), "%llu", (unsigned long long)v);
        const char *end = proa_line_u64(out, v);
        assert_slice_equal(proa_slice_make(out, (size_t)(end - out)),
                           proa_slice_make(want, (size_t)n));
    }
    for (unsigned shift = 0; shift < 64; shift++) {
        uint64_t v = UINT64_MAX >> shift;
        int n = snprintf(want, sizeof(want), "%llu", (unsigned long long)v);
        const char *end = proa_line_u64(out, v);
        assert_slice_equal(proa_slice_make(out, (size_t)(end - out)),
                           proa_slice_make(want, (size_t)n));
    }
}

static void milliseconds_have_three_decimals(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {{0, "0.000"},
                 {999, "0.000"},
                 {1000, "0.001"},
                 {1234567, "1.234"},
                 {999999, "0.999"},
                 {1000000, "1.000"},
                 {90050000, "90.050"},
                 {UINT64_C(3600000000000), "3600000.000"},
                 {UINT64_MAX, "18446744073709.551"}};
    PROA_TEST_ROWS(row, cases)
    {
        char out[PROA_LINE_NUMBER];
        const char *end = proa_line_ms(out, row->ns);
        assert_slice_str(proa_slice_make(out, (size_t)(end - out)), row->text);
    }
}

static void hex_is_fixed_width(void **state)
{
    (void)state;
    static const uint64_t cases[] = {0, 1, 0x0123456789abcdef, 0xfedcba9876543210, UINT64_MAX};
    PROA_TEST_ROWS(value, cases)
    {
        char want[17];
        char out[16];
        (void)snprintf(want, sizeof(want), "%016llx", (unsigned long long)*value);
        proa_hex_u64(out, *value);
        assert_slice_equal(proa_slice_make(out, 16), proa_slice_make(want, 16));
    }
    for (uint64_t byte = 0; byte < 256; byte++) {
        char want[17];
        char out[16];
        (void)snprintf(want, sizeof(want), "%016llx", (unsigned long long)(byte << 24));
        proa_hex_u64(out, byte << 24);
        assert_memory_equal(out, want, 16);
    }
}

/* Every code point encodes and decodes to itself; every two-byte pair is judged as RFC 3629 does.
 */
static void utf8_follows_the_rfc(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x110000; code++) {
        unsigned char b[4];
        size_t n;
        if (code < 0x80) {
            b[0] = (unsigned char)code;
            n = 1;
        } else if (code < 0x800) {
            b[0] = (unsigned char)(0xc0 | code >> 6);
            b[1] = (unsigned char)(0x80 | (code & 63));
            n = 2;
        } else if (code < 0x10000) {
            b[0] = (unsigned char)(0xe0 | code >> 12);
            b[1] = (unsigned char)(0x80 | (code >> 6 & 63));
            b[2] = (unsigned char)(0x80 | (code & 63));
            n = 3;
        } else {
            b[0] = (unsigned char)(0xf0 | code >> 18);
            b[1] = (unsigned char)(0x80 | (code >> 12 & 63));
            b[2] = (unsigned char)(0x80 | (code >> 6 & 63));
            b[3] = (unsigned char)(0x80 | (code & 63));
            n = 4;
        }
        bool valid = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
        uint32_t got = 0;
        size_t len = proa_utf8_take(b, n, &got);
        PROA_TEST_CHECK(len == (valid ? n : 0), "U+%04x", code);
        assert_true(!valid || got == code);
        assert_true(n == 1 || proa_utf8_take(b, n - 1, &got) == 0);
    }
    for (unsigned a = 0x80; a < 256; a++) {
        for (unsigned c = 0; c < 256; c++) {
            const unsigned char b[2] = {(unsigned char)a, (unsigned char)c};
            uint32_t code;
            bool valid = a >= 0xc2 && a <= 0xdf && (c & 0xc0) == 0x80;
            assert_int_equal(proa_utf8_take(b, 2, &code), valid ? 2 : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(neighbours_do_not_hide_each_other),
        cmocka_unit_test(characters_beyond_ascii),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(plain_values_are_quoted_when_needed),
        cmocka_unit_test(numbers_are_written_in_full),
        cmocka_unit_test(milliseconds_have_three_decimals),
        cmocka_unit_test(hex_is_fixed_width),
        cmocka_unit_test(utf8_follows_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
