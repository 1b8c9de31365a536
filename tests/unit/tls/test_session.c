/*
 * Sessions: handshakes and transfers however the bytes are cut, the three ways a connection ends,
 * and peers that send rubbish.
 */
#include "proa/core/alloc.h"
#include "proa/core/prng.h"

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

/* A pair over contexts of its own. */
static void open_pair(const struct fixture *f, struct pipe_pair *p, enum proa_tls_version only,
                      size_t chunk)
{
    struct proa_tls_context *client = pki_client(&f->ca, only);
    struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
    pair_open(p, client, server, "api.example", NULL);
    proa_tls_context_unref(client); /* the sessions keep them */
    proa_tls_context_unref(server);
    p->chunk = chunk;
    pair_pump(p);
}

static void test_versions_and_facts(void **state)
{
    static const struct {
        enum proa_tls_version only;
        const char *version;
    } rows[] = {{PROA_TLS_VERSION_ANY, "TLSv1.3"},
                {PROA_TLS_VERSION_1_3, "TLSv1.3"},
                {PROA_TLS_VERSION_1_2, "TLSv1.2"}};
    PROA_TEST_ROWS(row, rows)
    {
        struct pipe_pair p;
        open_pair(*state, &p, row->only, 0);
        pair_assert_open(&p);
        struct proa_tls_info info = proa_tls_session_info(p.client.s);
        assert_string_equal(info.version, row->version);
        assert_string_equal(info.alpn, "http/1.1");
        assert_non_null(strstr(info.suite, "CHACHA20"));
        assert_false(info.resumed);
        assert_err(proa_tls_error(p.client.s), PROA_OK);
        assert_int_equal(proa_tls_error_detail(p.client.s), 0);
        pair_close(&p);
    }
}

static void test_every_chunk_size(void **state)
{
    /* A TLS 1.3 flight of the server is some 900 bytes; beyond that, chunks hold all there is. */
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        for (size_t chunk = 1; chunk <= 1100; chunk = chunk < 24 ? chunk + 1 : chunk * 5 / 4) {
            struct pipe_pair p;
            open_pair(*state, &p, both[v], chunk);
            pair_assert_open(&p);
            pair_close(&p);
        }
    }
}

/* One TLS record with content cut in two at each byte. */
static void test_record_cut_at_every_byte(void **state)
{
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        struct pipe_pair p;
        size_t cut = 0;
        size_t len = 1;
        open_pair(*state, &p, both[v], 0);
        for (; cut <= len; cut++) {
            size_t n = 0;
            assert_int_equal(proa_tls_write(p.server.s, PROA_SLICE("a body of some bytes"), &n),
                             PROA_TLS_OK);
            len = proa_tls_output(p.server.s).len;
            p.chunk = cut ? cut : len;
            proa_buf_clear(&p.client.got);
            (void)end_carry(&p.server, &p.client, p.chunk);
            assert_slice_lit(proa_buf_slice(&p.client.got), "a body of some bytes");
        }
        assert_true(cut > 30);
        pair_close(&p);
    }
}

static char *pattern(size_t n)
{
    struct proa_prng prng;
    char *bytes = proa_alloc(n);
    proa_prng_seed(&prng, n);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (char)(proa_prng_next(&prng) & 0xff);
    }
    return bytes;
}

static void test_big_transfers(void **state)
{
    static const size_t sizes[] = {1, 16383, 16384, 16385, 65536, 1000003};
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        struct pipe_pair p;
        open_pair(*state, &p, both[v], 1400);
        PROA_TEST_ROWS(size, sizes)
        {
            char *bytes = pattern(*size);
            proa_buf_clear(&p.client.got);
            proa_buf_clear(&p.server.got);
            pair_send(&p, &p.client, &p.server, proa_slice_make(bytes, *size));
            pair_send(&p, &p.server, &p.client, proa_slice_make(bytes, *size));
            assert_slice_equal(proa_buf_slice(&p.server.got), proa_slice_make(bytes, *size));
            assert_slice_equal(proa_buf_slice(&p.client.got), proa_slice_make(bytes, *size));
            proa_free(bytes);
        }
        pair_close(&p);
    }
}

