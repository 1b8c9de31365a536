/*
 * Requests of Cohere's API, version 2.
 */
#include "cohere_priv.h"
#include "gaps_priv.h"
#include "number_priv.h"
#include "request_head_priv.h"

#include "proa/chat/text.h"

enum { STOP_MAX = 5 };

#define NO_WORD "has no equivalent at this provider"

static const struct proa_gap_row GAPS[] = {
    {PROA_GAP_N, true, "this provider gives one answer to a request"},
    {PROA_GAP_LOGPROBS, false, "this provider's are of another shape"},
    {PROA_GAP_TOP_LOGPROBS, false, NO_WORD},
    {PROA_GAP_PARALLEL, false, NO_WORD},
    {PROA_GAP_USER, false, NO_WORD},
    {PROA_GAP_SERVICE_TIER, false, NO_WORD},
};

/* Which models think, by pattern. */
static const struct proa_slice THINKERS[] = {
    PROA_SLICE_INIT("*reasoning*"),
    PROA_SLICE_INIT("command-a-plus*"),
};

/* 0 = as many tokens as the model wants. */
static const uint64_t BUDGETS[] = {
    [PROA_CHAT_EFFORT_UNSAID] = 0,    [PROA_CHAT_EFFORT_NONE] = 0,
    [PROA_CHAT_EFFORT_MINIMAL] = 512, [PROA_CHAT_EFFORT_LOW] = 1024,
    [PROA_CHAT_EFFORT_MEDIUM] = 2048, [PROA_CHAT_EFFORT_HIGH] = 0,
    [PROA_CHAT_EFFORT_XHIGH] = 0,     [PROA_CHAT_EFFORT_MAX] = 0,
};

