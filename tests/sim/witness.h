/*
 * The witness: feeds events to a real run, believes nothing, and checks after each one that every
 * promise of proa/engine/run.h held. It keeps a model of its own of what is on its way and when it
 * is due, written from the contract and not from the engine.
 *
 * A broken promise prints what was promised and aborts, so that unit tests, the simulation and the
 * fuzz target can all use it. Static inline; the fixture must outlive the witness.
 */
#ifndef PROA_SIM_WITNESS_H
#define PROA_SIM_WITNESS_H

#include <stdio.h>
#include <stdlib.h>

#include "../unit/engine_fixture.h"

struct sim_attempt {
    enum proa_stage stage;
    size_t candidate;
    enum proa_class class; /* valid when stage is OVER */
    uint16_t status;
    uint64_t retry_at_ns; /* when the provider wants to be asked again; 0 = it did not say */
    uint64_t started_ns;
    uint64_t connected_ns;
    uint64_t bytes_ns;
    uint64_t content_ns;
};

struct sim_witness {
    const struct fixture *fx;
    struct proa_run run; /* under test */
    struct proa_run_options options;
    uint64_t now_ns;
    uint64_t deadline_ns;
    uint64_t armed_ns;
    struct sim_attempt attempts[PROA_RUN_ATTEMPTS_MAX];
    uint8_t n_attempts;
    uint8_t winner; /* PROA_RUN_ATTEMPTS_MAX = none */
    bool admitted;
    bool client_gone;
    bool waiting;
    bool finished;
    bool replied;
    struct proa_terminal terminal; /* valid when replied */
    enum proa_reason reply_reason; /* likewise */
    enum proa_outcome outcome;     /* valid when finished */
    struct proa_commands last;     /* of the newest event */
    uint64_t n_events;
    uint64_t trace; /* digest of every command and its time */
};

#define SIM_MUST(cond) sim_must((cond), #cond, __LINE__)

static inline void sim_must(bool holds, const char *what, int line)
{
    if (!holds) {
        (void)fprintf(stderr, "witness.h:%d: promise broken: %s\n", line, what);
        abort();
    }
}

static inline void sim_begin(struct sim_witness *w, const struct fixture *fx,
                             const struct proa_run_options *options, uint64_t now_ns)
{
    memset(w, 0, sizeof(*w));
    w->fx = fx;
    w->options = *options;
    w->now_ns = now_ns;
    w->armed_ns = PROA_NEVER;
    w->winner = PROA_RUN_ATTEMPTS_MAX;
    const struct proa_timeout_cfg *t = &fx->policy.timeouts;
    uint64_t total = options->stream ? t->total_stream_ns : t->total_ns;
    total = options->timeout_ns != 0 && options->timeout_ns < total ? options->timeout_ns : total;
    w->deadline_ns = proa_clock_after(now_ns, total);
    w->trace = UINT64_C(0xcbf29ce484222325);
    /* What an embedding struct leaves there must not matter. */
    memset(&w->run, 0xa5, sizeof(w->run));
    proa_run_init(&w->run, fx->engine, &fx->route, options, now_ns);
}

/* ---- the model ------------------------------------------------------------------------------- */

static inline bool sim_is_active(const struct sim_attempt *a)
{
    return a->stage != PROA_STAGE_UNUSED && a->stage != PROA_STAGE_OVER;
}

static inline size_t sim_n_active(const struct sim_witness *w)
{
    size_t n = 0;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        n += sim_is_active(&w->attempts[i]);
    }
    return n;
}

static inline uint64_t sim_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When the attempt's own patience ends. */
static inline uint64_t sim_due(const struct sim_witness *w, const struct sim_attempt *a)
{
    const struct proa_timeout_cfg *t = &w->fx->policy.timeouts;
    const bool stream = w->options.stream;
    switch (a->stage) {
    case PROA_STAGE_CONNECTING:
        return proa_clock_after(proa_clock_after(a->started_ns, t->connect_ns), t->tls_ns);
    case PROA_STAGE_SENT:
        return stream ? proa_clock_after(a->connected_ns,
                                         sim_min(t->first_byte_ns, t->first_content_ns))
                      : PROA_NEVER;
    case PROA_STAGE_HEAD:
        return stream ? proa_clock_after(a->connected_ns, t->first_content_ns)
                      : proa_clock_after(a->bytes_ns, t->idle_bytes_ns);
    case PROA_STAGE_CONTENT:
        return sim_min(proa_clock_after(a->bytes_ns, t->idle_bytes_ns),
                       stream ? proa_clock_after(a->content_ns, t->idle_ns) : PROA_NEVER);
    case PROA_STAGE_UNUSED:
    case PROA_STAGE_OVER:
        break;
    }
    return PROA_NEVER;
}

