/*
 * What operators may do: eject, restore, reset; each names one object by its kind and identity, as
 * /admin/state shows them. And purge, which forgets all answers. Each is told in the log.
 *
 * Whoever reaches loopback reaches this listener, so the token of the configuration is asked for;
 * without one, actions are off. Wrong tokens are paid from a budget, so that guessing is slow.
 */
#include "admin_priv.h"

#include "proa/auth/secret.h"
#include "proa/core/clock.h"
#include "proa/engine/operator.h"
#include "proa/http/query.h"
#include "proa/json/writer.h"

enum { VALUE_MAX = 512, SECONDS_MAX = 86400, SECONDS_DEFAULT = 300 };

/* Ten wrong tokens at once, and one more every six seconds. */
static const struct proa_budget_cfg REFUSALS = {
    .ratio_ppm = 0, .cap = 10, .start = 10, .per_second_ppm = 166667};

static void say(struct proa_admin *admin, const char *event, const char *action,
                struct proa_slice kind, struct proa_slice id)
{
    struct proa_log_record r;
    if (admin->cfg.log && proa_logger_begin(admin->cfg.log, &r, PROA_LOG_WARN,
                                            proa_loop_wall_ms(admin->cfg.loop), event)) {
        proa_log_cstr(&r, "action", action);
        proa_log_str(&r, "kind", kind);
        proa_log_str(&r, "id", id);
        proa_logger_end(admin->cfg.log, &r);
    }
}

static bool shows_token(const struct proa_secret *token, const struct proa_http_head *head)
{
    if (proa_http_header_count(&head->headers, PROA_HTTP_HEADER_AUTHORIZATION) != 1) {
        return false; /* of two, which one counts? */
    }
    const struct proa_slice bearer = PROA_SLICE("bearer ");
    const struct proa_slice value =
        proa_http_header_value(&head->headers, PROA_HTTP_HEADER_AUTHORIZATION);
    return proa_slice_eq_nocase(proa_slice_head(value, bearer.len), bearer) &&
           proa_secret_equals(token, proa_slice_trim(proa_slice_from(value, bearer.len)));
}

static bool allowed(struct proa_admin *admin, const struct proa_http_head *head, const char *action,
                    struct proa_admin_reply *out)
{
    const uint64_t now = proa_loop_now(admin->cfg.loop);
    const struct proa_secret *token = admin->snapshot ? admin->snapshot->admin_token : NULL;
    if (!token) {
        proa_admin_refuse(out, 403, "actions_off",
                          "Actions are off: set admin.token in the configuration.");
    } else if (proa_budget_level(&admin->refusals, &REFUSALS, now) < 1000) {
        proa_admin_refuse(out, 429, "too_many_refusals",
                          "Too many wrong tokens were shown; try again in some seconds.");
    } else if (!shows_token(token, head)) {
        (void)proa_budget_take(&admin->refusals, &REFUSALS, now);
        say(admin, "admin.refused", action, PROA_SLICE_NONE, PROA_SLICE_NONE);
        proa_admin_refuse(out, 403, "wrong_token",
                          "Send the token of admin.token as Authorization: Bearer TOKEN.");
    } else {
        return true;
    }
    return false;
}

/* What an action is about. */
struct object {
    enum proa_status_kind kind;
    struct proa_slice id;
    uint64_t span_ns;
};

static bool find_kind(struct proa_slice name, enum proa_status_kind *out)
{
    for (int i = 0; i < PROA_STATUS_KINDS; i++) {
        const enum proa_status_kind kind = (enum proa_status_kind)i;
        if (proa_slice_eq(name, proa_slice_cstr(proa_status_kind_text(kind)))) {
            *out = kind;
            return true;
        }
    }
    return false;
}

