#include "request_priv.h"

static const struct {
    struct proa_slice rest;
    enum mock_endpoint endpoint;
    enum proa_http_method method;
} ENDPOINTS[] = {
    {PROA_SLICE_INIT("chat/completions"), MOCK_CHAT, PROA_HTTP_POST},
    {PROA_SLICE_INIT("completions"), MOCK_COMPLETIONS, PROA_HTTP_POST},
    {PROA_SLICE_INIT("embeddings"), MOCK_EMBEDDINGS, PROA_HTTP_POST},
    {PROA_SLICE_INIT("moderations"), MOCK_MODERATIONS, PROA_HTTP_POST},
    {PROA_SLICE_INIT("models"), MOCK_MODELS, PROA_HTTP_GET},
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoded once; what is no escape stays as it is. */
static struct proa_slice decode(struct proa_slice s, struct proa_arena *arena)
{
    if (proa_slice_find(s, '%') == s.len) {
        return s;
    }
    char *out = proa_arena_alloc(arena, s.len);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        const int high = s.ptr[i] == '%' && i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(s.ptr[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[n++] = s.ptr[i];
        }
    }
    return proa_slice_make(out, n);
}

static bool unknown_url(enum proa_http_method method, struct proa_slice path,
                        struct proa_arena *arena, struct mock_error *error)
{
    const struct proa_slice name = proa_http_method_text(method);
    *error = (struct mock_error){
        .status = 404,
        .type = PROA_SLICE("invalid_request_error"),
        .code = PROA_SLICE("unknown_url"),
        .message = proa_arena_printf(
            arena, "Unknown request URL: %" PROA_SLICE_FMT " %" PROA_SLICE_FMT ".",
            PROA_SLICE_ARG(name), PROA_SLICE_ARG(path))};
    return false;
}

static bool wrong_method(const char *allowed, struct proa_arena *arena, struct mock_error *error)
{
    *error = (struct mock_error){
        .status = 405,
        .type = PROA_SLICE("invalid_request_error"),
        .code = PROA_SLICE("method_not_supported"),
        .message = proa_arena_printf(arena, "Not allowed here; use %s.", allowed)};
    return false;
}

/* "/v1/x" gives "x"; "/recipe/v1/x" gives "x" and the recipe. */
static bool split_prefix(struct proa_slice path, struct proa_slice *recipe, struct proa_slice *rest)
{
    const struct proa_slice v1 = PROA_SLICE("/v1/");
    *recipe = PROA_SLICE_NONE;
    if (!proa_slice_starts(path, v1)) {
        struct proa_slice inner = proa_slice_from(path, 1);
        const size_t end = proa_slice_find(inner, '/');
        *recipe = proa_slice_head(inner, end);
        path = proa_slice_from(inner, end);
    }
    *rest = proa_slice_from(path, v1.len);
    return proa_slice_starts(path, v1);
}

bool proa_mock_path_parse(enum proa_http_method method, struct proa_slice path,
                          struct proa_arena *arena, struct mock_path *out, struct mock_error *error)
{
    const struct proa_slice whole = path;
    struct proa_slice rest;
    if (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    if (!split_prefix(path, &out->recipe, &rest)) {
        return unknown_url(method, whole, arena, error);
    }
    out->recipe = decode(out->recipe, arena);
    if (proa_slice_eq(out->recipe, PROA_SLICE("down"))) {
        out->recipe = PROA_SLICE("status=503");
    }
    out->id = PROA_SLICE_NONE;
    for (size_t i = 0; i < PROA_ARRAY_LEN(ENDPOINTS); i++) {
        if (proa_slice_eq(rest, ENDPOINTS[i].rest)) {
            out->endpoint = ENDPOINTS[i].endpoint;
            const bool head = method == PROA_HTTP_HEAD && ENDPOINTS[i].method == PROA_HTTP_GET;
            return method == ENDPOINTS[i].method || head ||
                   wrong_method(ENDPOINTS[i].method == PROA_HTTP_GET ? "GET" : "POST", arena,
                                error);
        }
    }
    if (!proa_slice_starts(rest, PROA_SLICE("models/"))) {
        return unknown_url(method, whole, arena, error);
    }
    out->endpoint = MOCK_MODEL;
    out->id = decode(proa_slice_from(rest, strlen("models/")), arena);
    return method == PROA_HTTP_GET || method == PROA_HTTP_HEAD || wrong_method("GET", arena, error);
}
