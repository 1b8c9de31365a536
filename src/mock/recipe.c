#include "proa/mock/recipe.h"

#include "errors_priv.h"

#include "proa/config/quantity.h"

#include <stdarg.h>
#include <stdio.h>

enum value_type {
    TYPE_FLAG = 0,
    TYPE_STATUS,
    TYPE_CODE,
    TYPE_COUNT,
    TYPE_DURATION,
    TYPE_BYTES,
    TYPE_SWITCH,
    TYPE_STALL,
    TYPE_CUT,
    TYPE_ERROR,
    TYPE_FINISH
};

#define REQUIRED UINT64_MAX

enum { NAME_MAX_BYTES = 24 };

/* An hour is longer than anybody waits; sizes and counts stay far from what overflows. */
static const uint64_t COUNT_MAX = 1000000000;

static const struct setting {
    struct proa_slice name;
    enum value_type type;
    uint64_t bare;
    struct proa_slice help;
} SETTINGS[PROA_MOCK_SETTINGS] = {
#define SETTING_ROW(id, name, type, bare, help)                                                    \
    {PROA_SLICE_INIT(name), TYPE_##type, (bare), PROA_SLICE_INIT(help)},
    PROA_MOCK_SETTING_TABLE(SETTING_ROW)
#undef SETTING_ROW
};

static const struct proa_slice CODES[] = {
    PROA_SLICE_INIT("rate_limit_exceeded"),
    PROA_SLICE_INIT("insufficient_quota"),
    PROA_SLICE_INIT("context_length_exceeded"),
    PROA_SLICE_INIT("content_filter"),
    PROA_SLICE_INIT("content_policy_violation"),
    PROA_SLICE_INIT("invalid_api_key"),
    PROA_SLICE_INIT("model_not_found"),
    PROA_SLICE_INIT("unsupported_parameter"),
    PROA_SLICE_INIT("invalid_value"),
    PROA_SLICE_INIT("server_error"),
    PROA_SLICE_INIT("overloaded"),
    PROA_SLICE_INIT("slow_down"),
};

/* Reasons of all dialects; each is said as it stands here, by whichever profile is asked. */
static const struct proa_slice FINISHES[] = {
    PROA_SLICE_INIT("stop"),
    PROA_SLICE_INIT("length"),
    PROA_SLICE_INIT("content_filter"),
    PROA_SLICE_INIT("error"),
    PROA_SLICE_INIT("model_length"),
    PROA_SLICE_INIT("insufficient_system_resource"),
    PROA_SLICE_INIT("eos"),
    PROA_SLICE_INIT("end_turn"),
    PROA_SLICE_INIT("stop_sequence"),
    PROA_SLICE_INIT("pause_turn"),
    PROA_SLICE_INIT("max_tokens"),
    PROA_SLICE_INIT("model_context_window_exceeded"),
    PROA_SLICE_INIT("refusal"),
    PROA_SLICE_INIT("compaction"),
    PROA_SLICE_INIT("content_filtered"),
    PROA_SLICE_INIT("guardrail_intervened"),
    PROA_SLICE_INIT("malformed_model_output"),
    PROA_SLICE_INIT("malformed_tool_use"),
    PROA_SLICE_INIT("MAX_TOKENS"),
    PROA_SLICE_INIT("CONTINUATION"),
    PROA_SLICE_INIT("SAFETY"),
    PROA_SLICE_INIT("RECITATION"),
    PROA_SLICE_INIT("BLOCKLIST"),
    PROA_SLICE_INIT("PROHIBITED_CONTENT"),
    PROA_SLICE_INIT("SPII"),
    PROA_SLICE_INIT("LANGUAGE"),
    PROA_SLICE_INIT("MALFORMED_FUNCTION_CALL"),
    PROA_SLICE_INIT("UNEXPECTED_TOOL_CALL"),
    PROA_SLICE_INIT("OTHER"),
    PROA_SLICE_INIT("STOP_SEQUENCE"),
    PROA_SLICE_INIT("ERROR"),
    PROA_SLICE_INIT("TIMEOUT"),
    PROA_SLICE_INIT("blocked"),
};

/* ---- refusals -------------------------------------------------------------------------------- */

struct reading {
    const char *start; /* of the whole recipe, for offsets */
    struct proa_mock_recipe_fault *fault;
};

static enum proa_err PROA_PRINTF(4, 5) refuse(const struct reading *r, struct proa_slice where,
                                              enum proa_err err, const char *fmt, ...)
{
    if (r->fault) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(r->fault->message, sizeof(r->fault->message), fmt, args);
        va_end(args);
        r->fault->at = where.ptr ? (size_t)(where.ptr - r->start) : 0;
    }
    return err;
}

