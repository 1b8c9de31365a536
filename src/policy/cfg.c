/* The tables of the whole file: listeners, limits, log, and where the rest hangs. */
#include "proa/policy/cfg.h"

#include "cfg_priv.h"

/* ---- listen ---------------------------------------------------------------------------------- */

#define LISTEN(member, text, kind, ...) ROW(struct proa_listen_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option listen_rows[] = {
    LISTEN(data, "data", STRINGS, .preset = "127.0.0.1:4600", .fixed = true,
           .help = "Where applications call: 127.0.0.1:4600, [::1]:4600 or unix:/path, one or "
                   "several. Loopback or a unix socket only: there is no authentication."),
    LISTEN(ops, "ops", STRINGS, .preset = "127.0.0.1:4601", .fixed = true,
           .help = "Where probes and scrapers call: /livez, /readyz, /startupz and /metrics. Read "
                   "only, so 0.0.0.0:4601 is fine in a Pod."),
    LISTEN(admin, "admin", STRINGS, .preset = "127.0.0.1:4602", .fixed = true,
           .help = "Where operators call. Loopback or a unix socket only."),
    LISTEN(hosts, "hosts", STRINGS, .fixed = true,
           .help =
               "Further names allowed in the Host header, exact; localhost, 127.0.0.1 and [::1] "
               "always are. Anything else gets 421: it is the defence against DNS rebinding."),
    LISTEN(origins, "origins", STRINGS, .fixed = true,
           .help = "Origins of browser pages that may call, exact, as https://app.example.com. "
                   "Others get 403."),
    LISTEN(socket_mode, "socket_mode", U32, .preset = "600", .max = 777, .fixed = true,
           .help =
               "Permissions of unix sockets, digits as chmod takes them: 660 lets the group in."),
    LISTEN(tls_cert_file, "tls_cert_file", STRING, .expand = true,
           .help = "PEM file with the certificate chain of the data listener; with tls_key_file, "
                   "applications then call it over https."),
    LISTEN(tls_key_file, "tls_key_file", STRING, .expand = true,
           .help = "PEM file with the private key to tls_cert_file; not readable by others."),
    ROWS_END,
};

static const struct proa_option_table listen_table = {
    .title = "listen",
    .rows = listen_rows,
    .size = sizeof(struct proa_listen_cfg),
    .where_at = SIZE_MAX,
};

/* ---- limits ---------------------------------------------------------------------------------- */

#define LIMIT(member, text, kind, ...) ROW(struct proa_limits_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option limits_rows[] = {
    LIMIT(head, "head", BYTES, .preset = "32KiB", .min = KIB(1), .max = MIB(1), .fixed = true,
          .help = "Header section of a request; more gets 431."),
    LIMIT(line, "line", BYTES, .preset = "8KiB", .min = 256, .max = MIB(1), .fixed = true,
          .help = "One header line; more gets 431."),
    LIMIT(headers, "headers", U32, .preset = "100", .min = 8, .max = 1000, .fixed = true,
          .help = "Header lines of a request; more gets 431."),
    LIMIT(uri, "uri", BYTES, .preset = "8KiB", .min = 256, .max = MIB(1), .fixed = true,
          .help = "Request target; more gets 414."),
    LIMIT(body, "body", BYTES, .preset = "32MiB", .min = KIB(1), .max = MIB(1024), .fixed = true,
          .help = "Body of a request; more gets 413."),
    LIMIT(buffered, "buffered", BYTES, .preset = "0", .max = MIB(1024) * 1024, .fixed = true,
          .help = "All request bodies and held answers together; requests beyond it get 503 with "
                  "retry-after. 0 means a quarter of the memory that the cgroup grants, at most "
                  "1GiB."),
    LIMIT(connections, "connections", U32, .preset = "1024", .min = 1, .max = 1000000,
          .fixed = true, .help = "Client connections open at once; a further one is turned away."),
    LIMIT(connections_per_peer, "connections_per_peer", U32, .preset = "256", .min = 1,
          .max = 1000000, .fixed = true,
          .help = "As connections, for each peer address. Loopback and unix sockets are exempt."),
    LIMIT(requests_per_connection, "requests_per_connection", U32, .preset = "1000", .min = 1,
          .fixed = true, .help = "Requests answered on one connection before it is closed."),
    LIMIT(keep_alive_ns, "keep_alive", DURATION, .preset = "60s", .min = MILLIS(100),
          .max = HOURS(1), .fixed = true,
          .help = "How long a client connection may be idle between two requests."),
    LIMIT(head_ns, "head_timeout", DURATION, .preset = "10s", .min = MILLIS(100),
          .max = MINUTES(10), .fixed = true,
          .help = "From the first byte of a request to the end of its headers, however the bytes "
                  "drip; then 408."),
    LIMIT(body_ns, "body_timeout", DURATION, .preset = "30s", .min = MILLIS(100), .max = HOURS(1),
          .fixed = true,
          .help = "For the body of a request, plus one second per 64 KiB of it; then 408."),
    LIMIT(write_stall_ns, "write_stall", DURATION, .preset = "30s", .min = MILLIS(100),
          .max = HOURS(1), .fixed = true,
          .help = "A client that takes no byte of its answer for so long is disconnected."),
    LIMIT(drain_ns, "drain", DURATION, .preset = "85s", .max = HOURS(24), .fixed = true,
          .help = "After SIGTERM, the longest time that answers may take to finish. Keep it below "
                  "the Pod's terminationGracePeriodSeconds."),
    LIMIT(drain_idle_ns, "drain_idle", DURATION, .preset = "1s", .max = MINUTES(10), .fixed = true,
          .help = "After SIGTERM, how long without any open connection before the process ends. "
                  "It gives an application that reconnects a moment to do so."),
    ROWS_END,
};

