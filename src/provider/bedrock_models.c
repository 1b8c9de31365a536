/*
 * What families of models take, by patterns of their ids: the first that fits. An id may have a
 * region's prefix ("us.") or be the end of an ARN, so patterns begin with a star. What a profile of
 * an application stands for cannot be seen: it is taken to be of the last row.
 *
 * Sources: the Converse API's table of supported features, the model parameters of the Bedrock user
 * guide, and errors of newer models as AWS's users report them.
 */
#include "bedrock_priv.h"

#include "proa/core/check.h"

#define CHAT(id, accepts, forced, ...)                                                             \
    {                                                                                              \
        .pattern = PROA_SLICE_INIT(id), .flags = (accepts), .choice = BEDROCK_CHOICE_##forced,     \
        __VA_ARGS__                                                                                \
    }
#define VECTORS(id, form)                                                                          \
    {                                                                                              \
        .pattern = PROA_SLICE_INIT(id), .vectors = BEDROCK_VECTORS_##form                          \
    }
#define RANKS(id, form)                                                                            \
    {                                                                                              \
        .pattern = PROA_SLICE_INIT(id), .ranks = BEDROCK_RANKS_##form                              \
    }

#define THINKS(how) .thinking = BEDROCK_THINKING_##how
#define TOP_K(name) .top_k = (name)
#define CLAUDE      (BEDROCK_RESULT_STATUS | BEDROCK_CACHE)
/* Before Converse knew tools and instructions. */
#define OLD (BEDROCK_NO_TOOLS | BEDROCK_NO_SYSTEM)

static const struct bedrock_model MODELS[] = {
    CHAT("*anthropic.claude-v*", BEDROCK_NO_TOOLS, AUTO, TOP_K("top_k")),
    CHAT("*anthropic.claude-instant-*", BEDROCK_NO_TOOLS, AUTO, TOP_K("top_k")),
    CHAT("*anthropic.claude-3-haiku-*", BEDROCK_RESULT_STATUS, TOOL, THINKS(CLAUDE),
         TOP_K("top_k")),
    CHAT("*anthropic.claude-3-sonnet-*", BEDROCK_RESULT_STATUS, TOOL, THINKS(CLAUDE),
         TOP_K("top_k")),
    CHAT("*anthropic.claude-3-opus-*", BEDROCK_RESULT_STATUS, TOOL, THINKS(CLAUDE), TOP_K("top_k")),
    CHAT("*anthropic.claude-3-5-sonnet-20240620-*", BEDROCK_RESULT_STATUS, TOOL, THINKS(CLAUDE),
         TOP_K("top_k")),
    CHAT("*anthropic.claude-opus-4-7*", CLAUDE | BEDROCK_NO_SCHEMA, TOOL, THINKS(CLAUDE),
         TOP_K("top_k")),
    CHAT("*anthropic.claude-opus-4-8*", CLAUDE | BEDROCK_NO_SCHEMA, TOOL, THINKS(CLAUDE),
         TOP_K("top_k")),
    CHAT("*anthropic.claude-fable-5*", CLAUDE | BEDROCK_NO_SCHEMA, TOOL, THINKS(CLAUDE),
         TOP_K("top_k")),
    CHAT("*anthropic.claude-sonnet-5*", CLAUDE | BEDROCK_NO_SCHEMA, TOOL, THINKS(CLAUDE),
         TOP_K("top_k")),
    CHAT("*anthropic.claude-*", CLAUDE, TOOL, THINKS(CLAUDE), TOP_K("top_k")),
    VECTORS("*amazon.nova-*embed*", NOVA),
    CHAT("*amazon.nova-2-*", BEDROCK_RESULT_STATUS | BEDROCK_CACHE, TOOL, THINKS(NOVA),
         TOP_K("topK"), .top_k_in = "inferenceConfig"),
    CHAT("*amazon.nova-*", BEDROCK_RESULT_STATUS | BEDROCK_CACHE, TOOL, TOP_K("topK"),
         .top_k_in = "inferenceConfig"),
    VECTORS("*amazon.titan-embed-text-v1*", TITAN_1),
    VECTORS("*amazon.titan-embed-g1-text-*", TITAN_1),
    VECTORS("*amazon.titan-embed-image-*", TITAN_IMAGE),
    VECTORS("*amazon.titan-embed-*", TITAN_2),
    CHAT("*amazon.titan-*", OLD, AUTO, TOP_K(NULL)),
    RANKS("*amazon.rerank-*", AMAZON),
    CHAT("*openai.gpt-oss-*", 0, TOOL, THINKS(FLAT)),
    CHAT("*openai.*", BEDROCK_NO_SAMPLING | BEDROCK_NO_STOP, TOOL, THINKS(NESTED)),
    CHAT("*mistral.mistral-7b-*", BEDROCK_SHORT_IDS | OLD, AUTO, TOP_K("top_k")),
    CHAT("*mistral.mixtral-*", BEDROCK_SHORT_IDS | OLD, AUTO, TOP_K("top_k")),
    CHAT("*mistral.*", BEDROCK_SHORT_IDS, ANY, TOP_K("top_k")),
    CHAT("*meta.llama2-*", BEDROCK_NO_TOOLS, AUTO, TOP_K(NULL)),
    CHAT("*meta.llama3-8b-*", BEDROCK_NO_TOOLS, AUTO, TOP_K(NULL)),
    CHAT("*meta.llama3-70b-*", BEDROCK_NO_TOOLS, AUTO, TOP_K(NULL)),
    CHAT("*meta.llama*", 0, AUTO, TOP_K(NULL)),
    CHAT("*cohere.command-r*", 0, AUTO, TOP_K("k")),
    CHAT("*cohere.command-*", OLD, AUTO, TOP_K("k")),
    VECTORS("*cohere.embed-v4*", COHERE_4),
    VECTORS("*cohere.embed-*", COHERE_3),
    RANKS("*cohere.rerank-*", COHERE),
    CHAT("*deepseek.r1-*", BEDROCK_NO_TOOLS, AUTO, TOP_K(NULL)),
    CHAT("*ai21.j2-*", OLD, AUTO, TOP_K(NULL)),
    CHAT("*ai21.*", 0, AUTO, TOP_K(NULL)),
    CHAT("*", 0, TOOL, TOP_K(NULL)),
};

const struct bedrock_model *proa_bedrock_model(struct proa_slice model)
{
    size_t i = 0;
    while (i + 1 < PROA_ARRAY_LEN(MODELS) && !proa_slice_glob(MODELS[i].pattern, model)) {
        i++;
    }
    return &MODELS[i];
}

bool proa_bedrock_offers(const struct proa_vendor *vendor, struct proa_slice model,
                         enum proa_operation op)
{
    const struct bedrock_model *m = proa_bedrock_model(model);
    (void)vendor;
    switch (op) {
    case PROA_OP_CHAT:
    case PROA_OP_COMPLETION:
        return m->vectors == BEDROCK_VECTORS_NONE && m->ranks == BEDROCK_RANKS_NONE;
    case PROA_OP_EMBEDDING:
        return m->vectors != BEDROCK_VECTORS_NONE;
    case PROA_OP_RERANK:
        return m->ranks != BEDROCK_RANKS_NONE;
    case PROA_OP_MODERATION:
    case PROA_OP_COUNT_TOKENS:
    case PROA_OP_RESPONSES:
    case PROA_OP_IMAGE:
    case PROA_OP_IMAGE_EDIT:
    case PROA_OP_SPEECH:
    case PROA_OP_TRANSCRIPTION:
    case PROA_OP_TRANSLATION:
        return false;
    }
    return false;
}
