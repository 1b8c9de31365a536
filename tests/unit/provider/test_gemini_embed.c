/* Embeddings at both services. */
#include "dialects_priv.h"

#include "gemini_fixture.h"
#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

static void test_how_many_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *model;
        size_t max;
    } rows[] = {
        {"gemini", "gemini-embedding-001", 100}, {"nobody", "gemini-embedding-2", 100},
        {"vertex", "gemini-embedding-001", 1},   {"vertex", "gemini-embedding-2", 1},
        {"vertex", "text-embedding-005", 250},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(
            proa_dialect_gemini.inputs_max(proa_vendor_find(proa_slice_cstr(row->vendor)),
                                           proa_slice_cstr(row->model)),
            row->max);
    }
}

static void test_requests(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *model;
        size_t n;
        uint64_t dimensions;
        const char *input_type;
        const char *path;
        const char *body;
    } rows[] = {
        {"gemini", "gemini-embedding-001", 1, 0, "", "/models/gemini-embedding-001:embedContent",
         "{\"content\":{\"parts\":[{\"text\":\"a \\\"b\\\"\"}]}}"},
        {"gemini", "gemini-embedding-001", 2, 256, "search_query",
         "/models/gemini-embedding-001:batchEmbedContents",
         "{\"requests\":[{\"model\":\"models/gemini-embedding-001\",\"content\":{\"parts\":[{"
         "\"text\":\"a \\\"b\\\"\"}]},\"taskType\":\"RETRIEVAL_QUERY\",\"outputDimensionality\":"
         "256},{\"model\":\"models/gemini-embedding-001\",\"content\":{\"parts\":[{\"text\":\"c\"}]"
         "},\"taskType\":\"RETRIEVAL_QUERY\",\"outputDimensionality\":256}]}"},
        {"vertex", "text-embedding-005", 2, 64, "search_document",
         "/publishers/google/models/text-embedding-005:predict",
         "{\"instances\":[{\"content\":\"a \\\"b\\\"\",\"task_type\":\"RETRIEVAL_DOCUMENT\"},"
         "{\"content\":\"c\",\"task_type\":\"RETRIEVAL_DOCUMENT\"}],\"parameters\":{"
         "\"outputDimensionality\":64}}"},
        {"vertex", "gemini-embedding-001", 1, 0, "CODE_RETRIEVAL_QUERY",
         "/publishers/google/models/gemini-embedding-001:predict",
         "{\"instances\":[{\"content\":\"a \\\"b\\\"\",\"task_type\":\"CODE_RETRIEVAL_QUERY\"}]}"},
        {"vertex", "gemini-embedding-2", 1, 8, "clustering",
         "/publishers/google/models/gemini-embedding-2:embedContent",
         "{\"content\":{\"parts\":[{\"text\":\"a \\\"b\\\"\"}]},\"taskType\":\"CLUSTERING\","
         "\"outputDimensionality\":8}"},
    };
    static const struct proa_chat_input inputs[] = {{.text = PROA_SLICE_INIT("a \\\"b\\\"")},
                                                    {.text = PROA_SLICE_INIT("c")}};
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        const struct proa_chat_embed embed = {.inputs = inputs,
                                              .n_inputs = row->n,
                                              .dimensions = row->dimensions,
                                              .input_type = proa_slice_cstr(row->input_type),
                                              .user = PROA_SLICE("me")};
        char line[256];
        gemini_request_init(&r, row->vendor, row->model);
        r.in.operation = PROA_OP_EMBEDDING;
        r.in.chat = NULL;
        r.in.embed = &embed;
        assert_ok(gemini_request_encode(&r));
        (void)snprintf(line, sizeof line, "POST /v1beta%s HTTP/1.1\r\n", row->path);
        assert_true(proa_slice_starts(proa_slice_make(r.out.iov[0].iov_base, r.out.iov[0].iov_len),
                                      proa_slice_cstr(line)));
        assert_slice_str(proa_buf_slice(&r.out.body), row->body);
        gemini_request_warned(&r, "user");
        gemini_request_deinit(&r);
    }
}

static void test_what_is_not_embedded(void **state)
{
    (void)state;
    static const struct proa_chat_input inputs[] = {{.text = PROA_SLICE_INIT("a")},
                                                    {.tokens = PROA_SLICE_INIT("[1,2]")}};
    static const struct {
        const char *vendor;
        size_t n;
        enum proa_err err;
    } rows[] = {{"gemini", 2, PROA_ERR_UNSUPPORTED},
                {"gemini", 0, PROA_ERR_ARG},
                {"vertex", 2, PROA_ERR_ARG}};
    PROA_TEST_ROWS(row, rows)
    {
        struct gemini_request r;
        const struct proa_chat_embed embed = {.inputs = inputs, .n_inputs = row->n};
        gemini_request_init(&r, row->vendor, "gemini-embedding-001");
        r.in.operation = PROA_OP_EMBEDDING;
        r.in.chat = NULL;
        r.in.embed = &embed;
        assert_int_equal(gemini_request_encode(&r), row->err);
        if (row->err == PROA_ERR_UNSUPPORTED) {
            gemini_request_refused(&r, "input");
        }
        gemini_request_deinit(&r);
    }
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *told;
        enum proa_class class; /* NONE = read */
    } rows[] = {
        {"{\"embedding\":{\"values\":[0.1,-2e-3]}}", "start() vector0([0.1,-2e-3]) ",
         PROA_CLASS_NONE},
        {"{\"embedding\":{\"values\":[1]},\"usageMetadata\":{\"promptTokenCount\":5}}",
         "start() vector0([1]) usage(i5) ", PROA_CLASS_NONE},
        {"{\"embeddings\":[{\"values\":[1]},{\"values\":[2]}]}",
         "start() vector0([1]) vector1([2]) ", PROA_CLASS_NONE},
        {"{\"predictions\":[{\"embeddings\":{\"values\":[1],\"statistics\":{\"token_count\":6,"
         "\"truncated\":false}}},{\"embeddings\":{\"statistics\":{\"token_count\":2},\"values\":[2]"
         "}}],\"metadata\":{\"billableCharacterCount\":9}}",
         "start() vector0([1]) vector1([2]) usage(i8) ", PROA_CLASS_NONE},
        {"{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"m\"}}", "",
         PROA_CLASS_RATE},
        {"{\"embeddings\":[]}", "", PROA_CLASS_EMPTY},
        {"{\"embeddings\":[{\"values\":7}]}", "", PROA_CLASS_MALFORMED},
        {"{\"predictions\":[{\"values\":[1]}]}", "", PROA_CLASS_MALFORMED},
        {"{\"candidates\":[]}", "", PROA_CLASS_MALFORMED},
        {"{\"embedding\":{\"values\":[1]}", "", PROA_CLASS_MALFORMED},
        {"[{\"values\":[1]}]", "", PROA_CLASS_MALFORMED},
        {"", "", PROA_CLASS_MALFORMED},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        struct proa_failure failure = {.class = PROA_CLASS_NONE};
        told_setup(&t, &proa_dialect_gemini, PROA_OP_EMBEDDING, &HEAD);
        assert_int_equal(proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure),
                         row->class == PROA_CLASS_NONE);
        assert_int_equal(failure.class, row->class);
        assert_told(&t, row->told);
        told_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_many_at_once),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_what_is_not_embedded),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
