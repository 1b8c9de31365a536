#include "proa/core/version.h"

#include "proa_test.h"

/* Three numbers; what may follow starts with a hyphen or a plus sign. */
static void test_version_is_a_semantic_one(void **state)
{
    (void)state;
    struct proa_slice rest = proa_slice_cstr(proa_version_text());
    uint64_t number = 0;
    for (int i = 0; i < 2; i++) {
        const struct proa_slice part = proa_slice_split(rest, '.', &rest);
        assert_int_equal(proa_slice_to_u64(part, &number), PROA_OK);
    }
    size_t digits = 0;
    while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9') {
        digits++;
    }
    assert_true(digits > 0);
    assert_true(digits == rest.len || rest.ptr[digits] == '-' || rest.ptr[digits] == '+');
}

static void test_revision_is_one_word(void **state)
{
    (void)state;
    const struct proa_slice revision = proa_slice_cstr(proa_version_revision());
    assert_true(revision.len > 0);
    assert_int_equal(proa_slice_find(revision, ' '), revision.len);
    assert_int_equal(proa_slice_find(revision, '\n'), revision.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_is_a_semantic_one),
        cmocka_unit_test(test_revision_is_one_word),
    };
    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
