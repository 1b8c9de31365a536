/*
 * What is kept of a conversation, and how the next request gets it back.
 */
#include "proa/api/responses_answer.h"
#include "proa/api/responses_history.h"
#include "proa/api/responses_request.h"

#include "chat_dump.h"

/* ---- what is said ---------------------------------------------------------------------------- */

static void wishes(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *previous;
        bool store;
    } rows[] = {
        {"{\"input\":\"a\"}", "", true},
        {"{\"input\":\"a\",\"previous_response_id\":\"gen_1\",\"store\":true}", "gen_1", true},
        {"{\"store\":false,\"previous_response_id\":\"gen_1\"}", "gen_1", false},
        {"{\"store\":null,\"previous_response_id\":null}", "", true},
        {"{\"previous_response_id\":7}", "", true},
        {"{\"input\":[{\"previous_response_id\":\"x\",\"store\":false}]}", "", true},
        {"{\"previous_response_\\u0069d\":\"gen_1\"}", "gen_1", true},
        {"[]", "", true},
        {"", "", true},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_api_history_wish wish;
        proa_api_history_wish(proa_slice_cstr(row->body), &wish);
        assert_slice_str(wish.previous, row->previous);
        PROA_TEST_CHECK(wish.store == row->store, "%s", row->body);
    }
}

#define RESPONSE(status) "{\"id\":\"gen_1\",\"status\":\"" status "\",\"output\":[{\"a\":1}]}"

