/*
 * A scenario: who calls how often, what the providers are like, what breaks when, and what must
 * come of it. Read from YAML through option tables, so that mistakes are told with their place.
 *
 * Pure. A file holds one scenario, or several that share most of it: each of its `cases` is the
 * file with the case's settings put over it. Its `ablations` likewise are cases with a part of the
 * policy switched off, whose bounds say how much worse it must get; they replace all others.
 *
 * Times count from the start of the simulation.
 */
#ifndef PROA_SIM_SCENARIO_H
#define PROA_SIM_SCENARIO_H

#include "proa/config/doc.h"
#include "proa/policy/cfg.h"

enum {
    PROA_SCENARIO_PROVIDERS_MAX = 16,
    PROA_SCENARIO_KEYS_MAX = 16, /* of one provider; at most PROA_ROUTE_TARGETS_MAX together */
    PROA_SCENARIO_SIDECARS_MAX = 1000
};

/* Requests a second that one quota group of a provider takes, from all sidecars together. */
struct proa_scenario_limit {
    uint32_t rate_ppm; /* 0 = no limit */
    uint32_t burst;
    bool headers;            /* answers tell what is left */
    uint64_t retry_after_ns; /* a 429 tells this; 0 = nothing */
};

struct proa_scenario_provider {
    struct proa_option_where where;
    struct proa_slice name;
    uint32_t keys;
    uint32_t quota_groups; /* over which the keys are dealt out; 0 = one each */
    uint32_t tier;
    uint32_t weight;
    bool substitute;
    uint64_t first_content_ns; /* median of a lognormal distribution */
    uint32_t sigma_ppm;
    uint64_t generation_ns; /* mean of an exponential distribution, after the first content */
    uint32_t tokens_per_second;
    uint64_t connect_ns;
    uint64_t refuse_ns;       /* until a refused connection is known */
    uint64_t error_ns;        /* until an error is answered */
    uint32_t error_ppm;       /* share of calls that fail on a good day */
    uint32_t input_price_ppm; /* dollars per million tokens */
    uint32_t output_price_ppm;
    struct proa_scenario_limit limit;
};

enum proa_scenario_process { PROA_SCENARIO_POISSON = 0, PROA_SCENARIO_CONSTANT };

struct proa_scenario_arrivals {
    struct proa_option_where where;
    struct proa_slice name;
    uint32_t rate_ppm; /* per second, over all sidecars */
    uint32_t process;  /* enum proa_scenario_process */
    uint64_t from_ns;
    uint64_t to_ns; /* 0 = to the end */
    bool stream;
    uint32_t prompt_tokens;
    uint32_t max_tokens;      /* 0 = the request does not say */
    uint64_t timeout_ns;      /* the client's own; 0 = none */
    uint32_t sdk_retries;     /* further tries of the client itself */
    uint32_t leave_ppm;       /* share of clients that leave before the end */
    uint32_t prefixes;        /* distinct prompt beginnings; 0 = nothing ties a request */
    uint32_t hot_ppm;         /* share of requests that have the first of them */
    bool identical;           /* all ask for the same */
    uint64_t first_leaves_ns; /* the first client of a run leaves after so long; 0 = it does not */
    bool poison;              /* every provider answers it with an error */
};

enum proa_scenario_fault_kind {
    PROA_FAULT_REFUSE = 0,
    PROA_FAULT_ERROR,
    PROA_FAULT_OVERLOADED,
    PROA_FAULT_RESET,
    PROA_FAULT_HANG,
    PROA_FAULT_SLOW,
    PROA_FAULT_RATE,
    PROA_FAULT_QUOTA,
    PROA_FAULT_AUTH,
    PROA_FAULT_CUT,          /* after some tokens */
    PROA_FAULT_STREAM_ERROR, /* an error as the first event of a good answer */
    PROA_FAULT_EMPTY,        /* 200 and nothing */
    PROA_FAULT_UNFINISHED,   /* 200, events without content, end */
    PROA_FAULT_UPLINK        /* the sidecar's own network: whatever runs is cut, nothing connects */
};

