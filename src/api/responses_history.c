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

/* The JSON of the last frame of a run of them that has any: what may stand behind it, `[DONE]`, is
 * none of the API's. The blank behind the colon is JSON's, too. */
static struct proa_slice last_data(struct proa_slice frames)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("data:");
    struct proa_slice data = PROA_SLICE_NONE;
    while (frames.len > 0) {
        struct proa_slice rest;
        const struct proa_slice line = proa_slice_split(frames, '\n', &rest);
        const struct proa_slice told =
            proa_slice_starts(line, begin) ? proa_slice_from(line, begin.len) : PROA_SLICE_NONE;
        data = proa_json_kind_of(told) == PROA_JSON_OBJECT ? told : data;
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
    static const struct proa_slice marks[] = {
        PROA_SLICE_INIT("\"" SEALED_SIGNATURE), PROA_SLICE_INIT("\"" SEALED_REDACTED),
        PROA_SLICE_INIT("\"" OWN_REASONING "_"), PROA_SLICE_INIT("\"extra_content\"")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(marks); i++) {
        if (proa_slice_search(body, marks[i]) < body.len) {
            return true;
        }
    }
    return false;
}

/* ---- lists of items -------------------------------------------------------------------------- */

static struct proa_slice input_of(struct proa_slice body)
{
    struct proa_slice input = PROA_SLICE_NONE;
    (void)proa_json_get(body, PROA_SLICE("input"), &input);
    return input;
}

/* What of items goes into a list. */
enum list_of {
    LIST_ALL = 0,
    LIST_CLIENTS, /* nothing that only answers written here can say */
    LIST_KEPT     /* nor what only the provider knows that gave the answer */
};

/* A list that is written, without its brackets. */
struct list {
    struct proa_buf *out;
    size_t from; /* where it begins */
    enum list_of of;
};

static void comma(struct list *l)
{
    (void)proa_buf_append(l->out, l->out->len > l->from ? PROA_SLICE(",") : PROA_SLICE_NONE);
}

enum { SAID_TYPE = 0, SAID_ID, SAID_SEALED, SAID_EXTRA, SAID_MEMBERS };

/* Strings, all but the last. */
static void read_said(struct proa_slice item, struct proa_slice said[SAID_MEMBERS])
{
    static const struct proa_slice keys[SAID_MEMBERS] = {
        PROA_SLICE_INIT("type"), PROA_SLICE_INIT("id"), PROA_SLICE_INIT("encrypted_content"),
        PROA_SLICE_INIT("extra_content")};
    for (size_t i = 0; i < SAID_MEMBERS; i++) {
        said[i] = PROA_SLICE_NONE;
        (void)proa_json_get(item, keys[i], &said[i]);
    }
}

/* Reasoning that a provider cannot read, or does not know by its id. */
static bool is_left_out(const struct list *l, const struct proa_slice said[SAID_MEMBERS])
{
    return (l->of == LIST_KEPT && proa_slice_eq(said[SAID_TYPE], PROA_SLICE("\"reasoning\""))) ||
           proa_slice_starts(said[SAID_SEALED], PROA_SLICE("\"" SEALED_SIGNATURE)) ||
           proa_slice_starts(said[SAID_SEALED], PROA_SLICE("\"" SEALED_REDACTED)) ||
           proa_slice_starts(said[SAID_ID], PROA_SLICE("\"" OWN_REASONING "_"));
}

/* By its id a provider would look for what belongs to it, such as its reasoning. Tools that a
 * provider runs must have one. */
static bool loses_id(const struct list *l, const struct proa_slice said[SAID_MEMBERS])
{
    return l->of == LIST_KEPT && said[SAID_ID].len > 0 &&
           (said[SAID_TYPE].len == 0 || proa_slice_eq(said[SAID_TYPE], PROA_SLICE("\"message\"")) ||
            proa_slice_eq(said[SAID_TYPE], PROA_SLICE("\"function_call\"")) ||
            proa_slice_eq(said[SAID_TYPE], PROA_SLICE("\"function_call_output\"")));
}

