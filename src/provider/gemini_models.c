/*
 * What Google's models take, by patterns of their names: the first that fits. New ones are taken to
 * be like the newest that is known; what is not called Gemini (tuned models, Gemma) like the
 * oldest.
 */
#include "gemini_priv.h"

#include "proa/core/check.h"

#define LEVELS_ALL                                                                                 \
    (GEMINI_LEVEL_MINIMAL | GEMINI_LEVEL_LOW | GEMINI_LEVEL_MEDIUM | GEMINI_LEVEL_HIGH)

/* Of 2.0 and before: no thinking, the subset of OpenAPI. */
#define PLAIN(pattern_text)                                                                        \
    {                                                                                              \
        .pattern = PROA_SLICE_INIT(pattern_text), .penalties = GEMINI_AT_STUDIO | GEMINI_AT_VERTEX \
    }
/* Of 2.5: thinking by a budget. Penalties are refused by AI Studio. */
#define BUDGET(pattern_text, min, max, rest)                                                       \
    {                                                                                              \
        .pattern = PROA_SLICE_INIT(pattern_text), .thinking = GEMINI_THINKING_BUDGET,              \
        .budget_min = (min), .budget_max = (max), .can_rest = (rest), .json_schema = true,         \
        .penalties = GEMINI_AT_VERTEX                                                              \
    }
/* From 3 on: thinking by a word. */
#define LEVEL(pattern_text, words)                                                                 \
    {                                                                                              \
        .pattern = PROA_SLICE_INIT(pattern_text), .thinking = GEMINI_THINKING_LEVEL,               \
        .levels = (words), .json_schema = true, .json_and_tools = true, .signatures = true         \
    }

static const struct gemini_model MODELS[] = {
    PLAIN("gemini-1*"),
    PLAIN("gemini-2.0*"),
    /* Makes images and does not think. */
    {.pattern = PROA_SLICE_INIT("gemini-2.5-flash-image*"),
     .json_schema = true,
     .penalties = GEMINI_AT_VERTEX},
    BUDGET("gemini-2.5-flash-lite*", 512, 24576, true),
    BUDGET("gemini-2.5-pro*", 128, 32768, false),
    BUDGET("gemini-2.5*", 1, 24576, true),
    LEVEL("gemini-3-pro*", GEMINI_LEVEL_LOW | GEMINI_LEVEL_HIGH),
    LEVEL("gemini-*-pro*", GEMINI_LEVEL_LOW | GEMINI_LEVEL_MEDIUM | GEMINI_LEVEL_HIGH),
    LEVEL("gemini-pro*", GEMINI_LEVEL_LOW | GEMINI_LEVEL_MEDIUM | GEMINI_LEVEL_HIGH),
    LEVEL("gemini-*", LEVELS_ALL),
    PLAIN("*"),
};

struct proa_slice proa_gemini_id(struct proa_slice model)
{
    static const struct proa_slice prefixes[] = {PROA_SLICE_INIT("publishers/google/"),
                                                 PROA_SLICE_INIT("models/")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(prefixes); i++) {
        if (proa_slice_starts(model, prefixes[i])) {
            model = proa_slice_from(model, prefixes[i].len);
        }
    }
    return model;
}

const struct gemini_model *proa_gemini_model(struct proa_slice model)
{
    size_t i = 0;
    while (i + 1 < PROA_ARRAY_LEN(MODELS) && !proa_slice_glob(MODELS[i].pattern, model)) {
        i++;
    }
    return &MODELS[i];
}

/* The last is for every vendor. */
static const struct gemini_service SERVICES[] = {
    {PROA_SLICE_INIT("vertex"), GEMINI_AT_VERTEX, PROA_SLICE_INIT("/publishers/google/models/"),
     PROA_SLICE_INIT("vertex"), false},
    {PROA_SLICE_INIT("gemini"), GEMINI_AT_STUDIO, PROA_SLICE_INIT("/models/"),
     PROA_SLICE_INIT("gemini"), true},
};

const struct gemini_service *proa_gemini_service(const struct proa_vendor *vendor)
{
    size_t i = 0;
    while (i + 1 < PROA_ARRAY_LEN(SERVICES) &&
           !(vendor && proa_slice_eq(SERVICES[i].vendor, vendor->name))) {
        i++;
    }
    return &SERVICES[i];
}
