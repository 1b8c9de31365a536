#include "state_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/arena.h"
#include "proa/core/hash.h"

/* ---- states by identity ---------------------------------------------------------------------- */

void proa_state_ref(struct state *state)
{
    state->refs++;
}

void proa_state_unref(struct proa_engine *engine, struct state *state)
{
    PROA_ASSERT(state->refs > 0);
    if (--state->refs == 0) {
        (void)proa_map_remove(&engine->states[state->kind], state->identity);
        proa_free(state);
    }
}

void proa_access_restore(struct access_state *a)
{
    proa_credential_init(&a->credential);
    a->trial_until_ns = 0;
}

/* A new state, zeroed but for what every state begins with. */
static struct state *state_new(struct proa_engine *engine, enum proa_status_kind kind,
                               struct proa_slice identity, size_t size)
{
    char *memory = proa_alloc_zero(1, size + identity.len);
    if (identity.len > 0) {
        memcpy(memory + size, identity.ptr, identity.len);
    }
    struct state *state = (struct state *)(void *)memory;
    state->identity = proa_slice_make(memory + size, identity.len);
    state->kind = (uint8_t)kind;
    (void)proa_map_put(&engine->states[kind], state->identity, state);
    return state;
}

/* What a roster is made with. */
struct binding {
    struct proa_roster *roster;
    const struct seat *seat;             /* the one that is being filled, or */
    const struct proa_route_seat *route; /* this one */
    struct proa_arena names;
    uint64_t now_ns;
};

/* The roster holds one reference to each of its objects. */
static void *hold(struct binding *b, struct state *state)
{
    struct objects *objects = &b->roster->objects[state->kind];
    struct object *object = &objects->items[objects->n++];
    object->state = state;
    if (state->kind == PROA_STATUS_ROUTE) {
        object->route = b->route;
    } else {
        object->seat = b->seat;
    }
    (void)proa_map_put(&b->roster->seen[state->kind], state->identity, state);
    proa_state_ref(state);
    return state;
}

/* NULL when nothing was ever known of it. */
static void *find(struct binding *b, enum proa_status_kind kind, struct proa_slice identity)
{
    struct state *state = proa_map_get(&b->roster->seen[kind], identity);
    if (state) {
        return state;
    }
    state = proa_map_get(&b->roster->engine->states[kind], identity);
    return state ? hold(b, state) : NULL;
}

static void *make(struct binding *b, enum proa_status_kind kind, struct proa_slice identity,
                  size_t size)
{
    return hold(b, state_new(b->roster->engine, kind, identity, size));
}

static struct endpoint_state *bind_endpoint(struct binding *b, const struct proa_endpoint *endpoint)
{
    /* Two ways to one host that trust different authorities fare differently. */
    const struct proa_slice identity =
        endpoint->ca_pem.len == 0
            ? endpoint->identity
            : proa_arena_printf(&b->names, "%" PROA_SLICE_FMT "#%016llx",
                                PROA_SLICE_ARG(endpoint->identity),
                                (unsigned long long)proa_hash64(endpoint->ca_pem, 0));
    struct endpoint_state *e = find(b, PROA_STATUS_ENDPOINT, identity);
    if (!e) {
        e = make(b, PROA_STATUS_ENDPOINT, identity, sizeof(*e));
        proa_breaker_init(&e->watched.breaker, b->now_ns);
    }
    return e;
}

static struct pool_state *bind_pool(struct binding *b, const struct proa_target *target)
{
    const struct proa_slice identity =
        proa_arena_printf(&b->names, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                          PROA_SLICE_ARG(target->provider->name), PROA_SLICE_ARG(target->model));
    struct pool_state *p = find(b, PROA_STATUS_POOL, identity);
    if (!p) {
        p = make(b, PROA_STATUS_POOL, identity, sizeof(*p));
        proa_breaker_init(&p->watched.breaker, b->now_ns);
        proa_latency_init(&p->latency, b->now_ns);
        proa_list_init(&p->unanswered);
    }
    return p;
}

static struct access_state *bind_access(struct binding *b, enum proa_status_kind kind,
                                        const struct proa_target *target, struct proa_slice name)
{
    const struct proa_slice identity =
        proa_arena_printf(&b->names, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                          PROA_SLICE_ARG(target->provider->name), PROA_SLICE_ARG(name));
    struct access_state *a = find(b, kind, identity);
    if (!a) {
        a = make(b, kind, identity, sizeof(*a));
        proa_credential_init(&a->credential);
        a->domain = proa_hash64(identity, 0);
    }
    return a;
}

