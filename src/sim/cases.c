/*
 * From the bytes of a file to the scenarios in it: the base, each case over it, each ablation over
 * the case that it names.
 */
#include "scenario_priv.h"

#include "proa/config/config.h"

/* Maps over maps still to be merged; more than a file of settings can have at once. */
enum { OVERLAY_WORK = 256 };

/* One map that is put over another, and where the result goes. */
struct work {
    const struct proa_doc_node *base;
    const struct proa_doc_node *over;
    struct proa_doc_node *out;
};

static size_t find(const struct proa_doc_entry *entries, size_t n, struct proa_slice key)
{
    size_t i = 0;
    while (i < n && !proa_slice_eq(entries[i].key, key)) {
        i++;
    }
    return i;
}

static bool are_maps(const struct proa_doc_node *a, const struct proa_doc_node *b)
{
    return a->kind == PROA_DOC_MAP && b->kind == PROA_DOC_MAP;
}

/* Merges one level; maps over maps are left for later. Returns how many those are. */
static size_t overlay_level(const struct work *w, struct work *later, size_t room,
                            struct proa_arena *arena)
{
    struct proa_doc_entry *entries =
        proa_arena_zero(arena, w->base->n + w->over->n, sizeof(*entries));
    size_t n = w->base->n;
    size_t n_later = 0;
    memcpy(entries, w->base->entries, n * sizeof(*entries));
    for (size_t i = 0; i < w->over->n; i++) {
        const struct proa_doc_entry *o = &w->over->entries[i];
        const size_t at = find(entries, w->base->n, o->key);
        if (at == w->base->n) {
            entries[n++] = *o;
        } else if (are_maps(entries[at].value, o->value) && n_later < room) {
            struct proa_doc_node *out = PROA_ARENA_NEW(arena, struct proa_doc_node);
            later[n_later++] = (struct work){entries[at].value, o->value, out};
            entries[at].value = out;
        } else {
            entries[at] = *o;
        }
    }
    *w->out = *w->base;
    w->out->entries = entries;
    w->out->n = n;
    return n_later;
}

