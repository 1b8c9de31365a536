/*
 * A neutral request as a request of the Messages API. Its members stand in the order in which
 * Anthropic's prompt cache reads them: tools, system, messages. And the client's own bytes, where
 * the client speaks this API.
 */
#include "anthropic_priv.h"
#include "gaps_priv.h"
#include "pass_priv.h"
#include "request_head_priv.h"

#include "proa/chat/text.h"
#include "proa/http/query.h"
#include "proa/provider/vendor.h"

static const struct anthropic_host HOSTS[] = {
    {PROA_SLICE_INIT("vertex"), .in_path = true},
    {PROA_SLICE_INIT("anthropic"), .takes_schema = true, .fetches = true, .caches = true},
    {PROA_SLICE_INIT(""), .takes_schema = true, .fetches = true}, /* any other */
};

static const struct proa_gap_row GAPS[] = {
    {PROA_GAP_N, true, "this provider gives one answer to a request"},
    {PROA_GAP_SEED, false, "has no equivalent at this provider"},
    {PROA_GAP_FREQUENCY_PENALTY, false, "has no equivalent at this provider"},
    {PROA_GAP_PRESENCE_PENALTY, false, "has no equivalent at this provider"},
    {PROA_GAP_LOGPROBS, false, "has no equivalent at this provider"},
    {PROA_GAP_TOP_LOGPROBS, false, "has no equivalent at this provider"},
};

/* OpenAI's and Anthropic's words; others are dropped. */
static const struct {
    struct proa_slice said;
    struct proa_slice sent;
} TIERS[] = {
    {PROA_SLICE_INIT("auto"), PROA_SLICE_INIT("auto")},
    {PROA_SLICE_INIT("default"), PROA_SLICE_INIT("standard_only")},
    {PROA_SLICE_INIT("priority"), PROA_SLICE_INIT("auto")}, /* the committed capacity, if any */
    {PROA_SLICE_INIT("standard_only"), PROA_SLICE_INIT("standard_only")},
};

#define VERSION_LINE   "\r\nanthropic-version: 2023-06-01"
#define BETA_LINE      "\r\nanthropic-beta: "
#define VERTEX_VERSION "vertex-2023-10-16"

void proa_anthropic_refuse(struct anthropic_writing *a, const char *feature, const char *reason)
{
    if (!a->out->feature) {
        a->out->feature = feature;
        a->out->reason = reason;
    }
}

const struct anthropic_host *proa_anthropic_host(const struct proa_vendor *vendor)
{
    size_t i = 0;
    while (i + 1 < PROA_ARRAY_LEN(HOSTS) &&
           !(vendor && proa_slice_eq(HOSTS[i].vendor, vendor->name))) {
        i++;
    }
    return &HOSTS[i];
}

/* ---- tools ----------------------------------------------------------------------------------- */

static void put_tool(struct anthropic_writing *a, const struct proa_chat_tool *tool)
{
    struct proa_json_writer *w = &a->w;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_text(w, "name", tool->name);
    if (tool->description.len > 0) {
        proa_json_writer_member_text(w, "description", tool->description);
    }
    proa_json_writer_member_raw(w, "input_schema",
                                tool->schema.len > 0
                                    ? tool->schema
                                    : PROA_SLICE("{\"type\":\"object\",\"properties\":{}}"));
    if (tool->strict == PROA_CHAT_YES && a->plan.strict) {
        proa_json_writer_member_bool(w, "strict", true);
    } else if (tool->strict == PROA_CHAT_YES) {
        proa_chat_warn(a->in->warnings, "tools.strict", "this model does not hold to a schema");
    }
    if (tool->cache_control.len > 0) {
        proa_json_writer_member_raw(w, "cache_control", tool->cache_control);
    }
    proa_json_writer_end_object(w);
}

