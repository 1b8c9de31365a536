/*
 * What an operator may do about what the engine knows.
 *
 * Pure. Identities are those of proa/engine/status.h; each returns false, and does nothing, when
 * nothing has that identity or it is not of a kind that the action is for.
 */
#ifndef PROA_ENGINE_OPERATOR_H
#define PROA_ENGINE_OPERATOR_H

#include "proa/engine/status.h"

/* Opens its breaker for this long: endpoint, pool, target. */
bool proa_operator_eject(struct proa_roster *roster, enum proa_status_kind kind,
                         struct proa_slice identity, uint64_t span_ns, uint64_t now_ns);
/* Lets it ramp up again now: endpoint and pool with their targets, target. Key, group: in use again
 * at once. */
bool proa_operator_restore(struct proa_roster *roster, enum proa_status_kind kind,
                           struct proa_slice identity, uint64_t now_ns);
/* Forgets everything that was learned of it; what is under way stays counted. Every kind. */
bool proa_operator_reset(struct proa_roster *roster, enum proa_status_kind kind,
                         struct proa_slice identity, uint64_t now_ns);

#endif
