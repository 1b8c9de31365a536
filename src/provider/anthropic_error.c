/*
 * Errors of the Messages API: at Anthropic `{"type":"error","error":{"type","message","details":
 * {"error_code"}}}`; on Vertex, besides, Google's `{"error":{"code","message","status"}}`. The
 * first row that fits decides, the status where none does.
 */
#include "anthropic_priv.h"
#include "said_priv.h"

#include "proa/core/check.h"

#define ROW PROA_ERROR_ROW
#define RULE(from, to, where, pattern, class)                                                      \
    ROW("", from, to, where, pattern, class, NONE, NOTHING)
#define VERTEX(from, to, where, pattern, class)                                                    \
    ROW("vertex", from, to, where, pattern, class, NONE, NOTHING)
#define REFUSAL(from, to, where, pattern, what)                                                    \
    ROW("", from, to, where, pattern, CLIENT, what, NOTHING)

static const struct proa_error_rule RULES[] = {
    /* ---- money, and what is over for long ---- */
    RULE(0, 599, CODE, "enforced_spend_limit_reached", QUOTA),
    RULE(0, 599, CODE, "contract_spend_limit_reached", QUOTA),
    RULE(0, 599, CODE, "linked_organization_spend_limit_reached", QUOTA),
    RULE(0, 599, CODE, "billing_unavailable", QUOTA),
    RULE(0, 599, CODE, "organization_on_hold", QUOTA),
    RULE(0, 599, CODE, "billing_error", QUOTA),
    RULE(0, 429, MESSAGE, "credit balance is too low", QUOTA),
    RULE(0, 429, MESSAGE, "reached your specified api usage limits", QUOTA),
    RULE(0, 429, MESSAGE, "spend limit", QUOTA),
    ROW("", 0, 429, MESSAGE, "daily rate limit", QUOTA, NONE, UNTIL_TOLD),
    RULE(0, 599, CODE, "ramp_limit_exceeded", RATE), /* traffic that grows too fast */

    /* ---- the request ---- */
    REFUSAL(0, 428, MESSAGE, "prompt is too long", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "exceed context limit", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "content filtering policy", CONTENT),
    RULE(400, 400, MESSAGE, "invalid x-api-key", AUTH),
    RULE(499, 499, ALWAYS, "", CLIENT),

    /* ---- Google's ---- */
    VERTEX(429, 429, MESSAGE, "resource exhausted", OVERLOADED), /* shared capacity, no quota */
    VERTEX(429, 429, MESSAGE, "provisioned throughput", OVERLOADED),
    VERTEX(500, 599, CODE, "429", RATE),
    VERTEX(0, 599, CODE, "UNAUTHENTICATED", AUTH),
    VERTEX(0, 599, CODE, "PERMISSION_DENIED", AUTH),
    VERTEX(0, 0, CODE, "RESOURCE_EXHAUSTED", RATE),
    VERTEX(0, 0, CODE, "UNAVAILABLE", OVERLOADED),
    VERTEX(0, 0, CODE, "INVALID_ARGUMENT", CLIENT),
    VERTEX(0, 0, CODE, "NOT_FOUND", NOT_FOUND),

    /* ---- capacity ---- */
    RULE(0, 0, CODE, "overloaded_error", OVERLOADED),
    RULE(429, 599, CODE, "overloaded_error", OVERLOADED),
    RULE(500, 599, MESSAGE, "overloaded", OVERLOADED),

    /* ---- not the model, the path ---- */
    ROW("", 404, 404, NO_JSON, "", NOT_FOUND, NONE, WRONG_PATH),
    ROW("", 404, 404, TEXT, "not found", NOT_FOUND, NONE, WRONG_PATH),

    /* ---- in an answer that began as a success: the type is all there is ---- */
    RULE(0, 0, CODE, "rate_limit_error", RATE),
    RULE(0, 0, CODE, "authentication_error", AUTH),
    RULE(0, 0, CODE, "permission_error", AUTH),
    RULE(0, 0, CODE, "not_found_error", NOT_FOUND),
    RULE(0, 0, CODE, "conflict_error", CONFLICT),
    RULE(0, 0, CODE, "invalid_request_error", CLIENT),
    RULE(0, 0, CODE, "request_too_large", CLIENT),
    RULE(0, 0, MESSAGE, "overloaded", OVERLOADED),
};

void proa_anthropic_classify(const struct proa_answer_head *head, struct proa_slice body,
                             struct proa_failure *out)
{
    proa_said_judge(RULES, PROA_ARRAY_LEN(RULES), head, body, out);
}

void proa_anthropic_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                    struct proa_failure *out)
{
    proa_said_judge_inband(RULES, PROA_ARRAY_LEN(RULES), head, object, out);
}
