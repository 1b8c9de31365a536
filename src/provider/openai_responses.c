/*
 * Answers of the Responses API that are passed on.
 *
 *   WAITING --content--> CONTENT --response.completed, .incomplete--> DONE
 *      any but DONE --error, response.failed--> ERROR
 *
 * A stream names its events twice, in a line of their own and in the data; some servers do only the
 * latter. It ends with the event that holds the whole answer once more: usage and reason stand
 * there, and no end mark follows.
 */
#include "openai_priv.h"
#include "relay_priv.h"

/* ---- a response ------------------------------------------------------------------------------ */

enum {
    RESPONSE_STATUS = 0,
    RESPONSE_OUTPUT,
    RESPONSE_USAGE,
    RESPONSE_MODEL,
    RESPONSE_ERROR,
    RESPONSE_DETAILS,
    RESPONSE_OBJECT,
    RESPONSE_ID,
    RESPONSE_MEMBERS
};

static const struct proa_slice RESPONSE_KEYS[RESPONSE_MEMBERS] = {
    [RESPONSE_STATUS] = PROA_SLICE_INIT("status"),
    [RESPONSE_OUTPUT] = PROA_SLICE_INIT("output"),
    [RESPONSE_USAGE] = PROA_SLICE_INIT("usage"),
    [RESPONSE_MODEL] = PROA_SLICE_INIT("model"),
    [RESPONSE_ERROR] = PROA_SLICE_INIT("error"),
    [RESPONSE_DETAILS] = PROA_SLICE_INIT("incomplete_details"),
    [RESPONSE_OBJECT] = PROA_SLICE_INIT("object"),
    [RESPONSE_ID] = PROA_SLICE_INIT("id"),
};

/* The members of an object by these keys, the last of each; false: it is none, or broken. */
static bool read_members(struct proa_slice object, const struct proa_slice *keys, size_t n,
                         struct proa_json_item *items)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    memset(items, 0, n * sizeof items[0]);
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        for (size_t i = 0; i < n; i++) {
            if (proa_decode_key_is(&item, keys[i])) {
                items[i] = item;
            }
        }
    }
    return c.err == PROA_OK;
}

static bool is_text(const struct proa_json_item *item, const char *text)
{
    return proa_slice_eq(proa_decode_string(item), proa_slice_cstr(text));
}

/* ---- usage ----------------------------------------------------------------------------------- */

static void take_count(const struct proa_json_item *item, enum proa_usage_field field,
                       struct proa_usage *usage)
{
    uint64_t n = 0;
    if (item->kind == PROA_JSON_NUMBER && proa_slice_to_u64(item->value, &n) == PROA_OK &&
        n <= PROA_USAGE_SANE_MAX) {
        proa_usage_set(usage, field, n);
    }
}

static void take_usage(const struct proa_json_item *object, struct proa_usage *usage)
{
    enum { INPUT, OUTPUT, INPUT_DETAILS, OUTPUT_DETAILS, COUNTS };
    enum { CACHED, WRITTEN, REASONING, DETAILS };
    static const struct proa_slice keys[COUNTS] = {
        PROA_SLICE_INIT("input_tokens"), PROA_SLICE_INIT("output_tokens"),
        PROA_SLICE_INIT("input_tokens_details"), PROA_SLICE_INIT("output_tokens_details")};
    static const struct proa_slice inner[DETAILS] = {PROA_SLICE_INIT("cached_tokens"),
                                                     PROA_SLICE_INIT("cache_write_tokens"),
                                                     PROA_SLICE_INIT("reasoning_tokens")};
    struct proa_json_item items[COUNTS];
    struct proa_json_item details[DETAILS];
    if (object->kind != PROA_JSON_OBJECT || !read_members(object->value, keys, COUNTS, items)) {
        return;
    }
    take_count(&items[INPUT], PROA_USAGE_INPUT, usage);
    take_count(&items[OUTPUT], PROA_USAGE_OUTPUT, usage);
    if (read_members(items[INPUT_DETAILS].value, inner, DETAILS, details)) {
        take_count(&details[CACHED], PROA_USAGE_CACHE_READ, usage);
        take_count(&details[WRITTEN], PROA_USAGE_CACHE_WRITE, usage);
    }
    if (read_members(items[OUTPUT_DETAILS].value, inner, DETAILS, details)) {
        take_count(&details[REASONING], PROA_USAGE_REASONING, usage);
    }
}

