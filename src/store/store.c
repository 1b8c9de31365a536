/*
 * The connection: what is sent, what comes back, and when it is left alone.
 *
 * Answers come in the order of the commands, so a command without an answer is remembered until it
 * has one, whether or not somebody still waits for it.
 */
#include "proa/store/store.h"

#include "resp_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/freelist.h"
#include "proa/core/prng.h"
#include "proa/resilience/backoff.h"
#include "proa/tls/context.h"
#include "proa/tls/digest.h"

static const uint64_t CONNECT_NS = 1 * PROA_NS_PER_S;
static const uint64_t ANSWER_NS = 1 * PROA_NS_PER_S; /* without one, the connection is given up */
static const uint64_t TIMELY_NS = 5 * (PROA_NS_PER_S / 1000); /* of a PING, before more is asked */
static const uint64_t PAUSE_MIN_NS = PROA_NS_PER_S / 10;
static const uint64_t PAUSE_MAX_NS = 30 * PROA_NS_PER_S;
static const uint64_t STEADY_NS = 10 * PROA_NS_PER_S; /* so long without a break, it is forgiven */

enum {
    PAUSE_STEPS_MAX = 9, /* doublings from the shortest pause to the longest */
    SLOW_STEPS = 3,      /* late so often, it is said */
    SPARE = 64,
    DETAIL_MAX = 256,
};

enum state { STORE_AWAY = 0, STORE_DIALLING, STORE_GREETING, STORE_READY, STORE_RESTING };

enum sent_kind { SENT_GREETING = 0, SENT_PING, SENT_GET, SENT_SET };

/* A command without an answer. */
struct proa_store_sent {
    struct proa_list node;
    enum sent_kind kind;
    bool last;                  /* of the greeting */
    struct proa_store_ask *ask; /* GET; NULL: nobody waits any more */
    uint64_t sent_ns;
};

struct proa_store {
    struct proa_store_cfg cfg;
    struct proa_loop *loop;
    enum state state;
    struct proa_conn *conn;
    struct resp *resp;
    struct proa_freelist spares;
    struct proa_list sent;
    size_t n_sent;
    struct proa_timer pause; /* AWAY: to the next dial; RESTING: to the next PING */
    struct proa_timer due;   /* the oldest answer */
    struct proa_prng prng;
    uint32_t n_breaks;
    uint32_t n_late;
    uint64_t ready_ns;
    bool told_away;
    struct proa_metric_series *m_up;
    struct proa_metric_series *m_duration;
};

static void dial(struct proa_store *s);

static uint64_t now_of(const struct proa_store *s)
{
    return proa_loop_now(s->loop);
}

static void enter(struct proa_store *s, enum state to)
{
    s->state = to;
    proa_metric_set(s->m_up, to == STORE_READY);
}

/* ---- what is said of it -----------------------------------------------------------------------
 */

static bool begin(struct proa_store *s, struct proa_log_record *r, enum proa_log_level level,
                  const char *event)
{
    if (!s->cfg.log ||
        !proa_logger_begin(s->cfg.log, r, level, proa_loop_wall_ms(s->loop), event)) {
        return false;
    }
    proa_log_str(r, "host", s->cfg.host);
    if (s->cfg.port > 0) {
        proa_log_u64(r, "port", s->cfg.port);
    }
    return true;
}

static void say_away(struct proa_store *s, enum proa_err err, struct proa_slice detail)
{
    struct proa_log_record r;
    if (!s->told_away && begin(s, &r, PROA_LOG_WARN, "cache.shared_away")) {
        proa_log_cstr(&r, "error", proa_err_text(err));
        if (detail.len > 0) {
            proa_log_str(&r, "detail", proa_slice_head(detail, DETAIL_MAX));
        }
        proa_logger_end(s->cfg.log, &r);
    }
    s->told_away = true;
}

static void say_ready(struct proa_store *s)
{
    struct proa_log_record r;
    if (begin(s, &r, PROA_LOG_INFO, "cache.shared_ready")) {
        proa_logger_end(s->cfg.log, &r);
    }
    s->told_away = false;
}

