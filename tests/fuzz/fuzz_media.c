/*
 * Images and audio of the AI SDK: a request that is read is written for every provider that takes
 * it, forms as forms with one part for each field; an answer that is read is written as JSON. Both
 * whatever the bytes are.
 *
 * links: api provider
 */
#include "proa/api/face.h"
#include "proa/json/scan.h"
#include "proa/provider/decoder.h"
#include "proa/provider/vendor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const struct {
    enum proa_endpoint_kind kind;
    enum proa_operation op;
} KINDS[] = {
    {PROA_API_IMAGES, PROA_OP_IMAGE},
    {PROA_API_SPEECH, PROA_OP_SPEECH},
    {PROA_API_TRANSCRIPTIONS, PROA_OP_TRANSCRIPTION},
};
static const struct proa_slice VENDORS[] = {
    PROA_SLICE_INIT("openai"), PROA_SLICE_INIT("azure"),    PROA_SLICE_INIT("xai"),
    PROA_SLICE_INIT("groq"),   PROA_SLICE_INIT("together"), PROA_SLICE_INIT("mistral"),
    PROA_SLICE_INIT("none"),
};

static bool is_json(struct proa_slice text)
{
    const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    return proa_json_scan(text, &any, NULL, &info) == PROA_OK;
}

/* What a client says twice is said twice: options go on as they came. */
static bool is_json_with_options(struct proa_slice text)
{
    const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    const enum proa_err err = proa_json_scan(text, &any, NULL, &info);
    return err == PROA_OK || err == PROA_ERR_DUPLICATE || err == PROA_ERR_LIMIT;
}

static void check_form(const struct proa_encoded *out, struct proa_slice head,
                       struct proa_slice body)
{
    const struct proa_slice mark = PROA_SLICE("\r\ncontent-type: ");
    const struct proa_slice rest = proa_slice_from(head, proa_slice_search(head, mark) + mark.len);
    const struct proa_slice type =
        proa_slice_head(rest, proa_slice_search(rest, PROA_SLICE("\r\n")));
    struct proa_slice boundary;
    struct proa_multipart m;
    struct proa_multipart_part part;
    struct proa_multipart_fault fault;
    enum proa_multipart_result result;
    size_t files = 0;
    must(proa_multipart_boundary(type, &boundary) == PROA_OK);
    proa_multipart_init(&m, body, boundary);
    while ((result = proa_multipart_next(&m, &part, &fault)) == PROA_MULTIPART_PART) {
        must(m.n_parts > 1 || proa_slice_eq(part.name, PROA_SLICE("model")));
        files += part.is_file;
    }
    must(result == PROA_MULTIPART_END && files > 0 && out->n_iov > 2);
}

/* Returns whether the vendor takes it. */
static void write_for(const struct proa_vendor *vendor, struct proa_encode_in *in)
{
    const struct proa_dialect *openai = proa_dialect_find(PROA_SLICE("openai"));
    struct proa_chat_warnings warnings = {.n = 0};
    struct proa_encoded out = {.n_iov = 0};
    struct proa_arena arena;
    struct proa_buf body;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&body, 64U << 20);
    proa_buf_init(&out.body, 64U << 20);
    in->vendor = vendor;
    in->warnings = &warnings;
    const enum proa_err err = openai->encode(in, &arena, &out);
    must(err == PROA_OK || err == PROA_ERR_UNSUPPORTED || err == PROA_ERR_LIMIT);
    if (err == PROA_OK) {
        const struct proa_slice head = proa_slice_make(out.iov[0].iov_base, out.iov[0].iov_len);
        for (size_t i = 1; i < out.n_iov; i++) {
            (void)proa_buf_append(&body, proa_slice_make(out.iov[i].iov_base, out.iov[i].iov_len));
        }
        must(body.len == out.body_bytes);
        if (in->transcription || in->operation == PROA_OP_IMAGE_EDIT) {
            check_form(&out, head, proa_buf_slice(&body));
        } else {
            must(is_json_with_options(proa_buf_slice(&body)));
        }
    }
    proa_buf_deinit(&out.body);
    proa_buf_deinit(&body);
    proa_arena_reset(&arena);
}

static void check_request(size_t k, struct proa_slice body)
{
    struct proa_api_asked asked;
    struct proa_api_error error;
    struct proa_arena arena;
    struct proa_buf text;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&text, 1024);
    const struct proa_api_body in = {
        .kind = KINDS[k].kind, .bytes = body, .arena = &arena, .text = &text};
    const enum proa_err err = proa_api_face(PROA_SURFACE_AI_SDK)->read(&in, &asked, &error);
    must(err == PROA_OK || error.message.len > 0);
    if (err == PROA_OK) {
        struct proa_encode_in encode = {.operation = KINDS[k].op,
                                        .host_header = PROA_SLICE("h"),
                                        .model = PROA_SLICE("gpt-image-1")};
        encode.image = encode.operation == PROA_OP_IMAGE ? &asked.image : NULL;
        encode.speech = encode.operation == PROA_OP_SPEECH ? &asked.speech : NULL;
        encode.transcription =
            encode.operation == PROA_OP_TRANSCRIPTION ? &asked.transcription : NULL;
        if (encode.image && encode.image->n_files > 0) {
            encode.operation = PROA_OP_IMAGE_EDIT;
        }
        for (size_t v = 0; v < PROA_ARRAY_LEN(VENDORS); v++) {
            write_for(proa_vendor_find(VENDORS[v]), &encode);
        }
    }
    proa_buf_deinit(&text);
    proa_arena_reset(&arena);
}

static void check_answer(size_t k, unsigned version, struct proa_slice body)
{
    static const struct proa_http_header type = {.id = PROA_HTTP_HEADER_CONTENT_TYPE,
                                                 .name = PROA_SLICE_INIT("content-type"),
                                                 .value = PROA_SLICE_INIT("audio/wav")};
    const struct proa_answer_head head = {
        .status = 200, .headers = &type, .n_headers = KINDS[k].op == PROA_OP_SPEECH};
    const struct proa_api_asked asked = {.raw_chunks = false};
    const struct proa_chat_warnings none = {.n = 0};
    const struct proa_api_writer_cfg cfg = {
        .kind = KINDS[k].kind, .version = version, .asked = &asked, .warnings = &none};
    struct proa_failure failure = {.class = PROA_CLASS_OK};
    struct proa_arena arena;
    struct proa_buf out;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&out, 64U << 20);
    struct proa_api_writer *w =
        proa_api_face(PROA_SURFACE_AI_SDK)->writer_create(&cfg, &out, &arena);
    const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
    struct proa_decoder *d = proa_decoder_create(proa_dialect_find(PROA_SLICE("openai")),
                                                 KINDS[k].op, &head, &sink, &arena);
    if (proa_decoder_whole(d, body, &failure)) {
        must(proa_api_writer_end(w, proa_decoder_usage(d), PROA_SLICE("{}")));
        must(is_json(proa_buf_slice(&out)));
    } else {
        must(failure.class != PROA_CLASS_OK);
    }
    proa_decoder_destroy(d);
    proa_api_writer_destroy(w);
    proa_buf_deinit(&out);
    proa_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const size_t k = data[0] % PROA_ARRAY_LEN(KINDS);
    const struct proa_slice rest = proa_slice_make(data + 1, len - 1);
    if (data[0] & 0x80) {
        check_answer(k, 2 + data[0] / 8 % 3, rest);
    } else if (is_json(rest)) { /* which look() has proved */
        check_request(k, rest);
    }
    return 0;
}
