#include "proa/core/err.h"

#include "proa/core/check.h"

#include <stdbool.h>
#include <stddef.h>

static const char *const texts[] = {
#define ERR_TEXT(name, text, class) text,
    PROA_ERR_TABLE(ERR_TEXT)
#undef ERR_TEXT
};

static const unsigned char classes[] = {
#define ERR_CLASS(name, text, class) PROA_ERR_CLASS_##class,
    PROA_ERR_TABLE(ERR_CLASS)
#undef ERR_CLASS
};

/* The preprocessor cannot lower the case of a name, so these are spelled out; the unit test holds
 * each against its row. */
static const char *const names[] = {
    [PROA_ERR_OK] = "ok",
    [PROA_ERR_ARG] = "arg",
    [PROA_ERR_STATE] = "state",
    [PROA_ERR_NOT_FOUND] = "not_found",
    [PROA_ERR_EXISTS] = "exists",
    [PROA_ERR_SYNTAX] = "syntax",
    [PROA_ERR_UTF8] = "utf8",
    [PROA_ERR_TYPE] = "type",
    [PROA_ERR_RANGE] = "range",
    [PROA_ERR_DUPLICATE] = "duplicate",
    [PROA_ERR_DEPTH] = "depth",
    [PROA_ERR_TRAILING] = "trailing",
    [PROA_ERR_TRUNCATED] = "truncated",
    [PROA_ERR_PROTOCOL] = "protocol",
    [PROA_ERR_UNSUPPORTED] = "unsupported",
    [PROA_ERR_LIMIT] = "limit",
    [PROA_ERR_DNS] = "dns",
    [PROA_ERR_REFUSED] = "refused",
    [PROA_ERR_RESET] = "reset",
    [PROA_ERR_CLOSED] = "closed",
    [PROA_ERR_UNREACHABLE] = "unreachable",
    [PROA_ERR_PROXY] = "proxy",
    [PROA_ERR_IO] = "io",
    [PROA_ERR_TLS] = "tls",
    [PROA_ERR_TLS_HOSTNAME] = "tls_hostname",
    [PROA_ERR_TLS_EXPIRED] = "tls_expired",
    [PROA_ERR_TLS_FUTURE] = "tls_future",
    [PROA_ERR_TLS_UNTRUSTED] = "tls_untrusted",
    [PROA_ERR_TLS_REVOKED] = "tls_revoked",
    [PROA_ERR_TIMEOUT] = "timeout",
    [PROA_ERR_CANCELLED] = "cancelled",
    [PROA_ERR_OVERLOAD] = "overload",
    [PROA_ERR_PERMISSION] = "permission",
    [PROA_ERR_ADDR_IN_USE] = "addr_in_use",
    [PROA_ERR_FD_LIMIT] = "fd_limit",
    [PROA_ERR_INTERNAL] = "internal",
};

_Static_assert(PROA_ARRAY_LEN(names) == PROA_ARRAY_LEN(texts), "every error has a name");

static bool known(enum proa_err err)
{
    return (size_t)err < PROA_ARRAY_LEN(texts);
}

const char *proa_err_text(enum proa_err err)
{
    return known(err) ? texts[err] : "unknown error";
}

const char *proa_err_name(enum proa_err err)
{
    return known(err) && names[err] ? names[err] : "unknown";
}

enum proa_err_class proa_err_class(enum proa_err err)
{
    return known(err) ? (enum proa_err_class)classes[err] : PROA_ERR_CLASS_INTERNAL;
}
