/*
 * Lifecycle of an exchange, and the loop between the engine and the world: events go in one at a
 * time, commands are carried out in order, and what those bring about waits for its turn.
 */
#include "exchange_priv.h"

enum { EXCHANGES_SPARE = 256, FIELDS_MAX = 96 * 1024, SCRATCH_MAX = 1024 * 1024 };

void proa_exchange_host_init(struct proa_exchange_host *host)
{
    proa_freelist_init(&host->pool, sizeof(struct proa_exchange), EXCHANGES_SPARE);
    proa_freelist_init(&host->requests, sizeof(struct proa_api_request), EXCHANGES_SPARE);
    proa_loop_tend(host->loop, &host->pool);
    proa_loop_tend(host->loop, &host->requests);
    proa_list_init(&host->all);
    proa_buf_init(&host->fields, FIELDS_MAX);
    proa_buf_init(&host->scratch, SCRATCH_MAX);
    host->buffered = 0;
    proa_cached_host_init(host);
    proa_responses_host_init(host);
    for (int s = 0; s < PROA_SURFACES; s++) {
        const char *spoken = proa_api_face((enum proa_surface)s)->dialect;
        host->spoken[s] = spoken ? proa_dialect_find(proa_slice_cstr(spoken)) : NULL;
    }
    host->m_cancelled = proa_metric_series0(host->metrics, PROA_METRIC_CLIENT_CANCELLED);
    host->m_shed_memory =
        proa_metric_series1(host->metrics, PROA_METRIC_SHED, PROA_SLICE("memory"));
    host->m_buffered = proa_metric_series0(host->metrics, PROA_METRIC_BUFFERED);
}

void proa_exchange_host_deinit(struct proa_exchange_host *host)
{
    PROA_ASSERT(proa_list_empty(&host->all));
    proa_cached_host_deinit(host);
    proa_responses_host_deinit(host);
    proa_freelist_deinit(&host->pool);
    proa_freelist_deinit(&host->requests);
    proa_buf_deinit(&host->fields);
    proa_buf_deinit(&host->scratch);
}

size_t proa_exchange_host_count(const struct proa_exchange_host *host)
{
    return host->pool.n_used;
}

bool proa_exchange_take_budget(struct proa_exchange_host *host, uint64_t n)
{
    if (n > host->buffered_max - host->buffered) {
        proa_metric_add(host->m_shed_memory, 1);
        return false;
    }
    host->buffered += n;
    proa_metric_set(host->m_buffered, host->buffered);
    return true;
}

void proa_exchange_give_budget(struct proa_exchange_host *host, uint64_t n)
{
    PROA_ASSERT(n <= host->buffered);
    host->buffered -= n;
    proa_metric_set(host->m_buffered, host->buffered);
}

/* ---- collecting ------------------------------------------------------------------------------ */

/* While the client does not take what is there, the upstream is not read: its silence is ours. */
static void excuse_silence(struct proa_exchange *x)
{
    const struct proa_event event = {.kind = PROA_EV_PROGRESS,
                                     .attempt = x->run->winner,
                                     .content = true,
                                     .resumable = proa_rescue_is_possible(x)};
    proa_exchange_feed(x, &event);
}

static void on_timer(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    struct proa_exchange *x = ctx;
    if (!x->run) {
        proa_cached_timed_out(x);
        return;
    }
    if (x->call_paused) {
        excuse_silence(x);
    }
    const struct proa_event event = {.kind = PROA_EV_DEADLINE};
    proa_exchange_feed(x, &event);
}

static void on_grace(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    struct proa_exchange *x = ctx;
    if (proa_run_committed(x->run)) {
        proa_attempt_complete_late(x->attempts[x->run->winner]);
    }
}

