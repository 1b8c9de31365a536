/*
 * One table of every row type, in the shape of the real configuration, for the tests of config.
 */
#ifndef PROA_TESTS_CONFIG_SAMPLE_H
#define PROA_TESTS_CONFIG_SAMPLE_H

#include "proa/config/config.h"

enum sample_mode { SAMPLE_MODE_OFF = 0, SAMPLE_MODE_READ, SAMPLE_MODE_WRITE };

struct sample_retry {
    struct proa_option_where where;
    uint32_t max_attempts;
    uint64_t backoff_ns;
    uint32_t jitter_ppm;
};

struct sample_listen {
    struct proa_slice data;
    uint64_t body_bytes;
    bool reuse;
};

struct sample_key {
    struct proa_slice env;
    struct proa_slice file;
    uint32_t weight;
};

struct sample_provider {
    struct proa_slice name;
    struct proa_option_where where;
    struct proa_slice base_url;
    struct proa_option_list keys; /* struct sample_key */
    uint64_t budget;
};

struct sample_target {
    struct proa_slice model;
    bool substitute;
};

struct sample_tier {
    struct proa_option_list targets; /* struct sample_target */
};

struct sample_route {
    struct proa_option_where where;
    struct proa_slice model;
    struct sample_retry retry;
    struct proa_option_list tiers; /* struct sample_tier */
};

struct sample_tls {
    struct proa_option_where where;
    struct proa_slice cert;
    struct proa_slice key;
};

struct sample {
    uint32_t version;
    struct sample_listen listen;
    uint32_t mode;
    struct proa_option_list tags;      /* struct proa_slice */
    struct proa_option_list providers; /* struct sample_provider */
    struct proa_option_list routes;    /* struct sample_route */
    struct sample_retry retry;
    struct sample_tls tls;
};

static const char *const sample_versions[] = {"proa/v1", NULL};
static const char *const sample_modes[] = {"off", "read", "write", NULL};

static const struct proa_option sample_retry_rows[] = {
    {.name = "max_attempts",
     .type = PROA_OPTION_U32,
     .offset = offsetof(struct sample_retry, max_attempts),
     .unit = "attempts",
     .preset = "3",
     .min = 1,
     .max = 10,
     .help = "Upstream tries of one request."},
    {.name = "backoff",
     .type = PROA_OPTION_DURATION,
     .offset = offsetof(struct sample_retry, backoff_ns),
     .preset = "250ms",
     .min = 1000000,
     .max = UINT64_C(60000000000),
     .help = "Wait before the second try."},
    {.name = "jitter",
     .type = PROA_OPTION_PPM,
     .offset = offsetof(struct sample_retry, jitter_ppm),
     .preset = "0.5",
     .max = 1000000,
     .help = "Random share of the wait."},
    {.name = NULL}};
static const struct proa_option_table sample_retry_table = {
    .title = "retry",
    .rows = sample_retry_rows,
    .size = sizeof(struct sample_retry),
    .where_at = offsetof(struct sample_retry, where),
    .scalar = "max_attempts"};

static const struct proa_option sample_listen_rows[] = {
    {.name = "data",
     .type = PROA_OPTION_STRING,
     .offset = offsetof(struct sample_listen, data),
     .preset = "127.0.0.1:4600",
     .fixed = true,
     .help = "Address of the data listener."},
    {.name = "body",
     .type = PROA_OPTION_BYTES,
     .offset = offsetof(struct sample_listen, body_bytes),
     .preset = "32MiB",
     .min = 1024,
     .help = "Largest request body."},
    {.name = "reuse",
     .type = PROA_OPTION_BOOL,
     .offset = offsetof(struct sample_listen, reuse),
     .preset = "true",
     .help = "Keep connections | open."},
    {.name = NULL}};
static const struct proa_option_table sample_listen_table = {.title = "listen",
                                                             .rows = sample_listen_rows,
                                                             .size = sizeof(struct sample_listen),
                                                             .where_at = SIZE_MAX};

static const struct proa_option sample_key_rows[] = {
    {.name = "env",
     .type = PROA_OPTION_STRING,
     .offset = offsetof(struct sample_key, env),
     .help = "Name of the variable that holds the key."},
    {.name = "file",
     .type = PROA_OPTION_STRING,
     .offset = offsetof(struct sample_key, file),
     .expand = true,
     .help = "File that holds the key."},
    {.name = "weight",
     .type = PROA_OPTION_U32,
     .offset = offsetof(struct sample_key, weight),
     .preset = "1",
     .help = "Share of the requests."},
    {.name = NULL}};
static const struct proa_option_table sample_key_table = {.title = "key",
                                                          .rows = sample_key_rows,
                                                          .size = sizeof(struct sample_key),
                                                          .where_at = SIZE_MAX,
                                                          .scalar = "env"};

static const struct proa_option sample_provider_rows[] = {
    {.name = "base_url",
     .type = PROA_OPTION_STRING,
     .offset = offsetof(struct sample_provider, base_url),
     .expand = true,
     .help = "Where the provider answers."},
    {.name = "keys",
     .type = PROA_OPTION_LIST,
     .offset = offsetof(struct sample_provider, keys),
     .table = &sample_key_table,
     .help = "Credentials."},
    {.name = "budget",
     .type = PROA_OPTION_U64,
     .offset = offsetof(struct sample_provider, budget),
     .unit = "tokens",
     .help = "Tokens a day."},
    {.name = NULL}};
