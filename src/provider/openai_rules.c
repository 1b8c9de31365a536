/*
 * What class a failure is of, by what OpenAI-shaped providers say: read from top to bottom, the
 * first row that fits decides. Codes and types come first, for they are meant for machines; then
 * texts, which are all that some providers offer; what is left is decided by the status alone.
 */
#include "judge_priv.h"
#include "openai_priv.h"

#include "proa/core/check.h"

#define ROW PROA_ERROR_ROW
#define RULE(from, to, where, pattern, class)                                                      \
    ROW("", from, to, where, pattern, class, NONE, NOTHING)
#define ONLY(vendor, from, to, where, pattern, class)                                              \
    ROW(vendor, from, to, where, pattern, class, NONE, NOTHING)
#define REFUSAL(from, to, where, pattern, what)                                                    \
    ROW("", from, to, where, pattern, CLIENT, what, NOTHING)
/* Whatever status it comes with. */
#define EVER(where, pattern, class) RULE(0, 599, where, pattern, class)
/* A quota, and when it is back. */
#define SPENT(from, to, where, pattern, until)                                                     \
    ROW("", from, to, where, pattern, QUOTA, NONE, UNTIL_##until)
/* A 404 that is about the path. */
#define PATH(where, pattern) ROW("", 404, 404, where, pattern, NOT_FOUND, NONE, WRONG_PATH)

static const struct proa_error_rule RULES[] = {
    /* ---- codes and types ---- */

    /* The request is at fault whoever is asked, except where a larger context is to be had. */
    REFUSAL(0, 599, CODE, "context_length_exceeded", CONTEXT),
    REFUSAL(0, 599, CODE, "exceed_context_size_error", CONTEXT), /* llama.cpp */
    REFUSAL(0, 599, CODE, "string_above_max_length", NONE),
    REFUSAL(0, 599, CODE, "content_policy_violation", CONTENT),
    REFUSAL(0, 599, CODE, "content_filter", CONTENT),
    REFUSAL(0, 599, CODE, "ResponsibleAIPolicyViolation", CONTENT), /* Azure */
    /* This target does not do that at all. */
    RULE(400, 404, CODE, "previous_response_not_found", UNFIT), /* another may have kept it */
    RULE(0, 599, CODE, "not_supported_error", UNFIT),           /* llama.cpp */
    RULE(0, 429, MESSAGE, "request too large for", UNFIT),      /* above its limit per minute */
    /* 402, but it passes by itself when calls under way end. */
    RULE(402, 402, CODE, "in_flight_budget", RATE),
    RULE(402, 402, MESSAGE, "in_flight_budget", RATE),
    ONLY("openrouter", 402, 402, HEADER, "retry-after", RATE),
    EVER(CODE, "insufficient_quota", QUOTA),
    EVER(CODE, "enforced_spend_limit_reached", QUOTA),
    EVER(CODE, "contract_spend_limit_reached", QUOTA),
    EVER(CODE, "billing_hard_limit_reached", QUOTA),
    EVER(CODE, "billing_not_active", QUOTA),
    EVER(CODE, "billing_error", QUOTA),
    EVER(CODE, "insufficient_funds", QUOTA),
    EVER(CODE, "credit_limit", QUOTA),         /* Together */
    EVER(CODE, "organization_on_hold", QUOTA), /* Anthropic */
    EVER(CODE, "invalid_api_key", AUTH),
    EVER(CODE, "unsupported_country_region_territory", AUTH),
    EVER(CODE, "organization_restricted", AUTH), /* Groq, with 400 */
    /* One key and one model: other models of the key, and other keys of the model, may do. */
    RULE(403, 403, CODE, "model_not_found", PERMISSION),
    EVER(CODE, "model_permission_blocked_org", PERMISSION),     /* Groq */
    EVER(CODE, "model_permission_blocked_project", PERMISSION), /* Groq */
    EVER(CODE, "model_terms_required", PERMISSION),             /* Groq */
    EVER(CODE, "model_not_found", NOT_FOUND),
    EVER(CODE, "model_decommissioned", NOT_FOUND),
    EVER(CODE, "model_not_available", NOT_FOUND), /* Together */
    EVER(CODE, "invalid_model", NOT_FOUND),       /* Perplexity */
    EVER(CODE, "DeploymentNotFound", NOT_FOUND),  /* Azure */
    /* The model's own bad luck: another try may go well (Groq). */
    RULE(0, 400, CODE, "tool_use_failed", CONFLICT),
    RULE(0, 400, CODE, "json_validate_failed", CONFLICT),
    /* Traffic that grows too fast, inside the limits: ours to slow down, whoever is well. */
    EVER(CODE, "slow_down", RATE),
    EVER(CODE, "ramp_limit_exceeded", RATE), /* Anthropic */
    RULE(400, 599, CODE, "overloaded_error", OVERLOADED),
    RULE(400, 599, CODE, "engine_overloaded_error", OVERLOADED),
    RULE(400, 599, CODE, "unavailable_error", OVERLOADED), /* llama.cpp */
    RULE(400, 599, CODE, "queue_exceeded", OVERLOADED),    /* Cerebras */

    /* ---- limits of a day or a month: waiting a little does not help ---- */

    SPENT(0, 429, DETAILS, "PerDay", PACIFIC),              /* Gemini */
    SPENT(0, 429, MESSAGE, "per day (", TOLD),              /* OpenAI, Groq: tokens per day (TPD) */
    SPENT(0, 429, MESSAGE, "per day limit exceeded", TOLD), /* Cerebras */
    SPENT(0, 429, MESSAGE, "daily rate limit", TOLD),
    SPENT(0, 429, MESSAGE, "free-models-per-day", TOLD),        /* OpenRouter */
    SPENT(0, 429, DETAILS, "openrouter_free_tier_daily", TOLD), /* OpenRouter */
    SPENT(403, 403, MESSAGE, "call volume quota", TOLD),        /* Azure's API Management */
    RULE(0, 429, MESSAGE, "calls / month", QUOTA),              /* Cohere's trial keys */
    ONLY("mistral", 429, 429, HEADER, "x-ratelimit-limit-req-minute: 0", QUOTA),
    ONLY("mistral", 429, 429, HEADER, "x-ratelimit-remaining-tokens-month: 0", QUOTA),
    RULE(0, 429, MESSAGE, "prepayment credits are depleted", QUOTA),
    /* Gemini says of a limit per minute, too, that the quota is exceeded. */
    RULE(0, 0, CODE, "RESOURCE_EXHAUSTED", RATE),
    RULE(429, 429, CODE, "RESOURCE_EXHAUSTED", RATE),

    /* ---- texts ---- */

    RULE(0, 403, MESSAGE, "incorrect api key", AUTH), /* xAI with 400 */
    RULE(0, 403, MESSAGE, "invalid_api_key", AUTH),
    RULE(0, 403, MESSAGE, "api key not valid", AUTH), /* Gemini with 400 */
    RULE(0, 403, MESSAGE, "api_key_invalid", AUTH),
    RULE(0, 403, DETAILS, "API_KEY_INVALID", AUTH),
    RULE(0, 403, MESSAGE, "invalid api token", AUTH),
    RULE(0, 403, MESSAGE, "invalid x-api-key", AUTH),
    RULE(0, 403, MESSAGE, "invalid subscription key", AUTH),
    RULE(0, 403, MESSAGE, "unrecognizedclient", AUTH),
    RULE(0, 403, MESSAGE, "expiredtoken", AUTH),
    RULE(0, 403, MESSAGE, "location is not supported", AUTH), /* Gemini */
    RULE(0, 429, MESSAGE, "insufficient_quota", QUOTA),
    RULE(0, 429, MESSAGE, "exceeded your current quota", QUOTA),
    RULE(0, 429, MESSAGE, "credit balance is too low", QUOTA),
    RULE(0, 429, MESSAGE, "insufficient balance", QUOTA),
    RULE(0, 429, MESSAGE, "used all available credits", QUOTA), /* xAI */
    RULE(0, 429, MESSAGE, "monthly spending limit", QUOTA),     /* xAI, Fireworks with 412 */
    RULE(402, 403, MESSAGE, "billing", QUOTA),
    RULE(403, 403, MESSAGE, "no credits", QUOTA),       /* xAI */
    RULE(403, 403, MESSAGE, "any credits", QUOTA),      /* xAI */
    RULE(412, 412, MESSAGE, "suspended", QUOTA),        /* Fireworks */
    RULE(400, 400, CODE, "FAILED_PRECONDITION", QUOTA), /* Gemini: billing is off */
    /* Told with every status but 429, whose texts speak of tokens too. */
    REFUSAL(0, 428, MESSAGE, "maximum context length", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "model's maximum context limit", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "maximum prompt length", CONTEXT), /* xAI */
    REFUSAL(0, 428, MESSAGE, "exceed context limit", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "is longer than the model's context length", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "input tokens exceed the configured limit", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "exceeds the available context size", CONTEXT),
    REFUSAL(500, 500, MESSAGE, "exceeds the available context size", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "exceeds the maximum number of tokens allowed", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "exceed model maximum", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "maximum input length", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "prompt is too long", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "input is too long", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "too many input tokens", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "too many tokens", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "expected maxlength", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "`inputs` tokens + `max_new_tokens` must be", CONTEXT),
    REFUSAL(0, 428, MESSAGE, "content_policy_violation", CONTENT),
    REFUSAL(0, 428, MESSAGE, "content_filter", CONTENT),
    REFUSAL(0, 428, MESSAGE, "responsibleaipolicyviolation", CONTENT),
    REFUSAL(0, 428, MESSAGE, "content management policy", CONTENT),
    REFUSAL(0, 428, MESSAGE, "content filtering policy", CONTENT),
    REFUSAL(0, 428, MESSAGE, "rejected as a result of our safety system", CONTENT),
    REFUSAL(0, 403, MESSAGE, "violates usage guidelines", CONTENT), /* xAI */
    REFUSAL(403, 403, MESSAGE, "requires moderation", CONTENT),     /* OpenRouter */
    REFUSAL(403, 403, MESSAGE, "was flagged", CONTENT),             /* OpenRouter */
    REFUSAL(403, 403, DETAILS, "\"flagged_input\"", CONTENT),       /* OpenRouter */
    RULE(403, 403, MESSAGE, "not have access to model", PERMISSION),
    RULE(403, 403, MESSAGE, "not have access to the model", PERMISSION),
    RULE(400, 400, MESSAGE, "is not a valid model", NOT_FOUND), /* OpenRouter */
    RULE(400, 400, MESSAGE, "model not exist", NOT_FOUND),      /* DeepSeek */
    /* What OpenRouter passes on of a provider behind it: not our limit, that model's. */
    ONLY("openrouter", 0, 0, DETAILS, "rate-limited upstream", OVERLOADED),
    ONLY("openrouter", 429, 429, DETAILS, "rate-limited upstream", OVERLOADED),
    ONLY("openrouter", 429, 429, MESSAGE, "provider returned error", OVERLOADED),
    RULE(0, 0, MESSAGE, "overloaded", OVERLOADED),
    RULE(429, 599, MESSAGE, "overloaded", OVERLOADED),
    RULE(429, 599, MESSAGE, "capacity exceeded", OVERLOADED), /* Mistral */
    RULE(0, 0, MESSAGE, "currently unavailable", OVERLOADED),
    RULE(0, 0, CODE, "The service is currently unavailable", OVERLOADED), /* xAI */
    RULE(429, 599, CODE, "The service is currently unavailable", OVERLOADED),
    RULE(429, 599, MESSAGE, "currently unavailable", OVERLOADED),
    RULE(429, 599, MESSAGE, "loading model", OVERLOADED), /* llama.cpp */
    RULE(429, 599, MESSAGE, "high demand", OVERLOADED),   /* Azure */
    RULE(429, 599, MESSAGE, "high traffic", OVERLOADED),  /* Cerebras */
    RULE(503, 503, MESSAGE, "slow down", RATE),           /* OpenAI */
    RULE(413, 413, CODE, "rate_limit_exceeded", UNFIT),   /* Groq */
    ONLY("cohere", 498, 498, ALWAYS, "", AUTH),
    /* OpenRouter's own windows are fixed: nothing goes before the reset. */
    ROW("openrouter", 429, 429, ALWAYS, "", RATE, NONE, UNTIL_TOLD),

    /* ---- not the model, the path ---- */

    PATH(NO_JSON, ""),
    PATH(TEXT, "not found"),                             /* FastAPI: vLLM and others */
    PATH(TEXT, "resource not found"),                    /* Azure: path or api-version */
    PATH(TEXT, "file not found"),                        /* llama.cpp */
    PATH(MESSAGE, "invalid url"),                        /* OpenAI */
    PATH(MESSAGE, "unknown request url"),                /* Groq */
    PATH(MESSAGE, "no route matched with those values"), /* Mistral */

    /* ---- errors without a status, by types so general that a text says more ---- */

    RULE(0, 0, CODE, "rate_limit_exceeded", RATE),
    RULE(0, 0, CODE, "rate_limit_error", RATE),
    RULE(0, 0, CODE, "rate_limited", RATE),
    RULE(0, 0, CODE, "RateLimitReached", RATE),
    RULE(0, 0, CODE, "overloaded_error", OVERLOADED),
    RULE(0, 0, CODE, "unavailable_error", OVERLOADED),
    RULE(0, 0, CODE, "service_unavailable", OVERLOADED),
    RULE(0, 0, CODE, "authentication_error", AUTH),
    RULE(0, 0, CODE, "permission_error", AUTH),
    RULE(0, 0, CODE, "not_found_error", NOT_FOUND),
    RULE(0, 0, CODE, "NotFoundError", NOT_FOUND),
    RULE(0, 0, CODE, "invalid_request_error", CLIENT),
    RULE(0, 0, CODE, "BadRequestError", CLIENT),
    RULE(0, 0, MESSAGE, "rate limit", RATE),
    RULE(0, 0, MESSAGE, "too many requests", RATE),
};

const struct proa_error_rule *proa_openai_rules(size_t *n)
{
    *n = PROA_ARRAY_LEN(RULES);
    return RULES;
}
