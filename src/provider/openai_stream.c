/*
 * Streamed answers of OpenAI-shaped providers, event by event.
 *
 *   WAITING --content--> CONTENT --all choices finished--> FINISHED --[DONE]--> DONE
 *      any but DONE --error event--> ERROR          FINISHED --new choice--> CONTENT
 *
 * Most events of a stream differ from the one before in nothing but the text they bring. So after
 * an event of that kind has been read in full, its bytes up to that text are kept; an event that
 * begins with the same bytes has the same shape up to there, and what follows is searched for the
 * few keys that would make it more than text. A quote inside a JSON string is always escaped, so
 * the bytes
 * `"usage"` can be nothing but a whole string; if one of these keys is there, the event is read in
 * full. Framing has a shortcut of the same kind for an event of a single line.
 */
#include "openai_priv.h"
#include "relay_priv.h"

#include "proa/json/string.h"

enum {
    SHAPE_MAX = 384,  /* bytes of an event in front of its text */
    CHOICES_MAX = 128 /* OpenAI's own limit of n; higher indices share the last bit */
};

#define CHOICE_WORDS (CHOICES_MAX / 64)

struct proa_reader {
    struct proa_relay relay;
    const struct proa_answer_head *head;
    bool responses; /* of the Responses API: of what follows it has the id alone */
    uint64_t seen[CHOICE_WORDS];
    uint64_t finished[CHOICE_WORDS];
    size_t shape_len; /* 0 = none */
    char shape[SHAPE_MAX];
    struct relay_name id; /* of a Response */
};

struct proa_reader *proa_openai_reader_create(enum proa_operation op,
                                              const struct proa_answer_head *head,
                                              struct proa_arena *arena)
{
    struct proa_reader *r = proa_arena_alloc(arena, sizeof *r);
    memset(r, 0, offsetof(struct proa_reader, shape));
    r->head = head;
    r->id.len = 0;
    r->responses = op == PROA_OP_RESPONSES; /* the others' are told apart by their members */
    /* Events of a Response repeat the whole request or answer, or hold a picture. */
    proa_relay_init(&r->relay, r->responses ? &proa_sse_limits_pictures : &proa_sse_limits_default);
    return r;
}

void proa_openai_reader_destroy(struct proa_reader *r)
{
    if (r) {
        proa_relay_deinit(&r->relay);
    }
}

bool proa_openai_reader_complete(const struct proa_reader *r)
{
    return r->relay.state == PROA_ANSWER_DONE || r->relay.state == PROA_ANSWER_FINISHED;
}

const struct proa_usage *proa_openai_reader_usage(const struct proa_reader *r)
{
    return &r->relay.usage;
}

struct proa_slice proa_openai_reader_finish_reason(const struct proa_reader *r)
{
    return proa_relay_name(&r->relay.finish_reason);
}

struct proa_slice proa_openai_reader_model(const struct proa_reader *r)
{
    return proa_relay_name(&r->relay.model);
}

struct proa_slice proa_openai_reader_id(const struct proa_reader *r)
{
    return proa_relay_name(&r->id);
}

static void enter_error_object(struct proa_reader *r, struct proa_slice data)
{
    struct proa_failure failure;
    proa_openai_classify_inband(r->head, data, &failure);
    proa_relay_fail_data(&r->relay, data, &failure);
}

/* ---- events read in full --------------------------------------------------------------------- */

/* What one event holds. */
struct chunk {
    struct proa_slice choices;
    struct proa_slice usage;
    struct proa_slice model;
    bool is_error;
};

/* What its choices hold. */
struct choice_facts {
    bool content;
    bool finished;
    bool failed;
    struct proa_slice text; /* first text of a delta: a string from its opening quote on */
};

/* Members of a delta that carry content when they are not empty. */
static const struct proa_slice CONTENT_KEYS[] = {
    PROA_SLICE_INIT("content"),
    PROA_SLICE_INIT("tool_calls"),
    PROA_SLICE_INIT("reasoning_content"),
    PROA_SLICE_INIT("reasoning"),
    PROA_SLICE_INIT("refusal"),
    PROA_SLICE_INIT("function_call"),
    PROA_SLICE_INIT("reasoning_details"),
    PROA_SLICE_INIT("audio"),
    PROA_SLICE_INIT("images"),
};

static bool is_content_key(const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(CONTENT_KEYS); i++) {
        if (proa_decode_key_is(item, CONTENT_KEYS[i])) {
            return true;
        }
    }
    return false;
}

/* Where the changing text of a content member begins: its own string, or that of the arguments of a
 * tool call. */
static struct proa_slice text_of(const struct proa_json_item *item)
{
    static const struct proa_slice arguments = PROA_SLICE_INIT("\"arguments\":\"");
    if (item->kind == PROA_JSON_STRING) {
        return item->value;
    }
    const size_t at = proa_slice_search(item->value, arguments);
    return at < item->value.len ? proa_slice_from(item->value, at + arguments.len - 1)
                                : PROA_SLICE_NONE;
}

