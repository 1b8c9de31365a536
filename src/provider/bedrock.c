#include "bedrock_priv.h"
#include "dialects_priv.h"

const struct proa_dialect proa_dialect_bedrock = {
    .name = "bedrock",
    .stream_type = PROA_SLICE_INIT("application/vnd.amazon.eventstream"),
    .scheme = PROA_AUTH_BEARER,
    .decode = &proa_bedrock_decode_ops,
    .passes = proa_dialect_never_passes,
    .offers = proa_bedrock_offers,
    .inputs_max = proa_bedrock_inputs_max,
    .encode = proa_bedrock_encode,
    .classify = proa_bedrock_classify,
};
