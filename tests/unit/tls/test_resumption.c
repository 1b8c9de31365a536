/*
 * Resumption: what a session saves makes the next handshake a short one, and what cannot be used
 * gives a full one instead of a failure.
 */
#include "pki.h"

struct fixture {
    struct pki_cert ca;
    struct pki_cert leaf;
};

static const enum proa_tls_version both[] = {PROA_TLS_VERSION_1_2, PROA_TLS_VERSION_1_3};

static int setup(void **state)
{
    static struct fixture f;
    assert_ok(proa_tls_init());
    pki_make(&f.ca, NULL, &(struct pki_spec){.cn = "test authority", .is_ca = true});
    pki_make(&f.leaf, &f.ca, &(struct pki_spec){0});
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pki_free(&f->leaf);
    pki_free(&f->ca);
    proa_tls_exit();
    return 0;
}

static void test_resumption(void **state)
{
    const struct fixture *f = *state;
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        struct proa_tls_context *client = pki_client(&f->ca, both[v]);
        struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
        struct proa_tls_saved *saved = NULL;
        size_t full_bytes = 0;
        for (int round = 0; round < 4; round++) {
            struct pipe_pair p;
            pair_open(&p, client, server, "api.example", saved);
            p.chunk = round == 2 ? 1 : 0;
            pair_pump(&p);
            size_t bytes = p.server.n_sent;
            pair_assert_open(&p);
            assert_int_equal(proa_tls_session_info(p.client.s).resumed, round > 0);
            assert_false(proa_tls_session_info(p.server.s).resumed);
            if (round == 0) {
                full_bytes = bytes;
            } else {
                assert_true(bytes < full_bytes - 300); /* no certificate was sent */
            }
            struct proa_tls_saved *fresh = proa_tls_session_save(p.client.s);
            if (fresh) {
                proa_tls_saved_destroy(saved);
                saved = fresh;
            }
            assert_non_null(saved);
            /* TLS 1.3 hands out a new ticket each time, 1.2 keeps the first. */
            assert_int_equal(fresh != NULL, round == 0 || both[v] == PROA_TLS_VERSION_1_3);
            assert_null(proa_tls_session_save(p.client.s));
            assert_null(proa_tls_session_save(p.server.s));
            pair_close(&p);
        }
        proa_tls_saved_destroy(saved);
        proa_tls_context_unref(client);
        proa_tls_context_unref(server);
    }
}

static void test_refused_ticket_gives_a_full_handshake(void **state)
{
    const struct fixture *f = *state;
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        struct proa_tls_context *client = pki_client(&f->ca, both[v]);
        struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
        struct proa_tls_context *restarted = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
        struct proa_tls_context *other = pki_client(&f->ca, both[1 - v]);
        struct pipe_pair p;
        pair_open(&p, client, server, "api.example", NULL);
        pair_pump(&p);
        pair_assert_open(&p);
        struct proa_tls_saved *saved = proa_tls_session_save(p.client.s);
        assert_non_null(saved);
        pair_close(&p);

        pair_open(&p, client, restarted, "api.example", saved); /* ticket keys are new */
        pair_pump(&p);
        pair_assert_open(&p);
        assert_false(proa_tls_session_info(p.client.s).resumed);
        pair_close(&p);

        pair_open(&p, other, server, "api.example", saved); /* of a version not allowed here */
        pair_pump(&p);
        pair_assert_open(&p);
        assert_false(proa_tls_session_info(p.client.s).resumed);
        pair_close(&p);

        proa_tls_saved_destroy(saved);
        proa_tls_context_unref(client);
        proa_tls_context_unref(server);
        proa_tls_context_unref(restarted);
        proa_tls_context_unref(other);
    }
}

/* Ticket and answer arrive in one feed: the answer must not wait for more input. */
static void test_ticket_and_answer_in_one_feed(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context *client = pki_client(&f->ca, PROA_TLS_VERSION_1_3);
    struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_1_3);
    struct pipe_pair p;
    char out[64];
    size_t n = 0;
    pair_open(&p, client, server, "api.example", NULL);
    (void)end_carry(&p.client, &p.server, 0); /* ClientHello */
    (void)end_carry(&p.server, &p.client, 0); /* up to Finished */
    assert_true(proa_tls_handshaked(p.client.s));
    (void)end_carry(&p.client, &p.server, 0); /* Finished; the server puts out its ticket */
    assert_int_equal(proa_tls_write(p.server.s, PROA_SLICE("answer"), &n), PROA_TLS_OK);
    struct proa_buf both_of_them = {0};
    proa_tls_output_take(p.server.s, &both_of_them);
    assert_true(both_of_them.len > 150);
    assert_ok(proa_tls_feed(p.client.s, proa_buf_slice(&both_of_them)));
    assert_int_equal(proa_tls_read(p.client.s, out, sizeof(out), &n), PROA_TLS_OK);
    assert_slice_lit(proa_slice_make(out, n), "answer");
    assert_ok(proa_tls_settle(p.client.s));
    struct proa_tls_saved *saved = proa_tls_session_save(p.client.s);
    assert_non_null(saved);
    proa_tls_saved_destroy(saved);
    proa_buf_deinit(&both_of_them);
    pair_close(&p);
    proa_tls_context_unref(client);
    proa_tls_context_unref(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_refused_ticket_gives_a_full_handshake),
        cmocka_unit_test(test_ticket_and_answer_in_one_feed),
    };
    return cmocka_run_group_tests_name("tls resumption", tests, setup, teardown);
}
