#include "proa/core/freelist.h"

#include "poison_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/check.h"

#include <string.h>

/* A spare's first bytes link to the next one. */
struct spare {
    struct spare *next;
};

static void hide(const struct proa_freelist *f, struct spare *s)
{
    PROA_POISON((char *)s + sizeof(*s), f->object_bytes - sizeof(*s));
}

static void show(const struct proa_freelist *f, struct spare *s)
{
    PROA_UNPOISON((char *)s + sizeof(*s), f->object_bytes - sizeof(*s));
}

void proa_freelist_init(struct proa_freelist *f, size_t object_bytes, size_t max_spare)
{
    PROA_ASSERT(object_bytes >= sizeof(struct spare));
    *f = (struct proa_freelist){.object_bytes = object_bytes, .max_spare = max_spare};
    proa_list_init(&f->node);
}

static struct spare *pop(struct proa_freelist *f)
{
    struct spare *s = f->head;
    f->head = s->next;
    f->n_spare--;
    show(f, s);
    return s;
}

static void release_spares(struct proa_freelist *f, size_t n)
{
    while (n > 0) {
        proa_free(pop(f));
        n--;
    }
    f->n_least = f->n_spare;
}

void proa_freelist_deinit(struct proa_freelist *f)
{
    PROA_DASSERT(f->n_used == 0);
    release_spares(f, f->n_spare);
    proa_list_unlink(&f->node);
}

size_t proa_freelist_trim(struct proa_freelist *f)
{
    const size_t n = f->n_least;
    release_spares(f, n);
    return n;
}

void *proa_freelist_take(struct proa_freelist *f)
{
    return proa_freelist_take_head(f, f->object_bytes);
}

void *proa_freelist_take_head(struct proa_freelist *f, size_t zero_bytes)
{
    PROA_ASSERT(zero_bytes <= f->object_bytes);
    void *object = f->head ? pop(f) : proa_alloc(f->object_bytes);
    f->n_used++;
    if (f->n_spare < f->n_least) {
        f->n_least = f->n_spare;
    }
    memset(object, 0, zero_bytes);
    return object;
}

void proa_freelist_give(struct proa_freelist *f, void *object)
{
    PROA_ASSERT(object && f->n_used > 0);
    f->n_used--;
    if (f->n_spare >= f->max_spare) {
        proa_free(object);
        return;
    }
    struct spare *s = object;
    s->next = f->head;
    f->head = s;
    f->n_spare++;
    hide(f, s);
}
