#include "proa/cache/answers.h"

#include "proa_test.h"

#define MINUTE (60 * PROA_NS_PER_S)

static const struct proa_key_secret SECRET = {.hash = {9}};
static const struct proa_answers_life LIFE = {.ttl_ns = 10 * MINUTE, .stale_ns = 60 * MINUTE};

struct world {
    struct proa_answers s;
    struct proa_canon canon;
    struct proa_cache_key key; /* of the body asked for last */
    char body[128];
    char bytes[256];
};

static void begin(struct world *w, uint64_t max_bytes)
{
    memset(w, 0, sizeof *w);
    proa_answers_init(&w->s, max_bytes, 5);
    proa_canon_init(&w->canon);
}

static void finish(struct world *w)
{
    proa_answers_deinit(&w->s);
    proa_canon_deinit(&w->canon);
}

/* Makes the key of question `i` of caller `who`. */
static const struct proa_cache_key *key(struct world *w, const char *who, size_t i)
{
    (void)snprintf(w->body, sizeof w->body, "{\"question\":%zu}", i);
    assert_ok(proa_canon_read(&w->canon, proa_slice_cstr(w->body)));
    w->key = proa_key_make(&SECRET, proa_slice_cstr(who), &w->canon);
    return &w->key;
}

static bool put(struct world *w, const struct proa_cache_key *k, size_t body_bytes, uint64_t now_ns)
{
    char *body = proa_alloc(body_bytes);
    memset(body, 'b', body_bytes);
    const struct iovec iov[2] = {{body, body_bytes / 2},
                                 {body + body_bytes / 2, body_bytes - body_bytes / 2}};
    struct proa_answer *a = proa_answer_make(200, PROA_SLICE("content-type: x\r\n"), iov, 2);
    a->made_ns = now_ns;
    proa_key_copy(k, w->bytes);
    const bool kept = proa_answers_put(&w->s, k->hash, proa_slice_make(w->bytes, proa_key_bytes(k)),
                                       a, &LIFE, now_ns);
    proa_answer_unref(a);
    proa_free(body);
    return kept;
}

static void test_an_answer_is_whole(void **state)
{
    (void)state;
    const struct iovec iov[3] = {{(char[]){'a', 'b'}, 2}, {NULL, 0}, {(char[]){'c'}, 1}};
    struct proa_answer *a = proa_answer_make(201, PROA_SLICE("f: 1\r\n"), iov, 3);
    assert_int_equal(a->status, 201);
    assert_slice_lit(a->fields, "f: 1\r\n");
    assert_slice_lit(a->body, "abc");
    assert_ptr_equal(proa_answer_ref(a), a);
    proa_answer_unref(a);
    proa_answer_unref(a);
    proa_answer_unref(NULL);
    a = proa_answer_make(200, PROA_SLICE_NONE, NULL, 0);
    assert_int_equal(a->body.len + a->fields.len, 0);
    proa_answer_unref(a);
}

static void test_fresh_then_stale_then_gone(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1 << 20);
    assert_int_equal(proa_answers_find(&w.s, key(&w, "a", 1), 0).state, PROA_ANSWERS_ABSENT);
    assert_true(put(&w, key(&w, "a", 1), 100, MINUTE));
    struct proa_answers_found f = proa_answers_find(&w.s, key(&w, "a", 1), 3 * MINUTE);
    assert_int_equal(f.state, PROA_ANSWERS_FRESH);
    assert_int_equal(f.age_ns, 2 * MINUTE);
    assert_int_equal(f.answer->body.len, 100);
    assert_true(f.ttl_ns >= 7 * MINUTE - 1 && f.ttl_ns <= 9 * MINUTE); /* a tenth either way */
    f = proa_answers_find(&w.s, key(&w, "a", 1), 13 * MINUTE);
    assert_int_equal(f.state, PROA_ANSWERS_STALE);
    assert_true(f.ttl_ns == 0 && f.stale_ns > 0 && f.stale_ns <= 3 * MINUTE);
    f = proa_answers_find(&w.s, key(&w, "a", 1), 73 * MINUTE);
    assert_int_equal(f.state, PROA_ANSWERS_ABSENT);
    assert_int_equal(proa_answers_n(&w.s), 0);
    assert_int_equal(proa_answers_bytes(&w.s), 0);
    assert_int_equal(w.s.ended[PROA_ANSWERS_END_EXPIRED], 1);
    assert_int_equal(w.s.n_looked, 4);
    assert_int_equal(w.s.n_fresh, 1);
    assert_int_equal(w.s.n_stale, 1);
    assert_int_equal(w.s.n_stored, 1);
    finish(&w);
}

