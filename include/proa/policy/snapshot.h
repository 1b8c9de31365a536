/*
 * The snapshot: everything configuration says, validated and resolved, immutable.
 *
 * Pure. Built from bytes by proa_snapshot_build(); shared by reference count, so that an exchange
 * keeps the configuration it started with while a reload swaps the current one. All memory hangs
 * off one arena per snapshot. Reference counts are not atomic: one loop thread takes and drops.
 */
#ifndef PROA_POLICY_SNAPSHOT_H
#define PROA_POLICY_SNAPSHOT_H

#include "proa/auth/authorization.h"
#include "proa/auth/grant.h"
#include "proa/core/arena.h"
#include "proa/core/diag.h"
#include "proa/policy/cfg.h"
#include "proa/provider/site.h"

struct proa_catalogue_offer; /* proa/catalogue/catalogue.h */
struct proa_catalogue_model;
struct proa_secret;  /* proa/auth/secret.h */
struct proa_dialect; /* proa/provider/dialect.h */
struct proa_vendor;  /* proa/provider/vendor.h */

enum {
    PROA_ROUTE_TARGETS_MAX = 64,
    PROA_ROUTE_TIERS_MAX = 8,                        /* of a route of the configuration */
    PROA_NARROWED_TIERS_MAX = PROA_ROUTE_TARGETS_MAX /* of one that is made for a request */
};

/* An HTTP proxy on the way to endpoints. */
struct proa_proxy {
    struct proa_slice identity; /* "http://egress.example:3128", without credentials */
    struct proa_slice host;
    uint16_t port;
    struct proa_secret *authorization; /* value of Proxy-Authorization; NULL = none */
};

/* scheme + host + port + TLS settings + proxy: what a connection is pooled by. */
struct proa_endpoint {
    uint16_t id;                /* dense, by position in the snapshot */
    struct proa_slice identity; /* "https://api.example.com:443", the same across reloads */
    struct proa_slice host;
    uint16_t port;
    bool tls;
    struct proa_slice ca_pem;       /* empty = the system bundle */
    struct proa_slice host_header;  /* host, with the port where it is not the scheme's own */
    const struct proa_proxy *proxy; /* NULL = straight */
};

/* Where answers are shared. */
struct proa_shared_cache {
    struct proa_slice host; /* name or address, or unix:/path; zero-terminated */
    uint16_t port;          /* 0 with unix: */
    bool tls;
    struct proa_slice ca_pem;     /* with tls */
    struct proa_slice user;       /* empty: the default one */
    struct proa_secret *password; /* NULL: none */
    uint32_t database;
    struct proa_secret *key; /* what values are sealed with */
};

/* Where a key's tokens come from. */
struct proa_key_grant {
    uint16_t id; /* dense within the snapshot */
    struct proa_slice
        identity;            /* the same across reloads as long as it asks the same for the same */
    struct proa_slice label; /* "openai/k1", as logs show it */
    const struct proa_endpoint *endpoint;
    struct proa_grant grant;
    const struct proa_key_grant *next; /* of the snapshot */
};

struct proa_key {
    struct proa_slice label;            /* "k1" or as configured; safe to show */
    struct proa_slice quota_group;      /* keys that share one limit; "" = a group of its own */
    enum proa_auth_scheme scheme;       /* how it is shown */
    struct proa_secret *secret;         /* NULL: the provider asks for none, or `grant` */
    struct proa_slice access_id;        /* SIGV4 with a secret of its own */
    struct proa_secret *session;        /* likewise; NULL = none */
    struct proa_slice region;           /* SIGV4 */
    struct proa_slice service;          /* SIGV4 */
    const struct proa_key_grant *grant; /* tokens are asked for; NULL = the secret is all */
    uint64_t version; /* another one with another secret, so that a new key is not held to what the
                         old one was refused */
    uint32_t weight;
};

