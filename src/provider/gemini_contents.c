/*
 * The messages of a chat: `contents` by turns of user and model, the system's words apart.
 *
 * A turn is a run of messages of one side, for sides must alternate. Results of tools stand first
 * in the user's turn, in the order of the calls that they answer: where ids are not sent, that is
 * how Google tells them apart.
 */
#include "gemini_priv.h"

#include "proa/core/check.h"

/* Stands for a signature that is not known: calls that another model made (ai.google.dev, "Thought
 * signatures"). */
static const struct proa_slice NO_SIGNATURE = PROA_SLICE_INIT("skip_thought_signature_validator");

/* Results of one turn that are put in order; more stay as they came. */
enum { SORTED_MAX = 64 };

/* ---- media ----------------------------------------------------------------------------------- */

/* By the end of a URL's path. */
static const struct extension {
    struct proa_slice end;
    struct proa_slice type;
} EXTENSIONS[] = {
    {PROA_SLICE_INIT(".png"), PROA_SLICE_INIT("image/png")},
    {PROA_SLICE_INIT(".jpg"), PROA_SLICE_INIT("image/jpeg")},
    {PROA_SLICE_INIT(".jpeg"), PROA_SLICE_INIT("image/jpeg")},
    {PROA_SLICE_INIT(".webp"), PROA_SLICE_INIT("image/webp")},
    {PROA_SLICE_INIT(".gif"), PROA_SLICE_INIT("image/gif")},
    {PROA_SLICE_INIT(".heic"), PROA_SLICE_INIT("image/heic")},
    {PROA_SLICE_INIT(".heif"), PROA_SLICE_INIT("image/heif")},
    {PROA_SLICE_INIT(".pdf"), PROA_SLICE_INIT("application/pdf")},
    {PROA_SLICE_INIT(".txt"), PROA_SLICE_INIT("text/plain")},
    {PROA_SLICE_INIT(".md"), PROA_SLICE_INIT("text/markdown")},
    {PROA_SLICE_INIT(".html"), PROA_SLICE_INIT("text/html")},
    {PROA_SLICE_INIT(".csv"), PROA_SLICE_INIT("text/csv")},
    {PROA_SLICE_INIT(".json"), PROA_SLICE_INIT("application/json")},
    {PROA_SLICE_INIT(".wav"), PROA_SLICE_INIT("audio/wav")},
    {PROA_SLICE_INIT(".mp3"), PROA_SLICE_INIT("audio/mp3")},
    {PROA_SLICE_INIT(".ogg"), PROA_SLICE_INIT("audio/ogg")},
    {PROA_SLICE_INIT(".flac"), PROA_SLICE_INIT("audio/flac")},
    {PROA_SLICE_INIT(".aac"), PROA_SLICE_INIT("audio/aac")},
    {PROA_SLICE_INIT(".aiff"), PROA_SLICE_INIT("audio/aiff")},
    {PROA_SLICE_INIT(".mp4"), PROA_SLICE_INIT("video/mp4")},
    {PROA_SLICE_INIT(".webm"), PROA_SLICE_INIT("video/webm")},
    {PROA_SLICE_INIT(".mov"), PROA_SLICE_INIT("video/mov")},
};

static struct proa_slice type_of_url(struct proa_slice url)
{
    url = proa_slice_head(url, proa_slice_find(url, '#'));
    url = proa_slice_head(url, proa_slice_find(url, '?'));
    for (size_t i = 0; i < PROA_ARRAY_LEN(EXTENSIONS); i++) {
        const struct proa_slice end = EXTENSIONS[i].end;
        if (url.len > end.len &&
            proa_slice_eq_nocase(proa_slice_from(url, url.len - end.len), end)) {
            return EXTENSIONS[i].type;
        }
    }
    return PROA_SLICE_NONE;
}

static const char *feature_of(enum proa_chat_part_kind kind)
{
    return kind == PROA_CHAT_PART_IMAGE   ? "image_url"
           : kind == PROA_CHAT_PART_AUDIO ? "input_audio"
                                          : "file";
}

static void put_blob(struct gemini_writer *w, const char *member, const char *data_key,
                     struct proa_slice type, struct proa_slice data)
{
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, proa_slice_cstr(member));
    proa_json_writer_begin_object(&w->json);
    proa_gemini_member_text(w, "mimeType", type);
    proa_gemini_member_text(w, data_key, data);
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
}

static void put_text(struct gemini_writer *w, struct proa_slice text)
{
    if (text.len > 0) { /* an empty part is refused */
        proa_json_writer_begin_object(&w->json);
        proa_gemini_member_text(w, "text", text);
        proa_json_writer_end_object(&w->json);
    }
}

