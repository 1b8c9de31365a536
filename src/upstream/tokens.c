#include "proa/upstream/tokens.h"

#include "upstream_priv.h"

#include "proa/auth/token.h"
#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/prng.h"

#include <string.h>

enum { DETAIL_MAX = 512 };

static const uint64_t CONNECT_NS = 5 * PROA_NS_PER_S;
static const uint64_t TOTAL_NS = 15 * PROA_NS_PER_S; /* of one request */
static const uint64_t REJECT_NS = PROA_NS_PER_S;     /* a token so young is not at fault */

struct proa_tokens {
    struct proa_tokens_cfg cfg;
    struct proa_map sources; /* by identity */
    struct proa_prng prng;
};

struct proa_token_source {
    struct proa_tokens *tokens;
    uint32_t refs;
    struct proa_slice identity; /* owned; the map's key */
    struct proa_snapshot *snapshot;
    const struct proa_key_grant *grant; /* of the snapshot */
    struct proa_connpool *pool;
    struct proa_token_state state;
    struct proa_grant_token token;
    struct proa_grant_token previous; /* exchanges under way may still show it */
    uint32_t serial;
    uint64_t got_ns;
    bool used; /* since it was got: then the next is asked for in time */
    struct proa_list waiting;
    struct proa_timer due;
    struct proa_deferred failing; /* what failed before it was sent */
    enum proa_err failed;
    struct proa_buf detail; /* of the last failure */

    /* the request under way */
    struct proa_call *call;
    struct proa_timer deadline;
    struct proa_buf request; /* wiped, as is the next */
    struct proa_buf answer;
    struct proa_arena arena;
    struct iovec iov;
    uint16_t status;
    uint64_t asked_ns;
};

static void ask(struct proa_token_source *s);

static uint64_t now_of(const struct proa_token_source *s)
{
    return proa_loop_now(s->tokens->cfg.loop);
}

/* ---- tokens and the redactor -------------------------------------------------------------------
 */

static void make_known(const struct proa_token_source *s, const struct proa_grant_token *token)
{
    struct proa_redactor *r = s->tokens->cfg.redactor;
    if (r && token->secret) {
        (void)proa_redactor_add(r, token->secret);
    }
    if (r && token->session) {
        (void)proa_redactor_add(r, token->session);
    }
}

static void drop_token(const struct proa_token_source *s, struct proa_grant_token *token)
{
    struct proa_redactor *r = s->tokens->cfg.redactor;
    if (r && token->secret) {
        proa_redactor_remove(r, token->secret);
    }
    if (r && token->session) {
        proa_redactor_remove(r, token->session);
    }
    proa_grant_token_release(token);
}

static void wipe(struct proa_buf *b)
{
    if (b->ptr) {
        explicit_bzero(b->ptr, b->cap);
    }
    proa_buf_deinit(b);
}

/* ---- who waits ---------------------------------------------------------------------------------
 */

void proa_token_wait_cancel(struct proa_token_wait *wait)
{
    if (wait->source) {
        proa_timer_clear(wait->source->tokens->cfg.loop, &wait->timer);
        proa_list_unlink(&wait->node);
        wait->source = NULL;
    }
}

static void on_wait_timer(void *ctx, uint64_t now_ns)
{
    struct proa_token_wait *wait = ctx;
    (void)now_ns;
    const struct proa_token_failure failure = {.err = PROA_ERR_TIMEOUT,
                                               .detail = PROA_SLICE("no token came in time")};
    proa_token_wait_cancel(wait);
    wait->on_token(wait->ctx, &failure);
}

static void tell(struct proa_token_source *s, const struct proa_token_failure *failure)
{
    struct proa_list due;
    struct proa_list *node;
    proa_list_init(&due);
    while ((node = proa_list_first(&s->waiting)) != NULL) { /* those who wait from now on stay */
        proa_list_unlink(node);
        proa_list_push_back(&due, node);
    }
    s->refs++;
    while ((node = proa_list_first(&due)) != NULL) {
        struct proa_token_wait *wait = PROA_CONTAINER_OF(node, struct proa_token_wait, node);
        proa_token_wait_cancel(wait);
        wait->on_token(wait->ctx, failure);
    }
    proa_token_source_unref(s);
}

/* ---- the end of a request ----------------------------------------------------------------------
 */

static void count(const struct proa_token_source *s, bool ok)
{
    proa_metric_add(proa_metric_series2(s->tokens->cfg.metrics, PROA_METRIC_TOKENS, s->grant->label,
                                        ok ? PROA_SLICE("ok") : PROA_SLICE("failed")),
                    1);
}

static void close_request(struct proa_token_source *s)
{
    proa_timer_clear(s->tokens->cfg.loop, &s->deadline);
    wipe(&s->request);
    wipe(&s->answer);
    proa_arena_reset(&s->arena);
    s->call = NULL;
}

