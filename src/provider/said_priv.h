/*
 * What the body of an error says, whatever dialect it is in, and its way to a class.
 *
 * Pure. A dialect brings the table of rules (judge_priv.h).
 */
#ifndef PROA_PROVIDER_SAID_PRIV_H
#define PROA_PROVIDER_SAID_PRIV_H

#include "judge_priv.h"

/* Message, type, code and details, as they stand in the (possibly truncated) body; the status is
 * one that the body names, or 0. */
void proa_said_read(struct proa_slice body, struct proa_said *out);

/* The class of an answer with an error's status. */
void proa_said_judge(const struct proa_error_rule *rules, size_t n_rules,
                     const struct proa_answer_head *head, struct proa_slice body,
                     struct proa_failure *out);
/* The same for an error that came with status 200: `object` is all of the JSON object it stands in.
 * The status is the one that the error names, if any. */
void proa_said_judge_inband(const struct proa_error_rule *rules, size_t n_rules,
                            const struct proa_answer_head *head, struct proa_slice object,
                            struct proa_failure *out);

#endif
