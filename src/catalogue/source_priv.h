/*
 * The file of the catalogue while it is read. Private to the module.
 */
#ifndef PROA_CATALOGUE_SOURCE_PRIV_H
#define PROA_CATALOGUE_SOURCE_PRIV_H

#include "proa/catalogue/source.h"
#include "proa/core/buf.h"

struct reading {
    const char *file;
    bool (*is_vendor)(struct proa_slice name);
    struct proa_arena *arena;
    struct proa_diags *diags;
    struct proa_buf path; /* of the place being read */
};

/* A mistake at r->path. */
void proa_source_error(struct reading *r, const char *fmt, ...) PROA_PRINTF(2, 3);
/* names.c: fills out->names, and says what is called alike. */
void proa_source_check_names(struct reading *r, struct proa_source *out);

#endif
