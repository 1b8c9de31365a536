/*
 * The session cache: keys, order of eviction, ages, counters, and that it really resumes.
 */
#include "context_priv.h"

#include "proa/core/alloc.h"
#include "proa/tls/cache.h"

#include "pki.h"

static int setup(void **state)
{
    (void)state;
    assert_ok(proa_tls_init());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    proa_tls_exit();
    return 0;
}

/* A saved session without content: the cache does not look inside. */
static struct proa_tls_saved *blank(void)
{
    struct proa_tls_saved *saved = PROA_NEW(struct proa_tls_saved);
    mbedtls_ssl_session_init(&saved->session);
    return saved;
}

static const uint64_t second_ns = 1000000000;

static void test_keys(void **state)
{
    (void)state;
    struct proa_tls_cache c;
    proa_tls_cache_init(&c, 8, 0, 1);
    struct proa_tls_saved *a = blank();
    proa_tls_cache_put(&c, PROA_SLICE("a.example"), 443, 7, a, 1);
    assert_ptr_equal(proa_tls_cache_get(&c, PROA_SLICE("a.example"), 443, 7, 2), a);
    assert_ptr_equal(proa_tls_cache_get(&c, PROA_SLICE("a.example"), 443, 7, 2), a);
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("a.example"), 444, 7, 2));
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("a.example"), 443, 8, 2));
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("b.example"), 443, 7, 2));
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("a.exampl"), 443, 7, 2));
    assert_int_equal(c.n_hits, 2);
    assert_int_equal(c.n_misses, 4);

    struct proa_tls_saved *b = blank();
    proa_tls_cache_put(&c, PROA_SLICE("a.example"), 443, 7, b, 3);
    assert_ptr_equal(proa_tls_cache_get(&c, PROA_SLICE("a.example"), 443, 7, 4), b);
    assert_int_equal(proa_tls_cache_len(&c), 1);

    proa_tls_cache_put(&c, PROA_SLICE("a.example"), 443, 7, NULL, 3);
    assert_int_equal(proa_tls_cache_len(&c), 1);
    proa_tls_cache_forget(&c, PROA_SLICE("b.example"), 443, 7);
    proa_tls_cache_forget(&c, PROA_SLICE("a.example"), 443, 7);
    assert_int_equal(proa_tls_cache_len(&c), 0);
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("a.example"), 443, 7, 4));
    proa_tls_cache_deinit(&c);
}

static void test_hosts_that_are_none(void **state)
{
    (void)state;
    struct proa_tls_cache c;
    char longest[256];
    memset(longest, 'a', sizeof(longest));
    proa_tls_cache_init(&c, 8, 0, 1);
    proa_tls_cache_put(&c, proa_slice_make(longest, 256), 1, 1, blank(), 1);
    proa_tls_cache_put(&c, PROA_SLICE(""), 1, 1, blank(), 1);
    assert_int_equal(proa_tls_cache_len(&c), 0);
    assert_null(proa_tls_cache_get(&c, proa_slice_make(longest, 256), 1, 1, 1));
    proa_tls_cache_put(&c, proa_slice_make(longest, 255), 1, 1, blank(), 1);
    assert_non_null(proa_tls_cache_get(&c, proa_slice_make(longest, 255), 1, 1, 1));
    proa_tls_cache_forget(&c, PROA_SLICE(""), 1, 1);
    proa_tls_cache_deinit(&c);
}

static void test_least_recently_used_goes(void **state)
{
    (void)state;
    struct proa_tls_cache c;
    proa_tls_cache_init(&c, 3, 0, 1);
    for (uint16_t port = 1; port <= 3; port++) {
        proa_tls_cache_put(&c, PROA_SLICE("h"), port, 0, blank(), port);
    }
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, 4));
    proa_tls_cache_put(&c, PROA_SLICE("h"), 2, 0, blank(), 5); /* a renewal is a use */
    proa_tls_cache_put(&c, PROA_SLICE("h"), 4, 0, blank(), 6);
    assert_int_equal(proa_tls_cache_len(&c), 3);
    assert_int_equal(c.n_evicted, 1);
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 3, 0, 7));
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, 7));
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 2, 0, 7));
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 4, 0, 7));
    for (uint16_t port = 100; port < 1100; port++) {
        proa_tls_cache_put(&c, PROA_SLICE("h"), port, 0, blank(), port);
        assert_int_equal(proa_tls_cache_len(&c), 3);
    }
    proa_tls_cache_deinit(&c);
}

