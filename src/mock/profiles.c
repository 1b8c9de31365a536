#include "profile_priv.h"

#define SEGMENT(id, name) [MOCK_##id] = PROA_SLICE_INIT(name),
static const struct proa_slice SEGMENTS[MOCK_PROFILES] = {MOCK_PROFILE_TABLE(SEGMENT)};
#undef SEGMENT

#define OPENAI_HEAD                                                                                \
    "openai-organization: org-mock\r\nopenai-processing-ms: 1\r\nopenai-version: 2020-10-01\r\n"
#define AZURE_HEAD                                                                                 \
    "apim-request-id: mock\r\nx-ms-region: Mock\r\nx-ms-deployment-name: mock\r\n"                 \
    "x-ms-rai-invoked: true\r\n"
#define COMMENT PROA_SLICE_INIT(": keep-alive\n\n")

/* id, key, needs one, style, rates, header of the id, further lines, silence, default error */
// NOLINTBEGIN(bugprone-macro-parentheses): silence_ is a list in braces
#define PROFILE(id_, key_, needs_, style_, rates_, header_, lines_, silence_, error_)              \
    [MOCK_##id_] = {.id = MOCK_##id_,                                                              \
                    .key = MOCK_KEY_##key_,                                                        \
                    .needs_key = (needs_),                                                         \
                    .style = MOCK_STYLE_##style_,                                                  \
                    .rates = MOCK_RATES_##rates_,                                                  \
                    .id_header = PROA_SLICE_INIT(header_),                                         \
                    .headers = PROA_SLICE_INIT(lines_),                                            \
                    .silence = silence_,                                                           \
                    .error_default = PROA_SLICE_INIT(error_)}
// NOLINTEND(bugprone-macro-parentheses)

static const struct mock_profile PROFILES[MOCK_PROFILES] = {
    PROFILE(PLAIN, BEARER, false, OPENAI, OPENAI, "x-request-id: req_", OPENAI_HEAD, COMMENT, ""),
    PROFILE(OPENAI, BEARER, true, OPENAI, OPENAI, "x-request-id: req_", OPENAI_HEAD, COMMENT,
            "server"),
    PROFILE(AZURE, API_KEY, true, AZURE, AZURE, "x-request-id: ", AZURE_HEAD, COMMENT, "server"),
    PROFILE(ANTHROPIC, X_API_KEY, true, ANTHROPIC, ANTHROPIC, "request-id: req_",
            "anthropic-organization-id: 00000000-0000-4000-8000-000000000000\r\n",
            PROA_SLICE_INIT("event: ping\ndata: {\"type\": \"ping\"}\n\n"), "overloaded"),
    PROFILE(XAI, BEARER, true, OPENAI, NONE, "x-request-id: ", "", COMMENT, "overloaded"),
    PROFILE(GEMINI, GOOG, true, GOOGLE, NONE, "x-mock-id: ", "vary: Origin, X-Origin, Referer\r\n",
            {0}, "overloaded"),
    PROFILE(VERTEX, BEARER, true, GOOGLE, NONE,
            "x-mock-id: ", "vary: Origin, X-Origin, Referer\r\n", {0}, "overloaded"),
    PROFILE(BEDROCK, SIGNATURE, true, AWS, NONE, "x-amzn-requestid: ", "", {0}, "server"),
    PROFILE(MISTRAL, BEARER, true, MISTRAL, MISTRAL, "mistral-correlation-id: ", "", COMMENT,
            "server"),
    PROFILE(COHERE, BEARER, true, COHERE, COHERE, "x-debug-trace-id: ", "", COMMENT, "server"),
    [MOCK_DEEPSEEK] = {.id = MOCK_DEEPSEEK,
                       .needs_key = true,
                       .id_header = PROA_SLICE_INIT("x-ds-trace-id: "),
                       .silence = COMMENT,
                       .plain_silence = PROA_SLICE_INIT("\n"),
                       .error_default = PROA_SLICE_INIT("server")},
    PROFILE(GROQ, BEARER, true, OPENAI, GROQ, "x-request-id: req_", "x-groq-region: mock\r\n",
            COMMENT, "server"),
    PROFILE(VLLM, BEARER, false, NUMBERED, NONE, "x-request-id: ", "server: uvicorn\r\n", COMMENT,
            "server"),
    PROFILE(OLLAMA, BEARER, false, OPENAI, NONE, "x-mock-id: ", "", COMMENT, "server"),
    PROFILE(LLAMACPP, BEARER, false, NUMBERED, NONE, "x-mock-id: ", "server: llama.cpp\r\n",
            COMMENT, "server"),
    PROFILE(OPENROUTER, BEARER, true, ROUTER, NONE, "x-mock-id: ", "",
            PROA_SLICE_INIT(": OPENROUTER PROCESSING\n\n"), "server"),
    PROFILE(TOGETHER, BEARER, true, OPENAI, TOGETHER, "x-request-id: ", "", COMMENT, "overloaded"),
    PROFILE(FIREWORKS, BEARER, true, OPENAI, FIREWORKS, "x-request-id: ", "", COMMENT,
            "overloaded"),
    PROFILE(PERPLEXITY, BEARER, true, OPENAI, NONE, "x-request-id: ", "", COMMENT, "server"),
    PROFILE(CEREBRAS, BEARER, true, OPENAI, NONE, "x-request-id: ", "", COMMENT, "server"),
    PROFILE(GOOGLE, BEARER, false, OAUTH, NONE, "x-mock-id: ", "", {0}, ""),
    PROFILE(ENTRA, BEARER, false, OAUTH, NONE, "x-ms-request-id: ", "cache-control: no-store\r\n",
            {0}, ""),
    PROFILE(AWS, BEARER, false, AWS_QUERY, NONE, "x-amzn-requestid: ", "", {0}, ""),
};

