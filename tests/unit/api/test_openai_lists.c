/*
 * Lists of embeddings and rankings: order, encodings, what is no answer.
 */
#include "proa/api/openai_lists.h"
#include "proa/core/prng.h"

#include "proa_test.h"

struct lists {
    struct proa_arena arena;
    struct proa_buf out;
};

static void begin(struct lists *l)
{
    proa_arena_init(&l->arena, NULL);
    proa_buf_init(&l->out, (size_t)1024 * 1024);
}

static void end(struct lists *l)
{
    proa_buf_deinit(&l->out);
    proa_arena_reset(&l->arena);
}

static const struct proa_usage USAGE = {.count = {[PROA_USAGE_INPUT] = 7},
                                        .known = 1U << PROA_USAGE_INPUT};

static void tell_raw(const struct proa_chat_sink *sink, uint32_t index, const char *raw)
{
    const struct proa_chat_event e = {
        .kind = PROA_CHAT_VECTOR, .index = index, .raw = proa_slice_cstr(raw)};
    sink->event(sink->ctx, &e);
}

static void tell_base64(const struct proa_chat_sink *sink, uint32_t index, const char *text)
{
    const struct proa_chat_event e = {
        .kind = PROA_CHAT_VECTOR, .index = index, .text = proa_slice_cstr(text)};
    sink->event(sink->ctx, &e);
}

#define LIST(data)                                                                                 \
    "{\"object\":\"list\",\"data\":[" data                                                         \
    "],\"model\":\"m\",\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}"
#define VECTOR(index, embedding)                                                                   \
    "{\"object\":\"embedding\",\"index\":" index ",\"embedding\":" embedding "}"

static void vectors_are_in_the_order_of_the_inputs(void **state)
{
    (void)state;
    struct lists l;
    begin(&l);
    const struct proa_chat_embed embed = {.n_inputs = 4};
    struct proa_api_vectors *v = proa_api_vectors_create(&embed, PROA_SLICE("m"), &l.out, &l.arena);
    struct proa_chat_sink sink = proa_api_vectors_sink(v, 0);
    tell_raw(&sink, 1, "[1, 2]");
    tell_raw(&sink, 0, "[0.5]");
    sink = proa_api_vectors_sink(v, 2); /* the next call, which counts anew */
    tell_raw(&sink, 0, "[2]");
    tell_raw(&sink, 1, "[3]");
    assert_true(proa_api_vectors_end(v, &USAGE, PROA_SLICE_NONE));
    assert_slice_lit(proa_buf_slice(&l.out),
                     LIST(VECTOR("0", "[0.5]") "," VECTOR("1", "[1, 2]") "," VECTOR(
                         "2", "[2]") "," VECTOR("3", "[3]")));
    proa_api_vectors_destroy(v);
    end(&l);
}

static void the_gateway_is_told(void **state)
{
    (void)state;
    static const struct proa_slice gateway = PROA_SLICE_INIT("{\"a\":1}");
    static const char end_of_list[] = ",\"providerMetadata\":{\"gateway\":{\"a\":1}}}";
    struct lists l;
    begin(&l);
    const struct proa_chat_embed embed = {.n_inputs = 1};
    struct proa_api_vectors *v = proa_api_vectors_create(&embed, PROA_SLICE("m"), &l.out, &l.arena);
    const struct proa_chat_sink sink = proa_api_vectors_sink(v, 0);
    tell_raw(&sink, 0, "[2]");
    assert_true(proa_api_vectors_end(v, &USAGE, gateway));
    assert_true(proa_slice_search(proa_buf_slice(&l.out), proa_slice_cstr(end_of_list)) ==
                l.out.len - (sizeof end_of_list - 1));
    proa_api_vectors_destroy(v);
    proa_buf_clear(&l.out);
    const struct proa_chat_rerank rerank = {.n_documents = 0};
    struct proa_api_ranking *r =
        proa_api_ranking_create(&rerank, PROA_SLICE("m"), &l.out, &l.arena);
    assert_true(proa_api_ranking_end(r, &USAGE, gateway));
    assert_true(proa_slice_search(proa_buf_slice(&l.out), proa_slice_cstr(end_of_list)) ==
                l.out.len - (sizeof end_of_list - 1));
    end(&l);
}

