/*
 * Messages as turns of content blocks: the user and the assistant take turns, so messages of one
 * side that follow one another are one turn; results of tools stand at the head of theirs; what
 * would be an empty block is left out, and a turn of nothing but such with it.
 */
#include "anthropic_priv.h"

#include "proa/chat/text.h"

static struct proa_chat_warnings *warnings_of(const struct anthropic_writing *a)
{
    return a->in->warnings;
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static bool is_assistant(const struct proa_chat_message *m)
{
    return m->role == PROA_CHAT_ASSISTANT;
}

static bool sends_reasoning(const struct anthropic_writing *a, const struct proa_chat_part *p)
{
    return !a->options.no_reasoning &&
           proa_chat_part_is_sealed(p, PROA_SLICE(PROA_CHAT_SEALED_CLAUDE));
}

static bool sends(const struct anthropic_writing *a, const struct proa_chat_message *m,
                  const struct proa_chat_part *p)
{
    switch (p->kind) {
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REFUSAL:
        return !proa_chat_text_is_blank(p->text);
    case PROA_CHAT_PART_IMAGE:
    case PROA_CHAT_PART_AUDIO:
    case PROA_CHAT_PART_FILE:
    case PROA_CHAT_PART_TOOL_RESULT:
        return !is_assistant(m);
    case PROA_CHAT_PART_REASONING:
        return is_assistant(m) && sends_reasoning(a, p);
    case PROA_CHAT_PART_TOOL_CALL:
        return is_assistant(m);
    }
    return false;
}

/* What is left out although it says something. */
static void warn_of(const struct anthropic_writing *a, const struct proa_chat_message *m,
                    const struct proa_chat_part *p)
{
    if (p->kind == PROA_CHAT_PART_REASONING && is_assistant(m) && !a->options.no_reasoning) {
        proa_chat_warn(warnings_of(a), "reasoning_content",
                       "reasoning without this provider's signature is not sent back");
    } else if (is_assistant(m) && p->kind != PROA_CHAT_PART_TEXT &&
               p->kind != PROA_CHAT_PART_REFUSAL && p->kind != PROA_CHAT_PART_REASONING) {
        proa_chat_warn(warnings_of(a), "images of the assistant", "are not sent back");
    }
}

static bool sends_any(const struct anthropic_writing *a, const struct proa_chat_message *m)
{
    for (size_t i = 0; i < m->n_parts && m->role != PROA_CHAT_SYSTEM; i++) {
        if (sends(a, m, &m->parts[i])) {
            return true;
        }
    }
    return false;
}

/* ---- small pieces ---------------------------------------------------------------------------- */

static void begin_block(struct proa_json_writer *w, const char *type)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", proa_slice_cstr(type));
}

static void end_block(struct proa_json_writer *w, struct proa_slice cache_control)
{
    if (cache_control.len > 0) {
        proa_json_writer_key(w, PROA_SLICE("cache_control"));
        proa_json_writer_raw(w, cache_control);
    }
    proa_json_writer_end_object(w);
}

static void put_text_block(struct proa_json_writer *w, struct proa_slice text,
                           struct proa_slice cache_control)
{
    begin_block(w, "text");
    proa_json_writer_member_text(w, "text", text);
    end_block(w, cache_control);
}

/* Ids are [A-Za-z0-9_-] here; another provider's that are not are made so, the same in a call and
 * in its result. */
static void put_id(struct anthropic_writing *a, const char *key, struct proa_slice id)
{
    char *made = proa_arena_alloc(a->arena, id.len + 1);
    if (id.len > 0) {
        memcpy(made, id.ptr, id.len);
    }
    for (size_t i = 0; i < id.len; i++) {
        const char c = id.ptr[i];
        const bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
        if (!fine) {
            made[i] = '_';
        }
    }
    made[id.len] = '_';
    proa_json_writer_member_text(&a->w, key, proa_slice_make(made, id.len > 0 ? id.len : 1));
}

/* ---- images and documents -------------------------------------------------------------------- */

/* What base64 of each kind of file begins with. */
static const struct {
    struct proa_slice begin;
    struct proa_slice media_type;
} BEGINNINGS[] = {
    {PROA_SLICE_INIT("iVBORw"), PROA_SLICE_INIT("image/png")},
    {PROA_SLICE_INIT("/9j/"), PROA_SLICE_INIT("image/jpeg")},
    {PROA_SLICE_INIT("R0lGOD"), PROA_SLICE_INIT("image/gif")},
    {PROA_SLICE_INIT("UklGR"), PROA_SLICE_INIT("image/webp")},
    {PROA_SLICE_INIT("JVBERi"), PROA_SLICE_INIT("application/pdf")},
};

