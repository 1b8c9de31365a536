/*
 * Answers of language models: parts, streamed one by one or gathered into one object. The parts are
 * the same but for texts and thoughts, which a stream tells in pieces between a start and an end.
 *
 * Source of the vocabulary and the order: LanguageModelV2StreamPart, V3 and V4 in
 * `@ai-sdk/provider`. A client breaks off at a type that it does not know, so that nothing else is
 * written. The generation's id stands at the first part of content and at the end.
 */
#include "aisdk_write_priv.h"

#include "proa/chat/text.h"

enum {
    CALLS_MAX = 128,
    TEXT_MAX = 256 * 1024 * 1024, /* of one text; the answer it is made of is bounded, */
    KEPT_MAX = 32 * 1024 * 1024,  /* which a stream is not: of all that is kept of one */
    SOURCES_BY_VERSION = 4,       /* the first that tags where a file's bytes are, */
    CITATIONS_BY_VERSION = 4      /* and that has what a text is based on beside it */
};

enum block { BLOCK_NONE = 0, BLOCK_TEXT, BLOCK_REASONING };

struct call {
    struct proa_slice id; /* texts, in the arena */
    struct proa_slice name;
    struct proa_slice signature;
    struct proa_buf arguments; /* text */
    bool told;
    bool executed; /* by its provider */
};

struct answer {
    struct proa_api_writer writer;
    bool stream;
    bool raw_chunks; /* the provider's own as well */
    unsigned version;
    struct proa_slice id; /* texts */
    struct proa_slice model;
    struct proa_slice generation;
    struct proa_slice warnings; /* JSON */
    uint64_t created_s;
    struct proa_buf *out;
    struct proa_arena *arena;

    bool started;
    bool identified; /* the generation's id stands at a part */
    enum block open;
    uint32_t n_blocks;
    uint32_t n_sources;
    struct proa_aisdk_documents documents;
    struct proa_buf citations; /* of the text that is open: JSON, elements */
    struct proa_buf text;      /* whole: of the block that is open */
    struct proa_buf content;   /* whole: JSON, the parts */
    struct call *calls;
    size_t n_calls;
    bool called; /* the client's own */
    struct proa_aisdk_aliases aliases;
    struct proa_aisdk_raw_usage raw_usage;
    uint64_t kept; /* bytes, of a stream's calls and citations */

    bool finished;
    bool refused;
    enum proa_chat_finish finish;
    struct proa_slice raw_finish; /* text */
};

/* ---- parts ----------------------------------------------------------------------------------- */

static struct proa_buf *begin_part(struct answer *a, const char *type)
{
    struct proa_buf *b = a->stream ? a->out : &a->content;
    (void)proa_buf_append_cstr(b, a->stream    ? "data: {\"type\":\""
                                  : b->len > 0 ? ",{\"type\":\""
                                               : "{\"type\":\"");
    (void)proa_buf_append_cstr(b, type);
    PROA_BUF_LIT(b, "\"");
    return b;
}

static void end_part(struct answer *a, struct proa_buf *b)
{
    (void)proa_buf_append_cstr(b, a->stream ? "}\n\n" : "}");
}

/* ,"key":"text"; the key with its comma and colon */
static void put_member(struct proa_buf *b, const char *key, struct proa_slice text)
{
    (void)proa_buf_append_cstr(b, key);
    (void)proa_chat_text_put(b, text);
}

static void put_number_id(struct proa_buf *b, uint32_t number)
{
    PROA_BUF_LIT(b, ",\"id\":\"");
    (void)proa_buf_append_u64(b, number);
    PROA_BUF_LIT(b, "\"");
}

/* A text under `key` of a provider's, and the generation's id where it has not been told yet. */
static void put_metadata(struct answer *a, struct proa_buf *b, const char *key,
                         struct proa_slice text)
{
    const bool identify = a->stream && !a->identified && a->generation.len > 0;
    if (text.len == 0 && !identify) {
        return;
    }
    PROA_BUF_LIT(b, ",\"providerMetadata\":{");
    if (text.len > 0) {
        put_member(b, key, text);
        (void)proa_buf_append_cstr(b, identify ? "}," : "}");
    }
    if (identify) {
        put_member(b, "\"gateway\":{\"generationId\":", a->generation);
        PROA_BUF_LIT(b, "}");
        a->identified = true;
    }
    PROA_BUF_LIT(b, "}");
}

