#include "session_priv.h"

#include "proa/core/alloc.h"
#include "proa/tls/digest.h"

/*
 * Life of a session:
 *
 *     handshaking --> open --> read_end = CLOSED | TRUNCATED   (writing still possible)
 *          \            \
 *           `----------- `--> failed                           (for good; the first cause stays)
 */

enum {
    HOST_MAX_BYTES = 255,
    ROUNDS_WITHOUT_INPUT = 32, /* calls into the library that may consume nothing, before giving
                                  the control back */
    OUTPUT_KEEP_BYTES = 2048,  /* memory an idle connection keeps for output */
};

/* ---- the two ends of the library's transport ---- */

static size_t input_left(const struct proa_tls_session *s)
{
    return s->kept.len - s->kept_off + s->fed.len;
}

static int on_recv(void *ctx, unsigned char *to, size_t len)
{
    struct proa_tls_session *s = ctx;
    size_t n = s->kept.len - s->kept_off;
    if (n > 0) {
        n = n < len ? n : len;
        memcpy(to, s->kept.ptr + s->kept_off, n);
        s->kept_off += n;
        if (s->kept_off == s->kept.len) {
            s->kept_off = 0;
            proa_buf_clear(&s->kept);
            proa_buf_trim(&s->kept, 0);
        }
        return (int)n;
    }
    n = s->fed.len < len ? s->fed.len : len;
    if (n == 0) {
        return s->is_eof ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    }
    memcpy(to, s->fed.ptr, n);
    s->fed = proa_slice_from(s->fed, n);
    return (int)n;
}

static size_t output_left(const struct proa_tls_session *s)
{
    return s->out.len - s->out_off;
}

static int on_send(void *ctx, const unsigned char *from, size_t len)
{
    struct proa_tls_session *s = ctx;
    size_t room = PROA_TLS_OUTPUT_MAX - output_left(s);
    size_t n = len < room ? len : room;
    if (n == 0) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    if (s->out_off > 0 && s->out.len + n > s->out.cap) {
        proa_buf_consume(&s->out, s->out_off);
        s->out_off = 0;
    }
    if (proa_buf_append(&s->out, proa_slice_make(from, n)) != PROA_OK) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    return (int)n;
}

/* ---- creation and end ---- */

static struct proa_tls_session *session_new(struct proa_tls_context *ctx)
{
    struct proa_tls_session *s = PROA_NEW(struct proa_tls_session);
    s->ctx = proa_tls_context_ref(ctx);
    s->alert = -1;
    proa_buf_init(&s->kept, PROA_TLS_INPUT_MAX);
    proa_buf_init(&s->out, PROA_TLS_OUTPUT_MAX);
    mbedtls_ssl_init(&s->ssl);
    return s;
}

static enum proa_err session_setup(struct proa_tls_session *s)
{
    if (mbedtls_ssl_setup(&s->ssl, &s->ctx->conf) != 0) {
        return PROA_ERR_INTERNAL;
    }
    mbedtls_ssl_set_bio(&s->ssl, s, on_send, on_recv, NULL);
    mbedtls_ssl_set_verify(&s->ssl, proa_tls_verdict_on_cert, &s->verdict);
    return PROA_OK;
}

static enum proa_err set_host(struct proa_tls_session *s, struct proa_slice host)
{
    char name[HOST_MAX_BYTES + 1];
    memcpy(name, host.ptr, host.len);
    name[host.len] = 0;
    if (mbedtls_ssl_set_hostname(&s->ssl, name) != 0) {
        return PROA_ERR_INTERNAL;
    }
    s->host = proa_slice_cstr(mbedtls_ssl_get_hostname(&s->ssl));
    return PROA_OK;
}

/* A session that cannot be used is no failure. The library would take one of a version that is not
   allowed here, and then offer nothing else. */
