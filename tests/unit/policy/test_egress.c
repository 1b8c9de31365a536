/* Which proxy stands on the way to a provider, and what is said about those that cannot be. */
#include "proa/auth/secret.h"

#include "expect.h"

static const struct policy_fixture_file FILES[] = {
    {.path = "/p/auth", .text = "user:pass:word\n", .secret = true},
    {.path = "/p/bad", .text = "no-colon\n", .secret = true},
};

/* The proxy's identity and credentials, "http://p:3128 Basic ..."; "" = straight. */
static const char *way(struct policy_fixture *f, const char *egress, const char *provider)
{
    static char text[512];
    char yaml[1024];
    (void)snprintf(yaml, sizeof yaml,
                   "%s\nproviders: {a: {dialect: openai, base_url: \"https://api.example/v1\", "
                   "keys: []%s}}\n",
                   egress, provider);
    f->files = FILES;
    f->n_files = PROA_ARRAY_LEN(FILES);
    const struct proa_proxy *proxy = policy_build(f, yaml)->providers[0].endpoint->proxy;
    text[0] = '\0';
    if (proxy) {
        const struct proa_slice auth =
            proxy->authorization ? proa_secret_bytes(proxy->authorization) : PROA_SLICE_NONE;
        (void)snprintf(text, sizeof text, "%" PROA_SLICE_FMT "%s%" PROA_SLICE_FMT,
                       PROA_SLICE_ARG(proxy->identity), auth.len > 0 ? " " : "",
                       PROA_SLICE_ARG(auth));
    }
    return text;
}

static const struct {
    const char *env[4];
    const char *egress;
    const char *provider;
    const char *way;
} rows[] = {
    {{NULL}, "", "", ""},
    {{"HTTPS_PROXY=http://p:3128", NULL}, "", "", "http://p:3128"},
    {{"HTTPS_PROXY=p:3128", NULL}, "", "", "http://p:3128"},
    {{"HTTPS_PROXY=http://p", NULL}, "", "", "http://p:80"},
    {{"HTTPS_PROXY=http://P.Example:3128/", NULL}, "", "", "http://p.example:3128"},
    {{"HTTPS_PROXY=http://[::1]:3128", NULL}, "", "", "http://[::1]:3128"},
    {{"HTTPS_PROXY=", NULL}, "", "", ""},
    {{"HTTP_PROXY=http://p:3128", NULL}, "", "", ""},
    {{"ALL_PROXY=http://p:3128", NULL}, "", "", "http://p:3128"},
    {{"ALL_PROXY=http://q:1", "https_proxy=http://p:3128", NULL}, "", "", "http://p:3128"},
    {{"HTTPS_PROXY=http://q:1", "https_proxy=http://p:3128", NULL}, "", "", "http://p:3128"},
    /* "aladdin:opensesame", as in RFC 7617 */
    {{"HTTPS_PROXY=http://aladdin:opensesame@p:3128", NULL},
     "",
     "",
     "http://p:3128 Basic YWxhZGRpbjpvcGVuc2VzYW1l"},
    {{"HTTPS_PROXY=http://aladdin:open%73esame@p:3128", NULL},
     "",
     "",
     "http://p:3128 Basic YWxhZGRpbjpvcGVuc2VzYW1l"},
    {{"HTTPS_PROXY=http://u:p@ss@p:3128", NULL}, "", "", "http://p:3128 Basic dTpwQHNz"},
    {{"HTTPS_PROXY=http://p:3128", "NO_PROXY=api.example", NULL}, "", "", ""},
    {{"HTTPS_PROXY=http://p:3128", "NO_PROXY=api.example", "no_proxy=x", NULL},
     "",
     "",
     "http://p:3128"},
    {{"HTTPS_PROXY=http://p:3128", NULL}, "egress: {no_proxy: [x, example]}", "", ""},
    {{"HTTPS_PROXY=http://p:3128", NULL}, "egress: {proxy: none}", "", ""},
    {{"HTTPS_PROXY=http://p:3128", NULL}, "egress: {proxy: \"http://q:1\"}", "", "http://q:1"},
    {{"NO_PROXY=*", NULL}, "egress: {proxy: \"http://q:1\"}", "", ""},
    {{"HTTPS_PROXY=http://p:3128", NULL}, "", ", proxy: none", ""},
    {{"NO_PROXY=*", NULL},
     "egress: {proxy: \"http://q:1\"}",
     ", proxy: \"http://r:2\"",
     "http://r:2"},
    {{NULL},
     "egress: {proxy: \"http://q:1\", proxy_auth: {file: /p/auth}}",
     "",
     "http://q:1 Basic dXNlcjpwYXNzOndvcmQ="},
    {{"A=u:p", NULL}, "", ", proxy: \"http://q:1\", proxy_auth: {env: A}", "http://q:1 Basic dTpw"},
};

