/*
 * What an answer tells besides its content: usage, model, errors in the clothes of a success.
 */
#include "openai_priv.h"

#include "proa/json/string.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static const char *behind_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p)) {
        p++;
    }
    return p;
}

static struct proa_slice skip_blanks(struct proa_slice s)
{
    const size_t n = (size_t)(behind_blanks(s.ptr, s.ptr + s.len) - s.ptr);
    return proa_slice_from(s, n);
}

struct proa_slice proa_openai_strip(struct proa_slice s)
{
    s = skip_blanks(s);
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool proa_openai_is_filled(const struct proa_json_item *item)
{
    switch (item->kind) {
    case PROA_JSON_STRING:
        return item->value.len > 2;
    case PROA_JSON_OBJECT:
    case PROA_JSON_ARRAY:
        /* Between the brackets, which are known to be there. */
        return proa_openai_strip((struct proa_slice){item->value.ptr + 1, item->value.len - 2})
                   .len > 0;
    case PROA_JSON_ABSENT:
    case PROA_JSON_NULL:
    case PROA_JSON_FALSE:
    case PROA_JSON_TRUE:
    case PROA_JSON_NUMBER:
        break;
    }
    return false;
}

/* ---- usage ----------------------------------------------------------------------------------- */

/* Numbers of a usage object, in the spelling of one provider or another. */
enum count {
    COUNT_PROMPT = 0,
    COUNT_COMPLETION,
    COUNT_TOTAL,
    COUNT_CACHED,
    COUNT_CACHE_WRITE,
    COUNT_REASONING,
    COUNTS
};

struct count_row {
    struct proa_slice key;
    enum count count;
};

/* The last three are members of prompt_tokens_details and completion_tokens_details. */
static const struct count_row COUNT_ROWS[] = {
    {PROA_SLICE_INIT("prompt_tokens"), COUNT_PROMPT},
    {PROA_SLICE_INIT("completion_tokens"), COUNT_COMPLETION},
    {PROA_SLICE_INIT("total_tokens"), COUNT_TOTAL},
    {PROA_SLICE_INIT("prompt_cache_hit_tokens"), COUNT_CACHED},          /* DeepSeek */
    {PROA_SLICE_INIT("num_cached_tokens"), COUNT_CACHED},                /* Mistral */
    {PROA_SLICE_INIT("cache_creation_input_tokens"), COUNT_CACHE_WRITE}, /* gateways */
    {PROA_SLICE_INIT("cached_tokens"), COUNT_CACHED},
    {PROA_SLICE_INIT("cache_write_tokens"), COUNT_CACHE_WRITE},
    {PROA_SLICE_INIT("reasoning_tokens"), COUNT_REASONING},
};

struct counts {
    uint64_t value[COUNTS];
    uint32_t known;
};

/* Not out of all reason. */
static void take_count(const struct proa_json_item *item, uint64_t value, struct counts *out)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(COUNT_ROWS); i++) {
        if (proa_decode_key_is(item, COUNT_ROWS[i].key)) {
            if (value <= PROA_USAGE_SANE_MAX) {
                out->value[COUNT_ROWS[i].count] = value;
                out->known |= 1U << COUNT_ROWS[i].count;
            }
            return;
        }
    }
}

/* All members of an object and of the objects in it, as if they were one: their names are all
 * different. What is no whole number is no count. */
static void read_counts(struct proa_json_cursor *object, struct counts *out)
{
    struct proa_json_cursor details;
    struct proa_json_cursor *at = object;
    struct proa_json_item item;
    uint64_t value = 0;
    for (;;) {
        if (proa_json_cursor_count(at, &item, &value)) {
            take_count(&item, value, out);
        } else if (proa_json_cursor_key(at, &item)) {
            if (at == object && item.kind == PROA_JSON_OBJECT &&
                proa_json_cursor_enter(object, &item, &details)) {
                at = &details;
            } else if (proa_json_cursor_value(at, &item) &&
                       proa_slice_to_u64(item.value, &value) == PROA_OK) {
                take_count(&item, value, out);
            }
        } else if (at == object || !proa_json_cursor_leave(object, &details)) {
            return;
        } else {
            at = object;
        }
    }
}

