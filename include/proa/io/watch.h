/*
 * Watches folders: tells that something in one of them may have changed, not what.
 *
 * I/O half. Handle type. Folders and not files, because a file that is replaced (by an editor, by
 * the kubelet's `..data` link) takes its watch along into the grave. Where the kernel or the file
 * system cannot watch, nothing is told: look from time to time as well.
 */
#ifndef PROA_IO_WATCH_H
#define PROA_IO_WATCH_H

#include "proa/io/loop.h"

/* Further folders are not watched. */
enum { PROA_WATCH_MAX = 64 };

struct proa_watch;

/* fn(ctx) comes on the loop thread, often several times for one change. Watches nothing yet, and
 * does not keep the loop running. */
struct proa_watch *proa_watch_create(struct proa_loop *loop, void (*fn)(void *ctx), void *ctx);
/* Watches exactly these folders from now on; a folder that stays is watched without a gap. Returns
 * how many of them are watched. The paths are borrowed for the call. */
size_t proa_watch_set(struct proa_watch *watch, const char *const *dirs, size_t n);
/* No call comes after this. NULL is fine. */
void proa_watch_destroy(struct proa_watch *watch);

#endif
