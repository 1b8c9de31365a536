/*
 * policies/models.json, read and checked: what the tables of catalogue.h are made of. Used when
 * Proa is built, and by the test that checks the file.
 *
 * Pure. Everything read is in the caller's arena. Each mistake is one message that begins with
 * where it is, as in `models["openai/gpt-5.5"].offers[1].input: ...`.
 */
#ifndef PROA_CATALOGUE_SOURCE_H
#define PROA_CATALOGUE_SOURCE_H

#include "proa/catalogue/kind.h"
#include "proa/catalogue/price.h"
#include "proa/core/arena.h"
#include "proa/core/diag.h"

struct proa_source_offer {
    struct proa_slice provider;
    struct proa_slice id;
    const struct proa_slice *also; /* further ids of the same, dated ones mostly */
    size_t n_also;
    struct proa_price price;
    uint32_t context; /* the model's where it has none of its own; 0 = not known */
    uint32_t max_output;
};

struct proa_source_model {
    struct proa_slice id;
    struct proa_slice creator; /* of the id */
    struct proa_slice bare;    /* of the id: what stands behind the creator */
    struct proa_slice name;
    enum proa_model_type type;
    uint32_t capabilities; /* bit enum proa_capability */
    uint32_t context;
    uint32_t max_output;
    const struct proa_slice *aliases;
    size_t n_aliases;
    const struct proa_source_offer *offers;
    size_t n_offers;
};

/* A name that can be asked for. */
struct proa_source_name {
    struct proa_slice text;
    size_t model;
};

struct proa_source {
    const struct proa_source_model *models;
    size_t n_models;
    size_t n_offers;
    /* Ids, aliases, and both without the creator where only one model is called so; in the order of
     * their bytes. */
    const struct proa_source_name *names;
    size_t n_names;
};

/*
 * ERR_SYNTAX with at least one error in `diags`; then *out is not to be used. `file` is what
 * messages call it, borrowed by them. is_vendor() tells whether there is a vendor of that name.
 */
enum proa_err proa_source_read(struct proa_slice json, const char *file,
                               bool (*is_vendor)(struct proa_slice name), struct proa_arena *arena,
                               struct proa_diags *diags, struct proa_source *out) PROA_MUST_CHECK;

#endif
