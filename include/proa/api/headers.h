/*
 * The allow-lists of header fields: what a client may send on to a provider, and what a provider
 * may send back to a client. Everything that is not on a list stays here, so a new header is
 * private until somebody decides otherwise.
 *
 * Pure, const tables.
 */
#ifndef PROA_API_HEADERS_H
#define PROA_API_HEADERS_H

#include "proa/http/header.h"

/*
 * Which client headers may go on to a provider; everything else stays here. Trace context is not on
 * it (self-hosted upstreams get their own), credentials and hop-by-hop headers never are.
 */
bool proa_api_forward_header(const struct proa_http_header *header);
/* The one dialect to whose providers it means something; NULL = to all. */
const char *proa_api_header_dialect(const struct proa_http_header *header);
/* Which upstream answer headers may go back to the client. */
bool proa_api_return_header(const struct proa_http_header *header);

#endif
