/*
 * Answers: a GenerateContentResponse, whole, or one for each event of a stream, whose parts are new
 * and whose usage is that of the whole. What asks for a stream without `alt=sse` gets an array of
 * them as one answer.
 *
 * Signatures are told with calls of tools, where Google insists on them. Those of texts are left
 * out: it does not, and another provider that was shown them as its own would refuse them.
 */
#include "gemini_priv.h"

#include "proa/core/check.h"
#include "proa/core/hash.h"

/* ---- reasons --------------------------------------------------------------------------------- */

static const struct reason_row {
    struct proa_slice word;
    enum proa_chat_finish finish;
    bool fails; /* when nothing came before it: another try may go well */
} REASONS[] = {
    {PROA_SLICE_INIT("STOP"), PROA_CHAT_FINISH_STOP, false},
    {PROA_SLICE_INIT("MAX_TOKENS"), PROA_CHAT_FINISH_LENGTH, false},
    {PROA_SLICE_INIT("CONTINUATION"), PROA_CHAT_FINISH_LENGTH, false},
    {PROA_SLICE_INIT("SAFETY"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("RECITATION"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("LANGUAGE"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("BLOCKLIST"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("PROHIBITED_CONTENT"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("SPII"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("MODEL_ARMOR"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("IMAGE_SAFETY"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("IMAGE_PROHIBITED_CONTENT"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("IMAGE_RECITATION"), PROA_CHAT_FINISH_FILTER, false},
    {PROA_SLICE_INIT("MALFORMED_FUNCTION_CALL"), PROA_CHAT_FINISH_OTHER, true},
    {PROA_SLICE_INIT("MALFORMED_RESPONSE"), PROA_CHAT_FINISH_OTHER, true},
    {PROA_SLICE_INIT("UNEXPECTED_TOOL_CALL"), PROA_CHAT_FINISH_OTHER, true},
    {PROA_SLICE_INIT("TOO_MANY_TOOL_CALLS"), PROA_CHAT_FINISH_OTHER, true},
};

static void finish(struct proa_decoder *d, uint32_t choice, struct proa_slice word,
                   struct proa_slice message)
{
    enum proa_chat_finish meaning = PROA_CHAT_FINISH_OTHER;
    for (size_t i = 0; i < PROA_ARRAY_LEN(REASONS); i++) {
        if (!proa_slice_eq(word, REASONS[i].word)) {
            continue;
        }
        if (REASONS[i].fails && d->chosen == 0) {
            proa_decode_fail(d, &(const struct proa_failure){.class = PROA_CLASS_CONFLICT,
                                                             .message = message,
                                                             .code = word});
            return;
        }
        meaning = REASONS[i].finish;
    }
    proa_decode_finish(d, choice, meaning, word);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* Where the provider gives no id: its answer's, and which call of that answer. */
static struct proa_slice make_id(const struct proa_decoder *d, struct proa_slice call,
                                 struct proa_buf *id)
{
    const struct gemini_decode *own = d->own;
    PROA_BUF_LIT(id, "call_");
    if (own->id_len > 0) {
        (void)proa_buf_append(id, proa_slice_make(own->id, own->id_len));
    } else {
        (void)proa_buf_append_hex(id, proa_hash64(call, own->n_calls));
    }
    (void)proa_buf_append_byte(id, '_');
    (void)proa_buf_append_u64(id, own->n_calls);
    return proa_buf_slice(id);
}

static void read_call(struct proa_decoder *d, uint32_t choice, struct proa_slice call,
                      struct proa_slice signature)
{
    struct gemini_decode *own = d->own;
    struct proa_slice id = PROA_SLICE_NONE;
    struct proa_slice name = PROA_SLICE_NONE;
    struct proa_slice args = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item item;
    char text[80];
    struct proa_buf room = {.ptr = text, .cap = sizeof text, .max = sizeof text};
    if (proa_json_cursor_init(&c, call) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("id"))) {
            id = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("name"))) {
            name = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("args")) && item.kind == PROA_JSON_OBJECT) {
            args = item.value;
        }
    }
    if (name.len == 0) {
        return; /* the end of one that was streamed, which is not asked for */
    }
    const uint32_t key = own->n_calls;
    id = id.len > 0 ? id : make_id(d, call, &room);
    own->n_calls++;
    proa_decode_tool(d, choice, key, id, name, signature);
    proa_decode_tool_json(d, choice, key, args);
    proa_decode_tool_end(d, choice, key);
}

static void read_media(struct proa_decoder *d, uint32_t choice, struct proa_slice blob)
{
    struct proa_slice type = PROA_SLICE_NONE;
    struct proa_slice data = PROA_SLICE_NONE;
    (void)proa_json_get(blob, PROA_SLICE("mimeType"), &type);
    (void)proa_json_get(blob, PROA_SLICE("data"), &data);
    data = proa_chat_text(data);
    if (data.len > 0) {
        proa_decode_other(d, &(const struct proa_chat_event){.kind = PROA_CHAT_MEDIA,
                                                             .choice = choice,
                                                             .media_type = proa_chat_text(type),
                                                             .text = data});
    }
}

/* Code that it ran, and other parts that clients have no place for, are left out. */
static void read_part(struct proa_decoder *d, uint32_t choice, struct proa_slice part)
{
    struct proa_slice text = PROA_SLICE_NONE;
    struct proa_slice signature = PROA_SLICE_NONE;
    struct proa_slice call = PROA_SLICE_NONE;
    struct proa_slice blob = PROA_SLICE_NONE;
    bool thought = false;
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, part) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("text"))) {
            text = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("thought"))) {
            thought = item.kind == PROA_JSON_TRUE;
        } else if (proa_decode_key_is(&item, PROA_SLICE("thoughtSignature"))) {
            signature = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("functionCall"))) {
            call = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("inlineData"))) {
            blob = item.value;
        }
    }
    proa_decode_text(d, thought ? PROA_CHAT_REASONING : PROA_CHAT_TEXT, choice, text);
    if (call.len > 0) {
        read_call(d, choice, call, signature);
    }
    if (blob.len > 0 && !thought) { /* a picture on the way to the picture is a thought */
        read_media(d, choice, blob);
    }
}