static void test_ages(void **state)
{
    (void)state;
    struct proa_tls_cache c;
    proa_tls_cache_init(&c, 3, 10 * second_ns, 1);
    proa_tls_cache_put(&c, PROA_SLICE("h"), 1, 0, blank(), 100 * second_ns);
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, 110 * second_ns));
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, 90 * second_ns)); /* backward */
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, 110 * second_ns + 1));
    assert_int_equal(proa_tls_cache_len(&c), 0);

    /* A ticket from a resumed connection is as old as the certificate that was seen. */
    struct proa_tls_saved *inherited = blank();
    inherited->is_dated = true;
    inherited->verified_ns = 100 * second_ns;
    proa_tls_cache_put(&c, PROA_SLICE("h"), 1, 0, inherited, 108 * second_ns);
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, 109 * second_ns));
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, 111 * second_ns));
    proa_tls_cache_deinit(&c);

    proa_tls_cache_init(&c, 3, 0, 1);
    proa_tls_cache_put(&c, PROA_SLICE("h"), 1, 0, blank(), 0);
    assert_non_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, UINT64_C(8) * 3600 * second_ns));
    assert_null(proa_tls_cache_get(&c, PROA_SLICE("h"), 1, 0, UINT64_C(8) * 3600 * second_ns + 1));
    proa_tls_cache_deinit(&c);
}

/* Through real connections: one full, then resumed ones, until the age ends it. */
static void test_resumes_until_too_old(void **state)
{
    (void)state;
    struct pki_cert ca;
    struct pki_cert leaf;
    struct proa_tls_cache c;
    pki_make(&ca, NULL, &(struct pki_spec){.cn = "test authority", .is_ca = true});
    pki_make(&leaf, &ca, &(struct pki_spec){0});
    struct proa_tls_context *client = pki_client(&ca, PROA_TLS_VERSION_ANY);
    struct proa_tls_context *server = pki_server(&leaf, PROA_TLS_VERSION_ANY);
    struct proa_slice host = PROA_SLICE("api.example");
    uint64_t id = proa_tls_context_id(client);
    proa_tls_cache_init(&c, 4, 10 * second_ns, 1);
    for (uint64_t t = 0; t <= 14; t++) {
        struct pipe_pair p;
        pair_open(&p, client, server, "api.example",
                  proa_tls_cache_get(&c, host, 443, id, t * second_ns));
        pair_pump(&p);
        pair_assert_open(&p);
        /* Seen at 0 and, the ticket chain having aged out, at 11 again. */
        assert_int_equal(proa_tls_session_info(p.client.s).resumed, t != 0 && t != 11);
        proa_tls_cache_put(&c, host, 443, id, proa_tls_session_save(p.client.s), t * second_ns);
        pair_close(&p);
    }
    assert_int_equal(c.n_misses, 2);
    assert_int_equal(c.n_hits, 13);
    proa_tls_cache_deinit(&c);
    proa_tls_context_unref(client);
    proa_tls_context_unref(server);
    pki_free(&ca);
    pki_free(&leaf);
}

static void test_zeroed_one_can_be_released(void **state)
{
    (void)state;
    struct proa_tls_cache c = {0};
    proa_tls_cache_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_hosts_that_are_none),
        cmocka_unit_test(test_least_recently_used_goes),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_resumes_until_too_old),
        cmocka_unit_test(test_zeroed_one_can_be_released),
    };
    return cmocka_run_group_tests_name("tls cache", tests, setup, teardown);
}