/* Members that are written here. */
static const struct proa_slice OWN[] = {
    PROA_SLICE_INIT("frequency_penalty"),
    PROA_SLICE_INIT("k"),
    PROA_SLICE_INIT("max_tokens"),
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("p"),
    PROA_SLICE_INIT("presence_penalty"),
    PROA_SLICE_INIT("response_format"),
    PROA_SLICE_INIT("seed"),
    PROA_SLICE_INIT("stop_sequences"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("strict_tools"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("thinking"),
    PROA_SLICE_INIT("tool_choice"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("documents"),
};

void proa_cohere_refuse(struct proa_encoded *out, const char *feature, const char *reason)
{
    if (!out->feature) {
        out->feature = feature;
        out->reason = reason;
    }
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void put_number(struct proa_json_writer *w, const char *key, struct proa_slice number)
{
    if (number.len > 0) {
        proa_json_writer_member_raw(w, key, number);
    }
}

static void put_clamped(struct cohere_writing *c, const char *key, struct proa_slice number)
{
    const struct proa_slice clamped = number.len > 0 ? proa_number_clamp_one(number) : number;
    if (clamped.ptr != number.ptr) {
        proa_chat_warn(c->in->warnings, key, "is between 0 and 1 here");
    }
    put_number(&c->w, key, clamped);
}

/* `p` lies between 0.01 and 0.99. */
static struct proa_slice top_p_of(struct proa_slice number)
{
    if (number.len == 0) {
        return number;
    }
    const struct proa_slice clamped = proa_number_clamp_one(number);
    if (proa_number_is_one(clamped)) {
        return PROA_SLICE("0.99");
    }
    return proa_json_number_is_zero(clamped) ? PROA_SLICE("0.01") : clamped;
}

/* ---- tools ----------------------------------------------------------------------------------- */

/* A tool by name is the only one, and required. */
static bool is_sent(const struct proa_chat_request *chat, const struct proa_chat_tool *tool)
{
    return tool->own.len == 0 &&
           (chat->choice != PROA_CHAT_CHOICE_NAMED || proa_slice_eq(tool->name, chat->choice_name));
}

static void put_tool(struct proa_json_writer *w, const struct proa_chat_tool *tool)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "type", PROA_SLICE("function"));
    proa_json_writer_key(w, PROA_SLICE("function"));
    proa_json_writer_begin_object(w);
    proa_json_writer_member_text(w, "name", tool->name);
    if (tool->description.len > 0) {
        proa_json_writer_member_text(w, "description", tool->description);
    }
    proa_json_writer_member_raw(w, "parameters",
                                tool->schema.len > 0
                                    ? tool->schema
                                    : PROA_SLICE("{\"type\":\"object\",\"properties\":{}}"));
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

static void put_choice(struct proa_json_writer *w, enum proa_chat_choice choice)
{
    switch (choice) {
    case PROA_CHAT_CHOICE_UNSAID:
    case PROA_CHAT_CHOICE_AUTO:
        return;
    case PROA_CHAT_CHOICE_NONE:
        proa_json_writer_member_string(w, "tool_choice", PROA_SLICE("NONE"));
        return;
    case PROA_CHAT_CHOICE_REQUIRED:
    case PROA_CHAT_CHOICE_NAMED:
        proa_json_writer_member_string(w, "tool_choice", PROA_SLICE("REQUIRED"));
        return;
    }
}

static void put_tools(struct cohere_writing *c)
{
    const struct proa_chat_request *chat = c->chat;
    bool open = false;
    bool strict = false;
    for (size_t i = 0; i < chat->n_tools; i++) {
        if (chat->tools[i].own.len > 0) {
            proa_chat_warn(c->in->warnings, "tools",
                           "one that another provider runs itself is left out");
        }
        if (!is_sent(chat, &chat->tools[i])) {
            continue;
        }
        if (!open) {
            proa_json_writer_key(&c->w, PROA_SLICE("tools"));
            proa_json_writer_begin_array(&c->w);
            open = true;
        }
        put_tool(&c->w, &chat->tools[i]);
        strict = strict || chat->tools[i].strict == PROA_CHAT_YES;
    }
    if (!open) {
        return;
    }
    proa_json_writer_end_array(&c->w);
    if (strict) {
        proa_json_writer_member_bool(&c->w, "strict_tools", true);
    }
    put_choice(&c->w, chat->choice);
}

/* ---- the rest of a chat ---------------------------------------------------------------------- */

static void put_format(struct cohere_writing *c)
{
    const struct proa_chat_request *chat = c->chat;
    if (chat->format != PROA_CHAT_FORMAT_JSON && chat->format != PROA_CHAT_FORMAT_SCHEMA) {
        return;
    }
    proa_json_writer_key(&c->w, PROA_SLICE("response_format"));
    proa_json_writer_begin_object(&c->w);
    proa_json_writer_member_string(&c->w, "type", PROA_SLICE("json_object"));
    if (chat->format == PROA_CHAT_FORMAT_SCHEMA && chat->format_schema.len > 0) {
        proa_json_writer_member_raw(&c->w, "json_schema", chat->format_schema);
    }
    proa_json_writer_end_object(&c->w);
}

static bool thinks(struct proa_slice model)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(THINKERS); i++) {
        if (proa_slice_glob(THINKERS[i], model)) {
            return true;
        }
    }
    return false;
}

static void put_thinking(struct cohere_writing *c, const char *type, uint64_t budget)
{
    proa_json_writer_key(&c->w, PROA_SLICE("thinking"));
    proa_json_writer_begin_object(&c->w);
    proa_json_writer_member_string(&c->w, "type", proa_slice_cstr(type));
    if (budget > 0) {
        proa_json_writer_member_u64(&c->w, "token_budget", budget);
    }
    proa_json_writer_end_object(&c->w);
}

static void put_effort(struct cohere_writing *c)
{
    const struct proa_chat_request *chat = c->chat;
    const bool off = chat->effort == PROA_CHAT_EFFORT_NONE && chat->thinking_tokens == 0;
    if (chat->effort == PROA_CHAT_EFFORT_UNSAID && chat->thinking_tokens == 0) {
        return;
    }
    if (thinks(c->in->model)) {
        put_thinking(c, off ? "disabled" : "enabled",
                     chat->thinking_tokens > 0 ? chat->thinking_tokens : BUDGETS[chat->effort]);
    } else if (!off) {
        proa_chat_warn(c->in->warnings, "reasoning_effort", "this model does not reason");
    }
}

/* The SDKs' word for the budget is tokenBudget. */
static void put_own_thinking(struct cohere_writing *c)
{
    struct proa_slice value = PROA_SLICE_NONE;
    uint64_t budget = 0;
    const bool off = proa_json_get(c->thinking, PROA_SLICE("type"), &value) == PROA_JSON_STRING &&
                     proa_json_string_eq(value, PROA_SLICE("disabled"));
    if ((proa_json_get(c->thinking, PROA_SLICE("token_budget"), &value) == PROA_JSON_NUMBER ||
         proa_json_get(c->thinking, PROA_SLICE("tokenBudget"), &value) == PROA_JSON_NUMBER) &&
        proa_json_number_u64(value, &budget) != PROA_OK) {
        budget = 0;
    }
    put_thinking(c, off ? "disabled" : "enabled", off ? 0 : budget);
}

static void put_stop(struct cohere_writing *c)
{
    const struct proa_chat_request *chat = c->chat;
    if (chat->n_stop == 0) {
        return;
    }
    if (chat->n_stop > STOP_MAX) {
        proa_chat_warn(c->in->warnings, "stop", "five sequences are the most");
    }
    proa_json_writer_key(&c->w, PROA_SLICE("stop_sequences"));
    proa_json_writer_begin_array(&c->w);
    for (size_t i = 0; i < chat->n_stop && i < STOP_MAX; i++) {
        proa_json_writer_text(&c->w, chat->stop[i]);
    }
    proa_json_writer_end_array(&c->w);
}

static void read_options(struct cohere_writing *c)
{
    struct proa_json_cursor cursor;
    struct proa_json_item item;
    struct proa_slice object = PROA_SLICE_NONE;
    c->options = (struct proa_options){.own = OWN, .n_own = PROA_ARRAY_LEN(OWN)};
    if (proa_json_get(c->chat->provider_options, PROA_SLICE("cohere"), &object) !=
            PROA_JSON_OBJECT ||
        proa_json_cursor_init(&cursor, object) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&cursor, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("thinking")) && item.kind == PROA_JSON_OBJECT) {
            c->thinking = item.value;
        } else if (!proa_options_add(&c->options, proa_chat_text(item.key), item.value)) {
            proa_chat_warn(c->in->warnings, "providerOptions.cohere",
                           "holds an option that is not known");
        }
    }
}