static void say_failed(const struct proa_token_source *s)
{
    struct proa_logger *log = s->tokens->cfg.log;
    struct proa_log_record r;
    if (!log || !proa_logger_begin(log, &r, PROA_LOG_WARN, proa_loop_wall_ms(s->tokens->cfg.loop),
                                   "token.failed")) {
        return;
    }
    proa_log_str(&r, "key", s->grant->label);
    proa_log_cstr(&r, "by", proa_grant_name(s->grant->grant.kind));
    proa_log_str(&r, "endpoint", s->grant->endpoint->identity);
    proa_log_cstr(&r, "error", proa_err_text(s->failed));
    proa_log_str(&r, "detail", proa_buf_slice(&s->detail));
    proa_log_bool(&r, "serving", s->state.has && now_of(s) < s->state.usable_ns);
    proa_logger_end(log, &r);
}

/* "google service account at https://oauth2.googleapis.com:443: invalid_grant: ..." */
static void describe(struct proa_token_source *s, struct proa_slice detail)
{
    struct proa_buf scratch;
    proa_buf_init(&scratch, DETAIL_MAX);
    proa_buf_clear(&s->detail);
    (void)proa_buf_append_cstr(&s->detail, proa_grant_name(s->grant->grant.kind));
    PROA_BUF_LIT(&s->detail, " at ");
    (void)proa_buf_append(&s->detail, s->grant->endpoint->identity);
    PROA_BUF_LIT(&s->detail, ": ");
    detail = proa_redact_foreign(s->tokens->cfg.redactor, detail, &scratch);
    (void)proa_buf_append(&s->detail, proa_slice_head(detail, DETAIL_MAX / 2));
    proa_buf_deinit(&scratch);
}

static struct proa_token_failure failure_of(const struct proa_token_source *s)
{
    return (struct proa_token_failure){.err = s->failed, .detail = proa_buf_slice(&s->detail)};
}

static void fail(struct proa_token_source *s, enum proa_err err, struct proa_slice detail)
{
    describe(s, detail.len > 0 ? detail : proa_slice_cstr(proa_err_text(err)));
    close_request(s);
    s->failed = err;
    proa_token_failed(&s->state, err == PROA_ERR_PERMISSION, now_of(s),
                      proa_prng_next(&s->tokens->prng));
    count(s, false);
    say_failed(s);
    const struct proa_token_failure failure = failure_of(s);
    tell(s, &failure);
}

/* The next one is asked for in time where this one is in use. */
static void arm(struct proa_token_source *s)
{
    if (s->used && !s->state.asking && s->refs > 0) {
        proa_timer_set(s->tokens->cfg.loop, &s->due, proa_token_next_ns(&s->state));
    }
}

static void on_due(void *ctx, uint64_t now_ns)
{
    struct proa_token_source *s = ctx;
    if (proa_token_advise(&s->state, now_ns) == PROA_TOKEN_USE_AND_ASK) {
        ask(s);
    }
}

static void take_token(struct proa_token_source *s, struct proa_grant_token *token)
{
    drop_token(s, &s->previous);
    s->previous = s->token;
    s->token = *token;
    make_known(s, &s->token);
    s->serial++;
    s->got_ns = now_of(s);
    proa_token_got(&s->state, s->asked_ns, token->life_s, proa_prng_next(&s->tokens->prng));
    close_request(s);
    count(s, true);
    s->used = !proa_list_empty(&s->waiting);
    arm(s);
    tell(s, NULL);
}

/* ---- the call ----------------------------------------------------------------------------------
 */

static void on_sent(void *ctx, bool reused)
{
    (void)ctx;
    (void)reused;
}

static void on_head(void *ctx, const struct proa_http_head *head)
{
    struct proa_token_source *s = ctx;
    s->status = head->status;
}

static void on_body(void *ctx, struct proa_slice bytes)
{
    struct proa_token_source *s = ctx;
    (void)proa_buf_append(&s->answer, bytes); /* too long: seen at its end */
}

static void on_batch(void *ctx)
{
    (void)ctx;
}

static void on_complete(void *ctx)
{
    struct proa_token_source *s = ctx;
    struct proa_grant_token token = {0};
    struct proa_grant_refusal why = {.len = 0};
    s->call = NULL;
    if (!proa_buf_ok(&s->answer)) {
        fail(s, PROA_ERR_LIMIT, PROA_SLICE("the answer is too long"));
        return;
    }
    const enum proa_err err =
        proa_grant_read(&s->grant->grant, s->status, proa_buf_slice(&s->answer),
                        proa_loop_wall_ms(s->tokens->cfg.loop) / 1000, &token, &why);
    if (err == PROA_OK) {
        take_token(s, &token);
    } else {
        fail(s, err, proa_slice_make(why.text, why.len));
    }
}

