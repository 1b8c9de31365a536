/*
 * A tunnel through an HTTP proxy: CONNECT, its answer, and from then on the bytes of the other end
 * (RFC 9110 9.3.6). The proxy's answer is read up to its end and not beyond: a proxy that says more
 * before we have spoken is not to be trusted with what follows.
 */
#include "conn_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/http/parser.h"

enum { ANSWER_MAX = 16 * 1024, DEFAULT_SPAN_S = 2 };

struct conn_tunnel {
    struct proa_timer deadline;
    struct proa_buf request; /* wiped once sent: it may hold a password */
    struct proa_buf answer;
    uint16_t status;
    size_t authority_len;
    size_t proxy_len;
    char text[]; /* "host:443", "egress.example:3128" */
};

static struct proa_slice authority_of(const struct conn_tunnel *t)
{
    return proa_slice_make(t->text, t->authority_len);
}

static struct proa_slice proxy_of(const struct conn_tunnel *t)
{
    return proa_slice_make(t->text + t->authority_len, t->proxy_len);
}

/* "host:port", an IPv6 address in brackets. */
static void put_authority(struct proa_buf *b, struct proa_slice host, uint16_t port)
{
    const bool ipv6 = proa_slice_find(host, ':') < host.len;
    (void)proa_buf_append_cstr(b, ipv6 ? "[" : "");
    (void)proa_buf_append(b, host);
    (void)proa_buf_append_cstr(b, ipv6 ? "]:" : ":");
    (void)proa_buf_append_u64(b, port);
}

static void wipe(struct proa_buf *b)
{
    if (b->ptr) {
        explicit_bzero(b->ptr, b->cap);
    }
    proa_buf_deinit(b);
}

static void write_request(struct conn_tunnel *t, struct proa_slice authorization)
{
    struct proa_buf *b = &t->request;
    (void)proa_buf_reserve(b, 2 * t->authority_len + authorization.len + 128);
    PROA_BUF_LIT(b, "CONNECT ");
    (void)proa_buf_append(b, authority_of(t));
    PROA_BUF_LIT(b, " HTTP/1.1\r\nhost: ");
    (void)proa_buf_append(b, authority_of(t));
    if (authorization.len > 0) {
        PROA_BUF_LIT(b, "\r\nproxy-authorization: ");
        (void)proa_buf_append(b, authorization);
    }
    PROA_BUF_LIT(b, "\r\n\r\n");
}

static void on_deadline(void *ctx, uint64_t now_ns);

void proa_conn_tunnel_create(struct proa_conn *conn, const struct proa_dial *dial)
{
    struct proa_buf text;
    struct proa_loop *loop = conn->net->loop;
    proa_buf_init(&text, 4096);
    put_authority(&text, dial->host, dial->port);
    const size_t authority_len = text.len;
    put_authority(&text, dial->proxy->host, dial->proxy->port);
    struct conn_tunnel *t = proa_alloc_zero(1, sizeof(*t) + text.len);
    memcpy(t->text, text.ptr, text.len);
    t->authority_len = authority_len;
    t->proxy_len = text.len - authority_len;
    proa_buf_deinit(&text);
    proa_buf_init(&t->request, SIZE_MAX);
    proa_buf_init(&t->answer, ANSWER_MAX);
    write_request(t, dial->proxy->authorization);
    t->deadline = (struct proa_timer){.fn = on_deadline, .ctx = conn};
    conn->tunnel = t;
    /* One span for getting connected, the proxy's own way included. */
    const uint64_t span = dial->connect_ns ? dial->connect_ns : DEFAULT_SPAN_S * PROA_NS_PER_S;
    proa_timer_set(loop, &t->deadline, proa_clock_after(proa_loop_now(loop), span));
}

void proa_conn_tunnel_destroy(struct proa_conn *conn)
{
    struct conn_tunnel *t = conn->tunnel;
    if (!t) {
        return;
    }
    conn->tunnel = NULL;
    proa_timer_clear(conn->net->loop, &t->deadline);
    wipe(&t->request);
    proa_buf_deinit(&t->answer);
    proa_free(t);
}

/* "proxy p.example:3128: `what` api.example:443 `behind`" */
static void fail(struct proa_conn *conn, enum proa_err err, const char *what, const char *behind)
{
    const struct conn_tunnel *t = conn->tunnel;
    struct proa_buf text;
    proa_buf_init(&text, 1024);
    PROA_BUF_LIT(&text, "proxy ");
    (void)proa_buf_append(&text, proxy_of(t));
    PROA_BUF_LIT(&text, ": ");
    (void)proa_buf_append_cstr(&text, what);
    if (behind) {
        PROA_BUF_LIT(&text, " ");
        (void)proa_buf_append(&text, authority_of(t));
        (void)proa_buf_append_cstr(&text, behind);
    }
    proa_conn_set_detail(conn, &text);
    proa_buf_deinit(&text);
    proa_conn_fail_open(conn, err);
}

