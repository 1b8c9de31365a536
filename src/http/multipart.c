#include "proa/http/multipart.h"

#include "proa/core/check.h"
#include "proa/http/header.h"

#include <string.h>

enum { LINES_MAX = 16 };

static const struct proa_slice CRLF = PROA_SLICE_INIT("\r\n");

/* ---- parameters ------------------------------------------------------------------------------ */

struct parameter {
    struct proa_slice name;
    struct proa_slice value; /* without the quotes it may stand in */
    bool escaped;            /* it holds a backslash */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct proa_slice skip_blanks(struct proa_slice s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s = proa_slice_from(s, 1);
    }
    return s;
}

/* Takes what stands in quotes off *rest, which begins with one (RFC 9110 5.6.4). */
static bool take_quoted(struct proa_slice *rest, struct parameter *out)
{
    size_t n = 1;
    while (n < rest->len && rest->ptr[n] != '"') {
        const bool escape = rest->ptr[n] == '\\';
        out->escaped = out->escaped || escape;
        n += escape ? 2 : 1;
    }
    if (n >= rest->len) {
        return false;
    }
    out->value = proa_slice_make(rest->ptr + 1, n - 1);
    *rest = proa_slice_from(*rest, n + 1);
    return true;
}

/* Takes `; name=value` off *rest. True with an empty name when nothing but a semicolon is left. */
static bool take_parameter(struct proa_slice *rest, struct parameter *out)
{
    *out = (struct parameter){.escaped = false};
    *rest = skip_blanks(*rest);
    if (rest->len == 0 || rest->ptr[0] != ';') {
        return false;
    }
    *rest = skip_blanks(proa_slice_from(*rest, 1));
    if (rest->len == 0) {
        return true;
    }
    const size_t equals = proa_slice_find(*rest, '=');
    out->name = proa_slice_head(*rest, equals);
    *rest = proa_slice_from(*rest, equals + 1);
    if (!proa_http_is_token(out->name)) {
        return false;
    }
    if (rest->len > 0 && rest->ptr[0] == '"') {
        return take_quoted(rest, out);
    }
    out->value = proa_slice_trim(proa_slice_head(*rest, proa_slice_find(*rest, ';')));
    *rest = proa_slice_from(*rest, proa_slice_find(*rest, ';'));
    return proa_http_is_token(out->value);
}

/* `name*`, `name*0`: the same parameter told otherwise (RFC 2231), which forms have none of (RFC
 * 7578 4.2) and some servers read all the same. */
static bool is_extended(struct proa_slice parameter, struct proa_slice name)
{
    return parameter.len > name.len && parameter.ptr[name.len] == '*' &&
           proa_slice_eq_nocase(proa_slice_head(parameter, name.len), name);
}

/* RFC 2046 5.1.1; a token holds fewer than that, and quotes allow the rest. */
static bool is_boundary(struct proa_slice s)
{
    static const char others[] = "'()+_,-./:=? ";
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        const bool plain =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!plain && !memchr(others, c, sizeof others - 1)) {
            return false;
        }
    }
    return s.len > 0 && s.len <= PROA_MULTIPART_BOUNDARY_MAX && s.ptr[s.len - 1] != ' ';
}

enum proa_err proa_multipart_boundary(struct proa_slice content_type, struct proa_slice *out)
{
    struct proa_slice rest = proa_slice_from(content_type, proa_slice_find(content_type, ';'));
    struct proa_slice found = PROA_SLICE_NONE;
    if (!proa_http_media_type_is(content_type, PROA_SLICE("multipart/form-data"))) {
        return PROA_ERR_TYPE;
    }
    while (skip_blanks(rest).len > 0) {
        struct parameter p;
        if (!take_parameter(&rest, &p) || is_extended(p.name, PROA_SLICE("boundary"))) {
            return PROA_ERR_SYNTAX;
        }
        if (proa_slice_eq_nocase(p.name, PROA_SLICE("boundary"))) {
            if (found.len > 0 || !is_boundary(p.value)) {
                return PROA_ERR_SYNTAX;
            }
            found = p.value;
        }
    }
    if (found.len == 0) {
        return PROA_ERR_SYNTAX;
    }
    *out = found;
    return PROA_OK;
}

/* ---- the head of a part ---------------------------------------------------------------------- */

/* `form-data; name="model"`: a reason, or NULL. Percent signs stay as they are: they are in names
 * that nobody here looks for. */
