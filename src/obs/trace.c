#include "proa/obs/trace.h"

#include "hex_priv.h"

/* Offsets in version 00: vv-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff */
enum { AT_TRACE = 3, AT_SPAN = 36, AT_FLAGS = 53, KNOWN_FLAGS = 0x03 };

/* -1 for anything but a lower-case digit: the specification forbids upper case. */
static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int byte_at(const char *p)
{
    int high = digit(p[0]);
    int low = digit(p[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Lower-case hex with at least one digit that is not 0. */
static bool id_valid(const char *p, size_t len)
{
    bool nonzero = false;
    for (size_t i = 0; i < len; i++) {
        if (digit(p[i]) < 0) {
            return false;
        }
        nonzero |= p[i] != '0';
    }
    return nonzero;
}

enum proa_err proa_trace_parse(struct proa_slice traceparent, struct proa_trace *out)
{
    const char *p = traceparent.ptr;
    if (traceparent.len < PROA_TRACE_PARENT_LEN) {
        return PROA_ERR_SYNTAX;
    }
    int version = byte_at(p);
    int flags = byte_at(p + AT_FLAGS);
    if (version < 0 || version == 0xff || flags < 0 || p[AT_TRACE - 1] != '-' ||
        p[AT_SPAN - 1] != '-' || p[AT_FLAGS - 1] != '-') {
        return PROA_ERR_SYNTAX;
    }
    if (traceparent.len > PROA_TRACE_PARENT_LEN &&
        (version == 0 || p[PROA_TRACE_PARENT_LEN] != '-')) {
        return PROA_ERR_SYNTAX;
    }
    if (!id_valid(p + AT_TRACE, PROA_TRACE_ID_LEN) || !id_valid(p + AT_SPAN, PROA_TRACE_SPAN_LEN)) {
        return PROA_ERR_SYNTAX;
    }
    memcpy(out->trace_id, p + AT_TRACE, PROA_TRACE_ID_LEN);
    memcpy(out->span_id, p + AT_SPAN, PROA_TRACE_SPAN_LEN);
    /* Flags we do not know must not be sent on. */
    out->flags = (uint8_t)(flags & KNOWN_FLAGS);
    return PROA_OK;
}

/* An id of all zeros is invalid; the PRNG gives one in 2^64 draws. */
static uint64_t draw(struct proa_prng *prng)
{
    uint64_t value = proa_prng_next(prng);
    return value ? value : 1;
}

void proa_trace_start(struct proa_trace *out, bool sampled, struct proa_prng *prng)
{
    proa_hex_u64(out->trace_id, draw(prng));
    proa_hex_u64(out->trace_id + 16, draw(prng));
    proa_hex_u64(out->span_id, draw(prng));
    out->flags = (uint8_t)(PROA_TRACE_RANDOM | (sampled ? PROA_TRACE_SAMPLED : 0));
}

void proa_trace_child(const struct proa_trace *parent, struct proa_trace *out,
                      struct proa_prng *prng)
{
    if (out != parent) {
        *out = *parent;
    }
    proa_hex_u64(out->span_id, draw(prng));
}

void proa_trace_format(const struct proa_trace *t, char out[PROA_TRACE_PARENT_LEN])
{
    out[0] = '0';
    out[1] = '0';
    out[2] = '-';
    memcpy(out + AT_TRACE, t->trace_id, PROA_TRACE_ID_LEN);
    out[AT_SPAN - 1] = '-';
    memcpy(out + AT_SPAN, t->span_id, PROA_TRACE_SPAN_LEN);
    out[AT_FLAGS - 1] = '-';
    out[AT_FLAGS] = '0';
    out[AT_FLAGS + 1] = (char)('0' + (t->flags & KNOWN_FLAGS));
}
