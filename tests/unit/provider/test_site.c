#include "proa/provider/site.h"

#include "proa_test.h"

static void check(proa_site_address_fn *address, const struct proa_site *site, const char *url,
                  const char *missing)
{
    struct proa_arena arena;
    struct proa_slice got = PROA_SLICE_NONE;
    proa_arena_init(&arena, NULL);
    const char *lacks = address(site, &arena, &got);
    assert_slice_str(got, url);
    assert_int_equal(lacks != NULL, missing != NULL);
    if (missing) {
        assert_string_equal(lacks, missing);
    }
    proa_arena_reset(&arena);
}

#define SITE(...) (&(const struct proa_site){__VA_ARGS__})

static void test_bedrock_as_openai(void **state)
{
    (void)state;
    check(proa_site_bedrock_openai, SITE(.region = PROA_SLICE("cn-north-1")),
          "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/openai/v1", NULL);
    check(proa_site_bedrock_openai, SITE(.project = PROA_SLICE("p")), "", "region");
    check(proa_site_bedrock_mantle, SITE(.region = PROA_SLICE("eu-west-1")),
          "https://bedrock-mantle.eu-west-1.api.aws/v1", NULL);
    check(proa_site_bedrock_mantle, SITE(.project = PROA_SLICE("p")), "", "region");
}

static void test_bedrock_by_partition(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        const char *host;
    } rows[] = {
        {"us-east-1", "https://bedrock-runtime.us-east-1.amazonaws.com"},
        {"eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com"},
        {"us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com"},
        {"cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"},
        {"us-iso-east-1", "https://bedrock-runtime.us-iso-east-1.c2s.ic.gov"},
        {"us-isob-east-1", "https://bedrock-runtime.us-isob-east-1.sc2s.sgov.gov"},
        {"us-isof-south-1", "https://bedrock-runtime.us-isof-south-1.csp.hci.ic.gov"},
        {"eu-isoe-west-1", "https://bedrock-runtime.eu-isoe-west-1.cloud.adc-e.uk"},
        {"eusc-de-east-1", "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        check(proa_site_bedrock, SITE(.region = proa_slice_cstr(rows[i].region)), rows[i].host,
              NULL);
    }
    check(proa_site_bedrock, SITE(.project = PROA_SLICE("p")), "", "region");
}

static void test_vertex_by_location(void **state)
{
    (void)state;
    const struct proa_slice p = PROA_SLICE("p");
    check(proa_site_vertex, SITE(.project = p),
          "https://aiplatform.googleapis.com/v1/projects/p/locations/global", NULL);
    check(proa_site_vertex, SITE(.project = p, .location = PROA_SLICE("eu")),
          "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu", NULL);
    check(proa_site_vertex, SITE(.project = p, .location = PROA_SLICE("europe-west4")),
          "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4",
          NULL);
    check(proa_site_vertex, SITE(.api_version = PROA_SLICE("")),
          "https://aiplatform.googleapis.com/v1", NULL);
}

static void test_azure_by_version(void **state)
{
    (void)state;
    const struct proa_slice r = PROA_SLICE("res");
    check(proa_site_azure, SITE(.resource = r), "https://res.openai.azure.com/openai/v1", NULL);
    check(proa_site_azure, SITE(.resource = r, .api_version = PROA_SLICE("v1")),
          "https://res.openai.azure.com/openai/v1", NULL);
    check(proa_site_azure, SITE(.resource = r, .api_version = PROA_SLICE("2024-10-21")),
          "https://res.openai.azure.com/openai", NULL);
    check(proa_site_azure, SITE(.region = r), "", "resource");
    assert_false(proa_site_is_classic(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bedrock_by_partition),
        cmocka_unit_test(test_bedrock_as_openai),
        cmocka_unit_test(test_vertex_by_location),
        cmocka_unit_test(test_azure_by_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
