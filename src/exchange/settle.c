/*
 * The end of an exchange in numbers: metrics and one access line.
 */
#include "exchange_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/obs/trace.h"
#include "proa/usage/cost.h"

/* From the first attempt's start, or the wait in line before it, to the last one's end: attempts
 * may run side by side, and between them the exchange may wait. */
uint64_t proa_exchange_upstream_ns(const struct proa_exchange *x)
{
    const uint64_t now = proa_loop_now(x->host->loop);
    const struct proa_run *run = x->run;
    const uint64_t waited = x->cached ? proa_cached_waited_ns(x) : 0;
    if (!run || (run->n_attempts == 0 && run->queued_ns == 0)) {
        return waited;
    }
    uint64_t end = run->n_attempts == 0 ? now : 0;
    for (size_t i = 0; i < run->n_attempts; i++) {
        const struct proa_attempt_record *a = &run->attempts[i];
        const uint64_t ended = a->stage == PROA_STAGE_OVER ? a->ended_ns : now;
        end = ended > end ? ended : end;
    }
    return waited +
           proa_clock_since(end, run->queued_ns > 0 ? run->queued_ns : run->attempts[0].started_ns);
}

static struct proa_slice fate(const struct proa_attempt_record *a)
{
    return a->class == PROA_CLASS_OK          ? PROA_SLICE("won")
           : a->class == PROA_CLASS_CANCELLED ? PROA_SLICE("lost")
                                              : PROA_SLICE("failed");
}

/* Attempts that are neither the first one nor a retry. */
static void count_special(const struct proa_exchange *x, const struct proa_attempt_record *a)
{
    struct proa_metric_reg *reg = x->host->metrics;
    switch (a->purpose) {
    case PROA_PURPOSE_HEDGE:
        proa_metric_add(proa_metric_series1(reg, PROA_METRIC_HEDGES, fate(a)), 1);
        break;
    case PROA_PURPOSE_EVACUATION:
        proa_metric_add(proa_metric_series1(reg, PROA_METRIC_EVACUATIONS, fate(a)), 1);
        break;
    case PROA_PURPOSE_RESCUE_PREFILL:
    case PROA_PURPOSE_RESCUE_SPLICE:
        proa_metric_add(proa_metric_series2(
                            reg, PROA_METRIC_RESCUES,
                            a->purpose == PROA_PURPOSE_RESCUE_PREFILL ? PROA_SLICE("prefill")
                                                                      : PROA_SLICE("splice"),
                            a->class == PROA_CLASS_OK ? PROA_SLICE("won")
                                                      : proa_slice_cstr(proa_class_text(a->class))),
                        1);
        break;
    case PROA_PURPOSE_PRIMARY:
    case PROA_PURPOSE_RETRY:
    case PROA_PURPOSE_PROBE:
        break;
    }
}

/* In line, before anything was tried; 0: it did not have to wait. */
static uint64_t waited_in_line(const struct proa_run *run, uint64_t now_ns)
{
    const uint64_t until = run->n_attempts > 0 ? run->attempts[0].started_ns : now_ns;
    return run->queued_ns > 0 ? proa_clock_since(until, run->queued_ns) : 0;
}

/* What it had to wait for before anything was tried, and what came of that. */
static void count_waiting(const struct proa_exchange *x, uint64_t now_ns)
{
    const struct proa_run *run = x->run;
    static const char *const shed[] = {[PROA_FAIL_NO_TARGET] = "no_target",
                                       [PROA_FAIL_RATE_LIMITED] = "rate_limit",
                                       [PROA_FAIL_SHED] = "queue"};
    if (run->queued_ns > 0) {
        proa_metric_observe(proa_live_route(x->live, x->resolved.route)->queue_wait,
                            waited_in_line(run, now_ns));
    }
    if (run->n_attempts == 0 && x->fail < PROA_ARRAY_LEN(shed) && shed[x->fail]) {
        proa_metric_add(
            proa_metric_series1(x->host->metrics, PROA_METRIC_SHED, proa_slice_cstr(shed[x->fail])),
            1);
    }
}

