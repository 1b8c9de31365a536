/* Answers of OpenAI-shaped providers as events: what each server does its own way. */
#include "dialects_priv.h"
#include "openai_priv.h"

#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

/* Events of a stream, each a `data:` line; ends NULL. */
struct row {
    const char *events[8];
    const char *told;
    enum proa_answer_state state;
};

#define ID "\"id\":\"c1\",\"model\":\"m\",\"created\":5,"

static const struct row STREAMS[] = {
    /* OpenAI: obfuscation, usage null, usage chunk */
    {{"{" ID "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\","
      "\"refusal\":null},\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"xx\"}",
      "{" ID
      "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\n\"},\"logprobs\":{\"content\":[]"
      "}}]}",
      "{" ID "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
      "{" ID "\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5,"
      "\"total_tokens\":14,\"prompt_tokens_details\":{\"cached_tokens\":4,"
      "\"cache_write_tokens\":2},\"completion_tokens_details\":{\"reasoning_tokens\":3}}}",
      "[DONE]"},
     "start(c1|m) text(a\\n) logprobs({\"content\":[]}) finish(stop)=stop usage(i9o5r4w2t3) ",
     PROA_ANSWER_DONE},
    /* Azure: a chunk of filter results first, that names nothing */
    {{"{\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\","
      "\"prompt_filter_results\":[{\"prompt_index\":0}]}",
      "{" ID "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"},
     "start(c1|m) text(a) ",
     PROA_ANSWER_CONTENT},
    /* tool calls in pieces, two of them, the second without arguments */
    {{"{" ID "\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"k1\",\"type\":"
      "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
      "\"{\\\"a\\\":\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
      "\"1}\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"k2\",\"function\":{\"name\":"
      "\"g\",\"arguments\":\"\"}}]}}]}",
      "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}"},
     "start(c1|m) begin0(k1|f) piece0({\\\"a\\\":) piece0(1}) begin1(k2|g) end0 piece1({}) end1 "
     "finish(tool_calls)=tool_calls ",
     PROA_ANSWER_FINISHED},
    /* Mistral: whole calls without index, in one chunk with the reason and usage */
    {{"{" ID "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\",\"tool_calls\":[{\"id\":"
      "\"123456789\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"abcdefghi\","
      "\"function\":{\"name\":\"g\",\"arguments\":{\"x\":1}}}]},\"finish_reason\":\"tool_calls\"}],"
      "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"num_cached_tokens\":1}}",
      "[DONE]"},
     "start(c1|m) begin0(123456789|f) piece0({}) begin1(abcdefghi|g) piece1({\\\"x\\\":1}) "
     "end0 end1 finish(tool_calls)=tool_calls usage(i1o2r1) ",
     PROA_ANSWER_DONE},
    /* Mistral's thinking in parts, and its word for the limit */
    {{"{" ID "\"choices\":[{\"delta\":{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":"
      "\"text\",\"text\":\"hm\"}]},{\"type\":\"text\",\"text\":\"so\"}]},"
      "\"finish_reason\":\"model_length\"}]}"},
     "start(c1|m) reasoning(hm) text(so) finish(model_length)=length ",
     PROA_ANSWER_FINISHED},
    /* no index, and no id for the pieces: they are the last call's; a new id is a new call */
    {{"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"k1\",\"function\":{\"name\":\"f\","
      "\"arguments\":\"{\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"}\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"k2\",\"function\":{\"name\":\"g\","
      "\"arguments\":\"{}\"}}]}}]}"},
     "start() begin0(k1|f) piece0({) piece0(}) begin1(k2|g) piece1({}) ",
     PROA_ANSWER_CONTENT},
    /* an index at first, and none for the pieces */
    {{"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"k1\",\"function\":{\"name\":"
      "\"f\",\"arguments\":\"{\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"}\"}}]}}]}"},
     "start() begin0(k1|f) piece0({) piece0(}) ",
     PROA_ANSWER_CONTENT},
    /* the id once more with each piece */
    {{"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"k1\",\"function\":{\"name\":"
      "\"f\",\"arguments\":\"{\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"k1\",\"function\":{"
      "\"arguments\":\"}\"}}]}}]}"},
     "start() begin0(k1|f) piece0({) piece0(}) ",
     PROA_ANSWER_CONTENT},
    /* DeepSeek, Groq and vLLM: reasoning under two names; reasoning before text in one chunk */
    {{"{\"choices\":[{\"delta\":{\"content\":\"b\",\"reasoning_content\":\"a\"}}]}",
      "{\"choices\":[{\"delta\":{\"reasoning\":\"c\"}}]}",
      "{\"choices\":[{\"delta\":{\"reasoning_content\":\"d\",\"reasoning\":\"d\"}}]}"},
     "start() reasoning(a) text(b) reasoning(c) reasoning(d) ",
     PROA_ANSWER_CONTENT},
    /* OpenRouter: signature and sealed reasoning; images; keep-alives are comments */
    {{"{\"choices\":[{\"delta\":{\"reasoning\":\"a\",\"reasoning_details\":[{\"type\":"
      "\"reasoning.text\",\"text\":\"a\",\"signature\":\"s\"},{\"data\":\"zz\"}]}}]}",
      "{\"choices\":[{\"delta\":{\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
      "\"data:image/png;base64,AA\"}},{\"image_url\":{\"url\":\"https://no\"}}]}}]}"},
     "start() reasoning(a) sign(s) red(zz) media(image/png|AA) ",
     PROA_ANSWER_CONTENT},
    /* Groq's usage */
    {{"{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"x_groq\":{"
      "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}}"},
     "start() text(a) finish(stop)=stop usage(i1o2) ",
     PROA_ANSWER_FINISHED},
    /* xAI counts reasoning beside the completion */
    {{"{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":10,"
      "\"completion_tokens\":2,\"total_tokens\":17,\"completion_tokens_details\":{"
      "\"reasoning_tokens\":5}}}"},
     "start() text(a) usage(i10o7t5) ",
     PROA_ANSWER_CONTENT},
    /* two choices; finished when both are */
    {{"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}},{\"index\":1,\"delta\":{"
      "\"content\":"
      "\"b\"}}]}",
      "{\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}]}"},
     "start() text(a) #1:text(b) #1:finish(length)=length ",
     PROA_ANSWER_CONTENT},
    /* Together's word for stop; empty reasons are none; unknown ones end it all the same */
    {{"{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"\"}]}",
      "{\"choices\":[{\"delta\":{},\"finish_reason\":\"eos\"}]}"},
     "start() text(a) finish(eos)=stop ",
     PROA_ANSWER_FINISHED},
    {{"{\"choices\":[{\"delta\":{\"refusal\":\"no\"},\"finish_reason\":\"odd\"}]}"},
     "start() refusal(no) finish(odd)=stop ",
     PROA_ANSWER_FINISHED},
    /* completions */
    {{"{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}"},
     "start() text(a) finish(stop)=stop ",
     PROA_ANSWER_FINISHED},
    /* errors in many clothes */
    {{"{\"error\":{\"message\":\"busy \\u0041\",\"type\":\"overloaded_error\"}}"},
     "",
     PROA_ANSWER_ERROR},
    {{"{\"code\":\"The service is currently unavailable\",\"error\":\"try later\"}"},
     "",
     PROA_ANSWER_ERROR},
    {{"[{\"error\":{\"code\":503,\"message\":\"overloaded\"}}]"}, "", PROA_ANSWER_ERROR},
    {{"{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"error\"}]}"},
     "start() text(a) ",
     PROA_ANSWER_ERROR},
    {{"{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":"
      "\"insufficient_system_resource\"}]}"},
     "start() text(a) ",
     PROA_ANSWER_ERROR},
    {{"{\"choices\":[{\"error\":{\"message\":\"x\"},\"delta\":{}}]}"},
     "start() ",
     PROA_ANSWER_ERROR},
};

