/*
 * Messages of an event stream for tests, with a CRC of its own: bit by bit, so that no mistake of
 * the library's use can hide.
 */
#ifndef PROA_EVENTSTREAM_FIXTURE_H
#define PROA_EVENTSTREAM_FIXTURE_H

#include "proa/core/buf.h"

/* The reflected CRC-32 with the polynomial 0xEDB88320. */
static inline uint32_t fixture_crc(struct proa_slice bytes)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static inline void fixture_put_u32(struct proa_buf *out, uint32_t n)
{
    const char bytes[] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};
    (void)proa_buf_append(out, proa_slice_make(bytes, sizeof bytes));
}

/* A header that is a string. */
static inline void fixture_put_header(struct proa_buf *out, const char *name,
                                      struct proa_slice value)
{
    const struct proa_slice n = proa_slice_cstr(name);
    (void)proa_buf_append_byte(out, (char)n.len);
    (void)proa_buf_append(out, n);
    (void)proa_buf_append_byte(out, 7);
    (void)proa_buf_append_byte(out, (char)(value.len >> 8));
    (void)proa_buf_append_byte(out, (char)value.len);
    (void)proa_buf_append(out, value);
}

/* One message, appended. */
static inline void fixture_put_message(struct proa_buf *out, struct proa_slice headers,
                                       struct proa_slice payload)
{
    const size_t at = out->len;
    fixture_put_u32(out, (uint32_t)(headers.len + payload.len + 16));
    fixture_put_u32(out, (uint32_t)headers.len);
    fixture_put_u32(out, fixture_crc(proa_slice_from(proa_buf_slice(out), at)));
    (void)proa_buf_append(out, headers);
    (void)proa_buf_append(out, payload);
    fixture_put_u32(out, fixture_crc(proa_slice_from(proa_buf_slice(out), at)));
}

/* One as Bedrock sends it: an event, or with `kind` "exception" one of those. */
static inline void fixture_put_event(struct proa_buf *out, const char *kind, const char *name,
                                     struct proa_slice payload)
{
    struct proa_buf headers;
    proa_buf_init(&headers, 4096);
    fixture_put_header(&headers, kind[1] == 'x' ? ":exception-type" : ":event-type",
                       proa_slice_cstr(name));
    fixture_put_header(&headers, ":content-type", PROA_SLICE("application/json"));
    fixture_put_header(&headers, ":message-type", proa_slice_cstr(kind));
    fixture_put_message(out, proa_buf_slice(&headers), payload);
    proa_buf_deinit(&headers);
}

#endif
