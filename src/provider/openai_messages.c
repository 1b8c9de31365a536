/*
 * The messages of a translated request, and what is in them.
 */
#include "openai_write_priv.h"
#include "short_id_priv.h"

#include "proa/json/cursor.h"
#include "proa/provider/vendor.h"

static void refuse(struct openai_writing *s, const char *feature, const char *reason)
{
    s->unsupported = true;
    s->out->feature = feature;
    s->out->reason = reason;
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* `"data:TYPE;base64,DATA"`, or the URL. */
static void url_value(struct openai_writing *s, const struct proa_chat_part *part,
                      const char *fallback)
{
    struct proa_json_writer *w = &s->w;
    if (part->source != PROA_CHAT_SOURCE_BASE64) {
        proa_json_writer_text(w, part->data);
        return;
    }
    const struct proa_slice type =
        part->media_type.len > 0 ? part->media_type : proa_slice_cstr(fallback);
    /* The writer has no value in parts: the pieces go to the buffer behind an empty one. */
    proa_json_writer_raw(w, PROA_SLICE("\"data:"));
    (void)proa_buf_append(w->buf, type);
    PROA_BUF_LIT(w->buf, ";base64,");
    (void)proa_buf_append(w->buf, part->data);
    PROA_BUF_LIT(w->buf, "\"");
}

static void image_part(struct openai_writing *s, const struct proa_chat_part *part)
{
    if (part->source == PROA_CHAT_SOURCE_ID) {
        refuse(s, "image by id", "this provider takes images by URL or data only");
        return;
    }
    if (part->source == PROA_CHAT_SOURCE_URL && openai_has_flag(s, OPENAI_DATA_URLS)) {
        refuse(s, "image by URL", "this provider takes image data only");
        return;
    }
    openai_put_word(s, "type", "image_url");
    openai_key(s, "image_url");
    proa_json_writer_begin_object(&s->w);
    openai_key(s, "url");
    url_value(s, part, "image/png");
    if (part->detail.len > 0) {
        openai_put_text(s, "detail", part->detail);
    }
    proa_json_writer_end_object(&s->w);
}

/* OpenAI's word for the kind of audio: the subtype, wav and mp3 in use. */
static struct proa_slice audio_format(struct proa_slice media_type)
{
    if (proa_slice_search(media_type, PROA_SLICE("mpeg")) < media_type.len) {
        return PROA_SLICE("mp3");
    }
    const size_t at = proa_slice_find(media_type, '/');
    const struct proa_slice sub =
        at < media_type.len ? proa_slice_from(media_type, at + 1) : PROA_SLICE("wav");
    return proa_slice_starts(sub, PROA_SLICE("x-")) ? proa_slice_from(sub, 2) : sub;
}

static void audio_part(struct openai_writing *s, const struct proa_chat_part *part)
{
    if (part->source != PROA_CHAT_SOURCE_BASE64) {
        refuse(s, "audio by URL", "this provider takes audio data only");
        return;
    }
    openai_put_word(s, "type", "input_audio");
    openai_key(s, "input_audio");
    proa_json_writer_begin_object(&s->w);
    openai_put_text(s, "data", part->data);
    openai_put_text(s, "format", audio_format(part->media_type));
    proa_json_writer_end_object(&s->w);
}

/* There must be one. */
static struct proa_slice name_of_file(const struct proa_chat_part *part)
{
    const bool pdf = part->media_type.len == 0 ||
                     proa_chat_text_eq(part->media_type, PROA_SLICE("application/pdf"));
    return part->filename.len > 0 ? part->filename
           : pdf                  ? PROA_SLICE("document.pdf")
                                  : PROA_SLICE("file");
}

/* The id by which this provider knows the file; empty when it is another's. */
static struct proa_slice own_id(const struct openai_writing *s, const struct proa_chat_part *part)
{
    const struct proa_slice names[] = {s->in->provider,
                                       s->in->vendor ? s->in->vendor->name : PROA_SLICE_NONE,
                                       PROA_SLICE("openai")};
    struct proa_slice id = PROA_SLICE_NONE;
    if (part->ids.len == 0) {
        return part->data;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        if (names[i].len > 0 && proa_json_get(part->ids, names[i], &id) == PROA_JSON_STRING) {
            return proa_chat_text(id);
        }
    }
    return PROA_SLICE_NONE;
}

static void file_part(struct openai_writing *s, const struct proa_chat_part *part)
{
    if (part->source == PROA_CHAT_SOURCE_TEXT) {
        openai_put_word(s, "type", "text");
        openai_put_text(s, "text", part->data);
        return;
    }
    if (part->source == PROA_CHAT_SOURCE_ID && own_id(s, part).len == 0) {
        refuse(s, "file by id", "the id is another provider's");
        return;
    }
    if (part->source == PROA_CHAT_SOURCE_URL) {
        refuse(s, "file by URL", "this provider takes file data or ids only");
        return;
    }
    openai_put_word(s, "type", "file");
    openai_key(s, "file");
    proa_json_writer_begin_object(&s->w);
    if (part->source == PROA_CHAT_SOURCE_ID) {
        openai_put_text(s, "file_id", own_id(s, part));
    } else {
        openai_put_text(s, "filename", name_of_file(part));
        openai_key(s, "file_data");
        url_value(s, part, "application/pdf");
    }
    proa_json_writer_end_object(&s->w);
}

static void content_part(struct openai_writing *s, const struct proa_chat_part *part)
{
    proa_json_writer_begin_object(&s->w);
    switch (part->kind) {
    case PROA_CHAT_PART_IMAGE:
        image_part(s, part);
        break;
    case PROA_CHAT_PART_AUDIO:
        audio_part(s, part);
        break;
    case PROA_CHAT_PART_FILE:
        file_part(s, part);
        break;
    case PROA_CHAT_PART_REFUSAL:
        openai_put_word(s, "type", "refusal");
        openai_put_text(s, "refusal", part->text);
        break;
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REASONING:
    case PROA_CHAT_PART_TOOL_CALL:
    case PROA_CHAT_PART_TOOL_RESULT:
        openai_put_word(s, "type", "text");
        openai_put_text(s, "text", part->text);
        break;
    }
    proa_json_writer_end_object(&s->w);
}

/* Parts that stand in `content`; what an assistant thought and called has members of its own, and
 * pictures that it made have no place here. */
static bool is_content(const struct proa_chat_message *m, size_t i)
{
    const enum proa_chat_part_kind kind = m->parts[i].kind;
    return m->role == PROA_CHAT_ASSISTANT
               ? kind == PROA_CHAT_PART_TEXT || kind == PROA_CHAT_PART_REFUSAL
               : kind != PROA_CHAT_PART_REASONING && kind != PROA_CHAT_PART_TOOL_CALL;
}

static bool is_media(enum proa_chat_part_kind kind)
{
    return kind == PROA_CHAT_PART_IMAGE || kind == PROA_CHAT_PART_AUDIO ||
           kind == PROA_CHAT_PART_FILE;
}

static size_t count_content(struct openai_writing *s, const struct proa_chat_message *m,
                            bool *only_text)
{
    size_t found = 0;
    *only_text = true;
    for (size_t i = 0; i < m->n_parts; i++) {
        if (is_content(m, i)) {
            found++;
            *only_text = *only_text && m->parts[i].kind == PROA_CHAT_PART_TEXT;
        } else if (is_media(m->parts[i].kind)) {
            openai_warn(s, "files of the assistant");
        }
    }
    return found;
}

/* One text as a string, which every server takes; several texts too where `joined`. */
static void content_member(struct openai_writing *s, const struct proa_chat_message *m, bool joined)
{
    bool only_text = false;
    const size_t found = count_content(s, m, &only_text);
    openai_key(s, "content");
    if (found == 0) {
        proa_json_writer_text(&s->w, PROA_SLICE_NONE);
        return;
    }
    if (only_text && (found == 1 || joined)) {
        proa_json_writer_raw(&s->w, PROA_SLICE("\""));
        for (size_t i = 0; i < m->n_parts; i++) {
            if (is_content(m, i)) {
                (void)proa_buf_append(s->w.buf, m->parts[i].text);
            }
        }
        PROA_BUF_LIT(s->w.buf, "\"");
        return;
    }
    proa_json_writer_begin_array(&s->w);
    for (size_t i = 0; i < m->n_parts; i++) {
        if (is_content(m, i)) {
            content_part(s, &m->parts[i]);
        }
    }
    proa_json_writer_end_array(&s->w);
}

/* ---- messages -------------------------------------------------------------------------------- */

static struct proa_slice tool_id(struct openai_writing *s, struct proa_slice id)
{
    return openai_has_flag(s, OPENAI_IDS_9) ? proa_short_id(id, s->arena) : id;
}

/* The arguments as a string; what a client broke is a string already. */
static void arguments_member(struct openai_writing *s, struct proa_slice arguments)
{
    openai_key(s, "arguments");
    if (arguments.len == 0) {
        proa_json_writer_text(&s->w, PROA_SLICE("{}"));
    } else if (arguments.ptr[0] == '"') {
        proa_json_writer_raw(&s->w, arguments);
    } else {
        proa_json_writer_string(&s->w, arguments);
    }
}

static void tool_calls_member(struct openai_writing *s, const struct proa_chat_message *m)
{
    bool any = false;
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct proa_chat_part *part = &m->parts[i];
        if (part->kind != PROA_CHAT_PART_TOOL_CALL) {
            continue;
        }
        if (!any) {
            openai_key(s, "tool_calls");
            proa_json_writer_begin_array(&s->w);
            any = true;
        }
        proa_json_writer_begin_object(&s->w);
        openai_put_text(s, "id", tool_id(s, part->id));
        openai_put_word(s, "type", "function");
        openai_key(s, "function");
        proa_json_writer_begin_object(&s->w);
        openai_put_text(s, "name", part->name);
        arguments_member(s, part->arguments);
        proa_json_writer_end_object(&s->w);
        proa_json_writer_end_object(&s->w);
    }
    if (any) {
        proa_json_writer_end_array(&s->w);
    }
}

