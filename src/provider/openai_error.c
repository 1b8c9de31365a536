/*
 * Error answers of OpenAI-shaped providers: where they keep their message, type and code, and which
 * class a failure is of. The decision is a table, read from top to bottom: codes and types first,
 * for they are meant for machines; then texts, which are all that some providers offer; then the
 * status.
 */
#include "openai_priv.h"

#include "proa/json/string.h"
#include "proa/provider/rates.h"

/* Texts are searched this far, and a message that is no JSON is shown this far. */
enum { TEXT_MAX = 2048, PLAIN_MAX = 256 };

/* ---- what the body says ---------------------------------------------------------------------- */

struct said {
    struct proa_slice message;
    struct proa_slice type;
    struct proa_slice code;
    uint64_t status; /* that the body names; 0 = none */
};

/* Strings without quotes, everything else as it stands; nothing for null. */
static struct proa_slice as_text(const struct proa_json_item *item)
{
    if (item->kind == PROA_JSON_NULL) {
        return PROA_SLICE_NONE;
    }
    return item->kind == PROA_JSON_STRING ? proa_openai_text(item) : item->value;
}

static void take_status(const struct proa_json_item *item, struct said *out)
{
    uint64_t status = 0;
    const struct proa_slice text = as_text(item);
    if (proa_slice_to_u64(text, &status) == PROA_OK && status >= 300 && status <= 599) {
        out->status = status;
    }
}

/* One member of an error object, or of a body that is one itself. */
static void take_member(const struct proa_json_item *item, struct said *out)
{
    if (proa_openai_key_is(item, PROA_SLICE("message"))) {
        out->message = as_text(item);
    } else if (proa_openai_key_is(item, PROA_SLICE("type"))) {
        out->type = as_text(item);
    } else if (proa_openai_key_is(item, PROA_SLICE("code"))) {
        out->code = as_text(item);
        take_status(item, out);
    } else if (proa_openai_key_is(item, PROA_SLICE("detail"))) {
        out->message = out->message.len > 0 ? out->message : as_text(item);
    } else if (proa_openai_key_is(item, PROA_SLICE("status"))) {
        take_status(item, out);
        out->type = out->type.len > 0 ? out->type : proa_openai_text(item);
    } else if (proa_openai_key_is(item, PROA_SLICE("status_code")) ||
               proa_openai_key_is(item, PROA_SLICE("raw_status_code"))) {
        take_status(item, out);
    }
}

static void read_object(struct proa_slice object, struct said *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    /* A body that was cut off has its say as far as it goes. */
    while (proa_json_cursor_next(&c, &item)) {
        take_member(&item, out);
    }
}

/* `{"error":{...}}`, `{"error":"text","code":...}`, or the members themselves at the top. */
static void read_body(struct proa_slice object, struct said *out)
{
    struct said inner = {.status = 0};
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!proa_openai_key_is(&item, PROA_SLICE("error"))) {
            take_member(&item, out);
        } else if (item.kind == PROA_JSON_OBJECT) {
            read_object(item.value, &inner);
        } else if (item.kind == PROA_JSON_STRING) {
            inner.message = proa_openai_text(&item);
        }
    }
    /* The error object may be the member at which a cut body breaks. */
    if (inner.message.len == 0 && inner.code.len == 0 && c.err == PROA_ERR_TRUNCATED) {
        const struct proa_slice rest = {c.p, (size_t)(c.end - c.p)};
        const size_t at = proa_slice_search(rest, PROA_SLICE("\"error\""));
        read_object(proa_slice_from(rest, at + proa_slice_find(proa_slice_from(rest, at), '{')),
                    &inner);
    }
    out->message = inner.message.len > 0 ? inner.message : out->message;
    out->type = inner.type.len > 0 ? inner.type : out->type;
    out->code = inner.code.len > 0 ? inner.code : out->code;
    out->status = inner.status > 0 ? inner.status : out->status;
}

static void read_said(struct proa_slice body, struct said *out)
{
    struct proa_slice text = proa_openai_strip(body);
    const enum proa_json_kind kind = proa_json_kind_of(body);
    if (kind == PROA_JSON_OBJECT) {
        read_body(body, out);
    } else if (kind == PROA_JSON_ARRAY) {
        /* Gemini's compatible endpoint wraps its object. */
        (void)proa_json_at(body, 0, &text);
        read_body(text, out);
    } else if (text.len > 0 && text.ptr[0] != '<') {
        out->message = proa_slice_head(text, PLAIN_MAX);
    }
}

