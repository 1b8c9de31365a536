#include "proa/core/version.h"

#include "command_priv.h"

#include "proa/config/doc.h"
#include "proa/http/parser.h"
#include "proa/io/loop.h"
#include "proa/json/tree.h"
#include "proa/store/store.h"
#include "proa/tls/context.h"

#include <sysexits.h>

int proa_cli_version(struct proa_cli *cli)
{
    const struct {
        const char *name;
        const char *version;
    } rows[] = {
        {"revision", proa_version_revision()},  {"libuv", proa_loop_library()},
        {"llhttp", proa_http_parser_library()}, {"mbedTLS", proa_tls_library()},
        {"cJSON", proa_json_tree_library()},    {"libyaml", proa_doc_library()},
        {"hiredis", proa_store_library()},
    };
    proa_cli_out_printf(&cli->out, "proa %s\n", proa_version_text());
    for (size_t i = 0; proa_cli_args_has(cli->args, "verbose") && i < PROA_ARRAY_LEN(rows); i++) {
        proa_cli_out_printf(&cli->out, "%-8s %s\n", rows[i].name, rows[i].version);
    }
    return EX_OK;
}
