#include "proa/io/file.h"

#include "proa/core/alloc.h"
#include "proa/core/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_STEP = 64 * 1024,
    MAX_NAMES = 4096 /* in one folder */
};

static enum proa_err errno_err(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return PROA_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return PROA_ERR_PERMISSION;
    case EMFILE:
    case ENFILE:
        return PROA_ERR_FD_LIMIT;
    default:
        return PROA_ERR_IO;
    }
}

/* One byte beyond the maximum is asked for, so that a file of exactly that size is no error. */
static enum proa_err read_all(int fd, struct proa_buf *out)
{
    for (;;) {
        size_t room = out->max - out->len;
        size_t step = room < READ_STEP ? room : READ_STEP;
        char extra;
        char *to = step ? proa_buf_reserve(out, step) : &extra;
        if (!to) {
            return PROA_ERR_LIMIT;
        }
        ssize_t n = read(fd, to, step ? step : 1);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno_err(errno);
        }
        if (n == 0) {
            return PROA_OK;
        }
        if (step == 0) {
            return PROA_ERR_LIMIT;
        }
        out->len += (size_t)n;
    }
}

enum proa_err proa_file_read(const char *path, struct proa_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno_err(errno);
    }
    enum proa_err err = read_all(fd, out);
    (void)close(fd);
    return err;
}

/* A mounted secret is root's, on a read-only file system or without any write permission. */
static bool is_mounted_secret(int fd, const struct stat *st)
{
    struct statvfs fs;
    if (st->st_uid != 0 || (st->st_mode & (S_IWGRP | S_IWOTH))) {
        return false;
    }
    return !(st->st_mode & S_IWUSR) || (fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY));
}

enum proa_err proa_file_read_secret(const char *path, struct proa_buf *out)
{
    struct stat st;
    enum proa_err err = PROA_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno_err(errno);
    }
    /* Asked of what was opened: the path could be changed between two looks. */
    if (fstat(fd, &st) < 0) {
        err = errno_err(errno);
    } else if ((st.st_mode & (S_IRWXG | S_IRWXO)) && !is_mounted_secret(fd, &st)) {
        err = PROA_ERR_PERMISSION;
    } else {
        err = read_all(fd, out);
    }
    (void)close(fd);
    return err;
}

bool proa_file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

uint64_t proa_file_signature(const char *path, uint64_t seed)
{
    struct stat st;
    uint64_t facts[] = {seed, 0, 0, 0, 0, 0, 0};
    if (stat(path, &st) == 0) {
        facts[1] = (uint64_t)st.st_dev;
        facts[2] = (uint64_t)st.st_ino;
        facts[3] = (uint64_t)st.st_size;
        facts[4] = (uint64_t)st.st_mtim.tv_sec;
        facts[5] = (uint64_t)st.st_mtim.tv_nsec;
        facts[6] = (uint64_t)st.st_ctim.tv_nsec;
    }
    return proa_hash64(proa_slice_make((const char *)facts, sizeof(facts)), seed);
}

/* Folders. */

struct names {
    char **paths;
    size_t n;
    size_t cap;
};

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_with(struct proa_slice s, struct proa_slice suffix)
{
    return s.len >= suffix.len && proa_slice_eq(proa_slice_from(s, s.len - suffix.len), suffix);
}

static void names_add(struct names *names, const char *dir, const char *name)
{
    size_t dir_len = strlen(dir);
    size_t size = dir_len + strlen(name) + 2;
    char *path = proa_alloc(size);
    bool slashed = dir_len > 0 && dir[dir_len - 1] == '/';
    struct stat st;
    (void)snprintf(path, size, "%s%s%s", dir, slashed ? "" : "/", name);
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
        proa_free(path);
        return;
    }
    if (names->n == names->cap) {
        names->cap = names->cap ? 2 * names->cap : 16;
        names->paths = proa_realloc(names->paths, names->cap * sizeof(char *));
    }
    names->paths[names->n++] = path;
}

static enum proa_err names_collect(struct names *names, const char *dir, struct proa_slice suffix)
{
    DIR *d = opendir(dir);
    enum proa_err err = PROA_OK;
    if (!d) {
        return errno_err(errno);
    }
    for (;;) {
        errno = 0;
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this call's own */
        const struct dirent *e = readdir(d);
        if (!e) {
            err = errno ? errno_err(errno) : PROA_OK;
            break;
        }
        if (e->d_name[0] == '.' || !ends_with(proa_slice_cstr(e->d_name), suffix)) {
            continue;
        }
        if (names->n == MAX_NAMES) {
            err = PROA_ERR_LIMIT;
            break;
        }
        names_add(names, dir, e->d_name);
    }
    (void)closedir(d);
    return err;
}

enum proa_err proa_file_list(const char *dir, struct proa_slice suffix,
                             void (*fn)(void *ctx, const char *path), void *ctx)
{
    struct names names = {0};
    enum proa_err err = names_collect(&names, dir, suffix);
    if (names.n > 0) {
        qsort(names.paths, names.n, sizeof(char *), compare_paths);
    }
    for (size_t i = 0; i < names.n; i++) {
        if (err == PROA_OK) {
            fn(ctx, names.paths[i]);
        }
        proa_free(names.paths[i]);
    }
    proa_free(names.paths);
    return err;
}
