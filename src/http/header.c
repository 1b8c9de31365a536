#include "proa/http/header.h"

#include "bytes_priv.h"
#include "header_slots_priv.h"

/* No host name of the DNS is longer; a literal address is far shorter. */
#define HOST_BYTES_MAX 255

const struct proa_http_byte_set proa_http_tchar = {
    {0x03ff6cfa00000000U, 0x57ffffffc7fffffeU, 0, 0}};
/* Letters, digits, `-`, `.`, `_`: reg-name without percent-encoding and sub-delims. */
static const struct proa_http_byte_set host_bytes = {
    {0x03ff600000000000U, 0x07fffffe87fffffeU, 0, 0}};
/* Hexadecimal digits, `:` and `.`: no zone, which has no meaning on another machine. */
static const struct proa_http_byte_set ipv6_bytes = {
    {0x07ff400000000000U, 0x0000007e0000007eU, 0, 0}};

static const struct proa_slice header_names[PROA_HTTP_HEADER_COUNT] = {
    PROA_SLICE_INIT(""),
#define HEADER_NAME(id, name) PROA_SLICE_INIT(name),
    PROA_HTTP_HEADER_TABLE(HEADER_NAME)
#undef HEADER_NAME
};

static const uint8_t slots[1U << PROA_HTTP_SLOT_BITS] = {
#define HEADER_SLOT(slot, id) [slot] = PROA_HTTP_HEADER_##id,
    PROA_HTTP_HEADER_SLOTS(HEADER_SLOT)
#undef HEADER_SLOT
};

_Static_assert(PROA_HTTP_HEADER_COUNT <= UINT8_MAX, "ids must fit the table above");

/* Bits in which a byte of a name may differ from the row's: 0x20, where the row has a letter, which
 * its bit 0x40 tells from digits and `-`. */
static uint64_t case_bits(uint64_t lower)
{
    return lower >> 1 & PROA_HTTP_EACH_BYTE(0x20U);
}

/* The first and the last four of 4 to 7 bytes. */
static uint64_t short_word(const char *p, size_t len)
{
    uint32_t head = 0;
    uint32_t tail = 0;
    memcpy(&head, p, sizeof head);
    memcpy(&tail, p + len - 4, sizeof tail);
    return (uint64_t)tail << 32 | head;
}

/* len >= 4. `lower` holds lower-case letters, digits and `-` alone, so equality proves a token. */
static bool same_name(const char *name, const char *lower, size_t len)
{
    if (len < 8) {
        uint64_t row = short_word(lower, len);
        return ((short_word(name, len) ^ row) & ~case_bits(row)) == 0;
    }
    for (size_t i = 0;; i += 8) {
        i = i + 8 <= len ? i : len - 8; /* the last word may overlap the one before it */
        uint64_t row = proa_http_word(lower + i);
        if (((proa_http_word(name + i) ^ row) & ~case_bits(row)) != 0) {
            return false;
        }
        if (i + 8 == len) {
            return true;
        }
    }
}

/* Apart from the rest, whose registers it would cost. */
__attribute__((noinline)) static enum proa_http_header_id lookup_short(struct proa_slice name)
{
    for (unsigned id = 1; id < PROA_HTTP_HEADER_COUNT && header_names[id].len < 4; id++) {
        if (proa_slice_eq_nocase(header_names[id], name)) {
            return (enum proa_http_header_id)id;
        }
    }
    return PROA_HTTP_HEADER_OTHER;
}

enum proa_http_header_id proa_http_header_lookup(struct proa_slice name)
{
    if (name.len < 4) {
        return lookup_short(name);
    }
    unsigned id = slots[proa_http_header_slot(name)];
    struct proa_slice row = header_names[id];
    return row.len == name.len && same_name(name.ptr, row.ptr, row.len)
               ? (enum proa_http_header_id)id
               : PROA_HTTP_HEADER_OTHER;
}

struct proa_slice proa_http_header_name(enum proa_http_header_id id)
{
    unsigned i = (unsigned)id;
    return header_names[i < PROA_HTTP_HEADER_COUNT ? i : PROA_HTTP_HEADER_OTHER];
}

const struct proa_http_header *proa_http_header_search(const struct proa_http_headers *h,
                                                       enum proa_http_header_id id)
{
    for (size_t i = 0; i < h->n; i++) {
        if (h->items[i].id == id) {
            return &h->items[i];
        }
    }
    return NULL;
}

const struct proa_http_header *proa_http_header_find_name(const struct proa_http_headers *h,
                                                          struct proa_slice name)
{
    for (size_t i = 0; i < h->n; i++) {
        if (proa_slice_eq_nocase(h->items[i].name, name)) {
            return &h->items[i];
        }
    }
    return NULL;
}

