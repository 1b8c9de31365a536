/*
 * The upstreams that the mock can be: one profile for each, reached under `/<profile>/...`, and the
 * paths that each serves. What tells one profile from another stands in these tables.
 *
 * Pure. Tables are static.
 */
#ifndef PROA_MOCK_PROFILE_PRIV_H
#define PROA_MOCK_PROFILE_PRIV_H

#include "errors_priv.h"
#include "request_priv.h"

/* Where a caller's key stands. A bearer is accepted besides wherever the provider takes one. */
enum mock_key_place {
    MOCK_KEY_BEARER = 0,
    MOCK_KEY_X_API_KEY,
    MOCK_KEY_API_KEY,
    MOCK_KEY_GOOG,
    MOCK_KEY_SIGNATURE
};

/* How an answer tells what is left of the limits. */
enum mock_rates {
    MOCK_RATES_NONE = 0,
    MOCK_RATES_OPENAI,
    MOCK_RATES_AZURE,
    MOCK_RATES_ANTHROPIC,
    MOCK_RATES_GROQ,
    MOCK_RATES_MISTRAL,
    MOCK_RATES_COHERE,
    MOCK_RATES_FIREWORKS,
    MOCK_RATES_TOGETHER
};

/* Whose format an endpoint speaks. */
enum mock_dialect {
    MOCK_DIALECT_OPENAI = 0,
    MOCK_DIALECT_ANTHROPIC,
    MOCK_DIALECT_GEMINI,
    MOCK_DIALECT_BEDROCK,
    MOCK_DIALECT_COHERE,
    MOCK_DIALECT_RESPONSES, /* OpenAI's other one; its answers are chats */
    MOCK_DIALECT_TOKEN,
    MOCK_DIALECT_MEDIA /* images and audio, OpenAI's */
};

/* How the events of a stream are wrapped, errors among them. */
enum mock_wire {
    MOCK_WIRE_DATA = 0, /* data: lines */
    MOCK_WIRE_NAMED,    /* event: and data: lines, Anthropic's */
    MOCK_WIRE_NUMBERED, /* the same, OpenAI's: each has a number */
    MOCK_WIRE_DASHED,   /* the same with Cohere's names */
    MOCK_WIRE_FRAMES,   /* vnd.amazon.eventstream */
    MOCK_WIRE_ARRAY,    /* one JSON array */
    MOCK_WIRE_LLAMA     /* data: lines, but error: for an error */
};

struct mock_profile {
    enum mock_profile_id id;
    enum mock_key_place key;
    bool needs_key; /* also where the mock was started without keys: any will do, none will not */
    enum mock_error_style style;
    enum mock_rates rates;
    struct proa_slice id_header;     /* "request-id: req_": the answer's id follows */
    struct proa_slice headers;       /* constant lines of each head */
    struct proa_slice silence;       /* sent while `keepalive` lasts */
    struct proa_slice plain_silence; /* the same ahead of an answer that is no stream */
    struct proa_slice error_default; /* name of the recorded error of a stream that breaks */
};

/* Of a route: what is special about its request. */
enum {
    MOCK_ROUTE_STREAM = 1U << 0,   /* the path alone says that it streams */
    MOCK_ROUTE_NO_KEY = 1U << 1,   /* tokens are asked for without one */
    MOCK_ROUTE_VERSION = 1U << 2,  /* needs api-version */
    MOCK_ROUTE_NO_MODEL = 1U << 3, /* the path names the model, the body must not */
    MOCK_ROUTE_COMPAT = 1U << 4,   /* OpenAI's format at a provider with one of its own */
    MOCK_ROUTE_FORM = 1U << 5,     /* takes a form with files, */
    MOCK_ROUTE_JSON = 1U << 6      /* and JSON besides */
};

struct mock_route {
    enum mock_profile_id profile;
    enum proa_http_method method;
    struct proa_slice pattern; /* segments; `*` takes one, `*:verb` one up to it, `**` the rest */
    enum mock_endpoint endpoint;
    enum mock_dialect dialect;
    unsigned variant; /* for the dialect */
    unsigned flags;
};

/* Variants of MOCK_DIALECT_GEMINI, BEDROCK and TOKEN. */
enum { GEMINI_GENERATE = 0, GEMINI_EMBED, GEMINI_BATCH, GEMINI_PREDICT };
enum { BEDROCK_CONVERSE = 0, BEDROCK_INVOKE };
enum { ANTHROPIC_NATIVE = 0, ANTHROPIC_VERTEX, ANTHROPIC_BEDROCK, ANTHROPIC_COUNT };
enum { TOKEN_GOOGLE = 0, TOKEN_ENTRA, TOKEN_CONTAINER, TOKEN_STS, TOKEN_OPENAI, TOKEN_ANTHROPIC };

/* A recorded error of a profile by its name or its status; status 0 when it has none. */
struct mock_error proa_mock_error_recorded(enum mock_profile_id profile, struct proa_slice name);
struct mock_error proa_mock_error_by_status(enum mock_profile_id profile, uint16_t status);
const struct mock_profile *proa_mock_profile(enum mock_profile_id id);
struct proa_slice proa_mock_profile_name(enum mock_profile_id id);
/* The profile of a path segment; NULL for none. */
const struct mock_profile *proa_mock_profile_find(struct proa_slice segment);
/* The profile that a path belongs to, also where it names nothing that is served. */
const struct mock_profile *proa_mock_profile_of(const struct mock_path *path);
/* Whose envelope an error on this path has. */
enum mock_error_style proa_mock_style_of(const struct mock_path *path);
/* The route of a path behind its profile's segment. `id` takes what the last wildcard took, still
 * encoded. NULL: none; *other is then a route of the same path with another method, or NULL. */
const struct mock_route *proa_mock_route_find(enum mock_profile_id profile,
                                              enum proa_http_method method, struct proa_slice path,
                                              struct proa_slice *id,
                                              const struct mock_route **other);

#endif
