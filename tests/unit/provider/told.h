/*
 * What a decoder tells, as text: each event a word, one behind the other, for comparing with what a
 * test expects.
 *
 *   start(id|model) text(...) refusal(...) reasoning(...) sign(...) red(...)
 *   begin0(id|name) begin0(id|name|signature) piece0(...) end0
 *   media(type|data) cite(...) logprobs(...) usage(i1o2r3w4t5) finish(raw)=stop
 *   vector0(...) rank0(...) beginown0(id|name) result(id|json) result(id|json|failed)
 *
 * Only counts that are known stand in usage: i input, o output, r cache read, w cache write,
 * t thinking. Choices but the first have `#1:` and so on before the word.
 */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include "proa/core/arena.h"
#include "proa/provider/decoder.h"

#include "proa_test.h"

struct told {
    struct proa_arena arena;
    struct proa_buf out;
    struct proa_chat_sink sink;
    struct proa_decoder *d;
};

static inline void told_args(struct proa_buf *out, struct proa_slice a, struct proa_slice b,
                             struct proa_slice c)
{
    (void)proa_buf_append_printf(out, "(%" PROA_SLICE_FMT, PROA_SLICE_ARG(a));
    if (b.len > 0 || c.len > 0) {
        (void)proa_buf_append_printf(out, "|%" PROA_SLICE_FMT, PROA_SLICE_ARG(b));
    }
    if (c.len > 0) {
        (void)proa_buf_append_printf(out, "|%" PROA_SLICE_FMT, PROA_SLICE_ARG(c));
    }
    (void)proa_buf_append_byte(out, ')');
}

static inline void told_usage(struct proa_buf *out, const struct proa_usage *usage)
{
    static const char letters[PROA_USAGE_FIELDS] = {'i', 'o', 'r', 'w', 't'};
    (void)proa_buf_append_byte(out, '(');
    for (int f = 0; f < PROA_USAGE_FIELDS; f++) {
        if (proa_usage_has(usage, (enum proa_usage_field)f)) {
            (void)proa_buf_append_printf(out, "%c%llu", letters[f],
                                         (unsigned long long)usage->count[f]);
        }
    }
    (void)proa_buf_append_byte(out, ')');
}

static inline void told_event(void *ctx, const struct proa_chat_event *e)
{
    static const char *const words[] = {
        [PROA_CHAT_START] = "start",        [PROA_CHAT_TEXT] = "text",
        [PROA_CHAT_REFUSAL] = "refusal",    [PROA_CHAT_REASONING] = "reasoning",
        [PROA_CHAT_SIGNATURE] = "sign",     [PROA_CHAT_REDACTED] = "red",
        [PROA_CHAT_TOOL_START] = "begin",   [PROA_CHAT_TOOL_PIECE] = "piece",
        [PROA_CHAT_TOOL_END] = "end",       [PROA_CHAT_MEDIA] = "media",
        [PROA_CHAT_CITATION] = "cite",      [PROA_CHAT_LOGPROBS] = "logprobs",
        [PROA_CHAT_USAGE] = "usage",        [PROA_CHAT_FINISH] = "finish",
        [PROA_CHAT_VECTOR] = "vector",      [PROA_CHAT_RANK] = "rank",
        [PROA_CHAT_TOOL_RESULT] = "result",
    };
    const struct proa_slice none = PROA_SLICE_NONE;
    struct proa_buf *out = ctx;
    if (e->choice > 0) {
        (void)proa_buf_append_printf(out, "#%u:", e->choice);
    }
    (void)proa_buf_append_cstr(out, words[e->kind]);
    switch (e->kind) {
    case PROA_CHAT_START:
        told_args(out, e->id, e->model, none);
        break;
    case PROA_CHAT_TEXT:
    case PROA_CHAT_REFUSAL:
    case PROA_CHAT_REASONING:
    case PROA_CHAT_SIGNATURE:
    case PROA_CHAT_REDACTED:
        told_args(out, e->text, none, none);
        break;
    case PROA_CHAT_TOOL_START:
        (void)proa_buf_append_printf(out, "%s%u", e->executed ? "own" : "", e->tool);
        told_args(out, e->id, e->name, e->text);
        break;
    case PROA_CHAT_TOOL_RESULT:
        told_args(out, e->id, e->raw, e->failed ? PROA_SLICE("failed") : none);
        break;
    case PROA_CHAT_TOOL_PIECE:
        (void)proa_buf_append_printf(out, "%u", e->tool);
        told_args(out, e->text, none, none);
        break;
    case PROA_CHAT_TOOL_END:
        (void)proa_buf_append_printf(out, "%u", e->tool);
        break;
    case PROA_CHAT_MEDIA:
        told_args(out, e->media_type, e->text, none);
        break;
    case PROA_CHAT_CITATION:
    case PROA_CHAT_LOGPROBS:
        told_args(out, e->raw, none, none);
        break;
    case PROA_CHAT_USAGE:
        told_usage(out, e->usage);
        break;
    case PROA_CHAT_FINISH:
        told_args(out, e->text, none, none);
        (void)proa_buf_append_printf(out, "=%s", proa_chat_finish_name(e->finish));
        break;
    case PROA_CHAT_VECTOR:
    case PROA_CHAT_RANK:
        (void)proa_buf_append_printf(out, "%u", e->index);
        told_args(out, e->raw.len > 0 ? e->raw : e->text, none, none);
        break;
    }
    (void)proa_buf_append_byte(out, ' ');
}

/* `executed`: what providers run themselves is to be told, too. */
static inline void told_setup_for(struct told *t, const struct proa_dialect *dialect,
                                  enum proa_operation op, const struct proa_answer_head *head,
                                  bool executed)
{
    proa_arena_init(&t->arena, NULL);
    proa_buf_init(&t->out, 1 << 20);
    t->sink = (struct proa_chat_sink){.event = told_event, .ctx = &t->out, .executed = executed};
    t->d = proa_decoder_create(dialect, op, head, &t->sink, &t->arena);
}

static inline void told_setup(struct told *t, const struct proa_dialect *dialect,
                              enum proa_operation op, const struct proa_answer_head *head)
{
    told_setup_for(t, dialect, op, head, false);
}

static inline void told_teardown(struct told *t)
{
    proa_decoder_destroy(t->d);
    proa_buf_deinit(&t->out);
    proa_arena_reset(&t->arena);
}

/* Feeds `bytes` in pieces of `step`; false when a feed failed. *report is the last one's. */
static inline bool told_feed(struct told *t, struct proa_slice bytes, size_t step,
                             struct proa_decoder_report *report)
{
    for (size_t at = 0; at < bytes.len; at += step) {
        if (proa_decoder_feed(t->d, proa_slice_head(proa_slice_from(bytes, at), step), report) !=
            PROA_OK) {
            return false;
        }
    }
    return true;
}

#define assert_told(t, expected)                                                                   \
    PROA_TEST_CHECK(proa_slice_eq(proa_buf_slice(&(t)->out), proa_slice_cstr(expected)),           \
                    "\n got %.*s\nwant %s", (int)(t)->out.len, (t)->out.ptr, (expected))

#endif
