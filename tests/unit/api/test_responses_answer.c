/*
 * Answers as a client of the Responses API gets them: every event streamed and whole, and what must
 * hold of each stream whatever the events are.
 */
#include "proa/api/responses_answer.h"
#include "proa/core/prng.h"
#include "proa/json/cursor.h"

#include "../../fuzz/response_check.h"
#include "proa_test.h"

#define START                                                                                      \
    {                                                                                              \
        .kind = PROA_CHAT_START, .id = PROA_SLICE_INIT("up-1"), .model = PROA_SLICE_INIT("m-1"),   \
        .created_s = 12                                                                            \
    }
#define TEXT(t)                                                                                    \
    {                                                                                              \
        .kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT(t)                                         \
    }
#define FINISH(f)                                                                                  \
    {                                                                                              \
        .kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_##f                                   \
    }

struct written {
    struct proa_arena arena;
    struct proa_buf out;
    struct proa_api_response *response;
    struct proa_chat_sink sink;
};

static void begin(struct written *w, const struct proa_api_response_cfg *cfg)
{
    proa_arena_init(&w->arena, NULL);
    proa_buf_init(&w->out, (size_t)16 * 1024 * 1024);
    w->response = proa_api_response_create(cfg, &w->out, &w->arena);
    w->sink = proa_api_response_sink(w->response);
}

