#include "proa/json/scan.h"

#include "escape_priv.h"

#include "proa/core/hash.h"
#include "proa/json/lex.h"

/* Large tables of which only the used part is written: zeroing them would cost as much as scanning
 * a kilobyte. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define PROA_JSON_UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef PROA_JSON_UNSET
#define PROA_JSON_UNSET
#endif

enum { N_CHAINS = 64, NO_WANT = 0xFF };

struct key_entry {
    uint32_t hash;
    uint32_t at;   /* of the first byte of the key's text */
    uint16_t len;  /* of the key's text as written */
    uint16_t next; /* in its chain, index + 1; 0 = last */
    bool escaped;
};

struct scan {
    struct proa_json_lex lex;
    const struct proa_json_scan_cfg *cfg;
    struct proa_json_member *members;
    struct proa_json_info *info;
    size_t n_keys;
    uint16_t chains[N_CHAINS]; /* keys by their hash, the newest first: index + 1 into keys */
    struct key_entry keys[PROA_JSON_MAX_MEMBERS];
};

/* Index of the want for this key, or NO_WANT. Wants are few, and most differ in length. */
static inline size_t find_want(const struct scan *s, struct proa_slice key)
{
    for (size_t i = 0; i < s->cfg->n_wants; i++) {
        if (proa_slice_eq(s->cfg->wants[i].key, key)) {
            return i;
        }
    }
    return NO_WANT;
}

/* Inline for the usual short key. Not keyed: whoever makes keys collide gains nothing, since the
 * number and the length of the keys are bounded. */
static inline uint32_t hash_key(struct proa_slice key)
{
    uint64_t a = 0;
    uint64_t b = 0;
    if (key.len > 16) {
        return (uint32_t)proa_hash64(key, 0);
    }
    if (key.len >= 8) {
        memcpy(&a, key.ptr, 8);
        memcpy(&b, key.ptr + key.len - 8, 8);
    } else if (key.len >= 4) {
        memcpy(&a, key.ptr, 4);
        memcpy(&b, key.ptr + key.len - 4, 4);
    } else if (key.len > 0) {
        a = (unsigned char)key.ptr[0];
        b = (uint64_t)(unsigned char)key.ptr[key.len / 2] << 8 |
            (unsigned char)key.ptr[key.len - 1];
    }
    uint64_t h = (a ^ (b << 29 | b >> 35) ^ key.len) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(h >> 32);
}

/* Decodes the text of a key that the lexer has accepted; false when it is too long. Kept out of
 * line, as is its caller: their buffers are no part of the usual path. */
static bool decode_key(struct proa_slice raw, char out[PROA_JSON_MAX_KEY + 4], size_t *len,
                       bool *has_nul)
{
    const unsigned char *p = (const unsigned char *)raw.ptr;
    const unsigned char *end = p + raw.len;
    size_t n = 0;
    while (p < end && n <= PROA_JSON_MAX_KEY) {
        if (*p != '\\') {
            out[n] = (char)*p;
            n++;
            p++;
            continue;
        }
        uint32_t code = 0;
        size_t used = proa_json_escape_decode(p, end, &code);
        PROA_ASSERT(used > 0);
        *has_nul |= code == 0;
        p += used;
        n += proa_json_escape_put(out + n, code);
    }
    *len = n;
    return p == end && n <= PROA_JSON_MAX_KEY;
}

static __attribute__((noinline)) bool escaped_entry_is(struct proa_slice raw, struct proa_slice key)
{
    char text[PROA_JSON_MAX_KEY + 4];
    size_t len = 0;
    bool has_nul = false;
    return decode_key(raw, text, &len, &has_nul) &&
           proa_slice_eq((struct proa_slice){text, len}, key);
}

static inline bool entry_is(const struct scan *s, const struct key_entry *e, struct proa_slice key)
{
    struct proa_slice raw = {(const char *)s->lex.begin + e->at, e->len};
    return e->escaped ? escaped_entry_is(raw, key) : proa_slice_eq(raw, key);
}

