#include "proa/provider/span.h"

#include "proa/core/check.h"

/* Whole numbers stop growing here: far above every epoch, far below an overflow. */
#define WHOLE_MAX UINT64_C(1000000000000000)

/* Numbers above these are points of time. */
#define EPOCH_S_MIN  UINT64_C(1000000000)
#define EPOCH_MS_MIN UINT64_C(1000000000000)

struct decimal {
    uint64_t whole;
    uint64_t nano; /* the fraction, in 10^-9 */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits, perhaps a point and digits; takes them off *text. False when no digit is there. */
static bool take_decimal(struct proa_slice *text, struct decimal *out)
{
    size_t i = 0;
    *out = (struct decimal){.whole = 0};
    for (; i < text->len && is_digit(text->ptr[i]); i++) {
        if (out->whole < WHOLE_MAX) {
            out->whole = out->whole * 10 + (uint64_t)(text->ptr[i] - '0');
        }
    }
    if (i == 0) {
        return false;
    }
    if (i < text->len && text->ptr[i] == '.') {
        uint64_t unit = 100000000;
        for (i++; i < text->len && is_digit(text->ptr[i]); i++) {
            out->nano += unit * (uint64_t)(text->ptr[i] - '0');
            unit /= 10;
        }
    }
    *text = proa_slice_from(*text, i);
    return true;
}

/* number x unit, cut at the longest span. */
static uint64_t scale(const struct decimal *number, uint64_t unit_ns)
{
    if (number->whole > PROA_SPAN_MAX_NS / unit_ns) {
        return PROA_SPAN_MAX_NS;
    }
    uint64_t fraction = unit_ns >= PROA_NS_PER_S ? number->nano * (unit_ns / PROA_NS_PER_S)
                                                 : number->nano / (PROA_NS_PER_S / unit_ns);
    const uint64_t span = number->whole * unit_ns + fraction;
    return span < PROA_SPAN_MAX_NS ? span : PROA_SPAN_MAX_NS;
}

static const struct unit_row {
    struct proa_slice text;
    uint64_t ns;
} UNITS[] = {
    /* Longer ones before those they begin with. */
    {PROA_SLICE_INIT("ms"), PROA_NS_PER_MS},        {PROA_SLICE_INIT("us"), PROA_NS_PER_US},
    {PROA_SLICE_INIT("\xc2\xb5s"), PROA_NS_PER_US}, {PROA_SLICE_INIT("ns"), 1},
    {PROA_SLICE_INIT("s"), PROA_NS_PER_S},          {PROA_SLICE_INIT("m"), 60 * PROA_NS_PER_S},
    {PROA_SLICE_INIT("h"), 3600 * PROA_NS_PER_S},
};

static uint64_t take_unit(struct proa_slice *text)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(UNITS); i++) {
        if (proa_slice_starts(*text, UNITS[i].text)) {
            *text = proa_slice_from(*text, UNITS[i].text.len);
            return UNITS[i].ns;
        }
    }
    return 0;
}

/* From a point of time, in milliseconds since 1970. */
static uint64_t span_until(uint64_t at_ms, uint64_t unix_ms)
{
    if (at_ms <= unix_ms) {
        return 0;
    }
    const uint64_t ms = at_ms - unix_ms;
    return ms < PROA_SPAN_MAX_NS / PROA_NS_PER_MS ? ms * PROA_NS_PER_MS : PROA_SPAN_MAX_NS;
}

static uint64_t span_of_number(const struct decimal *number, uint64_t unix_ms)
{
    if (number->whole > EPOCH_MS_MIN) {
        return span_until(number->whole, unix_ms);
    }
    if (number->whole > EPOCH_S_MIN) {
        return span_until(number->whole * 1000 + number->nano / PROA_NS_PER_MS, unix_ms);
    }
    return scale(number, PROA_NS_PER_S);
}

/* `n` digits at `at` as a number; false when they are none. */
static bool digits_at(struct proa_slice text, size_t at, size_t n, uint32_t *out)
{
    uint32_t value = 0;
    if (at + n > text.len) {
        return false;
    }
    for (size_t i = at; i < at + n; i++) {
        if (!is_digit(text.ptr[i])) {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *out = value;
    return true;
}

static bool civil_is_valid(const struct proa_civil *c)
{
    return c->year >= 1970 && c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= 31 &&
           c->hour < 24 && c->minute < 60 && c->second <= 60;
}

/* "12:41:00" at `at`. */
static bool time_at(struct proa_slice text, size_t at, struct proa_civil *out)
{
    return digits_at(text, at, 2, &out->hour) && digits_at(text, at + 3, 2, &out->minute) &&
           digits_at(text, at + 6, 2, &out->second) && text.ptr[at + 2] == ':' &&
           text.ptr[at + 5] == ':';
}

/* The units behind a number, and further numbers with theirs. */
static bool sum_units(struct proa_slice text, struct decimal *number, uint64_t *out_ns)
{
    uint64_t span = 0;
    do {
        const uint64_t unit_ns = take_unit(&text);
        if (unit_ns == 0) {
            return false;
        }
        span += scale(number, unit_ns);
        span = span < PROA_SPAN_MAX_NS ? span : PROA_SPAN_MAX_NS;
    } while (take_decimal(&text, number));
    *out_ns = span;
    return text.len == 0;
}

bool proa_span_parse(struct proa_slice text, uint64_t unix_ms, uint64_t *out_ns)
{
    struct decimal number;
    uint64_t at_ms = 0;
    text = proa_slice_trim(text);
    if (proa_civil_parse_rfc3339(text, &at_ms)) {
        *out_ns = span_until(at_ms, unix_ms);
        return true;
    }
    const bool negative = text.len > 0 && text.ptr[0] == '-';
    text = proa_slice_from(text, negative ? 1 : 0);
    if (!take_decimal(&text, &number)) {
        return false;
    }
    uint64_t span = 0;
    if (text.len == 0) {
        span = span_of_number(&number, unix_ms);
    } else if (!sum_units(text, &number, &span)) {
        return false;
    }
    *out_ns = negative ? 0 : span;
    return true;
}

bool proa_span_until_date(struct proa_slice text, uint64_t unix_ms, uint64_t *out_ns)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct proa_civil c = {.year = 0};
    text = proa_slice_trim(text);
    if (text.len != 29 || !digits_at(text, 5, 2, &c.day) || !digits_at(text, 12, 4, &c.year) ||
        !time_at(text, 17, &c) || memcmp(text.ptr + 25, " GMT", 4) != 0) {
        return false;
    }
    for (uint32_t m = 0; m < 12; m++) {
        if (memcmp(text.ptr + 8, months + (size_t)m * 3, 3) == 0) {
            c.month = m + 1;
        }
    }
    if (!civil_is_valid(&c)) {
        return false;
    }
    *out_ns = span_until(proa_civil_to_unix(&c) * 1000, unix_ms);
    return true;
}

bool proa_span_ms(struct proa_slice text, uint64_t *out_ns)
{
    struct decimal number;
    text = proa_slice_trim(text);
    if (!take_decimal(&text, &number) || text.len > 0) {
        return false;
    }
    *out_ns = scale(&number, PROA_NS_PER_MS);
    return true;
}

bool proa_span_count(struct proa_slice text, uint64_t *out)
{
    struct decimal number;
    if (!take_decimal(&text, &number) || text.len > 0 || number.whole >= EPOCH_MS_MIN) {
        return false;
    }
    *out = number.whole;
    return true;
}
