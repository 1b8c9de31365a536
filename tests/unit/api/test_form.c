/* Forms with files: the model, what never goes on, and what is refused. */
#include "proa/api/face.h"

#include "proa_test.h"

#define TYPE        "multipart/form-data; boundary=B"
#define FIELD(n, v) "--B\r\nContent-Disposition: form-data; name=\"" n "\"\r\n\r\n" v "\r\n"
#define FILE_FIELD                                                                                 \
    "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"                 \
    "Content-Type: audio/wav\r\n\r\nRIFF\r\n"
#define END "--B--\r\n"

struct looked {
    struct proa_buf scratch;
    struct proa_buf text;
    struct proa_api_request request;
    struct proa_api_error error;
    struct proa_http_header header;
};

static enum proa_err look(struct looked *l, enum proa_endpoint_kind kind, const char *type,
                          const char *body)
{
    *l = (struct looked){.header = {.id = PROA_HTTP_HEADER_CONTENT_TYPE,
                                    .name = PROA_SLICE("content-type"),
                                    .value = proa_slice_cstr(type)}};
    const struct proa_http_headers headers = {.items = &l->header, .n = 1};
    memset(&l->request, 0xa5, sizeof l->request); /* as an object of a list is */
    proa_buf_init(&l->scratch, 4096);
    proa_buf_init(&l->text, 4096);
    const struct proa_api_arrived in = {kind, &headers, proa_slice_cstr(body), &l->scratch,
                                        &l->text};
    return proa_api_face(PROA_SURFACE_OPENAI)->look(&in, &l->request, &l->error);
}

static void release(struct looked *l)
{
    proa_buf_deinit(&l->scratch);
    proa_buf_deinit(&l->text);
}

static void fields(void **state)
{
    (void)state;
    static const char body[] = FIELD("prompt", "a cat") FIELD("providerOptions", "{\"gateway\":{}}")
        FILE_FIELD FIELD("model", "openai/gpt-image-1") FIELD("stream", "true")
            FIELD("byok[openai][0][apiKey]", "sk") END;
    struct looked l;
    assert_ok(look(&l, PROA_API_IMAGE_EDITS, TYPE, body));
    const struct proa_api_request *r = &l.request;
    const struct proa_slice whole = proa_slice_cstr(body);
    assert_true(r->is_form);
    assert_false(r->stream);
    assert_slice_lit(r->model, "openai/gpt-image-1");
    assert_slice_lit(r->content_type, TYPE);
    assert_int_equal(r->n_cuts, 0);
    assert_int_equal(r->form.n_cuts, 2);
    assert_slice_lit(
        proa_slice_make(body + r->form.replaced.at, r->form.replaced.end - r->form.replaced.at),
        "openai/gpt-image-1");
    assert_int_equal(r->members[PROA_API_M_PROVIDER_OPTIONS].kind, PROA_JSON_OBJECT);
    assert_slice_lit(proa_json_member_value(whole, &r->members[PROA_API_M_PROVIDER_OPTIONS]),
                     "{\"gateway\":{}}");
    for (size_t i = 0; i < PROA_API_MEMBERS; i++) {
        assert_true(i == PROA_API_M_PROVIDER_OPTIONS || r->members[i].kind == PROA_JSON_ABSENT);
    }
    release(&l);
}

/* A JSON body is one on these paths, too. */
static void json(void **state)
{
    (void)state;
    struct looked l;
    assert_ok(look(&l, PROA_API_IMAGE_EDITS, "application/json; charset=utf-8",
                   "{\"model\":\"m\",\"images\":[],\"providerOptions\":{}}"));
    assert_false(l.request.is_form);
    assert_slice_lit(l.request.model, "m");
    assert_int_equal(l.request.n_cuts, 1);
    release(&l);
}

/* Options that are no JSON object say nothing, and do not go on. */
static void odd_options(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        FIELD("providerOptions", "[1]") FIELD("model", "m") END,
        FIELD("providerOptions", "{\"a\":") FIELD("model", "m") END,
        FIELD("providerOptions", "") FIELD("model", "m") END,
        FIELD("model", "m") FIELD("providerOptions[gateway][order][]", "a")
            FIELD("providerOptions[gateway][order][]", "b") END,
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(bodies); i++) {
        struct looked l;
        assert_ok(look(&l, PROA_API_TRANSCRIPTIONS, TYPE, bodies[i]));
        assert_int_equal(l.request.form.n_cuts, 1);
        assert_int_equal(l.request.members[PROA_API_M_PROVIDER_OPTIONS].kind, PROA_JSON_ABSENT);
        release(&l);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *body;
        enum proa_api_error_code code;
        const char *message; /* a part of it */
    } rows[] = {
        {TYPE, FILE_FIELD END, PROA_API_ERR_MISSING_MODEL, "has no field \"model\""},
        {TYPE, FIELD("model", "") END, PROA_API_ERR_MISSING_MODEL, "is empty"},
        {TYPE, FIELD("model", "a b") END, PROA_API_ERR_MISSING_MODEL, "holds a space"},
        {TYPE, FIELD("model", "a\r\nb") END, PROA_API_ERR_MISSING_MODEL, "control character"},
        {TYPE, FIELD("model", "m") FIELD("model", "n") END, PROA_API_ERR_INVALID_REQUEST,
         "is there twice"},
        {TYPE, FIELD("model", "m"), PROA_API_ERR_INVALID_REQUEST, "does not end"},
        {TYPE, "", PROA_API_ERR_INVALID_REQUEST, "no line begins with the boundary"},
        {TYPE, "{\"model\":\"m\"}", PROA_API_ERR_INVALID_REQUEST, "(at byte 0)"},
        {"multipart/form-data", FIELD("model", "m") END, PROA_API_ERR_INVALID_REQUEST,
         "names no boundary"},
        {"text/plain", FIELD("model", "m") END, PROA_API_ERR_INVALID_REQUEST, "names no boundary"},
        {TYPE,
         FIELD("providerOptions[a]", "1") FIELD("x", "1") FIELD("providerOptions[b]", "1")
             FIELD("x", "1") FIELD("providerOptions[c]", "1") FIELD("x", "1")
                 FIELD("providerOptions[d]", "1") FIELD("x", "1") FIELD("providerOptions[e]", "1")
                     FIELD("x", "1") FIELD("providerOptions[f]", "1") FIELD("x", "1") FIELD(
                         "providerOptions[g]", "1") FIELD("x", "1") FIELD("providerOptions[h]", "1")
                         FIELD("x", "1") FIELD("providerOptions[i]", "1") FIELD("model", "m") END,
         PROA_API_ERR_INVALID_REQUEST, "is scattered over the form"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct looked l;
        assert_true(look(&l, PROA_API_TRANSCRIPTIONS, row->type, row->body) != PROA_OK);
        assert_int_equal(l.error.code, row->code);
        PROA_TEST_CHECK(proa_slice_search(l.error.message, proa_slice_cstr(row->message)) <
                            l.error.message.len,
                        "%.*s", (int)l.error.message.len, l.error.message.ptr);
        release(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(json),
        cmocka_unit_test(odd_options),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
