/*
 * The configuration as `proa run` would read it, for commands that only look at it. Private to the
 * module.
 */
#ifndef PROA_CLI_CONFIG_PRIV_H
#define PROA_CLI_CONFIG_PRIV_H

#include "command_priv.h"

#include "proa/app/app.h"

enum { PROA_CLI_CONFIG_PATHS = 64 };

/* Large: on the heap. */
struct proa_cli_config {
    struct proa_app_names names; /* what the diags and the snapshot point to */
    const char *paths[PROA_CLI_CONFIG_PATHS];
    size_t n_paths; /* 0: nothing is named, the environment alone counts */
    struct proa_diags diags;
    struct proa_snapshot *snapshot; /* NULL: it cannot be used */
    enum proa_err err;
};

/* Reads what --config names, else $PROA_CONFIG, else the environment. */
struct proa_cli_config *proa_cli_config_load(struct proa_cli *cli);
/* Says why there is no snapshot; returns the exit code. */
int proa_cli_config_failed(struct proa_cli *cli, const struct proa_cli_config *config);
void proa_cli_config_destroy(struct proa_cli_config *config);

#endif
