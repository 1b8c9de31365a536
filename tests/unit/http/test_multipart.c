#include "proa/core/buf.h"
#include "proa/http/multipart.h"

#include "proa_test.h"

#define ODD_LINE   "!a line that begins with the boundary does not follow CR LF of its own"
#define PART(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART(name, file)                                                                      \
    "content-disposition: form-data; name=\"" name "\"; filename=\"" file                          \
    "\"\r\nContent-Type: audio/wav\r\n\r\n"

/* ---- the boundary ---------------------------------------------------------------------------- */

struct boundary_row {
    const char *content_type;
    enum proa_err err;
    const char *boundary;
};

static const struct boundary_row BOUNDARIES[] = {
    {"multipart/form-data; boundary=abc", PROA_OK, "abc"},
    {"Multipart/Form-Data;boundary=abc", PROA_OK, "abc"},
    {"multipart/form-data; charset=utf-8; Boundary=\"a b/c\"", PROA_OK, "a b/c"},
    {"multipart/form-data; boundary=----WebKitFormBoundaryX1;", PROA_OK,
     "----WebKitFormBoundaryX1"},
    {"multipart/form-data; title=\"a;boundary=b\"; boundary=c", PROA_OK, "c"},
    {"multipart/form-data; boundary=a ; x=y", PROA_OK, "a"},
    {"application/json", PROA_ERR_TYPE, ""},
    {"multipart/mixed; boundary=a", PROA_ERR_TYPE, ""},
    {"", PROA_ERR_TYPE, ""},
    {"multipart/form-data", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data;", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=\"\"", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=\"a", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=\"a\\", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=\"a\\\"b\"", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=\"a \"", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=a b", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=a; boundary=b", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=a; boundary*=utf-8''b", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; Boundary*0=b; boundary=a", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; =a", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=a,b", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; boundary=\"a*b\"", PROA_ERR_SYNTAX, ""},
    {"multipart/form-data; "
     "boundary=1234567890123456789012345678901234567890123456789012345678901234567890",
     PROA_OK, "1234567890123456789012345678901234567890123456789012345678901234567890"},
    {"multipart/form-data; "
     "boundary=12345678901234567890123456789012345678901234567890123456789012345678901",
     PROA_ERR_SYNTAX, ""},
};

static void boundaries(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, BOUNDARIES)
    {
        struct proa_slice out = PROA_SLICE_NONE;
        assert_int_equal(proa_multipart_boundary(proa_slice_cstr(row->content_type), &out),
                         row->err);
        assert_slice_str(out, row->boundary);
    }
}

/* ---- forms ----------------------------------------------------------------------------------- */

/* "name=value name@value(type) ...", @ for files; or "!reason". */
static void tell(struct proa_slice body, struct proa_buf *out)
{
    struct proa_multipart m;
    struct proa_multipart_part part;
    struct proa_multipart_fault fault = {.reason = NULL};
    enum proa_multipart_result result;
    size_t at = 0;
    proa_buf_clear(out);
    proa_multipart_init(&m, body, PROA_SLICE("B"));
    while ((result = proa_multipart_next(&m, &part, &fault)) == PROA_MULTIPART_PART) {
        assert_true(part.at >= at && part.end > part.at && part.end < body.len);
        assert_true(proa_slice_starts(proa_slice_from(body, part.at), PROA_SLICE("--B")));
        assert_true(proa_slice_starts(proa_slice_from(body, part.end), PROA_SLICE("--B")));
        at = part.end;
        (void)proa_buf_append_cstr(out, out->len > 0 ? " " : "");
        (void)proa_buf_append(out, part.name);
        (void)proa_buf_append_cstr(out, part.is_file ? "@" : "=");
        (void)proa_buf_append(out, part.value);
        if (part.content_type.len > 0) {
            PROA_BUF_LIT(out, "(");
            (void)proa_buf_append(out, part.content_type);
            PROA_BUF_LIT(out, ")");
        }
    }
    if (result == PROA_MULTIPART_BROKEN) {
        assert_non_null(fault.reason);
        assert_true(fault.at <= body.len);
        proa_buf_clear(out);
        PROA_BUF_LIT(out, "!");
        (void)proa_buf_append_cstr(out, fault.reason);
    }
}

struct form_row {
    const char *body;
    const char *told;
};

