#include "number_priv.h"

/* Exponents beyond this are all the same. */
enum { EXPONENT_MAX = 100000 };

/* A number as 0.DIGITS * 10^point, its first digit not 0. */
struct parts {
    bool negative;
    int64_t point;
    char first; /* 0: the number is zero */
    bool more;  /* a digit other than 0 behind the first */
    bool seen_dot;
};

static void take_digit(struct parts *p, char digit)
{
    if (p->first == 0 && digit == '0') {
        p->point -= p->seen_dot; /* a zero before the first digit moves it only behind the dot */
        return;
    }
    p->point += !p->seen_dot;
    if (p->first == 0) {
        p->first = digit;
    } else {
        p->more = p->more || digit != '0';
    }
}

static int64_t exponent_of(struct proa_slice text)
{
    uint64_t n = 0;
    const bool negative = text.len > 0 && text.ptr[0] == '-';
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        text = proa_slice_from(text, 1);
    }
    if (proa_slice_to_u64(text, &n) != PROA_OK || n > EXPONENT_MAX) {
        n = EXPONENT_MAX;
    }
    return negative ? -(int64_t)n : (int64_t)n;
}

static struct parts parts_of(struct proa_slice number)
{
    struct parts p = {.negative = number.len > 0 && number.ptr[0] == '-'};
    for (size_t i = p.negative; i < number.len; i++) {
        const char c = number.ptr[i];
        if (c >= '0' && c <= '9') {
            take_digit(&p, c);
        } else if (c == '.') {
            p.seen_dot = true;
        } else {
            p.point += exponent_of(proa_slice_from(number, i + 1));
            break;
        }
    }
    return p;
}

bool proa_number_is_one(struct proa_slice number)
{
    const struct parts p = parts_of(number);
    return !p.negative && p.point == 1 && p.first == '1' && !p.more;
}

struct proa_slice proa_number_clamp_one(struct proa_slice number)
{
    const struct parts p = parts_of(number);
    if (p.first == 0 || p.point < 1) {
        return p.negative && p.first != 0 ? PROA_SLICE("0") : number;
    }
    if (p.negative) {
        return PROA_SLICE("0");
    }
    return p.point == 1 && p.first == '1' && !p.more ? number : PROA_SLICE("1");
}
