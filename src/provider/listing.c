#include "proa/provider/listing.h"

#include "request_head_priv.h"

#include "proa/http/query.h"
#include "proa/json/cursor.h"
#include "proa/json/string.h"

enum { ID_MAX = 256, MODELS_MAX = 20000, MARK_MAX = 4096 };

struct proa_listing {
    struct proa_slice of;      /* a vendor's name, or a dialect's */
    struct proa_slice path;    /* behind the base URL; empty: there is none */
    struct proa_slice page;    /* before the mark of a further page; empty: one has it all */
    struct proa_slice items;   /* member that holds the array */
    struct proa_slice id;      /* member of each element */
    struct proa_slice prefix;  /* of ids, cut off */
    struct proa_slice next;    /* member with the mark of the next page */
    struct proa_slice more;    /* member that must be true for there to be one; empty = none */
    struct proa_slice lines;   /* further header lines */
    struct proa_slice version; /* before the version that a site's classic paths want */
};

#define S PROA_SLICE_INIT

/* Vendors first. Pages are asked for as large as they are given. */
static const struct proa_listing LISTINGS[] = {
    {.of = S("vertex")},  /* its list is of another service and holds what was uploaded */
    {.of = S("bedrock")}, /* likewise another host, and it only takes signatures */
    {.of = S("azure"),
     .path = S("/models"),
     .items = S("data"),
     .id = S("id"),
     .version = S("?api-version=")},
    {.of = S("openai"), .path = S("/models"), .items = S("data"), .id = S("id")},
    {.of = S("anthropic"),
     .path = S("/models?limit=1000"),
     .page = S("&after_id="),
     .items = S("data"),
     .id = S("id"),
     .next = S("last_id"),
     .more = S("has_more"),
     .lines = S("\r\nanthropic-version: 2023-06-01")},
    {.of = S("gemini"),
     .path = S("/models?pageSize=1000"),
     .page = S("&pageToken="),
     .items = S("models"),
     .id = S("name"),
     .prefix = S("models/"),
     .next = S("nextPageToken")},
    {.of = S("cohere"),
     .path = S("/v1/models?page_size=1000"),
     .page = S("&page_token="),
     .items = S("models"),
     .id = S("name"),
     .next = S("next_page_token")},
};

const struct proa_listing *proa_listing_find(const struct proa_vendor *vendor,
                                             struct proa_slice dialect)
{
    const struct proa_listing *found = NULL;
    for (size_t i = 0; !found && vendor && i < PROA_ARRAY_LEN(LISTINGS); i++) {
        found = proa_slice_eq(LISTINGS[i].of, vendor->name) ? &LISTINGS[i] : NULL;
    }
    const bool own = found && proa_slice_eq(vendor->dialect, dialect);
    for (size_t i = 0; !own && i < PROA_ARRAY_LEN(LISTINGS); i++) {
        if (proa_slice_eq(LISTINGS[i].of, dialect)) {
            found = &LISTINGS[i];
        }
    }
    return found && found->path.len > 0 ? found : NULL;
}

/* As one value of a query. Marks of pages come from the provider and may hold anything. */
static struct proa_slice encode(struct proa_slice value, struct proa_arena *arena)
{
    struct proa_buf text;
    proa_buf_init(&text, MARK_MAX);
    (void)proa_http_percent_encode(&text, value);
    const struct proa_slice out =
        proa_buf_ok(&text) ? proa_arena_dup(arena, proa_buf_slice(&text)) : PROA_SLICE_NONE;
    proa_buf_deinit(&text);
    return out;
}

