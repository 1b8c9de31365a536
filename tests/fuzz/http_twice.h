/*
 * Feeds the same bytes to parsers, once whole and twice in pieces, and aborts when they tell
 * different stories. The first bytes of the fuzzer's input choose the pieces. Those in pieces share
 * a memo of heads, which the last ones find filled: with this head, and with one that is like it.
 */
#ifndef PROA_FUZZ_HTTP_TWICE_H
#define PROA_FUZZ_HTTP_TWICE_H

#include "proa/core/alloc.h"
#include "proa/core/buf.h"
#include "proa/core/prng.h"
#include "proa/http/parser.h"

#include <stdlib.h>

struct story {
    struct proa_buf text; /* of the head */
    struct proa_buf body;
    size_t consumed;
    enum proa_err err;
    enum proa_err end;
    enum proa_http_fault fault;
    bool complete;
    bool chunked;
};

static inline void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static inline void tell(struct proa_buf *b, struct proa_slice s)
{
    must(proa_buf_append(b, s) == PROA_OK);
    must(proa_buf_append_byte(b, '\n') == PROA_OK);
}

static inline enum proa_err story_on_head(void *ctx, const struct proa_http_head *h)
{
    struct story *st = ctx;
    struct proa_buf *b = &st->text;
    tell(b, h->method_text);
    tell(b, h->target);
    tell(b, h->path);
    tell(b, h->query);
    tell(b, h->host.text);
    tell(b, h->host.name);
    tell(b, h->reason);
    st->chunked = h->is_chunked;
    must(proa_buf_append_u64(b, h->status) == PROA_OK);
    must(proa_buf_append_u64(b, h->content_length) == PROA_OK);
    unsigned flags = h->keep_alive | (unsigned)h->has_body << 1 |
                     (unsigned)h->has_content_length << 2 | (unsigned)h->is_chunked << 3 |
                     (unsigned)h->is_close_delimited << 4 | (unsigned)h->expect_continue << 5 |
                     (unsigned)h->is_absolute_form << 6 | (unsigned)h->minor_version << 7;
    must(proa_buf_append_u64(b, flags) == PROA_OK);
    for (size_t i = 0; i < h->headers.n; i++) {
        const struct proa_http_header *f = &h->headers.items[i];
        must(proa_http_is_token(f->name) && proa_http_is_value(f->value));
        must(f->id == (uint16_t)proa_http_header_lookup(f->name));
        must(!proa_http_header_is_absent(&h->headers, (enum proa_http_header_id)f->id));
        tell(b, f->name);
        tell(b, f->value);
    }
    return PROA_OK;
}

static inline enum proa_err story_on_body(void *ctx, struct proa_slice s)
{
    struct story *st = ctx;
    must(s.len > 0 && !st->complete);
    return proa_buf_append(&st->body, s);
}

static inline enum proa_err story_on_complete(void *ctx)
{
    struct story *st = ctx;
    must(!st->complete);
    st->complete = true;
    return PROA_OK;
}

/* prng NULL = whole. */
static inline void story_run(struct story *st, const struct proa_http_parser_cfg *cfg, bool no_body,
                             struct proa_slice in, struct proa_prng *prng)
{
    struct proa_arena arena;
    *st = (struct story){.consumed = 0};
    proa_arena_init(&arena, NULL);
    proa_buf_init(&st->text, 64U << 20);
    proa_buf_init(&st->body, 64U << 20);
    struct proa_http_parser *p = proa_http_parser_create();
    proa_http_parser_start(p, cfg, &arena, st);
    if (no_body) {
        proa_http_parser_expect_no_body(p);
    }
    size_t at = 0;
    while (at < in.len && st->err == PROA_OK && !st->complete) {
        size_t n = in.len - at;
        if (prng) {
            size_t most = proa_prng_below(prng, 4) == 0 ? n : 8;
            n = 1 + (size_t)proa_prng_below(prng, most < n ? most : n);
        }
        char *piece = proa_memdup(in.ptr + at, n);
        size_t used = 0;
        st->err = proa_http_parser_feed(p, proa_slice_make(piece, n), &used);
        proa_free(piece);
        must(used <= n && (used == n || st->complete || st->err != PROA_OK));
        st->consumed += used;
        at += n;
    }
    st->end = st->err == PROA_OK ? proa_http_parser_finish(p) : st->err;
    st->fault = proa_http_parser_fault(p);
    must(st->complete == (st->end == PROA_OK));
    must(proa_http_parser_body_bytes(p) == st->body.len);
    proa_http_parser_destroy(p);
    proa_arena_reset(&arena);
}

