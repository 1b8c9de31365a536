/*
 * The request to an OpenAI-shaped provider: the client's own bytes with the changed members
 * spliced.
 */
#include "openai_priv.h"
#include "openai_quirks_priv.h"
#include "request_head_priv.h"

#include "proa/http/query.h"
#include "proa/json/string.h"
#include "proa/provider/site.h"

enum { MODEL_MAX = 16 * 1024 };

static const struct proa_slice PATHS[PROA_OPERATIONS] = {
    [PROA_OP_CHAT] = PROA_SLICE_INIT("/chat/completions"),
    [PROA_OP_COMPLETION] = PROA_SLICE_INIT("/completions"),
    [PROA_OP_EMBEDDING] = PROA_SLICE_INIT("/embeddings"),
    [PROA_OP_MODERATION] = PROA_SLICE_INIT("/moderations"),
    [PROA_OP_RERANK] = PROA_SLICE_INIT("/rerank"),
};

/* Does the body name this very model, without escapes? */
static bool names_model(const struct proa_encode_in *in)
{
    const struct proa_json_member *m = &in->model_member;
    return m->kind == PROA_JSON_STRING && m->value_end - m->value_at == in->model.len + 2 &&
           memcmp(in->body.ptr + m->value_at + 1, in->model.ptr, in->model.len) == 0;
}

enum { LIMIT_OLD = 0, LIMIT_NEW }; /* of in->limit_members */

/* The name of the limit that is said and must be another, or -1. Only a request that says one pays
 * for the look-up of what the model takes. */
static int limit_to_rename(const struct proa_encode_in *in)
{
    const struct proa_json_member *m = in->limit_members;
    if (!m || (m[LIMIT_OLD].kind == PROA_JSON_NUMBER) == (m[LIMIT_NEW].kind == PROA_JSON_NUMBER)) {
        return -1;
    }
    const int said = m[LIMIT_OLD].kind == PROA_JSON_NUMBER ? LIMIT_OLD : LIMIT_NEW;
    const uint32_t wanted = said == LIMIT_OLD ? OPENAI_MAX_NEW : OPENAI_MAX_OLD;
    return (proa_openai_quirks(in->vendor, in->model)->flags & wanted) != 0 ? said : -1;
}

/* `prefix` and the model as a JSON string, in the arena, which has room for the worst case: an
 * escape of six characters for each byte. */
static enum proa_err quote_model(struct proa_arena *arena, struct proa_slice prefix,
                                 struct proa_slice model, struct proa_slice *out)
{
    if (model.len > MODEL_MAX) {
        return PROA_ERR_LIMIT;
    }
    const size_t room = prefix.len + 6 * model.len + 2;
    struct proa_buf text = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    (void)proa_buf_append(&text, prefix);
    (void)proa_json_string_encode(&text, model);
    *out = proa_buf_slice(&text);
    return proa_buf_ok(&text) ? PROA_OK : PROA_ERR_LIMIT;
}

static enum proa_err edit_model(const struct proa_encode_in *in, struct proa_arena *arena,
                                struct proa_json_edit *edit)
{
    const bool absent = in->model_member.kind == PROA_JSON_ABSENT;
    *edit = (struct proa_json_edit){
        .kind = absent ? PROA_JSON_INSERT_FIRST : PROA_JSON_REPLACE,
        .member = in->model_member,
    };
    return quote_model(arena, absent ? PROA_SLICE("\"model\":") : PROA_SLICE_NONE, in->model,
                       &edit->bytes);
}

/* The limit of tokens under the name that this model takes. */
static size_t edit_limit(const struct proa_encode_in *in, struct proa_arena *arena,
                         struct proa_json_edit *edits)
{
    const int said = limit_to_rename(in);
    if (said < 0) {
        return 0;
    }
    const struct proa_json_member *m = &in->limit_members[said];
    edits[0] = (struct proa_json_edit){.kind = PROA_JSON_REMOVE, .member = *m};
    edits[1] = (struct proa_json_edit){
        .kind = PROA_JSON_INSERT_LAST,
        .bytes = proa_arena_printf(arena, "\"%s\":%" PROA_SLICE_FMT,
                                   said == LIMIT_OLD ? "max_completion_tokens" : "max_tokens",
                                   PROA_SLICE_ARG(proa_json_member_value(in->body, m)))};
    return 2;
}

static enum proa_err splice_body(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    PROA_UNINIT struct proa_json_edit edits[PROA_JSON_MAX_EDITS];
    PROA_UNINIT struct proa_slice slices[PROA_ENCODE_PIECES_MAX];
    struct proa_json_pieces pieces = {.slices = slices, .max = PROA_JSON_PIECES(10)};
    if (in->n_cuts + 4 >= PROA_JSON_MAX_EDITS) {
        return PROA_ERR_LIMIT;
    }
    size_t n = in->n_cuts;
    if (n > 0) {
        memcpy(edits, in->cuts, n * sizeof edits[0]);
    }
    enum proa_err err = PROA_OK;
    if (in->model.len > 0 && !names_model(in)) {
        err = edit_model(in, arena, &edits[n]);
        n++;
    }
    n += edit_limit(in, arena, &edits[n]);
    if (in->prefill.len > 0 && in->prefill_form == PROA_PREFILL_CONTINUE) {
        edits[n] = (struct proa_json_edit){
            .kind = PROA_JSON_INSERT_LAST,
            .bytes = PROA_SLICE("\"continue_final_message\":true,\"add_generation_prompt\":false")};
        n++;
    }
    if (err == PROA_OK) {
        err = proa_json_splice(in->body, &in->info, edits, n, &pieces);
    }
    if (err != PROA_OK) {
        return err;
    }
    for (size_t i = 0; i < pieces.n; i++) {
        out->iov[1 + i] = (struct iovec){(void *)(uintptr_t)slices[i].ptr, slices[i].len};
    }
    out->n_iov = 1 + pieces.n;
    out->body_bytes = pieces.total_bytes;
    return PROA_OK;
}

