/*
 * Wiring, in the order in which things depend on one another, and back again at the end.
 */
#include "proa/app/app.h"

#include "app_priv.h"

#include "proa/admin/admin.h"
#include "proa/auth/redact.h"
#include "proa/auth/secret.h"
#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/version.h"
#include "proa/engine/roster.h"
#include "proa/io/file.h"
#include "proa/io/notify.h"
#include "proa/mock/mock.h"
#include "proa/net/conn.h"
#include "proa/tls/context.h"
#include "proa/upstream/call.h"
#include "proa/upstream/tokens.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { LOG_AUTO = 3 };

static const uint64_t LAG_EVERY_NS = PROA_NS_PER_S;

/* ---- listeners ------------------------------------------------------------------------------- */

struct opened {
    struct proa_app_ready ready;
    char text[PROA_ARRAY_LEN(((struct proa_app_ready *)0)->data) + 2][128];
    size_t n;
};

/* What moves each of them; --listen only the first. */
static const char *const OTHER_ADDRESS[PROA_LISTENER_KINDS] = {
    [PROA_LISTENER_DATA] = "another process listens there: stop it, or choose another address with "
                           "--listen or listen.data",
    [PROA_LISTENER_OPS] = "another process listens there: stop it, or choose another address with "
                          "PROA_LISTEN_OPS or listen.ops",
    [PROA_LISTENER_ADMIN] = "another process listens there: stop it, or choose another address "
                            "with PROA_LISTEN_ADMIN or listen.admin",
};

