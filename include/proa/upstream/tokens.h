/*
 * Access tokens: gets them where a key's grant says, keeps them fresh, and hands them out.
 *
 * I/O half. A source is the tokens of one grant (proa/policy/snapshot.h); it outlives a reload that
 * asks the same of the same endpoint, with what has changed of its credential. One request at a
 * time for each; who needs a token that is not there waits for that request. What a state leads to
 * is decided by proa/auth/token.h, what is sent and read by proa/auth/grant.h.
 *
 * Tokens are known to the redactor from when they come until the one after the next has come.
 */
#ifndef PROA_UPSTREAM_TOKENS_H
#define PROA_UPSTREAM_TOKENS_H

#include "proa/auth/authorization.h"
#include "proa/auth/redact.h"
#include "proa/core/list.h"
#include "proa/io/loop.h"
#include "proa/obs/log.h"
#include "proa/obs/metric.h"
#include "proa/policy/snapshot.h"

struct proa_upstream;
struct proa_tokens;       /* all sources of a loop */
struct proa_token_source; /* one of them */

/* All borrowed; redactor and log may be NULL. */
struct proa_tokens_cfg {
    struct proa_loop *loop;
    struct proa_upstream *upstream;
    struct proa_metric_reg *metrics;
    struct proa_redactor *redactor;
    struct proa_logger *log;
    uint64_t seed;
};
struct proa_tokens *proa_tokens_create(const struct proa_tokens_cfg *cfg);
/* Ends all requests; no source may be referred to. Before the upstream. NULL is fine. */
void proa_tokens_destroy(struct proa_tokens *tokens);

/*
 * The source of a grant of this snapshot, which it keeps alive. Begins to ask for a token if it has
 * none. A reference, given back by proa_token_source_unref().
 */
struct proa_token_source *proa_token_source_get(struct proa_tokens *tokens,
                                                struct proa_snapshot *snapshot,
                                                const struct proa_key_grant *grant);
void proa_token_source_unref(struct proa_token_source *source);

/* Why there is no token. */
struct proa_token_failure {
    enum proa_err err;        /* PERMISSION: the credential behind it was refused */
    struct proa_slice detail; /* for people, secrets blackened; borrowed for the call */
};

/* One who waits; embedded, zero-initialised. `on_token` comes once, never inside a call of this
 * unit and never after proa_token_wait_cancel(); failure NULL: ask again, there is one now. */
struct proa_token_wait {
    struct proa_list node;
    struct proa_timer timer;
    struct proa_token_source *source; /* NULL: does not wait */
    void (*on_token)(void *ctx, const struct proa_token_failure *failure);
    void *ctx;
};

enum proa_token_take { PROA_TOKEN_TAKEN = 0, PROA_TOKEN_WAITS, PROA_TOKEN_NONE };

/*
 * TAKEN: secret, access_id and session_token of *out are set, borrowed until this callback returns,
 * and *serial tells this token from others. WAITS: on_token comes, at the latest after span_ns
 * (ERR_TIMEOUT). NONE: asking has just failed; *failure says why.
 */
enum proa_token_take proa_token_source_take(struct proa_token_source *source,
                                            struct proa_authorization *out, uint32_t *serial,
                                            struct proa_token_wait *wait, uint64_t span_ns,
                                            struct proa_token_failure *failure);
void proa_token_wait_cancel(struct proa_token_wait *wait); /* harmless where it does not wait */

/* A provider turned the token of that serial down: it is not handed out again, and the next one may
 * be taken. False where it is so young that another would do no better. */
bool proa_token_source_reject(struct proa_token_source *source, uint32_t serial);

#endif