static void read_parts(struct proa_decoder *d, uint32_t choice, struct proa_slice content)
{
    struct proa_slice parts = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_get(content, PROA_SLICE("parts"), &parts) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, parts) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        read_part(d, choice, item.value);
    }
}

/* ---- candidates ------------------------------------------------------------------------------ */

struct candidate {
    uint32_t index;
    struct proa_slice content;
    struct proa_slice reason;
    struct proa_slice message;
    struct proa_slice grounding;
    struct proa_slice citations;
    struct proa_slice logprobs;
};

static void find_candidate(struct proa_slice object, struct candidate *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *out = (struct candidate){.index = 0};
    if (proa_json_cursor_init(&c, object) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("content"))) {
            out->content = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("index"))) {
            const uint64_t index = proa_decode_u64(&item, 0);
            out->index = index < DECODER_CHOICES_MAX ? (uint32_t)index : DECODER_CHOICES_MAX;
        } else if (proa_decode_key_is(&item, PROA_SLICE("finishReason"))) {
            out->reason = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("finishMessage"))) {
            out->message = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("groundingMetadata"))) {
            out->grounding = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("citationMetadata"))) {
            out->citations = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("logprobsResult"))) {
            out->logprobs = item.value;
        }
    }
}

static void read_candidates(struct proa_decoder *d, struct proa_slice candidates)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct candidate one;
    if (proa_json_cursor_init(&c, candidates) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        find_candidate(item.value, &one);
        read_parts(d, one.index, one.content);
        proa_gemini_citations(d, one.index, one.grounding);
        proa_gemini_citations(d, one.index, one.citations);
        proa_gemini_logprobs(d, one.index, one.logprobs);
        if (one.reason.len > 0 &&
            !proa_slice_eq(one.reason, PROA_SLICE("FINISH_REASON_UNSPECIFIED"))) {
            finish(d, one.index, one.reason, one.message);
        }
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

void proa_gemini_usage(struct proa_decoder *d, struct proa_slice object)
{
    static const struct {
        struct proa_slice key;
        enum proa_usage_field field;
    } counts[] = {
        {PROA_SLICE_INIT("promptTokenCount"), PROA_USAGE_INPUT},
        {PROA_SLICE_INIT("toolUsePromptTokenCount"), PROA_USAGE_INPUT},
        {PROA_SLICE_INIT("candidatesTokenCount"), PROA_USAGE_OUTPUT},
        {PROA_SLICE_INIT("thoughtsTokenCount"), PROA_USAGE_OUTPUT},
        {PROA_SLICE_INIT("thoughtsTokenCount"), PROA_USAGE_REASONING},
        {PROA_SLICE_INIT("cachedContentTokenCount"), PROA_USAGE_CACHE_READ},
    };
    uint64_t sum[PROA_USAGE_FIELDS] = {0};
    unsigned known = 0;
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (object.len == 0 || proa_json_cursor_init(&c, object) != PROA_OK) {
        return;
    }
    proa_decode_raw_usage(d, object);
    while (proa_json_cursor_next(&c, &item)) {
        for (size_t i = 0; i < PROA_ARRAY_LEN(counts); i++) {
            const uint64_t n = proa_decode_u64(&item, UINT64_MAX);
            if (n <= PROA_USAGE_SANE_MAX && proa_decode_key_is(&item, counts[i].key)) {
                sum[counts[i].field] += n;
                known |= 1U << counts[i].field;
            }
        }
    }
    for (unsigned field = 0; field < PROA_USAGE_FIELDS; field++) {
        if ((known >> field & 1U) != 0) {
            proa_decode_usage(d, (enum proa_usage_field)field, sum[field]);
        }
    }
}

static void keep_id(struct proa_decoder *d, struct proa_slice id)
{
    struct gemini_decode *own = d->own;
    /* Not cut: a text that is may end within an escape. */
    if (own->id_len == 0 && id.len > 0 && id.len <= sizeof own->id) {
        memcpy(own->id, id.ptr, id.len);
        own->id_len = (uint8_t)id.len;
    }
}

/* The members of an answer that mean something here. */
struct response {
    struct proa_slice candidates;
    struct proa_slice feedback;
    struct proa_slice usage;
    struct proa_slice id;
    struct proa_slice model;
    bool is_error;
};

/* False when it is not JSON, or no object that has any of them. */
static bool find_response(struct proa_slice object, struct response *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *out = (struct response){.is_error = false};
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("candidates"))) {
            out->candidates = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("promptFeedback"))) {
            out->feedback = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("usageMetadata"))) {
            out->usage = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("responseId"))) {
            out->id = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("modelVersion"))) {
            out->model = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("error"))) {
            out->is_error = item.kind == PROA_JSON_OBJECT || item.kind == PROA_JSON_STRING;
        }
    }
    return c.err == PROA_OK && (out->is_error || out->candidates.len > 0 || out->feedback.len > 0 ||
                                out->usage.len > 0);
}

