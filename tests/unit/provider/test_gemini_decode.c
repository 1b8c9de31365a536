/* Answers of Google: streams however they are cut, and whole ones. */
#include "dialects_priv.h"
#include "gemini_priv.h"

#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

#define EVENT(json)  "data: " json "\r\n\r\n"
#define PARTS(parts) "{\"candidates\":[{\"content\":{\"parts\":[" parts "],\"role\":\"model\"}}]}"
#define ENDING(parts, why)                                                                         \
    "{\"candidates\":[{\"content\":{\"parts\":[" parts "],\"role\":\"model\"},\"finishReason\":"   \
    "\"" why "\",\"index\":0}]}"
#define ID "\"responseId\":\"r-1\",\"modelVersion\":\"gemini-x\""

static const struct {
    const char *stream;
    const char *told;
    enum proa_answer_state state;
    enum proa_class class; /* state ERROR */
    bool malformed;
} STREAMS[] = {
    /* As AI Studio streams: usage is of the whole answer in each event, the last counts. */
    {EVENT("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"}],\"role\":\"model\"},"
           "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":4,\"totalTokenCount\":4},"
           "\"modelVersion\":\"gemini-x\",\"responseId\":\"r-1\"}")
         EVENT("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"lo\"},{\"text\":\" \\u00e9\"}"
               "],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{"
               "\"promptTokenCount\":4,\"candidatesTokenCount\":3,\"totalTokenCount\":12,"
               "\"cachedContentTokenCount\":2,\"thoughtsTokenCount\":5,"
               "\"toolUsePromptTokenCount\":1}}"),
     "start(r-1|gemini-x) text(Hel) usage(i4) text(lo) text( \\u00e9) finish(STOP)=stop "
     "usage(i5o8r2t5) ",
     PROA_ANSWER_FINISHED, 0, false},
    /* Thoughts; their signatures, and those of texts, are nobody's business. */
    {EVENT(PARTS("{\"text\":\"Hm\",\"thought\":true,\"thoughtSignature\":\"c2ln\"}"))
         EVENT(ENDING("{\"text\":\"Yes\"},{\"text\":\"\",\"thoughtSignature\":\"c2ln\"}", "STOP")),
     "start() reasoning(Hm) text(Yes) finish(STOP)=stop ", PROA_ANSWER_FINISHED, 0, false},
    /* Calls are whole, several in an event; the reason is that of a text. */
    {EVENT("{\"candidates\":[{\"content\":{\"parts\":["
           "{\"functionCall\":{\"name\":\"look\",\"args\":{\"at\":\"\\\"Oslo\\\"\"}},"
           "\"thoughtSignature\":\"c2ln\"},"
           "{\"functionCall\":{\"name\":\"now\",\"args\":{}}}]}}]," ID "}")
         EVENT(ENDING("{\"functionCall\":{\"id\":\"mine\",\"name\":\"now\"}}", "STOP")),
     "start(r-1|gemini-x) begin0(call_r-1_0|look|c2ln) "
     "piece0({\\\"at\\\":\\\"\\\\\\\"Oslo\\\\\\\"\\\"}) end0 "
     "begin1(call_r-1_1|now) piece1({}) end1 begin2(mine|now) piece2({}) end2 "
     "finish(STOP)=tool_calls ",
     PROA_ANSWER_FINISHED, 0, false},
    /* The end of a call that was streamed has no name. */
    {EVENT(ENDING("{\"functionCall\":{\"willContinue\":false}},{\"functionCall\":7}", "STOP")),
     "start() finish(STOP)=stop ", PROA_ANSWER_FINISHED, 0, false},
    /* Pictures; those on the way to one are thoughts; what has no place is left out. */
    {EVENT(ENDING("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}},"
                  "{\"thought\":true,\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"xx\"}},"
                  "{\"inlineData\":{}},"
                  "{\"executableCode\":{\"language\":\"PYTHON\",\"code\":\"1\"}},"
                  "{\"codeExecutionResult\":{\"outcome\":\"OUTCOME_OK\"}},7",
                  "MAX_TOKENS")),
     "start() media(image/png|iVBO) finish(MAX_TOKENS)=length ", PROA_ANSWER_FINISHED, 0, false},
    /* Several answers. */
    {EVENT("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"index\":0},"
           "{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"index\":1,\"finishReason\":\"STOP\"}]}"),
     "start() text(a) #1:text(b) #1:finish(STOP)=stop ", PROA_ANSWER_CONTENT, 0, false},
    {EVENT("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"index\":64}]}"),
     "start() ", PROA_ANSWER_WAITING, 0, false},
    /* A question that is not answered. */
    {EVENT("{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},\"usageMetadata\":{"
           "\"promptTokenCount\":7}," ID "}"),
     "start(r-1|gemini-x) finish(PROHIBITED_CONTENT)=content_filter usage(i7) ",
     PROA_ANSWER_FINISHED, 0, false},
    {EVENT("{\"promptFeedback\":{\"safetyRatings\":[]}}"), "start() ", PROA_ANSWER_WAITING, 0,
     false},
    {EVENT(ENDING("{\"text\":\"a\"}", "STOP"))
         EVENT("{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}"),
     "start() text(a) finish(STOP)=stop ", PROA_ANSWER_FINISHED, 0, false},
    /* A call that the model spoilt: another try, unless something has been said. */
    {EVENT(ENDING("", "MALFORMED_FUNCTION_CALL")), "start() ", PROA_ANSWER_ERROR,
     PROA_CLASS_CONFLICT, false},
    {EVENT(ENDING("{\"text\":\"a\"}", "MALFORMED_FUNCTION_CALL")),
     "start() text(a) finish(MALFORMED_FUNCTION_CALL)=stop ", PROA_ANSWER_FINISHED, 0, false},
    /* An answer of nothing on purpose is an answer. */
    {EVENT("{\"candidates\":[{\"finishReason\":\"STOP\"}]}"), "start() finish(STOP)=stop ",
     PROA_ANSWER_FINISHED, 0, false},
    {EVENT("{\"candidates\":[{\"finishReason\":\"FINISH_REASON_UNSPECIFIED\"}]}"), "start() ",
     PROA_ANSWER_WAITING, 0, false},
    /* Errors, alone or in an array; nothing is told after one. */
    {EVENT(PARTS("{\"text\":\"a\"}"))
         EVENT("{\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}")
             EVENT(PARTS("{\"text\":\"b\"}")),
     "start() text(a) ", PROA_ANSWER_ERROR, PROA_CLASS_OVERLOADED, false},
    {EVENT("[{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"m\"}}]"), "",
     PROA_ANSWER_ERROR, PROA_CLASS_RATE, false},
    /* No answers: passed by. */
    {EVENT("{}") EVENT("[1]") EVENT("7") EVENT(ENDING("{\"text\":\"a\"}", "STOP")),
     "start() text(a) finish(STOP)=stop ", PROA_ANSWER_FINISHED, 0, true},
    {": ping\r\n\r\n" EVENT("{\"usageMetadata\":{\"promptTokenCount\":1}}") "data:\r\n\r\n",
     "start() usage(i1) ", PROA_ANSWER_WAITING, 0, false},
    /* Counts out of all reason, and things that are none. */
    {EVENT("{\"usageMetadata\":{\"promptTokenCount\":-1,\"candidatesTokenCount\":\"3\","
           "\"thoughtsTokenCount\":99999999999999999999}}"),
     "start() ", PROA_ANSWER_WAITING, 0, false},
};