static struct limit_state *bind_limit(struct binding *b, const struct proa_target *target,
                                      const struct access_state *group)
{
    const struct proa_slice identity =
        proa_arena_printf(&b->names, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
                          PROA_SLICE_ARG(group->state.identity), PROA_SLICE_ARG(target->model));
    struct limit_state *l = find(b, PROA_STATUS_LIMIT, identity);
    if (!l) {
        l = make(b, PROA_STATUS_LIMIT, identity, sizeof(*l));
        proa_limiter_init(&l->limiter);
    }
    return l;
}

static struct target_state *bind_target(struct binding *b, const struct proa_target *target)
{
    struct target_state *t = find(b, PROA_STATUS_TARGET, target->identity);
    if (!t) {
        t = make(b, PROA_STATUS_TARGET, target->identity, sizeof(*t));
        proa_breaker_init(&t->watched.breaker, b->now_ns);
        proa_bearing_init(&t->bearing, b->now_ns);
        proa_concurrency_init(&t->concurrency);
    }
    return t;
}

static struct route_state *bind_route_state(struct binding *b, const struct proa_route *route)
{
    struct route_state *r = find(b, PROA_STATUS_ROUTE, route->name);
    if (!r) {
        r = make(b, PROA_STATUS_ROUTE, route->name, sizeof(*r));
        proa_budget_init(&r->retries);
        proa_budget_init(&r->hedges);
        proa_throttle_init(&r->throttle);
        proa_queue_init(&r->queue);
    }
    return r;
}

/* ---- rosters --------------------------------------------------------------------------------- */

/* Another secret under the old name: what was held against the old one is void. */
static void renew(struct seat *seat, bool alone, uint64_t version)
{
    seat->target->version = version;
    seat->target->denied_until_ns = 0;
    if (seat->key->version != version) {
        seat->key->version = version;
        proa_access_restore(seat->key);
        if (alone) {
            proa_access_restore(seat->group);
        }
    }
}

static void bind_seat(struct binding *b, const struct proa_target *target, struct seat *seat)
{
    const struct proa_key *key = target->key;
    if (seat->target) {
        return;
    }
    b->seat = seat;
    seat->target = bind_target(b, target);
    seat->pool = bind_pool(b, target);
    seat->endpoint = bind_endpoint(b, target->provider->endpoint);
    seat->key = bind_access(b, PROA_STATUS_KEY, target, key->label);
    const bool alone = key->quota_group.len == 0; /* a group of its own */
    seat->group = bind_access(b, PROA_STATUS_GROUP, target, alone ? key->label : key->quota_group);
    if (seat->target->version != key->version) {
        renew(seat, alone, key->version);
    }
    seat->limit = bind_limit(b, target, seat->group);
    b->seat = NULL;
}

static const struct seat *seat_at(const struct proa_roster *roster,
                                  const struct proa_route_seat *seat, size_t i)
{
    const struct proa_target *target = seat->route->candidates[i].target;
    return target->byok != 0 ? &seat->own[i] : &roster->seats[target->id];
}

/* Its candidates in sets; they are bound. `tiers` is zero. */
static void sort_candidates(const struct proa_roster *roster, uint64_t *tiers, size_t n_tiers,
                            struct proa_route_seat *seat)
{
    const struct proa_route *route = seat->route;
    seat->tiers = tiers;
    for (size_t i = 0; i < route->n_candidates; i++) {
        const struct proa_candidate *c = &route->candidates[i];
        const struct seat *at = seat_at(roster, seat, i);
        const uint64_t bit = UINT64_C(1) << i;
        PROA_ASSERT(c->tier < n_tiers);
        tiers[c->tier] |= bit;
        seat->substitutes |= c->substitute ? bit : 0;
        seat->weighted |= c->weight > 0 ? bit : 0;
        size_t first = 0;
        while (seat_at(roster, seat, first)->group != at->group) {
            first++;
        }
        seat->domain[i] = (uint8_t)first;
        first = 0;
        while (seat_at(roster, seat, first)->pool != at->pool) {
            first++;
        }
        seat->pools |= UINT64_C(1) << first;
    }
}

static void bind_route(struct binding *b, const struct proa_route *route,
                       struct proa_route_seat *seat)
{
    PROA_ASSERT(route->n_candidates <= PROA_ROUTE_TARGETS_MAX);
    b->route = seat;
    seat->state = bind_route_state(b, route);
    seat->route = route;
    /* What stands above targets is opened by failures in sequence alone. A rate would open it for
     * all when one of several targets fails all the time. */
    seat->above = route->policy->breaker;
    seat->above.trip_ppm = UINT32_MAX;
    for (size_t i = 0; i < route->n_candidates; i++) {
        struct seat *at = &b->roster->seats[route->candidates[i].target->id];
        bind_seat(b, route->candidates[i].target, at);
        at->route = at->route ? at->route : seat;
    }
    sort_candidates(b->roster, seat->few_tiers, PROA_ARRAY_LEN(seat->few_tiers), seat);
}

