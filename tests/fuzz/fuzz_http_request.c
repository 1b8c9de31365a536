/*
 * Requests: whole and split agree, and whatever we accept llhttp accepts as well, with the same
 * body and the same end. Two parsers that disagree about an end are how requests get smuggled.
 *
 * links: http core
 */
#include <llhttp.h>

#include "http_twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct second {
    struct proa_buf body;
    bool complete;
};

static int second_on_body(llhttp_t *ll, const char *at, size_t len)
{
    struct second *s = ll->data;
    return proa_buf_append(&s->body, proa_slice_make(at, len)) == PROA_OK ? 0 : -1;
}

static int second_on_complete(llhttp_t *ll)
{
    struct second *s = ll->data;
    s->complete = true;
    return HPE_PAUSED;
}

/*
 * llhttp has a grammar for extensions, which we only skip, and takes trailers for headers, which we
 * drop: bodies with either are not compared.
 */
static bool is_comparable(const struct story *st, struct proa_slice message)
{
    if (!st->chunked) {
        return true;
    }
    size_t end = message.len - 4;
    while (end > 0 && message.ptr[end - 1] == '0') {
        end--;
    }
    bool has_trailers = end == message.len - 4 || message.ptr[end - 1] != '\n';
    return !has_trailers && proa_slice_find(message, ';') == message.len;
}

static void ask_llhttp(const struct story *st, struct proa_slice in)
{
    static const llhttp_settings_t hooks = {.on_body = second_on_body,
                                            .on_message_complete = second_on_complete};
    struct proa_slice message = proa_slice_head(in, st->consumed);
    if (!st->complete || !is_comparable(st, message)) {
        return;
    }
    struct second second = {.complete = false};
    llhttp_t ll;
    proa_buf_init(&second.body, 64U << 20);
    llhttp_init(&ll, HTTP_REQUEST, &hooks);
    ll.data = &second;
    enum llhttp_errno err = llhttp_execute(&ll, message.ptr, message.len);
    must(err == HPE_OK || err == HPE_PAUSED || err == HPE_PAUSED_UPGRADE);
    if (!ll.upgrade) { /* there its idea of a body is another one */
        must(second.complete);
        must(proa_slice_eq(proa_buf_slice(&second.body), proa_buf_slice(&st->body)));
    }
    proa_buf_deinit(&second.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proa_http_parser_cfg cfg = {PROA_HTTP_REQUEST,
                                       proa_http_limits_client,
                                       {story_on_head, story_on_body, story_on_complete}};
    if (len < 2) {
        return 0;
    }
    if (data[0] & 1) { /* limits near enough to be met */
        cfg.limits = (struct proa_http_limits){.head_bytes = 256,
                                               .line_bytes = 64,
                                               .target_bytes = 32,
                                               .n_headers = 6,
                                               .ext_bytes = 16,
                                               .trailer_bytes = 32,
                                               .body_bytes = 64};
    }
    struct story whole;
    struct proa_slice in = proa_slice_make(data + 2, len - 2);
    story_twice(&whole, &cfg, false, in, (uint64_t)data[1] << 8 | data[0]);
    ask_llhttp(&whole, in);
    story_free(&whole);
    return 0;
}
