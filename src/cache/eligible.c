#include "proa/cache/eligible.h"

#include "proa/cache/canon.h"
#include "proa/core/clock.h"
#include "proa/json/cursor.h"
#include "proa/json/string.h"

static const char *const REASON_TEXTS[PROA_CACHE_REASONS] = {
#define PROA_CACHE_REASON_TEXT(name, text) [PROA_CACHE_REASON_##name] = (text),
    PROA_CACHE_REASON_TABLE(PROA_CACHE_REASON_TEXT)
#undef PROA_CACHE_REASON_TEXT
};

const char *proa_cache_reason_text(enum proa_cache_reason reason)
{
    return REASON_TEXTS[reason];
}

/* ---- Cache-Control --------------------------------------------------------------------------- */

struct directives {
    bool no_store;
    bool no_cache;
    bool only_if_cached;
    uint64_t max_age_ns; /* UINT64_MAX: not said */
};

/* RFC 9111 5.2: a time that cannot be read counts as none left. */
static uint64_t seconds(struct proa_slice text)
{
    uint64_t s = 0;
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
        text = proa_slice_make(text.ptr + 1, text.len - 2);
    }
    const enum proa_err err = proa_slice_to_u64(text, &s);
    if (err == PROA_ERR_RANGE || s > UINT64_MAX / PROA_NS_PER_S) {
        return UINT64_MAX - 1;
    }
    return err == PROA_OK ? s * PROA_NS_PER_S : 0;
}

static struct directives read_directives(struct proa_slice list)
{
    struct directives d = {.max_age_ns = UINT64_MAX};
    while (list.len > 0) {
        struct proa_slice value;
        const struct proa_slice item = proa_slice_trim(proa_slice_split(list, ',', &list));
        const struct proa_slice name = proa_slice_trim(proa_slice_split(item, '=', &value));
        d.no_store = d.no_store || proa_slice_eq_nocase(name, PROA_SLICE("no-store"));
        d.no_cache = d.no_cache || proa_slice_eq_nocase(name, PROA_SLICE("no-cache"));
        d.only_if_cached =
            d.only_if_cached || proa_slice_eq_nocase(name, PROA_SLICE("only-if-cached"));
        if (proa_slice_eq_nocase(name, PROA_SLICE("max-age"))) {
            const uint64_t ns = seconds(proa_slice_trim(value));
            d.max_age_ns = ns < d.max_age_ns ? ns : d.max_age_ns;
        }
    }
    return d;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* A switch in a header: there, and not "0" or "false". */
static bool is_on(struct proa_slice value)
{
    return value.len > 0 && !proa_slice_eq(value, PROA_SLICE("0")) &&
           !proa_slice_eq_nocase(value, PROA_SLICE("false"));
}

/* The policy's mode, or the one that the request asks for. */
static enum proa_cache_mode mode_of(const struct proa_cache_cfg *cfg, struct proa_slice asked)
{
    if (proa_slice_eq_nocase(asked, PROA_SLICE("force")) ||
        proa_slice_eq_nocase(asked, PROA_SLICE("all"))) {
        return PROA_CACHE_ALL;
    }
    if (proa_slice_eq_nocase(asked, PROA_SLICE("deterministic"))) {
        return PROA_CACHE_DETERMINISTIC;
    }
    if (proa_slice_eq_nocase(asked, PROA_SLICE("off"))) {
        return PROA_CACHE_OFF;
    }
    return (enum proa_cache_mode)cfg->mode;
}

static enum proa_cache_reason bypass_of(const struct proa_cache_cfg *cfg,
                                        const struct proa_eligible_request *r,
                                        const struct directives *d)
{
    const enum proa_cache_mode mode = mode_of(cfg, r->mode);
    if (cfg->mode == PROA_CACHE_OFF || mode == PROA_CACHE_OFF || is_on(r->no_cache)) {
        return PROA_CACHE_REASON_HEADER; /* the operator's off is asked before this is */
    }
    if (r->stream) {
        return PROA_CACHE_REASON_STREAM;
    }
    if (d->no_store) {
        return PROA_CACHE_REASON_NO_STORE;
    }
    if (mode == PROA_CACHE_DETERMINISTIC && r->kind != PROA_CACHE_KIND_FIXED && !r->seeded &&
        !proa_json_number_is_zero(r->temperature)) {
        return PROA_CACHE_REASON_SAMPLED;
    }
    if (mode == PROA_CACHE_DETERMINISTIC && r->stateful) {
        return PROA_CACHE_REASON_STATEFUL;
    }
    return r->body_bytes > PROA_CANON_BODY_MAX ? PROA_CACHE_REASON_LARGE : PROA_CACHE_REASON_NONE;
}

struct proa_eligible proa_eligible_request(const struct proa_cache_cfg *cfg,
                                           const struct proa_eligible_request *r)
{
    const struct directives d = read_directives(r->cache_control);
    return (struct proa_eligible){.bypass = bypass_of(cfg, r, &d),
                                  .refresh = d.no_cache,
                                  .only_if_cached = d.only_if_cached,
                                  .max_age_ns = d.max_age_ns};
}

/* ---- answers --------------------------------------------------------------------------------- */

static bool is_string(enum proa_json_kind kind, struct proa_slice value, struct proa_slice text)
{
    return kind == PROA_JSON_STRING && proa_json_string_eq(value, text);
}

/* One choice that came to its end by itself, and is no refusal. */
static bool is_finished(struct proa_slice choice)
{
    static const struct proa_json_step refusal[] = {PROA_JSON_STEP_KEY("message"),
                                                    PROA_JSON_STEP_KEY("refusal")};
    struct proa_slice reason = PROA_SLICE_NONE;
    const enum proa_json_kind kind = proa_json_get(choice, PROA_SLICE("finish_reason"), &reason);
    const enum proa_json_kind refused =
        proa_json_path(choice, refusal, PROA_ARRAY_LEN(refusal), NULL);
    return (is_string(kind, reason, PROA_SLICE("stop")) ||
            is_string(kind, reason, PROA_SLICE("tool_calls"))) &&
           (refused == PROA_JSON_ABSENT || refused == PROA_JSON_NULL);
}

/* A message of Anthropic's API that came to its end by itself. */
static bool is_finished_message(struct proa_slice body)
{
    static const struct proa_slice reasons[] = {
        PROA_SLICE_INIT("end_turn"), PROA_SLICE_INIT("tool_use"), PROA_SLICE_INIT("stop_sequence")};
    struct proa_slice reason = PROA_SLICE_NONE;
    struct proa_slice content = PROA_SLICE_NONE;
    const enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("stop_reason"), &reason);
    bool finished = false;
    for (size_t i = 0; i < PROA_ARRAY_LEN(reasons); i++) {
        finished = finished || is_string(kind, reason, reasons[i]);
    }
    return finished && proa_json_get(body, PROA_SLICE("content"), &content) == PROA_JSON_ARRAY &&
           proa_json_at(content, 0, NULL) == PROA_JSON_OBJECT;
}

