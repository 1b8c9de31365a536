/*
 * Streams of the Messages API that are passed on, event by event.
 *
 *   WAITING --content--> CONTENT --message_delta with a reason--> FINISHED --message_stop--> DONE
 *      any but DONE --error event--> ERROR
 *
 * Most events are deltas that differ from the one before in nothing but their text. So after such
 * an event has been read in full, its bytes up to that text are kept; an event that begins with the
 * same bytes is another one, whatever its text is: a delta tells nothing behind it.
 */
#include "anthropic_priv.h"
#include "relay_priv.h"

#include "proa/chat/text.h"

enum { SHAPE_MAX = 128, ID_MAX = 64 };

struct proa_reader {
    struct proa_relay relay;
    const struct proa_answer_head *head;
    struct anthropic_counts counts;
    bool open;     /* message_start has come */
    size_t id_len; /* of that message */
    char id[ID_MAX];
    size_t shape_len; /* 0 = none */
    char shape[SHAPE_MAX];
};

struct proa_reader *proa_anthropic_reader_create(enum proa_operation op,
                                                 const struct proa_answer_head *head,
                                                 struct proa_arena *arena)
{
    (void)op;
    struct proa_reader *r = PROA_ARENA_NEW(arena, struct proa_reader);
    r->head = head;
    proa_relay_init(&r->relay, &proa_sse_limits_default);
    return r;
}

void proa_anthropic_reader_destroy(struct proa_reader *r)
{
    if (r) {
        proa_relay_deinit(&r->relay);
    }
}

bool proa_anthropic_reader_complete(const struct proa_reader *r)
{
    return r->relay.state == PROA_ANSWER_DONE || r->relay.state == PROA_ANSWER_FINISHED;
}

const struct proa_usage *proa_anthropic_reader_usage(const struct proa_reader *r)
{
    return &r->counts.usage;
}

struct proa_slice proa_anthropic_reader_finish_reason(const struct proa_reader *r)
{
    return proa_relay_name(&r->relay.finish_reason);
}

struct proa_slice proa_anthropic_reader_model(const struct proa_reader *r)
{
    return proa_relay_name(&r->relay.model);
}

/* ---- events read in full --------------------------------------------------------------------- */

enum event_member {
    EVENT_TYPE = 0,
    EVENT_MESSAGE,
    EVENT_BLOCK,
    EVENT_DELTA,
    EVENT_USAGE,
    EVENT_ERROR,
    EVENT_MEMBERS
};

static void content(struct proa_reader *r, struct proa_reader_report *out)
{
    out->content_events++;
    if (r->relay.state == PROA_ANSWER_WAITING) {
        r->relay.state = PROA_ANSWER_CONTENT;
    }
}

/* The same message once more is nothing new; another one is of an answer that is not ours. */
static bool is_spliced(struct proa_reader *r, struct proa_slice id)
{
    id = proa_slice_head(id, ID_MAX);
    if (r->open) {
        return id.len > 0 && r->id_len > 0 && !proa_slice_eq(id, proa_slice_make(r->id, r->id_len));
    }
    r->open = true;
    r->id_len = id.len;
    if (id.len > 0) {
        memcpy(r->id, id.ptr, id.len);
    }
    return false;
}

static void on_message_start(struct proa_reader *r, const struct anthropic_member *event,
                             struct proa_reader_report *out)
{
    struct anthropic_member m[] = {
        {.key = PROA_SLICE("id")}, {.key = PROA_SLICE("model")}, {.key = PROA_SLICE("usage")}};
    if (!proa_anthropic_members(event[EVENT_MESSAGE].item.value, m, PROA_ARRAY_LEN(m))) {
        out->malformed = true;
        return;
    }
    if (is_spliced(r, proa_anthropic_text(&m[0]))) {
        static const struct proa_slice quoted =
            PROA_SLICE_INIT("\"another message began in the stream\"");
        const struct proa_failure failure = {.class = PROA_CLASS_MALFORMED,
                                             .message = proa_chat_text(quoted)};
        proa_relay_fail(&r->relay, &failure);
        return;
    }
    proa_relay_keep(&r->relay.model, proa_anthropic_text(&m[1]));
    proa_anthropic_count(&r->counts, m[2].item.value);
}