static void reasoning_member(struct openai_writing *s, const struct proa_chat_message *m)
{
    bool any = false;
    bool calls = false;
    if (!openai_has_flag(s, OPENAI_REASONING_BACK)) {
        return;
    }
    for (size_t i = 0; i < m->n_parts; i++) {
        calls = calls || m->parts[i].kind == PROA_CHAT_PART_TOOL_CALL;
        if (m->parts[i].kind != PROA_CHAT_PART_REASONING || m->parts[i].text.len == 0) {
            continue;
        }
        if (!any) {
            openai_put_raw(s, "reasoning_content", PROA_SLICE("\""));
            any = true;
        }
        (void)proa_buf_append(s->w.buf, m->parts[i].text);
    }
    if (any) {
        PROA_BUF_LIT(s->w.buf, "\"");
    } else if (calls) { /* it is refused without: another provider's call had no thoughts to show */
        openai_put_raw(s, "reasoning_content", PROA_SLICE("\"\""));
    }
}

static const char *role_name(const struct openai_writing *s, const struct proa_chat_message *m)
{
    switch (m->role) {
    case PROA_CHAT_USER:
        return "user";
    case PROA_CHAT_ASSISTANT:
        return "assistant";
    case PROA_CHAT_TOOL:
        return "tool";
    case PROA_CHAT_SYSTEM:
        break;
    }
    return openai_has_flag(s, OPENAI_DEVELOPER) ? "developer" : "system";
}

