#include "proa/obs/access.h"

#include "proa_test.h"

#define S   PROA_SLICE
#define NOW UINT64_C(1795474501123)
#define AT  "2026-11-23T22:55:01.123Z"

static const struct proa_access_attempt two[] = {{.provider = PROA_SLICE_INIT("openai"),
                                                  .model = PROA_SLICE_INIT("gpt-5.5"),
                                                  .error = PROA_SLICE_INIT("http_429"),
                                                  .status = 429,
                                                  .ns = 12000000},
                                                 {.provider = PROA_SLICE_INIT("anthropic"),
                                                  .model = PROA_SLICE_INIT("claude-sonnet-5"),
                                                  .status = 200,
                                                  .ns = 431123456}};

static struct proa_access everything(void)
{
    return (struct proa_access){
        .unix_ms = NOW,
        .level = PROA_LOG_INFO,
        .has = PROA_ACCESS_TTFT | PROA_ACCESS_QUEUE | PROA_ACCESS_INPUT_TOKENS |
               PROA_ACCESS_OUTPUT_TOKENS | PROA_ACCESS_CACHE_READ_TOKENS | PROA_ACCESS_COST,
        .request_id = S("01936c4e-7d3b-7c52-9c1a-2f6f0e5a8b71"),
        .trace_id = S("0af7651916cd43dd8448eb211c80319c"),
        .span_id = S("b7ad6b7169203331"),
        .route = S("assistant"),
        .revision = S("7f3a9c21"),
        .method = S("POST"),
        .path = S("/v1/chat/completions"),
        .error = S("none"),
        .provider = S("anthropic"),
        .model = S("assistant"),
        .answered_by = S("claude-sonnet-5"),
        .cache = S("miss"),
        .app = S("checkout"),
        .user = S("u-7"),
        .tags = S("a,b"),
        .finish = S("stop"),
        .warnings = S("seed: dropped"),
        .attempts = two,
        .n_attempts = 2,
        .status = 200,
        .stream = true,
        .duration_ns = 445000000,
        .overhead_ns = 123456,
        .ttft_ns = 210000000,
        .queue_ns = 0,
        .input_tokens = 1234,
        .output_tokens = 321,
        .cache_read_tokens = 0,
        .cost_pico_usd = UINT64_C(1500000),
    };
}

static void check_line(const struct proa_access *a, enum proa_log_format format,
                       const char *expected)
{
    struct proa_buf out;
    proa_buf_init(&out, PROA_LOG_LINE_BYTES);
    assert_ok(proa_access_write(a, format, &out));
    assert_slice_str(proa_buf_slice(&out), expected);
    proa_buf_deinit(&out);
}

#define PLAIN_REST                                                                                 \
    " request_id=01936c4e-7d3b-7c52-9c1a-2f6f0e5a8b71 trace_id=0af7651916cd43dd8448eb211c80319c "  \
    "span_id=b7ad6b7169203331 route=assistant policy_revision=7f3a9c21 "                           \
    "http.request.method=POST url.path=/v1/chat/completions http.response.status_code=200 "        \
    "error.type=none duration_ms=445.000 overhead_ms=0.123 ttft_ms=210.000 queue_ms=0.000 "        \
    "stream=true gen_ai.provider.name=anthropic gen_ai.request.model=assistant "                   \
    "gen_ai.response.model=claude-sonnet-5 gen_ai.usage.input_tokens=1234 "                        \
    "gen_ai.usage.output_tokens=321 gen_ai.usage.cache_read.input_tokens=0 "                       \
    "cost_usd=0.0000015 cache=miss client.app=checkout user.id=u-7 tags=a,b finish_reason=stop "   \
    "warnings=\"seed: "                                                                            \
    "dropped\" "                                                                                   \
    "attempts.0.n=1 attempts.0.provider=openai attempts.0.model=gpt-5.5 attempts.0.status=429 "    \
    "attempts.0.error=http_429 attempts.0.ms=12.000 attempts.1.n=2 "                               \
    "attempts.1.provider=anthropic attempts.1.model=claude-sonnet-5 attempts.1.status=200 "        \
    "attempts.1.ms=431.123\n"

