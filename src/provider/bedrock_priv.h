/*
 * The bedrock dialect as its units see it: Converse and ConverseStream for chat, InvokeModel for
 * embeddings and reranking.
 *
 *   bedrock.c           the vtable
 *   bedrock_models.c    what families of models take, by pattern
 *   bedrock_encode.c    paths, and what stands beside a chat request's messages
 *   bedrock_messages.c  its messages and system blocks
 *   bedrock_blocks.c    what they are made of
 *   bedrock_tools.c     its tools
 *   bedrock_think.c     how much a model is to think, and the fields of its own that it takes
 *   bedrock_options.c   a provider's own options
 *   bedrock_invoke.c    embeddings and reranking, there and back
 *   bedrock_decode.c    answers and streams
 *   bedrock_error.c     what class a failure is of
 */
#ifndef PROA_PROVIDER_BEDROCK_PRIV_H
#define PROA_PROVIDER_BEDROCK_PRIV_H

#include "claude_priv.h"
#include "decoder_priv.h"
#include "request_head_priv.h"

#include "proa/chat/text.h"
#include "proa/json/writer.h"
#include "proa/provider/vendor.h"

/* The tool by whose arguments a model answers that must answer by a schema and has no other way. */
#define BEDROCK_JSON_TOOL PROA_SLICE(PROA_CLAUDE_JSON_TOOL)

/* ---- bedrock_models.c */

enum bedrock_thinking {
    BEDROCK_THINKING_NONE = 0,
    BEDROCK_THINKING_CLAUDE, /* thinking, output_config: see claude_priv.h */
    BEDROCK_THINKING_FLAT,   /* reasoning_effort */
    BEDROCK_THINKING_NESTED, /* reasoning: {effort} */
    BEDROCK_THINKING_NOVA    /* reasoningConfig */
};

/* The strictest tool choice it takes. */
enum bedrock_choice { BEDROCK_CHOICE_AUTO = 0, BEDROCK_CHOICE_ANY, BEDROCK_CHOICE_TOOL };

enum {
    BEDROCK_SHORT_IDS = 1 << 0,     /* ids of tool calls are nine letters and digits */
    BEDROCK_CACHE = 1 << 1,         /* takes cache points */
    BEDROCK_RESULT_STATUS = 1 << 2, /* wants to know that a tool has failed */
    BEDROCK_NO_SYSTEM = 1 << 3,     /* instructions are the user's */
    BEDROCK_NO_TOOLS = 1 << 4,
    BEDROCK_NO_SAMPLING = 1 << 5, /* refuses temperature and top_p */
    BEDROCK_NO_STOP = 1 << 6,     /* refuses stop sequences */
    BEDROCK_NO_SCHEMA = 1 << 7,   /* a Claude that knows output_config.format elsewhere only */
};

enum bedrock_vectors {
    BEDROCK_VECTORS_NONE = 0,
    BEDROCK_VECTORS_TITAN_1, /* no dimensions */
    BEDROCK_VECTORS_TITAN_2,
    BEDROCK_VECTORS_TITAN_IMAGE,
    BEDROCK_VECTORS_COHERE_3, /* no dimensions */
    BEDROCK_VECTORS_COHERE_4,
    BEDROCK_VECTORS_NOVA
};

enum bedrock_ranks { BEDROCK_RANKS_NONE = 0, BEDROCK_RANKS_AMAZON, BEDROCK_RANKS_COHERE };

struct bedrock_model {
    struct proa_slice pattern;
    uint32_t flags;
    enum bedrock_choice choice;
    enum bedrock_thinking thinking;
    const char *top_k;    /* its name among the model's own fields; NULL = none */
    const char *top_k_in; /* the field that it stands in; NULL = it is one itself */
    enum bedrock_vectors vectors;
    enum bedrock_ranks ranks;
};

/* By the id or ARN that is asked for. Never NULL. */
const struct bedrock_model *proa_bedrock_model(struct proa_slice model);
bool proa_bedrock_offers(const struct proa_vendor *vendor, struct proa_slice model,
                         enum proa_operation op);

/* ---- bedrock_encode.c */

/* One request while it is written. */
struct bedrock_writer {
    const struct proa_encode_in *in;
    const struct bedrock_model *model;
    struct proa_arena *arena;
    struct proa_encoded *out;
    struct proa_json_writer json;
    struct proa_slice options; /* the object of this provider's own options; empty */

