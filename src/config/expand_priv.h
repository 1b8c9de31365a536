/*
 * ${NAME} from the environment in a string; `$${` stands for a literal `${`.
 */
#ifndef PROA_CONFIG_EXPAND_PRIV_H
#define PROA_CONFIG_EXPAND_PRIV_H

#include "proa/config/config.h"

enum { PROA_EXPAND_MAX_BYTES = 64 * 1024 };

/*
 * The expanded text in `arena`. On failure *name is what the message should name:
 * ERR_NOT_FOUND an undefined variable, ERR_UTF8 one that is no text, ERR_SYNTAX an unfinished or
 * malformed reference, ERR_LIMIT (nothing named) a result above PROA_EXPAND_MAX_BYTES.
 */
enum proa_err proa_expand_text(struct proa_slice text, const struct proa_config_env *env,
                               struct proa_arena *arena, struct proa_slice *out,
                               struct proa_slice *name) PROA_MUST_CHECK;

#endif
