/*
 * `proa drain` and `proa reload`: a signal to the running process. A pidfd is taken before the
 * process is looked at, so that a pid that is used again meanwhile is never hit. What came of a
 * reload is read off the process's own counters, where its ops listener answers.
 */
#include "ask_priv.h"
#include "process_priv.h"

#include "proa/app/app.h"
#include "proa/config/quantity.h"
#include "proa/core/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sysexits.h>
#include <unistd.h>

enum { PIDS_SHOWN = 8, METRICS_MAX = 4 * 1024 * 1024, RELOAD_WAIT_MS = 10000, RELOAD_POLL_MS = 50 };

static const uint64_t ASK_NS = 2 * PROA_NS_PER_S;

static bool find_pid(struct proa_cli *cli, pid_t *out, int *code)
{
    const char *text = proa_cli_args_value(cli->args, "pid");
    if (text) {
        uint64_t number = 0;
        char shown[PROA_CLI_SHOWN_MAX];
        if (proa_slice_to_u64(proa_slice_cstr(text), &number) != PROA_OK || number == 0 ||
            number > INT32_MAX) {
            *code = proa_cli_usage(cli, "--pid cannot be \"%s\"; write the number of a process",
                                   proa_cli_shown(shown, proa_slice_cstr(text)));
            return false;
        }
        *out = (pid_t)number;
        return true;
    }
    pid_t pids[PIDS_SHOWN];
    const size_t n = proa_cli_process_find(pids, PIDS_SHOWN);
    if (n == 1) {
        *out = pids[0];
        return true;
    }
    if (n == 0) {
        *code = proa_cli_fail(cli, EX_UNAVAILABLE,
                              "no \"proa run\" of this user is running; name one with --pid");
        return false;
    }
    proa_cli_out_printf(&cli->err, "proa: %zu are running (", n);
    for (size_t i = 0; i < n && i < PIDS_SHOWN; i++) {
        proa_cli_out_printf(&cli->err, "%s%ld", i > 0 ? ", " : "", (long)pids[i]);
    }
    proa_cli_out_printf(&cli->err, "%s); name one with --pid\n", n > PIDS_SHOWN ? ", ..." : "");
    *code = EX_UNAVAILABLE;
    return false;
}

static int refuse(struct proa_cli *cli, pid_t pid, int error)
{
    char reason[128];
    if (error == ESRCH) {
        return proa_cli_fail(cli, EX_UNAVAILABLE, "there is no process %ld", (long)pid);
    }
    return proa_cli_fail(cli, error == EPERM ? EX_NOPERM : EX_OSERR, "process %ld: %s", (long)pid,
                         strerror_r(error, reason, sizeof reason));
}

/* Sends; *fd is the process, or -1 where the kernel or a sandbox has no pidfds. */
static int deliver(struct proa_cli *cli, pid_t pid, int signum, int *fd)
{
    *fd = pidfd_open(pid, 0);
    if (*fd < 0 && errno == ESRCH) {
        return refuse(cli, pid, ESRCH);
    }
    if (!proa_cli_process_check(pid)) {
        return proa_cli_fail(cli, EX_UNAVAILABLE, "process %ld is no \"proa run\"", (long)pid);
    }
    const int sent = *fd >= 0 ? pidfd_send_signal(*fd, signum, NULL, 0) : kill(pid, signum);
    return sent == 0 ? EX_OK : refuse(cli, pid, errno);
}

/* True when the process has ended in time. */
static bool wait_for_end(pid_t pid, int fd, uint64_t ns)
{
    const uint64_t ms = ns / PROA_NS_PER_MS;
    const int limit = ms < INT_MAX ? (int)ms : INT_MAX;
    if (fd >= 0) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        return poll(&poller, 1, limit) == 1;
    }
    for (int waited = 0; waited < limit; waited += 50) {
        if (kill(pid, 0) != 0 && errno == ESRCH) {
            return true;
        }
        (void)poll(NULL, 0, 50);
    }
    return kill(pid, 0) != 0 && errno == ESRCH;
}

