/*
 * Blocks of Converse's messages: texts, images and documents, calls of tools and their results,
 * thinking.
 */
#include "bedrock_priv.h"
#include "short_id_priv.h"

#include "proa/core/check.h"

/* What a tool has said that said nothing: blank text is refused. */
static const struct proa_slice NO_OUTPUT = PROA_SLICE_INIT("(no output)");

enum { DOCUMENT_NAME_MAX = 128, TOOL_ID_MAX = 64 };

/* ---- ids and names --------------------------------------------------------------------------- */

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_name_char(char c)
{
    return is_alphanumeric(c) || c == '_' || c == '-';
}

/* Moonshot's ids hold a dot and a colon, and it wants them back so; Anthropic would refuse them. */
static bool id_fits(const struct bedrock_model *model, struct proa_slice id)
{
    const bool strict = model->thinking == BEDROCK_THINKING_CLAUDE;
    for (size_t i = 0; i < id.len; i++) {
        const char c = id.ptr[i];
        if (!is_name_char(c) && (strict || (c != '.' && c != ':'))) {
            return false;
        }
    }
    return id.len > 0 && id.len <= TOOL_ID_MAX;
}

struct proa_slice proa_bedrock_tool_id(struct bedrock_writer *w, struct proa_slice id)
{
    return (w->model->flags & BEDROCK_SHORT_IDS) != 0 || !id_fits(w->model, id)
               ? proa_short_id(id, w->arena)
               : id;
}

struct proa_slice proa_bedrock_tool_name(struct bedrock_writer *w, struct proa_slice name)
{
    size_t fits = 0;
    while (fits < name.len && is_name_char(name.ptr[fits])) {
        fits++;
    }
    if (name.len > 0 && fits == name.len) {
        return name;
    }
    char *text = proa_arena_alloc(w->arena, name.len + 1);
    text[0] = '_';
    for (size_t i = 0; i < name.len; i++) {
        text[i] = name.ptr[i];
        if (!is_name_char(text[i])) {
            text[i] = '_';
        }
    }
    return proa_slice_make(text, name.len > 0 ? name.len : 1);
}

/* ---- images and documents -------------------------------------------------------------------- */