static const struct form_row FORMS[] = {
    {"--B\r\n" PART("model") "m\r\n--B--\r\n", "model=m"},
    {"--B\r\n" PART("model") "m\r\n--B--", "model=m"},
    {"--B\r\n" PART("model") "m\r\n--B-- \t\r\n", "model=m"},
    {"\r\n--B\r\n" PART("model") "m\r\n--B--", "model=m"},
    {"for old readers\r\n--B\r\n" PART("model") "m\r\n--B--", "model=m"},
    {"--B \t\r\n" PART("model") "m\r\n--B--", "model=m"},
    {"--B\r\n" PART("a") "1\r\n--B\r\n" FILE_PART("file", "x.wav") "RI\r\nFF\r\n--B\r\n" PART(
         "b") "\r\n--B--\r\n",
     "a=1 file@RI\r\nFF(audio/wav) b="},
    {"--B\r\n" PART("a") "--B--\r\n", "!the last part does not end with the boundary"},
    {"--B\r\n" PART("a") "\r\n\r\n--B--", "a=\r\n"},
    {"--B\r\n" PART("a") "-- B\r\n--b\r\n --B\r\n--B--", "a=-- B\r\n--b\r\n --B"},
    {"--B\r\nX-Odd: 1\r\ncontent-disposition:form-data;name=a\r\n\r\n1\r\n--B--", "a=1"},
    {"--B\r\nContent-Disposition: form-data; filename=\"\\\"a;name=b\"; "
     "name=\"c\"\r\n\r\n1\r\n--B--",
     "c@1"},
    {"--B\r\nContent-Disposition: form-data; name=\"a\"; filename*=utf-8''x\r\n\r\n1\r\n--B--",
     "a@1"},
    {"--B\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n1\r\n--B--", "=1"},
    {"--B\r\nContent-Transfer-Encoding: binary\r\n" PART("a") "1\r\n--B--", "a=1"},
    {"--B--\r\n", ""},
    {"", "!no line begins with the boundary that Content-Type names"},
    {"{}", "!no line begins with the boundary that Content-Type names"},
    {"x--B\r\n" PART("a") "1\r\n--B--", ""},
    {"\n--B\n" PART("a") "1\n--B--", ODD_LINE},
    /* Forms in which others would find another model. */
    {"\n--B\nContent-Disposition: form-data; name=model\n\nx\r\n--B\r\n" PART("model") "m\r\n--B--",
     ODD_LINE},
    {"\r--B\r\n" PART("model") "x\r\n--B\r\n" PART("model") "m\r\n--B--", ODD_LINE},
    {"--B\r\n" PART("a") "--B\r\n" PART("model") "x\r\n--B\r\n" PART("model") "m\r\n--B--",
     ODD_LINE},
    {"--B\r\n" PART("a") "1\n--B\n" PART("model") "x\r\n--B--", ODD_LINE},
    {"--B\r\n" PART("a") "\n--B\r\n" PART("model") "x\r\n--B--", ODD_LINE},
    {"--B\r\n" PART("a") "1\r--B\r\n" PART("model") "x\r\n--B--", ODD_LINE},
    {"--B\r\nContent-Disposition: form-data; name=a; name*=utf-8''model\r\n\r\nx\r\n--B--",
     "!a part has a name in the form \"name*\""},
    {"--B\r\nContent-Disposition: form-data; NAME*0=mod; name*1=el; name=a\r\n\r\nx\r\n--B--",
     "!a part has a name in the form \"name*\""},
    {"--B\r\n" PART("a") "1\r\r\n --B\n\r\n--B--", "a=1\r\r\n --B\n"},
    {"--B", "!a line begins with the boundary and goes on"},
    {"--B\n" PART("a") "1\r\n--B--", "!a line begins with the boundary and goes on"},
    {"--B-\r\n" PART("a") "1\r\n--B--", "!a line begins with the boundary and goes on"},
    {"--B\r\n" PART("a") "1\r\n--Bx\r\n--B--", "!a line begins with the boundary and goes on"},
    {"--B\r\n" PART("a") "1\r\n--B--x", "!something follows the last boundary"},
    {"--B\r\n" PART("a") "1\r\n--B--\r\n\r\n", "a=1"},
    {"--B\r\n" PART("a") "1\r\n--B--\r\n\r\nx", "!something follows the last boundary"},
    {"--B\r\n" PART("a") "1\r\n--B--\r\n--B\r\n" PART("a") "1\r\n--B--",
     "!something follows the last boundary"},
    {"--B\r\n" PART("a") "1\r\n--C--", "!the last part does not end with the boundary"},
    {"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n", "!the header lines of a part do not "
                                                              "end"},
    {"--B\r\n\r\n1\r\n--B--", "!a part has no Content-Disposition"},
    {"--B\r\nContent-Type: a/b\r\n\r\n1\r\n--B--", "!a part has no Content-Disposition"},
    {"--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--", "!a part has no name"},
    {"--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--B--",
     "!the Content-Disposition of a part is not form-data"},
    {"--B\r\nContent-Disposition: form-data; name=\"a\"; name=b\r\n\r\n1\r\n--B--",
     "!a part has two names, or one with a backslash"},
    {"--B\r\nContent-Disposition: form-data; name=\"mo\\del\"\r\n\r\n1\r\n--B--",
     "!a part has two names, or one with a backslash"},
    {"--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--B--",
     "!a parameter of Content-Disposition cannot be read"},
    {"--B\r\nContent-Disposition: form-data; name=\"a\" b\r\n\r\n1\r\n--B--",
     "!a parameter of Content-Disposition cannot be read"},
    {"--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; "
     "name=\"b\"\r\n\r\n1\r\n--B--",
     "!a part has two Content-Dispositions"},
    {"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n more\r\n\r\n1\r\n--B--",
     "!a header line of a part cannot be read"},
    {"--B\r\nno colon\r\n\r\n1\r\n--B--", "!a header line of a part cannot be read"},
    {"--B\r\nx : 1\r\n\r\n1\r\n--B--", "!a header line of a part cannot be read"},
    {"--B\r\nContent-Transfer-Encoding: base64\r\n" PART("a") "MQ==\r\n--B--",
     "!a part has a Content-Transfer-Encoding; send its bytes as they are"},
};

