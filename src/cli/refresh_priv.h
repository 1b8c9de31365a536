/*
 * What the configured providers say they have, held against the catalogue. Private to the module.
 */
#ifndef PROA_CLI_REFRESH_PRIV_H
#define PROA_CLI_REFRESH_PRIV_H

#include "command_priv.h"

#include "proa/policy/snapshot.h"

/* Asks all of them, or the one of that name, and prints what came of it; returns the exit code:
 * EX_UNAVAILABLE when one did not tell. */
int proa_cli_refresh(struct proa_cli *cli, const struct proa_snapshot *snapshot,
                     struct proa_slice only, bool json);

/* ---- lists_priv: asking, on a loop of its own */

enum { PROA_CLI_LIST_DETAIL = 256 };

/* One provider's list. */
struct proa_cli_list {
    const struct proa_provider *provider;
    struct proa_slice *ids; /* in the arena */
    size_t n;
    bool whole;                        /* the list is here */
    bool skipped;                      /* it has none that can be asked for */
    char detail[PROA_CLI_LIST_DETAIL]; /* why not */
};

/* Fills lists[i] for lists[i].provider, all at once, within the time. Everything is in the arena.
 */
void proa_cli_lists_ask(struct proa_cli_list *lists, size_t n, uint64_t timeout_ns,
                        struct proa_arena *arena);

#endif
