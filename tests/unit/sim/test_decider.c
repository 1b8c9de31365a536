/* The strategies that are no engine: whom they take, what they put out, when they end. */
#include "naive_priv.h"

#include "sim_fixture.h"

#define S PROA_NS_PER_S

enum { TARGETS = 4 };

struct fixture {
    struct sim_fixture s;
    struct proa_sim *sim;
    const struct proa_decider_kind *kind;
    void *decider;
    struct proa_naive_run run;
    struct proa_commands out;
    uint64_t now;
};

static void begin(struct fixture *f, const char *strategy, const char *providers)
{
    char yaml[256];
    (void)snprintf(yaml, sizeof(yaml), SIM_HEAD "providers: %s\narrivals: {x: {rate: 1}}\n",
                   providers);
    *f = (struct fixture){.now = 10 * S, .kind = proa_decider_find(proa_slice_cstr(strategy))};
    sim_fixture_read(&f->s, yaml);
    f->sim = sim_fixture_create(&f->s, 0);
    f->decider = f->kind->create(NULL, proa_sim_route(f->sim), 1, f->now);
}

static void end(struct fixture *f)
{
    f->kind->destroy(f->decider);
    proa_sim_destroy(f->sim);
    sim_fixture_deinit(&f->s);
}

static void tell(struct fixture *f, enum proa_ev kind)
{
    const struct proa_event event = {.kind = kind, .class = PROA_CLASS_SERVER};
    f->out.n = 0;
    f->kind->feed(&f->run, f->now, &event, &f->out);
}

/* A new request; the label of its first target. */
static const char *arrive(struct fixture *f)
{
    const struct proa_run_options options = {.stream = true};
    f->kind->begin(f->decider, &f->run, &options, f->now);
    tell(f, PROA_EV_ADMITTED);
    return f->out.items[0].candidate->target->label.ptr;
}

/* It fails; the label of the next target, or NULL and it is over. */
static const char *fails(struct fixture *f)
{
    tell(f, PROA_EV_FAILED);
    return f->out.items[0].kind == PROA_CMD_START ? f->out.items[0].candidate->target->label.ptr
                                                  : NULL;
}

static void assert_label(const char *label, const char *expected)
{
    assert_non_null(label);
    PROA_TEST_CHECK(strncmp(label, expected, strlen(expected)) == 0, "%s", label);
}

static void round_robin_goes_on_in_turn(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "round_robin", "{a: {}, b: {}}");
    static const char *const labels[] = {"a/k1", "a/k2", "b/k1", "b/k2", "a/k1"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(labels); i++) {
        assert_label(arrive(&f), labels[i]);
        tell(&f, PROA_EV_FIRST_CONTENT);
        assert_int_equal(f.out.items[0].kind, PROA_CMD_COMMIT);
        tell(&f, PROA_EV_ENDED);
        assert_int_equal(f.out.items[0].outcome, PROA_OUTCOME_OK);
    }
    assert_label(arrive(&f), "a/k2");
    assert_label(fails(&f), "b/k1");
    assert_label(fails(&f), "b/k2");
    assert_label(fails(&f), "a/k1");
    assert_null(fails(&f));
    assert_int_equal(f.out.items[0].kind, PROA_CMD_REPLY_ERROR);
    assert_true(f.out.items[0].terminal.should_retry);
    assert_int_equal(f.out.items[1].outcome, PROA_OUTCOME_ERROR);
    assert_false(f.kind->has_news(f.decider)); /* it remembers nothing */
    end(&f);
}

static void tiers_come_in_their_order(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "round_robin", "{a: {keys: 1}, b: {keys: 1, tier: 1}}");
    for (int i = 0; i < 3; i++) {
        assert_label(arrive(&f), "a/k1");
        assert_label(fails(&f), "b/k1");
    }
    end(&f);
}

static void cooldown_puts_out_for_five_seconds(void **state)
{
    (void)state;
    struct fixture f;
    enum proa_sim_state states[PROA_ROUTE_TARGETS_MAX];
    begin(&f, "cooldown", "{a: {keys: 1}, b: {keys: 1}}");
    assert_label(arrive(&f), "a/k1");
    assert_label(fails(&f), "b/k1");
    tell(&f, PROA_EV_ENDED);
    assert_int_equal(f.out.items[1].outcome, PROA_OUTCOME_DEGRADED);
    assert_true(f.kind->has_news(f.decider));
    assert_false(f.kind->has_news(f.decider)); /* asked for once */
    f.kind->states(f.decider, f.now, states);
    assert_int_equal(states[0], PROA_SIM_OPEN);
    assert_int_equal(states[1], PROA_SIM_CLOSED);
    f.now += 5 * S - 1;
    assert_label(arrive(&f), "b/k1");
    assert_label(arrive(&f), "b/k1");
    f.now += 1;
    assert_label(arrive(&f), "a/k1");
    end(&f);
}

