/*
 * Messages: the roles are OpenAI's. What a tool gave is text only, and a message that calls tools
 * has no content: what the assistant said besides is its plan.
 */
#include "cohere_priv.h"

#include "proa/chat/text.h"

static bool is_text(const struct proa_chat_part *p)
{
    return p->kind == PROA_CHAT_PART_TEXT || p->kind == PROA_CHAT_PART_REFUSAL;
}

static bool has_kind(const struct proa_chat_message *m, enum proa_chat_part_kind kind)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        if (m->parts[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool is_joined(const struct proa_chat_part *p, enum proa_chat_part_kind kind)
{
    const bool fits =
        p->kind == kind || (kind == PROA_CHAT_PART_TEXT && p->kind == PROA_CHAT_PART_REFUSAL);
    return fits && !proa_chat_text_is_blank(p->text);
}

static bool has_joined(const struct proa_chat_part *parts, size_t n, enum proa_chat_part_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        if (is_joined(&parts[i], kind)) {
            return true;
        }
    }
    return false;
}

/* All texts of the kind as one, a line end between them. */
static void put_joined(struct proa_json_writer *w, const struct proa_chat_part *parts, size_t n,
                       enum proa_chat_part_kind kind)
{
    bool first = true;
    /* The writer has no value in parts: the pieces go to the buffer behind its beginning. */
    proa_json_writer_raw(w, PROA_SLICE("\""));
    for (size_t i = 0; i < n; i++) {
        if (is_joined(&parts[i], kind)) {
            (void)proa_buf_append(w->buf, first ? PROA_SLICE_NONE : PROA_SLICE("\\n"));
            (void)proa_buf_append(w->buf, parts[i].text);
            first = false;
        }
    }
    PROA_BUF_LIT(w->buf, "\"");
}

static void begin_message(struct proa_json_writer *w, const char *role)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "role", proa_slice_cstr(role));
}

/* ---- the user -------------------------------------------------------------------------------- */

static void put_image(struct cohere_writing *c, const struct proa_chat_part *p)
{
    struct proa_json_writer *w = &c->w;
    if (p->source != PROA_CHAT_SOURCE_BASE64 &&
        !(p->source == PROA_CHAT_SOURCE_URL && proa_chat_text_is_web_url(p->data))) {
        proa_cohere_refuse(c->out, "an image by id", "images are taken by URL or as data");
        return;
    }
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", PROA_SLICE("image_url"));
    proa_json_writer_key(w, PROA_SLICE("image_url"));
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("url"));
    if (p->source == PROA_CHAT_SOURCE_URL) {
        proa_json_writer_text(w, p->data);
    } else {
        proa_json_writer_raw(w, PROA_SLICE("\"data:"));
        (void)proa_buf_append(w->buf,
                              p->media_type.len > 0 ? p->media_type : PROA_SLICE("image/png"));
        PROA_BUF_LIT(w->buf, ";base64,");
        (void)proa_buf_append(w->buf, p->data);
        PROA_BUF_LIT(w->buf, "\"");
    }
    if (p->detail.len > 0) {
        proa_json_writer_member_text(w, "detail", p->detail);
    }
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

/* Files of text are documents, which stand beside the messages. */
static void check_file(struct cohere_writing *c, const struct proa_chat_part *p)
{
    if (p->kind == PROA_CHAT_PART_AUDIO) {
        proa_cohere_refuse(c->out, "input_audio", "no model of this provider hears");
    } else if (p->kind == PROA_CHAT_PART_FILE && p->source != PROA_CHAT_SOURCE_TEXT) {
        proa_cohere_refuse(c->out, "a file of this type", "only plain text is read");
    }
}

static void put_user_parts(struct cohere_writing *c, const struct proa_chat_message *m)
{
    struct proa_json_writer *w = &c->w;
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct proa_chat_part *p = &m->parts[i];
        if (is_joined(p, PROA_CHAT_PART_TEXT)) {
            proa_json_writer_begin_object(w);
            proa_json_writer_member_string(w, "type", PROA_SLICE("text"));
            proa_json_writer_member_text(w, "text", p->text);
            proa_json_writer_end_object(w);
        } else if (p->kind == PROA_CHAT_PART_IMAGE) {
            put_image(c, p);
        }
    }
    proa_json_writer_end_array(w);
}

static void put_user(struct cohere_writing *c, const struct proa_chat_message *m)
{
    const bool images = has_kind(m, PROA_CHAT_PART_IMAGE);
    for (size_t i = 0; i < m->n_parts; i++) {
        check_file(c, &m->parts[i]);
    }
    if (!images && !has_joined(m->parts, m->n_parts, PROA_CHAT_PART_TEXT)) {
        return;
    }
    begin_message(&c->w, "user");
    proa_json_writer_key(&c->w, PROA_SLICE("content"));
    if (images) {
        put_user_parts(c, m);
    } else {
        put_joined(&c->w, m->parts, m->n_parts, PROA_CHAT_PART_TEXT);
    }
    proa_json_writer_end_object(&c->w);
}

/* ---- tools ----------------------------------------------------------------------------------- */

/* Arguments are JSON in a string; a client's broken ones are one already. */
static void put_arguments(struct proa_json_writer *w, struct proa_slice arguments)
{
    const enum proa_json_kind kind = proa_json_kind_of(arguments);
    proa_json_writer_key(w, PROA_SLICE("arguments"));
    if (kind == PROA_JSON_STRING) {
        proa_json_writer_raw(w, arguments);
    } else {
        proa_json_writer_string(
            w, kind == PROA_JSON_ABSENT || kind == PROA_JSON_NULL ? PROA_SLICE("{}") : arguments);
    }
}

