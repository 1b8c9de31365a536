/*
 * From paths and environment to a snapshot.
 */
#include "proa/app/app.h"
#include "proa/core/alloc.h"
#include "proa/io/file.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 64, FILE_BYTES_MAX = 1024 * 1024, EXTRA_BYTES_MAX = 4 * 1024 * 1024 };

void proa_app_names_init(struct proa_app_names *names)
{
    proa_arena_init(&names->arena, NULL);
    names->n = 0;
}

void proa_app_names_deinit(struct proa_app_names *names)
{
    proa_arena_reset(&names->arena);
    names->n = 0;
}

void proa_app_paths_init(struct proa_app_paths *paths)
{
    proa_arena_init(&paths->arena, NULL);
    paths->n = 0;
    paths->signature = 0;
}

void proa_app_paths_deinit(struct proa_app_paths *paths)
{
    proa_arena_reset(&paths->arena);
    paths->n = 0;
    paths->signature = 0;
}

bool proa_app_paths_changed(const struct proa_app_paths *paths)
{
    uint64_t signature = 0;
    for (size_t i = 0; i < paths->n; i++) {
        signature = proa_file_signature(paths->items[i], signature);
    }
    return signature != paths->signature;
}

/* Before it is read: what changes it meanwhile is a change to come. */
static void look_at(struct proa_app_paths *paths, const char *path)
{
    if (paths && paths->n < PROA_APP_PATHS_MAX) {
        paths->signature = proa_file_signature(path, paths->signature);
        paths->items[paths->n++] = proa_arena_cstr(&paths->arena, proa_slice_cstr(path));
    }
}

/* The name as it is kept; beyond the maximum they all share one. */
static const char *keep_name(struct proa_app_names *names, const char *path)
{
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->names[i], path) == 0) {
            return names->names[i];
        }
    }
    if (names->n == PROA_APP_NAMES_MAX) {
        return "(configuration)";
    }
    names->names[names->n] = proa_arena_cstr(&names->arena, proa_slice_cstr(path));
    return names->names[names->n++];
}

struct loading {
    struct proa_app_names *names;
    struct proa_app_paths *looked_at;
    struct proa_policy_file files[FILES_MAX];
    struct proa_buf bytes[FILES_MAX];
    size_t n;
    struct proa_buf extra; /* of the file that was asked for last */
    struct proa_diags *diags;
    enum proa_err err;
};

static void explain_file(struct loading *l, const char *path, enum proa_err err)
{
    const char *what = "cannot be read";
    if (err == PROA_ERR_NOT_FOUND) {
        what = "does not exist";
    } else if (err == PROA_ERR_PERMISSION) {
        what = "may not be read by this user";
    } else if (err == PROA_ERR_LIMIT) {
        what = "is larger than 1 MiB";
    }
    proa_diags_add(l->diags, PROA_DIAG_ERROR, keep_name(l->names, path), 0, 0, "the file %s", what);
    l->err = l->err == PROA_OK ? err : l->err;
}

static void load_file(void *ctx, const char *path)
{
    struct loading *l = ctx;
    look_at(l->looked_at, path);
    if (l->n == FILES_MAX) {
        proa_diags_add(l->diags, PROA_DIAG_ERROR, keep_name(l->names, path), 0, 0,
                       "more than %d configuration files", FILES_MAX);
        l->err = PROA_ERR_LIMIT;
        return;
    }
    struct proa_buf *bytes = &l->bytes[l->n];
    proa_buf_init(bytes, FILE_BYTES_MAX);
    const enum proa_err err = proa_file_read(path, bytes);
    if (err != PROA_OK) {
        proa_buf_deinit(bytes);
        explain_file(l, path, err);
        return;
    }
    l->files[l->n++] = (struct proa_policy_file){
        .name = keep_name(l->names, path),
        .bytes = proa_buf_slice(bytes),
    };
}

static void load_path(struct loading *l, const char *path)
{
    if (!proa_file_is_dir(path)) {
        load_file(l, path);
        return;
    }
    const size_t before = l->n;
    look_at(l->looked_at, path);
    const enum proa_err err = proa_file_list(path, PROA_SLICE(".yaml"), load_file, l);
    if (err != PROA_OK) {
        explain_file(l, path, err);
    } else if (l->n == before && l->err == PROA_OK) {
        proa_diags_add(l->diags, PROA_DIAG_ERROR, keep_name(l->names, path), 0, 0,
                       "the folder holds no *.yaml file");
        l->err = PROA_ERR_NOT_FOUND;
    }
}

static bool env_get(void *ctx, const char *name, struct proa_slice *value)
{
    (void)ctx;
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing calls setenv */
    *value = proa_slice_cstr(text);
    return text != NULL;
}

static void wipe(struct proa_buf *b)
{
    if (b->ptr) {
        explicit_bzero(b->ptr, b->cap);
    }
}

static enum proa_err env_file(void *ctx, const char *path, bool secret, struct proa_slice *bytes)
{
    struct loading *l = ctx;
    look_at(l->looked_at, path);
    wipe(&l->extra);
    proa_buf_clear(&l->extra);
    const enum proa_err err =
        secret ? proa_file_read_secret(path, &l->extra) : proa_file_read(path, &l->extra);
    if (err == PROA_OK) {
        *bytes = proa_buf_slice(&l->extra);
    }
    return err;
}

static enum proa_err env_list(void *ctx, const char *dir,
                              void (*fn)(void *fn_ctx, const char *path), void *fn_ctx)
{
    struct loading *l = ctx;
    look_at(l->looked_at, dir);
    return proa_file_list(dir, PROA_SLICE_NONE, fn, fn_ctx);
}

enum proa_err proa_app_load(const struct proa_app_sources *sources, uint64_t generation,
                            struct proa_diags *diags, struct proa_snapshot **out)
{
    struct loading *l = PROA_NEW(struct loading);
    l->diags = diags;
    l->names = sources->names;
    l->looked_at = sources->looked_at;
    if (l->looked_at) {
        proa_app_paths_deinit(l->looked_at);
    }
    proa_buf_init(&l->extra, EXTRA_BYTES_MAX);
    for (size_t i = 0; i < sources->n_paths; i++) {
        load_path(l, sources->paths[i]);
    }
    if (l->err == PROA_OK) {
        const struct proa_policy_env env = {
            .ctx = l, .getenv = env_get, .file = env_file, .list = env_list};
        const struct proa_policy_input input = {
            .files = l->files,
            .n_files = l->n,
            .env = &env,
            .flags = sources->flags,
            .n_flags = sources->n_flags,
            .mock = sources->mock,
            .mock_base = sources->mock_base,
            .generation = generation,
        };
        l->err = proa_snapshot_build(&input, diags, out);
    }
    const enum proa_err err = l->err;
    for (size_t i = 0; i < l->n; i++) {
        proa_buf_deinit(&l->bytes[i]);
    }
    wipe(&l->extra);
    proa_buf_deinit(&l->extra);
    proa_free(l);
    return err;
}
