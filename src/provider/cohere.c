#include "cohere_priv.h"
#include "dialects_priv.h"

static bool offers(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)vendor;
    (void)model;
    return op == PROA_OP_CHAT || op == PROA_OP_COMPLETION || op == PROA_OP_EMBEDDING ||
           op == PROA_OP_RERANK;
}

static size_t inputs_max(const struct proa_vendor *vendor, struct proa_slice model)
{
    (void)vendor;
    (void)model;
    return COHERE_TEXTS_MAX;
}

const struct proa_dialect proa_dialect_cohere = {
    .name = "cohere",
    .stream_type = PROA_SLICE_INIT("text/event-stream"),
    .scheme = PROA_AUTH_BEARER,
    .decode = &proa_cohere_decode,
    .passes = proa_dialect_never_passes,
    .offers = offers,
    .inputs_max = inputs_max,
    .encode = proa_cohere_encode,
    .classify = proa_cohere_classify,
};
