/*
 * The witness: feeds events to a real run, believes nothing, and checks after each one that every
 * promise of proa/engine/run.h held.
 *
 * Runs of one world share an engine, so that they wait for and wake one another; sim_feed() hands
 * on what the engine wakes. Static inline; the world must outlive its witnesses, and none of them
 * may move.
 */
#ifndef PROA_SIM_WITNESS_H
#define PROA_SIM_WITNESS_H

#include "proa/catalogue/catalogue.h"
#include "proa/engine/status.h"

#include "promises.h"

static inline void sim_note_attempt(struct sim_witness *w, const struct proa_event *e)
{
    struct sim_attempt *a = &w->attempts[e->attempt];
    switch (e->kind) {
    case PROA_EV_CONNECTED:
        a->stage = PROA_STAGE_SENT;
        a->connected_ns = w->now_ns;
        break;
    case PROA_EV_HEAD:
        a->stage = PROA_STAGE_HEAD;
        a->bytes_ns = w->now_ns;
        a->status = e->status;
        break;
    case PROA_EV_FIRST_CONTENT:
        a->stage = PROA_STAGE_CONTENT;
        a->bytes_ns = w->now_ns;
        a->content_ns = w->now_ns;
        break;
    case PROA_EV_PROGRESS:
        a->bytes_ns = w->now_ns;
        a->content_ns = e->content ? w->now_ns : a->content_ns;
        break;
    case PROA_EV_ENDED:
        a->stage = PROA_STAGE_OVER;
        a->class = PROA_CLASS_OK;
        break;
    case PROA_EV_FAILED:
        a->stage = PROA_STAGE_OVER;
        a->class = e->class;
        a->status = e->status;
        a->too_long = e->too_long && e->class == PROA_CLASS_CLIENT;
        a->absent = e->absent && e->class == PROA_CLASS_UNFIT;
        a->retry_at_ns = e->retry_after_ns > 0 ? proa_clock_after(w->now_ns, e->retry_after_ns) : 0;
        w->failed = e->attempt;
        w->broken = e->attempt == w->winner ? w->winner : w->broken;
        break;
    case PROA_EV_ADMITTED:
    case PROA_EV_DEADLINE:
    case PROA_EV_WOKEN:
    case PROA_EV_CLIENT_GONE:
    case PROA_EV_DRAIN:
        break;
    }
}

/* False when the event must have no effect at all. */
static inline bool sim_note_event(struct sim_witness *w, const struct proa_event *e)
{
    if (w->finished) {
        return false;
    }
    if (e->kind >= PROA_EV_CONNECTED && e->kind <= PROA_EV_FAILED) {
        if (e->attempt >= w->n_attempts || !sim_is_active(&w->attempts[e->attempt])) {
            return false;
        }
        sim_note_attempt(w, e);
    }
    if (e->kind == PROA_EV_ADMITTED) {
        w->admitted = true;
        w->world->n_deposits += w->options.sdk_retry == 0;
    }
    w->client_gone = w->client_gone || e->kind == PROA_EV_CLIENT_GONE;
    w->waited = w->wait != PROA_WAIT_NONE && w->now_ns >= w->wait_ns;
    return true;
}

/* A failure may turn out to be our own: the engine has the last word on that class alone. */
static inline void sim_note_local(struct sim_witness *w)
{
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        if (w->attempts[i].stage == PROA_STAGE_OVER &&
            w->run.attempts[i].class == PROA_CLASS_LOCAL) {
            w->attempts[i].class = PROA_CLASS_LOCAL;
        }
    }
}

/* What the run says of itself agrees with what it told. */
static inline void sim_check_records(const struct sim_witness *w)
{
    SIM_MUST(w->run.finished == w->finished);
    SIM_MUST(w->run.n_attempts == w->n_attempts);
    SIM_MUST(w->run.winner == w->winner);
    SIM_MUST(w->run.armed_ns == w->armed_ns);
    SIM_MUST(proa_run_committed(&w->run) == sim_committed(w));
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct proa_attempt_record *r = &w->run.attempts[i];
        SIM_MUST(r->stage == w->attempts[i].stage);
        SIM_MUST(r->candidate == sim_candidate(w, w->attempts[i].candidate));
        SIM_MUST(r->started_ns == w->attempts[i].started_ns);
        if (r->stage == PROA_STAGE_OVER) {
            SIM_MUST(r->class == w->attempts[i].class);
            SIM_MUST(r->status == w->attempts[i].status);
            SIM_MUST(r->ended_ns >= r->started_ns && r->ended_ns <= w->now_ns);
            SIM_MUST(!proa_list_linked(&r->in_pool));
        }
    }
    if (w->finished) {
        SIM_MUST(!proa_list_linked(&w->run.queued) && !proa_list_linked(&w->run.woken));
    }
}

