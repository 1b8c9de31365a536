#include "proa/auth/secret.h"

#include "proa/tls/digest.h"

#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

/* Lies at the start of its own mapping, the bytes behind it. */
struct proa_secret {
    uint32_t refs;
    unsigned char digest[PROA_SHA256_BYTES];
    size_t map_bytes;
    size_t len;
    char bytes[];
};

enum proa_err proa_secret_create(struct proa_slice bytes, struct proa_secret **out)
{
    if (bytes.len == 0) {
        return PROA_ERR_ARG;
    }
    if (bytes.len > PROA_SECRET_MAX_BYTES) {
        return PROA_ERR_LIMIT;
    }
    size_t map_bytes =
        (sizeof(struct proa_secret) + bytes.len + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    void *map = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return PROA_ERR_INTERNAL;
    }
    struct proa_secret *s = map;
    /* Before the bytes come in. Best effort: RLIMIT_MEMLOCK may be small, the kernel old. */
    (void)mlock(map, map_bytes);
    (void)madvise(map, map_bytes, MADV_DONTDUMP);
    (void)madvise(map, map_bytes, MADV_WIPEONFORK);
    s->refs = 1;
    s->map_bytes = map_bytes;
    s->len = bytes.len;
    memcpy(s->bytes, bytes.ptr, bytes.len);
    proa_sha256(bytes, s->digest);
    *out = s;
    return PROA_OK;
}

struct proa_secret *proa_secret_ref(struct proa_secret *s)
{
    PROA_ASSERT(s->refs > 0);
    s->refs++;
    return s;
}

void proa_secret_unref(struct proa_secret *s)
{
    if (!s) {
        return;
    }
    PROA_ASSERT(s->refs > 0);
    if (--s->refs > 0) {
        return;
    }
    size_t map_bytes = s->map_bytes;
    proa_zeroize(s, map_bytes);
    (void)munmap(s, map_bytes); /* unlocks as well */
}

struct proa_slice proa_secret_bytes(const struct proa_secret *s)
{
    return proa_slice_make(s->bytes, s->len);
}

const unsigned char *proa_secret_digest(const struct proa_secret *s)
{
    return s->digest;
}

/* Of digests, so that neither the place of the first difference nor the length shows. */
bool proa_secret_equals(const struct proa_secret *s, struct proa_slice bytes)
{
    unsigned char digest[PROA_SHA256_BYTES];
    unsigned difference = 0;
    proa_sha256(bytes, digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        difference |= (unsigned)(digest[i] ^ s->digest[i]);
    }
    return difference == 0;
}
