/*
 * Certificates made on the spot, and two TLS sessions joined by byte pipes: what the tests of
 * `tls` share. Static inline, memory only.
 */
#ifndef PROA_TEST_TLS_PKI_H
#define PROA_TEST_TLS_PKI_H

#include "proa/core/buf.h"
#include "proa/tls/context.h"
#include "proa/tls/session.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>

#include "proa_test.h"

struct pki_cert {
    mbedtls_pk_context key;
    char subject[128];
    char cert_pem[4096];
    char key_pem[2048];
};

/* Zero: a leaf for api.example, valid from 2020 to 2099. */
struct pki_spec {
    const char *cn;
    const char *dns[3];
    const unsigned char *ip; /* 4 bytes */
    const char *not_before;
    const char *not_after;
    bool is_ca;
    bool no_san;
};

static inline struct proa_slice pki_cert_pem(const struct pki_cert *c)
{
    return proa_slice_cstr(c->cert_pem);
}
static inline struct proa_slice pki_key_pem(const struct pki_cert *c)
{
    return proa_slice_cstr(c->key_pem);
}

static inline void pki_san(mbedtls_x509write_cert *w, const struct pki_spec *spec)
{
    mbedtls_x509_san_list list[4];
    size_t n = 0;
    const char *first = spec->dns[0] || spec->ip ? spec->dns[0] : "api.example";
    const char *names[3] = {first, spec->dns[1], spec->dns[2]};
    memset(list, 0, sizeof(list));
    for (size_t i = 0; i < 3; i++) {
        if (names[i]) {
            list[n].node.type = MBEDTLS_X509_SAN_DNS_NAME;
            memcpy(&list[n].node.san.unstructured_name.p, &names[i], sizeof(char *));
            list[n++].node.san.unstructured_name.len = strlen(names[i]);
        }
    }
    if (spec->ip) {
        list[n].node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
        memcpy(&list[n].node.san.unstructured_name.p, &spec->ip, sizeof(spec->ip));
        list[n++].node.san.unstructured_name.len = 4;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        list[i].next = &list[i + 1];
    }
    assert_int_equal(mbedtls_x509write_crt_set_subject_alternative_name(w, list), 0);
}

/* issuer NULL = self-signed. */
static inline void pki_make(struct pki_cert *c, struct pki_cert *issuer,
                            const struct pki_spec *spec)
{
    mbedtls_x509write_cert w;
    unsigned char serial[] = {1, 2, 3, 4};

    memset(c, 0, sizeof(*c));
    mbedtls_pk_init(&c->key);
    assert_int_equal(mbedtls_pk_setup(&c->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(c->key),
                                         mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE),
                     0);
    (void)snprintf(c->subject, sizeof(c->subject), "CN=%s", spec->cn ? spec->cn : "leaf");
    mbedtls_x509write_crt_init(&w);
    mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&w, &c->key);
    mbedtls_x509write_crt_set_issuer_key(&w, issuer ? &issuer->key : &c->key);
    assert_int_equal(mbedtls_x509write_crt_set_subject_name(&w, c->subject), 0);
    assert_int_equal(
        mbedtls_x509write_crt_set_issuer_name(&w, issuer ? issuer->subject : c->subject), 0);
    assert_int_equal(mbedtls_x509write_crt_set_serial_raw(&w, serial, sizeof(serial)), 0);
    assert_int_equal(mbedtls_x509write_crt_set_validity(
                         &w, spec->not_before ? spec->not_before : "20200101000000",
                         spec->not_after ? spec->not_after : "20991231235959"),
                     0);
    assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(&w, spec->is_ca, -1), 0);
    if (!spec->is_ca && !spec->no_san) {
        pki_san(&w, spec);
    }
    assert_int_equal(mbedtls_x509write_crt_pem(&w, (unsigned char *)c->cert_pem,
                                               sizeof(c->cert_pem), mbedtls_psa_get_random,
                                               MBEDTLS_PSA_RANDOM_STATE),
                     0);
    assert_int_equal(
        mbedtls_pk_write_key_pem(&c->key, (unsigned char *)c->key_pem, sizeof(c->key_pem)), 0);
    mbedtls_x509write_crt_free(&w);
}

static inline void pki_free(struct pki_cert *c)
{
    mbedtls_pk_free(&c->key);
}

/* ---- contexts ---- */

static inline struct proa_tls_context *pki_client(const struct pki_cert *ca,
                                                  enum proa_tls_version only)
{
    struct proa_tls_context_cfg cfg = {.ca_pem = pki_cert_pem(ca), .only = only};
    struct proa_tls_context *ctx = NULL;
    assert_ok(proa_tls_context_create_client(&cfg, &ctx, NULL));
    return ctx;
}

