/*
 * Metric registry: every metric Proa has is one row of the table below; the enum, the storage and
 * the text of `expose` derive from it.
 *
 * Pure: no clock, no I/O. Series (a metric with its label values) are created while a configuration
 * snapshot is built and stay until the registry is destroyed, so that a request only adds to
 * numbers behind pointers it already holds: no search, no allocation, no branch on names. Asking
 * twice for the same labels gives the same series, which is how counts survive a reload.
 * Not thread-safe: series are written and read by the loop thread.
 *
 * Units: durations are handed in and kept in nanoseconds and shown in seconds; everything else is
 * a plain integer. Sums wrap at 2^64, which a reader takes for a counter reset.
 */
#ifndef PROA_OBS_METRIC_H
#define PROA_OBS_METRIC_H

#include "proa/core/slice.h"

enum proa_metric_kind {
    PROA_METRIC_COUNTER = 0,
    PROA_METRIC_GAUGE,
    PROA_METRIC_HISTOGRAM,
    PROA_METRIC_INFO /* value 1, all meaning in the labels; one series at a time */
};

enum proa_metric_unit {
    PROA_METRIC_UNIT_NONE = 0, /* a count of whatever the name says */
    PROA_METRIC_UNIT_SECONDS,  /* kept in nanoseconds */
    PROA_METRIC_UNIT_BYTES,
    PROA_METRIC_UNIT_RATIO, /* kept in billionths */
    PROA_METRIC_UNIT_USD    /* kept in trillionths of a dollar */
};

/* Bucket bounds of histograms. */
enum proa_metric_scale {
    PROA_METRIC_SCALE_NONE = 0,
    PROA_METRIC_SCALE_WAIT, /* 10 ms to 82 s, doubling: the OpenTelemetry GenAI duration set */
    PROA_METRIC_SCALE_FINE, /* 10 us to 1 s: our own share of the time */
    PROA_METRIC_SCALE_TOKEN /* 1 to 4^13: the OpenTelemetry GenAI token set */
};

enum { PROA_METRIC_LABELS_MAX = 4, PROA_METRIC_LABEL_BYTES = 128, PROA_METRIC_SERIES_MAX = 2000 };

/*
 * X(id, name, kind, unit, scale, help, label names... or NULL)
 * Names: base units, counters end in _total, infos in _info; gen_ai_* are OpenTelemetry's.
 */
