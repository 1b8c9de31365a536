/* Dollars per token as text and as whole picodollars. */
#include "proa/catalogue/price.h"

#include "proa_test.h"

static void decimals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t pico;
    } rows[] = {
        {"0", 0},
        {"1", 1000000000000},
        {"0.5", 500000000000},
        {"0.0000025", 2500000},
        {"0.000000003625", 3625},
        {"0.000000000001", 1},
        {"0.100000000000", 100000000000},
        {"10.000000000001", 10000000000001},
        {"000.25", 250000000000},
        {"18446743.999999999999", UINT64_C(18446743999999999999)},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t pico = 1;
        PROA_TEST_CHECK(proa_price_parse(proa_slice_cstr(row->text), &pico) == PROA_OK &&
                            pico == row->pico,
                        "%s: %llu", row->text, (unsigned long long)pico);
    }
}

static void what_is_no_price_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum proa_err err;
    } rows[] = {
        {"", PROA_ERR_SYNTAX},
        {".", PROA_ERR_SYNTAX},
        {".5", PROA_ERR_SYNTAX},
        {"1.", PROA_ERR_SYNTAX},
        {"-1", PROA_ERR_SYNTAX},
        {"+1", PROA_ERR_SYNTAX},
        {"1e-6", PROA_ERR_SYNTAX},
        {"0.1e1", PROA_ERR_SYNTAX},
        {"0.1.2", PROA_ERR_SYNTAX},
        {" 1", PROA_ERR_SYNTAX},
        {"1 ", PROA_ERR_SYNTAX},
        {"0,5", PROA_ERR_SYNTAX},
        {"0x1", PROA_ERR_SYNTAX},
        {"0.0000000000001", PROA_ERR_RANGE}, /* a thirteenth digit would be lost */
        {"18446744", PROA_ERR_RANGE},
        {"99999999999999999999", PROA_ERR_RANGE},
    };
    PROA_TEST_ROWS(row, rows)
    {
        uint64_t pico = 7;
        PROA_TEST_CHECK(proa_price_parse(proa_slice_cstr(row->text), &pico) == row->err &&
                            pico == 7,
                        "%s", row->text);
    }
}

static void unknown_is_not_free(void **state)
{
    (void)state;
    struct proa_price price = {.known = 1U << PROA_PRICE_OUTPUT};
    assert_false(proa_price_has(&price, PROA_PRICE_INPUT));
    assert_true(proa_price_has(&price, PROA_PRICE_OUTPUT));
    assert_string_equal(proa_price_name(PROA_PRICE_CACHE_WRITE), "cache_write");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(what_is_no_price_is_refused),
        cmocka_unit_test(unknown_is_not_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
