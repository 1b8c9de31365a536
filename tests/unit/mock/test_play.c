/*
 * Every fault as it looks from the other end of the connection: bytes, pauses, ends.
 */
#include "mock_test.h"

#define MS(n) ((uint64_t)(n)*PROA_NS_PER_MS)

enum { QUIET_MS = 60 }; /* as long as silence is listened to */

static void ask(struct talk *t, const char *recipe, const char *body, struct reply *r)
{
    char header[256];
    (void)snprintf(header, sizeof header, "x-mock: %s\r\n", recipe);
    talk_ask(t, CHAT, header, body, r);
}

/* Asks, and listens for so long; the answer may be incomplete. */
static void ask_for(struct talk *t, const char *recipe, const char *body, uint64_t ms,
                    struct reply *r)
{
    char header[256];
    (void)snprintf(header, sizeof header, "x-mock: %s\r\n", recipe);
    reply_init(r);
    talk_post(t, CHAT, header, body);
    talk_wait(t, r, ms);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static const struct {
    const char *recipe;
    unsigned status;
    const char *header; /* that the answer has */
    const char *value;
    const char *says;
} STATUSES[] = {
    {"status=503", 503, NULL, NULL,
     "\"type\":\"server_error\",\"param\":null,\"code\":\"overloaded\""},
    {"500", 500, NULL, NULL, "\"code\":\"server_error\""},
    {"418", 418, NULL, NULL, "\"type\":\"invalid_request_error\""},
    {"529", 529, NULL, NULL, "\"type\":\"server_error\""},
    {"400", 400, NULL, NULL, "The mock was asked to refuse this request."},
    {"401", 401, NULL, NULL, "\"code\":\"invalid_api_key\""},
    {"404", 404, NULL, NULL, "\"code\":\"model_not_found\""},
    {"429", 429, "x-ratelimit-limit-requests", "10000", "\"code\":\"rate_limit_exceeded\""},
    {"429:retry-after=2", 429, "retry-after", "2", "Rate limit"},
    {"429:retry-after-ms=1500", 429, "retry-after-ms", "1500", "Rate limit"},
    {"429:reset=6m0s", 429, "x-ratelimit-reset-requests", "6m0s", "Rate limit"},
    {"429:reset=6m0s", 429, "x-ratelimit-remaining-requests", "0", "Rate limit"},
    {"429:reset=1500ms", 429, "x-ratelimit-reset-requests", "1.5s", "Rate limit"},
    {"503:should-retry=no", 503, "x-should-retry", "false", "overloaded"},
    {"503:should-retry=yes", 503, "x-should-retry", "true", "overloaded"},
    {"429:code=insufficient_quota", 429, NULL, NULL,
     "\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"insufficient_quota\""},
    {"400:code=context_length_exceeded", 400, NULL, NULL, "maximum context length"},
    {"503:code=slow_down", 503, NULL, NULL, "Slow down"},
    {"code=invalid_value", 500, NULL, NULL, "\"code\":\"invalid_value\""},
    {"502:html", 502, "content-type", "text/html; charset=utf-8", "<title>Error 502</title>"},
    {"200-error", 200, "content-type", "application/json", "{\"error\":{"},
    {"429:200-error", 200, NULL, NULL, "rate_limit_exceeded"},
};

static void test_statuses(void **state)
{
    (void)state;
    static const char *const bodies[] = {ASK_HI, STREAM_HI, "{broken"};
    struct talk t;
    talk_init(&t, NULL);
    PROA_TEST_ROWS(row, STATUSES)
    {
        for (size_t i = 0; i < PROA_ARRAY_LEN(bodies); i++) {
            struct reply r;
            if (i == 2 && !strstr(row->recipe, "200-error") && !strncmp(row->recipe, "code", 4)) {
                continue; /* a code alone is no reason to accept what is broken */
            }
            ask(&t, row->recipe, bodies[i], &r);
            PROA_TEST_CHECK(r.complete && r.status == row->status, "%s: %u", row->recipe, r.status);
            PROA_TEST_CHECK(reply_has(&r, row->says), "%s: %.*s", row->recipe, (int)r.body.len,
                            r.body.ptr);
            if (row->header && i < 2) {
                assert_slice_str(reply_header(&r, row->header), row->value);
            }
            if (row->status == 404) {
                assert_int_equal(reply_header(&r, "x-ratelimit-limit-requests").len, 0);
            }
            reply_deinit(&r);
        }
    }
    talk_deinit(&t);
}

static void test_retry_date(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "429:http-date=3600", ASK_HI, &r);
    const struct proa_slice date = reply_header(&r, "date");
    const struct proa_slice later = reply_header(&r, "retry-after");
    assert_int_equal(date.len, 29);
    assert_int_equal(later.len, 29);
    assert_memory_equal(later.ptr + 26, "GMT", 3);
    assert_memory_not_equal(later.ptr + 17, date.ptr + 17, 2); /* another hour */
    assert_memory_equal(later.ptr + 20, date.ptr + 20, 2);     /* same minute */
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_bodiless_status(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "204", ASK_HI, &r);
    assert_int_equal(r.status, 204);
    assert_int_equal(reply_header(&r, "content-length").len, 0);
    assert_int_equal(r.raw.len, r.head_len);
    reply_deinit(&r);
    ask(&t, "304", ASK_HI, &r);
    reply_deinit(&r);
    talk_deinit(&t);
}