static void end(struct written *w)
{
    proa_api_response_destroy(w->response);
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
static const struct proa_api_response_cfg STREAM = {.stream = true,
                                                    .id = PROA_SLICE_INIT("r1"),
                                                    .generation = PROA_SLICE_INIT("gen_1"),
                                                    .model = PROA_SLICE_INIT("asked"),
                                                    .created_s = 7};
static const struct proa_api_response_cfg PLAIN = {.id = PROA_SLICE_INIT("r1"),
                                                   .generation = PROA_SLICE_INIT("gen_1"),
                                                   .model = PROA_SLICE_INIT("asked"),
                                                   .created_s = 7};

/* ---- items ----------------------------------------------------------------------------------- */

enum { EVENTS_MAX = 12 };

static const struct golden {
    const char *name;
    size_t n;
    struct proa_chat_event events[EVENTS_MAX];
    const char *output; /* its elements */
    const char *status;
    const char *told; /* the stream's events without "response.", but for the first two */
} goldens[] = {
    {"a text",
     4,
     {START, TEXT("a"), TEXT("b \\\"c\\\""), FINISH(STOP)},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"ab \\\"c\\\"\",\"annotations\":[],"
     "\"logprobs\":[]}]}",
     "completed",
     "output_item.added content_part.added output_text.delta output_text.delta output_text.done "
     "content_part.done output_item.done completed "},
    {"nothing", 2, {START, FINISH(STOP)}, "", "completed", "completed "},
    {"too long",
     3,
     {START, TEXT("a"), FINISH(LENGTH)},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"incomplete\",\"role\":"
     "\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],\"logprobs\":[]}]}",
     "incomplete\",\"max_output_tokens",
     "output_item.added content_part.added output_text.delta output_text.done content_part.done "
     "output_item.done incomplete "},
    {"a refusal behind a text, and a filter",
     4,
     {START, TEXT("a"), {.kind = PROA_CHAT_REFUSAL, .text = PROA_SLICE_INIT("no")}, FINISH(FILTER)},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],\"logprobs\":[]}]},"
     "{\"id\":\"msg_gen_1_1\",\"type\":\"message\",\"status\":\"incomplete\",\"role\":"
     "\"assistant\","
     "\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"}]}",
     "incomplete\",\"content_filter",
     "output_item.added content_part.added output_text.delta output_text.done content_part.done "
     "output_item.done output_item.added content_part.added refusal.delta refusal.done "
     "content_part.done output_item.done incomplete "},
    {"thoughts, signed and sealed, and a text",
     7,
     {START,
      {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("h")},
      {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("m")},
      {.kind = PROA_CHAT_SIGNATURE, .text = PROA_SLICE_INIT("SIG")},
      {.kind = PROA_CHAT_REDACTED, .text = PROA_SLICE_INIT("RED")},
      TEXT("a"),
      FINISH(STOP)},
     "{\"id\":\"rs_proa_gen_1_0\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\","
     "\"text\":\"hm\"}],\"encrypted_content\":\"proa-signature:SIG\"},"
     "{\"id\":\"rs_proa_gen_1_1\",\"type\":\"reasoning\",\"summary\":[],"
     "\"encrypted_content\":\"proa-redacted:RED\"},"
     "{\"id\":\"msg_gen_1_2\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],\"logprobs\":[]}]}",
     "completed",
     "output_item.added reasoning_summary_part.added reasoning_summary_text.delta "
     "reasoning_summary_text.delta reasoning_summary_text.done reasoning_summary_part.done "
     "output_item.done output_item.added output_item.done output_item.added content_part.added "
     "output_text.delta output_text.done content_part.done output_item.done completed "},
    {"a thought that nobody signed",
     3,
     {START, {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("hm")}, FINISH(OTHER)},
     "{\"id\":\"rs_proa_gen_1_0\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\","
     "\"text\":\"hm\"}]}",
     "completed",
     "output_item.added reasoning_summary_part.added reasoning_summary_text.delta "
     "reasoning_summary_text.done reasoning_summary_part.done output_item.done completed "},
    {"calls, their pieces mixed",
     10,
     {START,
      TEXT("a"),
      {.kind = PROA_CHAT_TOOL_START, .id = PROA_SLICE_INIT("c1"), .name = PROA_SLICE_INIT("f")},
      {.kind = PROA_CHAT_TOOL_START,
       .tool = 1,
       .name = PROA_SLICE_INIT("g"),
       .text = PROA_SLICE_INIT("sig")},
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 1, .text = PROA_SLICE_INIT("{\\\"b\\\":")},
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 0, .text = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 1, .text = PROA_SLICE_INIT("2}")},
      {.kind = PROA_CHAT_TOOL_END, .tool = 0},
      {.kind = PROA_CHAT_TOOL_END, .tool = 1},
      FINISH(TOOLS)},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],\"logprobs\":[]}]},"
     "{\"id\":\"fc_gen_1_1\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":"
     "\"c1\","
     "\"name\":\"f\",\"arguments\":\"{}\"},"
     "{\"id\":\"fc_gen_1_2\",\"type\":\"function_call\",\"status\":\"completed\","
     "\"call_id\":\"call_r1_1\",\"name\":\"g\",\"arguments\":\"{\\\"b\\\":2}\","
     "\"extra_content\":{\"google\":{\"thought_signature\":\"sig\"}}}",
     "completed",
     "output_item.added content_part.added output_text.delta output_text.done content_part.done "
     "output_item.done output_item.added output_item.added function_call_arguments.delta "
     "function_call_arguments.delta function_call_arguments.delta function_call_arguments.done "
     "output_item.done function_call_arguments.done output_item.done completed "},
    {"a call that was cut",
     4,
     {START,
      {.kind = PROA_CHAT_TOOL_START, .id = PROA_SLICE_INIT("c1"), .name = PROA_SLICE_INIT("f")},
      {.kind = PROA_CHAT_TOOL_PIECE, .text = PROA_SLICE_INIT("{\\\"a")},
      FINISH(LENGTH)},
     "{\"id\":\"fc_gen_1_0\",\"type\":\"function_call\",\"status\":\"incomplete\",\"call_id\":"
     "\"c1\","
     "\"name\":\"f\",\"arguments\":\"{\\\"a\"}",
     "incomplete\",\"max_output_tokens",
     "output_item.added function_call_arguments.delta function_call_arguments.done "
     "output_item.done incomplete "},
    {"sources, and how likely it was",
     6,
     {START,
      TEXT("a"),
      {.kind = PROA_CHAT_CITATION,
       .id = PROA_SLICE_INIT("https://a/"),
       .name = PROA_SLICE_INIT("A"),
       .raw = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_CITATION, .raw = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_LOGPROBS,
       .raw = PROA_SLICE_INIT("{\"content\":[{\"token\":\"a\",\n\"logprob\":-1},\r"
                              "{\"token\":\"b\",\"logprob\":-2}],\"refusal\":null}")},
      FINISH(STOP)},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[{"
     "\"type\":\"url_citation\",\"start_index\":0,\"end_index\":0,\"url\":\"https://a/\","
     "\"title\":\"A\"}],\"logprobs\":[{\"token\":\"a\",\"logprob\":-1},"
     "{\"token\":\"b\",\"logprob\":-2}]}]}",
     "completed",
     "output_item.added content_part.added output_text.delta output_text.annotation.added "
     "output_text.done content_part.done output_item.done completed "},
    {"what was made: an image; sound has no place",
     5,
     {START,
      TEXT("a"),
      {.kind = PROA_CHAT_MEDIA,
       .media_type = PROA_SLICE_INIT("image/webp"),
       .text = PROA_SLICE_INIT("AAAA")},
      {.kind = PROA_CHAT_MEDIA,
       .media_type = PROA_SLICE_INIT("audio/mp3"),
       .text = PROA_SLICE_INIT("BBBB")},
      FINISH(STOP)},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],\"logprobs\":[]}]},"
     "{\"id\":\"ig_gen_1_1\",\"type\":\"image_generation_call\",\"status\":\"completed\","
     "\"output_format\":\"webp\",\"result\":\"AAAA\"}",
     "completed",
     "output_item.added content_part.added output_text.delta output_text.done content_part.done "
     "output_item.done output_item.added output_item.done completed "},
    {"of several choices the first; empty pieces say nothing",
     5,
     {START,
      {.kind = PROA_CHAT_TEXT, .choice = 1, .text = PROA_SLICE_INIT("other")},
      TEXT(""),
      TEXT("a"),
      FINISH(STOP)},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],\"logprobs\":[]}]}",
     "completed",
     "output_item.added content_part.added output_text.delta output_text.done content_part.done "
     "output_item.done completed "},
    {"pieces of a call that never began, or has ended",
     6,
     {START,
      {.kind = PROA_CHAT_TOOL_PIECE, .tool = 5, .text = PROA_SLICE_INIT("{}")},
      {.kind = PROA_CHAT_TOOL_START, .id = PROA_SLICE_INIT("c1"), .name = PROA_SLICE_INIT("f")},
      {.kind = PROA_CHAT_TOOL_END},
      {.kind = PROA_CHAT_TOOL_PIECE, .text = PROA_SLICE_INIT("{}")},
      FINISH(TOOLS)},
     "{\"id\":\"fc_gen_1_0\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":"
     "\"c1\","
     "\"name\":\"f\",\"arguments\":\"\"}",
     "completed",
     "output_item.added function_call_arguments.done output_item.done completed "},
    {"no finish at all",
     2,
     {START, TEXT("a")},
     "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[],\"logprobs\":[]}]}",
     "completed",
     "output_item.added content_part.added output_text.delta output_text.done content_part.done "
     "output_item.done completed "},
};

