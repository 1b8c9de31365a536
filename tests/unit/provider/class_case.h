/*
 * What class an answer with an error is of: cases, and how each is checked.
 */
#ifndef PROA_TEST_CLASS_CASE_H
#define PROA_TEST_CLASS_CASE_H

#include "proa/core/check.h"
#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

#include "proa_test.h"

/* 2026-11-23T12:00:00Z */
#define NOW_MS UINT64_C(1795435200000)

struct class_case {
    uint16_t status;
    enum proa_class class;
    enum proa_refusal refusal;
    const char *body;
    const char *headers; /* "name: value" lines; NULL = none */
    uint64_t wait_ms;    /* retry_after_ns */
    uint64_t reset_ms;   /* quota_reset_ns */
    bool wrong_path;
};

#define C(status, class, body)                                                                     \
    {                                                                                              \
        (status), PROA_CLASS_##class, PROA_REFUSAL_NONE, (body), NULL, 0, 0, false                 \
    }
#define REFUSED(status, what, body)                                                                \
    {                                                                                              \
        (status), PROA_CLASS_CLIENT, PROA_REFUSAL_##what, (body), NULL, 0, 0, false                \
    }
/* With the times that follow. */
#define T(status, class, body, headers, wait_ms, reset_ms)                                         \
    {                                                                                              \
        (status), PROA_CLASS_##class, PROA_REFUSAL_NONE, (body), (headers), (wait_ms), (reset_ms), \
            false                                                                                  \
    }
/* The base URL is wrong. */
#define PATH(body)                                                                                 \
    {                                                                                              \
        404, PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE, (body), NULL, 0, 0, true                     \
    }

enum { CLASS_CASE_HEADERS_MAX = 4 };

/* From "name: value" lines. */
static inline size_t class_case_headers(const char *lines, struct proa_http_header *out)
{
    struct proa_slice rest = proa_slice_cstr(lines ? lines : "");
    size_t n = 0;
    for (; rest.len > 0; n++) {
        assert_true(n < CLASS_CASE_HEADERS_MAX);
        struct proa_slice value = PROA_SLICE_NONE;
        const struct proa_slice line = proa_slice_split(rest, '\n', &rest);
        const struct proa_slice name = proa_slice_split(line, ':', &value);
        out[n] = (struct proa_http_header){(uint16_t)proa_http_header_lookup(name), name,
                                           proa_slice_trim(value)};
    }
    return n;
}

/* `body` instead of the case's own. */
static inline void class_case_judge(const struct proa_dialect *dialect, const char *vendor,
                                    const struct class_case *c, struct proa_slice body,
                                    struct proa_failure *out)
{
    struct proa_http_header headers[CLASS_CASE_HEADERS_MAX];
    const struct proa_answer_head head = {
        .vendor = vendor ? proa_vendor_find(proa_slice_cstr(vendor)) : NULL,
        .status = c->status,
        .headers = headers,
        .n_headers = class_case_headers(c->headers, headers),
        .unix_ms = NOW_MS,
    };
    assert_true(!vendor || head.vendor);
    dialect->classify(&head, body, out);
}

static inline void class_case_check(const struct proa_dialect *dialect, const char *vendor,
                                    const struct class_case *c)
{
    struct proa_failure f;
    class_case_judge(dialect, vendor, c, proa_slice_cstr(c->body), &f);
    PROA_TEST_CHECK(f.class == c->class, "%u %s: %s", c->status, c->body, proa_class_text(f.class));
    PROA_TEST_CHECK(f.refusal == c->refusal, "%u %s", c->status, c->body);
    PROA_TEST_CHECK(f.status == c->status, "%u %s", c->status, c->body);
    PROA_TEST_CHECK(f.wrong_path == c->wrong_path, "%u %s", c->status, c->body);
    PROA_TEST_CHECK(f.retry_after_ns / PROA_NS_PER_MS == c->wait_ms, "%u %s: %llu ms", c->status,
                    c->body, (unsigned long long)(f.retry_after_ns / PROA_NS_PER_MS));
    PROA_TEST_CHECK(f.quota_reset_ns / PROA_NS_PER_MS == c->reset_ms, "%u %s: %llu ms", c->status,
                    c->body, (unsigned long long)(f.quota_reset_ns / PROA_NS_PER_MS));
}

#endif
