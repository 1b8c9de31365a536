/*
 * Borrowed bytes: pointer and length, passed by value. Not NUL-terminated, owns nothing; valid as
 * long as whatever it points into.
 *
 * Pure. ptr may be NULL only when len is 0.
 */
#ifndef PROA_CORE_SLICE_H
#define PROA_CORE_SLICE_H

#include "proa/core/check.h"
#include "proa/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct proa_slice {
    const char *ptr;
    size_t len;
};

/* From a string literal; PROA_SLICE_INIT is the constant-expression form for tables. */
#define PROA_SLICE(lit) ((struct proa_slice){"" lit, sizeof(lit) - 1})
#define PROA_SLICE_INIT(lit)                                                                       \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }
#define PROA_SLICE_NONE ((struct proa_slice){NULL, 0})

/* printf("%" PROA_SLICE_FMT, PROA_SLICE_ARG(s)) */
#define PROA_SLICE_FMT    ".*s"
#define PROA_SLICE_ARG(s) (int)(s).len, ((s).ptr ? (s).ptr : "")

static inline struct proa_slice proa_slice_make(const void *ptr, size_t len)
{
    return (struct proa_slice){(const char *)ptr, len};
}

/* From a NUL-terminated string; NULL gives the empty slice. */
static inline struct proa_slice proa_slice_cstr(const char *text)
{
    return text ? (struct proa_slice){text, strlen(text)} : PROA_SLICE_NONE;
}

static inline bool proa_slice_eq(struct proa_slice a, struct proa_slice b)
{
    /* Mostly b is a literal: then the length is a constant. */
    return a.len == b.len && (b.len == 0 || memcmp(a.ptr, b.ptr, b.len) == 0);
}

/* Bytes from `from` (clamped to len) to the end. */
static inline struct proa_slice proa_slice_from(struct proa_slice s, size_t from)
{
    return from >= s.len ? (struct proa_slice){s.ptr, 0}
                         : (struct proa_slice){s.ptr + from, s.len - from};
}

/* At most the first n bytes. */
static inline struct proa_slice proa_slice_head(struct proa_slice s, size_t n)
{
    return (struct proa_slice){s.ptr, n < s.len ? n : s.len};
}

static inline bool proa_slice_starts(struct proa_slice s, struct proa_slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* ASCII case-insensitive comparison; other bytes compare as they are. */
bool proa_slice_eq_nocase(struct proa_slice a, struct proa_slice b);
/* Without spaces and tabs at both ends. */
static inline struct proa_slice proa_slice_trim(struct proa_slice s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}
/* Index of the first `byte`, or s.len. */
size_t proa_slice_find(struct proa_slice s, char byte);
/* Index of the first occurrence of a non-empty needle, or s.len. */
size_t proa_slice_search(struct proa_slice s, struct proa_slice needle);
/* As proa_slice_search, ASCII case-insensitive. For short texts: O(n*m). */
size_t proa_slice_search_nocase(struct proa_slice s, struct proa_slice needle);
/* Cuts off and returns everything before the first `sep`; *rest starts behind it, or is empty. */
struct proa_slice proa_slice_split(struct proa_slice s, char sep, struct proa_slice *rest);
/* Whole slice as an unsigned decimal: digits only, no sign, no blank. ERR_SYNTAX or ERR_RANGE. */
enum proa_err proa_slice_to_u64(struct proa_slice s, uint64_t *out) PROA_MUST_CHECK;
/* Glob match: `*` any run of bytes, `?` one byte, all else literal. Linear in both lengths. */
bool proa_slice_glob(struct proa_slice pattern, struct proa_slice text);
/* Damerau-free edit distance, both sides cut at 64 bytes; for "did you mean". */
size_t proa_slice_distance(struct proa_slice a, struct proa_slice b);

#endif