static inline struct proa_tls_context *pki_server(const struct pki_cert *leaf,
                                                  enum proa_tls_version only)
{
    struct proa_tls_context_cfg cfg = {
        .cert_pem = pki_cert_pem(leaf), .key_pem = pki_key_pem(leaf), .only = only};
    struct proa_tls_context *ctx = NULL;
    assert_ok(proa_tls_context_create_server(&cfg, &ctx, NULL));
    return ctx;
}

/* ---- two ends and the pipes between them ---- */

struct pipe_end {
    struct proa_tls_session *s;
    struct proa_buf got;         /* plaintext that arrived */
    size_t n_sent;               /* ciphertext bytes that left */
    enum proa_tls_status status; /* of the last read */
};

struct pipe_pair {
    struct pipe_end client;
    struct pipe_end server;
    size_t chunk; /* bytes a feed carries at most; 0 = all there is */
};

static inline void pair_open(struct pipe_pair *p, struct proa_tls_context *client,
                             struct proa_tls_context *server, const char *host,
                             const struct proa_tls_saved *saved)
{
    memset(p, 0, sizeof(*p));
    proa_buf_init(&p->client.got, 1U << 26);
    proa_buf_init(&p->server.got, 1U << 26);
    assert_ok(proa_tls_session_create_client(client, proa_slice_cstr(host), saved, &p->client.s));
    assert_ok(proa_tls_session_create_server(server, &p->server.s));
    p->client.status = proa_tls_handshake(p->client.s);
    p->server.status = PROA_TLS_WANT_MORE;
}

static inline void pair_close(struct pipe_pair *p)
{
    proa_tls_session_destroy(p->client.s);
    proa_tls_session_destroy(p->server.s);
    proa_buf_deinit(&p->client.got);
    proa_buf_deinit(&p->server.got);
}

/* Reads what there is; reading does the handshake as well. */
static inline void end_read(struct pipe_end *e)
{
    char out[4096];
    size_t n = 0;
    do {
        e->status = proa_tls_read(e->s, out, sizeof(out), &n);
        assert_ok(proa_buf_append(&e->got, proa_slice_make(out, n)));
    } while (e->status == PROA_TLS_OK);
}

/* Carries what `from` has to say over to `to`, in chunks that lie on the heap, so that a borrowed
   byte used too late is seen by the sanitizer. Returns whether anything moved. */
static inline bool end_carry(struct pipe_end *from, struct pipe_end *to, size_t chunk)
{
    struct proa_buf all = {0};
    proa_tls_output_take(from->s, &all);
    bool any = all.len > 0;
    from->n_sent += all.len;
    for (size_t at = 0; at < all.len;) {
        size_t n = chunk && chunk < all.len - at ? chunk : all.len - at;
        char *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, all.ptr + at, n);
        assert_ok(proa_tls_feed(to->s, proa_slice_make(copy, n)));
        end_read(to);
        assert_ok(proa_tls_settle(to->s));
        free(copy);
        at += n;
    }
    proa_buf_deinit(&all);
    return any;
}

static inline void pair_pump(struct pipe_pair *p)
{
    bool any = true;
    while (any) {
        any = end_carry(&p->client, &p->server, p->chunk);
        any = end_carry(&p->server, &p->client, p->chunk) || any;
    }
}

/* All of it, however much the session's output holds at a time. */
static inline void pair_send(struct pipe_pair *p, struct pipe_end *from, struct pipe_end *to,
                             struct proa_slice text)
{
    while (text.len > 0) {
        size_t n = 0;
        enum proa_tls_status st = proa_tls_write(from->s, text, &n);
        assert_true(st == PROA_TLS_OK || st == PROA_TLS_WANT_DRAIN);
        text = proa_slice_from(text, n);
        (void)end_carry(from, to, p->chunk);
    }
}

/* Both directions work. */
static inline void pair_assert_open(struct pipe_pair *p)
{
    assert_true(proa_tls_handshaked(p->client.s));
    assert_true(proa_tls_handshaked(p->server.s));
    proa_buf_clear(&p->client.got);
    proa_buf_clear(&p->server.got);
    pair_send(p, &p->client, &p->server, PROA_SLICE("ping"));
    pair_send(p, &p->server, &p->client, PROA_SLICE("pong"));
    assert_slice_lit(proa_buf_slice(&p->server.got), "ping");
    assert_slice_lit(proa_buf_slice(&p->client.got), "pong");
}

#endif
