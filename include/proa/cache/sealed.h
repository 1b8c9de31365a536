/*
 * Answers as they are handed to a cache that is shared: sealed, so that whoever runs it can neither
 * read nor make one, and what it makes up or mixes up is a miss.
 *
 * Pure. Everything derives from one configured secret, so that those who have the same one share:
 *   names     namespaces of callers (proa/cache/key.h), as HMAC-SHA-256
 *   name      what an entry is called there: HMAC-SHA-256 over the bytes of its key, namespace and
 *             canonical form among them; tells nothing about either
 *   seal      a key of its own for each name, so for each namespace, too: HKDF-SHA-256 (RFC 5869);
 *             no key ever seals more than the renewals of one entry, so nonces drawn at random do
 *   value     version(1) nonce(12) AES-256-GCM(what follows) tag(16), bound to version and name
 *   in it     made, fresh until, stale until (ms since 1970), tokens in and out, cost: u64 each;
 *             status: u16; lengths of key, fields and body: u32 each; key, fields, body.
 *             Big-endian, exactly so long.
 * The key's bytes are compared after opening, as everywhere in the cache. An old value may be given
 * again under its own name by a server that lies; that is why the times are inside.
 */
#ifndef PROA_CACHE_SEALED_H
#define PROA_CACHE_SEALED_H

#include "proa/core/buf.h"
#include "proa/core/err.h"
#include "proa/tls/aead.h"
#include "proa/tls/digest.h"

enum {
    PROA_SEALED_VERSION = 1,
    PROA_SEALED_SECRET_MIN = 32, /* bytes of what is configured */
    PROA_SEALED_NAME_BYTES = PROA_SHA256_BYTES,
    PROA_SEALED_NONCE_BYTES = PROA_AEAD_NONCE_BYTES,
    PROA_SEALED_HEAD = 1 + PROA_SEALED_NONCE_BYTES,
    PROA_SEALED_MAX = 1024 * 1024 /* of a value, with all that is around the answer */
};

/* Value type; deinit wipes it. */
struct proa_sealed_keys {
    unsigned char names[PROA_SHA256_BYTES]; /* for struct proa_key_secret */
    unsigned char name[PROA_SHA256_BYTES];
    unsigned char seal[PROA_SHA256_BYTES];
};

void proa_sealed_init(struct proa_sealed_keys *keys, struct proa_slice secret);
void proa_sealed_deinit(struct proa_sealed_keys *keys);

/* `key`: the bytes that proa_key_copy() writes. */
void proa_sealed_name(const struct proa_sealed_keys *keys, struct proa_slice key,
                      unsigned char out[PROA_SEALED_NAME_BYTES]);

struct proa_sealed_value {
    uint64_t made_ms; /* wall clocks: those of different machines differ by a little */
    uint64_t fresh_until_ms;
    uint64_t stale_until_ms;
    uint64_t input_tokens;
    uint64_t output_tokens;
    uint64_t cost_pico_usd;
    uint16_t status;
    struct proa_slice fields;
    struct proa_slice body;
};

/* Appends. ERR_LIMIT: it would be larger than PROA_SEALED_MAX, or than the buffer takes. The nonce
 * is random. */
enum proa_err proa_sealed_write(const struct proa_sealed_keys *keys, struct proa_slice key,
                                const struct proa_sealed_value *value,
                                const unsigned char nonce[PROA_SEALED_NONCE_BYTES],
                                struct proa_buf *out) PROA_MUST_CHECK;
/*
 * Opens what is in `sealed`, in place: it holds nothing of use afterwards but what *out borrows.
 * ERR_PROTOCOL: not sealed by one of us for this key. ERR_UNSUPPORTED: of another version.
 */
enum proa_err proa_sealed_read(const struct proa_sealed_keys *keys, struct proa_slice key,
                               struct proa_buf *sealed,
                               struct proa_sealed_value *out) PROA_MUST_CHECK;

enum proa_sealed_state { PROA_SEALED_OVER = 0, PROA_SEALED_STALE, PROA_SEALED_FRESH };

/* What is left of it, by the clock of the reader. */
struct proa_sealed_life {
    enum proa_sealed_state state;
    uint64_t age_ms;
    uint64_t ttl_ms;   /* FRESH: time left */
    uint64_t stale_ms; /* of use behind that */
};
/* A clock behind that of the writer makes no answer older or younger than its times say: the age is
 * never below 0, the time left never above what was given. */
struct proa_sealed_life proa_sealed_life(const struct proa_sealed_value *value, uint64_t now_ms);

#endif
