/* Turns of conversations: chains, branches, room, time, and that nothing is lost or kept twice. */
#include "proa/cache/turns.h"
#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/prng.h"

#include "proa_test.h"

#define MINUTE (60 * PROA_NS_PER_S)

static struct proa_turns_key key(unsigned char who, const char *id)
{
    return (struct proa_turns_key){.namespace = {who}, .id = proa_slice_cstr(id)};
}

static bool put(struct proa_turns *s, const struct proa_turns_key *k, struct proa_turn *before,
                const char *items, uint64_t now_ns)
{
    const struct proa_turns_new turn = {
        .items = proa_slice_cstr(items), .maker = PROA_SLICE("openai"), .before = before};
    return proa_turns_put(s, k, &turn, now_ns);
}

static bool put_large_of(struct proa_turns *s, unsigned char who, const char *id,
                         struct proa_turn *before, size_t bytes)
{
    char *text = proa_alloc_zero(1, bytes);
    const struct proa_turns_key k = key(who, id);
    const struct proa_turns_new turn = {.items = proa_slice_make(text, bytes), .before = before};
    const bool kept = proa_turns_put(s, &k, &turn, 1);
    proa_free(text);
    return kept;
}

static bool put_large(struct proa_turns *s, const char *id, struct proa_turn *before, size_t bytes)
{
    return put_large_of(s, 1, id, before, bytes);
}

static bool is_there(struct proa_turns *s, unsigned char who, const char *id)
{
    const struct proa_turns_key k = key(who, id);
    return proa_turns_find(s, &k, 1) != NULL;
}

/* The conversation as one text. */
static void check_items(const struct proa_turn *t, const char *wanted)
{
    struct proa_slice items[16];
    struct proa_buf all;
    proa_buf_init(&all, 1024);
    assert_non_null(t);
    assert_true(t->depth <= PROA_ARRAY_LEN(items));
    proa_turn_items(t, items);
    for (uint32_t i = 0; i < t->depth; i++) {
        assert_ok(proa_buf_append(&all, items[i]));
    }
    assert_slice_str(proa_buf_slice(&all), wanted);
    assert_int_equal(t->total_bytes, all.len);
    proa_buf_deinit(&all);
}

static void test_a_conversation(void **state)
{
    (void)state;
    struct proa_turns s;
    const struct proa_turns_key a = key(1, "resp_a");
    const struct proa_turns_key b = key(1, "resp_b");
    const struct proa_turns_key c = key(1, "resp_c");
    const struct proa_turns_key other = key(2, "resp_a");
    proa_turns_init(&s, 1 << 20, MINUTE, 3);
    assert_null(proa_turns_find(&s, &a, 1));
    assert_true(put(&s, &a, NULL, "[1]", 1));
    check_items(proa_turns_find(&s, &a, 1), "[1]");
    assert_slice_str(proa_turns_find(&s, &a, 1)->maker, "openai");
    assert_null(proa_turns_find(&s, &other, 1));
    assert_null(proa_turns_find(&s, &(const struct proa_turns_key){.namespace = {1}}, 1));
    /* two answers go on from the same one */
    assert_true(put(&s, &b, proa_turns_find(&s, &a, 1), "[2]", 1));
    assert_true(put(&s, &c, proa_turns_find(&s, &b, 1), "[3]", 1));
    assert_true(put(&s, &other, NULL, "[x]", 1));
    check_items(proa_turns_find(&s, &c, 1), "[1][2][3]");
    check_items(proa_turns_find(&s, &b, 1), "[1][2]");
    check_items(proa_turns_find(&s, &other, 1), "[x]");
    assert_int_equal(proa_turns_n(&s), 4);
    proa_turns_deinit(&s);
}

/* What goes is what a later one goes on from: it can be asked for no more, but is still there. */
static void test_the_first_turn_goes(void **state)
{
    (void)state;
    struct proa_turns s;
    const struct proa_turns_key a = key(1, "a");
    const struct proa_turns_key b = key(1, "b");
    proa_turns_init(&s, 1 << 20, MINUTE, 3);
    assert_true(put(&s, &a, NULL, "[1]", 0));
    const uint64_t one = s.bytes;
    assert_true(put(&s, &b, proa_turns_find(&s, &a, 0), "[2]", 30 * PROA_NS_PER_S));
    assert_null(proa_turns_find(&s, &a, MINUTE));
    check_items(proa_turns_find(&s, &b, MINUTE), "[1][2]");
    assert_int_equal(proa_turns_n(&s), 1);
    assert_true(s.bytes > one);
    assert_null(proa_turns_find(&s, &b, 90 * PROA_NS_PER_S));
    assert_int_equal(s.bytes, 0);
    assert_int_equal(s.ended[PROA_TURNS_END_EXPIRED], 2);
    proa_turns_deinit(&s);
}