struct proa_exchange *proa_exchange_create(struct proa_exchange_host *host,
                                           struct proa_arena *arena,
                                           const struct proa_client_ops *client, void *ctx)
{
    struct proa_exchange *x =
        proa_freelist_take_head(&host->pool, offsetof(struct proa_exchange, pending));
    proa_list_init(&x->node);
    proa_list_push_back(&host->all, &x->node);
    x->host = host;
    x->live = proa_live_ref(host->live);
    x->arena = arena;
    x->client = client;
    x->client_ctx = ctx;
    x->face = proa_api_face(PROA_SURFACE_OPENAI); /* until the head says which */
    x->dialect = host->spoken[PROA_SURFACE_OPENAI];
    x->arrived_ns = proa_loop_now(host->loop);
    x->timer.fn = on_timer;
    x->timer.ctx = x;
    x->grace.fn = on_grace;
    x->grace.ctx = x;
    proa_buf_init(&x->body, SIZE_MAX);
    return x;
}

void proa_exchange_head(struct proa_exchange *x, const struct proa_http_head *head,
                        enum proa_surface surface)
{
    x->head = head;
    x->surface = surface;
    x->face = proa_api_face(surface);
    x->dialect = x->host->spoken[surface];
    const struct proa_slice id =
        proa_http_header_value(&head->headers, PROA_HTTP_HEADER_X_REQUEST_ID);
    if (proa_reqid_valid(id)) {
        x->id = id;
    }
}

enum proa_err proa_exchange_expect_body(struct proa_exchange *x, uint64_t total)
{
    if (total <= x->body_budgeted) {
        return PROA_OK;
    }
    if (!proa_exchange_take_budget(x->host, total - x->body_budgeted)) {
        return PROA_ERR_OVERLOAD;
    }
    x->body_budgeted = total;
    return PROA_OK;
}

enum proa_err proa_exchange_add_body(struct proa_exchange *x, struct proa_slice bytes)
{
    /* A chunked body announces nothing: its budget grows as it comes, doubling with its buffer. */
    const uint64_t len = (uint64_t)x->body.len + bytes.len;
    if (len > x->body_budgeted) {
        const uint64_t want = len > 2 * x->body_budgeted ? len : 2 * x->body_budgeted;
        const enum proa_err err = proa_exchange_expect_body(x, want);
        if (err != PROA_OK) {
            return err;
        }
    }
    if (x->body.cap < x->body_budgeted) {
        (void)proa_buf_reserve(&x->body, (size_t)x->body_budgeted - x->body.len);
    }
    return proa_buf_append(&x->body, bytes);
}

void proa_exchange_forget_body(struct proa_exchange *x)
{
    proa_translate_forget(x);
    if (x->responses) {
        proa_responses_forget(x);
    }
    proa_buf_deinit(&x->body);
    proa_exchange_give_budget(x->host, x->body_budgeted);
    x->body_budgeted = 0;
    if (x->request) {
        proa_freelist_give(&x->host->requests, x->request);
        x->request = NULL;
    }
}

static void ensure_id(struct proa_exchange *x)
{
    if (x->id.len == 0) {
        proa_reqid_make(proa_loop_wall_ms(x->host->loop), &x->host->prng, x->id_text);
        x->id = proa_slice_make(x->id_text, PROA_REQID_LEN);
    }
}

void proa_exchange_run(struct proa_exchange *x, const struct proa_api_match *match)
{
    PROA_ASSERT(x->state == EXCHANGE_COLLECTING && x->head);
    x->state = EXCHANGE_RUNNING;
    ensure_id(x);
    x->version = match->version;
    if (match->kind == PROA_API_MODELS || match->kind == PROA_API_MODEL ||
        match->kind == PROA_API_MODEL_ENDPOINTS || match->kind == PROA_API_CONFIG) {
        proa_exchange_list_models(x, match);
        proa_exchange_finish(x, x->status < 400   ? PROA_OUTCOME_OK
                                : x->status < 500 ? PROA_OUTCOME_CLIENT_ERROR
                                                  : PROA_OUTCOME_ERROR);
        return;
    }
    if (match->kind == PROA_API_RESPONSES) {
        proa_responses_put_back(x);
    }
    if (!proa_exchange_admit(x, match)) {
        proa_exchange_finish(x, x->status < 500 ? PROA_OUTCOME_CLIENT_ERROR : PROA_OUTCOME_ERROR);
        return;
    }
    if (x->operation == PROA_OP_COUNT_TOKENS && proa_count_begin(x)) {
        proa_exchange_finish(x, x->status < 400 ? PROA_OUTCOME_OK : PROA_OUTCOME_CLIENT_ERROR);
        return;
    }
    if (x->operation == PROA_OP_RESPONSES) {
        proa_responses_begin(x);
    }
    if (x->resolved.route->policy->cache.mode != PROA_CACHE_OFF && !proa_exchange_is_media(x) &&
        !proa_routed_is_private(x) && proa_cached_begin(x, match)) {
        return;
    }
    x->known = NULL;
    proa_exchange_start(x);
}