static void answers(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool kept;
    } rows[] = {
        {RESPONSE("completed"), true},
        {RESPONSE("incomplete"), true},
        {RESPONSE("failed"), false},
        {RESPONSE("in_progress"), false},
        {RESPONSE("queued"), false},
        {"{\"type\":\"response.completed\",\"response\":" RESPONSE("completed") "}", true},
        {"{\"type\":\"response.created\",\"response\":" RESPONSE("in_progress") "}", false},
        {"{\"type\":\"response.output_text.delta\",\"delta\":\"a\"}", false},
        {"event: response.output_item.done\ndata: {\"item\":{}}\n\n"
         "event: response.completed\ndata: {\"response\":" RESPONSE("completed") "}\n\n",
         true},
        {"event: response.completed\ndata: {\"response\":" RESPONSE(
             "completed") "}\n\n"
                          "event: error\ndata: {\"type\":\"error\"}\n\n",
         false},
        /* What others end their streams with. */
        {"event: response.completed\ndata: {\"response\":" RESPONSE(
             "completed") "}\n\ndata: [DONE]\n\n",
         true},
        {"data: {\"response\":" RESPONSE("completed") "}\r\n\r\ndata: [DONE]\r\n\r\n: end\n\n",
         true},
        {"{\"error\":{\"message\":\"no\"}}", false},
        {"{\"id\":\"\",\"status\":\"completed\",\"output\":[]}", false},
        {"{\"id\":\"gen_1\",\"status\":\"completed\"}", false},
        {"{\"id\":\"gen_1\",\"status\":\"completed\",\"output\":{}}", false},
        {"data: ", false},
        {"", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_api_history_answer kept;
        PROA_TEST_CHECK(proa_api_history_answer(proa_slice_cstr(row->answer), &kept) == row->kept,
                        "%s", row->answer);
        if (row->kept) {
            assert_slice_lit(kept.id, "gen_1");
            assert_slice_lit(kept.output, "[{\"a\":1}]");
        }
    }
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static void items_of_both_sides(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *output;
        const char *kept; /* NULL: refused */
    } rows[] = {
        {"{\"input\":\"a \\\"b\\\"\"}", "[{\"o\":1}]",
         "[{\"type\":\"message\",\"role\":\"user\",\"content\":\"a \\\"b\\\"\"},{\"o\":1}]"},
        {"{\"input\":[{\"i\":1}, {\"i\" : 2}]}", "[ {\"o\":1} , {\"o\":2} ]",
         "[{\"i\":1},{\"i\" : 2},{\"o\":1},{\"o\":2}]"},
        {"{\"input\":[]}", "[]", "[]"},
        {"{\"input\":[]}", "[{\"o\":1}]", "[{\"o\":1}]"},
        {"{\"input\":[{\"i\":1}]}", "[]", "[{\"i\":1}]"},
        {"{}", "[]", NULL},
        {"{\"input\":{}}", "[]", NULL},
        {"{\"input\":\"a\"}", "{}", NULL},
        {"{\"input\":\"a\"}", "", NULL},
        {"{\"input\":\"a\"}", "[1,", NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        PROA_BUF_LIT(&out, "x");
        const enum proa_err err =
            proa_api_history_keep(proa_slice_cstr(row->body), proa_slice_cstr(row->output), &out);
        assert_err(err, row->kept ? PROA_OK : PROA_ERR_TYPE);
        assert_slice_str(proa_slice_from(proa_buf_slice(&out), 1), row->kept ? row->kept : "");
        assert_int_equal(out.ptr[0], 'x');
        proa_buf_deinit(&out);
    }
}

static void the_whole_body(void **state)
{
    (void)state;
    static const struct proa_slice earlier[] = {
        PROA_SLICE_INIT("[{\"e\":1},{\"type\":\"reasoning\",\"summary\":[],"
                        "\"encrypted_content\":\"proa-signature:x\"}]"),
        PROA_SLICE_INIT("[]"),
        PROA_SLICE_INIT("[{\"type\":\"reasoning\",\"encrypted_content\":\"proa-redacted:x\"},"
                        "{\"type\":\"reasoning\",\"encrypted_content\":\"gAAA\"}]"),
    };
    static const struct {
        const char *body;
        size_t n;
        const char *whole; /* NULL: refused */
    } rows[] = {
        {"{\"model\":\"m\",\"input\":\"a\",\"previous_response_id\":\"gen_1\",\"store\":false}", 3,
         "{\"input\":[{\"e\":1},{\"type\":\"message\",\"role\":\"user\",\"content\":\"a\"}],"
         "\"model\":\"m\","
         "\"store\":false}"},
        {"{\"input\":[{\"i\":1}]}", 1, "{\"input\":[{\"e\":1},{\"i\":1}]}"},
        {"{\"input\":[{\"i\":1},{\"encrypted_content\":\"proa-redacted:\"}]}", 0,
         "{\"input\":[{\"i\":1}]}"},
        {"{\"input\":[{\"type\":\"reasoning\",\"id\":\"rs_proa_1_0\"},{\"type\":\"reasoning\","
         "\"id\":"
         "\"rs_1\",\"encrypted_content\":\"gAAA\"},5]}",
         0,
         "{\"input\":[{\"type\":\"reasoning\",\"id\":\"rs_1\",\"encrypted_content\":\"gAAA\"},5]}"},
        {"{\"input\":[{\"id\":\"fc_1\",\"type\":\"function_call\", \"extra_content\":{\"a\":1}, "
         "\"name\":\"f\"},{\"extra_content\":1}]}",
         0, "{\"input\":[{\"id\":\"fc_1\",\"type\":\"function_call\",\"name\":\"f\"},{}]}"},
        {"{\"model\":\"m\"}", 1, NULL},
        {"[]", 0, NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf out;
        proa_buf_init(&out, 4096);
        const enum proa_err err =
            proa_api_history_body(proa_slice_cstr(row->body), earlier, row->n, &out);
        assert_err(err, row->whole ? PROA_OK : PROA_ERR_TYPE);
        assert_slice_str(proa_buf_slice(&out), row->whole ? row->whole : "");
        proa_buf_deinit(&out);
    }
}

/* Whoever has not given an answer knows nothing of it by ids. */
static void ids_of_others(void **state)
{
    (void)state;
    static const struct proa_slice earlier[] = {PROA_SLICE_INIT(
        "[{\"role\":\"user\",\"content\":\"a\",\"id\":\"msg_0\"},{\"id\":\"rs_1\",\"type\":"
        "\"reasoning\","
        "\"summary\":[]},{\"id\":\"fc_1\",\"type\":\"function_call\",\"call_id\":\"c\"},{\"type\":"
        "\"web_search_call\",\"id\":\"ws_1\"},{\"type\":\"message\",\"id\":\"msg_1\",\"content\":[{"
        "\"id\":"
        "1}]}]")};
    struct proa_buf out;
    proa_buf_init(&out, 4096);
    assert_ok(
        proa_api_history_body(PROA_SLICE("{\"input\":[{\"id\":\"msg_2\"}]}"), earlier, 1, &out));
    assert_slice_lit(
        proa_buf_slice(&out),
        "{\"input\":[{\"role\":\"user\",\"content\":\"a\"},{\"type\":\"function_call\","
        "\"call_id\":\"c\"},{\"type\":\"web_search_call\",\"id\":\"ws_1\"},{\"type\":"
        "\"message\",\"content\":[{\"id\":1}]},{\"id\":\"msg_2\"}]}");
    proa_buf_deinit(&out);
}

static void too_much(void **state)
{
    (void)state;
    const struct proa_slice body = PROA_SLICE("{\"input\":\"a\",\"model\":\"m\"}");
    const struct proa_slice output = PROA_SLICE("[{\"o\":1}]");
    const size_t fits =
        sizeof("[{\"type\":\"message\",\"role\":\"user\",\"content\":\"a\"},{\"o\":1}]") - 1;
    for (size_t max = 0; max < fits + 3; max++) {
        struct proa_buf out;
        proa_buf_init(&out, max);
        assert_err(proa_api_history_keep(body, output, &out),
                   max < fits ? PROA_ERR_LIMIT : PROA_OK);
        assert_true(max >= fits || out.len == 0);
        proa_buf_deinit(&out);
        proa_buf_init(&out, max);
        const enum proa_err err = proa_api_history_body(body, NULL, 0, &out);
        assert_true(err == PROA_OK || (err == PROA_ERR_LIMIT && out.len == 0));
        proa_buf_deinit(&out);
    }
}

static void foreign_reasoning_is_known(void **state)
{
    (void)state;
    assert_true(proa_api_history_has_foreign(
        PROA_SLICE("{\"input\":[{\"encrypted_content\": \"proa-signature:a\"}]}")));
    assert_true(proa_api_history_has_foreign(
        PROA_SLICE("{\"input\":[{\"encrypted_content\":\"proa-redacted:a\"}]}")));
    assert_true(proa_api_history_has_foreign(PROA_SLICE("{\"input\":[{\"id\":\"rs_proa_1_0\"}]}")));
    assert_true(
        proa_api_history_has_foreign(PROA_SLICE("{\"input\":[{\"extra_content\":{\"a\":1}}]}")));
    assert_false(
        proa_api_history_has_foreign(PROA_SLICE("{\"input\":[{\"encrypted_content\":\"gAAA\"}]}")));
    assert_false(proa_api_history_has_foreign(PROA_SLICE("{\"input\":\"proa-signature\"}")));
    assert_false(proa_api_history_has_foreign(PROA_SLICE_NONE));
}

/* ---- references ------------------------------------------------------------------------------ */

#define REF(id) "{\"type\":\"item_reference\",\"id\":\"" id "\"}"

static void answers_that_are_referred_to(void **state)
{
    (void)state;
#define NO_REFS                                                                                    \
    "{\"type\":\"message\",\"id\":\"msg_gen_9_0\"},{\"id\":\"msg_gen_9_0\"},7,"                    \
    "{\"type\":\"item_reference\"}"
#define REFS REF("msg_gen_1_0") "," REF("rs_gen_1_1") "," REF("msg_resp_a_b_12")
#define ODD  REF("msg_67cc") "," REF("") "," REF("_") "," REF("__") "," REF("a_") "," REF("a__1")
    const struct proa_slice body =
        PROA_SLICE("{\"input\":[" REFS "," ODD "," NO_REFS "," REF("fc_gen_2_0") "]}");
    struct proa_slice ids[8];
    assert_int_equal(proa_api_history_references(body, ids, 8), 3);
    assert_slice_lit(ids[0], "gen_1");
    assert_slice_lit(ids[1], "resp_a_b");
    assert_slice_lit(ids[2], "gen_2");
    assert_int_equal(proa_api_history_references(body, ids, 1), 1);
    assert_int_equal(proa_api_history_references(body, NULL, 0), 0);
    assert_int_equal(proa_api_history_references(PROA_SLICE("{\"input\":\"a\"}"), ids, 8), 0);
    assert_int_equal(proa_api_history_references(PROA_SLICE("{}"), ids, 8), 0);
}

static void assert_resolves(const char *body, const char *expected)
{
    static const struct proa_api_history_kept kept[] = {
        {PROA_SLICE_INIT("gen_1"),
         PROA_SLICE_INIT("[{\"role\":\"user\"},{\"id\":\"rs_gen_1_0\",\"a\":0},"
                         "{\"id\":\"msg_gen_1_1\",\"a\":1},{\"id\":\"fc_gen_1_2\",\"a\":2}]")},
        {PROA_SLICE_INIT("gen_2"), PROA_SLICE_INIT("[{\"id\":\"msg_gen_2_0\",\"b\":0}]")},
        {PROA_SLICE_INIT("gen_3"), PROA_SLICE_INIT("broken")},
    };
    struct proa_arena arena;
    struct proa_buf out;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&out, 65536);
    const enum proa_err err =
        proa_api_history_resolve(proa_slice_cstr(body), kept, PROA_ARRAY_LEN(kept), &arena, &out);
    assert_err(err, expected ? PROA_OK : PROA_ERR_TYPE);
    assert_slice_str(proa_buf_slice(&out), expected ? expected : "");
    proa_buf_deinit(&out);
    proa_arena_reset(&arena);
}

static void references_become_items(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *whole; /* NULL: refused */
    } rows[] = {
        {"{\"model\":\"m\",\"input\":[{\"u\":1}," REF("rs_gen_1_0") "," REF(
             "msg_gen_1_1") ",{"
                            "\"u\":2}," REF("msg_gen_2_0") "," REF(
                                "fc_gen_1_2") "],\"previous_response_id\":\"x\"}",
         "{\"input\":[{\"u\":1},{\"id\":\"rs_gen_1_0\",\"a\":0},{\"id\":\"msg_gen_1_1\",\"a\":1},"
         "{\"u\":2},{\"id\":\"msg_gen_2_0\",\"b\":0},{\"id\":\"fc_gen_1_2\",\"a\":2}],"
         "\"model\":\"m\",\"previous_response_id\":\"x\"}"},
        /* in any order, and more than once */
        {"{\"input\":[" REF("fc_gen_1_2") "," REF("rs_gen_1_0") "," REF("rs_gen_1_0") "]}",
         "{\"input\":[{\"id\":\"fc_gen_1_2\",\"a\":2},{\"id\":\"rs_gen_1_0\",\"a\":0},"
         "{\"id\":\"rs_gen_1_0\",\"a\":0}]}"},
        /* what is not there stays */
        {"{\"input\":[" REF("msg_gen_1_9") "," REF("msg_gen_3_0") "," REF("msg_gen_4_0") "," REF(
             "msg_67cc") "]}",
         "{\"input\":[" REF("msg_gen_1_9") "," REF("msg_gen_3_0") "," REF("msg_gen_4_0") "," REF(
             "msg_67cc") "]}"},
        {"{\"input\":[]}", "{\"input\":[]}"},
        {"{\"input\":\"a\"}", NULL},
        {"{}", NULL},
        {"{\"input\":[1,}", NULL},
        {"", NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_resolves(row->body, row->whole);
    }
}

/* Backwards each reference is a walk of its own; only so many are made. */
static void an_order_that_costs_too_much(void **state)
{
    (void)state;
    enum { ITEMS = 64 };
    struct proa_buf items;
    struct proa_buf body;
    struct proa_buf out;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&items, SIZE_MAX);
    proa_buf_init(&body, SIZE_MAX);
    proa_buf_init(&out, SIZE_MAX);
    for (int i = 0; i < ITEMS; i++) {
        (void)proa_buf_append_printf(&items, "%s{\"id\":\"msg_gen_1_%d\",\"found\":1}",
                                     i > 0 ? "," : "[", i);
        (void)proa_buf_append_printf(&body, "%s" REF("msg_gen_1_%d"), i > 0 ? "," : "{\"input\":[",
                                     ITEMS - 1 - i);
    }
    PROA_BUF_LIT(&items, "]");
    PROA_BUF_LIT(&body, "]}");
    const struct proa_api_history_kept kept = {PROA_SLICE("gen_1"), proa_buf_slice(&items)};
    assert_ok(proa_api_history_resolve(proa_buf_slice(&body), &kept, 1, &arena, &out));
    size_t found = 0;
    size_t left = 0;
    for (size_t at = 0; at < out.len; at++) {
        const struct proa_slice rest = proa_slice_from(proa_buf_slice(&out), at);
        found += proa_slice_starts(rest, PROA_SLICE("\"found\""));
        left += proa_slice_starts(rest, PROA_SLICE("item_reference"));
    }
    assert_int_equal(found, 17);
    assert_int_equal(found + left, ITEMS);
    proa_buf_deinit(&out);
    proa_buf_deinit(&body);
    proa_buf_deinit(&items);
    proa_arena_reset(&arena);
}

