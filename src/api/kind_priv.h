/*
 * Kinds of JSON values in words.
 */
#ifndef PROA_API_KIND_PRIV_H
#define PROA_API_KIND_PRIV_H

#include "proa/json/scan.h"

/* "a string", "an object", "nothing". */
const char *proa_api_kind_text(enum proa_json_kind kind);

#endif
