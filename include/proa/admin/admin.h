/*
 * What the ops and admin listeners answer: health and metrics. Request in, response out.
 *
 * I/O half. Handle type. The ops listener is read-only by construction: every path of its table is
 * a GET. Readiness means "configuration loaded, listening, not terminating" and nothing else: if it
 * followed the providers' health, their outage would take every replica of the app out of service.
 */
#ifndef PROA_ADMIN_ADMIN_H
#define PROA_ADMIN_ADMIN_H

#include "proa/core/buf.h"
#include "proa/http/parser.h"
#include "proa/io/loop.h"
#include "proa/obs/metric.h"

enum proa_listener_kind { PROA_LISTENER_DATA = 0, PROA_LISTENER_OPS, PROA_LISTENER_ADMIN };
enum { PROA_LISTENER_KINDS = 3 };

struct proa_admin;

struct proa_admin_cfg {
    struct proa_loop *loop;
    struct proa_metric_reg *metrics;
    const bool *ready;   /* false: /readyz and, before the first true, /startupz answer 503 */
    const bool *leaving; /* true: /readyz answers 503 for good */
};

struct proa_admin *proa_admin_create(const struct proa_admin_cfg *cfg);
void proa_admin_destroy(struct proa_admin *admin);

struct proa_admin_reply {
    uint16_t status;
    const char *content_type; /* static */
    const char *allow;        /* with 405; static, else NULL */
    struct proa_buf body;     /* owned by the caller: deinit it */
};

/* Answers a request without a body; `out` is filled in whole. */
void proa_admin_handle(struct proa_admin *admin, enum proa_listener_kind kind,
                       const struct proa_http_head *head, struct proa_admin_reply *out);

#endif
