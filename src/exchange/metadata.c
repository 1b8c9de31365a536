/*
 * What the gateway tells of an exchange in the answer itself, as Vercel's gateway does: who was
 * asked for what and how that went, what it cost, and an id to ask about it later.
 */
#include "exchange_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/json/writer.h"
#include "proa/obs/ulid.h"
#include "proa/usage/cost.h"

#include <string.h>

enum { USUAL_BYTES = 2000 }; /* of an exchange with one attempt or two */

struct proa_slice proa_metadata_generation(struct proa_exchange *x)
{
    static const char begin[] = {'g', 'e', 'n', '_'};
    if (x->generation.len == 0) {
        char *text = proa_arena_alloc(x->arena, sizeof begin + PROA_ULID_LEN);
        memcpy(text, begin, sizeof begin);
        proa_ulid_make(proa_loop_wall_ms(x->host->loop), &x->host->prng, text + sizeof begin);
        x->generation = proa_slice_make(text, sizeof begin + PROA_ULID_LEN);
    }
    return x->generation;
}

/* ---- members --------------------------------------------------------------------------------- */

/* There are some thirty of them in each answer, so their names are made at compile time. */
#define PUT_STRING(w, name, text) (PROA_JSON_KEY(w, name), proa_json_writer_string(w, text))
/* Of what needs no escape: names that were looked at, ids and numbers of our own. */
#define PUT_PLAIN(w, name, text) (PROA_JSON_KEY(w, name), proa_json_writer_text(w, text))
#define PUT_U64(w, name, value)  (PROA_JSON_KEY(w, name), proa_json_writer_u64(w, value))
#define PUT_BOOL(w, name, value) (PROA_JSON_KEY(w, name), proa_json_writer_bool(w, value))

/* ---- names ----------------------------------------------------------------------------------- */

static const struct proa_target *target_of(const struct proa_exchange *x, size_t i)
{
    return x->run->attempts[i].candidate->target;
}

/* The model's name in the catalogue, where it stands there, else as it was asked for. */
static struct proa_slice slug_of(const struct proa_exchange *x, size_t i)
{
    const struct proa_catalogue_offer *offer = x->attempts[i]->offer;
    const struct proa_candidate_wish *wish = x->run->attempts[i].candidate->wish;
    return offer                         ? proa_catalogue_slice(proa_catalogue_model_of(offer)->id)
           : wish && wish->asked.len > 0 ? wish->asked
                                         : x->model;
}

/* ---- attempts -------------------------------------------------------------------------------- */

struct telling {
    struct proa_exchange *x;
    const struct attempt *by; /* who answers, or NULL */
    struct proa_json_writer w;
    uint64_t now_ns;
    uint64_t now_ms;
};

/* Monotonic time as wall time: what has passed since is known. */
static uint64_t wall_ms(const struct telling *t, uint64_t at_ns)
{
    return t->now_ms - proa_clock_since(t->now_ns, at_ns) / PROA_NS_PER_MS;
}

static bool is_success(const struct telling *t, size_t i)
{
    return t->by && t->by->index == i;
}

static bool is_timeout(enum proa_class class)
{
    return class == PROA_CLASS_CONNECT_TIMEOUT || class == PROA_CLASS_FIRST_BYTE_TIMEOUT ||
           class == PROA_CLASS_FIRST_CONTENT_TIMEOUT || class == PROA_CLASS_IDLE_TIMEOUT ||
           class == PROA_CLASS_TOTAL_TIMEOUT;
}

static void put_failure(struct telling *t, const struct proa_attempt_record *a)
{
    if (a->stage != PROA_STAGE_OVER) {
        return; /* it runs beside the one that answers */
    }
    const bool timeout = is_timeout(a->class);
    PUT_STRING(&t->w, "error",
               timeout ? PROA_SLICE("PROVIDER_TIMEOUT")
                       : proa_slice_cstr(proa_class_text(a->class)));
    if (timeout) {
        PUT_BOOL(&t->w, "providerTimeout", true);
    }
    if (a->asked_deadline) {
        PUT_U64(&t->w, "configuredTimeoutMs", a->candidate->wish->first_token_ns / PROA_NS_PER_MS);
    }
}

