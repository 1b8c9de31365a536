/*
 * Answers of OpenAI-shaped providers as events of the neutral model: chunks and whole answers
 * alike, for a message is a delta that came at once. What servers do differently is read for all of
 * them: names that nobody else uses cannot be mistaken.
 */
#include "openai_priv.h"

#include "proa/core/hash.h"

enum { KEY_UNNUMBERED = 1 << 20 }; /* calls without an index count from here */

/* The calls under way, to tell a new one from a piece of the last where a server sends no index. */
struct own {
    uint32_t last_key[DECODER_CHOICES_MAX]; /* and one more; 0 = none yet */
    uint32_t n_unnumbered;
    uint64_t ids[DECODER_TOOLS_MAX]; /* hash of the id, by the order of the calls */
    uint32_t keys[DECODER_TOOLS_MAX];
    size_t n_ids;
};

/* ---- tool calls ------------------------------------------------------------------------------ */

struct call {
    uint64_t index; /* UINT64_MAX = none */
    struct proa_slice id;
    struct proa_slice name;
    struct proa_json_item arguments;
    struct proa_slice signature;
};

static void read_function(struct proa_slice object, struct call *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("name"))) {
            out->name = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("arguments"))) {
            out->arguments = item;
        }
    }
}

/* {"google":{"thought_signature":"..."}} */
static void read_extra_content(struct proa_slice object, struct call *out)
{
    static const struct proa_json_step path[] = {PROA_JSON_STEP_KEY("google"),
                                                 PROA_JSON_STEP_KEY("thought_signature")};
    struct proa_json_item item = {.kind = PROA_JSON_ABSENT};
    item.kind = proa_json_path(object, path, PROA_ARRAY_LEN(path), &item.value);
    out->signature = proa_decode_string(&item);
}

static void read_call(struct proa_slice object, struct call *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *out = (struct call){.index = UINT64_MAX};
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("index"))) {
            out->index = proa_decode_u64(&item, UINT64_MAX);
        } else if (proa_decode_key_is(&item, PROA_SLICE("id"))) {
            out->id = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("function"))) {
            read_function(item.value, out);
        } else if (proa_decode_key_is(&item, PROA_SLICE("extra_content"))) {
            read_extra_content(item.value, out);
        }
    }
}

/* Is this id another one than that of the call under this key? */
static bool is_other_id(const struct own *own, uint32_t key, struct proa_slice id)
{
    for (size_t i = own->n_ids; id.len > 0 && i > 0; i--) {
        if (own->keys[i - 1] == key) {
            return own->ids[i - 1] != proa_hash64(id, 0);
        }
    }
    return false;
}

static void keep_id(struct own *own, uint32_t key, struct proa_slice id)
{
    if (id.len > 0 && own->n_ids < DECODER_TOOLS_MAX) {
        own->keys[own->n_ids] = key;
        own->ids[own->n_ids++] = proa_hash64(id, 0);
    }
}

/* Without an index a new id is a new call, and no id means the last one; in a whole answer each
 * element is a call. */
static uint32_t key_of(struct own *own, uint32_t choice, const struct call *call, bool whole)
{
    const uint32_t last = own->last_key[choice];
    uint32_t key = last - 1;
    if (call->index < KEY_UNNUMBERED) {
        key = (uint32_t)call->index;
    } else if (whole || last == 0 || is_other_id(own, key, call->id)) {
        key = KEY_UNNUMBERED + own->n_unnumbered++;
    }
    own->last_key[choice] = key + 1;
    return key;
}

static void take_call(struct proa_decoder *d, uint32_t choice, struct proa_slice object, bool whole)
{
    struct own *own = d->own;
    PROA_UNINIT struct call call;
    read_call(object, &call);
    const uint32_t key = key_of(own, choice, &call, whole);
    if (!proa_decode_has_tool(d, choice, key) || is_other_id(own, key, call.id)) {
        proa_decode_tool(d, choice, key, call.id, call.name, call.signature);
        keep_id(own, key, call.id);
    }
    if (call.arguments.kind == PROA_JSON_STRING) {
        proa_decode_tool_piece(d, choice, key, proa_decode_string(&call.arguments));
    } else if (call.arguments.kind == PROA_JSON_OBJECT) {
        proa_decode_tool_json(d, choice, key, call.arguments.value);
    }
}

static void take_calls(struct proa_decoder *d, uint32_t choice, struct proa_slice array, bool whole)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (item.kind == PROA_JSON_OBJECT) {
            take_call(d, choice, item.value, whole);
        }
    }
}

