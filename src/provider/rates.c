#include "proa/provider/rates.h"

#include "proa/core/check.h"
#include "proa/provider/span.h"

/* ---- retry-after ----------------------------------------------------------------------------- */

static uint64_t wait_of(const struct proa_http_header *h, uint64_t unix_ms)
{
    uint64_t span = 0;
    const bool given = h->id != PROA_HTTP_HEADER_RETRY_AFTER
                           ? proa_span_ms(h->value, &span)
                           : proa_span_until_date(h->value, unix_ms, &span) ||
                                 proa_span_parse(h->value, unix_ms, &span);
    return given ? span : 0;
}

uint64_t proa_rates_retry_after(const struct proa_http_header *headers, size_t n_headers,
                                uint64_t unix_ms)
{
    static const uint16_t order[] = {PROA_HTTP_HEADER_RETRY_AFTER_MS,
                                     PROA_HTTP_HEADER_X_MS_RETRY_AFTER_MS,
                                     PROA_HTTP_HEADER_RETRY_AFTER};
    uint64_t longest = 0;
    for (size_t f = 0; f < PROA_ARRAY_LEN(order) && longest == 0; f++) {
        for (size_t i = 0; i < n_headers; i++) {
            const uint64_t wait = headers[i].id == order[f] ? wait_of(&headers[i], unix_ms) : 0;
            longest = wait > longest ? wait : longest;
        }
    }
    return longest;
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Windows that an answer may tell. */
enum window {
    WINDOW_REQUESTS = 0,
    WINDOW_TOKENS,
    WINDOW_INPUT,
    WINDOW_OUTPUT,
    WINDOW_PLAIN,
    WINDOW_DRAFT,
    WINDOW_BY_SIZE,
    WINDOW_TOKENS_PLAIN,
    WINDOW_TRIAL,
    WINDOW_TAILS /* from here on those of TAILS, in its order */
};

static const enum proa_rate_kind WINDOW_KINDS[WINDOW_TAILS] = {
    [WINDOW_REQUESTS] = PROA_RATE_REQUESTS, [WINDOW_TOKENS] = PROA_RATE_TOKENS,
    [WINDOW_INPUT] = PROA_RATE_INPUT,       [WINDOW_OUTPUT] = PROA_RATE_OUTPUT,
    [WINDOW_PLAIN] = PROA_RATE_REQUESTS,    [WINDOW_DRAFT] = PROA_RATE_REQUESTS,
    [WINDOW_BY_SIZE] = PROA_RATE_TOKENS,    [WINDOW_TOKENS_PLAIN] = PROA_RATE_TOKENS,
    [WINDOW_TRIAL] = PROA_RATE_REQUESTS,
};

enum field { FIELD_NONE = 0, FIELD_LIMIT, FIELD_REMAINING, FIELD_RESET };

struct rate_field {
    uint8_t field;  /* enum field */
    uint8_t window; /* enum window, or WINDOW_TAILS + index */
};

#define RATE_ROW(id, what, of) [PROA_HTTP_HEADER_##id] = {FIELD_##what, WINDOW_##of}

static const struct rate_field BY_ID[PROA_HTTP_HEADER_COUNT] = {
    RATE_ROW(X_RATELIMIT_LIMIT_REQUESTS, LIMIT, REQUESTS),
    RATE_ROW(X_RATELIMIT_REMAINING_REQUESTS, REMAINING, REQUESTS),
    RATE_ROW(X_RATELIMIT_RESET_REQUESTS, RESET, REQUESTS),
    RATE_ROW(X_RATELIMIT_LIMIT_TOKENS, LIMIT, TOKENS),
    RATE_ROW(X_RATELIMIT_REMAINING_TOKENS, REMAINING, TOKENS),
    RATE_ROW(X_RATELIMIT_RESET_TOKENS, RESET, TOKENS),
    RATE_ROW(X_RATELIMIT_LIMIT, LIMIT, PLAIN),
    RATE_ROW(X_RATELIMIT_REMAINING, REMAINING, PLAIN),
    RATE_ROW(X_RATELIMIT_RESET, RESET, PLAIN),
    RATE_ROW(ANTHROPIC_RATELIMIT_REQUESTS_LIMIT, LIMIT, REQUESTS),
    RATE_ROW(ANTHROPIC_RATELIMIT_REQUESTS_REMAINING, REMAINING, REQUESTS),
    RATE_ROW(ANTHROPIC_RATELIMIT_REQUESTS_RESET, RESET, REQUESTS),
    RATE_ROW(ANTHROPIC_RATELIMIT_TOKENS_LIMIT, LIMIT, TOKENS),
    RATE_ROW(ANTHROPIC_RATELIMIT_TOKENS_REMAINING, REMAINING, TOKENS),
    RATE_ROW(ANTHROPIC_RATELIMIT_TOKENS_RESET, RESET, TOKENS),
    RATE_ROW(ANTHROPIC_RATELIMIT_INPUT_TOKENS_LIMIT, LIMIT, INPUT),
    RATE_ROW(ANTHROPIC_RATELIMIT_INPUT_TOKENS_REMAINING, REMAINING, INPUT),
    RATE_ROW(ANTHROPIC_RATELIMIT_INPUT_TOKENS_RESET, RESET, INPUT),
    RATE_ROW(ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_LIMIT, LIMIT, OUTPUT),
    RATE_ROW(ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_REMAINING, REMAINING, OUTPUT),
    RATE_ROW(ANTHROPIC_RATELIMIT_OUTPUT_TOKENS_RESET, RESET, OUTPUT),
};

/* Any other name is one of these, a word for the field, and perhaps a tail. */
static const struct family_row {
    struct proa_slice begin;
    uint8_t window; /* where there is no tail */
} FAMILIES[] = {
    {PROA_SLICE_INIT("x-ratelimit-"), WINDOW_PLAIN},
    {PROA_SLICE_INIT("ratelimit-"), WINDOW_DRAFT},             /* early drafts of RateLimit */
    {PROA_SLICE_INIT("ratelimitbysize-"), WINDOW_BY_SIZE},     /* Mistral, older */
    {PROA_SLICE_INIT("x-tokenlimit-"), WINDOW_TOKENS_PLAIN},   /* Together */
    {PROA_SLICE_INIT("x-trial-endpoint-call-"), WINDOW_TRIAL}, /* Cohere */
};

static const struct tail_row {
    struct proa_slice tail;
    enum proa_rate_kind kind;
} TAILS[] = {
    /* Mistral */
    {PROA_SLICE_INIT("req-minute"), PROA_RATE_REQUESTS},
    {PROA_SLICE_INIT("tokens-minute"), PROA_RATE_TOKENS},
    {PROA_SLICE_INIT("tokens-month"), PROA_RATE_TOKENS},
    /* Cerebras */
    {PROA_SLICE_INIT("requests-minute"), PROA_RATE_REQUESTS},
    {PROA_SLICE_INIT("requests-hour"), PROA_RATE_REQUESTS},
    {PROA_SLICE_INIT("requests-day"), PROA_RATE_REQUESTS},
    {PROA_SLICE_INIT("tokens-hour"), PROA_RATE_TOKENS},
    {PROA_SLICE_INIT("tokens-day"), PROA_RATE_TOKENS},
    /* Fireworks */
    {PROA_SLICE_INIT("tokens-prompt"), PROA_RATE_INPUT},
    {PROA_SLICE_INIT("tokens-cache-adjusted-prompt"), PROA_RATE_INPUT},
    {PROA_SLICE_INIT("tokens-generated"), PROA_RATE_OUTPUT},
    /* OpenAI */
    {PROA_SLICE_INIT("project-requests"), PROA_RATE_REQUESTS},
    {PROA_SLICE_INIT("project-tokens"), PROA_RATE_TOKENS},
    {PROA_SLICE_INIT("tokens_usage_based"), PROA_RATE_TOKENS},
};

static enum proa_rate_kind kind_of_window(uint8_t window)
{
    return window < WINDOW_TAILS ? WINDOW_KINDS[window] : TAILS[window - WINDOW_TAILS].kind;
}

static const struct word_row {
    struct proa_slice word;
    enum field field;
} WORDS[] = {
    {PROA_SLICE_INIT("limit"), FIELD_LIMIT},         {PROA_SLICE_INIT("q"), FIELD_LIMIT},
    {PROA_SLICE_INIT("remaining"), FIELD_REMAINING}, {PROA_SLICE_INIT("r"), FIELD_REMAINING},
    {PROA_SLICE_INIT("reset"), FIELD_RESET},         {PROA_SLICE_INIT("t"), FIELD_RESET},
};

static enum field field_of_word(struct proa_slice word)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(WORDS); i++) {
        if (proa_slice_eq_nocase(word, WORDS[i].word)) {
            return WORDS[i].field;
        }
    }
    return FIELD_NONE;
}

