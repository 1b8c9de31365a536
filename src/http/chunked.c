#include "bytes_priv.h"
#include "chunked_priv.h"

#define SIZE_DIGITS_MAX 16

/*
 *  SIZE -> [EXT] -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *                      | size 0
 *                      v
 *            TRAILER_START -> NAME -> VALUE -> TRAILER_LF -> TRAILER_START ...
 *                      | CR
 *                      v
 *                    END_LF -> DONE
 */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static enum proa_http_fault on_size_byte(struct proa_http_chunked *c, char byte)
{
    int digit = hex_value(byte);
    if (digit >= 0) {
        if (c->n_digits == SIZE_DIGITS_MAX) {
            return PROA_HTTP_FAULT_CHUNK_SIZE;
        }
        c->n_digits++;
        c->size = c->size << 4 | (unsigned)digit;
        return PROA_HTTP_FAULT_NONE;
    }
    if (c->n_digits == 0) {
        return PROA_HTTP_FAULT_CHUNK_SIZE;
    }
    if (byte == '\r') {
        c->state = PROA_HTTP_CHUNKED_SIZE_LF;
        return PROA_HTTP_FAULT_NONE;
    }
    if (byte == ';') {
        c->state = PROA_HTTP_CHUNKED_EXT;
        c->ext_bytes++;
        return PROA_HTTP_FAULT_NONE;
    }
    return byte == '\n' ? PROA_HTTP_FAULT_CHUNK_END : PROA_HTTP_FAULT_CHUNK_SIZE;
}

/* The content means nothing to us; only what could be taken for a line end elsewhere is refused. */
static enum proa_http_fault on_ext_byte(struct proa_http_chunked *c,
                                        const struct proa_http_limits *limits, char byte)
{
    if (byte == '\r') {
        c->state = PROA_HTTP_CHUNKED_SIZE_LF;
        return PROA_HTTP_FAULT_NONE;
    }
    if (byte == '\n') {
        return PROA_HTTP_FAULT_CHUNK_END;
    }
    if (!proa_http_is_value_byte(byte)) {
        return PROA_HTTP_FAULT_CHUNK_EXTENSION;
    }
    c->ext_bytes++;
    return c->ext_bytes > limits->ext_bytes ? PROA_HTTP_FAULT_CHUNK_EXTENSION_LONG
                                            : PROA_HTTP_FAULT_NONE;
}

static enum proa_http_fault on_size_end(struct proa_http_chunked *c, uint64_t room, char byte)
{
    if (byte != '\n') {
        return PROA_HTTP_FAULT_CHUNK_END;
    }
    if (c->size > INT64_MAX) {
        return PROA_HTTP_FAULT_CHUNK_SIZE;
    }
    if (c->size > room) {
        return PROA_HTTP_FAULT_BODY_LONG;
    }
    c->n_digits = 0;
    c->state = c->size == 0 ? PROA_HTTP_CHUNKED_TRAILER_START : PROA_HTTP_CHUNKED_DATA;
    return PROA_HTTP_FAULT_NONE;
}

static enum proa_http_fault on_trailer_byte(struct proa_http_chunked *c, char byte)
{
    bool ok = false;
    if (c->state == PROA_HTTP_CHUNKED_TRAILER_START) {
        ok = byte == '\r' || proa_http_byte_in(&proa_http_tchar, byte);
        c->state = byte == '\r' ? PROA_HTTP_CHUNKED_END_LF : PROA_HTTP_CHUNKED_TRAILER_NAME;
    } else if (c->state == PROA_HTTP_CHUNKED_TRAILER_NAME) {
        ok = byte == ':' || proa_http_byte_in(&proa_http_tchar, byte);
        c->state = byte == ':' ? PROA_HTTP_CHUNKED_TRAILER_VALUE : PROA_HTTP_CHUNKED_TRAILER_NAME;
    } else if (c->state == PROA_HTTP_CHUNKED_TRAILER_VALUE) {
        ok = byte == '\r' || proa_http_is_value_byte(byte);
        c->state = byte == '\r' ? PROA_HTTP_CHUNKED_TRAILER_LF : PROA_HTTP_CHUNKED_TRAILER_VALUE;
    } else {
        ok = byte == '\n';
        c->state = c->state == PROA_HTTP_CHUNKED_END_LF ? PROA_HTTP_CHUNKED_DONE
                                                        : PROA_HTTP_CHUNKED_TRAILER_START;
    }
    return ok ? PROA_HTTP_FAULT_NONE : PROA_HTTP_FAULT_TRAILER;
}