#define SIGNATURE "\"anthropic\":{\"signature\":"
#define REDACTED  "\"anthropic\":{\"redactedData\":"
#define ENCRYPTED "\"openai\":{\"reasoningEncryptedContent\":"
#define THOUGHT   "\"google\":{\"thoughtSignature\":"

/* ---- texts and thoughts ---------------------------------------------------------------------- */

static void close_block(struct answer *a, struct proa_slice signature)
{
    const bool text = a->open == BLOCK_TEXT;
    if (a->open == BLOCK_NONE) {
        return;
    }
    a->open = BLOCK_NONE;
    struct proa_buf *b = begin_part(a, !a->stream ? (text ? "text" : "reasoning")
                                       : text     ? "text-end"
                                                  : "reasoning-end");
    if (a->stream) {
        put_number_id(b, a->n_blocks - 1);
    } else {
        put_member(b, ",\"text\":", proa_buf_slice(&a->text));
        a->content.failed = a->content.failed || a->text.failed;
        proa_buf_clear(&a->text);
    }
    if (a->citations.len > 0) {
        PROA_BUF_LIT(b, ",\"citations\":[");
        (void)proa_buf_append(b, proa_buf_slice(&a->citations));
        PROA_BUF_LIT(b, "]");
        b->failed = b->failed || a->citations.failed;
        proa_buf_clear(&a->citations);
    }
    put_metadata(a, b, SIGNATURE, signature);
    end_part(a, b);
}

/* Under whose name what only its provider can read stands. */
static const char *sealed_key(struct proa_slice sealed_as)
{
    return proa_slice_eq(sealed_as, PROA_SLICE(PROA_CHAT_SEALED_OPENAI)) ? ENCRYPTED : REDACTED;
}

static void open_block(struct answer *a, enum block block, struct proa_slice redacted,
                       struct proa_slice sealed_as)
{
    if (a->open == block && redacted.len == 0) {
        return;
    }
    close_block(a, PROA_SLICE_NONE);
    a->open = block;
    if (a->stream) {
        struct proa_buf *b = begin_part(a, block == BLOCK_TEXT ? "text-start" : "reasoning-start");
        put_number_id(b, a->n_blocks);
        put_metadata(a, b, sealed_key(sealed_as), redacted);
        end_part(a, b);
    }
    a->n_blocks++;
}

static void add_text(struct answer *a, enum block block, struct proa_slice text)
{
    if (text.len == 0) {
        return;
    }
    open_block(a, block, PROA_SLICE_NONE, PROA_SLICE_NONE);
    if (!a->stream) {
        (void)proa_buf_append(&a->text, text);
        return;
    }
    struct proa_buf *b = begin_part(a, block == BLOCK_TEXT ? "text-delta" : "reasoning-delta");
    put_number_id(b, a->n_blocks - 1);
    put_member(b, ",\"delta\":", text);
    end_part(a, b);
}

/* Thoughts that only their provider can read: a block of their own without a text. */
static void add_redacted(struct answer *a, struct proa_slice data, struct proa_slice sealed_as)
{
    if (a->stream) {
        open_block(a, BLOCK_REASONING, data, sealed_as);
        close_block(a, PROA_SLICE_NONE);
        return;
    }
    close_block(a, PROA_SLICE_NONE);
    struct proa_buf *b = begin_part(a, "reasoning");
    PROA_BUF_LIT(b, ",\"text\":\"\"");
    put_metadata(a, b, sealed_key(sealed_as), data);
    end_part(a, b);
}

