/*
 * The tables: what there is, and what it is called.
 */
#include "command_priv.h"

#define NAMES(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define END_OF_FLAGS                                                                               \
    {                                                                                              \
        .name = NULL                                                                               \
    }
#define CONFIG_FLAG(text)                                                                          \
    {                                                                                              \
        .name = "config", .letter = 'c', .arg = "PATH", .help = (text)                             \
    }
#define QUIET_FLAG(text)                                                                           \
    {                                                                                              \
        .name = "quiet", .letter = 'q', .help = (text)                                             \
    }

const struct proa_cli_flag proa_cli_common_flags[] = {
    {.name = "help", .letter = 'h', .help = "Print this help."},
    {.name = "color",
     .arg = "WHEN",
     .choices = NAMES("auto", "always", "never"),
     .help = "Colour the output: auto (on a terminal, unless NO_COLOR is set), always or never."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag no_flags[] = {END_OF_FLAGS};

static const struct proa_cli_flag program_flags[] = {
    {.name = "version", .letter = 'V', .help = "Print the version."},
    {.name = "verbose", .letter = 'v', .help = "With --version: the libraries' versions, too."},
    END_OF_FLAGS,
};

const struct proa_cli_command proa_cli_program = {
    .name = "proa",
    .brief = "a resilience sidecar for applications that call language models",
    .operands = "COMMAND [ARG...]",
    .flags = program_flags,
};

static const struct proa_cli_flag run_flags[] = {
    CONFIG_FLAG("A configuration file, or a folder of *.yaml files; may be given several times. "
                "Default: $PROA_CONFIG, and without that the providers whose keys are in the "
                "environment."),
    {.name = "listen",
     .arg = "ADDR",
     .help = "Where the application connects to: HOST:PORT, [IPv6]:PORT or unix:/path, port 0 for "
             "a free one. May be given several times. Sets listen.data, 127.0.0.1:4600."},
    {.name = "log-level",
     .arg = "LEVEL",
     .choices = NAMES("error", "warn", "info", "debug", "trace"),
     .help = "How much is logged. Sets log.level."},
    {.name = "log-format",
     .arg = "FORMAT",
     .choices = NAMES("auto", "text", "logfmt", "json"),
     .help = "Shape of the log lines; auto is text on a terminal, else json. Sets log.format."},
    {.name = "mock",
     .help =
         "Add embedded mock providers and two routes: \"demo\", whose first target always "
         "fails, and \"demo-cached\", which keeps answers. Other names are answered by the mock, "
         "whatever they are. No key and no file are needed."},
    {.name = "mock-fault",
     .arg = "RECIPE",
     .help = "What goes wrong in the embedded mock; see \"proa mock --help\"."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag validate_flags[] = {
    CONFIG_FLAG("The same as an operand."),
    {.name = "output",
     .arg = "FORMAT",
     .choices = NAMES("text", "json"),
     .help = "text: file:line:col: error: message, on stderr. json: one document on stdout."},
    QUIET_FLAG("Print nothing when all is well."),
    END_OF_FLAGS,
};

static const struct proa_cli_flag sim_flags[] = {
    {.name = "check",
     .arg = "DIR",
     .help = "Play all scenarios of a folder, one line for each bound; exit 1 when one is not "
             "met."},
    {.name = "policy",
     .arg = "POLICY",
     .help = "Play under this policy instead of the scenario's own: a file, or the name of a "
             "built-in one."},
    {.name = "compare",
     .help = "Play under the scenario's policy, the built-in ones, and strategies known from "
             "elsewhere."},
    {.name = "strategy",
     .arg = "NAME",
     .choices = NAMES("proa", "round_robin", "cooldown", "ejection"),
     .help = "Who decides: proa, or round_robin, cooldown, ejection as others do it."},
    {.name = "case", .arg = "NAME", .help = "Only this case of the scenario."},
    {.name = "seed", .arg = "NUMBER", .help = "One run with this seed."},
    {.name = "seeds", .arg = "NUMBER", .help = "So many runs, each with the next seed."},
    {.name = "json", .help = "Print JSON: every measure, every bound."},
    {.name = "svg", .arg = "FILE", .help = "Draw the first run: states, requests, shares."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag mock_flags[] = {
    {.name = "listen", .arg = "ADDR", .help = "Where to listen; default 127.0.0.1:4610."},
    {.name = "fault", .arg = "RECIPE", .help = "What goes wrong with every answer."},
    {.name = "pace", .arg = "TIME", .help = "Time between two events of a stream, as in 20ms."},
    {.name = "seed", .arg = "NUMBER", .help = "Seed of all chances: the same seed, the same run."},
    {.name = "jwt-key",
     .arg = "FILE",
     .help = "Public RSA key (PEM) that assertions to Google's token endpoint are verified with; "
             "default is that of RFC 7515, A.2."},
    QUIET_FLAG("Do not explain how to use it."),
    END_OF_FLAGS,
};

static const struct proa_cli_flag env_flags[] = {
    {.name = "shell",
     .arg = "SHELL",
     .choices = NAMES("bash", "fish", "dotenv", "k8s"),
     .help = "bash (also sh and zsh), fish, dotenv (NAME=value lines) or k8s (the env list of a "
             "container). Default: bash."},
    {.name = "listen", .arg = "ADDR", .help = "The address that the running proa listens on."},
    CONFIG_FLAG("Take the address from this configuration. Default: $PROA_CONFIG."),
    END_OF_FLAGS,
};

static const struct proa_cli_flag init_flags[] = {
    {.name = "output", .arg = "FILE", .help = "Where to write; default proa.yaml, - is stdout."},
    {.name = "force", .help = "Replace the file if there is one."},
    QUIET_FLAG("Do not say what comes next."),
    END_OF_FLAGS,
};

#define OPS_FLAG                                                                                   \
    {                                                                                              \
        .name = "ops", .arg = "ADDR",                                                              \
        .help = "The ops listener: HOST:PORT or unix:/path. Default: $PROA_LISTEN_OPS, then that " \
                "of the configuration, then 127.0.0.1:4601."                                       \
    }

static const struct proa_cli_flag healthcheck_flags[] = {
    {.name = "live", .help = "Ask /livez, whether the process is alive."},
    {.name = "ready", .help = "Ask /readyz, whether it takes requests; the default."},
    {.name = "startup", .help = "Ask /startupz, whether it has started."},
    OPS_FLAG,
    CONFIG_FLAG("Take the address from this configuration. Default: $PROA_CONFIG."),
    {.name = "timeout", .arg = "TIME", .help = "How long to wait for the answer; default 2s."},
    QUIET_FLAG("Print nothing; the exit code says it."),
    END_OF_FLAGS,
};

#define PID_FLAG                                                                                   \
    {                                                                                              \
        .name = "pid", .arg = "NUMBER",                                                            \
        .help = "The process. Default: process 1 where that is proa, as in a container, else the " \
                "only \"proa run\" of this user."                                                  \
    }

static const struct proa_cli_flag drain_flags[] = {
    PID_FLAG,
    {.name = "wait", .arg = "TIME", .help = "Wait so long for its end; exit 1 if it goes on."},
    {.name = "notify",
     .help = "Only say that the end is near, as a preStop hook does: it stops being ready and "
             "serves on until SIGTERM."},
    QUIET_FLAG("Print nothing but errors."),
    END_OF_FLAGS,
};

static const struct proa_cli_flag reload_flags[] = {
    PID_FLAG,
    OPS_FLAG,
    CONFIG_FLAG("Take the address of the ops listener from this configuration. Default: "
                "$PROA_CONFIG."),
    QUIET_FLAG("Print nothing but errors."),
    END_OF_FLAGS,
};

#define ADMIN_FLAG                                                                                 \
    {                                                                                              \
        .name = "admin", .arg = "ADDR",                                                            \
        .help = "The admin listener: HOST:PORT or unix:/path. Default: $PROA_LISTEN_ADMIN, then "  \
                "that of the configuration, then 127.0.0.1:4602."                                  \
    }

static const struct proa_cli_flag status_flags[] = {
    ADMIN_FLAG,
    CONFIG_FLAG("Take the address from this configuration. Default: $PROA_CONFIG."),
    {.name = "output",
     .arg = "FORMAT",
     .choices = NAMES("text", "json"),
     .help = "text: tables. json: all of it, as GET /admin/state has it; \"proa explain\" reads it "
             "back."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag explain_flags[] = {
    {.name = "stream", .help = "The request is streamed."},
    {.name = "input-tokens", .arg = "N", .help = "About so many tokens go in."},
    {.name = "max-output", .arg = "N", .help = "At most so many tokens come out."},
    {.name = "state",
     .arg = "FILE",
     .help = "Do not ask the running sidecar: take its state from this file, as \"proa status "
             "--output json\" wrote it, and the configuration from --config."},
    ADMIN_FLAG,
    CONFIG_FLAG("The configuration: for the address, or with --state for everything. Default: "
                "$PROA_CONFIG."),
    {.name = "output",
     .arg = "FORMAT",
     .choices = NAMES("text", "json"),
     .help = "json: as GET /admin/explain has it."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag models_flags[] = {
    {.name = "provider", .arg = "NAME", .help = "Only what this vendor or provider offers."},
    {.name = "type", .arg = "TYPE", .help = "Only this type: language, embedding, reranking."},
    {.name = "capability",
     .arg = "NAME",
     .help = "Only models that can do this: tools, vision, reasoning, json_schema, caching, audio. "
             "May be given several times."},
    {.name = "configured", .help = "Only what a configured provider offers."},
    {.name = "refresh",
     .help =
         "Ask the configured providers for their own lists, and tell what is new there, what is "
         "gone, and what has no price."},
    {.name = "json", .help = "Print JSON: every limit, price and name."},
    CONFIG_FLAG("What is configured. Default: $PROA_CONFIG, and without that the providers whose "
                "keys are in the environment."),
    END_OF_FLAGS,
};

static const struct proa_cli_flag cache_flags[] = {
    {.name = "token-file",
     .arg = "FILE",
     .help = "purge: where the token of admin.token stands; the file must not be readable by "
             "others. Default: $PROA_ADMIN_TOKEN is the token."},
    ADMIN_FLAG,
    CONFIG_FLAG("Take the address from this configuration. Default: $PROA_CONFIG."),
    {.name = "output",
     .arg = "FORMAT",
     .choices = NAMES("text", "json"),
     .help = "stats: text, or json as GET /admin/cache has it."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag schema_flags[] = {
    {.name = "policy", .help = "Of policy files instead of the configuration."},
    {.name = "scenario", .help = "Of scenarios for \"proa sim\"; with --reference or --man."},
    {.name = "reference", .help = "Print the reference of all settings, in Markdown."},
    {.name = "man", .help = "Print the manual page proa.yaml(5), in roff."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag version_flags[] = {
    {.name = "verbose", .letter = 'v', .help = "The libraries' versions, too."},
    END_OF_FLAGS,
};

static const struct proa_cli_flag help_flags[] = {
    {.name = "man", .help = "Print the manual page proa(1), in roff."},
    END_OF_FLAGS,
};

const struct proa_cli_command proa_cli_commands[] = {
    {.name = "run",
     .brief = "Start the sidecar",
     .operands = "",
     .about =
         "Serves until SIGTERM or SIGINT, then drains: readiness goes, running answers end, and "
         "the process exits with 0. A second signal ends it at once. SIGHUP reads the "
         "configuration again; a wrong one is reported and the running one stays.\n"
         "\n"
         "Every single setting can also be given in the environment: listen.data is "
         "PROA_LISTEN_DATA, limits.body is PROA_LIMITS_BODY. A flag beats the environment, which "
         "beats the file.\n"
         "\n"
         "  proa run --mock\n"
         "  OPENAI_API_KEY=... proa run\n"
         "  proa run --config /etc/proa/proa.yaml",
     .flags = run_flags,
     .run = proa_cli_run},
    {.name = "validate",
     .brief = "Check configuration files",
     .operands = "[PATH...]",
     .n_operands = 64,
     .about = "Checks what \"proa run\" would be given: files, or folders of *.yaml files, merged "
              "in this order; without any, $PROA_CONFIG or the environment alone. The variables "
              "and files that hold keys must be there, as they must be for a start. Policy files "
              "alone are checked by themselves.\n"
              "\n"
              "Exits with 0 when it would start, warnings or not, with 78 when the configuration "
              "is wrong, with 66 when a file is missing.",
     .flags = validate_flags,
     .run = proa_cli_validate},
    {.name = "sim",
     .brief = "Play outages on a virtual clock",
     .operands = "[FILE...]",
     .n_operands = 64,
     .about =
         "Runs the engine that runs in production against providers that fail as a scenario "
         "says, without a network and without waiting: thousands of requests in a second. "
         "The same scenario and seed give the same run.\n"
         "\n"
         "  proa sim outage.yaml\n"
         "  proa sim outage.yaml --compare\n"
         "  proa sim outage.yaml --policy mine.yaml --svg outage.svg\n"
         "\n"
         "\"proa schema --scenario --reference\" explains what a scenario may say. Besides that "
         "it may have cases: a name each, and settings that are put over those of the file; and "
         "ablations: likewise, over the case that their \"of\" names, with bounds of their "
         "own.\n"
         "\n"
         "Exits with 1 when --check finds a bound that is not met, with 65 when a scenario is "
         "wrong.",
     .flags = sim_flags,
     .run = proa_cli_sim,
     .more = proa_cli_sim_more},
    {.name = "mock",
     .brief = "Start an upstream that fails on demand",
     .operands = "",
     .about =
         "Speaks the OpenAI protocol: chat completions, completions, embeddings, moderations, "
         "images, "
         "speech, transcriptions and models, whole or streamed, with usage; and, under a path for "
         "each provider, the "
         "provider's own: its formats, its checks, its errors. Nothing leaves the machine.\n"
         "\n"
         "A recipe says what goes wrong. It applies to every answer (--fault), to those under a "
         "path (/status=503/v1/...), to a key (anything+status=429), to a model "
         "(echo+stall=first) or to one request (header x-mock).\n"
         "\n"
         "  proa mock --fault '429:20%,stall:5%,cut-stream:2%'\n"
         "  proa mock --fault 'p=20%:status=429:retry-after=2' --seed 7",
     .flags = mock_flags,
     .run = proa_cli_mock,
     .more = proa_cli_mock_more},
    {.name = "env",
     .brief = "Print the variables that lead an application here",
     .operands = "",
     .about =
         "The SDKs read them; the application stays as it is. The address is that of --listen, "
         "$PROA_LISTEN_DATA, the configuration, or 127.0.0.1:4600.\n"
         "\n"
         "  eval \"$(proa env)\"\n"
         "  proa env --shell fish | source\n"
         "  proa env --shell dotenv >> .env",
     .flags = env_flags,
     .run = proa_cli_dropin},
    {.name = "init",
     .brief = "Write a commented configuration to start from",
     .operands = "",
     .about = "Providers whose keys are in the environment are switched on. Nothing is replaced "
              "without --force.",
     .flags = init_flags,
     .run = proa_cli_init},
    {.name = "status",
     .brief = "Show how the targets of the running sidecar are",
     .operands = "",
     .about = "Every target, provider's model and host with its breaker, what keys and limits are "
              "out, and the last changes with their causes.\n"
              "\n"
              "  proa status\n"
              "  proa status --output json > state.json",
     .flags = status_flags,
     .run = proa_cli_status},
    {.name = "explain",
     .brief = "Tell where a request for a model would go now, and why",
     .operands = "MODEL",
     .n_operands = 1,
     .about = "Every candidate of the model's route with what keeps it out or its place in the "
              "order, and the policy setting that is responsible, with the place where it was "
              "written. Nothing is reserved or changed. The pick of the next request may differ "
              "where the strategy chooses by chance.\n"
              "\n"
              "  proa explain assistant --stream\n"
              "  proa explain assistant --state state.json --config proa.yaml",
     .flags = explain_flags,
     .run = proa_cli_explain},
    {.name = "models",
     .brief = "List models, who offers them, and what they cost",
     .operands = "[TEXT...]",
     .n_operands = 16,
     .about = "Every model of the catalogue that is compiled in, or those whose names hold all of "
              "the texts. Each can be asked for by its name, without a route, where a provider "
              "that offers it is configured.\n"
              "\n"
              "  proa models --configured\n"
              "  proa models claude --provider bedrock\n"
              "  proa models --type embedding --json\n"
              "  proa models --refresh\n"
              "\n"
              "Exits with 1 when no model is like that, with 69 when a provider did not tell its "
              "list.",
     .flags = models_flags,
     .run = proa_cli_models},
    {.name = "cache",
     .brief = "Show what is kept of answers, or forget it",
     .operands = "[stats|purge]",
     .n_operands = 1,
     .about = "stats, the default: how many answers the running sidecar keeps, in how much memory, "
              "how often one was there, and why others went. purge: forgets them all; needs the "
              "token of operators.\n"
              "\n"
              "  proa cache\n"
              "  PROA_ADMIN_TOKEN=... proa cache purge",
     .flags = cache_flags,
     .run = proa_cli_cache},
    {.name = "healthcheck",
     .brief = "Ask the running sidecar whether it is well",
     .operands = "",
     .about = "For probes in images without a shell or curl. Exits with 0 for yes and 1 for no.",
     .flags = healthcheck_flags,
     .run = proa_cli_healthcheck},
    {.name = "drain",
     .brief = "End the running sidecar gently",
     .operands = "",
     .about =
         "Sends SIGTERM: it stops being ready, finishes what runs, and exits. With --notify it "
         "goes on until SIGTERM comes; in a Pod that is when the application has ended.",
     .flags = drain_flags,
     .run = proa_cli_drain},
    {.name = "reload",
     .brief = "Let the running sidecar read its configuration again",
     .operands = "",
     .about =
         "Sends SIGHUP and tells what came of it: exit code 0 when the new configuration is in "
         "force, 78 when it is wrong and the one before was kept. Files are watched, too, so "
         "this is needed only to be sure of the moment.",
     .flags = reload_flags,
     .run = proa_cli_reload},
    {.name = "schema",
     .brief = "Print the JSON Schema of the configuration",
     .operands = "",
     .about = "For editors: save it, and put this in the first line of proa.yaml:\n"
              "\n"
              "  # yaml-language-server: $schema=proa.schema.json",
     .flags = schema_flags,
     .run = proa_cli_schema},
    {.name = "version",
     .brief = "Print the version",
     .operands = "",
     .about = "",
     .flags = version_flags,
     .run = proa_cli_version},
    {.name = "completion",
     .brief = "Print a completion script",
     .operands = "bash|zsh|fish",
     .n_operands = 1,
     .about = "  source <(proa completion bash)\n"
              "  proa completion fish > ~/.config/fish/completions/proa.fish",
     .flags = no_flags,
     .run = proa_cli_complete},
    {.name = "help",
     .brief = "Explain a command",
     .operands = "[COMMAND]",
     .n_operands = 1,
     .about = "",
     .flags = help_flags,
     .run = proa_cli_help},
    {.name = NULL},
};

const struct proa_cli_command *proa_cli_command_find(const char *name)
{
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

/* "rnu" for "run": two edits, but one slip of the fingers. */
static bool is_swap(struct proa_slice a, struct proa_slice b)
{
    size_t i = 0;
    while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i]) {
        i++;
    }
    return a.len == b.len && i + 1 < a.len && a.ptr[i] == b.ptr[i + 1] &&
           a.ptr[i + 1] == b.ptr[i] &&
           proa_slice_eq(proa_slice_from(a, i + 2), proa_slice_from(b, i + 2));
}

/* Keeps the closer of two names; far off is no help. */
static const char *nearer(struct proa_slice typed, const char *best, size_t *distance,
                          const char *name)
{
    const struct proa_slice text = proa_slice_cstr(name);
    const size_t d = is_swap(typed, text) ? 1 : proa_slice_distance(typed, text);
    const size_t allowed = text.len <= 3 ? 1 : text.len <= 5 ? 2 : 3;
    /* What was typed may also be the beginning: "valid" for "validate". */
    const bool begun = typed.len >= 3 && proa_slice_starts(text, typed);
    if ((d <= allowed || begun) && d < *distance) {
        *distance = d;
        return name;
    }
    return best;
}

const char *proa_cli_command_near(const char *typed)
{
    size_t distance = SIZE_MAX;
    const char *best = NULL;
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        best = nearer(proa_slice_cstr(typed), best, &distance, c->name);
    }
    return best;
}

const char *proa_cli_flag_near(const struct proa_cli_command *command, struct proa_slice typed)
{
    size_t distance = SIZE_MAX;
    const char *best = NULL;
    for (const struct proa_cli_flag *f = command->flags; f->name; f++) {
        best = nearer(typed, best, &distance, f->name);
    }
    for (const struct proa_cli_flag *f = proa_cli_common_flags; f->name; f++) {
        best = nearer(typed, best, &distance, f->name);
    }
    return best;
}
