#include "proa/api/surface.h"

#include "proa/core/check.h"
#include "proa/http/query.h"

/* What a path may be asked with, as the Allow field says it (RFC 9110 10.2.1). */
#define ALLOW_READ  "GET, HEAD"
#define ALLOW_WRITE "POST"

struct path_row {
    struct proa_slice path; /* behind the prefix, without a trailing slash */
    const char *allow;
    enum proa_endpoint_kind kind;
    enum proa_surface surface;
};

static const struct path_row PATHS[] = {
    {PROA_SLICE_INIT("/chat/completions"), ALLOW_WRITE, PROA_API_CHAT, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/completions"), ALLOW_WRITE, PROA_API_COMPLETIONS, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/embeddings"), ALLOW_WRITE, PROA_API_EMBEDDINGS, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/moderations"), ALLOW_WRITE, PROA_API_MODERATIONS, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/rerank"), ALLOW_WRITE, PROA_API_RERANK, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/images/generations"), ALLOW_WRITE, PROA_API_IMAGES, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/images/edits"), ALLOW_WRITE, PROA_API_IMAGE_EDITS, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/audio/speech"), ALLOW_WRITE, PROA_API_SPEECH, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/audio/transcriptions"), ALLOW_WRITE, PROA_API_TRANSCRIPTIONS,
     PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/audio/translations"), ALLOW_WRITE, PROA_API_TRANSLATIONS,
     PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/responses"), ALLOW_WRITE, PROA_API_RESPONSES, PROA_SURFACE_RESPONSES},
    {PROA_SLICE_INIT("/models"), ALLOW_READ, PROA_API_MODELS, PROA_SURFACE_OPENAI},
    {PROA_SLICE_INIT("/messages"), ALLOW_WRITE, PROA_API_CHAT, PROA_SURFACE_ANTHROPIC},
    {PROA_SLICE_INIT("/messages/count_tokens"), ALLOW_WRITE, PROA_API_COUNT_TOKENS,
     PROA_SURFACE_ANTHROPIC},
};

/* Behind /v<N>/ai. */
static const struct path_row AI_PATHS[] = {
    {.path = PROA_SLICE_INIT("/language-model"), .kind = PROA_API_CHAT, .allow = ALLOW_WRITE},
    {.path = PROA_SLICE_INIT("/embedding-model"),
     .kind = PROA_API_EMBEDDINGS,
     .allow = ALLOW_WRITE},
    {.path = PROA_SLICE_INIT("/reranking-model"), .kind = PROA_API_RERANK, .allow = ALLOW_WRITE},
    {.path = PROA_SLICE_INIT("/image-model"), .kind = PROA_API_IMAGES, .allow = ALLOW_WRITE},
    {.path = PROA_SLICE_INIT("/speech-model"), .kind = PROA_API_SPEECH, .allow = ALLOW_WRITE},
    {.path = PROA_SLICE_INIT("/transcription-model"),
     .kind = PROA_API_TRANSCRIPTIONS,
     .allow = ALLOW_WRITE},
    {.path = PROA_SLICE_INIT("/config"), .kind = PROA_API_CONFIG, .allow = ALLOW_READ},
};

static const struct proa_slice PREFIX = PROA_SLICE_INIT("/v1");
static const struct proa_slice MODEL_PREFIX = PROA_SLICE_INIT("/models/");
static const struct proa_slice ENDPOINTS_SUFFIX = PROA_SLICE_INIT("/endpoints");
/* Of Anthropic's surface alone; clients whose base URL is a provider's root ask without /v1. */
static const struct proa_slice MESSAGES_PREFIX = PROA_SLICE_INIT("/messages");

