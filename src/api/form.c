#include "form_priv.h"
#include "request_priv.h"

static struct proa_slice content_type(const struct proa_api_arrived *in)
{
    return proa_http_header_value(in->headers, PROA_HTTP_HEADER_CONTENT_TYPE);
}

bool proa_request_is_form(const struct proa_api_arrived *in)
{
    return !proa_http_media_type_is(content_type(in), PROA_SLICE("application/json"));
}

static enum proa_err refuse(const struct proa_api_arrived *in, struct proa_api_error *error,
                            struct proa_slice param)
{
    *error = (struct proa_api_error){
        .code = PROA_API_ERR_INVALID_REQUEST, .message = proa_buf_slice(in->text), .param = param};
    return PROA_ERR_TYPE;
}

static enum proa_err refuse_fault(const struct proa_api_arrived *in,
                                  const struct proa_multipart_fault *fault,
                                  struct proa_api_error *error)
{
    PROA_BUF_LIT(in->text, "The form in the request body cannot be read: ");
    (void)proa_buf_append_cstr(in->text, fault->reason);
    PROA_BUF_LIT(in->text, " (at byte ");
    (void)proa_buf_append_u64(in->text, fault->at);
    PROA_BUF_LIT(in->text, ").");
    return refuse(in, error, PROA_SLICE_NONE);
}

static enum proa_err refuse_field(const struct proa_api_arrived *in, const char *what,
                                  struct proa_api_error *error, struct proa_slice name)
{
    PROA_BUF_LIT(in->text, "The field \"");
    (void)proa_buf_append(in->text, name);
    PROA_BUF_LIT(in->text, "\" of the form ");
    (void)proa_buf_append_cstr(in->text, what);
    return refuse(in, error, name);
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* `providerOptions`, or what clients that know no JSON in forms make of it:
 * `providerOptions[a][b]`. `byok` holds credentials. */
static bool is_cut(struct proa_slice name)
{
    return proa_slice_eq(name, PROA_SLICE("providerOptions")) ||
           proa_slice_starts(name, PROA_SLICE("providerOptions[")) ||
           proa_slice_eq(name, PROA_SLICE("byok")) || proa_slice_starts(name, PROA_SLICE("byok["));
}

/* Where JSON stands in the field, it is read like the member of a JSON body. */
static void find_options(const struct proa_api_arrived *in, const struct proa_multipart_part *part,
                         struct proa_api_request *out)
{
    const struct proa_json_scan_cfg cfg = {.n_wants = 0};
    struct proa_json_info info;
    if (proa_slice_eq(part->name, PROA_SLICE("providerOptions")) &&
        proa_json_scan(part->value, &cfg, NULL, &info) == PROA_OK &&
        info.kind == PROA_JSON_OBJECT) {
        const size_t at = (size_t)(part->value.ptr - in->body.ptr);
        out->members[PROA_API_M_PROVIDER_OPTIONS] =
            (struct proa_json_member){.kind = PROA_JSON_OBJECT,
                                      .key_at = at,
                                      .value_at = at + info.value_at,
                                      .value_end = at + info.value_end};
    }
}

static enum proa_err take_part(const struct proa_api_arrived *in,
                               const struct proa_multipart_part *part, struct proa_api_request *out,
                               struct proa_api_error *error)
{
    if (proa_slice_eq(part->name, PROA_SLICE("model"))) {
        const size_t at = (size_t)(part->value.ptr - in->body.ptr);
        if (out->form.replaced.end > 0) {
            return refuse_field(in, "is there twice.", error, PROA_SLICE("model"));
        }
        out->form.replaced = (struct proa_multipart_span){at, at + part->value.len};
        out->model = part->value;
    } else if (is_cut(part->name)) {
        find_options(in, part, out);
        if (!proa_multipart_cut(&out->form, part)) {
            return refuse_field(in,
                                "is scattered over the form: send the gateway's options in one "
                                "field, as JSON.",
                                error, PROA_SLICE("providerOptions"));
        }
    }
    return PROA_OK;
}

static enum proa_err read_parts(const struct proa_api_arrived *in, struct proa_slice boundary,
                                struct proa_api_request *out, struct proa_api_error *error)
{
    struct proa_multipart m;
    struct proa_multipart_part part;
    struct proa_multipart_fault fault = {.reason = NULL};
    proa_multipart_init(&m, in->body, boundary);
    for (;;) {
        const enum proa_multipart_result result = proa_multipart_next(&m, &part, &fault);
        if (result == PROA_MULTIPART_BROKEN) {
            return refuse_fault(in, &fault, error);
        }
        if (result == PROA_MULTIPART_END) {
            return PROA_OK;
        }
        const enum proa_err err = take_part(in, &part, out, error);
        if (err != PROA_OK) {
            return err;
        }
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum proa_err proa_request_read_form(const struct proa_api_arrived *in,
                                     struct proa_api_request *out, struct proa_api_error *error)
{
    struct proa_slice boundary = PROA_SLICE_NONE;
    proa_buf_clear(in->text);
    memset(out->members, 0, sizeof out->members);
    out->model = PROA_SLICE_NONE;
    out->stream = false; /* its events are its own, and pass by as they come */
    out->n_cuts = 0;
    out->is_form = true;
    out->own_words = false;
    out->content_type = content_type(in);
    out->form = (struct proa_multipart_edits){.n_cuts = 0};
    if (proa_multipart_boundary(out->content_type, &boundary) != PROA_OK) {
        PROA_BUF_LIT(in->text, "The Content-Type of the form names no boundary that can be used: "
                               "send multipart/form-data; boundary=..., as HTTP libraries do when "
                               "they are not told a Content-Type.");
        return refuse(in, error, PROA_SLICE_NONE);
    }
    const enum proa_err err = read_parts(in, boundary, out, error);
    if (err != PROA_OK) {
        return err;
    }
    if (out->form.replaced.end == 0) {
        PROA_BUF_LIT(in->text, "The form has no field \"model\". Name a model or a route in it, "
                               "for example \"openai/gpt-image-1\"; GET /v1/models lists what is "
                               "configured.");
        *error = (struct proa_api_error){.code = PROA_API_ERR_MISSING_MODEL,
                                         .message = proa_buf_slice(in->text),
                                         .param = PROA_SLICE("model")};
        return PROA_ERR_TYPE;
    }
    return proa_request_check_name(out->model, in->text, error);
}
