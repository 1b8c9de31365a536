/*
 * What many TLS connections share: trusted authorities, own certificate, versions, suites, ticket
 * keys.
 *
 * Pure: bytes in, no sockets, no paths. Two things lie outside what a caller passes in: mbedTLS
 * reads the wall clock when it checks certificate dates and ticket ages, and its PSA part keeps a
 * process-wide random generator, set up by proa_tls_init().
 *
 * Immutable after creation; new certificates mean a new context, and sessions keep the one they
 * started with. Reference-counted for that reason. One loop thread per context: the count is not
 * atomic and the gather buffer for writes is shared by the context's sessions.
 *
 * Policy, not configurable: TLS 1.2 at least, 1.3 preferred; ECDHE and AEAD only; ALPN http/1.1;
 * the peer's certificate and name are always verified. There is no insecure switch: a private
 * authority is configured instead. No revocation lists and no OCSP: the library has no OCSP.
 */
#ifndef PROA_TLS_CONTEXT_H
#define PROA_TLS_CONTEXT_H

#include "proa/core/err.h"
#include "proa/core/slice.h"

struct proa_tls_context;

enum proa_tls_version { PROA_TLS_VERSION_ANY = 0, PROA_TLS_VERSION_1_2, PROA_TLS_VERSION_1_3 };

/* Zero is the default everywhere. All slices are borrowed for the call. */
struct proa_tls_context_cfg {
    struct proa_slice ca_pem;   /* client: required. server: set = client certificates required */
    struct proa_slice cert_pem; /* leaf first, then intermediates. server: required */
    struct proa_slice key_pem;  /* unencrypted private key of cert_pem's leaf */
    enum proa_tls_version only; /* ANY = 1.2 and 1.3 */
    /* client: also X25519, after P-256 and for servers without it. Off, because servers that prefer
       X25519 would ask for another round trip, as no key share is made for it. */
    bool offer_x25519;
    uint32_t ticket_lifetime_s; /* server: 0 = 2 hours */
};

/* What was made of the PEM bytes; for the log. */
struct proa_tls_context_info {
    uint32_t n_ca_loaded;
    uint32_t n_ca_skipped; /* certificates the library could not read: log it */
    int detail;            /* mbedTLS code of a failure, 0 = none */
};

/*
 * Starts the library's process-wide state (PSA random generator and key store). Once, from the
 * main thread, before any other call of this module that needs randomness or TLS. Calling it again
 * is harmless. proa_tls_exit() releases it, for leak-clean ends.
 */
enum proa_err proa_tls_init(void) PROA_MUST_CHECK;
void proa_tls_exit(void);
/* Version of the library underneath; static. */
const char *proa_tls_library(void);

/*
 * ERR_ARG: neither authority nor certificate where one is required. ERR_SYNTAX: nothing could be
 * loaded from the PEM bytes, or the key does not belong to the certificate. *info (may be NULL) is
 * filled in on failure, too. Reading costs about 50 us a certificate, so a system's bundle of some
 * 150 takes several milliseconds: do it off the loop, or when the first connection needs it.
 */
enum proa_err proa_tls_context_create_client(const struct proa_tls_context_cfg *cfg,
                                             struct proa_tls_context **out,
                                             struct proa_tls_context_info *info) PROA_MUST_CHECK;
enum proa_err proa_tls_context_create_server(const struct proa_tls_context_cfg *cfg,
                                             struct proa_tls_context **out,
                                             struct proa_tls_context_info *info) PROA_MUST_CHECK;

struct proa_tls_context *proa_tls_context_ref(struct proa_tls_context *ctx);
void proa_tls_context_unref(struct proa_tls_context *ctx); /* NULL is fine */

/* Differs between any two client contexts with different authorities, own certificate or versions;
   equal for equal ones, so that saved sessions survive a reload that changed nothing. */
uint64_t proa_tls_context_id(const struct proa_tls_context *ctx);

#endif
