#include "no_proxy_priv.h"

/* An address as 16 bytes; IPv4 stands in the last four. */
struct address {
    unsigned char bytes[16];
    bool ipv6;
};

/* ---- addresses ---------------------------------------------------------------------------------
 */

static bool parse_ipv4(struct proa_slice text, unsigned char out[4])
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t value = 0;
        const size_t dot = proa_slice_find(text, '.');
        const struct proa_slice part = proa_slice_head(text, dot);
        if ((dot == text.len) != (i == 3) || part.len > 3 || proa_slice_to_u64(part, &value) ||
            value > 255) {
            return false;
        }
        out[i] = (unsigned char)value;
        text = proa_slice_from(text, dot + 1);
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_group(struct proa_slice text, unsigned char out[2])
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len; i++) {
        const int digit = hex_digit(text.ptr[i]);
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (unsigned)digit;
    }
    out[0] = (unsigned char)(value >> 8);
    out[1] = (unsigned char)(value & 0xff);
    return text.len >= 1 && text.len <= 4;
}

/* Groups of one side of "::", the last of which may be an IPv4 address; false when they are none or
 * more than eight. */
static bool parse_groups(struct proa_slice text, unsigned char out[16], size_t *n)
{
    *n = 0;
    while (text.len > 0) {
        const size_t colon = proa_slice_find(text, ':');
        const struct proa_slice part = proa_slice_head(text, colon);
        const bool last = colon == text.len;
        if (last && proa_slice_find(part, '.') < part.len) {
            if (*n > 12 || !parse_ipv4(part, out + *n)) {
                return false;
            }
            *n += 4;
        } else {
            if (*n > 14 || !parse_group(part, out + *n)) {
                return false;
            }
            *n += 2;
        }
        text = proa_slice_from(text, colon + 1);
        if (!last && text.len == 0) {
            return false; /* a colon at the end */
        }
    }
    return true;
}

/* RFC 4291 2.2 */
static bool parse_ipv6(struct proa_slice text, unsigned char out[16])
{
    unsigned char tail[16];
    size_t n_head = 0;
    size_t n_tail = 0;
    const size_t gap = proa_slice_search(text, PROA_SLICE("::"));
    if (!parse_groups(proa_slice_head(text, gap), out, &n_head)) {
        return false;
    }
    if (gap == text.len) {
        return n_head == 16;
    }
    if (!parse_groups(proa_slice_from(text, gap + 2), tail, &n_tail) || n_head + n_tail > 14) {
        return false;
    }
    memset(out + n_head, 0, 16 - n_head);
    memcpy(out + 16 - n_tail, tail, n_tail);
    return true;
}

static bool parse_address(struct proa_slice text, struct address *out)
{
    *out = (struct address){.ipv6 = proa_slice_find(text, ':') < text.len};
    return out->ipv6 ? parse_ipv6(text, out->bytes) : parse_ipv4(text, out->bytes + 12);
}

static bool in_network(const struct address *host, const struct address *network, uint64_t bits)
{
    bits += network->ipv6 ? 0 : 96;
    if (host->ipv6 != network->ipv6 || bits > 128) {
        return false;
    }
    const size_t whole = (size_t)(bits / 8);
    const unsigned rest = (unsigned)(bits % 8);
    const unsigned mask = rest == 0 ? 0 : 0xffU << (8 - rest) & 0xffU;
    return memcmp(host->bytes, network->bytes, whole) == 0 &&
           (rest == 0 || ((host->bytes[whole] ^ network->bytes[whole]) & mask) == 0);
}

/* ---- patterns ----------------------------------------------------------------------------------
 */

/* Cuts ":8080" off; false when it is another port. "::1" has none: an address with one stands in
 * brackets, which go as well. */
static bool take_port(struct proa_slice *pattern, uint16_t port)
{
    uint64_t wanted = 0;
    size_t colon = proa_slice_find(*pattern, ':');
    if (pattern->len > 0 && pattern->ptr[0] == '[') {
        const size_t end = proa_slice_find(*pattern, ']');
        const struct proa_slice rest = proa_slice_from(*pattern, end + 1);
        const struct proa_slice inside =
            end > 0 ? proa_slice_make(pattern->ptr + 1, end - 1) : PROA_SLICE_NONE;
        if (end == pattern->len) {
            return false;
        }
        *pattern = inside;
        return rest.len == 0 ||
               (rest.ptr[0] == ':' && !proa_slice_to_u64(proa_slice_from(rest, 1), &wanted) &&
                wanted == port);
    }
    const struct proa_slice behind = proa_slice_from(*pattern, colon + 1);
    if (colon == pattern->len || proa_slice_find(behind, ':') < behind.len) {
        return true; /* no port, or an IPv6 address */
    }
    *pattern = proa_slice_head(*pattern, colon);
    return !proa_slice_to_u64(behind, &wanted) && wanted == port;
}

static bool is_below(struct proa_slice host, struct proa_slice domain)
{
    if (host.len < domain.len) {
        return false;
    }
    const size_t at = host.len - domain.len;
    return proa_slice_eq_nocase(proa_slice_from(host, at), domain) &&
           (at == 0 || host.ptr[at - 1] == '.');
}

static bool covers(struct proa_slice pattern, struct proa_slice host, uint16_t port)
{
    struct address network;
    struct address address;
    struct proa_slice bits;
    uint64_t n_bits = 128;
    if (proa_slice_eq(pattern, PROA_SLICE("*"))) {
        return true;
    }
    if (!take_port(&pattern, port) || pattern.len == 0) {
        return false;
    }
    const struct proa_slice base = proa_slice_split(pattern, '/', &bits);
    if (parse_address(base, &network)) {
        n_bits = network.ipv6 ? 128 : 32;
        const bool sized = base.len < pattern.len;
        const uint64_t most = n_bits;
        return (!sized || (!proa_slice_to_u64(bits, &n_bits) && n_bits <= most)) &&
               parse_address(host, &address) && in_network(&address, &network, n_bits);
    }
    if (proa_slice_starts(pattern, PROA_SLICE("*"))) {
        pattern = proa_slice_from(pattern, 1);
    }
    while (proa_slice_starts(pattern, PROA_SLICE("."))) {
        pattern = proa_slice_from(pattern, 1);
    }
    return pattern.len > 0 && !parse_address(host, &address) && is_below(host, pattern);
}

bool proa_no_proxy_covers(struct proa_slice list, struct proa_slice host, uint16_t port)
{
    while (list.len > 0) {
        size_t end = 0;
        while (end < list.len && list.ptr[end] != ',' && list.ptr[end] != ' ' &&
               list.ptr[end] != '\t') {
            end++;
        }
        if (covers(proa_slice_head(list, end), host, port)) {
            return true;
        }
        list = proa_slice_from(list, end + 1);
    }
    return false;
}
