#include "speech_priv.h"

#include "proa/json/cursor.h"
#include "proa/json/string.h"
#include "proa/json/writer.h"

enum { ARGUMENT_BYTES = 64, ARGUMENTS_MAX = 64 * 1024, BYTES_PER_TOKEN = 4 };

static const struct proa_slice LEXICON[] = {
    PROA_SLICE_INIT("the"),   PROA_SLICE_INIT("outrigger"), PROA_SLICE_INIT("keeps"),
    PROA_SLICE_INIT("a"),     PROA_SLICE_INIT("narrow"),    PROA_SLICE_INIT("hull"),
    PROA_SLICE_INIT("level"), PROA_SLICE_INIT("while"),     PROA_SLICE_INIT("wind"),
    PROA_SLICE_INIT("and"),   PROA_SLICE_INIT("current"),   PROA_SLICE_INIT("change"),
};

/* ---- text ------------------------------------------------------------------------------------ */

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0U) == 0x80U;
}

struct proa_slice proa_mock_speech_part(struct proa_slice *rest, size_t n)
{
    size_t end = n < rest->len ? n : rest->len;
    while (end < rest->len && is_continuation(rest->ptr[end])) {
        end++;
    }
    const struct proa_slice part = proa_slice_head(*rest, end);
    *rest = proa_slice_from(*rest, end);
    return part;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

struct proa_slice proa_mock_speech_word(struct proa_slice *rest)
{
    size_t end = 0;
    while (end < rest->len && is_blank(rest->ptr[end])) {
        end++;
    }
    while (end < rest->len && !is_blank(rest->ptr[end])) {
        end++;
    }
    return proa_mock_speech_part(rest, end);
}

/* n_words words, or n_bytes bytes where that is not 0. */
static struct proa_slice generate(uint64_t n_words, uint64_t n_bytes, struct proa_arena *arena)
{
    enum { LONGEST = 10 }; /* a word with its blank */
    const uint64_t room = n_bytes ? n_bytes : n_words * LONGEST;
    const size_t cap = room < MOCK_ANSWER_MAX ? (size_t)room : MOCK_ANSWER_MAX;
    char *out = proa_arena_alloc(arena, cap);
    size_t n = 0;
    for (size_t i = 0; n < cap && (n_bytes || i < n_words); i++) {
        const struct proa_slice word = LEXICON[i % PROA_ARRAY_LEN(LEXICON)];
        if (i > 0) {
            out[n++] = ' ';
        }
        for (size_t k = 0; k < word.len && n < cap; k++) {
            out[n++] = word.ptr[k];
        }
    }
    return proa_slice_make(out, n);
}

static struct proa_slice choose_text(const struct mock_request *req,
                                     const struct proa_mock_plan *plan,
                                     const struct mock_author *author, struct proa_arena *arena)
{
    const uint64_t n_bytes = proa_mock_plan_get(plan, PROA_MOCK_SIZE, 0);
    const uint64_t n_words = proa_mock_plan_get(plan, PROA_MOCK_WORDS, 0);
    if (n_bytes > 0 || n_words > 0) {
        return generate(n_words, n_bytes, arena);
    }
    if (author->text.len > 0) {
        return author->text;
    }
    return req->text.len > 0 ? req->text : PROA_SLICE("Hello from the mock.");
}

/* ---- tools ----------------------------------------------------------------------------------- */

/* A value that fits a property's schema, as far as its first level says. */
static void write_argument(struct proa_json_writer *w, struct proa_slice schema,
                           struct proa_slice text)
{
    struct proa_slice found = PROA_SLICE_NONE;
    struct proa_slice first;
    if (proa_json_get(schema, PROA_SLICE("enum"), &found) == PROA_JSON_ARRAY &&
        proa_json_at(found, 0, &first) != PROA_JSON_ABSENT) {
        proa_json_writer_raw(w, first);
        return;
    }
    found = PROA_SLICE_NONE;
    (void)proa_json_get(schema, PROA_SLICE("type"), &found);
    if (proa_slice_eq(found, PROA_SLICE("\"integer\"")) ||
        proa_slice_eq(found, PROA_SLICE("\"number\""))) {
        proa_json_writer_u64(w, 1);
    } else if (proa_slice_eq(found, PROA_SLICE("\"boolean\""))) {
        proa_json_writer_bool(w, true);
    } else if (proa_slice_eq(found, PROA_SLICE("\"array\""))) {
        proa_json_writer_raw(w, PROA_SLICE("[]"));
    } else if (proa_slice_eq(found, PROA_SLICE("\"object\""))) {
        proa_json_writer_raw(w, PROA_SLICE("{}"));
    } else {
        proa_json_writer_string(w, proa_mock_speech_part(&text, ARGUMENT_BYTES));
    }
}

static struct proa_slice make_arguments(struct proa_slice tool, struct proa_slice text,
                                        struct proa_arena *arena)
{
    const struct proa_json_step steps[] = {PROA_JSON_STEP_KEY("function"),
                                           PROA_JSON_STEP_KEY("parameters"),
                                           PROA_JSON_STEP_KEY("properties")};
    struct proa_slice properties;
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct proa_json_writer w;
    struct proa_buf out;
    proa_buf_init(&out, ARGUMENTS_MAX);
    proa_json_writer_init(&w, &out);
    proa_json_writer_begin_object(&w);
    if (proa_json_path(tool, steps, 3, &properties) == PROA_JSON_OBJECT &&
        proa_json_cursor_init(&c, properties) == PROA_OK) {
        while (proa_json_cursor_next(&c, &item)) {
            struct proa_slice key = PROA_SLICE_NONE;
            if (proa_json_string_view(item.key, arena, &key) == PROA_OK) {
                proa_json_writer_key(&w, key);
                write_argument(&w, item.value, text);
            }
        }
    }
    proa_json_writer_end_object(&w);
    const struct proa_slice arguments =
        proa_buf_ok(&out) ? proa_arena_dup(arena, proa_buf_slice(&out)) : PROA_SLICE("{}");
    proa_buf_deinit(&out);
    return arguments;
}

static struct proa_slice tool_name(struct proa_slice tool, struct proa_arena *arena)
{
    const struct proa_json_step steps[] = {PROA_JSON_STEP_KEY("function"),
                                           PROA_JSON_STEP_KEY("name")};
    struct proa_slice token;
    struct proa_slice name = PROA_SLICE_NONE;
    if (proa_json_path(tool, steps, 2, &token) != PROA_JSON_STRING ||
        proa_json_string_view(token, arena, &name) != PROA_OK) {
        return PROA_SLICE_NONE;
    }
    return name;
}

static bool mentions(struct proa_slice text, struct proa_slice word)
{
    return word.len > 0 && proa_slice_search_nocase(text, word) < text.len;
}

static bool is_called(const struct mock_request *req, const struct proa_mock_plan *plan,
                      struct proa_slice name)
{
    if (req->tool_choice == MOCK_TOOLS_NAMED) {
        return proa_slice_eq(name, req->tool_name);
    }
    return req->tool_choice == MOCK_TOOLS_REQUIRED || proa_mock_plan_has(plan, PROA_MOCK_CALLS) ||
           mentions(req->text, PROA_SLICE("tool")) || mentions(req->text, name);
}

static void call_tools(const struct mock_request *req, const struct proa_mock_plan *plan,
                       struct proa_arena *arena, struct mock_speech *out)
{
    uint64_t most = proa_mock_plan_get(plan, PROA_MOCK_CALLS, 1);
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (most > MOCK_MAX_CALLS) {
        most = MOCK_MAX_CALLS;
    }
    if (req->tool_choice == MOCK_TOOLS_NONE || proa_json_cursor_init(&c, req->tools) != PROA_OK ||
        (req->after_tool && req->tool_choice == MOCK_TOOLS_AUTO)) {
        return;
    }
    while (out->n_calls < most && proa_json_cursor_next(&c, &item)) {
        const struct proa_slice name = tool_name(item.value, arena);
        if (name.len > 0 && is_called(req, plan, name)) {
            struct mock_call *call = &out->calls[out->n_calls++];
            call->name = name;
            call->arguments = make_arguments(item.value, req->text, arena);
            out->completion_tokens += mock_tokens(name.len + call->arguments.len);
        }
    }
}

void proa_mock_speech_make(const struct mock_request *req, const struct proa_mock_plan *plan,
                           const struct mock_author *author, struct proa_arena *arena,
                           struct mock_speech *out)
{
    *out = (struct mock_speech){.finish = PROA_SLICE("stop")};
    if (req->tools.len > 0) {
        call_tools(req, plan, arena, out);
    }
    if (out->n_calls > 0) {
        out->finish = PROA_SLICE("tool_calls");
        return;
    }
    out->text = choose_text(req, plan, author, arena);
    if (proa_slice_starts(out->text, req->begun)) {
        out->text = proa_slice_from(out->text, req->begun.len);
    }
    if (mock_tokens(out->text.len) > req->max_tokens) {
        struct proa_slice rest = out->text;
        out->text = proa_mock_speech_part(&rest, (size_t)req->max_tokens * BYTES_PER_TOKEN);
        out->finish = PROA_SLICE("length");
    }
    out->completion_tokens = mock_tokens(out->text.len);
}