static void the_answers_model_is_told(void **state)
{
    (void)state;
    struct lists l;
    begin(&l);
    const struct proa_chat_embed embed = {.n_inputs = 1};
    struct proa_api_vectors *v = proa_api_vectors_create(&embed, PROA_SLICE_NONE, &l.out, &l.arena);
    const struct proa_chat_sink sink = proa_api_vectors_sink(v, 0);
    const struct proa_chat_event start = {.kind = PROA_CHAT_START, .model = PROA_SLICE("m")};
    sink.event(sink.ctx, &start);
    tell_raw(&sink, 0, "[1]");
    assert_true(proa_api_vectors_end(v, &USAGE, PROA_SLICE_NONE));
    assert_slice_lit(proa_buf_slice(&l.out), LIST(VECTOR("0", "[1]")));
    proa_api_vectors_destroy(v);
    end(&l);
}

static bool write_vectors(size_t n_inputs, const uint32_t *indexes, size_t n)
{
    struct lists l;
    begin(&l);
    const struct proa_chat_embed embed = {.n_inputs = n_inputs};
    struct proa_api_vectors *v = proa_api_vectors_create(&embed, PROA_SLICE("m"), &l.out, &l.arena);
    const struct proa_chat_sink sink = proa_api_vectors_sink(v, 0);
    for (size_t i = 0; i < n; i++) {
        tell_raw(&sink, indexes[i], "[1]");
    }
    const bool whole = proa_api_vectors_end(v, &USAGE, PROA_SLICE_NONE);
    assert_true(whole || l.out.len == 0);
    proa_api_vectors_destroy(v);
    end(&l);
    return whole;
}

static void each_input_has_one_vector(void **state)
{
    (void)state;
    static const uint32_t indexes[] = {0, 1, 1, 2, 9};
    assert_true(write_vectors(2, indexes, 2));
    assert_false(write_vectors(2, indexes, 1));     /* one is missing */
    assert_false(write_vectors(2, indexes + 1, 2)); /* one comes twice */
    assert_false(write_vectors(2, indexes + 3, 2)); /* of no input */
    assert_false(write_vectors(2, indexes, 3));
    assert_false(write_vectors(1, indexes, 0));
}

/* 0.1f is 0x3dcccccd, 3e-5f 0x37fba882, -1 0xbf800000; bytes in little-endian order. */
static const struct {
    const char *array;
    const char *base64;
    const char *again; /* the array that is made of it */
} CODEC[] = {
    {"[0.1]", "zczMPQ==", "[0.1]"},
    {"[0.1,3e-5]", "zczMPYKo+zc=", "[0.1,3e-05]"},
    {"[ 0.1 , 3E-5, -1 ]", "zczMPYKo+zcAAIC/", "[0.1,3e-05,-1]"},
    {"[0,-0]", "AAAAAAAAAIA=", "[0,-0]"},
    {"[0.100000001490116]", "zczMPQ==", "[0.1]"},
    {"[16777217]", "AACASw==", "[16777216]"},          /* half way: to even */
    {"[16777219]", "AgCASw==", "[1.677722e+07]"},      /* half way: to even */
    {"[16777217.0000000000001]", "AQCASw==", NULL},    /* above half way by less than a double */
    {"[3.4028235e38]", "//9/fw==", "[3.4028235e+38]"}, /* the largest */
    {"[1e-45]", "AQAAAA==", NULL},                     /* the smallest */
    {"[1.17549435e-38]", "AACAAA==", "[1.1754944e-38]"},
    {"[123456789012345678901234567890]", "iHTHbw==", NULL},
};

