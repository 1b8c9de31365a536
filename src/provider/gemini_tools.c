/*
 * Tools: what they are called and take, and whether the model must use them.
 */
#include "gemini_priv.h"

static enum proa_err put_parameters(struct gemini_writer *w, struct proa_slice schema)
{
    const char *reason = NULL;
    if (proa_gemini_schema_is_empty(schema)) {
        return PROA_OK;
    }
    if (w->model->json_schema) {
        proa_gemini_member_raw(w, "parametersJsonSchema", schema);
        return PROA_OK;
    }
    proa_json_writer_key(&w->json, PROA_SLICE("parameters"));
    const enum proa_err err = proa_gemini_schema(&w->json, schema, w->arena, &reason);
    return err == PROA_ERR_UNSUPPORTED ? proa_gemini_refuse(w, "tools", reason) : err;
}

static enum proa_err put_tool(struct gemini_writer *w, const struct proa_chat_tool *tool)
{
    proa_json_writer_begin_object(&w->json);
    proa_gemini_member_text(w, "name", tool->name);
    if (tool->description.len > 0) {
        proa_gemini_member_text(w, "description", tool->description);
    }
    const enum proa_err err = put_parameters(w, tool->schema);
    if (err == PROA_OK) {
        proa_json_writer_end_object(&w->json);
    }
    return err;
}

static enum proa_err put_functions(struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    enum proa_err err = PROA_OK;
    bool begun = false;
    for (size_t i = 0; i < r->n_tools && err == PROA_OK; i++) {
        if (r->tools[i].own.len > 0) {
            continue;
        }
        if (!begun) {
            begun = true;
            proa_json_writer_begin_object(&w->json);
            proa_json_writer_key(&w->json, PROA_SLICE("functionDeclarations"));
            proa_json_writer_begin_array(&w->json);
        }
        err = put_tool(w, &r->tools[i]);
    }
    if (begun && err == PROA_OK) {
        proa_json_writer_end_array(&w->json);
        proa_json_writer_end_object(&w->json);
    }
    return err;
}

static const char *const MODES[] = {
    [PROA_CHAT_CHOICE_UNSAID] = NULL, [PROA_CHAT_CHOICE_AUTO] = "AUTO",
    [PROA_CHAT_CHOICE_NONE] = "NONE", [PROA_CHAT_CHOICE_REQUIRED] = "ANY",
    [PROA_CHAT_CHOICE_NAMED] = "ANY",
};

static void put_choice(struct gemini_writer *w, const char *mode)
{
    const struct proa_chat_request *r = w->in->chat;
    proa_json_writer_key(&w->json, PROA_SLICE("functionCallingConfig"));
    proa_json_writer_begin_object(&w->json);
    proa_gemini_member_text(w, "mode", proa_slice_cstr(mode));
    if (r->choice == PROA_CHAT_CHOICE_NAMED) {
        proa_json_writer_key(&w->json, PROA_SLICE("allowedFunctionNames"));
        proa_json_writer_begin_array(&w->json);
        proa_json_writer_text(&w->json, r->choice_name);
        proa_json_writer_end_array(&w->json);
    }
    proa_json_writer_end_object(&w->json);
}

enum proa_err proa_gemini_put_tools(struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    const char *mode = r->n_tools > 0 ? MODES[r->choice] : NULL;
    enum proa_err err = PROA_OK;
    if (r->n_tools > 0) {
        proa_json_writer_key(&w->json, PROA_SLICE("tools"));
        proa_json_writer_begin_array(&w->json);
        err = put_functions(w);
        for (size_t i = 0; i < r->n_tools && err == PROA_OK; i++) {
            if (r->tools[i].own.len > 0) {
                proa_json_writer_raw(&w->json, r->tools[i].own);
            }
        }
        if (err != PROA_OK) {
            return err;
        }
        proa_json_writer_end_array(&w->json);
    }
    if (mode || proa_gemini_has_tool_options(w)) {
        proa_json_writer_key(&w->json, PROA_SLICE("toolConfig"));
        proa_json_writer_begin_object(&w->json);
        if (mode) {
            put_choice(w, mode);
        }
        proa_gemini_put_tool_options(w);
        proa_json_writer_end_object(&w->json);
    }
    return PROA_OK;
}
