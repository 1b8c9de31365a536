/*
 * Small files and process facts. Blocking: for start-up, reload on the thread pool, and the CLI.
 *
 * I/O half.
 */
#ifndef PROA_IO_FILE_H
#define PROA_IO_FILE_H

#include "proa/core/buf.h"

/* Whole file into out (its max is the size limit). ERR_NOT_FOUND, ERR_PERMISSION, ERR_LIMIT,
 * ERR_IO. */
enum proa_err proa_file_read(const char *path, struct proa_buf *out) PROA_MUST_CHECK;
/* A file with secrets: as above, and ERR_PERMISSION when group or others may read it, unless it
 * belongs to root and is read-only (a mounted Kubernetes secret). */
enum proa_err proa_file_read_secret(const char *path, struct proa_buf *out) PROA_MUST_CHECK;
bool proa_file_is_dir(const char *path);
/* A number that is another one when the file was replaced or written to, or came or went: of its
 * identity, size and times, mixed with `seed`. Nothing of its content is read. */
uint64_t proa_file_signature(const char *path, uint64_t seed);
/* Names in a folder that end in `suffix`, sorted, without dot files; fn gets each full path. */
enum proa_err proa_file_list(const char *dir, struct proa_slice suffix,
                             void (*fn)(void *ctx, const char *path), void *ctx) PROA_MUST_CHECK;

struct proa_process_stats {
    uint64_t cpu_ns;
    uint64_t rss_bytes;
    uint64_t open_fds;
    uint64_t max_fds;
    uint64_t start_unix_ms;
};
void proa_process_stats(struct proa_process_stats *out);
/* Bytes of memory this process may use: the smallest limit of its cgroups (version 1 or 2), or the
 * machine's memory. */
uint64_t proa_memory_limit(void);
/* Random bytes from the kernel, for seeds. Never fails. */
void proa_process_random(void *out, size_t n);
/* Raises RLIMIT_NOFILE's soft limit to the hard one; no core files; not dumpable. SIGPIPE ignored.
 */
void proa_process_harden(void);

#endif
