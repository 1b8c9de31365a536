/*
 * From the file's text to models and offers, member by member. What one place alone can tell is
 * checked here; what places say together, in names.c.
 */
#include "source_priv.h"

#include "proa/json/tree.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    BYTES_MAX = 4 * 1024 * 1024,
    NODES_MAX = 200000,
    NAME_MAX_BYTES = 200,
    ALIASES_MAX = 100,
    TOKENS_MAX = 100000000
};

void proa_source_error(struct reading *r, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is in the line above
    const int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    proa_diags_add(r->diags, PROA_DIAG_ERROR, r->file, 0, 0, "%.*s%s%s", (int)r->path.len,
                   r->path.ptr ? r->path.ptr : "", r->path.len > 0 ? ": " : "", n > 0 ? text : "");
}

/* ---- where we are ---------------------------------------------------------------------------- */

/* Appends a step; returns the length before it, for leave(). */
static size_t enter(struct reading *r, const char *fmt, ...) PROA_PRINTF(2, 3);
static size_t enter(struct reading *r, const char *fmt, ...)
{
    const size_t before = r->path.len;
    char text[NAME_MAX_BYTES + 32];
    va_list args;
    va_start(args, fmt);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is in the line above
    const int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n > 0) {
        (void)proa_buf_append_cstr(&r->path, text);
    }
    return before;
}

static void leave(struct reading *r, size_t before)
{
    r->path.len = before;
}

/* ---- scalars --------------------------------------------------------------------------------- */

/* Visible ASCII without quote and backslash: fit for a header, a path and JSON as it is. */
static bool is_id(struct proa_slice s)
{
    for (size_t i = 0; s.ptr && i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || s.ptr[i] == '"' || s.ptr[i] == '\\') {
            return false;
        }
    }
    return s.len > 0 && s.len <= NAME_MAX_BYTES;
}

static struct proa_slice read_string(struct reading *r, const struct proa_json_node *node)
{
    struct proa_slice text = PROA_SLICE_NONE;
    if (proa_json_node_string(node, &text) != PROA_OK) {
        proa_source_error(r, node ? "is no string" : "is missing");
    }
    return proa_arena_dup(r->arena, text);
}

static struct proa_slice read_id(struct reading *r, const struct proa_json_node *node)
{
    const struct proa_slice text = read_string(r, node);
    if (proa_json_node_kind(node) == PROA_JSON_STRING && !is_id(text)) {
        proa_source_error(r, "must be visible ASCII without quotes and backslashes, 1 to %d bytes",
                          NAME_MAX_BYTES);
    }
    return text;
}

static struct proa_slice member_id(struct reading *r, const struct proa_json_node *object,
                                   const char *key)
{
    const size_t before = enter(r, ".%s", key);
    const struct proa_slice text = read_id(r, proa_json_node_get(object, proa_slice_cstr(key)));
    leave(r, before);
    return text;
}

/* Tokens; null is not known, and so 0. Absent is `preset`, or a mistake where there is none. */
static uint32_t member_tokens(struct reading *r, const struct proa_json_node *object,
                              const char *key, const uint32_t *preset)
{
    const struct proa_json_node *node = proa_json_node_get(object, proa_slice_cstr(key));
    const size_t before = enter(r, ".%s", key);
    int64_t value = 0;
    if (!node && !preset) {
        proa_source_error(r, "is missing; null where it is not known");
    } else if (!node) {
        value = *preset;
    } else if (proa_json_node_kind(node) != PROA_JSON_NULL &&
               (proa_json_node_i64(node, &value) != PROA_OK || value < 1 || value > TOKENS_MAX)) {
        proa_source_error(r, "must be a number of tokens, 1 to %d, or null", TOKENS_MAX);
        value = 0;
    }
    leave(r, before);
    return (uint32_t)value;
}

/* An array of ids; absent is empty. */
static const struct proa_slice *member_ids(struct reading *r, const struct proa_json_node *object,
                                           const char *key, size_t *n)
{
    const struct proa_json_node *list = proa_json_node_get(object, proa_slice_cstr(key));
    const size_t count = proa_json_node_count(list);
    const size_t before = enter(r, ".%s", key);
    struct proa_slice *ids = NULL;
    *n = 0;
    if (list && (proa_json_node_kind(list) != PROA_JSON_ARRAY || count == 0)) {
        proa_source_error(r, "must be an array with at least one string, or absent");
    } else if (count > ALIASES_MAX) {
        proa_source_error(r, "has more than %d entries", ALIASES_MAX);
    } else if (count > 0) {
        ids = proa_arena_zero(r->arena, count, sizeof(*ids));
        for (const struct proa_json_node *item = proa_json_node_first(list); item;
             item = proa_json_node_next(item)) {
            const size_t at = enter(r, "[%zu]", *n);
            ids[(*n)++] = read_id(r, item);
            leave(r, at);
        }
    }
    leave(r, before);
    return ids;
}

