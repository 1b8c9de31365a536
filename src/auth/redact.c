#include "proa/auth/redact.h"

#include "proa/core/alloc.h"

/*
 * Search after Wu and Manber, "A fast algorithm for multi-pattern searching" (1994), with blocks of
 * two bytes: a window as long as the shortest secret slides over the text; the table says for the
 * block at its end how far the window may jump without passing the start of any secret. 0 means
 * that some secret has that block just there, so they are compared.
 */
enum {
    BLOCK_BYTES = 2,
    TABLE_SIZE = 4096, /* a power of two */
    WINDOW_MAX = 255,  /* a jump fits one byte */
    SECRETS_MAX = 4096,
    STALE_MIN = 16,
};

struct proa_redactor {
    struct proa_secret **secrets;
    size_t n;
    size_t cap;
    size_t window; /* no longer than the shortest secret */
    size_t
        n_stale; /* secrets that the table still knows though they are gone: it only jumps less */
    uint8_t jump[TABLE_SIZE];
};

static const struct proa_slice mark = PROA_SLICE_INIT("[redacted]");

static size_t block_at(const char *p)
{
    unsigned char a = (unsigned char)p[0];
    unsigned char b = (unsigned char)p[1];
    return ((size_t)a << 5 ^ b) & (TABLE_SIZE - 1);
}

static void learn(struct proa_redactor *r, struct proa_slice secret)
{
    for (size_t at = 0; at + BLOCK_BYTES <= r->window; at++) {
        uint8_t *jump = &r->jump[block_at(secret.ptr + at)];
        uint8_t rest = (uint8_t)(r->window - BLOCK_BYTES - at);
        *jump = rest < *jump ? rest : *jump;
    }
}

static void rebuild(struct proa_redactor *r)
{
    r->n_stale = 0;
    r->window = WINDOW_MAX;
    for (size_t i = 0; i < r->n; i++) {
        size_t len = proa_secret_bytes(r->secrets[i]).len;
        r->window = len < r->window ? len : r->window;
    }
    memset(r->jump, (int)(r->window - BLOCK_BYTES + 1), sizeof(r->jump));
    for (size_t i = 0; i < r->n; i++) {
        learn(r, proa_secret_bytes(r->secrets[i]));
    }
}

/* The newest one: the table is made anew only for the first and where the window gets shorter,
 * which it cannot do often. */
static void learn_newest(struct proa_redactor *r)
{
    const struct proa_slice newest = proa_secret_bytes(r->secrets[r->n - 1]);
    if (r->n == 1 || newest.len < r->window) {
        rebuild(r);
    } else {
        learn(r, newest);
    }
}

/* One is gone. Those that come and go with requests cost nothing by themselves. */
static void forget_one(struct proa_redactor *r)
{
    r->n_stale++;
    if (r->n_stale > r->n / 4 + STALE_MIN) {
        rebuild(r);
    }
}

struct proa_redactor *proa_redactor_create(void)
{
    return PROA_NEW(struct proa_redactor);
}

void proa_redactor_destroy(struct proa_redactor *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n; i++) {
        proa_secret_unref(r->secrets[i]);
    }
    proa_free(r->secrets);
    proa_free(r);
}

enum proa_err proa_redactor_add(struct proa_redactor *r, struct proa_secret *secret)
{
    if (proa_secret_bytes(secret).len < PROA_REDACT_MIN_BYTES) {
        return PROA_ERR_RANGE;
    }
    if (r->n == SECRETS_MAX) {
        return PROA_ERR_LIMIT;
    }
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 8;
        r->secrets = proa_realloc(r->secrets, r->cap * sizeof(struct proa_secret *));
    }
    r->secrets[r->n++] = proa_secret_ref(secret);
    learn_newest(r);
    return PROA_OK;
}

void proa_redactor_remove(struct proa_redactor *r, const struct proa_secret *secret)
{
    for (size_t i = 0; i < r->n; i++) {
        if (proa_slice_eq(proa_secret_bytes(r->secrets[i]), proa_secret_bytes(secret))) {
            struct proa_secret *gone = r->secrets[i];
            r->secrets[i] = r->secrets[--r->n];
            forget_one(r);
            proa_secret_unref(gone);
            return;
        }
    }
}

/* Length of the longest secret that starts at text[at], 0 = none. */
static size_t match_at(const struct proa_redactor *r, struct proa_slice text, size_t at)
{
    struct proa_slice here = proa_slice_from(text, at);
    size_t longest = 0;
    for (size_t i = 0; i < r->n; i++) {
        struct proa_slice secret = proa_secret_bytes(r->secrets[i]);
        if (secret.len > longest && proa_slice_starts(here, secret)) {
            longest = secret.len;
        }
    }
    return longest;
}

/* What is to be taken out: [start, end), empty when nothing more is. */
struct range {
    size_t start;
    size_t end;
};

/* First known secret at or behind `from`. */
static struct range find_known(const struct proa_redactor *r, struct proa_slice text, size_t from)
{
    if (r && r->n > 0) {
        while (text.len >= r->window && from <= text.len - r->window) {
            uint8_t jump = r->jump[block_at(text.ptr + from + r->window - BLOCK_BYTES)];
            size_t len = jump ? 0 : match_at(r, text, from);
            if (len > 0) {
                return (struct range){from, from + len};
            }
            from += jump ? jump : 1;
        }
    }
    return (struct range){text.len, text.len};
}

/* ---- what looks like a key of somebody else ---- */

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* What keys consist of; '*' because providers mask the middle and leave the ends. */
static bool is_key_byte(char c)
{
    return is_word_byte(c) || c == '-' || c == '_' || c == '.' || c == '*' || c == '/' ||
           c == '+' || c == '=';
}

