/*
 * Streams: every event has a name and a number, and says which item it is about. An item begins
 * empty, is told in pieces, and is repeated whole where it ends; so is the Response.
 */
#include "responses_answer_priv.h"

static void put(struct proa_buf *out, struct proa_slice bytes)
{
    (void)proa_buf_append(out, bytes);
}

static void put_text(struct proa_buf *out, struct proa_slice text)
{
    (void)proa_chat_text_put(out, text);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void begin_event(struct proa_api_response *r, struct proa_slice name)
{
    PROA_BUF_LIT(r->out, "event: ");
    put(r->out, name);
    PROA_BUF_LIT(r->out, "\ndata: {\"type\":\"");
    put(r->out, name);
    PROA_BUF_LIT(r->out, "\",\"sequence_number\":");
    (void)proa_buf_append_u64(r->out, r->sequence++);
}

static void end_event(struct proa_api_response *r)
{
    PROA_BUF_LIT(r->out, "}\n\n");
}

/* About an item, or its one part where `within` says how that is counted. */
static void begin_about(struct proa_api_response *r, struct proa_slice name, size_t at,
                        struct proa_slice within)
{
    begin_event(r, name);
    PROA_BUF_LIT(r->out, ",\"output_index\":");
    (void)proa_buf_append_u64(r->out, at);
    PROA_BUF_LIT(r->out, ",\"item_id\":");
    put_text(r->out, r->items[at].id);
    put(r->out, within);
}

static void tell_item(struct proa_api_response *r, struct proa_slice name, size_t at)
{
    begin_event(r, name);
    PROA_BUF_LIT(r->out, ",\"output_index\":");
    (void)proa_buf_append_u64(r->out, at);
    PROA_BUF_LIT(r->out, ",\"item\":");
    proa_response_put_item(&r->items[at], r->out);
    end_event(r);
}

static void tell_response(struct proa_api_response *r, struct proa_slice name,
                          const struct proa_usage *usage, struct proa_slice gateway)
{
    begin_event(r, name);
    PROA_BUF_LIT(r->out, ",\"response\":");
    proa_response_put(r, usage, gateway);
    end_event(r);
}

/* ---- by the kind of an item ------------------------------------------------------------------ */

/* What is said about the text of an item, and what begins and ends the part that it stands in. */
static const struct kind_row {
    struct proa_slice within;
    struct proa_slice piece;
    struct proa_slice whole;
    struct proa_slice whole_key; /* ,"text": */
    struct proa_slice part_added;
    struct proa_slice part_done;
} KINDS[] = {
    [ITEM_TEXT] = {PROA_SLICE_INIT(",\"content_index\":0"),
                   PROA_SLICE_INIT("response.output_text.delta"),
                   PROA_SLICE_INIT("response.output_text.done"), PROA_SLICE_INIT(",\"text\":"),
                   PROA_SLICE_INIT("response.content_part.added"),
                   PROA_SLICE_INIT("response.content_part.done")},
    [ITEM_REFUSAL] = {PROA_SLICE_INIT(",\"content_index\":0"),
                      PROA_SLICE_INIT("response.refusal.delta"),
                      PROA_SLICE_INIT("response.refusal.done"), PROA_SLICE_INIT(",\"refusal\":"),
                      PROA_SLICE_INIT("response.content_part.added"),
                      PROA_SLICE_INIT("response.content_part.done")},
    [ITEM_REASONING] = {PROA_SLICE_INIT(",\"summary_index\":0"),
                        PROA_SLICE_INIT("response.reasoning_summary_text.delta"),
                        PROA_SLICE_INIT("response.reasoning_summary_text.done"),
                        PROA_SLICE_INIT(",\"text\":"),
                        PROA_SLICE_INIT("response.reasoning_summary_part.added"),
                        PROA_SLICE_INIT("response.reasoning_summary_part.done")},
    [ITEM_CALL] = {.piece = PROA_SLICE_INIT("response.function_call_arguments.delta"),
                   .whole = PROA_SLICE_INIT("response.function_call_arguments.done"),
                   .whole_key = PROA_SLICE_INIT(",\"arguments\":")},
    [ITEM_IMAGE] = {.whole = {NULL, 0}},
};

/* The part is empty when it begins, and whole when it ends. */
static void tell_part(struct proa_api_response *r, struct proa_slice name, size_t at)
{
    const struct item *item = &r->items[at];
    begin_about(r, name, at, KINDS[item->kind].within);
    PROA_BUF_LIT(r->out, ",\"part\":");
    if (item->kind == ITEM_REASONING) {
        PROA_BUF_LIT(r->out, "{\"type\":\"summary_text\",\"text\":");
        put_text(r->out, proa_buf_slice(&item->text));
        PROA_BUF_LIT(r->out, "}");
    } else {
        proa_response_put_part(item, r->out);
    }
    end_event(r);
}

/* ---- what is told ---------------------------------------------------------------------------- */

void proa_response_tell_start(struct proa_api_response *r)
{
    tell_response(r, PROA_SLICE("response.created"), NULL, PROA_SLICE_NONE);
    tell_response(r, PROA_SLICE("response.in_progress"), NULL, PROA_SLICE_NONE);
}

void proa_response_tell_begin(struct proa_api_response *r, size_t at)
{
    tell_item(r, PROA_SLICE("response.output_item.added"), at);
    /* A summary's part begins with its first piece: there may be none. */
    const enum item_kind kind = r->items[at].kind;
    if (kind == ITEM_TEXT || kind == ITEM_REFUSAL) {
        tell_part(r, KINDS[kind].part_added, at);
    }
}

void proa_response_tell_piece(struct proa_api_response *r, size_t at, struct proa_slice piece)
{
    const struct item *item = &r->items[at];
    const struct kind_row *row = &KINDS[item->kind];
    if (item->kind == ITEM_REASONING && item->text.len == 0) {
        tell_part(r, row->part_added, at);
    }
    begin_about(r, row->piece, at, row->within);
    PROA_BUF_LIT(r->out, ",\"delta\":");
    put_text(r->out, piece);
    if (item->kind == ITEM_TEXT) {
        PROA_BUF_LIT(r->out, ",\"logprobs\":[]");
    }
    end_event(r);
}

void proa_response_tell_annotation(struct proa_api_response *r, size_t at,
                                   const struct proa_chat_event *event)
{
    begin_about(r, PROA_SLICE("response.output_text.annotation.added"), at,
                KINDS[ITEM_TEXT].within);
    PROA_BUF_LIT(r->out, ",\"annotation_index\":");
    (void)proa_buf_append_u64(r->out, r->items[at].n_annotations - 1);
    PROA_BUF_LIT(r->out, ",\"annotation\":");
    proa_response_put_annotation(event, r->out);
    end_event(r);
}

void proa_response_tell_end(struct proa_api_response *r, size_t at)
{
    const struct item *item = &r->items[at];
    const struct kind_row *row = &KINDS[item->kind];
    const bool told = row->whole.len > 0 && (item->kind != ITEM_REASONING || item->text.len > 0);
    if (told) {
        begin_about(r, row->whole, at, row->within);
        put(r->out, row->whole_key);
        put_text(r->out, proa_buf_slice(&item->text));
        if (item->kind == ITEM_TEXT) {
            PROA_BUF_LIT(r->out, ",\"logprobs\":[");
            put(r->out, proa_buf_slice(&item->logprobs));
            PROA_BUF_LIT(r->out, "]");
        }
        end_event(r);
    }
    if (told && row->part_done.len > 0) {
        tell_part(r, row->part_done, at);
    }
    tell_item(r, PROA_SLICE("response.output_item.done"), at);
}

void proa_response_tell_last(struct proa_api_response *r, const struct proa_usage *usage,
                             struct proa_slice gateway)
{
    const bool whole = proa_slice_eq(proa_response_status(r), PROA_SLICE("completed"));
    tell_response(r, whole ? PROA_SLICE("response.completed") : PROA_SLICE("response.incomplete"),
                  usage, gateway);
}
