/*
 * `proa mock`: the mock upstream as a process of its own.
 */
#include "proa/mock/mock.h"

#include "command_priv.h"

#include "proa/config/quantity.h"
#include "proa/io/file.h"

#include <signal.h>
#include <sysexits.h>

enum { JWT_KEY_MAX = 16 * 1024, ERRORS_MAX = 4096 };

/* Paths by which providers are played, with where their own begin. */
static const struct {
    const char *path;
    const char *about;
} PROFILES[] = {
    {"/v1", "any OpenAI-shaped service; no key is needed"},
    {"/openai/v1", "OpenAI; also POST /openai/oauth/token"},
    {"/azure/openai", "Azure OpenAI: deployments/{name}?api-version=..., and v1"},
    {"/anthropic/v1", "Anthropic's messages; also POST oauth/token"},
    {"/gemini/v1beta", "Gemini: models/{model}:generateContent, and openai"},
    {"/vertex/v1",
     "Vertex AI: projects/{p}/locations/{l}/publishers/google/..., anthropic/..., and "
     "endpoints/openapi; wants a token of /google/token"},
    {"/bedrock",
     "Bedrock: model/{id}/converse, converse-stream, invoke, and openai/v1; signed with "
     "SigV4 by any key id with AWS' example secret, or any bearer"},
    {"/mistral/v1, /xai/v1, /groq/openai/v1, /deepseek", "OpenAI's format, each with its own ways"},
    {"/cohere", "Cohere: v2/chat, v2/embed, v2/rerank, and compatibility/v1"},
    {"/vllm/v1, /ollama/v1, /llamacpp/v1", "servers of one's own"},
    {"/openrouter/api/v1, /together/v1, /fireworks/inference/v1", "resellers"},
    {"/perplexity, /cerebras/v1", "others"},
    {"/google/token, /entra/{tenant}/oauth2/v2.0/token, /aws/credentials, /aws/sts",
     "where tokens come from; `expires` says how long they live"},
};

static void explain_profiles(struct proa_cli_out *out)
{
    proa_cli_out_printf(out, "\n%sProviders%s\n", proa_cli_bold(out), proa_cli_plain(out));
    proa_cli_out_printf(
        out, "  A recipe stands ahead of the profile: /error=overloaded/anthropic/v1. A key\n"
             "  that begins with \"bad-key\" is refused, a model that begins with \"unknown\"\n"
             "  is not known. error=NAME answers with a recorded error of the provider.\n\n");
    for (size_t i = 0; i < sizeof PROFILES / sizeof PROFILES[0]; i++) {
        proa_cli_out_printf(out, "  %s\n      ", PROFILES[i].path);
        proa_cli_help_wrap(out, proa_slice_cstr(PROFILES[i].about), 6, 6);
    }
}

static void explain_errors(struct proa_cli_out *out)
{
    struct proa_slice profile;
    proa_cli_out_printf(out, "\n%sRecorded errors%s\n", proa_cli_bold(out), proa_cli_plain(out));
    for (size_t i = 0; (profile = proa_mock_help_profile(i)).len > 0; i++) {
        struct proa_buf names;
        struct proa_slice name;
        proa_buf_init(&names, ERRORS_MAX);
        for (size_t n = 0; (name = proa_mock_help_error(i, n)).len > 0; n++) {
            (void)proa_buf_append_cstr(&names, n > 0 ? ", " : "");
            (void)proa_buf_append(&names, name);
        }
        if (names.len > 0) {
            proa_cli_out_printf(out, "  %-16.*s", (int)profile.len, profile.ptr);
            proa_cli_help_wrap(out, proa_buf_slice(&names), 18, 18);
        }
        proa_buf_deinit(&names);
    }
}

void proa_cli_mock_more(struct proa_cli_out *out)
{
    explain_profiles(out);
    explain_errors(out);
    proa_cli_out_printf(out, "\n%sRecipes%s\n", proa_cli_bold(out), proa_cli_plain(out));
    proa_cli_out_printf(
        out, "  Items are separated by commas, each drawn on its own; settings of one item are\n"
             "  joined by colons. A chance stands before them (p=20%%:cut=100:rst) or behind\n"
             "  them (429:20%%). A number of three digits is a status.\n\n");
    for (int i = 0; i < (int)PROA_MOCK_SETTINGS; i++) {
        const struct proa_slice name = proa_mock_setting_name((enum proa_mock_setting)i);
        const struct proa_slice help = proa_mock_setting_help((enum proa_mock_setting)i);
        proa_cli_out_printf(out, "  %-16.*s", (int)name.len, name.ptr);
        proa_cli_help_wrap(out, help, 18, 18);
    }
}

struct settings {
    struct proa_addr addr;
    struct proa_buf jwt_key;
    struct proa_mock_recipe faults;
    struct proa_mock_cfg cfg;
};

static bool read_jwt_key(struct proa_cli *cli, struct settings *s, int *code)
{
    const char *path = proa_cli_args_value(cli->args, "jwt-key");
    char shown[PROA_CLI_SHOWN_MAX];
    if (!path) {
        return true;
    }
    if (proa_file_read(path, &s->jwt_key) != PROA_OK ||
        !proa_mock_is_jwt_key(proa_buf_slice(&s->jwt_key))) {
        *code =
            proa_cli_usage(cli, "--jwt-key cannot be \"%s\"; it must be a public RSA key as PEM",
                           proa_cli_shown(shown, proa_slice_cstr(path)));
        return false;
    }
    s->cfg.jwt_key = proa_buf_slice(&s->jwt_key);
    return true;
}