/* A last message of the assistant, as this provider wants it. */
static enum proa_err write_prefill(const struct proa_encode_in *in, struct proa_arena *arena,
                                   bool first, struct proa_slice *out)
{
    const size_t room = 6 * in->prefill.len + 64;
    struct proa_buf b = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    (void)proa_buf_append_cstr(&b, first ? "{\"role\":\"assistant\",\"content\":"
                                         : ",{\"role\":\"assistant\",\"content\":");
    (void)proa_json_string_encode(&b, in->prefill);
    (void)proa_buf_append_cstr(&b,
                               in->prefill_form == PROA_PREFILL_PREFIX ? ",\"prefix\":true}" : "}");
    *out = proa_buf_slice(&b);
    return proa_buf_ok(&b) ? PROA_OK : PROA_ERR_LIMIT;
}

/* Puts `bytes` between two bytes of the client's body: the piece that holds them is parted. */
static void insert_at(struct proa_encoded *out, const char *at, struct proa_slice bytes)
{
    size_t i = 1;
    while (i < out->n_iov && !((const char *)out->iov[i].iov_base < at &&
                               at < (const char *)out->iov[i].iov_base + out->iov[i].iov_len)) {
        i++;
    }
    PROA_ASSERT(i < out->n_iov && out->n_iov + 2 <= PROA_ARRAY_LEN(out->iov));
    memmove(&out->iov[i + 2], &out->iov[i], (out->n_iov - i) * sizeof out->iov[0]);
    const size_t before = (size_t)(at - (const char *)out->iov[i].iov_base);
    out->iov[i + 2].iov_base = (char *)out->iov[i].iov_base + before;
    out->iov[i + 2].iov_len -= before;
    out->iov[i].iov_len = before;
    out->iov[i + 1] = (struct iovec){(void *)(uintptr_t)bytes.ptr, bytes.len};
    out->n_iov += 2;
    out->body_bytes += bytes.len;
}

static enum proa_err put_prefill(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    const struct proa_json_member *m = &in->messages_member;
    struct proa_slice message;
    if (in->operation != PROA_OP_CHAT || m->kind != PROA_JSON_ARRAY) {
        return PROA_ERR_UNSUPPORTED;
    }
    const struct proa_slice inside = {in->body.ptr + m->value_at + 1,
                                      m->value_end - m->value_at - 2};
    const enum proa_err err =
        write_prefill(in, arena, proa_openai_strip(inside).len == 0, &message);
    if (err == PROA_OK) {
        insert_at(out, in->body.ptr + m->value_end - 1, message);
    }
    return err;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* `/deployments/NAME` before the path and the version behind it, where Azure's classic paths are
 * meant; a version that is no date only goes behind it. */
static struct proa_request_head head_of(const struct proa_encode_in *in, struct proa_arena *arena)
{
    const struct proa_slice path = PATHS[in->operation];
    if (!in->site || in->site->api_version.len == 0) {
        return (struct proa_request_head){.path = path};
    }
    const size_t room = 3 * (in->model.len + in->site->api_version.len) + 64;
    struct proa_buf b = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    if (proa_site_is_classic(in->site)) {
        PROA_BUF_LIT(&b, "/deployments/");
        (void)proa_http_percent_encode(&b, in->model);
    }
    (void)proa_buf_append(&b, path);
    PROA_BUF_LIT(&b, "?api-version=");
    (void)proa_http_percent_encode(&b, in->site->api_version);
    return (struct proa_request_head){.path = proa_buf_slice(&b)};
}

static bool is_as_it_is(const struct proa_encode_in *in)
{
    return in->n_cuts == 0 && in->prefill.len == 0 && (in->model.len == 0 || names_model(in)) &&
           limit_to_rename(in) < 0;
}

/* The client's own bytes, changed where they must be. */
static enum proa_err pass_body(const struct proa_encode_in *in, struct proa_arena *arena,
                               struct proa_encoded *out)
{
    if (is_as_it_is(in)) {
        out->iov[1] = (struct iovec){(void *)(uintptr_t)in->body.ptr, in->body.len};
        out->n_iov = 2;
        out->body_bytes = in->body.len;
        return PROA_OK;
    }
    const enum proa_err err = splice_body(in, arena, out);
    return err == PROA_OK && in->prefill.len > 0 ? put_prefill(in, arena, out) : err;
}

static enum proa_err write_body(const struct proa_encode_in *in, struct proa_arena *arena,
                                struct proa_encoded *out)
{
    return in->chat    ? proa_openai_write_chat(in, arena, out)
           : in->embed ? proa_openai_write_embed(in, arena, out)
                       : proa_openai_write_rerank(in, arena, out);
}

enum proa_err proa_openai_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    const bool translated = in->chat || in->embed || in->rerank;
    out->n_iov = 0;
    if ((size_t)in->operation >= PROA_OPERATIONS) {
        return PROA_ERR_ARG;
    }
    enum proa_err err = translated ? write_body(in, arena, out) : pass_body(in, arena, out);
    if (err == PROA_OK) {
        const struct proa_request_head head = head_of(in, arena);
        err = translated ? proa_request_finish(in, &head, arena, out)
                         : proa_request_head_write(in, &head, arena, out);
    }
    out->n_iov = err == PROA_OK ? out->n_iov : 0;
    return err;
}
