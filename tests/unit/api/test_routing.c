/* Routing options as requests write them: in both places, in every form, with every mistake. */
#include "proa/api/aisdk_request.h"
#include "proa/api/routing.h"

#include "proa_test.h"

struct read {
    struct proa_arena arena;
    struct proa_buf name;
    struct proa_buf text;
    char *body; /* written to when secrets are wiped */
    struct proa_api_request request;
    struct proa_api_error error;
    struct proa_routing out;
    enum proa_err err;
};

static void end(struct read *r)
{
    proa_buf_deinit(&r->name);
    proa_buf_deinit(&r->text);
    proa_arena_reset(&r->arena);
    proa_free(r->body);
}

static struct proa_slice body_of(const struct read *r)
{
    return proa_slice_cstr(r->body);
}

static void begin(struct read *r, const char *body)
{
    memset(r, 0, sizeof *r);
    proa_arena_init(&r->arena, NULL);
    proa_buf_init(&r->name, 4096);
    proa_buf_init(&r->text, 4096);
    r->body = proa_memdup(body, strlen(body) + 1);
}

/* As the OpenAI and Anthropic surfaces do. */
static void read_body(struct read *r, const char *body)
{
    begin(r, body);
    assert_ok(proa_api_request_read(PROA_API_CHAT, body_of(r), &r->name, &r->text, &r->request,
                                    &r->error));
    r->err =
        proa_api_routing_read(&r->request, body_of(r), &r->arena, &r->text, &r->out, &r->error);
}

/* With these options of the gateway, a JSON object. */
static void read_options(struct read *r, const char *options)
{
    char body[16 * 1024];
    const int n = snprintf(
        body, sizeof body,
        "{\"model\":\"m\",\"messages\":[],\"providerOptions\":{\"openai\":{\"user\":\"u\"},"
        "\"gateway\":%s}}",
        options);
    assert_true(n > 0 && (size_t)n < sizeof body);
    read_body(r, body);
}

static void assert_names(struct proa_routing_names names, const char *joined)
{
    char text[1024] = "";
    size_t at = 0;
    for (size_t i = 0; i < names.n; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PROA_SLICE_FMT, i > 0 ? " " : "",
                               PROA_SLICE_ARG(names.items[i]));
    }
    assert_string_equal(text, joined);
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void every_option(void **state)
{
    (void)state;
    struct read r;
    read_options(&r,
                 "{\"order\":[\"openai\",\"azure\"],\"only\":[\"openai\",\"azure\",\"bedrock\"],"
                 "\"models\":[\"anthropic/claude-sonnet-5\",\"m2\"],\"sort\":\"ttft\","
                 "\"providerTimeouts\":{\"byok\":{\"openai\":1000,\"azure\":789000}},"
                 "\"user\":\"user \\u00e9\",\"tags\":[\"a\",\"b:c\"],\"has\":[\"vision\","
                 "\"tool-use\",\"vision\"],\"zeroDataRetention\":true,"
                 "\"disallowPromptTraining\":true,\"serviceTier\":\"priority\",\"caching\":"
                 "\"auto\"}");
    assert_ok(r.err);
    assert_slice_lit(r.out.service_tier, "priority");
    assert_true(r.out.cache);
    assert_names(r.out.order, "openai azure");
    assert_names(r.out.only, "openai azure bedrock");
    assert_names(r.out.models, "anthropic/claude-sonnet-5 m2");
    assert_int_equal(r.out.sort, PROA_SORT_TTFT);
    assert_int_equal(r.out.n_timeouts, 2);
    assert_slice_lit(r.out.timeouts[1].provider, "azure");
    assert_true(r.out.timeouts[0].first_token_ns == PROA_NS_PER_S);
    assert_true(r.out.timeouts[1].first_token_ns == 789 * PROA_NS_PER_S);
    assert_slice_lit(r.out.user, "user \xc3\xa9");
    assert_names(r.out.tags, "a b:c");
    assert_int_equal(r.out.has, PROA_HAS_VISION | PROA_HAS_TOOL_USE);
    assert_true(r.out.zero_data_retention && r.out.disallow_prompt_training);
    end(&r);
}

