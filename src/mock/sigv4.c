#include "sigv4_priv.h"

#include "proa/core/clock.h"

enum { MAX_PAIRS = 32, MAX_SEGMENTS = 64 };

static const struct proa_slice ALGORITHM = PROA_SLICE_INIT("AWS4-HMAC-SHA256");

/* ---- the header ------------------------------------------------------------------------------ */

static struct proa_slice field(struct proa_slice list, struct proa_slice name)
{
    while (list.len > 0) {
        const struct proa_slice part = proa_slice_trim(proa_slice_split(list, ',', &list));
        if (proa_slice_starts(part, name)) {
            return proa_slice_from(part, name.len);
        }
    }
    return PROA_SLICE_NONE;
}

bool proa_mock_sigv4_parse(struct proa_slice authorization, struct mock_sigv4 *out)
{
    if (!proa_slice_starts(authorization, ALGORITHM)) {
        return false;
    }
    const struct proa_slice list = proa_slice_from(authorization, ALGORITHM.len);
    struct proa_slice rest = field(list, PROA_SLICE("Credential="));
    out->key_id = proa_slice_split(rest, '/', &rest);
    out->scope = rest;
    out->date = proa_slice_split(rest, '/', &rest);
    out->region = proa_slice_split(rest, '/', &rest);
    out->service = proa_slice_split(rest, '/', &rest);
    out->names = field(list, PROA_SLICE("SignedHeaders="));
    out->signature = field(list, PROA_SLICE("Signature="));
    return out->key_id.len > 0 && out->date.len == 8 && out->region.len > 0 &&
           out->service.len > 0 && proa_slice_eq(rest, PROA_SLICE("aws4_request")) &&
           out->names.len > 0 && out->signature.len == PROA_SHA256_HEX;
}

/* ---- canonical request ----------------------------------------------------------------------- */

static void encode(struct proa_buf *out, struct proa_slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~') {
            (void)proa_buf_append_byte(out, (char)c);
        } else {
            const char escape[3] = {'%', digits[c >> 4], digits[c & 15U]};
            (void)proa_buf_append(out, proa_slice_make(escape, sizeof escape));
        }
    }
}

