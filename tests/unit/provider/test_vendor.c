#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

#include "proa_test.h"

static void test_every_row_is_sound(void **state)
{
    (void)state;
    size_t n = 0;
    const struct proa_vendor *vendors = proa_vendors(&n);
    assert_true(n >= 17);
    for (size_t i = 0; i < n; i++) {
        const struct proa_vendor *v = &vendors[i];
        assert_true(v->name.len > 0 && v->dialect.len > 0 && v->otel_name.len > 0);
        assert_non_null(v->key_env);
        assert_non_null(proa_dialect_find(v->dialect));
        assert_ptr_equal(proa_vendor_find(v->name), v);
        if (v->base_url.len > 0) {
            const bool https = proa_slice_starts(v->base_url, PROA_SLICE("https://"));
            const bool local = proa_slice_starts(v->base_url, PROA_SLICE("http://localhost:"));
            /* A key never leaves in clear text by default. */
            PROA_TEST_CHECK(https || (local && !v->key_env[0]), "%.*s", (int)v->name.len,
                            v->name.ptr);
            assert_true(v->base_url.ptr[v->base_url.len - 1] != '/');
        }
    }
}

static void test_no_variable_names_two_vendors(void **state)
{
    (void)state;
    size_t n = 0;
    const struct proa_vendor *vendors = proa_vendors(&n);
    for (size_t i = 0; i < n; i++) {
        for (const char *const *a = vendors[i].key_env; *a; a++) {
            for (size_t j = i + 1; j < n; j++) {
                for (const char *const *b = vendors[j].key_env; *b; b++) {
                    PROA_TEST_CHECK(strcmp(*a, *b) != 0, "%s", *a);
                }
            }
        }
    }
}

static void test_whose_models_may_have_any_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool any;
    } rows[] = {{"openai", false}, {"anthropic", false}, {"google", false},
                {"groq", false},   {"azure", true},      {"bedrock", true},
                {"vllm", true},    {"ollama", true},     {"openrouter", true}};
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(proa_vendor_has_any_model(proa_vendor_find(proa_slice_cstr(row->name))) ==
                            row->any,
                        "%s", row->name);
    }
}

static void test_known_vendors(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *dialect;
        const char *key;
    } rows[] = {
        {"openai", "openai", "OPENAI_API_KEY"},
        {"anthropic", "anthropic", "ANTHROPIC_API_KEY"},
        {"gemini", "gemini", "GEMINI_API_KEY"},
        {"azure", "openai", "AZURE_OPENAI_API_KEY"},
        {"xai", "openai", "XAI_API_KEY"},
        {"mistral", "openai", "MISTRAL_API_KEY"},
        {"deepseek", "openai", "DEEPSEEK_API_KEY"},
        {"groq", "openai", "GROQ_API_KEY"},
        {"openrouter", "openai", "OPENROUTER_API_KEY"},
        {"together", "openai", "TOGETHER_API_KEY"},
        {"fireworks", "openai", "FIREWORKS_API_KEY"},
        {"perplexity", "openai", "PERPLEXITY_API_KEY"},
        {"cerebras", "openai", "CEREBRAS_API_KEY"},
        {"cohere", "cohere", "COHERE_API_KEY"},
        {"bedrock", "bedrock", "AWS_BEARER_TOKEN_BEDROCK"},
        {"bedrock-openai", "openai", NULL},
        {"bedrock-mantle", "openai", NULL},
        {"ollama", "openai", NULL},
        {"vllm", "openai", NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_vendor *v = proa_vendor_find(proa_slice_cstr(row->name));
        assert_non_null(v);
        assert_slice_str(v->dialect, row->dialect);
        if (row->key) {
            assert_string_equal(v->key_env[0], row->key);
        } else {
            assert_null(v->key_env[0]);
        }
    }
    assert_null(proa_vendor_find(PROA_SLICE("OpenAI")));
    assert_null(proa_vendor_find(PROA_SLICE("open")));
    assert_null(proa_vendor_find(PROA_SLICE_NONE));
}

/* Other names stand for a row; none of them hides one. */
static void vendors_go_by_other_names(void **state)
{
    (void)state;
    assert_ptr_equal(proa_vendor_find(PROA_SLICE("google")),
                     proa_vendor_find(PROA_SLICE("gemini")));
    assert_slice_str(proa_vendor_find(PROA_SLICE("google"))->otel_name, "gcp.gemini");
    assert_ptr_equal(proa_vendor_find(PROA_SLICE("togetherai")),
                     proa_vendor_find(PROA_SLICE("together")));
}

/* A provider under a name of its own is known by where it is. */
static void vendors_are_known_by_their_host(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *name; /* NULL = none */
    } rows[] = {
        {"api.openai.com", "openai"},
        {"openrouter.ai", "openrouter"},
        {"api.perplexity.ai", "perplexity"},
        {"api.fireworks.ai", "fireworks"},
        {"generativelanguage.googleapis.com", "gemini"},
        {"east-1.openai.azure.com", "azure"},
        {"team.services.ai.azure.com", "azure"},
        {"team.cognitiveservices.azure.com", "azure"},
        {"bedrock-runtime.us-east-1.amazonaws.com", "bedrock"},
        {"bedrock-runtime.cn-north-1.amazonaws.com.cn", "bedrock"},
        {"bedrock-mantle.us-east-1.api.aws", "bedrock-mantle"},
        {"s3.us-east-1.amazonaws.com", NULL},
        {"aiplatform.googleapis.com", "vertex"},
        {"aiplatform.eu.rep.googleapis.com", "vertex"},
        {"europe-west4-aiplatform.googleapis.com", "vertex"},
        {"storage.googleapis.com", NULL},
        {"openai.azure.com", NULL},
        {"a.openai.azure.com.example.org", NULL},
        {"openai.com", NULL},
        {"api.openai.com.example.org", NULL},
        {"localhost", NULL},
        {"localhost:8000", NULL},
        {"127.0.0.1", NULL},
        {"", NULL},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_vendor *v = proa_vendor_of_host(proa_slice_cstr(row->host));
        PROA_TEST_CHECK(row->name ? v && proa_slice_eq(v->name, proa_slice_cstr(row->name)) : !v,
                        "%s", row->host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_sound),
        cmocka_unit_test(test_no_variable_names_two_vendors),
        cmocka_unit_test(test_known_vendors),
        cmocka_unit_test(test_whose_models_may_have_any_name),
        cmocka_unit_test(vendors_go_by_other_names),
        cmocka_unit_test(vendors_are_known_by_their_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
