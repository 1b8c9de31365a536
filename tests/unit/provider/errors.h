/*
 * Published errors of the providers that speak the openai dialect, and what they mean: as the
 * providers' documentation, their SDKs or people who met them give them.
 */
#ifndef PROA_TEST_ERRORS_H
#define PROA_TEST_ERRORS_H

#include "class_case.h"

#define ERR(message, type, code)                                                                   \
    "{\"error\":{\"message\":\"" message "\",\"type\":" type ",\"param\":null,\"code\":" code "}}"
#define INVALID "\"invalid_request_error\""

/* OpenAI: error codes guide, openai-node and openai-python */
static const struct class_case OPENAI[] = {
    REFUSED(400, CONTEXT, ERR("too long", INVALID, "\"context_length_exceeded\"")),
    REFUSED(400, NONE, ERR("Use 'max_completion_tokens'", INVALID, "\"unsupported_parameter\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"unsupported_value\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"invalid_type\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"empty_array\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"decimal_above_max_value\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "\"invalid_value\"")),
    REFUSED(400, NONE, ERR("m", INVALID, "null")),
    REFUSED(400, NONE,
            ERR("string too long, too many tokens", INVALID, "\"string_above_max_length\"")),
    REFUSED(400, CONTENT, ERR("m", INVALID, "\"content_policy_violation\"")),
    REFUSED(400, CONTENT, ERR("m", INVALID, "\"content_filter\"")),
    C(401, AUTH, ERR("Incorrect API key provided: sk-***", INVALID, "\"invalid_api_key\"")),
    C(401, AUTH, ERR("No such organization", INVALID, "\"invalid_organization\"")),
    C(401, AUTH, ERR("IP address not authorized", INVALID, "null")),
    C(403, AUTH, ERR("m", "\"request_forbidden\"", "\"unsupported_country_region_territory\"")),
    C(403, PERMISSION,
      ERR("Project `p` does not have access to model `x`", INVALID, "\"model_not_found\"")),
    C(404, NOT_FOUND, ERR("The model `x` does not exist", INVALID, "\"model_not_found\"")),
    C(429, RATE, ERR("Rate limit reached", "\"requests\"", "\"rate_limit_exceeded\"")),
    C(429, RATE, ERR("Rate limit reached", "\"tokens\"", "\"rate_limit_exceeded\"")),
    C(429, UNFIT,
      ERR("Request too large for gpt-4o on tokens per min (TPM): Limit 1, Requested 2",
          "\"tokens\"", "\"rate_limit_exceeded\"")),
    C(429, QUOTA,
      ERR("You exceeded your current quota, please check your plan", "\"insufficient_quota\"",
          "\"insufficient_quota\"")),
    C(429, QUOTA, ERR("You exceeded your current quota", "null", "null")),
    C(500, SERVER, ERR("The server had an error", "\"server_error\"", "null")),
    C(502, SERVER, ERR("m", "\"server_error\"", "null")),
    C(504, SERVER, ERR("m", "\"server_error\"", "null")),
    C(503, OVERLOADED, ERR("The engine is currently overloaded", "\"server_error\"", "null")),
    C(503, RATE, ERR("Slow down", "\"server_error\"", "\"slow_down\"")),
    C(503, RATE, ERR("Slow Down", "\"server_error\"", "null")),
    C(403, PERMISSION,
      ERR("You do not have access to the model `x`", "\"permission_error\"", "null")),
    /* openai-node reads these three in this order */
    T(429, RATE, ERR("Rate limit reached", "\"tokens\"", "\"rate_limit_exceeded\""),
      "retry-after: 1\nretry-after-ms: 850\n", 850, 0),
    T(429, RATE,
      ERR("Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit "
          "30000, Used 29000, Requested 2000. Please try again in 6m0s.",
          "\"tokens\"", "\"rate_limit_exceeded\""),
      NULL, 360000, 0),
    T(429, QUOTA,
      ERR("Rate limit reached for gpt-4o in organization org-x on requests per day (RPD): Limit "
          "200, Used 200, Requested 1. Please try again in 7m12s.",
          "\"requests\"", "\"rate_limit_exceeded\""),
      "x-ratelimit-limit-requests: 200\nx-ratelimit-remaining-requests: 0\n"
      "x-ratelimit-reset-requests: 7m12s\n",
      432000, 432000),
    /* The message says nothing of a time, and a header's would be made up. */
    T(429, QUOTA,
      ERR("You exceeded your current quota", "\"insufficient_quota\"", "\"insufficient_quota\""),
      "retry-after: 20\n", 20000, 0),
    PATH(ERR("Invalid URL (POST /v1/v1/chat/completions)", INVALID, "null")),
};

