/*
 * A storm: sidecars that ask for twice what one shared limit allows. Each has a limiter of its own
 * and sees nothing of the others but the answers.
 *
 * The limit takes 10 requests a second and bursts of 10, the demand is 20. Requests that may not go
 * yet wait up to 5 s; answers take 1 to 3 s, refusals 50 ms. Time moves in steps of 10 ms.
 */
#include "proa/resilience/limiter.h"

#include "proa_test.h"

#define STEP (10 * PROA_NS_PER_MS)

enum {
    SIDECARS = 50, /* at most */
    STEPS_PER_S = 100,
    WAITING = 256, /* requests in line, more than 5 s of the highest demand */
    WAIT_STEPS = 5 * STEPS_PER_S,
    SPAN_STEPS = 4 * STEPS_PER_S, /* no answer takes longer */
    ANSWERS = 32,                 /* in one step */
    RATE = 10,
    BURST = 10
};

static const struct proa_limiter_cfg CFG = {
    .enabled = true,
    .up_ppm = 1000,
    .down_ppm = 700000,
    .reserve_ppm = 100000,
    .batch_ppm = 700000,
    .wait_max_ns = 300 * PROA_NS_PER_S,
};

/* What the provider says with its answers. */
enum dialect { TELLS_LIMITS, TELLS_WAIT, TELLS_NOTHING };

struct sidecar {
    struct proa_limiter limiter;
    uint64_t waiting[WAITING]; /* step of arrival */
    unsigned first;
    unsigned n;
};

struct answer {
    struct proa_limiter_mark mark;
    unsigned sidecar;
    bool refused;
    struct proa_rate_signal signal;
};

struct storm {
    struct sidecar sidecar[SIDECARS];
    struct answer answers[SPAN_STEPS][ANSWERS];
    unsigned n_answers[SPAN_STEPS];
    unsigned n;
    unsigned demand; /* requests per second of all */
    enum dialect dialect;
    uint64_t wait_ns;
    uint64_t tokens_milli;
    unsigned taken;
    unsigned refused;
    struct proa_prng prng;
};

static uint64_t now_of(uint64_t step)
{
    return (step + 1000) * STEP;
}

static void send(struct storm *s, unsigned at, uint64_t step)
{
    const struct proa_need need = {.of = {[PROA_RATE_REQUESTS] = 1}};
    struct answer answer = {.sidecar = at, .refused = s->tokens_milli < 1000};
    proa_limiter_take(&s->sidecar[at].limiter, &need, now_of(step), &answer.mark);
    uint64_t after = 5;
    if (answer.refused) {
        s->refused++;
    } else {
        s->taken++;
        s->tokens_milli -= 1000;
        after = STEPS_PER_S + proa_prng_below(&s->prng, 2 * STEPS_PER_S);
    }
    answer.signal = (struct proa_rate_signal){
        .kind = PROA_RATE_REQUESTS,
        .limit = BURST,
        .remaining = s->tokens_milli / 1000,
        .reset_ns = (BURST * 1000 - s->tokens_milli) * (PROA_NS_PER_S / 1000 / RATE),
    };
    const uint64_t slot = (step + after) % SPAN_STEPS;
    assert_true(s->n_answers[slot] < ANSWERS);
    s->answers[slot][s->n_answers[slot]++] = answer;
}

static void receive(struct storm *s, uint64_t step)
{
    const uint64_t slot = step % SPAN_STEPS;
    for (unsigned i = 0; i < s->n_answers[slot]; i++) {
        const struct answer *a = &s->answers[slot][i];
        struct proa_limiter *l = &s->sidecar[a->sidecar].limiter;
        if (a->refused) {
            uint64_t wait_ns = s->dialect == TELLS_NOTHING ? 0 : s->wait_ns;
            proa_limiter_throttled(l, &CFG, wait_ns, &s->prng, now_of(step));
        } else {
            proa_limiter_learn(l, &a->signal, s->dialect == TELLS_LIMITS, &a->mark, now_of(step));
            proa_limiter_ok(l, &CFG, now_of(step));
        }
    }
    s->n_answers[slot] = 0;
}

static void serve(struct storm *s, unsigned at, uint64_t step)
{
    struct sidecar *c = &s->sidecar[at];
    if (proa_prng_below(&s->prng, s->n * STEPS_PER_S) < s->demand) {
        assert_true(c->n < WAITING);
        c->waiting[(c->first + c->n++) % WAITING] = step;
    }
    const struct proa_need need = {.of = {[PROA_RATE_REQUESTS] = 1}};
    while (c->n > 0) {
        bool expired = step - c->waiting[c->first] > WAIT_STEPS;
        if (!expired &&
            proa_limiter_eta(&c->limiter, &CFG, &need, PROA_PRIORITY_DEFAULT, now_of(step)) != 0) {
            return;
        }
        c->first = (c->first + 1) % WAITING;
        c->n--;
        if (!expired) {
            send(s, at, step);
        }
    }
}

