#include "proa/cache/sealed.h"

#include "proa/core/check.h"

#include <string.h>

enum { NUMBERS = 6, FIXED = NUMBERS * 8 + 2 + 3 * 4 };

#define SALT PROA_SLICE("proa cache 1")

/* ---- keys ------------------------------------------------------------------------------------ */

void proa_sealed_init(struct proa_sealed_keys *keys, struct proa_slice secret)
{
    proa_hkdf_sha256(SALT, secret, PROA_SLICE("namespaces"), keys->names, sizeof keys->names);
    proa_hkdf_sha256(SALT, secret, PROA_SLICE("names"), keys->name, sizeof keys->name);
    proa_hkdf_sha256(SALT, secret, PROA_SLICE("seal"), keys->seal, sizeof keys->seal);
}

void proa_sealed_deinit(struct proa_sealed_keys *keys)
{
    proa_zeroize(keys, sizeof *keys);
}

void proa_sealed_name(const struct proa_sealed_keys *keys, struct proa_slice key,
                      unsigned char out[PROA_SEALED_NAME_BYTES])
{
    proa_hmac_sha256(proa_slice_make(keys->name, sizeof keys->name), key, out);
}

/* What a value is bound to, and the key that seals it. */
struct binding {
    unsigned char extra[1 + PROA_SEALED_NAME_BYTES];
    unsigned char key[PROA_AEAD_KEY_BYTES];
};

static void bind(const struct proa_sealed_keys *keys, struct proa_slice key, struct binding *b)
{
    b->extra[0] = PROA_SEALED_VERSION;
    proa_sealed_name(keys, key, b->extra + 1);
    proa_hkdf_sha256(SALT, proa_slice_make(keys->seal, sizeof keys->seal),
                     proa_slice_make(b->extra + 1, PROA_SEALED_NAME_BYTES), b->key, sizeof b->key);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void put(char **at, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--) {
        *(*at)++ = (char)(unsigned char)(value >> 8 * (i - 1));
    }
}

static uint64_t get(const char **at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | (unsigned char)*(*at)++;
    }
    return value;
}

static void put_bytes(char **at, struct proa_slice s)
{
    if (s.len > 0) {
        memcpy(*at, s.ptr, s.len);
        *at += s.len;
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

enum proa_err proa_sealed_write(const struct proa_sealed_keys *keys, struct proa_slice key,
                                const struct proa_sealed_value *value,
                                const unsigned char nonce[PROA_SEALED_NONCE_BYTES],
                                struct proa_buf *out)
{
    const size_t most = PROA_SEALED_MAX - PROA_SEALED_HEAD - PROA_AEAD_TAG_BYTES - FIXED;
    if (key.len > most || value->fields.len > most || value->body.len > most ||
        key.len + value->fields.len + value->body.len > most) {
        return PROA_ERR_LIMIT;
    }
    const size_t plain = FIXED + key.len + value->fields.len + value->body.len;
    char *start = proa_buf_reserve(out, PROA_SEALED_HEAD + plain + PROA_AEAD_TAG_BYTES);
    if (!start) {
        return PROA_ERR_LIMIT;
    }
    char *at = start;
    put(&at, PROA_SEALED_VERSION, 1);
    put_bytes(&at, proa_slice_make(nonce, PROA_SEALED_NONCE_BYTES));
    put(&at, value->made_ms, 8);
    put(&at, value->fresh_until_ms, 8);
    put(&at, value->stale_until_ms, 8);
    put(&at, value->input_tokens, 8);
    put(&at, value->output_tokens, 8);
    put(&at, value->cost_pico_usd, 8);
    put(&at, value->status, 2);
    put(&at, key.len, 4);
    put(&at, value->fields.len, 4);
    put(&at, value->body.len, 4);
    put_bytes(&at, key);
    put_bytes(&at, value->fields);
    put_bytes(&at, value->body);
    struct binding b;
    bind(keys, key, &b);
    char *inside = start + PROA_SEALED_HEAD;
    proa_aead_seal(b.key, nonce, proa_slice_make(b.extra, sizeof b.extra),
                   proa_slice_make(inside, plain), inside);
    proa_zeroize(&b, sizeof b);
    out->len += PROA_SEALED_HEAD + plain + PROA_AEAD_TAG_BYTES;
    return PROA_OK;
}

/* Of what is authentic; still, lengths are believed only as far as they add up. */
static enum proa_err parse(struct proa_slice plain, struct proa_slice key,
                           struct proa_sealed_value *out)
{
    struct proa_sealed_value v = {0};
    if (plain.len < FIXED) {
        return PROA_ERR_PROTOCOL;
    }
    const char *at = plain.ptr;
    v.made_ms = get(&at, 8);
    v.fresh_until_ms = get(&at, 8);
    v.stale_until_ms = get(&at, 8);
    v.input_tokens = get(&at, 8);
    v.output_tokens = get(&at, 8);
    v.cost_pico_usd = get(&at, 8);
    v.status = (uint16_t)get(&at, 2);
    const uint64_t key_len = get(&at, 4);
    v.fields.len = (size_t)get(&at, 4);
    v.body.len = (size_t)get(&at, 4);
    if (key_len + v.fields.len + v.body.len != plain.len - FIXED || key_len != key.len ||
        !proa_slice_eq(key, proa_slice_make(at, key.len))) {
        return PROA_ERR_PROTOCOL;
    }
    v.fields.ptr = at + key.len;
    v.body.ptr = v.fields.ptr + v.fields.len;
    *out = v;
    return PROA_OK;
}

enum proa_err proa_sealed_read(const struct proa_sealed_keys *keys, struct proa_slice key,
                               struct proa_buf *sealed, struct proa_sealed_value *out)
{
    if (sealed->len < PROA_SEALED_HEAD + PROA_AEAD_TAG_BYTES + FIXED ||
        sealed->len > PROA_SEALED_MAX) {
        return PROA_ERR_PROTOCOL;
    }
    if ((unsigned char)sealed->ptr[0] != PROA_SEALED_VERSION) {
        return PROA_ERR_UNSUPPORTED;
    }
    unsigned char nonce[PROA_SEALED_NONCE_BYTES];
    memcpy(nonce, sealed->ptr + 1, sizeof nonce);
    char *inside = sealed->ptr + PROA_SEALED_HEAD;
    const struct proa_slice in = proa_slice_make(inside, sealed->len - PROA_SEALED_HEAD);
    struct binding b;
    bind(keys, key, &b);
    const enum proa_err err =
        proa_aead_open(b.key, nonce, proa_slice_make(b.extra, sizeof b.extra), in, inside);
    proa_zeroize(&b, sizeof b);
    return err != PROA_OK ? err
                          : parse(proa_slice_head(in, in.len - PROA_AEAD_TAG_BYTES), key, out);
}

/* ---- times ----------------------------------------------------------------------------------- */

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

struct proa_sealed_life proa_sealed_life(const struct proa_sealed_value *v, uint64_t now_ms)
{
    const uint64_t now = now_ms > v->made_ms ? now_ms : v->made_ms;
    struct proa_sealed_life life = {.age_ms = now - v->made_ms,
                                    .ttl_ms = less(v->fresh_until_ms, now)};
    const uint64_t stale_from = life.ttl_ms > 0 ? v->fresh_until_ms : now;
    life.stale_ms = less(v->stale_until_ms, stale_from);
    life.state = life.ttl_ms > 0     ? PROA_SEALED_FRESH
                 : life.stale_ms > 0 ? PROA_SEALED_STALE
                                     : PROA_SEALED_OVER;
    return life;
}
