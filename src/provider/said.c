/*
 * One reader for all dialects: what is called `error`, `message`, `type`, `code`, `status` or
 * `details` means the same everywhere, and where it stands differs less than providers do.
 */
#include "decoder_priv.h"
#include "hint_priv.h"
#include "openai_priv.h"
#include "said_priv.h"

#include "proa/json/lex.h"

/* A message that is no JSON is shown this far. */
enum { PLAIN_MAX = 256 };

/* Strings without quotes, everything else as it stands; nothing for null. */
static struct proa_slice as_text(const struct proa_json_item *item)
{
    if (item->kind == PROA_JSON_NULL) {
        return PROA_SLICE_NONE;
    }
    return item->kind == PROA_JSON_STRING ? proa_decode_string(item) : item->value;
}

static void take_status(const struct proa_json_item *item, struct proa_said *out)
{
    uint64_t status = 0;
    const struct proa_slice text = as_text(item);
    if (proa_slice_to_u64(text, &status) == PROA_OK && status >= 300 && status <= 599) {
        out->status = (uint16_t)status;
    }
}

/* Anthropic's own code is deeper than others'. */
static void take_error_code(const struct proa_json_item *details, struct proa_said *out)
{
    struct proa_slice code = PROA_SLICE_NONE;
    if (proa_json_get(details->value, PROA_SLICE("error_code"), &code) == PROA_JSON_STRING) {
        out->code = proa_slice_make(code.ptr + 1, code.len - 2);
    }
}

/* One member of an error object, or of a body that is one itself. */
static void take_member(const struct proa_json_item *item, struct proa_said *out)
{
    if (proa_decode_key_is(item, PROA_SLICE("message")) ||
        proa_decode_key_is(item, PROA_SLICE("Message"))) { /* AWS writes it both ways */
        out->message = as_text(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("type")) ||
               proa_decode_key_is(item, PROA_SLICE("__type"))) {
        out->type = as_text(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("code"))) {
        out->code = as_text(item);
        take_status(item, out);
    } else if (proa_decode_key_is(item, PROA_SLICE("detail"))) {
        out->message = out->message.len > 0 ? out->message : as_text(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("status"))) {
        take_status(item, out);
        out->type = out->type.len > 0 ? out->type : proa_decode_string(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("status_code")) ||
               proa_decode_key_is(item, PROA_SLICE("raw_status_code"))) {
        take_status(item, out);
    } else if (proa_decode_key_is(item, PROA_SLICE("details")) ||
               proa_decode_key_is(item, PROA_SLICE("metadata"))) {
        out->details = item->value;
        take_error_code(item, out);
    }
}

static void read_object(struct proa_slice object, struct proa_said *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    /* A body that was cut off has its say as far as it goes. */
    while (proa_json_cursor_next(&c, &item)) {
        take_member(&item, out);
    }
}

/* `{"error":{...}}`, `{"error":"text","code":...}`, or the members themselves at the top. */
static void read_body(struct proa_slice object, struct proa_said *out)
{
    struct proa_said inner = {.status = 0};
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!proa_decode_key_is(&item, PROA_SLICE("error"))) {
            take_member(&item, out);
        } else if (item.kind == PROA_JSON_OBJECT) {
            read_object(item.value, &inner);
        } else if (item.kind == PROA_JSON_STRING) {
            inner.message = proa_decode_string(&item);
        }
    }
    /* The error object may be the member at which a cut body breaks. */
    if (inner.message.len == 0 && inner.code.len == 0 && c.err == PROA_ERR_TRUNCATED) {
        const struct proa_slice rest = proa_json_cursor_rest(&c);
        const size_t at = proa_slice_search(rest, PROA_SLICE("\"error\""));
        read_object(proa_slice_from(rest, at + proa_slice_find(proa_slice_from(rest, at), '{')),
                    &inner);
    }
    out->message = inner.message.len > 0 ? inner.message : out->message;
    out->type = inner.type.len > 0 ? inner.type : out->type;
    out->code = inner.code.len > 0 ? inner.code : out->code;
    out->details = inner.details.len > 0 ? inner.details : out->details;
    out->status = inner.status > 0 ? inner.status : out->status;
}

/* The beginning of a text in whole characters; nothing of what is none: compressed, or binary. */
static struct proa_slice plain_text(struct proa_slice text)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    const unsigned char *end = at + text.len;
    size_t n = 0;
    while (at + n < end && n < PLAIN_MAX) {
        const size_t step = proa_json_lex_utf8(at + n, end);
        const bool blank = at[n] == '\n' || at[n] == '\r' || at[n] == '\t';
        if (step == 0 || at[n] == 0x7f || (at[n] < ' ' && !blank)) {
            return PROA_SLICE_NONE;
        }
        if (n + step > PLAIN_MAX) {
            break;
        }
        n += step;
    }
    return proa_slice_head(text, n);
}

void proa_said_read(struct proa_slice body, struct proa_said *out)
{
    struct proa_slice text = proa_openai_strip(body);
    const enum proa_json_kind kind = proa_json_kind_of(body);
    out->is_json = kind == PROA_JSON_OBJECT || kind == PROA_JSON_ARRAY;
    if (kind == PROA_JSON_OBJECT) {
        read_body(body, out);
    } else if (kind == PROA_JSON_ARRAY) {
        /* Google wraps its object in streams and at its compatible endpoint. */
        (void)proa_json_at(body, 0, &text);
        read_body(text, out);
    } else if (text.len > 0 && text.ptr[0] != '<') {
        out->message = plain_text(text);
    }
}

/* ---- what it means --------------------------------------------------------------------------- */

static void judge(const struct proa_error_rule *rules, size_t n_rules,
                  const struct proa_answer_head *head, struct proa_said *said,
                  struct proa_failure *out)
{
    const uint64_t prose = proa_hint_prose(said->message);
    const uint64_t details = proa_hint_details(said->details, head->unix_ms);
    said->wait_ns = prose > details ? prose : details;
    proa_judge(rules, n_rules, head, said, out);
}

void proa_said_judge(const struct proa_error_rule *rules, size_t n_rules,
                     const struct proa_answer_head *head, struct proa_slice body,
                     struct proa_failure *out)
{
    struct proa_said said = {.status = 0};
    proa_said_read(body, &said);
    said.status = head->status;
    judge(rules, n_rules, head, &said, out);
}

void proa_said_judge_inband(const struct proa_error_rule *rules, size_t n_rules,
                            const struct proa_answer_head *head, struct proa_slice object,
                            struct proa_failure *out)
{
    struct proa_said said = {.status = 0};
    proa_said_read(object, &said);
    judge(rules, n_rules, head, &said, out);
}