#define PROA_METRIC_TABLE(X)                                                                       \
    X(BUILD, "proa_build_info", INFO, NONE, NONE, "Version and source revision that is running.",  \
      "version", "revision")                                                                       \
    X(CONFIG, "proa_config_info", INFO, NONE, NONE, "Configuration in effect.", "hash",            \
      "revision")                                                                                  \
    X(CONFIG_RELOADS, "proa_config_reloads_total", COUNTER, NONE, NONE,                            \
      "Configuration reloads by result; error means that the running one was kept.", "result")     \
    X(CONFIG_RELOADED, "proa_config_last_reload_success_timestamp_seconds", GAUGE, NONE, NONE,     \
      "When a configuration was last put in force, in seconds since 1970.", NULL)                  \
    X(REQUESTS, "proa_requests_total", COUNTER, NONE, NONE,                                        \
      "Requests finished; degraded means answered by a fallback or by a stale answer.", "route",   \
      "outcome")                                                                                   \
    X(REQUEST_DURATION, "proa_request_duration_seconds", HISTOGRAM, SECONDS, WAIT,                 \
      "Time from the request's first byte to the end of its answer.", "route")                     \
    X(OVERHEAD, "proa_overhead_seconds", HISTOGRAM, SECONDS, FINE,                                 \
      "Share of a request's time that was spent in Proa itself.", "route")                         \
    X(ATTEMPTS, "proa_attempts_total", COUNTER, NONE, NONE,                                        \
      "Upstream attempts by result, the first attempt of a request included.", "route",            \
      "provider", "result")                                                                        \
    X(RETRIES, "proa_retries_total", COUNTER, NONE, NONE,                                          \
      "Attempts after the first one, by what made them necessary.", "reason")                      \
    X(FALLBACKS, "proa_fallbacks_total", COUNTER, NONE, NONE,                                      \
      "Requests that moved from one provider to another.", "route", "from", "to")                  \
    X(RETRY_BUDGET, "proa_retry_budget_ratio", GAUGE, RATIO, NONE,                                 \
      "What is left of the budget that extra attempts are paid from.", "route")                    \
    X(HEDGES, "proa_hedges_total", COUNTER, NONE, NONE,                                            \
      "Attempts started beside a silent one, by what became of them.", "result")                   \
    X(EVACUATIONS, "proa_evacuations_total", COUNTER, NONE, NONE,                                  \
      "Attempts started off a target that was taken out, by what became of them.", "result")       \
    X(RESCUES, "proa_rescues_total", COUNTER, NONE, NONE,                                          \
      "Attempts to go on with a broken stream, by way and what became of them.", "way", "result")  \
    X(BREAKER_STATE, "proa_upstream_breaker_state", GAUGE, NONE, NONE,                             \
      "1 for the state that a target's circuit breaker is in, 0 for the others.", "target",        \
      "state")                                                                                     \
    X(BREAKER_OPENS, "proa_upstream_breaker_opens_total", COUNTER, NONE, NONE,                     \
      "How often circuit breakers have opened, by what they guard and why.", "kind", "cause")      \
    X(UPLINK_DOWN, "proa_uplink_down", GAUGE, NONE, NONE,                                          \
      "1 while nothing outside this machine can be reached, as far as can be told.", NULL)         \
    X(QUEUE_DEPTH, "proa_queue_depth", GAUGE, NONE, NONE, "Requests that wait for a place.",       \
      "route")                                                                                     \
    X(QUEUE_WAIT, "proa_queue_wait_seconds", HISTOGRAM, SECONDS, WAIT,                             \
      "How long requests waited for a place, those that did.", "route")                            \
    X(INFLIGHT, "proa_inflight_requests", GAUGE, NONE, NONE, "Requests being worked on.", "route") \
    X(SHED, "proa_shed_total", COUNTER, NONE, NONE,                                                \
      "Requests refused by Proa itself to protect itself or a limit.", "reason")                   \
    X(STREAM_INTERRUPTIONS, "proa_stream_interruptions_total", COUNTER, NONE, NONE,                \
      "Upstream streams that broke off, by provider and phase.", "provider", "phase")              \
    X(CLIENT_CANCELLED, "proa_client_cancelled_total", COUNTER, NONE, NONE,                        \
      "Requests whose client went away before the answer was complete.", NULL)                     \
    X(CONNECTIONS, "proa_connections", GAUGE, NONE, NONE, "Open client connections.", "listener")  \
    X(UPSTREAM_CONNECTIONS, "proa_upstream_connections", GAUGE, NONE, NONE,                        \
      "Open upstream connections by state.", "endpoint", "state")                                  \
    X(UPSTREAM_DIALS, "proa_upstream_dials_total", COUNTER, NONE, NONE,                            \
      "Upstream connections attempted, by result.", "endpoint", "result")                          \
    X(UPSTREAM_HANDSHAKES, "proa_upstream_tls_handshakes_total", COUNTER, NONE, NONE,              \
      "TLS handshakes with upstreams: full, or resumed from a saved session.", "endpoint", "kind") \
    X(CACHE_REQUESTS, "proa_cache_requests_total", COUNTER, NONE, NONE,                            \
      "Requests of routes with a cache, by what it did for them, and why it did not.", "result",   \
      "reason")                                                                                    \
    X(CACHE_STORES, "proa_cache_stores_total", COUNTER, NONE, NONE,                                \
      "Answers that might have been kept: stored, or why not.", "result")                          \
    X(CACHE_ENTRIES, "proa_cache_entries", GAUGE, NONE, NONE, "Answers that are kept.", NULL)      \
    X(CACHE_BYTES, "proa_cache_bytes", GAUGE, BYTES, NONE,                                         \
      "Memory for answers that are kept, with what they are found by.", NULL)                      \
    X(CACHE_EVICTIONS, "proa_cache_evictions_total", COUNTER, NONE, NONE,                          \
      "Answers that are no longer kept, by why.", "reason")                                        \
    X(CACHE_SAVED_TOKENS, "proa_cache_saved_tokens_total", COUNTER, NONE, NONE,                    \
      "Tokens of answers that were given again instead of being paid for again.", "type")          \
    X(CACHE_SAVED_USD, "proa_cache_saved_usd_total", COUNTER, USD, NONE,                           \
      "What these answers had cost by the listed prices; those without a price are not in it.",    \
      NULL)                                                                                        \
    X(CACHE_SHARED_GETS, "proa_cache_shared_gets_total", COUNTER, NONE, NONE,                      \
      "Answers looked for in the shared cache, by what came of it.", "result")                     \
    X(CACHE_SHARED_SETS, "proa_cache_shared_sets_total", COUNTER, NONE, NONE,                      \
      "Answers handed to the shared cache, by what came of it.", "result")                         \
    X(CACHE_SHARED_UP, "proa_cache_shared_up", GAUGE, NONE, NONE,                                  \
      "1 while the shared cache is asked, 0 while it is away or too slow.", NULL)                  \
    X(CACHE_SHARED_DURATION, "proa_cache_shared_get_seconds", HISTOGRAM, SECONDS, FINE,            \
      "How long the shared cache took to answer, late answers included.", NULL)                    \
    X(RESPONSES_LOOKUPS, "proa_responses_lookups_total", COUNTER, NONE, NONE,                      \
      "Requests that go on from an answer, by whether its conversation is kept here.", "result")   \
    X(RESPONSES_STORES, "proa_responses_stores_total", COUNTER, NONE, NONE,                        \
      "Answers that could be gone on from: stored, or why not.", "result")                         \
    X(RESPONSES_TURNS, "proa_responses_turns", GAUGE, NONE, NONE,                                  \
      "Answers that can be gone on from.", NULL)                                                   \
    X(RESPONSES_BYTES, "proa_responses_bytes", GAUGE, BYTES, NONE,                                 \
      "Memory for conversations that are kept.", NULL)                                             \
    X(RESPONSES_EVICTIONS, "proa_responses_evictions_total", COUNTER, NONE, NONE,                  \
      "Answers that can no longer be gone on from, by why.", "reason")                             \
    X(TOKENS, "proa_token_requests_total", COUNTER, NONE, NONE,                                    \
      "Access tokens asked for, by key and result.", "key", "result")                              \
    X(BUFFERED, "proa_buffered_bytes", GAUGE, BYTES, NONE,                                         \
      "Bytes of bodies and answers held in memory against the byte budget.", NULL)                 \
    X(TELEMETRY_DROPPED, "proa_telemetry_dropped_total", COUNTER, NONE, NONE,                      \
      "Log records and other telemetry thrown away because a sink was full.", "sink")              \
    X(SERIES_FOLDED, "proa_metric_series_folded_total", COUNTER, NONE, NONE,                       \
      "Series counted under other because the cap on series was reached.", NULL)                   \
    X(LOOP_LAG, "proa_event_loop_lag_seconds", HISTOGRAM, SECONDS, FINE,                           \
      "How late the event loop ran a periodic timer.", NULL)                                       \
    X(COST, "proa_cost_usd_total", COUNTER, USD, NONE,                                             \
      "What answers cost by the listed prices; those without a price, and what tries that lost "   \
      "may have cost, are not in it.",                                                             \
      "route", "provider", "model")                                                                \
    X(GENAI_DURATION, "gen_ai_client_operation_duration_seconds", HISTOGRAM, SECONDS, WAIT,        \
      "Duration of a GenAI operation.", "gen_ai_operation_name", "gen_ai_provider_name",           \
      "gen_ai_request_model")                                                                      \
    X(GENAI_FIRST_CHUNK, "gen_ai_client_operation_time_to_first_chunk_seconds", HISTOGRAM,         \
      SECONDS, WAIT, "Time to the first content of a streamed answer.", "gen_ai_operation_name",   \
      "gen_ai_provider_name", "gen_ai_request_model")                                              \
    X(GENAI_TOKENS, "gen_ai_client_token_usage", HISTOGRAM, NONE, TOKEN,                           \
      "Tokens of a request and of its answer as the provider counted them.",                       \
      "gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model",                     \
      "gen_ai_token_type")                                                                         \
    X(PROCESS_CPU, "process_cpu_seconds_total", COUNTER, SECONDS, NONE,                            \
      "User and system CPU time spent.", NULL)                                                     \
    X(PROCESS_RSS, "process_resident_memory_bytes", GAUGE, BYTES, NONE, "Resident memory size.",   \
      NULL)                                                                                        \
    X(PROCESS_FDS, "process_open_fds", GAUGE, NONE, NONE, "Open file descriptors.", NULL)          \
    X(PROCESS_MAX_FDS, "process_max_fds", GAUGE, NONE, NONE,                                       \
      "Most file descriptors that may be open.", NULL)                                             \
    X(PROCESS_START, "process_start_time_seconds", GAUGE, SECONDS, NONE,                           \
      "Start time since the Unix epoch.", NULL)