/* ---- what it means --------------------------------------------------------------------------- */

enum where {
    IN_CODE = 1,    /* code or type is exactly this, in any case */
    IN_MESSAGE = 2, /* the message holds this, in any case */
};

struct rule {
    uint16_t from; /* statuses it holds for; 0 is an error in an answer with status 200 */
    uint16_t to;
    enum where where;
    struct proa_slice pattern;
    enum proa_class class;
    enum proa_refusal refusal;
};

#define RULE(from, to, where, pattern, class, refusal)                                             \
    {                                                                                              \
        (from), (to), IN_##where, PROA_SLICE_INIT(pattern), PROA_CLASS_##class,                    \
            PROA_REFUSAL_##refusal                                                                 \
    }

static const struct rule RULES[] = {
    /* The request is at fault whoever is asked, except where a larger context is to be had. */
    RULE(0, 599, CODE, "context_length_exceeded", CLIENT, CONTEXT),
    RULE(0, 599, CODE, "exceed_context_size_error", CLIENT, CONTEXT),
    RULE(0, 599, CODE, "string_above_max_length", CLIENT, NONE),
    RULE(0, 599, CODE, "content_policy_violation", CLIENT, CONTENT),
    RULE(0, 599, CODE, "content_filter", CLIENT, CONTENT),
    RULE(0, 599, CODE, "ResponsibleAIPolicyViolation", CLIENT, CONTENT),
    RULE(0, 599, CODE, "unsupported_country_region_territory", AUTH, NONE),
    /* 402, but it passes by itself when calls under way end (OpenRouter). */
    RULE(402, 402, CODE, "in_flight_budget", RATE, NONE),
    RULE(402, 402, MESSAGE, "in_flight_budget", RATE, NONE),
    RULE(0, 599, CODE, "insufficient_quota", QUOTA, NONE),
    RULE(0, 599, CODE, "enforced_spend_limit_reached", QUOTA, NONE),
    RULE(0, 599, CODE, "contract_spend_limit_reached", QUOTA, NONE),
    RULE(0, 599, CODE, "billing_hard_limit_reached", QUOTA, NONE),
    RULE(0, 599, CODE, "billing_not_active", QUOTA, NONE),
    RULE(0, 599, CODE, "insufficient_funds", QUOTA, NONE),
    RULE(0, 599, CODE, "invalid_api_key", AUTH, NONE),
    RULE(0, 599, CODE, "model_not_found", NOT_FOUND, NONE),
    RULE(0, 599, CODE, "model_decommissioned", NOT_FOUND, NONE),
    RULE(0, 599, CODE, "DeploymentNotFound", NOT_FOUND, NONE),
    /* The model's own bad luck: another try may go well (Groq). */
    RULE(0, 400, CODE, "tool_use_failed", CONFLICT, NONE),
    RULE(0, 400, CODE, "json_validate_failed", CONFLICT, NONE),
    RULE(400, 599, CODE, "overloaded_error", OVERLOADED, NONE),
    RULE(400, 599, CODE, "engine_overloaded_error", OVERLOADED, NONE),
    RULE(400, 599, CODE, "slow_down", OVERLOADED, NONE),
    RULE(400, 599, CODE, "unavailable_error", OVERLOADED, NONE),

    RULE(0, 403, MESSAGE, "incorrect api key", AUTH, NONE),
    RULE(0, 403, MESSAGE, "invalid_api_key", AUTH, NONE),
    RULE(0, 403, MESSAGE, "api key not valid", AUTH, NONE),
    RULE(0, 403, MESSAGE, "api_key_invalid", AUTH, NONE),
    RULE(0, 403, MESSAGE, "invalid api token", AUTH, NONE),
    RULE(0, 403, MESSAGE, "invalid x-api-key", AUTH, NONE),
    RULE(0, 403, MESSAGE, "invalid subscription key", AUTH, NONE),
    RULE(0, 403, MESSAGE, "unrecognizedclient", AUTH, NONE),
    RULE(0, 403, MESSAGE, "expiredtoken", AUTH, NONE),
    RULE(0, 429, MESSAGE, "insufficient_quota", QUOTA, NONE),
    RULE(0, 429, MESSAGE, "exceeded your current quota", QUOTA, NONE),
    RULE(0, 429, MESSAGE, "credit balance is too low", QUOTA, NONE),
    RULE(0, 429, MESSAGE, "insufficient balance", QUOTA, NONE),
    RULE(0, 429, MESSAGE, "used all available credits", QUOTA, NONE),
    RULE(0, 429, MESSAGE, "monthly spending limit", QUOTA, NONE),
    RULE(0, 429, MESSAGE, "prepayment credits are depleted", QUOTA, NONE),
    RULE(402, 403, MESSAGE, "billing", QUOTA, NONE),
    RULE(403, 403, MESSAGE, "no credits", QUOTA, NONE),
    RULE(412, 412, MESSAGE, "suspended", QUOTA, NONE),
    /* Told with every status but 429, whose texts speak of tokens too. */
    RULE(0, 428, MESSAGE, "maximum context length", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "model's maximum context limit", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "exceed context limit", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "is longer than the model's context length", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "input tokens exceed the configured limit", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "exceeds the available context size", CLIENT, CONTEXT),
    RULE(500, 500, MESSAGE, "exceeds the available context size", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "exceeds the maximum number of tokens allowed", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "exceed model maximum", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "maximum input length", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "prompt is too long", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "input is too long", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "too many input tokens", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "too many tokens", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "expected maxlength", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "`inputs` tokens + `max_new_tokens` must be", CLIENT, CONTEXT),
    RULE(0, 428, MESSAGE, "content_policy_violation", CLIENT, CONTENT),
    RULE(0, 428, MESSAGE, "content_filter", CLIENT, CONTENT),
    RULE(0, 428, MESSAGE, "responsibleaipolicyviolation", CLIENT, CONTENT),
    RULE(0, 428, MESSAGE, "content management policy", CLIENT, CONTENT),
    RULE(0, 428, MESSAGE, "content filtering policy", CLIENT, CONTENT),
    RULE(0, 428, MESSAGE, "rejected as a result of our safety system", CLIENT, CONTENT),
    RULE(403, 403, MESSAGE, "requires moderation", CLIENT, CONTENT),
    RULE(403, 403, MESSAGE, "was flagged", CLIENT, CONTENT),
    RULE(403, 403, MESSAGE, "does not have access to model", NOT_FOUND, NONE),
    RULE(400, 400, MESSAGE, "is not a valid model", NOT_FOUND, NONE),
    RULE(0, 0, MESSAGE, "overloaded", OVERLOADED, NONE),
    RULE(429, 599, MESSAGE, "overloaded", OVERLOADED, NONE),
    RULE(429, 599, MESSAGE, "capacity exceeded", OVERLOADED, NONE),
    RULE(0, 0, MESSAGE, "currently unavailable", OVERLOADED, NONE),
    RULE(0, 0, CODE, "The service is currently unavailable", OVERLOADED, NONE),
    RULE(429, 599, CODE, "The service is currently unavailable", OVERLOADED, NONE),
    RULE(429, 599, MESSAGE, "currently unavailable", OVERLOADED, NONE),
    RULE(429, 599, MESSAGE, "loading model", OVERLOADED, NONE),
    RULE(429, 599, MESSAGE, "high demand", OVERLOADED, NONE),
    RULE(413, 413, CODE, "rate_limit_exceeded", RATE, NONE),

    /* Types so general that a text says more; where there is a status, it says as much. */
    RULE(0, 0, CODE, "rate_limit_exceeded", RATE, NONE),
    RULE(0, 0, CODE, "rate_limit_error", RATE, NONE),
    RULE(0, 0, CODE, "rate_limited", RATE, NONE),
    RULE(0, 0, CODE, "RateLimitReached", RATE, NONE),
    RULE(0, 0, CODE, "overloaded_error", OVERLOADED, NONE),
    RULE(0, 0, CODE, "unavailable_error", OVERLOADED, NONE),
    RULE(0, 0, CODE, "service_unavailable", OVERLOADED, NONE),
    RULE(0, 0, CODE, "authentication_error", AUTH, NONE),
    RULE(0, 0, CODE, "permission_error", AUTH, NONE),
    RULE(0, 0, CODE, "not_found_error", NOT_FOUND, NONE),
    RULE(0, 0, CODE, "NotFoundError", NOT_FOUND, NONE),
    RULE(0, 0, CODE, "invalid_request_error", CLIENT, NONE),
    RULE(0, 0, CODE, "BadRequestError", CLIENT, NONE),
};

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
    {503, 503, PROA_CLASS_OVERLOADED}, {529, 529, PROA_CLASS_OVERLOADED},
    {500, 599, PROA_CLASS_SERVER},
};

