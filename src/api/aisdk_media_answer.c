/*
 * Answers with images, speech, or what was said.
 */
#include "aisdk_write_priv.h"

#include "proa/api/aisdk_request.h"
#include "proa/chat/text.h"
#include "proa/json/writer.h"
#include "proa/tls/digest.h"

struct media {
    struct proa_api_writer writer;
    const struct proa_api_writer_cfg *cfg;
    struct proa_slice warnings; /* JSON */
    struct proa_buf *out;
    size_t n; /* images, or whatever it is */
};

/* ---- images and speech ----------------------------------------------------------------------- */

/* A string of base64: as it came, or made here. */
static void put_bytes(struct proa_buf *out, const struct proa_chat_event *event)
{
    if (event->text.len > 0) {
        (void)proa_chat_text_put(out, event->text);
        return;
    }
    const size_t room = PROA_BASE64_ENCODED_MAX(event->raw.len) + 2;
    if (!proa_buf_reserve(out, room)) {
        return;
    }
    PROA_BUF_LIT(out, "\"");
    out->len += proa_base64_encode(PROA_BASE64, event->raw, out->ptr + out->len);
    PROA_BUF_LIT(out, "\"");
}

static void on_image(void *ctx, const struct proa_chat_event *event)
{
    struct media *m = ctx;
    if (event->kind == PROA_CHAT_MEDIA) {
        (void)proa_buf_append_cstr(m->out, m->n == 0 ? "{\"images\":[" : ",");
        put_bytes(m->out, event);
        m->n++;
    }
}

static void on_speech(void *ctx, const struct proa_chat_event *event)
{
    struct media *m = ctx;
    if (event->kind == PROA_CHAT_MEDIA && m->n == 0) {
        PROA_BUF_LIT(m->out, "{\"audio\":");
        put_bytes(m->out, event);
        m->n++;
    }
}

/* ---- what was said --------------------------------------------------------------------------- */

struct span {
    struct proa_slice text; /* text */
    struct proa_slice start;
    struct proa_slice end; /* numbers as they are written */
};

static struct proa_slice number_of(const struct proa_json_item *item)
{
    return item->kind == PROA_JSON_NUMBER ? item->value : PROA_SLICE_NONE;
}

/* {"text" or "word", "start", "end"}; false when it is none. */
static bool read_span(struct proa_slice object, struct span *out)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    *out = (struct span){.text = PROA_SLICE_NONE};
    if (proa_json_cursor_init(&c, object) != PROA_OK || !c.is_object) {
        return false;
    }
    bool said = false;
    while (proa_json_cursor_next(&c, &item)) {
        if (proa_json_key_is(&item, PROA_SLICE("text")) ||
            proa_json_key_is(&item, PROA_SLICE("word"))) {
            said = item.kind == PROA_JSON_STRING;
            out->text = proa_chat_text(item.value);
        } else if (proa_json_key_is(&item, PROA_SLICE("start"))) {
            out->start = number_of(&item);
        } else if (proa_json_key_is(&item, PROA_SLICE("end"))) {
            out->end = number_of(&item);
        }
    }
    return said && out->start.len > 0 && out->end.len > 0;
}

/* ,"segments":[{"text","startSecond","endSecond"}]; what has no time is left out. */
static void put_spans(struct proa_buf *out, const char *name, struct proa_slice array)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    struct span span;
    size_t n = 0;
    if (array.len == 0 || proa_json_cursor_init(&c, array) != PROA_OK || c.is_object) {
        return;
    }
    PROA_BUF_LIT(out, ",\"");
    (void)proa_buf_append_cstr(out, name);
    PROA_BUF_LIT(out, "\":[");
    while (proa_json_cursor_next(&c, &item)) {
        if (read_span(item.value, &span)) {
            (void)proa_buf_append_cstr(out, n > 0 ? ",{\"text\":" : "{\"text\":");
            (void)proa_chat_text_put(out, span.text);
            PROA_BUF_LIT(out, ",\"startSecond\":");
            (void)proa_buf_append(out, span.start);
            PROA_BUF_LIT(out, ",\"endSecond\":");
            (void)proa_buf_append(out, span.end);
            PROA_BUF_LIT(out, "}");
            n++;
        }
    }
    PROA_BUF_LIT(out, "]");
}

