/* Answers: a token in JSON or in the XML of AWS STS, or why there is none. */
#include "grant_priv.h"

#include "proa/auth/grant.h"
#include "proa/core/clock.h"
#include "proa/json/cursor.h"
#include "proa/json/string.h"
#include "proa/tls/digest.h"

void proa_grant_token_release(struct proa_grant_token *token)
{
    proa_secret_unref(token->secret);
    proa_secret_unref(token->session);
    *token = (struct proa_grant_token){0};
}

/* ---- fields ------------------------------------------------------------------------------------
 *
 * A field's value is decoded into a buffer of its own, which is wiped: what comes may be a secret.
 */

struct syntax {
    /* Where a name occurs, the value as it stands there; false: it does not. */
    bool (*find)(struct proa_slice body, const char *name, struct proa_slice *raw);
    enum proa_err (*decode)(struct proa_slice raw, struct proa_buf *out);
};

static bool json_find(struct proa_slice body, const char *name, struct proa_slice *raw)
{
    return proa_json_get(body, proa_slice_cstr(name), raw) == PROA_JSON_STRING;
}

static enum proa_err json_decode(struct proa_slice raw, struct proa_buf *out)
{
    return proa_json_string_decode(raw, out);
}

/* The text of the first element of that name, without attributes or elements inside: all that STS
 * writes. */
static bool xml_find(struct proa_slice body, const char *name, struct proa_slice *raw)
{
    const struct proa_slice want = proa_slice_cstr(name);
    while (body.len > 0) {
        body = proa_slice_from(body, proa_slice_find(body, '<'));
        body = proa_slice_from(body, 1);
        if (!proa_slice_starts(body, want) || body.len == want.len || body.ptr[want.len] != '>') {
            continue;
        }
        const struct proa_slice text = proa_slice_from(body, want.len + 1);
        const size_t end = proa_slice_find(text, '<');
        const struct proa_slice rest = proa_slice_from(text, end + 1);
        if (rest.len > want.len + 1 && rest.ptr[0] == '/' &&
            proa_slice_starts(proa_slice_from(rest, 1), want) && rest.ptr[want.len + 1] == '>') {
            *raw = proa_slice_head(text, end);
            return true;
        }
    }
    return false;
}

/* The five entities that XML itself knows; a numeric reference is none that STS writes. */
static enum proa_err xml_decode(struct proa_slice raw, struct proa_buf *out)
{
    static const struct {
        struct proa_slice text;
        char c;
    } entities[] = {{PROA_SLICE_INIT("&amp;"), '&'},
                    {PROA_SLICE_INIT("&lt;"), '<'},
                    {PROA_SLICE_INIT("&gt;"), '>'},
                    {PROA_SLICE_INIT("&quot;"), '"'},
                    {PROA_SLICE_INIT("&apos;"), '\''}};
    while (raw.len > 0) {
        const size_t plain = proa_slice_find(raw, '&');
        (void)proa_buf_append(out, proa_slice_head(raw, plain));
        raw = proa_slice_from(raw, plain);
        size_t i = 0;
        while (i < PROA_ARRAY_LEN(entities) && !proa_slice_starts(raw, entities[i].text)) {
            i++;
        }
        if (raw.len > 0 && i == PROA_ARRAY_LEN(entities)) {
            return PROA_ERR_SYNTAX;
        }
        if (raw.len > 0) {
            (void)proa_buf_append_byte(out, entities[i].c);
            raw = proa_slice_from(raw, entities[i].text.len);
        }
    }
    return proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
}

static const struct syntax JSON = {json_find, json_decode};
static const struct syntax XML = {xml_find, xml_decode};

/* The decoded value, to be released with wipe(). Empty when there is none. */
static struct proa_buf take(const struct syntax *syntax, struct proa_slice body, const char *name)
{
    struct proa_slice raw;
    struct proa_buf out;
    proa_buf_init(&out, PROA_SECRET_MAX_BYTES);
    if (syntax->find(body, name, &raw) && raw.len <= PROA_SECRET_MAX_BYTES) {
        (void)proa_buf_reserve(&out, raw.len); /* grown, it would leave copies behind */
        if (syntax->decode(raw, &out) != PROA_OK) {
            proa_buf_clear(&out);
        }
    }
    return out;
}