static void every_field_in_each_format(void **state)
{
    (void)state;
    struct proa_access a = everything();
    check_line(&a, PROA_LOG_JSON,
               "{\"timestamp\":\"" AT "\",\"level\":\"info\",\"message\":\"request\","
               "\"request_id\":\"01936c4e-7d3b-7c52-9c1a-2f6f0e5a8b71\","
               "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
               "\"span_id\":\"b7ad6b7169203331\",\"route\":\"assistant\","
               "\"policy_revision\":\"7f3a9c21\",\"http.request.method\":\"POST\","
               "\"url.path\":\"/v1/chat/completions\",\"http.response.status_code\":200,"
               "\"error.type\":\"none\",\"duration_ms\":445.000,\"overhead_ms\":0.123,"
               "\"ttft_ms\":210.000,\"queue_ms\":0.000,\"stream\":true,"
               "\"gen_ai.provider.name\":\"anthropic\",\"gen_ai.request.model\":\"assistant\","
               "\"gen_ai.response.model\":\"claude-sonnet-5\","
               "\"gen_ai.usage.input_tokens\":1234,\"gen_ai.usage.output_tokens\":321,"
               "\"gen_ai.usage.cache_read.input_tokens\":0,\"cost_usd\":0.0000015,"
               "\"cache\":\"miss\",\"client.app\":\"checkout\",\"user.id\":\"u-7\",\"tags\":\"a,"
               "b\",\"finish_reason\":\"stop\","
               "\"warnings\":\"seed: dropped\","
               "\"attempts\":[{\"n\":1,\"provider\":\"openai\",\"model\":\"gpt-5.5\","
               "\"status\":429,\"error\":\"http_429\",\"ms\":12.000},{\"n\":2,"
               "\"provider\":\"anthropic\",\"model\":\"claude-sonnet-5\",\"status\":200,"
               "\"ms\":431.123}]}\n");
    check_line(&a, PROA_LOG_LOGFMT, "timestamp=" AT " level=info message=request" PLAIN_REST);
    check_line(&a, PROA_LOG_TEXT, AT " INFO  request" PLAIN_REST);
}

static void absent_fields_are_left_out(void **state)
{
    (void)state;
    struct proa_access a = {.unix_ms = NOW, .level = PROA_LOG_ERROR, .message = S("refused")};
    /* Numbers without their bit stay out whatever they are. */
    a.ttft_ns = 5;
    a.queue_ns = 5;
    a.input_tokens = 5;
    a.output_tokens = 5;
    a.cache_read_tokens = 5;
    a.cost_pico_usd = 5;
    check_line(&a, PROA_LOG_JSON,
               "{\"timestamp\":\"" AT "\",\"level\":\"error\",\"message\":\"refused\","
               "\"duration_ms\":0.000,\"overhead_ms\":0.000}\n");
    check_line(&a, PROA_LOG_LOGFMT,
               "timestamp=" AT " level=error message=refused duration_ms=0.000 "
               "overhead_ms=0.000\n");
    check_line(&a, PROA_LOG_TEXT, AT " ERROR refused duration_ms=0.000 overhead_ms=0.000\n");
}

static void an_attempt_without_an_answer(void **state)
{
    (void)state;
    const struct proa_access_attempt t = {.provider = S("local"), .error = S("timeout_connect")};
    struct proa_access a = {.unix_ms = NOW, .attempts = &t, .n_attempts = 1};
    check_line(&a, PROA_LOG_TEXT,
               AT " ERROR request duration_ms=0.000 overhead_ms=0.000 attempts.0.n=1 "
                  "attempts.0.provider=local attempts.0.error=timeout_connect "
                  "attempts.0.ms=0.000\n");
    const struct proa_access_attempt none = {.ns = 1000};
    a.attempts = &none;
    check_line(&a, PROA_LOG_JSON,
               "{\"timestamp\":\"" AT "\",\"level\":\"error\",\"message\":\"request\","
               "\"duration_ms\":0.000,\"overhead_ms\":0.000,\"attempts\":[{\"n\":1,"
               "\"ms\":0.001}]}\n");
}

