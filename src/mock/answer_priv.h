/*
 * Answers, made whole before the first byte goes out: the body in one buffer, divided into events.
 * When and how much of it is sent is the player's business (play.c); what the events say, their
 * faults included, is decided here.
 *
 * Pure.
 */
#ifndef PROA_MOCK_ANSWER_PRIV_H
#define PROA_MOCK_ANSWER_PRIV_H

#include "profile_priv.h"

#include "proa/core/buf.h"
#include "proa/mock/recipe.h"

enum { MOCK_ANSWER_MAX = 64 * 1024 * 1024 };

struct mock_answer {
    uint16_t status;
    bool is_stream;                 /* events; without it the body is one piece */
    bool has_ended;                 /* a fault ended the stream: nothing is added any more */
    struct proa_slice content_type; /* static */
    struct proa_buf body;
    size_t event_at; /* where the event that is being written begins */
    size_t *ends;    /* of each event, offsets in body */
    size_t n_events;
    size_t cap;
    uint64_t tokens; /* to charge: prompt and completion */
    /* whose answer it is; set by proa_mock_answer_for() */
    const struct mock_profile *profile;
    enum mock_error_style style;
    enum mock_wire wire;
    struct proa_slice silence; /* goes out at the pace of `keepalive`; static */
    struct proa_slice error_type;
    struct proa_slice lines; /* of the head, besides what all answers have; static or the arena's */
};

/* What the answers of one mock have in common, and what tells one from another. */
struct mock_desk; /* tokens_priv.h */
struct mock_author {
    struct proa_slice text; /* fixed answer; empty = echo */
    uint64_t id;            /* of this answer */
    uint64_t created;       /* seconds since 1970 */
    const struct mock_desk *desk;
};

/* Allocates nothing yet. */
void proa_mock_answer_init(struct mock_answer *a);
void proa_mock_answer_deinit(struct mock_answer *a);
/* Empty again, and most of the memory given back. */
void proa_mock_answer_clear(struct mock_answer *a);

/* Sets whose answer it will be; after clear, ahead of everything else. NULL: the plain profile's.
 */
void proa_mock_answer_for(struct mock_answer *a, const struct mock_path *path);

/* The answer to an accepted request under the plan. Never fails: what does not fit into
 * MOCK_ANSWER_MAX becomes an error object. The arena is for what is needed meanwhile. */
void proa_mock_answer_make(struct mock_answer *a, const struct mock_request *req,
                           const struct proa_mock_plan *plan, const struct mock_author *author,
                           struct proa_arena *arena);
/* An error, as JSON in the envelope. */
void proa_mock_answer_error(struct mock_answer *a, const struct mock_error *error);
/* The error that a plan's STATUS, CODE, HTML or 200-ERROR asks for. */
void proa_mock_answer_fault(struct mock_answer *a, const struct proa_mock_plan *plan);

/* What a plan's STATUS, CODE and ERROR ask for, in the answer's profile. */
struct mock_error proa_mock_planned_error(const struct mock_answer *a,
                                          const struct proa_mock_plan *plan);

/* ---- events (events.c) */

/* Ends the event: everything written behind the last one. */
void proa_mock_event_end(struct mock_answer *a, const struct proa_mock_plan *plan);
/* Ends the stream: the error that ought to have come earlier, or what terminates it: empty where
 * nothing does. */
void proa_mock_events_finish(struct mock_answer *a, const struct proa_mock_plan *plan,
                             struct proa_slice terminator);

/* ---- endpoints of OpenAI's dialect (chat.c, vectors.c, models.c) */

void proa_mock_embeddings_make(struct mock_answer *a, const struct mock_request *req,
                               struct proa_arena *arena);
void proa_mock_moderations_make(struct mock_answer *a, const struct mock_request *req,
                                const struct mock_author *author, struct proa_arena *arena);
void proa_mock_models_make(struct mock_answer *a, const struct mock_author *author);
void proa_mock_model_make(struct mock_answer *a, struct proa_slice id,
                          const struct mock_author *author);

struct proa_json_writer;
/* The vector of a text, an array of numbers; 0 = as many as usual. Gives the arena nothing. */
void proa_mock_vector_write(struct proa_json_writer *w, struct proa_slice text,
                            uint32_t dimensions);
/* Names for a list of models; every other name is served as well. */
size_t proa_mock_model_names(const struct proa_slice **names);

#endif
