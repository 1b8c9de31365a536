#include "proa/provider/vendor.h"

#include "proa/core/check.h"

/* In parentheses, so that the commas do not part the arguments of the macros they are passed on to.
 */
#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_KEYS   ((const char *const[]){NULL})

/* The name of the system in OpenTelemetry's registry where it has one, else our own name. */
#define VENDOR(vendor, speaks, url, keys, url_env, otel, shown, makes)                             \
    {                                                                                              \
        .name = PROA_SLICE_INIT(vendor), .dialect = PROA_SLICE_INIT(speaks),                       \
        .base_url = PROA_SLICE_INIT(url), .key_env = (keys), .base_url_env = (url_env),            \
        .otel_name = PROA_SLICE_INIT(otel), .scheme = (shown), .address = (makes),                 \
    }
#define ROW(vendor, speaks, url, keys, url_env, otel)                                              \
    VENDOR(vendor, speaks, url, keys, url_env, otel, PROA_AUTH_NONE, NULL)
/* A cloud's address is made of the account's site. */
#define CLOUD(vendor, speaks, keys, url_env, otel, shown, makes)                                   \
    VENDOR(vendor, speaks, "", keys, url_env, otel, shown, makes)

/*
 * Addresses and variables: each vendor's SDK. A server of one's own has no default key and none of
 * its variables makes it a provider by itself.
 */
