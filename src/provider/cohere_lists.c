/*
 * Embeddings and reranking, from the request to the answer.
 */
#include "cohere_priv.h"

/* ---- requests -------------------------------------------------------------------------------- */

void proa_cohere_put_embed(struct proa_json_writer *w, const struct proa_encode_in *in,
                           struct proa_encoded *out)
{
    const struct proa_chat_embed *embed = in->embed;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "model", in->model);
    /* Which half of a search a text is; the models from version 3 on insist. */
    proa_json_writer_key(w, PROA_SLICE("input_type"));
    proa_json_writer_text(w, embed->input_type.len > 0 ? embed->input_type
                                                       : PROA_SLICE("search_document"));
    proa_json_writer_key(w, PROA_SLICE("embedding_types"));
    proa_json_writer_raw(w, PROA_SLICE("[\"float\"]"));
    if (embed->dimensions > 0) {
        proa_json_writer_member_u64(w, "output_dimension", embed->dimensions);
    }
    proa_json_writer_key(w, PROA_SLICE("texts"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < embed->n_inputs; i++) {
        if (embed->inputs[i].tokens.len > 0) {
            proa_cohere_refuse(out, "input of tokens", "this provider takes texts only");
        }
        proa_json_writer_text(w, embed->inputs[i].text);
    }
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
}

void proa_cohere_put_rerank(struct proa_json_writer *w, const struct proa_encode_in *in)
{
    const struct proa_chat_rerank *rerank = in->rerank;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "model", in->model);
    proa_json_writer_key(w, PROA_SLICE("query"));
    proa_json_writer_text(w, rerank->query);
    proa_json_writer_key(w, PROA_SLICE("documents"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < rerank->n_documents; i++) {
        proa_json_writer_text(w, rerank->documents[i]);
    }
    proa_json_writer_end_array(w);
    if (rerank->top_n > 0) {
        proa_json_writer_member_u64(w, "top_n", rerank->top_n);
    }
    proa_json_writer_end_object(w);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* meta.tokens where it is told, else meta.billed_units. */
static void take_meta(struct proa_decoder *d, struct proa_slice body)
{
    static const struct proa_json_step tokens[] = {PROA_JSON_STEP_KEY("meta"),
                                                   PROA_JSON_STEP_KEY("tokens"),
                                                   PROA_JSON_STEP_KEY("input_tokens")};
    static const struct proa_json_step billed[] = {PROA_JSON_STEP_KEY("meta"),
                                                   PROA_JSON_STEP_KEY("billed_units"),
                                                   PROA_JSON_STEP_KEY("input_tokens")};
    struct proa_slice value = PROA_SLICE_NONE;
    uint64_t n = 0;
    if ((proa_json_path(body, tokens, PROA_ARRAY_LEN(tokens), &value) == PROA_JSON_NUMBER ||
         proa_json_path(body, billed, PROA_ARRAY_LEN(billed), &value) == PROA_JSON_NUMBER) &&
        proa_json_number_u64(value, &n) == PROA_OK) {
        proa_decode_usage(d, PROA_USAGE_INPUT, n);
    }
}

/* An error in a success: `{"message":"..."}` and nothing that was asked for. */
static bool fail_or_none(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_failure failure;
    if (proa_json_get(body, PROA_SLICE("message"), NULL) != PROA_JSON_STRING) {
        return false;
    }
    proa_cohere_classify_inband(d->head, body, &failure);
    proa_decode_fail(d, &failure);
    return true;
}

bool proa_cohere_read_vectors(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice list = PROA_SLICE_NONE;
    uint32_t index = 0;
    enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("embeddings"), &list);
    if (kind == PROA_JSON_OBJECT) {
        kind = proa_json_get(list, PROA_SLICE("float"), &list);
    }
    if (kind != PROA_JSON_ARRAY || proa_json_cursor_init(&c, list) != PROA_OK) {
        return fail_or_none(d, body);
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (item.kind != PROA_JSON_ARRAY) {
            return false;
        }
        proa_decode_other(d, &(const struct proa_chat_event){
                                 .kind = PROA_CHAT_VECTOR, .index = index, .raw = item.value});
        index++;
    }
    take_meta(d, body);
    return true;
}

bool proa_cohere_read_ranks(struct proa_decoder *d, struct proa_slice body)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice list = PROA_SLICE_NONE;
    if (proa_json_get(body, PROA_SLICE("results"), &list) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, list) != PROA_OK) {
        return fail_or_none(d, body);
    }
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_slice at = PROA_SLICE_NONE;
        struct proa_slice score = PROA_SLICE_NONE;
        uint64_t index = 0;
        if (proa_json_get(item.value, PROA_SLICE("index"), &at) != PROA_JSON_NUMBER ||
            proa_json_number_u64(at, &index) != PROA_OK || index > UINT32_MAX ||
            proa_json_get(item.value, PROA_SLICE("relevance_score"), &score) != PROA_JSON_NUMBER) {
            return false;
        }
        proa_decode_other(d, &(const struct proa_chat_event){
                                 .kind = PROA_CHAT_RANK, .index = (uint32_t)index, .raw = score});
    }
    take_meta(d, body);
    return true;
}
