/*
 * Providers' lists of models: one GET after the other for the pages of a provider, all providers
 * side by side, in a loop of its own.
 */
#include "refresh_priv.h"

#include "proa/auth/secret.h"
#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/io/file.h"
#include "proa/io/loop.h"
#include "proa/obs/metric.h"
#include "proa/provider/listing.h"
#include "proa/tls/context.h"
#include "proa/upstream/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 16 * 1024 * 1024, PAGES_MAX = 50, ERROR_SHOWN = 160 };

/* All that are asked. */
struct asking {
    struct proa_loop *loop;
    struct proa_net *net;
    struct proa_metric_reg *metrics;
    struct proa_upstream *upstream;
    struct proa_timer timer;
    size_t n_open;
};

/* One of them. */
struct one {
    struct asking *all;
    struct proa_cli_list *list;
    struct proa_arena *arena; /* for what outlives the asking */
    const struct proa_listing *listing;
    const struct proa_key *key;
    struct proa_connpool *pool;
    struct proa_call *call;
    struct proa_arena call_arena; /* of the page that is being asked for */
    struct proa_deferred next;    /* the page after it */
    struct proa_slice mark;       /* of that */
    struct iovec head;            /* holds the key: wiped */
    struct proa_buf body;
    size_t n_pages;
    uint16_t status;
};

static void ask(struct one *o);

static void wipe(struct one *o)
{
    if (o->head.iov_base) {
        explicit_bzero(o->head.iov_base, o->head.iov_len);
        o->head = (struct iovec){0};
    }
}

