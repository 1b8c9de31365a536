#include "proa/provider/dialect.h"

#include "dialects_priv.h"

static const struct proa_dialect *const DIALECTS[] = {&proa_dialect_openai};

static const char *const OPERATIONS[PROA_OPERATIONS] = {
    [PROA_OP_CHAT] = "chat",
    [PROA_OP_COMPLETION] = "text_completion",
    [PROA_OP_EMBEDDING] = "embeddings",
    [PROA_OP_MODERATION] = "moderation",
};

const char *proa_operation_name(enum proa_operation op)
{
    return (size_t)op < PROA_ARRAY_LEN(OPERATIONS) ? OPERATIONS[op] : "unknown";
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
