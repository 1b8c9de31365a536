/*
 * What became of breakers, credentials and the way out of here, told to people: a line in the log
 * for each change, and figures. All of it comes from the engine, which is also what routing and the
 * admin pages read.
 */
#include "exchange_priv.h"

#include "proa/engine/status.h"
#include "proa/resilience/breaker.h"

static void say(struct proa_exchange_host *host, const struct proa_status_news *news)
{
    const struct proa_status_transition *t = &news->transition;
    const enum proa_log_level level = t->to == PROA_BREAKER_OPEN ? PROA_LOG_WARN : PROA_LOG_INFO;
    struct proa_log_record r;
    if (host->log &&
        proa_logger_begin(host->log, &r, level, proa_loop_wall_ms(host->loop), "breaker.changed")) {
        proa_log_cstr(&r, "kind", proa_status_kind_text(news->kind));
        proa_log_str(&r, "id", news->identity);
        proa_log_cstr(&r, "from", proa_breaker_state_text((enum proa_breaker_state)t->from));
        proa_log_cstr(&r, "to", proa_breaker_state_text((enum proa_breaker_state)t->to));
        proa_log_cstr(&r, "cause", proa_breaker_cause_text((enum proa_breaker_cause)t->cause));
        proa_logger_end(host->log, &r);
    }
}

static void say_uplink(struct proa_exchange_host *host)
{
    const bool down = proa_status_uplink_down(host->engine);
    struct proa_log_record r;
    if (down == host->uplink_down) {
        return;
    }
    host->uplink_down = down;
    if (host->log &&
        proa_logger_begin(host->log, &r, down ? PROA_LOG_WARN : PROA_LOG_INFO,
                          proa_loop_wall_ms(host->loop), down ? "uplink.lost" : "uplink.back")) {
        proa_logger_end(host->log, &r);
    }
}

void proa_exchange_tell_refusal(struct proa_exchange_host *host, const struct proa_run *run,
                                const struct proa_attempt_record *a, uint64_t now_ns)
{
    const bool is_key = a->class == PROA_CLASS_AUTH;
    struct proa_log_record r;
    if ((!is_key && a->class != PROA_CLASS_QUOTA) || !host->log ||
        !proa_logger_begin(host->log, &r, PROA_LOG_WARN, proa_loop_wall_ms(host->loop),
                           is_key ? "key.refused" : "quota.spent")) {
        return;
    }
    const struct proa_target *target = a->candidate->target;
    struct proa_status_access access;
    proa_status_access_of(run->roster, a->candidate, is_key ? PROA_STATUS_KEY : PROA_STATUS_GROUP,
                          now_ns, &access);
    proa_log_str(&r, "provider", target->provider->name);
    proa_log_str(&r, "key", target->key->label);
    if (!is_key) {
        proa_log_str(&r, "group", access.identity);
    }
    proa_log_u64(&r, "status", a->status);
    proa_log_ms(&r, "out_ms", access.out_ns);
    proa_logger_end(host->log, &r);
}

void proa_exchange_host_tell_news(struct proa_exchange_host *host)
{
    PROA_UNINIT struct proa_status_news news;
    say_uplink(host);
    while (proa_status_next_news(host->engine, &news)) {
        say(host, &news);
    }
}

void proa_exchange_host_sample(struct proa_exchange_host *host)
{
    const struct proa_status_opens *opens = proa_status_opens(host->engine);
    for (int kind = 0; kind <= PROA_STATUS_TARGET; kind++) {
        for (int cause = 0; cause < PROA_BREAKER_CAUSES; cause++) {
            if (opens->by[kind][cause] > 0) {
                const char *what = proa_status_kind_text((enum proa_status_kind)kind);
                const char *why = proa_breaker_cause_text((enum proa_breaker_cause)cause);
                proa_metric_set(proa_metric_series2(host->metrics, PROA_METRIC_BREAKER_OPENS,
                                                    proa_slice_cstr(what), proa_slice_cstr(why)),
                                opens->by[kind][cause]);
            }
        }
    }
    proa_metric_set(proa_metric_series0(host->metrics, PROA_METRIC_UPLINK_DOWN),
                    proa_status_uplink_down(host->engine));
    proa_cached_host_sample(host);
    proa_responses_host_sample(host);
    proa_live_sample(host->live, proa_loop_now(host->loop));
}