static struct proa_slice media_type_of(const struct proa_chat_part *p)
{
    for (size_t i = 0; p->media_type.len == 0 && p->source == PROA_CHAT_SOURCE_BASE64 &&
                       i < PROA_ARRAY_LEN(BEGINNINGS);
         i++) {
        if (proa_slice_starts(p->data, BEGINNINGS[i].begin)) {
            return BEGINNINGS[i].media_type;
        }
    }
    return p->media_type;
}

static bool is_image(const struct proa_chat_part *p, struct proa_slice media_type)
{
    return p->kind == PROA_CHAT_PART_IMAGE || proa_slice_starts(media_type, PROA_SLICE("image/"));
}

/* The id by which this provider knows the file; empty when it is another's. */
static struct proa_slice own_id(const struct anthropic_writing *a, const struct proa_chat_part *p)
{
    struct proa_slice id = PROA_SLICE_NONE;
    if (p->ids.len > 0) {
        return proa_json_get(p->ids, PROA_SLICE("anthropic"), &id) == PROA_JSON_STRING
                   ? proa_chat_text(id)
                   : PROA_SLICE_NONE;
    }
    return proa_slice_eq(a->chat->extras_dialect, PROA_SLICE("anthropic")) ? p->data
                                                                           : PROA_SLICE_NONE;
}

/* Can it be sent at all? Says why not. */
static bool may_send_file(struct anthropic_writing *a, const struct proa_chat_part *p,
                          struct proa_slice media_type)
{
    const bool image = is_image(p, media_type);
    if (p->source == PROA_CHAT_SOURCE_URL &&
        !(a->host->fetches && proa_chat_text_is_web_url(p->data))) {
        proa_anthropic_refuse(a, image ? "an image by URL" : "a file by URL",
                              "this provider does not fetch it");
        return false;
    }
    if (p->source == PROA_CHAT_SOURCE_ID && own_id(a, p).len == 0) {
        proa_anthropic_refuse(a, "a file by id", "the id is another provider's");
        return false;
    }
    if (p->source == PROA_CHAT_SOURCE_BASE64 && !image &&
        !proa_slice_eq(media_type, PROA_SLICE("application/pdf"))) {
        proa_anthropic_refuse(a, "a file of this type", "only images, PDF and plain text are read");
        return false;
    }
    return true;
}

static void put_source(struct anthropic_writing *a, const struct proa_chat_part *p,
                       struct proa_slice media_type)
{
    struct proa_json_writer *w = &a->w;
    proa_json_writer_key(w, PROA_SLICE("source"));
    proa_json_writer_begin_object(w);
    switch (p->source) {
    case PROA_CHAT_SOURCE_NONE:
    case PROA_CHAT_SOURCE_BASE64:
        proa_json_writer_member_string(w, "type", PROA_SLICE("base64"));
        proa_json_writer_member_text(w, "media_type",
                                     media_type.len > 0 ? media_type : PROA_SLICE("image/png"));
        proa_json_writer_member_text(w, "data", p->data);
        break;
    case PROA_CHAT_SOURCE_URL:
        proa_json_writer_member_string(w, "type", PROA_SLICE("url"));
        proa_json_writer_member_text(w, "url", p->data);
        break;
    case PROA_CHAT_SOURCE_ID:
        proa_json_writer_member_string(w, "type", PROA_SLICE("file"));
        proa_json_writer_member_text(w, "file_id", own_id(a, p));
        break;
    case PROA_CHAT_SOURCE_TEXT:
        proa_json_writer_member_string(w, "type", PROA_SLICE("text"));
        proa_json_writer_member_string(w, "media_type", PROA_SLICE("text/plain"));
        proa_json_writer_member_text(w, "data", p->data);
        break;
    }
    proa_json_writer_end_object(w);
}

static void put_document_members(struct anthropic_writing *a, const struct proa_chat_part *p)
{
    if (p->filename.len > 0) {
        proa_json_writer_member_text(&a->w, "title", p->filename);
    }
    if (p->context.len > 0) {
        proa_json_writer_member_text(&a->w, "context", p->context);
    }
    if (p->citations == PROA_CHAT_YES) {
        proa_json_writer_member_raw(&a->w, "citations", PROA_SLICE("{\"enabled\":true}"));
    }
}

