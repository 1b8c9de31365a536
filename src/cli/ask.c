/* One request and its answer, in a loop of its own. */
#include "ask_priv.h"

#include "proa/core/clock.h"
#include "proa/http/parser.h"
#include "proa/http/serialize.h"
#include "proa/net/conn.h"

#include <string.h>

enum { HEAD_MAX = 16 * 1024, REQUEST_MAX = 16 * 1024 };

struct asking {
    struct proa_loop *loop;
    struct proa_conn *conn;
    struct proa_http_parser *parser;
    struct proa_arena arena;
    struct proa_timer timer;
    struct proa_buf request;
    struct proa_cli_answer *answer;
};

static void stop(struct asking *a, enum proa_err err)
{
    struct proa_cli_answer *answer = a->answer;
    answer->err = answer->err == PROA_OK && !answer->complete ? err : answer->err;
    proa_loop_stop(a->loop);
}

static enum proa_err on_head(void *ctx, const struct proa_http_head *head)
{
    struct asking *a = ctx;
    a->answer->status = head->status;
    return PROA_OK;
}

static enum proa_err on_body(void *ctx, struct proa_slice bytes)
{
    struct asking *a = ctx;
    struct proa_buf *body = &a->answer->body;
    (void)proa_buf_append(body, proa_slice_head(bytes, body->max - body->len));
    return PROA_OK;
}

static enum proa_err on_complete(void *ctx)
{
    struct asking *a = ctx;
    a->answer->complete = true;
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
    if (err != PROA_OK || a->answer->complete) {
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

void proa_cli_answer_init(struct proa_cli_answer *answer, size_t body_max)
{
    proa_buf_init(&answer->body, body_max);
}

void proa_cli_answer_deinit(struct proa_cli_answer *answer)
{
    proa_buf_deinit(&answer->body);
}

static void run(struct asking *a, const struct proa_dial *dial, uint64_t timeout_ns)
{
    static const struct proa_conn_events events = {
        .on_open = on_open, .on_data = on_data, .on_end = on_end};
    struct proa_http_parser_cfg http = {
        .mode = PROA_HTTP_RESPONSE,
        .limits = proa_http_limits_upstream,
        .events = {.on_head = on_head, .on_body = on_body, .on_complete = on_complete},
    };
    http.limits.head_bytes = HEAD_MAX;
    a->loop = proa_loop_create();
    a->parser = proa_http_parser_create();
    struct proa_net *net = proa_net_create(a->loop);
    proa_http_parser_start(a->parser, &http, &a->arena, a);
    a->timer.fn = on_timeout;
    a->timer.ctx = a;
    proa_timer_set(a->loop, &a->timer, proa_clock_after(proa_loop_now(a->loop), timeout_ns));
    a->conn = proa_conn_dial(net, dial, &events, a);
    proa_loop_run(a->loop);
    proa_timer_clear(a->loop, &a->timer);
    proa_conn_close(a->conn);
    proa_net_destroy(net);
    proa_http_parser_destroy(a->parser);
    proa_loop_destroy(a->loop);
}

/* `lines` are further header lines. */
static void ask(const struct proa_cli_place *place, const char *method, const char *path,
                struct proa_slice lines, uint64_t timeout_ns, struct proa_cli_answer *answer)
{
    struct proa_dial dial = {.host = proa_slice_cstr(place->text), .connect_ns = timeout_ns};
    if (!place->is_unix &&
        !proa_cli_place_split(proa_slice_cstr(place->text), &dial.host, &dial.port)) {
        answer->err = PROA_ERR_ARG;
        return;
    }
    struct asking a = {.answer = answer};
    proa_arena_init(&a.arena, NULL);
    proa_buf_init(&a.request, REQUEST_MAX);
    (void)proa_buf_append_printf(&a.request, "%s %s HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n",
                                 method, path, place->is_unix ? "localhost" : place->text);
    (void)proa_buf_append(&a.request, lines);
    PROA_BUF_LIT(&a.request, "\r\n");
    if (proa_buf_ok(&a.request)) {
        run(&a, &dial, timeout_ns);
        explicit_bzero(a.request.ptr, a.request.len);
    } else {
        answer->err = PROA_ERR_LIMIT;
    }
    proa_buf_deinit(&a.request);
    proa_arena_reset(&a.arena);
}

void proa_cli_ask(const struct proa_cli_place *place, const char *path, uint64_t timeout_ns,
                  struct proa_cli_answer *answer)
{
    ask(place, "GET", path, PROA_SLICE_NONE, timeout_ns, answer);
}

void proa_cli_act(const struct proa_cli_place *place, const char *path, struct proa_slice token,
                  uint64_t timeout_ns, struct proa_cli_answer *answer)
{
    struct proa_buf lines;
    proa_buf_init(&lines, REQUEST_MAX);
    PROA_BUF_LIT(&lines, "content-length: 0\r\n");
    if (proa_http_write_value(&lines, PROA_SLICE("authorization: Bearer "), token) == PROA_OK) {
        ask(place, "POST", path, proa_buf_slice(&lines), timeout_ns, answer);
    } else {
        answer->err = PROA_ERR_ARG;
    }
    if (lines.ptr) {
        explicit_bzero(lines.ptr, lines.cap);
    }
    proa_buf_deinit(&lines);
}

int proa_cli_answer_failed(struct proa_cli *cli, const struct proa_cli_answer *answer,
                           const char *address, const char *path)
{
    char shown[PROA_CLI_SHOWN_MAX];
    if (answer->status == 0) {
        return proa_cli_fail(cli, 1, "%s does not answer: %s%s", address,
                             proa_err_text(answer->err),
                             answer->err == PROA_ERR_REFUSED ? "; is proa running there?" : "");
    }
    struct proa_slice body = proa_buf_slice(&answer->body);
    while (body.len > 0 && (body.ptr[body.len - 1] == '\n' || body.ptr[body.len - 1] == '\r')) {
        body.len--;
    }
    return proa_cli_fail(cli, 1, "%s%s answers %u: %s", address, path, (unsigned)answer->status,
                         proa_cli_shown(shown, body));
}