static const char *read_disposition(struct proa_slice value, struct proa_multipart_part *out)
{
    const size_t end = proa_slice_find(value, ';');
    struct proa_slice rest = proa_slice_from(value, end);
    bool named = false;
    if (!proa_slice_eq_nocase(proa_slice_trim(proa_slice_head(value, end)),
                              PROA_SLICE("form-data"))) {
        return "the Content-Disposition of a part is not form-data";
    }
    while (skip_blanks(rest).len > 0) {
        struct parameter p;
        if (!take_parameter(&rest, &p)) {
            return "a parameter of Content-Disposition cannot be read";
        }
        if (is_extended(p.name, PROA_SLICE("name"))) {
            return "a part has a name in the form \"name*\"";
        }
        if (proa_slice_eq_nocase(p.name, PROA_SLICE("name"))) {
            if (named || p.escaped) {
                return "a part has two names, or one with a backslash";
            }
            named = true;
            out->name = p.value;
        } else if (proa_slice_eq_nocase(p.name, PROA_SLICE("filename")) ||
                   proa_slice_eq_nocase(p.name, PROA_SLICE("filename*"))) {
            out->is_file = true;
        }
    }
    return named ? NULL : "a part has no name";
}

/* Forms have none; what is encoded all the same would be read by nobody (RFC 7578 4.7). */
static bool is_plain_encoding(struct proa_slice value)
{
    return proa_slice_eq_nocase(value, PROA_SLICE("binary")) ||
           proa_slice_eq_nocase(value, PROA_SLICE("8bit")) ||
           proa_slice_eq_nocase(value, PROA_SLICE("7bit"));
}

static const char *read_line(struct proa_slice line, bool *disposed,
                             struct proa_multipart_part *out)
{
    struct proa_slice value;
    const struct proa_slice name = proa_slice_split(line, ':', &value);
    value = proa_slice_trim(value);
    if (name.len == line.len || !proa_http_is_token(name) || !proa_http_is_value(value)) {
        return "a header line of a part cannot be read";
    }
    if (proa_slice_eq_nocase(name, PROA_SLICE("content-disposition"))) {
        if (*disposed) {
            return "a part has two Content-Dispositions";
        }
        *disposed = true;
        return read_disposition(value, out);
    }
    if (proa_slice_eq_nocase(name, PROA_SLICE("content-type"))) {
        out->content_type = value;
    } else if (proa_slice_eq_nocase(name, PROA_SLICE("content-transfer-encoding")) &&
               !is_plain_encoding(value)) {
        return "a part has a Content-Transfer-Encoding; send its bytes as they are";
    }
    return NULL;
}

/* Reads the lines at *at, up to the empty one and over it. */
static const char *read_head(struct proa_slice body, size_t *at, struct proa_multipart_part *out)
{
    const struct proa_slice head =
        proa_slice_head(proa_slice_from(body, *at), PROA_MULTIPART_HEAD_MAX);
    bool disposed = false;
    size_t used = 0;
    for (size_t n = 0; n <= LINES_MAX; n++) {
        const struct proa_slice rest = proa_slice_from(head, used);
        const struct proa_slice line = proa_slice_head(rest, proa_slice_search(rest, CRLF));
        if (line.len == rest.len) {
            return head.len == PROA_MULTIPART_HEAD_MAX
                       ? "the header lines of a part are longer than 8 KiB"
                       : "the header lines of a part do not end";
        }
        used += line.len + CRLF.len;
        if (line.len == 0) {
            *at += used;
            return disposed ? NULL : "a part has no Content-Disposition";
        }
        const char *reason = read_line(line, &disposed, out);
        if (reason) {
            return reason;
        }
    }
    return "a part has more than 16 header lines";
}

/* ---- parts ----------------------------------------------------------------------------------- */

void proa_multipart_init(struct proa_multipart *m, struct proa_slice body,
                         struct proa_slice boundary)
{
    PROA_ASSERT(boundary.len > 0 && boundary.len <= PROA_MULTIPART_BOUNDARY_MAX);
    m->body = body;
    m->at = 0;
    m->n_parts = 0;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
    m->delimiter_len = 4 + boundary.len;
}

static const char ODD_LINE[] =
    "a line that begins with the boundary does not follow CR LF of its own";

static enum proa_multipart_result broken(struct proa_multipart_fault *fault, size_t at,
                                         const char *reason)
{
    *fault = (struct proa_multipart_fault){at, reason};
    return PROA_MULTIPART_BROKEN;
}

static struct proa_slice dashes_of(const struct proa_multipart *m)
{
    return proa_slice_make(m->delimiter + CRLF.len, m->delimiter_len - CRLF.len);
}

/*
 * Where the next boundary's line begins, from `from` on; body.len: nowhere. *odd: up to there, one
 * begins a line for those who see an end of a line in a bare line feed or carriage return, or in
 * the one of the head, too: they would find other parts than we do.
 */
static size_t find_boundary(const struct proa_multipart *m, size_t from, bool *odd)
{
    const struct proa_slice rest = proa_slice_from(m->body, from);
    const size_t lf =
        proa_slice_search(rest, proa_slice_make(m->delimiter + 1, m->delimiter_len - 1));
    const struct proa_slice before = proa_slice_head(rest, lf);
    char bare[1 + sizeof m->delimiter];
    bare[0] = '\r';
    memcpy(bare + 1, dashes_of(m).ptr, dashes_of(m).len);
    const struct proa_slice bare_cr = proa_slice_make(bare, 1 + dashes_of(m).len);
    *odd = proa_slice_starts(rest, dashes_of(m)) ||
           proa_slice_search(before, bare_cr) < before.len ||
           (lf < rest.len && (lf == 0 || rest.ptr[lf - 1] != '\r'));
    return lf == rest.len ? m->body.len : from + lf + 1;
}

