/*
 * Requests for embeddings and for a ranking.
 */
#include "aisdk_read_priv.h"

#include "proa/json/string.h"

/* One more of a list. */
static enum proa_err count_in(struct reading *r, const struct place *at)
{
    return r->n_parts++ == READING_PARTS_MAX ? proa_read_refuse(r, at, "is one too many.")
                                             : PROA_OK;
}

static enum proa_err read_top(struct reading *r, struct proa_slice bytes,
                              const struct proa_slice *keys, size_t n, struct proa_json_item *said)
{
    const struct proa_json_item whole = {.value = bytes, .kind = proa_json_kind_of(bytes)};
    return proa_read_members(r, NULL, &whole, keys, n, said);
}

/* ---- embeddings ------------------------------------------------------------------------------ */

static enum proa_err read_value(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_chat_input **inputs,
                                size_t *n)
{
    const enum proa_err err = count_in(r, at);
    if (err != PROA_OK) {
        return err;
    }
    if (item->kind != PROA_JSON_STRING) {
        return proa_read_refuse_kind(r, at, "a string", item->kind);
    }
    *inputs = proa_read_more(r, *inputs, *n, sizeof(*inputs)[0]);
    (*inputs)[*n] = (struct proa_chat_input){.text = proa_chat_text(item->value)};
    ++*n;
    return PROA_OK;
}

/* One text alone, as version 2 sends it, or a list. */
static enum proa_err read_values(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, struct proa_chat_embed *out)
{
    struct proa_chat_input *inputs = NULL;
    struct proa_json_cursor c;
    struct proa_json_item m;
    size_t n = 0;
    enum proa_err err;
    if (item->kind == PROA_JSON_STRING) {
        err = read_value(r, at, item, &inputs, &n);
    } else {
        err = proa_read_enter(r, at, item, PROA_JSON_ARRAY, &c);
        while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
            err = read_value(r, PLACE_AT(at, n), &m, &inputs, &n);
        }
    }
    out->inputs = inputs;
    out->n_inputs = n;
    return err == PROA_OK && n == 0 ? proa_read_refuse(r, at, "must hold at least one text.") : err;
}

/* The options that are the same everywhere but for their names. */
static void take_options(struct proa_slice options, struct proa_chat_embed *out)
{
    static const struct proa_json_step dimensions[][2] = {
        {PROA_JSON_STEP_KEY("openai"), PROA_JSON_STEP_KEY("dimensions")},
        {PROA_JSON_STEP_KEY("google"), PROA_JSON_STEP_KEY("outputDimensionality")},
        {PROA_JSON_STEP_KEY("cohere"), PROA_JSON_STEP_KEY("outputDimension")},
    };
    static const struct proa_json_step type[] = {PROA_JSON_STEP_KEY("cohere"),
                                                 PROA_JSON_STEP_KEY("inputType")};
    static const struct proa_json_step user[] = {PROA_JSON_STEP_KEY("openai"),
                                                 PROA_JSON_STEP_KEY("user")};
    struct proa_slice token = PROA_SLICE_NONE;
    uint64_t n = 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(dimensions) && out->dimensions == 0; i++) {
        if (proa_json_path(options, dimensions[i], 2, &token) == PROA_JSON_NUMBER &&
            proa_json_number_u64(token, &n) == PROA_OK) {
            out->dimensions = n;
        }
    }
    if (proa_json_path(options, type, 2, &token) == PROA_JSON_STRING) {
        out->input_type = proa_chat_text(token);
    }
    if (proa_json_path(options, user, 2, &token) == PROA_JSON_STRING) {
        out->user = proa_chat_text(token);
    }
}

enum proa_err proa_aisdk_embed(struct reading *r, struct proa_slice bytes,
                               struct proa_chat_embed *out)
{
    enum { VALUES, INPUT, DIMENSIONS, OPTIONS };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("values"), PROA_SLICE_INIT("input"),
                                             PROA_SLICE_INIT("dimensions"),
                                             PROA_SLICE_INIT("providerOptions")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    enum proa_err err = read_top(r, bytes, keys, PROA_ARRAY_LEN(keys), said);
    if (err != PROA_OK) {
        return err;
    }
    const size_t key =
        proa_read_is_null(&said[VALUES]) && !proa_read_is_null(&said[INPUT]) ? INPUT : VALUES;
    const struct place at = {.name = keys[key]};
    err = read_values(r, &at, &said[key], out);
    err = err == PROA_OK ? proa_read_count(r, PLACE_KEY(NULL, "dimensions"), &said[DIMENSIONS],
                                           &out->dimensions)
                         : err;
    take_options(said[OPTIONS].value, out);
    return err;
}

/* ---- rankings -------------------------------------------------------------------------------- */

/* Of the type "object" each document is its JSON, as it was written. */
static enum proa_err read_document(struct reading *r, const struct place *at, bool objects,
                                   const struct proa_json_item *item, struct proa_slice *out)
{
    const enum proa_err err = count_in(r, at);
    if (err != PROA_OK) {
        return err;
    }
    if (item->kind == PROA_JSON_STRING) {
        *out = proa_chat_text(item->value);
        return PROA_OK;
    }
    if (!objects) {
        return proa_read_refuse_kind(r, at, "a string", item->kind);
    }
    *out = proa_chat_text_of(item->value, r->arena);
    return PROA_OK;
}

static enum proa_err read_documents(struct reading *r, const struct proa_json_item *item,
                                    struct proa_chat_rerank *out)
{
    enum { TYPE, VALUES };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("type"), PROA_SLICE_INIT("values")};
    const struct place at = {.name = PROA_SLICE_INIT("documents")};
    const struct place here = {.up = &at, .name = PROA_SLICE_INIT("values")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    struct proa_slice *documents = NULL;
    struct proa_slice type = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item m;
    size_t n = 0;
    enum proa_err err = proa_read_members(r, &at, item, keys, PROA_ARRAY_LEN(keys), said);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(&at, "type"), &said[TYPE], &type) : err;
    err = err == PROA_OK ? proa_read_enter(r, &here, &said[VALUES], PROA_JSON_ARRAY, &c) : err;
    const bool objects = proa_slice_eq(type, PROA_SLICE("object"));
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        documents = proa_read_more(r, documents, n, sizeof documents[0]);
        err = read_document(r, PLACE_AT(&here, n), objects, &m, &documents[n]);
        n++;
    }
    out->documents = documents;
    out->n_documents = n;
    return err == PROA_OK && n == 0 ? proa_read_refuse(r, &here, "must hold at least one document.")
                                    : err;
}

enum proa_err proa_aisdk_rerank(struct reading *r, struct proa_slice bytes,
                                struct proa_chat_rerank *out)
{
    enum { DOCUMENTS, QUERY, TOP };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("documents"), PROA_SLICE_INIT("query"),
                                             PROA_SLICE_INIT("topN")};
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    enum proa_err err = read_top(r, bytes, keys, PROA_ARRAY_LEN(keys), said);
    err = err == PROA_OK ? read_documents(r, &said[DOCUMENTS], out) : err;
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(NULL, "query"), &said[QUERY], &out->query)
                         : err;
    err =
        err == PROA_OK ? proa_read_count(r, PLACE_KEY(NULL, "topN"), &said[TOP], &out->top_n) : err;
    return err == PROA_OK && out->query.len == 0
               ? proa_read_refuse(r, PLACE_KEY(NULL, "query"), "is missing.")
               : err;
}
