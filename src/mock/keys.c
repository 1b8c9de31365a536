/*
 * Who asks: the key of a request, where its provider has it, and whether it will do.
 */
#include "mock_priv.h"
#include "sigv4_priv.h"

static bool refuse(struct mock_caller_key *k, uint16_t status, const char *type,
                   struct proa_slice message)
{
    *k->error =
        (struct mock_error){.status = status, .type = proa_slice_cstr(type), .message = message};
    return false;
}

static bool refuse_as(struct mock_caller_key *k, struct proa_slice name)
{
    *k->error = proa_mock_error_recorded(k->profile->id, name);
    if (k->error->status == 0) {
        *k->error = proa_mock_error_recorded(MOCK_OPENAI, PROA_SLICE("bad-key"));
    }
    return false;
}

static struct proa_slice header(const struct mock_caller_key *k, enum proa_http_header_id id)
{
    return proa_http_header_value(&k->head->headers, id);
}

static struct proa_slice bearer(const struct mock_caller_key *k)
{
    const struct proa_slice scheme = PROA_SLICE("bearer ");
    const struct proa_slice value = header(k, PROA_HTTP_HEADER_AUTHORIZATION);
    return proa_slice_eq_nocase(proa_slice_head(value, scheme.len), scheme)
               ? proa_slice_trim(proa_slice_from(value, scheme.len))
               : PROA_SLICE_NONE;
}

/* In the provider's own header, or as a bearer where that has none. */
static struct proa_slice presented(const struct mock_caller_key *k)
{
    const bool compat = k->path->route && (k->path->route->flags & MOCK_ROUTE_COMPAT);
    struct proa_slice own = PROA_SLICE_NONE;
    struct mock_sigv4 s;
    switch (k->profile->key) {
    case MOCK_KEY_X_API_KEY:
        own = header(k, PROA_HTTP_HEADER_X_API_KEY);
        break;
    case MOCK_KEY_API_KEY:
        own = header(k, PROA_HTTP_HEADER_API_KEY);
        break;
    case MOCK_KEY_GOOG:
        return compat ? bearer(k) : header(k, PROA_HTTP_HEADER_X_GOOG_API_KEY);
    case MOCK_KEY_SIGNATURE:
        own = proa_mock_sigv4_parse(header(k, PROA_HTTP_HEADER_AUTHORIZATION), &s)
                  ? s.key_id
                  : PROA_SLICE_NONE;
        break;
    case MOCK_KEY_BEARER:
        break;
    }
    return own.len > 0 ? own : bearer(k);
}

/* ---- tokens and signatures ------------------------------------------------------------------- */

static bool check_signature(struct mock_caller_key *k)
{
    struct mock_sigv4 s;
    const struct proa_http_header *token =
        proa_http_header_find_name(&k->head->headers, PROA_SLICE("x-amz-security-token"));
    const struct proa_slice value = header(k, PROA_HTTP_HEADER_AUTHORIZATION);
    if (bearer(k).len > 0) {
        return true;
    }
    if (value.len == 0) {
        return refuse(k, 403, "MissingAuthenticationTokenException",
                      PROA_SLICE("Missing Authentication Token"));
    }
    switch (proa_mock_sigv4_check(k->head, k->body, PROA_SLICE(MOCK_AWS_SECRET),
                                  k->desk->now_ms / 1000, k->arena, &s)) {
    case MOCK_SIGV4_INCOMPLETE:
        return refuse(k, 400, "IncompleteSignatureException",
                      PROA_SLICE("Authorization header requires existence of either a "
                                 "'X-Amz-Date' or a 'Date' header, 'Credential', 'SignedHeaders' "
                                 "and 'Signature' parameters."));
    case MOCK_SIGV4_UNSIGNED:
        return refuse(k, 403, "InvalidSignatureException",
                      PROA_SLICE("'Host', 'X-Amz-Date' or another 'X-Amz-' header must be a "
                                 "'SignedHeader' in the AWS Authorization."));
    case MOCK_SIGV4_EXPIRED:
        return refuse(k, 403, "InvalidSignatureException",
                      PROA_SLICE("Signature expired or not yet current: the time of the request "
                                 "differs by more than five minutes."));
    case MOCK_SIGV4_MISMATCH:
        return refuse_as(k, PROA_SLICE("signature"));
    case MOCK_SIGV4_FINE:
        break;
    }
    if (!proa_slice_eq(s.service, PROA_SLICE("bedrock"))) {
        return refuse(k, 403, "InvalidSignatureException",
                      PROA_SLICE("Credential should be scoped to correct service: 'bedrock'."));
    }
    if (!proa_slice_starts(s.key_id, PROA_SLICE("ASIA"))) {
        return true;
    }
    const enum mock_token_state state =
        token ? proa_mock_token_state(k->desk, MOCK_TOKEN_OF_AWS, token->value)
              : MOCK_TOKEN_FOREIGN;
    return state == MOCK_TOKEN_FINE ||
           refuse_as(k, state == MOCK_TOKEN_EXPIRED ? PROA_SLICE("expired-token")
                                                    : PROA_SLICE("bad-key"));
}

