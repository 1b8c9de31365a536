/*
 * Requests for embeddings and for a ranking.
 */
#include "openai_read_priv.h"

#include "proa/api/openai_request.h"

static struct reading reading_of(const struct proa_api_openai_body *body,
                                 struct proa_api_error *error)
{
    return (struct reading){.arena = body->arena, .text = body->text, .error = error};
}

/* ---- embeddings ------------------------------------------------------------------------------ */

struct inputs {
    struct proa_chat_input *items;
    size_t n;
};

static struct proa_chat_input *new_input(struct reading *r, struct inputs *list)
{
    list->items = proa_read_more(r, list->items, list->n, sizeof list->items[0]);
    struct proa_chat_input *input = &list->items[list->n++];
    *input = (struct proa_chat_input){.tokens = {NULL, 0}};
    return input;
}

static enum proa_err read_input(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct inputs *list)
{
    if (r->n_parts++ == READING_PARTS_MAX) {
        return proa_read_refuse(r, at, "is one input too many.");
    }
    if (item->kind == PROA_JSON_STRING) {
        new_input(r, list)->text = proa_chat_text(item->value);
        return PROA_OK;
    }
    if (item->kind == PROA_JSON_ARRAY) {
        new_input(r, list)->tokens = item->value;
        return PROA_OK;
    }
    return proa_read_refuse_kind(r, at, "a string or an array of tokens", item->kind);
}

/* A text, tokens, or an array of either. */
static enum proa_err read_inputs(struct reading *r, const struct proa_json_item *item,
                                 struct inputs *list)
{
    const struct place at = {.name = PROA_SLICE_INIT("input")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (item->kind != PROA_JSON_ARRAY) {
        return read_input(r, &at, item, list);
    }
    enum proa_err err = proa_read_enter(r, &at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        if (i == 0 && m.kind == PROA_JSON_NUMBER) {
            return read_input(r, &at, item, list);
        }
        err = read_input(r, PLACE_AT(&at, i), &m, list);
    }
    return err;
}

static enum proa_err read_encoding(struct reading *r, const struct proa_json_item *item, bool *out)
{
    const struct place at = {.name = PROA_SLICE_INIT("encoding_format")};
    struct proa_slice text = PROA_SLICE_NONE;
    const enum proa_err err = proa_read_text(r, &at, item, &text);
    *out = proa_slice_eq(text, PROA_SLICE("base64"));
    if (err == PROA_OK && !*out && text.len > 0 && !proa_slice_eq(text, PROA_SLICE("float"))) {
        return proa_read_refuse_word(r, &at, text, "\"float\", \"base64\"");
    }
    return err;
}

enum embed_key { EMBED_INPUT = 0, EMBED_DIMENSIONS, EMBED_ENCODING, EMBED_TYPE, EMBED_USER };

static const struct proa_slice EMBED_KEYS[] = {
    [EMBED_INPUT] = PROA_SLICE_INIT("input"),
    [EMBED_DIMENSIONS] = PROA_SLICE_INIT("dimensions"),
    [EMBED_ENCODING] = PROA_SLICE_INIT("encoding_format"),
    [EMBED_TYPE] = PROA_SLICE_INIT("input_type"),
    [EMBED_USER] = PROA_SLICE_INIT("user"),
};

static enum proa_err read_embed_member(struct reading *r, size_t key,
                                       const struct proa_json_item *m, struct inputs *inputs,
                                       struct proa_chat_embed *out)
{
    switch (key) {
    case EMBED_INPUT:
        return read_inputs(r, m, inputs);
    case EMBED_DIMENSIONS:
        return proa_read_count(r, PLACE_KEY(NULL, "dimensions"), m, &out->dimensions);
    case EMBED_ENCODING:
        return read_encoding(r, m, &out->base64);
    case EMBED_TYPE:
        return proa_read_text(r, PLACE_KEY(NULL, "input_type"), m, &out->input_type);
    case EMBED_USER:
        return proa_read_text(r, PLACE_KEY(NULL, "user"), m, &out->user);
    default:
        return PROA_OK;
    }
}

enum proa_err proa_api_openai_embed_read(const struct proa_api_openai_body *body,
                                         struct proa_chat_embed *out, struct proa_api_error *error)
{
    struct reading r = reading_of(body, error);
    struct inputs inputs = {NULL, 0};
    struct proa_json_cursor c;
    struct proa_json_item m;
    *out = (struct proa_chat_embed){.dimensions = 0};
    if (proa_json_cursor_init(&c, body->bytes) != PROA_OK) {
        return proa_read_refuse_json(&r);
    }
    enum proa_err err = PROA_OK;
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, EMBED_KEYS, PROA_ARRAY_LEN(EMBED_KEYS));
        err = read_embed_member(&r, key, &m, &inputs, out);
    }
    if (err == PROA_OK && c.err != PROA_OK) {
        return proa_read_refuse_json(&r);
    }
    out->inputs = inputs.items;
    out->n_inputs = inputs.n;
    return err == PROA_OK && inputs.n == 0
               ? proa_read_refuse(&r, PLACE_KEY(NULL, "input"), "must hold at least one input.")
               : err;
}

