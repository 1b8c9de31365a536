/*
 * Batched log sink: access lines collect in memory and go out in one write per 64 KiB or 100 ms,
 * so that a request costs no syscall for its log line.
 *
 * I/O half. Handle type. A sink that cannot be written to (pipe full) keeps at most 1 MiB and then
 * drops whole lines, counted. Lifecycle messages (is_access = false) go out at once, in order.
 */
#ifndef PROA_IO_LOGSINK_H
#define PROA_IO_LOGSINK_H

#include "proa/io/loop.h"

struct proa_logsink;

/* fd is borrowed (1 or 2, or a file's). */
struct proa_logsink *proa_logsink_create(struct proa_loop *loop, int fd);
/* Writes what is left (blocking, at most 1 s), then releases. */
void proa_logsink_destroy(struct proa_logsink *sink);
/* One whole line with its newline. The signature fits proa/obs/log.h's sink. */
void proa_logsink_write(void *sink, struct proa_slice line, bool is_access);
uint64_t proa_logsink_dropped(const struct proa_logsink *sink);

#endif
