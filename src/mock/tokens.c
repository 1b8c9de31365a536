#include "reading_priv.h"
#include "speech_priv.h"
#include "tokens_priv.h"

#include "proa/core/clock.h"
#include "proa/http/query.h"
#include "proa/json/string.h"

#include <inttypes.h>
#include <stdio.h>

enum { FIELD_MAX = 64 * 1024, LIFE_MS = 3599000, LIFE_MAX_S = 3600, SKEW_S = 60 };

static const struct proa_slice MARK = PROA_SLICE_INIT("mock.");

/* ---- tokens ---------------------------------------------------------------------------------- */

static void seal(const struct mock_desk *desk, struct proa_slice text, char out[PROA_SHA256_HEX])
{
    unsigned char mac[PROA_SHA256_BYTES];
    proa_hmac_sha256(proa_slice_make(desk->secret, sizeof desk->secret), text, mac);
    proa_hex(mac, sizeof mac, out);
}

struct proa_slice proa_mock_token_issue(const struct mock_desk *desk, enum mock_token_kind kind,
                                        uint64_t ttl_ms, struct proa_arena *arena)
{
    char mac[PROA_SHA256_HEX];
    const struct proa_slice text =
        proa_arena_printf(arena, "mock.%c.%" PRIu64, (int)kind, desk->now_ms + ttl_ms);
    seal(desk, text, mac);
    return proa_arena_printf(arena, "%s%" PROA_SLICE_FMT ".%.*s",
                             kind == MOCK_TOKEN_OF_GOOGLE ? "ya29." : "", PROA_SLICE_ARG(text),
                             (int)sizeof mac, mac);
}

enum mock_token_state proa_mock_token_state(const struct mock_desk *desk, enum mock_token_kind kind,
                                            struct proa_slice token)
{
    char mac[PROA_SHA256_HEX];
    uint64_t until_ms = 0;
    const struct proa_slice whole = proa_slice_from(token, proa_slice_search(token, MARK));
    const size_t at = whole.len > sizeof mac ? whole.len - sizeof mac - 1 : 0;
    const struct proa_slice text = proa_slice_head(whole, at);
    const struct proa_slice inner = proa_slice_from(text, MARK.len);
    if (inner.len < 3 || inner.ptr[0] != (char)kind || inner.ptr[1] != '.' ||
        proa_slice_to_u64(proa_slice_from(inner, 2), &until_ms)) {
        return MOCK_TOKEN_FOREIGN;
    }
    seal(desk, text, mac);
    if (!proa_slice_eq(proa_slice_from(whole, at + 1), proa_slice_make(mac, sizeof mac))) {
        return MOCK_TOKEN_FOREIGN;
    }
    return desk->now_ms < until_ms ? MOCK_TOKEN_FINE : MOCK_TOKEN_EXPIRED;
}

/* ---- assertions ------------------------------------------------------------------------------ */

static struct proa_slice decoded_part(struct proa_slice part, struct proa_arena *arena)
{
    size_t n = 0;
    unsigned char *bytes = proa_arena_alloc(arena, PROA_BASE64_DECODED_MAX(part.len) + 1);
    return part.len > 0 && proa_base64_decode(PROA_BASE64URL, part, bytes, &n) == PROA_OK
               ? proa_slice_make(bytes, n)
               : PROA_SLICE_NONE;
}

static const char *claims_fault(const struct mock_desk *desk, struct proa_slice claims)
{
    const uint64_t now_s = desk->now_ms / 1000;
    uint64_t issued = 0;
    uint64_t ends = 0;
    const struct proa_slice audience = proa_mock_member(claims, PROA_SLICE("aud"));
    if (!proa_mock_is(proa_mock_member(claims, PROA_SLICE("iss")), PROA_JSON_STRING)) {
        return "Invalid issuer: Not a valid email or user ID.";
    }
    if (proa_slice_search(proa_mock_member(claims, PROA_SLICE("scope")),
                          PROA_SLICE("https://www.googleapis.com/auth/cloud-platform")) ==
        proa_mock_member(claims, PROA_SLICE("scope")).len) {
        return "Invalid OAuth scope or ID token audience provided.";
    }
    if (audience.len < 8 ||
        !proa_slice_eq(proa_slice_from(audience, audience.len - 7), PROA_SLICE("/token\""))) {
        return "Invalid JWT: Failed audience check.";
    }
    if (!proa_mock_number_in(proa_mock_member(claims, PROA_SLICE("iat")), 1, UINT32_MAX, &issued) ||
        !proa_mock_number_in(proa_mock_member(claims, PROA_SLICE("exp")), 1, UINT32_MAX, &ends)) {
        return "Invalid JWT: iat and exp must be numbers.";
    }
    return issued <= now_s + SKEW_S && ends > now_s && ends > issued &&
                   ends - issued <= LIFE_MAX_S && issued + LIFE_MAX_S > now_s
               ? NULL
               : "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                 "timeframe. Check your iat and exp values in the JWT claim.";
}

