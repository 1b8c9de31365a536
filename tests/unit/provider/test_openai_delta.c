/*
 * What one event brings the client: its text as it stands in the data, an end, or something else.
 */
#include "openai_priv.h"

#include "proa_test.h"

struct delta_case {
    const char *data;
    const char *text; /* token, quotes included; "" = none */
    bool finished;
    bool other;
};

static const struct delta_case CASES[] = {
    {"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}", "\"a\"", false, false},
    {"{\"choices\":[{\"delta\":{\"content\":\"a\\n\"},\"finish_reason\":null}]}", "\"a\\n\"", false,
     false},
    {"{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}", "\"\"", false, false},
    {"{\"choices\":[{\"delta\":{\"content\":null}}]}", "", false, false},
    {"{\"choices\":[{\"delta\":{\"provider_metadata\":{\"gateway\":{}}},\"finish_reason\":\"stop\"}"
     "]}",
     "", true, false},
    {"{\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}", "", true, false},
    {"{\"choices\":[{\"delta\":{\"content\":\"z\"},\"finish_reason\":\"stop\"}]}", "\"z\"", true,
     false},
    {"{\"choices\":[{\"text\":\"plain\",\"index\":0,\"logprobs\":null}]}", "\"plain\"", false,
     false},
    {"{\"choices\":[],\"usage\":{\"total_tokens\":1}}", "", false, false},
    {"{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}", "\"b\"", false, true},
    {"{\"choices\":[{\"index\":-1,\"delta\":{}}]}", "", false, true},
    {"{\"choices\":[{\"delta\":{\"refusal\":\"no\"}}]}", "", false, true},
    {"{\"choices\":[{\"delta\":{\"refusal\":null,\"tool_calls\":[]}}]}", "", false, false},
    {"{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\"}]}}]}", "", false, true},
    {"{\"choices\":[{\"delta\":{\"reasoning\":\"hm\",\"content\":\"a\"}}]}", "\"a\"", false, true},
    {"{\"choices\":[{\"delta\":{\"content\":\"a\"},\"logprobs\":{\"content\":[]}}]}", "\"a\"",
     false, true},
    {"{\"choices\":[{\"delta\":{\"content\":\"a\"},\"message\":{\"content\":\"a\"}}]}", "\"a\"",
     false, true},
    /* Azure, OpenRouter, vLLM: remarks of the provider's */
    {"{\"choices\":[{\"delta\":{\"content\":\"a\"},\"content_filter_results\":{\"hate\":{"
     "\"filtered\":false}}}]}",
     "\"a\"", false, false},
    {"{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\",\"native_finish_reason\":\"stop\"}]}",
     "", true, false},
    {"{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\",\"stop_reason\":2}]}", "", true,
     false},
    {"{\"choices\":{}}", "", false, false},
    {"{}", "", false, false},
    {"[]", "", false, false},
    {"", "", false, false},
    {"{\"choices\":[{\"delta\":", "", false, false},
};

static void each_event_brings_what_it_brings(void **state)
{
    (void)state;
    PROA_TEST_ROWS(row, CASES)
    {
        struct proa_delta delta;
        const struct proa_slice data = proa_slice_cstr(row->data);
        memset(&delta, 0xa5, sizeof(delta));
        proa_openai_read_delta(data, &delta);
        assert_slice_str(delta.text, row->text);
        PROA_TEST_CHECK(delta.finished == row->finished && delta.other == row->other, "%s",
                        row->data);
        if (delta.text.len > 0) { /* it can be cut out and replaced */
            assert_true(delta.text.ptr > data.ptr &&
                        delta.text.ptr + delta.text.len < data.ptr + data.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_brings_what_it_brings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
