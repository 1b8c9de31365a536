/*
 * Contexts: what is accepted as authorities, certificate and key, and what identity they have.
 */
#include "pki.h"

struct fixture {
    struct pki_cert ca;
    struct pki_cert leaf;
    struct pki_cert other;
};

static int setup(void **state)
{
    static struct fixture f;
    assert_ok(proa_tls_init());
    assert_ok(proa_tls_init());
    pki_make(&f.ca, NULL, &(struct pki_spec){.cn = "test authority", .is_ca = true});
    pki_make(&f.leaf, &f.ca, &(struct pki_spec){0});
    pki_make(&f.other, NULL, &(struct pki_spec){.cn = "other authority", .is_ca = true});
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pki_free(&f->ca);
    pki_free(&f->leaf);
    pki_free(&f->other);
    proa_tls_exit();
    return 0;
}

static const char bad_cert[] = "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n"
                               "-----END CERTIFICATE-----\n";

static void test_bundle_counts(void **state)
{
    const struct fixture *f = *state;
    struct proa_buf pem;
    proa_buf_init(&pem, 1U << 16);
    (void)proa_buf_append_cstr(&pem, "# a comment, as bundles have\n");
    (void)proa_buf_append(&pem, pki_cert_pem(&f->ca));
    (void)proa_buf_append_cstr(&pem, bad_cert);
    (void)proa_buf_append(&pem, pki_cert_pem(&f->other));
    struct proa_tls_context_cfg cfg = {.ca_pem = proa_buf_slice(&pem)};
    struct proa_tls_context_info info;
    struct proa_tls_context *ctx = NULL;
    assert_ok(proa_tls_context_create_client(&cfg, &ctx, &info));
    assert_int_equal(info.n_ca_loaded, 2);
    assert_int_equal(info.n_ca_skipped, 1);
    assert_int_equal(info.detail, 0);
    proa_tls_context_unref(ctx);
    proa_buf_deinit(&pem);
}

static void test_what_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct proa_slice ca = pki_cert_pem(&f->ca);
    struct proa_slice leaf = pki_cert_pem(&f->leaf);
    struct proa_slice key = pki_key_pem(&f->leaf);
    struct proa_slice other_key = pki_key_pem(&f->other);
    struct proa_slice none = PROA_SLICE_NONE;
    struct proa_slice junk = PROA_SLICE("no PEM at all");
    struct proa_slice bad = proa_slice_cstr(bad_cert);
    const struct {
        struct proa_slice ca;
        struct proa_slice cert;
        struct proa_slice key;
        bool is_server;
        enum proa_err err;
    } rows[] = {
        {none, none, none, false, PROA_ERR_ARG},
        {ca, none, none, false, PROA_OK},
        {junk, none, none, false, PROA_ERR_SYNTAX},
        {bad, none, none, false, PROA_ERR_SYNTAX},
        {ca, leaf, none, false, PROA_ERR_ARG},
        {ca, none, key, false, PROA_ERR_ARG},
        {ca, leaf, key, false, PROA_OK},
        {ca, leaf, other_key, false, PROA_ERR_SYNTAX},
        {none, none, none, true, PROA_ERR_ARG},
        {none, leaf, none, true, PROA_ERR_ARG},
        {none, leaf, key, true, PROA_OK},
        {none, leaf, other_key, true, PROA_ERR_SYNTAX},
        {none, leaf, junk, true, PROA_ERR_SYNTAX},
        {none, junk, key, true, PROA_ERR_SYNTAX},
        {junk, leaf, key, true, PROA_ERR_SYNTAX},
        {ca, leaf, key, true, PROA_OK},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_tls_context_cfg cfg = {
            .ca_pem = row->ca, .cert_pem = row->cert, .key_pem = row->key};
        struct proa_tls_context *ctx = NULL;
        struct proa_tls_context_info info;
        enum proa_err err = row->is_server ? proa_tls_context_create_server(&cfg, &ctx, &info)
                                           : proa_tls_context_create_client(&cfg, &ctx, &info);
        PROA_TEST_CHECK(err == row->err, "row %td: %s", row - rows, proa_err_name(err));
        assert_int_equal(ctx != NULL, err == PROA_OK);
        assert_int_equal(info.detail != 0, err == PROA_ERR_SYNTAX);
        proa_tls_context_unref(ctx);
    }
}

static void test_chain_with_a_broken_part_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct proa_buf pem;
    proa_buf_init(&pem, 1U << 16);
    (void)proa_buf_append(&pem, pki_cert_pem(&f->leaf));
    (void)proa_buf_append_cstr(&pem, bad_cert);
    struct proa_tls_context_cfg cfg = {.cert_pem = proa_buf_slice(&pem),
                                       .key_pem = pki_key_pem(&f->leaf)};
    struct proa_tls_context *ctx = NULL;
    assert_err(proa_tls_context_create_server(&cfg, &ctx, NULL), PROA_ERR_SYNTAX);
    proa_buf_deinit(&pem);
}

static void test_identity(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context *a = pki_client(&f->ca, PROA_TLS_VERSION_ANY);
    struct proa_tls_context *same = pki_client(&f->ca, PROA_TLS_VERSION_ANY);
    struct proa_tls_context *version = pki_client(&f->ca, PROA_TLS_VERSION_1_2);
    struct proa_tls_context *authority = pki_client(&f->other, PROA_TLS_VERSION_ANY);
    assert_true(proa_tls_context_id(a) == proa_tls_context_id(same));
    assert_true(proa_tls_context_id(a) != proa_tls_context_id(version));
    assert_true(proa_tls_context_id(a) != proa_tls_context_id(authority));
    assert_ptr_equal(proa_tls_context_ref(a), a);
    proa_tls_context_unref(a);
    assert_true(proa_tls_context_id(a) == proa_tls_context_id(same)); /* still there */
    proa_tls_context_unref(a);
    proa_tls_context_unref(same);
    proa_tls_context_unref(version);
    proa_tls_context_unref(authority);
    proa_tls_context_unref(NULL);
}

/* With X25519 offered, the handshake with a server that has it works as well. */
static void test_x25519_offered(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context_cfg cfg = {.ca_pem = pki_cert_pem(&f->ca), .offer_x25519 = true};
    struct proa_tls_context *client = NULL;
    struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
    struct pipe_pair p;
    assert_ok(proa_tls_context_create_client(&cfg, &client, NULL));
    pair_open(&p, client, server, "api.example", NULL);
    pair_pump(&p);
    pair_assert_open(&p);
    pair_close(&p);
    proa_tls_context_unref(client);
    proa_tls_context_unref(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundle_counts),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_chain_with_a_broken_part_is_refused),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_x25519_offered),
    };
    return cmocka_run_group_tests_name("tls context", tests, setup, teardown);
}
