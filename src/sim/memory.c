/*
 * Identical requests: what the sidecar's cache and its flights make of them, by the same code as in
 * production. What arrivals with `identical` ask for is the same text each time.
 *
 * Who waits has no run: its request is answered with the leader's, or by its own timer.
 */
#include "sim_priv.h"

#include "proa/core/alloc.h"

enum { ROOM_BYTES = 1024 * 1024, TEXT_MAX = 64 };

struct sim_memory {
    struct proa_answers answers;
    struct proa_flights flights;
    struct proa_canon canon;
    struct proa_key_secret secret;
};

void proa_memory_open(struct sim_sidecar *s, uint64_t seed)
{
    struct sim_memory *m = PROA_NEW(struct sim_memory);
    struct proa_prng prng;
    proa_prng_seed(&prng, seed);
    for (size_t i = 0; i < sizeof m->secret.hash; i++) {
        m->secret.hash[i] = (unsigned char)proa_prng_next(&prng);
    }
    proa_answers_init(&m->answers, ROOM_BYTES, proa_prng_next(&prng));
    proa_flights_init(&m->flights, proa_prng_next(&prng));
    proa_canon_init(&m->canon);
    s->memory = m;
}

void proa_memory_close(struct sim_sidecar *s)
{
    proa_answers_deinit(&s->memory->answers);
    proa_flights_deinit(&s->memory->flights);
    proa_canon_deinit(&s->memory->canon);
    proa_free(s->memory);
}

static struct proa_cache_key key_of(struct sim_exchange *x, char text[TEXT_MAX])
{
    struct sim_memory *m = x->sidecar->memory;
    struct proa_buf body;
    proa_buf_init(&body, TEXT_MAX);
    PROA_BUF_LIT(&body, "{\"arrivals\":");
    (void)proa_buf_append_u64(&body, sim_request(x)->arrivals);
    PROA_BUF_LIT(&body, "}");
    const size_t len = body.len;
    memcpy(text, body.ptr, len);
    proa_buf_deinit(&body);
    PROA_ASSERT(proa_canon_read(&m->canon, proa_slice_make(text, len)) == PROA_OK);
    return proa_key_make(&m->secret, PROA_SLICE("sim"), &m->canon);
}

/* One without a run of its own is over. */
static void answer(struct sim_exchange *x, enum proa_outcome outcome, bool content)
{
    struct proa_sim_request *r = sim_request(x);
    r->outcome = (uint8_t)outcome;
    r->ended_ns = x->world->clock.now_ns;
    r->first_ns = content ? x->world->clock.now_ns : 0;
    proa_sim_release(x);
}

bool proa_memory_begin(struct sim_exchange *x)
{
    char text[TEXT_MAX];
    struct proa_flight_command command;
    struct sim_memory *m = x->sidecar->memory;
    const struct proa_cache_cfg *cfg = &x->world->sim->route->policy->cache;
    const uint64_t now = x->world->clock.now_ns;
    if (!x->of->identical || x->of->stream || cfg->mode == PROA_CACHE_OFF) {
        return false;
    }
    const struct proa_cache_key key = key_of(x, text);
    if (proa_answers_find(&m->answers, &key, now).state == PROA_ANSWERS_FRESH) {
        answer(x, PROA_OUTCOME_OK, true);
        return true;
    }
    struct proa_flight *f = cfg->coalesce ? proa_flight_find(&m->flights, &key) : NULL;
    if (f && proa_flight_join(f, &x->seat, x->deadline_ns)) {
        proa_vclock_set(&x->world->clock, &x->timer, x->deadline_ns);
        return true;
    }
    const struct proa_flight_wish wish = {
        .leader = x, .alone = f != NULL || !cfg->coalesce, .now_ns = now};
    x->leads = proa_flight_begin(&m->flights, &key, &wish, &command);
    return false;
}

void proa_memory_end(struct sim_exchange *x, enum proa_outcome outcome)
{
    struct proa_flight *f = x->leads;
    struct proa_flight_seat *seat;
    const bool answered = outcome == PROA_OUTCOME_OK || outcome == PROA_OUTCOME_DEGRADED;
    if (!f) {
        return;
    }
    x->leads = NULL;
    if (answered) {
        const struct proa_cache_cfg *cfg = &x->world->sim->route->policy->cache;
        const struct proa_answers_life life = {cfg->ttl_ns, cfg->stale_ns};
        struct proa_answer *a = proa_answer_make(200, PROA_SLICE_NONE, NULL, 0);
        a->made_ns = x->world->clock.now_ns;
        (void)proa_answers_put(&x->sidecar->memory->answers, f->hash, f->key, a, &life,
                               x->world->clock.now_ns);
        proa_answer_unref(a);
    }
    if (proa_flight_end(f)) {
        while ((seat = proa_flight_next_seat(f)) != NULL) {
            answer(PROA_CONTAINER_OF(seat, struct sim_exchange, seat), outcome, answered);
        }
    }
}

/* Out of its seat; is its leader's call for nobody now? Then the leader. */
static struct sim_exchange *leave(struct sim_exchange *x)
{
    struct proa_flight *f = x->seat.flight;
    struct sim_exchange *leader = f->leader;
    return proa_flight_leave(&x->seat).kind == PROA_FLIGHT_CANCEL ? leader : NULL;
}

bool proa_memory_timer(struct sim_exchange *x)
{
    if (!x->seat.flight) {
        return false;
    }
    struct sim_exchange *leader = leave(x);
    answer(x, PROA_OUTCOME_ERROR, false);
    if (leader) {
        proa_sim_client_gone(leader);
    }
    return true;
}

bool proa_memory_client_gone(struct sim_exchange *x)
{
    if (x->seat.flight) {
        struct sim_exchange *leader = leave(x);
        answer(x, PROA_OUTCOME_CANCELLED, false);
        if (leader) {
            proa_sim_client_gone(leader);
        }
        return true;
    }
    return x->leads && proa_flight_leader_left(x->leads).kind == PROA_FLIGHT_NOTHING;
}
