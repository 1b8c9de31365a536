/*
 * Tools: functions, and what providers run themselves, which is put in its provider's own words.
 */
#include "aisdk_read_priv.h"

#include "proa/json/writer.h"

enum { OWN_MAX = 256 * 1024 };

/* ---- tools of providers ---------------------------------------------------------------------- */

/* The first half of an id like "anthropic.web_search_20250305" names who runs it. */
static const struct vendor {
    struct proa_slice prefix;
    const char *dialect;
} VENDORS[] = {
    {PROA_SLICE_INIT("anthropic"), "anthropic"},
    {PROA_SLICE_INIT("openai"), "openai"},
    {PROA_SLICE_INIT("google"), "gemini"},
};

static const char *dialect_of(struct proa_slice prefix)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(VENDORS); i++) {
        if (proa_slice_eq(prefix, VENDORS[i].prefix)) {
            return VENDORS[i].dialect;
        }
    }
    return NULL;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* "maxUses" as "max_uses": the SDK's names and the APIs' are the same but for that. */
static void put_snake_key(struct proa_json_writer *w, struct proa_slice key)
{
    struct proa_buf snake;
    proa_buf_init(&snake, 2 * key.len + 1);
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        if (is_upper(c)) {
            PROA_BUF_LIT(&snake, "_");
            c = (char)(c + ('a' - 'A'));
        }
        (void)proa_buf_append_byte(&snake, c);
    }
    proa_json_writer_key(w, proa_buf_slice(&snake));
    proa_buf_deinit(&snake);
}

static void put_args(struct proa_json_writer *w, struct proa_slice args, bool snake)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_cursor_init(&c, args) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &m)) {
        if (snake) {
            put_snake_key(w, proa_chat_text(m.key));
        } else {
            proa_json_writer_key_token(w, m.key);
        }
        proa_json_writer_raw(w, m.value);
    }
}

/* What Anthropic calls its tools: as their ids do, but for the date, and for some. */
static const struct {
    struct proa_slice kind; /* pattern */
    struct proa_slice name;
} NAMES[] = {
    {PROA_SLICE_INIT("text_editor_20241022"), PROA_SLICE_INIT("str_replace_editor")},
    {PROA_SLICE_INIT("text_editor_20250124"), PROA_SLICE_INIT("str_replace_editor")},
    {PROA_SLICE_INIT("text_editor_*"), PROA_SLICE_INIT("str_replace_based_edit_tool")},
};

static struct proa_slice name_of(struct proa_slice kind)
{
    enum { DATE = 9 }; /* "_20250305" */
    for (size_t i = 0; i < PROA_ARRAY_LEN(NAMES); i++) {
        if (proa_slice_glob(NAMES[i].kind, kind)) {
            return NAMES[i].name;
        }
    }
    uint64_t date = 0;
    const bool dated =
        kind.len > DATE && kind.ptr[kind.len - DATE] == '_' &&
        proa_slice_to_u64(proa_slice_from(kind, kind.len - DATE + 1), &date) == PROA_OK;
    return dated ? proa_slice_head(kind, kind.len - DATE) : kind;
}

/* Anthropic: {"type","name",...}; OpenAI: {"type",...}; Gemini: {"googleSearch":{...}}. */
static void put_own(struct proa_json_writer *w, const char *dialect, struct proa_slice kind,
                    struct proa_slice name, struct proa_slice args)
{
    const bool gemini = proa_slice_eq(proa_slice_cstr(dialect), PROA_SLICE("gemini"));
    proa_json_writer_begin_object(w);
    if (gemini) {
        struct proa_buf camel;
        proa_buf_init(&camel, kind.len + 1);
        for (size_t i = 0; i < kind.len; i++) {
            char c = kind.ptr[i];
            if (i > 0 && kind.ptr[i - 1] == '_' && c >= 'a' && c <= 'z') {
                c = (char)(c - ('a' - 'A'));
            }
            if (c != '_') {
                (void)proa_buf_append_byte(&camel, c);
            }
        }
        proa_json_writer_key(w, proa_buf_slice(&camel));
        proa_buf_deinit(&camel);
        proa_json_writer_begin_object(w);
        put_args(w, args, false);
        proa_json_writer_end_object(w);
    } else {
        proa_json_writer_key(w, PROA_SLICE("type"));
        proa_json_writer_text(w, kind);
        if (proa_slice_eq(proa_slice_cstr(dialect), PROA_SLICE("anthropic"))) {
            proa_json_writer_key(w, PROA_SLICE("name"));
            proa_json_writer_text(w, name);
        }
        put_args(w, args, true);
    }
    proa_json_writer_end_object(w);
}

