/*
 * The vendors Proa knows by name: what to assume when a provider of that name is configured, or
 * when its well-known environment variable is set and there is no configuration at all.
 *
 * Pure table. One row per vendor.
 */
#ifndef PROA_PROVIDER_VENDOR_H
#define PROA_PROVIDER_VENDOR_H

#include "proa/auth/authorization.h"
#include "proa/provider/site.h"

struct proa_vendor {
    struct proa_slice name;       /* "openai" */
    struct proa_slice dialect;    /* "openai" */
    struct proa_slice base_url;   /* empty: must be configured */
    const char *const *key_env;   /* variables that may hold the key, NULL-terminated */
    const char *base_url_env;     /* variable that may override the base URL; may be NULL */
    struct proa_slice otel_name;  /* gen_ai.provider.name */
    enum proa_auth_scheme scheme; /* how a plain key is shown; NONE = as its dialect has it */
    proa_site_address_fn
        *address; /* what makes its base URL of a site; NULL where base_url is it */
};

/* May a vendor have models that nobody lists: its users name them, or it has very many? */
bool proa_vendor_has_any_model(const struct proa_vendor *vendor);

/* All rows, in a fixed order; *n is their number. */
const struct proa_vendor *proa_vendors(size_t *n);
/* By its name, or another that it goes by: "google" is the row "gemini". NULL when unknown. */
const struct proa_vendor *proa_vendor_find(struct proa_slice name);
/* The vendor whose base URL has this host (lower case), or whose hosts are called like it where
 * each account or region has its own, so that a provider under a name of its own is known all the
 * same. NULL when none has; never a server on this machine. */
const struct proa_vendor *proa_vendor_of_host(struct proa_slice host);

#endif