    /* Set by proa_bedrock_think(), by what the model takes. */
    struct proa_claude_plan plan;  /* thinking CLAUDE; else what of it is used elsewhere */
    struct proa_slice nova_effort; /* plain; thinking NOVA */
    bool rests;                    /* thinking NOVA: switched off */
    struct proa_slice effort;      /* plain; FLAT, NESTED */
    bool one_call;                 /* of a tool at a time */

    bool has_fields; /* additionalModelRequestFields is open */
    size_t n_documents;
};

/* The request cannot be put to this target: always ERR_UNSUPPORTED. */
enum proa_err proa_bedrock_refuse(struct bedrock_writer *w, const char *feature,
                                  const char *reason);
void proa_bedrock_warn(const struct bedrock_writer *w, const char *feature, const char *reason);
void proa_bedrock_member_text(struct bedrock_writer *w, const char *key, struct proa_slice text);
void proa_bedrock_member_raw(struct bedrock_writer *w, const char *key, struct proa_slice json);
enum proa_err proa_bedrock_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                  struct proa_encoded *out);

/* ---- bedrock_messages.c */
/* Members system and messages. */
enum proa_err proa_bedrock_put_messages(struct bedrock_writer *w);

/* ---- bedrock_blocks.c */
void proa_bedrock_put_text(struct bedrock_writer *w, struct proa_slice text);
/* Is there nothing of the part to send? */
bool proa_bedrock_is_nothing(const struct bedrock_writer *w, const struct proa_chat_part *p);
/* A part that is something; `text` is its text, if it has one. */
enum proa_err proa_bedrock_put_block(struct bedrock_writer *w, const struct proa_chat_part *p,
                                     struct proa_slice text);
/* {"cachePoint":...}, where the client marks a border and the model takes it. */
void proa_bedrock_put_cache(struct bedrock_writer *w, struct proa_slice cache_control);
/* An id of a tool call as this model takes it. */
struct proa_slice proa_bedrock_tool_id(struct bedrock_writer *w, struct proa_slice id);
/* A name of a tool with other characters replaced. */
struct proa_slice proa_bedrock_tool_name(struct bedrock_writer *w, struct proa_slice name);

/* ---- bedrock_tools.c */
/* Member toolConfig; nothing where the request needs none. */
enum proa_err proa_bedrock_put_tools(struct bedrock_writer *w);

/* ---- bedrock_think.c */
/* What the request asks of this model: fills w->plan and what is beside it. */
enum proa_err proa_bedrock_think(struct bedrock_writer *w);
/* Opens additionalModelRequestFields, once; for its members. */
void proa_bedrock_open_fields(struct bedrock_writer *w);
/* Member additionalModelRequestFields: what the model takes beside Converse's own members. */
void proa_bedrock_put_fields(struct bedrock_writer *w);

/* ---- bedrock_options.c */
/* The options of `bedrock`, or of `amazonBedrock`. */
struct proa_slice proa_bedrock_options(const struct proa_encode_in *in);
/* Options for thinking change what the request itself says. */
void proa_bedrock_take_wish(const struct bedrock_writer *w, struct proa_claude_wish *wish);
/* Has the client said this field of the model itself? Then it counts. */
bool proa_bedrock_has_field(const struct bedrock_writer *w, struct proa_slice key);
/* The client's own fields, as members of an object. */
void proa_bedrock_put_own_fields(struct bedrock_writer *w);
/* Options that stand beside the messages, serviceTier among them. */
void proa_bedrock_put_options(struct bedrock_writer *w);

/* ---- bedrock_invoke.c */
size_t proa_bedrock_inputs_max(const struct proa_vendor *vendor, struct proa_slice model);
enum proa_err proa_bedrock_put_embed(struct bedrock_writer *w);
enum proa_err proa_bedrock_put_rerank(struct bedrock_writer *w);
/* Vectors or ranks of an answer. */
bool proa_bedrock_inputs_answer(struct proa_decoder *d, struct proa_slice body);

/* ---- bedrock_decode.c */
extern const struct proa_decode_ops proa_bedrock_decode_ops;

/* ---- bedrock_error.c */
void proa_bedrock_classify(const struct proa_answer_head *head, struct proa_slice body,
                           struct proa_failure *out);
/* An exception in a stream, by its type; `data` is its JSON, or plain text. */
void proa_bedrock_classify_exception(const struct proa_answer_head *head, struct proa_slice type,
                                     struct proa_slice data, struct proa_failure *out);

#endif
