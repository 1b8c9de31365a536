/*
 * Decoders of all dialects. The first byte of the input picks the dialect and the operation, the
 * second says how the rest is cut. However it is cut the same events must come, in the order that
 * proa/chat/event.h promises, and every text must be JSON text.
 *
 * links: provider json http chat resilience core
 */
#include "proa/core/alloc.h"
#include "proa/core/check.h"
#include "proa/json/scan.h"
#include "proa/provider/decoder.h"

#include "../unit/eventstream_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHOICES = 64, TOOLS = 256 };

static const char *const DIALECTS[] = {"openai", "anthropic", "gemini", "bedrock", "cohere"};
static const struct proa_answer_head HEAD = {.status = 200};

enum tool_state { TOOL_NONE = 0, TOOL_OPEN, TOOL_ENDED };

struct outcome {
    struct proa_arena arena;
    struct proa_chat_sink sink;
    struct proa_decoder *d;
    struct proa_decoder_report last;
    uint64_t told; /* hash of all that was told */
    uint64_t n_events;
    uint64_t content_events;
    bool started;
    bool finished[CHOICES];
    uint32_t n_tools[CHOICES];
    enum tool_state tools[CHOICES][TOOLS];
    enum proa_err err;
    bool complete;
};

static uint64_t mix(uint64_t hash, struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static void check_text(struct proa_slice text)
{
    struct proa_json_info info;
    char *token = proa_alloc(text.len + 2);
    token[0] = '"';
    if (text.len > 0) {
        memcpy(token + 1, text.ptr, text.len);
    }
    token[text.len + 1] = '"';
    PROA_ASSERT(proa_json_scan(proa_slice_make(token, text.len + 2),
                               &(const struct proa_json_scan_cfg){.n_wants = 0}, NULL,
                               &info) == PROA_OK);
    proa_free(token);
}

static void check_tool(struct outcome *o, const struct proa_chat_event *e)
{
    PROA_ASSERT(e->tool < TOOLS);
    enum tool_state *tool = &o->tools[e->choice][e->tool];
    if (e->kind == PROA_CHAT_TOOL_START) {
        PROA_ASSERT(*tool == TOOL_NONE && e->tool == o->n_tools[e->choice]);
        o->n_tools[e->choice]++;
        *tool = TOOL_OPEN;
    } else {
        PROA_ASSERT(*tool == TOOL_OPEN);
        *tool = e->kind == PROA_CHAT_TOOL_END ? TOOL_ENDED : TOOL_OPEN;
    }
}

static void take(void *ctx, const struct proa_chat_event *e)
{
    struct outcome *o = ctx;
    PROA_ASSERT(e->choice < CHOICES);
    PROA_ASSERT(o->started == (e->kind != PROA_CHAT_START));
    o->started = true;
    const struct proa_slice texts[] = {e->text, e->id, e->name, e->model, e->media_type};
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        check_text(texts[i]);
        o->told = mix(o->told, texts[i]);
    }
    const char facts[] = {(char)e->kind, (char)e->choice, (char)e->tool, (char)e->index,
                          (char)e->finish};
    o->told = mix(mix(o->told, e->raw), proa_slice_make(facts, sizeof facts));
    if (e->kind >= PROA_CHAT_TOOL_START && e->kind <= PROA_CHAT_TOOL_END) {
        check_tool(o, e);
    } else if (e->kind == PROA_CHAT_FINISH) {
        PROA_ASSERT(!o->finished[e->choice]);
        o->finished[e->choice] = true;
        for (size_t i = 0; i < o->n_tools[e->choice]; i++) {
            PROA_ASSERT(o->tools[e->choice][i] == TOOL_ENDED);
        }
    } else if (e->kind == PROA_CHAT_USAGE) {
        PROA_ASSERT(e->usage != NULL);
        for (size_t f = 0; f < PROA_USAGE_FIELDS; f++) {
            o->told = (o->told ^ e->usage->count[f]) * UINT64_C(0x100000001b3);
        }
    }
}

static void begin(struct outcome *o, const struct proa_dialect *dialect, enum proa_operation op)
{
    *o = (struct outcome){.told = UINT64_C(0xcbf29ce484222325)};
    proa_arena_init(&o->arena, NULL);
    o->sink = (struct proa_chat_sink){.event = take, .ctx = o, .executed = true};
    o->d = proa_decoder_create(dialect, op, &HEAD, &o->sink, &o->arena);
}

static void end(struct outcome *o)
{
    proa_decoder_destroy(o->d);
    proa_arena_reset(&o->arena);
}