/* The name closest to a misspelt one, NULL when none is close. */
static const struct proa_slice *closest(struct proa_slice name)
{
    const struct proa_slice *best = NULL;
    size_t best_distance = 4;
    for (size_t i = 0; i < PROA_MOCK_SETTINGS; i++) {
        size_t d = proa_slice_distance(name, SETTINGS[i].name);
        if (d < best_distance && d < SETTINGS[i].name.len) {
            best_distance = d;
            best = &SETTINGS[i].name;
        }
    }
    return best;
}

/* As proa_slice_from(), but an empty rest keeps its place: refusals point there. */
static struct proa_slice behind(struct proa_slice s, size_t n)
{
    n = n < s.len ? n : s.len;
    return proa_slice_make(s.ptr + n, s.len - n);
}

static enum proa_err refuse_name(const struct reading *r, struct proa_slice name)
{
    const struct proa_slice shown = proa_slice_head(name, 40);
    const struct proa_slice *near = closest(name);
    if (near) {
        return refuse(r, name, PROA_ERR_SYNTAX,
                      "unknown setting \"%" PROA_SLICE_FMT "\": did you mean \"%" PROA_SLICE_FMT
                      "\"?",
                      PROA_SLICE_ARG(shown), PROA_SLICE_ARG(*near));
    }
    return refuse(r, name, PROA_ERR_SYNTAX,
                  "unknown setting \"%" PROA_SLICE_FMT "\": see `proa mock --help` for all names",
                  PROA_SLICE_ARG(shown));
}

/* ---- values ---------------------------------------------------------------------------------- */

/* What a value of each type must look like; for the message. */
static const char *type_text(enum value_type type)
{
    switch (type) {
    case TYPE_STATUS:
        return "a status from 200 to 599";
    case TYPE_CODE:
        return "an error code such as insufficient_quota or context_length_exceeded";
    case TYPE_COUNT:
        return "a whole number up to 1000000000";
    case TYPE_DURATION:
        return "a time such as 250ms or 2s";
    case TYPE_BYTES:
        return "a size such as 500 or 64KiB";
    case TYPE_SWITCH:
        return "yes or no";
    case TYPE_STALL:
        return "head, first or a number of events";
    case TYPE_CUT:
        return "head, middle or a number of bytes";
    case TYPE_ERROR:
        return "the name of a recorded error such as rate, context or bad-key";
    case TYPE_FINISH:
        return "a reason such as content_filter, refusal or SAFETY";
    case TYPE_FLAG:
        break;
    }
    return "no value";
}

static enum proa_err read_count(struct proa_slice text, uint64_t *out)
{
    uint64_t n = 0;
    enum proa_err err = proa_slice_to_u64(text, &n);
    if (err) {
        return err;
    }
    if (n > COUNT_MAX) {
        return PROA_ERR_RANGE;
    }
    *out = n;
    return PROA_OK;
}

static enum proa_err read_status(struct proa_slice text, uint64_t *out)
{
    uint64_t n = 0;
    enum proa_err err = read_count(text, &n);
    if (err) {
        return err;
    }
    if (n < 200 || n > 599) {
        return PROA_ERR_RANGE;
    }
    *out = n;
    return PROA_OK;
}

static enum proa_err read_name(const struct proa_slice *names, size_t n, struct proa_slice text,
                               uint64_t *out)
{
    for (size_t i = 0; i < n; i++) {
        if (proa_slice_eq(text, names[i])) {
            *out = i;
            return PROA_OK;
        }
    }
    return PROA_ERR_SYNTAX;
}

static enum proa_err read_switch(struct proa_slice text, uint64_t *out)
{
    if (proa_slice_eq(text, PROA_SLICE("yes")) || proa_slice_eq(text, PROA_SLICE("true"))) {
        *out = 1;
        return PROA_OK;
    }
    if (proa_slice_eq(text, PROA_SLICE("no")) || proa_slice_eq(text, PROA_SLICE("false"))) {
        *out = 0;
        return PROA_OK;
    }
    return PROA_ERR_SYNTAX;
}

static enum proa_err read_stall(struct proa_slice text, uint64_t *out)
{
    if (proa_slice_eq(text, PROA_SLICE("head"))) {
        *out = 0;
        return PROA_OK;
    }
    if (proa_slice_eq(text, PROA_SLICE("first"))) {
        *out = 1;
        return PROA_OK;
    }
    uint64_t events = 0;
    enum proa_err err = read_count(text, &events);
    if (err) {
        return err;
    }
    *out = events + 1;
    return PROA_OK;
}

static enum proa_err read_cut(struct proa_slice text, uint64_t *out)
{
    if (proa_slice_eq(text, PROA_SLICE("head"))) {
        *out = PROA_MOCK_CUT_HEAD;
        return PROA_OK;
    }
    if (proa_slice_eq(text, PROA_SLICE("middle"))) {
        *out = PROA_MOCK_CUT_MIDDLE;
        return PROA_OK;
    }
    return read_count(text, out);
}

