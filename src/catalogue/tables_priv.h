/*
 * The generated tables. Private to the module; src/build/catalogue.c writes them.
 */
#ifndef PROA_CATALOGUE_TABLES_PRIV_H
#define PROA_CATALOGUE_TABLES_PRIV_H

#include "proa/catalogue/catalogue.h"

/* A name and what it stands for. */
struct proa_catalogue_name {
    struct proa_catalogue_text text;
    uint16_t of; /* a model, or an offer */
};

/* All text, one after the other. */
extern const char proa_catalogue_chars[];
extern const struct proa_catalogue_text proa_catalogue_provider_rows[];
extern const size_t proa_catalogue_n_provider_rows;
extern const struct proa_catalogue_model proa_catalogue_model_rows[];
extern const size_t proa_catalogue_n_model_rows;
extern const struct proa_catalogue_offer proa_catalogue_offer_rows[];
extern const size_t proa_catalogue_n_offer_rows;
/* As written, model by model. */
extern const struct proa_catalogue_text proa_catalogue_alias_rows[];
/* Names of models, in the order of their bytes. */
extern const struct proa_catalogue_name proa_catalogue_name_rows[];
extern const size_t proa_catalogue_n_name_rows;
/* Ids of offers, by provider, then in the order of their bytes. */
extern const struct proa_catalogue_name proa_catalogue_upstream_rows[];
/* Provider i's are [i] to before [i + 1]. */
extern const uint16_t proa_catalogue_upstream_first[];

#endif
