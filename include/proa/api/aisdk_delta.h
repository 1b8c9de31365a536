/*
 * Pieces of the AI SDK's streams, as proa_aisdk_answer writes them, read back: what a client has of
 * an answer that broke off.
 *
 * Pure.
 */
#ifndef PROA_API_AISDK_DELTA_H
#define PROA_API_AISDK_DELTA_H

#include "proa/chat/delta.h"

/* A proa_read_delta_fn. Text that has ended cannot be added to, so that its end counts as the
 * answer's. */
void proa_api_aisdk_read_delta(struct proa_slice data, struct proa_delta *out);

#endif