static inline uint64_t sim_earliest(const struct sim_witness *w)
{
    uint64_t at = w->deadline_ns;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        at = sim_min(at, sim_due(w, &w->attempts[i]));
    }
    return at;
}

/* Would `other` probably fail for the reason that `failed` did? `resilience.md` 3, "next try". */
static inline bool sim_same_fault(const struct proa_target *failed, enum proa_class class,
                                  const struct proa_target *other)
{
    const bool provider = failed->provider == other->provider;
    const bool key = failed->key == other->key;
    switch (proa_class_scope(class)) {
    case PROA_SCOPE_TARGET:
        return key && proa_slice_eq(failed->model, other->model);
    case PROA_SCOPE_KEY:
        return key;
    case PROA_SCOPE_QUOTA_GROUP:
        return key || (provider && failed->key->quota_group.len > 0 &&
                       proa_slice_eq(failed->key->quota_group, other->key->quota_group));
    case PROA_SCOPE_POOL:
        return provider && proa_slice_eq(failed->model, other->model);
    case PROA_SCOPE_ENDPOINT:
        return failed->provider->endpoint == other->provider->endpoint;
    case PROA_SCOPE_NONE:
    case PROA_SCOPE_REQUEST:
    case PROA_SCOPE_LOCAL:
        break;
    }
    return false;
}

static inline bool sim_tried(const struct sim_witness *w, size_t candidate)
{
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        if (w->attempts[i].candidate == candidate) {
            return true;
        }
    }
    return false;
}

static inline bool sim_open(const struct sim_witness *w, size_t candidate)
{
    return w->fx->candidates[candidate].weight > 0 && !sim_tried(w, candidate);
}

static inline bool sim_avoided(const struct sim_witness *w, size_t candidate)
{
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct sim_attempt *a = &w->attempts[i];
        if (a->stage == PROA_STAGE_OVER &&
            sim_same_fault(w->fx->candidates[a->candidate].target, a->class,
                           w->fx->candidates[candidate].target)) {
            return true;
        }
    }
    return false;
}

/* Tier that the next try must come from: the lowest with a target that is open and shares no
 * fault, else the lowest with an open one. -1 = none is open. */
static inline int sim_next_tier(const struct sim_witness *w, bool *clean)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < w->fx->route.n_candidates; i++) {
            if (sim_open(w, i) && (pass == 1 || !sim_avoided(w, i))) {
                *clean = pass == 0;
                return w->fx->candidates[i].tier;
            }
        }
    }
    return -1;
}

static inline uint32_t sim_attempts_max(const struct sim_witness *w)
{
    const uint32_t max = w->fx->policy.retry.max_attempts;
    return max < PROA_RUN_ATTEMPTS_MAX ? max : PROA_RUN_ATTEMPTS_MAX;
}

/* ---- commands -------------------------------------------------------------------------------- */

static inline void sim_on_start(struct sim_witness *w, const struct proa_command *c)
{
    SIM_MUST(w->admitted && !w->client_gone);
    SIM_MUST(w->winner == PROA_RUN_ATTEMPTS_MAX);
    SIM_MUST(w->now_ns < w->deadline_ns);
    SIM_MUST(w->n_attempts < sim_attempts_max(w));
    SIM_MUST(!w->options.no_fallback || w->n_attempts == 0);
    SIM_MUST(c->attempt == w->n_attempts);
    SIM_MUST(c->candidate >= w->fx->candidates);
    const size_t candidate = fixture_index(w->fx, c->candidate);
    SIM_MUST(candidate < w->fx->route.n_candidates);
    SIM_MUST(sim_open(w, candidate));
    bool clean = false;
    SIM_MUST(c->candidate->tier == sim_next_tier(w, &clean));
    SIM_MUST(!clean || !sim_avoided(w, candidate));
    SIM_MUST(c->purpose == (w->n_attempts == 0 ? PROA_PURPOSE_PRIMARY : PROA_PURPOSE_RETRY));
    w->attempts[w->n_attempts++] = (struct sim_attempt){
        .stage = PROA_STAGE_CONNECTING, .candidate = candidate, .started_ns = w->now_ns};
}

