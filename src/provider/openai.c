#include "dialects_priv.h"
#include "openai_priv.h"

const struct proa_dialect proa_dialect_openai = {
    .name = "openai",
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
