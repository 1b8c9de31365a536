/*
 * What operators look at. What is asked comes in the query.
 */
#include "admin_priv.h"

#include "proa/admin/explain.h"
#include "proa/admin/state.h"
#include "proa/core/clock.h"
#include "proa/http/query.h"

enum { VALUE_MAX = 512 };

static bool in_force(const struct proa_admin *admin, struct proa_admin_reply *out)
{
    if (!admin->roster) {
        proa_admin_refuse(out, 503, "starting", "No configuration is in force yet.");
    }
    return admin->roster != NULL;
}

static void finish(struct proa_admin_reply *out, const struct proa_json_writer *w)
{
    if (!proa_json_writer_ok(w)) {
        proa_admin_refuse(out, 500, "too_large", "The answer does not fit its buffer.");
        return;
    }
    (void)proa_buf_append_byte(&out->body, '\n');
    out->status = 200;
    out->content_type = "application/json";
}

void proa_admin_state_page(struct proa_admin *admin, const struct proa_http_head *head,
                           struct proa_admin_reply *out)
{
    (void)head;
    if (!in_force(admin, out)) {
        return;
    }
    const uint64_t now = proa_loop_now(admin->cfg.loop);
    const struct proa_admin_state_facts facts = {
        .now_ns = now,
        .unix_ms = proa_loop_wall_ms(admin->cfg.loop),
        .uptime_ns = proa_clock_since(now, admin->created_ns),
    };
    struct proa_json_writer w;
    proa_json_writer_init(&w, &out->body);
    proa_admin_write_state(admin->roster, admin->snapshot, &facts, &w);
    finish(out, &w);
}

/* A number of the query, 0 when it is not there; false when it is none. */
static bool number(const struct proa_http_head *head, const char *name, uint64_t max, uint64_t *out)
{
    struct proa_buf text;
    proa_buf_init(&text, VALUE_MAX);
    *out = 0;
    const enum proa_err err = proa_http_query_get(head->query, proa_slice_cstr(name), &text);
    const bool ok =
        err == PROA_ERR_NOT_FOUND ||
        (err == PROA_OK && proa_slice_to_u64(proa_buf_slice(&text), out) == PROA_OK && *out <= max);
    proa_buf_deinit(&text);
    return ok;
}

static bool options(const struct proa_http_head *head, struct proa_run_options *out)
{
    uint64_t stream = 0;
    uint64_t input = 0;
    uint64_t output = 0;
    uint64_t affinity = 0;
    if (!number(head, "stream", 1, &stream) || !number(head, "input_tokens", UINT32_MAX, &input) ||
        !number(head, "max_output", UINT32_MAX, &output) ||
        !number(head, "affinity", UINT64_MAX, &affinity)) {
        return false;
    }
    out->stream = stream != 0;
    out->input_tokens = (uint32_t)input;
    out->max_output = (uint32_t)output;
    out->affinity = affinity;
    return true;
}

static void explain(struct proa_admin *admin, const struct proa_http_head *head,
                    struct proa_slice model, struct proa_admin_reply *out)
{
    struct proa_admin_question question = {.model = model};
    struct proa_resolution resolved;
    if (!options(head, &question.options)) {
        proa_admin_refuse(out, 400, "bad_query",
                          "stream is 0 or 1; input_tokens, max_output and affinity are numbers.");
        return;
    }
    if (proa_snapshot_resolve(admin->snapshot, model, &resolved) != PROA_RESOLVED) {
        proa_admin_refuse(out, 404, "model_not_found",
                          "This model leads nowhere; GET /v1/models on the data listener lists "
                          "what is configured.");
        return;
    }
    struct proa_json_writer w;
    proa_json_writer_init(&w, &out->body);
    proa_admin_write_explain(admin->roster, resolved.route, &question,
                             proa_loop_now(admin->cfg.loop), &w);
    finish(out, &w);
}

void proa_admin_explain_page(struct proa_admin *admin, const struct proa_http_head *head,
                             struct proa_admin_reply *out)
{
    struct proa_buf model;
    if (!in_force(admin, out)) {
        return;
    }
    proa_buf_init(&model, VALUE_MAX);
    const enum proa_err err = proa_http_query_get(head->query, PROA_SLICE("model"), &model);
    if (err == PROA_OK && model.len > 0) {
        explain(admin, head, proa_buf_slice(&model), out);
    } else if (err == PROA_ERR_LIMIT || err == PROA_ERR_SYNTAX) {
        proa_admin_refuse(out, 400, "bad_query",
                          "No model has such a name: it is too long, wrongly escaped, or holds a "
                          "control character.");
    } else {
        proa_admin_refuse(out, 400, "bad_query",
                          "Ask with ?model=NAME, and as it matters &stream=1 &input_tokens=N "
                          "&max_output=N.");
    }
    proa_buf_deinit(&model);
}
