#include "proa/http/parser.h"

#include "chunked_priv.h"
#include "head_priv.h"
#include "memo_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/buf.h"

/* How much of a continued head is copied before looking for its end again. */
#define GATHER_BYTES 2048

const struct proa_http_limits proa_http_limits_client = {
    .head_bytes = 32 * 1024,
    .line_bytes = 8 * 1024,
    .target_bytes = 8 * 1024,
    .n_headers = 100,
    .n_interim = 0,
    .ext_bytes = 4 * 1024,
    .trailer_bytes = 4 * 1024,
    .body_bytes = UINT64_C(32) * 1024 * 1024,
};

const struct proa_http_limits proa_http_limits_upstream = {
    .head_bytes = 64 * 1024,
    .line_bytes = 64 * 1024,
    .target_bytes = 0,
    .n_headers = 100,
    .n_interim = 8,
    .ext_bytes = 4 * 1024,
    .trailer_bytes = 4 * 1024,
    .body_bytes = UINT64_MAX,
};

/*
 *  IDLE -> HEAD -> BODY -> COMPLETE
 *           |  \_____________^   (no body)
 *           v
 *          HEAD again, behind an interim response
 *  any -> FAILED
 */
enum framing { FRAMING_NONE = 0, FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };

struct proa_http_parser {
    const struct proa_http_parser_cfg *cfg;
    struct proa_arena *arena;
    void *ctx;
    struct proa_buf head; /* a head in pieces; empty and unallocated otherwise */
    union {
        struct proa_http_head_scan scan; /* until the head is complete */
        struct proa_http_chunked chunked;
        uint64_t left; /* FRAMING_LENGTH: body bytes still to come */
    } u;
    uint64_t body_bytes;
    uint64_t body_max;
    const struct proa_http_head *too_long;
    uint32_t n_interim;
    uint8_t state;   /* enum proa_http_parser_state */
    uint8_t framing; /* enum framing */
    uint8_t fault;   /* enum proa_http_fault */
    bool no_body;
};

struct proa_http_parser *proa_http_parser_create(void)
{
    struct proa_http_parser *p = PROA_NEW(struct proa_http_parser);
    p->state = PROA_HTTP_PARSER_FAILED; /* until it is started */
    return p;
}

void proa_http_parser_destroy(struct proa_http_parser *p)
{
    if (p) {
        proa_buf_deinit(&p->head);
        proa_free(p);
    }
}

void proa_http_parser_start(struct proa_http_parser *p, const struct proa_http_parser_cfg *cfg,
                            struct proa_arena *arena, void *ctx)
{
    PROA_ASSERT(cfg && arena && cfg->events.on_head);
    proa_buf_deinit(&p->head);
    *p = (struct proa_http_parser){
        .cfg = cfg, .arena = arena, .ctx = ctx, .body_max = cfg->limits.body_bytes};
}

void proa_http_parser_expect_no_body(struct proa_http_parser *p)
{
    p->no_body = true;
}

void proa_http_parser_limit_body(struct proa_http_parser *p, uint64_t max_bytes)
{
    p->body_max = max_bytes;
}

enum proa_http_parser_state proa_http_parser_state(const struct proa_http_parser *p)
{
    return (enum proa_http_parser_state)p->state;
}

enum proa_http_fault proa_http_parser_fault(const struct proa_http_parser *p)
{
    return (enum proa_http_fault)p->fault;
}

const struct proa_http_head *proa_http_parser_too_long(const struct proa_http_parser *p)
{
    return p->too_long;
}

uint64_t proa_http_parser_body_bytes(const struct proa_http_parser *p)
{
    return p->body_bytes;
}

static enum proa_err refuse(struct proa_http_parser *p, enum proa_http_fault fault)
{
    p->state = PROA_HTTP_PARSER_FAILED;
    p->fault = (uint8_t)fault;
    proa_buf_deinit(&p->head);
    return fault == PROA_HTTP_FAULT_TRUNCATED ? PROA_ERR_TRUNCATED : PROA_ERR_PROTOCOL;
}

/* A callback's verdict becomes the parser's. */
static enum proa_err obey(struct proa_http_parser *p, enum proa_err err)
{
    if (err != PROA_OK) {
        p->state = PROA_HTTP_PARSER_FAILED;
    }
    return err;
}

static enum proa_err complete(struct proa_http_parser *p)
{
    p->state = PROA_HTTP_PARSER_COMPLETE;
    return p->cfg->events.on_complete ? obey(p, p->cfg->events.on_complete(p->ctx)) : PROA_OK;
}

static enum proa_err pass_body(struct proa_http_parser *p, struct proa_slice bytes)
{
    p->body_bytes += bytes.len;
    return p->cfg->events.on_body ? obey(p, p->cfg->events.on_body(p->ctx, bytes)) : PROA_OK;
}