/* Azure OpenAI: quota and content filter guides; API Management's policies */
static const struct class_case AZURE[] = {
    REFUSED(
        400, CONTENT,
        "{\"error\":{\"message\":\"The response was filtered\",\"type\":null,\"param\":\"prompt\","
        "\"code\":\"content_filter\",\"status\":400,\"innererror\":{\"code\":"
        "\"ResponsibleAIPolicyViolation\"}}}"),
    C(401, AUTH,
      "{\"error\":{\"code\":\"401\",\"message\":\"Access denied due to invalid "
      "subscription key or wrong API endpoint.\"}}"),
    C(404, NOT_FOUND, "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"m\"}}"),
    PATH("{\"error\":{\"code\":\"404\",\"message\":\"Resource not found\"}}"),
    C(408, CONFLICT, "{\"error\":{\"code\":\"Timeout\",\"message\":\"m\"}}"),
    T(429, RATE,
      "{\"error\":{\"code\":\"429\",\"message\":\"Requests have exceeded token rate "
      "limit of your current pricing tier. Please retry after 12 seconds.\"}}",
      NULL, 12000, 0),
    T(429, RATE, "{\"error\":{\"code\":\"RateLimitReached\",\"message\":\"m\"}}",
      "retry-after: 7\nx-ms-retry-after-ms: 6500\nx-ratelimit-reset-tokens: -1\n", 6500, 0),
    /* Network rules; API Management's quota policy, and its rate limit */
    C(403, AUTH,
      "{\"error\":{\"code\":\"403\",\"message\":\"Access denied due to Virtual "
      "Network/Firewall rules.\"}}"),
    T(403, QUOTA,
      "{\"statusCode\":403,\"message\":\"Out of call volume quota. Quota will be replenished in "
      "00:59:30.\"}",
      "retry-after: 3570\n", 3570000, 3570000),
    T(429, RATE,
      "{\"statusCode\":429,\"message\":\"Rate limit is exceeded. Try again in 12 seconds.\"}", NULL,
      12000, 0),
    C(429, OVERLOADED, ERR("The system is experiencing high demand", "null", "null")),
    C(500, SERVER, "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"m\"}}"),
    C(503, OVERLOADED, "{\"error\":{\"code\":\"ServiceUnavailable\",\"message\":\"m\"}}"),
};

/* xAI: errors and limits; @ai-sdk/xai */
static const struct class_case XAI[] = {
    C(400, AUTH,
      "{\"code\":\"Client specified an invalid argument\",\"error\":\"Incorrect API key "
      "provided: xa***. You can obtain an API key from https://console.x.ai.\"}"),
    REFUSED(400, NONE, "{\"code\":\"Client specified an invalid argument\",\"error\":\"bad\"}"),
    REFUSED(422, NONE, "Failed to deserialize the JSON body into the target type"),
    REFUSED(415, NONE, "Expected request with `Content-Type: application/json`"),
    REFUSED(405, NONE, ""),
    C(401, AUTH, ""),
    C(403, AUTH, "{\"code\":\"m\",\"error\":\"team is blocked\"}"),
    C(403, QUOTA, "{\"code\":\"m\",\"error\":\"Your team has no credits yet.\"}"),
    C(404, NOT_FOUND, "{\"code\":\"m\",\"error\":\"The model x does not exist\"}"),
    C(429, QUOTA,
      "{\"code\":\"Some resource has been exhausted\",\"error\":\"Your team has either "
      "used all available credits or reached its monthly spending limit.\"}"),
    C(503, OVERLOADED, "{\"code\":\"The service is currently unavailable\",\"error\":\"m\"}"),
    C(500, OVERLOADED, "{\"code\":\"The service is currently unavailable\",\"error\":\"m\"}"),
    C(403, QUOTA,
      "{\"code\":\"m\",\"error\":\"Your newly created team doesn't have any credits yet.\"}"),
    C(403, QUOTA,
      "{\"code\":\"m\",\"error\":\"Your team has reached its monthly spending limit.\"}"),
    REFUSED(403, CONTENT,
            "{\"code\":\"The caller does not have permission to execute the specified "
            "operation\",\"error\":\"Content violates usage guidelines.\"}"),
    REFUSED(400, CONTEXT,
            "{\"code\":\"m\",\"error\":\"This model's maximum prompt length is 131072 but the "
            "request contains 537812 tokens.\"}"),
    C(429, RATE, "{\"code\":\"m\",\"error\":\"Too many requests for team t and model m.\"}"),
};

