/*
 * Proxies: a provider's own, else the general one, else the environment's. Where credentials stand
 * in an address they come from the environment; in a configuration file they would be shown.
 */
#include "build_priv.h"
#include "no_proxy_priv.h"
#include "url_priv.h"

#include "proa/auth/basic.h"
#include "proa/http/query.h"

enum { NO_PROXY_MAX = 16 * 1024 };

struct known {
    struct proa_proxy proxy;
    struct known *next;
};

struct proa_build_egress {
    struct known *known;                   /* one of each, so that endpoints compare by pointer */
    struct proa_slice list;                /* all that is reached without a proxy */
    const struct proa_proxy *by_scheme[2]; /* the general one: http, https */
};

static const struct proa_option_where nowhere;

static const struct proa_proxy *keep(struct proa_build *b, const struct proa_proxy *proxy)
{
    for (const struct known *k = b->egress->known; k; k = k->next) {
        const struct proa_secret *a = k->proxy.authorization;
        const struct proa_secret *c = proxy->authorization;
        if (proa_slice_eq(k->proxy.identity, proxy->identity) &&
            (a == c || (a && c && proa_secret_equals(a, proa_secret_bytes(c))))) {
            return &k->proxy;
        }
    }
    struct known *k = PROA_ARENA_NEW(b->arena, struct known);
    k->proxy = *proxy;
    k->next = b->egress->known;
    b->egress->known = k;
    return &k->proxy;
}

/* ---- credentials -------------------------------------------------------------------------------
 */

static void unref(void *secret)
{
    proa_secret_unref(secret);
}

/* "user:password" as the value of Proxy-Authorization. */
static struct proa_secret *basic(struct proa_build *b, struct proa_option_where at,
                                 const char *path, struct proa_slice pair)
{
    struct proa_secret *secret = NULL;
    if (proa_basic_create(pair, &secret) != PROA_OK) {
        proa_build_error(b, at, "%s: does not hold user:password", path);
        return NULL;
    }
    proa_arena_defer(b->arena, unref, secret);
    proa_build_keep_known(b, path, secret);
    return secret;
}

/* The part before '@' of an address of the environment, percent-encoded. */
static struct proa_secret *basic_of_url(struct proa_build *b, const char *path,
                                        struct proa_slice userinfo)
{
    char pair[PROA_BASIC_PAIR_MAX];
    size_t n = 0;
    size_t at = 0;
    bool ok = userinfo.len <= PROA_BASIC_PAIR_MAX;
    while (ok && at < userinfo.len) {
        const int byte = proa_http_percent_byte(userinfo, &at);
        ok = byte >= ' ' && byte != 0x7f;
        pair[n++] = (char)byte;
    }
    struct proa_secret *secret =
        basic(b, nowhere, path, ok ? proa_slice_make(pair, n) : PROA_SLICE_NONE);
    explicit_bzero(pair, sizeof pair);
    return secret;
}

/* ---- addresses ---------------------------------------------------------------------------------
 */

/* The address without credentials; false after an error. */
static bool parse(struct proa_build *b, struct proa_option_where at, const char *path,
                  struct proa_slice text, struct proa_proxy *out)
{
    struct proa_url url;
    bool secret = false;
    const char *wrong = proa_url_parse(text, b->arena, &url, &secret);
    if (!wrong && url.path.len > 0) {
        wrong = "has a path, which a proxy has not";
    }
    if (!wrong && url.tls) {
        wrong = "is an https:// proxy; only those that are spoken to over http:// are supported";
    }
    if (wrong && secret) {
        proa_build_error(b, at,
                         "%s: holds a user, a password or a query; credentials of a proxy "
                         "belong in proxy_auth",
                         path);
        return false;
    }
    if (wrong) {
        proa_build_error(b, at, "%s: \"%" PROA_SLICE_FMT "\" %s", path,
                         PROA_SLICE_ARG(proa_slice_head(text, 200)), wrong);
        return false;
    }
    out->host = url.host;
    out->port = url.port;
    out->identity =
        proa_arena_printf(b->arena, "http://%s%" PROA_SLICE_FMT "%s:%u", url.ipv6 ? "[" : "",
                          PROA_SLICE_ARG(url.host), url.ipv6 ? "]" : "", (unsigned)url.port);
    return true;
}

