/*
 * Errors of Cohere's API: `{"message":"...","id":"..."}`, so that texts are all there is besides
 * the status.
 */
#include "cohere_priv.h"
#include "said_priv.h"

#include "proa/core/check.h"

#define ROW(...)                              PROA_ERROR_ROW("", __VA_ARGS__)
#define RULE(from, to, where, pattern, class) ROW(from, to, where, pattern, class, NONE, NOTHING)

static const struct proa_error_rule RULES[] = {
    ROW(0, 428, MESSAGE, "too many tokens", CLIENT, CONTEXT, NOTHING),
    ROW(0, 428, MESSAGE, "size limit exceeded", CLIENT, CONTEXT, NOTHING),
    /* A trial key's calls of a month; those of a minute are a matter of waiting. */
    RULE(0, 429, MESSAGE, "/ month", QUOTA),
    RULE(0, 429, MESSAGE, "per month", QUOTA),
    RULE(0, 403, MESSAGE, "invalid api token", AUTH),
    RULE(498, 498, ALWAYS, "", AUTH), /* a blocked token */
    RULE(499, 499, ALWAYS, "", CLIENT),
    ROW(404, 404, NO_JSON, "", NOT_FOUND, NONE, WRONG_PATH),
    RULE(0, 0, MESSAGE, "rate limit", RATE),
    RULE(0, 0, MESSAGE, "overloaded", OVERLOADED),
    RULE(500, 599, MESSAGE, "overloaded", OVERLOADED),
};

void proa_cohere_classify(const struct proa_answer_head *head, struct proa_slice body,
                          struct proa_failure *out)
{
    proa_said_judge(RULES, PROA_ARRAY_LEN(RULES), head, body, out);
}

void proa_cohere_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                 struct proa_failure *out)
{
    proa_said_judge_inband(RULES, PROA_ARRAY_LEN(RULES), head, object, out);
}
