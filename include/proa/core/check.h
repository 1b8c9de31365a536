/*
 * Assertions and compiler attributes used everywhere.
 *
 * PROA_ASSERT is always on and aborts: for invariants whose breach would be memory-unsafe.
 * PROA_DASSERT is compiled in for debug, sanitizer and fuzz builds only.
 * Neither is ever applied to bytes that came from a peer.
 */
#ifndef PROA_CORE_CHECK_H
#define PROA_CORE_CHECK_H

/* 1 where AddressSanitizer looks on. */
#if defined(__SANITIZE_ADDRESS__)
#define PROA_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PROA_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef PROA_ADDRESS_SANITIZER
#define PROA_ADDRESS_SANITIZER 0
#endif

#define PROA_MUST_CHECK        __attribute__((warn_unused_result))
#define PROA_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define PROA_NORETURN          __attribute__((noreturn))
/* Left as it is where locals are zeroed by compiler option: for large ones on the hot path, all of
 * whose used part is written first. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define PROA_UNINIT __attribute__((uninitialized))
#endif
#endif
#ifndef PROA_UNINIT
#define PROA_UNINIT
#endif
#define PROA_LIKELY(x)             __builtin_expect(!!(x), 1)
#define PROA_UNLIKELY(x)           __builtin_expect(!!(x), 0)
#define PROA_ARRAY_LEN(a)          (sizeof(a) / sizeof((a)[0]))
#define PROA_CONTAINER_OF(p, T, m) ((T *)(void *)((char *)(p)-offsetof(T, m)))

/* Prints the expression with its place to stderr and aborts. */
PROA_NORETURN void proa_check_failed(const char *expr, const char *file, int line);

#define PROA_ASSERT(expr)                                                                          \
    (PROA_LIKELY(expr) ? (void)0 : proa_check_failed(#expr, __FILE__, __LINE__))

#ifdef PROA_DEBUG
#define PROA_DASSERT(expr) PROA_ASSERT(expr)
#else
#define PROA_DASSERT(expr) ((void)0)
#endif

#endif
