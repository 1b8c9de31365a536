/*
 * `proa run`: the command line becomes sources of the application, and once it listens, a person
 * is told how to use it.
 */
#include "command_priv.h"

#include "proa/app/app.h"
#include "proa/io/sock.h"
#include "proa/mock/recipe.h"

#include <sysexits.h>
#include <unistd.h>

enum { PATHS_MAX = 64, LISTEN_MAX = 8, NAMES_SHOWN = 12 };

/* ---- the banner ------------------------------------------------------------------------------ */

static bool is_unix(const char *address)
{
    return strncmp(address, "unix:", 5) == 0;
}

/* A model name that leads somewhere, for the example. */
static void example_model(struct proa_cli_out *out, const struct proa_snapshot *s, bool mock)
{
    if (mock) {
        proa_cli_out_printf(out, "demo");
        return;
    }
    for (size_t i = 0; i < s->n_configured_routes; i++) {
        const struct proa_slice name = s->routes[i].name;
        if (proa_slice_find(name, '*') == name.len && proa_slice_find(name, '?') == name.len) {
            proa_cli_out_printf(out, "%" PROA_SLICE_FMT, PROA_SLICE_ARG(name));
            return;
        }
    }
    if (s->n_providers > 0) {
        proa_cli_out_printf(out, "%" PROA_SLICE_FMT "/MODEL", PROA_SLICE_ARG(s->providers[0].name));
        return;
    }
    proa_cli_out_printf(out, "MODEL");
}

static void print_curl(struct proa_cli_out *out, const struct proa_app_ready *ready)
{
    const char *scheme = ready->snapshot->cfg->listen.tls_cert_file.len > 0 ? "https" : "http";
    const char *address = ready->data[0];
    if (is_unix(address)) {
        proa_cli_out_printf(out,
                            "  curl -si --unix-socket %s %s://localhost/v1/chat/completions \\\n",
                            address + 5, scheme);
    } else {
        proa_cli_out_printf(out, "  curl -si %s://%s/v1/chat/completions \\\n", scheme, address);
    }
    proa_cli_out_printf(out, "    -H 'content-type: application/json' \\\n    -d '{\"model\":\"");
    example_model(out, ready->snapshot, ready->mock != NULL);
    proa_cli_out_printf(out, "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}'\n");
}

static void print_names(struct proa_cli_out *out, const struct proa_snapshot *s)
{
    proa_cli_out_printf(out, "  providers        ");
    for (size_t i = 0; i < s->n_providers && i < NAMES_SHOWN; i++) {
        proa_cli_out_printf(out, "%s%" PROA_SLICE_FMT, i > 0 ? ", " : "",
                            PROA_SLICE_ARG(s->providers[i].name));
    }
    if (s->n_providers > NAMES_SHOWN) {
        proa_cli_out_printf(out, ", and %zu more", s->n_providers - NAMES_SHOWN);
    }
    proa_cli_out_printf(out, "%s\n",
                        s->n_providers == 0 ? "none: set OPENAI_API_KEY or another "
                                              "vendor's key, or write a "
                                              "configuration with \"proa init\""
                                            : "");
    if (s->n_configured_routes > 0) {
        proa_cli_out_printf(out, "  routes           ");
        for (size_t i = 0; i < s->n_configured_routes && i < NAMES_SHOWN; i++) {
            proa_cli_out_printf(out, "%s%" PROA_SLICE_FMT, i > 0 ? ", " : "",
                                PROA_SLICE_ARG(s->routes[i].name));
        }
        if (s->n_configured_routes > NAMES_SHOWN) {
            proa_cli_out_printf(out, ", and %zu more", s->n_configured_routes - NAMES_SHOWN);
        }
        proa_cli_out_printf(out, "\n");
    }
}

