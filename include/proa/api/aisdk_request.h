/*
 * Requests of the AI SDK's gateway protocol, read into the neutral model: language, embedding and
 * reranking models, in the versions 2, 3 and 4 of its specification.
 *
 * Source: the published client, `@ai-sdk/gateway` 2.0, 3.0 and 4.0 with `@ai-sdk/provider`
 * (`src/language-model/v2`, `v3`, `v4`).
 *
 * Pure. The model's name, the version and whether an answer is streamed stand in the headers; the
 * body holds the rest. Of a version's forms all others are taken too: a client that mixes them
 * means something by it. What the body's `headers` member says is the client's own and is not
 * looked at.
 */
#ifndef PROA_API_AISDK_REQUEST_H
#define PROA_API_AISDK_REQUEST_H

#include "proa/api/face.h"

enum { PROA_API_AISDK_OLDEST = 2, PROA_API_AISDK_NEWEST = 4 };

/* As `look` and `read` of a face. `out->version` holds what the path says and is replaced by what
 * the headers say. */
enum proa_err proa_api_aisdk_look(const struct proa_api_arrived *in, struct proa_api_request *out,
                                  struct proa_api_error *error) PROA_MUST_CHECK;
enum proa_err proa_api_aisdk_read(const struct proa_api_body *body, struct proa_api_asked *out,
                                  struct proa_api_error *error) PROA_MUST_CHECK;
/* Which version a client of /config speaks: it sends no header of its own for it. `path` is what
 * the path says. */
unsigned proa_api_aisdk_config_version(struct proa_slice user_agent, unsigned path);

#endif