/* ---- whole answers --------------------------------------------------------------------------- */

static bool fail(struct proa_failure *failure, enum proa_class class)
{
    *failure = (struct proa_failure){.class = class};
    return false;
}

/* Was it made, and came to nothing? An answer that was cut short, or waits its turn, is one. */
static bool is_failed(const struct proa_json_item *items)
{
    return proa_openai_is_filled(&items[RESPONSE_ERROR]) ||
           is_text(&items[RESPONSE_STATUS], "failed") || is_text(&items[RESPONSE_OBJECT], "error");
}

/* Why, by what the error says; its code is one for machines. */
static void judge(const struct proa_answer_head *head, const struct proa_json_item *error,
                  struct proa_slice whole, struct proa_failure *failure)
{
    const bool own = error->kind == PROA_JSON_OBJECT && proa_openai_is_filled(error);
    proa_openai_classify_inband(head, own ? error->value : whole, failure);
}

/* It ended by itself, without having said anything. */
static bool is_empty(const struct proa_json_item *items)
{
    const bool completed = items[RESPONSE_STATUS].kind == PROA_JSON_ABSENT ||
                           is_text(&items[RESPONSE_STATUS], "completed");
    return completed && !proa_openai_is_filled(&items[RESPONSE_OUTPUT]);
}

bool proa_openai_responses_read(const struct proa_answer_head *head, struct proa_slice body,
                                struct proa_usage *usage, struct proa_slice *model,
                                struct proa_failure *failure)
{
    struct proa_json_item items[RESPONSE_MEMBERS];
    if (body.len == 0) {
        return fail(failure, PROA_CLASS_EMPTY);
    }
    if (!read_members(body, RESPONSE_KEYS, RESPONSE_MEMBERS, items)) {
        return fail(failure, PROA_CLASS_MALFORMED);
    }
    if (is_failed(items)) {
        judge(head, &items[RESPONSE_ERROR], body, failure);
        return false;
    }
    if (items[RESPONSE_OUTPUT].kind != PROA_JSON_ARRAY) {
        return fail(failure, PROA_CLASS_MALFORMED);
    }
    if (is_empty(items)) {
        return fail(failure, PROA_CLASS_EMPTY);
    }
    take_usage(&items[RESPONSE_USAGE], usage);
    if (proa_decode_string(&items[RESPONSE_MODEL]).len > 0) {
        *model = proa_decode_string(&items[RESPONSE_MODEL]);
    }
    return true;
}

/* ---- events ---------------------------------------------------------------------------------- */

enum { EVENT_TYPE = 0, EVENT_RESPONSE, EVENT_ITEM, EVENT_DELTA, EVENT_ERROR, EVENT_MEMBERS };

static const struct proa_slice EVENT_KEYS[EVENT_MEMBERS] = {
    [EVENT_TYPE] = PROA_SLICE_INIT("type"),   [EVENT_RESPONSE] = PROA_SLICE_INIT("response"),
    [EVENT_ITEM] = PROA_SLICE_INIT("item"),   [EVENT_DELTA] = PROA_SLICE_INIT("delta"),
    [EVENT_ERROR] = PROA_SLICE_INIT("error"),
};

enum event_kind {
    KIND_OTHER = 0,
    KIND_BEGIN,
    KIND_ITEM,
    KIND_CONTENT,
    KIND_DELTA,
    KIND_END,
    KIND_FAILED,
    KIND_ERROR
};

