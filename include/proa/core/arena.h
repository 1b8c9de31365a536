/*
 * Arena: many small allocations that are released together, with cleanup hooks for what is not
 * memory. One arena per client request; another for each configuration snapshot.
 *
 * Chunks come from a shared free list and return to it on reset, so a steady load does not touch
 * malloc.
 * Value type: proa_arena_init(), then proa_arena_reset() releases everything and makes it usable
 * again. Not thread-safe; owned by whoever embeds it.
 */
#ifndef PROA_CORE_ARENA_H
#define PROA_CORE_ARENA_H

#include "proa/core/freelist.h"
#include "proa/core/slice.h"

#include <stddef.h>

struct proa_arena_chunk;
struct proa_arena_hook;

struct proa_arena {
    struct proa_freelist *chunks; /* NULL: chunks straight from malloc */
    struct proa_arena_chunk *head;
    struct proa_arena_hook *hooks;
    char *cur;
    char *end;
    size_t total_bytes; /* handed out so far */
};

/* The objects of `chunks` are what the arena grows by; the list may be NULL, else it must outlive
 * the arena. Allocates nothing yet. */
void proa_arena_init(struct proa_arena *arena, struct proa_freelist *chunks);
/* Runs the hooks, newest first, then releases all memory. */
void proa_arena_reset(struct proa_arena *arena);

/* What does not fit the rest of the chunk; or all, where neighbours are kept apart to catch an
 * overrun. */
void *proa_arena_alloc_slow(struct proa_arena *arena, size_t size);

/* Never NULL, aligned for any object, not zeroed. Large requests get a chunk of their own. */
static inline void *proa_arena_alloc(struct proa_arena *arena, size_t size)
{
#if !PROA_ADDRESS_SANITIZER
    const size_t mask = _Alignof(max_align_t) - 1;
    const size_t left = (size_t)(arena->end - arena->cur); /* a multiple of the alignment */
    if (PROA_LIKELY(size > 0 && size <= left)) {
        char *ptr = arena->cur;
        arena->cur = ptr + ((size + mask) & ~mask);
        arena->total_bytes += size;
        return ptr;
    }
#endif
    return proa_arena_alloc_slow(arena, size);
}
/* Of the newest allocation, which had `size` bytes, only the first `used` are wanted. */
static inline void proa_arena_shrink(struct proa_arena *arena, void *ptr, size_t size, size_t used)
{
#if !PROA_ADDRESS_SANITIZER
    const size_t mask = _Alignof(max_align_t) - 1;
    if ((char *)ptr + ((size + mask) & ~mask) == arena->cur) {
        arena->cur = (char *)ptr + ((used + mask) & ~mask);
        arena->total_bytes -= size - used;
    }
#else
    (void)arena;
    (void)ptr;
    (void)size;
    (void)used;
#endif
}
void *proa_arena_zero(struct proa_arena *arena, size_t count, size_t size);
struct proa_slice proa_arena_dup(struct proa_arena *arena, struct proa_slice s);
/* NUL-terminated copy for C interfaces. */
char *proa_arena_cstr(struct proa_arena *arena, struct proa_slice s);
struct proa_slice proa_arena_printf(struct proa_arena *arena, const char *fmt, ...)
    PROA_PRINTF(2, 3);
/* fn(ctx) runs once at reset, in reverse order of registration. */
void proa_arena_defer(struct proa_arena *arena, void (*fn)(void *ctx), void *ctx);

#define PROA_ARENA_NEW(arena, T) ((T *)proa_arena_zero((arena), 1, sizeof(T)))

#endif
