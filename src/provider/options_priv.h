/*
 * What a client says in a provider's own words: members of providerOptions.NAME, and of the body
 * where the client's surface is of that dialect, that go into the request's body as they came.
 *
 * Pure. Slices are borrowed. Names of an API are lower case with underscores; one that the encoder
 * writes itself, or that came already, must not come again: a body has each member once.
 */
#ifndef PROA_PROVIDER_OPTIONS_PRIV_H
#define PROA_PROVIDER_OPTIONS_PRIV_H

#include "proa/chat/request.h"
#include "proa/json/writer.h"

enum { OPTIONS_MAX = 24 };

struct proa_option {
    struct proa_slice key;   /* plain */
    struct proa_slice value; /* JSON */
};

struct proa_options {
    const struct proa_slice *own; /* names that the encoder writes */
    size_t n_own;
    size_t n;
    struct proa_option items[OPTIONS_MAX];
};

/* False when it is not taken: no name of an API, the encoder's own, or one too many. A name that is
 * there already is taken and changes nothing. */
bool proa_options_add(struct proa_options *options, struct proa_slice key, struct proa_slice value);
bool proa_options_have(const struct proa_options *options, struct proa_slice key);
/* All, as members. */
void proa_options_put(struct proa_json_writer *w, const struct proa_options *options);

#endif
