/* Embeddings and reranking: what is asked, and what is told of the answers. */
#include "cohere_priv.h"

#include "asked.h"
#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

#define S(text) PROA_SLICE_INIT(text)

static const struct proa_chat_input TWO[] = {{.text = S("a \\\"b\\\"")}, {.text = S("c")}};
static const struct proa_chat_input TOKENS[] = {{.tokens = S("[1,2]")}};

static void test_embeddings_asked_for(void **state)
{
    (void)state;
    static const struct {
        struct proa_chat_embed embed;
        const char *body;
    } rows[] = {
        {{.inputs = TWO, .n_inputs = 2},
         "{\"model\":\"embed-v4.0\",\"input_type\":\"search_document\",\"embedding_types\":["
         "\"float\"],\"texts\":[\"a \\\"b\\\"\",\"c\"]}"},
        {{.inputs = TWO,
          .n_inputs = 1,
          .dimensions = 256,
          .base64 = true,
          .input_type = S("search_query"),
          .user = S("u")},
         "{\"model\":\"embed-v4.0\",\"input_type\":\"search_query\",\"embedding_types\":["
         "\"float\"],\"output_dimension\":256,\"texts\":[\"a \\\"b\\\"\"]}"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct asked a;
        asked_setup(&a, "embed-v4.0");
        a.in.operation = PROA_OP_EMBEDDING;
        a.in.embed = &row->embed;
        a.in.base_path = PROA_SLICE_NONE;
        asked_encode(&a, "cohere");
        assert_ok(a.err);
        assert_true(proa_slice_starts(asked_head(&a), PROA_SLICE("POST /v2/embed HTTP/1.1\r\n")));
        assert_slice_str(proa_buf_slice(&a.out.body), row->body);
        asked_teardown(&a);
    }
}

static void test_tokens_are_not_taken(void **state)
{
    (void)state;
    static const struct proa_chat_embed embed = {.inputs = TOKENS, .n_inputs = 1};
    struct asked a;
    asked_setup(&a, "embed-v4.0");
    a.in.operation = PROA_OP_EMBEDDING;
    a.in.embed = &embed;
    asked_encode(&a, "cohere");
    assert_err(a.err, PROA_ERR_UNSUPPORTED);
    assert_string_equal(a.out.feature, "input of tokens");
    asked_teardown(&a);
}

static void test_reranking_asked_for(void **state)
{
    (void)state;
    static const struct proa_slice documents[] = {PROA_SLICE_INIT("x"), PROA_SLICE_INIT("\\n")};
    static const struct proa_chat_rerank rerank = {
        .query = S("q"), .documents = documents, .n_documents = 2, .top_n = 1};
    struct asked a;
    asked_setup(&a, "rerank-v3.5");
    a.in.operation = PROA_OP_RERANK;
    a.in.rerank = &rerank;
    a.in.base_path = PROA_SLICE("/v2"); /* whoever wrote the version into the base URL */
    asked_encode(&a, "cohere");
    assert_ok(a.err);
    assert_true(proa_slice_starts(asked_head(&a), PROA_SLICE("POST /v2/rerank HTTP/1.1\r\n")));
    assert_slice_lit(proa_buf_slice(&a.out.body),
                     "{\"model\":\"rerank-v3.5\",\"query\":\"q\",\"documents\":[\"x\",\"\\n\"],"
                     "\"top_n\":1}");
    asked_teardown(&a);
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        enum proa_operation op;
        const char *body;
        const char *told;
        enum proa_class class;
    } rows[] = {
        {PROA_OP_EMBEDDING,
         "{\"id\":\"e\",\"embeddings\":{\"float\":[[0.1,-2e-3],[1,2]]},\"texts\":[\"a\",\"b\"],"
         "\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":{\"input_tokens\":7}},"
         "\"response_type\":\"embeddings_by_type\"}",
         "start() vector0([0.1,-2e-3]) vector1([1,2]) usage(i7) ", PROA_CLASS_OK},
        {PROA_OP_EMBEDDING, "{\"embeddings\":[[1]],\"response_type\":\"embeddings_floats\"}",
         "start() vector0([1]) ", PROA_CLASS_OK},
        {PROA_OP_EMBEDDING, "{\"embeddings\":{\"float\":[]}}", "", PROA_CLASS_EMPTY},
        {PROA_OP_EMBEDDING, "{\"embeddings\":{\"int8\":[[1]]}}", "", PROA_CLASS_MALFORMED},
        {PROA_OP_EMBEDDING, "{\"embeddings\":{\"float\":[1]}}", "", PROA_CLASS_MALFORMED},
        {PROA_OP_EMBEDDING, "{\"embeddings\":{\"float\":[[1]]}", "", PROA_CLASS_MALFORMED},
        {PROA_OP_EMBEDDING, "{\"message\":\"invalid api token\"}", "", PROA_CLASS_AUTH},
        {PROA_OP_RERANK,
         "{\"id\":\"r\",\"results\":[{\"index\":3,\"relevance_score\":0.999},{\"index\":0,"
         "\"relevance_score\":1e-5}],\"meta\":{\"billed_units\":{\"search_units\":1},\"tokens\":{"
         "\"input_tokens\":9}}}",
         "start() rank3(0.999) rank0(1e-5) usage(i9) ", PROA_CLASS_OK},
        {PROA_OP_RERANK, "{\"results\":[{\"index\":0}]}", "", PROA_CLASS_MALFORMED},
        {PROA_OP_RERANK, "{\"results\":[{\"index\":-1,\"relevance_score\":1}]}", "",
         PROA_CLASS_MALFORMED},
        {PROA_OP_RERANK, "{\"results\":{}}", "", PROA_CLASS_MALFORMED},
        {PROA_OP_RERANK, "{\"message\":\"model 'x' not found\"}", "", PROA_CLASS_SERVER},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        struct told t;
        told_setup(&t, proa_dialect_find(PROA_SLICE("cohere")), row->op, &HEAD);
        const bool good = proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure);
        PROA_TEST_CHECK(good == (row->class == PROA_CLASS_OK), "%s", row->body);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->body,
                        proa_class_text(failure.class));
        assert_told(&t, row->told);
        told_teardown(&t);
    }
}

static void test_what_is_offered(void **state)
{
    (void)state;
    const struct proa_dialect *d = proa_dialect_find(PROA_SLICE("cohere"));
    assert_true(d->offers(NULL, PROA_SLICE("m"), PROA_OP_CHAT));
    assert_true(d->offers(NULL, PROA_SLICE("m"), PROA_OP_EMBEDDING));
    assert_true(d->offers(NULL, PROA_SLICE("m"), PROA_OP_RERANK));
    assert_false(d->offers(NULL, PROA_SLICE("m"), PROA_OP_MODERATION));
    assert_false(d->passes(NULL, PROA_SLICE("m"), PROA_OP_CHAT));
    assert_int_equal(d->inputs_max(NULL, PROA_SLICE("m")), 96);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embeddings_asked_for), cmocka_unit_test(test_tokens_are_not_taken),
        cmocka_unit_test(test_reranking_asked_for),  cmocka_unit_test(test_answers),
        cmocka_unit_test(test_what_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
