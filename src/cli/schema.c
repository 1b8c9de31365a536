#include "proa/config/schema.h"

#include "command_priv.h"

#include "proa/config/reference.h"
#include "proa/policy/cfg.h"
#include "proa/sim/scenario.h"

#include <sysexits.h>

enum { TEXT_MAX = 2 * 1024 * 1024 };

int proa_cli_schema(struct proa_cli *cli)
{
    const bool policy = proa_cli_args_has(cli->args, "policy");
    const bool reference = proa_cli_args_has(cli->args, "reference");
    const bool man = proa_cli_args_has(cli->args, "man");
    const bool scenario = proa_cli_args_has(cli->args, "scenario");
    const struct proa_option_table *table = scenario ? &proa_scenario_table
                                            : policy ? &proa_policy_table
                                                     : &proa_root_table;
    if (reference && man) {
        return proa_cli_usage(cli, "--reference and --man exclude one another");
    }
    if (scenario && (policy || (!reference && !man))) {
        return proa_cli_usage(cli, "--scenario goes with --reference or --man");
    }
    struct proa_buf text;
    enum proa_err err = PROA_OK;
    proa_buf_init(&text, TEXT_MAX);
    if (man) {
        err = proa_reference_man(table,
                                 scenario ? "proa-scenario.yaml"
                                 : policy ? "proa-policy.yaml"
                                          : "proa.yaml",
                                 scenario ? "a scenario for proa sim"
                                 : policy ? "a policy of proa"
                                          : "configuration of proa",
                                 &text);
    } else if (reference) {
        err = proa_reference_markdown(table,
                                      scenario ? "Scenarios"
                                      : policy ? "Policy files"
                                               : "Configuration of Proa",
                                      &text);
    } else {
        err = proa_schema_write(table, NULL,
                                policy ? "Policy file of Proa" : "Configuration of Proa", &text);
    }
    proa_cli_out_slice(&cli->out, proa_buf_slice(&text));
    proa_buf_deinit(&text);
    return err == PROA_OK
               ? EX_OK
               : proa_cli_fail(cli, EX_SOFTWARE, "the settings do not fit: %s", proa_err_text(err));
}
