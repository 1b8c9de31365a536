#include "options_priv.h"

static bool is_name(struct proa_slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        const char c = key.ptr[i];
        if (c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9')) {
            return false;
        }
    }
    return key.len > 0;
}

static bool is_own(const struct proa_options *options, struct proa_slice key)
{
    for (size_t i = 0; i < options->n_own; i++) {
        if (proa_slice_eq(options->own[i], key)) {
            return true;
        }
    }
    return false;
}

bool proa_options_have(const struct proa_options *options, struct proa_slice key)
{
    for (size_t i = 0; i < options->n; i++) {
        if (proa_slice_eq(options->items[i].key, key)) {
            return true;
        }
    }
    return false;
}

bool proa_options_add(struct proa_options *options, struct proa_slice key, struct proa_slice value)
{
    if (proa_options_have(options, key)) {
        return true;
    }
    if (!is_name(key) || is_own(options, key) || options->n == OPTIONS_MAX) {
        return false;
    }
    options->items[options->n++] = (struct proa_option){key, value};
    return true;
}

void proa_options_put(struct proa_json_writer *w, const struct proa_options *options)
{
    for (size_t i = 0; i < options->n; i++) {
        proa_json_writer_key(w, options->items[i].key);
        proa_json_writer_raw(w, options->items[i].value);
    }
}
