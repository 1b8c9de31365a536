#include "relay_priv.h"

#include "proa/json/cursor.h"
#include "proa/json/string.h"

void proa_relay_init(struct proa_relay *r, const struct proa_sse_limits *limits)
{
    proa_sse_init(&r->sse, limits);
    proa_buf_init(&r->tails[0], limits->event_bytes + RELAY_TAIL_MORE);
    proa_buf_init(&r->tails[1], limits->event_bytes + RELAY_TAIL_MORE);
    proa_buf_init(&r->failure_text, RELAY_FAILURE_TEXT_MAX);
}

void proa_relay_deinit(struct proa_relay *r)
{
    proa_sse_deinit(&r->sse);
    proa_buf_deinit(&r->tails[0]);
    proa_buf_deinit(&r->tails[1]);
    proa_buf_deinit(&r->failure_text);
}

void proa_relay_keep(struct relay_name *n, struct proa_slice text)
{
    n->len = text.len < RELAY_NAME_MAX ? text.len : RELAY_NAME_MAX;
    if (n->len > 0) {
        memcpy(n->text, text.ptr, n->len);
    }
}

/* A copy of ours, decoded when it is a string; `raw` stands inside a JSON object. */
static struct proa_slice keep_text(struct proa_buf *out, struct proa_slice raw)
{
    const size_t from = out->len;
    if (raw.len == 0) {
        return PROA_SLICE_NONE;
    }
    const bool is_string = raw.ptr[-1] == '"' && raw.ptr[raw.len] == '"';
    const struct proa_slice token = {raw.ptr - 1, raw.len + 2};
    if (!is_string || proa_json_string_decode(token, out) != PROA_OK) {
        proa_buf_clear(out);
        out->len = from;
        (void)proa_buf_append(out, proa_slice_head(raw, (RELAY_FAILURE_TEXT_MAX - from) / 2));
    }
    return proa_slice_from(proa_buf_slice(out), from);
}

void proa_relay_fail(struct proa_relay *r, const struct proa_failure *failure)
{
    r->state = PROA_ANSWER_ERROR;
    r->failure = *failure;
    /* The memory must not move under the first slices: */
    (void)proa_buf_reserve(&r->failure_text, RELAY_FAILURE_TEXT_MAX);
    r->failure.code = keep_text(&r->failure_text, proa_slice_head(failure->code, RELAY_NAME_MAX));
    r->failure.type = keep_text(&r->failure_text, proa_slice_head(failure->type, RELAY_NAME_MAX));
    r->failure.message = keep_text(&r->failure_text, failure->message);
}

void proa_relay_fail_data(struct proa_relay *r, struct proa_slice data,
                          const struct proa_failure *failure)
{
    const enum proa_json_kind kind = proa_json_kind_of(data);
    if (kind == PROA_JSON_OBJECT || kind == PROA_JSON_ARRAY) {
        proa_relay_fail(r, failure);
        return;
    }
    /* Text as it is: keep_text() would look for quotes around it. */
    struct proa_failure rest = *failure;
    rest.message = PROA_SLICE_NONE;
    proa_relay_fail(r, &rest);
    const size_t from = r->failure_text.len;
    (void)proa_buf_append(&r->failure_text,
                          proa_slice_head(failure->message, RELAY_FAILURE_TEXT_MAX - from));
    r->failure.message = proa_slice_from(proa_buf_slice(&r->failure_text), from);
}