/* Mistral: API reference; @ai-sdk/mistral */
static const struct class_case MISTRAL[] = {
    REFUSED(422, NONE,
            "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],"
            "\"msg\":\"Extra inputs are not permitted\",\"input\":1}]}"),
    REFUSED(400, NONE,
            "{\"object\":\"error\",\"message\":{\"detail\":[{\"msg\":\"x\"}]},"
            "\"type\":\"invalid_request_error\",\"code\":null}"),
    C(401, AUTH, "{\"detail\":\"Unauthorized\"}"),
    C(401, AUTH, "{\"message\":\"Unauthorized\"}"),
    C(402, QUOTA, "{\"message\":\"Payment required\"}"),
    C(429, RATE,
      "{\"object\":\"error\",\"message\":\"Rate limit exceeded\",\"type\":"
      "\"rate_limited\",\"code\":\"1300\",\"raw_status_code\":429}"),
    C(429, OVERLOADED,
      "{\"object\":\"error\",\"message\":\"Service tier capacity exceeded for this "
      "model.\",\"type\":\"invalid_request_error\"}"),
    C(401, AUTH, ""),
    C(403, AUTH, "{\"message\":\"Forbidden\"}"),
    C(404, NOT_FOUND, "{\"object\":\"error\",\"message\":\"Invalid model: x\"}"),
    PATH("{\"message\":\"no Route matched with those values\"}"),
    /* The plan has no allowance */
    T(429, QUOTA, "{\"message\":\"Requests rate limit exceeded\"}",
      "x-ratelimit-limit-req-minute: 0\n", 0, 0),
    T(429, QUOTA, "{\"message\":\"Requests rate limit exceeded\"}",
      "X-RateLimit-Limit-Tokens-Month: 4000000\nX-RateLimit-Remaining-Tokens-Month: 0\n", 0, 0),
    T(429, RATE, "{\"message\":\"Requests rate limit exceeded\"}",
      "x-ratelimit-limit-req-minute: 60\nx-ratelimit-remaining-tokens-month: 9\nretry-after: 2\n",
      2000, 0),
    C(500, SERVER, "{\"object\":\"error\",\"message\":\"Service unavailable.\"}"),
};

/* DeepSeek: error codes */
static const struct class_case DEEPSEEK[] = {
    C(402, QUOTA, ERR("Insufficient Balance", "\"unknown_error\"", "\"invalid_request_error\"")),
    C(503, OVERLOADED, ERR("m", "null", "null")),
    REFUSED(400, NONE, ERR("Invalid format", INVALID, "\"invalid_request_error\"")),
    C(400, NOT_FOUND, ERR("Model Not Exist", INVALID, "\"invalid_request_error\"")),
    C(401, AUTH, ERR("Authentication Fails", "\"authentication_error\"", INVALID)),
    REFUSED(422, NONE, ERR("Invalid parameters", INVALID, "null")),
    C(429, RATE, ERR("Rate limit reached", "\"rate_limit_error\"", "null")),
    C(500, SERVER, ERR("Server error", "null", "null")),
};

/* Groq: errors and rate limits; answers that people reported */
static const struct class_case GROQ[] = {
    C(400, CONFLICT, ERR("Failed to call a function", INVALID, "\"tool_use_failed\"")),
    C(400, CONFLICT, ERR("Failed to generate JSON", INVALID, "\"json_validate_failed\"")),
    C(400, NOT_FOUND, ERR("gone", INVALID, "\"model_decommissioned\"")),
    C(404, NOT_FOUND, ERR("gone", INVALID, "\"model_decommissioned\"")),
    C(413, UNFIT,
      ERR("Request too large for model `l` tokens per minute (TPM): Limit 6000, "
          "Requested 9000",
          "\"tokens\"", "\"rate_limit_exceeded\"")),
    C(413, UNFIT, ERR("m", "\"tokens\"", "\"rate_limit_exceeded\"")),
    T(429, RATE,
      ERR("Rate limit reached for model `x` on tokens per minute (TPM): Limit 15000, Used 11972, "
          "Requested 4351. Please try again in 5.289s. Visit https://console.groq.com",
          "\"tokens\"", "\"rate_limit_exceeded\""),
      "retry-after: 6\n", 6000, 0),
    /* Limits of a day refill all the time: the wait is the answer's own. */
    T(429, QUOTA,
      ERR("Rate limit reached for model `openai/gpt-oss-120b` in organization `org_x` service "
          "tier `on_demand` on tokens per day (TPD): Limit 200000, Used 199409, Requested 1678. "
          "Please try again in 2m12.19s. Need more tokens?",
          "\"tokens\"", "\"rate_limit_exceeded\""),
      NULL, 132190, 132190),
    T(429, QUOTA,
      ERR("Rate limit reached on requests per day (RPD): Limit 14400. Please try again in "
          "49m14.0s.",
          "\"requests\"", "\"rate_limit_exceeded\""),
      "retry-after: 2954\n", 2954000, 2954000),
    C(401, AUTH, ERR("Invalid API Key", INVALID, "\"invalid_api_key\"")),
    C(403, PERMISSION,
      ERR("The model `x` is blocked at the organization level", "\"permissions_error\"",
          "\"model_permission_blocked_org\"")),
    C(400, PERMISSION,
      ERR("The model `x` requires terms acceptance", INVALID, "\"model_terms_required\"")),
    C(400, AUTH,
      ERR("Organization has been restricted. Please reach out to support if you believe this was "
          "in error.",
          INVALID, "\"organization_restricted\"")),
    C(404, NOT_FOUND,
      ERR("The model `x` does not exist or you do not have access to it.", INVALID,
          "\"model_not_found\"")),
    PATH(ERR("Unknown request URL: POST /openai/v1/chat. Please check the URL for typos", INVALID,
             "\"unknown_url\"")),
    REFUSED(422, NONE, ERR("m", INVALID, "null")),
    C(502, SERVER, ""),
    C(503, OVERLOADED, ERR("Service Unavailable", "\"internal_server_error\"", "null")),
    C(424, SERVER, ""),
    C(498, OVERLOADED, ERR("m", "null", "\"capacity_exceeded\"")),
    C(499, SERVER, ""),
};