static void take_content(const struct proa_json_item *item, struct choice_facts *facts)
{
    if (proa_openai_is_filled(item)) {
        if (!facts->content) {
            facts->text = text_of(item);
        }
        facts->content = true;
    }
}

static void read_delta(struct proa_json_cursor *delta, struct choice_facts *facts)
{
    struct proa_json_item item;
    while (proa_json_cursor_next(delta, &item)) {
        if (is_content_key(&item)) {
            take_content(&item, facts);
        }
    }
}

/* Within the object that the cursor has come to; false where it is something else. */
static bool enter_object(const struct proa_json_cursor *outer, const struct proa_json_item *item,
                         struct proa_json_cursor *inner)
{
    return item->kind == PROA_JSON_OBJECT && proa_json_cursor_enter(outer, item, inner);
}

static bool holds_delta(const struct proa_json_item *item)
{
    return proa_decode_key_is(item, PROA_SLICE("delta")) ||
           proa_decode_key_is(item, PROA_SLICE("message"));
}

static void take_finish(struct proa_reader *r, const struct proa_json_item *item,
                        struct choice_facts *facts, bool *finished)
{
    const struct proa_slice reason = proa_decode_string(item);
    if (reason.len == 0) {
        return;
    }
    *finished = true;
    facts->finished = true;
    facts->failed = facts->failed || proa_openai_finish_is_failure(reason);
    proa_relay_keep(&r->relay.finish_reason, reason);
}

static void read_choice(struct proa_reader *r, struct proa_json_cursor *choice,
                        struct choice_facts *facts)
{
    struct proa_json_cursor delta;
    struct proa_json_item item;
    uint64_t index = 0;
    bool finished = false;
    while (proa_json_cursor_key(choice, &item)) {
        if (holds_delta(&item) && enter_object(choice, &item, &delta)) {
            read_delta(&delta, facts);
            (void)proa_json_cursor_leave(choice, &delta);
            continue;
        }
        if (!proa_json_cursor_value(choice, &item)) {
            break;
        }
        if (proa_decode_key_is(&item, PROA_SLICE("text"))) {
            take_content(&item, facts);
        } else if (proa_decode_key_is(&item, PROA_SLICE("finish_reason"))) {
            take_finish(r, &item, facts, &finished);
        } else if (proa_decode_key_is(&item, PROA_SLICE("index"))) {
            (void)!proa_json_number_u64(item.value, &index);
        } else if (proa_decode_key_is(&item, PROA_SLICE("error"))) {
            facts->failed = facts->failed || proa_openai_is_filled(&item);
        }
    }
    const size_t bit = index < CHOICES_MAX ? (size_t)index : CHOICES_MAX - 1;
    r->seen[bit / 64] |= UINT64_C(1) << bit % 64;
    if (finished) {
        r->finished[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

static void read_choices(struct proa_reader *r, struct proa_slice choices,
                         struct choice_facts *facts)
{
    struct proa_json_cursor c;
    struct proa_json_cursor choice;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, choices) != PROA_OK || c.is_object) {
        return;
    }
    while (proa_json_cursor_key(&c, &item)) {
        if (enter_object(&c, &item, &choice)) {
            read_choice(r, &choice, facts);
            (void)proa_json_cursor_leave(&c, &choice);
        } else if (!proa_json_cursor_value(&c, &item)) {
            return;
        }
    }
}

/* Groq keeps usage, and an error, in an object of its own. */
static void read_x_groq(struct proa_slice object, struct chunk *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("usage")) && out->usage.len == 0) {
            out->usage = item.value;
        } else if (proa_decode_key_is(&item, PROA_SLICE("error"))) {
            out->is_error = out->is_error || proa_openai_is_filled(&item);
        }
    }
}

static void take_chunk_member(const struct proa_json_item *item, struct chunk *out)
{
    if (proa_decode_key_is(item, PROA_SLICE("choices"))) {
        out->choices = item->value;
    } else if (proa_decode_key_is(item, PROA_SLICE("usage"))) {
        out->usage = item->kind == PROA_JSON_OBJECT ? item->value : out->usage;
    } else if (proa_decode_key_is(item, PROA_SLICE("model"))) {
        out->model = proa_decode_string(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("error"))) {
        out->is_error = out->is_error || proa_openai_is_filled(item);
    } else if (proa_decode_key_is(item, PROA_SLICE("object"))) {
        out->is_error =
            out->is_error || proa_slice_eq(proa_decode_string(item), PROA_SLICE("error"));
    } else if (proa_decode_key_is(item, PROA_SLICE("x_groq"))) {
        read_x_groq(item->value, out);
    }
}

/* Nothing of a broken event is believed. */
static bool read_chunk(struct proa_slice data, struct chunk *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *out = (struct chunk){.is_error = false};
    if (proa_json_cursor_init(&c, data) != PROA_OK) {
        return false;
    }
    if (!c.is_object) {
        /* Gemini's compatible endpoint sends its errors in an array. */
        struct proa_json_item error = {.kind = PROA_JSON_ABSENT};
        while (proa_json_cursor_next(&c, &item)) {
            error.kind = proa_json_get(item.value, PROA_SLICE("error"), &error.value);
            out->is_error = out->is_error || proa_openai_is_filled(&error);
        }
        return c.err == PROA_OK;
    }
    while (proa_json_cursor_next(&c, &item)) {
        take_chunk_member(&item, out);
    }
    return c.err == PROA_OK;
}