/* Notes a key, whose text as written is `raw`; false when it was there before. */
static inline bool note_key(struct scan *s, struct proa_slice key, struct proa_slice raw)
{
    uint32_t hash = hash_key(key);
    uint16_t *chain = &s->chains[hash & (N_CHAINS - 1)];
    for (uint16_t i = *chain; i != 0; i = s->keys[i - 1].next) {
        const struct key_entry *e = &s->keys[i - 1];
        if (e->hash == hash && entry_is(s, e, key)) {
            (void)proa_json_lex_fail(&s->lex, PROA_ERR_DUPLICATE,
                                     (const unsigned char *)raw.ptr - 1, "duplicate key");
            return false;
        }
    }
    s->keys[s->n_keys] = (struct key_entry){
        .hash = hash,
        .at = (uint32_t)((const unsigned char *)raw.ptr - s->lex.begin),
        .len = (uint16_t)raw.len,
        .next = *chain,
        .escaped = s->lex.escaped,
    };
    s->n_keys++;
    *chain = (uint16_t)s->n_keys;
    return true;
}

static bool key_too_long(struct scan *s, struct proa_slice raw)
{
    (void)proa_json_lex_fail(&s->lex, PROA_ERR_LIMIT, (const unsigned char *)raw.ptr - 1,
                             "key too long");
    return false;
}

static __attribute__((noinline)) bool enter_escaped_key(struct scan *s, struct proa_slice raw,
                                                        size_t *want)
{
    char text[PROA_JSON_MAX_KEY + 4];
    size_t len = 0;
    bool has_nul = false;
    if (!decode_key(raw, text, &len, &has_nul)) {
        return key_too_long(s, raw);
    }
    if (has_nul) {
        (void)proa_json_lex_fail(&s->lex, PROA_ERR_SYNTAX, (const unsigned char *)raw.ptr - 1,
                                 "U+0000 in a key");
        return false;
    }
    struct proa_slice key = {text, len};
    *want = find_want(s, key);
    return note_key(s, key, raw);
}

static inline bool enter_key(struct scan *s, struct proa_slice raw, size_t *want)
{
    if (PROA_UNLIKELY(s->n_keys == PROA_JSON_MAX_MEMBERS)) {
        (void)proa_json_lex_fail(&s->lex, PROA_ERR_LIMIT, (const unsigned char *)raw.ptr - 1,
                                 "too many members in the object");
        return false;
    }
    if (PROA_UNLIKELY(s->lex.escaped)) {
        return enter_escaped_key(s, raw, want);
    }
    if (PROA_UNLIKELY(raw.len > PROA_JSON_MAX_KEY)) {
        return key_too_long(s, raw);
    }
    *want = find_want(s, raw);
    return note_key(s, raw, raw);
}

/* Records a wanted member; false when its kind is not allowed. */
static bool take_member(struct scan *s, size_t want, struct proa_json_member found)
{
    unsigned types = s->cfg->wants[want].types;
    s->members[want] = found;
    if (types && !(types & PROA_JSON_TYPE(found.kind))) {
        s->info->fault_want = want;
        (void)proa_json_lex_fail(&s->lex, PROA_ERR_TYPE, s->lex.begin + found.value_at,
                                 "value of the wrong type");
        return false;
    }
    return true;
}

/* One member of the top-level object: its key is known, its value begins at `value`. To behind it.
 */
static inline const unsigned char *scan_member(struct scan *s, const unsigned char *key_at,
                                               const unsigned char *key_end,
                                               const unsigned char *value)
{
    size_t want = NO_WANT;
    if (!enter_key(s, proa_slice_make(key_at + 1, (size_t)(key_end - key_at) - 2), &want)) {
        return NULL;
    }
    const unsigned char *p = proa_json_lex_value(&s->lex, value);
    if (p && want != NO_WANT) {
        struct proa_json_member found = {
            .kind = (enum proa_json_kind)proa_json_lex_kinds[*value],
            .key_at = (size_t)(key_at - s->lex.begin),
            .value_at = (size_t)(value - s->lex.begin),
            .value_end = (size_t)(p - s->lex.begin),
        };
        return take_member(s, want, found) ? p : NULL;
    }
    return p;
}