static void offer_saved(struct proa_tls_session *s, const struct proa_tls_saved *saved)
{
    bool allowed = s->ctx->only == PROA_TLS_VERSION_ANY || s->ctx->only == saved->version;
    if (allowed && mbedtls_ssl_set_session(&s->ssl, &saved->session) == 0) {
        s->verified_ns = saved->verified_ns;
        s->is_dated = saved->is_dated;
    }
}

enum proa_err proa_tls_session_create_client(struct proa_tls_context *ctx, struct proa_slice host,
                                             const struct proa_tls_saved *saved,
                                             struct proa_tls_session **out)
{
    if (ctx->is_server || host.len == 0 || host.len > HOST_MAX_BYTES ||
        proa_slice_find(host, 0) != host.len) {
        return PROA_ERR_ARG;
    }
    struct proa_tls_session *s = session_new(ctx);
    enum proa_err err = session_setup(s);
    if (err == PROA_OK) {
        err = set_host(s, host);
    }
    if (err != PROA_OK) {
        proa_tls_session_destroy(s);
        return err;
    }
    if (saved) {
        offer_saved(s, saved);
    }
    *out = s;
    return PROA_OK;
}

enum proa_err proa_tls_session_create_server(struct proa_tls_context *ctx,
                                             struct proa_tls_session **out)
{
    if (!ctx->is_server) {
        return PROA_ERR_ARG;
    }
    struct proa_tls_session *s = session_new(ctx);
    enum proa_err err = session_setup(s);
    if (err != PROA_OK) {
        proa_tls_session_destroy(s);
        return err;
    }
    *out = s;
    return PROA_OK;
}

void proa_tls_session_destroy(struct proa_tls_session *s)
{
    if (!s) {
        return;
    }
    mbedtls_ssl_free(&s->ssl);
    proa_buf_deinit(&s->verdict.names);
    proa_buf_deinit(&s->kept);
    proa_buf_deinit(&s->out);
    proa_tls_context_unref(s->ctx);
    proa_free(s);
}

/* ---- input ---- */

enum proa_err proa_tls_feed(struct proa_tls_session *s, struct proa_slice ciphertext)
{
    if (s->is_feeding || s->is_eof) {
        return PROA_ERR_STATE;
    }
    s->is_feeding = true;
    s->fed = ciphertext;
    return PROA_OK;
}

static void drop_input(struct proa_tls_session *s)
{
    s->fed = PROA_SLICE_NONE;
    s->kept_off = 0;
    proa_buf_clear(&s->kept);
    proa_buf_trim(&s->kept, 0);
}

static enum proa_tls_status fail(struct proa_tls_session *s, enum proa_err err, int detail)
{
    if (!s->is_failed) {
        s->is_failed = true;
        s->err = err;
        s->detail = detail;
    }
    drop_input(s); /* nobody will read it any more */
    return PROA_TLS_FAILED;
}

enum proa_err proa_tls_settle(struct proa_tls_session *s)
{
    s->is_feeding = false;
    struct proa_slice rest = s->fed;
    s->fed = PROA_SLICE_NONE;
    if (rest.len == 0 || s->is_failed || s->read_end != PROA_TLS_OK) {
        return PROA_OK;
    }
    if (rest.len > PROA_TLS_INPUT_MAX - (s->kept.len - s->kept_off)) {
        (void)fail(s, PROA_ERR_LIMIT, 0);
        return PROA_ERR_LIMIT;
    }
    if (s->kept_off > 0) {
        proa_buf_consume(&s->kept, s->kept_off);
        s->kept_off = 0;
    }
    return proa_buf_append(&s->kept, rest);
}

void proa_tls_feed_eof(struct proa_tls_session *s)
{
    s->is_eof = true;
}

/* ---- outcomes of library calls ---- */

static enum proa_tls_status end_reading(struct proa_tls_session *s, enum proa_tls_status end)
{
    s->read_end = end;
    if (end == PROA_TLS_TRUNCATED && s->err == PROA_OK) {
        s->err = PROA_ERR_CLOSED;
        s->detail = MBEDTLS_ERR_SSL_CONN_EOF;
    }
    drop_input(s); /* bytes behind the end mean nothing (RFC 8446 section 6.1) */
    return end;
}

