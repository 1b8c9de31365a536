/*
 * The configuration as plain structs, with the option table of each: the one place where a setting
 * is declared. `config` turns the tables into parsing, validation, JSON Schema and the reference.
 *
 * Pure data. Durations are nanoseconds, sizes bytes.
 */
#ifndef PROA_POLICY_CFG_H
#define PROA_POLICY_CFG_H

#include "proa/cache/eligible.h"
#include "proa/core/option.h"
#include "proa/resilience/balance.h"
#include "proa/resilience/breaker.h"
#include "proa/resilience/budget.h"
#include "proa/resilience/concurrency.h"
#include "proa/resilience/credential.h"
#include "proa/resilience/hedge.h"
#include "proa/resilience/limiter.h"
#include "proa/resilience/throttle.h"

struct proa_doc_node; /* proa/config/doc.h */

/* Where a secret comes from: one of the two. */
struct proa_secret_cfg {
    struct proa_slice env;  /* name of the environment variable, or */
    struct proa_slice file; /* path of the file that holds it */
};

/* AWS credentials. All empty: as AWS's own programs find them. */
struct proa_aws_cfg {
    struct proa_slice profile;
    struct proa_slice access_key_id;
    struct proa_secret_cfg secret_access_key;
    struct proa_secret_cfg session_token;
    struct proa_slice role_arn; /* with token_file: web identity */
    struct proa_slice token_file;
    struct proa_slice session_name;
    struct proa_slice sts_url;
};

/* Google: a service account's key, or a projected token. */
struct proa_google_cfg {
    struct proa_slice service_account_file;
    struct proa_slice audience; /* with token_file: workload identity federation */
    struct proa_slice token_file;
    struct proa_slice scope;
    struct proa_slice token_url;
};

/* Entra: a client secret, or a projected token. */
struct proa_azure_cfg {
    struct proa_slice tenant;
    struct proa_slice client_id;
    struct proa_secret_cfg client_secret;
    struct proa_slice token_file;
    struct proa_slice scope;
    struct proa_slice authority;
};

/* A provider's own exchange of a projected token. */
struct proa_exchange_cfg {
    uint32_t with; /* index into anthropic, openai; the first is by the vendor */
    struct proa_slice token_file;
    struct proa_slice identity_provider; /* openai */
    struct proa_slice federation_rule;   /* anthropic, as the next */
    struct proa_slice organization;
    struct proa_slice service_account;
    struct proa_slice workspace; /* anthropic */
    struct proa_slice url;
};

struct proa_key_cfg {
    struct proa_option_where where;
    struct proa_secret_cfg secret;
    struct proa_slice dir; /* of key files */
    struct proa_aws_cfg aws;
    struct proa_google_cfg google;
    struct proa_azure_cfg azure;
    struct proa_exchange_cfg exchange;
    uint32_t scheme; /* 0: the provider's own; else enum proa_auth_scheme */
    struct proa_slice label;
    struct proa_slice quota_group;
    uint32_t weight;
};

/* The way out of here, where it leads through a proxy. */
struct proa_egress_cfg {
    struct proa_slice proxy;           /* http://HOST:PORT, or "none"; empty = the environment's */
    struct proa_secret_cfg proxy_auth; /* holds user:password */
    struct proa_option_list no_proxy;  /* struct proa_slice */
};

/* How a provider of OpenAI's dialect is asked for what the Responses API wants. */
enum proa_responses_way {
    PROA_RESPONSES_AUTO = 0, /* as the vendor is known to be */
    PROA_RESPONSES_NATIVE,   /* in its own words */
    PROA_RESPONSES_TRANSLATE /* as a chat */
};

struct proa_provider_cfg {
    struct proa_option_where where;
    struct proa_slice name;
    struct proa_slice dialect;  /* preset from the name where it is a known vendor */
    struct proa_slice base_url; /* likewise */
    struct proa_slice ca_file;
    struct proa_slice proxy; /* as egress.proxy, for this provider alone */
    struct proa_secret_cfg proxy_auth;
    struct proa_slice region; /* and what follows: see proa/provider/site.h */
    struct proa_slice project;
    struct proa_slice location;
    struct proa_slice resource;
    struct proa_slice api_version;
    struct proa_option_list keys; /* struct proa_key_cfg */
    uint32_t max_connections;     /* upstream connections and dials at once; more wait in a queue */
    uint32_t max_idle;            /* idle connections kept */
    uint64_t idle_ns;             /* age at which an idle connection is closed */
    uint32_t prefill;             /* enum proa_prefill_form; proa/provider/dialect.h */
    uint32_t responses;           /* enum proa_responses_way */
    bool zero_data_retention;     /* what is promised of it: it keeps nothing, */
    bool trains_on_prompts;       /* and false = it does not learn from it */
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
    uint32_t max_attempts;    /* that are sent, the first and hedges included */
    uint32_t per_pool;        /* of them on one pool (provider x model) */
    uint32_t same_target;     /* retries on the target that failed, before another one is tried */
    uint64_t backoff_base_ns; /* waits before the same pool is tried again, full jitter */
    uint64_t backoff_cap_ns;
    uint64_t throttle_base_ns;   /* base of the wait after a 429 that names no time */
    uint64_t move_jitter_ns;     /* wait before another pool: uniform below this */
    uint64_t retry_after_max_ns; /* longest Retry-After that is waited out within a request */
    struct proa_budget_cfg budget;
};