/* ---- text ------------------------------------------------------------------------------------ */

static void take_parts(struct proa_decoder *d, uint32_t choice, struct proa_slice array,
                       enum proa_chat_event_kind kind);

/* {"type":"text","text":...} or Mistral's {"type":"thinking","thinking":[...]}. */
// NOLINTNEXTLINE(misc-no-recursion): once, for thinking within text
static void take_part(struct proa_decoder *d, uint32_t choice, struct proa_slice object,
                      enum proa_chat_event_kind kind)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("text"))) {
            proa_decode_text(d, kind, choice, proa_decode_string(&item));
        } else if (proa_decode_key_is(&item, PROA_SLICE("thinking"))) {
            if (item.kind == PROA_JSON_ARRAY && kind == PROA_CHAT_TEXT) {
                take_parts(d, choice, item.value, PROA_CHAT_REASONING);
            } else {
                proa_decode_text(d, PROA_CHAT_REASONING, choice, proa_decode_string(&item));
            }
        }
    }
}

// NOLINTNEXTLINE(misc-no-recursion): once, for thinking within text
static void take_parts(struct proa_decoder *d, uint32_t choice, struct proa_slice array,
                       enum proa_chat_event_kind kind)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        take_part(d, choice, item.value, kind);
    }
}

static void take_content(struct proa_decoder *d, uint32_t choice, const struct proa_json_item *item)
{
    if (item->kind == PROA_JSON_ARRAY) {
        take_parts(d, choice, item->value, PROA_CHAT_TEXT);
    } else {
        proa_decode_text(d, PROA_CHAT_TEXT, choice, proa_decode_string(item));
    }
}

/* Generated images: {"type":"image_url","image_url":{"url":"data:TYPE;base64,DATA"}}. */
static void take_images(struct proa_decoder *d, uint32_t choice, struct proa_slice array)
{
    static const struct proa_json_step path[] = {PROA_JSON_STEP_KEY("image_url"),
                                                 PROA_JSON_STEP_KEY("url")};
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_json_item url = {.kind = PROA_JSON_ABSENT};
        url.kind = proa_json_path(item.value, path, PROA_ARRAY_LEN(path), &url.value);
        struct proa_slice text = proa_decode_string(&url);
        struct proa_slice data = PROA_SLICE_NONE;
        if (proa_slice_starts(text, PROA_SLICE("data:"))) {
            const struct proa_slice type = proa_slice_split(proa_slice_from(text, 5), ';', &data);
            if (proa_slice_starts(data, PROA_SLICE("base64,"))) {
                proa_decode_other(
                    d, &(const struct proa_chat_event){.kind = PROA_CHAT_MEDIA,
                                                       .choice = choice,
                                                       .media_type = type,
                                                       .text = proa_slice_from(data, 7)});
            }
        }
    }
}

static struct proa_slice string_in(const struct proa_json_item *object, struct proa_slice key)
{
    struct proa_json_item member = {.kind = PROA_JSON_ABSENT};
    member.kind = proa_json_get(object->value, key, &member.value);
    return proa_decode_string(&member);
}

/* The signature or the sealed text beside reasoning that has come as text already. */
static void take_reasoning_details(struct proa_decoder *d, uint32_t choice, struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        const struct proa_slice format = string_in(&item, PROA_SLICE("format"));
        const struct proa_slice sealed_as =
            proa_slice_eq(format, PROA_SLICE("unknown")) ? PROA_SLICE_NONE : format;
        proa_decode_sealed(d, PROA_CHAT_SIGNATURE, choice,
                           string_in(&item, PROA_SLICE("signature")), sealed_as);
        proa_decode_sealed(d, PROA_CHAT_REDACTED, choice, string_in(&item, PROA_SLICE("data")),
                           sealed_as);
    }
}

/* ---- choices --------------------------------------------------------------------------------- */