static void names_of_an_account(void **state)
{
    (void)state;
    struct read r;
    read_options(
        &r,
        "{\"byok\":{\"azure\":[{\"modelMappings\":[{\"gatewayModelSlug\":\"openai/gpt-5.5\","
        "\"customModelId\":\"our-gpt\",\"more\":1},{\"customModelId\":\"b\",\"gatewayModelSlug\":"
        "\"a\"}],\"apiKey\":\"12345678\"},{\"apiKey\":\"12345678\",\"modelMappings\":null}]}}");
    assert_ok(r.err);
    assert_int_equal(r.out.byok[0].n_mappings, 2);
    assert_slice_lit(r.out.byok[0].mappings[0].model, "openai/gpt-5.5");
    assert_slice_lit(r.out.byok[0].mappings[0].custom, "our-gpt");
    assert_slice_lit(r.out.byok[0].mappings[1].model, "a");
    assert_slice_lit(r.out.byok[0].mappings[1].custom, "b");
    assert_int_equal(r.out.byok[1].n_mappings, 0);
    end(&r);
}

static void each_word_has_its_bit(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        unsigned bit;
    } rows[] = {
        {"implicit-caching", PROA_HAS_IMPLICIT_CACHING},
        {"reasoning", PROA_HAS_REASONING},
        {"structured-output", PROA_HAS_STRUCTURED_OUTPUT},
        {"tool-use", PROA_HAS_TOOL_USE},
        {"vision", PROA_HAS_VISION},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct read r;
        char options[64];
        (void)snprintf(options, sizeof options, "{\"has\":[\"%s\"]}", row->word);
        read_options(&r, options);
        assert_ok(r.err);
        assert_int_equal(r.out.has, row->bit);
        end(&r);
    }
}

static void each_sort(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum proa_routing_sort sort;
    } rows[] = {{"cost", PROA_SORT_COST}, {"ttft", PROA_SORT_TTFT}, {"tps", PROA_SORT_TPS}};
    PROA_TEST_ROWS(row, rows)
    {
        struct read r;
        char options[64];
        (void)snprintf(options, sizeof options, "{\"sort\":\"%s\"}", row->word);
        read_options(&r, options);
        assert_ok(r.err);
        assert_int_equal(r.out.sort, row->sort);
        end(&r);
    }
}

static bool is_nothing(const struct proa_routing *out)
{
    static const struct proa_routing nothing = {.has = 0};
    return memcmp(out, &nothing, sizeof nothing) == 0;
}

static void nothing_is_said(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"model\":\"m\"}",
        "{\"model\":\"m\",\"providerOptions\":null}",
        "{\"model\":\"m\",\"providerOptions\":{}}",
        "{\"model\":\"m\",\"providerOptions\":{\"gateway\":null}}",
        "{\"model\":\"m\",\"providerOptions\":{\"gateway\":{}}}",
        "{\"model\":\"m\",\"providerOptions\":{\"anthropic\":{\"order\":[1]}}}",
        "{\"model\":\"m\",\"providerOptions\":{\"gateway\":{\"new\":[{\"order\":1}],\"caching\":"
        "null,\"serviceTier\":null,\"quotaEntityId\":\"q\",\"order\":null,\"byok\":null,\"has\":"
        "null}}}",
        /* Fields of a provider that happen to have the names. */
        "{\"model\":\"m\",\"sort\":5,\"only\":\"x\",\"order\":{},\"models\":\"y\",\"provider\":"
        "\"z\"}",
        "{\"model\":\"m\",\"byok\":null}",
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct read r;
        read_body(&r, *row);
        assert_ok(r.err);
        assert_true(is_nothing(&r.out));
        end(&r);
    }
}

static void a_request_without_any_is_told_at_once(void **state)
{
    (void)state;
    struct read r;
    read_body(&r, "{\"model\":\"m\",\"sort\":5,\"user\":\"u\"}");
    assert_false(proa_api_routing_is_said(&r.request));
    end(&r);
    read_body(&r, "{\"model\":\"m\",\"order\":[]}");
    assert_true(proa_api_routing_is_said(&r.request));
    end(&r);
    read_body(&r, "{\"model\":\"m\",\"providerOptions\":{}}");
    assert_true(proa_api_routing_is_said(&r.request));
    end(&r);
}

