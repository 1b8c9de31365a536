/*
 * What the tests of the state half share: a fixture, time that moves on command, and calls: runs
 * whose attempts the test starts and ends itself, so that no decision of the run half is between.
 */
#ifndef PROA_ENGINE_STATE_TEST_H
#define PROA_ENGINE_STATE_TEST_H

#include "state_priv.h"

#include "proa/engine/operator.h"
#include "proa/engine/saved.h"

#include "../engine_fixture.h"
#include "proa_test.h"

#define PPM UINT32_C(1000000)
#define MS  PROA_NS_PER_MS
#define S   PROA_NS_PER_S

enum { CALLS_MAX = 512 };

struct state_test {
    struct fixture fx;
    struct proa_run_options options; /* of calls that begin */
    uint64_t now;
    struct proa_run *runs[CALLS_MAX];
    size_t n_runs;
};

/* Everything that guards health is on; chance is kept out where a test does not bring it in. */
static inline void state_setup(struct state_test *t)
{
    memset(t, 0, sizeof(*t));
    fixture_init(&t->fx, 1);
    t->fx.policy.degraded.enabled = true;
    t->fx.policy.stall.enabled = true;
    t->options.stream = true;
    t->now = 1000 * S;
}

static inline void state_teardown(struct state_test *t)
{
    for (size_t i = 0; i < t->n_runs; i++) {
        proa_free(t->runs[i]);
    }
    fixture_deinit(&t->fx);
}

/* n targets that share nothing, in one tier. */
static inline void state_apart(struct state_test *t, uint8_t n)
{
    state_setup(t);
    fixture_add_apart(&t->fx, n);
}

static inline struct proa_run *call(struct state_test *t)
{
    assert_true(t->n_runs < CALLS_MAX);
    fixture_bind(&t->fx, t->now);
    struct proa_run *run = PROA_NEW(struct proa_run);
    t->runs[t->n_runs++] = run;
    proa_run_init(run, t->fx.roster, &t->fx.route, &t->options, t->now);
    return run;
}

static inline struct pick pick_for(const struct state_test *t, struct proa_run *run,
                                   enum pick_use use)
{
    const struct pick_want want = {.use = use, .out = run->tried, .avoid = run->avoid};
    return proa_engine_pick(run, &want, t->now);
}

static inline uint8_t start(const struct state_test *t, struct proa_run *run, struct pick pick)
{
    assert_non_null(pick.candidate);
    const uint8_t n = run->n_attempts++;
    struct proa_attempt_record *a = &run->attempts[n];
    *a = (struct proa_attempt_record){.candidate = pick.candidate,
                                      .stage = PROA_STAGE_CONNECTING,
                                      .reason = pick.reason,
                                      .started_ns = t->now,
                                      .run = run,
                                      .index = n};
    proa_list_init(&a->in_pool);
    proa_engine_reserve(run, n, &pick, t->now);
    run->tried |= UINT64_C(1) << fixture_index(&t->fx, pick.candidate);
    return n;
}

/* A call whose first attempt is where the engine wants it. */
static inline struct proa_run *called(struct state_test *t)
{
    struct proa_run *run = call(t);
    (void)start(t, run, pick_for(t, run, PICK_FIRST));
    return run;
}

/* A call whose first attempt is at that candidate, whatever the engine thinks of it. */
static inline struct proa_run *called_at(struct state_test *t, size_t i)
{
    struct proa_run *run = call(t);
    (void)start(t, run, (struct pick){.candidate = &t->fx.candidates[i]});
    return run;
}

static inline size_t where(const struct state_test *t, const struct proa_run *run)
{
    return fixture_index(&t->fx, run->attempts[run->n_attempts - 1].candidate);
}

/* The newest attempt: its content comes now. */
static inline void content(const struct state_test *t, struct proa_run *run)
{
    struct proa_attempt_record *a = &run->attempts[run->n_attempts - 1];
    a->stage = PROA_STAGE_CONTENT;
    a->content_ns = t->now;
    proa_engine_report_content(run, a->index, t->now);
}

static inline void ends(const struct state_test *t, struct proa_run *run, enum proa_class class,
                        const struct proa_usage *usage)
{
    struct proa_attempt_record *a = &run->attempts[run->n_attempts - 1];
    a->class = class;
    a->stage = PROA_STAGE_OVER;
    a->ended_ns = t->now;
    proa_engine_release(run, a->index, usage, t->now);
}

static inline void succeeds(const struct state_test *t, struct proa_run *run)
{
    content(t, run);
    ends(t, run, PROA_CLASS_OK, NULL);
}

static inline void fails_with(const struct state_test *t, struct proa_run *run,
                              struct proa_event event)
{
    struct proa_attempt_record *a = &run->attempts[run->n_attempts - 1];
    a->class = event.class;
    a->status = event.status;
    a->retry_after_ns = event.retry_after_ns;
    proa_engine_report_failure(run, a->index, &event, t->now);
    ends(t, run, a->class, NULL);
}

