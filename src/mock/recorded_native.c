/*
 * Errors by name, of those with a dialect of their own: texts and fields by which callers tell one
 * from another. A name means the same class everywhere; a profile has those of its provider's
 * table.
 */
#include "recorded_priv.h"

#define ANTHROPIC_ERROR(type, message)                                                             \
    "{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"" message                  \
    "\"},\"request_id\":\"req_mock\"}"
#define ANTHROPIC_CODED(type, message, code)                                                       \
    "{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"" message                  \
    "\",\"details\":{\"error_code\":\"" code "\"}},\"request_id\":\"req_mock\"}"
#define GOOGLE_ERROR(code, message, status, details)                                               \
    "{\"error\":{\"code\":" code ",\"message\":\"" message "\",\"status\":\"" status "\"" details  \
    "}}"
#define GOOGLE_QUOTA(quota, retry)                                                                 \
    ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{"   \
    "\"quotaMetric\":\"generativelanguage.googleapis.com/generate_content_requests\",\"quotaId\":" \
    "\"" quota "\",\"quotaValue\":\"10\"}]},{\"@type\":\"type.googleapis.com/google.rpc.Help\","   \
    "\"links\":[]},{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":"        \
    "\"" retry "\"}]"
#define AWS_ROW(name, status, type, message)                                                       \
    {                                                                                              \
        MOCK_BEDROCK, PROA_SLICE_INIT(name), status, PROA_SLICE_INIT(type),                        \
            PROA_SLICE_INIT("{\"message\":\"" message "\"}"),                                      \
            PROA_SLICE_INIT("x-amzn-errortype: " type                                              \
                            ":http://internal.amazon.com/coral/com.amazon.bedrock/\r\n")           \
    }
#define COHERE_ERROR(message) "{\"id\":\"mock\",\"message\":\"" message "\"}"
#define REQUEST               "invalid_request_error"

static const struct mock_recorded ROWS[] = {
    /* ---- Anthropic */
    MOCK_ROW(ANTHROPIC, "invalid", 400, ANTHROPIC_ERROR(REQUEST, "messages: Field required")),
    MOCK_ROW(ANTHROPIC, "context", 400,
             ANTHROPIC_ERROR(REQUEST, "prompt is too long: 208310 tokens > 200000 maximum")),
    MOCK_ROW(ANTHROPIC, "quota", 400,
             ANTHROPIC_ERROR(REQUEST,
                             "Your credit balance is too low to access the Anthropic API. "
                             "Please go to Plans & Billing to upgrade or purchase credits.")),
    MOCK_ROW(ANTHROPIC, "spend-limit", 400,
             ANTHROPIC_ERROR(REQUEST, "You have reached your specified API usage limits. You will "
                                      "regain access on 2026-12-01 at 00:00 UTC.")),
    MOCK_ROW(ANTHROPIC, "on-hold", 400,
             ANTHROPIC_CODED(REQUEST, "This organization is on hold.", "organization_on_hold")),
    MOCK_ROW(ANTHROPIC, "filter", 400,
             ANTHROPIC_ERROR(REQUEST, "Output blocked by content filtering policy")),
    MOCK_ROW(ANTHROPIC, "bad-key", 401,
             ANTHROPIC_ERROR("authentication_error", "invalid x-api-key")),
    MOCK_ROW(ANTHROPIC, "billing", 402,
             ANTHROPIC_CODED("billing_error",
                             "The linked organization has reached its spend limit.",
                             "linked_organization_spend_limit_reached")),
    MOCK_ROW(ANTHROPIC, "forbidden", 403,
             ANTHROPIC_ERROR("permission_error", "Your API key does not have permission to use the "
                                                 "specified resource")),
    MOCK_ROW(ANTHROPIC, "model", 404, ANTHROPIC_ERROR("not_found_error", "model: claude-none")),
    MOCK_ROW(ANTHROPIC, "timeout-request", 408,
             ANTHROPIC_ERROR("timeout_error", "Request timed out")),
    MOCK_ROW(ANTHROPIC, "conflict", 409, ANTHROPIC_ERROR("conflict_error", "Conflict, try again")),
    MOCK_ROW(ANTHROPIC, "precondition", 412, ANTHROPIC_ERROR(REQUEST, "Precondition failed")),
    MOCK_ROW(ANTHROPIC, "too-large", 413,
             ANTHROPIC_ERROR("request_too_large", "Request exceeds the maximum size")),
    MOCK_ROW_WITH(
        ANTHROPIC, "rate", 429, "retry-after: 2\r\nx-should-retry: true\r\n",
        ANTHROPIC_ERROR("rate_limit_error",
                        "This request would exceed the rate limit for your organization of "
                        "40,000 input tokens per minute.")),
    MOCK_ROW_WITH(ANTHROPIC, "ramp", 429, "retry-after: 5\r\n",
                  ANTHROPIC_CODED("rate_limit_error",
                                  "Usage has risen too quickly; scale up more gradually.",
                                  "ramp_limit_exceeded")),
    MOCK_ROW(ANTHROPIC, "spend-enforced", 429,
             ANTHROPIC_CODED("rate_limit_error",
                             "The organization's enforced spend limit is reached.",
                             "enforced_spend_limit_reached")),
    MOCK_ROW(ANTHROPIC, "spend-contract", 429,
             ANTHROPIC_CODED("rate_limit_error", "The contract's spend limit is reached.",
                             "contract_spend_limit_reached")),
    MOCK_ROW(ANTHROPIC, "server", 500, ANTHROPIC_ERROR("api_error", "Internal server error")),
    MOCK_ROW(ANTHROPIC, "cmek", 503,
             ANTHROPIC_CODED("api_error", "The customer-managed key cannot be used.",
                             "cmek_unavailable")),
    MOCK_ROW(ANTHROPIC, "timeout", 504,
             ANTHROPIC_ERROR("timeout_error", "The request timed out while being processed")),
    MOCK_ROW(ANTHROPIC, "overloaded", 529, ANTHROPIC_ERROR("overloaded_error", "Overloaded")),
    MOCK_ROW(
        ANTHROPIC, "invalid-grant", 400,
        "{\"error\":\"invalid_grant\",\"error_description\":\"The assertion is not acceptable\"}"),
    /* ---- Gemini */
    MOCK_ROW(GEMINI, "bad-key", 400,
             GOOGLE_ERROR("400", "API key not valid. Please pass a valid API key.",
                          "INVALID_ARGUMENT",
                          ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
                          "\"reason\":\"API_KEY_INVALID\",\"domain\":\"googleapis.com\"}]")),
    MOCK_ROW(
        GEMINI, "context", 400,
        GOOGLE_ERROR("400",
                     "The input token count (1200000) exceeds the maximum number of tokens allowed "
                     "(1048576).",
                     "INVALID_ARGUMENT", "")),
    MOCK_ROW(GEMINI, "invalid", 400,
             GOOGLE_ERROR("400", "Request contains an invalid argument.", "INVALID_ARGUMENT", "")),
    MOCK_ROW(GEMINI, "region", 400,
             GOOGLE_ERROR("400", "User location is not supported for the API use.",
                          "FAILED_PRECONDITION", "")),
    MOCK_ROW(GEMINI, "no-key", 401,
             GOOGLE_ERROR("401", "Request is missing required authentication credential.",
                          "UNAUTHENTICATED", "")),
    MOCK_ROW(
        GEMINI, "quota", 402,
        GOOGLE_ERROR("402", "Your prepayment credits are depleted.", "RESOURCE_EXHAUSTED", "")),
    MOCK_ROW(GEMINI, "forbidden", 403,
             GOOGLE_ERROR("403", "Your API key was reported as leaked. Please use another API key.",
                          "PERMISSION_DENIED", "")),
    MOCK_ROW(
        GEMINI, "model", 404,
        GOOGLE_ERROR("404",
                     "models/gemini-none is not found for API version v1beta, or is not supported "
                     "for generateContent.",
                     "NOT_FOUND", "")),
    MOCK_ROW(GEMINI, "rate", 429,
             GOOGLE_ERROR(
                 "429",
                 "You exceeded your current quota, please check your plan and billing details. "
                 "Please retry in 34.4s.",
                 "RESOURCE_EXHAUSTED",
                 GOOGLE_QUOTA("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "34.4s"))),
    MOCK_ROW(
        GEMINI, "rate-day", 429,
        GOOGLE_ERROR("429",
                     "You exceeded your current quota, please check your plan and billing details.",
                     "RESOURCE_EXHAUSTED",
                     GOOGLE_QUOTA("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "34.4s"))),
    MOCK_ROW(GEMINI, "cancelled", 499,
             GOOGLE_ERROR("499", "The operation was cancelled.", "CANCELLED", "")),
    MOCK_ROW(GEMINI, "server", 500,
             GOOGLE_ERROR("500", "An internal error has occurred. Please retry.", "INTERNAL", "")),
    MOCK_ROW(
        GEMINI, "overloaded", 503,
        GOOGLE_ERROR("503", "The model is overloaded. Please try again later.", "UNAVAILABLE", "")),
    MOCK_ROW(GEMINI, "timeout", 504,
             GOOGLE_ERROR("504", "Deadline expired before operation could complete.",
                          "DEADLINE_EXCEEDED", "")),
    /* ---- Vertex */
    MOCK_ROW(VERTEX, "bad-key", 401,
             GOOGLE_ERROR("401",
                          "Request had invalid authentication credentials. Expected OAuth 2 access "
                          "token, login cookie or other valid authentication credential.",
                          "UNAUTHENTICATED",
                          ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
                          "\"reason\":\"ACCESS_TOKEN_TYPE_UNSUPPORTED\"}]")),
    MOCK_ROW(VERTEX, "forbidden", 403,
             GOOGLE_ERROR("403", "Permission 'aiplatform.endpoints.predict' denied on resource.",
                          "PERMISSION_DENIED", "")),
    MOCK_ROW(
        VERTEX, "context", 400,
        GOOGLE_ERROR("400",
                     "The input token count (1200000) exceeds the maximum number of tokens allowed "
                     "(1048576).",
                     "INVALID_ARGUMENT", "")),
    MOCK_ROW(
        VERTEX, "model", 404,
        GOOGLE_ERROR("404",
                     "Publisher Model `projects/p/locations/l/publishers/google/models/none` was "
                     "not found or your project does not have access to it.",
                     "NOT_FOUND", "")),
    MOCK_ROW(VERTEX, "capacity", 429,
             GOOGLE_ERROR("429", "Resource exhausted, please try again later.",
                          "RESOURCE_EXHAUSTED", "")),
    MOCK_ROW(VERTEX, "throughput", 429,
             GOOGLE_ERROR("429", "Exceeded the Provisioned Throughput.", "RESOURCE_EXHAUSTED", "")),
    MOCK_ROW(VERTEX, "hidden-rate", 500,
             GOOGLE_ERROR("429", "Resource exhausted, please try again later.",
                          "RESOURCE_EXHAUSTED", "")),
    MOCK_ROW(VERTEX, "server", 500,
             GOOGLE_ERROR("500", "Internal error encountered.", "INTERNAL", "")),
    MOCK_ROW(VERTEX, "overloaded", 503,
             GOOGLE_ERROR("503", "The service is currently unavailable.", "UNAVAILABLE", "")),
    MOCK_ROW(VERTEX, "timeout", 504,
             GOOGLE_ERROR("504", "Deadline exceeded.", "DEADLINE_EXCEEDED", "")),
    MOCK_ROW(GOOGLE, "invalid-grant", 400,
             "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}"),
    MOCK_ROW(GOOGLE, "unavailable", 503,
             "{\"error\":\"internal_failure\",\"error_description\":\"Backend Error\"}"),
    /* ---- Bedrock */
    AWS_ROW("context", 400, "ValidationException", "Input is too long for requested model."),
    AWS_ROW("context-tokens", 400, "ValidationException",
            "The model returned the following errors: too many tokens"),
    AWS_ROW("invalid", 400, "ValidationException", "The provided request is not valid."),
    AWS_ROW("profile", 400, "ValidationException",
            "Invocation of model ID m with on-demand throughput isn't supported. Retry your "
            "request with the ID or ARN of an inference profile that contains this model."),
    AWS_ROW("model-id", 400, "ValidationException", "The provided model identifier is invalid."),
    AWS_ROW("quota", 400, "ServiceQuotaExceededException",
            "Your request exceeds the service quota for your account."),
    AWS_ROW("expired-request", 400, "RequestExpired", "Request has expired."),
    AWS_ROW("signature", 403, "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided."),
    AWS_ROW("forbidden", 403, "AccessDeniedException",
            "You don't have access to the model with the specified model ID."),
    AWS_ROW("bad-key", 403, "UnrecognizedClientException",
            "The security token included in the request is invalid."),
    AWS_ROW("expired-token", 403, "ExpiredTokenException",
            "The security token included in the request is expired"),
    AWS_ROW("model", 404, "ResourceNotFoundException",
            "Model use case details have not been submitted for this account."),
    AWS_ROW("timeout", 408, "ModelTimeoutException",
            "The model has timed out in processing the request."),
    AWS_ROW("model-error", 424, "ModelErrorException",
            "The system encountered an unexpected error during processing."),
    AWS_ROW("stream-error", 424, "ModelStreamErrorException",
            "The system encountered an unexpected error during processing."),
    AWS_ROW("rate", 429, "ThrottlingException",
            "Too many requests, please wait before trying again."),
    AWS_ROW("not-ready", 429, "ModelNotReadyException",
            "The model is not ready to serve inference requests."),
    AWS_ROW("server", 500, "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request "
            "again."),
    AWS_ROW("unavailable", 503, "ServiceUnavailableException",
            "Bedrock is unable to process your request."),
    MOCK_ROW(
        AWS,
        "invalid-token", 400,
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"
        "</Type><Code>InvalidIdentityToken</Code><Message>The token is not valid</Message></Error>"
        "<RequestId>mock</RequestId></ErrorResponse>"),
    MOCK_ROW(
        AWS,
        "expired-token", 400,
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"
        "</Type><Code>ExpiredTokenException</Code><Message>Token expired</Message></Error>"
        "<RequestId>mock</RequestId></ErrorResponse>"),
    /* ---- Cohere */
    MOCK_ROW(COHERE, "invalid", 400, COHERE_ERROR("invalid request: message must not be empty")),
    MOCK_ROW(
        COHERE, "context", 400,
        COHERE_ERROR("too many tokens: size limit exceeded by 11326 tokens. Try using shorter or "
                     "fewer inputs.")),
    MOCK_ROW(COHERE, "bad-key", 401, COHERE_ERROR("invalid api token")),
    MOCK_ROW(COHERE, "quota", 402, COHERE_ERROR("please add or update your payment method")),
    MOCK_ROW(COHERE, "forbidden", 403, COHERE_ERROR("you do not have access to this resource")),
    MOCK_ROW(
        COHERE, "model", 404,
        COHERE_ERROR("model 'command-none' not found, make sure the correct model ID was used")),
    MOCK_ROW(COHERE, "unprocessable", 422, COHERE_ERROR("failed to process the request")),
    MOCK_ROW(
        COHERE, "rate", 429,
        COHERE_ERROR("You have exceeded the rate limit of 20 calls per minute. Please wait and try "
                     "again later.")),
    MOCK_ROW(
        COHERE, "trial", 429,
        COHERE_ERROR("You are using a Trial key, which is limited to 1000 API calls / month.")),
    MOCK_ROW(COHERE, "blocked", 498, COHERE_ERROR("blocked: the token is invalid")),
    MOCK_ROW(COHERE, "cancelled", 499, COHERE_ERROR("request cancelled by user")),
    MOCK_ROW(COHERE, "server", 500, COHERE_ERROR("internal server error, this has been reported")),
    MOCK_ROW(COHERE, "not-implemented", 501, COHERE_ERROR("this feature is not implemented")),
    MOCK_ROW(COHERE, "overloaded", 503,
             COHERE_ERROR("the service is unavailable, please try again later")),
    MOCK_ROW(COHERE, "timeout", 504, COHERE_ERROR("the request timed out")),
};

struct mock_recorded_table proa_mock_recorded_native(void)
{
    return (struct mock_recorded_table){ROWS, PROA_ARRAY_LEN(ROWS)};
}