static void count_set(struct proa_store *s, const char *result)
{
    proa_metric_add(
        proa_metric_series1(s->cfg.metrics, PROA_METRIC_CACHE_SHARED_SETS, proa_slice_cstr(result)),
        1);
}

/* ---- who waits --------------------------------------------------------------------------------
 */

/* Nobody waits for the answer any more. */
static struct proa_store_ask *detach(struct proa_store_sent *sent)
{
    struct proa_store_ask *ask = sent->ask;
    if (ask) {
        proa_timer_clear(ask->store->loop, &ask->timer);
        ask->store = NULL;
        ask->sent = NULL;
        sent->ask = NULL;
    }
    return ask;
}

void proa_store_cancel(struct proa_store_ask *ask)
{
    if (ask->store) {
        (void)detach(ask->sent);
    }
}

static void answer(struct proa_store_sent *sent, enum proa_store_result result,
                   struct proa_buf *value)
{
    struct proa_store_ask *ask = detach(sent);
    if (ask) {
        ask->on_answer(ask->ctx, result, value);
    }
}

/* ---- pauses -----------------------------------------------------------------------------------
 */

static void pause_for(struct proa_store *s, uint32_t *step)
{
    const uint32_t n = *step < PAUSE_STEPS_MAX ? *step : PAUSE_STEPS_MAX;
    const uint64_t span =
        PAUSE_MIN_NS / 2 + proa_backoff_ns(PAUSE_MIN_NS, PAUSE_MAX_NS, n, &s->prng);
    *step = n + 1;
    proa_timer_set(s->loop, &s->pause, proa_clock_after(now_of(s), span));
}

static void forget_sent(struct proa_store *s, struct proa_store_sent *sent)
{
    proa_list_unlink(&sent->node);
    s->n_sent--;
    proa_freelist_give(&s->spares, sent);
}

/* The connection is of no use any more. */
static void lose(struct proa_store *s, enum proa_err err, struct proa_slice detail)
{
    const uint64_t now = now_of(s);
    const bool was_ready = s->state == STORE_READY || s->state == STORE_RESTING;
    if (was_ready && proa_clock_since(now, s->ready_ns) >= STEADY_NS) {
        s->n_breaks = 0;
    }
    say_away(s, err, detail);
    proa_conn_close(s->conn);
    s->conn = NULL;
    enter(s, STORE_AWAY);
    proa_timer_clear(s->loop, &s->due);
    s->n_breaks = err == PROA_ERR_PERMISSION ? PAUSE_STEPS_MAX : s->n_breaks;
    pause_for(s, &s->n_breaks);
    struct proa_list *node;
    while ((node = proa_list_first(&s->sent)) != NULL) { /* none is added while it is away */
        struct proa_store_sent *sent = PROA_CONTAINER_OF(node, struct proa_store_sent, node);
        if (sent->kind == SENT_SET) {
            count_set(s, "failed");
        }
        struct proa_store_ask *ask = detach(sent);
        forget_sent(s, sent);
        if (ask) {
            ask->on_answer(ask->ctx, PROA_STORE_FAILED, NULL);
        }
    }
}

/* Answers come too late to be of use: no more questions, for a while. */
static void rest(struct proa_store *s)
{
    if (s->state == STORE_READY) {
        enter(s, STORE_RESTING);
        pause_for(s, &s->n_late);
        if (s->n_late >= SLOW_STEPS) {
            say_away(s, PROA_ERR_TIMEOUT, PROA_SLICE("it answers, but too late"));
        }
    }
}

/* ---- sending ----------------------------------------------------------------------------------
 */

