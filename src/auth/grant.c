/* Requests: a table of members for each kind, and the three ways to write them. */
#include "proa/auth/grant.h"

#include "grant_priv.h"

#include "proa/auth/jwt.h"
#include "proa/json/writer.h"
#include "proa/tls/digest.h"

enum {
    MEMBERS_MAX = 8,
    SMALL_MAX = 8 * 1024, /* everything but the secret */
    BODY_MAX = SMALL_MAX + 3 * PROA_SECRET_MAX_BYTES,
};

enum style { STYLE_FORM = 0, STYLE_JSON, STYLE_GET };

enum source { LITERAL = 0, ACCOUNT, AUDIENCE, GROUP, PLACE, SCOPE, SECRET, ASSERTION };

struct member {
    const char *name; /* NULL ends the list */
    enum source source;
    const char *literal;
    bool optional; /* left out when empty */
};

struct kind {
    const char *name;
    enum style style;
    enum proa_grant_answer answer;
    bool needs_secret;
    const char *lines;           /* further header lines */
    struct proa_slice use_lines; /* of requests with its tokens, as authorization.h has them */
    struct member members[MEMBERS_MAX];
};

#define JWT_BEARER     "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define TOKEN_EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define TYPE_JWT       "urn:ietf:params:oauth:token-type:jwt"
#define TYPE_ACCESS    "urn:ietf:params:oauth:token-type:access_token"
#define CLIENT_JWT     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static const struct kind KINDS[PROA_GRANT_KINDS] = {
    [PROA_GRANT_GOOGLE_ACCOUNT] = {"google service account",
                                   STYLE_FORM,
                                   PROA_GRANT_ANSWER_OAUTH,
                                   true,
                                   "",
                                   PROA_SLICE_INIT(""),
                                   {{"grant_type", LITERAL, JWT_BEARER, false},
                                    {"assertion", ASSERTION, NULL, false}}},
    [PROA_GRANT_GOOGLE_STS] = {"google workload identity",
                               STYLE_FORM,
                               PROA_GRANT_ANSWER_OAUTH,
                               true,
                               "",
                               PROA_SLICE_INIT(""),
                               {{"grant_type", LITERAL, TOKEN_EXCHANGE, false},
                                {"audience", AUDIENCE, NULL, false},
                                {"scope", SCOPE, NULL, false},
                                {"requested_token_type", LITERAL, TYPE_ACCESS, false},
                                {"subject_token_type", LITERAL, TYPE_JWT, false},
                                {"subject_token", SECRET, NULL, false}}},
    [PROA_GRANT_AZURE_SECRET] = {"azure client secret",
                                 STYLE_FORM,
                                 PROA_GRANT_ANSWER_OAUTH,
                                 true,
                                 "",
                                 PROA_SLICE_INIT(""),
                                 {{"grant_type", LITERAL, "client_credentials", false},
                                  {"client_id", ACCOUNT, NULL, false},
                                  {"scope", SCOPE, NULL, false},
                                  {"client_secret", SECRET, NULL, false}}},
    [PROA_GRANT_AZURE_FEDERATED] = {"azure workload identity",
                                    STYLE_FORM,
                                    PROA_GRANT_ANSWER_OAUTH,
                                    true,
                                    "",
                                    PROA_SLICE_INIT(""),
                                    {{"grant_type", LITERAL, "client_credentials", false},
                                     {"client_id", ACCOUNT, NULL, false},
                                     {"scope", SCOPE, NULL, false},
                                     {"client_assertion_type", LITERAL, CLIENT_JWT, false},
                                     {"client_assertion", SECRET, NULL, false}}},
    [PROA_GRANT_AWS_WEB_IDENTITY] = {"aws web identity",
                                     STYLE_FORM,
                                     PROA_GRANT_ANSWER_STS,
                                     true,
                                     "",
                                     PROA_SLICE_INIT(""),
                                     {{"Action", LITERAL, "AssumeRoleWithWebIdentity", false},
                                      {"Version", LITERAL, "2011-06-15", false},
                                      {"RoleArn", ACCOUNT, NULL, false},
                                      {"RoleSessionName", GROUP, NULL, false},
                                      {"WebIdentityToken", SECRET, NULL, false}}},
    [PROA_GRANT_AWS_CONTAINER] = {"aws container",
                                  STYLE_GET,
                                  PROA_GRANT_ANSWER_AWS_JSON,
                                  false,
                                  "",
                                  PROA_SLICE_INIT(""),
                                  {{NULL, LITERAL, NULL, false}}},
    [PROA_GRANT_OPENAI] = {"openai token exchange",
                           STYLE_JSON,
                           PROA_GRANT_ANSWER_OAUTH,
                           true,
                           "",
                           PROA_SLICE_INIT(""),
                           {{"grant_type", LITERAL, TOKEN_EXCHANGE, false},
                            {"subject_token", SECRET, NULL, false},
                            {"subject_token_type", LITERAL, TYPE_JWT, false},
                            {"identity_provider_id", AUDIENCE, NULL, false},
                            {"service_account_id", ACCOUNT, NULL, false}}},
    [PROA_GRANT_ANTHROPIC] = {"anthropic token exchange",
                              STYLE_JSON,
                              PROA_GRANT_ANSWER_OAUTH,
                              true,
                              "anthropic-beta: oauth-2025-04-20,oidc-federation-2026-04-01\r\n",
                              PROA_SLICE_INIT("\r\nanthropic-beta: oauth-2025-04-20"),
                              {{"grant_type", LITERAL, JWT_BEARER, false},
                               {"assertion", SECRET, NULL, false},
                               {"federation_rule_id", AUDIENCE, NULL, false},
                               {"organization_id", GROUP, NULL, false},
                               {"service_account_id", ACCOUNT, NULL, true},
                               {"workspace_id", PLACE, NULL, true}}},
};

