#include "proa/auth/jwt.h"

#include "proa/json/cursor.h"
#include "proa/json/string.h"
#include "proa/json/writer.h"
#include "proa/tls/digest.h"
#include "proa/tls/rsa.h"

enum { LIFETIME_S = 3600, PART_MAX = 16 * 1024 };

static void put_base64(struct proa_buf *out, struct proa_slice bytes)
{
    char *room = proa_buf_reserve(out, PROA_BASE64_ENCODED_MAX(bytes.len));
    if (room) {
        out->len += proa_base64_encode(PROA_BASE64URL, bytes, room);
    }
}

enum proa_err proa_jwt_sign(struct proa_slice header_json, struct proa_slice claims_json,
                            struct proa_slice pem, struct proa_buf *out)
{
    const size_t from = out->len;
    unsigned char signature[PROA_RSA_SIGNATURE_MAX];
    size_t n = 0;
    put_base64(out, header_json);
    PROA_BUF_LIT(out, ".");
    put_base64(out, claims_json);
    if (!proa_buf_ok(out)) {
        return PROA_ERR_LIMIT;
    }
    const enum proa_err err =
        proa_rsa_sha256_sign(pem, proa_slice_from(proa_buf_slice(out), from), signature, &n);
    if (err != PROA_OK) {
        out->len = from;
        return err;
    }
    PROA_BUF_LIT(out, ".");
    put_base64(out, proa_slice_make(signature, n));
    return proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
}

static void write_header(struct proa_buf *b, struct proa_slice key_id)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, b);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "alg", PROA_SLICE("RS256"));
    proa_json_writer_member_string(&w, "typ", PROA_SLICE("JWT"));
    if (key_id.len > 0) {
        proa_json_writer_member_string(&w, "kid", key_id);
    }
    proa_json_writer_end_object(&w);
}

static void write_claims(struct proa_buf *b, const struct proa_jwt_claims *claims)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, b);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_string(&w, "iss", claims->issuer);
    proa_json_writer_member_string(&w, "scope", claims->scope);
    proa_json_writer_member_string(&w, "aud", claims->audience);
    proa_json_writer_member_u64(&w, "iat", claims->unix_s);
    proa_json_writer_member_u64(&w, "exp", claims->unix_s + LIFETIME_S);
    proa_json_writer_end_object(&w);
}

enum proa_err proa_jwt_assertion(const struct proa_jwt_claims *claims, struct proa_slice pem,
                                 struct proa_buf *out)
{
    struct proa_buf header;
    struct proa_buf body;
    proa_buf_init(&header, PART_MAX);
    proa_buf_init(&body, PART_MAX);
    write_header(&header, claims->key_id);
    write_claims(&body, claims);
    const enum proa_err err =
        proa_buf_ok(&header) && proa_buf_ok(&body)
            ? proa_jwt_sign(proa_buf_slice(&header), proa_buf_slice(&body), pem, out)
            : PROA_ERR_LIMIT;
    proa_buf_deinit(&header);
    proa_buf_deinit(&body);
    return err;
}

/* ---- the key ----------------------------------------------------------------------------------
 */

static void unref(void *secret)
{
    proa_secret_unref(secret);
}

/* With line ends where `\n` is written. */
static void unescape(struct proa_slice text, struct proa_buf *out)
{
    while (text.len > 0) {
        const size_t at = proa_slice_search(text, PROA_SLICE("\\n"));
        (void)proa_buf_append(out, proa_slice_head(text, at));
        if (at < text.len) {
            PROA_BUF_LIT(out, "\n");
        }
        text = proa_slice_from(text, at + 2);
    }
}

enum proa_err proa_google_key_read(struct proa_slice text, struct proa_arena *arena,
                                   struct proa_secret **out)
{
    struct proa_secret *secret = NULL;
    struct proa_buf pem;
    proa_buf_init(&pem, PROA_SECRET_MAX_BYTES);
    if (text.len <= PROA_SECRET_MAX_BYTES) {
        (void)proa_buf_reserve(&pem, text.len); /* at once: no copy is left behind by growing */
        unescape(text, &pem);
    }
    enum proa_err err = proa_rsa_check_key(proa_buf_slice(&pem));
    if (err == PROA_OK) {
        err = proa_secret_create(proa_buf_slice(&pem), &secret);
    }
    if (err == PROA_OK) {
        proa_arena_defer(arena, unref, secret);
        *out = secret;
    }
    proa_zeroize(pem.ptr, pem.cap);
    proa_buf_deinit(&pem);
    return err;
}

static const char *key_trouble(enum proa_err err)
{
    switch ((int)err) {
    case PROA_ERR_TYPE:
        return "holds a private key that is no RSA key";
    case PROA_ERR_RANGE:
        return "holds an RSA key of less than 2048 or more than 4096 bits";
    default:
        return "holds no private_key that can be read as PEM";
    }
}

/* A string member, decoded; empty where there is none. Not for secrets: it may leave a copy in the
 * arena. */
static struct proa_slice text_of(struct proa_slice json, const char *key, struct proa_arena *arena)
{
    struct proa_slice token;
    struct proa_slice text = PROA_SLICE_NONE;
    if (proa_json_get(json, proa_slice_cstr(key), &token) != PROA_JSON_STRING ||
        proa_json_string_view(token, arena, &text) != PROA_OK) {
        return PROA_SLICE_NONE;
    }
    return text.len > 0 ? proa_arena_dup(arena, text) : text;
}

static enum proa_err read_key(struct proa_slice json, struct proa_arena *arena,
                              struct proa_secret **out)
{
    struct proa_slice token;
    struct proa_buf pem;
    if (proa_json_get(json, PROA_SLICE("private_key"), &token) != PROA_JSON_STRING) {
        return PROA_ERR_SYNTAX;
    }
    proa_buf_init(&pem, PROA_SECRET_MAX_BYTES);
    (void)proa_buf_reserve(&pem, token.len);
    enum proa_err err = proa_json_string_decode(token, &pem);
    if (err == PROA_OK) {
        err = proa_google_key_read(proa_buf_slice(&pem), arena, out);
    }
    proa_zeroize(pem.ptr, pem.cap);
    proa_buf_deinit(&pem);
    return err;
}

enum proa_err proa_google_account_read(struct proa_slice json, struct proa_arena *arena,
                                       struct proa_google_account *out, const char **reason)
{
    struct proa_json_info info;
    struct proa_google_account account = {0};
    if (json.len > PROA_SECRET_MAX_BYTES ||
        proa_json_scan(json, &(struct proa_json_scan_cfg){0}, NULL, &info) != PROA_OK ||
        info.kind != PROA_JSON_OBJECT) {
        *reason = "holds no JSON object";
        return PROA_ERR_SYNTAX;
    }
    const struct proa_slice type = text_of(json, "type", arena);
    if (type.len > 0 && !proa_slice_eq(type, PROA_SLICE("service_account"))) {
        *reason = "is not the key of a service account: its type is another one";
        return PROA_ERR_TYPE;
    }
    account.client_email = text_of(json, "client_email", arena);
    if (account.client_email.len == 0) {
        *reason = "has no client_email";
        return PROA_ERR_NOT_FOUND;
    }
    const enum proa_err err = read_key(json, arena, &account.private_key);
    if (err != PROA_OK) {
        *reason = key_trouble(err);
        return err;
    }
    account.private_key_id = text_of(json, "private_key_id", arena);
    account.token_uri = text_of(json, "token_uri", arena);
    if (account.token_uri.len == 0) {
        account.token_uri = PROA_SLICE(PROA_GOOGLE_TOKEN_URI);
    }
    *out = account;
    return PROA_OK;
}
