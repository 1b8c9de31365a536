/*
 * Forms: the parts that are told stand in the body one behind the other; a form with one part's
 * value replaced and others cut out tells the same of the rest.
 *
 * links: http core
 */
#include "proa/core/alloc.h"
#include "proa/core/buf.h"
#include "proa/core/check.h"
#include "proa/http/multipart.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const struct proa_slice VALUE = PROA_SLICE_INIT("another value");

struct choice {
    size_t replaced; /* number of a part; SIZE_MAX: none */
    unsigned cut;    /* bit i: part i, of the first 32 */
};

/* Names and values of what the choice leaves; false when the body is no form. */
static bool tell(struct proa_slice body, struct proa_slice boundary, const struct choice *choice,
                 struct proa_multipart_edits *edits, struct proa_buf *out)
{
    struct proa_multipart m;
    struct proa_multipart_part part;
    struct proa_multipart_fault fault = {.reason = NULL};
    size_t end = 0;
    proa_multipart_init(&m, body, boundary);
    for (size_t i = 0;; i++) {
        const enum proa_multipart_result result = proa_multipart_next(&m, &part, &fault);
        if (result != PROA_MULTIPART_PART) {
            must(result == PROA_MULTIPART_END || (fault.reason && fault.at <= body.len));
            return result == PROA_MULTIPART_END;
        }
        must(i < PROA_MULTIPART_PARTS_MAX);
        must((i == 0 || part.at == end) && part.end > part.at && part.end <= body.len);
        must(part.value.ptr >= body.ptr + part.at &&
             part.value.ptr + part.value.len <= body.ptr + part.end);
        end = part.end;
        const bool replaced = choice && i == choice->replaced;
        if (choice && !replaced && i < 32 && (choice->cut >> i & 1U) != 0 &&
            proa_multipart_cut(edits, &part)) {
            continue;
        }
        if (replaced) {
            const size_t at = (size_t)(part.value.ptr - body.ptr);
            edits->replaced = (struct proa_multipart_span){at, at + part.value.len};
        }
        (void)proa_buf_append(out, part.name);
        (void)proa_buf_append_byte(out, part.is_file ? '@' : '=');
        (void)proa_buf_append(out, replaced ? VALUE : part.value);
        (void)proa_buf_append(out, part.content_type);
        (void)proa_buf_append_byte(out, '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proa_slice boundary = PROA_SLICE_NONE;
    if (len < 2) {
        return 0;
    }
    const struct choice choice = {.replaced = data[0] % 4, .cut = data[1]};
    /* The first line is a Content-Type. */
    struct proa_slice body;
    const struct proa_slice type =
        proa_slice_split(proa_slice_make(data + 2, len - 2), '\n', &body);
    if (proa_multipart_boundary(type, &boundary) != PROA_OK) {
        boundary = PROA_SLICE("B");
    }
    struct proa_multipart_edits edits = {.n_cuts = 0};
    struct proa_slice pieces[PROA_MULTIPART_PIECES];
    struct proa_buf told;
    struct proa_buf again;
    struct proa_buf spliced;
    proa_buf_init(&told, 64U << 20);
    proa_buf_init(&again, 64U << 20);
    proa_buf_init(&spliced, 64U << 20);
    if (tell(body, boundary, &choice, &edits, &told) && edits.replaced.end > 0) {
        size_t total = 0;
        const size_t n = proa_multipart_splice(body, &edits, VALUE, pieces, &total);
        for (size_t i = 0; i < n; i++) {
            must(pieces[i].len > 0);
            (void)proa_buf_append(&spliced, pieces[i]);
        }
        must(spliced.len == total);
        must(tell(proa_buf_slice(&spliced), boundary, NULL, NULL, &again) &&
             proa_slice_eq(proa_buf_slice(&told), proa_buf_slice(&again)));
    }
    proa_buf_deinit(&told);
    proa_buf_deinit(&again);
    proa_buf_deinit(&spliced);
    return 0;
}