void proa_exchange_start(struct proa_exchange *x)
{
    proa_exchange_make_run(x);
    proa_metric_add(proa_live_route(x->live, x->resolved.route)->inflight, 1);
    const struct proa_event admitted = {.kind = PROA_EV_ADMITTED};
    proa_exchange_feed(x, &admitted);
}

void proa_exchange_refuse(struct proa_exchange *x, enum proa_api_error_code code, uint16_t status,
                          struct proa_slice message, struct proa_slice fields)
{
    PROA_ASSERT(x->state == EXCHANGE_COLLECTING);
    x->state = EXCHANGE_RUNNING;
    ensure_id(x);
    const struct proa_api_error error = {.code = code, .status = status, .message = message};
    proa_reply_error(x, &error, fields);
    proa_exchange_finish(x, x->status < 500 ? PROA_OUTCOME_CLIENT_ERROR : PROA_OUTCOME_ERROR);
}

/* ---- running --------------------------------------------------------------------------------- */

/* A command may end the exchange; then false, and x is gone. */
static bool carry_out(struct proa_exchange *x, const struct proa_command *command)
{
    switch (command->kind) {
    case PROA_CMD_START:
        proa_attempt_start(x, command);
        break;
    case PROA_CMD_CANCEL:
        proa_attempt_release(x->attempts[command->attempt]);
        break;
    case PROA_CMD_COMMIT:
        proa_attempt_commit(x->attempts[command->attempt]);
        break;
    case PROA_CMD_REPLY_ERROR:
        proa_reply_terminal(x, &command->terminal);
        break;
    case PROA_CMD_ARM:
        proa_timer_set(x->host->loop, &x->timer, command->deadline_ns);
        break;
    case PROA_CMD_WAIT:
        break; /* the ARM beside it wakes us */
    case PROA_CMD_FINISH:
        proa_exchange_finish(x, command->outcome);
        return false;
    }
    return true;
}

static void feed_all(struct proa_exchange *x, const struct proa_event *event)
{
    x->feeding = true;
    const struct proa_event *now = event;
    PROA_UNINIT struct proa_event next;
    for (;;) {
        PROA_UNINIT struct proa_commands commands;
        commands.n = 0;
        /* The first attempt starts when all the work before it is done: that time is ours. */
        const uint64_t at =
            now->kind == PROA_EV_ADMITTED ? proa_loop_clock() : proa_loop_now(x->host->loop);
        proa_run_feed(x->run, at, now, &commands);
        if (now->kind == PROA_EV_FAILED) {
            proa_exchange_tell_refusal(x->host, x->run, &x->run->attempts[now->attempt], at);
        }
        for (size_t i = 0; i < commands.n; i++) {
            if (!carry_out(x, &commands.items[i])) {
                return;
            }
        }
        if (x->n_pending == 0) {
            break;
        }
        next = x->pending[0];
        now = &next;
        x->n_pending--;
        for (size_t i = 0; i < x->n_pending; i++) {
            x->pending[i] = x->pending[i + 1];
        }
    }
    x->feeding = false;
}

