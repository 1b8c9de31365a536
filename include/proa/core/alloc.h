/*
 * Memory from the C library, aborting on exhaustion: small allocations do not fail, and whatever a
 * peer can size goes through a container with a maximum instead. Only this unit calls malloc.
 */
#ifndef PROA_CORE_ALLOC_H
#define PROA_CORE_ALLOC_H

#include <stddef.h>

/* Never NULL; size 0 gives a unique pointer. Owned by the caller, released with proa_free(). */
void *proa_alloc(size_t size);
void *proa_alloc_zero(size_t count, size_t size); /* aborts when count*size overflows */
void *proa_realloc(void *ptr, size_t size);       /* NULL grows from nothing */
void *proa_memdup(const void *src, size_t size);
char *proa_strdup_n(const char *src, size_t len); /* NUL-terminated copy */
void proa_free(void *ptr);                        /* NULL is fine */
/*
 * For a process that serves: what is freed stays at hand for the next request, within a bound,
 * instead of going back to the system and being asked for again, page by page. proa_alloc_trim()
 * gives it back when there is time for that. Once, before the first large allocation.
 */
void proa_alloc_keep_freed(void);
/* Gives whole pages that are free back to the system; takes milliseconds on a large heap. */
void proa_alloc_trim(void);

#define PROA_NEW(T) ((T *)proa_alloc_zero(1, sizeof(T)))

#endif
