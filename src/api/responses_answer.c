/*
 * Items are gathered from the events, and told at once where the answer is a stream.
 *
 * One text, refusal or thought is open at a time: another kind ends it. Calls are open beside it,
 * and beside one another, from their start to their end.
 */
#include "responses_answer_priv.h"
#include "responses_read_priv.h"

#include "proa/json/cursor.h"

#include <string.h>

static void add(struct proa_buf *b, struct proa_slice bytes)
{
    b->max = RESPONSE_TEXT_MAX; /* it begins as zeroes */
    (void)proa_buf_append(b, bytes);
}

/* ---- items ----------------------------------------------------------------------------------- */

/* It names the answer: responses_history.c reads that. */
static struct proa_slice id_of(struct proa_api_response *r, enum item_kind kind)
{
    static const char *const begins[] = {[ITEM_TEXT] = "msg",
                                         [ITEM_REFUSAL] = "msg",
                                         [ITEM_REASONING] = OWN_REASONING,
                                         [ITEM_CALL] = "fc",
                                         [ITEM_IMAGE] = "ig"};
    return proa_arena_printf(r->arena, "%s_%" PROA_SLICE_FMT "_%zu", begins[kind],
                             PROA_SLICE_ARG(r->id), r->n_items);
}

/* NULL, and the answer is none, when there are too many. */
static struct item *new_item(struct proa_api_response *r, enum item_kind kind)
{
    const size_t n = r->n_items;
    if (n == RESPONSE_ITEMS_MAX) {
        r->out->failed = true;
        return NULL;
    }
    if (!r->items || (n & (n - 1)) == 0) { /* full at each power of two */
        struct item *more = proa_arena_zero(r->arena, n > 0 ? 2 * n : 1, sizeof more[0]);
        if (r->items) {
            memcpy(more, r->items, n * sizeof more[0]);
        }
        r->items = more;
    }
    r->items[n].kind = kind;
    r->items[n].id = id_of(r, kind);
    r->n_items++;
    return &r->items[n];
}

static void tell_begin(struct proa_api_response *r)
{
    if (r->cfg.stream) {
        proa_response_tell_begin(r, r->n_items - 1);
    }
}

static void end_item(struct proa_api_response *r, size_t at, enum item_status status)
{
    struct item *item = &r->items[at];
    if (item->status == ITEM_OPEN) {
        item->status = status;
        if (r->cfg.stream) {
            proa_response_tell_end(r, at);
        }
    }
}

static void end_open(struct proa_api_response *r)
{
    if (r->open > 0) {
        end_item(r, r->open - 1, ITEM_DONE);
        r->open = 0;
    }
}

/* The item that is open, if it is of this kind; else a new one. */
static struct item *need_item(struct proa_api_response *r, enum item_kind kind)
{
    if (r->open > 0 && r->items[r->open - 1].kind == kind) {
        return &r->items[r->open - 1];
    }
    end_open(r);
    struct item *item = new_item(r, kind);
    if (item) {
        r->open = r->n_items;
        tell_begin(r);
    }
    return item;
}

static void add_piece(struct proa_api_response *r, struct item *item, struct proa_slice piece)
{
    if (!item || item->status != ITEM_OPEN || piece.len == 0) {
        return;
    }
    if (r->cfg.stream) {
        proa_response_tell_piece(r, (size_t)(item - r->items), piece);
    }
    add(&item->text, piece);
}

/* What must come back with reasoning ends it. */
static void seal(struct proa_api_response *r, const struct proa_chat_event *event)
{
    const bool redacted = event->kind == PROA_CHAT_REDACTED;
    if (redacted) {
        end_open(r);
    }
    struct item *item = need_item(r, ITEM_REASONING);
    if (item) {
        item->sealed = proa_arena_dup(r->arena, event->text);
        item->redacted = redacted;
        end_open(r);
    }
}

