/*
 * The life of a token on a clock of our own: first use, renewal ahead of time, failures while it is
 * still good and after, refusals, rotation of what it is made from.
 */
#include "proa/auth/token.h"

#include "proa_test.h"

#define S(n) ((uint64_t)(n)*PROA_NS_PER_S)

static const uint64_t T0 = S(1000);

static void assert_advice(const struct proa_token_state *s, uint64_t now_ns,
                          enum proa_token_advice advice)
{
    assert_int_equal(proa_token_advise(s, now_ns), advice);
}

static struct proa_token_state with_token(uint64_t life_s)
{
    struct proa_token_state s = {0};
    proa_token_asked(&s);
    proa_token_got(&s, T0, life_s, 0);
    return s;
}

static void test_first_use_asks_once(void **state)
{
    (void)state;
    struct proa_token_state s = {0};
    assert_advice(&s, T0, PROA_TOKEN_ASK);
    assert_true(proa_token_next_ns(&s) == PROA_NEVER);
    proa_token_asked(&s);
    assert_advice(&s, T0, PROA_TOKEN_WAIT);
    assert_advice(&s, T0 + S(100), PROA_TOKEN_WAIT);
    proa_token_got(&s, T0, 3600, 0);
    assert_advice(&s, T0, PROA_TOKEN_USE);
}

static void test_renewal_ahead_of_the_end(void **state)
{
    (void)state;
    static const struct {
        uint64_t life_s;
        uint64_t early_s;
    } rows[] = {
        {3600, 300},       {86400, 300},      {3000, 300}, {2990, 299},
        {600, 60},         {60, 6},           {10, 1},     {0, 300}, /* not said: an hour */
        {UINT64_MAX, 300}, {1000000000, 300},                        /* absurd: a day */
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_token_state s = with_token(row->life_s);
        uint64_t life = row->life_s == 0 ? 3600 : row->life_s;
        life = life < PROA_TOKEN_LIFE_MAX_S ? life : PROA_TOKEN_LIFE_MAX_S;
        const uint64_t due = T0 + S(life - row->early_s);
        assert_true(proa_token_next_ns(&s) == due);
        assert_advice(&s, due - 1, PROA_TOKEN_USE);
        assert_advice(&s, due, PROA_TOKEN_USE_AND_ASK);
        assert_advice(&s, T0 + S(life) - 1, PROA_TOKEN_USE_AND_ASK);
        assert_advice(&s, T0 + S(life), PROA_TOKEN_ASK);
    }
}

static void test_chance_only_makes_it_earlier(void **state)
{
    (void)state;
    for (uint64_t random = 1; random != 0; random <<= 1) {
        struct proa_token_state s = {0};
        proa_token_got(&s, T0, 3600, random - 1);
        assert_true(s.due_ns <= T0 + S(3300));
        assert_true(s.due_ns >= T0 + S(3150));
        assert_true(s.usable_ns == T0 + S(3600));
    }
}

static void test_old_token_while_the_next_is_asked_for(void **state)
{
    (void)state;
    struct proa_token_state s = with_token(3600);
    const uint64_t due = T0 + S(3300);
    proa_token_asked(&s);
    assert_advice(&s, due + S(10), PROA_TOKEN_USE); /* nobody else asks */
    assert_true(proa_token_next_ns(&s) == PROA_NEVER);
    assert_advice(&s, T0 + S(3600), PROA_TOKEN_WAIT); /* that took too long */
    proa_token_got(&s, due, 3600, 0);
    assert_advice(&s, T0 + S(3600), PROA_TOKEN_USE);
}

static void test_failures_keep_the_old_token_to_its_end(void **state)
{
    (void)state;
    struct proa_token_state s = with_token(3600);
    uint64_t now = T0 + S(3300);
    static const uint64_t waits_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    uint64_t asked = 0;
    PROA_TEST_ROWS(wait, waits_s)
    {
        assert_advice(&s, now, PROA_TOKEN_USE_AND_ASK);
        proa_token_asked(&s);
        proa_token_failed(&s, false, now, 0);
        assert_advice(&s, now, PROA_TOKEN_USE);
        assert_advice(&s, now + S(*wait) - 1, PROA_TOKEN_USE);
        assert_true(proa_token_next_ns(&s) == now + S(*wait));
        now += S(*wait);
        asked++;
    }
    assert_int_equal(s.failures, asked);
    assert_advice(&s, T0 + S(3600) - 1, PROA_TOKEN_USE_AND_ASK);
    assert_advice(&s, T0 + S(3600), PROA_TOKEN_ASK);
    proa_token_got(&s, now, 3600, 0);
    assert_int_equal(s.failures, 0);
}