static void add_signature(struct answer *a, struct proa_slice signature)
{
    if (signature.len > 0) {
        open_block(a, BLOCK_REASONING, PROA_SLICE_NONE, PROA_SLICE_NONE);
        close_block(a, signature);
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void put_executed(struct proa_buf *b, const struct call *call)
{
    if (call->executed) {
        PROA_BUF_LIT(b, ",\"providerExecuted\":true");
    }
}

static struct call *call_of(struct answer *a, const struct proa_chat_event *event)
{
    return event->tool < a->n_calls ? &a->calls[event->tool] : NULL;
}

static void begin_call(struct answer *a, const struct proa_chat_event *event)
{
    close_block(a, PROA_SLICE_NONE);
    if (a->n_calls == CALLS_MAX) {
        return;
    }
    if (!a->calls) {
        a->calls = proa_arena_zero(a->arena, CALLS_MAX, sizeof a->calls[0]);
    }
    struct call *call = &a->calls[a->n_calls];
    call->id = event->id.len > 0 ? proa_arena_dup(a->arena, event->id)
                                 : proa_arena_printf(a->arena, "call_%" PROA_SLICE_FMT "_%zu",
                                                     PROA_SLICE_ARG(a->id), a->n_calls);
    call->name = proa_arena_dup(a->arena, proa_aisdk_alias_of(&a->aliases, event->name));
    call->executed = event->executed;
    a->called = a->called || !event->executed;
    call->signature = proa_arena_dup(a->arena, event->text);
    call->arguments.max = TEXT_MAX;
    a->n_calls++;
    if (a->stream) {
        struct proa_buf *b = begin_part(a, "tool-input-start");
        put_member(b, ",\"id\":", call->id);
        put_member(b, ",\"toolName\":", call->name);
        put_executed(b, call);
        put_metadata(a, b, THOUGHT, PROA_SLICE_NONE);
        end_part(a, b);
    }
}

/* A part that is told whole is kept until it is: false where too much is. */
static bool may_keep(struct answer *a, size_t n)
{
    a->kept += n;
    if (a->stream && a->kept > KEPT_MAX) {
        a->out->failed = true;
        return false;
    }
    return true;
}

static void add_piece(struct answer *a, const struct proa_chat_event *event)
{
    struct call *call = call_of(a, event);
    if (!call || event->text.len == 0 || !may_keep(a, event->text.len)) {
        return;
    }
    (void)proa_buf_append(&call->arguments, event->text);
    if (a->stream) {
        struct proa_buf *b = begin_part(a, "tool-input-delta");
        put_member(b, ",\"id\":", call->id);
        put_member(b, ",\"delta\":", event->text);
        end_part(a, b);
    }
}

static void end_call(struct answer *a, struct call *call)
{
    if (!call || call->told) {
        return;
    }
    call->told = true;
    struct proa_buf *b;
    if (a->stream) {
        b = begin_part(a, "tool-input-end");
        put_member(b, ",\"id\":", call->id);
        end_part(a, b);
    }
    b = begin_part(a, "tool-call");
    put_member(b, ",\"toolCallId\":", call->id);
    put_member(b, ",\"toolName\":", call->name);
    put_member(b, ",\"input\":",
               call->arguments.len > 0 ? proa_buf_slice(&call->arguments) : PROA_SLICE("{}"));
    put_executed(b, call);
    put_metadata(a, b, THOUGHT, call->signature);
    end_part(a, b);
    b->failed = b->failed || call->arguments.failed;
    proa_buf_deinit(&call->arguments);
}

/* Of a call in this answer; clients know no other. */
static void add_result(struct answer *a, const struct proa_chat_event *event)
{
    size_t i = 0;
    while (i < a->n_calls && !(a->calls[i].executed && proa_slice_eq(a->calls[i].id, event->id))) {
        i++;
    }
    if (i == a->n_calls) {
        return;
    }
    end_call(a, &a->calls[i]);
    struct proa_buf *b = begin_part(a, "tool-result");
    put_member(b, ",\"toolCallId\":", a->calls[i].id);
    put_member(b, ",\"toolName\":", a->calls[i].name);
    put_executed(b, &a->calls[i]);
    PROA_BUF_LIT(b, ",\"result\":");
    proa_aisdk_put_result(b, event->raw);
    (void)proa_buf_append_cstr(b, event->failed ? ",\"isError\":true" : "");
    end_part(a, b);
}

/* ---- sources and files ----------------------------------------------------------------------- */

/* {"source":{...},"citedText":...} */
static void add_citation(struct answer *a, const struct proa_chat_event *event)
{
    const struct proa_slice cited = proa_aisdk_cited(event);
    if (!may_keep(a, event->raw.len + event->text.len)) {
        return;
    }
    (void)proa_buf_append_cstr(&a->citations, a->citations.len > 0 ? ",{" : "{");
    PROA_BUF_LIT(&a->citations, "\"source\":{");
    (void)proa_aisdk_put_source(&a->citations, &a->documents, event, a->n_sources);
    PROA_BUF_LIT(&a->citations, "}");
    if (cited.len > 0) {
        put_member(&a->citations, ",\"citedText\":", cited);
    }
    PROA_BUF_LIT(&a->citations, "}");
}

static void add_source(struct answer *a, const struct proa_chat_event *event)
{
    struct proa_buf *b = a->stream ? a->out : &a->content;
    const size_t before = b->len;
    (void)proa_buf_append_cstr(b, a->stream ? "data: {" : b->len > 0 ? ",{" : "{");
    if (!proa_aisdk_put_source(b, &a->documents, event, a->n_sources)) {
        b->len = before; /* what it is taken from has no form here */
        return;
    }
    if (event->id.len > 0) { /* a document says there where in it */
        put_metadata(a, b, SIGNATURE, PROA_SLICE_NONE);
    }
    end_part(a, b);
    if (a->version >= CITATIONS_BY_VERSION && a->open == BLOCK_TEXT) {
        add_citation(a, event);
    }
    a->n_sources++;
}

static void add_file(struct answer *a, const struct proa_chat_event *event)
{
    close_block(a, PROA_SLICE_NONE);
    struct proa_buf *b = begin_part(a, "file");
    put_member(b, ",\"mediaType\":", event->media_type);
    if (a->version >= SOURCES_BY_VERSION) {
        put_member(b, ",\"data\":{\"type\":\"data\",\"data\":", event->text);
        PROA_BUF_LIT(b, "}");
    } else {
        put_member(b, ",\"data\":", event->text);
    }
    put_metadata(a, b, SIGNATURE, PROA_SLICE_NONE);
    end_part(a, b);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void put_response(struct answer *a, struct proa_buf *b, const char *id)
{
    put_member(b, id, a->id);
    put_member(b, ",\"modelId\":", a->model);
    PROA_BUF_LIT(b, ",\"timestamp\":");
    proa_aisdk_put_time(b, a->created_s);
}

static void start(struct answer *a, const struct proa_chat_event *event)
{
    a->started = true;
    if (event->kind == PROA_CHAT_START) {
        a->id = event->id.len > 0 ? proa_arena_dup(a->arena, event->id) : a->id;
        a->model = event->model.len > 0 ? proa_arena_dup(a->arena, event->model) : a->model;
        a->created_s = event->created_s > 0 ? event->created_s : a->created_s;
    }
    if (a->stream) {
        struct proa_buf *b = begin_part(a, "stream-start");
        PROA_BUF_LIT(b, ",\"warnings\":");
        (void)proa_buf_append(b, a->warnings);
        end_part(a, b);
        b = begin_part(a, "response-metadata");
        put_response(a, b, ",\"id\":");
        end_part(a, b);
    }
}

static void on_event(void *ctx, const struct proa_chat_event *event)
{
    struct answer *a = ctx;
    if (event->choice > 0) {
        return; /* nobody can ask for more than one */
    }
    if (!a->started) {
        start(a, event);
    }
    switch (event->kind) {
    case PROA_CHAT_TEXT:
        add_text(a, BLOCK_TEXT, event->text);
        break;
    case PROA_CHAT_REFUSAL:
        a->refused = true;
        add_text(a, BLOCK_TEXT, event->text);
        break;
    case PROA_CHAT_REASONING:
        add_text(a, BLOCK_REASONING, event->text);
        break;
    case PROA_CHAT_SIGNATURE:
        add_signature(a, event->text);
        break;
    case PROA_CHAT_REDACTED:
        add_redacted(a, event->text, event->name);
        break;
    case PROA_CHAT_TOOL_START:
        begin_call(a, event);
        break;
    case PROA_CHAT_TOOL_PIECE:
        add_piece(a, event);
        break;
    case PROA_CHAT_TOOL_END:
        end_call(a, call_of(a, event));
        break;
    case PROA_CHAT_MEDIA:
        add_file(a, event);
        break;
    case PROA_CHAT_CITATION:
        add_source(a, event);
        break;
    case PROA_CHAT_FINISH:
        a->finished = true;
        a->finish = event->finish;
        a->raw_finish = proa_arena_dup(a->arena, event->text);
        break;
    case PROA_CHAT_TOOL_RESULT:
        add_result(a, event);
        break;
    case PROA_CHAT_USAGE:
        proa_aisdk_raw_usage_take(&a->raw_usage, event->raw);
        break;
    case PROA_CHAT_START:
    case PROA_CHAT_LOGPROBS:
    case PROA_CHAT_VECTOR:
    case PROA_CHAT_RANK:
        break;
    }
}

static void on_raw(void *ctx, struct proa_slice data)
{
    struct answer *a = ctx;
    if (a->started) { /* it cannot stand before the beginning */
        struct proa_buf *b = begin_part(a, "raw");
        PROA_BUF_LIT(b, ",\"rawValue\":");
        proa_aisdk_put_line(b, data);
        end_part(a, b);
    }
}

static struct proa_chat_sink sink(struct proa_api_writer *w, size_t first)
{
    const struct answer *a = (const struct answer *)w;
    (void)first;
    return (struct proa_chat_sink){.event = on_event,
                                   .raw = a->stream && a->raw_chunks ? on_raw : NULL,
                                   .ctx = w,
                                   .executed = true};
}

/* ---- the end --------------------------------------------------------------------------------- */

static const char *unified(const struct answer *a)
{
    if (!a->finished) {
        return a->version == 2 ? "unknown" : "other";
    }
    switch (a->finish) {
    case PROA_CHAT_FINISH_STOP:
        return a->called ? "tool-calls" : a->refused ? "content-filter" : "stop";
    case PROA_CHAT_FINISH_LENGTH:
        return "length";
    case PROA_CHAT_FINISH_TOOLS:
        return "tool-calls";
    case PROA_CHAT_FINISH_FILTER:
        return "content-filter";
    case PROA_CHAT_FINISH_OTHER:
        break;
    }
    return "other";
}

/* ,"finishReason":...,"usage":...,"providerMetadata":... */
static void put_end(struct answer *a, const struct proa_usage *usage, struct proa_slice gateway)
{
    PROA_BUF_LIT(a->out, ",\"finishReason\":");
    proa_aisdk_put_finish(a->out, a->version, unified(a), a->raw_finish);
    PROA_BUF_LIT(a->out, ",\"usage\":");
    proa_aisdk_put_usage(a->out, a->version, usage,
                         proa_aisdk_raw_usage_of(&a->raw_usage, a->arena));
    proa_aisdk_put_gateway(a->out, gateway);
}

static bool end(struct proa_api_writer *w, const struct proa_usage *usage,
                struct proa_slice gateway)
{
    struct answer *a = (struct answer *)w;
    if (!a->started) {
        start(a, &(const struct proa_chat_event){.kind = PROA_CHAT_FINISH});
    }
    close_block(a, PROA_SLICE_NONE);
    for (size_t i = 0; i < a->n_calls; i++) {
        end_call(a, &a->calls[i]);
    }
    if (a->stream) {
        struct proa_buf *b = begin_part(a, "finish");
        put_end(a, usage, gateway);
        end_part(a, b);
        PROA_BUF_LIT(a->out, "data: [DONE]\n\n");
        return proa_buf_ok(a->out);
    }
    PROA_BUF_LIT(a->out, "{\"content\":[");
    (void)proa_buf_append(a->out, proa_buf_slice(&a->content));
    PROA_BUF_LIT(a->out, "]");
    put_end(a, usage, gateway);
    PROA_BUF_LIT(a->out, ",\"warnings\":");
    (void)proa_buf_append(a->out, a->warnings);
    PROA_BUF_LIT(a->out, ",\"response\":{");
    put_response(a, a->out, "\"id\":");
    PROA_BUF_LIT(a->out, "}}");
    a->out->failed = a->out->failed || a->content.failed;
    return proa_buf_ok(a->out);
}

static void destroy(struct proa_api_writer *w)
{
    struct answer *a = (struct answer *)w;
    for (size_t i = 0; i < a->n_calls; i++) {
        proa_buf_deinit(&a->calls[i].arguments);
    }
    proa_buf_deinit(&a->text);
    proa_buf_deinit(&a->content);
    proa_buf_deinit(&a->citations);
    proa_aisdk_raw_usage_deinit(&a->raw_usage);
    a->n_calls = 0;
}

struct proa_api_writer *proa_aisdk_answer_create(const struct proa_api_writer_cfg *cfg,
                                                 struct proa_buf *out, struct proa_arena *arena)
{
    struct answer *a = PROA_ARENA_NEW(arena, struct answer);
    a->writer = (struct proa_api_writer){.sink = sink, .end = end, .destroy = destroy};
    a->stream = cfg->stream;
    a->raw_chunks = cfg->asked->raw_chunks;
    a->version = cfg->version;
    a->id = cfg->id;
    a->model = proa_chat_text_of(cfg->model, arena);
    a->generation = cfg->generation;
    a->warnings = proa_aisdk_warnings(cfg, arena);
    a->created_s = cfg->created_s;
    a->out = out;
    a->arena = arena;
    proa_aisdk_documents_of(&cfg->asked->chat, arena, &a->documents);
    proa_buf_init(&a->text, TEXT_MAX);
    proa_buf_init(&a->content, TEXT_MAX);
    proa_buf_init(&a->citations, TEXT_MAX);
    proa_aisdk_raw_usage_init(&a->raw_usage);
    proa_aisdk_aliases_of(&cfg->asked->chat, arena, &a->aliases);
    return &a->writer;
}
