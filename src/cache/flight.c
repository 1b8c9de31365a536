#include "proa/cache/flight.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"

#include <string.h>

void proa_flights_init(struct proa_flights *t, uint64_t seed)
{
    *t = (struct proa_flights){0};
    proa_map_init(&t->map, seed);
}

void proa_flights_deinit(struct proa_flights *t)
{
    PROA_ASSERT(t->n == 0);
    proa_map_deinit(&t->map);
}

static struct proa_slice hash_bytes(const struct proa_hash128 *hash)
{
    return proa_slice_make(hash, sizeof *hash);
}

struct proa_flight *proa_flight_find(const struct proa_flights *t, const struct proa_cache_key *key)
{
    struct proa_flight *f = proa_map_get(&t->map, hash_bytes(&key->hash));
    return f && proa_key_equals(key, f->key) ? f : NULL;
}

struct proa_flight *proa_flight_begin(struct proa_flights *t, const struct proa_cache_key *key,
                                      const struct proa_flight_wish *wish,
                                      struct proa_flight_command *out)
{
    const size_t key_len = proa_key_bytes(key);
    struct proa_flight *f = proa_alloc(sizeof *f + key_len);
    char *copy = (char *)(f + 1);
    proa_key_copy(key, copy);
    *f = (struct proa_flight){.table = t,
                              .stage = wish->shared ? PROA_FLIGHT_ASKING : PROA_FLIGHT_RUNNING,
                              .leader = wish->leader,
                              .hash = key->hash,
                              .key = proa_slice_make(copy, key_len)};
    proa_list_init(&f->seats);
    t->n++;
    if (!wish->alone && !proa_map_get(&t->map, hash_bytes(&f->hash))) {
        (void)proa_map_put(&t->map, hash_bytes(&f->hash), f);
        f->listed = true;
    }
    *out = (struct proa_flight_command){
        .kind = wish->shared ? PROA_FLIGHT_ASK_SHARED : PROA_FLIGHT_START,
        .deadline_ns =
            wish->shared ? proa_clock_after(wish->now_ns, PROA_FLIGHT_SHARED_NS) : PROA_NEVER};
    return f;
}

struct proa_flight_command proa_flight_shared(struct proa_flight *f, bool found)
{
    struct proa_flight_command command = {.kind = PROA_FLIGHT_NOTHING, .deadline_ns = PROA_NEVER};
    if (f->stage == PROA_FLIGHT_ASKING) {
        f->stage = PROA_FLIGHT_RUNNING;
        command.kind = found ? PROA_FLIGHT_DELIVER : PROA_FLIGHT_START;
    }
    return command;
}

static void unlist(struct proa_flight *f)
{
    if (f->listed) {
        f->listed = false;
        (void)proa_map_remove(&f->table->map, hash_bytes(&f->hash));
    }
}

static void release(struct proa_flight *f)
{
    unlist(f);
    f->table->n--;
    proa_free(f);
}

bool proa_flight_join(struct proa_flight *f, struct proa_flight_seat *seat, uint64_t deadline_ns)
{
    if (f->n_seats == PROA_FLIGHT_SEATS_MAX) {
        return false;
    }
    *seat = (struct proa_flight_seat){.flight = f, .deadline_ns = deadline_ns};
    proa_list_init(&seat->node);
    proa_list_push_back(&f->seats, &seat->node);
    f->n_seats++;
    return true;
}

static void empty(struct proa_flight_seat *seat)
{
    proa_list_unlink(&seat->node);
    seat->flight->n_seats--;
    seat->flight = NULL;
}

/* Does nobody want the call that is under way? */
static struct proa_flight_command unless_wanted(const struct proa_flight *f)
{
    const bool wanted = !f->leader || !f->leader_gone || f->n_seats > 0;
    return (struct proa_flight_command){.kind = wanted ? PROA_FLIGHT_NOTHING : PROA_FLIGHT_CANCEL,
                                        .deadline_ns = PROA_NEVER};
}

struct proa_flight_command proa_flight_leave(struct proa_flight_seat *seat)
{
    struct proa_flight *f = seat->flight;
    if (!f) {
        return (struct proa_flight_command){.kind = PROA_FLIGHT_NOTHING, .deadline_ns = PROA_NEVER};
    }
    empty(seat);
    return unless_wanted(f);
}

struct proa_flight_command proa_flight_leader_left(struct proa_flight *f)
{
    f->leader_gone = true;
    return unless_wanted(f);
}

static struct proa_flight_seat *seat_of(struct proa_list *l)
{
    return PROA_CONTAINER_OF(l, struct proa_flight_seat, node);
}

bool proa_flight_end(struct proa_flight *f)
{
    unlist(f);
    f->leader = NULL;
    if (f->n_seats == 0) {
        release(f);
        return false;
    }
    return true;
}

struct proa_flight_seat *proa_flight_next_seat(struct proa_flight *f)
{
    struct proa_list *first = proa_list_first(&f->seats);
    if (!first) {
        release(f);
        return NULL;
    }
    struct proa_flight_seat *seat = seat_of(first);
    empty(seat);
    return seat;
}

uint64_t proa_flight_spread(uint64_t retry_after_ns, struct proa_prng *prng)
{
    return retry_after_ns + proa_prng_below(prng, retry_after_ns);
}
