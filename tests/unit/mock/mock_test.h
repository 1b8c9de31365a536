/*
 * What the tests of the mock share: a mock on a loop, and a caller over a plain socket that takes
 * answers apart with a parser of its own making, as small as these answers allow.
 */
#ifndef PROA_TEST_MOCK_H
#define PROA_TEST_MOCK_H

#include "proa/core/buf.h"
#include "proa/mock/mock.h"

#include "io/io_test.h"

struct talk {
    struct proa_loop *loop;
    struct proa_net *net;
    struct proa_mock *mock;
    struct proa_addr addr;
    int fd; /* of the caller; -1 = none */
};

enum talk_end { TALK_OPEN = 0, TALK_FIN, TALK_RST };

/* What has come of one answer. */
struct reply {
    struct proa_buf raw;
    size_t head_len; /* 0 = the head has not ended */
    unsigned status;
    struct proa_buf body; /* framing removed */
    bool complete;
    enum talk_end end;
    size_t chunk_at;   /* raw bytes taken as whole chunks, head included */
    size_t chunk_body; /* body bytes in them */
    size_t used;       /* raw bytes that belong to this answer */
    uint64_t head_ns;  /* after asking */
    uint64_t body_ns;  /* its first byte */
    uint64_t complete_ns;
};

static inline struct proa_mock_recipe mock_recipe(const char *text)
{
    struct proa_mock_recipe recipe = {.n = 0};
    struct proa_mock_recipe_fault fault = {.at = 0};
    PROA_TEST_CHECK(proa_mock_recipe_parse(proa_slice_cstr(text), &recipe, &fault) == PROA_OK,
                    "%s: byte %zu: %s", text, fault.at, fault.message);
    return recipe;
}

static inline void talk_init(struct talk *t, const struct proa_mock_cfg *cfg)
{
    const struct proa_mock_cfg none = {.seed = 1};
    struct proa_addr addr = io_test_addr("127.0.0.1:0");
    memset(t, 0, sizeof *t);
    t->fd = -1;
    t->loop = proa_loop_create();
    t->net = proa_net_create(t->loop);
    t->mock = proa_mock_create(t->net, cfg ? cfg : &none);
    assert_ok(proa_mock_listen(t->mock, &addr, &t->addr));
}

static inline void talk_hang_up(struct talk *t)
{
    if (t->fd >= 0) {
        assert_int_equal(close(t->fd), 0);
        t->fd = -1;
    }
}

static inline void talk_deinit(struct talk *t)
{
    talk_hang_up(t);
    proa_mock_destroy(t->mock);
    proa_net_destroy(t->net);
    proa_loop_destroy(t->loop);
}