static void join(const struct row *row, struct proa_buf *out)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(row->events) && row->events[i]; i++) {
        (void)proa_buf_append_printf(out, ": keep-alive\n\ndata: %s\r\n\r\n", row->events[i]);
    }
}

static void test_streams_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(STREAMS); i++) {
        struct proa_buf stream;
        proa_buf_init(&stream, 1 << 16);
        join(&STREAMS[i], &stream);
        for (size_t step = 1; step <= stream.len; step += step < 40 ? 1 : 37) {
            struct told t;
            struct proa_decoder_report report = {.state = PROA_ANSWER_WAITING};
            told_setup(&t, &proa_dialect_openai, PROA_OP_CHAT, &HEAD);
            assert_true(told_feed(&t, proa_buf_slice(&stream), step, &report));
            assert_told(&t, STREAMS[i].told);
            assert_int_equal(report.state, STREAMS[i].state);
            assert_int_equal(proa_decoder_end(t.d), STREAMS[i].state == PROA_ANSWER_DONE ||
                                                        STREAMS[i].state == PROA_ANSWER_FINISHED);
            told_teardown(&t);
        }
        proa_buf_deinit(&stream);
    }
}

static void test_an_error_in_a_stream_is_decoded_and_classified(void **state)
{
    (void)state;
    struct told t;
    struct proa_decoder_report report;
    told_setup(&t, &proa_dialect_openai, PROA_OP_CHAT, &HEAD);
    assert_ok(proa_decoder_feed(t.d,
                                PROA_SLICE("data: {\"error\":{\"message\":\"busy \\u0041\","
                                           "\"type\":\"overloaded_error\",\"code\":503}}\n\n"),
                                &report));
    assert_int_equal(report.state, PROA_ANSWER_ERROR);
    assert_int_equal(report.failure.class, PROA_CLASS_OVERLOADED);
    assert_slice_str(report.failure.message, "busy A");
    told_teardown(&t);
}