static void test_streams_however_they_are_cut(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, STREAMS)
    {
        const struct proa_slice stream = proa_slice_cstr(row->stream);
        bool malformed = false;
        for (size_t step = 1; step <= stream.len; step++) {
            struct told t;
            struct proa_decoder_report report = {.state = PROA_ANSWER_WAITING};
            told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
            for (size_t at = 0; at < stream.len; at += step) {
                assert_true(told_feed(&t, proa_slice_head(proa_slice_from(stream, at), step), step,
                                      &report));
                malformed = malformed || report.malformed;
            }
            assert_told(&t, row->told);
            assert_int_equal(report.state, row->state);
            assert_int_equal(malformed, row->malformed);
            assert_int_equal(report.failure.class, row->class);
            /* The end of the body is the end mark: without a reason before it, it came too soon. */
            assert_int_equal(proa_decoder_end(t.d), row->state == PROA_ANSWER_FINISHED);
            told_teardown(&t);
        }
    }
}

/* A picture is one line of a stream, as long as it is. */
static void test_a_large_picture(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        bool told;
    } rows[] = {{(size_t)6 << 20, true}, {(size_t)17 << 20, false}};
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_buf stream;
        struct told t;
        struct proa_decoder_report report = {.state = PROA_ANSWER_WAITING};
        proa_buf_init(&stream, (size_t)32 << 20);
        PROA_BUF_LIT(&stream, "data: {\"candidates\":[{\"content\":{\"parts\":[{\"inlineData\":{"
                              "\"mimeType\":\"image/png\",\"data\":\"");
        char *room = proa_buf_reserve(&stream, row->bytes);
        assert_non_null(room);
        memset(room, 'A', row->bytes);
        stream.len += row->bytes;
        PROA_BUF_LIT(&stream, "\"}}]},\"finishReason\":\"STOP\"}]}\n\n");
        told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
        proa_buf_deinit(&t.out);
        proa_buf_init(&t.out, (size_t)32 << 20);
        const struct proa_slice all = proa_buf_slice(&stream);
        bool fed = true;
        for (size_t at = 0; fed && at < all.len; at += 65536) {
            fed = proa_decoder_feed(t.d, proa_slice_head(proa_slice_from(all, at), 65536),
                                    &report) == PROA_OK;
        }
        assert_int_equal(fed, row->told);
        assert_int_equal(report.state, row->told ? PROA_ANSWER_FINISHED : PROA_ANSWER_WAITING);
        assert_int_equal(t.out.len > row->bytes, row->told);
        told_teardown(&t);
        proa_buf_deinit(&stream);
    }
}