static void on_fail(void *ctx, const struct proa_call_failure *failure)
{
    struct proa_token_source *s = ctx;
    s->call = NULL;
    fail(s, failure->err, failure->detail);
}

static const struct proa_call_events EVENTS = {
    .on_sent = on_sent,
    .on_head = on_head,
    .on_body = on_body,
    .on_batch = on_batch,
    .on_complete = on_complete,
    .on_fail = on_fail,
};

static void on_deadline(void *ctx, uint64_t now_ns)
{
    struct proa_token_source *s = ctx;
    (void)now_ns;
    if (s->call) {
        proa_call_cancel(s->call);
        fail(s, PROA_ERR_TIMEOUT, PROA_SLICE_NONE);
    }
}

static void on_failing(void *ctx)
{
    struct proa_token_source *s = ctx;
    fail(s, s->failed, PROA_SLICE("the request could not be made"));
}

static void ask(struct proa_token_source *s)
{
    struct proa_loop *loop = s->tokens->cfg.loop;
    bool sent = false;
    proa_token_asked(&s->state);
    proa_timer_clear(loop, &s->due);
    proa_buf_init(&s->request, SIZE_MAX);
    proa_buf_init(&s->answer, PROA_GRANT_ANSWER_MAX);
    /* Not grown while it fills: no copy of a token is left behind. */
    (void)proa_buf_reserve(&s->answer, PROA_GRANT_ANSWER_MAX - 1);
    proa_arena_init(&s->arena, NULL);
    s->status = 0;
    s->asked_ns = now_of(s);
    const enum proa_err err =
        proa_grant_write(&s->grant->grant, proa_loop_wall_ms(loop) / 1000, &s->request);
    if (err != PROA_OK) {
        s->failed = err;
        proa_defer(loop, &s->failing);
        return;
    }
    s->iov = (struct iovec){s->request.ptr, s->request.len};
    const struct proa_call_request request = {
        .iov = &s->iov, .n_iov = 1, .arena = &s->arena, .connect_ns = CONNECT_NS};
    s->call = proa_call_start(s->pool, &request, &EVENTS, s, &sent);
    proa_timer_set(loop, &s->deadline, proa_clock_after(s->asked_ns, TOTAL_NS));
}

/* ---- handing out -------------------------------------------------------------------------------
 */

static void hand_out(struct proa_token_source *s, struct proa_authorization *out, uint32_t *serial)
{
    out->secret = proa_secret_bytes(s->token.secret);
    if (proa_grant_is_aws(s->grant->grant.kind)) {
        out->access_id = proa_slice_make(s->token.key_id, s->token.key_id_len);
        out->session_token =
            s->token.session ? proa_secret_bytes(s->token.session) : PROA_SLICE_NONE;
    }
    *serial = s->serial;
    if (!s->used) {
        s->used = true;
        arm(s);
    }
}

static void wait_for(struct proa_token_source *s, struct proa_token_wait *wait, uint64_t span_ns)
{
    wait->source = s;
    wait->timer.fn = on_wait_timer;
    wait->timer.ctx = wait;
    proa_list_init(&wait->node);
    proa_list_push_back(&s->waiting, &wait->node);
    proa_timer_set(s->tokens->cfg.loop, &wait->timer, proa_clock_after(now_of(s), span_ns));
}

enum proa_token_take proa_token_source_take(struct proa_token_source *s,
                                            struct proa_authorization *out, uint32_t *serial,
                                            struct proa_token_wait *wait, uint64_t span_ns,
                                            struct proa_token_failure *failure)
{
    switch (proa_token_advise(&s->state, now_of(s))) {
    case PROA_TOKEN_USE_AND_ASK:
        ask(s);
        hand_out(s, out, serial);
        return PROA_TOKEN_TAKEN;
    case PROA_TOKEN_USE:
        hand_out(s, out, serial);
        return PROA_TOKEN_TAKEN;
    case PROA_TOKEN_ASK:
        ask(s);
        wait_for(s, wait, span_ns);
        return PROA_TOKEN_WAITS;
    case PROA_TOKEN_WAIT:
        wait_for(s, wait, span_ns);
        return PROA_TOKEN_WAITS;
    case PROA_TOKEN_FAILED:
        break;
    }
    *failure = failure_of(s);
    return PROA_TOKEN_NONE;
}

static void say_rejected(const struct proa_token_source *s)
{
    struct proa_logger *log = s->tokens->cfg.log;
    struct proa_log_record r;
    if (log && proa_logger_begin(log, &r, PROA_LOG_WARN, proa_loop_wall_ms(s->tokens->cfg.loop),
                                 "token.rejected")) {
        proa_log_str(&r, "key", s->grant->label);
        proa_log_ms(&r, "age_ms", proa_clock_since(now_of(s), s->got_ns));
        proa_logger_end(log, &r);
    }
}

