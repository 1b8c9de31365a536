#include "proa/admin/explain.h"

#include "admin_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/policy/setting.h"

static void string(struct proa_json_writer *w, const char *key, const char *text)
{
    proa_json_writer_member_string(w, key, proa_slice_cstr(text));
}

static void ratio(struct proa_json_writer *w, const char *key, uint32_t ppm)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_micro(w, ppm);
}

static void eta(struct proa_json_writer *w, uint64_t eta_ns)
{
    if (eta_ns != PROA_NEVER) {
        proa_json_writer_member_u64(w, "eta_ms", eta_ns / PROA_NS_PER_MS);
    }
}

/* "breaker.score", what it is, and where that was written. */
static void setting(struct proa_json_writer *w, const struct proa_policy_cfg *policy,
                    const char *name)
{
    struct proa_buf text;
    struct proa_option_where at;
    proa_buf_init(&text, 4096);
    string(w, "setting", name);
    if (proa_policy_setting(policy, proa_slice_cstr(name), &text, &at) == PROA_OK) {
        proa_json_writer_member_string(w, "value", proa_buf_slice(&text));
        if (at.file) {
            proa_buf_clear(&text);
            (void)proa_buf_append_printf(&text, "%s:%u:%u", at.file, (unsigned)at.line,
                                         (unsigned)at.col);
            proa_json_writer_member_string(w, "written_at", proa_buf_slice(&text));
        }
    }
    proa_buf_deinit(&text);
}

/* Which breaker has something against it, since when, and why. */
static void breaker(struct proa_json_writer *w, const struct proa_explain_breaker *b)
{
    if (b->kind != PROA_STATUS_KINDS) {
        proa_json_writer_key(w, PROA_SLICE("breaker"));
        proa_json_writer_begin_object(w);
        string(w, "kind", proa_status_kind_text(b->kind));
        proa_json_writer_member_string(w, "id", b->identity);
        string(w, "cause", proa_breaker_cause_text(b->cause));
        string(w, "why", proa_explain_cause_text(b->cause));
        proa_json_writer_member_u64(w, "since_ms", b->since_ns / PROA_NS_PER_MS);
        proa_admin_put_failure(w, &b->failed);
        proa_json_writer_end_object(w);
    }
}

static void candidate(struct proa_json_writer *w, const struct proa_route *route,
                      const struct proa_explain_candidate *c)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "target", c->candidate->target->identity);
    proa_json_writer_member_u64(w, "tier", c->candidate->tier);
    proa_json_writer_member_u64(w, "weight", c->candidate->weight);
    proa_json_writer_member_bool(w, "substitute", c->candidate->substitute);
    proa_json_writer_member_bool(w, "eligible", c->rank != UINT32_MAX);
    string(w, "condition", proa_explain_text(c->filter));
    breaker(w, &c->breaker);
    setting(w, route->policy, proa_explain_setting(c->filter));
    eta(w, c->eta_ns);
    if (c->rank != UINT32_MAX) {
        proa_json_writer_member_u64(w, "rank", c->rank);
        proa_json_writer_member_u64(w, "cost", c->cost);
    }
    ratio(w, "share", c->share_ppm);
    ratio(w, "latency", c->latency_ppm);
    ratio(w, "failures", c->failure_ppm);
    ratio(w, "headroom", c->headroom_ppm);
    proa_json_writer_member_u64(w, "inflight", c->inflight);
    proa_json_writer_end_object(w);
}

void proa_admin_write_explain(struct proa_roster *roster, const struct proa_route *route,
                              const struct proa_admin_question *question, uint64_t now_ns,
                              struct proa_json_writer *w)
{
    struct proa_explain *e = PROA_NEW(struct proa_explain);
    proa_explain(roster, route, &question->options, now_ns, e);
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "model", question->model);
    proa_json_writer_member_string(w, "route", route->name);
    proa_json_writer_member_string(w, "policy", route->policy->name);
    proa_json_writer_member_bool(w, "stream", question->options.stream);
    if (e->pick) {
        proa_json_writer_member_string(w, "pick", e->pick->target->identity);
    } else {
        proa_json_writer_key(w, PROA_SLICE("pick"));
        proa_json_writer_null(w);
        eta(w, e->eta_ns);
    }
    string(w, "reason", proa_reason_text(e->reason));
    setting(w, route->policy, e->setting);
    proa_json_writer_key(w, PROA_SLICE("candidates"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < e->n; i++) {
        candidate(w, route, &e->candidates[i]);
    }
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
    proa_free(e);
}