struct lead {
    struct proa_slice text;
    bool keep;       /* the lead itself is no part of the key */
    uint8_t min_len; /* of the key bytes behind it */
};

/* The shapes that providers document or show in their error texts. */
static const struct lead leads[] = {
    {PROA_SLICE_INIT("sk-"), false, 8},   /* OpenAI, Anthropic, DeepSeek, OpenRouter */
    {PROA_SLICE_INIT("sk_"), false, 16},  /* ElevenLabs, Stripe style */
    {PROA_SLICE_INIT("AIza"), false, 24}, /* Google */
    {PROA_SLICE_INIT("ya29."), false, 16},
    {PROA_SLICE_INIT("AKIA"), false, 12}, /* AWS access key ids */
    {PROA_SLICE_INIT("ASIA"), false, 12},
    {PROA_SLICE_INIT("gsk_"), false, 16}, /* Groq */
    {PROA_SLICE_INIT("xai-"), false, 16},
    {PROA_SLICE_INIT("pplx-"), false, 16},
    {PROA_SLICE_INIT("hf_"), false, 16},
    {PROA_SLICE_INIT("nvapi-"), false, 16},
    {PROA_SLICE_INIT("r8_"), false, 16},
    {PROA_SLICE_INIT("vck_"), false, 16},
    {PROA_SLICE_INIT("eyJ"), false, 32}, /* a JSON web token's start */
    {PROA_SLICE_INIT("Bearer "), true, 8},
    {PROA_SLICE_INIT("bearer "), true, 8},
    {PROA_SLICE_INIT("key provided: "), true, 1},
    {PROA_SLICE_INIT("key provided ("), true, 1},
};

static size_t key_run(struct proa_slice text, size_t from)
{
    size_t at = from;
    while (at < text.len && is_key_byte(text.ptr[at])) {
        at++;
    }
    while (at > from && text.ptr[at - 1] == '.') {
        at--; /* the sentence's full stop */
    }
    return at - from;
}

static struct range match_lead(const struct lead *lead, struct proa_slice text, size_t at)
{
    if (!proa_slice_starts(proa_slice_from(text, at), lead->text)) {
        return (struct range){0, 0};
    }
    size_t behind = at + lead->text.len;
    size_t len = key_run(text, behind);
    if (len < lead->min_len) {
        return (struct range){0, 0};
    }
    return (struct range){lead->keep ? behind : at, behind + len};
}

/* starts: which bytes a lead can begin with. */
static struct range find_foreign(const bool starts[256], struct proa_slice text, size_t from)
{
    for (size_t at = from; at < text.len; at++) {
        if (!starts[(unsigned char)text.ptr[at]] || (at > 0 && is_word_byte(text.ptr[at - 1]))) {
            continue; /* "task-", "risk-": leads stand at the start of a word */
        }
        for (size_t i = 0; i < PROA_ARRAY_LEN(leads); i++) {
            struct range found = match_lead(&leads[i], text, at);
            if (found.end > found.start) {
                return found;
            }
        }
    }
    return (struct range){text.len, text.len};
}

/* ---- putting it together ---- */

/* Two streams of finds, each in order of its starts. */
struct finder {
    const struct proa_redactor *r;
    struct proa_slice text;
    struct range known;
    struct range foreign;
    bool starts[256]; /* of leads */
};

static void finder_start(struct finder *f, const struct proa_redactor *r, struct proa_slice text)
{
    f->r = r;
    f->text = text;
    f->known = find_known(r, text, 0);
    f->foreign = (struct range){text.len, text.len};
}

static void finder_start_foreign(struct finder *f)
{
    memset(f->starts, 0, sizeof(f->starts));
    for (size_t i = 0; i < PROA_ARRAY_LEN(leads); i++) {
        f->starts[(unsigned char)leads[i].text.ptr[0]] = true;
    }
    f->foreign = find_foreign(f->starts, f->text, 0);
}

/* The earlier find; an empty range at the end. */
static struct range finder_next(struct finder *f)
{
    struct range found;
    if (f->known.start <= f->foreign.start) {
        found = f->known;
        /* Secrets may overlap, so the next may start inside this one. */
        f->known = find_known(f->r, f->text, found.start + 1);
    } else {
        found = f->foreign;
        f->foreign = find_foreign(f->starts, f->text, found.end);
    }
    return found;
}

static struct proa_slice redact(struct finder *f, struct proa_buf *scratch)
{
    struct proa_slice text = f->text;
    struct range found = finder_next(f);
    size_t copied = 0;
    if (found.start == text.len) {
        return text;
    }
    proa_buf_clear(scratch);
    for (; found.start < text.len; found = finder_next(f)) {
        if (found.start >= copied) {
            size_t clean = found.start - copied;
            (void)proa_buf_append(scratch, proa_slice_make(text.ptr + copied, clean));
            (void)proa_buf_append(scratch, mark);
        }
        copied = found.end > copied ? found.end : copied;
    }
    (void)proa_buf_append(scratch, proa_slice_from(text, copied));
    return proa_buf_ok(scratch) ? proa_buf_slice(scratch) : mark;
}

struct proa_slice proa_redact(const struct proa_redactor *r, struct proa_slice text,
                              struct proa_buf *scratch)
{
    struct finder f;
    finder_start(&f, r, text);
    return redact(&f, scratch);
}

struct proa_slice proa_redact_foreign(const struct proa_redactor *r, struct proa_slice text,
                                      struct proa_buf *scratch)
{
    struct finder f;
    finder_start(&f, r, text);
    finder_start_foreign(&f);
    return redact(&f, scratch);
}
