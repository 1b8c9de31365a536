/*
 * Vectors of embeddings between their two forms: a JSON array of numbers, and base64 of
 * little-endian IEEE 754 binary32.
 *
 * Pure. The one place of the pure half where floating point is right: the numbers are what travels,
 * and nothing is decided by them.
 */
#ifndef PROA_API_FLOATS_PRIV_H
#define PROA_API_FLOATS_PRIV_H

#include "proa/core/buf.h"

/* Appends base64, without quotes. Each number becomes the nearest float. False, with `out` as long
 * as it was, when `array` is no array of numbers that are finite floats, or `out` is full. */
bool proa_floats_to_base64(struct proa_slice array, struct proa_buf *out) PROA_MUST_CHECK;
/* Appends an array of the shortest numbers that give the same floats again. False likewise, when
 * `base64` is none, or not of whole finite floats. */
bool proa_floats_to_array(struct proa_slice base64, struct proa_buf *out) PROA_MUST_CHECK;

#endif
