/*
 * A snapshot from YAML in a test, with an environment and files that exist only there.
 *
 *   static struct policy_fixture f;
 *   policy_fixture_build(&f, "providers: {...}", NULL);
 *   assert_ok(f.err);
 *   ... f.snapshot ...
 *   policy_fixture_deinit(&f);
 *
 * Everything is static inline and free of the test framework. The fixture is large (it holds the
 * messages): make it static or allocate it. What it is given is borrowed until deinit.
 */
#ifndef PROA_POLICY_FIXTURE_H
#define PROA_POLICY_FIXTURE_H

#include "proa/config/config.h"
#include "proa/policy/snapshot.h"

#include <stdio.h>
#include <string.h>

/* A file that the configuration may name. Not in the table = does not exist. */
struct policy_fixture_file {
    const char *path;
    const char *text;
    enum proa_err err; /* what reading it gives instead of the text */
    bool secret;       /* may only be read as a secret, and others only not as one */
};

struct policy_fixture {
    /* Set before building, all optional. */
    const char *const *env; /* "NAME=value", NULL-terminated */
    const struct policy_fixture_file *files;
    size_t n_files;
    const struct proa_config_flag *flags;
    size_t n_flags;
    bool mock; /* its base is http://127.0.0.1:9 */
    /* Results of the last build. */
    struct proa_snapshot *snapshot; /* NULL after a failure */
    struct proa_diags diags;
    enum proa_err err;
    char shown[64 + sizeof(((struct proa_diag *)0)->message)];
};

static inline bool policy_fixture_getenv(void *ctx, const char *name, struct proa_slice *value)
{
    const struct policy_fixture *f = ctx;
    const size_t len = strlen(name);
    for (size_t i = 0; f->env && f->env[i]; i++) {
        if (strncmp(f->env[i], name, len) == 0 && f->env[i][len] == '=') {
            *value = proa_slice_cstr(f->env[i] + len + 1);
            return true;
        }
    }
    return false;
}

static inline enum proa_err policy_fixture_file(void *ctx, const char *path, bool secret,
                                                struct proa_slice *bytes)
{
    const struct policy_fixture *f = ctx;
    for (size_t i = 0; i < f->n_files; i++) {
        if (strcmp(f->files[i].path, path) == 0) {
            *bytes = proa_slice_cstr(f->files[i].text);
            return f->files[i].secret != secret ? PROA_ERR_STATE : f->files[i].err;
        }
    }
    return PROA_ERR_NOT_FOUND;
}

/* A folder is there when a file in it is. */
static inline enum proa_err policy_fixture_list(void *ctx, const char *dir,
                                                void (*fn)(void *fn_ctx, const char *path),
                                                void *fn_ctx)
{
    const struct policy_fixture *f = ctx;
    const size_t len = strlen(dir);
    enum proa_err err = PROA_ERR_NOT_FOUND;
    for (size_t i = 0; i < f->n_files; i++) {
        const char *path = f->files[i].path;
        if (strncmp(path, dir, len) == 0 && path[len] == '/') {
            fn(fn_ctx, path);
            err = PROA_OK;
        }
    }
    return err;
}

static inline void policy_fixture_deinit(struct policy_fixture *f)
{
    proa_snapshot_unref(f->snapshot);
    f->snapshot = NULL;
}

/* Builds from up to two files, "proa.yaml" and "more.yaml"; NULL = there is none. Replaces an
 * earlier result. */
static inline void policy_fixture_build(struct policy_fixture *f, const char *yaml,
                                        const char *more)
{
    policy_fixture_deinit(f);
    memset(&f->diags, 0, sizeof(f->diags));
    const struct proa_policy_file files[] = {
        {"proa.yaml", proa_slice_cstr(yaml)},
        {"more.yaml", proa_slice_cstr(more)},
    };
    const struct proa_policy_env env = {.ctx = f,
                                        .getenv = policy_fixture_getenv,
                                        .file = policy_fixture_file,
                                        .list = policy_fixture_list};
    const struct proa_policy_input input = {
        .files = files,
        .n_files = !yaml  ? 0
                   : more ? 2
                          : 1,
        .env = &env,
        .flags = f->flags,
        .n_flags = f->n_flags,
        .mock = f->mock,
        .mock_base = PROA_SLICE("http://127.0.0.1:9"),
        .generation = 1,
    };
    f->err = proa_snapshot_build(&input, &f->diags, &f->snapshot);
}

/* The i-th message as it would be printed, "proa.yaml:3:5: text", with "warning: " in front where
 * it is one; "" when there are fewer. */
static inline const char *policy_fixture_message(struct policy_fixture *f, uint32_t i)
{
    f->shown[0] = '\0';
    if (i < f->diags.n) {
        const struct proa_diag *d = &f->diags.items[i];
        char place[48] = "";
        if (d->file && d->line > 0) {
            (void)snprintf(place, sizeof(place), "%.20s:%u:%u: ", d->file, (unsigned)d->line,
                           (unsigned)d->col);
        } else if (d->file) {
            (void)snprintf(place, sizeof(place), "%.40s: ", d->file);
        }
        (void)snprintf(f->shown, sizeof(f->shown), "%s%s%s",
                       d->level == PROA_DIAG_WARNING ? "warning: " : "", place, d->message);
    }
    return f->shown;
}

/* The route that a name leads to; NULL when to none. */
static inline const struct proa_route *policy_fixture_route(const struct policy_fixture *f,
                                                            const char *model)
{
    struct proa_resolution out = {0};
    if (!f->snapshot ||
        proa_snapshot_resolve(f->snapshot, proa_slice_cstr(model), &out) != PROA_RESOLVED) {
        return NULL;
    }
    return out.route;
}

#endif
