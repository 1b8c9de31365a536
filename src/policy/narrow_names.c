/* What a name of a provider in a request stands for. */
#include "narrow_priv.h"

#include "proa/provider/vendor.h"

/* Names that clients have for some models of a vendor alone. */
static const struct {
    struct proa_slice name;
    struct proa_slice vendor;
    struct proa_slice creator;
} PARTS[] = {
    {PROA_SLICE_INIT("vertexAnthropic"), PROA_SLICE_INIT("vertex"), PROA_SLICE_INIT("anthropic")},
};

struct narrow_name proa_narrow_name(const struct proa_snapshot *snapshot, struct proa_slice name)
{
    for (size_t i = 0; i < snapshot->n_providers; i++) {
        if (proa_slice_eq(snapshot->providers[i].name, name)) {
            return (struct narrow_name){.exact = &snapshot->providers[i]};
        }
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(PARTS); i++) {
        if (proa_slice_eq(PARTS[i].name, name)) {
            return (struct narrow_name){.vendor = proa_vendor_find(PARTS[i].vendor),
                                        .creator = PARTS[i].creator};
        }
    }
    return (struct narrow_name){.vendor = proa_vendor_find(name)};
}

struct narrow_name *proa_narrow_names(const struct narrow *n, const struct proa_routing_names *of)
{
    struct narrow_name *names = proa_arena_zero(n->arena, of->n, sizeof names[0]);
    for (size_t i = 0; i < of->n; i++) {
        names[i] = proa_narrow_name(n->in->snapshot, of->items[i]);
    }
    return names;
}

/* The same vendor, or another way in to it: bedrock-mantle is one to bedrock. */
static bool is_of(const struct proa_vendor *one, const struct proa_vendor *meant)
{
    return one == meant ||
           proa_slice_eq(proa_slice_head(one->name, proa_slice_find(one->name, '-')), meant->name);
}

bool proa_narrow_means(const struct narrow_name *name, const struct proa_provider *provider,
                       struct proa_slice creator)
{
    if (name->exact) {
        return provider == name->exact;
    }
    return name->vendor && provider->vendor && is_of(provider->vendor, name->vendor) &&
           (name->creator.len == 0 || proa_slice_eq(name->creator, creator));
}

size_t proa_narrow_place(const struct narrow_name *names, size_t n,
                         const struct proa_provider *provider, struct proa_slice creator)
{
    size_t i = 0;
    while (i < n && !proa_narrow_means(&names[i], provider, creator)) {
        i++;
    }
    return i;
}
