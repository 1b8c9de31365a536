#include "proa/obs/trace.h"

#include "proa_test.h"

#define ID   "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

static void valid_headers(void **state)
{
    (void)state;
    static const char *const cases[] = {"00-" ID "-" SPAN "-00",
                                        "00-" ID "-" SPAN "-01",
                                        "00-" ID "-" SPAN "-ff",
                                        "01-" ID "-" SPAN "-01",
                                        "cc-" ID "-" SPAN "-01-what-the-future-brings",
                                        "fe-" ID "-" SPAN "-01-"};
    PROA_TEST_ROWS(text, cases)
    {
        struct proa_trace t;
        PROA_TEST_CHECK(proa_trace_parse(proa_slice_cstr(*text), &t) == PROA_OK, "%s", *text);
        assert_slice_lit(t.trace_id, ID);
        assert_slice_lit(t.span_id, SPAN);
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
        struct proa_trace t = {.span_id = PROA_SLICE("as it was")};
        PROA_TEST_CHECK(proa_trace_parse(proa_slice_cstr(*text), &t) == PROA_ERR_SYNTAX, "%s",
                        *text);
        assert_slice_lit(t.span_id, "as it was");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_headers),
        cmocka_unit_test(invalid_headers),
        cmocka_unit_test(every_byte_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
