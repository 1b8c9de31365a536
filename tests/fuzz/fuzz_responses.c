/*
 * The Responses API. The lowest bit of the first byte says what the rest is: a request that is
 * read, with or without a history in front, or a sequence of events that is answered. What is
 * refused must say why; what is read must be fit to be written; every stream must be one that its
 * SDKs follow, and a whole answer the same as what the stream ends with.
 *
 * links: api chat json http tls core
 */
#include "proa/api/responses_answer.h"
#include "proa/api/responses_history.h"
#include "proa/api/responses_request.h"
#include "proa/core/alloc.h"
#include "proa/core/check.h"

#include "chat_check.h"
#include "response_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ANSWER = 1,
    UNSCANNED = 2,
    EARLIER = 4,
    EVENT_BYTES = 3,
    REFERENCES = 4,
    OUT_MAX = 64 * 1024 * 1024
};

/* ---- requests -------------------------------------------------------------------------------- */

/* What is kept of a request and an answer can be read as what came before. */
static void check_history(const struct proa_api_body *body)
{
    struct proa_buf kept;
    struct proa_buf whole;
    struct proa_api_history_wish wish;
    proa_buf_init(&kept, OUT_MAX);
    proa_buf_init(&whole, OUT_MAX);
    proa_api_history_wish(body->bytes, &wish);
    check_text(wish.previous);
    const struct proa_slice output = PROA_SLICE("[{\"type\":\"message\",\"role\":\"assistant\","
                                                "\"content\":\"a\"}]");
    PROA_ASSERT(proa_api_history_keep(body->bytes, output, &kept) == PROA_OK);
    check_json(proa_buf_slice(&kept));
    const struct proa_slice earlier = proa_buf_slice(&kept);
    PROA_ASSERT(proa_api_history_body(body->bytes, &earlier, 1, &whole) == PROA_OK);
    check_json(proa_buf_slice(&whole));
    PROA_ASSERT(proa_json_get(proa_buf_slice(&whole), PROA_SLICE("previous_response_id"), NULL) ==
                PROA_JSON_ABSENT);
    struct proa_api_body next = *body;
    struct proa_api_asked asked;
    struct proa_api_error error;
    next.earlier = &earlier;
    next.n_earlier = 1;
    const enum proa_err err = proa_api_responses_read(&next, &asked, &error);
    PROA_ASSERT(err == PROA_OK || error.message.len > 0);
    if (err == PROA_OK) {
        check_chat(&asked.chat);
    }
    proa_buf_deinit(&whole);
    proa_buf_deinit(&kept);
}

/* With any items in place of references the body is one that can be read again; with the same ids
 * nothing is left to be resolved that could be. */
static void check_references(struct proa_slice body, struct proa_arena *arena)
{
    static const struct proa_slice items = PROA_SLICE_INIT(
        "[{\"role\":\"user\",\"content\":\"a\"},{\"id\":\"msg_gen_1_0\",\"role\":\"assistant\","
        "\"content\":\"b\"},{\"id\":\"fc_gen_1_1\",\"type\":\"function_call\"}]");
    struct proa_slice ids[REFERENCES];
    struct proa_api_history_kept kept[REFERENCES];
    struct proa_buf out;
    const size_t n = proa_api_history_references(body, ids, REFERENCES);
    proa_buf_init(&out, OUT_MAX);
    for (size_t i = 0; i < n; i++) {
        PROA_ASSERT(ids[i].len > 0);
        check_text(ids[i]);
        kept[i] = (struct proa_api_history_kept){ids[i], items};
    }
    const enum proa_err err = proa_api_history_resolve(body, kept, n, arena, &out);
    PROA_ASSERT(err == PROA_OK || (err == PROA_ERR_TYPE && out.len == 0));
    if (err == PROA_OK) {
        check_json(proa_buf_slice(&out));
    }
    proa_buf_deinit(&out);
}

static void read_body(const struct proa_api_body *body, bool scanned)
{
    struct proa_api_error error = {.code = PROA_API_ERR_COUNT};
    struct proa_api_asked asked;
    const enum proa_err err = proa_api_responses_read(body, &asked, &error);
    (void)proa_api_history_has_foreign(body->bytes);
    if (scanned) {
        check_references(body->bytes, body->arena);
    }
    if (err != PROA_OK) {
        PROA_ASSERT(error.message.len > 0 && error.code != PROA_API_ERR_COUNT);
        PROA_ASSERT(err == PROA_ERR_TYPE || err == PROA_ERR_UNSUPPORTED ||
                    (err == PROA_ERR_SYNTAX && !scanned));
        return;
    }
    if (!scanned) {
        return;
    }
    check_chat(&asked.chat);
    for (size_t i = 0; i < PROA_API_ECHOES; i++) {
        check_json(asked.echo->said[i]);
    }
    if (body->n_earlier == 0) {
        check_history(body);
    }
}