/* ---- where recipes come from ----------------------------------------------------------------- */

static void test_sources(void **state)
{
    (void)state;
    const struct proa_mock_recipe faults = mock_recipe("words=2");
    const struct proa_mock_cfg cfg = {.faults = &faults};
    struct talk t;
    struct reply r;
    talk_init(&t, &cfg);
    talk_ask(&t, CHAT, NULL, ASK_HI, &r);
    assert_true(reply_has(&r, "\"content\":\"the outrigger\""));
    reply_deinit(&r);
    talk_ask(&t, "/down/v1/chat/completions", NULL, ASK_HI, &r);
    assert_int_equal(r.status, 503);
    reply_deinit(&r);
    talk_ask(&t, "/status=429:retry-after=7/v1/chat/completions/", NULL, ASK_HI, &r);
    assert_int_equal(r.status, 429);
    assert_slice_lit(reply_header(&r, "retry-after"), "7");
    reply_deinit(&r);
    talk_ask(&t, "/p=100%25:500/v1/chat/completions", NULL, ASK_HI, &r);
    assert_int_equal(r.status, 500);
    reply_deinit(&r);
    talk_ask(&t, CHAT, "authorization: Bearer k+status=418\r\n", ASK_HI, &r);
    assert_int_equal(r.status, 418);
    reply_deinit(&r);
    talk_ask(&t, CHAT, NULL,
             "{\"model\":\"echo+status=429,retry-after=2\",\"messages\":[{\"role\":\"user\"}]}",
             &r);
    assert_int_equal(r.status, 429);
    assert_slice_lit(reply_header(&r, "retry-after"), "2");
    reply_deinit(&r);
    /* The later source wins: path < key < model < header. */
    talk_ask(&t, "/500/v1/chat/completions",
             "authorization: Bearer k+501\r\nx-mock: status=504,words=1\r\n",
             "{\"model\":\"echo+502\",\"messages\":[{\"role\":\"user\"}]}", &r);
    assert_int_equal(r.status, 504);
    reply_deinit(&r);
    talk_ask(&t, "/500/v1/chat/completions", "authorization: Bearer k+501\r\n",
             "{\"model\":\"echo+502\",\"messages\":[{\"role\":\"user\"}]}", &r);
    assert_int_equal(r.status, 502);
    reply_deinit(&r);
    talk_ask(&t, "/500/v1/chat/completions", "authorization: Bearer k+501\r\n", ASK_HI, &r);
    assert_int_equal(r.status, 501);
    reply_deinit(&r);
    talk_ask(&t, "/status=200/v1/chat/completions", NULL, ASK_HI, &r);
    assert_int_equal(r.status, 200);
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_models_fail_too(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    talk_get(&t, "/down/v1/models", &r);
    assert_int_equal(r.status, 503);
    reply_deinit(&r);
    talk_ask(&t, "/v1/embeddings", NULL, "{\"model\":\"e+429\",\"input\":\"x\"}", &r);
    assert_int_equal(r.status, 429);
    reply_deinit(&r);
    talk_deinit(&t);
}

static unsigned status_of(struct talk *t, const char *header)
{
    struct reply r;
    talk_ask(t, CHAT, header, ASK_HI, &r);
    const unsigned status = r.status;
    reply_deinit(&r);
    return status;
}

static void test_fail_first(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t, NULL);
    const char *a = "authorization: Bearer a+fail-first=2\r\n";
    const char *b = "authorization: Bearer b+fail-first=1:status=429\r\n";
    assert_int_equal(status_of(&t, a), 503);
    assert_int_equal(status_of(&t, b), 429);
    assert_int_equal(status_of(&t, a), 503);
    assert_int_equal(status_of(&t, a), 200);
    assert_int_equal(status_of(&t, b), 200);
    assert_int_equal(status_of(&t, a), 200);
    /* Another recipe with the same key is another count. */
    const char *c = "authorization: Bearer c\r\nx-mock: fail-first\r\n";
    assert_int_equal(status_of(&t, c), 503);
    assert_int_equal(status_of(&t, c), 200);
    assert_int_equal(status_of(&t, "authorization: Bearer c\r\nx-mock: fail-first=1,words=3\r\n"),
                     503);
    talk_deinit(&t);
}

