#include "instance_priv.h"
#include "speech_priv.h"

enum { BYTES_PER_TOKEN = 4 };

static const struct proa_slice THOUGHT =
    PROA_SLICE_INIT("The words are plain, so an echo of them will do.");

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
    if (most > MOCK_MAX_CALLS) {
        most = MOCK_MAX_CALLS;
    }
    /* Right behind results only what is called by its name: a word between them asks for none. */
    const bool by_name = req->after_tool && req->tool_choice == MOCK_TOOLS_AUTO;
    if (req->tool_choice == MOCK_TOOLS_NONE || (by_name && !req->said_more)) {
        return;
    }
    for (uint32_t i = 0; i < req->n_tools && out->n_calls < most; i++) {
        const struct mock_tool *tool = &req->tools[i];
        if (by_name ? mentions(req->text, tool->name) : is_called(req, plan, tool->name)) {
            struct mock_call *call = &out->calls[out->n_calls++];
            call->name = tool->name;
            call->arguments = proa_mock_instance(tool->schema, req->text, arena);
            out->completion_tokens += mock_tokens(tool->name.len + call->arguments.len);
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

/* "words [saw 2: image/png, url]" */
static struct proa_slice with_media(const struct mock_request *req, struct proa_slice text,
                                    struct proa_arena *arena)
{
    struct proa_slice seen = proa_arena_printf(arena, "[saw %u:", req->n_media);
    for (uint32_t i = 0; i < req->n_media && i < MOCK_MAX_MEDIA; i++) {
        seen =
            proa_arena_printf(arena, "%" PROA_SLICE_FMT "%s%" PROA_SLICE_FMT, PROA_SLICE_ARG(seen),
                              i > 0 ? ", " : " ", PROA_SLICE_ARG(req->media[i]));
    }
    return proa_arena_printf(arena, "%" PROA_SLICE_FMT " %" PROA_SLICE_FMT "]",
                             PROA_SLICE_ARG(text), PROA_SLICE_ARG(seen));
}

static void say_text(const struct mock_request *req, const struct proa_mock_plan *plan,
                     const struct mock_author *author, struct proa_arena *arena,
                     struct mock_speech *out)
{
    if (proa_mock_plan_has(plan, PROA_MOCK_MIRROR)) {
        out->text = req->body;
        out->completion_tokens += mock_tokens(out->text.len);
        return;
    }
    if (req->schema.len > 0) {
        out->text = proa_mock_instance(req->schema, req->text, arena);
    } else if (req->wants_json) {
        out->text = PROA_SLICE("{\"mock\": true}");
    } else {
        out->text = choose_text(req, plan, author, arena);
        out->text = req->n_media > 0 ? with_media(req, out->text, arena) : out->text;
    }
    if (proa_slice_starts(out->text, req->begun)) {
        out->text = proa_slice_from(out->text, req->begun.len);
    }
    if (mock_tokens(out->text.len) > req->max_tokens) {
        struct proa_slice rest = out->text;
        out->text = proa_mock_speech_part(&rest, (size_t)req->max_tokens * BYTES_PER_TOKEN);
        out->finish = MOCK_FINISH_LENGTH;
    }
    out->completion_tokens += mock_tokens(out->text.len);
}

void proa_mock_speech_make(const struct mock_request *req, const struct proa_mock_plan *plan,
                           const struct mock_author *author, struct proa_arena *arena,
                           struct mock_speech *out)
{
    const uint64_t cached = proa_mock_plan_get(plan, PROA_MOCK_CACHED, 0);
    *out = (struct mock_speech){.finish = MOCK_FINISH_STOP};
    out->cached_tokens = cached < req->prompt_tokens ? cached : req->prompt_tokens;
    if (proa_mock_plan_get(plan, PROA_MOCK_THINK, req->thinks)) {
        out->thought = THOUGHT;
        out->thought_tokens = mock_tokens(THOUGHT.len);
        out->completion_tokens = out->thought_tokens;
    }
    if (proa_mock_plan_has(plan, PROA_MOCK_FINISH)) {
        out->reason = proa_mock_finish_text(plan->values[PROA_MOCK_FINISH]);
    }
    call_tools(req, plan, arena, out);
    if (out->n_calls > 0) {
        out->finish = MOCK_FINISH_CALLS;
        return;
    }
    say_text(req, plan, author, arena, out);
}

bool proa_mock_ends_open(const struct proa_mock_plan *plan)
{
    return proa_mock_plan_has(plan, PROA_MOCK_NO_DONE) ||
           proa_mock_plan_has(plan, PROA_MOCK_NO_TERMINATOR);
}

struct proa_slice proa_mock_finish(const struct mock_making *m, struct proa_slice stop,
                                   struct proa_slice length, struct proa_slice calls)
{
    if (m->speech.reason.len > 0) {
        return m->speech.reason;
    }
    return m->speech.finish == MOCK_FINISH_STOP
               ? stop
               : (m->speech.finish == MOCK_FINISH_LENGTH ? length : calls);
}
