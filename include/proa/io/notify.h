/*
 * How far the process is, told to the service manager that started it: sd_notify(3), which is one
 * datagram.
 *
 * I/O half. Never blocks.
 */
#ifndef PROA_IO_NOTIFY_H
#define PROA_IO_NOTIFY_H

#include "proa/core/slice.h"

/* Sends e.g. "READY=1" to the socket that $NOTIFY_SOCKET names, "/path" or "@abstract". False when
 * nobody is told: no name (NULL), another form, no listener. */
bool proa_notify_send(const char *name, struct proa_slice state);

#endif
