#include "proa/auth/token.h"

#include "proa/core/clock.h"

enum { EARLY_S = 5 * 60, LIFE_DEFAULT_S = 3600, BACKOFF_BASE_S = 1, BACKOFF_CAP_S = 60 };

static bool is_usable(const struct proa_token_state *s, uint64_t now_ns)
{
    return s->has && now_ns < s->usable_ns;
}

static bool may_ask(const struct proa_token_state *s, uint64_t now_ns)
{
    return !s->asking && now_ns >= s->not_before_ns;
}

enum proa_token_advice proa_token_advise(const struct proa_token_state *s, uint64_t now_ns)
{
    if (is_usable(s, now_ns)) {
        return now_ns >= s->due_ns && may_ask(s, now_ns) ? PROA_TOKEN_USE_AND_ASK : PROA_TOKEN_USE;
    }
    if (s->asking) {
        return PROA_TOKEN_WAIT;
    }
    return may_ask(s, now_ns) ? PROA_TOKEN_ASK : PROA_TOKEN_FAILED;
}

void proa_token_asked(struct proa_token_state *s)
{
    s->asking = true;
}

void proa_token_got(struct proa_token_state *s, uint64_t asked_ns, uint64_t life_s, uint64_t random)
{
    life_s = life_s == 0 ? LIFE_DEFAULT_S : life_s;
    life_s = life_s < PROA_TOKEN_LIFE_MAX_S ? life_s : PROA_TOKEN_LIFE_MAX_S;
    const uint64_t life_ns = life_s * PROA_NS_PER_S;
    const uint64_t most = EARLY_S * PROA_NS_PER_S;
    uint64_t early = life_ns / 10 < most ? life_ns / 10 : most;
    early += random % (early / 2 + 1);
    *s = (struct proa_token_state){
        .has = true,
        .due_ns = proa_clock_after(asked_ns, life_ns - early),
        .usable_ns = proa_clock_after(asked_ns, life_ns),
    };
}

void proa_token_failed(struct proa_token_state *s, bool refused, uint64_t now_ns, uint64_t random)
{
    uint64_t wait_s = BACKOFF_CAP_S;
    if (s->failures < 6) {
        wait_s = (uint64_t)BACKOFF_BASE_S << s->failures;
        wait_s = wait_s < BACKOFF_CAP_S ? wait_s : BACKOFF_CAP_S;
    }
    uint64_t wait_ns = wait_s * PROA_NS_PER_S;
    wait_ns -= random % (wait_ns / 4 + 1);
    s->asking = false;
    s->refused = refused;
    s->failures += s->failures < UINT32_MAX ? 1 : 0;
    s->not_before_ns = proa_clock_after(now_ns, wait_ns);
}

void proa_token_dropped(struct proa_token_state *s)
{
    s->asking = false;
}

void proa_token_rejected(struct proa_token_state *s, uint64_t now_ns)
{
    if (s->has) {
        s->usable_ns = s->usable_ns < now_ns ? s->usable_ns : now_ns;
        s->due_ns = s->due_ns < now_ns ? s->due_ns : now_ns;
    }
}

void proa_token_source_changed(struct proa_token_state *s, uint64_t now_ns)
{
    s->refused = false;
    s->failures = 0;
    s->not_before_ns = 0;
    if (s->has && s->due_ns > now_ns) {
        s->due_ns = now_ns;
    }
}

uint64_t proa_token_next_ns(const struct proa_token_state *s)
{
    if (s->asking || !s->has) {
        return PROA_NEVER;
    }
    return s->due_ns > s->not_before_ns ? s->due_ns : s->not_before_ns;
}