static void write_golden(struct written *w, const struct golden *g,
                         const struct proa_api_response_cfg *cfg)
{
    begin(w, cfg);
    for (size_t i = 0; i < g->n; i++) {
        tell(w, &g->events[i]);
    }
    proa_api_response_end(w->response, &NOTHING, PROA_SLICE_NONE);
    PROA_TEST_CHECK(proa_buf_ok(&w->out), "%s", g->name);
}

static void assert_response(struct proa_slice response, const struct golden *g)
{
    struct proa_buf expected;
    struct proa_buf status;
    struct proa_slice reason = PROA_SLICE_NONE;
    proa_buf_init(&expected, SIZE_MAX);
    proa_buf_init(&status, SIZE_MAX);
    (void)proa_buf_append_printf(&expected, "[%s]", g->output);
    assert_slice_equal(need(response, "output", PROA_JSON_ARRAY), proa_buf_slice(&expected));
    (void)proa_buf_append(&status, proa_chat_text(need(response, "status", PROA_JSON_STRING)));
    if (proa_json_get(response, PROA_SLICE("incomplete_details"), &reason) == PROA_JSON_OBJECT) {
        PROA_BUF_LIT(&status, "\",\"");
        (void)proa_buf_append(&status, proa_chat_text(need(reason, "reason", PROA_JSON_STRING)));
    }
    assert_slice_str(proa_buf_slice(&status), g->status);
    proa_buf_deinit(&status);
    proa_buf_deinit(&expected);
}

