#include "proa/api/note.h"

#include "proa/core/check.h"
#include "proa/json/cursor.h"

enum { STEPS_MAX = 3 };

/* ---- where ----------------------------------------------------------------------------------- */

struct place {
    enum proa_surface surface;
    enum proa_endpoint_kind kind;
    struct proa_json_step steps[STEPS_MAX]; /* to the object that it becomes a member of */
    size_t n_steps;
    const char *key;
};

static const struct place WHOLE[] = {
    {PROA_SURFACE_OPENAI,
     PROA_API_CHAT,
     {PROA_JSON_STEP_KEY("choices"), PROA_JSON_STEP_AT(0), PROA_JSON_STEP_KEY("message")},
     3,
     "provider_metadata"},
    {PROA_SURFACE_OPENAI, PROA_API_EMBEDDINGS, {{{NULL, 0}, 0}}, 0, "providerMetadata"},
    {PROA_SURFACE_OPENAI, PROA_API_RERANK, {{{NULL, 0}, 0}}, 0, "providerMetadata"},
    {PROA_SURFACE_RESPONSES, PROA_API_RESPONSES, {{{NULL, 0}, 0}}, 0, "providerMetadata"},
    {PROA_SURFACE_ANTHROPIC, PROA_API_CHAT, {{{NULL, 0}, 0}}, 0, "provider_metadata"},
};

/* Of a stream's event that has a text at `mark`, this one if any is named. */
static const struct event_place {
    struct place place;
    struct proa_json_step mark[STEPS_MAX];
    size_t n_mark;
    struct proa_slice text;
} EVENTS[] = {
    {{PROA_SURFACE_OPENAI,
      PROA_API_CHAT,
      {PROA_JSON_STEP_KEY("choices"), PROA_JSON_STEP_AT(0), PROA_JSON_STEP_KEY("delta")},
      3,
      "provider_metadata"},
     {PROA_JSON_STEP_KEY("choices"), PROA_JSON_STEP_AT(0), PROA_JSON_STEP_KEY("finish_reason")},
     3,
     PROA_SLICE_INIT("")},
    {{PROA_SURFACE_ANTHROPIC, PROA_API_CHAT, {{{NULL, 0}, 0}}, 0, "provider_metadata"},
     {PROA_JSON_STEP_KEY("type")},
     1,
     PROA_SLICE_INIT("\"message_delta\"")},
    /* The last one that holds a Response: it ends the stream. */
    {{PROA_SURFACE_RESPONSES,
      PROA_API_RESPONSES,
      {PROA_JSON_STEP_KEY("response")},
      1,
      "providerMetadata"},
     {PROA_JSON_STEP_KEY("response"), PROA_JSON_STEP_KEY("status")},
     2,
     PROA_SLICE_INIT("")},
};

/* ---- how ------------------------------------------------------------------------------------- */

static struct proa_slice trim(struct proa_slice s)
{
    while (s.len > 0 && (unsigned char)s.ptr[0] <= ' ') {
        s = proa_slice_from(s, 1);
    }
    while (s.len > 0 && (unsigned char)s.ptr[s.len - 1] <= ' ') {
        s.len--;
    }
    return s;
}

/* Walks all of it: false where it is no object, or is broken, or has the key. */
static bool lacks(struct proa_slice object, struct proa_slice key, bool *any)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *any = false;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        *any = true;
        if (proa_json_key_is(&item, key)) {
            return false;
        }
    }
    return c.err == PROA_OK;
}

static void put_gateway(const char *key, const struct proa_api_note *note, struct proa_buf *text)
{
    PROA_BUF_LIT(text, "\"");
    (void)proa_buf_append_cstr(text, key);
    PROA_BUF_LIT(text, "\":{\"gateway\":");
    (void)proa_buf_append(text, note->gateway);
    PROA_BUF_LIT(text, "}");
}

