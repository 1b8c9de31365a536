/*
 * What the AI SDK's protocol shows of a provider's own words: the input is what a tool has given,
 * and usage in two parts. Whatever it is, the answer is JSON, and each part of a stream one line.
 *
 * links: api json http chat core
 */
#include "proa/api/face.h"
#include "proa/core/alloc.h"
#include "proa/core/check.h"
#include "proa/json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 4 * 1024 * 1024 };

static void check_json(struct proa_slice text)
{
    struct proa_json_info info;
    PROA_ASSERT(proa_json_scan(text, &(const struct proa_json_scan_cfg){.n_wants = 0}, NULL,
                               &info) == PROA_OK);
}

/* Each is `data: JSON` and a blank line. */
static void check_parts(struct proa_slice stream)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("data: ");
    while (stream.len > 0) {
        struct proa_slice rest;
        const struct proa_slice line = proa_slice_split(stream, '\n', &rest);
        PROA_ASSERT(proa_slice_starts(line, begin) && rest.len > 0 && rest.ptr[0] == '\n');
        const struct proa_slice json = proa_slice_from(line, begin.len);
        if (!proa_slice_eq(json, PROA_SLICE("[DONE]"))) {
            check_json(json);
        }
        stream = proa_slice_from(rest, 1);
    }
}

static void check(struct proa_slice words, unsigned version, bool stream)
{
    static const struct proa_api_asked asked = {.raw_chunks = true};
    static const struct proa_usage usage = {.known = 0};
    const struct proa_chat_event events[] = {
        {.kind = PROA_CHAT_START, .id = PROA_SLICE("m")},
        {.kind = PROA_CHAT_USAGE, .usage = &usage, .raw = proa_slice_head(words, words.len / 2)},
        {.kind = PROA_CHAT_TOOL_START, .id = PROA_SLICE("t"), .executed = true},
        {.kind = PROA_CHAT_TOOL_RESULT, .id = PROA_SLICE("t"), .raw = words, .failed = stream},
        {.kind = PROA_CHAT_USAGE, .usage = &usage, .raw = proa_slice_from(words, words.len / 2)},
        {.kind = PROA_CHAT_USAGE, .usage = &usage, .raw = words},
        {.kind = PROA_CHAT_FINISH}};
    struct proa_arena arena;
    struct proa_buf out;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&out, OUT_MAX);
    const struct proa_api_writer_cfg cfg = {
        .kind = PROA_API_CHAT, .stream = stream, .version = version, .asked = &asked};
    struct proa_api_writer *w =
        proa_api_face(PROA_SURFACE_AI_SDK)->writer_create(&cfg, &out, &arena);
    const struct proa_chat_sink sink = proa_api_writer_sink(w, 0);
    for (size_t i = 0; i < PROA_ARRAY_LEN(events); i++) {
        sink.event(sink.ctx, &events[i]);
    }
    PROA_ASSERT(proa_api_writer_end(w, &usage, PROA_SLICE_NONE));
    proa_api_writer_destroy(w);
    if (stream) {
        check_parts(proa_buf_slice(&out));
    } else {
        check_json(proa_buf_slice(&out));
    }
    proa_buf_deinit(&out);
    proa_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536) {
        return 0;
    }
    char *copy = proa_memdup(data, size);
    for (unsigned version = 2; version <= 4; version++) {
        check(proa_slice_make(copy, size), version, false);
        check(proa_slice_make(copy, size), version, true);
    }
    proa_free(copy);
    return 0;
}