static struct rate_field field_of_rest(struct proa_slice rest, uint8_t window)
{
    struct proa_slice tail = PROA_SLICE_NONE;
    const enum field field = field_of_word(proa_slice_split(rest, '-', &tail));
    if (tail.len == 0) {
        return (struct rate_field){(uint8_t)field, window};
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(TAILS); i++) {
        if (proa_slice_eq_nocase(tail, TAILS[i].tail)) {
            return (struct rate_field){(uint8_t)field, (uint8_t)(WINDOW_TAILS + i)};
        }
    }
    return (struct rate_field){FIELD_NONE, 0};
}

static struct rate_field field_of_name(struct proa_slice name)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(FAMILIES); i++) {
        const size_t len = FAMILIES[i].begin.len;
        if (proa_slice_eq_nocase(proa_slice_head(name, len), FAMILIES[i].begin)) {
            return field_of_rest(proa_slice_from(name, len), FAMILIES[i].window);
        }
    }
    return (struct rate_field){FIELD_NONE, 0};
}

/* ---- what an answer tells -------------------------------------------------------------------- */

/* More windows than any provider sends at once; what is beyond is not told. */
enum { FOUND_MAX = 12 };

struct found {
    size_t n;
    uint8_t window[FOUND_MAX];
    struct proa_rate_signal signal[FOUND_MAX];
};