/* vLLM: its OpenAI server, the present and the older shape */
static const struct class_case VLLM[] = {
    REFUSED(400, CONTEXT,
            "{\"error\":{\"message\":\"This model's maximum context length is 4096 "
            "tokens.\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}}"),
    REFUSED(400, CONTEXT,
            "{\"object\":\"error\",\"message\":\"This model's maximum context length "
            "is 4096 tokens.\",\"type\":\"BadRequestError\",\"code\":400}"),
    C(404, NOT_FOUND,
      "{\"object\":\"error\",\"message\":\"The model `x` does not exist.\","
      "\"type\":\"NotFoundError\",\"param\":null,\"code\":404}"),
    PATH("{\"detail\":\"Not Found\"}"),
    C(401, AUTH, "{\"error\":\"Unauthorized\"}"),
};

/* llama.cpp: its server */
static const struct class_case LLAMACPP[] = {
    C(503, OVERLOADED,
      "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":"
      "\"unavailable_error\"}}"),
    REFUSED(400, CONTEXT,
            "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available "
            "context size\",\"type\":\"exceed_context_size_error\",\"n_ctx\":4096}}"),
    REFUSED(500, CONTEXT,
            "{\"error\":{\"code\":500,\"message\":\"the request exceeds the available "
            "context size. try increasing it\",\"type\":\"server_error\"}}"),
    PATH("{\"error\":{\"code\":404,\"message\":\"File Not Found\",\"type\":"
         "\"not_found_error\"}}"),
    C(501, UNFIT,
      "{\"error\":{\"code\":501,\"message\":\"This server does not support embeddings\","
      "\"type\":\"not_supported_error\"}}"),
};

/* Ollama: its OpenAI compatibility */
static const struct class_case OLLAMA[] = {
    C(404, NOT_FOUND, ERR("model 'x' not found", "\"not_found_error\"", "null")),
    REFUSED(400, NONE, ERR("m", INVALID, "null")),
    C(500, SERVER, ERR("m", "\"api_error\"", "null")),
    C(404, NOT_FOUND, "{\"error\":\"model 'x' not found\"}"),
    PATH("404 page not found"),
    C(503, OVERLOADED,
      ERR("server busy, please try again. maximum pending requests exceeded", "\"api_error\"",
          "null")),
};

