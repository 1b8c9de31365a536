/* Records grow, and keep the first promise that was broken. */
#include "proa/sim/record.h"

#include "proa_test.h"

static void items_are_zeroed_and_kept(void **state)
{
    (void)state;
    struct proa_record r;
    proa_record_init(&r, 1);
    for (uint32_t i = 0; i < 1000; i++) {
        struct proa_sim_request *request = proa_record_add_request(&r);
        assert_true(request->n_calls == 0 && request->prefix == 0);
        request->prefix = i;
        struct proa_sim_call *call = proa_record_add_call(&r);
        assert_true(call->request == 0 && call->ended_ns == 0);
        call->request = i;
        proa_record_add_change(&r)->at_ns = i;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(proa_record_request(&r, i)->prefix, i);
        assert_int_equal(proa_record_call(&r, i)->request, i);
        assert_int_equal(proa_record_change(&r, i)->at_ns, i);
    }
    proa_record_deinit(&r);
    assert_int_equal(r.requests.n, 0);
    proa_record_deinit(&r); /* harmless */
}

static void the_first_violation_is_kept(void **state)
{
    (void)state;
    struct proa_record r;
    proa_record_init(&r, 1);
    proa_record_violation(&r, "one %d", 1);
    proa_record_violation(&r, "two");
    assert_int_equal(r.violations, 2);
    assert_string_equal(r.violation, "one 1");
    char text[500];
    memset(text, 'x', sizeof(text));
    text[499] = '\0';
    r.violations = 0;
    proa_record_violation(&r, "%s", text); /* cut */
    assert_int_equal(strlen(r.violation), sizeof(r.violation) - 1);
    proa_record_deinit(&r);
}

static void states_have_names(void **state)
{
    (void)state;
    for (int s = 0; s < PROA_SIM_STATES; s++) {
        for (int t = 0; t < s; t++) {
            assert_string_not_equal(proa_sim_state_text((enum proa_sim_state)s),
                                    proa_sim_state_text((enum proa_sim_state)t));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_zeroed_and_kept),
        cmocka_unit_test(the_first_violation_is_kept),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