static bool read_object(const struct proa_http_head *head, struct proa_buf *id, struct object *out)
{
    struct proa_buf text;
    uint64_t seconds = SECONDS_DEFAULT;
    proa_buf_init(&text, VALUE_MAX);
    bool ok = proa_http_query_get(head->query, PROA_SLICE("kind"), &text) == PROA_OK &&
              find_kind(proa_buf_slice(&text), &out->kind) &&
              proa_http_query_get(head->query, PROA_SLICE("id"), id) == PROA_OK;
    proa_buf_clear(&text);
    if (proa_http_query_get(head->query, PROA_SLICE("seconds"), &text) != PROA_ERR_NOT_FOUND) {
        ok = ok && proa_slice_to_u64(proa_buf_slice(&text), &seconds) == PROA_OK && seconds > 0 &&
             seconds <= SECONDS_MAX;
    }
    out->id = proa_buf_slice(id);
    out->span_ns = seconds * PROA_NS_PER_S;
    proa_buf_deinit(&text);
    return ok;
}

typedef bool act_fn(struct proa_roster *roster, const struct object *object, uint64_t now_ns);

static bool eject(struct proa_roster *roster, const struct object *object, uint64_t now_ns)
{
    return proa_operator_eject(roster, object->kind, object->id, object->span_ns, now_ns);
}

static bool restore(struct proa_roster *roster, const struct object *object, uint64_t now_ns)
{
    return proa_operator_restore(roster, object->kind, object->id, now_ns);
}

static bool reset(struct proa_roster *roster, const struct object *object, uint64_t now_ns)
{
    return proa_operator_reset(roster, object->kind, object->id, now_ns);
}

static void done(struct proa_admin_reply *out, const char *action, const struct object *object)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, &out->body);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "done", proa_slice_cstr(action));
    proa_json_writer_member_string(&w, "kind",
                                   proa_slice_cstr(proa_status_kind_text(object->kind)));
    proa_json_writer_member_string(&w, "id", object->id);
    proa_json_writer_end_object(&w);
    (void)proa_buf_append_byte(&out->body, '\n');
    out->status = 200;
    out->content_type = "application/json";
}

static void act(struct proa_admin *admin, const struct proa_http_head *head, const char *action,
                act_fn *fn, struct proa_admin_reply *out)
{
    struct proa_buf id;
    struct object object;
    if (!allowed(admin, head, action, out)) {
        return;
    }
    proa_buf_init(&id, VALUE_MAX);
    if (!read_object(head, &id, &object)) {
        proa_admin_refuse(out, 400, "bad_query",
                          "Name one object: ?kind=target&id=openai/k1/gpt-5.5; kinds are endpoint, "
                          "pool, target, key, group, limit and route. eject takes &seconds=N, at "
                          "most a day.");
    } else if (!fn(admin->roster, &object, proa_loop_now(admin->cfg.loop))) {
        proa_admin_refuse(out, 404, "no_such_object",
                          "Nothing of this kind has that id, or this cannot be done to it; GET "
                          "/admin/state lists what there is.");
    } else {
        say(admin, "admin.action", action, proa_slice_cstr(proa_status_kind_text(object.kind)),
            object.id);
        done(out, action, &object);
    }
    proa_buf_deinit(&id);
}

void proa_admin_eject(struct proa_admin *admin, const struct proa_http_head *head,
                      struct proa_admin_reply *out)
{
    act(admin, head, "eject", eject, out);
}

void proa_admin_restore(struct proa_admin *admin, const struct proa_http_head *head,
                        struct proa_admin_reply *out)
{
    act(admin, head, "restore", restore, out);
}

void proa_admin_reset(struct proa_admin *admin, const struct proa_http_head *head,
                      struct proa_admin_reply *out)
{
    act(admin, head, "reset", reset, out);
}

/* Of what is kept of answers, all is forgotten. */
void proa_admin_purge(struct proa_admin *admin, const struct proa_http_head *head,
                      struct proa_admin_reply *out)
{
    struct proa_json_writer w;
    if (!allowed(admin, head, "purge", out)) {
        return;
    }
    const size_t n = admin->answers ? proa_answers_purge(admin->answers) : 0;
    say(admin, "admin.action", "purge", PROA_SLICE("cache"), PROA_SLICE_NONE);
    proa_json_writer_init(&w, &out->body);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "done", PROA_SLICE("purge"));
    proa_json_writer_member_u64(&w, "entries", n);
    proa_json_writer_end_object(&w);
    (void)proa_buf_append_byte(&out->body, '\n');
    out->status = 200;
    out->content_type = "application/json";
}
