#include "process_priv.h"

#include "proa/core/buf.h"
#include "proa/io/file.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CMDLINE_MAX = 64 * 1024, PATH_TEXT_MAX = 64 };

bool proa_cli_process_is_run(struct proa_slice cmdline)
{
    struct proa_slice program = proa_slice_split(cmdline, '\0', &cmdline);
    for (size_t slash = proa_slice_find(program, '/'); slash < program.len;
         slash = proa_slice_find(program, '/')) {
        program = proa_slice_from(program, slash + 1);
    }
    if (!proa_slice_eq(program, PROA_SLICE("proa"))) {
        return false;
    }
    /* The first word that is no flag is the command: flags before it take no separate value but
     * --color, whose values are no command. */
    while (cmdline.len > 0) {
        const struct proa_slice word = proa_slice_split(cmdline, '\0', &cmdline);
        if (proa_slice_eq(word, PROA_SLICE("run"))) {
            return true;
        }
        if (!proa_slice_starts(word, PROA_SLICE("-")) && !proa_slice_eq(word, PROA_SLICE("auto")) &&
            !proa_slice_eq(word, PROA_SLICE("always")) &&
            !proa_slice_eq(word, PROA_SLICE("never"))) {
            return false;
        }
    }
    return false;
}

bool proa_cli_process_check(pid_t pid)
{
    char path[PATH_TEXT_MAX];
    struct proa_buf cmdline;
    proa_buf_init(&cmdline, CMDLINE_MAX);
    (void)snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    const bool is = proa_file_read(path, &cmdline) == PROA_OK &&
                    proa_cli_process_is_run(proa_buf_slice(&cmdline));
    proa_buf_deinit(&cmdline);
    return is;
}

/* The folder of a process belongs to its effective user, also when the process is not dumpable. */
static bool is_ours(pid_t pid)
{
    char path[PATH_TEXT_MAX];
    struct stat facts;
    (void)snprintf(path, sizeof path, "/proc/%ld", (long)pid);
    return stat(path, &facts) == 0 && facts.st_uid == geteuid();
}

size_t proa_cli_process_find(pid_t *pids, size_t cap)
{
    size_t n = 0;
    if (proa_cli_process_check(1)) {
        pids[n++] = 1;
        return n;
    }
    DIR *proc = opendir("/proc");
    if (!proc) {
        return 0;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
    for (const struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
        uint64_t pid = 0;
        if (proa_slice_to_u64(proa_slice_cstr(entry->d_name), &pid) != PROA_OK || pid > INT32_MAX ||
            (pid_t)pid == getpid() || !is_ours((pid_t)pid) || !proa_cli_process_check((pid_t)pid)) {
            continue;
        }
        if (n < cap) {
            pids[n] = (pid_t)pid;
        }
        n++;
    }
    (void)closedir(proc);
    return n;
}