/* Of a vendor that nobody here speaks for the definition stays as it is: every dialect leaves it
 * out and says so. */
static enum proa_err keep_own(struct reading *r, const struct place *at,
                              const struct proa_json_item *whole, struct proa_slice id,
                              struct proa_slice args, struct proa_chat_tool *out)
{
    struct proa_slice kind = PROA_SLICE_NONE;
    const struct proa_slice vendor = proa_slice_split(id, '.', &kind);
    const char *dialect = dialect_of(vendor);
    if (kind.len == 0) {
        return proa_read_refuse(r, PLACE_KEY(at, "id"), "must be \"vendor.tool\".");
    }
    out->name = out->name.len > 0 ? out->name : kind;
    out->own_dialect = dialect ? proa_slice_cstr(dialect) : vendor;
    out->own = whole->value;
    if (!dialect) {
        return PROA_OK;
    }
    if (proa_slice_eq(out->own_dialect, PROA_SLICE("anthropic"))) {
        out->own_name = name_of(kind);
    }
    struct proa_buf own;
    struct proa_json_writer w;
    proa_buf_init(&own, OWN_MAX);
    proa_json_writer_init(&w, &own);
    put_own(&w, dialect, kind, out->own_name, args);
    const bool ok = proa_json_writer_ok(&w);
    out->own = proa_arena_dup(r->arena, proa_buf_slice(&own));
    proa_buf_deinit(&own);
    return ok ? PROA_OK : proa_read_refuse(r, PLACE_KEY(at, "args"), "is too large.");
}

/* ---- all tools ------------------------------------------------------------------------------- */

enum tool_key {
    TOOL_TYPE = 0,
    TOOL_NAME,
    TOOL_DESCRIPTION,
    TOOL_SCHEMA,
    TOOL_STRICT,
    TOOL_ID,
    TOOL_ARGS,
    TOOL_OPTIONS
};

static const struct proa_slice KEYS[] = {
    [TOOL_TYPE] = PROA_SLICE_INIT("type"),
    [TOOL_NAME] = PROA_SLICE_INIT("name"),
    [TOOL_DESCRIPTION] = PROA_SLICE_INIT("description"),
    [TOOL_SCHEMA] = PROA_SLICE_INIT("inputSchema"),
    [TOOL_STRICT] = PROA_SLICE_INIT("strict"),
    [TOOL_ID] = PROA_SLICE_INIT("id"),
    [TOOL_ARGS] = PROA_SLICE_INIT("args"),
    [TOOL_OPTIONS] = PROA_SLICE_INIT("providerOptions"),
};

static enum proa_err read_function(struct reading *r, const struct place *at,
                                   const struct proa_json_item *said, struct proa_chat_tool *out)
{
    struct proa_chat_part options = {.kind = PROA_CHAT_PART_TEXT};
    enum proa_err err =
        proa_read_text(r, PLACE_KEY(at, "description"), &said[TOOL_DESCRIPTION], &out->description);
    err = err == PROA_OK
              ? proa_read_object(r, PLACE_KEY(at, "inputSchema"), &said[TOOL_SCHEMA], &out->schema)
              : err;
    err = err == PROA_OK
              ? proa_read_flag(r, PLACE_KEY(at, "strict"), &said[TOOL_STRICT], &out->strict)
              : err;
    err = err == PROA_OK ? proa_aisdk_options(r, at, &said[TOOL_OPTIONS], &options) : err;
    out->cache_control = options.cache_control;
    return err == PROA_OK && out->name.len == 0
               ? proa_read_refuse(r, PLACE_KEY(at, "name"), "is missing.")
               : err;
}

