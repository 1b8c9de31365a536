/*
 * Answers as a client of the Messages API gets them: every event streamed and whole, and what must
 * hold of each stream whatever the events are.
 */
#include "proa/api/anthropic_answer.h"
#include "proa/core/prng.h"
#include "proa/json/cursor.h"

#include "proa_test.h"

#define START                                                                                      \
    {                                                                                              \
        .kind = PROA_CHAT_START, .id = PROA_SLICE_INIT("msg_1"), .model = PROA_SLICE_INIT("up-1")  \
    }

struct written {
    struct proa_arena arena;
    struct proa_buf out;
    struct proa_api_message *message;
    struct proa_chat_sink sink;
};

static void begin(struct written *w, const struct proa_api_message_cfg *cfg)
{
    proa_arena_init(&w->arena, NULL);
    proa_buf_init(&w->out, (size_t)1024 * 1024);
    w->message = proa_api_message_create(cfg, &w->out, &w->arena);
    w->sink = proa_api_message_sink(w->message);
}

static void end(struct written *w)
{
    proa_api_message_destroy(w->message);
    proa_buf_deinit(&w->out);
    proa_arena_reset(&w->arena);
}

/* The event's slices are gone after the call. */
static void tell(struct written *w, const struct proa_chat_event *event)
{
    struct proa_chat_event e = *event;
    struct proa_slice *const slices[] = {&e.text, &e.id, &e.name, &e.model, &e.media_type, &e.raw};
    char *copies[PROA_ARRAY_LEN(slices)] = {NULL};
    for (size_t i = 0; i < PROA_ARRAY_LEN(slices); i++) {
        if (slices[i]->len > 0) {
            copies[i] = proa_memdup(slices[i]->ptr, slices[i]->len);
            slices[i]->ptr = copies[i];
        }
    }
    w->sink.event(w->sink.ctx, &e);
    for (size_t i = 0; i < PROA_ARRAY_LEN(slices); i++) {
        proa_free(copies[i]);
    }
}

static const struct proa_usage NOTHING = {.known = 0};
static const struct proa_api_message_cfg STREAM = {.stream = true,
                                                   .id = PROA_SLICE_INIT("r1"),
                                                   .model = PROA_SLICE_INIT("asked"),
                                                   .input_tokens = 9};
static const struct proa_api_message_cfg PLAIN = {.id = PROA_SLICE_INIT("r1"),
                                                  .model = PROA_SLICE_INIT("asked")};

enum { EVENTS_MAX = 12 };

