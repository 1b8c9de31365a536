/*
 * Conversations of the Responses API.
 *
 * An answer that is not to be forgotten is kept with what was asked, under its own id and the
 * caller's namespace, whoever gave it. A request that goes on from it is told in full to everyone
 * but the provider that keeps it, too: that one gets the client's own bytes. When even that one
 * does not know it any more, it is told in full after all. What is not kept here is asked of those
 * alone who keep answers themselves.
 */
#include "cached_priv.h"
#include "responses_priv.h"

#include "proa/api/responses_history.h"
#include "proa/json/cursor.h"

enum {
    SHARE = 4,
    KEPT_SPARE = 4096,
    REFERENCES_MAX = 64 /* answers that the items of one request may be of */
};

/* ---- the host's ------------------------------------------------------------------------------ */

void proa_responses_host_init(struct proa_exchange_host *host)
{
    proa_turns_init(&host->turns, host->turns_max, host->turns_ttl_ns, proa_prng_next(&host->prng));
}

void proa_responses_host_deinit(struct proa_exchange_host *host)
{
    proa_turns_deinit(&host->turns);
}

void proa_responses_host_sample(struct proa_exchange_host *host)
{
    const struct proa_turns *turns = &host->turns;
    proa_metric_set(proa_metric_series0(host->metrics, PROA_METRIC_RESPONSES_TURNS),
                    proa_turns_n(turns));
    proa_metric_set(proa_metric_series0(host->metrics, PROA_METRIC_RESPONSES_BYTES), turns->bytes);
    for (int i = 0; i < PROA_TURNS_ENDS; i++) {
        const char *why = proa_turns_end_text((enum proa_turns_end)i);
        proa_metric_set(proa_metric_series1(host->metrics, PROA_METRIC_RESPONSES_EVICTIONS,
                                            proa_slice_cstr(why)),
                        turns->ended[i]);
    }
}

static void count(const struct proa_exchange *x, enum proa_metric metric, const char *result)
{
    proa_metric_add(proa_metric_series1(x->host->metrics, metric, proa_slice_cstr(result)), 1);
}

/* ---- the request ----------------------------------------------------------------------------- */

/* The answers that are kept of those that the body's items are of; *bytes grows by theirs. */
static size_t find_referred(struct proa_exchange *x, struct proa_api_history_kept *kept,
                            uint64_t *bytes)
{
    struct proa_slice ids[REFERENCES_MAX];
    struct proa_turns_key key;
    const size_t n = proa_api_history_references(proa_buf_slice(&x->body), ids, REFERENCES_MAX);
    size_t found = 0;
    if (n == 0 || !proa_cached_namespace(x, key.namespace)) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        key.id = ids[i];
        const struct proa_turn *t =
            proa_turns_find(&x->host->turns, &key, proa_loop_now(x->host->loop));
        count(x, PROA_METRIC_RESPONSES_LOOKUPS, t ? "found" : "unknown");
        if (t) {
            kept[found++] = (struct proa_api_history_kept){ids[i], t->items};
            *bytes += t->items.len;
        }
    }
    return found;
}

/* No body grows by more than what is kept: who refers to an item again and again is left to whoever
 * understands that. */
void proa_responses_put_back(struct proa_exchange *x)
{
    struct proa_api_history_kept kept[REFERENCES_MAX];
    struct proa_buf body;
    uint64_t most = x->body.len;
    const size_t n = find_referred(x, kept, &most);
    if (n == 0 || !proa_exchange_take_budget(x->host, most)) {
        return;
    }
    proa_buf_init(&body, (size_t)most);
    if (proa_api_history_resolve(proa_buf_slice(&x->body), kept, n, x->arena, &body) != PROA_OK) {
        proa_buf_deinit(&body);
        proa_exchange_give_budget(x->host, most);
        return;
    }
    explicit_bzero(x->body.ptr, x->body.len); /* credentials in it are wiped in the other one */
    proa_buf_deinit(&x->body);
    proa_exchange_give_budget(x->host, x->body_budgeted);
    x->body = body;
    x->body_budgeted = most;
}

static void find_previous(struct proa_exchange *x)
{
    struct responses *r = x->responses;
    struct proa_turns_key key = {.id = r->previous};
    memcpy(key.namespace, r->namespace, sizeof key.namespace);
    struct proa_turn *t = proa_turns_find(&x->host->turns, &key, proa_loop_now(x->host->loop));
    if (t) {
        r->known = proa_turn_ref(t);
        r->earlier = proa_arena_alloc(x->arena, t->depth * sizeof r->earlier[0]);
        proa_turn_items(t, r->earlier);
    }
    count(x, PROA_METRIC_RESPONSES_LOOKUPS, t ? "found" : "unknown");
}

