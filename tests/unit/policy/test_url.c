#include "url_priv.h"

#include "proa_test.h"

/* Parsed from a copy of exact length on the heap, so that reading beyond it is seen. */
static const char *parse(const char *text, struct proa_arena *arena, struct proa_url *url,
                         bool *secret)
{
    const size_t len = strlen(text);
    char *copy = proa_alloc(len);
    if (len) {
        memcpy(copy, text, len);
    }
    const char *wrong = proa_url_parse(proa_slice_make(copy, len), arena, url, secret);
    if (!wrong) {
        url->path = proa_arena_dup(arena, url->path);
    }
    proa_free(copy);
    return wrong;
}

static void good_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool tls;
        const char *host;
        uint16_t port;
        const char *path;
    } rows[] = {
        {"https://api.openai.com/v1", true, "api.openai.com", 443, "/v1"},
        {"http://127.0.0.1:8000/v1", false, "127.0.0.1", 8000, "/v1"},
        {"HTTPS://API.Example.COM", true, "api.example.com", 443, ""},
        {"https://h/", true, "h", 443, ""},
        {"https://h/v1///", true, "h", 443, "/v1"},
        {"http://h:80", false, "h", 80, ""},
        {"http://h:65535/a/b", false, "h", 65535, "/a/b"},
        {"http://h:1", false, "h", 1, ""},
        {"http://[::1]:8000/v1", false, "::1", 8000, "/v1"},
        {"https://[2001:DB8::1]", true, "2001:db8::1", 443, ""},
        {"https://[::ffff:10.0.0.1]/x", true, "::ffff:10.0.0.1", 443, "/x"},
        {"http://my_service.ns-1.svc.cluster.local:8080", false,
         "my_service.ns-1.svc.cluster.local", 8080, ""},
        {"https://h/openai/deployments/a%20b/...x", true, "h", 443,
         "/openai/deployments/a%20b/...x"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct proa_url url;
        bool secret = true;
        proa_arena_init(&arena, NULL);
        const char *wrong = parse(row->text, &arena, &url, &secret);
        PROA_TEST_CHECK(!wrong, "%s %s", row->text, wrong);
        assert_false(secret);
        PROA_TEST_CHECK(url.tls == row->tls, "%s", row->text);
        PROA_TEST_CHECK(url.port == row->port, "%s: %u", row->text, (unsigned)url.port);
        PROA_TEST_CHECK(url.ipv6 == (strchr(row->text, '[') != NULL), "%s", row->text);
        assert_slice_str(url.host, row->host);
        assert_slice_str(url.path, row->path);
        proa_arena_reset(&arena);
    }
}

#define SCHEME  "does not begin with https:// or http://"
#define USER    "holds a user or a password; credentials belong in keys"
#define HOST    "does not name a valid host"
#define PORT    "has no valid port: 1 to 65535"
#define PATH    "has a path with characters or dot segments that do not belong there"
#define LABEL63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static void bad_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wrong;
        bool secret; /* the text must not be shown */
    } rows[] = {
        {"", SCHEME, false},
        {"127.0.0.1:8000", SCHEME, false},
        {"api.openai.com/v1", SCHEME, false},
        {"ftp://h/v1", SCHEME, false},
        {"unix:/x", SCHEME, false},
        {"https", SCHEME, false},
        {"https:/h", SCHEME, false},
        {" https://h", SCHEME, false},
        {"https://u:p@h/v1", USER, true},
        {"https://u@h", USER, true},
        {"u:p@h", USER, true},
        {"https://h/v1?key=1", "has a query (?...); remove it", true},
        {"https://h?", "has a query (?...); remove it", true},
        {"https://h/v1#x", "has a fragment (#...); remove it", false},
        {"https://", "names no host", false},
        {"https:///v1", "names no host", false},
        {"https://:80", "names no host", false},
        {"https://[]", "names no host", false},
        {"https://a..b", HOST, false},
        {"https://.a", HOST, false},
        {"https://a.", HOST, false},
        {"https://a b", HOST, false},
        {"https://a\tb", HOST, false},
        {"https://a\r\nX: y", HOST, false},
        {"https://\xC3\xA4.de", HOST, false},
        {"https://a%2eb", HOST, false},
        {"https://a\\b", HOST, false},
        {"https://" LABEL63 "h", HOST, false},
        {"https://[1:2", "has no ] behind the address", false},
        {"https://[1]", HOST, false},
        {"https://[::g]", HOST, false},
        {"https://[fe80::1%25eth0]", HOST, false},
        {"https://[1:2:3:4:5:6:7:8:9]", HOST, false},
        {"https://::1", HOST, false},
        {"https://h:", PORT, false},
        {"https://h:0", PORT, false},
        {"https://h:65536", PORT, false},
        {"https://h:-1", PORT, false},
        {"https://h:8 0", PORT, false},
        {"https://h:99999999999999999999", PORT, false},
        {"https://[::1]x", PORT, false},
        {"https://[::1]:", PORT, false},
        {"https://h/a b", PATH, false},
        {"https://h/a/../b", PATH, false},
        {"https://h/..", PATH, false},
        {"https://h/./v1", PATH, false},
        {"https://h/\"", PATH, false},
        {"https://h/\x7f", PATH, false},
        {"https://h/\r\nx: y", PATH, false},
        {"https://h/\xC3\xA4", PATH, false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct proa_url url = {.port = 7};
        bool secret = false;
        proa_arena_init(&arena, NULL);
        const char *wrong = parse(row->text, &arena, &url, &secret);
        if (strcmp(row->text, "https://::1") == 0) {
            PROA_TEST_CHECK(wrong, "%s", row->text); /* an empty host or a bad port: either */
        } else {
            PROA_TEST_CHECK(wrong && strcmp(wrong, row->wrong) == 0, "%s: %s", row->text,
                            wrong ? wrong : "accepted");
        }
        PROA_TEST_CHECK(secret == row->secret, "%s", row->text);
        assert_int_equal(url.port, 7);
        proa_arena_reset(&arena);
    }
}

