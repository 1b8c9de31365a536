#include "upstream_priv.h"

#include "proa/core/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

enum { STAMP_DIGITS = 19, DIMENSIONS = 1536, DEFAULT_EVENTS = 100, DEFAULT_INTERVAL_US = 10000 };

#define EXTRA_HEAD                                                                                 \
    "x-request-id: req_0123456789abcdef0123456789abcdef\r\n"                                       \
    "openai-processing-ms: 1\r\n"                                                                  \
    "openai-version: 2020-10-01\r\n"

__attribute__((format(printf, 2, 3))) static void add(struct upstream_text *text,
                                                      const char *format, ...)
{
    va_list args;
    char line[2048];
    va_start(args, format);
    int n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    text->ptr = proa_realloc(text->ptr, text->len + (size_t)n + 1);
    memcpy(text->ptr + text->len, line, (size_t)n + 1);
    text->len += (size_t)n;
}

static struct upstream_text with_head(struct upstream_text *body)
{
    struct upstream_text whole = {0};
    add(&whole,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n" EXTRA_HEAD
        "\r\n",
        body->len);
    whole.ptr = proa_realloc(whole.ptr, whole.len + body->len);
    memcpy(whole.ptr + whole.len, body->ptr, body->len);
    whole.len += body->len;
    proa_free(body->ptr);
    return whole;
}

/* Prose, until the body is nearly as long as it is to be. */
static void add_words(struct upstream_text *body, size_t size)
{
    static const char *const words[] = {"the",     "outrigger", "keeps",   "a",   "narrow", "hull",
                                        "upright", "in",        "wind\\n", "and", "swell,"};
    for (size_t i = 0; body->len + 160 < size; i++) {
        add(body, "%s ", words[i % (sizeof(words) / sizeof(words[0]))]);
    }
}

static struct upstream_text chat(size_t size)
{
    struct upstream_text body = {0};
    add(&body, "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,"
               "\"model\":\"chat\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
               "\"content\":\"");
    add_words(&body, size);
    add(&body, "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{"
               "\"prompt_tokens\":200,\"completion_tokens\":180,\"total_tokens\":380}}");
    return with_head(&body);
}

static struct upstream_text message(size_t size)
{
    struct upstream_text body = {0};
    add(&body, "{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
               "\"model\":\"claude\",\"content\":[{\"type\":\"text\",\"text\":\"");
    add_words(&body, size);
    add(&body, "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{"
               "\"input_tokens\":200,\"output_tokens\":180}}");
    return with_head(&body);
}

static struct upstream_text embeddings(void)
{
    struct upstream_text body = {0};
    uint32_t state = 1;
    add(&body,
        "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[");
    for (int i = 0; i < DIMENSIONS; i++) {
        state = state * 1664525U + 1013904223U;
        add(&body, "%s%s0.0%07u", i == 0 ? "" : ",", (state & 0x40000000U) != 0 ? "-" : "",
            (state >> 8) % 10000000U);
    }
    add(&body, "]}],\"model\":\"embed\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}");
    return with_head(&body);
}

static void add_event(struct upstream_text *out, const char *event)
{
    add(out, "%zx\r\n%s\r\n", strlen(event), event);
}

static void streams(struct upstream_answers *a)
{
    add(&a->stream_open,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
        "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n" EXTRA_HEAD "\r\n");
#define EVENT_OPEN                                                                                 \
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","                       \
    "\"created\":1700000000,\"model\":\"chat\","
    add_event(&a->stream_open,
              EVENT_OPEN "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                         "\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
    add_event(&a->event,
              EVENT_OPEN "\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,"
                         "\"delta\":{\"content\":\" at_0000000000000000000\"},\"logprobs\":null,"
                         "\"finish_reason\":null}]}\n\n");
    const char *mark = strstr(a->event.ptr, " at_");
    a->event_stamp_at = (size_t)(mark - a->event.ptr) + 4;
    add_event(&a->stream_close, EVENT_OPEN "\"choices\":[{\"index\":0,\"delta\":{},"
                                           "\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n");
    add_event(&a->stream_close, "data: [DONE]\n\n");
    add(&a->stream_close, "0\r\n\r\n");
}

void upstream_answers_init(struct upstream_answers *a)
{
    *a = (struct upstream_answers){0};
    a->plain[UPSTREAM_CHAT_1K] = chat(1000);
    a->plain[UPSTREAM_CHAT_10K] = chat(10000);
    a->plain[UPSTREAM_CHAT_100K] = chat(100000);
    a->plain[UPSTREAM_EMBEDDINGS] = embeddings();
    a->plain[UPSTREAM_MESSAGE] = message(1000);
    streams(a);
}

void upstream_answers_deinit(struct upstream_answers *a)
{
    for (int i = 0; i < UPSTREAM_PLAIN_KINDS; i++) {
        proa_free(a->plain[i].ptr);
    }
    proa_free(a->stream_open.ptr);
    proa_free(a->event.ptr);
    proa_free(a->stream_close.ptr);
}

void upstream_answers_stamp(struct upstream_answers *a, uint64_t now_ns)
{
    char *digit = a->event.ptr + a->event_stamp_at + STAMP_DIGITS;
    for (int i = 0; i < STAMP_DIGITS; i++) {
        *--digit = (char)('0' + now_ns % 10);
        now_ns /= 10;
    }
}

static bool has(const char *body, size_t len, const char *word)
{
    return memmem(body, len, word, strlen(word)) != NULL;
}

/* A number that ends inside the text, which need not end in a NUL. */
static const char *number(const char *at, const char *end, uint64_t *value)
{
    *value = 0;
    while (at < end && *at >= '0' && *at <= '9') {
        *value = *value * 10 + (uint64_t)(*at++ - '0');
    }
    return at;
}

struct upstream_ask upstream_ask_read(const char *body, size_t len)
{
    struct upstream_ask ask = {.events = DEFAULT_EVENTS,
                               .interval_ns = DEFAULT_INTERVAL_US * UINT64_C(1000)};
    if (has(body, len, "\"stream\":true") || has(body, len, "\"stream\": true")) {
        ask.kind = UPSTREAM_STREAM;
        const char *shape = memmem(body, len, "sse-", 4);
        if (shape != NULL) {
            uint64_t us = 0;
            const char *at = number(shape + 4, body + len, &ask.events);
            if (at < body + len && *at == 'x') {
                (void)number(at + 1, body + len, &us);
                ask.interval_ns = us * 1000;
            }
        }
    } else if (has(body, len, "\"claude\"")) {
        ask.kind = UPSTREAM_MESSAGE;
    } else if (has(body, len, "embed")) {
        ask.kind = UPSTREAM_EMBEDDINGS;
    } else if (has(body, len, "-a100k")) {
        ask.kind = UPSTREAM_CHAT_100K;
    } else if (has(body, len, "-a10k")) {
        ask.kind = UPSTREAM_CHAT_10K;
    }
    return ask;
}
