#include "hint_priv.h"

#include "proa/core/check.h"
#include "proa/json/cursor.h"
#include "proa/provider/span.h"

/* Texts are searched this far. */
enum { TEXT_MAX = 2048 };

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- prose ----------------------------------------------------------------------------------- */

static const struct proa_slice PHRASES[] = {
    PROA_SLICE_INIT("try again in "),
    PROA_SLICE_INIT("retry after "),
    PROA_SLICE_INIT("retry in "),
    PROA_SLICE_INIT("please wait "),
};

/* Units as words of their own, by their beginning; a number without one is in seconds. */
static const struct unit_word {
    struct proa_slice begin;
    uint64_t times; /* a second */
} UNIT_WORDS[] = {
    {PROA_SLICE_INIT("min"), 60},
    {PROA_SLICE_INIT("hour"), 3600},
    {PROA_SLICE_INIT("day"), 86400},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool ends_word(char c)
{
    return c == ' ' || c == ',' || c == ';' || c == ')' || c == '"' || c == '\\';
}

/* "12 seconds", "2m59.56s.", "5.289s": number and units, the unit perhaps a word of its own. */
static uint64_t span_of_prose(struct proa_slice text)
{
    size_t n = 0;
    uint64_t span = 0;
    while (n < text.len && !ends_word(text.ptr[n])) {
        n++;
    }
    const struct proa_slice rest = proa_slice_from(text, n + 1);
    struct proa_slice word = proa_slice_head(text, n);
    if (word.len > 0 && word.ptr[word.len - 1] == '.') {
        word.len--;
    }
    if (!proa_span_parse(word, 0, &span)) {
        return 0;
    }
    if (!is_digit(word.ptr[word.len - 1])) {
        return span; /* with a unit of its own */
    }
    if (proa_slice_starts(rest, PROA_SLICE("ms")) || proa_slice_starts(rest, PROA_SLICE("milli"))) {
        return span / 1000;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(UNIT_WORDS); i++) {
        if (proa_slice_starts(rest, UNIT_WORDS[i].begin)) {
            return span < PROA_SPAN_MAX_NS / UNIT_WORDS[i].times ? span * UNIT_WORDS[i].times
                                                                 : PROA_SPAN_MAX_NS;
        }
    }
    return span;
}

uint64_t proa_hint_prose(struct proa_slice message)
{
    const struct proa_slice text = proa_slice_head(message, TEXT_MAX);
    uint64_t wait = 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(PHRASES); i++) {
        const size_t at = proa_slice_search_nocase(text, PHRASES[i]);
        if (at < text.len) {
            wait = later(wait, span_of_prose(proa_slice_from(text, at + PHRASES[i].len)));
        }
    }
    return wait;
}

/* ---- details --------------------------------------------------------------------------------- */

/* A string or a number, as spans and points of time are written. */
static uint64_t span_of_value(enum proa_json_kind kind, struct proa_slice value, uint64_t unix_ms)
{
    uint64_t span = 0;
    if (kind == PROA_JSON_STRING) {
        value = proa_slice_head(proa_slice_from(value, 1), value.len - 2);
    } else if (kind != PROA_JSON_NUMBER) {
        return 0;
    }
    return proa_span_parse(value, unix_ms, &span) ? span : 0;
}

/* {"headers":{"X-RateLimit-Reset":"1741305600000"}} */
static uint64_t reset_of_metadata(struct proa_slice object, uint64_t unix_ms)
{
    static const struct proa_json_step path[] = {PROA_JSON_STEP_KEY("headers"),
                                                 PROA_JSON_STEP_KEY("X-RateLimit-Reset")};
    struct proa_slice value = PROA_SLICE_NONE;
    const enum proa_json_kind kind = proa_json_path(object, path, PROA_ARRAY_LEN(path), &value);
    return span_of_value(kind, value, unix_ms);
}

uint64_t proa_hint_details(struct proa_slice details, uint64_t unix_ms)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    uint64_t wait = 0;
    if (proa_json_cursor_init(&c, details) != PROA_OK) {
        return 0;
    }
    if (c.is_object) {
        return reset_of_metadata(details, unix_ms);
    }
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_slice value = PROA_SLICE_NONE;
        const enum proa_json_kind kind =
            proa_json_get(item.value, PROA_SLICE("retryDelay"), &value);
        wait = later(wait, span_of_value(kind, value, unix_ms));
    }
    return wait;
}
