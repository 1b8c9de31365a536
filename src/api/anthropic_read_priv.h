/*
 * Reading Messages requests: what the units share, beside what all readers do (openai_read_priv.h).
 */
#ifndef PROA_API_ANTHROPIC_READ_PRIV_H
#define PROA_API_ANTHROPIC_READ_PRIV_H

#include "openai_read_priv.h"

/* ---- anthropic_message.c: turns */

/* One turn: one message, or two where results of tools stand before what the user says. */
enum proa_err proa_read_turn(struct reading *r, const struct place *at,
                             const struct proa_json_item *item,
                             struct messages *out) PROA_MUST_CHECK;
/* `system`: a text or blocks of it, as the first message. */
enum proa_err proa_read_system(struct reading *r, const struct place *at,
                               const struct proa_json_item *item,
                               struct messages *out) PROA_MUST_CHECK;

/* ---- anthropic_block.c: what stands in them */

/* Where blocks stand: what is allowed there, and what is left out. */
enum blocks {
    BLOCKS_OF_SYSTEM = 0,
    BLOCKS_OF_USER,
    BLOCKS_OF_ASSISTANT,
    BLOCKS_OF_RESULT,
    BLOCKS_OF_DOCUMENT /* given as blocks, or found by a search */
};

/* A string, or an array of blocks. `calls` are the messages before, NULL inside of a result. */
enum proa_err proa_read_blocks(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, enum blocks where,
                               const struct messages *calls, struct parts *out) PROA_MUST_CHECK;

/* ---- anthropic_tool.c */

enum proa_err proa_read_anthropic_tools(struct reading *r, const struct place *at,
                                        const struct proa_json_item *item,
                                        struct proa_chat_request *out) PROA_MUST_CHECK;
enum proa_err proa_read_anthropic_choice(struct reading *r, const struct place *at,
                                         const struct proa_json_item *item,
                                         struct proa_chat_request *out) PROA_MUST_CHECK;

#endif
