/*
 * Those who wait for the call of another: taking a seat, leaving it, and what they are told.
 *
 * A leader and a seat may both end at any time. A leader that ends has told its flight something
 * before: proa_cached_end() sees to it. A seat that is left may be the last reason for a call whose
 * own client is gone: then the leader learns that nobody is there.
 */
#include "cached_priv.h"

#include "proa/core/alloc.h"

/* When nobody says how long to wait: together with what is added at random, one to two seconds. */
static const uint64_t RETRY_NS = 1 * PROA_NS_PER_S;

/* ---- seats ----------------------------------------------------------------------------------- */

bool proa_coalesce_join(struct proa_exchange *x, struct proa_flight *f)
{
    struct cached *c = x->cached;
    const uint64_t asked_ns = proa_exchange_asked_timeout(x);
    uint64_t total_ns = x->resolved.route->policy->timeouts.total_ns;
    total_ns = asked_ns > 0 && asked_ns < total_ns ? asked_ns : total_ns;
    const uint64_t deadline_ns = proa_clock_after(x->arrived_ns, total_ns);
    if (!proa_flight_join(f, &c->seat, deadline_ns)) {
        return false;
    }
    c->verdict = VERDICT_COALESCED;
    c->reason = PROA_CACHE_REASON_NONE;
    c->waits_since_ns = proa_loop_now(x->host->loop);
    proa_timer_set(x->host->loop, &x->timer, deadline_ns);
    return true;
}

uint64_t proa_cached_waited_ns(const struct proa_exchange *x)
{
    const struct cached *c = x->cached;
    const uint64_t now = proa_loop_now(x->host->loop);
    return c->waited_ns + (c->waits_since_ns > 0 ? proa_clock_since(now, c->waits_since_ns) : 0);
}

void proa_coalesce_stop_waiting(struct proa_exchange *x)
{
    struct cached *c = x->cached;
    c->waited_ns = proa_cached_waited_ns(x);
    c->waits_since_ns = 0;
    proa_timer_clear(x->host->loop, &x->timer);
}

static void give_flight_budget(struct proa_exchange *x)
{
    proa_exchange_give_budget(x->host, x->cached->budgeted);
    x->cached->budgeted = 0;
}

/* Nobody wants the answer of the call any more. */
static void cancel(struct proa_flight *f)
{
    struct proa_exchange *leader = f->leader;
    const struct proa_event gone = {.kind = PROA_EV_CLIENT_GONE};
    leader->cached->flight = NULL;
    (void)proa_flight_end(f);
    give_flight_budget(leader);
    if (!leader->run) { /* it was still to hear from the shared cache */
        proa_exchange_finish(leader, PROA_OUTCOME_CANCELLED);
        return;
    }
    proa_exchange_feed(leader, &gone);
}

static void leave(struct proa_exchange *x)
{
    struct proa_flight *f = x->cached->seat.flight;
    if (proa_flight_leave(&x->cached->seat).kind == PROA_FLIGHT_CANCEL &&
        !x->host->cached->ending) {
        cancel(f);
    }
}

void proa_cached_timed_out(struct proa_exchange *x)
{
    const struct proa_api_error error = {
        .code = PROA_API_ERR_DEADLINE,
        .message = PROA_SLICE("The time for this request is over; an identical one, whose answer "
                              "it waited for, is still under way.")};
    proa_coalesce_stop_waiting(x);
    proa_reply_error(x, &error, PROA_SLICE_NONE);
    proa_exchange_finish(x, PROA_OUTCOME_ERROR);
}

