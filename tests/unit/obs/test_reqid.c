#include "proa/obs/reqid.h"

#include "proa_test.h"

#define NOW UINT64_C(1795474501123)

static void ids_are_uuids_of_version_7(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 3);
    unsigned variants = 0;
    for (int i = 0; i < 2000; i++) {
        char id[PROA_REQID_LEN];
        proa_reqid_make(NOW + (uint64_t)i, &prng, id);
        for (size_t k = 0; k < sizeof(id); k++) {
            bool dash = k == 8 || k == 13 || k == 18 || k == 23;
            bool hex = (id[k] >= '0' && id[k] <= '9') || (id[k] >= 'a' && id[k] <= 'f');
            assert_true(dash ? id[k] == '-' : hex);
        }
        assert_int_equal(id[14], '7');
        static const char allowed[] = "89ab";
        const char *variant = strchr(allowed, id[19]);
        assert_non_null(variant);
        variants |= 1U << (variant - allowed);
        assert_true(proa_reqid_valid(proa_slice_make(id, sizeof(id))));
    }
    assert_int_equal(variants, 15); /* the two bits behind the variant are random */
}

static void time_is_in_front(void **state)
{
    (void)state;
    static const struct {
        uint64_t unix_ms;
        const char *head;
    } cases[] = {{0, "00000000-0000-7"},
                 {0x0123456789ab, "01234567-89ab-7"},
                 {0xffffffffffff, "ffffffff-ffff-7"},
                 {0x10000ffffffff, "0000ffff-ffff-7"}}; /* beyond 48 bits */
    PROA_TEST_ROWS(row, cases)
    {
        struct proa_prng prng;
        proa_prng_seed(&prng, 9);
        char id[PROA_REQID_LEN];
        proa_reqid_make(row->unix_ms, &prng, id);
        assert_slice_str(proa_slice_make(id, 15), row->head);
    }
}

static void later_ids_sort_later_and_differ(void **state)
{
    (void)state;
    struct proa_prng prng;
    proa_prng_seed(&prng, 5);
    char last[PROA_REQID_LEN] = {0};
    for (uint64_t i = 0; i < 1000; i++) {
        char id[PROA_REQID_LEN];
        proa_reqid_make(NOW + i, &prng, id);
        assert_true(memcmp(id, last, sizeof(id)) > 0);
        memcpy(last, id, sizeof(id));
        proa_reqid_make(NOW + i, &prng, id);
        assert_memory_not_equal(id, last, sizeof(id));
    }
}

static void same_seed_same_id(void **state)
{
    (void)state;
    char id[2][PROA_REQID_LEN];
    for (int i = 0; i < 2; i++) {
        struct proa_prng prng;
        proa_prng_seed(&prng, 11);
        proa_reqid_make(NOW, &prng, id[i]);
    }
    assert_memory_equal(id[0], id[1], PROA_REQID_LEN);
}

static void client_ids_are_checked(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c && strchr("._:/-", (int)c));
        char id[3] = {'a', (char)(unsigned char)c, 'z'};
        PROA_TEST_CHECK(proa_reqid_valid(proa_slice_make(id, 3)) == fine, "byte %02x", c);
        PROA_TEST_CHECK(proa_reqid_valid(proa_slice_make(id + 1, 1)) == fine, "byte %02x", c);
    }
    char longest[PROA_REQID_MAX + 1];
    memset(longest, 'a', sizeof(longest));
    assert_true(proa_reqid_valid(proa_slice_make(longest, PROA_REQID_MAX)));
    assert_false(proa_reqid_valid(proa_slice_make(longest, PROA_REQID_MAX + 1)));
    assert_false(proa_reqid_valid(PROA_SLICE_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_uuids_of_version_7),      cmocka_unit_test(time_is_in_front),
        cmocka_unit_test(later_ids_sort_later_and_differ), cmocka_unit_test(same_seed_same_id),
        cmocka_unit_test(client_ids_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