/* ---- there and back -------------------------------------------------------------------------- */

static void answer(struct proa_buf *out, struct proa_arena *arena)
{
    static const struct proa_chat_event events[] = {
        {.kind = PROA_CHAT_START},
        {.kind = PROA_CHAT_REASONING, .text = PROA_SLICE_INIT("hm \\\"x\\\"")},
        {.kind = PROA_CHAT_SIGNATURE, .text = PROA_SLICE_INIT("S+/=")},
        {.kind = PROA_CHAT_REDACTED, .text = PROA_SLICE_INIT("RED")},
        {.kind = PROA_CHAT_TEXT, .text = PROA_SLICE_INIT("look\\n")},
        {.kind = PROA_CHAT_MEDIA,
         .media_type = PROA_SLICE_INIT("image/webp"),
         .text = PROA_SLICE_INIT("AAAA")},
        {.kind = PROA_CHAT_TOOL_START,
         .id = PROA_SLICE_INIT("c1"),
         .name = PROA_SLICE_INIT("f"),
         .text = PROA_SLICE_INIT("sig")},
        {.kind = PROA_CHAT_TOOL_PIECE, .text = PROA_SLICE_INIT("{\\\"a\\\":1}")},
        {.kind = PROA_CHAT_TOOL_END},
        {.kind = PROA_CHAT_FINISH, .finish = PROA_CHAT_FINISH_TOOLS},
    };
    const struct proa_usage usage = {.known = 0};
    const struct proa_api_response_cfg cfg = {
        .stream = true, .id = PROA_SLICE("r1"), .generation = PROA_SLICE("gen_1")};
    struct proa_api_response *r = proa_api_response_create(&cfg, out, arena);
    const struct proa_chat_sink sink = proa_api_response_sink(r);
    PROA_TEST_ROWS(event, events)
    {
        sink.event(sink.ctx, event);
    }
    proa_api_response_end(r, &usage, PROA_SLICE_NONE);
    proa_api_response_destroy(r);
}

