/*
 * The running `proa run` among the processes of this machine. Private to the module.
 */
#ifndef PROA_CLI_PROCESS_PRIV_H
#define PROA_CLI_PROCESS_PRIV_H

#include "proa/core/slice.h"

#include <sys/types.h>

/* Is this the argument list (NUL-separated, as in /proc/PID/cmdline) of a `proa run`? */
bool proa_cli_process_is_run(struct proa_slice cmdline);

/*
 * Process 1 where it is a `proa run`, as in a container; else those of this user, at most `cap`
 * into `pids`. Returns how many there are.
 */
size_t proa_cli_process_find(pid_t *pids, size_t cap);
/* Is this process a `proa run`? */
bool proa_cli_process_check(pid_t pid);

#endif
