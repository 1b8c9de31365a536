#include "proa/io/watch.h"

#include "loop_priv.h"

#include "proa/core/alloc.h"

#include <string.h>

/* One folder. It lives until libuv has closed its handle. */
struct folder {
    uv_fs_event_t uv;
    struct proa_watch *watch; /* NULL: being closed */
    char *path;
};

struct proa_watch {
    struct proa_loop *loop;
    void (*fn)(void *ctx);
    void *ctx;
    struct folder *folders[PROA_WATCH_MAX];
    size_t n;
};

static void on_uv_change(uv_fs_event_t *uv, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status; /* a folder that went away has changed, too */
    struct folder *folder = uv->data;
    if (folder->watch) {
        struct proa_watch *watch = folder->watch;
        proa_loop_enter(watch->loop);
        watch->fn(watch->ctx);
        proa_loop_leave(watch->loop);
    }
}

static void on_uv_closed(uv_handle_t *uv)
{
    struct folder *folder = uv->data;
    proa_free(folder->path);
    proa_free(folder);
}

static void folder_close(struct folder *folder)
{
    folder->watch = NULL;
    uv_close((uv_handle_t *)&folder->uv, on_uv_closed);
}

/* NULL when it cannot be watched. */
static struct folder *folder_open(struct proa_watch *watch, const char *path)
{
    struct folder *folder = PROA_NEW(struct folder);
    folder->path = proa_strdup_n(path, strlen(path));
    folder->watch = watch;
    folder->uv.data = folder;
    if (uv_fs_event_init(&watch->loop->uv, &folder->uv) < 0) {
        proa_free(folder->path);
        proa_free(folder);
        return NULL;
    }
    uv_unref((uv_handle_t *)&folder->uv);
    if (uv_fs_event_start(&folder->uv, on_uv_change, path, 0) < 0) {
        folder_close(folder);
        return NULL;
    }
    return folder;
}

struct proa_watch *proa_watch_create(struct proa_loop *loop, void (*fn)(void *ctx), void *ctx)
{
    struct proa_watch *watch = PROA_NEW(struct proa_watch);
    watch->loop = loop;
    watch->fn = fn;
    watch->ctx = ctx;
    return watch;
}

static bool contains(const char *const *dirs, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(dirs[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_watched(const struct proa_watch *watch, const char *path)
{
    for (size_t i = 0; i < watch->n; i++) {
        if (strcmp(watch->folders[i]->path, path) == 0) {
            return true;
        }
    }
    return false;
}

size_t proa_watch_set(struct proa_watch *watch, const char *const *dirs, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->n; i++) {
        if (contains(dirs, n, watch->folders[i]->path)) {
            watch->folders[kept++] = watch->folders[i];
        } else {
            folder_close(watch->folders[i]);
        }
    }
    watch->n = kept;
    for (size_t i = 0; i < n && watch->n < PROA_WATCH_MAX; i++) {
        if (!is_watched(watch, dirs[i])) {
            struct folder *folder = folder_open(watch, dirs[i]);
            if (folder) {
                watch->folders[watch->n++] = folder;
            }
        }
    }
    return watch->n;
}

void proa_watch_destroy(struct proa_watch *watch)
{
    if (watch) {
        (void)proa_watch_set(watch, NULL, 0);
        proa_free(watch);
    }
}