static void whole_answers(void **state)
{
    (void)state;
    PROA_TEST_ROWS(g, goldens)
    {
        struct written w;
        write_golden(&w, g, &PLAIN);
        check_object(proa_buf_slice(&w.out));
        check_response(proa_buf_slice(&w.out));
        assert_response(proa_buf_slice(&w.out), g);
        end(&w);
    }
}

/* The names of the events, and the data of the last. */
static struct proa_slice names_of(struct proa_slice all, struct proa_buf *names)
{
    struct proa_slice last = PROA_SLICE_NONE;
    while (all.len > 0) {
        static const struct proa_slice begins = PROA_SLICE_INIT("event: response.");
        struct proa_slice rest;
        const struct proa_slice name = proa_slice_split(all, '\n', &rest);
        (void)proa_buf_append(names, proa_slice_from(name, begins.len));
        PROA_BUF_LIT(names, " ");
        last = proa_slice_from(proa_slice_split(rest, '\n', &rest), 6);
        all = proa_slice_from(rest, 1);
    }
    return last;
}

static void streams(void **state)
{
    (void)state;
    PROA_TEST_ROWS(g, goldens)
    {
        struct written w;
        struct proa_buf names;
        struct proa_buf expected;
        proa_buf_init(&names, SIZE_MAX);
        proa_buf_init(&expected, SIZE_MAX);
        write_golden(&w, g, &STREAM);
        check_response_stream(proa_buf_slice(&w.out));
        const struct proa_slice last = names_of(proa_buf_slice(&w.out), &names);
        (void)proa_buf_append_printf(&expected, "created in_progress %s", g->told);
        assert_slice_equal(proa_buf_slice(&names), proa_buf_slice(&expected));
        assert_response(need(last, "response", PROA_JSON_OBJECT), g);
        proa_buf_deinit(&expected);
        proa_buf_deinit(&names);
        end(&w);
    }
}

/* ---- frames as they are ---------------------------------------------------------------------- */

#define UNSAID                                                                                     \
    ",\"instructions\":null,\"max_output_tokens\":null,\"max_tool_calls\":null,\"metadata\":{},"   \
    "\"parallel_tool_calls\":true,\"previous_response_id\":null,\"prompt_cache_key\":null,"        \
    "\"reasoning\":{\"effort\":null,\"summary\":null},\"safety_identifier\":null,"                 \
    "\"service_tier\":\"default\",\"store\":true,\"temperature\":1.0,"                             \
    "\"text\":{\"format\":{\"type\":\"text\"}},\"tool_choice\":\"auto\",\"tools\":[],"             \
    "\"top_logprobs\":0,\"top_p\":1.0,\"truncation\":\"disabled\",\"user\":null"
#define HEAD(status)                                                                               \
    "{\"id\":\"gen_1\",\"object\":\"response\",\"created_at\":12,\"status\":\"" status             \
    "\",\"background\":false,\"error\":null,\"incomplete_details\":null,\"model\":\"m-1\"" UNSAID

#define TEXT_ITEM                                                                                  \
    "{\"id\":\"msg_gen_1_0\",\"type\":\"message\",\"status\":\"completed\","                       \
    "\"role\":\"assistant\",\"content\":[" TEXT_PART("ab \\\"c\\\"") "]}"