static struct proa_slice convert(struct lists *l, bool to_base64, const char *from)
{
    const struct proa_chat_embed embed = {.n_inputs = 1, .base64 = to_base64};
    struct proa_api_vectors *v =
        proa_api_vectors_create(&embed, PROA_SLICE("m"), &l->out, &l->arena);
    const struct proa_chat_sink sink = proa_api_vectors_sink(v, 0);
    if (to_base64) {
        tell_raw(&sink, 0, from);
    } else {
        tell_base64(&sink, 0, from);
    }
    const bool ok = proa_api_vectors_end(v, &USAGE, PROA_SLICE_NONE);
    proa_api_vectors_destroy(v);
    if (!ok) {
        return PROA_SLICE_NONE;
    }
    const struct proa_slice before =
        PROA_SLICE("{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
                   "\"embedding\":");
    const struct proa_slice all = proa_slice_from(proa_buf_slice(&l->out), before.len);
    return proa_slice_head(all, proa_slice_search(all, PROA_SLICE("}]")));
}

static void numbers_become_base64(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, CODEC)
    {
        struct lists l;
        begin(&l);
        const struct proa_slice token = convert(&l, true, row->array);
        PROA_TEST_CHECK(token.len >= 2, "%s", row->array);
        assert_slice_str(proa_slice_head(proa_slice_from(token, 1), token.len - 2), row->base64);
        end(&l);
    }
}

static void base64_becomes_numbers(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, CODEC)
    {
        struct lists l;
        begin(&l);
        if (row->again) {
            assert_slice_str(convert(&l, false, row->base64), row->again);
        }
        end(&l);
    }
    struct lists l;
    begin(&l);
    assert_slice_lit(convert(&l, false, "zczMPYKo-zcAAIC\\/"), "[0.1,3e-05,-1]");
    end(&l);
}

static void what_is_no_vector_is_no_answer(void **state)
{
    (void)state;
    static const char *const arrays[] = {"[1,\"2\"]",
                                         "[null]",
                                         "[1,",
                                         "{}",
                                         "[1e400]",
                                         "1",
                                         "[0.10000000000000000000000000000000000000000000000000000"
                                         "00000000000000000000000000000000001]"};
    static const char *const texts[] = {
        "AAA", "AAAAA", "zcz!PQ==", "AAAAAAA=", "AACAfw==", "AADAfw=="};
    PROA_TEST_ROWS(row, arrays)
    {
        struct lists l;
        begin(&l);
        PROA_TEST_CHECK(convert(&l, true, *row).len == 0, "%s", *row);
        end(&l);
    }
    /* Nor where no base64 is wanted. */
    static const char *const plain[] = {"[]", "[ ]", "{}", "1", "[\"1\"]", "[[1]]", "[null]"};
    PROA_TEST_ROWS(row, plain)
    {
        struct lists l;
        begin(&l);
        const struct proa_chat_embed embed = {.n_inputs = 1};
        struct proa_api_vectors *v =
            proa_api_vectors_create(&embed, PROA_SLICE("m"), &l.out, &l.arena);
        const struct proa_chat_sink sink = proa_api_vectors_sink(v, 0);
        tell_raw(&sink, 0, *row);
        PROA_TEST_CHECK(!proa_api_vectors_end(v, &USAGE, PROA_SLICE_NONE), "%s", *row);
        proa_api_vectors_destroy(v);
        end(&l);
    }
    PROA_TEST_ROWS(row, texts)
    {
        struct lists l;
        begin(&l);
        PROA_TEST_CHECK(convert(&l, false, *row).len == 0, "%s", *row);
        end(&l);
    }
}

