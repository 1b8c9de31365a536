/*
 * Why nobody answered, in words: for whoever reads it in the log of an application, at night. Who
 * was asked and how that went; who was not, and why; when it may be better, and where to look.
 */
#include "exchange_priv.h"

#include "proa/core/alloc.h"
#include "proa/engine/explain.h"

enum {
    TEXT_MAX = 8 * 1024,
    SAID_MAX = 512, /* of what a provider says */
    TYPE_MAX = 64,
    TARGETS_SHOWN = 8
};

static const char *headline(enum proa_fail fail)
{
    switch (fail) {
    case PROA_FAIL_DEADLINE:
        return "The time that the request or timeouts.total of its policy gives it is over";
    case PROA_FAIL_INTERRUPTED:
        return "The answer broke off after it had begun; what came until here is incomplete";
    case PROA_FAIL_DRAINING:
        return "Proa is shutting down; send the request again";
    case PROA_FAIL_NO_TARGET:
        return "No target of this route can be tried now";
    case PROA_FAIL_RATE_LIMITED:
        return "The rate limits of all targets that could be tried are used up for now";
    case PROA_FAIL_SHED:
        return "Too many requests of this route are under way, and none ended in time to make room "
               "for this one; concurrency of its policy says how many may be, and how long others "
               "wait";
    case PROA_FAIL_UNFIT:
        return "No target of this route can do what the request asks for";
    case PROA_FAIL_NONE:
    case PROA_FAIL_UPSTREAM:
    case PROA_FAIL_ALL_FAILED:
        break;
    }
    return "All attempts failed";
}

/* ---- who was asked --------------------------------------------------------------------------- */

