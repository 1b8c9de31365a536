#include "proa/http/fault.h"
#include "proa/http/header.h"

#include "proa_test.h"

static void every_fault_is_explained(void **state)
{
    (void)state;
    for (int i = 1; i < PROA_HTTP_FAULT_COUNT; i++) {
        const struct proa_http_fault_info *info = proa_http_fault_info((enum proa_http_fault)i);
        PROA_TEST_CHECK(info->status >= 400 && info->status <= 505, "fault %d", i);
        assert_true(proa_http_is_token(info->code));
        assert_int_equal(info->text.ptr[info->text.len - 1], '.');
        for (int j = 1; j < i; j++) {
            assert_false(
                proa_slice_eq(info->code, proa_http_fault_info((enum proa_http_fault)j)->code));
        }
    }
    assert_int_equal(proa_http_fault_info(PROA_HTTP_FAULT_NONE)->status, 0);
    assert_ptr_equal(proa_http_fault_info(PROA_HTTP_FAULT_COUNT),
                     proa_http_fault_info(PROA_HTTP_FAULT_NONE));
}

/* What clients, dashboards and tests match against. */
static void codes_and_statuses_are_stable(void **state)
{
    (void)state;
    static const struct {
        enum proa_http_fault fault;
        unsigned status;
        const char *code;
    } rows[] = {
        {PROA_HTTP_FAULT_REQUEST_LINE, 400, "bad_request_line"},
        {PROA_HTTP_FAULT_METHOD_UNKNOWN, 405, "method_unknown"},
        {PROA_HTTP_FAULT_METHOD_REFUSED, 405, "method_refused"},
        {PROA_HTTP_FAULT_TARGET_LONG, 414, "target_too_long"},
        {PROA_HTTP_FAULT_VERSION, 505, "bad_version"},
        {PROA_HTTP_FAULT_HEAD_LONG, 431, "head_too_long"},
        {PROA_HTTP_FAULT_HEADER_COUNT, 431, "too_many_headers"},
        {PROA_HTTP_FAULT_HOST_MISSING, 400, "host_missing"},
        {PROA_HTTP_FAULT_LENGTH_AND_CODING, 400, "length_and_coding"},
        {PROA_HTTP_FAULT_CODING_UNKNOWN, 400, "transfer_encoding_unknown"},
        {PROA_HTTP_FAULT_BODY_LONG, 413, "body_too_large"},
        {PROA_HTTP_FAULT_EXPECTATION, 417, "expectation_unknown"},
        {PROA_HTTP_FAULT_TRUNCATED, 400, "truncated"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_http_fault_info(row->fault)->status, row->status);
        assert_slice_str(proa_http_fault_info(row->fault)->code, row->code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_explained),
        cmocka_unit_test(codes_and_statuses_are_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