static bool rule_fits(const struct rule *rule, uint16_t status, const struct said *said)
{
    if (status < rule->from || status > rule->to) {
        return false;
    }
    if (rule->where == IN_CODE) {
        return proa_slice_eq_nocase(said->code, rule->pattern) ||
               proa_slice_eq_nocase(said->type, rule->pattern);
    }
    const struct proa_slice text = proa_slice_head(said->message, TEXT_MAX);
    return proa_slice_search_nocase(text, rule->pattern) < text.len;
}

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

static void judge(uint16_t status, const struct said *said, struct proa_failure *out)
{
    *out = (struct proa_failure){
        .class = class_of_status(status),
        .status = status,
        .message = said->message,
        .type = said->type,
        .code = said->code,
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(RULES); i++) {
        if (rule_fits(&RULES[i], status, said)) {
            out->class = RULES[i].class;
            out->refusal = RULES[i].refusal;
            return;
        }
    }
}

/* ---- how long to wait, in prose -------------------------------------------------------------- */

static const struct proa_slice WAIT_PHRASES[] = {
    PROA_SLICE_INIT("try again in "),
    PROA_SLICE_INIT("retry after "),
};

/* "12 seconds", "2m59.56s.", "5.289s": number and units, the unit perhaps a word of its own. */
static uint64_t span_of_prose(struct proa_slice text)
{
    size_t n = 0;
    uint64_t span = 0;
    while (n < text.len && text.ptr[n] != ' ' && text.ptr[n] != ',') {
        n++;
    }
    struct proa_slice rest = proa_slice_from(text, n + 1);
    struct proa_slice word = proa_slice_head(text, n);
    if (word.len > 0 && word.ptr[word.len - 1] == '.') {
        word.len--;
    }
    if (!proa_rates_span(word, 0, &span)) {
        return 0;
    }
    if (proa_slice_starts(rest, PROA_SLICE("minute")) && span < PROA_RATES_SPAN_MAX_NS / 60) {
        span *= 60;
    }
    return span;
}

