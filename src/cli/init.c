/*
 * `proa init`: a file to start from. What it says must hold for `proa validate`, so it switches on
 * only what needs nothing more, or what the person is told to set.
 */
#include "command_priv.h"

#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

enum { TEXT_MAX = 64 * 1024, NAME_COLUMN = 12 };

static const char HEAD[] =
    "# Configuration of Proa. Check it with \"proa validate proa.yaml\", start it with\n"
    "# \"proa run --config proa.yaml\". All settings: \"proa schema --reference\".\n"
    "#\n"
    "# For completion in an editor, save the output of \"proa schema\" as proa.schema.json and "
    "make\n"
    "# this the first line:  # yaml-language-server: $schema=proa.schema.json\n"
    "apiVersion: proa/v1\n"
    "\n"
    "# Where Proa listens. The application talks to `data`; probes and Prometheus to `ops`.\n"
    "listen:\n"
    "  data: 127.0.0.1:4600            # or unix:/run/proa/proa.sock, or a list of both\n"
    "  ops: 127.0.0.1:4601             # /livez /readyz /startupz /metrics\n"
    "  admin: 127.0.0.1:4602\n"
    "\n"
    "# Vendor accounts. Keys are named, never written here: an environment variable, or a file "
    "that\n"
    "# only its owner may read. Several keys share the load by weight; keys with the same\n"
    "# quota_group share one organisation's limits.\n"
    "providers:\n";

static const char EXAMPLES[] =
    "  # Clouds, by credentials of their own:\n"
    "  # bedrock: {region: us-east-1, keys: [{aws: {}}]}      # as AWS's own programs find them\n"
    "  # vertex:\n"
    "  #   project: my-project\n"
    "  #   keys: [{google: {service_account_file: /run/proa/keys/account.json}}]\n"
    "  # azure: {resource: my-resource, keys: [{env: AZURE_OPENAI_API_KEY}]}\n"
    "  # Two keys of one vendor:\n"
    "  # openai:\n"
    "  #   keys:\n"
    "  #     - {env: OPENAI_API_KEY, quota_group: org-a}\n"
    "  #     - {file: /run/proa/keys/openai-b, quota_group: org-b, weight: 2}\n"
    "  # A server of your own; it needs no key:\n"
    "  # local: {dialect: openai, base_url: \"http://127.0.0.1:8000/v1\"}\n";

static const char POLICIES[] =
    "\n"
    "# Named settings for retries and timeouts; routes refer to them by name.\n"
    "policies:\n"
    "  - name: chat\n"
    "    retry: {max_attempts: 3}       # in total, the first one included\n"
    "    timeouts:\n"
    "      connect: 2s\n"
    "      first_content: 20s           # of a stream: no content by then, and the next target is "
    "tried\n"
    "      idle: 20s                    # of a stream: between two pieces of content\n"
    "      total: 60s                   # a whole answer\n"
    "\n"
    "# Names the application asks for. Tiers are tried in order; targets inside a tier share the "
    "load\n"
    "# by weight. Without a route, \"provider/model\" goes straight to that provider.\n"
    "routes:\n"
    "  - model: assistant               # globs are allowed: \"gpt-*\"\n"
    "    policy: chat\n"
    "    tiers:\n";

static const char TAIL[] = "\n"
                           "# What one client may cost; the defaults suit a sidecar.\n"
                           "# limits:\n"
                           "#   body: 32MiB\n"
                           "#   connections: 1024\n"
                           "#   drain: 85s                     # after SIGTERM\n"
                           "\n"
                           "# log: {format: auto, level: info, access: true}\n";

/* Vendors that can be used, with a variable for the key. */
static bool is_usable(const struct proa_vendor *vendor)
{
    return vendor->key_env[0] && vendor->base_url.len > 0 && proa_dialect_find(vendor->dialect);
}

/* The variable that holds a key right now, or NULL. */
static const char *key_in_environment(const struct proa_vendor *vendor)
{
    for (const char *const *name = vendor->key_env; *name; name++) {
        if (proa_cli_env(*name)) {
            return *name;
        }
    }
    return NULL;
}

static void vendor_line(struct proa_buf *out, const struct proa_vendor *vendor, bool on,
                        const char *variable)
{
    (void)proa_buf_append_printf(out, "  %s%" PROA_SLICE_FMT ": {keys: [{env: %s}]}\n",
                                 on ? "" : "# ", PROA_SLICE_ARG(vendor->name), variable);
}

