/*
 * Answers as a client of the OpenAI surface gets them: every event streamed and whole, and what
 * must hold of each stream whatever the events are.
 */
#include "proa/api/openai_answer.h"
#include "proa/core/prng.h"
#include "proa/json/cursor.h"
#include "proa/json/scan.h"

#include "proa_test.h"

#define TEXT(kind_, text_)                                                                         \
    {                                                                                              \
        .kind = PROA_CHAT_##kind_, .text = PROA_SLICE_INIT(text_)                                  \
    }
#define SEALED(kind_, text_)                                                                       \
    {                                                                                              \
        .kind = PROA_CHAT_##kind_, .text = PROA_SLICE_INIT(text_),                                 \
        .name = PROA_SLICE_INIT("openai-responses-v1")                                             \
    }
#define FINISH(finish_)                                                                            \
    {                                                                                              \
        .kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_##finish_                             \
    }
#define START                                                                                      \
    {                                                                                              \
        .kind = PROA_CHAT_START, .id = PROA_SLICE_INIT("msg_1"), .model = PROA_SLICE_INIT("up-1"), \
        .created_s = 1700000000                                                                    \
    }
#define CALL(tool_, id_, name_)                                                                    \
    {                                                                                              \
        .kind = PROA_CHAT_TOOL_START, .tool = (tool_), .id = PROA_SLICE_INIT(id_),                 \
        .name = PROA_SLICE_INIT(name_)                                                             \
    }
#define PIECE(tool_, text_)                                                                        \
    {                                                                                              \
        .kind = PROA_CHAT_TOOL_PIECE, .tool = (tool_), .text = PROA_SLICE_INIT(text_)              \
    }
#define END(tool_)                                                                                 \
    {                                                                                              \
        .kind = PROA_CHAT_TOOL_END, .tool = (tool_)                                                \
    }

/* What every chunk of these answers begins with. */
#define HEAD                                                                                       \
    "data: {\"id\":\"msg_1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"         \
    "\"model\":\"up-1\","
#define CHOICE(delta)                                                                              \
    HEAD "\"choices\":[{\"index\":0,\"delta\":{" delta                                             \
         "},\"logprobs\":null,\"finish_reason\":null}]}\n\n"
#define ROLE CHOICE("\"role\":\"assistant\",\"content\":\"\"")
#define STOP(reason)                                                                               \
    HEAD "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"" reason    \
         "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

#define WHOLE(message, reason)                                                                     \
    "{\"id\":\"msg_1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"up-1\","  \
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," message                       \
    "},\"logprobs\":null,\"finish_reason\":\"" reason "\"}]}"

struct written {
    struct proa_arena arena;
    struct proa_buf out;
    struct proa_api_answer *answer;
    struct proa_chat_sink sink;
};

static void begin(struct written *w, const struct proa_api_answer_cfg *cfg)
{
    proa_arena_init(&w->arena, NULL);
    proa_buf_init(&w->out, (size_t)1024 * 1024);
    w->answer = proa_api_answer_create(cfg, &w->out, &w->arena);
    w->sink = proa_api_answer_sink(w->answer);
}