static struct proa_rate_signal *signal_of(struct found *found, uint8_t window)
{
    size_t at = 0;
    while (at < found->n && found->window[at] != window) {
        at++;
    }
    if (at == FOUND_MAX) {
        return NULL;
    }
    if (at == found->n) {
        found->n++;
        found->window[at] = window;
        found->signal[at] = (struct proa_rate_signal){.kind = kind_of_window(window),
                                                      .limit = PROA_RATE_UNKNOWN,
                                                      .remaining = PROA_RATE_UNKNOWN};
    }
    return &found->signal[at];
}

static void set_field(struct found *found, struct rate_field what, struct proa_slice value,
                      uint64_t unix_ms)
{
    struct proa_rate_signal *s = what.field == FIELD_NONE ? NULL : signal_of(found, what.window);
    if (!s) {
        return;
    }
    switch ((enum field)what.field) {
    case FIELD_NONE:
        break;
    case FIELD_LIMIT:
        (void)proa_span_count(value, &s->limit);
        break;
    case FIELD_REMAINING:
        (void)proa_span_count(value, &s->remaining);
        break;
    case FIELD_RESET:
        (void)proa_span_parse(value, unix_ms, &s->reset_ns);
        break;
    }
}

/*
 * The drafts' one field: `limit=100, remaining=50, reset=5`, later `"default";r=50;t=5`, with
 * `"default";q=100;w=60` in RateLimit-Policy. Of several policies the first counts.
 */
