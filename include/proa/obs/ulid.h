/*
 * ULIDs: ids that sort by the time they were made (github.com/ulid/spec): 48 bits of milliseconds
 * and 80 of chance, in Crockford's base 32.
 *
 * Pure; time and chance are parameters. Not a secret.
 */
#ifndef PROA_OBS_ULID_H
#define PROA_OBS_ULID_H

#include "proa/core/prng.h"

enum { PROA_ULID_LEN = 26 };

/* "01ARZ3NDEKTSV4RRFFQ69G5FAV": upper case, no NUL. unix_ms beyond 48 bits is cut. */
void proa_ulid_make(uint64_t unix_ms, struct proa_prng *prng, char out[PROA_ULID_LEN]);

#endif
