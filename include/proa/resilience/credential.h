/*
 * States of a credential, which are no breaker's: refused (401, 403) and out of quota (402,
 * credit). It is out for a time that doubles, at most to a cap; a hard reset time of the provider
 * wins.
 *
 * Pure value type.
 */
#ifndef PROA_RESILIENCE_CREDENTIAL_H
#define PROA_RESILIENCE_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

struct proa_credential_cfg {
    uint64_t disabled_ns;  /* first time out after 401 and 403: 5 min */
    uint64_t exhausted_ns; /* after 402 and spent quotas: 10 min */
    uint64_t cap_ns;       /* 1 h */
    uint64_t mask_ns;      /* a model that a key or pool does not have: 10 min */
};

enum proa_credential_state {
    PROA_CREDENTIAL_ACTIVE = 0,
    PROA_CREDENTIAL_DISABLED,
    PROA_CREDENTIAL_EXHAUSTED
};
const char *proa_credential_state_text(enum proa_credential_state state);

struct proa_credential {
    enum proa_credential_state state;
    uint32_t times;    /* out in sequence */
    uint64_t out_ns;   /* when it last went out */
    uint64_t until_ns; /* out before this */
};

void proa_credential_init(struct proa_credential *c);
/* May it be used? After `until` it may again, one verdict at a time being the caller's business. */
bool proa_credential_usable(const struct proa_credential *c, uint64_t now_ns);
/* Both: verdicts that come while it is out do not double the span again, and never shorten it. */
void proa_credential_refused(struct proa_credential *c, const struct proa_credential_cfg *cfg,
                             uint64_t now_ns);
/* reset_ns: span until the provider's own reset, in place of the doubled one; 0 = not said. */
void proa_credential_exhausted(struct proa_credential *c, const struct proa_credential_cfg *cfg,
                               uint64_t reset_ns, uint64_t now_ns);
/* An attempt with it that began at started_ns was taken. One that began before it went out proves
 * nothing. */
void proa_credential_ok(struct proa_credential *c, uint64_t started_ns);

#endif