static void costs_are_exact_decimals(void **state)
{
    (void)state;
    static const struct {
        uint64_t pico;
        const char *text;
    } cases[] = {{0, "0"},
                 {1, "0.000000000001"},
                 {37500, "0.0000000375"},
                 {UINT64_C(999999999999), "0.999999999999"},
                 {UINT64_C(1000000000000), "1"},
                 {UINT64_C(12340000000000), "12.34"},
                 {UINT64_MAX, "18446744.073709551615"}};
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_access a = {
            .unix_ms = NOW, .has = PROA_ACCESS_COST, .cost_pico_usd = row->pico};
        struct proa_buf out;
        proa_buf_init(&out, 8192);
        assert_ok(proa_access_write(&a, PROA_LOG_TEXT, &out));
        struct proa_slice line = proa_buf_slice(&out);
        size_t at = proa_slice_search(line, S("cost_usd=")) + strlen("cost_usd=");
        assert_true(at < line.len);
        assert_slice_str(proa_slice_make(line.ptr + at, line.len - at - 1), row->text);
        proa_buf_deinit(&out);
    }
}

/* Every text field, the attempts' included, in turn holds each byte of a peer's choice. */
static void no_field_lets_a_byte_through(void **state)
{
    (void)state;
    for (int f = 0; f < 3; f++) {
        struct proa_access clean = everything();
        for (size_t field = 0; field < 21; field++) {
            for (unsigned c = 0; c < 256; c++) {
                if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
                    continue;
                }
                struct proa_access a = clean;
                struct proa_access_attempt t = two[0];
                a.attempts = &t;
                a.n_attempts = 1;
                struct proa_slice *const fields[] = {
                    &a.message,  &a.request_id, &a.trace_id, &a.span_id,  &a.route,  &a.revision,
                    &a.method,   &a.path,       &a.error,    &a.provider, &a.model,  &a.answered_by,
                    &a.cache,    &a.app,        &a.user,     &a.tags,     &a.finish, &a.warnings,
                    &t.provider, &t.model,      &t.error};
                assert_int_equal(PROA_ARRAY_LEN(fields), 21);
                char value[] = {(char)(unsigned char)c, 'x', '=', (char)(unsigned char)c};
                *fields[field] = proa_slice_make(value, sizeof(value));
                struct proa_buf out;
                proa_buf_init(&out, PROA_LOG_LINE_BYTES);
                assert_ok(proa_access_write(&a, (enum proa_log_format)f, &out));
                size_t quotes = 0;
                for (size_t i = 0; i + 1 < out.len; i++) {
                    unsigned char got = (unsigned char)out.ptr[i];
                    PROA_TEST_CHECK(got >= 0x20 && got < 0x7f, "field %zu, byte %02x", field, c);
                    i += got == '\\';
                    quotes += got == '"';
                }
                assert_int_equal(quotes % 2, 0);
                assert_int_equal(out.ptr[out.len - 1], '\n');
                proa_buf_deinit(&out);
            }
        }
    }
}

