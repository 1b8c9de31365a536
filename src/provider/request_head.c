/*
 * The size of a head is known before its first byte is written, so writing it never leaves a copy
 * of the credential behind.
 */
#include "request_head_priv.h"

#include "proa/auth/sigv4.h"

enum { HEAD_MAX = 16 * 1024, U64_DIGITS = 20 };

#define REQUEST_BEGIN "POST "
#define GET_BEGIN     "GET "
#define HOST_LINE     " HTTP/1.1\r\nhost: "
#define TYPE_LINE     "\r\ncontent-type: "
#define FIXED_LINES   "\r\naccept-encoding: identity\r\naccept: "
#define ACCEPT_STREAM "text/event-stream"
#define ACCEPT_PLAIN  "application/json"
#define LENGTH_LINE   "\r\ncontent-length: "
#define HEAD_END      "\r\n\r\n"

#define JSON_TYPE "application/json"

/* All constant text of a head, at its longest. */
#define FIXED_MAX                                                                                  \
    (sizeof(REQUEST_BEGIN HOST_LINE TYPE_LINE FIXED_LINES LENGTH_LINE HEAD_END) + U64_DIGITS)

/* How each scheme shows its secret; SIGV4 signs instead. */
static const struct proa_slice SCHEMES[] = {
    [PROA_AUTH_NONE] = PROA_SLICE_INIT(""),
    [PROA_AUTH_BEARER] = PROA_SLICE_INIT("\r\nauthorization: Bearer "),
    [PROA_AUTH_X_API_KEY] = PROA_SLICE_INIT("\r\nx-api-key: "),
    [PROA_AUTH_API_KEY] = PROA_SLICE_INIT("\r\napi-key: "),
    [PROA_AUTH_X_GOOG_KEY] = PROA_SLICE_INIT("\r\nx-goog-api-key: "),
    [PROA_AUTH_SIGV4] = PROA_SLICE_INIT(""),
};

static char *put(char *at, struct proa_slice s)
{
    if (s.len > 0) {
        memcpy(at, s.ptr, s.len);
    }
    return at + s.len;
}

#define PUT_LIT(at, lit) ((at) = (char *)memcpy((at), (lit), sizeof(lit) - 1) + sizeof(lit) - 1)

/* What is written here, and what steers a connection: a forwarded copy would contradict
 * it (RFC 9110 7.6.1, RFC 9112 6.3). */
static const bool OWN[PROA_HTTP_HEADER_COUNT] = {
    [PROA_HTTP_HEADER_HOST] = true,
    [PROA_HTTP_HEADER_AUTHORIZATION] = true,
    [PROA_HTTP_HEADER_ACCEPT] = true,
    [PROA_HTTP_HEADER_ACCEPT_ENCODING] = true,
    [PROA_HTTP_HEADER_CONTENT_TYPE] = true,
    [PROA_HTTP_HEADER_CONTENT_LENGTH] = true,
    [PROA_HTTP_HEADER_CONTENT_ENCODING] = true,
    [PROA_HTTP_HEADER_TRANSFER_ENCODING] = true,
    [PROA_HTTP_HEADER_CONNECTION] = true,
    [PROA_HTTP_HEADER_UPGRADE] = true,
    [PROA_HTTP_HEADER_EXPECT] = true,
    [PROA_HTTP_HEADER_TRAILER] = true,
    [PROA_HTTP_HEADER_TE] = true,
};

static bool is_own(uint16_t id)
{
    return id >= PROA_HTTP_HEADER_COUNT || OWN[id];
}

/* A name with an id is written as the table has it; only an unknown one needs a check. */
static struct proa_slice name_of(const struct proa_http_header *h)
{
    if (h->id != PROA_HTTP_HEADER_OTHER) {
        return proa_http_header_name((enum proa_http_header_id)h->id);
    }
    return proa_http_is_token(h->name) ? h->name : PROA_SLICE_NONE;
}

/* Bytes the forwarded fields need, or an error for one that must not go out. */
static enum proa_err measure_headers(const struct proa_encode_in *in, size_t *bytes)
{
    for (size_t i = 0; i < in->n_headers; i++) {
        const struct proa_http_header *h = &in->headers[i];
        const struct proa_slice name = is_own(h->id) ? PROA_SLICE_NONE : name_of(h);
        if (name.len == 0 || !proa_http_is_value(h->value)) {
            return PROA_ERR_PROTOCOL;
        }
        *bytes += name.len + h->value.len + 4;
        if (*bytes > HEAD_MAX) {
            return PROA_ERR_LIMIT;
        }
    }
    return PROA_OK;
}

/* `name: value`, with the end of the line before it. */
static char *put_header(char *at, const struct proa_http_header *h)
{
    PUT_LIT(at, "\r\n");
    at = put(at, h->id == PROA_HTTP_HEADER_OTHER
                     ? h->name
                     : proa_http_header_name((enum proa_http_header_id)h->id));
    PUT_LIT(at, ": ");
    return put(at, h->value);
}

static bool is_writable(const struct proa_encode_in *in, const struct proa_request_head *head)
{
    return in->host_header.len > 0 && proa_http_is_value(in->host_header) &&
           proa_http_is_value(in->authorization.secret) &&
           (head->path2.len == 0 || proa_http_is_target(head->path2)) &&
           (head->path3.len == 0 || proa_http_is_target(head->path3)) &&
           (head->type.len == 0 || proa_http_is_value(head->type)) &&
           (in->base_path.len == 0 || proa_http_is_target(in->base_path));
}

static struct proa_slice accept_of(const struct proa_encode_in *in,
                                   const struct proa_request_head *head)
{
    return head->accept.len > 0 ? head->accept
           : in->stream         ? PROA_SLICE(ACCEPT_STREAM)
                                : PROA_SLICE(ACCEPT_PLAIN);
}

