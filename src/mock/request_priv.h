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

enum mock_endpoint {
    MOCK_CHAT = 0,
    MOCK_COMPLETIONS,
    MOCK_EMBEDDINGS,
    MOCK_MODERATIONS,
    MOCK_MODELS,
    MOCK_MODEL
};

/* An answer in the error envelope. Empty param and code are null. */
struct mock_error {
    uint16_t status; /* 0 = no error */
    struct proa_slice type;
    struct proa_slice param;
    struct proa_slice code;
    struct proa_slice message;
};

struct mock_path {
    enum mock_endpoint endpoint;
    struct proa_slice recipe; /* of the path; empty = none */
    struct proa_slice id;     /* MODEL */
};

enum mock_tool_choice {
    MOCK_TOOLS_AUTO = 0,
    MOCK_TOOLS_NONE,
    MOCK_TOOLS_REQUIRED,
    MOCK_TOOLS_NAMED
};

enum { MOCK_MAX_CHOICES = 16, MOCK_MAX_DIMENSIONS = 4096, MOCK_MAX_INPUTS = 2048 };

struct mock_request {
    enum mock_endpoint endpoint;
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
    bool after_tool; /* the last message is a tool's result */
    /* tools */
    struct proa_slice tools; /* the array; empty = none */
    enum mock_tool_choice tool_choice;
    struct proa_slice tool_name; /* NAMED */
    /* embeddings, moderations */
    struct proa_slice input; /* JSON value */
    bool input_is_list;      /* its elements are the inputs, n_inputs of them */
    uint32_t n_inputs;
    uint32_t dimensions; /* 0 = not said */
    bool base64;
};

/* False with *error for what is not served: unknown paths, methods, recipes in the path. */
bool proa_mock_path_parse(enum proa_http_method method, struct proa_slice path,
                          struct proa_arena *arena, struct mock_path *out,
                          struct mock_error *error);

/* Reads the body for path->endpoint. False with *error for what the service would refuse. */
bool proa_mock_request_parse(const struct mock_path *path, struct proa_slice body,
                             struct proa_arena *arena, struct mock_request *out,
                             struct mock_error *error);

/* An input, a string or a list of tokens, as the bytes that its answer is derived from. */
struct proa_slice proa_mock_input_text(struct proa_slice input, struct proa_arena *arena);

/* About four bytes of text make a token; never 0 for text. */
static inline uint64_t mock_tokens(size_t bytes)
{
    return (bytes + 3) / 4;
}

#endif
