/* Errors of Bedrock: each row of its documentation, and what its users have met. */
#include "bedrock_priv.h"

#include "proa_test.h"

#define SAYS(text) "{\"message\":\"" text "\"}"
#define URL        ":http://internal.amazon.com/coral/com.amazon.bedrock/"

static const struct {
    uint16_t status;
    const char *type; /* header; NULL = none */
    const char *body;
    enum proa_class class;
    enum proa_refusal refusal;
    bool wrong_path;
} ROWS[] = {
    {400, "ValidationException" URL, SAYS("Input is too long for requested model."),
     PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT, false},
    {400, "ValidationException", SAYS("Too many input tokens. Max input tokens: 8192, requested"),
     PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT, false},
    {400, "ValidationException", SAYS("400 Bad Request: too many tokens: 9000"), PROA_CLASS_CLIENT,
     PROA_REFUSAL_CONTEXT, false},
    {400, "ValidationException",
     SAYS("Malformed input request: expected maxLength: 50000, actual: 50001"), PROA_CLASS_CLIENT,
     PROA_REFUSAL_CONTEXT, false},
    {400, "ValidationException", SAYS("prompt tokens (9) exceed model maximum (8)"),
     PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT, false},
    {424, "ModelErrorException", SAYS("prompt is too long: 200001 tokens > 200000 maximum"),
     PROA_CLASS_CLIENT, PROA_REFUSAL_CONTEXT, false},
    {400, "ValidationException",
     SAYS("Invocation of model ID anthropic.claude-sonnet-5 with on-demand throughput isn\xe2\x80"
          "\x99t supported. Retry your request with the ID or ARN of an inference profile"),
     PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE, false},
    {400, "ValidationException", SAYS("The provided model identifier is invalid."),
     PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE, false},
    {400, "ValidationException",
     SAYS(
         "This model doesn't support the stopSequences field. Remove stopSequences and try again."),
     PROA_CLASS_UNFIT, PROA_REFUSAL_NONE, false},
    {400, "ValidationException",
     SAYS("This action doesn't support the model that you provided. Try again with a supported "
          "text or chat model"),
     PROA_CLASS_UNFIT, PROA_REFUSAL_NONE, false},
    {400, "ValidationException", SAYS("The text field in the ContentBlock object is blank."),
     PROA_CLASS_CLIENT, PROA_REFUSAL_NONE, false},
    {400, "ValidationException", SAYS("Output blocked by content filtering policy"),
     PROA_CLASS_CLIENT, PROA_REFUSAL_CONTENT, false},
    {400, "ServiceQuotaExceededException", SAYS("m"), PROA_CLASS_QUOTA, PROA_REFUSAL_NONE, false},
    {400, "IncompleteSignatureException", SAYS("m"), PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {400, "RequestExpired", SAYS("m"), PROA_CLASS_CONFLICT, PROA_REFUSAL_NONE, false},
    {400, "NotAuthorized", SAYS("m"), PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {403, "InvalidSignatureException",
     SAYS("The request signature we calculated does not match the signature you provided."),
     PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {403, "InvalidSignatureException",
     SAYS("Signature expired: 20150830T123600Z is now earlier than 20261128T000000Z"),
     PROA_CLASS_CONFLICT, PROA_REFUSAL_NONE, false},
    {403, "SignatureDoesNotMatch", SAYS("m"), PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {403, "AccessDeniedException",
     SAYS("You don't have access to the model with the specified model ID."), PROA_CLASS_PERMISSION,
     PROA_REFUSAL_NONE, false},
    {403, "AccessDeniedException", SAYS("Bearer Token has expired"), PROA_CLASS_AUTH,
     PROA_REFUSAL_NONE, false},
    {403, NULL, "{\"Message\":\"Invalid API Key format: Must start with pre-defined prefix\"}",
     PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {403, "UnrecognizedClientException",
     SAYS("The security token included in the request is invalid."), PROA_CLASS_AUTH,
     PROA_REFUSAL_NONE, false},
    {403, "InvalidClientTokenId", SAYS("m"), PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {403, "ExpiredTokenException", SAYS("The security token included in the request is expired"),
     PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {404, "ResourceNotFoundException", SAYS("Model use case details have not been submitted"),
     PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE, false},
    {404, "UnknownOperationException", "{\"Output\":{\"__type\":\"x\"}}", PROA_CLASS_NOT_FOUND,
     PROA_REFUSAL_NONE, true},
    {404, NULL, "<UnknownOperationException/>", PROA_CLASS_NOT_FOUND, PROA_REFUSAL_NONE, true},
    {408, "ModelTimeoutException", SAYS("m"), PROA_CLASS_CONFLICT, PROA_REFUSAL_NONE, false},
    {424, "ModelErrorException", SAYS("m"), PROA_CLASS_SERVER, PROA_REFUSAL_NONE, false},
    {429, "ThrottlingException", SAYS("Too many requests, please wait before trying again."),
     PROA_CLASS_RATE, PROA_REFUSAL_NONE, false},
    {429, "ThrottlingException", SAYS("Too many tokens, please wait before trying again."),
     PROA_CLASS_RATE, PROA_REFUSAL_NONE, false},
    {429, "ThrottlingException", SAYS("Too many tokens per day, please wait before trying again."),
     PROA_CLASS_QUOTA, PROA_REFUSAL_NONE, false},
    {429, "ModelNotReadyException", SAYS("m"), PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE, false},
    {500, "InternalServerException", SAYS("m"), PROA_CLASS_SERVER, PROA_REFUSAL_NONE, false},
    {503, "ServiceUnavailableException", SAYS("m"), PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE,
     false},
    /* the type in the body alone, and nothing at all */
    {400, NULL, "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"Message\":\"m\"}",
     PROA_CLASS_CLIENT, PROA_REFUSAL_NONE, false},
    {403, NULL, "", PROA_CLASS_AUTH, PROA_REFUSAL_NONE, false},
    {503, NULL, "upstream connect error", PROA_CLASS_OVERLOADED, PROA_REFUSAL_NONE, false},
};

static void test_classes(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, ROWS)
    {
        const struct proa_http_header header = {.id = PROA_HTTP_HEADER_X_AMZN_ERRORTYPE,
                                                .name = PROA_SLICE("x-amzn-errortype"),
                                                .value = proa_slice_cstr(row->type)};
        const struct proa_answer_head head = {
            .status = row->status, .headers = &header, .n_headers = row->type != NULL};
        struct proa_failure f;
        proa_bedrock_classify(&head, proa_slice_cstr(row->body), &f);
        PROA_TEST_CHECK(f.class == row->class && f.refusal == row->refusal &&
                            f.wrong_path == row->wrong_path && f.status == row->status,
                        "%u %s %s: class %d, refusal %d", row->status, row->type, row->body,
                        (int)f.class, (int)f.refusal);
    }
}

static void test_what_is_told(void **state)
{
    (void)state;
    const struct proa_http_header headers[] = {{.id = PROA_HTTP_HEADER_X_AMZN_ERRORTYPE,
                                                .name = PROA_SLICE("x-amzn-ErrorType"),
                                                .value = PROA_SLICE("ThrottlingException" URL)},
                                               {.id = PROA_HTTP_HEADER_RETRY_AFTER,
                                                .name = PROA_SLICE("retry-after"),
                                                .value = PROA_SLICE("3")}};
    const struct proa_answer_head head = {.status = 429, .headers = headers, .n_headers = 2};
    struct proa_failure f;
    proa_bedrock_classify(&head, PROA_SLICE("{\"Message\":\"slow\"}"), &f);
    assert_slice_str(f.type, "ThrottlingException");
    assert_slice_str(f.message, "slow");
    assert_int_equal(f.retry_after_ns, 3 * PROA_NS_PER_S);

    const struct proa_answer_head bare = {.status = 400};
    proa_bedrock_classify(&bare, PROA_SLICE("{\"__type\":\"a.b#ValidationException\"}"), &f);
    assert_slice_str(f.type, "ValidationException");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
