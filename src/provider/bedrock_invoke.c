/*
 * Embeddings and reranking by InvokeModel, where each family of models has a body of its own.
 *
 * Answers are read by what stands in them: `embedding`, `embeddings` in three shapes, `results`.
 */
#include "bedrock_priv.h"

#include "proa/core/check.h"

enum { COHERE_INPUTS_MAX = 96 };

size_t proa_bedrock_inputs_max(const struct proa_vendor *vendor, struct proa_slice model)
{
    const enum bedrock_vectors form = proa_bedrock_model(model)->vectors;
    (void)vendor;
    return form == BEDROCK_VECTORS_COHERE_3 || form == BEDROCK_VECTORS_COHERE_4 ? COHERE_INPUTS_MAX
                                                                                : 1;
}

/* ---- there ----------------------------------------------------------------------------------- */

/* What the text is for, in Cohere's words and Nova's; not said: one to be found. */
static const struct purpose {
    struct proa_slice cohere;
    struct proa_slice nova;
} PURPOSES[] = {
    {PROA_SLICE_INIT("search_document"), PROA_SLICE_INIT("GENERIC_INDEX")},
    {PROA_SLICE_INIT("search_query"), PROA_SLICE_INIT("GENERIC_RETRIEVAL")},
    {PROA_SLICE_INIT("classification"), PROA_SLICE_INIT("CLASSIFICATION")},
    {PROA_SLICE_INIT("clustering"), PROA_SLICE_INIT("CLUSTERING")},
};

static const struct purpose *purpose_of(const struct bedrock_writer *w)
{
    const struct proa_slice said = w->in->embed->input_type;
    for (size_t i = 0; said.len > 0 && i < PROA_ARRAY_LEN(PURPOSES); i++) {
        if (proa_chat_text_eq(said, PURPOSES[i].cohere)) {
            return &PURPOSES[i];
        }
    }
    if (said.len > 0) {
        proa_bedrock_warn(w, "input_type", "is not known to this model");
    }
    return &PURPOSES[0];
}

static void put_dimensions(struct bedrock_writer *w, const char *key)
{
    if (w->in->embed->dimensions > 0) {
        proa_json_writer_member_u64(&w->json, key, w->in->embed->dimensions);
    }
}

static void put_cohere(struct bedrock_writer *w, bool version_4)
{
    const struct proa_chat_embed *e = w->in->embed;
    proa_json_writer_key(&w->json, PROA_SLICE("texts"));
    proa_json_writer_begin_array(&w->json);
    for (size_t i = 0; i < e->n_inputs; i++) {
        proa_json_writer_text(&w->json, e->inputs[i].text);
    }
    proa_json_writer_end_array(&w->json);
    proa_bedrock_member_text(w, "input_type", purpose_of(w)->cohere);
    if (version_4) {
        proa_bedrock_member_raw(w, "embedding_types", PROA_SLICE("[\"float\"]"));
        put_dimensions(w, "output_dimension");
    }
}

