/*
 * Everything in obs that bytes of a peer reach: trace context, request ids, Accept, label values,
 * and the values of log lines. Whatever comes in, a line stays one line of harmless characters.
 *
 * links: obs core
 */
#include "proa/core/check.h"
#include "proa/obs/access.h"
#include "proa/obs/expose.h"
#include "proa/obs/reqid.h"
#include "proa/obs/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(struct proa_slice line)
{
    PROA_ASSERT(line.len > 0 && line.ptr[line.len - 1] == '\n');
    for (size_t i = 0; i + 1 < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        PROA_ASSERT(c >= 0x20 && c != 0x7f);
        /* No C1 control: 0xc2 followed by 0x80 to 0x9f. */
        PROA_ASSERT(c != 0xc2 || (unsigned char)line.ptr[i + 1] >= 0xa0);
    }
}

static void fuzz_lines(struct proa_slice in)
{
    struct proa_access_attempt attempt = {.provider = in, .model = in, .error = in, .ns = in.len};
    struct proa_access access = {.path = in,
                                 .model = in,
                                 .answered_by = in,
                                 .finish = in,
                                 .app = in,
                                 .attempts = &attempt,
                                 .n_attempts = 1};
    for (int f = PROA_LOG_JSON; f <= PROA_LOG_TEXT; f++) {
        struct proa_buf out;
        proa_buf_init(&out, PROA_LOG_LINE_BYTES);
        PROA_ASSERT(proa_access_write(&access, (enum proa_log_format)f, &out) == PROA_OK);
        check_line(proa_buf_slice(&out));
        proa_buf_clear(&out);
        struct proa_log_record r;
        proa_log_begin(&r, &out, (enum proa_log_format)f, PROA_LOG_INFO, in.len, "event");
        proa_log_str(&r, "value", in);
        PROA_ASSERT(proa_log_end(&r) == PROA_OK);
        check_line(proa_buf_slice(&out));
        proa_buf_deinit(&out);
    }
}

static void fuzz_trace(struct proa_slice in)
{
    struct proa_trace trace;
    if (proa_trace_parse(in, &trace) == PROA_OK) {
        PROA_ASSERT(trace.trace_id.ptr == in.ptr + 3 && trace.trace_id.len == PROA_TRACE_ID_LEN);
        PROA_ASSERT(trace.span_id.ptr == in.ptr + 36 && trace.span_id.len == PROA_TRACE_SPAN_LEN);
    }
}

static void fuzz_labels(struct proa_slice in)
{
    struct proa_metric_reg *reg = proa_metric_reg_create(4);
    struct proa_metric_series *s = proa_metric_series1(reg, PROA_METRIC_SHED, in);
    PROA_ASSERT(proa_metric_series1(reg, PROA_METRIC_SHED, in) == s);
    struct proa_buf out;
    proa_buf_init(&out, 1 << 16);
    PROA_ASSERT(proa_expose_write(reg, proa_expose_negotiate(in), &out) == PROA_OK);
    proa_buf_deinit(&out);
    proa_metric_reg_destroy(reg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proa_slice in = proa_slice_make(data, size);
    fuzz_trace(in);
    fuzz_lines(in);
    fuzz_labels(in);
    PROA_ASSERT(!proa_reqid_valid(in) || (size >= 1 && size <= PROA_REQID_MAX));
    return 0;
}