static void long_lists_and_long_values_stay_bounded(void **state)
{
    (void)state;
    static char big[100000];
    memset(big, 1, sizeof(big));
    struct proa_access_attempt many[PROA_ACCESS_ATTEMPTS_MAX + 5];
    for (size_t i = 0; i < PROA_ARRAY_LEN(many); i++) {
        many[i] = two[i % 2];
    }
    struct proa_access a = everything();
    a.attempts = many;
    a.n_attempts = PROA_ARRAY_LEN(many);
    /* What peers can stretch: path, model, answering model, finish reason, app name. */
    a.path = a.model = a.answered_by = a.finish = a.app = a.user = a.tags =
        proa_slice_make(big, sizeof(big));
    for (int f = 0; f < 3; f++) {
        struct proa_buf out;
        proa_buf_init(&out, PROA_LOG_LINE_BYTES);
        assert_ok(proa_access_write(&a, (enum proa_log_format)f, &out));
        struct proa_slice line = proa_buf_slice(&out);
        const char *last = f == 0 ? "{\"n\":16," : " attempts.15.n=16";
        const char *beyond = f == 0 ? "{\"n\":17," : " attempts.16.n=17";
        assert_true(proa_slice_search(line, proa_slice_cstr(last)) < line.len);
        assert_true(proa_slice_search(line, proa_slice_cstr(beyond)) == line.len);
        proa_buf_deinit(&out);
    }
}

/* The room reserved in advance is enough for the worst of everything. */
static void the_reservation_holds_the_worst_case(void **state)
{
    (void)state;
    static char big[PROA_LOG_VALUE_BYTES + 1];
    memset(big, 0xff, sizeof(big));
    for (size_t len = 0; len <= sizeof(big); len = len * 2 + 1) {
        struct proa_slice v = proa_slice_make(big, len);
        struct proa_access_attempt many[PROA_ACCESS_ATTEMPTS_MAX];
        for (size_t i = 0; i < PROA_ARRAY_LEN(many); i++) {
            many[i] = (struct proa_access_attempt){v, v, v, UINT32_MAX, UINT64_MAX};
        }
        struct proa_access a = everything();
        a.unix_ms = UINT64_MAX;
        a.message = a.request_id = a.trace_id = a.span_id = a.route = a.revision = a.method = v;
        a.path = a.error = a.provider = a.model = a.answered_by = a.cache = a.app = a.user =
            a.tags = a.finish = a.warnings = v;
        a.attempts = many;
        a.n_attempts = PROA_ARRAY_LEN(many);
        a.status = UINT32_MAX;
        a.duration_ns = a.overhead_ns = a.ttft_ns = a.queue_ns = UINT64_MAX;
        a.input_tokens = a.output_tokens = a.cache_read_tokens = a.cost_pico_usd = UINT64_MAX;
        for (int f = 0; f < 3; f++) {
            struct proa_buf out;
            proa_buf_init(&out, 1 << 20);
            assert_ok(proa_access_write(&a, (enum proa_log_format)f, &out));
            proa_buf_deinit(&out);
        }
    }
}

/* At the smallest maximum that lets a line through, the line is still within it: the room asked for
 * in advance is never less than what is written. */
static void the_room_is_never_too_small(void **state)
{
    (void)state;
    struct proa_access_attempt many[PROA_ACCESS_ATTEMPTS_MAX];
    for (size_t i = 0; i < PROA_ARRAY_LEN(many); i++) {
        many[i] =
            (struct proa_access_attempt){S("\xff"), S("\xff"), S("\xff"), UINT32_MAX, UINT64_MAX};
    }
    for (uint32_t n = 0; n <= PROA_ACCESS_ATTEMPTS_MAX; n += 4) {
        struct proa_access a = everything();
        const struct proa_slice v = S("\xff"); /* short: the keys weigh most */
        a.message = a.request_id = a.trace_id = a.span_id = a.route = a.revision = a.method = v;
        a.path = a.error = a.provider = a.model = a.answered_by = a.cache = a.app = a.user =
            a.tags = a.finish = a.warnings = v;
        a.unix_ms = UINT64_MAX;
        a.attempts = many;
        a.n_attempts = n;
        a.status = UINT32_MAX;
        a.duration_ns = a.overhead_ns = a.ttft_ns = a.queue_ns = UINT64_MAX;
        a.input_tokens = a.output_tokens = a.cache_read_tokens = a.cost_pico_usd = UINT64_MAX;
        for (int f = 0; f < 3; f++) {
            enum proa_err err = PROA_ERR_LIMIT;
            for (size_t max = 64; err != PROA_OK; max += 8) {
                struct proa_buf out;
                proa_buf_init(&out, max);
                err = proa_access_write(&a, (enum proa_log_format)f, &out);
                assert_true(out.len <= max);
                proa_buf_deinit(&out);
            }
        }
    }
}

