/*
 * struct proa_addr to and from the system's socket addresses. Pure.
 */
#ifndef PROA_SRC_IO_ADDR_PRIV_H
#define PROA_SRC_IO_ADDR_PRIV_H

#include "proa/io/sock.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Length for bind() and connect(); 0 for an address that was never filled in. */
socklen_t proa_addr_len(const struct proa_addr *addr);
void proa_addr_load(const struct proa_addr *addr, struct sockaddr_storage *out);
void proa_addr_store(struct proa_addr *out, const struct sockaddr_storage *from);
/* "127.0.0.1", "::1" or "[::1]"; no names, no zones. False leaves *out alone. */
bool proa_addr_from_literal(struct proa_slice host, uint16_t port, struct proa_addr *out);

#endif