#define ROUTE(profile, method, pattern, endpoint, dialect, variant, flags)                         \
    {                                                                                              \
        MOCK_##profile, PROA_HTTP_##method, PROA_SLICE_INIT(pattern), MOCK_##endpoint,             \
            MOCK_DIALECT_##dialect, (variant), (flags)                                             \
    }
#define OPENAI_ROUTES(profile, base, flags)                                                        \
    ROUTE(profile, POST, base "/chat/completions", CHAT, OPENAI, 0, flags),                        \
        ROUTE(profile, POST, base "/completions", COMPLETIONS, OPENAI, 0, flags),                  \
        ROUTE(profile, POST, base "/embeddings", EMBEDDINGS, OPENAI, 0, flags),                    \
        ROUTE(profile, GET, base "/models", MODELS, OPENAI, 0, flags),                             \
        ROUTE(profile, GET, base "/models/**", MODEL, OPENAI, 0, flags)
#define RESPONSES_ROUTE(profile, base)                                                             \
    ROUTE(profile, POST, base "/responses", CHAT, RESPONSES, 0, 0)
/* Of servers and resellers that rank: as Cohere does. */
#define RERANK_ROUTE(profile, base) ROUTE(profile, POST, base "/rerank", RERANK, COHERE, 0, 0)
#define CHAT_ROUTES(profile, base, flags)                                                          \
    ROUTE(profile, POST, base "/chat/completions", CHAT, OPENAI, 0, flags),                        \
        ROUTE(profile, GET, base "/models", MODELS, OPENAI, 0, flags)
#define IMAGE_ROUTE(profile, base, flags)                                                          \
    ROUTE(profile, POST, base "/images/generations", IMAGES, MEDIA, 0, flags)
#define SPEECH_ROUTE(profile, base, flags)                                                         \
    ROUTE(profile, POST, base "/audio/speech", SPEECH, MEDIA, 0, flags)
#define HEARING_ROUTES(profile, base, flags)                                                       \
    ROUTE(profile, POST, base "/audio/transcriptions", TRANSCRIPTIONS, MEDIA, 0,                   \
          (flags) | MOCK_ROUTE_FORM),                                                              \
        ROUTE(profile, POST, base "/audio/translations", TRANSLATIONS, MEDIA, 0,                   \
              (flags) | MOCK_ROUTE_FORM)
#define MEDIA_ROUTES(profile, base, flags)                                                         \
    IMAGE_ROUTE(profile, base, flags), SPEECH_ROUTE(profile, base, flags),                         \
        HEARING_ROUTES(profile, base, flags),                                                      \
        ROUTE(profile, POST, base "/images/edits", IMAGE_EDITS, MEDIA, 0,                          \
              (flags) | MOCK_ROUTE_FORM | MOCK_ROUTE_JSON)
