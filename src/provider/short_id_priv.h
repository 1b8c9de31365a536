/*
 * Ids of tool calls for models that want exactly nine letters and digits (Mistral's, wherever they
 * are served).
 */
#ifndef PROA_PROVIDER_SHORT_ID_PRIV_H
#define PROA_PROVIDER_SHORT_ID_PRIV_H

#include "proa/core/arena.h"

enum { PROA_SHORT_ID_LEN = 9 };

/* The id itself when it is one already, else one made from it: the same for the same id, so that a
 * call and its result still belong together. In the arena. */
struct proa_slice proa_short_id(struct proa_slice id, struct proa_arena *arena);

#endif
