#include "proa/policy/setting.h"

#include "proa/config/doc.h"
#include "proa/config/dump.h"

enum proa_err proa_policy_setting(const struct proa_policy_cfg *policy, struct proa_slice name,
                                  struct proa_buf *value, struct proa_option_where *at)
{
    const enum proa_err err = proa_dump_setting(&proa_policy_table, policy, name, value);
    if (err == PROA_OK) {
        const struct proa_doc_node *node = proa_doc_find(policy->written, name);
        *at = node ? node->at : (struct proa_option_where){0};
    }
    return err;
}