/* A copy that is gone afterwards, so that whatever still points at it is found. */
static void feed(struct outcome *o, struct proa_slice bytes)
{
    char *copy = proa_memdup(bytes.ptr, bytes.len);
    if (o->err == PROA_OK) {
        o->err = proa_decoder_feed(o->d, proa_slice_make(copy, bytes.len), &o->last);
        o->n_events += o->last.events;
        o->content_events += o->last.content_events;
    }
    proa_free(copy);
}

static void feed_in_pieces(struct outcome *o, struct proa_slice bytes, uint32_t seed)
{
    while (bytes.len > 0) {
        /* Numerical Recipes' constants: any fixed sequence will do. */
        seed = seed * 1664525U + 1013904223U;
        const size_t n = 1 + (seed >> 24) % 61;
        feed(o, proa_slice_head(bytes, n));
        bytes = proa_slice_from(bytes, n);
    }
}

static void check_whole(const struct proa_dialect *dialect, enum proa_operation op,
                        struct proa_slice bytes)
{
    struct outcome *o = proa_alloc(sizeof *o);
    struct proa_failure failure = {.class = PROA_CLASS_OK};
    begin(o, dialect, op);
    const bool good = proa_decoder_whole(o->d, bytes, &failure);
    PROA_ASSERT(good == (failure.class == PROA_CLASS_OK));
    end(o);
    proa_free(o);
}

static void check_stream(const struct proa_dialect *dialect, struct proa_slice bytes, uint8_t cut)
{
    struct outcome *whole = proa_alloc(2 * sizeof *whole);
    struct outcome *pieces = whole + 1;
    begin(whole, dialect, PROA_OP_CHAT);
    begin(pieces, dialect, PROA_OP_CHAT);
    feed(whole, bytes);
    feed_in_pieces(pieces, bytes, cut);
    whole->complete = proa_decoder_end(whole->d);
    pieces->complete = proa_decoder_end(pieces->d);
    PROA_ASSERT(whole->err == pieces->err);
    PROA_ASSERT(whole->told == pieces->told);
    PROA_ASSERT(whole->complete == pieces->complete);
    PROA_ASSERT(whole->last.state == pieces->last.state);
    PROA_ASSERT(whole->n_events == pieces->n_events);
    PROA_ASSERT(whole->content_events == pieces->content_events);
    PROA_ASSERT(whole->last.failure.class == pieces->last.failure.class);
    PROA_ASSERT(proa_slice_eq(whole->last.failure.message, pieces->last.failure.message));
    end(whole);
    end(pieces);
    proa_free(whole);
}

/* Lines of "name payload" as messages of AWS's framing, so that its CRCs do not keep the fuzzer
 * out;
 * "!" before the name makes it an exception. */
static void check_messages(const struct proa_dialect *dialect, struct proa_slice lines, uint8_t cut)
{
    struct proa_buf stream;
    proa_buf_init(&stream, 1 << 24);
    while (lines.len > 0) {
        struct proa_slice payload = PROA_SLICE_NONE;
        const struct proa_slice line = proa_slice_split(lines, '\n', &lines);
        struct proa_slice name = proa_slice_split(line, ' ', &payload);
        const bool exception = proa_slice_starts(name, PROA_SLICE("!"));
        name = proa_slice_head(proa_slice_from(name, exception), 63);
        char text[64];
        size_t n = 0;
        while (n < name.len && name.ptr[n] != '\0') {
            text[n] = name.ptr[n];
            n++;
        }
        text[n] = '\0';
        fixture_put_event(&stream, exception ? "exception" : "event", text, payload);
    }
    check_stream(dialect, proa_buf_slice(&stream), cut);
    proa_buf_deinit(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 65536) {
        return 0;
    }
    const struct proa_dialect *dialect =
        proa_dialect_find(proa_slice_cstr(DIALECTS[data[0] % PROA_ARRAY_LEN(DIALECTS)]));
    const struct proa_slice bytes = proa_slice_make(data + 2, size - 2);
    if (!dialect || !dialect->decode) {
        return 0;
    }
    check_stream(dialect, bytes, data[1]);
    if (proa_slice_eq(dialect->stream_type, PROA_SLICE("application/vnd.amazon.eventstream"))) {
        check_messages(dialect, bytes, data[1]);
    }
    const unsigned op = data[0] / 32U % PROA_OPERATIONS;
    check_whole(dialect, op == PROA_OP_MODERATION ? PROA_OP_CHAT : (enum proa_operation)op, bytes);
    return 0;
}
