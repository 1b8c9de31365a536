/*
 * Inside of a TLS context and of a saved session, for the units of this module.
 */
#ifndef PROA_TLS_CONTEXT_PRIV_H
#define PROA_TLS_CONTEXT_PRIV_H

#include "proa/tls/context.h"

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

/* One full record: what writes are gathered into. */
enum { PROA_TLS_GATHER_BYTES = 16384 };

struct proa_tls_context {
    uint32_t refs;
    bool is_server;
    enum proa_tls_version only;
    uint64_t id;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt ca;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_ssl_ticket_context tickets; /* server: the keys that seal them */
    unsigned char *gather;              /* PROA_TLS_GATHER_BYTES, made on first use */
};

struct proa_tls_saved {
    mbedtls_ssl_session session;
    enum proa_tls_version version;
    uint64_t verified_ns; /* when the certificate behind it was seen; set by the cache */
    bool is_dated;        /* verified_ns is set */
};

#endif
