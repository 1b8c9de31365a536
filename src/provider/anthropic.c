#include "anthropic_priv.h"
#include "dialects_priv.h"

/* A client that names a model knows what it takes. Only Anthropic itself counts: what others have
 * for that is not the same. */
static bool passes(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)model;
    return op == PROA_OP_CHAT ||
           (op == PROA_OP_COUNT_TOKENS && !proa_anthropic_host(vendor)->in_path);
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
    .read_plain = proa_anthropic_read_plain,
    .reader_create = proa_anthropic_reader_create,
    .reader_feed = proa_anthropic_reader_feed,
    .reader_complete = proa_anthropic_reader_complete,
    .reader_usage = proa_anthropic_reader_usage,
    .reader_finish_reason = proa_anthropic_reader_finish_reason,
    .reader_model = proa_anthropic_reader_model,
    .reader_destroy = proa_anthropic_reader_destroy,
    .read_delta = proa_anthropic_read_delta,
};
