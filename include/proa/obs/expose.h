/*
 * Text exposition of a metric registry, in the Prometheus format 0.0.4 and in OpenMetrics 1.0.0.
 *
 * Pure: bytes go to the caller's buffer. Both formats carry the same series and the same `le`
 * values, so that a reader that switches between them sees no new series. Metrics without a series
 * are left out. Not on the hot path.
 */
#ifndef PROA_OBS_EXPOSE_H
#define PROA_OBS_EXPOSE_H

#include "proa/core/buf.h"
#include "proa/obs/metric.h"

enum proa_expose_format { PROA_EXPOSE_PROMETHEUS = 0, PROA_EXPOSE_OPENMETRICS };

/* Prometheus 3 fails a scrape whose Content-Type it does not know. */
#define PROA_EXPOSE_TYPE_PROMETHEUS  "text/plain; version=0.0.4; charset=utf-8"
#define PROA_EXPOSE_TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* The format an Accept header (all its lines joined by commas, or empty) asks for: OpenMetrics when
 * it is named, in a version we write, with at least the weight of plain text; else Prometheus. */
enum proa_expose_format proa_expose_negotiate(struct proa_slice accept);
/* Static text for Content-Type. */
struct proa_slice proa_expose_content_type(enum proa_expose_format format);
/* Appends the whole exposition. ERR_LIMIT when the buffer's maximum does not hold it; the bytes
 * are then incomplete and not to be sent. */
enum proa_err proa_expose_write(const struct proa_metric_reg *reg, enum proa_expose_format format,
                                struct proa_buf *out) PROA_MUST_CHECK;

#endif
