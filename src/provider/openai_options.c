/*
 * What a client says in words of the providers' SDKs: providerOptions of this provider. What the
 * neutral model has a place for goes there, as if the client had said it so; the rest are members
 * of the body, in the API's own spelling.
 */
#include "openai_write_priv.h"

#include "proa/chat/effort.h"
#include "proa/json/cursor.h"
#include "proa/json/string.h"
#include "proa/provider/vendor.h"

enum { KEY_MAX = 64 };

/* Members that the encoder writes: an option of such a name would be there twice. */
static const struct proa_slice OWN[] = {
    PROA_SLICE_INIT("model"),
    PROA_SLICE_INIT("messages"),
    PROA_SLICE_INIT("stream"),
    PROA_SLICE_INIT("stream_options"),
    PROA_SLICE_INIT("max_tokens"),
    PROA_SLICE_INIT("tools"),
    PROA_SLICE_INIT("tool_choice"),
    PROA_SLICE_INIT("response_format"),
    PROA_SLICE_INIT("temperature"),
    PROA_SLICE_INIT("top_p"),
    PROA_SLICE_INIT("top_k"),
    PROA_SLICE_INIT("seed"),
    PROA_SLICE_INIT("random_seed"),
    PROA_SLICE_INIT("frequency_penalty"),
    PROA_SLICE_INIT("presence_penalty"),
    PROA_SLICE_INIT("n"),
    PROA_SLICE_INIT("stop"),
    PROA_SLICE_INIT("user_id"),
};

enum option_kind {
    OPTION_EFFORT = 0,
    OPTION_PARALLEL,
    OPTION_LOGPROBS, /* true, or how many of each */
    OPTION_TOP_LOGPROBS,
    OPTION_LIMIT,
    OPTION_TIER,
    OPTION_USER,
    OPTION_STRICT,
    OPTION_SCHEMA,  /* false: JSON will do */
    OPTION_MEMBER,  /* a member of the body, by `as` or its own name */
    OPTION_NOTHING, /* steers a client, or is of another API of the same vendor */
};

/* By the API's spelling; SDKs write the same in camelCase. */
static const struct option_row {
    struct proa_slice key;
    enum option_kind kind;
    struct proa_slice as;
} ROWS[] = {
#define ROW(key, kind)                                                                             \
    {                                                                                              \
        PROA_SLICE_INIT(key), OPTION_##kind, PROA_SLICE_INIT(key)                                  \
    }
    ROW("reasoning_effort", EFFORT),
    ROW("parallel_tool_calls", PARALLEL),
    ROW("logprobs", LOGPROBS),
    ROW("top_logprobs", TOP_LOGPROBS),
    ROW("max_completion_tokens", LIMIT),
    ROW("service_tier", TIER),
    ROW("user", USER),
    ROW("strict_json_schema", STRICT),
    ROW("structured_outputs", SCHEMA),
    {PROA_SLICE_INIT("text_verbosity"), OPTION_MEMBER, PROA_SLICE_INIT("verbosity")},
    ROW("logit_bias", MEMBER),
    ROW("metadata", MEMBER),
    ROW("prediction", MEMBER),
    ROW("prompt_cache_key", MEMBER),
    ROW("prompt_cache_retention", MEMBER),
    ROW("safety_identifier", MEMBER),
    ROW("reasoning_format", MEMBER),
    ROW("safe_prompt", MEMBER),
    ROW("document_image_limit", MEMBER),
    ROW("document_page_limit", MEMBER),
    ROW("reasoning_summary", NOTHING),
    ROW("system_message_mode", NOTHING),
    ROW("force_reasoning", NOTHING),
#undef ROW
};

/* ---- what they are called -------------------------------------------------------------------- */

struct proa_slice proa_openai_options_find(const struct proa_encode_in *in, struct proa_slice all)
{
    const struct proa_slice vendor = in->vendor ? in->vendor->name : PROA_SLICE_NONE;
    const bool like_openai = !in->vendor || proa_slice_eq(vendor, PROA_SLICE("azure"));
    const struct proa_slice names[] = {in->provider, vendor,
                                       like_openai ? PROA_SLICE("openai") : PROA_SLICE_NONE};
    struct proa_slice object = PROA_SLICE_NONE;
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        if (names[i].len > 0 && proa_json_get(all, names[i], &object) == PROA_JSON_OBJECT) {
            return object;
        }
    }
    return PROA_SLICE_NONE;
}

bool proa_openai_is_meant(const struct proa_encode_in *in, struct proa_slice all)
{
    return all.len > 0 && proa_openai_options_find(in, all).len > 0;
}

