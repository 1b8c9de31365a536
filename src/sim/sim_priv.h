/*
 * What the units that play a scenario share. Private to the module.
 */
#ifndef PROA_SIM_PRIV_H
#define PROA_SIM_PRIV_H

#include "proa/cache/answers.h"
#include "proa/cache/flight.h"
#include "proa/core/freelist.h"
#include "proa/resilience/attempt.h"
#include "proa/resilience/rate.h"
#include "proa/sim/dist.h"
#include "proa/sim/sim.h"
#include "proa/sim/vclock.h"

struct proa_sim {
    const struct proa_scenario *scenario;
    struct proa_snapshot *snapshot;
    const struct proa_route *route;
    uint16_t provider[PROA_ROUTE_TARGETS_MAX]; /* by target */
    uint16_t group[PROA_ROUTE_TARGETS_MAX];    /* of keys that share a quota, by target */
};

/* ---- model.c: what providers do ---------------------------------------------------------------
 */

/* What will become of a call, unless somebody ends it before. Times are points of time; PROA_NEVER
 * does not happen. They come in this order. */
struct proa_plan {
    uint64_t connected_ns;
    uint64_t head_ns;
    uint64_t content_ns;
    uint64_t end_ns;
    enum proa_class class; /* of the end */
    enum proa_err err;     /* why there was no connection; OK: there was one */
    uint16_t status;       /* of the head */
    uint64_t retry_after_ns;
    uint32_t tokens; /* of a whole answer */
    bool faulty;     /* a fault is in force there */
    bool told;       /* the answer tells `rate` */
    struct proa_rate_signal rate;
};

struct proa_bucket {
    double level;
    uint64_t at_ns;
};

struct proa_model {
    const struct proa_sim *sim;
    struct proa_prng latency;
    struct proa_prng faults;
    struct proa_bucket limits[PROA_ROUTE_TARGETS_MAX]; /* by group */
};

void proa_model_init(struct proa_model *m, const struct proa_sim *sim, uint64_t seed);
void proa_model_plan(struct proa_model *m, size_t target, const struct proa_scenario_arrivals *of,
                     uint64_t now_ns, struct proa_plan *out);

/* ---- sim.c ----------------------------------------------------------------------------------- */

struct sim_exchange;
struct sim_memory; /* memory.c */

/* One upstream call of an exchange. */
struct sim_flight {
    struct proa_vclock_event event; /* the next step of the plan */
    struct sim_exchange *x;
    struct proa_plan plan;
    enum proa_stage stage;
    uint8_t index;
    uint16_t target;
    bool probe; /* without a verdict yet */
    uint64_t started_ns;
    size_t call; /* in the record */
};

/* One sidecar as the witness sees it. */
struct sim_sidecar {
    void *decider;
    struct sim_memory *memory; /* its cache */
    uint32_t n_requests;       /* that are no retries of an SDK */
    uint32_t n_retries;
    uint32_t n_hedges;
    uint32_t n_free_hedges; /* beside probes and trickles: owed by nobody's budget */
    uint32_t inflight[PROA_ROUTE_TARGETS_MAX];
    uint64_t out_until_ns[PROA_ROUTE_TARGETS_MAX]; /* the key was refused or is spent */
    uint64_t probe_ns[PROA_ROUTE_TARGETS_MAX];     /* a probe has been in flight since; 0 = none */
    uint8_t state[PROA_ROUTE_TARGETS_MAX];         /* enum proa_sim_state, by target */
    uint64_t looked_ns;                            /* when the states were noted */
};

struct sim_world {
    struct proa_sim *sim;
    const struct proa_decider_kind *kind;
    struct proa_record *record;
    struct proa_vclock clock;
    struct proa_model model;
    struct proa_prng clients; /* what clients do by chance */
    struct proa_freelist exchanges;
    struct proa_list live;
    struct proa_list waiting; /* clients whose SDK will try again */
    struct sim_sidecar *sidecars;
    size_t n_live;
};

struct sim_exchange {
    struct proa_list live;
    struct sim_world *world;
    struct sim_sidecar *sidecar;
    const struct proa_scenario_arrivals *of;
    struct proa_vclock_event timer; /* as the last ARM said */
    struct proa_vclock_event leave; /* the client goes away */
    struct proa_run_options options;
    size_t request; /* in the record */
    uint64_t deadline_ns;
    uint8_t n_flights;
    uint8_t committed; /* flight that the client sees; PROA_RUN_ATTEMPTS_MAX = none yet */
    bool finished;
    bool again;                   /* the client's SDK will try again */
    struct proa_flight *leads;    /* those who wait for its answer */
    struct proa_flight_seat seat; /* or where it waits for another's */
    struct sim_flight flights[PROA_RUN_ATTEMPTS_MAX];
    max_align_t run[]; /* the decider's */
};

static inline struct proa_sim_request *sim_request(const struct sim_exchange *x)
{
    return proa_record_request(x->world->record, x->request);
}

/* It is over, and gone. */
void proa_sim_release(struct sim_exchange *x);
void proa_sim_client_gone(struct sim_exchange *x);

/* ---- memory.c: identical requests ------------------------------------------------------------ */

void proa_memory_open(struct sim_sidecar *s, uint64_t seed);
void proa_memory_close(struct sim_sidecar *s);
/* True: it is answered, and gone, or waits for another; it has no run then. */
bool proa_memory_begin(struct sim_exchange *x);
/* Its run is over: what comes of it is told to those who wait. */
void proa_memory_end(struct sim_exchange *x, enum proa_outcome outcome);
/* Its time is over, its client leaves: true when that concerns no run, or others wait for it. */
bool proa_memory_timer(struct sim_exchange *x);
bool proa_memory_client_gone(struct sim_exchange *x);

/* ---- witness.c: promises that hold in every simulation ----------------------------------------
 */

void proa_witness_start(struct sim_exchange *x, struct sim_flight *f,
                        const struct proa_command *command);
/* It is known what became of a call, content or failure; and it is over. */
void proa_witness_verdict(struct sim_exchange *x, struct sim_flight *f, enum proa_class class);
void proa_witness_over(struct sim_exchange *x, struct sim_flight *f);
void proa_witness_finish(const struct sim_exchange *x);
void proa_witness_end(const struct sim_world *w);

#endif