/* A block that is there to be filled is none yet; any other is something to act on. */
static void on_block_start(struct proa_reader *r, const struct anthropic_member *event,
                           struct proa_reader_report *out)
{
    struct anthropic_member m[] = {
        {.key = PROA_SLICE("type")}, {.key = PROA_SLICE("text")}, {.key = PROA_SLICE("thinking")}};
    if (!proa_anthropic_members(event[EVENT_BLOCK].item.value, m, PROA_ARRAY_LEN(m))) {
        out->malformed = true;
        return;
    }
    const bool to_fill = proa_anthropic_is(&m[0], PROA_SLICE("text")) ||
                         proa_anthropic_is(&m[0], PROA_SLICE("thinking"));
    if (!to_fill || proa_anthropic_text(&m[1]).len > 0 || proa_anthropic_text(&m[2]).len > 0) {
        content(r, out);
    }
}

/* What the texts of deltas are called. */
static const struct proa_slice TEXTS[] = {
    PROA_SLICE_INIT("text"),
    PROA_SLICE_INIT("partial_json"),
    PROA_SLICE_INIT("thinking"),
    PROA_SLICE_INIT("signature"),
};

static bool is_text(const struct proa_json_item *item)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(TEXTS); i++) {
        if (proa_decode_key_is(item, TEXTS[i])) {
            return item->kind == PROA_JSON_STRING;
        }
    }
    return false;
}

/* The first text of a delta; *other: there is something else that bears content. */
static struct proa_slice text_of_delta(struct proa_slice delta, bool *other)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice text = PROA_SLICE_NONE;
    if (proa_json_cursor_init(&c, delta) != PROA_OK || !c.is_object) {
        return text;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (is_text(&item)) {
            text = text.len > 0 ? text : item.value;
        } else {
            *other = *other || item.kind == PROA_JSON_OBJECT; /* a citation */
        }
    }
    return text;
}

/* Remembers the bytes of a delta's event up to its text. */
static void learn_shape(struct proa_reader *r, struct proa_slice data, struct proa_slice text)
{
    const size_t len = (size_t)(text.ptr - data.ptr) + 1;
    r->shape_len = len <= SHAPE_MAX ? len : 0;
    memcpy(r->shape, data.ptr, r->shape_len);
}

static void on_block_delta(struct proa_reader *r, const struct anthropic_member *event,
                           struct proa_slice data, struct proa_reader_report *out)
{
    bool other = false;
    const struct proa_slice text = text_of_delta(event[EVENT_DELTA].item.value, &other);
    if (text.len > 2) {
        learn_shape(r, data, text);
    }
    if (text.len > 2 || other) {
        content(r, out);
    }
}

static void on_message_delta(struct proa_reader *r, const struct anthropic_member *event,
                             struct proa_reader_report *out)
{
    struct anthropic_member m[] = {{.key = PROA_SLICE("stop_reason")}};
    proa_anthropic_count(&r->counts, event[EVENT_USAGE].item.value);
    if (event[EVENT_DELTA].item.kind == PROA_JSON_OBJECT &&
        proa_anthropic_members(event[EVENT_DELTA].item.value, m, 1) &&
        proa_anthropic_text(&m[0]).len > 0) {
        proa_relay_keep(&r->relay.finish_reason, proa_anthropic_text(&m[0]));
        content(r, out);
        r->relay.state = PROA_ANSWER_FINISHED;
    }
}

static void fail(struct proa_reader *r, struct proa_slice data)
{
    struct proa_failure failure;
    proa_anthropic_classify_inband(r->head, data, &failure);
    proa_relay_fail_data(&r->relay, data, &failure);
}

