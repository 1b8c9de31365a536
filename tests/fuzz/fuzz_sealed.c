/*
 * Values of the shared cache, as a server that lies gives them: the input under the key it is asked
 * for, and the input as what one of us has sealed, with lengths and all made up. The first is never
 * taken; of the second just what was written so.
 *
 * links: cache tls core
 */
#include "proa/cache/sealed.h"
#include "proa/core/alloc.h"
#include "proa/core/check.h"

#include <stdint.h>
#include <string.h>

enum { MAX_INPUT = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SALT PROA_SLICE("proa cache 1")

/* As proa_sealed_write() would, but with whatever bytes inside. */
static void seal(const struct proa_sealed_keys *keys, struct proa_slice key,
                 struct proa_slice inside, struct proa_buf *out)
{
    static const unsigned char nonce[PROA_SEALED_NONCE_BYTES] = {1};
    unsigned char extra[1 + PROA_SEALED_NAME_BYTES] = {PROA_SEALED_VERSION};
    unsigned char own[PROA_AEAD_KEY_BYTES];
    proa_sealed_name(keys, key, extra + 1);
    proa_hkdf_sha256(SALT, proa_slice_make(keys->seal, sizeof keys->seal),
                     proa_slice_make(extra + 1, PROA_SEALED_NAME_BYTES), own, sizeof own);
    (void)proa_buf_append_byte(out, PROA_SEALED_VERSION);
    (void)proa_buf_append(out, proa_slice_make(nonce, sizeof nonce));
    char *room = proa_buf_reserve(out, inside.len + PROA_AEAD_TAG_BYTES);
    PROA_ASSERT(room);
    proa_aead_seal(own, nonce, proa_slice_make(extra, sizeof extra), inside, room);
    out->len += inside.len + PROA_AEAD_TAG_BYTES;
}

static bool is_inside(struct proa_slice part, const struct proa_buf *whole)
{
    return part.ptr >= whole->ptr && part.len <= whole->len &&
           (size_t)(part.ptr - whole->ptr) <= whole->len - part.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0 || len > MAX_INPUT) {
        return 0;
    }
    struct proa_sealed_keys keys;
    struct proa_sealed_value v;
    struct proa_buf sealed;
    const size_t key_len = data[0] < len - 1 ? data[0] : len - 1;
    const struct proa_slice key = proa_slice_make(data + 1, key_len);
    const struct proa_slice rest = proa_slice_make(data + 1, len - 1);
    proa_sealed_init(&keys, PROA_SLICE("0123456789abcdef0123456789abcdef"));
    proa_buf_init(&sealed, PROA_SEALED_MAX + MAX_INPUT);
    PROA_ASSERT(proa_buf_append(&sealed, rest) == PROA_OK);
    PROA_ASSERT(proa_sealed_read(&keys, key, &sealed, &v) != PROA_OK);
    proa_buf_clear(&sealed);
    seal(&keys, key, rest, &sealed);
    if (proa_sealed_read(&keys, key, &sealed, &v) == PROA_OK) {
        struct proa_buf again;
        static const unsigned char nonce[PROA_SEALED_NONCE_BYTES] = {1};
        PROA_ASSERT(is_inside(v.fields, &sealed) && is_inside(v.body, &sealed));
        const struct proa_sealed_life life = proa_sealed_life(&v, v.made_ms);
        PROA_ASSERT(life.age_ms == 0);
        proa_buf_init(&again, PROA_SEALED_MAX);
        PROA_ASSERT(proa_sealed_write(&keys, key, &v, nonce, &again) == PROA_OK);
        proa_buf_clear(&sealed);
        seal(&keys, key, rest, &sealed);
        PROA_ASSERT(proa_slice_eq(proa_buf_slice(&again), proa_buf_slice(&sealed)));
        proa_buf_deinit(&again);
    }
    proa_buf_deinit(&sealed);
    return 0;
}
