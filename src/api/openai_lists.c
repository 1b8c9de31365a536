#include "proa/api/openai_lists.h"

#include "floats_priv.h"

#include "proa/chat/text.h"

enum {
    VECTORS_MAX = 1024 * 1024 * 1024
}; /* bytes; the answers that they are made of are bounded */

/* ,"model":"m","usage":{...}} */
static void put_end(struct proa_slice model, const struct proa_usage *usage,
                    struct proa_slice gateway, struct proa_buf *out)
{
    const uint64_t input =
        proa_usage_has(usage, PROA_USAGE_INPUT) ? usage->count[PROA_USAGE_INPUT] : 0;
    PROA_BUF_LIT(out, ",\"model\":");
    (void)proa_chat_text_put(out, model);
    PROA_BUF_LIT(out, ",\"usage\":{\"prompt_tokens\":");
    (void)proa_buf_append_u64(out, input);
    PROA_BUF_LIT(out, ",\"total_tokens\":");
    (void)proa_buf_append_u64(out, input);
    PROA_BUF_LIT(out, "}");
    if (gateway.len > 0) {
        PROA_BUF_LIT(out, ",\"providerMetadata\":{\"gateway\":");
        (void)proa_buf_append(out, gateway);
        PROA_BUF_LIT(out, "}");
    }
    PROA_BUF_LIT(out, "}");
}

/* ---- vectors --------------------------------------------------------------------------------- */

struct span {
    size_t at;
    size_t len; /* 0: has not come */
};

struct proa_api_vectors {
    const struct proa_chat_embed *embed;
    struct proa_slice model; /* text */
    struct proa_buf *out;
    struct proa_arena *arena;
    struct proa_buf data; /* vectors in the order in which they came */
    struct span *spans;   /* by input */
    size_t n;
    size_t first; /* of the call whose events come */
    bool broken;
};

/* A vector without a number, or of something else, is none, whatever form is wanted. */
static bool put_vector(struct proa_api_vectors *v, const struct proa_chat_event *event)
{
    struct proa_buf *d = &v->data;
    const bool is_base64 = event->raw.len == 0;
    if (!is_base64 && proa_json_at(event->raw, 0, NULL) != PROA_JSON_NUMBER) {
        return false;
    }
    if (!v->embed->base64) {
        return is_base64 ? proa_floats_to_array(event->text, d)
                         : proa_buf_append(d, event->raw) == PROA_OK;
    }
    if (is_base64) {
        return proa_chat_text_put(d, event->text) == PROA_OK;
    }
    PROA_BUF_LIT(d, "\"");
    const bool ok = proa_floats_to_base64(event->raw, d);
    PROA_BUF_LIT(d, "\"");
    return ok && proa_buf_ok(d);
}

static void on_vector(void *ctx, const struct proa_chat_event *event)
{
    struct proa_api_vectors *v = ctx;
    if (event->kind == PROA_CHAT_START && v->model.len == 0) {
        v->model = proa_arena_dup(v->arena, event->model);
    }
    if (event->kind != PROA_CHAT_VECTOR || v->broken) {
        return;
    }
    const size_t index = v->first + event->index;
    const size_t at = v->data.len;
    if (index >= v->embed->n_inputs || v->spans[index].len > 0 || !put_vector(v, event)) {
        v->broken = true;
        return;
    }
    v->spans[index] = (struct span){at, v->data.len - at};
    v->n++;
}

struct proa_api_vectors *proa_api_vectors_create(const struct proa_chat_embed *embed,
                                                 struct proa_slice model, struct proa_buf *out,
                                                 struct proa_arena *arena)
{
    struct proa_api_vectors *v = PROA_ARENA_NEW(arena, struct proa_api_vectors);
    v->embed = embed;
    v->model = proa_chat_text_of(model, arena);
    v->out = out;
    v->arena = arena;
    v->spans = proa_arena_zero(arena, embed->n_inputs, sizeof v->spans[0]);
    proa_buf_init(&v->data, VECTORS_MAX);
    return v;
}

