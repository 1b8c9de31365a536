#include "proa/io/dns.h"

#include "addr_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/core/map.h"

#include <netdb.h>

/*
 * One entry per name:
 *
 *   IDLE --ask, nothing fresh--> WAITING --a slot is free--> RUNNING --answer or failure--> IDLE
 *
 * Askers hang on the entry while it is not IDLE. When it becomes IDLE they move to `delivering`
 * and are called from there one by one, so that a callback may ask and cancel as it likes.
 * getaddrinfo() runs on the thread pool as an ordinary job, on a copy of the name; at most
 * PROA_DNS_MAX_QUERIES of the pool's four threads are ours.
 */
enum entry_state { ENTRY_IDLE = 0, ENTRY_WAITING, ENTRY_RUNNING };

enum {
    MAX_NAME = 253 /* RFC 1035 2.3.4, as text */
};

struct query_list {
    struct proa_dns_query *first;
    struct proa_dns_query *last;
};

struct entry {
    struct proa_slice name; /* lower case, points behind the struct */
    enum entry_state state;
    struct query_list askers;
    struct entry *next_waiting;
    uint64_t answered_ns;
    struct proa_dns_answer answer; /* n = 0: never answered */
};

struct proa_dns {
    struct proa_loop *loop;
    uint64_t ttl_ns;
    uint64_t stale_ns;
    struct proa_map entries;
    struct entry *waiting_first;
    struct entry *waiting_last;
    struct query_list delivering;
    struct query_list refused; /* answered with ERR_DNS at the end of the turn */
    struct proa_deferred refuse;
    size_t n_running;
    bool calling; /* on_answer is on the stack */
    bool destroyed;
};

/* Shared with the thread pool: nothing in here belongs to the loop but the two pointers. */
struct lookup {
    struct proa_dns *dns;
    struct entry *entry;
    struct proa_dns_answer answer;
    char name[MAX_NAME + 1];
};

static void list_push(struct query_list *list, struct proa_dns_query *q)
{
    q->next = NULL;
    if (list->last) {
        list->last->next = q;
    } else {
        list->first = q;
    }
    list->last = q;
}

static struct proa_dns_query *list_pop(struct query_list *list)
{
    struct proa_dns_query *q = list->first;
    if (q) {
        list->first = q->next;
        if (!list->first) {
            list->last = NULL;
        }
        q->next = NULL;
    }
    return q;
}

static bool list_remove(struct query_list *list, const struct proa_dns_query *q)
{
    struct proa_dns_query *before = NULL;
    for (struct proa_dns_query *at = list->first; at; before = at, at = at->next) {
        if (at != q) {
            continue;
        }
        if (before) {
            before->next = at->next;
        } else {
            list->first = at->next;
        }
        if (list->last == at) {
            list->last = before;
        }
        return true;
    }
    return false;
}

static void set_port(struct proa_dns_answer *answer, uint16_t port)
{
    for (size_t i = 0; i < answer->n; i++) {
        struct sockaddr_storage storage;
        proa_addr_load(&answer->addrs[i], &storage);
        if (storage.ss_family == AF_INET) {
            struct sockaddr_in in4;
            memcpy(&in4, &storage, sizeof(in4));
            in4.sin_port = htons(port);
            memcpy(&storage, &in4, sizeof(in4));
        } else {
            struct sockaddr_in6 in6;
            memcpy(&in6, &storage, sizeof(in6));
            in6.sin6_port = htons(port);
            memcpy(&storage, &in6, sizeof(in6));
        }
        proa_addr_store(&answer->addrs[i], &storage);
    }
}

/* RFC 6761 6.3: never sent to a server. IPv4 first: most local servers listen there alone. */
static bool answer_localhost(struct proa_slice host, uint16_t port, struct proa_dns_answer *answer)
{
    struct proa_slice suffix = PROA_SLICE(".localhost");
    bool is_it = proa_slice_eq_nocase(host, PROA_SLICE("localhost")) ||
                 (host.len > suffix.len &&
                  proa_slice_eq_nocase(proa_slice_from(host, host.len - suffix.len), suffix));
    if (is_it) {
        answer->n = 2;
        PROA_ASSERT(proa_addr_from_literal(PROA_SLICE("127.0.0.1"), port, &answer->addrs[0]));
        PROA_ASSERT(proa_addr_from_literal(PROA_SLICE("::1"), port, &answer->addrs[1]));
    }
    return is_it;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/*
 * getaddrinfo() also takes the old spellings of IPv4 addresses ("127.1", "0x7f000001",
 * "017700000001"), which slip past anything that looks at the text. A last label that starts with a
 * digit is no top-level domain (RFC 3696 2), so such names are refused.
 */
static bool is_proper_name(struct proa_slice host)
{
    size_t label = 0;
    if (host.len == 0 || host.len > MAX_NAME) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!is_name_byte(host.ptr[i])) {
            return false;
        }
        if (host.ptr[i] == '.' && i + 1 < host.len) {
            label = i + 1;
        }
    }
    return host.ptr[label] != '.' && !(host.ptr[label] >= '0' && host.ptr[label] <= '9');
}

