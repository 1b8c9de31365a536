/* Weighted rendezvous under a bound on load: shares, what moves when a domain goes, a hot prefix.
 */
#include "proa/core/prng.h"
#include "proa/resilience/affinity.h"

#include "proa_test.h"

enum { KEYS = 40000, MOST = 12 };
#define NO_BOUND UINT32_MAX
#define BOUND    1250000 /* the default */

static void fill(struct proa_affinity_domain *domains, size_t n, uint64_t seed)
{
    struct proa_prng prng;
    proa_prng_seed(&prng, seed);
    for (size_t i = 0; i < n; i++) {
        domains[i] = (struct proa_affinity_domain){.hash = proa_prng_next(&prng), .weight = 1};
    }
}

static void nobody(void **state)
{
    (void)state;
    struct proa_affinity_domain domains[3];
    fill(domains, 3, 1);
    assert_int_equal(proa_affinity_pick(7, domains, 0, BOUND), PROA_AFFINITY_NONE);
    domains[0].weight = 0;
    domains[1].weight = 0;
    domains[2].weight = 0;
    assert_int_equal(proa_affinity_pick(7, domains, 3, BOUND), PROA_AFFINITY_NONE);
    domains[2].weight = 1;
    for (uint64_t key = 0; key < 100; key++) {
        assert_int_equal(proa_affinity_pick(key, domains, 3, BOUND), 2);
    }
}

static void a_slow_one_before_a_full_one(void **state)
{
    (void)state;
    struct proa_affinity_domain domains[3];
    fill(domains, 3, 1);
    domains[0].blocked = true;
    domains[2].blocked = true;
    for (uint64_t key = 0; key < 100; key++) {
        assert_int_equal(proa_affinity_pick(key, domains, 3, BOUND), 1);
    }
    domains[1].inflight = 100;
    domains[2].inflight = 100;
    for (uint64_t key = 0; key < 100; key++) {
        assert_int_equal(proa_affinity_pick(key, domains, 3, BOUND), 0);
    }
}

/* Every key, whatever its bits look like, comes to the same place each time; the places share the
 * keys by weight. */
static void shares_follow_weights(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        uint32_t weight[5];
    } rows[] = {
        {2, {1, 1}},    {4, {1, 1, 1, 1}},         {2, {1, 3}},      {3, {5, 3, 2}},
        {3, {1, 0, 1}}, {5, {10, 20, 30, 20, 20}}, {2, {1000, 999}}, {2, {UINT32_MAX, UINT32_MAX}},
        {2, {1, 99}},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_affinity_domain domains[5];
        fill(domains, row->n, 2);
        uint64_t weights = 0;
        for (size_t i = 0; i < row->n; i++) {
            domains[i].weight = row->weight[i];
            weights += row->weight[i];
        }
        uint64_t picked[5] = {0};
        for (uint64_t key = 0; key < KEYS; key++) {
            size_t i = proa_affinity_pick(key, domains, row->n, NO_BOUND);
            assert_int_equal(proa_affinity_pick(key, domains, row->n, NO_BOUND), i);
            picked[i]++;
        }
        for (size_t i = 0; i < row->n; i++) {
            uint64_t expected = KEYS * (uint64_t)row->weight[i] / weights;
            PROA_TEST_CHECK(
                picked[i] + KEYS / 100 >= expected && picked[i] <= expected + KEYS / 100,
                "row %td, domain %zu: %u of %u", row - rows, i, (unsigned)picked[i], KEYS);
            assert_true(row->weight[i] != 0 || picked[i] == 0);
        }
    }
}

