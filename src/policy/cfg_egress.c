/* The tables of the way out: proxies, and what is reached without one. */
#include "cfg_priv.h"

static const struct proa_option proxy_auth_rows[] = {
    ROW(struct proa_secret_cfg, env, "env", STRING,
        .help = "Name of the environment variable that holds user:password."),
    ROW(struct proa_secret_cfg, file, "file", STRING, .expand = true,
        .help =
            "Path of the file that holds it, instead of env; not readable by others. Read again "
            "when it changes."),
    ROWS_END,
};

const struct proa_option_table proa_policy_proxy_auth_table = {
    .title = "proxy_auth",
    .rows = proxy_auth_rows,
    .size = sizeof(struct proa_secret_cfg),
    .where_at = SIZE_MAX,
};

#define EGRESS(member, text, kind, ...) ROW(struct proa_egress_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option egress_rows[] = {
    EGRESS(proxy, "proxy", STRING, .expand = true,
           .help =
               "HTTP proxy for all providers, as http://egress.example:3128. Absent means that of "
               "the environment: HTTPS_PROXY and HTTP_PROXY by the provider's scheme, else "
               "ALL_PROXY, in lower case as well; none means no proxy whatever that says. What "
               "runs on this machine is never reached through it."),
    EGRESS(proxy_auth, "proxy_auth", OBJECT, .table = &proa_policy_proxy_auth_table,
           .help = "What that proxy asks for."),
    EGRESS(no_proxy, "no_proxy", STRINGS,
           .help = "Hosts reached without it: names with all below them, addresses, networks as "
                   "10.0.0.0/8, each perhaps with :PORT; * for all. Those of NO_PROXY count as "
                   "well."),
    ROWS_END,
};

const struct proa_option_table proa_policy_egress_table = {
    .title = "egress",
    .rows = egress_rows,
    .size = sizeof(struct proa_egress_cfg),
    .where_at = SIZE_MAX,
};
