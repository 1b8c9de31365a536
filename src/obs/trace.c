#include "proa/obs/trace.h"

/* Offsets in version 00: vv-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff */
enum { AT_TRACE = 3, AT_SPAN = 36, AT_FLAGS = 53 };

/* -1 for anything but a lower-case digit: the specification forbids upper case. */
static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int byte_at(const char *p)
{
    int high = digit(p[0]);
    int low = digit(p[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Lower-case hex with at least one digit that is not 0. */
static bool id_valid(const char *p, size_t len)
{
    bool nonzero = false;
    for (size_t i = 0; i < len; i++) {
        if (digit(p[i]) < 0) {
            return false;
        }
        nonzero |= p[i] != '0';
    }
    return nonzero;
}

enum proa_err proa_trace_parse(struct proa_slice traceparent, struct proa_trace *out)
{
    const char *p = traceparent.ptr;
    if (traceparent.len < PROA_TRACE_PARENT_LEN) {
        return PROA_ERR_SYNTAX;
    }
    int version = byte_at(p);
    if (version < 0 || version == 0xff || byte_at(p + AT_FLAGS) < 0 || p[AT_TRACE - 1] != '-' ||
        p[AT_SPAN - 1] != '-' || p[AT_FLAGS - 1] != '-') {
        return PROA_ERR_SYNTAX;
    }
    if (traceparent.len > PROA_TRACE_PARENT_LEN &&
        (version == 0 || p[PROA_TRACE_PARENT_LEN] != '-')) {
        return PROA_ERR_SYNTAX;
    }
    if (!id_valid(p + AT_TRACE, PROA_TRACE_ID_LEN) || !id_valid(p + AT_SPAN, PROA_TRACE_SPAN_LEN)) {
        return PROA_ERR_SYNTAX;
    }
    out->trace_id = proa_slice_make(p + AT_TRACE, PROA_TRACE_ID_LEN);
    out->span_id = proa_slice_make(p + AT_SPAN, PROA_TRACE_SPAN_LEN);
    return PROA_OK;
}