/* The setting that a time-out comes from; "" of other failures. */
static const char *setting_of(enum proa_class class)
{
    static const struct {
        enum proa_class class;
        const char *text;
    } rows[] = {
        {PROA_CLASS_CONNECT_TIMEOUT, " (timeouts.connect)"},
        {PROA_CLASS_FIRST_BYTE_TIMEOUT, " (timeouts.first_byte)"},
        {PROA_CLASS_FIRST_CONTENT_TIMEOUT, " (timeouts.first_content)"},
        {PROA_CLASS_IDLE_TIMEOUT, " (timeouts.idle)"},
        {PROA_CLASS_TOTAL_TIMEOUT, " (timeouts.total)"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (rows[i].class == class) {
            return rows[i].text;
        }
    }
    return "";
}

/* "answered 503, "; of an answer that began well, of which kind it said to be: it may be somebody's
 * page. */
static void put_answered(const struct proa_attempt_record *a, const struct attempt *attempt,
                         struct proa_buf *m)
{
    const uint16_t status = a->status != 0 ? a->status : attempt ? attempt->head.status : 0;
    if (status == 0) {
        return;
    }
    PROA_BUF_LIT(m, "answered ");
    (void)proa_buf_append_u64(m, status);
    if (status < 300) {
        const struct proa_slice type =
            proa_http_header_value(&attempt->head.headers, PROA_HTTP_HEADER_CONTENT_TYPE);
        PROA_BUF_LIT(m, " (");
        (void)proa_buf_append(m, type.len > 0 ? proa_slice_head(type, TYPE_MAX)
                                              : PROA_SLICE("without a content-type"));
        PROA_BUF_LIT(m, ")");
    }
    PROA_BUF_LIT(m, ", ");
}

/* The best there is to tell of a failure, or nothing; without a period, for the text goes on. */
static struct proa_slice what_it_said(const struct proa_attempt_record *a,
                                      const struct attempt *attempt)
{
    struct proa_slice said = {0};
    if (attempt && attempt->detail.len > 0) {
        said = attempt->detail;
    } else if (a->err != PROA_OK && a->err != PROA_ERR_TIMEOUT) {
        said = proa_slice_cstr(proa_err_text(a->err));
    } else if (attempt) {
        said = proa_slice_head(attempt->failure.message, SAID_MAX);
    }
    while (said.len > 0 && said.ptr[said.len - 1] == '.') {
        said.len--;
    }
    return said;
}

/* "openai/k1 answered 503, overloaded after 12 ms: no capacity" */
static void put_attempt(const struct proa_exchange *x, size_t i, struct proa_buf *m)
{
    const struct proa_attempt_record *a = &x->run->attempts[i];
    const struct attempt *attempt = x->attempts[i];
    (void)proa_buf_append_cstr(m, i == 0 ? ": " : "; ");
    (void)proa_buf_append(m, a->candidate->target->label);
    PROA_BUF_LIT(m, " ");
    if (a->class == PROA_CLASS_CANCELLED) {
        PROA_BUF_LIT(m, "had not answered");
    } else {
        put_answered(a, attempt, m);
        (void)proa_buf_append_cstr(m, proa_class_text(a->class));
    }
    PROA_BUF_LIT(m, " after ");
    (void)proa_buf_append_ms(m, proa_clock_since(a->ended_ns, a->started_ns), 0);
    PROA_BUF_LIT(m, " ms");
    if (a->asked_deadline) {
        PROA_BUF_LIT(m, " (the request's providerTimeouts)");
    } else {
        (void)proa_buf_append_cstr(m, setting_of(a->class));
    }
    const struct proa_slice said = what_it_said(a, attempt);
    if (said.len > 0) {
        PROA_BUF_LIT(m, ": ");
        (void)proa_buf_append(m, said);
    }
}

/* ---- who was not ----------------------------------------------------------------------------- */

/* ": it failed too often in sequence; last failure http_5xx (503), 3 s ago" */
static void put_breaker(const struct proa_explain_breaker *b, struct proa_buf *m)
{
    if (b->kind == PROA_STATUS_KINDS) {
        return;
    }
    PROA_BUF_LIT(m, ": ");
    (void)proa_buf_append_cstr(m, proa_explain_cause_text(b->cause));
    if (b->failed.class != PROA_CLASS_NONE) {
        PROA_BUF_LIT(m, ", last with ");
        (void)proa_buf_append_cstr(m, proa_class_text((enum proa_class)b->failed.class));
        if (b->failed.status != 0) {
            PROA_BUF_LIT(m, " (");
            (void)proa_buf_append_u64(m, b->failed.status);
            PROA_BUF_LIT(m, ")");
        }
        PROA_BUF_LIT(m, " ");
        (void)proa_buf_append_span(m, b->failed.at_ns);
        PROA_BUF_LIT(m, " ago");
    }
}

/* Those that cannot be tried, and why. */
static void put_targets(const struct proa_exchange *x, struct proa_buf *m)
{
    struct proa_explain *why = PROA_NEW(struct proa_explain);
    size_t n = 0;
    proa_explain(x->live->roster, x->resolved.route, &x->run->options, proa_loop_now(x->host->loop),
                 why);
    for (size_t i = 0; i < why->n; i++) {
        const struct proa_explain_candidate *c = &why->candidates[i];
        if (c->rank != UINT32_MAX || n++ >= TARGETS_SHOWN) {
            continue;
        }
        (void)proa_buf_append_cstr(m, n == 1 && x->run->n_attempts == 0 ? ": " : "; ");
        (void)proa_buf_append(m, c->candidate->target->label);
        PROA_BUF_LIT(m, ": ");
        (void)proa_buf_append_cstr(m, proa_explain_text(c->filter));
        put_breaker(&c->breaker, m);
        if (c->eta_ns > 0 && c->eta_ns != PROA_NEVER) {
            PROA_BUF_LIT(m, ", for ");
            (void)proa_buf_append_span(m, c->eta_ns);
            PROA_BUF_LIT(m, " more");
        }
    }
    if (n > TARGETS_SHOWN) {
        PROA_BUF_LIT(m, "; and ");
        (void)proa_buf_append_u64(m, n - TARGETS_SHOWN);
        PROA_BUF_LIT(m, " more");
    }
    proa_free(why);
}

/* ---- what to do ------------------------------------------------------------------------------ */

static void put_advice(const struct proa_exchange *x, const struct proa_terminal *t,
                       struct proa_buf *m)
{
    if (t->retry_after_ns > 0 && t->retry_after_ns != PROA_NEVER) {
        PROA_BUF_LIT(m, ". It may be better in ");
        (void)proa_buf_append_span(m, t->retry_after_ns);
    }
    if (t->fail == PROA_FAIL_NO_TARGET || t->fail == PROA_FAIL_RATE_LIMITED ||
        t->fail == PROA_FAIL_ALL_FAILED || t->fail == PROA_FAIL_DEADLINE) {
        PROA_BUF_LIT(m, ". \"proa explain ");
        (void)proa_buf_append(m, x->model);
        PROA_BUF_LIT(m, "\" shows how its targets are now");
    }
    PROA_BUF_LIT(m, ".");
}

struct proa_slice proa_failure_text(const struct proa_exchange *x, const struct proa_terminal *t)
{
    struct proa_buf m;
    proa_buf_init(&m, TEXT_MAX);
    (void)proa_buf_append_cstr(&m, headline(t->fail));
    PROA_BUF_LIT(&m, " (route \"");
    (void)proa_buf_append(&m, x->resolved.route->name);
    PROA_BUF_LIT(&m, "\")");
    for (size_t i = 0; i < x->run->n_attempts; i++) {
        put_attempt(x, i, &m);
    }
    if (t->fail == PROA_FAIL_NO_TARGET || t->fail == PROA_FAIL_RATE_LIMITED) {
        put_targets(x, &m);
    }
    put_advice(x, t, &m);
    const struct proa_slice clean =
        proa_redact_foreign(x->host->redactor, proa_buf_slice(&m), &x->host->scratch);
    const struct proa_slice text = proa_arena_dup(x->arena, clean);
    proa_buf_deinit(&m);
    return text;
}