/* A conversation that someone else keeps as a whole is none that is told turn by turn. */
static bool is_kept_elsewhere(struct proa_slice body)
{
    const enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("conversation"), NULL);
    return kind != PROA_JSON_ABSENT && kind != PROA_JSON_NULL;
}

void proa_responses_begin(struct proa_exchange *x)
{
    struct responses *r = PROA_ARENA_NEW(x->arena, struct responses);
    struct proa_api_history_wish wish;
    const struct proa_slice body = proa_buf_slice(&x->body);
    x->responses = r;
    proa_api_history_wish(body, &wish);
    r->stored = wish.store;
    r->previous = proa_arena_dup(x->arena, wish.previous);
    const bool named = proa_cached_namespace(x, r->namespace);
    if (named && r->previous.len > 0) {
        find_previous(x);
    }
    /* What came before and is not known here would be missing. */
    const bool may = !x->routed || !x->routed->said.zero_data_retention;
    r->keeps = named && r->stored && may && (r->known || r->previous.len == 0) &&
               body.len <= x->host->turns.max_bytes / SHARE && !is_kept_elsewhere(body);
}

bool proa_responses_is_stateful(const struct proa_exchange *x)
{
    return x->responses->stored || x->responses->previous.len > 0;
}

bool proa_responses_needs_body(const struct proa_exchange *x)
{
    return x->responses->keeps;
}

bool proa_responses_passes(const struct attempt *a)
{
    switch ((enum proa_responses_way)a->target->provider->cfg->responses) {
    case PROA_RESPONSES_NATIVE:
        return true;
    case PROA_RESPONSES_TRANSLATE:
        return false;
    case PROA_RESPONSES_AUTO:
        break;
    }
    return a->dialect->passes(a->answer.vendor, a->model, PROA_OP_RESPONSES);
}

/* Can a target that speaks the API be asked for an answer by its id? What a server of one's own
 * does is not known, and for it to say. */
static bool keeps_answers(const struct attempt *a)
{
    const bool said = a->target->provider->cfg->responses == PROA_RESPONSES_NATIVE;
    return (a->dialect->keeps && a->dialect->keeps(a->answer.vendor, a->model)) ||
           (said && !a->dialect->offers(a->answer.vendor, a->model, PROA_OP_RESPONSES));
}

/* Has it given the very answer that the conversation goes on from? */
static bool is_maker(const struct attempt *a)
{
    const struct responses *r = a->x->responses;
    return r->known && r->known->maker.len > 0 && !r->by_value && keeps_answers(a) &&
           proa_slice_eq(r->known->maker, a->target->provider->name);
}

/* Reads the whole request as the client's was read. */
static enum proa_err look(struct proa_exchange *x)
{
    struct responses *r = x->responses;
    struct proa_buf text;
    struct proa_buf name;
    struct proa_api_error error;
    proa_buf_init(&text, 1024);
    proa_buf_init(&name, 4096);
    const struct proa_api_arrived arrived = {.kind = x->kind,
                                             .headers = &x->head->headers,
                                             .body = proa_buf_slice(&r->body),
                                             .scratch = &name,
                                             .text = &text};
    r->request = proa_freelist_take_head(&x->host->requests, 0);
    r->request->version = x->version;
    const enum proa_err err = x->face->look(&arrived, r->request, &error);
    proa_buf_deinit(&text);
    proa_buf_deinit(&name);
    return err;
}

/* The request in full, made for the first attempt that needs it. */
static enum proa_err make_whole(struct proa_exchange *x)
{
    struct responses *r = x->responses;
    const uint64_t before = r->known ? r->known->total_bytes : 0;
    const uint64_t most = (uint64_t)x->body.len + before + KEPT_SPARE;
    if (r->request) {
        return PROA_OK;
    }
    if (!proa_exchange_take_budget(x->host, most)) {
        return PROA_ERR_OVERLOAD;
    }
    r->budgeted = most;
    proa_buf_init(&r->body, (size_t)most);
    enum proa_err err = proa_api_history_body(proa_buf_slice(&x->body), r->earlier,
                                              r->known ? r->known->depth : 0, &r->body);
    err = err == PROA_OK ? look(x) : err;
    if (err != PROA_OK) {
        proa_responses_forget(x);
    }
    return err;
}

static enum proa_class unfit(struct attempt *a, enum proa_err *err)
{
    a->detail = PROA_SLICE("previous_response_id: that answer is not kept here, and this provider "
                           "keeps none");
    *err = PROA_ERR_UNSUPPORTED;
    return PROA_CLASS_UNFIT;
}

