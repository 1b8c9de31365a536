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
