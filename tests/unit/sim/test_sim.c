/* Runs of the simulator: what repeats, what the model does, what the witness sees; and thousands of
 * scenarios drawn at random, in which every promise must hold. */
#include "proa/core/buf.h"

#include "sim_fixture.h"

#define S PROA_NS_PER_S

/* ---- determinism ----------------------------------------------------------------------------- */

static const char busy[] =
    SIM_HEAD "duration: 1000s\nsidecars: 2\n"
             "providers: {a: {}, b: {errors: 0.05}, c: {tier: 1}}\n"
             "arrivals: {chat: {rate: 9, leave: 0.05, sdk_retries: 1}, plain: {rate: 1, stream: "
             "false}}\n"
             "faults: {u: {kind: hang, on: a, from: 100s, to: 400s}, v: {kind: error, share: 0.5, "
             "from: 300s, to: 600s}, w: {kind: uplink, from: 700s, to: 720s}}\n";

static uint64_t trace_of(const char *yaml, const struct proa_decider_kind *kind, uint64_t seed,
                         size_t *n_requests)
{
    struct sim_fixture f;
    struct proa_record r;
    sim_fixture_read(&f, yaml);
    assert_ok(f.err);
    struct proa_sim *sim = sim_fixture_create(&f, 0);
    assert_non_null(sim);
    proa_sim_play(sim, kind, seed, &r);
    const uint64_t trace = r.trace;
    *n_requests = r.requests.n;
    PROA_TEST_CHECK(r.violations == 0, "%s", r.violation);
    proa_record_deinit(&r);
    proa_sim_destroy(sim);
    sim_fixture_deinit(&f);
    return trace;
}

static void the_same_seed_is_the_same_run(void **state)
{
    (void)state;
    for (const struct proa_decider_kind *k = proa_decider_kinds; k->name; k++) {
        size_t n = 0;
        const uint64_t first = trace_of(busy, k, 11, &n);
        assert_true(n >= 10000);
        assert_true(trace_of(busy, k, 11, &n) == first);
        assert_true(trace_of(busy, k, 12, &n) != first);
    }
}

/* What one stream draws does not shift another: the same clients come, whoever decides. */
static void everybody_meets_the_same_clients(void **state)
{
    (void)state;
    struct sim_fixture f;
    struct proa_record r[2];
    sim_fixture_read(&f, busy);
    struct proa_sim *sim = sim_fixture_create(&f, 0);
    proa_sim_play(sim, &proa_decider_kinds[0], 5, &r[0]);
    proa_sim_play(sim, &proa_decider_kinds[1], 5, &r[1]);
    size_t at[2] = {0, 0};
    size_t n = 0;
    for (;; n++) {
        for (size_t i = 0; i < 2; i++) {
            while (at[i] < r[i].requests.n && proa_record_request(&r[i], at[i])->sdk_retry > 0) {
                at[i]++;
            }
        }
        if (at[0] == r[0].requests.n || at[1] == r[1].requests.n) {
            break;
        }
        const struct proa_sim_request *a = proa_record_request(&r[0], at[0]++);
        const struct proa_sim_request *b = proa_record_request(&r[1], at[1]++);
        assert_true(a->arrived_ns == b->arrived_ns && a->arrivals == b->arrivals &&
                    a->sidecar == b->sidecar);
    }
    assert_true(n > 9000 && at[0] == r[0].requests.n && at[1] == r[1].requests.n);
    proa_record_deinit(&r[0]);
    proa_record_deinit(&r[1]);
    proa_sim_destroy(sim);
    sim_fixture_deinit(&f);
}

/* ---- the model ------------------------------------------------------------------------------- */

