/* What the gateway tells, put into answers that are passed on: where, and where not. */
#include "proa/api/note.h"
#include "proa/json/scan.h"

#include "proa_test.h"

static const struct proa_api_note note = {.gateway = PROA_SLICE_INIT("{\"a\":1}"),
                                          .generation = PROA_SLICE_INIT("gen_1")};

/* The answer with the bytes at their place; as it was where there is none. */
static char *put(bool found, const char *answer, const struct proa_buf *text, size_t at)
{
    struct proa_buf out;
    const struct proa_slice whole = proa_slice_cstr(answer);
    proa_buf_init(&out, 1 << 20);
    assert_true(!found || (at <= whole.len && text->len > 0));
    (void)proa_buf_append(&out, found ? proa_slice_head(whole, at) : whole);
    (void)proa_buf_append(&out, proa_buf_slice(text));
    (void)proa_buf_append(&out, found ? proa_slice_from(whole, at) : PROA_SLICE_NONE);
    (void)proa_buf_append_byte(&out, '\0');
    return out.ptr; /* the caller's, by proa_free() */
}

#define GATEWAY "{\"gateway\":{\"a\":1}}"

static void whole_answers(void **state)
{
    (void)state;
    static const struct {
        enum proa_surface surface;
        enum proa_endpoint_kind kind;
        const char *answer;
        const char *expected; /* NULL = as it is */
    } cases[] = {
        {PROA_SURFACE_OPENAI, PROA_API_CHAT,
         "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
         "\"}]\"},\"finish_reason\":\"stop\"},{\"message\":{}}],\"usage\":{}}",
         "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
         "\"}]\",\"provider_metadata\":" GATEWAY
         "},\"finish_reason\":\"stop\"},{\"message\":{}}],\"usage\":{}}"},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, " {\"choices\" : [ { \"message\" : { } } ] }\r\n",
         " {\"choices\" : [ { \"message\" : { \"provider_metadata\":" GATEWAY "} } ] }\r\n"},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, "{\"choices\":[]}", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, "{\"choices\":[{\"message\":null}]}", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, "{\"choices\":[{\"message\":[]}]}", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, "[]", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, "", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, "{\"choices\":[{\"message\":{\"a\":}}]}", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_CHAT, "{\"choices\":[{\"message\":{\"a\":1", NULL},
        /* another gateway has said so */
        {PROA_SURFACE_OPENAI, PROA_API_CHAT,
         "{\"choices\":[{\"message\":{\"provider_metadata\":{}}}]}", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_EMBEDDINGS, "{\"object\":\"list\",\"data\":[]}\n",
         "{\"object\":\"list\",\"data\":[],\"providerMetadata\":" GATEWAY "}\n"},
        {PROA_SURFACE_OPENAI, PROA_API_EMBEDDINGS, "{}", "{\"providerMetadata\":" GATEWAY "}"},
        {PROA_SURFACE_OPENAI, PROA_API_EMBEDDINGS, "{\"providerMetadata\":1}", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_EMBEDDINGS, "{\"a\":1} x", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_RERANK, "{\"results\":[]}",
         "{\"results\":[],\"providerMetadata\":" GATEWAY "}"},
        {PROA_SURFACE_RESPONSES, PROA_API_RESPONSES, "{\"output\":[]}",
         "{\"output\":[],\"providerMetadata\":" GATEWAY "}"},
        {PROA_SURFACE_OPENAI, PROA_API_MODERATIONS, "{\"results\":[]}", NULL},
        {PROA_SURFACE_OPENAI, PROA_API_COMPLETIONS, "{\"choices\":[{\"text\":\"a\"}]}", NULL},
        {PROA_SURFACE_ANTHROPIC, PROA_API_CHAT, "{\"type\":\"message\",\"content\":[]}",
         "{\"type\":\"message\",\"content\":[],\"provider_metadata\":" GATEWAY "}"},
        {PROA_SURFACE_ANTHROPIC, PROA_API_COUNT_TOKENS, "{\"input_tokens\":1}", NULL},
        {PROA_SURFACE_AI_SDK, PROA_API_CHAT, "{\"content\":[]}", NULL},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_buf text;
        size_t at = 0;
        proa_buf_init(&text, 4096);
        const bool found = proa_api_note_whole(row->surface, row->kind,
                                               proa_slice_cstr(row->answer), &note, &text, &at);
        char *got = put(found, row->answer, &text, at);
        PROA_TEST_CHECK(found == (row->expected != NULL), "%s", row->answer);
        assert_string_equal(got, row->expected ? row->expected : row->answer);
        if (found) {
            const struct proa_json_scan_cfg all = {0};
            struct proa_json_info info;
            assert_ok(proa_json_scan(proa_slice_cstr(got), &all, NULL, &info));
        }
        proa_free(got);
        proa_buf_deinit(&text);
    }
}