static void count_attempts(struct proa_exchange *x)
{
    const struct proa_route *route = x->resolved.route;
    for (size_t i = 0; i < x->run->n_attempts; i++) {
        const struct proa_attempt_record *a = &x->run->attempts[i];
        proa_live_count_attempt(x->live, route, a->candidate, a->class);
        if (a->purpose != PROA_PURPOSE_RETRY) {
            count_special(x, a);
            continue;
        }
        const struct proa_attempt_record *before = &x->run->attempts[i - 1];
        proa_metric_add(proa_metric_series1(x->host->metrics, PROA_METRIC_RETRIES,
                                            proa_slice_cstr(proa_class_text(before->class))),
                        1);
        const struct proa_slice from = before->candidate->target->provider->name;
        const struct proa_slice to = a->candidate->target->provider->name;
        if (!proa_slice_eq(from, to)) {
            proa_metric_add(
                proa_metric_series3(x->host->metrics, PROA_METRIC_FALLBACKS, route->name, from, to),
                1);
        }
    }
}

static void count_interruption(const struct proa_exchange *x)
{
    const struct proa_attempt_record *a = &x->run->attempts[x->run->winner];
    if (a->class != PROA_CLASS_OK && a->class != PROA_CLASS_CANCELLED) {
        proa_metric_add(proa_metric_series2(x->host->metrics, PROA_METRIC_STREAM_INTERRUPTIONS,
                                            a->candidate->target->provider->name,
                                            proa_slice_cstr(proa_class_text(a->class))),
                        1);
    }
}

static const struct attempt *winner_of(const struct proa_exchange *x)
{
    return x->run && proa_run_committed(x->run) ? x->attempts[x->run->winner] : NULL;
}

static uint32_t list_attempts(const struct proa_exchange *x, struct proa_access_attempt *out)
{
    uint32_t n = 0;
    for (size_t i = 0; x->run && i < x->run->n_attempts; i++) {
        const struct proa_attempt_record *a = &x->run->attempts[i];
        out[n++] = (struct proa_access_attempt){
            .provider = a->candidate->target->label,
            .model = x->attempts[i] ? x->attempts[i]->model : PROA_SLICE_NONE,
            .error = a->class == PROA_CLASS_OK ? PROA_SLICE_NONE
                                               : proa_slice_cstr(proa_class_text(a->class)),
            .status = a->status,
            .ns = proa_clock_since(a->ended_ns, a->started_ns),
        };
    }
    return n;
}

/* The client's own, where it has one: a trace is not begun here. */
static void put_trace(const struct proa_exchange *x, struct proa_access *line)
{
    struct proa_trace trace;
    const struct proa_slice text =
        proa_http_header_value(&x->head->headers, PROA_HTTP_HEADER_TRACEPARENT);
    if (text.len > 0 && proa_trace_parse(text, &trace) == PROA_OK) {
        line->trace_id = trace.trace_id;
        line->span_id = trace.span_id;
    }
}