static void test_times_are_spread(void **state)
{
    (void)state;
    struct world w;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    begin(&w, 1 << 20);
    for (size_t i = 0; i < 200; i++) {
        assert_true(put(&w, key(&w, "a", i), 1, 0));
        const uint64_t ttl = proa_answers_find(&w.s, key(&w, "a", i), 0).ttl_ns;
        least = ttl < least ? ttl : least;
        most = ttl > most ? ttl : most;
    }
    assert_true(least >= 9 * MINUTE && least < 9 * MINUTE + MINUTE / 5);
    assert_true(most <= 11 * MINUTE && most > 11 * MINUTE - MINUTE / 5);
    finish(&w);
}

/* T-G: two callers never see each other's answers. */
static void test_g_callers_are_apart(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1 << 20);
    assert_true(put(&w, key(&w, "a", 1), 10, 0));
    assert_int_equal(proa_answers_find(&w.s, key(&w, "b", 1), 0).state, PROA_ANSWERS_ABSENT);
    assert_int_equal(proa_answers_find(&w.s, key(&w, "a", 2), 0).state, PROA_ANSWERS_ABSENT);
    assert_int_equal(proa_answers_find(&w.s, key(&w, "a", 1), 0).state, PROA_ANSWERS_FRESH);
    finish(&w);
}

/* A collision of the whole hash, however made, serves nobody another's answer. */
static void test_g_collisions_are_misses(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1 << 20);
    assert_true(put(&w, key(&w, "victim", 1), 10, 0));
    const struct proa_hash128 hash = w.key.hash;
    (void)key(&w, "other", 2);
    w.key.hash = hash;
    assert_int_equal(proa_answers_find(&w.s, &w.key, 0).state, PROA_ANSWERS_ABSENT);
    char bytes[64];
    proa_key_copy(&w.key, bytes);
    const struct proa_slice forged = proa_slice_make(bytes, proa_key_bytes(&w.key));
    assert_int_equal(proa_answers_find_again(&w.s, hash, forged, 0).state, PROA_ANSWERS_ABSENT);
    /* The later of the two has the place; the other one is a miss then. */
    assert_true(put(&w, &w.key, 20, 0));
    assert_int_equal(proa_answers_find(&w.s, &w.key, 0).answer->body.len, 20);
    assert_int_equal(proa_answers_find(&w.s, key(&w, "victim", 1), 0).state, PROA_ANSWERS_ABSENT);
    assert_int_equal(proa_answers_n(&w.s), 1);
    finish(&w);
}

/* That bytes were found equal to an entry's is remembered of that entry, and no other. */
static void test_g_a_proof_is_of_one_entry(void **state)
{
    (void)state;
    struct world w;
    uint64_t proven = 0;
    begin(&w, 1 << 20);
    assert_true(put(&w, key(&w, "victim", 1), 10, 0));
    struct proa_cache_key victim = *key(&w, "victim", 1);
    victim.proven = &proven;
    assert_int_equal(proa_answers_find(&w.s, &victim, 0).answer->body.len, 10);
    assert_true(proven > 0);
    const uint64_t first = proven;
    assert_int_equal(proa_answers_find(&w.s, &victim, 0).state, PROA_ANSWERS_FRESH);
    /* Another one has its place: by a collision, */
    struct proa_cache_key other = *key(&w, "other", 2);
    other.hash = victim.hash;
    assert_true(put(&w, &other, 20, 0));
    victim = *key(&w, "victim", 1);
    victim.proven = &proven;
    assert_int_equal(proa_answers_find(&w.s, &victim, 0).state, PROA_ANSWERS_ABSENT);
    /* and one of its own, made later. */
    assert_true(put(&w, &victim, 30, 0));
    assert_int_equal(proa_answers_find(&w.s, &victim, 0).answer->body.len, 30);
    assert_true(proven > first);
    assert_int_equal(proa_answers_purge(&w.s), 1);
    assert_int_equal(proa_answers_find(&w.s, &victim, 0).state, PROA_ANSWERS_ABSENT);
    finish(&w);
}