/* RFC 9112 6.3 for responses; requests were settled with their head. */
static void settle_response_body(struct proa_http_head *head, bool no_body)
{
    if (no_body || head->status == 204 || head->status == 304) {
        head->has_body = false;
        return;
    }
    head->is_close_delimited = !head->is_chunked && !head->has_content_length;
    head->has_body = head->is_chunked || head->is_close_delimited || head->content_length > 0;
    head->keep_alive = head->keep_alive && !head->is_close_delimited;
}

static enum framing framing_of(const struct proa_http_head *head)
{
    if (!head->has_body) {
        return FRAMING_NONE;
    }
    if (head->is_chunked) {
        return FRAMING_CHUNKED;
    }
    return head->is_close_delimited ? FRAMING_CLOSE : FRAMING_LENGTH;
}

static enum proa_err enter_body(struct proa_http_parser *p, struct proa_http_head *head)
{
    enum framing framing = framing_of(head);
    uint64_t announced = framing == FRAMING_LENGTH ? head->content_length : 0;
    if (announced > p->body_max) {
        p->too_long = head;
        return refuse(p, PROA_HTTP_FAULT_BODY_LONG);
    }
    memset(&p->u, 0, sizeof p->u);
    p->framing = (uint8_t)framing;
    p->state = PROA_HTTP_PARSER_BODY;
    enum proa_err err = obey(p, p->cfg->events.on_head(p->ctx, head));
    if (err != PROA_OK) {
        return err;
    }
    if (announced > p->body_max) {
        return refuse(p, PROA_HTTP_FAULT_BODY_LONG);
    }
    p->u.left = announced;
    return framing == FRAMING_NONE ? complete(p) : PROA_OK;
}

/* An interim response (RFC 9110 15.2) is skipped; 101 would turn the connection over to another
 * protocol, which nobody asked for. */
static enum proa_err skip_interim(struct proa_http_parser *p, unsigned status)
{
    if (status == 101) {
        return refuse(p, PROA_HTTP_FAULT_SWITCHING);
    }
    if (p->n_interim == p->cfg->limits.n_interim) {
        return refuse(p, PROA_HTTP_FAULT_INTERIM);
    }
    p->n_interim++;
    p->state = PROA_HTTP_PARSER_HEAD; /* an end of the connection now is a truncation */
    memset(&p->u, 0, sizeof p->u);
    return PROA_OK;
}

static struct proa_slice keep_head(struct proa_arena *arena, struct proa_slice text)
{
    char *copy = proa_arena_alloc(arena, text.len + PROA_HTTP_HEAD_PAD);
    memcpy(copy, text.ptr, text.len);
    memset(copy + text.len, 0, PROA_HTTP_HEAD_PAD);
    return proa_slice_make(copy, text.len);
}

/* The head is read. */
static enum proa_err take_head(struct proa_http_parser *p, struct proa_http_head *head)
{
    if (p->cfg->mode == PROA_HTTP_RESPONSE) {
        if (head->status < 200) {
            return skip_interim(p, head->status);
        }
        settle_response_body(head, p->no_body);
    }
    return enter_body(p, head);
}

static enum proa_err finish_head(struct proa_http_parser *p, struct proa_slice text)
{
    const struct proa_http_parser_cfg *cfg = p->cfg;
    struct proa_http_head_scan scan = p->u.scan;
    struct proa_slice kept = keep_head(p->arena, proa_slice_from(text, scan.first_line));
    proa_buf_deinit(&p->head);
    struct proa_http_head *head = NULL;
    enum proa_http_fault fault = proa_http_head_parse(&scan, cfg, kept, p->arena, &head);
    if (fault != PROA_HTTP_FAULT_NONE) {
        return refuse(p, fault);
    }
    if (cfg->memo) {
        proa_http_memo_learn(cfg->memo, cfg->mode, kept, head);
    }
    return take_head(p, head);
}

/* One of which nothing has been looked at, and that is like one that was read; *used stays 0 where
 * there is none like it. */
static enum proa_err recall_head(struct proa_http_parser *p, struct proa_slice in, size_t *used)
{
    struct proa_http_head *head = NULL;
    if (p->cfg->memo && p->head.len == 0) {
        *used = proa_http_memo_recall(p->cfg->memo, p->cfg, in, p->arena, &head);
    }
    return head ? take_head(p, head) : PROA_OK;
}