/* OpenRouter: errors and limits; answers that people reported */
static const struct class_case OPENROUTER[] = {
    C(402, RATE, "{\"error\":{\"code\":402,\"message\":\"in_flight_budget reached\"}}"),
    C(402, QUOTA, "{\"error\":{\"code\":402,\"message\":\"This request requires more credits\"}}"),
    REFUSED(403, CONTENT,
            "{\"error\":{\"code\":403,\"message\":\"x requires moderation on OpenAI. "
            "Your input was flagged for \\\"violence\\\"\"}}"),
    REFUSED(403, CONTENT,
            "{\"error\":{\"code\":403,\"message\":\"Input refused\",\"metadata\":{\"reasons\":"
            "[\"violence\"],\"flagged_input\":\"x\",\"provider_name\":\"OpenAI\"}}}"),
    C(400, NOT_FOUND, "{\"error\":{\"code\":400,\"message\":\"a/b is not a valid model ID\"}}"),
    C(408, CONFLICT, "{\"error\":{\"code\":408,\"message\":\"m\"}}"),
    C(502, SERVER, "{\"error\":{\"code\":502,\"message\":\"m\",\"metadata\":{\"raw\":\"x\"}}}"),
    T(402, RATE, "{\"error\":{\"code\":402,\"message\":\"m\"}}", "Retry-After: 2\n", 2000, 0),
    C(402, QUOTA,
      "{\"error\":{\"message\":\"This request requires more credits, or fewer max_tokens. You "
      "requested up to 64000 tokens, but can only afford 2666.\",\"code\":402,\"metadata\":"
      "{\"provider_name\":null}},\"user_id\":\"u\"}"),
    T(429, QUOTA,
      "{\"error\":{\"message\":\"Rate limit exceeded: free-models-per-day. Add 10 credits to "
      "unlock 1000 free model requests per day\",\"code\":429,\"metadata\":{\"headers\":{"
      "\"X-RateLimit-Limit\":\"50\",\"X-RateLimit-Remaining\":\"0\","
      "\"X-RateLimit-Reset\":\"1795438800000\"},\"provider_name\":null}}}",
      NULL, 3600000, 3600000),
    T(429, QUOTA,
      "{\"error\":{\"message\":\"Rate limit exceeded\",\"code\":429,\"metadata\":{"
      "\"limit_source\":\"openrouter_free_tier_daily\"}}}",
      "X-RateLimit-Limit: 50\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795438800000\n",
      3600000, 3600000),
    T(429, RATE,
      "{\"error\":{\"message\":\"Rate limit exceeded: free-models-per-min. \",\"code\":429}}",
      "X-RateLimit-Limit: 20\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795435230000\n", 30000,
      0),
    /* A provider behind it is at its limit: other models are not. */
    C(429, OVERLOADED,
      "{\"error\":{\"message\":\"Provider returned error\",\"code\":429,\"metadata\":{\"raw\":"
      "\"x:free is temporarily rate-limited upstream. Please retry shortly\","
      "\"provider_name\":\"P\"}}}"),
    C(429, OVERLOADED, "{\"error\":{\"message\":\"Provider returned error\",\"code\":429}}"),
    C(429, OVERLOADED,
      "{\"error\":{\"message\":\"m\",\"code\":429,\"metadata\":{\"raw\":\"x is temporarily "
      "rate-limited upstream\"}}}"),
    C(0, OVERLOADED,
      "{\"error\":{\"message\":\"m\",\"metadata\":{\"raw\":\"x is temporarily rate-limited "
      "upstream\"}}}"),
    C(403, AUTH, "{\"error\":{\"message\":\"Key limit exceeded (total limit)\",\"code\":403}}"),
    C(404, NOT_FOUND, "{\"error\":{\"message\":\"No endpoints found for a/b.\",\"code\":404}}"),
    C(503, OVERLOADED, "{\"error\":{\"message\":\"no available model provider\",\"code\":503}}"),
};

/* Together: error codes; answers that people reported */
static const struct class_case TOGETHER[] = {
    REFUSED(403, CONTEXT, ERR("Input is too long for this model", INVALID, "null")),
    REFUSED(422, CONTEXT,
            ERR("`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4000 `inputs` tokens "
                "and 512 `max_new_tokens`",
                INVALID, "null")),
    C(403, AUTH, ERR("permission", INVALID, "null")),
    C(402, QUOTA,
      "{\"id\":\"o3LiXw4\",\"error\":{\"message\":\"Credit limit exceeded. Please navigate to "
      "https://api.together.xyz/settings/billing to add credit or upgrade your plan.\",\"type\":"
      "\"credit_limit\",\"param\":null,\"code\":null}}"),
    C(400, NOT_FOUND,
      ERR("Unable to access non-serverless model x. Please visit the page of the model", INVALID,
          "\"model_not_available\"")),
    C(429, RATE, ERR("m", "\"dynamic_request_limited\"", "null")),
    C(503, OVERLOADED, ERR("The server is overloaded", "\"service_unavailable\"", "null")),
};

