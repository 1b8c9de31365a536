/*
 * The gemini dialect as its units see it: generateContent of Google AI Studio and of Vertex AI.
 *
 *   gemini.c           the vtable
 *   gemini_models.c    what models take, by pattern
 *   gemini_fit.c       what is dropped with a warning, and what is refused
 *   gemini_encode.c    paths, and a chat request's body
 *   gemini_contents.c  its messages
 *   gemini_config.c    its generationConfig, and a provider's own options
 *   gemini_tools.c     its tools
 *   gemini_schema.c    JSON Schema as the subset of OpenAPI that older models take
 *   gemini_decode.c    answers and streams
 *   gemini_notes.c     what answers say besides: citations, probabilities
 *   gemini_embed.c     embeddings, there and back
 *   gemini_error.c     what class a failure is of
 */
#ifndef PROA_PROVIDER_GEMINI_PRIV_H
#define PROA_PROVIDER_GEMINI_PRIV_H

#include "decoder_priv.h"
#include "request_head_priv.h"

#include "proa/chat/text.h"
#include "proa/json/writer.h"
#include "proa/provider/vendor.h"

/* ---- gemini_models.c */

enum gemini_thinking {
    GEMINI_THINKING_NONE = 0,
    GEMINI_THINKING_BUDGET, /* in tokens */
    GEMINI_THINKING_LEVEL   /* a word */
};

/* Words for how much to think, a bit each; the less the lower. */
enum {
    GEMINI_LEVEL_MINIMAL = 1,
    GEMINI_LEVEL_LOW = 2,
    GEMINI_LEVEL_MEDIUM = 4,
    GEMINI_LEVEL_HIGH = 8
};

struct gemini_model {
    struct proa_slice pattern;
    enum gemini_thinking thinking;
    uint32_t budget_min; /* BUDGET: the least */
    uint32_t budget_max;
    bool can_rest;       /* BUDGET: 0 turns it off */
    uint8_t levels;      /* LEVEL */
    bool json_schema;    /* takes JSON Schema as it is */
    bool json_and_tools; /* JSON may be asked for while there are tools */
    bool signatures;     /* wants its signatures back with calls of tools */
    uint8_t penalties;   /* GEMINI_AT_*: where it takes them */
};

/* A service that has these models, a bit each. */
enum { GEMINI_AT_STUDIO = 1, GEMINI_AT_VERTEX = 2 };

struct gemini_service {
    struct proa_slice vendor;
    uint8_t at;
    struct proa_slice path;    /* behind the base path, up to the model */
    struct proa_slice options; /* the first member of providerOptions that is meant for it */
    bool call_ids;             /* takes the ids of calls of tools */
};

/* The id alone of a model that is named as Google's own lists name it, by its resource: "models/x",
 * "publishers/google/models/x". */
struct proa_slice proa_gemini_id(struct proa_slice model);
/* By its id. Neither is ever NULL. */
const struct gemini_model *proa_gemini_model(struct proa_slice model);
const struct gemini_service *proa_gemini_service(const struct proa_vendor *vendor);

/* ---- gemini_encode.c */

/* One request while it is written. */
struct gemini_writer {
    const struct proa_encode_in *in;
    struct proa_slice id; /* of the model */
    const struct gemini_model *model;
    const struct gemini_service *service;
    struct proa_arena *arena;
    struct proa_encoded *out;
    struct proa_json_writer json;
    struct proa_slice options; /* the object of this provider's own options; empty */
};

/* The request cannot be put to this target: always ERR_UNSUPPORTED. */
enum proa_err proa_gemini_refuse(struct gemini_writer *w, const char *feature, const char *reason);
void proa_gemini_member_text(struct gemini_writer *w, const char *key, struct proa_slice text);
void proa_gemini_member_raw(struct gemini_writer *w, const char *key, struct proa_slice json);
/* Head and body: the path is the service's, the model, percent-encoded, and `method`. */
enum proa_err proa_gemini_finish(struct gemini_writer *w, struct proa_slice method);
enum proa_err proa_gemini_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out);

/* ---- gemini_fit.c */

/* ERR_UNSUPPORTED, with feature and reason in *out, or OK; warns of what will be left out. */
enum proa_err proa_gemini_fit(struct gemini_writer *w) PROA_MUST_CHECK;
/* Would Google take this seed? */
bool proa_gemini_seed_fits(struct proa_slice seed);
/* Are penalties of this request sent? */
bool proa_gemini_sends_penalties(const struct gemini_writer *w);

/* ---- gemini_contents.c */
/* Members systemInstruction and contents. */
enum proa_err proa_gemini_put_contents(struct gemini_writer *w);

/* ---- gemini_tools.c */
/* Members tools and toolConfig; nothing where the request has none. */
enum proa_err proa_gemini_put_tools(struct gemini_writer *w);

/* ---- gemini_config.c */
/* Member generationConfig, and the provider's own options that stand beside it. */
enum proa_err proa_gemini_put_config(struct gemini_writer *w);
/* Those that belong into toolConfig. */
void proa_gemini_put_tool_options(struct gemini_writer *w);
bool proa_gemini_has_tool_options(struct gemini_writer *w);
/* The object of providerOptions that is meant for the service that is asked; empty. */
struct proa_slice proa_gemini_options(const struct proa_encode_in *in,
                                      const struct gemini_service *service);

/* ---- gemini_schema.c */
/* An object without members, or no schema at all: there is nothing to tell. */
bool proa_gemini_schema_is_empty(struct proa_slice schema);
/*
 * Writes the schema as one value. References are put in the place where they stand; ERR_UNSUPPORTED
 * where one leads nowhere or around in a circle, nesting is too deep, it grows too long, or it says
 * what the subset cannot: then *reason (static) says which.
 */
enum proa_err proa_gemini_schema(struct proa_json_writer *w, struct proa_slice schema,
                                 struct proa_arena *arena, const char **reason) PROA_MUST_CHECK;

/* ---- gemini_decode.c */
struct gemini_decode {
    uint32_t n_calls; /* of tools, in all choices */
    char id[48];      /* responseId */
    uint8_t id_len;
    uint8_t n_cited;
    uint64_t cited[64]; /* hashes of the sources that were told */
};

bool proa_gemini_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data);
bool proa_gemini_whole(struct proa_decoder *d, struct proa_slice body);
/* Counts of a usageMetadata object. */
void proa_gemini_usage(struct proa_decoder *d, struct proa_slice object);

/* ---- gemini_notes.c */
/* Sources in groundingMetadata or citationMetadata, each once. */
void proa_gemini_citations(struct proa_decoder *d, uint32_t choice, struct proa_slice metadata);
/* logprobsResult, in OpenAI's shape. */
void proa_gemini_logprobs(struct proa_decoder *d, uint32_t choice, struct proa_slice result);

/* ---- gemini_embed.c */
bool proa_gemini_embeds(struct proa_slice model);
size_t proa_gemini_inputs_max(const struct proa_vendor *vendor, struct proa_slice model);
enum proa_err proa_gemini_put_embed(struct gemini_writer *w);
bool proa_gemini_vectors(struct proa_decoder *d, struct proa_slice body);

/* ---- gemini_error.c */
void proa_gemini_classify(const struct proa_answer_head *head, struct proa_slice body,
                          struct proa_failure *out);
/* An error that came with status 200; `object` is all of the object it stands in. */
void proa_gemini_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                 struct proa_failure *out);

#endif