static inline void talk_send(struct talk *t, const char *bytes)
{
    if (t->fd < 0) {
        t->fd = io_test_connect(&t->addr);
    }
    size_t len = strlen(bytes);
    while (len > 0) {
        ssize_t n = send(t->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else {
            (void)proa_loop_turn(t->loop);
        }
    }
}

/* `headers` are lines with CR LF, or NULL. */
static inline void talk_post(struct talk *t, const char *path, const char *headers,
                             const char *body)
{
    struct proa_buf b;
    proa_buf_init(&b, 1U << 26);
    assert_ok(proa_buf_append_printf(&b,
                                     "POST %s HTTP/1.1\r\nhost: mock\r\n"
                                     "content-type: application/json\r\ncontent-length: %zu\r\n"
                                     "%s\r\n%s",
                                     path, strlen(body), headers ? headers : "", body));
    assert_ok(proa_buf_append_byte(&b, '\0'));
    talk_send(t, b.ptr);
    proa_buf_deinit(&b);
}

static inline void reply_init(struct reply *r)
{
    memset(r, 0, sizeof *r);
    proa_buf_init(&r->raw, 1U << 27);
    proa_buf_init(&r->body, 1U << 27);
}

static inline void reply_deinit(struct reply *r)
{
    proa_buf_deinit(&r->raw);
    proa_buf_deinit(&r->body);
}

/* Value of a header of the answer; empty when absent. Names in lower case. */
static inline struct proa_slice reply_header(const struct reply *r, const char *name)
{
    char line[128];
    (void)snprintf(line, sizeof line, "\r\n%s: ", name);
    const struct proa_slice head = proa_slice_head(proa_buf_slice(&r->raw), r->head_len);
    const size_t at = proa_slice_search(head, proa_slice_cstr(line));
    if (at == head.len) {
        return PROA_SLICE_NONE;
    }
    struct proa_slice value = proa_slice_from(head, at + strlen(line));
    value.len = proa_slice_search(value, PROA_SLICE("\r\n"));
    return value;
}

static inline bool reply_has(const struct reply *r, const char *text)
{
    const struct proa_slice body = proa_buf_slice(&r->body);
    return proa_slice_search(body, proa_slice_cstr(text)) < body.len;
}

static inline size_t reply_count(const struct reply *r, const char *text)
{
    struct proa_slice rest = proa_buf_slice(&r->body);
    size_t n = 0;
    for (size_t at; (at = proa_slice_search(rest, proa_slice_cstr(text))) < rest.len; n++) {
        rest = proa_slice_from(rest, at + strlen(text));
    }
    return n;
}

/* Takes the chunks that have come since the last time; a part of one counts as body, too. */
static inline void reply_unchunk(struct reply *r)
{
    struct proa_slice in = proa_slice_from(proa_buf_slice(&r->raw), r->chunk_at);
    r->body.len = r->chunk_body;
    for (;;) {
        const size_t line = proa_slice_search(in, PROA_SLICE("\r\n"));
        if (line == in.len) {
            return;
        }
        const size_t size = strtoul(in.ptr, NULL, 16);
        in = proa_slice_from(in, line + 2);
        if (size == 0) {
            r->complete = in.len >= 2;
            r->used = r->raw.len - in.len + 2;
            return;
        }
        assert_ok(proa_buf_append(&r->body, proa_slice_head(in, size)));
        if (in.len < size + 2) {
            return;
        }
        in = proa_slice_from(in, size + 2);
        r->chunk_at = r->raw.len - in.len;
        r->chunk_body = r->body.len;
    }
}

static inline void reply_parse(struct reply *r)
{
    const struct proa_slice raw = proa_buf_slice(&r->raw);
    const size_t end = proa_slice_search(raw, PROA_SLICE("\r\n\r\n"));
    if (end == raw.len) {
        return;
    }
    r->head_len = end + 4;
    assert_true(proa_slice_starts(raw, PROA_SLICE("HTTP/1.1 ")));
    r->status = (unsigned)strtoul(raw.ptr + strlen("HTTP/1.1 "), NULL, 10);
    const struct proa_slice in = proa_slice_from(raw, r->head_len);
    const struct proa_slice length = reply_header(r, "content-length");
    uint64_t n = 0;
    if (proa_slice_eq(reply_header(r, "transfer-encoding"), PROA_SLICE("chunked"))) {
        r->chunk_at = r->chunk_at ? r->chunk_at : r->head_len;
        reply_unchunk(r);
        return;
    }
    proa_buf_clear(&r->body);
    if (length.len > 0) {
        assert_ok(proa_slice_to_u64(length, &n));
        assert_ok(proa_buf_append(&r->body, proa_slice_head(in, (size_t)n)));
        r->complete = in.len >= n;
        r->used = r->head_len + (size_t)n;
    } else {
        assert_ok(proa_buf_append(&r->body, in));
        r->complete = r->status == 204 || r->end == TALK_FIN;
        r->used = raw.len;
    }
}

static inline void reply_take(struct talk *t, struct reply *r)
{
    char bytes[65536];
    ssize_t n = recv(t->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        assert_ok(proa_buf_append(&r->raw, proa_slice_make(bytes, (size_t)n)));
    } else if (n == 0) {
        r->end = TALK_FIN;
    } else if (errno == ECONNRESET) {
        r->end = TALK_RST;
    }
    reply_parse(r);
}

/* Waits until the answer is complete, or the connection is over, or so many ms have passed. */
static inline void talk_wait(struct talk *t, struct reply *r, uint64_t ms)
{
    const uint64_t begin = io_test_clock_ns();
    while (!r->complete && r->end == TALK_OPEN &&
           io_test_clock_ns() - begin < ms * PROA_NS_PER_MS) {
        (void)proa_loop_turn(t->loop);
        reply_take(t, r);
        const uint64_t now = io_test_clock_ns() - begin;
        r->head_ns = r->head_len && !r->head_ns ? now : r->head_ns;
        r->body_ns = r->body.len && !r->body_ns ? now : r->body_ns;
        r->complete_ns = now;
        io_test_rest();
    }
}

/* Asks, and waits for the whole answer at most 10 s. */
static inline void talk_ask(struct talk *t, const char *path, const char *headers, const char *body,
                            struct reply *r)
{
    reply_init(r);
    talk_post(t, path, headers, body);
    talk_wait(t, r, 10000);
}

static inline void talk_get(struct talk *t, const char *path, struct reply *r)
{
    char text[512];
    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nhost: mock\r\n\r\n", path);
    reply_init(r);
    talk_send(t, text);
    talk_wait(t, r, 10000);
}

#define CHAT "/v1/chat/completions"
#define ASK_HI                                                                                     \
    "{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":\"one two three\"}]}"
#define STREAM_HI                                                                                  \
    "{\"model\":\"echo\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"one two "  \
    "three\"}]}"

#endif