/* The client's own, or one that is configured. */
static struct proa_slice credential_of(const struct proa_candidate *candidate)
{
    return candidate->target->byok != 0 ? PROA_SLICE("byok") : PROA_SLICE("system");
}

static void put_attempt(struct telling *t, size_t i)
{
    const struct proa_attempt_record *a = &t->x->run->attempts[i];
    const bool over = a->stage == PROA_STAGE_OVER;
    struct proa_json_writer *w = &t->w;
    proa_json_writer_begin_object(w);
    PUT_STRING(w, "provider", target_of(t->x, i)->provider->name);
    PUT_STRING(w, "providerApiModelId", t->x->attempts[i]->model);
    PUT_PLAIN(w, "credentialType", credential_of(a->candidate));
    PUT_BOOL(w, "success", is_success(t, i));
    if (!is_success(t, i)) {
        put_failure(t, a);
    }
    PUT_U64(w, "startTime", wall_ms(t, a->started_ns));
    PUT_U64(w, "endTime", over ? wall_ms(t, a->ended_ns) : t->now_ms);
    if (a->status != 0) {
        PUT_U64(w, "statusCode", a->status);
    }
    proa_json_writer_end_object(w);
}

/* "provider:model" */
static struct proa_slice joined(struct proa_arena *arena, struct proa_slice provider,
                                struct proa_slice model)
{
    const size_t len = provider.len + 1 + model.len;
    char *text = proa_arena_alloc(arena, len);
    memcpy(text, provider.ptr, provider.len);
    text[provider.len] = ':';
    memcpy(text + provider.len + 1, model.ptr, model.len);
    return proa_slice_make(text, len);
}

/* Attempts in a row at one model, whoever offers it: [from, to). */
static size_t put_model(struct telling *t, size_t from)
{
    const struct proa_exchange *x = t->x;
    struct proa_json_writer *w = &t->w;
    const struct proa_slice slug = slug_of(x, from);
    size_t to = from;
    bool success = false;
    while (to < x->run->n_attempts && proa_slice_eq(slug_of(x, to), slug)) {
        success = success || is_success(t, to);
        to++;
    }
    proa_json_writer_begin_object(w);
    PUT_STRING(w, "modelId",
               joined(x->arena, target_of(x, from)->provider->name, x->attempts[from]->model));
    PUT_PLAIN(w, "canonicalSlug", slug);
    PUT_BOOL(w, "success", success);
    PUT_U64(w, "providerAttemptCount", to - from);
    PROA_JSON_KEY(w, "providerAttempts");
    proa_json_writer_begin_array(w);
    for (size_t i = from; i < to; i++) {
        put_attempt(t, i);
    }
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
    return to;
}

static size_t count_models(const struct proa_exchange *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->run->n_attempts; i++) {
        n += i == 0 || !proa_slice_eq(slug_of(x, i), slug_of(x, i - 1));
    }
    return n;
}

/* ---- routing --------------------------------------------------------------------------------- */

/* The route's other providers, each once. */
static void put_fallbacks(struct telling *t)
{
    const struct proa_route *route = t->x->resolved.route;
    const struct proa_provider *first = target_of(t->x, 0)->provider;
    PROA_JSON_KEY(&t->w, "fallbacksAvailable");
    proa_json_writer_begin_array(&t->w);
    for (size_t i = 0; i < route->n_candidates; i++) {
        const struct proa_provider *p = route->candidates[i].target->provider;
        bool known = p == first;
        for (size_t k = 0; k < i && !known; k++) {
            known = route->candidates[k].target->provider == p;
        }
        if (!known) {
            proa_json_writer_string(&t->w, p->name);
        }
    }
    proa_json_writer_end_array(&t->w);
}