static bool has(const struct counts *c, enum count count)
{
    return (c->known >> count & 1U) != 0;
}

/* Our counts include what theirs may leave out: xAI counts neither reasoning into the completion
 * nor, at times, the cache into the prompt, which the total gives away. */
static void include_all(struct counts *c)
{
    if (has(c, COUNT_REASONING) && has(c, COUNT_TOTAL) && has(c, COUNT_COMPLETION) &&
        c->value[COUNT_REASONING] > 0 &&
        c->value[COUNT_TOTAL] ==
            c->value[COUNT_PROMPT] + c->value[COUNT_COMPLETION] + c->value[COUNT_REASONING]) {
        c->value[COUNT_COMPLETION] += c->value[COUNT_REASONING];
    }
    if (has(c, COUNT_CACHED) && has(c, COUNT_PROMPT) &&
        c->value[COUNT_CACHED] > c->value[COUNT_PROMPT]) {
        c->value[COUNT_PROMPT] += c->value[COUNT_CACHED];
    }
}

void proa_openai_usage_walk(struct proa_json_cursor *object, struct proa_usage *usage)
{
    static const struct {
        enum count from;
        enum proa_usage_field to;
    } fields[] = {
        {COUNT_PROMPT, PROA_USAGE_INPUT},        {COUNT_COMPLETION, PROA_USAGE_OUTPUT},
        {COUNT_CACHED, PROA_USAGE_CACHE_READ},   {COUNT_CACHE_WRITE, PROA_USAGE_CACHE_WRITE},
        {COUNT_REASONING, PROA_USAGE_REASONING},
    };
    struct counts counts = {.known = 0};
    read_counts(object, &counts);
    include_all(&counts);
    for (size_t i = 0; i < PROA_ARRAY_LEN(fields); i++) {
        if (has(&counts, fields[i].from)) {
            proa_usage_set(usage, fields[i].to, counts.value[fields[i].from]);
        }
    }
}

void proa_openai_usage(struct proa_slice object, struct proa_usage *usage)
{
    struct proa_json_cursor c;
    if (proa_json_cursor_init(&c, object) == PROA_OK && c.is_object) {
        proa_openai_usage_walk(&c, usage);
    }
}

/* ---- finish reasons -------------------------------------------------------------------------- */

bool proa_openai_finish_is_failure(struct proa_slice reason)
{
    return proa_slice_eq(reason, PROA_SLICE("error")) ||
           proa_slice_eq(reason, PROA_SLICE("insufficient_system_resource"));
}

/* Is it worth looking? A quote inside a string is escaped, so the bytes are a key or nothing. */
static bool may_have_failed_choice(struct proa_slice choices)
{
    static const struct proa_slice key = PROA_SLICE_INIT("\"finish_reason\"");
    for (;;) {
        const size_t at = proa_slice_search(choices, key);
        if (at == choices.len) {
            return false;
        }
        choices = proa_slice_from(choices, at + key.len);
        struct proa_slice value = skip_blanks(choices);
        if (value.len > 0 && value.ptr[0] == ':') {
            value = skip_blanks(proa_slice_from(value, 1));
        }
        /* The first letters of the two words for it. */
        if (proa_slice_starts(value, PROA_SLICE("\"e")) ||
            proa_slice_starts(value, PROA_SLICE("\"i"))) {
            return true;
        }
    }
}