static enum proa_err put_media(struct gemini_writer *w, const struct proa_chat_part *part)
{
    static const char *const untyped = "its media type is not known, and has to be";
    struct proa_slice type = part->media_type;
    switch (part->source) {
    case PROA_CHAT_SOURCE_BASE64:
        if (type.len == 0) {
            return proa_gemini_refuse(w, feature_of(part->kind), untyped);
        }
        put_blob(w, "inlineData", "data", type, part->data);
        return PROA_OK;
    case PROA_CHAT_SOURCE_URL:
        type = type.len > 0 ? type : type_of_url(part->data);
        if (type.len == 0) {
            return proa_gemini_refuse(w, feature_of(part->kind), untyped);
        }
        put_blob(w, "fileData", "fileUri", type, part->data);
        return PROA_OK;
    case PROA_CHAT_SOURCE_TEXT:
        put_text(w, part->data);
        return PROA_OK;
    case PROA_CHAT_SOURCE_ID:
    case PROA_CHAT_SOURCE_NONE:
        break;
    }
    return proa_gemini_refuse(w, feature_of(part->kind), "files of another provider by their id");
}

/* ---- calls of tools -------------------------------------------------------------------------- */

static bool is_object(struct proa_slice json)
{
    return proa_json_kind_of(json) == PROA_JSON_OBJECT;
}

/* `first`: of its turn; of calls that were made at once only the first bears a signature. */
static void put_call(struct gemini_writer *w, const struct proa_chat_part *part, bool first)
{
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("functionCall"));
    proa_json_writer_begin_object(&w->json);
    if (w->service->call_ids && part->id.len > 0) {
        proa_gemini_member_text(w, "id", part->id);
    }
    proa_gemini_member_text(w, "name", part->name);
    proa_json_writer_key(&w->json, PROA_SLICE("args"));
    if (part->arguments.len == 0 || is_object(part->arguments)) {
        proa_json_writer_raw(&w->json,
                             part->arguments.len > 0 ? part->arguments : PROA_SLICE("{}"));
    } else { /* broken when they were made: told, in the only form there is */
        proa_json_writer_begin_object(&w->json);
        proa_gemini_member_raw(w, "arguments", part->arguments);
        proa_json_writer_end_object(&w->json);
    }
    proa_json_writer_end_object(&w->json);
    const struct proa_slice signature = part->signature.len > 0         ? part->signature
                                        : w->model->signatures && first ? NO_SIGNATURE
                                                                        : PROA_SLICE_NONE;
    if (signature.len > 0) {
        proa_gemini_member_text(w, "thoughtSignature", signature);
    }
    proa_json_writer_end_object(&w->json);
}

/* Its texts as one JSON text: in place where there is one, as nearly always. */
static struct proa_slice joined(struct gemini_writer *w, const struct proa_chat_part *result)
{
    struct proa_slice one = PROA_SLICE_NONE;
    size_t bytes = 0;
    for (size_t i = 0; i < result->n_parts; i++) {
        const struct proa_chat_part *part = &result->parts[i];
        if (part->kind == PROA_CHAT_PART_TEXT && part->text.len > 0) {
            one = part->text;
            bytes += part->text.len;
        }
    }
    if (one.len == bytes) {
        return one;
    }
    struct proa_buf all = {.ptr = proa_arena_alloc(w->arena, bytes), .cap = bytes, .max = bytes};
    for (size_t i = 0; i < result->n_parts; i++) {
        if (result->parts[i].kind == PROA_CHAT_PART_TEXT) {
            (void)proa_buf_append(&all, result->parts[i].text);
        }
    }
    return proa_buf_slice(&all);
}

/* The result's words; what it shows stands behind it as parts of the turn. */
static enum proa_err put_result(struct gemini_writer *w, const struct proa_chat_part *part)
{
    if (part->name.len == 0) {
        return proa_gemini_refuse(w, "tool_call_id", "names no call in the messages before it");
    }
    proa_json_writer_begin_object(&w->json);
    proa_json_writer_key(&w->json, PROA_SLICE("functionResponse"));
    proa_json_writer_begin_object(&w->json);
    if (w->service->call_ids && part->id.len > 0) {
        proa_gemini_member_text(w, "id", part->id);
    }
    proa_gemini_member_text(w, "name", part->name);
    proa_json_writer_key(&w->json, PROA_SLICE("response"));
    proa_json_writer_begin_object(&w->json);
    proa_gemini_member_text(w, "name", part->name);
    proa_gemini_member_text(w, part->is_error ? "error" : "content", joined(w, part));
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
    proa_json_writer_end_object(&w->json);
    enum proa_err err = PROA_OK;
    for (size_t i = 0; i < part->n_parts && err == PROA_OK; i++) {
        if (part->parts[i].kind != PROA_CHAT_PART_TEXT) {
            err = put_media(w, &part->parts[i]);
        }
    }
    return err;
}