/* Vertex takes what the token endpoint has issued, or a key where there is no project. */
static bool check_vertex(struct mock_caller_key *k)
{
    const bool express =
        k->path->route && proa_slice_starts(k->path->route->pattern, PROA_SLICE("/v1/publishers/"));
    if (express && header(k, PROA_HTTP_HEADER_X_GOOG_API_KEY).len > 0) {
        return true;
    }
    return proa_mock_token_state(k->desk, MOCK_TOKEN_OF_GOOGLE, bearer(k)) == MOCK_TOKEN_FINE ||
           refuse_as(k, PROA_SLICE("bad-key"));
}

static bool check_azure(struct mock_caller_key *k)
{
    const bool versioned = k->path->route && (k->path->route->flags & MOCK_ROUTE_VERSION);
    const struct proa_slice query = k->head->query;
    if (header(k, PROA_HTTP_HEADER_API_KEY).len == 0 &&
        proa_mock_token_state(k->desk, MOCK_TOKEN_OF_ENTRA, bearer(k)) != MOCK_TOKEN_FINE) {
        return refuse_as(k, PROA_SLICE("bad-key"));
    }
    return !versioned || proa_slice_search(query, PROA_SLICE("api-version=20")) < query.len ||
           refuse_as(k, PROA_SLICE("path"));
}

/* A bearer that was issued here must not have ended; Anthropic wants to be told that it is one. */
static bool check_issued(struct mock_caller_key *k, enum mock_token_kind kind)
{
    const struct proa_slice token = bearer(k);
    const struct proa_slice beta = header(k, PROA_HTTP_HEADER_ANTHROPIC_BETA);
    switch (proa_mock_token_state(k->desk, kind, token)) {
    case MOCK_TOKEN_FOREIGN:
        return true;
    case MOCK_TOKEN_EXPIRED:
        return refuse_as(k, PROA_SLICE("bad-key"));
    case MOCK_TOKEN_FINE:
        break;
    }
    return kind != MOCK_TOKEN_OF_ANTHROPIC ||
           proa_http_list_has(beta, PROA_SLICE("oauth-2025-04-20")) ||
           refuse(k, 401, "authentication_error",
                  PROA_SLICE("OAuth authentication is currently not supported."));
}

static bool check_key(struct mock_caller_key *k, struct proa_slice key)
{
    const enum mock_profile_id id = k->profile->id;
    if (k->profile->needs_key && key.len == 0) {
        const bool named = proa_mock_error_recorded(id, PROA_SLICE("no-key")).status != 0;
        return refuse_as(k, named ? PROA_SLICE("no-key") : PROA_SLICE("bad-key"));
    }
    if (id != MOCK_PLAIN && proa_slice_starts(key, PROA_SLICE("bad-key"))) {
        return refuse_as(k, PROA_SLICE("bad-key"));
    }
    if (id == MOCK_AZURE) {
        return check_azure(k);
    }
    if (id == MOCK_ANTHROPIC) {
        return check_issued(k, MOCK_TOKEN_OF_ANTHROPIC);
    }
    return id != MOCK_OPENAI || check_issued(k, MOCK_TOKEN_OF_OPENAI);
}

bool proa_mock_key_check(struct mock_caller_key *k, struct proa_slice *key)
{
    *key = PROA_SLICE_NONE;
    if (k->path->route && (k->path->route->flags & MOCK_ROUTE_NO_KEY)) {
        return true;
    }
    *key = presented(k);
    if (k->profile->id == MOCK_BEDROCK) {
        return check_signature(k);
    }
    return k->profile->id == MOCK_VERTEX ? check_vertex(k) : check_key(k, *key);
}