static void put_file(struct anthropic_writing *a, const struct proa_chat_part *p)
{
    const struct proa_slice media_type = media_type_of(p);
    const bool image = is_image(p, media_type);
    if (!may_send_file(a, p, media_type)) {
        return;
    }
    begin_block(&a->w, image ? "image" : "document");
    put_source(a, p, media_type);
    if (!image) {
        put_document_members(a, p);
    }
    end_block(&a->w, p->cache_control);
}

/* ---- tools ----------------------------------------------------------------------------------- */

static void put_call(struct anthropic_writing *a, const struct proa_chat_part *p)
{
    struct proa_json_writer *w = &a->w;
    begin_block(w, "tool_use");
    put_id(a, "id", p->id);
    proa_json_writer_member_text(w, "name", proa_chat_tool_own_name(a->chat, p->name));
    proa_json_writer_key(w, PROA_SLICE("input"));
    if (p->arguments.len == 0 || proa_json_kind_of(p->arguments) == PROA_JSON_NULL) {
        proa_json_writer_raw(w, PROA_SLICE("{}"));
    } else if (proa_json_kind_of(p->arguments) == PROA_JSON_OBJECT) {
        proa_json_writer_raw(w, p->arguments);
    } else {
        /* Only an object is taken; the model sees what it had written (Anthropic's own advice). */
        proa_json_writer_begin_object(w);
        proa_json_writer_key(w, PROA_SLICE("INVALID_JSON"));
        proa_json_writer_raw(w, p->arguments);
        proa_json_writer_end_object(w);
    }
    end_block(w, p->cache_control);
}

static void put_result(struct anthropic_writing *a, const struct proa_chat_part *p)
{
    struct proa_json_writer *w = &a->w;
    bool open = false;
    begin_block(w, "tool_result");
    put_id(a, "tool_use_id", p->id);
    for (size_t i = 0; i < p->n_parts; i++) {
        const struct proa_chat_part *part = &p->parts[i];
        const bool text = part->kind == PROA_CHAT_PART_TEXT || part->kind == PROA_CHAT_PART_REFUSAL;
        if (text && proa_chat_text_is_blank(part->text)) {
            continue;
        }
        if (!open) {
            proa_json_writer_key(w, PROA_SLICE("content"));
            proa_json_writer_begin_array(w);
            open = true;
        }
        if (text) {
            put_text_block(w, part->text, part->cache_control);
        } else {
            put_file(a, part);
        }
    }
    if (open) {
        proa_json_writer_end_array(w);
    }
    if (p->is_error) {
        proa_json_writer_member_bool(w, "is_error", true);
    }
    end_block(w, p->cache_control);
}

/* ---- turns ----------------------------------------------------------------------------------- */

static void put_reasoning(struct anthropic_writing *a, const struct proa_chat_part *p)
{
    if (p->redacted.len > 0) {
        begin_block(&a->w, "redacted_thinking");
        proa_json_writer_member_text(&a->w, "data", p->redacted);
    } else {
        begin_block(&a->w, "thinking");
        proa_json_writer_member_text(&a->w, "thinking", p->text);
        proa_json_writer_member_text(&a->w, "signature", p->signature);
    }
    proa_json_writer_end_object(&a->w);
}

static void put_part(struct anthropic_writing *a, const struct proa_chat_part *p, bool last)
{
    switch (p->kind) {
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REFUSAL:
        /* The beginning of an answer must not end in white space. */
        put_text_block(&a->w, last && a->plan.prefill ? proa_chat_text_trim_end(p->text) : p->text,
                       p->cache_control);
        break;
    case PROA_CHAT_PART_IMAGE:
    case PROA_CHAT_PART_FILE:
        put_file(a, p);
        break;
    case PROA_CHAT_PART_AUDIO:
        proa_anthropic_refuse(a, "input_audio", "no model of this provider hears");
        break;
    case PROA_CHAT_PART_REASONING:
        put_reasoning(a, p);
        break;
    case PROA_CHAT_PART_TOOL_CALL:
        put_call(a, p);
        break;
    case PROA_CHAT_PART_TOOL_RESULT:
        put_result(a, p);
        break;
    }
}

/* Of the message's parts the results of tools, or all others. `last` is of the conversation's last
 * part. */
static void put_parts(struct anthropic_writing *a, const struct proa_chat_message *m, bool results,
                      const struct proa_chat_part *last)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct proa_chat_part *p = &m->parts[i];
        if ((p->kind == PROA_CHAT_PART_TOOL_RESULT) != results) {
            continue;
        }
        if (sends(a, m, p)) {
            put_part(a, p, p == last);
        } else {
            warn_of(a, m, p);
        }
    }
}