static void on_ready(void *ctx, const struct proa_app_ready *ready)
{
    struct proa_cli *cli = ctx;
    struct proa_cli_out *out = &cli->err;
    const char *scheme = ready->snapshot->cfg->listen.tls_cert_file.len > 0 ? "https" : "http";
    if (ready->n_data == 0 || !(ready->mock || isatty(STDERR_FILENO) == 1)) {
        return;
    }
    proa_cli_out_printf(out, "\n%sProa is ready.%s\n", proa_cli_bold(out), proa_cli_plain(out));
    for (size_t i = 0; i < ready->n_data; i++) {
        if (is_unix(ready->data[i])) {
            proa_cli_out_printf(out, "  unix socket      %s\n", ready->data[i] + 5);
        } else {
            proa_cli_out_printf(out, "  OpenAI base URL  %s://%s/v1\n", scheme, ready->data[i]);
        }
    }
    if (ready->ops && !is_unix(ready->ops)) {
        proa_cli_out_printf(out, "  health, metrics  http://%s/readyz  http://%s/metrics\n",
                            ready->ops, ready->ops);
    }
    print_names(out, ready->snapshot);
    proa_cli_out_printf(out, "\n%s\n",
                        ready->mock
                            ? "Try it: the first target of \"demo\" fails, and x-proa-trail "
                              "shows how the second one answers."
                            : "Try it:");
    print_curl(out, ready);
    if (ready->mock) {
        proa_cli_out_printf(out,
                            "The mock answers to any model's name, also to one that no provider "
                            "has.\n");
    }
    proa_cli_out_printf(out, "\n");
    (void)proa_cli_out_flush(out);
}

/* ---- the command line ------------------------------------------------------------------------ */

/* All of --listen as one list, "a,b"; false after a message. */
static bool listen_list(struct proa_cli *cli, struct proa_buf *out, int *code)
{
    const char *texts[LISTEN_MAX + 1];
    const size_t n = proa_cli_args_values(cli->args, "listen", texts, PROA_ARRAY_LEN(texts));
    if (n > LISTEN_MAX) {
        *code = proa_cli_usage(cli, "more than %d --listen", LISTEN_MAX);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct proa_addr addr;
        char shown[PROA_CLI_SHOWN_MAX];
        if (strchr(texts[i], ',') || proa_addr_parse(proa_slice_cstr(texts[i]), &addr) != PROA_OK) {
            *code = proa_cli_usage(cli,
                                   "--listen cannot be \"%s\"; write HOST:PORT, [IPv6]:PORT or "
                                   "unix:/path, with a numeric address",
                                   proa_cli_shown(shown, proa_slice_cstr(texts[i])));
            return false;
        }
        if (i > 0) {
            (void)proa_buf_append_byte(out, ',');
        }
        (void)proa_buf_append_cstr(out, texts[i]);
    }
    return true;
}

static bool check_fault(struct proa_cli *cli, const char *text, int *code)
{
    struct proa_mock_recipe recipe;
    struct proa_mock_recipe_fault fault = {0};
    if (!text) {
        return true;
    }
    if (!proa_cli_args_has(cli->args, "mock")) {
        *code = proa_cli_usage(cli, "--mock-fault has no effect without --mock");
        return false;
    }
    if (proa_mock_recipe_parse(proa_slice_cstr(text), &recipe, &fault) != PROA_OK) {
        *code =
            proa_cli_usage(cli, "--mock-fault: %s, at character %zu", fault.message, fault.at + 1);
        return false;
    }
    return true;
}

int proa_cli_run(struct proa_cli *cli)
{
    const struct proa_cli_args *args = cli->args;
    const char *paths[PATHS_MAX];
    struct proa_config_flag flags[3];
    struct proa_buf listen;
    int code = EX_OK;
    size_t n_paths = proa_cli_args_values(args, "config", paths, PATHS_MAX);
    size_t n_flags = 0;
    const char *fault = proa_cli_args_value(args, "mock-fault");
    const char *level = proa_cli_args_value(args, "log-level");
    const char *format = proa_cli_args_value(args, "log-format");
    proa_buf_init(&listen, 4096);
    if (!listen_list(cli, &listen, &code) || !check_fault(cli, fault, &code)) {
        proa_buf_deinit(&listen);
        return code;
    }
    if (n_paths == 0 && proa_cli_env("PROA_CONFIG")) {
        paths[n_paths++] = proa_cli_env("PROA_CONFIG");
    }
    if (listen.len > 0) {
        flags[n_flags++] =
            (struct proa_config_flag){"--listen", "listen.data", proa_buf_slice(&listen)};
    }
    if (level) {
        flags[n_flags++] =
            (struct proa_config_flag){"--log-level", "log.level", proa_slice_cstr(level)};
    }
    if (format) {
        flags[n_flags++] =
            (struct proa_config_flag){"--log-format", "log.format", proa_slice_cstr(format)};
    }
    const struct proa_app_options options = {
        .sources = {.paths = paths,
                    .n_paths = n_paths,
                    .flags = flags,
                    .n_flags = n_flags,
                    .mock = proa_cli_args_has(args, "mock")},
        .mock_fault = proa_slice_cstr(fault),
        .on_ready = on_ready,
        .ctx = cli,
    };
    code = proa_app_run(&options);
    proa_buf_deinit(&listen);
    return code;
}
