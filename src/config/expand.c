#include "expand_priv.h"
#include "value_priv.h"

#include "proa/core/buf.h"

static bool is_name(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) {
            return false;
        }
    }
    return s.len > 0;
}

/* *rest starts with "${"; appends the value and moves behind the brace. */
static enum proa_err reference(struct proa_slice *rest, const struct proa_config_env *env,
                               struct proa_buf *buf, struct proa_slice *name)
{
    size_t end = proa_slice_find(*rest, '}');
    struct proa_slice value = PROA_SLICE_NONE;
    if (end == rest->len) {
        *name = *rest;
        return PROA_ERR_SYNTAX;
    }
    *name = proa_slice_head(proa_slice_from(*rest, 2), end - 2);
    if (!is_name(*name)) {
        *name = proa_slice_head(*rest, end + 1);
        return PROA_ERR_SYNTAX;
    }
    if (!env || !env->get(env->ctx, *name, &value)) {
        return PROA_ERR_NOT_FOUND;
    }
    if (!proa_value_is_text(value)) {
        return PROA_ERR_UTF8;
    }
    *rest = proa_slice_from(*rest, end + 1);
    return proa_buf_append(buf, value);
}

enum proa_err proa_expand_text(struct proa_slice text, const struct proa_config_env *env,
                               struct proa_arena *arena, struct proa_slice *out,
                               struct proa_slice *name)
{
    struct proa_buf buf;
    struct proa_slice rest = text;
    enum proa_err err = PROA_OK;
    *name = PROA_SLICE_NONE;
    proa_buf_init(&buf, PROA_EXPAND_MAX_BYTES);
    while (!err && rest.len > 0) {
        size_t at = proa_slice_search(rest, PROA_SLICE("${"));
        if (at > 0 && at < rest.len && rest.ptr[at - 1] == '$') {
            err = proa_buf_append(&buf, proa_slice_head(rest, at - 1));
            err = err ? err : proa_buf_append(&buf, PROA_SLICE("${"));
            rest = proa_slice_from(rest, at + 2);
            continue;
        }
        err = proa_buf_append(&buf, proa_slice_head(rest, at));
        rest = proa_slice_from(rest, at);
        if (!err && rest.len > 0) {
            err = reference(&rest, env, &buf, name);
        }
    }
    if (!err) {
        *out = proa_slice_make(proa_arena_cstr(arena, proa_buf_slice(&buf)), buf.len);
    }
    proa_buf_deinit(&buf);
    return err;
}
