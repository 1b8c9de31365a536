/*
 * Credentials that come with a request: whose they are, and the keys that are made of them. Each
 * goes to the one provider that it is for, as that is configured, and to no other.
 */
#include "keys_priv.h"
#include "narrow_priv.h"

#include "proa/auth/aws_profile.h"
#include "proa/auth/secret.h"

/* ---- whose ----------------------------------------------------------------------------------- */

static bool fits(const struct narrow_name *name, const struct proa_provider *p,
                 const struct proa_routing_byok *byok)
{
    return (name->exact ? p == name->exact : name->vendor && p->vendor == name->vendor) &&
           (byok->resource.len == 0 || proa_slice_eq_nocase(p->site.resource, byok->resource));
}

/* "; it is none of openai, azure-east" */
static struct proa_slice all_providers(const struct narrow *n)
{
    const struct proa_snapshot *s = n->in->snapshot;
    struct proa_buf list;
    proa_buf_init(&list, 1024);
    for (size_t i = 0; i < s->n_providers; i++) {
        proa_narrow_append_name(&list, s->providers[i].name);
    }
    const struct proa_slice all = proa_arena_dup(n->arena, proa_buf_slice(&list));
    proa_buf_deinit(&list);
    return all;
}

static enum proa_narrow_result find_provider(struct narrow *n, const struct proa_routing_byok *byok,
                                             const struct proa_provider **out)
{
    const struct proa_snapshot *s = n->in->snapshot;
    const struct narrow_name name = proa_narrow_name(s, byok->provider);
    const struct proa_provider *found = NULL;
    size_t n_found = 0;
    for (size_t i = 0; i < s->n_providers; i++) {
        const struct proa_provider *p = &s->providers[i];
        if (!fits(&name, p, byok)) {
            continue;
        }
        if (n_found > 0) {
            return proa_narrow_refuse(
                n, "byok",
                "\"byok\" has a credential for \"%" PROA_SLICE_FMT
                "\", which could be that of more than one configured provider: %" PROA_SLICE_FMT
                " and %" PROA_SLICE_FMT ". Write it under the name of the one that it is for.",
                PROA_SLICE_ARG(byok->provider), PROA_SLICE_ARG(found->name),
                PROA_SLICE_ARG(p->name));
        }
        found = p;
        n_found++;
    }
    if (n_found == 0) {
        const struct proa_slice all = all_providers(n);
        return proa_narrow_refuse(
            n, "byok",
            "\"byok\" has a credential for \"%" PROA_SLICE_FMT
            "\", but no such provider%s is configured here. A credential is only sent to the "
            "address of a configured provider: %" PROA_SLICE_FMT ".",
            PROA_SLICE_ARG(byok->provider), byok->resource.len > 0 ? " with this resource" : "",
            PROA_SLICE_ARG(all));
    }
    *out = found;
    return PROA_NARROWED;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void release(void *secret)
{
    proa_secret_unref(secret);
}

static struct proa_secret *keep(struct narrow *n, struct proa_slice bytes)
{
    struct proa_secret *secret = NULL;
    if (bytes.len > 0 && proa_secret_create(bytes, &secret) == PROA_OK) {
        proa_arena_defer(n->arena, release, secret);
        n->out->secrets[n->out->n_secrets++] = secret;
    }
    return secret;
}

static enum proa_narrow_result make_aws(struct narrow *n, const struct proa_routing_byok *byok,
                                        const struct proa_provider *p, struct proa_key *key)
{
    const struct proa_slice region = p->site.region;
    if (!proa_build_is_aws(p)) {
        return proa_narrow_refuse(n, "byok",
                                  "\"byok\" has AWS credentials for \"%" PROA_SLICE_FMT
                                  "\", which is no provider of AWS. Send its \"apiKey\".",
                                  PROA_SLICE_ARG(p->name));
    }
    if (!proa_aws_is_region(region)) {
        return proa_narrow_refuse(n, "byok",
                                  "\"byok\" has AWS credentials for \"%" PROA_SLICE_FMT
                                  "\", but that provider is not configured with a region.",
                                  PROA_SLICE_ARG(p->name));
    }
    if (byok->region.len > 0 && !proa_slice_eq(byok->region, region)) {
        return proa_narrow_refuse(
            n, "byok",
            "\"byok\" has a credential for the region \"%" PROA_SLICE_FMT
            "\", but \"%" PROA_SLICE_FMT "\" is configured for \"%" PROA_SLICE_FMT
            "\". Leave the region out, or configure a provider for it.",
            PROA_SLICE_ARG(byok->region), PROA_SLICE_ARG(p->name), PROA_SLICE_ARG(region));
    }
    key->scheme = PROA_AUTH_SIGV4;
    key->region = region;
    key->service = proa_build_aws_service(p->vendor);
    /* What is no secret by itself is one of this client's all the same. */
    struct proa_secret *id = keep(n, byok->access_key_id);
    key->access_id = id ? proa_secret_bytes(id) : PROA_SLICE_NONE;
    key->secret = id ? keep(n, byok->secret_access_key) : NULL;
    key->session = keep(n, byok->session_token);
    return key->secret && (key->session || byok->session_token.len == 0) ? PROA_NARROWED
                                                                         : PROA_NARROW_MEMORY;
}

static enum proa_narrow_result make_key(struct narrow *n, size_t i, const struct proa_provider *p,
                                        struct proa_key *key)
{
    const struct proa_routing_byok *byok = &n->in->routing->byok[i];
    *key = (struct proa_key){.label = proa_arena_printf(n->arena, "byok%zu", i + 1), .weight = 1};
    if (byok->access_key_id.len > 0) {
        return make_aws(n, byok, p, key);
    }
    key->scheme = p->scheme;
    key->secret = keep(n, byok->api_key);
    return key->secret ? PROA_NARROWED : PROA_NARROW_MEMORY;
}

enum proa_narrow_result proa_narrow_credentials(struct narrow *n)
{
    enum { SECRETS = 3 }; /* of one credential at most */
    const size_t n_byok = n->in->routing->n_byok;
    enum proa_narrow_result result = PROA_NARROWED;
    n->credentials = proa_arena_zero(n->arena, n_byok, sizeof n->credentials[0]);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    n->out->secrets = proa_arena_zero(n->arena, n_byok * SECRETS, sizeof n->out->secrets[0]);
    for (size_t i = 0; result == PROA_NARROWED && i < n_byok; i++) {
        struct narrow_credential *c = &n->credentials[i];
        struct proa_key *key = PROA_ARENA_NEW(n->arena, struct proa_key);
        c->key = key;
        result = find_provider(n, &n->in->routing->byok[i], &c->provider);
        result = result == PROA_NARROWED ? make_key(n, i, c->provider, key) : result;
    }
    return result;
}

/* ---- targets --------------------------------------------------------------------------------- */

/* What the credential's account calls the model; the target's own id where it says nothing. */
static struct proa_slice model_of(const struct narrow *n, const struct narrow_spot *spot)
{
    const struct proa_routing *r = n->in->routing;
    const struct proa_routing_byok *byok = &r->byok[spot->credential];
    const struct proa_catalogue_model *known =
        byok->n_mappings > 0 ? proa_narrow_known_model(n, spot) : NULL;
    const struct proa_slice id = known ? proa_catalogue_slice(known->id) : PROA_SLICE_NONE;
    const struct proa_slice asked =
        spot->of_model > 0 ? r->models.items[spot->of_model - 1] : n->in->name;
    for (size_t i = 0; i < byok->n_mappings; i++) {
        const struct proa_slice model = byok->mappings[i].model;
        /* The name of a route stands for what it was asked for; not for its substitutes. */
        if (proa_slice_eq(model, id) ||
            (proa_slice_eq(model, asked) && (!spot->substitute || spot->of_model > 0))) {
            return byok->mappings[i].custom;
        }
    }
    return spot->target->model;
}

const struct proa_target *proa_narrow_own_target(const struct narrow *n,
                                                 const struct narrow_spot *spot)
{
    struct proa_target *own = PROA_ARENA_NEW(n->arena, struct proa_target);
    const struct proa_slice provider = spot->target->provider->name;
    const struct proa_key *key = n->credentials[spot->credential].key;
    *own = *spot->target;
    own->key = key;
    own->byok = (uint8_t)(spot->credential + 1);
    own->model = model_of(n, spot);
    own->identity = proa_arena_printf(
        n->arena, "%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT "/%" PROA_SLICE_FMT,
        PROA_SLICE_ARG(provider), PROA_SLICE_ARG(key->label), PROA_SLICE_ARG(own->model));
    own->label = proa_slice_head(own->identity, provider.len + 1 + key->label.len);
    return own;
}
