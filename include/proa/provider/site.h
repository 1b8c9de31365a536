/*
 * Where an account of a cloud stands: what its addresses are made of.
 *
 * Pure. All members may be empty: not said.
 */
#ifndef PROA_PROVIDER_SITE_H
#define PROA_PROVIDER_SITE_H

#include "proa/core/arena.h"

struct proa_site {
    struct proa_slice region;   /* Bedrock: "us-east-1" */
    struct proa_slice project;  /* Vertex */
    struct proa_slice location; /* Vertex: "global", "us", "europe-west4" */
    struct proa_slice resource; /* Azure: the host's first label */
    /* Azure: a date ("2024-10-21") means the classic paths by deployment; empty or "v1" the paths
     * without. */
    struct proa_slice api_version;
};

/*
 * Sets the base URL, without a slash at its end, in the arena; or returns the name of the option
 * that it needs and that is not said.
 */
typedef const char *proa_site_address_fn(const struct proa_site *site, struct proa_arena *arena,
                                         struct proa_slice *url);

/* https://bedrock-runtime.REGION.SUFFIX; the suffix is the partition's. */
proa_site_address_fn proa_site_bedrock;
/* The same with /openai/v1, where it speaks OpenAI's dialect. */
proa_site_address_fn proa_site_bedrock_openai;
/* https://bedrock-mantle.REGION.api.aws/v1, which does as well. */
proa_site_address_fn proa_site_bedrock_mantle;
/* https://HOST/v1/projects/P/locations/L; without a project https://HOST/v1, the express mode. */
proa_site_address_fn proa_site_vertex;
/* https://RESOURCE.openai.azure.com/openai, and /v1 unless the version is a date. */
proa_site_address_fn proa_site_azure;

/* Are Azure's paths by deployment meant? */
bool proa_site_is_classic(const struct proa_site *site);

#endif
