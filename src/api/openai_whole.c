/*
 * Whole answers: events are gathered for each choice, and written when nothing follows.
 */
#include "openai_answer_priv.h"

#include <string.h>

/* A buffer of a choice's, which begins as zeroes. */
static struct proa_buf *to(struct proa_buf *b)
{
    b->max = ANSWER_TEXT_MAX;
    return b;
}

static void add(struct proa_buf *b, struct proa_slice bytes)
{
    (void)proa_buf_append(to(b), bytes);
}

static void comma(struct proa_buf *b)
{
    if (to(b)->len > 0) {
        PROA_BUF_LIT(b, ",");
    }
}

/* ---- gathering ------------------------------------------------------------------------------- */

/* The block of reasoning that is open is complete. */
static void end_thought(struct choice *c, struct proa_slice signature, struct proa_slice sealed_as)
{
    if (c->thinking || signature.len > 0) {
        comma(&c->details);
        proa_answer_put_thought(&c->details, proa_buf_slice(&c->thought), signature, sealed_as,
                                c->n_thought);
        c->n_thought++;
        proa_buf_clear(&c->thought);
    }
    c->thinking = false;
}

static void add_redacted(struct choice *c, struct proa_slice data, struct proa_slice sealed_as)
{
    end_thought(c, PROA_SLICE_NONE, PROA_SLICE_NONE);
    comma(&c->details);
    proa_answer_put_redacted(&c->details, data, sealed_as, c->n_thought);
    c->n_thought++;
}

static void add_call(struct proa_api_answer *a, struct choice *c,
                     const struct proa_chat_event *event)
{
    if (c->n_calls == ANSWER_TOOLS_MAX) {
        return;
    }
    if (!c->calls) {
        c->calls = proa_arena_zero(a->arena, ANSWER_TOOLS_MAX, sizeof c->calls[0]);
    }
    struct call *call = &c->calls[c->n_calls++];
    call->id = proa_arena_dup(a->arena, proa_answer_call_id(a, event));
    call->name = proa_arena_dup(a->arena, event->name);
    call->signature = proa_arena_dup(a->arena, event->text);
}

static void think(struct choice *c, const struct proa_chat_event *event)
{
    if (event->kind == PROA_CHAT_SIGNATURE) {
        end_thought(c, event->text, event->name);
    } else if (event->kind == PROA_CHAT_REDACTED) {
        add_redacted(c, event->text, event->name);
    } else {
        c->thinking = true;
        add(&c->reasoning, event->text);
        add(&c->thought, event->text);
    }
}

void proa_answer_gather(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    struct choice *c = proa_answer_choice(a, event->choice);
    switch (event->kind) {
    case PROA_CHAT_REASONING:
    case PROA_CHAT_SIGNATURE:
    case PROA_CHAT_REDACTED:
        if (!a->cfg.hide_thinking) {
            think(c, event);
        }
        return;
    case PROA_CHAT_TEXT:
        add(&c->text, event->text);
        break;
    case PROA_CHAT_REFUSAL:
        add(&c->refusal, event->text);
        break;
    case PROA_CHAT_TOOL_START:
        add_call(a, c, event);
        break;
    case PROA_CHAT_TOOL_PIECE:
        if (event->tool < c->n_calls) {
            add(&c->calls[event->tool].arguments, event->text);
        }
        break;
    case PROA_CHAT_MEDIA:
        if (proa_answer_is_audio(event)) {
            add(&c->audio, event->text);
        } else {
            comma(&c->images);
            proa_answer_put_image(&c->images, event);
        }
        break;
    case PROA_CHAT_CITATION:
        if (event->id.len > 0) {
            comma(&c->sources);
            proa_answer_put_source(&c->sources, event);
        }
        break;
    case PROA_CHAT_LOGPROBS:
        proa_buf_clear(&c->logprobs);
        add(&c->logprobs, event->raw);
        break;
    case PROA_CHAT_FINISH:
        c->finished = true;
        c->finish = event->finish;
        break;
    case PROA_CHAT_START:
    case PROA_CHAT_TOOL_END:
    case PROA_CHAT_USAGE:
    case PROA_CHAT_TOOL_RESULT:
    case PROA_CHAT_VECTOR:
    case PROA_CHAT_RANK:
        return;
    }
    end_thought(c, PROA_SLICE_NONE, PROA_SLICE_NONE);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* ,"key":"text" */
static void member_text(struct proa_buf *out, const char *key, struct proa_slice text)
{
    (void)proa_buf_append_cstr(out, key);
    (void)proa_chat_text_put(out, text);
}

/* ,"key":[elements], or nothing */
static void member_list(struct proa_buf *out, const char *key, const struct proa_buf *elements)
{
    if (elements->len > 0) {
        (void)proa_buf_append_cstr(out, key);
        PROA_BUF_LIT(out, "[");
        (void)proa_buf_append(out, proa_buf_slice(elements));
        PROA_BUF_LIT(out, "]");
    }
}

static void write_function(struct proa_buf *out, const struct call *call)
{
    member_text(out, "{\"name\":", call->name);
    member_text(out, ",\"arguments\":", proa_buf_slice(&call->arguments));
    PROA_BUF_LIT(out, "}");
}

static void write_calls(struct proa_api_answer *a, const struct choice *c)
{
    struct proa_buf *out = a->out;
    if (a->cfg.functions) {
        PROA_BUF_LIT(out, ",\"function_call\":");
        write_function(out, &c->calls[0]);
        return;
    }
    PROA_BUF_LIT(out, ",\"tool_calls\":[");
    for (size_t i = 0; i < c->n_calls; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? "," : "");
        member_text(out, "{\"id\":", c->calls[i].id);
        PROA_BUF_LIT(out, ",\"type\":\"function\",\"function\":");
        write_function(out, &c->calls[i]);
        proa_answer_put_signature(out, c->calls[i].signature);
        PROA_BUF_LIT(out, "}");
    }
    PROA_BUF_LIT(out, "]");
}