enum proa_class proa_responses_fill(struct attempt *a, struct proa_encode_in *in,
                                    enum proa_err *err)
{
    struct proa_exchange *x = a->x;
    struct responses *r = x->responses;
    in->limit_members = NULL;
    *err = PROA_OK;
    if (r->previous.len > 0 && !r->known) {
        return keeps_answers(a) ? PROA_CLASS_OK : unfit(a, err);
    }
    if (!proa_api_history_has_foreign(in->body) && (!r->known || is_maker(a))) {
        a->told_id = r->known != NULL;
        return PROA_CLASS_OK;
    }
    *err = make_whole(x);
    if (*err == PROA_ERR_TYPE) {
        *err = PROA_OK; /* its input is nothing that there could be: for the provider to say */
        return PROA_CLASS_OK;
    }
    if (*err != PROA_OK) {
        return PROA_CLASS_LOCAL;
    }
    in->body = proa_buf_slice(&r->body);
    in->cuts = r->request->cuts;
    in->n_cuts = r->request->n_cuts;
    in->model_member = r->request->members[PROA_API_M_MODEL];
    in->messages_member = r->request->members[PROA_API_M_MESSAGES];
    in->info = r->request->info;
    return PROA_CLASS_OK;
}

size_t proa_responses_earlier(const struct proa_exchange *x, const struct proa_slice **out)
{
    const struct responses *r = x->responses;
    *out = r && r->known ? r->earlier : NULL;
    return r && r->known ? r->known->depth : 0;
}

bool proa_responses_is_unknown(const struct proa_exchange *x)
{
    return x->responses && x->responses->previous.len > 0 && !x->responses->known;
}

bool proa_responses_is_not_found(const struct attempt *a)
{
    return a->mode == ANSWER_ERROR &&
           proa_slice_eq(a->failure.code, PROA_SLICE("previous_response_not_found"));
}

/* It kept that answer once. The same again, in full. */
bool proa_responses_tells_again(struct attempt *a)
{
    struct responses *r = a->x->responses;
    if (!a->told_id || r->by_value || !proa_responses_is_not_found(a)) {
        return false;
    }
    r->by_value = true;
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

void proa_responses_begun(struct attempt *a)
{
    if (a->reader && a->dialect->reader_id) {
        a->x->responses->id = proa_arena_dup(a->x->arena, a->dialect->reader_id(a->reader));
    }
}

struct proa_slice proa_responses_id(const struct proa_exchange *x)
{
    return x->responses ? x->responses->id : PROA_SLICE_NONE;
}

static bool put(struct attempt *a, const struct proa_api_history_answer *answer)
{
    struct proa_exchange *x = a->x;
    const struct responses *r = x->responses;
    struct proa_turns *turns = &x->host->turns;
    struct proa_buf items;
    bool stored = false;
    proa_buf_init(&items, (size_t)(turns->max_bytes / SHARE));
    if (proa_api_history_keep(proa_buf_slice(&x->body), answer->output, &items) == PROA_OK) {
        struct proa_turns_key key = {.id = answer->id};
        memcpy(key.namespace, r->namespace, sizeof key.namespace);
        const struct proa_turns_new turn = {
            .items = proa_buf_slice(&items),
            .maker = a->translation ? PROA_SLICE_NONE : a->target->provider->name,
            .before = r->known,
        };
        stored = proa_turns_put(turns, &key, &turn, proa_loop_now(x->host->loop));
    }
    proa_buf_deinit(&items);
    return stored;
}

void proa_responses_keep(struct attempt *a, struct proa_slice answer)
{
    struct proa_exchange *x = a->x;
    struct proa_api_history_answer told;
    if (!x->responses->keeps || x->body.len == 0 || !proa_api_history_answer(answer, &told)) {
        return;
    }
    count(x, PROA_METRIC_RESPONSES_STORES, put(a, &told) ? "stored" : "large");
}

/* The newest bytes of a stream that has come to its end; its last event may lie in both. */
void proa_responses_keep_events(struct attempt *a, const struct proa_slice ready[2])
{
    struct proa_buf joined;
    if (!a->x->responses->keeps) {
        return;
    }
    if (ready[0].len == 0) {
        proa_responses_keep(a, ready[1]);
        return;
    }
    proa_buf_init(&joined, SIZE_MAX); /* as long as a reader keeps, and what came with one read */
    (void)proa_buf_append(&joined, ready[0]);
    (void)proa_buf_append(&joined, ready[1]);
    proa_responses_keep(a, proa_buf_slice(&joined));
    proa_buf_deinit(&joined);
}

/* ---- the end --------------------------------------------------------------------------------- */

void proa_responses_forget(struct proa_exchange *x)
{
    struct responses *r = x->responses;
    proa_buf_deinit(&r->body);
    proa_exchange_give_budget(x->host, r->budgeted);
    r->budgeted = 0;
    if (r->request) {
        proa_freelist_give(&x->host->requests, r->request);
        r->request = NULL;
    }
}

void proa_responses_release(struct proa_exchange *x)
{
    proa_responses_forget(x);
    proa_turns_unref(&x->host->turns, x->responses->known);
    x->responses->known = NULL;
}