/* As the C library reads it; and written out and read again it is the same float. */
static void any_float_goes_both_ways(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 7);
    for (int i = 0; i < 20000; i++) {
        const uint32_t bits = (uint32_t)proa_prng_next(&prng);
        float value;
        memcpy(&value, &bits, sizeof value);
        if ((bits >> 23 & 255) == 255) {
            continue; /* infinite, or none */
        }
        char text[64];
        const int digits = 1 + (int)proa_prng_below(&prng, 17);
        (void)snprintf(text, sizeof text, "[%.*e]", digits, (double)value);
        const float expected = strtof(text + 1, NULL);
        if (expected > 3.4028235e38f || expected < -3.4028235e38f) {
            continue;
        }
        struct lists l;
        begin(&l);
        char base64[16] = "";
        const struct proa_slice token = convert(&l, true, text);
        PROA_TEST_CHECK(token.len == 10, "%s", text);
        memcpy(base64, token.ptr + 1, 8);
        proa_buf_clear(&l.out);
        const struct proa_slice again = convert(&l, false, base64);
        char number[64] = "";
        assert_true(again.len > 2 && again.len < sizeof number);
        memcpy(number, again.ptr + 1, again.len - 2);
        const float got = strtof(number, NULL);
        PROA_TEST_CHECK(memcmp(&got, &expected, sizeof got) == 0, "%s became %s", text, number);
        end(&l);
    }
}

/* ---- rankings -------------------------------------------------------------------------------- */

static const struct proa_slice DOCUMENTS[] = {PROA_SLICE_INIT("a \\\"b\\\""), PROA_SLICE_INIT("c")};

static bool rank(struct lists *l, const struct proa_chat_rerank *rerank, const uint32_t *indexes,
                 size_t n)
{
    struct proa_api_ranking *r =
        proa_api_ranking_create(rerank, PROA_SLICE("m"), &l->out, &l->arena);
    const struct proa_chat_sink sink = proa_api_ranking_sink(r);
    for (size_t i = 0; i < n; i++) {
        const struct proa_chat_event e = {
            .kind = PROA_CHAT_RANK, .index = indexes[i], .raw = PROA_SLICE("0.25")};
        sink.event(sink.ctx, &e);
    }
    return proa_api_ranking_end(r, &USAGE, PROA_SLICE_NONE);
}

static void rankings_are_told_as_they_come(void **state)
{
    (void)state;
    static const uint32_t indexes[] = {1, 0, 2};
    struct proa_chat_rerank rerank = {.documents = DOCUMENTS, .n_documents = 2};
    struct lists l;
    begin(&l);
    assert_true(rank(&l, &rerank, indexes, 2));
    assert_slice_lit(proa_buf_slice(&l.out),
                     "{\"object\":\"list\",\"results\":[{\"index\":1,\"relevance_score\":0.25},"
                     "{\"index\":0,\"relevance_score\":0.25}],\"model\":\"m\","
                     "\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}");
    end(&l);
    begin(&l);
    rerank.top_n = 1;
    rerank.return_documents = true;
    assert_true(rank(&l, &rerank, indexes + 1, 1));
    assert_slice_lit(proa_buf_slice(&l.out),
                     "{\"object\":\"list\",\"results\":[{\"index\":0,\"relevance_score\":0.25,"
                     "\"document\":{\"text\":\"a \\\"b\\\"\"}}],\"model\":\"m\","
                     "\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}");
    end(&l);
    begin(&l);
    assert_true(rank(&l, &rerank, indexes, 2)); /* more than were asked for */
    assert_true(proa_slice_search(proa_buf_slice(&l.out), PROA_SLICE("\"index\":0")) == l.out.len);
    end(&l);
    begin(&l);
    rerank.top_n = 0;
    assert_false(rank(&l, &rerank, indexes + 1, 2)); /* a document that there is not */
    end(&l);
    begin(&l);
    assert_true(rank(&l, &rerank, NULL, 0));
    assert_slice_lit(proa_slice_head(proa_buf_slice(&l.out), 29),
                     "{\"object\":\"list\",\"results\":[]");
    end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_in_the_order_of_the_inputs),
        cmocka_unit_test(the_gateway_is_told),
        cmocka_unit_test(the_answers_model_is_told),
        cmocka_unit_test(each_input_has_one_vector),
        cmocka_unit_test(numbers_become_base64),
        cmocka_unit_test(base64_becomes_numbers),
        cmocka_unit_test(what_is_no_vector_is_no_answer),
        cmocka_unit_test(any_float_goes_both_ways),
        cmocka_unit_test(rankings_are_told_as_they_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
