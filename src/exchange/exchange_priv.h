/*
 * The exchange as its units see it.
 *
 *   exchange.c  lifecycle; engine events in, commands out
 *   request.c   from the request's bytes to a route: body, model, options
 *   routed.c    what the request says of its route itself
 *   attempt.c   one upstream try: encode, call, hold, write to the client
 *   answer.c    its answer: read, classified
 *   responses.c conversations of the Responses API
 *   translate.c the same where client and target speak different dialects
 *   batch.c     one attempt of several calls
 *   rescue.c    going on with an answer that broke off
 *   count.c     counting tokens where no provider does
 *   reply.c     header lines, error answers, trail
 *   failure.c   why nobody answered, in words
 *   metadata.c  what the gateway tells of the exchange in the answer itself
 *   planning.c  and in what order who would be asked
 *   models.c    the lists of models
 *   settle.c    metrics and the log line
 *   cached.c, coalesce.c, shared.c  answered from memory, by the call of another, or by what
 *               another Proa has got
 *   live.c, gauges.c  a snapshot at work, and what it counts
 *   news.c      breakers that changed
 *
 * States: COLLECTING (head and body come in) -> RUNNING (the engine decides) -> OVER.
 */
#ifndef PROA_EXCHANGE_PRIV_H
#define PROA_EXCHANGE_PRIV_H

#include "proa/api/face.h"
#include "proa/api/headers.h"
#include "proa/api/models.h"
#include "proa/api/request.h"
#include "proa/exchange/exchange.h"
#include "proa/obs/reqid.h"
#include "proa/policy/narrow.h"
#include "proa/provider/rates.h"
#include "proa/provider/seam.h"

enum {
    ATTEMPT_OUT_MAX = 16,          /* slices gathered for one write to the client */
    ATTEMPT_ERROR_MAX = 64 * 1024, /* of an error answer's body */
    PENDING_EVENTS_MAX = 4,
};

enum exchange_state { EXCHANGE_COLLECTING = 0, EXCHANGE_RUNNING, EXCHANGE_OVER };

/* How an attempt's answer is read. */
enum answer_mode {
    ANSWER_NONE = 0, /* no head yet */
    ANSWER_PLAIN,    /* held whole, up to the policy's limit; or see `form` */
    ANSWER_STREAM,   /* server-sent events, through the dialect's reader */
    ANSWER_ERROR     /* a status that is no success: collected and classified */
};

struct attempt {
    struct proa_exchange *x;
    struct proa_call *call; /* NULL before the start and after the end */
    const struct proa_candidate *candidate;
    const struct proa_target *target;  /* the candidate's */
    struct proa_token_wait token_wait; /* while its key's token is not there yet */
    uint32_t token_serial;             /* of the token it shows; 0 = none */
    const struct proa_dialect *dialect;
    struct proa_slice model;                  /* upstream id asked for */
    const struct proa_catalogue_offer *offer; /* what it costs; NULL: not known */
    struct iovec wire_head; /* of the request, in the arena; it holds the key and is wiped */
    struct proa_http_head head;
    struct proa_answer_head answer; /* the same, as dialects take it */
    struct proa_reader *reader;
    struct translation *translation; /* NULL: passed on as it is */
    struct proa_buf held;    /* answer bytes not yet sent: plain body, stream prefix, error body */
    struct proa_slice piece; /* plain: the newest body bytes, still in the read buffer */
    uint64_t budgeted;       /* of held, taken from the byte budget */
    struct proa_failure failure; /* slices point into held */
    struct proa_usage usage;
    struct proa_slice answered_by; /* model that the answer names */
    struct proa_slice finish_reason;
    struct proa_slice detail; /* transport failure in words; in the arena */
    struct proa_buf spliced;  /* rescue: what of the newest bytes goes to the client */
    uint32_t held_events;
    uint8_t index;
    enum proa_purpose purpose;
    enum answer_mode mode;
    enum proa_answer_form form; /* PLAIN */
    bool renewed;               /* its first token was turned down */
    bool content;               /* FIRST_CONTENT was fed */
    bool committed;             /* what comes goes to the client */
    bool finished;              /* stream: end mark or all finish reasons seen */
    bool end_mark;              /* stream: the end mark was passed on */
    bool told;               /* stream: its end has come, with what the gateway tells or without */
    bool told_id;            /* Responses: its target was told the conversation by an id */
    bool out_borrows_reader; /* `out` points into the reader: flush before it is fed again */
    size_t n_out;

