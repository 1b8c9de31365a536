#include "anthropic_priv.h"
#include "dialects_priv.h"

/* Until there is a surface that speaks it, and a reader for its answers. */
static bool passes(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)vendor;
    (void)model;
    (void)op;
    return false;
}

static bool offers(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)vendor;
    (void)model;
    return op == PROA_OP_CHAT || op == PROA_OP_COMPLETION;
}

/* It has no embeddings. */
static size_t inputs_max(const struct proa_vendor *vendor, struct proa_slice model)
{
    (void)vendor;
    (void)model;
    return 1;
}

const struct proa_dialect proa_dialect_anthropic = {
    .name = "anthropic",
    .stream_type = PROA_SLICE_INIT("text/event-stream"),
    .scheme = PROA_AUTH_X_API_KEY,
    .decode = &proa_anthropic_decode,
    .passes = passes,
    .offers = offers,
    .inputs_max = inputs_max,
    .encode = proa_anthropic_encode,
    .classify = proa_anthropic_classify,
};