/* Writes the providers; the names of those switched on, at most `cap`, go to `on`. */
static size_t write_providers(struct proa_buf *out, const struct proa_vendor **on, size_t cap)
{
    size_t n = 0;
    size_t n_on = 0;
    const struct proa_vendor *vendors = proa_vendors(&n);
    for (size_t i = 0; i < n; i++) {
        const char *variable = key_in_environment(&vendors[i]);
        if (is_usable(&vendors[i]) && variable && n_on < cap) {
            vendor_line(out, &vendors[i], true, variable);
            on[n_on++] = &vendors[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct proa_vendor *vendor = &vendors[i];
        if (is_usable(vendor) && !key_in_environment(vendor)) {
            const bool first = n_on == 0;
            vendor_line(out, vendor, first, vendor->key_env[0]);
            if (first) {
                on[n_on++] = vendor;
            }
        }
    }
    (void)proa_buf_append_cstr(out, EXAMPLES);
    return n_on;
}

/* Two models that a vendor has at the time of writing: to begin with, and what takes over when that
 * one fails and there is no other vendor. */
static const struct start {
    struct proa_slice vendor;
    const char *first;
    const char *second;
} STARTS[] = {
    {PROA_SLICE_INIT("openai"), "gpt-5.5", "gpt-5.4-mini"},
    {PROA_SLICE_INIT("anthropic"), "claude-sonnet-5", "claude-haiku-4-5"},
    {PROA_SLICE_INIT("gemini"), "gemini-3.6-flash", "gemini-2.5-flash"},
    {PROA_SLICE_INIT("cohere"), "command-a-03-2025", "command-r7b-12-2024"},
    {PROA_SLICE_INIT("xai"), "grok-4.5", "grok-4.3"},
    {PROA_SLICE_INIT("mistral"), "mistral-medium-latest", "mistral-small-latest"},
    {PROA_SLICE_INIT("deepseek"), "deepseek-v4-pro", "deepseek-v4-flash"},
    {PROA_SLICE_INIT("groq"), "llama-3.3-70b-versatile", "llama-3.1-8b-instant"},
    {PROA_SLICE_INIT("together"), "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-V3.1"},
    {PROA_SLICE_INIT("fireworks"), "accounts/fireworks/models/gpt-oss-120b",
     "accounts/fireworks/models/gpt-oss-20b"},
    {PROA_SLICE_INIT("perplexity"), "sonar-pro", "sonar"},
    {PROA_SLICE_INIT("cerebras"), "gpt-oss-120b", "zai-glm-4.7"},
    {PROA_SLICE_INIT("openrouter"), "openai/gpt-5.5", "anthropic/claude-sonnet-5"},
};

static const struct start *start_of(const struct proa_vendor *vendor)
{
    static const struct start none = {PROA_SLICE_INIT(""), "MODEL", "OTHER-MODEL"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(STARTS); i++) {
        if (proa_slice_eq(STARTS[i].vendor, vendor->name)) {
            return &STARTS[i];
        }
    }
    return &none;
}

static void write_routes(struct proa_buf *out, const struct proa_vendor *const *on, size_t n_on)
{
    for (size_t i = 0; i < n_on; i++) {
        (void)proa_buf_append_printf(out, "      - [{model: %" PROA_SLICE_FMT "/%s%s}]\n",
                                     PROA_SLICE_ARG(on[i]->name), start_of(on[i])->first,
                                     i > 0 ? ", substitute: true" : "");
    }
    if (n_on == 1) {
        (void)proa_buf_append_printf(out,
                                     "      - [{model: %" PROA_SLICE_FMT
                                     "/%s, substitute: true}]   # better: another vendor\n",
                                     PROA_SLICE_ARG(on[0]->name), start_of(on[0])->second);
    }
}

static bool write_file(struct proa_cli *cli, const char *path, struct proa_slice text, int *code)
{
    char shown[PROA_CLI_SHOWN_MAX];
    char reason[128];
    const bool force = proa_cli_args_has(cli->args, "force");
    const int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (force ? O_TRUNC : O_EXCL), 0644);
    (void)proa_cli_shown(shown, proa_slice_cstr(path));
    if (fd < 0) {
        const int error = errno;
        *code = error == EEXIST
                    ? proa_cli_fail(cli, EX_CANTCREAT,
                                    "%s is there already; --force replaces it, --output FILE "
                                    "writes elsewhere",
                                    shown)
                    : proa_cli_fail(
                          cli, error == EACCES || error == EPERM ? EX_NOPERM : EX_CANTCREAT,
                          "cannot create %s: %s", shown, strerror_r(error, reason, sizeof reason));
        return false;
    }
    const bool written = proa_cli_write_all(fd, text);
    const int error = errno;
    const bool closed = close(fd) == 0;
    if (!written || !closed) {
        (void)unlink(path); /* half a configuration is worse than none */
        *code = proa_cli_fail(cli, EX_IOERR, "cannot write %s: %s", shown,
                              strerror_r(written ? errno : error, reason, sizeof reason));
        return false;
    }
    return true;
}

static void say_next(struct proa_cli *cli, const char *path, const struct proa_vendor *first)
{
    char shown[PROA_CLI_SHOWN_MAX];
    (void)proa_cli_shown(shown, proa_slice_cstr(path));
    proa_cli_out_printf(&cli->out, "%s is written.", shown);
    if (!key_in_environment(first)) {
        proa_cli_out_printf(&cli->out, " Set %s, or switch on another provider.",
                            first->key_env[0]);
    }
    proa_cli_out_printf(&cli->out,
                        "\n\n  proa validate %s\n  proa run --config %s\n"
                        "  eval \"$(proa env)\"   # where the application runs\n",
                        shown, shown);
}

int proa_cli_init(struct proa_cli *cli)
{
    const struct proa_vendor *on[4] = {NULL};
    const char *path = proa_cli_args_value(cli->args, "output");
    struct proa_buf text;
    int code = EX_OK;
    path = path ? path : "proa.yaml";
    proa_buf_init(&text, TEXT_MAX);
    (void)proa_buf_append_cstr(&text, HEAD);
    const size_t n_on = write_providers(&text, on, PROA_ARRAY_LEN(on));
    (void)proa_buf_append_cstr(&text, POLICIES);
    write_routes(&text, on, n_on);
    (void)proa_buf_append_cstr(&text, TAIL);
    if (strcmp(path, "-") == 0) {
        proa_cli_out_slice(&cli->out, proa_buf_slice(&text));
    } else if (write_file(cli, path, proa_buf_slice(&text), &code) && n_on > 0 &&
               !proa_cli_args_has(cli->args, "quiet")) {
        say_next(cli, path, on[0]);
    }
    proa_buf_deinit(&text);
    return code;
}
