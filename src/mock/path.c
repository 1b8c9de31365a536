#include "profile_priv.h"

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

static bool refuse(const struct mock_path *path, uint16_t status, struct proa_slice code,
                   struct proa_slice message, struct mock_error *error)
{
    *error = (struct mock_error){.status = status,
                                 .type = proa_mock_error_type(proa_mock_style_of(path), status),
                                 .code = code,
                                 .message = message};
    return false;
}

static bool unknown_url(enum proa_http_method method, struct proa_slice whole,
                        const struct mock_path *path, struct proa_arena *arena,
                        struct mock_error *error)
{
    const struct proa_slice name = proa_http_method_text(method);
    return refuse(path, 404, PROA_SLICE("unknown_url"),
                  proa_arena_printf(arena,
                                    "Unknown request URL: %" PROA_SLICE_FMT " %" PROA_SLICE_FMT ".",
                                    PROA_SLICE_ARG(name), PROA_SLICE_ARG(whole)),
                  error);
}

/* Cuts the profile's segment off; the plain profile has none, and begins with /v1/. */
static bool take_profile(struct proa_slice path, struct mock_path *out, struct proa_slice *rest)
{
    const struct proa_slice inner = proa_slice_from(path, 1);
    const struct proa_slice segment = proa_slice_head(inner, proa_slice_find(inner, '/'));
    const struct mock_profile *profile = proa_mock_profile_find(segment);
    *rest = path;
    if (profile) {
        out->profile = profile->id;
        *rest = proa_slice_from(inner, segment.len);
        return true;
    }
    return proa_slice_starts(path, PROA_SLICE("/v1/"));
}

/* "/v1/x" and "/anthropic/x" stand for themselves; else the first segment is a recipe. */
static bool split(struct proa_slice path, struct mock_path *out, struct proa_slice *rest)
{
    if (take_profile(path, out, rest)) {
        return true;
    }
    const struct proa_slice inner = proa_slice_from(path, 1);
    const size_t end = proa_slice_find(inner, '/');
    out->recipe = proa_slice_head(inner, end);
    return take_profile(proa_slice_from(inner, end), out, rest);
}

bool proa_mock_path_parse(enum proa_http_method method, struct proa_slice path,
                          struct proa_arena *arena, struct mock_path *out, struct mock_error *error)
{
    const struct proa_slice whole = path;
    const struct mock_route *other = NULL;
    struct proa_slice rest;
    *out = (struct mock_path){.profile = MOCK_PLAIN};
    if (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    if (!split(path, out, &rest)) {
        return unknown_url(method, whole, out, arena, error);
    }
    out->recipe = decode(out->recipe, arena);
    if (proa_slice_eq(out->recipe, PROA_SLICE("down"))) {
        out->recipe = PROA_SLICE("status=503");
    }
    out->route = proa_mock_route_find(out->profile, method, rest, &out->id, &other);
    if (!out->route && other) {
        const char *allowed = other->method == PROA_HTTP_GET ? "GET" : "POST";
        out->endpoint = other->endpoint;
        return refuse(out, 405, PROA_SLICE("method_not_supported"),
                      proa_arena_printf(arena, "Not allowed here; use %s.", allowed), error);
    }
    if (!out->route) {
        return unknown_url(method, whole, out, arena, error);
    }
    out->endpoint = out->route->endpoint;
    out->id = decode(out->id, arena);
    return true;
}
