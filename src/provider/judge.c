#include "judge_priv.h"

#include "proa/core/check.h"
#include "proa/core/clock.h"
#include "proa/provider/rates.h"

/* Texts are searched this far. */
enum { TEXT_MAX = 2048, DETAILS_MAX = 8192 };

struct status_row {
    uint16_t from;
    uint16_t to;
    enum proa_class class;
};

static const struct status_row STATUSES[] = {
    {0, 0, PROA_CLASS_SERVER}, /* an error that says nothing we know */
    {300, 399, PROA_CLASS_REDIRECT},   {401, 401, PROA_CLASS_AUTH},
    {402, 402, PROA_CLASS_QUOTA},      {403, 403, PROA_CLASS_AUTH},
    {404, 404, PROA_CLASS_NOT_FOUND},  {408, 409, PROA_CLASS_CONFLICT},
    {410, 410, PROA_CLASS_NOT_FOUND},  {424, 424, PROA_CLASS_SERVER},
    {425, 425, PROA_CLASS_CONFLICT},   {429, 429, PROA_CLASS_RATE},
    {498, 498, PROA_CLASS_OVERLOADED}, /* Groq: no capacity in the flex tier */
    {499, 499, PROA_CLASS_SERVER},     {400, 499, PROA_CLASS_CLIENT},
    {501, 501, PROA_CLASS_UNFIT},      {503, 503, PROA_CLASS_OVERLOADED},
    {529, 529, PROA_CLASS_OVERLOADED}, {500, 599, PROA_CLASS_SERVER},
};

static enum proa_class class_of_status(uint16_t status)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(STATUSES); i++) {
        if (status >= STATUSES[i].from && status <= STATUSES[i].to) {
            return STATUSES[i].class;
        }
    }
    /* Neither an answer nor a failure: 1xx where a final status belongs, or 6xx. */
    return PROA_CLASS_MALFORMED;
}

static bool holds(struct proa_slice text, size_t max, struct proa_slice pattern)
{
    text = proa_slice_head(text, max);
    return proa_slice_search_nocase(text, pattern) < text.len;
}

/* "name" or "name: value". */
static bool header_fits(const struct proa_answer_head *head, struct proa_slice pattern)
{
    struct proa_slice value = PROA_SLICE_NONE;
    const struct proa_slice name = proa_slice_split(pattern, ':', &value);
    value = proa_slice_trim(value);
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct proa_http_header *h = &head->headers[i];
        if (proa_slice_eq_nocase(h->name, name) &&
            (value.len == 0 || proa_slice_eq_nocase(proa_slice_trim(h->value), value))) {
            return true;
        }
    }
    return false;
}

static bool rule_fits(const struct proa_error_rule *rule, const struct proa_answer_head *head,
                      const struct proa_said *said)
{
    if (said->status < rule->from || said->status > rule->to) {
        return false;
    }
    if (rule->vendor.len > 0 &&
        !(head->vendor && proa_slice_eq(head->vendor->name, rule->vendor))) {
        return false;
    }
    switch (rule->where) {
    case PROA_RULE_ALWAYS:
        return true;
    case PROA_RULE_CODE:
        return proa_slice_eq_nocase(said->code, rule->pattern) ||
               proa_slice_eq_nocase(said->type, rule->pattern);
    case PROA_RULE_MESSAGE:
        return holds(said->message, TEXT_MAX, rule->pattern);
    case PROA_RULE_TEXT:
        return proa_slice_eq_nocase(said->message, rule->pattern);
    case PROA_RULE_DETAILS:
        return holds(said->details, DETAILS_MAX, rule->pattern);
    case PROA_RULE_HEADER:
        return header_fits(head, rule->pattern);
    case PROA_RULE_NO_JSON:
        return !said->is_json;
    }
    return false;
}

static const struct proa_error_rule *first_that_fits(const struct proa_error_rule *rules,
                                                     size_t n_rules,
                                                     const struct proa_answer_head *head,
                                                     const struct proa_said *said)
{
    for (size_t i = 0; i < n_rules; i++) {
        if (rule_fits(&rules[i], head, said)) {
            return &rules[i];
        }
    }
    return NULL;
}

/*
 * Midnight in California, where Google's daily quotas begin: 8 o'clock UTC. In summer they are back
 * an hour before; too late costs that hour, too early would cost the day.
 */
static uint64_t until_pacific(uint64_t unix_ms)
{
    static const uint64_t day_ms = UINT64_C(86400000);
    static const uint64_t midnight_ms = UINT64_C(8) * 3600 * 1000;
    const uint64_t since_ms = (unix_ms + day_ms - midnight_ms) % day_ms;
    return (day_ms - since_ms) * PROA_NS_PER_MS;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What a text of another class calls a wait is none. */
static bool heeds_body(enum proa_class class)
{
    return class == PROA_CLASS_RATE || class == PROA_CLASS_QUOTA || class == PROA_CLASS_OVERLOADED;
}

static void add_times(const struct proa_answer_head *head, const struct proa_said *said,
                      enum proa_rule_extra extra, struct proa_failure *out)
{
    uint64_t wait = proa_rates_retry_after(head->headers, head->n_headers, head->unix_ms);
    wait = heeds_body(out->class) ? later(wait, said->wait_ns) : wait;
    if (extra == PROA_RULE_UNTIL_TOLD) {
        wait = later(wait, proa_rates_spent(head->headers, head->n_headers, head->unix_ms));
    } else if (extra == PROA_RULE_UNTIL_PACIFIC) {
        wait = until_pacific(head->unix_ms);
    } else if (extra == PROA_RULE_NOT_AT_ONCE) {
        wait = later(wait, PROA_NS_PER_S);
    }
    out->retry_after_ns = wait;
    if (out->class == PROA_CLASS_QUOTA && extra != PROA_RULE_NOTHING) {
        out->quota_reset_ns = wait;
    }
}

void proa_judge(const struct proa_error_rule *rules, size_t n_rules,
                const struct proa_answer_head *head, const struct proa_said *said,
                struct proa_failure *out)
{
    const struct proa_error_rule *rule = first_that_fits(rules, n_rules, head, said);
    const enum proa_rule_extra extra = rule ? rule->extra : PROA_RULE_NOTHING;
    *out = (struct proa_failure){
        .class = rule ? rule->class : class_of_status(said->status),
        .refusal = rule ? rule->refusal : PROA_REFUSAL_NONE,
        .status = said->status,
        .wrong_path = extra == PROA_RULE_WRONG_PATH,
        .message = said->message,
        .type = said->type,
        .code = said->code,
    };
    add_times(head, said, extra, out);
}
