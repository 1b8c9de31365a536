/*
 * Putting a snapshot in force: at the start, and again at each reload. The old one lives on for the
 * exchanges that began under it.
 */
#include "app_priv.h"

#include "proa/admin/admin.h"
#include "proa/auth/secret.h"
#include "proa/core/alloc.h"
#include "proa/tls/context.h"

bool proa_app_listener_tls(struct proa_app *app, const struct proa_snapshot *snapshot,
                           struct proa_tls_context **out)
{
    struct proa_log_record r;
    *out = NULL;
    if (!snapshot->listen_key) {
        return true;
    }
    const struct proa_tls_context_cfg cfg = {.cert_pem = snapshot->listen_cert_pem,
                                             .key_pem = proa_secret_bytes(snapshot->listen_key)};
    if (proa_tls_context_create_server(&cfg, out, NULL) == PROA_OK) {
        return true;
    }
    if (proa_logger_begin(&app->log, &r, PROA_LOG_ERROR, proa_loop_wall_ms(app->loop),
                          "listen.certificate")) {
        proa_log_str(&r, "file", snapshot->cfg->listen.tls_cert_file);
        proa_log_cstr(&r, "error",
                      "no certificate in PEM that the key in tls_key_file, without a passphrase, "
                      "belongs to");
        proa_logger_end(&app->log, &r);
    }
    return false;
}

static void say_too_short(struct proa_app *app, struct proa_slice where)
{
    struct proa_log_record r;
    if (proa_logger_begin(&app->log, &r, PROA_LOG_WARN, proa_loop_wall_ms(app->loop),
                          "key.too_short_to_redact")) {
        proa_log_str(&r, "key", where);
        proa_logger_end(&app->log, &r);
    }
}

static void add_secrets(struct proa_app *app, const struct proa_snapshot *s)
{
    for (const struct proa_kept *kept = s->kept; kept; kept = kept->next) {
        if (proa_redactor_add(app->redactor, kept->secret) != PROA_OK) {
            say_too_short(app, kept->where);
        }
    }
}

static void remove_secrets(struct proa_app *app, const struct proa_snapshot *s)
{
    for (const struct proa_kept *kept = s->kept; kept; kept = kept->next) {
        proa_redactor_remove(app->redactor, kept->secret);
    }
}

/* As long as an exchange is under way under a snapshot, its keys may turn up. Those of the newest
 * of them are kept in any case, for what is told late. */
static void keep_earlier(struct proa_app *app, struct proa_snapshot *before)
{
    size_t kept = 0;
    for (size_t i = 0; i < app->n_earlier; i++) {
        struct proa_snapshot *s = app->earlier[i];
        if (s->refs > 1) {
            app->earlier[kept++] = s;
        } else {
            remove_secrets(app, s);
            proa_snapshot_unref(s);
        }
    }
    if (kept == app->earlier_cap) {
        app->earlier_cap = kept > 0 ? 2 * kept : 4;
        app->earlier = proa_realloc(app->earlier, app->earlier_cap * sizeof(void *));
    }
    app->earlier[kept] = proa_snapshot_ref(before);
    app->n_earlier = kept + 1;
}

void proa_app_adopt(struct proa_app *app, struct proa_snapshot *snapshot)
{
    struct proa_live *before = app->host.live;
    add_secrets(app, snapshot);
    const struct proa_live_parts parts = {.engine = app->engine,
                                          .upstream = app->upstream,
                                          .tokens = app->tokens,
                                          .metrics = app->metrics};
    app->host.live = proa_live_create(snapshot, &parts, proa_loop_now(app->loop));
    proa_admin_show(app->admin, snapshot, app->host.live->roster);
    if (before) {
        keep_earlier(app, before->snapshot);
        proa_live_retire(before);
    }
    proa_live_unref(before);
    const struct proa_slice revision = proa_slice_cstr(snapshot->revision);
    const struct proa_slice labels[2] = {revision, revision};
    proa_metric_info(app->metrics, PROA_METRIC_CONFIG, labels, 2);
    proa_metric_set(proa_metric_series0(app->metrics, PROA_METRIC_CONFIG_RELOADED),
                    proa_loop_wall_ms(app->loop) / 1000);
}

void proa_app_adopt_deinit(struct proa_app *app)
{
    for (size_t i = 0; i < app->n_earlier; i++) {
        proa_snapshot_unref(app->earlier[i]);
    }
    proa_free(app->earlier);
}

/* at=file:line:col, as `proa validate` writes it and editors jump to it. */
static void log_place(struct proa_log_record *r, const struct proa_diag *d)
{
    struct proa_buf at;
    if (!d->file) {
        return;
    }
    proa_buf_init(&at, PROA_LOG_VALUE_BYTES);
    (void)proa_buf_append_cstr(&at, d->file);
    if (d->line > 0) {
        (void)proa_buf_append_printf(&at, ":%u:%u", (unsigned)d->line, (unsigned)d->col);
    }
    proa_log_str(r, "at", proa_buf_slice(&at));
    proa_buf_deinit(&at);
}

void proa_app_log_diags(struct proa_app *app, const struct proa_diags *diags)
{
    for (uint32_t i = 0; i < diags->n; i++) {
        const struct proa_diag *d = &diags->items[i];
        struct proa_log_record r;
        const bool error = d->level == PROA_DIAG_ERROR;
        if (!proa_logger_begin(&app->log, &r, error ? PROA_LOG_ERROR : PROA_LOG_WARN,
                               proa_loop_wall_ms(app->loop),
                               error ? "config.error" : "config.warning")) {
            continue;
        }
        log_place(&r, d);
        proa_log_cstr(&r, "detail", d->message);
        proa_logger_end(&app->log, &r);
    }
}
