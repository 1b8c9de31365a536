/*
 * One run as a picture: when targets were in which state, what became of requests, where calls
 * went.
 *
 * Pure; appends an SVG document to a bounded buffer.
 */
#ifndef PROA_SIM_TIMELINE_H
#define PROA_SIM_TIMELINE_H

#include "proa/core/buf.h"
#include "proa/sim/sim.h"

/* States are those that the first sidecar saw; requests and calls are those of all. */
void proa_timeline_svg(const struct proa_sim *sim, const struct proa_record *record,
                       const char *who, struct proa_buf *out);

#endif
