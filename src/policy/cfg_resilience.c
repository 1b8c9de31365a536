/*
 * The tables of a policy's resilience settings: when a target is left alone, how the next one is
 * chosen, what extra attempts may cost. Defaults and ranges are those of the resilience design.
 */
#include "cfg_priv.h"

#define TABLE(name, T)                                                                             \
    const struct proa_option_table proa_policy_##name##_table = {                                  \
        .title = #name,                                                                            \
        .rows = name##_rows,                                                                       \
        .size = sizeof(T),                                                                         \
        .where_at = SIZE_MAX,                                                                      \
    }

/* ---- budgets --------------------------------------------------------------------------------- */

#define BUDGET(member, text, kind, ...) ROW(struct proa_budget_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option retry_budget_rows[] = {
    BUDGET(ratio_ppm, "ratio", PPM, .preset = "0.2", .max = PPM_ONE, .unit = "attempts",
           .help = "What each request adds. Load caused by failure then shrinks as failure grows. "
                   "Raise it where many providers fail at once and cost matters less."),
    BUDGET(cap, "cap", U32, .preset = "10", .min = 1, .max = 1000, .unit = "attempts",
           .help = "The most that is saved up for a burst of failures."),
    BUDGET(start, "start", U32, .preset = "10", .max = 1000, .unit = "attempts",
           .help = "What is there when Proa starts; at most cap."),
    BUDGET(per_second_ppm, "per_second", PPM, .preset = "0.1", .max = 100 * PPM_ONE,
           .unit = "attempts", .help = "What each second adds, for applications that call rarely."),
    ROWS_END,
};

static const struct proa_option hedge_budget_rows[] = {
    BUDGET(ratio_ppm, "ratio", PPM, .preset = "0.05", .max = PPM_ONE, .unit = "attempts",
           .help = "What each request adds: the share of requests that may be sent twice."),
    BUDGET(cap, "cap", U32, .preset = "10", .min = 1, .max = 1000, .unit = "attempts",
           .help = "The most that is saved up."),
    BUDGET(start, "start", U32, .preset = "3", .max = 1000, .unit = "attempts",
           .help = "What is there when Proa starts; at most cap."),
    BUDGET(per_second_ppm, "per_second", PPM, .preset = "0", .max = 100 * PPM_ONE,
           .unit = "attempts", .help = "What each second adds."),
    ROWS_END,
};

static const struct proa_option_table hedge_budget_table = {
    .title = "budget",
    .rows = hedge_budget_rows,
    .size = sizeof(struct proa_budget_cfg),
    .where_at = SIZE_MAX,
};
TABLE(retry_budget, struct proa_budget_cfg);

/* ---- health ---------------------------------------------------------------------------------- */

