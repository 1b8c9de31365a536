/*
 * What the ops and admin listeners answer: health and metrics on both; on the admin listener also
 * the engine's state, why a request would go where, what is kept of answers, and actions of
 * operators. Request in, response
 * out.
 *
 * I/O half. Handle type. The ops listener is read-only by construction: everything it has is a GET.
 * Actions are POSTs of the admin listener that show the token of the configuration. Readiness means
 * "configuration loaded, listening, not terminating" and nothing else: if it followed the
 * providers' health, their outage would take every replica of the app out of service.
 */
#ifndef PROA_ADMIN_ADMIN_H
#define PROA_ADMIN_ADMIN_H

#include "proa/cache/answers.h"
#include "proa/core/buf.h"
#include "proa/engine/roster.h"
#include "proa/http/parser.h"
#include "proa/io/loop.h"
#include "proa/obs/log.h"
#include "proa/obs/metric.h"

enum proa_listener_kind { PROA_LISTENER_DATA = 0, PROA_LISTENER_OPS, PROA_LISTENER_ADMIN };
enum { PROA_LISTENER_KINDS = 3 };

struct proa_admin;

struct proa_admin_cfg {
    struct proa_loop *loop;
    struct proa_metric_reg *metrics;
    const bool *ready;   /* false: /readyz and, before the first true, /startupz answer 503 */
    const bool *leaving; /* true: /readyz answers 503 for good */
    /* Called before metrics are told, for figures that are read when asked for; may be NULL. */
    void (*sample)(void *ctx);
    void *sample_ctx;
    struct proa_logger *log; /* actions, and attempts at them, are told here */
};

struct proa_admin *proa_admin_create(const struct proa_admin_cfg *cfg);
void proa_admin_destroy(struct proa_admin *admin);

/* What is in force from now on; both must outlive the next call, or the admin. */
void proa_admin_show(struct proa_admin *admin, const struct proa_snapshot *snapshot,
                     struct proa_roster *roster);

/* The answers that are kept, for the pages about them; must outlive the admin's last call. */
void proa_admin_show_answers(struct proa_admin *admin, struct proa_answers *answers);

struct proa_admin_reply {
    uint16_t status;
    const char *content_type; /* static */
    const char *allow;        /* with 405; static, else NULL */
    struct proa_buf body;     /* owned by the caller: deinit it */
};

/* Answers a request, whose body, if it had one, does not matter; `out` is filled in whole. */
void proa_admin_handle(struct proa_admin *admin, enum proa_listener_kind kind,
                       const struct proa_http_head *head, struct proa_admin_reply *out);

#endif