static void check_members(struct reading *r, const struct proa_json_node *object,
                          const char *const *known)
{
    for (const struct proa_json_node *m = proa_json_node_first(object); m;
         m = proa_json_node_next(m)) {
        const struct proa_slice key = proa_json_node_key(m);
        size_t i = 0;
        while (known[i] && !proa_slice_eq(key, proa_slice_cstr(known[i]))) {
            i++;
        }
        if (!known[i]) {
            proa_source_error(r, "has no member \"%.*s\"", (int)(key.len < 64 ? key.len : 64),
                              key.ptr);
        }
    }
}

/* ---- offers ---------------------------------------------------------------------------------- */

static void read_price(struct reading *r, const struct proa_json_node *object,
                       enum proa_price_field field, struct proa_price *price)
{
    const char *key = proa_price_name(field);
    const struct proa_json_node *node = proa_json_node_get(object, proa_slice_cstr(key));
    const size_t before = enter(r, ".%s", key);
    struct proa_slice text = PROA_SLICE_NONE;
    uint64_t pico = 0;
    if (!node) {
        proa_source_error(r, "is missing; null where no price is listed");
    } else if (proa_json_node_kind(node) == PROA_JSON_NULL) {
        price->known &= ~(1U << field);
    } else if (proa_json_node_string(node, &text) != PROA_OK) {
        proa_source_error(r, "is no string; write dollars per token as in \"0.0000025\", so that "
                             "no digit is rounded");
    } else if (proa_price_parse(text, &pico) != PROA_OK) {
        proa_source_error(r,
                          "\"%.40s\" is no decimal number with at most 12 digits behind the point",
                          proa_arena_cstr(r->arena, text));
    } else if (pico > PROA_PRICE_MAX) {
        proa_source_error(r, "\"%.40s\" is more than a cent for one token",
                          proa_arena_cstr(r->arena, text));
    } else {
        price->pico[field] = pico;
        price->known |= 1U << field;
    }
    leave(r, before);
}

static void check_price(struct reading *r, const struct proa_price *price)
{
    const bool input = proa_price_has(price, PROA_PRICE_INPUT);
    if (input != proa_price_has(price, PROA_PRICE_OUTPUT)) {
        proa_source_error(r, "has one of the prices input and output, but not the other");
    } else if (!input && price->known != 0) {
        proa_source_error(r, "has a price of cached tokens, but none of others");
    } else if (proa_price_has(price, PROA_PRICE_CACHE_READ) &&
               price->pico[PROA_PRICE_CACHE_READ] > price->pico[PROA_PRICE_INPUT]) {
        proa_source_error(r, "cache_read costs more than input");
    }
}

static void check_limits(struct reading *r, uint32_t context, uint32_t max_output)
{
    if (context > 0 && max_output > context) {
        proa_source_error(r, "max_output %u is more than the context of %u tokens",
                          (unsigned)max_output, (unsigned)context);
    }
}

static void read_offer(struct reading *r, const struct proa_json_node *node,
                       const struct proa_source_model *model, struct proa_source_offer *out)
{
    static const char *const known[] = {"provider",   "id",         "also",        "input",
                                        "output",     "cache_read", "cache_write", "context",
                                        "max_output", NULL};
    check_members(r, node, known);
    out->provider = member_id(r, node, "provider");
    if (is_id(out->provider) && !r->is_vendor(out->provider)) {
        const size_t before = enter(r, ".provider");
        proa_source_error(r, "\"%.64s\" is no known vendor",
                          proa_arena_cstr(r->arena, out->provider));
        leave(r, before);
    }
    out->id = member_id(r, node, "id");
    out->also = member_ids(r, node, "also", &out->n_also);
    const uint32_t errors = r->diags->n_errors;
    for (size_t f = 0; f < PROA_PRICE_FIELDS; f++) {
        read_price(r, node, (enum proa_price_field)f, &out->price);
    }
    if (r->diags->n_errors == errors) {
        check_price(r, &out->price);
    }
    out->context = member_tokens(r, node, "context", &model->context);
    out->max_output = member_tokens(r, node, "max_output", &model->max_output);
    check_limits(r, out->context, out->max_output);
}

static void read_offers(struct reading *r, const struct proa_json_node *node,
                        struct proa_source_model *out)
{
    const struct proa_json_node *list = proa_json_node_get(node, PROA_SLICE("offers"));
    const size_t count = proa_json_node_count(list);
    if (proa_json_node_kind(list) != PROA_JSON_ARRAY || count == 0 || count > UINT8_MAX) {
        proa_source_error(r, "offers: must be an array with 1 to %d offers", UINT8_MAX);
        return;
    }
    struct proa_source_offer *offers = proa_arena_zero(r->arena, count, sizeof(*offers));
    for (const struct proa_json_node *item = proa_json_node_first(list); item;
         item = proa_json_node_next(item)) {
        const size_t before = enter(r, ".offers[%zu]", out->n_offers);
        read_offer(r, item, out, &offers[out->n_offers++]);
        leave(r, before);
    }
    out->offers = offers;
}