static inline void sim_on_cancel(struct sim_witness *w, const struct proa_command *c,
                                 enum proa_ev cause)
{
    SIM_MUST(c->attempt < w->n_attempts);
    struct sim_attempt *a = &w->attempts[c->attempt];
    SIM_MUST(sim_is_active(a));
    if (c->reason == PROA_REASON_TIMED_OUT) {
        SIM_MUST(cause == PROA_EV_DEADLINE);
        SIM_MUST(w->now_ns >= sim_due(w, a));
    } else {
        SIM_MUST(c->reason != PROA_REASON_DEADLINE || w->now_ns >= w->deadline_ns);
    }
    a->stage = PROA_STAGE_OVER;
    a->class = w->run.attempts[c->attempt].class;
    SIM_MUST(c->reason == PROA_REASON_TIMED_OUT || a->class == PROA_CLASS_CANCELLED);
}

static inline void sim_on_commit(struct sim_witness *w, const struct proa_command *c,
                                 const struct proa_event *event)
{
    SIM_MUST(w->winner == PROA_RUN_ATTEMPTS_MAX);
    SIM_MUST(event->kind == PROA_EV_FIRST_CONTENT || event->kind == PROA_EV_ENDED);
    SIM_MUST(c->attempt == event->attempt && c->attempt < w->n_attempts);
    w->winner = c->attempt;
}

/* An error that ends the exchange is said for a reason that is true. */
static inline void sim_check_reason(const struct sim_witness *w, enum proa_reason reason,
                                    enum proa_ev cause)
{
    bool clean = false;
    const struct sim_attempt *last = w->n_attempts > 0 ? &w->attempts[w->n_attempts - 1] : NULL;
    switch ((unsigned)reason) {
    case PROA_REASON_ATTEMPTS_SPENT:
        SIM_MUST(w->n_attempts == sim_attempts_max(w));
        break;
    case PROA_REASON_TARGETS_SPENT:
        SIM_MUST(w->n_attempts > 0 && sim_next_tier(w, &clean) == -1);
        break;
    case PROA_REASON_NO_TARGET:
        SIM_MUST(w->n_attempts == 0 && sim_next_tier(w, &clean) == -1);
        break;
    case PROA_REASON_NOT_MOVABLE:
        SIM_MUST(last && !proa_class_movable(last->class));
        break;
    case PROA_REASON_NO_FALLBACK:
        SIM_MUST(w->options.no_fallback && w->n_attempts == 1);
        break;
    case PROA_REASON_COMMITTED:
        SIM_MUST(w->winner < w->n_attempts);
        break;
    case PROA_REASON_DEADLINE:
        SIM_MUST(w->now_ns >= w->deadline_ns);
        break;
    case PROA_REASON_DRAINING:
        SIM_MUST(cause == PROA_EV_DRAIN);
        break;
    default:
        SIM_MUST(!"a reason that an error has");
    }
}

/* `resilience.md` 6, terminal errors: any CLIENT, else the last 5xx, else the last other answer,
 * else the last failure. */
static inline void sim_check_useful(const struct sim_witness *w, const struct proa_terminal *t)
{
    int best = -1;
    bool all_rate = true;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct sim_attempt *a = &w->attempts[i];
        const int rank = a->class == PROA_CLASS_CLIENT ? 3
                         : a->status >= 500            ? 2
                         : a->status >= 400            ? 1
                                                       : 0;
        best = rank > best ? rank : best;
        all_rate = all_rate && a->class == PROA_CLASS_RATE;
    }
    if (best < 0) {
        SIM_MUST(t->fail == PROA_FAIL_NO_TARGET);
        return;
    }
    SIM_MUST(t->attempt < w->n_attempts);
    const struct sim_attempt *told = &w->attempts[t->attempt];
    SIM_MUST(t->class == told->class);
    SIM_MUST((best == 3) == (told->class == PROA_CLASS_CLIENT));
    SIM_MUST(best != 2 || told->status >= 500);
    SIM_MUST(best != 1 || (told->status >= 400 && told->status < 500));
    SIM_MUST(t->fail == (best > 0 ? PROA_FAIL_UPSTREAM : PROA_FAIL_ALL_FAILED));
    SIM_MUST(t->should_retry == all_rate);
    uint64_t soonest = PROA_NEVER;
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        if (w->attempts[i].retry_at_ns > 0) {
            soonest = sim_min(soonest, w->attempts[i].retry_at_ns);
        }
    }
    const bool told_when = all_rate || told->class == PROA_CLASS_OVERLOADED;
    SIM_MUST(t->retry_after_ns ==
             (told_when && soonest != PROA_NEVER ? proa_clock_since(soonest, w->now_ns) : 0));
}

