#include "judge_priv.h"

#include "proa/core/alloc.h"

#include <llhttp.h>

enum {
    MEMO_LINES = 4, /* as many paths, or answers, as are asked for by turns */
    MEMO_LINE_MAX = 128
};

struct remembered {
    enum proa_http_mode mode;
    size_t len; /* of the line, without CR LF; 0 = none */
    char line[MEMO_LINE_MAX];
    struct proa_http_start start;
    llhttp_t behind_line;
    llhttp_t behind_length_name; /* the same, and behind `content-length: ` */
};

struct proa_http_memo {
    struct remembered lines[MEMO_LINES];
};

struct proa_http_memo *proa_http_memo_create(void)
{
    return PROA_NEW(struct proa_http_memo);
}

void proa_http_memo_destroy(struct proa_http_memo *memo)
{
    proa_free(memo);
}

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

/* The place of a line: those of different paths differ in length more often than not. */
static size_t place_of(struct proa_slice line)
{
    return line.len % MEMO_LINES;
}

/* What is remembered of the line, or NULL. */
static const struct remembered *find(const struct proa_http_memo *memo, enum proa_http_mode mode,
                                     struct proa_slice line)
{
    const struct remembered *r = memo ? &memo->lines[place_of(line)] : NULL;
    return r && r->mode == mode && proa_slice_eq(proa_slice_make(r->line, r->len), line) ? r : NULL;
}

static void remember(const struct proa_http_parser_cfg *cfg, const struct proa_http_start *start,
                     struct proa_slice line, const llhttp_t *ll)
{
    llhttp_t behind_name = *ll;
    if (cfg->memo && line.len <= MEMO_LINE_MAX &&
        takes(&behind_name, PROA_SLICE("content-length: "))) {
        struct remembered *r = &cfg->memo->lines[place_of(line)];
        r->mode = cfg->mode;
        r->len = line.len;
        memcpy(r->line, line.ptr, line.len);
        r->start = *start;
        r->behind_line = *ll;
        r->behind_length_name = behind_name;
    }
}

bool proa_http_memo_recall(const struct proa_http_memo *memo, enum proa_http_mode mode,
                           struct proa_slice line, struct proa_http_start *start)
{
    const struct remembered *r = find(memo, mode, line);
    if (r) {
        *start = r->start;
    }
    return r != NULL;
}

/* White space around the value and the case of the name make no difference to llhttp. */
static bool read_field(llhttp_t *ll, const struct proa_http_header *h, bool name_is_read)
{
    return (name_is_read || (takes(ll, h->name) && takes(ll, PROA_SLICE(": ")))) &&
           takes(ll, h->value);
}

enum proa_http_fault proa_http_judge(const struct proa_http_parser_cfg *cfg,
                                     const struct proa_http_start *start, struct proa_slice line,
                                     const struct proa_http_header *framing)
{
    PROA_UNINIT llhttp_t ll;
    const struct remembered *known = find(cfg->memo, cfg->mode, line);
    const bool name_is_read = known && framing && framing->id == PROA_HTTP_HEADER_CONTENT_LENGTH;
    bool agrees = true;
    if (PROA_LIKELY(known)) {
        ll = name_is_read ? known->behind_length_name : known->behind_line;
    } else {
        agrees = read_line(&ll, cfg->mode, line);
        if (agrees) {
            remember(cfg, start, line, &ll);
        }
    }
    const struct proa_slice end = framing ? PROA_SLICE("\r\n\r\n") : PROA_SLICE("\r\n");
    agrees = agrees && (!framing || read_field(&ll, framing, name_is_read));
    return agrees && llhttp_execute(&ll, end.ptr, end.len) == HPE_PAUSED ? PROA_HTTP_FAULT_NONE
                                                                         : explain(&ll, cfg->mode);
}

#define TEXT_OF(x)      #x
#define DOTTED(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

const char *proa_http_parser_library(void)
{
    return DOTTED(LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
}
