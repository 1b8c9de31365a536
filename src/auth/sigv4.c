#include "proa/auth/sigv4.h"

#include "proa/core/clock.h"

enum {
    STAMP_LEN = 16, /* 20150830T123600Z */
    DATE_LEN = 8,
    SEGMENTS_MAX = 64,
    ADDED_MAX = 3, /* headers of our own */
    ALL_MAX = PROA_SIGV4_HEADERS_MAX + ADDED_MAX,
    VALUE_MAX = 16 * 1024, /* session tokens are the longest */
};

#define LIT(h, lit) proa_sha256_update((h), PROA_SLICE(lit))

/* One signature in the making. */
struct signing {
    const struct proa_sigv4_in *in;
    char stamp[STAMP_LEN];
    struct proa_sigv4_header headers[ALL_MAX]; /* sorted by name */
    size_t n_headers;
};

/* ---- encoding -------------------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static size_t encode_byte(char c, char out[3])
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_unreserved(c)) {
        out[0] = c;
        return 1;
    }
    out[0] = '%';
    out[1] = digits[(unsigned char)c >> 4];
    out[2] = digits[(unsigned char)c & 15];
    return 3;
}

static void hash_encoded(struct proa_sha256 *h, struct proa_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char out[3];
        const size_t n = encode_byte(text.ptr[i], out);
        proa_sha256_update(h, proa_slice_make(out, n));
    }
}

/* ---- canonical parts ------------------------------------------------------------------------- */

/* Segments without empty ones and dot segments (RFC 3986 5.2.4); false when there are too many. */
static bool normalise(struct proa_slice path, struct proa_slice out[SEGMENTS_MAX], size_t *n)
{
    *n = 0;
    while (path.len > 0) {
        const struct proa_slice segment = proa_slice_split(path, '/', &path);
        if (proa_slice_eq(segment, PROA_SLICE(".."))) {
            *n -= *n > 0 ? 1 : 0;
        } else if (segment.len > 0 && !proa_slice_eq(segment, PROA_SLICE("."))) {
            if (*n == SEGMENTS_MAX) {
                return false;
            }
            out[(*n)++] = segment;
        }
    }
    return true;
}

static enum proa_err hash_path(struct proa_sha256 *h, struct proa_slice path)
{
    PROA_UNINIT struct proa_slice segments[SEGMENTS_MAX];
    size_t n = 0;
    if (!normalise(path, segments, &n)) {
        return PROA_ERR_LIMIT;
    }
    for (size_t i = 0; i < n; i++) {
        LIT(h, "/");
        hash_encoded(h, segments[i]);
    }
    const bool slash = path.len > 0 && path.ptr[path.len - 1] == '/';
    if (n == 0 || slash) {
        LIT(h, "/");
    }
    return PROA_OK;
}

static int compare(struct proa_slice a, struct proa_slice b)
{
    const size_t n = a.len < b.len ? a.len : b.len;
    const int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

struct param {
    struct proa_slice name;
    struct proa_slice value;
};

static bool comes_before(const struct param *a, const struct param *b)
{
    const int order = compare(a->name, b->name);
    return order != 0 ? order < 0 : compare(a->value, b->value) < 0;
}

static enum proa_err hash_query(struct proa_sha256 *h, struct proa_slice query)
{
    PROA_UNINIT struct param params[PROA_SIGV4_PARAMS_MAX];
    size_t n = 0;
    while (query.len > 0) {
        struct proa_slice rest;
        struct param p;
        p.name = proa_slice_split(proa_slice_split(query, '&', &rest), '=', &p.value);
        query = rest;
        if (p.name.len == 0 && p.value.len == 0) {
            continue;
        }
        if (n == PROA_SIGV4_PARAMS_MAX) {
            return PROA_ERR_LIMIT;
        }
        size_t at = n++;
        for (; at > 0 && comes_before(&p, &params[at - 1]); at--) {
            params[at] = params[at - 1];
        }
        params[at] = p;
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            LIT(h, "&");
        }
        proa_sha256_update(h, params[i].name);
        LIT(h, "=");
        proa_sha256_update(h, params[i].value);
    }
    return PROA_OK;
}

/* Without blanks at the ends, and with one for each run inside. */
static void hash_value(struct proa_sha256 *h, struct proa_slice value)
{
    value = proa_slice_trim(value);
    size_t from = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == ' ' && i + 1 < value.len && value.ptr[i + 1] == ' ') {
            proa_sha256_update(h, proa_slice_make(value.ptr + from, i - from));
            from = i + 1;
        }
    }
    proa_sha256_update(h, proa_slice_from(value, from));
}

static void hash_signed_names(struct proa_sha256 *h, const struct signing *s)
{
    for (size_t i = 0; i < s->n_headers; i++) {
        if (i > 0) {
            LIT(h, ";");
        }
        proa_sha256_update(h, s->headers[i].name);
    }
}

