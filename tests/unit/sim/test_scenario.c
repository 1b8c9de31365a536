/* The language of scenarios: its table, mistakes with their places, cases and ablations. */
#include "scenario_priv.h"

#include "proa/config/config.h"
#include "proa/sim/scenario.h"

#include "sim_fixture.h"

#define S     PROA_NS_PER_S
#define LEAST SIM_HEAD "providers: {a: {}, b: {}}\narrivals: {chat: {rate: 5}}\n"

static void the_table_is_sound(void **state)
{
    (void)state;
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    assert_ok(proa_config_check(&proa_scenario_table, diags));
    proa_free(diags);
}

static void defaults_are_those_of_the_design(void **state)
{
    (void)state;
    struct sim_fixture f;
    sim_fixture_read(&f, LEAST);
    assert_ok(f.err);
    assert_int_equal(f.set.n, 1);
    const struct proa_scenario *s = &f.set.items[0];
    assert_slice_str(s->label, "s");
    assert_false(s->ablation);
    assert_int_equal(s->seeds, 4);
    assert_int_equal(s->sidecars, 1);
    assert_true(s->duration_ns == 900 * S && proa_scenario_window_end(s) == 900 * S);
    assert_int_equal(s->policy.retry.max_attempts, 3);
    const struct proa_scenario_provider *p = proa_scenario_provider(s, 1);
    assert_slice_str(p->name, "b");
    assert_int_equal(p->keys, 2);
    assert_true(p->first_content_ns == 600 * PROA_NS_PER_MS && p->generation_ns == 4 * S);
    assert_int_equal(p->sigma_ppm, 500000);
    assert_int_equal(p->error_ppm, 2000);
    assert_int_equal(proa_scenario_arrivals(s, 0)->rate_ppm, 5000000);
    assert_true(proa_scenario_arrivals(s, 0)->stream);
    sim_fixture_deinit(&f);
}

static void mistakes_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *message;
    } cases[] = {
        {"[1]", "s.yaml:1:1: a scenario is a map of settings"},
        {"a: [", "s.yaml:"},
        {SIM_HEAD "providers: {a: {}}\n", "\"arrivals\" is missing"},
        {"kind: Policy\nproviders: {a: {}}\narrivals: {x: {rate: 1}}\n",
         "s.yaml:1:1: kind: must be Scenario"},
        {LEAST "wdth: 3\n", "s.yaml:5:1: unknown key \"wdth\""},
        {LEAST "duration: 0s\n", "s.yaml:5:11: duration"},
        {LEAST "faults: {x: {kind: explode}}\n", "s.yaml:5:20: faults.x.kind"},
        {LEAST "faults:\n  x: {kind: hang, on: c}\n", "s.yaml:6:6: faults.x.on: there is no provi"},
        {LEAST "faults:\n  x: {kind: hang, on: a, key: 3}\n", "\"a\" with so many keys"},
        {LEAST "faults:\n  x: {kind: hang, from: 5s, to: 5s}\n", "s.yaml:6:6: a fault ends after"},
        {LEAST "faults:\n  x: {kind: hang, up: 5s}\n", "s.yaml:6:6: up and down belong together"},
        {LEAST "bounds:\n  sucess: {min: 1}\n",
         "s.yaml:6:11: there is no measure \"sucess\"; did you mean \"success\"?"},
        {LEAST "bounds:\n  share: {max: 1}\n", "s.yaml:6:10: write the name of a provider"},
        {LEAST "bounds:\n  share.c: {max: 1}\n", "s.yaml:6:12: behind the dot stands the name"},
        {LEAST "bounds:\n  success.a: {max: 1}\n", "there is no measure \"success.a\""},
        {LEAST "bounds:\n  success: {min: 0.9, max: 0.8}\n", "s.yaml:6:12: min is more than max"},
        {LEAST "window: {from: 10s, to: 10s}\n", "s.yaml:5:9: window: must lie"},
        {LEAST "window: {to: 901s}\n", "s.yaml:5:9: window: must lie"},
        {SIM_HEAD "providers: {A: {}}\narrivals: {x: {rate: 1}}\n",
         "s.yaml:3:16: the name of a provider"},
        {SIM_HEAD "providers: {a: {keys: 2, quota_groups: 3}}\narrivals: {x: {rate: 1}}\n",
         "s.yaml:3:16: there are more quota_groups than keys"},
        {SIM_HEAD "providers: {a: {weight: 0}}\narrivals: {x: {rate: 1}}\n",
         "s.yaml:3:16: no provider has any weight"},
        {SIM_HEAD "providers: {a: {}}\narrivals: {x: {rate: 1, from: 2s, to: 1s}}\n",
         "s.yaml:4:15: arrivals end after they began"},
        {SIM_HEAD "providers: {a: {}}\narrivals: {}\n", "s.yaml:1:1: arrivals: nobody calls"},
        {LEAST "policy: {retry: {max_attempts: 99}}\n", "s.yaml:5:32: policy.retry.max_attempts"},
        {LEAST "cases: 3\n", "s.yaml:5:8: cases and ablations are maps"},
        {LEAST "cases:\n  x: 3\n", "s.yaml:6:6: a case is a map"},
        {LEAST "ablations:\n  x: {of: nope}\n", "s.yaml:6:11: of: names a case of this file"},
    };
    PROA_TEST_ROWS(row, cases)
    {
        struct sim_fixture f;
        sim_fixture_read(&f, row->yaml);
        assert_int_equal(f.err, PROA_ERR_SYNTAX);
        PROA_TEST_CHECK(strstr(sim_fixture_message(&f), row->message) != NULL, "row %td: %s",
                        row - cases, sim_fixture_message(&f));
        assert_int_equal(f.set.n, 0);
        sim_fixture_deinit(&f);
    }
}

