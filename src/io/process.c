#include "proa/core/check.h"
#include "proa/core/clock.h"
#include "proa/io/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FDS = 1 << 20 }; /* "unlimited" would make tables of it expensive elsewhere */

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * PROA_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* First n bytes of a small file of /proc, NUL-terminated; empty on failure. */
static void read_proc(const char *path, char *out, size_t cap)
{
    out[0] = '\0';
    FILE *f = fopen(path, "re");
    if (!f) {
        return;
    }
    out[fread(out, 1, cap - 1, f)] = '\0';
    (void)fclose(f);
}

/* The n-th (from 0) blank-separated number of text; 0 when it is not there. */
static uint64_t nth_number(const char *text, size_t n)
{
    struct proa_slice rest = proa_slice_trim(proa_slice_cstr(text));
    struct proa_slice word = PROA_SLICE_NONE;
    uint64_t value = 0;
    for (size_t i = 0; i <= n; i++) {
        word = proa_slice_split(rest, ' ', &rest);
    }
    return proa_slice_to_u64(word, &value) == PROA_OK ? value : 0;
}

static uint64_t rss_bytes(void)
{
    char text[256];
    read_proc("/proc/self/statm", text, sizeof(text));
    return nth_number(text, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* proc(5): field 22 of stat, counted behind the closing bracket of the command's name. */
static uint64_t start_unix_ms(void)
{
    char text[1024];
    read_proc("/proc/self/stat", text, sizeof(text));
    const char *behind = strrchr(text, ')');
    if (!behind) {
        return 0;
    }
    uint64_t ticks = nth_number(behind + 1, 19);
    uint64_t since_boot_ms = ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
    uint64_t up_ms = clock_ns(CLOCK_BOOTTIME) / PROA_NS_PER_MS;
    uint64_t age_ms = up_ms > since_boot_ms ? up_ms - since_boot_ms : 0;
    return clock_ns(CLOCK_REALTIME) / PROA_NS_PER_MS - age_ms;
}

static uint64_t open_fds(void)
{
    uint64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d) {
        return 0;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this call's own */
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        n += e->d_name[0] != '.';
    }
    (void)closedir(d);
    return n > 0 ? n - 1 : 0; /* without the one that looked */
}

void proa_process_stats(struct proa_process_stats *out)
{
    struct rlimit limit = {0};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    *out = (struct proa_process_stats){
        .cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
        .rss_bytes = rss_bytes(),
        .open_fds = open_fds(),
        .max_fds = limit.rlim_cur,
        .start_unix_ms = start_unix_ms(),
    };
}

void proa_process_random(void *out, size_t n)
{
    char *to = out;
    while (n > 0) {
        ssize_t got = getrandom(to, n, 0);
        if (got < 0) {
            PROA_ASSERT(errno == EINTR);
            continue;
        }
        to += got;
        n -= (size_t)got;
    }
}

void proa_process_harden(void)
{
    struct rlimit limit;
    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < MAX_FDS ? limit.rlim_max : MAX_FDS;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    limit = (struct rlimit){0};
    (void)setrlimit(RLIMIT_CORE, &limit);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef PROA_DEBUG
    /* Sanitizers look at the process from a thread of their own and need this permission. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
