#include "gaps_priv.h"

#include "proa/chat/text.h"
#include "proa/core/check.h"
#include "proa/json/string.h"

/* 0 is the default of a penalty. */
static bool is_set(struct proa_slice number)
{
    return number.len > 0 && !proa_json_number_is_zero(number);
}

static bool is_special(struct proa_slice tier)
{
    return tier.len > 0 && !proa_chat_text_eq(tier, PROA_SLICE("auto")) &&
           !proa_chat_text_eq(tier, PROA_SLICE("default"));
}

static const char *const FEATURES[PROA_GAPS] = {
#define PROA_GAP_FEATURE(name, feature, said) [PROA_GAP_##name] = (feature),
    PROA_GAP_TABLE(PROA_GAP_FEATURE)
#undef PROA_GAP_FEATURE
};

static bool is_said(const struct proa_chat_request *chat, enum proa_gap gap)
{
    switch (gap) {
#define PROA_GAP_CASE(name, feature, said)                                                         \
    case PROA_GAP_##name:                                                                          \
        return said;
        PROA_GAP_TABLE(PROA_GAP_CASE)
#undef PROA_GAP_CASE
    case PROA_GAPS:
        break;
    }
    return false;
}

/* ---- extras ---------------------------------------------------------------------------------- */

enum extra_fate {
    EXTRA_WARNED = 0,
    EXTRA_SILENT, /* says nothing about the answer: what is kept, counted or cached elsewhere */
    EXTRA_REFUSED
};

static const struct extra_row {
    struct proa_slice dialect;
    struct proa_slice key;
    const char *feature;
    enum extra_fate fate;
} EXTRAS[] = {
#define EXTRA(of, name, what)                                                                      \
    {                                                                                              \
        PROA_SLICE_INIT(of), PROA_SLICE_INIT(name), name, EXTRA_##what                             \
    }
    EXTRA("openai", "stream_options", SILENT),
    EXTRA("openai", "store", SILENT),
    EXTRA("openai", "metadata", SILENT),
    EXTRA("openai", "prediction", SILENT),
    EXTRA("openai", "prompt_cache_key", SILENT),
    EXTRA("openai", "prompt_cache_retention", SILENT),
    EXTRA("openai", "safety_identifier", SILENT),
    EXTRA("openai", "logit_bias", WARNED),
    EXTRA("openai", "verbosity", WARNED),
    EXTRA("openai", "web_search_options", WARNED),
    EXTRA("openai", "min_p", WARNED),
    EXTRA("openai", "repetition_penalty", WARNED),
    EXTRA("openai", "audio", REFUSED),
    EXTRA("openai", "functions", REFUSED),
    EXTRA("openai", "function_call", REFUSED),
    EXTRA("anthropic", "container", WARNED),
    EXTRA("anthropic", "context_management", WARNED),
    EXTRA("anthropic", "inference_geo", WARNED),
    EXTRA("anthropic", "mcp_servers", WARNED),
    EXTRA("anthropic", "speed", WARNED),
#undef EXTRA
};

static const struct extra_row *extra_row_of(struct proa_slice dialect, struct proa_slice key)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(EXTRAS); i++) {
        if (proa_slice_eq(EXTRAS[i].key, key) && proa_slice_eq(EXTRAS[i].dialect, dialect)) {
            return &EXTRAS[i];
        }
    }
    return NULL;
}

static bool pass_extra(const struct proa_chat_request *chat, const struct proa_chat_extra *extra,
                       struct proa_chat_warnings *warnings, struct proa_encoded *out)
{
    static const char *const reason = "has no equivalent at this provider";
    const struct extra_row *row = extra_row_of(chat->extras_dialect, proa_chat_text(extra->key));
    if (proa_slice_eq(extra->value, PROA_SLICE("null")) || (row && row->fate == EXTRA_SILENT)) {
        return true;
    }
    if (row && row->fate == EXTRA_REFUSED) {
        out->feature = row->feature;
        out->reason = reason;
        return false;
    }
    proa_chat_warn(warnings, row ? row->feature : "a member that is not known", reason);
    return true;
}

bool proa_gaps_pass(const struct proa_chat_request *chat, const struct proa_gap_row *rows,
                    size_t n_rows, struct proa_slice dialect, struct proa_chat_warnings *warnings,
                    struct proa_encoded *out)
{
    for (size_t i = 0; i < n_rows; i++) {
        const char *feature = FEATURES[rows[i].gap];
        if (!is_said(chat, rows[i].gap)) {
            continue;
        }
        if (rows[i].refused) {
            out->feature = feature;
            out->reason = rows[i].reason;
            return false;
        }
        proa_chat_warn(warnings, feature, rows[i].reason);
    }
    const bool own = proa_slice_eq(chat->extras_dialect, dialect);
    for (size_t i = 0; !own && i < chat->n_extras; i++) {
        if (!pass_extra(chat, &chat->extras[i], warnings, out)) {
            return false;
        }
    }
    return true;
}
