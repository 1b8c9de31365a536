#include "openai_priv.h"
#include "said_priv.h"

void proa_openai_classify(const struct proa_answer_head *head, struct proa_slice body,
                          struct proa_failure *out)
{
    size_t n = 0;
    const struct proa_error_rule *rules = proa_openai_rules(&n);
    proa_said_judge(rules, n, head, body, out);
}

void proa_openai_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                 struct proa_failure *out)
{
    size_t n = 0;
    const struct proa_error_rule *rules = proa_openai_rules(&n);
    proa_said_judge_inband(rules, n, head, object, out);
}
