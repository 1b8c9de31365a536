#include "proa/core/list.h"
#include "proa/core/prng.h"

#include "proa_test.h"

struct item {
    int number;
    struct proa_list link;
};

static struct item *item_of(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct item, link);
}

static void make(struct item *items, int n)
{
    for (int i = 0; i < n; i++) {
        items[i].number = i;
        proa_list_init(&items[i].link);
    }
}

static void test_empty(void **state)
{
    (void)state;
    struct proa_list head;
    proa_list_init(&head);
    assert_true(proa_list_empty(&head));
    assert_null(proa_list_first(&head));
    assert_null(proa_list_last(&head));
    assert_null(proa_list_pop_front(&head));
    assert_false(proa_list_linked(&head));
    proa_list_unlink(&head); /* harmless */
    assert_true(proa_list_empty(&head));
}

static void test_order_of_pushes(void **state)
{
    (void)state;
    struct proa_list head;
    struct item items[4];
    proa_list_init(&head);
    make(items, 4);
    proa_list_push_back(&head, &items[1].link);
    proa_list_push_back(&head, &items[3].link);
    proa_list_push_front(&head, &items[0].link);
    proa_list_insert_after(&items[1].link, &items[2].link);
    assert_int_equal(item_of(proa_list_first(&head))->number, 0);
    assert_int_equal(item_of(proa_list_last(&head))->number, 3);
    for (int i = 0; i < 4; i++) {
        assert_true(proa_list_linked(&items[i].link));
        assert_int_equal(item_of(proa_list_pop_front(&head))->number, i);
        assert_false(proa_list_linked(&items[i].link));
    }
    assert_true(proa_list_empty(&head));
}

static void test_unlink_anywhere(void **state)
{
    (void)state;
    for (int gone = 0; gone < 3; gone++) {
        struct proa_list head;
        struct item items[3];
        proa_list_init(&head);
        make(items, 3);
        for (int i = 0; i < 3; i++) {
            proa_list_push_back(&head, &items[i].link);
        }
        proa_list_unlink(&items[gone].link);
        proa_list_unlink(&items[gone].link); /* twice is harmless */
        for (int i = 0; i < 3; i++) {
            if (i != gone) {
                assert_int_equal(item_of(proa_list_pop_front(&head))->number, i);
            }
        }
        assert_true(proa_list_empty(&head));
    }
}

/* Both directions must tell the same story after any sequence of operations. */
static void test_against_an_array(void **state)
{
    (void)state;
    enum { N = 40 };
    struct proa_list head;
    struct item items[N];
    int order[N] = {0};
    int n = 0;
    struct proa_prng prng;
    proa_prng_seed(&prng, 21);
    proa_list_init(&head);
    make(items, N);
    for (unsigned op = 0; op < 5000; op++) {
        int i = (int)proa_prng_below(&prng, N);
        int at = 0;
        if (proa_list_linked(&items[i].link)) {
            while (order[at] != i) {
                at++;
            }
            memmove(order + at, order + at + 1, (size_t)(n - at - 1) * sizeof(order[0]));
            n--;
            proa_list_unlink(&items[i].link);
        } else if (proa_prng_below(&prng, 2)) {
            order[n++] = i;
            proa_list_push_back(&head, &items[i].link);
        } else {
            memmove(order + 1, order, (size_t)n * sizeof(order[0]));
            order[0] = i;
            n++;
            proa_list_push_front(&head, &items[i].link);
        }
        struct proa_list *forth = head.next;
        struct proa_list *back = head.prev;
        for (int k = 0; k < n; k++) {
            assert_int_equal(item_of(forth)->number, order[k]);
            assert_int_equal(item_of(back)->number, order[n - 1 - k]);
            forth = forth->next;
            back = back->prev;
        }
        assert_ptr_equal(forth, &head);
        assert_ptr_equal(back, &head);
    }
}

#ifdef PROA_DEBUG
static void push_twice(void *ctx)
{
    struct proa_list head;
    proa_list_init(&head);
    proa_list_push_back(&head, ctx);
    proa_list_push_back(&head, ctx);
}

static void test_linking_twice_is_caught_in_debug_builds(void **state)
{
    (void)state;
    struct proa_list node;
    proa_list_init(&node);
    assert_true(proa_test_aborts(push_twice, &node));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_order_of_pushes),
        cmocka_unit_test(test_unlink_anywhere),
        cmocka_unit_test(test_against_an_array),
#ifdef PROA_DEBUG
        cmocka_unit_test(test_linking_twice_is_caught_in_debug_builds),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