static const struct proa_option_table sample_provider_table = {
    .title = "provider",
    .rows = sample_provider_rows,
    .size = sizeof(struct sample_provider),
    .name_at = offsetof(struct sample_provider, name),
    .where_at = offsetof(struct sample_provider, where),
    .scalar = "base_url"};

static const struct proa_option sample_target_rows[] = {
    {.name = "model",
     .type = PROA_OPTION_STRING,
     .offset = offsetof(struct sample_target, model),
     .required = true,
     .help = "Catalogue id."},
    {.name = "substitute",
     .type = PROA_OPTION_BOOL,
     .offset = offsetof(struct sample_target, substitute),
     .help = "Whether it is another model."},
    {.name = NULL}};
static const struct proa_option_table sample_target_table = {.title = "target",
                                                             .rows = sample_target_rows,
                                                             .size = sizeof(struct sample_target),
                                                             .where_at = SIZE_MAX,
                                                             .scalar = "model"};

static const struct proa_option sample_tier_rows[] = {
    {.name = "targets",
     .type = PROA_OPTION_LIST,
     .offset = offsetof(struct sample_tier, targets),
     .table = &sample_target_table,
     .help = "Equals among themselves."},
    {.name = NULL}};
static const struct proa_option_table sample_tier_table = {.title = "tier",
                                                           .rows = sample_tier_rows,
                                                           .size = sizeof(struct sample_tier),
                                                           .where_at = SIZE_MAX,
                                                           .scalar = "targets"};

static const struct proa_option sample_route_rows[] = {
    {.name = "model",
     .type = PROA_OPTION_STRING,
     .offset = offsetof(struct sample_route, model),
     .required = true,
     .help = "Name the app uses."},
    {.name = "retry",
     .type = PROA_OPTION_OBJECT,
     .offset = offsetof(struct sample_route, retry),
     .table = &sample_retry_table,
     .help = "Overrides the common retry settings."},
    {.name = "tiers",
     .type = PROA_OPTION_LIST,
     .offset = offsetof(struct sample_route, tiers),
     .table = &sample_tier_table,
     .help = "Tried in order."},
    {.name = NULL}};
static const struct proa_option_table sample_route_table = {
    .title = "route",
    .rows = sample_route_rows,
    .size = sizeof(struct sample_route),
    .where_at = offsetof(struct sample_route, where)};

static const struct proa_option sample_tls_rows[] = {{.name = "cert",
                                                      .type = PROA_OPTION_STRING,
                                                      .offset = offsetof(struct sample_tls, cert),
                                                      .required = true,
                                                      .help = "Certificate chain."},
                                                     {.name = "key",
                                                      .type = PROA_OPTION_STRING,
                                                      .offset = offsetof(struct sample_tls, key),
                                                      .required = true,
                                                      .help = "Private key file."},
                                                     {.name = NULL}};
static const struct proa_option_table sample_tls_table = {.title = "tls",
                                                          .rows = sample_tls_rows,
                                                          .size = sizeof(struct sample_tls),
                                                          .where_at =
                                                              offsetof(struct sample_tls, where)};

static const struct proa_option sample_rows[] = {{.name = "apiVersion",
                                                  .type = PROA_OPTION_ENUM,
                                                  .offset = offsetof(struct sample, version),
                                                  .names = sample_versions,
                                                  .preset = "proa/v1",
                                                  .help = "Version of this format."},
                                                 {.name = "listen",
                                                  .type = PROA_OPTION_OBJECT,
                                                  .offset = offsetof(struct sample, listen),
                                                  .table = &sample_listen_table,
                                                  .help = "Listeners."},
                                                 {.name = "mode",
                                                  .type = PROA_OPTION_ENUM,
                                                  .offset = offsetof(struct sample, mode),
                                                  .names = sample_modes,
                                                  .preset = "read",
                                                  .help = "What the cache does."},
                                                 {.name = "tags",
                                                  .type = PROA_OPTION_STRINGS,
                                                  .offset = offsetof(struct sample, tags),
                                                  .preset = "[a, b]",
                                                  .help = "Labels."},
                                                 {.name = "providers",
                                                  .type = PROA_OPTION_MAP,
                                                  .offset = offsetof(struct sample, providers),
                                                  .table = &sample_provider_table,
                                                  .help = "Accounts."},
                                                 {.name = "routes",
                                                  .type = PROA_OPTION_LIST,
                                                  .offset = offsetof(struct sample, routes),
                                                  .table = &sample_route_table,
                                                  .help = "What the app may ask for."},
                                                 {.name = "retry",
                                                  .type = PROA_OPTION_OBJECT,
                                                  .offset = offsetof(struct sample, retry),
                                                  .table = &sample_retry_table,
                                                  .help = "Common retry settings."},
                                                 {.name = "tls",
                                                  .type = PROA_OPTION_OBJECT,
                                                  .offset = offsetof(struct sample, tls),
                                                  .table = &sample_tls_table,
                                                  .fixed = true,
                                                  .help = "Certificates."},
                                                 {.name = NULL}};
static const struct proa_option_table sample_table = {
    .title = "proa", .rows = sample_rows, .size = sizeof(struct sample), .where_at = SIZE_MAX};

#endif