#define TEXT_PART(text)                                                                            \
    "{\"type\":\"output_text\",\"text\":\"" text "\",\"annotations\":[],\"logprobs\":[]}"
#define ABOUT "\"output_index\":0,\"item_id\":\"msg_gen_1_0\",\"content_index\":0"

static void a_stream_byte_by_byte(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *data; /* behind type and number */
    } events[] = {
        {"created", "\"response\":" HEAD("in_progress") ",\"output\":[],\"usage\":null}"},
        {"in_progress", "\"response\":" HEAD("in_progress") ",\"output\":[],\"usage\":null}"},
        {"output_item.added",
         "\"output_index\":0,\"item\":{\"id\":\"msg_gen_1_0\",\"type\":\"message\","
         "\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}"},
        {"content_part.added", ABOUT ",\"part\":" TEXT_PART("")},
        {"output_text.delta", ABOUT ",\"delta\":\"a\",\"logprobs\":[]"},
        {"output_text.delta", ABOUT ",\"delta\":\"b \\\"c\\\"\",\"logprobs\":[]"},
        {"output_text.done", ABOUT ",\"text\":\"ab \\\"c\\\"\",\"logprobs\":[]"},
        {"content_part.done", ABOUT ",\"part\":" TEXT_PART("ab \\\"c\\\"")},
        {"output_item.done", "\"output_index\":0,\"item\":" TEXT_ITEM},
        {"completed",
         "\"response\":" HEAD(
             "completed") ",\"output\":[" TEXT_ITEM "],\"usage\":{"
                          "\"input_tokens\":10,\"input_tokens_details\":{\"cached_tokens\":4},"
                          "\"output_tokens\":5,"
                          "\"output_tokens_details\":{\"reasoning_tokens\":3},\"total_tokens\":15},"
                          "\"providerMetadata\":{\"gateway\":{\"a\":1}}}"},
    };
    const struct proa_usage usage = {.count = {10, 5, 4, 0, 3}, .known = 0x17};
    struct written w;
    struct proa_buf expected;
    proa_buf_init(&expected, SIZE_MAX);
    PROA_TEST_ROWS(e, events)
    {
        (void)proa_buf_append_printf(&expected,
                                     "event: response.%s\ndata: {\"type\":\"response.%s\","
                                     "\"sequence_number\":%d,%s}\n\n",
                                     e->name, e->name, (int)(e - events), e->data);
    }
    begin(&w, &STREAM);
    for (size_t i = 0; i < goldens[0].n; i++) {
        tell(&w, &goldens[0].events[i]);
    }
    proa_api_response_end(w.response, &usage, PROA_SLICE("{\"a\":1}"));
    assert_slice_equal(proa_buf_slice(&w.out), proa_buf_slice(&expected));
    assert_int_equal(proa_api_response_sequence(w.response), PROA_ARRAY_LEN(events));
    proa_buf_deinit(&expected);
    end(&w);
}

static void a_whole_answer_byte_by_byte(void **state)
{
    (void)state;
    struct written w;
    begin(&w, &PLAIN);
    tell(&w, &goldens[1].events[0]);
    const struct proa_usage usage = {.count = {10, 5, 0, 2, 0}, .known = 0x0b};
    proa_api_response_end(w.response, &usage, PROA_SLICE_NONE);
    assert_slice_str(proa_buf_slice(&w.out),
                     HEAD("completed") ",\"output\":[],\"usage\":{\"input_tokens\":10,"
                                       "\"input_tokens_details\":{\"cached_tokens\":0,"
                                       "\"cache_write_tokens\":2},\"output_tokens\":5,"
                                       "\"output_tokens_details\":{\"reasoning_tokens\":0},"
                                       "\"total_tokens\":15}}");
    end(&w);
}

/* ---- what it is called ----------------------------------------------------------------------- */