static void forms(void **state)
{
    (void)state;
    struct proa_buf told;
    proa_buf_init(&told, 4096);
    PROA_TEST_ROWS(row, FORMS)
    {
        tell(proa_slice_cstr(row->body), &told);
        assert_slice_str(proa_buf_slice(&told), row->told);
    }
    proa_buf_deinit(&told);
}

static const char WHOLE[] = "--B\r\n" PART("a") "1\r\n--B\r\n" FILE_PART(
    "file", "x.wav") "RIFF\r\n--B\r\n" PART("model") "m\r\n--B--\r\n";

/* Whatever is cut off, it is no form any more; but for the line end behind all. */
static void beginnings(void **state)
{
    (void)state;
    struct proa_buf told;
    proa_buf_init(&told, 4096);
    for (size_t n = 0; n < sizeof WHOLE - 1; n++) {
        char *copy = test_malloc(n + 1); /* so that reading on is seen */
        memcpy(copy, WHOLE, n);
        tell(proa_slice_make(copy, n), &told);
        const bool whole = n >= sizeof WHOLE - 3;
        assert_true((told.ptr[0] == '!') == !whole);
        test_free(copy);
    }
    proa_buf_deinit(&told);
}

/* Each byte in turn is another one: the parts that are told stay within the body. */
static void faults(void **state)
{
    (void)state;
    static const char others[] = {'\0', '\r', '\n', '-', 'B', '"', '\\', ';', ':', '=', ' ', 'x'};
    struct proa_buf told;
    proa_buf_init(&told, 4096);
    char copy[sizeof WHOLE];
    for (size_t i = 0; i < sizeof WHOLE - 1; i++) {
        for (size_t k = 0; k < sizeof others; k++) {
            memcpy(copy, WHOLE, sizeof copy);
            copy[i] = others[k];
            tell(proa_slice_make(copy, sizeof copy - 1), &told);
        }
    }
    proa_buf_deinit(&told);
}

static void limits(void **state)
{
    (void)state;
    struct proa_buf body;
    struct proa_buf told;
    proa_buf_init(&body, 1U << 20);
    proa_buf_init(&told, 1U << 20);
    for (size_t i = 0; i < PROA_MULTIPART_PARTS_MAX; i++) {
        PROA_BUF_LIT(&body, "--B\r\n" PART("a") "1\r\n");
    }
    const size_t full = body.len;
    PROA_BUF_LIT(&body, "--B--");
    tell(proa_buf_slice(&body), &told);
    assert_true(told.ptr[0] == 'a');
    body.len = full;
    PROA_BUF_LIT(&body, "--B\r\n" PART("a") "1\r\n--B--");
    tell(proa_buf_slice(&body), &told);
    assert_slice_str(proa_buf_slice(&told), "!the form has more than 256 parts");

    proa_buf_clear(&body);
    PROA_BUF_LIT(&body, "--B\r\n");
    for (size_t i = 0; i < 17; i++) {
        PROA_BUF_LIT(&body, "x: y\r\n");
    }
    PROA_BUF_LIT(&body, PART("a") "1\r\n--B--");
    tell(proa_buf_slice(&body), &told);
    assert_slice_str(proa_buf_slice(&told), "!a part has more than 16 header lines");

    proa_buf_clear(&body);
    PROA_BUF_LIT(&body, "--B\r\nx: ");
    for (size_t i = 0; i < PROA_MULTIPART_HEAD_MAX; i++) {
        (void)proa_buf_append_byte(&body, 'y');
    }
    PROA_BUF_LIT(&body, "\r\n" PART("a") "1\r\n--B--");
    tell(proa_buf_slice(&body), &told);
    assert_slice_str(proa_buf_slice(&told), "!the header lines of a part are longer than 8 KiB");
    proa_buf_deinit(&body);
    proa_buf_deinit(&told);
}