/* All that an answer held is in the next request as its provider wants it back. */
static void a_conversation_goes_on(void **state)
{
    (void)state;
    const struct proa_slice first = PROA_SLICE("{\"model\":\"m\",\"input\":\"q\"}");
    const struct proa_slice second =
        PROA_SLICE("{\"model\":\"m\",\"previous_response_id\":\"gen_1\",\"input\":[{"
                   "\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"r\"}]}");
    struct proa_arena arena;
    struct proa_buf stream;
    struct proa_buf kept;
    struct proa_buf text;
    struct proa_api_history_answer end;
    struct proa_api_asked asked;
    struct proa_api_error error;
    struct dump dump;
    const struct proa_api_request request = {.n_cuts = 0};
    proa_arena_init(&arena, NULL);
    proa_buf_init(&stream, SIZE_MAX);
    proa_buf_init(&kept, SIZE_MAX);
    proa_buf_init(&text, 1024);
    proa_buf_init(&dump.out, SIZE_MAX);
    answer(&stream, &arena);
    assert_true(proa_api_history_answer(proa_buf_slice(&stream), &end));
    assert_slice_lit(end.id, "gen_1");
    assert_ok(proa_api_history_keep(first, end.output, &kept));
    const struct proa_slice earlier = proa_buf_slice(&kept);
    const struct proa_api_body body = {.kind = PROA_API_RESPONSES,
                                       .bytes = second,
                                       .request = &request,
                                       .arena = &arena,
                                       .text = &text,
                                       .earlier = &earlier,
                                       .n_earlier = 1};
    assert_ok(proa_api_responses_read(&body, &asked, &error));
    put_chat(&dump, &asked.chat);
    assert_slice_lit(proa_buf_slice(&dump.out),
                     "user[text text=q]\n"
                     "assistant[reasoning text=hm \\\"x\\\" signature=S+/=]"
                     "[reasoning redacted=RED][text text=look\\n][image base64=AAAA "
                     "type=image/webp][call id=c1 name=f arguments={\"a\":1} signature=sig]\n"
                     "tool[result id=c1 name=f [text text=r]]\n");
    proa_buf_deinit(&dump.out);
    proa_buf_deinit(&text);
    proa_buf_deinit(&kept);
    proa_buf_deinit(&stream);
    proa_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wishes),
        cmocka_unit_test(answers),
        cmocka_unit_test(items_of_both_sides),
        cmocka_unit_test(the_whole_body),
        cmocka_unit_test(ids_of_others),
        cmocka_unit_test(too_much),
        cmocka_unit_test(foreign_reasoning_is_known),
        cmocka_unit_test(answers_that_are_referred_to),
        cmocka_unit_test(references_become_items),
        cmocka_unit_test(an_order_that_costs_too_much),
        cmocka_unit_test(a_conversation_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