static void short_forms(void **state)
{
    (void)state;
    struct read r;
    read_body(&r, "{\"models\":[\"b\"],\"model\":\"m\",\"order\":[\"x\"],\"only\":[\"x\",\"y\"],"
                  "\"sort\":\"tps\",\"byok\":{\"x\":[{\"apiKey\":\"12345678\"}]}}");
    assert_ok(r.err);
    assert_names(r.out.models, "b");
    assert_names(r.out.order, "x");
    assert_names(r.out.only, "x y");
    assert_int_equal(r.out.sort, PROA_SORT_TPS);
    assert_int_equal(r.out.n_byok, 1);
    end(&r);
    read_body(&r, "{\"model\":\"m\",\"provider\":{\"order\":[\"x\"],\"only\":[\"y\"],\"sort\":"
                  "\"cost\",\"allow_fallbacks\":true}}");
    assert_ok(r.err);
    assert_names(r.out.order, "x");
    assert_names(r.out.only, "y");
    assert_int_equal(r.out.sort, PROA_SORT_COST);
    end(&r);
}

static void the_long_form_wins(void **state)
{
    (void)state;
    struct read r;
    read_body(&r,
              "{\"model\":\"m\",\"providerOptions\":{\"gateway\":{\"order\":[\"long\"],\"byok\":"
              "{\"long\":[{\"apiKey\":\"the-long-one\"}]}}},\"order\":[\"short\"],\"only\":"
              "[\"kept\"],\"byok\":{\"short\":[{\"apiKey\":\"the-short-one\"}]}}");
    assert_ok(r.err);
    assert_names(r.out.order, "long");
    assert_names(r.out.only, "kept");
    assert_int_equal(r.out.n_byok, 1);
    assert_slice_lit(r.out.byok[0].api_key, "the-long-one");
    assert_null(strstr(r.body, "the-short-one")); /* nobody else will wipe it */
    end(&r);
}

static void the_ai_sdks_place_is_the_same(void **state)
{
    (void)state;
    static const struct proa_http_headers headers = {.n = 0};
    struct read r;
    begin(&r, "{\"prompt\":[],\"order\":[\"not here\"],\"providerOptions\":{\"gateway\":{\"order\":"
              "[\"x\"]}}}");
    const struct proa_api_arrived in = {.kind = PROA_API_CHAT,
                                        .headers = &headers,
                                        .body = body_of(&r),
                                        .scratch = &r.name,
                                        .text = &r.text};
    /* Without a model it is refused, and has found all there is all the same. */
    assert_true(proa_api_aisdk_look(&in, &r.request, &r.error) != PROA_OK);
    assert_true(proa_api_routing_is_said(&r.request));
    assert_ok(proa_api_routing_read(&r.request, body_of(&r), &r.arena, &r.text, &r.out, &r.error));
    assert_names(r.out.order, "x");
    end(&r);
}

static void keys_and_names_may_be_escaped(void **state)
{
    (void)state;
    struct read r;
    read_options(&r, "{\"\\u006frder\":[\"open\\u0061i\"],\"providerTimeouts\":{\"by\\u006fk\":"
                     "{\"\\u0061\":5000}}}");
    assert_ok(r.err);
    assert_names(r.out.order, "openai");
    assert_int_equal(r.out.n_timeouts, 1);
    assert_slice_lit(r.out.timeouts[0].provider, "a");
    end(&r);
}

static void times_may_stand_without_a_kind(void **state)
{
    (void)state;
    struct read r;
    read_options(&r, "{\"providerTimeouts\":{\"openai\":2000,\"byok\":{\"azure\":3000,\"x\":null},"
                     "\"y\":null}}");
    assert_ok(r.err);
    assert_int_equal(r.out.n_timeouts, 2);
    assert_slice_lit(r.out.timeouts[0].provider, "openai");
    assert_true(r.out.timeouts[1].first_token_ns == 3 * PROA_NS_PER_S);
    end(&r);
}

