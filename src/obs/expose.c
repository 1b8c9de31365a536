#include "proa/obs/expose.h"

#include "proa/core/clock.h"

/* Weights are kept in thousandths, as RFC 9110 12.4.2 allows three digits. */
enum { WEIGHT_MAX = 1000 };

struct proa_slice proa_expose_content_type(enum proa_expose_format format)
{
    return format == PROA_EXPOSE_OPENMETRICS ? PROA_SLICE(PROA_EXPOSE_TYPE_OPENMETRICS)
                                             : PROA_SLICE(PROA_EXPOSE_TYPE_PROMETHEUS);
}

/* "0.25" -> 250; anything else that is no weight counts as 0: not wanted. */
static uint32_t weight(struct proa_slice q)
{
    struct proa_slice frac;
    struct proa_slice whole = proa_slice_split(q, '.', &frac);
    if (proa_slice_eq(whole, PROA_SLICE("1"))) {
        return WEIGHT_MAX;
    }
    if (!proa_slice_eq(whole, PROA_SLICE("0")) || frac.len > 3) {
        return 0;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < 3; i++) {
        value *= 10;
        if (i >= frac.len) {
            continue;
        }
        char c = frac.ptr[i];
        if (c < '0' || c > '9') {
            return 0;
        }
        value += (uint32_t)(c - '0');
    }
    return value;
}

/* Weight of one media range and whether its version is one we write. */
static uint32_t range_weight(struct proa_slice params, struct proa_slice version)
{
    uint32_t q = WEIGHT_MAX;
    while (params.len > 0) {
        struct proa_slice rest;
        struct proa_slice param = proa_slice_trim(proa_slice_split(params, ';', &rest));
        params = rest;
        struct proa_slice value;
        struct proa_slice name = proa_slice_trim(proa_slice_split(param, '=', &value));
        value = proa_slice_trim(value);
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
            value = proa_slice_make(value.ptr + 1, value.len - 2);
        }
        if (proa_slice_eq_nocase(name, PROA_SLICE("q"))) {
            q = weight(value);
        } else if (proa_slice_eq_nocase(name, PROA_SLICE("version")) && version.len > 0 &&
                   !proa_slice_eq(value, version)) {
            return 0;
        }
    }
    return q;
}

enum proa_expose_format proa_expose_negotiate(struct proa_slice accept)
{
    uint32_t text = 0;
    uint32_t open = 0;
    while (accept.len > 0) {
        struct proa_slice rest;
        struct proa_slice range = proa_slice_split(accept, ',', &rest);
        accept = rest;
        struct proa_slice params;
        struct proa_slice type = proa_slice_trim(proa_slice_split(range, ';', &params));
        if (proa_slice_eq_nocase(type, PROA_SLICE("application/openmetrics-text"))) {
            uint32_t q = range_weight(params, PROA_SLICE("1.0.0"));
            open = q > open ? q : open;
        } else if (proa_slice_eq_nocase(type, PROA_SLICE("text/plain"))) {
            uint32_t q = range_weight(params, PROA_SLICE("0.0.4"));
            text = q > text ? q : text;
        }
    }
    return open > 0 && open >= text ? PROA_EXPOSE_OPENMETRICS : PROA_EXPOSE_PROMETHEUS;
}

/* Nanoseconds as seconds, exact; `point` keeps ".0" on whole numbers. */
/* Nanoseconds, shown as seconds, and ratios. */
static bool is_in_billionths(const struct proa_metric_def *def)
{
    return def->unit == PROA_METRIC_UNIT_SECONDS || def->unit == PROA_METRIC_UNIT_RATIO;
}

static void put_seconds(struct proa_buf *out, uint64_t ns, bool point)
{
    (void)proa_buf_append_u64(out, ns / PROA_NS_PER_S);
    uint64_t frac = ns % PROA_NS_PER_S;
    if (frac == 0 && !point) {
        return;
    }
    char digits[10] = ".000000000";
    for (size_t i = 9; i > 0; i--, frac /= 10) {
        digits[i] = (char)('0' + frac % 10);
    }
    size_t len = sizeof(digits);
    while (len > 2 && digits[len - 1] == '0') {
        len--;
    }
    (void)proa_buf_append(out, proa_slice_make(digits, len));
}

static void put_value(struct proa_buf *out, const struct proa_metric_def *def, uint64_t value)
{
    if (def->kind == PROA_METRIC_GAUGE && value > INT64_MAX) {
        (void)proa_buf_append_byte(out, '-');
        value = 0 - value;
    }
    if (is_in_billionths(def)) {
        put_seconds(out, value, false);
    } else if (def->unit == PROA_METRIC_UNIT_USD) {
        char text[PROA_FMT_PICO_BYTES];
        (void)proa_buf_append(out, proa_slice_make(text, proa_fmt_pico(text, value)));
    } else {
        (void)proa_buf_append_u64(out, value);
    }
}

/* The `le` of a bucket in the canonical form of OpenMetrics, a float: "0.01", "1.0", "+Inf". */
static void put_bound(struct proa_buf *out, const struct proa_metric_def *def,
                      const struct proa_metric_bounds *bounds, uint32_t i)
{
    if (i == bounds->n) {
        PROA_BUF_LIT(out, "+Inf");
    } else if (is_in_billionths(def)) {
        put_seconds(out, bounds->at[i], true);
    } else {
        (void)proa_buf_append_u64(out, bounds->at[i]);
        PROA_BUF_LIT(out, ".0");
    }
}