/* How each fault looks from outside, by the first call of a lone provider. */
static void faults_look_as_they_are_called(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum proa_class class;
        uint64_t ms; /* until it has failed; 0 = it does not, by itself */
    } cases[] = {
        {"kind: refuse", PROA_CLASS_CONNECT, 20},
        {"kind: uplink", PROA_CLASS_CONNECT, 20},
        {"kind: error", PROA_CLASS_SERVER, 302},
        {"kind: overloaded", PROA_CLASS_OVERLOADED, 302},
        {"kind: reset", PROA_CLASS_RESET, 302},
        {"kind: hang", PROA_CLASS_CANCELLED, 0},
        {"kind: rate", PROA_CLASS_RATE, 302},
        {"kind: quota", PROA_CLASS_QUOTA, 302},
        {"kind: auth", PROA_CLASS_AUTH, 302},
        {"kind: slow, factor: 2", PROA_CLASS_OK, 0},
        {"kind: cut, tokens: 25", PROA_CLASS_STREAM_BROKEN, 1102},
        {"kind: stream_error", PROA_CLASS_SERVER, 322},
        {"kind: empty", PROA_CLASS_EMPTY, 322},
        {"kind: unfinished", PROA_CLASS_EMPTY, 322},
        {"kind: hang, share: 0", PROA_CLASS_OK, 0},
        {"kind: hang, key: 2", PROA_CLASS_OK, 0},
        {"kind: hang, from: 90s", PROA_CLASS_OK, 0},
    };
    PROA_TEST_ROWS(row, cases)
    {
        char yaml[512];
        struct sim_fixture f;
        struct proa_record r;
        (void)snprintf(yaml, sizeof(yaml),
                       SIM_HEAD "duration: 100s\n"
                                "providers: {a: {sigma: 0, generation: 20s, errors: 0}}\n"
                                "arrivals: {x: {rate: 0.015, process: constant}}\n"
                                "policy: {limiter: {enabled: false}}\n"
                                "faults: {x: {%s}}\n",
                       row->fault);
        sim_fixture_read(&f, yaml);
        PROA_TEST_CHECK(f.err == PROA_OK, "row %td: %s", row - cases, sim_fixture_message(&f));
        struct proa_sim *sim = sim_fixture_create(&f, 0);
        proa_sim_play(sim, PROA_DECIDER_ENGINE, 1, &r);
        assert_int_equal(r.requests.n, 1);
        const struct proa_sim_call *c = proa_record_call(&r, 0);
        PROA_TEST_CHECK(c->class == row->class, "row %td: %s", row - cases,
                        proa_class_text((enum proa_class)c->class));
        const uint64_t ms = (c->ended_ns - c->started_ns) / PROA_NS_PER_MS;
        PROA_TEST_CHECK(row->ms == 0 || ms == row->ms, "row %td: %llu ms", row - cases,
                        (unsigned long long)ms);
        proa_record_deinit(&r);
        proa_sim_destroy(sim);
        sim_fixture_deinit(&f);
    }
}

/* A limit lets through what it says, whoever asks. */
static void limits_are_shared_by_all(void **state)
{
    (void)state;
    struct sim_fixture f;
    struct proa_record r;
    sim_fixture_read(&f, SIM_HEAD "duration: 200s\nsidecars: 3\n"
                                  "providers: {a: {keys: 2, quota_groups: 1, errors: 0,\n"
                                  "                limit: {rate: 2, burst: 5}}}\n"
                                  "arrivals: {x: {rate: 8}}\n");
    assert_ok(f.err);
    struct proa_sim *sim = sim_fixture_create(&f, 0);
    proa_sim_play(sim, &proa_decider_kinds[1], 1, &r);
    size_t taken = 0;
    for (size_t i = 0; i < r.calls.n; i++) {
        const struct proa_sim_call *c = proa_record_call(&r, i);
        taken += c->started_ns < 200 * S && c->class != PROA_CLASS_RATE;
    }
    assert_in_range(taken, 395, 406);
    proa_record_deinit(&r);
    proa_sim_destroy(sim);
    sim_fixture_deinit(&f);
}

static void tokens_cost_what_they_cost(void **state)
{
    (void)state;
    struct sim_fixture f;
    struct proa_record r;
    sim_fixture_read(
        &f,
        SIM_HEAD "duration: 400s\n"
                 "providers: {a: {errors: 0, generation: 0s, input_price: 3, output_price: 15}}\n"
                 "arrivals: {x: {rate: 1, process: constant, prompt_tokens: 1000}}\n");
    assert_ok(f.err);
    struct proa_sim *sim = sim_fixture_create(&f, 0);
    proa_sim_play(sim, PROA_DECIDER_ENGINE, 1, &r);
    assert_int_equal(r.requests.n, 399);
    for (size_t i = 0; i < r.calls.n; i++) { /* 1000 tokens in, 1 out */
        assert_true(proa_record_call(&r, i)->picodollars == 3000000000 + 15000000);
    }
    proa_record_deinit(&r);
    proa_sim_destroy(sim);
    sim_fixture_deinit(&f);
}

