/*
 * The end: readiness off, idle connections closed, answers finish. When no connection has been open
 * for drain_idle, or the deadline passes, the loop stops; what still streams at the deadline ends
 * with an error that its client can tell.
 */
#include "app_priv.h"

#include "proa/core/clock.h"
#include "proa/io/notify.h"

#include <inttypes.h>

enum { STATE_MAX = 128 };

/* What the loop and the last writes may take beyond the deadline. */
static const uint64_t SPARE_NS = 5 * PROA_NS_PER_S;
static const uint64_t CHECK_NS = 20 * PROA_NS_PER_MS;

static void say(struct proa_app *app, const char *event)
{
    struct proa_log_record r;
    if (proa_logger_begin(&app->log, &r, PROA_LOG_INFO, proa_loop_wall_ms(app->loop), event)) {
        proa_log_u64(&r, "connections", proa_server_connections(app->server));
        proa_log_u64(&r, "requests", proa_exchange_host_count(&app->host));
        proa_logger_end(&app->log, &r);
    }
}

static void on_check(void *ctx, uint64_t now_ns)
{
    struct proa_app *app = ctx;
    const struct proa_limits_cfg *limits = &app->started->cfg->limits;
    const bool idle =
        proa_server_connections(app->server) == 0 && proa_exchange_host_count(&app->host) == 0;
    if (!idle) {
        app->idle_since_ns = 0;
    } else if (app->idle_since_ns == 0) {
        app->idle_since_ns = now_ns;
    }
    if (idle && proa_clock_since(now_ns, app->idle_since_ns) >= limits->drain_idle_ns) {
        say(app, "drained");
        proa_loop_stop(app->loop);
        return;
    }
    if (now_ns >= app->drain_until_ns) {
        say(app, "drain.deadline");
        proa_exchange_host_end_all(&app->host);
        proa_loop_stop(app->loop);
        return;
    }
    proa_timer_set(app->loop, &app->drain_timer, now_ns + CHECK_NS);
}

/* The service manager would kill us after a time of its own, which knows nothing of limits.drain.
 */
static void tell_stopping(struct proa_app *app)
{
    const uint64_t ns = app->started->cfg->limits.drain_ns + SPARE_NS;
    struct proa_buf state;
    proa_buf_init(&state, STATE_MAX);
    (void)proa_buf_append_printf(&state, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, ns / 1000);
    (void)proa_notify_send(app->notify, proa_buf_slice(&state));
    proa_buf_deinit(&state);
}

void proa_app_on_ending(void *ctx, int signum)
{
    struct proa_app *app = ctx;
    (void)signum;
    app->leaving = true;
    say(app, "ending");
}

void proa_app_on_stop(void *ctx, int signum)
{
    struct proa_app *app = ctx;
    (void)signum;
    if (app->draining) {
        say(app, "drain.cut_short");
        proa_exchange_host_end_all(&app->host);
        proa_loop_stop(app->loop);
        return;
    }
    const uint64_t now = proa_loop_now(app->loop);
    app->leaving = true;
    app->draining = true;
    app->host.draining = true;
    app->drain_until_ns = proa_clock_after(now, app->started->cfg->limits.drain_ns);
    app->drain_timer.fn = on_check;
    app->drain_timer.ctx = app;
    say(app, "draining");
    tell_stopping(app);
    proa_server_drain(app->server);
    on_check(app, now);
}