enum proa_err proa_listing_request(const struct proa_listing *listing,
                                   const struct proa_encode_in *in, struct proa_slice page,
                                   struct proa_arena *arena, struct proa_encoded *out)
{
    const bool further = page.len > 0 && listing->page.len > 0;
    const bool dated = in->site && listing->version.len > 0 && proa_site_is_classic(in->site);
    const struct proa_slice value = further ? page
                                    : dated ? in->site->api_version
                                            : PROA_SLICE_NONE;
    const struct proa_slice encoded = encode(value, arena);
    out->n_iov = 0;
    if (value.len > 0 && encoded.len == 0) {
        return PROA_ERR_LIMIT;
    }
    const struct proa_request_head head = {
        .get = true,
        .path = listing->path,
        .path2 = further ? listing->page
                 : dated ? listing->version
                         : PROA_SLICE_NONE,
        .path3 = encoded,
        .lines = listing->lines,
    };
    out->body_bytes = 0;
    const enum proa_err err = proa_request_head_write(in, &head, arena, out);
    out->n_iov = err == PROA_OK ? 1 : 0;
    return err;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The id of one entry; empty when it has none that could be one. */
static struct proa_slice id_of(const struct proa_listing *listing, struct proa_slice entry,
                               struct proa_arena *arena)
{
    struct proa_slice token;
    struct proa_slice id = PROA_SLICE_NONE;
    if (proa_json_get(entry, listing->id, &token) != PROA_JSON_STRING ||
        proa_json_string_view(token, arena, &id) != PROA_OK) {
        return PROA_SLICE_NONE;
    }
    if (listing->prefix.len > 0 && proa_slice_starts(id, listing->prefix)) {
        id = proa_slice_from(id, listing->prefix.len);
    }
    return id.len <= ID_MAX ? id : PROA_SLICE_NONE;
}

static enum proa_err read_entries(const struct proa_listing *listing, struct proa_slice array,
                                  struct proa_arena *arena, struct proa_listing_page *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t n = 0;
    if (proa_json_cursor_init(&c, array) != PROA_OK) {
        return PROA_ERR_SYNTAX;
    }
    while (proa_json_cursor_next(&c, &item)) {
        n++;
    }
    if (c.err != PROA_OK) {
        return PROA_ERR_SYNTAX;
    }
    if (n > MODELS_MAX) {
        return PROA_ERR_LIMIT;
    }
    out->ids = proa_arena_zero(arena, n + 1, sizeof(*out->ids));
    if (proa_json_cursor_init(&c, array) != PROA_OK) {
        return PROA_ERR_SYNTAX;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice id =
            item.kind == PROA_JSON_OBJECT ? id_of(listing, item.value, arena) : PROA_SLICE_NONE;
        if (id.len > 0) {
            out->ids[out->n++] = id;
        }
    }
    return PROA_OK;
}

static void read_next(const struct proa_listing *listing, struct proa_slice body,
                      struct proa_arena *arena, struct proa_slice *next)
{
    struct proa_slice token;
    const bool more =
        listing->more.len == 0 || proa_json_get(body, listing->more, &token) == PROA_JSON_TRUE;
    if (listing->next.len == 0 || !more ||
        proa_json_get(body, listing->next, &token) != PROA_JSON_STRING ||
        proa_json_string_view(token, arena, next) != PROA_OK) {
        *next = PROA_SLICE_NONE;
    }
}

enum proa_err proa_listing_read(const struct proa_listing *listing, struct proa_slice body,
                                struct proa_arena *arena, struct proa_listing_page *out)
{
    struct proa_slice items = body; /* some send the bare array */
    const struct proa_json_scan_cfg cfg = {0};
    struct proa_json_info info;
    *out = (struct proa_listing_page){0};
    if (proa_json_scan(body, &cfg, NULL, &info) != PROA_OK) {
        return PROA_ERR_SYNTAX;
    }
    if (info.kind == PROA_JSON_OBJECT) {
        if (proa_json_get(body, listing->items, &items) != PROA_JSON_ARRAY) {
            return PROA_ERR_SYNTAX;
        }
        read_next(listing, body, arena, &out->next);
    } else if (info.kind != PROA_JSON_ARRAY) {
        return PROA_ERR_SYNTAX;
    }
    return read_entries(listing, items, arena, out);
}
