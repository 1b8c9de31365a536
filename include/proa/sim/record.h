/*
 * What happened in one run of the simulation: every request, every call, every change of a target's
 * state. What is measured, and what is drawn, is computed from it afterwards.
 *
 * Pure data. Value type; released with proa_record_deinit().
 */
#ifndef PROA_SIM_RECORD_H
#define PROA_SIM_RECORD_H

#include "proa/engine/run.h"

/* A target's state as one sidecar sees it, the worst of what stands above it included. */
enum proa_sim_state {
    PROA_SIM_CLOSED = 0,
    PROA_SIM_RAMP,
    PROA_SIM_DEGRADED,
    PROA_SIM_OPEN,
    PROA_SIM_HALF_OPEN,
    PROA_SIM_OUT,     /* its key is refused or spent */
    PROA_SIM_LIMITED, /* by its rate, or it is full */
    PROA_SIM_CUT_OFF  /* the sidecar's own network is taken to be down */
};
enum { PROA_SIM_STATES = PROA_SIM_CUT_OFF + 1 };
const char *proa_sim_state_text(enum proa_sim_state state);

struct proa_sim_request {
    uint64_t arrived_ns;
    uint64_t first_ns; /* first content to the client; 0 = never */
    uint64_t ended_ns;
    uint32_t arrivals; /* index in the scenario */
    uint32_t prefix;
    uint16_t sidecar;
    uint8_t n_calls;
    uint8_t sdk_retry;
    uint8_t outcome; /* enum proa_outcome */
    uint8_t fail;    /* enum proa_fail */
};

struct proa_sim_call {
    uint64_t started_ns;
    uint64_t content_ns; /* 0 = none came */
    uint64_t ended_ns;
    uint64_t picodollars;
    uint32_t request; /* index */
    uint32_t excess;  /* calls in flight there above the bound of affinity, this one included */
    uint16_t sidecar;
    uint16_t target; /* index in the route */
    uint8_t purpose; /* enum proa_purpose */
    uint8_t class;   /* enum proa_class */
    bool faulty;     /* a fault was in force there when it started */
};

struct proa_sim_change {
    uint64_t at_ns;
    uint16_t sidecar;
    uint16_t target;
    uint8_t from; /* enum proa_sim_state */
    uint8_t to;
};

/* A growing array of one of the above. */
struct proa_record_list {
    void *items;
    size_t n;
    size_t cap;
};

struct proa_record {
    struct proa_record_list requests; /* in order of arrival */
    struct proa_record_list calls;    /* in order of their start */
    struct proa_record_list changes;
    uint64_t seed;
    uint64_t trace;    /* hash of all that was decided, and when */
    uint64_t events;   /* how many moments there were */
    uint64_t ended_ns; /* of the last of them */
    uint64_t violations;
    char violation[160]; /* the first one */
};

void proa_record_init(struct proa_record *r, uint64_t seed);
void proa_record_deinit(struct proa_record *r);
/* Each returns the new item, zeroed, valid until the next of its kind is added. */
struct proa_sim_request *proa_record_add_request(struct proa_record *r);
struct proa_sim_call *proa_record_add_call(struct proa_record *r);
struct proa_sim_change *proa_record_add_change(struct proa_record *r);
/* A promise was broken; the first text is kept. */
void proa_record_violation(struct proa_record *r, const char *fmt, ...) PROA_PRINTF(2, 3);

static inline struct proa_sim_request *proa_record_request(const struct proa_record *r, size_t i)
{
    return &((struct proa_sim_request *)r->requests.items)[i];
}
static inline struct proa_sim_call *proa_record_call(const struct proa_record *r, size_t i)
{
    return &((struct proa_sim_call *)r->calls.items)[i];
}
static inline const struct proa_sim_change *proa_record_change(const struct proa_record *r,
                                                               size_t i)
{
    return &((const struct proa_sim_change *)r->changes.items)[i];
}

#endif
