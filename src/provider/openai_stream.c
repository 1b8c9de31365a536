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

#include "proa/core/alloc.h"
#include "proa/http/sse.h"
#include "proa/json/string.h"

enum {
    SHAPE_MAX = 384,               /* bytes of an event in front of its text */
    NAME_MAX_BYTES = 128,          /* model and finish reason as kept */
    CHOICES_MAX = 128,             /* OpenAI's own limit of n; higher indices share the last bit */
    LINE_SHORTCUT_MAX = 64 * 1024, /* far below the limits of a line, which the reader checks */
    FAILURE_TEXT_MAX = 4096,
    TAIL_MAX = 4 * 1024 * 1024 + 64 * 1024, /* the longest event, its framing and comments */
};

#define CHOICE_WORDS (CHOICES_MAX / 64)

struct name {
    char text[NAME_MAX_BYTES];
    size_t len;
};

struct proa_reader {
    const struct proa_answer_head *head;
    struct proa_sse sse;
    struct proa_buf tails[2]; /* beginnings of events; the other one is lent out as ready[0] */
    unsigned tail;            /* which one holds the unfinished event */
    enum proa_answer_state state;
    bool at_boundary; /* the byte before the input ended an event with LF LF */
    bool over_limit;
    bool begun;    /* an event has been handed out */
    bool skipping; /* the event at hand is none that a client should begin with */
    uint64_t seen[CHOICE_WORDS];
    uint64_t finished[CHOICE_WORDS];
    struct proa_usage usage;
    struct name model;
    struct name finish_reason;
    struct proa_failure failure;
    struct proa_buf failure_text;
    size_t shape_len; /* 0 = none */
    char shape[SHAPE_MAX];
};

struct proa_reader *proa_openai_reader_create(enum proa_operation op,
                                              const struct proa_answer_head *head,
                                              struct proa_arena *arena)
{
    (void)op; /* chat and completion chunks are told apart by their members */
    struct proa_reader *r = proa_arena_alloc(arena, sizeof *r);
    memset(r, 0, offsetof(struct proa_reader, shape));
    r->head = head;
    proa_sse_init(&r->sse, &proa_sse_limits_default);
    proa_buf_init(&r->tails[0], TAIL_MAX);
    proa_buf_init(&r->tails[1], TAIL_MAX);
    proa_buf_init(&r->failure_text, FAILURE_TEXT_MAX);
    return r;
}

void proa_openai_reader_destroy(struct proa_reader *r)
{
    if (r) {
        proa_sse_deinit(&r->sse);
        proa_buf_deinit(&r->tails[0]);
        proa_buf_deinit(&r->tails[1]);
        proa_buf_deinit(&r->failure_text);
    }
}

bool proa_openai_reader_complete(const struct proa_reader *r)
{
    return r->state == PROA_ANSWER_DONE || r->state == PROA_ANSWER_FINISHED;
}

const struct proa_usage *proa_openai_reader_usage(const struct proa_reader *r)
{
    return &r->usage;
}

static struct proa_slice name_slice(const struct name *n)
{
    return (struct proa_slice){n->text, n->len};
}

struct proa_slice proa_openai_reader_finish_reason(const struct proa_reader *r)
{
    return name_slice(&r->finish_reason);
}

struct proa_slice proa_openai_reader_model(const struct proa_reader *r)
{
    return name_slice(&r->model);
}

