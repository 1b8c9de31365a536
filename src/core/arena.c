#include "proa/core/arena.h"

#include "poison_priv.h"

#include "proa/core/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum {
    ARENA_ALIGN = _Alignof(max_align_t),
    ARENA_CHUNK_BYTES = 4096, /* without a pool */
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

static struct proa_arena_chunk *chunk_new(size_t data_bytes)
{
    struct proa_arena_chunk *chunk = proa_alloc(sizeof(*chunk) + data_bytes);
    chunk->next = NULL;
    chunk->bytes = data_bytes;
    PROA_POISON(chunk->data, chunk->bytes);
    return chunk;
}

static void chunk_free(struct proa_arena_chunk *chunk)
{
    PROA_UNPOISON(chunk->data, chunk->bytes);
    proa_free(chunk);
}

/* chunk_bytes is the whole allocation, so that a page stays a page. */
static size_t pool_data_bytes(const struct proa_arena_pool *pool)
{
    size_t whole = pool ? pool->chunk_bytes : ARENA_CHUNK_BYTES;
    return whole - sizeof(struct proa_arena_chunk);
}

void proa_arena_pool_init(struct proa_arena_pool *pool, size_t chunk_bytes, size_t max_spare)
{
    PROA_ASSERT(chunk_bytes >= sizeof(struct proa_arena_chunk) + 4 * (size_t)ARENA_ALIGN);
    *pool = (struct proa_arena_pool){
        .chunk_bytes = chunk_bytes & ~((size_t)ARENA_ALIGN - 1),
        .max_spare = max_spare,
    };
}

void proa_arena_pool_deinit(struct proa_arena_pool *pool)
{
    while (pool->spare) {
        struct proa_arena_chunk *chunk = pool->spare;
        pool->spare = chunk->next;
        chunk_free(chunk);
    }
    pool->n_spare = 0;
}

static struct proa_arena_chunk *pool_take(struct proa_arena_pool *pool)
{
    if (!pool || !pool->spare) {
        return chunk_new(pool_data_bytes(pool));
    }
    struct proa_arena_chunk *chunk = pool->spare;
    pool->spare = chunk->next;
    pool->n_spare--;
    return chunk;
}

static void pool_give(struct proa_arena_pool *pool, struct proa_arena_chunk *chunk)
{
    if (!pool || pool->n_spare >= pool->max_spare || chunk->bytes != pool_data_bytes(pool)) {
        chunk_free(chunk);
        return;
    }
    PROA_POISON(chunk->data, chunk->bytes);
    chunk->next = pool->spare;
    pool->spare = chunk;
    pool->n_spare++;
}

void proa_arena_init(struct proa_arena *arena, struct proa_arena_pool *pool)
{
    *arena = (struct proa_arena){.pool = pool};
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
        pool_give(arena->pool, chunk);
    }
    proa_arena_init(arena, arena->pool);
}

/* An oversize chunk goes behind the current one, whose remainder stays in use. */
static void *alloc_own_chunk(struct proa_arena *arena, size_t room)
{
    struct proa_arena_chunk *chunk = chunk_new(room);
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
    if (room > pool_data_bytes(arena->pool)) {
        return alloc_own_chunk(arena, room);
    }
    struct proa_arena_chunk *chunk = pool_take(arena->pool);
    chunk->next = arena->head;
    arena->head = chunk;
    arena->cur = chunk->data + room;
    arena->end = chunk->data + chunk->bytes;
    return chunk->data;
}

void *proa_arena_alloc(struct proa_arena *arena, size_t size)
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
