/*
 * The answer cache by itself: what it costs to know a request again, and what stays in a cache that
 * is full.
 *
 * The key: the canonical form and its keyed hash, beside one validating scan of the body and one
 * hash of it in one call, which is the least that such a key could cost. Bodies as SDKs write them,
 * of 1 KB, 10 KB and 100 KB, plain and indented. The three take turns, and the ratio is the median
 * of the rounds' ratios.
 *
 * The queues: S3-FIFO beside LRU on 2 million requests for 100,000 objects of one size whose
 * popularity follows Zipf's law with 0.9, with and without scans: every 20,000 requests, 10,000
 * objects come that never come again. Caches of 1 % and 10 % of the objects.
 *
 * Prints one JSON object; exits with 1 when S3-FIFO does not spare a tenth of LRU's misses.
 */
#include "proa/cache/key.h"
#include "proa/cache/s3fifo.h"
#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/prng.h"
#include "proa/json/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- keys ------------------------------------------------------------------------------------ */

/* A round is short, so that a machine that has two speeds mostly has one during it. */
enum { ROUNDS = 301, ROUND_BYTES = 128 * 1024 };

/* CPU time: a round is about as long as the scheduler's slice, and on a machine with other work a
 * clock on the wall would tell who else ran. */
static uint64_t clock_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * PROA_NS_PER_S + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

/* A chat of so many bytes: a system prompt, and messages in turn. */
static void make_body(struct proa_buf *out, size_t bytes, bool indented)
{
    static const char prose[] = "The quick brown fox jumps over the lazy dog, and then it sleeps. "
                                "Nobody knows why it does that; it said \\\"because\\\".\\n";
    const char *gap = indented ? "\n    " : "";
    const char *colon = indented ? ": " : ":";
    (void)proa_buf_append_printf(out, "{%s\"model\"%s\"openai/gpt-5.5\",%s\"messages\"%s[", gap,
                                 colon, gap, colon);
    for (size_t i = 0; out->len + 180 < bytes; i++) {
        (void)proa_buf_append_printf(out, "%s{\"role\"%s\"%s\",%s\"content\"%s\"", i > 0 ? "," : "",
                                     colon, i % 2 ? "assistant" : "user", gap, colon);
        for (size_t n = 0; n < 5 && out->len + 180 < bytes; n++) {
            (void)proa_buf_append_cstr(out, prose);
        }
        PROA_BUF_LIT(out, "\"}");
    }
    (void)proa_buf_append_printf(out, "],%s\"temperature\"%s0,%s\"max_tokens\"%s256,%s\"seed\"%s7}",
                                 gap, colon, gap, colon, gap, colon);
}

struct at_work {
    struct proa_slice body;
    struct proa_canon canon;
    struct proa_key_secret secret;
    uint64_t sink; /* what is made, so that it is */
};

static void scan(struct at_work *w)
{
    static const struct proa_json_scan_cfg any = {NULL, 0, 0};
    struct proa_json_info info;
    PROA_ASSERT(proa_json_scan(w->body, &any, NULL, &info) == PROA_OK);
    w->sink += info.n_members;
}

static void hash(struct at_work *w)
{
    w->sink += proa_hash128_of(w->secret.hash, w->body).low;
}

static void make_key(struct at_work *w)
{
    PROA_ASSERT(proa_canon_read(&w->canon, w->body) == PROA_OK);
    const struct proa_cache_key key = proa_key_make(
        &w->secret, PROA_SLICE("a scope of some forty bytes, more or less"), &w->canon);
    w->sink += key.hash.low;
}

/* Nanoseconds per call, in one round. */
static double measure(struct at_work *w, void (*fn)(struct at_work *w))
{
    const size_t n = ROUND_BYTES / w->body.len;
    const uint64_t from = clock_ns();
    for (size_t i = 0; i < n; i++) {
        fn(w);
    }
    return (double)(clock_ns() - from) / (double)n;
}

static void key_cost(size_t bytes, bool indented, bool last)
{
    double scan_ns[ROUNDS];
    double hash_ns[ROUNDS];
    double key_ns[ROUNDS];
    double ratio[ROUNDS];
    struct at_work w = {.sink = 0};
    struct proa_buf body;
    struct proa_prng prng;
    proa_buf_init(&body, 2 * bytes);
    make_body(&body, bytes, indented);
    w.body = proa_buf_slice(&body);
    proa_canon_init(&w.canon);
    proa_prng_seed(&prng, 1);
    for (size_t i = 0; i < sizeof w.secret.hash; i++) {
        w.secret.hash[i] = (unsigned char)proa_prng_next(&prng);
    }
    for (size_t r = 0; r < ROUNDS; r++) {
        scan_ns[r] = measure(&w, scan);
        hash_ns[r] = measure(&w, hash);
        key_ns[r] = measure(&w, make_key);
        ratio[r] = key_ns[r] / (scan_ns[r] + hash_ns[r]); /* goal: 1.2 */
    }
    printf("    {\"bytes\": %zu, \"indented\": %s, \"scan_ns\": %.1f, \"hash_ns\": %.1f, "
           "\"key_ns\": %.1f, \"ratio\": %.3f}%s\n",
           body.len, indented ? "true" : "false", median(scan_ns), median(hash_ns), median(key_ns),
           median(ratio), last ? "" : ",");
    proa_canon_deinit(&w.canon);
    proa_buf_deinit(&body);
}

