/*
 * What one part of the AI SDK's streams brings the client: text as it stands in the data, an end,
 * or something that cannot be gone on with.
 */
#include "proa/api/aisdk_delta.h"

#include "proa_test.h"

struct delta_case {
    const char *data;
    const char *text; /* token, quotes included; "" = none */
    bool finished;
    bool other;
};

static const struct delta_case CASES[] = {
    {"{\"type\":\"text-delta\",\"id\":\"0\",\"delta\":\"a\"}", "\"a\"", false, false},
    {"{\"type\":\"text-delta\",\"id\":\"0\",\"delta\":\"\"}", "\"\"", false, false},
    {"{\"type\":\"text-delta\",\"id\":\"0\",\"delta\":\"a\\n\\u00e9\\\"\"}", "\"a\\n\\u00e9\\\"\"",
     false, false},
    {"{\"delta\":\"a\",\"id\":\"0\",\"type\":\"text-delta\"}", "\"a\"", false, false},
    {"{\"type\":\"text-delta\",\"id\":\"0\"}", "", false, false},
    {"{\"type\":\"text-delta\",\"id\":\"0\",\"delta\":{}}", "", false, false},
    /* the second text of an answer */
    {"{\"type\":\"text-delta\",\"id\":\"1\",\"delta\":\"a\"}", "\"a\"", false, true},
    {"{\"type\":\"text-delta\",\"delta\":\"a\"}", "\"a\"", false, true},
    {"{\"type\":\"stream-start\",\"warnings\":[]}", "", false, false},
    {"{\"type\":\"response-metadata\",\"id\":\"chatcmpl-1\",\"modelId\":\"m\"}", "", false, false},
    {"{\"type\":\"text-start\",\"id\":\"0\",\"providerMetadata\":{\"gateway\":{}}}", "", false,
     false},
    {"{\"type\":\"text-end\",\"id\":\"0\"}", "", true, false},
    {"{\"type\":\"finish\",\"finishReason\":{\"unified\":\"stop\"},\"usage\":{}}", "", true, false},
    {"{\"type\":\"finish\",\"finishReason\":\"stop\",\"usage\":{}}", "", true, false},
    {"{\"type\":\"reasoning-start\",\"id\":\"0\"}", "", false, true},
    {"{\"type\":\"reasoning-delta\",\"id\":\"0\",\"delta\":\"hm\"}", "", false, true},
    {"{\"type\":\"reasoning-end\",\"id\":\"0\"}", "", false, true},
    {"{\"type\":\"tool-input-start\",\"id\":\"c\",\"toolName\":\"f\"}", "", false, true},
    {"{\"type\":\"tool-input-delta\",\"id\":\"c\",\"delta\":\"{\"}", "", false, true},
    {"{\"type\":\"tool-call\",\"toolCallId\":\"c\",\"toolName\":\"f\",\"input\":\"{}\"}", "", false,
     true},
    {"{\"type\":\"file\",\"mediaType\":\"image/png\",\"data\":\"aa\"}", "", false, true},
    {"{\"type\":\"source\",\"sourceType\":\"url\",\"id\":\"0\",\"url\":\"u\"}", "", false, true},
    {"{\"type\":\"raw\",\"rawValue\":{}}", "", false, true},
    {"{\"type\":\"error\",\"error\":{}}", "", false, true},
    {"{\"type\":\"what-comes-later\"}", "", false, true},
    {"{\"type\":7}", "", false, false},
    {"{}", "", false, false},
    {"[]", "", false, false},
    {"", "", false, false},
    {"{\"type\":\"text-delta\",\"id\":\"0\",\"delta\":\"a", "", false, false},
    {"{\"type\":", "", false, false},
};

static void each_part_brings_what_it_brings(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, CASES)
    {
        struct proa_delta delta;
        const struct proa_slice data = proa_slice_cstr(row->data);
        memset(&delta, 0xa5, sizeof(delta));
        proa_api_aisdk_read_delta(data, &delta);
        assert_slice_str(delta.text, row->text);
        PROA_TEST_CHECK(delta.finished == row->finished && delta.other == row->other, "%s",
                        row->data);
        assert_slice_str(delta.name, ""); /* its events have none */
        if (delta.text.len > 0) {         /* it can be cut out and replaced */
            assert_true(delta.text.ptr > data.ptr &&
                        delta.text.ptr + delta.text.len < data.ptr + data.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_brings_what_it_brings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
