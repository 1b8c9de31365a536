#include "proa/chat/warning.h"

#include <string.h>

void proa_chat_warn(struct proa_chat_warnings *w, const char *feature, const char *reason)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->items[i].feature, feature) == 0) {
            return;
        }
    }
    if (w->n == PROA_CHAT_WARNINGS_MAX) {
        w->dropped++;
        return;
    }
    w->items[w->n++] = (struct proa_chat_warning){feature, reason};
}
