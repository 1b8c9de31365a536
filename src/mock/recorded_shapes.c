/*
 * Errors by name, of those who speak OpenAI's dialect: texts and fields by which callers tell one
 * from another. A name means the same class everywhere; a profile has those of its provider's
 * table.
 */
#include "recorded_priv.h"

#define OPENAI_ERROR(message, type, param, code)                                                   \
    "{\"error\":{\"message\":\"" message "\",\"type\":\"" type "\",\"param\":" param               \
    ",\"code\":" code "}}"
#define MISTRAL_ERROR(status, message, type, code)                                                 \
    "{\"object\":\"error\",\"message\":\"" message "\",\"type\":\"" type                           \
    "\",\"param\":null,\"code\":\"" code "\",\"raw_status_code\":" status "}"
#define REQUEST "invalid_request_error"
#define REFUSED_FILTER                                                                             \
    "{\"error\":{\"message\":\"The response was filtered due to the prompt triggering Azure "      \
    "OpenAI's content management policy.\",\"type\":null,\"param\":\"prompt\",\"code\":"           \
    "\"content_filter\",\"status\":400,\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"," \
    "\"content_filter_result\":{\"hate\":{\"filtered\":true,\"severity\":\"high\"},\"self_harm\":" \
    "{\"filtered\":false,\"severity\":\"safe\"},\"sexual\":{\"filtered\":false,\"severity\":"      \
    "\"safe\"},\"violence\":{\"filtered\":false,\"severity\":\"safe\"}}}}}"

