/* What is told of the answers that are kept: numbers. */
#include "proa/json/lenient.h"

#include "admin_test.h"

static void figures_of_what_is_kept(void **state)
{
    struct admin_test *t = *state;
    struct proa_answers answers;
    const struct proa_answers_life life = {.ttl_ns = PROA_NS_PER_S};
    const struct iovec body = {(char[]){'s', 'e', 'c', 'r', 'e', 't'}, 6};
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/cache", "", NULL), 503);
    proa_answers_init(&answers, 1 << 20, 1);
    proa_admin_show_answers(t->admin, &answers);
    for (uint64_t i = 0; i < 3; i++) {
        struct proa_answer *a = proa_answer_make(200, PROA_SLICE_NONE, &body, 1);
        const struct proa_hash128 hash = {i % 2, 7};
        assert_true(proa_answers_put(&answers, hash, PROA_SLICE("hidden"), a, &life, 0));
        proa_answer_unref(a);
    }
    assert_int_equal(
        admin_test_ask(t, PROA_LISTENER_ADMIN, PROA_HTTP_GET, "/admin/cache", "", NULL), 200);
    const struct proa_json_node *kept = proa_json_tree_root(t->tree);
    assert_int_equal(proa_json_lenient_u64(kept, "entries"), 2);
    assert_int_equal(proa_json_lenient_u64(kept, "bytes"), proa_answers_bytes(&answers));
    assert_int_equal(proa_json_lenient_u64(kept, "max_bytes"), 1 << 20);
    assert_int_equal(proa_json_lenient_u64(kept, "stored"), 3);
    assert_int_equal(proa_json_lenient_u64(proa_json_lenient_get(kept, "gone"), "replaced"), 1);
    const struct proa_slice text = proa_buf_slice(&t->reply.body);
    assert_true(proa_slice_search(text, PROA_SLICE("secret")) == text.len);
    assert_true(proa_slice_search(text, PROA_SLICE("hidden")) == text.len);
    assert_int_equal(admin_test_ask(t, PROA_LISTENER_OPS, PROA_HTTP_GET, "/admin/cache", "", NULL),
                     404);
    proa_answers_deinit(&answers);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {ADMIN_TEST(figures_of_what_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
