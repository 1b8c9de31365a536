/*
 * Credentials that come with a request. Nothing of them stands in a message: only where they are.
 */
#include "routing_priv.h"

#include "proa/api/routing.h"

#include <string.h>

enum { REGION_MAX = 64 };

/* Fit for a header line as it is. */
static bool is_visible(struct proa_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

/* The body stays JSON, for whoever reads it after that. */
static void blacken(struct proa_slice secret)
{
    if (secret.len > 0) {
        memset((void *)(uintptr_t)secret.ptr, '*', secret.len);
    }
}

static enum proa_err read_secret(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct proa_slice *out)
{
    blacken(*out); /* said twice: nobody else would find the first */
    const enum proa_err err = proa_routing_plain(r, at, item, PROA_ROUTING_SECRET_MAX, out);
    if (err != PROA_OK) {
        return err;
    }
    const struct proa_slice token = proa_chat_text(item->value);
    if (out->ptr != token.ptr) {
        blacken(token); /* with escapes, of which *out is a copy */
    }
    if (out->len < PROA_ROUTING_SECRET_MIN) {
        return proa_read_refuse(r, at, "is too short for a credential: it has less than 8 bytes.");
    }
    return is_visible(*out) ? PROA_OK
                            : proa_read_refuse(r, at,
                                               "holds a space, a control character or a character "
                                               "outside ASCII, which no header can carry.");
}

/* The name of a region or a resource: part of a host. */
static enum proa_err read_label(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_slice *out)
{
    const enum proa_err err = proa_routing_plain(r, at, item, REGION_MAX, out);
    if (err != PROA_OK) {
        return err;
    }
    for (size_t i = 0; i < out->len; i++) {
        const char c = out->ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-')) {
            return proa_read_refuse(r, at, "holds something else than letters, digits and '-'.");
        }
    }
    *out = proa_arena_dup(r->arena, *out);
    return PROA_OK;
}

static enum proa_err refuse_google(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct proa_slice *out)
{
    (void)item;
    (void)out;
    return proa_read_refuse(r, at,
                            "is a Google service account, which is not taken from a request. "
                            "Configure it as a key of the provider, or send an \"apiKey\".");
}

#define TO(member) offsetof(struct proa_routing_byok, member)

static const struct {
    struct proa_slice key;
    size_t offset;
    enum proa_err (*read)(struct reading *r, const struct place *at,
                          const struct proa_json_item *item, struct proa_slice *out);
} MEMBERS[] = {
    {PROA_SLICE_INIT("apiKey"), TO(api_key), read_secret},
    {PROA_SLICE_INIT("accessKeyId"), TO(access_key_id), read_secret},
    {PROA_SLICE_INIT("secretAccessKey"), TO(secret_access_key), read_secret},
    {PROA_SLICE_INIT("sessionToken"), TO(session_token), read_secret},
    {PROA_SLICE_INIT("region"), TO(region), read_label},
    {PROA_SLICE_INIT("resourceName"), TO(resource), read_label},
    {PROA_SLICE_INIT("googleCredentials"), 0, refuse_google},
};

/* ---- names of models ------------------------------------------------------------------------- */

static enum proa_err read_mapping(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item,
                                  struct proa_routing_mapping *out)
{
    enum { MODEL, CUSTOM };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("gatewayModelSlug"),
                                             PROA_SLICE_INIT("customModelId")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    enum proa_err err = proa_read_members(r, at, item, keys, PROA_ARRAY_LEN(keys), said);
    for (size_t i = MODEL; err == PROA_OK && i <= CUSTOM; i++) {
        const struct place here = {.up = at, .name = keys[i]};
        err = proa_read_is_null(&said[i])
                  ? proa_read_refuse(r, &here, "is missing.")
                  : proa_routing_name(r, &here, &said[i], i == MODEL ? &out->model : &out->custom);
    }
    return err;
}

