#include "pass_priv.h"

#include "proa/json/string.h"

enum { MODEL_MAX = 16 * 1024 };

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

static bool changes_model(const struct proa_encode_in *in, const struct proa_pass *pass)
{
    return !pass->keeps_model && in->model.len > 0 && !names_model(in);
}

static enum proa_err splice(const struct proa_encode_in *in, const struct proa_pass *pass,
                            struct proa_arena *arena, struct proa_encoded *out)
{
    PROA_UNINIT struct proa_json_edit edits[PROA_JSON_MAX_EDITS];
    PROA_UNINIT struct proa_slice slices[PROA_ENCODE_PIECES_MAX];
    struct proa_json_pieces pieces = {.slices = slices, .max = PROA_JSON_PIECES(12)};
    if (in->n_cuts + PASS_EDITS_MAX >= PROA_JSON_MAX_EDITS) {
        return PROA_ERR_LIMIT;
    }
    size_t n = in->n_cuts;
    if (n > 0) {
        memcpy(edits, in->cuts, n * sizeof edits[0]);
    }
    enum proa_err err = PROA_OK;
    if (changes_model(in, pass)) {
        err = edit_model(in, arena, &edits[n]);
        n++;
    }
    if (pass->n_edits > 0) {
        memcpy(&edits[n], pass->edits, pass->n_edits * sizeof edits[0]);
        n += pass->n_edits;
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

/* ---- a message behind the others ------------------------------------------------------------- */

/* Between the brackets. */
static struct proa_slice messages_of(const struct proa_encode_in *in)
{
    const struct proa_json_member *m = &in->messages_member;
    return proa_slice_make(in->body.ptr + m->value_at + 1, m->value_end - m->value_at - 2);
}

static bool is_blank(struct proa_slice text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\n' || text.ptr[0] == '\r' ||
                            text.ptr[0] == '\t')) {
        text = proa_slice_from(text, 1);
    }
    return text.len == 0;
}

enum proa_err proa_pass_prefill(const struct proa_encode_in *in, struct proa_arena *arena,
                                struct proa_slice text, const char *more, struct proa_pass *pass)
{
    if (in->operation != PROA_OP_CHAT || in->messages_member.kind != PROA_JSON_ARRAY) {
        return PROA_ERR_UNSUPPORTED;
    }
    const size_t room = 6 * text.len + 64;
    struct proa_buf b = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    (void)proa_buf_append_cstr(&b, is_blank(messages_of(in)) ? "" : ",");
    PROA_BUF_LIT(&b, "{\"role\":\"assistant\",\"content\":");
    (void)proa_json_string_encode(&b, text);
    (void)proa_buf_append_cstr(&b, more);
    PROA_BUF_LIT(&b, "}");
    pass->prefill = proa_buf_slice(&b);
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

/* ---- the whole ------------------------------------------------------------------------------- */

enum proa_err proa_pass_body(const struct proa_encode_in *in, const struct proa_pass *pass,
                             struct proa_arena *arena, struct proa_encoded *out)
{
    enum proa_err err = PROA_OK;
    if (in->n_cuts == 0 && pass->n_edits == 0 && !changes_model(in, pass)) {
        out->iov[1] = (struct iovec){(void *)(uintptr_t)in->body.ptr, in->body.len};
        out->n_iov = 2;
        out->body_bytes = in->body.len;
    } else {
        err = splice(in, pass, arena, out);
    }
    if (err == PROA_OK && pass->prefill.len > 0) {
        insert_at(out, in->body.ptr + in->messages_member.value_end - 1, pass->prefill);
    }
    return err;
}

enum proa_err proa_pass_form(const struct proa_encode_in *in, struct proa_encoded *out)
{
    struct proa_slice pieces[PROA_MULTIPART_PIECES];
    size_t total = 0;
    if (!proa_http_is_value(in->model)) {
        return PROA_ERR_PROTOCOL;
    }
    const size_t n = proa_multipart_splice(in->body, in->form, in->model, pieces, &total);
    for (size_t i = 0; i < n; i++) {
        out->iov[1 + i] = (struct iovec){(void *)(uintptr_t)pieces[i].ptr, pieces[i].len};
    }
    out->n_iov = 1 + n;
    out->body_bytes = total;
    return PROA_OK;
}
