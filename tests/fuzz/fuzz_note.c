/*
 * What the gateway tells, put into answers that are passed on. The first byte says which: bits 0-1
 * the surface, bits 2-3 a whole answer, events or an error, the rest the endpoint; what follows is
 * the answer. Whatever comes, the place is inside it, and an answer that was JSON still is.
 *
 * links: api json chat http core
 */
#include "proa/api/note.h"
#include "proa/core/check.h"
#include "proa/json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_json(struct proa_slice text)
{
    const struct proa_json_scan_cfg all = {0};
    struct proa_json_info info;
    return proa_json_scan(text, &all, NULL, &info) == PROA_OK;
}

static void check(struct proa_slice answer, const struct proa_buf *text, size_t at)
{
    struct proa_buf out;
    PROA_ASSERT(text->len > 0 && at < answer.len && answer.ptr[at] == '}');
    if (!is_json(answer)) {
        return;
    }
    proa_buf_init(&out, SIZE_MAX);
    (void)proa_buf_append(&out, proa_slice_head(answer, at));
    (void)proa_buf_append(&out, proa_buf_slice(text));
    (void)proa_buf_append(&out, proa_slice_from(answer, at));
    PROA_ASSERT(is_json(proa_buf_slice(&out)));
    proa_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct proa_api_note note = {.gateway = PROA_SLICE_INIT("{\"a\":[1]}"),
                                              .generation = PROA_SLICE_INIT("gen_1")};
    struct proa_buf text;
    size_t at = 0;
    if (size == 0) {
        return 0;
    }
    const enum proa_surface surface = (enum proa_surface)((data[0] & 3));
    const enum proa_endpoint_kind kind =
        (enum proa_endpoint_kind)((data[0] >> 4) % (PROA_API_CONFIG + 1));
    const struct proa_slice answer = proa_slice_make(data + 1, size - 1);
    bool found = false;
    proa_buf_init(&text, 4096);
    switch (data[0] >> 2 & 3) {
    case 0:
        found = proa_api_note_whole(surface, kind, answer, &note, &text, &at);
        break;
    case 1:
        found = proa_api_note_events(surface, kind, answer, &note, &text, &at);
        break;
    default:
        found = proa_api_note_error(answer, &note, &text, &at);
        break;
    }
    if (found) {
        check(answer, &text, at);
    } else {
        PROA_ASSERT(text.len == 0);
    }
    proa_buf_deinit(&text);
    return 0;
}