/* ---- splice ---------------------------------------------------------------------------------- */

/* The form with another model, and without the parts whose name begins with an x. */
static void splice(struct proa_slice body, struct proa_slice value, struct proa_buf *out)
{
    struct proa_multipart m;
    struct proa_multipart_part part;
    struct proa_multipart_fault fault;
    struct proa_multipart_edits edits = {.n_cuts = 0};
    struct proa_slice pieces[PROA_MULTIPART_PIECES];
    size_t total = 0;
    proa_multipart_init(&m, body, PROA_SLICE("B"));
    while (proa_multipart_next(&m, &part, &fault) == PROA_MULTIPART_PART) {
        if (proa_slice_eq(part.name, PROA_SLICE("model"))) {
            const size_t at = (size_t)(part.value.ptr - body.ptr);
            edits.replaced = (struct proa_multipart_span){at, at + part.value.len};
        } else if (part.name.len > 0 && part.name.ptr[0] == 'x') {
            assert_true(proa_multipart_cut(&edits, &part));
        }
    }
    const size_t n = proa_multipart_splice(body, &edits, value, pieces, &total);
    proa_buf_clear(out);
    for (size_t i = 0; i < n; i++) {
        assert_true(pieces[i].len > 0);
        (void)proa_buf_append(out, pieces[i]);
    }
    assert_int_equal(out->len, total);
}

struct splice_row {
    const char *body;
    const char *value;
    const char *spliced;
};

static const struct splice_row SPLICES[] = {
    {"--B\r\n" PART("model") "m\r\n--B--\r\n", "other",
     "--B\r\n" PART("model") "other\r\n--B--\r\n"},
    {"--B\r\n" PART("model") "m\r\n--B--\r\n", "", "--B\r\n" PART("model") "\r\n--B--\r\n"},
    {"--B\r\n" PART("xa") "1\r\n--B\r\n" PART("model") "m\r\n--B\r\n" PART("xb") "2\r\n--B--\r\n",
     "m2", "--B\r\n" PART("model") "m2\r\n--B--\r\n"},
    {"--B\r\n" PART("a") "1\r\n--B\r\n" PART("xa") "1\r\n--B\r\n" PART("xb") "1\r\n--B\r\n" PART("b") "1\r\n--B\r\n" PART(
         "xc") "1\r\n--B\r\n" PART("model") "m\r\n--B\r\n" PART("xd") "1\r\n--B\r\n" PART("c") "1\r"
                                                                                               "\n-"
                                                                                               "-B-"
                                                                                               "-\r"
                                                                                               "\n",
     "n",
     "--B\r\n" PART("a") "1\r\n--B\r\n" PART("b") "1\r\n--B\r\n" PART("model") "n\r\n--B\r\n" PART(
         "c") "1\r\n--B--\r\n"},
    {"ahead\r\n--B\r\n" PART("xa") "1\r\n--B\r\n" PART("model") "\r\n--B--\r\n", "n",
     "ahead\r\n--B\r\n" PART("model") "n\r\n--B--\r\n"},
};

static void splices(void **state)
{
    (void)state;
    struct proa_buf out;
    struct proa_buf told;
    proa_buf_init(&out, 4096);
    proa_buf_init(&told, 4096);
    PROA_TEST_ROWS(row, SPLICES)
    {
        splice(proa_slice_cstr(row->body), proa_slice_cstr(row->value), &out);
        assert_slice_str(proa_buf_slice(&out), row->spliced);
        tell(proa_buf_slice(&out), &told);
        assert_true(told.len > 0 && told.ptr[0] != '!');
    }
    proa_buf_deinit(&out);
    proa_buf_deinit(&told);
}

static void cuts(void **state)
{
    (void)state;
    struct proa_multipart_edits edits = {.n_cuts = 0};
    for (size_t i = 0; i < PROA_MULTIPART_CUTS_MAX; i++) {
        const struct proa_multipart_part part = {.at = 10 * i, .end = 10 * i + 5};
        assert_true(proa_multipart_cut(&edits, &part));
    }
    assert_int_equal(edits.n_cuts, PROA_MULTIPART_CUTS_MAX);
    const struct proa_multipart_part neighbour = {.at = 75, .end = 80};
    assert_true(proa_multipart_cut(&edits, &neighbour));
    const struct proa_multipart_part apart = {.at = 90, .end = 95};
    assert_false(proa_multipart_cut(&edits, &apart));
    assert_int_equal(edits.cuts[PROA_MULTIPART_CUTS_MAX - 1].end, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundaries), cmocka_unit_test(forms),  cmocka_unit_test(beginnings),
        cmocka_unit_test(faults),     cmocka_unit_test(limits), cmocka_unit_test(splices),
        cmocka_unit_test(cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
