/*
 * The request to an OpenAI-shaped provider: the client's own bytes with the changed members
 * spliced.
 */
#include "openai_priv.h"
#include "request_head_priv.h"

#include "proa/json/string.h"

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

static enum proa_err splice_body(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    PROA_UNINIT struct proa_json_edit edits[PROA_JSON_MAX_EDITS];
    PROA_UNINIT struct proa_slice slices[PROA_ENCODE_PIECES_MAX];
    struct proa_json_pieces pieces = {.slices = slices, .max = PROA_JSON_PIECES(10)};
    if (in->n_cuts + 2 >= PROA_JSON_MAX_EDITS) {
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

enum proa_err proa_openai_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out)
{
    enum proa_err err = PROA_OK;
    if ((size_t)in->operation >= PROA_OPERATIONS) {
        return PROA_ERR_ARG;
    }
    if (in->n_cuts == 0 && in->prefill.len == 0 && (in->model.len == 0 || names_model(in))) {
        /* The client's own bytes as they are. */
        out->iov[1] = (struct iovec){(void *)(uintptr_t)in->body.ptr, in->body.len};
        out->n_iov = 2;
        out->body_bytes = in->body.len;
    } else {
        err = splice_body(in, arena, out);
    }
    if (err == PROA_OK && in->prefill.len > 0) {
        err = put_prefill(in, arena, out);
    }
    if (err == PROA_OK) {
        const struct proa_request_head head = {.path = PATHS[in->operation]};
        err = proa_request_head_write(in, &head, arena, out);
    }
    out->n_iov = err == PROA_OK ? out->n_iov : 0;
    return err;
}
