/* Lists of models as each dialect has them. */
#include "proa/provider/listing.h"

#include "proa_test.h"

static const struct proa_listing *of(const char *vendor, const char *dialect)
{
    return proa_listing_find(proa_vendor_find(proa_slice_cstr(vendor)), proa_slice_cstr(dialect));
}

static void who_has_a_list(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *dialect;
        bool has;
    } rows[] = {
        {"openai", "openai", true},     {"groq", "openai", true},
        {"azure", "openai", true},      {"anthropic", "anthropic", true},
        {"gemini", "gemini", true},     {"cohere", "cohere", true},
        {"vertex", "gemini", false},    {"bedrock", "bedrock", false},
        {"nobody", "openai", true},     {"nobody", "bedrock", false},
        {"nobody", "esperanto", false},
    };
    PROA_TEST_ROWS(row, rows)
    {
        PROA_TEST_CHECK(!!of(row->vendor, row->dialect) == row->has, "%s %s", row->vendor,
                        row->dialect);
    }
    /* Gemini through its OpenAI-compatible address lists as OpenAI does. */
    assert_ptr_equal(of("gemini", "openai"), of("openai", "openai"));
    assert_ptr_equal(of("nobody", "gemini"), of("gemini", "gemini"));
}

static void requests_are_plain_gets(void **state)
{
    (void)state;
    static const struct {
        const char *vendor;
        const char *dialect;
        enum proa_auth_scheme scheme;
        const char *page;
        const char *begin;
        const char *line;
    } rows[] = {
        {"openai", "openai", PROA_AUTH_BEARER, "", "GET /base/models HTTP/1.1\r\nhost: h\r\n",
         "\r\nauthorization: Bearer secret\r\n"},
        {"openai", "openai", PROA_AUTH_BEARER, "ignored", "GET /base/models HTTP/1.1\r\n",
         "secret"},
        {"anthropic", "anthropic", PROA_AUTH_X_API_KEY, "",
         "GET /base/models?limit=1000 HTTP/1.1\r\n", "\r\nanthropic-version: 2023-06-01\r\n"},
        {"anthropic", "anthropic", PROA_AUTH_X_API_KEY, "claude-x",
         "GET /base/models?limit=1000&after_id=claude-x HTTP/1.1\r\n", "\r\nx-api-key: secret\r\n"},
        {"gemini", "gemini", PROA_AUTH_X_GOOG_KEY, "a/b=&c",
         "GET /base/models?pageSize=1000&pageToken=a%2Fb%3D%26c HTTP/1.1\r\n",
         "\r\nx-goog-api-key: secret\r\n"},
        {"cohere", "cohere", PROA_AUTH_BEARER, "",
         "GET /base/v1/models?page_size=1000 HTTP/1.1\r\n", "\r\naccept: application/json\r\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        proa_arena_init(&arena, NULL);
        const struct proa_encode_in in = {
            .base_path = PROA_SLICE("/base"),
            .host_header = PROA_SLICE("h"),
            .authorization = {.scheme = row->scheme, .secret = PROA_SLICE("secret")},
        };
        struct proa_encoded out = {0};
        assert_ok(proa_listing_request(of(row->vendor, row->dialect), &in,
                                       proa_slice_cstr(row->page), &arena, &out));
        assert_int_equal(out.n_iov, 1);
        const struct proa_slice head = proa_slice_make(out.iov[0].iov_base, out.iov[0].iov_len);
        PROA_TEST_CHECK(proa_slice_starts(head, proa_slice_cstr(row->begin)), "%.*s", (int)head.len,
                        head.ptr);
        assert_true(proa_slice_search(head, proa_slice_cstr(row->line)) < head.len);
        assert_true(proa_slice_search(head, PROA_SLICE("content-length")) == head.len);
        assert_true(proa_slice_search(head, PROA_SLICE("\r\n\r\n")) == head.len - 4);
        proa_arena_reset(&arena);
    }
}

/* Azure's older paths want a version. */
static void a_dated_site_is_asked_by_its_date(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *begin;
    } rows[] = {
        {"", "GET /openai/models HTTP/1.1\r\n"},
        {"v1", "GET /openai/models HTTP/1.1\r\n"},
        {"2024-10-21", "GET /openai/models?api-version=2024-10-21 HTTP/1.1\r\n"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        const struct proa_site site = {.api_version = proa_slice_cstr(row->version)};
        const struct proa_encode_in in = {
            .base_path = PROA_SLICE("/openai"), .host_header = PROA_SLICE("h"), .site = &site};
        struct proa_encoded out = {0};
        proa_arena_init(&arena, NULL);
        assert_ok(proa_listing_request(of("azure", "openai"), &in, PROA_SLICE_NONE, &arena, &out));
        const struct proa_slice head = proa_slice_make(out.iov[0].iov_base, out.iov[0].iov_len);
        PROA_TEST_CHECK(proa_slice_starts(head, proa_slice_cstr(row->begin)), "%.*s", (int)head.len,
                        head.ptr);
        proa_arena_reset(&arena);
    }
}

static void a_mark_without_end_is_refused(void **state)
{
    (void)state;
    static char mark[8192];
    struct proa_arena arena;
    struct proa_encoded out = {0};
    const struct proa_encode_in in = {.host_header = PROA_SLICE("h")};
    memset(mark, '%', sizeof(mark));
    proa_arena_init(&arena, NULL);
    assert_int_equal(proa_listing_request(of("gemini", "gemini"), &in,
                                          proa_slice_make(mark, sizeof(mark)), &arena, &out),
                     PROA_ERR_LIMIT);
    assert_int_equal(out.n_iov, 0);
    proa_arena_reset(&arena);
}

static void lists_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *dialect;
        const char *body;
        const char *ids; /* separated by blanks */
        const char *next;
    } rows[] = {
        {"openai",
         "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-4o\",\"object\":\"model\"},"
         "{\"id\":\"gpt-4\\u006f-mini\"}]}",
         "gpt-4o gpt-4o-mini", ""},
        {"openai", " [{\"id\":\"meta/a\"},{\"id\":\"b\",\"type\":\"chat\"}] ", "meta/a b", ""},
        {"openai", "{\"data\":[]}", "", ""},
        {"openai",
         "{\"data\":[{\"name\":\"x\"},7,\"y\",{\"id\":null},{\"id\":\"\"},{\"id\":\"z\"}]}", "z",
         ""},
        {"openai", "{\"data\":[{\"id\":\"a\"}],\"has_more\":true,\"last_id\":\"a\"}", "a", ""},
        {"anthropic",
         "{\"data\":[{\"type\":\"model\",\"id\":\"claude-a\"}],\"has_more\":true,"
         "\"first_id\":\"claude-a\",\"last_id\":\"claude-a\"}",
         "claude-a", "claude-a"},
        {"anthropic",
         "{\"data\":[{\"id\":\"claude-a\"}],\"has_more\":false,\"last_id\":\"claude-a\"}",
         "claude-a", ""},
        {"anthropic", "{\"data\":[],\"has_more\":true,\"last_id\":null}", "", ""},
        {"gemini",
         "{\"models\":[{\"name\":\"models/gemini-x\"},{\"name\":\"tunedModels/y\"}],"
         "\"nextPageToken\":\"t\"}",
         "gemini-x tunedModels/y", "t"},
        {"gemini", "{\"models\":[{\"name\":\"models/\"}]}", "", ""},
        {"cohere", "{\"models\":[{\"name\":\"command-a\"}],\"next_page_token\":\"p\"}", "command-a",
         "p"},
        {"cohere", "{\"models\":[{\"name\":\"command-a\"}],\"next_page_token\":\"\"}", "command-a",
         ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct proa_listing_page page;
        char ids[256] = "";
        size_t at = 0;
        proa_arena_init(&arena, NULL);
        PROA_TEST_CHECK(proa_listing_read(of("", row->dialect), proa_slice_cstr(row->body), &arena,
                                          &page) == PROA_OK,
                        "%s", row->body);
        for (size_t i = 0; i < page.n; i++) {
            at += (size_t)snprintf(ids + at, sizeof(ids) - at, "%s%" PROA_SLICE_FMT, i ? " " : "",
                                   PROA_SLICE_ARG(page.ids[i]));
        }
        PROA_TEST_CHECK(strcmp(ids, row->ids) == 0, "%s: %s", row->body, ids);
        PROA_TEST_CHECK(proa_slice_eq(page.next, proa_slice_cstr(row->next)), "%s: %.*s", row->body,
                        (int)page.next.len, page.next.ptr ? page.next.ptr : "");
        proa_arena_reset(&arena);
    }
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "null",
        "7",
        "\"data\"",
        "{}",
        "{\"data\":{}}",
        "{\"data\":null}",
        "{\"models\":[]}",
        "{\"data\":[}",
        "{\"data\":[]",
        "[",
        "<html></html>",
        "{\"error\":{\"message\":\"no\"}}",
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_arena arena;
        struct proa_listing_page page;
        proa_arena_init(&arena, NULL);
        PROA_TEST_CHECK(proa_listing_read(of("openai", "openai"), proa_slice_cstr(*row), &arena,
                                          &page) == PROA_ERR_SYNTAX,
                        "%s", *row);
        assert_int_equal(page.n, 0);
        proa_arena_reset(&arena);
    }
}

