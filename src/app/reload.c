/*
 * Reading the configuration again: on SIGHUP, and when one of the files it was made of changes. A
 * new snapshot is built and validated on the thread pool and then swapped in whole; a wrong one
 * changes nothing and is reported once.
 *
 * Folders are watched rather than files, and the files' state is looked at now and then as well,
 * because not every file system tells. What counts as a change is another state of any file that
 * the last load looked at, and then another content: a kubelet that writes the same again is not
 * heard.
 */
#include "app_priv.h"

#include "proa/core/alloc.h"
#include "proa/io/file.h"
#include "proa/io/watch.h"
#include "proa/tls/context.h"

#include <string.h>

/* ---- on the thread pool: nothing of the loop is touched ----------------------------------------
 */

static void work(void *ctx)
{
    struct proa_app *app = ctx;
    struct proa_app_reload *r = &app->reload;
    r->unchanged = !r->forced && !proa_app_paths_changed(&r->looked_at);
    if (!r->unchanged) {
        r->err = proa_app_load(&app->sources, app->generation + 1, r->diags, &r->snapshot);
    }
}

/* ---- on the loop -------------------------------------------------------------------------------
 */

static void look(struct proa_app *app);

/* The folders that hold what the last load looked at. */
static void watch_folders(struct proa_app *app)
{
    const struct proa_app_paths *paths = &app->reload.looked_at;
    const char *dirs[2 * PROA_APP_PATHS_MAX];
    size_t n = 0;
    struct proa_arena arena;
    proa_arena_init(&arena, NULL);
    for (size_t i = 0; app->host.live->snapshot->cfg->reload.watch && i < paths->n; i++) {
        const struct proa_slice path = proa_slice_cstr(paths->items[i]);
        size_t cut = path.len;
        while (cut > 0 && path.ptr[cut - 1] != '/') {
            cut--;
        }
        dirs[n++] = cut == 0   ? "."
                    : cut == 1 ? "/"
                               : proa_arena_cstr(&arena, proa_slice_head(path, cut - 1));
        if (proa_file_is_dir(paths->items[i])) {
            dirs[n++] = paths->items[i];
        }
    }
    (void)proa_watch_set(app->reload.watch, dirs, n);
    proa_arena_reset(&arena);
}

static void say_outcome(struct proa_app *app, bool ok)
{
    struct proa_log_record r;
    proa_metric_add(proa_metric_series1(app->metrics, PROA_METRIC_CONFIG_RELOADS,
                                        ok ? PROA_SLICE("ok") : PROA_SLICE("error")),
                    1);
    if (proa_logger_begin(&app->log, &r, ok ? PROA_LOG_INFO : PROA_LOG_ERROR,
                          proa_loop_wall_ms(app->loop), ok ? "config.reloaded" : "config.kept")) {
        proa_log_cstr(&r, "revision", app->host.live->snapshot->revision);
        proa_logger_end(&app->log, &r);
    }
}

/* The files may be other ones and still say the same. */
static bool says_the_same(const struct proa_app *app, const struct proa_snapshot *snapshot)
{
    return strcmp(app->host.live->snapshot->revision, snapshot->revision) == 0;
}

static void take(struct proa_app *app)
{
    struct proa_app_reload *r = &app->reload;
    struct proa_tls_context *tls = NULL;
    bool ok = r->err == PROA_OK;
    if (ok && !r->forced && says_the_same(app, r->snapshot)) {
        proa_snapshot_unref(r->snapshot);
    } else {
        if (ok && !proa_app_listener_tls(app, r->snapshot, &tls)) {
            proa_snapshot_unref(r->snapshot);
            ok = false;
        }
        if (ok) {
            (void)proa_config_fixed_changes(&proa_root_table, app->started->cfg, r->snapshot->cfg,
                                            r->diags);
        }
        proa_app_log_diags(app, r->diags);
        if (ok) {
            app->generation++;
            proa_server_set_tls(app->server, tls);
            proa_app_adopt(app, r->snapshot);
        }
        proa_tls_context_unref(tls);
        say_outcome(app, ok);
    }
    r->snapshot = NULL;
    watch_folders(app);
}

static void done(void *ctx)
{
    struct proa_app *app = ctx;
    struct proa_app_reload *r = &app->reload;
    r->busy = false;
    if (!r->watch) { /* the program is ending */
        proa_snapshot_unref(r->snapshot);
        r->snapshot = NULL;
    } else if (!r->unchanged) {
        take(app);
    }
    proa_free(r->diags);
    r->diags = NULL;
    if (r->watch && (r->asked || r->again)) {
        look(app);
    }
}

/* Begins a job, or lets the one at work be followed by another. */
static void look(struct proa_app *app)
{
    struct proa_app_reload *r = &app->reload;
    if (r->busy) {
        r->again = true;
        return;
    }
    r->forced = r->asked;
    r->asked = false;
    r->again = false;
    r->err = PROA_OK;
    r->diags = PROA_NEW(struct proa_diags);
    r->busy = proa_loop_work(app->loop, work, done, app) == PROA_OK;
    if (!r->busy) {
        proa_free(r->diags);
        r->diags = NULL;
    }
}

static void on_change(void *ctx)
{
    struct proa_app *app = ctx;
    const struct proa_reload_cfg *cfg = &app->host.live->snapshot->cfg->reload;
    proa_timer_set(app->loop, &app->reload.settle, proa_loop_now(app->loop) + cfg->settle_ns);
}

static void on_settled(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    look(ctx);
}

static void on_poll(void *ctx, uint64_t now_ns)
{
    struct proa_app *app = ctx;
    const struct proa_reload_cfg *cfg = &app->host.live->snapshot->cfg->reload;
    if (cfg->watch) {
        look(app);
    }
    proa_timer_set(app->loop, &app->reload.poll, now_ns + cfg->poll_ns);
}

void proa_app_on_reload(void *ctx, int signum)
{
    (void)signum;
    struct proa_app *app = ctx;
    app->reload.asked = true;
    look(app);
}

void proa_app_reload_start(struct proa_app *app)
{
    struct proa_app_reload *r = &app->reload;
    r->watch = proa_watch_create(app->loop, on_change, app);
    r->settle.fn = on_settled;
    r->settle.ctx = app;
    r->poll.fn = on_poll;
    r->poll.ctx = app;
    watch_folders(app);
    on_poll(app, proa_loop_now(app->loop));
}

void proa_app_reload_stop(struct proa_app *app)
{
    struct proa_app_reload *r = &app->reload;
    proa_timer_clear(app->loop, &r->settle);
    proa_timer_clear(app->loop, &r->poll);
    proa_watch_destroy(r->watch);
    r->watch = NULL;
}

void proa_app_reload_deinit(struct proa_app *app)
{
    proa_app_paths_deinit(&app->reload.looked_at);
}
