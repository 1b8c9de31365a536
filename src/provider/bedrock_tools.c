/*
 * Tools of Converse. They must be told again when the conversation holds calls or results, whether
 * the client tells them or not; and there is no way to forbid their use but to leave them out.
 */
#include "bedrock_priv.h"

enum { NAMES_MAX = 64, NAME_LEN_MAX = 64 };

static const struct proa_slice NO_SCHEMA =
    PROA_SLICE_INIT("{\"type\":\"object\",\"properties\":{}}");

/* Is there a call or a result among the messages? */
static bool history_has_tools(const struct proa_chat_request *r)
{
    for (size_t i = 0; i < r->n_messages; i++) {
        for (size_t k = 0; k < r->messages[i].n_parts; k++) {
            const enum proa_chat_part_kind kind = r->messages[i].parts[k].kind;
            if (kind == PROA_CHAT_PART_TOOL_CALL || kind == PROA_CHAT_PART_TOOL_RESULT) {
                return true;
            }
        }
    }
    return false;
}

static void put_spec(struct bedrock_writer *w, struct proa_slice name,
                     struct proa_slice description, struct proa_slice schema, bool strict)
{
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("toolSpec"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_text(w, "name", name);
    if (!proa_chat_text_is_blank(description)) { /* an empty one is refused */
        proa_bedrock_member_text(w, "description", description);
    }
    proa_json_writer_key(&w->json, PROA_SLICE("inputSchema"));
    proa_json_writer_begin_object(&w->json);
    proa_bedrock_member_raw(w, "json", schema.len > 0 ? schema : NO_SCHEMA);
    proa_json_writer_end_object(&w->json);
    if (strict) {
        proa_json_writer_member_bool(&w->json, "strict", true);
    }
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
}

/* Of a conversation whose tools are not told any more: their names must do. */
static void put_names_of_history(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    struct proa_slice names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->n_messages; i++) {
        for (size_t k = 0; k < r->messages[i].n_parts && n < NAMES_MAX; k++) {
            const struct proa_chat_part *p = &r->messages[i].parts[k];
            if (p->kind != PROA_CHAT_PART_TOOL_CALL) {
                continue;
            }
            names[n] = proa_bedrock_tool_name(w, p->name);
            size_t same = 0;
            while (!proa_slice_eq(names[same], names[n])) {
                same++;
            }
            if (same == n) {
                put_spec(w, names[n], PROA_SLICE_NONE, PROA_SLICE_NONE, false);
                n++;
            }
        }
    }
    if (n == 0) { /* results without a call */
        put_spec(w, PROA_SLICE("tool"), PROA_SLICE_NONE, PROA_SLICE_NONE, false);
    }
}

/* ---- which ----------------------------------------------------------------------------------- */

static bool is_wanted(const struct bedrock_writer *w, const struct proa_chat_tool *t)
{
    const struct proa_chat_request *r = w->in->chat;
    /* A model that cannot be made to call a certain tool gets no other. */
    const bool alone =
        r->choice == PROA_CHAT_CHOICE_NAMED && w->model->choice == BEDROCK_CHOICE_ANY;
    return !alone || proa_slice_eq(t->name, r->choice_name);
}

static size_t count_wanted(const struct bedrock_writer *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->in->chat->n_tools; i++) {
        n += is_wanted(w, &w->in->chat->tools[i]);
    }
    return n;
}

static enum proa_err put_tools(struct bedrock_writer *w, bool *any)
{
    const struct proa_chat_request *r = w->in->chat;
    for (size_t i = 0; i < r->n_tools; i++) {
        const struct proa_chat_tool *t = &r->tools[i];
        if (!is_wanted(w, t)) {
            continue;
        }
        if (t->name.len > NAME_LEN_MAX ||
            !proa_slice_eq(proa_bedrock_tool_name(w, t->name), t->name)) {
            return proa_bedrock_refuse(
                w, "tools", "a name is of other characters than letters, digits, _ and -");
        }
        if (t->strict == PROA_CHAT_YES && !w->plan.strict) {
            proa_bedrock_warn(w, "strict", "has no equivalent at this model");
        }
        put_spec(w, t->name, t->description, t->schema,
                 t->strict == PROA_CHAT_YES && w->plan.strict);
        proa_bedrock_put_cache(w, t->cache_control);
        *any = true;
    }
    return PROA_OK;
}