static struct proa_store_sent *send_command(struct proa_store *s, enum sent_kind kind,
                                            const struct proa_slice *args, size_t n)
{
    if (s->n_sent >= PROA_STORE_PENDING_MAX) {
        return NULL;
    }
    struct resp_command command = proa_resp_format(args, n);
    const struct iovec iov = {command.ptr, command.len};
    const enum proa_err err = proa_conn_writev(s->conn, &iov, 1);
    proa_zeroize(command.ptr, kind == SENT_GREETING ? command.len : 0);
    proa_resp_release(&command);
    if (err != PROA_OK) {
        return NULL; /* full; if it is broken, on_end says so */
    }
    struct proa_store_sent *sent = proa_freelist_take(&s->spares);
    *sent = (struct proa_store_sent){.kind = kind, .sent_ns = now_of(s)};
    proa_list_init(&sent->node);
    proa_list_push_back(&s->sent, &sent->node);
    s->n_sent++;
    if (!proa_timer_armed(&s->due)) {
        proa_timer_set(s->loop, &s->due, proa_clock_after(sent->sent_ns, ANSWER_NS));
    }
    return sent;
}

static void on_due(void *ctx, uint64_t now_ns)
{
    struct proa_store *s = ctx;
    struct proa_list *first = proa_list_first(&s->sent);
    if (!first) {
        return;
    }
    const struct proa_store_sent *oldest = PROA_CONTAINER_OF(first, struct proa_store_sent, node);
    const uint64_t due_ns = proa_clock_after(oldest->sent_ns, ANSWER_NS);
    if (now_ns < due_ns) {
        proa_timer_set(s->loop, &s->due, due_ns);
        return;
    }
    lose(s, PROA_ERR_TIMEOUT, PROA_SLICE("no answer for a second"));
}

static void on_pause(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    struct proa_store *s = ctx;
    if (s->state == STORE_AWAY) {
        dial(s);
        return;
    }
    const struct proa_slice ping = PROA_SLICE("PING");
    if (!send_command(s, SENT_PING, &ping, 1)) {
        pause_for(s, &s->n_late);
    }
}

