/*
 * What the Responses API asks of an exchange besides an answer: that a conversation goes on from an
 * earlier answer, and that this one can be gone on from.
 *
 * An exchange of that API has a `struct responses`; no other has one, and nothing here is called
 * for it.
 */
#ifndef PROA_EXCHANGE_RESPONSES_PRIV_H
#define PROA_EXCHANGE_RESPONSES_PRIV_H

#include "exchange_priv.h"

struct responses {
    struct proa_slice previous; /* id of the answer that it goes on from, as text; empty: of none */
    struct proa_turn *known;    /* that answer, kept here; a reference */
    bool by_value;              /* whoever keeps it does not know it any more: it is told in full */
    bool stored;                /* as the request wants, or says nothing against */
    bool keeps;                 /* it is wanted, and can be done here */
    unsigned char namespace[PROA_KEY_NAMESPACE_BYTES];
    struct proa_slice *earlier; /* what was said up to there; known->depth of them */
    struct proa_slice id;       /* of a passed stream that has begun */

    /* The request in full, for those who speak the API and do not know the conversation. */
    struct proa_buf body;
    uint64_t budgeted; /* of it */
    struct proa_api_request *request;
};

#endif
