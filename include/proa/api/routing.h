/*
 * Where a request may go, as it says itself: the gateway's own options. On every surface they stand
 * in `providerOptions.gateway`; some clients put short forms at the top of the body: `models`,
 * `order`, `only`, `sort`, `byok`, and `provider` with `order`, `only` and `sort` in it. What
 * stands in `providerOptions.gateway` wins.
 *
 * Pure. Reads what the surface's look() has found in place, so that it is the same for all of them.
 * Members that are not known are passed over.
 */
#ifndef PROA_API_ROUTING_H
#define PROA_API_ROUTING_H

#include "proa/api/request.h"
#include "proa/chat/routing.h"
#include "proa/core/arena.h"

enum {
    PROA_ROUTING_PROVIDERS_MAX = 32,   /* names in `order`, in `only`, with a time */
    PROA_ROUTING_MODELS_MAX = 16,      /* after the first */
    PROA_ROUTING_TAGS_MAX = 32,        /* of at most 128 bytes; `user` has at most 256 */
    PROA_ROUTING_CREDENTIALS_MAX = 16, /* of all providers */
    PROA_ROUTING_MAPPINGS_MAX = 64,    /* of one of them */
    PROA_ROUTING_SECRET_MIN = 8,       /* bytes; a shorter one could not be blackened in errors */
    PROA_ROUTING_SECRET_MAX = 4096,
    PROA_ROUTING_TIMEOUT_MIN_MS = 1000,
    PROA_ROUTING_TIMEOUT_MAX_MS = 789000
};

/* May there be any? False for nearly every request. */
static inline bool proa_api_routing_is_said(const struct proa_api_request *request)
{
    return request->members[PROA_API_M_PROVIDER_OPTIONS].kind != PROA_JSON_ABSENT ||
           request->n_cuts > 0;
}

/*
 * Reads them: ERR_TYPE and `error` filled, with a message in `text` that names the member and says
 * what it should be, when one is not what it must be; only wipe *out then. Credentials are never
 * part of a message. What *out points to is in the arena, but what is secret in credentials, which
 * borrows from the body wherever nothing in it is escaped; where something is, the body's is
 * overwritten at once.
 */
enum proa_err proa_api_routing_read(const struct proa_api_request *request, struct proa_slice body,
                                    struct proa_arena *arena, struct proa_buf *text,
                                    struct proa_routing *out,
                                    struct proa_api_error *error) PROA_MUST_CHECK;
/* Overwrites what is secret in credentials where it stands, in the body too, which stays JSON. Also
 * after a failure to read. */
void proa_api_routing_wipe(const struct proa_routing *routing);

#endif