    /* Not zeroed: set before it is read. */
    struct iovec out[ATTEMPT_OUT_MAX];
    struct proa_rate_signal rates[PROA_RATE_SIGNALS_MAX]; /* an event that waits points to them */
};

/* What a request says of its route, in the arena. */
struct routed {
    struct proa_routing said;
    struct proa_narrowed narrowed; /* n_from 0: it says nothing that concerns the route */
    size_t n_known;                /* of its secrets, those that the redactor has */
};

/* The engine's part of an exchange, in the arena: a record for each attempt that the policy allows,
 * and no more. */
struct running {
    struct proa_exchange *x;
    struct proa_run run;
};

struct proa_exchange {
    struct proa_list node; /* in host->all */
    struct proa_exchange_host *host;
    struct proa_live *live;
    struct proa_arena *arena;
    const struct proa_client_ops *client;
    void *client_ctx;
    enum exchange_state state;
    enum proa_fail fail; /* as the engine ended it */

    /* request */
    const struct proa_http_head *head; /* NULL until it has come */
    struct proa_buf body;
    uint64_t body_budgeted;
    struct proa_api_request *request; /* how the body reads; NULL before and when it is forgotten */
    struct proa_recent_form *known;   /* the body's, where it came lately; until it is looked up */
    struct proa_slice model;          /* as the client asks for it */
    bool stream;
    bool feeding;
    uint8_t version; /* of the surface's protocol, where it has several */
    enum proa_operation operation;
    enum proa_endpoint_kind kind;
    enum proa_surface surface;
    const struct proa_api_face *face; /* of the surface */
    struct proa_slice generation;     /* metadata.c; empty until it is asked for */
    struct proa_resolution resolved;  /* route NULL until known */
    const struct proa_http_header *forward;
    size_t n_forward;
    struct proa_slice id;   /* the client's, or id_text */
    uint64_t fingerprint;   /* of the body; 0 = not asked for yet */
    struct proa_seam *seam; /* what a rescue needs; NULL where none is possible */
    uint64_t seam_budgeted;
    const struct proa_dialect *dialect;   /* that the client speaks; NULL: no provider speaks it */
    struct asked *asked;                  /* read for a target that speaks another; else NULL */
    const struct proa_api_error *refusal; /* why it could not be read; NULL: it could */

    struct routed *routed;       /* NULL where the request says nothing of its route */
    struct responses *responses; /* responses_priv.h; NULL for other APIs */
    struct cached *cached;       /* cached_priv.h; NULL where the route's policy keeps no answers */

    /* decisions */
    struct proa_run *run;      /* NULL until the request is admitted */
    struct attempt **attempts; /* as many as run has; each is set before it is read */
    size_t n_pending;
    struct proa_timer timer; /* the engine's deadline */
    struct proa_timer grace; /* a finished stream whose end mark is late */

    /* answer */
    uint64_t arrived_ns;
    uint64_t first_out_ns; /* first content sent; 0 = none */
    uint16_t status;       /* sent to the client; 0 = none */
    bool head_sent;
    bool call_paused;
    bool counted;      /* by ourselves, although a provider was asked to */
    bool tells;        /* passed answers say what the gateway tells */
    const char *error; /* stable code of an error of ours, for the log */

    /* Not zeroed: each is set before it is read. */
    struct proa_event pending[PENDING_EVENTS_MAX];
    char id_text[PROA_REQID_LEN];
};

/* ---- exchange.c */
/* Feeds the engine and carries out what it says. Inside a feed the event waits its turn. */
void proa_exchange_feed(struct proa_exchange *x, const struct proa_event *event);
/* Over: settles, releases everything, tells the client's owner. The handle is dead. */
void proa_exchange_finish(struct proa_exchange *x, enum proa_outcome outcome);
/* Takes n bytes from the byte budget; false when it is spent. */
bool proa_exchange_take_budget(struct proa_exchange_host *host, uint64_t n);
void proa_exchange_give_budget(struct proa_exchange_host *host, uint64_t n);

/* The request is admitted and is not answered otherwise: makes its run. */
void proa_exchange_start(struct proa_exchange *x);

/* Is its answer made anew each time, and none that is counted in tokens before it is there? */
static inline bool proa_exchange_is_media(const struct proa_exchange *x)
{
    return PROA_UNLIKELY(proa_operation_is_media(x->operation));
}

/* Nothing will be sent of the client's body any more. */
void proa_exchange_forget_body(struct proa_exchange *x);

