/*
 * The way of a translated attempt. What is written by others stands in their units: the request's
 * reader and the answer's writer in api, the words of the target in provider.
 */
#include "translate_priv.h"

#include "proa/chat/text.h"

enum {
    BODY_SPARE = 64 * 1024,          /* what a request may grow by in other words, */
    BODY_GROWTH = 4,                 /* and how many times its size */
    ANSWER_USUAL = 2048,             /* of an answer beside what its provider says */
    BODY_USUAL = 512,                /* what one grows by mostly */
    CHUNKS_MAX = 32 * 1024 * 1024,   /* of what one read of a stream becomes */
    CHUNKS_KEPT = 16 * 1024,         /* for the next one */
    ANSWER_MAX = 1024 * 1024 * 1024, /* of a whole answer: its source is held by budget */
    METADATA_MAX = 64 * 1024,        /* of what the gateway tells of the exchange */
    MESSAGE_MAX = 1024
};

/* ---- what is asked --------------------------------------------------------------------------- */

static void keep_refusal(struct proa_exchange *x, const struct proa_api_error *error)
{
    struct proa_api_error *kept = PROA_ARENA_NEW(x->arena, struct proa_api_error);
    *kept = *error;
    kept->message = proa_arena_dup(x->arena, error->message);
    kept->param = proa_arena_dup(x->arena, error->param);
    x->refusal = kept;
}

static enum proa_err read_asked(struct proa_exchange *x, struct asked *asked)
{
    struct proa_buf text;
    const struct proa_slice *earlier = NULL;
    const size_t n_earlier = proa_responses_earlier(x, &earlier);
    proa_buf_init(&text, MESSAGE_MAX);
    const struct proa_api_body body = {.kind = x->kind,
                                       .bytes = proa_buf_slice(&x->body),
                                       .request = x->request,
                                       .arena = &asked->arena,
                                       .text = &text,
                                       .earlier = earlier,
                                       .n_earlier = n_earlier};
    struct proa_api_error error = {.code = PROA_API_ERR_INVALID_REQUEST};
    const enum proa_err err = x->face->read(&body, &asked->api, &error);
    if (err == PROA_ERR_TYPE || err == PROA_ERR_SYNTAX) {
        keep_refusal(x, &error);
    } else if (err == PROA_OK && asked->api.chat.service_tier.len == 0) {
        asked->api.chat.service_tier = proa_routed_service_tier(x); /* what stands nearer wins */
    } else if (err == PROA_ERR_UNSUPPORTED) {
        asked->why = proa_arena_dup(x->arena, error.message);
    }
    proa_buf_deinit(&text);
    return err;
}

/* Reads it for the first attempt that needs it. */
struct asked *proa_translate_asked(struct proa_exchange *x)
{
    if (!x->asked) {
        struct asked *asked = PROA_ARENA_NEW(x->arena, struct asked);
        proa_arena_init(&asked->arena, x->arena->chunks);
        x->asked = asked;
        asked->err = read_asked(x, asked);
        const uint64_t bytes = asked->arena.total_bytes;
        if (asked->err == PROA_OK && !proa_exchange_take_budget(x->host, bytes)) {
            asked->err = PROA_ERR_OVERLOAD;
        } else if (asked->err == PROA_OK) {
            asked->budgeted = bytes;
        }
    }
    return x->asked;
}

bool proa_translate_own_words(const struct proa_exchange *x)
{
    return x->asked && x->asked->err == PROA_OK && x->asked->api.own_words;
}

void proa_translate_forget(struct proa_exchange *x)
{
    if (x->asked) {
        proa_exchange_give_budget(x->host, x->asked->budgeted);
        proa_arena_reset(&x->asked->arena);
        x->asked = NULL;
    }
}

/* ---- the request ----------------------------------------------------------------------------- */

/* The chat, and behind it what the answer has begun with. */
static const struct proa_chat_request *begun_chat(struct proa_exchange *x, struct asked *asked)
{
    struct proa_arena *arena = &asked->arena;
    const struct proa_chat_request *chat = &asked->api.chat;
    struct proa_chat_request *begun = PROA_ARENA_NEW(arena, struct proa_chat_request);
    struct proa_chat_part *part = PROA_ARENA_NEW(arena, struct proa_chat_part);
    struct proa_chat_message *messages =
        proa_arena_alloc(arena, (chat->n_messages + 1) * sizeof messages[0]);
    memcpy(messages, chat->messages, chat->n_messages * sizeof messages[0]);
    part->text = proa_chat_text_of(proa_arena_dup(arena, proa_rescue_text(x)), arena);
    messages[chat->n_messages] =
        (struct proa_chat_message){.role = PROA_CHAT_ASSISTANT, .parts = part, .n_parts = 1};
    *begun = *chat;
    begun->messages = messages;
    begun->n_messages = chat->n_messages + 1;
    return begun;
}

