/*
 * What an answer is based on: addresses, and documents of the request. A provider names a document
 * by its number in the request, which may be gone when the answer comes: what is told of documents
 * is kept from the beginning.
 */
#include "aisdk_write_priv.h"

#include "proa/chat/text.h"
#include "proa/json/cursor.h"

enum { DOCUMENTS_MAX = 256 };

struct proa_aisdk_document {
    struct proa_slice media_type; /* texts */
    struct proa_slice filename;
};

/* ---- documents of the request ---------------------------------------------------------------- */

static void keep(struct proa_aisdk_documents *all, const struct proa_chat_part *part,
                 struct proa_arena *arena)
{
    if (part->kind != PROA_CHAT_PART_FILE || all->n == DOCUMENTS_MAX) {
        return;
    }
    if (!all->items) {
        all->items = proa_arena_zero(arena, DOCUMENTS_MAX, sizeof all->items[0]);
    }
    const struct proa_slice type = part->media_type.len > 0 ? part->media_type
                                   : part->source == PROA_CHAT_SOURCE_TEXT
                                       ? PROA_SLICE("text/plain")
                                       : PROA_SLICE("application/pdf");
    all->items[all->n++] = (struct proa_aisdk_document){
        .media_type = proa_arena_dup(arena, type),
        .filename = proa_arena_dup(arena, part->filename),
    };
}

static bool wants_citations(const struct proa_chat_request *chat)
{
    for (size_t i = 0; i < chat->n_messages; i++) {
        for (size_t k = 0; k < chat->messages[i].n_parts; k++) {
            if (chat->messages[i].parts[k].citations == PROA_CHAT_YES) {
                return true;
            }
        }
    }
    return false;
}

void proa_aisdk_documents_of(const struct proa_chat_request *chat, struct proa_arena *arena,
                             struct proa_aisdk_documents *out)
{
    *out = (struct proa_aisdk_documents){.n = 0};
    if (!wants_citations(chat)) {
        return;
    }
    for (size_t i = 0; i < chat->n_messages; i++) {
        const struct proa_chat_message *m = &chat->messages[i];
        for (size_t k = 0; k < m->n_parts; k++) {
            keep(out, &m->parts[k], arena);
            for (size_t j = 0; j < m->parts[k].n_parts; j++) {
                keep(out, &m->parts[k].parts[j], arena);
            }
        }
    }
}

static const struct proa_aisdk_document *document_of(const struct proa_aisdk_documents *all,
                                                     struct proa_slice raw)
{
    struct proa_slice token = PROA_SLICE_NONE;
    uint64_t index = 0;
    return proa_json_get(raw, PROA_SLICE("document_index"), &token) == PROA_JSON_NUMBER &&
                   proa_json_number_u64(token, &index) == PROA_OK && index < all->n
               ? &all->items[index]
               : NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static struct proa_slice text_in(struct proa_slice raw, struct proa_slice key)
{
    struct proa_slice token = PROA_SLICE_NONE;
    return proa_json_get(raw, key, &token) == PROA_JSON_STRING ? proa_chat_text(token)
                                                               : PROA_SLICE_NONE;
}

static void put_member(struct proa_buf *out, const char *key, struct proa_slice text)
{
    (void)proa_buf_append_cstr(out, key);
    (void)proa_chat_text_put(out, text);
}

/* Where in the document, as the SDK's own provider calls it. */
static const struct {
    struct proa_slice key;
    const char *as;
} PLACES[] = {
    {PROA_SLICE_INIT("start_page_number"), ",\"startPageNumber\":"},
    {PROA_SLICE_INIT("end_page_number"), ",\"endPageNumber\":"},
    {PROA_SLICE_INIT("start_char_index"), ",\"startCharIndex\":"},
    {PROA_SLICE_INIT("end_char_index"), ",\"endCharIndex\":"},
};

static void put_place(struct proa_buf *out, struct proa_slice raw)
{
    put_member(out, ",\"providerMetadata\":{\"anthropic\":{\"citedText\":",
               text_in(raw, PROA_SLICE("cited_text")));
    for (size_t i = 0; i < PROA_ARRAY_LEN(PLACES); i++) {
        struct proa_slice token = PROA_SLICE_NONE;
        if (proa_json_get(raw, PLACES[i].key, &token) == PROA_JSON_NUMBER) {
            (void)proa_buf_append_cstr(out, PLACES[i].as);
            (void)proa_buf_append(out, token);
        }
    }
    PROA_BUF_LIT(out, "}}");
}

static void put_document(struct proa_buf *out, const struct proa_aisdk_document *document,
                         const struct proa_chat_event *event)
{
    struct proa_slice title = text_in(event->raw, PROA_SLICE("document_title"));
    title = title.len > 0 ? title : document->filename;
    put_member(out, ",\"mediaType\":", document->media_type);
    put_member(out, ",\"title\":", title.len > 0 ? title : PROA_SLICE("document"));
    if (document->filename.len > 0) {
        put_member(out, ",\"filename\":", document->filename);
    }
    put_place(out, event->raw);
}

bool proa_aisdk_put_source(struct proa_buf *out, const struct proa_aisdk_documents *documents,
                           const struct proa_chat_event *event, uint32_t number)
{
    const struct proa_aisdk_document *document =
        event->id.len == 0 ? document_of(documents, event->raw) : NULL;
    if (event->id.len == 0 && !document) {
        return false;
    }
    (void)proa_buf_append_cstr(
        out, document ? "\"type\":\"source\",\"sourceType\":\"document\",\"id\":\""
                      : "\"type\":\"source\",\"sourceType\":\"url\",\"id\":\"");
    (void)proa_buf_append_u64(out, number);
    PROA_BUF_LIT(out, "\"");
    if (document) {
        put_document(out, document, event);
        return true;
    }
    put_member(out, ",\"url\":", event->id);
    if (event->name.len > 0) {
        put_member(out, ",\"title\":", event->name);
    }
    return true;
}

struct proa_slice proa_aisdk_cited(const struct proa_chat_event *event)
{
    return text_in(event->raw, PROA_SLICE("cited_text"));
}