static bool greet(struct proa_store *s)
{
    char number[PROA_FMT_BYTES];
    const struct proa_store_cfg *cfg = &s->cfg;
    const struct proa_slice auth[3] = {
        PROA_SLICE("AUTH"), cfg->user.len > 0 ? cfg->user : cfg->password, cfg->password};
    const struct proa_slice select[2] = {
        PROA_SLICE("SELECT"), proa_slice_make(number, proa_fmt_u64(number, cfg->database))};
    const struct proa_slice ping = PROA_SLICE("PING");
    struct proa_store_sent *last = NULL;
    const bool sent = (cfg->password.len == 0 ||
                       send_command(s, SENT_GREETING, auth, cfg->user.len > 0 ? 3 : 2)) &&
                      (cfg->database == 0 || send_command(s, SENT_GREETING, select, 2)) &&
                      (last = send_command(s, SENT_GREETING, &ping, 1)) != NULL;
    if (sent) {
        last->last = true;
    }
    return sent;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void on_greeted(struct proa_store *s, const struct proa_store_sent *sent,
                       enum resp_kind kind, const struct proa_buf *text)
{
    if (kind != RESP_STATUS) {
        const struct proa_slice detail =
            kind == RESP_ERROR ? proa_buf_slice(text) : PROA_SLICE_NONE;
        const bool refused = proa_slice_starts(detail, PROA_SLICE("WRONGPASS")) ||
                             proa_slice_starts(detail, PROA_SLICE("NOAUTH")) ||
                             proa_slice_starts(detail, PROA_SLICE("NOPERM")) ||
                             proa_slice_starts(detail, PROA_SLICE("ERR AUTH"));
        lose(s, refused ? PROA_ERR_PERMISSION : PROA_ERR_PROTOCOL, detail);
    } else if (sent->last) {
        s->ready_ns = now_of(s);
        enter(s, STORE_READY);
        say_ready(s);
    }
}

static void on_ping(struct proa_store *s, const struct proa_store_sent *sent)
{
    if (s->state != STORE_RESTING) {
        return;
    }
    if (proa_clock_since(now_of(s), sent->sent_ns) > TIMELY_NS) {
        pause_for(s, &s->n_late);
        if (s->n_late >= SLOW_STEPS) {
            say_away(s, PROA_ERR_TIMEOUT, PROA_SLICE("it answers, but too late"));
        }
        return;
    }
    enter(s, STORE_READY);
    if (s->told_away) {
        say_ready(s);
    }
}

static void on_value(struct proa_store *s, struct proa_store_sent *sent, enum resp_kind kind,
                     struct proa_buf *value)
{
    const uint64_t took_ns = proa_clock_since(now_of(s), sent->sent_ns);
    proa_metric_observe(s->m_duration, took_ns);
    if (took_ns <= TIMELY_NS && s->n_late > 0) {
        s->n_late--;
    }
    answer(sent,
           kind == RESP_BYTES ? PROA_STORE_VALUE
           : kind == RESP_NIL ? PROA_STORE_NONE
                              : PROA_STORE_FAILED,
           kind == RESP_BYTES ? value : NULL);
}

/* False: the connection is gone. */
static bool take(struct proa_store *s, enum resp_kind kind, struct proa_buf *bytes)
{
    struct proa_list *first = proa_list_first(&s->sent);
    if (!first) {
        lose(s, PROA_ERR_PROTOCOL, PROA_SLICE("an answer that nobody asked for"));
        return false;
    }
    struct proa_store_sent *sent = PROA_CONTAINER_OF(first, struct proa_store_sent, node);
    struct proa_store_sent had = *sent;
    if (had.ask) {
        had.ask->sent = &had;
    }
    forget_sent(s, sent);
    switch (had.kind) {
    case SENT_GREETING:
        on_greeted(s, &had, kind, bytes);
        break;
    case SENT_PING:
        on_ping(s, &had);
        break;
    case SENT_GET:
        on_value(s, &had, kind, bytes);
        break;
    case SENT_SET:
        count_set(s, kind == RESP_STATUS ? "stored" : "refused");
        break;
    }
    return s->conn != NULL;
}

static void on_data(void *ctx, struct proa_slice bytes)
{
    struct proa_store *s = ctx;
    enum proa_err err = proa_resp_feed(s->resp, bytes);
    bool found = err == PROA_OK;
    while (found) {
        enum resp_kind kind = RESP_NIL;
        struct proa_buf *value = NULL;
        err = proa_resp_next(s->resp, &found, &kind, &value);
        found = found && err == PROA_OK;
        if (found && !take(s, kind, value)) {
            return;
        }
    }
    if (err != PROA_OK) {
        lose(s, err, PROA_SLICE("what it says is no answer"));
    }
}

/* ---- the connection ---------------------------------------------------------------------------
 */

static void on_open(void *ctx, enum proa_err err)
{
    struct proa_store *s = ctx;
    if (err == PROA_OK) {
        enter(s, STORE_GREETING);
        err = greet(s) ? PROA_OK : PROA_ERR_CLOSED;
    }
    if (err != PROA_OK) {
        lose(s, err, proa_conn_error_detail(s->conn));
    }
}

static void on_end(void *ctx, enum proa_err err)
{
    struct proa_store *s = ctx;
    lose(s, err != PROA_OK ? err : PROA_ERR_CLOSED, PROA_SLICE_NONE);
}

static void on_drain(void *ctx)
{
    (void)ctx; /* nobody waits for room */
}

static const struct proa_conn_events EVENTS = {
    .on_open = on_open, .on_data = on_data, .on_end = on_end, .on_drain = on_drain};

static void dial(struct proa_store *s)
{
    const struct proa_dial way = {.host = s->cfg.host,
                                  .port = s->cfg.port,
                                  .tls = s->cfg.tls,
                                  .connect_ns = CONNECT_NS,
                                  .tls_ns = CONNECT_NS};
    proa_resp_destroy(s->resp);
    s->resp = proa_resp_create(PROA_STORE_VALUE_MAX);
    enter(s, STORE_DIALLING);
    s->conn = proa_conn_dial(s->cfg.net, &way, &EVENTS, s);
    proa_conn_set_marks(s->conn, PROA_STORE_QUEUED_MAX, PROA_STORE_QUEUED_MAX, 0);
}

struct proa_store *proa_store_create(const struct proa_store_cfg *cfg)
{
    struct proa_store *s = PROA_NEW(struct proa_store);
    s->cfg = *cfg;
    s->loop = proa_net_loop(cfg->net);
    if (cfg->tls) {
        (void)proa_tls_context_ref(cfg->tls);
    }
    proa_list_init(&s->sent);
    proa_freelist_init(&s->spares, sizeof(struct proa_store_sent), SPARE);
    proa_prng_seed(&s->prng, cfg->seed);
    s->pause.fn = on_pause;
    s->pause.ctx = s;
    s->due.fn = on_due;
    s->due.ctx = s;
    s->m_up = proa_metric_series0(cfg->metrics, PROA_METRIC_CACHE_SHARED_UP);
    s->m_duration = proa_metric_series0(cfg->metrics, PROA_METRIC_CACHE_SHARED_DURATION);
    dial(s);
    return s;
}

void proa_store_destroy(struct proa_store *s)
{
    if (!s) {
        return;
    }
    struct proa_list *node;
    while ((node = proa_list_first(&s->sent)) != NULL) {
        struct proa_store_sent *sent = PROA_CONTAINER_OF(node, struct proa_store_sent, node);
        PROA_ASSERT(!sent->ask);
        forget_sent(s, sent);
    }
    proa_timer_clear(s->loop, &s->pause);
    proa_timer_clear(s->loop, &s->due);
    if (s->conn) {
        proa_conn_close(s->conn);
    }
    proa_resp_destroy(s->resp);
    proa_freelist_deinit(&s->spares);
    proa_tls_context_unref(s->cfg.tls);
    proa_free(s);
}

bool proa_store_is_well(const struct proa_store *s)
{
    return s->state == STORE_READY;
}

const char *proa_store_library(void)
{
    return proa_resp_library();
}

/* ---- what is asked of it ----------------------------------------------------------------------
 */

#define PREFIX "proa:1:"
enum {
    NAME_MAX_BYTES = sizeof PREFIX - 1 + PROA_BASE64_ENCODED_MAX((size_t)PROA_STORE_NAME_BYTES)
};

static struct proa_slice write_name(const unsigned char name[PROA_STORE_NAME_BYTES], char *out)
{
    const size_t prefix = sizeof PREFIX - 1;
    memcpy(out, PREFIX, prefix);
    return proa_slice_make(out,
                           prefix + proa_base64_encode(PROA_BASE64URL,
                                                       proa_slice_make(name, PROA_STORE_NAME_BYTES),
                                                       out + prefix));
}

static void on_ask_timer(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    struct proa_store_ask *ask = ctx;
    rest(ask->store);
    answer(ask->sent, PROA_STORE_LATE, NULL);
}

bool proa_store_get(struct proa_store *s, const unsigned char name[PROA_STORE_NAME_BYTES],
                    struct proa_store_ask *ask, uint64_t deadline_ns)
{
    char text[NAME_MAX_BYTES];
    const struct proa_slice args[2] = {PROA_SLICE("GET"), write_name(name, text)};
    struct proa_store_sent *sent =
        s->state == STORE_READY ? send_command(s, SENT_GET, args, PROA_ARRAY_LEN(args)) : NULL;
    if (!sent) {
        return false;
    }
    sent->ask = ask;
    ask->store = s;
    ask->sent = sent;
    ask->timer.fn = on_ask_timer;
    ask->timer.ctx = ask;
    proa_timer_set(s->loop, &ask->timer, deadline_ns);
    return true;
}

void proa_store_set(struct proa_store *s, const unsigned char name[PROA_STORE_NAME_BYTES],
                    struct proa_slice value, uint64_t ttl_ms)
{
    char text[NAME_MAX_BYTES];
    char number[PROA_FMT_BYTES];
    const struct proa_slice args[5] = {PROA_SLICE("SET"), write_name(name, text), value,
                                       PROA_SLICE("PX"),
                                       proa_slice_make(number, proa_fmt_u64(number, ttl_ms))};
    if (value.len > PROA_STORE_VALUE_MAX) {
        count_set(s, "large");
    } else if (s->state != STORE_READY || !send_command(s, SENT_SET, args, PROA_ARRAY_LEN(args))) {
        count_set(s, "dropped");
    }
}
