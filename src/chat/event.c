#include "proa/chat/event.h"

const char *proa_chat_finish_name(enum proa_chat_finish finish)
{
    switch (finish) {
    case PROA_CHAT_FINISH_LENGTH:
        return "length";
    case PROA_CHAT_FINISH_TOOLS:
        return "tool_calls";
    case PROA_CHAT_FINISH_FILTER:
        return "content_filter";
    case PROA_CHAT_FINISH_STOP:
    case PROA_CHAT_FINISH_OTHER:
        break;
    }
    return "stop";
}
