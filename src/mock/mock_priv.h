/*
 * The mock as its units see it.
 *
 *   recipe.c          recipes and plans                               (pure)
 *   profiles.c path.c who is played, and what is served               (pure)
 *   reading.c         what readers share; request.c, shapes.c, anthropic_read.c, gemini_read.c,
 *                     bedrock_read.c, cohere_read.c: what is asked for, and what refused (pure)
 *   speech.c          what is said, ahead of any format; instance.c: values that fit a schema
 * (pure) answer.c          the answer; chat.c, anthropic.c, gemini.c, bedrock.c, cohere.c,
 * vectors.c, models.c: in each format; events.c, frames.c: its events (pure) errors.c errors;
 * recorded_shapes.c, recorded_native.c: by name (pure) tokens.c rsa.c sigv4.c  tokens, assertions
 * and signatures         (pure) quota.c rates.c   counts per key, and the headers that tell them
 * (pure) keys.c     whose request it is serve.c    from a whole request to an answer and its head
 *   play.c     an answer on its way out, faults and pauses included
 *   client.c   one connection
 *   mock.c     listeners, and what connections share
 *
 * A connection:  IDLE -> READ -> PLAY -> IDLE ...   and from each of them -> closed.
 */
#ifndef PROA_MOCK_MOCK_PRIV_H
#define PROA_MOCK_MOCK_PRIV_H

#include "answer_priv.h"
#include "quota_priv.h"
#include "tokens_priv.h"

#include "proa/core/list.h"
#include "proa/io/loop.h"
#include "proa/mock/mock.h"

enum { MOCK_MAX_LISTENERS = 8, MOCK_MAX_BODY = 32 * 1024 * 1024, MOCK_DIGEST_BYTES = 32 };

struct mock_known_key {
    unsigned char digest[MOCK_DIGEST_BYTES];
    struct proa_mock_recipe recipe;
};

struct proa_mock {
    struct proa_net *net;
    struct proa_loop *loop;
    struct proa_tls_context *tls;
    struct proa_listener *listeners[MOCK_MAX_LISTENERS];
    size_t n_listeners;
    struct proa_list clients;
    struct proa_freelist arena_chunks;
    struct mock_known_key *keys;
    size_t n_keys;
    struct proa_mock_recipe faults;
    struct proa_buf text; /* the fixed answer */
    uint64_t pace_ns;
    struct mock_limits limits;
    struct mock_quota quota;
    struct proa_prng prng;
    struct mock_desk desk;
    struct proa_buf out; /* scratch: what one turn of a player writes */
    struct proa_mock_stats stats;
};

enum client_state { CLIENT_IDLE = 0, CLIENT_READ, CLIENT_PLAY };

/* Where the player is: HEAD -> BODY -> DONE; silence and cuts are ends of their own. */
enum play_phase { PLAY_HEAD = 0, PLAY_BODY, PLAY_SILENT, PLAY_CUT, PLAY_DONE };

/* How the body of an answer is delimited. */
enum framing { FRAME_LENGTH = 0, FRAME_CHUNKED, FRAME_CLOSE };

struct client {
    struct proa_list node;
    struct proa_mock *mock;
    struct proa_conn *conn; /* NULL: closed */
    struct proa_http_parser *parser;
    struct proa_timer timer; /* IDLE, READ: patience; PLAY: the next step */
    struct proa_arena arena; /* of one request */
    struct proa_http_head head;
    struct proa_buf body;
    struct proa_buf ahead; /* pipelined bytes */
    enum client_state state;
    bool processing; /* on the call stack of client_process() */
    bool dead;
    bool ahead_paused;
    bool keep_alive;
    bool close_after;

    /* the answer */
    struct proa_mock_plan plan;
    struct mock_answer answer;
    struct proa_buf answer_head;
    enum framing framing;
    enum play_phase phase;
    uint64_t due_ns;       /* nothing is sent before */
    uint64_t keepalive_ns; /* when the next comment line is due; PROA_NEVER = none */
    uint64_t cut_at;       /* bytes of body; UINT64_MAX = never */
    uint64_t split_at;     /* bytes of body, a pause behind them; UINT64_MAX = none */
    size_t at;             /* bytes of body sent */
    size_t event;          /* events sent */
    bool blocked;          /* waits for the connection to drain */
};

/* ---- client.c */
void proa_mock_client_accept(struct proa_mock *mock, struct proa_sock *sock);
/* Lets go of the client; its connection may have been given up before (conn NULL). */
void proa_mock_client_close(struct client *c);
/* The player is through. */
void proa_mock_client_done(struct client *c);

/* ---- keys.c */
struct mock_caller_key {
    const struct mock_path *path;
    const struct mock_profile *profile;
    const struct proa_http_head *head;
    struct proa_slice body;
    const struct mock_desk *desk;
    struct proa_arena *arena;
    struct mock_error *error;
};
/* The key that a request presents, and whether its provider would take it; false with *k->error. */
bool proa_mock_key_check(struct mock_caller_key *k, struct proa_slice *key);

/* ---- rates.c */
void proa_mock_rates_put(struct proa_buf *out, enum mock_rates rates,
                         const struct mock_standing *at, uint64_t cost, uint64_t now_ms);

/* ---- serve.c */
/* Fills c->plan, c->answer and c->answer_head for the request in c->head and c->body. */
void proa_mock_serve(struct client *c);
/* The same for a request that HTTP itself refuses; the connection ends with it. */
void proa_mock_serve_fault(struct client *c, enum proa_http_fault fault);

/* ---- play.c */
void proa_mock_play_start(struct client *c);
/* Goes on after a pause, or when the connection has drained. */
void proa_mock_play_resume(struct client *c);

#endif
