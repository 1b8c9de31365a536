#include "proa/resilience/attempt.h"

#include "proa/core/check.h"

#include <stddef.h>

struct class_row {
    const char *text;
    enum proa_scope scope;
    bool movable;
    struct proa_class_weight weight;
};

static const struct class_row CLASSES[PROA_CLASS_COUNT] = {
#define ROW(name, text, scope, movable, target, pool, endpoint)                                    \
    [PROA_CLASS_##name] = {text, PROA_SCOPE_##scope, movable, {target, pool, endpoint}},
    PROA_CLASS_TABLE(ROW)
#undef ROW
};

const char *proa_class_text(enum proa_class class)
{
    return (size_t) class < PROA_ARRAY_LEN(CLASSES) ? CLASSES[class].text : "unknown";
}

enum proa_scope proa_class_scope(enum proa_class class)
{
    return (size_t) class < PROA_ARRAY_LEN(CLASSES) ? CLASSES[class].scope : PROA_SCOPE_NONE;
}

bool proa_class_movable(enum proa_class class)
{
    return (size_t) class < PROA_ARRAY_LEN(CLASSES) && CLASSES[class].movable;
}

struct proa_class_weight proa_class_weight(enum proa_class class)
{
    return CLASSES[(size_t) class < PROA_ARRAY_LEN(CLASSES) ? class : PROA_CLASS_NONE].weight;
}

enum proa_class proa_class_of_err(enum proa_err err, bool connected)
{
    if (err == PROA_ERR_DNS) {
        return PROA_CLASS_DNS;
    }
    if (err == PROA_ERR_FD_LIMIT || err == PROA_ERR_UNREACHABLE) {
        return PROA_CLASS_LOCAL;
    }
    if (err == PROA_ERR_CANCELLED) {
        return PROA_CLASS_CANCELLED;
    }
    if (err >= PROA_ERR_TLS && err <= PROA_ERR_TLS_REVOKED) {
        return PROA_CLASS_TLS;
    }
    if (!connected) {
        return err == PROA_ERR_TIMEOUT ? PROA_CLASS_CONNECT_TIMEOUT : PROA_CLASS_CONNECT;
    }
    if (err == PROA_ERR_TIMEOUT) {
        return PROA_CLASS_WRITE_TIMEOUT;
    }
    if (proa_err_class(err) == PROA_ERR_CLASS_PEER || err == PROA_ERR_LIMIT) {
        return err == PROA_ERR_TRUNCATED ? PROA_CLASS_RESET : PROA_CLASS_MALFORMED;
    }
    return PROA_CLASS_RESET;
}
