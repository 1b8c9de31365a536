/*
 * What an answer is kept under: the scope of a request and the canonical form of its body.
 *
 * Pure. The scope is everything beside the body that an answer depends on, or that says who may
 * have it: the caller, the surface and endpoint, the route as it is configured, the model in the
 * path, and the headers that change answers. The hash, keyed with a secret of the process, leads to
 * an entry; the bytes of scope and form are compared before it is used, so that no collision,
 * however it came about, gives one caller the answer of another.
 */
#ifndef PROA_CACHE_KEY_H
#define PROA_CACHE_KEY_H

#include "proa/cache/canon.h"

enum { PROA_KEY_NAMESPACE_BYTES = 16, PROA_KEY_SCOPE_MAX = 8 * 1024 };

/* Random bytes, drawn when the process starts; never shown. */
struct proa_key_secret {
    unsigned char hash[PROA_HASH_SECRET_BYTES];
    unsigned char names[32]; /* namespaces derive from it */
};

/*
 * Whose answers these are, by HMAC-SHA-256 over the credentials of a request: who shows others has
 * another namespace, who shows none the one of all who show none. Empty slices count.
 */
void proa_key_namespace(const struct proa_key_secret *secret, const struct proa_slice *credentials,
                        size_t n, unsigned char out[PROA_KEY_NAMESPACE_BYTES]);

/*
 * Namespaces of those who asked lately, since an HMAC costs as much as all the rest of a hit. Found
 * by the keyed hash of the credentials, and only by exactly these: their bytes are compared. Longer
 * ones than fit are derived each time. It holds credentials: wipe it in the end.
 */
enum { PROA_KEY_NAMES = 8, PROA_KEY_CREDENTIALS_MAX = 496 };
struct proa_key_names {
    struct proa_key_name {
        struct proa_hash128 hash;
        size_t len; /* 0: nothing is here */
        char credentials[PROA_KEY_CREDENTIALS_MAX];
        unsigned char namespace[PROA_KEY_NAMESPACE_BYTES];
    } names[PROA_KEY_NAMES];
};

/* As proa_key_namespace(); `names` is always used with the same secret, and zero at first. */
void proa_key_names_get(struct proa_key_names *names, const struct proa_key_secret *secret,
                        const struct proa_slice *credentials, size_t n,
                        unsigned char out[PROA_KEY_NAMESPACE_BYTES]);
void proa_key_names_wipe(struct proa_key_names *names);

/* All slices are borrowed. */
struct proa_key_scope {
    unsigned char namespace[PROA_KEY_NAMESPACE_BYTES];
    uint8_t surface;
    uint8_t endpoint;
    uint8_t version;                  /* of the surface's protocol */
    uint64_t route;                   /* another one when the route leads elsewhere */
    struct proa_slice model;          /* the body need not name it */
    const struct proa_slice *headers; /* values, always the same ones in the same order */
    size_t n_headers;
};

/* Appends the scope's bytes, each part with its length. ERR_LIMIT: the buffer is full. */
enum proa_err proa_key_write_scope(const struct proa_key_scope *scope,
                                   struct proa_buf *out) PROA_MUST_CHECK;

/* Borrows from scope bytes and form. */
struct proa_cache_key {
    struct proa_hash128 hash;
    struct proa_slice scope;
    const struct proa_canon *canon;
    /* Where it is kept which entry (proa/cache/answers.h) these very bytes were found equal to, by
     * its number; 0 = none yet. NULL: it is kept nowhere. */
    uint64_t *proven;
};

struct proa_cache_key proa_key_make(const struct proa_key_secret *secret, struct proa_slice scope,
                                    const struct proa_canon *canon);
size_t proa_key_bytes(const struct proa_cache_key *key);
/* Writes proa_key_bytes(): what equals() compares with. */
void proa_key_copy(const struct proa_cache_key *key, char *out);
bool proa_key_equals(const struct proa_cache_key *key, struct proa_slice bytes);

#endif
