/*
 * Errors of Amazon Bedrock: a message in the body, its type in a header, or in a stream the name of
 * an exception.
 */
#include "bedrock_priv.h"
#include "said_priv.h"

#define ROW(...)                              PROA_ERROR_ROW("", __VA_ARGS__)
#define RULE(from, to, where, pattern, class) ROW(from, to, where, pattern, class, NONE, NOTHING)
#define TYPE(name, class)                     RULE(0, 599, CODE, name, class)
#define REFUSAL(where, pattern, what)         ROW(0, 424, where, pattern, CLIENT, what, NOTHING)

/*
 * Source: the error tables of the Bedrock Runtime API reference and of AWS's common errors; texts
 * as their users met them. A signature that does not fit is the operator's to mend, but another key
 * or provider may do, so it is a matter of the key; one that has run out while it waited, or that a
 * clock made too old, is made anew by the next try.
 */
static const struct proa_error_rule RULES[] = {
    /* A limit of a day: waiting a little does not help. */
    RULE(0, 429, MESSAGE, "tokens per day", QUOTA),
    TYPE("ServiceQuotaExceededException", QUOTA),

    TYPE("RequestExpired", CONFLICT),
    RULE(0, 403, MESSAGE, "signature expired", CONFLICT),
    RULE(0, 403, MESSAGE, "signature not yet current", CONFLICT),
    TYPE("UnrecognizedClientException", AUTH),
    TYPE("InvalidClientTokenId", AUTH),
    TYPE("ExpiredToken", AUTH),
    TYPE("ExpiredTokenException", AUTH),
    TYPE("MissingAuthenticationToken", AUTH),
    TYPE("MissingAuthenticationTokenException", AUTH),
    TYPE("IncompleteSignature", AUTH),
    TYPE("IncompleteSignatureException", AUTH),
    TYPE("InvalidSignature", AUTH),
    TYPE("InvalidSignatureException", AUTH),
    TYPE("SignatureDoesNotMatch", AUTH),
    TYPE("NotAuthorized", AUTH),
    TYPE("OptInRequired", AUTH),
    RULE(0, 403, MESSAGE, "security token", AUTH),
    RULE(0, 403, MESSAGE, "bearer token", AUTH),
    RULE(0, 403, MESSAGE, "api key", AUTH),
    /* This key may not use this model. */
    TYPE("AccessDeniedException", PERMISSION),

    /* A model that is not there under this name, or not without an inference profile. */
    RULE(0, 400, MESSAGE, "on-demand throughput", NOT_FOUND),
    RULE(0, 400, MESSAGE, "model identifier is invalid", NOT_FOUND),
    RULE(0, 400, MESSAGE, "not supported in this region", NOT_FOUND),
    ROW(404, 404, CODE, "UnknownOperationException", NOT_FOUND, NONE, WRONG_PATH),
    TYPE("ResourceNotFoundException", NOT_FOUND),

    TYPE("ModelNotReadyException", OVERLOADED),
    TYPE("ThrottlingException", RATE),
    TYPE("TooManyRequestsException", RATE),
    TYPE("ServiceUnavailableException", OVERLOADED),
    TYPE("InternalServerException", SERVER),
    TYPE("InternalFailure", SERVER),
    TYPE("ModelTimeoutException", CONFLICT),

    REFUSAL(MESSAGE, "input is too long", CONTEXT),
    REFUSAL(MESSAGE, "too many tokens", CONTEXT),
    REFUSAL(MESSAGE, "too many input tokens", CONTEXT),
    REFUSAL(MESSAGE, "expected maxlength", CONTEXT),
    REFUSAL(MESSAGE, "prompt is too long", CONTEXT),
    REFUSAL(MESSAGE, "maximum context length", CONTEXT),
    REFUSAL(MESSAGE, "exceed context limit", CONTEXT),
    REFUSAL(MESSAGE, "exceed model maximum", CONTEXT),
    REFUSAL(MESSAGE, "exceeds the maximum number of tokens", CONTEXT),
    REFUSAL(MESSAGE, "maximum input length", CONTEXT),
    REFUSAL(MESSAGE, "content filtering policy", CONTENT),
    REFUSAL(MESSAGE, "content_policy_violation", CONTENT),
    /* What this model does not do, others may. */
    RULE(0, 400, MESSAGE, "this model doesn't support", UNFIT),
    RULE(0, 400, MESSAGE, "doesn't support the model", UNFIT),
    TYPE("ValidationException", CLIENT),
    TYPE("ModelStreamErrorException", SERVER),
    TYPE("ModelErrorException", SERVER),

    ROW(404, 404, NO_JSON, "", NOT_FOUND, NONE, WRONG_PATH),
};

