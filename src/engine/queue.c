/*
 * The first pick, and waiting for it: when the route has as many exchanges under way as it may, or
 * when its targets are limited but soon free.
 *
 * By class in strict order, except that the lowest is served once in twenty. Within a class the
 * oldest first; when even the least wait stays long, the newest first, for the oldest have had
 * their patience, until nobody waits any more. Only the one whose turn it is looks for a target,
 * so that a crowd of waiters costs no picks. Newest first under a standing queue is from Maurer,
 * "Fail at Scale" (2015); telling one by its least wait is CoDel's (Nichols and Jacobson, 2012).
 */
#include "queue_priv.h"
#include "run_priv.h"

#include "proa/resilience/throttle.h"

enum { LOWEST_TURN = 20 };

static const uint64_t SPAN_NS = 5 * PROA_NS_PER_S;
/* Until the next look where nobody says when: a place on a target may be freed by another route. */
static const uint64_t LOOK_NS = 100 * PROA_NS_PER_MS;
static const uint64_t SHED_RETRY_NS = 1 * PROA_NS_PER_S;

void proa_queue_init(struct run_queue *q)
{
    *q = (struct run_queue){.span_least_ns = PROA_NEVER};
    for (size_t i = 0; i < PROA_ARRAY_LEN(q->waiting); i++) {
        proa_list_init(&q->waiting[i]);
    }
}

static const struct proa_concurrency_cfg *cfg_of(const struct proa_run *run)
{
    return &run->route->policy->concurrency;
}

static unsigned rank_of(const struct proa_run *run)
{
    static const uint8_t ranks[PROA_PRIORITIES] = {
        [PROA_PRIORITY_CRITICAL] = 0,
        [PROA_PRIORITY_DEFAULT] = 1,
        [PROA_PRIORITY_BATCH] = 2,
        [PROA_PRIORITY_SHEDDABLE] = 3,
    };
    return ranks[run->route->policy->priority % PROA_PRIORITIES];
}

static struct proa_run *of_node(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct proa_run, queued);
}

static bool has_free_place(const struct proa_run *run, const struct run_queue *q)
{
    return q->n_active < cfg_of(run)->route;
}

/* ---- whose turn ------------------------------------------------------------------------------ */

/* Of the classes that somebody waits in; PROA_PRIORITIES when nobody waits. */
static unsigned highest_rank(const struct run_queue *q)
{
    unsigned rank = q->n_waiting == 0 ? PROA_PRIORITIES : 0;
    while (rank < PROA_PRIORITIES && proa_list_empty(&q->waiting[rank])) {
        rank++;
    }
    return rank;
}

static unsigned lowest_rank(const struct run_queue *q)
{
    unsigned rank = PROA_PRIORITIES;
    while (rank > 0 && proa_list_empty(&q->waiting[rank - 1])) {
        rank--;
    }
    return rank == 0 ? PROA_PRIORITIES : rank - 1;
}

/* NULL when nobody waits. */
static struct proa_run *next_turn(const struct run_queue *q)
{
    const unsigned rank = q->n_served + 1 >= LOWEST_TURN ? lowest_rank(q) : highest_rank(q);
    if (rank == PROA_PRIORITIES) {
        return NULL;
    }
    const struct proa_list *waiting = &q->waiting[rank];
    return of_node(q->newest_first ? proa_list_last(waiting) : proa_list_first(waiting));
}

void proa_run_wake_next(const struct proa_run *run)
{
    const struct run_queue *q = proa_engine_queue(run);
    struct proa_run *next = next_turn(q);
    if (next && has_free_place(next, q)) { /* by its own policy: a reload may lie between them */
        proa_engine_wake(next);
    }
}

/* ---- in and out ------------------------------------------------------------------------------ */