static void who_stands_on_the_way(void **state)
{
    struct policy_fixture *f = *state;
    PROA_TEST_ROWS(row, rows)
    {
        f->env = row->env;
        const char *actual = way(f, row->egress, row->provider);
        PROA_TEST_CHECK(strcmp(actual, row->way) == 0, "%s %s %s: \"%s\"",
                        row->env[0] ? row->env[0] : "", row->egress, row->provider, actual);
    }
}

static void this_machine_is_reached_straight(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"HTTP_PROXY=http://p:1", "HTTPS_PROXY=http://p:1", NULL};
    static const char *const hosts[] = {"127.0.0.1:8", "localhost:8", "[::1]:8", "127.3.2.1"};
    f->env = env;
    PROA_TEST_ROWS(host, hosts)
    {
        char yaml[256];
        (void)snprintf(yaml, sizeof yaml,
                       "providers: {a: {dialect: openai, base_url: \"http://%s/v1\", keys: []}}",
                       *host);
        assert_null(policy_build(f, yaml)->providers[0].endpoint->proxy);
    }
}

static void other_ways_are_other_endpoints(void **state)
{
    struct policy_fixture *f = *state;
    const struct proa_snapshot *s = policy_build(
        f, "providers:\n"
           "  a: {dialect: openai, base_url: \"https://h\", keys: []}\n"
           "  b: {dialect: openai, base_url: \"https://h\", keys: [], proxy: \"http://p:1\"}\n"
           "  c: {dialect: openai, base_url: \"https://h\", keys: [], proxy: \"http://p:1\"}\n"
           "  d: {dialect: openai, base_url: \"https://h\", keys: [], proxy: \"http://p:2\"}\n");
    assert_int_equal(s->n_endpoints, 3);
    assert_ptr_equal(s->providers[1].endpoint, s->providers[2].endpoint);
}

static void secrets_are_known(void **state)
{
    struct policy_fixture *f = *state;
    static const char *const env[] = {"HTTPS_PROXY=http://aladdin:opensesame@p:3128", NULL};
    f->env = env;
    (void)way(f, "", "");
    const struct proa_kept *kept = f->snapshot->kept;
    assert_non_null(kept);
    assert_slice_lit(proa_secret_bytes(kept->secret), "Basic YWxhZGRpbjpvcGVuc2VzYW1l");
    assert_slice_lit(kept->where, "HTTPS_PROXY");
    assert_null(kept->next);
}

static const struct {
    const char *env[2];
    const char *yaml;
    const char *message;
} wrong[] = {
    {{"HTTPS_PROXY=https://p:1", NULL},
     "providers: {}",
     "HTTPS_PROXY: \"https://p:1\" is an https:// proxy; only those that are spoken to over "
     "http:// "
     "are supported"},
    {{"HTTPS_PROXY=socks5://p:1", NULL},
     "providers: {}",
     "HTTPS_PROXY: \"socks5://p:1\" does not begin with https:// or http://"},
    {{"HTTPS_PROXY=http://p:1/x", NULL},
     "providers: {}",
     "HTTPS_PROXY: \"http://p:1/x\" has a path, which a proxy has not"},
    {{"HTTPS_PROXY=http://hidden%zz:x@p:1", NULL},
     "providers: {}",
     "HTTPS_PROXY: does not hold user:password"},
    {{"HTTPS_PROXY=http://hidden@p:1", NULL},
     "providers: {}",
     "HTTPS_PROXY: does not hold user:password"},
    {{NULL},
     "egress: {proxy: \"http://u:hidden@p:1\"}",
     "proa.yaml:1:17: egress.proxy: holds a user, a password or a query; credentials of a proxy "
     "belong in proxy_auth"},
    {{NULL},
     "egress: {proxy: \"http://p:1\", proxy_auth: {file: /p/bad}}",
     "proa.yaml:1:43: egress.proxy_auth: does not hold user:password"},
    {{NULL},
     "egress: {proxy: \"http://p:1\", proxy_auth: {file: /p/none}}",
     "proa.yaml:1:50: egress.proxy_auth.file: the file /p/none does not exist"},
};

static void what_cannot_be(void **state)
{
    struct policy_fixture *f = *state;
    PROA_TEST_ROWS(row, wrong)
    {
        f->env = row->env;
        f->files = FILES;
        f->n_files = PROA_ARRAY_LEN(FILES);
        policy_fixture_build(f, row->yaml, NULL);
        assert_err(f->err, PROA_ERR_SYNTAX);
        policy_message(f, 0, row->message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_stands_on_the_way),
        TEST(this_machine_is_reached_straight),
        TEST(other_ways_are_other_endpoints),
        TEST(secrets_are_known),
        TEST(what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