void proa_api_vectors_destroy(struct proa_api_vectors *v)
{
    if (v) {
        proa_buf_deinit(&v->data);
    }
}

struct proa_chat_sink proa_api_vectors_sink(struct proa_api_vectors *v, size_t first)
{
    v->first = first;
    return (struct proa_chat_sink){.event = on_vector, .ctx = v};
}

bool proa_api_vectors_is_whole(const struct proa_api_vectors *v)
{
    return !v->broken && v->n == v->embed->n_inputs && proa_buf_ok(&v->data);
}

struct proa_slice proa_api_vectors_at(const struct proa_api_vectors *v, size_t i)
{
    return proa_slice_make(v->data.ptr + v->spans[i].at, v->spans[i].len);
}

bool proa_api_vectors_end(struct proa_api_vectors *v, const struct proa_usage *usage,
                          struct proa_slice gateway)
{
    struct proa_buf *out = v->out;
    if (!proa_api_vectors_is_whole(v)) {
        return false;
    }
    PROA_BUF_LIT(out, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < v->n; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? "," : "");
        PROA_BUF_LIT(out, "{\"object\":\"embedding\",\"index\":");
        (void)proa_buf_append_u64(out, i);
        PROA_BUF_LIT(out, ",\"embedding\":");
        (void)proa_buf_append(out, proa_api_vectors_at(v, i));
        PROA_BUF_LIT(out, "}");
    }
    PROA_BUF_LIT(out, "]");
    put_end(v->model, usage, gateway, out);
    return proa_buf_ok(out);
}

/* ---- rankings -------------------------------------------------------------------------------- */

struct proa_api_ranking {
    const struct proa_chat_rerank *rerank;
    struct proa_slice model; /* text */
    struct proa_buf *out;
    size_t n;
    bool broken;
};

static void on_rank(void *ctx, const struct proa_chat_event *event)
{
    struct proa_api_ranking *r = ctx;
    if (event->kind != PROA_CHAT_RANK) {
        return;
    }
    if (event->index >= r->rerank->n_documents || event->raw.len == 0) {
        r->broken = true;
        return;
    }
    if (r->rerank->top_n > 0 && r->n >= r->rerank->top_n) {
        return; /* of a provider that tells them all */
    }
    (void)proa_buf_append_cstr(r->out, r->n == 0 ? "{\"object\":\"list\",\"results\":[{\"index\":"
                                                 : ",{\"index\":");
    (void)proa_buf_append_u64(r->out, event->index);
    PROA_BUF_LIT(r->out, ",\"relevance_score\":");
    (void)proa_buf_append(r->out, event->raw);
    if (r->rerank->return_documents) {
        PROA_BUF_LIT(r->out, ",\"document\":{\"text\":");
        (void)proa_chat_text_put(r->out, r->rerank->documents[event->index]);
        PROA_BUF_LIT(r->out, "}");
    }
    PROA_BUF_LIT(r->out, "}");
    r->n++;
}

struct proa_api_ranking *proa_api_ranking_create(const struct proa_chat_rerank *rerank,
                                                 struct proa_slice model, struct proa_buf *out,
                                                 struct proa_arena *arena)
{
    struct proa_api_ranking *r = PROA_ARENA_NEW(arena, struct proa_api_ranking);
    r->rerank = rerank;
    r->model = proa_chat_text_of(model, arena);
    r->out = out;
    return r;
}

struct proa_chat_sink proa_api_ranking_sink(struct proa_api_ranking *r)
{
    return (struct proa_chat_sink){.event = on_rank, .ctx = r};
}

bool proa_api_ranking_end(struct proa_api_ranking *r, const struct proa_usage *usage,
                          struct proa_slice gateway)
{
    if (r->broken) {
        return false;
    }
    (void)proa_buf_append_cstr(r->out, r->n == 0 ? "{\"object\":\"list\",\"results\":[]" : "]");
    put_end(r->model, usage, gateway, r->out);
    return proa_buf_ok(r->out);
}