#define GEMINI_ROUTES(profile, base, flags)                                                        \
    ROUTE(profile, POST, base "/models/*:generateContent", CHAT, GEMINI, GEMINI_GENERATE, flags),  \
        ROUTE(profile, POST, base "/models/*:streamGenerateContent", CHAT, GEMINI,                 \
              GEMINI_GENERATE, (flags) | MOCK_ROUTE_STREAM),                                       \
        ROUTE(profile, POST, base "/models/*:embedContent", EMBEDDINGS, GEMINI, GEMINI_EMBED,      \
              flags)
#define PROJECT "/v1/projects/*/locations/*"
#define DEPLOY  "/openai/deployments/*"

static const struct mock_route ROUTES[] = {
    OPENAI_ROUTES(PLAIN, "/v1", 0),
    RESPONSES_ROUTE(PLAIN, "/v1"),
    MEDIA_ROUTES(PLAIN, "/v1", 0),
    ROUTE(PLAIN, POST, "/v1/moderations", MODERATIONS, OPENAI, 0, 0),
    OPENAI_ROUTES(OPENAI, "/v1", 0),
    RESPONSES_ROUTE(OPENAI, "/v1"),
    MEDIA_ROUTES(OPENAI, "/v1", 0),
    ROUTE(OPENAI, POST, "/v1/moderations", MODERATIONS, OPENAI, 0, 0),
    ROUTE(OPENAI, POST, "/oauth/token", TOKEN, TOKEN, TOKEN_OPENAI, MOCK_ROUTE_NO_KEY),
    ROUTE(AZURE, POST, DEPLOY "/chat/completions", CHAT, OPENAI, 0, MOCK_ROUTE_VERSION),
    ROUTE(AZURE, POST, DEPLOY "/completions", COMPLETIONS, OPENAI, 0, MOCK_ROUTE_VERSION),
    ROUTE(AZURE, POST, DEPLOY "/embeddings", EMBEDDINGS, OPENAI, 0, MOCK_ROUTE_VERSION),
    ROUTE(AZURE, GET, "/openai/models", MODELS, OPENAI, 0, MOCK_ROUTE_VERSION),
    OPENAI_ROUTES(AZURE, "/openai/v1", 0),
    RESPONSES_ROUTE(AZURE, "/openai/v1"),
    MEDIA_ROUTES(AZURE, DEPLOY, MOCK_ROUTE_VERSION),
    MEDIA_ROUTES(AZURE, "/openai/v1", 0),
    ROUTE(ANTHROPIC, POST, "/v1/messages", CHAT, ANTHROPIC, ANTHROPIC_NATIVE, 0),
    ROUTE(ANTHROPIC, POST, "/v1/messages/count_tokens", CHAT, ANTHROPIC, ANTHROPIC_COUNT, 0),
    ROUTE(ANTHROPIC, GET, "/v1/models", MODELS, ANTHROPIC, 0, 0),
    ROUTE(ANTHROPIC, GET, "/v1/models/*", MODEL, ANTHROPIC, 0, 0),
    ROUTE(ANTHROPIC, POST, "/v1/oauth/token", TOKEN, TOKEN, TOKEN_ANTHROPIC, MOCK_ROUTE_NO_KEY),
    OPENAI_ROUTES(XAI, "/v1", 0),
    RESPONSES_ROUTE(XAI, "/v1"),
    IMAGE_ROUTE(XAI, "/v1", 0),
    GEMINI_ROUTES(GEMINI, "/v1beta", 0),
    GEMINI_ROUTES(GEMINI, "/v1", 0),
    ROUTE(GEMINI, POST, "/v1beta/models/*:batchEmbedContents", EMBEDDINGS, GEMINI, GEMINI_BATCH, 0),
    ROUTE(GEMINI, GET, "/v1beta/models", MODELS, GEMINI, 0, 0),
    ROUTE(GEMINI, GET, "/v1beta/models/*", MODEL, GEMINI, 0, 0),
    OPENAI_ROUTES(GEMINI, "/v1beta/openai", MOCK_ROUTE_COMPAT),
    GEMINI_ROUTES(VERTEX, PROJECT "/publishers/google", 0),
    ROUTE(VERTEX, POST, PROJECT "/publishers/google/models/*:predict", EMBEDDINGS, GEMINI,
          GEMINI_PREDICT, 0),
    GEMINI_ROUTES(VERTEX, "/v1/publishers/google", 0),
    ROUTE(VERTEX, POST, PROJECT "/publishers/anthropic/models/*:rawPredict", CHAT, ANTHROPIC,
          ANTHROPIC_VERTEX, MOCK_ROUTE_NO_MODEL),
    ROUTE(VERTEX, POST, PROJECT "/publishers/anthropic/models/*:streamRawPredict", CHAT, ANTHROPIC,
          ANTHROPIC_VERTEX, MOCK_ROUTE_NO_MODEL | MOCK_ROUTE_STREAM),
    CHAT_ROUTES(VERTEX, PROJECT "/endpoints/openapi", MOCK_ROUTE_COMPAT),
    ROUTE(BEDROCK, POST, "/model/*/converse", CHAT, BEDROCK, BEDROCK_CONVERSE, 0),
    ROUTE(BEDROCK, POST, "/model/*/converse-stream", CHAT, BEDROCK, BEDROCK_CONVERSE,
          MOCK_ROUTE_STREAM),
    ROUTE(BEDROCK, POST, "/model/*/invoke", EMBEDDINGS, BEDROCK, BEDROCK_INVOKE, 0),
    CHAT_ROUTES(BEDROCK, "/openai/v1", MOCK_ROUTE_COMPAT),
    ROUTE(BEDROCK, POST, "/anthropic/v1/messages", CHAT, ANTHROPIC, ANTHROPIC_NATIVE, 0),
    OPENAI_ROUTES(MISTRAL, "/v1", 0),
    ROUTE(COHERE, POST, "/v2/chat", CHAT, COHERE, 0, 0),
    ROUTE(COHERE, POST, "/v2/embed", EMBEDDINGS, COHERE, 0, 0),
    ROUTE(COHERE, POST, "/v2/rerank", RERANK, COHERE, 0, 0),
    ROUTE(COHERE, GET, "/v1/models", MODELS, COHERE, 0, 0),
    OPENAI_ROUTES(COHERE, "/compatibility/v1", MOCK_ROUTE_COMPAT),
    CHAT_ROUTES(DEEPSEEK, "", 0),
    CHAT_ROUTES(DEEPSEEK, "/v1", 0),
    CHAT_ROUTES(DEEPSEEK, "/beta", 0),
    OPENAI_ROUTES(GROQ, "/openai/v1", 0),
    SPEECH_ROUTE(GROQ, "/openai/v1", 0),
    HEARING_ROUTES(GROQ, "/openai/v1", 0),
    OPENAI_ROUTES(VLLM, "/v1", 0),
    RERANK_ROUTE(VLLM, "/v1"),
    OPENAI_ROUTES(OLLAMA, "/v1", 0),
    OPENAI_ROUTES(LLAMACPP, "/v1", 0),
    RERANK_ROUTE(LLAMACPP, "/v1"),
    OPENAI_ROUTES(OPENROUTER, "/api/v1", 0),
    RESPONSES_ROUTE(OPENROUTER, "/api/v1"),
    OPENAI_ROUTES(TOGETHER, "/v1", 0),
    IMAGE_ROUTE(TOGETHER, "/v1", 0),
    SPEECH_ROUTE(TOGETHER, "/v1", 0),
    HEARING_ROUTES(TOGETHER, "/v1", 0),
    RERANK_ROUTE(TOGETHER, "/v1"),
    OPENAI_ROUTES(FIREWORKS, "/inference/v1", 0),
    RERANK_ROUTE(FIREWORKS, "/inference/v1"),
    CHAT_ROUTES(PERPLEXITY, "", 0),
    OPENAI_ROUTES(CEREBRAS, "/v1", 0),
    ROUTE(GOOGLE, POST, "/token", TOKEN, TOKEN, TOKEN_GOOGLE, MOCK_ROUTE_NO_KEY),
    ROUTE(ENTRA, POST, "/*/oauth2/v2.0/token", TOKEN, TOKEN, TOKEN_ENTRA, MOCK_ROUTE_NO_KEY),
    ROUTE(AWS, GET, "/credentials", TOKEN, TOKEN, TOKEN_CONTAINER, MOCK_ROUTE_NO_KEY),
    ROUTE(AWS, POST, "/sts", TOKEN, TOKEN, TOKEN_STS, MOCK_ROUTE_NO_KEY),
    ROUTE(AWS, POST, "", TOKEN, TOKEN, TOKEN_STS, MOCK_ROUTE_NO_KEY),
};

