#include "short_id_priv.h"

#include "proa_test.h"

static void test_ids_of_nine(void **state)
{
    (void)state;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    assert_slice_str(proa_short_id(PROA_SLICE("a1B2c3D4e"), &arena), "a1B2c3D4e");
    static const char *const others[] = {"", "call_1", "123456789_", "1234-6789", "toolu_01"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(others); i++) {
        const struct proa_slice one = proa_short_id(proa_slice_cstr(others[i]), &arena);
        const struct proa_slice again = proa_short_id(proa_slice_cstr(others[i]), &arena);
        assert_int_equal(one.len, PROA_SHORT_ID_LEN);
        assert_true(proa_slice_eq(one, again));
        assert_true(proa_slice_eq(one, proa_short_id(one, &arena)));
        for (size_t j = 0; j < i; j++) {
            assert_false(proa_slice_eq(one, proa_short_id(proa_slice_cstr(others[j]), &arena)));
        }
    }
    proa_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_of_nine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