/* The one excuse for a due attempt that goes on: our timer was late, and its client has a part. */
static inline void sim_excuse(struct sim_witness *w, uint8_t index)
{
    SIM_MUST(index == w->winner && w->run.excused);
    SIM_MUST(w->now_ns - sim_due(w, index) > SIM_LATE_MS * PROA_NS_PER_MS);
    w->attempts[index].bytes_ns = w->now_ns;
    w->attempts[index].content_ns = w->now_ns;
}

/* Nothing is forgotten: what is due is done, and the timer fires before the next thing is due. */
static inline void sim_check_settled(struct sim_witness *w, enum proa_ev cause, uint8_t n_before)
{
    SIM_MUST(!w->client_gone || w->fx->policy.on_disconnect == PROA_ON_DISCONNECT_DRAIN ||
             w->finished);
    if (w->finished) {
        return;
    }
    SIM_MUST(cause != PROA_EV_DRAIN);
    SIM_MUST(!w->admitted || sim_n_active(w) > 0 || w->wait != PROA_WAIT_NONE);
    SIM_MUST(!sim_committed(w) || sim_n_active(w) == 1);
    if (cause == PROA_EV_DEADLINE) {
        SIM_MUST(w->now_ns < w->deadline_ns);
        for (uint8_t i = 0; i < n_before; i++) {
            if (w->now_ns >= sim_due(w, i)) {
                sim_excuse(w, i);
            }
        }
    }
    SIM_MUST(w->armed_ns <= sim_earliest(w));
}

static inline void sim_feed_one(struct sim_witness *w, uint64_t now_ns,
                                const struct proa_event *event)
{
    PROA_ASSERT(now_ns >= w->now_ns);
    w->now_ns = now_ns;
    w->world->now_ns = now_ns;
    w->n_events++;
    const size_t n_commands = w->last.n;
    const uint8_t n_before = w->n_attempts;
    const bool counts = sim_note_event(w, event);
    proa_run_feed(&w->run, now_ns, event, &w->last);
    SIM_MUST(counts || w->last.n == n_commands);
    sim_note_local(w);
    for (size_t i = n_commands; i < w->last.n; i++) {
        sim_on_command(w, &w->last.items[i], event);
    }
    SIM_MUST(!w->finished || n_commands == w->last.n ||
             w->last.items[w->last.n - 1].kind == PROA_CMD_FINISH);
    sim_check_records(w);
    if (counts) {
        sim_check_settled(w, event->kind, n_before);
    }
}

/* Feeds one event; time must not run backward. w->last holds what came out of this run. */
static inline void sim_feed(struct sim_witness *w, uint64_t now_ns, const struct proa_event *event)
{
    const struct proa_event woken = {.kind = PROA_EV_WOKEN};
    w->last.n = 0;
    sim_feed_one(w, now_ns, event);
    struct proa_run *run;
    while ((run = proa_engine_next_woken(w->fx->engine)) != NULL) {
        struct sim_witness *other = PROA_CONTAINER_OF(run, struct sim_witness, run);
        if (other != w) {
            other->last.n = 0;
        }
        sim_feed_one(other, now_ns, &woken);
    }
}

/* All exchanges are over: nothing is left over of anything. */
static inline void sim_check_rest(const struct sim_world *world)
{
    const struct proa_roster *roster = world->fx->roster;
    SIM_MUST(world->n_places == 0);
    for (size_t i = 0; i < proa_status_n(roster, PROA_STATUS_TARGET); i++) {
        struct proa_status_target target;
        proa_status_target(roster, i, world->now_ns, &target);
        SIM_MUST(target.inflight == 0 && !target.breaker.probing);
    }
    for (size_t i = 0; i < proa_status_n(roster, PROA_STATUS_POOL); i++) {
        struct proa_status_pool pool;
        proa_status_pool(roster, i, world->now_ns, &pool);
        SIM_MUST(!pool.breaker.probing);
    }
    for (size_t i = 0; i < proa_status_n(roster, PROA_STATUS_ENDPOINT); i++) {
        struct proa_status_endpoint endpoint;
        proa_status_endpoint(roster, i, world->now_ns, &endpoint);
        SIM_MUST(!endpoint.breaker.probing);
    }
    for (size_t i = 0; i < proa_status_n(roster, PROA_STATUS_ROUTE); i++) {
        struct proa_status_route route;
        proa_status_route(roster, i, world->now_ns, &route);
        SIM_MUST(route.waiting == 0 && route.active == 0);
    }
}

/* Lets time run until the exchange is over: no timer may hang. */
static inline void sim_run_out(struct sim_witness *w)
{
    const struct proa_event deadline = {.kind = PROA_EV_DEADLINE};
    const struct proa_event drain = {.kind = PROA_EV_DRAIN};
    for (int i = 0; i < 256 && !w->finished; i++) {
        if (w->armed_ns == PROA_NEVER) {
            sim_feed(w, w->now_ns, &drain);
        } else {
            sim_feed(w, w->armed_ns > w->now_ns ? w->armed_ns : w->now_ns, &deadline);
        }
    }
    SIM_MUST(w->finished);
}

#endif
