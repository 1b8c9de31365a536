/* Embeddings and reranking by InvokeModel: a body and an answer for each family. */
#include "dialects_priv.h"

#include "bedrock_test.h"
#include "told.h"

#define TITAN_2  "amazon.titan-embed-text-v2:0"
#define COHERE_3 "cohere.embed-english-v3"
#define COHERE_4 "us.cohere.embed-v4:0"
#define NOVA_E   "amazon.nova-2-multimodal-embeddings-v1:0"

static const struct proa_chat_input TWO[] = {{.text = B("a\\n")}, {.text = B("b")}};
static const struct proa_chat_input TOKENS[] = {{.tokens = B("[1,2]")}};

static const struct {
    const char *model;
    struct proa_chat_embed embed;
    const char *body; /* NULL: refused, */
    const char *feature;
    const char *warnings;
} EMBEDS[] = {
    {TITAN_2, {.inputs = TWO, .n_inputs = 1}, "{\"inputText\":\"a\\n\"}", NULL, NULL},
    {TITAN_2,
     {.inputs = TWO, .n_inputs = 1, .dimensions = 256},
     "{\"inputText\":\"a\\n\",\"dimensions\":256}",
     NULL,
     NULL},
    {"amazon.titan-embed-text-v1",
     {.inputs = TWO, .n_inputs = 1},
     "{\"inputText\":\"a\\n\"}",
     NULL,
     NULL},
    {"amazon.titan-embed-text-v1",
     {.inputs = TWO, .n_inputs = 1, .dimensions = 256},
     NULL,
     "dimensions",
     NULL},
    {"amazon.titan-embed-image-v1",
     {.inputs = TWO, .n_inputs = 1, .dimensions = 384},
     "{\"inputText\":\"a\\n\",\"embeddingConfig\":{\"outputEmbeddingLength\":384}}",
     NULL,
     NULL},
    {COHERE_3,
     {.inputs = TWO, .n_inputs = 2},
     "{\"texts\":[\"a\\n\",\"b\"],\"input_type\":\"search_document\"}",
     NULL,
     NULL},
    {COHERE_3,
     {.inputs = TWO, .n_inputs = 2, .input_type = B("search_query")},
     "{\"texts\":[\"a\\n\",\"b\"],\"input_type\":\"search_query\"}",
     NULL,
     NULL},
    {COHERE_3, {.inputs = TWO, .n_inputs = 2, .dimensions = 5}, NULL, "dimensions", NULL},
    {COHERE_4,
     {.inputs = TWO, .n_inputs = 2, .dimensions = 512},
     "{\"texts\":[\"a\\n\",\"b\"],\"input_type\":\"search_document\",\"embedding_types\":"
     "[\"float\"],\"output_dimension\":512}",
     NULL,
     NULL},
    {NOVA_E,
     {.inputs = TWO, .n_inputs = 1, .dimensions = 1024},
     "{\"taskType\":\"SINGLE_EMBEDDING\",\"singleEmbeddingParams\":{\"embeddingPurpose\":"
     "\"GENERIC_INDEX\",\"embeddingDimension\":1024,\"text\":{\"truncationMode\":\"END\","
     "\"value\":\"a\\n\"}}}",
     NULL,
     NULL},
    {NOVA_E,
     {.inputs = TWO, .n_inputs = 1, .input_type = B("search_query")},
     "{\"taskType\":\"SINGLE_EMBEDDING\",\"singleEmbeddingParams\":{\"embeddingPurpose\":"
     "\"GENERIC_RETRIEVAL\",\"text\":{\"truncationMode\":\"END\",\"value\":\"a\\n\"}}}",
     NULL,
     NULL},
    {NOVA_E,
     {.inputs = TWO, .n_inputs = 1, .input_type = B("poem")},
     "{\"taskType\":\"SINGLE_EMBEDDING\",\"singleEmbeddingParams\":{\"embeddingPurpose\":"
     "\"GENERIC_INDEX\",\"text\":{\"truncationMode\":\"END\",\"value\":\"a\\n\"}}}",
     NULL,
     "input_type"},
    {TITAN_2, {.inputs = TOKENS, .n_inputs = 1}, NULL, "input", NULL},
    {SONNET, {.inputs = TWO, .n_inputs = 1}, NULL, "embeddings", NULL},
};

static void test_embeddings(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, EMBEDS)
    {
        struct encoding e;
        encoding_init(&e, row->model);
        e.in.operation = PROA_OP_EMBEDDING;
        e.in.embed = &row->embed;
        const enum proa_err err = proa_bedrock_encode(&e.in, &e.arena, &e.out);
        if (!row->body) {
            assert_err(err, PROA_ERR_UNSUPPORTED);
            assert_string_equal(e.out.feature, row->feature);
        } else {
            const struct proa_slice head =
                proa_slice_make(e.out.iov[0].iov_base, e.out.iov[0].iov_len);
            assert_ok(err);
            assert_slice_str(proa_buf_slice(&e.out.body), row->body);
            assert_true(proa_slice_search(head, PROA_SLICE("/invoke HTTP/1.1\r\n")) < head.len);
            check_warnings(&e, row->model, row->warnings);
        }
        encoding_deinit(&e);
    }
}

