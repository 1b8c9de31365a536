/*
 * Answers of the gemini dialect. The first byte says how a stream is cut. Fed whole and fed in
 * pieces a decoder must tell the same; read as a whole answer and as embeddings the same bytes must
 * come to one end; and as an error's body to one class. Events keep the order that is promised.
 *
 * links: provider json http chat resilience core
 */
#include "proa/core/alloc.h"
#include "proa/core/check.h"
#include "proa/provider/decoder.h"
#include "proa/provider/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS_MAX = 128, CHOICES_MAX = 64 };

static const struct proa_answer_head HEAD = {.status = 200};

struct outcome {
    struct proa_arena arena;
    struct proa_chat_sink sink;
    struct proa_decoder *decoder;
    struct proa_buf told;
    struct proa_decoder_report last;
    uint64_t events;
    bool malformed;
    bool started;
    uint32_t open[CHOICES_MAX];  /* calls that began; a choice's calls are counted from 0 */
    uint32_t ended[CHOICES_MAX]; /* and ended */
    uint64_t finished;           /* choices */
};

static void check_order(struct outcome *o, const struct proa_chat_event *e)
{
    PROA_ASSERT(e->choice < CHOICES_MAX);
    PROA_ASSERT(o->started == (e->kind != PROA_CHAT_START));
    o->started = true;
    switch (e->kind) {
    case PROA_CHAT_TOOL_START:
        PROA_ASSERT(e->tool == o->open[e->choice]++);
        PROA_ASSERT(e->id.len > 0 && e->name.len > 0);
        break;
    case PROA_CHAT_TOOL_PIECE:
        PROA_ASSERT(e->tool < o->open[e->choice] && e->text.len > 0);
        break;
    case PROA_CHAT_TOOL_END:
        o->ended[e->choice]++;
        break;
    case PROA_CHAT_FINISH:
        PROA_ASSERT((o->finished >> e->choice & 1U) == 0);
        PROA_ASSERT(o->open[e->choice] == o->ended[e->choice]);
        o->finished |= UINT64_C(1) << e->choice;
        break;
    default:
        break;
    }
}

static void on_event(void *ctx, const struct proa_chat_event *e)
{
    struct outcome *o = ctx;
    check_order(o, e);
    (void)proa_buf_append_printf(&o->told, "%d %u %u %u %d ", (int)e->kind, e->choice, e->tool,
                                 e->index, (int)e->finish);
    (void)proa_buf_append(&o->told, e->text);
    (void)proa_buf_append(&o->told, e->id);
    (void)proa_buf_append(&o->told, e->name);
    (void)proa_buf_append(&o->told, e->model);
    (void)proa_buf_append(&o->told, e->media_type);
    (void)proa_buf_append(&o->told, e->raw);
    for (size_t i = 0; e->usage && i < PROA_USAGE_FIELDS; i++) {
        (void)proa_buf_append_u64(&o->told, e->usage->count[i]);
    }
}

static void begin(struct outcome *o, enum proa_operation op)
{
    *o = (struct outcome){.events = 0};
    proa_arena_init(&o->arena, NULL);
    proa_buf_init(&o->told, SIZE_MAX);
    o->sink = (struct proa_chat_sink){on_event, o};
    o->decoder = proa_decoder_create(proa_dialect_find(PROA_SLICE("gemini")), op, &HEAD, &o->sink,
                                     &o->arena);
}

static void end(struct outcome *o)
{
    proa_decoder_destroy(o->decoder);
    proa_buf_deinit(&o->told);
    proa_arena_reset(&o->arena);
}

/* A copy that is gone afterwards, so that whatever still points at it is found. */
static void feed(struct outcome *o, struct proa_slice bytes)
{
    char *copy = proa_memdup(bytes.ptr, bytes.len);
    (void)!proa_decoder_feed(o->decoder, proa_slice_make(copy, bytes.len), &o->last);
    o->events += o->last.events;
    o->malformed = o->malformed || o->last.malformed;
    proa_free(copy);
}

static void check_failure(const struct proa_failure *f)
{
    PROA_ASSERT(f->class > PROA_CLASS_OK && f->class < PROA_CLASS_COUNT);
    PROA_ASSERT(f->refusal == PROA_REFUSAL_NONE || f->class == PROA_CLASS_CLIENT);
    PROA_ASSERT(f->retry_after_ns <= PROA_SPAN_MAX_NS);
    PROA_ASSERT(f->quota_reset_ns == 0 || f->class == PROA_CLASS_QUOTA);
}

static void check_stream(struct proa_slice in, uint32_t seed)
{
    struct outcome whole;
    struct outcome pieces;
    begin(&whole, PROA_OP_CHAT);
    begin(&pieces, PROA_OP_CHAT);
    feed(&whole, in);
    for (struct proa_slice rest = in; rest.len > 0;) {
        /* Numerical Recipes' constants: any fixed sequence will do. */
        seed = seed * 1664525U + 1013904223U;
        const size_t n = 1 + (seed >> 24) % 61;
        feed(&pieces, proa_slice_head(rest, n));
        rest = proa_slice_from(rest, n);
    }
    PROA_ASSERT(whole.last.state == pieces.last.state);
    PROA_ASSERT(whole.events == pieces.events && whole.malformed == pieces.malformed);
    PROA_ASSERT(proa_slice_eq(proa_buf_slice(&whole.told), proa_buf_slice(&pieces.told)));
    PROA_ASSERT(proa_decoder_end(whole.decoder) == proa_decoder_end(pieces.decoder));
    if (whole.last.state == PROA_ANSWER_ERROR) {
        check_failure(&whole.last.failure);
        PROA_ASSERT(!proa_decoder_is_complete(whole.decoder));
    }
    end(&whole);
    end(&pieces);
}

static void check_whole(struct proa_slice in, enum proa_operation op)
{
    struct outcome o;
    struct proa_failure failure = {.class = PROA_CLASS_NONE};
    begin(&o, op);
    if (!proa_decoder_whole(o.decoder, in, &failure)) {
        check_failure(&failure);
    } else {
        PROA_ASSERT(o.started);
    }
    end(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536) {
        return 0;
    }
    struct proa_failure failure;
    char *copy = proa_memdup(data + 1, size - 1);
    const struct proa_slice in = proa_slice_make(copy, size - 1);
    const struct proa_answer_head head = {.status = (uint16_t)(400 + data[0] % 200),
                                          .unix_ms = UINT64_C(1795435200000)};
    check_stream(in, data[0]);
    check_whole(in, PROA_OP_CHAT);
    check_whole(in, PROA_OP_EMBEDDING);
    proa_dialect_find(PROA_SLICE("gemini"))->classify(&head, in, &failure);
    check_failure(&failure);
    proa_free(copy);
    return 0;
}
