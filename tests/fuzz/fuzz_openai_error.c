/*
 * Answers of the openai dialect that are no stream: error bodies with any status and headers, whole
 * answers, rate headers. The first two bytes are the vendor (6 bits, by its place in the table) and
 * the status (10 bits); the first line is a header value, the rest the body. Whatever comes, the
 * outcome is one class, and its texts are part of the body.
 *
 * links: provider json http chat resilience core
 */
#include "proa/core/alloc.h"
#include "proa/core/check.h"
#include "proa/provider/dialect.h"
#include "proa/provider/rates.h"
#include "proa/provider/span.h"
#include "proa/provider/vendor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_MS = 1000000 };

static void check_inside(struct proa_slice part, struct proa_slice body)
{
    PROA_ASSERT(part.len == 0 ||
                (part.ptr >= body.ptr && part.ptr + part.len <= body.ptr + body.len));
}

static void check_failure(const struct proa_failure *f, struct proa_slice body)
{
    PROA_ASSERT(f->class > PROA_CLASS_OK && f->class < PROA_CLASS_COUNT);
    PROA_ASSERT(f->refusal == PROA_REFUSAL_NONE || f->class == PROA_CLASS_CLIENT);
    PROA_ASSERT(f->retry_after_ns <= PROA_SPAN_MAX_NS);
    PROA_ASSERT(f->quota_reset_ns <= PROA_SPAN_MAX_NS);
    PROA_ASSERT(f->quota_reset_ns == 0 || f->class == PROA_CLASS_QUOTA);
    PROA_ASSERT(!f->wrong_path || f->class == PROA_CLASS_NOT_FOUND);
    check_inside(f->message, body);
    check_inside(f->type, body);
    check_inside(f->code, body);
}

static void check_rates(struct proa_slice value)
{
    static const uint16_t ids[] = {
        PROA_HTTP_HEADER_X_RATELIMIT_LIMIT_TOKENS, PROA_HTTP_HEADER_X_RATELIMIT_REMAINING_TOKENS,
        PROA_HTTP_HEADER_X_RATELIMIT_RESET_TOKENS, PROA_HTTP_HEADER_X_RATELIMIT_RESET};
    struct proa_http_header headers[PROA_ARRAY_LEN(ids) + 1];
    struct proa_rate_signal out[PROA_RATE_SIGNALS_MAX];
    for (size_t i = 0; i < PROA_ARRAY_LEN(ids); i++) {
        headers[i] = (struct proa_http_header){ids[i], PROA_SLICE("x"), value};
    }
    headers[PROA_ARRAY_LEN(ids)] =
        (struct proa_http_header){PROA_HTTP_HEADER_OTHER, PROA_SLICE("RateLimit"), value};
    const size_t n =
        proa_rates_read(headers, PROA_ARRAY_LEN(headers), NOW_MS, out, PROA_RATE_SIGNALS_MAX);
    PROA_ASSERT(n <= 2); /* tokens, requests */
    for (size_t i = 0; i < n; i++) {
        PROA_ASSERT(out[i].limit > 0);
        PROA_ASSERT(out[i].reset_ns <= PROA_SPAN_MAX_NS);
    }
    PROA_ASSERT(proa_rates_spent(headers, PROA_ARRAY_LEN(headers), NOW_MS) <= PROA_SPAN_MAX_NS);
}

static void check_plain(const struct proa_dialect *dialect, const struct proa_answer_head *head,
                        struct proa_slice body)
{
    for (int op = 0; op < PROA_OPERATIONS; op++) {
        struct proa_usage usage = {.known = 0};
        struct proa_slice model = PROA_SLICE_NONE;
        struct proa_failure failure = {.class = PROA_CLASS_NONE};
        if (dialect->read_plain((enum proa_operation)op, head, body, &usage, &model, &failure)) {
            check_inside(model, body);
        } else {
            check_failure(&failure, body);
            PROA_ASSERT(usage.known == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct proa_dialect *dialect = proa_dialect_find(PROA_SLICE("openai"));
    struct proa_failure failure;
    struct proa_slice body = PROA_SLICE_NONE;
    if (size < 2 || size > 65536) {
        return 0;
    }
    size_t n_vendors = 0;
    const struct proa_vendor *vendors = proa_vendors(&n_vendors);
    const size_t vendor = data[0] >> 2;
    char *copy = proa_memdup(data + 2, size - 2);
    const struct proa_slice value = proa_slice_split(proa_slice_make(copy, size - 2), '\n', &body);
    const struct proa_http_header headers[] = {
        {PROA_HTTP_HEADER_RETRY_AFTER, PROA_SLICE_INIT("retry-after"), value},
        {PROA_HTTP_HEADER_RETRY_AFTER_MS, PROA_SLICE_INIT("retry-after-ms"), value},
    };
    const struct proa_answer_head head = {
        .vendor = vendor < n_vendors ? &vendors[vendor] : NULL,
        .status = (uint16_t)((data[0] & 3) << 8 | data[1]),
        .headers = headers,
        .n_headers = PROA_ARRAY_LEN(headers),
        .unix_ms = NOW_MS,
    };
    dialect->classify(&head, body, &failure);
    check_failure(&failure, body);
    check_rates(value);
    check_plain(dialect, &head, body);
    proa_free(copy);
    return 0;
}
