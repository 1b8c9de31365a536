/*
 * The dialects there are; proa_dialect_find() looks among them.
 */
#ifndef PROA_PROVIDER_DIALECTS_PRIV_H
#define PROA_PROVIDER_DIALECTS_PRIV_H

#include "proa/provider/dialect.h"

extern const struct proa_dialect proa_dialect_openai;
extern const struct proa_dialect proa_dialect_anthropic;
extern const struct proa_dialect proa_dialect_gemini;
extern const struct proa_dialect proa_dialect_cohere;
extern const struct proa_dialect proa_dialect_bedrock;

/* passes() of a dialect that no surface speaks. */
bool proa_dialect_never_passes(const struct proa_vendor *vendor, struct proa_slice model,
                               enum proa_operation op);

#endif