static bool read_response(struct proa_decoder *d, struct proa_slice object)
{
    struct response r;
    struct proa_slice blocked = PROA_SLICE_NONE;
    if (!find_response(object, &r)) {
        return false;
    }
    if (r.is_error) {
        struct proa_failure failure;
        proa_gemini_classify_inband(d->head, object, &failure);
        proa_decode_fail(d, &failure);
        return true;
    }
    keep_id(d, r.id);
    proa_decode_start(d, r.id, r.model, 0);
    proa_gemini_usage(d, r.usage);
    if (r.candidates.len > 0) {
        read_candidates(d, r.candidates);
    }
    /* A question that was not answered is an answer: none, for a reason. */
    if (d->chosen == 0 && r.feedback.len > 0 &&
        proa_json_get(r.feedback, PROA_SLICE("blockReason"), &blocked) == PROA_JSON_STRING) {
        proa_decode_finish(d, 0, PROA_CHAT_FINISH_FILTER, proa_chat_text(blocked));
    }
    return true;
}

bool proa_gemini_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    bool all = true;
    (void)name;
    if (proa_json_kind_of(data) != PROA_JSON_ARRAY) {
        return read_response(d, data);
    }
    if (proa_json_cursor_init(&c, data) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        all = read_response(d, item.value) && all;
    }
    return all && c.err == PROA_OK;
}

bool proa_gemini_whole(struct proa_decoder *d, struct proa_slice body)
{
    return d->op == PROA_OP_EMBEDDING ? proa_gemini_vectors(d, body)
                                      : proa_gemini_event(d, PROA_SLICE_NONE, body);
}
