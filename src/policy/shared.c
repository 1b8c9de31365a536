/* The shared cache: its address, what it is shown, and what answers are sealed with. */
#include "build_priv.h"
#include "url_priv.h"

#include "proa/auth/secret.h"
#include "proa/cache/sealed.h"

enum { REDIS_PORT = 6379, DATABASE_MAX = 65535, SOCKET_PATH_MAX = 107 }; /* of struct sockaddr_un */

static const char *const FORMS = "write redis://user@host:6379/0, rediss:// for TLS, or unix:/path";

static bool is_printable(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

/* What is behind the host: nothing, "/" or "/3". */
static const char *parse_database(struct proa_slice path, struct proa_shared_cache *out)
{
    uint64_t n = 0;
    if (path.len > 1 &&
        (proa_slice_to_u64(proa_slice_from(path, 1), &n) != PROA_OK || n > DATABASE_MAX)) {
        return "has something else than the number of a database behind the host";
    }
    out->database = (uint32_t)n;
    return NULL;
}

/* NULL when fine, else what is wrong with it. The text may hold a password: it is never shown. */
static const char *parse(struct proa_slice text, struct proa_arena *arena,
                         struct proa_shared_cache *out)
{
    const struct proa_slice plain = PROA_SLICE("redis://");
    const struct proa_slice secure = PROA_SLICE("rediss://");
    const struct proa_slice local = PROA_SLICE("unix:");
    struct proa_url url = {.port = REDIS_PORT};
    if (proa_slice_starts(text, local)) {
        const struct proa_slice path = proa_slice_from(text, local.len);
        if (path.len == 0 || path.ptr[0] != '/' || path.len > SOCKET_PATH_MAX) {
            return "names no absolute path of at most 107 bytes behind unix:";
        }
        out->host = proa_arena_dup(arena, text);
        return NULL;
    }
    out->tls = proa_slice_starts(text, secure);
    if (!out->tls && !proa_slice_starts(text, plain)) {
        return "does not begin with redis://, rediss:// or unix:/";
    }
    struct proa_slice rest = proa_slice_from(text, out->tls ? secure.len : plain.len);
    const size_t at = proa_slice_find(rest, '@');
    if (at < rest.len) {
        out->user = proa_arena_dup(arena, proa_slice_head(rest, at));
        rest = proa_slice_from(rest, at + 1);
        if (proa_slice_find(out->user, ':') < out->user.len) {
            return "holds a password; write it under password: {env: NAME_OF_THE_VARIABLE}";
        }
        if (out->user.len == 0 || !is_printable(out->user)) {
            return "names no valid user before the @";
        }
    }
    const size_t slash = proa_slice_find(rest, '/');
    const char *wrong = proa_url_parse_authority(proa_slice_head(rest, slash), arena, &url);
    out->host = url.host;
    out->port = url.port;
    return wrong ? wrong : parse_database(proa_slice_from(rest, slash), out);
}

static void read_address(struct proa_build *b, const struct proa_doc_node *node,
                         struct proa_option_where at, struct proa_shared_cache *out)
{
    const struct proa_cache_shared_cfg *cfg = &b->cfg->cache.shared;
    at = proa_build_at(proa_build_member(node, "url", NULL), at);
    if (cfg->url.len == 0) {
        proa_build_error(b, at, "cache.shared: has no url; %s", FORMS);
        return;
    }
    const char *wrong = parse(cfg->url, b->arena, out);
    if (wrong) {
        proa_build_error(b, at, "cache.shared.url: %s; %s", wrong, FORMS);
    } else if (out->user.len > 0 && cfg->password.env.len == 0 && cfg->password.file.len == 0) {
        proa_build_error(b, at,
                         "cache.shared.url: names a user, but there is no password; write "
                         "password: {env: NAME_OF_THE_VARIABLE}");
    } else if (cfg->password.env.len + cfg->password.file.len > 0 && !out->tls && out->port > 0 &&
               !proa_url_is_loopback(out->host)) {
        proa_build_warn(b, at,
                        "cache.shared.url: the password crosses the network in the clear; "
                        "rediss:// hides it");
    }
}

static void read_secrets(struct proa_build *b, const struct proa_doc_node *node,
                         struct proa_option_where at, struct proa_shared_cache *out)
{
    const struct proa_cache_shared_cfg *cfg = &b->cfg->cache.shared;
    const struct proa_doc_node *key = proa_build_member(node, "key", NULL);
    const struct proa_doc_node *password = proa_build_member(node, "password", NULL);
    out->key = proa_build_secret(b, &cfg->key, proa_build_at(key, at), key, "cache.shared.key");
    if (out->key && proa_secret_bytes(out->key).len < PROA_SEALED_SECRET_MIN) {
        proa_build_error(b, proa_build_at(key, at),
                         "cache.shared.key: is shorter than %d bytes, so it could be guessed; "
                         "openssl rand -hex 32 makes one",
                         PROA_SEALED_SECRET_MIN);
    }
    if (password || cfg->password.env.len > 0 || cfg->password.file.len > 0) {
        out->password = proa_build_secret(b, &cfg->password, proa_build_at(password, at), password,
                                          "cache.shared.password");
    }
}

static void read_authorities(struct proa_build *b, const struct proa_doc_node *node,
                             struct proa_option_where at, struct proa_shared_cache *out)
{
    const struct proa_slice file = b->cfg->cache.shared.ca_file;
    at = proa_build_at(proa_build_member(node, "ca_file", NULL), at);
    if (file.len == 0 && out->tls) {
        proa_build_error(b, at,
                         "cache.shared: rediss:// needs ca_file, the PEM file of the authorities "
                         "that may vouch for the server; for public ones that is "
                         "/etc/ssl/certs/ca-certificates.crt");
    } else if (file.len > 0 && !out->tls) {
        proa_build_warn(b, at, "cache.shared.ca_file: has no effect without rediss://");
    } else if (file.len > 0) {
        (void)proa_build_read_certs(b, at, "cache.shared.ca_file", file, &out->ca_pem);
    }
}

void proa_build_shared(struct proa_build *b)
{
    const struct proa_doc_node *node =
        proa_build_member(proa_build_member(b->tree, "cache", NULL), "shared", NULL);
    if (!node && b->cfg->cache.shared.url.len == 0) {
        return;
    }
    const struct proa_option_where at = proa_build_at(node, (struct proa_option_where){0});
    struct proa_shared_cache *out = PROA_ARENA_NEW(b->arena, struct proa_shared_cache);
    read_address(b, node, at, out);
    read_secrets(b, node, at, out);
    read_authorities(b, node, at, out);
    b->snapshot->shared = out;
}
