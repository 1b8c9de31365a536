/*
 * What differs between providers that speak the openai dialect: rows by vendor and model, never
 * code. Sources: the vendors' documentation and SDKs, as collected in the matrix of request fields.
 */
#ifndef PROA_PROVIDER_OPENAI_QUIRKS_PRIV_H
#define PROA_PROVIDER_OPENAI_QUIRKS_PRIV_H

#include "proa/provider/dialect.h"

enum {
    /* The client's own bytes will not do: requests and answers go through the neutral model. */
    OPENAI_TRANSLATE = 1 << 0,
    OPENAI_MAX_OLD = 1 << 1,           /* the limit is max_tokens, and nothing else is taken */
    OPENAI_MAX_NEW = 1 << 2,           /* the limit is max_completion_tokens, likewise */
    OPENAI_STRICT = 1 << 3,            /* unknown fields are refused: only known ones are sent */
    OPENAI_NO_STREAM_OPTIONS = 1 << 4, /* usage comes unasked */
    OPENAI_RANDOM_SEED = 1 << 5,       /* seed is called random_seed */
    OPENAI_ANY = 1 << 6,               /* tool_choice "required" is called "any" */
    OPENAI_IDS_9 = 1 << 7,             /* ids of tool calls are nine letters and digits */
    OPENAI_PREFIX = 1 << 8,            /* a last message of the assistant is marked as a prefix */
    OPENAI_JSON_ONLY = 1 << 9,         /* json_object, but no schema */
    OPENAI_THINKING = 1 << 10,         /* thinking is switched by thinking:{type} */
    OPENAI_USER_ID = 1 << 11,          /* user is called user_id */
    OPENAI_REASONING_BACK = 1 << 12,   /* wants its own reasoning_content back */
    OPENAI_DEVELOPER = 1 << 13,        /* instructions are of the role developer */
    OPENAI_TOOL_NAME = 1 << 14,        /* a tool's message carries its name */
    OPENAI_DATA_URLS = 1 << 15,        /* images by data URL only */
    OPENAI_NO_NAMES = 1 << 16,         /* messages carry no name */
    OPENAI_REASONING_FORMAT = 1 << 17, /* reasoning comes in a field of its own when asked for */
    OPENAI_DIMENSION = 1 << 18,        /* dimensions is called output_dimension */
    OPENAI_NO_TOP_K = 1 << 19,
    OPENAI_NO_OWN_WORDS = 1 << 20, /* refuses what gateways have put beside this API's words */
};

/* Request fields that a provider may refuse. */
enum openai_field {
    OPENAI_F_TEMPERATURE = 0,
    OPENAI_F_TOP_P,
    OPENAI_F_SEED,
    OPENAI_F_STOP,
    OPENAI_F_PENALTIES,
    OPENAI_F_N,
    OPENAI_F_LOGPROBS,
    OPENAI_F_EFFORT,
    OPENAI_F_USER,
    OPENAI_F_SERVICE_TIER,
    OPENAI_F_PARALLEL,
    OPENAI_FIELDS
};
#define OPENAI_FIELD(f) (1U << OPENAI_F_##f)

/* Of `lacks`. */
#define OPENAI_OP(op) (1U << PROA_OP_##op)

/* A provider's word for each effort; NULL = none, it is dropped. */
struct openai_efforts {
    const char *word[PROA_CHAT_EFFORT_MAX + 1];
};

/* What there is of the Responses API. */
enum openai_responses {
    OPENAI_RESPONSES_NONE = 0, /* requests become chats */
    OPENAI_RESPONSES_SERVED,   /* each request says everything itself */
    OPENAI_RESPONSES_KEPT      /* and answers are kept there: previous_response_id */
};

struct openai_quirks {
    struct proa_slice vendor; /* empty: any other */
    struct proa_slice model;  /* pattern */
    uint32_t flags;
    uint32_t refused; /* OPENAI_FIELD() of those that are dropped, with a warning */
    const struct openai_efforts *efforts;    /* NULL = as the client says */
    const struct proa_slice *refused_extras; /* further members that are refused; ends empty */
    uint32_t inputs_max;                     /* of one embeddings call; 0 = 2048 */
    bool no_embeddings;
    bool no_ranks;  /* no rerankings */
    uint32_t lacks; /* OPENAI_OP() of images and audio that it has not in this dialect */
    enum openai_responses responses;
};

/* The first row that fits; there is always one. */
const struct openai_quirks *proa_openai_quirks(const struct proa_vendor *vendor,
                                               struct proa_slice model);

#endif
