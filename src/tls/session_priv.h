/*
 * Inside of a TLS session: shared by the byte transformer (session.c) and by what judges
 * certificates and words failures (verdict.c).
 */
#ifndef PROA_TLS_SESSION_PRIV_H
#define PROA_TLS_SESSION_PRIV_H

#include "context_priv.h"

#include "proa/tls/session.h"

/* What the verification callback saw. */
struct proa_tls_verdict {
    bool seen;             /* a certificate was shown, so this is no resumed session */
    uint32_t flags;        /* MBEDTLS_X509_BADCERT_* of the whole chain */
    struct proa_buf names; /* the leaf's names, for the message; only after a mismatch */
};

struct proa_tls_session {
    mbedtls_ssl_context ssl;
    struct proa_tls_context *ctx; /* one reference */
    struct proa_tls_verdict verdict;
    struct proa_slice host; /* client; points into ssl */

    struct proa_slice fed; /* borrowed between feed and settle */
    struct proa_buf kept;  /* what settle had to copy; older than fed */
    size_t kept_off;
    struct proa_buf out;
    size_t out_off;

    enum proa_tls_status read_end; /* OK, then once CLOSED or TRUNCATED */
    enum proa_err err;             /* not OK: failed or truncated */
    int detail;
    int alert;            /* the peer's fatal alert, -1 = none */
    uint64_t verified_ns; /* of the saved session this one was tried with */
    bool is_dated;
    bool is_feeding;
    bool is_eof;
    bool is_done; /* handshake finished */
    bool is_failed;
    bool has_ticket; /* something new to save */
    bool is_close_sent;
};

/* mbedtls f_vrfy; ctx is the session's verdict. */
int proa_tls_verdict_on_cert(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);
/* The first that applies of: revoked, untrusted, hostname, expired, future; else ERR_TLS. */
enum proa_err proa_tls_verdict_err(uint32_t flags);

#endif
