#include "dialects_priv.h"
#include "openai_priv.h"
#include "openai_quirks_priv.h"

/* Servers of one's own may have what is not known of them, and a path that one does not know is
 * told by its 404. */
static bool offers(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    const struct openai_quirks *q = proa_openai_quirks(vendor, model);
    return !(op == PROA_OP_EMBEDDING && q->no_embeddings) &&
           !(op == PROA_OP_RERANK && q->no_ranks) &&
           !(op == PROA_OP_RESPONSES && q->responses == OPENAI_RESPONSES_NONE) &&
           (q->lacks >> op & 1U) == 0;
}

/* What is not offered is refused where requests are translated. Images and audio have no words that
 * would have to be others. */
static bool passes(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    /* The rows' quirks are those of chats. */
    return ((proa_openai_quirks(vendor, model)->flags & OPENAI_TRANSLATE) == 0 ||
            op == PROA_OP_RESPONSES || proa_operation_is_media(op)) &&
           offers(vendor, model, op);
}

static bool keeps(const struct proa_vendor *vendor, struct proa_slice model)
{
    return proa_openai_quirks(vendor, model)->responses == OPENAI_RESPONSES_KEPT;
}

/* OpenAI's own limit, where a row does not say otherwise. */
static size_t inputs_max(const struct proa_vendor *vendor, struct proa_slice model)
{
    const uint32_t max = proa_openai_quirks(vendor, model)->inputs_max;
    return max > 0 ? max : 2048;
}

const struct proa_dialect proa_dialect_openai = {
    .name = "openai",
    .stream_type = PROA_SLICE_INIT("text/event-stream"),
    .scheme = PROA_AUTH_BEARER,
    .passes = passes,
    .offers = offers,
    .keeps = keeps,
    .inputs_max = inputs_max,
    .decode = &proa_openai_decode_ops,
    .encode = proa_openai_encode,
    .classify = proa_openai_classify,
    .read_plain = proa_openai_read_plain,
    .reader_create = proa_openai_reader_create,
    .reader_feed = proa_openai_reader_feed,
    .reader_complete = proa_openai_reader_complete,
    .reader_usage = proa_openai_reader_usage,
    .reader_finish_reason = proa_openai_reader_finish_reason,
    .reader_model = proa_openai_reader_model,
    .reader_id = proa_openai_reader_id,
    .reader_destroy = proa_openai_reader_destroy,
    .read_delta = proa_openai_read_delta,
};
