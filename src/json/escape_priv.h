/*
 * What escapes in strings stand for (RFC 8259 7), one at a time, and comparison of a string with
 * escapes against plain text.
 *
 * Pure; nothing is allocated, no byte at or behind `end` is read. Safe on any bytes.
 */
#ifndef PROA_JSON_ESCAPE_PRIV_H
#define PROA_JSON_ESCAPE_PRIV_H

#include "proa/core/slice.h"

/* The character that the escape at p (a backslash) stands for, a surrogate pair counting as one and
 * a lone surrogate as U+FFFD; returns how many bytes that took, 0 when the escape is broken. */
size_t proa_json_escape_decode(const unsigned char *p, const unsigned char *end, uint32_t *code);
/* Was the escape of `used` bytes at p a surrogate without its other half? */
static inline bool proa_json_escape_is_lone(const unsigned char *p, size_t used)
{
    return used == 6 && (p[2] | 0x20) == 'd' && p[3] >= '8';
}
/* Is the text between the quotes of a string that the lexer has accepted, decoded, equal to
 * `plain`? */
bool proa_json_escape_equal(struct proa_slice raw, struct proa_slice plain);
/* Writes the UTF-8 form of a character that is no surrogate; returns its length. */
size_t proa_json_escape_put(char out[4], uint32_t code);

#endif
