/*
 * `proa healthcheck`: one GET to the ops listener. The answer decides the exit code alone; its body
 * is shown when it says no.
 */
#include "ask_priv.h"

#include "proa/config/quantity.h"
#include "proa/core/clock.h"

#include <sysexits.h>

enum { BODY_SHOWN = 200 };

static const uint64_t TIMEOUT_NS = 2 * PROA_NS_PER_S;

static int verdict(struct proa_cli *cli, const struct proa_cli_answer *a, const char *address,
                   const char *path)
{
    const bool quiet = proa_cli_args_has(cli->args, "quiet");
    if (a->complete && a->status >= 200 && a->status < 300) {
        if (!quiet) {
            proa_cli_out_printf(&cli->out, "ok\n");
        }
        return EX_OK;
    }
    if (quiet) {
        return 1;
    }
    return proa_cli_answer_failed(cli, a, address, path);
}

int proa_cli_healthcheck(struct proa_cli *cli)
{
    const struct proa_cli_args *args = cli->args;
    const char *text = proa_cli_args_value(args, "timeout");
    const bool live = proa_cli_args_has(args, "live");
    const bool ready = proa_cli_args_has(args, "ready");
    const bool startup = proa_cli_args_has(args, "startup");
    const char *path = live ? "/livez" : startup ? "/startupz" : "/readyz";
    uint64_t timeout_ns = TIMEOUT_NS;
    struct proa_cli_place place;
    int code = EX_OK;
    if ((int)live + (int)ready + (int)startup > 1) {
        return proa_cli_usage(cli, "--live, --ready and --startup exclude one another");
    }
    if (text && (proa_quantity_duration(proa_slice_cstr(text), &timeout_ns) != PROA_OK ||
                 timeout_ns == 0)) {
        char shown[PROA_CLI_SHOWN_MAX];
        return proa_cli_usage(cli, "--timeout cannot be \"%s\"; write a time such as 500ms or 2s",
                              proa_cli_shown(shown, proa_slice_cstr(text)));
    }
    if (!proa_cli_place_find(cli, PROA_CLI_PLACE_OPS, "ops", false, &place, &code)) {
        return code;
    }
    struct proa_cli_answer answer = {0};
    proa_cli_answer_init(&answer, BODY_SHOWN);
    proa_cli_ask(&place, path, timeout_ns, &answer);
    code = verdict(cli, &answer, place.text, path);
    proa_cli_answer_deinit(&answer);
    return code;
}
