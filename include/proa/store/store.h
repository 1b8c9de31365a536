/*
 * One connection to a Valkey or Redis server, for what is shared but can be done without.
 *
 * I/O half. Handle type. Commands are pipelined; nobody ever waits for longer than he said, and
 * while the server is away or slow nobody waits at all:
 *
 *   AWAY -> DIALLING -> GREETING (AUTH, SELECT, PING) -> READY <-> RESTING
 *
 * A connection that breaks, or on which an answer is due for a second, is given up, and dialled
 * again after a pause that grows, at random so that many do not come back at once. An answer that
 * comes too late for who asked is dropped, and no more is asked until a PING, after a pause that
 * grows likewise, was answered in time. What is wrong is logged once, until it is well again.
 */
#ifndef PROA_STORE_STORE_H
#define PROA_STORE_STORE_H

#include "proa/core/buf.h"
#include "proa/core/list.h"
#include "proa/io/loop.h"
#include "proa/net/conn.h"
#include "proa/obs/log.h"
#include "proa/obs/metric.h"

enum {
    PROA_STORE_NAME_BYTES = 32,
    PROA_STORE_VALUE_MAX = 1024 * 1024,
    PROA_STORE_PENDING_MAX = 1024,           /* commands without an answer */
    PROA_STORE_QUEUED_MAX = 8 * 1024 * 1024, /* bytes that the server does not take */
};

struct proa_store;

/* All slices are borrowed as long as the store. */
struct proa_store_cfg {
    struct proa_net *net;
    struct proa_metric_reg *metrics;
    struct proa_logger *log; /* may be NULL */
    struct proa_slice host;  /* name, address or unix:/path */
    uint16_t port;
    struct proa_tls_context *tls; /* NULL = plain; a reference is taken */
    struct proa_slice user;       /* empty: the server's default user */
    struct proa_slice password;   /* empty: none is shown */
    uint32_t database;
    uint64_t seed;
};

/* Begins to dial. */
struct proa_store *proa_store_create(const struct proa_store_cfg *cfg);
/* Nobody may be waiting. NULL is fine. */
void proa_store_destroy(struct proa_store *s);
/* Would get() ask now? */
bool proa_store_is_well(const struct proa_store *s);

enum proa_store_result {
    PROA_STORE_VALUE = 0,
    PROA_STORE_NONE,  /* there is nothing of that name */
    PROA_STORE_LATE,  /* no answer in time */
    PROA_STORE_FAILED /* the server refused, or the connection broke */
};

/* One who waits for a value. Embedded; zero is one who does not. */
struct proa_store_ask {
    /* Exactly once, unless cancelled; never inside proa_store_get(). *value is the caller's to
     * write over, and gone when it returns; NULL unless VALUE. */
    void (*on_answer)(void *ctx, enum proa_store_result result, struct proa_buf *value);
    void *ctx;

    /* private */
    struct proa_store *store; /* NULL: it does not wait */
    struct proa_store_sent *sent;
    struct proa_timer timer;
};

/* False: the server is away, slow, or has enough to do; on_answer does not come. */
bool proa_store_get(struct proa_store *s, const unsigned char name[PROA_STORE_NAME_BYTES],
                    struct proa_store_ask *ask, uint64_t deadline_ns);
/* Harmless on one that does not wait. */
void proa_store_cancel(struct proa_store_ask *ask);
/* In no hurry, and perhaps not at all; the value is copied. */
void proa_store_set(struct proa_store *s, const unsigned char name[PROA_STORE_NAME_BYTES],
                    struct proa_slice value, uint64_t ttl_ms);
/* Version of the library underneath; static. */
const char *proa_store_library(void);

#endif