static inline void fails(const struct state_test *t, struct proa_run *run, enum proa_class class)
{
    const bool answered = class == PROA_CLASS_SERVER || class == PROA_CLASS_OVERLOADED ||
                          class == PROA_CLASS_RATE || class == PROA_CLASS_QUOTA ||
                          class == PROA_CLASS_AUTH || class == PROA_CLASS_PERMISSION ||
                          class == PROA_CLASS_NOT_FOUND || class == PROA_CLASS_CLIENT;
    fails_with(t, run, (struct proa_event){.class = class, .status = answered ? 500 : 0});
}

/* Calls at that candidate that fail, one after the other. */
static inline void fail_n(struct state_test *t, size_t i, enum proa_class class, int n)
{
    for (; n > 0; n--) {
        fails(t, called_at(t, i), class);
    }
}

static inline void succeed_n(struct state_test *t, size_t i, int n)
{
    for (; n > 0; n--) {
        succeeds(t, called_at(t, i));
    }
}

/* Opens the breaker of that candidate's target by failures of one alone. */
static inline void open_target(struct state_test *t, size_t i)
{
    fail_n(t, i, PROA_CLASS_SERVER, 5);
}

static inline const struct seat *seat_of(struct state_test *t, size_t i)
{
    fixture_bind(&t->fx, t->now);
    return &t->fx.roster->seats[i];
}

static inline enum proa_breaker_state state_at(struct state_test *t, size_t i,
                                               enum trip_level level)
{
    return proa_breaker_state(&proa_trip_watched(seat_of(t, i), level)->breaker,
                              &t->fx.policy.breaker, t->now);
}

#define assert_breaker(t, i, level, expected)                                                      \
    assert_string_equal(proa_breaker_state_text(state_at((t), (i), (level))),                      \
                        proa_breaker_state_text(expected))

/* Moves time to when a probe of that target may start. */
static inline void pass_open(struct state_test *t, size_t i)
{
    const struct seat *seat = seat_of(t, i);
    uint64_t eta = 0;
    for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
        const uint64_t of_this = proa_breaker_eta(&proa_trip_watched(seat, level)->breaker,
                                                  &t->fx.policy.breaker, t->now);
        eta = of_this > eta ? of_this : eta;
    }
    t->now += eta;
}

/* ---- what is picked, and what is wrong ---------------------------------------------------------
 */

static inline uint64_t bit(size_t i)
{
    return UINT64_C(1) << i;
}

/* Picks of n requests that end well at once, by candidate. */
struct shares {
    uint32_t at[FIXTURE_TARGETS_MAX];
    uint32_t by[PROA_REASON_COUNT];
};

static inline struct shares shares_of(struct state_test *t, int n)
{
    struct shares shares = {0};
    for (; n > 0; n--) {
        struct proa_run *run = call(t);
        const struct pick pick = pick_for(t, run, PICK_FIRST);
        assert_non_null(pick.candidate);
        (void)start(t, run, pick);
        shares.at[where(t, run)]++;
        shares.by[pick.reason]++;
        ends(t, run, PROA_CLASS_CANCELLED, NULL);
        proa_free(t->runs[--t->n_runs]);
    }
    return shares;
}

static inline struct pick first_pick(struct state_test *t)
{
    return pick_for(t, call(t), PICK_FIRST);
}

static inline void refuse_key(struct state_test *t, size_t i)
{
    fails(t, called_at(t, i), PROA_CLASS_AUTH);
}

static inline void spend_quota(struct state_test *t, size_t i)
{
    fails(t, called_at(t, i), PROA_CLASS_QUOTA);
}

static inline void limit_rate(struct state_test *t, size_t i)
{
    fails_with(
        t, called_at(t, i),
        (struct proa_event){.class = PROA_CLASS_RATE, .status = 429, .retry_after_ns = 10 * S});
}

static inline void degrade(struct state_test *t, size_t i)
{
    struct proa_breaker *b = &seat_of(t, i)->target->watched.breaker;
    for (int n = 0; n < 4; n++) {
        succeed_n(t, i, 2);
        fails(t, called_at(t, i), PROA_CLASS_SERVER);
    }
    assert_breaker(t, i, TRIP_TARGET, PROA_BREAKER_DEGRADED);
    b->trickled_ns = t->now; /* no turn for now */
}

static inline const struct proa_breaker *breaker_at(struct state_test *t, size_t i,
                                                    enum trip_level level)
{
    return &proa_trip_watched(seat_of(t, i), level)->breaker;
}

static inline uint32_t score_at(struct state_test *t, size_t i, enum trip_level level)
{
    return breaker_at(t, i, level)->score;
}

/* Three keys of one provider's model. */
static inline void siblings(struct state_test *t)
{
    state_setup(t);
    for (uint8_t i = 0; i < 3; i++) {
        (void)fixture_add(&t->fx, (struct fixture_target){.key = i});
    }
    (void)fixture_add(&t->fx, (struct fixture_target){.endpoint = 1, .provider = 1});
}

/* Bit per candidate of who is picked in 40 tries. */
static inline uint64_t picked_of(struct state_test *t)
{
    uint64_t seen = 0;
    for (int i = 0; i < 40; i++) {
        struct proa_run *run = called(t);
        seen |= UINT64_C(1) << where(t, run);
        ends(t, run, PROA_CLASS_CANCELLED, NULL);
        proa_free(t->runs[--t->n_runs]);
    }
    return seen;
}

#endif