struct proa_provider {
    struct proa_slice name;
    const struct proa_dialect *dialect;
    const struct proa_vendor *vendor; /* by name, else by host; NULL: none that is known */
    uint8_t catalogue;                /* the vendor's place in the catalogue, or its NO_PROVIDER */
    const struct proa_endpoint *endpoint;
    struct proa_slice base_path;  /* "/v1", no trailing slash */
    enum proa_auth_scheme scheme; /* how its plain keys are shown */
    struct proa_site site;
    const struct proa_key *keys; /* at least one; a keyless provider has one without secret */
    size_t n_keys;
    const struct proa_provider_cfg *cfg;
};

/* offer x key: what is picked. */
struct proa_target {
    uint16_t id; /* dense, by position in snapshot->targets */
    const struct proa_provider *provider;
    const struct proa_key *key;
    struct proa_slice model;    /* upstream id; empty = the model part of what was asked */
    struct proa_slice identity; /* "openai/k1/gpt-5.5": the same across reloads */
    struct proa_slice label;    /* "openai/k1" as the trail and the log show it */
    const struct proa_catalogue_offer *offer; /* its limits and prices; NULL: not known */
    bool on_demand;                           /* all routes that it is in are */
    /* Of a narrowed route alone, a copy of the snapshot's with another key: which one of the
     * request's own credentials, from 1; 0 = the key is configured. */
    uint8_t byok;
};

/* What a request says of one candidate; proa/policy/narrow.h. */
struct proa_candidate_wish {
    struct proa_slice asked; /* the fallback model that it is of; empty: what was asked for first */
    struct proa_slice model; /* of that, for a target without a model of its own; empty likewise */
    uint64_t first_token_ns; /* span from its start after which the next one is asked; 0 = none */
};

/* A target in its place in a route. */
struct proa_candidate {
    const struct proa_target *target;
    uint32_t weight;
    uint8_t tier;                           /* 0 is tried first */
    bool substitute;                        /* another model than the one asked for */
    const struct proa_candidate_wish *wish; /* NULL: none, as in all routes of a snapshot */
};

struct proa_route {
    uint16_t id;
    struct proa_slice name; /* the configured pattern; bounded by configuration: fit for a label */
    const struct proa_policy_cfg *policy;
    const struct proa_candidate *candidates; /* ordered by tier; at most PROA_ROUTE_TARGETS_MAX */
    size_t n_candidates;
    uint8_t n_tiers;
    bool on_demand; /* nobody wrote it, and there are many like it: what it needs at work is made
                       with its first request */
    /* Of a narrowed route: the one that it is made of, whose id, name and policy it has. NULL: a
     * route of the snapshot. */
    const struct proa_route *base;
    bool strict; /* likewise: the order of its tiers is the request's, and nothing is tried out
                    behind its back */
};

/* A secret that the snapshot holds, for who must know them all. */
struct proa_kept {
    struct proa_secret *secret;
    struct proa_slice where; /* "providers.openai.keys[0]" */
    const struct proa_kept *next;
};

struct proa_snapshot {
    struct proa_arena arena;
    uint32_t refs;
    uint64_t generation; /* counts up with each build */
    char revision[17];   /* 16 hex digits of a hash of all input bytes, NUL */
    const struct proa_root_cfg *cfg;
    const struct proa_key_grant *grants; /* all of them, newest id first */
    size_t n_grants;
    const struct proa_kept *kept; /* every secret of it, whatever it is for */
    struct proa_slice
        listen_cert_pem;            /* of the data listener: the chain, leaf first; empty = plain */
    struct proa_secret *listen_key; /* its private key in PEM; NULL likewise */
    struct proa_secret *admin_token; /* what actions of operators must show; NULL = they are off */
    const struct proa_shared_cache *shared; /* NULL: each keeps its own answers only */
    const struct proa_endpoint *endpoints;
    size_t n_endpoints;
    const struct proa_provider *providers;
    size_t n_providers;
    const struct proa_target *targets;
    size_t n_targets;
    /* Configured ones first, then one per provider, then one per model of the catalogue that is
     * offered by any of them. */
    const struct proa_route *routes;
    size_t n_routes;
    size_t n_configured_routes;
    struct proa_policy_index *index; /* how names are looked up; private to policy */
};