static void put_json_tool(struct anthropic_writing *a)
{
    struct proa_json_writer *w = &a->w;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "name", PROA_SLICE(PROA_CLAUDE_JSON_TOOL));
    proa_json_writer_member_text(w, "description",
                                 a->chat->format_description.len > 0
                                     ? a->chat->format_description
                                     : PROA_SLICE(PROA_CLAUDE_JSON_HINT));
    proa_json_writer_member_raw(w, "input_schema", a->chat->format_schema);
    proa_json_writer_end_object(w);
}

static bool is_sent(const struct proa_chat_tool *tool)
{
    return tool->own.len == 0 || proa_slice_eq(tool->own_dialect, PROA_SLICE("anthropic"));
}

static size_t count_tools(const struct proa_chat_request *chat)
{
    size_t n = 0;
    for (size_t i = 0; i < chat->n_tools; i++) {
        n += is_sent(&chat->tools[i]);
    }
    return n;
}

static void put_tools(struct anthropic_writing *a)
{
    const struct proa_chat_request *chat = a->chat;
    const bool json = a->plan.schema == CLAUDE_SCHEMA_TOOL;
    const size_t n = count_tools(chat);
    if (n < chat->n_tools) {
        proa_chat_warn(a->in->warnings, "tools",
                       "one that another provider runs itself is left out");
    }
    if (n == 0 && !json) {
        return;
    }
    proa_json_writer_key(&a->w, PROA_SLICE("tools"));
    proa_json_writer_begin_array(&a->w);
    for (size_t i = 0; i < chat->n_tools; i++) {
        if (chat->tools[i].own.len > 0 && is_sent(&chat->tools[i])) {
            proa_json_writer_raw(&a->w, chat->tools[i].own);
        } else if (is_sent(&chat->tools[i])) {
            put_tool(a, &chat->tools[i]);
        }
    }
    if (json) {
        put_json_tool(a);
    }
    proa_json_writer_end_array(&a->w);
}

struct choice {
    const char *type; /* NULL: not said */
    struct proa_slice name;
};

/* With the tool that stands for a schema some tool is always called; which, is the model's choice
 * where there are others. */
static struct choice choice_of(const struct anthropic_writing *a, bool others)
{
    const struct proa_chat_request *chat = a->chat;
    if (others && chat->choice == PROA_CHAT_CHOICE_NAMED) {
        return (struct choice){"tool", proa_chat_tool_own_name(chat, chat->choice_name)};
    }
    if (a->plan.schema == CLAUDE_SCHEMA_TOOL) {
        return others && chat->choice != PROA_CHAT_CHOICE_NONE
                   ? (struct choice){"any", PROA_SLICE_NONE}
                   : (struct choice){"tool", PROA_SLICE(PROA_CLAUDE_JSON_TOOL)};
    }
    switch (others ? chat->choice : PROA_CHAT_CHOICE_UNSAID) {
    case PROA_CHAT_CHOICE_UNSAID:
    case PROA_CHAT_CHOICE_NAMED:
        break;
    case PROA_CHAT_CHOICE_AUTO:
        return (struct choice){"auto", PROA_SLICE_NONE};
    case PROA_CHAT_CHOICE_NONE:
        return (struct choice){"none", PROA_SLICE_NONE};
    case PROA_CHAT_CHOICE_REQUIRED:
        return (struct choice){"any", PROA_SLICE_NONE};
    }
    return (struct choice){NULL, PROA_SLICE_NONE};
}

