/*
 * A snapshot in the making: what the units that build it share. Private to the module.
 *
 * Order: files are merged and bound (snapshot.c), then listeners checked (listen.c), policies
 * collected (policies.c), providers resolved (providers.c, keys.c), routes made (routes.c, with
 * what the catalogue has for models.c), names indexed (index.c). Each step adds its mistakes to
 * diags and goes on, so that a person sees all of them at once; a step may therefore meet what an
 * earlier one found wrong.
 */
#ifndef PROA_POLICY_BUILD_PRIV_H
#define PROA_POLICY_BUILD_PRIV_H

#include "proa/catalogue/catalogue.h"
#include "proa/config/config.h"
#include "proa/core/map.h"
#include "proa/policy/snapshot.h"

/* A provider as it comes in, from wherever. */
struct proa_build_provider {
    struct proa_provider_cfg *cfg;
    const struct proa_doc_node *node; /* what was written; NULL = nothing was */
    bool mock;                        /* one of the embedded ones */
    struct proa_provider *out;
};

struct proa_build {
    const struct proa_policy_input *input;
    struct proa_diags *diags;
    struct proa_arena *arena; /* the snapshot's */
    struct proa_snapshot *snapshot;
    struct proa_root_cfg *cfg;
    const struct proa_doc_node *tree; /* what cfg was bound from: for places */
    uint64_t hash;                    /* of everything that came in so far */

    struct proa_build_egress *egress; /* egress.c */

    struct proa_map policies; /* name -> struct proa_policy_cfg */
    struct proa_build_provider *providers;
    struct proa_endpoint *endpoints; /* room for one per provider and key; the snapshot's */
    size_t n_providers;
    struct proa_map by_name;         /* name -> struct proa_build_provider */
    struct proa_map routes;          /* configured name -> struct proa_route_cfg */
    struct proa_map targets;         /* identity -> struct proa_target */
    struct proa_target *all_targets; /* room for all; those of the snapshot */
    uint64_t catalogue;              /* bit per provider of the catalogue that is configured */
};

/* ---- build.c: messages, places, input */

/* An error, or a warning, at a place. */
void proa_build_error(struct proa_build *b, struct proa_option_where at, const char *fmt, ...)
    PROA_PRINTF(3, 4);
void proa_build_warn(struct proa_build *b, struct proa_option_where at, const char *fmt, ...)
    PROA_PRINTF(3, 4);
/* Where `node` was written, else `fallback`. */
struct proa_option_where proa_build_at(const struct proa_doc_node *node,
                                       struct proa_option_where fallback);
/* The member `key` of a node, which may be the shorthand for just that member. NULL when absent. */
const struct proa_doc_node *proa_build_member(const struct proa_doc_node *node, const char *key,
                                              const char *shorthand);
const struct proa_doc_node *proa_build_item(const struct proa_doc_node *list, size_t i);

void proa_build_hash(struct proa_build *b, struct proa_slice bytes);
/* The environment; remembers in the hash what was found. */
bool proa_build_getenv(struct proa_build *b, const char *name, struct proa_slice *value);
/* Reads a file named in the configuration; on failure says so at `at`, as "path: the file FILE
 * cannot be read", with `hint` behind it when it does not exist. *bytes are borrowed until the next
 * call. */
bool proa_build_read(struct proa_build *b, struct proa_option_where at, const char *path,
                     struct proa_slice file, const char *hint, struct proa_slice *bytes);
/* Why a file could not be read, for messages: "the file FILE " is followed by this. Static. */
const char *proa_build_file_trouble(enum proa_err err, bool secret);

/* Letters, digits, '.', '_' and '-', a letter or digit first, at most 64: fit for header, label and
 * path. */
bool proa_build_is_name(struct proa_slice s);
/* `; did you mean "x"?` when some candidate is near, else "". In the arena. */
struct proa_build_guess {
    struct proa_slice word;
    struct proa_slice best;
    size_t distance;
};
void proa_build_guess_init(struct proa_build_guess *g, struct proa_slice word);
void proa_build_guess_try(struct proa_build_guess *g, struct proa_slice candidate);
const char *proa_build_guess_text(const struct proa_build_guess *g, struct proa_arena *arena);
/* How far two names may differ and still be one mistyped. */
size_t proa_build_near(struct proa_slice a, struct proa_slice b);

/* ---- the steps */

void proa_build_listen(struct proa_build *b);
/* Could a connection to host:port end at one of our own data listeners? */
bool proa_build_is_own(const struct proa_build *b, struct proa_slice host, uint16_t port);
void proa_build_policies(struct proa_build *b);
/* Configured or built in; NULL when there is none of that name. */
const struct proa_policy_cfg *proa_build_policy(struct proa_build *b, struct proa_slice name);
void proa_build_guess_policy(struct proa_build *b, struct proa_build_guess *g);
void proa_build_providers(struct proa_build *b);
/* Keeps bytes as a secret of the snapshot. NULL after an error, which was said at `at`, with
 * `source` as what holds them. */
