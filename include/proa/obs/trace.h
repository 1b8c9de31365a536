/*
 * W3C Trace Context: reading `traceparent`, so that a line of the log can be found by the trace
 * that it belongs to.
 *
 * Pure; no allocation, no state. Ids are kept as the lower-case hex that they are sent and logged
 * as.
 */
#ifndef PROA_OBS_TRACE_H
#define PROA_OBS_TRACE_H

#include "proa/core/err.h"
#include "proa/core/slice.h"

enum { PROA_TRACE_ID_LEN = 32, PROA_TRACE_SPAN_LEN = 16, PROA_TRACE_PARENT_LEN = 55 };

/* A position in a trace: slices into the header's value; neither is all zeros. */
struct proa_trace {
    struct proa_slice trace_id;
    struct proa_slice span_id;
};

/*
 * Reads a traceparent header value. ERR_SYNTAX when the specification calls it invalid: upper case,
 * zero ids, version ff, wrong length (exact for version 00, at least that and a dash for later
 * ones). It is then as if there were none.
 */
enum proa_err proa_trace_parse(struct proa_slice traceparent,
                               struct proa_trace *out) PROA_MUST_CHECK;

#endif
