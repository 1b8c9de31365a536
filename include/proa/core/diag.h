/*
 * One message about a file that a person wrote: where and what. Filled by `config` and `policy`,
 * printed by `cli` as `file:line:col: message`.
 */
#ifndef PROA_CORE_DIAG_H
#define PROA_CORE_DIAG_H

#include "proa/core/check.h"

#include <stdint.h>

enum proa_diag_level { PROA_DIAG_ERROR = 0, PROA_DIAG_WARNING };

struct proa_diag {
    enum proa_diag_level level;
    const char *file; /* borrowed from whoever loaded it; NULL when there is none */
    uint32_t line;    /* 1-based; 0 = unknown */
    uint32_t col;     /* 1-based; 0 = unknown */
    char message[512];
};

/* A bounded list; further messages are counted in n_dropped. Value type: zero it to start. */
enum { PROA_DIAG_MAX = 32 };
struct proa_diags {
    struct proa_diag items[PROA_DIAG_MAX];
    uint32_t n;
    uint32_t n_errors;
    uint32_t n_dropped;
};

void proa_diags_add(struct proa_diags *d, enum proa_diag_level level, const char *file,
                    uint32_t line, uint32_t col, const char *fmt, ...) PROA_PRINTF(6, 7);

#endif
