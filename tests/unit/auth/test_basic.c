/* Basic credentials: RFC 7617's example, and pairs that are none. */
#include "proa/auth/basic.h"

#include "proa_test.h"

static void test_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *pair;
        const char *value;
    } rows[] = {
        {"Aladdin:open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, /* RFC 7617 section 2 */
        {"test:123\xc2\xa3", "Basic dGVzdDoxMjPCow=="},                /* section 2.1 */
        {":", "Basic Og=="},
        {"u:", "Basic dTo="},
        {"u:a:b", "Basic dTphOmI="},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_secret *secret = NULL;
        assert_ok(proa_basic_create(proa_slice_cstr(row->pair), &secret));
        assert_slice_str(proa_secret_bytes(secret), row->value);
        proa_secret_unref(secret);
    }
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "user", "user:pass\n", "us\ter:pass", "u:\x7f"};
    struct proa_secret *secret = NULL;
    PROA_TEST_ROWS(row, rows)
    {
        assert_err(proa_basic_create(proa_slice_cstr(*row), &secret), PROA_ERR_SYNTAX);
    }
    char pair[PROA_BASIC_PAIR_MAX + 1];
    memset(pair, ':', sizeof pair);
    assert_err(proa_basic_create(proa_slice_make(pair, sizeof pair), &secret), PROA_ERR_LIMIT);
    assert_null(secret);
    assert_ok(proa_basic_create(proa_slice_make(pair, sizeof pair - 1), &secret));
    assert_int_equal(proa_secret_bytes(secret).len, 6 + (PROA_BASIC_PAIR_MAX + 2) / 3 * 4);
    proa_secret_unref(secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