static void ids_and_names(void **state)
{
    (void)state;
    static const struct proa_api_response_cfg unnamed = {.id = PROA_SLICE_INIT("r1"),
                                                         .model = PROA_SLICE_INIT("asked")};
    struct written w;
    begin(&w, &unnamed);
    proa_api_response_end(w.response, &NOTHING, PROA_SLICE_NONE);
    const struct proa_slice out = proa_buf_slice(&w.out);
    assert_slice_lit(need(out, "id", PROA_JSON_STRING), "\"resp_r1\"");
    assert_slice_lit(need(out, "model", PROA_JSON_STRING), "\"asked\"");
    assert_slice_lit(need(out, "created_at", PROA_JSON_NUMBER), "0");
    assert_slice_lit(need(out, "usage", PROA_JSON_NULL), "null");
    end(&w);
    begin(&w, &PLAIN);
    tell(&w, &(const struct proa_chat_event)TEXT("a"));
    proa_api_response_end(w.response, &NOTHING, PROA_SLICE_NONE);
    assert_slice_lit(need(proa_buf_slice(&w.out), "created_at", PROA_JSON_NUMBER), "7");
    end(&w);
    proa_api_response_destroy(NULL);
}

/* What the request said may be gone when the answer comes. */
static void what_was_asked_is_repeated(void **state)
{
    (void)state;
    struct written w;
    struct proa_api_echo *echo = PROA_NEW(struct proa_api_echo);
    char *tools = proa_memdup("[{\"name\":\"f\"}]", 14);
    echo->said[PROA_API_ECHO_TOOLS] = proa_slice_make(tools, 14);
    echo->said[PROA_API_ECHO_STORE] = PROA_SLICE("false");
    echo->said[PROA_API_ECHO_TEXT] = PROA_SLICE("{\r\n \"format\": {\n  \"a\": \"b\\n\"\n }\n}");
    struct proa_api_response_cfg cfg = PLAIN;
    cfg.echo = echo;
    begin(&w, &cfg);
    proa_free(tools);
    proa_free(echo);
    proa_api_response_end(w.response, &NOTHING, PROA_SLICE_NONE);
    const struct proa_slice out = proa_buf_slice(&w.out);
    check_response(out);
    assert_slice_lit(need(out, "tools", PROA_JSON_ARRAY), "[{\"name\":\"f\"}]");
    assert_slice_lit(need(out, "store", PROA_JSON_FALSE), "false");
    assert_slice_lit(need(out, "top_p", PROA_JSON_NUMBER), "1.0");
    /* in one line, as the data of an event is */
    assert_slice_lit(need(out, "text", PROA_JSON_OBJECT), "{ \"format\": {  \"a\": \"b\\n\" }}");
    end(&w);
}

/* ---- whatever comes -------------------------------------------------------------------------- */

static struct proa_chat_event random_event(struct proa_prng *p)
{
    static const struct proa_slice texts[] = {PROA_SLICE_INIT(""), PROA_SLICE_INIT("a"),
                                              PROA_SLICE_INIT("\\u00e4 \\\"b\\\""),
                                              PROA_SLICE_INIT("image/png")};
    return (struct proa_chat_event){
        .kind = (enum proa_chat_event_kind)proa_prng_below(p, PROA_CHAT_RANK + 1),
        .choice = proa_prng_below(p, 8) == 0,
        .tool = (uint32_t)proa_prng_below(p, proa_prng_below(p, 50) == 0 ? 300 : 4),
        .finish = (enum proa_chat_finish)proa_prng_below(p, 5),
        .text = texts[proa_prng_below(p, 4)],
        .id = texts[proa_prng_below(p, 4)],
        .name = texts[proa_prng_below(p, 4)],
        .model = texts[proa_prng_below(p, 4)],
        .media_type = texts[proa_prng_below(p, 4)],
        .raw = PROA_SLICE("{\"content\":[{\"token\":\"a\"}]}"),
        .usage = &NOTHING,
    };
}

