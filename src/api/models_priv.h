/*
 * What lists of models say of one in the same words.
 */
#ifndef PROA_API_MODELS_PRIV_H
#define PROA_API_MODELS_PRIV_H

#include "proa/api/models.h"
#include "proa/json/writer.h"

enum { MODEL_MODALITIES_MAX = 4 };

/* "text", "image": what goes in, and what comes out; static. */
struct model_modalities {
    struct proa_slice in[MODEL_MODALITIES_MAX];
    struct proa_slice out[MODEL_MODALITIES_MAX];
    size_t n_in;
    size_t n_out;
};

/* False where the model's type is not known. */
bool proa_models_modalities(const struct proa_api_model *model, struct model_modalities *out);

struct proa_slice proa_models_name(const struct proa_api_model *model);
void proa_models_strings(struct proa_json_writer *w, const char *key,
                         const struct proa_slice *items, size_t n);
/* The prices that are known, each under its key of `keys`. */
void proa_models_prices(struct proa_json_writer *w, const struct proa_api_prices *prices,
                        const char *const keys[PROA_API_PRICES]);
/* "tags": what it can do, for people. */
void proa_models_tags(struct proa_json_writer *w, unsigned features);
/* "supported_parameters": members of a chat request that it takes beside its messages. */
void proa_models_parameters(struct proa_json_writer *w, unsigned features);

#endif