const char *proa_grant_name(enum proa_grant_kind kind)
{
    return KINDS[kind].name;
}

enum proa_grant_answer proa_grant_answer_of(enum proa_grant_kind kind)
{
    return KINDS[kind].answer;
}

struct proa_slice proa_grant_use_lines(enum proa_grant_kind kind)
{
    return KINDS[kind].use_lines;
}

bool proa_grant_is_aws(enum proa_grant_kind kind)
{
    return KINDS[kind].answer != PROA_GRANT_ANSWER_OAUTH;
}

/* ---- members --------------------------------------------------------------------------------- */

static struct proa_slice secret_of(const struct proa_grant *g)
{
    return g->secret ? proa_secret_bytes(g->secret) : PROA_SLICE_NONE;
}

static struct proa_slice value_of(const struct proa_grant *g, const struct member *m,
                                  struct proa_slice assertion)
{
    switch (m->source) {
    case LITERAL:
        return proa_slice_cstr(m->literal);
    case ACCOUNT:
        return g->account;
    case AUDIENCE:
        return g->audience;
    case GROUP:
        return g->group;
    case PLACE:
        return g->place;
    case SCOPE:
        return g->scope;
    case SECRET:
        return secret_of(g);
    case ASSERTION:
        return assertion;
    }
    return PROA_SLICE_NONE;
}

/* application/x-www-form-urlencoded, a blank as %20. */
static void put_form_value(struct proa_buf *b, struct proa_slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            (void)proa_buf_append_byte(b, c);
        } else {
            const char escape[3] = {'%', digits[(unsigned char)c >> 4],
                                    digits[(unsigned char)c & 15]};
            (void)proa_buf_append(b, proa_slice_make(escape, sizeof escape));
        }
    }
}

static void write_form(const struct kind *k, const struct proa_grant *g,
                       struct proa_slice assertion, struct proa_buf *b)
{
    for (size_t i = 0; i < MEMBERS_MAX && k->members[i].name; i++) {
        if (i > 0) {
            PROA_BUF_LIT(b, "&");
        }
        (void)proa_buf_append_cstr(b, k->members[i].name);
        PROA_BUF_LIT(b, "=");
        put_form_value(b, value_of(g, &k->members[i], assertion));
    }
}

static void write_json(const struct kind *k, const struct proa_grant *g,
                       struct proa_slice assertion, struct proa_buf *b)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, b);
    proa_json_writer_begin_object(&w);
    for (size_t i = 0; i < MEMBERS_MAX && k->members[i].name; i++) {
        const struct proa_slice value = value_of(g, &k->members[i], assertion);
        if (value.len > 0 || !k->members[i].optional) {
            proa_json_writer_member_string(&w, k->members[i].name, value);
        }
    }
    proa_json_writer_end_object(&w);
}