/* Reasoning comes before text, whatever the order of the members, and under one of two names. */
static void take_message(struct proa_decoder *d, uint32_t choice, struct proa_slice object,
                         bool whole)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_json_item content = {.kind = PROA_JSON_ABSENT};
    struct proa_json_item calls = {.kind = PROA_JSON_ABSENT};
    struct proa_slice reasoning = PROA_SLICE_NONE;
    struct proa_slice details = PROA_SLICE_NONE;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("content"))) {
            content = item;
        } else if (proa_decode_key_is(&item, PROA_SLICE("reasoning_content"))) {
            reasoning = item.kind == PROA_JSON_STRING ? proa_decode_string(&item) : reasoning;
        } else if (proa_decode_key_is(&item, PROA_SLICE("reasoning"))) {
            reasoning = reasoning.len > 0 ? reasoning : proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("reasoning_details"))) {
            details = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("refusal"))) {
            proa_decode_text(d, PROA_CHAT_REFUSAL, choice, proa_decode_string(&item));
        } else if (proa_decode_key_is(&item, PROA_SLICE("tool_calls"))) {
            calls = item;
        } else if (proa_decode_key_is(&item, PROA_SLICE("images"))) {
            take_images(d, choice, item.value);
        }
    }
    proa_decode_text(d, PROA_CHAT_REASONING, choice, reasoning);
    take_reasoning_details(d, choice, details);
    take_content(d, choice, &content);
    take_calls(d, choice, calls.value, whole);
}

static const struct {
    struct proa_slice word;
    enum proa_chat_finish finish;
} FINISHES[] = {
    {PROA_SLICE_INIT("stop"), PROA_CHAT_FINISH_STOP},
    {PROA_SLICE_INIT("length"), PROA_CHAT_FINISH_LENGTH},
    {PROA_SLICE_INIT("model_length"), PROA_CHAT_FINISH_LENGTH}, /* Mistral */
    {PROA_SLICE_INIT("tool_calls"), PROA_CHAT_FINISH_TOOLS},
    {PROA_SLICE_INIT("function_call"), PROA_CHAT_FINISH_TOOLS},
    {PROA_SLICE_INIT("content_filter"), PROA_CHAT_FINISH_FILTER},
    {PROA_SLICE_INIT("eos"), PROA_CHAT_FINISH_STOP}, /* Together */
};

static void take_finish(struct proa_decoder *d, uint32_t choice, struct proa_slice reason)
{
    enum proa_chat_finish finish = PROA_CHAT_FINISH_OTHER;
    if (reason.len == 0) {
        return;
    }
    if (proa_openai_finish_is_failure(reason)) {
        proa_decode_fail(d,
                         &(const struct proa_failure){.class = PROA_CLASS_SERVER, .code = reason});
        return;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(FINISHES); i++) {
        if (proa_slice_eq(FINISHES[i].word, reason)) {
            finish = FINISHES[i].finish;
        }
    }
    proa_decode_finish(d, choice, finish, reason);
}

static void take_logprobs(struct proa_decoder *d, uint32_t choice,
                          const struct proa_json_item *item)
{
    if (item->kind == PROA_JSON_OBJECT) {
        proa_decode_other(d, &(const struct proa_chat_event){
                                 .kind = PROA_CHAT_LOGPROBS, .choice = choice, .raw = item->value});
    }
}

struct choice_members {
    uint64_t index;
    struct proa_slice message;
    struct proa_json_item logprobs;
    struct proa_slice finish;
    struct proa_slice text; /* of a completion */
    bool whole;
    bool failed;
};

static void read_choice(struct proa_slice object, struct choice_members *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *out = (struct choice_members){.logprobs = {.kind = PROA_JSON_ABSENT}};
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("delta")) ||
            proa_decode_key_is(&item, PROA_SLICE("message"))) {
            out->message = item.kind == PROA_JSON_OBJECT ? item.value : out->message;
            out->whole = proa_decode_key_is(&item, PROA_SLICE("message"));
        } else if (proa_decode_key_is(&item, PROA_SLICE("index"))) {
            out->index = proa_decode_u64(&item, 0);
        } else if (proa_decode_key_is(&item, PROA_SLICE("finish_reason"))) {
            out->finish = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("logprobs"))) {
            out->logprobs = item;
        } else if (proa_decode_key_is(&item, PROA_SLICE("text"))) {
            out->text = proa_decode_string(&item);
        } else if (proa_decode_key_is(&item, PROA_SLICE("error"))) {
            out->failed = proa_openai_is_filled(&item);
        }
    }
}

/* A chunk may bring a tool call, the reason and usage at once. */
static void take_choices(struct proa_decoder *d, struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    PROA_UNINIT struct choice_members m;
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        read_choice(item.value, &m);
        if (m.index >= DECODER_CHOICES_MAX) {
            continue;
        }
        const uint32_t choice = (uint32_t)m.index;
        if (m.failed) {
            proa_openai_decode_failure(d, item.value);
            return;
        }
        take_message(d, choice, m.message, m.whole);
        proa_decode_text(d, PROA_CHAT_TEXT, choice, m.text);
        take_logprobs(d, choice, &m.logprobs);
        take_finish(d, choice, m.finish);
    }
}

