/* Tokens times price, to the last picodollar. */
#include "proa/usage/cost.h"

#include "proa_test.h"

enum { ALL = (1U << PROA_PRICE_FIELDS) - 1 };
#define IO (1U << PROA_PRICE_INPUT | 1U << PROA_PRICE_OUTPUT)

/* Of Claude Sonnet 5: 2, 10, 0.2 and 2.5 dollars for a million. */
static const struct proa_price SONNET = {{2000000, 10000000, 200000, 2500000}, ALL};

/* -1: not reported. */
static struct proa_usage usage(int64_t input, int64_t output, int64_t read, int64_t write)
{
    const int64_t counts[] = {input, output, read, write};
    struct proa_usage u = {.known = 0};
    for (size_t i = 0; i < PROA_ARRAY_LEN(counts); i++) {
        if (counts[i] >= 0) {
            proa_usage_set(&u, (enum proa_usage_field)i, (uint64_t)counts[i]);
        }
    }
    return u;
}

static void tokens_cost_what_they_cost(void **state)
{
    (void)state;
    static const struct {
        int64_t input;
        int64_t output;
        int64_t read;
        int64_t write;
        uint64_t pico;
    } rows[] = {
        {0, 0, -1, -1, 0},
        {1, 0, -1, -1, 2000000},
        {0, 1, -1, -1, 10000000},
        {1000, 100, -1, -1, 3000000000},
        {1000, 100, 0, 0, 3000000000},
        /* 600 at 2, 300 read at 0.2, 100 written at 2.5, 50 out at 10 */
        {1000, 50, 300, 100, 1200000000 + 60000000 + 250000000 + 500000000},
        {1000, 0, 1000, -1, 200000000},
        {1000, 0, -1, 1000, 2500000000},
        /* More cached than there were: no more than all. */
        {1000, 0, 5000, 5000, 200000000},
        {1000, 0, 400, 5000, 400 * 200000 + 600 * 2500000},
        {100000000, 100000000, -1, -1, UINT64_C(1200000000000000)},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_usage u = usage(row->input, row->output, row->read, row->write);
        uint64_t pico = 0;
        PROA_TEST_CHECK(proa_cost_of(&u, &SONNET, &pico) && pico == row->pico, "%lld %lld: %llu",
                        (long long)row->input, (long long)row->output, (unsigned long long)pico);
    }
}

static void cached_tokens_without_a_price_cost_as_others(void **state)
{
    (void)state;
    const struct proa_price plain = {{2000000, 10000000, 1, 1}, IO};
    const struct proa_usage u = usage(1000, 0, 300, 100);
    uint64_t pico = 0;
    assert_true(proa_cost_of(&u, &plain, &pico));
    assert_int_equal(pico, 2000000000);
}

static void what_is_not_known_is_not_made_up(void **state)
{
    (void)state;
    const struct proa_price none = {.known = 0};
    const struct proa_price half = {{1, 1, 1, 1}, 1U << PROA_PRICE_INPUT};
    const struct proa_price free_output = {{20000, 0, 0, 0}, IO}; /* embeddings */
    const struct proa_usage whole = usage(10, 10, -1, -1);
    const struct proa_usage no_input = usage(-1, 10, -1, -1);
    const struct proa_usage no_output = usage(10, -1, -1, -1);
    uint64_t pico = 77;
    assert_false(proa_cost_of(&whole, &none, &pico));
    assert_false(proa_cost_of(&whole, &half, &pico));
    assert_false(proa_cost_of(&no_input, &SONNET, &pico));
    assert_false(proa_cost_of(&no_output, &SONNET, &pico));
    assert_int_equal(pico, 77);
    assert_true(proa_cost_of(&no_output, &free_output, &pico));
    assert_int_equal(pico, 200000);
}

static void sums_saturate(void **state)
{
    (void)state;
    const struct proa_price dear = {{UINT64_MAX / 2, UINT64_MAX / 2, 0, 0}, IO};
    const struct proa_usage two = usage(2, 2, -1, -1);
    const struct proa_usage three = usage(3, 0, -1, -1);
    uint64_t pico = 0;
    assert_true(proa_cost_of(&two, &dear, &pico));
    assert_true(pico == UINT64_MAX);
    assert_true(proa_cost_of(&three, &dear, &pico));
    assert_true(pico == UINT64_MAX);
    assert_true(proa_cost_estimate(&dear, UINT32_MAX, 0) == UINT64_MAX);
}

static void estimates_compare_offers(void **state)
{
    (void)state;
    const struct proa_price none = {.known = 1U << PROA_PRICE_INPUT};
    const struct proa_price free_of_charge = {{0, 0, 0, 0}, IO};
    assert_int_equal(proa_cost_estimate(&none, 1000, 0), 0);
    assert_int_equal(proa_cost_estimate(&free_of_charge, 1000, 0), 1);
    assert_int_equal(proa_cost_estimate(&SONNET, 1000, 100), 3000000000);
    /* A limit on the answer says little about its length. */
    assert_int_equal(proa_cost_estimate(&SONNET, 1000, 32000), 7000000000);
    assert_int_equal(proa_cost_estimate(&SONNET, 1000, 0), 7000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_cost_what_they_cost),
        cmocka_unit_test(cached_tokens_without_a_price_cost_as_others),
        cmocka_unit_test(what_is_not_known_is_not_made_up),
        cmocka_unit_test(sums_saturate),
        cmocka_unit_test(estimates_compare_offers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
