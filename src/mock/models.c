#include "answer_priv.h"

#include "proa/json/cursor.h"
#include "proa/json/writer.h"

/* Examples for a list; every other name is served as well. */
static const struct proa_slice NAMES[] = {
    PROA_SLICE_INIT("echo"),
    PROA_SLICE_INIT("echo-large"),
    PROA_SLICE_INIT("text-embedding-mock"),
    PROA_SLICE_INIT("omni-moderation-latest"),
};

static const struct proa_slice CATEGORIES[] = {
    PROA_SLICE_INIT("harassment"), PROA_SLICE_INIT("hate"),     PROA_SLICE_INIT("self-harm"),
    PROA_SLICE_INIT("sexual"),     PROA_SLICE_INIT("violence"),
};

size_t proa_mock_model_names(const struct proa_slice **names)
{
    *names = NAMES;
    return PROA_ARRAY_LEN(NAMES);
}

static void write_model(struct proa_json_writer *w, struct proa_slice id, uint64_t created)
{
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "id", id);
    proa_json_writer_member_string(w, "object", PROA_SLICE("model"));
    proa_json_writer_member_u64(w, "created", created);
    proa_json_writer_member_string(w, "owned_by", PROA_SLICE("mock"));
    proa_json_writer_end_object(w);
}

void proa_mock_models_make(struct mock_answer *a, const struct mock_author *author)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, &a->body);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "object", PROA_SLICE("list"));
    proa_json_writer_key(&w, PROA_SLICE("data"));
    proa_json_writer_begin_array(&w);
    for (size_t i = 0; i < PROA_ARRAY_LEN(NAMES); i++) {
        write_model(&w, NAMES[i], author->created);
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
}

void proa_mock_model_make(struct mock_answer *a, struct proa_slice id,
                          const struct mock_author *author)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, &a->body);
    write_model(&w, id, author->created);
}

/* A text is flagged for every category whose name it holds. */
static void write_verdict(struct proa_json_writer *w, struct proa_slice text)
{
    bool flagged = false;
    for (size_t i = 0; i < PROA_ARRAY_LEN(CATEGORIES); i++) {
        flagged = flagged || proa_slice_search_nocase(text, CATEGORIES[i]) < text.len;
    }
    proa_json_writer_begin_object(w);
    proa_json_writer_member_bool(w, "flagged", flagged);
    proa_json_writer_key(w, PROA_SLICE("categories"));
    proa_json_writer_begin_object(w);
    for (size_t i = 0; i < PROA_ARRAY_LEN(CATEGORIES); i++) {
        proa_json_writer_key(w, CATEGORIES[i]);
        proa_json_writer_bool(w, proa_slice_search_nocase(text, CATEGORIES[i]) < text.len);
    }
    proa_json_writer_end_object(w);
    proa_json_writer_key(w, PROA_SLICE("category_scores"));
    proa_json_writer_begin_object(w);
    for (size_t i = 0; i < PROA_ARRAY_LEN(CATEGORIES); i++) {
        const bool is = proa_slice_search_nocase(text, CATEGORIES[i]) < text.len;
        proa_json_writer_key(w, CATEGORIES[i]);
        proa_json_writer_micro(w, is ? 970000 : 10);
    }
    proa_json_writer_end_object(w);
    proa_json_writer_end_object(w);
}

void proa_mock_moderations_make(struct mock_answer *a, const struct mock_request *req,
                                const struct mock_author *author, struct proa_arena *arena)
{
    struct proa_json_writer w;
    struct proa_json_cursor c;
    struct proa_json_item item;
    proa_json_writer_init(&w, &a->body);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(
        &w, "id", proa_arena_printf(arena, "modr-%016llx", (unsigned long long)author->id));
    proa_json_writer_member_string(&w, "model", req->model);
    proa_json_writer_key(&w, PROA_SLICE("results"));
    proa_json_writer_begin_array(&w);
    if (!req->input_is_list) {
        write_verdict(&w, proa_mock_input_text(req->input, arena));
    } else if (proa_json_cursor_init(&c, req->input) == PROA_OK) {
        while (proa_json_cursor_next(&c, &item)) {
            write_verdict(&w, proa_mock_input_text(item.value, arena));
        }
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
    a->tokens = req->prompt_tokens;
}
