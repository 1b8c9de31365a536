#include "proa/core/slice.h"

/* Locale-free: the protocols fold ASCII only. */
static unsigned char fold(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

static bool same_folded(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fold(a[i]) != fold(b[i])) {
            return false;
        }
    }
    return true;
}

bool proa_slice_eq_nocase(struct proa_slice a, struct proa_slice b)
{
    /* Nearly always it is written as we write it. */
    return a.len == b.len &&
           (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0 || same_folded(a.ptr, b.ptr, a.len));
}

size_t proa_slice_find(struct proa_slice s, char byte)
{
    if (s.len == 0) {
        return 0;
    }
    const char *at = memchr(s.ptr, (unsigned char)byte, s.len);
    return at ? (size_t)(at - s.ptr) : s.len;
}

size_t proa_slice_search(struct proa_slice s, struct proa_slice needle)
{
    if (s.len < needle.len || needle.len == 0) {
        return s.len;
    }
    const char *at = memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at ? (size_t)(at - s.ptr) : s.len;
}

size_t proa_slice_search_nocase(struct proa_slice s, struct proa_slice needle)
{
    if (s.len < needle.len || needle.len == 0) {
        return s.len;
    }
    for (size_t i = 0; i <= s.len - needle.len; i++) {
        if (same_folded(s.ptr + i, needle.ptr, needle.len)) {
            return i;
        }
    }
    return s.len;
}

struct proa_slice proa_slice_split(struct proa_slice s, char sep, struct proa_slice *rest)
{
    size_t at = proa_slice_find(s, sep);
    struct proa_slice first = {s.ptr, at};
    *rest = at < s.len ? proa_slice_from(s, at + 1) : proa_slice_from(s, s.len);
    return first;
}

enum { ALWAYS_FIT = 19 }; /* digits, in 64 bits */

enum proa_err proa_slice_to_u64(struct proa_slice s, uint64_t *out)
{
    if (s.len == 0) {
        return PROA_ERR_SYNTAX;
    }
    uint64_t value = 0;
    bool too_big = false;
    size_t i = 0;
    for (; i < s.len && i < ALWAYS_FIT; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';
        if (digit > 9) {
            return PROA_ERR_SYNTAX;
        }
        value = value * 10 + digit;
    }
    /* The scan goes on past an overflow: what is no number at all is a syntax error first. */
    for (; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';
        if (digit > 9) {
            return PROA_ERR_SYNTAX;
        }
        too_big = too_big || value > (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (too_big) {
        return PROA_ERR_RANGE;
    }
    *out = value;
    return PROA_OK;
}

/*
 * Only the last star seen ever needs another try: whatever an earlier one could take, the last one
 * can take too. Hence no recursion, and at most pattern.len * text.len steps.
 */
bool proa_slice_glob(struct proa_slice pattern, struct proa_slice text)
{
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX; /* place of the last star */
    size_t star_text = 0;   /* where its run ends for now */

    while (t < text.len) {
        bool in = p < pattern.len;
        if (in && pattern.ptr[p] == '*') {
            star = p++;
            star_text = t;
        } else if (in && (pattern.ptr[p] == '?' || pattern.ptr[p] == text.ptr[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

enum { DISTANCE_MAX = 64 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

size_t proa_slice_distance(struct proa_slice a, struct proa_slice b)
{
    a = proa_slice_head(a, DISTANCE_MAX);
    b = proa_slice_head(b, DISTANCE_MAX);

    /* row[j]: edits from the first i bytes of a to the first j bytes of b */
    size_t row[DISTANCE_MAX + 1];
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t change = a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1;
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + change);
            diagonal = above;
        }
    }
    return row[b.len];
}
