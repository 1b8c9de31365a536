#include "proa/provider/dialect.h"

#include "dialects_priv.h"

#include "proa/provider/vendor.h"

static const struct proa_dialect *const DIALECTS[] = {
    &proa_dialect_openai, &proa_dialect_anthropic, &proa_dialect_gemini,
    &proa_dialect_cohere, &proa_dialect_bedrock,
};

static const char *const OPERATIONS[PROA_OPERATIONS] = {
    [PROA_OP_CHAT] = "chat",
    [PROA_OP_COMPLETION] = "text_completion",
    [PROA_OP_EMBEDDING] = "embeddings",
    [PROA_OP_MODERATION] = "moderation",
    [PROA_OP_RERANK] = "rerank",
    [PROA_OP_COUNT_TOKENS] = "count_tokens",
    [PROA_OP_RESPONSES] = "responses",
    [PROA_OP_IMAGE] = "image",
    [PROA_OP_IMAGE_EDIT] = "image_edit",
    [PROA_OP_SPEECH] = "speech",
    [PROA_OP_TRANSCRIPTION] = "transcription",
    [PROA_OP_TRANSLATION] = "translation",
};

const char *proa_operation_name(enum proa_operation op)
{
    return (size_t)op < PROA_ARRAY_LEN(OPERATIONS) ? OPERATIONS[op] : "unknown";
}

/* A page of whoever stands between is never one. */
static bool is_markup(struct proa_slice media_type)
{
    return proa_http_media_type_is(media_type, PROA_SLICE("text/html"));
}

enum proa_answer_form proa_operation_answer_form(enum proa_operation op,
                                                 struct proa_slice media_type)
{
    const bool text = proa_slice_starts(media_type, PROA_SLICE("text/"));
    if (!proa_operation_is_media(op) || is_markup(media_type) ||
        proa_http_media_type_is(media_type, PROA_SLICE("application/json"))) {
        return PROA_ANSWER_JSON;
    }
    if (proa_http_media_type_is(media_type, PROA_SLICE("text/event-stream"))) {
        return PROA_ANSWER_EVENTS;
    }
    if (op == PROA_OP_SPEECH) {
        return PROA_ANSWER_FLOW;
    }
    /* The text alone, or as subtitles. */
    const bool heard = op == PROA_OP_TRANSCRIPTION || op == PROA_OP_TRANSLATION;
    return heard &&
                   (text || proa_http_media_type_is(media_type, PROA_SLICE("application/x-subrip")))
               ? PROA_ANSWER_BYTES
               : PROA_ANSWER_JSON;
}

const struct proa_dialect *proa_dialect_find(struct proa_slice name)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(DIALECTS); i++) {
        if (proa_slice_eq(name, proa_slice_cstr(DIALECTS[i]->name))) {
            return DIALECTS[i];
        }
    }
    return NULL;
}

bool proa_dialect_never_passes(const struct proa_vendor *vendor, struct proa_slice model,
                               enum proa_operation op)
{
    (void)vendor;
    (void)model;
    (void)op;
    return false;
}

/* Models that a vendor serves in another dialect than its own. */
static const struct exception {
    struct proa_slice vendor;
    struct proa_slice model; /* pattern */
    struct proa_slice dialect;
} EXCEPTIONS[] = {
    {PROA_SLICE_INIT("vertex"), PROA_SLICE_INIT("claude-*"), PROA_SLICE_INIT("anthropic")},
};

const struct proa_dialect *proa_dialect_for(const struct proa_dialect *usual,
                                            const struct proa_vendor *vendor,
                                            struct proa_slice model)
{
    for (size_t i = 0; vendor && i < PROA_ARRAY_LEN(EXCEPTIONS); i++) {
        const struct exception *e = &EXCEPTIONS[i];
        if (proa_slice_eq(e->vendor, vendor->name) && proa_slice_glob(e->model, model)) {
            const struct proa_dialect *other = proa_dialect_find(e->dialect);
            return other ? other : usual;
        }
    }
    return usual;
}