static void cannot(struct attempt *a, const char *feature, const char *reason)
{
    a->detail = proa_arena_printf(a->x->arena, "%s: %s", feature, reason);
}

/* Sets what of the model the operation takes. */
static void fill(struct attempt *a, struct asked *asked, struct proa_encode_in *in)
{
    switch (a->translation->op) {
    case PROA_OP_EMBEDDING:
        in->embed = &asked->api.embed;
        break;
    case PROA_OP_RERANK:
        in->rerank = &asked->api.rerank;
        break;
    case PROA_OP_IMAGE:
    case PROA_OP_IMAGE_EDIT:
        in->image = &asked->api.image;
        break;
    case PROA_OP_SPEECH:
        in->speech = &asked->api.speech;
        break;
    case PROA_OP_TRANSCRIPTION:
    case PROA_OP_TRANSLATION:
        in->transcription = &asked->api.transcription;
        break;
    case PROA_OP_CHAT:
    case PROA_OP_COMPLETION:
    case PROA_OP_MODERATION:
    case PROA_OP_COUNT_TOKENS:
    case PROA_OP_RESPONSES:
        in->chat =
            a->purpose == PROA_PURPOSE_RESCUE_PREFILL ? begun_chat(a->x, asked) : &asked->api.chat;
        break;
    }
}

/* The client's headers that mean something there; but not the version of its own words, which the
 * request is not in any more. */
static void select_headers(const struct attempt *a, const struct proa_encode_in *common,
                           struct proa_encode_in *in)
{
    struct proa_http_header *kept =
        proa_arena_alloc(a->x->arena, common->n_headers * sizeof kept[0]);
    for (size_t i = 0; i < common->n_headers; i++) {
        const struct proa_http_header *h = &common->headers[i];
        const char *dialect = proa_api_header_dialect(h);
        if (h->id != PROA_HTTP_HEADER_ANTHROPIC_VERSION &&
            (!dialect || strcmp(dialect, a->dialect->name) == 0)) {
            kept[in->n_headers++] = *h;
        }
    }
    in->headers = kept;
}

static enum proa_class class_of_asked(enum proa_err err)
{
    return err == PROA_OK                ? PROA_CLASS_OK
           : err == PROA_ERR_OVERLOAD    ? PROA_CLASS_LOCAL
           : err == PROA_ERR_UNSUPPORTED ? PROA_CLASS_UNFIT
                                         : PROA_CLASS_CLIENT;
}

bool proa_translate_take_budget(struct attempt *a, uint64_t n)
{
    const bool taken = proa_exchange_take_budget(a->x->host, n);
    a->translation->budgeted += taken ? n : 0;
    return taken;
}

enum proa_class proa_translate_write(struct attempt *a, const struct proa_encode_in *in,
                                     struct proa_buf *body, struct proa_encoded *out,
                                     enum proa_err *err)
{
    proa_buf_init(&out->body, a->x->body.len * BODY_GROWTH + BODY_SPARE);
    (void)proa_buf_reserve(&out->body, a->x->body.len + BODY_USUAL);
    out->feature = NULL;
    *err = a->dialect->encode(in, a->x->arena, out);
    *body = out->body; /* what stands in it does not move any more */
    if (*err == PROA_ERR_UNSUPPORTED) {
        cannot(a, out->feature ? out->feature : "the request", out->reason ? out->reason : "");
        return PROA_CLASS_UNFIT;
    }
    if (*err == PROA_OK && !proa_translate_take_budget(a, body->cap)) {
        *err = PROA_ERR_OVERLOAD;
    }
    return *err == PROA_OK ? PROA_CLASS_OK : PROA_CLASS_LOCAL;
}

/* Has the target the operation, in any words? */
static bool is_offered(struct attempt *a)
{
    const enum proa_operation op = a->translation->op;
    const bool offered = op != PROA_OP_MODERATION && op != PROA_OP_COUNT_TOKENS &&
                         a->dialect->decode && a->dialect->offers(a->answer.vendor, a->model, op);
    if (!offered) {
        cannot(a, proa_operation_name(op), "is not offered by this provider");
    }
    return offered;
}

