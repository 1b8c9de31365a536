#include "frames_priv.h"

enum { PRELUDE = 8, FRAMING = 16, TYPE_STRING = 7 };

uint32_t proa_mock_crc32(struct proa_slice bytes)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.ptr[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1U) ? UINT32_C(0xedb88320) : 0);
        }
    }
    return ~crc;
}

static void put_u32(struct proa_buf *out, uint32_t value)
{
    const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                    (unsigned char)(value >> 8), (unsigned char)value};
    (void)proa_buf_append(out, proa_slice_make(bytes, sizeof bytes));
}

static void put_header(struct proa_buf *out, const struct mock_frame_header *h)
{
    (void)proa_buf_append_byte(out, (char)(unsigned char)h->name.len);
    (void)proa_buf_append(out, h->name);
    (void)proa_buf_append_byte(out, TYPE_STRING);
    (void)proa_buf_append_byte(out, (char)(unsigned char)(h->value.len >> 8));
    (void)proa_buf_append_byte(out, (char)(unsigned char)h->value.len);
    (void)proa_buf_append(out, h->value);
}

void proa_mock_frame_append(struct proa_buf *out, const struct mock_frame_header *headers, size_t n,
                            struct proa_slice payload)
{
    const size_t at = out->len;
    size_t n_headers = 0;
    for (size_t i = 0; i < n; i++) {
        n_headers += 1 + headers[i].name.len + 1 + 2 + headers[i].value.len;
    }
    put_u32(out, (uint32_t)(n_headers + payload.len + FRAMING));
    put_u32(out, (uint32_t)n_headers);
    if (proa_buf_ok(out)) {
        put_u32(out, proa_mock_crc32(proa_slice_make(out->ptr + at, PRELUDE)));
    }
    for (size_t i = 0; i < n; i++) {
        put_header(out, &headers[i]);
    }
    (void)proa_buf_append(out, payload);
    if (proa_buf_ok(out)) {
        put_u32(out, proa_mock_crc32(proa_slice_make(out->ptr + at, out->len - at)));
    }
}

static void put_typed(struct proa_buf *out, struct proa_slice key, struct proa_slice type,
                      struct proa_slice kind, struct proa_slice payload)
{
    const struct mock_frame_header headers[] = {
        {key, type},
        {PROA_SLICE(":content-type"), PROA_SLICE("application/json")},
        {PROA_SLICE(":message-type"), kind},
    };
    proa_mock_frame_append(out, headers, PROA_ARRAY_LEN(headers), payload);
}

void proa_mock_frame_event(struct proa_buf *out, struct proa_slice type, struct proa_slice payload)
{
    put_typed(out, PROA_SLICE(":event-type"), type, PROA_SLICE("event"), payload);
}

void proa_mock_frame_exception(struct proa_buf *out, struct proa_slice type,
                               struct proa_slice payload)
{
    put_typed(out, PROA_SLICE(":exception-type"), type, PROA_SLICE("exception"), payload);
}