/* ---- whether --------------------------------------------------------------------------------- */

static void put_word(struct bedrock_writer *w, const char *word, struct proa_slice name)
{
    proa_json_writer_key(&w->json, PROA_SLICE("toolChoice"));
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, proa_slice_cstr(word));
    proa_json_writer_begin_object(&w->json);
    if (name.len > 0) {
        proa_bedrock_member_text(w, "name", name);
    }
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
}

static void put_choice(struct bedrock_writer *w, bool by_json, bool any)
{
    const struct proa_chat_request *r = w->in->chat;
    const bool named = w->model->choice == BEDROCK_CHOICE_TOOL;
    if (w->one_call) {
        return; /* said among the model's own fields */
    }
    if (by_json) {
        put_word(w, any || !named ? "any" : "tool",
                 any || !named ? PROA_SLICE_NONE : BEDROCK_JSON_TOOL);
        return;
    }
    switch (any ? r->choice : PROA_CHAT_CHOICE_UNSAID) {
    case PROA_CHAT_CHOICE_UNSAID:
        return;
    case PROA_CHAT_CHOICE_NONE: /* the history needs them */
        proa_bedrock_warn(w, "tool_choice", "a call cannot be forbidden after there were some");
        return;
    case PROA_CHAT_CHOICE_AUTO:
        put_word(w, "auto", PROA_SLICE_NONE);
        return;
    case PROA_CHAT_CHOICE_REQUIRED:
        put_word(w, "any", PROA_SLICE_NONE);
        return;
    case PROA_CHAT_CHOICE_NAMED:
        put_word(w, named ? "tool" : "any", named ? r->choice_name : PROA_SLICE_NONE);
        return;
    }
}

/* What a model without tools, or without a choice, cannot do. */
static enum proa_err judge(struct bedrock_writer *w, bool needed)
{
    const struct proa_chat_request *r = w->in->chat;
    const enum proa_chat_choice choice = r->choice;
    if (!needed) {
        return PROA_OK;
    }
    for (size_t i = 0; i < r->n_tools; i++) {
        if (r->tools[i].own.len > 0) {
            return proa_bedrock_refuse(w, "tools", "a tool that only another provider runs");
        }
    }
    if ((w->model->flags & BEDROCK_NO_TOOLS) != 0) {
        return proa_bedrock_refuse(w, "tools", "this model calls no tools");
    }
    if (w->model->choice == BEDROCK_CHOICE_AUTO &&
        (choice == PROA_CHAT_CHOICE_REQUIRED || choice == PROA_CHAT_CHOICE_NAMED)) {
        return proa_bedrock_refuse(w, "tool_choice", "this model cannot be made to call a tool");
    }
    return PROA_OK;
}

enum proa_err proa_bedrock_put_tools(struct bedrock_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    const bool by_json = w->plan.schema == CLAUDE_SCHEMA_TOOL;
    const bool history = history_has_tools(r);
    const bool wanted = r->choice != PROA_CHAT_CHOICE_NONE && count_wanted(w) > 0;
    bool any = false;
    const enum proa_err judged = judge(w, wanted || history);
    if (judged != PROA_OK || !(wanted || history || by_json)) {
        return judged;
    }
    proa_json_writer_key(&w->json, PROA_SLICE("toolConfig"));
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("tools"));
    proa_json_writer_begin_array(&w->json);
    const enum proa_err err = wanted || history ? put_tools(w, &any) : PROA_OK;
    if (err != PROA_OK) {
        return err;
    }
    if (by_json) {
        put_spec(w, BEDROCK_JSON_TOOL, PROA_SLICE(PROA_CLAUDE_JSON_HINT), r->format_schema, false);
    } else if (!any && history) {
        put_names_of_history(w);
    }
    proa_json_writer_end_array(&w->json);
    put_choice(w, by_json, any);
    proa_json_writer_end_object(&w->json);
    return PROA_OK;
}
