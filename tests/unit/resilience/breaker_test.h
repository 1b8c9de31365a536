/*
 * A breaker under test and a script player: rows of time x event, and the state and cause after
 * each. Scripts begin at 1000 s; times in them are milliseconds since then.
 */
#ifndef PROA_RESILIENCE_BREAKER_TEST_H
#define PROA_RESILIENCE_BREAKER_TEST_H

#include "proa/resilience/breaker.h"

#include <inttypes.h>

#include "proa_test.h"

#define SECONDS(n) ((n)*PROA_NS_PER_S)
#define START      SECONDS(1000)
#define AT(ms)     (START + (uint64_t)(ms)*PROA_NS_PER_MS)

/* The defaults of the policy. */
static const struct proa_breaker_cfg CFG = {
    .score = 5,
    .pool_score = 5,
    .endpoint_score = 6,
    .window_ns = SECONDS(60),
    .min_samples = 10,
    .trip_ppm = 500000,
    .open_floor_ns = SECONDS(1),
    .open_base_ns = SECONDS(5),
    .open_cap_ns = SECONDS(30),
    .stable_ns = SECONDS(60),
    .half_open_successes = 2,
    .lease_ns = SECONDS(60),
    .ramp_ns = SECONDS(30),
    .ramp_min_ppm = 100000,
    .ramp_failure_factor = 2,
};

static const struct proa_degraded_cfg DEGRADED = {
    .enabled = true,
    .enter_ppm = 200000,
    .enter_fast_ppm = 300000,
    .slow_ppm = 500000,
    .exit_good = 3,
    .trickle_ppm = 50000,
    .trickle_every_ns = SECONDS(10),
};

/* ---- scripts --------------------------------------------------------------------------------- */

enum event {
    END = 0,
    OK,      /* an ordinary success; arg: how long ago its attempt began, ms */
    GOOD,    /* a success let through as trickle */
    FAIL,    /* arg: weight */
    FAIL_OF, /* arg: fingerprint; weight 1 */
    OLD,     /* a failure whose attempt began arg ms ago; weight 1 */
    HINT,    /* a failure of weight 1 whose answer asked for arg seconds */
    STALL,   /* arg: weight */
    SLOW,
    TAKE,     /* arg: is it given? */
    PROBE_OK, /* verdicts of the probe that was taken last */
    PROBE_FAIL,
    RELEASE, /* arg: wait in seconds */
    PARENT,
    EJECT, /* arg: seconds */
    LOOK   /* nothing but time */
};

struct step {
    uint32_t ms;
    enum event event;
    uint32_t arg;
    enum proa_breaker_state state; /* after it */
    enum proa_breaker_cause cause; /* of the change it made; NONE = it made none */
};

struct fixture {
    struct proa_breaker b;
    struct proa_breaker_cfg cfg;
    struct proa_degraded_cfg degraded;
    struct proa_prng prng;
    uint64_t probe_ns;
};

static inline struct fixture fixture_make(uint64_t seed)
{
    struct fixture f = {.cfg = CFG, .degraded = DEGRADED};
    proa_prng_seed(&f.prng, seed);
    proa_breaker_init(&f.b, START);
    return f;
}

static inline struct proa_breaker_change success(struct fixture *f, uint64_t now_ns,
                                                 struct proa_breaker_report report)
{
    return proa_breaker_success(&f->b, &f->cfg, &f->degraded, &report, now_ns);
}

static inline struct proa_breaker_change failure(struct fixture *f, uint64_t now_ns,
                                                 struct proa_breaker_report report)
{
    report.trip_score = f->cfg.score;
    return proa_breaker_failure(&f->b, &f->cfg, &f->degraded, &report, now_ns, &f->prng);
}

