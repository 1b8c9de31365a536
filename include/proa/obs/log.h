/*
 * Structured log records: an event name and typed fields, one line each, as JSON, logfmt or text.
 *
 * Pure: a record is appended to a buffer of the caller and handed to a sink function; wall time is
 * a parameter, nothing is written anywhere. No printf, no allocation beyond the buffer's growth.
 * Values are escaped so that no byte of a peer can end a line, forge a field or reach a terminal as
 * a control sequence: C0, DEL, C1, line separators and bidirectional overrides become \uXXXX, bytes
 * that are not UTF-8 become \ufffd. Each value is cut at PROA_LOG_VALUE_BYTES.
 * There is on purpose no way to log a header table or a body.
 */
#ifndef PROA_OBS_LOG_H
#define PROA_OBS_LOG_H

#include "proa/core/buf.h"
#include "proa/core/clock.h"

enum proa_log_format { PROA_LOG_JSON = 0, PROA_LOG_LOGFMT, PROA_LOG_TEXT };
enum proa_log_level {
    PROA_LOG_ERROR = 0,
    PROA_LOG_WARN,
    PROA_LOG_INFO,
    PROA_LOG_DEBUG,
    PROA_LOG_TRACE
};

enum {
    PROA_LOG_VALUE_BYTES = 1024,    /* of one value, before escaping */
    PROA_LOG_LINE_BYTES = 64 * 1024 /* of one line, after escaping */
};

/* Static name: "info". */
struct proa_slice proa_log_level_name(enum proa_log_level level);

/* A line under construction. Value type on the caller's stack, nothing to release. */
struct proa_log_record {
    struct proa_buf *out; /* borrowed until proa_log_end() */
    enum proa_log_format format;
};

/*
 * Starts a record with timestamp (UTC, milliseconds), level and message; `event` is a stable name
 * such as "upstream.attempt_failed" and ends up as the message. Keys are literals of ours: they are
 * written as they are, must not repeat, and must outlive the record. Fields are written in the
 * order of the calls. Errors of the buffer are kept in it and reported by proa_log_end().
 */
void proa_log_begin(struct proa_log_record *r, struct proa_buf *out, enum proa_log_format format,
                    enum proa_log_level level, uint64_t unix_ms, const char *event);
void proa_log_str(struct proa_log_record *r, const char *key, struct proa_slice value);
void proa_log_cstr(struct proa_log_record *r, const char *key, const char *value); /* NULL: "" */
void proa_log_u64(struct proa_log_record *r, const char *key, uint64_t value);
/* Nanoseconds as milliseconds with three decimals: 1234567 -> 1.234 */
void proa_log_ms(struct proa_log_record *r, const char *key, uint64_t ns);
void proa_log_bool(struct proa_log_record *r, const char *key, bool value);
/* Ends the line with '\n'. ERR_LIMIT when the buffer could not hold it all. */
enum proa_err proa_log_end(struct proa_log_record *r) PROA_MUST_CHECK;

/*
 * Where finished lines go: one call per line, its '\n' included; the slice is borrowed. The sink
 * batches or drops, and must not log. is_access separates the access log (stdout) from the rest
 * (stderr).
 */
typedef void proa_log_sink_fn(void *ctx, struct proa_slice line, bool is_access);

/* Format, minimum level and sink. Value type, owned by `app`; level may change at run time. */
struct proa_logger {
    proa_log_sink_fn *sink; /* NULL: nothing is logged */
    void *ctx;
    enum proa_log_format format;
    enum proa_log_level level; /* this one and those more severe pass */
    uint64_t n_dropped;        /* lines longer than PROA_LOG_LINE_BYTES */
    struct proa_buf line;      /* owned: scratch of the one record under way */
    struct proa_civil_stamp stamp;
    bool busy;
};

void proa_logger_init(struct proa_logger *l, enum proa_log_format format, enum proa_log_level level,
                      proa_log_sink_fn *sink, void *ctx);
void proa_logger_deinit(struct proa_logger *l);

/* NULL logs nothing. Ask before collecting fields that cost something. */
static inline bool proa_logger_wants(const struct proa_logger *l, enum proa_log_level level)
{
    return l && l->sink && level <= l->level;
}
/* Starts a record in the logger's own buffer: false when the level is filtered out (then add
 * nothing and do not call proa_logger_end). One record at a time. */
bool proa_logger_begin(struct proa_logger *l, struct proa_log_record *r, enum proa_log_level level,
                       uint64_t unix_ms, const char *event) PROA_MUST_CHECK;
/* Ends the record and hands it to the sink. */
void proa_logger_end(struct proa_logger *l, struct proa_log_record *r);

#endif