static void put_rest(struct list *l, struct proa_slice item, bool with_id)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    const char *before = "{";
    if (proa_json_cursor_init(&c, item) != PROA_OK) {
        return; /* it has been walked over before */
    }
    while (proa_json_cursor_next(&c, &m)) {
        if (!proa_json_key_is(&m, PROA_SLICE("extra_content")) &&
            (with_id || !proa_json_key_is(&m, PROA_SLICE("id")))) {
            (void)proa_buf_append_cstr(l->out, before);
            (void)proa_buf_append(l->out, m.key);
            PROA_BUF_LIT(l->out, ":");
            (void)proa_buf_append(l->out, m.value);
            before = ",";
        }
    }
    (void)proa_buf_append_cstr(l->out, *before == '{' ? "{}" : "}");
}

static void put_item(struct list *l, const struct proa_json_item *item)
{
    struct proa_slice said[SAID_MEMBERS];
    if (l->of != LIST_ALL && item->kind == PROA_JSON_OBJECT) {
        read_said(item->value, said);
        if (is_left_out(l, said)) {
            return;
        }
        if (said[SAID_EXTRA].len > 0 || loses_id(l, said)) {
            comma(l);
            put_rest(l, item->value, !loses_id(l, said));
            return;
        }
    }
    comma(l);
    (void)proa_buf_append(l->out, item->value);
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
        put_item(l, &m);
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
    PROA_BUF_LIT(out, "[");
    struct list l = {.out = out, .from = out->len};
    enum proa_err err = put_input(&l, input_of(body));
    err = err == PROA_OK ? put_elements(&l, output) : err;
    PROA_BUF_LIT(out, "]");
    return finish(out, from, err);
}

/* ---- the body with another input ------------------------------------------------------------- */

/* Everything else of the body, behind its input. */
static enum proa_err put_others(struct proa_slice body, bool goes_on, struct proa_buf *out)
{
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_cursor_init(&c, body) != PROA_OK) {
        return PROA_ERR_TYPE;
    }
    while (proa_json_cursor_next(&c, &m)) {
        if (!proa_json_key_is(&m, PROA_SLICE("input")) &&
            (goes_on || !proa_json_key_is(&m, PROA_SLICE("previous_response_id")))) {
            PROA_BUF_LIT(out, ",");
            (void)proa_buf_append(out, m.key);
            PROA_BUF_LIT(out, ":");
            (void)proa_buf_append(out, m.value);
        }
    }
    PROA_BUF_LIT(out, "}");
    return c.err == PROA_OK ? PROA_OK : PROA_ERR_TYPE;
}

enum proa_err proa_api_history_body(struct proa_slice body, const struct proa_slice *earlier,
                                    size_t n_earlier, struct proa_buf *out)
{
    const size_t from = out->len;
    enum proa_err err = PROA_OK;
    PROA_BUF_LIT(out, "{\"input\":[");
    struct list l = {.out = out, .from = out->len, .of = LIST_KEPT};
    for (size_t i = 0; err == PROA_OK && i < n_earlier; i++) {
        err = put_elements(&l, earlier[i]);
    }
    l.of = LIST_CLIENTS;
    err = err == PROA_OK ? put_input(&l, input_of(body)) : err;
    PROA_BUF_LIT(out, "]");
    err = err == PROA_OK ? put_others(body, false, out) : err;
    return finish(out, from, err);
}

/* ---- references ------------------------------------------------------------------------------ */

enum { RESTARTS_MAX = 16 };

/* An answer's items, walked over from reference to reference. */
struct source {
    struct proa_json_cursor c;
    unsigned restarts;
    bool usable;
};

static struct proa_slice id_of(struct proa_slice item)
{
    struct proa_slice id = PROA_SLICE_NONE;
    (void)proa_json_get(item, PROA_SLICE("id"), &id);
    return proa_chat_text(id);
}

/* "msg_gen_01J_2" is the third item of "gen_01J", and so is "rs_proa_gen_01J_2". Empty for what is
 * no such reference. */