static const char *hint_of(enum proa_listener_kind kind, enum proa_err err)
{
    static const struct {
        enum proa_err err;
        const char *hint;
    } rows[] = {
        {PROA_ERR_EXISTS, "what is there is no socket, or another user's: move it away, or choose "
                          "another path"},
        {PROA_ERR_NOT_FOUND, "the folder of the socket does not exist: make it first"},
        {PROA_ERR_PERMISSION, "this user may not listen there: use a port above 1023, or a folder "
                              "it owns"},
        {PROA_ERR_UNREACHABLE, "no interface of this machine has that address"},
        {PROA_ERR_FD_LIMIT, "raise the limit of open files (ulimit -n, LimitNOFILE)"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (rows[i].err == err) {
            return rows[i].hint;
        }
    }
    return err == PROA_ERR_ADDR_IN_USE ? OTHER_ADDRESS[kind]
                                       : "write HOST:PORT, [IPv6]:PORT or unix:/path";
}

static bool listen_failed(struct proa_app *app, enum proa_listener_kind kind,
                          struct proa_slice text, enum proa_err err)
{
    struct proa_log_record r;
    if (proa_logger_begin(&app->log, &r, PROA_LOG_ERROR, proa_loop_wall_ms(app->loop),
                          "listen.failed")) {
        proa_log_str(&r, "address", text);
        proa_log_cstr(&r, "error", proa_err_text(err));
        proa_log_cstr(&r, "hint", hint_of(kind, err));
        proa_logger_end(&app->log, &r);
    }
    return false;
}

static bool listen_on(struct proa_app *app, enum proa_listener_kind kind,
                      const struct proa_option_list *list, struct opened *opened)
{
    const struct proa_slice *texts = list->items;
    for (size_t i = 0; i < list->n; i++) {
        struct proa_addr addr;
        struct proa_addr bound;
        enum proa_err err = proa_addr_parse(texts[i], &addr);
        if (err != PROA_OK) {
            return listen_failed(app, kind, texts[i], err);
        }
        if (kind != PROA_LISTENER_OPS && !proa_addr_is_loopback(&addr)) {
            struct proa_log_record r;
            if (proa_logger_begin(&app->log, &r, PROA_LOG_ERROR, proa_loop_wall_ms(app->loop),
                                  "listen.refused")) {
                proa_log_str(&r, "address", texts[i]);
                proa_log_cstr(&r, "error",
                              "this listener has no authentication, so it binds to loopback or "
                              "a unix socket only");
                proa_logger_end(&app->log, &r);
            }
            return false;
        }
        const struct proa_listen_options options = {.mode = app->started->cfg->listen.socket_mode};
        err = proa_server_listen(app->server, kind, &addr, &options, &bound);
        if (err != PROA_OK) {
            return listen_failed(app, kind, texts[i], err);
        }
        if (opened->n == PROA_ARRAY_LEN(opened->text)) {
            continue;
        }
        char *text = opened->text[opened->n++];
        proa_addr_format(&bound, text, sizeof opened->text[0]);
        if (kind == PROA_LISTENER_DATA &&
            opened->ready.n_data < PROA_ARRAY_LEN(opened->ready.data)) {
            opened->ready.data[opened->ready.n_data++] = text;
        } else if (kind == PROA_LISTENER_OPS && !opened->ready.ops) {
            opened->ready.ops = text;
        } else if (kind == PROA_LISTENER_ADMIN && !opened->ready.admin) {
            opened->ready.admin = text;
        }
    }
    return true;
}

static bool listen_all(struct proa_app *app, struct opened *opened)
{
    const struct proa_listen_cfg *listen = &app->started->cfg->listen;
    return listen_on(app, PROA_LISTENER_OPS, &listen->ops, opened) &&
           listen_on(app, PROA_LISTENER_ADMIN, &listen->admin, opened) &&
           listen_on(app, PROA_LISTENER_DATA, &listen->data, opened);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void set_up_logs(struct proa_app *app, const struct proa_log_cfg *cfg)
{
    const bool tty = isatty(STDERR_FILENO) == 1;
    const enum proa_log_format format = cfg->format != LOG_AUTO ? (enum proa_log_format)cfg->format
                                        : tty                   ? PROA_LOG_TEXT
                                                                : PROA_LOG_JSON;
    app->log.format = format;
    app->log.level = (enum proa_log_level)cfg->level;
    app->access_log.format = format;
    app->access_log.level = (enum proa_log_level)cfg->level;
    if (!cfg->access) {
        app->access_log.sink = NULL;
    }
}

static bool start_mock(struct proa_app *app)
{
    if (!app->options->sources.mock) {
        return true;
    }
    struct proa_addr addr;
    struct proa_addr bound;
    char text[64];
    struct proa_mock_recipe faults = {0};
    struct proa_mock_recipe_fault wrong;
    const struct proa_slice recipe = app->options->mock_fault;
    if (recipe.len > 0 && proa_mock_recipe_parse(recipe, &faults, &wrong) != PROA_OK) {
        return listen_failed(app, PROA_LISTENER_DATA, recipe, PROA_ERR_SYNTAX);
    }
    const struct proa_mock_cfg cfg = {.faults = &faults, .seed = proa_prng_next(&app->host.prng)};
    app->mock = proa_mock_create(app->net, &cfg);
    enum proa_err err = proa_addr_parse(PROA_SLICE("127.0.0.1:0"), &addr);
    if (err == PROA_OK) {
        err = proa_mock_listen(app->mock, &addr, &bound);
    }
    if (err != PROA_OK) {
        return listen_failed(app, PROA_LISTENER_DATA, PROA_SLICE("127.0.0.1:0 (mock)"), err);
    }
    proa_addr_format(&bound, text, sizeof text);
    struct proa_buf base;
    proa_buf_init(&base, sizeof app->mock_base - 1);
    PROA_BUF_LIT(&base, "http://");
    (void)proa_buf_append_cstr(&base, text);
    for (size_t i = 0; i < base.len; i++) {
        app->mock_base[i] = base.ptr[i];
    }
    app->sources.mock_base = proa_slice_make(app->mock_base, base.len);
    proa_buf_deinit(&base);
    return true;
}

static void on_lag(void *ctx, uint64_t now_ns)
{
    struct proa_app *app = ctx;
    proa_metric_observe(app->m_lag, proa_loop_lag(app->loop));
    proa_metric_set(
        proa_metric_series1(app->metrics, PROA_METRIC_TELEMETRY_DROPPED, PROA_SLICE("access_log")),
        proa_logsink_dropped(app->out));
    proa_exchange_host_tell_news(&app->host);
    if (app->watchdog) {
        (void)proa_notify_send(app->notify, PROA_SLICE("WATCHDOG=1"));
    }
    proa_timer_set(app->loop, &app->lag_timer, now_ns + LAG_EVERY_NS);
}

/* What breakers, budgets and queues say now. */
static void sample_gauges(void *ctx)
{
    struct proa_app *app = ctx;
    proa_exchange_host_sample(&app->host);
}

static void create_parts(struct proa_app *app)
{
    uint64_t seed[2];
    proa_process_random(seed, sizeof seed);
    proa_alloc_keep_freed();
    app->loop = proa_loop_create();
    app->net = proa_net_create(app->loop);
    app->metrics = proa_metric_reg_create(0);
    app->out = proa_logsink_create(app->loop, STDOUT_FILENO);
    app->err = proa_logsink_create(app->loop, STDERR_FILENO);
    proa_logger_init(&app->log, PROA_LOG_TEXT, PROA_LOG_INFO, proa_logsink_write, app->err);
    proa_logger_init(&app->access_log, PROA_LOG_TEXT, PROA_LOG_INFO, proa_logsink_write, app->out);
    app->redactor = proa_redactor_create();
    app->engine = proa_engine_create(seed[0]);
    app->upstream = proa_upstream_create(app->net, app->metrics);
    const struct proa_tokens_cfg tokens = {.loop = app->loop,
                                           .upstream = app->upstream,
                                           .metrics = app->metrics,
                                           .redactor = app->redactor,
                                           .log = &app->log,
                                           .seed = seed[1]};
    app->tokens = proa_tokens_create(&tokens);
    proa_prng_seed(&app->host.prng, seed[1]);
    app->m_lag = proa_metric_series0(app->metrics, PROA_METRIC_LOOP_LAG);
    app->lag_timer.fn = on_lag;
    app->lag_timer.ctx = app;
    const struct proa_slice version[2] = {proa_slice_cstr(proa_version_text()),
                                          proa_slice_cstr(proa_version_revision())};
    proa_metric_info(app->metrics, PROA_METRIC_BUILD, version, 2);
    const struct proa_admin_cfg admin = {.loop = app->loop,
                                         .metrics = app->metrics,
                                         .ready = &app->ready,
                                         .leaving = &app->leaving,
                                         .log = &app->log,
                                         .sample = sample_gauges,
                                         .sample_ctx = app};
    app->admin = proa_admin_create(&admin);
}

/* A quarter of the memory that the cgroup grants, at most 1 GiB, unless configured. */
static uint64_t byte_budget(const struct proa_limits_cfg *limits)
{
    if (limits->buffered > 0) {
        return limits->buffered;
    }
    const uint64_t limit = proa_memory_limit() / 4;
    const uint64_t most = UINT64_C(1) << 30;
    return limit < most ? limit : most;
}

/* As configured, but no more than a quarter of the memory that the cgroup grants. */
static uint64_t room_for(uint64_t configured)
{
    const uint64_t most = proa_memory_limit() / 4;
    return configured < most ? configured : most;
}

/* The snapshot it borrows from is that of the start, which stays. */
static bool open_store(struct proa_app *app)
{
    const struct proa_shared_cache *shared = app->started->shared;
    struct proa_tls_context *tls = NULL;
    if (!shared) {
        return true;
    }
    const struct proa_tls_context_cfg authorities = {.ca_pem = shared->ca_pem};
    const enum proa_err err =
        shared->tls ? proa_tls_context_create_client(&authorities, &tls, NULL) : PROA_OK;
    struct proa_log_record r;
    if (err != PROA_OK) {
        if (proa_logger_begin(&app->log, &r, PROA_LOG_ERROR, proa_loop_wall_ms(app->loop),
                              "cache.shared_failed")) {
            proa_log_cstr(&r, "error", proa_err_text(err));
            proa_log_cstr(&r, "hint", "cache.shared.ca_file holds no certificate that can be read");
            proa_logger_end(&app->log, &r);
        }
        return false;
    }
    const struct proa_store_cfg cfg = {
        .net = app->net,
        .metrics = app->metrics,
        .log = &app->log,
        .host = shared->host,
        .port = shared->port,
        .tls = tls,
        .user = shared->user,
        .password = shared->password ? proa_secret_bytes(shared->password) : PROA_SLICE_NONE,
        .database = shared->database,
        .seed = proa_prng_next(&app->host.prng),
    };
    app->store = proa_store_create(&cfg);
    proa_tls_context_unref(tls);
    app->host.store = app->store;
    app->host.shared_key = proa_secret_bytes(shared->key);
    return true;
}

static bool create_server(struct proa_app *app)
{
    const struct proa_root_cfg *cfg = app->started->cfg;
    app->host.loop = app->loop;
    app->host.engine = app->engine;
    app->host.metrics = app->metrics;
    app->host.access_log = &app->access_log;
    app->host.log = &app->log;
    app->host.redactor = app->redactor;
    app->host.buffered_max = byte_budget(&cfg->limits);
    app->host.cache_max = room_for(cfg->cache.size_bytes);
    app->host.turns_max = room_for(cfg->responses.store_bytes);
    app->host.turns_ttl_ns = cfg->responses.ttl_ns;
    if (!open_store(app)) {
        return false;
    }
    proa_exchange_host_init(&app->host);
    proa_admin_show_answers(app->admin, proa_exchange_host_answers(&app->host));
    struct proa_tls_context *tls = NULL;
    if (!proa_app_listener_tls(app, app->started, &tls)) {
        return false;
    }
    const struct proa_server_cfg server = {
        .net = app->net,
        .host = &app->host,
        .admin = app->admin,
        .metrics = app->metrics,
        .limits = &cfg->limits,
        .listen = &cfg->listen,
        .tls = tls,
    };
    app->server = proa_server_create(&server);
    proa_tls_context_unref(tls);
    return true;
}

static bool handle_signals(struct proa_app *app)
{
    return proa_loop_signal(app->loop, SIGTERM, proa_app_on_stop, app) == PROA_OK &&
           proa_loop_signal(app->loop, SIGINT, proa_app_on_stop, app) == PROA_OK &&
           proa_loop_signal(app->loop, PROA_APP_SIGNAL_ENDING, proa_app_on_ending, app) ==
               PROA_OK &&
           proa_loop_signal(app->loop, SIGHUP, proa_app_on_reload, app) == PROA_OK;
}

static void destroy_parts(struct proa_app *app)
{
    proa_timer_clear(app->loop, &app->drain_timer);
    proa_timer_clear(app->loop, &app->lag_timer);
    proa_app_reload_stop(app);
    proa_server_destroy(app->server);
    if (app->server) {
        proa_live_unref(app->host.live);
        proa_exchange_host_deinit(&app->host);
    }
    proa_store_destroy(app->store);
    proa_tokens_destroy(app->tokens);
    proa_upstream_destroy(app->upstream);
    proa_mock_destroy(app->mock);
    proa_admin_destroy(app->admin);
    proa_engine_destroy(app->engine);
    proa_redactor_destroy(app->redactor);
    proa_app_adopt_deinit(app);
    proa_snapshot_unref(app->started);
    proa_logger_deinit(&app->access_log);
    proa_logger_deinit(&app->log);
    proa_logsink_destroy(app->out);
    proa_logsink_destroy(app->err);
    proa_metric_reg_destroy(app->metrics);
    proa_net_destroy(app->net);
    proa_loop_destroy(app->loop);
    proa_tls_exit();
}

/* ---- run ------------------------------------------------------------------------------------- */

static int start(struct proa_app *app, struct opened *opened)
{
    if (!start_mock(app)) {
        return EX_OSERR;
    }
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    const enum proa_err err = proa_app_load(&app->sources, 0, diags, &app->started);
    if (err == PROA_OK) {
        set_up_logs(app, &app->started->cfg->log);
    }
    proa_app_log_diags(app, diags);
    proa_free(diags);
    if (err != PROA_OK) {
        return EX_CONFIG;
    }
    if (!create_server(app)) {
        return EX_CONFIG;
    }
    proa_app_adopt(app, proa_snapshot_ref(app->started));
    if (!listen_all(app, opened) || !handle_signals(app)) {
        return EX_OSERR;
    }
    opened->ready.mock = app->mock ? app->mock_base : NULL;
    opened->ready.snapshot = app->started;
    app->ready = true;
    proa_app_reload_start(app);
    proa_timer_set(app->loop, &app->lag_timer, proa_loop_now(app->loop) + LAG_EVERY_NS);
    return EX_OK;
}

static void say_started(struct proa_app *app, const struct opened *opened)
{
    struct proa_log_record r;
    if (proa_logger_begin(&app->log, &r, PROA_LOG_INFO, proa_loop_wall_ms(app->loop), "started")) {
        proa_log_cstr(&r, "version", proa_version_text());
        proa_log_cstr(&r, "data", opened->ready.n_data > 0 ? opened->ready.data[0] : "");
        proa_log_cstr(&r, "ops", opened->ready.ops);
        proa_log_cstr(&r, "admin", opened->ready.admin);
        proa_log_u64(&r, "providers", app->started->n_providers);
        proa_log_u64(&r, "routes", app->started->n_configured_routes);
        proa_log_cstr(&r, "revision", app->started->revision);
        proa_logger_end(&app->log, &r);
    }
}

int proa_app_run(const struct proa_app_options *options)
{
    proa_process_harden();
    if (proa_tls_init() != PROA_OK) {
        return EX_SOFTWARE;
    }
    struct proa_app *app = PROA_NEW(struct proa_app);
    struct opened opened = {0};
    app->options = options;
    app->sources = options->sources;
    app->sources.names = &app->names;
    app->sources.looked_at = &app->reload.looked_at;
    /* NOLINTBEGIN(concurrency-mt-unsafe): nothing calls setenv */
    app->notify = getenv("NOTIFY_SOCKET");
    app->watchdog = getenv("WATCHDOG_USEC") != NULL;
    /* NOLINTEND(concurrency-mt-unsafe) */
    proa_app_names_init(&app->names);
    proa_app_paths_init(&app->reload.looked_at);
    create_parts(app);
    int code = start(app, &opened);
    if (code == EX_OK) {
        say_started(app, &opened);
        (void)proa_notify_send(app->notify, PROA_SLICE("READY=1"));
        if (options->on_ready) {
            options->on_ready(options->ctx, &opened.ready);
        }
        proa_alloc_trim(); /* of what only the start needed */
        proa_loop_run(app->loop);
        code = app->exit_code;
    }
    destroy_parts(app);
    proa_app_reload_deinit(app);
    proa_app_names_deinit(&app->names);
    proa_free(app);
    return code;
}
