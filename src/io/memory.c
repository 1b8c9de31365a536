/*
 * How much memory there is for us: what the cgroup or a limit of the process grants, or the machine
 * has.
 */
#include "proa/io/file.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { TEXT_MAX = 64 * 1024 };

/* A limit file's number; UINT64_MAX where there is none ("max", or no such file). */
static uint64_t read_limit(const char *path)
{
    struct proa_buf text;
    proa_buf_init(&text, 256);
    uint64_t n = UINT64_MAX;
    if (proa_file_read(path, &text) == PROA_OK) {
        struct proa_slice rest;
        const struct proa_slice line = proa_slice_split(proa_buf_slice(&text), '\n', &rest);
        if (proa_slice_to_u64(line, &n) != PROA_OK) {
            n = UINT64_MAX;
        }
    }
    proa_buf_deinit(&text);
    return n;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* One line of /proc/self/cgroup: "0::/path" is version 2, "n:memory:/path" version 1. */
static uint64_t limit_of_line(struct proa_slice line)
{
    struct proa_slice rest;
    (void)proa_slice_split(line, ':', &rest);
    struct proa_slice path;
    const struct proa_slice controllers = proa_slice_split(rest, ':', &path);
    char file[512];
    uint64_t limit = UINT64_MAX;
    if (controllers.len == 0 && path.len < 256) {
        (void)snprintf(file, sizeof file, "/sys/fs/cgroup%" PROA_SLICE_FMT "/memory.max",
                       PROA_SLICE_ARG(path));
        limit = read_limit(file);
    } else if (proa_slice_eq(controllers, PROA_SLICE("memory")) && path.len < 256) {
        (void)snprintf(file, sizeof file,
                       "/sys/fs/cgroup/memory%" PROA_SLICE_FMT "/memory.limit_in_bytes",
                       PROA_SLICE_ARG(path));
        limit = read_limit(file);
    }
    return limit;
}

/* What setrlimit(2) grants; UINT64_MAX where it sets no limit. */
static uint64_t limit_of_process(void)
{
    struct rlimit space = {.rlim_cur = RLIM_INFINITY};
    struct rlimit data = {.rlim_cur = RLIM_INFINITY};
    (void)getrlimit(RLIMIT_AS, &space);
    (void)getrlimit(RLIMIT_DATA, &data);
    return least(space.rlim_cur == RLIM_INFINITY ? UINT64_MAX : space.rlim_cur,
                 data.rlim_cur == RLIM_INFINITY ? UINT64_MAX : data.rlim_cur);
}

uint64_t proa_memory_limit(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page = sysconf(_SC_PAGESIZE);
    uint64_t limit = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    limit = least(limit, limit_of_process());
    /* Inside a cgroup namespace the process's own path is "/", and the limit stands at the root. */
    limit = least(limit, read_limit("/sys/fs/cgroup/memory.max"));
    limit = least(limit, read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    struct proa_buf text;
    proa_buf_init(&text, TEXT_MAX);
    if (proa_file_read("/proc/self/cgroup", &text) == PROA_OK) {
        struct proa_slice rest = proa_buf_slice(&text);
        while (rest.len > 0) {
            limit = least(limit, limit_of_line(proa_slice_split(rest, '\n', &rest)));
        }
    }
    proa_buf_deinit(&text);
    return limit;
}