static void test_inputs_of_one_call(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        size_t max;
    } rows[] = {{TITAN_2, 1}, {COHERE_3, 96}, {COHERE_4, 96}, {NOVA_E, 1}, {SONNET, 1}};
    PROA_TEST_ROWS(row, rows)
    {
        assert_int_equal(proa_bedrock_inputs_max(NULL, proa_slice_cstr(row->model)), row->max);
    }
    static const struct proa_chat_embed two = {.inputs = TWO, .n_inputs = 2};
    struct encoding e;
    encoding_init(&e, TITAN_2);
    e.in.operation = PROA_OP_EMBEDDING;
    e.in.embed = &two;
    assert_err(proa_bedrock_encode(&e.in, &e.arena, &e.out), PROA_ERR_ARG);
    encoding_deinit(&e);
}

static const struct proa_slice DOCUMENTS[] = {B("x"), B("y\\\"")};

static const struct {
    const char *model;
    struct proa_chat_rerank rerank;
    const char *body;
} RERANKS[] = {
    {"amazon.rerank-v1:0",
     {.query = B("q"), .documents = DOCUMENTS, .n_documents = 2},
     "{\"query\":\"q\",\"documents\":[\"x\",\"y\\\"\"],\"top_n\":2}"},
    {"cohere.rerank-v3-5:0",
     {.query = B("q"), .documents = DOCUMENTS, .n_documents = 2, .top_n = 1},
     "{\"query\":\"q\",\"documents\":[\"x\",\"y\\\"\"],\"top_n\":1,\"api_version\":2}"},
};

static void test_reranking(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, RERANKS)
    {
        struct encoding e;
        encoding_init(&e, row->model);
        e.in.operation = PROA_OP_RERANK;
        e.in.rerank = &row->rerank;
        assert_ok(proa_bedrock_encode(&e.in, &e.arena, &e.out));
        assert_slice_str(proa_buf_slice(&e.out.body), row->body);
        encoding_deinit(&e);
    }
}

static const struct {
    enum proa_operation op;
    const char *tokens; /* in a header; NULL = none */
    const char *body;
    const char *told; /* NULL: it is no answer */
} ANSWERS[] = {
    {PROA_OP_EMBEDDING, NULL,
     "{\"embedding\":[0.1,-2],\"embeddingsByType\":{\"float\":[0.1,-2]},\"inputTextTokenCount\":4}",
     "start() vector0([0.1,-2]) usage(i4) "},
    {PROA_OP_EMBEDDING, "6", "{\"id\":\"i\",\"embeddings\":[[1],[2]],\"texts\":[\"a\",\"b\"]}",
     "start() vector0([1]) vector1([2]) usage(i6) "},
    {PROA_OP_EMBEDDING, "6", "{\"embeddings\":{\"float\":[[1],[2]]}}",
     "start() vector0([1]) vector1([2]) usage(i6) "},
    {PROA_OP_EMBEDDING, NULL,
     "{\"embeddings\":[{\"embeddingType\":\"TEXT\",\"embedding\":[3]}],\"inputTokenCount\":2}",
     "start() vector0([3]) usage(i2) "},
    {PROA_OP_RERANK, NULL,
     "{\"results\":[{\"index\":1,\"relevance_score\":0.9},{\"index\":0,\"relevance_score\":1e-3}]}",
     "start() rank1(0.9) rank0(1e-3) "},
    {PROA_OP_EMBEDDING, NULL, "{\"embedding\":\"x\"}", NULL},
    {PROA_OP_EMBEDDING, NULL, "{\"embeddings\":[1]}", NULL},
    {PROA_OP_EMBEDDING, NULL, "{\"embeddings\":{\"int8\":[[1]]}}", NULL},
    {PROA_OP_EMBEDDING, NULL, "{\"embeddings\":[]}", NULL},
    {PROA_OP_EMBEDDING, NULL, "{\"results\":[]}", NULL},
    {PROA_OP_EMBEDDING, NULL, "{\"embedding\":[1]", NULL},
    {PROA_OP_EMBEDDING, NULL, "", NULL},
    {PROA_OP_RERANK, NULL, "{\"results\":[{\"index\":-1,\"relevance_score\":1}]}", NULL},
    {PROA_OP_RERANK, NULL, "{\"results\":[{\"index\":0}]}", NULL},
    {PROA_OP_RERANK, NULL, "{\"results\":{}}", NULL},
    {PROA_OP_RERANK, NULL, "{\"embedding\":[1]}", NULL},
};

static void test_answers(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ANSWERS)
    {
        const struct proa_http_header header = {.id = PROA_HTTP_HEADER_OTHER,
                                                .name =
                                                    PROA_SLICE("X-Amzn-Bedrock-Input-Token-Count"),
                                                .value = proa_slice_cstr(row->tokens)};
        const struct proa_answer_head head = {
            .status = 200, .headers = &header, .n_headers = row->tokens != NULL};
        struct told t;
        struct proa_failure failure;
        told_setup(&t, &proa_dialect_bedrock, row->op, &head);
        PROA_TEST_CHECK(proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure) ==
                            (row->told != NULL),
                        "%s", row->body);
        if (row->told) {
            assert_told(&t, row->told);
        }
        told_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_inputs_of_one_call),
        cmocka_unit_test(test_reranking),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
