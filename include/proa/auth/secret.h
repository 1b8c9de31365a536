/*
 * A secret: a provider's API key, an admin token, a private key file. The only type that holds one
 * after loading.
 *
 * Each lives in pages of its own, mapped for it: locked against swapping, left out of core dumps,
 * empty in a forked child (all three as far as the system grants them), and wiped before release.
 * These are system calls on memory alone; nothing else of this unit reaches outside.
 *
 * There is no function that prints one. proa_secret_bytes() is the sole accessor: grep for it to
 * find every place that can leak.
 *
 * Reference-counted, because a redactor must know a replaced key as long as an exchange that uses
 * it lives. Not atomic: one loop thread.
 */
#ifndef PROA_AUTH_SECRET_H
#define PROA_AUTH_SECRET_H

#include "proa/core/err.h"
#include "proa/core/slice.h"

struct proa_secret;

enum { PROA_SECRET_MAX_BYTES = 64 * 1024 };

/*
 * Copies the bytes as they are (trim line ends before; wipe the source after). ERR_ARG: empty.
 * ERR_LIMIT: above PROA_SECRET_MAX_BYTES. ERR_INTERNAL: no memory could be mapped. *out has one
 * reference.
 */
enum proa_err proa_secret_create(struct proa_slice bytes, struct proa_secret **out) PROA_MUST_CHECK;
struct proa_secret *proa_secret_ref(struct proa_secret *s);
/* The last one wipes and unmaps. NULL is fine. */
void proa_secret_unref(struct proa_secret *s);

/* Borrowed as long as the reference. */
struct proa_slice proa_secret_bytes(const struct proa_secret *s);

/* SHA-256 of the bytes; 32 bytes, same lifetime. Compare secrets by it. */
const unsigned char *proa_secret_digest(const struct proa_secret *s);

/* Are these its bytes? Takes the same time whatever they are. */
bool proa_secret_equals(const struct proa_secret *s, struct proa_slice bytes);

#endif
