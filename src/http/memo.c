#include "bytes_priv.h"
#include "memo_priv.h"

#include "proa/core/alloc.h"

enum {
    MEMO_HEADS = 8,       /* kinds of clients and answers that come by turns */
    MEMO_TEXT_MAX = 1024, /* of a head */
    MEMO_FIELDS_MAX = 40,
    MEMO_GROWTH = 256,       /* by how much values may be longer than before */
    MEMO_LENGTH_DIGITS = 18, /* of a Content-Length: no such number is too large */
    MEMO_HITS_MAX = 255
};

/* Of one field; offsets into the text. */
struct field {
    uint16_t at; /* the line */
    uint16_t name_len;
    uint16_t value_at;
    uint16_t value_len;
    uint16_t id;
};

struct kept {
    uint8_t mode; /* enum proa_http_mode */
    uint8_t hits; /* not lately */
    uint16_t n;
    uint16_t len; /* of the text; 0 = nothing is kept */
    uint16_t fields_at;
    struct field fields[MEMO_FIELDS_MAX + 1]; /* behind the last one: where the empty line is */
    struct proa_http_head head;               /* slices into the text, or static */
    char text[MEMO_TEXT_MAX + PROA_HTTP_HEAD_PAD];
};

struct proa_http_memo {
    struct kept heads[MEMO_HEADS];
    size_t last; /* the one that was right last */
};

struct proa_http_memo *proa_http_memo_create(void)
{
    return PROA_NEW(struct proa_http_memo);
}

void proa_http_memo_destroy(struct proa_http_memo *memo)
{
    proa_free(memo);
}

/* ---- recalling ------------------------------------------------------------------------------- */

#ifdef __SSE2__
static inline __m128i equal_bytes(const char *a, const char *b)
{
    return _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                          _mm_loadu_si128((const __m128i *)(const void *)b));
}
#endif

/* How many bytes are the same. */
static size_t same_bytes(const char *a, const char *b, size_t n)
{
    size_t i = 0;
#ifdef __SSE2__
    while (i + 32 <= n &&
           _mm_movemask_epi8(_mm_and_si128(equal_bytes(a + i, b + i),
                                           equal_bytes(a + i + 16, b + i + 16))) == 0xffff) {
        i += 32;
    }
    for (; i + 16 <= n; i += 16) {
        const unsigned differ = 0xffffU ^ (unsigned)_mm_movemask_epi8(equal_bytes(a + i, b + i));
        if (differ != 0) {
            return i + (size_t)__builtin_ctz(differ);
        }
    }
#endif
    for (; i + 8 <= n; i += 8) {
        const uint64_t differ = proa_http_word(a + i) ^ proa_http_word(b + i);
        if (differ != 0) {
            return i + (size_t)__builtin_ctzll(differ) / 8;
        }
    }
    while (i < n && a[i] == b[i]) {
        i++;
    }
    return i;
}

/* A head on its way from what is kept of one like it. */
struct walk {
    const struct kept *kept;
    struct proa_slice text; /* the copy: the head, and what follows it */
    struct proa_http_head *head;
    struct proa_http_header *items;
    size_t k;  /* field under way */
    size_t at; /* its line in the text */
};

/* The fields that end at or before `end` of what is kept are the same here. */
static void take_same(struct walk *w, size_t end)
{
    const struct field *fields = w->kept->fields;
    const char *base = w->text.ptr + w->at - fields[w->k].at;
    size_t k = w->k;
    for (; k < w->kept->n && fields[k + 1].at <= end; k++) {
        struct proa_http_header *item = &w->items[k];
        item->id = fields[k].id;
        item->name = proa_slice_make(base + fields[k].at, fields[k].name_len);
        item->value = proa_slice_make(base + fields[k].value_at, fields[k].value_len);
    }
    w->at = (size_t)(base - w->text.ptr) + fields[k].at;
    w->k = k;
}

static bool all_digits(struct proa_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
    }
    return s.len > 0;
}

/* What a field says about the message that does not say the same as before. False: not for us. */
static bool apply(struct proa_http_head *head, const struct proa_http_header *item)
{
    struct proa_http_host host;
    switch (item->id) {
    case PROA_HTTP_HEADER_CONTENT_LENGTH:
        return item->value.len <= MEMO_LENGTH_DIGITS && all_digits(item->value) &&
               proa_slice_to_u64(item->value, &head->content_length) == PROA_OK;
    case PROA_HTTP_HEADER_HOST:
        if (head->method == PROA_HTTP_NO_METHOD) {
            return true; /* a response's means nothing */
        }
        if (proa_http_host_parse(item->value, &host) != PROA_OK) {
            return false;
        }
        head->host = head->is_absolute_form ? head->host : host;
        return true;
    case PROA_HTTP_HEADER_TRANSFER_ENCODING:
    case PROA_HTTP_HEADER_CONNECTION:
    case PROA_HTTP_HEADER_EXPECT:
        return false;
    default:
        return true;
    }
}