static void a_case_is_the_file_with_its_settings_over_it(void **state)
{
    (void)state;
    struct sim_fixture f;
    sim_fixture_read(&f, LEAST "seeds: 7\n"
                               "faults: {x: {kind: hang, on: a, from: 1s}}\n"
                               "bounds: {success: {min: 0.5}}\n"
                               "cases:\n"
                               "  one: {arrivals: {chat: {rate: 9}}, bounds: {opens: {max: 3}}}\n"
                               "  two: {seeds: 2, faults: {x: {kind: slow}, z: {kind: rate}},\n"
                               "        providers: {a: {keys: 1}}}\n");
    assert_ok(f.err);
    assert_int_equal(f.set.n, 2);
    const struct proa_scenario *one = &f.set.items[0];
    const struct proa_scenario *two = &f.set.items[1];
    assert_slice_str(one->label, "s/one");
    assert_int_equal(one->seeds, 7);
    assert_int_equal(proa_scenario_arrivals(one, 0)->rate_ppm, 9000000);
    assert_int_equal(one->bounds.n, 2);
    assert_int_equal(one->faults.n, 1);
    assert_slice_str(two->label, "s/two");
    assert_int_equal(two->seeds, 2);
    assert_int_equal(two->faults.n, 2);
    assert_int_equal(proa_scenario_fault(two, 0)->kind, PROA_FAULT_SLOW);
    assert_true(proa_scenario_fault(two, 0)->from_ns == S); /* from the file */
    assert_int_equal(proa_scenario_provider(two, 0)->keys, 1);
    assert_int_equal(proa_scenario_provider(two, 1)->keys, 2);
    assert_int_equal(proa_scenario_arrivals(two, 0)->rate_ppm, 5000000);
    sim_fixture_deinit(&f);
}

static void an_ablation_has_bounds_of_its_own(void **state)
{
    (void)state;
    struct sim_fixture f;
    sim_fixture_read(&f, LEAST "bounds: {success: {min: 0.5}}\n"
                               "cases:\n"
                               "  one: {seeds: 3, bounds: {opens: {max: 3}}}\n"
                               "ablations:\n"
                               "  off: {of: one, policy: {stall: {enabled: false}},\n"
                               "        bounds: {ttft_p99: {min: 8}}}\n"
                               "  plain: {bounds: {opens: {min: 1}}}\n");
    assert_ok(f.err);
    assert_int_equal(f.set.n, 3);
    const struct proa_scenario *off = &f.set.items[1];
    assert_slice_str(off->label, "s/off");
    assert_true(off->ablation);
    assert_int_equal(off->seeds, 3);
    assert_false(off->policy.stall.enabled);
    assert_int_equal(off->bounds.n, 1);
    assert_slice_str(proa_scenario_bound(off, 0)->measure, "ttft_p99");
    assert_int_equal(proa_scenario_bound(off, 0)->min_ppm, 8000000);
    assert_true(proa_scenario_bound(off, 0)->max_ppm == UINT32_MAX);
    assert_int_equal(f.set.items[2].seeds, 4); /* of the file alone */
    assert_true(f.set.items[0].policy.stall.enabled);
    sim_fixture_deinit(&f);
}