static void test_limit_of_a_key(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t, NULL);
    const char *key = "authorization: Bearer k+limit=2\r\n";
    assert_int_equal(status_of(&t, key), 200);
    assert_int_equal(status_of(&t, key), 200);
    assert_int_equal(status_of(&t, key), 429);
    assert_int_equal(status_of(&t, "authorization: Bearer k\r\n"), 200);
    talk_deinit(&t);
}

/* The same seed, the same run. */
static void test_chances(void **state)
{
    (void)state;
    const struct proa_mock_recipe faults = mock_recipe("429:30%");
    unsigned runs[2][60];
    for (size_t run = 0; run < 2; run++) {
        const struct proa_mock_cfg cfg = {.faults = &faults, .seed = 42};
        struct talk t;
        talk_init(&t, &cfg);
        for (size_t i = 0; i < 60; i++) {
            runs[run][i] = status_of(&t, NULL);
        }
        talk_deinit(&t);
    }
    size_t n_429 = 0;
    for (size_t i = 0; i < 60; i++) {
        assert_int_equal(runs[0][i], runs[1][i]);
        n_429 += runs[0][i] == 429;
    }
    assert_in_range(n_429, 8, 30);
}

/* ---- pauses ---------------------------------------------------------------------------------- */

static void test_delay(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "delay=60ms", ASK_HI, &r);
    assert_int_equal(r.status, 200);
    assert_true(r.head_ns >= MS(59));
    reply_deinit(&r);
    ask(&t, "delay=60ms,status=503", STREAM_HI, &r);
    assert_int_equal(r.status, 503);
    assert_true(r.head_ns >= MS(59));
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_first(void **state)
{
    (void)state;
    static const char *const bodies[] = {ASK_HI, STREAM_HI};
    struct talk t;
    talk_init(&t, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct reply r;
        ask(&t, "first=80ms", bodies[i], &r);
        assert_true(r.complete);
        assert_true(r.head_ns < MS(60));
        assert_true(r.body_ns >= MS(79));
        assert_true(r.complete_ns - r.body_ns < MS(40));
        reply_deinit(&r);
    }
    talk_deinit(&t);
}

