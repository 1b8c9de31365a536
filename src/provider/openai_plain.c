/*
 * The short way through a whole answer that is a success of the usual shape.
 *
 * A quote inside a JSON string is always escaped, so the bytes `"error"` are a whole string, or the
 * end of one whose last quote but one is escaped; looking for them costs a small part of reading
 * everything. Usage stands last, or nearly so: it is found from the end, and is a member of the
 * outermost object exactly if the members from there on close one bracket, the last of the body.
 */
#include "openai_priv.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* How far from the end usage is looked for: it is some hundred bytes long. */
enum { TAIL_MAX = 4096 };

/* Is one of the strings at `text`, which begins with a quote, that a failure is told by? */
static bool is_trouble(struct proa_slice text)
{
    return proa_slice_starts(text, PROA_SLICE("\"error\"")) ||
           proa_slice_starts(text, PROA_SLICE("\"insufficient_system_resource\""));
}

static bool has_trouble_slow(struct proa_slice text, size_t at)
{
    for (;;) {
        at += proa_slice_find(proa_slice_from(text, at), '"');
        if (at >= text.len) {
            return false;
        }
        if (is_trouble(proa_slice_from(text, at))) {
            return true;
        }
        at++;
    }
}

#if defined(__x86_64__)

static bool is_trouble_in(struct proa_slice text, size_t at, unsigned mask)
{
    for (; mask != 0; mask &= mask - 1) {
        if (is_trouble(proa_slice_from(text, at + (size_t)__builtin_ctz(mask)))) {
            return true;
        }
    }
    return false;
}

/* Places where a quote stands before the first letter of either string. */
static inline unsigned trouble_mask(const char *p)
{
    const __m128i quote = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
    const __m128i letter = _mm_or_si128(_mm_cmpeq_epi8(next, _mm_set1_epi8('e')),
                                        _mm_cmpeq_epi8(next, _mm_set1_epi8('i')));
    return (unsigned)_mm_movemask_epi8(
        _mm_and_si128(letter, _mm_cmpeq_epi8(quote, _mm_set1_epi8('"'))));
}

__attribute__((target("avx2"))) static inline unsigned trouble_mask_wide(const char *p)
{
    const __m256i quote = _mm256_loadu_si256((const __m256i *)(const void *)p);
    const __m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(p + 1));
    const __m256i letter = _mm256_or_si256(_mm256_cmpeq_epi8(next, _mm256_set1_epi8('e')),
                                           _mm256_cmpeq_epi8(next, _mm256_set1_epi8('i')));
    return (unsigned)_mm256_movemask_epi8(
        _mm256_and_si256(letter, _mm256_cmpeq_epi8(quote, _mm256_set1_epi8('"'))));
}

__attribute__((target("avx2"))) static bool has_trouble_wide(struct proa_slice text, size_t *at)
{
    size_t i = 0;
    for (; i + 32 < text.len; i += 32) {
        const unsigned mask = trouble_mask_wide(text.ptr + i);
        if (PROA_UNLIKELY(mask != 0) && is_trouble_in(text, i, mask)) {
            return true;
        }
    }
    *at = i;
    return false;
}

static bool has_trouble(struct proa_slice text)
{
    size_t at = 0;
    if (__builtin_cpu_supports("avx2") && has_trouble_wide(text, &at)) {
        return true;
    }
    for (; at + 16 < text.len; at += 16) {
        const unsigned mask = trouble_mask(text.ptr + at);
        if (mask != 0 && is_trouble_in(text, at, mask)) {
            return true;
        }
    }
    return has_trouble_slow(text, at);
}

#else

static bool has_trouble(struct proa_slice text)
{
    return has_trouble_slow(text, 0);
}

#endif

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Does a comma stand before `at`? */
static bool follows_comma(struct proa_slice text, size_t at)
{
    while (at > 0 && is_blank(text.ptr[at - 1])) {
        at--;
    }
    return at > 0 && text.ptr[at - 1] == ',';
}

/* Last place of a string token that follows a comma, not farther from the end than TAIL_MAX; or
 * text.len. */