static void unqueue(struct proa_run *run, struct run_queue *q)
{
    if (!proa_list_linked(&run->queued)) {
        return;
    }
    proa_list_unlink(&run->queued);
    run->wait_for = RUN_WAIT_NOTHING;
    run->wait_until_ns = PROA_NEVER;
    q->n_waiting--;
    q->newest_first = q->newest_first && q->n_waiting > 0;
}

void proa_run_leave(struct proa_run *run)
{
    struct run_queue *q = proa_engine_queue(run);
    unqueue(run, q);
    q->n_active -= run->has_place;
    run->has_place = false;
    proa_run_wake_next(run);
}

/* One of those that waited has its turn. */
static void note_served(const struct proa_run *run, struct run_queue *q, uint64_t now_ns)
{
    const unsigned rank = rank_of(run);
    q->n_served = rank == lowest_rank(q) ? 0 : q->n_served + 1;
    const uint64_t waited = proa_clock_since(now_ns, run->queued_ns);
    if (now_ns >= proa_clock_after(q->span_began_ns, SPAN_NS)) {
        q->newest_first = q->newest_first || (q->span_least_ns != PROA_NEVER &&
                                              q->span_least_ns > cfg_of(run)->sojourn_ns);
        q->span_began_ns = now_ns;
        q->span_least_ns = PROA_NEVER;
    }
    q->span_least_ns = waited < q->span_least_ns ? waited : q->span_least_ns;
}

static void shed(struct proa_run *run, struct proa_commands *out)
{
    const bool known = run->eta_ns > 0 && run->eta_ns != PROA_NEVER;
    proa_run_refuse(run, PROA_FAIL_SHED, known ? run->eta_ns : SHED_RETRY_NS, PROA_REASON_SHED,
                    out);
}

/* ---- the first pick -------------------------------------------------------------------------- */

static enum proa_fail fail_of(enum proa_reason reason)
{
    return reason == PROA_REASON_RATE_LIMITED ? PROA_FAIL_RATE_LIMITED
           : reason == PROA_REASON_QUEUED     ? PROA_FAIL_SHED
                                              : PROA_FAIL_NO_TARGET;
}

/* What keeps the targets from being picked passes by itself: limits and full targets do, outages
 * are answered at once. */
static bool is_worth_waiting(const struct proa_run *run, const struct pick *pick, uint64_t now_ns,
                             uint64_t until_ns)
{
    if (pick->reason == PROA_REASON_QUEUED) {
        return cfg_of(run)->queue_wait_ns > 0;
    }
    return pick->reason == PROA_REASON_RATE_LIMITED &&
           proa_clock_after(now_ns, pick->eta_ns) <= until_ns;
}

static void start_first(struct proa_run *run, uint64_t now_ns, const struct pick *pick,
                        struct proa_commands *out)
{
    struct run_queue *q = proa_engine_queue(run);
    const bool waited = proa_list_linked(&run->queued);
    if (waited) {
        note_served(run, q, now_ns);
        unqueue(run, q);
    }
    run->has_place = true;
    q->n_active++;
    const bool probes = pick->probe_target || pick->probe_pool || pick->probe_endpoint;
    proa_run_start(run, now_ns, pick, probes ? PROA_PURPOSE_PROBE : PROA_PURPOSE_PRIMARY,
                   pick->reason, out);
    if (waited) {
        proa_run_wake_next(run);
    }
}

