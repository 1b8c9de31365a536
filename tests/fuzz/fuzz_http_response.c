/*
 * Responses: whole and split agree.
 *
 * links: http core
 */
#include "http_twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proa_http_parser_cfg cfg = {PROA_HTTP_RESPONSE,
                                       proa_http_limits_upstream,
                                       {story_on_head, story_on_body, story_on_complete}};
    if (len < 2) {
        return 0;
    }
    if (data[0] & 1) { /* limits near enough to be met */
        cfg.limits = (struct proa_http_limits){.head_bytes = 128,
                                               .line_bytes = 64,
                                               .n_headers = 6,
                                               .n_interim = 2,
                                               .ext_bytes = 16,
                                               .trailer_bytes = 32,
                                               .body_bytes = UINT64_MAX};
    }
    struct story whole;
    bool no_body = (data[0] & 2) != 0;
    story_twice(&whole, &cfg, no_body, proa_slice_make(data + 2, len - 2),
                (uint64_t)data[1] << 8 | data[0]);
    must(!no_body || whole.body.len == 0);
    story_free(&whole);
    return 0;
}