static inline void sim_on_reply(struct sim_witness *w, const struct proa_command *c,
                                enum proa_ev cause)
{
    SIM_MUST(!w->replied && !w->client_gone);
    w->replied = true;
    w->terminal = c->terminal;
    w->reply_reason = c->reason;
    sim_check_reason(w, c->reason, cause);
    const struct proa_terminal *t = &c->terminal;
    SIM_MUST(w->n_attempts == 0 || t->attempt < w->n_attempts);
    if (w->winner < PROA_RUN_ATTEMPTS_MAX) {
        SIM_MUST(t->fail == PROA_FAIL_INTERRUPTED && t->attempt == w->winner);
    } else if (c->reason == PROA_REASON_DEADLINE) {
        SIM_MUST(t->fail == PROA_FAIL_DEADLINE && t->class == PROA_CLASS_TOTAL_TIMEOUT);
        SIM_MUST(!t->should_retry);
    } else if (c->reason == PROA_REASON_DRAINING) {
        SIM_MUST(t->fail == PROA_FAIL_DRAINING && t->should_retry);
    } else {
        sim_check_useful(w, t);
    }
}

static inline void sim_on_finish(struct sim_witness *w, const struct proa_command *c)
{
    w->finished = true;
    w->outcome = c->outcome;
    SIM_MUST(w->armed_ns == PROA_NEVER);
    SIM_MUST(sim_n_active(w) == 0);
    const bool answered = c->outcome == PROA_OUTCOME_OK || c->outcome == PROA_OUTCOME_DEGRADED;
    const bool failed = c->outcome == PROA_OUTCOME_ERROR || c->outcome == PROA_OUTCOME_CLIENT_ERROR;
    SIM_MUST(w->replied == failed);
    SIM_MUST(w->client_gone == (c->outcome == PROA_OUTCOME_CANCELLED));
    if (answered) {
        SIM_MUST(w->winner < w->n_attempts);
        const struct sim_attempt *a = &w->attempts[w->winner];
        SIM_MUST(a->class == PROA_CLASS_OK);
        const bool first = w->winner == 0 && w->fx->candidates[a->candidate].tier == 0;
        SIM_MUST(first == (c->outcome == PROA_OUTCOME_OK));
    }
    if (failed) {
        SIM_MUST((w->terminal.class == PROA_CLASS_CLIENT) ==
                 (c->outcome == PROA_OUTCOME_CLIENT_ERROR));
    }
}

static inline void sim_on_arm(struct sim_witness *w, const struct proa_command *c, bool last)
{
    w->armed_ns = c->deadline_ns;
    /* PROA_NEVER goes with FINISH, which is then the very next; else it is exactly what is due. */
    SIM_MUST(!last || c->deadline_ns == sim_earliest(w));
}

static inline void sim_mix(struct sim_witness *w, uint64_t value)
{
    w->trace = (w->trace ^ value) * UINT64_C(0x100000001b3);
    w->trace ^= w->trace >> 29;
}

static inline void sim_on_command(struct sim_witness *w, size_t i, const struct proa_event *event)
{
    const struct proa_command *c = &w->last.items[i];
    SIM_MUST(!w->finished);
    SIM_MUST(c->reason < PROA_REASON_COUNT);
    SIM_MUST(!w->replied || c->kind == PROA_CMD_ARM || c->kind == PROA_CMD_FINISH);
    switch (c->kind) {
    case PROA_CMD_START:
        sim_on_start(w, c);
        break;
    case PROA_CMD_CANCEL:
        sim_on_cancel(w, c, event->kind);
        break;
    case PROA_CMD_COMMIT:
        sim_on_commit(w, c, event);
        break;
    case PROA_CMD_REPLY_ERROR:
        sim_on_reply(w, c, event->kind);
        break;
    case PROA_CMD_WAIT:
        w->waiting = true;
        break;
    case PROA_CMD_ARM:
        sim_on_arm(w, c, i + 1 == w->last.n);
        break;
    case PROA_CMD_FINISH:
        SIM_MUST(i + 1 == w->last.n);
        sim_on_finish(w, c);
        break;
    }
    sim_mix(w, w->now_ns);
    sim_mix(w, (uint64_t)c->kind << 32 | (uint64_t)c->reason << 8 | c->attempt);
    sim_mix(w, c->deadline_ns);
    sim_mix(w, c->candidate ? fixture_index(w->fx, c->candidate) : PROA_NEVER);
    sim_mix(w, (uint64_t)c->outcome << 32 | (uint64_t)c->terminal.fail << 16 | c->terminal.attempt);
    sim_mix(w, c->terminal.retry_after_ns);
}

/* ---- events ---------------------------------------------------------------------------------- */

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
        a->retry_at_ns = e->retry_after_ns > 0 ? proa_clock_after(w->now_ns, e->retry_after_ns) : 0;
        break;
    case PROA_EV_ADMITTED:
    case PROA_EV_DEADLINE:
    case PROA_EV_WOKEN:
    case PROA_EV_CLIENT_GONE:
    case PROA_EV_DRAIN:
        break;
    }
}

