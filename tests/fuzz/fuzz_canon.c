/*
 * The canonical form. Two values made from the input, the second mostly like the first but for a
 * change or two, each written twice in other spellings and orders: the forms of one value are the
 * same, those of two values just when they mean the same. And the input itself as a body: whatever
 * it is, the walk stays inside it, and what has a form is JSON.
 *
 * links: cache json core
 */
#include "proa/cache/canon.h"
#include "proa/core/alloc.h"
#include "proa/json/scan.h"

#include "../unit/cache/shapes.h"

enum { MAX_INPUT = 1 << 16, TEXT_MAX = 1 << 17 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_bytes(struct proa_canon *c, struct proa_slice text)
{
    static const struct proa_json_scan_cfg any = {NULL, 0, 0};
    struct proa_json_info info;
    if (proa_canon_read(c, text) != PROA_OK) {
        PROA_ASSERT(c->total_bytes == 0);
        return;
    }
    const enum proa_err err = proa_json_scan(text, &any, NULL, &info);
    /* The scan bounds keys and members at the top, the form does not. */
    PROA_ASSERT(err == PROA_OK || err == PROA_ERR_LIMIT || err == PROA_ERR_SYNTAX);
    PROA_ASSERT(c->total_bytes <= text.len);
    char *form = proa_alloc(c->total_bytes);
    proa_canon_copy(c, form);
    PROA_ASSERT(proa_canon_equals(c, proa_slice_make(form, c->total_bytes)));
    proa_free(form);
}

/* The form of the value in some spelling, appended to `out`. */
static struct proa_slice form(struct proa_canon *c, const struct shape *s,
                              struct shape_source *chance, struct proa_buf *text,
                              struct proa_buf *out)
{
    const struct shape_style style = {chance};
    proa_buf_clear(text);
    proa_buf_clear(out);
    shape_write(s, &style, text);
    PROA_ASSERT(proa_buf_ok(text) && proa_canon_read(c, proa_buf_slice(text)) == PROA_OK);
    char *room = proa_buf_reserve(out, c->total_bytes);
    PROA_ASSERT(room);
    proa_canon_copy(c, room);
    out->len += c->total_bytes;
    return proa_buf_slice(out);
}

static void plain(const struct shape *s, struct proa_buf *out)
{
    const struct shape_style style = {NULL};
    proa_buf_clear(out);
    shape_write(s, &style, out);
    PROA_ASSERT(proa_buf_ok(out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct shape_source source = {.bytes = data, .n_bytes = len};
    struct proa_buf texts[6];
    struct proa_canon c;
    struct shape a;
    if (len > MAX_INPUT) {
        return 0;
    }
    proa_canon_init(&c);
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        proa_buf_init(&texts[i], TEXT_MAX);
    }
    check_bytes(&c, proa_slice_make(data, len));
    proa_prng_seed(&source.prng, len);
    shape_make(&a, &source, shape_pick(&source, 48));
    struct shape b = a;
    for (size_t n = shape_pick(&source, 3); n > 0; n--) {
        shape_change(&b, &source);
    }
    const struct proa_slice a1 = form(&c, &a, &source, &texts[4], &texts[0]);
    const struct proa_slice a2 = form(&c, &a, &source, &texts[4], &texts[1]);
    const struct proa_slice b1 = form(&c, &b, &source, &texts[4], &texts[2]);
    plain(&a, &texts[4]);
    plain(&b, &texts[5]);
    PROA_ASSERT(proa_slice_eq(a1, a2));
    PROA_ASSERT(proa_slice_eq(a1, b1) ==
                proa_slice_eq(proa_buf_slice(&texts[4]), proa_buf_slice(&texts[5])));
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        proa_buf_deinit(&texts[i]);
    }
    proa_canon_deinit(&c);
    return 0;
}
