/*
 * What the engine knows as one JSON object: the body of GET /admin/state, and what `proa status`
 * and `proa explain --state` read.
 *
 * Pure writers and readers; they stand in this module because nobody else needs them. Spans are in
 * milliseconds, shares and ratios are numbers where 1 is the whole or the usual.
 */
#ifndef PROA_ADMIN_STATE_H
#define PROA_ADMIN_STATE_H

#include "proa/engine/roster.h"
#include "proa/json/tree.h"
#include "proa/json/writer.h"

struct proa_admin_state_facts {
    uint64_t now_ns;
    uint64_t unix_ms;
    uint64_t uptime_ns;
};

void proa_admin_write_state(struct proa_roster *roster, const struct proa_snapshot *snapshot,
                            const struct proa_admin_state_facts *facts, struct proa_json_writer *w);

/*
 * Puts a state that proa_admin_write_state() wrote, anywhere, in place of what this roster knows.
 * Objects that the roster does not have are skipped; *n_loaded tells how many it has. ERR_SYNTAX:
 * this is no such object.
 */
enum proa_err proa_admin_load_state(struct proa_roster *roster, const struct proa_json_node *state,
                                    uint64_t now_ns, size_t *n_loaded) PROA_MUST_CHECK;

#endif