static enum proa_tls_status fail_with(struct proa_tls_session *s, int ret)
{
    if (ret == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        uint32_t flags = mbedtls_ssl_get_verify_result(&s->ssl);
        flags = flags == UINT32_MAX ? s->verdict.flags : flags | s->verdict.flags;
        return fail(s, proa_tls_verdict_err(flags), (int)(flags & INT32_MAX));
    }
    if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && s->ssl.MBEDTLS_PRIVATE(in_msg)) {
        /* The library has no accessor for the number; the alert is still in its input buffer. */
        s->alert = s->ssl.MBEDTLS_PRIVATE(in_msg)[1];
    }
    return fail(s, PROA_ERR_TLS, ret);
}

/* A library call's negative (or zero) result: GO_ON = call again, else what to answer. */
enum { GO_ON = -1 };

struct rounds {
    size_t left;
    unsigned idle;
};

/* WANT_READ does not mean that all input was used: after a TLS 1.3 session ticket the library says
   so with bytes still waiting, and an answer would hang until the next packet. */
static int want_read(struct proa_tls_session *s, struct rounds *r)
{
    size_t left = input_left(s);
    r->idle = left == r->left ? r->idle + 1 : 0;
    r->left = left;
    bool more = left > 0 || s->is_eof || mbedtls_ssl_check_pending(&s->ssl) != 0;
    return more && r->idle < ROUNDS_WITHOUT_INPUT ? GO_ON : (int)PROA_TLS_WANT_MORE;
}

static int judge(struct proa_tls_session *s, int ret, struct rounds *r)
{
    switch (ret) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        return want_read(s, r);
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return (int)PROA_TLS_WANT_DRAIN;
    case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
        s->has_ticket = true;
        return GO_ON;
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return (int)end_reading(s, PROA_TLS_TRUNCATED);
    default:
        return (int)fail_with(s, ret);
    }
}

/* ---- handshake ---- */

static enum proa_tls_version version_of(const struct proa_tls_session *s)
{
    return mbedtls_ssl_get_version_number(&s->ssl) == MBEDTLS_SSL_VERSION_TLS1_2
               ? PROA_TLS_VERSION_1_2
               : PROA_TLS_VERSION_1_3;
}

static void handshake_done(struct proa_tls_session *s)
{
    s->is_done = true;
    /* TLS 1.2 has its ticket or session id now. A resumed one keeps what it came with. */
    if (!s->ctx->is_server && s->verdict.seen && version_of(s) == PROA_TLS_VERSION_1_2) {
        s->has_ticket = true;
    }
}

enum proa_tls_status proa_tls_handshake(struct proa_tls_session *s)
{
    struct rounds r = {.left = input_left(s)};
    int answer = GO_ON;

    if (s->is_failed) {
        return PROA_TLS_FAILED;
    }
    if (s->is_done) {
        return PROA_TLS_OK;
    }
    if (s->read_end != PROA_TLS_OK) {
        return s->read_end;
    }
    while (answer == GO_ON) {
        int ret = mbedtls_ssl_handshake(&s->ssl);
        if (ret == 0) {
            handshake_done(s);
            return PROA_TLS_OK;
        }
        answer = ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? (int)fail(s, PROA_ERR_CLOSED, ret)
                                                          : judge(s, ret, &r);
    }
    return (enum proa_tls_status)answer;
}

bool proa_tls_handshaked(const struct proa_tls_session *s)
{
    return s->is_done;
}

/* ---- plaintext ---- */

static int judge_read(struct proa_tls_session *s, int ret, struct rounds *r)
{
    if (ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        return (int)end_reading(s, PROA_TLS_CLOSED);
    }
    if (ret == 0) { /* the transport's end, or a record without content */
        return s->is_eof && input_left(s) == 0 ? (int)end_reading(s, PROA_TLS_TRUNCATED)
                                               : want_read(s, r);
    }
    return judge(s, ret, r);
}

