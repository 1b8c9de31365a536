/* Credentials that were refused or are spent: how long they are out, and what brings them back. */
#include "proa/resilience/credential.h"

#include <inttypes.h>

#include "proa_test.h"

#define MINUTES(n) ((uint64_t)(n)*60 * PROA_NS_PER_S)
#define START      MINUTES(100)

static const struct proa_credential_cfg CFG = {
    .disabled_ns = MINUTES(5),
    .exhausted_ns = MINUTES(10),
    .cap_ns = MINUTES(60),
    .mask_ns = MINUTES(10),
};

static struct proa_credential make(void)
{
    struct proa_credential c;
    proa_credential_init(&c);
    return c;
}

static void assert_out(const struct proa_credential *c, enum proa_credential_state state,
                       uint64_t until_ns)
{
    assert_int_equal(c->state, state);
    assert_false(proa_credential_usable(c, until_ns - 1));
    assert_true(proa_credential_usable(c, until_ns));
}

static void starts_active(void **state)
{
    (void)state;
    struct proa_credential c = make();
    assert_int_equal(c.state, PROA_CREDENTIAL_ACTIVE);
    assert_true(proa_credential_usable(&c, 0));
    assert_true(proa_credential_usable(&c, PROA_NEVER));
}

/* Tried again each time it may be, and refused each time. */
static void spans_double_up_to_the_cap(void **state)
{
    (void)state;
    static const unsigned disabled[] = {5, 10, 20, 40, 60, 60, 60};
    static const unsigned exhausted[] = {10, 20, 40, 60, 60, 60, 60};
    struct proa_credential d = make();
    struct proa_credential e = make();
    uint64_t d_ns = START;
    uint64_t e_ns = START;
    for (size_t i = 0; i < PROA_ARRAY_LEN(disabled); i++) {
        proa_credential_refused(&d, &CFG, d_ns);
        d_ns += MINUTES(disabled[i]);
        assert_out(&d, PROA_CREDENTIAL_DISABLED, d_ns);
        proa_credential_exhausted(&e, &CFG, 0, e_ns);
        e_ns += MINUTES(exhausted[i]);
        assert_out(&e, PROA_CREDENTIAL_EXHAUSTED, e_ns);
    }
}

static void refusals_without_end_stay_at_the_cap(void **state)
{
    (void)state;
    struct proa_credential c = make();
    uint64_t now_ns = START;
    for (unsigned i = 0; i < 1000; i++) {
        proa_credential_refused(&c, &CFG, now_ns);
        assert_true(c.until_ns - now_ns <= MINUTES(60));
        now_ns = c.until_ns;
    }
    c.times = UINT32_MAX;
    proa_credential_refused(&c, &CFG, now_ns);
    assert_int_equal(c.times, UINT32_MAX);
    assert_out(&c, PROA_CREDENTIAL_DISABLED, now_ns + MINUTES(60));
}

/* Many attempts under way at once get the same verdict: that is one. */
static void verdicts_of_one_moment_count_once(void **state)
{
    (void)state;
    struct proa_credential c = make();
    for (unsigned i = 0; i < 50; i++) {
        proa_credential_refused(&c, &CFG, START + i);
    }
    assert_int_equal(c.times, 1);
    assert_out(&c, PROA_CREDENTIAL_DISABLED, START + MINUTES(5) + 49);
    proa_credential_refused(&c, &CFG, START + MINUTES(6));
    assert_out(&c, PROA_CREDENTIAL_DISABLED, START + MINUTES(16));
}

static void reset_of_the_provider_wins(void **state)
{
    (void)state;
    static const struct {
        uint64_t reset_min;
        uint64_t out_min;
    } rows[] = {{0, 10}, {1, 1}, {10, 10}, {60, 60}, {61, 61}, {60 * 24 * 31, 60 * 24 * 31}};
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_credential c = make();
        proa_credential_exhausted(&c, &CFG, MINUTES(row->reset_min), START);
        assert_out(&c, PROA_CREDENTIAL_EXHAUSTED, START + MINUTES(row->out_min));
    }
    struct proa_credential c = make();
    proa_credential_exhausted(&c, &CFG, PROA_NEVER, START);
    assert_int_equal(c.until_ns, PROA_NEVER);
}

/* While it is out, no verdict lets it back earlier. */
static void deadlines_never_move_earlier(void **state)
{
    (void)state;
    struct proa_credential c = make();
    proa_credential_exhausted(&c, &CFG, MINUTES(120), START);
    proa_credential_exhausted(&c, &CFG, MINUTES(1), START + 1);
    proa_credential_exhausted(&c, &CFG, 0, START + 2);
    assert_out(&c, PROA_CREDENTIAL_EXHAUSTED, START + MINUTES(120));
    proa_credential_refused(&c, &CFG, START + 3);
    assert_out(&c, PROA_CREDENTIAL_DISABLED, START + MINUTES(120));
    proa_credential_exhausted(&c, &CFG, MINUTES(200), START + 4);
    assert_out(&c, PROA_CREDENTIAL_EXHAUSTED, START + MINUTES(200) + 4);
}

static void success_brings_it_back(void **state)
{
    (void)state;
    struct proa_credential c = make();
    proa_credential_refused(&c, &CFG, START);
    proa_credential_refused(&c, &CFG, START + MINUTES(5));
    uint64_t again_ns = START + MINUTES(15);
    proa_credential_ok(&c, again_ns);
    assert_int_equal(c.state, PROA_CREDENTIAL_ACTIVE);
    assert_true(proa_credential_usable(&c, START));
    /* and the next refusal is a first one */
    proa_credential_refused(&c, &CFG, again_ns);
    assert_out(&c, PROA_CREDENTIAL_DISABLED, again_ns + MINUTES(5));
}

/* An answer to a request that began before the key was refused proves nothing about it now. */
static void late_success_proves_nothing(void **state)
{
    (void)state;
    struct proa_credential c = make();
    proa_credential_refused(&c, &CFG, START);
    proa_credential_ok(&c, START - 1);
    assert_out(&c, PROA_CREDENTIAL_DISABLED, START + MINUTES(5));
    proa_credential_refused(&c, &CFG, START + MINUTES(5));
    proa_credential_ok(&c, START + MINUTES(4)); /* began while it was out the first time */
    assert_out(&c, PROA_CREDENTIAL_DISABLED, START + MINUTES(15));
    assert_int_equal(c.times, 2);
    /* for one that was never out it is as it was */
    c = make();
    proa_credential_ok(&c, 0);
    assert_int_equal(c.state, PROA_CREDENTIAL_ACTIVE);
}

static void texts(void **state)
{
    (void)state;
    assert_string_equal(proa_credential_state_text(PROA_CREDENTIAL_ACTIVE), "active");
    assert_string_equal(proa_credential_state_text(PROA_CREDENTIAL_DISABLED), "disabled");
    assert_string_equal(proa_credential_state_text(PROA_CREDENTIAL_EXHAUSTED), "exhausted");
    assert_string_equal(
        proa_credential_state_text((enum proa_credential_state)(PROA_CREDENTIAL_EXHAUSTED + 1)),
        "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_active),
        cmocka_unit_test(spans_double_up_to_the_cap),
        cmocka_unit_test(refusals_without_end_stay_at_the_cap),
        cmocka_unit_test(verdicts_of_one_moment_count_once),
        cmocka_unit_test(reset_of_the_provider_wins),
        cmocka_unit_test(deadlines_never_move_earlier),
        cmocka_unit_test(success_brings_it_back),
        cmocka_unit_test(late_success_proves_nothing),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
