/*
 * Whole answers: usage in every spelling, and failures in the clothes of a success.
 */
#include "openai_priv.h"

#include "proa/core/prng.h"

#include "proa_test.h"

static const struct proa_answer_head HEAD = {.status = 200};

#define NONE UINT64_MAX

static void test_usage(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        uint64_t counts[PROA_USAGE_FIELDS]; /* input, output, cache read and write, reasoning */
    } rows[] = {
        {"{\"prompt_tokens\":19,\"completion_tokens\":10,\"total_tokens\":29}",
         {19, 10, NONE, NONE, NONE}},
        {"{\"prompt_tokens\":19,\"completion_tokens\":10,\"total_tokens\":29,"
         "\"prompt_tokens_details\":{\"cached_tokens\":8,\"cache_write_tokens\":2},"
         "\"completion_tokens_details\":{\"reasoning_tokens\":4}}",
         {19, 10, 8, 2, 4}},
        /* xAI counts reasoning beside the completion, and the cache beside the prompt. */
        {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":115,"
         "\"completion_tokens_details\":{\"reasoning_tokens\":100}}",
         {10, 105, NONE, NONE, 100}},
        {"{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15,"
         "\"prompt_tokens_details\":{\"cached_tokens\":50}}",
         {60, 5, 50, NONE, NONE}},
        /* Not that: reasoning is in the completion, whatever the total is. */
        {"{\"prompt_tokens\":10,\"completion_tokens\":105,\"total_tokens\":115,"
         "\"completion_tokens_details\":{\"reasoning_tokens\":100}}",
         {10, 105, NONE, NONE, 100}},
        {"{\"prompt_tokens\":30,\"completion_tokens\":8,\"prompt_cache_hit_tokens\":10,"
         "\"prompt_cache_miss_tokens\":20}",
         {30, 8, 10, NONE, NONE}},
        {"{\"prompt_tokens\":30,\"num_cached_tokens\":3}", {30, NONE, 3, NONE, NONE}},
        {"{\"prompt_tokens\":30,\"cache_creation_input_tokens\":7}", {30, NONE, NONE, 7, NONE}},
        {"{\"prompt_tokens\":0,\"completion_tokens\":0}", {0, 0, NONE, NONE, NONE}},
        {"{\"prompt_tokens\":100000000}", {100000000, NONE, NONE, NONE, NONE}},
        {"{\"prompt_tokens\":100000001}", {NONE, NONE, NONE, NONE, NONE}},
        {"{\"prompt_tokens\":-1,\"completion_tokens\":1.5}", {NONE, NONE, NONE, NONE, NONE}},
        {"{\"prompt_tokens\":\"5\",\"completion_tokens\":null}", {NONE, NONE, NONE, NONE, NONE}},
        {"{\"prompt_tokens_details\":null,\"completion_tokens_details\":[]}",
         {NONE, NONE, NONE, NONE, NONE}},
        {"{\"prompt_tokens_details\":{\"cached_tokens\":null}}", {NONE, NONE, NONE, NONE, NONE}},
        {"{\"x\":\"\\\"prompt_tokens\\\":5,\",\"y\\\\\":\"prompt_tokens\",\"prompt_tokens\" : 6 }",
         {6, NONE, NONE, NONE, NONE}},
        {"{\"prompt_tokens\":1e3,\"completion_tokens\":99999999999999999999999}",
         {NONE, NONE, NONE, NONE, NONE}},
        {"null", {NONE, NONE, NONE, NONE, NONE}},
        {"[1]", {NONE, NONE, NONE, NONE, NONE}},
        {"", {NONE, NONE, NONE, NONE, NONE}},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_usage usage = {.known = 0};
        proa_openai_usage(proa_slice_cstr(row->object), &usage);
        for (size_t f = 0; f < PROA_USAGE_FIELDS; f++) {
            const bool known = proa_usage_has(&usage, (enum proa_usage_field)f);
            PROA_TEST_CHECK(known == (row->counts[f] != NONE), "%s: %zu", row->object, f);
            PROA_TEST_CHECK(!known || usage.count[f] == row->counts[f], "%s: %zu is %llu",
                            row->object, f, (unsigned long long)usage.count[f]);
        }
    }
}

