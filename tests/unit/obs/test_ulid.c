/*
 * ULIDs: the time in front, as the specification's own example has it, and chance behind.
 */
#include "proa/obs/ulid.h"

#include "proa_test.h"

static void the_time_stands_in_front(void **state)
{
    (void)state;
    static const struct {
        uint64_t unix_ms;
        const char *begin;
    } rows[] = {
        {0, "0000000000"},
        {1, "0000000001"},
        {32, "0000000010"},
        {UINT64_C(1469922850259), "01ARZ3NDEK"}, /* the specification's example */
        {UINT64_C(0xffffffffffff), "7ZZZZZZZZZ"},
        {UINT64_C(0x1000000000000), "0000000000"},
    };
    struct proa_prng prng;
    proa_prng_seed(&prng, 7);
    PROA_TEST_ROWS(row, rows)
    {
        char text[PROA_ULID_LEN];
        proa_ulid_make(row->unix_ms, &prng, text);
        PROA_TEST_CHECK(memcmp(text, row->begin, 10) == 0, "%.26s", text);
    }
}

static void ids_differ_and_hold_only_its_digits(void **state)
{
    (void)state;
    enum { N = 2000 };
    static char all[N][PROA_ULID_LEN];
    bool seen[256] = {false};
    struct proa_prng prng;
    proa_prng_seed(&prng, 8);
    for (size_t i = 0; i < N; i++) {
        proa_ulid_make(5, &prng, all[i]);
        for (size_t k = 0; k < PROA_ULID_LEN; k++) {
            assert_non_null(strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", all[i][k]));
            seen[(unsigned char)all[i][k]] = true;
        }
        assert_true(i == 0 || memcmp(all[i], all[i - 1], PROA_ULID_LEN) != 0);
    }
    size_t n = 0;
    for (size_t i = 0; i < 256; i++) {
        n += seen[i];
    }
    assert_int_equal(n, 32); /* every digit comes up */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_stands_in_front),
        cmocka_unit_test(ids_differ_and_hold_only_its_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