static enum proa_err read_bounded(enum proa_err (*read)(struct proa_slice, uint64_t *),
                                  struct proa_slice text, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;
    enum proa_err err = read(text, &n);
    if (err) {
        return err;
    }
    if (n > most) {
        return PROA_ERR_RANGE;
    }
    *out = n;
    return PROA_OK;
}

static enum proa_err read_value(enum value_type type, struct proa_slice text, uint64_t *out)
{
    switch (type) {
    case TYPE_STATUS:
        return read_status(text, out);
    case TYPE_CODE:
        return read_name(CODES, PROA_ARRAY_LEN(CODES), text, out);
    case TYPE_COUNT:
        return read_count(text, out);
    case TYPE_DURATION:
        return read_bounded(proa_quantity_duration, text, 86400 * PROA_NS_PER_S, out);
    case TYPE_BYTES:
        return read_bounded(proa_quantity_bytes, text, COUNT_MAX, out);
    case TYPE_SWITCH:
        return read_switch(text, out);
    case TYPE_STALL:
        return read_stall(text, out);
    case TYPE_CUT:
        return read_cut(text, out);
    case TYPE_ERROR:
        return proa_mock_error_name_find(text, out) ? PROA_OK : PROA_ERR_SYNTAX;
    case TYPE_FINISH:
        return read_name(FINISHES, PROA_ARRAY_LEN(FINISHES), text, out);
    case TYPE_FLAG:
        break;
    }
    return PROA_ERR_SYNTAX;
}

/* ---- grammar --------------------------------------------------------------------------------- */

/* "20%", "2.5%", and "20" where the sign may be left out. */
static enum proa_err read_percent(struct proa_slice text, bool sign_needed, uint32_t *ppm)
{
    if (text.len > 0 && text.ptr[text.len - 1] == '%') {
        text.len--;
    } else if (sign_needed) {
        return PROA_ERR_SYNTAX;
    }
    const size_t dot = proa_slice_find(text, '.');
    struct proa_slice decimals = behind(text, dot + 1);
    uint64_t whole = 0;
    enum proa_err err = proa_slice_to_u64(proa_slice_head(text, dot), &whole);
    if (err) {
        return err;
    }
    uint64_t value = whole > 100 ? UINT64_MAX : whole * 10000;
    if (dot < text.len && (decimals.len == 0 || decimals.len > 4)) {
        return PROA_ERR_SYNTAX;
    }
    uint64_t weight = 1000;
    for (size_t i = 0; i < decimals.len; i++, weight /= 10) {
        if (decimals.ptr[i] < '0' || decimals.ptr[i] > '9') {
            return PROA_ERR_SYNTAX;
        }
        value += whole > 100 ? 0 : (uint64_t)(decimals.ptr[i] - '0') * weight;
    }
    if (value > PROA_MOCK_ALWAYS) {
        return PROA_ERR_RANGE;
    }
    *ppm = (uint32_t)value;
    return PROA_OK;
}