enum proa_tls_status proa_tls_read(struct proa_tls_session *s, void *out, size_t cap, size_t *n)
{
    PROA_ASSERT(cap > 0);
    *n = 0;
    enum proa_tls_status shaken = proa_tls_handshake(s);
    if (shaken != PROA_TLS_OK) {
        return shaken;
    }
    struct rounds r = {.left = input_left(s)};
    int answer = s->read_end == PROA_TLS_OK ? GO_ON : (int)s->read_end;
    size_t got = 0;
    while (answer == GO_ON && got < cap) {
        int ret = mbedtls_ssl_read(&s->ssl, (unsigned char *)out + got, cap - got);
        if (ret > 0) {
            got += (size_t)ret;
        } else {
            answer = judge_read(s, ret, &r);
        }
    }
    *n = got;
    return got > 0 ? PROA_TLS_OK : (enum proa_tls_status)answer;
}

bool proa_tls_readable(const struct proa_tls_session *s)
{
    if (s->is_failed || s->read_end != PROA_TLS_OK) {
        return false;
    }
    return input_left(s) > 0 || (s->is_done && mbedtls_ssl_check_pending(&s->ssl) != 0);
}

/* Where a writer stands in its vectors. */
struct place {
    const struct iovec *iov;
    size_t n_iov;
    size_t off; /* into iov[0] */
};

static void place_skip(struct place *p, size_t n)
{
    while (p->n_iov > 0 && n >= p->iov->iov_len - p->off) {
        n -= p->iov->iov_len - p->off;
        p->off = 0;
        p->iov++;
        p->n_iov--;
    }
    p->off += p->n_iov > 0 ? n : 0;
}

/* The next record's worth: in place when one vector has it all, otherwise gathered. */
static struct proa_slice next_chunk(struct proa_tls_session *s, const struct place *p, size_t max,
                                    size_t *wipe)
{
    size_t here = p->iov->iov_len - p->off;
    if (here >= max || p->n_iov == 1) {
        return proa_slice_make((const char *)p->iov->iov_base + p->off, here < max ? here : max);
    }
    if (!s->ctx->gather) {
        s->ctx->gather = proa_alloc(PROA_TLS_GATHER_BYTES);
    }
    struct place from = *p;
    size_t n = 0;
    max = max < PROA_TLS_GATHER_BYTES ? max : PROA_TLS_GATHER_BYTES;
    while (from.n_iov > 0 && n < max) {
        size_t part = from.iov->iov_len - from.off;
        part = part < max - n ? part : max - n;
        if (part > 0) {
            memcpy(s->ctx->gather + n, (const char *)from.iov->iov_base + from.off, part);
        }
        n += part;
        place_skip(&from, part);
    }
    *wipe = n > *wipe ? n : *wipe;
    return proa_slice_make(s->ctx->gather, n);
}

static enum proa_tls_status write_all(struct proa_tls_session *s, struct place *p, size_t max,
                                      size_t *done)
{
    struct rounds r = {.left = input_left(s)};
    size_t wipe = 0;
    int answer = GO_ON;

    place_skip(p, 0);
    while (p->n_iov > 0 && answer == GO_ON) {
        /* Checked ahead, so that a record always fits and none is left half-sent: the library
           would want the same bytes again. */
        if (output_left(s) >= PROA_TLS_OUTPUT_HIGH) {
            answer = (int)PROA_TLS_WANT_DRAIN;
            break;
        }
        struct proa_slice chunk = next_chunk(s, p, max, &wipe);
        int ret = mbedtls_ssl_write(&s->ssl, (const unsigned char *)chunk.ptr, chunk.len);
        if (ret > 0) {
            *done += (size_t)ret;
            place_skip(p, (size_t)ret);
        } else {
            answer = judge(s, ret, &r);
        }
    }
    proa_zeroize(s->ctx->gather, wipe);
    return answer == GO_ON ? PROA_TLS_OK : (enum proa_tls_status)answer;
}

