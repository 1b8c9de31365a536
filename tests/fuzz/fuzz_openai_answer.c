/*
 * Answers of the OpenAI surface from any sequence of events: each byte of the input is one event,
 * or what it is about. Whatever they are, what is written must be JSON, chunk by chunk or whole;
 * vectors in any bytes are converted or refused.
 *
 * links: api chat json http core
 */
#include "proa/api/openai_answer.h"
#include "proa/api/openai_lists.h"
#include "proa/chat/text.h"
#include "proa/core/alloc.h"
#include "proa/json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM = 1, COMPLETION = 2, FUNCTIONS = 4, USAGE = 8, HIDE = 16, EVENT_BYTES = 3 };

static void check_json(struct proa_slice json)
{
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    PROA_ASSERT(proa_json_scan(json, &any, NULL, &info) == PROA_OK);
    PROA_ASSERT(info.kind == PROA_JSON_OBJECT);
}

static void check_stream(struct proa_slice all)
{
    const struct proa_slice end = PROA_SLICE("data: [DONE]\n\n");
    PROA_ASSERT(all.len >= end.len);
    PROA_ASSERT(proa_slice_eq(proa_slice_from(all, all.len - end.len), end));
    all.len -= end.len;
    while (all.len > 0) {
        PROA_ASSERT(proa_slice_starts(all, PROA_SLICE("data: ")));
        const size_t len = proa_slice_search(all, PROA_SLICE("\n\n"));
        PROA_ASSERT(len < all.len);
        check_json(proa_slice_from(proa_slice_head(all, len), 6));
        all = proa_slice_from(all, len + 2);
    }
}

static void write_answer(unsigned flags, struct proa_slice in, struct proa_arena *arena)
{
    const struct proa_api_answer_cfg cfg = {
        .stream = (flags & STREAM) != 0,
        .completion = (flags & COMPLETION) != 0,
        .functions = (flags & FUNCTIONS) != 0,
        .include_usage = (flags & USAGE) != 0,
        .hide_thinking = (flags & HIDE) != 0,
        .id = PROA_SLICE("id"),
        .model = PROA_SLICE("m"),
    };
    const struct proa_usage usage = {.count = {1, 2, 3, 4, 5}, .known = flags & 31U};
    struct proa_buf out;
    proa_buf_init(&out, (size_t)64 * 1024 * 1024);
    struct proa_api_answer *a = proa_api_answer_create(&cfg, &out, arena);
    const struct proa_chat_sink sink = proa_api_answer_sink(a);
    bool told = false;
    while (in.len >= EVENT_BYTES) {
        const unsigned char *b = (const unsigned char *)in.ptr;
        const struct proa_slice rest = proa_slice_from(in, EVENT_BYTES);
        const size_t len = b[2] < rest.len ? b[2] : rest.len;
        const struct proa_slice text = proa_chat_text_of(proa_slice_head(rest, len), arena);
        const struct proa_chat_event e = {.kind = (enum proa_chat_event_kind)(b[0] % 16),
                                          .choice = b[1] >> 6,
                                          .tool = b[1] & 63U,
                                          .finish = (enum proa_chat_finish)(b[1] % 5),
                                          .text = text,
                                          .id = (b[1] & 1U) != 0 ? text : PROA_SLICE_NONE,
                                          .name = text,
                                          .model = text,
                                          .media_type = PROA_SLICE("image/png"),
                                          .raw = PROA_SLICE("{\"content\":[]}"),
                                          .usage = &usage};
        sink.event(sink.ctx, &e);
        told = true;
        in = proa_slice_from(rest, len);
    }
    if (told) {
        proa_api_answer_end(a, &usage, PROA_SLICE_NONE);
        PROA_ASSERT(proa_buf_ok(&out));
        if (cfg.stream) {
            check_stream(proa_buf_slice(&out));
        } else {
            check_json(proa_buf_slice(&out));
        }
    }
    proa_api_answer_destroy(a);
    proa_buf_deinit(&out);
}

static void write_vector(bool to_base64, struct proa_slice in, struct proa_arena *arena)
{
    const struct proa_chat_embed embed = {.n_inputs = 1, .base64 = to_base64};
    const struct proa_usage usage = {.known = 0};
    struct proa_buf out;
    proa_buf_init(&out, (size_t)64 * 1024 * 1024);
    struct proa_api_vectors *v = proa_api_vectors_create(&embed, PROA_SLICE("m"), &out, arena);
    const struct proa_chat_sink sink = proa_api_vectors_sink(v, 0);
    const struct proa_chat_event e = {.kind = PROA_CHAT_VECTOR,
                                      .raw = to_base64 ? in : PROA_SLICE_NONE,
                                      .text = to_base64 ? PROA_SLICE_NONE : in};
    sink.event(sink.ctx, &e);
    if (in.len > 0 && proa_api_vectors_end(v, &usage, PROA_SLICE_NONE)) {
        check_json(proa_buf_slice(&out));
    }
    proa_api_vectors_destroy(v);
    proa_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536) {
        return 0;
    }
    char *copy = proa_memdup(data + 1, size - 1);
    const struct proa_slice in = proa_slice_make(copy, size - 1);
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    if ((data[0] & 0x80U) == 0) {
        write_answer(data[0], in, &arena);
    } else {
        write_vector((data[0] & 1U) != 0, in, &arena);
    }
    proa_arena_reset(&arena);
    proa_free(copy);
    return 0;
}