static void count_targets(struct proa_roster *roster)
{
    const struct objects *pools = &roster->objects[PROA_STATUS_POOL];
    const struct objects *targets = &roster->objects[PROA_STATUS_TARGET];
    for (size_t i = 0; i < pools->n; i++) {
        pools->items[i].seat->pool->n_targets = 0;
    }
    for (size_t i = 0; i < targets->n; i++) {
        targets->items[i].seat->pool->n_targets++;
    }
}

/* Was it in use before a reload? */
static bool is_known(const struct proa_engine *engine, const struct proa_route *route)
{
    return proa_map_get(&engine->states[PROA_STATUS_ROUTE], route->name) != NULL;
}

static void bind_all(struct binding *b)
{
    struct proa_roster *roster = b->roster;
    const struct proa_snapshot *snapshot = roster->snapshot;
    for (size_t i = 0; i < PROA_STATUS_KINDS; i++) {
        const size_t most = i == PROA_STATUS_ROUTE ? snapshot->n_routes : snapshot->n_targets;
        roster->objects[i].items = proa_alloc_zero(most, sizeof(struct object));
        proa_map_init(&roster->seen[i], proa_prng_next(&roster->engine->prng));
    }
    for (size_t i = 0; i < snapshot->n_targets; i++) {
        if (!snapshot->targets[i].on_demand) {
            bind_seat(b, &snapshot->targets[i], &roster->seats[i]);
        }
    }
    for (size_t i = 0; i < snapshot->n_routes; i++) {
        if (!snapshot->routes[i].on_demand || is_known(roster->engine, &snapshot->routes[i])) {
            bind_route(b, &snapshot->routes[i], &roster->routes[i]);
        }
    }
    count_targets(roster);
}

void proa_roster_bind(struct proa_roster *roster, const struct proa_route *route, uint64_t now_ns)
{
    if (roster->routes[route->id].state) {
        return;
    }
    struct binding b = {.roster = roster, .now_ns = now_ns};
    proa_arena_init(&b.names, NULL);
    bind_route(&b, route, &roster->routes[route->id]);
    proa_arena_reset(&b.names);
    count_targets(roster);
}

/* ---- narrowed routes ------------------------------------------------------------------------- */

/* What is known of one credential that came with a request: nothing yet. */
struct own_states {
    struct target_state target;
    struct access_state key;
    struct access_state group;
    struct limit_state limit;
};

static void bind_own(const struct proa_roster *roster, const struct proa_target *target,
                     struct proa_arena *arena, uint64_t now_ns, struct seat *out)
{
    struct own_states *own = PROA_ARENA_NEW(arena, struct own_states);
    const struct seat *shared = &roster->seats[target->id];
    proa_breaker_init(&own->target.watched.breaker, now_ns);
    proa_bearing_init(&own->target.bearing, now_ns);
    proa_concurrency_init(&own->target.concurrency);
    proa_credential_init(&own->key.credential);
    proa_credential_init(&own->group.credential);
    proa_limiter_init(&own->limit.limiter);
    *out = (struct seat){.target = &own->target,
                         .pool = shared->pool,
                         .endpoint = shared->endpoint,
                         .key = &own->key,
                         .group = &own->group,
                         .limit = &own->limit,
                         .own = true};
}

const struct proa_route_seat *proa_roster_bind_narrowed(struct proa_roster *roster,
                                                        const struct proa_route *route,
                                                        const struct proa_route *const *from,
                                                        size_t n_from, struct proa_arena *arena,
                                                        uint64_t now_ns)
{
    PROA_ASSERT(n_from > 0 && route->n_candidates <= PROA_ROUTE_TARGETS_MAX);
    struct proa_route_seat *seat = PROA_ARENA_NEW(arena, struct proa_route_seat);
    for (size_t i = 0; i < n_from; i++) {
        proa_roster_bind(roster, from[i], now_ns);
    }
    const struct proa_route_seat *base = &roster->routes[from[0]->id];
    seat->state = base->state;
    seat->above = base->above;
    seat->route = route;
    for (size_t i = 0; i < route->n_candidates; i++) {
        const struct proa_target *target = route->candidates[i].target;
        PROA_ASSERT(roster->seats[target->id].target); /* of one of the routes it is made of */
        if (target->byok != 0) {
            seat->own = seat->own ? seat->own
                                  : proa_arena_zero(arena, route->n_candidates, sizeof(*seat->own));
            bind_own(roster, target, arena, now_ns, &seat->own[i]);
        }
    }
    uint64_t *tiers = proa_arena_zero(arena, PROA_NARROWED_TIERS_MAX, sizeof(*tiers));
    sort_candidates(roster, tiers, PROA_NARROWED_TIERS_MAX, seat);
    return seat;
}

