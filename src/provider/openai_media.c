/*
 * Images and audio: what their answers tell.
 */
#include "openai_priv.h"

void proa_openai_media_usage(struct proa_slice object, struct proa_usage *usage)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const uint64_t n = proa_decode_u64(&item, UINT64_MAX);
        if (proa_decode_key_is(&item, PROA_SLICE("input_tokens")) ||
            proa_decode_key_is(&item, PROA_SLICE("prompt_tokens"))) {
            proa_usage_set(usage, PROA_USAGE_INPUT, n);
        } else if (proa_decode_key_is(&item, PROA_SLICE("output_tokens")) ||
                   proa_decode_key_is(&item, PROA_SLICE("completion_tokens"))) {
            proa_usage_set(usage, PROA_USAGE_OUTPUT, n);
        }
    }
}
