#include "config_priv.h"

#include "proa/core/alloc.h"

#include <sysexits.h>

struct proa_cli_config *proa_cli_config_load(struct proa_cli *cli)
{
    struct proa_cli_config *c = PROA_NEW(struct proa_cli_config);
    proa_app_names_init(&c->names);
    c->n_paths = proa_cli_args_values(cli->args, "config", c->paths, PROA_CLI_CONFIG_PATHS);
    if (c->n_paths == 0 && proa_cli_env("PROA_CONFIG")) {
        c->paths[c->n_paths++] = proa_cli_env("PROA_CONFIG");
    }
    const struct proa_app_sources sources = {
        .names = &c->names, .paths = c->paths, .n_paths = c->n_paths};
    c->err = proa_app_load(&sources, 0, &c->diags, &c->snapshot);
    return c;
}

int proa_cli_config_failed(struct proa_cli *cli, const struct proa_cli_config *config)
{
    return proa_cli_fail_diags(cli, config->err == PROA_ERR_NOT_FOUND ? EX_NOINPUT : EX_CONFIG,
                               &config->diags);
}

void proa_cli_config_destroy(struct proa_cli_config *config)
{
    proa_snapshot_unref(config->snapshot);
    proa_app_names_deinit(&config->names);
    proa_free(config);
}
