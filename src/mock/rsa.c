#include "rsa_priv.h"

#include "proa/tls/digest.h"

enum {
    LIMBS = MOCK_RSA_MAX_BYTES / 4,
    PEM_MAX = 4096,
    TAG_SEQUENCE = 0x30,
    TAG_INTEGER = 2,
    TAG_BITS = 3
};

/* RFC 8017 9.2: the DER prefix of a SHA-256 digest. */
static const unsigned char DIGEST_INFO[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                            0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                            0x01, 0x05, 0x00, 0x04, 0x20};

static const struct proa_slice EXAMPLE = PROA_SLICE_INIT(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ");

/* ---- numbers: little-endian limbs ------------------------------------------------------------ */

struct number {
    uint32_t limbs[LIMBS + 1];
};

static void load(struct number *out, const unsigned char *bytes, size_t n)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        out->limbs[i / 4] |= (uint32_t)bytes[n - 1 - i] << (8 * (i % 4));
    }
}

static void store(const struct number *a, unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes[n - 1 - i] = (unsigned char)(a->limbs[i / 4] >> (8 * (i % 4)));
    }
}

static bool less(const struct number *a, const struct number *b)
{
    for (size_t i = LIMBS + 1; i-- > 0;) {
        if (a->limbs[i] != b->limbs[i]) {
            return a->limbs[i] < b->limbs[i];
        }
    }
    return false;
}

