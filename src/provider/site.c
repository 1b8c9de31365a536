#include "proa/provider/site.h"

#include "proa/auth/aws_profile.h"

const char *proa_site_bedrock(const struct proa_site *site, struct proa_arena *arena,
                              struct proa_slice *url)
{
    const struct proa_slice domain = proa_aws_domain(site->region);
    if (site->region.len == 0) {
        return "region";
    }
    *url = proa_arena_printf(arena, "https://bedrock-runtime.%" PROA_SLICE_FMT ".%" PROA_SLICE_FMT,
                             PROA_SLICE_ARG(site->region), PROA_SLICE_ARG(domain));
    return NULL;
}

const char *proa_site_bedrock_openai(const struct proa_site *site, struct proa_arena *arena,
                                     struct proa_slice *url)
{
    struct proa_slice runtime = PROA_SLICE_NONE;
    const char *missing = proa_site_bedrock(site, arena, &runtime);
    if (!missing) {
        *url = proa_arena_printf(arena, "%" PROA_SLICE_FMT "/openai/v1", PROA_SLICE_ARG(runtime));
    }
    return missing;
}

const char *proa_site_bedrock_mantle(const struct proa_site *site, struct proa_arena *arena,
                                     struct proa_slice *url)
{
    if (site->region.len == 0) {
        return "region";
    }
    *url = proa_arena_printf(arena, "https://bedrock-mantle.%" PROA_SLICE_FMT ".api.aws/v1",
                             PROA_SLICE_ARG(site->region));
    return NULL;
}

static struct proa_slice vertex_host(const struct proa_site *site, struct proa_arena *arena)
{
    const struct proa_slice at = site->location;
    if (at.len == 0 || proa_slice_eq(at, PROA_SLICE("global"))) {
        return PROA_SLICE("aiplatform.googleapis.com");
    }
    if (proa_slice_eq(at, PROA_SLICE("us")) || proa_slice_eq(at, PROA_SLICE("eu"))) {
        return proa_arena_printf(arena, "aiplatform.%" PROA_SLICE_FMT ".rep.googleapis.com",
                                 PROA_SLICE_ARG(at));
    }
    return proa_arena_printf(arena, "%" PROA_SLICE_FMT "-aiplatform.googleapis.com",
                             PROA_SLICE_ARG(at));
}

const char *proa_site_vertex(const struct proa_site *site, struct proa_arena *arena,
                             struct proa_slice *url)
{
    const struct proa_slice host = vertex_host(site, arena);
    const struct proa_slice at = site->location.len > 0 ? site->location : PROA_SLICE("global");
    if (site->project.len == 0) {
        *url = proa_arena_printf(arena, "https://%" PROA_SLICE_FMT "/v1", PROA_SLICE_ARG(host));
        return NULL; /* the express mode */
    }
    *url = proa_arena_printf(
        arena,
        "https://%" PROA_SLICE_FMT "/v1/projects/%" PROA_SLICE_FMT "/locations/%" PROA_SLICE_FMT,
        PROA_SLICE_ARG(host), PROA_SLICE_ARG(site->project), PROA_SLICE_ARG(at));
    return NULL;
}

bool proa_site_is_classic(const struct proa_site *site)
{
    return site && site->api_version.len > 0 && site->api_version.ptr[0] >= '0' &&
           site->api_version.ptr[0] <= '9';
}

const char *proa_site_azure(const struct proa_site *site, struct proa_arena *arena,
                            struct proa_slice *url)
{
    if (site->resource.len == 0) {
        return "resource";
    }
    *url =
        proa_arena_printf(arena, "https://%" PROA_SLICE_FMT ".openai.azure.com/openai%s",
                          PROA_SLICE_ARG(site->resource), proa_site_is_classic(site) ? "" : "/v1");
    return NULL;
}
