/*
 * Marks memory that is kept but belongs to nobody, so that AddressSanitizer reports a touch of it
 * as it would report use after free. Nothing at all in other builds.
 *
 * Leak detection does not follow pointers in poisoned bytes: links of a chain stay readable.
 */
#ifndef PROA_CORE_POISON_PRIV_H
#define PROA_CORE_POISON_PRIV_H

#include "proa/core/check.h"

#if PROA_ADDRESS_SANITIZER
#define PROA_POISON_ON 1
#endif

#ifdef PROA_POISON_ON
#include <sanitizer/asan_interface.h>
#define PROA_POISON(ptr, size)   __asan_poison_memory_region((ptr), (size))
#define PROA_UNPOISON(ptr, size) __asan_unpoison_memory_region((ptr), (size))
#else
#define PROA_POISON(ptr, size)   ((void)(ptr), (void)(size))
#define PROA_UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

#endif