const struct proa_doc_node *proa_scenario_overlay(const struct proa_doc_node *base,
                                                  const struct proa_doc_node *over,
                                                  struct proa_arena *arena)
{
    if (!are_maps(base, over)) {
        return over;
    }
    struct work stack[OVERLAY_WORK];
    struct proa_doc_node *root = PROA_ARENA_NEW(arena, struct proa_doc_node);
    size_t n = 1;
    stack[0] = (struct work){base, over, root};
    while (n > 0) {
        const struct work w = stack[--n];
        n += overlay_level(&w, &stack[n], OVERLAY_WORK - n, arena);
    }
    return root;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reader {
    struct proa_arena *arena;
    struct proa_diags *diags;
    struct proa_slice label;
    struct proa_doc_node base; /* without cases and ablations */
    const struct proa_doc_node *cases;
    const struct proa_doc_node *ablations;
    struct proa_scenario_set set;
};

static void wrong(struct reader *r, struct proa_option_where at, const char *what)
{
    proa_diags_add(r->diags, PROA_DIAG_ERROR, at.file, at.line, at.col, "%s", what);
}

/* Takes the member `key` out of a map; NULL when it is not there. */
static const struct proa_doc_node *take(struct proa_doc_node *map, const char *key,
                                        struct proa_arena *arena)
{
    const size_t at = find(map->entries, map->n, proa_slice_cstr(key));
    if (at == map->n) {
        return NULL;
    }
    const struct proa_doc_node *found = map->entries[at].value;
    struct proa_doc_entry *entries = proa_arena_zero(arena, map->n, sizeof(*entries));
    memcpy(entries, map->entries, at * sizeof(*entries));
    memcpy(entries + at, map->entries + at + 1, (map->n - at - 1) * sizeof(*entries));
    map->entries = entries;
    map->n--;
    return found;
}

static const struct proa_doc_node *take_map(struct reader *r, const char *key)
{
    const struct proa_doc_node *found = take(&r->base, key, r->arena);
    if (found && found->kind != PROA_DOC_MAP) {
        wrong(r, found->at, "cases and ablations are maps: a name, and what differs");
        return NULL;
    }
    return found;
}

static void add(struct reader *r, const struct proa_doc_node *node, struct proa_slice name,
                bool ablation)
{
    struct proa_scenario *s = &r->set.items[r->set.n];
    if (proa_config_bind(&proa_scenario_table, node, NULL, r->arena, s, r->diags) != PROA_OK) {
        return;
    }
    s->ablation = ablation;
    s->label = name.len == 0 ? r->label
                             : proa_arena_printf(r->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                                                 PROA_SLICE_ARG(r->label), PROA_SLICE_ARG(name));
    proa_scenario_check(s, r->diags);
    r->set.n++;
}

static bool is_map(struct reader *r, const struct proa_doc_entry *e)
{
    if (e->value->kind != PROA_DOC_MAP) {
        wrong(r, e->value->at, "a case is a map of what differs from the rest of the file");
        return false;
    }
    return true;
}

static void add_cases(struct reader *r)
{
    if (!r->cases) {
        add(r, &r->base, PROA_SLICE_NONE, false);
        return;
    }
    for (size_t i = 0; i < r->cases->n; i++) {
        const struct proa_doc_entry *e = &r->cases->entries[i];
        if (is_map(r, e)) {
            add(r, proa_scenario_overlay(&r->base, e->value, r->arena), e->key, false);
        }
    }
}

/* What an ablation switches something off of: the case it names by `of`, else the file. */
static const struct proa_doc_node *ablated(struct reader *r, struct proa_doc_node *ablation)
{
    const struct proa_doc_node *of = take(ablation, "of", r->arena);
    if (!of) {
        return &r->base;
    }
    const struct proa_doc_node *found =
        of->kind == PROA_DOC_SCALAR ? proa_doc_get(r->cases, of->text) : NULL;
    if (!found || found->kind != PROA_DOC_MAP) {
        wrong(r, of->at, "of: names a case of this file");
        return &r->base;
    }
    return proa_scenario_overlay(&r->base, found, r->arena);
}

static void add_ablations(struct reader *r)
{
    for (size_t i = 0; r->ablations && i < r->ablations->n; i++) {
        const struct proa_doc_entry *e = &r->ablations->entries[i];
        if (!is_map(r, e)) {
            continue;
        }
        struct proa_doc_node own = *e->value;
        struct proa_doc_node whole = *ablated(r, &own);
        (void)take(&whole, "bounds", r->arena);
        add(r, proa_scenario_overlay(&whole, &own, r->arena), e->key, true);
    }
}

enum proa_err proa_scenario_parse(struct proa_slice bytes, const char *file,
                                  struct proa_slice label, struct proa_arena *arena,
                                  struct proa_scenario_set *out, struct proa_diags *diags)
{
    struct reader r = {.arena = arena, .diags = diags, .label = label};
    const struct proa_doc_node *root = NULL;
    if (proa_doc_parse(bytes, file, arena, &root, diags) != PROA_OK) {
        return PROA_ERR_SYNTAX;
    }
    if (root->kind != PROA_DOC_MAP) {
        wrong(&r, root->at, "a scenario is a map of settings");
        return PROA_ERR_SYNTAX;
    }
    r.base = *root;
    r.cases = take_map(&r, "cases");
    r.ablations = take_map(&r, "ablations");
    const size_t n = (r.cases ? r.cases->n : 1) + (r.ablations ? r.ablations->n : 0);
    r.set.items = proa_arena_zero(arena, n + 1, sizeof(*r.set.items));
    add_cases(&r);
    add_ablations(&r);
    if (diags->n_errors > 0) {
        return PROA_ERR_SYNTAX;
    }
    *out = r.set;
    return PROA_OK;
}