static void write_message(struct proa_api_answer *a, const struct choice *c,
                          struct proa_slice gateway)
{
    struct proa_buf *out = a->out;
    const bool only_other = c->text.len == 0 && (c->n_calls > 0 || c->refusal.len > 0);
    PROA_BUF_LIT(out, ",\"message\":{\"role\":\"assistant\",\"content\":");
    if (only_other) {
        PROA_BUF_LIT(out, "null");
    } else {
        (void)proa_chat_text_put(out, proa_buf_slice(&c->text));
    }
    if (c->refusal.len > 0) {
        member_text(out, ",\"refusal\":", proa_buf_slice(&c->refusal));
    } else {
        PROA_BUF_LIT(out, ",\"refusal\":null");
    }
    if (c->reasoning.len > 0) {
        member_text(out, ",\"reasoning_content\":", proa_buf_slice(&c->reasoning));
        member_text(out, ",\"reasoning\":", proa_buf_slice(&c->reasoning));
    }
    member_list(out, ",\"reasoning_details\":", &c->details);
    if (c->n_calls > 0) {
        write_calls(a, c);
    }
    member_list(out, ",\"images\":", &c->images);
    member_list(out, ",\"annotations\":", &c->sources);
    proa_answer_put_gateway(out, ",", gateway);
    if (c->audio.len > 0) {
        PROA_BUF_LIT(out, ",\"audio\":");
        proa_answer_put_audio(a, out, proa_buf_slice(&c->audio));
        PROA_BUF_LIT(out, ",\"expires_at\":0,\"transcript\":\"\"}");
    }
    PROA_BUF_LIT(out, "}");
}

static void write_choice(struct proa_api_answer *a, const struct choice *c, size_t number,
                         struct proa_slice gateway)
{
    struct proa_buf *out = a->out;
    PROA_BUF_LIT(out, "{\"index\":");
    (void)proa_buf_append_u64(out, number);
    if (a->cfg.completion) {
        member_text(out, ",\"text\":", proa_buf_slice(c->text.len > 0 ? &c->text : &c->refusal));
    } else {
        write_message(a, c, gateway);
    }
    PROA_BUF_LIT(out, ",\"logprobs\":");
    (void)proa_buf_append(out, c->logprobs.len > 0 && !a->cfg.completion
                                   ? proa_buf_slice(&c->logprobs)
                                   : PROA_SLICE("null"));
    PROA_BUF_LIT(out, ",\"finish_reason\":\"");
    (void)proa_buf_append_cstr(out, proa_answer_finish(a, c->finish));
    PROA_BUF_LIT(out, "\"}");
}

/* Something that was gathered did not fit: an answer with a hole is none. */
static bool is_whole(const struct choice *c)
{
    bool whole = proa_buf_ok(&c->text) && proa_buf_ok(&c->refusal) && proa_buf_ok(&c->reasoning) &&
                 proa_buf_ok(&c->details) && proa_buf_ok(&c->thought) && proa_buf_ok(&c->images) &&
                 proa_buf_ok(&c->audio) && proa_buf_ok(&c->sources) && proa_buf_ok(&c->logprobs);
    for (size_t i = 0; i < c->n_calls; i++) {
        whole = whole && proa_buf_ok(&c->calls[i].arguments);
    }
    return whole;
}

void proa_answer_write(struct proa_api_answer *a, const struct proa_usage *usage,
                       struct proa_slice gateway)
{
    struct proa_buf *out = a->out;
    (void)proa_buf_append(out, a->head);
    PROA_BUF_LIT(out, ",\"choices\":[");
    for (size_t i = 0; i < a->n_choices; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? "," : "");
        struct choice *c = proa_answer_choice(a, (uint32_t)i);
        end_thought(c, PROA_SLICE_NONE, PROA_SLICE_NONE);
        write_choice(a, c, i, i == 0 ? gateway : PROA_SLICE_NONE);
        out->failed = out->failed || !is_whole(c);
    }
    PROA_BUF_LIT(out, "]");
    if (usage->known != 0) {
        PROA_BUF_LIT(out, ",\"usage\":");
        proa_answer_put_usage(out, usage);
    }
    PROA_BUF_LIT(out, "}");
}
