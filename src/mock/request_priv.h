/*
 * What a caller wants: the path taken apart, and the JSON body checked as strictly as the real
 * service does where gateways can get it wrong.
 *
 * Pure. Slices borrow from the target, the body or the arena.
 */
#ifndef PROA_MOCK_REQUEST_PRIV_H
#define PROA_MOCK_REQUEST_PRIV_H

#include "proa/core/arena.h"
#include "proa/http/parser.h"

/* X(id, path segment). PLAIN is `/v1` without a segment of its own. */
#define MOCK_PROFILE_TABLE(X)                                                                      \
    X(PLAIN, "")                                                                                   \
    X(OPENAI, "openai")                                                                            \
    X(AZURE, "azure")                                                                              \
    X(ANTHROPIC, "anthropic")                                                                      \
    X(XAI, "xai")                                                                                  \
    X(GEMINI, "gemini")                                                                            \
    X(VERTEX, "vertex")                                                                            \
    X(BEDROCK, "bedrock")                                                                          \
    X(MISTRAL, "mistral")                                                                          \
    X(COHERE, "cohere")                                                                            \
    X(DEEPSEEK, "deepseek")                                                                        \
    X(GROQ, "groq")                                                                                \
    X(VLLM, "vllm")                                                                                \
    X(OLLAMA, "ollama")                                                                            \
    X(LLAMACPP, "llamacpp")                                                                        \
    X(OPENROUTER, "openrouter")                                                                    \
    X(TOGETHER, "together")                                                                        \
    X(FIREWORKS, "fireworks")                                                                      \
    X(PERPLEXITY, "perplexity")                                                                    \
    X(CEREBRAS, "cerebras")                                                                        \
    X(GOOGLE, "google")                                                                            \
    X(ENTRA, "entra")                                                                              \
    X(AWS, "aws")

enum mock_profile_id {
#define MOCK_PROFILE_ENUM(id, name) MOCK_##id,
    MOCK_PROFILE_TABLE(MOCK_PROFILE_ENUM)
#undef MOCK_PROFILE_ENUM
        MOCK_PROFILES
};

enum mock_endpoint {
    MOCK_CHAT = 0,
    MOCK_COMPLETIONS,
    MOCK_EMBEDDINGS,
    MOCK_MODERATIONS,
    MOCK_MODELS,
    MOCK_MODEL,
    MOCK_RERANK,
    MOCK_TOKEN,
    MOCK_IMAGES,
    MOCK_IMAGE_EDITS,
    MOCK_SPEECH,
    MOCK_TRANSCRIPTIONS,
    MOCK_TRANSLATIONS
};

/* An answer in the profile's error envelope. Empty param and code are null. */
struct mock_error {
    uint16_t status; /* 0 = no error */
    struct proa_slice type;
    struct proa_slice param;
    struct proa_slice code;
    struct proa_slice message;
    struct proa_slice body;    /* recorded: the whole body, instead of all the above but status */
    struct proa_slice headers; /* further lines of the head, each with its CR LF */
};

struct mock_route; /* profile_priv.h */

struct mock_path {
    enum mock_endpoint endpoint;
    enum mock_profile_id profile;
    const struct mock_route *route; /* NULL: nothing that is served */
    struct proa_slice recipe;       /* of the path; empty = none */
    struct proa_slice id;           /* the model, deployment or tenant that the path names */
    struct proa_slice query;
};

enum mock_tool_choice {
    MOCK_TOOLS_AUTO = 0,
    MOCK_TOOLS_NONE,
    MOCK_TOOLS_REQUIRED,
    MOCK_TOOLS_NAMED
};

enum {
    MOCK_MAX_CHOICES = 16,
    MOCK_MAX_DIMENSIONS = 4096,
    MOCK_MAX_INPUTS = 2048,
    MOCK_MAX_TOOLS = 128,
    MOCK_MAX_MEDIA = 16
};

struct mock_tool {
    struct proa_slice name;
    struct proa_slice schema; /* of its arguments; empty = none */
};

struct mock_request {
    enum mock_endpoint endpoint;
    enum mock_profile_id profile;
    struct proa_slice model;  /* as asked for, recipe included; MODEL: the id */
    struct proa_slice recipe; /* the model name's; empty = none */
    struct proa_slice text;   /* last user message, or the prompt; decoded */
    struct proa_slice begun;  /* the last message is the assistant's: how its answer begins */
    uint64_t prompt_tokens;   /* estimated */
    uint64_t max_tokens;      /* UINT64_MAX = not said */
    uint32_t n;               /* choices */
    bool stream;
    bool include_usage;
    bool obfuscate;
    bool after_tool; /* the last message holds a tool's result, */
    bool said_more;  /* and a text behind it */
    bool thinks;     /* reasoning is asked for, or the model always does */
    bool shows_thoughts;
    struct proa_slice previous; /* Responses: the answer that it goes on from; empty = none */
    bool stores;                /* Responses: as the next */
    bool seals;                 /* thoughts come sealed, too */
    struct proa_slice body;     /* as it came */
    struct proa_slice media[MOCK_MAX_MEDIA]; /* types of images and files; "url" for links */
    uint32_t n_media;                        /* may be more than are kept */
    struct proa_slice schema;                /* what the answer must fit; empty = text */
    bool wants_json;                         /* any object */
    /* tools */
    struct mock_tool *tools;
    uint32_t n_tools;
    enum mock_tool_choice tool_choice;
    struct proa_slice tool_name; /* NAMED */
    /* embeddings, moderations */
    struct proa_slice input; /* JSON value */
    bool input_is_list;      /* its elements are the inputs, n_inputs of them */
    uint32_t n_inputs;
    uint32_t dimensions; /* 0 = not said */
    bool base64;
    struct proa_slice *inputs; /* of dialects other than OpenAI's: n_inputs texts */
    /* how the dialect is to answer */
    unsigned dialect; /* enum mock_dialect */
    unsigned variant; /* one of the reader's own */
    uint64_t top_n;   /* RERANK; UINT64_MAX = all */
    /* images and audio: the text, or the bytes of the sound, is `text` */
    struct proa_slice format; /* of the answer; empty = the usual one */
};

/* False with *error for what is not served: unknown paths, methods, recipes in the path. */
bool proa_mock_path_parse(enum proa_http_method method, struct proa_slice path,
                          struct proa_arena *arena, struct mock_path *out,
                          struct mock_error *error);

/* What comes with a body. */
struct mock_desk; /* tokens_priv.h */
struct mock_caller {
    const struct proa_http_head *head;
    const struct mock_desk *desk;
};

/* Reads the body for the path's endpoint, in its dialect. False with *error for what the service
 * would refuse. `caller` may be NULL. */
bool proa_mock_request_parse(const struct mock_path *path, const struct mock_caller *caller,
                             struct proa_slice body, struct proa_arena *arena,
                             struct mock_request *out, struct mock_error *error);

/* An input, a string or a list of tokens, as the bytes that its answer is derived from. */
struct proa_slice proa_mock_input_text(struct proa_slice input, struct proa_arena *arena);

/* About four bytes of text make a token; never 0 for text. */
static inline uint64_t mock_tokens(size_t bytes)
{
    return (bytes + 3) / 4;
}

#endif