/* ISO 639-1, by the names that Whisper has for the languages it knows. */
static const struct {
    struct proa_slice name;
    char code[3];
} LANGUAGES[] = {
#define LANGUAGE(name, code)                                                                       \
    {                                                                                              \
        PROA_SLICE_INIT(name), code                                                                \
    }
    LANGUAGE("english", "en"),    LANGUAGE("chinese", "zh"),    LANGUAGE("german", "de"),
    LANGUAGE("spanish", "es"),    LANGUAGE("russian", "ru"),    LANGUAGE("korean", "ko"),
    LANGUAGE("french", "fr"),     LANGUAGE("japanese", "ja"),   LANGUAGE("portuguese", "pt"),
    LANGUAGE("turkish", "tr"),    LANGUAGE("polish", "pl"),     LANGUAGE("catalan", "ca"),
    LANGUAGE("dutch", "nl"),      LANGUAGE("arabic", "ar"),     LANGUAGE("swedish", "sv"),
    LANGUAGE("italian", "it"),    LANGUAGE("indonesian", "id"), LANGUAGE("hindi", "hi"),
    LANGUAGE("finnish", "fi"),    LANGUAGE("vietnamese", "vi"), LANGUAGE("hebrew", "he"),
    LANGUAGE("ukrainian", "uk"),  LANGUAGE("greek", "el"),      LANGUAGE("malay", "ms"),
    LANGUAGE("czech", "cs"),      LANGUAGE("romanian", "ro"),   LANGUAGE("danish", "da"),
    LANGUAGE("hungarian", "hu"),  LANGUAGE("tamil", "ta"),      LANGUAGE("norwegian", "no"),
    LANGUAGE("thai", "th"),       LANGUAGE("urdu", "ur"),       LANGUAGE("croatian", "hr"),
    LANGUAGE("bulgarian", "bg"),  LANGUAGE("lithuanian", "lt"), LANGUAGE("maori", "mi"),
    LANGUAGE("welsh", "cy"),      LANGUAGE("slovak", "sk"),     LANGUAGE("persian", "fa"),
    LANGUAGE("latvian", "lv"),    LANGUAGE("serbian", "sr"),    LANGUAGE("azerbaijani", "az"),
    LANGUAGE("slovenian", "sl"),  LANGUAGE("kannada", "kn"),    LANGUAGE("estonian", "et"),
    LANGUAGE("macedonian", "mk"), LANGUAGE("icelandic", "is"),  LANGUAGE("armenian", "hy"),
    LANGUAGE("nepali", "ne"),     LANGUAGE("bosnian", "bs"),    LANGUAGE("kazakh", "kk"),
    LANGUAGE("swahili", "sw"),    LANGUAGE("galician", "gl"),   LANGUAGE("marathi", "mr"),
    LANGUAGE("belarusian", "be"), LANGUAGE("afrikaans", "af"),  LANGUAGE("tagalog", "tl"),
#undef LANGUAGE
};

/* A code as it is; one that nobody knows is not told. */
static void put_language(struct proa_buf *out, struct proa_slice text)
{
    struct proa_slice code = text.len == 2 ? text : PROA_SLICE_NONE;
    for (size_t i = 0; i < PROA_ARRAY_LEN(LANGUAGES); i++) {
        if (proa_slice_eq_nocase(text, LANGUAGES[i].name)) {
            code = proa_slice_cstr(LANGUAGES[i].code);
        }
    }
    if (code.len > 0) {
        PROA_BUF_LIT(out, ",\"language\":");
        (void)proa_chat_text_put(out, code);
    }
}

