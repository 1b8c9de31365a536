/*
 * Lower-case hex of fixed width, by a table of byte pairs: ids are made once per attempt.
 */
#ifndef PROA_OBS_HEX_PRIV_H
#define PROA_OBS_HEX_PRIV_H

#include <stdint.h>

/* Sixteen digits, most significant first. */
void proa_hex_u64(char out[16], uint64_t value);

#endif