static void test_writev_gathers(void **state)
{
    struct pipe_pair p;
    open_pair(*state, &p, PROA_TLS_VERSION_1_3, 0);
    char *bytes = pattern(50000);
    static const size_t cuts[] = {0, 0, 300, 300, 6300, 6301, 36000, 36000, 49999, 50000, 50000};
    struct iovec iov[PROA_ARRAY_LEN(cuts) - 1];
    for (size_t i = 0; i + 1 < PROA_ARRAY_LEN(cuts); i++) {
        iov[i] = (struct iovec){bytes + cuts[i], cuts[i + 1] - cuts[i]};
    }
    size_t n = 0;
    assert_int_equal(proa_tls_writev(p.client.s, iov, PROA_ARRAY_LEN(iov), &n), PROA_TLS_OK);
    assert_int_equal(n, 50000);
    /* 22 bytes of frame a record: four full records, not ten. */
    assert_in_range(proa_tls_output(p.client.s).len, 50000 + 4 * 22, 50000 + 5 * 22);
    (void)end_carry(&p.client, &p.server, 0);
    assert_slice_equal(proa_buf_slice(&p.server.got), proa_slice_make(bytes, 50000));

    assert_int_equal(proa_tls_writev(p.client.s, iov, 0, &n), PROA_TLS_OK);
    assert_int_equal(proa_tls_writev(p.client.s, iov, 2, &n), PROA_TLS_OK);
    assert_int_equal(n, 300);
    proa_free(bytes);
    pair_close(&p);
}

static void test_output_is_bounded(void **state)
{
    struct pipe_pair p;
    open_pair(*state, &p, PROA_TLS_VERSION_1_3, 0);
    enum { BIG = 300000 };
    char *bytes = pattern(BIG);
    struct proa_slice rest = proa_slice_make(bytes, BIG);
    size_t n = 0;

    assert_int_equal(proa_tls_write(p.client.s, rest, &n), PROA_TLS_WANT_DRAIN);
    assert_in_range(n, 1, BIG - 1);
    assert_in_range(proa_tls_output(p.client.s).len, PROA_TLS_OUTPUT_HIGH,
                    PROA_TLS_OUTPUT_HIGH + 17000);
    size_t again = 1;
    assert_int_equal(proa_tls_write(p.client.s, proa_slice_from(rest, n), &again),
                     PROA_TLS_WANT_DRAIN);
    assert_int_equal(again, 0);

    /* Partly drained, byte by byte and in bigger pieces; the order must hold. */
    while (rest.len > 0 || proa_tls_output(p.client.s).len > 0) {
        rest = proa_slice_from(rest, n);
        struct proa_slice out = proa_tls_output(p.client.s);
        size_t some = out.len > 7001 ? 7001 : out.len;
        assert_ok(proa_tls_feed(p.server.s, proa_slice_head(out, some)));
        end_read(&p.server);
        assert_ok(proa_tls_settle(p.server.s));
        proa_tls_output_consume(p.client.s, some);
        n = 0;
        if (rest.len > 0) {
            (void)proa_tls_write(p.client.s, rest, &n);
        }
    }
    assert_slice_equal(proa_buf_slice(&p.server.got), proa_slice_make(bytes, BIG));
    proa_free(bytes);
    pair_close(&p);
}

/* A reader that stops: what was fed is kept, up to a maximum, and comes out in order later. */
static void test_settle_keeps_what_is_unread(void **state)
{
    struct pipe_pair p;
    open_pair(*state, &p, PROA_TLS_VERSION_1_3, 0);
    pair_assert_open(&p);
    proa_buf_clear(&p.client.got);
    char one[1];
    size_t n = 0;
    for (int i = 0; i < 3; i++) {
        struct proa_buf out = {0};
        assert_int_equal(proa_tls_write(p.server.s, PROA_SLICE("0123456789"), &n), PROA_TLS_OK);
        proa_tls_output_take(p.server.s, &out);
        assert_ok(proa_tls_feed(p.client.s, proa_buf_slice(&out)));
        assert_true(proa_tls_readable(p.client.s));
        if (i == 0) {
            assert_int_equal(proa_tls_read(p.client.s, one, 1, &n), PROA_TLS_OK);
            assert_int_equal(one[0], '0');
        }
        assert_ok(proa_tls_settle(p.client.s));
        proa_buf_deinit(&out);
    }
    assert_true(proa_tls_readable(p.client.s));
    end_read(&p.client);
    assert_slice_lit(proa_buf_slice(&p.client.got), "12345678901234567890123456789");
    assert_false(proa_tls_readable(p.client.s));
    assert_int_equal(p.client.status, PROA_TLS_WANT_MORE);
    pair_close(&p);
}