static const struct golden {
    const char *name;
    size_t n;
    struct proa_chat_event events[EVENTS_MAX];
    const char *stream;
    const char *whole;
} goldens[] = {
    {"a text",
     4,
     {START,
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("b \\\"c\\\"")},
      {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_STOP, .text = PROA_SLICE_INIT("stop")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"b \\\"c\\\"\"}"
     "}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\","
     "\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\","
     "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}"
     "\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"ab \\\"c\\\"\"}],\"stop_reason\":\"end"
     "_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_inp"
     "ut_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"nothing",
     2,
     {START, {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_STOP}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta"
     "\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
     "\"usage\":{\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_inpu"
     "t_tokens\":0,\"output_tokens\":0}}\n\nevent: message_stop\ndata: {\"type\":\"mess"
     "age_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
     "\"usage\":{\"input_tokens\":0,\"cache_creation_input_tokens\":0,\"cache_read_inpu"
     "t_tokens\":0,\"output_tokens\":0}}"},
    {"a refusal is text, a filter a refusal",
     3,
     {START,
      {.kind = PROA_CHAT_REFUSAL, .text = PROA_SLICE_INIT("no")},
      {.kind = PROA_CHAT_FINISH,
       .finish = PROA_CHAT_FINISH_FILTER,
       .text = PROA_SLICE_INIT("content_filter")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"no\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"refusal\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":9"
     ",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\""
     ":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"no\"}],\"stop_reason\":\"refusal\","
     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_token"
     "s\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"too long",
     3,
     {START,
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_FINISH,
       .finish = PROA_CHAT_FINISH_LENGTH,
       .text = PROA_SLICE_INIT("length")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"max_tokens\",\"stop_sequence\":null},\"usage\":{\"input_tokens\""
     ":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
     "\"output_tokens\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}"
     "\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"max_tokens\","
     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_token"
     "s\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"the provider's own words",
     3,
     {START,
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_FINISH,
       .finish = PROA_CHAT_FINISH_STOP,
       .text = PROA_SLICE_INIT("stop_sequence")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"stop_sequence\",\"stop_sequence\":null},\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}"
     "\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"stop_sequence\""
     ",\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_toke"
     "ns\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"a word for another reason",
     3,
     {START,
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_FINISH,
       .finish = PROA_CHAT_FINISH_STOP,
       .text = PROA_SLICE_INIT("tool_use")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":"
     "9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens"
     "\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\","
     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_token"
     "s\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"a reason that is none",
     3,
     {START,
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_FINISH,
       .finish = PROA_CHAT_FINISH_OTHER,
       .text = PROA_SLICE_INIT("weird")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":"
     "9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens"
     "\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\","
     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_token"
     "s\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"no reason at all",
     2,
     {START, {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":null,\"stop_sequence\":null},\"usage\":{\"input_tokens\":9,"
     "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\""
     ":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":null,"
     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_token"
     "s\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"thinking with its signature, then text",
     6,
     {START,
      {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("h")},
      {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("m")},
      {.kind = PROA_CHAT_SIGNATURE, .text = PROA_SLICE_INIT("c2ln")},
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_STOP}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\","
     "\"thinking\":\"\",\"signature\":\"\"}}\n\nevent: content_block_delta\n"
     "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinkin"
     "g_delta\",\"thinking\":\"h\"}}\n\nevent: content_block_delta\ndata: {"
     "\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta"
     "\",\"thinking\":\"m\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_"
     "block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\""
     "c2ln\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\","
     "\"index\":0}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start"
     "\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"
     "\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":"
     "9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens"
     "\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"c2ln\"}"
     ",{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\",\"stop_sequence"
     "\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_tokens\":0,"
     "\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"thinking of who signs none; two signed ones",
     6,
     {START,
      {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("h")},
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_SIGNATURE, .text = PROA_SLICE_INIT("x")},
      {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("i")},
      {.kind = PROA_CHAT_SIGNATURE, .text = PROA_SLICE_INIT("y")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\","
     "\"thinking\":\"\",\"signature\":\"\"}}\n\nevent: content_block_delta\n"
     "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinkin"
     "g_delta\",\"thinking\":\"h\"}}\n\nevent: content_block_stop\ndata: {"
     "\"type\":\"content_block_stop\",\"index\":0}\n\nevent: content_block_start\n"
     "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{"
     "\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {"
     "\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\","
     "\"text\":\"a\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_st"
     "op\",\"index\":1}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_"
     "start\",\"index\":2,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\","
     "\"signature\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_blo"
     "ck_delta\",\"index\":2,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"x\""
     "}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\","
     "\"index\":2}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start"
     "\",\"index\":3,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\","
     "\"signature\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_blo"
     "ck_delta\",\"index\":3,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"i\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":3,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"y\"}"
     "}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\","
     "\"index\":3}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\","
     "\"delta\":{\"stop_reason\":null,\"stop_sequence\":null},\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}"
     "\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"thinking\",\"thinking\":\"h\",\"signature\":\"\"}"
     ",{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"thinking\",\"thinking\":\"\","
     "\"signature\":\"x\"},{\"type\":\"thinking\",\"thinking\":\"i\",\"signature\":\"y\""
     "}],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,"
     "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\""
     ":0}}"},
    {"what only its provider reads",
     6,
     {START,
      {.kind = PROA_CHAT_REDACTED, .text = PROA_SLICE_INIT("ZA==")},
      {.kind = PROA_CHAT_REDACTED,
       .text = PROA_SLICE_INIT("eHg="),
       .name = PROA_SLICE_INIT("openai-responses-v1")}, /* would come back as if it were Claude's */
      {.kind = PROA_CHAT_REDACTED,
       .text = PROA_SLICE_INIT("ZQ=="),
       .name = PROA_SLICE_INIT("anthropic-claude-v1")},
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_STOP}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"redacted_thinking\","
     "\"data\":\"ZA==\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block"
     "_stop\",\"index\":0}\n\nevent: content_block_start\ndata: {\"type\":\"content_blo"
     "ck_start\",\"index\":1,\"content_block\":{\"type\":\"redacted_thinking\","
     "\"data\":\"ZQ==\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block"
     "_stop\",\"index\":1}\n\nevent: content_block_start\ndata: {\"type\":\"content_blo"
     "ck_start\",\"index\":2,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":2,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":"
     "9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens"
     "\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"redacted_thinking\",\"data\":\"ZA==\"},{\"type\":\"redac"
     "ted_thinking\",\"data\":\"ZQ==\"},{\"type\":\"text\",\"text\":\"a\"}"
     "],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\""
     ":0,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
     "\"output_tokens\":0}}"},
    {"a call",
     7,
     {START,
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("so")},
      {.kind = PROA_CHAT_TOOL_START,
       .tool = 0,
       .id = PROA_SLICE_INIT("t1"),
       .name = PROA_SLICE_INIT("f")},
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 0, .text = PROA_SLICE_INIT("{\\\"a\\\":")},
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 0, .text = PROA_SLICE_INIT("1}")},
      {.kind = PROA_CHAT_TOOL_END, .tool = 0},
      {.kind = PROA_CHAT_FINISH,
       .finish = PROA_CHAT_FINISH_TOOLS,
       .text = PROA_SLICE_INIT("tool_calls")}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"so\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\","
     "\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t1\","
     "\"name\":\"f\",\"input\":{}}}\n\nevent: content_block_delta\ndata: {"
     "\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_del"
     "ta\",\"partial_json\":\"{\\\"a\\\":\"}}\n\nevent: content_block_delta\n"
     "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_j"
     "son_delta\",\"partial_json\":\"1}\"}}\n\nevent: content_block_stop\n"
     "data: {\"type\":\"content_block_stop\",\"index\":1}\n\nevent: message_delta\n"
     "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\","
     "\"stop_sequence\":null},\"usage\":{\"input_tokens\":9,\"cache_creation_input_toke"
     "ns\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}\n\nevent: message_stop"
     "\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"so\"},{\"type\":\"tool_use\","
     "\"id\":\"t1\",\"name\":\"f\",\"input\":{\"a\":1}}],\"stop_reason\":\"tool_use\","
     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_token"
     "s\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
    {"calls of which one has no id, pieces mixed",
     8,
     {START,
      {.kind = PROA_CHAT_TOOL_START,
       .tool = 0,
       .id = PROA_SLICE_INIT("t1"),
       .name = PROA_SLICE_INIT("f")},
      {.kind = PROA_CHAT_TOOL_START, .tool = 1, .name = PROA_SLICE_INIT("g")},
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 1, .text = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 0, .text = PROA_SLICE_INIT("{broken")},
      {.kind = PROA_CHAT_TOOL_END, .tool = 1},
      {.kind = PROA_CHAT_TOOL_END, .tool = 0},
      {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_TOOLS}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\","
     "\"id\":\"t1\",\"name\":\"f\",\"input\":{}}}\n\nevent: content_block_stop\n"
     "data: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: content_block_start"
     "\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{"
     "\"type\":\"tool_use\",\"id\":\"toolu_r1_1\",\"name\":\"g\",\"input\":{"
     "}}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{"
     "}\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{"
     "broken\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\","
     "\"index\":1}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\","
     "\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}"
     "\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{"
     "\"INVALID_JSON\":\"{broken\"}},{\"type\":\"tool_use\",\"id\":\"toolu_r1_1\","
     "\"name\":\"g\",\"input\":{}}],\"stop_reason\":\"tool_use\",\"stop_sequence\":null"
     ",\"usage\":{\"input_tokens\":0,\"cache_creation_input_tokens\":0,\"cache_read_inp"
     "ut_tokens\":0,\"output_tokens\":0}}"},
    {"citations",
     7,
     {START,
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_CITATION,
       .raw = PROA_SLICE_INIT(
           "{\"type\":\"char_location\",\"cited_text\":\"x\",\"document_index\":0}")},
      {.kind = PROA_CHAT_CITATION,
       .raw = PROA_SLICE_INIT("{\"x\":1}"),
       .id = PROA_SLICE_INIT("https://u"),
       .name = PROA_SLICE_INIT("t")},
      {.kind = PROA_CHAT_CITATION, .raw = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("b")},
      {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_STOP}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"type\":\"char"
     "_location\",\"cited_text\":\"x\",\"document_index\":0}}}\n\nevent: content_block_"
     "delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
     "\"type\":\"citations_delta\",\"citation\":{\"type\":\"web_search_result_location\""
     ",\"cited_text\":\"\",\"url\":\"https://u\",\"title\":\"t\",\"encrypted_index\":\""
     "\"}}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"b\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":"
     "9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens"
     "\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"ab\",\"citations\":[{\"type\":\"char_l"
     "ocation\",\"cited_text\":\"x\",\"document_index\":0},{\"type\":\"web_search_resul"
     "t_location\",\"cited_text\":\"\",\"url\":\"https://u\",\"title\":\"t\","
     "\"encrypted_index\":\"\"}]}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
     "\"usage\":{\"input_tokens\":0,\"cache_creation_input_tokens\":0,\"cache_read_inpu"
     "t_tokens\":0,\"output_tokens\":0}}"},
    {"what has no place, and other choices",
     6,
     {START,
      {.kind = PROA_CHAT_MEDIA,
       .text = PROA_SLICE_INIT("AA"),
       .media_type = PROA_SLICE_INIT("image/png")},
      {.kind = PROA_CHAT_LOGPROBS, .raw = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_TEXT, .choice = 1, .text = PROA_SLICE_INIT("z")},
      {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("a")},
      {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_STOP}},
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
     "\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
     "\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":"
     "0,\"output_tokens\":0}}}\n\nevent: content_block_start\ndata: {\"type\":\"content"
     "_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"
     "}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\","
     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
     "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}"
     "\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
     "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":"
     "9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens"
     "\":0}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up-1\","
     "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\","
     "\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\"cache_creation_input_token"
     "s\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}"},
};

static void every_answer_streamed_and_whole(void **state)
{
    (void)state;
    PROA_TEST_ROWS(g, goldens)
    {
        for (int streamed = 0; streamed < 2; streamed++) {
            struct written w;
            begin(&w, streamed ? &STREAM : &PLAIN);
            for (size_t i = 0; i < g->n; i++) {
                tell(&w, &g->events[i]);
            }
            proa_api_message_end(w.message, &NOTHING, PROA_SLICE_NONE);
            assert_true(proa_buf_ok(&w.out));
            assert_slice_str(proa_buf_slice(&w.out), streamed ? g->stream : g->whole);
            end(&w);
        }
    }
}

/* A client may read each event as it comes: none waits for another but the first for content. */
static void each_event_is_told_at_once(void **state)
{
    (void)state;
    struct written w;
    const struct proa_usage usage = {.count = {[PROA_USAGE_INPUT] = 20}, .known = 1};
    begin(&w, &STREAM);
    tell(&w, &(const struct proa_chat_event)START);
    tell(&w, &(const struct proa_chat_event){.kind = PROA_CHAT_USAGE, .usage = &usage});
    assert_int_equal(w.out.len, 0);
    tell(&w, &(const struct proa_chat_event){.kind = PROA_CHAT_TEXT, .text = PROA_SLICE("a")});
    assert_true(proa_slice_search(proa_buf_slice(&w.out), PROA_SLICE("\"input_tokens\":20,")) <
                w.out.len);
    assert_true(proa_slice_search(proa_buf_slice(&w.out), PROA_SLICE("\"text\":\"a\"")) <
                w.out.len);
    proa_buf_clear(&w.out);
    tell(&w, &(const struct proa_chat_event){.kind = PROA_CHAT_TEXT, .text = PROA_SLICE("b")});
    assert_slice_lit(proa_buf_slice(&w.out),
                     "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
                     "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"b\"}}\n\n");
    end(&w);
}

static void usage_without_what_was_cached(void **state)
{
    (void)state;
    static const struct {
        struct proa_usage usage;
        const char *expected;
    } rows[] = {
        {{{100, 7, 60, 30, 3}, 31},
         "{\"input_tokens\":10,\"cache_creation_input_tokens\":30,"
         "\"cache_read_input_tokens\":60,\"output_tokens\":7}"},
        {{{100, 7, 0, 0, 0}, 3},
         "{\"input_tokens\":100,\"cache_creation_input_tokens\":0,"
         "\"cache_read_input_tokens\":0,\"output_tokens\":7}"},
        {{{0, 7, 0, 0, 0}, 2},
         "{\"input_tokens\":9,\"cache_creation_input_tokens\":0,"
         "\"cache_read_input_tokens\":0,\"output_tokens\":7}"},
        /* more cached than there was */
        {{{10, 7, 60, 30, 3}, 31},
         "{\"input_tokens\":0,\"cache_creation_input_tokens\":30,"
         "\"cache_read_input_tokens\":60,\"output_tokens\":7}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct written w;
        begin(&w, &STREAM);
        proa_api_message_end(w.message, &row->usage, PROA_SLICE_NONE);
        const struct proa_slice out = proa_buf_slice(&w.out);
        const size_t at = proa_slice_search(out, PROA_SLICE("event: message_delta"));
        assert_true(proa_slice_search(proa_slice_from(out, at), proa_slice_cstr(row->expected)) <
                    out.len - at);
        end(&w);
    }
}

static void what_the_gateway_tells(void **state)
{
    (void)state;
    for (int streamed = 0; streamed < 2; streamed++) {
        struct written w;
        begin(&w, streamed ? &STREAM : &PLAIN);
        proa_api_message_end(w.message, &NOTHING, PROA_SLICE("{\"cost\":\"0.1\"}"));
        const struct proa_slice expected =
            PROA_SLICE(",\"provider_metadata\":{\"gateway\":{\"cost\":\"0.1\"}}}");
        assert_true(proa_slice_search(proa_buf_slice(&w.out), expected) < w.out.len);
        end(&w);
    }
}

/* An id that is no message's is replaced, a missing model is the one that was asked for. */
static void names_where_the_answer_has_none(void **state)
{
    (void)state;
    struct written w;
    begin(&w, &PLAIN);
    tell(&w,
         &(const struct proa_chat_event){.kind = PROA_CHAT_START, .id = PROA_SLICE("chatcmpl-1")});
    proa_api_message_end(w.message, &NOTHING, PROA_SLICE_NONE);
    assert_true(proa_slice_starts(proa_buf_slice(&w.out),
                                  PROA_SLICE("{\"id\":\"msg_r1\",\"type\":\"message\",\"role\":"
                                             "\"assistant\",\"model\":\"asked\",")));
    end(&w);
}

static void thinking_that_is_not_wanted(void **state)
{
    (void)state;
    const struct proa_api_message_cfg cfg = {.hide_thinking = true, .id = PROA_SLICE("r1")};
    struct written w;
    begin(&w, &cfg);
    tell(&w, &(const struct proa_chat_event){.kind = PROA_CHAT_REASONING, .text = PROA_SLICE("x")});
    tell(&w, &(const struct proa_chat_event){.kind = PROA_CHAT_REDACTED, .text = PROA_SLICE("x")});
    tell(&w, &(const struct proa_chat_event){.kind = PROA_CHAT_TEXT, .text = PROA_SLICE("a")});
    proa_api_message_end(w.message, &NOTHING, PROA_SLICE_NONE);
    assert_true(proa_slice_search(proa_buf_slice(&w.out),
                                  PROA_SLICE("\"content\":[{\"type\":\"text\",\"text\":\"a\"}]")) <
                w.out.len);
    end(&w);
}

/* ---- by chance ------------------------------------------------------------------------------- */

static void any_events(struct written *w, struct proa_prng *p)
{
    static const enum proa_chat_event_kind kinds[] = {
        PROA_CHAT_TEXT,     PROA_CHAT_REASONING,  PROA_CHAT_SIGNATURE,
        PROA_CHAT_REDACTED, PROA_CHAT_TOOL_PIECE, PROA_CHAT_TOOL_END,
        PROA_CHAT_CITATION, PROA_CHAT_MEDIA,      PROA_CHAT_TOOL_START};
    uint32_t tools = 0;
    const size_t n = proa_prng_below(p, 24);
    tell(w, &(const struct proa_chat_event)START);
    for (size_t i = 0; i < n; i++) {
        struct proa_chat_event e = {.kind = kinds[proa_prng_below(p, PROA_ARRAY_LEN(kinds))],
                                    .text = PROA_SLICE("x"),
                                    .id = PROA_SLICE("i"),
                                    .name = PROA_SLICE("n"),
                                    .raw = PROA_SLICE("{}")};
        if (e.kind == PROA_CHAT_TOOL_START) {
            e.tool = tools++;
        } else if (tools > 0) {
            e.tool = (uint32_t)proa_prng_below(p, tools);
        }
        tell(w, &e);
    }
    proa_api_message_end(w->message, &NOTHING, PROA_SLICE_NONE);
}

/* The number in an event's data; none is larger than what there was so far. */
static size_t index_of(struct proa_slice data)
{
    struct proa_slice value = PROA_SLICE_NONE;
    uint64_t n = 0;
    assert_int_equal(proa_json_get(data, PROA_SLICE("index"), &value), PROA_JSON_NUMBER);
    assert_ok(proa_json_number_u64(value, &n));
    return (size_t)n;
}

/* One block is open at a time, numbers go up by one, all that is begun is ended. */
static void check_stream(struct proa_slice out)
{
    size_t begun = 0;
    bool open = false;
    bool over = false;
    while (out.len > 0) {
        const struct proa_slice name = proa_slice_head(out, proa_slice_find(out, '\n'));
        out = proa_slice_from(out, name.len + 1);
        const struct proa_slice data =
            proa_slice_from(proa_slice_head(out, proa_slice_find(out, '\n')), 6);
        out = proa_slice_from(out, data.len + 8);
        struct proa_slice type = PROA_SLICE_NONE;
        assert_int_equal(proa_json_get(data, PROA_SLICE("type"), &type), PROA_JSON_STRING);
        assert_true(proa_json_string_eq(type, proa_slice_from(name, 7)));
        assert_false(over);
        if (proa_slice_eq(name, PROA_SLICE("event: content_block_start"))) {
            assert_false(open);
            assert_int_equal(index_of(data), begun);
            open = true;
            begun++;
        } else if (proa_slice_eq(name, PROA_SLICE("event: content_block_stop"))) {
            assert_true(open);
            assert_int_equal(index_of(data), begun - 1);
            open = false;
        } else if (proa_slice_eq(name, PROA_SLICE("event: content_block_delta"))) {
            assert_true(index_of(data) < begun);
        } else if (proa_slice_eq(name, PROA_SLICE("event: message_stop"))) {
            over = true;
        }
    }
    assert_true(over && !open);
}

static void whatever_comes_is_a_message(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 6);
    for (int i = 0; i < 2000; i++) {
        struct proa_json_scan_cfg any = {.n_wants = 0};
        struct proa_json_info info;
        struct proa_prng same = p;
        struct written w;
        begin(&w, &PLAIN);
        any_events(&w, &p);
        assert_ok(proa_json_scan(proa_buf_slice(&w.out), &any, NULL, &info));
        end(&w);
        begin(&w, &STREAM);
        any_events(&w, &same);
        check_stream(proa_buf_slice(&w.out));
        end(&w);
    }
}

/* No answer with a hole, at any size of what it is written into. */
static void a_buffer_that_is_too_small(void **state)
{
    (void)state;
    const struct golden *g = &goldens[0];
    for (size_t max = 0; max <= strlen(g->whole); max++) {
        struct written w;
        begin(&w, &PLAIN);
        w.out.max = max;
        for (size_t i = 0; i < g->n; i++) {
            tell(&w, &g->events[i]);
        }
        proa_api_message_end(w.message, &NOTHING, PROA_SLICE_NONE);
        assert_int_equal(proa_buf_ok(&w.out), max == strlen(g->whole));
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_streamed_and_whole),
        cmocka_unit_test(each_event_is_told_at_once),
        cmocka_unit_test(usage_without_what_was_cached),
        cmocka_unit_test(what_the_gateway_tells),
        cmocka_unit_test(names_where_the_answer_has_none),
        cmocka_unit_test(thinking_that_is_not_wanted),
        cmocka_unit_test(whatever_comes_is_a_message),
        cmocka_unit_test(a_buffer_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
