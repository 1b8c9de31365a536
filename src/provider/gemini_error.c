/*
 * Errors: `{"error":{"code","message","status","details":[]}}`, from both services, at times in an
 * array; and what class each is of. First the reasons in `details` and the status words, which are
 * meant for machines, then texts; what is left is decided by the status.
 */
#include "gemini_priv.h"
#include "said_priv.h"

#include "proa/core/check.h"

#define ROW(...)                              PROA_ERROR_ROW("", __VA_ARGS__)
#define RULE(from, to, where, pattern, class) ROW(from, to, where, pattern, class, NONE, NOTHING)
#define REFUSAL(where, pattern, what)         ROW(0, 428, where, pattern, CLIENT, what, NOTHING)

static const struct proa_error_rule RULES[] = {
    /* A bad key is told with 400. */
    RULE(0, 403, DETAILS, "API_KEY_INVALID", AUTH),
    RULE(0, 403, DETAILS, "API_KEY_SERVICE_BLOCKED", AUTH),
    RULE(0, 403, DETAILS, "SERVICE_DISABLED", AUTH),
    RULE(0, 403, DETAILS, "BILLING_DISABLED", QUOTA),
    RULE(0, 403, MESSAGE, "api key not valid", AUTH),
    RULE(0, 403, MESSAGE, "api key expired", AUTH),
    RULE(0, 403, MESSAGE, "location is not supported", AUTH),
    /* Vertex says it of a model that the project may not use, or that is not there. */
    RULE(403, 403, DETAILS, "IAM_PERMISSION_DENIED", PERMISSION),
    RULE(403, 403, MESSAGE, "billing", QUOTA),
    RULE(0, 400, CODE, "FAILED_PRECONDITION", QUOTA), /* billing is off */

    /* The text says "exceeded your current quota" of all of these: only the details tell a minute
     * from a day. */
    ROW(0, 429, DETAILS, "PerDay", QUOTA, NONE, UNTIL_PACIFIC),
    RULE(0, 429, MESSAGE, "prepayment credits are depleted", QUOTA),
    RULE(402, 402, CODE, "RESOURCE_EXHAUSTED", QUOTA),
    RULE(0, 429, DETAILS, "PerMinute", RATE),
    /* Vertex: capacity that all share, or that was bought and is used up; no quota of ours. */
    ROW(0, 429, MESSAGE, "resource exhausted, please try again later", OVERLOADED, NONE,
        NOT_AT_ONCE),
    ROW(0, 429, MESSAGE, "resource exhausted. please try again later", OVERLOADED, NONE,
        NOT_AT_ONCE),
    ROW(0, 429, MESSAGE, "exceeded the provisioned throughput", OVERLOADED, NONE, NOT_AT_ONCE),
    /* A server's fault whose body says otherwise. */
    RULE(500, 599, CODE, "429", RATE),
    RULE(500, 599, CODE, "RESOURCE_EXHAUSTED", RATE),

    REFUSAL(MESSAGE, "exceeds the maximum number of tokens allowed", CONTEXT),
    REFUSAL(MESSAGE, "but model only supports up to", CONTEXT), /* Vertex: the input token count */
    REFUSAL(MESSAGE, "responsible ai practices", CONTENT),
    RULE(400, 413, MESSAGE, "request payload size exceeds", UNFIT),
    ROW(404, 404, NO_JSON, "", NOT_FOUND, NONE, WRONG_PATH),

    /* In a stream the words may come without the number. */
    RULE(0, 0, CODE, "RESOURCE_EXHAUSTED", RATE),
    RULE(0, 0, CODE, "UNAVAILABLE", OVERLOADED),
    RULE(0, 0, CODE, "UNAUTHENTICATED", AUTH),
    RULE(0, 0, CODE, "PERMISSION_DENIED", AUTH),
    RULE(0, 0, CODE, "NOT_FOUND", NOT_FOUND),
    RULE(0, 0, CODE, "INVALID_ARGUMENT", CLIENT),
};

void proa_gemini_classify(const struct proa_answer_head *head, struct proa_slice body,
                          struct proa_failure *out)
{
    proa_said_judge(RULES, PROA_ARRAY_LEN(RULES), head, body, out);
}

void proa_gemini_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                 struct proa_failure *out)
{
    proa_said_judge_inband(RULES, PROA_ARRAY_LEN(RULES), head, object, out);
}
