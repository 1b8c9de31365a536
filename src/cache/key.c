#include "proa/cache/key.h"

#include "proa/core/alloc.h"
#include "proa/tls/digest.h"

#include <string.h>

/* Part of every key: counts up when the form or the scope changes, for what outlives a process. */
static const unsigned char VERSION = 2;

/* Lengths are written in one byte order, so that equal keys are equal on every machine. */
static inline char *put_u32(char *at, size_t n)
{
    const unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                    (unsigned char)(n >> 8), (unsigned char)n};
    memcpy(at, bytes, sizeof bytes);
    return at + sizeof bytes;
}

static inline char *put_part(char *at, struct proa_slice part)
{
    at = put_u32(at, part.len);
    if (part.len > 0) {
        memcpy(at, part.ptr, part.len);
    }
    return at + part.len;
}

void proa_key_namespace(const struct proa_key_secret *secret, const struct proa_slice *credentials,
                        size_t n, unsigned char out[PROA_KEY_NAMESPACE_BYTES])
{
    unsigned char mac[PROA_SHA256_BYTES] = {0};
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += credentials[i].len;
    }
    if (total > 0) {
        total += 4 * n;
        char *all = proa_alloc(total); /* as long as the head of a request, which has a limit */
        char *at = all;
        for (size_t i = 0; i < n; i++) {
            at = put_part(at, credentials[i]);
        }
        proa_hmac_sha256(proa_slice_make(secret->names, sizeof secret->names),
                         proa_slice_make(all, total), mac);
        proa_zeroize(all, total);
        proa_free(all);
    }
    memcpy(out, mac, PROA_KEY_NAMESPACE_BYTES);
}

/* The credentials as proa_key_namespace() joins them; 0: there are none, or they do not fit. */
static size_t join(const struct proa_slice *credentials, size_t n,
                   char out[PROA_KEY_CREDENTIALS_MAX])
{
    size_t len = 0;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        const struct proa_slice part = credentials[i];
        const uint32_t part_len = (uint32_t)part.len;
        if (part.len > PROA_KEY_CREDENTIALS_MAX ||
            len + sizeof part_len + part.len > PROA_KEY_CREDENTIALS_MAX) {
            return 0;
        }
        memcpy(out + len, &part_len, sizeof part_len);
        len += sizeof part_len;
        if (part.len > 0) {
            memcpy(out + len, part.ptr, part.len);
            len += part.len;
            any = true;
        }
    }
    return any ? len : 0;
}

void proa_key_names_get(struct proa_key_names *names, const struct proa_key_secret *secret,
                        const struct proa_slice *credentials, size_t n,
                        unsigned char out[PROA_KEY_NAMESPACE_BYTES])
{
    PROA_UNINIT char joined[PROA_KEY_CREDENTIALS_MAX];
    const size_t len = join(credentials, n, joined);
    if (len == 0) {
        proa_key_namespace(secret, credentials, n, out);
        return;
    }
    const struct proa_hash128 hash = proa_hash128_of(secret->hash, proa_slice_make(joined, len));
    struct proa_key_name *name = &names->names[hash.low % PROA_KEY_NAMES];
    /* Bytes are compared only behind an equal hash, so how long that takes tells nothing to who
     * tries others. */
    if (name->len != len || name->hash.low != hash.low || name->hash.high != hash.high ||
        memcmp(name->credentials, joined, len) != 0) {
        proa_zeroize(name->credentials, name->len);
        proa_key_namespace(secret, credentials, n, name->namespace);
        name->hash = hash;
        name->len = len;
        memcpy(name->credentials, joined, len);
    }
    memcpy(out, name->namespace, PROA_KEY_NAMESPACE_BYTES);
}

void proa_key_names_wipe(struct proa_key_names *names)
{
    proa_zeroize(names, sizeof *names);
}

enum proa_err proa_key_write_scope(const struct proa_key_scope *scope, struct proa_buf *out)
{
    const unsigned char fixed[4] = {VERSION, scope->surface, scope->endpoint, scope->version};
    size_t total =
        sizeof fixed + sizeof scope->namespace + 4 * (4 + scope->n_headers) + scope->model.len;
    for (size_t i = 0; i < scope->n_headers; i++) {
        total += scope->headers[i].len;
    }
    char *at = proa_buf_reserve(out, total);
    if (!at) {
        return PROA_ERR_LIMIT;
    }
    memcpy(at, fixed, sizeof fixed);
    at += sizeof fixed;
    memcpy(at, scope->namespace, sizeof scope->namespace);
    at += sizeof scope->namespace;
    at = put_u32(at, (size_t)(scope->route >> 32));
    at = put_u32(at, (size_t)(scope->route & UINT32_MAX));
    at = put_part(at, scope->model);
    at = put_u32(at, scope->n_headers);
    for (size_t i = 0; i < scope->n_headers; i++) {
        at = put_part(at, scope->headers[i]);
    }
    out->len += total;
    return PROA_OK;
}

/* Each by itself, so that neither waits for the other; crossed, so that one that has the bytes of
 * the other does not cancel it. */
struct proa_cache_key proa_key_make(const struct proa_key_secret *secret, struct proa_slice scope,
                                    const struct proa_canon *canon)
{
    const struct proa_hash128 s = proa_hash128_of(secret->hash, scope);
    const struct proa_hash128 form = proa_canon_hash(canon, secret->hash);
    return (struct proa_cache_key){
        .hash = {.low = form.low ^ s.high, .high = form.high ^ s.low},
        .scope = scope,
        .canon = canon,
    };
}

size_t proa_key_bytes(const struct proa_cache_key *key)
{
    return key->scope.len + key->canon->total_bytes;
}

void proa_key_copy(const struct proa_cache_key *key, char *out)
{
    memcpy(out, key->scope.ptr, key->scope.len);
    proa_canon_copy(key->canon, out + key->scope.len);
}

/* A scope tells its own length: that where it ends the form begins needs no mark. */
bool proa_key_equals(const struct proa_cache_key *key, struct proa_slice bytes)
{
    return proa_slice_starts(bytes, key->scope) &&
           proa_canon_equals(key->canon, proa_slice_from(bytes, key->scope.len));
}