/* ---- credentials ----------------------------------------------------------------------------- */

static void credentials(void **state)
{
    (void)state;
    struct read r;
    read_options(&r, "{\"byok\":{\"openai\":[{\"apiKey\":\"sk-one-12345\",\"new\":{}},{\"apiKey\":"
                     "\"sk-two-12345\"}],\"bedrock\":[{\"accessKeyId\":\"AKIDEXAMPLE\","
                     "\"secretAccessKey\":\"secret\\/access\",\"sessionToken\":\"session-1\","
                     "\"region\":\"eu-west-1\"}],\"azure\":[{\"apiKey\":\"azure-key\","
                     "\"resourceName\":\"east\"}],\"empty\":[],\"none\":null}}");
    assert_ok(r.err);
    assert_int_equal(r.out.n_byok, 4);
    assert_slice_lit(r.out.byok[0].provider, "openai");
    assert_slice_lit(r.out.byok[1].api_key, "sk-two-12345");
    assert_slice_lit(r.out.byok[2].access_key_id, "AKIDEXAMPLE");
    assert_slice_lit(r.out.byok[2].secret_access_key, "secret/access");
    assert_slice_lit(r.out.byok[2].session_token, "session-1");
    assert_slice_lit(r.out.byok[2].region, "eu-west-1");
    assert_slice_lit(r.out.byok[3].resource, "east");
    end(&r);
}

static void wiping_leaves_the_body_json(void **state)
{
    (void)state;
    struct read r;
    read_options(&r, "{\"byok\":{\"bedrock\":[{\"accessKeyId\":\"AKIDEXAMPLE\",\"secretAccessKey\":"
                     "\"hidden-1\",\"sessionToken\":\"hidden-2\",\"region\":\"eu-west-1\"}],"
                     "\"openai\":[{\"apiKey\":\"hidden\\u002d3\"}]}}");
    assert_ok(r.err);
    proa_api_routing_wipe(&r.out);
    assert_null(strstr(r.body, "hidden"));
    assert_null(strstr(r.body, "AKID"));
    assert_non_null(strstr(r.body, "eu-west-1"));
    assert_slice_lit(r.out.byok[1].api_key, "********");
    struct proa_api_request again;
    proa_buf_clear(&r.name);
    assert_ok(
        proa_api_request_read(PROA_API_CHAT, body_of(&r), &r.name, &r.text, &again, &r.error));
    end(&r);
}

static void what_is_said_twice_is_wiped_twice(void **state)
{
    (void)state;
    struct read r;
    read_options(&r, "{\"byok\":{\"openai\":[{\"apiKey\":\"hidden-1\",\"apiKey\":\"shown-12\","
                     "\"\\u0061piKey\":\"hidden-3\"}]}}");
    assert_ok(r.err);
    assert_slice_lit(r.out.byok[0].api_key, "hidden-3");
    proa_api_routing_wipe(&r.out);
    assert_null(strstr(r.body, "hidden"));
    assert_null(strstr(r.body, "shown"));
    end(&r);
}