/* Dot segments resolved, empty ones dropped; a slash at the end stays. */
static void put_path(struct proa_buf *out, struct proa_slice path)
{
    struct proa_slice segments[MAX_SEGMENTS];
    size_t n = 0;
    bool open = false; /* the path ends with a slash */
    struct proa_slice rest = proa_slice_from(path, 1);
    while (rest.len > 0) {
        const size_t end = proa_slice_find(rest, '/');
        const struct proa_slice segment = proa_slice_head(rest, end);
        const bool dots = proa_slice_eq(segment, PROA_SLICE(".."));
        open = end < rest.len || dots || proa_slice_eq(segment, PROA_SLICE("."));
        if (dots) {
            n -= n > 0;
        } else if (segment.len > 0 && !proa_slice_eq(segment, PROA_SLICE(".")) &&
                   n < MAX_SEGMENTS) {
            segments[n++] = segment;
        }
        rest = proa_slice_from(rest, end + 1);
    }
    for (size_t i = 0; i < n; i++) {
        PROA_BUF_LIT(out, "/");
        encode(out, segments[i]);
    }
    if (n == 0 || open) {
        PROA_BUF_LIT(out, "/");
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static struct proa_slice recoded(struct proa_slice text, struct proa_arena *arena)
{
    struct proa_buf buf;
    char *plain = proa_arena_alloc(arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        const int high = text.ptr[i] == '%' && i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
        plain[n++] = (char)(low >= 0 ? high * 16 + low : text.ptr[i]);
        i += low >= 0 ? 2 : 0;
    }
    proa_buf_init(&buf, MOCK_SIGV4_CANONICAL_MAX);
    encode(&buf, proa_slice_make(plain, n));
    const struct proa_slice out = proa_arena_dup(arena, proa_buf_slice(&buf));
    proa_buf_deinit(&buf);
    return out;
}

struct pair {
    struct proa_slice name;
    struct proa_slice value;
};

static int compare(struct proa_slice a, struct proa_slice b)
{
    const size_t n = a.len < b.len ? a.len : b.len;
    const int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static void put_query(struct proa_buf *out, struct proa_slice query, struct proa_arena *arena)
{
    struct pair pairs[MAX_PAIRS];
    size_t n = 0;
    while (query.len > 0 && n < MAX_PAIRS) {
        struct pair p = {.value = PROA_SLICE_NONE};
        const struct proa_slice part = proa_slice_split(query, '&', &query);
        p.name = recoded(proa_slice_split(part, '=', &p.value), arena);
        p.value = recoded(p.value, arena);
        size_t at = n++;
        for (; at > 0; at--) {
            const int order = compare(pairs[at - 1].name, p.name);
            if (order < 0 || (order == 0 && compare(pairs[at - 1].value, p.value) <= 0)) {
                break;
            }
            pairs[at] = pairs[at - 1];
        }
        pairs[at] = p;
    }
    for (size_t i = 0; i < n; i++) {
        (void)proa_buf_append_cstr(out, i > 0 ? "&" : "");
        (void)proa_buf_append(out, pairs[i].name);
        PROA_BUF_LIT(out, "=");
        (void)proa_buf_append(out, pairs[i].value);
    }
}

/* Runs of blanks become one. */
static void put_value(struct proa_buf *out, struct proa_slice value)
{
    value = proa_slice_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        const bool blank = value.ptr[i] == ' ' && i > 0 && value.ptr[i - 1] == ' ';
        if (!blank) {
            (void)proa_buf_append_byte(out, value.ptr[i]);
        }
    }
}

static void put_header(struct proa_buf *out, const struct proa_http_headers *headers,
                       struct proa_slice name)
{
    bool any = false;
    (void)proa_buf_append(out, name);
    PROA_BUF_LIT(out, ":");
    for (size_t i = 0; i < headers->n; i++) {
        if (proa_slice_eq_nocase(headers->items[i].name, name)) {
            (void)proa_buf_append_cstr(out, any ? "," : "");
            put_value(out, headers->items[i].value);
            any = true;
        }
    }
    PROA_BUF_LIT(out, "\n");
}

static void put_sha256(struct proa_buf *out, struct proa_slice data)
{
    unsigned char digest[PROA_SHA256_BYTES];
    char hex[PROA_SHA256_HEX];
    proa_sha256(data, digest);
    proa_hex(digest, sizeof digest, hex);
    (void)proa_buf_append(out, proa_slice_make(hex, sizeof hex));
}

void proa_mock_sigv4_canonical(const struct proa_http_head *head, struct proa_slice body,
                               const struct mock_sigv4 *s, struct proa_arena *arena,
                               struct proa_buf *out)
{
    struct proa_slice rest = s->names;
    (void)proa_buf_append(out, head->method_text);
    PROA_BUF_LIT(out, "\n");
    put_path(out, head->path);
    PROA_BUF_LIT(out, "\n");
    put_query(out, head->query, arena);
    PROA_BUF_LIT(out, "\n");
    while (rest.len > 0) {
        put_header(out, &head->headers, proa_slice_split(rest, ';', &rest));
    }
    PROA_BUF_LIT(out, "\n");
    (void)proa_buf_append(out, s->names);
    PROA_BUF_LIT(out, "\n");
    put_sha256(out, body);
}

/* ---- signature ------------------------------------------------------------------------------- */

static struct proa_slice digest_slice(const unsigned char digest[PROA_SHA256_BYTES])
{
    return proa_slice_make(digest, PROA_SHA256_BYTES);
}

void proa_mock_sigv4_key(struct proa_slice secret, const struct mock_sigv4 *s,
                         unsigned char out[PROA_SHA256_BYTES])
{
    const struct proa_slice parts[] = {s->date, s->region, s->service, PROA_SLICE("aws4_request")};
    struct proa_buf first;
    proa_buf_init(&first, 4096);
    PROA_BUF_LIT(&first, "AWS4");
    (void)proa_buf_append(&first, secret);
    struct proa_slice key = proa_buf_slice(&first);
    for (size_t i = 0; i < PROA_ARRAY_LEN(parts); i++) {
        unsigned char next[PROA_SHA256_BYTES];
        proa_hmac_sha256(key, parts[i], next);
        memcpy(out, next, sizeof next);
        key = digest_slice(out);
    }
    proa_buf_deinit(&first);
}

/* Of a canonical request, at the time as it stands in x-amz-date. */
static void sign(struct proa_slice canonical, struct proa_slice amz_date,
                 const struct mock_sigv4 *s, struct proa_slice secret, char out[PROA_SHA256_HEX])
{
    unsigned char key[PROA_SHA256_BYTES];
    unsigned char digest[PROA_SHA256_BYTES];
    struct proa_buf text;
    proa_buf_init(&text, MOCK_SIGV4_CANONICAL_MAX);
    (void)proa_buf_append(&text, ALGORITHM);
    PROA_BUF_LIT(&text, "\n");
    (void)proa_buf_append(&text, amz_date);
    PROA_BUF_LIT(&text, "\n");
    (void)proa_buf_append(&text, s->scope);
    PROA_BUF_LIT(&text, "\n");
    put_sha256(&text, canonical);
    proa_mock_sigv4_key(secret, s, key);
    proa_hmac_sha256(digest_slice(key), proa_buf_slice(&text), digest);
    proa_hex(digest, sizeof digest, out);
    proa_buf_deinit(&text);
}

/* ---- check ----------------------------------------------------------------------------------- */

static bool is_signed(const struct mock_sigv4 *s, struct proa_slice name)
{
    struct proa_slice rest = s->names;
    while (rest.len > 0) {
        if (proa_slice_eq_nocase(proa_slice_split(rest, ';', &rest), name)) {
            return true;
        }
    }
    return false;
}

static bool signs_enough(const struct proa_http_head *head, const struct mock_sigv4 *s)
{
    for (size_t i = 0; i < head->headers.n; i++) {
        const struct proa_slice name = head->headers.items[i].name;
        const struct proa_slice amz = PROA_SLICE("x-amz-");
        if (proa_slice_eq_nocase(proa_slice_head(name, amz.len), amz) && !is_signed(s, name)) {
            return false;
        }
    }
    return is_signed(s, PROA_SLICE("host")) && is_signed(s, PROA_SLICE("x-amz-date"));
}

/* Digits of "20150830T123600Z". */
static bool read_digits(struct proa_slice text, size_t at, size_t n, uint32_t *out)
{
    uint64_t value = 0;
    if (proa_slice_to_u64(proa_slice_head(proa_slice_from(text, at), n), &value)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool read_time(struct proa_slice t, uint64_t *out)
{
    struct proa_civil c = {.year = 0};
    if (t.len != 16 || t.ptr[8] != 'T' || t.ptr[15] != 'Z' || !read_digits(t, 0, 4, &c.year) ||
        !read_digits(t, 4, 2, &c.month) || !read_digits(t, 6, 2, &c.day) ||
        !read_digits(t, 9, 2, &c.hour) || !read_digits(t, 11, 2, &c.minute) ||
        !read_digits(t, 13, 2, &c.second) || c.month < 1 || c.month > 12 || c.year < 1970) {
        return false;
    }
    *out = proa_civil_to_unix(&c);
    return true;
}

enum mock_sigv4_fault proa_mock_sigv4_check(const struct proa_http_head *head,
                                            struct proa_slice body, struct proa_slice secret,
                                            uint64_t now_s, struct proa_arena *arena,
                                            struct mock_sigv4 *s)
{
    const struct proa_http_header *date =
        proa_http_header_find_name(&head->headers, PROA_SLICE("x-amz-date"));
    char expected[PROA_SHA256_HEX];
    uint64_t at_s = 0;
    struct proa_buf canonical;
    if (!proa_mock_sigv4_parse(
            proa_http_header_value(&head->headers, PROA_HTTP_HEADER_AUTHORIZATION), s) ||
        !date) {
        return MOCK_SIGV4_INCOMPLETE;
    }
    if (!signs_enough(head, s)) {
        return MOCK_SIGV4_UNSIGNED;
    }
    if (!read_time(date->value, &at_s) ||
        !proa_slice_eq(proa_slice_head(date->value, 8), s->date) ||
        (at_s > now_s ? at_s - now_s : now_s - at_s) > MOCK_SIGV4_SKEW_S) {
        return MOCK_SIGV4_EXPIRED;
    }
    proa_buf_init(&canonical, MOCK_SIGV4_CANONICAL_MAX);
    proa_mock_sigv4_canonical(head, body, s, arena, &canonical);
    sign(proa_buf_slice(&canonical), date->value, s, secret, expected);
    const bool fits = proa_buf_ok(&canonical) &&
                      proa_slice_eq(s->signature, proa_slice_make(expected, sizeof expected));
    proa_buf_deinit(&canonical);
    return fits ? MOCK_SIGV4_FINE : MOCK_SIGV4_MISMATCH;
}