static void log_access(const struct proa_exchange *x, enum proa_outcome outcome, uint64_t now_ns,
                       uint64_t ours_ns)
{
    PROA_UNINIT struct proa_access_attempt attempts[PROA_RUN_ATTEMPTS_MAX];
    struct proa_access line = {
        .unix_ms = proa_loop_wall_ms(x->host->loop),
        .level = outcome == PROA_OUTCOME_ERROR ? PROA_LOG_ERROR : PROA_LOG_INFO,
        .request_id = x->id,
        .route = x->resolved.route ? x->resolved.route->name : PROA_SLICE_NONE,
        .revision = proa_slice_cstr(x->live->snapshot->revision),
        .error = x->error                            ? proa_slice_cstr(x->error)
                 : outcome == PROA_OUTCOME_CANCELLED ? PROA_SLICE("client_cancelled")
                                                     : PROA_SLICE_NONE,
        .model = x->model,
        .cache = proa_cached_text(x),
        .user = proa_routed_user(x),
        .tags = proa_routed_tags(x),
        .attempts = attempts,
        .n_attempts = list_attempts(x, attempts),
        .status = x->status,
        .stream = x->stream,
        .duration_ns = proa_clock_since(now_ns, x->arrived_ns),
        .overhead_ns = ours_ns,
    };
    if (x->head) {
        line.method = x->head->method_text;
        line.path = x->head->path;
        line.app = proa_http_header_value(&x->head->headers, PROA_HTTP_HEADER_USER_AGENT);
        put_trace(x, &line);
    }
    if (x->run && x->run->queued_ns > 0) {
        line.queue_ns = waited_in_line(x->run, now_ns);
        line.has |= PROA_ACCESS_QUEUE;
    }
    const struct attempt *winner = winner_of(x);
    if (winner) {
        const bool cost = proa_exchange_cost(winner, &line.cost_pico_usd);
        const struct proa_usage *u = &winner->usage;
        line.provider = x->run->attempts[x->run->winner].candidate->target->provider->name;
        line.answered_by = winner->answered_by;
        line.finish = winner->finish_reason;
        line.warnings = winner->translation ? proa_translate_warnings(winner) : PROA_SLICE_NONE;
        line.input_tokens = u->count[PROA_USAGE_INPUT];
        line.output_tokens = u->count[PROA_USAGE_OUTPUT];
        line.cache_read_tokens = u->count[PROA_USAGE_CACHE_READ];
        line.ttft_ns = proa_clock_since(x->first_out_ns, x->arrived_ns);
        line.has |=
            (x->stream ? PROA_ACCESS_TTFT : 0U) |
            (proa_usage_has(u, PROA_USAGE_INPUT) ? PROA_ACCESS_INPUT_TOKENS : 0U) |
            (proa_usage_has(u, PROA_USAGE_OUTPUT) ? PROA_ACCESS_OUTPUT_TOKENS : 0U) |
            (proa_usage_has(u, PROA_USAGE_CACHE_READ) ? PROA_ACCESS_CACHE_READ_TOKENS : 0U) |
            (cost ? PROA_ACCESS_COST : 0U);
    }
    proa_access_log(x->host->access_log, &line);
}

/* Of the answer that was given: what others had cost that failed or lost is seldom told, and in
 * none of the figures. By the price of what was asked: an answer that names another model says
 * nothing about that. */
bool proa_exchange_cost(const struct attempt *a, uint64_t *pico)
{
    return a->offer && proa_cost_of(&a->usage, &a->offer->price, pico);
}

void proa_exchange_settle(struct proa_exchange *x, enum proa_outcome outcome)
{
    const uint64_t now = proa_loop_clock();
    const uint64_t total = proa_clock_since(now, x->arrived_ns);
    const uint64_t ours = proa_clock_since(total, proa_exchange_upstream_ns(x));
    struct proa_live_route *route = proa_live_route(x->live, x->resolved.route);
    proa_metric_add(route->requests[outcome], 1);
    proa_metric_observe(route->duration, total);
    proa_metric_observe(route->overhead, ours);
    if (x->run) {
        proa_metric_sub(route->inflight, 1);
        count_attempts(x);
        count_waiting(x, now);
    }
    const struct attempt *winner = winner_of(x);
    if (winner) {
        count_interruption(x);
        struct proa_live_answer answer = {
            .op = x->operation,
            .duration_ns = total,
            .first_content_ns = x->stream ? x->first_out_ns - x->arrived_ns : 0,
            .usage = &winner->usage,
        };
        answer.has_cost = proa_exchange_cost(winner, &answer.cost_pico_usd);
        proa_live_count_answer(x->live, x->resolved.route,
                               x->run->attempts[x->run->winner].candidate, &answer);
    }
    if (proa_logger_wants(x->host->access_log, PROA_LOG_INFO) || outcome == PROA_OUTCOME_ERROR) {
        log_access(x, outcome, now, ours);
    }
}
