#include "bedrock_priv.h"
#include "dialects_priv.h"

/* No surface speaks it. */
static bool passes(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)vendor;
    (void)model;
    (void)op;
    return false;
}

const struct proa_dialect proa_dialect_bedrock = {
    .name = "bedrock",
    .stream_type = PROA_SLICE_INIT("application/vnd.amazon.eventstream"),
    .scheme = PROA_AUTH_BEARER,
    .decode = &proa_bedrock_decode_ops,
    .passes = passes,
    .offers = proa_bedrock_offers,
    .inputs_max = proa_bedrock_inputs_max,
    .encode = proa_bedrock_encode,
    .classify = proa_bedrock_classify,
};