/* As the last member of the object at the place. */
static bool put_last(struct proa_slice whole, const struct place *place,
                     const struct proa_api_note *note, struct proa_buf *text, size_t *at)
{
    bool any = false;
    struct proa_slice object = whole;
    if (proa_json_path(whole, place->steps, place->n_steps, &object) != PROA_JSON_OBJECT) {
        return false;
    }
    object = trim(object);
    if (!lacks(object, proa_slice_cstr(place->key), &any)) {
        return false;
    }
    const size_t from = text->len;
    (void)proa_buf_append_cstr(text, any ? "," : "");
    put_gateway(place->key, note, text);
    *at = (size_t)(object.ptr - whole.ptr) + object.len - 1;
    if (!proa_buf_ok(text)) {
        text->len = from;
        return false;
    }
    return true;
}

bool proa_api_note_whole(enum proa_surface surface, enum proa_endpoint_kind kind,
                         struct proa_slice body, const struct proa_api_note *note,
                         struct proa_buf *text, size_t *at)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(WHOLE); i++) {
        if (WHOLE[i].surface == surface && WHOLE[i].kind == kind) {
            return put_last(body, &WHOLE[i], note, text, at);
        }
    }
    return false;
}

/* ---- streams --------------------------------------------------------------------------------- */

/* What a line of data holds; empty for any other line. */
static struct proa_slice data_of(struct proa_slice line)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("data:");
    return proa_slice_starts(line, begin) ? trim(proa_slice_from(line, begin.len))
                                          : PROA_SLICE_NONE;
}

static bool is_marked(struct proa_slice data, const struct event_place *event)
{
    struct proa_slice value;
    const enum proa_json_kind kind = proa_json_path(data, event->mark, event->n_mark, &value);
    return kind == PROA_JSON_STRING && (event->text.len == 0 || proa_slice_eq(value, event->text));
}

/* The last such event: with several choices the others may have ended before. */
static struct proa_slice last_marked(struct proa_slice events, const struct event_place *event)
{
    struct proa_slice found = PROA_SLICE_NONE;
    while (events.len > 0) {
        const size_t end = proa_slice_find(events, '\n');
        const struct proa_slice data = data_of(proa_slice_head(events, end));
        if (data.len > 0 && data.ptr[0] == '{' && is_marked(data, event)) {
            found = data;
        }
        events = proa_slice_from(events, end < events.len ? end + 1 : end);
    }
    return found;
}

bool proa_api_note_events(enum proa_surface surface, enum proa_endpoint_kind kind,
                          struct proa_slice events, const struct proa_api_note *note,
                          struct proa_buf *text, size_t *at)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(EVENTS); i++) {
        const struct event_place *event = &EVENTS[i];
        if (event->place.surface == surface && event->place.kind == kind) {
            const struct proa_slice data = last_marked(events, event);
            size_t inside = 0;
            if (data.len == 0 || !put_last(data, &event->place, note, text, &inside)) {
                return false;
            }
            *at = (size_t)(data.ptr - events.ptr) + inside;
            return true;
        }
    }
    return false;
}

/* ---- errors ---------------------------------------------------------------------------------- */

bool proa_api_note_error(struct proa_slice body, const struct proa_api_note *note,
                         struct proa_buf *text, size_t *at)
{
    bool any = false;
    const size_t from = text->len;
    const struct proa_slice object = trim(body);
    if (!lacks(object, PROA_SLICE("providerMetadata"), &any) ||
        !lacks(object, PROA_SLICE("generationId"), &any) || !any) {
        return false;
    }
    PROA_BUF_LIT(text, ",\"generationId\":\"");
    (void)proa_buf_append(text, note->generation);
    PROA_BUF_LIT(text, "\",");
    put_gateway("providerMetadata", note, text);
    *at = (size_t)(object.ptr - body.ptr) + object.len - 1;
    if (!proa_buf_ok(text)) {
        text->len = from;
        return false;
    }
    return true;
}
