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

/* ---- names ----------------------------------------------------------------------------------- */

static const struct proa_target *target_of(const struct proa_exchange *x, size_t i)
{
    return x->run->attempts[i].candidate->target;
}

/* The model's name in the catalogue, where it stands there. */
static struct proa_slice slug_of(const struct proa_exchange *x, size_t i)
{
    const struct proa_catalogue_offer *offer = x->attempts[i]->offer;
    return offer ? proa_catalogue_slice(proa_catalogue_model_of(offer)->id) : x->model;
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
    proa_json_writer_member_string(&t->w, "error",
                                   timeout ? PROA_SLICE("PROVIDER_TIMEOUT")
                                           : proa_slice_cstr(proa_class_text(a->class)));
    if (timeout) {
        proa_json_writer_member_bool(&t->w, "providerTimeout", true);
    }
}

static void put_attempt(struct telling *t, size_t i)
{
    const struct proa_attempt_record *a = &t->x->run->attempts[i];
    const bool over = a->stage == PROA_STAGE_OVER;
    struct proa_json_writer *w = &t->w;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "provider", target_of(t->x, i)->provider->name);
    proa_json_writer_member_string(w, "providerApiModelId", t->x->attempts[i]->model);
    proa_json_writer_member_string(w, "credentialType", PROA_SLICE("system"));
    proa_json_writer_member_bool(w, "success", is_success(t, i));
    if (!is_success(t, i)) {
        put_failure(t, a);
    }
    proa_json_writer_member_u64(w, "startTime", wall_ms(t, a->started_ns));
    proa_json_writer_member_u64(w, "endTime", over ? wall_ms(t, a->ended_ns) : t->now_ms);
    if (a->status != 0) {
        proa_json_writer_member_u64(w, "statusCode", a->status);
    }
    proa_json_writer_end_object(w);
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
    proa_json_writer_member_string(
        w, "modelId",
        proa_arena_printf(x->arena, "%" PROA_SLICE_FMT ":%" PROA_SLICE_FMT,
                          PROA_SLICE_ARG(target_of(x, from)->provider->name),
                          PROA_SLICE_ARG(x->attempts[from]->model)));
    proa_json_writer_member_string(w, "canonicalSlug", slug);
    proa_json_writer_member_bool(w, "success", success);
    proa_json_writer_member_u64(w, "providerAttemptCount", to - from);
    proa_json_writer_key(w, PROA_SLICE("providerAttempts"));
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
    proa_json_writer_key(&t->w, PROA_SLICE("fallbacksAvailable"));
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
    proa_json_writer_key(w, PROA_SLICE("routing"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "originalModelId", x->model);
    if (n > 0) {
        const size_t last = t->by ? t->by->index : n - 1;
        proa_json_writer_member_string(w, "resolvedProvider", target_of(x, 0)->provider->name);
        proa_json_writer_member_string(w, "resolvedProviderApiModelId", x->attempts[0]->model);
        put_fallbacks(t);
        proa_json_writer_member_string(w, "canonicalSlug", slug_of(x, last));
    }
    if (t->by) {
        proa_json_writer_member_string(w, "finalProvider",
                                       target_of(x, t->by->index)->provider->name);
    }
    proa_json_writer_member_u64(w, "modelAttemptCount", count_models(x));
    proa_json_writer_key(w, PROA_SLICE("modelAttempts"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < n;) {
        i = put_model(t, i);
    }
    proa_json_writer_end_array(w);
    proa_json_writer_member_u64(w, "totalProviderAttemptCount", n);
    proa_json_writer_end_object(w);
}

/* ---- costs ----------------------------------------------------------------------------------- */

static void put_pico(struct proa_json_writer *w, const char *key, uint64_t pico)
{
    char text[PROA_FMT_PICO_BYTES];
    proa_json_writer_member_string(w, key, proa_slice_make(text, proa_fmt_pico(text, pico)));
}

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
    put_pico(&t->w, "cost", all);
    put_pico(&t->w, "marketCost", all);
    put_pico(&t->w, "surchargeCost", 0);
    put_pico(&t->w, "gatewayCost", all);
    put_pico(&t->w, "inferenceCost", all);
    put_pico(&t->w, "inputInferenceCost", input);
    put_pico(&t->w, "outputInferenceCost", all > input ? all - input : 0);
}

void proa_metadata_write(struct proa_exchange *x, const struct attempt *by,
                         const struct proa_usage *usage, struct proa_buf *out)
{
    struct telling t = {.x = x,
                        .by = by,
                        .now_ns = proa_loop_now(x->host->loop),
                        .now_ms = proa_loop_wall_ms(x->host->loop)};
    proa_json_writer_init(&t.w, out);
    proa_json_writer_begin_object(&t.w);
    put_routing(&t);
    put_costs(&t, usage);
    proa_json_writer_member_string(&t.w, "generationId", proa_metadata_generation(x));
    proa_json_writer_end_object(&t.w);
    if (!proa_json_writer_ok(&t.w)) {
        proa_buf_clear(out); /* half of it is worse than none */
    }
}
