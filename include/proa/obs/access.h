/*
 * The access log: one line for each finished exchange.
 *
 * Pure. Runs once per request, so keys are literals, fields are written into one reservation, and
 * what is absent is left out. Key names follow OpenTelemetry where it has one; they are flat,
 * dotted keys in all formats. The struct is a view: every slice is borrowed for the call. It has no
 * place for bodies, headers or credentials.
 */
#ifndef PROA_OBS_ACCESS_H
#define PROA_OBS_ACCESS_H

#include "proa/obs/log.h"

/* One upstream try. */
struct proa_access_attempt {
    struct proa_slice provider; /* as configured */
    struct proa_slice model;    /* as sent upstream; empty = left out */
    struct proa_slice error;    /* class of the failure, a stable name; empty = none */
    uint32_t status;            /* HTTP status; 0 = no head arrived */
    uint64_t ns;                /* from start to its end */
};

/* Numbers that may be unknown: the bits of `has` say which are given. */
enum proa_access_has {
    PROA_ACCESS_TTFT = 1 << 0,
    PROA_ACCESS_QUEUE = 1 << 1,
    PROA_ACCESS_INPUT_TOKENS = 1 << 2,
    PROA_ACCESS_OUTPUT_TOKENS = 1 << 3,
    PROA_ACCESS_CACHE_READ_TOKENS = 1 << 4,
    PROA_ACCESS_COST = 1 << 5
};

enum { PROA_ACCESS_ATTEMPTS_MAX = 16 }; /* written out; a longer list is cut, n still says so */

/* Empty slices and zero numbers without a bit in `has` are left out; level, message, duration and
 * overhead are always written. Zero it, then fill in what is known. */
struct proa_access {
    uint64_t unix_ms; /* end of the exchange */
    enum proa_log_level level;
    uint32_t has;                  /* enum proa_access_has */
    struct proa_slice message;     /* empty = "request" */
    struct proa_slice request_id;  /* request_id */
    struct proa_slice trace_id;    /* trace_id */
    struct proa_slice span_id;     /* span_id */
    struct proa_slice route;       /* route */
    struct proa_slice revision;    /* policy_revision */
    struct proa_slice method;      /* http.request.method */
    struct proa_slice path;        /* url.path, never with the query */
    struct proa_slice error;       /* error.type */
    struct proa_slice provider;    /* gen_ai.provider.name, of the attempt that answered */
    struct proa_slice model;       /* gen_ai.request.model */
    struct proa_slice answered_by; /* gen_ai.response.model */
    struct proa_slice cache;       /* cache: hit, miss, ... */
    struct proa_slice app;         /* client.app */
    struct proa_slice user;        /* user.id: as the client's options name its user */
    struct proa_slice tags;        /* tags: likewise, "a,b" */
    struct proa_slice finish;      /* finish_reason */
    struct proa_slice warnings;    /* warnings: what was asked for and not done */
    const struct proa_access_attempt *attempts;
    uint32_t n_attempts;
    uint32_t status; /* http.response.status_code sent to the client; 0 = none was sent */
    bool stream;     /* stream; left out when false */
    uint64_t duration_ns;
    uint64_t overhead_ns;
    uint64_t ttft_ns;  /* TTFT */
    uint64_t queue_ns; /* QUEUE */
    uint64_t input_tokens;
    uint64_t output_tokens;
    uint64_t cache_read_tokens;
    uint64_t cost_pico_usd; /* COST: 1e-12 US dollars, shown as a decimal fraction of a dollar */
};

/* Appends the whole line, '\n' included. ERR_LIMIT leaves `out` as long as it was (but failed). */
enum proa_err proa_access_write(const struct proa_access *a, enum proa_log_format format,
                                struct proa_buf *out) PROA_MUST_CHECK;
/* Formats with the logger's settings and hands the line to its sink as access log. Nothing happens
 * when the logger does not want the record's level. */
void proa_access_log(struct proa_logger *l, const struct proa_access *a);

#endif