#define CHUNK(delta, finish)                                                                       \
    "data: {\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define DONE   "data: [DONE]\n\n"
#define PLACED "{\"provider_metadata\":" GATEWAY "}"

static void streams(void **state)
{
    (void)state;
    static const struct {
        enum proa_surface surface;
        const char *events;
        const char *expected;
    } cases[] = {
        {PROA_SURFACE_OPENAI, CHUNK("{\"content\":\"a\"}", "null") CHUNK("{}", "\"stop\"") DONE,
         CHUNK("{\"content\":\"a\"}", "null") CHUNK(PLACED, "\"stop\"") DONE},
        {PROA_SURFACE_OPENAI, CHUNK("{\"content\":\"a\"}", "\"stop\""),
         CHUNK("{\"content\":\"a\",\"provider_metadata\":" GATEWAY "}", "\"stop\"")},
        /* the last of several choices to end */
        {PROA_SURFACE_OPENAI, CHUNK("{}", "\"stop\"") CHUNK("{}", "\"length\""),
         CHUNK("{}", "\"stop\"") CHUNK(PLACED, "\"length\"")},
        {PROA_SURFACE_OPENAI, CHUNK("{\"content\":\"finish_reason\"}", "null") DONE, NULL},
        {PROA_SURFACE_OPENAI, "data: {\"choices\":[],\"usage\":{}}\n\n" DONE, NULL},
        {PROA_SURFACE_OPENAI, "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n", NULL},
        {PROA_SURFACE_OPENAI, ": data: {}\nid: 1\n\n", NULL},
        {PROA_SURFACE_OPENAI, "", NULL},
        /* every way to write an event of one line */
        {PROA_SURFACE_OPENAI,
         ": hello\r\nid: "
         "1\r\ndata:{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n",
         ": hello\r\nid: 1\r\ndata:{\"choices\":[{\"delta\":" PLACED
         ",\"finish_reason\":\"stop\"}]}\r\n\r\n"},
        {PROA_SURFACE_OPENAI,
         "data: {\"choices\":[{\"delta\":{},\ndata: \"finish_reason\":\"stop\"}]}\n\n", NULL},
        {PROA_SURFACE_ANTHROPIC,
         "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
         "\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\n"
         "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
         "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
         "\"end_turn\"},\"usage\":{\"output_tokens\":4},\"provider_metadata\":" GATEWAY "}\n\n"
         "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"},
        {PROA_SURFACE_ANTHROPIC, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
         NULL},
        {PROA_SURFACE_ANTHROPIC,
         "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":"
         "\"message_delta\"}}\n\n",
         NULL},
        {PROA_SURFACE_RESPONSES,
         "data: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\"}}\n\n"
         "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n",
         "data: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\"}}\n\n"
         "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\","
         "\"providerMetadata\":" GATEWAY "}}\n\n"},
        {PROA_SURFACE_RESPONSES,
         "data: {\"type\":\"response.output_text.delta\",\"delta\":\"response\"}\n\n", NULL},
        {PROA_SURFACE_AI_SDK, CHUNK("{}", "\"stop\""), NULL},
    };
    PROA_TEST_ROWS(row, cases)
    {
        const enum proa_endpoint_kind kind =
            row->surface == PROA_SURFACE_RESPONSES ? PROA_API_RESPONSES : PROA_API_CHAT;
        struct proa_buf text;
        size_t at = 0;
        proa_buf_init(&text, 4096);
        const bool found = proa_api_note_events(row->surface, kind, proa_slice_cstr(row->events),
                                                &note, &text, &at);
        char *got = put(found, row->events, &text, at);
        PROA_TEST_CHECK(found == (row->expected != NULL), "%s", row->events);
        assert_string_equal(got, row->expected ? row->expected : row->events);
        proa_free(got);
        proa_buf_deinit(&text);
    }
}

