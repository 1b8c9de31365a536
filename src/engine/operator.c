#include "proa/engine/operator.h"

#include "state_priv.h"

/* Of what has a breaker. */
static bool level_of(enum proa_status_kind kind, enum trip_level *out)
{
    static const enum trip_level levels[] = {
        [PROA_STATUS_ENDPOINT] = TRIP_ENDPOINT,
        [PROA_STATUS_POOL] = TRIP_POOL,
        [PROA_STATUS_TARGET] = TRIP_TARGET,
    };
    if ((size_t)kind >= PROA_ARRAY_LEN(levels)) {
        return false;
    }
    *out = levels[kind];
    return true;
}

bool proa_operator_eject(struct proa_roster *roster, enum proa_status_kind kind,
                         struct proa_slice identity, uint64_t span_ns, uint64_t now_ns)
{
    const struct object *object = proa_roster_find(roster, kind, identity);
    struct trip_place place = {.roster = roster};
    if (!object || !level_of(kind, &place.level)) {
        return false;
    }
    place.seat = object->seat;
    proa_trip_note(
        &place,
        proa_breaker_eject(&proa_trip_watched(place.seat, place.level)->breaker, span_ns, now_ns),
        now_ns);
    return true;
}

bool proa_operator_restore(struct proa_roster *roster, enum proa_status_kind kind,
                           struct proa_slice identity, uint64_t now_ns)
{
    const struct object *object = proa_roster_find(roster, kind, identity);
    struct trip_place place = {.roster = roster};
    if (object && (kind == PROA_STATUS_KEY || kind == PROA_STATUS_GROUP)) {
        proa_access_restore(kind == PROA_STATUS_KEY ? object->seat->key : object->seat->group);
        return true;
    }
    if (!object || !level_of(kind, &place.level)) {
        return false;
    }
    place.seat = object->seat;
    proa_trip_note(&place,
                   proa_breaker_recover(&proa_trip_watched(place.seat, place.level)->breaker,
                                        PROA_BREAKER_CAUSE_OPERATOR, now_ns),
                   now_ns);
    if (kind == PROA_STATUS_POOL) {
        object->seat->pool->missing_until_ns = 0;
    } else if (kind == PROA_STATUS_TARGET) {
        object->seat->target->denied_until_ns = 0;
    }
    return true;
}

static void reset_pool(struct pool_state *pool, uint64_t now_ns)
{
    proa_latency_init(&pool->latency, now_ns);
    pool->missing_until_ns = 0;
    pool->blame = NULL;
    pool->spread = false;
}

static void reset_target(struct target_state *t, uint64_t now_ns)
{
    proa_bearing_init(&t->bearing, now_ns);
    proa_concurrency_init(&t->concurrency);
    t->credit = 0;
    t->denied_until_ns = 0;
}

static void reset_breaker(struct proa_roster *roster, const struct object *object,
                          enum trip_level level, uint64_t now_ns)
{
    const struct trip_place place = {.roster = roster, .seat = object->seat, .level = level};
    struct proa_breaker *b = &proa_trip_watched(object->seat, level)->breaker;
    const struct proa_breaker_change change = {
        .from = (enum proa_breaker_state)b->state,
        .to = PROA_BREAKER_CLOSED,
        .cause = PROA_BREAKER_CAUSE_OPERATOR,
    };
    proa_breaker_init(b, now_ns);
    proa_trip_note(&place, change, now_ns);
}

bool proa_operator_reset(struct proa_roster *roster, enum proa_status_kind kind,
                         struct proa_slice identity, uint64_t now_ns)
{
    const struct object *object = proa_roster_find(roster, kind, identity);
    if (!object) {
        return false;
    }
    switch (kind) {
    case PROA_STATUS_ENDPOINT:
        reset_breaker(roster, object, TRIP_ENDPOINT, now_ns);
        break;
    case PROA_STATUS_POOL:
        reset_pool(object->seat->pool, now_ns);
        reset_breaker(roster, object, TRIP_POOL, now_ns);
        break;
    case PROA_STATUS_TARGET:
        reset_target(object->seat->target, now_ns);
        reset_breaker(roster, object, TRIP_TARGET, now_ns);
        break;
    case PROA_STATUS_KEY:
        proa_access_restore(object->seat->key);
        break;
    case PROA_STATUS_GROUP:
        proa_access_restore(object->seat->group);
        break;
    case PROA_STATUS_LIMIT:
        proa_limiter_init(&object->seat->limit->limiter);
        break;
    case PROA_STATUS_ROUTE: {
        struct route_state *r = (struct route_state *)(void *)object->state;
        proa_budget_init(&r->retries);
        proa_budget_init(&r->hedges);
        proa_throttle_init(&r->throttle);
        break;
    }
    case PROA_STATUS_KINDS:
        return false;
    }
    return true;
}