static void each_optional_number_has_its_own_bit(void **state)
{
    (void)state;
    static const struct {
        uint32_t has;
        const char *text;
    } cases[] = {{PROA_ACCESS_TTFT, " ttft_ms=0.001\n"},
                 {PROA_ACCESS_QUEUE, " queue_ms=0.002\n"},
                 {PROA_ACCESS_INPUT_TOKENS, " gen_ai.usage.input_tokens=3\n"},
                 {PROA_ACCESS_OUTPUT_TOKENS, " gen_ai.usage.output_tokens=4\n"},
                 {PROA_ACCESS_CACHE_READ_TOKENS, " gen_ai.usage.cache_read.input_tokens=5\n"},
                 {PROA_ACCESS_COST, " cost_usd=6\n"}};
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_access a = {.unix_ms = NOW,
                                .has = row->has,
                                .ttft_ns = 1000,
                                .queue_ns = 2000,
                                .input_tokens = 3,
                                .output_tokens = 4,
                                .cache_read_tokens = 5,
                                .cost_pico_usd = UINT64_C(6000000000000)};
        char expected[256];
        (void)snprintf(expected, sizeof(expected), "%s%s",
                       AT " ERROR request duration_ms=0.000 overhead_ms=0.000", row->text);
        check_line(&a, PROA_LOG_TEXT, expected);
    }
}

static void lines_are_appended_whole_or_not_at_all(void **state)
{
    (void)state;
    struct proa_access a = everything();
    struct proa_buf out;
    proa_buf_init(&out, 12000);
    assert_ok(proa_access_write(&a, PROA_LOG_JSON, &out));
    size_t one = out.len;
    size_t n = 1;
    enum proa_err err = PROA_OK;
    while (err == PROA_OK) {
        size_t before = out.len;
        err = proa_access_write(&a, PROA_LOG_JSON, &out);
        assert_int_equal(out.len, before + (err == PROA_OK ? one : 0));
        n += err == PROA_OK;
    }
    assert_err(err, PROA_ERR_LIMIT);
    assert_true(n > 3);
    assert_int_equal(out.len, n * one);
    proa_buf_deinit(&out);
}

static void take(void *ctx, struct proa_slice line, bool is_access)
{
    size_t *bytes = ctx;
    assert_true(is_access);
    assert_int_equal(line.ptr[line.len - 1], '\n');
    *bytes += line.len;
}

static void logger_gets_access_lines(void **state)
{
    (void)state;
    size_t bytes = 0;
    struct proa_logger l;
    proa_logger_init(&l, PROA_LOG_JSON, PROA_LOG_INFO, take, &bytes);
    struct proa_access a = everything();
    proa_access_log(&l, &a);
    size_t one = bytes;
    assert_true(one > 500);
    proa_access_log(&l, &a);
    assert_int_equal(bytes, 2 * one);
    a.level = PROA_LOG_DEBUG; /* filtered */
    proa_access_log(&l, &a);
    proa_access_log(NULL, &a);
    assert_int_equal(bytes, 2 * one);
    proa_logger_deinit(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_in_each_format),
        cmocka_unit_test(absent_fields_are_left_out),
        cmocka_unit_test(an_attempt_without_an_answer),
        cmocka_unit_test(costs_are_exact_decimals),
        cmocka_unit_test(no_field_lets_a_byte_through),
        cmocka_unit_test(long_lists_and_long_values_stay_bounded),
        cmocka_unit_test(the_reservation_holds_the_worst_case),
        cmocka_unit_test(the_room_is_never_too_small),
        cmocka_unit_test(each_optional_number_has_its_own_bit),
        cmocka_unit_test(lines_are_appended_whole_or_not_at_all),
        cmocka_unit_test(logger_gets_access_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
