/*
 * UTF-8 as RFC 3629 defines it, one character at a time.
 */
#ifndef PROA_OBS_UTF8_PRIV_H
#define PROA_OBS_UTF8_PRIV_H

#include <stddef.h>
#include <stdint.h>

/* Length of the character at p (left >= 1 bytes are there) and its code point; 0 when the bytes are
 * no character: stray or missing continuation, overlong form, surrogate, beyond U+10FFFF. */
static inline size_t proa_utf8_take(const unsigned char *p, size_t left, uint32_t *code)
{
    uint32_t lead = p[0];
    if (lead < 0x80) {
        *code = lead;
        return 1;
    }
    size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < n) {
        return 0;
    }
    uint32_t value = lead & (0xffU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (p[i] & 0x3fU);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
        return 0;
    }
    *code = value;
    return n;
}

/* Largest cut <= limit that does not split a character of s (len > limit bytes long). */
static inline size_t proa_utf8_cut(const char *s, size_t limit)
{
    size_t cut = limit;
    /* Four steps back at most: a run of continuation bytes longer than that is no character. */
    while (cut > 0 && limit - cut < 4 && ((unsigned char)s[cut] & 0xc0) == 0x80) {
        cut--;
    }
    return cut;
}

#endif
