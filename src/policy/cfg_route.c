/* The tables of providers with their keys, and of routes with their tiers and targets. */
#include "cfg_priv.h"

#include "proa/policy/cfg.h"

/* ---- providers ------------------------------------------------------------------------------- */

static const char *const responses[] = {"auto", "native", "translate", NULL};
static const char *const prefills[] = {"none", "assistant", "prefix", "continue", NULL};

#define PROVIDER(member, text, kind, ...)                                                          \
    ROW(struct proa_provider_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option provider_rows[] = {
    PROVIDER(dialect, "dialect", STRING,
             .help = "Protocol that it speaks: openai, anthropic, gemini, bedrock or cohere. Known "
                     "for vendors, such as groq, mistral, ollama or vllm."),
    PROVIDER(base_url, "base_url", STRING, .expand = true,
             .help =
                 "Its address up to the path that the dialect adds: before /chat/completions or "
                 "/messages, as https://api.example.com/v1. Known for vendors."),
    PROVIDER(ca_file, "ca_file", STRING, .expand = true,
             .help = "PEM file with the authorities to trust instead of the system's."),
    PROVIDER(proxy, "proxy", STRING, .expand = true,
             .help = "HTTP proxy for this provider alone, as http://egress.example:3128, whatever "
                     "egress and the environment say; none for no proxy."),
    PROVIDER(proxy_auth, "proxy_auth", OBJECT, .table = &proa_policy_proxy_auth_table,
             .help = "What its proxy asks for."),
    PROVIDER(region, "region", STRING, .expand = true,
             .help = "Bedrock: the region of its address and its signatures, as us-east-1."),
    PROVIDER(project, "project", STRING, .expand = true,
             .help = "Vertex AI: the project. Absent means the express mode, with an API key."),
    PROVIDER(location, "location", STRING, .expand = true,
             .help = "Vertex AI: global, us, eu or a region. Absent means global."),
    PROVIDER(resource, "resource", STRING, .expand = true,
             .help = "Azure: the resource's name, the first part of its host."),
    PROVIDER(api_version, "api_version", STRING, .expand = true,
             .help = "Azure: a date, as 2024-10-21, for the paths by deployment; absent for the "
                     "v1 paths."),
    PROVIDER(keys, "keys", LIST, .table = &proa_policy_key_table,
             .help =
                 "Its credentials. [] when it asks for none. Absent means a vendor's well-known "
                 "environment variables, for a cloud also where its own programs look, and no key "
                 "for others."),
    PROVIDER(max_connections, "max_connections", U32, .preset = "256", .min = 1, .max = 65535,
             .help = "Connections to it, those being opened included; requests beyond wait."),
    PROVIDER(max_idle, "max_idle", U32, .preset = "64", .max = 65535,
             .help = "Idle connections kept for reuse."),
    PROVIDER(idle_ns, "idle", DURATION, .preset = "50s", .min = MILLIS(100), .max = HOURS(1),
             .help = "How long an idle connection is kept. Below the server's own keep-alive, so "
                     "that it is not closed under a request."),
    PROVIDER(prefill, "prefill", ENUM, .preset = "none", .names = prefills,
             .help =
                 "How it goes on with the beginning of an answer, for policies that resume "
                 "broken streams: assistant, from a last message of that role; prefix, from one "
                 "with prefix: true; continue, with continue_final_message: true beside it; "
                 "none, not at all."),
    PROVIDER(responses, "responses", ENUM, .preset = "auto", .names = responses,
             .help = "How requests of the Responses API go to a provider of the openai dialect: "
                     "native, as they are, to /responses; translate, as chats; auto, native where "
                     "the vendor is known to serve them all: openai, azure, xai, openrouter."),
    PROVIDER(zero_data_retention, "zero_data_retention", BOOL, .preset = "false",
             .help = "It keeps nothing of requests and answers, by your contract with it. Requests "
                     "that ask for zeroDataRetention go to such providers alone."),
    PROVIDER(trains_on_prompts, "trains_on_prompts", BOOL, .preset = "true",
             .help = "Whether it may learn from what it is sent; false says that it does not, by "
                     "your contract with it. Requests with disallowPromptTraining go to such "
                     "providers alone."),
    ROWS_END,
};

const struct proa_option_table proa_policy_provider_table = {
    .title = "provider",
    .rows = provider_rows,
    .size = sizeof(struct proa_provider_cfg),
    .name_at = offsetof(struct proa_provider_cfg, name),
    .where_at = offsetof(struct proa_provider_cfg, where),
};

/* ---- routes ---------------------------------------------------------------------------------- */

#define TARGET(member, text, kind, ...) ROW(struct proa_target_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option target_rows[] = {
    TARGET(model, "model", STRING,
           .help = "provider/model, or the provider's own name of the model beside provider; or "
                   "creator/model as \"proa models\" lists it, for all configured providers that "
                   "offer it. Absent beside provider: the model that was asked for."),
    TARGET(provider, "provider", STRING,
           .help = "Name of the provider, where model does not carry it in front."),
    TARGET(weight, "weight", U32, .preset = "1", .max = 1000,
           .help = "Share of its tier's requests, over all its keys; 0 takes none."),
    TARGET(substitute, "substitute", BOOL, .preset = "false",
           .help = "Another model than the one that the route stands for."),
    ROWS_END,
};

const struct proa_option_table proa_policy_target_table = {
    .title = "target",
    .rows = target_rows,
    .size = sizeof(struct proa_target_cfg),
    .where_at = offsetof(struct proa_target_cfg, where),
    .scalar = "model",
};

static const struct proa_option tier_rows[] = {
    ROW(struct proa_tier_cfg, targets, "targets", LIST, .table = &proa_policy_target_table,
        .help = "Targets that share the requests by weight."),
    ROWS_END,
};

static const struct proa_option_table tier_table = {
    .title = "tier",
    .rows = tier_rows,
    .size = sizeof(struct proa_tier_cfg),
    .where_at = SIZE_MAX,
    .scalar = "targets",
};

#define ROUTE(member, text, kind, ...) ROW(struct proa_route_cfg, member, text, kind, __VA_ARGS__)

static const struct proa_option route_rows[] = {
    ROUTE(model, "model", STRING, .required = true,
          .help = "The name that applications ask for. * stands for any characters, ? for one."),
    ROUTE(policy, "policy", STRING, .preset = "default", .help = "Name of the policy to apply."),
    ROUTE(tiers, "tiers", LIST, .table = &tier_table, .required = true,
          .help = "Lists of targets, in the order they are tried: those of the second list only "
                  "when all of the first have failed."),
    ROWS_END,
};

const struct proa_option_table proa_policy_route_table = {
    .title = "route",
    .rows = route_rows,
    .size = sizeof(struct proa_route_cfg),
    .where_at = offsetof(struct proa_route_cfg, where),
};