/* ---- request.c */
/* Model, route and options; answers the error itself and returns false where there is one. */
bool proa_exchange_admit(struct proa_exchange *x, const struct proa_api_match *match);
/* How long the prompt may be; how long the answer may, 0 = it does not say. */
uint32_t proa_exchange_input_tokens(const struct proa_exchange *x);
uint32_t proa_exchange_max_output(const struct proa_exchange *x);
/* The engine's part of it. */
void proa_exchange_make_run(struct proa_exchange *x);
/* Is the first target's answer the only one that counts? */
bool proa_exchange_wants_no_fallback(const struct proa_exchange *x);
/* The time that the client gives it; 0 = it says nothing. */
uint64_t proa_exchange_asked_timeout(const struct proa_exchange *x);

/* The answer for a model that nobody here offers, and why. */
void proa_exchange_refuse_model(struct proa_exchange *x, struct proa_slice model,
                                enum proa_resolve_result why);

/* ---- routed.c; the first three only where x->request says something */
/* Reads it; false: it was refused. `text` is for the message. */
bool proa_routed_read(struct proa_exchange *x, struct proa_buf *text);
/* Makes x->resolved the route that is left by it; false: none is, and it was refused. */
bool proa_routed_narrow(struct proa_exchange *x);
/* Overwrites the request's credentials in its body. */
void proa_routed_wipe(struct proa_exchange *x);
/* For the run; NULL: the route is the snapshot's. */
const struct proa_route_seat *proa_routed_seat(struct proa_exchange *x);
/* Its answer is for this client alone, with keys of its own, or to be kept by nobody: it is neither
 * looked up nor kept nor shared. */
bool proa_routed_is_private(const struct proa_exchange *x);
/* That its provider is to be asked for; empty: as the request itself says, or the provider has it.
 */
struct proa_slice proa_routed_service_tier(const struct proa_exchange *x);
/* As that of a route, of all that it may lead to. */
uint64_t proa_routed_generation(const struct proa_exchange *x);
void proa_routed_end(struct proa_exchange *x); /* idempotent */
/* For the log; empty = not said. */
struct proa_slice proa_routed_user(const struct proa_exchange *x);
struct proa_slice proa_routed_tags(const struct proa_exchange *x);

/* ---- models.c */
void proa_exchange_list_models(struct proa_exchange *x, const struct proa_api_match *match);

/* ---- metadata.c */
/* "gen_" and a ULID; made when it is first asked for. */
struct proa_slice proa_metadata_generation(struct proa_exchange *x);
/* Appends the object: who was tried and how that went, what it cost by `usage` (may be NULL). `by`
 * is who answers; NULL: nobody did. */
void proa_metadata_write(struct proa_exchange *x, const struct attempt *by,
                         const struct proa_usage *usage, struct proa_buf *out);

/* ---- planning.c */
/* In what order who would be asked, in words; in the arena. */
struct proa_slice proa_planning_text(const struct proa_exchange *x);
/* The member with those whose turn it was and who were passed over, and why; nothing where there
 * are none. */
struct proa_json_writer; /* proa/json/writer.h */
void proa_planning_put_skipped(const struct proa_exchange *x, struct proa_json_writer *w);

/* ---- attempt.c */
void proa_attempt_start(struct proa_exchange *x, const struct proa_command *command);
/* Sends the request with these credentials. */
void proa_attempt_send(struct attempt *a, const struct proa_authorization *authorization);
/* What this candidate's provider is asked for, and in which dialect. */
struct proa_slice proa_attempt_model(const struct proa_exchange *x,
                                     const struct proa_candidate *candidate);
const struct proa_dialect *proa_attempt_dialect(const struct proa_exchange *x,
                                                const struct proa_candidate *candidate);
void proa_attempt_commit(struct attempt *a);
/* Cancels its call, if it runs, and gives everything back. Idempotent. */
void proa_attempt_release(struct attempt *a);
void proa_attempt_feed(struct attempt *a, enum proa_ev kind);
/* The attempt is over without an answer that can be used. */
void proa_attempt_fail(struct attempt *a, enum proa_class class, enum proa_err err);
/* What a failure says stands in its body as it is escaped there, or is no JSON at all: it is
 * decoded before it is told in words of our own. */