static const struct proa_chat_part *last_part(const struct anthropic_writing *a)
{
    const struct proa_chat_request *chat = a->chat;
    for (size_t m = chat->n_messages; m > 0; m--) {
        const struct proa_chat_message *message = &chat->messages[m - 1];
        for (size_t p = message->n_parts; p > 0 && message->role != PROA_CHAT_SYSTEM; p--) {
            if (sends(a, message, &message->parts[p - 1])) {
                return &message->parts[p - 1];
            }
        }
    }
    return NULL;
}

/* Behind the last message of the turn that begins at `at`. */
static size_t end_of_turn(const struct anthropic_writing *a, size_t at)
{
    const struct proa_chat_request *chat = a->chat;
    const bool assistant = is_assistant(&chat->messages[at]);
    while (at < chat->n_messages &&
           (is_assistant(&chat->messages[at]) == assistant || !sends_any(a, &chat->messages[at]))) {
        at++;
    }
    return at;
}

static void begin_turn(struct proa_json_writer *w, bool assistant)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "role",
                                   assistant ? PROA_SLICE("assistant") : PROA_SLICE("user"));
    proa_json_writer_key(w, PROA_SLICE("content"));
    proa_json_writer_begin_array(w);
}

static void end_turn(struct proa_json_writer *w)
{
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
}

/* A conversation begins with the user, who may not have said anything. */
static void put_silence(struct anthropic_writing *a)
{
    proa_chat_warn(warnings_of(a), "messages",
                   "do not begin with the user: a turn with a dot was put before them");
    begin_turn(&a->w, false);
    put_text_block(&a->w, PROA_SLICE("."), PROA_SLICE_NONE);
    end_turn(&a->w);
}

static void put_turn(struct anthropic_writing *a, size_t from, size_t to,
                     const struct proa_chat_part *last)
{
    const struct proa_chat_message *messages = a->chat->messages;
    begin_turn(&a->w, is_assistant(&messages[from]));
    for (int results = 1; results >= 0; results--) {
        for (size_t i = from; i < to; i++) {
            if (messages[i].role != PROA_CHAT_SYSTEM) {
                put_parts(a, &messages[i], results == 1, last);
            }
        }
    }
    end_turn(&a->w);
}

void proa_anthropic_put_messages(struct anthropic_writing *a)
{
    const struct proa_chat_request *chat = a->chat;
    const struct proa_chat_part *last = last_part(a);
    size_t at = 0;
    bool begun = false;
    proa_json_writer_key(&a->w, PROA_SLICE("messages"));
    proa_json_writer_begin_array(&a->w);
    while (at < chat->n_messages) {
        if (!sends_any(a, &chat->messages[at])) {
            at++;
            continue;
        }
        if (!begun && is_assistant(&chat->messages[at])) {
            put_silence(a);
        }
        const size_t end = end_of_turn(a, at);
        put_turn(a, at, end, last);
        begun = true;
        at = end;
    }
    if (!begun) {
        put_silence(a);
    }
    proa_json_writer_end_array(&a->w);
}

/* ---- system ---------------------------------------------------------------------------------- */

static void put_system_block(struct anthropic_writing *a, bool *open, struct proa_slice text,
                             struct proa_slice cache_control)
{
    if (!*open) {
        proa_json_writer_key(&a->w, PROA_SLICE("system"));
        proa_json_writer_begin_array(&a->w);
        *open = true;
    }
    put_text_block(&a->w, text, cache_control);
}

void proa_anthropic_put_system(struct anthropic_writing *a)
{
    const struct proa_chat_request *chat = a->chat;
    bool open = false;
    bool later = false; /* others have spoken */
    for (size_t i = 0; i < chat->n_messages; i++) {
        const struct proa_chat_message *m = &chat->messages[i];
        if (m->role != PROA_CHAT_SYSTEM) {
            later = true;
            continue;
        }
        if (later) {
            proa_chat_warn(warnings_of(a), "system messages",
                           "all stand before the conversation at this provider");
        }
        for (size_t p = 0; p < m->n_parts; p++) {
            if (m->parts[p].kind == PROA_CHAT_PART_TEXT &&
                !proa_chat_text_is_blank(m->parts[p].text)) {
                put_system_block(a, &open, m->parts[p].text, m->parts[p].cache_control);
            }
        }
    }
    if (a->plan.schema == CLAUDE_SCHEMA_SYSTEM) {
        put_system_block(a, &open, PROA_SLICE(PROA_CLAUDE_JSON_SYSTEM), PROA_SLICE_NONE);
    }
    if (open) {
        proa_json_writer_end_array(&a->w);
    }
}