static void what_was_read_before_a_mistake_is_wiped(void **state)
{
    (void)state;
    struct read r;
    read_options(&r, "{\"byok\":{\"openai\":[{\"apiKey\":\"hidden-1\"},{\"apiKey\":\"hidden-2\","
                     "\"region\":7}]}}");
    assert_err(r.err, PROA_ERR_TYPE);
    proa_api_routing_wipe(&r.out);
    assert_null(strstr(r.body, "hidden-"));
    end(&r);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static const struct mistake {
    const char *options;
    const char *param; /* behind "providerOptions.gateway" */
    const char *says;
} MISTAKES[] = {
    {"[]", "", "must be an object, not an array"},
    {"\"x\"", "", "must be an object"},
    {"{\"order\":\"x\"}", ".order", "must be an array, not a string"},
    {"{\"order\":[\"a\",1]}", ".order[1]", "must be a string, not a number"},
    {"{\"order\":[\"\"]}", ".order[0]", "is empty"},
    {"{\"order\":[\"a b\"]}", ".order[0]", "holds a space"},
    {"{\"order\":[\"a\\n\"]}", ".order[0]", "holds a space"},
    {"{\"order\":[\"a\\\"\"]}", ".order[0]", "holds a space"},
    {"{\"order\":[\"\\u00e9\"]}", ".order[0]", "outside ASCII"},
    {"{\"only\":[]}", ".only", "nothing would be allowed"},
    {"{\"only\":{\"a\":1}}", ".only", "must be an array, not an object"},
    {"{\"models\":[{\"model\":\"x\",\"when\":\"y\"}]}", ".models[0]", "is an object"},
    {"{\"models\":[null]}", ".models[0]", "must be a string"},
    {"{\"models\":true}", ".models", "must be an array"},
    {"{\"sort\":\"price\"}", ".sort", "\"price\", which is none of \"cost\", \"ttft\", \"tps\""},
    {"{\"sort\":\"none\"}", ".sort", "none of"},
    {"{\"sort\":[\"cost\"]}", ".sort", "must be a string"},
    {"{\"providerTimeouts\":[]}", ".providerTimeouts", "must be an object"},
    {"{\"providerTimeouts\":{\"byok\":{\"a\":999}}}", ".providerTimeouts.byok.a", "from 1000 to"},
    {"{\"providerTimeouts\":{\"byok\":{\"a\":789001}}}", ".providerTimeouts.byok.a", "789000"},
    {"{\"providerTimeouts\":{\"byok\":{\"a\":1000.5}}}", ".providerTimeouts.byok.a", "whole"},
    {"{\"providerTimeouts\":{\"byok\":{\"a\":-1000}}}", ".providerTimeouts.byok.a", "whole"},
    {"{\"providerTimeouts\":{\"byok\":{\"a\":\"5s\"}}}", ".providerTimeouts.byok.a", "whole"},
    {"{\"providerTimeouts\":{\"a\":true}}", ".providerTimeouts.a", "whole"},
    {"{\"providerTimeouts\":{\"\":1000}}", ".providerTimeouts", "a name that is empty"},
    {"{\"user\":5}", ".user", "must be a string"},
    {"{\"user\":\"\"}", ".user", "is empty"},
    {"{\"tags\":\"a\"}", ".tags", "must be an array"},
    {"{\"tags\":[\"a\",null]}", ".tags[1]", "must be a string"},
    {"{\"has\":[\"wings\"]}", ".has[0]", "\"wings\", which is none of"},
    {"{\"has\":[\"quantization:fp8\"]}", ".has[0]", "cannot be kept to"},
    {"{\"has\":[\"vision\",\"!quantization:fp4\"]}", ".has[1]", "cannot be kept to"},
    {"{\"serviceTier\":\"auto\"}", ".serviceTier", "none of \"flex\", \"priority\""},
    {"{\"serviceTier\":1}", ".serviceTier", "must be a string"},
    {"{\"caching\":\"on\"}", ".caching", "none of \"auto\""},
    {"{\"caching\":true}", ".caching", "must be a string"},
    {"{\"has\":\"vision\"}", ".has", "must be an array"},
    {"{\"zeroDataRetention\":\"true\"}", ".zeroDataRetention", "true or false"},
    {"{\"disallowPromptTraining\":1}", ".disallowPromptTraining", "true or false"},
    {"{\"headquarters\":[\"US\"]}", ".headquarters", "cannot be kept to"},
    {"{\"byok\":[]}", ".byok", "must be an object"},
    {"{\"byok\":{\"a\":{\"apiKey\":\"12345678\"}}}", ".byok.a", "must be an array"},
    {"{\"byok\":{\"a\":[\"12345678\"]}}", ".byok.a[0]", "must be an object"},
    {"{\"byok\":{\"a\":[{}]}}", ".byok.a[0]", "holds no credential"},
    {"{\"byok\":{\"a\":[{\"apiKey\":null}]}}", ".byok.a[0]", "holds no credential"},
    {"{\"byok\":{\"a\":[{\"apiKey\":12345678}]}}", ".byok.a[0].apiKey", "a string, not a number"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"1234567\"}]}}", ".byok.a[0].apiKey", "less than 8 bytes"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"12345 678\"}]}}", ".byok.a[0].apiKey", "no header"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"1234567\\r\\nx: y\"}]}}", ".byok.a[0].apiKey", "no header"},
    {"{\"byok\":{\"a\":[{\"accessKeyId\":\"12345678\"}]}}", ".byok.a[0]", "needs both"},
    {"{\"byok\":{\"a\":[{\"secretAccessKey\":\"12345678\"}]}}", ".byok.a[0]", "needs both"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"12345678\",\"region\":\"a/b\"}]}}", ".byok.a[0].region",
     "letters, digits"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"12345678\",\"resourceName\":\"a.b\"}]}}",
     ".byok.a[0].resourceName", "letters, digits"},
    {"{\"byok\":{\"a\":[{\"googleCredentials\":{\"privateKey\":\"p\"}}]}}",
     ".byok.a[0].googleCredentials", "service account"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"12345678\",\"modelMappings\":{}}]}}",
     ".byok.a[0].modelMappings", "must be an array"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"12345678\",\"modelMappings\":[{\"customModelId\":\"x\"}]}]}}",
     ".byok.a[0].modelMappings[0].gatewayModelSlug", "is missing"},
    {"{\"byok\":{\"a\":[{\"apiKey\":\"12345678\",\"modelMappings\":[{\"gatewayModelSlug\":\"x/y\","
     "\"customModelId\":\"a b\"}]}]}}",
     ".byok.a[0].modelMappings[0].customModelId", "holds a space"},
};

static void mistakes_are_named(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, MISTAKES)
    {
        struct read r;
        char param[128];
        (void)snprintf(param, sizeof param, "providerOptions.gateway%s", row->param);
        read_options(&r, row->options);
        assert_err(r.err, PROA_ERR_TYPE);
        assert_int_equal(r.error.code, PROA_API_ERR_INVALID_REQUEST);
        assert_slice_str(r.error.param, param);
        PROA_TEST_CHECK(proa_slice_search(r.error.message, proa_slice_cstr(row->says)) <
                            r.error.message.len,
                        "%s: %" PROA_SLICE_FMT, row->options, PROA_SLICE_ARG(r.error.message));
        assert_true(proa_slice_starts(proa_slice_from(r.error.message, 1), proa_slice_cstr(param)));
        assert_true(proa_slice_search(r.error.message, PROA_SLICE("12345678")) ==
                    r.error.message.len);
        end(&r);
    }
}

