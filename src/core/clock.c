#include "proa/core/clock.h"

#include "digits_priv.h"

#include "proa/core/slice.h"

enum { S_PER_DAY = 86400, DAYS_PER_ERA = 146097, YEARS_PER_ERA = 400 };

/* Days from 0000-03-01 to 1970-01-01. */
enum { EPOCH_SHIFT_DAYS = 719468 };

/* The last second that the field `year`, and that four digits can hold. */
static const uint64_t last_field_s = UINT64_C(135536014634284799);
static const uint64_t last_four_digits_s = UINT64_C(253402300799);

/*
 * Both conversions follow Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": the year
 * begins in March, so that the leap day is its last, and 400 such years, an era, always have 146097
 * days. With months counted from March, (153 * month + 2) / 5 is the number of days before it.
 */
void proa_civil_from_unix(uint64_t unix_s, struct proa_civil *out)
{
    uint64_t s = unix_s < last_field_s ? unix_s : last_field_s;
    uint64_t days = s / S_PER_DAY;
    uint64_t rest = s % S_PER_DAY;

    uint64_t shifted = days + EPOCH_SHIFT_DAYS;
    uint64_t era = shifted / DAYS_PER_ERA;
    uint64_t day_of_era = shifted % DAYS_PER_ERA;
    uint64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month_from_march = (5 * day_of_year + 2) / 153;
    uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    out->year = (uint32_t)(era * YEARS_PER_ERA + year_of_era + (month <= 2 ? 1 : 0));
    out->month = (uint32_t)month;
    out->day = (uint32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    out->hour = (uint32_t)(rest / 3600);
    out->minute = (uint32_t)(rest / 60 % 60);
    out->second = (uint32_t)(rest % 60);
    out->weekday = (uint32_t)((days + 4) % 7); /* 1970-01-01 was a Thursday */
}

uint64_t proa_civil_to_unix(const struct proa_civil *c)
{
    /* One era is added and taken off again, so that January of the year 0 stays positive. */
    uint64_t year = (uint64_t)c->year + YEARS_PER_ERA - (c->month <= 2 ? 1 : 0);
    uint64_t month_from_march = ((uint64_t)c->month + 9) % 12;
    uint64_t era = year / YEARS_PER_ERA;
    uint64_t year_of_era = year % YEARS_PER_ERA;
    uint64_t day_of_year = (153 * month_from_march + 2) / 5 + c->day - 1;
    uint64_t day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    uint64_t days = (era - 1) * DAYS_PER_ERA + day_of_era - EPOCH_SHIFT_DAYS;
    return days * S_PER_DAY + (uint64_t)c->hour * 3600 + (uint64_t)c->minute * 60 + c->second;
}

static char *put_char(char *out, char c)
{
    *out = c;
    return out + 1;
}

static char *put_text(char *out, struct proa_slice text)
{
    memcpy(out, text.ptr, text.len);
    return out + text.len;
}

static char *put_time(char *out, const struct proa_civil *c)
{
    out = put_char(proa_put_pair(out, c->hour), ':');
    out = put_char(proa_put_pair(out, c->minute), ':');
    return proa_put_pair(out, c->second);
}

void proa_civil_rfc3339(uint64_t unix_ms, char out[24])
{
    uint64_t s = unix_ms / 1000;
    uint32_t ms = (uint32_t)(unix_ms % 1000);
    if (s > last_four_digits_s) {
        s = last_four_digits_s;
        ms = 999;
    }
    struct proa_civil c;
    proa_civil_from_unix(s, &c);

    out = put_char(proa_put_four(out, c.year), '-');
    out = put_char(proa_put_pair(out, c.month), '-');
    out = put_char(proa_put_pair(out, c.day), 'T');
    out = put_char(put_time(out, &c), '.');
    (void)put_char(proa_put_three(out, ms), 'Z');
}

void proa_civil_rfc3339_next(struct proa_civil_stamp *stamp, uint64_t unix_ms, char out[24])
{
    const uint64_t s = unix_ms / 1000;
    if (s != stamp->unix_s || stamp->text[0] == '\0' || s > last_four_digits_s) {
        proa_civil_rfc3339(unix_ms, out);
        stamp->unix_s = s;
        memcpy(stamp->text, out, sizeof stamp->text);
        return;
    }
    memcpy(out, stamp->text, sizeof stamp->text);
    (void)put_char(proa_put_three(out + sizeof stamp->text, (uint32_t)(unix_ms % 1000)), 'Z');
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* `n` digits at `at`, which must be there; false when they are none. */
static bool take_digits(struct proa_slice text, size_t at, size_t n, uint32_t *out)
{
    uint32_t value = 0;
    for (size_t i = at; i < at + n; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *out = value;
    return true;
}

/* Milliseconds of ".123" and the like; false when it is none. */
static bool take_fraction(struct proa_slice text, uint32_t *ms)
{
    uint32_t unit = 100;
    *ms = 0;
    if (text.len == 0) {
        return true;
    }
    if (text.ptr[0] != '.') {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        uint32_t digit = 0;
        if (!take_digits(text, i, 1, &digit)) {
            return false;
        }
        *ms += unit * digit;
        unit /= 10;
    }
    return true;
}

bool proa_civil_parse_rfc3339(struct proa_slice text, uint64_t *unix_ms)
{
    static const struct {
        uint8_t at;
        char c;
    } marks[] = {{4, '-'}, {7, '-'}, {10, 'T'}, {13, ':'}, {16, ':'}};
    struct proa_civil c = {.year = 0};
    uint32_t ms = 0;
    if (text.len < 20 || text.ptr[text.len - 1] != 'Z') {
        return false;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(marks); i++) {
        if (text.ptr[marks[i].at] != marks[i].c) {
            return false;
        }
    }
    if (!take_digits(text, 0, 4, &c.year) || !take_digits(text, 5, 2, &c.month) ||
        !take_digits(text, 8, 2, &c.day) || !take_digits(text, 11, 2, &c.hour) ||
        !take_digits(text, 14, 2, &c.minute) || !take_digits(text, 17, 2, &c.second) ||
        !take_fraction(proa_slice_make(text.ptr + 19, text.len - 20), &ms)) {
        return false;
    }
    if (c.year < 1970 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour > 23 ||
        c.minute > 59 || c.second > 60) {
        return false;
    }
    *unix_ms = proa_civil_to_unix(&c) * 1000 + ms;
    return true;
}

/* ---- dates of HTTP ----------------------------------------------------------------------------
 */

void proa_civil_http_date(uint64_t unix_s, char out[29])
{
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct proa_civil c;
    proa_civil_from_unix(unix_s < last_four_digits_s ? unix_s : last_four_digits_s, &c);

    out = put_text(out, proa_slice_make(weekdays + (size_t)c.weekday * 3, 3));
    out = put_text(out, PROA_SLICE(", "));
    out = put_char(proa_put_pair(out, c.day), ' ');
    out = put_text(out, proa_slice_make(months + (size_t)(c.month - 1) * 3, 3));
    out = put_char(proa_put_four(put_char(out, ' '), c.year), ' ');
    (void)put_text(put_time(out, &c), PROA_SLICE(" GMT"));
}
