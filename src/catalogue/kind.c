#include "proa/catalogue/kind.h"

static const char *const TYPES[PROA_MODEL_TYPES] = {
    [PROA_MODEL_LANGUAGE] = "language",   [PROA_MODEL_EMBEDDING] = "embedding",
    [PROA_MODEL_RERANKING] = "reranking", [PROA_MODEL_IMAGE] = "image",
    [PROA_MODEL_SPEECH] = "speech",       [PROA_MODEL_TRANSCRIPTION] = "transcription",
    [PROA_MODEL_VIDEO] = "video",         [PROA_MODEL_REALTIME] = "realtime",
};

static const char *const CAPABILITIES[PROA_CAPABILITIES] = {
    [PROA_CAPABILITY_TOOLS] = "tools",         [PROA_CAPABILITY_VISION] = "vision",
    [PROA_CAPABILITY_REASONING] = "reasoning", [PROA_CAPABILITY_JSON_SCHEMA] = "json_schema",
    [PROA_CAPABILITY_CACHING] = "caching",     [PROA_CAPABILITY_AUDIO] = "audio",
};

const char *proa_model_type_name(enum proa_model_type type)
{
    return TYPES[type];
}

const char *proa_capability_name(enum proa_capability capability)
{
    return CAPABILITIES[capability];
}

/* The place of a name in a list, or n. */
static size_t place(struct proa_slice name, const char *const *names, size_t n)
{
    size_t i = 0;
    while (i < n && !proa_slice_eq(name, proa_slice_cstr(names[i]))) {
        i++;
    }
    return i;
}

bool proa_model_type_find(struct proa_slice name, enum proa_model_type *out)
{
    const size_t i = place(name, TYPES, PROA_MODEL_TYPES);
    *out = (enum proa_model_type)i;
    return i < PROA_MODEL_TYPES;
}

bool proa_capability_find(struct proa_slice name, enum proa_capability *out)
{
    const size_t i = place(name, CAPABILITIES, PROA_CAPABILITIES);
    *out = (enum proa_capability)i;
    return i < PROA_CAPABILITIES;
}