enum proa_tls_status proa_tls_writev(struct proa_tls_session *s, const struct iovec *iov,
                                     size_t n_iov, size_t *n)
{
    *n = 0;
    if (s->is_failed) {
        return PROA_TLS_FAILED;
    }
    if (!s->is_done) {
        return s->read_end != PROA_TLS_OK ? s->read_end : PROA_TLS_WANT_MORE;
    }
    if (s->is_close_sent) {
        return PROA_TLS_CLOSED;
    }
    int max = mbedtls_ssl_get_max_out_record_payload(&s->ssl);
    if (max <= 0) {
        return fail_with(s, max);
    }
    struct place p = {.iov = iov, .n_iov = n_iov};
    return write_all(s, &p, (size_t)max, n);
}

enum proa_tls_status proa_tls_write(struct proa_tls_session *s, struct proa_slice plaintext,
                                    size_t *n)
{
    struct iovec one = {.iov_len = plaintext.len};
    /* iovec serves reading too, and so is not const. */
    memcpy(&one.iov_base, &plaintext.ptr, sizeof(one.iov_base));
    return proa_tls_writev(s, &one, 1, n);
}

void proa_tls_close_notify(struct proa_tls_session *s)
{
    if (s->is_done && !s->is_failed && !s->is_close_sent) {
        s->is_close_sent = true;
        (void)mbedtls_ssl_close_notify(&s->ssl); /* no room: the peer sees a truncation */
    }
}

/* ---- output ---- */

struct proa_slice proa_tls_output(const struct proa_tls_session *s)
{
    return proa_slice_from(proa_buf_slice(&s->out), s->out_off);
}

void proa_tls_output_consume(struct proa_tls_session *s, size_t n)
{
    PROA_ASSERT(n <= output_left(s));
    s->out_off += n;
    if (s->out_off == s->out.len) {
        s->out_off = 0;
        proa_buf_clear(&s->out);
        proa_buf_trim(&s->out, OUTPUT_KEEP_BYTES);
    }
}

void proa_tls_output_take(struct proa_tls_session *s, struct proa_buf *out)
{
    proa_buf_consume(&s->out, s->out_off);
    s->out_off = 0;
    *out = s->out;
    proa_buf_init(&s->out, PROA_TLS_OUTPUT_MAX);
}

/* ---- resumption ---- */

struct proa_tls_saved *proa_tls_session_save(struct proa_tls_session *s)
{
    if (!s->has_ticket || !s->is_done || s->is_failed) {
        return NULL;
    }
    s->has_ticket = false;
    struct proa_tls_saved *saved = PROA_NEW(struct proa_tls_saved);
    mbedtls_ssl_session_init(&saved->session);
    if (mbedtls_ssl_get_session(&s->ssl, &saved->session) != 0) {
        proa_tls_saved_destroy(saved);
        return NULL;
    }
    saved->version = version_of(s);
    if (!s->verdict.seen) { /* resumed: no fresher than the certificate seen back then */
        saved->verified_ns = s->verified_ns;
        saved->is_dated = s->is_dated;
    }
    return saved;
}

void proa_tls_saved_destroy(struct proa_tls_saved *saved)
{
    if (saved) {
        mbedtls_ssl_session_free(&saved->session); /* wipes */
        proa_free(saved);
    }
}

/* ---- facts ---- */

struct proa_tls_info proa_tls_session_info(const struct proa_tls_session *s)
{
    return (struct proa_tls_info){
        .version = mbedtls_ssl_get_version(&s->ssl),
        .suite = mbedtls_ssl_get_ciphersuite(&s->ssl),
        .alpn = mbedtls_ssl_get_alpn_protocol(&s->ssl),
        .resumed = !s->ctx->is_server && s->is_done && !s->verdict.seen,
    };
}

enum proa_err proa_tls_error(const struct proa_tls_session *s)
{
    return s->err;
}

int proa_tls_error_detail(const struct proa_tls_session *s)
{
    return s->detail;
}
