/*
 * Name resolution on the thread pool with a bounded cache.
 *
 * I/O half. Handle type. Concurrent lookups of one name share one query; at most
 * PROA_DNS_MAX_QUERIES run at once and the rest wait in order. Answers are kept for ttl_ns, and a
 * failed refresh may serve the old answer for stale_ns more. getaddrinfo() does not tell TTLs.
 */
#ifndef PROA_IO_DNS_H
#define PROA_IO_DNS_H

#include "proa/io/sock.h"

enum { PROA_DNS_MAX_ADDRS = 8, PROA_DNS_MAX_QUERIES = 3, PROA_DNS_MAX_NAMES = 256 };

struct proa_dns;

struct proa_dns_answer {
    struct proa_addr addrs[PROA_DNS_MAX_ADDRS]; /* port filled in; families interleaved, v6 first */
    size_t n;
};

/* One question; embedded in the asker. Zero it, then proa_dns_ask(). */
struct proa_dns_query {
    struct proa_dns_query *next;
    void *entry;
    uint16_t port;
    void (*on_answer)(void *ctx, enum proa_err err, const struct proa_dns_answer *answer);
    void *ctx;
};

struct proa_dns *proa_dns_create(struct proa_loop *loop, uint64_t ttl_ns, uint64_t stale_ns);
void proa_dns_destroy(struct proa_dns *dns);
/*
 * A literal address or a fresh cached name is answered inside the call (returns true and fills
 * *answer, on_answer is not called). Otherwise false: on_answer runs later, exactly once, unless
 * cancelled. What is no host name (over 253 bytes, odd characters, old spellings of addresses such
 * as "127.1") is answered with ERR_DNS later. localhost is 127.0.0.1, then ::1, without a lookup.
 */
bool proa_dns_ask(struct proa_dns *dns, struct proa_slice host, uint16_t port,
                  struct proa_dns_query *query, struct proa_dns_answer *answer);
/* Puts an answer into the cache (ports are ignored), fresh for ttl_ns from now: names that are
 * known otherwise. ERR_ARG: not a name; ERR_LIMIT: all PROA_DNS_MAX_NAMES are being looked up. */
enum proa_err proa_dns_put(struct proa_dns *dns, struct proa_slice host,
                           const struct proa_dns_answer *answer) PROA_MUST_CHECK;
void proa_dns_cancel(struct proa_dns *dns, struct proa_dns_query *query);

#endif
