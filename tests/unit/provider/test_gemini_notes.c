/* Sources, and probabilities. */
#include "dialects_priv.h"
#include "gemini_priv.h"

#include "told.h"

static const struct proa_answer_head HEAD = {.status = 200};

/* URL and title of each citation, which told.h leaves out. */
static void note_source(void *ctx, const struct proa_chat_event *e)
{
    struct proa_buf *out = ctx;
    if (e->kind == PROA_CHAT_CITATION) {
        (void)proa_buf_append_printf(out, "%" PROA_SLICE_FMT "=%" PROA_SLICE_FMT " ",
                                     PROA_SLICE_ARG(e->id), PROA_SLICE_ARG(e->name));
    }
}

#define WEB(uri, title) "{\"web\":{\"uri\":\"" uri "\",\"title\":\"" title "\"}}"
#define ANSWER(more)    "{\"candidates\":[{" more ",\"finishReason\":\"STOP\"}]}"

static void test_sources(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *sources;
    } rows[] = {
        {ANSWER(
             "\"groundingMetadata\":{\"groundingChunks\":[" WEB("https://a.example", "A") "," WEB(
                 "https://b.example", "B") "],\"groundingSupports\":[]}"),
         "https://a.example=A https://b.example=B "},
        {ANSWER("\"groundingMetadata\":{\"groundingChunks\":[{\"retrievedContext\":{\"uri\":"
                "\"gs://x\",\"title\":\"X\"}},{\"maps\":{\"uri\":\"m\"}},{}]}"),
         "gs://x=X m= = "},
        {ANSWER("\"citationMetadata\":{\"citationSources\":[{\"startIndex\":1,\"uri\":"
                "\"https://c.example\"}]}"),
         "https://c.example= "},
        {ANSWER("\"citationMetadata\":{\"citations\":[{\"uri\":\"u\",\"title\":\"T\"},7]}"),
         "u=T "},
        /* What was told is not told again. */
        {"[" ANSWER("\"groundingMetadata\":{\"groundingChunks\":[" WEB("a", "A") "]}") "," ANSWER(
             "\"groundingMetadata\":{\"groundingChunks\":[" WEB("a", "A") "," WEB("b",
                                                                                  "B") "]}") "]",
         "a=A b=B "},
        {ANSWER("\"groundingMetadata\":{\"groundingChunks\":7}"), ""},
        {ANSWER("\"groundingMetadata\":7,\"citationMetadata\":[]"), ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct proa_buf out;
        struct proa_failure failure;
        proa_arena_init(&arena, NULL);
        proa_buf_init(&out, 1 << 16);
        const struct proa_chat_sink sink = {note_source, &out};
        struct proa_decoder *d =
            proa_decoder_create(&proa_dialect_gemini, PROA_OP_CHAT, &HEAD, &sink, &arena);
        assert_true(proa_decoder_whole(d, proa_slice_cstr(row->body), &failure));
        assert_slice_str(proa_buf_slice(&out), row->sources);
        proa_decoder_destroy(d);
        proa_buf_deinit(&out);
        proa_arena_reset(&arena);
    }
}

/* There are only so many. */
static void test_sources_have_a_limit(void **state)
{
    (void)state;
    struct proa_buf body;
    struct told t;
    struct proa_failure failure;
    proa_buf_init(&body, 1 << 16);
    (void)proa_buf_append_cstr(&body,
                               "{\"candidates\":[{\"groundingMetadata\":{\"groundingChunks\":[");
    for (unsigned i = 0; i < 100; i++) {
        (void)proa_buf_append_printf(&body, "%s{\"web\":{\"uri\":\"u%u\"}}", i > 0 ? "," : "", i);
    }
    (void)proa_buf_append_cstr(&body, "]},\"finishReason\":\"STOP\"}]}");
    told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
    assert_true(proa_decoder_whole(t.d, proa_buf_slice(&body), &failure));
    size_t n = 0;
    struct proa_slice rest = proa_buf_slice(&t.out);
    for (size_t at = 0; (at = proa_slice_search(rest, PROA_SLICE("cite"))) < rest.len; n++) {
        rest = proa_slice_from(rest, at + 4);
    }
    assert_int_equal(n, 64);
    told_teardown(&t);
    proa_buf_deinit(&body);
}

static void test_probabilities(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *told;
    } rows[] = {
        {ANSWER("\"logprobsResult\":{\"topCandidates\":[{\"candidates\":[{\"token\":\"a\","
                "\"tokenId\":1,\"logProbability\":-0.5},{\"token\":\"b\",\"logProbability\":-1e1}]}"
                "],\"chosenCandidates\":[{\"token\":\"a\",\"tokenId\":1,\"logProbability\":-0.5},"
                "{\"token\":\"\\n\",\"logProbability\":0}]}"),
         "start() logprobs({\"content\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":null,"
         "\"top_logprobs\":[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":null},{\"token\":\"b\","
         "\"logprob\":-1e1,\"bytes\":null}]},{\"token\":\"\\n\",\"logprob\":0,\"bytes\":null,"
         "\"top_logprobs\":[]}]}) finish(STOP)=stop "},
        {ANSWER("\"logprobsResult\":{\"chosenCandidates\":[7]}"),
         "start() logprobs({\"content\":[{\"token\":\"\",\"logprob\":0,\"bytes\":null,"
         "\"top_logprobs\":[]}]}) finish(STOP)=stop "},
        {ANSWER("\"logprobsResult\":{}"), "start() finish(STOP)=stop "},
        {ANSWER("\"logprobsResult\":7"), "start() finish(STOP)=stop "},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct told t;
        struct proa_failure failure;
        told_setup(&t, &proa_dialect_gemini, PROA_OP_CHAT, &HEAD);
        assert_true(proa_decoder_whole(t.d, proa_slice_cstr(row->body), &failure));
        assert_told(&t, row->told);
        told_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_sources_have_a_limit),
        cmocka_unit_test(test_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
