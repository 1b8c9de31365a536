#include "openai_form_priv.h"

#include "proa/core/hash.h"

enum { BOUNDARIES = 16, DIGITS = 16 }; /* tries; of a boundary, behind "proa-" */

static const struct proa_slice TYPE = PROA_SLICE_INIT("multipart/form-data; boundary=proa-");

static void add(struct openai_form *f, const struct openai_form_part *part)
{
    if (f->n == OPENAI_FORM_FIELDS_MAX || (part->file && f->n_files == OPENAI_FORM_FILES_MAX)) {
        f->full = true;
        return;
    }
    f->parts[f->n++] = *part;
    f->n_files += part->file != NULL;
}

void proa_openai_form_add(struct openai_form *f, struct proa_slice name, struct proa_slice value)
{
    add(f, &(const struct openai_form_part){.name = name, .value = value});
}

/* The endings by which servers tell what it is, where they are not the subtype itself. */
static struct proa_slice ending_of(struct proa_slice media_type)
{
    static const struct {
        struct proa_slice subtype;
        struct proa_slice ending;
    } rows[] = {
        {PROA_SLICE_INIT("mpeg"), PROA_SLICE_INIT("mp3")},
        {PROA_SLICE_INIT("x-wav"), PROA_SLICE_INIT("wav")},
        {PROA_SLICE_INIT("vnd.wave"), PROA_SLICE_INIT("wav")},
        {PROA_SLICE_INIT("opus"), PROA_SLICE_INIT("ogg")},
        {PROA_SLICE_INIT("mp4"), PROA_SLICE_INIT("m4a")},
        {PROA_SLICE_INIT("x-m4a"), PROA_SLICE_INIT("m4a")},
        {PROA_SLICE_INIT("jpeg"), PROA_SLICE_INIT("jpg")},
    };
    static const struct proa_slice plain[] = {PROA_SLICE_INIT("wav"),  PROA_SLICE_INIT("mp3"),
                                              PROA_SLICE_INIT("flac"), PROA_SLICE_INIT("ogg"),
                                              PROA_SLICE_INIT("webm"), PROA_SLICE_INIT("png"),
                                              PROA_SLICE_INIT("webp")};
    struct proa_slice subtype;
    (void)proa_slice_split(media_type, '/', &subtype);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        if (proa_slice_eq_nocase(rows[i].subtype, subtype)) {
            return rows[i].ending;
        }
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(plain); i++) {
        if (proa_slice_eq_nocase(plain[i], subtype)) {
            return plain[i];
        }
    }
    return PROA_SLICE("bin");
}

void proa_openai_form_add_file(struct openai_form *f, struct proa_slice name,
                               const struct proa_chat_file *file)
{
    add(f, &(const struct openai_form_part){.name = name, .value = name, .file = file});
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The head of a part, and a field's value. */
static void put_part(struct proa_buf *b, const struct openai_form_part *part,
                     struct proa_slice boundary)
{
    const struct proa_slice bare = proa_slice_head(part->name, proa_slice_find(part->name, '['));
    PROA_BUF_LIT(b, "--");
    (void)proa_buf_append(b, boundary);
    PROA_BUF_LIT(b, "\r\nContent-Disposition: form-data; name=\"");
    (void)proa_buf_append(b, part->name);
    if (part->file) {
        const struct proa_slice type = part->file->media_type.len > 0
                                           ? part->file->media_type
                                           : PROA_SLICE("application/octet-stream");
        PROA_BUF_LIT(b, "\"; filename=\"");
        (void)proa_buf_append(b, bare);
        PROA_BUF_LIT(b, ".");
        (void)proa_buf_append(b, ending_of(type));
        PROA_BUF_LIT(b, "\"\r\nContent-Type: ");
        (void)proa_buf_append(b, type);
        PROA_BUF_LIT(b, "\r\n\r\n");
    } else {
        PROA_BUF_LIT(b, "\"\r\n\r\n");
        (void)proa_buf_append(b, part->value);
        PROA_BUF_LIT(b, "\r\n");
    }
}

/* All but the files; `ends` takes where the text before each of them ends. */
static void put_texts(const struct openai_form *f, struct proa_slice boundary, struct proa_buf *b,
                      size_t ends[OPENAI_FORM_FILES_MAX])
{
    size_t n = 0;
    proa_buf_clear(b);
    for (size_t i = 0; i < f->n; i++) {
        put_part(b, &f->parts[i], boundary);
        if (f->parts[i].file) {
            ends[n++] = b->len;
            PROA_BUF_LIT(b, "\r\n");
        }
    }
    PROA_BUF_LIT(b, "--");
    (void)proa_buf_append(b, boundary);
    PROA_BUF_LIT(b, "--\r\n");
}

/* Does the boundary stand where a boundary is meant, and nowhere else? */
static bool is_alone(const struct openai_form *f, struct proa_slice text,
                     struct proa_slice boundary)
{
    size_t found = 0;
    for (;;) {
        const size_t at = proa_slice_search(text, boundary);
        if (at == text.len) {
            break;
        }
        found++;
        text = proa_slice_from(text, at + boundary.len);
    }
    for (size_t i = 0; i < f->n; i++) {
        const struct proa_chat_file *file = f->parts[i].file;
        if (file && proa_slice_search(file->bytes, boundary) < file->bytes.len) {
            return false;
        }
    }
    return found == f->n + 1;
}

static void lay_out(const struct openai_form *f, struct proa_encoded *out,
                    const size_t ends[OPENAI_FORM_FILES_MAX])
{
    size_t at = 0;
    size_t n_files = 0;
    out->n_iov = 1;
    out->body_bytes = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct proa_chat_file *file = f->parts[i].file;
        if (file) {
            out->iov[out->n_iov++] = (struct iovec){out->body.ptr + at, ends[n_files] - at};
            at = ends[n_files++];
            if (file->bytes.len > 0) {
                out->iov[out->n_iov++] =
                    (struct iovec){(void *)(uintptr_t)file->bytes.ptr, file->bytes.len};
            }
        }
    }
    out->iov[out->n_iov++] = (struct iovec){out->body.ptr + at, out->body.len - at};
    for (size_t i = 1; i < out->n_iov; i++) {
        out->body_bytes += out->iov[i].iov_len;
    }
}

enum proa_err proa_openai_form_write(struct openai_form *f, struct proa_encoded *out,
                                     struct proa_slice *type)
{
    static const char hex[] = "0123456789abcdef";
    size_t ends[OPENAI_FORM_FILES_MAX];
    char *const digits = f->type + TYPE.len;
    const struct proa_slice boundary =
        proa_slice_make(digits + DIGITS - OPENAI_BOUNDARY_LEN, OPENAI_BOUNDARY_LEN);
    if (f->full) {
        return PROA_ERR_LIMIT;
    }
    memcpy(f->type, TYPE.ptr, TYPE.len);
    uint64_t seed = f->n;
    for (size_t i = 0; i < BOUNDARIES; i++) {
        for (size_t k = 0; k < DIGITS; k++) {
            digits[k] = hex[seed >> (4 * k) & 15];
        }
        put_texts(f, boundary, &out->body, ends);
        if (!proa_buf_ok(&out->body)) {
            return PROA_ERR_LIMIT;
        }
        if (i > 0 && is_alone(f, proa_buf_slice(&out->body), boundary)) {
            lay_out(f, out, ends);
            *type = proa_slice_make(f->type, TYPE.len + DIGITS);
            return PROA_OK;
        }
        seed = proa_hash64(proa_buf_slice(&out->body), seed); /* it differs with what is sent */
    }
    return PROA_ERR_PROTOCOL;
}