static void fuzz_request(unsigned flags, struct proa_slice bytes)
{
    struct proa_buf name;
    struct proa_buf text;
    struct proa_arena arena;
    struct proa_api_request request = {.n_cuts = 0};
    struct proa_api_error error;
    proa_buf_init(&name, 4096);
    proa_buf_init(&text, 4096);
    proa_arena_init(&arena, NULL);
    const bool scanned =
        proa_api_request_read(PROA_API_RESPONSES, bytes, &name, &text, &request, &error) == PROA_OK;
    const struct proa_slice earlier = bytes; /* anything may have been kept */
    const struct proa_api_body body = {.kind = PROA_API_RESPONSES,
                                       .bytes = bytes,
                                       .request = &request,
                                       .arena = &arena,
                                       .text = &text,
                                       .earlier = &earlier,
                                       .n_earlier = (flags & EARLIER) != 0};
    if (scanned || (flags & UNSCANNED) != 0) {
        read_body(&body, scanned);
    }
    proa_arena_reset(&arena);
    proa_buf_deinit(&text);
    proa_buf_deinit(&name);
}

/* ---- answers --------------------------------------------------------------------------------- */

static struct proa_chat_event event_of(const unsigned char *b, struct proa_slice text)
{
    static const struct proa_usage nothing = {.known = 0};
    const bool odd = (b[1] & 1U) != 0;
    return (struct proa_chat_event){
        .kind = (enum proa_chat_event_kind)(b[0] % 16),
        .choice = b[0] >> 7,
        .tool = b[1],
        .finish = (enum proa_chat_finish)(b[1] % 5),
        .text = text,
        .id = odd ? text : PROA_SLICE_NONE,
        .name = text,
        .model = text,
        .media_type = odd ? PROA_SLICE("image/png") : PROA_SLICE("audio/mp3"),
        .raw = PROA_SLICE("{\"content\":[{\"token\":\"a\"},{\"token\":\"b\"}]}"),
        .created_s = b[1],
        .usage = &nothing,
    };
}

/* `out` is emptied behind every event, and what it held is gathered. */
static void write_answer(bool stream, struct proa_slice in, struct proa_arena *arena,
                         struct proa_buf *all)
{
    const struct proa_api_response_cfg cfg = {.stream = stream,
                                              .id = PROA_SLICE("id"),
                                              .generation = PROA_SLICE("gen_1"),
                                              .model = PROA_SLICE("m")};
    const struct proa_usage usage = {.count = {1, 2, 3, 4, 5}, .known = 31};
    struct proa_buf out;
    proa_buf_init(&out, OUT_MAX);
    struct proa_api_response *r = proa_api_response_create(&cfg, &out, arena);
    const struct proa_chat_sink sink = proa_api_response_sink(r);
    while (in.len >= EVENT_BYTES) {
        const unsigned char *b = (const unsigned char *)in.ptr;
        const struct proa_slice rest = proa_slice_from(in, EVENT_BYTES);
        const size_t len = b[2] < rest.len ? b[2] : rest.len;
        const struct proa_chat_event e =
            event_of(b, proa_chat_text_of(proa_slice_head(rest, len), arena));
        sink.event(sink.ctx, &e);
        PROA_ASSERT(out.len == 0 || out.ptr[out.len - 1] == '\n');
        (void)proa_buf_append(all, proa_buf_slice(&out));
        proa_buf_clear(&out);
        in = proa_slice_from(rest, len);
    }
    proa_api_response_end(r, &usage, PROA_SLICE("{\"a\":1}"));
    PROA_ASSERT(proa_buf_ok(&out));
    (void)proa_buf_append(all, proa_buf_slice(&out));
    proa_api_response_destroy(r);
    proa_buf_deinit(&out);
}

static void fuzz_answer(struct proa_slice in)
{
    struct proa_arena arena;
    struct proa_buf stream;
    struct proa_buf whole;
    struct proa_api_history_answer streamed;
    struct proa_api_history_answer plain;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&stream, OUT_MAX);
    proa_buf_init(&whole, OUT_MAX);
    write_answer(true, in, &arena, &stream);
    write_answer(false, in, &arena, &whole);
    check_response_stream(proa_buf_slice(&stream));
    check_object(proa_buf_slice(&whole));
    check_response(proa_buf_slice(&whole));
    PROA_ASSERT(proa_api_history_answer(proa_buf_slice(&stream), &streamed));
    PROA_ASSERT(proa_api_history_answer(proa_buf_slice(&whole), &plain));
    PROA_ASSERT(proa_slice_eq(streamed.id, plain.id));
    PROA_ASSERT(proa_slice_eq(streamed.output, plain.output));
    proa_buf_deinit(&whole);
    proa_buf_deinit(&stream);
    proa_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 16384) {
        return 0;
    }
    char *copy = proa_memdup(data + 1, size - 1);
    const struct proa_slice bytes = proa_slice_make(copy, size - 1);
    if ((data[0] & ANSWER) != 0) {
        fuzz_answer(bytes);
    } else {
        fuzz_request(data[0], bytes);
    }
    proa_free(copy);
    return 0;
}