static void mistakes_at_the_top_are_named_so(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *param;
    } rows[] = {
        {"{\"model\":\"m\",\"order\":[1]}", "order[0]"},
        {"{\"model\":\"m\",\"models\":[{}]}", "models[0]"},
        {"{\"model\":\"m\",\"sort\":\"price\"}", "sort"},
        {"{\"model\":\"m\",\"provider\":{\"only\":[2]}}", "provider.only[0]"},
        {"{\"model\":\"m\",\"byok\":\"sk-12345678\"}", "byok"},
        {"{\"model\":\"m\",\"providerOptions\":[]}", "providerOptions"},
        {"{\"model\":\"m\",\"providerOptions\":\"x\"}", "providerOptions"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct read r;
        read_body(&r, row->body);
        assert_err(r.err, PROA_ERR_TYPE);
        assert_slice_str(r.error.param, row->param);
        assert_true(proa_slice_search(r.error.message, PROA_SLICE("sk-1")) == r.error.message.len);
        end(&r);
    }
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void append_list(struct proa_buf *out, size_t n, const char *element)
{
    PROA_BUF_LIT(out, "[");
    for (size_t i = 0; i < n; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? "," : "");
        (void)proa_buf_append_cstr(out, element);
    }
    PROA_BUF_LIT(out, "]");
}