/* ---- chunks and answers ---------------------------------------------------------------------- */

void proa_openai_decode_failure(struct proa_decoder *d, struct proa_slice object)
{
    struct proa_failure failure = {.class = PROA_CLASS_SERVER};
    proa_openai_classify_inband(d->head, object, &failure);
    proa_decode_fail(d, &failure);
}

void proa_openai_decode_usage(struct proa_decoder *d, struct proa_slice object)
{
    struct proa_usage usage = {.known = 0};
    proa_openai_usage(object, &usage);
    proa_decode_raw_usage(d, object);
    for (int f = 0; f < PROA_USAGE_FIELDS; f++) {
        if (proa_usage_has(&usage, (enum proa_usage_field)f)) {
            proa_decode_usage(d, (enum proa_usage_field)f, usage.count[f]);
        }
    }
}

struct members {
    struct proa_slice id;
    struct proa_slice model;
    uint64_t created_s;
    struct proa_slice choices;
    struct proa_slice usage;
    bool is_error;
};

/* Groq keeps usage, and an error, in an object of its own. */
static void read_x_groq(struct proa_slice object, struct members *out)
{
    struct proa_json_item item = {.kind = PROA_JSON_ABSENT};
    item.kind = proa_json_get(object, PROA_SLICE("usage"), &item.value);
    if (item.kind == PROA_JSON_OBJECT && out->usage.len == 0) {
        out->usage = item.value;
    }
    item.kind = proa_json_get(object, PROA_SLICE("error"), &item.value);
    out->is_error = out->is_error || proa_openai_is_filled(&item);
}

static void read_member(const struct proa_json_item *item, struct members *out)
{
    if (proa_decode_key_is(item, PROA_SLICE("id"))) {
        out->id = proa_decode_string(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("model"))) {
        out->model = proa_decode_string(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("created"))) {
        out->created_s = proa_decode_u64(item, 0);
    } else if (proa_decode_key_is(item, PROA_SLICE("choices"))) {
        out->choices = item->value;
    } else if (proa_decode_key_is(item, PROA_SLICE("usage"))) {
        out->usage = item->kind == PROA_JSON_OBJECT ? item->value : out->usage;
    } else if (proa_decode_key_is(item, PROA_SLICE("error"))) {
        out->is_error = out->is_error || proa_openai_is_filled(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("object"))) {
        out->is_error =
            out->is_error || proa_slice_eq(proa_decode_string(item), PROA_SLICE("error"));
    } else if (proa_decode_key_is(item, PROA_SLICE("x_groq"))) {
        read_x_groq(item->value, out);
    }
}

/* Nothing of a broken text is believed. */
static bool take_object(struct proa_decoder *d, struct proa_slice data)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct members m = {.created_s = 0};
    if (proa_json_cursor_init(&c, data) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        read_member(&item, &m);
    }
    if (c.err != PROA_OK) {
        return false;
    }
    if (m.is_error) {
        proa_openai_decode_failure(d, data);
        return true;
    }
    if (m.id.len > 0 || m.model.len > 0 || m.choices.len > 2) {
        proa_decode_start(d, m.id, m.model, m.created_s);
    }
    if (m.usage.len > 0) {
        proa_openai_decode_usage(d, m.usage);
    }
    take_choices(d, m.choices);
    return true;
}

static bool decode_event(struct proa_decoder *d, struct proa_slice name, struct proa_slice data)
{
    data = proa_openai_strip(data);
    if (proa_slice_eq(data, PROA_SLICE("[DONE]"))) {
        proa_decode_done(d);
        return true;
    }
    if (proa_slice_eq(name, PROA_SLICE("error")) || (data.len > 0 && data.ptr[0] == '[')) {
        proa_openai_decode_failure(d, data); /* Gemini's compatible endpoint sends an array */
        return true;
    }
    return take_object(d, data);
}

static bool decode_whole(struct proa_decoder *d, struct proa_slice whole)
{
    const struct proa_slice body = proa_openai_strip(whole);
    if (proa_operation_is_media(d->op)) {
        return proa_openai_decode_media(d, d->op == PROA_OP_SPEECH ? whole : body);
    }
    if (d->op == PROA_OP_EMBEDDING) {
        return proa_openai_decode_vectors(d, body);
    }
    if (d->op == PROA_OP_RERANK) {
        return proa_openai_decode_ranks(d, body);
    }
    return take_object(d, body);
}

const struct proa_decode_ops proa_openai_decode_ops = {
    .own_bytes = sizeof(struct own),
    .event = decode_event,
    .whole = decode_whole,
};