/* ---- turns ----------------------------------------------------------------------------------- */

/* Messages [from, to) of one side, and between them such as are not sent. */
struct turn {
    size_t from;
    size_t to;
    bool model; /* whose it is */
};

static bool is_models(const struct proa_chat_message *message)
{
    return message->role == PROA_CHAT_ASSISTANT;
}

/* Has it anything that is sent in a turn? Thoughts are not: Google does not want them back. */
static bool is_sent(const struct proa_chat_message *message)
{
    for (size_t i = 0; message->role != PROA_CHAT_SYSTEM && i < message->n_parts; i++) {
        const struct proa_chat_part *part = &message->parts[i];
        const bool text = part->kind == PROA_CHAT_PART_TEXT || part->kind == PROA_CHAT_PART_REFUSAL;
        const struct proa_slice words = text ? part->text : part->data;
        if (part->kind != PROA_CHAT_PART_REASONING &&
            (words.len > 0 || !(text || part->source == PROA_CHAT_SOURCE_TEXT))) {
            return true;
        }
    }
    return false;
}

/* The turn after *t. */
static bool next_turn(const struct proa_chat_request *r, struct turn *t)
{
    size_t at = t->to;
    while (at < r->n_messages && !is_sent(&r->messages[at])) {
        at++;
    }
    if (at == r->n_messages) {
        return false;
    }
    *t = (struct turn){.from = at, .model = is_models(&r->messages[at])};
    while (at < r->n_messages &&
           (is_models(&r->messages[at]) == t->model || !is_sent(&r->messages[at]))) {
        at++;
    }
    t->to = at;
    return true;
}

/* What stands in a message besides its parts' substance, and is left out. */
static void warn_of_part(const struct gemini_writer *w, const struct proa_chat_part *part)
{
    if (part->cache_control.len > 0) {
        proa_chat_warn(w->in->warnings, "cache_control", "this provider caches by itself");
    }
    if (part->detail.len > 0 && !proa_chat_text_eq(part->detail, PROA_SLICE("auto"))) {
        proa_chat_warn(w->in->warnings, "detail",
                       "is said for all media at once: providerOptions.google.mediaResolution");
    }
}

static enum proa_err put_part(struct gemini_writer *w, const struct proa_chat_part *part,
                              bool *called)
{
    warn_of_part(w, part);
    switch (part->kind) {
    case PROA_CHAT_PART_TEXT:
    case PROA_CHAT_PART_REFUSAL:
        put_text(w, part->text);
        return PROA_OK;
    case PROA_CHAT_PART_IMAGE:
    case PROA_CHAT_PART_AUDIO:
    case PROA_CHAT_PART_FILE:
        return put_media(w, part);
    case PROA_CHAT_PART_TOOL_CALL:
        put_call(w, part, !*called);
        *called = true;
        return PROA_OK;
    case PROA_CHAT_PART_TOOL_RESULT:
        return put_result(w, part);
    case PROA_CHAT_PART_REASONING:
        break;
    }
    return PROA_OK;
}

/* A place among the parts of a turn. */
struct place {
    size_t message;
    size_t part;
};

/* The next result of the turn, or NULL. */
static const struct proa_chat_part *next_result(const struct proa_chat_request *r,
                                                const struct turn *t, struct place *at)
{
    while (at->message < t->to) {
        const struct proa_chat_message *message = &r->messages[at->message];
        if (message->role == PROA_CHAT_TOOL && at->part < message->n_parts) {
            return &message->parts[at->part++];
        }
        *at = (struct place){at->message + 1, 0};
    }
    return NULL;
}

/* Writes the result that answers this call, and takes it from those that are left. */
static enum proa_err put_answer(struct gemini_writer *w, const struct proa_chat_part **left,
                                size_t n, struct proa_slice id)
{
    for (size_t i = 0; i < n; i++) {
        if (left[i] && proa_slice_eq(left[i]->id, id)) {
            const struct proa_chat_part *part = left[i];
            left[i] = NULL;
            return put_result(w, part);
        }
    }
    return PROA_OK;
}