/* "http://user:password@host:port", and without the scheme, as variables have it. */
static const struct proa_proxy *from_variable(struct proa_build *b, const char *name,
                                              struct proa_slice value)
{
    struct proa_proxy proxy = {.port = 0};
    struct proa_slice text = proa_slice_trim(value);
    const size_t scheme = proa_slice_search(text, PROA_SLICE("://"));
    const struct proa_slice rest = scheme < text.len ? proa_slice_from(text, scheme + 3) : text;
    size_t cut = 0; /* behind the last '@' before the path */
    const size_t end = proa_slice_find(rest, '/');
    for (size_t i = 0; i < end; i++) {
        cut = rest.ptr[i] == '@' ? i + 1 : cut;
    }
    text = proa_arena_printf(b->arena, "%" PROA_SLICE_FMT "%" PROA_SLICE_FMT,
                             PROA_SLICE_ARG(scheme < text.len ? proa_slice_head(text, scheme + 3)
                                                              : PROA_SLICE("http://")),
                             PROA_SLICE_ARG(proa_slice_from(rest, cut)));
    if (!parse(b, nowhere, name, text, &proxy)) {
        return NULL;
    }
    if (cut > 1) {
        proxy.authorization = basic_of_url(b, name, proa_slice_head(rest, cut - 1));
        if (!proxy.authorization) {
            return NULL;
        }
    }
    return keep(b, &proxy);
}

/* A proxy as it is configured. NULL for "none", and after an error. */
static const struct proa_proxy *from_cfg(struct proa_build *b, struct proa_slice text,
                                         const struct proa_secret_cfg *auth,
                                         const struct proa_doc_node *node, const char *path)
{
    struct proa_proxy proxy = {.port = 0};
    const struct proa_option_where at =
        proa_build_at(proa_build_member(node, "proxy", NULL), proa_build_at(node, nowhere));
    const struct proa_doc_node *auth_node = proa_build_member(node, "proxy_auth", NULL);
    const char *key = proa_arena_printf(b->arena, "%s.proxy%c", path, '\0').ptr;
    const char *auth_key = proa_arena_printf(b->arena, "%s.proxy_auth%c", path, '\0').ptr;
    if (proa_slice_eq(text, PROA_SLICE("none")) || !parse(b, at, key, text, &proxy)) {
        return NULL;
    }
    if (auth->env.len > 0 || auth->file.len > 0) {
        const struct proa_option_where auth_at = proa_build_at(auth_node, at);
        const struct proa_secret *pair = proa_build_secret(b, auth, auth_at, auth_node, auth_key);
        proxy.authorization = pair ? basic(b, auth_at, auth_key, proa_secret_bytes(pair)) : NULL;
        if (!proxy.authorization) {
            return NULL;
        }
    }
    return keep(b, &proxy);
}

/* ---- what is in force --------------------------------------------------------------------------
 */

/* The first of these variables that is set and not empty. */
static const struct proa_proxy *from_environment(struct proa_build *b, const char *const *names)
{
    struct proa_slice value;
    for (; *names; names++) {
        if (proa_build_getenv(b, *names, &value) && value.len > 0) {
            return from_variable(b, *names, value);
        }
    }
    return NULL;
}

static void collect_exceptions(struct proa_build *b)
{
    static const char *const names[] = {"no_proxy", "NO_PROXY"};
    const struct proa_option_list *list = &b->cfg->egress.no_proxy;
    const struct proa_slice *items = list->items;
    struct proa_slice value;
    struct proa_buf all;
    proa_buf_init(&all, NO_PROXY_MAX);
    for (size_t i = 0; i < list->n; i++) {
        (void)proa_buf_append(&all, items[i]);
        PROA_BUF_LIT(&all, ",");
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        if (proa_build_getenv(b, names[i], &value) && value.len > 0) {
            (void)proa_buf_append(&all, value);
            break; /* in lower case it wins, as everywhere */
        }
    }
    if (!proa_buf_ok(&all)) {
        proa_build_error(b, nowhere, "egress.no_proxy: with NO_PROXY is longer than %d bytes",
                         NO_PROXY_MAX);
    }
    b->egress->list = proa_arena_dup(b->arena, proa_buf_slice(&all));
    proa_buf_deinit(&all);
}

void proa_build_egress(struct proa_build *b)
{
    static const char *const http[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                        NULL};
    const struct proa_egress_cfg *cfg = &b->cfg->egress;
    b->egress = PROA_ARENA_NEW(b->arena, struct proa_build_egress);
    collect_exceptions(b);
    if (cfg->proxy.len > 0) {
        const struct proa_doc_node *node = proa_build_member(b->tree, "egress", NULL);
        b->egress->by_scheme[0] = from_cfg(b, cfg->proxy, &cfg->proxy_auth, node, "egress");
        b->egress->by_scheme[1] = b->egress->by_scheme[0];
    } else {
        b->egress->by_scheme[0] = from_environment(b, http);
        b->egress->by_scheme[1] = from_environment(b, https);
    }
}

const struct proa_proxy *proa_build_proxy(struct proa_build *b, const struct proa_build_provider *p,
                                          const char *path, const struct proa_url *url)
{
    if (p->cfg->proxy.len > 0) {
        return from_cfg(b, p->cfg->proxy, &p->cfg->proxy_auth, p->node, path);
    }
    const struct proa_proxy *proxy = b->egress->by_scheme[url->tls ? 1 : 0];
    if (!proxy || proa_url_is_loopback(url->host) ||
        proa_no_proxy_covers(b->egress->list, url->host, url->port)) {
        return NULL;
    }
    return proxy;
}
