/*
 * Three strategies in one: take the next target in turn that is not out; when it fails, put it out
 * by the strategy's rule, and try the next one at once.
 *
 *   round_robin  three retries, nothing is ever put out: an SDK in front of a load balancer
 *   cooldown     out for 5 s after any failure, back in full without a probe
 *   ejection     out for 30 s times the count of ejections after five failures in sequence, as
 *                proxies do it; at least half of the targets stay in
 */
#include "naive_priv.h"

#include "proa/core/alloc.h"

/* As gateways and SDKs wait, when nothing else is said. */
static const uint64_t SILENCE_NS = 20 * PROA_NS_PER_S;

struct rule {
    uint32_t attempts;
    uint32_t failures;  /* in sequence, that put a target out; 0 = never */
    uint64_t out_ns;    /* for so long */
    bool grows;         /* times the number of ejections */
    uint32_t most_half; /* 1: at most half of the targets are out at once */
};

struct target {
    uint32_t failures;
    uint32_t ejections;
    uint64_t until_ns;
};

struct proa_naive {
    const struct rule *rule;
    const struct proa_route *route;
    size_t next;
    bool news; /* a target was put out */
    struct target targets[PROA_ROUTE_TARGETS_MAX];
};

static void *create(const struct rule *rule, const struct proa_route *route)
{
    struct proa_naive *n = PROA_NEW(struct proa_naive);
    n->rule = rule;
    n->route = route;
    return n;
}

void *proa_naive_create_round_robin(const struct proa_snapshot *snapshot,
                                    const struct proa_route *route, uint64_t seed, uint64_t now_ns)
{
    static const struct rule rule = {.attempts = 4};
    (void)snapshot, (void)seed, (void)now_ns;
    return create(&rule, route);
}

void *proa_naive_create_cooldown(const struct proa_snapshot *snapshot,
                                 const struct proa_route *route, uint64_t seed, uint64_t now_ns)
{
    static const struct rule rule = {.attempts = 3, .failures = 1, .out_ns = 5 * PROA_NS_PER_S};
    (void)snapshot, (void)seed, (void)now_ns;
    return create(&rule, route);
}

void *proa_naive_create_ejection(const struct proa_snapshot *snapshot,
                                 const struct proa_route *route, uint64_t seed, uint64_t now_ns)
{
    static const struct rule rule = {
        .attempts = 3, .failures = 5, .out_ns = 30 * PROA_NS_PER_S, .grows = true, .most_half = 1};
    (void)snapshot, (void)seed, (void)now_ns;
    return create(&rule, route);
}

void proa_naive_destroy(void *decider)
{
    proa_free(decider);
}

void *proa_naive_next_woken(void *decider)
{
    (void)decider;
    return NULL;
}

bool proa_naive_has_news(void *decider)
{
    struct proa_naive *n = decider;
    const bool news = n->news;
    n->news = false;
    return news;
}

void proa_naive_states(void *decider, uint64_t now_ns,
                       enum proa_sim_state out[PROA_ROUTE_TARGETS_MAX])
{
    const struct proa_naive *n = decider;
    for (size_t i = 0; i < n->route->n_candidates; i++) {
        out[i] = now_ns < n->targets[i].until_ns ? PROA_SIM_OPEN : PROA_SIM_CLOSED;
    }
}

/* The next one in turn of the lowest tier that has one in that this request has not tried; when
 * there is none, the next one. */
static size_t pick(struct proa_naive *n, uint64_t tried, uint64_t now_ns)
{
    const struct proa_route *route = n->route;
    size_t best = SIZE_MAX;
    for (size_t k = 0; k < route->n_candidates; k++) {
        const size_t i = (n->next + k) % route->n_candidates;
        const bool in = now_ns >= n->targets[i].until_ns && route->candidates[i].weight > 0 &&
                        (tried >> i & 1U) == 0;
        if (in && (best == SIZE_MAX || route->candidates[i].tier < route->candidates[best].tier)) {
            best = i;
        }
    }
    if (best == SIZE_MAX) {
        best = n->next < route->n_candidates ? n->next : 0;
    }
    n->next = best + 1;
    return best;
}

static bool may_put_out(const struct proa_naive *n, uint64_t now_ns)
{
    size_t out = 0;
    for (size_t i = 0; i < n->route->n_candidates; i++) {
        out += now_ns < n->targets[i].until_ns;
    }
    return !n->rule->most_half || 2 * (out + 1) <= n->route->n_candidates;
}

static void note_failure(struct proa_naive *n, size_t i, uint64_t now_ns)
{
    struct target *t = &n->targets[i];
    t->failures++;
    if (n->rule->failures > 0 && t->failures >= n->rule->failures && may_put_out(n, now_ns)) {
        t->failures = 0;
        t->ejections++;
        n->news = true;
        t->until_ns = now_ns + n->rule->out_ns * (n->rule->grows ? t->ejections : 1);
    }
}

/* ---- one exchange ---------------------------------------------------------------------------- */

void proa_naive_begin(void *decider, void *run, const struct proa_run_options *options,
                      uint64_t now_ns)
{
    struct proa_naive *n = decider;
    struct proa_naive_run *r = run;
    const struct proa_timeout_cfg *t = &n->route->policy->timeouts;
    const uint64_t total = options->stream ? t->total_stream_ns : t->total_ns;
    const bool asked = options->timeout_ns > 0 && options->timeout_ns < total;
    *r = (struct proa_naive_run){
        .decider = n,
        .deadline_ns = proa_clock_after(now_ns, asked ? options->timeout_ns : total),
        .silent_ns = PROA_NEVER,
        .armed_ns = PROA_NEVER,
        .stream = options->stream,
    };
}