/* A field of the same name with another value, `same` bytes of its line being the same. */
static bool take_other(struct walk *w, const struct proa_http_limits *limits, size_t same)
{
    const struct field *f = &w->kept->fields[w->k];
    struct proa_http_header *item = &w->items[w->k];
    size_t at = w->at;
    if (same <= f->name_len || /* the colon, too */
        proa_http_field_read(w->text, &at, item) != PROA_HTTP_FAULT_NONE ||
        at - w->at > limits->line_bytes || !apply(w->head, item)) {
        return false;
    }
    w->at = at;
    w->k++;
    return true;
}

/* `same`: as much of the beginning is. */
static bool walk(struct walk *w, const struct proa_http_limits *limits, size_t same)
{
    const struct kept *kept = w->kept;
    size_t from = 0;
    while (w->at < w->text.len) {
        take_same(w, from + same);
        const size_t rest = from + same - kept->fields[w->k].at; /* of the line under way */
        if (w->k == kept->n) {
            w->at += 2;
            return rest >= 2; /* the empty line */
        }
        if (!take_other(w, limits, rest)) {
            return false;
        }
        from = kept->fields[w->k].at;
        const size_t there = w->text.len - w->at;
        const size_t left = (size_t)kept->len - from;
        same = same_bytes(w->text.ptr + w->at, kept->text + from, left < there ? left : there);
    }
    return false;
}

/* A slice of what is kept, in the copy: of the start line, which stands where it stood. */
static struct proa_slice moved(const struct kept *kept, struct proa_slice text, struct proa_slice s)
{
    const uintptr_t at = (uintptr_t)s.ptr - (uintptr_t)kept->text;
    return at < kept->fields_at ? proa_slice_make(text.ptr + at, s.len) : s;
}

static void move_start(struct proa_http_head *head, const struct kept *kept, struct proa_slice text)
{
    head->method_text = moved(kept, text, head->method_text);
    head->target = moved(kept, text, head->target);
    head->path = moved(kept, text, head->path);
    head->query = moved(kept, text, head->query);
    head->reason = moved(kept, text, head->reason);
    if (head->is_absolute_form) {
        head->host.text = moved(kept, text, head->host.text);
        head->host.name = moved(kept, text, head->host.name);
    }
}

/* The host where the field says it, which is kept as it stood. */
static void move_host(struct proa_http_head *head, const struct kept *kept)
{
    const struct proa_slice is = proa_http_header_value(&head->headers, PROA_HTTP_HEADER_HOST);
    if (head->method != PROA_HTTP_NO_METHOD && !head->is_absolute_form &&
        head->host.text.ptr == kept->head.host.text.ptr) {
        const size_t name_at = (size_t)(head->host.name.ptr - head->host.text.ptr);
        head->host.name.ptr = is.ptr + name_at;
        head->host.text.ptr = is.ptr;
    }
}

/* How much of the beginning is the same; 0 unless all of the start line is. */
static size_t alike(const struct kept *kept, enum proa_http_mode mode, struct proa_slice in)
{
    if (kept->len == 0 || kept->mode != (uint8_t)mode) {
        return 0;
    }
    const size_t same = same_bytes(in.ptr, kept->text, kept->len < in.len ? kept->len : in.len);
    return same >= kept->fields_at ? same : 0;
}

/* The one that begins most alike, and how much of it; NULL = there is none like it. `tried` is none
 * of them. */
static struct kept *choose(struct proa_http_memo *memo, enum proa_http_mode mode,
                           struct proa_slice in, const struct kept *tried, size_t *most)
{
    struct kept *best = NULL;
    *most = 0;
    for (size_t i = 0; i < MEMO_HEADS; i++) {
        struct kept *kept = &memo->heads[i];
        const size_t same = kept == tried ? 0 : alike(kept, mode, in);
        if (same > *most) {
            best = kept;
            *most = same;
        }
    }
    return best;
}

/* By this one, of which `same` bytes are; 0: it is not like it. */
static size_t recall_from(struct kept *kept, const struct proa_http_parser_cfg *cfg,
                          struct proa_slice in, size_t same, struct proa_arena *arena,
                          struct proa_http_head **out)
{
    const struct proa_slice part = proa_slice_head(in, (size_t)kept->len + MEMO_GROWTH);
    const size_t room = part.len + PROA_HTTP_HEAD_PAD;
    struct walk w = {.kept = kept,
                     .head = proa_arena_alloc(arena, sizeof(struct proa_http_head)),
                     .items = proa_arena_alloc(arena, kept->n * sizeof(struct proa_http_header)),
                     .at = kept->fields_at};
    char *copy = proa_arena_alloc(arena, room); /* last, so that the rest can be given back */
    memcpy(copy, part.ptr, part.len);
    memset(copy + part.len, 0, PROA_HTTP_HEAD_PAD);
    w.text = proa_slice_make(copy, part.len);
    *w.head = kept->head;
    w.head->headers.items = w.items;
    const bool known = walk(&w, &cfg->limits, same) && w.at <= cfg->limits.head_bytes;
    proa_arena_shrink(arena, copy, room, known ? w.at : 0);
    if (!known) {
        return 0;
    }
    move_start(w.head, kept, w.text);
    move_host(w.head, kept);
    w.head->has_body = w.head->is_chunked || w.head->content_length > 0;
    kept->hits = (uint8_t)(kept->hits + (kept->hits < MEMO_HITS_MAX));
    *out = w.head;
    return w.at;
}

