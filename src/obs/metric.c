#include "proa/obs/metric.h"

#include "utf8_priv.h"

#include "proa/core/alloc.h"
#include "proa/core/map.h"

/* Enough for every label escaped: name, =, quotes, comma, each byte doubled. */
enum {
    LABEL_NAME_MAX = 40,
    LABELS_TEXT_MAX = PROA_METRIC_LABELS_MAX * (LABEL_NAME_MAX + 4 + 2 * PROA_METRIC_LABEL_BYTES),
    KEY_MAX = 1 + PROA_METRIC_LABELS_MAX * (1 + PROA_METRIC_LABEL_BYTES)
};
_Static_assert(PROA_METRIC_LABEL_BYTES < 256, "the key holds lengths in one byte");
_Static_assert(PROA_METRIC_COUNT < 256, "the key holds the metric in one byte");

#define NAMES(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct proa_metric_def defs[] = {
#define DEF(id, name_, kind_, unit_, scale_, help_, ...)                                           \
    [PROA_METRIC_##id] = {.name = PROA_SLICE_INIT(name_),                                          \
                          .kind = PROA_METRIC_##kind_,                                             \
                          .unit = PROA_METRIC_UNIT_##unit_,                                        \
                          .scale = PROA_METRIC_SCALE_##scale_,                                     \
                          .help = PROA_SLICE_INIT(help_),                                          \
                          .labels = NAMES(__VA_ARGS__)},
    PROA_METRIC_TABLE(DEF)
#undef DEF
};

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
static const uint64_t wait_ns[] = {10 * MS,    20 * MS,    40 * MS,    80 * MS,   160 * MS,
                                   320 * MS,   640 * MS,   1280 * MS,  2560 * MS, 5120 * MS,
                                   10240 * MS, 20480 * MS, 40960 * MS, 81920 * MS};
static const uint64_t fine_ns[] = {10 * US,  25 * US, 50 * US,   100 * US, 250 * US,
                                   500 * US, 1 * MS,  2500 * US, 5 * MS,   10 * MS,
                                   25 * MS,  50 * MS, 100 * MS,  250 * MS, 1000 * MS};
static const uint64_t token[] = {1,     4,     16,     64,      256,     1024,     4096,
                                 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};

enum { SCALES = PROA_METRIC_SCALE_TOKEN + 1 };

struct proa_metric_reg {
    struct proa_map by_key;
    struct proa_metric_series *first[PROA_METRIC_COUNT];
    struct proa_metric_series *last[PROA_METRIC_COUNT];
    struct proa_metric_series *other[PROA_METRIC_COUNT];
    struct proa_metric_series *folded;
    struct proa_metric_bounds bounds[SCALES];
    uint32_t n;
    uint32_t max;
};

const struct proa_metric_def *proa_metric_def(enum proa_metric metric)
{
    PROA_ASSERT((size_t)metric < PROA_METRIC_COUNT);
    return &defs[metric];
}

uint32_t proa_metric_n_labels(const struct proa_metric_def *def)
{
    uint32_t n = 0;
    while (n < PROA_METRIC_LABELS_MAX && def->labels[n]) {
        n++;
    }
    return n;
}

static void bounds_fill(struct proa_metric_bounds *b, const uint64_t *at, size_t n)
{
    PROA_ASSERT(n <= PROA_METRIC_BOUNDS_MAX);
    memcpy(b->at, at, n * sizeof(*at));
    b->at[n] = UINT64_MAX;
    b->n = (uint32_t)n;
    for (size_t width = 0; width < PROA_ARRAY_LEN(b->first); width++) {
        uint64_t least = width ? UINT64_C(1) << (width - 1) : 0;
        uint8_t i = 0;
        while (b->at[i] < least) {
            i++;
        }
        b->first[width] = i;
    }
}

/* The label value as it will be kept, into out[PROA_METRIC_LABEL_BYTES]. */
static size_t value_clean(char *out, struct proa_slice value)
{
    size_t len = value.len;
    if (len > PROA_METRIC_LABEL_BYTES) {
        len = proa_utf8_cut(value.ptr, PROA_METRIC_LABEL_BYTES);
    }
    size_t i = 0;
    while (i < len) {
        uint32_t code = 0;
        size_t n = proa_utf8_take((const unsigned char *)value.ptr + i, len - i, &code);
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        if (n == 0 || (control && code != '\n')) {
            n = n ? n : 1;
            memset(out + i, '_', n);
        } else {
            memcpy(out + i, value.ptr + i, n);
        }
        i += n;
    }
    return len;
}