static void test_settle_has_a_maximum(void **state)
{
    struct pipe_pair p;
    open_pair(*state, &p, PROA_TLS_VERSION_1_3, 0);
    char *junk = proa_alloc_zero(1, PROA_TLS_INPUT_MAX);
    assert_ok(proa_tls_feed(p.client.s, proa_slice_make(junk, PROA_TLS_INPUT_MAX - 1)));
    assert_err(proa_tls_feed(p.client.s, PROA_SLICE("x")), PROA_ERR_STATE);
    assert_ok(proa_tls_settle(p.client.s));
    assert_ok(proa_tls_feed(p.client.s, PROA_SLICE("xy")));
    assert_err(proa_tls_settle(p.client.s), PROA_ERR_LIMIT);
    assert_err(proa_tls_error(p.client.s), PROA_ERR_LIMIT);
    proa_free(junk);
    pair_close(&p);
}

/* ---- ends ---- */

static void test_clean_end(void **state)
{
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        struct pipe_pair p;
        size_t n = 0;
        open_pair(*state, &p, both[v], 0);
        pair_assert_open(&p);
        proa_buf_clear(&p.client.got);
        assert_int_equal(proa_tls_write(p.server.s, PROA_SLICE("bye"), &n), PROA_TLS_OK);
        proa_tls_close_notify(p.server.s);
        proa_tls_close_notify(p.server.s); /* once is enough */
        assert_int_equal(proa_tls_write(p.server.s, PROA_SLICE("late"), &n), PROA_TLS_CLOSED);
        (void)end_carry(&p.server, &p.client, 0);
        assert_slice_lit(proa_buf_slice(&p.client.got), "bye");
        assert_int_equal(p.client.status, PROA_TLS_CLOSED);
        assert_err(proa_tls_error(p.client.s), PROA_OK);
        proa_tls_feed_eof(p.client.s);
        end_read(&p.client);
        assert_int_equal(p.client.status, PROA_TLS_CLOSED);
        /* Half-closed: the other direction still works. */
        pair_send(&p, &p.client, &p.server, PROA_SLICE("thanks"));
        assert_slice_lit(proa_buf_slice(&p.server.got), "pingthanks");
        pair_close(&p);
    }
}

static void test_truncation_is_told_apart(void **state)
{
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        for (size_t cut = 0; cut < 2; cut++) {
            struct pipe_pair p;
            size_t n = 0;
            open_pair(*state, &p, both[v], 0);
            assert_int_equal(proa_tls_write(p.server.s, PROA_SLICE("half a sentence"), &n),
                             PROA_TLS_OK);
            struct proa_slice out = proa_tls_output(p.server.s);
            /* At a record's end, and in the middle of one. */
            assert_ok(proa_tls_feed(p.client.s, proa_slice_head(out, out.len - cut * 5)));
            proa_tls_feed_eof(p.client.s);
            end_read(&p.client);
            assert_ok(proa_tls_settle(p.client.s));
            assert_int_equal(p.client.got.len, cut ? 0 : 15);
            assert_int_equal(p.client.status, PROA_TLS_TRUNCATED);
            assert_err(proa_tls_error(p.client.s), PROA_ERR_CLOSED);
            pair_close(&p);
        }
    }
}

static void test_end_during_handshake(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context *client = pki_client(&f->ca, PROA_TLS_VERSION_ANY);
    struct proa_tls_session *s = NULL;
    assert_ok(proa_tls_session_create_client(client, PROA_SLICE("api.example"), NULL, &s));
    assert_int_equal(proa_tls_handshake(s), PROA_TLS_WANT_MORE);
    assert_true(proa_tls_output(s).len > 100);
    size_t n = 0;
    assert_int_equal(proa_tls_write(s, PROA_SLICE("early"), &n), PROA_TLS_WANT_MORE);
    proa_tls_feed_eof(s);
    assert_int_equal(proa_tls_handshake(s), PROA_TLS_TRUNCATED);
    assert_int_equal(proa_tls_handshake(s), PROA_TLS_TRUNCATED);
    assert_int_equal(proa_tls_write(s, PROA_SLICE("late"), &n), PROA_TLS_TRUNCATED);
    assert_err(proa_tls_error(s), PROA_ERR_CLOSED);
    assert_null(proa_tls_session_save(s));
    proa_tls_session_destroy(s);
    proa_tls_context_unref(client);
}