void proa_attempt_decode_failure(struct attempt *a);
/* What a failure says is told later, when the bytes that said it are gone. */
void proa_attempt_keep_failure(struct attempt *a);
/* What the answer's head says about the limits of its key. */
void proa_attempt_read_rates(struct attempt *a, struct proa_event *event);
/* Appends to what is held of one answer, `budgeted` of the byte budget; false when that is spent.
 */
bool proa_exchange_hold(struct proa_exchange_host *host, struct proa_buf *held, uint64_t *budgeted,
                        struct proa_slice bytes);
/* What asks the attempt's target with these bytes, and where. */
struct proa_call_request proa_attempt_call_request(const struct attempt *a, const struct iovec *iov,
                                                   size_t n);
struct proa_connpool *proa_attempt_pool(const struct attempt *a);
/* Copies what cannot go out yet; false when the byte budget is spent. Likewise the next two. */
bool proa_attempt_hold(struct attempt *a, struct proa_slice bytes);
/* Adds to what goes out in one write, or is held. */
bool proa_attempt_gather(struct attempt *a, struct proa_slice bytes);
/* The memory that was gathered from is about to be used again: sends or copies. */
bool proa_attempt_clear_out(struct attempt *a);
/* Everything gathered goes out in one write. */
void proa_attempt_flush(struct attempt *a, bool last);
/* Gives back what is held. */
void proa_attempt_unhold(struct attempt *a);
/* Does it go on with an answer that another attempt began? */
static inline bool proa_attempt_continues(const struct attempt *a)
{
    return a->purpose == PROA_PURPOSE_RESCUE_PREFILL || a->purpose == PROA_PURPOSE_RESCUE_SPLICE;
}

/* ---- tell.c */
enum { TELL_PARTS = 3 };
/* Does its client ask for that in answers that are passed on? */
bool proa_tell_is_wanted(const struct proa_exchange *x);
/* A whole answer stands in iov[0]: puts into it what is told, where there is a place for it, and
 * returns how many parts it has then. Likewise an error of a provider's. */
size_t proa_tell_whole(struct attempt *a, struct iovec iov[TELL_PARTS]);
size_t proa_tell_error(struct proa_exchange *x, struct iovec iov[TELL_PARTS]);
/* Gathers the events in which the stream ends. */
bool proa_tell_events(struct attempt *a, const struct proa_slice ready[2]);
/* Gathers events of an answer that is passed on; its end with what is told, if that is wanted. */
static inline bool proa_tell_gather(struct attempt *a, const struct proa_slice ready[2],
                                    enum proa_answer_state state)
{
    if (PROA_UNLIKELY(a->x->tells) && !a->translation && !a->told &&
        (state == PROA_ANSWER_FINISHED || state == PROA_ANSWER_DONE)) {
        return proa_tell_events(a, ready);
    }
    return proa_attempt_gather(a, ready[0]) && proa_attempt_gather(a, ready[1]);
}

/* ---- authorize.c */
/* What the attempt's key shows. False: it waits for a token and is sent when that has come, or it
 * has failed for want of one. */
bool proa_attempt_authorize(struct attempt *a, struct proa_authorization *out);
/* The provider turned its token down. True where that was before its time: there will be another.
 */
bool proa_attempt_reject_token(struct attempt *a);

/* ---- answer.c */
extern const struct proa_call_events proa_answer_events;
/* The stream has all it needs though its end mark did not come. */
void proa_attempt_complete_late(struct attempt *a);

/* ---- translate.c; all but the first three for a translated attempt only */
/* Makes it one, and writes its request: what `common` says beside the client's own bytes. Other
 * than OK: *err, and a->detail says what the target cannot do. */
enum proa_class proa_translate_encode(struct attempt *a, const struct proa_encode_in *common,
                                      struct proa_encoded *out, enum proa_err *err);
/* Was the client's body read, and holds it what only some providers of its dialect know? */
bool proa_translate_own_words(const struct proa_exchange *x);
/* What was read of the client's body. */
void proa_translate_forget(struct proa_exchange *x);
void proa_translate_forget_request(struct attempt *a);
/* Is it asked by several calls? Then they begin. */
bool proa_translate_starts_batch(struct attempt *a);
/* An answer comes. */
void proa_translate_begin(struct attempt *a);
/* As a reader's feed: what is ready lives until the next call. */
enum proa_err proa_translate_feed(struct attempt *a, struct proa_slice bytes,
                                  struct proa_reader_report *out);
