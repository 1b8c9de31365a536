#include "proa/resilience/credential.h"

#include "fixed_priv.h"

#include "proa/core/check.h"
#include "proa/core/clock.h"
#include "proa/resilience/backoff.h"

#include <stddef.h>

static const char *const STATE_TEXT[] = {
    [PROA_CREDENTIAL_ACTIVE] = "active",
    [PROA_CREDENTIAL_DISABLED] = "disabled",
    [PROA_CREDENTIAL_EXHAUSTED] = "exhausted",
};

const char *proa_credential_state_text(enum proa_credential_state state)
{
    return (size_t)state < PROA_ARRAY_LEN(STATE_TEXT) ? STATE_TEXT[state] : "unknown";
}

void proa_credential_init(struct proa_credential *c)
{
    *c = (struct proa_credential){.state = PROA_CREDENTIAL_ACTIVE};
}

bool proa_credential_usable(const struct proa_credential *c, uint64_t now_ns)
{
    return c->state == PROA_CREDENTIAL_ACTIVE || now_ns >= c->until_ns;
}

/* The attempts that were under way when it went out will say the same: one time out in sequence. */
static void go_out(struct proa_credential *c, enum proa_credential_state state, uint64_t now_ns)
{
    if (proa_credential_usable(c, now_ns)) {
        c->times += c->times < UINT32_MAX;
        c->out_ns = now_ns;
    }
    c->state = state;
}

static void stay_out(struct proa_credential *c, uint64_t span_ns, uint64_t now_ns)
{
    c->until_ns = max_u64(c->until_ns, proa_clock_after(now_ns, span_ns));
}

void proa_credential_refused(struct proa_credential *c, const struct proa_credential_cfg *cfg,
                             uint64_t now_ns)
{
    go_out(c, PROA_CREDENTIAL_DISABLED, now_ns);
    stay_out(c, proa_backoff_max_ns(cfg->disabled_ns, cfg->cap_ns, c->times - 1), now_ns);
}

void proa_credential_exhausted(struct proa_credential *c, const struct proa_credential_cfg *cfg,
                               uint64_t reset_ns, uint64_t now_ns)
{
    go_out(c, PROA_CREDENTIAL_EXHAUSTED, now_ns);
    uint64_t span_ns = proa_backoff_max_ns(cfg->exhausted_ns, cfg->cap_ns, c->times - 1);
    stay_out(c, reset_ns ? reset_ns : span_ns, now_ns);
}

void proa_credential_ok(struct proa_credential *c, uint64_t started_ns)
{
    if (started_ns >= c->out_ns) {
        proa_credential_init(c);
    }
}
