/*
 * Where to listen, checked while there is a place in a file to point to. What only the system can
 * tell (is the port free?) shows when the listener opens.
 */
#include "build_priv.h"
#include "url_priv.h"

enum { UNIX_PATH_MAX = 107 };

struct address {
    bool is_unix;
    struct proa_slice host; /* without brackets */
    uint16_t port;
};

static bool is_ipv4(struct proa_slice host)
{
    size_t n = 0;
    while (host.len > 0) {
        struct proa_slice rest;
        uint64_t value = 0;
        const size_t dot = proa_slice_find(host, '.');
        const bool last = dot == host.len;
        const struct proa_slice part = proa_slice_split(host, '.', &rest);
        if (part.len > 3 || proa_slice_to_u64(part, &value) || value > 255) {
            return false;
        }
        n++;
        if (!last && rest.len == 0) {
            return false;
        }
        host = rest;
    }
    return n == 4;
}

/* False when it is neither ADDRESS:PORT nor unix:/path. Names are not resolved here. */
static bool parse_address(struct proa_slice text, struct address *out)
{
    const struct proa_slice prefix = PROA_SLICE("unix:");
    uint64_t port = 0;
    *out = (struct address){.is_unix = proa_slice_starts(text, prefix)};
    if (out->is_unix) {
        return text.len > prefix.len && text.len - prefix.len <= UNIX_PATH_MAX;
    }
    const bool bracketed = text.len > 0 && text.ptr[0] == '[';
    const size_t end = proa_slice_find(text, bracketed ? ']' : ':');
    const size_t colon = bracketed ? end + 1 : end;
    if (colon >= text.len || text.ptr[colon] != ':' ||
        proa_slice_to_u64(proa_slice_from(text, colon + 1), &port) || port > UINT16_MAX) {
        return false;
    }
    out->host = bracketed ? proa_slice_make(text.ptr + 1, end - 1) : proa_slice_head(text, end);
    out->port = (uint16_t)port;
    return bracketed ? proa_slice_find(out->host, ':') < out->host.len : is_ipv4(out->host);
}

static bool is_everywhere(const struct address *a)
{
    return proa_slice_eq(a->host, PROA_SLICE("0.0.0.0"));
}

/* Can the second not be opened where the first is open? Other spellings of one address show when
 * the system is asked. */
static bool excludes(struct proa_slice one, struct proa_slice other)
{
    struct address a;
    struct address b;
    if (!parse_address(one, &a) || !parse_address(other, &b) || a.is_unix != b.is_unix) {
        return false;
    }
    if (a.is_unix) {
        return proa_slice_eq(one, other);
    }
    const bool v6 = proa_slice_find(a.host, ':') < a.host.len;
    return a.port > 0 && a.port == b.port &&
           (proa_slice_eq(a.host, b.host) || (v6 == (proa_slice_find(b.host, ':') < b.host.len) &&
                                              (is_everywhere(&a) || is_everywhere(&b))));
}

/* Each listener needs addresses of its own. */
static void check_apart(struct proa_build *b, const char *name, const struct proa_option_list *list,
                        size_t i, struct proa_option_where at)
{
    const struct proa_listen_cfg *listen = &b->cfg->listen;
    const struct {
        const char *name;
        const struct proa_option_list *list;
    } all[] = {{"data", &listen->data}, {"ops", &listen->ops}, {"admin", &listen->admin}};
    const struct proa_slice *items = list->items;
    bool itself = false;
    for (size_t k = 0; k < PROA_ARRAY_LEN(all) && !itself; k++) {
        itself = all[k].list == list;
        const struct proa_slice *others = all[k].list->items;
        for (size_t j = 0; j < (itself ? i : all[k].list->n); j++) {
            if (excludes(others[j], items[i])) {
                proa_build_error(b, at,
                                 "listen.%s: \"%" PROA_SLICE_FMT "\" is taken by listen.%s; each "
                                 "address is of one listener, once",
                                 name, PROA_SLICE_ARG(items[i]), all[k].name);
                return;
            }
        }
    }
}

