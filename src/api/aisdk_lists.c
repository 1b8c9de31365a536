/*
 * Embeddings and rankings.
 */
#include "aisdk_write_priv.h"

#include "proa/api/aisdk_request.h"
#include "proa/api/openai_lists.h"

/* What both end with; version 2 has no warnings here. */
struct rest {
    unsigned version;
    struct proa_slice warnings; /* JSON */
    struct proa_buf *out;
};

static struct rest rest_of(const struct proa_api_writer_cfg *cfg, struct proa_buf *out,
                           struct proa_arena *arena)
{
    return (struct rest){
        .version = cfg->version, .warnings = proa_aisdk_warnings(cfg, arena), .out = out};
}

static bool put_rest(const struct rest *rest, struct proa_slice gateway)
{
    if (rest->version > PROA_API_AISDK_OLDEST) {
        PROA_BUF_LIT(rest->out, ",\"warnings\":");
        (void)proa_buf_append(rest->out, rest->warnings);
    }
    proa_aisdk_put_gateway(rest->out, gateway);
    PROA_BUF_LIT(rest->out, "}");
    return proa_buf_ok(rest->out);
}

/* ---- embeddings ------------------------------------------------------------------------------ */

struct vectors {
    struct proa_api_writer writer;
    struct rest rest;
    size_t n;
    struct proa_api_vectors *vectors;
};

static struct proa_chat_sink vectors_sink(struct proa_api_writer *w, size_t first)
{
    return proa_api_vectors_sink(((struct vectors *)w)->vectors, first);
}

static bool vectors_end(struct proa_api_writer *w, const struct proa_usage *usage,
                        struct proa_slice gateway)
{
    const struct vectors *v = (const struct vectors *)w;
    struct proa_buf *out = v->rest.out;
    if (!proa_api_vectors_is_whole(v->vectors)) {
        return false;
    }
    PROA_BUF_LIT(out, "{\"embeddings\":[");
    for (size_t i = 0; i < v->n; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? "," : "");
        (void)proa_buf_append(out, proa_api_vectors_at(v->vectors, i));
    }
    PROA_BUF_LIT(out, "]");
    if (proa_usage_has(usage, PROA_USAGE_INPUT)) {
        PROA_BUF_LIT(out, ",\"usage\":{\"tokens\":");
        (void)proa_buf_append_u64(out, usage->count[PROA_USAGE_INPUT]);
        PROA_BUF_LIT(out, "}");
    }
    return put_rest(&v->rest, gateway);
}

static void vectors_destroy(struct proa_api_writer *w)
{
    struct vectors *v = (struct vectors *)w;
    proa_api_vectors_destroy(v->vectors);
    v->vectors = NULL;
}

struct proa_api_writer *proa_aisdk_vectors_create(const struct proa_api_writer_cfg *cfg,
                                                  struct proa_buf *out, struct proa_arena *arena)
{
    struct vectors *v = PROA_ARENA_NEW(arena, struct vectors);
    v->writer = (struct proa_api_writer){
        .sink = vectors_sink, .end = vectors_end, .destroy = vectors_destroy};
    v->rest = rest_of(cfg, out, arena);
    v->n = cfg->asked->embed.n_inputs;
    v->vectors = proa_api_vectors_create(&cfg->asked->embed, cfg->model, out, arena);
    return &v->writer;
}

/* ---- rankings -------------------------------------------------------------------------------- */

struct ranking {
    struct proa_api_writer writer;
    struct rest rest;
    size_t n_documents;
    uint64_t top_n; /* 0 = all */
    size_t n;
    bool broken;
};

static void on_rank(void *ctx, const struct proa_chat_event *event)
{
    struct ranking *r = ctx;
    struct proa_buf *out = r->rest.out;
    if (event->kind != PROA_CHAT_RANK || (r->top_n > 0 && r->n >= r->top_n)) {
        return;
    }
    if (event->index >= r->n_documents || event->raw.len == 0) {
        r->broken = true;
        return;
    }
    (void)proa_buf_append_cstr(out, r->n == 0 ? "{\"ranking\":[{\"index\":" : ",{\"index\":");
    (void)proa_buf_append_u64(out, event->index);
    PROA_BUF_LIT(out, ",\"relevanceScore\":");
    (void)proa_buf_append(out, event->raw);
    PROA_BUF_LIT(out, "}");
    r->n++;
}

static struct proa_chat_sink ranking_sink(struct proa_api_writer *w, size_t first)
{
    (void)first;
    return (struct proa_chat_sink){.event = on_rank, .ctx = w};
}

static bool ranking_end(struct proa_api_writer *w, const struct proa_usage *usage,
                        struct proa_slice gateway)
{
    const struct ranking *r = (const struct ranking *)w;
    (void)usage;
    if (r->broken) {
        return false;
    }
    (void)proa_buf_append_cstr(r->rest.out, r->n == 0 ? "{\"ranking\":[]" : "]");
    return put_rest(&r->rest, gateway);
}

static void ranking_destroy(struct proa_api_writer *w)
{
    (void)w; /* all of it is the arena's */
}

struct proa_api_writer *proa_aisdk_ranking_create(const struct proa_api_writer_cfg *cfg,
                                                  struct proa_buf *out, struct proa_arena *arena)
{
    struct ranking *r = PROA_ARENA_NEW(arena, struct ranking);
    r->writer = (struct proa_api_writer){
        .sink = ranking_sink, .end = ranking_end, .destroy = ranking_destroy};
    r->rest = rest_of(cfg, out, arena);
    r->n_documents = cfg->asked->rerank.n_documents;
    r->top_n = cfg->asked->rerank.top_n;
    return &r->writer;
}
