/*
 * Judging a peer's certificate, and saying in words what went wrong.
 */
#include "session_priv.h"

#include <mbedtls/error.h>
#include <mbedtls/oid.h>

enum { NAMES_MAX_BYTES = 256 };

/* Names come from the peer: only printable ASCII reaches a log. */
static void append_printable(struct proa_buf *out, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = (char)bytes[i];
        if (c <= 0x20 || c >= 0x7f) {
            c = '?';
        }
        (void)proa_buf_append_byte(out, c);
    }
}

static void append_ip(struct proa_buf *out, const unsigned char *ip, size_t n)
{
    if (n != 4 && n != 16) {
        (void)proa_buf_append_byte(out, '?');
        return;
    }
    for (size_t i = 0; i < n; i += n == 4 ? 1 : 2) {
        if (i > 0) {
            (void)proa_buf_append_byte(out, n == 4 ? '.' : ':');
        }
        if (n == 4) {
            (void)proa_buf_append_u64(out, ip[i]);
        } else {
            (void)proa_buf_append_hex(out, (uint64_t)ip[i] << 8 | ip[i + 1]);
        }
    }
}

static void append_comma(struct proa_buf *out)
{
    if (out->len > 0) {
        PROA_BUF_LIT(out, ", ");
    }
}

/* Subject alternative names; for a certificate without any, its common name: just what the library
   compares with. */
static void list_names(struct proa_buf *out, const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_sequence *san = &crt->subject_alt_names;
    for (; san && san->buf.p; san = san->next) {
        unsigned kind = san->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
        if (kind == MBEDTLS_X509_SAN_DNS_NAME) {
            append_comma(out);
            append_printable(out, san->buf.p, san->buf.len);
        } else if (kind == MBEDTLS_X509_SAN_IP_ADDRESS) {
            append_comma(out);
            append_ip(out, san->buf.p, san->buf.len);
        }
    }
    if (out->len > 0) {
        return;
    }
    for (const mbedtls_x509_name *name = &crt->subject; name; name = name->next) {
        if (name->oid.p && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0) {
            append_comma(out);
            append_printable(out, name->val.p, name->val.len);
        }
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is the library's */
int proa_tls_verdict_on_cert(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct proa_tls_verdict *v = ctx;
    v->seen = true;
    v->flags |= *flags;
    if (depth == 0 && (*flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0 && v->names.len == 0) {
        proa_buf_init(&v->names, NAMES_MAX_BYTES);
        list_names(&v->names, crt);
    }
    return 0;
}

enum proa_err proa_tls_verdict_err(uint32_t flags)
{
    static const struct {
        uint32_t flag;
        enum proa_err err;
    } order[] = {
        {MBEDTLS_X509_BADCERT_REVOKED, PROA_ERR_TLS_REVOKED},
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, PROA_ERR_TLS_UNTRUSTED},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, PROA_ERR_TLS_HOSTNAME},
        {MBEDTLS_X509_BADCERT_EXPIRED, PROA_ERR_TLS_EXPIRED},
        {MBEDTLS_X509_BADCERT_FUTURE, PROA_ERR_TLS_FUTURE},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(order); i++) {
        if ((flags & order[i].flag) != 0) {
            return order[i].err;
        }
    }
    return PROA_ERR_TLS;
}

/* RFC 8446 section 6.2, the ones seen in practice. */
static const char *alert_name(int alert)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {10, "unexpected_message"},
        {20, "bad_record_mac"},
        {22, "record_overflow"},
        {40, "handshake_failure"},
        {42, "bad_certificate"},
        {43, "unsupported_certificate"},
        {44, "certificate_revoked"},
        {45, "certificate_expired"},
        {46, "certificate_unknown"},
        {47, "illegal_parameter"},
        {48, "unknown_ca"},
        {49, "access_denied"},
        {50, "decode_error"},
        {51, "decrypt_error"},
        {70, "protocol_version"},
        {71, "insufficient_security"},
        {80, "internal_error"},
        {86, "inappropriate_fallback"},
        {90, "user_canceled"},
        {109, "missing_extension"},
        {110, "unsupported_extension"},
        {112, "unrecognized_name"},
        {116, "certificate_required"},
        {120, "no_application_protocol"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(names); i++) {
        if (names[i].code == alert) {
            return names[i].name;
        }
    }
    return "unknown alert";
}

static void append_hostname_text(const struct proa_tls_session *s, struct proa_buf *out)
{
    PROA_BUF_LIT(out, "certificate is for ");
    if (s->verdict.names.len > 0) {
        (void)proa_buf_append(out, proa_buf_slice(&s->verdict.names));
        (void)proa_buf_append_cstr(out, s->verdict.names.failed ? " and others" : "");
    } else {
        PROA_BUF_LIT(out, "no name at all");
    }
    PROA_BUF_LIT(out, ", not ");
    append_printable(out, (const unsigned char *)s->host.ptr, s->host.len);
}

static void append_library_text(const struct proa_tls_session *s, struct proa_buf *out)
{
    char text[160] = "";
    if (s->detail > 0) {
        /* One line per flag; the first says enough. */
        (void)mbedtls_x509_crt_verify_info(text, sizeof(text), "", (uint32_t)s->detail);
    } else {
        mbedtls_strerror(s->detail, text, sizeof(text));
    }
    text[strcspn(text, "\n")] = 0;
    PROA_BUF_LIT(out, ": ");
    (void)proa_buf_append_cstr(out, text);
}

void proa_tls_error_text(const struct proa_tls_session *s, struct proa_buf *out)
{
    if (s->err == PROA_ERR_TLS_HOSTNAME) {
        append_hostname_text(s, out);
        return;
    }
    if (s->alert >= 0) {
        PROA_BUF_LIT(out, "the peer refused with alert ");
        (void)proa_buf_append_u64(out, (uint64_t)s->alert);
        PROA_BUF_LIT(out, " (");
        (void)proa_buf_append_cstr(out, alert_name(s->alert));
        PROA_BUF_LIT(out, ")");
        return;
    }
    (void)proa_buf_append_cstr(out, proa_err_text(s->err));
    if (s->err == PROA_ERR_TLS && s->detail != 0) {
        append_library_text(s, out);
    }
}