/* A result that is no text, as an image, has no place in a tool's message: it says so, and follows
 * as a message of the user. */
static bool holds_media(const struct proa_chat_part *result)
{
    for (size_t i = 0; i < result->n_parts; i++) {
        if (result->parts[i].kind == PROA_CHAT_PART_IMAGE ||
            result->parts[i].kind == PROA_CHAT_PART_FILE) {
            return true;
        }
    }
    return false;
}

static void result_message(struct openai_writing *s, const struct proa_chat_part *result)
{
    proa_json_writer_begin_object(&s->w);
    openai_put_word(s, "role", "tool");
    openai_put_text(s, "tool_call_id", tool_id(s, result->id));
    if (openai_has_flag(s, OPENAI_TOOL_NAME) && result->name.len > 0) {
        openai_put_text(s, "name", result->name);
    }
    openai_put_raw(s, "content", PROA_SLICE("\""));
    for (size_t i = 0; i < result->n_parts; i++) {
        if (result->parts[i].kind == PROA_CHAT_PART_TEXT) {
            (void)proa_buf_append(s->w.buf, result->parts[i].text);
        }
    }
    if (holds_media(result)) {
        PROA_BUF_LIT(s->w.buf, "[see the next message]");
    }
    PROA_BUF_LIT(s->w.buf, "\"");
    proa_json_writer_end_object(&s->w);
}

static void result_media(struct openai_writing *s, const struct proa_chat_part *result)
{
    proa_json_writer_begin_object(&s->w);
    openai_put_word(s, "role", "user");
    openai_key(s, "content");
    proa_json_writer_begin_array(&s->w);
    for (size_t i = 0; i < result->n_parts; i++) {
        if (result->parts[i].kind != PROA_CHAT_PART_TEXT) {
            content_part(s, &result->parts[i]);
        }
    }
    proa_json_writer_end_array(&s->w);
    proa_json_writer_end_object(&s->w);
}

/* Each result is a message; their images come behind all of them, which belong together. */
static void result_messages(struct openai_writing *s, const struct proa_chat_message *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        result_message(s, &m->parts[i]);
    }
    for (size_t i = 0; i < m->n_parts; i++) {
        if (holds_media(&m->parts[i])) {
            result_media(s, &m->parts[i]);
        }
    }
}

static void message(struct openai_writing *s, const struct proa_chat_message *m, bool last)
{
    if (m->role == PROA_CHAT_TOOL) {
        result_messages(s, m);
        return;
    }
    proa_json_writer_begin_object(&s->w);
    openai_put_word(s, "role", role_name(s, m));
    if (m->name.len > 0) {
        if (openai_has_flag(s, OPENAI_NO_NAMES)) {
            openai_warn(s, "name");
        } else {
            openai_put_text(s, "name", m->name);
        }
    }
    content_member(s, m, m->role == PROA_CHAT_ASSISTANT || openai_has_flag(s, OPENAI_STRICT));
    if (m->role == PROA_CHAT_ASSISTANT) {
        reasoning_member(s, m);
        tool_calls_member(s, m);
        if (last && openai_has_flag(s, OPENAI_PREFIX)) {
            proa_json_writer_member_bool(&s->w, "prefix", true);
        }
    }
    proa_json_writer_end_object(&s->w);
}

void proa_openai_write_messages(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    openai_key(s, "messages");
    proa_json_writer_begin_array(&s->w);
    for (size_t i = 0; i < chat->n_messages; i++) {
        message(s, &chat->messages[i], i + 1 == chat->n_messages);
    }
    proa_json_writer_end_array(&s->w);
}
