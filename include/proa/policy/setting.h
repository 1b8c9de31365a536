/*
 * One setting of a policy by its name, for people: what it is, and where it was written.
 *
 * Pure.
 */
#ifndef PROA_POLICY_SETTING_H
#define PROA_POLICY_SETTING_H

#include "proa/core/buf.h"
#include "proa/policy/cfg.h"

/*
 * Appends the value of `name`, "breaker.score", to `value` as it would be written. *at is where it
 * was written; its file is NULL when it was not, and the default holds. ERR_NOT_FOUND when policies
 * have no such setting.
 */
enum proa_err proa_policy_setting(const struct proa_policy_cfg *policy, struct proa_slice name,
                                  struct proa_buf *value,
                                  struct proa_option_where *at) PROA_MUST_CHECK;

#endif
