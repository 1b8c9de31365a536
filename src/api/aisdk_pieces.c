/*
 * Pieces whose form differs between the versions.
 */
#include "aisdk_write_priv.h"

#include "proa/api/aisdk_request.h"
#include "proa/chat/text.h"
#include "proa/chat/warning.h"
#include "proa/core/clock.h"
#include "proa/json/scan.h"
#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { WARNINGS_MAX = 64 * 1024 };

/* ---- warnings -------------------------------------------------------------------------------- */

/* The settings of the SDK whose names are others than OpenAI's, and those that are the same. */
static const struct {
    struct proa_slice feature;
    struct proa_slice setting;
} SETTINGS[] = {
    {PROA_SLICE_INIT("temperature"), PROA_SLICE_INIT("temperature")},
    {PROA_SLICE_INIT("top_p"), PROA_SLICE_INIT("topP")},
    {PROA_SLICE_INIT("top_k"), PROA_SLICE_INIT("topK")},
    {PROA_SLICE_INIT("seed"), PROA_SLICE_INIT("seed")},
    {PROA_SLICE_INIT("stop"), PROA_SLICE_INIT("stopSequences")},
    {PROA_SLICE_INIT("max_tokens"), PROA_SLICE_INIT("maxOutputTokens")},
    {PROA_SLICE_INIT("presence_penalty"), PROA_SLICE_INIT("presencePenalty")},
    {PROA_SLICE_INIT("frequency_penalty"), PROA_SLICE_INIT("frequencyPenalty")},
    {PROA_SLICE_INIT("response_format"), PROA_SLICE_INIT("responseFormat")},
    {PROA_SLICE_INIT("tool_choice"), PROA_SLICE_INIT("toolChoice")},
    {PROA_SLICE_INIT("reasoning_effort"), PROA_SLICE_INIT("reasoning")},
    {PROA_SLICE_INIT("aspect_ratio"), PROA_SLICE_INIT("aspectRatio")},
    {PROA_SLICE_INIT("output_format"), PROA_SLICE_INIT("outputFormat")},
};

static struct proa_slice setting_of(struct proa_slice feature)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(SETTINGS); i++) {
        if (proa_slice_eq(SETTINGS[i].feature, feature)) {
            return SETTINGS[i].setting;
        }
    }
    return PROA_SLICE_NONE;
}

/* The first tool that its provider runs itself: the one that others leave out. */
static const struct proa_chat_tool *own_tool(const struct proa_api_writer_cfg *cfg)
{
    for (size_t i = 0; i < cfg->asked->chat.n_tools; i++) {
        if (cfg->asked->chat.tools[i].own.len > 0) {
            return &cfg->asked->chat.tools[i];
        }
    }
    return NULL;
}

/* Version 2 has a form for settings, one for tools, and one for the rest. */
static void put_warning_2(struct proa_json_writer *w, const struct proa_api_writer_cfg *cfg,
                          struct proa_slice feature, struct proa_slice reason,
                          struct proa_arena *arena)
{
    const struct proa_slice setting = setting_of(feature);
    const struct proa_chat_tool *tool =
        proa_slice_eq(feature, PROA_SLICE("tools")) ? own_tool(cfg) : NULL;
    if (setting.len > 0 && cfg->kind != PROA_API_IMAGES) { /* whose warnings are texts */
        proa_json_writer_member_string(w, "type", PROA_SLICE("unsupported-setting"));
        proa_json_writer_member_string(w, "setting", setting);
        proa_json_writer_member_string(w, "details", reason);
    } else if (tool) {
        proa_json_writer_member_string(w, "type", PROA_SLICE("unsupported-tool"));
        proa_json_writer_key(w, PROA_SLICE("tool"));
        proa_json_writer_begin_object(w);
        proa_json_writer_member_string(w, "type", PROA_SLICE("provider-defined"));
        proa_json_writer_key(w, PROA_SLICE("name"));
        proa_json_writer_text(w, tool->name);
        proa_json_writer_end_object(w);
        proa_json_writer_member_string(w, "details", reason);
    } else {
        proa_json_writer_member_string(w, "type", PROA_SLICE("other"));
        proa_json_writer_member_string(
            w, "message",
            proa_arena_printf(arena, "%" PROA_SLICE_FMT ": %" PROA_SLICE_FMT,
                              PROA_SLICE_ARG(setting.len > 0 ? setting : feature),
                              PROA_SLICE_ARG(reason)));
    }
}

static void put_warning(struct proa_json_writer *w, const struct proa_api_writer_cfg *cfg,
                        const struct proa_chat_warning *warning, struct proa_arena *arena)
{
    const struct proa_slice feature = proa_slice_cstr(warning->feature);
    const struct proa_slice setting = setting_of(feature);
    proa_json_writer_begin_object(w);
    if (cfg->version <= PROA_API_AISDK_OLDEST) {
        put_warning_2(w, cfg, feature, proa_slice_cstr(warning->reason), arena);
    } else {
        proa_json_writer_member_string(w, "type", PROA_SLICE("unsupported"));
        proa_json_writer_member_string(w, "feature", setting.len > 0 ? setting : feature);
        proa_json_writer_member_string(w, "details", proa_slice_cstr(warning->reason));
    }
    proa_json_writer_end_object(w);
}

