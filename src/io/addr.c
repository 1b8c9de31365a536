#include "addr_priv.h"

#include "proa/core/buf.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/un.h>

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(((struct proa_addr *)0)->bytes),
               "an address fits");

socklen_t proa_addr_len(const struct proa_addr *addr)
{
    sa_family_t family = 0;
    memcpy(&family, addr->bytes + offsetof(struct sockaddr, sa_family), sizeof(family));
    switch (family) {
    case AF_INET:
        return sizeof(struct sockaddr_in);
    case AF_INET6:
        return sizeof(struct sockaddr_in6);
    case AF_UNIX:
        return sizeof(struct sockaddr_un);
    default:
        return 0;
    }
}

void proa_addr_load(const struct proa_addr *addr, struct sockaddr_storage *out)
{
    memcpy(out, addr->bytes, sizeof(*out));
}

void proa_addr_store(struct proa_addr *out, const struct sockaddr_storage *from)
{
    *out = (struct proa_addr){.is_unix = from->ss_family == AF_UNIX};
    memcpy(out->bytes, from, sizeof(*from));
}

bool proa_addr_from_literal(struct proa_slice host, uint16_t port, struct proa_addr *out)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_storage storage = {0};
    bool bracketed = host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (bracketed) {
        host = proa_slice_make(host.ptr + 1, host.len - 2);
    }
    if (host.len == 0 || host.len >= sizeof(text) || memchr(host.ptr, '\0', host.len)) {
        return false;
    }
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (!bracketed && inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
        memcpy(&storage, &in4, sizeof(in4));
    } else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
        memcpy(&storage, &in6, sizeof(in6));
    } else {
        return false;
    }
    proa_addr_store(out, &storage);
    return true;
}

static enum proa_err parse_unix(struct proa_slice path, struct proa_addr *out)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_storage storage = {0};
    if (path.len == 0 || memchr(path.ptr, '\0', path.len)) {
        return PROA_ERR_SYNTAX;
    }
    if (path.len >= sizeof(un.sun_path)) {
        return PROA_ERR_RANGE;
    }
    memcpy(un.sun_path, path.ptr, path.len);
    memcpy(&storage, &un, sizeof(un));
    proa_addr_store(out, &storage);
    return PROA_OK;
}

enum proa_err proa_addr_parse(struct proa_slice text, struct proa_addr *out)
{
    struct proa_slice prefix = PROA_SLICE("unix:");
    if (proa_slice_starts(text, prefix)) {
        return parse_unix(proa_slice_from(text, prefix.len), out);
    }
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    if (colon < 2) {
        return PROA_ERR_SYNTAX;
    }
    struct proa_slice host = proa_slice_head(text, colon - 1);
    bool bracketed = host.ptr[0] == '[';
    if (!bracketed && proa_slice_find(host, ':') != host.len) {
        return PROA_ERR_SYNTAX; /* "::1:80" could be read in two ways */
    }
    uint64_t port = 0;
    enum proa_err err = proa_slice_to_u64(proa_slice_from(text, colon), &port);
    if (err) {
        return err;
    }
    if (port > UINT16_MAX) {
        return PROA_ERR_RANGE;
    }
    return proa_addr_from_literal(host, (uint16_t)port, out) ? PROA_OK : PROA_ERR_SYNTAX;
}

static void copy_out(char *out, size_t cap, const struct proa_buf *text)
{
    size_t n = text->len < cap - 1 ? text->len : cap - 1;
    if (n) {
        memcpy(out, text->ptr, n);
    }
    out[n] = '\0';
}

void proa_addr_format(const struct proa_addr *addr, char *out, size_t cap)
{
    if (cap == 0) {
        return;
    }
    struct sockaddr_storage storage;
    struct proa_buf text;
    char host[INET6_ADDRSTRLEN] = "";
    proa_addr_load(addr, &storage);
    proa_buf_init(&text, 256);
    if (storage.ss_family == AF_INET) {
        struct sockaddr_in in4;
        memcpy(&in4, &storage, sizeof(in4));
        (void)inet_ntop(AF_INET, &in4.sin_addr, host, sizeof(host));
        (void)proa_buf_append_printf(&text, "%s:%u", host, (unsigned)ntohs(in4.sin_port));
    } else if (storage.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &storage, sizeof(in6));
        (void)inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host));
        (void)proa_buf_append_printf(&text, "[%s]:%u", host, (unsigned)ntohs(in6.sin6_port));
    } else if (storage.ss_family == AF_UNIX) {
        struct sockaddr_un un;
        memcpy(&un, &storage, sizeof(un));
        (void)proa_buf_append_printf(&text, "unix:%.*s", (int)sizeof(un.sun_path), un.sun_path);
    } else {
        (void)proa_buf_append_cstr(&text, "unknown");
    }
    copy_out(out, cap, &text);
    proa_buf_deinit(&text);
}

bool proa_addr_is_loopback(const struct proa_addr *addr)
{
    struct sockaddr_storage storage;
    proa_addr_load(addr, &storage);
    if (storage.ss_family == AF_INET) {
        struct sockaddr_in in4;
        memcpy(&in4, &storage, sizeof(in4));
        return ntohl(in4.sin_addr.s_addr) >> 24 == 127;
    }
    if (storage.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &storage, sizeof(in6));
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) && in6.sin6_addr.s6_addr[12] == 127);
    }
    return storage.ss_family == AF_UNIX;
}

uint16_t proa_addr_port(const struct proa_addr *addr)
{
    struct sockaddr_storage storage;
    proa_addr_load(addr, &storage);
    if (storage.ss_family == AF_INET) {
        struct sockaddr_in in4;
        memcpy(&in4, &storage, sizeof(in4));
        return ntohs(in4.sin_port);
    }
    if (storage.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &storage, sizeof(in6));
        return ntohs(in6.sin6_port);
    }
    return 0;
}
