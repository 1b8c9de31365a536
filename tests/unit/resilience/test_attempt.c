/* The class table, and which class a transport failure gets. */
#include "proa/resilience/attempt.h"

#include <string.h>

#include "proa_test.h"

static void texts_are_unique(void **state)
{
    (void)state;
    for (int a = 0; a < PROA_CLASS_COUNT; a++) {
        assert_true(strlen(proa_class_text((enum proa_class)a)) > 1);
        for (int b = a + 1; b < PROA_CLASS_COUNT; b++) {
            assert_string_not_equal(proa_class_text((enum proa_class)a),
                                    proa_class_text((enum proa_class)b));
        }
    }
    assert_string_equal(proa_class_text(PROA_CLASS_COUNT), "unknown");
    assert_false(proa_class_movable(PROA_CLASS_COUNT));
    assert_int_equal(proa_class_scope(PROA_CLASS_COUNT), PROA_SCOPE_NONE);
}

/* What the request itself caused, and what the client did, is never tried elsewhere. */
static void request_faults_stay(void **state)
{
    (void)state;
    assert_false(proa_class_movable(PROA_CLASS_CLIENT));
    assert_false(proa_class_movable(PROA_CLASS_CANCELLED));
    assert_false(proa_class_movable(PROA_CLASS_STREAM_BROKEN));
    assert_false(proa_class_movable(PROA_CLASS_TOTAL_TIMEOUT));
    for (int c = 0; c < PROA_CLASS_COUNT; c++) {
        if (proa_class_scope((enum proa_class)c) == PROA_SCOPE_REQUEST) {
            assert_false(proa_class_movable((enum proa_class)c));
        }
    }
}

static void limits_and_credentials_have_their_scope(void **state)
{
    (void)state;
    assert_int_equal(proa_class_scope(PROA_CLASS_RATE), PROA_SCOPE_QUOTA_GROUP);
    assert_int_equal(proa_class_scope(PROA_CLASS_QUOTA), PROA_SCOPE_QUOTA_GROUP);
    assert_int_equal(proa_class_scope(PROA_CLASS_AUTH), PROA_SCOPE_KEY);
    assert_int_equal(proa_class_scope(PROA_CLASS_CONNECT), PROA_SCOPE_ENDPOINT);
    assert_int_equal(proa_class_scope(PROA_CLASS_SERVER), PROA_SCOPE_POOL);
}

static void classes_of_transport_errors(void **state)
{
    (void)state;
    static const struct {
        enum proa_err err;
        bool connected;
        enum proa_class class;
    } rows[] = {
        {PROA_ERR_DNS, false, PROA_CLASS_DNS},
        {PROA_ERR_REFUSED, false, PROA_CLASS_CONNECT},
        {PROA_ERR_RESET, false, PROA_CLASS_CONNECT},
        {PROA_ERR_TIMEOUT, false, PROA_CLASS_CONNECT_TIMEOUT},
        {PROA_ERR_TLS, false, PROA_CLASS_TLS},
        {PROA_ERR_TLS_HOSTNAME, false, PROA_CLASS_TLS},
        {PROA_ERR_TLS_EXPIRED, false, PROA_CLASS_TLS},
        {PROA_ERR_TLS_REVOKED, true, PROA_CLASS_TLS},
        {PROA_ERR_FD_LIMIT, false, PROA_CLASS_LOCAL},
        {PROA_ERR_UNREACHABLE, false, PROA_CLASS_LOCAL},
        {PROA_ERR_RESET, true, PROA_CLASS_RESET},
        {PROA_ERR_CLOSED, true, PROA_CLASS_RESET},
        {PROA_ERR_TIMEOUT, true, PROA_CLASS_WRITE_TIMEOUT},
        {PROA_ERR_TRUNCATED, true, PROA_CLASS_RESET},
        {PROA_ERR_PROTOCOL, true, PROA_CLASS_MALFORMED},
        {PROA_ERR_SYNTAX, true, PROA_CLASS_MALFORMED},
        {PROA_ERR_LIMIT, true, PROA_CLASS_MALFORMED},
        {PROA_ERR_CANCELLED, true, PROA_CLASS_CANCELLED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(proa_class_of_err(rows[i].err, rows[i].connected), rows[i].class);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_unique),
        cmocka_unit_test(request_faults_stay),
        cmocka_unit_test(limits_and_credentials_have_their_scope),
        cmocka_unit_test(classes_of_transport_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