/* Fireworks: error codes; answers that people reported */
static const struct class_case FIREWORKS[] = {
    C(412, QUOTA,
      "{\"error\":{\"message\":\"Account x is suspended, possibly due to reaching the monthly "
      "spending limit or failure to pay past invoices. Please go to "
      "https://fireworks.ai/account/billing for more information.\",\"param\":null,\"code\":"
      "\"PRECONDITION_FAILED\",\"type\":\"error\"},\"request_id\":\"r\"}"),
    C(412, QUOTA, ERR("Account suspended", "null", "null")),
    REFUSED(412, NONE, ERR("precondition", "null", "null")),
    C(404, NOT_FOUND,
      ERR("Model not found, inaccessible, and/or not deployed", "null", "\"NOT_FOUND\"")),
    REFUSED(400, CONTEXT,
            ERR("The prompt is too long: 140000, model maximum context length: 131071", INVALID,
                "null")),
    T(429, RATE, ERR("m", "null", "null"), "x-ratelimit-over-limit: yes\nretry-after: 1.5\n", 1500,
      0),
    C(503, OVERLOADED, ERR("Service overloaded", "null", "null")),
};

/* Perplexity: error handling guide */
static const struct class_case PERPLEXITY[] = {
    C(401, AUTH, "<html><head><title>401 Authorization Required</title></head></html>"),
    C(401, QUOTA,
      ERR("You exceeded your current quota, please check your plan and billing details.",
          "\"insufficient_quota\"", "401")),
    C(400, NOT_FOUND,
      ERR("Invalid model 'x'. Permitted models can be found in the documentation",
          "\"invalid_model\"", "400")),
    C(429, RATE, ""),
};

/* Cerebras: errors and rate limits; answers that people reported */
static const struct class_case CEREBRAS[] = {
    C(429, RATE,
      "{\"message\":\"Tokens per minute limit exceeded - too many tokens processed.\",\"type\":"
      "\"too_many_tokens_error\",\"param\":\"quota\",\"code\":\"token_quota_exceeded\"}"),
    T(429, QUOTA,
      "{\"message\":\"Tokens per day limit exceeded - too many tokens processed.\",\"type\":"
      "\"too_many_tokens_error\",\"param\":\"quota\",\"code\":\"token_quota_exceeded\"}",
      "x-ratelimit-limit-tokens-day: 1000000\nx-ratelimit-remaining-tokens-day: 0\n"
      "x-ratelimit-reset-tokens-day: 33011.382867\n",
      33011382, 33011382),
    C(429, OVERLOADED,
      "{\"message\":\"We're experiencing high traffic right now! Please try again soon.\","
      "\"type\":\"too_many_requests_error\",\"param\":\"queue\",\"code\":\"queue_exceeded\"}"),
    REFUSED(400, CONTEXT,
            "{\"message\":\"Please reduce the length of the messages or completion.\",\"type\":"
            "\"invalid_request_error\",\"param\":\"messages\",\"code\":"
            "\"context_length_exceeded\"}"),
    C(404, NOT_FOUND,
      "{\"message\":\"Model x does not exist or you do not have access to it.\",\"type\":"
      "\"not_found_error\",\"param\":\"model\",\"code\":\"model_not_found\"}"),
    C(402, QUOTA, "{\"message\":\"Payment required\"}"),
    C(503, OVERLOADED, ""),
};

#define GEMINI_429(quota)                                                                          \
    "[{\"error\":{\"code\":429,\"message\":\"You exceeded your current quota, please check your "  \
    "plan and billing details.\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[" \
    "{\"quotaId\":\"" quota "\"}]},{\"retryDelay\":\"34.4s\"}]}}]"