bool proa_cached_client_gone(struct proa_exchange *x)
{
    struct cached *c = x->cached;
    struct proa_flight *f = c->flight;
    if (!f) {
        return false;
    }
    if (proa_flight_leader_left(f).kind == PROA_FLIGHT_NOTHING) {
        c->client_gone = true;
        return true;
    }
    c->flight = NULL;
    (void)proa_flight_end(f);
    give_flight_budget(x);
    return false;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static void free_told(struct told *t)
{
    proa_answer_unref(t->answer);
    proa_buf_deinit(&t->text);
    proa_free(t);
}

void proa_coalesce_tell(struct proa_exchange *x, const struct told *what)
{
    struct proa_cached_host *ch = x->host->cached;
    struct proa_flight *f = x->cached->flight;
    struct told *t = PROA_NEW(struct told);
    *t = *what;
    t->flight = f;
    if (t->answer) {
        (void)proa_answer_ref(t->answer);
    }
    x->cached->flight = NULL;
    give_flight_budget(x);
    if (!proa_flight_end(f)) {
        free_told(t);
        return;
    }
    proa_list_init(&t->node);
    proa_list_push_back(&ch->told, &t->node);
    proa_defer(x->host->loop, &ch->deliver);
}

/* The leader's own time was over, not the policy's: others may have more. */
bool proa_coalesce_is_own_end(const struct proa_exchange *x, const struct proa_terminal *t)
{
    return x->cached->hurried && t->fail == PROA_FAIL_DEADLINE;
}

void proa_cached_share_error(struct proa_exchange *x, const struct proa_api_error *error,
                             const struct proa_terminal *t)
{
    if (!x->cached->flight) {
        return;
    }
    struct told what = {.kind = proa_coalesce_is_own_end(x, t) ? TOLD_AGAIN : TOLD_ERROR,
                        .error = *error,
                        .terminal = *t};
    if (x->cached->flight->n_seats > 0 && what.kind == TOLD_ERROR) {
        proa_buf_init(&what.text, SIZE_MAX); /* messages are bounded where they are made */
        (void)proa_buf_append(&what.text, error->message);
        (void)proa_buf_append(&what.text, error->provider);
        const struct proa_slice text = proa_buf_slice(&what.text);
        what.error.message = proa_slice_head(text, error->message.len);
        what.error.provider = proa_slice_from(text, error->message.len);
    }
    proa_coalesce_tell(x, &what);
}

void proa_cached_share_reply(struct proa_exchange *x, struct proa_slice content_type,
                             struct proa_slice body, const struct proa_terminal *t)
{
    if (!x->cached->flight) {
        return;
    }
    struct told what = {.kind = TOLD_REPLY, .terminal = *t};
    const struct iovec iov = {(void *)(uintptr_t)body.ptr, body.len};
    what.answer = proa_answer_make(x->status, content_type, &iov, 1);
    proa_coalesce_tell(x, &what);
    proa_answer_unref(what.answer);
}

/* ---- telling it ------------------------------------------------------------------------------ */

/* Each at another time: those who fail together must not come back together. */
static void spread_advice(struct proa_exchange *x, const struct proa_terminal *terminal,
                          struct proa_buf *lines)
{
    struct proa_terminal t = *terminal;
    if (t.class != PROA_CLASS_CLIENT && t.retry_after_ns == 0) {
        t.retry_after_ns = RETRY_NS;
    }
    t.retry_after_ns = proa_flight_spread(t.retry_after_ns, &x->host->prng);
    proa_reply_advice(&t, lines);
}

static void deliver_failure(struct proa_exchange *x, const struct told *t)
{
    struct proa_buf lines;
    proa_buf_init(&lines, 512);
    spread_advice(x, &t->terminal, &lines);
    if (t->kind == TOLD_REPLY) {
        proa_reply_whole(x, t->answer->status, t->answer->fields, t->answer->body,
                         proa_buf_slice(&lines));
        x->error = proa_class_text(t->terminal.class);
    } else {
        proa_reply_error(x, &t->error, proa_buf_slice(&lines));
    }
    proa_buf_deinit(&lines);
    proa_exchange_finish(x, x->status < 500 && t->terminal.class == PROA_CLASS_CLIENT
                                ? PROA_OUTCOME_CLIENT_ERROR
                                : PROA_OUTCOME_ERROR);
}

/* Older than this one's client wants it, though not than the leader's did. */
static bool is_too_old(const struct proa_exchange *x, const struct told *t)
{
    return t->verdict != VERDICT_COALESCED &&
           proa_clock_since(proa_loop_now(x->host->loop), t->answer->made_ns) >
               x->cached->max_age_ns;
}

static void look_again(struct proa_exchange *x)
{
    if (!proa_cached_look(x)) {
        proa_exchange_start(x);
    }
}

static void deliver_one(struct proa_exchange *x, const struct told *t)
{
    proa_coalesce_stop_waiting(x);
    switch (t->kind) {
    case TOLD_ANSWER:
        if (is_too_old(x, t)) {
            look_again(x);
            break;
        }
        x->cached->ttl_ns = t->ttl_ns;
        x->cached->stale_ns = t->stale_ns;
        proa_cached_send(x, t->answer, t->verdict);
        proa_exchange_finish(x, PROA_OUTCOME_OK);
        break;
    case TOLD_REPLY:
    case TOLD_ERROR:
        deliver_failure(x, t);
        break;
    case TOLD_ALONE:
        x->cached->verdict = VERDICT_MISS;
        x->cached->reason = PROA_CACHE_REASON_LARGE;
        proa_exchange_start(x);
        break;
    case TOLD_AGAIN:
        look_again(x);
        break;
    }
}

void proa_coalesce_deliver(void *ctx)
{
    struct proa_cached_host *ch = ctx;
    struct proa_list *node;
    while ((node = proa_list_pop_front(&ch->told)) != NULL) {
        struct told *t = PROA_CONTAINER_OF(node, struct told, node);
        struct proa_flight_seat *seat;
        while ((seat = proa_flight_next_seat(t->flight)) != NULL) {
            deliver_one(PROA_CONTAINER_OF(seat, struct cached, seat)->x, t);
        }
        free_told(t);
    }
}

/* ---- ends ------------------------------------------------------------------------------------ */

enum proa_outcome proa_cached_end(struct proa_exchange *x, enum proa_outcome outcome)
{
    struct cached *c = x->cached;
    proa_shared_forget(x);
    if (c->flight) {
        const struct told what = {.kind = TOLD_AGAIN};
        proa_coalesce_tell(x, &what);
    }
    leave(x);
    proa_cached_count(x);
    if (c->client_gone) {
        return PROA_OUTCOME_CANCELLED;
    }
    return c->verdict == VERDICT_STALE ? PROA_OUTCOME_DEGRADED : outcome;
}

void proa_cached_host_end_waiting(struct proa_exchange_host *host)
{
    const struct proa_api_error error = {
        .code = PROA_API_ERR_DRAINING,
        .message = PROA_SLICE("Proa is shutting down; send the request again.")};
    struct proa_list *node = host->all.next;
    host->cached->ending = true;
    while (node != &host->all) {
        struct proa_exchange *x = PROA_CONTAINER_OF(node, struct proa_exchange, node);
        node = node->next;
        if (x->cached && (x->cached->seat.flight || x->cached->ask)) {
            proa_coalesce_stop_waiting(x);
            proa_reply_error(x, &error, PROA_SLICE_NONE);
            proa_exchange_finish(x, PROA_OUTCOME_ERROR);
        }
    }
}
