/*
 * What Claude models take and refuse, wherever they are served: the Messages API, Vertex, Bedrock.
 *
 * Pure. claude_rules.c is the table of models; claude_plan.c turns a request into what a model of
 * the table is asked for, before any dialect writes it; claude_cache.c marks what is to be cached.
 * What is dropped is a warning; what cannot be done is said in `feature` and `reason`.
 */
#ifndef PROA_PROVIDER_CLAUDE_PRIV_H
#define PROA_PROVIDER_CLAUDE_PRIV_H

#include "proa/chat/request.h"
#include "proa/chat/warning.h"
#include "proa/core/arena.h"
#include "proa/json/writer.h"

/* ---- claude_rules.c */

enum claude_sampling {
    CLAUDE_SAMPLING_ALL = 0,
    CLAUDE_SAMPLING_ONE, /* temperature or top_p, not both */
    CLAUDE_SAMPLING_NONE /* temperature, top_p and top_k are refused */
};

enum claude_thinking {
    CLAUDE_THINKING_NONE = 0,
    CLAUDE_THINKING_BUDGET,  /* only when asked, with a budget of tokens */
    CLAUDE_THINKING_ADAPTIVE /* the model decides how much; an effort guides it */
};

enum {
    CLAUDE_FORCED = 1 << 0,  /* takes a forced tool choice */
    CLAUDE_OFF = 1 << 1,     /* takes thinking that is switched off */
    CLAUDE_PREFILL = 1 << 2, /* goes on with a last message of the assistant */
    CLAUDE_SCHEMA = 1 << 3,  /* output_config.format, and strict tools */
    CLAUDE_XHIGH = 1 << 4,   /* has an effort between high and max */
    CLAUDE_TOKENS = 1 << 5,  /* ADAPTIVE that takes a budget as well */
    CLAUDE_SHY = 1 << 6,     /* tells its thinking only when asked to */
    CLAUDE_KNOWN = 1 << 7    /* its max_tokens is a fact, not a guess */
};

struct proa_claude {
    struct proa_slice pattern; /* of upstream ids, whoever serves them */
    uint32_t max_tokens;       /* of an answer */
    enum claude_sampling sampling;
    enum claude_thinking thinking;
    unsigned can; /* CLAUDE_ flags */
};

/* Never NULL: what is in no other row is in the last one. */
const struct proa_claude *proa_claude_find(struct proa_slice model);

/* ---- claude_plan.c */

/* The tool that stands for a JSON schema where a model cannot be given one. A call of it is text of
 * the answer, not a tool call. */
#define PROA_CLAUDE_JSON_TOOL "proa_json_answer"
#define PROA_CLAUDE_JSON_HINT "Give the answer by calling this tool: its arguments are the answer."
/* Where any JSON object is wanted. */
#define PROA_CLAUDE_JSON_SYSTEM                                                                    \
    "Answer with one JSON object and nothing else: no text around it, no code fence."

enum claude_wish_mode {
    CLAUDE_WISH_UNSAID = 0,
    CLAUDE_WISH_OFF,
    CLAUDE_WISH_BUDGET,  /* `budget` tokens, 0 = some */
    CLAUDE_WISH_ADAPTIVE /* as much as it wants */
};

/* What is wanted besides the neutral request, or instead of a part of it. */
struct proa_claude_wish {
    enum claude_wish_mode mode;
    uint64_t budget;
    enum proa_chat_effort effort;
    enum proa_chat_flag show; /* NO: think, but do not tell */
    bool by_tool;             /* a schema by the tool, whatever the model could do */
};

/* As the neutral request says it. */
struct proa_claude_wish proa_claude_wish_of(const struct proa_chat_request *chat);

enum claude_schema {
    CLAUDE_SCHEMA_NONE = 0,
    CLAUDE_SCHEMA_OWN,   /* output_config.format */
    CLAUDE_SCHEMA_TOOL,  /* PROA_CLAUDE_JSON_TOOL besides the tools, and a forced choice */
    CLAUDE_SCHEMA_SYSTEM /* any object: PROA_CLAUDE_JSON_SYSTEM */
};

struct proa_claude_plan {
    const struct proa_claude *model;
    uint64_t max_tokens;
    struct proa_slice temperature; /* as they are sent; empty = not at all */
    struct proa_slice top_p;
    struct proa_slice top_k;
    enum claude_wish_mode thinking;
    uint64_t budget; /* thinking BUDGET */
    struct proa_slice display;
    struct proa_slice effort; /* plain; empty = none */
    enum claude_schema schema;
    bool strict;         /* of tools may be sent */
    bool prefill;        /* the last message is the beginning of the answer */
    const char *feature; /* set: it cannot be done */
    const char *reason;
};

/* `takes_schema`: whoever serves it knows output_config.format. */
void proa_claude_plan(const struct proa_claude *model, const struct proa_chat_request *chat,
                      const struct proa_claude_wish *wish, bool takes_schema,
                      struct proa_chat_warnings *warnings, struct proa_claude_plan *out);

/* Members of an object, each with its key, or nothing. */
void proa_claude_put_thinking(struct proa_json_writer *w, const struct proa_claude_plan *plan);
void proa_claude_put_output(struct proa_json_writer *w, const struct proa_claude_plan *plan,
                            const struct proa_chat_request *chat);

/* ---- claude_cache.c */
/* The request with marks for what can be cached, or as it is where it has some. */
const struct proa_chat_request *proa_claude_marked(const struct proa_chat_request *chat,
                                                   struct proa_arena *arena);

#endif
