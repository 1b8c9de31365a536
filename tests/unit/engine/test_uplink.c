/* When nothing outside can be reached: nobody is blamed, little is asked, and it is soon over. */
#include "state_test.h"

/* No breaker opens, none keeps an exponent, and what is asked while it
 * lasts is one attempt a second. */
static void an_uplink_loss_is_nobodys_fault(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    for (size_t i = 0; i < 3; i++) {
        succeed_n(&t, i, 3);
    }
    t.now += 5 * S;
    uint32_t attempts = 0;
    const uint64_t down_until = t.now + 30 * S;
    for (; t.now < down_until; t.now += 500 * MS) {
        struct proa_run *run = call(&t);
        for (int i = 0; i < 3; i++) {
            const struct pick pick = pick_for(&t, run, i == 0 ? PICK_FIRST : PICK_RETRY);
            if (!pick.candidate) {
                assert_int_equal(pick.reason, PROA_REASON_NO_TARGET);
                assert_true(pick.eta_ns <= 1 * S);
                break;
            }
            (void)start(&t, run, pick);
            fails(&t, run, PROA_CLASS_CONNECT);
            attempts++;
        }
    }
    assert_true(proa_status_uplink_down(t.fx.engine));
    PROA_TEST_CHECK(attempts >= 30 && attempts <= 34, "%u", attempts);
    uint64_t back = t.now;
    for (bool up = false; !up; t.now += 500 * MS) {
        struct proa_run *run = call(&t);
        const struct pick pick = pick_for(&t, run, PICK_FIRST);
        up = pick.candidate != NULL;
        if (up) {
            (void)start(&t, run, pick);
            succeeds(&t, run);
        }
    }
    assert_true(t.now - back <= 2 * S);
    assert_false(proa_status_uplink_down(t.fx.engine));
    for (size_t i = 0; i < 3; i++) {
        for (enum trip_level level = TRIP_TARGET; level < TRIP_LEVELS; level++) {
            const enum proa_breaker_state now = state_at(&t, i, level);
            assert_true(now == PROA_BREAKER_CLOSED || now == PROA_BREAKER_RAMP);
            assert_int_equal(breaker_at(&t, i, level)->exponent, 0);
        }
        assert_non_null(pick_for(&t, call(&t), PICK_FIRST).candidate);
    }
    state_teardown(&t);
}

/* Everything goes to the first one, and opens it, before the second is tried. */
static void what_opened_on_the_way_into_it_is_forgiven(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    fail_n(&t, 0, PROA_CLASS_CONNECT, 3);
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    t.now += 100 * MS;
    struct proa_run *run = called(&t);
    assert_int_equal(where(&t, run), 1);
    fails(&t, run, PROA_CLASS_CONNECT);
    assert_int_equal(run->attempts[0].class, PROA_CLASS_LOCAL);
    t.now += 2 * S;
    succeeds(&t, called_at(&t, 1));
    /* The last of the three is what it began with. */
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_RAMP);
    assert_int_equal(breaker_at(&t, 0, TRIP_TARGET)->exponent, 0);
    state_teardown(&t);
}

/* Answers under way break off together, before anything new fails to connect. */
static void what_broke_off_as_it_began_is_forgiven(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    fail_n(&t, 0, PROA_CLASS_RESET, 5);
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    t.now += 30 * MS;
    fails(&t, called_at(&t, 1), PROA_CLASS_CONNECT);
    fails(&t, called_at(&t, 0), PROA_CLASS_CONNECT);
    assert_true(proa_status_uplink_down(t.fx.engine));
    t.now += 2 * S;
    succeeds(&t, called_at(&t, 1));
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_RAMP);
    assert_int_equal(breaker_at(&t, 0, TRIP_TARGET)->exponent, 0);
    state_teardown(&t);
}

static void dials_that_hang_are_in_sequence_too(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    struct proa_run *first = called_at(&t, 0);
    t.now += 5 * S;
    fails(&t, first, PROA_CLASS_CONNECT_TIMEOUT);
    struct proa_run *second = called_at(&t, 1);
    t.now += 5 * S;
    fails(&t, second, PROA_CLASS_CONNECT_TIMEOUT);
    assert_true(proa_status_uplink_down(t.fx.engine));
    state_teardown(&t);
}

