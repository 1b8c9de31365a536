/*
 * The configuration as plain structs, with the option table of each: the one place where a setting
 * is declared. `config` turns the tables into parsing, validation, JSON Schema and the reference.
 *
 * Pure data. Durations are nanoseconds, sizes bytes.
 */
#ifndef PROA_POLICY_CFG_H
#define PROA_POLICY_CFG_H

#include "proa/core/option.h"

struct proa_key_cfg {
    struct proa_option_where where;
    struct proa_slice env;  /* name of the environment variable, or */
    struct proa_slice file; /* path of the file that holds the key */
    struct proa_slice label;
    struct proa_slice quota_group;
    uint32_t weight;
};

struct proa_provider_cfg {
    struct proa_option_where where;
    struct proa_slice name;
    struct proa_slice dialect;  /* preset from the name where it is a known vendor */
    struct proa_slice base_url; /* likewise */
    struct proa_slice ca_file;
    struct proa_option_list keys; /* struct proa_key_cfg */
    uint32_t max_connections;     /* upstream connections and dials at once; more wait in a queue */
    uint32_t max_idle;            /* idle connections kept */
    uint64_t idle_ns;             /* age at which an idle connection is closed */
};

struct proa_target_cfg {
    struct proa_option_where where;
    struct proa_slice model;    /* upstream id or "provider/model" */
    struct proa_slice provider; /* empty: taken from model's first part */
    uint32_t weight;
    bool substitute;
};

struct proa_tier_cfg {
    struct proa_option_list targets; /* struct proa_target_cfg */
};

struct proa_route_cfg {
    struct proa_option_where where;
    struct proa_slice model; /* the name the app uses; globs allowed */
    struct proa_slice policy;
    struct proa_option_list tiers; /* struct proa_tier_cfg */
};

struct proa_retry_cfg {
    uint32_t max_attempts; /* in total, the first included */
};

struct proa_timeout_cfg {
    uint64_t connect_ns;       /* DNS + TCP */
    uint64_t tls_ns;           /* handshake */
    uint64_t write_ns;         /* sending the request: no progress */
    uint64_t first_byte_ns;    /* from request sent to status line; streams only */
    uint64_t first_content_ns; /* from request sent to the first content event; streams only */
    uint64_t idle_ns;          /* between content events */
    uint64_t idle_bytes_ns;    /* between any bytes: comments and pings count */
    uint64_t total_ns;         /* whole exchange, not streamed */
    uint64_t total_stream_ns;  /* whole exchange, streamed */
};

enum proa_on_disconnect { PROA_ON_DISCONNECT_CANCEL = 0, PROA_ON_DISCONNECT_DRAIN };

/* What is held back until the first content, at most. */
struct proa_commit_cfg {
    uint32_t max_events;
    uint64_t max_bytes;
    uint64_t max_plain_bytes; /* a whole answer up to this size is held and may still fail over */
};

struct proa_policy_cfg {
    struct proa_option_where where;
    struct proa_slice file;        /* a policy file instead of an inline policy */
    struct proa_slice api_version; /* "proa/v1", in policy files */
    struct proa_slice kind;        /* "Policy", in policy files */
    struct proa_slice name;
    struct proa_retry_cfg retry;
    struct proa_timeout_cfg timeouts;
    struct proa_commit_cfg commit;
    uint32_t on_disconnect; /* enum proa_on_disconnect */
};

struct proa_listen_cfg {
    struct proa_option_list data; /* struct proa_slice: "127.0.0.1:4600", "unix:/path" */
    struct proa_option_list ops;
    struct proa_option_list admin;
    struct proa_option_list hosts;   /* struct proa_slice: further names allowed in Host */
    struct proa_option_list origins; /* struct proa_slice: browser origins allowed to call */
    uint32_t socket_mode;
    struct proa_slice tls_cert_file;
    struct proa_slice tls_key_file;
};

/* `security.md` 4 */
struct proa_limits_cfg {
    uint64_t head; /* header section */
    uint64_t line; /* one header line */
    uint32_t headers;
    uint64_t uri;
    uint64_t body;
    uint64_t buffered; /* all bodies and held answers together; 0 = by the cgroup's memory */
    uint32_t connections;
    uint32_t connections_per_peer;
    uint32_t requests_per_connection;
    uint64_t keep_alive_ns;
    uint64_t head_ns;        /* from the first byte to the end of the headers */
    uint64_t body_ns;        /* plus one second per 64 KiB */
    uint64_t write_stall_ns; /* a client that does not read */
    uint64_t drain_ns;       /* after SIGTERM, at most */
    uint64_t drain_idle_ns;  /* after SIGTERM: end once no connection was open for so long */
};

struct proa_log_cfg {
    uint32_t format; /* index into json, logfmt, text; the last one, auto, means text on a TTY */
    uint32_t level;
    bool access;
};

/* How changed files are noticed. */
struct proa_reload_cfg {
    bool watch;
    uint64_t poll_ns;
    uint64_t settle_ns; /* from the last change to reading */
};

struct proa_root_cfg {
    struct proa_slice api_version;
    struct proa_listen_cfg listen;
    struct proa_limits_cfg limits;
    struct proa_log_cfg log;
    struct proa_reload_cfg reload;
    struct proa_option_list providers; /* struct proa_provider_cfg */
    struct proa_option_list policies;  /* struct proa_policy_cfg */
    struct proa_option_list routes;    /* struct proa_route_cfg */
};

/* The table of the whole configuration file, and of a policy file. */
extern const struct proa_option_table proa_root_table;
extern const struct proa_option_table proa_policy_table;

#endif