static void put_nova(struct bedrock_writer *w)
{
    proa_bedrock_member_text(w, "taskType", PROA_SLICE("SINGLE_EMBEDDING"));
    proa_json_writer_key(&w->json, PROA_SLICE("singleEmbeddingParams"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "embeddingPurpose", purpose_of(w)->nova);
    put_dimensions(w, "embeddingDimension");
    proa_json_writer_key(&w->json, PROA_SLICE("text"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "truncationMode", PROA_SLICE("END"));
    proa_bedrock_member_text(w, "value", w->in->embed->inputs[0].text);
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
}

static void put_titan_image(struct bedrock_writer *w)
{
    proa_bedrock_member_text(w, "inputText", w->in->embed->inputs[0].text);
    if (w->in->embed->dimensions > 0) {
        proa_json_writer_key(&w->json, PROA_SLICE("embeddingConfig"));
        proa_json_writer_begin_object(&w->json);
        put_dimensions(w, "outputEmbeddingLength");
        proa_json_writer_end_object(&w->json);
    }
}

static void put_titan(struct bedrock_writer *w)
{
    proa_bedrock_member_text(w, "inputText", w->in->embed->inputs[0].text);
    put_dimensions(w, "dimensions");
}

static enum proa_err judge_embed(struct bedrock_writer *w)
{
    const struct proa_chat_embed *e = w->in->embed;
    const enum bedrock_vectors form = w->model->vectors;
    if (e->n_inputs == 0 || e->n_inputs > proa_bedrock_inputs_max(w->in->vendor, w->in->model)) {
        return PROA_ERR_ARG;
    }
    for (size_t i = 0; i < e->n_inputs; i++) {
        if (e->inputs[i].tokens.len > 0) {
            return proa_bedrock_refuse(w, "input", "this provider takes text, not tokens");
        }
    }
    if (e->dimensions > 0 &&
        (form == BEDROCK_VECTORS_TITAN_1 || form == BEDROCK_VECTORS_COHERE_3)) {
        return proa_bedrock_refuse(w, "dimensions", "this model has one size");
    }
    return PROA_OK;
}

enum proa_err proa_bedrock_put_embed(struct bedrock_writer *w)
{
    const enum proa_err err = judge_embed(w);
    if (err != PROA_OK) {
        return err;
    }
    proa_json_writer_begin_object(&w->json);
    switch (w->model->vectors) {
    case BEDROCK_VECTORS_NONE:
        break;
    case BEDROCK_VECTORS_TITAN_1:
    case BEDROCK_VECTORS_TITAN_2:
        put_titan(w);
        break;
    case BEDROCK_VECTORS_TITAN_IMAGE:
        put_titan_image(w);
        break;
    case BEDROCK_VECTORS_COHERE_3:
    case BEDROCK_VECTORS_COHERE_4:
        put_cohere(w, w->model->vectors == BEDROCK_VECTORS_COHERE_4);
        break;
    case BEDROCK_VECTORS_NOVA:
        put_nova(w);
        break;
    }
    proa_json_writer_end_object(&w->json);
    return PROA_OK;
}

enum proa_err proa_bedrock_put_rerank(struct bedrock_writer *w)
{
    const struct proa_chat_rerank *r = w->in->rerank;
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "query", r->query);
    proa_json_writer_key(&w->json, PROA_SLICE("documents"));
    proa_json_writer_begin_array(&w->json);
    for (size_t i = 0; i < r->n_documents; i++) {
        proa_json_writer_text(&w->json, r->documents[i]);
    }
    proa_json_writer_end_array(&w->json);
    proa_json_writer_member_u64(&w->json, "top_n", r->top_n > 0 ? r->top_n : r->n_documents);
    if (w->model->ranks == BEDROCK_RANKS_COHERE) {
        proa_json_writer_member_u64(&w->json, "api_version", 2);
    }
    proa_json_writer_end_object(&w->json);
    return PROA_OK;
}

/* ---- back ------------------------------------------------------------------------------------ */

/* Tokens of an answer whose body does not tell them. */
static void read_header_tokens(struct proa_decoder *d)
{
    static const struct proa_slice name = PROA_SLICE_INIT("x-amzn-bedrock-input-token-count");
    for (size_t i = 0; i < d->head->n_headers; i++) {
        uint64_t tokens = 0;
        if (proa_slice_eq_nocase(d->head->headers[i].name, name) &&
            proa_slice_to_u64(proa_slice_trim(d->head->headers[i].value), &tokens) == PROA_OK) {
            proa_decode_usage(d, PROA_USAGE_INPUT, tokens);
        }
    }
}

static bool tell_vector(struct proa_decoder *d, uint32_t index, const struct proa_json_item *item)
{
    struct proa_slice numbers = item->value;
    const bool is_array =
        item->kind == PROA_JSON_ARRAY ||
        (item->kind == PROA_JSON_OBJECT &&
         proa_json_get(item->value, PROA_SLICE("embedding"), &numbers) == PROA_JSON_ARRAY);
    if (is_array) {
        proa_decode_other(d, &(const struct proa_chat_event){
                                 .kind = PROA_CHAT_VECTOR, .index = index, .raw = numbers});
    }
    return is_array;
}

static bool read_vectors(struct proa_decoder *d, struct proa_slice list)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, list) != PROA_OK) {
        return false;
    }
    for (uint32_t i = 0; proa_json_cursor_next(&c, &item); i++) {
        if (!tell_vector(d, i, &item)) {
            return false;
        }
    }
    return true;
}

static bool read_ranks(struct proa_decoder *d, struct proa_slice list)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, list) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_json_item index = {.value = PROA_SLICE_NONE};
        struct proa_slice score = PROA_SLICE_NONE;
        index.kind = proa_json_get(item.value, PROA_SLICE("index"), &index.value);
        const uint64_t i = proa_decode_u64(&index, UINT64_MAX);
        if (i > UINT32_MAX ||
            proa_json_get(item.value, PROA_SLICE("relevance_score"), &score) != PROA_JSON_NUMBER) {
            return false;
        }
        proa_decode_other(d, &(const struct proa_chat_event){
                                 .kind = PROA_CHAT_RANK, .index = (uint32_t)i, .raw = score});
    }
    return true;
}

/* One member of an answer; false for one that should hold vectors or ranks and does not. */
static bool read_member(struct proa_decoder *d, const struct proa_json_item *item, bool *any)
{
    struct proa_slice list = item->value;
    if (proa_decode_key_is(item, PROA_SLICE("inputTextTokenCount")) ||
        proa_decode_key_is(item, PROA_SLICE("inputTokenCount"))) {
        proa_decode_usage(d, PROA_USAGE_INPUT, proa_decode_u64(item, UINT64_MAX));
        return true;
    }
    if (d->op == PROA_OP_RERANK) {
        const bool is_results = proa_decode_key_is(item, PROA_SLICE("results"));
        *any = *any || is_results;
        return !is_results || (item->kind == PROA_JSON_ARRAY && read_ranks(d, list));
    }
    if (proa_decode_key_is(item, PROA_SLICE("embedding"))) {
        *any = true;
        return item->kind == PROA_JSON_ARRAY && tell_vector(d, 0, item);
    }
    if (!proa_decode_key_is(item, PROA_SLICE("embeddings"))) {
        return true;
    }
    *any = true;
    /* By their type where the request names it. */
    const enum proa_json_kind kind = item->kind == PROA_JSON_OBJECT
                                         ? proa_json_get(item->value, PROA_SLICE("float"), &list)
                                         : item->kind;
    return kind == PROA_JSON_ARRAY && read_vectors(d, list);
}

bool proa_bedrock_inputs_answer(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    bool any = false;
    bool good = true;
    if (proa_json_cursor_init(&c, body) != PROA_OK) {
        return false;
    }
    read_header_tokens(d);
    while (good && proa_json_cursor_next(&c, &item)) {
        good = read_member(d, &item, &any);
    }
    return good && any;
}