static void test_without_a_token_failures_are_told_at_once(void **state)
{
    (void)state;
    struct proa_token_state s = {0};
    proa_token_asked(&s);
    proa_token_failed(&s, true, T0, 0);
    assert_true(s.refused);
    assert_advice(&s, T0, PROA_TOKEN_FAILED);
    assert_advice(&s, T0 + S(1) - 1, PROA_TOKEN_FAILED);
    assert_advice(&s, T0 + S(1), PROA_TOKEN_ASK);
    proa_token_asked(&s);
    proa_token_failed(&s, false, T0 + S(1), 0);
    assert_false(s.refused); /* what failed last counts */
    assert_advice(&s, T0 + S(2), PROA_TOKEN_FAILED);
    assert_advice(&s, T0 + S(3), PROA_TOKEN_ASK);
}

static void test_chance_shortens_waits_by_a_quarter_at_most(void **state)
{
    (void)state;
    for (uint64_t random = 1; random != 0; random <<= 1) {
        struct proa_token_state s = {.failures = 100};
        proa_token_failed(&s, false, T0, random - 1);
        assert_true(s.not_before_ns <= T0 + S(60));
        assert_true(s.not_before_ns >= T0 + S(45));
    }
    struct proa_token_state s = {.failures = UINT32_MAX};
    proa_token_failed(&s, false, T0, 0);
    assert_int_equal(s.failures, UINT32_MAX);
}

static void test_dropped_request_may_be_repeated(void **state)
{
    (void)state;
    struct proa_token_state s = {0};
    proa_token_asked(&s);
    proa_token_dropped(&s);
    assert_advice(&s, T0, PROA_TOKEN_ASK);
}

static void test_rejected_token_is_not_used_again(void **state)
{
    (void)state;
    struct proa_token_state s = with_token(3600);
    proa_token_rejected(&s, T0 + S(5));
    assert_advice(&s, T0 + S(5), PROA_TOKEN_ASK);
    proa_token_asked(&s);
    proa_token_got(&s, T0 + S(5), 3600, 0);
    assert_advice(&s, T0 + S(6), PROA_TOKEN_USE);
    struct proa_token_state none = {0};
    proa_token_rejected(&none, T0); /* nothing was there */
    assert_advice(&none, T0, PROA_TOKEN_ASK);
}

static void test_rotation_of_the_source(void **state)
{
    (void)state;
    struct proa_token_state s = {0};
    proa_token_asked(&s);
    proa_token_failed(&s, true, T0, 0);
    assert_advice(&s, T0, PROA_TOKEN_FAILED);
    proa_token_source_changed(&s, T0);
    assert_advice(&s, T0, PROA_TOKEN_ASK); /* another one is tried at once */
    assert_false(s.refused);
    s = with_token(3600);
    proa_token_source_changed(&s, T0 + S(10));
    assert_advice(&s, T0 + S(10), PROA_TOKEN_USE_AND_ASK); /* and the old token serves meanwhile */
    s = with_token(10);
    proa_token_source_changed(&s, T0 + S(20));
    assert_advice(&s, T0 + S(20), PROA_TOKEN_ASK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_use_asks_once),
        cmocka_unit_test(test_renewal_ahead_of_the_end),
        cmocka_unit_test(test_chance_only_makes_it_earlier),
        cmocka_unit_test(test_old_token_while_the_next_is_asked_for),
        cmocka_unit_test(test_failures_keep_the_old_token_to_its_end),
        cmocka_unit_test(test_without_a_token_failures_are_told_at_once),
        cmocka_unit_test(test_chance_shortens_waits_by_a_quarter_at_most),
        cmocka_unit_test(test_dropped_request_may_be_repeated),
        cmocka_unit_test(test_rejected_token_is_not_used_again),
        cmocka_unit_test(test_rotation_of_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