static enum proa_err put_results(struct gemini_writer *w, const struct turn *calls,
                                 const struct turn *t)
{
    const struct proa_chat_request *r = w->in->chat;
    const struct proa_chat_part *left[SORTED_MAX];
    struct place at = {t->from, 0};
    enum proa_err err = PROA_OK;
    size_t n = 0;
    while (n < SORTED_MAX && (left[n] = next_result(r, t, &at)) != NULL) {
        n++;
    }
    for (size_t m = calls->from; m < calls->to; m++) {
        for (size_t i = 0; i < r->messages[m].n_parts && err == PROA_OK; i++) {
            if (r->messages[m].parts[i].kind == PROA_CHAT_PART_TOOL_CALL) {
                err = put_answer(w, left, n, r->messages[m].parts[i].id);
            }
        }
    }
    for (size_t i = 0; i < n && err == PROA_OK; i++) {
        err = left[i] ? put_result(w, left[i]) : PROA_OK;
    }
    const struct proa_chat_part *more = NULL;
    while (err == PROA_OK && (more = next_result(r, t, &at)) != NULL) {
        err = put_result(w, more);
    }
    return err;
}

/* All but the results, which stand before it. */
static enum proa_err put_messages(struct gemini_writer *w, const struct turn *t)
{
    const struct proa_chat_request *r = w->in->chat;
    enum proa_err err = PROA_OK;
    bool called = false;
    for (size_t m = t->from; m < t->to; m++) {
        const struct proa_chat_message *message = &r->messages[m];
        const bool own = message->role != PROA_CHAT_SYSTEM && message->role != PROA_CHAT_TOOL;
        if (own && message->name.len > 0) {
            proa_chat_warn(w->in->warnings, "name", "has no equivalent at this provider");
        }
        for (size_t i = 0; own && i < message->n_parts && err == PROA_OK; i++) {
            err = put_part(w, &message->parts[i], &called);
        }
    }
    return err;
}

static void begin_turn(struct gemini_writer *w, const char *role)
{
    proa_json_writer_begin_object(&w->json);
    proa_gemini_member_text(w, "role", proa_slice_cstr(role));
    proa_json_writer_key(&w->json, PROA_SLICE("parts"));
    proa_json_writer_begin_array(&w->json);
}

static void end_turn(struct gemini_writer *w)
{
    proa_json_writer_end_array(&w->json);
    proa_json_writer_end_object(&w->json);
}

/* A conversation begins with the user, if with a blank. */
static void put_nobody(struct gemini_writer *w)
{
    begin_turn(w, "user");
    put_text(w, PROA_SLICE(" "));
    end_turn(w);
}

static enum proa_err put_turns(struct gemini_writer *w)
{
    struct turn before = {.model = false};
    struct turn t = {.model = false};
    bool begun = false;
    enum proa_err err = PROA_OK;
    while (err == PROA_OK && next_turn(w->in->chat, &t)) {
        if (!begun && t.model) {
            put_nobody(w);
        }
        begun = true;
        begin_turn(w, t.model ? "model" : "user");
        err = t.model ? PROA_OK : put_results(w, &before, &t);
        err = err == PROA_OK ? put_messages(w, &t) : err;
        end_turn(w);
        before = t;
    }
    if (err == PROA_OK && !begun) {
        put_nobody(w);
    }
    return err;
}

static void put_system(struct gemini_writer *w)
{
    const struct proa_chat_request *r = w->in->chat;
    bool begun = false;
    for (size_t m = 0; m < r->n_messages; m++) {
        for (size_t i = 0; r->messages[m].role == PROA_CHAT_SYSTEM && i < r->messages[m].n_parts;
             i++) {
            const struct proa_slice text = r->messages[m].parts[i].text;
            if (text.len > 0 && !begun) {
                begun = true;
                proa_json_writer_key(&w->json, PROA_SLICE("systemInstruction"));
                proa_json_writer_begin_object(&w->json);
                proa_json_writer_key(&w->json, PROA_SLICE("parts"));
                proa_json_writer_begin_array(&w->json);
            }
            put_text(w, text);
        }
    }
    if (begun) {
        end_turn(w);
    }
}

enum proa_err proa_gemini_put_contents(struct gemini_writer *w)
{
    put_system(w);
    proa_json_writer_key(&w->json, PROA_SLICE("contents"));
    proa_json_writer_begin_array(&w->json);
    const enum proa_err err = put_turns(w);
    if (err == PROA_OK) {
        proa_json_writer_end_array(&w->json);
    }
    return err;
}
