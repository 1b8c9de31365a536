#include "proa/config/schema.h"

#include "command_priv.h"

#include "proa/config/reference.h"
#include "proa/policy/cfg.h"
#include "proa/sim/scenario.h"

#include <sysexits.h>

enum { TEXT_MAX = 2 * 1024 * 1024 };

/* A kind of file, and what its pages are called. */
struct kind {
    const char *flag; /* NULL: the configuration, when no flag names another */
    const struct proa_option_table *table;
    const char *schema;
    const char *page;
    const char *man;
    const char *brief;
    bool has_schema; /* the table says all that such a file may hold */
};

static const struct kind kinds[] = {
    {"policy", &proa_policy_table, "Policy file of Proa", "Policy files", "proa-policy.yaml",
     "a policy of proa", true},
    {"scenario", &proa_scenario_table, "", "Scenarios", "proa-scenario.yaml",
     "a scenario for proa sim", false},
    {NULL, &proa_root_table, "Configuration of Proa", "Configuration of Proa", "proa.yaml",
     "configuration of proa", true},
};

static const struct kind *kind_of(const struct proa_cli_args *args)
{
    const struct kind *k = kinds;
    while (k->flag && !proa_cli_args_has(args, k->flag)) {
        k++;
    }
    return k;
}

int proa_cli_schema(struct proa_cli *cli)
{
    const struct kind *kind = kind_of(cli->args);
    const bool reference = proa_cli_args_has(cli->args, "reference");
    const bool man = proa_cli_args_has(cli->args, "man");
    if (reference && man) {
        return proa_cli_usage(cli, "--reference and --man exclude one another");
    }
    if (!kind->has_schema && !reference && !man) {
        return proa_cli_usage(cli, "--%s goes with --reference or --man", kind->flag);
    }
    struct proa_buf text;
    enum proa_err err = PROA_OK;
    proa_buf_init(&text, TEXT_MAX);
    if (man) {
        err = proa_reference_man(kind->table, kind->man, kind->brief, &text);
    } else if (reference) {
        err = proa_reference_markdown(kind->table, kind->page, &text);
    } else {
        err = proa_schema_write(kind->table, NULL, kind->schema, &text);
    }
    proa_cli_out_slice(&cli->out, proa_buf_slice(&text));
    proa_buf_deinit(&text);
    return err == PROA_OK
               ? EX_OK
               : proa_cli_fail(cli, EX_SOFTWARE, "the settings do not fit: %s", proa_err_text(err));
}