const char *proa_mock_assertion_fault(const struct mock_desk *desk, struct proa_slice assertion,
                                      struct proa_arena *arena)
{
    struct proa_slice rest = assertion;
    const struct proa_slice head = proa_slice_split(rest, '.', &rest);
    const struct proa_slice claims = proa_slice_split(rest, '.', &rest);
    const struct proa_slice header = decoded_part(head, arena);
    const struct proa_slice message = proa_slice_head(assertion, head.len + 1 + claims.len);
    if (!proa_json_string_eq(proa_mock_member(header, PROA_SLICE("alg")), PROA_SLICE("RS256"))) {
        return "Invalid JWT: the algorithm must be RS256.";
    }
    if (!proa_mock_rsa_verify(&desk->key, message, decoded_part(rest, arena))) {
        return "Invalid JWT Signature.";
    }
    return claims_fault(desk, decoded_part(claims, arena));
}

/* ---- requests -------------------------------------------------------------------------------- */

static bool refuse_grant(struct mock_reading *r, const char *type, const char *text)
{
    (void)proa_mock_refuse(r, 400, "%s", text);
    r->error->type = proa_slice_cstr(type);
    return false;
}

/* A field of a form; empty where it is missing. */
static struct proa_slice form(struct mock_reading *r, const char *name)
{
    struct proa_buf value;
    struct proa_slice out = PROA_SLICE_NONE;
    proa_buf_init(&value, FIELD_MAX);
    if (proa_http_query_get(r->body, proa_slice_cstr(name), &value) == PROA_OK) {
        out = proa_arena_dup(r->arena, proa_buf_slice(&value));
    }
    proa_buf_deinit(&value);
    return out;
}

static bool read_google(struct mock_reading *r)
{
    if (!proa_slice_eq(form(r, "grant_type"),
                       PROA_SLICE("urn:ietf:params:oauth:grant-type:jwt-bearer"))) {
        return refuse_grant(r, "unsupported_grant_type", "Invalid grant_type");
    }
    const char *fault =
        r->desk ? proa_mock_assertion_fault(r->desk, form(r, "assertion"), r->arena) : "no desk";
    return !fault || refuse_grant(r, "invalid_grant", fault);
}