static void on_said(void *ctx, const struct proa_chat_event *event)
{
    enum { SEGMENTS, WORDS, LANGUAGE, DURATION, KEYS };
    static const struct proa_slice keys[KEYS] = {
        PROA_SLICE_INIT("segments"), PROA_SLICE_INIT("words"), PROA_SLICE_INIT("language"),
        PROA_SLICE_INIT("duration")};
    struct media *m = ctx;
    struct proa_json_item said[KEYS] = {{.kind = PROA_JSON_ABSENT}};
    if (event->kind != PROA_CHAT_TEXT || m->n > 0) {
        return;
    }
    for (size_t i = 0; i < KEYS; i++) {
        said[i].kind = proa_json_get(event->raw, keys[i], &said[i].value);
        said[i].value = said[i].kind == PROA_JSON_ABSENT ? PROA_SLICE_NONE : said[i].value;
    }
    m->n++;
    PROA_BUF_LIT(m->out, "{\"text\":");
    (void)proa_chat_text_put(m->out, event->text);
    const struct proa_slice words =
        said[WORDS].kind == PROA_JSON_ARRAY ? said[WORDS].value : PROA_SLICE_NONE;
    put_spans(m->out, "segments",
              said[SEGMENTS].kind == PROA_JSON_ARRAY ? said[SEGMENTS].value : words);
    put_spans(m->out, "words", words);
    if (said[LANGUAGE].kind == PROA_JSON_STRING) {
        put_language(m->out, proa_chat_text(said[LANGUAGE].value));
    }
    if (said[DURATION].kind == PROA_JSON_NUMBER) {
        PROA_BUF_LIT(m->out, ",\"durationInSeconds\":");
        (void)proa_buf_append(m->out, said[DURATION].value);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static struct proa_chat_sink sink(struct proa_api_writer *w, size_t first)
{
    const struct media *m = (const struct media *)w;
    (void)first;
    return (struct proa_chat_sink){.event = m->cfg->kind == PROA_API_IMAGES   ? on_image
                                            : m->cfg->kind == PROA_API_SPEECH ? on_speech
                                                                              : on_said,
                                   .ctx = w};
}

static bool end(struct proa_api_writer *w, const struct proa_usage *usage,
                struct proa_slice gateway)
{
    const struct media *m = (const struct media *)w;
    if (m->n == 0) {
        return false;
    }
    (void)proa_buf_append_cstr(m->out, m->cfg->kind == PROA_API_IMAGES ? "]" : "");
    PROA_BUF_LIT(m->out, ",\"warnings\":");
    (void)proa_buf_append(m->out, m->warnings);
    if (usage->known != 0) { /* in every version as the oldest has it */
        PROA_BUF_LIT(m->out, ",\"usage\":");
        proa_aisdk_put_usage(m->out, PROA_API_AISDK_OLDEST, usage, PROA_SLICE_NONE);
    }
    proa_aisdk_put_gateway(m->out, gateway);
    PROA_BUF_LIT(m->out, "}");
    return proa_buf_ok(m->out);
}

static void destroy(struct proa_api_writer *w)
{
    (void)w; /* all of it is the arena's */
}

struct proa_api_writer *proa_aisdk_media_create(const struct proa_api_writer_cfg *cfg,
                                                struct proa_buf *out, struct proa_arena *arena)
{
    struct media *m = PROA_ARENA_NEW(arena, struct media);
    struct proa_api_writer_cfg *kept = PROA_ARENA_NEW(arena, struct proa_api_writer_cfg);
    *kept = *cfg;
    m->writer = (struct proa_api_writer){.sink = sink, .end = end, .destroy = destroy};
    m->cfg = kept;
    m->warnings = proa_aisdk_warnings(cfg, arena);
    m->out = out;
    return &m->writer;
}