static void test_gap(void **state)
{
    (void)state;
    const struct proa_mock_cfg paced = {.pace_ns = MS(15)};
    for (size_t i = 0; i < 2; i++) {
        struct talk t;
        struct reply r;
        talk_init(&t, i ? &paced : NULL);
        ask(&t, i ? "words=3" : "gap=15ms", STREAM_HI, &r);
        assert_int_equal(reply_count(&r, "data: "), 6);
        assert_true(r.body_ns < MS(15));
        assert_true(r.complete_ns >= MS(5 * 15 - 1));
        reply_deinit(&r);
        ask(&t, "gap=0", STREAM_HI, &r);
        assert_true(r.complete_ns < MS(60));
        reply_deinit(&r);
        talk_deinit(&t);
    }
}

static void test_keepalive(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "first=100ms,keepalive=20ms", STREAM_HI, &r);
    assert_in_range(reply_count(&r, ": keep-alive\n\n"), 3, 5);
    assert_true(proa_slice_starts(proa_buf_slice(&r.body), PROA_SLICE(": keep-alive\n\n")));
    assert_true(reply_has(&r, "data: [DONE]"));
    reply_deinit(&r);
    ask(&t, "first=30ms,keepalive=0", STREAM_HI, &r);
    assert_in_range(reply_count(&r, ": keep-alive\n\n"), 5, 31);
    reply_deinit(&r);
    ask(&t, "first=30ms,keepalive=5ms", ASK_HI, &r);
    assert_int_equal(reply_count(&r, "keep-alive"), 0);
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_drip(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "drip=1ms,503", ASK_HI, &r);
    assert_true(r.complete);
    assert_true(r.complete_ns - r.head_ns >= MS(r.body.len - 1));
    assert_true(reply_has(&r, "overloaded"));
    reply_deinit(&r);
    /* In a stream each byte is a chunk of its own. */
    ask(&t, "drip=0,empty", STREAM_HI, &r);
    assert_int_equal(r.body.len, 0);
    reply_deinit(&r);
    ask(&t, "drip=0", STREAM_HI, &r);
    assert_int_equal(r.raw.len, r.head_len + 6 * r.body.len + 5);
    assert_true(reply_has(&r, "data: [DONE]\n\n"));
    reply_deinit(&r);
    ask_for(&t, "drip", ASK_HI, QUIET_MS, &r);
    assert_int_equal(r.body.len, 1);
    assert_false(r.complete);
    reply_deinit(&r);
    talk_deinit(&t);
}

/* ---- silence --------------------------------------------------------------------------------- */

static const struct {
    const char *recipe;
    const char *body;
    bool head;
    size_t events;
} STALLS[] = {
    {"stall", ASK_HI, false, 0},      {"stall=head", STREAM_HI, false, 0},
    {"stall=first", ASK_HI, true, 0}, {"stall=first", STREAM_HI, true, 0},
    {"stall=0", STREAM_HI, true, 0},  {"stall=1", STREAM_HI, true, 1},
    {"stall=3", STREAM_HI, true, 3},  {"stall=6", STREAM_HI, true, 6},
    {"stall,503", ASK_HI, false, 0},  {"stall=first,503", ASK_HI, true, 0},
};

static void test_stalls(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, STALLS)
    {
        struct talk t;
        struct reply r;
        struct proa_mock_stats stats;
        talk_init(&t, NULL);
        ask_for(&t, row->recipe, row->body, QUIET_MS, &r);
        PROA_TEST_CHECK(!r.complete && r.end == TALK_OPEN, "%s", row->recipe);
        PROA_TEST_CHECK((r.head_len > 0) == row->head, "%s", row->recipe);
        PROA_TEST_CHECK(reply_count(&r, "data: ") == row->events, "%s: %zu", row->recipe,
                        reply_count(&r, "data: "));
        /* Whoever leaves is noticed all the same. */
        talk_hang_up(&t);
        IO_TEST_UNTIL(t.loop, (proa_mock_stats(t.mock, &stats), stats.n_connections == 0));
        assert_int_equal(stats.n_left, 1);
        reply_deinit(&r);
        talk_deinit(&t);
    }
}

