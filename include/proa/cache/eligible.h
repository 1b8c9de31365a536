/*
 * What may be answered from memory, and what may be kept: the settings of a policy, the rules, and
 * what a request or an answer says about itself (RFC 9111 5.2, as far as it means something here).
 *
 * Pure. Whatever is not sure is not kept: the price is a call, the price of the opposite a wrong
 * answer.
 */
#ifndef PROA_CACHE_ELIGIBLE_H
#define PROA_CACHE_ELIGIBLE_H

#include "proa/core/slice.h"

enum proa_cache_mode {
    PROA_CACHE_OFF = 0,
    PROA_CACHE_DETERMINISTIC, /* what has the same answer each time, as far as can be told */
    PROA_CACHE_ALL
};

/* Of a policy. */
struct proa_cache_cfg {
    uint32_t mode;             /* enum proa_cache_mode */
    uint64_t ttl_ns;           /* of chats and completions */
    uint64_t ttl_fixed_ns;     /* of embeddings and moderations */
    uint64_t stale_ns;         /* beyond that, when all attempts have failed */
    uint64_t max_answer_bytes; /* of the body of an answer */
    bool coalesce;
    bool fallback; /* keep what another model than the one asked for has answered */
};

/* Why a request or an answer has nothing to do with the cache, or was not found. X(name, text) */
#define PROA_CACHE_REASON_TABLE(X)                                                                 \
    X(NONE, "none")                                                                                \
    X(NOT_STORED, "not_stored") /* nothing is kept under its key */                                \
    X(EXPIRED, "expired")       /* what is kept is stale */                                        \
    X(REFRESH, "refresh")       /* the request asked for a new answer */                           \
    X(STREAM, "stream")                                                                            \
    X(SAMPLED, "sampled")   /* neither temperature 0 nor a seed */                                 \
    X(HEADER, "header")     /* x-proa-no-cache, x-proa-cache-mode: off */                          \
    X(NO_STORE, "no_store") /* Cache-Control */                                                    \
    X(STATEFUL, "stateful") /* it is kept by its id, or goes on from one that is */                \
    X(LARGE, "large")                                                                              \
    X(DUPLICATE_KEY, "duplicate_key")                                                              \
    X(REMOTE, "remote") /* a file or picture by its address */                                     \
    X(FORM, "form")     /* the body has no canonical form */                                       \
    X(MEMORY, "memory")                                                                            \
    X(STATUS, "status")                                                                            \
    X(UNFINISHED, "unfinished") /* finish reason other than stop and tool_calls; a refusal */      \
    X(SUBSTITUTE, "substitute") /* another model has answered */                                   \
    X(STORED, "stored")

enum proa_cache_reason {
#define PROA_CACHE_REASON_ENUM(name, text) PROA_CACHE_REASON_##name,
    PROA_CACHE_REASON_TABLE(PROA_CACHE_REASON_ENUM)
#undef PROA_CACHE_REASON_ENUM
        PROA_CACHE_REASONS
};
const char *proa_cache_reason_text(enum proa_cache_reason reason);

/* What is asked for. */
enum proa_cache_kind {
    PROA_CACHE_KIND_CHAT = 0,
    PROA_CACHE_KIND_COMPLETION,
    PROA_CACHE_KIND_RESPONSES,
    PROA_CACHE_KIND_FIXED
};

struct proa_eligible_request {
    enum proa_cache_kind kind;
    bool stream;
    size_t body_bytes;
    struct proa_slice temperature; /* the number as it is written; empty: none */
    bool seeded;
    bool
        stateful; /* RESPONSES: its answer has an id that is gone on from, or it goes on from one */
    struct proa_slice cache_control; /* header values; empty: absent */
    struct proa_slice mode;          /* x-proa-cache-mode */
    struct proa_slice no_cache;      /* x-proa-no-cache */
};

struct proa_eligible {
    enum proa_cache_reason bypass; /* NONE: the cache may be used, as follows */
    bool refresh;                  /* a new answer is wanted: do not look, do not join */
    bool only_if_cached;
    uint64_t max_age_ns; /* UINT64_MAX: any */
};

/* How a request may use the cache. With only_if_cached and a bypass, too: nothing is there then. */
struct proa_eligible proa_eligible_request(const struct proa_cache_cfg *cfg,
                                           const struct proa_eligible_request *r);

struct proa_eligible_answer {
    enum proa_cache_kind kind;
    uint16_t status;
    struct proa_slice cache_control;
    struct proa_slice body; /* whole */
    bool substitute;        /* by another model than the one asked for */
};

/* STORED: keep it, for *ttl_ns; else why not. */
enum proa_cache_reason proa_eligible_answer(const struct proa_cache_cfg *cfg,
                                            const struct proa_eligible_answer *a, uint64_t *ttl_ns);

#endif
