/*
 * Makes the tables of the catalogue out of policies/models.json while Proa is built:
 *
 *     catalogue policies/models.json catalogue.c
 *
 * The file is checked on the way; a mistake in it is an error of the build, with its place.
 */
#include "order_priv.h"

#include "proa/catalogue/source.h"
#include "proa/core/alloc.h"
#include "proa/core/buf.h"
#include "proa/provider/vendor.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 4 * 1024 * 1024, PROVIDERS_MAX = 64, PER_LINE = 24 };

/* A provider's id of an offer. */
struct upstream {
    struct proa_slice id;
    size_t provider;
    size_t offer;
};

struct tables {
    struct proa_arena arena;
    struct proa_source source;
    struct proa_buf text; /* all strings */
    struct proa_slice providers[PROVIDERS_MAX];
    size_t n_providers;
    struct upstream *upstream;
    size_t n_upstream;
    FILE *out;
    struct proa_diags diags;
};

static bool is_vendor(struct proa_slice name)
{
    return proa_vendor_find(name) != NULL;
}

static bool read_file(const char *path, struct proa_buf *out)
{
    FILE *in = fopen(path, "rb");
    char piece[4096];
    size_t n = 0;
    if (!in) {
        return false;
    }
    do {
        n = fread(piece, 1, sizeof(piece), in);
        (void)proa_buf_append(out, proa_slice_make(piece, n));
    } while (n == sizeof(piece));
    const bool ok = !ferror(in) && proa_buf_ok(out);
    return fclose(in) == 0 && ok;
}

/* ---- what stands where ----------------------------------------------------------------------- */

/* Where the string stands among all text; put there if it is not part of it yet. */
static size_t place(struct tables *t, struct proa_slice s)
{
    const struct proa_slice all = proa_buf_slice(&t->text);
    const size_t at = s.len > 0 ? proa_slice_search(all, s) : 0;
    if (at == all.len) {
        (void)proa_buf_append(&t->text, s);
    }
    return at;
}

static size_t provider_of(struct tables *t, struct proa_slice name)
{
    size_t i = 0;
    while (i < t->n_providers && !proa_slice_eq(t->providers[i], name)) {
        i++;
    }
    if (i == t->n_providers && i < PROVIDERS_MAX) {
        t->providers[t->n_providers++] = name;
    }
    return i;
}

static int compare(const void *a, const void *b)
{
    const struct upstream *x = a;
    const struct upstream *y = b;
    return x->provider != y->provider ? (x->provider > y->provider) - (x->provider < y->provider)
                                      : proa_catalogue_order(x->id, y->id);
}