static void end(struct written *w)
{
    proa_api_answer_destroy(w->answer);
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

static void write_all(struct written *w, const struct proa_api_answer_cfg *cfg,
                      const struct proa_chat_event *events, size_t n,
                      const struct proa_usage *usage)
{
    static const struct proa_usage unknown = {.known = 0};
    begin(w, cfg);
    for (size_t i = 0; i < n; i++) {
        tell(w, &events[i]);
    }
    proa_api_answer_end(w->answer, usage ? usage : &unknown, PROA_SLICE_NONE);
    assert_true(proa_buf_ok(&w->out));
}

static const struct proa_api_answer_cfg STREAM = {
    .stream = true, .id = PROA_SLICE_INIT("r1"), .model = PROA_SLICE_INIT("asked")};
static const struct proa_api_answer_cfg PLAIN = {.id = PROA_SLICE_INIT("r1"),
                                                 .model = PROA_SLICE_INIT("asked")};

enum { EVENTS_MAX = 12 };

static const struct golden {
    const char *name; /* for who reads the table */
    size_t n;
    struct proa_chat_event events[EVENTS_MAX];
    const char *stream;
    const char *whole;
} GOLDEN[] = {
    {"text",
     4,
     {START, TEXT(TEXT, "one \\\"two\\\" "), TEXT(TEXT, "three"), FINISH(STOP)},
     ROLE CHOICE("\"content\":\"one \\\"two\\\" \"") CHOICE("\"content\":\"three\"") STOP("stop")
         DONE,
     WHOLE("\"content\":\"one \\\"two\\\" three\",\"refusal\":null", "stop")},
    {"nothing at all",
     2,
     {START, FINISH(LENGTH)},
     ROLE STOP("length") DONE,
     WHOLE("\"content\":\"\",\"refusal\":null", "length")},
    {"refusal",
     3,
     {START, TEXT(REFUSAL, "no"), FINISH(FILTER)},
     ROLE CHOICE("\"refusal\":\"no\"") STOP("content_filter") DONE,
     WHOLE("\"content\":null,\"refusal\":\"no\"", "content_filter")},
    {"an unknown reason is told as the usual one",
     3,
     {START, TEXT(TEXT, "x"), FINISH(OTHER)},
     ROLE CHOICE("\"content\":\"x\"") STOP("stop") DONE,
     WHOLE("\"content\":\"x\",\"refusal\":null", "stop")},
    {"thinking",
     6,
     {START, TEXT(REASONING, "hm"), TEXT(REASONING, "m"), TEXT(SIGNATURE, "sig"), TEXT(TEXT, "ok"),
      FINISH(STOP)},
     ROLE CHOICE("\"reasoning_content\":\"hm\",\"reasoning\":\"hm\",\"reasoning_details\":["
                 "{\"type\":\"reasoning.text\",\"text\":\"hm\",\"format\":\"unknown\","
                 "\"index\":0}]")
         CHOICE("\"reasoning_content\":\"m\",\"reasoning\":\"m\",\"reasoning_details\":["
                "{\"type\":\"reasoning.text\",\"text\":\"m\",\"format\":\"unknown\",\"index\":0}]")
             CHOICE("\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"\","
                    "\"signature\":\"sig\",\"format\":\"unknown\",\"index\":0}]")
                 CHOICE("\"content\":\"ok\"") STOP("stop") DONE,
     WHOLE("\"content\":\"ok\",\"refusal\":null,\"reasoning_content\":\"hmm\","
           "\"reasoning\":\"hmm\",\"reasoning_details\":[{\"type\":\"reasoning.text\","
           "\"text\":\"hmm\",\"signature\":\"sig\",\"format\":\"unknown\",\"index\":0}]",
           "stop")},
    {"blocks of thinking are counted",
     6,
     {START, TEXT(REASONING, "a"), SEALED(REDACTED, "xx"), TEXT(REASONING, "b"), TEXT(TEXT, "ok"),
      FINISH(STOP)},
     ROLE CHOICE("\"reasoning_content\":\"a\",\"reasoning\":\"a\",\"reasoning_details\":["
                 "{\"type\":\"reasoning.text\",\"text\":\"a\",\"format\":\"unknown\",\"index\":0}]")
         CHOICE("\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"xx\","
                "\"format\":\"openai-responses-v1\",\"index\":1}]")
             CHOICE("\"reasoning_content\":\"b\",\"reasoning\":\"b\",\"reasoning_details\":["
                    "{\"type\":\"reasoning.text\",\"text\":\"b\",\"format\":\"unknown\","
                    "\"index\":2}]") CHOICE("\"content\":\"ok\"") STOP("stop") DONE,
     WHOLE("\"content\":\"ok\",\"refusal\":null,\"reasoning_content\":\"ab\",\"reasoning\":\"ab\","
           "\"reasoning_details\":["
           "{\"type\":\"reasoning.text\",\"text\":\"a\",\"format\":\"unknown\",\"index\":0},"
           "{\"type\":\"reasoning.encrypted\",\"data\":\"xx\","
           "\"format\":\"openai-responses-v1\",\"index\":1},"
           "{\"type\":\"reasoning.text\",\"text\":\"b\",\"format\":\"unknown\",\"index\":2}]",
           "stop")},
    {"calls, their pieces mixed",
     10,
     {START, CALL(0, "t1", "get"), CALL(1, "", "put"), PIECE(0, "{\\\"a\\\":"), PIECE(1, "{}"),
      PIECE(0, "1}"), END(0), END(1), FINISH(TOOLS)},
     ROLE CHOICE("\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"type\":\"function\",\"function\":{"
                 "\"name\":\"get\",\"arguments\":\"\"}}]")
         CHOICE("\"tool_calls\":[{\"index\":1,\"id\":\"call_r1_0_1\",\"type\":\"function\","
                "\"function\":{\"name\":\"put\",\"arguments\":\"\"}}]")
             CHOICE("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":\"}}]")
                 CHOICE("\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{}\"}}]")
                     CHOICE("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]")
                         STOP("tool_calls") DONE,
     WHOLE("\"content\":null,\"refusal\":null,\"tool_calls\":["
           "{\"id\":\"t1\",\"type\":\"function\",\"function\":{\"name\":\"get\","
           "\"arguments\":\"{\\\"a\\\":1}\"}},"
           "{\"id\":\"call_r1_0_1\",\"type\":\"function\",\"function\":{\"name\":\"put\","
           "\"arguments\":\"{}\"}}]",
           "tool_calls")},
    {"a signature that comes with a call",
     5,
     {START,
      {.kind = PROA_CHAT_TOOL_START,
       .id = PROA_SLICE_INIT("t"),
       .name = PROA_SLICE_INIT("f"),
       .text = PROA_SLICE_INIT("sig")},
      PIECE(0, "{}"),
      END(0),
      FINISH(TOOLS)},
     ROLE CHOICE("\"tool_calls\":[{\"index\":0,\"id\":\"t\",\"type\":\"function\",\"function\":{"
                 "\"name\":\"f\",\"arguments\":\"\"},\"extra_content\":{\"google\":{"
                 "\"thought_signature\":\"sig\"}}}]")
         CHOICE("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]")
             STOP("tool_calls") DONE,
     WHOLE("\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"t\",\"type\":\"function\","
           "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":{"
           "\"thought_signature\":\"sig\"}}}]",
           "tool_calls")},
    {"an image, a source, probabilities",
     6,
     {START,
      {.kind = PROA_CHAT_MEDIA,
       .media_type = PROA_SLICE_INIT("image/png"),
       .text = PROA_SLICE_INIT("AAAA")},
      {.kind = PROA_CHAT_CITATION,
       .id = PROA_SLICE_INIT("https://a"),
       .name = PROA_SLICE_INIT("A"),
       .raw = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_CITATION, .raw = PROA_SLICE_INIT("{\"not\":\"a page\"}")},
      {.kind = PROA_CHAT_LOGPROBS, .raw = PROA_SLICE_INIT("{\"content\":[]}")},
      FINISH(STOP)},
     ROLE CHOICE("\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                 "\"data:image/png;base64,AAAA\"}}]")
         CHOICE("\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"url\":"
                "\"https://a\",\"title\":\"A\"}}]") HEAD
     "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":{\"content\":[]},"
     "\"finish_reason\":null}]}\n\n" STOP("stop") DONE,
     "{\"id\":\"msg_1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"up-1\","
     "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"\","
     "\"refusal\":null,\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
     "\"data:image/png;base64,AAAA\"}}],\"annotations\":[{\"type\":\"url_citation\","
     "\"url_citation\":{\"url\":\"https://a\",\"title\":\"A\"}}]},"
     "\"logprobs\":{\"content\":[]},\"finish_reason\":\"stop\"}]}"},
    {"sound",
     4,
     {START,
      {.kind = PROA_CHAT_MEDIA,
       .media_type = PROA_SLICE_INIT("audio/wav"),
       .text = PROA_SLICE_INIT("AAAA")},
      TEXT(TEXT, "x"),
      FINISH(STOP)},
     ROLE CHOICE("\"audio\":{\"id\":\"audio_r1\",\"data\":\"AAAA\"}") CHOICE("\"content\":\"x\"")
         STOP("stop") DONE,
     WHOLE("\"content\":\"x\",\"refusal\":null,\"audio\":{\"id\":\"audio_r1\","
           "\"data\":\"AAAA\",\"expires_at\":0,\"transcript\":\"\"}",
           "stop")},
};

static void events_become_chunks(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, GOLDEN)
    {
        struct written w;
        write_all(&w, &STREAM, row->events, row->n, NULL);
        assert_slice_str(proa_buf_slice(&w.out), row->stream);
        end(&w);
    }
}

static void events_become_an_answer(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, GOLDEN)
    {
        struct written w;
        write_all(&w, &PLAIN, row->events, row->n, NULL);
        assert_slice_str(proa_buf_slice(&w.out), row->whole);
        end(&w);
    }
}

static const struct proa_usage USAGE = {.count = {[PROA_USAGE_INPUT] = 26,
                                                  [PROA_USAGE_OUTPUT] = 36,
                                                  [PROA_USAGE_CACHE_READ] = 10,
                                                  [PROA_USAGE_CACHE_WRITE] = 5,
                                                  [PROA_USAGE_REASONING] = 30},
                                        .known = (1U << PROA_USAGE_FIELDS) - 1};

#define USAGE_JSON                                                                                 \
    "{\"prompt_tokens\":26,\"completion_tokens\":36,\"total_tokens\":62,"                          \
    "\"prompt_tokens_details\":{\"cached_tokens\":10,\"cache_write_tokens\":5},"                   \
    "\"completion_tokens_details\":{\"reasoning_tokens\":30}}"

static void usage_is_told_where_it_is_asked_for(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {START, TEXT(TEXT, "x"), FINISH(STOP)};
    struct proa_api_answer_cfg cfg = STREAM;
    struct written w;
    write_all(&w, &cfg, events, 3, &USAGE);
    assert_slice_lit(proa_buf_slice(&w.out), ROLE CHOICE("\"content\":\"x\"") STOP("stop") DONE);
    end(&w);

    cfg.include_usage = true;
    write_all(&w, &cfg, events, 3, &USAGE);
    const struct proa_slice all = proa_buf_slice(&w.out);
    const struct proa_slice last =
        PROA_SLICE(HEAD "\"choices\":[],\"usage\":" USAGE_JSON "}\n\n" DONE);
    assert_true(all.len > last.len);
    assert_slice_equal(proa_slice_from(all, all.len - last.len), last);
    assert_slice_lit(proa_slice_head(all, sizeof(HEAD "\"usage\":null,") - 1),
                     HEAD "\"usage\":null,");
    end(&w);

    write_all(&w, &PLAIN, events, 3, &USAGE);
    const struct proa_slice whole = proa_buf_slice(&w.out);
    struct proa_slice usage = PROA_SLICE_NONE;
    assert_int_equal(proa_json_get(whole, PROA_SLICE("usage"), &usage), PROA_JSON_OBJECT);
    assert_slice_lit(usage, USAGE_JSON);
    end(&w);
}

static void what_an_answer_does_not_tell_is_made(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {TEXT(TEXT, "x"), FINISH(STOP)};
    struct proa_api_answer_cfg cfg = PLAIN;
    cfg.created_s = 42;
    cfg.model = PROA_SLICE("a \"model\"");
    struct written w;
    write_all(&w, &cfg, events, 2, NULL);
    assert_slice_lit(proa_slice_head(proa_buf_slice(&w.out), 82),
                     "{\"id\":\"chatcmpl-r1\",\"object\":\"chat.completion\",\"created\":42,"
                     "\"model\":\"a \\\"model\\\"\",");
    end(&w);
}

static void thinking_may_be_left_out(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {
        START, TEXT(REASONING, "hm"), TEXT(SIGNATURE, "s"), TEXT(TEXT, "x"), FINISH(STOP)};
    struct proa_api_answer_cfg cfg = STREAM;
    struct written w;
    cfg.hide_thinking = true;
    write_all(&w, &cfg, events, 5, NULL);
    assert_slice_lit(proa_buf_slice(&w.out), ROLE CHOICE("\"content\":\"x\"") STOP("stop") DONE);
    end(&w);
    cfg.stream = false;
    write_all(&w, &cfg, events, 5, NULL);
    assert_slice_lit(proa_buf_slice(&w.out), WHOLE("\"content\":\"x\",\"refusal\":null", "stop"));
    end(&w);
}

/* Who asks with `functions` knows of no tool calls; and of one function at the most. */
static void functions_are_called_the_old_way(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {START,  CALL(0, "t1", "get"), PIECE(0, "{}"),
                                                    END(0), CALL(1, "t2", "put"), PIECE(1, "{}"),
                                                    END(1), FINISH(TOOLS)};
    struct proa_api_answer_cfg cfg = STREAM;
    struct written w;
    cfg.functions = true;
    write_all(&w, &cfg, events, 8, NULL);
    assert_slice_lit(proa_buf_slice(&w.out),
                     ROLE CHOICE("\"function_call\":{\"name\":\"get\",\"arguments\":\"\"}")
                         CHOICE("\"function_call\":{\"arguments\":\"{}\"}") STOP("function_call")
                             DONE);
    end(&w);
    cfg.stream = false;
    write_all(&w, &cfg, events, 8, NULL);
    assert_slice_lit(proa_buf_slice(&w.out),
                     WHOLE("\"content\":null,\"refusal\":null,\"function_call\":{\"name\":\"get\","
                           "\"arguments\":\"{}\"}",
                           "function_call"));
    end(&w);
}

#define COMPLETION(text, reason)                                                                   \
    "data: {\"id\":\"msg_1\",\"object\":\"text_completion\",\"created\":1700000000,"               \
    "\"model\":\"up-1\",\"choices\":[{\"index\":0,\"text\":\"" text                                \
    "\",\"logprobs\":null,\"finish_reason\":" reason "}]}\n\n"

static void a_completion_is_text(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {START, TEXT(REASONING, "hm"), TEXT(TEXT, "x"),
                                                    FINISH(STOP)};
    struct proa_api_answer_cfg cfg = STREAM;
    struct written w;
    cfg.completion = true;
    write_all(&w, &cfg, events, 4, NULL);
    assert_slice_lit(proa_buf_slice(&w.out),
                     COMPLETION("x", "null") COMPLETION("", "\"stop\"") DONE);
    end(&w);
    cfg.stream = false;
    write_all(&w, &cfg, events, 4, NULL);
    assert_slice_lit(proa_buf_slice(&w.out),
                     "{\"id\":\"msg_1\",\"object\":\"text_completion\",\"created\":1700000000,"
                     "\"model\":\"up-1\",\"choices\":[{\"index\":0,\"text\":\"x\","
                     "\"logprobs\":null,\"finish_reason\":\"stop\"}]}");
    end(&w);
}

/* At the first choice's end, which waits for it; a completion has no place for it. */
static void the_gateway_is_told_at_the_end(void **state)
{
    (void)state;
    static const struct proa_usage none = {.known = 0};
    static const struct proa_slice gateway = PROA_SLICE_INIT("{\"cost\":\"0\"}");
    static const struct proa_chat_event events[] = {START, TEXT(TEXT, "a"), FINISH(STOP)};
    struct written w;
    struct proa_api_answer_cfg cfg = STREAM;
    cfg.late_finish = true;
    begin(&w, &cfg);
    for (size_t i = 0; i < 3; i++) {
        tell(&w, &events[i]);
    }
    assert_slice_lit(proa_buf_slice(&w.out), ROLE CHOICE("\"content\":\"a\""));
    proa_api_answer_end(w.answer, &none, gateway);
    assert_slice_lit(proa_buf_slice(&w.out), ROLE CHOICE("\"content\":\"a\"") HEAD
                     "\"choices\":[{\"index\":0,\"delta\":{\"provider_metadata\":{\"gateway\":{"
                     "\"cost\":\"0\"}}},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n" DONE);
    end(&w);
    begin(&w, &PLAIN);
    tell(&w, &events[0]);
    tell(&w, &events[1]);
    tell(&w, &events[2]);
    proa_api_answer_end(w.answer, &none, gateway);
    assert_slice_lit(proa_buf_slice(&w.out),
                     WHOLE("\"content\":\"a\",\"refusal\":null,\"provider_metadata\":{"
                           "\"gateway\":{\"cost\":\"0\"}}",
                           "stop"));
    end(&w);
    cfg.completion = true;
    begin(&w, &cfg);
    tell(&w, &events[0]);
    tell(&w, &events[2]);
    proa_api_answer_end(w.answer, &none, gateway);
    assert_int_equal(proa_slice_search(proa_buf_slice(&w.out), PROA_SLICE("gateway")), w.out.len);
    end(&w);
}

static void a_full_buffer_shows(void **state)
{
    (void)state;
    static const struct proa_chat_event events[] = {START, TEXT(TEXT, "0123456789")};
    for (int stream = 0; stream < 2; stream++) {
        struct written w;
        const struct proa_usage usage = {.known = 0};
        begin(&w, stream ? &STREAM : &PLAIN);
        w.out.max = 200;
        tell(&w, &events[0]);
        tell(&w, &events[1]);
        proa_api_answer_end(w.answer, &usage, PROA_SLICE_NONE);
        assert_false(proa_buf_ok(&w.out));
        end(&w);
    }
}

/* ---- whatever the events are ----------------------------------------------------------------- */

enum { CHOICES = 3, STEPS = 60 };

/* One chunk of a stream. */
struct chunk {
    uint64_t index;
    bool has_choice;
    bool role;
    bool finish;
    bool empty_delta;
};

static bool next_chunk(struct proa_slice *rest, struct chunk *out)
{
    const size_t len = proa_slice_search(*rest, PROA_SLICE("\n\n"));
    const struct proa_slice data = proa_slice_from(proa_slice_head(*rest, len), 6);
    struct proa_slice value = PROA_SLICE_NONE;
    struct proa_json_info info;
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    *rest = proa_slice_from(*rest, len + 2);
    if (proa_slice_eq(data, PROA_SLICE("[DONE]"))) {
        return false;
    }
    *out = (struct chunk){.index = 0};
    PROA_TEST_CHECK(proa_json_scan(data, &any, NULL, &info) == PROA_OK, "%.*s", (int)data.len,
                    data.ptr);
    const struct proa_json_step index[] = {PROA_JSON_STEP_KEY("choices"), PROA_JSON_STEP_AT(0),
                                           PROA_JSON_STEP_KEY("index")};
    const struct proa_json_step role[] = {PROA_JSON_STEP_KEY("choices"), PROA_JSON_STEP_AT(0),
                                          PROA_JSON_STEP_KEY("delta"), PROA_JSON_STEP_KEY("role")};
    const struct proa_json_step finish[] = {PROA_JSON_STEP_KEY("choices"), PROA_JSON_STEP_AT(0),
                                            PROA_JSON_STEP_KEY("finish_reason")};
    out->has_choice = proa_json_path(data, index, 3, &value) == PROA_JSON_NUMBER;
    if (out->has_choice) {
        assert_ok(proa_json_number_u64(value, &out->index));
    }
    out->role = proa_json_path(data, role, 4, NULL) == PROA_JSON_STRING;
    out->finish = proa_json_path(data, finish, 3, NULL) == PROA_JSON_STRING;
    out->empty_delta = proa_json_path(data, role, 3, &value) == PROA_JSON_OBJECT && value.len == 2;
    return true;
}

static void check_stream(struct proa_slice all, bool usage)
{
    bool begun[CHOICES] = {false};
    bool ended[CHOICES] = {false};
    bool told_usage = false;
    struct chunk chunk;
    while (next_chunk(&all, &chunk)) {
        assert_false(told_usage); /* the last one */
        if (!chunk.has_choice) {
            told_usage = true;
            continue;
        }
        assert_true(chunk.index < CHOICES);
        assert_int_equal(chunk.role, !begun[chunk.index]);
        assert_false(ended[chunk.index]);
        begun[chunk.index] = true;
        ended[chunk.index] = chunk.finish;
        assert_true(!chunk.finish || chunk.empty_delta);
    }
    assert_int_equal(all.len, 0);
    assert_int_equal(told_usage, usage);
    for (size_t i = 0; i < CHOICES; i++) {
        assert_true(begun[i] && ended[i]);
    }
}

static struct proa_chat_event any_event(struct proa_prng *prng, uint32_t tools[CHOICES])
{
    static const enum proa_chat_event_kind kinds[] = {
        PROA_CHAT_TEXT,       PROA_CHAT_REFUSAL,    PROA_CHAT_REASONING, PROA_CHAT_SIGNATURE,
        PROA_CHAT_REDACTED,   PROA_CHAT_TOOL_START, PROA_CHAT_MEDIA,     PROA_CHAT_CITATION,
        PROA_CHAT_TOOL_PIECE, PROA_CHAT_LOGPROBS,
    };
    struct proa_chat_event e = {.kind = kinds[proa_prng_below(prng, PROA_ARRAY_LEN(kinds))],
                                .choice = (uint32_t)proa_prng_below(prng, CHOICES),
                                .text = PROA_SLICE("t\\n\xc3\xa9"),
                                .id = PROA_SLICE("i"),
                                .name = PROA_SLICE("n"),
                                .media_type = PROA_SLICE("image/png"),
                                .raw = PROA_SLICE("{}")};
    if (e.kind == PROA_CHAT_TOOL_PIECE && tools[e.choice] == 0) {
        e.kind = PROA_CHAT_TEXT;
    } else if (e.kind == PROA_CHAT_TOOL_PIECE) {
        e.tool = (uint32_t)proa_prng_below(prng, tools[e.choice]);
    } else if (e.kind == PROA_CHAT_TOOL_START) {
        e.tool = tools[e.choice]++;
    }
    return e;
}

static void every_stream_keeps_the_order(void **state)
{
    (void)state;
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        for (int stream = 0; stream < 2; stream++) {
            struct proa_prng prng;
            struct written w;
            uint32_t tools[CHOICES] = {0};
            struct proa_api_answer_cfg cfg = stream ? STREAM : PLAIN;
            proa_prng_seed(&prng, seed);
            cfg.include_usage = seed % 2 == 0;
            begin(&w, &cfg);
            for (size_t i = proa_prng_below(&prng, STEPS); i > 0; i--) {
                const struct proa_chat_event e = any_event(&prng, tools);
                tell(&w, &e);
            }
            for (uint32_t i = 0; i < CHOICES; i++) {
                tell(&w, &(const struct proa_chat_event){.kind = PROA_CHAT_FINISH, .choice = i});
            }
            proa_api_answer_end(w.answer, &USAGE, PROA_SLICE_NONE);
            if (stream) {
                check_stream(proa_buf_slice(&w.out), cfg.include_usage);
            } else {
                struct proa_json_info info;
                assert_ok(proa_json_scan(proa_buf_slice(&w.out), &any, NULL, &info));
            }
            end(&w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_become_chunks),
        cmocka_unit_test(events_become_an_answer),
        cmocka_unit_test(usage_is_told_where_it_is_asked_for),
        cmocka_unit_test(what_an_answer_does_not_tell_is_made),
        cmocka_unit_test(thinking_may_be_left_out),
        cmocka_unit_test(functions_are_called_the_old_way),
        cmocka_unit_test(a_completion_is_text),
        cmocka_unit_test(the_gateway_is_told_at_the_end),
        cmocka_unit_test(a_full_buffer_shows),
        cmocka_unit_test(every_stream_keeps_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