bool proa_token_source_reject(struct proa_token_source *s, uint32_t serial)
{
    const uint64_t now_ns = now_of(s);
    if (serial == s->serial && proa_clock_since(now_ns, s->got_ns) < REJECT_NS) {
        return false;
    }
    if (serial == s->serial && now_ns < s->state.usable_ns) { /* the first who learns of it */
        say_rejected(s);
        proa_token_rejected(&s->state, now_ns);
    }
    return true;
}

/* ---- life --------------------------------------------------------------------------------------
 */

struct proa_tokens *proa_tokens_create(const struct proa_tokens_cfg *cfg)
{
    struct proa_tokens *tokens = PROA_NEW(struct proa_tokens);
    tokens->cfg = *cfg;
    proa_map_init(&tokens->sources, cfg->seed);
    proa_prng_seed(&tokens->prng, cfg->seed);
    return tokens;
}

void proa_tokens_destroy(struct proa_tokens *tokens)
{
    if (tokens) {
        PROA_ASSERT(tokens->sources.len == 0);
        proa_map_deinit(&tokens->sources);
        proa_free(tokens);
    }
}

static struct proa_token_source *create(struct proa_tokens *tokens,
                                        const struct proa_key_grant *grant)
{
    struct proa_token_source *s = PROA_NEW(struct proa_token_source);
    s->tokens = tokens;
    s->identity =
        proa_slice_make(proa_memdup(grant->identity.ptr, grant->identity.len), grant->identity.len);
    proa_list_init(&s->waiting);
    proa_buf_init(&s->detail, DETAIL_MAX);
    s->due = (struct proa_timer){.fn = on_due, .ctx = s};
    s->deadline = (struct proa_timer){.fn = on_deadline, .ctx = s};
    s->failing = (struct proa_deferred){.fn = on_failing, .ctx = s};
    (void)proa_map_put(&tokens->sources, s->identity, s);
    return s;
}

static bool same_secret(const struct proa_grant *a, const struct proa_grant *b)
{
    return a->secret == b->secret ||
           (a->secret && b->secret &&
            memcmp(proa_secret_digest(a->secret), proa_secret_digest(b->secret), 32) == 0);
}

/* What is asked with a credential that was replaced: those who wait get what the new one brings. */
static void forget_request(struct proa_token_source *s)
{
    if (!s->state.asking) {
        return;
    }
    if (s->call) {
        proa_call_cancel(s->call);
    }
    proa_defer_cancel(s->tokens->cfg.loop, &s->failing);
    close_request(s);
    proa_token_dropped(&s->state);
}

struct proa_token_source *proa_token_source_get(struct proa_tokens *tokens,
                                                struct proa_snapshot *snapshot,
                                                const struct proa_key_grant *grant)
{
    struct proa_token_source *s = proa_map_get(&tokens->sources, grant->identity);
    struct proa_snapshot *before = s ? s->snapshot : NULL;
    struct proa_connpool *pool_before = s ? s->pool : NULL;
    const bool changed = s && !same_secret(&s->grant->grant, &grant->grant);
    s = s ? s : create(tokens, grant);
    s->refs++;
    s->snapshot = proa_snapshot_ref(snapshot);
    s->grant = grant;
    s->pool = proa_connpool_get(tokens->cfg.upstream, grant->endpoint, NULL);
    if (pool_before) {
        proa_connpool_unref(pool_before);
    }
    proa_snapshot_unref(before);
    if (changed) {
        forget_request(s);
        proa_token_source_changed(&s->state, now_of(s));
    }
    const enum proa_token_advice advice = proa_token_advise(&s->state, now_of(s));
    if (advice == PROA_TOKEN_ASK || (changed && advice == PROA_TOKEN_USE_AND_ASK)) {
        ask(s);
    }
    return s;
}

void proa_token_source_unref(struct proa_token_source *s)
{
    PROA_ASSERT(s->refs > 0);
    if (--s->refs > 0) {
        return;
    }
    PROA_ASSERT(proa_list_empty(&s->waiting));
    forget_request(s);
    proa_timer_clear(s->tokens->cfg.loop, &s->due);
    drop_token(s, &s->token);
    drop_token(s, &s->previous);
    (void)proa_map_remove(&s->tokens->sources, s->identity);
    proa_connpool_unref(s->pool);
    proa_snapshot_unref(s->snapshot);
    proa_buf_deinit(&s->detail);
    proa_free((void *)(uintptr_t)s->identity.ptr);
    proa_free(s);
}
