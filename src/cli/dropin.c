/*
 * `proa env`: the variables by which SDKs find the sidecar, as they read them. Only what is served
 * is printed: a variable for a protocol that is not spoken would break an application that works.
 */
#include "place_priv.h"

#include <stdio.h>
#include <sysexits.h>

enum shell { SHELL_BASH = 0, SHELL_FISH, SHELL_DOTENV, SHELL_K8S };

/* The OpenAI SDKs and the AI SDK's OpenAI provider; older clients of that API; LiteLLM; what a
 * program hands to the AI SDK's createGateway(), which reads no variable itself; and Anthropic's
 * SDKs, which put /v1 behind it themselves. */
static const struct {
    const char *name;
    const char *path;
} BASE_URLS[] = {
    {"OPENAI_BASE_URL", "/v1"},
    {"OPENAI_API_BASE", "/v1"},
    {"VERCEL_AI_GATEWAY_API_BASE", "/v1"},
    {"AI_GATEWAY_BASE_URL", "/v4/ai"},
    {"ANTHROPIC_BASE_URL", ""},
};

static enum shell shell_of(const char *name)
{
    return !name                         ? SHELL_BASH
           : strcmp(name, "fish") == 0   ? SHELL_FISH
           : strcmp(name, "dotenv") == 0 ? SHELL_DOTENV
           : strcmp(name, "k8s") == 0    ? SHELL_K8S
                                         : SHELL_BASH;
}

static void print(struct proa_cli_out *out, enum shell shell, const char *name, const char *value)
{
    switch (shell) {
    case SHELL_BASH:
        proa_cli_out_printf(out, "export %s='%s'\n", name, value);
        break;
    case SHELL_FISH:
        proa_cli_out_printf(out, "set -gx %s '%s'\n", name, value);
        break;
    case SHELL_DOTENV:
        proa_cli_out_printf(out, "%s=%s\n", name, value);
        break;
    case SHELL_K8S:
        proa_cli_out_printf(out, "- name: %s\n  value: \"%s\"\n", name, value);
        break;
    }
}

int proa_cli_dropin(struct proa_cli *cli)
{
    struct proa_cli_place place;
    int code = EX_OK;
    if (!proa_cli_place_find(cli, PROA_CLI_PLACE_DATA, "listen", true, &place, &code)) {
        return code;
    }
    if (place.is_unix) {
        return proa_cli_fail(cli, EX_CONFIG,
                             "%s: a base URL cannot name a unix socket; add a TCP address to "
                             "listen.data",
                             place.text);
    }
    struct proa_slice host;
    uint16_t port = 0;
    /* Whatever is no part of an address must not reach a shell's eval. */
    if (!proa_cli_place_split(proa_slice_cstr(place.text), &host, &port) ||
        strpbrk(place.text, "'\"\\$`\n\r\t ;&|<>")) {
        return proa_cli_fail(cli, EX_CONFIG, "the address is not HOST:PORT");
    }
    const enum shell shell = shell_of(proa_cli_args_value(cli->args, "shell"));
    for (size_t i = 0; i < PROA_ARRAY_LEN(BASE_URLS); i++) {
        char url[sizeof place.text + 16];
        (void)snprintf(url, sizeof url, "%s://%s%s", place.tls ? "https" : "http", place.text,
                       BASE_URLS[i].path);
        print(&cli->out, shell, BASE_URLS[i].name, url);
    }
    proa_cli_out_printf(&cli->out, "# SDKs also want a key; any text will do as OPENAI_API_KEY or "
                                   "ANTHROPIC_API_KEY, because Proa uses its own.\n");
    return EX_OK;
}
