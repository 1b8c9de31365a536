/*
 * What the readers of routing options share.
 */
#ifndef PROA_API_ROUTING_PRIV_H
#define PROA_API_ROUTING_PRIV_H

#include "openai_read_priv.h"

#include "proa/chat/routing.h"

/* A string, decoded, not empty, of at most `max` bytes; borrowed or in the arena. */
enum proa_err proa_routing_plain(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item, size_t max,
                                 struct proa_slice *out) PROA_MUST_CHECK;
/* A string that can be looked up, printed and logged; in the arena. */
enum proa_err proa_routing_name(struct reading *r, const struct place *at,
                                const struct proa_json_item *item,
                                struct proa_slice *out) PROA_MUST_CHECK;
/* The item's key, decoded; borrowed or in the arena. */
enum proa_err proa_routing_key(struct reading *r, const struct place *at,
                               const struct proa_json_item *item,
                               struct proa_slice *out) PROA_MUST_CHECK;

/* ---- routing_byok.c */

/* {"openai": [{"apiKey": "..."}]} */
enum proa_err proa_routing_byok_read(struct reading *r, const struct place *at,
                                     const struct proa_json_item *item,
                                     struct proa_routing *out) PROA_MUST_CHECK;

#endif
