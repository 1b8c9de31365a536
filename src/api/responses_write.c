/*
 * Items and Responses as JSON.
 */
#include "openai_answer_priv.h"
#include "responses_answer_priv.h"
#include "responses_read_priv.h"

static void put(struct proa_buf *out, struct proa_slice bytes)
{
    (void)proa_buf_append(out, bytes);
}

static void member(struct proa_buf *out, const char *key, struct proa_slice text)
{
    (void)proa_buf_append_cstr(out, key);
    (void)proa_chat_text_put(out, text);
}

static void member_u64(struct proa_buf *out, const char *key, uint64_t n)
{
    (void)proa_buf_append_cstr(out, key);
    (void)proa_buf_append_u64(out, n);
}

void proa_response_put_line(struct proa_buf *out, struct proa_slice json)
{
    for (size_t at; json.len > 0; json = proa_slice_from(json, at + 1)) {
        for (at = 0; at < json.len && json.ptr[at] != '\n' && json.ptr[at] != '\r';) {
            at++;
        }
        put(out, proa_slice_head(json, at));
    }
}

/* ---- items ----------------------------------------------------------------------------------- */

void proa_response_put_annotation(const struct proa_chat_event *event, struct proa_buf *out)
{
    /* Where in the text it belongs is not told by events. */
    member(out, "{\"type\":\"url_citation\",\"start_index\":0,\"end_index\":0,\"url\":", event->id);
    member(out, ",\"title\":", event->name);
    PROA_BUF_LIT(out, "}");
}

void proa_response_put_part(const struct item *item, struct proa_buf *out)
{
    if (item->kind == ITEM_REFUSAL) {
        member(out, "{\"type\":\"refusal\",\"refusal\":", proa_buf_slice(&item->text));
        PROA_BUF_LIT(out, "}");
        return;
    }
    member(out, "{\"type\":\"output_text\",\"text\":", proa_buf_slice(&item->text));
    PROA_BUF_LIT(out, ",\"annotations\":[");
    put(out, proa_buf_slice(&item->annotations));
    PROA_BUF_LIT(out, "],\"logprobs\":[");
    put(out, proa_buf_slice(&item->logprobs));
    PROA_BUF_LIT(out, "]}");
}

static void put_status(const struct item *item, struct proa_buf *out)
{
    static const char *const words[] = {[ITEM_OPEN] = ",\"status\":\"in_progress\"",
                                        [ITEM_DONE] = ",\"status\":\"completed\"",
                                        [ITEM_CUT] = ",\"status\":\"incomplete\""};
    (void)proa_buf_append_cstr(out, words[item->status]);
}

static void put_message(const struct item *item, struct proa_buf *out)
{
    PROA_BUF_LIT(out, ",\"type\":\"message\"");
    put_status(item, out);
    PROA_BUF_LIT(out, ",\"role\":\"assistant\",\"content\":[");
    if (item->status != ITEM_OPEN) {
        proa_response_put_part(item, out);
    }
    PROA_BUF_LIT(out, "]");
}

static void put_reasoning(const struct item *item, struct proa_buf *out)
{
    PROA_BUF_LIT(out, ",\"type\":\"reasoning\",\"summary\":[");
    if (item->status != ITEM_OPEN && item->text.len > 0) {
        member(out, "{\"type\":\"summary_text\",\"text\":", proa_buf_slice(&item->text));
        PROA_BUF_LIT(out, "}");
    }
    PROA_BUF_LIT(out, "]");
    if (item->sealed.len > 0) {
        PROA_BUF_LIT(out, ",\"encrypted_content\":\"");
        put(out, item->redacted ? PROA_SLICE(SEALED_REDACTED) : PROA_SLICE(SEALED_SIGNATURE));
        put(out, item->sealed);
        PROA_BUF_LIT(out, "\"");
    }
}

static void put_call(const struct item *item, struct proa_buf *out)
{
    PROA_BUF_LIT(out, ",\"type\":\"function_call\"");
    put_status(item, out);
    member(out, ",\"call_id\":", item->call_id);
    member(out, ",\"name\":", item->name);
    member(out, ",\"arguments\":",
           item->status == ITEM_OPEN ? PROA_SLICE_NONE : proa_buf_slice(&item->text));
    proa_answer_put_signature(out, item->signature);
}

static void put_image(const struct item *item, struct proa_buf *out)
{
    PROA_BUF_LIT(out, ",\"type\":\"image_generation_call\"");
    put_status(item, out);
    if (item->status == ITEM_OPEN) {
        PROA_BUF_LIT(out, ",\"result\":null");
        return;
    }
    member(out, ",\"output_format\":", item->format);
    member(out, ",\"result\":", proa_buf_slice(&item->text));
}