enum proa_class proa_translate_encode(struct attempt *a, const struct proa_encode_in *common,
                                      struct proa_encoded *out, enum proa_err *err)
{
    struct proa_exchange *x = a->x;
    struct translation *t = PROA_ARENA_NEW(x->arena, struct translation);
    a->translation = t;
    t->op = x->operation == PROA_OP_COMPLETION || x->operation == PROA_OP_RESPONSES ? PROA_OP_CHAT
                                                                                    : x->operation;
    *err = PROA_OK;
    if (!is_offered(a)) {
        return PROA_CLASS_UNFIT;
    }
    struct asked *asked = proa_translate_asked(x);
    if (asked->err != PROA_OK) {
        *err = asked->err;
        a->detail = asked->why;
        if (*err == PROA_ERR_OVERLOAD) {
            proa_translate_forget(x); /* there may be room for it a moment later */
        }
        return class_of_asked(*err);
    }
    if (t->op == PROA_OP_IMAGE && asked->api.image.n_files > 0) { /* which the path does not tell */
        t->op = PROA_OP_IMAGE_EDIT;
        if (!is_offered(a)) {
            return PROA_CLASS_UNFIT;
        }
    }
    struct proa_encode_in in = {
        .operation = t->op,
        .stream = common->stream,
        .base_path = common->base_path,
        .host_header = common->host_header,
        .authorization = common->authorization,
        .vendor = common->vendor,
        .provider = common->provider,
        .site = common->site,
        .model = common->model,
        .cache = common->cache,
        .warnings = &t->warnings,
    };
    select_headers(a, common, &in);
    const size_t inputs_max =
        t->op == PROA_OP_EMBEDDING ? a->dialect->inputs_max(common->vendor, a->model) : SIZE_MAX;
    if (asked->api.embed.n_inputs > inputs_max) {
        t->batch = proa_batch_create(a, &asked->api.embed, inputs_max);
        return proa_batch_encode(t->batch, &in, out, err);
    }
    fill(a, asked, &in);
    return proa_translate_write(a, &in, &t->body, out, err);
}

bool proa_translate_starts_batch(struct attempt *a)
{
    if (a->translation->batch) {
        proa_batch_start(a->translation->batch);
    }
    return a->translation->batch != NULL;
}