/* ---- a wrong policy -------------------------------------------------------------------------- */

static void policies_in_place_of_the_scenarios(void **state)
{
    (void)state;
    struct sim_fixture f;
    struct proa_sim *sim = NULL;
    sim_fixture_read(&f, SIM_HEAD "providers: {a: {}}\narrivals: {x: {rate: 1}}\n"
                                  "policy: {retry: {max_attempts: 2}}\n");
    assert_ok(proa_sim_create(&f.set.items[0], NULL, f.diags, &sim));
    assert_int_equal(proa_sim_route(sim)->policy->retry.max_attempts, 2);
    proa_sim_destroy(sim);
    struct proa_sim_policy policy = {.name = PROA_SLICE("interactive")};
    assert_ok(proa_sim_create(&f.set.items[0], &policy, f.diags, &sim));
    assert_int_equal(proa_sim_route(sim)->policy->retry.max_attempts, 4);
    proa_sim_destroy(sim);
    policy = (struct proa_sim_policy){
        .file = "mine.yaml",
        .bytes = PROA_SLICE("apiVersion: proa/v1\nkind: Policy\nname: mine\n"
                            "retry: {max_attempts: 7}\n")};
    assert_ok(proa_sim_create(&f.set.items[0], &policy, f.diags, &sim));
    assert_int_equal(proa_sim_route(sim)->policy->retry.max_attempts, 7);
    proa_sim_destroy(sim);
    policy.bytes = PROA_SLICE("apiVersion: proa/v1\nkind: Policy\nname: mine\nretyr: {}\n");
    assert_err(proa_sim_create(&f.set.items[0], &policy, f.diags, &sim), PROA_ERR_SYNTAX);
    assert_non_null(strstr(sim_fixture_message(&f), "mine.yaml:4:1"));
    policy = (struct proa_sim_policy){.name = PROA_SLICE("nope")};
    assert_err(proa_sim_create(&f.set.items[0], &policy, f.diags, &sim), PROA_ERR_SYNTAX);
    sim_fixture_deinit(&f);
}

/* ---- by chance ------------------------------------------------------------------------------- */

static uint32_t below(struct proa_prng *p, uint32_t n)
{
    return (uint32_t)proa_prng_below(p, n);
}

static void draw_providers(struct proa_prng *p, struct proa_buf *b, uint32_t n)
{
    PROA_BUF_LIT(b, "providers:\n");
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t keys = 1 + below(p, 3);
        (void)proa_buf_append_printf(
            b,
            "  p%u: {keys: %u, quota_groups: %u, tier: %u, weight: %u, substitute: %s, "
            "errors: 0.0%u, first_content: %ums, generation: %us, limit: {rate: %u, burst: %u, "
            "headers: %s, retry_after: %us}}\n",
            i, keys, below(p, keys + 1), i == 0 ? 0 : below(p, 3), 1 + below(p, 3),
            below(p, 4) == 0 ? "true" : "false", below(p, 10), 50 + below(p, 2000), below(p, 9),
            below(p, 3) == 0 ? 1 + below(p, 4) : 0, 1 + below(p, 9), below(p, 2) ? "true" : "false",
            below(p, 4));
    }
}

static void draw_faults(struct proa_prng *p, struct proa_buf *b, uint32_t n_providers)
{
    static const char *const kinds[] = {"refuse", "error",        "overloaded", "reset", "hang",
                                        "slow",   "rate",         "quota",      "auth",  "cut",
                                        "empty",  "stream_error", "uplink"};
    PROA_BUF_LIT(b, "faults:\n  none: {kind: error, share: 0}\n");
    for (uint32_t i = below(p, 4); i > 0; i--) {
        const uint32_t from = below(p, 60);
        (void)proa_buf_append_printf(
            b,
            "  f%u: {kind: %s, on: [p%u], from: %us, to: %us, share: 0.%u, retry_after: %us, "
            "down: %us, up: %us}\n",
            i, kinds[below(p, PROA_ARRAY_LEN(kinds))], below(p, n_providers), from,
            from + 1 + below(p, 60), 1 + below(p, 9), below(p, 5), i % 2 ? 3 : 0, i % 2 ? 4 : 0);
    }
}