/* Deltas are known by the end of their names; what else there is tells nothing. */
static const struct {
    struct proa_slice type;
    enum event_kind kind;
} KINDS[] = {
    {PROA_SLICE_INIT("response.output_item.added"), KIND_ITEM},
    {PROA_SLICE_INIT("response.output_item.done"), KIND_ITEM},
    {PROA_SLICE_INIT("response.image_generation_call.partial_image"), KIND_CONTENT},
    {PROA_SLICE_INIT("response.created"), KIND_BEGIN},
    {PROA_SLICE_INIT("response.in_progress"), KIND_BEGIN},
    {PROA_SLICE_INIT("response.completed"), KIND_END},
    {PROA_SLICE_INIT("response.incomplete"), KIND_END},
    {PROA_SLICE_INIT("response.failed"), KIND_FAILED},
    {PROA_SLICE_INIT("error"), KIND_ERROR},
};

static bool is_delta(struct proa_slice type)
{
    static const struct proa_slice tail = PROA_SLICE_INIT(".delta");
    return type.len > tail.len && proa_slice_eq(proa_slice_from(type, type.len - tail.len), tail);
}

static enum event_kind kind_of(struct proa_slice type)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(KINDS); i++) {
        if (proa_slice_eq(KINDS[i].type, type)) {
            return KINDS[i].kind;
        }
    }
    return is_delta(type) ? KIND_DELTA : KIND_OTHER;
}

static void content(struct proa_relay *r, struct proa_reader_report *out)
{
    out->content_events++;
    r->state = PROA_ANSWER_CONTENT;
}

/* An item that is there to be filled is no content yet; a call is something to act on. */
static bool is_filled_item(struct proa_slice item)
{
    enum { TYPE, CONTENT, SUMMARY, MEMBERS };
    static const struct proa_slice keys[MEMBERS] = {
        PROA_SLICE_INIT("type"), PROA_SLICE_INIT("content"), PROA_SLICE_INIT("summary")};
    struct proa_json_item members[MEMBERS];
    if (!read_members(item, keys, MEMBERS, members)) {
        return false;
    }
    const bool to_fill = is_text(&members[TYPE], "message") || is_text(&members[TYPE], "reasoning");
    return !to_fill || proa_openai_is_filled(&members[CONTENT]) ||
           proa_openai_is_filled(&members[SUMMARY]);
}

static void keep_model(struct proa_relay *r, const struct proa_json_item *response)
{
    if (r->model.len == 0) {
        proa_relay_keep(&r->model, proa_decode_string(&response[RESPONSE_MODEL]));
    }
}

/* Half an id is none. */
static void keep_id(struct relay_name *id, const struct proa_json_item *response)
{
    const struct proa_slice text = proa_decode_string(&response[RESPONSE_ID]);
    if (id->len == 0 && text.len <= RELAY_NAME_MAX) {
        proa_relay_keep(id, text);
    }
}

/* "completed", or why it is not: "max_output_tokens", "content_filter". */
static void keep_reason(struct proa_relay *r, const struct proa_json_item *response)
{
    static const struct proa_slice key = PROA_SLICE_INIT("reason");
    struct proa_json_item reason;
    proa_relay_keep(&r->finish_reason, proa_decode_string(&response[RESPONSE_STATUS]));
    if (read_members(response[RESPONSE_DETAILS].value, &key, 1, &reason) &&
        proa_decode_string(&reason).len > 0) {
        proa_relay_keep(&r->finish_reason, proa_decode_string(&reason));
    }
}

static void on_end(struct proa_relay *r, const struct proa_answer_head *head,
                   const struct proa_json_item *response, struct proa_reader_report *out)
{
    struct proa_failure failure;
    take_usage(&response[RESPONSE_USAGE], &r->usage);
    if (proa_openai_is_filled(&response[RESPONSE_ERROR])) {
        judge(head, &response[RESPONSE_ERROR], response[RESPONSE_ERROR].value, &failure);
        proa_relay_fail(r, &failure);
        return;
    }
    keep_model(r, response);
    keep_reason(r, response);
    if (!is_empty(response)) {
        content(r, out);
    }
    r->state = PROA_ANSWER_DONE;
}