#define BREAKER(member, text, kind, ...)                                                           \
    ROW(struct proa_breaker_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option breaker_rows[] = {
    BREAKER(score, "score", U32, .preset = "5", .min = 2, .max = 1000, .unit = "points",
            .help = "Consecutive failures that take a target out: a timeout or a refused "
                    "connection counts 2, an error 1, a success resets. Raise it where a provider "
                    "answers unrelated 5xx often."),
    BREAKER(pool_score, "pool_score", U32, .preset = "5", .min = 2, .max = 1000, .unit = "points",
            .help = "Likewise for all keys of one provider's model together; failures on two of "
                    "them are needed, so that one bad key never takes the others along."),
    BREAKER(endpoint_score, "endpoint_score", U32, .preset = "6", .min = 2, .max = 1000,
            .unit = "points",
            .help = "Likewise for a host: names that do not resolve, refused connections, failed "
                    "handshakes."),
    BREAKER(window_ns, "window", DURATION, .preset = "60s", .min = SECONDS(6), .max = MINUTES(10),
            .help = "Over which failure rates are taken. The newest sixth of it is looked at by "
                    "itself as well, so that a sudden failure is not hidden by old successes."),
    BREAKER(min_samples, "min_samples", U32, .preset = "10", .min = 3, .max = 1000,
            .unit = "answers",
            .help = "Answers in a window before its rate counts. Above 50 requests a second, 30 "
                    "is better."),
    BREAKER(trip_ppm, "trip", PPM, .preset = "0.5", .min = PPM_ONE / 20, .max = PPM_ONE,
            .help = "Failure rate that takes a target out."),
    BREAKER(open_floor_ns, "open_floor", DURATION, .preset = "1s", .min = MILLIS(10),
            .max = HOURS(1), .help = "A target that was taken out stays out at least this long."),
    BREAKER(open_base_ns, "open_base", DURATION, .preset = "5s", .min = MILLIS(10), .max = HOURS(1),
            .help = "And at random up to this long; doubled each time it fails again."),
    BREAKER(open_cap_ns, "open_cap", DURATION, .preset = "30s", .min = MILLIS(10), .max = HOURS(1),
            .help = "The doubling ends here. Raise it where a probe costs more than noticing a "
                    "recovery late."),
    BREAKER(stable_ns, "stable", DURATION, .preset = "60s", .min = MILLIS(100), .max = HOURS(1),
            .help = "Each such span without trouble takes one doubling back."),
    BREAKER(half_open_successes, "half_open_successes", U32, .preset = "2", .min = 1, .max = 10,
            .unit = "probes", .help = "Good probes in sequence that bring a target back."),
    BREAKER(lease_ns, "lease", DURATION, .preset = "60s", .min = MILLIS(100), .max = HOURS(1),
            .help = "A probe that has told nothing for so long makes room for another."),
    BREAKER(ramp_ns, "ramp", DURATION, .preset = "30s", .max = MINUTES(30),
            .help = "After coming back, its share of the traffic grows to the full one in this "
                    "time."),
    BREAKER(ramp_min_ppm, "ramp_min", PPM, .preset = "0.1", .min = PPM_ONE / 100, .max = PPM_ONE,
            .help = "The share it begins with."),
    BREAKER(ramp_failure_factor, "ramp_failure_factor", U32, .preset = "2", .min = 1, .max = 10,
            .help = "Failures count this many times while the share grows."),
    ROWS_END,
};
TABLE(breaker, struct proa_breaker_cfg);

#define DEGRADED(member, text, kind, ...)                                                          \
    ROW(struct proa_degraded_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option degraded_rows[] = {
    DEGRADED(enabled, "enabled", BOOL, .preset = "true",
             .help = "A target that fails or lags more than usual, but not enough to be taken "
                     "out, comes after every healthy one."),
    DEGRADED(enter_ppm, "enter", PPM, .preset = "0.2", .min = PPM_ONE / 100, .max = PPM_ONE,
             .help = "Failure rate in the window. Raise it where the provider's everyday error "
                     "level is above 5 %."),
    DEGRADED(enter_fast_ppm, "enter_fast", PPM, .preset = "0.3", .min = PPM_ONE / 100,
             .max = PPM_ONE, .help = "Failure rate in the newest sixth of the window."),
    DEGRADED(slow_ppm, "slow", PPM, .preset = "0.5", .min = PPM_ONE / 100, .max = PPM_ONE,
             .help = "Share of answers that came later than stall.slow_factor allows."),
    DEGRADED(exit_good, "exit", U32, .preset = "3", .min = 1, .max = 100, .unit = "answers",
             .help = "Good answers in sequence that end it."),
    DEGRADED(trickle_ppm, "trickle", PPM, .preset = "0.05", .max = PPM_ONE,
             .help = "Share of requests that try it all the same, with a hedge, so that its "
                     "recovery is seen."),
    DEGRADED(trickle_every_ns, "trickle_every", DURATION, .preset = "10s", .min = MILLIS(10),
             .max = HOURS(1), .help = "At most one such request per this span."),
    ROWS_END,
};
TABLE(degraded, struct proa_degraded_cfg);

#define STALL(member, text, kind, ...) ROW(struct proa_stall_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option stall_rows[] = {
    STALL(enabled, "enabled", BOOL, .preset = "true",
          .help = "Requests that have waited too long for their first content count against the "
                  "target now, not when they time out. Streams only."),
    STALL(slow_factor, "slow_factor", U32, .preset = "4", .min = 2, .max = 100, .unit = "x median",
          .help = "Slow is: no content after this many times the target's own usual time for "
                  "prompts of that size."),
    STALL(slow_min_ns, "slow_min", DURATION, .preset = "2s", .min = MILLIS(10), .max = HOURS(1),
          .help = "Never sooner."),
    STALL(stall_factor, "factor", U32, .preset = "4", .min = 2, .max = 100, .unit = "x p95",
          .help = "Stalled is: no content after this many times its 95th percentile, and none of "
                  "any other request either."),
    STALL(stall_min_ns, "min", DURATION, .preset = "3s", .min = MILLIS(10), .max = HOURS(1),
          .help = "Never sooner; and at half of timeouts.first_content at the latest."),
    STALL(stall_cold_ns, "cold", DURATION, .preset = "10s", .min = MILLIS(10), .max = HOURS(1),
          .help = "While too little is known. 30s for models that reason first."),
    STALL(evacuate, "evacuate", BOOL, .preset = "true",
          .help = "When a target is taken out, requests that wait on it in silence are started "
                  "elsewhere as well, once each; the first content wins."),
    ROWS_END,
};
TABLE(stall, struct proa_stall_cfg);

#define PANIC(member, text, kind, ...) ROW(struct proa_panic_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option panic_rows[] = {
    PANIC(enabled, "enabled", BOOL, .preset = "true",
          .help = "When no target is healthy, try them all the same, but no more than they take. "
                  "Off: such requests get 503 at once."),
    PANIC(k_ppm, "k", PPM, .preset = "2", .min = PPM_ONE, .max = 100 * PPM_ONE,
          .help = "Requests let through per one that was answered well in the window."),
    PANIC(window_ns, "window", DURATION, .preset = "60s", .min = SECONDS(6), .max = MINUTES(10),
          .help = "Over which that is counted."),
    PANIC(floor_ns, "floor", DURATION, .preset = "2s", .min = MILLIS(10), .max = HOURS(1),
          .help = "One request per this span is let through whatever the count says."),
    ROWS_END,
};
TABLE(panic, struct proa_panic_cfg);

