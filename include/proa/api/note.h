/*
 * What the gateway tells of an exchange, put into answers that are passed on as they came: where it
 * belongs in each, for a surface and an endpoint that have a place for it.
 *
 * Pure. The answer stays where it stands: what comes out are bytes, and before which of its bytes
 * they go. An answer that says so already is left as it is.
 */
#ifndef PROA_API_NOTE_H
#define PROA_API_NOTE_H

#include "proa/api/surface.h"
#include "proa/core/buf.h"

struct proa_api_note {
    struct proa_slice gateway;    /* a JSON object */
    struct proa_slice generation; /* plain; for errors */
};

/*
 * Each appends the bytes to `text` and says before which byte of the answer they go. False, with
 * nothing done: there is no place for them, or the answer is not of the usual shape.
 */
/* A whole answer. */
bool proa_api_note_whole(enum proa_surface surface, enum proa_endpoint_kind kind,
                         struct proa_slice body, const struct proa_api_note *note,
                         struct proa_buf *text, size_t *at);
/* Whole events of a stream, as they came: the one that ends the answer is among them, or none. */
bool proa_api_note_events(enum proa_surface surface, enum proa_endpoint_kind kind,
                          struct proa_slice events, const struct proa_api_note *note,
                          struct proa_buf *text, size_t *at);
/* A provider's error: an object with `error` in it. */
bool proa_api_note_error(struct proa_slice body, const struct proa_api_note *note,
                         struct proa_buf *text, size_t *at);

#endif
