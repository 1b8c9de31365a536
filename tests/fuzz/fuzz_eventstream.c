/*
 * Event streams in AWS's framing: whole and split tell the same messages, whose bytes follow one
 * another without a gap and whose headers are whole. The CRCs of the input are put right wherever
 * its lengths say that a message is, so that more than the first twelve bytes are looked at.
 *
 * links: http core
 */
#include "proa/core/alloc.h"
#include "proa/core/prng.h"
#include "proa/http/eventstream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static uint32_t u32_at(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(uint8_t *p, uint32_t n)
{
    p[0] = (uint8_t)(n >> 24);
    p[1] = (uint8_t)(n >> 16);
    p[2] = (uint8_t)(n >> 8);
    p[3] = (uint8_t)n;
}

static void mend(uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (len - at >= 16) {
        bytes[at] = 0; /* lengths that occur */
        bytes[at + 1] = 0;
        bytes[at + 4] = 0;
        bytes[at + 5] = 0;
        put_u32(bytes + at + 8, crc_of(bytes + at, 8));
        const size_t total = u32_at(bytes + at);
        if (total < 16 || total > len - at) {
            return;
        }
        put_u32(bytes + at + total - 4, crc_of(bytes + at, total - 4));
        at += total;
    }
}

struct story {
    struct proa_buf text;
    uint64_t last_end;
    enum proa_eventstream_result end;
    bool unfinished;
};

static void tell(struct story *st, const struct proa_eventstream_message *m)
{
    struct proa_slice headers = m->headers;
    struct proa_eventstream_header h;
    must(m->start == st->last_end && m->end - m->start == m->headers.len + m->payload.len + 16);
    st->last_end = m->end;
    while (proa_eventstream_next_header(&headers, &h)) {
        must(h.name.len > 0);
        must(proa_buf_append(&st->text, h.name) == PROA_OK);
        must(proa_buf_append_u64(&st->text, h.type) == PROA_OK);
        must(proa_buf_append(&st->text, h.value) == PROA_OK);
    }
    must(headers.len == 0);
    must(proa_buf_append(&st->text, m->payload) == PROA_OK);
    must(proa_buf_append_u64(&st->text, m->end) == PROA_OK);
}

static void run(struct story *st, const struct proa_eventstream_limits *limits,
                struct proa_slice in, struct proa_prng *prng)
{
    struct proa_eventstream s;
    struct proa_eventstream_message m;
    *st = (struct story){.last_end = 0};
    proa_buf_init(&st->text, 64U << 20);
    proa_eventstream_init(&s, limits);
    size_t at = 0;
    while (at < in.len && st->end == PROA_EVENTSTREAM_MORE) {
        size_t n = in.len - at;
        if (prng) {
            size_t most = proa_prng_below(prng, 4) == 0 ? n : 8;
            n = 1 + (size_t)proa_prng_below(prng, most < n ? most : n);
        }
        char *piece = proa_memdup(in.ptr + at, n);
        struct proa_slice rest = proa_slice_make(piece, n);
        st->end = proa_eventstream_next(&s, &rest, &m);
        while (st->end == PROA_EVENTSTREAM_MESSAGE) {
            tell(st, &m);
            st->end = proa_eventstream_next(&s, &rest, &m);
        }
        must(st->end != PROA_EVENTSTREAM_MORE || rest.len == 0);
        proa_free(piece);
        at += n;
    }
    must(st->last_end <= in.len);
    st->unfinished = proa_eventstream_is_unfinished(&s);
    must(st->unfinished == (st->end == PROA_EVENTSTREAM_MORE && st->last_end < in.len));
    proa_eventstream_deinit(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proa_eventstream_limits limits = proa_eventstream_limits_default;
    struct story whole;
    struct story split;
    struct proa_prng prng;
    if (len < 2) {
        return 0;
    }
    if (data[0] & 1) {
        limits = (struct proa_eventstream_limits){.headers_bytes = 32, .message_bytes = 128};
    }
    uint8_t *bytes = proa_memdup(data + 2, len - 2);
    if (data[0] & 2) {
        mend(bytes, len - 2);
    }
    const struct proa_slice in = proa_slice_make(bytes, len - 2);
    proa_prng_seed(&prng, (uint64_t)data[1] << 8 | data[0]);
    run(&whole, &limits, in, NULL);
    run(&split, &limits, in, &prng);
    must(proa_slice_eq(proa_buf_slice(&whole.text), proa_buf_slice(&split.text)));
    must(whole.end == split.end && whole.unfinished == split.unfinished);
    proa_buf_deinit(&whole.text);
    proa_buf_deinit(&split.text);
    proa_free(bytes);
    return 0;
}
