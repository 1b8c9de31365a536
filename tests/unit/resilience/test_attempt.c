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
    assert_int_equal(proa_class_scope(PROA_CLASS_TOKEN), PROA_SCOPE_TARGET);
    assert_int_equal(proa_class_scope(PROA_CLASS_CONNECT), PROA_SCOPE_ENDPOINT);
    assert_int_equal(proa_class_scope(PROA_CLASS_SERVER), PROA_SCOPE_POOL);
    assert_int_equal(proa_class_scope(PROA_CLASS_OVERLOADED), PROA_SCOPE_POOL);
    assert_int_equal(proa_class_scope(PROA_CLASS_NOT_FOUND), PROA_SCOPE_POOL);
    assert_int_equal(proa_class_scope(PROA_CLASS_UNFIT), PROA_SCOPE_POOL);
    assert_int_equal(proa_class_scope(PROA_CLASS_PERMISSION), PROA_SCOPE_TARGET);
    assert_int_equal(proa_class_scope(PROA_CLASS_DNS), PROA_SCOPE_ENDPOINT);
    assert_int_equal(proa_class_scope(PROA_CLASS_TLS), PROA_SCOPE_ENDPOINT);
    assert_int_equal(proa_class_scope(PROA_CLASS_LOCAL), PROA_SCOPE_LOCAL);
}

/* Names in logs, metrics and the trail: changing one breaks what people have built on it. */
static void texts_are_stable(void **state)
{
    (void)state;
    static const char *const texts[PROA_CLASS_COUNT] = {
        [PROA_CLASS_NONE] = "none",
        [PROA_CLASS_OK] = "ok",
        [PROA_CLASS_DNS] = "dns",
        [PROA_CLASS_CONNECT] = "connect",
        [PROA_CLASS_CONNECT_TIMEOUT] = "timeout_connect",
        [PROA_CLASS_TLS] = "tls",
        [PROA_CLASS_RESET] = "reset",
        [PROA_CLASS_EMPTY] = "empty_answer",
        [PROA_CLASS_MALFORMED] = "invalid_response",
        [PROA_CLASS_FIRST_BYTE_TIMEOUT] = "timeout_first_byte",
        [PROA_CLASS_FIRST_CONTENT_TIMEOUT] = "timeout_first_content",
        [PROA_CLASS_IDLE_TIMEOUT] = "timeout_idle",
        [PROA_CLASS_TOTAL_TIMEOUT] = "timeout_total",
        [PROA_CLASS_WRITE_TIMEOUT] = "timeout_write",
        [PROA_CLASS_SERVER] = "http_5xx",
        [PROA_CLASS_OVERLOADED] = "overloaded",
        [PROA_CLASS_RATE] = "http_429",
        [PROA_CLASS_QUOTA] = "quota",
        [PROA_CLASS_TOKEN] = "token",
        [PROA_CLASS_AUTH] = "auth",
        [PROA_CLASS_PERMISSION] = "permission",
        [PROA_CLASS_NOT_FOUND] = "not_found",
        [PROA_CLASS_UNFIT] = "unfit",
        [PROA_CLASS_CLIENT] = "http_4xx",
        [PROA_CLASS_CONFLICT] = "http_409",
        [PROA_CLASS_REDIRECT] = "http_3xx",
        [PROA_CLASS_STREAM_BROKEN] = "stream_broken",
        [PROA_CLASS_DIVERGED] = "diverged",
        [PROA_CLASS_CANCELLED] = "cancelled",
        [PROA_CLASS_LOCAL] = "local",
    };
    for (int c = 0; c < PROA_CLASS_COUNT; c++) {
        assert_string_equal(proa_class_text((enum proa_class)c), texts[c]);
    }
}

/* Refuse, reset, DNS and TLS each count. */
static void weights_of_health(void **state)
{
    (void)state;
    static const struct {
        enum proa_class class;
        struct proa_class_weight weight;
    } rows[] = {
        {PROA_CLASS_DNS, {2, 0, 2}},
        {PROA_CLASS_CONNECT, {2, 0, 2}},
        {PROA_CLASS_CONNECT_TIMEOUT, {2, 0, 2}},
        {PROA_CLASS_TLS, {2, 0, 2}},
        {PROA_CLASS_RESET, {1, 1, 0}},
        {PROA_CLASS_EMPTY, {1, 1, 0}},
        {PROA_CLASS_MALFORMED, {1, 1, 0}},
        {PROA_CLASS_FIRST_BYTE_TIMEOUT, {2, 1, 0}},
        {PROA_CLASS_FIRST_CONTENT_TIMEOUT, {2, 1, 0}},
        {PROA_CLASS_TOTAL_TIMEOUT, {2, 1, 0}},
        {PROA_CLASS_WRITE_TIMEOUT, {2, 1, 0}},
        {PROA_CLASS_IDLE_TIMEOUT, {1, 1, 0}},
        {PROA_CLASS_SERVER, {1, 1, 0}},
        {PROA_CLASS_OVERLOADED, {1, 1, 0}},
        {PROA_CLASS_REDIRECT, {1, 1, 0}},
        {PROA_CLASS_STREAM_BROKEN, {1, 1, 0}},
        {PROA_CLASS_TOKEN, {2, 0, 0}},
    };
    uint32_t weighing = 0;
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_class_weight w = proa_class_weight(row->class);
        PROA_TEST_CHECK(w.target == row->weight.target && w.pool == row->weight.pool &&
                            w.endpoint == row->weight.endpoint,
                        "%s weighs %d, %d, %d", proa_class_text(row->class), w.target, w.pool,
                        w.endpoint);
        weighing |= 1U << row->class;
    }
    /* A limit, a credential, a request's fault, an end of our own making: none is ill health. */
    for (int c = 0; c <= PROA_CLASS_COUNT; c++) {
        const struct proa_class_weight w = proa_class_weight((enum proa_class)c);
        assert_int_equal(weighing >> c & 1U, w.target + w.pool + w.endpoint > 0);
    }
}

/* Whose fault it is, and whom it weighs upon, agree. */
static void weights_follow_the_scope(void **state)
{
    (void)state;
    for (int c = 0; c < PROA_CLASS_COUNT; c++) {
        const struct proa_class_weight w = proa_class_weight((enum proa_class)c);
        const enum proa_scope scope = proa_class_scope((enum proa_class)c);
        if (scope == PROA_SCOPE_TARGET) { /* what is beside the provider weighs on nobody else */
            assert_int_equal(w.pool + w.endpoint, 0);
        } else if (w.target > 0) {
            assert_true(scope == PROA_SCOPE_POOL || scope == PROA_SCOPE_ENDPOINT);
            assert_true(w.pool > 0 || w.endpoint > 0);
        }
        if (w.endpoint > 0) {
            assert_int_equal(scope, PROA_SCOPE_ENDPOINT);
            assert_int_equal(w.pool, 0);
        }
    }
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
        cmocka_unit_test(texts_are_stable),
        cmocka_unit_test(weights_of_health),
        cmocka_unit_test(weights_follow_the_scope),
        cmocka_unit_test(classes_of_transport_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
