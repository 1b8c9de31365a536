/*
 * What the readers of the AI SDK's protocol share.
 */
#ifndef PROA_API_AISDK_READ_PRIV_H
#define PROA_API_AISDK_READ_PRIV_H

#include "openai_read_priv.h"

#include "proa/chat/inputs.h"
#include "proa/chat/media.h"

/* ---- aisdk_prompt.c */

/* All messages; walks over them within `outer`. */
enum proa_err proa_aisdk_prompt(struct reading *r, struct proa_json_cursor *outer,
                                const struct proa_json_item *item,
                                struct messages *out) PROA_MUST_CHECK;
/* What `providerOptions` of a message or a part say of what the neutral model has a place for. */
enum proa_err proa_aisdk_options(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item,
                                 struct proa_chat_part *part) PROA_MUST_CHECK;

/* ---- aisdk_file.c */

/* `data` of a file in any version's form, and its media type: fills the part, its kind too. */
enum proa_err proa_aisdk_file(struct reading *r, const struct place *at,
                              const struct proa_json_item *data, struct proa_slice media_type,
                              struct proa_chat_part *part) PROA_MUST_CHECK;
/* A file that a provider has: `id` is its id, or an object of ids by provider. */
enum proa_err proa_aisdk_file_id(struct reading *r, const struct place *at,
                                 const struct proa_json_item *id, struct proa_slice media_type,
                                 struct proa_chat_part *part) PROA_MUST_CHECK;

/* ---- aisdk_result.c */

/* `output` of a tool's result. */
enum proa_err proa_aisdk_output(struct reading *r, const struct place *at,
                                const struct proa_json_item *item,
                                struct proa_chat_part *result) PROA_MUST_CHECK;

/* ---- aisdk_tool.c */

enum proa_err proa_aisdk_tools(struct reading *r, const struct place *at,
                               const struct proa_json_item *item,
                               struct proa_chat_request *out) PROA_MUST_CHECK;
enum proa_err proa_aisdk_choice(struct reading *r, const struct place *at,
                                const struct proa_json_item *item,
                                struct proa_chat_request *out) PROA_MUST_CHECK;

/* ---- aisdk_inputs.c */

enum proa_err proa_aisdk_embed(struct reading *r, struct proa_slice bytes,
                               struct proa_chat_embed *out) PROA_MUST_CHECK;
enum proa_err proa_aisdk_rerank(struct reading *r, struct proa_slice bytes,
                                struct proa_chat_rerank *out) PROA_MUST_CHECK;

/* ---- aisdk_media.c */

enum proa_err proa_aisdk_image(struct reading *r, struct proa_slice bytes,
                               struct proa_chat_image *out) PROA_MUST_CHECK;
enum proa_err proa_aisdk_speech(struct reading *r, struct proa_slice bytes,
                                struct proa_chat_speech *out) PROA_MUST_CHECK;
enum proa_err proa_aisdk_transcription(struct reading *r, struct proa_slice bytes,
                                       struct proa_chat_transcription *out) PROA_MUST_CHECK;

#endif