static struct proa_command *emit(struct proa_commands *out, enum proa_cmd kind,
                                 enum proa_reason reason)
{
    PROA_ASSERT(out->n < PROA_RUN_COMMANDS_MAX);
    struct proa_command *c = &out->items[out->n++];
    *c = (struct proa_command){.kind = kind, .reason = reason};
    return c;
}

static void arm(struct proa_naive_run *r, struct proa_commands *out)
{
    const uint64_t at = r->silent_ns < r->deadline_ns ? r->silent_ns : r->deadline_ns;
    if (at != r->armed_ns) {
        r->armed_ns = at;
        emit(out, PROA_CMD_ARM, PROA_REASON_TIMED_OUT)->deadline_ns = at;
    }
}

static void start(struct proa_naive_run *r, uint64_t now_ns, struct proa_commands *out)
{
    struct proa_naive *n = r->decider;
    r->at = pick(n, r->tried, now_ns);
    r->tried |= UINT64_C(1) << r->at;
    const bool first = r->n_attempts == 0;
    struct proa_command *c =
        emit(out, PROA_CMD_START, first ? PROA_REASON_STRATEGY : PROA_REASON_NEXT_TARGET);
    c->attempt = (uint8_t)r->n_attempts++;
    c->candidate = &n->route->candidates[r->at];
    c->purpose = first ? PROA_PURPOSE_PRIMARY : PROA_PURPOSE_RETRY;
    r->silent_ns = r->stream ? proa_clock_after(now_ns, SILENCE_NS) : PROA_NEVER;
    arm(r, out);
}

static void finish(const struct proa_naive_run *r, enum proa_outcome outcome,
                   enum proa_reason reason, struct proa_commands *out)
{
    if (outcome == PROA_OUTCOME_ERROR) {
        struct proa_command *c = emit(out, PROA_CMD_REPLY_ERROR, reason);
        c->terminal = r->terminal;
        c->terminal.should_retry = true; /* nobody tells the SDK otherwise */
    }
    emit(out, PROA_CMD_FINISH, reason)->outcome = outcome;
}

static void fail(struct proa_naive_run *r, uint64_t now_ns, enum proa_class class,
                 struct proa_commands *out)
{
    note_failure(r->decider, r->at, now_ns);
    r->terminal.attempt = (uint8_t)(r->n_attempts - 1);
    r->terminal.class = class;
    if (r->committed) {
        r->terminal.fail = PROA_FAIL_INTERRUPTED;
        finish(r, PROA_OUTCOME_ERROR, PROA_REASON_COMMITTED, out);
    } else if (r->n_attempts < r->decider->rule->attempts) {
        start(r, now_ns, out);
    } else {
        r->terminal.fail = PROA_FAIL_UPSTREAM;
        finish(r, PROA_OUTCOME_ERROR, PROA_REASON_ATTEMPTS_SPENT, out);
    }
}

static void cancel(const struct proa_naive_run *r, enum proa_reason reason,
                   struct proa_commands *out)
{
    emit(out, PROA_CMD_CANCEL, reason)->attempt = (uint8_t)(r->n_attempts - 1);
}

static void commit(struct proa_naive_run *r, struct proa_commands *out)
{
    if (!r->committed) {
        r->committed = true;
        r->silent_ns = PROA_NEVER;
        r->decider->targets[r->at].failures = 0;
        emit(out, PROA_CMD_COMMIT, PROA_REASON_CONTENT)->attempt = (uint8_t)(r->n_attempts - 1);
    }
}

static void on_deadline(struct proa_naive_run *r, uint64_t now_ns, struct proa_commands *out)
{
    r->armed_ns = PROA_NEVER;
    if (now_ns >= r->deadline_ns) {
        cancel(r, PROA_REASON_DEADLINE, out);
        r->terminal.fail = r->committed ? PROA_FAIL_INTERRUPTED : PROA_FAIL_DEADLINE;
        finish(r, PROA_OUTCOME_ERROR, PROA_REASON_DEADLINE, out);
    } else if (now_ns >= r->silent_ns) {
        cancel(r, PROA_REASON_TIMED_OUT, out);
        fail(r, now_ns, PROA_CLASS_FIRST_CONTENT_TIMEOUT, out);
    } else {
        arm(r, out);
    }
}

void proa_naive_feed(void *run, uint64_t now_ns, const struct proa_event *event,
                     struct proa_commands *out)
{
    struct proa_naive_run *r = run;
    switch (event->kind) {
    case PROA_EV_ADMITTED:
        start(r, now_ns, out);
        break;
    case PROA_EV_FIRST_CONTENT:
        commit(r, out);
        arm(r, out);
        break;
    case PROA_EV_ENDED:
        commit(r, out);
        finish(r, r->n_attempts > 1 ? PROA_OUTCOME_DEGRADED : PROA_OUTCOME_OK, PROA_REASON_COMPLETE,
               out);
        break;
    case PROA_EV_FAILED:
        fail(r, now_ns, event->class, out);
        break;
    case PROA_EV_DEADLINE:
        on_deadline(r, now_ns, out);
        break;
    case PROA_EV_CLIENT_GONE:
    case PROA_EV_DRAIN:
        cancel(r, PROA_REASON_CLIENT_GONE, out);
        finish(r, PROA_OUTCOME_CANCELLED, PROA_REASON_CLIENT_GONE, out);
        break;
    case PROA_EV_CONNECTED:
    case PROA_EV_HEAD:
    case PROA_EV_PROGRESS:
    case PROA_EV_WOKEN:
        break;
    }
}
