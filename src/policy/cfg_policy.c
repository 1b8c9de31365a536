/* The table of a policy: how often, how long, how much is held back. */
#include "cfg_priv.h"

#include "proa/policy/cfg.h"

static const struct proa_option retry_rows[] = {
    ROW(struct proa_retry_cfg, max_attempts, "max_attempts", U32, .preset = "3", .min = 1,
        .max = 10, .unit = "attempts",
        .help = "Attempts for one request in total, the first and hedges included; what a provider "
                "cannot be asked is none. 1 means no failover."),
    ROW(struct proa_retry_cfg, per_pool, "per_pool", U32, .preset = "2", .min = 1, .max = 10,
        .unit = "attempts", .help = "Of them on one provider's model, whatever the key."),
    ROW(struct proa_retry_cfg, same_target, "same_target", U32, .preset = "0", .max = 9,
        .unit = "attempts",
        .help = "Further attempts on the target that failed before another one is tried."),
    ROW(struct proa_retry_cfg, backoff_base_ns, "backoff_base", DURATION, .preset = "500ms",
        .max = MINUTES(1),
        .help = "Before the same provider's model is tried again: a random wait below this, "
                "doubled each time."),
    ROW(struct proa_retry_cfg, backoff_cap_ns, "backoff_cap", DURATION, .preset = "4s",
        .max = MINUTES(10), .help = "The doubling ends here."),
    ROW(struct proa_retry_cfg, throttle_base_ns, "throttle_base", DURATION, .preset = "1s",
        .max = MINUTES(1), .help = "In place of backoff_base after a 429 that names no time."),
    ROW(struct proa_retry_cfg, move_jitter_ns, "move_jitter", DURATION, .preset = "50ms",
        .max = SECONDS(10),
        .help = "Before another provider is tried: a random wait below this, so that many "
                "sidecars do not move at the same instant."),
    ROW(struct proa_retry_cfg, retry_after_max_ns, "retry_after_max", DURATION, .preset = "2s",
        .max = HOURS(1),
        .help = "The longest Retry-After that is waited out within a request, and at most half "
                "of its time; for a longer one the request moves, or fails."),
    ROW(struct proa_retry_cfg, budget, "budget", OBJECT, .table = &proa_policy_retry_budget_table,
        .help = "What attempts after the first are paid from, per route."),
    ROWS_END,
};

static const struct proa_option_table retry_table = {
    .title = "retry",
    .rows = retry_rows,
    .size = sizeof(struct proa_retry_cfg),
    .where_at = SIZE_MAX,
};

#define TIMEOUT(member, text, ...)                                                                 \
    ROW(struct proa_timeout_cfg, member, text, DURATION, .min = MILLIS(10), .max = HOURS(24),      \
        __VA_ARGS__)

/* first_byte and first_content start at the upper clamp of an adaptive timer, not at its cold
 * value of 30 s: without measurements, a reasoning model's long silence must not look like an
 * outage, and idle and connect find the real ones. */
static const struct proa_option timeout_rows[] = {
    TIMEOUT(connect_ns, "connect", .preset = "2s",
            .help = "Finding the address of the upstream and opening a connection to it."),
    TIMEOUT(tls_ns, "tls", .preset = "3s", .help = "The TLS handshake."),
    TIMEOUT(write_ns, "write", .preset = "10s",
            .help = "The upstream takes no byte of the request for so long."),
    TIMEOUT(first_byte_ns, "first_byte", .preset = "60s",
            .help = "From the request sent to the status line. Streams only: a plain answer begins "
                    "when it is complete, so total bounds it."),
    TIMEOUT(first_content_ns, "first_content", .preset = "60s",
            .help = "From the request sent to the first content: roles, pings and comments do not "
                    "count. Streams only. When it passes, the next target is tried. In force "
                    "while too little is known of the target."),
    TIMEOUT(first_content_min_ns, "first_content_min", .preset = "10s",
            .help = "Once enough is known, first_content becomes three times the target's 99th "
                    "percentile for prompts of that size, but not less than this."),
    TIMEOUT(first_content_max_ns, "first_content_max", .preset = "60s",
            .help = "And not more than this."),
    TIMEOUT(idle_ns, "idle", .preset = "30s", .help = "Between two pieces of content of a stream."),
    TIMEOUT(idle_bytes_ns, "idle_bytes", .preset = "60s",
            .help = "Between any two bytes of an answer; pings and comments count."),
    TIMEOUT(total_ns, "total", .preset = "120s",
            .help = "The whole exchange when it is not streamed, all attempts included."),
    TIMEOUT(total_stream_ns, "total_stream", .preset = "600s",
            .help = "The whole exchange when it is streamed, all attempts included."),
    ROWS_END,
};

