/*
 * The shared cache, seen from one exchange: what another Proa has got may save the call.
 *
 * Whoever leads a flight asks first, if the store is well; seats may be taken meanwhile. An answer
 * that is there is kept here, too, so that it is asked for once. What is kept here is handed on
 * when the loop's turn ends: the reply has gone then.
 */
#include "cached_priv.h"

#include "proa/core/alloc.h"
#include "proa/io/file.h"

#include <string.h>

enum { TO_SHARE_MAX = 4 * 1024 * 1024 }; /* bytes that wait to be sealed */

static const uint64_t NS_PER_MS = PROA_NS_PER_S / 1000;
static const uint64_t LIFE_MAX_MS = UINT64_C(366) * 24 * 3600 * 1000;

_Static_assert((int)PROA_STORE_NAME_BYTES == (int)PROA_SEALED_NAME_BYTES, "one name");
_Static_assert((int)PROA_STORE_VALUE_MAX == (int)PROA_SEALED_MAX, "one size");

/* An answer that is to be handed on. */
struct to_share {
    struct proa_list node;
    struct proa_answer *answer;
    struct proa_answers_life life;
    uint64_t bytes;
    size_t key_len;
    char key[];
};

static void share_all(void *ctx);

void proa_shared_init(struct proa_cached_host *ch)
{
    static const char *const names[SHARED_RESULTS] = {
        [SHARED_HIT] = "hit",       [SHARED_MISS] = "miss", [SHARED_EXPIRED] = "expired",
        [SHARED_FORGED] = "forged", [SHARED_LATE] = "late", [SHARED_FAILED] = "failed",
        [SHARED_AWAY] = "away",
    };
    proa_list_init(&ch->to_share);
    proa_buf_init(&ch->seal, PROA_SEALED_MAX + 1);
    ch->share.fn = share_all;
    ch->share.ctx = ch;
    if (!ch->host->store) {
        return;
    }
    proa_sealed_init(&ch->sealed, ch->host->shared_key);
    memcpy(ch->secret.names, ch->sealed.names, sizeof ch->secret.names);
    for (int i = 0; i < SHARED_RESULTS; i++) {
        ch->m_shared[i] = proa_metric_series1(ch->host->metrics, PROA_METRIC_CACHE_SHARED_GETS,
                                              proa_slice_cstr(names[i]));
    }
}

static struct to_share *next(struct proa_cached_host *ch)
{
    struct proa_list *node = proa_list_pop_front(&ch->to_share);
    return node ? PROA_CONTAINER_OF(node, struct to_share, node) : NULL;
}

static void release(struct proa_cached_host *ch, struct to_share *t)
{
    ch->to_share_bytes -= t->bytes;
    proa_answer_unref(t->answer);
    proa_free(t);
}