/* Starts, or ends when waiting is no use; false when it should wait. */
static bool settle_first(struct proa_run *run, uint64_t now_ns, uint64_t until_ns,
                         struct proa_commands *out)
{
    const struct pick_want want = {.use = PICK_FIRST};
    const struct pick pick = proa_engine_pick(run, &want, now_ns);
    if (pick.candidate) {
        start_first(run, now_ns, &pick, out);
        return true;
    }
    run->eta_ns = pick.eta_ns;
    run->why_none = pick.reason;
    if (is_worth_waiting(run, &pick, now_ns, until_ns)) {
        return false;
    }
    proa_run_refuse(run, fail_of(pick.reason), pick.eta_ns == PROA_NEVER ? 0 : pick.eta_ns,
                    pick.reason, out);
    return true;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static uint64_t longest_wait(const struct proa_run *run)
{
    const uint64_t quarter = proa_clock_since(run->deadline_ns, run->arrived_ns) / 4;
    const uint64_t max = cfg_of(run)->queue_wait_ns;
    return max < quarter ? max : quarter;
}

/* The one whose turn it is looks again by itself; the others are woken. */
static uint64_t next_look(const struct proa_run *run, uint64_t now_ns)
{
    const uint64_t span = run->eta_ns == PROA_NEVER ? LOOK_NS : run->eta_ns;
    const uint64_t at = proa_clock_after(now_ns, span);
    return at < run->queue_until_ns && run->eta_ns > 0 ? at : run->queue_until_ns;
}

/* Makes room by putting out the newest of the lowest class, if that is lower than this one's. */
static bool make_room(const struct proa_run *run, struct run_queue *q)
{
    if (q->n_waiting < 2 * cfg_of(run)->route) {
        return true;
    }
    const unsigned rank = lowest_rank(q);
    if (rank == PROA_PRIORITIES || rank <= rank_of(run)) {
        return false;
    }
    struct proa_run *out = of_node(proa_list_last(&q->waiting[rank]));
    unqueue(out, q);
    out->shed = true;
    out->wait_for = RUN_WAIT_TURN;
    proa_engine_wake(out);
    return true;
}

static void join(struct proa_run *run, uint64_t now_ns, uint64_t until_ns,
                 struct proa_commands *out)
{
    struct run_queue *q = proa_engine_queue(run);
    if (until_ns <= now_ns || !make_room(run, q)) {
        shed(run, out);
        return;
    }
    proa_list_push_back(&q->waiting[rank_of(run)], &run->queued);
    q->n_waiting++;
    run->queued_ns = now_ns;
    run->queue_until_ns = until_ns;
    proa_run_wait(run, until_ns, PROA_WAIT_QUEUE, RUN_WAIT_TURN,
                  run->eta_ns > 0 ? run->why_none : PROA_REASON_QUEUED, out);
    run->wait_until_ns = next_look(run, now_ns);
}

void proa_run_enter(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    const struct proa_policy_cfg *policy = run->route->policy;
    const struct run_queue *q = proa_engine_queue(run);
    if (now_ns >= run->deadline_ns) {
        /* The request took all its time to come: no money for an answer nobody may get. */
        proa_run_give_up(run, now_ns, PROA_FAIL_DEADLINE, PROA_REASON_DEADLINE, out);
        return;
    }
    if (run->options.sdk_retry == 0) {
        proa_budget_deposit(proa_engine_retry_budget(run), &policy->retry.budget, now_ns);
        proa_budget_deposit(proa_engine_hedge_budget(run), &policy->hedge.budget, now_ns);
    }
    proa_throttle_asked(proa_engine_throttle(run), &policy->panic, now_ns);
    const uint64_t wait_end = proa_clock_after(now_ns, longest_wait(run));
    const uint64_t until = wait_end < run->deadline_ns ? wait_end : run->deadline_ns;
    if (has_free_place(run, q) && rank_of(run) < highest_rank(q) &&
        settle_first(run, now_ns, until, out)) {
        return;
    }
    join(run, now_ns, until, out);
}

void proa_run_look(struct proa_run *run, uint64_t now_ns, struct proa_commands *out)
{
    const struct run_queue *q = proa_engine_queue(run);
    if (run->shed || now_ns >= run->queue_until_ns) {
        shed(run, out);
        return;
    }
    run->eta_ns = 0;
    if (has_free_place(run, q) && next_turn(q) == run &&
        settle_first(run, now_ns, run->queue_until_ns, out)) {
        return;
    }
    run->wait_until_ns = next_look(run, now_ns);
    if (next_turn(q) != run) {
        proa_run_wake_next(run); /* a better one came meanwhile: it does not look by itself */
    }
}
