/*
 * The way back of proa/engine/status.h: a state that was saved elsewhere takes the place of what is
 * known here, so that what it leads to can be explained.
 *
 * Pure. Each returns false when the roster has nothing of that identity. Windows come back as the
 * counts they had, latencies not at all. Values out of range count as the nearest in it.
 */
#ifndef PROA_ENGINE_SAVED_H
#define PROA_ENGINE_SAVED_H

#include "proa/engine/status.h"

bool proa_saved_endpoint(struct proa_roster *roster, const struct proa_status_endpoint *saved,
                         uint64_t now_ns);
bool proa_saved_pool(struct proa_roster *roster, const struct proa_status_pool *saved,
                     uint64_t now_ns);
bool proa_saved_target(struct proa_roster *roster, const struct proa_status_target *saved,
                       uint64_t now_ns);
/* kind is KEY or GROUP. */
bool proa_saved_access(struct proa_roster *roster, enum proa_status_kind kind,
                       const struct proa_status_access *saved, uint64_t now_ns);
bool proa_saved_limit(struct proa_roster *roster, const struct proa_status_limit *saved,
                      uint64_t now_ns);

#endif
