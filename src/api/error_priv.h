/*
 * Envelopes of errors that have a unit of their own.
 */
#ifndef PROA_API_ERROR_PRIV_H
#define PROA_API_ERROR_PRIV_H

#include "proa/api/error.h"
#include "proa/json/writer.h"

/* The AI SDK's: `name` and `type` as the table has them, and the status that the answer has. */
struct proa_error_words {
    const char *name;
    const char *type;
    uint16_t status;
};

/* "generationId" and "providerMetadata", where the exchange has come so far. */
void proa_error_put_told(struct proa_json_writer *w, const struct proa_api_error *error);

bool proa_aisdk_error_write(const struct proa_api_error *error,
                            const struct proa_error_words *words, struct proa_buf *out);
/* Two parts: the error, and the end of the stream. */
bool proa_aisdk_error_event(const struct proa_api_error *error,
                            const struct proa_error_words *words, struct proa_buf *out);

/* A Response that has failed; empty slices are not known. */
struct proa_responses_failure {
    struct proa_slice id;
    struct proa_slice model;
    struct proa_slice code;
    struct proa_slice message;
    struct proa_slice gateway;
    uint64_t sequence;
};

/* `event: response.failed` */
bool proa_responses_failed(const struct proa_responses_failure *failure, struct proa_buf *out);

#endif