/* A server that speaks 1.3 only meets a client that speaks 1.2 only. */
static void test_alert_is_named(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context *client = pki_client(&f->ca, PROA_TLS_VERSION_1_2);
    struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_1_3);
    struct pipe_pair p;
    pair_open(&p, client, server, "api.example", NULL);
    pair_pump(&p);
    assert_int_equal(p.server.status, PROA_TLS_FAILED);
    assert_int_equal(p.client.status, PROA_TLS_FAILED);
    assert_err(proa_tls_error(p.client.s), PROA_ERR_TLS);
    assert_true(proa_tls_error_detail(p.client.s) < 0);

    struct proa_buf text;
    proa_buf_init(&text, 512);
    proa_tls_error_text(p.client.s, &text);
    assert_slice_lit(proa_buf_slice(&text), "the peer refused with alert 70 (protocol_version)");
    proa_buf_clear(&text);
    proa_tls_error_text(p.server.s, &text);
    assert_true(proa_slice_starts(proa_buf_slice(&text), PROA_SLICE("TLS failure: ")));
    proa_buf_deinit(&text);
    pair_close(&p);
    proa_tls_context_unref(client);
    proa_tls_context_unref(server);
}

/* ---- rubbish ---- */

static void test_plain_http_answer(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context *client = pki_client(&f->ca, PROA_TLS_VERSION_ANY);
    struct proa_tls_session *s = NULL;
    char out[16];
    size_t n = 1;
    assert_ok(proa_tls_session_create_client(client, PROA_SLICE("api.example"), NULL, &s));
    assert_int_equal(proa_tls_handshake(s), PROA_TLS_WANT_MORE);
    assert_ok(proa_tls_feed(s, PROA_SLICE("HTTP/1.1 400 Bad Request\r\n\r\n")));
    assert_int_equal(proa_tls_read(s, out, sizeof(out), &n), PROA_TLS_FAILED);
    assert_int_equal(n, 0);
    assert_ok(proa_tls_settle(s));
    assert_int_equal(proa_tls_read(s, out, sizeof(out), &n), PROA_TLS_FAILED);
    assert_int_equal(proa_tls_write(s, PROA_SLICE("x"), &n), PROA_TLS_FAILED);
    assert_false(proa_tls_readable(s));
    proa_tls_close_notify(s);
    assert_err(proa_tls_error(s), PROA_ERR_TLS);
    proa_tls_session_destroy(s);
    proa_tls_context_unref(client);
}

/* Copies the take of one end, changes a byte or more, and feeds the other with it. */
static void carry_spoiled(struct pipe_end *from, struct pipe_end *to, struct proa_prng *prng)
{
    struct proa_buf all = {0};
    proa_tls_output_take(from->s, &all);
    if (all.len > 0 && proa_prng_below(prng, 2) == 0) {
        for (uint64_t i = proa_prng_below(prng, 3); i <= 2; i++) {
            char *at = &all.ptr[proa_prng_below(prng, all.len)];
            *at = (char)(*at ^ (1 << proa_prng_below(prng, 8)));
        }
    }
    size_t len = proa_prng_below(prng, 8) == 0 ? proa_prng_below(prng, all.len + 1) : all.len;
    if (proa_tls_feed(to->s, proa_slice_make(all.ptr, len)) == PROA_OK) {
        end_read(to);
        enum proa_err err = proa_tls_settle(to->s);
        assert_true(err == PROA_OK || err == proa_tls_error(to->s));
    }
    proa_buf_deinit(&all);
}

