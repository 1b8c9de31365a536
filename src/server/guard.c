/*
 * A loopback port is no security boundary: other users, containers and web pages in a browser reach
 * it. What is checked here, before anything else looks at a request: the Host (DNS rebinding), the
 * browser's Origin and Sec-Fetch-Site (cross-site requests), the method and path, the media type
 * (what a browser can send without asking first).
 */
#include "server_priv.h"

static bool refuse(struct client *c, enum proa_api_error_code code, const char *message)
{
    c->refusal = (struct refusal){
        .code = code,
        .status = proa_api_error_status(code),
        .message = proa_slice_cstr(message),
    };
    return false;
}

/* ---- Host ------------------------------------------------------------------------------------ */

static bool is_listed(const struct proa_option_list *list, struct proa_slice name)
{
    const struct proa_slice *items = list->items;
    for (size_t i = 0; i < list->n; i++) {
        if (proa_slice_eq_nocase(items[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_loopback_name(const struct proa_http_host *host)
{
    return host->is_ipv6 ? proa_slice_eq(host->name, PROA_SLICE("::1"))
                         : proa_slice_eq(host->name, PROA_SLICE("127.0.0.1")) ||
                               proa_slice_eq_nocase(host->name, PROA_SLICE("localhost"));
}

/* Digits and dots, or an IPv6 literal: no name that an attacker could point somewhere. */
static bool is_literal(const struct proa_http_host *host)
{
    if (host->is_ipv6) {
        return true;
    }
    for (size_t i = 0; i < host->name.len; i++) {
        const char ch = host->name.ptr[i];
        if ((ch < '0' || ch > '9') && ch != '.') {
            return false;
        }
    }
    return true;
}

static bool host_allowed(const struct client *c, const struct proa_http_host *host)
{
    const struct listening *l = c->listening;
    if (l->kind == PROA_LISTENER_OPS && is_literal(host)) {
        return true; /* probes and scrapers name the Pod's address */
    }
    if (is_listed(&c->server->cfg.listen->hosts, host->name) ||
        is_listed(&c->server->cfg.listen->hosts, host->text)) {
        return true;
    }
    return is_loopback_name(host) &&
           (host->port == 0 || l->bound.is_unix || host->port == proa_addr_port(&l->bound));
}

/* ---- browsers -------------------------------------------------------------------------------- */

/* A page that Proa itself served: its Origin is this very listener. */
static bool is_own_origin(struct proa_slice origin, const struct proa_http_host *host)
{
    const struct proa_slice scheme = PROA_SLICE("http://");
    return proa_slice_starts(origin, scheme) &&
           proa_slice_eq_nocase(proa_slice_from(origin, scheme.len), host->text);
}

static bool origin_allowed(const struct client *c, const struct proa_http_head *head)
{
    const struct proa_http_header *origin =
        proa_http_header_find(&head->headers, PROA_HTTP_HEADER_ORIGIN);
    if (origin) {
        return is_listed(&c->server->cfg.listen->origins, origin->value) ||
               is_own_origin(origin->value, &head->host);
    }
    const struct proa_slice site =
        proa_http_header_value(&head->headers, PROA_HTTP_HEADER_SEC_FETCH_SITE);
    return !proa_slice_eq_nocase(site, PROA_SLICE("cross-site"));
}

/* ---- route and body -------------------------------------------------------------------------- */

static bool check_route(struct client *c, const struct proa_api_match *match)
{
    if (match->kind == PROA_API_NONE) {
        return refuse(
            c, PROA_API_ERR_NOT_FOUND,
            "There is nothing at this path. The OpenAI API is served under /v1: "
            "/v1/chat/completions, /v1/completions, /v1/responses (whose answers are kept for "
            "previous_response_id alone, and neither fetched nor deleted by their ids), "
            "/v1/embeddings, /v1/moderations, /v1/rerank, /v1/images/generations, "
            "/v1/images/edits, /v1/audio/speech, /v1/audio/transcriptions, "
            "/v1/audio/translations, /v1/models; Anthropic's beside it: /v1/messages, "
            "/v1/messages/count_tokens; "
            "the AI SDK's gateway protocol under /v1/ai, /v3/ai and /v4/ai. "
            "Health and metrics are on the ops listener.");
    }
    if (!match->method_ok) {
        (void)refuse(c, PROA_API_ERR_METHOD_NOT_ALLOWED,
                     "This path does not take this method; the Allow header names those it takes.");
        c->refusal.allow = match->allow;
        return false;
    }
    return true;
}

/* A page of another origin may send a form without asking first, but not without saying where it is
 * from: it is refused for that. */
static bool check_type(struct client *c, struct proa_slice type)
{
    const bool form = proa_api_takes_form(c->match.surface, c->match.kind);
    if (proa_http_media_type_is(type, PROA_SLICE("application/json"))) {
        return true;
    }
    if (!form) {
        return refuse(c, PROA_API_ERR_MEDIA_TYPE,
                      "The body must be JSON: send Content-Type: application/json.");
    }
    return proa_http_media_type_is(type, PROA_SLICE("multipart/form-data")) ||
           refuse(c, PROA_API_ERR_MEDIA_TYPE,
                  "The body must be a form with files, or JSON: send Content-Type: "
                  "multipart/form-data with its boundary, or application/json.");
}

static bool check_body(struct client *c, const struct proa_http_head *head)
{
    const struct proa_slice coding =
        proa_http_header_value(&head->headers, PROA_HTTP_HEADER_CONTENT_ENCODING);
    if (coding.len > 0 && !proa_slice_eq_nocase(coding, PROA_SLICE("identity"))) {
        return refuse(c, PROA_API_ERR_MEDIA_TYPE,
                      "Request bodies must not be compressed: send no Content-Encoding.");
    }
    const struct proa_slice type =
        proa_http_header_value(&head->headers, PROA_HTTP_HEADER_CONTENT_TYPE);
    if (head->method == PROA_HTTP_POST && !check_type(c, type)) {
        return false;
    }
    if (head->method == PROA_HTTP_POST && !head->has_content_length && !head->is_chunked) {
        return refuse(
            c, PROA_API_ERR_INVALID_REQUEST,
            "The request has no body: send Content-Length or Transfer-Encoding: chunked.");
    }
    return true;
}

bool proa_guard_check(struct client *c, const struct proa_http_head *head)
{
    if (!host_allowed(c, &head->host)) {
        return refuse(c, PROA_API_ERR_MISDIRECTED,
                      "This Host is not served here. Call localhost or 127.0.0.1 with the "
                      "listener's port, or add the name to listen.hosts.");
    }
    if (!origin_allowed(c, head)) {
        return refuse(c, PROA_API_ERR_FORBIDDEN_ORIGIN,
                      "Web pages of other origins may not call this listener; add the origin to "
                      "listen.origins if this one should.");
    }
    if (c->listening->kind != PROA_LISTENER_DATA) {
        return true;
    }
    if (proa_http_header_count(&head->headers, PROA_HTTP_HEADER_AUTHORIZATION) > 1) {
        return refuse(c, PROA_API_ERR_BAD_HTTP, "Authorization is repeated; send it once.");
    }
    return check_route(c, &c->match) && check_body(c, head);
}