struct proa_roster *proa_roster_create(struct proa_engine *engine,
                                       const struct proa_snapshot *snapshot, uint64_t now_ns)
{
    struct proa_roster *roster = PROA_NEW(struct proa_roster);
    roster->engine = engine;
    roster->snapshot = snapshot;
    roster->seats = proa_alloc_zero(snapshot->n_targets, sizeof(*roster->seats));
    roster->routes = proa_alloc_zero(snapshot->n_routes, sizeof(*roster->routes));
    struct binding b = {.roster = roster, .now_ns = now_ns};
    proa_arena_init(&b.names, NULL);
    bind_all(&b);
    proa_arena_reset(&b.names);
    return roster;
}

void proa_roster_destroy(struct proa_roster *roster)
{
    if (!roster) {
        return;
    }
    for (size_t kind = 0; kind < PROA_STATUS_KINDS; kind++) {
        const struct objects *objects = &roster->objects[kind];
        for (size_t i = 0; i < objects->n; i++) {
            proa_state_unref(roster->engine, objects->items[i].state);
        }
        proa_free(objects->items);
        proa_map_deinit(&roster->seen[kind]);
    }
    proa_free(roster->seats);
    proa_free(roster->routes);
    proa_free(roster);
}

const struct proa_engine *proa_roster_engine(const struct proa_roster *roster)
{
    return roster->engine;
}

const struct object *proa_roster_find(const struct proa_roster *roster, enum proa_status_kind kind,
                                      struct proa_slice identity)
{
    const struct objects *objects = &roster->objects[kind];
    for (size_t i = 0; i < objects->n; i++) {
        if (proa_slice_eq(objects->items[i].state->identity, identity)) {
            return &objects->items[i];
        }
    }
    return NULL;
}

const struct proa_route_seat *proa_engine_seat(struct proa_roster *roster,
                                               const struct proa_route *route, uint64_t now_ns)
{
    proa_roster_bind(roster, route, now_ns);
    return &roster->routes[route->id];
}

struct proa_budget *proa_engine_retry_budget(const struct proa_run *run)
{
    return &proa_route_seat(run)->state->retries;
}

struct proa_budget *proa_engine_hedge_budget(const struct proa_run *run)
{
    return &proa_route_seat(run)->state->hedges;
}

struct proa_throttle *proa_engine_throttle(const struct proa_run *run)
{
    return &proa_route_seat(run)->state->throttle;
}

struct run_queue *proa_engine_queue(const struct proa_run *run)
{
    return &proa_route_seat(run)->state->queue;
}

struct proa_prng *proa_engine_prng(const struct proa_run *run)
{
    return &run->roster->engine->prng;
}

/* ---- the engine ------------------------------------------------------------------------------ */

struct proa_engine *proa_engine_create(uint64_t seed)
{
    struct proa_engine *engine = PROA_NEW(struct proa_engine);
    proa_prng_seed(&engine->prng, seed);
    for (size_t i = 0; i < PROA_STATUS_KINDS; i++) {
        proa_map_init(&engine->states[i], proa_prng_next(&engine->prng));
    }
    proa_list_init(&engine->woken);
    return engine;
}

void proa_engine_destroy(struct proa_engine *engine)
{
    if (!engine) {
        return;
    }
    struct proa_status_news news;
    while (proa_status_next_news(engine, &news)) {
        /* Each holds on to its state. */
    }
    for (size_t i = 0; i < PROA_STATUS_KINDS; i++) {
        PROA_ASSERT(engine->states[i].len == 0);
        proa_map_deinit(&engine->states[i]);
    }
    proa_free(engine);
}

void proa_engine_wake(struct proa_run *run)
{
    if (!proa_list_linked(&run->woken)) {
        proa_list_push_back(&run->roster->engine->woken, &run->woken);
    }
}

struct proa_run *proa_engine_next_woken(struct proa_engine *engine)
{
    struct proa_list *node = proa_list_pop_front(&engine->woken);
    return node ? PROA_CONTAINER_OF(node, struct proa_run, woken) : NULL;
}
