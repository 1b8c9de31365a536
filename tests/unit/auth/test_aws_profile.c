/*
 * Profiles as people and programs write them, and the domains of regions.
 */
#include "proa/auth/aws_profile.h"

#include "proa_test.h"

static struct proa_aws_profile find(const char *text, enum proa_aws_file file, const char *name)
{
    struct proa_aws_profile p = {0};
    PROA_TEST_CHECK(proa_aws_profile_find(proa_slice_cstr(text), file, proa_slice_cstr(name), &p),
                    "no section %s", name);
    return p;
}

static const char CREDENTIALS[] = "# made by hand\n"
                                  "[default]\n"
                                  "aws_access_key_id = AKIADEFAULT\n"
                                  "aws_secret_access_key=abc/+=def\n"
                                  "\n"
                                  "[work]\n"
                                  "; a comment\n"
                                  "aws_access_key_id =AKIAWORK # mine\n"
                                  "aws_secret_access_key = s#e;c\t; not this\n"
                                  "aws_session_token= to/ken==\n"
                                  "region = eu-central-1\n";

static void test_credentials_file(void **state)
{
    (void)state;
    struct proa_aws_profile p = find(CREDENTIALS, PROA_AWS_CREDENTIALS, "default");
    assert_slice_lit(p.access_key_id, "AKIADEFAULT");
    assert_slice_lit(p.secret_access_key, "abc/+=def");
    assert_int_equal(p.session_token.len, 0);
    assert_int_equal(p.region.len, 0);
    p = find(CREDENTIALS, PROA_AWS_CREDENTIALS, "work");
    assert_slice_lit(p.access_key_id, "AKIAWORK");
    assert_slice_lit(p.secret_access_key, "s#e;c");
    assert_slice_lit(p.session_token, "to/ken==");
    assert_slice_lit(p.region, "eu-central-1");
}

static const char CONFIG[] = "[default]\r\n"
                             "region=us-east-1\r\n"
                             "s3 =\r\n"
                             "  region = nested-1\r\n"
                             "  max_concurrent_requests = 20\r\n"
                             "[profile  irsa ]\r\n"
                             "role_arn = arn:aws:iam::123456789012:role/app\r\n"
                             "role_session_name = app\r\n"
                             "web_identity_token_file = /var/run/token\r\n"
                             "[sso-session corp]\r\n"
                             "region = ap-south-1\r\n"
                             "[irsa]\r\n"
                             "region = wrong-1\r\n"
                             "[profile sso]\r\n"
                             "sso_session = corp\r\n"
                             "[profile chain]\r\n"
                             "role_arn = arn:aws:iam::1:role/x\r\n"
                             "source_profile = default\r\n"
                             "credential_process =\r\n";

static void test_config_file(void **state)
{
    (void)state;
    struct proa_aws_profile p = find(CONFIG, PROA_AWS_CONFIG, "default");
    assert_slice_lit(p.region, "us-east-1"); /* not the nested one */
    p = find(CONFIG, PROA_AWS_CONFIG, "irsa");
    assert_slice_lit(p.role_arn, "arn:aws:iam::123456789012:role/app");
    assert_slice_lit(p.role_session_name, "app");
    assert_slice_lit(p.web_identity_token_file, "/var/run/token");
    assert_int_equal(p.region.len, 0); /* [irsa] is no profile in this file */
    assert_int_equal(p.unsupported.len, 0);
    assert_slice_lit(find(CONFIG, PROA_AWS_CONFIG, "sso").unsupported, "sso_session");
    assert_slice_lit(find(CONFIG, PROA_AWS_CONFIG, "chain").unsupported, "source_profile");
}

static void test_absent_profiles(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum proa_aws_file file;
        const char *name;
    } rows[] = {
        {"", PROA_AWS_CREDENTIALS, "default"},
        {CREDENTIALS, PROA_AWS_CREDENTIALS, "other"},
        {CREDENTIALS, PROA_AWS_CREDENTIALS, "wor"},
        {CREDENTIALS, PROA_AWS_CONFIG, "work"}, /* there it would be [profile work] */
        {CONFIG, PROA_AWS_CREDENTIALS, "sso"},
        {CONFIG, PROA_AWS_CONFIG, "corp"},
        {"[profilex]\nregion=a\n", PROA_AWS_CONFIG, "x"},
        {"default\n", PROA_AWS_CREDENTIALS, "default"},
        {"#[default]\n", PROA_AWS_CREDENTIALS, "default"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_aws_profile p = {.region = PROA_SLICE("kept")};
        PROA_TEST_CHECK(!proa_aws_profile_find(proa_slice_cstr(row->text), row->file,
                                               proa_slice_cstr(row->name), &p),
                        "%s", row->name);
        assert_slice_lit(p.region, "kept");
    }
}

static void test_odd_lines_are_passed_over(void **state)
{
    (void)state;
    const struct proa_aws_profile p = find("\xef\xbb\xbf[default]\n"
                                           "no equals sign\n"
                                           "= no name\n"
                                           "aws_access_key_id\n"
                                           "region = first\n"
                                           "REGION = shouted\n"
                                           "[other]\n"
                                           "region = between\n"
                                           "[default]\n"
                                           "region = last",
                                           PROA_AWS_CREDENTIALS, "default");
    assert_slice_lit(p.region, "last");
    assert_int_equal(p.access_key_id.len, 0);
    (void)find("[default", PROA_AWS_CREDENTIALS, "default"); /* as configparsers let it pass */
}

static void test_what_is_found_comes_over_what_was_there(void **state)
{
    (void)state;
    struct proa_aws_profile p = {.region = PROA_SLICE("old"), .role_arn = PROA_SLICE("arn")};
    assert_true(proa_aws_profile_find(PROA_SLICE("[a]\nregion=new\n"), PROA_AWS_CREDENTIALS,
                                      PROA_SLICE("a"), &p));
    assert_slice_lit(p.region, "new");
    assert_slice_lit(p.role_arn, "arn");
}

static void test_domains(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        const char *domain;
    } rows[] = {
        {"us-east-1", "amazonaws.com"},
        {"us-gov-west-1", "amazonaws.com"},
        {"cn-north-1", "amazonaws.com.cn"},
        {"us-iso-east-1", "c2s.ic.gov"},
        {"us-isob-east-1", "sc2s.sgov.gov"},
        {"eu-isoe-west-1", "cloud.adc-e.uk"},
        {"us-isof-south-1", "csp.hci.ic.gov"},
        {"eusc-de-east-1", "amazonaws.eu"},
        {"", "amazonaws.com"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        assert_slice_str(proa_aws_domain(proa_slice_cstr(row->region)), row->domain);
    }
}

static void test_regions(void **state)
{
    (void)state;
    static const char *const good[] = {"us-east-1", "eusc-de-east-1", "local", "a1"};
    static const char *const bad[] = {
        "",          "-us",       "us-",
        "us east",   "us.east",   "evil.example/",
        "US-EAST-1", "us-east\n", "aaaaaaaaaabbbbbbbbbbccccccccccddd"};
    PROA_TEST_ROWS(text, good)
    {
        PROA_TEST_CHECK(proa_aws_is_region(proa_slice_cstr(*text)), "%s", *text);
    }
    PROA_TEST_ROWS(text, bad)
    {
        PROA_TEST_CHECK(!proa_aws_is_region(proa_slice_cstr(*text)), "%s", *text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials_file),
        cmocka_unit_test(test_config_file),
        cmocka_unit_test(test_absent_profiles),
        cmocka_unit_test(test_odd_lines_are_passed_over),
        cmocka_unit_test(test_what_is_found_comes_over_what_was_there),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
