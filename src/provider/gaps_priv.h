/*
 * Gaps: what the neutral request can say and a dialect has no word for. Each dialect names its gaps
 * in a table of its own, with what becomes of each: dropped with a warning where the answer is
 * still an answer, refused where it would be another one.
 *
 * Pure.
 */
#ifndef PROA_PROVIDER_GAPS_PRIV_H
#define PROA_PROVIDER_GAPS_PRIV_H

#include "proa/provider/dialect.h"

/* X(name, the field in OpenAI's words, does the request say it?) */
#define PROA_GAP_TABLE(X)                                                                          \
    X(N, "n", chat->n > 1)                                                                         \
    X(SEED, "seed", chat->seed.len > 0)                                                            \
    X(FREQUENCY_PENALTY, "frequency_penalty", is_set(chat->frequency_penalty))                     \
    X(PRESENCE_PENALTY, "presence_penalty", is_set(chat->presence_penalty))                        \
    X(LOGPROBS, "logprobs", chat->logprobs == PROA_CHAT_YES)                                       \
    X(TOP_LOGPROBS, "top_logprobs", chat->top_logprobs > 0)                                        \
    X(TOP_K, "top_k", chat->top_k.len > 0)                                                         \
    X(PARALLEL, "parallel_tool_calls", chat->n_tools > 0 && chat->parallel_tools == PROA_CHAT_NO)  \
    X(USER, "user", chat->user.len > 0)                                                            \
    X(SERVICE_TIER, "service_tier", is_special(chat->service_tier))

enum proa_gap {
#define PROA_GAP_ENUM(name, ...) PROA_GAP_##name,
    PROA_GAP_TABLE(PROA_GAP_ENUM)
#undef PROA_GAP_ENUM
        PROA_GAPS
};

struct proa_gap_row {
    enum proa_gap gap;
    bool refused;
    const char *reason; /* static */
};

/*
 * Goes through the table, and through the extras unless they are of this dialect. False when the
 * request must be refused: then out->feature and out->reason say why.
 */
bool proa_gaps_pass(const struct proa_chat_request *chat, const struct proa_gap_row *rows,
                    size_t n_rows, struct proa_slice dialect, struct proa_chat_warnings *warnings,
                    struct proa_encoded *out);

#endif
