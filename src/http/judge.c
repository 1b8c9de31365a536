#include "judge_priv.h"

#include <llhttp.h>

/* Its pause is the end of a head it agrees with. */
static int on_headers_complete(llhttp_t *ll)
{
    (void)ll;
    return HPE_PAUSED;
}

static const llhttp_settings_t hooks = {
    .on_headers_complete = on_headers_complete,
};

static bool takes(llhttp_t *ll, struct proa_slice text)
{
    return llhttp_execute(ll, text.ptr, text.len) == HPE_OK;
}

/* The reason in our words; the fields themselves were found sound before llhttp saw them. */
static enum proa_http_fault explain(const llhttp_t *ll, enum proa_http_mode mode)
{
    switch ((int)llhttp_get_errno(ll)) {
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
        return PROA_HTTP_FAULT_LENGTH;
    case HPE_INVALID_TRANSFER_ENCODING:
        return PROA_HTTP_FAULT_CODING;
    case HPE_INVALID_URL:
        return PROA_HTTP_FAULT_TARGET;
    default:
        return mode == PROA_HTTP_REQUEST ? PROA_HTTP_FAULT_REQUEST_LINE
                                         : PROA_HTTP_FAULT_STATUS_LINE;
    }
}

/* Behind the start line; false when llhttp refuses it. */
static bool read_line(llhttp_t *ll, enum proa_http_mode mode, struct proa_slice line)
{
    llhttp_init(ll, mode == PROA_HTTP_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &hooks);
    return takes(ll, line) && takes(ll, PROA_SLICE("\r\n"));
}

/* White space around the value and the case of the name make no difference to llhttp. */
static bool read_field(llhttp_t *ll, const struct proa_http_header *h)
{
    return takes(ll, h->name) && takes(ll, PROA_SLICE(": ")) && takes(ll, h->value);
}

enum proa_http_fault proa_http_judge(enum proa_http_mode mode, struct proa_slice line,
                                     const struct proa_http_header *framing)
{
    PROA_UNINIT llhttp_t ll;
    const struct proa_slice end = framing ? PROA_SLICE("\r\n\r\n") : PROA_SLICE("\r\n");
    const bool agrees = read_line(&ll, mode, line) && (!framing || read_field(&ll, framing));
    return agrees && llhttp_execute(&ll, end.ptr, end.len) == HPE_PAUSED ? PROA_HTTP_FAULT_NONE
                                                                         : explain(&ll, mode);
}

#define TEXT_OF(x)      #x
#define DOTTED(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

const char *proa_http_parser_library(void)
{
    return DOTTED(LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
}
