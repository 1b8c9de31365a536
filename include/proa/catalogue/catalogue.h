/*
 * The catalogue: which models there are, who offers them under which id, at which price. Made of
 * policies/models.json when Proa is built (src/build/catalogue.c), checked there by
 * proa/catalogue/source.h.
 *
 * Pure const tables without pointers: they stay in read-only pages that all processes share, and
 * nothing is done with them before the first look-up. A look-up is a binary search.
 */
#ifndef PROA_CATALOGUE_CATALOGUE_H
#define PROA_CATALOGUE_CATALOGUE_H

#include "proa/catalogue/kind.h"
#include "proa/catalogue/price.h"

/* A place in the table of text. */
struct proa_catalogue_text {
    uint16_t at;
    uint16_t len;
};

struct proa_catalogue_model {
    struct proa_catalogue_text id;      /* "openai/gpt-5.5" */
    struct proa_catalogue_text creator; /* "openai" */
    struct proa_catalogue_text name;    /* "GPT-5.5": for people */
    uint32_t context;                   /* tokens; 0 = not known */
    uint32_t max_output;                /* likewise */
    uint16_t capabilities;              /* bit enum proa_capability */
    uint16_t first_offer;
    uint16_t first_alias;
    uint8_t n_offers;
    uint8_t n_aliases;
    uint8_t type; /* enum proa_model_type */
};

struct proa_catalogue_offer {
    struct proa_price price;
    struct proa_catalogue_text id; /* what the provider calls the model */
    uint32_t context;              /* the model's, or its own */
    uint32_t max_output;
    uint16_t model;
    uint8_t provider; /* into the list of providers */
};

enum { PROA_CATALOGUE_PROVIDERS_MAX = 64, PROA_CATALOGUE_NO_PROVIDER = 0xff };

struct proa_slice proa_catalogue_slice(struct proa_catalogue_text text);

/* All of a kind, ordered as in the file; *n is their number. */
const struct proa_catalogue_model *proa_catalogue_models(size_t *n);
const struct proa_catalogue_offer *proa_catalogue_offers(size_t *n);
/* A provider's name, a vendor's (proa/provider/vendor.h). */
size_t proa_catalogue_n_providers(void);
struct proa_slice proa_catalogue_provider(size_t i);
/* PROA_CATALOGUE_NO_PROVIDER when it offers nothing here. */
uint8_t proa_catalogue_find_provider(struct proa_slice name);

/* By its id, another name of it, or either without the creator where only one model is called so.
 * NULL when there is none, or more than one. */
const struct proa_catalogue_model *proa_catalogue_find(struct proa_slice name);
/* Its other names, as the file has them. */
struct proa_slice proa_catalogue_alias(const struct proa_catalogue_model *model, size_t i);
/* Its offers, ordered as in the file: n_offers of them. */
const struct proa_catalogue_offer *
proa_catalogue_offers_of(const struct proa_catalogue_model *model);
const struct proa_catalogue_model *
proa_catalogue_model_of(const struct proa_catalogue_offer *offer);
/* That of one provider, or NULL. */
const struct proa_catalogue_offer *proa_catalogue_offer_by(const struct proa_catalogue_model *model,
                                                           uint8_t provider);
/* By what a provider itself calls a model, a dated name of it included. NULL when unknown. */
const struct proa_catalogue_offer *proa_catalogue_offer_find(uint8_t provider,
                                                             struct proa_slice upstream_id);

#endif