/* Does a choice end in a failure that is told by nothing but its finish reason? */
static bool has_failed_choice(struct proa_slice choices)
{
    struct proa_json_cursor c;
    struct proa_json_item choice;
    if (!may_have_failed_choice(choices) || proa_json_cursor_init(&c, choices) != PROA_OK) {
        return false;
    }
    while (proa_json_cursor_next(&c, &choice)) {
        struct proa_slice reason;
        if (proa_json_get(choice.value, PROA_SLICE("finish_reason"), &reason) == PROA_JSON_STRING &&
            proa_openai_finish_is_failure((struct proa_slice){reason.ptr + 1, reason.len - 2})) {
            return true;
        }
    }
    return false;
}

/* ---- whole answers --------------------------------------------------------------------------- */

struct proa_slice proa_openai_answer_key(enum proa_operation op)
{
    switch (op) {
    case PROA_OP_CHAT:
    case PROA_OP_COMPLETION:
        return PROA_SLICE("choices");
    case PROA_OP_EMBEDDING:
    case PROA_OP_IMAGE:
    case PROA_OP_IMAGE_EDIT:
        return PROA_SLICE("data");
    case PROA_OP_TRANSCRIPTION:
    case PROA_OP_TRANSLATION:
        return PROA_SLICE("text");
    case PROA_OP_MODERATION:
    case PROA_OP_RERANK:
    case PROA_OP_COUNT_TOKENS:
    case PROA_OP_RESPONSES:
    case PROA_OP_SPEECH:
        break;
    }
    return PROA_SLICE("results");
}

enum { PLAIN_ANSWER = 0, PLAIN_USAGE, PLAIN_MODEL, PLAIN_ERROR, PLAIN_OBJECT, PLAIN_MEMBERS };

static const struct proa_slice PLAIN_KEYS[PLAIN_MEMBERS] = {
    [PLAIN_ANSWER] = {NULL, 0}, /* depends on the operation */
    [PLAIN_USAGE] = PROA_SLICE_INIT("usage"),
    [PLAIN_MODEL] = PROA_SLICE_INIT("model"),
    [PLAIN_ERROR] = PROA_SLICE_INIT("error"),
    [PLAIN_OBJECT] = PROA_SLICE_INIT("object"),
};

/* The same members of a body that has a key twice, or very many: odd, but an answer all the same.
 */
static enum proa_err walk_members(struct proa_slice body, const struct proa_json_want *wants,
                                  struct proa_json_item items[PLAIN_MEMBERS])
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    memset(items, 0, PLAIN_MEMBERS * sizeof items[0]);
    if (proa_json_cursor_init(&c, body) != PROA_OK || !c.is_object) {
        return PROA_ERR_TYPE;
    }
    while (proa_json_cursor_next(&c, &item)) {
        for (size_t i = 0; i < PLAIN_MEMBERS; i++) {
            if (proa_decode_key_is(&item, wants[i].key)) {
                items[i] = item;
            }
        }
    }
    return c.err;
}

/* The members that matter, in one pass that proves the whole body. */
static enum proa_err read_members(enum proa_operation op, struct proa_slice body,
                                  struct proa_json_item items[PLAIN_MEMBERS])
{
    struct proa_json_want wants[PLAIN_MEMBERS];
    struct proa_json_member members[PLAIN_MEMBERS];
    const struct proa_json_scan_cfg cfg = {.wants = wants, .n_wants = PLAIN_MEMBERS};
    struct proa_json_info info;
    for (size_t i = 0; i < PLAIN_MEMBERS; i++) {
        wants[i] = (struct proa_json_want){.key = i == PLAIN_ANSWER ? proa_openai_answer_key(op)
                                                                    : PLAIN_KEYS[i]};
    }
    const enum proa_err err = proa_json_scan(body, &cfg, members, &info);
    if (err == PROA_ERR_DUPLICATE || err == PROA_ERR_LIMIT) {
        return walk_members(body, wants, items);
    }
    if (err != PROA_OK) {
        return err;
    }
    for (size_t i = 0; i < PLAIN_MEMBERS; i++) {
        items[i] = (struct proa_json_item){.kind = members[i].kind,
                                           .value = proa_json_member_value(body, &members[i])};
    }
    return info.kind == PROA_JSON_OBJECT ? PROA_OK : PROA_ERR_TYPE;
}