/* ---- signatures ------------------------------------------------------------------------------ */

/* Bytes that the lines of a signature need besides what they are made of. */
enum { SIGNATURE_MAX = 512 };

static size_t measure_signature(const struct proa_authorization *a)
{
    return a->scheme == PROA_AUTH_SIGV4 ? SIGNATURE_MAX + a->access_id.len + a->region.len +
                                              a->service.len + a->session_token.len
                                        : 0;
}

/* Signs the head whose request line begins at `begin` and the body in the other pieces; writes the
 * lines, each with the end of the line before it, into `room` bytes at *at. */
static enum proa_err put_signature(const struct proa_encode_in *in, struct proa_slice target,
                                   struct proa_slice type, const struct proa_encoded *out,
                                   size_t room, char **at)
{
    const struct proa_authorization *a = &in->authorization;
    const struct proa_sigv4_header headers[] = {
        {PROA_SLICE("content-type"), type},
        {PROA_SLICE("host"), in->host_header},
    };
    char hash[PROA_SHA256_HEX];
    struct proa_slice query = PROA_SLICE_NONE;
    const struct proa_slice path = proa_slice_split(target, '?', &query);
    struct proa_buf lines = {.ptr = *at, .cap = room, .max = room};
    proa_sigv4_pieces_hash(&out->iov[1], out->n_iov > 1 ? out->n_iov - 1 : 0, hash);
    const struct proa_sigv4_in sign = {
        .method = out->n_iov > 1 ? PROA_SLICE("POST") : PROA_SLICE("GET"),
        .path = path,
        .query = query,
        .headers = headers,
        .n_headers = PROA_ARRAY_LEN(headers),
        .payload_hash = proa_slice_make(hash, sizeof hash),
        .key_id = a->access_id,
        .secret = a->secret,
        .session_token = a->session_token,
        .region = a->region,
        .service = a->service,
        .unix_s = a->unix_s,
    };
    PROA_BUF_LIT(&lines, "\r\n");
    const enum proa_err err = proa_sigv4_sign(&sign, &lines, NULL);
    if (err == PROA_OK) {
        *at += lines.len - 2; /* whoever goes on ends the last line */
    }
    return err;
}

/* ---- the head -------------------------------------------------------------------------------- */

enum proa_err proa_request_head_write(const struct proa_encode_in *in,
                                      const struct proa_request_head *head,
                                      struct proa_arena *arena, struct proa_encoded *out)
{
    const size_t signature = measure_signature(&in->authorization);
    const struct proa_slice accept = accept_of(in, head);
    const struct proa_slice secret =
        in->authorization.scheme == PROA_AUTH_SIGV4 ? PROA_SLICE_NONE : in->authorization.secret;
    const struct proa_slice scheme =
        secret.len > 0 ? SCHEMES[in->authorization.scheme] : PROA_SLICE_NONE;
    const struct proa_slice type = head->type.len > 0 ? head->type : PROA_SLICE(JSON_TYPE);
    if (!is_writable(in, head)) {
        return PROA_ERR_PROTOCOL;
    }
    size_t bytes = FIXED_MAX + in->base_path.len + head->path.len + head->path2.len +
                   head->path3.len + in->host_header.len + scheme.len + secret.len + accept.len +
                   head->lines.len + in->authorization.lines.len + signature + type.len;
    enum proa_err err = measure_headers(in, &bytes);
    if (err != PROA_OK) {
        return err;
    }
    if (bytes > HEAD_MAX) {
        return PROA_ERR_LIMIT;
    }
    char *const begin = proa_arena_alloc(arena, bytes);
    char *at = begin;
    at = put(at, head->get ? PROA_SLICE(GET_BEGIN) : PROA_SLICE(REQUEST_BEGIN));
    const char *const target = at;
    at = put(at, in->base_path);
    at = put(at, head->path);
    at = put(at, head->path2);
    at = put(at, head->path3);
    const size_t target_len = (size_t)(at - target);
    PUT_LIT(at, HOST_LINE);
    at = put(at, in->host_header);
    if (secret.len > 0) {
        at = put(at, scheme);
        at = put(at, secret);
    }
    if (signature > 0) {
        err = put_signature(in, proa_slice_make(target, target_len), type, out, signature, &at);
        if (err != PROA_OK) {
            return err;
        }
    }
    PUT_LIT(at, TYPE_LINE);
    at = put(at, type);
    PUT_LIT(at, FIXED_LINES);
    at = put(at, accept);
    at = put(at, head->lines);
    at = put(at, in->authorization.lines);
    for (size_t i = 0; i < in->n_headers; i++) {
        at = put_header(at, &in->headers[i]);
    }
    if (!head->get) {
        PUT_LIT(at, LENGTH_LINE);
        at += proa_fmt_u64(at, out->body_bytes);
    }
    PUT_LIT(at, HEAD_END);
    out->iov[0] = (struct iovec){begin, (size_t)(at - begin)};
    return PROA_OK;
}

enum proa_err proa_request_finish(const struct proa_encode_in *in,
                                  const struct proa_request_head *head, struct proa_arena *arena,
                                  struct proa_encoded *out)
{
    if (!proa_buf_ok(&out->body)) {
        return PROA_ERR_LIMIT;
    }
    out->iov[1] = (struct iovec){out->body.ptr, out->body.len};
    out->body_bytes = out->body.len;
    out->n_iov = 2;
    const enum proa_err err = proa_request_head_write(in, head, arena, out);
    out->n_iov = err == PROA_OK ? 2 : 0;
    return err;
}