/* One configuration file's bytes; `name` is what messages call it, and outlives them and the
 * snapshot. */
struct proa_policy_file {
    const char *name;
    struct proa_slice bytes;
};

/*
 * What the build may ask for from outside. Values are borrowed until the next call.
 * file() reads a file named in the configuration (relative to the file that names it is the
 * caller's business); `secret` asks for the stricter permission check.
 */
struct proa_policy_env {
    void *ctx;
    bool (*getenv)(void *ctx, const char *name, struct proa_slice *value);
    enum proa_err (*file)(void *ctx, const char *path, bool secret, struct proa_slice *bytes);
    /* fn(fn_ctx, path) for each file in a folder, sorted by name, without those that begin with a
     * dot. */
    enum proa_err (*list)(void *ctx, const char *dir, void (*fn)(void *fn_ctx, const char *path),
                          void *fn_ctx);
};

struct proa_policy_input {
    const struct proa_policy_file *files; /* merged in this order; none = zero-config */
    size_t n_files;
    const struct proa_policy_env *env;
    const struct proa_config_flag *flags; /* proa/config: highest precedence; may be NULL */
    size_t n_flags;
    bool mock;                   /* add the embedded mock providers and the demo route */
    struct proa_slice mock_base; /* "http://127.0.0.1:PORT" of the embedded mock, when mock */
    uint64_t generation;
};

/*
 * Builds and validates. On failure (ERR_SYNTAX) *out is untouched and diags says what is wrong and
 * where; on success diags may hold warnings, and *out has one reference for the caller. Messages
 * point to input->files and input->flags only; places elsewhere (a policy file, a variable of the
 * environment) stand in the text.
 */
enum proa_err proa_snapshot_build(const struct proa_policy_input *input, struct proa_diags *diags,
                                  struct proa_snapshot **out) PROA_MUST_CHECK;
struct proa_snapshot *proa_snapshot_ref(struct proa_snapshot *s);
/* Releases with the last reference; secrets are zeroed. NULL is fine. */
void proa_snapshot_unref(struct proa_snapshot *s);

/* What a model name leads to. */
struct proa_resolution {
    const struct proa_route *route;
    struct proa_slice
        model; /* for targets without a model of their own; borrowed from the asked name */
};

enum proa_resolve_result {
    PROA_RESOLVED = 0,
    PROA_RESOLVE_UNKNOWN_MODEL,    /* no route, no provider of that name */
    PROA_RESOLVE_UNKNOWN_PROVIDER, /* "x/y" where x is no provider and no route matches */
    PROA_RESOLVE_AMBIGUOUS,        /* a bare name, and more than one provider */
    PROA_RESOLVE_UNOFFERED,        /* the catalogue knows it, but no configured provider has it */
    PROA_RESOLVE_NO_PROVIDER       /* nothing is configured at all */
};

/*
 * Order: a route of exactly this name; the first route whose glob matches; a name of the catalogue,
 * which leads to all configured offers of the model, unless it begins with the name of a configured
 * provider that the catalogue does not know; "provider/model"; a bare name when exactly one
 * provider is configured, or one of them is known to call a model so. O(1) in the number of routes
 * for exact names, logarithmic in the catalogue, and linear only in the number of globs.
 */
enum proa_resolve_result proa_snapshot_resolve(const struct proa_snapshot *s,
                                               struct proa_slice model,
                                               struct proa_resolution *out);
/* Up to n configured names close to `model`, for "did you mean"; returns how many. */
size_t proa_snapshot_suggest(const struct proa_snapshot *s, struct proa_slice model,
                             struct proa_slice *out, size_t n);

#endif