static void all_out_is_the_next_one(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "cooldown", "{a: {keys: 1}, b: {keys: 1}}");
    (void)arrive(&f);
    (void)fails(&f);
    assert_label(fails(&f), "a/k1"); /* the third attempt, and the last */
    assert_null(fails(&f));
    end(&f);
}

static void ejection_counts_to_five_and_grows(void **state)
{
    (void)state;
    struct fixture f;
    enum proa_sim_state states[PROA_ROUTE_TARGETS_MAX];
    begin(&f, "ejection", "{a: {keys: 1}, b: {keys: 1, tier: 1}}");
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < 5; i++) {
            assert_label(arrive(&f), "a/k1");
            assert_label(fails(&f), "b/k1");
            tell(&f, PROA_EV_ENDED);
        }
        assert_label(arrive(&f), "b/k1");
        f.now += (uint64_t)round * 30 * S - 1;
        f.kind->states(f.decider, f.now, states);
        assert_int_equal(states[0], PROA_SIM_OPEN);
        f.now += 1;
        f.kind->states(f.decider, f.now, states);
        assert_int_equal(states[0], PROA_SIM_CLOSED);
    }
    end(&f);
}

static void ejection_leaves_half_of_them(void **state)
{
    (void)state;
    struct fixture f;
    enum proa_sim_state states[PROA_ROUTE_TARGETS_MAX];
    size_t out = 0;
    begin(&f, "ejection", "{a: {}, b: {}}");
    for (int i = 0; i < 40; i++) {
        (void)arrive(&f);
        while (fails(&f)) {
        }
    }
    f.kind->states(f.decider, f.now, states);
    for (size_t i = 0; i < TARGETS; i++) {
        out += states[i] == PROA_SIM_OPEN;
    }
    assert_int_equal(out, 2);
    end(&f);
}

static void silence_is_left_after_twenty_seconds(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "round_robin", "{a: {keys: 1}, b: {keys: 1}}");
    (void)arrive(&f);
    assert_int_equal(f.out.items[1].kind, PROA_CMD_ARM);
    assert_true(f.out.items[1].deadline_ns == f.now + 20 * S);
    f.now += 20 * S;
    tell(&f, PROA_EV_DEADLINE);
    assert_int_equal(f.out.items[0].kind, PROA_CMD_CANCEL);
    assert_label(f.out.items[1].candidate->target->label.ptr, "b/k1");
    end(&f);
}

static void what_broke_off_is_over(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "round_robin", "{a: {}, b: {}}");
    (void)arrive(&f);
    tell(&f, PROA_EV_FIRST_CONTENT);
    assert_null(fails(&f));
    assert_int_equal(f.out.items[0].terminal.fail, PROA_FAIL_INTERRUPTED);
    end(&f);
}

static void clients_leave(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "round_robin", "{a: {}, b: {}}");
    (void)arrive(&f);
    tell(&f, PROA_EV_CLIENT_GONE);
    assert_int_equal(f.out.items[0].kind, PROA_CMD_CANCEL);
    assert_int_equal(f.out.items[1].outcome, PROA_OUTCOME_CANCELLED);
    end(&f);
}

static void the_table(void **state)
{
    (void)state;
    assert_ptr_equal(proa_decider_find(PROA_SLICE("proa")), PROA_DECIDER_ENGINE);
    assert_null(proa_decider_find(PROA_SLICE("prao")));
    for (const struct proa_decider_kind *k = proa_decider_kinds; k->name; k++) {
        assert_ptr_equal(proa_decider_find(proa_slice_cstr(k->name)), k);
        assert_true(strlen(k->about) > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_robin_goes_on_in_turn),
        cmocka_unit_test(tiers_come_in_their_order),
        cmocka_unit_test(cooldown_puts_out_for_five_seconds),
        cmocka_unit_test(all_out_is_the_next_one),
        cmocka_unit_test(ejection_counts_to_five_and_grows),
        cmocka_unit_test(ejection_leaves_half_of_them),
        cmocka_unit_test(silence_is_left_after_twenty_seconds),
        cmocka_unit_test(what_broke_off_is_over),
        cmocka_unit_test(clients_leave),
        cmocka_unit_test(the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
