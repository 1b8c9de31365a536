/*
 * Flights: requests for the same thing at the same time become one call.
 *
 * Pure but for allocation. A flight belongs to the table, not to the request that came first: that
 * one leads, which means that the call is made in its name. When its client goes away the call goes
 * on as long as somebody waits; when the last one who waits goes, too, it is to be cancelled. Those
 * who wait sit in seats that they embed, each with a deadline of its own.
 *
 *   ASKING --(the shared tier has it not, or is late)--> RUNNING --> COMMITTED
 *
 * It may be joined until it is committed. What comes of it is told to all, and then it is over:
 * proa_flight_end() takes it out of the table; the seats are emptied one by one by
 * proa_flight_next_seat(), and it is released with the last one.
 */
#ifndef PROA_CACHE_FLIGHT_H
#define PROA_CACHE_FLIGHT_H

#include "proa/cache/key.h"
#include "proa/core/list.h"
#include "proa/core/map.h"
#include "proa/core/prng.h"

enum { PROA_FLIGHT_SEATS_MAX = 256 };

/* How long an answer of the shared tier is waited for, beside a local miss. */
#define PROA_FLIGHT_SHARED_NS (5 * UINT64_C(1000000))

enum proa_flight_stage { PROA_FLIGHT_ASKING = 0, PROA_FLIGHT_RUNNING };

struct proa_flights;

struct proa_flight {
    struct proa_flights *table;
    struct proa_list seats; /* struct proa_flight_seat, in the order they were taken */
    uint32_t n_seats;
    enum proa_flight_stage stage;
    bool listed;      /* may be found, and joined */
    bool leader_gone; /* nobody but those who wait wants the answer */
    void *leader;     /* whoever makes the call; the caller's */
    struct proa_hash128 hash;
    struct proa_slice key; /* stands behind the flight, in the same memory */
};

/* One that waits. Value type, embedded; zero is a seat that is not taken. */
struct proa_flight_seat {
    struct proa_list node;
    struct proa_flight *flight; /* NULL: none */
    uint64_t deadline_ns;
};

struct proa_flights {
    struct proa_map map;
    uint32_t n; /* that are not released yet */
};

/* What is to be done for a flight. */
enum proa_flight_cmd {
    PROA_FLIGHT_NOTHING = 0,
    PROA_FLIGHT_ASK_SHARED, /* ask the shared tier for the key, answer by proa_flight_shared() */
    PROA_FLIGHT_START,      /* make the call, in the leader's name */
    PROA_FLIGHT_CANCEL,     /* nobody wants it any more */
    PROA_FLIGHT_DELIVER     /* give the answer at hand to the leader and to all seats */
};

struct proa_flight_command {
    enum proa_flight_cmd kind;
    uint64_t deadline_ns; /* ASK_SHARED */
};

void proa_flights_init(struct proa_flights *t, uint64_t seed);
/* None may be left. */
void proa_flights_deinit(struct proa_flights *t);

/* The one that may be joined, or NULL. */
struct proa_flight *proa_flight_find(const struct proa_flights *t,
                                     const struct proa_cache_key *key);
struct proa_flight_wish {
    void *leader;
    bool alone;  /* not to be found by others */
    bool shared; /* there is a shared tier to ask first */
    uint64_t now_ns;
};

/* A new one. Where there is one under the same hash already, the new one is alone, too. */
struct proa_flight *proa_flight_begin(struct proa_flights *t, const struct proa_cache_key *key,
                                      const struct proa_flight_wish *wish,
                                      struct proa_flight_command *out);
/* The shared tier has answered, or its time is over. NOTHING: it came too late. */
struct proa_flight_command proa_flight_shared(struct proa_flight *f, bool found);

/* False: every seat is taken. */
bool proa_flight_join(struct proa_flight *f, struct proa_flight_seat *seat, uint64_t deadline_ns);
/* Harmless on a seat that is not taken. CANCEL: that was the last one, the leader's client is gone,
 * and the call is still under way. */
struct proa_flight_command proa_flight_leave(struct proa_flight_seat *seat);
/* The leader's client is gone. CANCEL or, while somebody waits, NOTHING. */
struct proa_flight_command proa_flight_leader_left(struct proa_flight *f);

/* It is over. False: nobody waits, and it is released; true: the seats are to be emptied. */
bool proa_flight_end(struct proa_flight *f);
/* Empties a seat; NULL when none is left: then it is released. */
struct proa_flight_seat *proa_flight_next_seat(struct proa_flight *f);

/* When one of many that failed together may try again: each at another time, so that they do not
 * come back as one. 0 stays 0. */
uint64_t proa_flight_spread(uint64_t retry_after_ns, struct proa_prng *prng);

#endif
