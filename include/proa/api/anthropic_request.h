/*
 * Messages requests read into the neutral model, for a target that speaks another dialect; and for
 * counting their tokens, where no provider counts them.
 *
 * Pure; on the caller's arena. What only travels is borrowed from the body.
 */
#ifndef PROA_API_ANTHROPIC_REQUEST_H
#define PROA_API_ANTHROPIC_REQUEST_H

#include "proa/api/face.h"

/*
 * `body->kind` COUNT_TOKENS: the same without a limit of tokens. ERR_TYPE, ERR_SYNTAX: refused, see
 * `error`; *out is undefined then.
 *
 * Members that the neutral model has no place for are extras of dialect "anthropic". Blocks that a
 * provider made itself in the assistant's turns (searches it ran, and such) are left out: they mean
 * something to that provider alone.
 */
enum proa_err proa_api_anthropic_read(const struct proa_api_body *body,
                                      struct proa_chat_request *out,
                                      struct proa_api_error *error) PROA_MUST_CHECK;

#endif
