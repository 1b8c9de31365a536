#include "path_priv.h"
#include "value_priv.h"

#include "proa/config/doc.h"

#include <stdarg.h>
#include <stdio.h>

enum { STEPS_MAX = 2 * PROA_DOC_MAX_DEPTH };

/* Keys that would make the path ambiguous stand in brackets. */
static bool is_simple(struct proa_slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (strchr(".[]\" ", key.ptr[i])) {
            return false;
        }
    }
    return key.len > 0;
}

static int print_step(const struct proa_path *step, bool first, char *out, size_t cap)
{
    char shown[PROA_VALUE_SHOW_MAX];
    if (step->is_index) {
        return snprintf(out, cap, "[%zu]", step->index);
    }
    proa_value_show(shown, step->key);
    if (!is_simple(step->key)) {
        return snprintf(out, cap, "[\"%s\"]", shown);
    }
    return snprintf(out, cap, "%s%s", first ? "" : ".", shown);
}

void proa_path_text(const struct proa_path *path, char *out, size_t cap)
{
    const struct proa_path *steps[STEPS_MAX];
    size_t n = 0;
    size_t len = 0;
    for (; path && n < STEPS_MAX; path = path->up) {
        steps[n++] = path;
    }
    out[0] = '\0';
    for (size_t i = n; i > 0 && len + 1 < cap; i--) {
        int wrote = print_step(steps[i - 1], i == n, out + len, cap - len);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
}

void proa_path_error(struct proa_diags *diags, const struct proa_path *path,
                     struct proa_option_where at, const char *fmt, ...)
{
    char where[192];
    char message[320];
    va_list args;
    va_start(args, fmt);
    if (vsnprintf(message, sizeof(message), fmt, args) < 0) {
        message[0] = '\0';
    }
    va_end(args);
    proa_path_text(path, where, sizeof(where));
    proa_diags_add(diags, PROA_DIAG_ERROR, at.file, at.line, at.col, "%s%s%s", where,
                   where[0] ? ": " : "", message);
}

void proa_path_place(struct proa_option_where at, char *out, size_t cap)
{
    int n = at.line > 0 ? snprintf(out, cap, "%s:%u:%u", at.file ? at.file : "?", at.line, at.col)
                        : snprintf(out, cap, "%s", at.file ? at.file : "?");
    if (n < 0) {
        out[0] = '\0';
    }
}
