/*
 * Embeddings, of which Google has three ways: one text or a batch of them at AI Studio, predictions
 * at Vertex, and Vertex's newer models as AI Studio's.
 */
#include "gemini_priv.h"

#include "proa/core/check.h"

enum embed_form {
    FORM_CONTENT, /* :embedContent, or :batchEmbedContents for several */
    FORM_PREDICT  /* :predict */
};

/* How a model is asked; the first that fits. */
static const struct embed_row {
    struct proa_slice pattern;
    size_t inputs_max;
    enum embed_form form;
    uint8_t at; /* GEMINI_AT_* */
} ROWS[] = {
    {PROA_SLICE_INIT("*"), 100, FORM_CONTENT, GEMINI_AT_STUDIO},
    {PROA_SLICE_INIT("gemini-embedding-001"), 1, FORM_PREDICT, GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("gemini-embedding-*"), 1, FORM_CONTENT, GEMINI_AT_VERTEX},
    {PROA_SLICE_INIT("*"), 250, FORM_PREDICT, GEMINI_AT_VERTEX},
};

static const struct embed_row *find_row(const struct gemini_service *service,
                                        struct proa_slice model)
{
    size_t i = 0;
    while (i + 1 < PROA_ARRAY_LEN(ROWS) &&
           !((ROWS[i].at & service->at) != 0 && proa_slice_glob(ROWS[i].pattern, model))) {
        i++;
    }
    return &ROWS[i];
}

bool proa_gemini_embeds(struct proa_slice model)
{
    return proa_slice_glob(PROA_SLICE("*embedding*"), model);
}

size_t proa_gemini_inputs_max(const struct proa_vendor *vendor, struct proa_slice model)
{
    return find_row(proa_gemini_service(vendor), proa_gemini_id(model))->inputs_max;
}

/* ---- there ----------------------------------------------------------------------------------- */

/* Cohere's words for what the vectors are for, which the others took over; Google's own go on as
 * they are. */
static const struct task_row {
    struct proa_slice input_type;
    struct proa_slice task;
} TASKS[] = {
    {PROA_SLICE_INIT("search_document"), PROA_SLICE_INIT("RETRIEVAL_DOCUMENT")},
    {PROA_SLICE_INIT("search_query"), PROA_SLICE_INIT("RETRIEVAL_QUERY")},
    {PROA_SLICE_INIT("document"), PROA_SLICE_INIT("RETRIEVAL_DOCUMENT")},
    {PROA_SLICE_INIT("query"), PROA_SLICE_INIT("RETRIEVAL_QUERY")},
    {PROA_SLICE_INIT("classification"), PROA_SLICE_INIT("CLASSIFICATION")},
    {PROA_SLICE_INIT("clustering"), PROA_SLICE_INIT("CLUSTERING")},
};

static struct proa_slice task_of(struct proa_slice input_type)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(TASKS); i++) {
        if (proa_chat_text_eq(input_type, TASKS[i].input_type)) {
            return TASKS[i].task;
        }
    }
    return input_type;
}

static void put_content(struct gemini_writer *w, struct proa_slice text)
{
    proa_json_writer_key(&w->json, PROA_SLICE("content"));
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("parts"));
    proa_json_writer_begin_array(&w->json);
    proa_json_writer_begin_object(&w->json);
    proa_gemini_member_text(w, "text", text);
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_array(&w->json);
    proa_json_writer_end_object(&w->json);
}

static void put_dimensions(struct gemini_writer *w)
{
    if (w->in->embed->dimensions > 0) {
        proa_json_writer_member_u64(&w->json, "outputDimensionality", w->in->embed->dimensions);
    }
}

static void put_one(struct gemini_writer *w, struct proa_slice text)
{
    const struct proa_slice task = task_of(w->in->embed->input_type);
    put_content(w, text);
    if (task.len > 0) {
        proa_gemini_member_text(w, "taskType", task);
    }
    put_dimensions(w);
}

static void put_batch(struct gemini_writer *w)
{
    const struct proa_chat_embed *e = w->in->embed;
    const struct proa_slice model =
        proa_arena_printf(w->arena, "models/%" PROA_SLICE_FMT, PROA_SLICE_ARG(w->id));
    proa_json_writer_key(&w->json, PROA_SLICE("requests"));
    proa_json_writer_begin_array(&w->json);
    for (size_t i = 0; i < e->n_inputs; i++) {
        proa_json_writer_begin_object(&w->json);
        proa_json_writer_member_string(&w->json, "model", model);
        put_one(w, e->inputs[i].text);
        proa_json_writer_end_object(&w->json);
    }
    proa_json_writer_end_array(&w->json);
}

