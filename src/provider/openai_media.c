/*
 * Images and audio: what their answers tell, and whole answers as events.
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

/* ---- whole answers --------------------------------------------------------------------------- */

struct members {
    struct proa_json_item data;
    struct proa_json_item text;
    struct proa_slice model;
    bool failed;
};

/* Usage is told at once; false for what is no object. */
static bool read_members(struct proa_decoder *d, struct proa_slice body, struct members *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_usage usage = {.known = 0};
    *out = (struct members){.failed = false};
    if (proa_json_cursor_init(&c, body) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("data"))) {
            out->data = item;
        } else if (proa_decode_key_is(&item, PROA_SLICE("text"))) {
            out->text = item;
        } else if (proa_decode_key_is(&item, PROA_SLICE("model"))) {
            out->model = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("usage"))) {
            proa_openai_media_usage(item.value, &usage);
        } else if (proa_decode_key_is(&item, PROA_SLICE("error"))) {
            out->failed = out->failed || proa_openai_is_filled(&item);
        }
    }
    for (int f = 0; f < PROA_USAGE_FIELDS && c.err == PROA_OK; f++) {
        if (proa_usage_has(&usage, (enum proa_usage_field)f)) {
            proa_decode_usage(d, (enum proa_usage_field)f, usage.count[f]);
        }
    }
    return c.err == PROA_OK;
}

/* The image itself; false when it is not there. */
static bool take_image(struct proa_decoder *d, struct proa_slice object, uint32_t index)
{
    struct proa_json_item item = {.kind = PROA_JSON_ABSENT};
    item.kind = proa_json_get(object, PROA_SLICE("b64_json"), &item.value);
    const struct proa_slice text = proa_decode_string(&item);
    if (text.len == 0) {
        return false;
    }
    proa_decode_other(
        d, &(const struct proa_chat_event){.kind = PROA_CHAT_MEDIA, .index = index, .text = text});
    return true;
}

static bool take_images(struct proa_decoder *d, struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return false;
    }
    for (uint32_t i = 0; proa_json_cursor_next(&c, &item); i++) {
        if (!take_image(d, item.value, i)) {
            proa_decode_fail(d, &(const struct proa_failure){
                                    .class = PROA_CLASS_MALFORMED,
                                    .message = PROA_SLICE("an image is not in the answer itself")});
            return true;
        }
    }
    return true;
}

/* Sound, whatever it is, unless it says that it is a text. */
static bool decode_speech(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_slice type = PROA_SLICE_NONE;
    for (size_t i = 0; i < d->head->n_headers; i++) {
        if (d->head->headers[i].id == PROA_HTTP_HEADER_CONTENT_TYPE) {
            type = d->head->headers[i].value;
        }
    }
    if (proa_operation_answer_form(PROA_OP_SPEECH, type) != PROA_ANSWER_FLOW) {
        struct members m;
        if (read_members(d, body, &m) && m.failed) {
            proa_openai_decode_failure(d, body);
            return true;
        }
        return false;
    }
    const struct proa_slice media_type = proa_slice_head(type, proa_slice_find(type, ';'));
    proa_decode_other(d, &(const struct proa_chat_event){
                             .kind = PROA_CHAT_MEDIA, .media_type = media_type, .raw = body});
    return true;
}

bool proa_openai_decode_media(struct proa_decoder *d, struct proa_slice body)
{
    struct members m;
    if (d->op == PROA_OP_SPEECH) {
        return decode_speech(d, body);
    }
    if (!read_members(d, body, &m)) {
        return false;
    }
    if (m.failed) {
        proa_openai_decode_failure(d, body);
        return true;
    }
    proa_decode_start(d, PROA_SLICE_NONE, m.model, 0);
    if (d->op == PROA_OP_IMAGE || d->op == PROA_OP_IMAGE_EDIT) {
        return m.data.kind == PROA_JSON_ARRAY && take_images(d, m.data.value);
    }
    if (m.text.kind != PROA_JSON_STRING) {
        return false;
    }
    proa_decode_other(d, &(const struct proa_chat_event){.kind = PROA_CHAT_TEXT,
                                                         .text = proa_decode_string(&m.text),
                                                         .raw = body});
    return true;
}
