/* Each row of Cohere's published errors, by status and body. */
#include "cohere_priv.h"

#include "class_case.h"

#define SAYS(message) "{\"id\":\"i\",\"message\":\"" message "\"}"

static const struct class_case CASES[] = {
    REFUSED(400, NONE, SAYS("invalid request: message must be at least 1 token long")),
    REFUSED(400, CONTEXT,
            SAYS("too many tokens: total number of tokens in the prompt (9) cannot "
                 "exceed 8")),
    REFUSED(400, CONTEXT, SAYS("size limit exceeded")),
    C(401, AUTH, SAYS("no api key supplied")),
    C(400, AUTH, SAYS("invalid api token")),
    C(402, QUOTA, SAYS("Please add or update your payment method")),
    C(403, AUTH, SAYS("Please contact us")),
    C(404, NOT_FOUND, SAYS("model 'x' not found, make sure the correct model ID was used")),
    PATH("404 page not found"),
    PATH("<html>"),
    REFUSED(422, NONE, SAYS("unprocessable")),
    C(429, RATE, SAYS("You are using a Trial key, which is limited to 40 API calls / minute.")),
    C(429, QUOTA, SAYS("You are using a Trial key, which is limited to 1000 API calls / month.")),
    T(429, RATE, SAYS("Too many requests"), "retry-after: 2\n", 2000, 0),
    C(498, AUTH, SAYS("blocked token")),
    C(498, AUTH, ""),
    REFUSED(499, NONE, SAYS("request cancelled")),
    C(500, SERVER, SAYS("internal server error")),
    C(500, OVERLOADED, SAYS("the model is overloaded")),
    C(501, UNFIT, SAYS("not implemented")),
    C(503, OVERLOADED, SAYS("service unavailable")),
    C(504, SERVER, SAYS("gateway timeout")),
};

static void test_the_published_errors(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, CASES)
    {
        class_case_check(proa_dialect_find(PROA_SLICE("cohere")), "cohere", row);
    }
}

static void test_errors_in_an_answer(void **state)
{
    (void)state;
    static const struct {
        const char *object;
        enum proa_class class;
    } rows[] = {
        {SAYS("internal server error"), PROA_CLASS_SERVER},
        {SAYS("Rate limit reached"), PROA_CLASS_RATE},
        {SAYS("model overloaded"), PROA_CLASS_OVERLOADED},
        {SAYS("invalid api token"), PROA_CLASS_AUTH},
        {SAYS("limited to 1000 API calls / month"), PROA_CLASS_QUOTA},
        {SAYS("too many tokens"), PROA_CLASS_CLIENT},
        {"{\"error\":\"model overloaded\",\"finish_reason\":\"ERROR\"}", PROA_CLASS_OVERLOADED},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_answer_head head = {.status = 200};
        struct proa_failure failure;
        proa_cohere_classify_inband(&head, proa_slice_cstr(row->object), &failure);
        PROA_TEST_CHECK(failure.class == row->class, "%s: %s", row->object,
                        proa_class_text(failure.class));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_errors),
        cmocka_unit_test(test_errors_in_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