/* Events of other types, pings too, tell nothing. */
static void read_event(struct proa_reader *r, struct proa_slice data,
                       struct proa_reader_report *out)
{
    struct anthropic_member m[EVENT_MEMBERS] = {
        [EVENT_TYPE] = {.key = PROA_SLICE("type")},
        [EVENT_MESSAGE] = {.key = PROA_SLICE("message")},
        [EVENT_BLOCK] = {.key = PROA_SLICE("content_block")},
        [EVENT_DELTA] = {.key = PROA_SLICE("delta")},
        [EVENT_USAGE] = {.key = PROA_SLICE("usage")},
        [EVENT_ERROR] = {.key = PROA_SLICE("error")},
    };
    if (!proa_anthropic_members(data, m, EVENT_MEMBERS)) {
        /* `data:` alone is a sign of life, not a broken event. */
        out->malformed = out->malformed || data.len > 0;
    } else if (proa_anthropic_is(&m[EVENT_TYPE], PROA_SLICE("error")) ||
               m[EVENT_ERROR].item.kind == PROA_JSON_OBJECT) {
        fail(r, data);
    } else if (proa_anthropic_is(&m[EVENT_TYPE], PROA_SLICE("content_block_delta"))) {
        on_block_delta(r, m, data, out);
    } else if (proa_anthropic_is(&m[EVENT_TYPE], PROA_SLICE("content_block_start"))) {
        on_block_start(r, m, out);
    } else if (proa_anthropic_is(&m[EVENT_TYPE], PROA_SLICE("message_start"))) {
        on_message_start(r, m, out);
    } else if (proa_anthropic_is(&m[EVENT_TYPE], PROA_SLICE("message_delta"))) {
        on_message_delta(r, m, out);
    } else if (proa_anthropic_is(&m[EVENT_TYPE], PROA_SLICE("message_stop"))) {
        r->relay.state = PROA_ANSWER_DONE;
    }
}

/* ---- all events ------------------------------------------------------------------------------ */

/* Another delta of the shape that is known, and not an empty one? */
static bool is_plain_text(const struct proa_reader *r, struct proa_slice data)
{
    return r->shape_len > 0 && r->relay.state == PROA_ANSWER_CONTENT &&
           data.len > r->shape_len + 1 && memcmp(data.ptr, r->shape, r->shape_len) == 0 &&
           data.ptr[r->shape_len] != '"' && data.ptr[data.len - 1] == '}';
}

static void handle_event(struct proa_reader *r, const struct proa_sse_event *event,
                         struct proa_reader_report *out)
{
    if (event->is_error_field || proa_slice_eq(event->type, PROA_SLICE("error"))) {
        fail(r, event->data);
    } else if (is_plain_text(r, event->data)) {
        out->content_events++;
    } else {
        read_event(r, event->data, out);
    }
}

enum proa_err proa_anthropic_reader_feed(struct proa_reader *r, struct proa_slice bytes,
                                         struct proa_reader_report *out)
{
    return proa_relay_feed(&r->relay, PROA_SLICE("event: content_block_delta\ndata: {"),
                           PROA_SLICE("content_block_delta"), handle_event, r, bytes, out);
}

/* ---- for who wants to go on ------------------------------------------------------------------ */

/* The one block that can be gone on with is the first, of text. When it has ended nothing can be
 * added to it, though the message has not. */
void proa_anthropic_read_delta(struct proa_slice data, struct proa_delta *out)
{
    enum { TYPE, INDEX, BLOCK, DELTA };
    struct anthropic_member m[] = {
        [TYPE] = {.key = PROA_SLICE("type")},
        [INDEX] = {.key = PROA_SLICE("index")},
        [BLOCK] = {.key = PROA_SLICE("content_block")},
        [DELTA] = {.key = PROA_SLICE("delta")},
    };
    struct anthropic_member inside[] = {{.key = PROA_SLICE("type")}, {.key = PROA_SLICE("text")}};
    *out = (struct proa_delta){.finished = false};
    if (!proa_anthropic_members(data, m, PROA_ARRAY_LEN(m))) {
        return;
    }
    out->name = proa_anthropic_text(&m[TYPE]);
    const bool is_start = proa_anthropic_is(&m[TYPE], PROA_SLICE("content_block_start"));
    if (is_start || proa_anthropic_is(&m[TYPE], PROA_SLICE("content_block_delta"))) {
        const struct anthropic_member *of = &m[is_start ? BLOCK : DELTA];
        (void)proa_anthropic_members(of->item.value, inside, PROA_ARRAY_LEN(inside));
        const bool text = proa_anthropic_is(&inside[0], PROA_SLICE("text")) ||
                          proa_anthropic_is(&inside[0], PROA_SLICE("text_delta"));
        out->other = !text || proa_decode_u64(&m[INDEX].item, 0) > 0;
        if (proa_anthropic_text(&inside[1]).len > 0) {
            out->text = inside[1].item.value;
        }
    }
    out->finished = proa_anthropic_is(&m[TYPE], PROA_SLICE("content_block_stop")) ||
                    proa_anthropic_is(&m[TYPE], PROA_SLICE("message_delta")) ||
                    proa_anthropic_is(&m[TYPE], PROA_SLICE("message_stop"));
}