const struct mock_profile *proa_mock_profile(enum mock_profile_id id)
{
    return &PROFILES[id];
}

struct proa_slice proa_mock_profile_name(enum mock_profile_id id)
{
    return SEGMENTS[id];
}

const struct mock_profile *proa_mock_profile_find(struct proa_slice segment)
{
    for (size_t i = 0; i < MOCK_PROFILES; i++) {
        if (segment.len > 0 && proa_slice_eq(SEGMENTS[i], segment)) {
            return &PROFILES[i];
        }
    }
    return NULL;
}

const struct mock_profile *proa_mock_profile_of(const struct mock_path *path)
{
    return &PROFILES[path->route ? path->route->profile : path->profile];
}

enum mock_error_style proa_mock_style_of(const struct mock_path *path)
{
    const struct mock_profile *profile = proa_mock_profile_of(path);
    const struct mock_route *r = path->route;
    if (r && profile->style == MOCK_STYLE_GOOGLE && (r->flags & MOCK_ROUTE_COMPAT)) {
        return MOCK_STYLE_GOOGLE_ARRAY;
    }
    if (r && r->dialect == MOCK_DIALECT_ANTHROPIC) {
        return MOCK_STYLE_ANTHROPIC; /* resellers pass on what its API says */
    }
    if (r && r->dialect == MOCK_DIALECT_TOKEN && profile->style != MOCK_STYLE_AWS_QUERY) {
        return MOCK_STYLE_OAUTH;
    }
    return profile->style;
}

