/*
 * What the decisions of one exchange cost: the pick among 6 and among 64 targets, all that is
 * reported of the attempt, and its release; beside a SHA-256 of 1 KB, the peer that says how fast
 * this machine is today.
 *
 * The engine runs as under the server, on a clock that moves 10 ms per exchange. Every tenth
 * exchange fails once and moves on, so that breakers, budgets and limits are at work. Counts every
 * allocation. Prints one JSON object; exits with 1 when a goal of the design is missed.
 */
#include "state_priv.h"

#include "proa/core/clock.h"
#include "proa/engine/roster.h"
#include "proa/engine/run.h"
#include "proa/tls/digest.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine_fixture.h"

enum { EXCHANGES = 20000, ROUNDS = 11, WARM = 2000 };

/* ---- allocations: the linker leads malloc here --------------------------------------------------
 */

static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t size)
{
    allocations++;
    return __real_realloc(p, size);
}

/* ---- the engine at work ------------------------------------------------------------------------
 */

struct bench {
    struct fixture f;
    struct proa_run run;
    struct proa_commands out;
    uint64_t now_ns;
    uint64_t exchanges;
};

static void feed(struct bench *b, enum proa_ev kind, uint8_t attempt, enum proa_class class)
{
    static const struct proa_rate_signal rates[] = {
        {PROA_RATE_REQUESTS, 100000, 80000, 1 * PROA_NS_PER_S},
        {PROA_RATE_TOKENS, 10000000, 8000000, 1 * PROA_NS_PER_S}};
    const struct proa_event event = {.kind = kind,
                                     .attempt = attempt,
                                     .class = class,
                                     .status = class == PROA_CLASS_SERVER ? 500 : 200,
                                     .rates = kind == PROA_EV_HEAD ? rates : NULL,
                                     .n_rates = kind == PROA_EV_HEAD ? 2 : 0};
    b->out.n = 0;
    proa_run_feed(&b->run, b->now_ns, &event, &b->out);
}

static void exchange(struct bench *b)
{
    const struct proa_run_options options = {.stream = true, .input_tokens = 300};
    b->now_ns += 10 * PROA_NS_PER_MS;
    proa_run_init(&b->run, b->f.roster, &b->f.route, &options, b->now_ns);
    feed(b, PROA_EV_ADMITTED, 0, PROA_CLASS_NONE);
    uint8_t attempt = 0;
    if (b->exchanges++ % 10 == 0) {
        feed(b, PROA_EV_CONNECTED, attempt, PROA_CLASS_NONE);
        feed(b, PROA_EV_FAILED, attempt, PROA_CLASS_SERVER);
        if (!b->run.finished && b->run.n_attempts == 1) {
            b->now_ns += 50 * PROA_NS_PER_MS;
            feed(b, PROA_EV_DEADLINE, 0, PROA_CLASS_NONE);
        }
        attempt = (uint8_t)(b->run.n_attempts - 1);
    }
    if (!b->run.finished) {
        feed(b, PROA_EV_CONNECTED, attempt, PROA_CLASS_NONE);
        feed(b, PROA_EV_HEAD, attempt, PROA_CLASS_NONE);
        b->now_ns += 3 * PROA_NS_PER_MS;
        feed(b, PROA_EV_FIRST_CONTENT, attempt, PROA_CLASS_NONE);
        feed(b, PROA_EV_ENDED, attempt, PROA_CLASS_OK);
    }
    while (proa_engine_next_woken(b->f.engine)) {
    }
    PROA_ASSERT(b->run.finished);
}

static void prepare(struct bench *b, uint8_t n)
{
    memset(b, 0, sizeof(*b));
    fixture_init(&b->f, 1);
    for (uint8_t i = 0; i < n; i++) {
        (void)fixture_add(&b->f, (struct fixture_target){.endpoint = (uint8_t)(i % FIXTURE_PARTS),
                                                         .provider = (uint8_t)(i % FIXTURE_PARTS),
                                                         .key = (uint8_t)(i / FIXTURE_PARTS)});
    }
    b->f.policy.balance.strategy = PROA_STRATEGY_P2C_EWMA;
    b->f.policy.balance.explore_ppm = 20000;
    b->f.policy.degraded.enabled = true;
    b->f.policy.stall.enabled = true;
    b->now_ns = 1000 * PROA_NS_PER_S;
}

static uint64_t clock_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * PROA_NS_PER_S + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values)
{
    qsort(values, ROUNDS, sizeof(*values), compare);
    return values[ROUNDS / 2];
}

struct figures {
    uint64_t ns;          /* per exchange */
    uint64_t allocations; /* of all exchanges */
    uint64_t bytes;       /* of a target with all that stands around it: key, group, limits, pool */
};

static struct figures measure(uint8_t n)
{
    static struct bench b;
    struct figures out = {0};
    uint64_t rounds[ROUNDS];
    prepare(&b, n);
    const struct mallinfo2 before = mallinfo2();
    fixture_bind(&b.f, b.now_ns);
    const struct mallinfo2 bound = mallinfo2();
    out.bytes = (bound.uordblks - before.uordblks) / n;
    for (int i = 0; i < WARM; i++) {
        exchange(&b);
    }
    const uint64_t counted = allocations;
    for (int r = 0; r < ROUNDS; r++) {
        const uint64_t from = clock_ns();
        for (int i = 0; i < EXCHANGES; i++) {
            exchange(&b);
        }
        rounds[r] = (clock_ns() - from) / EXCHANGES;
    }
    out.allocations = allocations - counted;
    out.ns = median(rounds);
    fixture_deinit(&b.f);
    return out;
}

static uint64_t measure_peer(void)
{
    static char data[1024];
    unsigned char digest[PROA_SHA256_BYTES];
    uint64_t rounds[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        const uint64_t from = clock_ns();
        for (int i = 0; i < EXCHANGES / 4; i++) {
            data[i % 1024]++;
            proa_sha256(proa_slice_make(data, sizeof(data)), digest);
        }
        rounds[r] = (clock_ns() - from) / (EXCHANGES / 4);
    }
    return median(rounds);
}

int main(void)
{
    const struct figures six = measure(6);
    const struct figures many = measure(64);
    const uint64_t peer = measure_peer();
    printf("{\"ns_6_targets\": %llu, \"ns_64_targets\": %llu, \"sha256_1k_ns\": %llu, "
           "\"ratio_6\": %.3f, \"ratio_64\": %.3f, \"allocations\": %llu, "
           "\"target_bytes\": %zu, \"with_surroundings\": %llu}\n",
           (unsigned long long)six.ns, (unsigned long long)many.ns, (unsigned long long)peer,
           (double)six.ns / (double)peer, (double)many.ns / (double)peer,
           (unsigned long long)(six.allocations + many.allocations), sizeof(struct target_state),
           (unsigned long long)many.bytes);
    const bool met = six.ns <= 1000 && many.ns <= 5000 && six.allocations + many.allocations == 0 &&
                     sizeof(struct target_state) <= 1024;
    return met ? 0 : 1;
}