static inline bool sim_is_attempt_event(enum proa_ev kind)
{
    return kind >= PROA_EV_CONNECTED && kind <= PROA_EV_FAILED;
}

/* False when the event must have no effect at all. */
static inline bool sim_note_event(struct sim_witness *w, const struct proa_event *e)
{
    if (w->finished) {
        return false;
    }
    if (sim_is_attempt_event(e->kind)) {
        if (e->attempt >= w->n_attempts || !sim_is_active(&w->attempts[e->attempt])) {
            return false;
        }
        sim_note_attempt(w, e);
    }
    w->admitted = w->admitted || e->kind == PROA_EV_ADMITTED;
    w->client_gone = w->client_gone || e->kind == PROA_EV_CLIENT_GONE;
    return true;
}

/* What the run says of itself agrees with what it told. */
static inline void sim_check_records(const struct sim_witness *w)
{
    SIM_MUST(w->run.finished == w->finished);
    SIM_MUST(w->run.n_attempts == w->n_attempts);
    SIM_MUST(w->run.winner == w->winner);
    SIM_MUST(w->run.armed_ns == w->armed_ns);
    SIM_MUST(proa_run_committed(&w->run) == (w->winner < PROA_RUN_ATTEMPTS_MAX));
    for (uint8_t i = 0; i < w->n_attempts; i++) {
        const struct proa_attempt_record *r = &w->run.attempts[i];
        SIM_MUST(r->stage == w->attempts[i].stage);
        SIM_MUST(r->candidate == &w->fx->candidates[w->attempts[i].candidate]);
        SIM_MUST(r->started_ns == w->attempts[i].started_ns);
        if (r->stage == PROA_STAGE_OVER) {
            SIM_MUST(r->class == w->attempts[i].class);
            SIM_MUST(r->status == w->attempts[i].status);
            SIM_MUST(r->ended_ns >= r->started_ns && r->ended_ns <= w->now_ns);
        }
    }
}

/* Nothing is forgotten: what is due is done, and the timer fires before the next thing is due. */
static inline void sim_check_settled(const struct sim_witness *w, enum proa_ev cause,
                                     uint8_t n_before)
{
    SIM_MUST(!w->client_gone || w->fx->policy.on_disconnect == PROA_ON_DISCONNECT_DRAIN ||
             w->finished);
    if (w->finished) {
        return;
    }
    SIM_MUST(cause != PROA_EV_DRAIN);
    SIM_MUST(!w->admitted || sim_n_active(w) > 0 || w->waiting);
    SIM_MUST(w->armed_ns <= sim_earliest(w));
    SIM_MUST(w->winner == PROA_RUN_ATTEMPTS_MAX || sim_n_active(w) == 1);
    if (cause == PROA_EV_DEADLINE) {
        SIM_MUST(w->armed_ns == sim_earliest(w) && w->now_ns < w->deadline_ns);
        for (uint8_t i = 0; i < n_before; i++) {
            SIM_MUST(w->now_ns < sim_due(w, &w->attempts[i]));
        }
    }
}

/* Feeds one event; time must not run backward. w->last holds what came out. */
static inline void sim_feed(struct sim_witness *w, uint64_t now_ns, const struct proa_event *event)
{
    PROA_ASSERT(now_ns >= w->now_ns);
    w->now_ns = now_ns;
    w->n_events++;
    w->last.n = 0;
    const uint8_t n_before = w->n_attempts;
    const bool counts = sim_note_event(w, event);
    proa_run_feed(&w->run, now_ns, event, &w->last);
    SIM_MUST(counts || w->last.n == 0);
    for (size_t i = 0; i < w->last.n; i++) {
        sim_on_command(w, i, event);
    }
    sim_check_records(w);
    if (counts) {
        sim_check_settled(w, event->kind, n_before);
    }
}

/* Lets time run until the exchange is over: no timer may hang. */
static inline void sim_run_out(struct sim_witness *w)
{
    const struct proa_event deadline = {.kind = PROA_EV_DEADLINE};
    const struct proa_event drain = {.kind = PROA_EV_DRAIN};
    for (int i = 0; i < 64 && !w->finished; i++) {
        if (w->armed_ns == PROA_NEVER) {
            sim_feed(w, w->now_ns, &drain);
        } else {
            sim_feed(w, w->armed_ns > w->now_ns ? w->armed_ns : w->now_ns, &deadline);
        }
    }
    SIM_MUST(w->finished);
}

#endif