static struct proa_slice without_trailing_slashes(struct proa_slice path)
{
    while (path.len > 0 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    return path;
}

/* Takes off `/v1` where a slash follows. */
static bool take_prefix(struct proa_slice *path)
{
    if (!proa_slice_starts(*path, PREFIX) || path->len == PREFIX.len ||
        path->ptr[PREFIX.len] != '/') {
        return false;
    }
    *path = proa_slice_from(*path, PREFIX.len);
    return true;
}

static bool is_messages(struct proa_slice path)
{
    return proa_slice_starts(path, MESSAGES_PREFIX) &&
           (path.len == MESSAGES_PREFIX.len || path.ptr[MESSAGES_PREFIX.len] == '/');
}

static bool method_fits(enum proa_http_method method, enum proa_endpoint_kind kind)
{
    if (kind == PROA_API_MODELS || kind == PROA_API_MODEL || kind == PROA_API_MODEL_ENDPOINTS ||
        kind == PROA_API_CONFIG) {
        return method == PROA_HTTP_GET || method == PROA_HTTP_HEAD;
    }
    return method == PROA_HTTP_POST;
}

/* Takes off `/v<N>/ai` where a slash follows or nothing does: 0 when something else stands there,
 * or the version that such a base URL is the default of. */
static uint8_t take_ai_prefix(struct proa_slice *path)
{
    static const struct proa_slice ai = PROA_SLICE_INIT("/ai");
    size_t at = 2;
    uint64_t n = 0;
    while (at < path->len && path->ptr[at] >= '0' && path->ptr[at] <= '9') {
        at++;
    }
    if (path->len < 2 || memcmp(path->ptr, "/v", 2) != 0 ||
        proa_slice_to_u64(proa_slice_head(proa_slice_from(*path, 2), at - 2), &n) != PROA_OK) {
        return 0;
    }
    const struct proa_slice rest = proa_slice_from(*path, at);
    if (!proa_slice_starts(rest, ai) || (rest.len > ai.len && rest.ptr[ai.len] != '/')) {
        return 0;
    }
    *path = proa_slice_from(rest, ai.len);
    return n <= 2 ? 2 : n == 3 ? 3 : 4;
}

static void match_ai(enum proa_http_method method, struct proa_slice path,
                     struct proa_api_match *out)
{
    for (size_t i = 0; i < PROA_ARRAY_LEN(AI_PATHS); i++) {
        if (proa_slice_eq(path, AI_PATHS[i].path)) {
            out->kind = AI_PATHS[i].kind;
            out->allow = AI_PATHS[i].allow;
            out->method_ok = method_fits(method, out->kind);
            break;
        }
    }
}

/* Behind /models/: a model's id, or that and who offers it. */
static void match_model(struct proa_slice rest, struct proa_api_match *out)
{
    out->kind = PROA_API_MODEL;
    out->allow = ALLOW_READ;
    out->raw_id = rest;
    if (rest.len > ENDPOINTS_SUFFIX.len) {
        const size_t at = rest.len - ENDPOINTS_SUFFIX.len;
        if (proa_slice_eq(proa_slice_from(rest, at), ENDPOINTS_SUFFIX)) {
            out->kind = PROA_API_MODEL_ENDPOINTS;
            out->raw_id = proa_slice_head(rest, at);
        }
    }
}

void proa_api_match(enum proa_http_method method, struct proa_slice path,
                    struct proa_api_match *out)
{
    *out = (struct proa_api_match){.surface = PROA_SURFACE_OPENAI, .kind = PROA_API_NONE};
    path = without_trailing_slashes(path);
    out->version = take_ai_prefix(&path);
    if (out->version > 0) {
        out->surface = PROA_SURFACE_AI_SDK;
        match_ai(method, path, out);
        return;
    }
    if (!take_prefix(&path) && !is_messages(path)) {
        return;
    }
    /* A base URL with /v1 given to a client that appends it once more. */
    (void)take_prefix(&path);
    if (is_messages(path)) {
        out->surface = PROA_SURFACE_ANTHROPIC;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(PATHS); i++) {
        if (proa_slice_eq(path, PATHS[i].path)) {
            out->kind = PATHS[i].kind;
            out->allow = PATHS[i].allow;
            out->surface = PATHS[i].surface;
            break;
        }
    }
    if (out->kind == PROA_API_NONE && proa_slice_starts(path, MODEL_PREFIX)) {
        match_model(proa_slice_from(path, MODEL_PREFIX.len), out);
    }
    out->method_ok = out->kind != PROA_API_NONE && method_fits(method, out->kind);
}

bool proa_api_takes_form(enum proa_surface surface, enum proa_endpoint_kind kind)
{
    return surface == PROA_SURFACE_OPENAI &&
           (kind == PROA_API_IMAGE_EDITS || kind == PROA_API_TRANSCRIPTIONS ||
            kind == PROA_API_TRANSLATIONS);
}

/* No model of any provider has another name: the id is compared, printed and logged. */
static bool fits_id(int byte)
{
    return byte > ' ' && byte < 0x7f;
}

enum proa_err proa_api_decode_id(struct proa_slice raw, struct proa_buf *out)
{
    char text[PROA_API_ID_MAX];
    size_t n = 0;
    size_t at = 0;
    while (at < raw.len) {
        const int byte = proa_http_percent_byte(raw, &at);
        if (!fits_id(byte)) {
            return PROA_ERR_SYNTAX;
        }
        if (n == sizeof text) {
            return PROA_ERR_LIMIT;
        }
        text[n] = (char)byte;
        n++;
    }
    return n > 0 ? proa_buf_append(out, proa_slice_make(text, n)) : PROA_ERR_SYNTAX;
}