static void every_stream_is_sound(void **state)
{
    (void)state;
    struct proa_prng p;
    proa_prng_seed(&p, 4711);
    for (int round = 0; round < 400; round++) {
        struct written stream;
        struct written whole;
        begin(&stream, &STREAM);
        begin(&whole, &PLAIN);
        const uint64_t n = proa_prng_below(&p, 40);
        for (uint64_t i = 0; i < n; i++) {
            const struct proa_chat_event e = random_event(&p);
            tell(&stream, &e);
            tell(&whole, &e);
        }
        proa_api_response_end(stream.response, &NOTHING, PROA_SLICE_NONE);
        proa_api_response_end(whole.response, &NOTHING, PROA_SLICE_NONE);
        check_response_stream(proa_buf_slice(&stream.out));
        check_response(proa_buf_slice(&whole.out));
        struct proa_buf names;
        proa_buf_init(&names, SIZE_MAX);
        const struct proa_slice last = names_of(proa_buf_slice(&stream.out), &names);
        assert_slice_equal(need(last, "response", PROA_JSON_OBJECT), proa_buf_slice(&whole.out));
        proa_buf_deinit(&names);
        end(&stream);
        end(&whole);
    }
}

/* A stream's buffer is emptied between events, and each event is whole frames. */
static void the_buffer_is_the_callers(void **state)
{
    (void)state;
    struct written w;
    struct proa_buf all;
    proa_buf_init(&all, SIZE_MAX);
    begin(&w, &STREAM);
    for (size_t i = 0; i < goldens[6].n; i++) {
        tell(&w, &goldens[6].events[i]);
        assert_true(w.out.len == 0 || w.out.ptr[w.out.len - 1] == '\n');
        (void)proa_buf_append(&all, proa_buf_slice(&w.out));
        proa_buf_clear(&w.out);
    }
    proa_api_response_end(w.response, &NOTHING, PROA_SLICE_NONE);
    (void)proa_buf_append(&all, proa_buf_slice(&w.out));
    check_response_stream(proa_buf_slice(&all));
    proa_buf_deinit(&all);
    end(&w);
}

static void a_full_buffer_shows(void **state)
{
    (void)state;
    for (int stream = 0; stream < 2; stream++) {
        struct written w;
        begin(&w, stream ? &STREAM : &PLAIN);
        w.out.max = 600;
        tell(&w, &(const struct proa_chat_event)TEXT("a"));
        proa_api_response_end(w.response, &NOTHING, PROA_SLICE_NONE);
        assert_false(proa_buf_ok(&w.out));
        end(&w);
    }
}

/* It is kept until its end, however long whoever makes it goes on. */
static void a_stream_has_a_maximum(void **state)
{
    (void)state;
    struct written w;
    struct proa_chat_event piece = {.kind = PROA_CHAT_TEXT};
    char *text = proa_alloc((size_t)1024 * 1024);
    memset(text, 'x', (size_t)1024 * 1024);
    piece.text = proa_slice_make(text, (size_t)1024 * 1024);
    begin(&w, &STREAM);
    for (size_t i = 0; i < 32; i++) {
        tell(&w, &piece);
        assert_true(proa_buf_ok(&w.out));
        proa_buf_clear(&w.out);
    }
    for (size_t i = 0; i < 2; i++) {
        tell(&w, &piece);
        assert_false(proa_buf_ok(&w.out));
        assert_int_equal(w.out.len, 0);
        proa_buf_clear(&w.out);
    }
    end(&w);
    proa_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),         cmocka_unit_test(streams),
        cmocka_unit_test(a_stream_byte_by_byte), cmocka_unit_test(a_whole_answer_byte_by_byte),
        cmocka_unit_test(ids_and_names),         cmocka_unit_test(what_was_asked_is_repeated),
        cmocka_unit_test(every_stream_is_sound), cmocka_unit_test(the_buffer_is_the_callers),
        cmocka_unit_test(a_full_buffer_shows),   cmocka_unit_test(a_stream_has_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
