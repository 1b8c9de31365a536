#include "proa/api/responses_history.h"

#include "responses_read_priv.h"

#include "proa/chat/text.h"

/* ---- what is said ---------------------------------------------------------------------------- */

void proa_api_history_wish(struct proa_slice body, struct proa_api_history_wish *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    *out = (struct proa_api_history_wish){.store = true};
    if (proa_json_cursor_init(&c, body) != PROA_OK) {
        return;
    }
    while (proa_json_cursor_next(&c, &m)) {
        if (proa_json_key_is(&m, PROA_SLICE("previous_response_id"))) {
            out->previous = m.kind == PROA_JSON_STRING ? proa_chat_text(m.value) : PROA_SLICE_NONE;
        } else if (proa_json_key_is(&m, PROA_SLICE("store"))) {
            out->store = m.kind != PROA_JSON_FALSE;
        }
    }
}

/* The JSON of the last frame of a run of them. */
static struct proa_slice last_data(struct proa_slice frames)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("data: ");
    struct proa_slice data = PROA_SLICE_NONE;
    while (frames.len > 0) {
        struct proa_slice rest;
        const struct proa_slice line = proa_slice_split(frames, '\n', &rest);
        data = proa_slice_starts(line, begin) ? proa_slice_from(line, begin.len) : data;
        frames = rest;
    }
    return data;
}

bool proa_api_history_answer(struct proa_slice answer, struct proa_api_history_answer *out)
{
    static const struct proa_slice words[] = {PROA_SLICE_INIT("completed"),
                                              PROA_SLICE_INIT("incomplete")};
    struct proa_slice response =
        proa_json_kind_of(answer) == PROA_JSON_OBJECT ? answer : last_data(answer);
    struct proa_slice id = PROA_SLICE_NONE;
    struct proa_slice status = PROA_SLICE_NONE;
    /* An event has its Response in a member; a Response has none of that name. */
    (void)proa_json_get(response, PROA_SLICE("response"), &response);
    if (proa_json_get(response, PROA_SLICE("id"), &id) != PROA_JSON_STRING ||
        proa_json_get(response, PROA_SLICE("status"), &status) != PROA_JSON_STRING ||
        proa_read_word(proa_chat_text(status), words, PROA_ARRAY_LEN(words)) ==
            PROA_ARRAY_LEN(words)) {
        return false;
    }
    out->id = proa_chat_text(id);
    return proa_json_get(response, PROA_SLICE("output"), &out->output) == PROA_JSON_ARRAY &&
           out->id.len > 0;
}

bool proa_api_history_has_foreign(struct proa_slice body)
{
    static const struct proa_slice marks[] = {PROA_SLICE_INIT("\"" SEALED_SIGNATURE),
                                              PROA_SLICE_INIT("\"" SEALED_REDACTED)};
    return proa_slice_search(body, marks[0]) < body.len ||
           proa_slice_search(body, marks[1]) < body.len;
}

/* ---- lists of items -------------------------------------------------------------------------- */

/* Reasoning that only another provider can read. */
static bool is_foreign(const struct proa_json_item *item)
{
    struct proa_slice sealed = PROA_SLICE_NONE;
    (void)proa_json_get(item->value, PROA_SLICE("encrypted_content"), &sealed);
    return proa_slice_starts(sealed, PROA_SLICE("\"" SEALED_SIGNATURE)) ||
           proa_slice_starts(sealed, PROA_SLICE("\"" SEALED_REDACTED));
}

/* A list that is written, without its brackets. */
struct list {
    struct proa_buf *out;
    size_t from; /* where it begins */
    bool without_foreign;
};

static void comma(struct list *l)
{
    (void)proa_buf_append(l->out, l->out->len > l->from ? PROA_SLICE(",") : PROA_SLICE_NONE);
}

/* The elements of an array. */
static enum proa_err put_elements(struct list *l, struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_kind_of(array) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, array) != PROA_OK) {
        return PROA_ERR_TYPE;
    }
    while (proa_json_cursor_next(&c, &m)) {
        if (!l->without_foreign || !is_foreign(&m)) {
            comma(l);
            (void)proa_buf_append(l->out, m.value);
        }
    }
    return c.err == PROA_OK ? PROA_OK : PROA_ERR_TYPE;
}

static enum proa_err put_input(struct list *l, struct proa_slice input)
{
    if (proa_json_kind_of(input) != PROA_JSON_STRING) {
        return put_elements(l, input);
    }
    comma(l);
    PROA_BUF_LIT(l->out, "{\"type\":\"message\",\"role\":\"user\",\"content\":");
    (void)proa_buf_append(l->out, input);
    PROA_BUF_LIT(l->out, "}");
    return PROA_OK;
}

/* Nothing, unless all of it fits. */
static enum proa_err finish(struct proa_buf *out, size_t from, enum proa_err err)
{
    err = err == PROA_OK && !proa_buf_ok(out) ? PROA_ERR_LIMIT : err;
    if (err != PROA_OK) {
        out->len = from;
    }
    return err;
}

enum proa_err proa_api_history_keep(struct proa_slice body, struct proa_slice output,
                                    struct proa_buf *out)
{
    const size_t from = out->len;
    struct proa_slice input = PROA_SLICE_NONE;
    (void)proa_json_get(body, PROA_SLICE("input"), &input);
    PROA_BUF_LIT(out, "[");
    struct list l = {.out = out, .from = out->len};
    enum proa_err err = put_input(&l, input);
    err = err == PROA_OK ? put_elements(&l, output) : err;
    PROA_BUF_LIT(out, "]");
    return finish(out, from, err);
}

/* ---- the body with all of them --------------------------------------------------------------- */

static enum proa_err put_all_input(struct proa_slice input, const struct proa_slice *earlier,
                                   size_t n_earlier, struct proa_buf *out)
{
    PROA_BUF_LIT(out, "\"input\":[");
    struct list l = {.out = out, .from = out->len, .without_foreign = true};
    enum proa_err err = PROA_OK;
    for (size_t i = 0; err == PROA_OK && i < n_earlier; i++) {
        err = put_elements(&l, earlier[i]);
    }
    err = err == PROA_OK ? put_input(&l, input) : err;
    PROA_BUF_LIT(out, "]");
    return err;
}

enum proa_err proa_api_history_body(struct proa_slice body, const struct proa_slice *earlier,
                                    size_t n_earlier, struct proa_buf *out)
{
    const size_t from = out->len;
    struct proa_slice input = PROA_SLICE_NONE;
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_cursor_init(&c, body) != PROA_OK) {
        return PROA_ERR_TYPE;
    }
    (void)proa_json_get(body, PROA_SLICE("input"), &input);
    PROA_BUF_LIT(out, "{");
    enum proa_err err = put_all_input(input, earlier, n_earlier, out);
    while (err == PROA_OK && proa_json_cursor_next(&c, &m)) {
        if (!proa_json_key_is(&m, PROA_SLICE("input")) &&
            !proa_json_key_is(&m, PROA_SLICE("previous_response_id"))) {
            PROA_BUF_LIT(out, ",");
            (void)proa_buf_append(out, m.key);
            PROA_BUF_LIT(out, ":");
            (void)proa_buf_append(out, m.value);
        }
    }
    PROA_BUF_LIT(out, "}");
    return finish(out, from, err == PROA_OK && c.err != PROA_OK ? PROA_ERR_TYPE : err);
}
