/* What the steps of a build share: messages with places, what comes from outside, names. */
#include "build_priv.h"

#include "proa/core/hash.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- messages -------------------------------------------------------------------------------- */

enum { MESSAGE_MAX = sizeof(((struct proa_diag *)0)->message) };

void proa_build_error(struct proa_build *b, struct proa_option_where at, const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    proa_diags_add(b->diags, PROA_DIAG_ERROR, at.file, at.line, at.col, "%s", n < 0 ? "" : text);
}

void proa_build_warn(struct proa_build *b, struct proa_option_where at, const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    proa_diags_add(b->diags, PROA_DIAG_WARNING, at.file, at.line, at.col, "%s", n < 0 ? "" : text);
}

struct proa_option_where proa_build_at(const struct proa_doc_node *node,
                                       struct proa_option_where fallback)
{
    return node ? node->at : fallback;
}

const struct proa_doc_node *proa_build_member(const struct proa_doc_node *node, const char *key,
                                              const char *shorthand)
{
    if (!node || node->kind == PROA_DOC_MAP) {
        return proa_doc_get(node, proa_slice_cstr(key));
    }
    return shorthand && strcmp(key, shorthand) == 0 ? node : NULL;
}

const struct proa_doc_node *proa_build_item(const struct proa_doc_node *list, size_t i)
{
    return list && list->kind == PROA_DOC_LIST && i < list->n ? list->items[i] : NULL;
}

/* ---- what comes in --------------------------------------------------------------------------- */

void proa_build_hash(struct proa_build *b, struct proa_slice bytes)
{
    b->hash = proa_hash64(bytes, b->hash + bytes.len);
}

bool proa_build_getenv(struct proa_build *b, const char *name, struct proa_slice *value)
{
    const struct proa_policy_env *env = b->input->env;
    if (!env || !env->getenv || !env->getenv(env->ctx, name, value)) {
        return false;
    }
    proa_build_hash(b, proa_slice_cstr(name));
    proa_build_hash(b, *value);
    return true;
}

const char *proa_build_file_trouble(enum proa_err err, bool secret)
{
    if (err == PROA_ERR_NOT_FOUND) {
        return "does not exist";
    }
    if (err == PROA_ERR_PERMISSION) {
        return secret ? "may be read by others, or not by this user; give it to the user that runs "
                        "proa, mode 0600"
                      : "may not be read by this user";
    }
    return err == PROA_ERR_LIMIT ? "is too large" : "cannot be read";
}

bool proa_build_read(struct proa_build *b, struct proa_option_where at, const char *path,
                     struct proa_slice file, const char *hint, struct proa_slice *bytes)
{
    const struct proa_policy_env *env = b->input->env;
    enum proa_err err = PROA_ERR_NOT_FOUND;
    if (env && env->file) {
        err = env->file(env->ctx, proa_arena_cstr(b->arena, file), false, bytes);
    }
    if (err) {
        proa_build_error(b, at, "%s: the file %" PROA_SLICE_FMT " %s%s", path, PROA_SLICE_ARG(file),
                         proa_build_file_trouble(err, false),
                         err == PROA_ERR_NOT_FOUND ? hint : "");
        return false;
    }
    proa_build_hash(b, *bytes);
    return true;
}

/* ---- names ----------------------------------------------------------------------------------- */

bool proa_build_is_name(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        const bool alnum =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (i == 0 || (c != '.' && c != '_' && c != '-'))) {
            return false;
        }
    }
    return s.len > 0 && s.len <= 64;
}

size_t proa_build_near(struct proa_slice a, struct proa_slice b)
{
    const size_t shorter = a.len < b.len ? a.len : b.len;
    return shorter >= 9 ? shorter / 3 : shorter >= 4 ? 2 : shorter / 2; /* 2: swapped letters */
}

void proa_build_guess_init(struct proa_build_guess *g, struct proa_slice word)
{
    *g = (struct proa_build_guess){.word = word, .distance = SIZE_MAX};
}

void proa_build_guess_try(struct proa_build_guess *g, struct proa_slice candidate)
{
    const size_t distance = proa_slice_distance(g->word, candidate);
    if (distance < g->distance && distance <= proa_build_near(g->word, candidate)) {
        g->best = candidate;
        g->distance = distance;
    }
}

const char *proa_build_guess_text(const struct proa_build_guess *g, struct proa_arena *arena)
{
    if (g->best.len == 0) {
        return "";
    }
    return proa_arena_printf(arena, "; did you mean \"%" PROA_SLICE_FMT "\"?%c",
                             PROA_SLICE_ARG(g->best), '\0')
        .ptr;
}
