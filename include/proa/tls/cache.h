/*
 * Saved TLS sessions for resumption: a bounded table in memory, least recently used goes first.
 *
 * Keyed by host, port and context id: a resumed handshake shows no certificate, so a session may
 * only be used where the name was verified, under the same authorities. Never written anywhere:
 * saved sessions are key material, and are wiped when they leave.
 *
 * Pure: time is a parameter. Value type: embed, init, deinit. One loop thread.
 */
#ifndef PROA_TLS_CACHE_H
#define PROA_TLS_CACHE_H

#include "proa/core/list.h"
#include "proa/core/map.h"
#include "proa/tls/session.h"

struct proa_tls_cache {
    struct proa_map map;
    struct proa_list lru; /* first = most recently used */
    size_t max;
    uint64_t max_age_ns;
    uint64_t n_hits; /* counters for metrics; read only for users */
    uint64_t n_misses;
    uint64_t n_evicted;
};

/*
 * max: entries, >= 1. max_age_ns bounds how long a certificate that was verified once is trusted
 * without being seen again; 0 = 8 hours. The peer's own ticket lifetime is the peer's to enforce.
 */
void proa_tls_cache_init(struct proa_tls_cache *c, size_t max, uint64_t max_age_ns, uint64_t seed);
void proa_tls_cache_deinit(struct proa_tls_cache *c);

/* saved is taken and replaces an older one of the same key. NULL is ignored, so that the result of
   proa_tls_session_save() can be passed on as it is. */
void proa_tls_cache_put(struct proa_tls_cache *c, struct proa_slice host, uint16_t port,
                        uint64_t context_id, struct proa_tls_saved *saved, uint64_t now_ns);
/* Borrowed until the next call on c; NULL = none. The entry stays: several connections may resume
   from one ticket. */
const struct proa_tls_saved *proa_tls_cache_get(struct proa_tls_cache *c, struct proa_slice host,
                                                uint16_t port, uint64_t context_id,
                                                uint64_t now_ns);
/* After a handshake that was tried with a saved session failed: the next one is a full one. */
void proa_tls_cache_forget(struct proa_tls_cache *c, struct proa_slice host, uint16_t port,
                           uint64_t context_id);
size_t proa_tls_cache_len(const struct proa_tls_cache *c);

#endif
