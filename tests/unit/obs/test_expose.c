#include "proa/obs/expose.h"

#include <errno.h>
#include <fcntl.h>

#include "expose_check.h"

#define S PROA_SLICE

/* Every metric of the table with at least one series and values worth printing. */
static struct proa_metric_reg *full_registry(void)
{
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    const struct proa_slice values[] = {S("one"), S("tw\"o\\\n"), S("gr\xc3\xbcn"), S("input")};
    for (int i = 0; i < PROA_METRIC_COUNT; i++) {
        const struct proa_metric_def *def = proa_metric_def((enum proa_metric)i);
        uint32_t n = proa_metric_n_labels(def);
        if (def->kind == PROA_METRIC_INFO) {
            proa_metric_info(reg, (enum proa_metric)i, values, n);
            continue;
        }
        struct proa_metric_series *s = proa_metric_series(reg, (enum proa_metric)i, values, n);
        if (def->kind == PROA_METRIC_HISTOGRAM) {
            for (uint64_t v = 1; v < UINT64_C(1) << 40; v *= 3) {
                proa_metric_observe(s, v);
            }
        } else {
            proa_metric_add(s, 1234567890 + (uint64_t)i);
        }
        if (n > 0) {
            (void)proa_metric_series(reg, (enum proa_metric)i, values + (n < 4 ? 1 : 0), n);
        }
    }
    return reg;
}

static void both_formats_are_well_formed(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = full_registry();
    struct expose_check *check = malloc(sizeof(*check));
    assert_non_null(check);
    size_t n_samples[2];
    for (int f = 0; f < 2; f++) {
        struct proa_buf out;
        proa_buf_init(&out, 1 << 20);
        assert_ok(proa_expose_write(reg, (enum proa_expose_format)f, &out));
        expose_check(check, proa_buf_slice(&out), f == PROA_EXPOSE_OPENMETRICS);
        assert_int_equal(check->n_seen, PROA_METRIC_COUNT);
        n_samples[f] = check->n_samples;
        proa_buf_deinit(&out);
    }
    assert_int_equal(n_samples[0], n_samples[1]);
    free(check);
    proa_metric_reg_destroy(reg);
}

static void lines_read_as_expected(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = proa_metric_reg_create(0);
    const struct proa_slice build[] = {S("0.2.0"), S("abc")};
    proa_metric_info(reg, PROA_METRIC_BUILD, build, 2);
    proa_metric_add(proa_metric_series2(reg, PROA_METRIC_REQUESTS, S("chat"), S("ok")), 42);
    proa_metric_sub(proa_metric_series1(reg, PROA_METRIC_INFLIGHT, S("chat")), 3);
    proa_metric_set(proa_metric_series0(reg, PROA_METRIC_PROCESS_CPU), 1500000000);
    proa_metric_set(proa_metric_series0(reg, PROA_METRIC_PROCESS_START),
                    UINT64_C(1795474501123000000));
    proa_metric_add(proa_metric_series3(reg, PROA_METRIC_COST, S("chat"), S("openai"), S("x")),
                    UINT64_C(12000002500000));
    struct proa_metric_series *h =
        proa_metric_series1(reg, PROA_METRIC_REQUEST_DURATION, S("chat"));
    proa_metric_observe(h, 10000000);
    proa_metric_observe(h, 10000001);
    proa_metric_observe(h, UINT64_C(100000000000));
    struct proa_metric_series *lag = proa_metric_series0(reg, PROA_METRIC_LOOP_LAG);
    proa_metric_observe(lag, 1000000000);

    static const char *const both[] = {
        "proa_build_info{version=\"0.2.0\",revision=\"abc\"} 1",
        "proa_requests_total{route=\"chat\",outcome=\"ok\"} 42",
        "proa_inflight_requests{route=\"chat\"} -3",
        "process_cpu_seconds_total 1.5",
        "proa_cost_usd_total{route=\"chat\",provider=\"openai\",model=\"x\"} 12.0000025",
        "process_start_time_seconds 1795474501.123",
        "proa_request_duration_seconds_bucket{route=\"chat\",le=\"0.01\"} 1",
        "proa_request_duration_seconds_bucket{route=\"chat\",le=\"0.02\"} 2",
        "proa_request_duration_seconds_bucket{route=\"chat\",le=\"81.92\"} 2",
        "proa_request_duration_seconds_bucket{route=\"chat\",le=\"+Inf\"} 3",
        "proa_request_duration_seconds_sum{route=\"chat\"} 100.020000001",
        "proa_request_duration_seconds_count{route=\"chat\"} 3",
        "proa_event_loop_lag_seconds_bucket{le=\"0.00001\"} 0",
        "proa_event_loop_lag_seconds_bucket{le=\"1.0\"} 1",
        "proa_event_loop_lag_seconds_sum 1",
        "proa_event_loop_lag_seconds_count 1",
        "proa_metric_series_folded_total 0",
    };
    static const char *const only[2][4] = {
        {"# TYPE proa_requests_total counter", "# TYPE proa_build_info gauge",
         "# TYPE process_cpu_seconds_total counter",
         "# TYPE proa_request_duration_seconds histogram"},
        {"# TYPE proa_requests counter", "# TYPE proa_build info",
         "# UNIT process_cpu_seconds seconds", "# EOF"}};
    for (int f = 0; f < 2; f++) {
        struct proa_buf out;
        proa_buf_init(&out, 1 << 20);
        assert_ok(proa_expose_write(reg, (enum proa_expose_format)f, &out));
        PROA_TEST_ROWS(line, both)
        {
            PROA_TEST_CHECK(expose_has(proa_buf_slice(&out), *line), "format %d: %s", f, *line);
        }
        PROA_TEST_ROWS(line, only[f])
        {
            PROA_TEST_CHECK(expose_has(proa_buf_slice(&out), *line), "format %d: %s", f, *line);
        }
        /* A metric without a series is not mentioned. */
        assert_true(proa_slice_search(proa_buf_slice(&out), S("proa_shed")) == out.len);
        proa_buf_deinit(&out);
    }
    proa_metric_reg_destroy(reg);
}

