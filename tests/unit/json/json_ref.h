/*
 * A second opinion on what is valid JSON, for comparing the scan against: slow and plain, written
 * from the grammar alone, one character at a time with an explicit stack. Shared by unit tests and
 * the fuzz target; shares no code with the module under test.
 */
#ifndef PROA_TEST_JSON_REF_H
#define PROA_TEST_JSON_REF_H

#include "proa/core/slice.h"

#include <stdlib.h>

enum { REF_DEPTH = 128, REF_MEMBERS = 256, REF_KEY = 256 };

struct ref_member {
    char key[4 * REF_KEY + 16]; /* decoded */
    size_t key_len;
    size_t key_at;
    size_t value_at;
    size_t value_end;
};

struct ref {
    const unsigned char *s;
    size_t len;
    size_t i;
    char stack[REF_DEPTH + 1];
    size_t depth;
    struct ref_member *members; /* REF_MEMBERS of them */
    size_t n_members;
};

static inline int ref_peek(const struct ref *r)
{
    return r->i < r->len ? r->s[r->i] : -1;
}

static inline void ref_blank(struct ref *r)
{
    while (r->i < r->len && strchr(" \t\r\n", r->s[r->i]) && r->s[r->i]) {
        r->i++;
    }
}

/* Whole-text UTF-8: decodes to numbers and checks their ranges. */
static inline bool ref_utf8(const unsigned char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        uint32_t c = s[i];
        size_t more = c < 0x80             ? 0
                      : (c & 0xE0) == 0xC0 ? 1
                      : (c & 0xF0) == 0xE0 ? 2
                      : (c & 0xF8) == 0xF0 ? 3
                                           : 9;
        if (more == 9 || i + more >= len) {
            return false;
        }
        uint32_t code = more ? c & (0x3FU >> more) : c;
        for (size_t k = 1; k <= more; k++) {
            if ((s[i + k] & 0xC0) != 0x80) {
                return false;
            }
            code = code << 6 | (s[i + k] & 0x3FU);
        }
        if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

static inline bool ref_digits(struct ref *r)
{
    size_t from = r->i;
    while (ref_peek(r) >= '0' && ref_peek(r) <= '9') {
        r->i++;
    }
    return r->i > from;
}

static inline bool ref_number(struct ref *r)
{
    r->i += ref_peek(r) == '-';
    size_t first = r->i;
    if (!ref_digits(r) || (r->s[first] == '0' && r->i > first + 1)) {
        return false;
    }
    if (ref_peek(r) == '.') {
        r->i++;
        if (!ref_digits(r)) {
            return false;
        }
    }
    if (ref_peek(r) == 'e' || ref_peek(r) == 'E') {
        r->i++;
        r->i += ref_peek(r) == '+' || ref_peek(r) == '-';
        return ref_digits(r);
    }
    return true;
}

static inline bool ref_word(struct ref *r, const char *word)
{
    size_t n = strlen(word);
    if (r->len - r->i < n || memcmp(r->s + r->i, word, n) != 0) {
        return false;
    }
    r->i += n;
    return true;
}

static inline bool ref_string(struct ref *r)
{
    r->i++;
    for (;;) {
        int c = ref_peek(r);
        if (c < 0x20) { /* the end is -1 */
            return false;
        }
        r->i++;
        if (c == '"') {
            return true;
        }
        if (c == '\\') {
            c = ref_peek(r);
            if (c <= 0 || !strchr("\"\\/bfnrtu", c)) {
                return false;
            }
            r->i++;
            for (int k = 0; c == 'u' && k < 4; k++, r->i++) {
                int h = ref_peek(r);
                if (h <= 0 || !strchr("0123456789abcdefABCDEF", h)) {
                    return false;
                }
            }
        }
    }
}

/* Decodes valid string text; stops when the member's key is full. */
static inline bool ref_decode(const unsigned char *s, size_t len, struct ref_member *m)
{
    m->key_len = 0;
    for (size_t i = 0; i < len;) {
        char *out = m->key + m->key_len;
        if (m->key_len > REF_KEY) {
            return false;
        }
        if (s[i] != '\\') {
            *out = (char)s[i];
            m->key_len++;
            i++;
            continue;
        }
        if (s[i + 1] != 'u') {
            const char *from = "\"\\/bfnrt";
            *out = "\"\\/\b\f\n\r\t"[strchr(from, s[i + 1]) - from];
            m->key_len++;
            i += 2;
            continue;
        }
        char hex[5] = {0};
        memcpy(hex, s + i + 2, 4);
        uint32_t u = (uint32_t)strtoul(hex, NULL, 16);
        i += 6;
        if (u >= 0xD800 && u < 0xDC00 && len - i >= 6 && s[i] == '\\' && s[i + 1] == 'u') {
            memcpy(hex, s + i + 2, 4);
            uint32_t low = (uint32_t)strtoul(hex, NULL, 16);
            if (low >= 0xDC00 && low < 0xE000) {
                u = 0x10000 + (u - 0xD800) * 0x400 + (low - 0xDC00);
                i += 6;
            }
        }
        u = u >= 0xD800 && u < 0xE000 ? 0xFFFD : u;
        size_t n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
        for (size_t k = n; k-- > 1; u >>= 6) {
            out[k] = (char)(0x80 | (u & 0x3F));
        }
        out[0] = (char)(lead[n] | u);
        m->key_len += n;
    }
    return m->key_len <= REF_KEY;
}

/* A key; at the top level it is noted and compared with all before it. */
static inline bool ref_key(struct ref *r)
{
    size_t at = r->i;
    if (ref_peek(r) != '"' || !ref_string(r)) {
        return false;
    }
    if (r->depth == 1) {
        if (r->n_members == REF_MEMBERS) {
            return false;
        }
        struct ref_member *m = &r->members[r->n_members];
        m->key_at = at;
        if (!ref_decode(r->s + at + 1, r->i - at - 2, m) || memchr(m->key, 0, m->key_len)) {
            return false;
        }
        for (size_t k = 0; k < r->n_members; k++) {
            if (r->members[k].key_len == m->key_len &&
                memcmp(r->members[k].key, m->key, m->key_len) == 0) {
                return false;
            }
        }
        r->n_members++;
    }
    ref_blank(r);
    if (ref_peek(r) != ':') {
        return false;
    }
    r->i++;
    ref_blank(r);
    if (r->depth == 1) {
        r->members[r->n_members - 1].value_at = r->i;
    }
    return true;
}

/* After a value: closes, or goes on to the next one. *done at the end of the outermost. */
static inline bool ref_after(struct ref *r, bool *done)
{
    for (;;) {
        if (r->depth == 0) {
            *done = true;
            return true;
        }
        bool object = r->stack[r->depth - 1] == '{';
        if (r->depth == 1 && object && r->n_members) {
            struct ref_member *m = &r->members[r->n_members - 1];
            m->value_end = m->value_end ? m->value_end : r->i;
        }
        ref_blank(r);
        int c = ref_peek(r);
        r->i++;
        if (c == ',') {
            ref_blank(r);
            return object ? ref_key(r) : true;
        }
        if (c != (object ? '}' : ']')) {
            return false;
        }
        r->depth--;
    }
}

static inline bool ref_value(struct ref *r)
{
    switch (ref_peek(r)) {
    case '"':
        return ref_string(r);
    case 't':
        return ref_word(r, "true");
    case 'f':
        return ref_word(r, "false");
    case 'n':
        return ref_word(r, "null");
    default:
        return ref_number(r);
    }
}

/* Is the text what proa_json_scan() promises to accept? members: room for REF_MEMBERS. */
static inline bool ref_check(struct proa_slice text, size_t max_depth, struct ref_member *members,
                             size_t *n_members, bool *is_object)
{
    struct ref r = {.s = (const unsigned char *)text.ptr, .len = text.len, .members = members};
    bool done = false;
    memset(members, 0, REF_MEMBERS * sizeof *members);
    if (!ref_utf8(r.s, r.len)) {
        return false;
    }
    ref_blank(&r);
    *is_object = ref_peek(&r) == '{';
    while (!done) {
        int c = ref_peek(&r);
        bool ok = true;
        if (c == '{' || c == '[') {
            if (r.depth == max_depth) {
                return false;
            }
            r.stack[r.depth] = (char)c;
            r.depth++;
            r.i++;
            ref_blank(&r);
            if (ref_peek(&r) == (c == '{' ? '}' : ']')) {
                r.i++;
                r.depth--;
                ok = ref_after(&r, &done);
            } else if (c == '{') {
                ok = ref_key(&r);
            }
        } else {
            ok = ref_value(&r) && ref_after(&r, &done);
        }
        if (!ok) {
            return false;
        }
    }
    ref_blank(&r);
    *n_members = *is_object ? r.n_members : 0;
    return r.i == r.len;
}

#endif
