/* A breaker at random, under its invariants. */
#include "breaker_test.h"

struct walk {
    struct fixture f;
    uint64_t now_ns;
    uint64_t lease_ns; /* when the holder of the place took it; 0 = nobody holds it */
    uint64_t changes;
    uint64_t seen[PROA_BREAKER_STATES][PROA_BREAKER_STATES];
};

static bool may_follow(enum proa_breaker_state from, enum proa_breaker_state to)
{
    static const bool follows[PROA_BREAKER_STATES][PROA_BREAKER_STATES] = {
        [C] = {[D] = true, [O] = true}, [R] = {[C] = true, [D] = true, [O] = true},
        [D] = {[R] = true, [O] = true}, [O] = {[H] = true, [R] = true},
        [H] = {[O] = true, [R] = true},
    };
    return follows[from][to];
}

static void walk_step(struct walk *w)
{
    struct fixture *f = &w->f;
    struct proa_prng *prng = &f->prng;
    static const uint64_t gaps[] = {0, 1, PROA_NS_PER_MS, SECONDS(1), SECONDS(5), SECONDS(40)};
    w->now_ns += proa_prng_below(prng, 1 + gaps[proa_prng_below(prng, PROA_ARRAY_LEN(gaps))]);
    const uint64_t now_ns = w->now_ns;
    const struct proa_breaker old = f->b;
    struct proa_breaker_report r = {
        .started_ns = now_ns - proa_prng_below(prng, SECONDS(20)),
        .weight = (uint32_t)proa_prng_below(prng, 3),
        .trip_score = 5,
        .fingerprint = (uint32_t)proa_prng_below(prng, 8),
        .hint_ns = proa_prng_below(prng, 50) ? 0 : SECONDS(proa_prng_below(prng, 400)),
        .trickle = proa_prng_below(prng, 2) != 0,
    };
    /* An attempt that holds the place says so, and began when it took it. */
    bool as_probe = w->lease_ns != 0 && proa_prng_below(prng, 2) != 0;
    if (as_probe) {
        r.probe = true;
        r.started_ns = w->lease_ns;
    }
    struct proa_breaker_change change = {.from = (enum proa_breaker_state)old.state,
                                         .to = (enum proa_breaker_state)old.state};
    bool good = false;
    switch (proa_prng_below(prng, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        change = success(f, now_ns, r);
        good = true;
        break;
    case 7:
    case 8:
    case 9:
        change = failure(f, now_ns, r);
        break;
    case 10:
        change = proa_breaker_slow(&f->b, &f->cfg, &f->degraded, now_ns);
        as_probe = false;
        break;
    case 11:
        change = proa_breaker_stalled(&f->b, &f->cfg, &r, now_ns, prng);
        as_probe = false;
        break;
    case 12:
    case 13:
    case 14: {
        bool due = proa_breaker_probe_due(&f->b, &f->cfg, now_ns);
        bool taken = proa_breaker_probe_take(&f->b, &f->cfg, now_ns, &change);
        assert_int_equal(due, taken);
        if (taken) {
            /* at most one in flight, but for lost ones */
            assert_true(w->lease_ns == 0 || now_ns - w->lease_ns >= f->cfg.lease_ns);
            assert_true(now_ns >= old.until_ns);
            w->lease_ns = now_ns;
        }
        as_probe = false;
        break;
    }
    default:
        if (as_probe) {
            proa_breaker_probe_release(&f->b, w->lease_ns, r.hint_ns, now_ns);
        } else if (proa_prng_below(prng, 20) == 0) {
            change = proa_breaker_recover(&f->b, PROA_BREAKER_CAUSE_PARENT, now_ns);
        }
        break;
    }
    if (as_probe || f->b.state == R || (f->b.state == O && old.state != O)) {
        w->lease_ns = 0; /* its verdict is in, or nobody asks for it any more */
    }
    assert_int_equal(change.from, old.state);
    assert_int_equal(change.to, f->b.state);
    assert_int_equal(change.from != change.to, change.cause != NO);
    if (change.from != change.to) {
        /* a RAMP that is over may go on from CLOSED within one event */
        assert_true(may_follow(change.from, change.to));
        w->changes++;
        w->seen[change.from][change.to]++;
    }
    /* Deadlines: only a success moves one earlier, to now, and closing ends it. */
    if (f->b.until_ns < old.until_ns) {
        assert_true(f->b.state == R || (good && f->b.until_ns == now_ns));
    }
    if (f->b.state == O && old.state != O) {
        assert_in_range(f->b.until_ns, now_ns + f->cfg.open_floor_ns, now_ns + SECONDS(300));
        assert_int_equal(f->b.opened_ns, now_ns);
    }
    assert_true(f->b.exponent <= 3);
    assert_true(f->b.state != D || f->b.score < 5);
    assert_true(f->b.state != C || f->b.score < 5);
    assert_true(f->b.state != R || f->b.score < 5);
    uint32_t share = proa_breaker_share_ppm(&f->b, &f->cfg, now_ns);
    assert_in_range(share, 100000, 1000000);
    assert_true(share == 1000000 || proa_breaker_state(&f->b, &f->cfg, now_ns) == R);
    assert_int_equal(proa_breaker_probe_due(&f->b, &f->cfg, now_ns),
                     proa_breaker_state(&f->b, &f->cfg, now_ns) == H &&
                         proa_breaker_eta(&f->b, &f->cfg, now_ns) == 0);
}

static void random_walk_keeps_the_invariants(void **state)
{
    (void)state;
    struct walk w = {.f = fixture_make(15), .now_ns = START};
    for (unsigned i = 0; i < 200000; i++) {
        walk_step(&w);
    }
    /* It was everywhere. */
    assert_true(w.changes > 1000);
    for (unsigned from = 0; from < PROA_BREAKER_STATES; from++) {
        for (unsigned to = 0; to < PROA_BREAKER_STATES; to++) {
            if (may_follow((enum proa_breaker_state)from, (enum proa_breaker_state)to)) {
                PROA_TEST_CHECK(w.seen[from][to] > 0, "never from %s to %s",
                                proa_breaker_state_text((enum proa_breaker_state)from),
                                proa_breaker_state_text((enum proa_breaker_state)to));
            }
        }
    }
}

/* Same seed, same path. */
static void repeats_itself(void **state)
{
    (void)state;
    struct walk a = {.f = fixture_make(16), .now_ns = START};
    struct walk b = {.f = fixture_make(16), .now_ns = START};
    for (unsigned i = 0; i < 2000; i++) {
        walk_step(&a);
        walk_step(&b);
    }
    assert_int_equal(a.changes, b.changes);
    assert_int_equal(a.f.b.until_ns, b.f.b.until_ns);
    assert_int_equal(a.f.b.entered_ns, b.f.b.entered_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_walk_keeps_the_invariants),
        cmocka_unit_test(repeats_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