static void wipe(struct proa_buf *b)
{
    proa_zeroize(b->ptr, b->cap);
    proa_buf_deinit(b);
}

/* What will stand in a header: no blanks, no line ends. */
static bool is_header_text(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~') {
            return false;
        }
    }
    return s.len > 0;
}

static bool take_secret(const struct syntax *syntax, struct proa_slice body, const char *name,
                        struct proa_secret **out)
{
    struct proa_buf value = take(syntax, body, name);
    const bool ok = is_header_text(proa_buf_slice(&value)) &&
                    proa_secret_create(proa_buf_slice(&value), out) == PROA_OK;
    wipe(&value);
    return ok;
}

/* ---- tokens ------------------------------------------------------------------------------------
 */

/* A number, or one in quotes: some endpoints write it so. */
static uint64_t expires_in(struct proa_slice body)
{
    struct proa_slice token;
    uint64_t n = 0;
    const enum proa_json_kind kind = proa_json_get(body, PROA_SLICE("expires_in"), &token);
    if (kind == PROA_JSON_STRING && token.len > 2) {
        token = proa_slice_make(token.ptr + 1, token.len - 2);
    } else if (kind != PROA_JSON_NUMBER) {
        return 0;
    }
    return proa_json_number_u64(token, &n) == PROA_OK ? n : 0;
}

static bool read_oauth(struct proa_slice body, struct proa_grant_token *out)
{
    out->life_s = expires_in(body);
    return take_secret(&JSON, body, "access_token", &out->secret);
}

/* A token that has ended already is none. */
static bool read_end(const struct syntax *syntax, struct proa_slice body, uint64_t unix_s,
                     uint64_t *life_s)
{
    struct proa_buf text = take(syntax, body, "Expiration");
    uint64_t at_ms = 0;
    const bool there = text.len > 0;
    const bool ok = there && proa_civil_parse_rfc3339(proa_buf_slice(&text), &at_ms);
    wipe(&text);
    *life_s = ok && at_ms / 1000 > unix_s ? at_ms / 1000 - unix_s : 0;
    return !there || *life_s > 0;
}

static bool read_aws(const struct syntax *syntax, const char *session, struct proa_slice body,
                     uint64_t unix_s, struct proa_grant_token *out)
{
    struct proa_buf key_id = take(syntax, body, "AccessKeyId");
    bool ok = is_header_text(proa_buf_slice(&key_id)) && key_id.len <= PROA_GRANT_KEY_ID_MAX;
    if (ok) {
        memcpy(out->key_id, key_id.ptr, key_id.len);
        out->key_id_len = (uint8_t)key_id.len;
    }
    wipe(&key_id);
    ok = ok && take_secret(syntax, body, "SecretAccessKey", &out->secret) &&
         read_end(syntax, body, unix_s, &out->life_s);
    struct proa_slice raw;
    if (ok && syntax->find(body, session, &raw)) {
        ok = take_secret(syntax, body, session, &out->session);
    }
    return ok;
}

static bool is_json_object(struct proa_slice body)
{
    struct proa_json_info info;
    return proa_json_scan(body, &(struct proa_json_scan_cfg){0}, NULL, &info) == PROA_OK &&
           info.kind == PROA_JSON_OBJECT;
}

static bool read_token(enum proa_grant_answer form, struct proa_slice body, uint64_t unix_s,
                       struct proa_grant_token *out)
{
    switch (form) {
    case PROA_GRANT_ANSWER_STS:
        return read_aws(&XML, "SessionToken", body, unix_s, out);
    case PROA_GRANT_ANSWER_AWS_JSON:
        return is_json_object(body) && read_aws(&JSON, "Token", body, unix_s, out);
    case PROA_GRANT_ANSWER_OAUTH:
        return is_json_object(body) && read_oauth(body, out);
    }
    return false;
}