static void put_head(struct proa_buf *out, const struct proa_metric_def *def, const char *suffix,
                     struct proa_slice labels)
{
    (void)proa_buf_append(out, def->name);
    (void)proa_buf_append_cstr(out, suffix);
    if (labels.len > 0) {
        (void)proa_buf_append_byte(out, '{');
        (void)proa_buf_append(out, labels);
        (void)proa_buf_append_byte(out, '}');
    }
    (void)proa_buf_append_byte(out, ' ');
}

static void put_histogram(struct proa_buf *out, const struct proa_metric_def *def,
                          const struct proa_metric_series *s)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i <= s->bounds->n; i++) {
        count += s->buckets[i];
        (void)proa_buf_append(out, def->name);
        PROA_BUF_LIT(out, "_bucket{");
        (void)proa_buf_append(out, s->labels);
        if (s->labels.len > 0) {
            (void)proa_buf_append_byte(out, ',');
        }
        PROA_BUF_LIT(out, "le=\"");
        put_bound(out, def, s->bounds, i);
        PROA_BUF_LIT(out, "\"} ");
        (void)proa_buf_append_u64(out, count);
        (void)proa_buf_append_byte(out, '\n');
    }
    put_head(out, def, "_sum", s->labels);
    put_value(out, def, s->value);
    (void)proa_buf_append_byte(out, '\n');
    put_head(out, def, "_count", s->labels);
    (void)proa_buf_append_u64(out, count);
    (void)proa_buf_append_byte(out, '\n');
}

/* OpenMetrics names a family without the suffix its samples carry. */
static struct proa_slice family(const struct proa_metric_def *def, enum proa_expose_format format)
{
    size_t cut = 0;
    if (format == PROA_EXPOSE_OPENMETRICS && def->kind == PROA_METRIC_COUNTER) {
        cut = sizeof("_total") - 1;
    } else if (format == PROA_EXPOSE_OPENMETRICS && def->kind == PROA_METRIC_INFO) {
        cut = sizeof("_info") - 1;
    }
    return proa_slice_head(def->name, def->name.len - cut);
}

static struct proa_slice type_name(enum proa_metric_kind kind, enum proa_expose_format format)
{
    switch (kind) {
    case PROA_METRIC_COUNTER:
        return PROA_SLICE("counter");
    case PROA_METRIC_HISTOGRAM:
        return PROA_SLICE("histogram");
    case PROA_METRIC_INFO:
        return format == PROA_EXPOSE_OPENMETRICS ? PROA_SLICE("info") : PROA_SLICE("gauge");
    case PROA_METRIC_GAUGE:
        break;
    }
    return PROA_SLICE("gauge");
}

static void put_line(struct proa_buf *out, const char *what, struct proa_slice name,
                     struct proa_slice text)
{
    (void)proa_buf_append_cstr(out, what);
    (void)proa_buf_append(out, name);
    (void)proa_buf_append_byte(out, ' ');
    (void)proa_buf_append(out, text);
    (void)proa_buf_append_byte(out, '\n');
}

static void put_meta(struct proa_buf *out, const struct proa_metric_def *def,
                     enum proa_expose_format format)
{
    struct proa_slice name = family(def, format);
    put_line(out, "# HELP ", name, def->help);
    put_line(out, "# TYPE ", name, type_name(def->kind, format));
    /* 0.0.4 readers take # UNIT for a comment, but it says nothing to them. */
    if (format == PROA_EXPOSE_OPENMETRICS && def->unit != PROA_METRIC_UNIT_NONE) {
        put_line(out, "# UNIT ", name,
                 def->unit == PROA_METRIC_UNIT_SECONDS ? PROA_SLICE("seconds")
                 : def->unit == PROA_METRIC_UNIT_RATIO ? PROA_SLICE("ratio")
                 : def->unit == PROA_METRIC_UNIT_USD   ? PROA_SLICE("usd")
                                                       : PROA_SLICE("bytes"));
    }
}

enum proa_err proa_expose_write(const struct proa_metric_reg *reg, enum proa_expose_format format,
                                struct proa_buf *out)
{
    for (int i = 0; i < PROA_METRIC_COUNT; i++) {
        const struct proa_metric_series *s = proa_metric_first(reg, (enum proa_metric)i);
        if (!s) {
            continue;
        }
        const struct proa_metric_def *def = proa_metric_def((enum proa_metric)i);
        put_meta(out, def, format);
        for (; s; s = s->next) {
            if (def->kind == PROA_METRIC_HISTOGRAM) {
                put_histogram(out, def, s);
                continue;
            }
            put_head(out, def, "", s->labels);
            put_value(out, def, s->value);
            (void)proa_buf_append_byte(out, '\n');
        }
    }
    if (format == PROA_EXPOSE_OPENMETRICS) {
        PROA_BUF_LIT(out, "# EOF\n");
    }
    return proa_buf_ok(out) ? PROA_OK : PROA_ERR_LIMIT;
}
