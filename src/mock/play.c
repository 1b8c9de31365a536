/*
 * Sends an answer: step by step where a plan asks for pauses and breaks, in one write where not.
 */
#include "mock_priv.h"

#include "proa/http/serialize.h"

enum { PIECE_MAX = 64 * 1024, OUT_HIGH = 256 * 1024 };

static const uint64_t LINGER_NS = 2 * PROA_NS_PER_S;
static const uint64_t KEEPALIVE_MIN_NS = PROA_NS_PER_MS;
static const uint64_t SPLIT_NS = 20 * PROA_NS_PER_MS;

static uint64_t planned(const struct client *c, enum proa_mock_setting s, uint64_t otherwise)
{
    return proa_mock_plan_get(&c->plan, s, otherwise);
}

static uint64_t keepalive_after(const struct client *c, uint64_t now_ns)
{
    const uint64_t span = planned(c, PROA_MOCK_KEEPALIVE, 0);
    return proa_clock_after(now_ns, span > KEEPALIVE_MIN_NS ? span : KEEPALIVE_MIN_NS);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* A write that fails means that the connection is gone: on_end says so, or has said so. */
static void flush(struct client *c)
{
    struct proa_buf *out = &c->mock->out;
    const struct iovec iov = {out->ptr, out->len};
    if (out->len > 0 && proa_conn_writev(c->conn, &iov, 1)) {
        c->phase = PLAY_SILENT;
    }
    proa_buf_clear(out);
}

static void put_prefix(struct client *c, size_t n)
{
    char prefix[PROA_HTTP_CHUNK_PREFIX_MAX];
    if (c->framing == FRAME_CHUNKED) {
        const size_t len = proa_http_chunk_prefix(prefix, n);
        (void)proa_buf_append(&c->mock->out, proa_slice_make(prefix, len));
    }
}

static void put_suffix(struct client *c)
{
    if (c->framing == FRAME_CHUNKED) {
        (void)proa_buf_append(&c->mock->out, PROA_HTTP_CHUNK_SUFFIX);
    }
}

/* What the provider sends meanwhile; empty where it sends nothing. */
static struct proa_slice silence(const struct client *c)
{
    return c->answer.is_stream ? c->answer.silence : c->answer.profile->plain_silence;
}

static void put_comment(struct client *c)
{
    put_prefix(c, silence(c).len);
    (void)proa_buf_append(&c->mock->out, silence(c));
    put_suffix(c);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void step_head(struct client *c, uint64_t now_ns)
{
    const uint64_t first = planned(c, PROA_MOCK_FIRST, 0);
    if (planned(c, PROA_MOCK_CUT, 0) == PROA_MOCK_CUT_HEAD) {
        c->phase = PLAY_CUT;
        return;
    }
    (void)proa_buf_append(&c->mock->out, proa_buf_slice(&c->answer_head));
    c->phase = PLAY_BODY;
    c->due_ns = proa_clock_after(now_ns, first);
    if (first > 0 && silence(c).len > 0 && proa_mock_plan_has(&c->plan, PROA_MOCK_KEEPALIVE)) {
        c->keepalive_ns = keepalive_after(c, now_ns);
    }
    if (planned(c, PROA_MOCK_STALL, 0) == 1) {
        c->phase = PLAY_SILENT;
    }
}

static size_t body_end(const struct client *c)
{
    return c->head.method == PROA_HTTP_HEAD ? 0 : c->answer.body.len;
}

/* Where the event that is being sent ends; an answer that is no stream is one event. */
static size_t event_end(const struct client *c)
{
    return c->answer.is_stream ? c->answer.ends[c->event] : body_end(c);
}

/* An event is out: silence, or a pause before the next one. */
static void event_sent(struct client *c, uint64_t now_ns)
{
    const uint64_t gap = planned(c, PROA_MOCK_GAP, c->answer.is_stream ? c->mock->pace_ns : 0);
    c->event++;
    if (c->at < body_end(c)) {
        c->due_ns = proa_clock_after(now_ns, gap);
    }
    if (proa_mock_plan_has(&c->plan, PROA_MOCK_STALL) &&
        c->plan.values[PROA_MOCK_STALL] == c->event + 1) {
        c->phase = PLAY_SILENT;
    }
}

static size_t drop_size(const struct client *c)
{
    const uint64_t n = planned(c, PROA_MOCK_PIECE, 1);
    return n > 0 && n < PIECE_MAX ? (size_t)n : PIECE_MAX;
}

static void step_piece(struct client *c, uint64_t now_ns)
{
    const bool drips = proa_mock_plan_has(&c->plan, PROA_MOCK_DRIP);
    const size_t most = drips ? drop_size(c) : PIECE_MAX;
    const size_t end = event_end(c);
    size_t piece = end - c->at < most ? end - c->at : most;
    if (c->at < c->split_at && c->split_at - c->at < piece) {
        piece = (size_t)(c->split_at - c->at);
    }
    const size_t sent = c->cut_at - c->at < piece ? (size_t)(c->cut_at - c->at) : piece;
    /* A chunk that is cut announces what it would have held. */
    put_prefix(c, piece);
    (void)proa_buf_append(&c->mock->out, proa_slice_make(c->answer.body.ptr + c->at, sent));
    c->at += sent;
    if (sent < piece) {
        return;
    }
    put_suffix(c);
    if (drips) {
        c->due_ns = proa_clock_after(now_ns, c->plan.values[PROA_MOCK_DRIP]);
    }
    if (c->at == end) {
        event_sent(c, now_ns);
    }
    if (c->at == c->split_at) {
        c->due_ns = proa_clock_after(now_ns, SPLIT_NS);
    }
}

static void step_body(struct client *c, uint64_t now_ns)
{
    c->keepalive_ns = PROA_NEVER;
    if (c->at >= c->cut_at) {
        c->phase = PLAY_CUT;
    } else if (c->at < body_end(c)) {
        step_piece(c, now_ns);
    } else {
        if (c->framing == FRAME_CHUNKED && c->head.method != PROA_HTTP_HEAD) {
            (void)proa_buf_append(&c->mock->out, PROA_HTTP_LAST_CHUNK);
        }
        c->phase = PLAY_DONE;
    }
}

/* True when it is too early for the next step; then the timer is armed. */
static bool must_wait(struct client *c, uint64_t now_ns)
{
    if (now_ns >= c->keepalive_ns && now_ns < c->due_ns) {
        put_comment(c);
        c->keepalive_ns = keepalive_after(c, now_ns);
    }
    if (now_ns >= c->due_ns) {
        return false;
    }
    proa_timer_set(c->mock->loop, &c->timer,
                   c->keepalive_ns < c->due_ns ? c->keepalive_ns : c->due_ns);
    return true;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void cut(struct client *c)
{
    if (proa_mock_plan_has(&c->plan, PROA_MOCK_RST)) {
        proa_conn_reset(c->conn);
    } else {
        proa_conn_close_later(c->conn, LINGER_NS);
    }
    c->conn = NULL;
    proa_mock_client_close(c);
}

static void run(struct client *c)
{
    const uint64_t now_ns = proa_loop_now(c->mock->loop);
    c->blocked = false;
    while (c->phase == PLAY_HEAD || c->phase == PLAY_BODY) {
        if (must_wait(c, now_ns)) {
            break;
        }
        if (c->mock->out.len >= OUT_HIGH) {
            flush(c);
        }
        if (proa_conn_above_high(c->conn)) {
            c->blocked = true;
            break;
        }
        if (c->phase == PLAY_HEAD) {
            step_head(c, now_ns);
        } else {
            step_body(c, now_ns);
        }
    }
    flush(c);
    if (c->phase == PLAY_CUT) {
        cut(c);
    } else if (c->phase == PLAY_DONE) {
        proa_mock_client_done(c);
    }
}

void proa_mock_play_resume(struct client *c)
{
    run(c);
}

static uint64_t cut_offset(const struct client *c)
{
    const uint64_t asked = proa_mock_plan_has(&c->plan, PROA_MOCK_CUT_STREAM) && c->answer.is_stream
                               ? PROA_MOCK_CUT_MIDDLE
                               : planned(c, PROA_MOCK_CUT, UINT64_MAX);
    if (asked == UINT64_MAX) {
        return UINT64_MAX;
    }
    if (asked == PROA_MOCK_CUT_MIDDLE) {
        return c->answer.body.len / 2;
    }
    return asked < c->answer.body.len ? asked : c->answer.body.len;
}

void proa_mock_play_start(struct client *c)
{
    const uint64_t now_ns = proa_loop_now(c->mock->loop);
    c->state = CLIENT_PLAY;
    c->phase = PLAY_HEAD;
    c->at = 0;
    c->event = 0;
    c->keepalive_ns = PROA_NEVER;
    c->due_ns = proa_clock_after(now_ns, planned(c, PROA_MOCK_DELAY, 0));
    c->cut_at = cut_offset(c);
    c->split_at = planned(c, PROA_MOCK_SPLIT, UINT64_MAX);
    proa_timer_clear(c->mock->loop, &c->timer);
    if (proa_mock_plan_has(&c->plan, PROA_MOCK_STALL) && planned(c, PROA_MOCK_STALL, 1) == 0) {
        c->phase = PLAY_SILENT;
    }
    run(c);
}