/* What an exception in a stream would have been as an answer. */
static const struct exception {
    struct proa_slice type;
    uint16_t status;
} EXCEPTIONS[] = {
    {PROA_SLICE_INIT("throttlingException"), 429},
    {PROA_SLICE_INIT("serviceUnavailableException"), 503},
    {PROA_SLICE_INIT("internalServerException"), 500},
    {PROA_SLICE_INIT("modelStreamErrorException"), 424},
    {PROA_SLICE_INIT("modelTimeoutException"), 408},
    {PROA_SLICE_INIT("validationException"), 400},
    {PROA_SLICE_INIT("accessDeniedException"), 403},
    {PROA_SLICE_INIT("resourceNotFoundException"), 404},
};

/* "ValidationException:http://internal.amazon.com/coral/..." */
static struct proa_slice type_of(const struct proa_answer_head *head)
{
    struct proa_slice rest = PROA_SLICE_NONE;
    for (size_t i = 0; i < head->n_headers; i++) {
        if (head->headers[i].id == PROA_HTTP_HEADER_X_AMZN_ERRORTYPE) {
            return proa_slice_trim(proa_slice_split(head->headers[i].value, ':', &rest));
        }
    }
    return PROA_SLICE_NONE;
}

/* In a body it stands behind its namespace: "com.amazon.coral.service#UnknownOperationException".
 */
static struct proa_slice without_namespace(struct proa_slice type)
{
    struct proa_slice name = PROA_SLICE_NONE;
    (void)proa_slice_split(type, '#', &name);
    return name.len > 0 ? name : type;
}

void proa_bedrock_classify(const struct proa_answer_head *head, struct proa_slice body,
                           struct proa_failure *out)
{
    struct proa_said said = {.status = 0};
    const struct proa_slice type = type_of(head);
    proa_said_read(body, &said);
    said.type = type.len > 0 ? type : without_namespace(said.type);
    said.status = head->status;
    /* With status 200 it is an error that came as an answer, of which the type alone is known. */
    for (size_t i = 0; head->status < 300 && i < PROA_ARRAY_LEN(EXCEPTIONS); i++) {
        if (proa_slice_eq_nocase(EXCEPTIONS[i].type, said.type)) {
            said.status = EXCEPTIONS[i].status;
        }
    }
    said.status = said.status < 300 ? 0 : said.status;
    proa_judge(RULES, PROA_ARRAY_LEN(RULES), head, &said, out);
}

void proa_bedrock_classify_exception(const struct proa_answer_head *head, struct proa_slice type,
                                     struct proa_slice data, struct proa_failure *out)
{
    struct proa_said said = {.status = 0};
    proa_said_read(data, &said);
    said.type = type;
    said.status = 0;
    for (size_t i = 0; i < PROA_ARRAY_LEN(EXCEPTIONS); i++) {
        if (proa_slice_eq_nocase(EXCEPTIONS[i].type, type)) {
            said.status = EXCEPTIONS[i].status;
        }
    }
    proa_judge(RULES, PROA_ARRAY_LEN(RULES), head, &said, out);
}
