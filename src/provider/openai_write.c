/*
 * A request of the neutral model as an OpenAI-shaped provider takes it: what it refuses is left out
 * with a warning, what it calls otherwise is renamed. Both stand in rows (openai_quirks.c).
 */
#include "openai_write_priv.h"

#include "proa/chat/effort.h"
#include "proa/json/cursor.h"
#include "proa/provider/vendor.h"

/* May the field be sent? Warns where it may not. */
static bool takes(struct openai_writing *s, enum openai_field field, const char *feature)
{
    if ((s->quirks->refused >> field & 1U) == 0) {
        return true;
    }
    openai_warn(s, feature);
    return false;
}

/* Is it the client's own member, as it stood in a body of this API? */
static bool is_extra(const struct openai_writing *s, struct proa_slice name)
{
    const struct proa_chat_request *chat = s->in->chat;
    const bool own = proa_slice_eq(chat->extras_dialect, PROA_SLICE("openai"));
    for (size_t i = 0; own && i < chat->n_extras; i++) {
        if (proa_chat_text_eq(proa_chat_text(chat->extras[i].key), name)) {
            return true;
        }
    }
    return false;
}

/* Has the client said this member itself, in words of this API that the neutral model does not
 * know? Then that counts: a body has each member once. */
static bool is_said(const struct openai_writing *s, struct proa_slice name)
{
    return is_extra(s, name) || proa_options_have(&s->options, name);
}

/* ---- tools ----------------------------------------------------------------------------------- */

static bool is_own(const struct proa_chat_tool *tool)
{
    return tool->own.len > 0 && proa_slice_eq(tool->own_dialect, PROA_SLICE("openai"));
}

static void tool_object(struct openai_writing *s, const struct proa_chat_tool *tool)
{
    if (tool->own.len > 0) {
        proa_json_writer_raw(&s->w, tool->own);
        return;
    }
    proa_json_writer_begin_object(&s->w);
    openai_put_word(s, "type", "function");
    openai_key(s, "function");
    proa_json_writer_begin_object(&s->w);
    openai_put_text(s, "name", tool->name);
    if (tool->description.len > 0) {
        openai_put_text(s, "description", tool->description);
    }
    if (tool->schema.len > 0) {
        openai_put_raw(s, "parameters", tool->schema);
    } else if (openai_has_flag(s, OPENAI_STRICT)) { /* Mistral wants them */
        openai_put_raw(s, "parameters", PROA_SLICE("{\"type\":\"object\",\"properties\":{}}"));
    }
    if (tool->strict != PROA_CHAT_UNSAID) {
        proa_json_writer_member_bool(&s->w, "strict", tool->strict == PROA_CHAT_YES);
    }
    proa_json_writer_end_object(&s->w);
    proa_json_writer_end_object(&s->w);
}

static void choice_member(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    switch (chat->choice) {
    case PROA_CHAT_CHOICE_UNSAID:
        break;
    case PROA_CHAT_CHOICE_AUTO:
        openai_put_word(s, "tool_choice", "auto");
        break;
    case PROA_CHAT_CHOICE_NONE:
        openai_put_word(s, "tool_choice", "none");
        break;
    case PROA_CHAT_CHOICE_REQUIRED:
        openai_put_word(s, "tool_choice", openai_has_flag(s, OPENAI_ANY) ? "any" : "required");
        break;
    case PROA_CHAT_CHOICE_NAMED:
        openai_key(s, "tool_choice");
        proa_json_writer_begin_object(&s->w);
        openai_put_word(s, "type", "function");
        openai_key(s, "function");
        proa_json_writer_begin_object(&s->w);
        openai_put_text(s, "name", chat->choice_name);
        proa_json_writer_end_object(&s->w);
        proa_json_writer_end_object(&s->w);
        break;
    }
}

