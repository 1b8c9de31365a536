/*
 * Secrets: from the environment or a file into the secret type. The value itself never reaches a
 * message, nor does what was written where the name of a variable belongs: people paste keys there.
 */
#include "build_priv.h"

#include "proa/auth/secret.h"

enum { KEY_BYTES_MAX = 8192, TOKEN_BYTES_MIN = 16 };

static bool is_env_name(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return s.len > 0 && s.len <= 255;
}

static void unref(void *secret)
{
    proa_secret_unref(secret);
}

void proa_build_keep_known(struct proa_build *b, const char *path, struct proa_secret *secret)
{
    struct proa_kept *kept = PROA_ARENA_NEW(b->arena, struct proa_kept);
    kept->secret = secret;
    kept->where = proa_arena_dup(b->arena, proa_slice_cstr(path));
    kept->next = b->snapshot->kept;
    b->snapshot->kept = kept;
    /* A key that was rotated makes another revision; its digest tells nothing about it. */
    proa_build_hash(b, proa_slice_make(proa_secret_digest(secret), 32));
}

struct proa_secret *proa_build_keep(struct proa_build *b, struct proa_option_where at,
                                    const char *path, const char *source, struct proa_slice bytes)
{
    struct proa_secret *secret = NULL;
    const enum proa_err err = proa_secret_create(bytes, &secret);
    if (err) {
        proa_build_error(b, at, "%s: %s cannot be kept in memory: %s", path, source,
                         proa_err_text(err));
        return NULL;
    }
    proa_arena_defer(b->arena, unref, secret);
    proa_build_keep_known(b, path, secret);
    return secret;
}

/* Files of variables keep quotes where a shell would take them away. */
static bool is_quoted(struct proa_slice value)
{
    return value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
           value.ptr[value.len - 1] == value.ptr[0];
}

/* Takes the value over when it may stand in a header (RFC 9110 5.5, without blanks). `source` is
 * how messages call where it came from. */
static struct proa_secret *make_secret(struct proa_build *b, struct proa_option_where at,
                                       const char *path, const char *source,
                                       struct proa_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] <= ' ' || value.ptr[i] > '~') {
            proa_build_error(b, at,
                             "%s: %s holds a blank, a line end or another character that cannot "
                             "stand in a header, at byte %zu of %zu",
                             path, source, i + 1, value.len);
            return NULL;
        }
    }
    if (value.len == 0) {
        proa_build_error(b, at, "%s: %s is empty", path, source);
        return NULL;
    }
    if (value.len > KEY_BYTES_MAX) {
        proa_build_error(b, at, "%s: %s is longer than %d bytes, which is no key", path, source,
                         KEY_BYTES_MAX);
        return NULL;
    }
    if (is_quoted(value)) {
        proa_build_warn(b, at,
                        "%s: %s begins and ends with a quote, which is sent as part of the key; "
                        "remove both if they are not",
                        path, source);
    }
    return proa_build_keep(b, at, path, source, value);
}

/* Some keys are made of what names are made of, too. */
static bool looks_like_key(const char *name)
{
    bool lower = false;
    bool digit = false;
    for (const char *c = name; *c; c++) {
        lower = lower || (*c >= 'a' && *c <= 'z');
        digit = digit || (*c >= '0' && *c <= '9');
    }
    return lower && digit && strlen(name) >= 16;
}

struct proa_secret *proa_build_secret_env(struct proa_build *b, struct proa_option_where at,
                                          const char *path, const char *name)
{
    const struct proa_policy_env *env = b->input->env;
    struct proa_slice value;
    if (!env || !env->getenv || !env->getenv(env->ctx, name, &value)) {
        if (looks_like_key(name)) {
            proa_build_error(b, at,
                             "%s: the environment variable of this name is not set, and the name "
                             "looks like a key; write the variable's name here, never the key "
                             "itself",
                             path);
            return NULL;
        }
        proa_build_error(b, at,
                         "%s: the environment variable %s is not set; set it where proa is "
                         "started, or remove the key",
                         path, name);
        return NULL;
    }
    const char *source =
        proa_arena_printf(b->arena, "the environment variable %s%c", name, '\0').ptr;
    return make_secret(b, at, path, source, value);
}

bool proa_build_read_secret(struct proa_build *b, struct proa_option_where at, const char *path,
                            const char *file, struct proa_slice *bytes)
{
    const struct proa_policy_env *env = b->input->env;
    const enum proa_err err =
        env && env->file ? env->file(env->ctx, file, true, bytes) : PROA_ERR_NOT_FOUND;
    if (err) {
        proa_build_error(b, at, "%s: the file %s %s", path, file,
                         proa_build_file_trouble(err, true));
    }
    return err == PROA_OK;
}

struct proa_secret *proa_build_secret_file(struct proa_build *b, struct proa_option_where at,
                                           const char *path, const char *file)
{
    struct proa_slice value;
    if (!proa_build_read_secret(b, at, path, file, &value)) {
        return NULL;
    }
    while (value.len > 0 &&
           (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r')) {
        value.len--;
    }
    const char *source = proa_arena_printf(b->arena, "the file %s%c", file, '\0').ptr;
    return make_secret(b, at, path, source, value);
}

struct proa_secret *proa_build_secret(struct proa_build *b, const struct proa_secret_cfg *cfg,
                                      struct proa_option_where at, const struct proa_doc_node *node,
                                      const char *path)
{
    const struct proa_doc_node *env = proa_build_member(node, "env", NULL);
    const struct proa_doc_node *file = proa_build_member(node, "file", NULL);
    if ((cfg->env.len > 0) == (cfg->file.len > 0)) {
        proa_build_error(b, at,
                         cfg->env.len > 0 ? "%s: has both env and file; write one of them"
                                          : "%s: has no env and no file; write "
                                            "env: NAME_OF_THE_VARIABLE, or file: /path",
                         path);
        return NULL;
    }
    if (cfg->file.len > 0) {
        return proa_build_secret_file(b, proa_build_at(file, at),
                                      proa_arena_printf(b->arena, "%s.file%c", path, '\0').ptr,
                                      proa_arena_cstr(b->arena, cfg->file));
    }
    if (!is_env_name(cfg->env)) {
        proa_build_error(b, proa_build_at(env, at),
                         "%s.env: is not the name of an environment variable; write the "
                         "variable's name here, never the key itself",
                         path);
        return NULL;
    }
    return proa_build_secret_env(b, proa_build_at(env, at),
                                 proa_arena_printf(b->arena, "%s.env%c", path, '\0').ptr,
                                 proa_arena_cstr(b->arena, cfg->env));
}

void proa_build_admin(struct proa_build *b)
{
    const struct proa_secret_cfg *cfg = &b->cfg->admin.token;
    const struct proa_doc_node *node =
        proa_build_member(proa_build_member(b->tree, "admin", NULL), "token", NULL);
    if (!node && cfg->env.len == 0 && cfg->file.len == 0) {
        return;
    }
    const struct proa_option_where at = proa_build_at(node, (struct proa_option_where){0});
    struct proa_secret *token = proa_build_secret(b, cfg, at, node, "admin.token");
    if (token && proa_secret_bytes(token).len < TOKEN_BYTES_MIN) {
        proa_build_error(b, at, "admin.token: is shorter than %d bytes, so it could be guessed",
                         TOKEN_BYTES_MIN);
    }
    b->snapshot->admin_token = token;
}