static void long_ones(void **state)
{
    (void)state;
    char text[2048] = "https://h/";
    struct proa_arena arena;
    struct proa_url url;
    bool secret = false;
    proa_arena_init(&arena, NULL);
    memset(text + 10, 'a', 1023);
    text[10 + 1023] = '\0';
    assert_null(parse(text, &arena, &url, &secret));
    assert_int_equal(url.path.len, 1024);
    text[10 + 1023] = 'a';
    text[10 + 1024] = '\0';
    assert_string_equal(parse(text, &arena, &url, &secret), PATH);

    /* 63 + 1 + 63 + 1 + 63 + 1 + 61 = 253 bytes of host, and one more */
    char host[300];
    (void)snprintf(host, sizeof(host), "https://%s.%s.%s.%.61s", LABEL63, LABEL63, LABEL63,
                   LABEL63);
    assert_null(parse(host, &arena, &url, &secret));
    assert_int_equal(url.host.len, 253);
    (void)snprintf(host, sizeof(host), "https://%s.%s.%s.%.62s", LABEL63, LABEL63, LABEL63,
                   LABEL63);
    assert_string_equal(parse(host, &arena, &url, &secret), HOST);
    proa_arena_reset(&arena);
}

static void every_cut_and_every_byte(void **state)
{
    (void)state;
    static const char whole[] = "https://[::1]:8000/v1/a";
    for (size_t cut = 0; cut < sizeof(whole); cut++) {
        for (int byte = 1; byte < 256; byte++) {
            char text[sizeof(whole) + 1];
            struct proa_arena arena;
            struct proa_url url;
            bool secret = false;
            proa_arena_init(&arena, NULL);
            memcpy(text, whole, sizeof(whole));
            text[cut] = (char)byte;
            text[sizeof(whole)] = '\0';
            text[cut == sizeof(whole) - 1 ? sizeof(whole) : sizeof(whole) - 1] = '\0';
            if (!parse(text, &arena, &url, &secret)) {
                for (size_t i = 0; i < url.path.len; i++) {
                    assert_true(url.path.ptr[i] > ' ' && url.path.ptr[i] <= '~');
                }
                for (size_t i = 0; i < url.host.len; i++) {
                    assert_true(url.host.ptr[i] > ' ' && url.host.ptr[i] <= '~');
                }
                assert_true(url.port > 0 && url.host.len > 0);
            }
            proa_arena_reset(&arena);
        }
    }
}

static void loopback(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool yes;
    } rows[] = {
        {"localhost", true},     {"127.0.0.1", true},
        {"127.9.8.7", true},     {"::1", true},
        {"127.evil.com", false}, {"localhost.evil.com", false},
        {"10.0.0.1", false},     {"0.0.0.0", false},
        {"::", false},           {"", false},
        {"127", false},          {"1270.0.0.1", false},
        {"xlocalhost", false},   {"api.openai.com", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(proa_url_is_loopback(proa_slice_cstr(row->host)) == row->yes, "%s",
                        row->host);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones), cmocka_unit_test(bad_ones),
        cmocka_unit_test(long_ones), cmocka_unit_test(every_cut_and_every_byte),
        cmocka_unit_test(loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