static const struct mock_recorded ROWS[] = {
    /* ---- OpenAI */
    MOCK_ROW(
        OPENAI, "context", 400,
        OPENAI_ERROR("This model's maximum context length is 128000 tokens. However, your messages "
                     "resulted in 130000 tokens. Please reduce the length of the messages.",
                     REQUEST, "\"messages\"", "\"context_length_exceeded\"")),
    MOCK_ROW(
        OPENAI, "parameter", 400,
        OPENAI_ERROR("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                     "'max_completion_tokens' instead.",
                     REQUEST, "\"max_tokens\"", "\"unsupported_parameter\"")),
    MOCK_ROW(
        OPENAI, "value", 400,
        OPENAI_ERROR("Unsupported value: 'temperature' does not support 0.5 with this model. Only "
                     "the default (1) value is supported.",
                     REQUEST, "\"temperature\"", "\"unsupported_value\"")),
    MOCK_ROW(OPENAI, "invalid", 400,
             OPENAI_ERROR("Invalid type for 'messages[0].content'.", REQUEST,
                          "\"messages[0].content\"", "\"invalid_type\"")),
    MOCK_ROW(OPENAI, "filter", 400,
             OPENAI_ERROR("Your request was rejected as a result of our safety system.", REQUEST,
                          "null", "\"content_policy_violation\"")),
    MOCK_ROW(OPENAI, "bad-key", 401,
             OPENAI_ERROR("Incorrect API key provided: sk-mock. You can find your API key at "
                          "https://platform.openai.com/account/api-keys.",
                          REQUEST, "null", "\"invalid_api_key\"")),
    MOCK_ROW(OPENAI, "forbidden", 403,
             OPENAI_ERROR("Country, region, or territory not supported", "request_forbidden",
                          "null", "\"unsupported_country_region_territory\"")),
    MOCK_ROW(OPENAI, "access", 403,
             OPENAI_ERROR("Project `proj_mock` does not have access to model `gpt-5.5`", REQUEST,
                          "null", "\"model_not_found\"")),
    MOCK_ROW(OPENAI, "model", 404,
             OPENAI_ERROR("The model `gpt-none` does not exist or you do not have access to it.",
                          REQUEST, "null", "\"model_not_found\"")),
    MOCK_ROW_WITH(
        OPENAI, "rate", 429, "retry-after: 1\r\nretry-after-ms: 350\r\n",
        OPENAI_ERROR("Rate limit reached for gpt-5.5 in organization org-mock on requests per "
                     "min (RPM): Limit 500, Used 500, Requested 1. Please try again in 350ms.",
                     "requests", "null", "\"rate_limit_exceeded\"")),
    MOCK_ROW_WITH(
        OPENAI, "rate-tokens", 429, "retry-after: 2\r\n",
        OPENAI_ERROR("Rate limit reached for gpt-5.5 in organization org-mock on tokens per "
                     "min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in "
                     "2s.",
                     "tokens", "null", "\"rate_limit_exceeded\"")),
    MOCK_ROW(
        OPENAI, "request-size", 429,
        OPENAI_ERROR("Request too large for gpt-5.5 in organization org-mock on tokens per min "
                     "(TPM): Limit 30000, Requested 31000. The input or output tokens must be "
                     "reduced in order to run successfully.",
                     "tokens", "null", "\"rate_limit_exceeded\"")),
    MOCK_ROW(
        OPENAI, "quota", 429,
        OPENAI_ERROR("You exceeded your current quota, please check your plan and billing details.",
                     "insufficient_quota", "null", "\"insufficient_quota\"")),
    MOCK_ROW(
        OPENAI, "server", 500,
        OPENAI_ERROR("The server had an error while processing your request. Sorry about that!",
                     "server_error", "null", "null")),
    MOCK_ROW(OPENAI, "overloaded", 503,
             OPENAI_ERROR("That model is currently overloaded with other requests.", "server_error",
                          "null", "null")),
    MOCK_ROW(
        OPENAI, "slow-down", 503,
        OPENAI_ERROR("Slow Down: please reduce your request rate to its original level, keep it "
                     "steady for 15 minutes, and then gradually increase it.",
                     "server_error", "null", "\"slow_down\"")),
    /* ---- Azure */
    MOCK_ROW(
        AZURE, "context", 400,
        OPENAI_ERROR("This model's maximum context length is 8192 tokens. However, you requested "
                     "9000 tokens. Please reduce the length of the messages.",
                     REQUEST, "\"messages\"", "\"context_length_exceeded\"")),
    MOCK_ROW(AZURE, "filter", 400, REFUSED_FILTER),
    MOCK_ROW(
        AZURE, "bad-key", 401,
        "{\"error\":{\"code\":\"401\",\"message\":\"Access denied due to invalid subscription key "
        "or wrong API endpoint. Make sure to provide a valid key for an active subscription and "
        "use a correct regional API endpoint for your resource.\"}}"),
    MOCK_ROW(
        AZURE, "forbidden", 403,
        "{\"error\":{\"code\":\"403\",\"message\":\"Access denied due to Virtual Network/Firewall "
        "rules.\"}}"),
    MOCK_ROW(
        AZURE, "model", 404,
        "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"The API deployment for this "
        "resource does not exist. If you created the deployment within the last 5 minutes, please "
        "wait a moment and try again.\"}}"),
    MOCK_ROW(AZURE, "path", 404,
             "{\"error\":{\"code\":\"404\",\"message\":\"Resource not found\"}}"),
    MOCK_ROW(AZURE, "timeout", 408,
             "{\"error\":{\"code\":\"Timeout\",\"message\":\"The operation was timeout.\"}}"),
    MOCK_ROW_WITH(
        AZURE, "rate", 429,
        "retry-after: 12\r\nretry-after-ms: 12000\r\nx-ms-retry-after-ms: 12000\r\n",
        "{\"error\":{\"code\":\"429\",\"message\":\"Requests to the "
        "ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have "
        "exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after "
        "12 seconds.\"}}"),
    MOCK_ROW(AZURE, "overloaded", 429,
             "{\"error\":{\"code\":\"RateLimitReached\",\"message\":\"The system is currently "
             "experiencing high demand and cannot process your request. Your request exceeds the "
             "maximum usage size allowed during peak load.\"}}"),
    MOCK_ROW(
        AZURE, "server", 500,
        "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"Backend returned unexpected "
        "response. Please contact Microsoft for help.\"}}"),
    MOCK_ROW(AZURE, "unavailable", 503,
             "{\"error\":{\"code\":\"ServiceUnavailable\",\"message\":\"The service is temporarily "
             "unable to process your request. Please try again later.\"}}"),
    /* ---- xAI */
    MOCK_ROW(XAI, "bad-key", 400,
             "{\"code\":\"Client specified an invalid argument\",\"error\":\"Incorrect API key "
             "provided: xa***ck. You can obtain an API key from https://console.x.ai.\"}"),
    MOCK_ROW(
        XAI, "invalid", 422,
        "{\"code\":\"The request is invalid\",\"error\":\"Failed to deserialize the JSON body into "
        "the target type: missing field `messages`\"}"),
    MOCK_ROW(XAI, "context", 400,
             "{\"code\":\"Client specified an invalid argument\",\"error\":\"This model's maximum "
             "prompt length is 131072 but the request contains 140000 tokens. maximum context "
             "length\"}"),
    MOCK_ROW(XAI, "no-key", 401,
             "{\"code\":\"Unauthenticated\",\"error\":\"No API key was provided.\"}"),
    MOCK_ROW(XAI, "forbidden", 403,
             "{\"code\":\"The caller does not have permission to execute the specified operation\","
             "\"error\":\"Your team is blocked or has no credits.\"}"),
    MOCK_ROW(
        XAI, "model", 404,
        "{\"code\":\"Some requested entity was not found\",\"error\":\"The model grok-none does "
        "not exist or your team does not have access to it.\"}"),
    MOCK_ROW(
        XAI, "rate", 429,
        "{\"code\":\"Some resource has been exhausted\",\"error\":\"Too many requests for team "
        "mock and model grok-4.5. Your team's rate limit is 10 requests per second.\"}"),
    MOCK_ROW(
        XAI, "quota", 429,
        "{\"code\":\"Some resource has been exhausted\",\"error\":\"Your team has either used all "
        "available credits or reached its monthly spending limit.\"}"),
    MOCK_ROW(
        XAI, "overloaded", 503,
        "{\"code\":\"The service is currently unavailable\",\"error\":\"The model is currently at "
        "capacity due to high demand. Please try again later.\"}"),
    /* ---- Mistral */
    MOCK_ROW(
        MISTRAL, "invalid", 422,
        "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],\"msg\":\"Extra "
        "inputs are not permitted\",\"input\":1}]}"),
    MOCK_ROW(
        MISTRAL, "invalid-object", 422,
        "{\"object\":\"error\",\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":["
        "\"body\",\"seed\"],\"msg\":\"Extra inputs are not permitted\",\"input\":1}]},\"type\":"
        "\"invalid_request_error\",\"param\":null,\"code\":null,\"raw_status_code\":422}"),
    MOCK_ROW(
        MISTRAL, "context", 400,
        MISTRAL_ERROR("400",
                      "Prompt contains 40000 tokens and 0 draft tokens, too large for model with "
                      "32768 maximum context length",
                      "invalid_request_prompt", "3051")),
    MOCK_ROW(MISTRAL, "bad-key", 401, "{\"detail\":\"Unauthorized\"}"),
    MOCK_ROW(MISTRAL, "bad-key-message", 401,
             "{\"message\":\"Unauthorized\",\"request_id\":\"mock\"}"),
    MOCK_ROW(MISTRAL, "bad-key-empty", 401, ""),
    MOCK_ROW(
        MISTRAL, "quota", 402,
        MISTRAL_ERROR("402", "Payment required: check your billing", "payment_required", "1400")),
    MOCK_ROW(MISTRAL, "forbidden", 403,
             MISTRAL_ERROR("403", "Forbidden", "permission_denied", "1200")),
    MOCK_ROW(MISTRAL, "model", 404,
             MISTRAL_ERROR("400", "Invalid model: mistral-none", "invalid_model", "1500")),
    MOCK_ROW(MISTRAL, "rate", 429,
             MISTRAL_ERROR("429", "Rate limit exceeded", "rate_limited", "1300")),
    MOCK_ROW_WITH(MISTRAL, "no-allowance", 429, "x-ratelimit-limit-req-minute: 0\r\n",
                  MISTRAL_ERROR("429", "Rate limit exceeded", "rate_limited", "1300")),
    MOCK_ROW(MISTRAL, "overloaded", 429,
             MISTRAL_ERROR("429", "Service tier capacity exceeded for this model.",
                           "service_tier_capacity_exceeded", "3505")),
    MOCK_ROW(MISTRAL, "server", 500,
             MISTRAL_ERROR("500", "Internal server error", "internal_server_error", "1000")),
    MOCK_ROW(MISTRAL, "unavailable", 503,
             MISTRAL_ERROR("503", "Service unavailable.", "unreachable_backend", "1100")),
    /* ---- DeepSeek */
    MOCK_ROW(DEEPSEEK, "invalid", 422,
             OPENAI_ERROR("Failed to deserialize the JSON body into the target type", REQUEST,
                          "null", "\"invalid_request_error\"")),
    MOCK_ROW(DEEPSEEK, "context", 400,
             OPENAI_ERROR("This model's maximum context length is 1000000 tokens. However, you "
                          "requested 1000001 tokens.",
                          REQUEST, "null", "\"invalid_request_error\"")),
    MOCK_ROW(DEEPSEEK, "bad-key", 401,
             OPENAI_ERROR("Authentication Fails, Your api key: ****mock is invalid",
                          "authentication_error", "null", "\"invalid_request_error\"")),
    MOCK_ROW(
        DEEPSEEK, "quota", 402,
        OPENAI_ERROR("Insufficient Balance", "unknown_error", "null", "\"invalid_request_error\"")),
    MOCK_ROW(DEEPSEEK, "model", 400,
             OPENAI_ERROR("Model Not Exist", REQUEST, "null", "\"invalid_request_error\"")),
    MOCK_ROW(DEEPSEEK, "rate", 429,
             OPENAI_ERROR("Rate limit reached: too many concurrent requests", "rate_limit_error",
                          "null", "\"rate_limit_exceeded\"")),
    MOCK_ROW(DEEPSEEK, "server", 500,
             OPENAI_ERROR("Internal server error", "server_error", "null", "null")),
    MOCK_ROW(
        DEEPSEEK, "overloaded", 503,
        OPENAI_ERROR("Service is too busy. We advise users to temporarily switch to alternative "
                     "LLM API service providers.",
                     "service_unavailable_error", "null", "\"service_unavailable_error\"")),
    /* ---- Groq */
    MOCK_ROW(GROQ, "tool-use-failed", 400,
             "{\"error\":{\"message\":\"Failed to call a function. Please adjust your prompt. See "
             "'failed_generation' for more details.\",\"type\":\"invalid_request_error\",\"code\":"
             "\"tool_use_failed\",\"failed_generation\":\"<function=lookup>{</function>\"}}"),
    MOCK_ROW(
        GROQ, "json-failed", 400,
        "{\"error\":{\"message\":\"Failed to generate JSON. Please adjust your prompt.\",\"type\":"
        "\"invalid_request_error\",\"code\":\"json_validate_failed\",\"failed_generation\":\"{\"}"
        "}"),
    MOCK_ROW(GROQ, "context", 400,
             OPENAI_ERROR("Please reduce the length of the messages or completion. maximum context "
                          "length exceeded",
                          REQUEST, "\"messages\"", "\"context_length_exceeded\"")),
    MOCK_ROW(GROQ, "bad-key", 401,
             OPENAI_ERROR("Invalid API Key", REQUEST, "null", "\"invalid_api_key\"")),
    MOCK_ROW(GROQ, "forbidden", 403,
             OPENAI_ERROR("Organization has been restricted.", REQUEST, "null",
                          "\"organization_restricted\"")),
    MOCK_ROW(GROQ, "model", 404,
             OPENAI_ERROR("The model `llama-none` does not exist or you do not have access to it.",
                          REQUEST, "null", "\"model_not_found\"")),
    MOCK_ROW(
        GROQ, "model-gone", 400,
        OPENAI_ERROR("The model `llama-old` has been decommissioned and is no longer supported.",
                     REQUEST, "null", "\"model_decommissioned\"")),
    MOCK_ROW(
        GROQ, "request-size", 413,
        OPENAI_ERROR("Request too large for model `llama-3.3-70b-versatile` in organization "
                     "`org_mock` service tier `on_demand` on tokens per minute (TPM): Limit 12000, "
                     "Requested 20000, please reduce your message size and try again.",
                     "tokens", "null", "\"rate_limit_exceeded\"")),
    MOCK_ROW(GROQ, "unprocessable", 422,
             OPENAI_ERROR("The request could not be followed.", REQUEST, "null", "null")),
    MOCK_ROW(GROQ, "dependency", 424,
             OPENAI_ERROR("A dependent request failed.", "failed_dependency", "null", "null")),
    MOCK_ROW_WITH(
        GROQ, "rate", 429, "retry-after: 6\r\n",
        OPENAI_ERROR("Rate limit reached for model `llama-3.3-70b-versatile` in organization "
                     "`org_mock` service tier `on_demand` on tokens per minute (TPM): Limit "
                     "15000, Used 11972, Requested 4351. Please try again in 5.289s.",
                     "tokens", "null", "\"rate_limit_exceeded\"")),
    MOCK_ROW_WITH(
        GROQ, "rate-day", 429, "retry-after: 2954\r\n",
        OPENAI_ERROR("Rate limit reached for model `llama-3.3-70b-versatile` in organization "
                     "`org_mock` service tier `on_demand` on requests per day (RPD): Limit "
                     "14400, Used 14400, Requested 1. Please try again in 49m14.0s.",
                     "requests", "null", "\"rate_limit_exceeded\"")),
    MOCK_ROW(GROQ, "capacity", 498,
             OPENAI_ERROR("Flex tier capacity exceeded.", "capacity_exceeded", "null",
                          "\"capacity_exceeded\"")),
    MOCK_ROW(GROQ, "cancelled", 499,
             OPENAI_ERROR("The request was cancelled by the caller.", REQUEST, "null", "null")),
    MOCK_ROW(GROQ, "server", 500,
             OPENAI_ERROR("Internal Server Error", "internal_server_error", "null", "null")),
    MOCK_ROW(GROQ, "overloaded", 503,
             OPENAI_ERROR("Service Unavailable", "internal_server_error", "null", "null")),
    /* ---- servers and resellers */
    MOCK_ROW(VLLM, "context", 400,
             "{\"error\":{\"message\":\"This model's maximum context length is 4096 tokens. "
             "However, you "
             "requested 5000 tokens.\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}}"),
    MOCK_ROW(
        VLLM, "flat", 400,
        "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096 tokens. "
        "However, you requested 5000 tokens.\",\"type\":\"BadRequestError\",\"param\":null,"
        "\"code\":400}"),
    MOCK_ROW(
        VLLM, "model", 404,
        "{\"error\":{\"message\":\"The model `none` does not exist.\",\"type\":\"NotFoundError\","
        "\"param\":null,\"code\":404}}"),
    MOCK_ROW(
        LLAMACPP, "overloaded", 503,
        "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}"),
    MOCK_ROW(LLAMACPP, "context", 400,
             "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context "
             "size, try "
             "increasing it\",\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":5000,"
             "\"n_ctx\":4096}}"),
    MOCK_ROW(
        LLAMACPP, "context-old", 500,
        "{\"error\":{\"code\":500,\"message\":\"the request exceeds the available context size\","
        "\"type\":\"server_error\"}}"),
    MOCK_ROW(LLAMACPP, "server", 500,
             "{\"error\":{\"code\":500,\"message\":\"slot failed\",\"type\":\"server_error\"}}"),
    MOCK_ROW(OLLAMA, "model", 404,
             OPENAI_ERROR("model \\\"none\\\" not found, try pulling it first", "not_found_error",
                          "null", "null")),
    MOCK_ROW(OLLAMA, "invalid", 400,
             OPENAI_ERROR("invalid message content type", REQUEST, "null", "null")),
    MOCK_ROW(OLLAMA, "server", 500,
             OPENAI_ERROR("llama runner process has terminated", "api_error", "null", "null")),
    MOCK_ROW(OPENROUTER, "bad-key", 401,
             "{\"error\":{\"message\":\"No auth credentials found\",\"code\":401}}"),
    MOCK_ROW(OPENROUTER, "quota", 402,
             "{\"error\":{\"message\":\"Insufficient credits. Add more using "
             "https://openrouter.ai/credits\",\"code\":402}}"),
    MOCK_ROW_WITH(
        OPENROUTER, "in-flight", 402, "retry-after: 1\r\n",
        "{\"error\":{\"message\":\"Too many requests in flight for the balance\",\"code\":402,"
        "\"metadata\":{\"reason\":\"in_flight_budget\"}}}"),
    MOCK_ROW(OPENROUTER, "filter", 403,
             "{\"error\":{\"message\":\"Input flagged\",\"code\":403,\"metadata\":{\"reasons\":["
             "\"violence\"],\"flagged_input\":\"x\",\"provider_name\":\"Mock\"}}}"),
    MOCK_ROW_WITH(OPENROUTER, "rate", 429,
                  "x-ratelimit-limit: 20\r\nx-ratelimit-remaining: 0\r\n"
                  "x-ratelimit-reset: 4102444800000\r\n",
                  "{\"error\":{\"message\":\"Provider returned error\",\"code\":429,\"metadata\":{"
                  "\"provider_name\":\"Mock\",\"raw\":\"rate-limited upstream\"}}}"),
    MOCK_ROW(OPENROUTER, "server", 502,
             "{\"error\":{\"message\":\"Provider returned error\",\"code\":502,\"metadata\":{"
             "\"provider_name\":\"Mock\",\"raw\":\"broken\"}}}"),
    MOCK_ROW(OPENROUTER, "overloaded", 503,
             "{\"error\":{\"message\":\"No available model provider that meets your routing "
             "requirements\",\"code\":503}}"),
    MOCK_ROW(TOGETHER, "context", 403,
             OPENAI_ERROR("`inputs` tokens + `max_new_tokens` must be <= 8193.", REQUEST, "null",
                          "null")),
    MOCK_ROW(TOGETHER, "quota", 402,
             OPENAI_ERROR("Credit limit exceeded: spending limit reached", "credit_limit", "null",
                          "null")),
    MOCK_ROW(TOGETHER, "bad-key", 401,
             OPENAI_ERROR("Invalid API key provided", REQUEST, "null", "\"invalid_api_key\"")),
    MOCK_ROW(TOGETHER, "rate", 429,
             OPENAI_ERROR("You have reached the rate limit specific to this model", "rate_limit",
                          "null", "null")),
    MOCK_ROW(
        TOGETHER, "overloaded", 503,
        OPENAI_ERROR("The server is overloaded, try again later", "overloaded", "null", "null")),
    MOCK_ROW(FIREWORKS, "suspended", 412,
             OPENAI_ERROR("Account mock is suspended", "error", "null", "\"PRECONDITION_FAILED\"")),
    MOCK_ROW_WITH(FIREWORKS, "rate", 429, "retry-after: 1\r\nx-ratelimit-over-limit: yes\r\n",
                  OPENAI_ERROR("Rate limit exceeded", "error", "null", "\"RATE_LIMIT_EXCEEDED\"")),
    MOCK_ROW(FIREWORKS, "overloaded", 503,
             OPENAI_ERROR("service overloaded", "error", "null", "\"SERVICE_UNAVAILABLE\"")),
};

struct mock_recorded_table proa_mock_recorded_shapes(void)
{
    return (struct mock_recorded_table){ROWS, PROA_ARRAY_LEN(ROWS)};
}