/* Ids of calls are made of the answer's id only where that is whole in them. */
static void test_an_id_too_long_is_not_cut(void **state)
{
    (void)state;
    struct told t;
    struct proa_decoder_report report;
    char event[1024];
    (void)snprintf(event, sizeof event,
                   EVENT("{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":"
                         "\"now\"}}]},\"finishReason\":\"STOP\"}],\"responseId\":\"%047d\\n\"}"),
                   7);
    told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
    assert_true(told_feed(&t, proa_slice_cstr(event), 4096, &report));
    const size_t at = proa_slice_search(proa_buf_slice(&t.out), PROA_SLICE("begin0(call_"));
    const struct proa_slice call = proa_slice_from(proa_buf_slice(&t.out), at);
    assert_true(call.len > 0);
    assert_true(proa_slice_find(proa_slice_head(call, proa_slice_find(call, '|')), '\\') >
                proa_slice_find(call, '|') - 1);
    told_teardown(&t);
}

static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *finish; /* NULL = a failure */
    } rows[] = {
        {"STOP", "stop"},
        {"MAX_TOKENS", "length"},
        {"CONTINUATION", "length"},
        {"SAFETY", "content_filter"},
        {"RECITATION", "content_filter"},
        {"LANGUAGE", "content_filter"},
        {"BLOCKLIST", "content_filter"},
        {"PROHIBITED_CONTENT", "content_filter"},
        {"SPII", "content_filter"},
        {"MODEL_ARMOR", "content_filter"},
        {"IMAGE_SAFETY", "content_filter"},
        {"IMAGE_PROHIBITED_CONTENT", "content_filter"},
        {"IMAGE_RECITATION", "content_filter"},
        {"OTHER", "stop"},
        {"SOMETHING_NEW", "stop"},
        {"MALFORMED_FUNCTION_CALL", NULL},
        {"MALFORMED_RESPONSE", NULL},
        {"UNEXPECTED_TOOL_CALL", NULL},
        {"TOO_MANY_TOOL_CALLS", NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        struct proa_failure failure;
        char body[256];
        char expected[128];
        (void)snprintf(body, sizeof body,
                       "{\"candidates\":[{\"finishReason\":\"%s\",\"finishMessage\":\"so \\\"it\\\""
                       " is\"}]}",
                       row->word);
        told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
        const bool read = proa_decoder_whole(t.d, proa_slice_cstr(body), &failure);
        assert_int_equal(read, row->finish != NULL);
        if (read) {
            (void)snprintf(expected, sizeof expected, "start() finish(%s)=%s ", row->word,
                           row->finish);
            assert_told(&t, expected);
            assert_slice_str(proa_decoder_finish_reason(t.d), row->word);
        } else {
            assert_int_equal(failure.class, PROA_CLASS_CONFLICT);
            assert_slice_str(failure.code, row->word);
            assert_slice_str(failure.message, "so \"it\" is");
        }
        told_teardown(&t);
    }
}