#define CREDENTIAL(member, text, ...)                                                              \
    ROW(struct proa_credential_cfg, member, text, DURATION, .min = MILLIS(100), .max = HOURS(24),  \
        __VA_ARGS__)

static const struct proa_option credential_rows[] = {
    CREDENTIAL(disabled_ns, "disabled", .preset = "5m",
               .help = "A key that was refused (401, 403) is left alone for so long; doubled each "
                       "time."),
    CREDENTIAL(exhausted_ns, "exhausted", .preset = "10m",
               .help = "A quota group whose money or quota is spent, likewise; a reset time that "
                       "the provider names wins."),
    CREDENTIAL(cap_ns, "cap", .preset = "1h", .help = "The doubling ends here."),
    CREDENTIAL(mask_ns, "unknown_model", .preset = "10m",
               .help = "A model that a key or a provider does not have is not asked for there for "
                       "so long."),
    ROWS_END,
};
TABLE(credential, struct proa_credential_cfg);

/* ---- choice ---------------------------------------------------------------------------------- */

static const char *const strategies[] = {"p2c_ewma",       "weighted",    "round_robin", "priority",
                                         "least_inflight", "lowest_cost", "headroom",    NULL};
static const char *const affinities[] = {"auto", "header", "off", NULL};

#define BALANCE(member, text, kind, ...)                                                           \
    ROW(struct proa_balance_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option balance_rows[] = {
    BALANCE(strategy, "strategy", ENUM, .preset = "p2c_ewma", .names = strategies,
            .help = "How one of several good targets of a tier is chosen. p2c_ewma: the better of "
                    "two at random, by latency, load and recent failures. weighted: by weight, "
                    "evenly spread. round_robin: in turn. priority: the first that is well. "
                    "least_inflight: the least busy, for answers that take minutes. lowest_cost: "
                    "the cheapest, where prices are known. headroom: by what is left of the "
                    "limits."),
    BALANCE(tau_ns, "tau", DURATION, .preset = "30s", .min = SECONDS(1), .max = HOURS(1),
            .help = "How fast what was seen of a target fades. 120s below one request in five "
                    "seconds."),
    BALANCE(failure_gain, "failure_gain", U32, .preset = "10", .max = 1000,
            .help = "How many times dearer a target looks that always fails."),
    BALANCE(explore_ppm, "explore", PPM, .preset = "0.02", .max = PPM_ONE,
            .help = "Share of choices made without looking, so that every target stays known."),
    BALANCE(standby_ppm, "standby", PPM, .preset = "0.02", .max = PPM_ONE / 2,
            .help = "Share of requests that go to lower tiers of the same model, so that a broken "
                    "standby is found before it is needed. Tiers marked substitute get none."),
    BALANCE(affinity, "affinity", ENUM, .preset = "auto", .names = affinities,
            .help =
                "Requests that begin alike go where the provider's prompt cache has them. auto: "
                "by x-proa-affinity, prompt_cache_key or the beginning of the prompt. header: "
                "by x-proa-affinity only."),
    BALANCE(affinity_bound_ppm, "affinity_bound", PPM, .preset = "1.25", .min = PPM_ONE,
            .max = 10 * PPM_ONE,
            .help = "Load over the average up to which a favourite is kept. Raise it where the "
                    "discount for cached prompts dominates the cost."),
    BALANCE(affinity_min_tokens, "affinity_min_tokens", U32, .preset = "1024", .unit = "tokens",
            .help = "Shorter prompts have no favourite: providers do not cache them."),
    ROWS_END,
};
TABLE(balance, struct proa_balance_cfg);

#define HEDGE(member, text, kind, ...) ROW(struct proa_hedge_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option hedge_rows[] = {
    HEDGE(enabled, "enabled", BOOL, .preset = "false",
          .help = "Start a second attempt elsewhere when the first one is slower than usual; the "
                  "first content wins, the other is cancelled and may be billed. Probes of "
                  "targets that were taken out are hedged regardless."),
    HEDGE(quantile_ppm, "quantile", PPM, .preset = "0.95", .min = PPM_ONE / 2, .max = 999000,
          .help = "Of the target's times to first content, after which it starts."),
    HEDGE(min_ns, "min", DURATION, .preset = "1s", .min = MILLIS(10), .max = HOURS(1),
          .help = "Never sooner."),
    HEDGE(min_samples, "min_samples", U32, .preset = "30", .min = 5, .max = 10000,
          .unit = "answers", .help = "Before so many answers its times are not believed."),
    HEDGE(headroom_ppm, "headroom", PPM, .preset = "0.2", .max = PPM_ONE,
          .help = "Share of its limits that the second target must have left."),
    HEDGE(budget, "budget", OBJECT, .table = &hedge_budget_table,
          .help = "How many requests may be sent twice."),
    ROWS_END,
};
TABLE(hedge, struct proa_hedge_cfg);

