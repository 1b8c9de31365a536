/*
 * A form with files being written: texts in a buffer, files between them where they are.
 */
#ifndef PROA_PROVIDER_OPENAI_FORM_PRIV_H
#define PROA_PROVIDER_OPENAI_FORM_PRIV_H

#include "proa/provider/dialect.h"

enum { OPENAI_FORM_FILES_MAX = 16, OPENAI_FORM_FIELDS_MAX = 64, OPENAI_BOUNDARY_LEN = 21 };

struct openai_form_part {
    struct proa_slice name; /* letters, digits and _, perhaps "[]" behind them */
    struct proa_slice value;
    const struct proa_chat_file *file; /* NULL = a field; else `value` is its name */
};

struct openai_form {
    struct openai_form_part parts[OPENAI_FORM_FIELDS_MAX];
    size_t n;
    size_t n_files;
    bool full; /* something did not fit */
    char type[64];
};

/* Values are plain, and outlive the form. */
void proa_openai_form_add(struct openai_form *f, struct proa_slice name, struct proa_slice value);
/* `name` is the field's; the file is called like it, by its media type. */
void proa_openai_form_add_file(struct openai_form *f, struct proa_slice name,
                               const struct proa_chat_file *file);
/*
 * Writes it: pieces from out->iov[1] on, texts in out->body. *type is its media type, in the form.
 * ERR_LIMIT: more than fits; ERR_PROTOCOL: no boundary was found that is nowhere in it.
 */
enum proa_err proa_openai_form_write(struct openai_form *f, struct proa_encoded *out,
                                     struct proa_slice *type) PROA_MUST_CHECK;

#endif
