#include "short_id_priv.h"

#include "proa/core/hash.h"

static bool is_alphanumeric(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) {
            return false;
        }
    }
    return true;
}

struct proa_slice proa_short_id(struct proa_slice id, struct proa_arena *arena)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (id.len == PROA_SHORT_ID_LEN && is_alphanumeric(id)) {
        return id;
    }
    char *text = proa_arena_alloc(arena, PROA_SHORT_ID_LEN);
    uint64_t rest = proa_hash64(id, 0); /* 62^9 of its values tell ids apart */
    for (size_t i = 0; i < PROA_SHORT_ID_LEN; i++) {
        text[i] = letters[rest % 62];
        rest /= 62;
    }
    return proa_slice_make(text, PROA_SHORT_ID_LEN);
}