/* Gemini through its OpenAI compatible endpoint: troubleshooting guide, @ai-sdk/google */
static const struct class_case GEMINI[] = {
    C(400, AUTH,
      "[{\"error\":{\"code\":400,\"message\":\"API key not valid. Please pass a valid API "
      "key.\",\"status\":\"INVALID_ARGUMENT\"}}]"),
    C(400, AUTH,
      "[{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"INVALID_ARGUMENT\","
      "\"details\":[{\"reason\":\"API_KEY_INVALID\",\"domain\":\"googleapis.com\"}]}}]"),
    REFUSED(400, CONTEXT,
            "[{\"error\":{\"code\":400,\"message\":\"The input token count (1048577) exceeds "
            "the maximum number of tokens allowed (1048576).\",\"status\":"
            "\"INVALID_ARGUMENT\"}}]"),
    REFUSED(400, NONE,
            "[{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"INVALID_ARGUMENT\"}}]"),
    C(400, AUTH,
      "[{\"error\":{\"code\":400,\"message\":\"User location is not supported for the API "
      "use.\",\"status\":\"FAILED_PRECONDITION\"}}]"),
    C(400, QUOTA,
      "[{\"error\":{\"code\":400,\"message\":\"Please enable billing\",\"status\":"
      "\"FAILED_PRECONDITION\"}}]"),
    C(403, AUTH,
      "[{\"error\":{\"code\":403,\"message\":\"Your API key was reported as leaked.\","
      "\"status\":\"PERMISSION_DENIED\"}}]"),
    C(402, QUOTA,
      "[{\"error\":{\"code\":402,\"message\":\"m\",\"status\":\"RESOURCE_EXHAUSTED\"}}]"),
    C(429, QUOTA,
      "[{\"error\":{\"code\":429,\"message\":\"Your prepayment credits are depleted.\","
      "\"status\":\"RESOURCE_EXHAUSTED\"}}]"),
    C(404, NOT_FOUND,
      "[{\"error\":{\"code\":404,\"message\":\"models/x is not found for API version "
      "v1main\",\"status\":\"NOT_FOUND\"}}]"),
    T(429, RATE, GEMINI_429("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), NULL, 34400,
      0),
    /* From noon UTC to midnight in California: 20 hours. */
    T(429, QUOTA, GEMINI_429("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), NULL,
      20 * 3600000, 20 * 3600000),
    C(503, OVERLOADED,
      "[{\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":"
      "\"UNAVAILABLE\"}}]"),
    C(499, SERVER, "[{\"error\":{\"code\":499,\"message\":\"m\",\"status\":\"CANCELLED\"}}]"),
    C(504, SERVER,
      "[{\"error\":{\"code\":504,\"message\":\"m\",\"status\":\"DEADLINE_EXCEEDED\"}}]"),
};

/* Cohere through its compatible endpoint: errors */
static const struct class_case COHERE[] = {
    REFUSED(400, CONTEXT, "{\"message\":\"too many tokens: total number of tokens\"}"),
    C(401, AUTH, "{\"message\":\"invalid api token\",\"id\":\"i\"}"),
    C(402, QUOTA, "{\"message\":\"m\"}"),
    C(403, AUTH, "{\"message\":\"m\"}"),
    C(404, NOT_FOUND, "{\"message\":\"model 'x' not found\"}"),
    REFUSED(422, NONE, "{\"message\":\"m\"}"),
    C(429, RATE,
      "{\"message\":\"You are using a Trial key, which is limited to 40 API calls / minute.\"}"),
    C(429, QUOTA,
      "{\"message\":\"You are using a Trial key, which is limited to 1000 API calls / month.\"}"),
    C(498, AUTH, "{\"message\":\"blocked token\"}"),
    C(501, UNFIT, "{\"message\":\"m\"}"),
};

/* Anthropic through its compatible endpoint: errors */
static const struct class_case ANTHROPIC[] = {
    REFUSED(400, CONTEXT,
            ERR("prompt is too long: 210000 tokens > 200000 maximum", INVALID, "null")),
    C(400, QUOTA, ERR("Your credit balance is too low to access the API", INVALID, "null")),
    REFUSED(400, CONTENT, ERR("Output blocked by content filtering policy", INVALID, "null")),
    C(401, AUTH, ERR("invalid x-api-key", "\"authentication_error\"", "null")),
    C(402, QUOTA, ERR("m", "\"billing_error\"", "\"billing_unavailable\"")),
    C(403, AUTH, ERR("m", "\"permission_error\"", "null")),
    C(404, NOT_FOUND, ERR("model: x", "\"not_found_error\"", "null")),
    REFUSED(413, NONE, ERR("m", "\"request_too_large\"", "null")),
    T(429, RATE, ERR("m", "\"rate_limit_error\"", "null"), "retry-after: 13\n", 13000, 0),
    C(429, RATE, ERR("m", "\"rate_limit_error\"", "\"ramp_limit_exceeded\"")),
    T(429, QUOTA,
      ERR("Number of request tokens has exceeded your daily rate limit", "\"rate_limit_error\"",
          "null"),
      "retry-after: 3600\n", 3600000, 3600000),
    C(429, QUOTA, ERR("m", "\"rate_limit_error\"", "\"enforced_spend_limit_reached\"")),
    C(500, SERVER, ERR("m", "\"api_error\"", "null")),
    C(504, SERVER, ERR("m", "\"timeout_error\"", "null")),
    C(529, OVERLOADED, ERR("Overloaded", "\"overloaded_error\"", "null")),
};

/* Texts elsewhere */
static const struct class_case TEXTS[] = {
    C(400, QUOTA, ERR("Your credit balance is too low to access the API", INVALID, "null")),
    C(403, QUOTA, ERR("Please check billing details", "null", "null")),
    C(400, AUTH, ERR("API key not valid. Please pass a valid API key.", "null", "400")),
    REFUSED(400, CONTEXT, ERR("prompt is too long: 9 tokens", INVALID, "null")),
    REFUSED(413, CONTEXT, ERR("prompt is too long", "null", "null")),
    REFUSED(400, CONTEXT,
            ERR("`inputs` tokens + `max_new_tokens` must be <= 4096", "null", "null")),
    REFUSED(400, CONTENT,
            ERR("Your request was rejected as a result of our safety system", "null", "null")),
    C(529, OVERLOADED, ERR("Overloaded", "\"overloaded_error\"", "null")),
    C(500, OVERLOADED, ERR("Overloaded", "\"overloaded_error\"", "null")),
    /* A number in a text is no status; a text about tokens per minute is no context length. */
    REFUSED(400, NONE, ERR("upstream said 429 too many requests", INVALID, "null")),
    C(429, RATE, ERR("too many tokens per minute", "\"tokens\"", "null")),
};

/* The status alone */
static const struct class_case STATUSES[] = {
    REFUSED(400, NONE, ""),
    C(402, QUOTA, ""),
    C(403, AUTH, "<html>"),
    PATH("<html>"),
    PATH(""),
    REFUSED(405, NONE, ""),
    REFUSED(406, NONE, ""),
    C(409, CONFLICT, ""),
    C(410, NOT_FOUND, ""),
    REFUSED(413, NONE, ""),
    REFUSED(418, NONE, ""),
    REFUSED(422, NONE, ""),
    C(425, CONFLICT, ""),
    C(429, RATE, ""),
    REFUSED(431, NONE, ""),
    REFUSED(451, NONE, ""),
    /* Unknown: whoever is asked would refuse it. */
    REFUSED(420, NONE, ""),
    REFUSED(444, NONE, ERR("m", "null", "null")),
    REFUSED(460, NONE, "<html>"),
    REFUSED(497, NONE, ""),
    C(500, SERVER, "<html>overloaded</html>"),
    C(501, UNFIT, ""),
    C(502, SERVER, "Bad Gateway"),
    C(503, OVERLOADED, "no healthy upstream"),
    C(504, SERVER, ""),
    C(498, OVERLOADED, ""),
    C(499, SERVER, ""),
    C(520, SERVER, ""),
    C(521, SERVER, ""),
    C(522, SERVER, ""),
    C(523, SERVER, ""),
    C(524, SERVER, ""),
    C(525, SERVER, ""),
    C(526, SERVER, ""),
    C(599, SERVER, ""),
    C(301, REDIRECT, ""),
    C(307, REDIRECT, "<html>"),
    C(101, MALFORMED, ""),
    C(600, MALFORMED, ""),
    C(999, MALFORMED, ""),
};

static const struct vendor_cases {
    const char *vendor;
    const struct class_case *cases;
    size_t n;
} VENDORS[] = {
    {"openai", OPENAI, PROA_ARRAY_LEN(OPENAI)},
    {"azure", AZURE, PROA_ARRAY_LEN(AZURE)},
    {"xai", XAI, PROA_ARRAY_LEN(XAI)},
    {"mistral", MISTRAL, PROA_ARRAY_LEN(MISTRAL)},
    {"deepseek", DEEPSEEK, PROA_ARRAY_LEN(DEEPSEEK)},
    {"groq", GROQ, PROA_ARRAY_LEN(GROQ)},
    {"vllm", VLLM, PROA_ARRAY_LEN(VLLM)},
    {"llamacpp", LLAMACPP, PROA_ARRAY_LEN(LLAMACPP)},
    {"ollama", OLLAMA, PROA_ARRAY_LEN(OLLAMA)},
    {"openrouter", OPENROUTER, PROA_ARRAY_LEN(OPENROUTER)},
    {"together", TOGETHER, PROA_ARRAY_LEN(TOGETHER)},
    {"fireworks", FIREWORKS, PROA_ARRAY_LEN(FIREWORKS)},
    {"perplexity", PERPLEXITY, PROA_ARRAY_LEN(PERPLEXITY)},
    {"cerebras", CEREBRAS, PROA_ARRAY_LEN(CEREBRAS)},
    {"gemini", GEMINI, PROA_ARRAY_LEN(GEMINI)},
    {"cohere", COHERE, PROA_ARRAY_LEN(COHERE)},
    {"anthropic", ANTHROPIC, PROA_ARRAY_LEN(ANTHROPIC)},
    {NULL, TEXTS, PROA_ARRAY_LEN(TEXTS)},
    {NULL, STATUSES, PROA_ARRAY_LEN(STATUSES)},
};

#endif