/* Is a part of the content of this type? */
static bool holds_part(struct proa_slice item, struct proa_slice wanted)
{
    struct proa_json_cursor c;
    struct proa_json_item part;
    struct proa_slice content;
    struct proa_slice type = PROA_SLICE_NONE;
    if (proa_json_get(item, PROA_SLICE("content"), &content) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, content) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &part)) {
        const enum proa_json_kind kind = proa_json_get(part.value, PROA_SLICE("type"), &type);
        if (is_string(kind, type, wanted)) {
            return true;
        }
    }
    return false;
}

/* One of the AI SDK's protocol that came to its end by itself, and asks nobody for leave: a word
 * in its version 2, an object with `unified` in later ones. */
static bool is_finished_generation(struct proa_slice body)
{
    struct proa_slice reason = PROA_SLICE_NONE;
    struct proa_slice content = PROA_SLICE_NONE;
    enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("finishReason"), &reason);
    if (kind == PROA_JSON_OBJECT) {
        kind = proa_json_get(reason, PROA_SLICE("unified"), &reason);
    }
    return (is_string(kind, reason, PROA_SLICE("stop")) ||
            is_string(kind, reason, PROA_SLICE("tool-calls"))) &&
           proa_json_get(body, PROA_SLICE("content"), &content) == PROA_JSON_ARRAY &&
           proa_json_at(content, 0, NULL) == PROA_JSON_OBJECT &&
           !holds_part(body, PROA_SLICE("tool-approval-request"));
}

/* One of the Responses API that came to its end by itself, and is no refusal. */
static bool is_finished_response(struct proa_slice body)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice status = PROA_SLICE_NONE;
    struct proa_slice output;
    size_t n = 0;
    const enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("status"), &status);
    if (!is_string(kind, status, PROA_SLICE("completed")) ||
        proa_json_get(body, PROA_SLICE("output"), &output) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, output) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (holds_part(item.value, PROA_SLICE("refusal"))) {
            return false;
        }
        n++;
    }
    return n > 0 && c.err == PROA_OK;
}

static bool all_finished(enum proa_cache_kind of, struct proa_slice body)
{
    struct proa_slice choices;
    struct proa_json_cursor c;
    struct proa_json_item item;
    size_t n = 0;
    if (of == PROA_CACHE_KIND_RESPONSES) {
        return is_finished_response(body);
    }
    if (proa_json_get(body, PROA_SLICE("choices"), &choices) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, choices) != PROA_OK) {
        return is_finished_message(body) || is_finished_generation(body);
    }
    while (proa_json_cursor_next(&c, &item)) {
        if (!is_finished(item.value)) {
            return false;
        }
        n++;
    }
    return n > 0 && c.err == PROA_OK;
}

enum proa_cache_reason proa_eligible_answer(const struct proa_cache_cfg *cfg,
                                            const struct proa_eligible_answer *a, uint64_t *ttl_ns)
{
    const bool fixed = a->kind == PROA_CACHE_KIND_FIXED;
    const struct directives d = read_directives(a->cache_control);
    const uint64_t ttl = fixed ? cfg->ttl_fixed_ns : cfg->ttl_ns;
    if (a->status != 200) {
        return PROA_CACHE_REASON_STATUS;
    }
    if (a->substitute && !cfg->fallback) {
        return PROA_CACHE_REASON_SUBSTITUTE;
    }
    if (d.no_store || d.no_cache || d.max_age_ns == 0) {
        return PROA_CACHE_REASON_NO_STORE;
    }
    if (a->body.len > cfg->max_answer_bytes) {
        return PROA_CACHE_REASON_LARGE;
    }
    if (!fixed && !all_finished(a->kind, a->body)) {
        return PROA_CACHE_REASON_UNFINISHED;
    }
    *ttl_ns = d.max_age_ns < ttl ? d.max_age_ns : ttl;
    return PROA_CACHE_REASON_STORED;
}
