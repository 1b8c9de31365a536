/*
 * Request ids: made here as UUID version 7 (RFC 9562 5.7), or taken over from the client when they
 * are harmless to log and to echo.
 *
 * Pure; time and chance are parameters. An id orders requests by time and correlates; it is not a
 * secret.
 */
#ifndef PROA_OBS_REQID_H
#define PROA_OBS_REQID_H

#include "proa/core/prng.h"
#include "proa/core/slice.h"

enum { PROA_REQID_LEN = 36, PROA_REQID_MAX = 128 };

/* "01936c4e-7d3b-7c52-9c1a-2f6f0e5a8b71": lower case, no NUL. unix_ms beyond 48 bits is cut. */
void proa_reqid_make(uint64_t unix_ms, struct proa_prng *prng, char out[PROA_REQID_LEN]);
/* Is a client's x-request-id usable: 1 to PROA_REQID_MAX bytes of [A-Za-z0-9._:/-]? */
bool proa_reqid_valid(struct proa_slice id);

#endif