/* ---- models ---------------------------------------------------------------------------------- */

static void split_id(struct reading *r, struct proa_source_model *out)
{
    const size_t slash = proa_slice_find(out->id, '/');
    out->creator = proa_slice_head(out->id, slash);
    out->bare = proa_slice_from(out->id, slash + 1);
    if (!is_id(out->id) || out->creator.len == 0 || out->bare.len == 0 ||
        proa_slice_find(out->bare, '/') < out->bare.len) {
        proa_source_error(r, "is no \"creator/model\"");
    }
}

static void read_type(struct reading *r, const struct proa_json_node *node,
                      struct proa_source_model *out)
{
    const size_t before = enter(r, ".type");
    const struct proa_slice name = read_string(r, proa_json_node_get(node, PROA_SLICE("type")));
    if (name.len > 0 && !proa_model_type_find(name, &out->type)) {
        proa_source_error(r, "there is no type \"%.64s\"", proa_arena_cstr(r->arena, name));
    }
    leave(r, before);
}

static void read_capabilities(struct reading *r, const struct proa_json_node *node,
                              struct proa_source_model *out)
{
    size_t n = 0;
    const struct proa_slice *names = member_ids(r, node, "capabilities", &n);
    for (size_t i = 0; i < n; i++) {
        enum proa_capability capability;
        const size_t before = enter(r, ".capabilities[%zu]", i);
        if (!proa_capability_find(names[i], &capability)) {
            proa_source_error(r, "there is no capability \"%.64s\"",
                              proa_arena_cstr(r->arena, names[i]));
        } else if ((out->capabilities >> capability & 1U) != 0) {
            proa_source_error(r, "is there twice");
        } else {
            out->capabilities |= 1U << capability;
        }
        leave(r, before);
    }
}

static void read_model(struct reading *r, const struct proa_json_node *node,
                       struct proa_source_model *out)
{
    static const char *const known[] = {"name",         "type",    "context", "max_output",
                                        "capabilities", "aliases", "offers",  NULL};
    check_members(r, node, known);
    split_id(r, out);
    const size_t before = enter(r, ".name");
    out->name = read_string(r, proa_json_node_get(node, PROA_SLICE("name")));
    leave(r, before);
    read_type(r, node, out);
    out->context = member_tokens(r, node, "context", NULL);
    out->max_output = member_tokens(r, node, "max_output", NULL);
    check_limits(r, out->context, out->max_output);
    read_capabilities(r, node, out);
    out->aliases = member_ids(r, node, "aliases", &out->n_aliases);
    read_offers(r, node, out);
}

static void read_models(struct reading *r, const struct proa_json_node *root,
                        struct proa_source *out)
{
    static const char *const known[] = {"about", "models", NULL};
    const struct proa_json_node *all = proa_json_node_get(root, PROA_SLICE("models"));
    const size_t count = proa_json_node_count(all);
    check_members(r, root, known);
    if (proa_json_node_kind(all) != PROA_JSON_OBJECT || count == 0 || count > UINT16_MAX) {
        proa_source_error(r, "models: must be an object with 1 to %d models", UINT16_MAX);
        return;
    }
    struct proa_source_model *models = proa_arena_zero(r->arena, count, sizeof(*models));
    for (const struct proa_json_node *m = proa_json_node_first(all); m;
         m = proa_json_node_next(m)) {
        struct proa_source_model *model = &models[out->n_models++];
        model->id = proa_arena_dup(r->arena, proa_json_node_key(m));
        const size_t before =
            enter(r, "models[\"%.*s\"]", (int)proa_slice_head(model->id, NAME_MAX_BYTES).len,
                  model->id.ptr ? model->id.ptr : "");
        read_model(r, m, model);
        out->n_offers += model->n_offers;
        leave(r, before);
    }
    out->models = models;
}

enum proa_err proa_source_read(struct proa_slice json, const char *file,
                               bool (*is_vendor)(struct proa_slice name), struct proa_arena *arena,
                               struct proa_diags *diags, struct proa_source *out)
{
    const struct proa_json_tree_cfg cfg = {.max_bytes = BYTES_MAX, .max_nodes = NODES_MAX};
    struct reading r = {.file = file, .is_vendor = is_vendor, .arena = arena, .diags = diags};
    const uint32_t errors = diags->n_errors;
    struct proa_json_tree *tree = NULL;
    struct proa_json_fault fault;
    *out = (struct proa_source){0};
    proa_buf_init(&r.path, 1024);
    if (proa_json_tree_parse(json, &cfg, &tree, &fault) != PROA_OK) {
        proa_source_error(&r, "is no JSON: byte %zu: %s", fault.at, fault.reason);
    } else {
        read_models(&r, proa_json_tree_root(tree), out);
    }
    proa_json_tree_destroy(tree);
    if (diags->n_errors == errors) {
        proa_source_check_names(&r, out);
    }
    proa_buf_deinit(&r.path);
    return diags->n_errors == errors ? PROA_OK : PROA_ERR_SYNTAX;
}
