#include "proa/auth/secret.h"

#include "policy_fixture.h"
#include "proa_test.h"

#define KEY32 "0123456789abcdef0123456789abcdef"

static struct policy_fixture f;

static const char *const ENV[] = {"KEY=" KEY32, "PASS=hush", "SHORT=0123456789abcdef", NULL};

static const struct proa_shared_cache *build(const char *shared)
{
    char yaml[512];
    policy_fixture_deinit(&f);
    f = (struct policy_fixture){.env = ENV};
    assert_true(snprintf(yaml, sizeof yaml, "cache: {shared: {%s}}", shared) < (int)sizeof yaml);
    policy_fixture_build(&f, yaml, NULL);
    return f.snapshot ? f.snapshot->shared : NULL;
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *host;
        uint16_t port;
        const char *user;
        uint32_t database;
    } rows[] = {
        {"redis://cache", "cache", 6379, "", 0},
        {"redis://Cache.Example:7000/", "cache.example", 7000, "", 0},
        {"redis://127.0.0.1/3", "127.0.0.1", 6379, "", 3},
        {"redis://[::1]:6380/15", "::1", 6380, "", 15},
        {"redis://proa@10.0.0.1:1/65535", "10.0.0.1", 1, "proa", 65535},
        {"unix:/run/valkey.sock", "unix:/run/valkey.sock", 0, "", 0},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        char text[256];
        assert_true(snprintf(text, sizeof text, "url: '%s', key: {env: KEY}, password: {env: PASS}",
                             rows[i].url) > 0);
        const struct proa_shared_cache *s = build(text);
        PROA_TEST_CHECK(s != NULL, "%s: %s", rows[i].url, policy_fixture_message(&f, 0));
        assert_true(proa_slice_eq(s->host, proa_slice_cstr(rows[i].host)));
        assert_int_equal(s->port, rows[i].port);
        assert_true(proa_slice_eq(s->user, proa_slice_cstr(rows[i].user)));
        assert_int_equal(s->database, rows[i].database);
        assert_false(s->tls);
        assert_true(proa_secret_equals(s->key, PROA_SLICE(KEY32)));
        assert_true(proa_secret_equals(s->password, PROA_SLICE("hush")));
    }
    assert_null(build("url: redis://h, key: {env: KEY}")->password);
    policy_fixture_deinit(&f);
    policy_fixture_build(&f, "cache: {size: 1MiB}", NULL);
    assert_non_null(f.snapshot);
    assert_null(f.snapshot->shared);
}

static void tls_needs_its_authorities(void **state)
{
    (void)state;
    static const struct policy_fixture_file files[] = {
        {.path = "/ca.pem", .text = "-----BEGIN CERTIFICATE-----\n"},
        {.path = "/no.pem", .text = "nothing"},
    };
    static const struct {
        const char *yaml;
        const char *message;
    } rows[] = {
        {"url: 'rediss://h', ca_file: /ca.pem", NULL},
        {"url: 'rediss://h', ca_file: /no.pem",
         "cache.shared.ca_file: the file /no.pem holds no PEM certificate"},
        {"url: 'rediss://h', ca_file: /nowhere",
         "cache.shared.ca_file: the file /nowhere does not exist"},
        {"url: 'rediss://h'", "cache.shared: rediss:// needs ca_file"},
        {"url: 'redis://h', ca_file: /ca.pem",
         "cache.shared.ca_file: has no effect without rediss://"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        char yaml[256];
        policy_fixture_deinit(&f);
        f = (struct policy_fixture){.env = ENV, .files = files, .n_files = 2};
        assert_true(snprintf(yaml, sizeof yaml, "cache: {shared: {key: {env: KEY}, %s}}",
                             rows[i].yaml) > 0);
        policy_fixture_build(&f, yaml, NULL);
        if (rows[i].message) {
            PROA_TEST_CHECK(strstr(policy_fixture_message(&f, 0), rows[i].message) != NULL, "%s",
                            policy_fixture_message(&f, 0));
        } else {
            assert_true(f.snapshot && f.snapshot->shared->tls);
            assert_slice_lit(f.snapshot->shared->ca_pem, "-----BEGIN CERTIFICATE-----\n");
            assert_int_equal(f.snapshot->shared->port, 6379);
        }
    }
}

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *message;
    } rows[] = {
        {"key: {env: KEY}", "cache.shared: has no url; write redis://user@host:6379/0"},
        {"url: redis://h", "cache.shared.key: has no env and no file"},
        {"url: redis://h, key: {env: NOPE}",
         "cache.shared.key.env: the environment variable NOPE is not set"},
        {"url: redis://h, key: {env: SHORT}", "cache.shared.key: is shorter than 32 bytes"},
        {"url: redis://localhost, key: {env: KEY}, password: {env: NOPE}",
         "cache.shared.password.env: the environment variable NOPE is not set"},
        {"url: 'redis://u@h', key: {env: KEY}",
         "cache.shared.url: names a user, but there is no password"},
        {"url: 'redis://u:geheim@h', key: {env: KEY}", "cache.shared.url: holds a password"},
        {"url: 'redis://:geheim@h', key: {env: KEY}", "cache.shared.url: holds a password"},
        {"url: 'redis://@h', key: {env: KEY}", "cache.shared.url: names no valid user"},
        {"url: 'http://h', key: {env: KEY}", "does not begin with redis://, rediss:// or unix:/"},
        {"url: 'redis://', key: {env: KEY}", "cache.shared.url: names no host"},
        {"url: 'redis://a b', key: {env: KEY}", "does not name a valid host"},
        {"url: 'redis://h:0', key: {env: KEY}", "has no valid port"},
        {"url: 'redis://h/x', key: {env: KEY}", "the number of a database"},
        {"url: 'redis://h/65536', key: {env: KEY}", "the number of a database"},
        {"url: 'redis://h/1/2', key: {env: KEY}", "the number of a database"},
        {"url: 'redis://h/1?x=y', key: {env: KEY}", "the number of a database"},
        {"url: 'unix:run.sock', key: {env: KEY}", "names no absolute path"},
        {"url: redis://h, key: {env: KEY}, passwort: {env: PASS}", "passwort"},
        {"url: 'redis://far.example', key: {env: KEY}, password: {env: PASS}",
         "the password crosses the network in the clear"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        (void)build(rows[i].yaml);
        PROA_TEST_CHECK(strstr(policy_fixture_message(&f, 0), rows[i].message) != NULL, "%s\n%s",
                        rows[i].yaml, policy_fixture_message(&f, 0));
        assert_null(strstr(policy_fixture_message(&f, 0), "geheim"));
    }
}

static int teardown(void **state)
{
    (void)state;
    policy_fixture_deinit(&f);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(tls_needs_its_authorities),
        cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