size_t proa_http_header_count(const struct proa_http_headers *h, enum proa_http_header_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < h->n; i++) {
        count += h->items[i].id == id;
    }
    return count;
}

bool proa_http_is_token(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!proa_http_byte_in(&proa_http_tchar, s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

/* Is one of eight bytes a CTL? HTAB is one for the words, but not for a value. */
static inline bool word_is_bad(uint64_t w)
{
    return (proa_http_word_below(w, 0x20) | proa_http_word_has(w, 0x7f)) != 0;
}

static bool is_value_slow(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!proa_http_is_value_byte(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool proa_http_is_value(struct proa_slice s)
{
    if (s.len < 8) {
        return s.len >= 4 ? !word_is_bad(short_word(s.ptr, s.len)) || is_value_slow(s)
                          : is_value_slow(s);
    }
    for (size_t i = 0; i + 8 < s.len; i += 8) {
        if (PROA_UNLIKELY(word_is_bad(proa_http_word(s.ptr + i)))) {
            return is_value_slow(s);
        }
    }
    /* The last word may overlap the one before it. */
    return !word_is_bad(proa_http_word(s.ptr + s.len - 8)) || is_value_slow(s);
}

bool proa_http_is_target(struct proa_slice s)
{
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t w = proa_http_word(s.ptr + i);
        uint64_t high = w & PROA_HTTP_EACH_BYTE(0x80U);
        if ((high | proa_http_word_below(w, 0x21) | proa_http_word_has(w, 0x7f) |
             proa_http_word_has(w, '#')) != 0) {
            return false;
        }
    }
    for (; i < s.len; i++) {
        char c = s.ptr[i];
        if (c < 0x21 || c > 0x7e || c == '#') {
            return false;
        }
    }
    return s.len > 0;
}

bool proa_http_list_has(struct proa_slice list, struct proa_slice token)
{
    struct proa_slice rest = list;
    while (rest.len > 0) {
        struct proa_slice item = proa_slice_split(rest, ',', &rest);
        if (proa_slice_eq_nocase(proa_slice_trim(item), token)) {
            return true;
        }
    }
    return false;
}

bool proa_http_media_type_is(struct proa_slice content_type, struct proa_slice type)
{
    if (PROA_LIKELY(proa_slice_eq(content_type, type))) {
        return true;
    }
    struct proa_slice bare = proa_slice_head(content_type, proa_slice_find(content_type, ';'));
    return proa_slice_eq_nocase(proa_slice_trim(bare), type);
}

static bool all_in(struct proa_slice s, const struct proa_http_byte_set *set)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!proa_http_byte_in(set, s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

/* `:` and 1 to 5 digits, or nothing at all. */
static enum proa_err parse_port(struct proa_slice s, uint16_t *port)
{
    uint64_t value = 0;
    if (s.len == 0) {
        *port = 0;
        return PROA_OK;
    }
    if (s.ptr[0] != ':' || s.len > 6 ||
        proa_slice_to_u64(proa_slice_from(s, 1), &value) != PROA_OK) {
        return PROA_ERR_SYNTAX;
    }
    if (value == 0 || value > UINT16_MAX) {
        return PROA_ERR_SYNTAX;
    }
    *port = (uint16_t)value;
    return PROA_OK;
}

enum proa_err proa_http_host_parse(struct proa_slice text, struct proa_http_host *out)
{
    struct proa_http_host host = {.text = text};
    size_t rest = 0;
    if (text.len == 0 || text.len > HOST_BYTES_MAX) {
        return PROA_ERR_SYNTAX;
    }
    if (text.ptr[0] == '[') {
        size_t close = proa_slice_find(text, ']');
        if (close == text.len) {
            return PROA_ERR_SYNTAX;
        }
        host.is_ipv6 = true;
        host.name = proa_slice_make(text.ptr + 1, close - 1);
        rest = close + 1;
        /* The shortest literal, `::`, has two colons already. */
        size_t colon = proa_slice_find(host.name, ':');
        struct proa_slice behind = proa_slice_from(host.name, colon + 1);
        if (proa_slice_find(behind, ':') == behind.len) {
            return PROA_ERR_SYNTAX;
        }
    } else {
        rest = proa_slice_find(text, ':');
        host.name = proa_slice_head(text, rest);
    }
    if (!all_in(host.name, host.is_ipv6 ? &ipv6_bytes : &host_bytes)) {
        return PROA_ERR_SYNTAX;
    }
    enum proa_err err = parse_port(proa_slice_from(text, rest), &host.port);
    if (err == PROA_OK) {
        *out = host;
    }
    return err;
}