static void test_spoiled_bytes_never_hurt(void **state)
{
    const struct fixture *f = *state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 4600);
    size_t n_failed = 0;
    for (size_t v = 0; v < PROA_ARRAY_LEN(both); v++) {
        struct proa_tls_context *client = pki_client(&f->ca, both[v]);
        struct proa_tls_context *server = pki_server(&f->leaf, both[v]);
        for (int run = 0; run < 60; run++) {
            struct pipe_pair p;
            size_t n = 0;
            pair_open(&p, client, server, "api.example", NULL);
            for (int turn = 0; turn < 6; turn++) {
                carry_spoiled(&p.client, &p.server, &prng);
                carry_spoiled(&p.server, &p.client, &prng);
                (void)proa_tls_write(p.client.s, PROA_SLICE("hello"), &n);
                (void)proa_tls_write(p.server.s, PROA_SLICE("world"), &n);
            }
            n_failed +=
                proa_tls_error(p.client.s) != PROA_OK || proa_tls_error(p.server.s) != PROA_OK;
            /* Whatever came through unharmed is what was sent. */
            for (size_t i = 0; i + 5 <= p.client.got.len; i += 5) {
                assert_memory_equal(p.client.got.ptr + i, "world", 5);
            }
            pair_close(&p);
        }
        proa_tls_context_unref(client);
        proa_tls_context_unref(server);
    }
    assert_true(n_failed > 60);
}

static void test_random_bytes_never_hurt(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context *client = pki_client(&f->ca, PROA_TLS_VERSION_ANY);
    struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
    for (size_t seed = 1; seed < 200; seed++) {
        struct pipe_pair p;
        size_t len = seed * 7;
        char *junk = pattern(len);
        if (seed % 2) { /* a plausible record head gets further */
            junk[0] = (char)(20 + seed % 5);
            junk[1] = 3;
            junk[2] = 3;
            junk[3] = 0;
        }
        pair_open(&p, client, server, "api.example", NULL);
        assert_ok(proa_tls_feed(p.client.s, proa_slice_make(junk, len)));
        assert_ok(proa_tls_feed(p.server.s, proa_slice_make(junk, len)));
        end_read(&p.client);
        end_read(&p.server);
        assert_ok(proa_tls_settle(p.client.s));
        assert_ok(proa_tls_settle(p.server.s));
        assert_false(proa_tls_handshaked(p.client.s));
        assert_false(proa_tls_handshaked(p.server.s));
        proa_free(junk);
        pair_close(&p);
    }
    proa_tls_context_unref(client);
    proa_tls_context_unref(server);
}

/* ---- misuse ---- */

static void test_bad_arguments(void **state)
{
    const struct fixture *f = *state;
    struct proa_tls_context *client = pki_client(&f->ca, PROA_TLS_VERSION_ANY);
    struct proa_tls_context *server = pki_server(&f->leaf, PROA_TLS_VERSION_ANY);
    struct proa_tls_session *s = NULL;
    char longest[257];
    memset(longest, 'a', sizeof(longest));
    struct proa_slice hosts[] = {PROA_SLICE(""), PROA_SLICE("api.example\0.evil"),
                                 proa_slice_make(longest, 256)};
    for (size_t i = 0; i < PROA_ARRAY_LEN(hosts); i++) {
        assert_err(proa_tls_session_create_client(client, hosts[i], NULL, &s), PROA_ERR_ARG);
    }
    assert_err(proa_tls_session_create_client(server, PROA_SLICE("a"), NULL, &s), PROA_ERR_ARG);
    assert_err(proa_tls_session_create_server(client, &s), PROA_ERR_ARG);
    assert_null(s);
    proa_tls_session_destroy(NULL);
    proa_tls_saved_destroy(NULL);
    proa_tls_context_unref(client);
    proa_tls_context_unref(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_and_facts),
        cmocka_unit_test(test_every_chunk_size),
        cmocka_unit_test(test_record_cut_at_every_byte),
        cmocka_unit_test(test_big_transfers),
        cmocka_unit_test(test_writev_gathers),
        cmocka_unit_test(test_output_is_bounded),
        cmocka_unit_test(test_settle_keeps_what_is_unread),
        cmocka_unit_test(test_settle_has_a_maximum),
        cmocka_unit_test(test_clean_end),
        cmocka_unit_test(test_truncation_is_told_apart),
        cmocka_unit_test(test_end_during_handshake),
        cmocka_unit_test(test_alert_is_named),
        cmocka_unit_test(test_plain_http_answer),
        cmocka_unit_test(test_spoiled_bytes_never_hurt),
        cmocka_unit_test(test_random_bytes_never_hurt),
        cmocka_unit_test(test_bad_arguments),
    };
    return cmocka_run_group_tests_name("tls session", tests, setup, teardown);
}