void proa_response_put_item(const struct item *item, struct proa_buf *out)
{
    member(out, "{\"id\":", item->id);
    switch (item->kind) {
    case ITEM_TEXT:
    case ITEM_REFUSAL:
        put_message(item, out);
        break;
    case ITEM_REASONING:
        put_reasoning(item, out);
        break;
    case ITEM_CALL:
        put_call(item, out);
        break;
    case ITEM_IMAGE:
        put_image(item, out);
        break;
    }
    PROA_BUF_LIT(out, "}");
}

/* ---- Responses ------------------------------------------------------------------------------- */

struct proa_slice proa_response_echo(const struct proa_api_echo *echo, struct proa_arena *arena)
{
#define UNSAID(name, key, unsaid) {PROA_SLICE_INIT(",\"" key "\":"), PROA_SLICE_INIT(unsaid)},
    static const struct {
        struct proa_slice key;
        struct proa_slice unsaid;
    } rows[] = {PROA_API_ECHO_TABLE(UNSAID)};
#undef UNSAID
    struct proa_slice said[PROA_API_ECHOES];
    size_t room = 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        said[i] = echo && echo->said[i].len > 0 ? echo->said[i] : rows[i].unsaid;
        room += rows[i].key.len + said[i].len;
    }
    struct proa_buf out = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        put(&out, rows[i].key);
        proa_response_put_line(&out, said[i]);
    }
    return proa_buf_slice(&out);
}

static void put_usage(const struct proa_usage *usage, struct proa_buf *out)
{
    const uint64_t input = proa_usage_count(usage, PROA_USAGE_INPUT);
    const uint64_t output = proa_usage_count(usage, PROA_USAGE_OUTPUT);
    member_u64(out, "{\"input_tokens\":", input);
    member_u64(out, ",\"input_tokens_details\":{\"cached_tokens\":",
               proa_usage_count(usage, PROA_USAGE_CACHE_READ));
    if (proa_usage_has(usage, PROA_USAGE_CACHE_WRITE)) {
        member_u64(out, ",\"cache_write_tokens\":", usage->count[PROA_USAGE_CACHE_WRITE]);
    }
    member_u64(out, "},\"output_tokens\":", output);
    member_u64(out, ",\"output_tokens_details\":{\"reasoning_tokens\":",
               proa_usage_count(usage, PROA_USAGE_REASONING));
    member_u64(out, "},\"total_tokens\":", input + output);
    PROA_BUF_LIT(out, "}");
}

/* Why it is not complete: JSON. */
static struct proa_slice cut_by(const struct proa_api_response *r)
{
    return r->finish == PROA_CHAT_FINISH_LENGTH   ? PROA_SLICE("{\"reason\":\"max_output_tokens\"}")
           : r->finish == PROA_CHAT_FINISH_FILTER ? PROA_SLICE("{\"reason\":\"content_filter\"}")
                                                  : PROA_SLICE("null");
}

struct proa_slice proa_response_status(const struct proa_api_response *r)
{
    return r->finish == PROA_CHAT_FINISH_LENGTH || r->finish == PROA_CHAT_FINISH_FILTER
               ? PROA_SLICE("incomplete")
               : PROA_SLICE("completed");
}

void proa_response_put(const struct proa_api_response *r, const struct proa_usage *usage,
                       struct proa_slice gateway)
{
    struct proa_buf *out = r->out;
    member(out, "{\"id\":", r->id);
    member_u64(out, ",\"object\":\"response\",\"created_at\":", r->created_s);
    member(out, ",\"status\":", usage ? proa_response_status(r) : PROA_SLICE("in_progress"));
    PROA_BUF_LIT(out, ",\"background\":false,\"error\":null,\"incomplete_details\":");
    put(out, usage ? cut_by(r) : PROA_SLICE("null"));
    member(out, ",\"model\":", r->model);
    put(out, r->echo);
    PROA_BUF_LIT(out, ",\"output\":[");
    for (size_t i = 0; usage && i < r->n_items; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? "," : "");
        proa_response_put_item(&r->items[i], out);
    }
    PROA_BUF_LIT(out, "],\"usage\":");
    if (usage && usage->known != 0) {
        put_usage(usage, out);
    } else {
        PROA_BUF_LIT(out, "null");
    }
    if (gateway.len > 0) {
        PROA_BUF_LIT(out, ",\"providerMetadata\":{\"gateway\":");
        put(out, gateway);
        PROA_BUF_LIT(out, "}");
    }
    PROA_BUF_LIT(out, "}");
}