/* An empty list is refused by some: without tools there is no member at all. */
static void tools_members(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    bool any = false;
    for (size_t i = 0; i < chat->n_tools; i++) {
        const struct proa_chat_tool *tool = &chat->tools[i];
        if (tool->own.len > 0 && !is_own(tool)) {
            openai_warn(s, "tools of another provider");
            continue;
        }
        if (!any) {
            openai_key(s, "tools");
            proa_json_writer_begin_array(&s->w);
            any = true;
        }
        tool_object(s, tool);
    }
    if (!any) {
        return;
    }
    proa_json_writer_end_array(&s->w);
    choice_member(s);
    if (chat->parallel_tools != PROA_CHAT_UNSAID &&
        takes(s, OPENAI_F_PARALLEL, "parallel_tool_calls")) {
        proa_json_writer_member_bool(&s->w, "parallel_tool_calls",
                                     chat->parallel_tools == PROA_CHAT_YES);
    }
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void schema_member(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    openai_put_word(s, "type", "json_schema");
    openai_key(s, "json_schema");
    proa_json_writer_begin_object(&s->w);
    openai_put_text(s, "name",
                    chat->format_name.len > 0 ? chat->format_name : PROA_SLICE("response"));
    if (chat->format_description.len > 0) {
        openai_put_text(s, "description", chat->format_description);
    }
    openai_put_raw(s, "schema", chat->format_schema);
    if (chat->format_strict != PROA_CHAT_UNSAID) {
        proa_json_writer_member_bool(&s->w, "strict", chat->format_strict == PROA_CHAT_YES);
    }
    proa_json_writer_end_object(&s->w);
}

static void format_member(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    if (chat->format == PROA_CHAT_FORMAT_UNSAID || chat->format == PROA_CHAT_FORMAT_TEXT) {
        return;
    }
    const bool schema = chat->format == PROA_CHAT_FORMAT_SCHEMA && chat->format_schema.len > 0;
    openai_key(s, "response_format");
    proa_json_writer_begin_object(&s->w);
    if (schema && !openai_has_flag(s, OPENAI_JSON_ONLY)) {
        schema_member(s);
    } else {
        openai_put_word(s, "type", "json_object");
        if (schema) {
            proa_chat_warn(s->in->warnings, "response_format",
                           "is any JSON here: this provider takes no schema");
        }
    }
    proa_json_writer_end_object(&s->w);
}

static void number_member(struct openai_writing *s, enum openai_field field, const char *name,
                          const char *feature, struct proa_slice number)
{
    if (number.len > 0 && takes(s, field, feature)) {
        openai_put_raw(s, name, number);
    }
}

static void sampling_members(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    number_member(s, OPENAI_F_TEMPERATURE, "temperature", "temperature", chat->temperature);
    number_member(s, OPENAI_F_TOP_P, "top_p", "top_p", chat->top_p);
    number_member(s, OPENAI_F_SEED, openai_has_flag(s, OPENAI_RANDOM_SEED) ? "random_seed" : "seed",
                  "seed", chat->seed);
    number_member(s, OPENAI_F_PENALTIES, "frequency_penalty", "frequency_penalty",
                  chat->frequency_penalty);
    number_member(s, OPENAI_F_PENALTIES, "presence_penalty", "presence_penalty",
                  chat->presence_penalty);
    if (chat->top_k.len > 0) {
        if (openai_has_flag(s, OPENAI_NO_TOP_K)) {
            openai_warn(s, "top_k");
        } else {
            openai_put_raw(s, "top_k", chat->top_k);
        }
    }
    if (chat->n > 1 && takes(s, OPENAI_F_N, "n")) {
        proa_json_writer_member_u64(&s->w, "n", chat->n);
    }
    if (chat->logprobs == PROA_CHAT_YES && takes(s, OPENAI_F_LOGPROBS, "logprobs")) {
        proa_json_writer_member_bool(&s->w, "logprobs", true);
        if (chat->top_logprobs > 0) {
            proa_json_writer_member_u64(&s->w, "top_logprobs", chat->top_logprobs);
        }
    }
    if (chat->n_stop > 0 && takes(s, OPENAI_F_STOP, "stop")) {
        openai_key(s, "stop");
        proa_json_writer_begin_array(&s->w);
        for (size_t i = 0; i < chat->n_stop; i++) {
            proa_json_writer_text(&s->w, chat->stop[i]);
        }
        proa_json_writer_end_array(&s->w);
    }
}

static void limit_member(struct openai_writing *s)
{
    if (s->in->chat->max_tokens > 0) {
        /* Where either name will do, the older one is known to more servers. */
        proa_json_writer_member_u64(
            &s->w, openai_has_flag(s, OPENAI_MAX_NEW) ? "max_completion_tokens" : "max_tokens",
            s->in->chat->max_tokens);
    }
}

static void thinking_member(struct openai_writing *s, enum proa_chat_effort effort)
{
    if (openai_has_flag(s, OPENAI_THINKING) && effort != PROA_CHAT_EFFORT_UNSAID &&
        !is_said(s, PROA_SLICE("thinking"))) {
        openai_put_raw(s, "thinking",
                       effort == PROA_CHAT_EFFORT_NONE ? PROA_SLICE("{\"type\":\"disabled\"}")
                                                       : PROA_SLICE("{\"type\":\"enabled\"}"));
    }
}

/* A budget of tokens has no place here: it becomes the effort that others take it for. */
static enum proa_chat_effort effort_of(const struct proa_chat_request *chat)
{
    if (chat->effort != PROA_CHAT_EFFORT_UNSAID || chat->thinking_tokens == 0) {
        return chat->effort;
    }
    return chat->thinking_tokens <= 1024   ? PROA_CHAT_EFFORT_LOW
           : chat->thinking_tokens <= 8192 ? PROA_CHAT_EFFORT_MEDIUM
                                           : PROA_CHAT_EFFORT_HIGH;
}

static void effort_member(struct openai_writing *s)
{
    const enum proa_chat_effort effort = effort_of(s->in->chat);
    const struct openai_efforts *efforts = s->quirks->efforts;
    const struct proa_slice word =
        efforts ? proa_slice_cstr(efforts->word[effort]) : proa_chat_effort_word(effort);
    if (effort == PROA_CHAT_EFFORT_UNSAID) {
        return;
    }
    thinking_member(s, effort);
    const bool said = effort != PROA_CHAT_EFFORT_NONE || !openai_has_flag(s, OPENAI_THINKING);
    if (said && takes(s, OPENAI_F_EFFORT, "reasoning_effort")) {
        if (word.len > 0) {
            openai_put_text(s, "reasoning_effort", word);
        } else {
            openai_warn(s, "reasoning_effort");
        }
    }
    /* Groq refuses the one beside the other. */
    if (openai_has_flag(s, OPENAI_REASONING_FORMAT) &&
        !is_said(s, PROA_SLICE("reasoning_format")) &&
        !is_said(s, PROA_SLICE("include_reasoning"))) {
        openai_put_word(s, "reasoning_format", "parsed");
    }
}

static void user_members(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    const char *user = openai_has_flag(s, OPENAI_USER_ID) ? "user_id" : "user";
    if (chat->user.len > 0 && takes(s, OPENAI_F_USER, "user") &&
        !is_said(s, proa_slice_cstr(user))) {
        openai_put_text(s, user, chat->user);
    }
    if (chat->service_tier.len > 0 && takes(s, OPENAI_F_SERVICE_TIER, "service_tier")) {
        openai_put_text(s, "service_tier", chat->service_tier);
    }
}

/* Members that a strict provider has and the neutral model does not. */
static bool is_known_to_strict(struct proa_slice name)
{
    static const struct proa_slice known[] = {
        PROA_SLICE_INIT("safe_prompt"), PROA_SLICE_INIT("prompt_mode"),
        PROA_SLICE_INIT("prediction"), PROA_SLICE_INIT("metadata")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(known); i++) {
        if (proa_slice_eq(known[i], name)) {
            return true;
        }
    }
    return false;
}

static bool takes_extra(const struct openai_writing *s, struct proa_slice name)
{
    if (openai_has_flag(s, OPENAI_STRICT)) {
        return is_known_to_strict(name);
    }
    for (const struct proa_slice *r = s->quirks->refused_extras; r && r->len > 0; r++) {
        if (proa_slice_eq(*r, name)) {
            return false;
        }
    }
    return true;
}

/* What is meant for this provider by options that are members of its API. */
static void option_members(struct openai_writing *s)
{
    for (size_t i = 0; i < s->options.n; i++) {
        const struct proa_option *option = &s->options.items[i];
        if (is_extra(s, option->key)) {
            continue;
        }
        if (takes_extra(s, option->key)) {
            proa_json_writer_key(&s->w, option->key);
            proa_json_writer_raw(&s->w, option->value);
        } else {
            openai_warn(s, "providerOptions");
        }
    }
}

/* What else a client of this dialect said: servers know more fields than we do. */
static void extra_members(struct openai_writing *s)
{
    const struct proa_chat_request *chat = s->in->chat;
    if (chat->n_extras > 0 && !proa_slice_eq(chat->extras_dialect, PROA_SLICE("openai"))) {
        openai_warn(s, "fields of another API");
        return;
    }
    for (size_t i = 0; i < chat->n_extras; i++) {
        const struct proa_chat_extra *extra = &chat->extras[i];
        if (takes_extra(s, proa_chat_text(extra->key))) {
            proa_json_writer_key_token(&s->w, extra->key);
            proa_json_writer_raw(&s->w, extra->value);
        } else {
            openai_warn(s, "fields that only some providers have");
        }
    }
}

/* ---- whole bodies ---------------------------------------------------------------------------- */

static void begin(struct openai_writing *s)
{
    proa_json_writer_init(&s->w, &s->out->body);
    proa_json_writer_begin_object(&s->w);
    openai_key(s, "model");
    proa_json_writer_string(&s->w, s->in->model);
}

static enum proa_err finish(struct openai_writing *s)
{
    proa_json_writer_end_object(&s->w);
    return s->unsupported               ? PROA_ERR_UNSUPPORTED
           : proa_json_writer_ok(&s->w) ? PROA_OK
                                        : PROA_ERR_LIMIT;
}

static struct openai_writing writing_of(const struct proa_encode_in *in, struct proa_arena *arena,
                                        struct proa_encoded *out)
{
    return (struct openai_writing){
        .in = in, .quirks = proa_openai_quirks(in->vendor, in->model), .arena = arena, .out = out};
}

enum proa_err proa_openai_write_chat(const struct proa_encode_in *in, struct proa_arena *arena,
                                     struct proa_encoded *out)
{
    struct openai_writing s = writing_of(in, arena, out);
    struct proa_encode_in with = *in;
    struct proa_chat_request chat;
    if (proa_openai_options(in, &chat, &s.options)) {
        with.chat = &chat;
        s.in = &with;
    }
    begin(&s);
    proa_openai_write_messages(&s);
    if (in->stream) {
        proa_json_writer_member_bool(&s.w, "stream", true);
        if (!openai_has_flag(&s, OPENAI_NO_STREAM_OPTIONS)) {
            openai_put_raw(&s, "stream_options", PROA_SLICE("{\"include_usage\":true}"));
        }
    }
    limit_member(&s);
    tools_members(&s);
    format_member(&s);
    sampling_members(&s);
    effort_member(&s);
    user_members(&s);
    extra_members(&s);
    option_members(&s);
    return finish(&s);
}

enum proa_err proa_openai_write_embed(const struct proa_encode_in *in, struct proa_arena *arena,
                                      struct proa_encoded *out)
{
    const struct proa_chat_embed *embed = in->embed;
    struct openai_writing s = writing_of(in, arena, out);
    begin(&s);
    openai_key(&s, "input");
    proa_json_writer_begin_array(&s.w);
    for (size_t i = 0; i < embed->n_inputs; i++) {
        if (embed->inputs[i].tokens.len > 0) {
            proa_json_writer_raw(&s.w, embed->inputs[i].tokens);
        } else {
            proa_json_writer_text(&s.w, embed->inputs[i].text);
        }
    }
    proa_json_writer_end_array(&s.w);
    openai_put_word(&s, "encoding_format",
                    embed->base64 && !openai_has_flag(&s, OPENAI_STRICT) ? "base64" : "float");
    if (embed->dimensions > 0) {
        proa_json_writer_member_u64(
            &s.w, openai_has_flag(&s, OPENAI_DIMENSION) ? "output_dimension" : "dimensions",
            embed->dimensions);
    }
    if (embed->user.len > 0 && takes(&s, OPENAI_F_USER, "user")) {
        openai_put_text(&s, "user", embed->user);
    }
    return finish(&s);
}

enum proa_err proa_openai_write_rerank(const struct proa_encode_in *in, struct proa_arena *arena,
                                       struct proa_encoded *out)
{
    const struct proa_chat_rerank *rerank = in->rerank;
    struct openai_writing s = writing_of(in, arena, out);
    begin(&s);
    openai_put_text(&s, "query", rerank->query);
    openai_key(&s, "documents");
    proa_json_writer_begin_array(&s.w);
    for (size_t i = 0; i < rerank->n_documents; i++) {
        proa_json_writer_text(&s.w, rerank->documents[i]);
    }
    proa_json_writer_end_array(&s.w);
    if (rerank->top_n > 0) {
        proa_json_writer_member_u64(&s.w, "top_n", rerank->top_n);
    }
    return finish(&s);
}