static void on_failed(struct proa_relay *r, const struct proa_answer_head *head,
                      const struct proa_json_item *response, struct proa_slice data)
{
    struct proa_failure failure;
    take_usage(&response[RESPONSE_USAGE], &r->usage);
    judge(head, &response[RESPONSE_ERROR], data, &failure);
    proa_relay_fail(r, &failure);
}

/* Its words stand in it, or in an object of their own. */
static void on_error(struct proa_relay *r, const struct proa_answer_head *head,
                     struct proa_slice data)
{
    struct proa_failure failure;
    proa_openai_classify_inband(head, data, &failure);
    proa_relay_fail_data(r, data, &failure);
}

/* One that holds a response; another kind of event may leave it out. */
static bool read_response(const struct proa_json_item *event, enum event_kind kind,
                          struct proa_json_item *response)
{
    const bool read =
        read_members(event[EVENT_RESPONSE].value, RESPONSE_KEYS, RESPONSE_MEMBERS, response);
    return read || kind == KIND_FAILED;
}

static void read_event(struct proa_relay *r, const struct proa_answer_head *head,
                       const struct proa_sse_event *event, struct relay_name *id,
                       struct proa_reader_report *out)
{
    struct proa_json_item items[EVENT_MEMBERS];
    struct proa_json_item response[RESPONSE_MEMBERS];
    if (!read_members(event->data, EVENT_KEYS, EVENT_MEMBERS, items)) {
        /* `data:` alone is a sign of life, and an end mark none that this needs. */
        out->malformed = out->malformed || (event->data.len > 0 && event->data.ptr[0] != '[');
        return;
    }
    const struct proa_slice type = proa_decode_string(&items[EVENT_TYPE]);
    enum event_kind kind = kind_of(type.len > 0 ? type : event->type);
    kind = proa_openai_is_filled(&items[EVENT_ERROR]) ? KIND_ERROR : kind;
    const bool holds = kind == KIND_BEGIN || kind == KIND_END || kind == KIND_FAILED;
    if (holds && !read_response(items, kind, response)) {
        out->malformed = true;
        return;
    }
    switch (kind) {
    case KIND_BEGIN:
        keep_model(r, response);
        keep_id(id, response);
        break;
    case KIND_ITEM:
        if (is_filled_item(items[EVENT_ITEM].value)) {
            content(r, out);
        }
        break;
    case KIND_CONTENT:
        content(r, out);
        break;
    case KIND_DELTA:
        if (proa_openai_is_filled(&items[EVENT_DELTA])) {
            content(r, out);
        }
        break;
    case KIND_END:
        on_end(r, head, response, out);
        break;
    case KIND_FAILED:
        on_failed(r, head, response, event->data);
        break;
    case KIND_ERROR:
        on_error(r, head, event->data);
        break;
    case KIND_OTHER:
        break;
    }
}

/* Another piece, by the name of its event alone: what it says is the client's. */
static bool is_plain_delta(const struct proa_relay *r, const struct proa_sse_event *event)
{
    const struct proa_slice data = event->data;
    return r->state == PROA_ANSWER_CONTENT && is_delta(event->type) && data.len > 1 &&
           data.ptr[0] == '{' && data.ptr[data.len - 1] == '}';
}

void proa_openai_responses_event(struct proa_relay *r, const struct proa_answer_head *head,
                                 const struct proa_sse_event *event, struct relay_name *id,
                                 struct proa_reader_report *out)
{
    if (event->is_error_field) {
        on_error(r, head, event->data);
    } else if (is_plain_delta(r, event)) {
        out->content_events++;
    } else {
        read_event(r, head, event, id, out);
    }
}