/* a += b, reduced once: both were below m, so that the sum is below 2m. */
static void add_mod(struct number *a, const struct number *b, const struct number *m)
{
    uint64_t carry = 0;
    for (size_t i = 0; i <= LIMBS; i++) {
        carry += (uint64_t)a->limbs[i] + b->limbs[i];
        a->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (less(a, m)) {
        return;
    }
    uint64_t borrow = 0;
    for (size_t i = 0; i <= LIMBS; i++) {
        const uint64_t take = (uint64_t)m->limbs[i] + borrow;
        borrow = a->limbs[i] < take;
        a->limbs[i] = (uint32_t)(a->limbs[i] - take);
    }
}

/* a = a * b mod m, bit by bit. */
static void multiply_mod(struct number *a, const struct number *b, const struct number *m,
                         size_t bits)
{
    struct number sum = {.limbs = {0}};
    for (size_t i = bits; i-- > 0;) {
        const struct number twice = sum;
        add_mod(&sum, &twice, m);
        if (b->limbs[i / 32] >> (i % 32) & 1U) {
            add_mod(&sum, a, m);
        }
    }
    *a = sum;
}

/* ---- verification ---------------------------------------------------------------------------- */

bool proa_mock_rsa_verify(const struct mock_rsa_key *key, struct proa_slice message,
                          struct proa_slice signature)
{
    struct number m;
    struct number base;
    struct number power;
    unsigned char block[MOCK_RSA_MAX_BYTES];
    unsigned char expected[MOCK_RSA_MAX_BYTES];
    const size_t n = key->n;
    if (n < sizeof DIGEST_INFO + PROA_SHA256_BYTES + 11 || signature.len != n) {
        return false;
    }
    load(&m, key->modulus, n);
    load(&base, (const unsigned char *)signature.ptr, n);
    if (!less(&base, &m)) {
        return false;
    }
    power = base;
    for (unsigned bit = 31; bit-- > 0;) {
        if (key->exponent >> (bit + 1) == 0) {
            continue; /* ahead of the leading one */
        }
        const struct number square = power;
        multiply_mod(&power, &square, &m, n * 8);
        if (key->exponent >> bit & 1U) {
            multiply_mod(&power, &base, &m, n * 8);
        }
    }
    store(&power, block, n);
    const size_t tail = sizeof DIGEST_INFO + PROA_SHA256_BYTES;
    memset(expected, 0xff, n);
    expected[0] = 0;
    expected[1] = 1;
    expected[n - tail - 1] = 0;
    memcpy(expected + n - tail, DIGEST_INFO, sizeof DIGEST_INFO);
    proa_sha256(message, expected + n - PROA_SHA256_BYTES);
    return memcmp(block, expected, n) == 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

void proa_mock_rsa_key_example(struct mock_rsa_key *out)
{
    const enum proa_err err = proa_base64_decode(PROA_BASE64URL, EXAMPLE, out->modulus, &out->n);
    PROA_DASSERT(err == PROA_OK);
    (void)err;
    out->exponent = 65537;
}

/* Cuts one value of this tag off the front; its content. */
static struct proa_slice take(struct proa_slice *in, unsigned char tag)
{
    const unsigned char *p = (const unsigned char *)in->ptr;
    if (in->len < 2 || p[0] != tag) {
        *in = PROA_SLICE_NONE;
        return PROA_SLICE_NONE;
    }
    size_t len = p[1];
    size_t at = 2;
    if (len > 0x80) {
        size_t n = len & 0x7fU;
        len = 0;
        for (; n > 0 && at < in->len && n <= 3; n--) {
            len = len << 8 | p[at++];
        }
    }
    const struct proa_slice content = proa_slice_head(proa_slice_from(*in, at), len);
    *in = content.len == len ? proa_slice_from(*in, at + len) : PROA_SLICE_NONE;
    return content.len == len ? content : PROA_SLICE_NONE;
}

static struct proa_slice without_zeros(struct proa_slice s)
{
    while (s.len > 0 && s.ptr[0] == 0) {
        s = proa_slice_from(s, 1);
    }
    return s;
}

static enum proa_err read_der(struct proa_slice der, struct mock_rsa_key *out)
{
    struct proa_slice info = take(&der, TAG_SEQUENCE);
    (void)take(&info, TAG_SEQUENCE); /* the algorithm: whatever it is, the numbers must fit */
    const struct proa_slice bits = take(&info, TAG_BITS);
    struct proa_slice inner = proa_slice_from(bits, 1);
    struct proa_slice numbers = take(&inner, TAG_SEQUENCE);
    const struct proa_slice modulus = without_zeros(take(&numbers, TAG_INTEGER));
    const struct proa_slice exponent = without_zeros(take(&numbers, TAG_INTEGER));
    if (modulus.len == 0 || exponent.len == 0 || exponent.len > 3) {
        return PROA_ERR_SYNTAX;
    }
    if (modulus.len > MOCK_RSA_MAX_BYTES) {
        return PROA_ERR_LIMIT;
    }
    memcpy(out->modulus, modulus.ptr, modulus.len);
    out->n = modulus.len;
    out->exponent = 0;
    for (size_t i = 0; i < exponent.len; i++) {
        out->exponent = out->exponent << 8 | (unsigned char)exponent.ptr[i];
    }
    return PROA_OK;
}

enum proa_err proa_mock_rsa_key_read(struct proa_slice pem, struct mock_rsa_key *out)
{
    static const struct proa_slice begin = PROA_SLICE_INIT("-----BEGIN PUBLIC KEY-----");
    unsigned char der[PROA_BASE64_DECODED_MAX(PEM_MAX)];
    char text[PEM_MAX];
    size_t n = 0;
    size_t len = 0;
    const size_t at = proa_slice_search(pem, begin);
    struct proa_slice rest = proa_slice_from(pem, at + begin.len);
    rest = proa_slice_head(rest, proa_slice_find(rest, '-'));
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] == '\n' || rest.ptr[i] == '\r' || rest.ptr[i] == ' ') {
            continue;
        }
        if (n == sizeof text) {
            return PROA_ERR_LIMIT;
        }
        text[n++] = rest.ptr[i];
    }
    const enum proa_err err =
        n == 0 ? PROA_ERR_SYNTAX
               : proa_base64_decode(PROA_BASE64, proa_slice_make(text, n), der, &len);
    return err ? err : read_der(proa_slice_make(der, len), out);
}