/* ---- breaks ---------------------------------------------------------------------------------- */

/* The same answer is cut at each of its bytes: what came before is as in the whole one. */
static void cut_everywhere(const char *body, size_t step, bool rst)
{
    const struct proa_mock_cfg cfg = {.text = PROA_SLICE("one two")};
    struct talk t;
    struct reply whole;
    talk_init(&t, &cfg);
    ask(&t, "words=0", body, &whole);
    assert_true(whole.complete);
    for (size_t cut = 0; cut <= whole.body.len; cut += step) {
        char recipe[64];
        struct reply r;
        (void)snprintf(recipe, sizeof recipe, "cut=%zu%s", cut, rst ? ":rst" : "");
        talk_hang_up(&t);
        ask(&t, recipe, body, &r);
        while (r.end == TALK_OPEN) {
            (void)proa_loop_turn(t.loop);
            reply_take(&t, &r);
        }
        PROA_TEST_CHECK(r.end == (rst ? TALK_RST : TALK_FIN), "cut at %zu", cut);
        PROA_TEST_CHECK(r.body.len == cut, "cut at %zu: %zu bytes", cut, r.body.len);
        const bool streamed = reply_header(&r, "transfer-encoding").len > 0;
        PROA_TEST_CHECK(r.complete == (!streamed && cut == whole.body.len), "cut at %zu", cut);
        reply_deinit(&r);
    }
    reply_deinit(&whole);
    talk_deinit(&t);
}

static void test_cuts(void **state)
{
    (void)state;
    cut_everywhere(ASK_HI, 1, false);
    cut_everywhere(STREAM_HI, 7, false);
    cut_everywhere(STREAM_HI, 97, true);
    cut_everywhere(ASK_HI, 97, true);
}

/* A chunk that is cut has announced its whole size: nobody may take its part for a whole one. */
static void test_cut_inside_a_chunk(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "cut=40", STREAM_HI, &r);
    const struct proa_slice in = proa_slice_from(proa_buf_slice(&r.raw), r.head_len);
    assert_true(strtoul(in.ptr, NULL, 16) > 100);
    assert_int_equal(in.len - proa_slice_search(in, PROA_SLICE("data: ")), 40);
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_cuts_by_name(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "cut=head", ASK_HI, &r);
    assert_int_equal(r.end, TALK_FIN);
    assert_int_equal(r.raw.len, 0);
    reply_deinit(&r);
    talk_hang_up(&t);
    ask(&t, "cut=head:rst,delay=20ms", STREAM_HI, &r);
    assert_int_equal(r.end, TALK_RST);
    assert_int_equal(r.raw.len, 0);
    assert_true(r.complete_ns >= MS(19));
    reply_deinit(&r);
    talk_hang_up(&t);
    ask(&t, "cut_stream", ASK_HI, &r);
    assert_true(r.complete);
    reply_deinit(&r);
    ask(&t, "cut_stream", STREAM_HI, &r);
    assert_false(r.complete);
    assert_int_equal(r.end, TALK_FIN);
    assert_true(reply_count(&r, "data: ") >= 3);
    assert_false(reply_has(&r, "[DONE]"));
    reply_deinit(&r);
    talk_hang_up(&t);
    ask(&t, "cut=99999999", ASK_HI, &r); /* behind the end: closed, but whole */
    assert_true(r.complete);
    r.complete = false;
    talk_wait(&t, &r, 5000);
    assert_int_equal(r.end, TALK_FIN);
    reply_deinit(&r);
    talk_deinit(&t);
}

/* ---- what events say ------------------------------------------------------------------------- */

