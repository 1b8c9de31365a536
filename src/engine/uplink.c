/*
 * When two endpoints in sequence cannot be reached and nobody answers, it is the way out of here
 * that is down, not they: their failures count for nobody. Once a second one of those that failed
 * is asked again, each in its turn, until one answers. An endpoint that was not asked since it
 * began is tried at once, so that a request finds the one provider of three that is well.
 *
 * An endpoint that failed while others were answered is down by itself. While it goes on failing it
 * says nothing of the way out: with two endpoints, a single failure of the one that is well would
 * else keep all requests from it.
 *
 * A connection that is refused counts as answered: it was carried there and back.
 */
#include "state_priv.h"

#define TOGETHER_NS (2 * PROA_NS_PER_S)
#define AGAIN_NS    (1 * PROA_NS_PER_S)
/* Longer than from one probe to the next: what was known of one that is not asked so long is void.
 */
#define KNOWN_NS (60 * PROA_NS_PER_S)

static bool has_failed(const struct uplink *u, const struct endpoint_state *endpoint)
{
    return u->down && endpoint->failed_ns >= u->since_ns;
}

/* Others were answered since it failed, or since it was found so the last time. */
static bool is_down_by_itself(const struct uplink *u, const struct endpoint_state *endpoint,
                              uint64_t now_ns)
{
    return endpoint->failed_ns != 0 && proa_clock_since(now_ns, endpoint->failed_ns) < KNOWN_NS &&
           (endpoint->by_itself || endpoint->failed_ns < u->answered_ns);
}

bool proa_uplink_failed(struct proa_engine *engine, struct endpoint_state *endpoint,
                        uint64_t started_ns, uint64_t now_ns)
{
    struct uplink *u = &engine->uplink;
    endpoint->by_itself = !u->down && is_down_by_itself(u, endpoint, now_ns);
    if (endpoint->by_itself) {
        endpoint->failed_ns = now_ns;
        return false;
    }
    /* In sequence: the second was under way, or began, within the time after the first. A dial that
     * hangs fails later than that. */
    if (!u->down && u->suspect && u->suspect != endpoint &&
        started_ns <= proa_clock_after(u->suspect_ns, TOGETHER_NS)) {
        *u = (struct uplink){.answered_ns = u->answered_ns,
                             .down = true,
                             .since_ns = u->suspect_ns,
                             .asked_ns = now_ns,
                             .n_failed = 1};
    }
    u->n_failed += u->down && !has_failed(u, endpoint);
    u->suspect = endpoint;
    u->suspect_ns = now_ns;
    endpoint->failed_ns = now_ns;
    return u->down;
}

void proa_uplink_asked(struct proa_engine *engine, struct endpoint_state *endpoint, uint64_t now_ns)
{
    if (has_failed(&engine->uplink, endpoint)) {
        engine->uplink.asked_ns = now_ns;
        endpoint->asked_ns = now_ns;
    }
}

uint64_t proa_uplink_eta(const struct proa_engine *engine, const struct endpoint_state *endpoint,
                         uint64_t now_ns)
{
    const struct uplink *u = &engine->uplink;
    if (!has_failed(u, endpoint)) {
        return 0;
    }
    const bool again = endpoint->asked_ns >= u->since_ns;
    const uint64_t turn = again ? proa_clock_after(endpoint->asked_ns, u->n_failed * AGAIN_NS) : 0;
    const uint64_t any = proa_clock_after(u->asked_ns, AGAIN_NS);
    return proa_clock_since(turn > any ? turn : any, now_ns);
}

/* What was opened on the way into it is as if nothing had been: answers that broke off are the
 * first to tell, before anything fails to connect. */
static void forgive(struct proa_run *run, uint64_t since_ns, uint64_t now_ns)
{
    struct proa_roster *roster = run->roster;
    since_ns = proa_clock_since(since_ns, TOGETHER_NS);
    for (size_t i = 0; i < roster->snapshot->n_targets; i++) {
        struct trip_place place = {roster, &roster->seats[i], TRIP_TARGET};
        if (!place.seat->target) {
            continue; /* not in use yet */
        }
        place.seat->endpoint->failed_ns = 0;
        for (; place.level < TRIP_LEVELS; place.level++) {
            struct proa_breaker *b = &proa_trip_watched(place.seat, place.level)->breaker;
            if (proa_breaker_is_out(b) && b->opened_ns >= since_ns) {
                b->exponent = 0;
                proa_trip_note(&place, proa_breaker_recover(b, PROA_BREAKER_CAUSE_PARENT, now_ns),
                               now_ns);
            }
        }
    }
}

void proa_uplink_answered(struct proa_run *run, struct endpoint_state *endpoint, uint64_t now_ns)
{
    struct uplink *u = &run->roster->engine->uplink;
    /* One that failed meanwhile and now answers proves that it was the uplink. Another one only
     * proves that the uplink is well. */
    if (has_failed(u, endpoint)) {
        forgive(run, u->since_ns, now_ns);
    }
    *u = (struct uplink){.answered_ns = now_ns};
    endpoint->failed_ns = 0;
}