static enum proa_err read_mappings(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct proa_routing_byok *out)
{
    struct proa_json_cursor c;
    struct proa_json_item element;
    struct proa_routing_mapping *items = NULL;
    size_t n = 0;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &element)) {
        if (n == PROA_ROUTING_MAPPINGS_MAX) {
            return proa_read_refuse(r, at, "holds too many.");
        }
        items = proa_read_more(r, items, n, sizeof items[0]);
        items[n] = (struct proa_routing_mapping){.model = PROA_SLICE_NONE};
        err = read_mapping(r, PLACE_AT(at, n), &element, &items[n]);
        n++;
    }
    out->mappings = items;
    out->n_mappings = n;
    return err;
}

/* ---- all of one ------------------------------------------------------------------------------ */

/* Enough to show for oneself? */
static enum proa_err check(struct reading *r, const struct place *at,
                           const struct proa_routing_byok *byok)
{
    const bool aws = byok->access_key_id.len > 0 || byok->secret_access_key.len > 0;
    if (!aws && byok->api_key.len == 0) {
        return proa_read_refuse(r, at,
                                "holds no credential: it needs an \"apiKey\", or for AWS "
                                "\"accessKeyId\" and \"secretAccessKey\".");
    }
    if (aws && (byok->access_key_id.len == 0 || byok->secret_access_key.len == 0)) {
        return proa_read_refuse(r, at,
                                "needs both \"accessKeyId\" and \"secretAccessKey\", or neither.");
    }
    return PROA_OK;
}

static enum proa_err read_one(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, struct proa_routing_byok *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        static const struct proa_slice mappings = PROA_SLICE_INIT("modelMappings");
        if (m.kind != PROA_JSON_NULL && proa_json_key_is(&m, mappings)) {
            const struct place here = {.up = at, .name = mappings};
            err = read_mappings(r, &here, &m, out);
            continue;
        }
        for (size_t i = 0; i < PROA_ARRAY_LEN(MEMBERS); i++) {
            if (m.kind != PROA_JSON_NULL && proa_json_key_is(&m, MEMBERS[i].key)) {
                const struct place here = {.up = at, .name = MEMBERS[i].key};
                err = MEMBERS[i].read(
                    r, &here, &m, (struct proa_slice *)(void *)((char *)out + MEMBERS[i].offset));
                break;
            }
        }
    }
    return err == PROA_OK ? check(r, at, out) : err;
}

struct credentials {
    struct proa_routing_byok *items;
    size_t n;
};

static enum proa_err read_list(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct credentials *out)
{
    struct proa_json_cursor c;
    struct proa_json_item element;
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
    const struct proa_slice provider =
        err == PROA_OK ? proa_arena_dup(r->arena, at->name) : PROA_SLICE_NONE;
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &element); i++) {
        if (out->n == PROA_ROUTING_CREDENTIALS_MAX) {
            return proa_read_refuse(r, at, "holds too many.");
        }
        out->items = proa_read_more(r, out->items, out->n, sizeof out->items[0]);
        struct proa_routing_byok *byok = &out->items[out->n++];
        *byok = (struct proa_routing_byok){.provider = provider};
        err = read_one(r, PLACE_AT(at, i), &element, byok);
    }
    return err;
}

void proa_api_routing_wipe(const struct proa_routing *routing)
{
    for (size_t i = 0; i < routing->n_byok; i++) {
        const struct proa_routing_byok *byok = &routing->byok[i];
        blacken(byok->api_key);
        blacken(byok->access_key_id);
        blacken(byok->secret_access_key);
        blacken(byok->session_token);
    }
}

enum proa_err proa_routing_byok_read(struct reading *r, const struct place *at,
                                     const struct proa_json_item *item, struct proa_routing *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    struct credentials all = {NULL, 0};
    proa_api_routing_wipe(out); /* of the short form, which this one replaces */
    enum proa_err err = proa_read_enter(r, at, item, PROA_JSON_OBJECT, &c);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        struct place here = {.up = at};
        err = proa_routing_key(r, at, &m, &here.name);
        err = err == PROA_OK && m.kind != PROA_JSON_NULL ? read_list(r, &here, &m, &all) : err;
    }
    out->byok = all.items;
    out->n_byok = all.n;
    return err;
}