/* The whole head is usually in one read: then it is scanned where it lies. */
static enum proa_err feed_head(struct proa_http_parser *p, struct proa_slice in, size_t *used)
{
    const struct proa_http_limits *limits = &p->cfg->limits;
    struct proa_http_head_scan *scan = &p->u.scan;
    struct proa_slice text = in;
    size_t before = p->head.len;
    const enum proa_err err = recall_head(p, in, used);
    if (*used > 0) {
        return err;
    }
    *used = in.len;
    if (before > 0) {
        *used = in.len < GATHER_BYTES ? in.len : GATHER_BYTES;
        if (proa_buf_append(&p->head, proa_slice_head(in, *used)) != PROA_OK) {
            return refuse(p, PROA_HTTP_FAULT_HEAD_LONG);
        }
        text = proa_buf_slice(&p->head);
    }
    enum proa_http_fault fault = proa_http_head_scan(scan, p->cfg, text);
    if (fault != PROA_HTTP_FAULT_NONE) {
        return refuse(p, fault);
    }
    if (scan->end > 0) {
        *used = scan->end - before;
        return finish_head(p, proa_slice_head(text, scan->end));
    }
    p->state = scan->first_line < text.len ? PROA_HTTP_PARSER_HEAD : PROA_HTTP_PARSER_IDLE;
    if (before == 0) {
        /* The scan refuses what passes the limit, so this maximum is never what stops a head. */
        proa_buf_init(&p->head, (size_t)limits->head_bytes + 2 * (size_t)GATHER_BYTES);
        if (proa_buf_append(&p->head, in) != PROA_OK) {
            return refuse(p, PROA_HTTP_FAULT_HEAD_LONG);
        }
    }
    return PROA_OK;
}

static enum proa_err feed_length(struct proa_http_parser *p, struct proa_slice in, size_t *used)
{
    *used = p->u.left < in.len ? (size_t)p->u.left : in.len;
    p->u.left -= *used;
    enum proa_err err = pass_body(p, proa_slice_head(in, *used));
    return err == PROA_OK && p->u.left == 0 ? complete(p) : err;
}

static enum proa_err feed_chunked(struct proa_http_parser *p, struct proa_slice in, size_t *used)
{
    struct proa_slice data = PROA_SLICE_NONE;
    uint64_t room = p->body_max - p->body_bytes;
    enum proa_http_fault fault =
        proa_http_chunked_feed(&p->u.chunked, &p->cfg->limits, room, in, used, &data);
    if (fault != PROA_HTTP_FAULT_NONE) {
        return refuse(p, fault);
    }
    if (data.len > 0) {
        return pass_body(p, data);
    }
    return p->u.chunked.state == PROA_HTTP_CHUNKED_DONE ? complete(p) : PROA_OK;
}

static enum proa_err feed_close(struct proa_http_parser *p, struct proa_slice in, size_t *used)
{
    uint64_t room = p->body_max - p->body_bytes;
    *used = in.len;
    if (in.len > room) {
        return refuse(p, PROA_HTTP_FAULT_BODY_LONG);
    }
    return pass_body(p, in);
}

static enum proa_err feed_body(struct proa_http_parser *p, struct proa_slice in, size_t *used)
{
    switch ((enum framing)p->framing) {
    case FRAMING_LENGTH:
        return feed_length(p, in, used);
    case FRAMING_CHUNKED:
        return feed_chunked(p, in, used);
    case FRAMING_CLOSE:
        return feed_close(p, in, used);
    case FRAMING_NONE:
        break;
    }
    return PROA_ERR_STATE;
}

enum proa_err proa_http_parser_feed(struct proa_http_parser *p, struct proa_slice in,
                                    size_t *consumed)
{
    enum proa_err err = p->state == PROA_HTTP_PARSER_FAILED ? PROA_ERR_STATE : PROA_OK;
    size_t pos = 0;
    while (err == PROA_OK && pos < in.len && p->state != PROA_HTTP_PARSER_COMPLETE) {
        size_t used = 0;
        struct proa_slice rest = proa_slice_from(in, pos);
        err = p->state == PROA_HTTP_PARSER_BODY ? feed_body(p, rest, &used)
                                                : feed_head(p, rest, &used);
        pos += used;
    }
    *consumed = pos;
    return err;
}

enum proa_err proa_http_parser_finish(struct proa_http_parser *p)
{
    switch ((enum proa_http_parser_state)p->state) {
    case PROA_HTTP_PARSER_IDLE:
        return PROA_ERR_CLOSED;
    case PROA_HTTP_PARSER_COMPLETE:
        return PROA_OK;
    case PROA_HTTP_PARSER_BODY:
        return p->framing == FRAMING_CLOSE ? complete(p) : refuse(p, PROA_HTTP_FAULT_TRUNCATED);
    case PROA_HTTP_PARSER_HEAD:
        return refuse(p, PROA_HTTP_FAULT_TRUNCATED);
    case PROA_HTTP_PARSER_FAILED:
        break;
    }
    return PROA_ERR_STATE;
}