static void lists_have_a_length(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *element;
        const char *after;
        size_t max;
    } rows[] = {
        {"{\"order\":", "\"p\"", "}", PROA_ROUTING_PROVIDERS_MAX},
        {"{\"only\":", "\"p\"", "}", PROA_ROUTING_PROVIDERS_MAX},
        {"{\"models\":", "\"m\"", "}", PROA_ROUTING_MODELS_MAX},
        {"{\"tags\":", "\"t\"", "}", PROA_ROUTING_TAGS_MAX},
        {"{\"byok\":{\"p\":", "{\"apiKey\":\"12345678\"}", "}}", PROA_ROUTING_CREDENTIALS_MAX},
    };
    PROA_TEST_ROWS(row, rows)
    {
        for (size_t more = 0; more < 2; more++) {
            struct read r;
            struct proa_buf options;
            proa_buf_init(&options, 8192);
            (void)proa_buf_append_cstr(&options, row->before);
            append_list(&options, row->max + more, row->element);
            (void)proa_buf_append_cstr(&options, row->after);
            assert_ok(proa_buf_append_byte(&options, '\0'));
            read_options(&r, options.ptr);
            assert_err(r.err, more == 0 ? PROA_OK : PROA_ERR_TYPE);
            end(&r);
            proa_buf_deinit(&options);
        }
    }
}

static void texts_have_a_length(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        size_t max;
    } rows[] = {
        {"{\"order\":[\"%s\"]}", 256},   {"{\"user\":\"%s\"}", 256},
        {"{\"tags\":[\"%s\"]}", 128},    {"{\"byok\":{\"p\":[{\"apiKey\":\"%s\"}]}}", 4096},
        {"{\"byok\":{\"%s\":[]}}", 256}, {"{\"providerTimeouts\":{\"%s\":1000}}", 256},
    };
    static char name[4200];
    static char options[8192];
    PROA_TEST_ROWS(row, rows)
    {
        for (size_t more = 0; more < 2; more++) {
            struct read r;
            memset(name, 'x', row->max + more);
            name[row->max + more] = '\0';
            (void)snprintf(options, sizeof options, row->format, name);
            read_options(&r, options);
            assert_err(r.err, more == 0 ? PROA_OK : PROA_ERR_TYPE);
            end(&r);
        }
    }
}

/* What is cut anywhere is no JSON, which the scan finds first; read without it, it must end too. */
static void broken_options_end(void **state)
{
    (void)state;
    static const char options[] =
        "{\"gateway\":{\"order\":[\"a\",\"b\"],\"byok\":{\"x\":[{\"apiKey\":\"123456789\"}]},"
        "\"providerTimeouts\":{\"byok\":{\"a\":1000}},\"has\":[\"vision\"]}}";
    for (size_t n = 1; n < sizeof options; n++) {
        struct read r;
        begin(&r, options);
        r.request.members[PROA_API_M_PROVIDER_OPTIONS] =
            (struct proa_json_member){.kind = PROA_JSON_OBJECT, .value_at = 0, .value_end = n};
        r.err = proa_api_routing_read(&r.request, body_of(&r), &r.arena, &r.text, &r.out, &r.error);
        assert_true(r.err == PROA_OK || r.error.message.len > 0);
        end(&r);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option),
        cmocka_unit_test(names_of_an_account),
        cmocka_unit_test(each_word_has_its_bit),
        cmocka_unit_test(each_sort),
        cmocka_unit_test(nothing_is_said),
        cmocka_unit_test(a_request_without_any_is_told_at_once),
        cmocka_unit_test(short_forms),
        cmocka_unit_test(the_long_form_wins),
        cmocka_unit_test(the_ai_sdks_place_is_the_same),
        cmocka_unit_test(keys_and_names_may_be_escaped),
        cmocka_unit_test(times_may_stand_without_a_kind),
        cmocka_unit_test(credentials),
        cmocka_unit_test(wiping_leaves_the_body_json),
        cmocka_unit_test(what_is_said_twice_is_wiped_twice),
        cmocka_unit_test(what_was_read_before_a_mistake_is_wiped),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(mistakes_at_the_top_are_named_so),
        cmocka_unit_test(lists_have_a_length),
        cmocka_unit_test(texts_have_a_length),
        cmocka_unit_test(broken_options_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