static const struct proa_option_table timeout_table = {
    .title = "timeouts",
    .rows = timeout_rows,
    .size = sizeof(struct proa_timeout_cfg),
    .where_at = SIZE_MAX,
};

static const struct proa_option commit_rows[] = {
    ROW(struct proa_commit_cfg, max_events, "max_events", U32, .preset = "64", .min = 1,
        .max = 4096, .unit = "events",
        .help = "Events of a stream held back while none of them bears content."),
    ROW(struct proa_commit_cfg, max_bytes, "max_bytes", BYTES, .preset = "256KiB", .min = KIB(4),
        .max = MIB(16), .help = "Bytes of a stream held back, likewise."),
    ROW(struct proa_commit_cfg, max_plain_bytes, "max_plain_bytes", BYTES, .preset = "1MiB",
        .max = MIB(32),
        .help = "A plain answer up to this size is held until it is whole, so that a cut one still "
                "moves to the next target. A larger one is passed on as it comes."),
    ROWS_END,
};

static const struct proa_option_table commit_table = {
    .title = "commit",
    .rows = commit_rows,
    .size = sizeof(struct proa_commit_cfg),
    .where_at = SIZE_MAX,
};

static const char *const priorities[] = {"default", "critical", "batch", "sheddable", NULL};
static const char *const midstreams[] = {"error", "resume", NULL};
static const char *const on_disconnect[] = {"cancel", "drain", NULL};

#define POLICY(member, text, kind, ...) ROW(struct proa_policy_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option policy_rows[] = {
    POLICY(file, "file", STRING, .expand = true,
           .help = "Path of a policy file, relative to the working directory; stands alone. Only "
                   "in the list of policies; the path alone means the same."),
    POLICY(api_version, "apiVersion", STRING, .help = "proa/v1; required in policy files."),
    POLICY(kind, "kind", STRING, .help = "Policy; required in policy files."),
    POLICY(name, "name", STRING,
           .help = "What routes call it. default is the one of routes that name none."),
    POLICY(retry, "retry", OBJECT, .table = &retry_table, .help = "How often a request is tried."),
    POLICY(timeouts, "timeouts", OBJECT, .table = &timeout_table,
           .help = "How long each phase may take."),
    POLICY(commit, "commit", OBJECT, .table = &commit_table,
           .help = "How much of an answer is held back, so that a failure before the first content "
                   "can move to another target unseen."),
    POLICY(breaker, "breaker", OBJECT, .table = &proa_policy_breaker_table,
           .help = "When a failing target is taken out, and how it comes back."),
    POLICY(degraded, "degraded", OBJECT, .table = &proa_policy_degraded_table,
           .help = "When a target is put behind the healthy ones."),
    POLICY(stall, "stall", OBJECT, .table = &proa_policy_stall_table,
           .help = "When silence counts as trouble."),
    POLICY(panic, "panic", OBJECT, .table = &proa_policy_panic_table,
           .help = "What happens when no target is healthy."),
    POLICY(hedge, "hedge", OBJECT, .table = &proa_policy_hedge_table,
           .help = "A second attempt beside a slow one."),
    POLICY(balance, "balance", OBJECT, .table = &proa_policy_balance_table,
           .help = "How one of several good targets is chosen."),
    POLICY(limiter, "limiter", OBJECT, .table = &proa_policy_limiter_table,
           .help = "How the providers' rate limits are kept."),
    POLICY(concurrency, "concurrency", OBJECT, .table = &proa_policy_concurrency_table,
           .help = "How much is under way at once."),
    POLICY(credential, "credential", OBJECT, .table = &proa_policy_credential_table,
           .help = "How long refused keys and spent quotas are left alone."),
    POLICY(cache, "cache", OBJECT, .table = &proa_policy_cache_table,
           .help = "Which answers are kept and given again."),
    POLICY(priority, "priority", ENUM, .preset = "default", .names = priorities,
           .help = "Of the route's requests when places or limits are scarce: critical before "
                   "default before batch before sheddable."),
    POLICY(midstream, "midstream", ENUM, .preset = "error", .names = midstreams,
           .help = "When a stream breaks after its first content: end it with an error, or resume "
                   "it on another target so that the application sees one answer. Only plain text "
                   "is resumed, at most 256KiB of it; the second target is paid for as well."),
    POLICY(on_disconnect, "on_disconnect", ENUM, .preset = "cancel", .names = on_disconnect,
           .help = "When the client goes away: cancel the upstream call, or drain it to its end to "
                   "learn its usage."),
    ROWS_END,
};

const struct proa_option_table proa_policy_table = {
    .title = "policy",
    .rows = policy_rows,
    .size = sizeof(struct proa_policy_cfg),
    .where_at = offsetof(struct proa_policy_cfg, where),
    .scalar = "file",
};