static enum proa_err read_tool(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_tool *out)
{
    static const struct proa_slice types[] = {PROA_SLICE_INIT("function"),
                                              PROA_SLICE_INIT("provider"),
                                              PROA_SLICE_INIT("provider-defined")};
    struct proa_json_item said[PROA_ARRAY_LEN(KEYS)];
    struct proa_slice type = PROA_SLICE_NONE;
    struct proa_slice id = PROA_SLICE_NONE;
    struct proa_slice args = PROA_SLICE_NONE;
    enum proa_err err = proa_read_members(r, at, item, KEYS, PROA_ARRAY_LEN(KEYS), said);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "type"), &said[TOOL_TYPE], &type) : err;
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "name"), &said[TOOL_NAME], &out->name)
                         : err;
    if (err != PROA_OK) {
        return err;
    }
    const size_t which = proa_read_word(type, types, PROA_ARRAY_LEN(types));
    if (which == 0) {
        return read_function(r, at, said, out);
    }
    if (which == PROA_ARRAY_LEN(types)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), type,
                                     "\"function\", \"provider\", \"provider-defined\"");
    }
    err = proa_read_text(r, PLACE_KEY(at, "id"), &said[TOOL_ID], &id);
    err =
        err == PROA_OK ? proa_read_object(r, PLACE_KEY(at, "args"), &said[TOOL_ARGS], &args) : err;
    return err == PROA_OK ? keep_own(r, at, item, id, args, out) : err;
}

enum proa_err proa_aisdk_tools(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_request *out)
{
    return proa_read_tool_list(r, at, item, read_tool, out);
}

/* ---- which of them --------------------------------------------------------------------------- */

enum proa_err proa_aisdk_choice(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, struct proa_chat_request *out)
{
    enum { TYPE, NAME };
    static const struct proa_slice keys[] = {PROA_SLICE_INIT("type"), PROA_SLICE_INIT("toolName")};
    static const struct proa_slice words[] = {
        [PROA_CHAT_CHOICE_UNSAID] = {NULL, 0}, /* no text is equal to it: it is not asked for */
        [PROA_CHAT_CHOICE_AUTO] = PROA_SLICE_INIT("auto"),
        [PROA_CHAT_CHOICE_NONE] = PROA_SLICE_INIT("none"),
        [PROA_CHAT_CHOICE_REQUIRED] = PROA_SLICE_INIT("required"),
        [PROA_CHAT_CHOICE_NAMED] = PROA_SLICE_INIT("tool"),
    };
    struct proa_json_item said[PROA_ARRAY_LEN(keys)];
    struct proa_slice type = PROA_SLICE_NONE;
    if (proa_read_is_null(item)) {
        return PROA_OK;
    }
    enum proa_err err = proa_read_members(r, at, item, keys, PROA_ARRAY_LEN(keys), said);
    err = err == PROA_OK ? proa_read_text(r, PLACE_KEY(at, "type"), &said[TYPE], &type) : err;
    if (err != PROA_OK) {
        return err;
    }
    const size_t choice = proa_read_word(type, words, PROA_ARRAY_LEN(words));
    if (type.len == 0 || choice == PROA_ARRAY_LEN(words)) {
        return proa_read_refuse_word(r, PLACE_KEY(at, "type"), type,
                                     "\"auto\", \"none\", \"required\", \"tool\"");
    }
    out->choice = (enum proa_chat_choice)choice;
    if (out->choice != PROA_CHAT_CHOICE_NAMED) {
        return PROA_OK;
    }
    err = proa_read_text(r, PLACE_KEY(at, "toolName"), &said[NAME], &out->choice_name);
    return err == PROA_OK && out->choice_name.len == 0
               ? proa_read_refuse(r, PLACE_KEY(at, "toolName"), "is missing.")
               : err;
}
