/*
 * The order of names: by their bytes, a prefix first. One for whoever sorts and whoever searches.
 * Private to the module.
 */
#ifndef PROA_CATALOGUE_ORDER_PRIV_H
#define PROA_CATALOGUE_ORDER_PRIV_H

#include "proa/core/slice.h"

static inline int proa_catalogue_order(struct proa_slice a, struct proa_slice b)
{
    const size_t n = a.len < b.len ? a.len : b.len;
    const int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

#endif