static void test_again_by_its_bytes(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1 << 20);
    assert_true(put(&w, key(&w, "a", 1), 10, 0));
    const struct proa_slice bytes = proa_slice_make(w.bytes, proa_key_bytes(&w.key));
    assert_int_equal(proa_answers_find_again(&w.s, w.key.hash, bytes, 12 * MINUTE).state,
                     PROA_ANSWERS_STALE);
    assert_int_equal(
        proa_answers_find_again(&w.s, w.key.hash, proa_slice_head(bytes, bytes.len - 1), 0).state,
        PROA_ANSWERS_ABSENT);
    finish(&w);
}

static void test_replaces(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1 << 20);
    assert_true(put(&w, key(&w, "a", 1), 10, 0));
    const uint64_t bytes = proa_answers_bytes(&w.s);
    assert_true(put(&w, key(&w, "a", 1), 30, MINUTE));
    assert_int_equal(proa_answers_n(&w.s), 1);
    assert_int_equal(proa_answers_bytes(&w.s), bytes + 20);
    assert_int_equal(proa_answers_find(&w.s, key(&w, "a", 1), MINUTE).answer->body.len, 30);
    assert_int_equal(w.s.ended[PROA_ANSWERS_END_REPLACED], 1);
    finish(&w);
}

/* T-G: the byte cap is hard, at ten times as much as there is room for. */
static void test_g_the_cap_is_hard(void **state)
{
    (void)state;
    struct world w;
    const uint64_t cap = 1 << 18;
    uint64_t offered = 0;
    begin(&w, cap);
    for (size_t i = 0; offered < 10 * cap; i++) {
        const size_t bytes = 16 + i * 37 % 3000;
        offered += bytes;
        assert_true(put(&w, key(&w, "a", i), bytes, 0));
        assert_true(proa_answers_bytes(&w.s) <= cap);
    }
    assert_true(proa_answers_bytes(&w.s) > cap * 9 / 10); /* and used */
    assert_true(w.s.ended[PROA_ANSWERS_END_ROOM] > 0);
    finish(&w);
}

static void test_too_large_for_the_room(void **state)
{
    (void)state;
    struct world w;
    begin(&w, (uint64_t)40 * 1024);
    assert_false(put(&w, key(&w, "a", 1), 1024, 0)); /* with its key and overhead */
    assert_true(put(&w, key(&w, "a", 1), 512, 0));
    assert_false(put(&w, key(&w, "a", 1), 4096, 0));
    assert_int_equal(proa_answers_n(&w.s), 0); /* what was there is no longer the answer */
    finish(&w);
    begin(&w, 0);
    assert_false(put(&w, key(&w, "a", 1), 1, 0));
    assert_int_equal(proa_answers_find(&w.s, key(&w, "a", 1), 0).state, PROA_ANSWERS_ABSENT);
    finish(&w);
}

static void test_purge_and_held_answers(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 1 << 20);
    for (size_t i = 0; i < 50; i++) {
        assert_true(put(&w, key(&w, "a", i), 10, 0));
    }
    struct proa_answer *held = proa_answer_ref(proa_answers_find(&w.s, key(&w, "a", 7), 0).answer);
    assert_int_equal(proa_answers_purge(&w.s), 50);
    assert_int_equal(proa_answers_purge(&w.s), 0);
    assert_int_equal(proa_answers_bytes(&w.s), 0);
    assert_int_equal(w.s.ended[PROA_ANSWERS_END_PURGED], 50);
    assert_int_equal(held->body.len, 10); /* whoever sends it may go on */
    proa_answer_unref(held);
    assert_string_equal(proa_answers_end_text(PROA_ANSWERS_END_ROOM), "room");
    assert_string_equal(proa_answers_end_text(PROA_ANSWERS_END_PURGED), "purged");
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_is_whole),
        cmocka_unit_test(test_fresh_then_stale_then_gone),
        cmocka_unit_test(test_times_are_spread),
        cmocka_unit_test(test_g_callers_are_apart),
        cmocka_unit_test(test_g_collisions_are_misses),
        cmocka_unit_test(test_g_a_proof_is_of_one_entry),
        cmocka_unit_test(test_again_by_its_bytes),
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_g_the_cap_is_hard),
        cmocka_unit_test(test_too_large_for_the_room),
        cmocka_unit_test(test_purge_and_held_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
