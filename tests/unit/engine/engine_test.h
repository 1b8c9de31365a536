/*
 * What the tests of the engine share: one exchange under the witness, events by short calls, and
 * the commands that came out as a line of text.
 *
 * Every event goes through tests/sim/witness.h, so that each test also checks all promises.
 */
#ifndef PROA_ENGINE_TEST_H
#define PROA_ENGINE_TEST_H

#include "../sim/witness.h"
#include "proa_test.h"

struct engine_test {
    struct fixture fx;
    struct sim_world world;
    struct proa_run_options options;
    struct sim_witness w;
    uint64_t start_ns;
    char commands[256];
};

/* A fixture with n targets that share nothing. */
static inline void setup(struct engine_test *t, uint8_t n)
{
    memset(t, 0, sizeof(*t));
    fixture_init(&t->fx, 1);
    fixture_add_apart(&t->fx, n);
    t->start_ns = 50 * PROA_NS_PER_S;
}

static inline void teardown(struct engine_test *t)
{
    fixture_deinit(&t->fx);
}

/* Binds the fixture with the first exchange, and begins one. */
static inline void begin(struct engine_test *t)
{
    if (!t->world.fx) {
        sim_open(&t->world, &t->fx, t->start_ns);
    }
    sim_begin(&t->w, &t->world, &t->options, t->start_ns);
}

static inline void feed_at(struct engine_test *t, uint64_t now_ns, struct proa_event event)
{
    sim_feed(&t->w, now_ns, &event);
}

/* At the time of the event before. */
static inline void feed(struct engine_test *t, struct proa_event event)
{
    sim_feed(&t->w, t->w.now_ns, &event);
}

static inline void tell(struct engine_test *t, enum proa_ev kind, uint8_t attempt)
{
    feed(t, (struct proa_event){
                .kind = kind, .attempt = attempt, .status = kind == PROA_EV_HEAD ? 200 : 0});
}

static inline void tell_at(struct engine_test *t, uint64_t now_ns, enum proa_ev kind,
                           uint8_t attempt)
{
    feed_at(t, now_ns,
            (struct proa_event){
                .kind = kind, .attempt = attempt, .status = kind == PROA_EV_HEAD ? 200 : 0});
}

static inline void fails(struct engine_test *t, uint8_t attempt, enum proa_class class,
                         uint16_t status)
{
    feed(t, (struct proa_event){
                .kind = PROA_EV_FAILED, .attempt = attempt, .class = class, .status = status});
}

/* Lets the timer fire until the time has come; the run may look again in between. */
static inline void run_to(struct engine_test *t, uint64_t at_ns)
{
    while (!t->w.finished && t->w.armed_ns <= at_ns) {
        tell_at(t, t->w.armed_ns > t->w.now_ns ? t->w.armed_ns : t->w.now_ns, PROA_EV_DEADLINE, 0);
    }
}

/* Until something is started, or it is over. */
static inline void run_to_start(struct engine_test *t)
{
    const uint8_t n = t->w.n_attempts;
    while (!t->w.finished && t->w.n_attempts == n) {
        tell_at(t, t->w.armed_ns, PROA_EV_DEADLINE, 0);
    }
}

static inline void admit(struct engine_test *t)
{
    begin(t);
    tell(t, PROA_EV_ADMITTED, 0);
}

/* Up to and with the first content of attempt 0. */
static inline void admit_and_commit(struct engine_test *t)
{
    admit(t);
    tell(t, PROA_EV_CONNECTED, 0);
    tell(t, PROA_EV_HEAD, 0);
    tell(t, PROA_EV_FIRST_CONTENT, 0);
}

/* "start0 arm", "cancel0 error disarm finish", ... of the newest event. */
static inline const char *commands(struct engine_test *t)
{
    static const char *const words[] = {"start", "cancel", "commit", "error",
                                        "wait",  "arm",    "finish"};
    size_t len = 0;
    t->commands[0] = '\0';
    for (size_t i = 0; i < t->w.last.n; i++) {
        const struct proa_command *c = &t->w.last.items[i];
        const bool off = c->kind == PROA_CMD_ARM && c->deadline_ns == PROA_NEVER;
        const bool numbered = c->kind <= PROA_CMD_COMMIT;
        const char number[2] = {(char)('0' + c->attempt), '\0'};
        len += (size_t)snprintf(t->commands + len, sizeof(t->commands) - len, "%s%s%s",
                                i > 0 ? " " : "", off ? "disarm" : words[c->kind],
                                numbered ? number : "");
    }
    return t->commands;
}

#define expect(t, text) assert_string_equal(commands(t), text)

/* Index in the route of the candidate that attempt `n` went to. */
static inline size_t candidate_of(const struct engine_test *t, uint8_t n)
{
    assert_true(n < t->w.n_attempts);
    return t->w.attempts[n].candidate;
}

#endif