struct whole {
    enum proa_operation op;
    const char *body;
    const char *told;
    enum proa_class class;
};

static const struct whole WHOLES[] = {
    {PROA_OP_CHAT,
     " {" ID "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\","
     "\"reasoning_content\":\"r\",\"tool_calls\":[{\"id\":\"k1\",\"type\":\"function\","
     "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}},{\"id\":\"k2\",\"function\":{"
     "\"name\":\"g\",\"arguments\":null}}]},\"finish_reason\":\"stop\"}],\"usage\":{"
     "\"prompt_tokens\":1,\"completion_tokens\":2}}\n",
     "start(c1|m) reasoning(r) text(a) begin0(k1|f) piece0({\\\"x\\\":1}) begin1(k2|g) end0 "
     "piece1({}) end1 finish(stop)=tool_calls usage(i1o2) ",
     PROA_CLASS_OK},
    {PROA_OP_COMPLETION, "{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"length\"}]}",
     "start() text(a) finish(length)=length ", PROA_CLASS_OK},
    {PROA_OP_EMBEDDING,
     "{\"object\":\"list\",\"data\":[{\"index\":1,\"embedding\":[0.5,1]},{\"index\":0,"
     "\"embedding\":\"AACAPw==\"}],\"model\":\"e\",\"usage\":{\"prompt_tokens\":3}}",
     "start(|e) vector1([0.5,1]) vector0(AACAPw==) usage(i3) ", PROA_CLASS_OK},
    {PROA_OP_RERANK,
     "{\"results\":[{\"index\":2,\"relevance_score\":0.9},{\"index\":0,\"relevance_score\":1e-3}]}",
     "start() rank2(0.9) rank0(1e-3) ", PROA_CLASS_OK},
    {PROA_OP_CHAT, "{\"choices\":[]}", "", PROA_CLASS_EMPTY},
    {PROA_OP_CHAT, "{\"choices\":[{\"message\":{\"content\":\"a\"}}", NULL, PROA_CLASS_MALFORMED},
    {PROA_OP_CHAT, "<html>", "", PROA_CLASS_MALFORMED},
    {PROA_OP_CHAT, "{\"code\":\"The service is currently unavailable\",\"error\":\"x\"}", "",
     PROA_CLASS_OVERLOADED},
    {PROA_OP_EMBEDDING, "{\"object\":\"list\"}", "", PROA_CLASS_MALFORMED},
    {PROA_OP_EMBEDDING, "{\"data\":[]}", "", PROA_CLASS_EMPTY},
    {PROA_OP_EMBEDDING, "{\"error\":{\"message\":\"quota\",\"code\":\"insufficient_quota\"}}", "",
     PROA_CLASS_QUOTA},
    {PROA_OP_RERANK, "{\"results\":[1]}", "", PROA_CLASS_EMPTY},
};

static void test_whole_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(WHOLES); i++) {
        struct told t;
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        told_setup(&t, &proa_dialect_openai, WHOLES[i].op, &HEAD);
        const bool good = proa_decoder_whole(t.d, proa_slice_cstr(WHOLES[i].body), &failure);
        PROA_TEST_CHECK(failure.class == WHOLES[i].class, "row %zu: %s", i,
                        proa_class_text(failure.class));
        assert_int_equal(good, WHOLES[i].class == PROA_CLASS_OK);
        if (WHOLES[i].told) {
            assert_told(&t, WHOLES[i].told);
        }
        told_teardown(&t);
    }
}

static void test_broken_bytes_never_crash(void **state)
{
    (void)state;
    struct proa_buf stream;
    proa_buf_init(&stream, 1 << 16);
    for (size_t i = 0; i < PROA_ARRAY_LEN(STREAMS); i++) {
        join(&STREAMS[i], &stream);
    }
    for (size_t at = 0; at < stream.len; at += 3) {
        struct told t;
        struct proa_decoder_report report;
        const char was = stream.ptr[at];
        told_setup(&t, &proa_dialect_openai, PROA_OP_CHAT, &HEAD);
        stream.ptr[at] = "\"{}[],:\\0\n"[at % 10];
        (void)told_feed(&t, proa_buf_slice(&stream), stream.len, &report);
        (void)proa_decoder_end(t.d);
        stream.ptr[at] = was;
        told_teardown(&t);
    }
    proa_buf_deinit(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_however_they_are_cut),
        cmocka_unit_test(test_an_error_in_a_stream_is_decoded_and_classified),
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_broken_bytes_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
