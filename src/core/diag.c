#include "proa/core/diag.h"

#include <stdarg.h>
#include <stdio.h>

void proa_diags_add(struct proa_diags *d, enum proa_diag_level level, const char *file,
                    uint32_t line, uint32_t col, const char *fmt, ...)
{
    /* Counted even when dropped: "has errors" must not depend on how many warnings came first. */
    if (level == PROA_DIAG_ERROR) {
        d->n_errors++;
    }
    if (d->n >= PROA_DIAG_MAX) {
        d->n_dropped++;
        return;
    }
    struct proa_diag *item = &d->items[d->n++];
    item->level = level;
    item->file = file;
    item->line = line;
    item->col = col;

    va_list args;
    va_start(args, fmt);
    if (vsnprintf(item->message, sizeof(item->message), fmt, args) < 0) {
        item->message[0] = '\0';
    }
    va_end(args);
}