static void test_whole_answers(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *told;
        enum proa_class class; /* NONE = read */
    } rows[] = {
        {" {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi\"}]},"
         "\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1,"
         "\"candidatesTokenCount\":2},\"modelVersion\":\"gemini-x\",\"responseId\":\"r-1\"}\n",
         "start(r-1|gemini-x) text(Hi) finish(STOP)=stop usage(i1o2) ", PROA_CLASS_NONE},
        /* A stream that was not asked for as one: an array of what the events would have been. */
        {"[" PARTS("{\"text\":\"a\"}") "\n,\n" ENDING("{\"text\":\"b\"}", "STOP") "]",
         "start() text(a) text(b) finish(STOP)=stop ", PROA_CLASS_NONE},
        {"{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}",
         "start() finish(SAFETY)=content_filter ", PROA_CLASS_NONE},
        {"{\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}", "",
         PROA_CLASS_OVERLOADED},
        {"[{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"INVALID_ARGUMENT\"}}]", "",
         PROA_CLASS_CLIENT},
        {"{\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":1}}", "start() usage(i1) ",
         PROA_CLASS_EMPTY},
        {"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi", "", PROA_CLASS_MALFORMED},
        {"", "", PROA_CLASS_MALFORMED},
        {"<html>", "", PROA_CLASS_MALFORMED},
        {"{\"choices\":[]}", "", PROA_CLASS_MALFORMED},
        {"[]", "", PROA_CLASS_EMPTY},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        struct proa_failure failure = {.class = PROA_CLASS_NONE};
        told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
        assert_int_equal(proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure),
                         row->class == PROA_CLASS_NONE);
        assert_told(&t, row->told);
        assert_int_equal(failure.class, row->class);
        told_teardown(&t);
    }
}

/* Without an id of the answer's: the same call has the same one, another another. */
static void test_ids_that_are_made(void **state)
{
    (void)state;
    static const char *const calls[] = {"{\"name\":\"a\"}", "{\"name\":\"a\"}", "{\"name\":\"b\"}"};
    char ids[3][96];
    for (size_t i = 0; i < 3; i++) {
        struct told t;
        struct proa_failure failure;
        char body[256];
        told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
        (void)snprintf(body, sizeof body, PARTS("{\"functionCall\":%s}"), calls[i]);
        assert_true(proa_decoder_whole(t.d, proa_slice_cstr(body), &failure));
        const struct proa_slice begin = PROA_SLICE("start() begin0(call_");
        assert_true(proa_slice_starts(proa_buf_slice(&t.out), begin));
        (void)snprintf(ids[i], sizeof ids[i], "%.*s", 20, t.out.ptr + begin.len);
        told_teardown(&t);
    }
    assert_string_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[0], ids[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_however_they_are_cut),
        cmocka_unit_test(test_a_large_picture),
        cmocka_unit_test(test_an_id_too_long_is_not_cut),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_whole_answers),
        cmocka_unit_test(test_ids_that_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