size_t proa_http_memo_recall(struct proa_http_memo *memo, const struct proa_http_parser_cfg *cfg,
                             struct proa_slice in, struct proa_arena *arena,
                             struct proa_http_head **out)
{
    struct kept *kept = &memo->heads[memo->last];
    size_t same = alike(kept, cfg->mode, in);
    size_t end = same > 0 ? recall_from(kept, cfg, in, same, arena, out) : 0;
    if (PROA_LIKELY(end > 0)) {
        return end;
    }
    kept = choose(memo, cfg->mode, in, same > 0 ? kept : NULL, &same);
    end = kept ? recall_from(kept, cfg, in, same, arena, out) : 0;
    memo->last = end > 0 ? (size_t)(kept - memo->heads) : memo->last;
    return end;
}

/* ---- learning -------------------------------------------------------------------------------- */

/* The place that was of the least use; all others are of less from now on. */
static struct kept *make_room(struct proa_http_memo *memo)
{
    struct kept *least = &memo->heads[0];
    for (size_t i = 0; i < MEMO_HEADS; i++) {
        struct kept *kept = &memo->heads[i];
        least = kept->len == 0 || kept->hits < least->hits ? kept : least;
        kept->hits /= 2;
    }
    return least;
}

static struct proa_slice kept_slice(struct kept *kept, struct proa_slice text, struct proa_slice s)
{
    const uintptr_t at = (uintptr_t)s.ptr - (uintptr_t)text.ptr;
    return at < text.len ? proa_slice_make(kept->text + at, s.len) : s;
}

/* Whose values are not kept: the line is read each time. */
static bool is_secret(uint16_t id)
{
    switch (id) {
    case PROA_HTTP_HEADER_AUTHORIZATION:
    case PROA_HTTP_HEADER_PROXY_AUTHORIZATION:
    case PROA_HTTP_HEADER_X_API_KEY:
    case PROA_HTTP_HEADER_API_KEY:
    case PROA_HTTP_HEADER_X_GOOG_API_KEY:
    case PROA_HTTP_HEADER_COOKIE:
    case PROA_HTTP_HEADER_SET_COOKIE:
        return true;
    default:
        return false;
    }
}

void proa_http_memo_learn(struct proa_http_memo *memo, enum proa_http_mode mode,
                          struct proa_slice text, const struct proa_http_head *head)
{
    const size_t n = head->headers.n;
    if (text.len > MEMO_TEXT_MAX || n == 0 || n > MEMO_FIELDS_MAX) {
        return;
    }
    struct kept *kept = make_room(memo);
    const struct proa_http_header *items = head->headers.items;
    memcpy(kept->text, text.ptr, text.len);
    memset(kept->text + text.len, 0, PROA_HTTP_HEAD_PAD);
    kept->mode = (uint8_t)mode;
    kept->hits = 0;
    kept->n = (uint16_t)n;
    kept->len = (uint16_t)text.len;
    for (size_t i = 0; i < n; i++) {
        kept->fields[i] = (struct field){
            .at = (uint16_t)(items[i].name.ptr - text.ptr),
            .name_len = (uint16_t)items[i].name.len,
            .value_at = (uint16_t)(items[i].value.ptr - text.ptr),
            .value_len = (uint16_t)items[i].value.len,
            .id = items[i].id,
        };
        if (is_secret(items[i].id)) { /* another sound value, of which nothing can be told */
            memset(kept->text + kept->fields[i].value_at, 'x', kept->fields[i].value_len);
        }
    }
    kept->fields_at = kept->fields[0].at;
    kept->fields[n] = (struct field){.at = (uint16_t)(text.len - 2)};
    kept->head = *head;
    kept->head.method_text = kept_slice(kept, text, head->method_text);
    kept->head.target = kept_slice(kept, text, head->target);
    kept->head.path = kept_slice(kept, text, head->path);
    kept->head.query = kept_slice(kept, text, head->query);
    kept->head.reason = kept_slice(kept, text, head->reason);
    kept->head.host.text = kept_slice(kept, text, head->host.text);
    kept->head.host.name = kept_slice(kept, text, head->host.name);
}