/* One of n goes: its keys, 1/n of all within 2 %, spread evenly over the others; no other moves. */
static void removing_one_moves_only_its_keys(void **state)
{
    (void)state;
    for (size_t n = 2; n <= MOST; n++) {
        struct proa_affinity_domain domains[MOST];
        fill(domains, n, 3);
        const size_t gone = n / 2;
        size_t moved = 0;
        size_t to[MOST] = {0};
        for (uint64_t key = 0; key < KEYS; key++) {
            domains[gone].blocked = false;
            size_t before = proa_affinity_pick(key, domains, n, NO_BOUND);
            domains[gone].blocked = true;
            size_t after = proa_affinity_pick(key, domains, n, NO_BOUND);
            if (before == gone) {
                moved++;
                to[after]++;
            } else {
                assert_int_equal(after, before);
            }
        }
        assert_in_range(moved, KEYS / n - KEYS / 50, KEYS / n + KEYS / 50);
        for (size_t i = 0; i < n; i++) {
            size_t share = i == gone ? 0 : moved / (n - 1);
            assert_in_range(to[i], share - share / 5, share + share / 5);
        }
    }
}

/* More weight for one draws keys to it and moves none between the others. */
static void growing_one_moves_keys_only_to_it(void **state)
{
    (void)state;
    struct proa_affinity_domain domains[4];
    fill(domains, 4, 4);
    size_t moved = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
        domains[1].weight = 1;
        size_t before = proa_affinity_pick(key, domains, 4, NO_BOUND);
        domains[1].weight = 2;
        size_t after = proa_affinity_pick(key, domains, 4, NO_BOUND);
        if (after != before) {
            assert_int_equal(after, 1);
            moved++;
        }
    }
    assert_in_range(moved, KEYS * 3 / 20 - KEYS / 50, KEYS * 3 / 20 + KEYS / 50); /* 2/5 - 1/4 */
}

/* Neither the order in which domains are listed nor what else is listed matters. */
static void order_does_not_matter(void **state)
{
    (void)state;
    struct proa_affinity_domain domains[6];
    struct proa_affinity_domain other[6];
    fill(domains, 6, 5);
    for (size_t i = 0; i < 6; i++) {
        domains[i].weight = (uint32_t)i + 1;
        other[(i * 5 + 3) % 6] = domains[i];
    }
    for (uint64_t key = 0; key < 5000; key++) {
        size_t a = proa_affinity_pick(key, domains, 6, NO_BOUND);
        size_t b = proa_affinity_pick(key, other, 6, NO_BOUND);
        assert_int_equal(domains[a].hash, other[b].hash);
    }
}

/* The exact load at which a domain is passed over: above ceil(bound x (total + 1) x w / sum). */
static void bound_is_exact(void **state)
{
    (void)state;
    static const struct {
        uint32_t bound_ppm;
        uint32_t weight[2];
        uint32_t rest;  /* in flight on the second */
        uint32_t limit; /* most that the first may have in flight and still be taken */
    } rows[] = {
        {1250000, {1, 1}, 0, 3}, /* 3: ceil(1.25 x 4 / 2) = 3; 4: ceil(3.125) = 4, 5: ceil(3.75) */
        {1000000, {1, 1}, 0, 1},   {1000000, {1, 1}, 10, 11},
        {2000000, {1, 3}, 30, 31}, {1250000, {3, 1}, 4, 74},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_affinity_domain domains[2];
        fill(domains, 2, 6);
        domains[0].weight = row->weight[0];
        domains[1].weight = row->weight[1];
        uint64_t key = 0; /* a favourite of the first */
        while (proa_affinity_pick(key, domains, 2, NO_BOUND) != 0) {
            key++;
        }
        domains[1].inflight = row->rest;
        for (uint32_t load = 0; load < 200; load++) {
            domains[0].inflight = load;
            double total = (double)load + row->rest + 1;
            double share =
                total * row->bound_ppm * row->weight[0] / 1e6 / (row->weight[0] + row->weight[1]);
            uint32_t ceiling = (uint32_t)share;
            ceiling += ceiling < share;
            PROA_TEST_CHECK((proa_affinity_pick(key, domains, 2, row->bound_ppm) == 0) ==
                                (load <= ceiling),
                            "row %td, load %u of %u", row - rows, load, ceiling);
        }
    }
}