/* `does` is what the process does once the signal is there. */
static int tell(struct proa_cli *cli, int signum, const char *does, uint64_t wait_ns)
{
    pid_t pid = 0;
    int fd = -1;
    int code = EX_OK;
    const bool quiet = proa_cli_args_has(cli->args, "quiet");
    if (!find_pid(cli, &pid, &code)) {
        return code;
    }
    code = deliver(cli, pid, signum, &fd);
    if (code == EX_OK && wait_ns > 0) {
        if (!wait_for_end(pid, fd, wait_ns)) {
            code = proa_cli_fail(cli, 1, "process %ld is still draining", (long)pid);
        } else if (!quiet) {
            proa_cli_out_printf(&cli->out, "process %ld has drained and ended\n", (long)pid);
        }
    } else if (code == EX_OK && !quiet) {
        proa_cli_out_printf(&cli->out, "process %ld %s\n", (long)pid, does);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return code;
}

int proa_cli_drain(struct proa_cli *cli)
{
    const char *text = proa_cli_args_value(cli->args, "wait");
    uint64_t wait_ns = 0;
    if (text && proa_quantity_duration(proa_slice_cstr(text), &wait_ns) != PROA_OK) {
        char shown[PROA_CLI_SHOWN_MAX];
        return proa_cli_usage(cli, "--wait cannot be \"%s\"; write a time such as 30s",
                              proa_cli_shown(shown, proa_slice_cstr(text)));
    }
    if (!proa_cli_args_has(cli->args, "notify")) {
        return tell(cli, SIGTERM, "is draining", wait_ns);
    }
    if (text) {
        return proa_cli_usage(cli, "--notify ends nothing, so there is nothing for --wait to see");
    }
    return tell(cli, PROA_APP_SIGNAL_ENDING, "is no longer ready; it serves on until SIGTERM", 0);
}

/* ---- reload ---------------------------------------------------------------------------------- */

/* How often the process has read its configuration, as /metrics tells. */
struct reloads {
    uint64_t ok;
    uint64_t error;
};

/* The value of a series that is written exactly as `series`; 0 when it is not there. */
static uint64_t series_value(struct proa_slice text, struct proa_slice series)
{
    struct proa_slice rest = text;
    while (rest.len > 0) {
        const struct proa_slice line = proa_slice_split(rest, '\n', &rest);
        uint64_t value = 0;
        if (proa_slice_starts(line, series) &&
            proa_slice_to_u64(proa_slice_from(line, series.len), &value) == PROA_OK) {
            return value;
        }
    }
    return 0;
}

static bool count_reloads(const struct proa_cli_place *ops, struct reloads *out)
{
    struct proa_cli_answer answer = {0};
    proa_cli_answer_init(&answer, METRICS_MAX);
    proa_cli_ask(ops, "/metrics", ASK_NS, &answer);
    const bool known = answer.complete && answer.status == 200;
    if (known) {
        const struct proa_slice text = proa_buf_slice(&answer.body);
        out->ok = series_value(text, PROA_SLICE("proa_config_reloads_total{result=\"ok\"} "));
        out->error = series_value(text, PROA_SLICE("proa_config_reloads_total{result=\"error\"} "));
    }
    proa_cli_answer_deinit(&answer);
    return known;
}

/* Waits until one of the counts has grown. */
static int await_outcome(struct proa_cli *cli, pid_t pid, const struct proa_cli_place *ops,
                         const struct reloads *before)
{
    for (int waited = 0; waited < RELOAD_WAIT_MS; waited += RELOAD_POLL_MS) {
        struct reloads now = *before;
        if (count_reloads(ops, &now) && now.error > before->error) {
            return proa_cli_fail(cli, EX_CONFIG,
                                 "process %ld found errors and keeps the configuration it had; "
                                 "\"proa validate\" and its log say what is wrong",
                                 (long)pid);
        }
        if (now.ok > before->ok) {
            if (!proa_cli_args_has(cli->args, "quiet")) {
                proa_cli_out_printf(&cli->out, "process %ld has the new configuration\n",
                                    (long)pid);
            }
            return EX_OK;
        }
        (void)poll(NULL, 0, RELOAD_POLL_MS);
    }
    return proa_cli_fail(cli, 1, "process %ld has not said how it went; see its log", (long)pid);
}

int proa_cli_reload(struct proa_cli *cli)
{
    pid_t pid = 0;
    int fd = -1;
    int code = EX_OK;
    struct proa_cli_place ops;
    struct reloads before = {0};
    if (!find_pid(cli, &pid, &code) ||
        !proa_cli_place_find(cli, PROA_CLI_PLACE_OPS, "ops", false, &ops, &code)) {
        return code;
    }
    const bool told = count_reloads(&ops, &before);
    code = deliver(cli, pid, SIGHUP, &fd);
    if (code == EX_OK && told) {
        code = await_outcome(cli, pid, &ops, &before);
    } else if (code == EX_OK && !proa_cli_args_has(cli->args, "quiet")) {
        proa_cli_out_printf(&cli->out,
                            "process %ld reads its configuration again; nothing answers at %s, so "
                            "its log says how it went\n",
                            (long)pid, ops.text);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return code;
}