static void draw_scenario(struct proa_prng *p, struct proa_buf *b)
{
    static const char *const strategies[] = {"p2c_ewma", "weighted",       "round_robin",
                                             "priority", "least_inflight", "lowest_cost",
                                             "headroom"};
    const uint32_t n_providers = 1 + below(p, 4);
    (void)proa_buf_append_printf(b, SIM_HEAD "duration: 80s\nsidecars: %u\n", 1 + below(p, 3));
    (void)proa_buf_append_printf(
        b,
        "policy: {retry: {max_attempts: %u, per_pool: %u}, hedge: {enabled: %s}, midstream: %s, "
        "on_disconnect: %s, balance: {strategy: %s}, concurrency: {target: %u, route: %u, "
        "queue_wait: %us, floor: 1}, cache: {mode: all, ttl: 5s}}\n",
        1 + below(p, 5), 1 + below(p, 3), below(p, 2) ? "true" : "false",
        below(p, 2) ? "resume" : "error", below(p, 2) ? "cancel" : "drain",
        strategies[below(p, PROA_ARRAY_LEN(strategies))], 1 + below(p, 20), 1 + below(p, 40),
        below(p, 6));
    draw_providers(p, b, n_providers);
    (void)proa_buf_append_printf(
        b,
        "arrivals:\n  a: {rate: %u, leave: 0.%u, sdk_retries: %u, prefixes: %u, hot: 0.5, "
        "prompt_tokens: %u, timeout: %us}\n  b: {rate: 2, stream: false, poison: %s, "
        "identical: %s, leave: 0.3}\n",
        1 + below(p, 4), below(p, 3), below(p, 3), below(p, 5), 500 + below(p, 2) * 2000,
        below(p, 3) * 20, below(p, 4) == 0 ? "true" : "false", below(p, 2) ? "true" : "false");
    draw_faults(p, b, n_providers);
}

static void nothing_breaks_in_any_weather(void **state)
{
    (void)state;
    enum { SCENARIOS = 1500 };
    size_t n_requests = 0;
    for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
        struct proa_prng p;
        struct proa_buf yaml;
        struct sim_fixture f;
        struct proa_record r;
        proa_prng_seed(&p, seed);
        proa_buf_init(&yaml, 65536);
        draw_scenario(&p, &yaml);
        (void)proa_buf_append_byte(&yaml, '\0');
        sim_fixture_read(&f, yaml.ptr);
        PROA_TEST_CHECK(f.err == PROA_OK, "seed %llu: %s", (unsigned long long)seed,
                        sim_fixture_message(&f));
        struct proa_sim *sim = sim_fixture_create(&f, 0);
        assert_non_null(sim);
        proa_sim_play(sim, PROA_DECIDER_ENGINE, seed, &r);
        PROA_TEST_CHECK(r.violations == 0, "seed %llu: %s\n%s", (unsigned long long)seed,
                        r.violation, yaml.ptr);
        for (size_t i = 0; i < r.requests.n; i++) {
            assert_true(proa_record_request(&r, i)->ended_ns > 0);
        }
        n_requests += r.requests.n;
        proa_record_deinit(&r);
        proa_sim_destroy(sim);
        sim_fixture_deinit(&f);
        proa_buf_deinit(&yaml);
    }
    assert_true(n_requests > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_is_the_same_run),
        cmocka_unit_test(everybody_meets_the_same_clients),
        cmocka_unit_test(faults_look_as_they_are_called),
        cmocka_unit_test(limits_are_shared_by_all),
        cmocka_unit_test(tokens_cost_what_they_cost),
        cmocka_unit_test(policies_in_place_of_the_scenarios),
        cmocka_unit_test(nothing_breaks_in_any_weather),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