/* "reasoningEffort" as "reasoning_effort"; empty for what is too long for any name. */
static struct proa_slice snake_of(struct proa_slice key, char out[KEY_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < key.len; i++) {
        const bool upper = key.ptr[i] >= 'A' && key.ptr[i] <= 'Z';
        if (n + 2 > KEY_MAX) {
            return PROA_SLICE_NONE;
        }
        if (upper) {
            out[n++] = '_';
        }
        out[n++] = (char)(upper ? key.ptr[i] + ('a' - 'A') : key.ptr[i]);
    }
    return proa_slice_make(out, n);
}

static const struct option_row *find_row(struct proa_slice snake)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (proa_slice_eq(ROWS[i].key, snake)) {
            return &ROWS[i];
        }
    }
    return NULL;
}

/* ---- what they mean -------------------------------------------------------------------------- */

static bool take_flag(enum proa_chat_flag *out, enum proa_json_kind kind)
{
    *out = kind == PROA_JSON_TRUE ? PROA_CHAT_YES : PROA_CHAT_NO;
    return kind == PROA_JSON_TRUE || kind == PROA_JSON_FALSE;
}

static bool take_text(struct proa_slice *out, const struct proa_json_item *item)
{
    *out = item->kind == PROA_JSON_STRING ? proa_chat_text(item->value) : *out;
    return item->kind == PROA_JSON_STRING;
}

static bool take_count(uint64_t *out, const struct proa_json_item *item)
{
    return item->kind == PROA_JSON_NUMBER && proa_json_number_u64(item->value, out) == PROA_OK;
}

static bool take_logprobs(struct proa_chat_request *chat, const struct proa_json_item *item)
{
    if (item->kind == PROA_JSON_NUMBER) {
        chat->logprobs = PROA_CHAT_YES;
        return take_count(&chat->top_logprobs, item);
    }
    return take_flag(&chat->logprobs, item->kind);
}

/* A schema that need not be held to is any JSON. */
static bool take_schema(struct proa_chat_request *chat, enum proa_json_kind kind)
{
    if (kind == PROA_JSON_FALSE && chat->format == PROA_CHAT_FORMAT_SCHEMA) {
        chat->format = PROA_CHAT_FORMAT_JSON;
    }
    return kind == PROA_JSON_TRUE || kind == PROA_JSON_FALSE;
}

/* Is it understood? */
static bool take(const struct option_row *row, const struct proa_json_item *item,
                 struct proa_chat_request *chat, struct proa_options *members)
{
    switch (row->kind) {
    case OPTION_EFFORT:
        return proa_chat_effort_find(proa_chat_text(item->value), &chat->effort);
    case OPTION_PARALLEL:
        return take_flag(&chat->parallel_tools, item->kind);
    case OPTION_LOGPROBS:
        return take_logprobs(chat, item);
    case OPTION_TOP_LOGPROBS:
        chat->logprobs = PROA_CHAT_YES;
        return take_count(&chat->top_logprobs, item);
    case OPTION_LIMIT:
        return take_count(&chat->max_tokens, item);
    case OPTION_TIER:
        return take_text(&chat->service_tier, item);
    case OPTION_USER:
        return take_text(&chat->user, item);
    case OPTION_STRICT:
        return take_flag(&chat->format_strict, item->kind);
    case OPTION_SCHEMA:
        return take_schema(chat, item->kind);
    case OPTION_MEMBER:
        return proa_options_add(members, row->as, item->value);
    case OPTION_NOTHING:
        break;
    }
    return true;
}

bool proa_openai_options(const struct proa_encode_in *in, struct proa_chat_request *chat,
                         struct proa_options *members)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    const struct proa_slice all = in->chat->provider_options;
    const struct proa_slice object =
        all.len > 0 ? proa_openai_options_find(in, all) : PROA_SLICE_NONE;
    *members = (struct proa_options){.own = OWN, .n_own = PROA_ARRAY_LEN(OWN)};
    if (object.len == 0 || proa_json_cursor_init(&c, object) != PROA_OK) {
        return false;
    }
    *chat = *in->chat;
    while (proa_json_cursor_next(&c, &item)) {
        char room[KEY_MAX];
        const struct proa_slice key = proa_chat_text(item.key);
        const struct option_row *row = find_row(snake_of(key, room));
        const bool said = item.kind != PROA_JSON_NULL;
        if (said &&
            !(row ? take(row, &item, chat, members) : proa_options_add(members, key, item.value))) {
            proa_chat_warn(in->warnings, "providerOptions",
                           "holds an option that this provider does not have");
        }
    }
    return true;
}