static enum proa_http_fault on_byte(struct proa_http_chunked *c,
                                    const struct proa_http_limits *limits, uint64_t room, char byte)
{
    switch ((enum proa_http_chunked_state)c->state) {
    case PROA_HTTP_CHUNKED_SIZE:
        return on_size_byte(c, byte);
    case PROA_HTTP_CHUNKED_EXT:
        return on_ext_byte(c, limits, byte);
    case PROA_HTTP_CHUNKED_SIZE_LF:
        return on_size_end(c, room, byte);
    case PROA_HTTP_CHUNKED_DATA_CR:
        c->state = PROA_HTTP_CHUNKED_DATA_LF;
        return byte == '\r' ? PROA_HTTP_FAULT_NONE : PROA_HTTP_FAULT_CHUNK_END;
    case PROA_HTTP_CHUNKED_DATA_LF:
        c->state = PROA_HTTP_CHUNKED_SIZE;
        return byte == '\n' ? PROA_HTTP_FAULT_NONE : PROA_HTTP_FAULT_CHUNK_END;
    case PROA_HTTP_CHUNKED_TRAILER_START:
    case PROA_HTTP_CHUNKED_TRAILER_NAME:
    case PROA_HTTP_CHUNKED_TRAILER_VALUE:
    case PROA_HTTP_CHUNKED_TRAILER_LF:
    case PROA_HTTP_CHUNKED_END_LF:
        c->trailer_bytes++;
        return c->trailer_bytes > limits->trailer_bytes ? PROA_HTTP_FAULT_TRAILER_LONG
                                                        : on_trailer_byte(c, byte);
    case PROA_HTTP_CHUNKED_DATA:
    case PROA_HTTP_CHUNKED_DONE:
        break;
    }
    return PROA_HTTP_FAULT_NONE;
}

/*
 * A whole size line of the usual kind, up to eight digits and CR LF, in one step; what it is short
 * of in any way is left to the states, which know the reasons. Returns its length, 0 when it is not
 * of that kind.
 */
static size_t usual_size_line(struct proa_slice in, uint64_t room, uint64_t *size)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; i < in.len && i <= 8; i++) {
        int digit = hex_value(in.ptr[i]);
        if (digit < 0) {
            break;
        }
        value = value << 4 | (unsigned)digit;
    }
    if (i == 0 || i > 8 || in.len - i < 2 || in.ptr[i] != '\r' || in.ptr[i + 1] != '\n' ||
        value == 0 || value > room) {
        return 0;
    }
    *size = value;
    return i + 2;
}

/* Framing in one step where all of it is there: behind data its CR LF, then a size line. Returns
 * how many bytes that took. */
static size_t skip_framing(struct proa_http_chunked *c, uint64_t room, struct proa_slice in)
{
    size_t used = 0;
    if (c->state == PROA_HTTP_CHUNKED_DATA_CR && in.len >= 2 && in.ptr[0] == '\r' &&
        in.ptr[1] == '\n') {
        c->state = PROA_HTTP_CHUNKED_SIZE;
        used = 2;
    }
    if (c->state == PROA_HTTP_CHUNKED_SIZE && c->n_digits == 0) {
        const size_t line = usual_size_line(proa_slice_from(in, used), room, &c->size);
        c->state = line > 0 ? PROA_HTTP_CHUNKED_DATA : PROA_HTTP_CHUNKED_SIZE;
        used += line;
    }
    return used;
}

enum proa_http_fault proa_http_chunked_feed(struct proa_http_chunked *c,
                                            const struct proa_http_limits *limits, uint64_t room,
                                            struct proa_slice in, size_t *used,
                                            struct proa_slice *data)
{
    size_t i = 0;
    *data = PROA_SLICE_NONE;
    while (i < in.len && c->state != PROA_HTTP_CHUNKED_DONE) {
        const size_t skipped = skip_framing(c, room, proa_slice_from(in, i));
        i += skipped;
        if (skipped > 0) {
            continue;
        }
        if (c->state == PROA_HTTP_CHUNKED_DATA) {
            size_t n = in.len - i;
            n = c->size < n ? (size_t)c->size : n;
            *data = proa_slice_make(in.ptr + i, n);
            c->size -= n;
            if (c->size == 0) {
                c->state = PROA_HTTP_CHUNKED_DATA_CR;
            }
            *used = i + n;
            return PROA_HTTP_FAULT_NONE;
        }
        enum proa_http_fault fault = on_byte(c, limits, room, in.ptr[i]);
        i++;
        if (fault != PROA_HTTP_FAULT_NONE) {
            *used = i;
            return fault;
        }
    }
    *used = i;
    return PROA_HTTP_FAULT_NONE;
}
