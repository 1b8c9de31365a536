/* Sliding counts against a plain list of events; saturation, idle time, clocks, changes of span. */
#include "proa/core/prng.h"
#include "proa/resilience/window.h"

#include <inttypes.h>

#include "proa_test.h"

#define WINDOW (60 * PROA_NS_PER_S)
#define SLOT   (WINDOW / PROA_WINDOW_SLOTS)

static void assert_counts(const struct proa_window *w, uint64_t now_ns, unsigned slots, uint32_t ok,
                          uint32_t fail, uint32_t slow)
{
    struct proa_counts sum = proa_window_sum(w, now_ns, slots);
    assert_int_equal(sum.of[PROA_SAMPLE_OK], ok);
    assert_int_equal(sum.of[PROA_SAMPLE_FAIL], fail);
    assert_int_equal(sum.of[PROA_SAMPLE_SLOW], slow);
}

static void starts_empty(void **state)
{
    (void)state;
    struct proa_window w;
    proa_window_init(&w);
    assert_counts(&w, 0, PROA_WINDOW_SLOTS, 0, 0, 0);
    assert_counts(&w, PROA_NEVER, PROA_WINDOW_SLOTS, 0, 0, 0);
    assert_true(sizeof(w) <= 136);
}

static void kinds_are_counted_apart(void **state)
{
    (void)state;
    struct proa_window w;
    proa_window_init(&w);
    proa_window_add(&w, WINDOW, 1, PROA_SAMPLE_OK);
    proa_window_add(&w, WINDOW, 2, PROA_SAMPLE_FAIL);
    proa_window_add(&w, WINDOW, 3, PROA_SAMPLE_FAIL);
    for (int i = 0; i < 3; i++) {
        proa_window_add(&w, WINDOW, 4, PROA_SAMPLE_SLOW);
    }
    assert_counts(&w, 5, PROA_WINDOW_SLOTS, 1, 2, 3);
}

/* What was added in slot 0 is seen by each window exactly as long as the table says. */
static void samples_age_out_at_slot_borders(void **state)
{
    (void)state;
    static const struct {
        uint64_t now_ns;
        uint32_t fast;
        uint32_t slow;
    } rows[] = {
        {0, 1, 1},         {SLOT - 1, 1, 1},      {SLOT, 1, 1},      {2 * SLOT - 1, 1, 1},
        {2 * SLOT, 0, 1},  {12 * SLOT - 1, 0, 1}, {12 * SLOT, 0, 0}, {13 * SLOT, 0, 0},
        {24 * SLOT, 0, 0}, {1000 * WINDOW, 0, 0},
    };
    struct proa_window w;
    proa_window_init(&w);
    proa_window_add(&w, WINDOW, 0, PROA_SAMPLE_OK);
    PROA_TEST_ROWS(row, rows)
    {
        assert_counts(&w, row->now_ns, PROA_WINDOW_FAST_SLOTS, row->fast, 0, 0);
        assert_counts(&w, row->now_ns, PROA_WINDOW_SLOTS, row->slow, 0, 0);
    }
}

/* ---- against a list of events ---------------------------------------------------------------- */

enum { EVENTS = 4096 };

struct naive {
    uint64_t epoch[EVENTS];
    enum proa_sample sample[EVENTS];
    size_t n;
};

static void naive_drop_old(struct naive *list, uint64_t epoch)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (epoch - list->epoch[i] < PROA_WINDOW_SLOTS) {
            list->epoch[kept] = list->epoch[i];
            list->sample[kept] = list->sample[i];
            kept++;
        }
    }
    list->n = kept;
}

static void naive_check(const struct naive *list, const struct proa_window *w, uint64_t now_ns,
                        unsigned slots)
{
    uint32_t expected[PROA_SAMPLES] = {0};
    for (size_t i = 0; i < list->n; i++) {
        if (now_ns / SLOT - list->epoch[i] < slots) {
            expected[list->sample[i]]++;
        }
    }
    struct proa_counts sum = proa_window_sum(w, now_ns, slots);
    for (unsigned i = 0; i < PROA_SAMPLES; i++) {
        PROA_TEST_CHECK(sum.of[i] == expected[i], "at %" PRIu64 ", %u slots, kind %u: %u, not %u",
                        now_ns, slots, i, sum.of[i], expected[i]);
    }
}

/* Gaps from nothing to ten windows, mostly short ones, so that slots are filled, skipped, reused.
 */
static uint64_t random_gap(struct proa_prng *prng)
{
    switch (proa_prng_below(prng, 100)) {
    case 0:
        return proa_prng_below(prng, 10 * WINDOW);
    case 1:
        return SLOT * proa_prng_below(prng, 14); /* exactly on borders */
    case 2:
        return 0;
    default:
        return proa_prng_below(prng, SLOT / 16);
    }
}