/* Azure's filter results for the prompt: a chunk without id, model and choices. Clients that take
 * the stream's first chunk for its beginning stumble over it. */
static bool is_preface(const struct chunk *chunk)
{
    return chunk->model.len == 0 && chunk->usage.len == 0 && chunk->choices.len > 0 &&
           proa_slice_eq(chunk->choices, PROA_SLICE("[]"));
}

static bool all_finished(const struct proa_reader *r)
{
    uint64_t any = 0;
    uint64_t open = 0;
    for (size_t i = 0; i < CHOICE_WORDS; i++) {
        any |= r->seen[i];
        open |= r->seen[i] & ~r->finished[i];
    }
    return any != 0 && open == 0;
}

/* Remembers the bytes of an event that brought text and nothing else, up to that text. */
static void learn_shape(struct proa_reader *r, struct proa_slice data, const struct chunk *chunk,
                        const struct choice_facts *facts)
{
    r->shape_len = 0;
    if (!facts->text.ptr || facts->finished || chunk->usage.len > 0) {
        return;
    }
    const size_t len = (size_t)(facts->text.ptr - data.ptr) + 1;
    if (len <= SHAPE_MAX) {
        memcpy(r->shape, data.ptr, len);
        r->shape_len = len;
    }
}

static void read_event(struct proa_reader *r, struct proa_slice data,
                       struct proa_reader_report *out)
{
    struct chunk chunk;
    struct choice_facts facts = {.content = false};
    if (!read_chunk(data, &chunk)) {
        /* `data:` alone is a sign of life, not a broken event. */
        out->malformed = out->malformed || data.len > 0;
        return;
    }
    if (chunk.is_error) {
        enter_error_object(r, data);
        return;
    }
    r->relay.skipping = !r->relay.begun && is_preface(&chunk);
    if (chunk.usage.len > 0) {
        proa_openai_usage(chunk.usage, &r->relay.usage);
    }
    if (r->relay.model.len == 0) {
        proa_relay_keep(&r->relay.model, chunk.model);
    }
    if (chunk.choices.len > 0) {
        read_choices(r, chunk.choices, &facts);
    }
    if (facts.failed) {
        proa_relay_fail(&r->relay, &(const struct proa_failure){.class = PROA_CLASS_SERVER});
        return;
    }
    learn_shape(r, data, &chunk, &facts);
    if (facts.content || facts.finished) {
        out->content_events++;
        r->relay.state = PROA_ANSWER_CONTENT;
    }
    if (r->relay.state != PROA_ANSWER_WAITING) {
        r->relay.state = all_finished(r) ? PROA_ANSWER_FINISHED : PROA_ANSWER_CONTENT;
    }
}

/* ---- the shortcut for events that only bring text -------------------------------------------- */

/* Another piece of text, in an event of the shape that is known? */
static bool is_plain_text(const struct proa_reader *r, struct proa_slice data)
{
    return r->relay.state == PROA_ANSWER_CONTENT && r->shape_len > 0 &&
           data.len > r->shape_len + 1 && memcmp(data.ptr, r->shape, r->shape_len) == 0 &&
           data.ptr[r->shape_len] != '"' && data.ptr[data.len - 1] == '}' &&
           !proa_openai_holds_telling_key(proa_slice_from(data, r->shape_len));
}

/* ---- events ---------------------------------------------------------------------------------- */

static void handle_event(struct proa_reader *r, const struct proa_sse_event *event,
                         struct proa_reader_report *out)
{
    if (event->is_error_field || proa_slice_eq(event->type, PROA_SLICE("error"))) {
        enter_error_object(r, event->data);
    } else if (proa_slice_eq(proa_slice_trim(event->data), PROA_SLICE("[DONE]"))) {
        r->relay.state = PROA_ANSWER_DONE;
    } else if (is_plain_text(r, event->data)) {
        out->content_events++;
    } else {
        read_event(r, event->data, out);
    }
}

static void handle_named(struct proa_reader *r, const struct proa_sse_event *event,
                         struct proa_reader_report *out)
{
    proa_openai_responses_event(&r->relay, r->head, event, &r->id, out);
}

enum proa_err proa_openai_reader_feed(struct proa_reader *r, struct proa_slice bytes,
                                      struct proa_reader_report *out)
{
    if (PROA_UNLIKELY(r->responses)) {
        return proa_relay_feed(&r->relay, PROA_SLICE("event: response.output_text.delta\ndata: {"),
                               PROA_SLICE("response.output_text.delta"), handle_named, r, bytes,
                               out);
    }
    return proa_relay_feed(&r->relay, PROA_SLICE("data: {"), PROA_SLICE_NONE, handle_event, r,
                           bytes, out);
}
