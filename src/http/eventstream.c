#include "proa/http/eventstream.h"

#include <zlib.h>

enum { PRELUDE = 8, CRC = 4, FIRST = PRELUDE + CRC, OVERHEAD = FIRST + CRC };

const struct proa_eventstream_limits proa_eventstream_limits_default = {
    .headers_bytes = (size_t)128 * 1024,
    .message_bytes = (size_t)16 * 1024 * 1024,
};

void proa_eventstream_init(struct proa_eventstream *s, const struct proa_eventstream_limits *limits)
{
    *s = (struct proa_eventstream){.limits = *limits};
    proa_buf_init(&s->kept, limits->message_bytes > FIRST ? limits->message_bytes : FIRST);
}

void proa_eventstream_deinit(struct proa_eventstream *s)
{
    proa_buf_deinit(&s->kept);
}

static uint32_t u32_at(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* No message is longer than its limit, which fits zlib's type. */
static bool crc_fits(const char *bytes, size_t n, const char *crc)
{
    return crc32(0, (const unsigned char *)bytes, (uInt)n) == u32_at(crc);
}

/* ---- headers --------------------------------------------------------------------------------- */

/* Bytes of the value; what has a length of its own says so before it. */
static const struct width {
    uint8_t fixed;
    bool counted;
} WIDTHS[] = {
    [PROA_EVENTSTREAM_TRUE] = {0, false},      [PROA_EVENTSTREAM_FALSE] = {0, false},
    [PROA_EVENTSTREAM_I8] = {1, false},        [PROA_EVENTSTREAM_I16] = {2, false},
    [PROA_EVENTSTREAM_I32] = {4, false},       [PROA_EVENTSTREAM_I64] = {8, false},
    [PROA_EVENTSTREAM_BYTES] = {2, true},      [PROA_EVENTSTREAM_STRING] = {2, true},
    [PROA_EVENTSTREAM_TIMESTAMP] = {8, false}, [PROA_EVENTSTREAM_UUID] = {16, false},
};

/* Cuts off n bytes; false when there are not so many. */
static bool take(struct proa_slice *from, size_t n, struct proa_slice *out)
{
    if (from->len < n) {
        return false;
    }
    *out = proa_slice_head(*from, n);
    *from = proa_slice_from(*from, n);
    return true;
}

bool proa_eventstream_next_header(struct proa_slice *headers,
                                  struct proa_eventstream_header *header)
{
    struct proa_slice rest = *headers;
    struct proa_slice byte = PROA_SLICE_NONE;
    struct proa_slice name = PROA_SLICE_NONE;
    struct proa_slice value = PROA_SLICE_NONE;
    if (!take(&rest, 1, &byte) || byte.ptr[0] == 0 ||
        !take(&rest, (unsigned char)byte.ptr[0], &name) || !take(&rest, 1, &byte) ||
        (unsigned char)byte.ptr[0] >= PROA_ARRAY_LEN(WIDTHS)) {
        return false;
    }
    const unsigned type = (unsigned char)byte.ptr[0];
    if (!take(&rest, WIDTHS[type].fixed, &value)) {
        return false;
    }
    if (WIDTHS[type].counted) {
        const unsigned char *b = (const unsigned char *)value.ptr;
        if (!take(&rest, (size_t)b[0] << 8 | b[1], &value)) {
            return false;
        }
    }
    *headers = rest;
    *header = (struct proa_eventstream_header){
        .name = name, .type = (enum proa_eventstream_type)type, .value = value};
    return true;
}

struct proa_slice proa_eventstream_string(struct proa_slice headers, struct proa_slice name)
{
    struct proa_eventstream_header h;
    while (proa_eventstream_next_header(&headers, &h)) {
        if (proa_slice_eq(h.name, name)) {
            return h.type == PROA_EVENTSTREAM_STRING ? h.value : PROA_SLICE_NONE;
        }
    }
    return PROA_SLICE_NONE;
}

static bool headers_are_whole(struct proa_slice headers)
{
    struct proa_eventstream_header h;
    while (proa_eventstream_next_header(&headers, &h)) {
    }
    return headers.len == 0;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* MESSAGE: the first twelve bytes are those of one. */
static enum proa_eventstream_result judge_first(const struct proa_eventstream *s, const char *first)
{
    const uint32_t total = u32_at(first);
    const uint32_t headers = u32_at(first + 4);
    if (!crc_fits(first, PRELUDE, first + PRELUDE) || total < OVERHEAD ||
        headers > total - OVERHEAD) {
        return PROA_EVENTSTREAM_BROKEN;
    }
    return total > s->limits.message_bytes || headers > s->limits.headers_bytes
               ? PROA_EVENTSTREAM_TOO_LONG
               : PROA_EVENTSTREAM_MESSAGE;
}

static enum proa_eventstream_result fail(struct proa_eventstream *s,
                                         enum proa_eventstream_result why)
{
    s->failed = why;
    return why;
}

/* `whole` are all bytes of one message, whose beginning has been judged. */
static enum proa_eventstream_result read_message(struct proa_eventstream *s,
                                                 struct proa_slice whole,
                                                 struct proa_eventstream_message *message)
{
    const struct proa_slice body = proa_slice_head(whole, whole.len - CRC);
    const uint32_t n_headers = u32_at(whole.ptr + 4);
    const struct proa_slice headers = proa_slice_head(proa_slice_from(body, FIRST), n_headers);
    if (!crc_fits(body.ptr, body.len, body.ptr + body.len) || !headers_are_whole(headers)) {
        return fail(s, PROA_EVENTSTREAM_BROKEN);
    }
    *message = (struct proa_eventstream_message){
        .headers = headers,
        .payload = proa_slice_from(body, FIRST + n_headers),
        .start = s->offset - whole.len,
        .end = s->offset,
    };
    return PROA_EVENTSTREAM_MESSAGE;
}

static struct proa_slice advance(struct proa_eventstream *s, struct proa_slice *in, size_t n)
{
    const struct proa_slice taken = proa_slice_head(*in, n);
    *in = proa_slice_from(*in, n);
    s->offset += taken.len;
    return taken;
}

/* Moves bytes into `kept` until it holds n; false when the input does not do. */
static bool keep_until(struct proa_eventstream *s, struct proa_slice *in, size_t n)
{
    if (s->kept.len < n) {
        (void)proa_buf_append(&s->kept, advance(s, in, n - s->kept.len));
    }
    return s->kept.len >= n;
}

/* A message that has begun in an earlier piece of input. */
static enum proa_eventstream_result go_on(struct proa_eventstream *s, struct proa_slice *in,
                                          struct proa_eventstream_message *message)
{
    const bool judged = s->kept.len >= FIRST;
    if (!keep_until(s, in, FIRST)) {
        return PROA_EVENTSTREAM_MORE;
    }
    const enum proa_eventstream_result first =
        judged ? PROA_EVENTSTREAM_MESSAGE : judge_first(s, s->kept.ptr);
    if (first != PROA_EVENTSTREAM_MESSAGE) {
        return fail(s, first);
    }
    if (!keep_until(s, in, u32_at(s->kept.ptr))) {
        return PROA_EVENTSTREAM_MORE;
    }
    s->release_due = true;
    return read_message(s, proa_buf_slice(&s->kept), message);
}

enum proa_eventstream_result proa_eventstream_next(struct proa_eventstream *s,
                                                   struct proa_slice *in,
                                                   struct proa_eventstream_message *message)
{
    if (s->release_due) {
        s->release_due = false;
        proa_buf_clear(&s->kept);
        proa_buf_trim(&s->kept, 0);
    }
    if (s->failed != PROA_EVENTSTREAM_MORE) {
        return s->failed;
    }
    if (in->len == 0) {
        return PROA_EVENTSTREAM_MORE;
    }
    if (s->kept.len == 0 && in->len >= FIRST) {
        const enum proa_eventstream_result first = judge_first(s, in->ptr);
        if (first != PROA_EVENTSTREAM_MESSAGE) {
            return fail(s, first);
        }
        const uint32_t total = u32_at(in->ptr);
        if (total <= in->len) {
            return read_message(s, advance(s, in, total), message);
        }
    }
    return go_on(s, in, message);
}

bool proa_eventstream_is_unfinished(const struct proa_eventstream *s)
{
    return s->failed == PROA_EVENTSTREAM_MORE && !s->release_due && s->kept.len > 0;
}
