/*
 * What models can be asked for by: no name may stand for two of them, and no provider may call two
 * offers alike. A model's name without its creator is given to nobody where two share it.
 */
#include "order_priv.h"
#include "source_priv.h"

#include "proa/core/map.h"

#include <stdlib.h>

static void at_model(struct reading *r, const struct proa_source_model *model)
{
    proa_buf_clear(&r->path);
    (void)proa_buf_append_printf(&r->path, "models[\"%" PROA_SLICE_FMT "\"]",
                                 PROA_SLICE_ARG(model->id));
}

/* ---- offers ---------------------------------------------------------------------------------- */

/* The model that has it is the value. */
static void claim(struct reading *r, struct proa_map *taken, const struct proa_source_offer *offer,
                  struct proa_slice id, const struct proa_source_model *model, size_t index)
{
    const struct proa_slice key =
        proa_arena_printf(r->arena, "%" PROA_SLICE_FMT " %" PROA_SLICE_FMT,
                          PROA_SLICE_ARG(offer->provider), PROA_SLICE_ARG(id));
    const struct proa_source_model *first = proa_map_get(taken, key);
    if (first) {
        at_model(r, model);
        (void)proa_buf_append_printf(&r->path, ".offers[%zu]", index);
        proa_source_error(r, "%.*s's \"%.*s\" is an offer of %.*s already",
                          (int)offer->provider.len, offer->provider.ptr, (int)id.len, id.ptr,
                          (int)first->id.len, first->id.ptr);
        return;
    }
    (void)proa_map_put(taken, key, (void *)(uintptr_t)model);
}

static void check_offer(struct reading *r, struct proa_map *taken,
                        const struct proa_source_model *model, size_t index)
{
    const struct proa_source_offer *offer = &model->offers[index];
    for (size_t k = 0; k < index; k++) {
        if (proa_slice_eq(model->offers[k].provider, offer->provider)) {
            at_model(r, model);
            (void)proa_buf_append_printf(&r->path, ".offers[%zu]", index);
            proa_source_error(
                r, "%.*s has an offer of this model already; write further ids of it as \"also\"",
                (int)offer->provider.len, offer->provider.ptr);
        }
    }
    claim(r, taken, offer, offer->id, model, index);
    for (size_t k = 0; k < offer->n_also; k++) {
        claim(r, taken, offer, offer->also[k], model, index);
    }
}

static void check_offers(struct reading *r, const struct proa_source *s)
{
    struct proa_map taken;
    proa_map_init(&taken, 0);
    for (size_t m = 0; m < s->n_models; m++) {
        for (size_t i = 0; i < s->models[m].n_offers; i++) {
            check_offer(r, &taken, &s->models[m], i);
        }
    }
    proa_map_deinit(&taken);
}

/* ---- names ----------------------------------------------------------------------------------- */

struct naming {
    struct reading *r;
    struct proa_source *s;
    struct proa_map owners; /* name -> struct proa_source_name */
    struct proa_source_name *names;
    size_t n;
};

static void put(struct naming *n, struct proa_slice text, size_t model)
{
    n->names[n->n] = (struct proa_source_name){text, model};
    (void)proa_map_put(&n->owners, text, &n->names[n->n++]);
}

/* A name that is written in the file. */
static void put_written(struct naming *n, struct proa_slice text, size_t model)
{
    const struct proa_source_name *owner = proa_map_get(&n->owners, text);
    if (!owner) {
        put(n, text, model);
        return;
    }
    const struct proa_source_model *other = &n->s->models[owner->model];
    at_model(n->r, &n->s->models[model]);
    if (owner->model == model) {
        proa_source_error(n->r, "aliases: \"%.*s\" says what is known without it", (int)text.len,
                          text.ptr);
    } else {
        proa_source_error(n->r, "aliases: \"%.*s\" is a name of %.*s already", (int)text.len,
                          text.ptr, (int)other->id.len, other->id.ptr);
    }
}

static struct proa_slice with_creator(const struct naming *n, size_t model, struct proa_slice alias)
{
    return proa_arena_printf(n->r->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                             PROA_SLICE_ARG(n->s->models[model].creator), PROA_SLICE_ARG(alias));
}

/* The bare names: given to one model only. */
static void put_bare(struct naming *n)
{
    struct proa_map shared;
    proa_map_init(&shared, 0);
    for (size_t m = 0; m < n->s->n_models; m++) {
        const struct proa_slice bare = n->s->models[m].bare;
        const void *seen = proa_map_get(&shared, bare);
        (void)proa_map_put(&shared, bare, seen ? (void *)n : (void *)(uintptr_t)n->s);
    }
    for (size_t m = 0; m < n->s->n_models; m++) {
        const struct proa_slice bare = n->s->models[m].bare;
        if (proa_map_get(&shared, bare) == n->s) {
            put(n, bare, m);
        }
    }
    proa_map_deinit(&shared);
}

static void put_aliases(struct naming *n)
{
    for (size_t m = 0; m < n->s->n_models; m++) {
        const struct proa_source_model *model = &n->s->models[m];
        for (size_t i = 0; i < model->n_aliases; i++) {
            const struct proa_slice alias = model->aliases[i];
            put_written(n, alias, m);
            if (proa_slice_find(alias, '/') == alias.len) {
                put_written(n, with_creator(n, m, alias), m);
            }
        }
    }
}

static int compare(const void *a, const void *b)
{
    return proa_catalogue_order(((const struct proa_source_name *)a)->text,
                                ((const struct proa_source_name *)b)->text);
}

void proa_source_check_names(struct reading *r, struct proa_source *out)
{
    struct naming n = {.r = r, .s = out};
    size_t room = 2 * out->n_models;
    for (size_t m = 0; m < out->n_models; m++) {
        room += 2 * out->models[m].n_aliases;
    }
    check_offers(r, out);
    proa_map_init(&n.owners, 0);
    n.names = proa_arena_zero(r->arena, room, sizeof(*n.names));
    for (size_t m = 0; m < out->n_models; m++) {
        put(&n, out->models[m].id, m); /* the tree has each key once */
    }
    put_bare(&n);
    put_aliases(&n);
    proa_map_deinit(&n.owners);
    qsort(n.names, n.n, sizeof(*n.names), compare);
    out->names = n.names;
    out->n_names = n.n;
}