static void collect_upstream(struct tables *t)
{
    const struct proa_source *s = &t->source;
    size_t room = s->n_offers;
    size_t n_offers = 0;
    for (size_t m = 0; m < s->n_models; m++) {
        for (size_t i = 0; i < s->models[m].n_offers; i++) {
            room += s->models[m].offers[i].n_also;
        }
    }
    t->upstream = proa_arena_zero(&t->arena, room, sizeof(*t->upstream));
    for (size_t m = 0; m < s->n_models; m++) {
        for (size_t i = 0; i < s->models[m].n_offers; i++, n_offers++) {
            const struct proa_source_offer *offer = &s->models[m].offers[i];
            const size_t provider = provider_of(t, offer->provider);
            t->upstream[t->n_upstream++] = (struct upstream){offer->id, provider, n_offers};
            for (size_t k = 0; k < offer->n_also; k++) {
                t->upstream[t->n_upstream++] =
                    (struct upstream){offer->also[k], provider, n_offers};
            }
        }
    }
    qsort(t->upstream, t->n_upstream, sizeof(*t->upstream), compare);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_text(struct tables *t, struct proa_slice s)
{
    (void)fprintf(t->out, "{%zu, %zu}", place(t, s), s.len);
}

static void write_models(struct tables *t)
{
    const struct proa_source *s = &t->source;
    size_t offer = 0;
    size_t alias = 0;
    (void)fprintf(t->out, "const struct proa_catalogue_model proa_catalogue_model_rows[] = {\n");
    for (size_t i = 0; i < s->n_models; i++) {
        const struct proa_source_model *m = &s->models[i];
        (void)fprintf(t->out, "    {");
        write_text(t, m->id);
        (void)fprintf(t->out, ", ");
        write_text(t, m->creator);
        (void)fprintf(t->out, ", ");
        write_text(t, m->name);
        (void)fprintf(t->out, ", %u, %u, %u, %zu, %zu, %zu, %zu, %u},\n", (unsigned)m->context,
                      (unsigned)m->max_output, (unsigned)m->capabilities, offer, alias, m->n_offers,
                      m->n_aliases, (unsigned)m->type);
        offer += m->n_offers;
        alias += m->n_aliases;
    }
    (void)fprintf(t->out, "};\nconst size_t proa_catalogue_n_model_rows = %zu;\n", s->n_models);
}

static void write_offers(struct tables *t)
{
    const struct proa_source *s = &t->source;
    (void)fprintf(t->out, "const struct proa_catalogue_offer proa_catalogue_offer_rows[] = {\n");
    for (size_t m = 0; m < s->n_models; m++) {
        for (size_t i = 0; i < s->models[m].n_offers; i++) {
            const struct proa_source_offer *o = &s->models[m].offers[i];
            (void)fprintf(t->out, "    {{{");
            for (size_t f = 0; f < PROA_PRICE_FIELDS; f++) {
                (void)fprintf(t->out, "%s%llu", f > 0 ? ", " : "",
                              (unsigned long long)o->price.pico[f]);
            }
            (void)fprintf(t->out, "}, %u}, ", (unsigned)o->price.known);
            write_text(t, o->id);
            (void)fprintf(t->out, ", %u, %u, %zu, %zu},\n", (unsigned)o->context,
                          (unsigned)o->max_output, m, provider_of(t, o->provider));
        }
    }
    (void)fprintf(t->out, "};\nconst size_t proa_catalogue_n_offer_rows = %zu;\n", s->n_offers);
}

static void write_aliases(struct tables *t)
{
    const struct proa_source *s = &t->source;
    (void)fprintf(t->out, "const struct proa_catalogue_text proa_catalogue_alias_rows[] = {\n");
    for (size_t m = 0; m < s->n_models; m++) {
        for (size_t i = 0; i < s->models[m].n_aliases; i++) {
            (void)fprintf(t->out, "    ");
            write_text(t, s->models[m].aliases[i]);
            (void)fprintf(t->out, ",\n");
        }
    }
    (void)fprintf(t->out, "    {0, 0},\n};\n");
}

static void write_names(struct tables *t)
{
    const struct proa_source *s = &t->source;
    (void)fprintf(t->out, "const struct proa_catalogue_name proa_catalogue_name_rows[] = {\n");
    for (size_t i = 0; i < s->n_names; i++) {
        (void)fprintf(t->out, "    {");
        write_text(t, s->names[i].text);
        (void)fprintf(t->out, ", %zu},\n", s->names[i].model);
    }
    (void)fprintf(t->out, "};\nconst size_t proa_catalogue_n_name_rows = %zu;\n", s->n_names);
}

static void write_upstream(struct tables *t)
{
    (void)fprintf(t->out, "const struct proa_catalogue_name proa_catalogue_upstream_rows[] = {\n");
    for (size_t i = 0; i < t->n_upstream; i++) {
        (void)fprintf(t->out, "    {");
        write_text(t, t->upstream[i].id);
        (void)fprintf(t->out, ", %zu},\n", t->upstream[i].offer);
    }
    (void)fprintf(t->out, "};\nconst uint16_t proa_catalogue_upstream_first[] = {");
    for (size_t p = 0, i = 0; p <= t->n_providers; p++) {
        while (i < t->n_upstream && t->upstream[i].provider < p) {
            i++;
        }
        (void)fprintf(t->out, "%zu, ", i);
    }
    (void)fprintf(t->out, "};\n");
}

static void write_providers(struct tables *t)
{
    (void)fprintf(t->out, "const struct proa_catalogue_text proa_catalogue_provider_rows[] = {\n");
    for (size_t i = 0; i < t->n_providers; i++) {
        (void)fprintf(t->out, "    ");
        write_text(t, t->providers[i]);
        (void)fprintf(t->out, ",\n");
    }
    (void)fprintf(t->out, "};\nconst size_t proa_catalogue_n_provider_rows = %zu;\n",
                  t->n_providers);
}

/* Last: until here strings were added. */
static void write_chars(struct tables *t)
{
    (void)fprintf(t->out, "const char proa_catalogue_chars[] = {");
    for (size_t i = 0; i < t->text.len; i++) {
        (void)fprintf(t->out, "%s%d,", i % PER_LINE == 0 ? "\n    " : "", t->text.ptr[i]);
    }
    (void)fprintf(t->out, "\n};\n");
}

static void write_all(struct tables *t)
{
    (void)fprintf(t->out, "/* Generated from policies/models.json. */\n"
                          "#include \"tables_priv.h\"\n\n");
    write_models(t);
    write_offers(t);
    write_aliases(t);
    write_names(t);
    write_upstream(t);
    write_providers(t);
    write_chars(t);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool make(struct tables *t, struct proa_slice json, const char *in, const char *out)
{
    const enum proa_err err =
        proa_source_read(json, in, is_vendor, &t->arena, &t->diags, &t->source);
    for (uint32_t i = 0; i < t->diags.n; i++) {
        (void)fprintf(stderr, "%s: error: %s\n", t->diags.items[i].file, t->diags.items[i].message);
    }
    if (err != PROA_OK) {
        return false;
    }
    collect_upstream(t);
    t->out = fopen(out, "wb");
    if (!t->out) {
        perror(out);
        return false;
    }
    write_all(t);
    bool ok = !ferror(t->out);
    ok = fclose(t->out) == 0 && ok;
    if (t->text.len > UINT16_MAX || t->n_upstream > UINT16_MAX || t->n_providers >= PROVIDERS_MAX) {
        (void)fprintf(stderr, "%s: error: is more than the tables can count\n", in);
        ok = false;
    }
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: catalogue MODELS.JSON TABLES.C\n");
        return EXIT_FAILURE;
    }
    struct proa_buf json;
    struct tables *t = PROA_NEW(struct tables);
    proa_buf_init(&json, FILE_MAX);
    proa_buf_init(&t->text, FILE_MAX);
    proa_arena_init(&t->arena, NULL);
    bool ok = read_file(argv[1], &json);
    if (!ok) {
        perror(argv[1]);
    }
    ok = ok && make(t, proa_buf_slice(&json), argv[1], argv[2]);
    if (!ok) {
        (void)remove(argv[2]);
    }
    proa_arena_reset(&t->arena);
    proa_buf_deinit(&t->text);
    proa_buf_deinit(&json);
    proa_free(t);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