struct proa_timeout_cfg {
    uint64_t connect_ns;    /* DNS + TCP */
    uint64_t tls_ns;        /* handshake */
    uint64_t write_ns;      /* sending the request: no progress */
    uint64_t first_byte_ns; /* from request sent to status line; streams only */
    /* From request sent to the first content event; streams only. The first is in force while there
     * is no history; with it 3 x p99 of the prompt size, held between min and max. */
    uint64_t first_content_ns;
    uint64_t first_content_min_ns;
    uint64_t first_content_max_ns;
    uint64_t idle_ns;         /* between content events */
    uint64_t idle_bytes_ns;   /* between any bytes: comments and pings count */
    uint64_t total_ns;        /* whole exchange, not streamed */
    uint64_t total_stream_ns; /* whole exchange, streamed */
};

/* After a stream broke behind its first content: say so, or go on elsewhere. */
enum proa_midstream { PROA_MIDSTREAM_ERROR = 0, PROA_MIDSTREAM_RESUME };

enum proa_on_disconnect { PROA_ON_DISCONNECT_CANCEL = 0, PROA_ON_DISCONNECT_DRAIN };

/* What is held back until the first content, at most. */
struct proa_commit_cfg {
    uint32_t max_events;
    uint64_t max_bytes;
    uint64_t max_plain_bytes; /* a whole answer up to this size is held and may still fail over */
};

struct proa_policy_cfg {
    struct proa_option_where where;
    const struct proa_doc_node *written; /* what was written of it; NULL = nothing was */
    struct proa_slice file;              /* a policy file instead of an inline policy */
    struct proa_slice api_version;       /* "proa/v1", in policy files */
    struct proa_slice kind;              /* "Policy", in policy files */
    struct proa_slice name;
    struct proa_retry_cfg retry;
    struct proa_timeout_cfg timeouts;
    struct proa_commit_cfg commit;
    struct proa_breaker_cfg breaker;
    struct proa_degraded_cfg degraded;
    struct proa_stall_cfg stall;
    struct proa_panic_cfg panic;
    struct proa_hedge_cfg hedge;
    struct proa_balance_cfg balance;
    struct proa_limiter_cfg limiter;
    struct proa_concurrency_cfg concurrency;
    struct proa_credential_cfg credential;
    struct proa_cache_cfg cache;
    uint32_t priority;      /* enum proa_priority */
    uint32_t midstream;     /* enum proa_midstream */
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

/* What one client, and all of them together, may take. */
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

/* A Valkey or Redis server that several share answers through. */
struct proa_cache_shared_cfg {
    struct proa_slice url; /* empty: none */
    struct proa_secret_cfg password;
    struct proa_secret_cfg key;
    struct proa_slice ca_file;
};

/* Of the answers that are kept, of all policies together. */
struct proa_cache_room_cfg {
    uint64_t size_bytes;
    struct proa_cache_shared_cfg shared;
};

/* Conversations that clients go on with by the id of an answer. */
struct proa_responses_cfg {
    uint64_t store_bytes; /* 0: none is kept */
    uint64_t ttl_ns;
};

/* What operators may do. */
struct proa_operator_cfg {
    struct proa_secret_cfg token; /* neither: actions are off */
};

struct proa_root_cfg {
    struct proa_slice api_version;
    struct proa_listen_cfg listen;
    struct proa_limits_cfg limits;
    struct proa_log_cfg log;
    struct proa_reload_cfg reload;
    struct proa_cache_room_cfg cache;
    struct proa_responses_cfg responses;
    struct proa_operator_cfg admin;
    struct proa_egress_cfg egress;
    struct proa_option_list providers; /* struct proa_provider_cfg */
    struct proa_option_list policies;  /* struct proa_policy_cfg */
    struct proa_option_list routes;    /* struct proa_route_cfg */
};

/* The table of the whole configuration file, and of a policy file. */
extern const struct proa_option_table proa_root_table;
extern const struct proa_option_table proa_policy_table;

#endif