struct proa_scenario_fault {
    struct proa_option_where where;
    struct proa_slice name;
    struct proa_option_list on; /* struct proa_slice: providers; none = all */
    uint32_t kind;              /* enum proa_scenario_fault_kind */
    uint32_t key;               /* the provider's key, from 1; 0 = all */
    uint64_t from_ns;
    uint64_t to_ns;     /* 0 = to the end */
    uint32_t share_ppm; /* of the calls that it hits */
    uint64_t down_ns;   /* with up: comes and goes, beginning with down */
    uint64_t up_ns;
    uint32_t factor_ppm;     /* SLOW: times everything */
    uint32_t tokens;         /* CUT: after so many */
    uint64_t retry_after_ns; /* OVERLOADED, RATE: what the answer asks for */
};

struct proa_scenario_bound {
    struct proa_option_where where;
    struct proa_slice measure;
    uint32_t min_ppm;
    uint32_t max_ppm; /* UINT32_MAX = none */
};

/* The part of the time that is measured: requests that arrive, calls that start in it. */
struct proa_scenario_window {
    struct proa_option_where where;
    uint64_t from_ns;
    uint64_t to_ns; /* 0 = to the end */
};

/* One scenario as it is played; belongs to the arena it was read into. */
struct proa_scenario {
    struct proa_slice label; /* "hang/at-5"; the file's name alone when it has no cases */
    bool ablation;
    struct proa_option_where where;
    struct proa_slice api_version;
    struct proa_slice kind;
    struct proa_slice about;
    struct proa_slice pending; /* why it cannot be played yet; empty = it can */
    uint64_t duration_ns;
    uint64_t seed;
    uint32_t seeds; /* seed, seed + 1, ... */
    uint32_t sidecars;
    struct proa_scenario_window window;
    struct proa_policy_cfg policy;
    struct proa_option_list providers; /* struct proa_scenario_provider */
    struct proa_option_list arrivals;  /* struct proa_scenario_arrivals */
    struct proa_option_list faults;    /* struct proa_scenario_fault */
    struct proa_option_list bounds;    /* struct proa_scenario_bound */
};

struct proa_scenario_set {
    struct proa_scenario *items; /* the cases, then the ablations, in the order of the file */
    size_t n;
};

/* The table of a scenario file, `cases` and `ablations` apart. */
extern const struct proa_option_table proa_scenario_table;

/*
 * Reads a file's bytes. `label` begins the labels of what is in it; both it and `file` must outlive
 * the results, which belong to the arena. ERR_SYNTAX with messages in `diags`; *out is untouched
 * then.
 */
enum proa_err proa_scenario_parse(struct proa_slice bytes, const char *file,
                                  struct proa_slice label, struct proa_arena *arena,
                                  struct proa_scenario_set *out,
                                  struct proa_diags *diags) PROA_MUST_CHECK;

static inline const struct proa_scenario_provider *
proa_scenario_provider(const struct proa_scenario *s, size_t i)
{
    return &((const struct proa_scenario_provider *)s->providers.items)[i];
}
static inline const struct proa_scenario_arrivals *
proa_scenario_arrivals(const struct proa_scenario *s, size_t i)
{
    return &((const struct proa_scenario_arrivals *)s->arrivals.items)[i];
}
static inline const struct proa_scenario_fault *proa_scenario_fault(const struct proa_scenario *s,
                                                                    size_t i)
{
    return &((const struct proa_scenario_fault *)s->faults.items)[i];
}
static inline const struct proa_scenario_bound *proa_scenario_bound(const struct proa_scenario *s,
                                                                    size_t i)
{
    return &((const struct proa_scenario_bound *)s->bounds.items)[i];
}

/* Does the fault concern this provider's key (from 1)? */
bool proa_scenario_fault_is_on(const struct proa_scenario_fault *fault, struct proa_slice provider,
                               uint32_t key);
/* And is it in force at this time? */
bool proa_scenario_fault_is_active(const struct proa_scenario_fault *fault, uint64_t now_ns);
/* When the last fault ends, and when the first begins; false when there is none. */
bool proa_scenario_fault_span(const struct proa_scenario *s, uint64_t *from_ns, uint64_t *to_ns);
/* The end of the measured window. */
uint64_t proa_scenario_window_end(const struct proa_scenario *s);

#endif
