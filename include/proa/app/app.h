/*
 * The application: everything wired together, from configuration to the last connection.
 *
 * I/O half. struct proa_app owns the loop and all that hangs off it; there are no globals, so a
 * later second worker is a second proa_app. Messages for people go to stderr as log lines.
 */
#ifndef PROA_APP_APP_H
#define PROA_APP_APP_H

#include "proa/config/config.h"
#include "proa/policy/snapshot.h"

#include <signal.h>

/*
 * Names of configuration files, each kept once: messages and snapshots point to them. Value type;
 * zero it, then init; release it after everything that was loaded with it.
 */
enum { PROA_APP_NAMES_MAX = 256 };
struct proa_app_names {
    struct proa_arena arena;
    const char *names[PROA_APP_NAMES_MAX];
    size_t n;
};
void proa_app_names_init(struct proa_app_names *names);
void proa_app_names_deinit(struct proa_app_names *names);

/*
 * Every path that a load looked at: configuration files and folders, policy files, keys,
 * certificates, those that could not be read included. Value type; zero it, then init. Beyond the
 * maximum, paths are not kept.
 */
enum { PROA_APP_PATHS_MAX = 256 };
struct proa_app_paths {
    struct proa_arena arena;
    const char *items[PROA_APP_PATHS_MAX];
    size_t n;
    uint64_t signature; /* of the state of each just before it was read */
};
void proa_app_paths_init(struct proa_app_paths *paths);
void proa_app_paths_deinit(struct proa_app_paths *paths);
/* Is any of them in another state than when it was read? */
bool proa_app_paths_changed(const struct proa_app_paths *paths);

/* Where the configuration comes from. All borrowed. */
struct proa_app_sources {
    struct proa_app_names *names;
    struct proa_app_paths *looked_at; /* each load replaces what is in it; may be NULL */
    const char *const *paths;         /* files, or folders of *.yaml, in the order they merge */
    size_t n_paths;
    const struct proa_config_flag *flags;
    size_t n_flags;
    bool mock;
    struct proa_slice mock_base; /* set by the app once the embedded mock listens */
};

/*
 * Reads the files, asks the environment, builds a snapshot. Fills diags with what is wrong or
 * worth a warning; its file names are those of sources->names. ERR_NOT_FOUND or ERR_PERMISSION when
 * a path cannot be read, ERR_SYNTAX when the content is wrong.
 */
enum proa_err proa_app_load(const struct proa_app_sources *sources, uint64_t generation,
                            struct proa_diags *diags, struct proa_snapshot **out) PROA_MUST_CHECK;

struct proa_app_ready {
    const char *data[8]; /* "127.0.0.1:4600", "unix:/path" */
    size_t n_data;
    const char *ops;   /* first one, NULL = none */
    const char *admin; /* likewise */
    const char *mock;  /* base of the embedded mock, NULL = none */
    const struct proa_snapshot *snapshot;
};

struct proa_app_options {
    struct proa_app_sources sources;
    struct proa_slice mock_fault; /* fault recipe for the embedded mock, checked; may be empty */
    /* Called once all listeners are open, with their addresses, before the loop runs; may be NULL.
     */
    void (*on_ready)(void *ctx, const struct proa_app_ready *ready);
    void *ctx;
};

/* "The Pod is ending": readiness goes, everything else goes on until SIGTERM. A sidecar gets that
 * only after the application has ended, so this is how it learns of the end when it begins. */
#define PROA_APP_SIGNAL_ENDING (SIGRTMIN + 1)

/* Runs until SIGTERM or SIGINT has drained it. Returns an exit code of sysexits.h: 0, 71 (a
 * listener cannot be opened), 78 (configuration). */
int proa_app_run(const struct proa_app_options *options);

#endif