/* However they are loaded: somebody is below the bound. */
static void somebody_is_always_below_the_bound(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 7);
    for (unsigned round = 0; round < 20000; round++) {
        struct proa_affinity_domain domains[MOST];
        const size_t n = 1 + proa_prng_below(&prng, MOST);
        fill(domains, n, round);
        bool any = false;
        const uint64_t most = proa_prng_below(&prng, 2) ? UINT32_MAX : 10;
        for (size_t i = 0; i < n; i++) {
            domains[i].weight = (uint32_t)proa_prng_below(&prng, most);
            domains[i].inflight = (uint32_t)proa_prng_below(&prng, most);
            domains[i].blocked = proa_prng_below(&prng, 3) == 0;
            any |= domains[i].weight > 0;
        }
        size_t picked = proa_affinity_pick(round, domains, n, 1000000);
        assert_int_equal(picked != PROA_AFFINITY_NONE, any);
        assert_true(!any || domains[picked].weight > 0);
    }
}

/* 80 % of 20 requests a second share one prefix, over four domains: more than two may carry. No
 * domain carries more than ceil(1.25 x average) + 1. The keys at home on the two that the prefix
 * fills give way to it in part; all others stay where they are. */
static void hot_prefix(void **state)
{
    (void)state;
    enum { DOMAINS = 4, SLOTS = 400, COLD = 50 };
    const uint64_t hot = 999999;
    struct proa_prng prng;
    proa_prng_seed(&prng, 8);
    struct proa_affinity_domain domains[DOMAINS];
    fill(domains, DOMAINS, 8);
    size_t first = proa_affinity_pick(hot, domains, DOMAINS, NO_BOUND);
    domains[first].blocked = true;
    size_t second = proa_affinity_pick(hot, domains, DOMAINS, NO_BOUND);
    domains[first].blocked = false;
    size_t ends_on[SLOTS]; /* in flight, by the slot of time in which they end */
    bool ends[SLOTS] = {false};
    unsigned asked[2] = {0}; /* at home on a filled one, elsewhere */
    unsigned stayed[2] = {0};
    for (uint64_t tick = 0; tick < 40000; tick++) { /* of 50 ms */
        const size_t slot = tick % SLOTS;
        if (ends[slot]) {
            domains[ends_on[slot]].inflight--;
            ends[slot] = false;
        }
        uint64_t key = proa_prng_below(&prng, 10) < 8 ? hot : proa_prng_below(&prng, COLD);
        size_t picked = proa_affinity_pick(key, domains, DOMAINS, BOUND);
        domains[picked].inflight++;
        uint32_t total = 0;
        for (size_t i = 0; i < DOMAINS; i++) {
            total += domains[i].inflight;
        }
        assert_true(domains[picked].inflight <= (total * 5 + 15) / 16 + 1);
        if (key != hot && tick > SLOTS) {
            size_t home = proa_affinity_pick(key, domains, DOMAINS, NO_BOUND);
            bool filled = home == first || home == second;
            asked[!filled]++;
            stayed[!filled] += picked == home;
        }
        /* lasts 0.5 to 15 s; one end per slot is enough here */
        size_t end = (slot + 10 + proa_prng_below(&prng, 290)) % SLOTS;
        while (ends[end]) {
            end = (end + 1) % SLOTS;
        }
        ends[end] = true;
        ends_on[end] = picked;
    }
    PROA_TEST_CHECK(stayed[1] * 100 >= asked[1] * 95, "%u of %u", stayed[1], asked[1]);
    PROA_TEST_CHECK(stayed[0] * 100 >= asked[0] * 30, "%u of %u", stayed[0], asked[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody),
        cmocka_unit_test(a_slow_one_before_a_full_one),
        cmocka_unit_test(shares_follow_weights),
        cmocka_unit_test(removing_one_moves_only_its_keys),
        cmocka_unit_test(growing_one_moves_keys_only_to_it),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(bound_is_exact),
        cmocka_unit_test(somebody_is_always_below_the_bound),
        cmocka_unit_test(hot_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