static const struct format {
    struct proa_slice media_type;
    struct proa_slice name; /* and what a file's name ends with */
    bool is_image;
} FORMATS[] = {
    {PROA_SLICE_INIT("image/png"), PROA_SLICE_INIT("png"), true},
    {PROA_SLICE_INIT("image/jpeg"), PROA_SLICE_INIT("jpeg"), true},
    {PROA_SLICE_INIT("image/jpg"), PROA_SLICE_INIT("jpeg"), true},
    {PROA_SLICE_INIT(".jpg"), PROA_SLICE_INIT("jpeg"), true},
    {PROA_SLICE_INIT("image/gif"), PROA_SLICE_INIT("gif"), true},
    {PROA_SLICE_INIT("image/webp"), PROA_SLICE_INIT("webp"), true},
    {PROA_SLICE_INIT("application/pdf"), PROA_SLICE_INIT("pdf"), false},
    {PROA_SLICE_INIT("text/csv"), PROA_SLICE_INIT("csv"), false},
    {PROA_SLICE_INIT("application/msword"), PROA_SLICE_INIT("doc"), false},
    {PROA_SLICE_INIT("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
     PROA_SLICE_INIT("docx"), false},
    {PROA_SLICE_INIT("application/vnd.ms-excel"), PROA_SLICE_INIT("xls"), false},
    {PROA_SLICE_INIT("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
     PROA_SLICE_INIT("xlsx"), false},
    {PROA_SLICE_INIT("text/html"), PROA_SLICE_INIT("html"), false},
    {PROA_SLICE_INIT("text/plain"), PROA_SLICE_INIT("txt"), false},
    {PROA_SLICE_INIT("text/markdown"), PROA_SLICE_INIT("md"), false},
};

/* Behind the last dot; empty when there is none. */
static struct proa_slice extension_of(struct proa_slice name)
{
    for (size_t i = name.len; i > 0; i--) {
        if (name.ptr[i - 1] == '.') {
            return proa_slice_from(name, i);
        }
    }
    return PROA_SLICE_NONE;
}

/* By the media type where it is known, else by what the name ends with; NULL for any other. */
static const struct format *format_of(const struct proa_chat_part *p, struct proa_slice name)
{
    struct proa_slice rest = PROA_SLICE_NONE;
    const struct proa_slice type = proa_slice_trim(proa_slice_split(p->media_type, ';', &rest));
    const struct proa_slice extension = extension_of(name);
    for (size_t i = 0; i < PROA_ARRAY_LEN(FORMATS); i++) {
        const struct format *f = &FORMATS[i];
        if (type.len > 0
                ? proa_slice_eq_nocase(f->media_type, type)
                : proa_slice_eq_nocase(f->name, extension) ||
                      (f->media_type.ptr[0] == '.' &&
                       proa_slice_eq_nocase(proa_slice_from(f->media_type, 1), extension))) {
            return f;
        }
    }
    return NULL;
}

/* Letters, digits, hyphens, brackets, single blanks; different for each document of a request. */
static struct proa_slice document_name(struct bedrock_writer *w, struct proa_slice filename)
{
    struct proa_slice plain = proa_chat_text_plain(filename, w->arena);
    const struct proa_slice extension = extension_of(plain);
    plain.len -= extension.len > 0 ? extension.len + 1 : 0;
    plain = proa_slice_head(plain, DOCUMENT_NAME_MAX);
    if (plain.len == 0) {
        plain = PROA_SLICE("document");
    }
    char *text = proa_arena_alloc(w->arena, DOCUMENT_NAME_MAX);
    for (size_t i = 0; i < plain.len; i++) {
        const char c = plain.ptr[i];
        const bool fits = is_alphanumeric(c) || strchr("-()[]", c) != NULL ||
                          (c == ' ' && i > 0 && plain.ptr[i - 1] != ' ');
        text[i] = '-';
        if (fits && c != '\0') {
            text[i] = c;
        }
    }
    w->n_documents++;
    return w->n_documents == 1
               ? proa_slice_make(text, plain.len)
               : proa_arena_printf(w->arena, "%.*s-%zu", (int)plain.len, text, w->n_documents);
}

/* The member `source` of an image or a document: bytes, or where in S3 they are. */
static enum proa_err put_source(struct bedrock_writer *w, const struct proa_chat_part *p,
                                const char *feature)
{
    proa_json_writer_key(&w->json, PROA_SLICE("source"));
    proa_json_writer_begin_object(&w->json);
    if (p->source == PROA_CHAT_SOURCE_BASE64) {
        proa_bedrock_member_text(w, "bytes", p->data);
    } else if (p->source == PROA_CHAT_SOURCE_URL &&
               proa_slice_starts(p->data, PROA_SLICE("s3://"))) {
        proa_json_writer_key(&w->json, PROA_SLICE("s3Location"));
        proa_json_writer_begin_object(&w->json);
        proa_bedrock_member_text(w, "uri", p->data);
        proa_json_writer_end_object(&w->json);
    } else {
        return proa_bedrock_refuse(w, feature, "this provider takes its bytes alone");
    }
    proa_json_writer_end_object(&w->json);
    return PROA_OK;
}

/* An image or a document, as one block. */
static enum proa_err put_media(struct bedrock_writer *w, const struct proa_chat_part *p)
{
    const bool by_url = p->source == PROA_CHAT_SOURCE_URL;
    const char *feature = p->kind == PROA_CHAT_PART_IMAGE ? "image by URL" : "file by URL";
    const struct format *f = format_of(p, by_url ? p->data : p->filename);
    if (p->source == PROA_CHAT_SOURCE_ID) {
        return proa_bedrock_refuse(w, "file by id", "this provider keeps no files");
    }
    if (by_url && !proa_slice_starts(p->data, PROA_SLICE("s3://"))) {
        return proa_bedrock_refuse(w, feature, "this provider takes its bytes alone");
    }
    if (!f || (p->kind == PROA_CHAT_PART_IMAGE && !f->is_image)) {
        return proa_bedrock_refuse(w, p->kind == PROA_CHAT_PART_IMAGE ? "image" : "file",
                                   "this provider does not take its type");
    }
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, f->is_image ? PROA_SLICE("image") : PROA_SLICE("document"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "format", f->name);
    if (!f->is_image) {
        proa_bedrock_member_text(w, "name", document_name(w, p->filename));
    }
    if (!f->is_image && p->context.len > 0) {
        proa_bedrock_member_text(w, "context", p->context);
    }
    if (!f->is_image && p->citations == PROA_CHAT_YES) {
        proa_bedrock_member_raw(w, "citations", PROA_SLICE("{\"enabled\":true}"));
    }
    const enum proa_err err = put_source(w, p, feature);
    if (err == PROA_OK) {
        proa_json_writer_end_object(&w->json);
        proa_json_writer_end_object(&w->json);
    }
    return err;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

void proa_bedrock_put_cache(struct bedrock_writer *w, struct proa_slice cache_control)
{
    struct proa_slice ttl = PROA_SLICE_NONE;
    if (cache_control.len == 0 || (w->model->flags & BEDROCK_CACHE) == 0) {
        return;
    }
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("cachePoint"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "type", PROA_SLICE("default"));
    if (proa_json_get(cache_control, PROA_SLICE("ttl"), &ttl) == PROA_JSON_STRING) {
        proa_bedrock_member_raw(w, "ttl", ttl);
    }
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
}

void proa_bedrock_put_text(struct bedrock_writer *w, struct proa_slice text)
{
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "text", text);
    proa_json_writer_end_object(&w->json);
}

/* Arguments that are no object cannot have come from a model that was asked for one. */
static void put_call(struct bedrock_writer *w, const struct proa_chat_part *p)
{
    const bool is_object = proa_json_kind_of(p->arguments) == PROA_JSON_OBJECT;
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("toolUse"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "toolUseId", proa_bedrock_tool_id(w, p->id));
    proa_bedrock_member_text(w, "name", proa_bedrock_tool_name(w, p->name));
    proa_json_writer_key(&w->json, PROA_SLICE("input"));
    if (is_object) {
        proa_json_writer_raw(&w->json, p->arguments);
    } else {
        proa_json_writer_begin_object(&w->json);
        if (p->arguments.len > 2) { /* more than an empty string */
            proa_bedrock_member_raw(w, "arguments", p->arguments);
        }
        proa_json_writer_end_object(&w->json);
    }
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
}

static enum proa_err put_result_parts(struct bedrock_writer *w, const struct proa_chat_part *result)
{
    bool any = false;
    enum proa_err err = PROA_OK;
    for (size_t i = 0; i < result->n_parts && err == PROA_OK; i++) {
        const struct proa_chat_part *p = &result->parts[i];
        const bool is_text = p->kind == PROA_CHAT_PART_TEXT || p->source == PROA_CHAT_SOURCE_TEXT;
        const struct proa_slice text = p->kind == PROA_CHAT_PART_TEXT ? p->text : p->data;
        if (is_text && proa_chat_text_is_blank(text)) {
            continue;
        }
        any = true;
        if (is_text) {
            proa_bedrock_put_text(w, text);
        } else {
            err = put_media(w, p);
        }
    }
    if (!any) {
        proa_bedrock_put_text(w, NO_OUTPUT);
    }
    return err;
}

static enum proa_err put_result(struct bedrock_writer *w, const struct proa_chat_part *p)
{
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("toolResult"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "toolUseId", proa_bedrock_tool_id(w, p->id));
    proa_json_writer_key(&w->json, PROA_SLICE("content"));
    proa_json_writer_begin_array(&w->json);
    const enum proa_err err = put_result_parts(w, p);
    if (err != PROA_OK) {
        return err;
    }
    proa_json_writer_end_array(&w->json);
    if (p->is_error && (w->model->flags & BEDROCK_RESULT_STATUS) != 0) {
        proa_bedrock_member_text(w, "status", PROA_SLICE("error"));
    }
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
    return PROA_OK;
}

static void put_reasoning(struct bedrock_writer *w, const struct proa_chat_part *p)
{
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("reasoningContent"));
    proa_json_writer_begin_object(&w->json);
    if (p->redacted.len > 0) {
        proa_bedrock_member_text(w, "redactedContent", p->redacted);
    } else {
        proa_json_writer_key(&w->json, PROA_SLICE("reasoningText"));
        proa_json_writer_begin_object(&w->json);
        proa_bedrock_member_text(w, "text", p->text);
        proa_bedrock_member_text(w, "signature", p->signature);
        proa_json_writer_end_object(&w->json);
    }
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
}

/* Blank text is refused, and so is thinking that its provider cannot believe. */
bool proa_bedrock_is_nothing(const struct bedrock_writer *w, const struct proa_chat_part *p)
{
    switch (p->kind) {
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REFUSAL:
        return proa_chat_text_is_blank(p->text);
    case PROA_CHAT_PART_FILE:
        return p->source == PROA_CHAT_SOURCE_TEXT && proa_chat_text_is_blank(p->data);
    case PROA_CHAT_PART_REASONING:
        return w->model->thinking != BEDROCK_THINKING_CLAUDE ||
               !proa_chat_part_is_sealed(p, PROA_SLICE(PROA_CHAT_SEALED_CLAUDE));
    case PROA_CHAT_PART_IMAGE:
    case PROA_CHAT_PART_AUDIO:
    case PROA_CHAT_PART_TOOL_CALL:
    case PROA_CHAT_PART_TOOL_RESULT:
        return false;
    }
    return true;
}

enum proa_err proa_bedrock_put_block(struct bedrock_writer *w, const struct proa_chat_part *p,
                                     struct proa_slice text)
{
    switch (p->kind) {
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REFUSAL:
        proa_bedrock_put_text(w, text);
        return PROA_OK;
    case PROA_CHAT_PART_FILE:
        if (p->source == PROA_CHAT_SOURCE_TEXT) {
            proa_bedrock_put_text(w, p->data);
            return PROA_OK;
        }
        return put_media(w, p);
    case PROA_CHAT_PART_IMAGE:
        return put_media(w, p);
    case PROA_CHAT_PART_AUDIO:
        return proa_bedrock_refuse(w, "input_audio", "this provider takes no audio");
    case PROA_CHAT_PART_REASONING:
        put_reasoning(w, p);
        return PROA_OK;
    case PROA_CHAT_PART_TOOL_CALL:
        put_call(w, p);
        return PROA_OK;
    case PROA_CHAT_PART_TOOL_RESULT:
        return put_result(w, p);
    }
    return PROA_OK;
}
