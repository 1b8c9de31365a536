/*
 * struct proa_app: the owner of everything. Private to the module.
 */
#ifndef PROA_APP_PRIV_H
#define PROA_APP_PRIV_H

#include "proa/app/app.h"
#include "proa/exchange/exchange.h"
#include "proa/io/logsink.h"
#include "proa/obs/log.h"
#include "proa/obs/metric.h"
#include "proa/server/server.h"
#include "proa/store/store.h"

struct proa_mock;
struct proa_watch;

/* Reading the configuration again, on the thread pool; one at a time. */
struct proa_app_reload {
    struct proa_app_paths looked_at; /* by the last load; the pool's while a job runs */
    struct proa_watch *watch;
    struct proa_timer settle; /* after a change: when to look */
    struct proa_timer poll;
    bool busy;  /* a job is on the pool */
    bool asked; /* by a signal, not by a change: reload whatever the files say */
    bool again; /* something changed while the job was at work */

    /* the job: written by the loop before it starts, by the pool until it is done */
    bool forced;
    bool unchanged;
    enum proa_err err;
    struct proa_snapshot *snapshot;
    struct proa_diags *diags;
};

struct proa_app {
    const struct proa_app_options *options;
    struct proa_app_sources sources;
    struct proa_app_names names;
    struct proa_loop *loop;
    struct proa_net *net;
    struct proa_metric_reg *metrics;
    struct proa_logsink *out; /* stdout: access lines */
    struct proa_logsink *err; /* stderr: everything else */
    struct proa_logger access_log;
    struct proa_logger log;
    struct proa_redactor *redactor;
    struct proa_engine *engine;
    struct proa_upstream *upstream;
    struct proa_tokens *tokens;
    struct proa_store *store; /* NULL: answers are not shared */
    struct proa_admin *admin;
    struct proa_server *server;
    struct proa_mock *mock;
    char mock_base[96];
    struct proa_snapshot *started; /* listen and limits stay those of the start */
    struct proa_snapshot *
        *earlier; /* no longer in force, their keys still blackened; newest last */
    size_t n_earlier;
    size_t earlier_cap;
    struct proa_exchange_host host;
    uint64_t generation;
    struct proa_app_reload reload;
    struct proa_timer drain_timer; /* looks whether all is done */
    uint64_t drain_until_ns;
    uint64_t idle_since_ns; /* while draining: when the last connection closed */
    const char *notify;     /* $NOTIFY_SOCKET; NULL = nobody wants to know */
    bool watchdog;          /* the service manager expects a sign of life */
    struct proa_timer lag_timer;
    struct proa_metric_series *m_lag;
    bool ready;
    bool leaving; /* no longer ready: the Pod is ending, or draining */
    bool draining;
    int exit_code;
};

/* ---- drain.c */
/* SIGTERM, SIGINT: stop being ready, serve what is there, end. A second one ends at once. */
void proa_app_on_stop(void *ctx, int signum);
/* PROA_APP_SIGNAL_ENDING: stop being ready, and nothing else. */
void proa_app_on_ending(void *ctx, int signum);

/* ---- reload.c */
/* Begins to look for changes; the first snapshot is in force. */
void proa_app_reload_start(struct proa_app *app);
/* No job begins after this; one that runs ends with the loop. */
void proa_app_reload_stop(struct proa_app *app);
/* What is left when the loop is gone. */
void proa_app_reload_deinit(struct proa_app *app);
/* SIGHUP: a whole new snapshot, or the running one stays. */
void proa_app_on_reload(void *ctx, int signum);

/* ---- adopt.c */
struct proa_tls_context; /* proa/tls/context.h */
/* The data listener's TLS by this snapshot, the caller's; NULL where it is plain. False: its
 * certificate and key are of no use, which was logged. */
bool proa_app_listener_tls(struct proa_app *app, const struct proa_snapshot *snapshot,
                           struct proa_tls_context **out) PROA_MUST_CHECK;
/* Puts a snapshot in force; takes over the caller's reference. */
void proa_app_adopt(struct proa_app *app, struct proa_snapshot *snapshot);
/* Lets go of the snapshots of before. */
void proa_app_adopt_deinit(struct proa_app *app);
/* Logs what a build found. */
void proa_app_log_diags(struct proa_app *app, const struct proa_diags *diags);

#endif
