/*
 * The server as its units see it.
 *
 *   server.c  listeners, admission of connections, drain
 *   client.c  one connection: requests in, one at a time, in order
 *   guard.c   is this request allowed to be here at all
 *   frame.c   writing answers with their framing
 *
 * A connection:  IDLE -> HEAD -> BODY -> RUN -> IDLE ...   and from each of them -> LINGER ->
 * closed.
 */
#ifndef PROA_SERVER_PRIV_H
#define PROA_SERVER_PRIV_H

#include "proa/api/error.h"
#include "proa/api/surface.h"
#include "proa/core/gather.h"
#include "proa/core/list.h"
#include "proa/core/map.h"
#include "proa/io/loop.h"
#include "proa/server/server.h"

enum {
    PARSERS_SPARE = 64,
    AHEAD_HIGH = 64 * 1024, /* bytes of pipelined requests kept while one is running */
    AHEAD_MAX = 192 * 1024,
    LINGER_BYTES = 32 * 1024 * 1024 /* read and thrown away after a refusal, within 2 s */
};

struct listening {
    struct proa_server *server;
    struct proa_listener *listener;
    enum proa_listener_kind kind;
    struct proa_addr bound;
    struct listening *next;
};

struct proa_server {
    struct proa_server_cfg cfg;
    struct proa_loop *loop;
    struct listening *listening;
    struct proa_list clients; /* all */
    struct proa_freelist client_pool;
    struct proa_freelist arena_chunks;
    struct proa_http_parser *parsers[PARSERS_SPARE];
    size_t n_parsers;
    struct proa_http_parser_cfg parse_cfg;
    struct proa_map peers;            /* connections by remote address, loopback excluded */
    struct proa_buf head;             /* scratch: the head of the answer being written */
    char together[PROA_GATHER_BYTES]; /* likewise: short bytes of answers */
    uint64_t date_s;                  /* second that date_text is for */
    char date_text[29];
    size_t n_data;
    bool draining;
    struct proa_metric_series *m_connections[PROA_LISTENER_KINDS];
    struct proa_metric_series *m_shed_connections;
    struct proa_metric_series *m_shed_peer;
};

enum client_state { CLIENT_IDLE = 0, CLIENT_HEAD, CLIENT_BODY, CLIENT_RUN, CLIENT_LINGER };

/* How the body of the answer under way is delimited. */
enum framing { FRAME_LENGTH = 0, FRAME_CHUNKED, FRAME_CLOSE, FRAME_NONE };

/* A refusal that was decided while the head was read. */
struct refusal {
    enum proa_api_error_code code;
    uint16_t status; /* 0 = nothing is refused */
    struct proa_slice message;
    const char *allow;
};

struct client {
    struct proa_list node; /* in server->clients */
    struct proa_server *server;
    struct proa_conn *conn; /* NULL: closed, the exchange runs on */
    struct peer *peer;      /* NULL on loopback */
    const struct listening *listening;
    struct proa_http_parser *parser; /* while a request comes in */
    struct proa_exchange *exchange;  /* data listener, while a request is under way */
    struct proa_timer timer;
    uint64_t deadline_ns;  /* PROA_NEVER = none; the timer may be armed earlier */
    uint64_t head_at_ns;   /* when the request's head was complete */
    struct proa_buf ahead; /* pipelined bytes */
    struct proa_arena arena;
    int64_t delivered; /* how far the client had come when the write deadline was set */
    size_t lingered;   /* bytes thrown away so far */
    uint32_t n_requests;
    uint8_t state;   /* enum client_state */
    uint8_t framing; /* enum framing */
    uint8_t minor_version;
    bool keep_alive;  /* the request allows another one after it */
    bool is_head;     /* HEAD: no body in the answer */
    bool close_after; /* this answer ends the connection */
    bool is_open;     /* connected and handshaken */
    bool is_watched;  /* a write deadline is set */
    bool is_cut;      /* the answer misses bytes: nothing more is written, and it ends in a reset */
    bool ahead_paused;
    bool processing; /* on the call stack of process() */
    bool dead;
    bool overloaded; /* came when there were too many: turned away */
    struct refusal refusal;
    const struct proa_http_head
        *head;                   /* in the arena; of the request under way, once it is whole */
    struct proa_api_match match; /* data listener: what the request asks for */
};

struct peer {
    uint32_t n;
    size_t key_len;
    char key[64];
};

/* ---- client.c */
void proa_client_accept(struct listening *listening, struct proa_sock *sock);
/* How requests are parsed: limits and events. */
void proa_client_parse_cfg(const struct proa_limits_cfg *limits, struct proa_http_parser_cfg *out);
/* Closes at once; an exchange that runs is told. */
void proa_client_close(struct client *c);
/* After an answer that ends the connection: waits for the peer to close, reading away what comes.
 */
void proa_client_linger(struct client *c);
void proa_client_set_deadline(struct client *c, uint64_t at_ns);
/* Bytes wait for the client: sets the deadline by which it must have taken some. */
void proa_client_watch(struct client *c);
/* The answer cannot go on: the connection is reset next turn. */
void proa_client_cut(struct client *c);
void proa_client_on_done(void *ctx);

/* ---- server.c */
struct proa_http_parser *proa_server_take_parser(struct proa_server *server);
void proa_server_give_parser(struct proa_server *server, struct proa_http_parser *parser);
/* Counts the connection in; false when its peer, or everybody, has too many. */
bool proa_server_admit(struct proa_server *server, struct client *c);
void proa_server_forget(struct proa_server *server, struct client *c);

/* ---- guard.c */
/* Fills c->refusal and returns false when the request must not be served. Data listeners also get
 * the route that c->match has found. */
bool proa_guard_check(struct client *c, const struct proa_http_head *head);

/* ---- frame.c */
extern const struct proa_client_ops proa_frame_ops;
/* A whole answer that no exchange is behind. `fields` are header lines. */
void proa_frame_answer(struct client *c, uint16_t status, struct proa_slice fields,
                       struct proa_slice body);
void proa_frame_continue(struct client *c);

#endif