static void PROA_PRINTF(2, 3) finish(struct one *o, const char *fmt, ...);
static void finish(struct one *o, const char *fmt, ...)
{
    if (fmt) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(o->list->detail, sizeof(o->list->detail), fmt, args);
        va_end(args);
    }
    o->list->whole = fmt == NULL;
    wipe(o);
    if (--o->all->n_open == 0) {
        proa_loop_stop(o->all->loop);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void on_sent(void *ctx, bool reused)
{
    (void)ctx;
    (void)reused;
}

static void on_head(void *ctx, const struct proa_http_head *head)
{
    struct one *o = ctx;
    o->status = head->status;
}

static void on_body(void *ctx, struct proa_slice bytes)
{
    struct one *o = ctx;
    (void)proa_buf_append(&o->body, bytes);
}

static void on_batch(void *ctx)
{
    (void)ctx;
}

/* Adds a page; the ids move to the memory that stays. */
static void keep(struct one *o, const struct proa_listing_page *page)
{
    struct proa_cli_list *list = o->list;
    struct proa_slice *ids = proa_arena_zero(o->arena, list->n + page->n + 1, sizeof(*ids));
    for (size_t i = 0; i < list->n; i++) {
        ids[i] = list->ids[i];
    }
    for (size_t i = 0; i < page->n; i++) {
        ids[list->n + i] = proa_arena_dup(o->arena, page->ids[i]);
    }
    list->ids = ids;
    list->n += page->n;
}

static void on_next(void *ctx)
{
    ask(ctx);
}

static void on_complete(void *ctx)
{
    struct one *o = ctx;
    struct proa_listing_page page;
    const struct proa_slice body = proa_buf_slice(&o->body);
    o->call = NULL;
    if (o->status < 200 || o->status > 299) {
        char shown[PROA_CLI_SHOWN_MAX];
        finish(o, "answers %u: %s", (unsigned)o->status,
               proa_cli_shown(shown, proa_slice_head(body, ERROR_SHOWN)));
    } else if (!proa_buf_ok(&o->body)) {
        finish(o, "sends more than %d MiB", BODY_MAX / 1024 / 1024);
    } else if (proa_listing_read(o->listing, body, &o->call_arena, &page) != PROA_OK) {
        finish(o, "sends something that is no list of models");
    } else {
        keep(o, &page);
        if (page.next.len == 0 || page.n == 0) {
            finish(o, NULL);
        } else if (++o->n_pages == PAGES_MAX) {
            finish(o, "has more than %d pages", PAGES_MAX);
        } else {
            o->mark = proa_arena_dup(o->arena, page.next);
            proa_defer(o->all->loop, &o->next);
        }
    }
}

static void on_fail(void *ctx, const struct proa_call_failure *failure)
{
    struct one *o = ctx;
    o->call = NULL;
    finish(o, "does not answer: %s%s%.*s", proa_err_text(failure->err),
           failure->detail.len > 0 ? ": " : "", (int)failure->detail.len,
           failure->detail.ptr ? failure->detail.ptr : "");
}

/* ---- requests -------------------------------------------------------------------------------- */

static void ask(struct one *o)
{
    static const struct proa_call_events events = {.on_sent = on_sent,
                                                   .on_head = on_head,
                                                   .on_body = on_body,
                                                   .on_batch = on_batch,
                                                   .on_complete = on_complete,
                                                   .on_fail = on_fail};
    const struct proa_provider *p = o->list->provider;
    const struct proa_secret *secret = o->key->secret;
    const struct proa_encode_in in = {
        .base_path = p->base_path,
        .host_header = p->endpoint->host_header,
        .vendor = p->vendor,
        .site = &p->site,
        .authorization = {.scheme = p->scheme,
                          .secret = secret ? proa_secret_bytes(secret) : PROA_SLICE_NONE},
    };
    struct proa_encoded encoded = {0};
    bool sent = false;
    wipe(o);
    proa_arena_reset(&o->call_arena);
    proa_buf_clear(&o->body);
    if (proa_listing_request(o->listing, &in, o->mark, &o->call_arena, &encoded) != PROA_OK) {
        finish(o, "cannot be asked: its address or key does not fit a request");
        return;
    }
    o->head = encoded.iov[0];
    const struct proa_call_request request = {.iov = &o->head, .n_iov = 1, .arena = &o->call_arena};
    o->call = proa_call_start(o->pool, &request, &events, o, &sent);
}

/* One that is shown as it stands. */
static const struct proa_key *plain_key(const struct proa_provider *p)
{
    const struct proa_key *found = NULL;
    for (size_t i = 0; !found && i < p->n_keys; i++) {
        const struct proa_key *key = &p->keys[i];
        found = !key->grant && key->scheme != PROA_AUTH_SIGV4 ? key : NULL;
    }
    return found;
}

static void begin(struct one *o)
{
    const struct proa_provider *p = o->list->provider;
    o->listing = proa_listing_find(p->vendor, proa_slice_cstr(p->dialect->name));
    o->next = (struct proa_deferred){.fn = on_next, .ctx = o};
    proa_arena_init(&o->call_arena, NULL);
    proa_buf_init(&o->body, BODY_MAX);
    if (!o->listing) {
        o->list->skipped = true;
        finish(o, "has no list of models that can be asked for");
        return;
    }
    o->key = plain_key(p);
    if (!o->key) {
        o->list->skipped = true;
        finish(o, "has no key that can be shown as it stands, and tokens are not asked for here");
        return;
    }
    o->pool = proa_connpool_get(o->all->upstream, p->endpoint, p->cfg);
    ask(o);
}

static void end(struct one *o)
{
    if (o->call) {
        proa_call_cancel(o->call);
        o->call = NULL;
    }
    proa_defer_cancel(o->all->loop, &o->next);
    if (!o->list->whole && o->list->detail[0] == '\0') { /* the time was over before */
        finish(o, "does not answer in time");
    }
    if (o->pool) {
        proa_connpool_unref(o->pool);
    }
    proa_buf_deinit(&o->body);
    proa_arena_reset(&o->call_arena);
}

static void on_timeout(void *ctx, uint64_t now_ns)
{
    struct asking *a = ctx;
    (void)now_ns;
    proa_loop_stop(a->loop);
}

void proa_cli_lists_ask(struct proa_cli_list *lists, size_t n, uint64_t timeout_ns,
                        struct proa_arena *arena)
{
    proa_process_harden(); /* keys are in memory */
    if (proa_tls_init() != PROA_OK) {
        for (size_t i = 0; i < n; i++) {
            (void)snprintf(lists[i].detail, sizeof(lists[i].detail), "cannot be asked: no TLS");
        }
        return;
    }
    struct asking a = {.loop = proa_loop_create(), .n_open = n};
    struct one *all = proa_alloc_zero(n, sizeof(*all));
    a.net = proa_net_create(a.loop);
    a.metrics = proa_metric_reg_create(0);
    a.upstream = proa_upstream_create(a.net, a.metrics);
    a.timer = (struct proa_timer){.fn = on_timeout, .ctx = &a};
    proa_timer_set(a.loop, &a.timer, proa_clock_after(proa_loop_now(a.loop), timeout_ns));
    for (size_t i = 0; i < n; i++) {
        all[i] = (struct one){.all = &a, .list = &lists[i], .arena = arena};
        begin(&all[i]);
    }
    if (a.n_open > 0) {
        proa_loop_run(a.loop);
    }
    proa_timer_clear(a.loop, &a.timer);
    for (size_t i = 0; i < n; i++) {
        end(&all[i]);
    }
    proa_upstream_destroy(a.upstream);
    proa_net_destroy(a.net);
    proa_metric_reg_destroy(a.metrics);
    proa_loop_destroy(a.loop);
    proa_tls_exit();
    proa_free(all);
}
