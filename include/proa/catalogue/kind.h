/*
 * What a model is and what it can do, by name and number.
 *
 * Pure tables.
 */
#ifndef PROA_CATALOGUE_KIND_H
#define PROA_CATALOGUE_KIND_H

#include "proa/core/slice.h"

enum proa_model_type {
    PROA_MODEL_LANGUAGE = 0,
    PROA_MODEL_EMBEDDING,
    PROA_MODEL_RERANKING,
    PROA_MODEL_IMAGE,
    PROA_MODEL_SPEECH,
    PROA_MODEL_TRANSCRIPTION,
    PROA_MODEL_VIDEO,
    PROA_MODEL_REALTIME,
    PROA_MODEL_TYPES
};

enum proa_capability {
    PROA_CAPABILITY_TOOLS = 0,   /* calls tools */
    PROA_CAPABILITY_VISION,      /* takes images */
    PROA_CAPABILITY_REASONING,   /* thinks before it answers, or can */
    PROA_CAPABILITY_JSON_SCHEMA, /* answers by a schema */
    PROA_CAPABILITY_CACHING,     /* prompts that were sent before cost less */
    PROA_CAPABILITY_AUDIO,       /* takes sound */
    PROA_CAPABILITIES
};

/* "language", "json_schema"; static. */
const char *proa_model_type_name(enum proa_model_type type);
const char *proa_capability_name(enum proa_capability capability);
/* False when there is none of that name. */
bool proa_model_type_find(struct proa_slice name, enum proa_model_type *out);
bool proa_capability_find(struct proa_slice name, enum proa_capability *out);

#endif