static bool read_entra(struct mock_reading *r)
{
    const bool secret = form(r, "client_secret").len > 0;
    const bool assertion =
        form(r, "client_assertion").len > 0 &&
        proa_slice_eq(form(r, "client_assertion_type"),
                      PROA_SLICE("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    if (!proa_slice_eq(form(r, "grant_type"), PROA_SLICE("client_credentials"))) {
        return refuse_grant(r, "unsupported_grant_type", "AADSTS70003: unsupported grant_type.");
    }
    if (!proa_slice_eq(form(r, "scope"),
                       PROA_SLICE("https://cognitiveservices.azure.com/.default"))) {
        return refuse_grant(r, "invalid_scope",
                            "AADSTS70011: The provided value for the input "
                            "parameter 'scope' is not valid.");
    }
    if (form(r, "client_id").len == 0) {
        return refuse_grant(r, "invalid_request",
                            "AADSTS900144: The request body must contain "
                            "the following parameter: 'client_id'.");
    }
    if (!secret && !assertion) {
        (void)refuse_grant(r, "invalid_client",
                           "AADSTS7000218: The request body must contain the "
                           "following parameter: 'client_assertion' or "
                           "'client_secret'.");
        r->error->status = 401;
        return false;
    }
    return true;
}

static bool read_sts(struct mock_reading *r)
{
    static const char *const needed[] = {"RoleArn", "RoleSessionName", "WebIdentityToken"};
    if (!proa_slice_eq(form(r, "Action"), PROA_SLICE("AssumeRoleWithWebIdentity")) ||
        !proa_slice_eq(form(r, "Version"), PROA_SLICE("2011-06-15"))) {
        return refuse_grant(r, "InvalidAction", "Could not find operation for the version.");
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(needed); i++) {
        if (form(r, needed[i]).len == 0) {
            (void)proa_mock_refuse(r, 400, "Value null at '%s' failed to satisfy constraint",
                                   needed[i]);
            return false;
        }
    }
    return true;
}

static bool read_exchange(struct mock_reading *r, bool anthropic)
{
    static const struct proa_slice openai_names[] = {
        PROA_SLICE_INIT("subject_token"), PROA_SLICE_INIT("subject_token_type"),
        PROA_SLICE_INIT("identity_provider_id"), PROA_SLICE_INIT("service_account_id")};
    static const struct proa_slice anthropic_names[] = {PROA_SLICE_INIT("assertion"),
                                                        PROA_SLICE_INIT("federation_rule_id"),
                                                        PROA_SLICE_INIT("organization_id")};
    const struct proa_slice *names = anthropic ? anthropic_names : openai_names;
    const size_t n = anthropic ? PROA_ARRAY_LEN(anthropic_names) : PROA_ARRAY_LEN(openai_names);
    const struct proa_slice grant =
        anthropic ? PROA_SLICE("urn:ietf:params:oauth:grant-type:jwt-bearer")
                  : PROA_SLICE("urn:ietf:params:oauth:grant-type:token-exchange");
    if (!proa_mock_read_object(r)) {
        return false;
    }
    if (!proa_slice_eq(proa_mock_string(r, r->body, PROA_SLICE("grant_type")), grant)) {
        return refuse_grant(r, "unsupported_grant_type", "The grant_type is not supported.");
    }
    for (size_t i = 0; i < n; i++) {
        if (proa_mock_string(r, r->body, names[i]).len == 0) {
            (void)proa_mock_refuse(r, 400, "%" PROA_SLICE_FMT " is missing",
                                   PROA_SLICE_ARG(names[i]));
            return false;
        }
    }
    const struct proa_slice beta =
        r->head ? proa_http_header_value(&r->head->headers, PROA_HTTP_HEADER_ANTHROPIC_BETA)
                : PROA_SLICE_NONE;
    return !anthropic || proa_http_list_has(beta, PROA_SLICE("oidc-federation-2026-04-01")) ||
           refuse_grant(r, "invalid_request",
                        "The beta header oidc-federation-2026-04-01 is "
                        "missing.");
}

bool proa_mock_token_read(struct mock_reading *r)
{
    switch (r->out->variant) {
    case TOKEN_GOOGLE:
        return read_google(r);
    case TOKEN_ENTRA:
        return read_entra(r);
    case TOKEN_STS:
        return read_sts(r);
    case TOKEN_OPENAI:
        return read_exchange(r, false);
    case TOKEN_ANTHROPIC:
        return read_exchange(r, true);
    default:
        return true; /* container credentials: nothing is sent */
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void make_bearer(struct mock_making *m, enum mock_token_kind kind, uint64_t ttl_ms)
{
    const struct proa_slice token = proa_mock_token_issue(m->author->desk, kind, ttl_ms, m->arena);
    (void)proa_buf_append_printf(&m->a->body,
                                 "{\"access_token\":\"%" PROA_SLICE_FMT
                                 "\",\"expires_in\":%llu,%s\"token_type\":\"Bearer\"}",
                                 PROA_SLICE_ARG(token), (unsigned long long)((ttl_ms + 999) / 1000),
                                 kind == MOCK_TOKEN_OF_ENTRA ? "\"ext_expires_in\":3599," : "");
}

static void make_aws(struct mock_making *m, uint64_t ttl_ms, bool xml)
{
    char until[24];
    const struct proa_slice token =
        proa_mock_token_issue(m->author->desk, MOCK_TOKEN_OF_AWS, ttl_ms, m->arena);
    proa_civil_rfc3339(m->author->desk->now_ms + ttl_ms, until);
    if (!xml) {
        (void)proa_buf_append_printf(
            &m->a->body,
            "{\"AccessKeyId\":\"ASIAMOCK\",\"SecretAccessKey\":\"" MOCK_AWS_SECRET
            "\",\"Token\":\"%" PROA_SLICE_FMT "\",\"Expiration\":\"%.19sZ\",\"RoleArn\":"
            "\"arn:aws:iam::123456789012:role/mock\"}",
            PROA_SLICE_ARG(token), until);
        return;
    }
    m->a->content_type = PROA_SLICE("text/xml");
    (void)proa_buf_append_printf(
        &m->a->body,
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
        "  <AssumeRoleWithWebIdentityResult>\n    <Audience>sts.amazonaws.com</Audience>\n"
        "    <Credentials>\n      <AccessKeyId>ASIAMOCK</AccessKeyId>\n"
        "      <SecretAccessKey>" MOCK_AWS_SECRET "</SecretAccessKey>\n"
        "      <SessionToken>%" PROA_SLICE_FMT "</SessionToken>\n"
        "      <Expiration>%.19sZ</Expiration>\n    </Credentials>\n"
        "  </AssumeRoleWithWebIdentityResult>\n"
        "  <ResponseMetadata><RequestId>mock</RequestId></ResponseMetadata>\n"
        "</AssumeRoleWithWebIdentityResponse>\n",
        PROA_SLICE_ARG(token), until);
}

void proa_mock_token_make(struct mock_making *m)
{
    const uint64_t ttl_ms =
        proa_mock_plan_get(m->plan, PROA_MOCK_EXPIRES, LIFE_MS * PROA_NS_PER_MS) / PROA_NS_PER_MS;
    switch (m->req->variant) {
    case TOKEN_GOOGLE:
        make_bearer(m, MOCK_TOKEN_OF_GOOGLE, ttl_ms);
        break;
    case TOKEN_ENTRA:
        make_bearer(m, MOCK_TOKEN_OF_ENTRA, ttl_ms);
        break;
    case TOKEN_OPENAI:
        make_bearer(m, MOCK_TOKEN_OF_OPENAI, ttl_ms);
        break;
    case TOKEN_ANTHROPIC:
        make_bearer(m, MOCK_TOKEN_OF_ANTHROPIC, ttl_ms);
        break;
    default:
        make_aws(m, ttl_ms, m->req->variant == TOKEN_STS);
        break;
    }
}
