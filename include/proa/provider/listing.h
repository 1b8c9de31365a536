/*
 * The lists of models that providers have: how each is asked for and read. One row per dialect, and
 * for vendors whose list is another.
 *
 * Pure.
 */
#ifndef PROA_PROVIDER_LISTING_H
#define PROA_PROVIDER_LISTING_H

#include "proa/provider/dialect.h"
#include "proa/provider/vendor.h"

struct proa_listing;

/* `vendor` may be NULL. NULL: there is no list that can be asked for with a plain GET. */
const struct proa_listing *proa_listing_find(const struct proa_vendor *vendor,
                                             struct proa_slice dialect);

/*
 * Writes the request: of `in` only base_path, host_header, site and authorization matter. `page` is
 * empty or what the page before said. The head is in the arena, holds the credential, and is to be
 * wiped.
 */
enum proa_err proa_listing_request(const struct proa_listing *listing,
                                   const struct proa_encode_in *in, struct proa_slice page,
                                   struct proa_arena *arena,
                                   struct proa_encoded *out) PROA_MUST_CHECK;

/* What an answer holds. */
struct proa_listing_page {
    struct proa_slice *ids; /* as the provider calls its models, in its order */
    size_t n;
    struct proa_slice next; /* for the next page; empty: this was the last one */
};

/* ERR_SYNTAX for what is no JSON, or no list; ERR_LIMIT for more than is reasonable. Entries
 * without an id are passed over. All is in the arena or points into the body. */
enum proa_err proa_listing_read(const struct proa_listing *listing, struct proa_slice body,
                                struct proa_arena *arena,
                                struct proa_listing_page *out) PROA_MUST_CHECK;

#endif