/* ---- queues ---------------------------------------------------------------------------------- */

enum { OBJECTS = 100000, REQUESTS = 2000000, SCAN_EVERY = 20000, SCAN_LENGTH = 10000 };

struct object {
    struct proa_s3fifo_node node; /* its list node serves LRU, too */
};

struct trace {
    double *sums; /* of the weights up to each rank */
    struct proa_prng prng;
};

static size_t next_object(struct trace *t)
{
    const double u = (double)(proa_prng_next(&t->prng) >> 11) / 9007199254740992.0;
    const double at = u * t->sums[OBJECTS - 1];
    size_t low = 0;
    size_t high = OBJECTS - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (t->sums[middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* One request; was it there? */
typedef bool ask_fn(void *cache, struct object *o);

static bool ask_s3fifo(void *cache, struct object *o)
{
    struct proa_s3fifo *q = cache;
    if (proa_list_linked(&o->node.node)) {
        proa_s3fifo_touch(&o->node);
        return true;
    }
    while (proa_s3fifo_is_full(q, 1)) {
        (void)proa_s3fifo_evict(q);
    }
    proa_s3fifo_insert(q, &o->node, false);
    return false;
}

struct lru {
    struct proa_list list; /* latest first */
    size_t n;
    size_t max;
};

static bool ask_lru(void *cache, struct object *o)
{
    struct lru *q = cache;
    const bool there = proa_list_linked(&o->node.node);
    if (there) {
        proa_list_unlink(&o->node.node);
    } else if (q->n == q->max) {
        proa_list_unlink(proa_list_last(&q->list));
    } else {
        q->n++;
    }
    proa_list_push_front(&q->list, &o->node.node);
    return there;
}

static void clear(struct object *o, size_t id)
{
    o->node =
        (struct proa_s3fifo_node){.bytes = 1, .hash = (id + 1) * UINT64_C(0x9E3779B97F4A7C15)};
    o->node.hash ^= o->node.hash >> 29;
    proa_list_init(&o->node.node);
}

/* Hits among the requests that are not of a scan. */
static double hit_ratio(struct trace *t, void *cache, ask_fn *ask, bool scans)
{
    static struct object objects[OBJECTS + REQUESTS / SCAN_EVERY * SCAN_LENGTH];
    size_t hits = 0;
    size_t fresh = OBJECTS; /* what a scan brings */
    for (size_t i = 0; i < PROA_ARRAY_LEN(objects); i++) {
        clear(&objects[i], i);
    }
    proa_prng_seed(&t->prng, 11);
    for (size_t i = 0; i < REQUESTS; i++) {
        hits += ask(cache, &objects[next_object(t)]);
        for (size_t k = 0; scans && i % SCAN_EVERY == 0 && k < SCAN_LENGTH; k++) {
            (void)ask(cache, &objects[fresh++]);
        }
    }
    return (double)hits / REQUESTS;
}

static bool compare_queues(struct trace *t, size_t room, bool scans, bool last)
{
    struct proa_s3fifo q;
    struct lru lru = {.max = room};
    proa_s3fifo_init(&q, room, (uint32_t)room);
    proa_list_init(&lru.list);
    const double ours = hit_ratio(t, &q, ask_s3fifo, scans);
    while (proa_s3fifo_evict(&q)) {
    }
    proa_s3fifo_deinit(&q);
    const double theirs = hit_ratio(t, &lru, ask_lru, scans);
    /* As the paper reports it: by how much of LRU's misses there are fewer. */
    const double less = ((1 - theirs) - (1 - ours)) / (1 - theirs);
    printf("    {\"room\": %zu, \"scans\": %s, \"s3fifo\": %.4f, \"lru\": %.4f, "
           "\"fewer_misses\": %.3f}%s\n",
           room, scans ? "true" : "false", ours, theirs, less, last ? "" : ",");
    return less > 0.1;
}

int main(void)
{
    static const size_t bytes[] = {1024, 10 * 1024, 100 * 1024};
    struct trace t = {.sums = proa_alloc(OBJECTS * sizeof *t.sums)};
    bool met = true;
    double sum = 0;
    for (size_t i = 0; i < OBJECTS; i++) {
        sum += pow((double)(i + 1), -0.9);
        t.sums[i] = sum;
    }
    printf("{\"key\": [\n");
    for (size_t i = 0; i < 2 * PROA_ARRAY_LEN(bytes); i++) {
        key_cost(bytes[i / 2], i % 2 == 1, i + 1 == 2 * PROA_ARRAY_LEN(bytes));
    }
    printf("  ], \"queues\": [\n");
    for (size_t i = 0; i < 4; i++) {
        met = compare_queues(&t, i < 2 ? OBJECTS / 100 : OBJECTS / 10, i % 2 == 1, i == 3) && met;
    }
    printf("  ]}\n");
    proa_free(t.sums);
    return met ? 0 : 1;
}
