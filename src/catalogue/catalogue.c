#include "proa/catalogue/catalogue.h"

#include "order_priv.h"
#include "tables_priv.h"

struct proa_slice proa_catalogue_slice(struct proa_catalogue_text text)
{
    return (struct proa_slice){proa_catalogue_chars + text.at, text.len};
}

/* ---- all of a kind --------------------------------------------------------------------------- */

const struct proa_catalogue_model *proa_catalogue_models(size_t *n)
{
    *n = proa_catalogue_n_model_rows;
    return proa_catalogue_model_rows;
}

const struct proa_catalogue_offer *proa_catalogue_offers(size_t *n)
{
    *n = proa_catalogue_n_offer_rows;
    return proa_catalogue_offer_rows;
}

size_t proa_catalogue_n_providers(void)
{
    return proa_catalogue_n_provider_rows;
}

struct proa_slice proa_catalogue_provider(size_t i)
{
    PROA_ASSERT(i < proa_catalogue_n_provider_rows);
    return proa_catalogue_slice(proa_catalogue_provider_rows[i]);
}

uint8_t proa_catalogue_find_provider(struct proa_slice name)
{
    for (size_t i = 0; i < proa_catalogue_n_provider_rows; i++) {
        if (proa_slice_eq(proa_catalogue_provider(i), name)) {
            return (uint8_t)i;
        }
    }
    return PROA_CATALOGUE_NO_PROVIDER;
}

/* ---- by name --------------------------------------------------------------------------------- */

/* What the name stands for among rows [begin, end), or SIZE_MAX. */
static size_t find(const struct proa_catalogue_name *rows, size_t begin, size_t end,
                   struct proa_slice name)
{
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        const int order = proa_catalogue_order(name, proa_catalogue_slice(rows[middle].text));
        if (order == 0) {
            return rows[middle].of;
        }
        if (order < 0) {
            end = middle;
        } else {
            begin = middle + 1;
        }
    }
    return SIZE_MAX;
}

const struct proa_catalogue_model *proa_catalogue_find(struct proa_slice name)
{
    const size_t i = find(proa_catalogue_name_rows, 0, proa_catalogue_n_name_rows, name);
    return i == SIZE_MAX ? NULL : &proa_catalogue_model_rows[i];
}

const struct proa_catalogue_offer *proa_catalogue_offer_find(uint8_t provider,
                                                             struct proa_slice upstream_id)
{
    if (provider >= proa_catalogue_n_provider_rows) {
        return NULL;
    }
    const uint16_t *first = &proa_catalogue_upstream_first[provider];
    const size_t i = find(proa_catalogue_upstream_rows, first[0], first[1], upstream_id);
    return i == SIZE_MAX ? NULL : &proa_catalogue_offer_rows[i];
}

/* ---- of a model ------------------------------------------------------------------------------ */

struct proa_slice proa_catalogue_alias(const struct proa_catalogue_model *model, size_t i)
{
    PROA_ASSERT(i < model->n_aliases);
    return proa_catalogue_slice(proa_catalogue_alias_rows[model->first_alias + i]);
}

const struct proa_catalogue_offer *
proa_catalogue_offers_of(const struct proa_catalogue_model *model)
{
    return &proa_catalogue_offer_rows[model->first_offer];
}

const struct proa_catalogue_model *proa_catalogue_model_of(const struct proa_catalogue_offer *offer)
{
    return &proa_catalogue_model_rows[offer->model];
}

const struct proa_catalogue_offer *proa_catalogue_offer_by(const struct proa_catalogue_model *model,
                                                           uint8_t provider)
{
    const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(model);
    for (size_t i = 0; i < model->n_offers; i++) {
        if (offers[i].provider == provider) {
            return &offers[i];
        }
    }
    return NULL;
}