/* Metric and cleaned values, each with its length in front so that no two lists look alike. */
static size_t key_build(char *key, enum proa_metric metric, const struct proa_slice *values)
{
    size_t len = 0;
    uint32_t n_labels = proa_metric_n_labels(&defs[metric]);
    key[len++] = (char)(unsigned char)metric;
    for (uint32_t i = 0; i < n_labels; i++) {
        size_t n = value_clean(key + len + 1, values[i]);
        key[len] = (char)(unsigned char)n;
        len += 1 + n;
    }
    return len;
}

static size_t escape(char *out, const char *value, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = value[i];
        if (c == '\n') {
            out[n++] = '\\';
            c = 'n';
        } else if (c == '"' || c == '\\') {
            out[n++] = '\\';
        }
        out[n++] = c;
    }
    return n;
}

/* route="a",outcome="ok" from a key. */
static size_t labels_build(char *out, const struct proa_metric_def *def, const char *key)
{
    size_t len = 0;
    const char *at = key + 1;
    uint32_t n_labels = proa_metric_n_labels(def);
    for (uint32_t i = 0; i < n_labels; i++) {
        size_t name_len = strlen(def->labels[i]);
        PROA_ASSERT(name_len <= LABEL_NAME_MAX);
        if (i > 0) {
            out[len++] = ',';
        }
        memcpy(out + len, def->labels[i], name_len);
        len += name_len;
        out[len++] = '=';
        out[len++] = '"';
        size_t n = (unsigned char)*at;
        len += escape(out + len, at + 1, n);
        at += 1 + n;
        out[len++] = '"';
    }
    return len;
}

/* One block: the series, its buckets, its key, its label text. */
static struct proa_metric_series *series_new(struct proa_metric_reg *reg, enum proa_metric metric,
                                             struct proa_slice key)
{
    const struct proa_metric_def *def = &defs[metric];
    char labels[LABELS_TEXT_MAX];
    size_t labels_len = labels_build(labels, def, key.ptr);
    const struct proa_metric_bounds *bounds =
        def->kind == PROA_METRIC_HISTOGRAM ? &reg->bounds[def->scale] : NULL;
    size_t n_buckets = bounds ? bounds->n + 1 : 0;
    size_t size = sizeof(struct proa_metric_series) + n_buckets * sizeof(uint64_t);

    char *block = proa_alloc_zero(1, size + key.len + labels_len);
    struct proa_metric_series *s = (struct proa_metric_series *)(void *)block;
    s->metric = metric;
    s->bounds = bounds;
    s->buckets = bounds ? (uint64_t *)(void *)(s + 1) : NULL;
    s->key = proa_slice_make(block + size, key.len);
    s->labels = proa_slice_make(block + size + key.len, labels_len);
    memcpy(block + size, key.ptr, key.len);
    memcpy(block + size + key.len, labels, labels_len);

    if (reg->last[metric]) {
        reg->last[metric]->next = s;
    } else {
        reg->first[metric] = s;
    }
    reg->last[metric] = s;
    return s;
}

struct proa_metric_reg *proa_metric_reg_create(uint32_t max_series)
{
    struct proa_metric_reg *reg = PROA_NEW(struct proa_metric_reg);
    reg->max = max_series ? max_series : PROA_METRIC_SERIES_MAX;
    /* Keys come from the configuration, not from peers: a fixed seed is enough. */
    proa_map_init(&reg->by_key, 0);
    bounds_fill(&reg->bounds[PROA_METRIC_SCALE_WAIT], wait_ns, PROA_ARRAY_LEN(wait_ns));
    bounds_fill(&reg->bounds[PROA_METRIC_SCALE_FINE], fine_ns, PROA_ARRAY_LEN(fine_ns));
    bounds_fill(&reg->bounds[PROA_METRIC_SCALE_TOKEN], token, PROA_ARRAY_LEN(token));
    const char key = (char)PROA_METRIC_SERIES_FOLDED;
    reg->folded = series_new(reg, PROA_METRIC_SERIES_FOLDED, proa_slice_make(&key, 1));
    (void)proa_map_put(&reg->by_key, reg->folded->key, reg->folded);
    return reg;
}

