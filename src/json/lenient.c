#include "proa/json/lenient.h"

const struct proa_json_node *proa_json_lenient_get(const struct proa_json_node *node,
                                                   const char *key)
{
    return proa_json_node_get(node, proa_slice_cstr(key));
}

struct proa_slice proa_json_lenient_string(const struct proa_json_node *node, const char *key)
{
    struct proa_slice value = PROA_SLICE_NONE;
    const enum proa_err err = proa_json_node_string(proa_json_lenient_get(node, key), &value);
    return err == PROA_OK ? value : PROA_SLICE_NONE;
}

static uint64_t not_below_zero(enum proa_err err, int64_t value)
{
    return err == PROA_OK && value > 0 ? (uint64_t)value : 0;
}

uint64_t proa_json_lenient_u64(const struct proa_json_node *node, const char *key)
{
    int64_t value = 0;
    const enum proa_err err = proa_json_node_i64(proa_json_lenient_get(node, key), &value);
    return not_below_zero(err, value);
}

uint64_t proa_json_lenient_micro(const struct proa_json_node *node, const char *key)
{
    int64_t value = 0;
    const enum proa_err err = proa_json_node_micro(proa_json_lenient_get(node, key), &value);
    return not_below_zero(err, value);
}

bool proa_json_lenient_bool(const struct proa_json_node *node, const char *key)
{
    bool value = false;
    const enum proa_err err = proa_json_node_bool(proa_json_lenient_get(node, key), &value);
    return err == PROA_OK && value;
}