/* Nothing behind the end is read, and a place is only found in what is whole. */
static void streams_cut_at_each_byte(void **state)
{
    (void)state;
    static const char events[] = CHUNK("{\"content\":\"a\"}", "null") CHUNK("{}", "\"stop\"") DONE;
    const size_t whole = strlen(CHUNK("{\"content\":\"a\"}", "null") CHUNK("{}", "\"stop\"")) - 2;
    for (size_t cut = 0; cut < sizeof events; cut++) {
        struct proa_buf text;
        size_t at = 0;
        char *copy = proa_memdup(events, cut);
        proa_buf_init(&text, 4096);
        const bool found = proa_api_note_events(PROA_SURFACE_OPENAI, PROA_API_CHAT,
                                                proa_slice_make(copy, cut), &note, &text, &at);
        assert_true(!found || at < cut);
        PROA_TEST_CHECK(cut < whole ? !found || cut > whole - 4 : found, "%zu", cut);
        proa_free(copy);
        proa_buf_deinit(&text);
    }
}

static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *expected;
    } cases[] = {
        {"{\"error\":{\"message\":\"m\"}}\n",
         "{\"error\":{\"message\":\"m\"},\"generationId\":\"gen_1\",\"providerMetadata\":" GATEWAY
         "}\n"},
        {"{\"type\":\"error\",\"error\":{},\"request_id\":\"r\" }",
         "{\"type\":\"error\",\"error\":{},\"request_id\":\"r\" ,\"generationId\":\"gen_1\","
         "\"providerMetadata\":" GATEWAY "}"},
        {"{}", NULL},
        {"[]", NULL},
        {"", NULL},
        {"{\"error\":", NULL},
        {"{\"error\":{}}}", NULL},
        {"{\"error\":{},\"generationId\":\"x\"}", NULL},
        {"{\"error\":{},\"providerMetadata\":{}}", NULL},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_buf text;
        size_t at = 0;
        proa_buf_init(&text, 4096);
        const bool found = proa_api_note_error(proa_slice_cstr(row->body), &note, &text, &at);
        char *got = put(found, row->body, &text, at);
        PROA_TEST_CHECK(found == (row->expected != NULL), "%s", row->body);
        assert_string_equal(got, row->expected ? row->expected : row->body);
        proa_free(got);
        proa_buf_deinit(&text);
    }
}

static void a_buffer_that_is_too_small(void **state)
{
    (void)state;
    for (size_t max = 0; max < 40; max++) {
        struct proa_buf text;
        size_t at = 7;
        proa_buf_init(&text, max);
        assert_false(proa_api_note_whole(PROA_SURFACE_ANTHROPIC, PROA_API_CHAT,
                                         PROA_SLICE("{\"a\":1}"), &note, &text, &at) &&
                     !proa_buf_ok(&text));
        if (!proa_buf_ok(&text)) {
            assert_int_equal(text.len, 0);
        }
        proa_buf_deinit(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(streams),
        cmocka_unit_test(streams_cut_at_each_byte),
        cmocka_unit_test(errors),
        cmocka_unit_test(a_buffer_that_is_too_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
