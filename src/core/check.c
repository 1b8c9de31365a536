#include "proa/core/check.h"

#include <stdio.h>
#include <stdlib.h>

void proa_check_failed(const char *expr, const char *file, int line)
{
    (void)fprintf(stderr, "proa: %s:%d: failed: %s\n", file, line, expr);
    abort();
}