static enum proa_err hash_request(const struct signing *s, char out[PROA_SHA256_HEX])
{
    unsigned char digest[PROA_SHA256_BYTES];
    struct proa_sha256 h;
    proa_sha256_init(&h);
    proa_sha256_update(&h, s->in->method);
    LIT(&h, "\n");
    enum proa_err err = hash_path(&h, s->in->path);
    LIT(&h, "\n");
    if (err == PROA_OK) {
        err = hash_query(&h, s->in->query);
    }
    LIT(&h, "\n");
    for (size_t i = 0; i < s->n_headers; i++) {
        proa_sha256_update(&h, s->headers[i].name);
        LIT(&h, ":");
        hash_value(&h, s->headers[i].value);
        LIT(&h, "\n");
    }
    LIT(&h, "\n");
    hash_signed_names(&h, s);
    LIT(&h, "\n");
    proa_sha256_update(&h, s->in->payload_hash);
    proa_sha256_final(&h, digest);
    proa_hex(digest, sizeof digest, out);
    return err;
}

/* ---- what comes in --------------------------------------------------------------------------- */

static bool is_lower_token(struct proa_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) {
            return false;
        }
    }
    return name.len > 0;
}

/* Could it end its line early? */
static bool is_line_text(struct proa_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        const unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum proa_err add_header(struct signing *s, struct proa_slice name, struct proa_slice value)
{
    if (!is_lower_token(name) || !is_line_text(value)) {
        return PROA_ERR_PROTOCOL;
    }
    if (s->n_headers == ALL_MAX || value.len > VALUE_MAX) {
        return PROA_ERR_LIMIT;
    }
    size_t at = s->n_headers++;
    for (; at > 0 && compare(name, s->headers[at - 1].name) < 0; at--) {
        s->headers[at] = s->headers[at - 1];
    }
    s->headers[at] = (struct proa_sigv4_header){name, value};
    return PROA_OK;
}

static enum proa_err collect_headers(struct signing *s)
{
    const struct proa_sigv4_in *in = s->in;
    bool host = false;
    enum proa_err err = in->n_headers > PROA_SIGV4_HEADERS_MAX ? PROA_ERR_LIMIT : PROA_OK;
    for (size_t i = 0; err == PROA_OK && i < in->n_headers; i++) {
        host = host || proa_slice_eq(in->headers[i].name, PROA_SLICE("host"));
        err = add_header(s, in->headers[i].name, in->headers[i].value);
    }
    if (err == PROA_OK && !host) {
        err = PROA_ERR_ARG;
    }
    if (err == PROA_OK) {
        err = add_header(s, PROA_SLICE("x-amz-date"), proa_slice_make(s->stamp, STAMP_LEN));
    }
    if (err == PROA_OK && in->session_token.len > 0) {
        err = add_header(s, PROA_SLICE("x-amz-security-token"), in->session_token);
    }
    if (err == PROA_OK && in->send_payload_hash) {
        err = add_header(s, PROA_SLICE("x-amz-content-sha256"), in->payload_hash);
    }
    return err;
}

static enum proa_err check(const struct proa_sigv4_in *in)
{
    if (in->method.len == 0 || in->key_id.len == 0 || in->secret.len == 0 || in->region.len == 0 ||
        in->service.len == 0 || in->payload_hash.len != PROA_SHA256_HEX) {
        return PROA_ERR_ARG;
    }
    if (in->path.len + in->query.len > PROA_SIGV4_TARGET_MAX) {
        return PROA_ERR_LIMIT;
    }
    return is_line_text(in->method) && is_line_text(in->key_id) && is_line_text(in->region) &&
                   is_line_text(in->service)
               ? PROA_OK
               : PROA_ERR_PROTOCOL;
}

/* 20150830T123600Z */
static void make_stamp(uint64_t unix_s, char out[STAMP_LEN])
{
    char text[24]; /* 2015-08-30T12:36:00.000Z */
    static const uint8_t from[STAMP_LEN - 1] = {0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 14, 15, 17, 18};
    const uint64_t ms = unix_s < UINT64_MAX / 1000 ? unix_s * 1000 : UINT64_MAX;
    proa_civil_rfc3339(ms, text);
    for (size_t i = 0; i < sizeof from; i++) {
        out[i] = text[from[i]];
    }
    out[STAMP_LEN - 1] = 'Z';
}

/* ---- signing --------------------------------------------------------------------------------- */

void proa_sigv4_payload_hash(struct proa_slice body, char out[PROA_SHA256_HEX])
{
    unsigned char digest[PROA_SHA256_BYTES];
    proa_sha256(body, digest);
    proa_hex(digest, sizeof digest, out);
}

void proa_sigv4_pieces_hash(const struct iovec *pieces, size_t n, char out[PROA_SHA256_HEX])
{
    unsigned char digest[PROA_SHA256_BYTES];
    struct proa_sha256 h;
    proa_sha256_init(&h);
    for (size_t i = 0; i < n; i++) {
        proa_sha256_update(&h, proa_slice_make(pieces[i].iov_base, pieces[i].iov_len));
    }
    proa_sha256_final(&h, digest);
    proa_hex(digest, sizeof digest, out);
}

void proa_sigv4_derive(struct proa_slice secret, struct proa_slice date, struct proa_slice region,
                       struct proa_slice service, unsigned char out[PROA_SHA256_BYTES])
{
    struct proa_buf first;
    proa_buf_init(&first, SIZE_MAX);
    PROA_BUF_LIT(&first, "AWS4");
    (void)proa_buf_append(&first, secret);
    proa_hmac_sha256(proa_buf_slice(&first), date, out);
    proa_zeroize(first.ptr, first.cap);
    proa_buf_deinit(&first);
    const struct proa_slice rest[] = {region, service, PROA_SLICE("aws4_request")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(rest); i++) {
        unsigned char next[PROA_SHA256_BYTES];
        proa_hmac_sha256(proa_slice_make(out, PROA_SHA256_BYTES), rest[i], next);
        memcpy(out, next, sizeof next);
        proa_zeroize(next, sizeof next);
    }
}

static void put_scope(struct proa_buf *b, const struct signing *s)
{
    (void)proa_buf_append(b, proa_slice_make(s->stamp, DATE_LEN));
    PROA_BUF_LIT(b, "/");
    (void)proa_buf_append(b, s->in->region);
    PROA_BUF_LIT(b, "/");
    (void)proa_buf_append(b, s->in->service);
    PROA_BUF_LIT(b, "/aws4_request");
}

static void sign_hash(const struct signing *s, const char canonical[PROA_SHA256_HEX],
                      char out[PROA_SHA256_HEX])
{
    struct proa_buf text;
    unsigned char key[PROA_SHA256_BYTES];
    unsigned char mac[PROA_SHA256_BYTES];
    proa_sigv4_derive(s->in->secret, proa_slice_make(s->stamp, DATE_LEN), s->in->region,
                      s->in->service, key);
    proa_buf_init(&text, SIZE_MAX);
    PROA_BUF_LIT(&text, "AWS4-HMAC-SHA256\n");
    (void)proa_buf_append(&text, proa_slice_make(s->stamp, STAMP_LEN));
    PROA_BUF_LIT(&text, "\n");
    put_scope(&text, s);
    PROA_BUF_LIT(&text, "\n");
    (void)proa_buf_append(&text, proa_slice_make(canonical, PROA_SHA256_HEX));
    proa_hmac_sha256(proa_slice_make(key, sizeof key), proa_buf_slice(&text), mac);
    proa_hex(mac, sizeof mac, out);
    proa_zeroize(key, sizeof key);
    proa_buf_deinit(&text);
}

static void put_lines(struct proa_buf *out, const struct signing *s,
                      const char signature[PROA_SHA256_HEX])
{
    PROA_BUF_LIT(out, "x-amz-date: ");
    (void)proa_buf_append(out, proa_slice_make(s->stamp, STAMP_LEN));
    if (s->in->session_token.len > 0) {
        PROA_BUF_LIT(out, "\r\nx-amz-security-token: ");
        (void)proa_buf_append(out, s->in->session_token);
    }
    if (s->in->send_payload_hash) {
        PROA_BUF_LIT(out, "\r\nx-amz-content-sha256: ");
        (void)proa_buf_append(out, s->in->payload_hash);
    }
    PROA_BUF_LIT(out, "\r\nauthorization: AWS4-HMAC-SHA256 Credential=");
    (void)proa_buf_append(out, s->in->key_id);
    PROA_BUF_LIT(out, "/");
    put_scope(out, s);
    PROA_BUF_LIT(out, ", SignedHeaders=");
    for (size_t i = 0; i < s->n_headers; i++) {
        if (i > 0) {
            PROA_BUF_LIT(out, ";");
        }
        (void)proa_buf_append(out, s->headers[i].name);
    }
    PROA_BUF_LIT(out, ", Signature=");
    (void)proa_buf_append(out, proa_slice_make(signature, PROA_SHA256_HEX));
    PROA_BUF_LIT(out, "\r\n");
}

enum proa_err proa_sigv4_sign(const struct proa_sigv4_in *in, struct proa_buf *out,
                              struct proa_sigv4_proof *proof)
{
    struct signing s;
    char canonical[PROA_SHA256_HEX];
    char signature[PROA_SHA256_HEX];
    s.in = in;
    s.n_headers = 0;
    make_stamp(in->unix_s, s.stamp);
    enum proa_err err = check(in);
    if (err == PROA_OK) {
        err = collect_headers(&s);
    }
    if (err == PROA_OK) {
        err = hash_request(&s, canonical);
    }
    if (err != PROA_OK) {
        return err;
    }
    sign_hash(&s, canonical, signature);
    if (proof) {
        memcpy(proof->canonical_hash, canonical, sizeof canonical);
        memcpy(proof->signature, signature, sizeof signature);
    }
    put_lines(out, &s, signature);
    return proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
}