static void on_deadline(void *ctx, uint64_t now_ns)
{
    struct proa_conn *conn = ctx;
    (void)now_ns;
    if (conn->state == CONN_TUNNELLING) {
        fail(conn, PROA_ERR_TIMEOUT, "no answer to CONNECT for", "");
    } /* else dialling, which has a deadline of its own and says more */
}

void proa_conn_tunnel_start(struct proa_conn *conn)
{
    struct conn_tunnel *t = conn->tunnel;
    const struct iovec iov = {t->request.ptr, t->request.len};
    const enum proa_err err = proa_sock_writev(conn->sock, &iov, 1);
    wipe(&t->request);
    if (err) {
        fail(conn, err, "not reachable any more", NULL);
    }
}

static enum proa_err on_head(void *ctx, const struct proa_http_head *head)
{
    struct conn_tunnel *t = ctx;
    t->status = head->status;
    return PROA_ERR_CANCELLED; /* the rest is no message */
}

/* What is there of the answer: OK, and its head is not whole yet; CANCELLED, and it is, with its
 * status in *t and its end in *end; else it is none. Interim answers are skipped. */
static enum proa_err read_answer(struct conn_tunnel *t, struct proa_slice bytes, size_t *end)
{
    const struct proa_http_parser_cfg cfg = {
        .mode = PROA_HTTP_RESPONSE,
        .limits = proa_http_limits_upstream,
        .events = {.on_head = on_head},
    };
    struct proa_http_parser *parser = proa_http_parser_create();
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    proa_http_parser_start(parser, &cfg, &arena, t);
    const enum proa_err err = proa_http_parser_feed(parser, bytes, end);
    proa_http_parser_destroy(parser);
    proa_arena_reset(&arena);
    return err;
}

static void refuse(struct proa_conn *conn, uint16_t status)
{
    char behind[32];
    size_t n = 0;
    if (status == 407) {
        fail(conn, PROA_ERR_PROXY,
             "wants other credentials than it got (407); set proxy_auth, or user:password@ in the "
             "variable, for",
             "");
        return;
    }
    behind[n++] = ' ';
    behind[n++] = '(';
    n += proa_fmt_u64(behind + n, status);
    behind[n++] = ')';
    behind[n] = '\0';
    fail(conn, PROA_ERR_PROXY,
         status == 403                    ? "forbids a connection to"
         : status >= 502 && status <= 504 ? "could not reach"
                                          : "opened no tunnel to",
         behind);
}

/* Where a head may end is looked for first: bytes may come one by one. */
static bool may_end(const struct conn_tunnel *t, size_t before)
{
    const struct proa_slice mark = PROA_SLICE("\r\n\r\n");
    const struct proa_slice newest =
        proa_slice_from(proa_buf_slice(&t->answer), before < mark.len ? 0 : before - mark.len + 1);
    return proa_slice_search(newest, mark) < newest.len;
}

void proa_conn_tunnel_on_read(struct proa_conn *conn, struct proa_slice bytes)
{
    struct conn_tunnel *t = conn->tunnel;
    const size_t before = t->answer.len;
    const size_t room = ANSWER_MAX - before;
    size_t end = 0;
    (void)proa_buf_append(&t->answer, proa_slice_head(bytes, room));
    const enum proa_err err =
        may_end(t, before) ? read_answer(t, proa_buf_slice(&t->answer), &end) : PROA_OK;
    if (err == PROA_OK && bytes.len >= room) {
        fail(conn, PROA_ERR_PROTOCOL, "the answer to CONNECT has no end", NULL);
    } else if (err == PROA_OK) {
        return;
    } else if (err != PROA_ERR_CANCELLED) {
        fail(conn, PROA_ERR_PROTOCOL, "the answer to CONNECT is not HTTP", NULL);
    } else if (t->status < 200 || t->status > 299) {
        refuse(conn, t->status);
    } else if (before + bytes.len > end) {
        fail(conn, PROA_ERR_PROTOCOL, "bytes behind the answer to CONNECT for", "");
    } else {
        proa_conn_tunnel_destroy(conn);
        proa_conn_reached(conn);
    }
}

void proa_conn_tunnel_on_end(struct proa_conn *conn, enum proa_err err)
{
    fail(conn, err == PROA_OK ? PROA_ERR_CLOSED : err, "closed instead of an answer to CONNECT for",
         "");
}
