/*
 * The models: the first row that fits counts. Version numbers are parted by a dash at Anthropic and
 * by a dot at some resellers, so a `?` stands for either.
 *
 * Facts: Anthropic's model overview and migration guides; where two sources name different limits
 * the lower one stands here, because a limit that is too high is a refused request.
 */
#include "claude_priv.h"

#include "proa/core/check.h"

#define OLD     (CLAUDE_KNOWN | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_PREFILL)
#define SCHEMAS (OLD | CLAUDE_SCHEMA)
/* From 4.6 on the beginning of an answer cannot be given. */
#define NEW (CLAUDE_KNOWN | CLAUDE_SCHEMA)

#define ROW(glob, tokens, sampling, thinking, can)                                                 \
    {                                                                                              \
        PROA_SLICE_INIT(glob), (tokens), CLAUDE_SAMPLING_##sampling, CLAUDE_THINKING_##thinking,   \
            (can)                                                                                  \
    }

static const struct proa_claude MODELS[] = {
    ROW("*claude-opus-5?5*", 128000, NONE, ADAPTIVE, NEW | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-sonnet-5?5*", 128000, NONE, ADAPTIVE, NEW | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-haiku-5?5*", 128000, NONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-fable-5?1*", 128000, NONE, ADAPTIVE, NEW | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-fable-5?2*", 128000, NONE, ADAPTIVE, NEW | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-fable-5*", 128000, NONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-opus-5*", 128000, NONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-sonnet-5*", 128000, NONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-haiku-5*", 64000, NONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-opus-4?8*", 128000, NONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-opus-4?7*", 128000, NONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_XHIGH | CLAUDE_SHY),
    ROW("*claude-opus-4?6*", 128000, ONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_TOKENS),
    ROW("*claude-sonnet-4?6*", 64000, ONE, ADAPTIVE,
        NEW | CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_TOKENS),
    ROW("*claude-opus-4?5*", 64000, ONE, BUDGET, SCHEMAS),
    ROW("*claude-sonnet-4?5*", 64000, ONE, BUDGET, SCHEMAS),
    ROW("*claude-haiku-4?5*", 64000, ONE, BUDGET, SCHEMAS),
    ROW("*claude-opus-4?1*", 32000, ONE, BUDGET, OLD),
    ROW("*claude-opus-4*", 32000, ALL, BUDGET, OLD),
    ROW("*claude-sonnet-4*", 64000, ALL, BUDGET, OLD),
    ROW("*claude-3?7*", 64000, ALL, BUDGET, OLD),
    ROW("*claude-3?5*", 8192, ALL, NONE, OLD),
    ROW("*claude-3*", 4096, ALL, NONE, OLD),
    ROW("*claude-2*", 4096, ALL, NONE, OLD),
    ROW("*claude-v?*", 4096, ALL, NONE, OLD),
    ROW("*claude-instant*", 4096, ALL, NONE, OLD),
    /* One that is newer than this table: asked for what all of the newest take. */
    ROW("*claude-*", 8192, NONE, ADAPTIVE, CLAUDE_SCHEMA | CLAUDE_SHY),
    /* No Claude: another model behind the same API, of which nothing is known. */
    ROW("*", 4096, ALL, BUDGET, CLAUDE_FORCED | CLAUDE_OFF | CLAUDE_PREFILL),
};

const struct proa_claude *proa_claude_find(struct proa_slice model)
{
    size_t i = 0;
    while (i + 1 < PROA_ARRAY_LEN(MODELS) && !proa_slice_glob(MODELS[i].pattern, model)) {
        i++;
    }
    return &MODELS[i];
}
