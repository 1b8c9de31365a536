/*
 * Scalars between their JSON form and ours: strings with and without escapes, integers.
 *
 * Pure. A *token* is the scalar as it stands in the text, a string with both its quotes, as
 * proa_json_scan() and proa_json_cursor_next() deliver it. Functions that take tokens are safe on
 * any bytes; on something that is no such token they fail.
 *
 * Decoding turns an escaped lone surrogate into U+FFFD, so that the outcome is always UTF-8 if the
 * token was. Decoded text may hold NUL bytes: it is a slice, not a C string.
 */
#ifndef PROA_JSON_STRING_H
#define PROA_JSON_STRING_H

#include "proa/core/arena.h"
#include "proa/core/buf.h"
#include "proa/core/slice.h"

/* Appends the decoded string. SYNTAX: no string token, or a broken escape; LIMIT: the buffer is
 * full. On failure `out` keeps its length. Never longer than the token. */
enum proa_err proa_json_string_decode(struct proa_slice token,
                                      struct proa_buf *out) PROA_MUST_CHECK;

/* The decoded string: borrowed from the token when nothing is escaped, else from the arena, where
 * it costs at most token.len bytes. */
enum proa_err proa_json_string_view(struct proa_slice token, struct proa_arena *arena,
                                    struct proa_slice *out) PROA_MUST_CHECK;

/* Is the decoded string equal to `plain`? Allocates nothing; false for what is no string token. */
bool proa_json_string_eq(struct proa_slice token, struct proa_slice plain);

/* Is the token, which holds escapes, just what encoding would make of the string it stands for? */
bool proa_json_string_is_normal(struct proa_slice token);
/* Does it hold an escaped surrogate without its other half, so that decoding loses what it was? */
bool proa_json_string_is_lossy(struct proa_slice token);

/* Appends `text` as a string token with quotes. Escaped are the quote, the backslash and control
 * characters; each byte that is not part of valid UTF-8 becomes U+FFFD. */
enum proa_err proa_json_string_encode(struct proa_buf *out, struct proa_slice text);
/* The same without the quotes, for a string that is written in parts; a character must not be split
 * between two calls. */
enum proa_err proa_json_string_escape(struct proa_buf *out, struct proa_slice text);

/* Integers: digits with perhaps a minus, nothing else: `1.0` and `1e3` are TYPE as is any other
 * token; RANGE when it does not fit ("-0" is 0). */
enum proa_err proa_json_number_u64(struct proa_slice token, uint64_t *out) PROA_MUST_CHECK;
enum proa_err proa_json_number_i64(struct proa_slice token, int64_t *out) PROA_MUST_CHECK;
/* Is the number 0, however it is written: -0, 0.0, 0e5? False for an empty slice. */
bool proa_json_number_is_zero(struct proa_slice token);

#endif