static size_t find_last(struct proa_slice text, struct proa_slice token)
{
    const size_t first = text.len > TAIL_MAX ? text.len - TAIL_MAX : 0;
    size_t end = text.len;
    while (end > first) {
        const char *quote = memrchr(text.ptr + first, token.ptr[1], end - first);
        if (!quote) {
            break;
        }
        end = (size_t)(quote - text.ptr);
        if (end > 0 && proa_slice_starts(proa_slice_from(text, end - 1), token) &&
            follows_comma(text, end - 1)) {
            return end - 1;
        }
    }
    return text.len;
}

struct found {
    struct proa_json_item model;
    struct proa_usage usage;
    bool has_usage;
};

/* The members before the answer, to where the value of that one begins. */
static bool read_front(struct proa_slice body, struct proa_slice answer_key, struct found *f,
                       struct proa_slice *answer)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, body) != PROA_OK || !c.is_object) {
        return false;
    }
    while (proa_json_cursor_key(&c, &item)) {
        if (proa_decode_key_is(&item, answer_key)) {
            *answer = item.value;
            return true;
        }
        if (!proa_json_cursor_value(&c, &item) || proa_decode_key_is(&item, PROA_SLICE("usage"))) {
            return false;
        }
        if (proa_decode_key_is(&item, PROA_SLICE("model"))) {
            f->model = item;
        }
    }
    return false;
}

/* Usage, walked over once; false when it is no object, so that its value is still to be read. */
static bool read_usage(struct proa_json_cursor *c, const struct proa_json_item *item,
                       struct found *f)
{
    struct proa_json_cursor object;
    f->has_usage = true;
    f->usage = (struct proa_usage){.known = 0};
    if (item->kind != PROA_JSON_OBJECT || !proa_json_cursor_enter(c, item, &object)) {
        return false;
    }
    proa_openai_usage_walk(&object, &f->usage);
    return proa_json_cursor_leave(c, &object);
}

/*
 * The members behind the answer, from usage on, or from the model where that was not before the
 * answer. Usage must be here: that the object ends with the body, and so is not cut short, is what
 * the way to its end proves.
 */
static bool read_back(struct proa_slice rest, struct found *f)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t at = find_last(rest, PROA_SLICE("\"usage\""));
    if (f->model.kind == PROA_JSON_ABSENT) {
        const size_t model_at = find_last(rest, PROA_SLICE("\"model\""));
        at = model_at < at ? model_at : at;
    }
    if (at == rest.len) {
        return false;
    }
    proa_json_cursor_resume(&c, proa_slice_from(rest, at));
    while (proa_json_cursor_key(&c, &item)) {
        if (proa_decode_key_is(&item, PROA_SLICE("usage")) && read_usage(&c, &item, f)) {
            continue;
        }
        if (proa_json_cursor_value(&c, &item) && proa_decode_key_is(&item, PROA_SLICE("model"))) {
            f->model = item;
        }
    }
    return c.err == PROA_OK && f->has_usage && f->model.kind != PROA_JSON_ABSENT;
}

/* Is it an array with something in it? */
static bool is_filled_array(struct proa_slice text)
{
    size_t at = 1;
    if (text.len == 0 || text.ptr[0] != '[') {
        return false;
    }
    while (at < text.len && is_blank(text.ptr[at])) {
        at++;
    }
    return at < text.len && text.ptr[at] != ']';
}

bool proa_openai_plain_is_usual(enum proa_operation op, struct proa_slice body,
                                struct proa_usage *usage, struct proa_slice *model)
{
    struct found found = {.has_usage = false};
    struct proa_slice answer = PROA_SLICE_NONE;
    if (body.len == 0 || body.ptr[body.len - 1] != '}' ||
        !read_front(body, proa_openai_answer_key(op), &found, &answer) ||
        !is_filled_array(answer) || has_trouble(body) || !read_back(answer, &found)) {
        return false;
    }
    for (int i = 0; i < PROA_USAGE_FIELDS; i++) {
        if (proa_usage_has(&found.usage, (enum proa_usage_field)i)) {
            proa_usage_set(usage, (enum proa_usage_field)i, found.usage.count[i]);
        }
    }
    if (proa_decode_string(&found.model).len > 0) {
        *model = proa_decode_string(&found.model);
    }
    return true;
}
