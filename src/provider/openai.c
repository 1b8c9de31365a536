#include "dialects_priv.h"
#include "openai_priv.h"

static bool passes(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)vendor;
    (void)model;
    (void)op;
    return true;
}

static bool offers(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op)
{
    (void)vendor;
    (void)model;
    (void)op;
    return true;
}

/* OpenAI's own limit; servers that take fewer say so themselves. */
static size_t inputs_max(const struct proa_vendor *vendor, struct proa_slice model)
{
    (void)vendor;
    (void)model;
    return 2048;
}

const struct proa_dialect proa_dialect_openai = {
    .name = "openai",
    .stream_type = PROA_SLICE_INIT("text/event-stream"),
    .scheme = PROA_AUTH_BEARER,
    .passes = passes,
    .offers = offers,
    .inputs_max = inputs_max,
    .encode = proa_openai_encode,
    .classify = proa_openai_classify,
    .read_plain = proa_openai_read_plain,
    .reader_create = proa_openai_reader_create,
    .reader_feed = proa_openai_reader_feed,
    .reader_complete = proa_openai_reader_complete,
    .reader_usage = proa_openai_reader_usage,
    .reader_finish_reason = proa_openai_reader_finish_reason,
    .reader_model = proa_openai_reader_model,
    .reader_destroy = proa_openai_reader_destroy,
    .read_delta = proa_openai_read_delta,
};
