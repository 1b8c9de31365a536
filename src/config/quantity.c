#include "proa/config/quantity.h"

#include "proa/core/clock.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    const char *name;
    uint64_t size;
    unsigned decimals; /* as many as keep the result whole */
};

/* Falling, and a name before its own beginning ("ms" before "m" needs no care: letters are read
 * as a whole). */
static const struct unit duration_units[] = {
    {"d", 86400 * PROA_NS_PER_S, 9},
    {"h", 3600 * PROA_NS_PER_S, 9},
    {"m", 60 * PROA_NS_PER_S, 9},
    {"s", PROA_NS_PER_S, 9},
    {"ms", PROA_NS_PER_MS, 6},
    {"us", PROA_NS_PER_US, 3},
    {"ns", 1, 0},
};

static const struct unit byte_units[] = {
    {"GiB", UINT64_C(1) << 30, 0},
    {"MiB", UINT64_C(1) << 20, 0},
    {"KiB", UINT64_C(1) << 10, 0},
    {"GB", 1000000000, 0},
    {"MB", 1000000, 0},
    {"kB", 1000, 0},
    {"KB", 1000, 0},
    {"B", 1, 0},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Cuts the leading run of characters that `is` accepts. */
static struct proa_slice cut(struct proa_slice *s, bool (*is)(char))
{
    size_t n = 0;
    while (n < s->len && is(s->ptr[n])) {
        n++;
    }
    struct proa_slice head = proa_slice_head(*s, n);
    *s = proa_slice_from(*s, n);
    return head;
}

/* "12" or "12.25" off the front of *s; *decimals is empty without a point. */
static bool cut_number(struct proa_slice *s, struct proa_slice *whole, struct proa_slice *decimals)
{
    *whole = cut(s, is_digit);
    *decimals = PROA_SLICE_NONE;
    if (s->len > 0 && s->ptr[0] == '.') {
        *s = proa_slice_from(*s, 1);
        *decimals = cut(s, is_digit);
        if (decimals->len == 0) {
            return false;
        }
    }
    return whole->len > 0;
}

/* whole.decimals * size; the caller has bounded the decimals so that this is exact. */
static enum proa_err scale(struct proa_slice whole, struct proa_slice decimals, uint64_t size,
                           uint64_t *out)
{
    uint64_t value = 0;
    enum proa_err err = proa_slice_to_u64(whole, &value);
    if (err) {
        return err;
    }
    if (__builtin_mul_overflow(value, size, &value)) {
        return PROA_ERR_RANGE;
    }
    uint64_t part = 0;
    uint64_t divisor = 1;
    for (size_t i = 0; i < decimals.len; i++) {
        part = part * 10 + (uint64_t)(decimals.ptr[i] - '0');
        divisor *= 10;
    }
    /* divisor <= 1e9 and it divides size, so the product below is at most 86400e9 */
    part *= size / divisor;
    if (__builtin_add_overflow(value, part, &value)) {
        return PROA_ERR_RANGE;
    }
    *out = value;
    return PROA_OK;
}

enum proa_err proa_quantity_duration(struct proa_slice s, uint64_t *ns)
{
    uint64_t sum = 0;
    size_t next = 0; /* units must fall */
    if (proa_slice_eq(s, PROA_SLICE("0"))) {
        *ns = 0;
        return PROA_OK;
    }
    if (s.len == 0) {
        return PROA_ERR_SYNTAX;
    }
    while (s.len > 0) {
        struct proa_slice whole;
        struct proa_slice decimals;
        if (!cut_number(&s, &whole, &decimals)) {
            return PROA_ERR_SYNTAX;
        }
        struct proa_slice name = cut(&s, is_letter);
        size_t u = next;
        while (u < PROA_ARRAY_LEN(duration_units) &&
               !proa_slice_eq(name, proa_slice_cstr(duration_units[u].name))) {
            u++;
        }
        if (u == PROA_ARRAY_LEN(duration_units) || decimals.len > duration_units[u].decimals) {
            return PROA_ERR_SYNTAX;
        }
        uint64_t part = 0;
        enum proa_err err = scale(whole, decimals, duration_units[u].size, &part);
        if (err) {
            return err;
        }
        if (__builtin_add_overflow(sum, part, &sum)) {
            return PROA_ERR_RANGE;
        }
        next = u + 1;
    }
    *ns = sum;
    return PROA_OK;
}

enum proa_err proa_quantity_bytes(struct proa_slice s, uint64_t *bytes)
{
    struct proa_slice whole = cut(&s, is_digit);
    if (whole.len == 0) {
        return PROA_ERR_SYNTAX;
    }
    if (s.len == 0) {
        return proa_slice_to_u64(whole, bytes);
    }
    for (size_t u = 0; u < PROA_ARRAY_LEN(byte_units); u++) {
        if (proa_slice_eq(s, proa_slice_cstr(byte_units[u].name))) {
            return scale(whole, PROA_SLICE_NONE, byte_units[u].size, bytes);
        }
    }
    return PROA_ERR_SYNTAX;
}

enum proa_err proa_quantity_ppm(struct proa_slice s, uint32_t *ppm)
{
    struct proa_slice whole;
    struct proa_slice decimals;
    uint64_t value = 0;
    if (!cut_number(&s, &whole, &decimals) || s.len > 0 || decimals.len > 6) {
        return PROA_ERR_SYNTAX;
    }
    enum proa_err err = scale(whole, decimals, 1000000, &value);
    if (err) {
        return err;
    }
    if (value > UINT32_MAX) {
        return PROA_ERR_RANGE;
    }
    *ppm = (uint32_t)value;
    return PROA_OK;
}

enum proa_err proa_quantity_bool(struct proa_slice s, bool *out)
{
    bool value = proa_slice_eq(s, PROA_SLICE("true"));
    if (!value && !proa_slice_eq(s, PROA_SLICE("false"))) {
        return PROA_ERR_SYNTAX;
    }
    *out = value;
    return PROA_OK;
}

static size_t print(char out[PROA_QUANTITY_TEXT_MAX], size_t at, uint64_t value, const char *unit)
{
    int n = snprintf(out + at, PROA_QUANTITY_TEXT_MAX - at, "%" PRIu64 "%s", value, unit);
    PROA_ASSERT(n > 0 && at + (size_t)n < PROA_QUANTITY_TEXT_MAX);
    return at + (size_t)n;
}

size_t proa_quantity_duration_text(char out[PROA_QUANTITY_TEXT_MAX], uint64_t ns)
{
    size_t len = 0;
    if (ns == 0) {
        return print(out, 0, 0, "");
    }
    for (size_t u = 0; u < PROA_ARRAY_LEN(duration_units); u++) {
        uint64_t count = ns / duration_units[u].size;
        if (count > 0) {
            len = print(out, len, count, duration_units[u].name);
            ns -= count * duration_units[u].size;
        }
    }
    return len;
}

size_t proa_quantity_bytes_text(char out[PROA_QUANTITY_TEXT_MAX], uint64_t bytes)
{
    for (size_t u = 0; bytes > 0 && byte_units[u].size > 1; u++) {
        if (bytes % byte_units[u].size == 0) {
            return print(out, 0, bytes / byte_units[u].size, byte_units[u].name);
        }
    }
    return print(out, 0, bytes, "");
}

size_t proa_quantity_ppm_text(char out[PROA_QUANTITY_TEXT_MAX], uint32_t ppm)
{
    int n = snprintf(out, PROA_QUANTITY_TEXT_MAX, "%" PRIu32 ".%06" PRIu32, ppm / 1000000,
                     ppm % 1000000);
    PROA_ASSERT(n > 0);
    size_t len = (size_t)n;
    while (out[len - 1] == '0') {
        len--;
    }
    len -= out[len - 1] == '.' ? 1 : 0;
    out[len] = '\0';
    return len;
}
