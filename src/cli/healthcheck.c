/*
 * `proa healthcheck`: one GET to the ops listener. The answer decides the exit code alone; its body
 * is shown when it says no.
 */
#include "place_priv.h"

#include "proa/config/quantity.h"
#include "proa/core/clock.h"
#include "proa/http/parser.h"
#include "proa/net/conn.h"

#include <sysexits.h>

enum { HEAD_MAX = 16 * 1024, BODY_SHOWN = 200 };

static const uint64_t TIMEOUT_NS = 2 * PROA_NS_PER_S;

struct asking {
    struct proa_loop *loop;
    struct proa_conn *conn;
    struct proa_http_parser *parser;
    struct proa_arena arena;
    struct proa_timer timer;
    struct proa_buf request;
    struct proa_buf body;
    uint16_t status;
    bool complete;
    enum proa_err err; /* why there is no answer */
};

static void stop(struct asking *a, enum proa_err err)
{
    a->err = a->err == PROA_OK && !a->complete ? err : a->err;
    proa_loop_stop(a->loop);
}

static enum proa_err on_head(void *ctx, const struct proa_http_head *head)
{
    struct asking *a = ctx;
    a->status = head->status;
    return PROA_OK;
}

static enum proa_err on_body(void *ctx, struct proa_slice bytes)
{
    struct asking *a = ctx;
    (void)proa_buf_append(&a->body, proa_slice_head(bytes, BODY_SHOWN - a->body.len));
    return PROA_OK;
}

static enum proa_err on_complete(void *ctx)
{
    struct asking *a = ctx;
    a->complete = true;
    return PROA_OK;
}

static void on_open(void *ctx, enum proa_err err)
{
    struct asking *a = ctx;
    const struct iovec iov = {.iov_base = a->request.ptr, .iov_len = a->request.len};
    if (err == PROA_OK) {
        err = proa_conn_writev(a->conn, &iov, 1);
    }
    if (err != PROA_OK) {
        stop(a, err);
    }
}

static void on_data(void *ctx, struct proa_slice bytes)
{
    struct asking *a = ctx;
    size_t consumed = 0;
    const enum proa_err err = proa_http_parser_feed(a->parser, bytes, &consumed);
    if (err != PROA_OK || a->complete) {
        stop(a, err);
    }
}

static void on_end(void *ctx, enum proa_err err)
{
    struct asking *a = ctx;
    stop(a, err != PROA_OK ? err : proa_http_parser_finish(a->parser));
}

static void on_timeout(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    stop(ctx, PROA_ERR_TIMEOUT);
}

/* Asks and waits; the outcome is in *a. */
static void ask(struct asking *a, const struct proa_cli_place *place, const char *path,
                uint64_t timeout_ns)
{
    static const struct proa_conn_events events = {
        .on_open = on_open, .on_data = on_data, .on_end = on_end};
    struct proa_http_parser_cfg http = {
        .mode = PROA_HTTP_RESPONSE,
        .limits = proa_http_limits_upstream,
        .events = {.on_head = on_head, .on_body = on_body, .on_complete = on_complete},
    };
    http.limits.head_bytes = HEAD_MAX;
    struct proa_dial dial = {.host = proa_slice_cstr(place->text), .connect_ns = timeout_ns};
    if (!place->is_unix &&
        !proa_cli_place_split(proa_slice_cstr(place->text), &dial.host, &dial.port)) {
        a->err = PROA_ERR_ARG;
        return;
    }
    (void)proa_buf_append_printf(&a->request,
                                 "GET %s HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n\r\n", path,
                                 place->is_unix ? "localhost" : place->text);
    a->loop = proa_loop_create();
    a->parser = proa_http_parser_create();
    struct proa_net *net = proa_net_create(a->loop);
    proa_http_parser_start(a->parser, &http, &a->arena, a);
    a->timer.fn = on_timeout;
    a->timer.ctx = a;
    proa_timer_set(a->loop, &a->timer, proa_clock_after(proa_loop_now(a->loop), timeout_ns));
    a->conn = proa_conn_dial(net, &dial, &events, a);
    proa_loop_run(a->loop);
    proa_timer_clear(a->loop, &a->timer);
    proa_conn_close(a->conn);
    proa_net_destroy(net);
    proa_http_parser_destroy(a->parser);
    proa_loop_destroy(a->loop);
}

static int verdict(struct proa_cli *cli, const struct asking *a, const char *address,
                   const char *path)
{
    const bool quiet = proa_cli_args_has(cli->args, "quiet");
    if (a->complete && a->status >= 200 && a->status < 300) {
        if (!quiet) {
            proa_cli_out_printf(&cli->out, "ok\n");
        }
        return EX_OK;
    }
    if (quiet) {
        return 1;
    }
    if (a->status == 0) {
        return proa_cli_fail(cli, 1, "%s does not answer: %s%s", address, proa_err_text(a->err),
                             a->err == PROA_ERR_REFUSED ? "; is proa running there?" : "");
    }
    char shown[PROA_CLI_SHOWN_MAX];
    struct proa_slice body = proa_buf_slice(&a->body);
    while (body.len > 0 && (body.ptr[body.len - 1] == '\n' || body.ptr[body.len - 1] == '\r')) {
        body.len--;
    }
    return proa_cli_fail(cli, 1, "%s%s answers %u: %s", address, path, (unsigned)a->status,
                         proa_cli_shown(shown, body));
}

int proa_cli_healthcheck(struct proa_cli *cli)
{
    const struct proa_cli_args *args = cli->args;
    const char *text = proa_cli_args_value(args, "timeout");
    const bool live = proa_cli_args_has(args, "live");
    const bool ready = proa_cli_args_has(args, "ready");
    const bool startup = proa_cli_args_has(args, "startup");
    const char *path = live ? "/livez" : startup ? "/startupz" : "/readyz";
    uint64_t timeout_ns = TIMEOUT_NS;
    struct proa_cli_place place;
    int code = EX_OK;
    if ((int)live + (int)ready + (int)startup > 1) {
        return proa_cli_usage(cli, "--live, --ready and --startup exclude one another");
    }
    if (text && (proa_quantity_duration(proa_slice_cstr(text), &timeout_ns) != PROA_OK ||
                 timeout_ns == 0)) {
        char shown[PROA_CLI_SHOWN_MAX];
        return proa_cli_usage(cli, "--timeout cannot be \"%s\"; write a time such as 500ms or 2s",
                              proa_cli_shown(shown, proa_slice_cstr(text)));
    }
    if (!proa_cli_place_find(cli, PROA_CLI_PLACE_OPS, "ops", false, &place, &code)) {
        return code;
    }
    struct asking a = {0};
    proa_arena_init(&a.arena, NULL);
    proa_buf_init(&a.request, 1024);
    proa_buf_init(&a.body, BODY_SHOWN);
    ask(&a, &place, path, timeout_ns);
    code = verdict(cli, &a, place.text, path);
    proa_buf_deinit(&a.body);
    proa_buf_deinit(&a.request);
    proa_arena_reset(&a.arena);
    return code;
}