static void keep_name(struct name *n, struct proa_slice text)
{
    n->len = text.len < NAME_MAX_BYTES ? text.len : NAME_MAX_BYTES;
    if (n->len > 0) {
        memcpy(n->text, text.ptr, n->len);
    }
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* A copy of ours, decoded when it is a string; `raw` stands inside a JSON object. */
static struct proa_slice keep_text(struct proa_buf *out, struct proa_slice raw)
{
    const size_t from = out->len;
    if (raw.len == 0) {
        return PROA_SLICE_NONE;
    }
    const bool is_string = raw.ptr[-1] == '"' && raw.ptr[raw.len] == '"';
    const struct proa_slice token = {raw.ptr - 1, raw.len + 2};
    if (!is_string || proa_json_string_decode(token, out) != PROA_OK) {
        proa_buf_clear(out);
        out->len = from;
        (void)proa_buf_append(out, proa_slice_head(raw, (FAILURE_TEXT_MAX - from) / 2));
    }
    return proa_slice_from(proa_buf_slice(out), from);
}

static void enter_error(struct proa_reader *r, const struct proa_failure *failure)
{
    r->state = PROA_ANSWER_ERROR;
    r->failure = *failure;
    /* The memory must not move under the first slices: */
    (void)proa_buf_reserve(&r->failure_text, FAILURE_TEXT_MAX);
    r->failure.code = keep_text(&r->failure_text, proa_slice_head(failure->code, NAME_MAX_BYTES));
    r->failure.type = keep_text(&r->failure_text, proa_slice_head(failure->type, NAME_MAX_BYTES));
    r->failure.message = keep_text(&r->failure_text, failure->message);
}

static void enter_error_object(struct proa_reader *r, struct proa_slice data)
{
    struct proa_failure failure;
    const enum proa_json_kind kind = proa_json_kind_of(data);
    proa_openai_classify_inband(r->head, data, &failure);
    if (kind == PROA_JSON_OBJECT || kind == PROA_JSON_ARRAY) {
        enter_error(r, &failure);
        return;
    }
    /* Text as it is: keep_text() would look for quotes around it. */
    const struct proa_slice text = failure.message;
    failure.message = PROA_SLICE_NONE;
    enter_error(r, &failure);
    const size_t from = r->failure_text.len;
    (void)proa_buf_append(&r->failure_text, proa_slice_head(text, FAILURE_TEXT_MAX - from));
    r->failure.message = proa_slice_from(proa_buf_slice(&r->failure_text), from);
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
    keep_name(&r->finish_reason, reason);
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
    r->skipping = !r->begun && is_preface(&chunk);
    if (chunk.usage.len > 0) {
        proa_openai_usage(chunk.usage, &r->usage);
    }
    if (r->model.len == 0) {
        keep_name(&r->model, chunk.model);
    }
    if (chunk.choices.len > 0) {
        read_choices(r, chunk.choices, &facts);
    }
    if (facts.failed) {
        enter_error(r, &(const struct proa_failure){.class = PROA_CLASS_SERVER});
        return;
    }
    learn_shape(r, data, &chunk, &facts);
    if (facts.content || facts.finished) {
        out->content_events++;
        r->state = PROA_ANSWER_CONTENT;
    }
    if (r->state != PROA_ANSWER_WAITING) {
        r->state = all_finished(r) ? PROA_ANSWER_FINISHED : PROA_ANSWER_CONTENT;
    }
}

/* ---- the shortcut for events that only bring text -------------------------------------------- */

/* Another piece of text, in an event of the shape that is known? */
static bool is_plain_text(const struct proa_reader *r, struct proa_slice data)
{
    return r->state == PROA_ANSWER_CONTENT && r->shape_len > 0 && data.len > r->shape_len + 1 &&
           memcmp(data.ptr, r->shape, r->shape_len) == 0 && data.ptr[r->shape_len] != '"' &&
           data.ptr[data.len - 1] == '}' &&
           !proa_openai_holds_telling_key(proa_slice_from(data, r->shape_len));
}

/* ---- framing --------------------------------------------------------------------------------- */

/* An event that is one line, `data: {...}` LF LF, whole in the input: takes it off. */
static bool take_line_event(struct proa_slice *in, struct proa_slice *data)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("data: {");
    if (!proa_slice_starts(*in, begin)) {
        return false;
    }
    const size_t max = in->len < LINE_SHORTCUT_MAX ? in->len : LINE_SHORTCUT_MAX;
    const char *lf = memchr(in->ptr, '\n', max);
    if (!lf) {
        return false;
    }
    const size_t len = (size_t)(lf - in->ptr);
    /* A lone CR would end a line too. */
    if (len + 1 >= in->len || lf[1] != '\n' || memchr(in->ptr, '\r', len)) {
        return false;
    }
    *data = (struct proa_slice){in->ptr + begin.len - 1, len - begin.len + 1};
    *in = proa_slice_from(*in, len + 2);
    return true;
}

