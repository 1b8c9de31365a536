/*
 * The strict lexer under scan, cursor, string and tree: it walks over one value and proves its
 * grammar, in place.
 *
 * Pure: no allocation, no recursion (nesting is a 128-bit stack of one bit per level). A function
 * takes a position in [begin, end] and returns the one behind what it consumed, or NULL with the
 * fault recorded. No byte at or behind `end` is ever read.
 */
#ifndef PROA_JSON_LEX_H
#define PROA_JSON_LEX_H

#include "proa/json/cursor.h"

static inline void proa_json_lex_init(struct proa_json_lex *lex, struct proa_slice text,
                                      unsigned max_depth)
{
    *lex = (struct proa_json_lex){.begin = (const unsigned char *)text.ptr,
                                  .end = text.len ? (const unsigned char *)text.ptr + text.len
                                                  : (const unsigned char *)text.ptr,
                                  .max_depth = max_depth};
}

/* Records the fault and returns NULL, so that it can stand in a return statement. */
const unsigned char *proa_json_lex_fail(struct proa_json_lex *lex, enum proa_err err,
                                        const unsigned char *at, const char *reason);
/* As fail with SYNTAX, but TRUNCATED when `at` is the end: the byte is missing, not wrong. */
const unsigned char *proa_json_lex_unexpected(struct proa_json_lex *lex, const unsigned char *at,
                                              const char *reason);

/* What a value beginning with this byte is; ABSENT when none does. */
extern const unsigned char proa_json_lex_kinds[256];

const unsigned char *proa_json_lex_ws_slow(const unsigned char *p, const unsigned char *end);

/* RFC 8259 2: space, tab, line feed, carriage return. */
static inline const unsigned char *proa_json_lex_ws(const unsigned char *p,
                                                    const unsigned char *end)
{
    if (PROA_LIKELY(p<end && * p> ' ')) {
        return p;
    }
    /* Many writers put one blank behind a colon or a comma. */
    if (end - p > 1 && *p == ' ' && p[1] > ' ') {
        return p + 1;
    }
    return proa_json_lex_ws_slow(p, end);
}

/* To the first byte that is a quote, a backslash, a control character or not ASCII, or to the end.
 * `begin` says how far back may be read. */
const unsigned char *proa_json_lex_plain(const unsigned char *p, const unsigned char *begin,
                                         const unsigned char *end);
/* From behind the opening quote to behind the closing one. */
const unsigned char *proa_json_lex_string(struct proa_json_lex *lex, const unsigned char *p);
/* A string, number or literal beginning at p. */
const unsigned char *proa_json_lex_scalar(struct proa_json_lex *lex, const unsigned char *p);
/* Whitespace, a colon, whitespace: from behind a key to where its value begins. */
static inline const unsigned char *proa_json_lex_colon(struct proa_json_lex *lex,
                                                       const unsigned char *p)
{
    if (PROA_UNLIKELY(p == lex->end || *p != ':')) {
        p = proa_json_lex_ws(p, lex->end);
        if (p == lex->end || *p != ':') {
            return proa_json_lex_unexpected(lex, p, "expected ':' after a key");
        }
    }
    return proa_json_lex_ws(p + 1, lex->end);
}
/* A key with its colon, and the whitespace behind: to where the value begins. *key_end is the place
 * behind its closing quote. */
const unsigned char *proa_json_lex_key(struct proa_json_lex *lex, const unsigned char *p,
                                       const unsigned char **key_end);
/*
 * As key, where it is a short one without escapes and its value stands right behind the colon or
 * one blank, as most writers put it. NULL where it is anything else, with no fault noted: then the
 * long way.
 */
const unsigned char *proa_json_lex_short_key(const struct proa_json_lex *lex,
                                             const unsigned char *p, const unsigned char **key_end);
/* The same from behind a member's value on, over a comma with at most one blank behind it. */
const unsigned char *proa_json_lex_member(const struct proa_json_lex *lex, const unsigned char *p,
                                          const unsigned char **key_at,
                                          const unsigned char **key_end);
/* Any value beginning at p. */
const unsigned char *proa_json_lex_value(struct proa_json_lex *lex, const unsigned char *p);

/* Length of the valid UTF-8 sequence at p (RFC 3629 4), 1 to 4; 0 when there is none. p < end. */
size_t proa_json_lex_utf8(const unsigned char *p, const unsigned char *end);

#endif
