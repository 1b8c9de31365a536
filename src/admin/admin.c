#include "admin_priv.h"

#include "proa/core/alloc.h"
#include "proa/io/file.h"
#include "proa/json/writer.h"
#include "proa/obs/expose.h"

enum { BODY_MAX = 32 * 1024 * 1024 };

struct proa_admin *proa_admin_create(const struct proa_admin_cfg *cfg)
{
    struct proa_admin *admin = PROA_NEW(struct proa_admin);
    admin->cfg = *cfg;
    admin->created_ns = proa_loop_now(cfg->loop);
    proa_budget_init(&admin->refusals);
    return admin;
}

void proa_admin_destroy(struct proa_admin *admin)
{
    proa_free(admin);
}

void proa_admin_show(struct proa_admin *admin, const struct proa_snapshot *snapshot,
                     struct proa_roster *roster)
{
    admin->snapshot = snapshot;
    admin->roster = roster;
}

void proa_admin_show_answers(struct proa_admin *admin, struct proa_answers *answers)
{
    admin->answers = answers;
}

void proa_admin_refuse(struct proa_admin_reply *out, uint16_t status, const char *code,
                       const char *message)
{
    struct proa_json_writer w;
    proa_buf_clear(&out->body);
    proa_json_writer_init(&w, &out->body);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("error"));
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "code", proa_slice_cstr(code));
    proa_json_writer_member_string(&w, "message", proa_slice_cstr(message));
    proa_json_writer_end_object(&w);
    proa_json_writer_end_object(&w);
    out->status = status;
    out->content_type = "application/json";
}

/* A page of plain text. */
static void reply_text(struct proa_admin_reply *out, uint16_t status, const char *body)
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
    reply_text(out, 200, "ok\n");
}

static void readyz(struct proa_admin *admin, const struct proa_http_head *head,
                   struct proa_admin_reply *out)
{
    (void)head;
    if (*admin->cfg.leaving) {
        reply_text(out, 503, "ending\n");
    } else if (!*admin->cfg.ready) {
        reply_text(out, 503, "starting\n");
    } else {
        reply_text(out, 200, "ok\n");
    }
}

static void startupz(struct proa_admin *admin, const struct proa_http_head *head,
                     struct proa_admin_reply *out)
{
    (void)head;
    admin->was_ready |= *admin->cfg.ready;
    reply_text(out, admin->was_ready ? 200 : 503, admin->was_ready ? "ok\n" : "starting\n");
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
    if (admin->cfg.sample) {
        admin->cfg.sample(admin->cfg.sample_ctx);
    }
    const enum proa_expose_format format =
        proa_expose_negotiate(proa_http_header_value(&head->headers, PROA_HTTP_HEADER_ACCEPT));
    if (proa_expose_write(admin->cfg.metrics, format, &out->body) != PROA_OK) {
        proa_buf_clear(&out->body);
        reply_text(out, 500, "metrics do not fit their buffer\n");
        return;
    }
    out->status = 200;
    out->content_type = proa_expose_content_type(format).ptr;
}

struct page {
    struct proa_slice path;
    enum proa_http_method method; /* GET stands for HEAD as well */
    bool admin_only;
    proa_admin_page_fn *handle;
};

static const struct page PAGES[] = {
    {PROA_SLICE_INIT("/livez"), PROA_HTTP_GET, false, livez},
    {PROA_SLICE_INIT("/readyz"), PROA_HTTP_GET, false, readyz},
    {PROA_SLICE_INIT("/startupz"), PROA_HTTP_GET, false, startupz},
    {PROA_SLICE_INIT("/metrics"), PROA_HTTP_GET, false, metrics},
    {PROA_SLICE_INIT("/admin/state"), PROA_HTTP_GET, true, proa_admin_state_page},
    {PROA_SLICE_INIT("/admin/explain"), PROA_HTTP_GET, true, proa_admin_explain_page},
    {PROA_SLICE_INIT("/admin/cache"), PROA_HTTP_GET, true, proa_admin_cache_page},
    {PROA_SLICE_INIT("/admin/cache/purge"), PROA_HTTP_POST, true, proa_admin_purge},
    {PROA_SLICE_INIT("/admin/eject"), PROA_HTTP_POST, true, proa_admin_eject},
    {PROA_SLICE_INIT("/admin/restore"), PROA_HTTP_POST, true, proa_admin_restore},
    {PROA_SLICE_INIT("/admin/reset"), PROA_HTTP_POST, true, proa_admin_reset},
};

static bool takes(const struct page *page, enum proa_http_method method)
{
    return method == page->method || (method == PROA_HTTP_HEAD && page->method == PROA_HTTP_GET);
}

void proa_admin_handle(struct proa_admin *admin, enum proa_listener_kind kind,
                       const struct proa_http_head *head, struct proa_admin_reply *out)
{
    *out = (struct proa_admin_reply){0};
    proa_buf_init(&out->body, BODY_MAX);
    const bool is_admin = kind == PROA_LISTENER_ADMIN;
    for (size_t i = 0; i < PROA_ARRAY_LEN(PAGES); i++) {
        if (!proa_slice_eq(head->path, PAGES[i].path) || (PAGES[i].admin_only && !is_admin)) {
            continue;
        }
        if (takes(&PAGES[i], head->method)) {
            PAGES[i].handle(admin, head, out);
        } else if (PAGES[i].method == PROA_HTTP_POST) {
            reply_text(out, 405, "only POST here\n");
            out->allow = "POST";
        } else {
            reply_text(out, 405, "only GET and HEAD here\n");
            out->allow = "GET, HEAD";
        }
        return;
    }
    reply_text(out, 404,
               is_admin ? "nothing here: /livez /readyz /startupz /metrics /admin/state "
                          "/admin/explain?model=NAME /admin/cache, POST /admin/eject "
                          "/admin/restore /admin/reset /admin/cache/purge\n"
                        : "nothing here: /livez /readyz /startupz /metrics\n");
}