struct proa_secret *proa_build_keep(struct proa_build *b, struct proa_option_where at,
                                    const char *path, const char *source, struct proa_slice bytes);
/* Lists one that the arena holds already. */
void proa_build_keep_known(struct proa_build *b, const char *path, struct proa_secret *secret);
/* NULL after an error, which was said at `at`. */
struct proa_secret *proa_build_secret(struct proa_build *b, const struct proa_secret_cfg *cfg,
                                      struct proa_option_where at, const struct proa_doc_node *node,
                                      const char *path);
/* Of one variable, or one file without the line ends behind; `path` is what messages call it. */
struct proa_secret *proa_build_secret_env(struct proa_build *b, struct proa_option_where at,
                                          const char *path, const char *name);
struct proa_secret *proa_build_secret_file(struct proa_build *b, struct proa_option_where at,
                                           const char *path, const char *file);
void proa_build_admin(struct proa_build *b);
void proa_build_shared(struct proa_build *b);
/* Whole certificates of a file named at `path`; false after an error, which was said. */
bool proa_build_read_certs(struct proa_build *b, struct proa_option_where at, const char *path,
                           struct proa_slice file, struct proa_slice *pem);
/* What a file holds that nobody else may read, as it is; false after an error, which was said.
 * *bytes are borrowed until the next call. */
bool proa_build_read_secret(struct proa_build *b, struct proa_option_where at, const char *path,
                            const char *file, struct proa_slice *bytes);
/* Reads what is said of proxies in general. */
void proa_build_egress(struct proa_build *b);
/* The proxy on the way from this provider (its own, else the general one) to a URL; NULL = none. */
struct proa_url;
/* The endpoint of a URL, one for all that share it. */
const struct proa_endpoint *proa_build_endpoint(struct proa_build *b, const struct proa_url *url,
                                                struct proa_slice ca_pem,
                                                const struct proa_proxy *proxy);
const struct proa_proxy *proa_build_proxy(struct proa_build *b, const struct proa_build_provider *p,
                                          const char *path, const struct proa_url *url);
/* Where it stands, by the configuration and by the environment. */
struct proa_site;
struct proa_vendor;
void proa_build_site(struct proa_build *b, const struct proa_provider_cfg *cfg,
                     const struct proa_vendor *vendor, struct proa_site *out);
/* The variable that says this part of a vendor's address, static; NULL when none does. */
const char *proa_build_site_variable(const struct proa_vendor *vendor, const char *option);
/* Fills out->keys. `path` is how messages call the provider. */
void proa_build_keys(struct proa_build *b, const struct proa_build_provider *p, const char *path);
void proa_build_routes(struct proa_build *b);

/* ---- models.c */

/* A configured provider and what it offers of a model. */
struct proa_build_offering {
    const struct proa_provider *provider;
    const struct proa_catalogue_offer *offer;
};
enum { PROA_BUILD_OFFERINGS_MAX = PROA_ROUTE_TARGETS_MAX };
/* Notes which providers the catalogue knows. Before the routes. */
void proa_build_catalogue(struct proa_build *b);
/* In the order of configuration; returns how many. Ends before their keys are more than a route may
 * have targets. */
size_t proa_build_offerings(const struct proa_build *b, const struct proa_catalogue_model *model,
                            struct proa_build_offering out[PROA_BUILD_OFFERINGS_MAX]);
/* Does any configured provider offer it? */
bool proa_build_is_offered(const struct proa_build *b, const struct proa_catalogue_model *model);
/* The model that `name`, "creator/model", stands for; NULL: the catalogue has none, nobody offers
 * it, or it begins with the name of a configured provider that the catalogue does not know. */
const struct proa_catalogue_model *proa_build_model(const struct proa_build *b,
                                                    struct proa_slice name);

/* ---- index.c */

/* How names are looked up. Lives in the snapshot's arena. */
struct proa_policy_index {
    struct proa_map exact;           /* configured name -> struct proa_route */
    struct proa_map providers;       /* name -> the provider's own route */
    const struct proa_route **globs; /* in the order of configuration */
    size_t n_globs;
    const struct proa_route *sole;    /* where bare names go; NULL: more than one provider */
    const struct proa_route **models; /* by place in the catalogue; NULL: nobody offers it */
    /* The own route of the first provider for each one of the catalogue; NULL: not configured. */
    const struct proa_route *vendors[PROA_CATALOGUE_PROVIDERS_MAX];
    struct proa_slice *names; /* what is suggested, at most SUGGEST_NAMES_MAX */
    size_t n_names;
    size_t n_concrete; /* of them that are no "provider/..." in general */
};
void proa_build_index(struct proa_build *b);

#endif