void proa_shared_deinit(struct proa_cached_host *ch)
{
    struct to_share *t;
    while ((t = next(ch)) != NULL) {
        release(ch, t);
    }
    proa_defer_cancel(ch->host->loop, &ch->share);
    proa_buf_deinit(&ch->seal);
    proa_sealed_deinit(&ch->sealed);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void count(struct proa_cached_host *ch, enum shared_result result)
{
    proa_metric_add(ch->m_shared[result], 1);
}

bool proa_shared_is_there(struct proa_cached_host *ch)
{
    const struct proa_store *store = ch->host->store;
    if (store && !proa_store_is_well(store)) {
        count(ch, SHARED_AWAY);
    }
    return store && proa_store_is_well(store);
}

static uint64_t ns_of(uint64_t ms)
{
    return (ms < LIFE_MAX_MS ? ms : LIFE_MAX_MS) * NS_PER_MS;
}

/* An answer as it is kept, with a reference for the caller; NULL: it is of no use. */
static struct proa_answer *open_value(const struct proa_exchange *x, struct proa_buf *value,
                                      struct proa_answers_life *life, enum shared_result *result)
{
    const struct proa_cached_host *ch = x->host->cached;
    const struct proa_slice key = x->cached->flight->key;
    struct proa_sealed_value v;
    *result = SHARED_FORGED;
    if (proa_sealed_read(&ch->sealed, key, value, &v) != PROA_OK) {
        return NULL;
    }
    const struct proa_sealed_life left = proa_sealed_life(&v, proa_loop_wall_ms(x->host->loop));
    const struct iovec iov = {(void *)(uintptr_t)v.body.ptr, v.body.len};
    *result = SHARED_EXPIRED;
    if (left.state == PROA_SEALED_OVER) {
        return NULL;
    }
    struct proa_answer *answer = proa_answer_make(v.status, v.fields, &iov, 1);
    answer->made_ns = proa_clock_since(proa_loop_now(x->host->loop), ns_of(left.age_ms));
    answer->input_tokens = v.input_tokens;
    answer->output_tokens = v.output_tokens;
    answer->cost_pico_usd = v.cost_pico_usd;
    life->ttl_ns = ns_of(left.ttl_ms);
    life->stale_ns = ns_of(left.stale_ms);
    if (left.state == PROA_SEALED_FRESH && ns_of(left.age_ms) <= x->cached->max_age_ns) {
        *result = SHARED_HIT;
    }
    return answer;
}

static void deliver(struct proa_exchange *x, struct proa_answer *answer, uint64_t ttl_ns)
{
    const struct told what = {
        .kind = TOLD_ANSWER, .verdict = VERDICT_HIT, .answer = answer, .ttl_ns = ttl_ns};
    x->cached->ttl_ns = ttl_ns;
    proa_coalesce_tell(x, &what);
    proa_cached_send(x, answer, VERDICT_HIT);
    proa_exchange_finish(x, PROA_OUTCOME_OK);
}

static void on_answer(void *ctx, enum proa_store_result result, struct proa_buf *value)
{
    struct proa_exchange *x = ctx;
    struct proa_cached_host *ch = x->host->cached;
    struct proa_flight *f = x->cached->flight;
    struct proa_answer *answer = NULL;
    struct proa_answers_life life = {0};
    enum shared_result what = SHARED_FAILED;
    x->cached->ask = NULL;
    proa_coalesce_stop_waiting(x);
    switch (result) {
    case PROA_STORE_VALUE:
        answer = open_value(x, value, &life, &what);
        break;
    case PROA_STORE_NONE:
        what = SHARED_MISS;
        break;
    case PROA_STORE_LATE:
        what = SHARED_LATE;
        break;
    case PROA_STORE_FAILED:
        break;
    }
    count(ch, what);
    const uint64_t now = proa_loop_now(x->host->loop);
    if (answer &&
        (what == SHARED_HIT || proa_answers_find_again(&ch->answers, f->hash, f->key, now).state ==
                                   PROA_ANSWERS_ABSENT)) {
        (void)proa_answers_put(&ch->answers, f->hash, f->key, answer, &life, now);
    }
    if (proa_flight_shared(f, what == SHARED_HIT).kind == PROA_FLIGHT_DELIVER) {
        deliver(x, answer, life.ttl_ns);
    } else {
        proa_exchange_start(x);
    }
    proa_answer_unref(answer);
}

bool proa_shared_ask(struct proa_exchange *x, uint64_t deadline_ns)
{
    struct cached *c = x->cached;
    unsigned char name[PROA_SEALED_NAME_BYTES];
    struct proa_store_ask *ask = PROA_ARENA_NEW(x->arena, struct proa_store_ask);
    ask->on_answer = on_answer;
    ask->ctx = x;
    proa_sealed_name(&x->host->cached->sealed, c->flight->key, name);
    if (!proa_store_get(x->host->store, name, ask, deadline_ns)) {
        count(x->host->cached, SHARED_AWAY);
        return false;
    }
    c->ask = ask;
    c->waits_since_ns = proa_loop_now(x->host->loop);
    return true;
}

void proa_shared_forget(struct proa_exchange *x)
{
    if (x->cached->ask) {
        proa_store_cancel(x->cached->ask);
        x->cached->ask = NULL;
    }
}

/* ---- handing on ------------------------------------------------------------------------------ */

static void count_lost(struct proa_cached_host *ch, const char *why)
{
    proa_metric_add(
        proa_metric_series1(ch->host->metrics, PROA_METRIC_CACHE_SHARED_SETS, proa_slice_cstr(why)),
        1);
}

void proa_shared_keep(struct proa_exchange *x, struct proa_answer *answer,
                      const struct proa_answers_life *life)
{
    struct proa_cached_host *ch = x->host->cached;
    const struct proa_slice key = x->cached->flight->key;
    const uint64_t bytes = (uint64_t)key.len + answer->fields.len + answer->body.len;
    if (!ch->host->store) {
        return;
    }
    if (!proa_store_is_well(ch->host->store) || bytes > TO_SHARE_MAX - ch->to_share_bytes) {
        count_lost(ch, "dropped");
        return;
    }
    struct to_share *t = proa_alloc(sizeof *t + key.len);
    *t = (struct to_share){.life = *life, .bytes = bytes, .key_len = key.len};
    t->answer = proa_answer_ref(answer);
    memcpy(t->key, key.ptr, key.len);
    ch->to_share_bytes += bytes;
    proa_list_init(&t->node);
    proa_list_push_back(&ch->to_share, &t->node);
    proa_defer(x->host->loop, &ch->share);
}

static void share(struct proa_cached_host *ch, const struct to_share *t, uint64_t now_ms)
{
    const struct proa_answer *a = t->answer;
    const struct proa_slice key = proa_slice_make(t->key, t->key_len);
    const uint64_t ttl_ms = t->life.ttl_ns / NS_PER_MS;
    const uint64_t stale_ms = t->life.stale_ns / NS_PER_MS;
    unsigned char name[PROA_SEALED_NAME_BYTES];
    unsigned char nonce[PROA_SEALED_NONCE_BYTES];
    const struct proa_sealed_value value = {.made_ms = now_ms,
                                            .fresh_until_ms = now_ms + ttl_ms,
                                            .stale_until_ms = now_ms + ttl_ms + stale_ms,
                                            .input_tokens = a->input_tokens,
                                            .output_tokens = a->output_tokens,
                                            .cost_pico_usd = a->cost_pico_usd,
                                            .status = a->status,
                                            .fields = a->fields,
                                            .body = a->body};
    proa_process_random(nonce, sizeof nonce);
    proa_buf_clear(&ch->seal);
    if (ttl_ms + stale_ms == 0) {
        count_lost(ch, "dropped");
    } else if (proa_sealed_write(&ch->sealed, key, &value, nonce, &ch->seal) != PROA_OK) {
        count_lost(ch, "large");
    } else {
        proa_sealed_name(&ch->sealed, key, name);
        proa_store_set(ch->host->store, name, proa_buf_slice(&ch->seal), ttl_ms + stale_ms);
    }
}

static void share_all(void *ctx)
{
    struct proa_cached_host *ch = ctx;
    struct to_share *t;
    while ((t = next(ch)) != NULL) {
        share(ch, t, proa_loop_wall_ms(ch->host->loop));
        release(ch, t);
    }
    proa_buf_trim(&ch->seal, (size_t)64 * 1024);
}