static void same_history_same_bytes(void **state)
{
    (void)state;
    struct proa_buf out[2];
    for (int i = 0; i < 2; i++) {
        struct proa_metric_reg *reg = full_registry();
        proa_buf_init(&out[i], 1 << 20);
        assert_ok(proa_expose_write(reg, PROA_EXPOSE_PROMETHEUS, &out[i]));
        proa_metric_reg_destroy(reg);
    }
    assert_slice_equal(proa_buf_slice(&out[0]), proa_buf_slice(&out[1]));
    proa_buf_deinit(&out[0]);
    proa_buf_deinit(&out[1]);
}

static void too_small_a_buffer_is_an_error(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = full_registry();
    for (size_t max = 1; max < 4000; max += 37) {
        struct proa_buf out;
        proa_buf_init(&out, max);
        assert_err(proa_expose_write(reg, PROA_EXPOSE_OPENMETRICS, &out), PROA_ERR_LIMIT);
        assert_true(out.len <= max);
        proa_buf_deinit(&out);
    }
    proa_metric_reg_destroy(reg);
}

static void accept_decides_the_format(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool openmetrics;
    } cases[] = {
        {"", false},
        {"*/*", false},
        {"text/plain", false},
        {"text/html,application/xhtml+xml,*/*;q=0.8", false},
        {"application/openmetrics-text", true},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", true},
        {"application/openmetrics-text; version=\"1.0.0\"", true},
        {"APPLICATION/OpenMetrics-Text;Version=1.0.0", true},
        {"application/openmetrics-text;version=0.0.1", false},
        {"application/openmetrics-text;version=2.0.0", false},
        {"application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0",
         true},
        {"application/openmetrics-text;q=0", false},
        {"application/openmetrics-text;q=0.000", false},
        {"application/openmetrics-text;q=0.001", true},
        {"application/openmetrics-text;q=nonsense", false},
        {"application/openmetrics-text;q=0.5,text/plain", false},
        {"application/openmetrics-text;q=0.5,text/plain;q=0.5", true},
        {"text/plain;q=0.5;version=0.0.4 , application/openmetrics-text ; q=0.75", true},
        {"application/openmetrics-text;q=0.3,text/plain;version=1.0.0", true},
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
         "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         true},
        {",,;;,=;q", false},
        {"application/openmetrics-textual", false},
    };
    PROA_TEST_ROWS(row, cases)
    {
        enum proa_expose_format f = proa_expose_negotiate(proa_slice_cstr(row->accept));
        PROA_TEST_CHECK((f == PROA_EXPOSE_OPENMETRICS) == row->openmetrics, "%s", row->accept);
    }
    assert_slice_lit(proa_expose_content_type(PROA_EXPOSE_PROMETHEUS),
                     "text/plain; version=0.0.4; charset=utf-8");
    assert_slice_lit(proa_expose_content_type(PROA_EXPOSE_OPENMETRICS),
                     "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

/* Prometheus' own reader and linter, where it is installed. */
static void promtool_finds_nothing(void **state)
{
    (void)state;
    struct proa_metric_reg *reg = full_registry();
    struct proa_buf out;
    proa_buf_init(&out, 1 << 20);
    assert_ok(proa_expose_write(reg, PROA_EXPOSE_PROMETHEUS, &out));
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(fds[0], STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)close(fds[0]);
        (void)close(fds[1]);
        (void)execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
        _exit(127);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)close(fds[0]);
    size_t sent = 0;
    while (sent < out.len) {
        ssize_t n = write(fds[1], out.ptr + sent, out.len - sent);
        if (n <= 0) {
            break;
        }
        sent += (size_t)n;
    }
    (void)close(fds[1]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    proa_buf_deinit(&out);
    proa_metric_reg_destroy(reg);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        skip();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats_are_well_formed),
        cmocka_unit_test(lines_read_as_expected),
        cmocka_unit_test(same_history_same_bytes),
        cmocka_unit_test(too_small_a_buffer_is_an_error),
        cmocka_unit_test(accept_decides_the_format),
        cmocka_unit_test(promtool_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
