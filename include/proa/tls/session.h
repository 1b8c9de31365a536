/*
 * One TLS connection as a byte transformer: ciphertext in, plaintext out, and back.
 *
 * No sockets. The owner moves bytes: what arrives goes in through proa_tls_feed(), what is to be
 * sent comes out of proa_tls_output(). Order of work for an owner, per arrival:
 *
 *     proa_tls_feed(s, bytes);
 *     until proa_tls_handshaked(s): proa_tls_handshake(s)
 *     proa_tls_read(s, ...) until it says WANT_MORE (or the reader wants no more now)
 *     proa_tls_settle(s);            <- the borrowed bytes may go away now
 *     send proa_tls_output(s), proa_tls_output_consume(s, n)
 *
 * Output can appear after every call, a failed one included (that is the alert which tells the
 * peer why): drain it always.
 *
 * Owned by whoever created it; belongs to the context's loop thread; holds a reference to the
 * context. About 44 KB of library buffers per connection.
 */
#ifndef PROA_TLS_SESSION_H
#define PROA_TLS_SESSION_H

#include "proa/core/buf.h"
#include "proa/tls/context.h"

#include <sys/uio.h>

struct proa_tls_session;
struct proa_tls_saved; /* what a later connection needs to resume; key material */

enum {
    PROA_TLS_INPUT_MAX = 256 * 1024,  /* unread ciphertext kept by proa_tls_settle() */
    PROA_TLS_OUTPUT_HIGH = 64 * 1024, /* from here on writes answer WANT_DRAIN */
    PROA_TLS_OUTPUT_MAX = 160 * 1024, /* never more than this */
};

enum proa_tls_status {
    PROA_TLS_OK = 0,     /* done; or: *n bytes moved */
    PROA_TLS_WANT_MORE,  /* nothing left to work on: feed ciphertext */
    PROA_TLS_WANT_DRAIN, /* output is full: take from it, then repeat */
    PROA_TLS_CLOSED,     /* the peer ended cleanly (close_notify) */
    PROA_TLS_TRUNCATED,  /* transport ended without close_notify; error is ERR_CLOSED */
    PROA_TLS_FAILED,     /* dead: see proa_tls_error(); every later call answers the same */
};

/*
 * host is the name (or IP address literal) the certificate must carry; it is also sent as SNI.
 * saved (may be NULL) is borrowed and may serve any number of connections; where it cannot be used
 * any more the handshake silently becomes a full one. ERR_ARG: host empty, longer than 255 bytes or
 * with a NUL in it, or a server's context.
 */
enum proa_err proa_tls_session_create_client(struct proa_tls_context *ctx, struct proa_slice host,
                                             const struct proa_tls_saved *saved,
                                             struct proa_tls_session **out) PROA_MUST_CHECK;
enum proa_err proa_tls_session_create_server(struct proa_tls_context *ctx,
                                             struct proa_tls_session **out) PROA_MUST_CHECK;
/* Does not send close_notify. Wipes key material. NULL is fine. */
void proa_tls_session_destroy(struct proa_tls_session *s);

/*
 * Offers ciphertext. It is borrowed until proa_tls_settle(), not copied. Only one piece at a time:
 * ERR_STATE when the last one was not settled.
 */
enum proa_err proa_tls_feed(struct proa_tls_session *s,
                            struct proa_slice ciphertext) PROA_MUST_CHECK;
/* Ends the borrowing; copies what was not consumed. ERR_LIMIT above PROA_TLS_INPUT_MAX: a caller
   that stops reading must also stop feeding. */
enum proa_err proa_tls_settle(struct proa_tls_session *s) PROA_MUST_CHECK;
/* The transport ended: what is still unread is read, then TRUNCATED (or CLOSED) follows. */
void proa_tls_feed_eof(struct proa_tls_session *s);

/* Moves the handshake on as far as the input allows. OK = finished. A client calls it once before
   any feed so that its first flight appears. */
enum proa_tls_status proa_tls_handshake(struct proa_tls_session *s);
bool proa_tls_handshaked(const struct proa_tls_session *s);

/*
 * Plaintext into out[cap]; OK gives *n >= 1 and fills out as far as the input allows. Session
 * tickets on the way are taken care of. *n is 0 unless OK.
 */
enum proa_tls_status proa_tls_read(struct proa_tls_session *s, void *out, size_t cap, size_t *n);
/* Could proa_tls_read() find something without a further feed? */
bool proa_tls_readable(const struct proa_tls_session *s);

/*
 * Encrypts from the vectors, in order, in as few records as possible. OK: all of it; WANT_DRAIN:
 * only the first *n bytes (may be 0), continue with the rest when output was drained. No bytes
 * need to be offered again unchanged. WANT_MORE before the handshake is done. After the peer's
 * close_notify writing is still possible.
 */
enum proa_tls_status proa_tls_writev(struct proa_tls_session *s, const struct iovec *iov,
                                     size_t n_iov, size_t *n);
enum proa_tls_status proa_tls_write(struct proa_tls_session *s, struct proa_slice plaintext,
                                    size_t *n);
/* Puts our close_notify into the output, once. Harmless on a failed session. */
void proa_tls_close_notify(struct proa_tls_session *s);

/* Ciphertext to send; valid until the next call on s. */
struct proa_slice proa_tls_output(const struct proa_tls_session *s);
/* n <= length of proa_tls_output(). */
void proa_tls_output_consume(struct proa_tls_session *s, size_t n);
/* Hands the whole output over instead: *out must be zeroed or deinitialised, and is owned by the
   caller afterwards. For writes that outlive the call. */
void proa_tls_output_take(struct proa_tls_session *s, struct proa_buf *out);

/*
 * A saved session, when the peer has given something new since the last call; NULL otherwise. With
 * TLS 1.3 tickets arrive after the handshake, with or before the first answer: ask when a
 * connection goes back to its pool or ends. Owned by the caller.
 */
struct proa_tls_saved *proa_tls_session_save(struct proa_tls_session *s);
/* Wipes it. NULL is fine. */
void proa_tls_saved_destroy(struct proa_tls_saved *saved);

/* Facts for the log, after the handshake. Static texts. */
struct proa_tls_info {
    const char *version; /* "TLSv1.3" */
    const char *suite;
    const char *alpn; /* NULL = the peer chose none */
    bool resumed;     /* client only: no certificate was needed */
};
struct proa_tls_info proa_tls_session_info(const struct proa_tls_session *s);

/*
 * OK while not failed. ERR_TLS_HOSTNAME, _EXPIRED, _FUTURE, _UNTRUSTED, _REVOKED: what is wrong
 * with the peer's certificate (the first that applies of: revoked, untrusted, hostname, expired,
 * future). ERR_CLOSED: ended in the middle. ERR_LIMIT: output or input above its maximum. ERR_TLS:
 * all else. Only ERR_CLOSED speaks of the transport; the others would repeat on every address of
 * the same name.
 */
enum proa_err proa_tls_error(const struct proa_tls_session *s);
/* mbedTLS error code (negative), or its verification flags (positive); 0 = none. */
int proa_tls_error_detail(const struct proa_tls_session *s);
/* A sentence for the log, such as "certificate is for other.example, not api.example". Peer
   bytes in it are printable ASCII. */
void proa_tls_error_text(const struct proa_tls_session *s, struct proa_buf *out);

#endif