/* ---- reranking ------------------------------------------------------------------------------- */

struct documents {
    struct proa_slice *items;
    size_t n;
};

/* A text, or {"text"}. */
static enum proa_err read_document(struct reading *r, const struct place *at,
                                   const struct proa_json_item *item, struct documents *list)
{
    struct proa_slice token = item->value;
    enum proa_json_kind kind = item->kind;
    if (r->n_parts++ == READING_PARTS_MAX) {
        return proa_read_refuse(r, at, "is one document too many.");
    }
    if (kind == PROA_JSON_OBJECT) {
        kind = proa_json_get(item->value, PROA_SLICE("text"), &token);
    }
    if (kind != PROA_JSON_STRING) {
        return proa_read_refuse_kind(r, at, "a string or an object with a \"text\"", item->kind);
    }
    list->items = proa_read_more(r, list->items, list->n, sizeof list->items[0]);
    list->items[list->n++] = proa_chat_text(token);
    return PROA_OK;
}

static enum proa_err read_documents(struct reading *r, const struct proa_json_item *item,
                                    struct documents *list)
{
    const struct place at = {.name = PROA_SLICE_INIT("documents")};
    struct proa_json_cursor c;
    struct proa_json_item m;
    enum proa_err err = proa_read_enter(r, &at, item, PROA_JSON_ARRAY, &c);
    for (size_t i = 0; err == PROA_OK && proa_json_cursor_next(&c, &m); i++) {
        err = read_document(r, PLACE_AT(&at, i), &m, list);
    }
    return err;
}

enum rerank_key { RERANK_QUERY = 0, RERANK_DOCUMENTS, RERANK_TOP, RERANK_RETURN };

static const struct proa_slice RERANK_KEYS[] = {
    [RERANK_QUERY] = PROA_SLICE_INIT("query"),
    [RERANK_DOCUMENTS] = PROA_SLICE_INIT("documents"),
    [RERANK_TOP] = PROA_SLICE_INIT("top_n"),
    [RERANK_RETURN] = PROA_SLICE_INIT("return_documents"),
};

static enum proa_err read_rerank_member(struct reading *r, size_t key,
                                        const struct proa_json_item *m, struct documents *documents,
                                        struct proa_chat_rerank *out)
{
    enum proa_chat_flag flag = PROA_CHAT_UNSAID;
    enum proa_err err;
    switch (key) {
    case RERANK_QUERY:
        return proa_read_text(r, PLACE_KEY(NULL, "query"), m, &out->query);
    case RERANK_DOCUMENTS:
        return read_documents(r, m, documents);
    case RERANK_TOP:
        return proa_read_count(r, PLACE_KEY(NULL, "top_n"), m, &out->top_n);
    case RERANK_RETURN:
        err = proa_read_flag(r, PLACE_KEY(NULL, "return_documents"), m, &flag);
        out->return_documents = flag == PROA_CHAT_YES;
        return err;
    default:
        return PROA_OK;
    }
}

enum proa_err proa_api_openai_rerank_read(const struct proa_api_openai_body *body,
                                          struct proa_chat_rerank *out,
                                          struct proa_api_error *error)
{
    struct reading r = reading_of(body, error);
    struct documents documents = {NULL, 0};
    struct proa_json_cursor c;
    struct proa_json_item m;
    *out = (struct proa_chat_rerank){.top_n = 0};
    if (proa_json_cursor_init(&c, body->bytes) != PROA_OK) {
        return proa_read_refuse_json(&r);
    }
    enum proa_err err = PROA_OK;
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        const size_t key = proa_read_key(&m, RERANK_KEYS, PROA_ARRAY_LEN(RERANK_KEYS));
        err = read_rerank_member(&r, key, &m, &documents, out);
    }
    if (err == PROA_OK && c.err != PROA_OK) {
        return proa_read_refuse_json(&r);
    }
    out->documents = documents.items;
    out->n_documents = documents.n;
    if (err == PROA_OK && out->query.len == 0) {
        return proa_read_refuse(&r, PLACE_KEY(NULL, "query"), "is missing.");
    }
    return err == PROA_OK && documents.n == 0 ? proa_read_refuse(&r, PLACE_KEY(NULL, "documents"),
                                                                 "must hold at least one document.")
                                              : err;
}
