#include "proa/admin/admin.h"

#include "proa/core/alloc.h"
#include "proa/io/file.h"
#include "proa/obs/expose.h"

enum { BODY_MAX = 8 * 1024 * 1024 };

struct proa_admin {
    struct proa_admin_cfg cfg;
    bool was_ready;
};

struct proa_admin *proa_admin_create(const struct proa_admin_cfg *cfg)
{
    struct proa_admin *admin = PROA_NEW(struct proa_admin);
    admin->cfg = *cfg;
    return admin;
}

void proa_admin_destroy(struct proa_admin *admin)
{
    proa_free(admin);
}

static void text(struct proa_admin_reply *out, uint16_t status, const char *body)
{
    out->status = status;
    out->content_type = "text/plain; charset=utf-8";
    (void)proa_buf_append_cstr(&out->body, body);
}

/* The loop turned: it answers this. */
static void livez(struct proa_admin *admin, const struct proa_http_head *head,
                  struct proa_admin_reply *out)
{
    (void)admin;
    (void)head;
    text(out, 200, "ok\n");
}

static void readyz(struct proa_admin *admin, const struct proa_http_head *head,
                   struct proa_admin_reply *out)
{
    (void)head;
    if (*admin->cfg.leaving) {
        text(out, 503, "ending\n");
    } else if (!*admin->cfg.ready) {
        text(out, 503, "starting\n");
    } else {
        text(out, 200, "ok\n");
    }
}

static void startupz(struct proa_admin *admin, const struct proa_http_head *head,
                     struct proa_admin_reply *out)
{
    (void)head;
    admin->was_ready |= *admin->cfg.ready;
    text(out, admin->was_ready ? 200 : 503, admin->was_ready ? "ok\n" : "starting\n");
}

/* Process figures are read when asked for: they cost a few file reads. */
static void sample_process(struct proa_metric_reg *reg)
{
    struct proa_process_stats stats;
    proa_process_stats(&stats);
    proa_metric_set(proa_metric_series0(reg, PROA_METRIC_PROCESS_CPU), stats.cpu_ns);
    proa_metric_set(proa_metric_series0(reg, PROA_METRIC_PROCESS_RSS), stats.rss_bytes);
    proa_metric_set(proa_metric_series0(reg, PROA_METRIC_PROCESS_FDS), stats.open_fds);
    proa_metric_set(proa_metric_series0(reg, PROA_METRIC_PROCESS_MAX_FDS), stats.max_fds);
    proa_metric_set(proa_metric_series0(reg, PROA_METRIC_PROCESS_START),
                    stats.start_unix_ms * 1000000);
}

static void metrics(struct proa_admin *admin, const struct proa_http_head *head,
                    struct proa_admin_reply *out)
{
    sample_process(admin->cfg.metrics);
    const enum proa_expose_format format =
        proa_expose_negotiate(proa_http_header_value(&head->headers, PROA_HTTP_HEADER_ACCEPT));
    if (proa_expose_write(admin->cfg.metrics, format, &out->body) != PROA_OK) {
        proa_buf_clear(&out->body);
        text(out, 500, "metrics do not fit their buffer\n");
        return;
    }
    out->status = 200;
    out->content_type = proa_expose_content_type(format).ptr;
}

struct page {
    struct proa_slice path;
    void (*handle)(struct proa_admin *admin, const struct proa_http_head *head,
                   struct proa_admin_reply *out);
};

static const struct page PAGES[] = {
    {PROA_SLICE_INIT("/livez"), livez},
    {PROA_SLICE_INIT("/readyz"), readyz},
    {PROA_SLICE_INIT("/startupz"), startupz},
    {PROA_SLICE_INIT("/metrics"), metrics},
};

void proa_admin_handle(struct proa_admin *admin, enum proa_listener_kind kind,
                       const struct proa_http_head *head, struct proa_admin_reply *out)
{
    (void)kind; /* the admin listener answers what ops does */
    *out = (struct proa_admin_reply){0};
    proa_buf_init(&out->body, BODY_MAX);
    for (size_t i = 0; i < PROA_ARRAY_LEN(PAGES); i++) {
        if (!proa_slice_eq(head->path, PAGES[i].path)) {
            continue;
        }
        if (head->method == PROA_HTTP_GET || head->method == PROA_HTTP_HEAD) {
            PAGES[i].handle(admin, head, out);
        } else {
            text(out, 405, "only GET and HEAD here\n");
            out->allow = "GET, HEAD";
        }
        return;
    }
    text(out, 404, "nothing here: /livez /readyz /startupz /metrics\n");
}
