/*
 * Redaction: replaces every occurrence of a known secret in a range of bytes by `[redacted]`, and,
 * for texts of providers, everything that looks like a key.
 *
 * It stands at the sinks (log lines, error bodies passed on), so that no call site can forget it.
 * When nothing matches it costs one skipping pass over the bytes, whose steps are nearly as long
 * as the shortest secret (Wu and Manber 1994), whatever the number of secrets, and copies nothing.
 *
 * Finds secrets literally: not base64, percent-encoded or split ones. Secrets shorter than
 * PROA_REDACT_MIN_BYTES are not looked for: they would hit innocent text.
 *
 * Pure. Holds references to its secrets. Not thread-safe for changes; searching changes nothing.
 */
#ifndef PROA_AUTH_REDACT_H
#define PROA_AUTH_REDACT_H

#include "proa/auth/secret.h"
#include "proa/core/buf.h"

struct proa_redactor;

enum { PROA_REDACT_MIN_BYTES = 8 };

struct proa_redactor *proa_redactor_create(void);
void proa_redactor_destroy(struct proa_redactor *r); /* NULL is fine */

/* Takes a reference of its own. ERR_RANGE: shorter than PROA_REDACT_MIN_BYTES, not added. Adding
   the same bytes twice is counted and needs two removals. */
enum proa_err proa_redactor_add(struct proa_redactor *r, struct proa_secret *secret);
/* Unknown ones are ignored. */
void proa_redactor_remove(struct proa_redactor *r, const struct proa_secret *secret);

/*
 * Returns text itself when no secret is in it, otherwise the cleaned copy, in scratch (cleared
 * first). When scratch's maximum is too small the answer is `[redacted]` alone: never the original.
 * r may be NULL: knows nothing.
 */
struct proa_slice proa_redact(const struct proa_redactor *r, struct proa_slice text,
                              struct proa_buf *scratch);

/*
 * As proa_redact, and in addition everything that looks like a key in prose or JSON: words that
 * begin like well-known keys (`sk-`, `AIza`, ...) and what follows `Bearer` or `key provided: `.
 * For provider error bodies; slower, by a few ns a byte.
 */
struct proa_slice proa_redact_foreign(const struct proa_redactor *r, struct proa_slice text,
                                      struct proa_buf *scratch);

#endif
