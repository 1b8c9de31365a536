#include "url_priv.h"

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* A name or an IPv4 address: labels of 1 to 63 characters (RFC 1035 2.3.4). */
static bool is_host(struct proa_slice host)
{
    size_t label = 0;
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.ptr[i])) {
            return false;
        }
        if (host.ptr[i] != '.') {
            label++;
        } else if (label == 0) {
            return false;
        } else {
            label = 0;
        }
        if (label > 63) {
            return false;
        }
    }
    return host.len > 0 && host.len <= 253 && label > 0;
}

/* Only that it can be one; the resolver takes it literally or not at all. */
static bool is_ipv6(struct proa_slice host)
{
    size_t colons = 0;
    for (size_t i = 0; i < host.len; i++) {
        const char c = host.ptr[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (!hex && c != ':' && c != '.') {
            return false;
        }
        colons += c == ':' ? 1 : 0;
    }
    return colons >= 2 && colons <= 7 && host.len <= 45;
}

/* RFC 3986 3.3, without dot segments, which servers and proxies resolve differently. */
static bool is_path(struct proa_slice path)
{
    static const char marks[] = "-._~!$&'()*+,;=:@%/";
    struct proa_slice rest = path;
    for (size_t i = 0; i < path.len; i++) {
        const char c = path.ptr[i];
        const bool alnum =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || !strchr(marks, c))) {
            return false;
        }
    }
    while (rest.len > 0) {
        const struct proa_slice segment = proa_slice_split(rest, '/', &rest);
        if (proa_slice_eq(segment, PROA_SLICE(".")) || proa_slice_eq(segment, PROA_SLICE(".."))) {
            return false;
        }
    }
    return path.len <= 1024;
}

static bool has(struct proa_slice s, char c)
{
    return proa_slice_find(s, c) < s.len;
}

static struct proa_slice lower(struct proa_arena *arena, struct proa_slice s)
{
    char *out = proa_arena_alloc(arena, s.len + 1);
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        out[i] = c;
        if (c >= 'A' && c <= 'Z') {
            out[i] = (char)(c - 'A' + 'a');
        }
    }
    return proa_slice_make(out, s.len);
}

const char *proa_url_parse_authority(struct proa_slice text, struct proa_arena *arena,
                                     struct proa_url *url)
{
    text = lower(arena, text);
    size_t end = proa_slice_find(text, ':');
    url->ipv6 = text.len > 0 && text.ptr[0] == '[';
    if (url->ipv6) {
        end = proa_slice_find(text, ']');
        if (end == text.len) {
            return "has no ] behind the address";
        }
        url->host = proa_slice_make(text.ptr + 1, end - 1);
        end++;
    } else {
        url->host = proa_slice_head(text, end);
    }
    if (url->ipv6 ? !is_ipv6(url->host) : !is_host(url->host)) {
        return url->host.len == 0 ? "names no host" : "does not name a valid host";
    }
    if (end == text.len) {
        return NULL;
    }
    uint64_t n = 0;
    const struct proa_slice port = proa_slice_from(text, end + 1);
    if (text.ptr[end] != ':' || proa_slice_to_u64(port, &n) || n == 0 || n > UINT16_MAX) {
        return "has no valid port: 1 to 65535";
    }
    url->port = (uint16_t)n;
    return NULL;
}

const char *proa_url_parse(struct proa_slice text, struct proa_arena *arena, struct proa_url *out,
                           bool *secret)
{
    struct proa_url url = {.port = 80};
    const size_t scheme = proa_slice_search(text, PROA_SLICE("://"));
    *secret = has(text, '@');
    if (*secret) {
        return "holds a user or a password; credentials belong in keys";
    }
    if (proa_slice_eq_nocase(proa_slice_head(text, scheme), PROA_SLICE("https"))) {
        url.tls = true;
        url.port = 443;
    } else if (!proa_slice_eq_nocase(proa_slice_head(text, scheme), PROA_SLICE("http"))) {
        return "does not begin with https:// or http://";
    }
    if (scheme == text.len) {
        return "does not begin with https:// or http://";
    }
    if (has(text, '?')) {
        *secret = true; /* where other programs put keys */
        return "has a query (?...); remove it";
    }
    if (has(text, '#')) {
        return "has a fragment (#...); remove it";
    }
    const struct proa_slice rest = proa_slice_from(text, scheme + 3);
    const size_t slash = proa_slice_find(rest, '/');
    const char *wrong = proa_url_parse_authority(proa_slice_head(rest, slash), arena, &url);
    if (wrong) {
        return wrong;
    }
    url.path = proa_slice_from(rest, slash);
    while (url.path.len > 0 && url.path.ptr[url.path.len - 1] == '/') {
        url.path.len--;
    }
    if (!is_path(url.path)) {
        return "has a path with characters or dot segments that do not belong there";
    }
    *out = url;
    return NULL;
}

bool proa_url_is_loopback(struct proa_slice host)
{
    if (!proa_slice_starts(host, PROA_SLICE("127."))) {
        return proa_slice_eq(host, PROA_SLICE("localhost")) ||
               proa_slice_eq(host, PROA_SLICE("::1"));
    }
    for (size_t i = 0; i < host.len; i++) {
        if ((host.ptr[i] < '0' || host.ptr[i] > '9') && host.ptr[i] != '.') {
            return false; /* 127.example.com */
        }
    }
    return true;
}
