/*
 * W3C Trace Context: reading, continuing and writing `traceparent`.
 *
 * Pure; ids come from the caller's PRNG (they are correlators, not secrets). Value type. Ids are
 * kept as the lower-case hex they are read, logged and sent as.
 */
#ifndef PROA_OBS_TRACE_H
#define PROA_OBS_TRACE_H

#include "proa/core/prng.h"
#include "proa/core/slice.h"

enum {
    PROA_TRACE_ID_LEN = 32,
    PROA_TRACE_SPAN_LEN = 16,
    PROA_TRACE_PARENT_LEN = 55,
    PROA_TRACE_SAMPLED = 0x01, /* flag: the caller may have recorded the trace */
    PROA_TRACE_RANDOM = 0x02   /* flag: the trace id's last 7 bytes are random (level 2) */
};

/* A position in a trace: not NUL-terminated; neither id is all zeros. */
struct proa_trace {
    char trace_id[PROA_TRACE_ID_LEN];
    char span_id[PROA_TRACE_SPAN_LEN];
    uint8_t flags; /* only the flags above */
};

/*
 * Reads a traceparent header value. ERR_SYNTAX when the specification calls it invalid: upper case,
 * zero ids, version ff, wrong length (exact for version 00, at least that and a dash for later
 * ones). The caller then starts a trace of its own, and ignores tracestate.
 */
enum proa_err proa_trace_parse(struct proa_slice traceparent,
                               struct proa_trace *out) PROA_MUST_CHECK;
/* A new trace with its first span. */
void proa_trace_start(struct proa_trace *out, bool sampled, struct proa_prng *prng);
/* A new span in parent's trace, with its flags; out == parent is allowed. */
void proa_trace_child(const struct proa_trace *parent, struct proa_trace *out,
                      struct proa_prng *prng);
/* Writes the header value, always as version 00. */
void proa_trace_format(const struct proa_trace *t, char out[PROA_TRACE_PARENT_LEN]);

static inline struct proa_slice proa_trace_id(const struct proa_trace *t)
{
    return proa_slice_make(t->trace_id, PROA_TRACE_ID_LEN);
}
static inline struct proa_slice proa_trace_span(const struct proa_trace *t)
{
    return proa_slice_make(t->span_id, PROA_TRACE_SPAN_LEN);
}

#endif
