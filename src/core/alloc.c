#include "proa/core/alloc.h"

#include "proa/core/check.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PROA_NORETURN static void out_of_memory(size_t size)
{
    (void)fprintf(stderr, "proa: out of memory (%zu bytes wanted)\n", size);
    abort();
}

/* malloc(0) may be NULL; one byte keeps the promise of a unique pointer. */
static size_t at_least_one(size_t size)
{
    return size ? size : 1;
}

void *proa_alloc(size_t size)
{
    void *ptr = malloc(at_least_one(size));
    if (PROA_UNLIKELY(!ptr)) {
        out_of_memory(size);
    }
    return ptr;
}

void *proa_alloc_zero(size_t count, size_t size)
{
    if (PROA_UNLIKELY(size && count > SIZE_MAX / size)) {
        out_of_memory(SIZE_MAX);
    }
    void *ptr = calloc(1, at_least_one(count * size));
    if (PROA_UNLIKELY(!ptr)) {
        out_of_memory(count * size);
    }
    return ptr;
}

void *proa_realloc(void *ptr, size_t size)
{
    void *grown = realloc(ptr, at_least_one(size));
    if (PROA_UNLIKELY(!grown)) {
        out_of_memory(size);
    }
    return grown;
}

void *proa_memdup(const void *src, size_t size)
{
    void *copy = proa_alloc(size);
    if (size) {
        memcpy(copy, src, size);
    }
    return copy;
}

char *proa_strdup_n(const char *src, size_t len)
{
    PROA_ASSERT(len < SIZE_MAX);
    char *copy = proa_alloc(len + 1);
    if (len) {
        memcpy(copy, src, len);
    }
    copy[len] = '\0';
    return copy;
}

void proa_free(void *ptr)
{
    free(ptr);
}

/*
 * By default glibc shrinks the heap whenever 128 KB at its end are free, and takes blocks of that
 * size from the system each time. With bodies of 100 KB that was 24 page faults for a request, a
 * third of its CPU time.
 */
void proa_alloc_keep_freed(void)
{
#ifdef __GLIBC__
    enum { KEPT_BYTES = 16 * 1024 * 1024, MAPPED_FROM_BYTES = 4 * 1024 * 1024 };
    /* NOLINTBEGIN(concurrency-mt-unsafe): called before there is a second thread */
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    /* NOLINTEND(concurrency-mt-unsafe) */
#endif
}

void proa_alloc_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}
