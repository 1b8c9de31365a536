/*
 * Streams: one chunk for each event, written as it comes. What both ways share stands here, too.
 */
#include "openai_answer_priv.h"

static void put(struct proa_buf *out, struct proa_slice bytes)
{
    (void)proa_buf_append(out, bytes);
}

static void put_text(struct proa_buf *out, struct proa_slice text)
{
    (void)proa_chat_text_put(out, text);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void put_format(struct proa_buf *out, struct proa_slice sealed_as, uint32_t number)
{
    PROA_BUF_LIT(out, ",\"format\":");
    put_text(out, sealed_as.len > 0 ? sealed_as : PROA_SLICE("unknown"));
    PROA_BUF_LIT(out, ",\"index\":");
    (void)proa_buf_append_u64(out, number);
    PROA_BUF_LIT(out, "}");
}

void proa_answer_put_thought(struct proa_buf *out, struct proa_slice text,
                             struct proa_slice signature, struct proa_slice sealed_as,
                             uint32_t number)
{
    PROA_BUF_LIT(out, "{\"type\":\"reasoning.text\",\"text\":");
    put_text(out, text);
    if (signature.len > 0) {
        PROA_BUF_LIT(out, ",\"signature\":");
        put_text(out, signature);
    }
    put_format(out, sealed_as, number);
}

void proa_answer_put_redacted(struct proa_buf *out, struct proa_slice data,
                              struct proa_slice sealed_as, uint32_t number)
{
    PROA_BUF_LIT(out, "{\"type\":\"reasoning.encrypted\",\"data\":");
    put_text(out, data);
    put_format(out, sealed_as, number);
}

void proa_answer_put_image(struct proa_buf *out, const struct proa_chat_event *event)
{
    PROA_BUF_LIT(out, "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:");
    put(out, event->media_type);
    PROA_BUF_LIT(out, ";base64,");
    put(out, event->text);
    PROA_BUF_LIT(out, "\"}}");
}

void proa_answer_put_audio(const struct proa_api_answer *a, struct proa_buf *out,
                           struct proa_slice data)
{
    PROA_BUF_LIT(out, "{\"id\":\"audio_");
    put(out, a->cfg.id);
    PROA_BUF_LIT(out, "\",\"data\":");
    put_text(out, data);
}

void proa_answer_put_source(struct proa_buf *out, const struct proa_chat_event *event)
{
    PROA_BUF_LIT(out, "{\"type\":\"url_citation\",\"url_citation\":{\"url\":");
    put_text(out, event->id);
    PROA_BUF_LIT(out, ",\"title\":");
    put_text(out, event->name);
    PROA_BUF_LIT(out, "}}");
}

void proa_answer_put_signature(struct proa_buf *out, struct proa_slice signature)
{
    if (signature.len > 0) {
        PROA_BUF_LIT(out, ",\"extra_content\":{\"google\":{\"thought_signature\":");
        put_text(out, signature);
        PROA_BUF_LIT(out, "}}");
    }
}

void proa_answer_put_gateway(struct proa_buf *out, const char *before, struct proa_slice gateway)
{
    if (gateway.len > 0) {
        (void)proa_buf_append_cstr(out, before);
        PROA_BUF_LIT(out, "\"provider_metadata\":{\"gateway\":");
        put(out, gateway);
        PROA_BUF_LIT(out, "}");
    }
}

void proa_answer_put_usage(struct proa_buf *out, const struct proa_usage *usage)
{
    const uint64_t input = proa_usage_count(usage, PROA_USAGE_INPUT);
    const uint64_t output = proa_usage_count(usage, PROA_USAGE_OUTPUT);
    PROA_BUF_LIT(out, "{\"prompt_tokens\":");
    (void)proa_buf_append_u64(out, input);
    PROA_BUF_LIT(out, ",\"completion_tokens\":");
    (void)proa_buf_append_u64(out, output);
    PROA_BUF_LIT(out, ",\"total_tokens\":");
    (void)proa_buf_append_u64(out, input + output);
    PROA_BUF_LIT(out, ",\"prompt_tokens_details\":{\"cached_tokens\":");
    (void)proa_buf_append_u64(out, proa_usage_count(usage, PROA_USAGE_CACHE_READ));
    if (proa_usage_has(usage, PROA_USAGE_CACHE_WRITE)) {
        PROA_BUF_LIT(out, ",\"cache_write_tokens\":");
        (void)proa_buf_append_u64(out, usage->count[PROA_USAGE_CACHE_WRITE]);
    }
    PROA_BUF_LIT(out, "},\"completion_tokens_details\":{\"reasoning_tokens\":");
    (void)proa_buf_append_u64(out, proa_usage_count(usage, PROA_USAGE_REASONING));
    PROA_BUF_LIT(out, "}}");
}

const char *proa_answer_finish(const struct proa_api_answer *a, enum proa_chat_finish finish)
{
    return a->cfg.functions && finish == PROA_CHAT_FINISH_TOOLS ? "function_call"
                                                                : proa_chat_finish_name(finish);
}

struct proa_slice proa_answer_call_id(struct proa_api_answer *a,
                                      const struct proa_chat_event *event)
{
    return event->id.len > 0 ? event->id
                             : proa_arena_printf(a->arena, "call_%" PROA_SLICE_FMT "_%u_%u",
                                                 PROA_SLICE_ARG(a->cfg.id), (unsigned)event->choice,
                                                 (unsigned)event->tool);
}

/* ---- the beginning --------------------------------------------------------------------------- */

static struct proa_slice object_of(const struct proa_api_answer *a)
{
    return a->cfg.completion ? PROA_SLICE("text_completion")
           : a->cfg.stream   ? PROA_SLICE("chat.completion.chunk")
                             : PROA_SLICE("chat.completion");
}

/* {"id","object","created","model" */
static void put_head(struct proa_api_answer *a, const struct proa_chat_event *event,
                     struct proa_buf *out)
{
    PROA_BUF_LIT(out, "{\"id\":\"");
    if (event->id.len > 0) {
        put(out, event->id);
    } else {
        (void)proa_buf_append_cstr(out, a->cfg.completion ? "cmpl-" : "chatcmpl-");
        put(out, a->cfg.id);
    }
    PROA_BUF_LIT(out, "\",\"object\":\"");
    put(out, object_of(a));
    PROA_BUF_LIT(out, "\",\"created\":");
    (void)proa_buf_append_u64(out, event->created_s > 0 ? event->created_s : a->cfg.created_s);
    PROA_BUF_LIT(out, ",\"model\":");
    put_text(out, event->model.len > 0 ? event->model : proa_chat_text_of(a->cfg.model, a->arena));
}

/* The answer begins, by its first event or without one. */
static void start(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    const size_t room =
        event->id.len + event->model.len + a->cfg.id.len + 6 * a->cfg.model.len + 256;
    struct proa_buf head = {.ptr = proa_arena_alloc(a->arena, room), .cap = room, .max = room};
    if (a->cfg.stream) {
        PROA_BUF_LIT(&head, "data: ");
    }
    put_head(a, event, &head);
    if (a->cfg.stream && a->cfg.include_usage) {
        PROA_BUF_LIT(&head, ",\"usage\":null");
    }
    a->head = proa_buf_slice(&head);
}

struct choice *proa_answer_choice(struct proa_api_answer *a, uint32_t number)
{
    const size_t at = number < ANSWER_CHOICES_MAX ? number : ANSWER_CHOICES_MAX - 1;
    if (!a->choices[at]) {
        a->choices[at] = PROA_ARENA_NEW(a->arena, struct choice);
        a->n_choices = at >= a->n_choices ? at + 1 : a->n_choices;
    }
    return a->choices[at];
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static void begin_chunk(struct proa_api_answer *a, uint32_t choice)
{
    put(a->out, a->head);
    PROA_BUF_LIT(a->out, ",\"choices\":[{\"index\":");
    (void)proa_buf_append_u64(a->out, choice);
}

static void begin_delta(struct proa_api_answer *a, uint32_t choice)
{
    begin_chunk(a, choice);
    PROA_BUF_LIT(a->out, ",\"delta\":{");
}

static void end_delta(struct proa_api_answer *a)
{
    PROA_BUF_LIT(a->out, "},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
}

static void begin_choice(struct proa_api_answer *a, uint32_t number)
{
    struct choice *c = proa_answer_choice(a, number);
    if (!c->begun) {
        c->begun = true;
        begin_delta(a, number);
        PROA_BUF_LIT(a->out, "\"role\":\"assistant\",\"content\":\"\"");
        end_delta(a);
    }
}

/* A delta of one member that is a text. */
static void tell_text(struct proa_api_answer *a, uint32_t choice, struct proa_slice begin,
                      struct proa_slice text)
{
    begin_delta(a, choice);
    put(a->out, begin);
    put_text(a->out, text);
    end_delta(a);
}

static void tell_thought(struct proa_api_answer *a, struct choice *c,
                         const struct proa_chat_event *event)
{
    begin_delta(a, event->choice);
    if (event->kind == PROA_CHAT_REASONING) {
        PROA_BUF_LIT(a->out, "\"reasoning_content\":");
        put_text(a->out, event->text);
        PROA_BUF_LIT(a->out, ",\"reasoning\":");
        put_text(a->out, event->text);
        PROA_BUF_LIT(a->out, ",");
    }
    PROA_BUF_LIT(a->out, "\"reasoning_details\":[");
    if (event->kind == PROA_CHAT_REDACTED) {
        proa_answer_put_redacted(a->out, event->text, event->name, c->n_thought);
    } else if (event->kind == PROA_CHAT_SIGNATURE) {
        proa_answer_put_thought(a->out, PROA_SLICE_NONE, event->text, event->name, c->n_thought);
    } else {
        proa_answer_put_thought(a->out, event->text, PROA_SLICE_NONE, PROA_SLICE_NONE,
                                c->n_thought);
    }
    PROA_BUF_LIT(a->out, "]");
    end_delta(a);
}

/* Blocks of reasoning are counted: one ends with its signature, or where something else begins. */
static void think(struct proa_api_answer *a, struct choice *c, const struct proa_chat_event *event)
{
    if (event->kind == PROA_CHAT_REDACTED && c->thinking) {
        c->n_thought++;
    }
    if (!a->cfg.hide_thinking) {
        tell_thought(a, c, event);
    }
    c->thinking = event->kind == PROA_CHAT_REASONING;
    c->n_thought += !c->thinking;
}

static void stop_thinking(struct choice *c)
{
    c->n_thought += c->thinking;
    c->thinking = false;
}

static void tell_call(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    begin_delta(a, event->choice);
    if (a->cfg.functions) {
        PROA_BUF_LIT(a->out, "\"function_call\":{\"name\":");
        put_text(a->out, event->name);
        PROA_BUF_LIT(a->out, ",\"arguments\":\"\"}");
    } else {
        PROA_BUF_LIT(a->out, "\"tool_calls\":[{\"index\":");
        (void)proa_buf_append_u64(a->out, event->tool);
        PROA_BUF_LIT(a->out, ",\"id\":");
        put_text(a->out, proa_answer_call_id(a, event));
        PROA_BUF_LIT(a->out, ",\"type\":\"function\",\"function\":{\"name\":");
        put_text(a->out, event->name);
        PROA_BUF_LIT(a->out, ",\"arguments\":\"\"}");
        proa_answer_put_signature(a->out, event->text);
        PROA_BUF_LIT(a->out, "}]");
    }
    end_delta(a);
}

static void tell_piece(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    begin_delta(a, event->choice);
    if (a->cfg.functions) {
        PROA_BUF_LIT(a->out, "\"function_call\":{\"arguments\":");
        put_text(a->out, event->text);
        PROA_BUF_LIT(a->out, "}");
    } else {
        PROA_BUF_LIT(a->out, "\"tool_calls\":[{\"index\":");
        (void)proa_buf_append_u64(a->out, event->tool);
        PROA_BUF_LIT(a->out, ",\"function\":{\"arguments\":");
        put_text(a->out, event->text);
        PROA_BUF_LIT(a->out, "}}]");
    }
    end_delta(a);
}

static void tell_media(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    begin_delta(a, event->choice);
    if (proa_answer_is_audio(event)) {
        PROA_BUF_LIT(a->out, "\"audio\":");
        proa_answer_put_audio(a, a->out, event->text);
        PROA_BUF_LIT(a->out, "}");
    } else {
        PROA_BUF_LIT(a->out, "\"images\":[");
        proa_answer_put_image(a->out, event);
        PROA_BUF_LIT(a->out, "]");
    }
    end_delta(a);
}

static void tell_logprobs(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    begin_delta(a, event->choice);
    PROA_BUF_LIT(a->out, "},\"logprobs\":");
    put(a->out, event->raw);
    PROA_BUF_LIT(a->out, ",\"finish_reason\":null}]}\n\n");
}

static void put_finish(struct proa_api_answer *a, uint32_t choice, enum proa_chat_finish finish,
                       struct proa_slice gateway)
{
    begin_chunk(a, choice);
    if (a->cfg.completion) {
        PROA_BUF_LIT(a->out, ",\"text\":\"\"");
    } else {
        PROA_BUF_LIT(a->out, ",\"delta\":{");
        proa_answer_put_gateway(a->out, "", gateway);
        PROA_BUF_LIT(a->out, "}");
    }
    PROA_BUF_LIT(a->out, ",\"logprobs\":null,\"finish_reason\":\"");
    (void)proa_buf_append_cstr(a->out, proa_answer_finish(a, finish));
    PROA_BUF_LIT(a->out, "\"}]}\n\n");
}

static void tell_finish(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    struct choice *c = proa_answer_choice(a, event->choice);
    if (a->cfg.late_finish) {
        c->finished = true;
        c->finish = event->finish;
    } else {
        put_finish(a, event->choice, event->finish, PROA_SLICE_NONE);
    }
}

/* What has waited for the end; the gateway's words stand at the first choice. */
static void tell_late(struct proa_api_answer *a, struct proa_slice gateway)
{
    for (uint32_t i = 0; i < a->n_choices; i++) {
        if (a->choices[i] && a->choices[i]->finished) {
            put_finish(a, i, a->choices[i]->finish, i == 0 ? gateway : PROA_SLICE_NONE);
        }
    }
}

/* Only one function can be called by the old form; what else would be is left out. */
static bool is_told(const struct proa_api_answer *a, const struct proa_chat_event *event)
{
    return !a->cfg.functions || event->tool == 0;
}

static void tell(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    struct choice *c = proa_answer_choice(a, event->choice);
    begin_choice(a, event->choice);
    switch (event->kind) {
    case PROA_CHAT_REASONING:
    case PROA_CHAT_SIGNATURE:
    case PROA_CHAT_REDACTED:
        think(a, c, event);
        return;
    case PROA_CHAT_TEXT:
        tell_text(a, event->choice, PROA_SLICE("\"content\":"), event->text);
        break;
    case PROA_CHAT_REFUSAL:
        tell_text(a, event->choice, PROA_SLICE("\"refusal\":"), event->text);
        break;
    case PROA_CHAT_TOOL_START:
        if (is_told(a, event)) {
            tell_call(a, event);
        }
        break;
    case PROA_CHAT_TOOL_PIECE:
        if (is_told(a, event)) {
            tell_piece(a, event);
        }
        break;
    case PROA_CHAT_MEDIA:
        tell_media(a, event);
        break;
    case PROA_CHAT_CITATION:
        if (event->id.len > 0) {
            begin_delta(a, event->choice);
            PROA_BUF_LIT(a->out, "\"annotations\":[");
            proa_answer_put_source(a->out, event);
            PROA_BUF_LIT(a->out, "]");
            end_delta(a);
        }
        break;
    case PROA_CHAT_LOGPROBS:
        tell_logprobs(a, event);
        break;
    case PROA_CHAT_FINISH:
        tell_finish(a, event);
        break;
    case PROA_CHAT_START:
    case PROA_CHAT_TOOL_END:
    case PROA_CHAT_USAGE:
    case PROA_CHAT_TOOL_RESULT:
    case PROA_CHAT_VECTOR:
    case PROA_CHAT_RANK:
        return;
    }
    stop_thinking(c);
}

/* A completion has text, and nothing else. */
static void tell_completion(struct proa_api_answer *a, const struct proa_chat_event *event)
{
    if (event->kind == PROA_CHAT_TEXT || event->kind == PROA_CHAT_REFUSAL) {
        begin_chunk(a, event->choice);
        PROA_BUF_LIT(a->out, ",\"text\":");
        put_text(a->out, event->text);
        PROA_BUF_LIT(a->out, ",\"logprobs\":null,\"finish_reason\":null}]}\n\n");
    } else if (event->kind == PROA_CHAT_FINISH) {
        tell_finish(a, event);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void on_event(void *ctx, const struct proa_chat_event *event)
{
    struct proa_api_answer *a = ctx;
    if (a->head.len == 0) {
        const struct proa_chat_event unknown = {.kind = PROA_CHAT_START};
        start(a, event->kind == PROA_CHAT_START ? event : &unknown);
    }
    if (event->kind == PROA_CHAT_USAGE) {
        return; /* told at the end */
    }
    if (!a->cfg.stream) {
        proa_answer_gather(a, event);
    } else if (a->cfg.completion) {
        tell_completion(a, event);
    } else {
        tell(a, event);
    }
}

struct proa_api_answer *proa_api_answer_create(const struct proa_api_answer_cfg *cfg,
                                               struct proa_buf *out, struct proa_arena *arena)
{
    struct proa_api_answer *a = PROA_ARENA_NEW(arena, struct proa_api_answer);
    a->cfg = *cfg;
    a->out = out;
    a->arena = arena;
    return a;
}

void proa_api_answer_destroy(struct proa_api_answer *a)
{
    for (size_t i = 0; a && i < a->n_choices; i++) {
        struct choice *c = a->choices[i];
        if (!c) {
            continue;
        }
        struct proa_buf *const bufs[] = {&c->text,    &c->refusal, &c->reasoning,
                                         &c->details, &c->thought, &c->images,
                                         &c->audio,   &c->sources, &c->logprobs};
        for (size_t b = 0; b < PROA_ARRAY_LEN(bufs); b++) {
            proa_buf_deinit(bufs[b]);
        }
        for (size_t k = 0; k < c->n_calls; k++) {
            proa_buf_deinit(&c->calls[k].arguments);
        }
        c->n_calls = 0;
    }
}

struct proa_chat_sink proa_api_answer_sink(struct proa_api_answer *a)
{
    return (struct proa_chat_sink){.event = on_event, .ctx = a};
}

void proa_api_answer_end(struct proa_api_answer *a, const struct proa_usage *usage,
                         struct proa_slice gateway)
{
    if (!a->cfg.stream) {
        proa_answer_write(a, usage, gateway);
        return;
    }
    tell_late(a, gateway);
    if (a->cfg.include_usage && usage->known != 0 && a->head.len > 0) {
        struct proa_slice head = a->head; /* without the "usage":null of the chunks before */
        head.len -= sizeof(",\"usage\":null") - 1;
        put(a->out, head);
        PROA_BUF_LIT(a->out, ",\"choices\":[],\"usage\":");
        proa_answer_put_usage(a->out, usage);
        PROA_BUF_LIT(a->out, "}\n\n");
    }
    PROA_BUF_LIT(a->out, "data: [DONE]\n\n");
}