void proa_metric_reg_destroy(struct proa_metric_reg *reg)
{
    if (!reg) {
        return;
    }
    for (size_t i = 0; i < PROA_METRIC_COUNT; i++) {
        struct proa_metric_series *s = reg->first[i];
        while (s) {
            struct proa_metric_series *next = s->next;
            proa_free(s);
            s = next;
        }
    }
    proa_map_deinit(&reg->by_key);
    proa_free(reg);
}

uint32_t proa_metric_reg_len(const struct proa_metric_reg *reg)
{
    return reg->n;
}

static struct proa_metric_series *series_other(struct proa_metric_reg *reg, enum proa_metric metric)
{
    reg->folded->value++;
    if (!reg->other[metric]) {
        struct proa_slice values[PROA_METRIC_LABELS_MAX];
        for (size_t i = 0; i < PROA_METRIC_LABELS_MAX; i++) {
            values[i] = PROA_SLICE("other");
        }
        char key[KEY_MAX] = {0};
        struct proa_slice k = proa_slice_make(key, key_build(key, metric, values));
        struct proa_metric_series *s = proa_map_get(&reg->by_key, k);
        if (!s) {
            s = series_new(reg, metric, k);
            (void)proa_map_put(&reg->by_key, s->key, s);
        }
        reg->other[metric] = s;
    }
    return reg->other[metric];
}

struct proa_metric_series *proa_metric_series(struct proa_metric_reg *reg, enum proa_metric metric,
                                              const struct proa_slice *values, size_t n)
{
    const struct proa_metric_def *def = proa_metric_def(metric);
    PROA_ASSERT(def->kind != PROA_METRIC_INFO && proa_metric_n_labels(def) == n);
    char key[KEY_MAX] = {0};
    struct proa_slice k = proa_slice_make(key, key_build(key, metric, values));
    struct proa_metric_series *s = proa_map_get(&reg->by_key, k);
    if (s) {
        return s;
    }
    if (reg->n >= reg->max) {
        return series_other(reg, metric);
    }
    s = series_new(reg, metric, k);
    (void)proa_map_put(&reg->by_key, s->key, s);
    reg->n++;
    return s;
}

struct proa_metric_series *proa_metric_series0(struct proa_metric_reg *reg, enum proa_metric metric)
{
    return proa_metric_series(reg, metric, NULL, 0);
}

struct proa_metric_series *proa_metric_series1(struct proa_metric_reg *reg, enum proa_metric metric,
                                               struct proa_slice a)
{
    return proa_metric_series(reg, metric, &a, 1);
}

struct proa_metric_series *proa_metric_series2(struct proa_metric_reg *reg, enum proa_metric metric,
                                               struct proa_slice a, struct proa_slice b)
{
    const struct proa_slice values[] = {a, b};
    return proa_metric_series(reg, metric, values, 2);
}

struct proa_metric_series *proa_metric_series3(struct proa_metric_reg *reg, enum proa_metric metric,
                                               struct proa_slice a, struct proa_slice b,
                                               struct proa_slice c)
{
    const struct proa_slice values[] = {a, b, c};
    return proa_metric_series(reg, metric, values, 3);
}

void proa_metric_info(struct proa_metric_reg *reg, enum proa_metric metric,
                      const struct proa_slice *values, size_t n)
{
    const struct proa_metric_def *def = proa_metric_def(metric);
    PROA_ASSERT(def->kind == PROA_METRIC_INFO && proa_metric_n_labels(def) == n);
    char key[KEY_MAX] = {0};
    struct proa_slice k = proa_slice_make(key, key_build(key, metric, values));
    proa_free(reg->first[metric]);
    reg->first[metric] = NULL;
    reg->last[metric] = NULL;
    series_new(reg, metric, k)->value = 1;
}

const struct proa_metric_series *proa_metric_first(const struct proa_metric_reg *reg,
                                                   enum proa_metric metric)
{
    PROA_ASSERT((size_t)metric < PROA_METRIC_COUNT);
    return reg->first[metric];
}