static const struct proa_option_table limits_table = {
    .title = "limits",
    .rows = limits_rows,
    .size = sizeof(struct proa_limits_cfg),
    .where_at = SIZE_MAX,
};

/* ---- log ------------------------------------------------------------------------------------- */

static const char *const formats[] = {"json", "logfmt", "text", "auto", NULL};
static const char *const levels[] = {"error", "warn", "info", "debug", "trace", NULL};

static const struct proa_option log_rows[] = {
    ROW(struct proa_log_cfg, format, "format", ENUM, .preset = "auto", .names = formats,
        .fixed = true, .help = "Form of log lines; auto is text on a terminal and json elsewhere."),
    ROW(struct proa_log_cfg, level, "level", ENUM, .preset = "info", .names = levels, .fixed = true,
        .help = "The least severe level that is written."),
    ROW(struct proa_log_cfg, access, "access", BOOL, .preset = "true", .fixed = true,
        .help = "One line on stdout for each exchange; never bodies, never keys."),
    ROWS_END,
};

static const struct proa_option_table log_table = {
    .title = "log",
    .rows = log_rows,
    .size = sizeof(struct proa_log_cfg),
    .where_at = SIZE_MAX,
};

/* ---- reload ---------------------------------------------------------------------------------- */

#define RELOAD(member, text, kind, ...) ROW(struct proa_reload_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option reload_rows[] = {
    RELOAD(watch, "watch", BOOL, .preset = "true",
           .help = "Read the configuration again when one of its files changes: its own, policies, "
                   "keys, certificates. A wrong one is logged and changes nothing."),
    RELOAD(poll_ns, "poll", DURATION, .preset = "30s", .min = MILLIS(100), .max = HOURS(24),
           .help = "Look at the files this often as well, for file systems that tell nothing."),
    RELOAD(settle_ns, "settle", DURATION, .preset = "250ms", .min = MILLIS(1), .max = MINUTES(1),
           .help = "Wait so long after the last change, so that files that belong together are "
                   "read together."),
    ROWS_END,
};

static const struct proa_option_table reload_table = {
    .title = "reload",
    .rows = reload_rows,
    .size = sizeof(struct proa_reload_cfg),
    .where_at = SIZE_MAX,
};

/* ---- admin ----------------------------------------------------------------------------------- */

static const struct proa_option token_rows[] = {
    ROW(struct proa_secret_cfg, env, "env", STRING,
        .help = "Name of the environment variable that holds the token, at least 16 bytes."),
    ROW(struct proa_secret_cfg, file, "file", STRING, .expand = true,
        .help = "Path of the file that holds it, instead of env; not readable by others."),
    ROWS_END,
};

static const struct proa_option_table token_table = {
    .title = "token",
    .rows = token_rows,
    .size = sizeof(struct proa_secret_cfg),
    .where_at = SIZE_MAX,
};

static const struct proa_option admin_rows[] = {
    ROW(struct proa_operator_cfg, token, "token", OBJECT, .table = &token_table,
        .help = "What actions on the admin listener must show as Authorization: Bearer. Without "
                "one, actions are off; looking is always allowed there."),
    ROWS_END,
};

static const struct proa_option_table admin_table = {
    .title = "admin",
    .rows = admin_rows,
    .size = sizeof(struct proa_operator_cfg),
    .where_at = SIZE_MAX,
};

/* ---- the file -------------------------------------------------------------------------------- */

#define ROOT(member, text, kind, ...) ROW(struct proa_root_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option root_rows[] = {
    ROOT(api_version, "apiVersion", STRING,
         .help = "Version of this format: proa/v1. Assumed when absent."),
    ROOT(listen, "listen", OBJECT, .table = &listen_table, .help = "Where Proa listens."),
    ROOT(limits, "limits", OBJECT, .table = &limits_table,
         .help = "What clients may take up, at most. None is infinite."),
    ROOT(log, "log", OBJECT, .table = &log_table, .help = "What is logged, and how."),
    ROOT(reload, "reload", OBJECT, .table = &reload_table,
         .help = "How changes of files are noticed."),
    ROOT(cache, "cache", OBJECT, .table = &proa_policy_cache_room_table,
         .help = "How much room there is for answers that are kept; which ones are is said by "
                 "policies."),
    ROOT(responses, "responses", OBJECT, .table = &proa_policy_responses_table,
         .help = "Conversations that clients go on with by previous_response_id."),
    ROOT(admin, "admin", OBJECT, .table = &admin_table,
         .help = "What operators may do while it runs: eject, restore and reset targets."),
    ROOT(egress, "egress", OBJECT, .table = &proa_policy_egress_table,
         .help = "The way to providers, where it leads through a proxy."),
    ROOT(providers, "providers", MAP, .table = &proa_policy_provider_table,
         .help = "Upstreams by the name that models carry in front: openai/gpt-5.5. With none, the "
                 "well-known variables of the environment, such as OPENAI_API_KEY, become some."),
    ROOT(policies, "policies", LIST, .table = &proa_policy_table,
         .help =
             "Policies that routes name: paths of policy files, or policies in place. default, "
             "interactive, critical, patient, batch, low-cost and strict-order are built in; one "
             "of the same name replaces them."),
    ROOT(routes, "routes", LIST, .table = &proa_policy_route_table,
         .help = "Names that applications ask for, and the targets behind them. An exact name wins "
                 "over a glob, the first glob over later ones."),
    ROWS_END,
};

const struct proa_option_table proa_root_table = {
    .title = "proa",
    .rows = root_rows,
    .size = sizeof(struct proa_root_cfg),
    .where_at = SIZE_MAX,
};
