/*
 * Options in Anthropic's own words: those of the Vercel AI SDK (camelCase) and the Messages API's
 * own members. What the neutral request says as well is said here more exactly.
 */
#include "anthropic_priv.h"

#include "proa/chat/effort.h"
#include "proa/chat/text.h"

/* Members that the encoder writes: an option of such a name would be there twice. */
static const struct proa_slice OWN[] = {
    PROA_SLICE_INIT("anthropic_version"),
    PROA_SLICE_INIT("max_tokens"),
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("stop_sequences"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("system"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("tool_choice"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("top_k"),
    PROA_SLICE_INIT("top_p"),
};

enum option_kind {
    OPTION_MEMBER = 0, /* a member of the body, by `as` */
    OPTION_THINKING,
    OPTION_EFFORT,
    OPTION_OUTPUT, /* output_config */
    OPTION_ALONE,  /* one tool at a time */
    OPTION_REASONING,
    OPTION_SCHEMA,
    OPTION_BETA,
    OPTION_NOTHING /* steers a client, not the API */
};

static const struct option_row {
    struct proa_slice key;
    enum option_kind kind;
    struct proa_slice as;
} ROWS[] = {
#define ROW(key, kind, as)                                                                         \
    {                                                                                              \
        PROA_SLICE_INIT(key), OPTION_##kind, PROA_SLICE_INIT(as)                                   \
    }
    ROW("thinking", THINKING, ""),
    ROW("effort", EFFORT, ""),
    ROW("output_config", OUTPUT, ""),
    ROW("disableParallelToolUse", ALONE, ""),
    ROW("disable_parallel_tool_use", ALONE, ""),
    ROW("sendReasoning", REASONING, ""),
    ROW("structuredOutputMode", SCHEMA, ""),
    ROW("anthropicBeta", BETA, ""),
    ROW("anthropic_beta", BETA, ""),
    ROW("betas", BETA, ""),
    ROW("toolStreaming", NOTHING, ""),
    ROW("cacheControl", MEMBER, "cache_control"),
    ROW("contextManagement", MEMBER, "context_management"),
    ROW("inferenceGeo", MEMBER, "inference_geo"),
    ROW("mcpServers", MEMBER, "mcp_servers"),
    ROW("serviceTier", MEMBER, "service_tier"),
#undef ROW
};

static const char *const FEATURE = "providerOptions.anthropic";

static bool is_word(enum proa_json_kind kind, struct proa_slice value, struct proa_slice word)
{
    return kind == PROA_JSON_STRING && proa_json_string_eq(value, word);
}

static void set_effort(struct proa_claude_wish *wish, enum proa_json_kind kind,
                       struct proa_slice value)
{
    enum proa_chat_effort effort = PROA_CHAT_EFFORT_UNSAID;
    const struct proa_slice text =
        kind == PROA_JSON_STRING ? proa_chat_text(value) : PROA_SLICE_NONE;
    if (proa_chat_effort_find(text, &effort) && effort >= PROA_CHAT_EFFORT_LOW) {
        wish->effort = effort; /* it has no words for less */
    }
}

/* {"type":"enabled","budgetTokens":2048} and the like */
static void set_thinking(struct proa_claude_wish *wish, struct proa_slice object)
{
    struct proa_slice value = PROA_SLICE_NONE;
    uint64_t n = 0;
    enum proa_json_kind kind = proa_json_get(object, PROA_SLICE("type"), &value);
    if (is_word(kind, value, PROA_SLICE("disabled"))) {
        wish->mode = CLAUDE_WISH_OFF;
    } else if (is_word(kind, value, PROA_SLICE("adaptive"))) {
        wish->mode = CLAUDE_WISH_ADAPTIVE;
    } else if (is_word(kind, value, PROA_SLICE("enabled"))) {
        wish->mode = CLAUDE_WISH_BUDGET;
    }
    if (proa_json_get(object, PROA_SLICE("budget_tokens"), &value) == PROA_JSON_NUMBER ||
        proa_json_get(object, PROA_SLICE("budgetTokens"), &value) == PROA_JSON_NUMBER) {
        wish->budget = proa_json_number_u64(value, &n) == PROA_OK ? n : 0;
    }
    kind = proa_json_get(object, PROA_SLICE("display"), &value);
    if (kind == PROA_JSON_STRING) {
        wish->show = is_word(kind, value, PROA_SLICE("omitted")) ? PROA_CHAT_NO : PROA_CHAT_YES;
    }
}

/* ["a","b"] becomes `a,b`; one that does not fit a header is left out. */
static void set_beta(struct anthropic_options *out, struct proa_slice array,
                     struct proa_arena *arena)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const size_t room = array.len;
    struct proa_buf text = {.ptr = proa_arena_alloc(arena, room), .cap = room, .max = room};
    if (proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return;
    }
    while (proa_json_cursor_next(&c, &item)) {
        struct proa_slice word = PROA_SLICE_NONE;
        if (item.kind == PROA_JSON_STRING &&
            proa_json_string_view(item.value, arena, &word) == PROA_OK && word.len > 0 &&
            proa_http_is_token(word)) {
            if (text.len > 0) {
                (void)proa_buf_append_byte(&text, ',');
            }
            (void)proa_buf_append(&text, word);
        }
    }
    out->beta = proa_buf_slice(&text);
}

static void add_member(struct anthropic_options *out, struct proa_slice key,
                       struct proa_slice value, struct proa_chat_warnings *warnings)
{
    if (!proa_options_add(&out->members, key, value)) {
        proa_chat_warn(warnings, FEATURE, "holds an option that is not known");
    }
}

static void take(struct anthropic_options *out, const struct option_row *row,
                 const struct proa_json_item *item, struct proa_arena *arena,
                 struct proa_chat_warnings *warnings)
{
    struct proa_slice value = PROA_SLICE_NONE;
    switch (row->kind) {
    case OPTION_MEMBER:
        add_member(out, row->as, item->value, warnings);
        break;
    case OPTION_THINKING:
        set_thinking(&out->wish, item->value);
        break;
    case OPTION_EFFORT:
        set_effort(&out->wish, item->kind, item->value);
        break;
    case OPTION_OUTPUT: {
        const enum proa_json_kind kind = proa_json_get(item->value, PROA_SLICE("effort"), &value);
        set_effort(&out->wish, kind, value);
        break;
    }
    case OPTION_ALONE:
        out->no_parallel = item->kind == PROA_JSON_TRUE;
        break;
    case OPTION_REASONING:
        out->no_reasoning = item->kind == PROA_JSON_FALSE;
        break;
    case OPTION_SCHEMA:
        out->wish.by_tool = is_word(item->kind, item->value, PROA_SLICE("jsonTool"));
        break;
    case OPTION_BETA:
        set_beta(out, item->value, arena);
        break;
    case OPTION_NOTHING:
        break;
    }
}

static void take_option(struct anthropic_options *out, const struct proa_json_item *item,
                        struct proa_arena *arena, struct proa_chat_warnings *warnings)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (proa_decode_key_is(item, ROWS[i].key)) {
            take(out, &ROWS[i], item, arena, warnings);
            return;
        }
    }
    add_member(out, proa_chat_text(item->key), item->value, warnings);
}

void proa_anthropic_options(const struct proa_chat_request *chat, struct proa_arena *arena,
                            struct proa_chat_warnings *warnings, struct anthropic_options *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_slice object = PROA_SLICE_NONE;
    out->wish = proa_claude_wish_of(chat);
    out->members = (struct proa_options){.own = OWN, .n_own = PROA_ARRAY_LEN(OWN)};
    if (proa_json_get(chat->provider_options, PROA_SLICE("anthropic"), &object) ==
            PROA_JSON_OBJECT &&
        proa_json_cursor_init(&c, object) == PROA_OK) {
        while (proa_json_cursor_next(&c, &item)) {
            take_option(out, &item, arena, warnings);
        }
    }
    if (chat->cache_control.len > 0) {
        add_member(out, PROA_SLICE("cache_control"), chat->cache_control, warnings);
    }
    const bool own = proa_slice_eq(chat->extras_dialect, PROA_SLICE("anthropic"));
    for (size_t i = 0; own && i < chat->n_extras; i++) {
        add_member(out, proa_chat_text(chat->extras[i].key), chat->extras[i].value, warnings);
    }
}