/* The first boundary may begin the body; what stands before it is for nobody (RFC 2046 5.1.1). */
static size_t find_first(const struct proa_multipart *m, bool *odd)
{
    *odd = false;
    return proa_slice_starts(m->body, dashes_of(m)) ? 0 : find_boundary(m, 0, odd);
}

/* Behind the last boundary: line ends, of which some clients send more than one. */
static bool is_all(struct proa_slice rest)
{
    for (size_t i = 0; i < rest.len; i++) {
        if (!is_blank(rest.ptr[i]) && rest.ptr[i] != '\r' && rest.ptr[i] != '\n') {
            return false;
        }
    }
    return true;
}

enum proa_multipart_result proa_multipart_next(struct proa_multipart *m,
                                               struct proa_multipart_part *out,
                                               struct proa_multipart_fault *fault)
{
    bool odd = false;
    if (m->n_parts == 0) {
        m->at = find_first(m, &odd);
        if (m->at == m->body.len) {
            return broken(fault, 0, "no line begins with the boundary that Content-Type names");
        }
        if (odd) {
            return broken(fault, 0, ODD_LINE);
        }
    }
    const size_t begin = m->at;
    size_t at = begin + m->delimiter_len - CRLF.len;
    struct proa_slice rest = proa_slice_from(m->body, at);
    if (proa_slice_starts(rest, PROA_SLICE("--"))) {
        return is_all(proa_slice_from(rest, 2))
                   ? PROA_MULTIPART_END
                   : broken(fault, at, "something follows the last boundary");
    }
    rest = skip_blanks(rest);
    at = m->body.len - rest.len;
    if (!proa_slice_starts(rest, CRLF)) {
        return broken(fault, at, "a line begins with the boundary and goes on");
    }
    if (m->n_parts == PROA_MULTIPART_PARTS_MAX) {
        return broken(fault, begin, "the form has more than 256 parts");
    }
    at += CRLF.len;
    *out = (struct proa_multipart_part){.at = begin};
    const char *reason = read_head(m->body, &at, out);
    if (reason) {
        return broken(fault, begin, reason);
    }
    const size_t next = find_boundary(m, at, &odd);
    if (next == m->body.len) {
        return broken(fault, begin, "the last part does not end with the boundary");
    }
    if (odd) {
        return broken(fault, begin, ODD_LINE);
    }
    out->value = proa_slice_make(m->body.ptr + at, next - CRLF.len - at);
    out->end = next;
    m->at = next;
    m->n_parts++;
    return PROA_MULTIPART_PART;
}

/* ---- a form that is passed on ---------------------------------------------------------------- */

bool proa_multipart_cut(struct proa_multipart_edits *edits, const struct proa_multipart_part *part)
{
    struct proa_multipart_span *last = edits->n_cuts > 0 ? &edits->cuts[edits->n_cuts - 1] : NULL;
    if (last && last->end == part->at) {
        last->end = part->end;
        return true;
    }
    if (edits->n_cuts == PROA_MULTIPART_CUTS_MAX) {
        return false;
    }
    edits->cuts[edits->n_cuts++] = (struct proa_multipart_span){part->at, part->end};
    return true;
}

struct splicing {
    struct proa_slice body;
    struct proa_slice *pieces;
    size_t n;
    size_t total;
    size_t at; /* what is before it is done */
};

static void add(struct splicing *s, struct proa_slice piece)
{
    if (piece.len > 0) {
        PROA_ASSERT(s->n < PROA_MULTIPART_PIECES);
        s->pieces[s->n++] = piece;
        s->total += piece.len;
    }
}

/* What stands before the span, and `instead` of it. */
static void pass_over(struct splicing *s, struct proa_multipart_span span,
                      struct proa_slice instead)
{
    PROA_ASSERT(s->at <= span.at && span.at <= span.end && span.end <= s->body.len);
    add(s, proa_slice_make(s->body.ptr + s->at, span.at - s->at));
    add(s, instead);
    s->at = span.end;
}

size_t proa_multipart_splice(struct proa_slice body, const struct proa_multipart_edits *edits,
                             struct proa_slice value,
                             struct proa_slice pieces[PROA_MULTIPART_PIECES], size_t *total)
{
    struct splicing s = {.body = body, .pieces = pieces};
    size_t i = 0;
    for (; i < edits->n_cuts && edits->cuts[i].end <= edits->replaced.at; i++) {
        pass_over(&s, edits->cuts[i], PROA_SLICE_NONE);
    }
    pass_over(&s, edits->replaced, value);
    for (; i < edits->n_cuts; i++) {
        pass_over(&s, edits->cuts[i], PROA_SLICE_NONE);
    }
    add(&s, proa_slice_from(body, s.at));
    *total = s.total;
    return s.n;
}