static inline struct proa_breaker_change apply(struct fixture *f, const struct step *s)
{
    const uint64_t now_ns = AT(s->ms);
    struct proa_breaker_report r = {.started_ns = now_ns, .trip_score = f->cfg.score};
    struct proa_breaker_change change = {.cause = PROA_BREAKER_CAUSE_NONE};
    switch (s->event) {
    case OK:
        r.started_ns = now_ns - s->arg * PROA_NS_PER_MS;
        return success(f, now_ns, r);
    case GOOD:
        r.trickle = true;
        return success(f, now_ns, r);
    case FAIL:
        r.weight = s->arg;
        return failure(f, now_ns, r);
    case FAIL_OF:
        r.weight = 1;
        r.fingerprint = s->arg;
        return failure(f, now_ns, r);
    case OLD:
        r.weight = 1;
        r.started_ns = now_ns - s->arg * PROA_NS_PER_MS;
        return failure(f, now_ns, r);
    case HINT:
        r.weight = 1;
        r.hint_ns = SECONDS(s->arg);
        return failure(f, now_ns, r);
    case STALL:
        r.weight = s->arg;
        return proa_breaker_stalled(&f->b, &f->cfg, &r, now_ns, &f->prng);
    case SLOW:
        return proa_breaker_slow(&f->b, &f->cfg, &f->degraded, now_ns);
    case TAKE: {
        bool due = proa_breaker_probe_due(&f->b, &f->cfg, now_ns);
        bool taken = proa_breaker_probe_take(&f->b, &f->cfg, now_ns, &change);
        assert_int_equal(due, taken);
        PROA_TEST_CHECK(taken == (s->arg != 0), "at %u ms", s->ms);
        f->probe_ns = taken ? now_ns : f->probe_ns;
        return change;
    }
    case PROBE_OK:
        r.started_ns = f->probe_ns;
        r.probe = true;
        return success(f, now_ns, r);
    case PROBE_FAIL:
        r.started_ns = f->probe_ns;
        r.probe = true;
        r.weight = 1;
        return failure(f, now_ns, r);
    case RELEASE:
        proa_breaker_probe_release(&f->b, f->probe_ns, SECONDS(s->arg), now_ns);
        return change;
    case PARENT:
        return proa_breaker_recover(&f->b, PROA_BREAKER_CAUSE_PARENT, now_ns);
    case EJECT:
        return proa_breaker_eject(&f->b, SECONDS(s->arg), now_ns);
    case END:
    case LOOK:
        break;
    }
    return change;
}

static inline void play(struct fixture *f, const char *name, const struct step *steps)
{
    for (const struct step *s = steps; s->event != END; s++) {
        enum proa_breaker_state before = (enum proa_breaker_state)f->b.state;
        struct proa_breaker_change change = apply(f, s);
        enum proa_breaker_state state = proa_breaker_state(&f->b, &f->cfg, AT(s->ms));
        PROA_TEST_CHECK(state == s->state, "%s, step %td: %s, not %s", name, s - steps,
                        proa_breaker_state_text(state), proa_breaker_state_text(s->state));
        PROA_TEST_CHECK(change.cause == s->cause, "%s, step %td: because of %s, not %s", name,
                        s - steps, proa_breaker_cause_text(change.cause),
                        proa_breaker_cause_text(s->cause));
        if (change.cause != PROA_BREAKER_CAUSE_NONE) {
            assert_int_equal(change.from, before);
            assert_int_equal(change.to, f->b.state);
        } else {
            assert_int_equal(f->b.state, before);
        }
    }
}

#define C         PROA_BREAKER_CLOSED
#define R         PROA_BREAKER_RAMP
#define D         PROA_BREAKER_DEGRADED
#define O         PROA_BREAKER_OPEN
#define H         PROA_BREAKER_HALF_OPEN
#define BY(cause) PROA_BREAKER_CAUSE_##cause
#define NO        PROA_BREAKER_CAUSE_NONE

/* Most scripts need it open for 5 s exactly: floor and base alike. */
static inline struct fixture fixture_fixed(void)
{
    struct fixture f = fixture_make(1);
    f.cfg.open_floor_ns = SECONDS(5);
    return f;
}

struct script {
    const char *name;
    struct step steps[40];
};

static inline void play_all(const struct script *scripts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fixture f = fixture_fixed();
        play(&f, scripts[i].name, scripts[i].steps);
    }
}

/* Lets fail / of every `of` verdicts fail, one per gap, until the state changes; returns how many
 * it took, 0 when 1000 did not do. */
static inline unsigned run_rate(struct fixture *f, unsigned fail, unsigned of, uint64_t gap_ns,
                                uint64_t *now_ns, struct proa_breaker_change *change)
{
    for (unsigned i = 0; i < 1000; i++) {
        *now_ns += gap_ns;
        struct proa_breaker_report report = {.started_ns = *now_ns};
        /* spread evenly, a success first */
        bool fails = (i + 1) * fail / of > i * fail / of;
        *change = fails ? failure(f, *now_ns, report) : success(f, *now_ns, report);
        if (change->from != change->to) {
            return i + 1;
        }
    }
    return 0;
}

/* Opens by score at now_ns and returns for how long. */
static inline uint64_t open_span(struct fixture *f, uint64_t now_ns, uint64_t hint_ns)
{
    struct proa_breaker_report report = {.started_ns = now_ns, .weight = 100, .hint_ns = hint_ns};
    assert_int_equal(failure(f, now_ns, report).to, O);
    uint64_t span_ns = proa_breaker_eta(&f->b, &f->cfg, now_ns);
    assert_int_equal(span_ns, f->b.until_ns - now_ns);
    return span_ns;
}

/* Failing one of five, as long as it takes. */
static inline struct fixture fixture_degraded(uint64_t *now_ns)
{
    struct fixture f = fixture_make(11);
    struct proa_breaker_change change;
    *now_ns = START;
    assert_int_equal(run_rate(&f, 1, 5, PROA_NS_PER_MS, now_ns, &change), 10);
    assert_int_equal(change.to, D);
    return f;
}

#endif
