/*
 * The search for keys that make an event of a stream more than text: a position is looked at only
 * where a quote stands before the first letter of such a key.
 */
#include "openai_priv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { LANES = 16 };

#ifdef __SSE2__
/* Bit i: a quote at p[i], and behind it the first letter of a key that matters. Reads LANES + 1
 * bytes. */
static inline unsigned key_mask(const char *p)
{
    const __m128i quote = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
    const __m128i ef = _mm_or_si128(_mm_cmpeq_epi8(next, _mm_set1_epi8('e')),
                                    _mm_cmpeq_epi8(next, _mm_set1_epi8('f')));
    const __m128i ux = _mm_or_si128(_mm_cmpeq_epi8(next, _mm_set1_epi8('u')),
                                    _mm_cmpeq_epi8(next, _mm_set1_epi8('x')));
    const __m128i any =
        _mm_or_si128(_mm_or_si128(ef, ux), _mm_cmpeq_epi8(next, _mm_set1_epi8('i')));
    return (unsigned)_mm_movemask_epi8(
        _mm_and_si128(any, _mm_cmpeq_epi8(quote, _mm_set1_epi8('"'))));
}
#else
static inline unsigned key_mask(const char *p)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < LANES; i++) {
        mask |= (unsigned)(p[i] == '"') << i;
    }
    return mask;
}
#endif

/*
 * Does `rest` begin with a key that has something to tell? Null tells nothing, nor does the index
 * of the first choice, which some servers write behind the text. Any other spelling of these is
 * found out by reading in full.
 */
static bool is_telling_key(struct proa_slice rest)
{
    static const struct proa_slice error = PROA_SLICE_INIT("\"error\"");
    static const struct proa_slice finish = PROA_SLICE_INIT("\"finish_reason\"");
    static const struct proa_slice index = PROA_SLICE_INIT("\"index\"");
    static const struct proa_slice usage = PROA_SLICE_INIT("\"usage\"");
    static const struct proa_slice x_groq = PROA_SLICE_INIT("\"x_groq\"");
    const struct proa_slice *key = &error;
    switch (rest.len > 1 ? rest.ptr[1] : '\0') {
    case 'f':
        key = &finish;
        break;
    case 'i':
        key = &index;
        break;
    case 'u':
        key = &usage;
        break;
    case 'x':
        key = &x_groq;
        break;
    default:
        break;
    }
    if (!proa_slice_starts(rest, *key)) {
        return false;
    }
    rest = proa_slice_from(rest, key->len);
    if (key == &index) {
        return !proa_slice_starts(rest, PROA_SLICE(":0,")) &&
               !proa_slice_starts(rest, PROA_SLICE(":0}"));
    }
    return !proa_slice_starts(rest, PROA_SLICE(":null"));
}

/* Does a telling key begin at one of the bits of the mask, counted from `at`? */
static bool has_telling_key(struct proa_slice text, size_t at, unsigned mask)
{
    for (; mask != 0; mask &= mask - 1) {
        if (is_telling_key(proa_slice_from(text, at + (size_t)__builtin_ctz(mask)))) {
            return true;
        }
    }
    return false;
}

bool proa_openai_holds_telling_key(struct proa_slice text)
{
    if (text.len <= LANES) {
        return true;
    }
    for (size_t at = 0; at < text.len - LANES; at += LANES) {
        if (has_telling_key(text, at, key_mask(text.ptr + at))) {
            return true;
        }
    }
    /* The last step overlaps the one before. */
    const size_t last = text.len - LANES - 1;
    return has_telling_key(text, last, key_mask(text.ptr + last));
}