/* Entries. */

static struct entry *entry_create(struct proa_slice host)
{
    struct entry *e = proa_alloc_zero(1, sizeof(*e) + host.len);
    char *name = (char *)(e + 1);
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        name[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    e->name = proa_slice_make(name, host.len);
    return e;
}

/* Makes room for one more name. False when all are being looked up. */
static bool evict_one(struct proa_dns *dns)
{
    struct entry *oldest = NULL;
    size_t cursor = 0;
    if (dns->entries.len < PROA_DNS_MAX_NAMES) {
        return true;
    }
    for (const struct proa_map_entry *m = proa_map_next(&dns->entries, &cursor); m;
         m = proa_map_next(&dns->entries, &cursor)) {
        struct entry *e = m->value;
        if (e->state == ENTRY_IDLE && (!oldest || e->answered_ns < oldest->answered_ns)) {
            oldest = e;
        }
    }
    if (!oldest) {
        return false;
    }
    (void)proa_map_remove(&dns->entries, oldest->name);
    proa_free(oldest);
    return true;
}

static struct entry *entry_find(struct proa_dns *dns, struct proa_slice host)
{
    char lower[MAX_NAME];
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    struct entry *e = proa_map_get(&dns->entries, proa_slice_make(lower, host.len));
    if (!e && evict_one(dns)) {
        e = entry_create(host);
        (void)proa_map_put(&dns->entries, e->name, e);
    }
    return e;
}

/* Lookups. */

static void collect(const struct addrinfo *list, int family, struct proa_dns_answer *out)
{
    out->n = 0;
    for (const struct addrinfo *ai = list; ai && out->n < PROA_DNS_MAX_ADDRS; ai = ai->ai_next) {
        struct sockaddr_storage storage = {0};
        if (ai->ai_family == family && ai->ai_addrlen <= sizeof(storage)) {
            memcpy(&storage, ai->ai_addr, ai->ai_addrlen);
            proa_addr_store(&out->addrs[out->n++], &storage);
        }
    }
}

/* RFC 8305 4: one of each in turn. */
static void interleave(const struct proa_dns_answer *v6, const struct proa_dns_answer *v4,
                       struct proa_dns_answer *out)
{
    out->n = 0;
    for (size_t i = 0; i < PROA_DNS_MAX_ADDRS; i++) {
        if (i < v6->n && out->n < PROA_DNS_MAX_ADDRS) {
            out->addrs[out->n++] = v6->addrs[i];
        }
        if (i < v4->n && out->n < PROA_DNS_MAX_ADDRS) {
            out->addrs[out->n++] = v4->addrs[i];
        }
    }
}

/* On the thread pool. */
static void lookup_work(void *ctx)
{
    struct lookup *l = ctx;
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *list = NULL;
    if (getaddrinfo(l->name, NULL, &hints, &list) != 0) {
        return;
    }
    struct proa_dns_answer v6;
    struct proa_dns_answer v4;
    collect(list, AF_INET6, &v6);
    collect(list, AF_INET, &v4);
    freeaddrinfo(list);
    interleave(&v6, &v4, &l->answer);
}

static void lookup_done(void *ctx);

static void release(struct proa_dns *dns)
{
    proa_map_deinit(&dns->entries);
    proa_free(dns);
}

/* Starts waiting lookups while there are slots. */
static void start_lookups(struct proa_dns *dns)
{
    while (dns->waiting_first && dns->n_running < PROA_DNS_MAX_QUERIES) {
        struct entry *e = dns->waiting_first;
        struct lookup *l = PROA_NEW(struct lookup);
        l->dns = dns;
        l->entry = e;
        memcpy(l->name, e->name.ptr, e->name.len);
        if (proa_loop_work(dns->loop, lookup_work, lookup_done, l) != PROA_OK) {
            proa_free(l);
            return;
        }
        dns->waiting_first = e->next_waiting;
        if (!dns->waiting_first) {
            dns->waiting_last = NULL;
        }
        e->next_waiting = NULL;
        e->state = ENTRY_RUNNING;
        dns->n_running++;
    }
}

/* Empties `delivering`; every callback may ask, cancel, or destroy dns. */
static void deliver(struct proa_dns *dns, const struct proa_dns_answer *answer)
{
    dns->calling = true;
    struct proa_dns_query *q = list_pop(&dns->delivering);
    while (q && !dns->destroyed) {
        q->entry = NULL;
        if (answer->n > 0) {
            struct proa_dns_answer copy = *answer;
            set_port(&copy, q->port);
            q->on_answer(q->ctx, PROA_OK, &copy);
        } else {
            q->on_answer(q->ctx, PROA_ERR_DNS, NULL);
        }
        q = list_pop(&dns->delivering);
    }
    dns->calling = false;
}

static bool is_fresh(const struct entry *e, uint64_t now_ns, uint64_t span_ns)
{
    return e->answer.n > 0 && proa_clock_since(now_ns, e->answered_ns) < span_ns;
}

static void lookup_done(void *ctx)
{
    struct lookup *l = ctx;
    struct proa_dns *dns = l->dns;
    struct entry *e = l->entry;
    dns->n_running--;
    if (!dns->destroyed) {
        uint64_t now = proa_loop_now(dns->loop);
        uint64_t usable_ns = proa_clock_after(dns->ttl_ns, dns->stale_ns);
        if (l->answer.n > 0) {
            e->answer = l->answer;
            e->answered_ns = now;
        } else if (!is_fresh(e, now, usable_ns)) {
            e->answer.n = 0;
        }
        e->state = ENTRY_IDLE;
        dns->delivering = e->askers;
        e->askers = (struct query_list){0};
        l->answer = e->answer; /* the entry may be evicted by what the callbacks do */
        deliver(dns, &l->answer);
        if (!dns->destroyed) {
            start_lookups(dns);
        }
    }
    if (dns->destroyed && dns->n_running == 0) {
        release(dns);
    }
    proa_free(l);
}

static void on_refuse(void *ctx)
{
    static const struct proa_dns_answer none;
    struct proa_dns *dns = ctx;
    dns->delivering = dns->refused;
    dns->refused = (struct query_list){0};
    deliver(dns, &none);
    if (dns->destroyed && dns->n_running == 0) {
        release(dns);
    }
}

static void start_or_join(struct proa_dns *dns, struct entry *e)
{
    if (e->state != ENTRY_IDLE) {
        return;
    }
    e->state = ENTRY_WAITING;
    if (dns->waiting_last) {
        dns->waiting_last->next_waiting = e;
    } else {
        dns->waiting_first = e;
    }
    dns->waiting_last = e;
    start_lookups(dns);
}

bool proa_dns_ask(struct proa_dns *dns, struct proa_slice host, uint16_t port,
                  struct proa_dns_query *query, struct proa_dns_answer *answer)
{
    if (proa_addr_from_literal(host, port, &answer->addrs[0])) {
        answer->n = 1;
        return true;
    }
    if (answer_localhost(host, port, answer)) {
        return true;
    }
    query->port = port;
    query->entry = NULL;
    struct entry *e = is_proper_name(host) ? entry_find(dns, host) : NULL;
    if (!e) {
        list_push(&dns->refused, query);
        proa_defer(dns->loop, &dns->refuse);
        return false;
    }
    if (is_fresh(e, proa_loop_now(dns->loop), dns->ttl_ns)) {
        *answer = e->answer;
        set_port(answer, port);
        return true;
    }
    query->entry = e;
    list_push(&e->askers, query);
    start_or_join(dns, e);
    return false;
}

enum proa_err proa_dns_put(struct proa_dns *dns, struct proa_slice host,
                           const struct proa_dns_answer *answer)
{
    if (!is_proper_name(host) || answer->n == 0 || answer->n > PROA_DNS_MAX_ADDRS) {
        return PROA_ERR_ARG;
    }
    struct entry *e = entry_find(dns, host);
    if (!e) {
        return PROA_ERR_LIMIT;
    }
    e->answer = *answer;
    e->answered_ns = proa_loop_now(dns->loop);
    return PROA_OK;
}

void proa_dns_cancel(struct proa_dns *dns, struct proa_dns_query *query)
{
    struct entry *e = query->entry;
    bool found = list_remove(&dns->delivering, query) || list_remove(&dns->refused, query);
    if (!found && e) {
        (void)list_remove(&e->askers, query);
    }
    query->entry = NULL;
    query->next = NULL;
}

struct proa_dns *proa_dns_create(struct proa_loop *loop, uint64_t ttl_ns, uint64_t stale_ns)
{
    struct proa_dns *dns = PROA_NEW(struct proa_dns);
    *dns = (struct proa_dns){.loop = loop, .ttl_ns = ttl_ns, .stale_ns = stale_ns};
    dns->refuse = (struct proa_deferred){.fn = on_refuse, .ctx = dns};
    /* Names come from the configuration, so that collisions are nobody's weapon. */
    proa_map_init(&dns->entries, proa_loop_now(loop));
    return dns;
}

void proa_dns_destroy(struct proa_dns *dns)
{
    size_t cursor = 0;
    if (!dns) {
        return;
    }
    dns->destroyed = true;
    proa_defer_cancel(dns->loop, &dns->refuse);
    for (const struct proa_map_entry *m = proa_map_next(&dns->entries, &cursor); m;
         m = proa_map_next(&dns->entries, &cursor)) {
        proa_free(m->value);
    }
    proa_map_deinit(&dns->entries);
    /* Running lookups come back to a tombstone; the last one buries it. */
    if (dns->n_running == 0 && !dns->calling) {
        release(dns);
    }
}
