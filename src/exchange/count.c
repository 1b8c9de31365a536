/*
 * Counting the tokens of a request where no provider does: clients count before every turn, and
 * would rather have a good guess than an error.
 */
#include "translate_priv.h"

enum { COUNT_MAX = 256 };

/* Tells the client that it is one. */
#define ESTIMATED "x-proa-warnings: input_tokens: estimated, no provider has counted\r\n"

/* Tokens are those of the model that would be asked first, whatever the route is called. */
static struct proa_slice counted_model(const struct proa_exchange *x)
{
    const struct proa_route *route = x->resolved.route;
    return route->n_candidates > 0 ? proa_attempt_model(x, &route->candidates[0])
                                   : x->resolved.model;
}

/* Answers by the client's request as it reads; also that it cannot be read. */
static void answer(struct proa_exchange *x)
{
    struct asked *asked = proa_translate_asked(x);
    struct proa_buf body;
    proa_buf_init(&body, COUNT_MAX);
    if (asked->err == PROA_OK && x->face->count(&asked->api, counted_model(x), &body)) {
        proa_reply_json(x, 200, proa_buf_slice(&body), PROA_SLICE(ESTIMATED));
    } else if (x->refusal) {
        proa_reply_error(x, x->refusal, PROA_SLICE_NONE);
    } else {
        const struct proa_api_error error = {
            .code = PROA_API_ERR_OVERLOADED,
            .message = PROA_SLICE("There is no memory left to count this request's tokens; send it "
                                  "again.")};
        proa_reply_error(x, &error, PROA_SLICE_NONE);
    }
    proa_buf_deinit(&body);
}

/* What another model than the first choice would count says little. */
static bool can_be_asked(const struct proa_exchange *x)
{
    const struct proa_route *route = x->resolved.route;
    for (size_t i = 0; i < route->n_candidates && route->candidates[i].tier == 0; i++) {
        const struct proa_target *target = route->candidates[i].target;
        const struct proa_dialect *dialect = proa_attempt_dialect(x, &route->candidates[i]);
        if (dialect == x->dialect &&
            dialect->passes(target->provider->vendor, proa_attempt_model(x, &route->candidates[i]),
                            x->operation)) {
            return true;
        }
    }
    return false;
}

bool proa_count_begin(struct proa_exchange *x)
{
    if (!x->face->count || can_be_asked(x)) {
        return false;
    }
    answer(x);
    return true;
}

bool proa_count_instead(struct proa_exchange *x, const struct proa_terminal *t)
{
    const bool theirs = t->class == PROA_CLASS_CLIENT && t->fail == PROA_FAIL_UPSTREAM;
    if (!x->face->count || x->head_sent || theirs) {
        return false;
    }
    answer(x);
    x->counted = x->status < 400;
    return true;
}