static void begin_call(struct proa_api_response *r, const struct proa_chat_event *event)
{
    end_open(r);
    struct item *item = event->tool < RESPONSE_TOOLS_MAX ? new_item(r, ITEM_CALL) : NULL;
    if (!item) {
        return;
    }
    item->call_id = event->id.len > 0
                        ? proa_arena_dup(r->arena, event->id)
                        : proa_arena_printf(r->arena, "call_%" PROA_SLICE_FMT "_%u",
                                            PROA_SLICE_ARG(r->cfg.id), (unsigned)event->tool);
    item->name = proa_arena_dup(r->arena, event->name);
    item->signature = proa_arena_dup(r->arena, event->text);
    r->tools[event->tool] = r->n_items;
    tell_begin(r);
}

static struct item *call_of(struct proa_api_response *r, uint32_t tool)
{
    const size_t at = tool < RESPONSE_TOOLS_MAX ? r->tools[tool] : 0;
    return at > 0 ? &r->items[at - 1] : NULL;
}

/* An image. There is no item for sound. */
static void add_media(struct proa_api_response *r, const struct proa_chat_event *event)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("image/");
    if (!proa_slice_starts(event->media_type, begin)) {
        return;
    }
    end_open(r);
    struct item *item = new_item(r, ITEM_IMAGE);
    if (item) {
        item->format = proa_arena_dup(r->arena, proa_slice_from(event->media_type, begin.len));
        tell_begin(r);
        add(&item->text, event->text);
        end_item(r, r->n_items - 1, ITEM_DONE);
    }
}

/* Another element of the list follows. */
static struct proa_buf *next_in(struct proa_buf *list)
{
    add(list, list->len > 0 ? PROA_SLICE(",") : PROA_SLICE_NONE);
    return list;
}

static void add_citation(struct proa_api_response *r, const struct proa_chat_event *event)
{
    struct item *item = event->id.len > 0 ? need_item(r, ITEM_TEXT) : NULL;
    if (item) {
        proa_response_put_annotation(event, next_in(&item->annotations));
        item->n_annotations++;
        if (r->cfg.stream) {
            proa_response_tell_annotation(r, (size_t)(item - r->items), event);
        }
    }
}

/* The elements have the same form as in a chat's answer. */
static void add_logprobs(struct proa_api_response *r, const struct proa_chat_event *event)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    struct proa_slice list = PROA_SLICE_NONE;
    if (proa_json_get(event->raw, PROA_SLICE("content"), &list) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, list) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &m)) {
        struct item *item = need_item(r, ITEM_TEXT);
        if (item) {
            proa_response_put_line(next_in(&item->logprobs), m.value);
        }
    }
}

