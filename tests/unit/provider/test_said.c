/* What bodies of errors say, whoever sent them; see test_openai_error.c for OpenAI's many forms. */
#include "said_priv.h"

#include "proa_test.h"

static void test_the_forms_of_each_dialect(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint16_t status;
        const char *message;
        const char *type;
        const char *code;
    } rows[] = {
        /* Anthropic; the body's own type says only that it is an error */
        {"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},"
         "\"request_id\":\"r\"}",
         0, "Overloaded", "overloaded_error", ""},
        {"{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\","
         "\"details\":{\"error_code\":\"ramp_limit_exceeded\"}}}",
         0, "m", "rate_limit_error", "ramp_limit_exceeded"},
        {"{\"error\":{\"type\":\"t\",\"message\":\"m\",\"details\":{\"error_code\":7}}}", 0, "m",
         "t", ""},
        {"{\"error\":{\"type\":\"t\",\"message\":\"m\",\"details\":null}}", 0, "m", "t", ""},
        /* Google */
        {"{\"error\":{\"code\":429,\"message\":\"m\",\"status\":\"RESOURCE_EXHAUSTED\"}}", 429, "m",
         "RESOURCE_EXHAUSTED", "429"},
        {"[{\"error\":{\"code\":503,\"message\":\"m\",\"status\":\"UNAVAILABLE\"}}]", 503, "m",
         "UNAVAILABLE", "503"},
        /* Cohere */
        {"{\"id\":\"i\",\"message\":\"invalid api token\"}", 0, "invalid api token", "", ""},
        {"upstream connect error", 0, "upstream connect error", "", ""},
        {"<html>", 0, "", "", ""},
        /* compressed though nobody asked for it; half a character; what no text holds */
        {"\x1f\x8b\x08\x02k", 0, "", "", ""},
        {"caf\xc3", 0, "", "", ""},
        {"stop\x07", 0, "", "", ""},
        {"caf\xc3\xa9\r\n\tclosed", 0, "caf\xc3\xa9\r\n\tclosed", "", ""},
    };
    PROA_TEST_ROWS(row, rows)
    {
        struct proa_said said = {.status = 0};
        proa_said_read(proa_slice_cstr(row->body), &said);
        assert_int_equal(said.status, row->status);
        assert_slice_str(said.message, row->message);
        assert_slice_str(said.type, row->type);
        assert_slice_str(said.code, row->code);
        assert_int_equal(said.is_json, row->body[0] == '{' || row->body[0] == '[');
    }
}

/* A long text ends with a whole character. */
static void test_a_text_is_cut_between_characters(void **state)
{
    (void)state;
    char body[300];
    for (size_t i = 0; i + 1 < sizeof(body); i += 2) {
        memcpy(body + i, "\xc3\xa9", 2);
    }
    struct proa_said said = {.status = 0};
    body[0] = 'a'; /* what follows begins at odd places */
    proa_said_read(proa_slice_make(body, 1), &said);
    assert_int_equal(said.message.len, 1);
    memmove(body + 1, body + 2, sizeof(body) - 2);
    proa_said_read(proa_slice_make(body, sizeof(body) - 1), &said);
    assert_int_equal(said.message.len, 255);
}

static const struct proa_error_rule RULES[] = {
    {.to = 0,
     .where = PROA_RULE_CODE,
     .pattern = PROA_SLICE_INIT("busy"),
     .class = PROA_CLASS_RATE},
};

/* The answer's status counts, but for an error that came as a success. */
static void test_whose_status_counts(void **state)
{
    (void)state;
    const struct proa_answer_head failed = {.status = 500};
    const struct proa_answer_head fine = {.status = 200};
    const struct proa_slice named = PROA_SLICE("{\"error\":{\"code\":503,\"message\":\"m\"}}");
    const struct proa_slice busy = PROA_SLICE("{\"error\":{\"type\":\"busy\"}}");
    struct proa_failure failure;
    proa_said_judge(RULES, 1, &failed, named, &failure);
    assert_int_equal(failure.class, PROA_CLASS_SERVER);
    assert_int_equal(failure.status, 500);
    proa_said_judge_inband(RULES, 1, &fine, named, &failure);
    assert_int_equal(failure.class, PROA_CLASS_OVERLOADED);
    assert_int_equal(failure.status, 503);
    proa_said_judge_inband(RULES, 1, &fine, busy, &failure);
    assert_int_equal(failure.class, PROA_CLASS_RATE);
    proa_said_judge(RULES, 1, &failed, busy, &failure);
    assert_int_equal(failure.class, PROA_CLASS_SERVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_forms_of_each_dialect),
        cmocka_unit_test(test_a_text_is_cut_between_characters),
        cmocka_unit_test(test_whose_status_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