/* Inside a feed an event waits its turn. */
static bool put_off(struct proa_exchange *x, const struct proa_event *event)
{
    if (x->feeding) {
        PROA_ASSERT(x->n_pending < PENDING_EVENTS_MAX);
        x->pending[x->n_pending++] = *event;
    }
    return x->feeding;
}

/* What happens to one run may be what others wait for. */
static void wake_others(struct proa_exchange_host *host)
{
    if (host->waking) {
        return; /* whoever is at it goes on until none is left */
    }
    host->waking = true;
    struct proa_run *run;
    while ((run = proa_engine_next_woken(host->engine)) != NULL) {
        const struct proa_event woken = {.kind = PROA_EV_WOKEN};
        struct proa_exchange *x = PROA_CONTAINER_OF(run, struct running, run)->x;
        if (!put_off(x, &woken)) {
            feed_all(x, &woken);
        }
    }
    host->waking = false;
}

void proa_exchange_feed(struct proa_exchange *x, const struct proa_event *event)
{
    struct proa_exchange_host *host = x->host;
    /* Most events of a stream are such; one that others wait before keeps its turn. */
    if (x->n_pending == 0 && proa_run_note(x->run, proa_loop_now(host->loop), event)) {
        return;
    }
    if (!put_off(x, event)) {
        feed_all(x, event);
        wake_others(host);
        proa_exchange_host_tell_news(host);
    }
}

void proa_exchange_host_end_all(struct proa_exchange_host *host)
{
    const struct proa_event drain = {.kind = PROA_EV_DRAIN};
    proa_cached_host_end_waiting(host);
    struct proa_list *node = host->all.next;
    host->waking = true; /* none but the one at hand may end, or the walk loses its way */
    while (node != &host->all) {
        struct proa_exchange *x = PROA_CONTAINER_OF(node, struct proa_exchange, node);
        node = node->next;
        if (x->run) {
            proa_exchange_feed(x, &drain);
        }
    }
    host->waking = false;
    wake_others(host);
}

void proa_exchange_drained(struct proa_exchange *x)
{
    if (x->call_paused && proa_run_committed(x->run)) {
        excuse_silence(x);
        x->call_paused = false;
        struct attempt *a = x->attempts[x->run->winner];
        if (a->call) {
            proa_call_pause(a->call, false);
        }
    }
}

void proa_exchange_client_gone(struct proa_exchange *x)
{
    proa_metric_add(x->host->m_cancelled, 1);
    if (x->cached && proa_cached_client_gone(x)) {
        return;
    }
    if (!x->run) {
        proa_exchange_finish(x, PROA_OUTCOME_CANCELLED);
        return;
    }
    proa_exchange_drained(x); /* an answer that is read to its end needs no client to make room */
    const struct proa_event gone = {.kind = PROA_EV_CLIENT_GONE};
    proa_exchange_feed(x, &gone);
}

void proa_exchange_finish(struct proa_exchange *x, enum proa_outcome outcome)
{
    struct proa_exchange_host *host = x->host;
    PROA_ASSERT(x->state != EXCHANGE_OVER);
    x->state = EXCHANGE_OVER;
    ensure_id(x);
    if (x->counted) {
        outcome = PROA_OUTCOME_DEGRADED;
    }
    if (x->cached) {
        outcome = proa_cached_end(x, outcome);
    }
    proa_exchange_settle(x, outcome);
    for (size_t i = 0; x->run && i < x->run->n_attempts; i++) {
        proa_attempt_release(x->attempts[i]);
    }
    if (x->routed) {
        proa_routed_end(x);
    }
    proa_timer_clear(host->loop, &x->timer);
    proa_timer_clear(host->loop, &x->grace);
    proa_rescue_drop(x);
    proa_exchange_forget_body(x);
    if (x->responses) {
        proa_responses_release(x);
    }
    proa_live_unref(x->live);
    proa_list_unlink(&x->node);
    const struct proa_client_ops *client = x->client;
    void *ctx = x->client_ctx;
    proa_freelist_give(&host->pool, x);
    client->done(ctx);
}
