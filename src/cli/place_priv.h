/*
 * Where the running sidecar is, as another process finds out: from flags, the environment, the
 * configuration, or the defaults, in this order. Private to the module.
 */
#ifndef PROA_CLI_PLACE_PRIV_H
#define PROA_CLI_PLACE_PRIV_H

#include "command_priv.h"

enum proa_cli_place_kind { PROA_CLI_PLACE_DATA = 0, PROA_CLI_PLACE_OPS, PROA_CLI_PLACE_ADMIN };

/* Value type. */
struct proa_cli_place {
    char text[192]; /* "127.0.0.1:4600", "[::1]:4600" or "unix:/path": what to connect to */
    bool is_unix;
    bool tls; /* the data listener has a certificate */
};

/*
 * The first address; with `want_tcp` the first that is no unix socket, where there is one. `flag`
 * is the name of the flag that may give it. An address of all interfaces becomes that of loopback.
 * On failure a message is on cli->err and *code is the exit code.
 */
bool proa_cli_place_find(struct proa_cli *cli, enum proa_cli_place_kind kind, const char *flag,
                         bool want_tcp, struct proa_cli_place *out, int *code);

/* "HOST:PORT" or "[IPv6]:PORT" in its parts, brackets removed; false for anything else. */
bool proa_cli_place_split(struct proa_slice text, struct proa_slice *host, uint16_t *port);

#endif
