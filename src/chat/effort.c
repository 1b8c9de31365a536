#include "proa/chat/effort.h"

#include "proa/chat/text.h"
#include "proa/core/check.h"

static const struct proa_slice WORDS[] = {
    [PROA_CHAT_EFFORT_UNSAID] = PROA_SLICE_INIT(""),
    [PROA_CHAT_EFFORT_NONE] = PROA_SLICE_INIT("none"),
    [PROA_CHAT_EFFORT_MINIMAL] = PROA_SLICE_INIT("minimal"),
    [PROA_CHAT_EFFORT_LOW] = PROA_SLICE_INIT("low"),
    [PROA_CHAT_EFFORT_MEDIUM] = PROA_SLICE_INIT("medium"),
    [PROA_CHAT_EFFORT_HIGH] = PROA_SLICE_INIT("high"),
    [PROA_CHAT_EFFORT_XHIGH] = PROA_SLICE_INIT("xhigh"),
    [PROA_CHAT_EFFORT_MAX] = PROA_SLICE_INIT("max"),
};

struct proa_slice proa_chat_effort_word(enum proa_chat_effort effort)
{
    PROA_DASSERT((size_t)effort < PROA_ARRAY_LEN(WORDS));
    return WORDS[effort];
}

bool proa_chat_effort_find(struct proa_slice text, enum proa_chat_effort *out)
{
    for (size_t i = PROA_CHAT_EFFORT_NONE; i < PROA_ARRAY_LEN(WORDS); i++) {
        if (proa_chat_text_eq(text, WORDS[i])) {
            *out = (enum proa_chat_effort)i;
            return true;
        }
    }
    return false;
}
