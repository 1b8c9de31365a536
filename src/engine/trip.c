/* What follows when a breaker changes its state: it is kept and told, silent attempts are marked to
 * be left, children recover with what stands above them. */
#include "state_priv.h"

static struct state *state_of(const struct trip_place *place)
{
    return place->level == TRIP_TARGET ? &place->seat->target->state
           : place->level == TRIP_POOL ? &place->seat->pool->state
                                       : &place->seat->endpoint->state;
}

static void tell(struct proa_engine *engine, struct state *state,
                 const struct proa_status_transition *transition)
{
    if (engine->n_told - engine->n_taken == ENGINE_NEWS) {
        proa_state_unref(engine, engine->news[engine->n_taken++ % ENGINE_NEWS].state);
    }
    proa_state_ref(state);
    engine->news[engine->n_told++ % ENGINE_NEWS] = (struct news){state, *transition};
}

static bool is_out(uint8_t state)
{
    return state == PROA_BREAKER_OPEN || state == PROA_BREAKER_HALF_OPEN;
}

void proa_watched_keep(struct watched *w, const struct proa_status_transition *transition)
{
    w->past[w->n_past++ % PROA_STATUS_TRANSITIONS] = *transition;
    if (!is_out(transition->from) || !is_out(transition->to)) {
        w->began = *transition;
    }
}

static void keep(const struct trip_place *place, struct proa_breaker_change change, uint64_t now_ns)
{
    if (change.from == change.to || (place->seat->own && place->level == TRIP_TARGET)) {
        return; /* what goes with its run is no news */
    }
    struct watched *w = proa_trip_watched(place->seat, place->level);
    struct state *state = state_of(place);
    struct proa_engine *engine = place->roster->engine;
    const struct proa_status_transition transition = {
        .at_ns = now_ns,
        .from = (uint8_t)change.from,
        .to = (uint8_t)change.to,
        .cause = (uint8_t)change.cause,
    };
    proa_watched_keep(w, &transition);
    tell(engine, state, &transition);
    if (change.to == PROA_BREAKER_OPEN) {
        engine->opens.by[state->kind][change.cause]++;
    }
}

/* ---- opened ---------------------------------------------------------------------------------- */

static struct proa_attempt_record *of_pool(struct proa_list *node)
{
    return PROA_CONTAINER_OF(node, struct proa_attempt_record, in_pool);
}

/* Silent for half the time after which silence counts: it is likely in the same trouble. */
static bool is_overdue(const struct proa_attempt_record *a, uint64_t now_ns)
{
    const uint64_t stall = proa_engine_times(a->run, a->candidate).stall_ns;
    return stall != PROA_NEVER && proa_clock_since(now_ns, a->started_ns) > stall / 2;
}

static bool has_refuge(const struct proa_attempt_record *a, uint64_t now_ns)
{
    const struct proa_run *run = a->run;
    struct survey s;
    proa_pick_survey(run, ~proa_pick_of_pool(run, proa_seat_of(run, a->candidate)->pool), now_ns,
                     &s);
    return s.healthy != 0;
}

static void evacuate(const struct trip_place *place, uint64_t now_ns)
{
    struct proa_list *head = &place->seat->pool->unanswered;
    for (struct proa_list *node = head->next; node != head; node = node->next) {
        struct proa_attempt_record *a = of_pool(node);
        const bool is_here = place->level == TRIP_POOL ||
                             proa_seat_of(a->run, a->candidate)->target == place->seat->target;
        if (is_here && !a->evacuate && a->run->route->policy->stall.evacuate &&
            is_overdue(a, now_ns) && has_refuge(a, now_ns)) {
            a->evacuate = true;
            proa_engine_wake(a->run);
        }
    }
}

/* ---- recovered ------------------------------------------------------------------------------- */

static bool is_below(const struct trip_place *place, const struct seat *seat)
{
    return place->level == TRIP_POOL ? seat->pool == place->seat->pool
                                     : seat->endpoint == place->seat->endpoint;
}

/* All targets below ramp up together: to probe keys and models one after the other would keep most
 * of them out for minutes. Those below a pool that is out itself wait for that. */
static void recover_below(const struct trip_place *place, uint64_t now_ns)
{
    const struct proa_roster *roster = place->roster;
    for (size_t i = 0; i < roster->snapshot->n_targets; i++) {
        const struct seat *seat = &roster->seats[i];
        if (seat->target && is_below(place, seat) &&
            proa_breaker_is_out(&seat->target->watched.breaker) &&
            (place->level == TRIP_POOL || !proa_breaker_is_out(&seat->pool->watched.breaker))) {
            const struct trip_place below = {place->roster, seat, TRIP_TARGET};
            keep(&below,
                 proa_breaker_recover(&seat->target->watched.breaker, PROA_BREAKER_CAUSE_PARENT,
                                      now_ns),
                 now_ns);
        }
    }
}

void proa_trip_note(const struct trip_place *place, struct proa_breaker_change change,
                    uint64_t now_ns)
{
    const bool opens = change.to == PROA_BREAKER_OPEN;
    const bool was_out = is_out((uint8_t)change.from);
    const bool is_back = was_out && !opens && change.to != PROA_BREAKER_HALF_OPEN;
    keep(place, change, now_ns);
    if (opens && change.from != PROA_BREAKER_OPEN && place->level != TRIP_ENDPOINT) {
        evacuate(place, now_ns);
    } else if (is_back && place->level != TRIP_TARGET) {
        recover_below(place, now_ns);
    }
}