static bool read_settings(struct proa_cli *cli, struct settings *s, int *code)
{
    const struct proa_cli_args *args = cli->args;
    const char *listen = proa_cli_args_value(args, "listen");
    const char *fault = proa_cli_args_value(args, "fault");
    const char *pace = proa_cli_args_value(args, "pace");
    const char *seed = proa_cli_args_value(args, "seed");
    char shown[PROA_CLI_SHOWN_MAX];
    struct proa_mock_recipe_fault wrong = {0};
    listen = listen ? listen : "127.0.0.1:4610";
    if (proa_addr_parse(proa_slice_cstr(listen), &s->addr) != PROA_OK) {
        *code = proa_cli_usage(cli,
                               "--listen cannot be \"%s\"; write HOST:PORT, [IPv6]:PORT or "
                               "unix:/path, with a numeric address",
                               proa_cli_shown(shown, proa_slice_cstr(listen)));
        return false;
    }
    if (fault && proa_mock_recipe_parse(proa_slice_cstr(fault), &s->faults, &wrong) != PROA_OK) {
        *code = proa_cli_usage(cli, "--fault: %s, at character %zu", wrong.message, wrong.at + 1);
        return false;
    }
    if (pace && proa_quantity_duration(proa_slice_cstr(pace), &s->cfg.pace_ns) != PROA_OK) {
        *code = proa_cli_usage(cli, "--pace cannot be \"%s\"; write a time such as 20ms",
                               proa_cli_shown(shown, proa_slice_cstr(pace)));
        return false;
    }
    proa_process_random(&s->cfg.seed, sizeof s->cfg.seed);
    if (seed && proa_slice_to_u64(proa_slice_cstr(seed), &s->cfg.seed) != PROA_OK) {
        *code = proa_cli_usage(cli, "--seed cannot be \"%s\"; write a whole number",
                               proa_cli_shown(shown, proa_slice_cstr(seed)));
        return false;
    }
    s->cfg.faults = fault ? &s->faults : NULL;
    return read_jwt_key(cli, s, code);
}

static void explain(struct proa_cli *cli, const char *address)
{
    struct proa_cli_out *out = &cli->out;
    const bool is_unix = strncmp(address, "unix:", 5) == 0;
    proa_cli_out_printf(out, "%sMock upstream on %s%s\n", proa_cli_bold(out), address,
                        proa_cli_plain(out));
    if (is_unix) {
        proa_cli_out_printf(
            out, "\n  curl -si --unix-socket %s http://localhost/v1/chat/completions \\\n",
            address + 5);
    } else {
        proa_cli_out_printf(out,
                            "\nAs a provider in proa.yaml:\n"
                            "  providers:\n"
                            "    mock: {dialect: openai, base_url: \"http://%s/v1\"}\n"
                            "    down: {dialect: openai, base_url: \"http://%s/down/v1\"}\n"
                            "\nDirectly, with a fault for this request alone:\n"
                            "  curl -si http://%s/v1/chat/completions \\\n",
                            address, address, address);
    }
    proa_cli_out_printf(out,
                        "    -H 'content-type: application/json' -H 'x-mock: delay=300ms' \\\n"
                        "    -d '{\"model\":\"echo\",\"messages\":[{\"role\":\"user\",\"content\":"
                        "\"hi\"}]}'\n"
                        "\nRecipes: proa mock --help. Ctrl-C ends it.\n");
    (void)proa_cli_out_flush(out);
}

static void on_signal(void *ctx, int signum)
{
    (void)signum;
    proa_loop_stop(ctx);
}

static int serve(struct proa_cli *cli, const struct settings *s, struct proa_loop *loop,
                 struct proa_mock *mock)
{
    struct proa_addr bound;
    char address[192];
    proa_addr_format(&s->addr, address, sizeof address);
    const enum proa_err err = proa_mock_listen(mock, &s->addr, &bound);
    if (err != PROA_OK) {
        return proa_cli_fail(cli, err == PROA_ERR_PERMISSION ? EX_NOPERM : EX_OSERR,
                             "cannot listen on %s: %s", address, proa_err_text(err));
    }
    if (proa_loop_signal(loop, SIGTERM, on_signal, loop) != PROA_OK ||
        proa_loop_signal(loop, SIGINT, on_signal, loop) != PROA_OK) {
        return proa_cli_fail(cli, EX_OSERR, "cannot wait for signals");
    }
    proa_addr_format(&bound, address, sizeof address);
    if (!proa_cli_args_has(cli->args, "quiet")) {
        explain(cli, address);
    }
    proa_loop_run(loop);
    return EX_OK;
}

int proa_cli_mock(struct proa_cli *cli)
{
    struct settings s = {0};
    int code = EX_OK;
    proa_buf_init(&s.jwt_key, JWT_KEY_MAX);
    if (!read_settings(cli, &s, &code)) {
        proa_buf_deinit(&s.jwt_key);
        return code;
    }
    proa_process_harden();
    struct proa_loop *loop = proa_loop_create();
    struct proa_net *net = proa_net_create(loop);
    struct proa_mock *mock = proa_mock_create(net, &s.cfg);
    proa_buf_deinit(&s.jwt_key);
    code = serve(cli, &s, loop, mock);
    proa_mock_destroy(mock);
    proa_net_destroy(net);
    proa_loop_destroy(loop);
    return code;
}