/* The same id again: the old answer goes, though it be the one that the new goes on from. */
static void test_replaced(void **state)
{
    (void)state;
    struct proa_turns s;
    const struct proa_turns_key a = key(1, "a");
    proa_turns_init(&s, 1 << 20, MINUTE, 3);
    assert_true(put(&s, &a, NULL, "[1]", 0));
    assert_true(put(&s, &a, proa_turns_find(&s, &a, 0), "[2]", 0));
    check_items(proa_turns_find(&s, &a, 0), "[1][2]");
    assert_true(put(&s, &a, NULL, "[3]", 0));
    check_items(proa_turns_find(&s, &a, 0), "[3]");
    assert_int_equal(s.ended[PROA_TURNS_END_REPLACED], 2);
    proa_turns_deinit(&s);
}

static void test_room(void **state)
{
    (void)state;
    struct proa_turns s;
    const struct proa_turns_key a = key(1, "a");
    const struct proa_turns_key b = key(1, "b");
    proa_turns_init(&s, 8192, MINUTE, 3);
    assert_false(put_large(&s, "large", NULL, 1700)); /* with what it costs besides */
    assert_true(put_large(&s, "a", NULL, 1500));
    assert_true(put_large(&s, "b", NULL, 1500));
    assert_true(put_large(&s, "c", NULL, 1500));
    assert_true(put_large(&s, "d", NULL, 1500));
    assert_non_null(proa_turns_find(&s, &a, 1)); /* so the next one pushes another one out */
    assert_true(put_large(&s, "e", NULL, 1500));
    assert_non_null(proa_turns_find(&s, &a, 1));
    assert_null(proa_turns_find(&s, &b, 1));
    assert_true(s.bytes <= s.max_bytes);
    assert_int_equal(s.ended[PROA_TURNS_END_ROOM], 1);
    /* a conversation counts as a whole */
    assert_false(put_large(&s, "f", proa_turns_find(&s, &a, 1), 500));
    proa_turns_deinit(&s);
}

/* Who takes much makes room, for itself and for others. */
static void test_room_among_callers(void **state)
{
    (void)state;
    struct proa_turns s;
    char id[8];
    proa_turns_init(&s, 1 << 16, MINUTE, 3);
    assert_true(put_large_of(&s, 1, "first", NULL, 1000));
    assert_true(put_large_of(&s, 1, "second", NULL, 1000));
    for (size_t i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "%zu", i);
        assert_true(put_large_of(&s, 2, id, NULL, 1000));
    }
    assert_true(s.bytes <= s.max_bytes);
    assert_true(is_there(&s, 1, "first"));
    assert_true(is_there(&s, 1, "second"));
    assert_true(is_there(&s, 2, "199"));
    assert_false(is_there(&s, 2, "0"));
    /* Not more than its share: two that want all have half each. */
    for (size_t i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "%zu", i);
        assert_true(put_large_of(&s, 1, id, NULL, 1000));
    }
    size_t n[2] = {0, 0};
    for (size_t i = 0; i < 400; i++) {
        (void)snprintf(id, sizeof id, "%zu", i % 200);
        n[i / 200] += is_there(&s, (unsigned char)(1 + i / 200), id) ? 1U : 0U;
    }
    PROA_TEST_CHECK(n[0] + n[1] >= 30 && n[0] <= n[1] + 1 && n[1] <= n[0] + 1, "%zu and %zu", n[0],
                    n[1]);
    proa_turns_deinit(&s);
    assert_int_equal(s.bytes, 0);
}

/* What its caller cannot give any more, for it is in use, others do. */
static void test_room_of_others(void **state)
{
    (void)state;
    struct proa_turns s;
    struct proa_turn *held[3];
    proa_turns_init(&s, 8192, MINUTE, 3);
    assert_true(put_large_of(&s, 2, "x", NULL, 1000));
    for (size_t i = 0; i < PROA_ARRAY_LEN(held); i++) {
        char id[4];
        (void)snprintf(id, sizeof id, "%zu", i);
        const struct proa_turns_key k = key(1, id);
        assert_true(put_large_of(&s, 1, id, NULL, 1500));
        held[i] = proa_turn_ref(proa_turns_find(&s, &k, 1));
    }
    assert_true(is_there(&s, 2, "x"));
    assert_true(put_large_of(&s, 1, "d", NULL, 1500));
    assert_false(is_there(&s, 2, "x"));
    assert_true(is_there(&s, 1, "d"));
    assert_int_equal(proa_turns_n(&s), 1);
    assert_true(s.bytes <= s.max_bytes);
    for (size_t i = 0; i < PROA_ARRAY_LEN(held); i++) {
        proa_turns_unref(&s, held[i]);
    }
    proa_turns_deinit(&s);
    assert_int_equal(s.bytes, 0);
}

