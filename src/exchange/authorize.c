/*
 * What an attempt shows for itself: the key of its target, or a token that the key is exchanged
 * for, which may have to be waited for.
 */
#include "exchange_priv.h"

#include "proa/auth/secret.h"

static struct proa_slice bytes_of(const struct proa_secret *secret)
{
    return secret ? proa_secret_bytes(secret) : PROA_SLICE_NONE;
}

/* The attempt ends: the credential was refused, or no token came. */
static void fail(struct attempt *a, const struct proa_token_failure *failure)
{
    a->detail = proa_arena_dup(a->x->arena, failure->detail);
    proa_attempt_fail(a, failure->err == PROA_ERR_PERMISSION ? PROA_CLASS_AUTH : PROA_CLASS_TOKEN,
                      failure->err);
}

static void on_token(void *ctx, const struct proa_token_failure *failure)
{
    struct attempt *a = ctx;
    struct proa_authorization authorization;
    if (failure) {
        fail(a, failure);
    } else if (proa_attempt_authorize(a, &authorization)) {
        proa_attempt_send(a, &authorization);
    }
}

static bool take_token(struct attempt *a, struct proa_authorization *out)
{
    const struct proa_key_grant *grant = a->target->key->grant;
    const struct proa_timeout_cfg *timeouts = &a->x->resolved.route->policy->timeouts;
    struct proa_token_failure failure;
    a->token_wait.on_token = on_token;
    a->token_wait.ctx = a;
    out->lines = proa_grant_use_lines(grant->grant.kind);
    switch (proa_token_source_take(a->x->live->tokens[grant->id], out, &a->token_serial,
                                   &a->token_wait, timeouts->connect_ns, &failure)) {
    case PROA_TOKEN_TAKEN:
        return true;
    case PROA_TOKEN_WAITS:
        return false;
    case PROA_TOKEN_NONE:
        break;
    }
    fail(a, &failure);
    return false;
}

bool proa_attempt_authorize(struct attempt *a, struct proa_authorization *out)
{
    const struct proa_key *key = a->target->key;
    *out = (struct proa_authorization){.scheme = key->scheme, .secret = bytes_of(key->secret)};
    if (key->scheme == PROA_AUTH_SIGV4) {
        out->access_id = key->access_id;
        out->session_token = bytes_of(key->session);
        out->region = key->region;
        out->service = key->service;
        out->unix_s = proa_loop_wall_ms(a->x->host->loop) / 1000;
    }
    return !key->grant || take_token(a, out);
}

bool proa_attempt_reject_token(struct attempt *a)
{
    const struct proa_key_grant *grant = a->target->key->grant;
    return grant && proa_token_source_reject(a->x->live->tokens[grant->id], a->token_serial);
}