/* Is a stream complete? `ended`: nothing follows; then gathers what only that tells. */
bool proa_translate_is_complete(struct attempt *a, bool ended);
/* Gathers the end of a stream that has not told it. */
void proa_translate_end(struct attempt *a);
/* A whole answer: a->piece is what the client gets. */
bool proa_translate_whole(struct attempt *a, struct proa_slice body, struct proa_failure *failure);
/* The number of the event that would come next. */
uint64_t proa_translate_sequence(const struct attempt *a);
/* Media type of what the client gets. */
struct proa_slice proa_translate_type(const struct attempt *a);
/* NULL before an answer came. */
const struct proa_decoder *proa_translate_decoder(const struct attempt *a);
/* What was asked for and is not done; empty when all is. In the arena. */
struct proa_slice proa_translate_warnings(const struct attempt *a);
void proa_translate_release(struct attempt *a); /* idempotent */

/* ---- rescue.c */
/* Keeps what a rescue would need, where the policy wants one and the request asks for mere text. */
void proa_rescue_prepare(struct proa_exchange *x);
void proa_rescue_drop(struct proa_exchange *x); /* idempotent */
bool proa_rescue_is_possible(const struct proa_exchange *x);
/* The text that the client has. */
struct proa_slice proa_rescue_text(const struct proa_exchange *x);
/* Bytes of a stream on their way to the client. */
void proa_rescue_note(struct proa_exchange *x, const struct iovec *iov, size_t n);
/* The attempt is to go on with the answer; false when nobody can. */
bool proa_rescue_begin(struct attempt *a);
/* Gathers what the client does not have yet; the class of the attempt's failure, or OK. */
enum proa_class proa_rescue_gather(struct attempt *a, const struct proa_reader_report *report);

/* ---- count.c */
/* A count that no target of the first tier can be asked for: answers it, and is true. */
bool proa_count_begin(struct proa_exchange *x);
/* Those that could be asked gave none: the same. */
bool proa_count_instead(struct proa_exchange *x, const struct proa_terminal *t);

/* ---- news.c */
/* Logs that a key was refused or a quota is spent, if that is what ended the attempt; after the
 * engine was told of it. */
void proa_exchange_tell_refusal(struct proa_exchange_host *host, const struct proa_run *run,
                                const struct proa_attempt_record *a, uint64_t now_ns);

/* ---- reply.c */
/* Header lines of an answer that attempt `a` (may be NULL) gave, into host->fields. */
struct proa_slice proa_reply_fields(struct proa_exchange *x, const struct attempt *a,
                                    struct proa_slice content_type, struct proa_slice extra);
/* Media type of what the client gets of the attempt's answer. */
struct proa_slice proa_reply_type(const struct attempt *a);
/* Appends those that say what it is and who made it. */
void proa_reply_origin(const struct proa_exchange *x, const struct attempt *a, struct proa_buf *f);
/* A whole answer in one write. */
void proa_reply_whole(struct proa_exchange *x, uint16_t status, struct proa_slice content_type,
                      struct proa_slice body, struct proa_slice extra);
/* x-should-retry and retry-after lines. */
void proa_reply_advice(const struct proa_terminal *t, struct proa_buf *out);
void proa_reply_json(struct proa_exchange *x, uint16_t status, struct proa_slice body,
                     struct proa_slice extra);
/* An error of ours, as an answer or, once that has begun, in-band. */
void proa_reply_error(struct proa_exchange *x, const struct proa_api_error *error,
                      struct proa_slice extra);
/* What the engine said the client should get. */
void proa_reply_terminal(struct proa_exchange *x, const struct proa_terminal *terminal);
/* "openai/k1:429/12ms, anthropic/k1:200/431ms" */
void proa_reply_trail(const struct proa_exchange *x, struct proa_buf *out);

/* ---- failure.c */
/* What the engine said the client should get, in words; in the arena, secrets taken out. */
struct proa_slice proa_failure_text(const struct proa_exchange *x, const struct proa_terminal *t);