/* Two of three are down, the third is not kept from the request, and the two
 * are found out all the same. */
static void two_of_three_down_are_found_out(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 3);
    for (int n = 0; n < 20; n++, t.now += 200 * MS) {
        struct proa_run *run = call(&t);
        bool answered = false;
        for (int i = 0; i < 3 && !answered; i++) {
            const struct pick pick = pick_for(&t, run, i == 0 ? PICK_FIRST : PICK_RETRY);
            assert_non_null(pick.candidate);
            (void)start(&t, run, pick);
            answered = where(&t, run) == 2;
            if (answered) {
                succeeds(&t, run);
            } else {
                fails(&t, run, PROA_CLASS_CONNECT);
            }
        }
        assert_true(answered);
    }
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 2, TRIP_TARGET, PROA_BREAKER_CLOSED);
    assert_false(proa_status_uplink_down(t.fx.engine));
    state_teardown(&t);
}

/* Fails while the other one answers, then both fail once. */
static void one_down_one_well(struct state_test *t)
{
    state_apart(t, 2);
    fails(t, called_at(t, 0), PROA_CLASS_CONNECT);
    t->now += 100 * MS;
    succeeds(t, called_at(t, 1));
    t->now += 200 * MS;
    fails(t, called_at(t, 0), PROA_CLASS_CONNECT);
    assert_false(proa_status_uplink_down(t->fx.engine));
}

/* Of two, one is truly down: that the other one fails once as well is no reason to ask nobody. */
static void one_that_is_down_by_itself_is_no_witness(void **state)
{
    (void)state;
    struct state_test t;
    one_down_one_well(&t);
    fails(&t, called_at(&t, 1), PROA_CLASS_CONNECT);
    assert_false(proa_status_uplink_down(t.fx.engine));
    t.now += 300 * MS;
    fails(&t, called_at(&t, 0), PROA_CLASS_CONNECT); /* nor does it confirm what that one said */
    assert_false(proa_status_uplink_down(t.fx.engine));
    assert_non_null(first_pick(&t).candidate);
    assert_int_equal(score_at(&t, 0, TRIP_TARGET), 6);
    state_teardown(&t);
}

static void one_that_has_answered_is_a_witness_again(void **state)
{
    (void)state;
    struct state_test t;
    one_down_one_well(&t);
    t.now += 100 * MS;
    succeeds(&t, called_at(&t, 0));
    t.now += 100 * MS;
    fails(&t, called_at(&t, 0), PROA_CLASS_CONNECT);
    fails(&t, called_at(&t, 1), PROA_CLASS_CONNECT);
    assert_true(proa_status_uplink_down(t.fx.engine));
    state_teardown(&t);
}

static void what_is_long_ago_is_forgotten(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct state_test t;
        one_down_one_well(&t);
        t.now += 60 * S - (late ? 0 : 1);
        fails(&t, called_at(&t, 0), PROA_CLASS_CONNECT);
        fails(&t, called_at(&t, 1), PROA_CLASS_CONNECT);
        assert_int_equal(proa_status_uplink_down(t.fx.engine), late);
        state_teardown(&t);
    }
}

/* Those that could not be reached in the last loss are witnesses of the next one, even if nobody
 * has asked them since. */
static void a_loss_soon_after_a_loss_is_one_too(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    for (int n = 0; n < 2; n++) {
        fails(&t, called_at(&t, 0), PROA_CLASS_CONNECT);
        fails(&t, called_at(&t, 1), PROA_CLASS_CONNECT);
        assert_true(proa_status_uplink_down(t.fx.engine));
        t.now += 2 * S;
        succeeds(&t, called_at(&t, 0));
        assert_false(proa_status_uplink_down(t.fx.engine));
        t.now += 2 * S;
    }
    state_teardown(&t);
}

static void is_refused(struct state_test *t, struct proa_run *run)
{
    fails_with(t, run, (struct proa_event){.class = PROA_CLASS_CONNECT, .err = PROA_ERR_REFUSED});
}

