/*
 * Runs a message through the parser in given pieces and writes down everything it said, so that
 * two runs are compared as texts.
 */
#ifndef PROA_TEST_PARSER_PROBE_H
#define PROA_TEST_PARSER_PROBE_H

#include "proa/core/buf.h"
#include "proa/http/parser.h"

#include "proa_test.h"

struct probe {
    struct proa_http_parser_cfg cfg;
    bool no_body;           /* tell the parser that none follows */
    uint64_t limit_in_head; /* body limit set inside on_head; 0 = leave it */
    enum proa_err head_says;
    enum proa_err body_says;
    enum proa_err end_says;

    struct proa_http_parser *p;
    struct proa_buf log;
    struct proa_buf body;
    size_t consumed;
    enum proa_err err;
    enum proa_http_fault fault;
    bool has_head;
    bool complete;
    struct proa_http_head head; /* slices die with the run */
};

static inline void probe_put(struct proa_buf *b, const char *label, struct proa_slice s)
{
    (void)proa_buf_append_cstr(b, label);
    (void)proa_buf_append(b, PROA_SLICE("<"));
    (void)proa_buf_append(b, s);
    (void)proa_buf_append(b, PROA_SLICE(">\n"));
}

static inline enum proa_err probe_on_head(void *ctx, const struct proa_http_head *h)
{
    struct probe *pr = ctx;
    struct proa_buf *b = &pr->log;
    assert_false(pr->has_head);
    pr->has_head = true;
    pr->head = *h;
    probe_put(b, "method", h->method_text);
    probe_put(b, "target", h->target);
    probe_put(b, "path", h->path);
    probe_put(b, "query", h->query);
    probe_put(b, "host", h->host.text);
    probe_put(b, "host name", h->host.name);
    probe_put(b, "reason", h->reason);
    (void)proa_buf_append_printf(
        b, "%d %u.%u status=%u keep=%d body=%d len=%d/%llu chunked=%d close=%d expect=%d abs=%d\n",
        (int)h->method, 1U, h->minor_version, h->status, h->keep_alive, h->has_body,
        h->has_content_length, (unsigned long long)h->content_length, h->is_chunked,
        h->is_close_delimited, h->expect_continue, h->is_absolute_form);
    for (size_t i = 0; i < h->headers.n; i++) {
        const struct proa_http_header *item = &h->headers.items[i];
        assert_int_equal(item->id, proa_http_header_lookup(item->name));
        assert_false(item->id && proa_http_header_is_absent(&h->headers, item->id));
        probe_put(b, "name", h->headers.items[i].name);
        probe_put(b, "value", h->headers.items[i].value);
    }
    for (unsigned id = 1; id < PROA_HTTP_HEADER_COUNT; id++) {
        assert_int_equal(proa_http_header_is_absent(&h->headers, (enum proa_http_header_id)id),
                         !proa_http_header_search(&h->headers, (enum proa_http_header_id)id));
    }
    if (pr->limit_in_head) {
        proa_http_parser_limit_body(pr->p, pr->limit_in_head);
    }
    return pr->head_says;
}

static inline enum proa_err probe_on_body(void *ctx, struct proa_slice s)
{
    struct probe *pr = ctx;
    assert_true(pr->has_head && !pr->complete && s.len > 0);
    (void)proa_buf_append(&pr->body, s);
    return pr->body_says;
}

static inline enum proa_err probe_on_complete(void *ctx)
{
    struct probe *pr = ctx;
    assert_true(pr->has_head && !pr->complete);
    pr->complete = true;
    return pr->end_says;
}

static inline void probe_init(struct probe *pr, enum proa_http_mode mode)
{
    memset(pr, 0, sizeof *pr);
    pr->cfg.mode = mode;
    pr->cfg.limits =
        mode == PROA_HTTP_REQUEST ? proa_http_limits_client : proa_http_limits_upstream;
    pr->cfg.events =
        (struct proa_http_parser_events){probe_on_head, probe_on_body, probe_on_complete};
}

/* Pieces of `step` bytes, the first one of `first` bytes (0 = of `step`); each a heap copy of its
 * own. */
static inline void probe_run(struct probe *pr, struct proa_slice in, size_t first, size_t step)
{
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    proa_buf_init(&pr->log, 1 << 20);
    proa_buf_init(&pr->body, 1 << 20);
    pr->consumed = 0;
    pr->has_head = false;
    pr->complete = false;
    pr->err = PROA_OK;
    pr->p = proa_http_parser_create();
    proa_http_parser_start(pr->p, &pr->cfg, &arena, pr);
    if (pr->no_body) {
        proa_http_parser_expect_no_body(pr->p);
    }
    size_t at = 0;
    while (at < in.len && pr->err == PROA_OK && !pr->complete) {
        size_t n = at == 0 && first > 0 ? first : step;
        n = n < in.len - at ? n : in.len - at;
        char *piece = proa_memdup(in.ptr + at, n);
        size_t consumed = 12345;
        pr->err = proa_http_parser_feed(pr->p, proa_slice_make(piece, n), &consumed);
        proa_free(piece);
        assert_true(consumed <= n);
        assert_true(consumed == n || pr->complete || pr->err != PROA_OK);
        pr->consumed += consumed;
        at += n;
    }
    if (pr->err == PROA_OK) {
        pr->err = proa_http_parser_finish(pr->p);
    }
    pr->fault = proa_http_parser_fault(pr->p);
    assert_int_equal(proa_http_parser_body_bytes(pr->p), pr->body.len);
    probe_put(&pr->log, "body", proa_buf_slice(&pr->body));
    (void)proa_buf_append_printf(&pr->log, "complete=%d err=%d fault=%s\n", pr->complete,
                                 (int)pr->err, proa_http_fault_info(pr->fault)->code.ptr);
    if (pr->complete && pr->err == PROA_OK) {
        (void)proa_buf_append_printf(&pr->log, "consumed=%zu\n", pr->consumed);
    }
    proa_http_parser_destroy(pr->p);
    proa_arena_reset(&arena);
}

static inline void probe_free(struct probe *pr)
{
    proa_buf_deinit(&pr->log);
    proa_buf_deinit(&pr->body);
}

/* The whole, byte by byte, and cut in two at every place: all must say the same. The others have a
 * memo of heads, the whole has none. The results of the whole stay in *pr; free it. */
static inline void probe_all_splits(struct probe *pr, struct proa_slice in)
{
    probe_run(pr, in, 0, in.len ? in.len : 1);
    struct probe other = *pr;
    struct proa_http_memo *memo = proa_http_memo_create();
    other.cfg.memo = memo;
    for (size_t cut = 0; cut < in.len; cut++) {
        if (cut == 0) {
            probe_run(&other, in, 0, 1);
        } else {
            probe_run(&other, in, cut, in.len);
        }
        if (!proa_slice_eq(proa_buf_slice(&other.log), proa_buf_slice(&pr->log))) {
            print_error("cut at %zu\n", cut);
            assert_slice_equal(proa_buf_slice(&other.log), proa_buf_slice(&pr->log));
        }
        probe_free(&other);
    }
    proa_http_memo_destroy(memo);
}

#endif