struct proa_slice proa_aisdk_warnings(const struct proa_api_writer_cfg *cfg,
                                      struct proa_arena *arena)
{
    struct proa_buf out;
    struct proa_json_writer w;
    if (!cfg->warnings || cfg->warnings->n == 0) {
        return PROA_SLICE("[]");
    }
    proa_buf_init(&out, WARNINGS_MAX);
    proa_json_writer_init(&w, &out);
    proa_json_writer_begin_array(&w);
    for (size_t i = 0; i < cfg->warnings->n; i++) {
        put_warning(&w, cfg, &cfg->warnings->items[i], arena);
    }
    proa_json_writer_end_array(&w);
    const struct proa_slice all = proa_arena_dup(arena, proa_buf_slice(&out));
    proa_buf_deinit(&out);
    return proa_json_writer_ok(&w) ? all : PROA_SLICE("[]");
}

/* ---- usage ----------------------------------------------------------------------------------- */

static void put_count(struct proa_json_writer *w, const char *key, const struct proa_usage *u,
                      enum proa_usage_field field)
{
    if (proa_usage_has(u, field)) {
        proa_json_writer_member_u64(w, key, u->count[field]);
    }
}

/* What is left of a total, where it is known. */
static void put_rest(struct proa_json_writer *w, const char *key, const struct proa_usage *u,
                     enum proa_usage_field total, uint64_t part)
{
    if (proa_usage_has(u, total)) {
        const uint64_t all = u->count[total];
        proa_json_writer_member_u64(w, key, all > part ? all - part : 0);
    }
}

static void put_usage_2(struct proa_json_writer *w, const struct proa_usage *u)
{
    put_count(w, "inputTokens", u, PROA_USAGE_INPUT);
    put_count(w, "outputTokens", u, PROA_USAGE_OUTPUT);
    if (proa_usage_has(u, PROA_USAGE_INPUT) && proa_usage_has(u, PROA_USAGE_OUTPUT)) {
        proa_json_writer_member_u64(w, "totalTokens",
                                    u->count[PROA_USAGE_INPUT] + u->count[PROA_USAGE_OUTPUT]);
    }
    put_count(w, "reasoningTokens", u, PROA_USAGE_REASONING);
    put_count(w, "cachedInputTokens", u, PROA_USAGE_CACHE_READ);
}

static void put_usage_3(struct proa_json_writer *w, const struct proa_usage *u)
{
    proa_json_writer_key(w, PROA_SLICE("inputTokens"));
    proa_json_writer_begin_object(w);
    put_count(w, "total", u, PROA_USAGE_INPUT);
    put_rest(w, "noCache", u, PROA_USAGE_INPUT,
             proa_usage_count(u, PROA_USAGE_CACHE_READ) +
                 proa_usage_count(u, PROA_USAGE_CACHE_WRITE));
    put_count(w, "cacheRead", u, PROA_USAGE_CACHE_READ);
    put_count(w, "cacheWrite", u, PROA_USAGE_CACHE_WRITE);
    proa_json_writer_end_object(w);
    proa_json_writer_key(w, PROA_SLICE("outputTokens"));
    proa_json_writer_begin_object(w);
    put_count(w, "total", u, PROA_USAGE_OUTPUT);
    put_rest(w, "text", u, PROA_USAGE_OUTPUT, proa_usage_count(u, PROA_USAGE_REASONING));
    put_count(w, "reasoning", u, PROA_USAGE_REASONING);
    proa_json_writer_end_object(w);
}

void proa_aisdk_put_usage(struct proa_buf *out, unsigned version, const struct proa_usage *usage,
                          struct proa_slice raw)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, out);
    proa_json_writer_begin_object(&w);
    if (version <= PROA_API_AISDK_OLDEST) {
        put_usage_2(&w, usage);
    } else {
        put_usage_3(&w, usage);
        if (raw.len > 0) {
            proa_json_writer_member_raw(&w, "raw", raw);
        }
    }
    proa_json_writer_end_object(&w);
}

/* ---- JSON of others -------------------------------------------------------------------------- */

/* A line of events has no line ends inside, and only JSON can stand there as it is. */
void proa_aisdk_put_line(struct proa_buf *out, struct proa_slice data)
{
    static const struct proa_json_scan_cfg any = {.n_wants = 0};
    struct proa_json_info info;
    if (proa_json_scan(data, &any, NULL, &info) != PROA_OK) {
        (void)proa_json_string_encode(out, data);
        return;
    }
    const size_t from = out->len;
    (void)proa_buf_append(out, data);
    for (size_t i = from; i < out->len; i++) {
        if (out->ptr[i] == '\n' || out->ptr[i] == '\r') {
            out->ptr[i] = ' ';
        }
    }
}

/* ---- the rest -------------------------------------------------------------------------------- */

void proa_aisdk_put_finish(struct proa_buf *out, unsigned version, const char *unified,
                           struct proa_slice raw)
{
    if (version <= PROA_API_AISDK_OLDEST) {
        (void)proa_chat_text_put(out, proa_slice_cstr(unified));
        return;
    }
    PROA_BUF_LIT(out, "{\"unified\":");
    (void)proa_chat_text_put(out, proa_slice_cstr(unified));
    if (raw.len > 0) {
        PROA_BUF_LIT(out, ",\"raw\":");
        (void)proa_chat_text_put(out, raw);
    }
    PROA_BUF_LIT(out, "}");
}

void proa_aisdk_put_gateway(struct proa_buf *out, struct proa_slice gateway)
{
    if (gateway.len > 0) {
        PROA_BUF_LIT(out, ",\"providerMetadata\":{\"gateway\":");
        (void)proa_buf_append(out, gateway);
        PROA_BUF_LIT(out, "}");
    }
}

void proa_aisdk_put_time(struct proa_buf *out, uint64_t unix_s)
{
    char text[24];
    proa_civil_rfc3339(unix_s * 1000, text);
    (void)proa_chat_text_put(out, proa_slice_make(text, sizeof text));
}
