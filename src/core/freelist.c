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
}

void proa_freelist_deinit(struct proa_freelist *f)
{
    PROA_DASSERT(f->n_used == 0);
    while (f->head) {
        struct spare *s = f->head;
        f->head = s->next;
        show(f, s);
        proa_free(s);
    }
    f->n_spare = 0;
}

void *proa_freelist_take(struct proa_freelist *f)
{
    return proa_freelist_take_head(f, f->object_bytes);
}

void *proa_freelist_take_head(struct proa_freelist *f, size_t zero_bytes)
{
    PROA_ASSERT(zero_bytes <= f->object_bytes);
    f->n_used++;
    struct spare *s = f->head;
    if (!s) {
        return proa_alloc_zero(1, f->object_bytes);
    }
    f->head = s->next;
    f->n_spare--;
    show(f, s);
    memset(s, 0, zero_bytes);
    return s;
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
