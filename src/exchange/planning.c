/*
 * In what order candidates would be asked, in words, as clients of Vercel's gateway read it:
 * "System credentials planned for: openai, azure. Total execution order: openai(system) →
 * azure(system)". The engine leaves it where somebody is not well.
 */
#include "exchange_priv.h"

#include "proa/core/alloc.h"
#include "proa/engine/explain.h"
#include "proa/json/writer.h"

enum { PLAN_MAX = 16 * 1024 };

/* The same provider with the same credential, or one of ours like the other. */
static bool is_told(const struct proa_route *route, size_t i)
{
    const struct proa_target *target = route->candidates[i].target;
    for (size_t k = 0; k < i; k++) {
        const struct proa_target *other = route->candidates[k].target;
        if (other->provider == target->provider && other->byok == target->byok) {
            return true;
        }
    }
    return false;
}

static void append_name(struct proa_buf *out, const char *between, struct proa_slice name)
{
    (void)proa_buf_append_cstr(out, between);
    (void)proa_buf_append(out, name);
}

/* "System credentials planned for: a, b. "; nothing where there are none of the kind. */
static void append_kind(const struct proa_route *route, bool byok, struct proa_buf *out)
{
    const char *between =
        byok ? "BYOK credentials planned for: " : "System credentials planned for: ";
    bool any = false;
    for (size_t i = 0; i < route->n_candidates; i++) {
        const struct proa_target *target = route->candidates[i].target;
        if ((target->byok != 0) == byok && !is_told(route, i)) {
            append_name(out, any ? ", " : between, target->provider->name);
            any = true;
        }
    }
    (void)proa_buf_append_cstr(out, any ? ". " : "");
}

struct proa_slice proa_planning_text(const struct proa_exchange *x)
{
    const struct proa_route *route = x->resolved.route;
    struct proa_buf text;
    proa_buf_init(&text, PLAN_MAX);
    append_kind(route, true, &text);
    append_kind(route, false, &text);
    const char *between = "Total execution order: ";
    for (size_t i = 0; i < route->n_candidates; i++) {
        if (!is_told(route, i)) {
            append_name(&text, between, route->candidates[i].target->provider->name);
            (void)proa_buf_append_cstr(&text, route->candidates[i].target->byok != 0 ? "(byok)"
                                                                                     : "(system)");
            between = " \xe2\x86\x92 ";
        }
    }
    const struct proa_slice plan = proa_arena_dup(x->arena, proa_buf_slice(&text));
    proa_buf_deinit(&text);
    return plan;
}

/* ---- passed over ----------------------------------------------------------------------------- */

/* Those before the last that was tried, bit by bit. */
static uint64_t before_last(const struct proa_exchange *x)
{
    const uint64_t tried = x->run->tried;
    return tried == 0 ? 0 : ((UINT64_C(1) << (63 - __builtin_clzll(tried))) - 1) & ~tried;
}

/* "it is out: it failed too often in sequence" */
static struct proa_slice reason_of(const struct proa_exchange *x,
                                   const struct proa_explain_candidate *c)
{
    const char *text = proa_explain_text(c->filter);
    return c->breaker.kind == PROA_STATUS_KINDS
               ? proa_slice_cstr(text)
               : proa_arena_printf(x->arena, "%s: %s", text,
                                   proa_explain_cause_text(c->breaker.cause));
}

/* As it is by now, which is hardly later than when it was passed over. */
void proa_planning_put_skipped(const struct proa_exchange *x, struct proa_json_writer *w)
{
    bool any = false;
    uint64_t skipped = before_last(x);
    if (skipped == 0) {
        return;
    }
    struct proa_explain *why = PROA_NEW(struct proa_explain);
    proa_explain(x->live->roster, x->resolved.route, &x->run->options, proa_loop_now(x->host->loop),
                 why);
    for (; skipped != 0; skipped &= skipped - 1) {
        const size_t i = (size_t)__builtin_ctzll(skipped);
        const struct proa_target *target = x->resolved.route->candidates[i].target;
        if (why->candidates[i].filter == PROA_EXPLAIN_NONE) {
            continue; /* well, and of the same tier as one that was tried */
        }
        if (!any) {
            proa_json_writer_key(w, PROA_SLICE("skippedProviderAttempts"));
            proa_json_writer_begin_array(w);
            any = true;
        }
        proa_json_writer_begin_object(w);
        proa_json_writer_member_string(w, "provider", target->provider->name);
        proa_json_writer_member_string(
            w, "credentialType", target->byok != 0 ? PROA_SLICE("byok") : PROA_SLICE("system"));
        proa_json_writer_member_string(w, "reason", reason_of(x, &why->candidates[i]));
        proa_json_writer_end_object(w);
    }
    if (any) {
        proa_json_writer_end_array(w);
    }
    proa_free(why);
}