static void put_calls(struct proa_json_writer *w, const struct proa_chat_message *m)
{
    proa_json_writer_key(w, PROA_SLICE("tool_calls"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct proa_chat_part *p = &m->parts[i];
        if (p->kind != PROA_CHAT_PART_TOOL_CALL) {
            continue;
        }
        proa_json_writer_begin_object(w);
        proa_json_writer_member_text(w, "id", p->id);
        proa_json_writer_member_string(w, "type", PROA_SLICE("function"));
        proa_json_writer_key(w, PROA_SLICE("function"));
        proa_json_writer_begin_object(w);
        proa_json_writer_member_text(w, "name", p->name);
        put_arguments(w, p->arguments);
        proa_json_writer_end_object(w);
        proa_json_writer_end_object(w);
    }
    proa_json_writer_end_array(w);
}

static void put_result(struct cohere_writing *c, const struct proa_chat_part *p)
{
    for (size_t i = 0; i < p->n_parts; i++) {
        if (!is_text(&p->parts[i])) {
            proa_cohere_refuse(c->out, "an image in a tool's result", "results are text only");
        }
    }
    begin_message(&c->w, "tool");
    proa_json_writer_member_text(&c->w, "tool_call_id", p->id);
    proa_json_writer_key(&c->w, PROA_SLICE("content"));
    put_joined(&c->w, p->parts, p->n_parts, PROA_CHAT_PART_TEXT);
    proa_json_writer_end_object(&c->w);
}

static void put_results(struct cohere_writing *c, const struct proa_chat_message *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        if (m->parts[i].kind == PROA_CHAT_PART_TOOL_RESULT) {
            put_result(c, &m->parts[i]);
        }
    }
}

/* ---- the assistant --------------------------------------------------------------------------- */

/* What was said before the calls, or else thought, which is how this provider's own plans came. */
static void put_plan(struct proa_json_writer *w, const struct proa_chat_message *m)
{
    static const enum proa_chat_part_kind kinds[] = {PROA_CHAT_PART_TEXT, PROA_CHAT_PART_REASONING};
    for (size_t i = 0; i < PROA_ARRAY_LEN(kinds); i++) {
        if (has_joined(m->parts, m->n_parts, kinds[i])) {
            proa_json_writer_key(w, PROA_SLICE("tool_plan"));
            put_joined(w, m->parts, m->n_parts, kinds[i]);
            return;
        }
    }
}

static void put_assistant(struct cohere_writing *c, const struct proa_chat_message *m)
{
    const bool calls = has_kind(m, PROA_CHAT_PART_TOOL_CALL);
    if (!calls && !has_joined(m->parts, m->n_parts, PROA_CHAT_PART_TEXT)) {
        return;
    }
    if (has_kind(m, PROA_CHAT_PART_IMAGE)) {
        proa_chat_warn(c->in->warnings, "images of the assistant", "are not sent back");
    }
    begin_message(&c->w, "assistant");
    if (calls) {
        put_plan(&c->w, m);
        put_calls(&c->w, m);
    } else {
        proa_json_writer_key(&c->w, PROA_SLICE("content"));
        put_joined(&c->w, m->parts, m->n_parts, PROA_CHAT_PART_TEXT);
    }
    proa_json_writer_end_object(&c->w);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void put_system(struct cohere_writing *c, const struct proa_chat_message *m)
{
    if (has_joined(m->parts, m->n_parts, PROA_CHAT_PART_TEXT)) {
        begin_message(&c->w, "system");
        proa_json_writer_key(&c->w, PROA_SLICE("content"));
        put_joined(&c->w, m->parts, m->n_parts, PROA_CHAT_PART_TEXT);
        proa_json_writer_end_object(&c->w);
    }
}

static void put_document(struct proa_json_writer *w, const struct proa_chat_part *p)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_key(w, PROA_SLICE("data"));
    proa_json_writer_begin_object(w);
    if (p->filename.len > 0) {
        proa_json_writer_member_text(w, "title", p->filename);
    }
    proa_json_writer_member_text(w, "text", p->data);
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

static void put_documents(struct cohere_writing *c)
{
    bool open = false;
    for (size_t m = 0; m < c->chat->n_messages; m++) {
        const struct proa_chat_message *message = &c->chat->messages[m];
        for (size_t i = 0; i < message->n_parts; i++) {
            const struct proa_chat_part *p = &message->parts[i];
            if (p->kind != PROA_CHAT_PART_FILE || p->source != PROA_CHAT_SOURCE_TEXT) {
                continue;
            }
            if (!open) {
                proa_json_writer_key(&c->w, PROA_SLICE("documents"));
                proa_json_writer_begin_array(&c->w);
                open = true;
            }
            put_document(&c->w, p);
        }
    }
    if (open) {
        proa_json_writer_end_array(&c->w);
    }
}

void proa_cohere_put_messages(struct cohere_writing *c)
{
    proa_json_writer_key(&c->w, PROA_SLICE("messages"));
    proa_json_writer_begin_array(&c->w);
    for (size_t i = 0; i < c->chat->n_messages; i++) {
        const struct proa_chat_message *m = &c->chat->messages[i];
        switch (m->role) {
        case PROA_CHAT_SYSTEM:
            put_system(c, m);
            break;
        case PROA_CHAT_USER:
        case PROA_CHAT_TOOL:
            put_results(c, m);
            put_user(c, m);
            break;
        case PROA_CHAT_ASSISTANT:
            put_assistant(c, m);
            break;
        }
    }
    proa_json_writer_end_array(&c->w);
    put_documents(c);
}
