/*
 * The Responses API: what its reader and its writer share.
 *
 * Nothing is kept of an answer: its id tells whether it was stored and by whom. So an id that was
 * not given out here, or for an answer that was not to be stored, or by another provider, is
 * unknown; and a call's id tells of which answer it is.
 */
#ifndef PROA_MOCK_RESPONSES_PRIV_H
#define PROA_MOCK_RESPONSES_PRIV_H

#include "reading_priv.h"

/* base64 of "mock-encrypted": the reader takes only what begins so. */
#define MOCK_ENCRYPTED "bW9jay1lbmNyeXB0ZWQ="

enum { MOCK_MARK_BYTES = 20 };

/* What ids of an answer end with: who it is, and a sum of that. */
void proa_mock_response_mark(uint64_t id, enum mock_profile_id profile, bool stored,
                             char mark[MOCK_MARK_BYTES + 1]);
/* The mark in an id of this kind ("resp_", "rs_") that was given out for an answer that is stored;
 * empty: it is unknown. */
struct proa_slice proa_mock_response_known(struct proa_slice id, struct proa_slice kind,
                                           enum mock_profile_id profile);

#endif
