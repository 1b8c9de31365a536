#include "proa/tls/context.h"

#include "context_priv.h"

#include "proa/core/alloc.h"
#include "proa/tls/digest.h"

#include <mbedtls/error.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>

enum { DEFAULT_TICKET_LIFETIME_S = 2 * 60 * 60 };

/* ChaCha20-Poly1305 comes first among equals: the library's portable GHASH makes it the faster one
   on the distributions' builds. No CCM (no server offers it alone), no CBC, no static RSA. */
static const int suites[] = {
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

/* The first group is the one a key share is made for. P-256 is what every TLS 1.3 server must have
   (RFC 8446 section 9.1) and the cheapest here; were X25519 in the list, a server that prefers it
   would ask for another round trip. */
static const uint16_t groups_nist[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};
static const uint16_t groups_x25519[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

/* mbedTLS keeps the pointer and wants it non-const, but does not write. */
static const char *const alpn[] = {"http/1.1", NULL};

enum proa_err proa_tls_init(void)
{
    return psa_crypto_init() == PSA_SUCCESS ? PROA_OK : PROA_ERR_INTERNAL;
}

void proa_tls_exit(void)
{
    mbedtls_psa_crypto_free();
}

/* mbedTLS wants PEM bytes with a NUL counted in the length. */
static unsigned char *pem_with_nul(struct proa_slice pem)
{
    unsigned char *text = proa_alloc(pem.len + 1);
    memcpy(text, pem.ptr, pem.len);
    text[pem.len] = 0;
    return text;
}

/* *n_bad: certificates that could not be read among others that could. */
static int load_certs(mbedtls_x509_crt *crt, struct proa_slice pem, uint32_t *n_bad)
{
    unsigned char *text = pem_with_nul(pem);
    int ret = mbedtls_x509_crt_parse(crt, text, pem.len + 1);
    proa_free(text);
    *n_bad = ret > 0 ? (uint32_t)ret : 0;
    return ret > 0 ? 0 : ret;
}

static uint32_t count_certs(const mbedtls_x509_crt *crt)
{
    uint32_t n = 0;
    for (; crt && crt->raw.p; crt = crt->next) {
        n++;
    }
    return n;
}

static int load_own_cert(struct proa_tls_context *c, const struct proa_tls_context_cfg *cfg)
{
    uint32_t n_bad = 0;
    int ret = load_certs(&c->cert, cfg->cert_pem, &n_bad);
    if (ret != 0) {
        return ret;
    }
    if (n_bad > 0) {
        return MBEDTLS_ERR_X509_INVALID_FORMAT; /* an incomplete chain helps nobody */
    }
    unsigned char *text = pem_with_nul(cfg->key_pem);
    ret = mbedtls_pk_parse_key(&c->key, text, cfg->key_pem.len + 1, NULL, 0, mbedtls_psa_get_random,
                               MBEDTLS_PSA_RANDOM_STATE);
    proa_zeroize(text, cfg->key_pem.len);
    proa_free(text);
    if (ret == 0) {
        ret = mbedtls_pk_check_pair(&c->cert.pk, &c->key, mbedtls_psa_get_random,
                                    MBEDTLS_PSA_RANDOM_STATE);
    }
    return ret ? ret : mbedtls_ssl_conf_own_cert(&c->conf, &c->cert, &c->key);
}

static int load_pem(struct proa_tls_context *c, const struct proa_tls_context_cfg *cfg,
                    struct proa_tls_context_info *info)
{
    int ret = 0;
    if (cfg->ca_pem.len > 0) {
        ret = load_certs(&c->ca, cfg->ca_pem, &info->n_ca_skipped);
        info->n_ca_loaded = count_certs(&c->ca);
        mbedtls_ssl_conf_ca_chain(&c->conf, &c->ca, NULL);
    }
    if (ret == 0 && cfg->cert_pem.len > 0) {
        ret = load_own_cert(c, cfg);
    }
    return ret;
}

static int set_policy(struct proa_tls_context *c, const struct proa_tls_context_cfg *cfg)
{
    int ret = mbedtls_ssl_config_defaults(
        &c->conf, c->is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (ret != 0) {
        return ret;
    }
    mbedtls_ssl_conf_min_tls_version(&c->conf, cfg->only == PROA_TLS_VERSION_1_3
                                                   ? MBEDTLS_SSL_VERSION_TLS1_3
                                                   : MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(&c->conf, cfg->only == PROA_TLS_VERSION_1_2
                                                   ? MBEDTLS_SSL_VERSION_TLS1_2
                                                   : MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_rng(&c->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_ciphersuites(&c->conf, suites);
    mbedtls_ssl_conf_groups(&c->conf,
                            c->is_server || cfg->offer_x25519 ? groups_x25519 : groups_nist);
    /* Resumption always with a fresh key exchange: a stolen ticket key opens no old recording. */
    mbedtls_ssl_conf_tls13_key_exchange_modes(&c->conf,
                                              MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
    mbedtls_ssl_conf_authmode(&c->conf, c->is_server && cfg->ca_pem.len == 0
                                            ? MBEDTLS_SSL_VERIFY_NONE
                                            : MBEDTLS_SSL_VERIFY_REQUIRED);
    const char **protocols = NULL;
    memcpy(&protocols, &(const char *const *){alpn}, sizeof(protocols));
    return mbedtls_ssl_conf_alpn_protocols(&c->conf, protocols);
}

static int set_tickets(struct proa_tls_context *c, const struct proa_tls_context_cfg *cfg)
{
    if (!c->is_server) {
        mbedtls_ssl_conf_session_tickets(&c->conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
        mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
            &c->conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
        return 0;
    }
    uint32_t lifetime_s =
        cfg->ticket_lifetime_s ? cfg->ticket_lifetime_s : (uint32_t)DEFAULT_TICKET_LIFETIME_S;
    int ret =
        mbedtls_ssl_ticket_setup(&c->tickets, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE,
                                 MBEDTLS_CIPHER_AES_256_GCM, lifetime_s);
    mbedtls_ssl_conf_session_tickets_cb(&c->conf, mbedtls_ssl_ticket_write,
                                        mbedtls_ssl_ticket_parse, &c->tickets);
    mbedtls_ssl_conf_new_session_tickets(&c->conf, 1);
    return ret;
}

/* The lengths go in as well, so that bytes cannot move from one part to the next unseen. */
static uint64_t context_id(const struct proa_tls_context_cfg *cfg)
{
    struct proa_sha256 h;
    unsigned char digest[PROA_SHA256_BYTES];
    const uint64_t head[] = {cfg->ca_pem.len, cfg->cert_pem.len, (uint64_t)cfg->only,
                             cfg->offer_x25519};
    uint64_t id = 0;

    proa_sha256_init(&h);
    proa_sha256_update(&h, proa_slice_make(head, sizeof(head)));
    proa_sha256_update(&h, cfg->ca_pem);
    proa_sha256_update(&h, cfg->cert_pem);
    proa_sha256_final(&h, digest);
    memcpy(&id, digest, sizeof(id));
    return id;
}

static enum proa_err context_create(bool is_server, const struct proa_tls_context_cfg *cfg,
                                    struct proa_tls_context **out,
                                    struct proa_tls_context_info *info)
{
    struct proa_tls_context_info unused;
    info = info ? info : &unused;
    *info = (struct proa_tls_context_info){0};
    bool incomplete = is_server ? cfg->cert_pem.len == 0 : cfg->ca_pem.len == 0;
    if (incomplete || (cfg->cert_pem.len > 0) != (cfg->key_pem.len > 0)) {
        return PROA_ERR_ARG;
    }

    struct proa_tls_context *c = PROA_NEW(struct proa_tls_context);
    c->refs = 1;
    c->is_server = is_server;
    c->only = cfg->only;
    mbedtls_ssl_config_init(&c->conf);
    mbedtls_x509_crt_init(&c->ca);
    mbedtls_x509_crt_init(&c->cert);
    mbedtls_pk_init(&c->key);
    mbedtls_ssl_ticket_init(&c->tickets);

    enum proa_err err = PROA_ERR_INTERNAL;
    int ret = set_policy(c, cfg);
    if (ret == 0) {
        ret = set_tickets(c, cfg);
    }
    if (ret == 0) {
        ret = load_pem(c, cfg, info);
        err = ret ? PROA_ERR_SYNTAX : PROA_OK;
    }
    if (err != PROA_OK) {
        info->detail = ret;
        proa_tls_context_unref(c);
        return err;
    }
    c->id = context_id(cfg);
    *out = c;
    return PROA_OK;
}

enum proa_err proa_tls_context_create_client(const struct proa_tls_context_cfg *cfg,
                                             struct proa_tls_context **out,
                                             struct proa_tls_context_info *info)
{
    return context_create(false, cfg, out, info);
}

enum proa_err proa_tls_context_create_server(const struct proa_tls_context_cfg *cfg,
                                             struct proa_tls_context **out,
                                             struct proa_tls_context_info *info)
{
    return context_create(true, cfg, out, info);
}

struct proa_tls_context *proa_tls_context_ref(struct proa_tls_context *ctx)
{
    PROA_ASSERT(ctx->refs > 0);
    ctx->refs++;
    return ctx;
}

void proa_tls_context_unref(struct proa_tls_context *ctx)
{
    if (!ctx) {
        return;
    }
    PROA_ASSERT(ctx->refs > 0);
    if (--ctx->refs > 0) {
        return;
    }
    mbedtls_ssl_config_free(&ctx->conf);
    mbedtls_ssl_ticket_free(&ctx->tickets);
    mbedtls_pk_free(&ctx->key);
    mbedtls_x509_crt_free(&ctx->cert);
    mbedtls_x509_crt_free(&ctx->ca);
    proa_free(ctx->gather);
    proa_free(ctx);
}

uint64_t proa_tls_context_id(const struct proa_tls_context *ctx)
{
    return ctx->id;
}

const char *proa_tls_library(void)
{
    return MBEDTLS_VERSION_STRING;
}