static bool fail_plain(struct proa_failure *failure, enum proa_class class)
{
    *failure = (struct proa_failure){.class = class};
    return false;
}

/* The object says it is an error; a null, false or empty `error` beside an answer is none. */
static bool is_error(const struct proa_json_item items[PLAIN_MEMBERS])
{
    return proa_openai_is_filled(&items[PLAIN_ERROR]) ||
           proa_slice_eq(proa_decode_string(&items[PLAIN_OBJECT]), PROA_SLICE("error"));
}

/* What the member must be that makes an answer of this operation; ABSENT: it is not asked for. */
static enum proa_json_kind answer_kind(enum proa_operation op)
{
    const bool heard = op == PROA_OP_TRANSCRIPTION || op == PROA_OP_TRANSLATION;
    const bool listed = op == PROA_OP_CHAT || op == PROA_OP_COMPLETION || op == PROA_OP_IMAGE ||
                        op == PROA_OP_IMAGE_EDIT;
    return heard ? PROA_JSON_STRING : listed ? PROA_JSON_ARRAY : PROA_JSON_ABSENT;
}

static void take_usage(enum proa_operation op, const struct proa_json_item *item,
                       struct proa_usage *usage)
{
    if (item->kind == PROA_JSON_OBJECT && proa_operation_is_media(op)) {
        proa_openai_media_usage(item->value, usage);
    } else if (item->kind == PROA_JSON_OBJECT) {
        proa_openai_usage(item->value, usage);
    }
}

bool proa_openai_read_plain_full(enum proa_operation op, const struct proa_answer_head *head,
                                 struct proa_slice body, struct proa_usage *usage,
                                 struct proa_slice *model, struct proa_failure *failure)
{
    struct proa_json_item items[PLAIN_MEMBERS];
    if (body.len == 0) {
        return fail_plain(failure, PROA_CLASS_EMPTY);
    }
    if (read_members(op, body, items) != PROA_OK) {
        return fail_plain(failure, PROA_CLASS_MALFORMED);
    }
    const struct proa_json_item *answer = &items[PLAIN_ANSWER];
    const bool is_text = op == PROA_OP_CHAT || op == PROA_OP_COMPLETION;
    const enum proa_json_kind wanted = answer_kind(op);
    if (is_error(items) || (wanted != PROA_JSON_ABSENT && answer->kind != wanted)) {
        proa_openai_classify_inband(head, body, failure);
        if (!is_error(items)) {
            *failure = (struct proa_failure){.class = PROA_CLASS_MALFORMED,
                                             .message = failure->message,
                                             .type = failure->type,
                                             .code = failure->code};
        }
        return false;
    }
    if (wanted == PROA_JSON_ARRAY && !proa_openai_is_filled(answer)) {
        return fail_plain(failure, PROA_CLASS_EMPTY);
    }
    if (is_text && has_failed_choice(answer->value)) {
        return fail_plain(failure, PROA_CLASS_SERVER);
    }
    take_usage(op, &items[PLAIN_USAGE], usage);
    if (proa_decode_string(&items[PLAIN_MODEL]).len > 0) {
        *model = proa_decode_string(&items[PLAIN_MODEL]);
    }
    return true;
}

bool proa_openai_read_plain(enum proa_operation op, const struct proa_answer_head *head,
                            struct proa_slice body, struct proa_usage *usage,
                            struct proa_slice *model, struct proa_failure *failure)
{
    /* DeepSeek keeps a waiting connection alive with blank lines. */
    body = proa_openai_strip(body);
    if (op == PROA_OP_RESPONSES) {
        return proa_openai_responses_read(head, body, usage, model, failure);
    }
    return proa_openai_plain_is_usual(op, body, usage, model) ||
           proa_openai_read_plain_full(op, head, body, usage, model, failure);
}