static void put_routing(struct telling *t)
{
    const struct proa_exchange *x = t->x;
    struct proa_json_writer *w = &t->w;
    const size_t n = x->run->n_attempts;
    PROA_JSON_KEY(w, "routing");
    proa_json_writer_begin_object(w);
    PUT_PLAIN(w, "originalModelId", x->model);
    if (n > 0) {
        const size_t last = t->by ? t->by->index : n - 1;
        PUT_STRING(w, "resolvedProvider", target_of(x, 0)->provider->name);
        PUT_STRING(w, "resolvedProviderApiModelId", x->attempts[0]->model);
        put_fallbacks(t);
        if (x->resolved.route->base) { /* where the request has a part in it */
            PUT_STRING(w, "planningReasoning", proa_planning_text(x));
            proa_planning_put_skipped(x, w);
        }
        PUT_PLAIN(w, "canonicalSlug", slug_of(x, last));
    }
    if (t->by) {
        PUT_STRING(w, "finalProvider", target_of(x, t->by->index)->provider->name);
    }
    PUT_U64(w, "modelAttemptCount", count_models(x));
    PROA_JSON_KEY(w, "modelAttempts");
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < n;) {
        i = put_model(t, i);
    }
    proa_json_writer_end_array(w);
    PUT_U64(w, "totalProviderAttemptCount", n);
    proa_json_writer_end_object(w);
}

/* ---- costs ----------------------------------------------------------------------------------- */

/* Digits and a point: no text that would have to be escaped. */
struct amount {
    char text[PROA_FMT_PICO_BYTES];
    size_t len;
};

static struct amount amount_of(uint64_t pico)
{
    struct amount a;
    a.len = proa_fmt_pico(a.text, pico);
    return a;
}

#define PUT_AMOUNT(w, name, a) PUT_PLAIN(w, name, proa_slice_make((a).text, (a).len))

/* Nothing is added to what the provider takes. */
static void put_costs(struct telling *t, const struct proa_usage *usage)
{
    const struct proa_catalogue_offer *offer = t->by ? t->by->offer : NULL;
    uint64_t all = 0;
    uint64_t input = 0;
    if (!offer || !usage || !proa_cost_of(usage, &offer->price, &all)) {
        return;
    }
    struct proa_usage without = *usage;
    proa_usage_set(&without, PROA_USAGE_OUTPUT, 0);
    (void)proa_cost_of(&without, &offer->price, &input);
    const struct amount whole = amount_of(all);
    const struct amount of_input = amount_of(input);
    const struct amount of_output = amount_of(all > input ? all - input : 0);
    PUT_AMOUNT(&t->w, "cost", whole);
    PUT_AMOUNT(&t->w, "marketCost", whole);
    PUT_PLAIN(&t->w, "surchargeCost", PROA_SLICE("0"));
    PUT_AMOUNT(&t->w, "gatewayCost", whole);
    PUT_AMOUNT(&t->w, "inferenceCost", whole);
    PUT_AMOUNT(&t->w, "inputInferenceCost", of_input);
    PUT_AMOUNT(&t->w, "outputInferenceCost", of_output);
}

void proa_metadata_write(struct proa_exchange *x, const struct attempt *by,
                         const struct proa_usage *usage, struct proa_buf *out)
{
    struct telling t = {.x = x,
                        .by = by,
                        .now_ns = proa_loop_now(x->host->loop),
                        .now_ms = proa_loop_wall_ms(x->host->loop)};
    (void)proa_buf_reserve(out, USUAL_BYTES);
    proa_json_writer_init(&t.w, out);
    proa_json_writer_begin_object(&t.w);
    put_routing(&t);
    put_costs(&t, usage);
    PUT_PLAIN(&t.w, "generationId", proa_metadata_generation(x));
    proa_json_writer_end_object(&t.w);
    if (!proa_json_writer_ok(&t.w)) {
        proa_buf_clear(out); /* half of it is worse than none */
    }
}