static void put_choice(struct anthropic_writing *a)
{
    struct proa_json_writer *w = &a->w;
    const bool others = count_tools(a->chat) > 0;
    struct choice choice = choice_of(a, others);
    bool alone = a->options.no_parallel || a->chat->parallel_tools == PROA_CHAT_NO;
    alone = (others && alone && a->chat->choice != PROA_CHAT_CHOICE_NONE) ||
            a->plan.schema == CLAUDE_SCHEMA_TOOL;
    if (!choice.type && alone) {
        choice.type = "auto";
    }
    if (!choice.type) {
        return;
    }
    proa_json_writer_key(w, PROA_SLICE("tool_choice"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", proa_slice_cstr(choice.type));
    if (choice.name.len > 0) {
        proa_json_writer_member_text(w, "name", choice.name);
    }
    if (alone) {
        proa_json_writer_member_bool(w, "disable_parallel_tool_use", true);
    }
    proa_json_writer_end_object(w);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void put_number(struct proa_json_writer *w, const char *key, struct proa_slice number)
{
    if (number.len > 0) {
        proa_json_writer_member_raw(w, key, number);
    }
}

static void put_stop(struct anthropic_writing *a)
{
    bool open = false;
    for (size_t i = 0; i < a->chat->n_stop; i++) {
        if (proa_chat_text_is_blank(a->chat->stop[i])) {
            proa_chat_warn(a->in->warnings, "stop", "a sequence of white space is not taken");
            continue;
        }
        if (!open) {
            proa_json_writer_key(&a->w, PROA_SLICE("stop_sequences"));
            proa_json_writer_begin_array(&a->w);
            open = true;
        }
        proa_json_writer_text(&a->w, a->chat->stop[i]);
    }
    if (open) {
        proa_json_writer_end_array(&a->w);
    }
}

static void put_user(struct anthropic_writing *a)
{
    if (a->chat->user.len > 0 && !proa_options_have(&a->options.members, PROA_SLICE("metadata"))) {
        proa_json_writer_key(&a->w, PROA_SLICE("metadata"));
        proa_json_writer_begin_object(&a->w);
        proa_json_writer_member_text(&a->w, "user_id", a->chat->user);
        proa_json_writer_end_object(&a->w);
    }
}

/* Empty: it has none such. */
static struct proa_slice tier_of(struct proa_slice said)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(TIERS); i++) {
        if (proa_chat_text_eq(said, TIERS[i].said)) {
            return TIERS[i].sent;
        }
    }
    return PROA_SLICE_NONE;
}

static void put_tier(struct anthropic_writing *a)
{
    const struct proa_slice said = a->chat->service_tier;
    if (said.len == 0 || proa_options_have(&a->options.members, PROA_SLICE("service_tier"))) {
        return;
    }
    const struct proa_slice tier = tier_of(said);
    if (tier.len > 0) {
        proa_json_writer_member_string(&a->w, "service_tier", tier);
    } else {
        proa_chat_warn(a->in->warnings, "service_tier", "has no equivalent at this provider");
    }
}

static void put_body(struct anthropic_writing *a)
{
    struct proa_json_writer *w = &a->w;
    proa_json_writer_begin_object(w);
    if (a->host->in_path) {
        proa_json_writer_member_string(w, "anthropic_version", PROA_SLICE(VERTEX_VERSION));
    } else {
        proa_json_writer_member_string(w, "model", a->in->model);
    }
    proa_json_writer_member_u64(w, "max_tokens", a->plan.max_tokens);
    put_tools(a);
    put_choice(a);
    proa_anthropic_put_system(a);
    proa_anthropic_put_messages(a);
    proa_claude_put_thinking(w, &a->plan);
    proa_claude_put_output(w, &a->plan, a->chat);
    put_number(w, "temperature", a->plan.temperature);
    put_number(w, "top_p", a->plan.top_p);
    put_number(w, "top_k", a->plan.top_k);
    put_stop(a);
    put_user(a);
    put_tier(a);
    proa_options_put(w, &a->options.members);
    if (a->in->stream) {
        proa_json_writer_member_bool(w, "stream", true);
    }
    proa_json_writer_end_object(w);
}

/* ---- the head -------------------------------------------------------------------------------- */

/* Google's ids hold an @ before their version, which stays as it is in a path. */
static struct proa_slice segment_of(struct proa_slice model, struct proa_arena *arena)
{
    const size_t room = 3 * model.len + 1;
    struct proa_buf text = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    while (model.len > 0) {
        const size_t at = proa_slice_find(model, '@');
        (void)proa_http_percent_encode(&text, proa_slice_head(model, at));
        if (at < model.len) {
            (void)proa_buf_append_byte(&text, '@');
        }
        model = proa_slice_from(model, at + 1);
    }
    return proa_buf_slice(&text);
}

/* Where the host has the model in its path, the rest of the path says what is wanted of it. */
static struct proa_request_head head_of(const struct proa_encode_in *in,
                                        const struct anthropic_host *host, struct proa_arena *arena)
{
    if (host->in_path) {
        return (struct proa_request_head){.path = PROA_SLICE("/publishers/anthropic/models/"),
                                          .path2 = segment_of(in->model, arena),
                                          .path3 = in->stream ? PROA_SLICE(":streamRawPredict")
                                                              : PROA_SLICE(":rawPredict"),
                                          .lines = PROA_SLICE(VERSION_LINE)};
    }
    return (struct proa_request_head){.path = PROA_SLICE("/messages"),
                                      .path2 = in->operation == PROA_OP_COUNT_TOKENS
                                                   ? PROA_SLICE("/count_tokens")
                                                   : PROA_SLICE_NONE,
                                      .lines = PROA_SLICE(VERSION_LINE)};
}

static enum proa_err finish(struct anthropic_writing *a)
{
    struct proa_request_head head = head_of(a->in, a->host, a->arena);
    if (a->options.beta.len > 0) {
        head.lines = proa_arena_printf(a->arena, VERSION_LINE BETA_LINE "%" PROA_SLICE_FMT,
                                       PROA_SLICE_ARG(a->options.beta));
    }
    return proa_request_finish(a->in, &head, a->arena, a->out);
}

/* ---- the client's own bytes ------------------------------------------------------------------ */

static bool has_header(const struct proa_encode_in *in, enum proa_http_header_id id)
{
    for (size_t i = 0; i < in->n_headers; i++) {
        if (in->headers[i].id == id) {
            return true;
        }
    }
    return false;
}

/* A beginning must not end in white space. */
static struct proa_slice without_end_blanks(struct proa_slice text)
{
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\n' ||
                            text.ptr[text.len - 1] == '\r' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* Thinking that another model did, as the answers of this surface show it: no provider's signature
 * is on it, and Anthropic believes none without. */
static bool holds_foreign_thinking(const struct proa_encode_in *in)
{
    static const struct proa_slice mark = PROA_SLICE_INIT("\"signature\":\"\"");
    static const struct proa_slice spaced = PROA_SLICE_INIT("\"signature\": \"\"");
    return proa_slice_search(in->body, mark) < in->body.len ||
           proa_slice_search(in->body, spaced) < in->body.len;
}

/* Who marks what is to be cached, anywhere, means that. */
static bool holds_marks(const struct proa_encode_in *in)
{
    return proa_slice_search(in->body, PROA_SLICE("\"cache_control\"")) < in->body.len;
}

/* The gateway's option, where the client says nothing of its own. */
static void add_tier(const struct proa_encode_in *in, struct proa_arena *arena,
                     struct proa_pass *pass)
{
    const struct proa_slice tier = tier_of(in->service_tier);
    if (tier.len > 0 &&
        proa_json_get(in->body, PROA_SLICE("service_tier"), NULL) == PROA_JSON_ABSENT) {
        pass->edits[pass->n_edits++] = (struct proa_json_edit){
            .kind = PROA_JSON_INSERT_LAST,
            .bytes = proa_arena_printf(arena, "\"service_tier\":\"%" PROA_SLICE_FMT "\"",
                                       PROA_SLICE_ARG(tier))};
    }
}

static enum proa_err pass(const struct proa_encode_in *in, struct proa_arena *arena,
                          struct proa_encoded *out)
{
    const struct anthropic_host *host = proa_anthropic_host(in->vendor);
    struct proa_request_head head = head_of(in, host, arena);
    struct proa_pass body = {.n_edits = 0};
    if (in->operation == PROA_OP_CHAT && holds_foreign_thinking(in)) {
        return PROA_ERR_UNSUPPORTED;
    }
    if (in->cache && in->operation == PROA_OP_CHAT && !holds_marks(in)) {
        if (!host->caches) {
            return PROA_ERR_UNSUPPORTED; /* marks are put in where it is translated */
        }
        body.edits[body.n_edits++] = (struct proa_json_edit){
            .kind = PROA_JSON_INSERT_LAST,
            .bytes = PROA_SLICE("\"cache_control\":{\"type\":\"ephemeral\"}")};
    }
    if (in->service_tier.len > 0 && in->operation == PROA_OP_CHAT) {
        add_tier(in, arena, &body);
    }
    if (host->in_path) {
        body.keeps_model = true;
        body.edits[body.n_edits++] =
            (struct proa_json_edit){.kind = PROA_JSON_REMOVE, .member = in->model_member};
        body.edits[body.n_edits++] = (struct proa_json_edit){
            .kind = PROA_JSON_INSERT_FIRST,
            .bytes = PROA_SLICE("\"anthropic_version\":\"" VERTEX_VERSION "\"")};
    }
    if (has_header(in, PROA_HTTP_HEADER_ANTHROPIC_VERSION)) {
        head.lines = PROA_SLICE_NONE;
    }
    enum proa_err err = PROA_OK;
    if (in->prefill.len > 0) {
        if ((proa_claude_find(in->model)->can & CLAUDE_PREFILL) == 0) {
            return PROA_ERR_UNSUPPORTED;
        }
        err = proa_pass_prefill(in, arena, without_end_blanks(in->prefill), "", &body);
    }
    err = err == PROA_OK ? proa_pass_body(in, &body, arena, out) : err;
    err = err == PROA_OK ? proa_request_head_write(in, &head, arena, out) : err;
    out->n_iov = err == PROA_OK ? out->n_iov : 0;
    return err;
}

enum proa_err proa_anthropic_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                    struct proa_encoded *out)
{
    out->feature = NULL;
    if (!in->chat && !in->embed && !in->rerank && in->body.len > 0) {
        return pass(in, arena, out);
    }
    if (!in->chat) {
        out->feature = proa_operation_name(in->operation);
        out->reason = "this provider has no such operation";
        return PROA_ERR_UNSUPPORTED;
    }
    struct anthropic_writing *a = PROA_ARENA_NEW(arena, struct anthropic_writing);
    *a = (struct anthropic_writing){.in = in,
                                    .chat =
                                        in->cache ? proa_claude_marked(in->chat, arena) : in->chat,
                                    .host = proa_anthropic_host(in->vendor),
                                    .arena = arena,
                                    .out = out};
    if (!proa_gaps_pass(in->chat, GAPS, PROA_ARRAY_LEN(GAPS), PROA_SLICE("anthropic"), in->warnings,
                        out)) {
        return PROA_ERR_UNSUPPORTED;
    }
    proa_anthropic_options(in->chat, arena, in->warnings, &a->options);
    proa_claude_plan(proa_claude_find(in->model), in->chat, &a->options.wish, a->host->takes_schema,
                     in->warnings, &a->plan);
    if (a->plan.feature) {
        proa_anthropic_refuse(a, a->plan.feature, a->plan.reason);
        return PROA_ERR_UNSUPPORTED;
    }
    proa_json_writer_init(&a->w, &out->body);
    put_body(a);
    if (out->feature) {
        return PROA_ERR_UNSUPPORTED;
    }
    return proa_json_writer_ok(&a->w) ? finish(a) : PROA_ERR_LIMIT;
}
