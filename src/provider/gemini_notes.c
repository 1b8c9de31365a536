/*
 * What an answer says besides its text: where it has it from, and how probable its words were.
 */
#include "gemini_priv.h"

#include "proa/core/check.h"
#include "proa/core/hash.h"

/* ---- sources --------------------------------------------------------------------------------- */

/* Streams repeat what they said of sources before. */
static bool is_new(struct gemini_decode *own, struct proa_slice source)
{
    const uint64_t hash = proa_hash64(source, 0);
    for (size_t i = 0; i < own->n_cited; i++) {
        if (own->cited[i] == hash) {
            return false;
        }
    }
    if (own->n_cited == PROA_ARRAY_LEN(own->cited)) {
        return false; /* enough of them */
    }
    own->cited[own->n_cited++] = hash;
    return true;
}

static void cite(struct proa_decoder *d, uint32_t choice, struct proa_slice source)
{
    /* A chunk of a search keeps its facts under its kind. */
    static const struct proa_slice kinds[] = {
        PROA_SLICE_INIT("web"), PROA_SLICE_INIT("retrievedContext"), PROA_SLICE_INIT("maps")};
    struct proa_slice facts = source;
    struct proa_slice uri = PROA_SLICE_NONE;
    struct proa_slice title = PROA_SLICE_NONE;
    for (size_t i = 0; i < PROA_ARRAY_LEN(kinds); i++) {
        (void)proa_json_get(source, kinds[i], &facts);
    }
    (void)proa_json_get(facts, PROA_SLICE("uri"), &uri);
    (void)proa_json_get(facts, PROA_SLICE("title"), &title);
    if (proa_json_kind_of(source) == PROA_JSON_OBJECT && is_new(d->own, source)) {
        proa_decode_other(d, &(const struct proa_chat_event){.kind = PROA_CHAT_CITATION,
                                                             .choice = choice,
                                                             .raw = source,
                                                             .id = proa_chat_text(uri),
                                                             .name = proa_chat_text(title)});
    }
}

void proa_gemini_citations(struct proa_decoder *d, uint32_t choice, struct proa_slice metadata)
{
    /* Of a search, of AI Studio, of Vertex. */
    static const struct proa_slice lists[] = {PROA_SLICE_INIT("groundingChunks"),
                                              PROA_SLICE_INIT("citationSources"),
                                              PROA_SLICE_INIT("citations")};
    struct proa_json_cursor c;
    struct proa_json_item item;
    for (size_t i = 0; metadata.len > 0 && i < PROA_ARRAY_LEN(lists); i++) {
        struct proa_slice list = PROA_SLICE_NONE;
        if (proa_json_get(metadata, lists[i], &list) != PROA_JSON_ARRAY ||
            proa_json_cursor_init(&c, list) != PROA_OK) {
            continue;
        }
        while (proa_json_cursor_next(&c, &item)) {
            cite(d, choice, item.value);
        }
    }
}

/* ---- probabilities --------------------------------------------------------------------------- */

/* {"token","logProbability"} as {"token","logprob","bytes"}; the object is left open. */
static void begin_token(struct proa_json_writer *w, struct proa_slice candidate)
{
    struct proa_slice token = PROA_SLICE("\"\"");
    struct proa_slice logprob = PROA_SLICE("0");
    (void)proa_json_get(candidate, PROA_SLICE("token"), &token);
    (void)proa_json_get(candidate, PROA_SLICE("logProbability"), &logprob);
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("token"));
    proa_json_writer_raw(w, token);
    proa_json_writer_key(w, PROA_SLICE("logprob"));
    proa_json_writer_raw(w, logprob);
    proa_json_writer_key(w, PROA_SLICE("bytes"));
    proa_json_writer_null(w);
}

static void put_others(struct proa_json_writer *w, struct proa_slice step)
{
    struct proa_slice list = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item item;
    proa_json_writer_key(w, PROA_SLICE("top_logprobs"));
    proa_json_writer_begin_array(w);
    if (proa_json_get(step, PROA_SLICE("candidates"), &list) == PROA_JSON_ARRAY &&
        proa_json_cursor_init(&c, list) == PROA_OK) {
        while (proa_json_cursor_next(&c, &item)) {
            begin_token(w, item.value);
            proa_json_writer_end_object(w);
        }
    }
    proa_json_writer_end_array(w);
}

void proa_gemini_logprobs(struct proa_decoder *d, uint32_t choice, struct proa_slice result)
{
    struct proa_slice chosen = PROA_SLICE_NONE;
    struct proa_slice tops = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_cursor top;
    struct proa_json_item item;
    struct proa_json_item others;
    struct proa_json_writer w;
    if (proa_json_get(result, PROA_SLICE("chosenCandidates"), &chosen) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, chosen) != PROA_OK) {
        return;
    }
    const bool has_tops =
        proa_json_get(result, PROA_SLICE("topCandidates"), &tops) == PROA_JSON_ARRAY &&
        proa_json_cursor_init(&top, tops) == PROA_OK;
    const size_t at = d->scratch.len;
    proa_json_writer_init(&w, &d->scratch);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("content"));
    proa_json_writer_begin_array(&w);
    while (proa_json_cursor_next(&c, &item)) {
        begin_token(&w, item.value);
        put_others(&w, has_tops && proa_json_cursor_next(&top, &others) ? others.value
                                                                        : PROA_SLICE("{}"));
        proa_json_writer_end_object(&w);
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
    if (proa_json_writer_ok(&w)) {
        proa_decode_other(d, &(const struct proa_chat_event){
                                 .kind = PROA_CHAT_LOGPROBS,
                                 .choice = choice,
                                 .raw = proa_slice_from(proa_buf_slice(&d->scratch), at)});
    }
}