void proa_translate_forget_request(struct attempt *a)
{
    struct translation *t = a->translation;
    const uint64_t bytes = t->body.cap;
    proa_buf_deinit(&t->body);
    proa_exchange_give_budget(a->x->host, bytes);
    t->budgeted -= bytes;
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct proa_chat_sink proa_translate_open(struct attempt *a)
{
    struct proa_exchange *x = a->x;
    struct translation *t = a->translation;
    const struct proa_api_writer_cfg cfg = {
        .kind = x->kind,
        .stream = x->stream,
        .version = x->version,
        .asked = &x->asked->api,
        .warnings = &t->warnings,
        .id = x->id,
        .generation = x->face->tells_gateway ? proa_metadata_generation(x) : PROA_SLICE_NONE,
        .model = a->model,
        .created_s = a->answer.unix_ms / 1000,
    };
    proa_buf_init(&t->out, a->mode == ANSWER_STREAM ? CHUNKS_MAX : ANSWER_MAX);
    t->writer = x->face->writer_create(&cfg, &t->out, x->arena);
    return proa_api_writer_sink(t->writer, 0);
}

void proa_translate_begin(struct attempt *a)
{
    struct translation *t = a->translation;
    const struct proa_chat_sink sink = proa_translate_open(a);
    t->decoder = proa_decoder_create(a->dialect, t->op, &a->answer, &sink, a->x->arena);
}

/* Writes what comes last; false when what has come is no answer. */
static bool end_answer(struct attempt *a, const struct proa_usage *usage)
{
    struct translation *t = a->translation;
    struct proa_buf gateway;
    proa_buf_init(&gateway, METADATA_MAX);
    if (a->x->face->tells_gateway) {
        proa_metadata_write(a->x, a, usage, &gateway);
    }
    t->ended = true;
    const bool whole =
        proa_api_writer_end(t->writer, usage, proa_buf_slice(&gateway)) && proa_buf_ok(&t->out);
    proa_buf_deinit(&gateway);
    if (whole && a->x->responses) {
        proa_responses_keep(a, proa_buf_slice(&t->out));
    }
    return whole;
}

enum proa_err proa_translate_feed(struct attempt *a, struct proa_slice bytes,
                                  struct proa_reader_report *out)
{
    struct translation *t = a->translation;
    PROA_UNINIT struct proa_decoder_report report;
    proa_buf_clear(&t->out);
    proa_buf_trim(&t->out, CHUNKS_KEPT); /* a stream may be long, and few of its reads large */
    enum proa_err err = proa_decoder_feed(t->decoder, bytes, &report);
    if (err == PROA_OK && report.state == PROA_ANSWER_DONE && !t->ended) {
        (void)end_answer(a, proa_decoder_usage(t->decoder));
    }
    err = err == PROA_OK && !proa_buf_ok(&t->out) ? PROA_ERR_LIMIT : err;
    *out = (struct proa_reader_report){
        .state = report.state,
        .ready = {proa_buf_slice(&t->out), PROA_SLICE_NONE},
        .content_events = report.content_events,
        .events = report.events,
        .malformed = report.malformed,
        .failure = report.failure,
    };
    return err;
}

bool proa_translate_is_complete(struct attempt *a, bool ended)
{
    struct proa_decoder *d = a->translation->decoder;
    if (!ended) {
        return proa_decoder_is_complete(d);
    }
    if (!proa_attempt_clear_out(a)) {
        return false;
    }
    proa_buf_clear(&a->translation->out);
    return proa_decoder_end(d) && proa_attempt_gather(a, proa_buf_slice(&a->translation->out));
}

void proa_translate_end(struct attempt *a)
{
    struct translation *t = a->translation;
    if (!t->ended && proa_attempt_clear_out(a)) {
        proa_buf_clear(&t->out);
        (void)end_answer(a, proa_decoder_usage(t->decoder));
        (void)proa_attempt_gather(a, proa_buf_slice(&t->out));
    }
}

uint64_t proa_translate_sequence(const struct attempt *a)
{
    const struct translation *t = a->translation;
    return t->writer ? proa_api_writer_sequence(t->writer) : t->sequence;
}

enum proa_class proa_translate_close(struct attempt *a, const struct proa_usage *usage)
{
    struct translation *t = a->translation;
    if (!end_answer(a, usage)) {
        return PROA_CLASS_MALFORMED;
    }
    if (!proa_translate_take_budget(a, t->out.cap)) {
        return PROA_CLASS_LOCAL;
    }
    proa_attempt_unhold(a);
    a->piece = proa_buf_slice(&t->out);
    return PROA_CLASS_OK;
}

bool proa_translate_whole(struct attempt *a, struct proa_slice body, struct proa_failure *failure)
{
    struct translation *t = a->translation;
    proa_translate_begin(a);
    (void)proa_buf_reserve(&t->out, body.len + ANSWER_USUAL);
    if (!proa_decoder_whole(t->decoder, body, failure)) {
        return false;
    }
    const enum proa_class class = proa_translate_close(a, proa_decoder_usage(t->decoder));
    if (class != PROA_CLASS_OK) {
        *failure = (struct proa_failure){.class = class};
        return false;
    }
    a->usage = *proa_decoder_usage(t->decoder);
    a->answered_by = proa_decoder_model(t->decoder);
    a->finish_reason = proa_arena_dup(a->x->arena, proa_decoder_finish_reason(t->decoder));
    return true;
}

struct proa_slice proa_translate_type(const struct attempt *a)
{
    return a->x->face->media_type(a->x->kind, a->x->stream);
}

/* ---- what became of it ----------------------------------------------------------------------- */

const struct proa_decoder *proa_translate_decoder(const struct attempt *a)
{
    return a->translation->decoder;
}

/* "seed: has no equivalent at this provider; n: ..." */
struct proa_slice proa_translate_warnings(const struct attempt *a)
{
    const struct proa_chat_warnings *w = &a->translation->warnings;
    if (w->n == 0) {
        return PROA_SLICE_NONE;
    }
    struct proa_buf text;
    proa_buf_init(&text, 4096);
    for (size_t i = 0; i < w->n; i++) {
        (void)proa_buf_append_cstr(&text, i > 0 ? "; " : "");
        (void)proa_buf_append_cstr(&text, w->items[i].feature);
        PROA_BUF_LIT(&text, ": ");
        (void)proa_buf_append_cstr(&text, w->items[i].reason);
    }
    if (w->dropped > 0) {
        PROA_BUF_LIT(&text, "; and ");
        (void)proa_buf_append_u64(&text, w->dropped);
        PROA_BUF_LIT(&text, " more");
    }
    const struct proa_slice all = proa_arena_dup(a->x->arena, proa_buf_slice(&text));
    proa_buf_deinit(&text);
    return all;
}

void proa_translate_release(struct attempt *a)
{
    struct translation *t = a->translation;
    if (t->batch) {
        proa_batch_release(t->batch);
    }
    t->sequence = proa_translate_sequence(a);
    proa_decoder_destroy(t->decoder);
    proa_api_writer_destroy(t->writer);
    t->decoder = NULL;
    t->writer = NULL;
    proa_buf_deinit(&t->body);
    proa_buf_deinit(&t->out);
    proa_exchange_give_budget(a->x->host, t->budgeted);
    t->budgeted = 0;
}