#define CHOICES                                                                                    \
    "\"choices\":[{\"index\":0,\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]"

static void test_plain_answers(void **state)
{
    (void)state;
    static const struct {
        enum proa_operation op;
        const char *body;
        const char *model;
        uint64_t input; /* NONE = not told */
    } rows[] = {
        {PROA_OP_CHAT, "{\"id\":\"c\",\"model\":\"m\"," CHOICES ",\"usage\":{\"prompt_tokens\":3}}",
         "m", 3},
        {PROA_OP_CHAT, "{" CHOICES "}", "", NONE},
        {PROA_OP_CHAT, "\n\n {\"usage\":null," CHOICES ",\"error\":null,\"model\":\"m\"} ", "m",
         NONE},
        {PROA_OP_CHAT, "{\"error\":{}," CHOICES "}", "", NONE},
        {PROA_OP_CHAT, "{\"error\":\"\"," CHOICES "}", "", NONE},
        {PROA_OP_CHAT, "{\"error\":false," CHOICES "}", "", NONE},
        {PROA_OP_CHAT, "{\"model\":\"a\",\"x\":1,\"x\":2," CHOICES ",\"model\":\"m\"}", "m", NONE},
        {PROA_OP_COMPLETION,
         "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":"
         "1}}",
         "", 1},
        {PROA_OP_EMBEDDING,
         "{\"object\":\"list\",\"data\":[],\"model\":\"e\",\"usage\":{\"prompt_tokens\":8,"
         "\"total_tokens\":8}}",
         "e", 8},
        {PROA_OP_MODERATION, "{\"id\":\"x\",\"model\":\"o\",\"results\":[{\"flagged\":false}]}",
         "o", NONE},
        {PROA_OP_CHAT,
         "{\"choices\":[{\"message\":{\"content\":\"finish_reason "
         "error\"},\"finish_reason\":null}]}",
         "", NONE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure;
        const bool ok = proa_openai_read_plain(row->op, &HEAD, proa_slice_cstr(row->body), &usage,
                                               &model, &failure);
        PROA_TEST_CHECK(ok, "%s: %s", row->body, proa_class_text(failure.class));
        assert_slice_str(model, row->model);
        PROA_TEST_CHECK(proa_usage_has(&usage, PROA_USAGE_INPUT) == (row->input != NONE), "%s",
                        row->body);
        PROA_TEST_CHECK(row->input == NONE || usage.count[PROA_USAGE_INPUT] == row->input, "%s",
                        row->body);
    }
}

static void test_failures_with_status_200(void **state)
{
    (void)state;
    static const struct {
        enum proa_operation op;
        const char *body;
        enum proa_class class;
        const char *message;
    } rows[] = {
        {PROA_OP_CHAT, "", PROA_CLASS_EMPTY, ""},
        {PROA_OP_CHAT, " \n\t", PROA_CLASS_EMPTY, ""},
        {PROA_OP_CHAT, "{\"choices\":[]}", PROA_CLASS_EMPTY, ""},
        {PROA_OP_CHAT, "{\"choices\":[ ],\"model\":\"m\"}", PROA_CLASS_EMPTY, ""},
        {PROA_OP_CHAT, "<html></html>", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "OK", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "null", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "[]", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "{}", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "{\"message\":\"hm\"}", PROA_CLASS_MALFORMED, "hm"},
        /* Without an error member it is no error, whatever the words. */
        {PROA_OP_CHAT, "{\"message\":\"tokens per day limit exceeded, try again in 9s\"}",
         PROA_CLASS_MALFORMED, "tokens per day limit exceeded, try again in 9s"},
        {PROA_OP_CHAT, "{\"choices\":{}}", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "{" CHOICES, PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "{" CHOICES "} x", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "{\"x\":1,\"x\":2," CHOICES, PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "{" CHOICES ",}", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_EMBEDDING, "no", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_MODERATION, "[]", PROA_CLASS_MALFORMED, ""},
        {PROA_OP_CHAT, "{\"error\":{\"message\":\"m\",\"code\":429}}", PROA_CLASS_RATE, "m"},
        {PROA_OP_CHAT, "{\"code\":\"The service is currently unavailable\",\"error\":\"m\"}",
         PROA_CLASS_OVERLOADED, "m"},
        {PROA_OP_EMBEDDING, "{\"object\":\"error\",\"message\":\"m\",\"code\":400}",
         PROA_CLASS_CLIENT, "m"},
        {PROA_OP_CHAT, "{" CHOICES ",\"error\":{\"message\":\"late\",\"code\":502}}",
         PROA_CLASS_SERVER, "late"},
        {PROA_OP_CHAT, "{\"choices\":[{\"finish_reason\":\"insufficient_system_resource\"}]}",
         PROA_CLASS_SERVER, ""},
        {PROA_OP_CHAT, "{\"choices\":[{\"finish_reason\":\"stop\"},{\"finish_reason\":\"error\"}]}",
         PROA_CLASS_SERVER, ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure = {.class = PROA_CLASS_NONE};
        const bool ok = proa_openai_read_plain(row->op, &HEAD, proa_slice_cstr(row->body), &usage,
                                               &model, &failure);
        PROA_TEST_CHECK(!ok, "%s", row->body);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->body,
                        proa_class_text(failure.class));
        assert_slice_str(failure.message, row->message);
        assert_int_equal(failure.retry_after_ns + failure.quota_reset_ns, 0);
        assert_int_equal(usage.known, 0);
    }
}

/* A cut answer is never taken for a whole one. */
static void test_every_cut_of_a_plain_answer(void **state)
{
    (void)state;
    static const char body[] =
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1764000000,"
        "\"model\":\"gpt-5.5\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
        "\"content\":\"h\\u00e9 \xc3\xa9\",\"refusal\":null},\"logprobs\":null,"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,"
        "\"total_tokens\":21}}";
    for (size_t cut = 0; cut < sizeof body; cut++) {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure;
        char *copy = proa_memdup(body, cut);
        const bool ok = proa_openai_read_plain(PROA_OP_CHAT, &HEAD, proa_slice_make(copy, cut),
                                               &usage, &model, &failure);
        PROA_TEST_CHECK(ok == (cut == sizeof body - 1), "cut at %zu", cut);
        proa_free(copy);
    }
}

/* Both ways through `body` say the same; returns whether the short one took it. */
static bool agree(enum proa_operation op, struct proa_slice body)
{
    struct proa_usage usage[2] = {{.known = 0}, {.known = 0}};
    struct proa_slice model[2] = {PROA_SLICE_NONE, PROA_SLICE_NONE};
    struct proa_failure failure;
    body = proa_openai_strip(body);
    const bool is_usual = proa_openai_plain_is_usual(op, body, &usage[0], &model[0]);
    if (!is_usual) {
        assert_int_equal(usage[0].known, 0);
        assert_int_equal(model[0].len, 0);
        return false;
    }
    PROA_TEST_CHECK(proa_openai_read_plain_full(op, &HEAD, body, &usage[1], &model[1], &failure),
                    "%" PROA_SLICE_FMT, PROA_SLICE_ARG(body));
    PROA_TEST_CHECK(proa_slice_eq(model[0], model[1]), "%" PROA_SLICE_FMT, PROA_SLICE_ARG(body));
    PROA_TEST_CHECK(usage[0].known == usage[1].known, "%" PROA_SLICE_FMT, PROA_SLICE_ARG(body));
    for (size_t f = 0; f < PROA_USAGE_FIELDS; f++) {
        if (proa_usage_has(&usage[0], (enum proa_usage_field)f)) {
            assert_int_equal(usage[0].count[f], usage[1].count[f]);
        }
    }
    return true;
}

static void test_which_answers_are_usual(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool is_usual;
    } rows[] = {
        {"{\"model\":\"m\"," CHOICES ",\"usage\":{\"prompt_tokens\":3}}", true},
        {"{\"model\":\"m\"," CHOICES " , \n \"usage\" : {\"prompt_tokens\":3} }", true},
        {"{" CHOICES ",\"model\":\"m\",\"usage\":null,\"service_tier\":\"x\"}", true},
        {"{" CHOICES ",\"usage\":{},\"x\":{\"y\":[1,{}]},\"model\":\"m\"}", true},
        /* Words of a failure inside text are text. */
        {"{\"model\":\"m\",\"choices\":[{\"text\":\"an \\\"error\\\" x\"}],\"usage\":{}}", true},
        /* The end of a string that looks like the whole of one costs the long way, no more. */
        {"{\"model\":\"m\",\"choices\":[{\"text\":\"an \\\"error\"}],\"usage\":{}}", false},
        /* Usage of another object, or of a text. */
        {"{\"model\":\"m\",\"choices\":[{\"a\":1,\"usage\":{\"prompt_tokens\":3}}]}", false},
        {"{\"model\":\"m\"," CHOICES ",\"x\":{\"a\":1,\"usage\":{\"prompt_tokens\":3}}}", false},
        {"{\"model\":\"m\"," CHOICES ",\"x\":[1,\"usage\"]}", false},
        {"{\"model\":\"m\",\"choices\":[{\"text\":\"a,\\\"usage\"}],\"x\":1}", false},
        /* Nothing behind the answer proves that it is whole. */
        {"{\"model\":\"m\",\"usage\":{}," CHOICES "}", false},
        {"{" CHOICES "}", false},
        {"{\"model\":\"m\"," CHOICES ",\"usage\":{},}", false},
        {"{\"model\":\"m\"," CHOICES ",\"usage\":{}}}", false},
        {"{\"model\":\"m\"," CHOICES ",\"usage\":{}", false},
        {"{\"model\":tru," CHOICES ",\"usage\":{}}", false},
        {"{\"model\":\"m\",\"choices\":[ ],\"usage\":{}}", false},
        {"{\"model\":\"m\",\"choices\":{\"a\":1},\"usage\":{}}", false},
        {"{\"model\":\"m\",\"error\":null," CHOICES ",\"usage\":{}}", false},
        {"{\"model\":\"m\",\"object\":\"error\"," CHOICES ",\"usage\":{}}", false},
        {"{\"model\":\"m\"," CHOICES ",\"usage\":{},\"error\":{\"message\":\"m\"}}", false},
        {"[1]", false},
        {"", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(agree(PROA_OP_CHAT, proa_slice_cstr(row->body)) == row->is_usual, "%s",
                        row->body);
    }
}

/* The words that make an answer unusual, at every distance from its begin and end. */
static void test_failures_are_seen_everywhere(void **state)
{
    (void)state;
    static const char *const words[] = {"\"error\"", "\"insufficient_system_resource\""};
    for (size_t i = 0; i < 2 * 120; i++) {
        struct proa_buf b;
        proa_buf_init(&b, 4096);
        PROA_BUF_LIT(&b, "{\"model\":\"m\",\"choices\":[\"");
        for (size_t n = 0; n < i / 2; n++) {
            PROA_BUF_LIT(&b, "x");
        }
        PROA_BUF_LIT(&b, "\",");
        (void)proa_buf_append_cstr(&b, words[i % 2]);
        PROA_BUF_LIT(&b, ",\"");
        for (size_t n = i / 2; n < 120; n++) {
            PROA_BUF_LIT(&b, "y");
        }
        PROA_BUF_LIT(&b, "\"],\"usage\":{}}");
        assert_true(proa_buf_ok(&b));
        assert_false(agree(PROA_OP_CHAT, proa_buf_slice(&b)));
        proa_buf_deinit(&b);
    }
}

static const char *one_of(struct proa_prng *p, const char *const *list, size_t n)
{
    return list[proa_prng_below(p, n)];
}

/* Members in random order and of random kinds: whatever the short way takes, the full way reads
 * alike. */
static void test_both_ways_agree(void **state)
{
    (void)state;
    static const char *const members[] = {
        "\"id\":\"c\"",          "\"x\" : [1, {\"usage\":{\"prompt_tokens\":1}}]",
        "\"y\":\"a,\\\"usage\"", "\"z\":{\"a\":1,\"model\":\"n\",\"usage\":{\"prompt_tokens\":2}}",
        "\"created\" :17",       "\"object\":\"chat.completion\"",
        "\"tier\":\"usage\"",    "\"e\":\"an \\\"error\\\"\""};
    static const char *const models[] = {"\"model\":\"m\"", "\"model\" : \"\"", "\"model\":null",
                                         "\"m\\u006fdel\":\"m\""};
    static const char *const usages[] = {
        "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}",
        "\"usage\" : { }", "\"usage\":null", "\"us\\u0061ge\":{\"prompt_tokens\":5}"};
    static const char *const answers[] = {
        CHOICES, "\"choices\" : [ {\"text\":\"a\\\\\",\"usage\":{\"prompt_tokens\":9}} ]",
        "\"choices\":[{\"text\":\",\\\"model\"},{\"model\":\"q\",\"usage\":1}]",
        "\"choices\":[[],{}]"};
    static const char *const blanks[] = {"", "", " ", "\n  "};
    struct proa_prng prng;
    proa_prng_seed(&prng, 20);
    size_t n_usual = 0;
    for (size_t round = 0; round < 20000; round++) {
        const char *parts[7];
        size_t n = 0;
        parts[n++] = one_of(&prng, answers, PROA_ARRAY_LEN(answers));
        parts[n++] = one_of(&prng, models, PROA_ARRAY_LEN(models));
        parts[n++] = one_of(&prng, usages, PROA_ARRAY_LEN(usages));
        const size_t first = (size_t)proa_prng_below(&prng, PROA_ARRAY_LEN(members));
        for (size_t more = (size_t)proa_prng_below(&prng, 4); more > 0; more--) {
            parts[n++] = members[(first + more) % PROA_ARRAY_LEN(members)];
        }
        struct proa_buf b;
        proa_buf_init(&b, 4096);
        PROA_BUF_LIT(&b, "{");
        for (size_t left = n; left > 0; left--) {
            const size_t at = (size_t)proa_prng_below(&prng, left);
            (void)proa_buf_append_cstr(&b, one_of(&prng, blanks, PROA_ARRAY_LEN(blanks)));
            (void)proa_buf_append_cstr(&b, parts[at]);
            (void)proa_buf_append_cstr(&b, one_of(&prng, blanks, PROA_ARRAY_LEN(blanks)));
            (void)proa_buf_append_cstr(&b, left > 1 ? "," : "}");
            parts[at] = parts[left - 1];
        }
        assert_true(proa_buf_ok(&b));
        n_usual += agree(PROA_OP_CHAT, proa_buf_slice(&b));
        proa_buf_deinit(&b);
    }
    assert_in_range(n_usual, 2000, 18000);
}

static void test_keys_with_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        const char *key;
        bool same;
    } rows[] = {
        {"{\"m\\u006fdel\":1}", "model", true}, {"{\"mo\\u0065\":1}", "mod", false},
        {"{\"mo\\u0065\":1}", "moe", true},     {"{\"models\":1}", "model", false},
        {"{\"mode\":1}", "model", false},       {"{\"model\":1}", "model", true},
        {"{\"modem\":1}", "model", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_json_cursor c;
        struct proa_json_item item;
        assert_ok(proa_json_cursor_init(&c, proa_slice_cstr(row->object)));
        assert_true(proa_json_cursor_next(&c, &item));
        PROA_TEST_CHECK(proa_decode_key_is(&item, proa_slice_cstr(row->key)) == row->same, "%s %s",
                        row->object, row->key);
    }
}