static struct proa_slice answer_of(const struct proa_json_item *item)
{
    struct proa_slice type = PROA_SLICE_NONE;
    (void)proa_json_get(item->value, PROA_SLICE("type"), &type);
    if (!proa_chat_text_eq(proa_chat_text(type), PROA_SLICE("item_reference"))) {
        return PROA_SLICE_NONE;
    }
    const struct proa_slice id = id_of(item->value);
    const struct proa_slice own = PROA_SLICE(OWN_REASONING);
    const size_t first = proa_slice_starts(id, own) ? own.len : proa_slice_find(id, '_');
    size_t last = id.len;
    while (last > 0 && id.ptr[last - 1] != '_') {
        last--;
    }
    return last > first + 2 ? proa_slice_make(id.ptr + first + 1, last - first - 2)
                            : PROA_SLICE_NONE;
}

size_t proa_api_history_references(struct proa_slice body, struct proa_slice *ids, size_t max)
{
    const struct proa_slice input = input_of(body);
    struct proa_json_cursor c;
    struct proa_json_item m;
    size_t n = 0;
    if (proa_slice_search(input, PROA_SLICE("item_reference")) == input.len ||
        proa_json_kind_of(input) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, input) != PROA_OK) {
        return 0;
    }
    while (n < max && proa_json_cursor_next(&c, &m)) {
        const struct proa_slice id = answer_of(&m);
        if (id.len > 0 && proa_read_word(id, ids, n) == n) {
            ids[n++] = id;
        }
    }
    return n;
}

/* The next item with this id, from where the last was found on. */
static struct proa_slice find_next(struct source *s, struct proa_slice id)
{
    struct proa_json_item m;
    while (proa_json_cursor_next(&s->c, &m)) {
        if (proa_slice_eq(id_of(m.value), id)) {
            return m.value;
        }
    }
    return PROA_SLICE_NONE;
}

static struct proa_slice find(struct source *s, struct proa_slice items, struct proa_slice id)
{
    struct proa_slice item = s->usable ? find_next(s, id) : PROA_SLICE_NONE;
    if (s->usable && item.len == 0 && s->restarts < RESTARTS_MAX) {
        s->restarts++;
        s->usable = proa_json_cursor_init(&s->c, items) == PROA_OK;
        item = s->usable ? find_next(s, id) : item;
    }
    return item;
}

static struct proa_slice resolve(const struct proa_json_item *item,
                                 const struct proa_api_history_kept *kept, struct source *sources,
                                 size_t n)
{
    const struct proa_slice answer = answer_of(item);
    struct proa_slice found = PROA_SLICE_NONE;
    for (size_t i = 0; answer.len > 0 && i < n; i++) {
        if (proa_slice_eq(kept[i].id, answer)) {
            found = find(&sources[i], kept[i].items, id_of(item->value));
            break;
        }
    }
    return found.len > 0 ? found : item->value;
}

enum proa_err proa_api_history_resolve(struct proa_slice body,
                                       const struct proa_api_history_kept *kept, size_t n_kept,
                                       struct proa_arena *arena, struct proa_buf *out)
{
    const size_t from = out->len;
    const struct proa_slice input = input_of(body);
    struct proa_json_cursor c;
    struct proa_json_item m;
    if (proa_json_kind_of(input) != PROA_JSON_ARRAY ||
        proa_json_cursor_init(&c, input) != PROA_OK) {
        return PROA_ERR_TYPE;
    }
    struct source *sources = proa_arena_zero(arena, n_kept, sizeof sources[0]);
    for (size_t i = 0; i < n_kept; i++) {
        sources[i].usable = proa_json_kind_of(kept[i].items) == PROA_JSON_ARRAY &&
                            proa_json_cursor_init(&sources[i].c, kept[i].items) == PROA_OK;
    }
    PROA_BUF_LIT(out, "{\"input\":[");
    struct list l = {.out = out, .from = out->len};
    while (proa_json_cursor_next(&c, &m)) {
        comma(&l);
        (void)proa_buf_append(out, resolve(&m, kept, sources, n_kept));
    }
    PROA_BUF_LIT(out, "]");
    const enum proa_err err = c.err == PROA_OK ? put_others(body, true, out) : PROA_ERR_TYPE;
    return finish(out, from, err);
}