enum proa_metric {
#define PROA_METRIC_ENUM(id, name, kind, unit, scale, help, ...) PROA_METRIC_##id,
    PROA_METRIC_TABLE(PROA_METRIC_ENUM)
#undef PROA_METRIC_ENUM
        PROA_METRIC_COUNT
};

/* One row of the table; static. */
struct proa_metric_def {
    struct proa_slice name;
    enum proa_metric_kind kind;
    enum proa_metric_unit unit;
    enum proa_metric_scale scale;
    struct proa_slice help;
    const char *labels[PROA_METRIC_LABELS_MAX]; /* NULL behind the last one */
};
const struct proa_metric_def *proa_metric_def(enum proa_metric metric);
uint32_t proa_metric_n_labels(const struct proa_metric_def *def);

/* Bounds of a histogram, inclusive, ascending; one more counter beyond them for +Inf. */
enum { PROA_METRIC_BOUNDS_MAX = 16 };
struct proa_metric_bounds {
    uint64_t at[PROA_METRIC_BOUNDS_MAX + 1]; /* at[n] = UINT64_MAX: the search ends by itself */
    uint8_t first[65]; /* by bit width of a value: the lowest bucket it can fall in */
    uint32_t n;
};

/* One metric with its label values. Owned by the registry; the pointer stays valid until the
 * registry is destroyed. */
