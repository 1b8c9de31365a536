/*
 * NO_PROXY: which hosts are reached without the proxy. Private to the module.
 *
 * Pure. A list of patterns with commas or blanks between them, as curl, Go and Python read it:
 *   *                 every host
 *   example.com       that name and all below it; so does .example.com, and *.example.com
 *   10.0.0.7, ::1     that address; IPv6 also in brackets
 *   10.0.0.0/8        the addresses of that network; IPv6 likewise
 *   PATTERN:8080      only that port; behind an IPv6 address in brackets only
 * Addresses are compared as numbers, names without regard to case. Names are not resolved: an
 * address pattern does not match a name.
 */
#ifndef PROA_POLICY_NO_PROXY_PRIV_H
#define PROA_POLICY_NO_PROXY_PRIV_H

#include "proa/core/slice.h"

/* host: lower case, an IPv6 address without brackets. */
bool proa_no_proxy_covers(struct proa_slice list, struct proa_slice host, uint16_t port);

#endif