static void lists_are_bounded(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_listing_page page;
    struct proa_buf body;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&body, (size_t)1024 * 1024);
    PROA_BUF_LIT(&body, "[{\"id\":\"");
    for (int i = 0; i < 300; i++) {
        PROA_BUF_LIT(&body, "x");
    }
    PROA_BUF_LIT(&body, "\"}");
    assert_ok(proa_buf_append(&body, PROA_SLICE("]")));
    assert_ok(proa_listing_read(of("", "openai"), proa_buf_slice(&body), &arena, &page));
    assert_int_equal(page.n, 0); /* no model has so long a name */
    proa_buf_clear(&body);
    PROA_BUF_LIT(&body, "[{}");
    for (int i = 0; i < 20000; i++) {
        PROA_BUF_LIT(&body, ",{}");
    }
    PROA_BUF_LIT(&body, "]");
    assert_int_equal(proa_listing_read(of("", "openai"), proa_buf_slice(&body), &arena, &page),
                     PROA_ERR_LIMIT);
    proa_buf_deinit(&body);
    proa_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_a_list),
        cmocka_unit_test(requests_are_plain_gets),
        cmocka_unit_test(a_dated_site_is_asked_by_its_date),
        cmocka_unit_test(a_mark_without_end_is_refused),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(lists_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