/* ---- cached.c, recall.c, coalesce.c: without a cache, only host_*, text and lines are called */
void proa_cached_host_init(struct proa_exchange_host *host);
void proa_cached_host_deinit(struct proa_exchange_host *host);
void proa_cached_host_sample(struct proa_exchange_host *host);
/* Ends those who wait for others, before the others end. */
void proa_cached_host_end_waiting(struct proa_exchange_host *host);
/* Reads the body from what is known of these bytes; false: it is not known. */
bool proa_recall_request(struct proa_exchange *x);
/* Looks for an answer. True: it is answered, and gone, or waits for the call of another. */
bool proa_cached_begin(struct proa_exchange *x, const struct proa_api_match *match);
/* The answer is about to go out; `whole`: iov is all of it. */
void proa_cached_answered(struct attempt *a, const struct iovec *iov, size_t n, bool whole);
/* All attempts have failed. True: an older answer went out instead. */
bool proa_cached_failed(struct proa_exchange *x, const struct proa_terminal *t);
/* What its client is told instead of an answer; others who wait for it are told, too. */
void proa_cached_share_error(struct proa_exchange *x, const struct proa_api_error *error,
                             const struct proa_terminal *t);
void proa_cached_share_reply(struct proa_exchange *x, struct proa_slice content_type,
                             struct proa_slice body, const struct proa_terminal *t);
/* True: others wait for its answer, so it goes on. */
bool proa_cached_client_gone(struct proa_exchange *x);
/* The time of one that waits is over. */
void proa_cached_timed_out(struct proa_exchange *x);
uint64_t proa_cached_waited_ns(const struct proa_exchange *x);
/* It ends, with this outcome unless the cache knows better. */
enum proa_outcome proa_cached_end(struct proa_exchange *x, enum proa_outcome outcome);
void proa_cached_count(const struct proa_exchange *x);
/* "hit"; empty without a cache. */
struct proa_slice proa_cached_text(const struct proa_exchange *x);
/* Header lines: what the cache did for it. */
void proa_cached_lines(const struct proa_exchange *x, struct proa_buf *f);

/* "who asks", as the cache knows them; false where that is not clear. */
bool proa_cached_namespace(const struct proa_exchange *x,
                           unsigned char out[PROA_KEY_NAMESPACE_BYTES]);

/* ---- responses.c; all but host_*, put_back, earlier, is_unknown and id for an exchange of that
 * API only */
void proa_responses_host_init(struct proa_exchange_host *host);
void proa_responses_host_deinit(struct proa_exchange_host *host);
void proa_responses_host_sample(struct proa_exchange_host *host);
/* Items that the body refers to and that are kept here stand in it from then on: clients that
 * believe their items to be kept send ids alone. Before the body is looked at. */
void proa_responses_put_back(struct proa_exchange *x);
/* Reads what the request says of a conversation. */
void proa_responses_begin(struct proa_exchange *x);
/* Is its answer to be kept, or gone on from one that is? */
bool proa_responses_is_stateful(const struct proa_exchange *x);
/* Will the client's body be needed when the answer is there? */
bool proa_responses_needs_body(const struct proa_exchange *x);
/* What was said before, the oldest first; how many there are. */
size_t proa_responses_earlier(const struct proa_exchange *x, const struct proa_slice **out);
/* Does it go on from an answer that is not kept here? */
bool proa_responses_is_unknown(const struct proa_exchange *x);
/* Does the target speak this API? */
bool proa_responses_passes(const struct attempt *a);
/* What of the request such a target gets: changes *in. Other than OK: it cannot have it. */
enum proa_class proa_responses_fill(struct attempt *a, struct proa_encode_in *in,
                                    enum proa_err *err);
/* Has the target said that it does not know the answer that is gone on from? */
bool proa_responses_is_not_found(const struct attempt *a);
/* The attempt has failed. True: it is to be asked again, in full. */
bool proa_responses_tells_again(struct attempt *a);
/* The answer is whole: a Response, or the frames of a stream that end with one. */
void proa_responses_keep(struct attempt *a, struct proa_slice answer);
void proa_responses_keep_events(struct attempt *a, const struct proa_slice ready[2]);
/* What has begun of the attempt's answer goes to the client. */
void proa_responses_begun(struct attempt *a);
/* By which the client knows the answer that has begun; empty: by an id of ours, or not yet. */
struct proa_slice proa_responses_id(const struct proa_exchange *x);
/* Nothing will be asked any more. */
void proa_responses_forget(struct proa_exchange *x);
void proa_responses_release(struct proa_exchange *x);

/* ---- settle.c */
/* Time spent with upstreams or waiting for them until this callback began; the rest of the
 * exchange's time is ours. */
uint64_t proa_exchange_upstream_ns(const struct proa_exchange *x);
/* What the answer of an attempt cost; false when that is not known. */
bool proa_exchange_cost(const struct attempt *a, uint64_t *pico);
void proa_exchange_settle(struct proa_exchange *x, enum proa_outcome outcome);

#endif