static enum proa_sse_result next_event(struct proa_reader *r, struct proa_slice *in,
                                       struct proa_sse_event *event)
{
    const struct proa_slice before = *in;
    if (in->len == 0) {
        return PROA_SSE_MORE;
    }
    if (r->at_boundary && take_line_event(in, &event->data)) {
        event->type = PROA_SLICE_NONE;
        event->is_error_field = false;
        return PROA_SSE_EVENT;
    }
    const enum proa_sse_result result = proa_sse_next(&r->sse, in, event);
    const size_t used = before.len - in->len;
    r->at_boundary = result == PROA_SSE_EVENT && used > 0 && before.ptr[used - 1] == '\n';
    return result;
}

static void handle_event(struct proa_reader *r, const struct proa_sse_event *event,
                         struct proa_reader_report *out)
{
    out->events++;
    if (event->is_error_field || proa_slice_eq(event->type, PROA_SLICE("error"))) {
        enter_error_object(r, event->data);
    } else if (proa_slice_eq(proa_slice_trim(event->data), PROA_SLICE("[DONE]"))) {
        r->state = PROA_ANSWER_DONE;
    } else if (is_plain_text(r, event->data)) {
        out->content_events++;
    } else {
        read_event(r, event->data, out);
    }
}

static bool is_over(const struct proa_reader *r)
{
    return r->state == PROA_ANSWER_DONE || r->state == PROA_ANSWER_ERROR;
}

/* What was ready at the end of the last call has been sent. */
static void drop_lent(struct proa_reader *r)
{
    struct proa_buf *lent = &r->tails[r->tail ^ 1U];
    if (lent->cap > 0) {
        proa_buf_clear(lent);
        proa_buf_trim(lent, 0);
    }
}

/* Hands out the events that end in bytes[0..end), and what the first of them began with. */
static void make_ready(struct proa_reader *r, struct proa_slice bytes, size_t begin, size_t end,
                       struct proa_reader_report *out)
{
    out->ready[0] = proa_buf_slice(&r->tails[r->tail]);
    out->ready[1] = proa_slice_from(proa_slice_head(bytes, end), begin);
    r->tail ^= 1U;
}

enum proa_err proa_openai_reader_feed(struct proa_reader *r, struct proa_slice bytes,
                                      struct proa_reader_report *out)
{
    struct proa_slice in = bytes;
    PROA_UNINIT struct proa_sse_event event;
    enum proa_sse_result result = PROA_SSE_MORE;
    size_t begin = 0;
    size_t end = 0;
    bool any = false;
    out->ready[0] = PROA_SLICE_NONE;
    out->ready[1] = PROA_SLICE_NONE;
    out->content_events = 0;
    out->events = 0;
    out->malformed = false;
    drop_lent(r);
    while (!r->over_limit && !is_over(r)) {
        result = next_event(r, &in, &event);
        if (result != PROA_SSE_EVENT) {
            r->over_limit = result == PROA_SSE_TOO_LONG;
            break;
        }
        r->skipping = false;
        handle_event(r, &event, out);
        if (r->skipping) {
            proa_buf_clear(&r->tails[r->tail]);
            proa_buf_trim(&r->tails[r->tail], 0);
            begin = bytes.len - in.len;
            end = begin;
        } else if (r->state != PROA_ANSWER_ERROR) {
            end = bytes.len - in.len;
            any = true;
            r->begun = true;
        }
    }
    if (any) {
        make_ready(r, bytes, begin, end, out);
    }
    if (!r->over_limit && !is_over(r) && end < bytes.len) {
        r->over_limit = proa_buf_append(&r->tails[r->tail], proa_slice_from(bytes, end)) != PROA_OK;
    }
    out->state = r->state;
    if (r->state == PROA_ANSWER_ERROR || r->over_limit) {
        out->failure = r->failure;
    }
    return r->over_limit ? PROA_ERR_LIMIT : PROA_OK;
}