/* What is open when the answer ends was cut by the same. */
static void finish(struct proa_api_response *r)
{
    const enum item_status status =
        proa_slice_eq(proa_response_status(r), PROA_SLICE("completed")) ? ITEM_DONE : ITEM_CUT;
    for (size_t i = 0; i < r->n_items; i++) {
        end_item(r, i, status);
    }
    r->open = 0;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void start(struct proa_api_response *r, const struct proa_chat_event *event)
{
    r->id = r->cfg.generation.len > 0
                ? r->cfg.generation
                : proa_arena_printf(r->arena, "resp_%" PROA_SLICE_FMT, PROA_SLICE_ARG(r->cfg.id));
    r->model = event->model.len > 0 ? proa_arena_dup(r->arena, event->model)
                                    : proa_chat_text_of(r->cfg.model, r->arena);
    r->created_s = event->created_s > 0 ? event->created_s : r->cfg.created_s;
    if (r->cfg.stream) {
        proa_response_tell_start(r);
    }
}

static void take(struct proa_api_response *r, const struct proa_chat_event *event)
{
    switch (event->kind) {
    case PROA_CHAT_TEXT:
        add_piece(r, need_item(r, ITEM_TEXT), event->text);
        break;
    case PROA_CHAT_REFUSAL:
        add_piece(r, need_item(r, ITEM_REFUSAL), event->text);
        break;
    case PROA_CHAT_REASONING:
        add_piece(r, need_item(r, ITEM_REASONING), event->text);
        break;
    case PROA_CHAT_SIGNATURE:
    case PROA_CHAT_REDACTED:
        seal(r, event);
        break;
    case PROA_CHAT_TOOL_START:
        begin_call(r, event);
        break;
    case PROA_CHAT_TOOL_PIECE:
        add_piece(r, call_of(r, event->tool), event->text);
        break;
    case PROA_CHAT_TOOL_END:
        if (call_of(r, event->tool)) {
            end_item(r, r->tools[event->tool] - 1, ITEM_DONE);
        }
        break;
    case PROA_CHAT_MEDIA:
        add_media(r, event);
        break;
    case PROA_CHAT_CITATION:
        add_citation(r, event);
        break;
    case PROA_CHAT_LOGPROBS:
        add_logprobs(r, event);
        break;
    case PROA_CHAT_FINISH:
        r->finish = event->finish;
        finish(r);
        break;
    case PROA_CHAT_START:
    case PROA_CHAT_USAGE: /* told at the end */
    case PROA_CHAT_TOOL_RESULT:
    case PROA_CHAT_VECTOR:
    case PROA_CHAT_RANK:
        break;
    }
}

/* All of it is kept until the end. */
static bool has_room(struct proa_api_response *r, const struct proa_chat_event *event)
{
    r->told += event->text.len + event->raw.len;
    if (r->cfg.stream && r->told > RESPONSE_STREAM_MAX) {
        r->out->failed = true;
        return false;
    }
    return true;
}

static void on_event(void *ctx, const struct proa_chat_event *event)
{
    struct proa_api_response *r = ctx;
    if (r->id.len == 0) {
        const struct proa_chat_event unknown = {.kind = PROA_CHAT_START};
        start(r, event->kind == PROA_CHAT_START ? event : &unknown);
    }
    if (event->choice == 0 && has_room(r, event)) { /* there is one answer here */
        take(r, event);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct proa_api_response *proa_api_response_create(const struct proa_api_response_cfg *cfg,
                                                   struct proa_buf *out, struct proa_arena *arena)
{
    struct proa_api_response *r = PROA_ARENA_NEW(arena, struct proa_api_response);
    r->cfg = *cfg;
    r->cfg.echo = NULL;
    r->out = out;
    r->arena = arena;
    r->echo = proa_response_echo(cfg->echo, arena);
    return r;
}

void proa_api_response_destroy(struct proa_api_response *r)
{
    for (size_t i = 0; r && i < r->n_items; i++) {
        proa_buf_deinit(&r->items[i].text);
        proa_buf_deinit(&r->items[i].annotations);
        proa_buf_deinit(&r->items[i].logprobs);
    }
    if (r) {
        r->n_items = 0;
    }
}

struct proa_chat_sink proa_api_response_sink(struct proa_api_response *r)
{
    return (struct proa_chat_sink){.event = on_event, .ctx = r};
}

/* Something that was gathered did not fit: an answer with a hole is none. */
static bool is_whole(const struct proa_api_response *r)
{
    bool whole = true;
    for (size_t i = 0; i < r->n_items; i++) {
        const struct item *item = &r->items[i];
        whole = whole && proa_buf_ok(&item->text) && proa_buf_ok(&item->annotations) &&
                proa_buf_ok(&item->logprobs);
    }
    return whole;
}

void proa_api_response_end(struct proa_api_response *r, const struct proa_usage *usage,
                           struct proa_slice gateway)
{
    const struct proa_chat_event nothing = {.kind = PROA_CHAT_START};
    on_event(r, &nothing); /* an answer that told nothing at all has a beginning too */
    finish(r);
    if (r->cfg.stream) {
        proa_response_tell_last(r, usage, gateway);
    } else {
        proa_response_put(r, usage, gateway);
    }
    r->out->failed = r->out->failed || !is_whole(r);
}

uint64_t proa_api_response_sequence(const struct proa_api_response *r)
{
    return r->sequence;
}