/* What is in use cannot go, so there may be no room though nothing is found any more. */
static void test_in_use(void **state)
{
    (void)state;
    struct proa_turns s;
    struct proa_turn *held[8];
    char id[4];
    size_t n = 0;
    proa_turns_init(&s, 8192, MINUTE, 3);
    for (; n < PROA_ARRAY_LEN(held); n++) {
        (void)snprintf(id, sizeof id, "%zu", n);
        const struct proa_turns_key k = key(1, id);
        if (!put_large(&s, id, NULL, 1500)) {
            break;
        }
        held[n] = proa_turn_ref(proa_turns_find(&s, &k, 1));
    }
    assert_int_equal(n, 4);
    assert_int_equal(proa_turns_n(&s), 0);
    assert_true(s.bytes > 0);
    proa_turns_unref(&s, held[0]);
    assert_true(put_large(&s, "x", NULL, 1500));
    for (size_t i = 1; i < n; i++) {
        proa_turns_unref(&s, held[i]);
    }
    proa_turns_unref(&s, NULL);
    proa_turns_deinit(&s);
}

static void test_limits(void **state)
{
    (void)state;
    struct proa_turns s;
    char id[PROA_TURNS_ID_MAX + 2];
    struct proa_turns_key k = {.namespace = {1}};
    proa_turns_init(&s, UINT64_C(1) << 30, MINUTE, 3);
    memset(id, 'i', sizeof id);
    k.id = proa_slice_make(id, PROA_TURNS_ID_MAX);
    assert_true(put(&s, &k, NULL, "[]", 1));
    assert_non_null(proa_turns_find(&s, &k, 1));
    k.id = proa_slice_make(id, PROA_TURNS_ID_MAX + 1);
    assert_false(put(&s, &k, NULL, "[]", 1));
    assert_null(proa_turns_find(&s, &k, 1));
    k.id = PROA_SLICE("deep");
    for (uint32_t i = 0; i < PROA_TURNS_DEPTH_MAX; i++) {
        assert_true(put(&s, &k, proa_turns_find(&s, &k, 1), "[]", 1));
    }
    assert_int_equal(proa_turns_find(&s, &k, 1)->depth, PROA_TURNS_DEPTH_MAX);
    assert_false(put(&s, &k, proa_turns_find(&s, &k, 1), "[]", 1));
    proa_turns_deinit(&s);
    proa_turns_init(&s, 0, MINUTE, 3); /* off */
    assert_false(put(&s, &k, NULL, "[]", 1));
    proa_turns_deinit(&s);
}

/* Whatever is asked of it: within its room, what is found is what was put last, and in the end
 * nothing is left. */
static void test_any_order(void **state)
{
    (void)state;
    enum { IDS = 24, STEPS = 20000 };
    struct proa_turns s;
    struct proa_prng prng;
    uint32_t last[IDS] = {0}; /* what was put under each id; 0 = nothing */
    proa_prng_seed(&prng, 11);
    proa_turns_init(&s, 12288, 200, 3);
    for (uint32_t step = 1; step <= STEPS; step++) {
        char ids[2][8];
        char items[64];
        const size_t i = (size_t)proa_prng_below(&prng, IDS);
        (void)snprintf(ids[0], sizeof ids[0], "r%zu", i);
        (void)snprintf(ids[1], sizeof ids[1], "r%u", (unsigned)proa_prng_below(&prng, IDS));
        const struct proa_turns_key k = key((unsigned char)(i % 3), ids[0]);
        const struct proa_turns_key from = key((unsigned char)(i % 3), ids[1]);
        if (proa_prng_below(&prng, 2) == 0) {
            const bool first = proa_prng_below(&prng, 3) == 0;
            (void)snprintf(items, sizeof items, "[%u]", step);
            const bool kept =
                put(&s, &k, first ? NULL : proa_turns_find(&s, &from, step), items, step);
            last[i] = kept ? step : last[i];
        } else {
            const struct proa_turn *t = proa_turns_find(&s, &k, step);
            (void)snprintf(items, sizeof items, "[%u]", last[i]);
            if (t) {
                assert_slice_str(t->items, items);
                assert_true(step < last[i] + 200);
            }
        }
        assert_true(s.bytes <= s.max_bytes);
    }
    proa_turns_deinit(&s);
    assert_int_equal(s.bytes, 0);
    for (int i = 0; i < PROA_TURNS_ENDS; i++) {
        assert_true(s.ended[i] > 0 && strlen(proa_turns_end_text((enum proa_turns_end)i)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversation),
        cmocka_unit_test(test_the_first_turn_goes),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_room_among_callers),
        cmocka_unit_test(test_room_of_others),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
