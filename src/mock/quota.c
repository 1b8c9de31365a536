#include "quota_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

static const uint64_t MINUTE_NS = 60 * PROA_NS_PER_S;
static const uint64_t UNLIMITED_REQUESTS = 10000;
static const uint64_t UNLIMITED_TOKENS = 2000000;

void proa_mock_quota_init(struct mock_quota *q, uint64_t seed)
{
    proa_map_init(&q->counters, seed);
}

void proa_mock_quota_deinit(struct mock_quota *q)
{
    size_t cursor = 0;
    const struct proa_map_entry *entry;
    while ((entry = proa_map_next(&q->counters, &cursor)) != NULL) {
        proa_free(entry->value);
    }
    proa_map_deinit(&q->counters);
}

struct mock_counter *proa_mock_quota_counter(struct mock_quota *q, uint64_t id)
{
    struct mock_counter *c = proa_map_get(&q->counters, proa_slice_make(&id, sizeof id));
    if (c) {
        return c;
    }
    if (q->counters.len >= MOCK_QUOTA_MAX_COUNTERS) {
        const uint64_t seed = q->counters.seed;
        proa_mock_quota_deinit(q);
        proa_mock_quota_init(q, seed);
    }
    c = PROA_NEW(struct mock_counter);
    c->id = id;
    (void)proa_map_put(&q->counters, proa_slice_make(&c->id, sizeof c->id), c);
    return c;
}

static void leak(struct mock_bucket *b, uint64_t span_ns)
{
    b->level_ns -= span_ns < b->level_ns ? span_ns : b->level_ns;
}

/* Time that `amount` of a limit per minute takes to come back; at most a minute and some. */
static uint64_t cost_of(uint64_t amount, uint64_t limit)
{
    return amount >= limit ? MINUTE_NS : amount * (MINUTE_NS / limit);
}

/* What is left of a limit at this level, rounded down. */
static uint64_t left_of(const struct mock_bucket *b, uint64_t limit)
{
    const uint64_t used = (b->level_ns + MINUTE_NS / limit - 1) / (MINUTE_NS / limit);
    return used < limit ? limit - used : 0;
}

static uint64_t wait_for(const struct mock_bucket *b, uint64_t cost)
{
    const uint64_t level = b->level_ns + cost;
    return level > MINUTE_NS ? level - MINUTE_NS : 0;
}

/* Without a limit the level stays below the half, so that nobody holds back. */
static void fill(struct mock_bucket *b, uint64_t cost, bool limited)
{
    b->level_ns += cost;
    if (!limited && b->level_ns > MINUTE_NS / 2) {
        b->level_ns = MINUTE_NS / 2;
    }
}

void proa_mock_quota_charge(struct mock_counter *c, const struct mock_limits *limits,
                            uint64_t tokens, uint64_t now_ns, struct mock_standing *out)
{
    *out = (struct mock_standing){
        .limit_requests = limits->requests ? limits->requests : UNLIMITED_REQUESTS,
        .limit_tokens = limits->tokens ? limits->tokens : UNLIMITED_TOKENS,
    };
    const uint64_t span = proa_clock_since(now_ns, c->at_ns);
    leak(&c->requests, span);
    leak(&c->tokens, span);
    c->at_ns = now_ns;
    const uint64_t cost = cost_of(1, out->limit_requests);
    const uint64_t token_cost = cost_of(tokens, out->limit_tokens);
    const uint64_t wait = limits->requests ? wait_for(&c->requests, cost) : 0;
    const uint64_t token_wait = limits->tokens ? wait_for(&c->tokens, token_cost) : 0;
    out->wait_ns = wait > token_wait ? wait : token_wait;
    out->refused = out->wait_ns > 0;
    if (!out->refused) {
        fill(&c->requests, cost, limits->requests > 0);
        fill(&c->tokens, token_cost, limits->tokens > 0);
    }
    out->left_requests = left_of(&c->requests, out->limit_requests);
    out->reset_requests_ns = c->requests.level_ns;
    out->left_tokens = left_of(&c->tokens, out->limit_tokens);
    out->reset_tokens_ns = c->tokens.level_ns;
}

void proa_mock_quota_append_duration(struct proa_buf *out, uint64_t ns)
{
    ns += PROA_NS_PER_MS - 1; /* whole milliseconds, rounded up */
    ns -= ns % PROA_NS_PER_MS;
    const uint64_t seconds = ns / PROA_NS_PER_S;
    if (ns > 0 && seconds == 0) {
        (void)proa_buf_append_u64(out, ns / PROA_NS_PER_MS);
        PROA_BUF_LIT(out, "ms");
        return;
    }
    if (seconds >= 3600) {
        (void)proa_buf_append_u64(out, seconds / 3600);
        PROA_BUF_LIT(out, "h");
    }
    if (seconds >= 60) {
        (void)proa_buf_append_u64(out, seconds / 60 % 60);
        PROA_BUF_LIT(out, "m");
    }
    /* Seconds with millisecond decimals: the same digits, scaled once more. */
    (void)proa_buf_append_ms(out, ns % (60 * PROA_NS_PER_S) / 1000, 3);
    PROA_BUF_LIT(out, "s");
}