/* A chat is gone on with only by a user or a tool. */
static bool ends_with_assistant(const struct proa_chat_request *chat)
{
    size_t n = chat->n_messages;
    while (n > 0 && chat->messages[n - 1].role == PROA_CHAT_SYSTEM) {
        n--;
    }
    return n > 0 && chat->messages[n - 1].role == PROA_CHAT_ASSISTANT;
}

static void put_chat(struct cohere_writing *c)
{
    const struct proa_chat_request *chat = c->chat;
    struct proa_json_writer *w = &c->w;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "model", c->in->model);
    proa_json_writer_member_bool(w, "stream", c->in->stream);
    proa_cohere_put_messages(c);
    put_tools(c);
    put_format(c);
    if (chat->max_tokens > 0) {
        proa_json_writer_member_u64(w, "max_tokens", chat->max_tokens);
    }
    put_clamped(c, "temperature", chat->temperature);
    put_number(w, "p", top_p_of(chat->top_p));
    put_number(w, "k", chat->top_k);
    put_number(w, "seed", chat->seed);
    put_clamped(c, "frequency_penalty", chat->frequency_penalty);
    put_clamped(c, "presence_penalty", chat->presence_penalty);
    put_stop(c);
    if (c->thinking.len > 0) {
        put_own_thinking(c);
    } else {
        put_effort(c);
    }
    proa_options_put(w, &c->options);
    proa_json_writer_end_object(w);
}

static enum proa_err encode_chat(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    struct cohere_writing *c = PROA_ARENA_NEW(arena, struct cohere_writing);
    c->in = in;
    c->chat = in->chat;
    c->out = out;
    if (!proa_gaps_pass(in->chat, GAPS, PROA_ARRAY_LEN(GAPS), PROA_SLICE("cohere"), in->warnings,
                        out)) {
        return PROA_ERR_UNSUPPORTED;
    }
    if (ends_with_assistant(in->chat)) {
        proa_cohere_refuse(out, "a last message of the assistant", "no model goes on with one");
        return PROA_ERR_UNSUPPORTED;
    }
    read_options(c);
    proa_json_writer_init(&c->w, &out->body);
    put_chat(c);
    return proa_json_writer_ok(&c->w) ? PROA_OK : PROA_ERR_LIMIT;
}

/* ---- all operations -------------------------------------------------------------------------- */

static enum proa_err encode_list(const struct proa_encode_in *in, struct proa_encoded *out)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, &out->body);
    if (in->embed) {
        proa_cohere_put_embed(&w, in, out);
    } else {
        proa_cohere_put_rerank(&w, in);
    }
    return proa_json_writer_ok(&w) ? PROA_OK : PROA_ERR_LIMIT;
}

static const struct proa_slice VERSION = PROA_SLICE_INIT("/v2");

static bool ends_with(struct proa_slice s, struct proa_slice end)
{
    return s.len >= end.len && proa_slice_eq(proa_slice_from(s, s.len - end.len), end);
}

enum proa_err proa_cohere_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    out->feature = NULL;
    if (!in->chat && !in->embed && !in->rerank) {
        proa_cohere_refuse(out, proa_operation_name(in->operation),
                           "this provider has no such operation");
        return PROA_ERR_UNSUPPORTED;
    }
    const enum proa_err err = in->chat ? encode_chat(in, arena, out) : encode_list(in, out);
    if (out->feature) {
        return PROA_ERR_UNSUPPORTED;
    }
    if (err != PROA_OK) {
        return err;
    }
    const struct proa_slice path = in->chat    ? PROA_SLICE("/v2/chat")
                                   : in->embed ? PROA_SLICE("/v2/embed")
                                               : PROA_SLICE("/v2/rerank");
    /* Some SDKs have the version in the base URL, and so may a configuration. */
    const struct proa_request_head head = {
        .path = ends_with(in->base_path, VERSION) ? proa_slice_from(path, VERSION.len) : path};
    return proa_request_finish(in, &head, arena, out);
}