static void storm_step(struct storm *s, uint64_t step)
{
    s->tokens_milli += RATE * 1000 / STEPS_PER_S;
    s->tokens_milli = s->tokens_milli < BURST * 1000 ? s->tokens_milli : BURST * 1000;
    receive(s, step);
    const unsigned from = (unsigned)proa_prng_below(&s->prng, s->n); /* nobody is always first */
    for (unsigned i = 0; i < s->n; i++) {
        serve(s, (from + i) % s->n, step);
    }
}

/* Two minutes to settle, then ten that count. */
static void run(struct storm *s, unsigned n, enum dialect dialect, uint64_t seed)
{
    s->n = n;
    s->dialect = dialect;
    s->tokens_milli = BURST * 1000;
    proa_prng_seed(&s->prng, seed);
    memset(s->n_answers, 0, sizeof(s->n_answers));
    for (unsigned i = 0; i < n; i++) {
        proa_limiter_init(&s->sidecar[i].limiter);
        s->sidecar[i].n = 0;
    }
    uint64_t step = 0;
    for (; step < 120 * STEPS_PER_S; step++) {
        storm_step(s, step);
    }
    s->taken = 0;
    s->refused = 0;
    for (; step < 720 * STEPS_PER_S; step++) {
        storm_step(s, step);
    }
}

struct row {
    unsigned sidecars;
    unsigned refused_permille; /* of all that were sent, at most */
    unsigned used_permille;    /* of the limit, at least */
};

static void check(const struct row *row, enum dialect dialect, uint64_t wait_ns)
{
    static struct storm s;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        s.demand = 2 * RATE;
        s.wait_ns = wait_ns;
        run(&s, row->sidecars, dialect, seed);
        unsigned refused = s.refused * 1000 / (s.refused + s.taken);
        unsigned used = s.taken * 1000 / (600 * RATE);
        PROA_TEST_CHECK(refused <= row->refused_permille, "%u sidecars: %u", row->sidecars,
                        refused);
        PROA_TEST_CHECK(used >= row->used_permille, "%u sidecars: %u", row->sidecars, used);
    }
}

static const struct row STORM[] = {{1, 10, 950}, {10, 50, 950}, {50, 120, 950}};

static void limits_that_are_told(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, STORM)
    {
        check(row, TELLS_LIMITS, PROA_NS_PER_S);
        check(row, TELLS_LIMITS, PROA_NS_PER_S / 10);
    }
}

/* Without a number one sidecar has to be refused now and then to find the limit. */
static void limits_that_are_not(void **state)
{
    (void)state;
    static const struct row rows[] = {{1, 40, 940}, {10, 50, 950}, {50, 120, 950}};
    PROA_TEST_ROWS(row, rows)
    {
        check(row, TELLS_WAIT, PROA_NS_PER_S);
        check(row, TELLS_NOTHING, 0);
    }
}

/* Demand below the limit: nothing is held back, next to nothing refused. */
static void calm(void **state)
{
    (void)state;
    static struct storm s;
    static const unsigned sidecars[] = {1, 10, 50};
    static const enum dialect dialects[] = {TELLS_LIMITS, TELLS_WAIT, TELLS_NOTHING};
    PROA_TEST_ROWS(n, sidecars)
    {
        PROA_TEST_ROWS(dialect, dialects)
        {
            s.demand = 7;
            s.wait_ns = PROA_NS_PER_S;
            run(&s, *n, *dialect, 3);
            unsigned refused = s.refused * 1000 / (s.refused + s.taken);
            unsigned used = s.taken * 1000 / (600 * s.demand);
            assert_true(refused <= 5);
            assert_true(used >= 970);
        }
    }
}

/* All but one of 50 go away: the last one finds out that the limit is its own now. */
static void left_alone(void **state)
{
    (void)state;
    static struct storm s;
    s.demand = 2 * RATE;
    s.wait_ns = PROA_NS_PER_S;
    run(&s, SIDECARS, TELLS_LIMITS, 4);
    assert_true(s.sidecar[0].limiter.pace_milli < 2000);
    s.n = 1;
    uint64_t step = 720 * STEPS_PER_S;
    const uint64_t patience = step + 600 * STEPS_PER_S;
    while (s.sidecar[0].limiter.pace_milli != 0 && step < patience) {
        storm_step(&s, step++);
    }
    assert_true(step < patience);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_that_are_told),
        cmocka_unit_test(limits_that_are_not),
        cmocka_unit_test(calm),
        cmocka_unit_test(left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