static uint64_t wait_of_prose(struct proa_slice message)
{
    const struct proa_slice text = proa_slice_head(message, TEXT_MAX);
    for (size_t i = 0; i < PROA_ARRAY_LEN(WAIT_PHRASES); i++) {
        const size_t at = proa_slice_search_nocase(text, WAIT_PHRASES[i]);
        if (at < text.len) {
            return span_of_prose(proa_slice_from(text, at + WAIT_PHRASES[i].len));
        }
    }
    return 0;
}

static void add_prose_wait(struct proa_failure *out)
{
    if (out->retry_after_ns == 0 &&
        (out->class == PROA_CLASS_RATE || out->class == PROA_CLASS_OVERLOADED)) {
        out->retry_after_ns = wait_of_prose(out->message);
    }
}

void proa_openai_classify(uint16_t status, const struct proa_http_header *headers, size_t n_headers,
                          struct proa_slice body, uint64_t unix_ms, struct proa_failure *out)
{
    struct said said = {.status = 0};
    read_said(body, &said);
    judge(status, &said, out);
    out->retry_after_ns = proa_rates_retry_after(headers, n_headers, unix_ms);
    /* A 402 that says when to come back is about calls under way, not about money (OpenRouter). */
    if (status == 402 && out->class == PROA_CLASS_QUOTA && out->retry_after_ns > 0) {
        out->class = PROA_CLASS_RATE;
    }
    add_prose_wait(out);
}

void proa_openai_classify_inband(struct proa_slice object, struct proa_failure *out)
{
    struct said said = {.status = 0};
    read_said(object, &said);
    judge((uint16_t)said.status, &said, out);
    add_prose_wait(out);
}