static void faults_come_and_go(void **state)
{
    (void)state;
    static const struct {
        uint64_t at_s;
        bool plain;
        bool flapping;
    } cases[] = {
        {0, false, false}, {9, false, false}, {10, true, true},   {14, true, true},
        {15, true, false}, {16, true, false}, {17, true, true},   {21, true, true},
        {22, true, false}, {29, true, false}, {30, false, false},
    };
    const struct proa_scenario_fault plain = {.from_ns = 10 * S, .to_ns = 30 * S};
    const struct proa_scenario_fault flapping = {
        .from_ns = 10 * S, .to_ns = 30 * S, .down_ns = 5 * S, .up_ns = 2 * S};
    const struct proa_scenario_fault endless = {.from_ns = 10 * S};
    PROA_TEST_ROWS(row, cases)
    {
        assert_int_equal(proa_scenario_fault_is_active(&plain, row->at_s * S), row->plain);
        assert_int_equal(proa_scenario_fault_is_active(&flapping, row->at_s * S), row->flapping);
        assert_int_equal(proa_scenario_fault_is_active(&endless, row->at_s * S), row->at_s >= 10);
    }
}

static void faults_hit_whom_they_name(void **state)
{
    (void)state;
    struct proa_slice names[] = {PROA_SLICE("a"), PROA_SLICE("c")};
    const struct proa_scenario_fault all = {0};
    const struct proa_scenario_fault two = {.on = {names, 2}};
    const struct proa_scenario_fault key = {.on = {names, 1}, .key = 2};
    assert_true(proa_scenario_fault_is_on(&all, PROA_SLICE("x"), 9));
    assert_true(proa_scenario_fault_is_on(&two, PROA_SLICE("c"), 1));
    assert_false(proa_scenario_fault_is_on(&two, PROA_SLICE("b"), 1));
    assert_true(proa_scenario_fault_is_on(&key, PROA_SLICE("a"), 2));
    assert_false(proa_scenario_fault_is_on(&key, PROA_SLICE("a"), 1));
}

static void overlays_leave_both_as_they_were(void **state)
{
    (void)state;
    struct proa_arena arena;
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    const struct proa_doc_node *base = NULL;
    const struct proa_doc_node *over = NULL;
    proa_arena_init(&arena, NULL);
    assert_ok(
        proa_doc_parse(PROA_SLICE("{a: {b: {c: 1, d: 2}}, l: [1, 2]}"), "x", &arena, &base, diags));
    assert_ok(
        proa_doc_parse(PROA_SLICE("{a: {b: {d: 3, e: 4}}, l: [5]}"), "y", &arena, &over, diags));
    const struct proa_doc_node *both = proa_scenario_overlay(base, over, &arena);
    const struct proa_doc_node *b =
        proa_doc_get(proa_doc_get(both, PROA_SLICE("a")), PROA_SLICE("b"));
    assert_slice_str(proa_doc_get(b, PROA_SLICE("c"))->text, "1");
    assert_slice_str(proa_doc_get(b, PROA_SLICE("d"))->text, "3");
    assert_slice_str(proa_doc_get(b, PROA_SLICE("e"))->text, "4");
    assert_int_equal(proa_doc_get(both, PROA_SLICE("l"))->n, 1); /* lists are replaced */
    const struct proa_doc_node *old =
        proa_doc_get(proa_doc_get(base, PROA_SLICE("a")), PROA_SLICE("b"));
    assert_int_equal(old->n, 2);
    assert_slice_str(proa_doc_get(old, PROA_SLICE("d"))->text, "2");
    proa_arena_reset(&arena);
    proa_free(diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(defaults_are_those_of_the_design),
        cmocka_unit_test(mistakes_have_a_place),
        cmocka_unit_test(a_case_is_the_file_with_its_settings_over_it),
        cmocka_unit_test(an_ablation_has_bounds_of_its_own),
        cmocka_unit_test(faults_come_and_go),
        cmocka_unit_test(faults_hit_whom_they_name),
        cmocka_unit_test(overlays_leave_both_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
