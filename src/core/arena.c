#include "proa/core/arena.h"

#include "poison_priv.h"

#include "proa/core/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum {
    ARENA_ALIGN = _Alignof(max_align_t),
    ARENA_CHUNK_BYTES = 4096, /* without a list */
#ifdef PROA_POISON_ON
    ARENA_GAP = ARENA_ALIGN, /* poisoned bytes between neighbours catch an overrun */
#else
    ARENA_GAP = 0,
#endif
};

struct proa_arena_chunk {
    struct proa_arena_chunk *next;
    size_t bytes; /* of data */
    _Alignas(max_align_t) char data[];
};

struct proa_arena_hook {
    struct proa_arena_hook *next;
    void (*fn)(void *ctx);
    void *ctx;
};

/* A chunk's whole allocation is an object of the list, so that a page stays a page. */
static size_t chunk_data_bytes(const struct proa_arena *arena)
{
    size_t whole = arena->chunks ? arena->chunks->object_bytes : ARENA_CHUNK_BYTES;
    return (whole & ~((size_t)ARENA_ALIGN - 1)) - sizeof(struct proa_arena_chunk);
}

static void chunk_prepare(struct proa_arena_chunk *chunk, size_t data_bytes)
{
    chunk->next = NULL;
    chunk->bytes = data_bytes;
    PROA_POISON(chunk->data, chunk->bytes);
}

static struct proa_arena_chunk *chunk_take(struct proa_arena *arena)
{
    const size_t data_bytes = chunk_data_bytes(arena);
    struct proa_arena_chunk *chunk = arena->chunks ? proa_freelist_take_head(arena->chunks, 0)
                                                   : proa_alloc(sizeof(*chunk) + data_bytes);
    chunk_prepare(chunk, data_bytes);
    return chunk;
}

static void chunk_give(struct proa_arena *arena, struct proa_arena_chunk *chunk)
{
    const bool is_pooled = arena->chunks && chunk->bytes == chunk_data_bytes(arena);
    PROA_UNPOISON(chunk->data, chunk->bytes);
    if (is_pooled) {
        proa_freelist_give(arena->chunks, chunk);
    } else {
        proa_free(chunk);
    }
}

void proa_arena_init(struct proa_arena *arena, struct proa_freelist *chunks)
{
    PROA_ASSERT(!chunks ||
                chunks->object_bytes >= sizeof(struct proa_arena_chunk) + 4 * (size_t)ARENA_ALIGN);
    *arena = (struct proa_arena){.chunks = chunks};
}

void proa_arena_reset(struct proa_arena *arena)
{
    /* A hook may still allocate, or register another: memory goes only after the last one ran. */
    while (arena->hooks) {
        struct proa_arena_hook *hook = arena->hooks;
        arena->hooks = hook->next;
        hook->fn(hook->ctx);
    }
    while (arena->head) {
        struct proa_arena_chunk *chunk = arena->head;
        arena->head = chunk->next;
        chunk_give(arena, chunk);
    }
    *arena = (struct proa_arena){.chunks = arena->chunks};
}

/* An oversize chunk goes behind the current one, whose remainder stays in use. */
static void *alloc_own_chunk(struct proa_arena *arena, size_t room)
{
    struct proa_arena_chunk *chunk = proa_alloc(sizeof(*chunk) + room);
    chunk_prepare(chunk, room);
    if (arena->head) {
        chunk->next = arena->head->next;
        arena->head->next = chunk;
    } else {
        arena->head = chunk;
    }
    return chunk->data;
}

static void *alloc_next_chunk(struct proa_arena *arena, size_t room)
{
    if (room > chunk_data_bytes(arena)) {
        return alloc_own_chunk(arena, room);
    }
    struct proa_arena_chunk *chunk = chunk_take(arena);
    chunk->next = arena->head;
    arena->head = chunk;
    arena->cur = chunk->data + room;
    arena->end = chunk->data + chunk->bytes;
    return chunk->data;
}

void *proa_arena_alloc_slow(struct proa_arena *arena, size_t size)
{
    PROA_ASSERT(size <= SIZE_MAX / 2);
    size_t wanted = size ? size : 1;
    size_t room = ((wanted + ARENA_ALIGN - 1) & ~((size_t)ARENA_ALIGN - 1)) + ARENA_GAP;
    void *ptr = NULL;

    if (PROA_LIKELY(room <= (size_t)(arena->end - arena->cur))) {
        ptr = arena->cur;
        arena->cur += room;
    } else {
        ptr = alloc_next_chunk(arena, room);
    }
    PROA_UNPOISON(ptr, size);
    arena->total_bytes += size;
    return ptr;
}

void *proa_arena_zero(struct proa_arena *arena, size_t count, size_t size)
{
    PROA_ASSERT(size == 0 || count <= SIZE_MAX / size);
    void *ptr = proa_arena_alloc(arena, count * size);
    memset(ptr, 0, count * size);
    return ptr;
}

struct proa_slice proa_arena_dup(struct proa_arena *arena, struct proa_slice s)
{
    if (s.len == 0) {
        return s.ptr ? PROA_SLICE("") : PROA_SLICE_NONE;
    }
    char *copy = proa_arena_alloc(arena, s.len);
    memcpy(copy, s.ptr, s.len);
    return proa_slice_make(copy, s.len);
}

char *proa_arena_cstr(struct proa_arena *arena, struct proa_slice s)
{
    PROA_ASSERT(s.len < SIZE_MAX);
    char *copy = proa_arena_alloc(arena, s.len + 1);
    if (s.len) {
        memcpy(copy, s.ptr, s.len);
    }
    copy[s.len] = '\0';
    return copy;
}

struct proa_slice proa_arena_printf(struct proa_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    struct proa_slice text = PROA_SLICE_NONE;
    if (len >= 0) {
        char *out = proa_arena_alloc(arena, (size_t)len + 1);
        if (vsnprintf(out, (size_t)len + 1, fmt, again) == len) {
            text = proa_slice_make(out, (size_t)len);
        }
    }
    va_end(again);
    return text;
}

void proa_arena_defer(struct proa_arena *arena, void (*fn)(void *ctx), void *ctx)
{
    struct proa_arena_hook *hook = proa_arena_alloc(arena, sizeof(*hook));
    *hook = (struct proa_arena_hook){.next = arena->hooks, .fn = fn, .ctx = ctx};
    arena->hooks = hook;
}