static const struct proa_vendor VENDORS[] = {
    ROW("openai", "openai", "https://api.openai.com/v1", KEYS("OPENAI_API_KEY"), "OPENAI_BASE_URL",
        "openai"),
    ROW("anthropic", "anthropic", "https://api.anthropic.com/v1",
        KEYS("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"), "ANTHROPIC_BASE_URL", "anthropic"),
    ROW("gemini", "gemini", "https://generativelanguage.googleapis.com/v1beta",
        KEYS("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"),
        "GOOGLE_GEMINI_BASE_URL", "gcp.gemini"),
    CLOUD("azure", "openai", KEYS("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"), "AZURE_OPENAI_ENDPOINT",
          "azure.ai.openai", PROA_AUTH_API_KEY, proa_site_azure),
    CLOUD("bedrock", "bedrock", KEYS("AWS_BEARER_TOKEN_BEDROCK"),
          "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "aws.bedrock", PROA_AUTH_NONE, proa_site_bedrock),
    /* Its other ways in, for models that are there alone, or better: to be asked for by name. */
    CLOUD("bedrock-openai", "openai", NO_KEYS, NULL, "aws.bedrock", PROA_AUTH_NONE,
          proa_site_bedrock_openai),
    CLOUD("bedrock-mantle", "openai", NO_KEYS, NULL, "aws.bedrock", PROA_AUTH_NONE,
          proa_site_bedrock_mantle),
    CLOUD("vertex", "gemini", KEYS("GOOGLE_VERTEX_API_KEY"), "GOOGLE_VERTEX_BASE_URL",
          "gcp.vertex_ai", PROA_AUTH_NONE, proa_site_vertex),
    ROW("cohere", "cohere", "https://api.cohere.com", KEYS("COHERE_API_KEY", "CO_API_KEY"), NULL,
        "cohere"),
    ROW("xai", "openai", "https://api.x.ai/v1", KEYS("XAI_API_KEY"), NULL, "x_ai"),
    ROW("mistral", "openai", "https://api.mistral.ai/v1", KEYS("MISTRAL_API_KEY"), NULL,
        "mistral_ai"),
    ROW("deepseek", "openai", "https://api.deepseek.com/v1", KEYS("DEEPSEEK_API_KEY"), NULL,
        "deepseek"),
    ROW("groq", "openai", "https://api.groq.com/openai/v1", KEYS("GROQ_API_KEY"), NULL, "groq"),
    ROW("openrouter", "openai", "https://openrouter.ai/api/v1", KEYS("OPENROUTER_API_KEY"), NULL,
        "openrouter"),
    ROW("together", "openai", "https://api.together.xyz/v1", KEYS("TOGETHER_API_KEY"), NULL,
        "together"),
    ROW("fireworks", "openai", "https://api.fireworks.ai/inference/v1", KEYS("FIREWORKS_API_KEY"),
        NULL, "fireworks"),
    ROW("perplexity", "openai", "https://api.perplexity.ai", KEYS("PERPLEXITY_API_KEY"), NULL,
        "perplexity"),
    ROW("cerebras", "openai", "https://api.cerebras.ai/v1", KEYS("CEREBRAS_API_KEY"), NULL,
        "cerebras"),
    ROW("ollama", "openai", "http://localhost:11434/v1", NO_KEYS, NULL, "ollama"),
    ROW("vllm", "openai", "http://localhost:8000/v1", NO_KEYS, NULL, "vllm"),
    ROW("llamacpp", "openai", "http://localhost:8080/v1", NO_KEYS, NULL, "llama.cpp"),
    ROW("lmstudio", "openai", "http://localhost:1234/v1", NO_KEYS, NULL, "lmstudio"),
};

/* Other names that vendors go by. */
static const struct alias {
    struct proa_slice name;
    struct proa_slice vendor;
} ALIASES[] = {
    {PROA_SLICE_INIT("google"), PROA_SLICE_INIT("gemini")},
    {PROA_SLICE_INIT("togetherai"), PROA_SLICE_INIT("together")},
};

/* Vendors whose lists of models have no end. */
static const struct proa_slice OPEN[] = {
    PROA_SLICE_INIT("azure"),      /* deployments have names of their own */
    PROA_SLICE_INIT("bedrock"),    /* and so have profiles, one for each part of the world */
    PROA_SLICE_INIT("vertex"),     /* gardens of models */
    PROA_SLICE_INIT("openrouter"), /* likewise, and the next two */
    PROA_SLICE_INIT("together"),   PROA_SLICE_INIT("fireworks"),
    PROA_SLICE_INIT("perplexity"), /* the list of it that is known here is short */
};

/* Hosts of vendors that have one for each account or region. */
static const struct alias HOSTS[] = {
    {PROA_SLICE_INIT("*.openai.azure.com"), PROA_SLICE_INIT("azure")},
    {PROA_SLICE_INIT("*.services.ai.azure.com"), PROA_SLICE_INIT("azure")},
    {PROA_SLICE_INIT("*.cognitiveservices.azure.com"), PROA_SLICE_INIT("azure")},
    {PROA_SLICE_INIT("bedrock-runtime.*.amazonaws.com"), PROA_SLICE_INIT("bedrock")},
    {PROA_SLICE_INIT("bedrock-runtime.*.amazonaws.com.cn"), PROA_SLICE_INIT("bedrock")},
    {PROA_SLICE_INIT("bedrock-mantle.*.api.aws"), PROA_SLICE_INIT("bedrock-mantle")},
    {PROA_SLICE_INIT("aiplatform.googleapis.com"), PROA_SLICE_INIT("vertex")},
    {PROA_SLICE_INIT("aiplatform.*.rep.googleapis.com"), PROA_SLICE_INIT("vertex")},
    {PROA_SLICE_INIT("*-aiplatform.googleapis.com"), PROA_SLICE_INIT("vertex")},
};

const struct proa_vendor *proa_vendors(size_t *n)
{
    *n = PROA_ARRAY_LEN(VENDORS);
    return VENDORS;
}

/* A server of one's own has no key, and any model. */
bool proa_vendor_has_any_model(const struct proa_vendor *vendor)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(OPEN); i++) {
        if (proa_slice_eq(vendor->name, OPEN[i])) {
            return true;
        }
    }
    return proa_slice_starts(vendor->base_url, PROA_SLICE("http://localhost:"));
}

static const struct proa_vendor *by_name(struct proa_slice name)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(VENDORS); i++) {
        if (proa_slice_eq(name, VENDORS[i].name)) {
            return &VENDORS[i];
        }
    }
    return NULL;
}

const struct proa_vendor *proa_vendor_find(struct proa_slice name)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ALIASES); i++) {
        if (proa_slice_eq(name, ALIASES[i].name)) {
            return by_name(ALIASES[i].vendor);
        }
    }
    return by_name(name);
}

const struct proa_vendor *proa_vendor_of_host(struct proa_slice host)
{
    static const struct proa_slice scheme = PROA_SLICE_INIT("https://");
    for (size_t i = 0; i < PROA_ARRAY_LEN(VENDORS); i++) {
        const struct proa_slice url = VENDORS[i].base_url;
        struct proa_slice path = PROA_SLICE_NONE;
        if (proa_slice_starts(url, scheme) &&
            proa_slice_eq(proa_slice_split(proa_slice_from(url, scheme.len), '/', &path), host)) {
            return &VENDORS[i];
        }
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(HOSTS); i++) {
        if (proa_slice_glob(HOSTS[i].name, host)) {
            return by_name(HOSTS[i].vendor);
        }
    }
    return NULL;
}