/* ---- refusals ----------------------------------------------------------------------------------
 */

static void say(struct proa_grant_refusal *why, struct proa_slice text)
{
    for (size_t i = 0; i < text.len && why->len < sizeof why->text; i++) {
        const char c = text.ptr[i];
        why->text[why->len++] = c;
        if (c < ' ' || c > '~') {
            why->text[why->len - 1] = c == '\n' || c == '\r' || c == '\t' ? ' ' : '?';
        }
    }
}

/* "code: message", as far as they are there; *code is what stands first. */
static void say_field(struct proa_grant_refusal *why, const struct syntax *syntax,
                      struct proa_slice body, const char *name)
{
    struct proa_buf value = take(syntax, body, name);
    if (value.len > 0) {
        say(why, why->len > 0 ? PROA_SLICE(": ") : PROA_SLICE_NONE);
        say(why, proa_buf_slice(&value));
    }
    wipe(&value);
}

static void explain(const struct proa_grant *g, uint16_t status, struct proa_slice body,
                    struct proa_grant_refusal *why)
{
    static const char *const json_names[] = {
        "error", "error_description", "code", "message", "Code", "Message"};
    struct proa_slice inner;
    why->len = 0;
    if (proa_grant_answer_of(g->kind) == PROA_GRANT_ANSWER_STS) {
        say_field(why, &XML, body, "Code");
        say_field(why, &XML, body, "Message");
    } else if (is_json_object(body)) {
        /* OAuth's own form, or the provider's: {"error": {"type", "message"}}. */
        if (proa_json_get(body, PROA_SLICE("error"), &inner) == PROA_JSON_OBJECT) {
            say_field(why, &JSON, inner, "type");
            say_field(why, &JSON, inner, "message");
        }
        for (size_t i = 0; i < PROA_ARRAY_LEN(json_names); i++) {
            say_field(why, &JSON, body, json_names[i]);
        }
    }
    if (why->len == 0) {
        char digits[PROA_FMT_BYTES];
        say(why, PROA_SLICE("HTTP status "));
        say(why, proa_slice_make(digits, proa_fmt_u64(digits, status)));
    }
}

/* Codes of a 400 that is no verdict on the credential (RFC 6749 4.1.2.1, AWS STS). */
static bool says_later(const struct proa_grant_refusal *why)
{
    static const struct proa_slice codes[] = {PROA_SLICE_INIT("temporarily_unavailable"),
                                              PROA_SLICE_INIT("server_error"),
                                              PROA_SLICE_INIT("slow_down"),
                                              PROA_SLICE_INIT("Throttling"),
                                              PROA_SLICE_INIT("RequestThrottled"),
                                              PROA_SLICE_INIT("RequestLimitExceeded"),
                                              PROA_SLICE_INIT("IDPCommunicationError")};
    for (size_t i = 0; i < PROA_ARRAY_LEN(codes); i++) {
        if (proa_slice_starts(proa_slice_make(why->text, why->len), codes[i])) {
            return true;
        }
    }
    return false;
}

enum proa_err proa_grant_read(const struct proa_grant *g, uint16_t status, struct proa_slice body,
                              uint64_t unix_s, struct proa_grant_token *out,
                              struct proa_grant_refusal *why)
{
    struct proa_grant_token token = {0};
    if (status >= 200 && status < 300) {
        if (read_token(proa_grant_answer_of(g->kind), body, unix_s, &token)) {
            *out = token;
            return PROA_OK;
        }
        proa_grant_token_release(&token);
        why->len = 0;
        say(why, PROA_SLICE("the answer holds no token that can be used"));
        return PROA_ERR_PROTOCOL;
    }
    explain(g, status, body, why);
    if (status == 408 || status == 429 || status >= 500 || says_later(why)) {
        return PROA_ERR_OVERLOAD;
    }
    return status >= 400 ? PROA_ERR_PERMISSION : PROA_ERR_PROTOCOL;
}
