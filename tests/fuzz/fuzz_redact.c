/*
 * Redaction under fuzzing: the first line of the input holds secrets separated by blanks, the rest
 * is the text. No secret may survive, and text without any must come back as it is.
 * links: auth tls json core
 */
#include "proa/auth/redact.h"

#include <stdint.h>
#include <stdlib.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SECRETS_MAX = 6, SCRATCH_MAX = 1 << 20 };

static void add_secrets(struct proa_redactor *r, struct proa_slice line)
{
    for (int i = 0; i < SECRETS_MAX && line.len > 0; i++) {
        struct proa_slice bytes = proa_slice_split(line, ' ', &line);
        struct proa_secret *s = NULL;
        if (bytes.len >= PROA_REDACT_MIN_BYTES && proa_secret_create(bytes, &s) == PROA_OK) {
            if (proa_redactor_add(r, s) != PROA_OK) {
                abort();
            }
            proa_secret_unref(s);
        }
    }
}

/* Is one of the secrets in there, by the plainest search? The mark itself may make one. */
static bool holds_secret(struct proa_slice line, struct proa_slice text)
{
    for (int i = 0; i < SECRETS_MAX && line.len > 0; i++) {
        struct proa_slice bytes = proa_slice_split(line, ' ', &line);
        if (bytes.len >= PROA_REDACT_MIN_BYTES && proa_slice_search(text, bytes) < text.len) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proa_slice text;
    struct proa_slice line = proa_slice_split(proa_slice_make(data, size), '\n', &text);
    struct proa_redactor *r = proa_redactor_create();
    struct proa_buf scratch;
    proa_buf_init(&scratch, SCRATCH_MAX);
    add_secrets(r, line);

    bool dirty = holds_secret(line, text);
    struct proa_slice out = proa_redact(r, text, &scratch);
    if (dirty != (out.ptr != text.ptr)) {
        abort();
    }
    /* The mark may be a secret, or make one with the bytes around it; others must not be there. */
    bool marked = proa_slice_find(line, '[') < line.len || proa_slice_find(line, ']') < line.len ||
                  proa_slice_search(line, PROA_SLICE("redacted")) < line.len;
    if (!marked && holds_secret(line, out)) {
        abort();
    }
    out = proa_redact_foreign(r, text, &scratch);
    if (!marked && holds_secret(line, out)) {
        abort();
    }
    proa_buf_deinit(&scratch);
    proa_redactor_destroy(r);
    return 0;
}