static void equals_a_list_of_events(void **state)
{
    (void)state;
    static struct naive list;
    struct proa_prng prng;
    proa_prng_seed(&prng, 1);
    struct proa_window w;
    proa_window_init(&w);
    uint64_t now_ns = 12345;
    size_t most = 0;
    for (int i = 0; i < 100000; i++) {
        now_ns += random_gap(&prng);
        naive_drop_old(&list, now_ns / SLOT);
        enum proa_sample sample = (enum proa_sample)proa_prng_below(&prng, PROA_SAMPLES);
        proa_window_add(&w, WINDOW, now_ns, sample);
        assert_true(list.n < EVENTS);
        list.epoch[list.n] = now_ns / SLOT;
        list.sample[list.n++] = sample;
        most = list.n > most ? list.n : most;
        naive_check(&list, &w, now_ns, PROA_WINDOW_SLOTS);
        naive_check(&list, &w, now_ns, PROA_WINDOW_FAST_SLOTS);
        naive_check(&list, &w, now_ns, 1 + (unsigned)proa_prng_below(&prng, PROA_WINDOW_SLOTS));
        uint64_t later_ns = now_ns + random_gap(&prng);
        naive_check(&list, &w, later_ns, PROA_WINDOW_SLOTS);
    }
    assert_true(most > 100); /* the list was worth comparing with */
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void counts_saturate(void **state)
{
    (void)state;
    struct proa_window w;
    proa_window_init(&w);
    for (uint32_t i = 0; i < UINT16_MAX + 10U; i++) {
        proa_window_add(&w, WINDOW, 7, PROA_SAMPLE_FAIL);
    }
    proa_window_add(&w, WINDOW, 7, PROA_SAMPLE_OK);
    assert_counts(&w, 7, PROA_WINDOW_SLOTS, 1, UINT16_MAX, 0);
    proa_window_add(&w, WINDOW, 7 + SLOT, PROA_SAMPLE_FAIL);
    assert_counts(&w, 7 + SLOT, PROA_WINDOW_SLOTS, 1, UINT16_MAX + 1, 0);
}

static void backward_clock(void **state)
{
    (void)state;
    struct proa_window w;
    proa_window_init(&w);
    proa_window_add(&w, WINDOW, 20 * SLOT, PROA_SAMPLE_OK);
    proa_window_add(&w, WINDOW, 22 * SLOT, PROA_SAMPLE_OK);
    /* Into the slot it names, which still stands for that time. */
    proa_window_add(&w, WINDOW, 20 * SLOT + 1, PROA_SAMPLE_FAIL);
    assert_counts(&w, 22 * SLOT, PROA_WINDOW_FAST_SLOTS, 1, 0, 0);
    assert_counts(&w, 22 * SLOT, PROA_WINDOW_SLOTS, 2, 1, 0);
    /* Its slot was never used, or stands for a later time: into the newest. */
    proa_window_add(&w, WINDOW, 21 * SLOT, PROA_SAMPLE_SLOW);
    proa_window_add(&w, WINDOW, 10 * SLOT, PROA_SAMPLE_SLOW);
    proa_window_add(&w, WINDOW, SLOT, PROA_SAMPLE_SLOW);
    assert_counts(&w, 22 * SLOT, 1, 1, 0, 3);
    /* Asked for a time before the newest: that counts as the newest. */
    assert_counts(&w, 3 * SLOT, PROA_WINDOW_SLOTS, 2, 1, 3);
    assert_counts(&w, 0, PROA_WINDOW_FAST_SLOTS, 1, 0, 3);
}

/* A span of less than a nanosecond per slot is still one. */
static void smallest_span(void **state)
{
    (void)state;
    struct proa_window w;
    proa_window_init(&w);
    proa_window_add(&w, 0, 100, PROA_SAMPLE_OK);
    assert_counts(&w, 111, PROA_WINDOW_SLOTS, 1, 0, 0);
    assert_counts(&w, 112, PROA_WINDOW_SLOTS, 0, 0, 0);
}

/* A reload halves the span: the counts under the old one stay in force while it may still be said
 * by others, and make way once they would all have aged out. */
static void another_span_takes_over(void **state)
{
    (void)state;
    static const uint64_t spans[] = {WINDOW / 2, WINDOW * 2};
    PROA_TEST_ROWS(span, spans)
    {
        struct proa_window w;
        proa_window_init(&w);
        proa_window_add(&w, WINDOW, 40 * SLOT, PROA_SAMPLE_OK);
        for (unsigned i = 1; i < PROA_WINDOW_SLOTS; i++) {
            proa_window_add(&w, *span, (40 + i) * SLOT, PROA_SAMPLE_FAIL);
            assert_counts(&w, (40 + i) * SLOT, PROA_WINDOW_SLOTS, 1, i, 0);
            assert_counts(&w, (40 + i) * SLOT, 1, 0, 1, 0);
        }
        proa_window_add(&w, *span, 52 * SLOT, PROA_SAMPLE_FAIL);
        assert_counts(&w, 52 * SLOT, PROA_WINDOW_SLOTS, 0, 1, 0);
        assert_counts(&w, 52 * SLOT + *span - SLOT * 2, PROA_WINDOW_SLOTS, 0, 1, 0);
        assert_counts(&w, 52 * SLOT + *span, PROA_WINDOW_SLOTS, 0, 0, 0);
    }
}

/* Two policies that differ over one target: nobody's counts are lost, and time goes on. */
static void alternating_spans_count_in_one(void **state)
{
    (void)state;
    struct proa_window w;
    proa_window_init(&w);
    uint64_t now_ns = 0;
    for (unsigned i = 0; i < 1000; i++) {
        now_ns = i * PROA_NS_PER_S;
        proa_window_add(&w, i % 2 ? WINDOW / 2 : WINDOW, now_ns, PROA_SAMPLE_OK);
    }
    assert_counts(&w, now_ns, PROA_WINDOW_SLOTS, 60, 0, 0);
    assert_counts(&w, now_ns, PROA_WINDOW_FAST_SLOTS, 10, 0, 0);
    assert_counts(&w, now_ns + WINDOW, PROA_WINDOW_SLOTS, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(kinds_are_counted_apart),
        cmocka_unit_test(samples_age_out_at_slot_borders),
        cmocka_unit_test(equals_a_list_of_events),
        cmocka_unit_test(counts_saturate),
        cmocka_unit_test(backward_clock),
        cmocka_unit_test(smallest_span),
        cmocka_unit_test(another_span_takes_over),
        cmocka_unit_test(alternating_spans_count_in_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