static void set_draft(struct found *found, struct proa_slice value, uint64_t unix_ms)
{
    unsigned seen = 0;
    while (value.len > 0) {
        size_t end = 0;
        while (end < value.len && value.ptr[end] != ',' && value.ptr[end] != ';') {
            end++;
        }
        struct proa_slice number = PROA_SLICE_NONE;
        const struct proa_slice part = proa_slice_trim(proa_slice_head(value, end));
        const enum field field = field_of_word(proa_slice_split(part, '=', &number));
        if (field != FIELD_NONE && (seen >> field & 1U) == 0) {
            seen |= 1U << field;
            set_field(found, (struct rate_field){(uint8_t)field, WINDOW_DRAFT}, number, unix_ms);
        }
        value = proa_slice_from(value, end + 1);
    }
}

static bool is_draft(struct proa_slice name)
{
    return proa_slice_eq_nocase(name, PROA_SLICE("ratelimit")) ||
           proa_slice_eq_nocase(name, PROA_SLICE("ratelimit-policy"));
}

static void set_by_name(struct found *found, const struct proa_http_header *h, uint64_t unix_ms)
{
    if (is_draft(h->name)) {
        set_draft(found, h->value, unix_ms);
    } else {
        set_field(found, field_of_name(h->name), h->value, unix_ms);
    }
}

static void find_windows(const struct proa_http_header *headers, size_t n_headers, uint64_t unix_ms,
                         struct found *found)
{
    found->n = 0;
    for (size_t i = 0; i < n_headers; i++) {
        const struct proa_http_header *h = &headers[i];
        if (h->id == PROA_HTTP_HEADER_OTHER) {
            set_by_name(found, h, unix_ms);
        } else if (h->id < PROA_HTTP_HEADER_COUNT && BY_ID[h->id].field != FIELD_NONE) {
            set_field(found, BY_ID[h->id], h->value, unix_ms);
        }
    }
}

/* A reset alone says nothing, and where the limit is 0 (Azure) none of the numbers means one. */
static bool tells(const struct proa_rate_signal *s)
{
    return s->limit != 0 && (s->limit != PROA_RATE_UNKNOWN || s->remaining != PROA_RATE_UNKNOWN);
}

/* How much of the limit is left, in 2^-20; more than all when that is not known. */
static uint64_t share_left(const struct proa_rate_signal *s)
{
    if (s->remaining == PROA_RATE_UNKNOWN) {
        return UINT64_MAX;
    }
    if (s->limit == PROA_RATE_UNKNOWN) {
        return s->remaining == 0 ? 0 : UINT64_MAX - 1;
    }
    return (s->remaining << 20) / s->limit;
}

size_t proa_rates_read(const struct proa_http_header *headers, size_t n_headers, uint64_t unix_ms,
                       struct proa_rate_signal *out, size_t max)
{
    PROA_UNINIT struct found found;
    find_windows(headers, n_headers, unix_ms, &found);
    size_t n = 0;
    for (size_t w = 0; w < found.n; w++) {
        const struct proa_rate_signal *s = &found.signal[w];
        size_t at = 0;
        while (at < n && out[at].kind != s->kind) {
            at++;
        }
        if (!tells(s) || at == max) {
            continue;
        }
        if (at == n) {
            out[n++] = *s;
        } else if (share_left(s) < share_left(&out[at])) {
            out[at] = *s;
        }
    }
    return n;
}

uint64_t proa_rates_spent(const struct proa_http_header *headers, size_t n_headers,
                          uint64_t unix_ms)
{
    PROA_UNINIT struct found found;
    uint64_t longest = 0;
    find_windows(headers, n_headers, unix_ms, &found);
    for (size_t w = 0; w < found.n; w++) {
        const struct proa_rate_signal *s = &found.signal[w];
        if (tells(s) && s->remaining == 0 && s->reset_ns > longest) {
            longest = s->reset_ns;
        }
    }
    return longest;
}
