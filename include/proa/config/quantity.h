/*
 * Numbers as people write them: durations, sizes, fractions. Used by configuration, flags and
 * environment alike.
 *
 * Pure. Nothing is rounded and no unit is guessed. Each parser takes the whole slice and returns
 * PROA_ERR_SYNTAX for what is not such a quantity, PROA_ERR_RANGE for what does not fit the result;
 * *out is untouched then.
 */
#ifndef PROA_CONFIG_QUANTITY_H
#define PROA_CONFIG_QUANTITY_H

#include "proa/core/slice.h"

/*
 * Nanoseconds from "250ms", "30s", "5m", "1h", "2d", "10us", "7ns", "1.5s", or several with falling
 * units, "1h30m". Only "0" needs no unit. Decimals end at the nanosecond.
 */
enum proa_err proa_quantity_duration(struct proa_slice s, uint64_t *ns) PROA_MUST_CHECK;
/* "100", "512B", "64KiB", "1MiB", "2GiB" (powers of 1024) and "10kB", "10KB", "10MB", "1GB". */
enum proa_err proa_quantity_bytes(struct proa_slice s, uint64_t *bytes) PROA_MUST_CHECK;
/* "0.2" -> 200000. At most six decimals, no sign, no exponent. */
enum proa_err proa_quantity_ppm(struct proa_slice s, uint32_t *ppm) PROA_MUST_CHECK;
/* "true" or "false", and nothing else. */
enum proa_err proa_quantity_bool(struct proa_slice s, bool *out) PROA_MUST_CHECK;

/* The largest text any formatter below makes, NUL included. */
enum { PROA_QUANTITY_TEXT_MAX = 48 };

/* Shortest form that parses back to the same value ("90s" -> "1m30s"); NUL-terminated. Returns
 * the length. */
size_t proa_quantity_duration_text(char out[PROA_QUANTITY_TEXT_MAX], uint64_t ns);
size_t proa_quantity_bytes_text(char out[PROA_QUANTITY_TEXT_MAX], uint64_t bytes);
size_t proa_quantity_ppm_text(char out[PROA_QUANTITY_TEXT_MAX], uint32_t ppm);

#endif
