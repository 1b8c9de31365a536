/*
 * Whole answers: usage in every spelling, and failures in the clothes of a success.
 */
#include "openai_priv.h"

#include "proa_test.h"

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
        const bool ok =
            proa_openai_read_plain(row->op, proa_slice_cstr(row->body), &usage, &model, &failure);
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
        const bool ok =
            proa_openai_read_plain(row->op, proa_slice_cstr(row->body), &usage, &model, &failure);
        PROA_TEST_CHECK(!ok, "%s", row->body);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->body,
                        proa_class_text(failure.class));
        assert_slice_str(failure.message, row->message);
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
        const bool ok = proa_openai_read_plain(PROA_OP_CHAT, proa_slice_make(copy, cut), &usage,
                                               &model, &failure);
        PROA_TEST_CHECK(ok == (cut == sizeof body - 1), "cut at %zu", cut);
        proa_free(copy);
    }
}

static void test_keys_with_escapes(void **state)
{
    (void)state;
    struct proa_json_item item = {.key = PROA_SLICE("\"m\\u006fdel\"")};
    assert_true(proa_openai_key_is(&item, PROA_SLICE("model")));
    item.key = PROA_SLICE("\"mo\\u0065\"");
    assert_false(proa_openai_key_is(&item, PROA_SLICE("mod")));
    item.key = PROA_SLICE("\"models\"");
    assert_false(proa_openai_key_is(&item, PROA_SLICE("model")));
    item.key = PROA_SLICE("\"mode\"");
    assert_false(proa_openai_key_is(&item, PROA_SLICE("model")));
}

/* Other answers than texts have more shapes than we know: any object that is no error will do. */
static void test_unknown_shapes_pass(void **state)
{
    (void)state;
    struct proa_usage usage = {0};
    struct proa_slice model = PROA_SLICE_NONE;
    struct proa_failure failure = {0};
    assert_true(proa_openai_read_plain(PROA_OP_EMBEDDING, PROA_SLICE("{\"embeddings\":[[1]]}"),
                                       &usage, &model, &failure));
    assert_true(proa_openai_read_plain(PROA_OP_MODERATION, PROA_SLICE("{\"flagged\":false}"),
                                       &usage, &model, &failure));
    assert_false(proa_openai_read_plain(PROA_OP_CHAT, PROA_SLICE("{\"flagged\":false}"), &usage,
                                        &model, &failure));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_plain_answers),
        cmocka_unit_test(test_failures_with_status_200),
        cmocka_unit_test(test_unknown_shapes_pass),
        cmocka_unit_test(test_every_cut_of_a_plain_answer),
        cmocka_unit_test(test_keys_with_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