/* ---- patterns -------------------------------------------------------------------------------- */

/* One segment against one of a pattern. */
static bool segment_fits(struct proa_slice pattern, struct proa_slice segment,
                         struct proa_slice *taken)
{
    if (pattern.len == 0 || pattern.ptr[0] != '*') {
        return proa_slice_eq(pattern, segment);
    }
    const struct proa_slice verb = proa_slice_from(pattern, 1);
    if (segment.len <= verb.len ||
        !proa_slice_eq(proa_slice_from(segment, segment.len - verb.len), verb)) {
        return false;
    }
    *taken = proa_slice_head(segment, segment.len - verb.len);
    return true;
}

static bool path_fits(struct proa_slice pattern, struct proa_slice path, struct proa_slice *taken)
{
    while (pattern.len > 0 && path.len > 0) {
        const struct proa_slice inner = proa_slice_from(pattern, 1); /* behind the slash */
        const struct proa_slice here = proa_slice_from(path, 1);
        const struct proa_slice want = proa_slice_head(inner, proa_slice_find(inner, '/'));
        const size_t end = proa_slice_find(here, '/');
        if (proa_slice_eq(want, PROA_SLICE("**"))) {
            *taken = here;
            return here.len > 0;
        }
        if (!segment_fits(want, proa_slice_head(here, end), taken)) {
            return false;
        }
        pattern = proa_slice_from(inner, want.len);
        path = proa_slice_from(here, end);
    }
    return pattern.len == 0 && path.len == 0;
}

const struct mock_route *proa_mock_route_find(enum mock_profile_id profile,
                                              enum proa_http_method method, struct proa_slice path,
                                              struct proa_slice *id,
                                              const struct mock_route **other)
{
    *other = NULL;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROUTES); i++) {
        const struct mock_route *r = &ROUTES[i];
        struct proa_slice taken = PROA_SLICE_NONE;
        if (r->profile != profile || !path_fits(r->pattern, path, &taken)) {
            continue;
        }
        if (r->method == method || (method == PROA_HTTP_HEAD && r->method == PROA_HTTP_GET)) {
            *id = taken;
            return r;
        }
        *other = *other ? *other : r;
    }
    return NULL;
}