static bool is_bare_status(struct proa_slice s)
{
    if (s.len != 3) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

static size_t find_setting(struct proa_slice name)
{
    char folded[NAME_MAX_BYTES];
    if (name.len > sizeof folded) {
        return PROA_MOCK_SETTINGS;
    }
    for (size_t i = 0; i < name.len; i++) {
        folded[i] = name.ptr[i];
        if (folded[i] == '_') {
            folded[i] = '-';
        }
    }
    size_t i = 0;
    while (i < PROA_MOCK_SETTINGS &&
           !proa_slice_eq(SETTINGS[i].name, proa_slice_make(folded, name.len))) {
        i++;
    }
    return i;
}

static enum proa_err read_setting(const struct reading *r, struct proa_slice text,
                                  struct proa_mock_step *step)
{
    struct proa_slice name = text;
    struct proa_slice value = text;
    size_t which = PROA_MOCK_STATUS;
    bool has_value = true;
    if (!is_bare_status(text)) {
        const size_t eq = proa_slice_find(text, '=');
        has_value = eq < text.len;
        name = proa_slice_head(text, eq);
        value = behind(text, eq + 1);
        which = find_setting(name);
    }
    if (text.len == 0) {
        return refuse(r, text, PROA_ERR_SYNTAX, "a setting is missing here");
    }
    if (which == PROA_MOCK_SETTINGS) {
        return refuse_name(r, name);
    }
    const struct setting *s = &SETTINGS[which];
    step->setting = (uint8_t)which;
    step->value = s->bare;
    if (!has_value && s->bare != REQUIRED) {
        return PROA_OK;
    }
    enum proa_err err = has_value ? read_value(s->type, value, &step->value) : PROA_ERR_SYNTAX;
    if (err) {
        return refuse(r, has_value ? value : name, err, "\"%" PROA_SLICE_FMT "\" takes %s",
                      PROA_SLICE_ARG(s->name), type_text(s->type));
    }
    return PROA_OK;
}

/* Cuts the probability off either end of an item. */
static enum proa_err read_chance(const struct reading *r, struct proa_slice *item, uint32_t *ppm)
{
    struct proa_slice text;
    bool sign_needed = false;
    if (proa_slice_starts(*item, PROA_SLICE("p="))) {
        const size_t colon = proa_slice_find(*item, ':');
        text = behind(proa_slice_head(*item, colon), 2);
        *item = behind(*item, colon + 1);
    } else if (item->len > 0 && item->ptr[item->len - 1] == '%') {
        size_t colon = item->len;
        while (colon > 0 && item->ptr[colon - 1] != ':') {
            colon--;
        }
        text = behind(*item, colon);
        *item = proa_slice_head(*item, colon > 0 ? colon - 1 : 0);
        sign_needed = true;
    } else {
        *ppm = PROA_MOCK_ALWAYS;
        return PROA_OK;
    }
    enum proa_err err = read_percent(text, sign_needed, ppm);
    if (err) {
        return refuse(r, text, err,
                      "a probability is a percentage from 0 to 100 with at most four decimals");
    }
    return PROA_OK;
}

static enum proa_err read_item(const struct reading *r, struct proa_slice item,
                               struct proa_mock_recipe *out)
{
    uint32_t ppm = 0;
    enum proa_err err = read_chance(r, &item, &ppm);
    bool is_joined = false;
    bool more = true;
    while (!err && more) {
        const size_t colon = proa_slice_find(item, ':');
        const struct proa_slice text = proa_slice_head(item, colon);
        more = colon < item.len;
        item = behind(item, colon + 1);
        if (out->n == PROA_MOCK_RECIPE_MAX) {
            return refuse(r, text, PROA_ERR_LIMIT, "a recipe has at most %d settings",
                          (int)PROA_MOCK_RECIPE_MAX);
        }
        struct proa_mock_step *step = &out->steps[out->n];
        *step = (struct proa_mock_step){.chance_ppm = ppm, .is_joined = is_joined};
        err = read_setting(r, text, step);
        out->n++;
        is_joined = true;
    }
    return err;
}

static size_t item_end(struct proa_slice s)
{
    size_t i = 0;
    while (i < s.len && s.ptr[i] != ',' && s.ptr[i] != ';') {
        i++;
    }
    return i;
}

enum proa_err proa_mock_recipe_parse(struct proa_slice text, struct proa_mock_recipe *out,
                                     struct proa_mock_recipe_fault *fault)
{
    const struct reading r = {.start = text.ptr, .fault = fault};
    struct proa_mock_recipe recipe = {.n = 0};
    if (proa_slice_trim(text).len == 0) {
        *out = recipe;
        return PROA_OK;
    }
    for (bool more = true; more;) {
        const size_t end = item_end(text);
        more = end < text.len;
        enum proa_err err = read_item(&r, proa_slice_trim(proa_slice_head(text, end)), &recipe);
        if (err) {
            return err;
        }
        text = behind(text, end + 1);
    }
    *out = recipe;
    return PROA_OK;
}

/* ---- plans ----------------------------------------------------------------------------------- */

void proa_mock_plan_add(struct proa_mock_plan *plan, const struct proa_mock_recipe *recipe,
                        struct proa_prng *prng)
{
    bool happens = false;
    for (uint32_t i = 0; i < recipe->n; i++) {
        const struct proa_mock_step *step = &recipe->steps[i];
        if (!step->is_joined) {
            happens = step->chance_ppm >= PROA_MOCK_ALWAYS ||
                      proa_prng_below(prng, PROA_MOCK_ALWAYS) < step->chance_ppm;
        }
        if (happens) {
            plan->set |= UINT64_C(1) << step->setting;
            plan->values[step->setting] = step->value;
        }
    }
}

struct proa_slice proa_mock_setting_name(enum proa_mock_setting s)
{
    return s < PROA_MOCK_SETTINGS ? SETTINGS[s].name : PROA_SLICE_NONE;
}

struct proa_slice proa_mock_setting_help(enum proa_mock_setting s)
{
    return s < PROA_MOCK_SETTINGS ? SETTINGS[s].help : PROA_SLICE_NONE;
}

struct proa_slice proa_mock_code_text(uint64_t value)
{
    return value < PROA_ARRAY_LEN(CODES) ? CODES[value] : PROA_SLICE_NONE;
}

struct proa_slice proa_mock_finish_text(uint64_t value)
{
    return value < PROA_ARRAY_LEN(FINISHES) ? FINISHES[value] : PROA_SLICE_NONE;
}