static void put_instances(struct gemini_writer *w)
{
    const struct proa_chat_embed *e = w->in->embed;
    const struct proa_slice task = task_of(e->input_type);
    proa_json_writer_key(&w->json, PROA_SLICE("instances"));
    proa_json_writer_begin_array(&w->json);
    for (size_t i = 0; i < e->n_inputs; i++) {
        proa_json_writer_begin_object(&w->json);
        proa_gemini_member_text(w, "content", e->inputs[i].text);
        if (task.len > 0) {
            proa_gemini_member_text(w, "task_type", task);
        }
        proa_json_writer_end_object(&w->json);
    }
    proa_json_writer_end_array(&w->json);
    if (e->dimensions > 0) {
        proa_json_writer_key(&w->json, PROA_SLICE("parameters"));
        proa_json_writer_begin_object(&w->json);
        put_dimensions(w);
        proa_json_writer_end_object(&w->json);
    }
}

enum proa_err proa_gemini_put_embed(struct gemini_writer *w)
{
    const struct proa_chat_embed *e = w->in->embed;
    const struct embed_row *row = find_row(w->service, w->id);
    struct proa_slice method = PROA_SLICE(":predict");
    if (e->n_inputs == 0 || e->n_inputs > row->inputs_max) {
        return PROA_ERR_ARG;
    }
    for (size_t i = 0; i < e->n_inputs; i++) {
        if (e->inputs[i].tokens.len > 0) {
            return proa_gemini_refuse(w, "input", "tokens of another model mean nothing to it");
        }
    }
    if (e->user.len > 0) {
        proa_chat_warn(w->in->warnings, "user", "has no equivalent at this provider");
    }
    proa_json_writer_begin_object(&w->json);
    if (row->form == FORM_PREDICT) {
        put_instances(w);
    } else if (e->n_inputs == 1) {
        put_one(w, e->inputs[0].text);
        method = PROA_SLICE(":embedContent");
    } else {
        put_batch(w);
        method = PROA_SLICE(":batchEmbedContents");
    }
    proa_json_writer_end_object(&w->json);
    return proa_gemini_finish(w, method);
}

/* ---- and back -------------------------------------------------------------------------------- */

/* {"values":[...],"statistics":{"token_count":6}} */
static bool tell_vector(struct proa_decoder *d, uint32_t index, struct proa_slice embedding,
                        uint64_t *tokens)
{
    static const struct proa_json_step path[] = {PROA_JSON_STEP_KEY("statistics"),
                                                 PROA_JSON_STEP_KEY("token_count")};
    struct proa_slice values = PROA_SLICE_NONE;
    struct proa_slice count = PROA_SLICE_NONE;
    uint64_t n = 0;
    if (proa_json_get(embedding, PROA_SLICE("values"), &values) != PROA_JSON_ARRAY) {
        return false;
    }
    proa_decode_other(d, &(const struct proa_chat_event){
                             .kind = PROA_CHAT_VECTOR, .index = index, .raw = values});
    if (proa_json_path(embedding, path, PROA_ARRAY_LEN(path), &count) == PROA_JSON_NUMBER &&
        proa_json_number_u64(count, &n) == PROA_OK && n <= PROA_USAGE_SANE_MAX) {
        *tokens += n;
        proa_decode_usage(d, PROA_USAGE_INPUT, *tokens);
    }
    return true;
}

/* `wrapped`: each element holds its vector in a member `embeddings`. */
static bool tell_list(struct proa_decoder *d, struct proa_slice list, bool wrapped)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    uint64_t tokens = 0;
    uint32_t n = 0;
    if (proa_json_cursor_init(&c, list) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_slice one = item.value;
        if (wrapped &&
            proa_json_get(item.value, PROA_SLICE("embeddings"), &one) != PROA_JSON_OBJECT) {
            return false;
        }
        if (!tell_vector(d, n++, one, &tokens)) {
            return false;
        }
    }
    return c.err == PROA_OK;
}

bool proa_gemini_vectors(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_slice found = PROA_SLICE_NONE;
    struct proa_failure failure;
    uint64_t tokens = 0;
    struct proa_json_info info;
    if (proa_json_scan(body, &(const struct proa_json_scan_cfg){0}, NULL, &info) != PROA_OK ||
        info.kind != PROA_JSON_OBJECT) {
        return false;
    }
    if (proa_json_get(body, PROA_SLICE("error"), NULL) == PROA_JSON_OBJECT) {
        proa_gemini_classify_inband(d->head, body, &failure);
        proa_decode_fail(d, &failure);
        return true;
    }
    if (proa_json_get(body, PROA_SLICE("usageMetadata"), &found) == PROA_JSON_OBJECT) {
        proa_gemini_usage(d, found);
    }
    if (proa_json_get(body, PROA_SLICE("embeddings"), &found) == PROA_JSON_ARRAY) {
        return tell_list(d, found, false);
    }
    if (proa_json_get(body, PROA_SLICE("predictions"), &found) == PROA_JSON_ARRAY) {
        return tell_list(d, found, true);
    }
    return proa_json_get(body, PROA_SLICE("embedding"), &found) == PROA_JSON_OBJECT &&
           tell_vector(d, 0, found, &tokens);
}