static void check(struct proa_build *b, const char *name, const struct proa_option_list *list,
                  bool local_only)
{
    const struct proa_slice *items = list->items;
    const struct proa_doc_node *written =
        proa_build_member(proa_build_member(b->tree, "listen", NULL), name, NULL);
    for (size_t i = 0; i < list->n; i++) {
        struct address address;
        const struct proa_doc_node *item =
            written && written->kind == PROA_DOC_LIST ? proa_build_item(written, i) : written;
        const struct proa_option_where at = proa_build_at(item, (struct proa_option_where){0});
        if (!parse_address(items[i], &address)) {
            proa_build_error(b, at,
                             "listen.%s: \"%" PROA_SLICE_FMT "\" is no place to listen at; write "
                             "127.0.0.1:4600, [::1]:4600 or unix:/path",
                             name, PROA_SLICE_ARG(items[i]));
        } else if (local_only && !address.is_unix && !proa_url_is_loopback(address.host)) {
            proa_build_error(b, at,
                             "listen.%s: %" PROA_SLICE_FMT " can be reached from other machines, "
                             "and this listener has no authentication; write 127.0.0.1:%u, "
                             "[::1]:%u or unix:/path",
                             name, PROA_SLICE_ARG(items[i]), (unsigned)address.port,
                             (unsigned)address.port);
        } else {
            check_apart(b, name, list, i, at);
        }
    }
}

/* 660, as chmod takes it, to its bits. */
static uint32_t mode_of(struct proa_build *b, uint32_t digits)
{
    uint32_t mode = 0;
    for (uint32_t place = 100; place > 0; place /= 10) {
        const uint32_t digit = digits / place % 10;
        if (digit > 7) {
            const struct proa_doc_node *node =
                proa_build_member(proa_build_member(b->tree, "listen", NULL), "socket_mode", NULL);
            proa_build_error(b, proa_build_at(node, (struct proa_option_where){0}),
                             "listen.socket_mode: %u is no file mode; write three digits from 0 to "
                             "7, as 660",
                             (unsigned)digits);
            return 0;
        }
        mode = mode * 8 + digit;
    }
    return mode;
}

/* The data listener's own, and its key. */
static void read_certificate(struct proa_build *b, const struct proa_doc_node *written)
{
    const struct proa_listen_cfg *listen = &b->cfg->listen;
    const struct proa_option_where nowhere = {0};
    const struct proa_option_where at_cert =
        proa_build_at(proa_build_member(written, "tls_cert_file", NULL), nowhere);
    const struct proa_option_where at_key =
        proa_build_at(proa_build_member(written, "tls_key_file", NULL), nowhere);
    const bool has_cert = listen->tls_cert_file.len > 0;
    if (has_cert != (listen->tls_key_file.len > 0)) {
        proa_build_error(b, has_cert ? at_cert : at_key,
                         "listen: tls_cert_file and tls_key_file go together, %s is missing",
                         has_cert ? "tls_key_file" : "tls_cert_file");
        return;
    }
    struct proa_slice key;
    if (!has_cert || !proa_build_read_certs(b, at_cert, "listen.tls_cert_file",
                                            listen->tls_cert_file, &b->snapshot->listen_cert_pem)) {
        return;
    }
    const char *file = proa_arena_cstr(b->arena, listen->tls_key_file);
    if (proa_build_read_secret(b, at_key, "listen.tls_key_file", file, &key)) {
        b->snapshot->listen_key =
            proa_build_keep(b, at_key, "listen.tls_key_file", "the file", key);
    }
}

void proa_build_listen(struct proa_build *b)
{
    struct proa_listen_cfg *listen = &b->cfg->listen;
    const struct proa_doc_node *written = proa_build_member(b->tree, "listen", NULL);
    const struct proa_option_where nowhere = {0};
    check(b, "data", &listen->data, true);
    check(b, "ops", &listen->ops, false);
    check(b, "admin", &listen->admin, true);
    if (listen->data.n == 0) {
        proa_build_error(b, proa_build_at(proa_build_member(written, "data", NULL), nowhere),
                         "listen.data: names no address, so nobody could call");
    }
    read_certificate(b, written);
    listen->socket_mode = mode_of(b, listen->socket_mode);
    if (b->cfg->limits.buffered > 0 && b->cfg->limits.buffered < b->cfg->limits.body) {
        const struct proa_doc_node *node =
            proa_build_member(proa_build_member(b->tree, "limits", NULL), "buffered", NULL);
        proa_build_warn(b, proa_build_at(node, nowhere),
                        "limits.buffered: is less than limits.body, so no body of the largest "
                        "size can ever be taken");
    }
}

bool proa_build_is_own(const struct proa_build *b, struct proa_slice host, uint16_t port)
{
    const struct proa_slice *items = b->cfg->listen.data.items;
    for (size_t i = 0; i < b->cfg->listen.data.n; i++) {
        struct address address;
        if (parse_address(items[i], &address) && !address.is_unix && address.port == port &&
            proa_url_is_loopback(host)) {
            return true;
        }
    }
    return false;
}
