/*
 * What the cache has to do with exchanges.
 *
 *   cached.c    is it there? is it kept?
 *   recall.c    what a body says that came lately
 *   coalesce.c  those who wait for the call of another
 *   shared.c    what others have got: asked for on a miss, before the call
 *
 * An exchange whose route has a cache looks before it starts a run. It is answered at once; or it
 * takes a seat in a flight and waits, without a run of its own; or it leads a flight: it runs as
 * any other, and what comes of it is told to the seats. Its client may go: then it runs on for
 * them, talking to a client that is not there. What is told is carried out at the end of the loop's
 * turn, so that no exchange is answered inside the callback of another.
 */
#ifndef PROA_EXCHANGE_CACHED_PRIV_H
#define PROA_EXCHANGE_CACHED_PRIV_H

#include "exchange_priv.h"

#include "proa/cache/answers.h"
#include "proa/cache/eligible.h"
#include "proa/cache/flight.h"
#include "proa/cache/sealed.h"
#include "proa/store/store.h"

enum verdict {
    VERDICT_BYPASS = 0,
    VERDICT_MISS,
    VERDICT_HIT,
    VERDICT_COALESCED,
    VERDICT_STALE,
    VERDICTS
};

/* Of one exchange, in its arena. */
struct cached {
    struct proa_exchange *x;
    enum proa_cache_kind kind;
    uint8_t surface;
    uint8_t endpoint;
    enum verdict verdict;
    enum proa_cache_reason reason; /* of a miss or bypass */
    enum proa_cache_reason stored; /* what became of the answer; NONE: there was none yet */
    bool refresh;
    uint64_t max_age_ns;
    struct proa_flight *flight;   /* that it leads */
    uint64_t budgeted;            /* for it */
    bool hurried;                 /* its client gives it less time than the policy */
    bool client_gone;             /* and it runs on for others */
    struct proa_flight_seat seat; /* in which it waits */
    struct proa_store_ask *ask;   /* it waits for the shared cache; NULL: it does not */
    uint64_t waits_since_ns;      /* 0: it does not */
    uint64_t waited_ns;

    /* of the answer it got from memory or from another */
    uint64_t age_ns;
    uint64_t ttl_ns;
    uint64_t stale_ns;
    uint64_t saved_input;
    uint64_t saved_output;
    uint64_t saved_pico_usd;
};

/* What a request's bytes say, as a note beside their form. */
struct proa_recall {
    const struct proa_api_face *face;
    enum proa_endpoint_kind kind;
    size_t n_cuts;
    struct proa_api_request request; /* up to its last cut; what points into the body is stale */
};

/* What came of asking the shared cache. */
enum shared_result {
    SHARED_HIT = 0,
    SHARED_MISS,
    SHARED_EXPIRED, /* there, but of use only when all else fails, or older than asked for */
    SHARED_FORGED,  /* not sealed by one of us for this */
    SHARED_LATE,
    SHARED_FAILED,
    SHARED_AWAY, /* it was not asked */
    SHARED_RESULTS
};

/* Of all exchanges of a host. */
struct proa_cached_host {
    struct proa_exchange_host *host;
    struct proa_answers answers;
    struct proa_flights flights;
    struct proa_key_secret secret;
    struct proa_key_names names;
    struct proa_canon canon; /* scratch, as the next */
    struct proa_buf scope;
    struct proa_list told; /* struct told: to be carried out */
    struct proa_deferred deliver;
    struct proa_sealed_keys sealed; /* with a store, as the next ones */
    struct proa_buf seal;           /* scratch */
    struct proa_list to_share;      /* struct to_share: when the replies have gone */
    uint64_t to_share_bytes;
    struct proa_deferred share;
    struct proa_metric_series *m_shared[SHARED_RESULTS];
    bool ending; /* every exchange ends: no call is cancelled for want of others */
    struct proa_metric_series *m_hits;
    struct proa_metric_series *m_saved[2]; /* input and output tokens */
    struct proa_metric_series *m_saved_usd;
};

/* ---- cached.c */
/* Looks for an answer or a flight; false: it is to start a run. True: it is answered, and gone, or
 * it waits. */
bool proa_cached_look(struct proa_exchange *x);
/* Sends an answer that was made for another request. */
void proa_cached_send(struct proa_exchange *x, const struct proa_answer *answer, enum verdict v);

/* ---- recall.c */
/* To be kept with the body of x; empty: what it says depends on more than its bytes. */
struct proa_slice proa_recall_note(const struct proa_exchange *x, struct proa_recall *note);

/* ---- coalesce.c */
enum told_kind {
    TOLD_ANSWER = 0, /* send it */
    TOLD_REPLY,      /* a provider's own error answer, likewise */
    TOLD_ERROR,      /* one of ours */
    TOLD_ALONE,      /* make your own call */
    TOLD_AGAIN       /* look again: the leader ended for a reason that is its own */
};

/* What comes of a flight. Owned by it. */
struct told {
    struct proa_list node; /* in told */
    struct proa_flight *flight;
    enum told_kind kind;
    enum verdict verdict;        /* ANSWER */
    struct proa_answer *answer;  /* ANSWER, REPLY */
    uint64_t ttl_ns;             /* ANSWER that was kept */
    uint64_t stale_ns;           /* ANSWER that is stale */
    struct proa_api_error error; /* ERROR; its slices are in `text` */
    struct proa_buf text;
    struct proa_terminal terminal; /* ERROR, REPLY */
};

/* Takes a seat in the flight; false: there is none. */
bool proa_coalesce_join(struct proa_exchange *x, struct proa_flight *f);
/* The flight that x leads is over; *what is copied, and its answer referred to. */
void proa_coalesce_tell(struct proa_exchange *x, const struct told *what);
/* Did x, which leads, end for a reason that is none for those who wait? */
bool proa_coalesce_is_own_end(const struct proa_exchange *x, const struct proa_terminal *t);
void proa_coalesce_deliver(void *ctx);
/* It does not wait any more, for a flight or for the shared cache. */
void proa_coalesce_stop_waiting(struct proa_exchange *x);

/* ---- shared.c */
void proa_shared_init(struct proa_cached_host *ch);
void proa_shared_deinit(struct proa_cached_host *ch);
/* Can the shared cache be asked now? */
bool proa_shared_is_there(struct proa_cached_host *ch);
/* Asks for the flight that x leads: true, it waits; then it is answered, or started. */
bool proa_shared_ask(struct proa_exchange *x, uint64_t deadline_ns);
void proa_shared_forget(struct proa_exchange *x);
/* Hands the answer on, later. */
void proa_shared_keep(struct proa_exchange *x, struct proa_answer *answer,
                      const struct proa_answers_life *life);

#endif
