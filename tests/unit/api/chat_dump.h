/*
 * A request as it was read, as text: for comparing with what a test expects.
 */
#ifndef TESTS_CHAT_DUMP_H
#define TESTS_CHAT_DUMP_H

#include "proa/chat/request.h"

#include "proa_test.h"

struct dump {
    struct proa_buf out;
};

static inline void put(struct dump *d, const char *label, struct proa_slice text)
{
    if (text.len > 0) {
        (void)proa_buf_append_printf(&d->out, " %s=%" PROA_SLICE_FMT, label, PROA_SLICE_ARG(text));
    }
}

static inline void put_n(struct dump *d, const char *label, uint64_t n)
{
    if (n > 0) {
        (void)proa_buf_append_printf(&d->out, " %s=%llu", label, (unsigned long long)n);
    }
}

static inline void put_flag(struct dump *d, const char *label, enum proa_chat_flag flag)
{
    put(d, label,
        flag == PROA_CHAT_UNSAID ? PROA_SLICE_NONE
        : flag == PROA_CHAT_YES  ? PROA_SLICE("yes")
                                 : PROA_SLICE("no"));
}

static inline void put_part(struct dump *d, const struct proa_chat_part *p)
{
    static const char *const kinds[] = {"text", "refusal",   "image", "audio",
                                        "file", "reasoning", "call",  "result"};
    static const char *const sources[] = {"", "base64", "url", "id", "text"};
    (void)proa_buf_append_printf(&d->out, "[%s", kinds[p->kind]);
    put(d, "text", p->text);
    if (p->source != PROA_CHAT_SOURCE_NONE) {
        put(d, sources[p->source], p->data);
    }
    put(d, "type", p->media_type);
    put(d, "file", p->filename);
    put(d, "detail", p->detail);
    put(d, "ids", p->ids);
    put(d, "context", p->context);
    put_flag(d, "citations", p->citations);
    put(d, "id", p->id);
    put(d, "name", p->name);
    put(d, "arguments", p->arguments);
    put(d, "signature", p->signature);
    put(d, "redacted", p->redacted);
    put(d, "sealed", p->sealed_as);
    put(d, "cache", p->cache_control);
    for (size_t i = 0; i < p->n_parts; i++) {
        (void)proa_buf_append_cstr(&d->out, " ");
        put_part(d, &p->parts[i]);
    }
    (void)proa_buf_append_cstr(&d->out, "]");
}

static inline void put_chat(struct dump *d, const struct proa_chat_request *c)
{
    static const char *const roles[] = {"system", "user", "assistant", "tool"};
    static const char *const choices[] = {"", "auto", "none", "required", "named"};
    static const char *const formats[] = {"", "text", "json", "schema"};
    static const char *const efforts[] = {"",       "none", "minimal", "low",
                                          "medium", "high", "xhigh",   "max"};
    for (size_t i = 0; i < c->n_messages; i++) {
        const struct proa_chat_message *m = &c->messages[i];
        (void)proa_buf_append_cstr(&d->out, roles[m->role]);
        put(d, "name", m->name);
        for (size_t k = 0; k < m->n_parts; k++) {
            put_part(d, &m->parts[k]);
        }
        (void)proa_buf_append_cstr(&d->out, "\n");
    }
    for (size_t i = 0; i < c->n_tools; i++) {
        const struct proa_chat_tool *t = &c->tools[i];
        (void)proa_buf_append_cstr(&d->out, "tool");
        put(d, "name", t->name);
        put(d, "description", t->description);
        put(d, "schema", t->schema);
        put_flag(d, "strict", t->strict);
        put(d, "cache", t->cache_control);
        put(d, "own", t->own);
        put(d, "of", t->own_dialect);
        (void)proa_buf_append_cstr(&d->out, "\n");
    }
    put(d, "choice", proa_slice_cstr(choices[c->choice]));
    put(d, "choice_name", c->choice_name);
    put_flag(d, "parallel", c->parallel_tools);
    put(d, "format", proa_slice_cstr(formats[c->format]));
    put(d, "format_name", c->format_name);
    put(d, "format_description", c->format_description);
    put(d, "format_schema", c->format_schema);
    put_flag(d, "format_strict", c->format_strict);
    put_n(d, "max_tokens", c->max_tokens);
    put(d, "temperature", c->temperature);
    put(d, "top_p", c->top_p);
    put(d, "top_k", c->top_k);
    put(d, "seed", c->seed);
    put(d, "frequency", c->frequency_penalty);
    put(d, "presence", c->presence_penalty);
    put_n(d, "n", c->n);
    for (size_t i = 0; i < c->n_stop; i++) {
        put(d, "stop", c->stop[i]);
    }
    put_flag(d, "logprobs", c->logprobs);
    put_n(d, "top_logprobs", c->top_logprobs);
    put(d, "effort", proa_slice_cstr(efforts[c->effort]));
    put_n(d, "thinking", c->thinking_tokens);
    put_flag(d, "show", c->show_thinking);
    put(d, "user", c->user);
    put(d, "tier", c->service_tier);
    put(d, "cached", c->cache_control);
    put(d, "options", c->provider_options);
    for (size_t i = 0; i < c->n_extras; i++) {
        put(d, "extra", c->extras[i].key);
        put(d, "is", c->extras[i].value);
    }
}

#endif