struct proa_metric_series {
    uint64_t value; /* counter; gauge (two's complement); histogram: sum of the observations */
    const struct proa_metric_bounds *bounds; /* histogram only */
    uint64_t *buckets;                       /* histogram only: bounds->n + 1, not cumulative */
    struct proa_metric_series *next;         /* of the same metric, in order of creation */
    struct proa_slice labels;                /* route="a",outcome="ok": escaped, without braces */
    struct proa_slice key;
    enum proa_metric metric;
};

/* Opaque handle. At most max_series series (0 = PROA_METRIC_SERIES_MAX), info metrics and the
 * series `other` and SERIES_FOLDED, at most one of each per metric, not counted. */
struct proa_metric_reg;
struct proa_metric_reg *proa_metric_reg_create(uint32_t max_series);
void proa_metric_reg_destroy(struct proa_metric_reg *reg); /* NULL is fine */
uint32_t proa_metric_reg_len(const struct proa_metric_reg *reg);

/*
 * The series with these label values (n = number of labels in the metric's row, asserted), created
 * at zero when new. Never NULL. Values are copied, cut at PROA_METRIC_LABEL_BYTES between
 * characters; control characters other than newline and bytes that are not UTF-8 become '_'.
 * Beyond the cap it is the metric's series whose labels are all "other". Not for INFO.
 */
struct proa_metric_series *proa_metric_series(struct proa_metric_reg *reg, enum proa_metric metric,
                                              const struct proa_slice *values, size_t n);
/* The same for one to three labels and for none. */
struct proa_metric_series *proa_metric_series0(struct proa_metric_reg *reg,
                                               enum proa_metric metric);
struct proa_metric_series *proa_metric_series1(struct proa_metric_reg *reg, enum proa_metric metric,
                                               struct proa_slice a);
struct proa_metric_series *proa_metric_series2(struct proa_metric_reg *reg, enum proa_metric metric,
                                               struct proa_slice a, struct proa_slice b);
struct proa_metric_series *proa_metric_series3(struct proa_metric_reg *reg, enum proa_metric metric,
                                               struct proa_slice a, struct proa_slice b,
                                               struct proa_slice c);
/* Replaces the labels of an INFO metric (build, configuration in effect). */
void proa_metric_info(struct proa_metric_reg *reg, enum proa_metric metric,
                      const struct proa_slice *values, size_t n);
/* First series of a metric, NULL when it has none; follow `next`. */
const struct proa_metric_series *proa_metric_first(const struct proa_metric_reg *reg,
                                                   enum proa_metric metric);

/* The hot path. */
static inline void proa_metric_add(struct proa_metric_series *s, uint64_t n)
{
    s->value += n;
}
/* Gauges only. */
static inline void proa_metric_sub(struct proa_metric_series *s, uint64_t n)
{
    s->value -= n;
}
static inline void proa_metric_set(struct proa_metric_series *s, uint64_t value)
{
    s->value = value;
}
/* Histograms only: nanoseconds for SECONDS, else the plain number. */
static inline void proa_metric_observe(struct proa_metric_series *s, uint64_t value)
{
    const struct proa_metric_bounds *b = s->bounds;
    uint32_t i = b->first[value ? 64 - __builtin_clzll(value) : 0];
    while (value > b->at[i]) {
        i++;
    }
    s->buckets[i]++;
    s->value += value;
}

#endif