/* Other answers than texts have more shapes than we know: any object that is no error will do. */
static void test_unknown_shapes_pass(void **state)
{
    (void)state;
    struct proa_usage usage = {0};
    struct proa_slice model = PROA_SLICE_NONE;
    struct proa_failure failure = {0};
    assert_true(proa_openai_read_plain(
        PROA_OP_EMBEDDING, &HEAD, PROA_SLICE("{\"embeddings\":[[1]]}"), &usage, &model, &failure));
    assert_true(proa_openai_read_plain(PROA_OP_MODERATION, &HEAD, PROA_SLICE("{\"flagged\":false}"),
                                       &usage, &model, &failure));
    assert_false(proa_openai_read_plain(PROA_OP_CHAT, &HEAD, PROA_SLICE("{\"flagged\":false}"),
                                        &usage, &model, &failure));
}

static void test_images_and_audio(void **state)
{
    (void)state;
    static const struct {
        enum proa_operation op;
        const char *body;
        enum proa_class class;  /* OK: an answer */
        uint64_t input, output; /* NONE: not told */
    } rows[] = {
        {PROA_OP_IMAGE,
         "{\"created\":1,\"data\":[{\"b64_json\":\"QQ==\"}],\"usage\":{\"input_tokens\":5,"
         "\"output_tokens\":1056,\"total_tokens\":1061,\"input_tokens_details\":{"
         "\"text_tokens\":5,\"image_tokens\":0}}}",
         PROA_CLASS_OK, 5, 1056},
        {PROA_OP_IMAGE, "{\"data\":[{\"url\":\"https://images.example/1\"}]}", PROA_CLASS_OK, NONE,
         NONE},
        {PROA_OP_IMAGE, "{\"created\":1,\"data\":[]}", PROA_CLASS_EMPTY, NONE, NONE},
        {PROA_OP_IMAGE, "{\"created\":1}", PROA_CLASS_MALFORMED, NONE, NONE},
        {PROA_OP_IMAGE_EDIT, "{\"data\":\"x\"}", PROA_CLASS_MALFORMED, NONE, NONE},
        {PROA_OP_IMAGE_EDIT, "<html>", PROA_CLASS_MALFORMED, NONE, NONE},
        {PROA_OP_IMAGE, "{\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}",
         PROA_CLASS_SERVER, NONE, NONE},
        {PROA_OP_TRANSCRIPTION, "{\"text\":\"\"}", PROA_CLASS_OK, NONE, NONE}, /* silence */
        {PROA_OP_TRANSCRIPTION,
         "{\"text\":\"hi\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":14,"
         "\"output_tokens\":2}}",
         PROA_CLASS_OK, 14, 2},
        {PROA_OP_TRANSCRIPTION, "{\"text\":\"hi\",\"usage\":{\"type\":\"duration\",\"seconds\":9}}",
         PROA_CLASS_OK, NONE, NONE},
        {PROA_OP_TRANSCRIPTION,
         "{\"text\":\"hi\",\"usage\":{\"prompt_tokens\":14,\"completion_tokens\":2}}",
         PROA_CLASS_OK, 14, 2},
        {PROA_OP_TRANSLATION, "{\"language\":\"en\"}", PROA_CLASS_MALFORMED, NONE, NONE},
        {PROA_OP_TRANSLATION, "{\"text\":null}", PROA_CLASS_MALFORMED, NONE, NONE},
        {PROA_OP_SPEECH, "{\"type\":\"speech.audio.delta\",\"audio\":\"QQ==\"}", PROA_CLASS_OK,
         NONE, NONE},
        {PROA_OP_SPEECH, "{\"error\":{\"message\":\"no\",\"type\":\"server_error\"}}",
         PROA_CLASS_SERVER, NONE, NONE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure = {.class = PROA_CLASS_OK};
        const bool read = proa_openai_read_plain(row->op, &HEAD, proa_slice_cstr(row->body), &usage,
                                                 &model, &failure);
        PROA_TEST_CHECK(read == (row->class == PROA_CLASS_OK) && failure.class == row->class,
                        "%s: %d", row->body, failure.class);
        assert_int_equal(proa_usage_has(&usage, PROA_USAGE_INPUT), row->input != NONE);
        assert_int_equal(proa_usage_has(&usage, PROA_USAGE_OUTPUT), row->output != NONE);
        assert_true(row->input == NONE || usage.count[PROA_USAGE_INPUT] == row->input);
        assert_true(row->output == NONE || usage.count[PROA_USAGE_OUTPUT] == row->output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_plain_answers),
        cmocka_unit_test(test_failures_with_status_200),
        cmocka_unit_test(test_unknown_shapes_pass),
        cmocka_unit_test(test_images_and_audio),
        cmocka_unit_test(test_every_cut_of_a_plain_answer),
        cmocka_unit_test(test_which_answers_are_usual),
        cmocka_unit_test(test_failures_are_seen_everywhere),
        cmocka_unit_test(test_both_ways_agree),
        cmocka_unit_test(test_keys_with_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