static bool needs_assertion(const struct kind *k)
{
    bool found = false;
    for (size_t i = 0; i < MEMBERS_MAX && k->members[i].name; i++) {
        found = found || k->members[i].source == ASSERTION;
    }
    return found;
}

static enum proa_err make_assertion(const struct proa_grant *g, uint64_t unix_s,
                                    struct proa_buf *out)
{
    const struct proa_jwt_claims claims = {
        .issuer = g->account,
        .key_id = g->key_id,
        .audience = g->audience,
        .scope = g->scope,
        .unix_s = unix_s,
    };
    return proa_jwt_assertion(&claims, secret_of(g), out);
}

static enum proa_err write_body(const struct kind *k, const struct proa_grant *g, uint64_t unix_s,
                                struct proa_buf *b)
{
    struct proa_buf assertion;
    enum proa_err err = PROA_OK;
    proa_buf_init(&assertion, SMALL_MAX);
    if (needs_assertion(k)) {
        (void)proa_buf_reserve(&assertion, SMALL_MAX); /* grown, it would leave copies behind */
        err = make_assertion(g, unix_s, &assertion);
    }
    if (err == PROA_OK && k->style == STYLE_FORM) {
        write_form(k, g, proa_buf_slice(&assertion), b);
    } else if (err == PROA_OK && k->style == STYLE_JSON) {
        write_json(k, g, proa_buf_slice(&assertion), b);
    }
    proa_zeroize(assertion.ptr, assertion.cap);
    proa_buf_deinit(&assertion);
    return err == PROA_OK && !proa_buf_ok(b) ? PROA_ERR_LIMIT : err;
}

/* ---- the request ------------------------------------------------------------------------------
 */

/* Visible ASCII: fit for a request line and for a header value without blanks. */
static bool is_visible(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

static void write_head(const struct kind *k, const struct proa_grant *g, size_t body_bytes,
                       struct proa_buf *out)
{
    const bool get = k->style == STYLE_GET;
    (void)proa_buf_append_cstr(out, get ? "GET " : "POST ");
    (void)proa_buf_append(out, g->target.len > 0 ? g->target : PROA_SLICE("/"));
    PROA_BUF_LIT(out, " HTTP/1.1\r\nhost: ");
    (void)proa_buf_append(out, g->host_header);
    PROA_BUF_LIT(out, "\r\naccept-encoding: identity\r\n");
    (void)proa_buf_append_cstr(out, k->lines);
    if (get && g->secret) {
        PROA_BUF_LIT(out, "authorization: ");
        (void)proa_buf_append(out, secret_of(g));
        PROA_BUF_LIT(out, "\r\n");
    }
    if (!get) {
        (void)proa_buf_append_cstr(out, k->style == STYLE_JSON
                                            ? "content-type: application/json\r\n"
                                            : "content-type: application/x-www-form-urlencoded"
                                              "\r\n");
        PROA_BUF_LIT(out, "content-length: ");
        (void)proa_buf_append_u64(out, body_bytes);
        PROA_BUF_LIT(out, "\r\n");
    }
    PROA_BUF_LIT(out, "\r\n");
}

enum proa_err proa_grant_write(const struct proa_grant *g, uint64_t unix_s, struct proa_buf *out)
{
    const struct kind *k = &KINDS[g->kind];
    struct proa_buf body;
    const size_t room = SMALL_MAX + 3 * secret_of(g).len;
    if (k->needs_secret && !g->secret) {
        return PROA_ERR_ARG;
    }
    if (g->host_header.len == 0 || !is_visible(g->host_header) || !is_visible(g->target) ||
        (k->style == STYLE_GET && !is_visible(secret_of(g)))) {
        return PROA_ERR_PROTOCOL;
    }
    proa_buf_init(&body, BODY_MAX);
    (void)proa_buf_reserve(&body, room);
    enum proa_err err = write_body(k, g, unix_s, &body);
    if (err == PROA_OK) {
        (void)proa_buf_reserve(out, room + body.len);
        write_head(k, g, body.len, out);
        (void)proa_buf_append(out, proa_buf_slice(&body));
        err = proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
    }
    proa_zeroize(body.ptr, body.cap);
    proa_buf_deinit(&body);
    return err;
}
