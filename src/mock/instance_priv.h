/*
 * The simplest value that fits a JSON schema: arguments of called tools, and structured output.
 *
 * Pure. Understood are type (also in capitals, and as a list), enum, const, $ref within the schema,
 * anyOf, oneOf and allOf by their first branch that is not null, properties, items with minItems,
 * limits of numbers and lengths, and the usual formats; what else a schema demands is not looked
 * at.
 */
#ifndef PROA_MOCK_INSTANCE_PRIV_H
#define PROA_MOCK_INSTANCE_PRIV_H

#include "proa/core/arena.h"
#include "proa/core/buf.h"

/* The text of a value for `schema`; strings say `text`, as far as it fits. An empty schema is that
 * of an object without properties. From the arena; "{}" where it would be too large. */
struct proa_slice proa_mock_instance(struct proa_slice schema, struct proa_slice text,
                                     struct proa_arena *arena);

#endif