static inline void story_free(struct story *st)
{
    proa_buf_deinit(&st->text);
    proa_buf_deinit(&st->body);
}

/* A copy with a few bytes changed, one put in, or one left out; *n is its length. */
static inline char *make_like(struct proa_slice in, struct proa_prng *prng, size_t *n)
{
    static const char BYTES[] = "a0 9\t\r\n:-,.";
    char *like = proa_alloc(in.len + 1);
    const size_t at = in.len > 0 ? (size_t)proa_prng_below(prng, in.len) : 0;
    const unsigned put_in = (unsigned)proa_prng_below(prng, 3); /* 0 = leaves out, 1 = changes */
    memcpy(like, in.ptr, at);
    *n = at;
    if (put_in > 0) {
        like[(*n)++] = BYTES[proa_prng_below(prng, sizeof BYTES - 1)];
    }
    const size_t from = put_in < 2 && at < in.len ? at + 1 : at;
    memcpy(like + *n, in.ptr + from, in.len - from);
    *n += in.len - from;
    return like;
}

/* The same as `whole` for who has read others like it. */
static inline void story_after_likes(const struct story *whole,
                                     const struct proa_http_parser_cfg *cfg, bool no_body,
                                     struct proa_slice in, struct proa_prng *prng)
{
    struct proa_http_parser_cfg with_memo = *cfg;
    struct story told;
    with_memo.memo = proa_http_memo_create();
    for (int i = 0; i < 4; i++) {
        size_t n = 0;
        char *like = make_like(in, prng, &n);
        story_run(&told, &with_memo, no_body, proa_slice_make(like, n), NULL);
        story_free(&told);
        proa_free(like);
        story_run(&told, &with_memo, no_body, in, NULL);
        must(whole->end == told.end && whole->fault == told.fault);
        must(proa_slice_eq(proa_buf_slice(&whole->text), proa_buf_slice(&told.text)));
        must(proa_slice_eq(proa_buf_slice(&whole->body), proa_buf_slice(&told.body)));
        must(!whole->complete || whole->consumed == told.consumed);
        story_free(&told);
    }
    proa_http_memo_destroy(with_memo.memo);
}

/* *whole is left to the caller, who frees it. */
static inline void story_twice(struct story *whole, const struct proa_http_parser_cfg *cfg,
                               bool no_body, struct proa_slice in, uint64_t seed)
{
    struct story split;
    struct proa_prng prng;
    struct proa_http_parser_cfg with_memo = *cfg;
    with_memo.memo = proa_http_memo_create();
    proa_prng_seed(&prng, seed);
    story_run(whole, cfg, no_body, in, NULL);
    for (int i = 0; i < 2; i++) {
        story_run(&split, &with_memo, no_body, in, &prng);
        must(whole->end == split.end && whole->fault == split.fault);
        must(proa_slice_eq(proa_buf_slice(&whole->text), proa_buf_slice(&split.text)));
        must(proa_slice_eq(proa_buf_slice(&whole->body), proa_buf_slice(&split.body)));
        must(!whole->complete || whole->consumed == split.consumed);
        story_free(&split);
    }
    proa_http_memo_destroy(with_memo.memo);
    story_after_likes(whole, cfg, no_body, in, &prng);
}

#endif
