#include "proa/core/gather.h"

#include "proa_test.h"

struct fixture {
    char text[PROA_GATHER_BYTES];
    char many[2 * PROA_GATHER_BYTES];
};

static struct iovec piece(char *bytes, size_t len)
{
    return (struct iovec){bytes, len};
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    memset(f->many, 'm', sizeof f->many);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void test_short_ones_become_one(void **state)
{
    struct fixture *f = *state;
    char one[] = "one ";
    char two[] = "two";
    struct proa_gather g;
    proa_gather_init(&g, f->text);
    assert_true(proa_gather_add(&g, piece(one, 4)));
    assert_true(proa_gather_add(&g, piece(NULL, 0)));
    assert_true(proa_gather_add(&g, piece(two, 3)));
    assert_int_equal(g.n, 1);
    assert_int_equal(g.used, 7);
    assert_int_equal(g.iov[0].iov_len, 7);
    assert_memory_equal(g.iov[0].iov_base, "one two", 7);
}

static void test_long_ones_are_pointed_to(void **state)
{
    struct fixture *f = *state;
    char one[] = "one";
    struct proa_gather g;
    proa_gather_init(&g, f->text);
    assert_true(proa_gather_add(&g, piece(one, 3)));
    assert_true(proa_gather_add(&g, piece(f->many, PROA_GATHER_BYTES - 2))); /* one too many */
    assert_true(proa_gather_add(&g, piece(one, 1)));
    assert_true(proa_gather_add(&g, piece(one + 1, 2)));
    assert_int_equal(g.n, 3);
    assert_memory_equal(g.iov[0].iov_base, "one", 3);
    assert_ptr_equal(g.iov[1].iov_base, f->many);
    assert_int_equal(g.iov[2].iov_len, 3);
    assert_memory_equal(g.iov[2].iov_base, "one", 3);
}

static void test_full_to_the_last_byte(void **state)
{
    struct fixture *f = *state;
    char one[] = "one";
    struct proa_gather g;
    proa_gather_init(&g, f->text);
    assert_true(proa_gather_add(&g, piece(one, 3)));
    assert_true(proa_gather_add(&g, piece(f->many, PROA_GATHER_BYTES - 3)));
    assert_int_equal(g.n, 1);
    assert_int_equal(g.iov[0].iov_len, PROA_GATHER_BYTES);
    assert_true(proa_gather_add(&g, piece(one, 1)));
    assert_int_equal(g.n, 2);
    assert_ptr_equal(g.iov[1].iov_base, one);
}

static void test_one_piece_too_many_is_not_taken(void **state)
{
    struct fixture *f = *state;
    char one[] = "one";
    struct proa_gather g;
    proa_gather_init(&g, f->text);
    for (size_t i = 0; i < PROA_GATHER_PIECES; i++) {
        assert_true(proa_gather_add(&g, piece(f->many + i, PROA_GATHER_BYTES + 1)));
    }
    assert_false(proa_gather_add(&g, piece(f->many, PROA_GATHER_BYTES + 1)));
    assert_false(proa_gather_add(&g, piece(one, 3)));
    assert_int_equal(g.n, PROA_GATHER_PIECES);
    proa_gather_init(&g, f->text);
    assert_true(proa_gather_add(&g, piece(one, 3)));
    assert_int_equal(g.n, 1);
    assert_memory_equal(g.iov[0].iov_base, "one", 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_short_ones_become_one),
        TEST(test_long_ones_are_pointed_to),
        TEST(test_full_to_the_last_byte),
        TEST(test_one_piece_too_many_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