/* From behind the '{' to behind its '}'. */
static const unsigned char *scan_object(struct scan *s, const unsigned char *p)
{
    const unsigned char *end = s->lex.end;
    p = proa_json_lex_ws(p, end);
    if (p < end && *p == '}') {
        return p + 1;
    }
    const unsigned char *key_at = p;
    const unsigned char *key_end = NULL;
    s->lex.escaped = false;
    const unsigned char *value = proa_json_lex_short_key(&s->lex, p, &key_end);
    value = PROA_LIKELY(value != NULL) ? value : proa_json_lex_key(&s->lex, p, &key_end);
    while (value) {
        p = scan_member(s, key_at, key_end, value);
        if (!p) {
            return NULL;
        }
        s->lex.escaped = false;
        value = proa_json_lex_member(&s->lex, p, &key_at, &key_end);
        if (PROA_LIKELY(value)) {
            continue;
        }
        p = proa_json_lex_ws(p, end);
        if (p < end && *p == '}') {
            return p + 1;
        }
        if (p == end || *p != ',') {
            return proa_json_lex_unexpected(&s->lex, p, "expected ',' or '}' in an object");
        }
        key_at = proa_json_lex_ws(p + 1, end);
        value = proa_json_lex_key(&s->lex, key_at, &key_end);
    }
    return NULL;
}

static const unsigned char *scan_text(struct scan *s)
{
    const unsigned char *p = proa_json_lex_ws(s->lex.begin, s->lex.end);
    s->info->value_at = (size_t)(p - s->lex.begin);
    if (p < s->lex.end && *p == '{') {
        memset(s->chains, 0, sizeof s->chains);
        s->lex.max_depth--; /* what is left for the values inside */
        p = scan_object(s, p + 1);
    } else {
        p = proa_json_lex_value(&s->lex, p);
    }
    if (!p) {
        return NULL;
    }
    s->info->value_end = (size_t)(p - s->lex.begin);
    p = proa_json_lex_ws(p, s->lex.end);
    if (p < s->lex.end) {
        return proa_json_lex_fail(&s->lex, PROA_ERR_TRAILING, p, "bytes after the value");
    }
    return p;
}

enum proa_err proa_json_scan(struct proa_slice text, const struct proa_json_scan_cfg *cfg,
                             struct proa_json_member *members, struct proa_json_info *info)
{
    struct scan s PROA_JSON_UNSET;
    unsigned depth = cfg->max_depth ? cfg->max_depth : PROA_JSON_MAX_DEPTH;
    PROA_ASSERT(cfg->n_wants <= PROA_JSON_MAX_WANTS && depth <= PROA_JSON_MAX_DEPTH);

    memset(info, 0, sizeof *info);
    info->fault_want = SIZE_MAX;
    if (cfg->n_wants) {
        memset(members, 0, cfg->n_wants * sizeof *members);
    }
    proa_json_lex_init(&s.lex, text, depth);
    s.cfg = cfg;
    s.members = members;
    s.info = info;
    s.n_keys = 0;
    if (text.len > UINT32_MAX) {
        (void)proa_json_lex_fail(&s.lex, PROA_ERR_LIMIT, s.lex.begin, "text too long");
    } else if (scan_text(&s)) {
        info->n_members = s.n_keys;
        info->kind = (enum proa_json_kind)proa_json_lex_kinds[s.lex.begin[info->value_at]];
        return PROA_OK;
    }
    info->fault.at = (size_t)(s.lex.fault_at - s.lex.begin);
    info->fault.reason = s.lex.reason;
    return s.lex.err;
}
