#include "proa/json/writer.h"

#include "proa/json/string.h"

void proa_json_writer_init(struct proa_json_writer *w, struct proa_buf *buf)
{
    *w = (struct proa_json_writer){.buf = buf};
}

bool proa_json_writer_ok(const struct proa_json_writer *w)
{
    return w->done && !w->misused && proa_buf_ok(w->buf);
}

static bool in_object(const struct proa_json_writer *w)
{
    return w->depth > 0 && (w->objects & 1);
}

/* False, remembered, and fatal in debug builds, when the caller breaks the order of calls. */
static bool expect(struct proa_json_writer *w, bool right)
{
    PROA_DASSERT(right);
    w->misused |= !right;
    return right;
}

/* Whatever belongs in front of a value. */
static bool value_begins(struct proa_json_writer *w)
{
    if (!expect(w, !w->done && in_object(w) == w->has_key)) {
        return false;
    }
    if (w->comma && !w->has_key) {
        (void)proa_buf_append_byte(w->buf, ',');
    }
    w->has_key = false;
    w->comma = true;
    return true;
}

static void value_ended(struct proa_json_writer *w)
{
    w->done = w->depth == 0;
}

static void begin(struct proa_json_writer *w, bool object)
{
    if (!expect(w, w->depth < PROA_JSON_WRITER_DEPTH) || !value_begins(w)) {
        return;
    }
    w->objects = w->objects << 1 | object;
    w->depth++;
    w->comma = false;
    (void)proa_buf_append_byte(w->buf, object ? '{' : '[');
}

static void end(struct proa_json_writer *w, bool object)
{
    if (!expect(w, w->depth > 0 && in_object(w) == object && !w->has_key)) {
        return;
    }
    w->objects >>= 1;
    w->depth--;
    w->comma = true;
    (void)proa_buf_append_byte(w->buf, object ? '}' : ']');
    value_ended(w);
}

void proa_json_writer_begin_object(struct proa_json_writer *w)
{
    begin(w, true);
}

void proa_json_writer_end_object(struct proa_json_writer *w)
{
    end(w, true);
}

void proa_json_writer_begin_array(struct proa_json_writer *w)
{
    begin(w, false);
}

void proa_json_writer_end_array(struct proa_json_writer *w)
{
    end(w, false);
}

void proa_json_writer_key(struct proa_json_writer *w, struct proa_slice key)
{
    if (!expect(w, in_object(w) && !w->has_key)) {
        return;
    }
    if (w->comma) {
        (void)proa_buf_append_byte(w->buf, ',');
    }
    (void)proa_json_string_encode(w->buf, key);
    (void)proa_buf_append_byte(w->buf, ':');
    w->has_key = true;
}

/* The key with what stands around it in one go, because most of an object is keys. */
static void put_key(struct proa_json_writer *w, struct proa_slice before, struct proa_slice key,
                    struct proa_slice behind)
{
    if (!expect(w, in_object(w) && !w->has_key)) {
        return;
    }
    w->has_key = true;
    char *at = proa_buf_reserve(w->buf, before.len + key.len + behind.len);
    if (!at) {
        return;
    }
    const struct proa_slice begin = proa_slice_from(before, w->comma ? 0 : 1);
    memcpy(at, begin.ptr, begin.len);
    memcpy(at + begin.len, key.ptr, key.len);
    memcpy(at + begin.len + key.len, behind.ptr, behind.len);
    w->buf->len += begin.len + key.len + behind.len;
}

void proa_json_writer_key_plain(struct proa_json_writer *w, struct proa_slice key)
{
    put_key(w, PROA_SLICE(",\""), key, PROA_SLICE("\":"));
}

void proa_json_writer_key_made(struct proa_json_writer *w, struct proa_slice made)
{
    if (expect(w, in_object(w) && !w->has_key)) {
        (void)proa_buf_append(w->buf, proa_slice_from(made, w->comma ? 0 : 1));
        w->has_key = true;
    }
}

void proa_json_writer_key_token(struct proa_json_writer *w, struct proa_slice token)
{
    if (expect(w, token.len >= 2)) {
        put_key(w, PROA_SLICE(","), token, PROA_SLICE(":"));
    }
}

void proa_json_writer_raw(struct proa_json_writer *w, struct proa_slice json)
{
    if (expect(w, json.len > 0) && value_begins(w)) {
        (void)proa_buf_append(w->buf, json);
        value_ended(w);
    }
}

void proa_json_writer_string(struct proa_json_writer *w, struct proa_slice text)
{
    if (value_begins(w)) {
        (void)proa_json_string_encode(w->buf, text);
        value_ended(w);
    }
}

void proa_json_writer_text(struct proa_json_writer *w, struct proa_slice text)
{
    if (value_begins(w)) {
        (void)proa_buf_append_byte(w->buf, '"');
        (void)proa_buf_append(w->buf, text);
        (void)proa_buf_append_byte(w->buf, '"');
        value_ended(w);
    }
}

void proa_json_writer_u64(struct proa_json_writer *w, uint64_t value)
{
    if (value_begins(w)) {
        (void)proa_buf_append_u64(w->buf, value);
        value_ended(w);
    }
}

/* 0 - value in unsigned arithmetic is right for INT64_MIN as well. */
static uint64_t magnitude(int64_t value)
{
    return value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
}

void proa_json_writer_i64(struct proa_json_writer *w, int64_t value)
{
    char text[21] = "-";
    size_t sign = value < 0;
    size_t n = proa_fmt_u64(text + sign, magnitude(value));
    proa_json_writer_raw(w, (struct proa_slice){text, sign + n});
}

void proa_json_writer_micro(struct proa_json_writer *w, int64_t value)
{
    char text[32] = "-";
    size_t n = value < 0;
    uint64_t rest = magnitude(value);
    n += proa_fmt_u64(text + n, rest / 1000000);
    rest %= 1000000;
    if (rest) {
        text[n] = '.';
        n++;
        for (uint64_t unit = 100000; rest; unit /= 10) {
            text[n] = (char)('0' + rest / unit);
            n++;
            rest %= unit;
        }
    }
    proa_json_writer_raw(w, (struct proa_slice){text, n});
}

void proa_json_writer_bool(struct proa_json_writer *w, bool value)
{
    proa_json_writer_raw(w, value ? PROA_SLICE("true") : PROA_SLICE("false"));
}

void proa_json_writer_null(struct proa_json_writer *w)
{
    proa_json_writer_raw(w, PROA_SLICE("null"));
}
