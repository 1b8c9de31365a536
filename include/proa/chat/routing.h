/*
 * What a request says about where it may go: the gateway's own options, the same on every surface
 * (`providerOptions.gateway`, and the short forms that some clients put at the top of the body).
 *
 * Pure plain structs on an exchange's arena. Names are plain text, decoded. The surfaces read it
 * (proa/api/routing.h), policy makes a route of it (proa/policy/narrow.h).
 */
#ifndef PROA_CHAT_ROUTING_H
#define PROA_CHAT_ROUTING_H

#include "proa/core/slice.h"

/* By what the providers are ranked that `order` does not name. */
enum proa_routing_sort {
    PROA_SORT_NONE = 0, /* as the policy balances */
    PROA_SORT_COST,
    PROA_SORT_TTFT, /* time to first token, as measured here */
    PROA_SORT_TPS   /* tokens per second, as measured here */
};

struct proa_routing_names {
    const struct proa_slice *items;
    size_t n;
};

/* A provider may take this long to its first token; after it the next one is asked. */
struct proa_routing_timeout {
    struct proa_slice provider;
    uint64_t first_token_ns;
};

/* What the account of a credential calls a model, as custom deployments are called. */
struct proa_routing_mapping {
    struct proa_slice model; /* as the gateway calls it: "openai/gpt-5.5" */
    struct proa_slice custom;
};

/*
 * A credential that came with the request: for this exchange alone. What is secret in it borrows
 * from the request's body or the exchange's arena, is never logged, never kept, and no part of
 * anything that outlives the exchange. Which members are set depends on the provider's scheme.
 */
struct proa_routing_byok {
    struct proa_slice provider;
    struct proa_slice api_key;
    struct proa_slice access_key_id; /* AWS, with the next two */
    struct proa_slice secret_access_key;
    struct proa_slice session_token; /* or empty */
    struct proa_slice region;        /* or empty: the provider's configured one */
    struct proa_slice resource;      /* Azure's; likewise */
    const struct proa_routing_mapping *mappings;
    size_t n_mappings;
};

/* Wanted of the model at its provider; bits of `has`. */
enum proa_routing_has {
    PROA_HAS_IMPLICIT_CACHING = 1U << 0,
    PROA_HAS_REASONING = 1U << 1,
    PROA_HAS_STRUCTURED_OUTPUT = 1U << 2,
    PROA_HAS_TOOL_USE = 1U << 3,
    PROA_HAS_VISION = 1U << 4
};

/* Zero is "says nothing". */
struct proa_routing {
    struct proa_routing_names order;  /* providers: first these, in this order */
    struct proa_routing_names only;   /* providers: no other */
    struct proa_routing_names models; /* after the one that is asked for, in this order */
    enum proa_routing_sort sort;
    const struct proa_routing_timeout *timeouts;
    size_t n_timeouts;
    const struct proa_routing_byok *byok; /* in the order in which they are tried */
    size_t n_byok;
    struct proa_slice user;         /* of attribution */
    struct proa_routing_names tags; /* likewise */
    unsigned has;                   /* bits of proa_routing_has */
    bool zero_data_retention;
    bool disallow_prompt_training;
    struct proa_slice service_tier; /* "flex", "priority", in OpenAI's words; empty = not said */
    bool cache; /* where a provider wants to be told what to cache, all of the prompt is */
};

#endif