/* All providers refuse: each is down, and nobody has to wait for the network. */
static void refusals_open_breakers(void **state)
{
    (void)state;
    struct state_test t;
    state_apart(&t, 2);
    t.fx.policy.panic.enabled = false; /* no try at what is known to be down */
    for (int n = 0; n < 3; n++, t.now += 100 * MS) {
        for (size_t i = 0; i < 2; i++) {
            struct proa_run *run = called_at(&t, i);
            is_refused(&t, run);
            assert_int_equal(run->attempts[0].class, PROA_CLASS_CONNECT);
        }
    }
    assert_false(proa_status_uplink_down(t.fx.engine));
    assert_breaker(&t, 0, TRIP_TARGET, PROA_BREAKER_OPEN);
    assert_breaker(&t, 1, TRIP_TARGET, PROA_BREAKER_OPEN);
    const struct pick pick = first_pick(&t);
    assert_null(pick.candidate);
    assert_int_equal(pick.reason, PROA_REASON_NO_TARGET);
    state_teardown(&t);
}

/* Only a connection that was refused is one: a dial that is refused by this machine (no address,
 * no route) fails in another way. */
static void other_failures_to_connect_are_no_answer(void **state)
{
    (void)state;
    static const enum proa_err errs[] = {PROA_OK, PROA_ERR_UNREACHABLE, PROA_ERR_DNS,
                                         PROA_ERR_RESET};
    for (size_t e = 0; e < PROA_ARRAY_LEN(errs); e++) {
        struct state_test t;
        state_apart(&t, 2);
        for (size_t i = 0; i < 2; i++) {
            fails_with(&t, called_at(&t, i),
                       (struct proa_event){.class = PROA_CLASS_CONNECT, .err = errs[e]});
        }
        assert_true(proa_status_uplink_down(t.fx.engine));
        state_teardown(&t);
    }
}

/* In sequence with one that cannot be reached, on either side of it. */
static void a_refusal_is_no_second_witness(void **state)
{
    (void)state;
    for (size_t refusing = 0; refusing < 2; refusing++) {
        struct state_test t;
        state_apart(&t, 2);
        for (size_t i = 0; i < 2; i++) {
            if (i == refusing) {
                is_refused(&t, called_at(&t, i));
            } else {
                fails(&t, called_at(&t, i), PROA_CLASS_CONNECT);
            }
        }
        assert_false(proa_status_uplink_down(t.fx.engine));
        assert_int_equal(score_at(&t, 0, TRIP_TARGET), 2);
        assert_int_equal(score_at(&t, 1, TRIP_TARGET), 2);
        state_teardown(&t);
    }
}

static void a_refusal_ends_a_loss(void **state)
{
    (void)state;
    for (size_t who = 0; who < 3; who++) { /* one of those that failed, or one not asked since */
        struct state_test t;
        state_apart(&t, 3);
        fails(&t, called_at(&t, 0), PROA_CLASS_CONNECT);
        fails(&t, called_at(&t, 1), PROA_CLASS_CONNECT);
        assert_true(proa_status_uplink_down(t.fx.engine));
        t.now += 2 * S;
        struct proa_run *run = called_at(&t, who);
        is_refused(&t, run);
        assert_false(proa_status_uplink_down(t.fx.engine));
        assert_int_equal(run->attempts[0].class, PROA_CLASS_CONNECT);
        state_teardown(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_uplink_loss_is_nobodys_fault),
        cmocka_unit_test(what_opened_on_the_way_into_it_is_forgiven),
        cmocka_unit_test(what_broke_off_as_it_began_is_forgiven),
        cmocka_unit_test(dials_that_hang_are_in_sequence_too),
        cmocka_unit_test(two_of_three_down_are_found_out),
        cmocka_unit_test(one_that_is_down_by_itself_is_no_witness),
        cmocka_unit_test(one_that_has_answered_is_a_witness_again),
        cmocka_unit_test(what_is_long_ago_is_forgotten),
        cmocka_unit_test(a_loss_soon_after_a_loss_is_one_too),
        cmocka_unit_test(refusals_open_breakers),
        cmocka_unit_test(other_failures_to_connect_are_no_answer),
        cmocka_unit_test(a_refusal_is_no_second_witness),
        cmocka_unit_test(a_refusal_ends_a_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
