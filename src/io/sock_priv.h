/*
 * What the listener needs of sockets.
 */
#ifndef PROA_SRC_IO_SOCK_PRIV_H
#define PROA_SRC_IO_SOCK_PRIV_H

#include "loop_priv.h"

#include "proa/io/sock.h"

/* Wraps an accepted, non-blocking descriptor. It is taken, also on failure (NULL). */
struct proa_sock *proa_sock_from_fd(struct proa_loop *loop, int fd, bool is_unix);
/* Was it adopted or closed? */
bool proa_sock_is_placed(const struct proa_sock *sock);
/* Connected, and no write has failed. */
bool proa_sock_is_open(const struct proa_sock *sock);
/* Was on_end called? */
bool proa_sock_has_ended(const struct proa_sock *sock);

#endif
