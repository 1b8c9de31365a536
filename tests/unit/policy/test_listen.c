/* Which addresses are taken for each listener. The messages: test_build.c. */
#include "proa/auth/secret.h"

#include "expect.h"

static bool accepts(struct policy_fixture *f, const char *name, const char *address)
{
    char yaml[512];
    (void)snprintf(yaml, sizeof(yaml),
                   "providers: {a: {dialect: openai, base_url: \"https://a\"}}\n"
                   "listen: {%s: \"%s\"}\n",
                   name, address);
    policy_fixture_build(f, yaml, NULL);
    return f->err == PROA_OK;
}

static void addresses(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        bool local;
    } rows[] = {
        {"127.0.0.1:4610", true, true},
        {"127.0.0.1:0", true, true},
        {"127.255.0.9:65535", true, true},
        {"[::1]:4610", true, true},
        {"unix:/run/proa.sock", true, true},
        {"unix:proa.sock", true, true},
        {"0.0.0.0:4610", true, false},
        {"10.1.2.3:4610", true, false},
        {"[::]:4610", true, false},
        {"[2001:db8::1]:1", true, false},
        {"", false, false},
        {"4600", false, false},
        {":4610", false, false},
        {"127.0.0.1", false, false},
        {"127.0.0.1:", false, false},
        {"127.0.0.1:65536", false, false},
        {"127.0.0.1:-1", false, false},
        {"127.0.0.1:46 00", false, false},
        {"127.0.0:1", false, false},
        {"127.0.0.1.:1", false, false},
        {"127.0.0.1.2:1", false, false},
        {"127.0.0.256:1", false, false},
        {"127.0.0.0001:1", false, false},
        {"localhost:4600", false, false}, /* nothing is resolved for a listener */
        {"::1:4600", false, false},
        {"[::1]", false, false},
        {"[::1", false, false},
        {"[::1]4600", false, false},
        {"[]:1", false, false},
        {"unix:", false, false},
        {"http://127.0.0.1:1", false, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct policy_fixture *f = *state;
        PROA_TEST_CHECK(accepts(f, "data", row->text) == (row->valid && row->local), "data %s: %s",
                        row->text, policy_fixture_message(f, 0));
        PROA_TEST_CHECK(accepts(f, "admin", row->text) == (row->valid && row->local), "admin %s",
                        row->text);
        PROA_TEST_CHECK(accepts(f, "ops", row->text) == row->valid, "ops %s", row->text);
    }
}

static void unix_paths_fit_the_system(void **state)
{
    char path[200] = "unix:/";
    memset(path + 6, 'a', 106);
    assert_true(accepts(*state, "data", path)); /* 107 bytes and a NUL */
    path[6 + 106] = 'a';
    assert_false(accepts(*state, "data", path));
}

static void modes_are_octal_digits(void **state)
{
    struct policy_fixture *f = *state;
    static const struct {
        const char *yaml;
        uint32_t mode;
    } rows[] = {
        {"listen: {socket_mode: 600}", 0600}, {"listen: {socket_mode: 666}", 0666},
        {"listen: {socket_mode: 777}", 0777}, {"listen: {socket_mode: 0}", 0},
        {"listen: {socket_mode: 70}", 0070},  {"listen: {}", 0600},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(policy_build(f, row->yaml)->cfg->listen.socket_mode, row->mode);
    }
    policy_fixture_build(f, "listen: {socket_mode: 0660}", NULL);
    assert_null(f->snapshot); /* YAML readers disagree about it */
}

static void certificate(void **state)
{
    static const char cert[] = "-----BEGIN CERTIFICATE-----\nx\n";
    static const struct policy_fixture_file files[] = {
        {.path = "/c", .text = cert}, {.path = "/k", .text = "key\n", .secret = true}};
    struct policy_fixture *f = *state;
    f->files = files;
    f->n_files = PROA_ARRAY_LEN(files);
    policy_fixture_build(f,
                         "providers: {a: {dialect: openai, base_url: \"https://a\"}}\n"
                         "listen: {tls_cert_file: /c, tls_key_file: /k}\n",
                         NULL);
    assert_ok(f->err);
    assert_slice_str(f->snapshot->listen_cert_pem, cert);
    assert_slice_lit(proa_secret_bytes(f->snapshot->listen_key), "key\n");
    assert_slice_lit(f->snapshot->kept->where, "listen.tls_key_file");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(addresses),
        TEST(unix_paths_fit_the_system),
        TEST(modes_are_octal_digits),
        TEST(certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