/* ---- limits ---------------------------------------------------------------------------------- */

static const char *const reserves[] = {"learned", "max_tokens", "none", NULL};

#define LIMITER(member, text, kind, ...)                                                           \
    ROW(struct proa_limiter_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option limiter_rows[] = {
    LIMITER(enabled, "enabled", BOOL, .preset = "true",
            .help = "Learn the providers' rate limits from their answers and send a request where "
                    "it will be taken."),
    LIMITER(up_ppm, "up", PPM, .preset = "0.001", .max = PPM_ONE,
            .help = "Where others share the quota: the pace grows by this share of the limit per "
                    "success. 0.01 where they are few."),
    LIMITER(down_ppm, "down", PPM, .preset = "0.7", .min = PPM_ONE / 10, .max = PPM_ONE,
            .help = "And is multiplied by this after a 429."),
    LIMITER(reserve_ppm, "reserve", PPM, .preset = "0.1", .max = PPM_ONE,
            .help = "Share of every limit kept for requests of priority critical."),
    LIMITER(batch_ppm, "batch", PPM, .preset = "0.7", .max = PPM_ONE,
            .help = "Share of every limit that requests of priority batch may use."),
    LIMITER(reserve_output, "reserve_output", ENUM, .preset = "learned", .names = reserves,
            .help = "What a request sets aside for its answer before its length is known: what "
                    "answers usually take, its max_tokens, or nothing."),
    LIMITER(wait_max_ns, "wait_max", DURATION, .preset = "5m", .min = SECONDS(1), .max = HOURS(24),
            .help = "A provider that asks for a longer pause after a 429 is asked again after "
                    "this."),
    ROWS_END,
};
TABLE(limiter, struct proa_limiter_cfg);

#define CONCURRENCY(member, text, kind, ...)                                                       \
    ROW(struct proa_concurrency_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option concurrency_rows[] = {
    CONCURRENCY(target, "target", U32, .preset = "64", .min = 1, .max = 65535, .unit = "calls",
                .help = "Calls in flight on one target. Answers that say overloaded lower it for a "
                        "while."),
    CONCURRENCY(route, "route", U32, .preset = "256", .min = 1, .max = 65535, .unit = "requests",
                .help = "Requests of a route under way; more wait in line, as many again twice "
                        "over."),
    CONCURRENCY(down_ppm, "down", PPM, .preset = "0.7", .min = PPM_ONE / 10, .max = PPM_ONE,
                .help = "A target's calls are multiplied by this when it is overloaded."),
    CONCURRENCY(floor, "floor", U32, .preset = "2", .min = 1, .max = 65535, .unit = "calls",
                .help = "But never fall below this."),
    CONCURRENCY(queue_wait_ns, "queue_wait", DURATION, .preset = "5s", .max = MINUTES(10),
                .help = "A request waits at most so long for a place, and at most a quarter of its "
                        "time. 0 answers 503 at once."),
    CONCURRENCY(sojourn_ns, "sojourn", DURATION, .preset = "500ms", .min = MILLIS(1),
                .max = MINUTES(1),
                .help = "When even the shortest wait has been longer for 5 s, the newest requests "
                        "are served first: the oldest have little time left."),
    ROWS_END,
};
TABLE(concurrency, struct proa_concurrency_cfg);
