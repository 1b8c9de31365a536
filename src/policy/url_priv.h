/*
 * The base URL of a provider, as far as one may be configured: http or https, a host, a port, a
 * path. Private to the module.
 *
 * Pure. Nothing is guessed and nothing normalised but the host's case and slashes at the end: what
 * is odd is refused, because requests with a credential go where this says.
 */
#ifndef PROA_POLICY_URL_PRIV_H
#define PROA_POLICY_URL_PRIV_H

#include "proa/core/arena.h"

struct proa_url {
    bool tls;
    bool ipv6;              /* host is an address that stood in brackets */
    uint16_t port;          /* the scheme's own where none was written */
    struct proa_slice host; /* lower case, without brackets; in the arena */
    struct proa_slice path; /* "" or "/v1", no slash at the end; borrowed from the text */
};

/* NULL when fine, else what is wrong, to stand behind "base_url: TEXT ". Static; the text itself
 * may hold a password and is not for messages when *secret comes back true. */
const char *proa_url_parse(struct proa_slice text, struct proa_arena *arena, struct proa_url *out,
                           bool *secret);
/* "host", "host:port", "[v6]" or "[v6]:port" into host, ipv6 and, where it is written, port. Result
 * as above. */
const char *proa_url_parse_authority(struct proa_slice text, struct proa_arena *arena,
                                     struct proa_url *url);
/* localhost, 127.0.0.0/8 or ::1: what is sent there does not leave the machine. */
bool proa_url_is_loopback(struct proa_slice host);

#endif