static const struct {
    const char *recipe;
    size_t events;
    size_t errors;
    size_t finishes;
    bool done;
} EVENTS[] = {
    {"words=0", 6, 0, 1, true},        {"malformed", 6, 0, 1, true},
    {"malformed=3", 6, 0, 1, true},    {"error-first", 1, 1, 0, false},
    {"error-after=0", 1, 1, 0, false}, {"error-after=2", 3, 1, 0, false},
    {"error-after=4", 5, 1, 0, false}, {"error-after=5", 6, 1, 1, false},
    {"error-after=9", 6, 1, 1, false}, {"no-done", 5, 0, 1, false},
    {"no-finish", 5, 0, 0, true},      {"no-finish,no-done", 4, 0, 0, false},
    {"empty", 0, 0, 0, false},         {"words=1", 4, 0, 1, true},
    {"words=7", 10, 0, 1, true},       {"size=1", 4, 0, 1, true},
};

static void test_events(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t, NULL);
    PROA_TEST_ROWS(row, EVENTS)
    {
        struct reply r;
        ask(&t, row->recipe, STREAM_HI, &r);
        PROA_TEST_CHECK(r.complete && r.status == 200, "%s", row->recipe);
        PROA_TEST_CHECK(reply_count(&r, "data: ") == row->events, "%s: %zu", row->recipe,
                        reply_count(&r, "data: "));
        PROA_TEST_CHECK(reply_count(&r, "{\"error\":{") == row->errors, "%s", row->recipe);
        PROA_TEST_CHECK(reply_count(&r, "\"finish_reason\":\"stop\"") == row->finishes, "%s",
                        row->recipe);
        PROA_TEST_CHECK(reply_has(&r, "[DONE]") == row->done, "%s", row->recipe);
        reply_deinit(&r);
    }
    talk_deinit(&t);
}

static void test_malformed(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "malformed=2", STREAM_HI, &r);
    const struct proa_slice body = proa_buf_slice(&r.body);
    const size_t first = proa_slice_search(body, PROA_SLICE("\n\n"));
    const struct proa_slice second = proa_slice_from(body, first + 2);
    assert_true(
        proa_slice_starts(second, PROA_SLICE("data: {\"id\":\"chatcmpl-\",\"choices\":[{\n\n")));
    reply_deinit(&r);
    ask(&t, "malformed", ASK_HI, &r);
    assert_true(r.complete);
    assert_true(r.body.ptr[0] == '{' && r.body.ptr[r.body.len - 1] != '}');
    reply_deinit(&r);
    talk_deinit(&t);
}

static void test_whole_answers(void **state)
{
    (void)state;
    struct talk t;
    struct reply r;
    talk_init(&t, NULL);
    ask(&t, "usage=no", ASK_HI, &r);
    assert_false(reply_has(&r, "usage"));
    reply_deinit(&r);
    ask(&t, "no-finish", ASK_HI, &r);
    assert_true(reply_has(&r, "\"finish_reason\":null"));
    reply_deinit(&r);
    ask(&t, "empty", ASK_HI, &r);
    assert_int_equal(r.status, 200);
    assert_slice_lit(reply_header(&r, "content-length"), "0");
    reply_deinit(&r);
    ask(&t, "size=1000", ASK_HI, &r);
    const struct proa_slice body = proa_buf_slice(&r.body);
    const struct proa_slice mark = PROA_SLICE("\"content\":\"");
    const struct proa_slice text = proa_slice_from(body, proa_slice_search(body, mark) + mark.len);
    assert_int_equal(proa_slice_find(text, '"'), 1000);
    reply_deinit(&r);
    ask(&t, "usage=no",
        "{\"model\":\"e\",\"stream\":true,\"stream_options\":{\"include_usage\":"
        "true},\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
        &r);
    assert_false(reply_has(&r, "usage"));
    assert_true(reply_has(&r, "[DONE]"));
    reply_deinit(&r);
    talk_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_retry_date),
        cmocka_unit_test(test_bodiless_status),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_models_fail_too),
        cmocka_unit_test(test_fail_first),
        cmocka_unit_test(test_limit_of_a_key),
        cmocka_unit_test(test_chances),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_keepalive),
        cmocka_unit_test(test_drip),
        cmocka_unit_test(test_stalls),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_cut_inside_a_chunk),
        cmocka_unit_test(test_cuts_by_name),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_whole_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
